/*
 * emunic: the Tx scheduler by itself, in a time of its own
 *
 * No QEMU runs here: vports send frames of one size whenever they may, for
 * some seconds that take no time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "emunic-qos.h"
#include "emunic-test.h"
#include "sched.h"

#define MS          1000000ll
#define MBIT        125000      /* bytes a second */

/*
 * @demand: Mbit/s that it would send; 0: whatever it may
 * @sent: bytes, by now
 */
typedef struct Sender {
    uint32_t frame;
    uint32_t demand;
    uint64_t sent;
} Sender;

typedef struct Sim {
    EmunicSched s;
    int64_t now;
    int64_t step;               /* ns of the time that nothing happens in */
    int64_t kick;               /* ns before somebody looks in vain; or 0 */
    Sender senders[8];
    unsigned count;
} Sim;

static void sim_init(Sim *sim, uint32_t speed, unsigned count, uint32_t frame)
{
    memset(sim, 0, sizeof(*sim));
    emunic_sched_init(&sim->s, speed);
    sim->now = 12345 * MS;
    sim->step = MS / 4;
    sim->count = count;
    for (unsigned v = 0; v < count; v++) {
        sim->senders[v].frame = frame;
    }
}

static bool sim_wants(const Sim *sim, unsigned v, int64_t start)
{
    const Sender *sender = &sim->senders[v];

    return !sender->demand ||
           sender->sent < (sim->now - start) / MS * sender->demand *
                          (MBIT / 1000);
}

/* As the bottom half does it, with turns of at most 32 frames */
static void sim_turn(Sim *sim, const EmunicTurn *turn, int64_t start)
{
    Sender *sender = &sim->senders[turn->vport];
    uint32_t bytes = 0;

    for (int i = 0; i < 32 && bytes < turn->bytes; i++) {
        bytes += sender->frame;
    }
    sender->sent += bytes;
    emunic_sched_charge(&sim->s, turn, bytes);
    if (!sim_wants(sim, turn->vport, start)) {
        emunic_sched_remove(&sim->s, turn->vport);
    }
}

static void sim_run(Sim *sim, unsigned ms)
{
    int64_t start = sim->now;
    EmunicTurn turn;

    for (unsigned v = 0; v < sim->count; v++) {
        sim->senders[v].sent = 0;
    }
    while (sim->now < start + ms * MS) {
        for (unsigned v = 0; v < sim->count; v++) {
            if (sim_wants(sim, v, start)) {
                emunic_sched_add(&sim->s, v);
            }
        }
        emunic_sched_start(&sim->s, sim->now);
        while (emunic_sched_next(&sim->s, &turn)) {
            sim_turn(sim, &turn, start);
        }
        g_assert_cmpint(emunic_sched_wake_at(&sim->s), >, sim->now);
        if (sim->kick) {
            emunic_sched_start(&sim->s, sim->now + sim->kick);
            g_assert_false(emunic_sched_next(&sim->s, &turn));
        }
        sim->now += sim->step;
    }
}

/* Mbit/s of the last run, which was of five seconds, within @percent */
static void check_rate(const Sim *sim, unsigned v, double want, double percent)
{
    double rate = sim->senders[v].sent / 5.0 / MBIT;

    g_test_message("vport %u: %.2f Mbit/s of %.2f", v, rate, want);
    g_assert_cmpfloat(rate, >=, want * (1 - percent / 100));
    g_assert_cmpfloat(rate, <=, want * (1 + percent / 100));
}

static void test_max_rate(void)
{
    static const uint32_t frames[] = { 64, 1514, 65536, 300000 };
    static const uint32_t rates[] = { 1, 10, 100, 1000 };
    Sim sim;

    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(rates); j++) {
            /* A frame of this size takes longer than it is measured. */
            bool coarse = frames[i] > rates[j] * (MBIT / 20);

            sim_init(&sim, 10000, 2, frames[i]);
            sim.senders[1].demand = 100;
            emunic_sched_set_rates(&sim.s, 0, 0, rates[j], sim.now);
            sim_run(&sim, 5000);
            check_rate(&sim, 0, rates[j], coarse ? 50 : 1);
            check_rate(&sim, 1, 100, 5);
        }
    }
    /* It holds at once, in both directions, and can be taken away. */
    sim_init(&sim, 10000, 1, 65536);
    emunic_sched_set_rates(&sim.s, 0, 0, 1, sim.now);
    sim_run(&sim, 10);
    emunic_sched_set_rates(&sim.s, 0, 0, 1000, sim.now);
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 1000, 1);
    emunic_sched_set_rates(&sim.s, 0, 0, 10, sim.now);
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 10, 2);
    emunic_sched_set_rates(&sim.s, 0, 0, 0, sim.now);
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 10000, 1);
}

/* Late wake-ups cost nothing below 500 ms; who rests saves 50 ms. */
static void test_credit(void)
{
    Sim sim;

    sim_init(&sim, 10000, 1, 1514);
    emunic_sched_set_rates(&sim.s, 0, 0, 100, sim.now);
    sim.step = 19 * MS;
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 100, 1);
    /* What came due after the last of them is sent in the next run. */
    sim.step = 250 * MS;
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 100, 5);
    emunic_sched_remove(&sim.s, 0);
    sim.now += 3600000 * MS;
    sim.step = MS;
    sim_run(&sim, 1);
    g_assert_cmpint(sim.senders[0].sent, <=, 100 * MBIT / 20 + 2 * 1514);
    /* A clock that goes back, as it does with a snapshot */
    sim.now -= 1000000 * MS;
    emunic_sched_remove(&sim.s, 0);
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 100, 1);
}

/* Equal shares by bytes, whatever the frames are */
static void test_share(void)
{
    Sim sim;

    sim_init(&sim, 1000, 4, 65536);
    sim.senders[1].frame = 64;
    sim.senders[2].frame = 1514;
    sim.senders[3].demand = 100;
    sim_run(&sim, 5000);
    for (unsigned v = 0; v < 3; v++) {
        check_rate(&sim, v, 300, 2);
    }
    check_rate(&sim, 3, 100, 5);
    /* One that is limited leaves the rest to the others. */
    emunic_sched_set_rates(&sim.s, 1, 0, 60, sim.now);
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 420, 2);
    check_rate(&sim, 1, 60, 2);
    check_rate(&sim, 2, 420, 2);
    /* Who was away has no claim to what it missed. */
    sim.count = 1;
    emunic_sched_remove(&sim.s, 1);
    emunic_sched_remove(&sim.s, 2);
    emunic_sched_remove(&sim.s, 3);
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 1000, 1);
    sim.count = 3;
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 470, 2);
    check_rate(&sim, 2, 470, 2);
    /* Late wake-ups of the port */
    sim_init(&sim, 400, 4, 1514);
    sim.step = 45 * MS;
    sim_run(&sim, 5000);
    for (unsigned v = 0; v < 4; v++) {
        check_rate(&sim, v, 100, 4);
    }
    /* The same, with kicks while it waits */
    sim.step = 200 * MS;
    sim.kick = MS / 10;
    sim_run(&sim, 5000);
    for (unsigned v = 0; v < 4; v++) {
        check_rate(&sim, v, 100, 4);
    }
}

static void test_min_rate(void)
{
    Sim sim;

    sim_init(&sim, 1000, 5, 1514);
    sim.senders[1].frame = 65536;
    sim.senders[2].frame = 64;
    emunic_sched_set_rates(&sim.s, 0, 300, 0, sim.now);
    emunic_sched_set_rates(&sim.s, 1, 200, 0, sim.now);
    emunic_sched_set_rates(&sim.s, 2, 100, 100, sim.now);
    sim_run(&sim, 5000);
    /* 400 are left for four; the third may not take any of it. */
    check_rate(&sim, 0, 300 + 100, 3);
    check_rate(&sim, 1, 200 + 100, 3);
    check_rate(&sim, 2, 100, 3);
    check_rate(&sim, 3, 100, 3);
    check_rate(&sim, 4, 100, 3);
    /* What one does not use is nobody's. */
    sim.senders[0].demand = 50;
    sim_run(&sim, 5000);
    check_rate(&sim, 0, 50, 5);
    check_rate(&sim, 1, 200 + 650 / 3.0, 3);
    check_rate(&sim, 3, 650 / 3.0, 3);
    /* All of it promised */
    sim_init(&sim, 1000, 4, 65536);
    for (unsigned v = 0; v < 4; v++) {
        emunic_sched_set_rates(&sim.s, v, 100 * (v + 1), 0, sim.now);
    }
    sim_run(&sim, 5000);
    for (unsigned v = 0; v < 4; v++) {
        check_rate(&sim, v, 100 * (v + 1), 3);
    }
}

void emunic_add_sched_tests(void)
{
    qtest_add_func("emunic/sched-max-rate", test_max_rate);
    qtest_add_func("emunic/sched-credit", test_credit);
    qtest_add_func("emunic/sched-share", test_share);
    qtest_add_func("emunic/sched-min-rate", test_min_rate);
}

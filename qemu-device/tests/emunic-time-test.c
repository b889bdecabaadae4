/*
 * emunic: the clock, timestamps and interrupt moderation
 *
 * Time may stand still (qtest accelerator) or go on by itself, with pauses of
 * any length in between: what is expected is bounded by what has passed here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"

#define MS  1000000ull

static uint64_t read_clock(QEmunicFunction *f)
{
    uint32_t hi, lo;

    do {
        hi = qemunic_read(f, EMUNIC_CLOCK_HI);
        lo = qemunic_read(f, EMUNIC_CLOCK_LO);
    } while (qemunic_read(f, EMUNIC_CLOCK_HI) != hi);
    return (uint64_t)hi << 32 | lo;
}

static void set_clock(QEmunicFunction *f, uint64_t arg, uint32_t ctrl)
{
    qemunic_write(f, EMUNIC_CLOCK_ARG_LO, arg);
    qemunic_write(f, EMUNIC_CLOCK_ARG_HI, arg >> 32);
    qemunic_write(f, EMUNIC_CLOCK_CTRL, ctrl);
}

/* @gain: in 1/1000, of what passes here in at least @ms */
static void check_speed(QEmunicFunction *f, unsigned ms, unsigned gain)
{
    gint64 begin = g_get_monotonic_time();
    uint64_t first = read_clock(f), passed;

    qemunic_pass(f->nic, ms);
    passed = read_clock(f) - first;
    g_assert_cmpuint(passed, >=, ms * gain * (MS / 1000) - 1);
    /* Standing still here, the time to measure it may be none at all. */
    g_assert_cmpuint(passed, <=, (g_get_monotonic_time() - begin + 1000 +
                                  ms * 1000) * gain);
}

static void test_clock(void)
{
    static const char device[] = "max_vfs=2,mac=02:01:02:03:04:05";
    uint64_t first, now;
    Data d;

    data_start(&d, "", device);
    check_speed(&d.pf.f, 50, 1000);
    check_speed(&d.vf[1].f, 50, 1000);
    /* One second in two more, then one less */
    qemunic_write(&d.pf.f, EMUNIC_CLOCK_RATE, 0x80000000);
    check_speed(&d.pf.f, 50, 500);
    qemunic_write(&d.pf.f, EMUNIC_CLOCK_RATE, 0x7fffffff);
    check_speed(&d.pf.f, 50, 1499);
    qemunic_write(&d.pf.f, EMUNIC_CLOCK_RATE, 0);
    check_speed(&d.vf[0].f, 50, 1000);

    first = read_clock(&d.pf.f);
    set_clock(&d.pf.f, -10000 * MS, EMUNIC_CLOCK_CTRL_ADJUST);
    g_assert_cmpint((int64_t)(read_clock(&d.pf.f) - first), <, 0);
    set_clock(&d.pf.f, 10000 * MS, EMUNIC_CLOCK_CTRL_ADJUST);
    now = read_clock(&d.pf.f);
    g_assert_cmpuint(now, >=, first);
    set_clock(&d.pf.f, 77ull << 32, EMUNIC_CLOCK_CTRL_ADJUST |
              EMUNIC_CLOCK_CTRL_SET);
    set_clock(&d.pf.f, 77ull << 32, 0);
    g_assert_cmpuint(read_clock(&d.pf.f), <, 77ull << 32);
    set_clock(&d.pf.f, 77ull << 32, EMUNIC_CLOCK_CTRL_SET);
    g_assert_cmpuint(read_clock(&d.vf[0].f), >=, 77ull << 32);
    g_assert_cmpuint(read_clock(&d.vf[0].f), <, 90ull << 32);

    /* A VF sets nothing, resets change nothing, and it moves house. */
    qemunic_write(&d.pf.f, EMUNIC_CLOCK_RATE, 0x10000000);
    set_clock(&d.vf[0].f, 5, EMUNIC_CLOCK_CTRL_SET);
    qemunic_write(&d.vf[0].f, EMUNIC_CLOCK_RATE, 0x20000000);
    first = read_clock(&d.vf[0].f);
    g_assert_cmpuint(first, >=, 77ull << 32);
    qemunic_write(&d.pf.f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    qemunic_flr(&d.pf.f);
    qemunic_pf_init(d.nic, &d.pf.f);
    g_assert_cmphex(qemunic_read(&d.pf.f, EMUNIC_CLOCK_RATE), ==, 0x10000000);
    now = read_clock(&d.pf.f);
    g_assert_cmpuint(now, >=, first);
    qemunic_migrate(d.nic, device);
    g_assert_cmphex(qemunic_read(&d.pf.f, EMUNIC_CLOCK_RATE), ==, 0x10000000);
    first = read_clock(&d.pf.f);
    g_assert_cmpuint(first, >=, now);
    g_assert_cmpuint(first, <, 90ull << 32);
    check_speed(&d.pf.f, 50, 1062);
    qemunic_stop(d.nic);
}

static bool next_tx(Port *p, struct emunic_tx_cpl *cpl)
{
    return qemunic_queue_wait(&p->tx, sizeof(*cpl),
                              offsetof(struct emunic_tx_cpl, flags), cpl);
}

static void test_stamps(void)
{
    struct emunic_tx_meta meta = {
        .flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_TSTAMP),
    };
    struct emunic_tx_cpl cpl;
    uint64_t before, stamp;
    uint8_t frame[100];
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(frame, 100, broadcast, vf_mac[0], 0x88b5);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, EMUNIC_RX_FEATURES_TSTAMP);
    qemunic_pass(d.nic, 1);
    /* Three frames, and the one with a stamp has a completion of its own. */
    before = read_clock(&d.vf[0].f);
    port_put(&d.vf[0], NULL, frame, 100, 100);
    port_put(&d.vf[0], &meta, frame, 100, 100);
    port_put(&d.vf[0], NULL, frame, 100, 100);
    qemunic_tail(&d.vf[0].tx);
    g_assert_true(next_tx(&d.vf[0], &cpl));
    g_assert_cmpuint(le32_to_cpu(cpl.sq_head), ==, 1);
    g_assert_cmpuint(cpl.timestamp, ==, 0);
    g_assert_true(next_tx(&d.vf[0], &cpl));
    g_assert_cmpuint(le32_to_cpu(cpl.sq_head), ==, 3);
    stamp = le64_to_cpu(cpl.timestamp);
    g_assert_cmpuint(stamp, >=, before);
    g_assert_cmpuint(stamp, <=, read_clock(&d.vf[0].f));
    g_assert_true(next_tx(&d.vf[0], &cpl));
    g_assert_cmpuint(le32_to_cpu(cpl.sq_head), ==, 4);
    g_assert_cmpuint(cpl.timestamp, ==, 0);

    /* Who asked has it with each frame, and of the second it is the same. */
    for (int i = 0; i < 3; i++) {
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_true(fr.flags & EMUNIC_RX_TSTAMP);
        g_assert_cmpuint(le64_to_cpu(fr.cpl.timestamp), >=, before);
        if (i == 1) {
            g_assert_cmpuint(le64_to_cpu(fr.cpl.timestamp), ==, stamp);
        }
        before = le64_to_cpu(fr.cpl.timestamp);
        g_assert_true(port_receive(&d.pf, &fr));
        g_assert_false(fr.flags & EMUNIC_RX_TSTAMP);
        g_assert_cmpuint(fr.cpl.timestamp, ==, 0);
    }

    /* A frame that breaks a rule has its status alone. */
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, 13), ==,
                     EMUNIC_TX_STATUS_LENGTH);
    qemunic_stop(d.nic);
}

/* A queue with MODERATION, whose vector writes to @msi */
typedef struct Moderated {
    Data d;
    uint64_t msi;
    QEmunicFunction *f;
    QEmunicQueue *q;
    uint64_t block;
} Moderated;

static void moderated_start(Moderated *m, bool tx, uint32_t usecs,
                            uint32_t frames)
{
    data_start(&m->d, "", "max_vfs=2");
    m->f = &m->d.vf[tx ? 0 : 1].f;
    m->q = tx ? &m->d.vf[0].tx : &m->d.vf[1].rx;
    m->block = tx ? EMUNIC_TX_BLOCK : EMUNIC_RX_BLOCK;
    m->msi = qemunic_alloc(m->d.nic, 4096);
    qemunic_msix(m->f, tx ? 1 : 2, m->msi, 1);
    /* Also while the queue runs */
    qemunic_write(m->f, m->block + EMUNIC_Q_MODERATION, frames << 16 | usecs);
    g_assert_cmphex(qemunic_read(m->f, m->block + EMUNIC_Q_MODERATION), ==,
                    frames << 16 | usecs);
}

static void moderated_arm(Moderated *m)
{
    qtest_writel(m->d.nic->qts, m->msi, 0);
    qtest_writel(m->d.nic->qts, m->q->shadow + offsetof(struct emunic_shadow,
                                                        cq_event),
                 m->q->cq_head);
}

static bool moderated_raised(Moderated *m)
{
    return qtest_readl(m->d.nic->qts, m->msi);
}

static void moderated_send(Moderated *m)
{
    uint8_t frame[100];

    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&m->d.vf[0], NULL, frame, 100), ==, 0);
}

static void moderated_drain(Moderated *m)
{
    bool more;
    Frame fr;

    do {
        more = port_receive(&m->d.vf[1], &fr);
    } while (more);
}

static bool moderated_wait(Moderated *m)
{
    for (int i = 0; i < 2000 && !moderated_raised(m); i++) {
        qemunic_pass(m->d.nic, 1);
    }
    return moderated_raised(m);
}

/* The same, of what is told at once: within @ms of the host's clock */
static bool moderated_soon(Moderated *m, int ms)
{
    for (int i = 0; i < ms && !moderated_raised(m); i++) {
        g_usleep(1000);
    }
    return moderated_raised(m);
}

/* They are told, and not before @usecs after @begin. */
static void moderated_waits(Moderated *m, gint64 begin, uint32_t usecs)
{
    g_assert_true(moderated_wait(m));
    if (qemunic_clock_goes_on()) {
        g_assert_cmpint(g_get_monotonic_time() - begin, >=, usecs);
    }
}

/* The receiver sees a frame, and has been told so just now. */
static void moderated_first(Moderated *m)
{
    moderated_arm(m);
    moderated_send(m);
    g_assert_true(moderated_wait(m));
    moderated_drain(m);
    moderated_arm(m);
}

static void test_moderation_time(void)
{
    const uint32_t usecs = 60000;
    gint64 begin = g_get_monotonic_time();
    Moderated m;
    Frame fr;

    moderated_start(&m, false, usecs, 0);
    moderated_first(&m);
    for (int i = 0; i < 3; i++) {
        moderated_send(&m);
        /* Unless this took as long */
        if (moderated_raised(&m)) {
            g_assert_cmpint(g_get_monotonic_time() - begin, >=, usecs);
        }
    }
    moderated_waits(&m, begin, usecs);

    /* What has been seen meanwhile raises nothing. */
    moderated_drain(&m);
    moderated_arm(&m);
    moderated_send(&m);
    begin = g_get_monotonic_time();
    g_assert_true(port_receive(&m.d.vf[1], &fr));
    moderated_arm(&m);
    if (g_get_monotonic_time() - begin < usecs / 2) {
        qemunic_pass(m.d.nic, 2 * usecs / 1000);
        g_assert_false(moderated_raised(&m));
    }

    /* None: at once */
    qemunic_write(m.f, m.block + EMUNIC_Q_MODERATION, 0);
    moderated_send(&m);
    g_assert_true(moderated_soon(&m, 1000));
    qemunic_stop(m.d.nic);
}

/* What comes alone does not wait. */
static void test_moderation_alone(void)
{
    const uint32_t usecs = 50000;
    gint64 begin;
    Moderated m;

    moderated_start(&m, false, usecs, 0);
    moderated_first(&m);
    qemunic_pass(m.d.nic, 2 * usecs / 1000);
    begin = g_get_monotonic_time();
    moderated_send(&m);
    if (!moderated_soon(&m, 20)) {
        g_assert_cmpint(g_get_monotonic_time() - begin, >=, usecs);
    }
    qemunic_stop(m.d.nic);
}

/* A sender's completions wait from the first one on. */
static void test_moderation_tx(void)
{
    const uint32_t usecs = 60000;
    gint64 begin;
    Moderated m;

    moderated_start(&m, true, usecs, 0);
    for (int i = 0; i < 2; i++) {
        moderated_arm(&m);
        begin = g_get_monotonic_time();
        moderated_send(&m);
        moderated_waits(&m, begin, usecs);
        qemunic_pass(m.d.nic, 2 * usecs / 1000);
    }
    qemunic_stop(m.d.nic);
}

static void test_moderation_frames(void)
{
    const uint32_t usecs = 65535;
    gint64 begin = g_get_monotonic_time();
    Moderated m;

    moderated_start(&m, false, usecs, 3);
    moderated_first(&m);
    moderated_send(&m);
    moderated_send(&m);
    if (g_get_monotonic_time() - begin < usecs / 2) {
        g_assert_false(moderated_raised(&m));
        moderated_send(&m);
        if (g_get_monotonic_time() - begin < usecs / 2) {
            g_assert_true(moderated_soon(&m, 20));
        }
    }
    qemunic_stop(m.d.nic);
}

/* No time to wait, by a write while some wait: told with the next one. */
static void test_moderation_write(void)
{
    Moderated m;

    moderated_start(&m, false, 65535, 1000);
    moderated_first(&m);
    moderated_send(&m);
    qemunic_write(m.f, m.block + EMUNIC_Q_MODERATION, 1000 << 16);
    moderated_send(&m);
    g_assert_true(moderated_soon(&m, 20));
    qemunic_stop(m.d.nic);
}

/* However many completions there are, the vector keeps to its rate. */
static void test_moderation_rate(void)
{
    const uint32_t usecs = 20000;
    unsigned raised = 0, sent = 0;
    gint64 begin;
    Moderated m;

    moderated_start(&m, false, usecs, 0);
    moderated_arm(&m);
    begin = g_get_monotonic_time();
    while (g_get_monotonic_time() - begin < 500000) {
        moderated_send(&m);
        sent++;
        moderated_drain(&m);
        if (moderated_raised(&m)) {
            raised++;
            moderated_arm(&m);
        }
    }
    g_test_message("%u vectors for %u frames", raised, sent);
    g_assert_cmpuint(raised, <=,
                     (g_get_monotonic_time() - begin) / usecs + 1);
    qemunic_stop(m.d.nic);
}

static void test_moderation_migration(void)
{
    Moderated m;

    moderated_start(&m, false, 65535, 0);
    moderated_first(&m);
    moderated_send(&m);
    qemunic_migrate(m.d.nic, "max_vfs=2");
    g_assert_true(moderated_wait(&m));
    qemunic_stop(m.d.nic);
}

void emunic_add_time_tests(void)
{
    qtest_add_func("emunic/clock", test_clock);
    qtest_add_func("emunic/stamps", test_stamps);
    qtest_add_func("emunic/moderation/time", test_moderation_time);
    qtest_add_func("emunic/moderation/alone", test_moderation_alone);
    qtest_add_func("emunic/moderation/tx", test_moderation_tx);
    qtest_add_func("emunic/moderation/frames", test_moderation_frames);
    qtest_add_func("emunic/moderation/write", test_moderation_write);
    qtest_add_func("emunic/moderation/rate", test_moderation_rate);
    qtest_add_func("emunic/moderation/migration", test_moderation_migration);
}

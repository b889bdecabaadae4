/*
 * emunic: a busy Tx queue dozes before it sleeps
 *
 * A queue that has nothing left asks for a kick (queue.c), and the next frame
 * costs its driver a register write and the device a turn of its own. One that
 * gives many frames is looked at again instead, after some time, and asks when
 * it has not given as many meanwhile. What counts is the rate: who sends a
 * frame, even the largest, and waits for the answer never gets here, so that a
 * doze delays those only that share a queue with a stream.
 *
 * The host's clock counts, since it is the host's time that is spared: a
 * guest's may stand still.
 *
 * A driver that kicks although it was not asked, and has nothing, is put off in
 * the same way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"

/* When to look again */
#define LOOK_NS         800000

/* What makes a queue busy that gives it in so much time */
#define BUSY_NS         (3 * LOOK_NS)
#define BUSY_BYTES      (200 * KiB)
#define BUSY_FRAMES     48

/* So many kicks that bring nothing are answered at once, others later */
#define VAIN_KICKS      64
#define VAIN_NS         1000000

static int64_t emunic_doze_now(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
}

static bool emunic_doze_enough(const EmunicBudget *used)
{
    return used->bytes >= BUSY_BYTES || used->frames >= BUSY_FRAMES;
}

/* @q of @f has given @used. */
void emunic_doze_used(EmunicFunction *f, EmunicQueue *q, EmunicBudget used)
{
    int64_t now = emunic_doze_now(), age = now - q->used_since;

    if (age >= BUSY_NS) {
        q->busy = age < 2 * BUSY_NS && emunic_doze_enough(&q->used);
        q->used = (EmunicBudget) { 0 };
        q->used_since = now;
    }
    q->used.frames += used.frames;
    q->used.bytes += used.bytes;
    q->busy |= emunic_doze_enough(&q->used);
    f->tx_served_at = now;
}

/* Look at @queues in @ns at the latest. */
static void emunic_doze_for(EmunicFunction *f, uint32_t queues, int64_t ns)
{
    EmunicState *s = f->pf;

    f->tx_dozing |= queues;
    set_bit(f->vport, s->dozing);
    timer_mod_anticipate_ns(s->doze_timer, emunic_doze_now() + ns);
}

/* @q has nothing left. True: it dozes; false: it is to sleep. */
bool emunic_doze(EmunicFunction *f, EmunicQueue *q)
{
    if (!q->busy || emunic_doze_now() - q->used_since >= BUSY_NS) {
        return false;
    }
    emunic_doze_for(f, BIT(q->index), LOOK_NS);
    return true;
}

/* Those of @queues whose kicks bring nothing, time after time */
static uint32_t emunic_doze_vain(EmunicFunction *f, uint32_t queues)
{
    uint32_t vain = 0;

    for (; queues; queues &= queues - 1) {
        if (f->txq[ctz32(queues)].in_vain >= VAIN_KICKS) {
            vain |= BIT(ctz32(queues));
        }
    }
    return vain;
}

/*
 * The driver kicks @queues. Returns those to look at now: a driver that keeps
 * the rule of sq_event kicks for nothing now and then, but not time after time,
 * and one that does has no claim to the time of others. Those that doze come
 * before @queues, so that a sender that changes queues does not overtake
 * itself.
 */
uint32_t emunic_doze_kicked(EmunicFunction *f, uint32_t queues)
{
    uint32_t vain = emunic_doze_vain(f, queues | f->tx_dozing);
    uint32_t dozing = f->tx_dozing & ~vain;

    if (queues & vain & ~f->tx_dozing) {
        emunic_doze_for(f, queues & vain, VAIN_NS);
    }
    queues &= ~vain;
    f->tx_kicked |= queues;
    if (queues && dozing) {
        emunic_line_up(f, dozing);
        f->tx_dozing &= ~dozing;
        queues |= dozing;
    }
    return queues;
}

/* All that doze are looked at: one earlier than need be costs little. */
void emunic_doze_timer(void *opaque)
{
    EmunicState *s = opaque;
    unsigned v;

    while ((v = find_first_bit(s->dozing, EMUNIC_MAX_VPORTS)) <
           EMUNIC_MAX_VPORTS) {
        EmunicFunction *f = s->port[v];

        clear_bit(v, s->dozing);
        if (f) {
            emunic_kick(f, f->tx_dozing);
            f->tx_dozing = 0;
        }
    }
}

/*
 * emunic: a busy Tx queue dozes before it sleeps
 *
 * A queue that has nothing left asks for a kick (queue.c), and the next frame
 * costs its driver a register write and the device a turn of its own. One that
 * has just given many frames is looked at again instead, every now and then,
 * and asks only when nothing more has come for some time. Who sends a frame and
 * waits for the answer never gets here, so that a doze delays those only that
 * share a queue with a stream.
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

/* What makes a queue busy, found at one look */
#define BUSY_BYTES      (16 * KiB)
#define BUSY_FRAMES     4

/* When to look again, and how often that may bring less */
#define LOOK_NS         400000
#define LOOKS           8

/* So many kicks that bring nothing are answered at once, others later */
#define VAIN_KICKS      64
#define VAIN_NS         1000000

/* @q has used @left of @given at this look. */
void emunic_doze_used(EmunicQueue *q, const EmunicBudget *given,
                      const EmunicBudget *left)
{
    if (given->bytes - left->bytes >= BUSY_BYTES ||
        given->frames - left->frames >= BUSY_FRAMES) {
        q->doze_looks = LOOKS;
    }
}

/* Look at @queues in @ns at the latest. */
static void emunic_doze_for(EmunicFunction *f, uint32_t queues, int64_t ns)
{
    EmunicState *s = f->pf;

    f->tx_dozing |= queues;
    set_bit(f->vport, s->dozing);
    timer_mod_anticipate_ns(s->doze_timer,
                            qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + ns);
}

/* @q has nothing left. True: it dozes; false: it is to sleep. */
bool emunic_doze(EmunicFunction *f, EmunicQueue *q)
{
    if (!q->doze_looks) {
        return false;
    }
    q->doze_looks--;
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
    if (queues && dozing) {
        /* As if the last of @queues had just had its turn */
        f->tx_next = 31 - clz32(queues);
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

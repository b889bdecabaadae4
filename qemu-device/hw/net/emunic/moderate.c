/*
 * emunic: interrupt moderation: a vector waits for more completions
 *
 * When completions are to be told is the rule of queue.c. With MODERATION
 * they may have to wait here: until more have come, or until their time is
 * over.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"

static void emunic_moderate_wake(EmunicState *s, int64_t at)
{
    if (at < s->moderate_at) {
        s->moderate_at = at;
        timer_mod_ns(s->moderate_timer, at);
    }
}

static void emunic_moderate_hold(EmunicFunction *f, EmunicQueue *q)
{
    if (q->kind == EMUNIC_QUEUE_TX) {
        f->tx_held |= BIT(q->index);
    } else {
        f->rx_held |= BIT(q->index);
    }
    set_bit(f->vport, f->pf->held);
    emunic_moderate_wake(f->pf, q->raise_at);
}

/*
 * The completions from @event on are to be told. True: now; false: they wait,
 * and @event is where the rule goes on. An Rx queue's time begins when some
 * were last told: a frame that comes alone does not wait, and those of a load
 * do not wait for a wake-up of their own.
 */
bool emunic_moderate(EmunicFunction *f, EmunicQueue *q, uint32_t event)
{
    uint32_t usecs = EMUNIC_GET(EMUNIC_Q_MODERATION_USECS,
                                q->reg[EMUNIC_QR_MODERATION]);
    uint32_t frames = EMUNIC_GET(EMUNIC_Q_MODERATION_FRAMES,
                                 q->reg[EMUNIC_QR_MODERATION]);
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    bool enough = frames && q->cq_head - event >= frames;

    /* Others than those that wait already: the driver has seen these. */
    if (!q->raise_at || event != q->cq_tested) {
        q->raise_at = (q->kind == EMUNIC_QUEUE_RX ? q->raised_at : now) +
                      usecs * 1000ll;
        q->cq_tested = event;
    }
    if (usecs && now < q->raise_at && !enough) {
        emunic_moderate_hold(f, q);
        return false;
    }
    q->raised_at = now;
    return true;
}

/* Queues whose time is over are tested again. */
static void emunic_moderate_look(EmunicFunction *f, EmunicQueue *queues,
                                 uint32_t *held, int64_t now)
{
    for (uint32_t left = *held; left; left &= left - 1) {
        EmunicQueue *q = &queues[ctz32(left)];

        if (q->raise_at > now) {
            emunic_moderate_wake(f->pf, q->raise_at);
            continue;
        }
        *held &= ~BIT(q->index);
        if (q->raise_at) {
            emunic_moved(f, q);
        }
    }
}

void emunic_moderate_timer(void *opaque)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    EmunicState *s = opaque;
    unsigned v;

    s->moderate_at = EMUNIC_SCHED_NEVER;
    for (v = find_first_bit(s->held, EMUNIC_MAX_VPORTS); v < EMUNIC_MAX_VPORTS;
         v = find_next_bit(s->held, EMUNIC_MAX_VPORTS, v + 1)) {
        EmunicFunction *f = s->port[v];

        emunic_moderate_look(f, f->txq, &f->tx_held, now);
        emunic_moderate_look(f, f->rxq, &f->rx_held, now);
        if (!f->tx_held && !f->rx_held) {
            clear_bit(v, s->held);
        }
    }
    emunic_schedule(s);
}

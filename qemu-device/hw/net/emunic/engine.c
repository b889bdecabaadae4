/*
 * emunic: the bottom half, where everything that register writes asked for
 * is done
 *
 * One run has a budget of frames and bytes. Functions take turns, and within
 * a function its queues; a run that used its budget schedules the next, so
 * that other work of the main loop comes in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "hw/pci/msix.h"
#include "qemu/rcu.h"
#include "trace.h"

#define RUN_FRAMES      1024
#define RUN_BYTES       (4 * MiB)
#define TURN_FRAMES     32
#define TURN_BYTES      (128 * KiB)
#define RUN_COMMANDS    64
#define RUN_EVENTS      256

void emunic_schedule(EmunicState *s)
{
    /* Null during realize and after exit */
    if (s->bh) {
        qemu_bh_schedule(s->bh);
    }
}

/* Look at these Tx queues, as many of them as run. */
void emunic_kick(EmunicFunction *f, uint32_t queues)
{
    for (uint32_t left = queues; left; left &= left - 1) {
        if (!emunic_queue_running(&f->txq[ctz32(left)])) {
            queues &= ~BIT(ctz32(left));
        }
    }
    f->tx_pending |= queues;
    if (f->tx_pending && (f->reg[EMUNIC_R_CTRL] & EMUNIC_CTRL_ENABLE)) {
        set_bit(f->vport, f->pf->tx_work);
        emunic_schedule(f->pf);
    }
}

/* @q has new completions: its interrupt rule is applied after the batch. */
void emunic_moved(EmunicFunction *f, const EmunicQueue *q)
{
    if (q->kind == EMUNIC_QUEUE_TX) {
        f->tx_moved |= BIT(q->index);
    } else {
        f->rx_moved |= BIT(q->index);
    }
    set_bit(f->vport, f->pf->irq_work);
}

void emunic_raise(EmunicFunction *f, unsigned vector)
{
    f->vectors |= BIT(vector);
    set_bit(f->vport, f->pf->irq_work);
    emunic_schedule(f->pf);
}

static void emunic_test_queues(EmunicFunction *f, EmunicQueue *queues,
                               uint32_t *moved)
{
    while (*moved) {
        EmunicQueue *q = &queues[ctz32(*moved)];

        *moved &= *moved - 1;
        if (emunic_queue_test_irq(f, q)) {
            f->vectors |= BIT(q->reg[EMUNIC_QR_VECTOR]);
        }
    }
}

static void emunic_function_interrupts(EmunicFunction *f)
{
    uint32_t vectors;

    emunic_test_queues(f, f->txq, &f->tx_moved);
    emunic_test_queues(f, f->rxq, &f->rx_moved);
    vectors = f->vectors;
    f->vectors = 0;
    for (; vectors; vectors &= vectors - 1) {
        trace_emunic_irq(f->vport, ctz32(vectors));
        msix_notify(f->dev, ctz32(vectors));
    }
}

/*
 * A message may go to any address, so that what is behind it can call back
 * into the device: this comes last, keeps nothing across the call, and leaves
 * what is raised meanwhile to the next run.
 */
static void emunic_interrupts(EmunicState *s)
{
    DECLARE_BITMAP(work, EMUNIC_MAX_VPORTS);
    unsigned v;

    bitmap_copy(work, s->irq_work, EMUNIC_MAX_VPORTS);
    bitmap_zero(s->irq_work, EMUNIC_MAX_VPORTS);
    for (v = find_first_bit(work, EMUNIC_MAX_VPORTS); v < EMUNIC_MAX_VPORTS;
         v = find_next_bit(work, EMUNIC_MAX_VPORTS, v + 1)) {
        /* The last one may have made the guest's PCI code remove this one. */
        if (s->port[v]) {
            emunic_function_interrupts(s->port[v]);
        }
    }
}

static void emunic_tx_turn(EmunicFunction *f, EmunicBudget *run)
{
    EmunicBudget turn = { TURN_FRAMES, TURN_BYTES };
    unsigned index = ctz32(f->tx_pending);

    /* Lowest first, but not twice while another one waits */
    if (f->tx_pending >> (f->tx_next + 1)) {
        index = f->tx_next + 1 + ctz32(f->tx_pending >> (f->tx_next + 1));
    }
    f->tx_next = index;
    f->tx_pending &= ~BIT(index);
    if (emunic_tx_run(f, &f->txq[index], &turn)) {
        f->tx_pending |= BIT(index);
    }
    run->frames -= 1 + TURN_FRAMES - turn.frames;
    run->bytes -= TURN_BYTES - turn.bytes;
}

static bool emunic_tx_round(EmunicState *s)
{
    EmunicBudget run = { RUN_FRAMES, RUN_BYTES };

    while (run.frames > 0 && run.bytes > 0) {
        unsigned v = find_next_bit(s->tx_work, EMUNIC_MAX_VPORTS, s->tx_rr);
        EmunicFunction *f;

        if (v >= EMUNIC_MAX_VPORTS) {
            v = find_first_bit(s->tx_work, EMUNIC_MAX_VPORTS);
        }
        if (v >= EMUNIC_MAX_VPORTS) {
            return false;
        }
        s->tx_rr = v + 1;
        f = s->port[v];
        if (f->tx_pending && (f->reg[EMUNIC_R_CTRL] & EMUNIC_CTRL_ENABLE)) {
            emunic_tx_turn(f, &run);
            /* Receivers begin to make room while more frames come. */
            emunic_interrupts(s);
        } else {
            clear_bit(v, s->tx_work);
        }
    }
    return true;
}

static void emunic_tests(EmunicState *s)
{
    unsigned v;

    while ((v = find_first_bit(s->test_work, EMUNIC_MAX_VPORTS)) <
           EMUNIC_MAX_VPORTS) {
        clear_bit(v, s->test_work);
        emunic_test_run(s->port[v]);
    }
}

void emunic_run(void *opaque)
{
    EmunicState *s = opaque;
    bool more = false;

    if (!runstate_is_running()) {
        return;
    }
    RCU_READ_LOCK_GUARD();
    emunic_tests(s);
    more |= emunic_admin_run(s, RUN_COMMANDS);
    more |= emunic_tx_round(s);
    more |= emunic_event_run(s, RUN_EVENTS);
    emunic_interrupts(s);
    trace_emunic_run(more);
    if (more) {
        emunic_schedule(s);
    }
}

/*
 * A stopped machine's memory must not change, since it may be on its way to
 * another host. What there was to do waits. The uplink may be another one
 * afterwards.
 */
void emunic_vm_change(void *opaque, bool running, RunState state)
{
    if (running) {
        emunic_uplink_changed(opaque);
        emunic_schedule(opaque);
    }
}

/*
 * emunic: the run, where everything that register writes asked for is done:
 * in a bottom half, or in the write if that is a kick after some quiet
 *
 * One run has a budget of frames and bytes. Functions get turns from the
 * scheduler (sched.c), and within a function its queues take turns; a run that
 * used its budget schedules the next, so that other work of the main loop comes
 * in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "hw/pci/msix.h"
#include "qemu/rcu.h"
#include "trace.h"

#define RUN_FRAMES      1024
#define RUN_BYTES       (4 * MiB)
#define TURN_FRAMES     64
#define RUN_COMMANDS    64
#define RUN_EVENTS      256

#define QUIET_NS        50000   /* of the host's time */

QEMU_BUILD_BUG_ON(EMUNIC_SCHED_PORTS != EMUNIC_MAX_VPORTS);

void emunic_schedule(EmunicState *s)
{
    /* Null during realize and after exit */
    if (s->bh) {
        qemu_bh_schedule(s->bh);
    }
}

/* @q is to have a turn, after all that wait for theirs. */
static void emunic_line_up_one(EmunicFunction *f, EmunicQueue *q)
{
    f->tx_pending |= BIT(q->index);
    q->place = f->tx_places++;
}

/*
 * Those of @queues that run are to have a turn, as they come: a sender that
 * changes queues does not overtake itself.
 */
void emunic_line_up(EmunicFunction *f, uint32_t queues)
{
    for (queues &= ~f->tx_pending; queues; queues &= queues - 1) {
        EmunicQueue *q = &f->txq[ctz32(queues)];

        if (emunic_queue_running(q)) {
            emunic_line_up_one(f, q);
        }
    }
}

/* Look at @queues, as many of them as run. True: a run is due. */
static bool emunic_tx_due(EmunicFunction *f, uint32_t queues)
{
    emunic_line_up(f, queues);
    return f->tx_pending && (f->reg[EMUNIC_R_CTRL] & EMUNIC_CTRL_ENABLE) &&
           emunic_sched_add(&f->pf->sched, f->vport);
}

/* Look at these Tx queues */
void emunic_kick(EmunicFunction *f, uint32_t queues)
{
    if (emunic_tx_due(f, queues)) {
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
    PCIDevice *dev = f->dev;
    uint32_t vectors;

    emunic_test_queues(f, f->txq, &f->tx_moved);
    emunic_test_queues(f, f->rxq, &f->rx_moved);
    vectors = f->vectors;
    f->vectors = 0;
    /* Each one may be the last: an unplugged device has no vectors. */
    object_ref(OBJECT(dev));
    for (; vectors && msix_present(dev); vectors &= vectors - 1) {
        trace_emunic_irq(f->vport, ctz32(vectors));
        msix_notify(dev, ctz32(vectors));
    }
    object_unref(OBJECT(dev));
}

/*
 * A message may go to any address, so that what is behind it can call back
 * into the device, and even unplug it: this comes last, keeps nothing across
 * the call, and leaves what is raised meanwhile to the next run.
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

/* Whose turn it is, of those that are to have one */
static EmunicQueue *emunic_tx_first(EmunicFunction *f)
{
    EmunicQueue *first = &f->txq[ctz32(f->tx_pending)];
    uint32_t left;

    for (left = f->tx_pending; left; left &= left - 1) {
        EmunicQueue *q = &f->txq[ctz32(left)];

        if ((int32_t)(q->place - first->place) < 0) {
            first = q;
        }
    }
    return first;
}

/* Returns how many bytes were sent. */
static uint32_t emunic_tx_turn(EmunicFunction *f, uint32_t bytes,
                               EmunicBudget *run)
{
    EmunicBudget turn = { TURN_FRAMES, bytes };
    EmunicQueue *q = emunic_tx_first(f);
    bool kicked = f->tx_kicked & BIT(q->index);
    uint32_t head = q->head;

    f->tx_pending &= ~BIT(q->index);
    f->tx_kicked &= ~BIT(q->index);
    if (emunic_tx_run(f, q, &turn)) {
        emunic_line_up_one(f, q);
    }
    if (q->head != head) {
        q->in_vain = 0;
    } else if (kicked) {
        q->in_vain++;
    }
    run->frames -= 1 + TURN_FRAMES - turn.frames;
    run->bytes -= (int)bytes - turn.bytes;
    return bytes - turn.bytes;
}

void emunic_tx_timer(void *opaque)
{
    EmunicState *s = opaque;

    s->tx_timer_at = EMUNIC_SCHED_NEVER;
    emunic_schedule(s);
}

static void emunic_tx_wait(EmunicState *s)
{
    int64_t at = emunic_sched_wake_at(&s->sched);

    if (at < s->tx_timer_at) {
        s->tx_timer_at = at;
        timer_mod_ns(s->tx_timer, at);
    }
}

/* True: the budget is used up and there is more. */
static bool emunic_tx_round(EmunicState *s)
{
    EmunicBudget run = { RUN_FRAMES, RUN_BYTES };
    EmunicTurn turn;

    if (emunic_sched_idle(&s->sched)) {
        return false;
    }
    emunic_sched_start(&s->sched, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
    while (run.frames > 0 && run.bytes > 0) {
        EmunicFunction *f;

        if (!emunic_sched_next(&s->sched, &turn)) {
            emunic_tx_wait(s);
            return false;
        }
        f = s->port[turn.vport];
        if (f->tx_pending && (f->reg[EMUNIC_R_CTRL] & EMUNIC_CTRL_ENABLE)) {
            emunic_sched_charge(&s->sched, &turn,
                                emunic_tx_turn(f, turn.bytes, &run));
            emunic_gro_turn(s);
            /* Receivers begin to make room while more frames come. */
            emunic_interrupts(s);
        } else {
            emunic_sched_remove(&s->sched, turn.vport);
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

static void emunic_run_all(EmunicState *s)
{
    bool more = false;

    RCU_READ_LOCK_GUARD();
    emunic_tests(s);
    more |= emunic_admin_run(s, RUN_COMMANDS);
    more |= emunic_tx_round(s);
    emunic_gro_turn(s);
    emunic_port_run(s);
    more |= emunic_event_run(s, RUN_EVENTS);
    emunic_interrupts(s);
    trace_emunic_run(more);
    if (more) {
        emunic_schedule(s);
    }
}

static void emunic_unref(void *opaque)
{
    object_unref(opaque);
}

/* Whoever called the device still uses its re-entrancy guard. */
static void emunic_release(DeviceState *dev)
{
    if (dev->realized) {
        object_unref(OBJECT(dev));
    } else {
        aio_bh_schedule_oneshot(qemu_get_aio_context(), emunic_unref, dev);
    }
}

void emunic_run(void *opaque)
{
    EmunicState *s = opaque;

    if (!runstate_is_running()) {
        return;
    }
    object_ref(OBJECT(s));
    emunic_run_all(s);
    emunic_release(DEVICE(s));
}

/* Has @f not been served for a while? Then it is now. */
static bool emunic_was_quiet(EmunicFunction *f)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);

    if (now - f->tx_served_at < QUIET_NS) {
        return false;
    }
    f->tx_served_at = now;
    return true;
}

/*
 * The driver kicks @queues. After some quiet of @f, the thread that kicks does
 * what is to be done: who sends a frame and waits for the answer would wait for
 * the main loop too, and so would the answer. Later frames of a burst are
 * better done there, many at a time, while the processor that kicked makes
 * more. A VF can also be kicked by what a run does to memory; the PF's
 * registers are guarded against that.
 */
void emunic_kick_now(EmunicFunction *f, uint32_t queues)
{
    EmunicState *s = f->pf;
    DeviceState *dev = DEVICE(f->dev);
    MemReentrancyGuard *guard = &DEVICE(s)->mem_reentrancy_guard;
    bool engaged = guard->engaged_in_io;

    if (!emunic_tx_due(f, queues)) {
        return;
    }
    if ((engaged && emunic_is_vf(f)) || !runstate_is_running() ||
        !emunic_was_quiet(f)) {
        emunic_schedule(s);
        return;
    }
    object_ref(OBJECT(s));
    object_ref(OBJECT(dev));
    guard->engaged_in_io = true;
    emunic_run_all(s);
    guard->engaged_in_io = engaged;
    emunic_release(dev);
    emunic_release(DEVICE(s));
}

/*
 * A stopped machine's memory must not change, since it may be on its way to
 * another host. What there was to do waits, but for frames that are on no other
 * host: they go out before anybody takes the memory for final. The uplink may
 * be another one afterwards.
 */
void emunic_vm_change(void *opaque, bool running, RunState state)
{
    if (running) {
        emunic_clock_go(opaque);
        emunic_uplink_changed(opaque);
        emunic_schedule(opaque);
    } else {
        RCU_READ_LOCK_GUARD();
        emunic_gro_flush(opaque);
    }
}

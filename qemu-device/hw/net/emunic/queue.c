/*
 * emunic: one queue: start and stop, indexes, completions, interrupts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "trace.h"

#define SHADOW(field) offsetof(struct emunic_shadow, field)

void emunic_rx_map_update(EmunicFunction *f)
{
    f->rx_running = 0;
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        if (emunic_queue_running(&f->rxq[i])) {
            f->rx_map[f->rx_running++] = i;
        }
    }
}

static void emunic_queue_set_state(EmunicFunction *f, EmunicQueue *q,
                                   uint32_t state, uint32_t error)
{
    trace_emunic_queue_state(f->vport, q->kind, q->index, state, error);
    if (q->kind == EMUNIC_QUEUE_RX && emunic_queue_running(q)) {
        emunic_gro_drop(f, q);
    }
    q->reg[EMUNIC_QR_STATE] = state;
    q->reg[EMUNIC_QR_ERROR] = error;
    switch (q->kind) {
    case EMUNIC_QUEUE_RX:
        emunic_rx_map_update(f);
        break;
    case EMUNIC_QUEUE_EVENT:
        emunic_pf_ready_changed(f->pf);
        break;
    default:
        break;
    }
}

static bool emunic_addr_good(const EmunicQueue *q, unsigned lo, bool used,
                             uint64_t align)
{
    uint64_t addr = emunic_queue_addr(q, lo);

    return used ? addr && !(addr & (align - 1)) : !addr;
}

/* What START checks; an EMUNIC_Q_ERROR_* */
uint32_t emunic_queue_check(const EmunicFunction *f, const EmunicQueue *q)
{
    bool data = q->kind == EMUNIC_QUEUE_TX || q->kind == EMUNIC_QUEUE_RX;
    uint32_t log2 = q->reg[EMUNIC_QR_SIZE];

    if (!emunic_addr_good(q, EMUNIC_QR_SQ_LO, q->kind != EMUNIC_QUEUE_EVENT,
                          EMUNIC_RING_ALIGN) ||
        !emunic_addr_good(q, EMUNIC_QR_CQ_LO, true, EMUNIC_RING_ALIGN) ||
        !emunic_addr_good(q, EMUNIC_QR_SHADOW_LO, data,
                          EMUNIC_SHADOW_ALIGN)) {
        return EMUNIC_Q_ERROR_ADDRESS;
    }
    if (log2 < EMUNIC_RING_LOG2_MIN || log2 > EMUNIC_RING_LOG2_MAX) {
        return EMUNIC_Q_ERROR_SIZE;
    }
    if (q->reg[EMUNIC_QR_VECTOR] >= (data ? f->nvectors : 1)) {
        return EMUNIC_Q_ERROR_VECTOR;
    }
    return EMUNIC_Q_ERROR_NONE;
}

void emunic_queue_reset(EmunicQueue *q)
{
    q->head = 0;
    q->tail = 0;
    q->cq_head = 0;
    q->cq_tested = 0;
    q->raise_at = 0;
    q->raised_at = 0;
    q->used = (EmunicBudget) { 0 };
    q->busy = false;
    q->in_vain = 0;
    q->fetched_at = 0;
    q->fetched_count = 0;
}

static void emunic_queue_start(EmunicFunction *f, EmunicQueue *q)
{
    uint32_t error = emunic_queue_check(f, q);

    if (error) {
        emunic_queue_set_state(f, q, EMUNIC_Q_STATE_ERROR, error);
        return;
    }
    emunic_queue_reset(q);
    q->starts++;
    if (q->kind == EMUNIC_QUEUE_EVENT) {
        emunic_event_ring_started(f->pf);
    }
    emunic_queue_set_state(f, q, EMUNIC_Q_STATE_RUNNING, error);
    if (q->kind == EMUNIC_QUEUE_TX) {
        emunic_kick(f, BIT(q->index));
    }
}

/*
 * Frames are moved whole within one run of the bottom half, so nothing is in
 * flight here, but what an Rx queue has open (gro.c): DRAINING is over as soon
 * as it began.
 */
static void emunic_queue_stop(EmunicFunction *f, EmunicQueue *q)
{
    emunic_queue_set_state(f, q, EMUNIC_Q_STATE_STOPPED, EMUNIC_Q_ERROR_NONE);
}

void emunic_queue_ctrl(EmunicFunction *f, EmunicQueue *q, uint32_t value)
{
    bool running = emunic_queue_running(q);

    if (value & EMUNIC_Q_CTRL_START) {
        if (!running) {
            emunic_queue_start(f, q);
        }
    } else if (q->reg[EMUNIC_QR_STATE] != EMUNIC_Q_STATE_STOPPED) {
        emunic_queue_stop(f, q);
    }
}

/*
 * A running queue broke a rule or lost its memory. Without the admin queue
 * and the event ring there is no PF driver: a DMA fault of one takes both.
 */
void emunic_queue_error(EmunicFunction *f, EmunicQueue *q, uint32_t error)
{
    bool data = q->kind == EMUNIC_QUEUE_TX || q->kind == EMUNIC_QUEUE_RX;

    if (!emunic_queue_running(q)) {
        return;
    }
    emunic_queue_set_state(f, q, EMUNIC_Q_STATE_ERROR, error);
    EMUNIC_COUNT(f, queue_errors, 1);
    emunic_set_cause(f, EMUNIC_CAUSE_QUEUE_ERROR);
    if (data) {
        f->events.error_rx = q->kind == EMUNIC_QUEUE_RX;
        f->events.error_queue = q->index;
        f->events.error_code = error;
        emunic_event_wait(f, EMUNIC_EVENT_QUEUE_ERROR);
    } else if (error == EMUNIC_Q_ERROR_DMA) {
        f->fatal = true;
        emunic_update_status(f);
        emunic_queue_error(f, &f->adminq, error);
        emunic_queue_error(f, &f->eventq, error);
    }
}

static bool emunic_shadow_read(EmunicFunction *f, EmunicQueue *q,
                               unsigned offset, uint32_t *value)
{
    uint64_t addr = emunic_queue_addr(q, EMUNIC_QR_SHADOW_LO) + offset;

    if (!emunic_dma_read(f, addr, value, sizeof(*value))) {
        emunic_queue_error(f, q, EMUNIC_Q_ERROR_DMA);
        return false;
    }
    *value = le32_to_cpu(*value);
    return true;
}

/* False: the queue is in ERROR now. */
bool emunic_queue_read_tail(EmunicFunction *f, EmunicQueue *q)
{
    uint32_t tail;

    if (!emunic_shadow_read(f, q, SHADOW(sq_tail), &tail)) {
        return false;
    }
    /* Going back is the same as being far ahead. */
    if (tail - q->head > emunic_queue_size(q) ||
        tail - q->head < q->tail - q->head) {
        emunic_queue_error(f, q, EMUNIC_Q_ERROR_INDEX);
        return false;
    }
    q->tail = tail;
    /* The descriptors are read after the tail that covers them. */
    smp_rmb();
    return true;
}

/*
 * Ask for a kick. True: the queue sleeps (or is in ERROR); false: the driver
 * moved the tail meanwhile and may not have seen the request.
 */
bool emunic_queue_sleep(EmunicFunction *f, EmunicQueue *q)
{
    uint64_t addr = emunic_queue_addr(q, EMUNIC_QR_SHADOW_LO);
    uint32_t event = cpu_to_le32(q->tail);
    uint32_t seen = q->tail;

    if (!emunic_dma_write(f, addr + SHADOW(sq_event), &event,
                          sizeof(event))) {
        emunic_queue_error(f, q, EMUNIC_Q_ERROR_DMA);
        return true;
    }
    /* The request is out before the tail is read: see "Queues" in the spec. */
    smp_mb();
    return !emunic_queue_read_tail(f, q) || q->tail == seen;
}

/*
 * Copy @count submission entries from index @from. False: the queue is in
 * ERROR now.
 */
bool emunic_queue_fetch(EmunicFunction *f, EmunicQueue *q, uint32_t from,
                        void *entries, uint32_t count, size_t entry_size)
{
    uint64_t ring = emunic_queue_addr(q, EMUNIC_QR_SQ_LO);
    uint32_t size = emunic_queue_size(q);
    uint32_t at = from & (size - 1);
    uint32_t n = MIN(count, size - at);

    if (!emunic_dma_read(f, ring + at * entry_size, entries, n * entry_size) ||
        (n < count &&
         !emunic_dma_read(f, ring, (uint8_t *)entries + n * entry_size,
                          (count - n) * entry_size))) {
        emunic_queue_error(f, q, EMUNIC_Q_ERROR_DMA);
        return false;
    }
    return true;
}

/*
 * Write @count completions of @size bytes each. The phase bit is put into the
 * 16-bit flags at @flags_at. False: the queue is in ERROR now, or does not run
 * any more: what came before may have reset or unplugged it.
 */
bool emunic_queue_complete(EmunicFunction *f, EmunicQueue *q,
                           const void *entries, uint32_t count, size_t size,
                           size_t flags_at)
{
    uint64_t ring = emunic_queue_addr(q, EMUNIC_QR_CQ_LO);
    uint32_t mask = emunic_queue_size(q) - 1;
    const uint8_t *from = entries;

    if (!emunic_queue_running(q)) {
        return false;
    }
    while (count) {
        uint16_t phase = q->cq_head & (mask + 1) ? 0 : EMUNIC_CPL_PHASE;
        uint32_t at = q->cq_head & mask;
        uint32_t n = MIN(count, mask + 1 - at);
        const void *what = from;

        if (unlikely(f->pf->lie.seed)) {
            n = 1;
            what = emunic_lie_entry(f, q, what, size, flags_at, &phase);
        }
        if (!emunic_dma_write_entries(f, ring + at * size, what, n, size,
                                      flags_at, phase)) {
            emunic_queue_error(f, q, EMUNIC_Q_ERROR_DMA);
            return false;
        }
        q->cq_head += n;
        from += n * size;
        count -= n;
    }
    return true;
}

/* After a batch of completions: must the vector be raised? */
bool emunic_queue_test_irq(EmunicFunction *f, EmunicQueue *q)
{
    uint32_t old = q->cq_tested;
    uint32_t event;
    bool passed;

    if (!emunic_queue_running(q) || q->cq_head == old) {
        return false;
    }
    /* The completions are out before the request is read. */
    smp_mb();
    if (!emunic_shadow_read(f, q, SHADOW(cq_event), &event)) {
        return false;
    }
    passed = EMUNIC_INDEX_PASSED(event, q->cq_head, old);
    if (passed && q->reg[EMUNIC_QR_MODERATION] &&
        !emunic_moderate(f, q, event)) {
        return false;
    }
    q->raise_at = 0;
    q->cq_tested = q->cq_head;
    return passed;
}

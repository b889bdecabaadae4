/*
 * emunic: the event ring of the PF
 *
 * An event first waits in its vport; the bottom half moves it into the ring.
 * At most one event of each type and vport waits, and at most one is in the
 * ring and not yet consumed, so that nothing is lost and no VF can fill the
 * ring. Events of one vport go in the order in which they began to wait.
 *
 * Each event is work for the PF's driver, which has but one thread for all of
 * them. A VF pays for its events with time: it can save up for a burst, and
 * who has saved nothing waits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "trace.h"

#define EVENT_PRICE_NS  (NANOSECONDS_PER_SECOND / EMUNIC_EVENT_RATE)
#define EVENT_SAVED_NS  (EVENT_PRICE_NS * (EMUNIC_EVENT_BURST - 1))

void emunic_event_wait(EmunicFunction *f, unsigned type)
{
    if (!f->events.order[type]) {
        f->events.order[type] = ++f->pf->event_order;
    }
    set_bit(f->vport, f->pf->event_work);
    emunic_schedule(f->pf);
}

void emunic_event_cancel(EmunicFunction *f, unsigned type)
{
    f->events.order[type] = 0;
}

/* Forget what waits, but for offences; what is in the ring stays there. */
void emunic_event_reset(EmunicFunction *f)
{
    for (unsigned type = 0; type < EMUNIC_EVENT_TYPES; type++) {
        if (type != EMUNIC_EVENT_OFFENCE) {
            emunic_event_cancel(f, type);
        }
    }
}

/* A new ring: it has nothing of what the old one had. */
void emunic_event_ring_started(EmunicState *s)
{
    for (unsigned v = 0; v <= s->max_vfs; v++) {
        EmunicFunction *f = s->port[v];

        if (f) {
            memset(f->events.posted, 0, sizeof(f->events.posted));
            set_bit(v, s->event_work);
        }
    }
    emunic_schedule(s);
}

/* The driver has consumed the events before @head. */
void emunic_event_head(EmunicState *s, uint32_t head)
{
    EmunicQueue *q = &s->fn.eventq;

    if (!emunic_queue_running(q)) {
        return;
    }
    if (head - q->head > q->cq_head - q->head) {
        emunic_queue_error(&s->fn, q, EMUNIC_Q_ERROR_INDEX);
        return;
    }
    q->head = head;
    for (unsigned v = 0; v <= s->max_vfs; v++) {
        if (s->port[v]) {
            set_bit(v, s->event_work);
        }
    }
    emunic_schedule(s);
}

static bool emunic_event_in_ring(EmunicFunction *f, unsigned type)
{
    EmunicQueue *q = &f->pf->fn.eventq;

    return f->events.posted[type] &&
           f->events.posted_at[type] - q->head < q->cq_head - q->head;
}

/* The type of the event of @f that is next, or 0 */
static unsigned emunic_event_next(EmunicFunction *f)
{
    unsigned next = 0;

    for (unsigned type = 1; type < EMUNIC_EVENT_TYPES; type++) {
        if (f->events.order[type] &&
            (!next || f->events.order[type] < f->events.order[next])) {
            next = type;
        }
    }
    return next && !emunic_event_in_ring(f, next) ? next : 0;
}

/* True: @f has to wait, and gets its turn when it has not any more. */
static bool emunic_event_held(EmunicFunction *f, int64_t now)
{
    int64_t at = f->events.paid_at - EVENT_SAVED_NS;

    if (!emunic_is_vf(f) || at <= now) {
        return false;
    }
    timer_mod_anticipate_ns(f->pf->event_timer, at);
    return true;
}

void emunic_event_timer(void *opaque)
{
    emunic_schedule(opaque);
}

static void emunic_event_fill(EmunicFunction *f, unsigned type,
                              struct emunic_event *e)
{
    struct emunic_event_queue *queue = (void *)e->data;
    struct emunic_event_link *link = (void *)e->data;
    struct emunic_event_offence *offence = (void *)e->data;

    e->type = cpu_to_le16(type);
    e->vport = cpu_to_le16(f->vport);
    e->epoch = cpu_to_le32(f->reg[EMUNIC_R_EPOCH]);
    switch (type) {
    case EMUNIC_EVENT_VF_MSG:
        e->tag = cpu_to_le32(f->mbox.tag);
        e->len = cpu_to_le16(f->mbox.len);
        for (unsigned i = 0; i < DIV_ROUND_UP(f->mbox.len, 4); i++) {
            stl_le_p(e->data + 4 * i, f->mbox.message[i]);
        }
        memset(e->data + f->mbox.len, 0, sizeof(e->data) - f->mbox.len);
        break;
    case EMUNIC_EVENT_LINK:
        e->len = cpu_to_le16(sizeof(*link));
        link->up = cpu_to_le32(!!(f->status & EMUNIC_STATUS_LINK_UP));
        link->speed = cpu_to_le32(f->pf->speed);
        break;
    case EMUNIC_EVENT_QUEUE_ERROR:
        e->len = cpu_to_le16(sizeof(*queue));
        queue->rx = f->events.error_rx;
        queue->queue = f->events.error_queue;
        queue->error = cpu_to_le16(f->events.error_code);
        queue->count =
            cpu_to_le32(f->port.stats[EMUNIC_STAT(queue_errors)]);
        break;
    case EMUNIC_EVENT_OFFENCE:
        e->len = cpu_to_le16(sizeof(*offence));
        offence->kind = cpu_to_le32(f->events.offence_kind);
        offence->total = cpu_to_le64(f->port.offences);
        break;
    }
}

static bool emunic_event_post(EmunicFunction *f, unsigned type, int64_t now)
{
    EmunicQueue *q = &f->pf->fn.eventq;
    struct emunic_event e = { 0 };

    emunic_event_fill(f, type, &e);
    f->events.order[type] = 0;
    f->events.posted[type] = true;
    f->events.posted_at[type] = q->cq_head;
    f->events.paid_at = MAX(f->events.paid_at, now) + EVENT_PRICE_NS;
    trace_emunic_event(f->vport, type, f->reg[EMUNIC_R_EPOCH], q->cq_head);
    return emunic_queue_complete(&f->pf->fn, q, &e, 1, sizeof(e),
                                 offsetof(struct emunic_event, flags));
}

/*
 * One event of each vport that has one, beginning with the vport whose turn
 * it is. True: one more round may find more.
 */
static bool emunic_event_round(EmunicState *s, int64_t now, int *budget)
{
    EmunicQueue *q = &s->fn.eventq;
    unsigned first = s->event_rr;
    bool again = false;

    for (unsigned i = 0; i <= s->max_vfs && *budget > 0; i++) {
        unsigned v = (first + i) % (s->max_vfs + 1);
        unsigned type;

        if (!test_bit(v, s->event_work)) {
            continue;
        }
        type = emunic_event_next(s->port[v]);
        if (!type) {
            clear_bit(v, s->event_work);
            continue;
        }
        if (emunic_event_held(s->port[v], now)) {
            continue;
        }
        if (q->cq_head - q->head == emunic_queue_size(q)) {
            s->event_rr = v;
            return false;
        }
        if (!emunic_event_post(s->port[v], type, now)) {
            return false;
        }
        --*budget;
        s->event_rr = v + 1;
        again = true;
    }
    return again;
}

/* True: the budget is used up and there is more. */
bool emunic_event_run(EmunicState *s, int budget)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    int left = budget;

    if (!emunic_queue_running(&s->fn.eventq)) {
        return false;
    }
    while (left > 0 && emunic_event_round(s, now, &left)) {
        ;
    }
    if (left != budget && emunic_pf_ready(s)) {
        emunic_set_cause(&s->fn, EMUNIC_CAUSE_EVENT);
    }
    return left <= 0 && emunic_pf_ready(s);
}

/*
 * emunic: receive offload: segments of a TCP connection become the GSO frame
 * that a sender would have sent instead
 *
 * An open frame is a private copy, and lives until the turn ends in which it
 * was opened, or the run of the bottom half for what came from the uplink, but
 * for a queue with MODERATION until that has passed. All queues share one pool
 * of them; the oldest one makes room for a new one. A frame of the same
 * connection that does not continue an open one sends that on its way first.
 * What a queue has open when it stops is dropped with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "gro.h"
#include "qemu/xxhash.h"
#include "trace.h"

#define GRO_FLOWS       1024    /* open frames of a device */
#define GRO_QUEUE_FLOWS 512     /* of a queue */
#define GRO_BUCKETS     1024
#define GRO_BYTES \
    (ETH_HLEN + EMUNIC_TAGS_MAX * EMUNIC_TAG_LEN + GRO_IP_MAX)

typedef QTAILQ_HEAD(, EmunicGroFlow) EmunicGroList;

/*
 * @turn: open until the turn ends, oldest first
 * @held: open until their time is over, oldest first
 * @idle: not open
 * @bucket: all that are open, by connection
 * @seed: so that nobody can tell which connections share a bucket
 * @made: how many there are, open or not
 * @closed: how often one was closed
 * @due: none of @held is to be closed before
 * @timer: set when one is held
 */
struct EmunicGro {
    QEMUTimer *timer;
    EmunicGroList turn;
    EmunicGroList held;
    EmunicGroList idle;
    QLIST_HEAD(, EmunicGroFlow) bucket[GRO_BUCKETS];
    uint32_t seed;
    unsigned made;
    uint32_t closed;
    int64_t due;
};

static void emunic_gro_timer(void *opaque)
{
    emunic_schedule(opaque);
}

EmunicGro *emunic_gro_new(EmunicState *s)
{
    EmunicGro *gro = g_new0(EmunicGro, 1);

    gro->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, emunic_gro_timer, s);
    gro->seed = g_random_int();
    gro->due = INT64_MAX;
    QTAILQ_INIT(&gro->turn);
    QTAILQ_INIT(&gro->held);
    QTAILQ_INIT(&gro->idle);
    return gro;
}

/* No function is left that could have something open. */
void emunic_gro_free(EmunicGro *gro)
{
    EmunicGroFlow *flow, *next;

    assert(QTAILQ_EMPTY(&gro->turn) && QTAILQ_EMPTY(&gro->held));
    timer_free(gro->timer);
    QTAILQ_FOREACH_SAFE(flow, &gro->idle, link, next) {
        g_free(flow->data);
        g_free(flow);
    }
    g_free(gro);
}

static EmunicGroList *emunic_gro_list(EmunicGro *gro, const EmunicGroFlow *flow)
{
    return flow->until ? &gro->held : &gro->turn;
}

static void emunic_gro_close(EmunicGroFlow *flow, bool deliver)
{
    EmunicGro *gro = flow->f->pf->gro;

    QTAILQ_REMOVE(emunic_gro_list(gro, flow), flow, link);
    QLIST_SAFE_REMOVE(flow, bucket);
    QTAILQ_REMOVE(&flow->q->gro, flow, of_queue);
    gro->closed++;
    flow->q->gro_open--;
    flow->view.len = flow->frame.len - flow->view.strip;
    if (flow->segments > 1) {
        emunic_gro_merge(flow);
    }
    trace_emunic_gro(flow->f->vport, flow->q->index, flow->frame.len,
                     flow->segments);
    if (deliver) {
        emunic_rx_deliver(flow->f, flow->q, &flow->frame, &flow->view);
    } else {
        emunic_rx_drop(flow->f, &flow->frame);
    }
    QTAILQ_INSERT_HEAD(&gro->idle, flow, link);
}

/* What @q has open, from the oldest on: one that fails takes the others. */
static void emunic_gro_close_queue(EmunicQueue *q, bool deliver)
{
    EmunicGroFlow *flow;

    while ((flow = QTAILQ_FIRST(&q->gro))) {
        emunic_gro_close(flow, deliver);
    }
}

static void emunic_gro_close_function(EmunicFunction *f, bool deliver)
{
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        emunic_gro_close_queue(&f->rxq[i], deliver);
    }
}

static void emunic_gro_close_list(EmunicGroList *list)
{
    EmunicGroFlow *flow;

    while ((flow = QTAILQ_FIRST(list))) {
        emunic_gro_close(flow, true);
    }
}

/* A flow to open, if need be the oldest one of the queue, or of all */
static EmunicGroFlow *emunic_gro_take(EmunicGro *gro, const EmunicQueue *q)
{
    EmunicGroFlow *flow;

    if (q->gro_open == GRO_QUEUE_FLOWS) {
        emunic_gro_close(QTAILQ_FIRST(&q->gro), true);
    } else if (QTAILQ_EMPTY(&gro->idle)) {
        if (gro->made == GRO_FLOWS) {
            flow = QTAILQ_FIRST(&gro->held);
            emunic_gro_close(flow ? flow : QTAILQ_FIRST(&gro->turn), true);
        } else {
            flow = g_new0(EmunicGroFlow, 1);
            flow->data = g_malloc(GRO_BYTES);
            gro->made++;
            QTAILQ_INSERT_HEAD(&gro->idle, flow, link);
        }
    }
    return QTAILQ_FIRST(&gro->idle);
}

/* By the ends of the addresses, and the ports */
static unsigned emunic_gro_bucket(const EmunicGro *gro, const EmunicFunction *f,
                                  const EmunicFrame *fr,
                                  const EmunicSegment *s)
{
    const uint8_t *ip = fr->hdr + s->l3;
    uint64_t src = ldl_he_p(ip + (s->ip4 ? 12 : 20));
    uint64_t dst = ldl_he_p(ip + (s->ip4 ? 16 : 36));
    uint64_t port = ldl_he_p(fr->hdr + s->l4);

    return qemu_xxhash4(src << 32 | dst,
                        port << 32 | (gro->seed ^ f->vport)) % GRO_BUCKETS;
}

static EmunicGroFlow *emunic_gro_find(const EmunicFunction *f,
                                      const EmunicFrame *fr,
                                      const EmunicSegment *s, unsigned bucket)
{
    EmunicGroFlow *flow;

    QLIST_FOREACH(flow, &f->pf->gro->bucket[bucket], bucket) {
        if (emunic_gro_connection(flow, f, fr, s)) {
            return flow;
        }
    }
    return NULL;
}

static int64_t emunic_gro_until(const EmunicQueue *q)
{
    uint32_t usecs = EMUNIC_GET(EMUNIC_Q_MODERATION_USECS,
                                q->reg[EMUNIC_QR_MODERATION]);

    return usecs ? qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + usecs * SCALE_US
                 : 0;
}

/* False: what made room for it has ended @q. */
static bool emunic_gro_open(EmunicFunction *f, EmunicQueue *q,
                            EmunicFrame *fr, const EmunicRxView *view,
                            const EmunicSegment *s, unsigned bucket)
{
    EmunicGro *gro = f->pf->gro;
    EmunicGroFlow *flow = emunic_gro_take(gro, q);

    if (!emunic_queue_running(q)) {
        return false;
    }
    QTAILQ_REMOVE(&gro->idle, flow, link);
    flow->f = f;
    flow->q = q;
    flow->view = *view;
    flow->segment = *s;
    flow->until = emunic_gro_until(q);
    flow->segments = 0;
    /* As its sender left it; another port may have got it finished. */
    emunic_frame_put_csum(fr, false);
    memcpy(flow->data, fr->hdr, s->hdr_len);
    emunic_frame_copy(&flow->frame, fr, flow->data, s->hdr_len);
    emunic_gro_append(flow, fr, s);
    QTAILQ_INSERT_TAIL(emunic_gro_list(gro, flow), flow, link);
    QLIST_INSERT_HEAD(&gro->bucket[bucket], flow, bucket);
    QTAILQ_INSERT_TAIL(&q->gro, flow, of_queue);
    q->gro_open++;
    if (flow->until) {
        gro->due = MIN(gro->due, flow->until);
    }
    return true;
}

static bool emunic_gro_full(const EmunicGroFlow *flow, const EmunicSegment *s)
{
    return emunic_gro_last(&flow->frame, &flow->segment) ||
           (s->payload < flow->segment.payload &&
            !(flow->view.features & EMUNIC_RX_FEATURES_LRO));
}

/*
 * A parsed frame for @q of @f, whose driver wants merged ones. True: it is
 * taken; false: it is for the caller to deliver, and nothing that was before
 * it in its connection is open any more.
 */
bool emunic_gro_receive(EmunicFunction *f, EmunicQueue *q, EmunicFrame *fr,
                        const EmunicRxView *view)
{
    EmunicGroFlow *flow;
    EmunicSegment s;
    unsigned bucket;
    bool good;

    if (!emunic_gro_locate(fr, view->features, &s)) {
        /* A fragment may be of any connection. */
        if (fr->kind != EMUNIC_KIND_NONE && fr->kind != EMUNIC_KIND_UDP4 &&
            fr->kind != EMUNIC_KIND_UDP6) {
            emunic_gro_close_function(f, true);
        }
        return false;
    }
    good = emunic_gro_parse(fr, &s);
    bucket = emunic_gro_bucket(f->pf->gro, f, fr, &s);
    flow = emunic_gro_find(f, fr, &s, bucket);
    if (flow) {
        if (good && emunic_gro_continues(flow, q, fr, view, &s)) {
            emunic_gro_append(flow, fr, &s);
            if (emunic_gro_full(flow, &s)) {
                emunic_gro_close(flow, true);
            }
            return true;
        }
        emunic_gro_close(flow, true);
    }
    return good && !emunic_gro_last(fr, &s) &&
           emunic_gro_open(f, q, fr, view, &s, bucket);
}

/* Close what is held since so long that it should not be at @now. */
static void emunic_gro_expire(EmunicGro *gro, int64_t now)
{
    EmunicGroFlow *flow, *next;

    gro->due = INT64_MAX;
    for (flow = QTAILQ_FIRST(&gro->held); flow; flow = next) {
        uint32_t closed = gro->closed;

        next = QTAILQ_NEXT(flow, link);
        if (flow->until > now) {
            gro->due = MIN(gro->due, flow->until);
            continue;
        }
        emunic_gro_close(flow, true);
        /* Its queue may have failed, and others have gone with it. */
        if (gro->closed != closed + 1) {
            next = QTAILQ_FIRST(&gro->held);
        }
    }
}

/* The end of a turn, or the time of one is over. */
void emunic_gro_turn(EmunicState *s)
{
    EmunicGro *gro = s->gro;
    int64_t now;

    emunic_gro_close_list(&gro->turn);
    if (QTAILQ_EMPTY(&gro->held)) {
        return;
    }
    now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (gro->due <= now) {
        emunic_gro_expire(gro, now);
    }
    if (!QTAILQ_EMPTY(&gro->held)) {
        timer_mod_ns(gro->timer, gro->due);
    }
}

/* Nothing stays open. */
void emunic_gro_flush(EmunicState *s)
{
    emunic_gro_close_list(&s->gro->held);
    emunic_gro_close_list(&s->gro->turn);
}

/* @q, or with NULL @f as a whole, takes nothing any more. */
void emunic_gro_drop(EmunicFunction *f, EmunicQueue *q)
{
    if (q) {
        emunic_gro_close_queue(q, false);
    } else {
        emunic_gro_close_function(f, false);
    }
}

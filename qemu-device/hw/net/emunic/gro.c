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
#include "frame.h"
#include "net/checksum.h"
#include "qemu/queue.h"
#include "trace.h"

#define GRO_FLOWS       64      /* open frames of a device */
#define GRO_QUEUE_FLOWS 8       /* of a queue */
#define GRO_IP_MAX      UINT16_MAX
#define GRO_BYTES \
    (ETH_HLEN + EMUNIC_TAGS_MAX * EMUNIC_TAG_LEN + GRO_IP_MAX)

#define IP4_LEN         20
#define IP6_LEN         sizeof(struct ip6_header)
#define TCP_MIN_LEN     20
#define TCP_CSUM_OFFSET 16
#define TCP_FLAGS       13

/* Flags of segments that are left alone, and that end a frame */
#define TCP_ALONE       (TH_SYN | TH_RST | TH_URG)
#define TCP_LAST        (TH_FIN | TH_PUSH)

/* A segment, as offsets in its frame; it has @payload bytes, at least 1. */
typedef struct EmunicSegment {
    uint32_t l3;
    uint32_t l4;
    uint32_t hdr_len;
    uint32_t payload;
} EmunicSegment;

/*
 * An open frame
 *
 * @segment: the first one
 * @until: not closed before, for time alone; 0: when the turn ends
 * @next_seq: sequence number behind the last one
 * @id: of the last one, IPv4; @id_step: by how much it goes up, if there are
 *      two at least
 * @data: headers and payload, GRO_BYTES
 */
typedef struct EmunicGroFlow {
    QTAILQ_ENTRY(EmunicGroFlow) link;
    EmunicFunction *f;
    EmunicQueue *q;
    EmunicRxView view;
    EmunicSegment segment;
    int64_t until;
    uint32_t segments;
    uint32_t next_seq;
    uint16_t id;
    uint16_t id_step;
    EmunicFrame frame;
    uint8_t *data;
} EmunicGroFlow;

/*
 * @open: oldest first
 * @made: how many there are, open or not
 * @timer: set when one is open between turns
 */
struct EmunicGro {
    QEMUTimer *timer;
    QTAILQ_HEAD(, EmunicGroFlow) open;
    QTAILQ_HEAD(, EmunicGroFlow) idle;
    unsigned made;
};

static void emunic_gro_timer(void *opaque)
{
    emunic_schedule(opaque);
}

EmunicGro *emunic_gro_new(EmunicState *s)
{
    EmunicGro *gro = g_new0(EmunicGro, 1);

    gro->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, emunic_gro_timer, s);
    QTAILQ_INIT(&gro->open);
    QTAILQ_INIT(&gro->idle);
    return gro;
}

/* No function is left that could have something open. */
void emunic_gro_free(EmunicGro *gro)
{
    EmunicGroFlow *flow, *next;

    assert(QTAILQ_EMPTY(&gro->open));
    timer_free(gro->timer);
    QTAILQ_FOREACH_SAFE(flow, &gro->idle, link, next) {
        g_free(flow->data);
        g_free(flow);
    }
    g_free(gro);
}

static bool emunic_is_tcp(const EmunicFrame *fr)
{
    return fr->kind == EMUNIC_KIND_TCP4 || fr->kind == EMUNIC_KIND_TCP6;
}

static bool emunic_is_ip4(const EmunicFrame *fr)
{
    return fr->kind == EMUNIC_KIND_TCP4;
}

/* Where TCP begins and the IP packet ends; false: not what can be merged */
static bool emunic_gro_parse_ip(const EmunicFrame *fr, EmunicSegment *s)
{
    const uint8_t *ip = fr->hdr + fr->l3;
    uint32_t total;

    s->l3 = fr->l3;
    s->l4 = fr->l4;
    if (!emunic_is_ip4(fr)) {
        total = IP6_LEN + lduw_be_p(ip + 4);
        return s->l4 >= s->l3 + IP6_LEN && s->l3 + total == fr->len;
    }
    total = lduw_be_p(ip + 2);
    return s->l4 == s->l3 + IP4_LEN && s->l3 + total == fr->len &&
           !net_raw_checksum((uint8_t *)ip, IP4_LEN);
}

/* Is @fr a segment whose headers and checksum are good? */
static bool emunic_gro_parse(const EmunicFrame *fr, EmunicSegment *s)
{
    const uint8_t *tcp;

    if (!emunic_is_tcp(fr) || fr->gso_type || !emunic_gro_parse_ip(fr, s) ||
        s->l4 + TCP_MIN_LEN > fr->hdr_copied) {
        return false;
    }
    tcp = fr->hdr + s->l4;
    s->hdr_len = s->l4 + (tcp[12] >> 4) * 4;
    if (s->hdr_len < s->l4 + TCP_MIN_LEN || s->hdr_len > fr->hdr_copied ||
        s->hdr_len >= fr->len || (tcp[TCP_FLAGS] & TCP_ALONE)) {
        return false;
    }
    s->payload = fr->len - s->hdr_len;
    return fr->csum ? fr->csum_start == s->l4 &&
                      fr->csum_offset == TCP_CSUM_OFFSET
                    : fr->csum_good;
}

static bool emunic_same(const uint8_t *a, const uint8_t *b, unsigned from,
                        unsigned to)
{
    return !memcmp(a + from, b + from, to - from);
}

static bool emunic_gro_connection(const EmunicGroFlow *flow,
                                  const EmunicFunction *f,
                                  const EmunicFrame *fr)
{
    bool ip4 = emunic_is_ip4(fr);

    return flow->f == f && flow->frame.kind == fr->kind &&
           !memcmp(flow->frame.ports, fr->ports, sizeof(fr->ports)) &&
           emunic_same(flow->frame.hdr + flow->frame.l3, fr->hdr + fr->l3,
                       ip4 ? 12 : 8, ip4 ? 20 : 40);
}

static bool emunic_gro_same_ip(const EmunicGroFlow *flow, const uint8_t *ip,
                               unsigned ip_len)
{
    const uint8_t *first = flow->frame.hdr + flow->segment.l3;
    uint16_t step = lduw_be_p(ip + 4) - flow->id;

    if (!emunic_is_ip4(&flow->frame)) {
        return emunic_same(ip, first, 0, 4) && emunic_same(ip, first, 6, 8) &&
               emunic_same(ip, first, IP6_LEN, ip_len);
    }
    return emunic_same(ip, first, 0, 2) && emunic_same(ip, first, 6, 10) &&
           (flow->segments > 1 ? step == flow->id_step : step <= 1);
}

static bool emunic_gro_same_tcp(const EmunicGroFlow *flow, const uint8_t *tcp,
                                unsigned tcp_len)
{
    const uint8_t *first = flow->frame.hdr + flow->segment.l4;

    return ldl_be_p(tcp + 4) == flow->next_seq &&
           emunic_same(tcp, first, 8, 13) &&
           !((tcp[TCP_FLAGS] ^ first[TCP_FLAGS]) & ~TCP_LAST) &&
           emunic_same(tcp, first, 14, TCP_CSUM_OFFSET) &&
           emunic_same(tcp, first, TCP_CSUM_OFFSET + 2, tcp_len);
}

/* Does the segment @s of @fr continue @flow with nothing lost? */
static bool emunic_gro_continues(const EmunicGroFlow *flow, EmunicQueue *q,
                                 const EmunicFrame *fr,
                                 const EmunicRxView *view,
                                 const EmunicSegment *s)
{
    const EmunicFrame *to = &flow->frame;
    const EmunicSegment *first = &flow->segment;
    uint32_t len = to->len + s->payload;

    return flow->q == q && to->src == fr->src &&
           flow->view.strip == view->strip &&
           flow->view.features == view->features &&
           s->l3 == first->l3 && s->l4 == first->l4 &&
           s->hdr_len == first->hdr_len &&
           s->payload <= first->payload &&
           flow->segments < EMUNIC_GSO_MAX_SEGS &&
           len - s->l3 <= GRO_IP_MAX &&
           len - view->strip <= flow->f->reg[EMUNIC_R_RX_MAX_GSO] &&
           emunic_same(fr->hdr, to->hdr, 0, s->l3) &&
           emunic_gro_same_ip(flow, fr->hdr + s->l3, s->l4 - s->l3) &&
           emunic_gro_same_tcp(flow, fr->hdr + s->l4, s->hdr_len - s->l4);
}

/* Headers and what they are said to be, for more than one segment */
static void emunic_gro_merge(EmunicGroFlow *flow)
{
    EmunicFrame *fr = &flow->frame;

    fr->merged = flow->segments;
    fr->gso_type = emunic_is_ip4(fr) ? EMUNIC_GSO_TCPV4 : EMUNIC_GSO_TCPV6;
    fr->gso_size = flow->segment.payload;
    fr->gso_l3 = flow->segment.l3;
    fr->hdr_len = flow->segment.hdr_len;
    fr->csum = true;
    fr->csum_finished = false;
    fr->csum_start = flow->segment.l4;
    fr->csum_offset = TCP_CSUM_OFFSET;
    emunic_gso_header(fr, fr->hdr, 0, fr->len - fr->hdr_len);
    fr->csum_partial = lduw_be_p(fr->hdr + fr->csum_start + fr->csum_offset);
}

static void emunic_gro_close(EmunicGroFlow *flow, bool deliver)
{
    EmunicGro *gro = flow->f->pf->gro;

    QTAILQ_REMOVE(&gro->open, flow, link);
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

/* A flow to open, if need be the oldest one of the queue, or of all */
static EmunicGroFlow *emunic_gro_take(EmunicGro *gro, EmunicQueue *q)
{
    EmunicGroFlow *flow, *oldest = NULL;
    unsigned open = 0;

    QTAILQ_FOREACH_REVERSE(flow, &gro->open, link) {
        if (flow->q == q) {
            oldest = flow;
            open++;
        }
    }
    if (open == GRO_QUEUE_FLOWS) {
        emunic_gro_close(oldest, true);
    } else if (QTAILQ_EMPTY(&gro->idle)) {
        if (gro->made == GRO_FLOWS) {
            emunic_gro_close(QTAILQ_FIRST(&gro->open), true);
        } else {
            flow = g_new0(EmunicGroFlow, 1);
            flow->data = g_malloc(GRO_BYTES);
            gro->made++;
            return flow;
        }
    }
    flow = QTAILQ_FIRST(&gro->idle);
    QTAILQ_REMOVE(&gro->idle, flow, link);
    return flow;
}

/* Copy the payload of @fr to the end of @flow. */
static void emunic_gro_append(EmunicGroFlow *flow, const EmunicFrame *fr,
                              const EmunicSegment *s)
{
    const uint8_t *tcp = fr->hdr + s->l4;
    uint16_t id = lduw_be_p(fr->hdr + s->l3 + 4);
    EmunicFrame *to = &flow->frame;

    iov_to_buf(fr->iov, fr->iovcnt, s->hdr_len, flow->data + to->len,
               s->payload);
    to->len += s->payload;
    to->iov[2].iov_len += s->payload;
    to->hdr[s->l4 + TCP_FLAGS] |= tcp[TCP_FLAGS];
    flow->segments++;
    flow->next_seq = ldl_be_p(tcp + 4) + s->payload;
    flow->id_step = id - flow->id;
    flow->id = id;
}

static int64_t emunic_gro_until(const EmunicQueue *q)
{
    uint32_t usecs = EMUNIC_GET(EMUNIC_Q_MODERATION_USECS,
                                q->reg[EMUNIC_QR_MODERATION]);

    return usecs ? qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + usecs * SCALE_US
                 : 0;
}

static void emunic_gro_open(EmunicFunction *f, EmunicQueue *q,
                            EmunicFrame *fr, const EmunicRxView *view,
                            const EmunicSegment *s)
{
    EmunicGro *gro = f->pf->gro;
    EmunicGroFlow *flow = emunic_gro_take(gro, q);

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
    QTAILQ_INSERT_TAIL(&gro->open, flow, link);
}

static bool emunic_gro_full(const EmunicGroFlow *flow, const EmunicSegment *s)
{
    return (flow->frame.hdr[s->l4 + TCP_FLAGS] & TCP_LAST) ||
           (s->payload < flow->segment.payload &&
            !(flow->view.features & EMUNIC_RX_FEATURES_LRO));
}

static EmunicGroFlow *emunic_gro_find(const EmunicFunction *f,
                                      const EmunicFrame *fr)
{
    EmunicGroFlow *flow;

    QTAILQ_FOREACH(flow, &f->pf->gro->open, link) {
        if (emunic_gro_connection(flow, f, fr)) {
            return flow;
        }
    }
    return NULL;
}

static EmunicGroFlow *emunic_gro_oldest(const EmunicState *s,
                                        const EmunicFunction *f,
                                        const EmunicQueue *q)
{
    EmunicGroFlow *flow;

    QTAILQ_FOREACH(flow, &s->gro->open, link) {
        if ((!f || flow->f == f) && (!q || flow->q == q)) {
            return flow;
        }
    }
    return NULL;
}

/* From the beginning each time: one that fails takes those of its queue. */
static void emunic_gro_close_all(const EmunicState *s, const EmunicFunction *f,
                                 const EmunicQueue *q, bool deliver)
{
    EmunicGroFlow *flow;

    while ((flow = emunic_gro_oldest(s, f, q))) {
        emunic_gro_close(flow, deliver);
    }
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
    bool good;

    if (!emunic_is_tcp(fr)) {
        /* A fragment may be of any connection. */
        if (fr->kind == EMUNIC_KIND_IP4 || fr->kind == EMUNIC_KIND_IP6) {
            emunic_gro_close_all(f->pf, f, NULL, true);
        }
        return false;
    }
    good = emunic_gro_parse(fr, &s);
    flow = emunic_gro_find(f, fr);
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
    /* What was open may have ended the queue where it went. */
    if (!good || (fr->hdr[s.l4 + TCP_FLAGS] & TCP_LAST) ||
        !emunic_queue_running(q)) {
        return false;
    }
    emunic_gro_open(f, q, fr, view, &s);
    return true;
}

/* Close what is open since so long that it should not stay so at @now. */
static int64_t emunic_gro_expire(EmunicGro *gro, int64_t now)
{
    EmunicGroFlow *flow = QTAILQ_FIRST(&gro->open);
    int64_t next = INT64_MAX;

    while (flow) {
        if (flow->until <= now) {
            emunic_gro_close(flow, true);
            /* Its queue may have failed, and others have gone with it. */
            flow = QTAILQ_FIRST(&gro->open);
            next = INT64_MAX;
        } else {
            next = MIN(next, flow->until);
            flow = QTAILQ_NEXT(flow, link);
        }
    }
    return next;
}

/* The end of a turn, or the time of one is over. */
void emunic_gro_turn(EmunicState *s)
{
    EmunicGro *gro = s->gro;
    int64_t next;

    if (QTAILQ_EMPTY(&gro->open)) {
        return;
    }
    next = emunic_gro_expire(gro, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
    if (next != INT64_MAX) {
        timer_mod_ns(gro->timer, next);
    }
}

/* Nothing stays open. */
void emunic_gro_flush(EmunicState *s)
{
    emunic_gro_close_all(s, NULL, NULL, true);
}

/* @q, or with NULL @f as a whole, takes nothing any more. */
void emunic_gro_drop(EmunicFunction *f, EmunicQueue *q)
{
    emunic_gro_close_all(f->pf, f, q, false);
}

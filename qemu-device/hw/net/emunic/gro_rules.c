/*
 * emunic: receive offload: which segments of a TCP connection make one frame,
 * and that frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "gro.h"
#include "net/checksum.h"

#define IP4_LEN         20
#define IP4_PLAIN       0x45        /* version, and length without options */
#define IP6_LEN         sizeof(struct ip6_header)
#define TCP_MIN_LEN     20
#define TCP_CSUM_OFFSET 16

/* What an IP header says to be behind it, when that is an IP header */
#define TUNNEL_IP4      4
#define TUNNEL_IP6      41

/* Flags of segments that are left alone, and that end a frame */
#define TCP_ALONE       (TH_SYN | TH_RST | TH_URG)
#define TCP_LAST        (TH_FIN | TH_PUSH)

static uint32_t emunic_gro_ip_len(bool ip4)
{
    return ip4 ? IP4_LEN : IP6_LEN;
}

/* What is right behind the IP header at @l3; 0: options, or of a fragment */
static uint8_t emunic_gro_proto(const EmunicFrame *fr, uint32_t l3, bool ip4)
{
    const uint8_t *ip = fr->hdr + l3;

    if (!ip4) {
        return ip[0] >> 4 == IP_HEADER_VERSION_6 ? ip[6] : 0;
    }
    return ip[0] == IP4_PLAIN &&
           !(lduw_be_p(ip + 6) & (IP_OFFMASK | IP_MF)) ? ip[9] : 0;
}

/* From the only IP header that has been looked at to TCP in the next one */
static bool emunic_gro_enter(const EmunicFrame *fr, EmunicSegment *s)
{
    uint8_t proto = emunic_gro_proto(fr, s->l3, s->ip4);

    if (proto != TUNNEL_IP4 && proto != TUNNEL_IP6) {
        return false;
    }
    s->outer = s->l3;
    s->outer_ip4 = s->ip4;
    s->ip4 = proto == TUNNEL_IP4;
    s->l3 = s->outer + emunic_gro_ip_len(s->outer_ip4);
    s->l4 = s->l3 + emunic_gro_ip_len(s->ip4);
    return s->l4 + TCP_MIN_LEN <= fr->hdr_copied &&
           emunic_gro_proto(fr, s->l3, s->ip4) == IP_PROTO_TCP;
}

/*
 * Find TCP in a parsed frame, with INNER in @features in an IP tunnel, too.
 * False: it is not there; so the frame may be of any connection.
 */
bool emunic_gro_locate(const EmunicFrame *fr, uint32_t features,
                       EmunicSegment *s)
{
    *s = (EmunicSegment) {
        .l3 = fr->l3, .l4 = fr->l4, .ip4 = emunic_frame_ip4(fr),
    };
    switch (fr->kind) {
    case EMUNIC_KIND_TCP4:
    case EMUNIC_KIND_TCP6:
        return s->l4 + TCP_MIN_LEN <= fr->hdr_copied;
    case EMUNIC_KIND_IP4:
    case EMUNIC_KIND_IP6:
        return (features & EMUNIC_RX_FEATURES_INNER) &&
               emunic_gro_enter(fr, s);
    default:
        return false;
    }
}

/* Does the packet with its header at @l3 end with the frame, @next in it? */
static bool emunic_gro_ip_good(const EmunicFrame *fr, uint32_t l3,
                               uint32_t next, bool ip4)
{
    uint8_t *ip = fr->hdr + l3;

    if (!ip4) {
        return next >= l3 + IP6_LEN &&
               l3 + IP6_LEN + lduw_be_p(ip + 4) == fr->len;
    }
    return next == l3 + IP4_LEN && l3 + lduw_be_p(ip + 2) == fr->len &&
           !net_raw_checksum(ip, IP4_LEN);
}

/*
 * A sum that is left to the device may be over other addresses than those in
 * the IP header if there are extension headers, and the merged frame gets one
 * over these.
 */
static bool emunic_gro_csum_good(const EmunicFrame *fr, const EmunicSegment *s)
{
    if (fr->csum) {
        return fr->csum_start == s->l4 && fr->csum_offset == TCP_CSUM_OFFSET &&
               s->l4 == s->l3 + emunic_gro_ip_len(s->ip4);
    }
    if (!s->outer) {
        return fr->csum_good;
    }
    return emunic_csum_good(fr, fr->hdr + s->l3 + emunic_ip_addrs(s->ip4),
                            2 * emunic_ip_addr_len(s->ip4), IP_PROTO_TCP, s->l4,
                            fr->len - s->l4);
}

/* Is what has been located a segment whose headers and checksums are good? */
bool emunic_gro_parse(EmunicFrame *fr, EmunicSegment *s)
{
    const uint8_t *tcp = fr->hdr + s->l4;

    if (fr->gso_type || !emunic_gro_ip_good(fr, s->l3, s->l4, s->ip4) ||
        (s->outer &&
         !emunic_gro_ip_good(fr, s->outer, s->l3, s->outer_ip4))) {
        return false;
    }
    s->hdr_len = s->l4 + (tcp[12] >> 4) * 4;
    if (s->hdr_len < s->l4 + TCP_MIN_LEN || s->hdr_len > fr->hdr_copied ||
        s->hdr_len >= fr->len || (tcp[EMUNIC_TCP_FLAGS] & TCP_ALONE)) {
        return false;
    }
    s->payload = fr->len - s->hdr_len;
    return emunic_gro_csum_good(fr, s);
}

/* Has its sender nothing more to send for now? */
bool emunic_gro_last(const EmunicFrame *fr, const EmunicSegment *s)
{
    return fr->hdr[s->l4 + EMUNIC_TCP_FLAGS] & TCP_LAST;
}

static bool emunic_same(const uint8_t *a, const uint8_t *b, unsigned from,
                        unsigned to)
{
    return !memcmp(a + from, b + from, to - from);
}

/* Is what has been located of the connection of @flow? */
bool emunic_gro_connection(const EmunicGroFlow *flow, const EmunicFunction *f,
                           const EmunicFrame *fr, const EmunicSegment *s)
{
    const EmunicSegment *first = &flow->segment;
    const uint8_t *hdr = flow->frame.hdr;

    return flow->f == f && !first->outer == !s->outer &&
           first->ip4 == s->ip4 &&
           emunic_same(hdr + first->l4, fr->hdr + s->l4, 0, 4) &&
           emunic_same(hdr + first->l3, fr->hdr + s->l3,
                       emunic_ip_addrs(s->ip4), emunic_gro_ip_len(s->ip4));
}

/* Does the IP header @ip, @len bytes with its extensions, continue @first? */
static bool emunic_gro_same_ip(const EmunicGroFlow *flow, const uint8_t *ip,
                               const uint8_t *first, bool ip4, unsigned len,
                               const EmunicGroId *last)
{
    uint16_t step = lduw_be_p(ip + 4) - last->id;

    if (!ip4) {
        return emunic_same(ip, first, 0, 4) && emunic_same(ip, first, 6, len);
    }
    return emunic_same(ip, first, 0, 2) && emunic_same(ip, first, 6, 10) &&
           emunic_same(ip, first, 12, len) &&
           (flow->segments > 1 ? step == last->step : step <= 1);
}

static bool emunic_gro_same_tcp(const EmunicGroFlow *flow, const uint8_t *tcp,
                                unsigned tcp_len)
{
    const uint8_t *first = flow->frame.hdr + flow->segment.l4;

    return ldl_be_p(tcp + 4) == flow->next_seq &&
           emunic_same(tcp, first, 8, 13) &&
           !((tcp[EMUNIC_TCP_FLAGS] ^ first[EMUNIC_TCP_FLAGS]) & ~TCP_LAST) &&
           emunic_same(tcp, first, 14, TCP_CSUM_OFFSET) &&
           emunic_same(tcp, first, TCP_CSUM_OFFSET + 2, tcp_len);
}

/* Can the headers of the segment @s of @fr be made of those of @flow again? */
static bool emunic_gro_same_headers(const EmunicGroFlow *flow,
                                    const EmunicFrame *fr,
                                    const EmunicSegment *s)
{
    const uint8_t *hdr = fr->hdr, *first = flow->frame.hdr;

    return emunic_same(hdr, first, 0, s->outer ? s->outer : s->l3) &&
           (!s->outer ||
            emunic_gro_same_ip(flow, hdr + s->outer, first + s->outer,
                               s->outer_ip4, s->l3 - s->outer,
                               &flow->outer_id)) &&
           emunic_gro_same_ip(flow, hdr + s->l3, first + s->l3, s->ip4,
                              s->l4 - s->l3, &flow->id) &&
           emunic_gro_same_tcp(flow, hdr + s->l4, s->hdr_len - s->l4);
}

/* Does the segment @s of @fr continue @flow with nothing lost? */
bool emunic_gro_continues(const EmunicGroFlow *flow, const EmunicQueue *q,
                          const EmunicFrame *fr, const EmunicRxView *view,
                          const EmunicSegment *s)
{
    const EmunicFrame *to = &flow->frame;
    const EmunicSegment *first = &flow->segment;
    uint32_t len = to->len + s->payload;

    return flow->q == q && to->src == fr->src &&
           flow->view.strip == view->strip &&
           flow->view.features == view->features &&
           s->outer == first->outer && s->l3 == first->l3 &&
           s->l4 == first->l4 && s->hdr_len == first->hdr_len &&
           s->payload <= first->payload &&
           flow->segments < EMUNIC_GSO_MAX_SEGS &&
           len - (s->outer ? s->outer : s->l3) <= GRO_IP_MAX &&
           len - view->strip <= flow->f->reg[EMUNIC_R_RX_MAX_GSO] &&
           emunic_gro_same_headers(flow, fr, s);
}

static void emunic_gro_note_id(EmunicGroId *last, const uint8_t *ip)
{
    uint16_t id = lduw_be_p(ip + 4);

    last->step = id - last->id;
    last->id = id;
}

/* Copy the payload of @fr to the end of @flow. */
void emunic_gro_append(EmunicGroFlow *flow, const EmunicFrame *fr,
                       const EmunicSegment *s)
{
    const uint8_t *tcp = fr->hdr + s->l4;
    EmunicFrame *to = &flow->frame;

    iov_to_buf(fr->iov, fr->iovcnt, s->hdr_len, flow->data + to->len,
               s->payload);
    to->len += s->payload;
    to->iov[2].iov_len += s->payload;
    to->hdr[s->l4 + EMUNIC_TCP_FLAGS] |= tcp[EMUNIC_TCP_FLAGS];
    flow->segments++;
    flow->next_seq = ldl_be_p(tcp + 4) + s->payload;
    emunic_gro_note_id(&flow->id, fr->hdr + s->l3);
    if (s->outer) {
        emunic_gro_note_id(&flow->outer_id, fr->hdr + s->outer);
    }
}

/* The outer header is what the whole packet has; emunic_gso_header() sums. */
static void emunic_gro_outer(const EmunicFrame *fr, const EmunicSegment *s)
{
    uint8_t *ip = fr->hdr + s->outer;

    if (s->outer_ip4) {
        stw_be_p(ip + 2, fr->len - s->outer);
    } else {
        stw_be_p(ip + 4, fr->len - s->outer - IP6_LEN);
    }
}

/* Headers and what they are said to be, for more than one segment */
void emunic_gro_merge(EmunicGroFlow *flow)
{
    const EmunicSegment *s = &flow->segment;
    EmunicFrame *fr = &flow->frame;

    fr->merged = flow->segments;
    fr->gso_type = s->ip4 ? EMUNIC_GSO_TCPV4 : EMUNIC_GSO_TCPV6;
    fr->gso_size = s->payload;
    fr->gso_l3 = s->l3;
    fr->gso_outer = s->outer;
    fr->hdr_len = s->hdr_len;
    fr->csum = true;
    fr->csum_finished = false;
    fr->csum_start = s->l4;
    fr->csum_offset = TCP_CSUM_OFFSET;
    if (s->outer) {
        emunic_gro_outer(fr, s);
    }
    emunic_gso_header(fr, fr->hdr, 0, fr->len - fr->hdr_len);
    fr->csum_partial = lduw_be_p(fr->hdr + fr->csum_start + fr->csum_offset);
}

/*
 * emunic: frames: tags, checksums and what is in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"
#include "net/checksum.h"

EmunicScratch *emunic_scratch_new(void)
{
    EmunicScratch *scratch = g_new0(EmunicScratch, 1);

    scratch->hdr = g_malloc0(EMUNIC_HDR_ROOM + EMUNIC_FRAME_MAX);
    scratch->segment_hdr = g_malloc0(EMUNIC_HDR_ROOM + EMUNIC_HDR_COPY);
    scratch->bounce = g_malloc0(EMUNIC_BIG_GSO_MAX);
    return scratch;
}

void emunic_scratch_free(EmunicScratch *scratch)
{
    g_free(scratch->hdr);
    g_free(scratch->segment_hdr);
    g_free(scratch->bounce);
    g_free(scratch);
}

static void emunic_frame_hdr_changed(EmunicFrame *fr)
{
    fr->iov[0].iov_base = fr->hdr;
    fr->iov[0].iov_len = EMUNIC_MACS_LEN;
    fr->iov[1].iov_base = fr->hdr + EMUNIC_MACS_LEN;
    fr->iov[1].iov_len = fr->hdr_copied - EMUNIC_MACS_LEN;
}

static void emunic_frame_read_tag(EmunicFrame *fr)
{
    uint16_t type = lduw_be_p(fr->hdr + EMUNIC_MACS_LEN);

    fr->tpid = 0;
    fr->tci = 0;
    if ((type == ETH_P_VLAN || type == ETH_P_DVLAN) &&
        fr->hdr_copied >= ETH_HLEN + EMUNIC_TAG_LEN) {
        fr->tpid = type;
        fr->tci = lduw_be_p(fr->hdr + ETH_HLEN);
    }
}

/*
 * @hdr: copy of the first @hdr_copied bytes (at least ETH_HLEN), with room
 * for EMUNIC_TAGS_MAX tags before it; @iov: the other @len - @hdr_copied.
 */
void emunic_frame_init(EmunicFrame *fr, uint8_t *hdr, uint32_t hdr_copied,
                       uint32_t len, const struct iovec *iov, int iovcnt,
                       uint16_t src)
{
    memset(&fr->iovcnt, 0, sizeof(*fr) - offsetof(EmunicFrame, iovcnt));
    fr->hdr = hdr;
    fr->hdr_copied = hdr_copied;
    fr->len = len;
    fr->sent_len = len;
    fr->src = src;
    fr->iovcnt = 2;
    emunic_frame_hdr_changed(fr);
    emunic_frame_read_tag(fr);
    if (len > hdr_copied) {
        fr->iovcnt += iov_copy(fr->iov + 2, EMUNIC_FRAME_IOV - 2, iov, iovcnt,
                               0, len - hdr_copied);
    }
}

/*
 * @to begins as @fr does: with its first @len bytes, which have been copied to
 * @hdr, and with nothing yet in iov[2], which is for what is behind them.
 */
void emunic_frame_copy(EmunicFrame *to, const EmunicFrame *fr, uint8_t *hdr,
                       uint32_t len)
{
    memcpy(&to->src, &fr->src, sizeof(*to) - offsetof(EmunicFrame, src));
    to->hdr = hdr;
    to->hdr_copied = len;
    to->len = len;
    to->sent_len = len;
    emunic_frame_hdr_changed(to);
    to->iov[2].iov_base = hdr + len;
    to->iov[2].iov_len = 0;
    to->iovcnt = 3;
}

/* A new outer tag */
void emunic_frame_insert_tag(EmunicFrame *fr, uint16_t tpid, uint16_t tci)
{
    memmove(fr->hdr - EMUNIC_TAG_LEN, fr->hdr, EMUNIC_MACS_LEN);
    fr->hdr -= EMUNIC_TAG_LEN;
    fr->hdr_copied += EMUNIC_TAG_LEN;
    fr->len += EMUNIC_TAG_LEN;
    fr->csum_start += EMUNIC_TAG_LEN;
    fr->hdr_len += EMUNIC_TAG_LEN;
    fr->gso_l3 += EMUNIC_TAG_LEN;
    fr->gso_outer += fr->gso_outer ? EMUNIC_TAG_LEN : 0;
    emunic_frame_hdr_changed(fr);
    emunic_frame_set_tag(fr, tpid, tci);
}

/* Other contents for the outer tag that is there */
void emunic_frame_set_tag(EmunicFrame *fr, uint16_t tpid, uint16_t tci)
{
    stw_be_p(fr->hdr + EMUNIC_MACS_LEN, tpid);
    stw_be_p(fr->hdr + ETH_HLEN, tci);
    fr->tpid = tpid;
    fr->tci = tci;
}

static uint16_t emunic_frame_finish_csum(EmunicFrame *fr)
{
    uint32_t sum;

    if (!fr->csum_finished) {
        sum = net_checksum_add_iov(fr->iov, fr->iovcnt, fr->csum_start,
                                   fr->len - fr->csum_start, 0);
        fr->csum_final = net_checksum_finish_nozero(sum);
        fr->csum_finished = true;
    }
    return fr->csum_final;
}

/*
 * What one port gets in the checksum field: the finished sum, or the partial
 * one as the sender left it. The sum is made once, from the partial one.
 */
void emunic_frame_put_csum(EmunicFrame *fr, bool finished)
{
    uint16_t value;

    if (fr->csum) {
        value = finished ? emunic_frame_finish_csum(fr) : fr->csum_partial;
        stw_be_p(fr->hdr + fr->csum_start + fr->csum_offset, value);
    }
}

/* Folded sum of the bytes from offset @from to the end, not inverted */
uint16_t emunic_frame_sum(const EmunicFrame *fr, uint32_t from)
{
    return ~net_checksum_finish(net_checksum_add_iov(fr->iov, fr->iovcnt, from,
                                                     fr->len - from, 0));
}

uint32_t emunic_frame_segments(const EmunicFrame *fr)
{
    if (fr->merged) {
        return fr->merged;
    }
    if (!fr->gso_type || fr->len <= fr->hdr_len) {
        return 1;
    }
    return DIV_ROUND_UP(fr->len - fr->hdr_len, fr->gso_size);
}

/* Bytes of all segments of @fr, as a frame of @len bytes at that place */
uint64_t emunic_frame_wire_bytes(const EmunicFrame *fr, uint32_t len)
{
    uint32_t header = fr->hdr_len - (fr->len - len);

    return len + (emunic_frame_segments(fr) - 1) * (uint64_t)header;
}

typedef struct EmunicProtocols {
    bool ip4;
    bool ip6;
    size_t l3;
    size_t l4;
    size_t l5;
    eth_ip4_hdr_info ip4_info;
    eth_ip6_hdr_info ip6_info;
    eth_l4_hdr_info l4_info;
} EmunicProtocols;

static bool emunic_has_ports(const EmunicProtocols *p)
{
    bool fragment = p->ip4 ? p->ip4_info.fragment : p->ip6_info.fragment;

    return !fragment && (p->l4_info.proto == ETH_L4_HDR_PROTO_TCP ||
                         p->l4_info.proto == ETH_L4_HDR_PROTO_UDP);
}

/* What it is for the hash. The addresses are hashed from the copy. */
static void emunic_frame_kind(EmunicFrame *fr, const EmunicProtocols *p)
{
    bool tcp = p->l4_info.proto == ETH_L4_HDR_PROTO_TCP;
    size_t ip_len = p->ip4 ? sizeof(struct ip_header)
                           : sizeof(struct ip6_header);

    if (p->l3 + ip_len > fr->hdr_copied) {
        return;
    }
    fr->l3 = p->l3;
    fr->l4 = p->l4;
    if (emunic_has_ports(p)) {
        fr->kind = p->ip4 ? (tcp ? EMUNIC_KIND_TCP4 : EMUNIC_KIND_UDP4)
                          : (tcp ? EMUNIC_KIND_TCP6 : EMUNIC_KIND_UDP6);
        /* Both headers begin with the two ports. */
        memcpy(fr->ports, &p->l4_info.hdr, sizeof(fr->ports));
    } else {
        fr->kind = p->ip4 ? EMUNIC_KIND_IP4 : EMUNIC_KIND_IP6;
    }
}

static bool emunic_frame_csum_good(EmunicFrame *fr, EmunicProtocols *p)
{
    uint32_t skipped, sum, len;
    uint8_t proto;

    if (!emunic_has_ports(p)) {
        return false;
    }
    if (p->l4_info.proto == ETH_L4_HDR_PROTO_UDP &&
        !p->l4_info.hdr.udp.uh_sum) {
        return false;
    }
    proto = p->l4_info.proto == ETH_L4_HDR_PROTO_TCP ? IP_PROTO_TCP
                                                     : IP_PROTO_UDP;
    len = p->ip4 ? be16_to_cpu(p->ip4_info.ip4_hdr.ip_len)
                 : be16_to_cpu(p->ip6_info.ip6_hdr.ip6_plen) +
                   sizeof(struct ip6_header);
    if (len < p->l4 - p->l3 || len > fr->len - p->l3) {
        return false;
    }
    len -= p->l4 - p->l3;
    sum = p->ip4 ? eth_calc_ip4_pseudo_hdr_csum(&p->ip4_info.ip4_hdr, len,
                                                &skipped)
                 : eth_calc_ip6_pseudo_hdr_csum(&p->ip6_info.ip6_hdr, len,
                                                proto, &skipped);
    sum += net_checksum_add_iov(fr->iov, fr->iovcnt, p->l4, len, skipped);
    return net_checksum_finish(sum) == 0;
}

/* What receivers are told about the contents. Done once for a frame. */
void emunic_frame_parse(EmunicFrame *fr)
{
    EmunicProtocols p = { 0 };

    if (fr->parsed) {
        return;
    }
    fr->parsed = true;
    eth_get_protocols(fr->iov, fr->iovcnt, 0, &p.ip4, &p.ip6, &p.l3, &p.l4,
                      &p.l5, &p.ip6_info, &p.ip4_info, &p.l4_info);
    if (!p.ip4 && !p.ip6) {
        return;
    }
    emunic_frame_kind(fr, &p);
    if (!fr->csum) {
        fr->csum_good = emunic_frame_csum_good(fr, &p);
    }
}

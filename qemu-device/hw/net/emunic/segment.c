/*
 * emunic: GSO frames: their headers, and cutting them into segments
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"
#include "net/checksum.h"

#define TCP_CSUM_OFFSET     16
#define TCP_SEQ_OFFSET      4
#define TCP_MIN_LEN         20
#define UDP_CSUM_OFFSET     6
#define UDP_LEN_OFFSET      4
#define UDP_HDR_LEN         8
#define IP4_MIN_LEN         20
#define IP6_LEN             sizeof(struct ip6_header)

static bool emunic_gso_ip4(const EmunicFrame *fr)
{
    return fr->gso_type == EMUNIC_GSO_TCPV4 ||
           fr->gso_type == EMUNIC_GSO_UDPV4;
}

static uint32_t emunic_gso_csum_offset(const EmunicFrame *fr)
{
    return emunic_gso_tcp(fr) ? TCP_CSUM_OFFSET : UDP_CSUM_OFFSET;
}

/* Length of the IP header at @l3, which ends before @end; 0: there is none */
static uint32_t emunic_ip_len(const EmunicFrame *fr, uint32_t l3, uint32_t end,
                              bool ip4)
{
    const uint8_t *ip = fr->hdr + l3;
    uint32_t len = ip4 ? IP4_MIN_LEN : IP6_LEN;

    if (l3 + len > end ||
        ip[0] >> 4 != (ip4 ? IP_HEADER_VERSION_4 : IP_HEADER_VERSION_6)) {
        return 0;
    }
    if (ip4) {
        len = (ip[0] & 0xf) * 4;
    }
    return len < IP4_MIN_LEN || l3 + len > end ? 0 : len;
}

/*
 * Is there an outer IP header before the inner one, and does the payload
 * make segments that are all as the outer headers say?
 */
static bool emunic_tunnel_valid(const EmunicFrame *fr)
{
    uint16_t type = lduw_be_p(fr->hdr + fr->gso_outer - 2);

    return (type == ETH_P_IP || type == ETH_P_IPV6) &&
           emunic_ip_len(fr, fr->gso_outer, fr->gso_l3, type == ETH_P_IP) &&
           (fr->len - fr->hdr_len) % fr->gso_size == 0;
}

/* The headers from @l3 on; TCP's or UDP's is at @l4. */
static bool emunic_gso_l4_valid(const EmunicFrame *fr, uint32_t l3,
                                uint32_t l4)
{
    const uint8_t *ip = fr->hdr + l3;
    uint8_t proto = emunic_gso_tcp(fr) ? IP_PROTO_TCP : IP_PROTO_UDP;

    if (emunic_gso_ip4(fr) ? ip[9] != proto ||
                             (lduw_be_p(ip + 6) & (IP_OFFMASK | IP_MF))
                           : ip[6] != proto) {
        return false;
    }
    if (!emunic_gso_tcp(fr)) {
        return l4 + UDP_HDR_LEN == fr->hdr_len;
    }
    return l4 + TCP_MIN_LEN <= fr->hdr_len &&
           l4 + (fr->hdr[l4 + 12] >> 4) * 4 == fr->hdr_len;
}

/*
 * Are the headers what the metadata says? Looks at the private copy only, and
 * at nothing behind it. Called before a port VLAN comes in, so there may be
 * one tag.
 */
bool emunic_gso_valid(const EmunicFrame *fr)
{
    bool ip4 = emunic_gso_ip4(fr);
    uint32_t l3 = fr->gso_l3;
    uint32_t end = fr->hdr_len;
    uint32_t ip_len;

    if (end > fr->hdr_copied || end > fr->len || end < emunic_frame_l3(fr) ||
        fr->csum_offset != emunic_gso_csum_offset(fr)) {
        return false;
    }
    if (fr->gso_outer ? l3 > end || !emunic_tunnel_valid(fr)
                      : lduw_be_p(fr->hdr + l3 - 2) !=
                        (ip4 ? ETH_P_IP : ETH_P_IPV6)) {
        return false;
    }
    ip_len = emunic_ip_len(fr, l3, end, ip4);
    return ip_len && l3 + ip_len == fr->csum_start &&
           emunic_gso_l4_valid(fr, l3, fr->csum_start);
}

/* What a length field of 16 bits says of @len */
static uint16_t emunic_len_field(uint32_t len)
{
    return len > UINT16_MAX ? 0 : len;
}

static void emunic_segment_ip4(uint8_t *ip, uint32_t index, uint32_t ip_len,
                               uint32_t total)
{
    stw_be_p(ip + 2, emunic_len_field(total));
    stw_be_p(ip + 4, lduw_be_p(ip + 4) + index);
    stw_be_p(ip + 10, 0);
    stw_be_p(ip + 10, net_raw_checksum(ip, ip_len));
}

/* Of the headers of a tunnel, just what tells IPv4 packets apart changes. */
static void emunic_segment_outer(uint8_t *ip, uint32_t index)
{
    if (ip[0] >> 4 == IP_HEADER_VERSION_4) {
        emunic_segment_ip4(ip, index, (ip[0] & 0xf) * 4, lduw_be_p(ip + 2));
    }
}

static uint16_t emunic_pseudo_sum(const EmunicFrame *fr, uint8_t *ip,
                                  uint32_t len)
{
    uint8_t proto = emunic_gso_tcp(fr) ? IP_PROTO_TCP : IP_PROTO_UDP;
    uint32_t skipped, sum;

    if (emunic_gso_ip4(fr)) {
        sum = eth_calc_ip4_pseudo_hdr_csum((struct ip_header *)ip, len,
                                           &skipped);
    } else {
        sum = eth_calc_ip6_pseudo_hdr_csum((struct ip6_header *)ip, len,
                                           proto, &skipped);
    }
    /* They take 16 bits of the length. */
    return ~net_checksum_finish(sum + (len >> 16));
}

static void emunic_segment_tcp(const EmunicFrame *fr, uint8_t *tcp,
                               uint32_t offset, uint32_t bytes)
{
    stl_be_p(tcp + TCP_SEQ_OFFSET, ldl_be_p(tcp + TCP_SEQ_OFFSET) + offset);
    if (offset) {
        tcp[EMUNIC_TCP_FLAGS] &= ~TH_CWR;
    }
    if (fr->hdr_len + offset + bytes < fr->len) {
        tcp[EMUNIC_TCP_FLAGS] &= ~(TH_FIN | TH_PUSH);
    }
}

/*
 * Fill in the header of what has @bytes of payload from @offset on. Its
 * checksum is left partial, as a sender would leave it.
 */
void emunic_gso_header(const EmunicFrame *fr, uint8_t *hdr, uint32_t offset,
                       uint32_t bytes)
{
    uint32_t l4_len = fr->hdr_len - fr->csum_start + bytes;
    uint32_t ip_len = fr->csum_start - fr->gso_l3;
    uint8_t *l4 = hdr + fr->csum_start;
    uint8_t *ip = hdr + fr->gso_l3;

    if (fr->gso_outer) {
        emunic_segment_outer(hdr + fr->gso_outer, offset / fr->gso_size);
    }
    if (emunic_gso_ip4(fr)) {
        emunic_segment_ip4(ip, offset / fr->gso_size, ip_len, ip_len + l4_len);
    } else {
        stw_be_p(ip + 4, emunic_len_field(ip_len - IP6_LEN + l4_len));
    }
    if (emunic_gso_tcp(fr)) {
        emunic_segment_tcp(fr, l4, offset, bytes);
    } else {
        stw_be_p(l4 + UDP_LEN_OFFSET, emunic_len_field(l4_len));
    }
    stw_be_p(l4 + fr->csum_offset, emunic_pseudo_sum(fr, ip, l4_len));
}

/*
 * Make @segment of the @bytes of payload of @fr from @offset on: a GSO frame
 * again, if there is more than @fr->gso_size of it.
 */
static void emunic_segment_make(EmunicScratch *scratch, const EmunicFrame *fr,
                                uint32_t offset, uint32_t bytes)
{
    EmunicFrame *segment = &scratch->segment;
    uint8_t *hdr = scratch->segment_hdr;
    struct iovec pieces[EMUNIC_FRAME_IOV] QEMU_UNINITIALIZED;
    int n;

    memcpy(hdr, fr->hdr, fr->hdr_len);
    emunic_gso_header(fr, hdr, offset, bytes);
    n = iov_copy(pieces, ARRAY_SIZE(pieces), fr->iov, fr->iovcnt,
                 fr->hdr_len + offset, bytes);
    emunic_frame_init(segment, hdr, fr->hdr_len, fr->hdr_len + bytes, pieces,
                      n, fr->src);
    segment->stamped = fr->stamped;
    segment->stamp = fr->stamp;
    segment->csum = true;
    segment->csum_start = fr->csum_start;
    segment->csum_offset = fr->csum_offset;
    segment->csum_partial = lduw_be_p(hdr + fr->csum_start + fr->csum_offset);
    if (bytes > fr->gso_size) {
        segment->gso_type = fr->gso_type;
        segment->gso_size = fr->gso_size;
        segment->gso_l3 = fr->gso_l3;
        segment->hdr_len = fr->hdr_len;
    }
}

/*
 * Cut @fr into frames of @each segments, of which the last may have fewer, and
 * give them to @func, until that returns false. Returns how many segments
 * @func did not get.
 */
uint32_t emunic_segment(EmunicScratch *scratch, EmunicFrame *fr, uint32_t each,
                        EmunicSegmentFunc *func, void *opaque)
{
    uint32_t count = emunic_frame_segments(fr);

    emunic_frame_put_csum(fr, false);
    for (uint32_t i = 0; i < count; i += each) {
        uint32_t offset = i * fr->gso_size;
        uint32_t bytes = MIN(each * fr->gso_size,
                             fr->len - fr->hdr_len - offset);

        emunic_segment_make(scratch, fr, offset, bytes);
        if (!func(opaque, &scratch->segment)) {
            return count - MIN(count, i + each);
        }
    }
    return 0;
}

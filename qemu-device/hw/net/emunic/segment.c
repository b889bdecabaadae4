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
#define TCP_FLAGS_OFFSET    13
#define TCP_MIN_LEN         20
#define IP4_MIN_LEN         20

/*
 * Are the headers what the metadata says? Looks at the private copy only, and
 * at nothing behind it. Called before a port VLAN comes in, so there may be
 * one tag.
 */
bool emunic_gso_valid(const EmunicFrame *fr)
{
    bool ip4 = fr->gso_type == EMUNIC_GSO_TCPV4;
    uint32_t l3 = ETH_HLEN + (fr->tpid ? EMUNIC_TAG_LEN : 0);
    uint32_t l4 = fr->csum_start;
    uint32_t end = fr->hdr_len;
    const uint8_t *ip = fr->hdr + l3;
    uint32_t ip_len;

    if (end > fr->hdr_copied || end > fr->len ||
        end < l3 + IP4_MIN_LEN + TCP_MIN_LEN ||
        fr->csum_offset != TCP_CSUM_OFFSET) {
        return false;
    }
    if (lduw_be_p(ip - 2) != (ip4 ? ETH_P_IP : ETH_P_IPV6) ||
        ip[0] >> 4 != (ip4 ? IP_HEADER_VERSION_4 : IP_HEADER_VERSION_6)) {
        return false;
    }
    ip_len = ip4 ? (ip[0] & 0xf) * 4 : sizeof(struct ip6_header);
    if (ip_len < IP4_MIN_LEN || l4 != l3 + ip_len || l4 + TCP_MIN_LEN > end) {
        return false;
    }
    if (ip4 ? ip[9] != IP_PROTO_TCP ||
              (lduw_be_p(ip + 6) & (IP_OFFMASK | IP_MF))
            : ip[6] != IP_PROTO_TCP) {
        return false;
    }
    return l4 + (fr->hdr[l4 + 12] >> 4) * 4 == end;
}

static void emunic_segment_ip4(uint8_t *ip, uint32_t index, uint32_t ip_len,
                               uint32_t total)
{
    stw_be_p(ip + 2, total);
    stw_be_p(ip + 4, lduw_be_p(ip + 4) + index);
    stw_be_p(ip + 10, 0);
    stw_be_p(ip + 10, net_raw_checksum(ip, ip_len));
}

static uint16_t emunic_pseudo_sum(const EmunicFrame *fr, uint8_t *ip,
                                  uint32_t len)
{
    bool ip4 = fr->gso_type == EMUNIC_GSO_TCPV4;
    uint32_t skipped, sum;

    if (ip4) {
        sum = eth_calc_ip4_pseudo_hdr_csum((struct ip_header *)ip, len,
                                           &skipped);
    } else {
        sum = eth_calc_ip6_pseudo_hdr_csum((struct ip6_header *)ip, len,
                                           IP_PROTO_TCP, &skipped);
    }
    return ~net_checksum_finish(sum);
}

/* Behind the tags, of which a valid GSO frame has few */
static uint32_t emunic_l3_offset(const uint8_t *hdr, uint32_t l4)
{
    uint32_t l3 = ETH_HLEN;

    while (l3 < l4 && (lduw_be_p(hdr + l3 - 2) == ETH_P_VLAN ||
                       lduw_be_p(hdr + l3 - 2) == ETH_P_DVLAN)) {
        l3 += EMUNIC_TAG_LEN;
    }
    return l3;
}

/*
 * Fill in the header of the segment with @bytes of payload from @offset on.
 * Its checksum is left partial, as a sender would leave it.
 */
static void emunic_segment_header(const EmunicFrame *fr, uint8_t *hdr,
                                  uint32_t index, uint32_t offset,
                                  uint32_t bytes)
{
    bool ip4 = fr->gso_type == EMUNIC_GSO_TCPV4;
    uint32_t l4 = fr->csum_start;
    uint32_t l3 = emunic_l3_offset(hdr, l4);
    uint32_t tcp_len = fr->hdr_len - l4 + bytes;
    uint8_t *tcp = hdr + l4;
    uint8_t *ip = hdr + l3;

    if (ip4) {
        emunic_segment_ip4(ip, index, l4 - l3, l4 - l3 + tcp_len);
    } else {
        stw_be_p(ip + 4, tcp_len);
    }
    stl_be_p(tcp + TCP_SEQ_OFFSET, ldl_be_p(tcp + TCP_SEQ_OFFSET) + offset);
    if (index) {
        tcp[TCP_FLAGS_OFFSET] &= ~TH_CWR;
    }
    if (fr->hdr_len + offset + bytes < fr->len) {
        tcp[TCP_FLAGS_OFFSET] &= ~(TH_FIN | TH_PUSH);
    }
    stw_be_p(tcp + TCP_CSUM_OFFSET, emunic_pseudo_sum(fr, ip, tcp_len));
}

/*
 * Give every segment of @fr to @func, until that returns false. Returns how
 * many @func did not get.
 */
uint32_t emunic_segment(EmunicScratch *scratch, EmunicFrame *fr,
                        EmunicSegmentFunc *func, void *opaque)
{
    EmunicFrame *segment = &scratch->segment;
    uint32_t count = emunic_frame_segments(fr);
    struct iovec pieces[EMUNIC_FRAME_IOV];

    emunic_frame_put_csum(fr, false);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t offset = i * fr->gso_size;
        uint32_t bytes = MIN(fr->gso_size, fr->len - fr->hdr_len - offset);
        uint8_t *hdr = scratch->segment_hdr;
        int n;

        memcpy(hdr, fr->hdr, fr->hdr_len);
        emunic_segment_header(fr, hdr, i, offset, bytes);
        n = iov_copy(pieces, ARRAY_SIZE(pieces), fr->iov, fr->iovcnt,
                     fr->hdr_len + offset, bytes);
        emunic_frame_init(segment, hdr, fr->hdr_len, fr->hdr_len + bytes,
                          pieces, n, fr->src);
        segment->csum = true;
        segment->csum_start = fr->csum_start;
        segment->csum_offset = fr->csum_offset;
        segment->csum_partial =
            lduw_be_p(hdr + fr->csum_start + fr->csum_offset);
        if (!func(opaque, segment)) {
            return count - i - 1;
        }
    }
    return 0;
}

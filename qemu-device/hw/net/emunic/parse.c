/*
 * emunic: what a frame is: protocols, and whether its checksum is good
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"
#include "net/checksum.h"

#define IPV4_LEN        20
#define IPV6_LEN        40
#define TCP_LEN         20
#define UDP_LEN         8

/*
 * @addrs: source and destination; NULL: neither IPv4 nor IPv6
 * @l3: offset of the IP header
 * @proto: IP_PROTO_TCP or IP_PROTO_UDP; 0: no ports
 * @payload: bytes from @l4 on, as the IP header has it; may be wrong
 * @ports: source and destination, if @proto
 * @unsummed: UDP without a checksum
 */
typedef struct EmunicProtocols {
    const uint8_t *addrs;
    size_t addrs_len;
    size_t l3;
    size_t l4;
    int64_t payload;
    const uint8_t *ports;
    uint8_t proto;
    bool unsummed;
} EmunicProtocols;

static bool emunic_parse_ports(const EmunicFrame *fr, EmunicProtocols *p,
                               uint8_t proto)
{
    uint32_t len = proto == IP_PROTO_TCP ? TCP_LEN : UDP_LEN;

    if (proto != IP_PROTO_TCP && proto != IP_PROTO_UDP) {
        return true;
    }
    if (p->l4 + len > fr->hdr_copied) {
        return false;
    }
    p->proto = proto;
    p->ports = fr->hdr + p->l4;
    p->unsummed = proto == IP_PROTO_UDP && !lduw_be_p(p->ports + 6);
    return true;
}

static bool emunic_parse_ip4(const EmunicFrame *fr, size_t l3,
                             EmunicProtocols *p)
{
    const uint8_t *ip = fr->hdr + l3;

    if (l3 + IPV4_LEN > fr->hdr_copied || ip[0] >> 4 != IP_HEADER_VERSION_4) {
        return false;
    }
    p->l4 = l3 + (ip[0] & 15) * 4;
    p->payload = (int64_t)lduw_be_p(ip + 2) - (ip[0] & 15) * 4;
    p->addrs = ip + emunic_ip_addrs(true);
    p->addrs_len = 2 * emunic_ip_addr_len(true);
    p->l3 = l3;
    return (lduw_be_p(ip + 6) & (IP_OFFMASK | IP_MF)) ||
           emunic_parse_ports(fr, p, ip[9]);
}

/* Nothing but ports may follow: extension headers are not looked at here. */
static bool emunic_parse_ip6(const EmunicFrame *fr, size_t l3,
                             EmunicProtocols *p)
{
    const uint8_t *ip = fr->hdr + l3;

    if (l3 + IPV6_LEN > fr->hdr_copied || ip[0] >> 4 != IP_HEADER_VERSION_6 ||
        (ip[6] != IP_PROTO_TCP && ip[6] != IP_PROTO_UDP)) {
        return false;
    }
    p->l4 = l3 + IPV6_LEN;
    p->payload = lduw_be_p(ip + 4);
    p->addrs = ip + emunic_ip_addrs(false);
    p->addrs_len = 2 * emunic_ip_addr_len(false);
    p->l3 = l3;
    return emunic_parse_ports(fr, p, ip[6]);
}

/* False: the frame is not as most frames are, and nothing can be said. */
static bool emunic_parse_usual(const EmunicFrame *fr, EmunicProtocols *p)
{
    size_t l3 = emunic_frame_l3(fr);

    if (l3 > fr->hdr_copied) {
        return false;
    }
    switch (lduw_be_p(fr->hdr + l3 - 2)) {
    case ETH_P_IP:
        return emunic_parse_ip4(fr, l3, p);
    case ETH_P_IPV6:
        return emunic_parse_ip6(fr, l3, p);
    default:
        return false;
    }
}

/* Copies of headers, which EmunicProtocols then points into */
typedef struct EmunicHeaders {
    eth_ip4_hdr_info ip4;
    eth_ip6_hdr_info ip6;
    eth_l4_hdr_info l4;
} EmunicHeaders;

/*
 * Looks no further than what is copied of every frame: IPv6 options may fill a
 * frame, and each byte of them may be one to look at.
 */
static void emunic_parse_any(const EmunicFrame *fr, EmunicHeaders *h,
                             EmunicProtocols *p)
{
    const struct iovec head = {
        .iov_base = fr->hdr,
        .iov_len = MIN(fr->hdr_copied, EMUNIC_HDR_COPY),
    };
    bool ip4, ip6, fragment;
    size_t l5;

    memset(p, 0, sizeof(*p));
    memset(h, 0, sizeof(*h));
    eth_get_protocols(&head, 1, 0, &ip4, &ip6, &p->l3, &p->l4, &l5, &h->ip6,
                      &h->ip4, &h->l4);
    if (!ip4 && !ip6) {
        return;
    }
    p->addrs = ip4 ? (uint8_t *)&h->ip4.ip4_hdr.ip_src
                   : (uint8_t *)&h->ip6.ip6_hdr.ip6_src;
    p->addrs_len = 2 * emunic_ip_addr_len(ip4);
    p->payload = ip4 ? be16_to_cpu(h->ip4.ip4_hdr.ip_len)
                     : be16_to_cpu(h->ip6.ip6_hdr.ip6_plen) + IPV6_LEN;
    p->payload -= p->l4 - p->l3;
    fragment = ip4 ? h->ip4.fragment : h->ip6.fragment;
    if (fragment) {
        return;
    }
    p->ports = (uint8_t *)&h->l4.hdr;
    if (h->l4.proto == ETH_L4_HDR_PROTO_TCP) {
        p->proto = IP_PROTO_TCP;
    } else if (h->l4.proto == ETH_L4_HDR_PROTO_UDP) {
        p->proto = IP_PROTO_UDP;
        p->unsummed = !h->l4.hdr.udp.uh_sum;
    }
}

/* What it is for the hash. The addresses are hashed from the copy. */
static void emunic_frame_kind(EmunicFrame *fr, const EmunicProtocols *p)
{
    bool ip4 = p->addrs_len == 8, tcp = p->proto == IP_PROTO_TCP;

    if (p->l3 + (ip4 ? IPV4_LEN : IPV6_LEN) > fr->hdr_copied) {
        return;
    }
    fr->l3 = p->l3;
    fr->l4 = p->l4;
    if (p->proto) {
        fr->kind = ip4 ? (tcp ? EMUNIC_KIND_TCP4 : EMUNIC_KIND_UDP4)
                       : (tcp ? EMUNIC_KIND_TCP6 : EMUNIC_KIND_UDP6);
        memcpy(fr->ports, p->ports, sizeof(fr->ports));
    } else {
        fr->kind = ip4 ? EMUNIC_KIND_IP4 : EMUNIC_KIND_IP6;
    }
}

/* Of the @payload bytes from @l4 on, which are all there */
bool emunic_csum_good(const EmunicFrame *fr, const uint8_t *addrs,
                      size_t addrs_len, uint8_t proto, size_t l4,
                      uint32_t payload)
{
    uint32_t sum = net_checksum_add(addrs_len, (uint8_t *)addrs);

    sum += proto + payload;
    sum += net_checksum_add_iov(fr->iov, fr->iovcnt, l4, payload, 0);
    return net_checksum_finish(sum) == 0;
}

static bool emunic_frame_csum_good(const EmunicFrame *fr,
                                   const EmunicProtocols *p)
{
    return p->proto && !p->unsummed && p->payload >= 0 &&
           p->payload <= (int64_t)fr->len - (int64_t)p->l4 &&
           emunic_csum_good(fr, p->addrs, p->addrs_len, p->proto, p->l4,
                            p->payload);
}

/* What receivers are told about the contents. Done once for a frame. */
void emunic_frame_parse(EmunicFrame *fr)
{
    EmunicHeaders headers QEMU_UNINITIALIZED;
    EmunicProtocols p = { 0 };

    if (fr->parsed) {
        return;
    }
    fr->parsed = true;
    if (!emunic_parse_usual(fr, &p)) {
        emunic_parse_any(fr, &headers, &p);
    }
    if (p.addrs) {
        emunic_frame_kind(fr, &p);
        if (!fr->csum) {
            fr->csum_good = emunic_frame_csum_good(fr, &p);
        }
    }
}

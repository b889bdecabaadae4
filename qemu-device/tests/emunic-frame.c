/*
 * emunic: TCP and UDP frames for tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-frame.h"

/* Folded sum of @p in network order, not inverted */
uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
    uint64_t wide = sum;

    for (size_t i = 0; i < len; i++) {
        wide += i & 1 ? p[i] : p[i] << 8;
    }
    while (wide >> 16) {
        wide = (wide & 0xffff) + (wide >> 16);
    }
    return wide;
}

/* Folded sum of the pseudo header of the IP packet at @ip */
uint16_t pseudo(const uint8_t *ip, uint8_t proto, uint32_t l4_len)
{
    uint8_t rest[8] = { [7] = proto };
    uint32_t sum = ip[0] >> 4 == 4 ? sum16(ip + 12, 8, 0)
                                   : sum16(ip + 8, 32, 0);

    stl_be_p(rest, l4_len);
    return sum16(rest, sizeof(rest), sum);
}

/* The checksum of what is at @l4 of @l4_len bytes is right. */
bool l4_good(const uint8_t *ip, const uint8_t *l4, uint32_t l4_len)
{
    uint8_t proto = ip[0] >> 4 == 4 ? ip[9] : ip[6];

    return sum16(l4, l4_len, pseudo(ip, proto, l4_len)) == 0xffff;
}

/*
 * A TCP or UDP frame of @payload bytes; its checksum holds the pseudo
 * header's sum. Lengths beyond the fields' are 0. Returns its length.
 */
size_t build_l4(uint8_t *frame, bool ip6, uint8_t proto, const uint8_t *dst,
                const uint8_t *src, size_t payload)
{
    size_t hdr = proto == PROTO_TCP ? TCP : UDP;
    size_t l4 = ETH + (ip6 ? IP6 : IP4);
    size_t len = l4 + hdr + payload;
    size_t ip_len = ip6 ? hdr + payload : len - ETH;
    uint8_t *ip = frame + ETH;
    uint8_t *head = frame + l4;

    build(frame, len, dst, src, ip6 ? 0x86dd : 0x0800);
    memset(ip, 0, l4 - ETH + hdr);
    if (ip6) {
        ip[0] = 0x60;
        stw_be_p(ip + 4, ip_len > 0xffff ? 0 : ip_len);
        ip[6] = proto;
        ip[7] = 64;
        stl_be_p(ip + 8, 0xfd000001);
        stl_be_p(ip + 24, 0xfd000002);
    } else {
        ip[0] = 0x45;
        stw_be_p(ip + 2, ip_len > 0xffff ? 0 : ip_len);
        stw_be_p(ip + 4, 0xfffe);
        ip[8] = 64;
        ip[9] = proto;
        stl_be_p(ip + 12, 0x420995bb);
        stl_be_p(ip + 16, 0xa18e6450);
        stw_be_p(ip + 10, ~sum16(ip, IP4, 0));
    }
    stw_be_p(head, 2794);
    stw_be_p(head + 2, 1766);
    if (proto == PROTO_TCP) {
        stl_be_p(head + 4, 0xfffffff0);
        head[12] = 5 << 4;
        head[13] = 0x99;        /* CWR, ACK, PSH, FIN */
        stw_be_p(head + 16, pseudo(ip, proto, hdr + payload));
    } else {
        stw_be_p(head + 4, hdr + payload > 0xffff ? 0 : hdr + payload);
        stw_be_p(head + 6, pseudo(ip, proto, hdr + payload));
    }
    return len;
}

size_t build_tcp(uint8_t *frame, bool ip6, const uint8_t *dst,
                 const uint8_t *src, size_t payload)
{
    return build_l4(frame, ip6, PROTO_TCP, dst, src, payload);
}

void set_meta_l4(struct emunic_tx_meta *meta, bool ip6, uint8_t proto,
                 uint16_t flags, uint16_t gso_size)
{
    size_t l4 = ETH + (ip6 ? IP6 : IP4);
    bool tcp = proto == PROTO_TCP;

    memset(meta, 0, sizeof(*meta));
    meta->flags = cpu_to_le16(EMUNIC_TX_META | flags);
    meta->csum_start = cpu_to_le16(l4);
    meta->csum_offset = cpu_to_le16(tcp ? 16 : 6);
    if (flags & EMUNIC_TX_GSO) {
        meta->gso_type = (tcp ? EMUNIC_GSO_TCPV4 : EMUNIC_GSO_UDPV4) + ip6;
        meta->gso_size = cpu_to_le16(gso_size);
        meta->hdr_len = cpu_to_le16(l4 + (tcp ? TCP : UDP));
    }
}

void set_meta(struct emunic_tx_meta *meta, bool ip6, uint16_t flags,
              uint16_t gso_size)
{
    set_meta_l4(meta, ip6, PROTO_TCP, flags, gso_size);
}

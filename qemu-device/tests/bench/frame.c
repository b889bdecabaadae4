/*
 * Measuring a NIC alone: the frames, as a kernel hands them to its driver
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bench.h"

#define IPV4_LEN        20
#define UDP_LEN         8
#define TCP_LEN         20

void bench_mac(unsigned n, uint8_t *mac)
{
    const uint8_t base[6] = { 0x02, 0, 0, 0, 0x10, n };

    memcpy(mac, base, sizeof(base));
}

/* Bytes of headers */
uint32_t bench_header(const BenchLoad *load)
{
    return 14 + IPV4_LEN + (load->gso ? TCP_LEN : UDP_LEN);
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i += 2) {
        sum += lduw_be_p(p + i);
    }
    return (sum & 0xffff) + (sum >> 16);
}

/*
 * A whole frame from function @from to @to, its L4 checksum left to the
 * device: the field has the sum of the pseudo header.
 */
void bench_frame(const BenchLoad *load, unsigned to, unsigned from,
                 uint8_t *frame)
{
    uint8_t proto = load->gso ? 6 : 17;
    uint8_t *ip = frame + 14;
    uint8_t *l4 = ip + IPV4_LEN;
    uint32_t sum;

    memset(frame, 0, bench_header(load));
    bench_mac(to, frame);
    bench_mac(from, frame + 6);
    stw_be_p(frame + 12, 0x0800);
    ip[0] = 0x45;
    stw_be_p(ip + 2, load->len - 14);
    ip[8] = 64;
    ip[9] = proto;
    stl_be_p(ip + 12, 0xc0000200 + from);
    stl_be_p(ip + 16, 0xc0000200 + to);
    stw_be_p(ip + 10, ~sum16(ip, IPV4_LEN, 0));
    stw_be_p(l4, 5000);
    stw_be_p(l4 + 2, 5001);
    sum = sum16(ip + 12, 8, proto + load->len - 14 - IPV4_LEN);
    if (load->gso) {
        l4[12] = TCP_LEN / 4 << 4;
        l4[13] = 0x10;
        stw_be_p(l4 + 16, sum);
    } else {
        stw_be_p(l4 + 4, load->len - 14 - IPV4_LEN);
        stw_be_p(l4 + 6, sum);
    }
    for (uint32_t i = bench_header(load); i < load->len; i++) {
        frame[i] = i * 7;
    }
}

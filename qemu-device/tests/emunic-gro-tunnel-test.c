/*
 * emunic: receive offload of TCP in IP tunnels
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-stream.h"
#include "emunic-test.h"

#define TUNNEL  (GRO | EMUNIC_RX_FEATURES_INNER)

/* A tunnel, and how the ID of its IPv4 header goes on */
typedef struct Tunnel {
    bool ip6;
    uint16_t id;
    uint16_t step;
} Tunnel;

static size_t outer_len(const Tunnel *t)
{
    return t->ip6 ? IP6 : IP4;
}

static void finish_outer(uint8_t *ip)
{
    stw_be_p(ip + 10, 0);
    stw_be_p(ip + 10, ~sum16(ip, IP4, 0));
}

/* Put the packet of @frame into @t. Returns how long the frame is then. */
static size_t wrap(Tunnel *t, uint8_t *frame, size_t len)
{
    size_t outer = outer_len(t), packet = len - ETH;
    uint8_t *ip = frame + ETH;
    uint8_t proto = ip[0] >> 4 == 6 ? 41 : 4;

    memmove(ip + outer, ip, packet);
    memset(ip, 0, outer);
    stw_be_p(frame + ETH - 2, t->ip6 ? 0x86dd : 0x0800);
    if (t->ip6) {
        ip[0] = 0x60;
        stw_be_p(ip + 4, packet);
        ip[6] = proto;
        ip[7] = 64;
        ip[23] = ip[39] = 1;
    } else {
        ip[0] = 0x45;
        stw_be_p(ip + 2, outer + packet);
        stw_be_p(ip + 4, t->id);
        ip[8] = 64;
        ip[9] = proto;
        ip[15] = 1;
        ip[19] = 2;
        finish_outer(ip);
        t->id += t->step;
    }
    return len + outer;
}

static size_t next_wrapped(Tunnel *t, Stream *s, uint8_t *frame,
                           uint32_t payload, uint8_t flags)
{
    return wrap(t, frame, next_segment(s, frame, payload, flags));
}

static void put_wrapped(Data *d, Tunnel *t, Stream *s, uint32_t payload,
                        uint8_t flags)
{
    uint8_t frame[SLOT];
    size_t len = next_wrapped(t, s, frame, payload, flags);

    put_in_turn(&d->vf[0], NULL, frame, len);
}

/* The next frame is @count segments of @each bytes, made by the device. */
static void expect_merged(Data *d, const Tunnel *t, const Stream *s,
                          uint32_t each, uint32_t count)
{
    size_t outer = outer_len(t), l4 = ETH + outer + (s->ip6 ? IP6 : IP4);
    g_autofree Frame *fr = g_new(Frame, 1);
    uint8_t *ip = fr->data + ETH, *inner = ip + outer, *tcp = fr->data + l4;
    uint32_t n = TCP + each * count;

    g_assert_true(wait_receive(&d->vf[1], fr));
    g_assert_cmpuint(fr->len, ==, l4 + n);
    g_assert_cmphex(fr->flags & EMUNIC_RX_GSO, !=, 0);
    g_assert_cmphex(fr->flags & EMUNIC_RX_INNER, !=, 0);
    g_assert_cmphex(fr->flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
    g_assert_cmpuint(fr->cpl.gso_type, ==, EMUNIC_GSO_TCPV4 + s->ip6);
    g_assert_cmpuint(le16_to_cpu(fr->cpl.gso_size), ==, each);
    g_assert_cmpuint(le16_to_cpu(fr->cpl.hdr_len), ==, l4 + TCP);
    g_assert_cmpuint(le16_to_cpu(fr->cpl.csum_start), ==, l4);
    if (t->ip6) {
        g_assert_cmpuint(lduw_be_p(ip + 4), ==, fr->len - ETH - IP6);
    } else {
        g_assert_cmpuint(lduw_be_p(ip + 2), ==, fr->len - ETH);
        g_assert_cmphex(sum16(ip, IP4, 0), ==, 0xffff);
    }
    if (s->ip6) {
        g_assert_cmpuint(lduw_be_p(inner + 4), ==, n);
    } else {
        g_assert_cmpuint(lduw_be_p(inner + 2), ==, IP4 + n);
        g_assert_cmphex(sum16(inner, IP4, 0), ==, 0xffff);
    }
    g_assert_cmphex(lduw_be_p(tcp + 16), ==, pseudo(inner, PROTO_TCP, n));
}

static void expect_same(Data *d, const uint8_t *frame, size_t len)
{
    Frame fr;

    g_assert_true(wait_receive(&d->vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmphex(fr.flags & (EMUNIC_RX_GSO | EMUNIC_RX_INNER), ==, 0);
}

static void test_gro_tunnel(void)
{
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, TUNNEL);
    for (int i = 0; i < 8; i++) {
        Tunnel t = { .ip6 = i & 1, .id = 0xffff, .step = i >> 2 };
        Stream s = { .ip6 = i & 2 }, other = { .ip6 = i & 2, .port = 1 };

        for (int n = 0; n < 5; n++) {
            put_wrapped(&d, &t, &s, 900, ACK);
        }
        send_turn(&d.vf[0]);
        expect_merged(&d, &t, &s, 900, 5);
        /* Two connections; one without a tunnel is another one. */
        t.step = 0;
        s.at = 0;
        put_wrapped(&d, &t, &s, 300, ACK);
        put_wrapped(&d, &t, &other, 300, ACK);
        put_next(&d, &other, 300, ACK);
        put_wrapped(&d, &t, &s, 300, ACK);
        send_turn(&d.vf[0]);
        expect_merged(&d, &t, &s, 300, 2);
        g_assert_true(port_receive(&d.vf[1], &(Frame) { }));
        expect_piece(&d, &other, 300, 300, 0, ACK);
        nothing_more(&d);
    }
    /* As long as a packet can be, with the outer header */
    for (int i = 0; i < 2; i++) {
        Tunnel t = { .ip6 = i };
        Stream s = { .ip6 = i };
        uint32_t each = (65535 - 2 * (i ? IP6 : IP4) - TCP) / 50;

        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, 0x7ffff);
        port_big_buffers(&d.vf[1]);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_MODERATION,
                      65535);
        for (int n = 0; n <= 50; n++) {
            put_wrapped(&d, &t, &s, each, n < 50 ? ACK : ACK | PSH);
        }
        send_turn(&d.vf[0]);
        expect_merged(&d, &t, &s, each, 50);
        g_assert_true(wait_receive(&d.vf[1], &(Frame) { }));
        nothing_more(&d);
    }
    qemunic_stop(d.nic);
}

/* Not without INNER, and not where the outer headers could not be made again */
static void test_gro_tunnel_alone(void)
{
    static const struct {
        const char *name;
        bool ip6;
        uint8_t at;             /* from the outer header on */
        uint8_t flip;
    } changes[] = {
        { "TOS", false, 1, 4 }, { "ID", false, 4, 1 }, { "DF", false, 6, 0x40 },
        { "MF", false, 6, 0x20 }, { "TTL", false, 8, 1 },
        { "source", false, 15, 2 }, { "destination", false, 19, 1 },
        { "flow label", true, 3, 1 }, { "hop limit", true, 7, 1 },
        { "source", true, 23, 2 }, { "destination", true, 39, 2 },
        { "inner TTL", false, IP4 + 8, 1 }, { "inner ID", false, IP4 + 4, 1 },
        { "inner MF", false, IP4 + 6, 0x20 },
        { "inner options", false, IP4, 3 },
        { "inner hop limit", true, IP6 + 7, 1 },
    };
    uint8_t first[SLOT], second[SLOT];
    size_t a, b;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        Tunnel t = { .ip6 = changes[i].ip6 };
        Stream s = { .ip6 = changes[i].ip6 };
        size_t outer = outer_len(&t);

        g_test_message("%s", changes[i].name);
        rx_features(&d, TUNNEL);
        a = next_wrapped(&t, &s, first, 500, ACK);
        b = next_wrapped(&t, &s, second, 500, ACK);
        second[ETH + changes[i].at] ^= changes[i].flip;
        if (!t.ip6) {
            finish_outer(second + ETH);
            finish_outer(second + ETH + outer);
        }
        put_in_turn(&d.vf[0], NULL, first, a);
        put_in_turn(&d.vf[0], NULL, second, b);
        send_turn(&d.vf[0]);
        expect_same(&d, first, a);
        expect_same(&d, second, b);
        nothing_more(&d);
    }
    /* A wrong inner checksum; no payload; what follows does not overtake. */
    for (int i = 0; i < 2; i++) {
        Tunnel t = { 0 };
        Stream s = { 0 };

        a = next_wrapped(&t, &s, first, 500, ACK);
        b = next_wrapped(&t, &s, second, i ? 0 : 500, ACK);
        second[b - 1] ^= !i;
        put_in_turn(&d.vf[0], NULL, first, a);
        put_in_turn(&d.vf[0], NULL, second, b);
        send_turn(&d.vf[0]);
        expect_same(&d, first, a);
        expect_same(&d, second, b);
    }
    for (int i = 0; i < 2; i++) {
        Tunnel t = { .ip6 = i };
        Stream s = { .ip6 = i };

        rx_features(&d, GRO);
        a = next_wrapped(&t, &s, first, 500, ACK);
        b = next_wrapped(&t, &s, second, 500, ACK);
        put_in_turn(&d.vf[0], NULL, first, a);
        put_in_turn(&d.vf[0], NULL, second, b);
        send_turn(&d.vf[0]);
        expect_same(&d, first, a);
        expect_same(&d, second, b);
    }
    qemunic_stop(d.nic);
}

void emunic_add_gro_tunnel_tests(void)
{
    qtest_add_func("emunic/gro-tunnel", test_gro_tunnel);
    qtest_add_func("emunic/gro-tunnel-alone", test_gro_tunnel_alone);
}

/*
 * emunic: receive offload: which TCP segments become one GSO frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-stream.h"
#include "emunic-test.h"

static void test_gro(void)
{
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int ip6 = 0; ip6 <= 1; ip6++) {
        Stream s = { .ip6 = ip6, .seq = 0xfffffe00, .id = 0xfffe };

        rx_features(&d, GRO);
        for (int i = 0; i < 10; i++) {
            put_next(&d, &s, 1400, ACK);
        }
        send_turn(&d.vf[0]);
        expect_piece(&d, &s, 0, 14000, 1400, ACK);
        nothing_more(&d);
        /* A shorter one, and one with PSH or FIN, is the last one. */
        put_next(&d, &s, 1000, ACK);
        put_next(&d, &s, 999, ACK);
        put_next(&d, &s, 999, ACK);
        put_next(&d, &s, 999, ACK | PSH);
        put_next(&d, &s, 999, ACK);
        put_next(&d, &s, 1, ACK | FIN);
        put_next(&d, &s, 1, ACK | PSH);
        put_next(&d, &s, 1, ACK);
        send_turn(&d.vf[0]);
        expect_piece(&d, &s, 14000, 1999, 1000, ACK);
        expect_piece(&d, &s, 15999, 1998, 999, ACK | PSH);
        expect_piece(&d, &s, 17997, 1000, 999, ACK | FIN);
        expect_piece(&d, &s, 18997, 1, 0, ACK | PSH);
        expect_piece(&d, &s, 18998, 1, 0, ACK);
        nothing_more(&d);
        /* A longer one begins anew; with LRO a shorter one is no end. */
        put_next(&d, &s, 100, ACK);
        put_next(&d, &s, 101, ACK);
        send_turn(&d.vf[0]);
        expect_piece(&d, &s, 18999, 100, 0, ACK);
        expect_piece(&d, &s, 19099, 101, 0, ACK);
        rx_features(&d, LRO);
        put_next(&d, &s, 100, ACK);
        put_next(&d, &s, 101, ACK);
        put_next(&d, &s, 99, ACK);
        put_next(&d, &s, 101, ACK);
        put_next(&d, &s, 7, ACK | PSH);
        put_next(&d, &s, 7, ACK);
        send_turn(&d.vf[0]);
        expect_piece(&d, &s, 19200, 100, 0, ACK);
        expect_piece(&d, &s, 19300, 308, 101, ACK | PSH);
        expect_piece(&d, &s, 19608, 7, 0, ACK);
        nothing_more(&d);
        /* Not without all three */
        for (int bit = 0; bit < 3; bit++) {
            static const uint32_t bits[] = {
                EMUNIC_RX_FEATURES_GSO, EMUNIC_RX_FEATURES_CSUM,
                EMUNIC_RX_FEATURES_GRO,
            };
            uint32_t at = s.at;

            rx_features(&d, LRO & ~bits[bit]);
            put_next(&d, &s, 50, ACK);
            put_next(&d, &s, 50, ACK);
            send_turn(&d.vf[0]);
            expect_piece(&d, &s, at, 50, 0, ACK);
            expect_piece(&d, &s, at + 50, 50, 0, ACK);
        }
    }
    /* Segments count, not what has become of them. */
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, STAT(&d, 1, tx_packets));
    g_assert_cmpuint(STAT(&d, 2, rx_bytes), ==, STAT(&d, 1, tx_bytes));
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 2 * (10 + 8 + 2 + 6 + 6));
    qemunic_stop(d.nic);
}

/* What makes a second segment no continuation, at an offset from IP or TCP */
typedef struct Change {
    const char *name;
    bool tcp;
    uint8_t at;
    uint8_t flip;
} Change;

static void check_change(Data *d, bool ip6, const Change *c)
{
    size_t l4 = ETH + (ip6 ? IP6 : IP4);
    Stream s = { .ip6 = ip6 };
    uint8_t frame[SLOT];
    Frame fr;
    size_t len;

    put_next(d, &s, 500, ACK);
    len = next_segment(&s, frame, 500, ACK);
    frame[(c->tcp ? l4 : ETH) + c->at] ^= c->flip;
    finish_csums(frame, len);
    put_in_turn(&d->vf[0], NULL, frame, len);
    send_turn(&d->vf[0]);
    expect_piece(d, &s, 0, 500, 0, ACK);
    g_assert_true(wait_receive(&d->vf[1], &fr));
    g_test_message("%s", c->name);
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    nothing_more(d);
}

static void test_gro_headers(void)
{
    static const Change both[] = {
        { "source port", true, 1, 1 }, { "destination port", true, 3, 1 },
        { "sequence", true, 7, 1 }, { "sequence", true, 4, 0x80 },
        { "acknowledgement", true, 11, 1 }, { "reserved", true, 12, 1 },
        { "SYN", true, 13, 0x02 }, { "RST", true, 13, 0x04 },
        { "no ACK", true, 13, 0x10 }, { "URG", true, 13, 0x20 },
        { "ECE", true, 13, 0x40 }, { "CWR", true, 13, 0x80 },
        { "window", true, 15, 1 }, { "urgent pointer", true, 19, 1 },
    };
    static const Change ip4[] = {
        { "TOS", false, 1, 4 }, { "ID", false, 5, 2 }, { "DF", false, 6, 0x40 },
        { "TTL", false, 8, 1 }, { "source", false, 15, 1 },
        { "destination", false, 19, 1 },
    };
    static const Change ip6[] = {
        { "class", false, 0, 1 }, { "flow label", false, 3, 1 },
        { "hop limit", false, 7, 1 }, { "source", false, 8, 1 },
        { "destination", false, 39, 1 },
    };
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, LRO);
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        check_change(&d, false, &both[i]);
        check_change(&d, true, &both[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ip4); i++) {
        check_change(&d, false, &ip4[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ip6); i++) {
        check_change(&d, true, &ip6[i]);
    }
    qemunic_stop(d.nic);
}

/* Send @frame as the second segment of @s: it comes as it is, alone. */
static void check_alone(Data *d, Stream *s, const uint8_t *frame, size_t len,
                        uint32_t first)
{
    Frame fr;

    put_in_turn(&d->vf[0], NULL, frame, len);
    put_next(d, s, 500, ACK);
    send_turn(&d->vf[0]);
    expect_piece(d, s, first, 500, 0, ACK);
    g_assert_true(wait_receive(&d->vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    expect_piece(d, s, s->at - 500, 500, 0, ACK);
    nothing_more(d);
}

/* Frames of the same connection that do not merge do not change places. */
static void test_gro_order(void)
{
    uint8_t frame[SLOT];
    Stream s, other;
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, LRO);
    /* Checksums of TCP and IP that are wrong */
    for (int i = 0; i < 2; i++) {
        s = (Stream) { 0 };
        put_next(&d, &s, 500, ACK);
        len = next_segment(&s, frame, 500, ACK);
        frame[i ? ETH + 11 : len - 1] ^= 1;
        check_alone(&d, &s, frame, len, 0);
    }
    /* No payload; something behind the packet; a fragment */
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 0, ACK);
    check_alone(&d, &s, frame, len, 0);
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 500, ACK);
    frame[len] = 0;
    check_alone(&d, &s, frame, len + 1, 0);
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 500, ACK);
    stw_be_p(frame + ETH + 6, 0x2000);
    finish_csums(frame, len);
    check_alone(&d, &s, frame, len, 0);
    /* Options that differ, of TCP */
    s = (Stream) { 0 };
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 500, ACK);
        memmove(frame + ETH + IP4 + TCP + 4, frame + ETH + IP4 + TCP, 500);
        stl_be_p(frame + ETH + IP4 + TCP, i < 2 ? 0x01010101 : 0x01010100);
        frame[ETH + IP4 + 12] = 6 << 4;
        len += 4;
        stw_be_p(frame + ETH + 2, len - ETH);
        finish_csums(frame, len);
        put_in_turn(&d.vf[0], NULL, frame, len);
    }
    send_turn(&d.vf[0]);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 4 + 1000);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.hdr_len), ==, ETH + IP4 + TCP + 4);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    /* IPv4's are not understood, even if they are the same. */
    s = (Stream) { 0 };
    for (int i = 0; i < 2; i++) {
        len = next_segment(&s, frame, 500, ACK);
        memmove(frame + ETH + IP4 + 4, frame + ETH + IP4, TCP + 500);
        stl_be_p(frame + ETH + IP4, 0x01010101);
        frame[ETH] = 0x46;
        len += 4;
        stw_be_p(frame + ETH + 2, len - ETH);
        finish_csums(frame, len);
        put_in_turn(&d.vf[0], NULL, frame, len);
    }
    send_turn(&d.vf[0]);
    for (int i = 0; i < 2; i++) {
        g_assert_true(wait_receive(&d.vf[1], &fr));
        g_assert_cmpuint(fr.len, ==, len);
    }
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    /* IDs go up each time, or stay each time. */
    for (int i = 0; i < 8; i++) {
        int df = i & 1, first = i >> 1 & 1, then = i >> 2;

        s = (Stream) { 0 };
        for (int n = 0; n < 3; n++) {
            s.id = n == 0 ? 7 : n == 1 ? 7 + first : 7 + first + then;
            len = next_segment(&s, frame, 500, ACK);
            stw_be_p(frame + ETH + 6, df << 14);
            finish_csums(frame, len);
            put_in_turn(&d.vf[0], NULL, frame, len);
        }
        send_turn(&d.vf[0]);
        if (first == then) {
            expect_piece(&d, &s, 0, 1500, 500, ACK);
        } else {
            expect_piece(&d, &s, 0, 1000, 500, ACK);
            expect_piece(&d, &s, 1000, 500, 0, ACK);
        }
    }
    /* CWR is a flag as others: all have it or none. */
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK | CWR);
    put_next(&d, &s, 500, ACK | CWR);
    put_next(&d, &s, 500, ACK);
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, 0, 500, 0, ACK);
    expect_piece(&d, &s, 500, 1000, 500, ACK | CWR);
    expect_piece(&d, &s, 1500, 500, 0, ACK);
    /* Two connections, interleaved */
    s = (Stream) { 0 };
    other = (Stream) { .port = 1, .seq = 99 };
    for (int i = 0; i < 5; i++) {
        put_next(&d, &s, 500, ACK);
        put_next(&d, &other, 300, ACK);
    }
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, 0, 2500, 500, ACK);
    expect_piece(&d, &other, 0, 1500, 300, ACK);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* IPv6 with an extension header, the same in the first two */
static void test_gro_extension(void)
{
    const size_t l4 = ETH + IP6 + 8;
    Stream s = { .ip6 = true };
    uint8_t frame[SLOT];
    size_t len = 0;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 500, ACK);
        memmove(frame + l4, frame + ETH + IP6, TCP + 500);
        /* Hop-by-hop: options of padding */
        stq_be_p(frame + ETH + IP6, 0x0600010400000000ull | (i == 2));
        frame[ETH + 6] = 0;
        len += 8;
        stw_be_p(frame + ETH + 4, len - ETH - IP6);
        put_in_turn(&d.vf[0], NULL, frame, len);
    }
    send_turn(&d.vf[0]);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, l4 + TCP + 1000);
    g_assert_cmpuint(lduw_be_p(fr.data + ETH + 4), ==, fr.len - ETH - IP6);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, l4);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.hdr_len), ==, l4 + TCP);
    g_assert_cmphex(lduw_be_p(fr.data + l4 + 16), ==,
                    pseudo(fr.data + ETH, PROTO_TCP, TCP + 1000));
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/*
 * IPv6 on its way to where the routing header says; so the sum that the sender
 * leaves is over another destination than the IP header's. It stays as it is.
 */
static void test_gro_extension_partial(void)
{
    const size_t l4 = ETH + IP6 + 24;
    uint8_t frame[2][SLOT], ip[IP6];
    struct emunic_tx_meta meta;
    Stream s = { .ip6 = true };
    size_t len = 0;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    set_meta(&meta, true, EMUNIC_TX_CSUM, 0);
    meta.csum_start = cpu_to_le16(l4);
    for (int i = 0; i < 2; i++) {
        uint8_t *routing = frame[i] + ETH + IP6;

        len = next_segment(&s, frame[i], 500, ACK) + 24;
        memmove(frame[i] + l4, routing, TCP + 500);
        /* Of type 2, one segment left */
        memset(routing, 0, 24);
        stl_be_p(routing, 0x06020201);
        stl_be_p(routing + 8, 0xfd000003);
        frame[i][ETH + 6] = IPPROTO_ROUTING;
        stw_be_p(frame[i] + ETH + 4, len - ETH - IP6);
        memcpy(ip, frame[i] + ETH, IP6);
        memcpy(ip + 24, routing + 8, 16);
        stw_be_p(frame[i] + l4 + 16, pseudo(ip, PROTO_TCP, TCP + 500));
        put_in_turn(&d.vf[0], &meta, frame[i], len);
    }
    send_turn(&d.vf[0]);
    for (int i = 0; i < 2; i++) {
        g_assert_true(wait_receive(&d.vf[1], &fr));
        g_assert_cmpmem(fr.data, fr.len, frame[i], len);
        g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, l4);
    }
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* Frames whose checksum the sender leaves to the device merge as well. */
static void test_gro_partial(void)
{
    struct emunic_tx_meta meta;
    Stream s = { 0 };
    uint8_t frame[SLOT];
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 500, ACK);
        stw_be_p(frame + ETH + IP4 + 16, pseudo(frame + ETH, PROTO_TCP,
                                                TCP + 500));
        set_meta(&meta, false, EMUNIC_TX_CSUM, 0);
        put_in_turn(&d.vf[0], &meta, frame, len);
    }
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, 0, 1500, 500, ACK);
    /* And alone it is as without. */
    put_in_turn(&d.vf[0], &meta, frame, len);
    send_turn(&d.vf[0]);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
    /* A GSO frame is one already. */
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 1500, ACK);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 500);
    put_in_turn(&d.vf[0], &meta, frame, len);
    put_next(&d, &s, 500, ACK);
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, 0, 500, 0, ACK);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    expect_piece(&d, &s, 2000, 500, 0, ACK);
    qemunic_stop(d.nic);
}

void emunic_add_gro_tests(void)
{
    qtest_add_func("emunic/gro", test_gro);
    qtest_add_func("emunic/gro-headers", test_gro_headers);
    qtest_add_func("emunic/gro-order", test_gro_order);
    qtest_add_func("emunic/gro-extension", test_gro_extension);
    qtest_add_func("emunic/gro-extension-partial", test_gro_extension_partial);
    qtest_add_func("emunic/gro-partial", test_gro_partial);
}

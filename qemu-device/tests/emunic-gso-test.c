/*
 * emunic: GSO of UDP and in tunnels, long frames, and RX_MAX_GSO
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-frame.h"
#include "emunic-test.h"

#define WHOLE   (EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM)
#define GSO     (EMUNIC_TX_GSO | EMUNIC_TX_CSUM)

/* A GSO frame and what is known of it */
typedef struct Big {
    uint8_t *frame;
    size_t len;
    struct emunic_tx_meta meta;
    bool ip6;
    uint8_t proto;
    size_t l3, l4, hdr;
    uint32_t gso;
} Big;

static void big_init(Big *b, bool ip6, uint8_t proto, size_t payload,
                     uint32_t gso)
{
    b->frame = g_malloc(TX_BUF);
    b->len = build_l4(b->frame, ip6, proto, vf_mac[1], vf_mac[0], payload);
    set_meta_l4(&b->meta, ip6, proto, GSO, gso);
    b->ip6 = ip6;
    b->proto = proto;
    b->l3 = ETH;
    b->l4 = ETH + (ip6 ? IP6 : IP4);
    b->hdr = b->l4 + (proto == PROTO_TCP ? TCP : UDP);
    b->gso = gso;
}

static uint16_t length_field(size_t len)
{
    return len > 0xffff ? 0 : len;
}

static void check_ip(const Big *b, const uint8_t *ip, size_t at, size_t l4_len)
{
    const uint8_t *was = b->frame + b->l3;

    if (b->ip6) {
        g_assert_cmpuint(lduw_be_p(ip + 4), ==, length_field(l4_len));
        g_assert_cmpmem(ip, 4, was, 4);
        g_assert_cmpmem(ip + 6, IP6 - 6, was + 6, IP6 - 6);
        return;
    }
    g_assert_cmpuint(lduw_be_p(ip + 2), ==, length_field(IP4 + l4_len));
    g_assert_cmphex(lduw_be_p(ip + 4), ==,
                    (uint16_t)(lduw_be_p(was + 4) + at / b->gso));
    g_assert_cmphex(sum16(ip, IP4, 0), ==, 0xffff);
    g_assert_cmpmem(ip + 6, 4, was + 6, 4);
    g_assert_cmpmem(ip + 12, 8, was + 12, 8);
}

/* What is before is as it was, but for the ID of IPv4. */
static void check_outer(const Big *b, const Frame *fr, size_t at)
{
    g_autofree uint8_t *want = g_memdup2(b->frame, b->l3);
    uint8_t *ip = want + ETH;

    if (b->l3 > ETH && ip[0] == 0x45) {
        stw_be_p(ip + 4, lduw_be_p(ip + 4) + at / b->gso);
        stw_be_p(ip + 10, 0);
        stw_be_p(ip + 10, ~sum16(ip, IP4, 0));
    }
    g_assert_cmpmem(fr->data, b->l3, want, b->l3);
}

/* @fr has the @n bytes of payload of @b that begin at @at. */
static void check_piece(const Big *b, const Frame *fr, size_t at, size_t n,
                        bool partial)
{
    size_t l4_len = b->hdr - b->l4 + n;
    const uint8_t *ip = fr->data + b->l3;
    const uint8_t *l4 = fr->data + b->l4;
    bool last = b->hdr + at + n == b->len;

    g_assert_cmpuint(fr->len, ==, b->hdr + n);
    g_assert_cmpmem(fr->data + b->hdr, n, b->frame + b->hdr + at, n);
    check_outer(b, fr, at);
    check_ip(b, ip, at, l4_len);
    g_assert_cmpmem(l4, 4, b->frame + b->l4, 4);
    if (b->proto == PROTO_TCP) {
        g_assert_cmphex((uint32_t)ldl_be_p(l4 + 4), ==,
                        (uint32_t)(ldl_be_p(b->frame + b->l4 + 4) + at));
        g_assert_cmphex(l4[13], ==, 0x10 | (at ? 0 : 0x80) |
                        (last ? 0x09 : 0));
    } else {
        g_assert_cmpuint(lduw_be_p(l4 + 4), ==, length_field(l4_len));
    }
    if (partial) {
        g_assert_cmphex(lduw_be_p(l4 + (b->proto == PROTO_TCP ? 16 : 6)), ==,
                        pseudo(ip, b->proto, l4_len));
        g_assert_cmphex(fr->flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
        g_assert_cmpuint(le16_to_cpu(fr->cpl.csum_start), ==, b->l4);
    } else {
        g_assert_true(l4_good(ip, l4, l4_len));
        g_assert_cmphex(fr->flags & EMUNIC_RX_CSUM_OK, !=, 0);
    }
    g_assert_cmpint(!!(fr->flags & EMUNIC_RX_GSO), ==, n > b->gso);
    if (n > b->gso) {
        g_assert_cmpuint(fr->cpl.gso_type, ==, b->meta.gso_type);
        g_assert_cmpuint(le16_to_cpu(fr->cpl.gso_size), ==, b->gso);
        g_assert_cmpuint(le16_to_cpu(fr->cpl.hdr_len), ==, b->hdr);
    }
}

/* Send @b, and receive it in frames of @each segments. */
static void check_cut(Data *d, const Big *b, uint32_t each, bool partial)
{
    size_t payload = b->len - b->hdr;
    size_t step = MIN(each * b->gso, payload);
    g_autofree Frame *fr = g_new(Frame, 1);

    g_assert_cmpuint(port_send(&d->vf[0], &b->meta, b->frame, b->len), ==, 0);
    for (size_t at = 0; at < payload; at += step) {
        g_assert_true(port_receive(&d->vf[1], fr));
        check_piece(b, fr, at, MIN(step, payload - at), partial);
    }
    expect_none(&d->vf[1]);
}

static void set_features(Data *d, uint32_t features)
{
    qemunic_write(&d->vf[1].f, EMUNIC_RX_FEATURES, features);
}

static void refused(Data *d, const struct emunic_tx_meta *meta,
                    const uint8_t *frame, size_t len, uint16_t status)
{
    uint64_t before = STAT(d, 1, tx_malformed);

    g_assert_cmpuint(port_send(&d->vf[0], meta, frame, len), ==, status);
    g_assert_cmpuint(STAT(d, 1, tx_malformed), ==, before + 1);
    expect_none(&d->vf[1]);
}

static void test_uso(void)
{
    g_autofree Frame *fr = g_new(Frame, 1);
    Data d;
    Big b;

    data_start(&d, "", "max_vfs=2");
    for (int ip6 = 0; ip6 <= 1; ip6++) {
        big_init(&b, ip6, PROTO_UDP, 20000, 1400);
        set_features(&d, 0);
        check_cut(&d, &b, 1, false);
        set_features(&d, EMUNIC_RX_FEATURES_CSUM);
        check_cut(&d, &b, 1, true);
        /* USO needs GSO and CSUM, and they do not stand for it. */
        set_features(&d, WHOLE);
        check_cut(&d, &b, 1, true);
        set_features(&d, EMUNIC_RX_FEATURES_USO | EMUNIC_RX_FEATURES_GSO);
        check_cut(&d, &b, 1, false);
        set_features(&d, EMUNIC_RX_FEATURES_USO | EMUNIC_RX_FEATURES_CSUM);
        check_cut(&d, &b, 1, true);
        /* Whole, whatever its length fields say */
        set_features(&d, WHOLE | EMUNIC_RX_FEATURES_USO);
        stw_be_p(b.frame + b.l4 + 4, 0x1234);
        g_assert_cmpuint(port_send(&d.vf[0], &b.meta, b.frame, b.len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], fr));
        g_assert_cmpmem(fr->data, fr->len, b.frame, b.len);
        g_assert_cmpuint(fr->cpl.gso_type, ==, EMUNIC_GSO_UDPV4 + ip6);
        g_assert_cmphex(fr->flags & EMUNIC_RX_GSO, !=, 0);
        set_features(&d, 0);
        check_cut(&d, &b, 1, false);
        g_free(b.frame);
    }
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 2 * 7 * 15);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 2 * 7 * 15);
    qemunic_stop(d.nic);
}

/* Frames that are not what their type says */
static void test_uso_refusals(void)
{
    struct emunic_tx_meta meta;
    Data d;
    Big b, tcp;

    data_start(&d, "", "max_vfs=2");
    for (int ip6 = 0; ip6 <= 1; ip6++) {
        big_init(&b, ip6, PROTO_UDP, 5000, 1000);
        big_init(&tcp, ip6, PROTO_TCP, 5000, 1000);
        for (int type = 0; type < 256; type++) {
            meta = b.meta;
            meta.gso_type = type;
            if (type != b.meta.gso_type) {
                refused(&d, &meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
            }
            meta = tcp.meta;
            meta.gso_type = type;
            if (type != tcp.meta.gso_type && type < 8) {
                refused(&d, &meta, tcp.frame, tcp.len, EMUNIC_TX_STATUS_META);
            }
        }
        for (int off = -4; off <= 16; off++) {
            meta = b.meta;
            meta.hdr_len = cpu_to_le16(b.hdr + off);
            if (off) {
                refused(&d, &meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
            }
            meta = b.meta;
            meta.csum_offset = cpu_to_le16(6 + off);
            if (off) {
                refused(&d, &meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
            }
            meta = b.meta;
            meta.csum_start = cpu_to_le16(b.l4 + off);
            if (off) {
                refused(&d, &meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
            }
        }
        /* A fragment; other protocols and versions */
        if (!ip6) {
            stw_be_p(b.frame + ETH + 6, 0x2000);
            refused(&d, &b.meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
            stw_be_p(b.frame + ETH + 6, 0x0001);
            refused(&d, &b.meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
            stw_be_p(b.frame + ETH + 6, 0x4000);
        }
        b.frame[ETH + (ip6 ? 6 : 9)] = 136;
        refused(&d, &b.meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
        b.frame[ETH + (ip6 ? 6 : 9)] = PROTO_UDP;
        b.frame[ETH] ^= 0x20;
        refused(&d, &b.meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
        b.frame[ETH] ^= 0x20;
        set_features(&d, 0);
        check_cut(&d, &b, 1, false);
        g_free(b.frame);
        g_free(tcp.frame);
    }
    qemunic_stop(d.nic);
}

#define OUTER   (ETH + IP4 + UDP + 8 + ETH)     /* VXLAN over IPv4 */
#define OUTER6  (ETH + IP6 + 4)                 /* GRE over IPv6 */

/* Put @b behind @outer bytes of a tunnel, whose headers are for one segment. */
static void tunnel_by(Big *b, bool outer6, size_t outer)
{
    size_t add = outer - ETH;
    uint8_t *ip = b->frame + ETH;

    memmove(b->frame + outer, b->frame + ETH, b->len - ETH);
    for (size_t i = ETH; i < outer; i++) {
        b->frame[i] = i * 5 + 1;
    }
    stw_be_p(b->frame + 12, outer6 ? 0x86dd : 0x0800);
    ip[0] = outer6 ? 0x60 : 0x45;
    ip[outer6 ? 6 : 9] = outer6 ? 47 : PROTO_UDP;
    if (!outer6) {
        stw_be_p(ip + 2, add + b->hdr - ETH + b->gso);
        stw_be_p(ip + 4, 0xfffd);
        stw_be_p(ip + 6, 0);
        stw_be_p(ip + 10, 0);
        stw_be_p(ip + 10, ~sum16(ip, IP4, 0));
    }
    b->len += add;
    b->l3 += add;
    b->l4 += add;
    b->hdr += add;
    b->meta.flags |= cpu_to_le16(EMUNIC_TX_INNER);
    b->meta.inner_l3 = cpu_to_le16(b->l3);
    b->meta.csum_start = cpu_to_le16(b->l4);
    b->meta.hdr_len = cpu_to_le16(b->hdr);
}

static void tunnel(Big *b, bool outer6)
{
    tunnel_by(b, outer6, outer6 ? OUTER6 : OUTER);
}

static void test_inner(void)
{
    Data d;
    Big b;

    data_start(&d, "", "max_vfs=2");
    for (int i = 0; i < 8; i++) {
        big_init(&b, i & 1, i & 2 ? PROTO_UDP : PROTO_TCP, 14 * 1400, 1400);
        tunnel(&b, i & 4);
        set_features(&d, 0);
        check_cut(&d, &b, 1, false);
        /* Always in segments */
        set_features(&d, WHOLE | EMUNIC_RX_FEATURES_USO);
        check_cut(&d, &b, 1, true);
        g_free(b.frame);
    }
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 8 * 2 * 14);
    qemunic_stop(d.nic);
}

/* Offsets follow the tags that come in. */
static void test_inner_vlan(void)
{
    Data d;
    Big b;

    data_start(&d, "", "max_vfs=2");
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    set_features(&d, EMUNIC_RX_FEATURES_VLAN_STRIP);
    big_init(&b, false, PROTO_TCP, 3 * 1400, 1400);
    tunnel(&b, false);
    b.meta.flags |= cpu_to_le16(EMUNIC_TX_VLAN);
    b.meta.vlan_tci = cpu_to_le16(77);
    check_cut(&d, &b, 1, false);
    g_free(b.frame);
    qemunic_stop(d.nic);
}

/* More headers than the device copies of every frame */
static void test_inner_long(void)
{
    static const struct {
        size_t hdr;
        uint32_t gso;
    } sizes[] = {
        { 256, 1400 }, { 257, 1400 }, { 300, 1400 }, { 511, 8705 },
        { EMUNIC_GSO_HDR_MAX, 1 }, { EMUNIC_GSO_HDR_MAX, 8704 },
    };
    Big one_more;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int i = 0; i < 4 * ARRAY_SIZE(sizes); i++) {
        bool ip6 = i & 1, tags = i & 2;
        uint32_t gso = sizes[i / 4].gso;
        size_t outer = sizes[i / 4].hdr - (ip6 ? IP6 : IP4) - TCP;
        Big b;

        big_init(&b, ip6, PROTO_TCP, 3 * gso, gso);
        tunnel_by(&b, !ip6, outer);
        g_assert_cmpuint(b.hdr, ==, sizes[i / 4].hdr);
        for (int v = 1; v <= 2; v++) {
            set_port_vlan(&d, v, 0x88a8, tags ? 9 : 0, 0);
        }
        if (tags) {
            b.meta.flags |= cpu_to_le16(EMUNIC_TX_VLAN);
        }
        set_features(&d, tags ? EMUNIC_RX_FEATURES_VLAN_STRIP : 0);
        check_cut(&d, &b, 1, false);
        if (b.hdr + gso == EMUNIC_FRAME_MAX) {
            b.meta.gso_size = cpu_to_le16(gso + 1);
            refused(&d, &b.meta, b.frame, b.len, EMUNIC_TX_STATUS_META);
        }
        g_free(b.frame);
    }

    big_init(&one_more, false, PROTO_TCP, 3000, 1000);
    tunnel_by(&one_more, false, EMUNIC_GSO_HDR_MAX + 1 - IP4 - TCP);
    refused(&d, &one_more.meta, one_more.frame, one_more.len,
            EMUNIC_TX_STATUS_META);
    g_free(one_more.frame);
    qemunic_stop(d.nic);
}

static void test_inner_refusals(void)
{
    const uint16_t bad = EMUNIC_TX_STATUS_META;
    struct emunic_tx_meta meta;
    Data d;
    Big b;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, 0);
    big_init(&b, false, PROTO_TCP, 5000, 1000);
    /* inner_l3 without INNER */
    meta = b.meta;
    meta.inner_l3 = cpu_to_le16(ETH);
    refused(&d, &meta, b.frame, b.len, bad);
    meta.flags = cpu_to_le16(EMUNIC_TX_META);
    refused(&d, &meta, b.frame, 1000, bad);
    /* INNER of what is no tunnel, and without GSO */
    meta = b.meta;
    meta.flags |= cpu_to_le16(EMUNIC_TX_INNER);
    refused(&d, &meta, b.frame, b.len, bad);
    meta.inner_l3 = cpu_to_le16(ETH);
    refused(&d, &meta, b.frame, b.len, bad);
    meta.flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_INNER |
                             EMUNIC_TX_CSUM);
    meta.inner_l3 = cpu_to_le16(ETH + IP4);
    refused(&d, &meta, b.frame, 1000, bad);
    tunnel(&b, false);
    for (uint32_t l3 = 0; l3 < 65536; l3 += l3 < 200 ? 1 : 1000) {
        meta = b.meta;
        meta.inner_l3 = cpu_to_le16(l3);
        if (l3 != b.l3) {
            refused(&d, &meta, b.frame, b.len, bad);
        }
    }
    /* Not whole segments */
    refused(&d, &b.meta, b.frame, b.len - 1, bad);
    /* Nothing that the outer header could be */
    for (int i = 0; i < 16; i++) {
        if (i != 5) {
            b.frame[ETH] = 0x40 | i;
            if (i < 5 || ETH + i * 4 > b.l3) {
                refused(&d, &b.meta, b.frame, b.len, bad);
            }
        }
        if (i != 4) {
            b.frame[ETH] = i << 4 | 5;
            refused(&d, &b.meta, b.frame, b.len, bad);
        }
    }
    b.frame[ETH] = 0x45;
    stw_be_p(b.frame + 12, 0x88b5);
    refused(&d, &b.meta, b.frame, b.len, bad);
    stw_be_p(b.frame + 12, 0x86dd);
    refused(&d, &b.meta, b.frame, b.len, bad);
    stw_be_p(b.frame + 12, 0x0800);
    check_cut(&d, &b, 1, false);
    g_free(b.frame);
    qemunic_stop(d.nic);
}

/* 256 KiB and not a byte more, whole and in parts */
static void test_big(void)
{
    Data d;
    Big b;

    data_start(&d, "", "max_vfs=2");
    port_big_buffers(&d.vf[1]);
    for (int i = 0; i < 4; i++) {
        bool ip6 = i & 1;
        uint8_t proto = i & 2 ? PROTO_UDP : PROTO_TCP;
        size_t hdr = ETH + (ip6 ? IP6 : IP4) + (i & 2 ? UDP : TCP);
        size_t payload = EMUNIC_BIG_GSO_MAX - hdr;

        big_init(&b, ip6, proto, payload, 1400);
        g_assert_cmpuint(b.len, ==, EMUNIC_BIG_GSO_MAX);
        set_features(&d, WHOLE | EMUNIC_RX_FEATURES_USO);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, b.len);
        check_cut(&d, &b, 1000, true);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, b.len - 1);
        check_cut(&d, &b, payload / 1400, true);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, 65558);
        check_cut(&d, &b, (65558 - hdr) / 1400, true);
        refused(&d, &b.meta, b.frame, b.len + 1, EMUNIC_TX_STATUS_LENGTH);
        g_free(b.frame);
    }
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 0);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, STAT(&d, 1, tx_packets));
    g_assert_cmpuint(STAT(&d, 2, rx_bytes), ==, STAT(&d, 1, tx_bytes));
    qemunic_stop(d.nic);
}

static void test_max_gso(void)
{
    size_t hdr = ETH + IP4 + TCP;
    Data d;
    Big b;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, WHOLE);
    g_assert_cmpuint(qemunic_read(&d.vf[1].f, EMUNIC_RX_MAX_GSO), ==, 65558);
    big_init(&b, false, PROTO_TCP, 7 * 1000 + 300, 1000);
    for (uint32_t each = 1; each < 9; each++) {
        /* The longest that does not yet take one more */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO,
                      hdr + each * 1000 + (each < 7 ? 999 : 0));
        check_cut(&d, &b, each, true);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, hdr + each * 1000);
        check_cut(&d, &b, each, true);
    }
    /* A segment alone is longer: then it is no GSO frame. */
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, 0);
    check_cut(&d, &b, 1, true);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, hdr + 999);
    check_cut(&d, &b, 1, true);
    /* The tags that are taken off do not count. */
    set_features(&d, WHOLE | EMUNIC_RX_FEATURES_VLAN_STRIP);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, b.len);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_VLAN, 2,
             &(uint16_t){ cpu_to_le16(5) }, 2);
    b.meta.flags |= cpu_to_le16(EMUNIC_TX_VLAN);
    b.meta.vlan_tci = cpu_to_le16(5);
    check_cut(&d, &b, 100, true);
    g_free(b.frame);
    qemunic_stop(d.nic);
}

/* What does not fit any more is counted in segments. */
static void test_cut_no_buffer(void)
{
    Data d;
    Big b;
    Frame fr;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, WHOLE);
    /* Frames of 20 segments, three of the four with buffers for them */
    big_init(&b, false, PROTO_TCP, 65 * 1000, 1000);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, 20100);
    g_assert_cmpuint(port_send(&d.vf[0], &b.meta, b.frame, b.len), ==, 0);
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 5);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 60);
    for (int i = 0; i < 3; i++) {
        g_assert_true(port_receive(&d.vf[1], &fr));
        check_piece(&b, &fr, i * 20000, 20000, true);
    }
    expect_none(&d.vf[1]);
    g_free(b.frame);
    qemunic_stop(d.nic);
}

void emunic_add_gso_tests(void)
{
    qtest_add_func("emunic/uso", test_uso);
    qtest_add_func("emunic/uso-refusals", test_uso_refusals);
    qtest_add_func("emunic/inner", test_inner);
    qtest_add_func("emunic/inner-vlan", test_inner_vlan);
    qtest_add_func("emunic/inner-long", test_inner_long);
    qtest_add_func("emunic/inner-refusals", test_inner_refusals);
    qtest_add_func("emunic/big-gso", test_big);
    qtest_add_func("emunic/max-gso", test_max_gso);
    qtest_add_func("emunic/cut-no-buffer", test_cut_no_buffer);
}

/*
 * emunic: checksums, GSO, steering and the uplink
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-frame.h"
#include "emunic-test.h"

static void test_csum(void)
{
    struct emunic_tx_meta meta;
    uint8_t frame[1500];
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int ip6 = 0; ip6 <= 1; ip6++) {
        size_t len = build_tcp(frame, ip6, vf_mac[1], vf_mac[0], 333);
        size_t l4 = ETH + (ip6 ? IP6 : IP4);

        set_meta(&meta, ip6, EMUNIC_TX_CSUM, 0);
        /* The receiver takes none: finished, and good. */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, 0);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpuint(fr.len, ==, len);
        g_assert_true(l4_good(fr.data + ETH, fr.data + l4, len - l4));
        g_assert_cmphex(fr.flags & (EMUNIC_RX_CSUM_OK |
                                    EMUNIC_RX_CSUM_PARTIAL), ==,
                        EMUNIC_RX_CSUM_OK);
        /* It takes partial ones. */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, EMUNIC_RX_FEATURES_CSUM);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpmem(fr.data, fr.len, frame, len);
        g_assert_cmphex(fr.flags & (EMUNIC_RX_CSUM_OK |
                                    EMUNIC_RX_CSUM_PARTIAL), ==,
                        EMUNIC_RX_CSUM_PARTIAL);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, l4);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_offset), ==, 16);
        /* A whole one is verified, and a wrong one found out. */
        stw_be_p(frame + l4 + 16, ~sum16(frame + l4, len - l4, 0));
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_OK, !=, 0);
        frame[len - 1] ^= 1;
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_OK, ==, 0);
    }
    /* Offsets follow a tag that the device takes away. */
    {
        size_t len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 100);

        set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_VLAN, 0);
        meta.vlan_tci = cpu_to_le16(5);
        admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_VLAN, 2,
                 &(uint16_t){ cpu_to_le16(5) }, 2);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpuint(fr.len, ==, len + 4);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, ETH + IP4 + 4);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, EMUNIC_RX_FEATURES_CSUM |
                      EMUNIC_RX_FEATURES_VLAN_STRIP);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpmem(fr.data, fr.len, frame, len);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, ETH + IP4);
    }
    qemunic_stop(d.nic);
}

/* Receive the segments of @frame and check each against it. */
static void check_segments(Port *p, const uint8_t *frame, size_t len,
                           bool ip6, uint32_t gso, bool partial)
{
    size_t l4 = ETH + (ip6 ? IP6 : IP4);
    size_t hdr = l4 + TCP;
    uint32_t index = 0;
    Frame fr;

    for (size_t at = hdr; at < len; at += gso, index++) {
        size_t n = MIN(gso, len - at);
        bool last = at + n == len;
        uint8_t *ip = fr.data + ETH;

        g_assert_true(port_receive(p, &fr));
        g_assert_cmpuint(fr.len, ==, hdr + n);
        g_assert_cmpmem(fr.data + hdr, n, frame + at, n);
        if (ip6) {
            g_assert_cmpuint(lduw_be_p(ip + 4), ==, TCP + n);
        } else {
            g_assert_cmpuint(lduw_be_p(ip + 2), ==, IP4 + TCP + n);
            g_assert_cmphex(lduw_be_p(ip + 4), ==, (uint16_t)(0xfffe + index));
            g_assert_cmphex(sum16(ip, IP4, 0), ==, 0xffff);
        }
        g_assert_cmphex((uint32_t)ldl_be_p(fr.data + l4 + 4), ==,
                        (uint32_t)(0xfffffff0 + at - hdr));
        g_assert_cmphex(fr.data[l4 + 13], ==, 0x10 | (index ? 0 : 0x80) |
                        (last ? 0x09 : 0));
        if (partial) {
            g_assert_cmphex(lduw_be_p(fr.data + l4 + 16), ==,
                            pseudo(ip, 6, TCP + n));
            g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
        } else {
            g_assert_true(l4_good(ip, fr.data + l4, TCP + n));
            g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_OK, !=, 0);
        }
        g_assert_cmphex(fr.flags & EMUNIC_RX_GSO, ==, 0);
    }
    expect_none(p);
}

static void test_gso(void)
{
    g_autofree uint8_t *frame = g_malloc(70000);
    struct emunic_tx_meta meta;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int ip6 = 0; ip6 <= 1; ip6++) {
        size_t len = build_tcp(frame, ip6, vf_mac[1], vf_mac[0], 20000);
        size_t l4 = ETH + (ip6 ? IP6 : IP4);

        set_meta(&meta, ip6, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 1400);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, 0);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        check_segments(&d.vf[1], frame, len, ip6, 1400, false);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, EMUNIC_RX_FEATURES_CSUM);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        check_segments(&d.vf[1], frame, len, ip6, 1400, true);
        /* GSO without CSUM counts as neither. */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, EMUNIC_RX_FEATURES_GSO);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        check_segments(&d.vf[1], frame, len, ip6, 1400, false);
        /* Whole, although longer than the longest frame */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES,
                      EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpmem(fr.data, fr.len, frame, len);
        g_assert_cmphex(fr.flags & EMUNIC_RX_GSO, !=, 0);
        g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
        g_assert_cmpuint(fr.cpl.gso_type, ==, meta.gso_type);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.gso_size), ==, 1400);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.hdr_len), ==, l4 + TCP);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, l4);
        /* Its segments are too long for this one. */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_FRAME, 1400);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
        expect_none(&d.vf[1]);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_FRAME, 9600);
    }
    /* 15 segments each, sent 10 times, of which 2 were too long */
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 150);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 120);
    g_assert_cmpuint(STAT(&d, 2, rx_too_long), ==, 30);
    g_assert_cmpuint(STAT(&d, 1, tx_bytes), ==,
                     5 * (20000 + 15 * (ETH + IP4 + TCP)) +
                     5 * (20000 + 15 * (ETH + IP6 + TCP)));
    qemunic_stop(d.nic);
}

/* Through a port VLAN on both sides, segmented behind it */
static void test_gso_vlan(void)
{
    g_autofree uint8_t *frame = g_malloc(70000);
    struct emunic_tx_meta meta;
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 20000);
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 1400);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    check_segments(&d.vf[1], frame, len, false, 1400, false);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES,
                  EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM |
                  EMUNIC_RX_FEATURES_VLAN_STRIP);
    meta.flags |= cpu_to_le16(EMUNIC_TX_VLAN);
    meta.vlan_tci = cpu_to_le16(77);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.vlan_tci), ==, 77);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.hdr_len), ==, ETH + IP4 + TCP);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, ETH + IP4);
    qemunic_stop(d.nic);
}

static void test_hash(void)
{
    uint8_t frame[200];
    QEmunicQueue second, third;
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    /* The published example of the hash: 66.9.149.187 to 161.142.100.80 */
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 50);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmphex(fr.flags & EMUNIC_RX_HASH, !=, 0);
    g_assert_cmphex(le32_to_cpu(fr.cpl.hash), ==, 0x51ccc178);
    g_assert_cmpuint(fr.cpl.hash_type, ==, EMUNIC_RX_HASH_L4);
    /* A fragment has no ports. */
    stw_be_p(frame + ETH + 6, 0x2000);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmphex(le32_to_cpu(fr.cpl.hash), ==, 0x323e8fc2);
    g_assert_cmpuint(fr.cpl.hash_type, ==, EMUNIC_RX_HASH_L3);
    /* With two running queues, this even one goes to the first ... */
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + 5 * EMUNIC_Q_STRIDE, 6,
                       3, &second);
    qemunic_queue_start(&second);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    /*
     * ... with three, entry 0x42 of the table to the first, where the hash
     * itself would pick the third ...
     */
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + 7 * EMUNIC_Q_STRIDE, 6,
                       3, &third);
    qemunic_queue_start(&third);
    g_assert_cmpuint(0x323e8fc2 % 3, ==, 2);
    g_assert_cmpuint(0x42 % 3, ==, 0);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    /* ... and with the first stopped, to another, which has no buffer. */
    qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 1);
    qemunic_stop(d.nic);
}

static void test_uplink(void)
{
    static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };
    uint8_t frame[FRAME_MAX], seen[FRAME_MAX];
    g_autofree char *args = NULL;
    struct emunic_tx_meta meta;
    size_t len;
    Frame fr;
    int fds[2];
    Data d;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    args = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
    data_start(&d, args, "max_vfs=2,netdev=up");

    build(frame, 200, vf_mac[1], far, 0x88b5);
    uplink_write(fds[0], frame, 200);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, 200);
    build(frame, 200, broadcast, far, 0x88b5);
    uplink_write(fds[0], frame, 200);
    g_assert_true(wait_receive(&d.vf[0], &fr));
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_true(wait_receive(&d.pf, &fr));

    /* Out: what is for nobody here, and broadcasts; not what is for a VF */
    build(frame, 150, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 150), ==, 0);
    build(frame, 160, far, vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 160), ==, 0);
    g_assert_cmpuint(uplink_read(fds[0], seen), ==, 160);
    g_assert_cmpmem(frame, 160, seen, 160);
    build(frame, 170, broadcast, vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 170), ==, 0);
    g_assert_cmpuint(uplink_read(fds[0], seen), ==, 170);

    /* The port VLAN's tag is seen outside. */
    set_port_vlan(&d, 1, 0x8100, 0x123, 5);
    build(frame, 160, far, vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 160), ==, 0);
    g_assert_cmpuint(uplink_read(fds[0], seen), ==, 164);
    g_assert_cmphex((uint32_t)ldl_be_p(seen + 12), ==, 0x8100a123);
    /* Back in with it, which takes it off */
    build(frame, 160, vf_mac[0], far, 0x88b5);
    len = 160;
    tag(frame, &len, 0x8100, 0x0123);
    uplink_write(fds[0], frame, 164);
    while (!wait_receive(&d.vf[0], &fr) || fr.len != 160) {
        ;
    }
    set_port_vlan(&d, 1, 0x8100, 0, 0);

    /* Segmented and with checksums */
    len = build_tcp(frame, false, far, vf_mac[0], 3000);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 1400);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    for (int i = 0; i < 3; i++) {
        len = uplink_read(fds[0], seen);
        g_assert_cmpuint(len, ==, ETH + IP4 + TCP + (i < 2 ? 1400 : 200));
        g_assert_true(l4_good(seen + ETH, seen + ETH + IP4,
                              len - ETH - IP4));
    }
    /* Link down and up again */
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'set_link', 'arguments':"
                             " {'name': 'up', 'up': false}}");
    g_assert_true(qemunic_wait(&d.vf[0].f, EMUNIC_STATUS,
                               EMUNIC_STATUS_LINK_UP, 0));
    g_assert_cmphex(qemunic_read(&d.pf.f, EMUNIC_CAUSE) & EMUNIC_CAUSE_LINK,
                    !=, 0);
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'set_link', 'arguments':"
                             " {'name': 'up', 'up': true}}");
    g_assert_true(qemunic_wait(&d.vf[0].f, EMUNIC_STATUS,
                               EMUNIC_STATUS_LINK_UP, EMUNIC_STATUS_LINK_UP));
    qemunic_stop(d.nic);
    close(fds[0]);
    close(fds[1]);
}

/* A backend that answers while the frame is still being sent to it */
static void test_uplink_answer(void)
{
    static const uint8_t arp[] = {
        0, 1, 8, 0, 6, 4, 0, 1,
        0x02, 0, 0, 0, 0, 0x20, 10, 0, 2, 15,
        0, 0, 0, 0, 0, 0, 10, 0, 2, 2,
    };
    uint8_t frame[60];
    Frame fr;
    Data d;

    data_start(&d, "-netdev user,id=up", "max_vfs=2,netdev=up");
    build(frame, sizeof(frame), broadcast, vf_mac[0], 0x0806);
    memcpy(frame + ETH, arp, sizeof(arp));
    for (int i = 0; i < 5; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, sizeof(frame)), ==,
                         0);
        /* Requests of the backend's own may come in between. */
        do {
            g_assert_true(wait_receive(&d.vf[0], &fr));
        } while (lduw_be_p(fr.data + 12) != 0x0806 ||
                 lduw_be_p(fr.data + ETH + 6) != 2);
        g_assert_cmpmem(fr.data, 6, vf_mac[0], 6);
        g_assert_cmphex((uint32_t)ldl_be_p(fr.data + ETH + 14), ==,
                        0x0a000202);
    }
    qemunic_stop(d.nic);
}

/* @fr has the sum of what it is, which the device could not judge. */
static void check_complete(const Frame *fr)
{
    g_assert_cmphex(fr->flags & (EMUNIC_RX_CSUM_COMPLETE | EMUNIC_RX_CSUM_OK |
                                 EMUNIC_RX_CSUM_PARTIAL), ==,
                    EMUNIC_RX_CSUM_COMPLETE);
    g_assert_cmphex(le16_to_cpu(fr->cpl.csum_start), ==,
                    sum16(fr->data + ETH, fr->len - ETH, 0));
}

static void test_csum_complete(void)
{
    uint8_t frame[3000];
    struct emunic_tx_meta meta;
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES,
                  EMUNIC_RX_FEATURES_CSUM | EMUNIC_RX_FEATURES_VLAN_STRIP |
                  EMUNIC_RX_FEATURES_CSUM_COMPLETE);
    /* What is not IP, of all lengths */
    for (len = 14; len < sizeof(frame); len += 1 + len / 3) {
        build(frame, len, vf_mac[1], vf_mac[0], 0x88b5);
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpuint(fr.len, ==, len);
        check_complete(&fr);
    }
    /* Another protocol, a wrong checksum, a fragment, UDP without one */
    for (int i = 0; i < 4; i++) {
        len = build_l4(frame, false, PROTO_UDP, vf_mac[1], vf_mac[0], 333);
        stw_be_p(frame + ETH + IP4 + 6, 0);
        stw_be_p(frame + ETH + IP4 + 6,
                 i == 3 ? 0 : ~sum16(frame + ETH + IP4, len - ETH - IP4,
                                     pseudo(frame + ETH, PROTO_UDP,
                                            len - ETH - IP4)));
        if (i == 0) {
            frame[ETH + 9] = 132;
        } else if (i == 1) {
            frame[len - 1] ^= 1;
        } else if (i == 2) {
            stw_be_p(frame + ETH + 6, 0x2000);
        }
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpmem(fr.data, fr.len, frame, len);
        check_complete(&fr);
    }
    /* As delivered: without the tags that are taken off */
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    memset(&meta, 0, sizeof(meta));
    meta.flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_VLAN);
    meta.vlan_tci = cpu_to_le16(0x777);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmphex(fr.flags & EMUNIC_RX_VLAN, !=, 0);
    check_complete(&fr);
    /* What is verified, and what is left to do, has no sum. */
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 333);
    set_meta(&meta, false, EMUNIC_TX_CSUM, 0);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_COMPLETE, ==, 0);
    stw_be_p(frame + ETH + IP4 + 16, ~sum16(frame + ETH + IP4, TCP + 333, 0));
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmphex(fr.flags & (EMUNIC_RX_CSUM_COMPLETE | EMUNIC_RX_CSUM_OK),
                    ==, EMUNIC_RX_CSUM_OK);
    /* Nor has one that nobody asked for. */
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, 0);
    frame[len - 1] ^= 1;
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmphex(fr.flags & (EMUNIC_RX_CSUM_COMPLETE | EMUNIC_RX_CSUM_OK),
                    ==, 0);
    g_assert_cmphex(fr.cpl.csum_start, ==, 0);
    qemunic_stop(d.nic);
}

/* A checksum must not reach what the switch decides on. */
static void test_csum_bounds(void)
{
    uint8_t frame[1500];
    uint8_t tagged[1504];
    struct emunic_tx_meta meta;
    size_t len;
    Data d;

    data_start(&d, "", "max_vfs=2");
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 333);
    memcpy(tagged, frame, 12);
    stl_be_p(tagged + 12, 0x81000000);
    memcpy(tagged + 16, frame + 12, len - 12);
    set_meta(&meta, false, EMUNIC_TX_CSUM, 0);
    for (uint16_t start = 0; start <= 18; start++) {
        uint16_t good = EMUNIC_TX_STATUS_OK, bad = EMUNIC_TX_STATUS_META;

        meta.csum_start = cpu_to_le16(start);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==,
                         start < 14 ? bad : good);
        g_assert_cmpuint(port_send(&d.vf[0], &meta, tagged, len + 4), ==,
                         start < 18 ? bad : good);
    }
    g_assert_cmpuint(STAT(&d, 1, tx_malformed), ==, 14 + 18);
    qemunic_stop(d.nic);
}

/* What a GSO frame may ask for has bounds. */
static void test_gso_bounds(void)
{
    g_autofree uint8_t *frame = g_malloc(70000);
    struct emunic_tx_meta meta;
    Frame fr;
    size_t len;
    Data d;

    data_start(&d, "", "max_vfs=2");
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES,
                  EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM);
    /* 1024 segments and no more */
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 10 * 1024);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 10);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, len);
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 10 * 1024 + 1);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==,
                     EMUNIC_TX_STATUS_META);
    meta.gso_size = cpu_to_le16(1);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==,
                     EMUNIC_TX_STATUS_META);
    /* The checksum field far behind the headers */
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 65000);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 1400);
    meta.csum_start = cpu_to_le16(60000);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==,
                     EMUNIC_TX_STATUS_META);
    meta.csum_start = cpu_to_le16(ETH + IP4);
    meta.csum_offset = cpu_to_le16(60000);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==,
                     EMUNIC_TX_STATUS_META);
    g_assert_cmpuint(STAT(&d, 1, tx_malformed), ==, 4);
    /* Too long in segments: not even the short last one arrives. */
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, 0);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_FRAME, 1400);
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 20000);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 1400);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, len), ==, 0);
    g_assert_false(port_receive(&d.vf[1], &fr));
    g_assert_cmpuint(STAT(&d, 2, rx_too_long), ==, 15);
    qemunic_stop(d.nic);
}

void emunic_add_offload_tests(void)
{
    qtest_add_func("emunic/csum-bounds", test_csum_bounds);
    qtest_add_func("emunic/gso-bounds", test_gso_bounds);
    qtest_add_func("emunic/csum", test_csum);
    qtest_add_func("emunic/csum-complete", test_csum_complete);
    qtest_add_func("emunic/gso", test_gso);
    qtest_add_func("emunic/gso-vlan", test_gso_vlan);
    qtest_add_func("emunic/hash", test_hash);
    qtest_add_func("emunic/uplink", test_uplink);
    qtest_add_func("emunic/uplink-answer", test_uplink_answer);
}

/*
 * emunic: receive offload: how many frames are open, and for how long
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-stream.h"
#include "emunic-test.h"

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };

/* How long they may become */
static void test_gro_limits(void)
{
    Stream s = { 0 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, ETH + IP4 + TCP + 3 * 1000);
    for (int i = 0; i < 7; i++) {
        put_next(&d, &s, 1000, ACK);
    }
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, 0, 3000, 1000, ACK);
    expect_piece(&d, &s, 3000, 3000, 1000, ACK);
    expect_piece(&d, &s, 6000, 1000, 0, ACK);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

#define FLOWS   512     /* that can be open in a queue */

/* An Rx queue whose frames stay open for @usecs */
static void rx_hold(Port *p, uint32_t usecs)
{
    qemunic_write(&p->f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_write(&p->f, EMUNIC_RX_BLOCK + EMUNIC_Q_MODERATION, usecs);
    qemunic_queue_init(&p->f, EMUNIC_RX_BLOCK, 6, 2, &p->rx);
    qemunic_queue_start(&p->rx);
    port_post(p, RX_POSTED);
}

/* How many may be open at a time: one more turns out the oldest. */
static void test_gro_flows(void)
{
    g_autofree Stream *flows = g_new0(Stream, FLOWS + 1);
    Port *from;
    Data d;

    data_start(&d, "", "max_vfs=2");
    from = &d.vf[0];
    rx_features(&d, GRO);
    rx_hold(&d.vf[1], 65535);
    qemunic_write(&from->f, EMUNIC_TX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_queue_init(&from->f, EMUNIC_TX_BLOCK, 10, 1, &from->tx);
    qemunic_queue_start(&from->tx);
    from->tx_buf = qemunic_alloc(d.nic, (FLOWS + 3) * SLOT);
    from->tx_slots = FLOWS + 3;
    for (int i = 0; i <= FLOWS; i++) {
        flows[i].port = i;
        put_next(&d, &flows[i], 100, ACK);
    }
    put_next(&d, &flows[1], 100, ACK | PSH);
    put_next(&d, &flows[FLOWS], 100, ACK | PSH);
    send_turn(from);
    expect_piece(&d, &flows[0], 0, 100, 0, ACK);
    expect_piece(&d, &flows[1], 0, 200, 100, ACK | PSH);
    expect_piece(&d, &flows[FLOWS], 0, 200, 100, ACK | PSH);
    qemunic_stop(d.nic);
}

/* Through a port VLAN, which the receiver does not see */
static void test_gro_vlan(void)
{
    struct emunic_tx_meta meta = {
        .flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_VLAN),
    };
    Stream s = { 0 };
    uint8_t frame[SLOT];
    Frame fr;
    size_t len;
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO | EMUNIC_RX_FEATURES_VLAN_STRIP);
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    for (int i = 0; i < 5; i++) {
        put_next(&d, &s, 700, ACK);
    }
    /* One with another tag is of another connection, or none of this one's. */
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 700, ACK);
        meta.vlan_tci = cpu_to_le16(i < 2 ? 5 : 6);
        put_in_turn(&d.vf[0], &meta, frame, len);
    }
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, 0, 3500, 700, ACK);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 1400);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.vlan_tci), ==, 5);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, ETH + IP4);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.vlan_tci), ==, 6);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* From the uplink, to several queues */
static void test_gro_uplink(void)
{
    g_autofree uint8_t *batch = g_malloc(65536);
    g_autofree char *args = NULL;
    QEmunicQueue second;
    Stream flows[4];
    size_t at = 0;
    Port to[2];
    int fds[2];
    Frame fr;
    Data d;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    args = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
    data_start(&d, args, "max_vfs=2,netdev=up");
    rx_features(&d, GRO);
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_STRIDE, 6, 3,
                       &second);
    qemunic_queue_start(&second);
    to[0] = to[1] = d.vf[1];
    to[1].rx = second;
    to[1].rx_buf = qemunic_alloc(d.nic, RX_POSTED * RX_BUF);
    port_post(&to[1], RX_POSTED);
    for (int i = 0; i < 4; i++) {
        flows[i] = (Stream) { .port = i };
    }
    for (int i = 0; i < 20; i++) {
        size_t len = next_segment(&flows[i % 4], batch + at + 4, 400, ACK);

        memcpy(batch + at + 4 + 6, far, 6);
        stl_be_p(batch + at, len);
        at += 4 + len;
    }
    /* Read by the backend at once, so that they all are of one run */
    g_assert_cmpint(write(fds[0], batch, at), ==, at);
    for (int i = 0; i < 4; i++) {
        bool found = wait_receive(&to[0], &fr) ||
                     wait_receive(&to[1], &fr);

        g_assert_true(found);
        g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 5 * 400);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.gso_size), ==, 400);
    }
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 20);
    qemunic_stop(d.nic);
    close(fds[0]);
    close(fds[1]);
}

/* A queue with MODERATION waits for more, but no longer than that. */
static void test_gro_moderation(void)
{
    bool merged = false;
    Stream s = { 0 };
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    for (int i = 0; i < 2; i++) {
        put_next(&d, &s, 500, ACK);
        send_turn(&d.vf[0]);
        expect_piece(&d, &s, i * 500, 500, 0, ACK);
    }
    rx_hold(&d.vf[1], 50000);
    /* The host may have been busy for longer than that. */
    for (int i = 0; i < 20 && !merged; i++) {
        uint32_t at = s.at;

        for (int n = 0; n < 3; n++) {
            put_next(&d, &s, 500, ACK);
            send_turn(&d.vf[0]);
        }
        do {
            qemunic_pass(d.nic, 51);
            g_assert_true(wait_receive(&d.vf[1], &fr));
            merged |= fr.len == ETH + IP4 + TCP + 1500;
            at += fr.len - ETH - IP4 - TCP;
        } while (at != s.at);
        nothing_more(&d);
    }
    g_assert_true(merged);
    /* What must be told at once is. */
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK | PSH);
    send_turn(&d.vf[0]);
    expect_piece(&d, &s, s.at - 1000, 1000, 500, ACK | PSH);
    qemunic_stop(d.nic);
}

/* A machine that stops leaves nothing open: here it moves. */
static void test_gro_migration(void)
{
    static const char device[] = "max_vfs=2,mac=02:01:02:03:04:05";
    Stream s = { 0 };
    Frame fr;
    Data d;

    data_start(&d, "", device);
    rx_features(&d, GRO);
    rx_hold(&d.vf[1], 65535);
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK);
    send_turn(&d.vf[0]);
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'stop'}");
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 1000);
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'cont'}");
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK);
    send_turn(&d.vf[0]);
    qemunic_migrate(d.nic, device);
    expect_piece(&d, &s, 1000, 1000, 500, ACK);
    nothing_more(&d);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 4);
    qemunic_stop(d.nic);
}

/* A queue that is stopped, and a function that is reset, get nothing more. */
static void test_gro_stop(void)
{
    uint8_t byte = 0x5a;
    Stream s = { 0 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    for (int i = 0; i < 2; i++) {
        uint64_t before = STAT(&d, 2, rx_no_buffer) +
                          STAT(&d, 2, rx_packets);

        rx_hold(&d.vf[1], 65535);
        put_next(&d, &s, 500, ACK);
        put_next(&d, &s, 500, ACK);
        send_turn(&d.vf[0]);
        if (i) {
            qemunic_write(&d.vf[1].f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
        } else {
            qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
        }
        qtest_memset(d.nic->qts, d.vf[1].rx_buf, byte, RX_BUF);
        qemunic_pass(d.nic, 70);
        qemunic_read(&d.vf[1].f, EMUNIC_ID);
        g_assert_cmphex(qtest_readb(d.nic->qts, d.vf[1].rx_buf), ==, byte);
        /* Delivered before, if the host was slow, or dropped */
        g_assert_cmpuint(STAT(&d, 2, rx_no_buffer) + STAT(&d, 2, rx_packets),
                         ==, before + 2);
    }
    qemunic_stop(d.nic);
}

/* Buffers run out, and the queue fails: segments are counted. */
static void test_gro_lost(void)
{
    struct emunic_rx_desc bad = {
        .addr = cpu_to_le64(1ull << 40),
        .len = cpu_to_le32(2048),
    };
    Stream a = { 0 }, b = { .port = 1 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    rx_features(&d, GRO);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
    qemunic_queue_start(&d.vf[1].rx);
    for (int i = 0; i < 5; i++) {
        put_next(&d, &a, 400, ACK);
    }
    send_turn(&d.vf[0]);
    nothing_more(&d);
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 5);
    qemunic_put(&d.vf[1].rx, &bad, sizeof(bad));
    qemunic_put(&d.vf[1].rx, &bad, sizeof(bad));
    qemunic_tail(&d.vf[1].rx);
    for (int i = 0; i < 5; i++) {
        put_next(&d, &a, 400, ACK);
        put_next(&d, &b, 400, ACK);
    }
    send_turn(&d.vf[0]);
    g_assert_true(qemunic_wait(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_ERROR,
                               ~0, EMUNIC_Q_ERROR_DMA));
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 15);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 0);
    /* And it begins anew. */
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
    qemunic_queue_start(&d.vf[1].rx);
    port_post(&d.vf[1], RX_POSTED);
    put_next(&d, &a, 400, ACK);
    put_next(&d, &a, 400, ACK);
    send_turn(&d.vf[0]);
    expect_piece(&d, &a, 4000, 800, 400, ACK);
    qemunic_stop(d.nic);
}

void emunic_add_gro_life_tests(void)
{
    qtest_add_func("emunic/gro-limits", test_gro_limits);
    qtest_add_func("emunic/gro-flows", test_gro_flows);
    qtest_add_func("emunic/gro-vlan", test_gro_vlan);
    qtest_add_func("emunic/gro-uplink", test_gro_uplink);
    qtest_add_func("emunic/gro-lost", test_gro_lost);
    qtest_add_func("emunic/gro-moderation", test_gro_moderation);
    qtest_add_func("emunic/gro-migration", test_gro_migration);
    qtest_add_func("emunic/gro-stop", test_gro_stop);
}

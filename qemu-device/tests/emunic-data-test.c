/*
 * emunic: frames through rings in guest memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"

static void test_loop(void)
{
    uint8_t frame[1500];
    Data d;

    data_start(&d, "", "max_vfs=2");
    /* VF to VF, also more often than the ring has entries */
    for (int i = 0; i < 200; i++) {
        size_t len = 60 + i * 7;

        build(frame, len, vf_mac[1], vf_mac[0], 0x88b5);
        frame[14] = i;
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        expect(&d.vf[1], frame, len);
    }
    expect_none(&d.pf);
    expect_none(&d.vf[0]);

    /* Pieces, and several frames with one kick */
    build(frame, 900, vf_mac[0], vf_mac[1], 0x88b5);
    port_put(&d.vf[1], NULL, frame, 900, 29);
    qemunic_tail(&d.vf[1].tx);
    g_assert_cmpuint(port_tx_done(&d.vf[1]), ==, 0);
    expect(&d.vf[0], frame, 900);

    /* To all but the sender */
    build(frame, 100, broadcast, vf_mac[1], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect(&d.pf, frame, 100);
    expect(&d.vf[0], frame, 100);
    expect_none(&d.vf[1]);
    g_assert_cmpuint(STAT(&d, 2, tx_broadcast), ==, 1);
    g_assert_cmpuint(STAT(&d, 0, rx_broadcast), ==, 1);

    /* To nobody known */
    build(frame, 100, (uint8_t *)"\x02\x99\0\0\0\0", vf_mac[1], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect_none(&d.pf);
    expect_none(&d.vf[0]);

    /* Multicast with a filter, and with ALLMULTI */
    build(frame, 100, (uint8_t *)"\x33\x33\0\0\0\x05", vf_mac[1], 0x88b5);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_MAC, 1, frame, 6);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect(&d.vf[0], frame, 100);
    expect_none(&d.pf);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_DEL_MAC, 1, frame, 6);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 0,
             &(uint32_t){ cpu_to_le32(EMUNIC_RX_MODE_ALLMULTI) }, 4);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect(&d.pf, frame, 100);
    expect_none(&d.vf[0]);

    /* A multicast source is refused. */
    build(frame, 100, vf_mac[0], broadcast, 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect_none(&d.vf[0]);
    g_assert_cmpuint(STAT(&d, 2, tx_dropped), ==, 1);

    /* Not enabled: dropped and counted; and Tx waits for ENABLE. */
    qemunic_write(&d.vf[0].f, EMUNIC_CTRL, 0);
    build(frame, 100, vf_mac[0], vf_mac[1], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    g_assert_cmpuint(STAT(&d, 1, rx_no_buffer), ==, 1);
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    port_put(&d.vf[0], NULL, frame, 100, 100);
    qemunic_tail(&d.vf[0].tx);
    expect_none(&d.vf[1]);
    qemunic_write(&d.vf[0].f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
    g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
    expect(&d.vf[1], frame, 100);
    qemunic_stop(d.nic);
}

static void test_rx_buffers(void)
{
    uint8_t frame[9216];
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    /* Several buffers for one frame */
    build(frame, 9216, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 9216), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.bufs, ==, 5);
    g_assert_cmpmem(fr.data, fr.len, frame, 9216);

    /* RX_MAX_FRAME */
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_FRAME, 1000);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 1001), ==, 0);
    expect_none(&d.vf[1]);
    g_assert_cmpuint(STAT(&d, 2, rx_too_long), ==, 1);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 1000), ==, 0);
    expect(&d.vf[1], frame, 1000);

    /* Buffers run out: frames are dropped whole. */
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_FRAME, 9600);
    for (int i = 0; i < 7; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 9216), ==, 0);
    }
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 1);
    for (int i = 0; i < 6; i++) {
        expect(&d.vf[1], frame, 9216);
    }
    expect_none(&d.vf[1]);
    qemunic_stop(d.nic);
}

static void test_tx_status(void)
{
    struct emunic_tx_meta meta = { .flags = cpu_to_le16(EMUNIC_TX_META) };
    uint8_t frame[9300];
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(frame, 9300, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 13), ==,
                     EMUNIC_TX_STATUS_LENGTH);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 9217), ==,
                     EMUNIC_TX_STATUS_LENGTH);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 14), ==, 0);
    expect(&d.vf[1], frame, 14);

    /* The checksum field beyond the frame */
    meta.flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_CSUM);
    meta.csum_start = cpu_to_le16(90);
    meta.csum_offset = cpu_to_le16(9);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, 100), ==,
                     EMUNIC_TX_STATUS_META);
    meta.csum_start = cpu_to_le16(65535);
    meta.csum_offset = cpu_to_le16(65535);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, 100), ==,
                     EMUNIC_TX_STATUS_META);
    /* GSO of what is not TCP, without CSUM, with an unknown type */
    meta.flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_GSO);
    meta.gso_size = cpu_to_le16(1000);
    meta.gso_type = EMUNIC_GSO_TCPV4;
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, 3000), ==,
                     EMUNIC_TX_STATUS_META);
    meta.flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_GSO | EMUNIC_TX_CSUM);
    meta.csum_start = cpu_to_le16(34);
    meta.csum_offset = cpu_to_le16(16);
    meta.hdr_len = cpu_to_le16(54);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, 3000), ==,
                     EMUNIC_TX_STATUS_META);
    meta.gso_type = 9;
    g_assert_cmpuint(port_send(&d.vf[0], &meta, frame, 3000), ==,
                     EMUNIC_TX_STATUS_META);
    g_assert_cmpuint(STAT(&d, 1, tx_malformed), ==, 7);
    expect_none(&d.vf[1]);
    qemunic_stop(d.nic);
}

/* One bad thing in a fresh queue; its neighbours must not notice. */
static void check_tx_error(const struct emunic_tx_desc *desc, uint32_t count,
                           uint32_t tail, uint32_t error)
{
    struct emunic_event e;
    uint8_t frame[100];
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    for (uint32_t i = 0; i < count; i++) {
        qemunic_put(&d.vf[0].tx, &desc[i], sizeof(*desc));
    }
    d.vf[0].tx.tail = tail;
    qemunic_tail(&d.vf[0].tx);
    g_assert_true(qemunic_wait(&d.vf[0].f, EMUNIC_TX_BLOCK + EMUNIC_Q_STATE,
                               ~0, EMUNIC_Q_STATE_ERROR));
    g_assert_cmpuint(qemunic_read(&d.vf[0].f,
                                  EMUNIC_TX_BLOCK + EMUNIC_Q_ERROR), ==,
                     error);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_CAUSE) &
                    EMUNIC_CAUSE_QUEUE_ERROR, !=, 0);
    do {
        g_assert_true(qemunic_event(&d.event, &e));
    } while (e.type == EMUNIC_EVENT_VF_RESET);
    g_assert_cmpuint(e.type, ==, EMUNIC_EVENT_QUEUE_ERROR);
    g_assert_cmpuint(e.vport, ==, 1);
    g_assert_cmphex(ldq_le_p(e.data), ==, 0x100000000ull | error << 16);
    g_assert_cmpuint(STAT(&d, 1, queue_errors), ==, 1);

    /* Others go on, and so does this one after a new START. */
    build(frame, 100, vf_mac[0], vf_mac[1], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect(&d.vf[0], frame, 100);
    qemunic_queue_init(&d.vf[0].f, EMUNIC_TX_BLOCK, 6, 1, &d.vf[0].tx);
    qemunic_queue_start(&d.vf[0].tx);
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    qemunic_stop(d.nic);
}

/* Metadata and as many pieces as there may be, across the ring's end, too */
static void test_tx_longest(void)
{
    struct emunic_tx_meta meta = { .flags = cpu_to_le16(EMUNIC_TX_META) };
    uint8_t frame[EMUNIC_TX_MAX_DESCS * 50];
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    for (int i = 1; i <= 4; i++) {
        port_put(&d.vf[0], &meta, frame, sizeof(frame), 50);
        g_assert_cmpuint(d.vf[0].tx.tail, ==, i * (EMUNIC_TX_MAX_DESCS + 1));
        qemunic_tail(&d.vf[0].tx);
        g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, EMUNIC_TX_STATUS_OK);
        expect(&d.vf[1], frame, sizeof(frame));
    }
    qemunic_stop(d.nic);
}

static void test_tx_errors(void)
{
    struct emunic_tx_desc d[EMUNIC_TX_MAX_DESCS + 1] = { 0 };

    for (int i = 0; i < ARRAY_SIZE(d); i++) {
        d[i].addr = cpu_to_le64(0x200000);
        d[i].len = cpu_to_le32(10);
    }
    check_tx_error(d, ARRAY_SIZE(d), ARRAY_SIZE(d), EMUNIC_Q_ERROR_CHAIN);
    check_tx_error(d, 1, 65, EMUNIC_Q_ERROR_INDEX);
    d[1].len = 0;
    check_tx_error(d, 2, 2, EMUNIC_Q_ERROR_DESC);
    d[1].len = cpu_to_le32(65536);
    check_tx_error(d, 2, 2, EMUNIC_Q_ERROR_DESC);
    d[1].len = cpu_to_le32(10);
    d[1].reserved = 1;
    check_tx_error(d, 2, 2, EMUNIC_Q_ERROR_DESC);
    d[1].reserved = 0;
    d[1].flags = cpu_to_le16(EMUNIC_TX_META);
    check_tx_error(d, 2, 2, EMUNIC_Q_ERROR_DESC);
    d[0].flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_EOP);
    check_tx_error(d, 1, 1, EMUNIC_Q_ERROR_DESC);
    d[0].flags = cpu_to_le16(0x8000 | EMUNIC_TX_EOP);
    check_tx_error(d, 1, 1, EMUNIC_Q_ERROR_DESC);
    /* The end of memory */
    d[0].flags = cpu_to_le16(EMUNIC_TX_EOP);
    d[0].len = cpu_to_le32(100);
    d[0].addr = cpu_to_le64(0x4000000 - 50);
    check_tx_error(d, 1, 1, EMUNIC_Q_ERROR_DMA);
}

static void test_rx_errors(void)
{
    struct emunic_rx_desc bad = { .addr = cpu_to_le64(1ull << 40) };
    static const struct { uint32_t len, reserved, error; } cases[] = {
        { 255, 0, EMUNIC_Q_ERROR_DESC },
        { 65537, 0, EMUNIC_Q_ERROR_DESC },
        { 2048, 1, EMUNIC_Q_ERROR_DESC },
        { 2048, 0, EMUNIC_Q_ERROR_DMA },
    };
    uint8_t frame[100];
    Data d;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        data_start(&d, "", "max_vfs=2");
        qemunic_queue_init(&d.vf[0].f, EMUNIC_RX_BLOCK + EMUNIC_Q_STRIDE, 6, 0,
                           &d.vf[0].rx);
        qemunic_write(&d.vf[0].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
        qemunic_queue_start(&d.vf[0].rx);
        bad.len = cpu_to_le32(cases[i].len);
        bad.reserved = cpu_to_le16(cases[i].reserved);
        qemunic_put(&d.vf[0].rx, &bad, sizeof(bad));
        qemunic_tail(&d.vf[0].rx);
        build(frame, 100, vf_mac[0], vf_mac[1], 0x88b5);
        g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
        g_assert_cmpuint(qemunic_read(&d.vf[0].f, EMUNIC_RX_BLOCK +
                                      EMUNIC_Q_STRIDE + EMUNIC_Q_ERROR), ==,
                         cases[i].error);
        g_assert_cmpuint(STAT(&d, 1, rx_no_buffer), ==, 1);
        qemunic_stop(d.nic);
    }
}

static void test_vlan(void)
{
    struct emunic_tx_meta meta = {
        .flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_VLAN),
        .vlan_tci = cpu_to_le16(0x6064),
    };
    uint8_t plain[100], frame[120], twice[124];
    size_t len = 100;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(plain, 100, vf_mac[1], vf_mac[0], 0x88b5);
    memcpy(frame, plain, 100);
    tag(frame, &len, 0x8100, 0x6064);

    /* Tagged, by the frame or by the device: a filter is needed. */
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, plain, 100), ==, 0);
    expect_none(&d.vf[1]);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_VLAN, 2,
             &(uint16_t){ cpu_to_le16(100) }, 2);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect(&d.vf[1], frame, len);
    g_assert_cmpuint(port_send(&d.vf[0], &meta, plain, 100), ==, 0);
    expect(&d.vf[1], frame, len);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES,
                  EMUNIC_RX_FEATURES_VLAN_STRIP);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, plain, 100);
    g_assert_cmphex(fr.flags & EMUNIC_RX_VLAN, !=, 0);
    g_assert_cmphex(le16_to_cpu(fr.cpl.vlan_tci), ==, 0x6064);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_FEATURES, 0);

    /* Port VLAN: neither side sees it, others do not see the frames. */
    set_port_vlan(&d, 1, 0x8100, 7, 3);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, plain, 100), ==, 0);
    expect_none(&d.vf[1]);
    set_port_vlan(&d, 2, 0x8100, 7, 0);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, plain, 100), ==, 0);
    expect(&d.vf[1], plain, 100);
    /* A tag of its own is refused, a priority tag replaced. */
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect_none(&d.vf[1]);
    g_assert_cmpuint(STAT(&d, 1, tx_dropped), ==, 1);
    stw_be_p(frame + 14, 0x6000);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect(&d.vf[1], plain, 100);
    /* Nor does a priority tag bring in another one behind it. */
    memcpy(twice, frame, 16);
    stl_be_p(twice + 16, 0x810000c8);
    memcpy(twice + 20, frame + 16, len - 16);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, twice, len + 4), ==, 0);
    expect_none(&d.vf[1]);
    g_assert_cmpuint(STAT(&d, 1, tx_dropped), ==, 2);

    /* What a trunk sees of it: the PF with VLAN 7 */
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_VLAN, 0,
             &(uint16_t){ cpu_to_le16(7) }, 2);
    memcpy(plain, pf_mac, 6);
    memcpy(frame, pf_mac, 6);
    stw_be_p(frame + 14, 0x6007);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, plain, 100), ==, 0);
    expect(&d.pf, frame, len);

    /* 802.1ad outside of whatever there is */
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    memcpy(frame, vf_mac[1], 6);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect(&d.vf[1], frame, len);
    set_port_vlan(&d, 2, 0x8100, 9, 0);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect_none(&d.vf[1]);
    qemunic_stop(d.nic);
}

static void wait_msi(QEmunic *nic, uint64_t addr, uint32_t value)
{
    for (int i = 0; i < 1000 && qtest_readl(nic->qts, addr) != value; i++) {
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readl(nic->qts, addr), ==, value);
    qtest_writel(nic->qts, addr, 0);
}

static void test_interrupts(void)
{
    uint64_t msi, cq_event;
    uint8_t frame[100];
    Data d;

    data_start(&d, "", "max_vfs=2");
    msi = qemunic_alloc(d.nic, 4096);
    qemunic_msix(&d.vf[1].f, 2, msi, 0x42);
    cq_event = d.vf[1].rx.shadow + offsetof(struct emunic_shadow, cq_event);
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);

    /* Event index 0: the first completion passes it. */
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    wait_msi(d.nic, msi, 0x42);
    /* Not armed again: quiet */
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    qemunic_read(&d.vf[1].f, EMUNIC_ID);
    g_assert_cmphex(qtest_readl(d.nic->qts, msi), ==, 0);
    /* Armed for the third next: the first two are quiet. */
    qtest_writel(d.nic->qts, cq_event, d.vf[1].rx.cq_head + 2);
    for (int i = 0; i < 3; i++) {
        g_assert_cmphex(qtest_readl(d.nic->qts, msi), ==, 0);
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect(&d.vf[1], frame, 100);
    }
    wait_msi(d.nic, msi, 0x42);
    qemunic_stop(d.nic);
}

static void test_stop_start(void)
{
    uint8_t frame[100];
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    for (int round = 0; round < 3; round++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect(&d.vf[1], frame, 100);

        /* A stopped Rx queue takes nothing. */
        qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
        g_assert_true(qemunic_wait(&d.vf[1].f,
                                   EMUNIC_RX_BLOCK + EMUNIC_Q_STATE, ~0,
                                   EMUNIC_Q_STATE_STOPPED));
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect_none(&d.vf[1]);
        qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
        qemunic_queue_start(&d.vf[1].rx);
        port_post(&d.vf[1], RX_POSTED);

        /* A stopped Tx queue sends nothing; what it has goes on START. */
        qemunic_write(&d.vf[0].f, EMUNIC_TX_BLOCK + EMUNIC_Q_CTRL, 0);
        qemunic_queue_init(&d.vf[0].f, EMUNIC_TX_BLOCK, 6, 1, &d.vf[0].tx);
        port_put(&d.vf[0], NULL, frame, 100, 50);
        qemunic_tail(&d.vf[0].tx);
        expect_none(&d.vf[1]);
        qemunic_queue_start(&d.vf[0].tx);
        g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
        expect(&d.vf[1], frame, 100);
    }
    /* FLR in the middle leaves the other VF alone. */
    qemunic_flr(&d.vf[1].f);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    qemunic_map(&d.vf[1].f, true);
    port_start(&d.vf[1], 2, &d.admin, vf_mac[1]);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    qemunic_stop(d.nic);
}

/* Frames that make a queue busy */
#define MANY 28

static uint32_t tx_event(Data *d)
{
    return qtest_readl(d->nic->qts, d->vf[0].tx.shadow +
                       offsetof(struct emunic_shadow, sq_event));
}

/* Frames of 60 bytes from the first VF to the second */
static void put_frames(Data *d, int count)
{
    uint8_t frame[60];

    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    for (int i = 0; i < count; i++) {
        port_put(&d->vf[0], NULL, frame, sizeof(frame), sizeof(frame));
    }
}

/* False: a kick was asked for. */
static bool sent_without_kick(Data *d, int count)
{
    put_frames(d, count);
    return !qemunic_tail(&d->vf[0].tx);
}

static void expect_frames(Data *d, int count)
{
    Frame fr;

    while (count--) {
        g_assert_true(wait_receive(&d->vf[1], &fr));
    }
}

/* A kick is asked for, soon enough. */
static void expect_sleep(Data *d)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;

    while (tx_event(d) != d->vf[0].tx.tail) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
    }
}

/*
 * A queue that gave few frames sleeps. One that gave many is
 * looked at without a kick, for a time that this test may be too slow for many
 * times, and sleeps then.
 */
static void test_doze(void)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;
    bool without;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int i = 0; i < 5; i++) {
        expect_sleep(&d);
        g_assert_false(sent_without_kick(&d, 1));
        expect_frames(&d, 1);
    }
    do {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        expect_sleep(&d);
        g_assert_false(sent_without_kick(&d, MANY));
        expect_frames(&d, 1);
        without = sent_without_kick(&d, 1);
        expect_frames(&d, MANY);
    } while (!without);
    expect_sleep(&d);

    /* Its function is reset, or it is stopped, meanwhile. */
    for (int i = 0; i < 20; i++) {
        sent_without_kick(&d, MANY);
        expect_frames(&d, MANY);
        if (i & 1) {
            qemunic_flr(&d.vf[0].f);
            qemunic_map(&d.vf[0].f, true);
            port_start(&d.vf[0], 1, &d.admin, vf_mac[0]);
        } else {
            qemunic_write(&d.vf[0].f, EMUNIC_TX_BLOCK + EMUNIC_Q_CTRL, 0);
            qemunic_queue_init(&d.vf[0].f, EMUNIC_TX_BLOCK, 6, 1, &d.vf[0].tx);
            qemunic_queue_start(&d.vf[0].tx);
        }
        sent_without_kick(&d, 1);
        expect_frames(&d, 1);
    }
    qemunic_stop(d.nic);
}

/* The first VF again, with its second Tx queue in place of the first */
static void second_queue(Data *d, Port *other)
{
    *other = d->vf[0];
    other->tx_buf = qemunic_alloc(d->nic, TX_BUF);
    qemunic_queue_init(&other->f, EMUNIC_TX_BLOCK + EMUNIC_Q_STRIDE, 6, 1,
                       &other->tx);
    qemunic_queue_start(&other->tx);
}

/* Queues have their turns in the order in which they were kicked. */
static void test_kick_order(void)
{
    uint8_t frame[61];
    Port other;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    second_queue(&d, &other);
    for (int round = 0; round < 4; round++) {
        Port *port[] = { &other, &d.vf[0] };

        /* What waits for ENABLE waits together. */
        qemunic_write(&d.vf[0].f, EMUNIC_CTRL, 0);
        for (int i = 0; i < 2; i++) {
            Port *from = port[i ^ (round & 1)];
            size_t len = 60 + i;

            build(frame, len, vf_mac[1], vf_mac[0], 0x88b5);
            port_put(from, NULL, frame, len, len);
            qemunic_tail(&from->tx);
        }
        qemunic_write(&d.vf[0].f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
        for (int i = 0; i < 2; i++) {
            g_assert_true(wait_receive(&d.vf[1], &fr));
            g_assert_cmpuint(fr.len, ==, 60 + i);
        }
    }
    qemunic_stop(d.nic);
}

/* A frame of one queue that dozes, then one of another: in this order. */
static void test_doze_order(void)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;
    uint8_t frame[61];
    int dozed = 0;
    Port other;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    second_queue(&d, &other);
    while (dozed < 20) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        expect_sleep(&d);
        g_assert_false(sent_without_kick(&d, MANY));
        expect_frames(&d, 1);
        dozed += sent_without_kick(&d, 1);
        port_put(&other, NULL, frame, sizeof(frame), sizeof(frame));
        qemunic_tail(&other.tx);
        for (int i = 0; i < MANY + 1; i++) {
            g_assert_true(wait_receive(&d.vf[1], &fr));
            g_assert_cmpuint(fr.len, ==, i < MANY ? 60 : 61);
        }
    }
    qemunic_stop(d.nic);
}

/* The first VF kicks @count times for nothing. Is a frame sent later then? */
static bool late_after(Data *d, int count)
{
    Frame fr;

    expect_sleep(d);
    while (count--) {
        qemunic_write(&d->vf[0].f, EMUNIC_KICK, 1);
    }
    sent_without_kick(d, 1);
    if (port_receive(&d->vf[1], &fr)) {
        return false;
    }
    expect_frames(d, 1);
    return true;
}

/*
 * A driver that kicks for nothing, time after time, has its frames sent later,
 * and at once again when some came.
 */
static void test_kicks_in_vain(void)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;
    Data d;

    data_start(&d, "", "max_vfs=2");
    while (!late_after(&d, 200)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
    }
    while (late_after(&d, 3)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
    }
    qemunic_stop(d.nic);
}

#define OTHERS      8
#define BUSY_US     2400    /* a queue that gave many frames dozes as long */

/* Many kicks of others, after which these are as new */
static void kick_others(QEmunicQueue *other)
{
    for (int i = 0; i < 10 * OTHERS; i++) {
        qemunic_write(other->f, EMUNIC_KICK, 2 << i % OTHERS);
    }
    for (int i = 0; i < OTHERS; i++) {
        qemunic_write(other->f, other[i].block + EMUNIC_Q_CTRL, 0);
        qemunic_write(other->f, other[i].block + EMUNIC_Q_CTRL,
                      EMUNIC_Q_CTRL_START);
    }
}

/*
 * Kicks of other queues bring looks at one that dozes. That it has nothing then
 * does not make its own kicks vain, but this test may be too slow for that to
 * be seen many times.
 */
static void test_kicks_of_others(void)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;
    QEmunicQueue other[OTHERS];
    int fast = 0;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int i = 0; i < OTHERS; i++) {
        qemunic_queue_init(&d.vf[0].f, EMUNIC_TX_BLOCK + (1 + i) *
                           EMUNIC_Q_STRIDE, 6, 1, &other[i]);
        qemunic_queue_start(&other[i]);
    }
    while (fast < 5 && g_get_monotonic_time() < end) {
        gint64 from;
        Frame fr;

        expect_sleep(&d);
        put_frames(&d, MANY);
        from = g_get_monotonic_time();
        g_assert_true(qemunic_tail(&d.vf[0].tx));
        kick_others(other);
        fast += g_get_monotonic_time() - from < BUSY_US;
        expect_frames(&d, MANY);
        expect_sleep(&d);
        g_usleep(QUIET_US);
        g_assert_false(sent_without_kick(&d, 1));
        g_assert_true(port_receive(&d.vf[1], &fr));
    }
    g_test_message("%d", fast);
    qemunic_stop(d.nic);
}

/*
 * A kick after some quiet is served where it is written; the interrupt that
 * comes of it kicks the other VF, which has a frame, or the same one again.
 */
static void test_kick_by_interrupt(void)
{
    uint8_t there[100], back[100];
    Data d;

    build(there, sizeof(there), vf_mac[1], vf_mac[0], 0x88b5);
    build(back, sizeof(back), vf_mac[0], vf_mac[1], 0x88b5);
    for (int i = 0; i < 2; i++) {
        Port *a = &d.vf[0], *b = &d.vf[1];

        data_start(&d, "", "max_vfs=2");
        qemunic_msix(&a->f, 1, d.vf[i].f.bar0 + EMUNIC_KICK, 1);
        port_put(b, NULL, back, sizeof(back), sizeof(back));
        qtest_writel(d.nic->qts,
                     b->tx.shadow + offsetof(struct emunic_shadow, sq_tail),
                     b->tx.tail);
        port_put(a, NULL, there, sizeof(there), sizeof(there));
        g_usleep(QUIET_US);
        qemunic_tail(&a->tx);
        expect(b, there, sizeof(there));
        if (i) {
            expect(a, back, sizeof(back));
        }
        g_assert_cmpuint(port_send(&d.pf, NULL, there, sizeof(there)), ==, 0);
        expect(b, there, sizeof(there));
        qemunic_stop(d.nic);
    }
}

void emunic_add_data_tests(void)
{
    qtest_add_func("emunic/loop", test_loop);
    qtest_add_func("emunic/rx-buffers", test_rx_buffers);
    qtest_add_func("emunic/tx-status", test_tx_status);
    qtest_add_func("emunic/tx-longest", test_tx_longest);
    qtest_add_func("emunic/tx-errors", test_tx_errors);
    qtest_add_func("emunic/rx-errors", test_rx_errors);
    qtest_add_func("emunic/vlan", test_vlan);
    qtest_add_func("emunic/interrupts", test_interrupts);
    qtest_add_func("emunic/stop-start", test_stop_start);
    qtest_add_func("emunic/doze", test_doze);
    qtest_add_func("emunic/doze-order", test_doze_order);
    qtest_add_func("emunic/kick-order", test_kick_order);
    qtest_add_func("emunic/kicks-in-vain", test_kicks_in_vain);
    qtest_add_func("emunic/kicks-of-others", test_kicks_of_others);
    qtest_add_func("emunic/kick-by-interrupt", test_kick_by_interrupt);
}

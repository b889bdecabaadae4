/*
 * emunic: the port: counters of the uplink, and PAUSE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"

#define PAUSE_ROUNDS 10

#define PORT_STAT(d, name) \
    port_stat(d, offsetof(struct emunic_port_stats, name))

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };
static const uint8_t control_mac[6] = { 0x01, 0x80, 0xc2, 0, 0, 0x01 };

/* The device, and the other end of its uplink */
static int port_data_start(Data *d, const char *device)
{
    g_autofree char *args = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    args = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
    data_start(d, args, device);
    close(fds[1]);
    return fds[0];
}

static uint64_t port_stat(Data *d, size_t offset)
{
    uint64_t data = qemunic_alloc(d->nic, 4096);

    g_assert_cmpuint(qemunic_admin(&d->admin, EMUNIC_ADMIN_PORT_GET_STATS, 0,
                                   NULL, 0, data, 256), ==, 0);
    return qtest_readq(d->nic->qts, data + offset);
}

static uint16_t set_pause(Data *d, uint16_t vport, uint32_t pause)
{
    struct emunic_admin_pause arg = { cpu_to_le32(pause) };

    return qemunic_admin(&d->admin, EMUNIC_ADMIN_PORT_SET_PAUSE, vport, &arg,
                         sizeof(arg), 0, 0);
}

static void build_pause(uint8_t *frame, const uint8_t *src, uint16_t quanta)
{
    memset(frame, 0, 60);
    memcpy(frame, control_mac, 6);
    memcpy(frame + 6, src, 6);
    stw_be_p(frame + 12, 0x8808);
    stw_be_p(frame + 14, 1);
    stw_be_p(frame + 16, quanta);
}

/* Until the device has taken @count frames from the uplink */
static void wait_rx(Data *d, uint64_t count)
{
    for (int i = 0; i < 2000; i++) {
        if (PORT_STAT(d, rx_frames) + PORT_STAT(d, rx_control) +
            PORT_STAT(d, rx_too_short) == count) {
            return;
        }
        g_usleep(1000);
    }
    g_assert_not_reached();
}

static void test_stats(void)
{
    static const uint32_t sizes[EMUNIC_PORT_SIZES][2] = {
        { 14, 60 }, { 61, 123 }, { 124, 251 }, { 252, 507 }, { 508, 1019 },
        { 1020, 1514 }, { 1515, 9216 },
    };
    uint8_t frame[FRAME_MAX], seen[FRAME_MAX];
    uint64_t octets = 0, count = 0;
    Data d;
    int fd = port_data_start(&d, "max_vfs=2,netdev=up");

    for (int i = 0; i < EMUNIC_PORT_SIZES; i++) {
        for (int side = 0; side < 2; side++) {
            uint32_t len = sizes[i][side];

            build(frame, len, far, vf_mac[0], 0x88b5);
            g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
            g_assert_cmpuint(uplink_read(fd, seen), ==, len);
            build(frame, len, i ? vf_mac[1] : far, far, 0x88b5);
            uplink_write(fd, frame, len);
            octets += len;
            wait_rx(&d, ++count);
        }
    }
    build(frame, 60, broadcast, vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 60), ==, 0);
    uplink_write(fd, frame, 60);
    build(frame, 60, (uint8_t *)"\x33\x33\0\0\0\x05", vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 60), ==, 0);
    uplink_write(fd, frame, 60);
    uplink_write(fd, frame, 13);
    wait_rx(&d, count + 3);

    /* Between vports nothing crosses the uplink. */
    build(frame, 60, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 60), ==, 0);

    g_assert_cmpuint(PORT_STAT(&d, tx_frames), ==, count + 2);
    g_assert_cmpuint(PORT_STAT(&d, tx_octets), ==, octets + 120);
    g_assert_cmpuint(PORT_STAT(&d, tx_multicast), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, tx_broadcast), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, tx_pause), ==, 0);
    g_assert_cmpuint(PORT_STAT(&d, rx_frames), ==, count + 2);
    g_assert_cmpuint(PORT_STAT(&d, rx_octets), ==, octets + 120);
    g_assert_cmpuint(PORT_STAT(&d, rx_multicast), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, rx_broadcast), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, rx_too_short), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, rx_too_long), ==, 0);
    /* Two to nobody, and the multicast */
    g_assert_cmpuint(PORT_STAT(&d, rx_unclaimed), ==, 3);
    for (int i = 0; i < EMUNIC_PORT_SIZES; i++) {
        g_assert_cmpuint(PORT_STAT(&d, tx_sizes[i]), ==, i ? 2 : 4);
        g_assert_cmpuint(PORT_STAT(&d, rx_sizes[i]), ==, i ? 2 : 4);
    }

    g_assert_cmpuint(qemunic_admin(&d.admin, EMUNIC_ADMIN_PORT_GET_STATS, 0,
                                   NULL, 0, 0x200000, 255), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(qemunic_admin(&d.admin, EMUNIC_ADMIN_PORT_GET_STATS, 1,
                                   NULL, 0, 0x200000, 256), ==,
                     EMUNIC_ADMIN_ST_VPORT);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_CLEAR, 1, NULL, 0);
    g_assert_cmpuint(PORT_STAT(&d, tx_frames), ==, count + 2);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_CLEAR, 0, NULL, 0);
    g_assert_cmpuint(PORT_STAT(&d, tx_frames), ==, 0);
    g_assert_cmpuint(PORT_STAT(&d, rx_sizes[0]), ==, 0);
    qemunic_stop(d.nic);
    close(fd);
}

/* MAC control frames: whose they are, and what they are counted as */
static void test_control(void)
{
    uint8_t frame[100], seen[FRAME_MAX];
    Frame fr;
    Data d;
    int fd = port_data_start(&d, "max_vfs=2,netdev=up");

    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1,
             &(uint32_t){ cpu_to_le32(EMUNIC_RX_MODE_ALLMULTI) }, 4);
    build_pause(frame, far, 100);
    uplink_write(fd, frame, 60);
    /* An opcode that is none of its business is a frame like any other. */
    stw_be_p(frame + 14, 0x101);
    uplink_write(fd, frame, 60);
    g_assert_true(wait_receive(&d.vf[0], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, 60);
    expect_none(&d.vf[0]);
    g_assert_cmpuint(PORT_STAT(&d, rx_frames), ==, 0);
    g_assert_cmpuint(PORT_STAT(&d, rx_control), ==, 2);
    g_assert_cmpuint(PORT_STAT(&d, rx_pause), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, rx_unsupported), ==, 1);

    /* A VF may not, the PF may, and only to the uplink. */
    build_pause(frame, vf_mac[1], 100);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 60), ==, 0);
    g_assert_cmpuint(STAT(&d, 2, tx_dropped), ==, 1);
    stw_be_p(frame + 14, 0x101);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 60), ==, 0);
    g_assert_cmpuint(STAT(&d, 2, tx_dropped), ==, 2);
    g_assert_cmpuint(STAT(&d, 2, tx_packets), ==, 0);
    build_pause(frame, pf_mac, 100);
    g_assert_cmpuint(port_send(&d.pf, NULL, frame, 60), ==, 0);
    expect_none(&d.vf[0]);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 60);
    g_assert_cmpmem(seen, 60, frame, 60);
    g_assert_cmpuint(PORT_STAT(&d, tx_pause), ==, 1);
    g_assert_cmpuint(PORT_STAT(&d, tx_frames), ==, 0);

    g_assert_cmpuint(set_pause(&d, 0, 4), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set_pause(&d, 1, 1), ==, EMUNIC_ADMIN_ST_VPORT);
    qemunic_stop(d.nic);
    close(fd);
}

static bool port_sent(Port *p)
{
    struct emunic_tx_cpl cpl;

    return qemunic_queue_next(&p->tx, sizeof(cpl),
                              offsetof(struct emunic_tx_cpl, flags), &cpl);
}

static void pause_and_send(Data *d, int fd, uint16_t quanta, uint8_t *frame)
{
    uint64_t before = PORT_STAT(d, rx_pause);

    build_pause(frame, far, quanta);
    uplink_write(fd, frame, 60);
    while (PORT_STAT(d, rx_pause) == before) {
        g_usleep(500);
    }
    build(frame, 200, far, vf_mac[0], 0x88b5);
    port_put(&d->vf[0], NULL, frame, 200, 200);
    qemunic_tail(&d->vf[0].tx);
}

/* One quantum is 512 us at 1 Mbit/s: the longest PAUSE is 33 s. */
static void test_pause_rx(void)
{
    uint8_t frame[200], seen[FRAME_MAX];
    Data d;
    int fd = port_data_start(&d, "max_vfs=2,netdev=up,speed=1");

    /* Not asked for: nobody waits. */
    pause_and_send(&d, fd, 0xffff, frame);
    g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 200);

    g_assert_cmpuint(set_pause(&d, 0, EMUNIC_PAUSE_RX), ==, 0);
    pause_and_send(&d, fd, 0xffff, frame);
    /* What is not for the uplink goes on. */
    build(frame, 100, vf_mac[0], vf_mac[1], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
    expect(&d.vf[0], frame, 100);
    qemunic_pass(d.nic, 20);
    g_assert_false(port_sent(&d.vf[0]));
    g_assert_cmpuint(PORT_STAT(&d, tx_frames), ==, 1);
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 1);
    /* Released by one of 0 */
    build_pause(frame, far, 0);
    uplink_write(fd, frame, 60);
    g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 200);

    /* By time */
    pause_and_send(&d, fd, 600, frame);
    g_assert_false(port_sent(&d.vf[0]));
    qemunic_pass(d.nic, 320);
    g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 200);

    /* By the driver, and by a reset */
    pause_and_send(&d, fd, 0xffff, frame);
    qemunic_pass(d.nic, 5);
    g_assert_false(port_sent(&d.vf[0]));
    g_assert_cmpuint(set_pause(&d, 0, 0), ==, 0);
    g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 200);
    qemunic_stop(d.nic);
    close(fd);
}

static void test_pause_tx(void)
{
    uint8_t frame[200], seen[FRAME_MAX];
    Frame fr;
    Data d;
    int fd = port_data_start(&d, "max_vfs=2,netdev=up,speed=10");

    /* Neither the lack of a VF nor frames of a VF make the port ask. */
    g_assert_cmpuint(set_pause(&d, 0, EMUNIC_PAUSE_TX), ==, 0);
    build(frame, 200, vf_mac[0], far, 0x88b5);
    for (int i = 0; i < RX_POSTED + 2; i++) {
        uplink_write(fd, frame, 200);
    }
    wait_rx(&d, RX_POSTED + 2);
    build(frame, 200, pf_mac, vf_mac[0], 0x88b5);
    for (int i = 0; i < RX_POSTED + 2; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 200), ==, 0);
    }
    g_assert_cmpuint(STAT(&d, 0, rx_no_buffer), ==, 2);
    g_assert_cmpuint(PORT_STAT(&d, tx_pause), ==, 0);

    build(frame, 200, pf_mac, far, 0x88b5);
    uplink_write(fd, frame, 200);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 60);
    build_pause(frame, seen + 6, 0xffff);
    g_assert_cmpmem(seen, 60, frame, 60);
    g_assert_cmpuint(STAT(&d, 0, rx_no_buffer), ==, 3);
    qemunic_pass(d.nic, 5);
    g_assert_cmpuint(PORT_STAT(&d, tx_pause), ==, 1);

    /* Buffers again, which nobody tells the device of */
    g_assert_true(port_receive(&d.pf, &fr));
    qemunic_pass(d.nic, 5);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 60);
    build_pause(frame, seen + 6, 0);
    g_assert_cmpmem(seen, 60, frame, 60);
    qemunic_pass(d.nic, 5);
    g_assert_cmpuint(PORT_STAT(&d, tx_pause), ==, 2);
    g_assert_cmpuint(PORT_STAT(&d, tx_frames), ==, 0);

    /* Once it has ended, the next lack is told of at once. */
    build(frame, 200, pf_mac, far, 0x88b5);
    for (int i = 1; i <= PAUSE_ROUNDS; i++) {
        uplink_write(fd, frame, 200);
        uplink_write(fd, frame, 200);
        g_assert_cmpuint(uplink_read(fd, seen), ==, 60);
        g_assert_cmpuint(lduw_be_p(seen + 16), ==, 0xffff);
        g_assert_cmpuint(STAT(&d, 0, rx_no_buffer), ==, 3 + i);
        g_assert_true(port_receive(&d.pf, &fr));
        g_assert_cmpuint(uplink_read(fd, seen), ==, 60);
        g_assert_cmpuint(lduw_be_p(seen + 16), ==, 0);
    }

    /* A reset of the PF ends it, in the middle of a lack as well. */
    uplink_write(fd, frame, 200);
    uplink_write(fd, frame, 200);
    g_assert_cmpuint(uplink_read(fd, seen), ==, 60);
    qemunic_write(&d.pf.f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    qemunic_pf_ready(&d.pf.f, &d.admin, &d.event);
    port_start(&d.pf, 0, &d.admin, pf_mac);
    build(frame, 200, pf_mac, far, 0x88b5);
    for (int i = 0; i < RX_POSTED + 1; i++) {
        uplink_write(fd, frame, 200);
    }
    for (int i = 0; i < 1000; i++) {
        if (STAT(&d, 0, rx_no_buffer) == 5 + PAUSE_ROUNDS) {
            break;
        }
        g_usleep(1000);
    }
    qemunic_pass(d.nic, 5);
    g_assert_cmpuint(PORT_STAT(&d, tx_pause), ==, 3 + 2 * PAUSE_ROUNDS);
    qemunic_stop(d.nic);
    close(fd);
}

void emunic_add_port_tests(void)
{
    qtest_add_func("emunic/port/stats", test_stats);
    qtest_add_func("emunic/port/control", test_control);
    qtest_add_func("emunic/port/pause-rx", test_pause_rx);
    qtest_add_func("emunic/port/pause-tx", test_pause_tx);
}

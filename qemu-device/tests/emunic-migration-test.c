/*
 * emunic: migration, with everything in the middle of something
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"

static void test_migration(void)
{
    static const char device[] = "max_vfs=2,mac=02:01:02:03:04:05";
    struct emunic_admin_reply arg;
    uint8_t frame[100], multicast[6] = { 0x33, 0x33, 0, 0, 0, 1 };
    struct emunic_event e;
    uint32_t epoch;
    uint64_t data;
    Data d;

    data_start(&d, "", device);
    data = qemunic_alloc(d.nic, 4096);
    do {
        g_assert_true(qemunic_event(&d.event, &e));
    } while (e.vport != 2);
    /* Rings that have turned round, a filter, a request without an answer */
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    for (int i = 0; i < 70; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect(&d.vf[1], frame, 100);
    }
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_MAC, 2, multicast, 6);
    qemunic_write(&d.vf[0].f, EMUNIC_TEST_SCRATCH, 0x12345678);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_REQUEST, 0x99);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_LEN, 8);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    g_assert_true(qemunic_event(&d.event, &e));
    epoch = qemunic_read(&d.vf[0].f, EMUNIC_EPOCH);

    qemunic_migrate(d.nic, device);

    g_assert_cmpuint(qemunic_read(&d.vf[0].f, EMUNIC_EPOCH), ==, epoch);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_TEST_SCRATCH), ==,
                    0x12345678);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_MBOX_STATUS), ==, 1);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_STATUS), ==, 7);
    for (int i = 0; i < 70; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect(&d.vf[1], frame, 100);
    }
    memcpy(frame, multicast, 6);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    expect_none(&d.pf);
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 141);

    arg = (struct emunic_admin_reply) { e.epoch, e.tag };
    g_assert_cmpuint(qemunic_admin(&d.admin, EMUNIC_ADMIN_VF_REPLY, 1, &arg,
                                   sizeof(arg), data, 8), ==, 0);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_MBOX_STATUS), ==,
                    0x10002);
    qemunic_stop(d.nic);
}

void emunic_add_migration_tests(void)
{
    qtest_add_func("emunic/migration", test_migration);
}

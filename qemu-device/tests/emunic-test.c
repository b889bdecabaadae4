/*
 * emunic: the device without a driver: configuration space, registers, resets,
 * admin queue, events and mailbox. Data paths are in emunic-data-test.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-qos.h"
#include "emunic-test.h"
#include "standard-headers/linux/pci_regs.h"

static void test_config_space(void)
{
    QEmunic *nic = qemunic_start("max_vfs=4", "");
    unsigned at, pf = QEMUNIC_DEVFN;

    g_assert_cmphex(qemunic_cfg_readl(nic, pf, 0), ==, 0x10f01af4);
    g_assert_cmphex(qemunic_cfg_readl(nic, pf, PCI_REVISION_ID), ==,
                    0x02000001);
    g_assert_cmphex(qemunic_cfg_readl(nic, pf, PCI_BASE_ADDRESS_0), ==, 0xc);
    g_assert_cmphex(qemunic_cfg_readl(nic, pf, PCI_BASE_ADDRESS_2), ==, 0xc);
    g_assert_cmpuint(qemunic_find_cap(nic, pf, PCI_CAP_ID_PM), !=, 0);

    at = qemunic_find_cap(nic, pf, PCI_CAP_ID_MSIX);
    g_assert_cmpuint(at, !=, 0);
    g_assert_cmphex(qemunic_cfg_readw(nic, pf, at + PCI_MSIX_FLAGS), ==, 16);
    g_assert_cmphex(qemunic_cfg_readl(nic, pf, at + PCI_MSIX_TABLE), ==, 2);
    g_assert_cmphex(qemunic_cfg_readl(nic, pf, at + PCI_MSIX_PBA), ==, 0x8002);

    at = qemunic_find_cap(nic, pf, PCI_CAP_ID_EXP);
    g_assert_cmpuint(at, !=, 0);
    g_assert_true(qemunic_cfg_readl(nic, pf, at + PCI_EXP_DEVCAP) &
                  PCI_EXP_DEVCAP_FLR);

    g_assert_cmpuint(qemunic_find_ext_cap(nic, pf, PCI_EXT_CAP_ID_ARI), !=, 0);
    at = qemunic_find_ext_cap(nic, pf, PCI_EXT_CAP_ID_SRIOV);
    g_assert_cmpuint(at, !=, 0);
    g_assert_cmpuint(qemunic_cfg_readw(nic, pf, at + PCI_SRIOV_TOTAL_VF), ==,
                     4);
    g_assert_cmpuint(qemunic_cfg_readw(nic, pf, at + PCI_SRIOV_VF_OFFSET), ==,
                     1);
    g_assert_cmpuint(qemunic_cfg_readw(nic, pf, at + PCI_SRIOV_VF_STRIDE), ==,
                     1);
    g_assert_cmphex(qemunic_cfg_readw(nic, pf, at + PCI_SRIOV_VF_DID), ==,
                    0x10f1);
    at = qemunic_find_ext_cap(nic, pf, PCI_EXT_CAP_ID_ERR);
    g_assert_cmpuint(at, !=, 0);
    g_assert_cmphex(qemunic_cfg_readl(nic, pf, at + PCI_ERR_UNCOR_SEVER), !=,
                    0);
    qemunic_stop(nic);

    nic = qemunic_start("max_vfs=0", "");
    g_assert_cmpuint(qemunic_find_ext_cap(nic, pf, PCI_EXT_CAP_ID_SRIOV), ==,
                     0);
    qemunic_stop(nic);
}

static void test_vf_enable(void)
{
    QEmunic *nic = qemunic_start("max_vfs=4", "");
    QEmunicFunction pf, vf;
    uint32_t epoch = 0;

    qemunic_pf_init(nic, &pf);
    for (int round = 0; round < 3; round++) {
        qemunic_set_num_vfs(&pf, 3);
        qemunic_vf_init(&pf, 2, &vf);
        g_assert_cmphex(qemunic_read(&vf, EMUNIC_ID), ==, 0x4e554d45);
        g_assert_cmphex(qemunic_read(&vf, EMUNIC_FUNC), ==, 0x80000003);
        g_assert_cmpuint(qemunic_read(&vf, EMUNIC_EPOCH), >, epoch);
        epoch = qemunic_read(&vf, EMUNIC_EPOCH);
        g_assert_true(qemunic_cfg_readl(nic, vf.devfn,
                                        qemunic_find_cap(nic, vf.devfn,
                                                         PCI_CAP_ID_EXP) +
                                        PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR);
        /* VF 3 was not enabled. */
        g_assert_cmphex(qtest_readl(nic->qts, vf.bar0 + EMUNIC_BAR_REGS_SIZE),
                        !=, 0x4e554d45);
        qemunic_set_num_vfs(&pf, 0);
        g_assert_cmphex(qemunic_read(&vf, EMUNIC_ID), !=, 0x4e554d45);
    }
    qemunic_stop(nic);
}

/* The register table of the contract, read for the tests */
enum { WHO_PF = 1, WHO_VF = 2, WHO_FUNC = 3 };

static const struct {
    const char *name;
    uint16_t offset;
    uint8_t who;
    uint32_t reset, rw, w1c;
} regs[] = {
#define REG(name, who, reset, rw, w1c) \
    { #name, EMUNIC_##name, WHO_##who, reset, rw, w1c },
    EMUNIC_FUNCTION_REGS(REG)
#undef REG
};

static void check_resets(QEmunicFunction *f, uint8_t who)
{
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        uint32_t value = qemunic_read(f, regs[i].offset);

        if (!(regs[i].who & who)) {
            g_assert_cmphex(value, ==, 0);
        } else if (regs[i].reset != EMUNIC_REG_DYN && value != regs[i].reset) {
            g_test_message("%s is 0x%x", regs[i].name, value);
            g_test_fail();
        }
    }
}

static void check_masks(QEmunicFunction *f, uint8_t who)
{
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        uint16_t at = regs[i].offset;
        uint32_t before, value;

        if (!(regs[i].who & who) || at == EMUNIC_CTRL ||
            at == EMUNIC_MBOX_CTRL || at == EMUNIC_CLOCK_LO ||
            at == EMUNIC_CLOCK_HI) {
            continue;
        }
        before = qemunic_read(f, at);
        qemunic_write(f, at, at == EMUNIC_TEST_IRQ ? 0x100 : 0xffffffff);
        value = qemunic_read(f, at);
        if (regs[i].rw) {
            g_assert_cmphex(value, ==, before | regs[i].rw);
            qemunic_write(f, at, 0);
            g_assert_cmphex(qemunic_read(f, at), ==, before & ~regs[i].rw);
            qemunic_write(f, at, before);
        } else if (at != EMUNIC_TEST_DMA_CTRL) {
            g_assert_cmphex(value, ==, before & ~regs[i].w1c);
        }
    }
}

static void check_queue_masks(QEmunicFunction *f, uint64_t block)
{
#define QREG(name, reset, rw) { EMUNIC_Q_##name, reset, rw },
    static const struct { uint16_t offset; uint32_t reset, rw; } qregs[] = {
        EMUNIC_QUEUE_REGS(QREG)
    };
#undef QREG

    for (size_t i = 0; i < ARRAY_SIZE(qregs); i++) {
        uint64_t at = block + qregs[i].offset;

        g_assert_cmphex(qemunic_read(f, at), ==, qregs[i].reset);
        if (qregs[i].offset != EMUNIC_Q_CTRL) {
            qemunic_write(f, at, 0xffffffff);
            g_assert_cmphex(qemunic_read(f, at), ==,
                            qregs[i].reset | qregs[i].rw);
            qemunic_write(f, at, 0);
        }
    }
}

static void test_registers(void)
{
    QEmunic *nic = qemunic_start("max_vfs=2,queues=4,speed=25000,"
                                 "mac=02:11:22:33:44:55", "");
    QEmunicFunction pf, vf;

    qemunic_pf_init(nic, &pf);
    qemunic_set_num_vfs(&pf, 2);
    qemunic_vf_init(&pf, 1, &vf);

    g_assert_cmphex(qemunic_read(&pf, EMUNIC_FUNC), ==, 0);
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_LIMITS), ==, 0x00c61104);
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_STATUS), ==, 0x3);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_STATUS), ==, 0x1);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_LINK_SPEED), ==, 25000);
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_MAC_LO), ==, 0x33221102);
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_MAC_HI), ==, 0x5544);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_MAC_LO), ==, 0);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_MAC_HI), ==, 0);

    check_resets(&pf, WHO_PF);
    check_resets(&vf, WHO_VF);
    check_masks(&pf, WHO_PF);
    check_masks(&vf, WHO_VF);
    check_queue_masks(&pf, EMUNIC_ADMIN_BLOCK);
    check_queue_masks(&pf, EMUNIC_EVENT_BLOCK);
    for (int q = 0; q < 4; q++) {
        check_queue_masks(&vf, EMUNIC_TX_BLOCK + q * EMUNIC_Q_STRIDE);
        check_queue_masks(&vf, EMUNIC_RX_BLOCK + q * EMUNIC_Q_STRIDE);
    }
    /* Queue 4 is beyond "queues", the admin block is the PF's. */
    qemunic_write(&vf, EMUNIC_TX_BLOCK + 4 * EMUNIC_Q_STRIDE, 0x1000);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_TX_BLOCK + 4 * EMUNIC_Q_STRIDE),
                    ==, 0);
    qemunic_write(&vf, EMUNIC_ADMIN_BLOCK, 0x1000);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_ADMIN_BLOCK), ==, 0);
    /* The windows */
    qemunic_write(&vf, EMUNIC_MBOX_REQUEST + 220, 0x12345678);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_MBOX_REQUEST + 220), ==,
                    0x12345678);
    qemunic_write(&vf, EMUNIC_MBOX_REPLY, 0x12345678);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_MBOX_REPLY), ==, 0);
    qemunic_stop(nic);
}

static void test_resets(void)
{
    QEmunic *nic = qemunic_start("max_vfs=2", "");
    QEmunicFunction pf, vf;
    QEmunicQueue q;
    uint32_t epoch;

    qemunic_pf_init(nic, &pf);
    qemunic_set_num_vfs(&pf, 2);
    qemunic_vf_init(&pf, 0, &vf);

    /* Soft reset */
    epoch = qemunic_read(&vf, EMUNIC_EPOCH);
    qemunic_queue_init(&vf, EMUNIC_RX_BLOCK, 6, 1, &q);
    qemunic_queue_start(&q);
    qemunic_write(&vf, EMUNIC_TEST_SCRATCH, 0xabcd);
    qemunic_write(&vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_TEST_SCRATCH), ==, 0);
    g_assert_cmpuint(qemunic_read(&vf, EMUNIC_RX_BLOCK + EMUNIC_Q_STATE), ==,
                     EMUNIC_Q_STATE_STOPPED);
    g_assert_cmpuint(qemunic_read(&vf, EMUNIC_EPOCH), ==, epoch + 1);
    check_resets(&vf, WHO_VF);

    /* FLR takes the command register too. */
    qemunic_write(&vf, EMUNIC_TEST_SCRATCH, 0xabcd);
    qemunic_flr(&vf);
    qemunic_map(&vf, true);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_TEST_SCRATCH), ==, 0);
    g_assert_cmpuint(qemunic_read(&vf, EMUNIC_EPOCH), ==, epoch + 2);

    /* A reset of the PF that the VF did not ask for */
    qemunic_write(&vf, EMUNIC_TEST_SCRATCH, 0xabcd);
    qemunic_write(&pf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_TEST_SCRATCH), ==, 0);
    g_assert_cmpuint(qemunic_read(&vf, EMUNIC_EPOCH), ==, epoch + 3);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_CAUSE), ==, EMUNIC_CAUSE_RESET);

    /* PF FLR disables the VFs. */
    qemunic_flr(&pf);
    g_assert_cmphex(qemunic_read(&vf, EMUNIC_ID), !=, 0x4e554d45);
    qemunic_pf_init(nic, &pf);
    check_resets(&pf, WHO_PF);
    qemunic_set_num_vfs(&pf, 1);
    qemunic_vf_init(&pf, 0, &vf);
    g_assert_cmpuint(qemunic_read(&vf, EMUNIC_EPOCH), >, epoch + 3);

    /* The machine */
    qtest_system_reset(nic->qts);
    qemunic_stop(nic);
}

static void test_queue_config(void)
{
    static const struct {
        uint32_t reg, value, error;
    } bad[] = {
        { EMUNIC_Q_SQ_LO, 0x200100, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_Q_SQ_LO, 0, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_Q_CQ_LO, 0x200800, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_Q_CQ_LO, 0, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_Q_SHADOW_LO, 0x200040, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_Q_SHADOW_LO, 0, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_Q_SIZE, 5, EMUNIC_Q_ERROR_SIZE },
        { EMUNIC_Q_SIZE, 13, EMUNIC_Q_ERROR_SIZE },
        { EMUNIC_Q_VECTOR, 17, EMUNIC_Q_ERROR_VECTOR },
        { EMUNIC_Q_VECTOR, 255, EMUNIC_Q_ERROR_VECTOR },
    };
    QEmunic *nic = qemunic_start("max_vfs=0", "");
    uint64_t block = EMUNIC_TX_BLOCK + 3 * EMUNIC_Q_STRIDE;
    QEmunicFunction pf;
    QEmunicQueue q, admin;

    qemunic_pf_init(nic, &pf);
    qemunic_queue_init(&pf, block, 6, 16, &q);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        qemunic_queue_program(&q, 16);
        qemunic_write(&pf, block + bad[i].reg, bad[i].value);
        qemunic_write(&pf, block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
        g_assert_cmpuint(qemunic_read(&pf, block + EMUNIC_Q_STATE), ==,
                         EMUNIC_Q_STATE_ERROR);
        g_assert_cmpuint(qemunic_read(&pf, block + EMUNIC_Q_ERROR), ==,
                         bad[i].error);
    }
    qemunic_queue_program(&q, 16);
    qemunic_queue_start(&q);
    /* A running queue keeps its registers. */
    qemunic_write(&pf, block + EMUNIC_Q_SIZE, 8);
    g_assert_cmpuint(qemunic_read(&pf, block + EMUNIC_Q_SIZE), ==, 6);
    qemunic_write(&pf, block + EMUNIC_Q_CTRL, 0);
    g_assert_true(qemunic_wait(&pf, block + EMUNIC_Q_STATE, ~0,
                               EMUNIC_Q_STATE_STOPPED));

    /* The admin queue has no shadow, and vector 0 only. */
    qemunic_queue_init(&pf, EMUNIC_ADMIN_BLOCK, 6, 1, &admin);
    qemunic_write(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_CTRL, 1);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_ERROR),
                     ==, EMUNIC_Q_ERROR_VECTOR);
    qemunic_write(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_VECTOR, 0);
    qemunic_write(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_SHADOW_LO, 0x200000);
    qemunic_write(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_CTRL, 1);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_ERROR),
                     ==, EMUNIC_Q_ERROR_ADDRESS);
    qemunic_stop(nic);
}

static void test_test_registers(void)
{
    QEmunic *nic = qemunic_start("max_vfs=1", "");
    uint64_t msi = qemunic_alloc(nic, 4096);
    uint64_t buf = qemunic_alloc(nic, 8192) + 0xf80;
    uint8_t data[256];
    QEmunicFunction pf;

    qemunic_pf_init(nic, &pf);
    qemunic_msix(&pf, 0, msi, 0x1000);
    qemunic_msix(&pf, 5, msi + 4, 0x1005);
    qemunic_write(&pf, EMUNIC_TEST_IRQ, 5);
    qemunic_write(&pf, EMUNIC_TEST_IRQ, 17);
    for (int i = 0; i < 1000 && !qtest_readl(nic->qts, msi + 4); i++) {
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readl(nic->qts, msi + 4), ==, 0x1005);
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_CAUSE), ==, 0);
    g_assert_cmphex(qtest_readl(nic->qts, msi), ==, 0);
    qemunic_write(&pf, EMUNIC_TEST_IRQ, 0);
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_CAUSE), ==, EMUNIC_CAUSE_TEST);

    qemunic_write(&pf, EMUNIC_TEST_DMA_LO, buf);
    qemunic_write(&pf, EMUNIC_TEST_DMA_LEN, sizeof(data));
    qemunic_write(&pf, EMUNIC_TEST_DMA_SEED, 0xf0);
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, EMUNIC_TEST_DMA_CTRL_WRITE);
    g_assert_true(qemunic_wait(&pf, EMUNIC_TEST_DMA_STATUS, ~0,
                               EMUNIC_TEST_DMA_STATUS_OK));
    qtest_memread(nic->qts, buf, data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++) {
        g_assert_cmphex(data[i], ==, (uint8_t)(0xf0 + i));
    }
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, EMUNIC_TEST_DMA_CTRL_CHECK);
    g_assert_true(qemunic_wait(&pf, EMUNIC_TEST_DMA_STATUS, ~0,
                               EMUNIC_TEST_DMA_STATUS_OK));
    qtest_writeb(nic->qts, buf + 255, 0);
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, EMUNIC_TEST_DMA_CTRL_CHECK);
    g_assert_true(qemunic_wait(&pf, EMUNIC_TEST_DMA_STATUS, ~0,
                               EMUNIC_TEST_DMA_STATUS_MISMATCH));
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, 3);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_TEST_DMA_STATUS), ==,
                     EMUNIC_TEST_DMA_STATUS_INVALID);
    qemunic_write(&pf, EMUNIC_TEST_DMA_LEN, 4097);
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, EMUNIC_TEST_DMA_CTRL_WRITE);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_TEST_DMA_STATUS), ==,
                     EMUNIC_TEST_DMA_STATUS_INVALID);
    /* Registers are not memory, not even the device's own. */
    qemunic_write(&pf, EMUNIC_TEST_DMA_LEN, 16);
    qemunic_write(&pf, EMUNIC_TEST_DMA_LO, pf.bar0 + EMUNIC_TEST_SCRATCH);
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, EMUNIC_TEST_DMA_CTRL_WRITE);
    g_assert_true(qemunic_wait(&pf, EMUNIC_TEST_DMA_STATUS, ~0,
                               EMUNIC_TEST_DMA_STATUS_FAULT));
    g_assert_cmphex(qemunic_read(&pf, EMUNIC_TEST_SCRATCH), ==, 0);
    /* Without Bus Master there is no DMA, also to pages used before. */
    qemunic_map(&pf, false);
    qemunic_write(&pf, EMUNIC_TEST_DMA_LO, buf);
    qemunic_write(&pf, EMUNIC_TEST_DMA_CTRL, EMUNIC_TEST_DMA_CTRL_WRITE);
    g_assert_true(qemunic_wait(&pf, EMUNIC_TEST_DMA_STATUS, ~0,
                               EMUNIC_TEST_DMA_STATUS_FAULT));
    qemunic_stop(nic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("emunic/config-space", test_config_space);
    qtest_add_func("emunic/vf-enable", test_vf_enable);
    qtest_add_func("emunic/registers", test_registers);
    qtest_add_func("emunic/resets", test_resets);
    qtest_add_func("emunic/queue-config", test_queue_config);
    qtest_add_func("emunic/test-registers", test_test_registers);
    emunic_add_control_tests();
    emunic_add_contract_tests();
    emunic_add_data_tests();
    emunic_add_offload_tests();
    emunic_add_gso_tests();
    emunic_add_gro_tests();
    emunic_add_gro_life_tests();
    emunic_add_gro_tunnel_tests();
    emunic_add_iommu_tests();
    emunic_add_migration_tests();
    emunic_add_hotplug_tests();
    emunic_add_lie_tests();
    emunic_add_pieces_tests();
    emunic_add_policy_tests();
    emunic_add_port_tests();
    emunic_add_rss_tests();
    emunic_add_tap_tests();
    emunic_add_time_tests();
    emunic_add_sched_tests();
    emunic_add_random_tests();
    return g_test_run();
}

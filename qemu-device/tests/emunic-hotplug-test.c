/*
 * emunic: unplugged while it is at work
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-frame.h"
#include "emunic-peer.h"
#include "emunic-test.h"
#include "standard-headers/linux/pci_regs.h"

#define PORT_DEVFN  0x18            /* of the root port; its bus is 1 */
#define PF_DEVFN    0x100

#define SLOT_ON     PCI_EXP_SLTCTL_PWR_IND_ON
#define SLOT_OFF    (PCI_EXP_SLTCTL_PWR_IND_OFF | PCI_EXP_SLTCTL_PWR_OFF)

static void set_slot(Data *d, uint16_t value)
{
    unsigned at = qemunic_find_cap(d->nic, PORT_DEVFN, PCI_CAP_ID_EXP);

    qemunic_cfg_writew(d->nic, PORT_DEVFN, at + PCI_EXP_SLTCTL, value);
}

/* @netdev: of the uplink, as an option of QEMU's, with the ID "up"; or NULL */
static void hotplug_start_with(Data *d, const char *netdev)
{
    g_autofree char *args = g_strdup_printf(
        "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off "
        "-device pcie-root-port,id=rp0,addr=3 %s", netdev ?: "");

    memset(d, 0, sizeof(*d));
    d->nic = qemunic_start(netdev ? "max_vfs=2,bus=rp0,addr=0,id=nic0,netdev=up"
                                  : "max_vfs=2,bus=rp0,addr=0,id=nic0", args);
    d->nic->devfn = PF_DEVFN;
    qemunic_cfg_writel(d->nic, PORT_DEVFN, PCI_PRIMARY_BUS, 0x00010100);
    qemunic_cfg_writel(d->nic, PORT_DEVFN, PCI_MEMORY_BASE, 0xe2f0e000);
    qemunic_cfg_writew(d->nic, PORT_DEVFN, PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    set_slot(d, SLOT_ON);
    data_init(d);
}

static void hotplug_start(Data *d)
{
    hotplug_start_with(d, NULL);
}

static void work(Data *d)
{
    uint8_t frame[100];

    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d->vf[0], NULL, frame, sizeof(frame)), ==, 0);
    expect(&d->vf[1], frame, sizeof(frame));
}

/* A VF waits for its rate, and an offence of it for its second. */
static void leave_work(Data *d)
{
    struct emunic_admin_rate rate = { 0, cpu_to_le32(1) };
    uint8_t frame[9216];

    admin_ok(d, EMUNIC_ADMIN_VPORT_SET_RATE, 1, &rate, sizeof(rate));
    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    qemunic_pass(d->nic, 5);
    for (int i = 0; i < 4; i++) {
        port_put(&d->vf[0], NULL, frame, sizeof(frame), sizeof(frame));
    }
    qemunic_tail(&d->vf[0].tx);
    qemunic_write(&d->vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    qemunic_write(&d->vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
}

static void check_gone(Data *d)
{
    qtest_qmp_eventwait(d->nic->qts, "DEVICE_DELETED");
    g_assert_cmphex(qemunic_read(&d->pf.f, EMUNIC_ID), !=, EMUNIC_ID_MAGIC);
    g_assert_cmphex(qemunic_read(&d->vf[0].f, EMUNIC_ID), !=,
                    EMUNIC_ID_MAGIC);
    /* Whatever it had asked a timer for */
    qemunic_pass(d->nic, 1100);
    g_assert_cmphex(qemunic_read(&d->pf.f, EMUNIC_ID), !=, EMUNIC_ID_MAGIC);
}

static void check_plug(Data *d)
{
    qtest_qmp_assert_success(d->nic->qts, "{'execute': 'device_add',"
                             " 'arguments': {'driver': 'emunic', 'bus': 'rp0',"
                             " 'addr': '0', 'max_vfs': 2, 'id': 'nic1'}}");
    set_slot(d, SLOT_ON);
    data_init(d);
    work(d);
}

/* The guest is asked, and agrees; then it does so unasked. */
static void test_unplug(void)
{
    Data d;

    for (int asked = 0; asked < 2; asked++) {
        hotplug_start(&d);
        work(&d);
        leave_work(&d);
        if (asked) {
            qtest_qmp_assert_success(d.nic->qts, "{'execute': 'device_del',"
                                     " 'arguments': {'id': 'nic0'}}");
        }
        set_slot(&d, SLOT_OFF);
        check_gone(&d);
        check_plug(&d);
        qemunic_stop(d.nic);
    }
}

/* The guest lets an interrupt of the device itself switch the slot off. */
static void test_unplug_itself(void)
{
    Data d;

    for (int i = 0; i < 2; i++) {
        QEmunicFunction *f;
        unsigned at;

        hotplug_start(&d);
        leave_work(&d);
        f = i ? &d.vf[1].f : &d.pf.f;
        at = qemunic_find_cap(d.nic, PORT_DEVFN, PCI_CAP_ID_EXP);
        qemunic_msix(f, 0, qemunic_cfg(PORT_DEVFN, at + PCI_EXP_SLTCTL),
                     SLOT_OFF);
        qemunic_msix(f, 1, qemunic_alloc(d.nic, 4096), 1);
        /* Both in one run, and nothing else that keeps the function */
        qtest_qmp_assert_success(d.nic->qts, "{'execute': 'stop'}");
        qemunic_write(f, EMUNIC_TEST_IRQ, 0);
        qemunic_write(f, EMUNIC_TEST_IRQ, 1);
        qemunic_cfg_writew(d.nic, f->devfn, PCI_COMMAND, PCI_COMMAND_MASTER);
        qtest_qmp_assert_success(d.nic->qts, "{'execute': 'cont'}");
        check_gone(&d);
        check_plug(&d);
        qemunic_stop(d.nic);
    }
}

/*
 * The interrupt of a frame does it, in the middle of a run that is to look
 * whether the PF still lacks buffers, and to tell the uplink if not.
 */
static void test_unplug_starved(void)
{
    struct emunic_admin_pause pause = { cpu_to_le32(EMUNIC_PAUSE_TX) };
    uint8_t frame[100];
    Data d;

    for (int i = 0; i < 4; i++) {
        g_autofree char *netdev = NULL;
        unsigned at;
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
        netdev = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
        hotplug_start_with(&d, netdev);
        close(fds[1]);
        admin_ok(&d, EMUNIC_ADMIN_PORT_SET_PAUSE, 0, &pause, sizeof(pause));
        build(frame, sizeof(frame), pf_mac, vf_mac[1], 0x88b5);
        for (int n = 0; n <= RX_POSTED; n++) {
            uplink_write(fds[0], frame, sizeof(frame));
        }
        /* The first thing that it sends says so. */
        g_assert_cmpuint(uplink_read(fds[0], frame), ==, 60);

        build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
        at = qemunic_find_cap(d.nic, PORT_DEVFN, PCI_CAP_ID_EXP);
        qemunic_msix(&d.vf[0].f, 1,
                     qemunic_cfg(PORT_DEVFN, at + PCI_EXP_SLTCTL), SLOT_OFF);
        port_put(&d.vf[0], NULL, frame, sizeof(frame), sizeof(frame));
        qemunic_tail(&d.vf[0].tx);
        check_gone(&d);
        qemunic_stop(d.nic);
        close(fds[0]);
    }
}

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };

/* The first frame that the NIC at the other end gets makes it do so. */
static void unplugging_peer(Data *d, Peer *p)
{
    unsigned at;

    /* What is used after it was freed is seen to be. */
    g_setenv("GLIBC_TUNABLES",
             "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165", true);
    hotplug_start_with(d, PEER_ARGS);
    g_unsetenv("GLIBC_TUNABLES");
    peer_init(p, d->nic);
    at = qemunic_find_cap(d->nic, PORT_DEVFN, PCI_CAP_ID_EXP);
    peer_listen(p, qemunic_cfg(PORT_DEVFN, at + PCI_EXP_SLTCTL), SLOT_OFF);
}

/* In the middle of a GSO frame, of which the uplink gets the segments */
static void test_unplug_segment(void)
{
    struct emunic_tx_meta meta;
    uint8_t frame[4096];
    size_t len;
    Data d;
    Peer p;

    unplugging_peer(&d, &p);
    len = build_tcp(frame, false, far, vf_mac[0], 3000);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 1000);
    port_put(&d.vf[0], &meta, frame, len, len);
    qemunic_tail(&d.vf[0].tx);
    check_gone(&d);
    qemunic_stop(d.nic);
}

/* The interrupt of a VF takes all VFs away, while it kicks. */
static void test_vf_disables_itself(void)
{
    uint8_t frame[100];
    unsigned at;
    Data d;

    hotplug_start(&d);
    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    at = qemunic_find_ext_cap(d.nic, PF_DEVFN, PCI_EXT_CAP_ID_SRIOV);
    qemunic_msix(&d.vf[0].f, 1, qemunic_cfg(PF_DEVFN, at + PCI_SRIOV_CTRL), 0);
    port_put(&d.vf[0], NULL, frame, sizeof(frame), sizeof(frame));
    g_usleep(QUIET_US);
    qemunic_tail(&d.vf[0].tx);
    qemunic_pass(d.nic, 1);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_ID), !=, EMUNIC_ID_MAGIC);
    build(frame, sizeof(frame), pf_mac, pf_mac, 0x88b5);
    g_assert_cmpuint(port_send(&d.pf, NULL, frame, sizeof(frame)), ==, 0);
    qemunic_stop(d.nic);
}

void emunic_add_hotplug_tests(void)
{
    qtest_add_func("emunic/unplug", test_unplug);
    qtest_add_func("emunic/unplug-itself", test_unplug_itself);
    qtest_add_func("emunic/unplug-starved", test_unplug_starved);
    qtest_add_func("emunic/unplug-segment", test_unplug_segment);
    qtest_add_func("emunic/vf-disables-itself", test_vf_disables_itself);
}

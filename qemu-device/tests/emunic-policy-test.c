/*
 * emunic: what the PF decides about its VFs, and how long it holds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"
#include "standard-headers/linux/pci_regs.h"

static uint16_t set32(Data *d, uint16_t opcode, uint16_t vport, uint32_t value)
{
    uint32_t arg = cpu_to_le32(value);

    return qemunic_admin(&d->admin, opcode, vport, &arg, sizeof(arg), 0, 0);
}

static void set32_ok(Data *d, uint16_t opcode, uint16_t vport, uint32_t value)
{
    g_assert_cmpuint(set32(d, opcode, vport, value), ==, EMUNIC_ADMIN_ST_OK);
}

static uint16_t set_rate(Data *d, uint16_t vport, uint32_t min, uint32_t max)
{
    struct emunic_admin_rate arg = { cpu_to_le32(min), cpu_to_le32(max) };

    return qemunic_admin(&d->admin, EMUNIC_ADMIN_VPORT_SET_RATE, vport, &arg,
                         sizeof(arg), 0, 0);
}

static bool has_link(Port *p)
{
    return qemunic_read(&p->f, EMUNIC_STATUS) & EMUNIC_STATUS_LINK_UP;
}

static bool took_cause(Port *p, uint32_t cause)
{
    bool set = qemunic_read(&p->f, EMUNIC_CAUSE) & cause;

    qemunic_write(&p->f, EMUNIC_CAUSE, cause);
    return set;
}

static void set_uplink(Data *d, bool up)
{
    qtest_qmp_assert_success(d->nic->qts, "{'execute': 'set_link', 'arguments':"
                             " {'name': 'emunic.0', 'up': %i}}", up);
}

/* After a reset of it: queues, not policy */
static void restart_vf(Data *d, unsigned n)
{
    Port *p = &d->vf[n];

    qemunic_map(&p->f, true);
    qemunic_queue_init(&p->f, EMUNIC_TX_BLOCK, 6, 1, &p->tx);
    qemunic_queue_init(&p->f, EMUNIC_RX_BLOCK, 6, 1, &p->rx);
    qemunic_queue_start(&p->tx);
    qemunic_queue_start(&p->rx);
    port_post(p, RX_POSTED);
    qemunic_write(&p->f, EMUNIC_RX_MAX_FRAME, 9600);
    qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
}

/* One frame from VF 0 to VF 1 */
static void check_passes(Data *d, bool passes)
{
    uint8_t frame[100];

    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d->vf[0], NULL, frame, sizeof(frame)), ==, 0);
    if (passes) {
        expect(&d->vf[1], frame, sizeof(frame));
    } else {
        expect_none(&d->vf[1]);
    }
}

static void test_link(void)
{
    Data d;

    data_start(&d, "", "max_vfs=2");
    check_passes(&d, true);
    took_cause(&d.vf[0], EMUNIC_CAUSE_LINK);
    g_assert_cmpuint(set32(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 1, 3), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set32(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 0, 1), ==,
                     EMUNIC_ADMIN_ST_VPORT);
    g_assert_true(has_link(&d.vf[0]));

    /* DOWN, both directions */
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 1, EMUNIC_LINK_DOWN);
    g_assert_false(has_link(&d.vf[0]));
    g_assert_true(has_link(&d.vf[1]));
    g_assert_true(took_cause(&d.vf[0], EMUNIC_CAUSE_LINK));
    check_passes(&d, false);
    g_assert_cmpuint(STAT(&d, 1, tx_dropped), ==, 1);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 1, EMUNIC_LINK_AUTO);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 2, EMUNIC_LINK_DOWN);
    g_assert_true(took_cause(&d.vf[0], EMUNIC_CAUSE_LINK));
    check_passes(&d, false);
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 1);

    /* UP does not follow the uplink, AUTO does. */
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 2, EMUNIC_LINK_UP);
    set_uplink(&d, false);
    g_assert_false(has_link(&d.pf));
    g_assert_false(has_link(&d.vf[0]));
    g_assert_true(has_link(&d.vf[1]));
    check_passes(&d, false);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_LINK, 1, EMUNIC_LINK_UP);
    check_passes(&d, true);
    set_uplink(&d, true);

    /* Nothing passes without a PF driver, whatever the link follows. */
    qemunic_write(&d.pf.f, EMUNIC_EVENT_BLOCK + EMUNIC_Q_CTRL, 0);
    g_assert_false(has_link(&d.vf[0]));
    check_passes(&d, false);
    g_assert_cmpuint(STAT(&d, 1, tx_dropped), ==, 3);
    qemunic_stop(d.nic);
}

/* @frame of VF 0 for VF 1: does it pass, or is it spoofed? */
static void check_spoofed(Data *d, const uint8_t *frame, size_t len,
                          bool spoofed)
{
    uint64_t before = STAT(d, 1, tx_spoofed);

    g_assert_cmpuint(port_send(&d->vf[0], NULL, frame, len), ==, 0);
    g_assert_cmpuint(STAT(d, 1, tx_spoofed), ==, before + spoofed);
    if (spoofed) {
        expect_none(&d->vf[1]);
    } else {
        expect(&d->vf[1], frame, len);
    }
}

static void test_spoofchk_mac(void)
{
    static const uint8_t foreign[6] = { 0x02, 0, 0, 0, 0, 0x99 }, zero[6];
    uint8_t frame[100];
    Data d;

    data_start(&d, "", "max_vfs=2");
    g_assert_cmpuint(set32(&d, EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, 4), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    build(frame, 100, vf_mac[1], foreign, 0x88b5);
    check_spoofed(&d, frame, 100, false);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, EMUNIC_SPOOFCHK_MAC);
    check_spoofed(&d, frame, 100, true);
    check_passes(&d, true);
    /* Somebody else's address is foreign, too; a filter makes it its own. */
    memcpy(frame + 6, pf_mac, 6);
    check_spoofed(&d, frame, 100, true);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_MAC, 1, foreign, 6);
    memcpy(frame + 6, foreign, 6);
    check_spoofed(&d, frame, 100, false);
    /* No address is not an address. */
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_MAC, 1, zero, 6);
    memcpy(frame + 6, zero, 6);
    check_spoofed(&d, frame, 100, true);
    /* The others are not checked. */
    build(frame, 100, vf_mac[1], foreign, 0x88b5);
    g_assert_cmpuint(port_send(&d.pf, NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    qemunic_stop(d.nic);
}

static void test_spoofchk_vlan(void)
{
    uint16_t vid = cpu_to_le16(5);
    uint8_t frame[120], twice[124];
    size_t len = 100;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 2, EMUNIC_RX_MODE_VLAN_ANY);
    build(frame, len, vf_mac[1], vf_mac[0], 0x88b5);
    tag(frame, &len, 0x8100, 0x6005);
    check_spoofed(&d, frame, len, false);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, EMUNIC_SPOOFCHK_VLAN);
    check_passes(&d, true);
    check_spoofed(&d, frame, len, true);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_VLAN, 1, &vid, 2);
    check_spoofed(&d, frame, len, false);
    stw_be_p(frame + 14, 0x6006);
    check_spoofed(&d, frame, len, true);
    /* A priority tag is no VLAN, unless it hides one. */
    stw_be_p(frame + 14, 0x6000);
    check_spoofed(&d, frame, len, false);
    memcpy(twice, frame, 16);
    stl_be_p(twice + 16, 0x81000006);
    memcpy(twice + 20, frame + 16, len - 16);
    check_spoofed(&d, twice, len + 4, true);
    stw_be_p(frame + 12, 0x88a8);
    check_spoofed(&d, frame, len, true);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, EMUNIC_RX_MODE_VLAN_ANY);
    check_spoofed(&d, frame, len, false);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, 0);
    /* A port VLAN has its own rule. */
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    check_spoofed(&d, frame, len, false);
    qemunic_stop(d.nic);
}

/* A frame that ends within its tag is nobody's, whatever is checked. */
static void test_cut_tag(void)
{
    uint8_t frame[100];
    Data d;

    data_start(&d, "", "max_vfs=2");
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 2, EMUNIC_RX_MODE_VLAN_ANY);
    build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x8100);
    stw_be_p(frame + 14, 5);
    for (unsigned len = 14; len < 18; len++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        expect_none(&d.vf[1]);
        stw_be_p(frame + 12, len & 1 ? 0x8100 : 0x88a8);
    }
    g_assert_cmpuint(STAT(&d, 1, tx_dropped), ==, 4);
    stw_be_p(frame + 12, 0x8100);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 18), ==, 0);
    expect(&d.vf[1], frame, 18);
    qemunic_stop(d.nic);
}

static void test_vepa(void)
{
    uint8_t frame[100], seen[FRAME_MAX];
    int fds[2];
    g_autofree char *args = NULL;
    Frame fr;
    Data d;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    args = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
    data_start(&d, args, "max_vfs=2,netdev=up");
    g_assert_cmpuint(set32(&d, EMUNIC_ADMIN_SWITCH_SET_MODE, 0, 2), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set32(&d, EMUNIC_ADMIN_SWITCH_SET_MODE, 1, 1), ==,
                     EMUNIC_ADMIN_ST_VPORT);
    check_passes(&d, true);
    set32_ok(&d, EMUNIC_ADMIN_SWITCH_SET_MODE, 0, EMUNIC_SWITCH_VEPA);

    /* Up only, and delivered when it is reflected */
    check_passes(&d, false);
    g_assert_cmpuint(uplink_read(fds[0], seen), ==, 100);
    uplink_write(fds[0], seen, 100);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, seen, 100);
    /* Reflected to all but its sender */
    build(frame, 100, broadcast, vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    g_assert_cmpuint(uplink_read(fds[0], seen), ==, 100);
    expect_none(&d.pf);
    uplink_write(fds[0], seen, 100);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_true(wait_receive(&d.pf, &fr));
    expect_none(&d.vf[0]);

    /* The mode stays over a soft reset of the PF, and no longer. */
    qemunic_write(&d.pf.f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    qemunic_pf_ready(&d.pf.f, &d.admin, &d.event);
    restart_vf(&d, 0);
    restart_vf(&d, 1);
    check_passes(&d, false);
    qemunic_flr(&d.pf.f);
    qemunic_pf_init(d.nic, &d.pf.f);
    qemunic_set_num_vfs(&d.pf.f, 2);
    qemunic_pf_ready(&d.pf.f, &d.admin, &d.event);
    for (int i = 0; i < 2; i++) {
        qemunic_map(&d.vf[i].f, true);
        port_start(&d.vf[i], i + 1, &d.admin, vf_mac[i]);
    }
    check_passes(&d, true);
    qemunic_stop(d.nic);
    close(fds[0]);
    close(fds[1]);
}

static struct emunic_vport_policy get_policy(Data *d, uint16_t vport)
{
    uint64_t data = qemunic_alloc(d->nic, 4096);
    struct emunic_vport_policy policy;

    g_assert_cmpuint(qemunic_admin(&d->admin, EMUNIC_ADMIN_VPORT_GET_POLICY,
                                   vport, NULL, 0, data, sizeof(policy)), ==,
                     EMUNIC_ADMIN_ST_OK);
    qtest_memread(d->nic->qts, data, &policy, sizeof(policy));
    return policy;
}

static void check_policy(Data *d, uint16_t vport,
                         const struct emunic_vport_policy *want)
{
    struct emunic_vport_policy policy = get_policy(d, vport);

    g_assert_cmpmem(&policy, sizeof(policy), want, sizeof(*want));
}

static const struct emunic_vport_policy no_policy;

/* Something of everything, for VF 0 */
static struct emunic_vport_policy set_policy(Data *d)
{
    struct emunic_vport_policy policy = {
        .mac = { 0x02, 0, 0, 0, 7, 7 },
        .tpid = cpu_to_le16(0x88a8),
        .vid = cpu_to_le16(77),
        .prio = cpu_to_le16(5),
        .flags = cpu_to_le32(EMUNIC_VPORT_TRUSTED | EMUNIC_VPORT_MAC_SET),
        .link = cpu_to_le32(EMUNIC_LINK_DOWN),
        .min_rate = cpu_to_le32(10),
        .max_rate = cpu_to_le32(200),
        .spoofchk = cpu_to_le32(EMUNIC_SPOOFCHK_ALL),
        .vectors = cpu_to_le32(5),
    };

    admin_ok(d, EMUNIC_ADMIN_VPORT_SET_MAC, 1, policy.mac, 6);
    set_port_vlan(d, 1, 0x88a8, 77, 5);
    set32_ok(d, EMUNIC_ADMIN_VPORT_SET_FLAGS, 1,
             EMUNIC_VPORT_TRUSTED | EMUNIC_VPORT_MAC_SET);
    set32_ok(d, EMUNIC_ADMIN_VPORT_SET_LINK, 1, EMUNIC_LINK_DOWN);
    g_assert_cmpuint(set_rate(d, 1, 10, 200), ==, EMUNIC_ADMIN_ST_OK);
    set32_ok(d, EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, EMUNIC_SPOOFCHK_ALL);
    set32_ok(d, EMUNIC_ADMIN_VF_SET_VECTORS, 1, 5);
    check_policy(d, 1, &policy);
    return policy;
}

static void test_policy(void)
{
    static const char device[] = "max_vfs=2,mac=02:01:02:03:04:05";
    struct emunic_vport_policy policy;
    uint64_t data;
    Data d;

    data_start(&d, "", device);
    data = qemunic_alloc(d.nic, 4096);
    g_assert_cmpuint(set32(&d, EMUNIC_ADMIN_VPORT_SET_FLAGS, 1, 8), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(qemunic_admin(&d.admin, EMUNIC_ADMIN_VPORT_GET_POLICY, 1,
                                   NULL, 0, data, 63), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(qemunic_admin(&d.admin, EMUNIC_ADMIN_VPORT_GET_POLICY, 1,
                                   NULL, 0, 1ull << 40, 64), ==,
                     EMUNIC_ADMIN_ST_DMA);
    check_passes(&d, true);
    policy = set_policy(&d);
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 0, EMUNIC_SPOOFCHK_MAC);

    /* Resets of the VF, and moving house */
    qemunic_flr(&d.vf[0].f);
    qemunic_map(&d.vf[0].f, true);
    check_policy(&d, 1, &policy);
    qemunic_write(&d.vf[0].f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    check_policy(&d, 1, &policy);
    qemunic_migrate(d.nic, device);
    check_policy(&d, 1, &policy);
    g_assert_false(has_link(&d.vf[0]));
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_LIMITS) & 0xffff, ==,
                    0x0504);

    /* A soft reset of the PF clears what is the PF's own. */
    qemunic_write(&d.pf.f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    qemunic_pf_ready(&d.pf.f, &d.admin, &d.event);
    check_policy(&d, 1, &policy);
    check_policy(&d, 0, &no_policy);
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 1);

    /* VPORT_CLEAR, also of one that is not enabled; and FLR of the PF */
    qemunic_set_num_vfs(&d.pf.f, 0);
    check_policy(&d, 1, &policy);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_CLEAR, 1, NULL, 0);
    check_policy(&d, 1, &no_policy);
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 0);
    qemunic_set_num_vfs(&d.pf.f, 2);
    qemunic_map(&d.vf[0].f, true);
    set_policy(&d);
    qemunic_flr(&d.pf.f);
    qemunic_pf_init(d.nic, &d.pf.f);
    qemunic_pf_ready(&d.pf.f, &d.admin, &d.event);
    check_policy(&d, 1, &no_policy);
    qemunic_stop(d.nic);
}

#define LONG_FRAME      9216
#define LONG_FRAME_MS   73      /* what it takes at 1 Mbit/s */
#define SAVED_MS        50      /* of that, by who had nothing to send */

/*
 * A long frame of VF 0, which owes for it from then on, and if @reset a
 * reset of the VF, and a short frame that has to wait
 */
static void send_two(Data *d, bool reset)
{
    gint64 start = g_get_monotonic_time();
    uint8_t frame[LONG_FRAME];
    struct emunic_tx_cpl cpl;
    bool early;
    Frame fr;

    build(frame, LONG_FRAME, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d->vf[0], NULL, frame, LONG_FRAME), ==, 0);
    g_assert_true(port_receive(&d->vf[1], &fr));
    if (reset) {
        qemunic_flr(&d->vf[0].f);
        restart_vf(d, 0);
    }
    port_put(&d->vf[0], NULL, frame, 100, 100);
    qemunic_tail(&d->vf[0].tx);
    early = qemunic_queue_next(&d->vf[0].tx, sizeof(cpl),
                               offsetof(struct emunic_tx_cpl, flags), &cpl);
    /* A machine that is slow enough proves nothing. */
    if (g_get_monotonic_time() <
        start + (LONG_FRAME_MS - SAVED_MS - 5) * 1000) {
        g_assert_false(early);
    } else if (early) {
        d->vf[0].tx.cq_head--;
    }
}

static void test_rate(void)
{
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=3,speed=1000");
    g_assert_cmpuint(set_rate(&d, 0, 0, 1), ==, EMUNIC_ADMIN_ST_VPORT);
    g_assert_cmpuint(set_rate(&d, 1, 1001, 0), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set_rate(&d, 1, 0, 1001), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set_rate(&d, 1, 11, 10), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set_rate(&d, 1, 600, 1000), ==, EMUNIC_ADMIN_ST_OK);
    g_assert_cmpuint(set_rate(&d, 3, 401, 0), ==, EMUNIC_ADMIN_ST_NO_SPACE);
    g_assert_cmpuint(set_rate(&d, 3, 400, 0), ==, EMUNIC_ADMIN_ST_OK);
    g_assert_cmpuint(set_rate(&d, 2, 1, 0), ==, EMUNIC_ADMIN_ST_NO_SPACE);
    /* Less of its own makes room. */
    g_assert_cmpuint(set_rate(&d, 1, 1000, 1000), ==,
                     EMUNIC_ADMIN_ST_NO_SPACE);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_CLEAR, 3, NULL, 0);
    g_assert_cmpuint(set_rate(&d, 1, 1000, 1000), ==, EMUNIC_ADMIN_ST_OK);

    /* Who owes waits, and is not set free by a reset. */
    for (int reset = 0; reset < 2; reset++) {
        g_assert_cmpuint(set_rate(&d, 1, 0, 1), ==, EMUNIC_ADMIN_ST_OK);
        qemunic_pass(d.nic, 2 * LONG_FRAME_MS);
        send_two(&d, reset);
        qemunic_pass(d.nic, LONG_FRAME_MS + 10);
        g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
    }
    /* A new rate holds at once, and ends what was saved at the one before. */
    g_assert_cmpuint(set_rate(&d, 1, 0, 1), ==, EMUNIC_ADMIN_ST_OK);
    qemunic_pass(d.nic, 2 * LONG_FRAME_MS);
    send_two(&d, false);
    g_assert_cmpuint(set_rate(&d, 1, 0, 0), ==, EMUNIC_ADMIN_ST_OK);
    g_assert_cmpuint(port_tx_done(&d.vf[0]), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    qemunic_stop(d.nic);
}

static uint32_t limits(QEmunicFunction *f)
{
    return qemunic_read(f, EMUNIC_LIMITS) & 0xffff;
}

static unsigned table_size(QEmunicFunction *f)
{
    unsigned at = qemunic_find_cap(f->nic, f->devfn, PCI_CAP_ID_MSIX);

    return (qemunic_cfg_readw(f->nic, f->devfn, at + PCI_MSIX_FLAGS) &
            PCI_MSIX_FLAGS_QSIZE) + 1;
}

static uint32_t start_with_vector(QEmunicFunction *f, unsigned vector)
{
    QEmunicQueue q;

    qemunic_queue_init(f, EMUNIC_TX_BLOCK, 6, vector, &q);
    qemunic_write(f, q.block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
    return qemunic_read(f, q.block + EMUNIC_Q_ERROR);
}

static void test_vectors(void)
{
    const uint16_t op = EMUNIC_ADMIN_VF_SET_VECTORS;
    const uint64_t last = EMUNIC_TX_BLOCK + 2 * EMUNIC_Q_STRIDE;
    QEmunicFunction *vf;
    uint64_t msi;
    Data d;

    /* 20 for three: 6 each */
    data_start(&d, "", "max_vfs=3,vf_vectors=20");
    msi = qemunic_alloc(d.nic, 4096);
    vf = &d.vf[0].f;
    g_assert_cmpuint(qemunic_read(&d.pf.f, EMUNIC_VF_VECTORS), ==, 20);
    g_assert_cmphex(limits(&d.pf.f), ==, 0x1110);
    g_assert_cmphex(limits(vf), ==, 0x0605);
    g_assert_cmpuint(table_size(vf), ==, 6);

    g_assert_cmpuint(set32(&d, op, 0, 4), ==, EMUNIC_ADMIN_ST_VPORT);
    g_assert_cmpuint(set32(&d, op, 3, 4), ==, EMUNIC_ADMIN_ST_VPORT);
    g_assert_cmpuint(set32(&d, op, 1, 1), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set32(&d, op, 1, 18), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(set32(&d, op, 1, 9), ==, EMUNIC_ADMIN_ST_NO_SPACE);
    g_assert_cmphex(limits(vf), ==, 0x0605);
    set32_ok(&d, op, 1, 8);
    g_assert_cmphex(limits(vf), ==, 0x0807);
    g_assert_cmpuint(set32(&d, op, 2, 7), ==, EMUNIC_ADMIN_ST_NO_SPACE);

    /* Queues follow: the third goes, and the first two go on. */
    qemunic_write(vf, last + EMUNIC_Q_VECTOR, 1);
    g_assert_cmpuint(qemunic_read(vf, last + EMUNIC_Q_VECTOR), ==, 1);
    set32_ok(&d, op, 1, 3);
    g_assert_cmphex(limits(vf), ==, 0x0302);
    g_assert_cmpuint(table_size(vf), ==, 3);
    g_assert_cmpuint(qemunic_read(vf, last + EMUNIC_Q_VECTOR), ==, 0);
    check_passes(&d, true);
    qemunic_flr(vf);
    qemunic_map(vf, true);
    g_assert_cmphex(limits(vf), ==, 0x0302);
    g_assert_cmpuint(table_size(vf), ==, 3);
    g_assert_cmpuint(start_with_vector(vf, 3), ==, EMUNIC_Q_ERROR_VECTOR);
    g_assert_cmpuint(start_with_vector(vf, 2), ==, EMUNIC_Q_ERROR_NONE);

    /* A running queue without a vector stops. */
    set32_ok(&d, op, 1, 2);
    g_assert_cmpuint(qemunic_read(vf, EMUNIC_TX_BLOCK + EMUNIC_Q_STATE), ==,
                     EMUNIC_Q_STATE_STOPPED);
    /* What there is not is not raised; what is in use is not changed. */
    qemunic_msix(vf, 1, msi, 0x41);
    qemunic_msix(vf, 2, msi + 4, 0x42);
    qemunic_write(vf, EMUNIC_TEST_IRQ, 2);
    qemunic_write(vf, EMUNIC_TEST_IRQ, 1);
    for (int i = 0; i < 1000 && !qtest_readl(d.nic->qts, msi); i++) {
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readl(d.nic->qts, msi), ==, 0x41);
    g_assert_cmphex(qtest_readl(d.nic->qts, msi + 4), ==, 0);
    g_assert_cmpuint(set32(&d, op, 1, 4), ==, EMUNIC_ADMIN_ST_INVALID);

    /* Who gives back can be followed by who takes. */
    set32_ok(&d, op, 2, 12);
    qemunic_flr(vf);
    qemunic_map(vf, true);
    g_assert_cmpuint(set32(&d, op, 1, 0), ==, EMUNIC_ADMIN_ST_NO_SPACE);
    set32_ok(&d, op, 2, 0);
    set32_ok(&d, op, 1, 0);
    g_assert_cmphex(limits(vf), ==, 0x0605);
    set32_ok(&d, op, 1, 2);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_CLEAR, 1, NULL, 0);
    g_assert_cmphex(limits(vf), ==, 0x0605);
    qemunic_stop(d.nic);

    /* Queues are not more than there are. */
    data_start(&d, "", "max_vfs=2,queues=4");
    g_assert_cmpuint(qemunic_read(&d.pf.f, EMUNIC_VF_VECTORS), ==, 34);
    g_assert_cmphex(limits(&d.vf[0].f), ==, 0x1104);
    qemunic_stop(d.nic);
}

/* The next OFFENCE */
static void next_offence(Data *d, uint32_t kind, uint64_t total)
{
    struct emunic_event e;

    do {
        g_assert_true(qemunic_event(&d->event, &e));
    } while (e.type == EMUNIC_EVENT_VF_RESET);
    g_assert_cmpuint(e.type, ==, EMUNIC_EVENT_OFFENCE);
    g_assert_cmpuint(e.vport, ==, 1);
    g_assert_cmpuint(e.len, ==, 16);
    g_assert_cmpuint(ldl_le_p(e.data), ==, kind);
    g_assert_cmpuint(ldq_le_p(e.data + 8), ==, total);
}

static bool event_comes(Data *d)
{
    struct emunic_event e;

    return qemunic_queue_next(&d->event, sizeof(e),
                              offsetof(struct emunic_event, flags), &e);
}

static void test_offence(void)
{
    struct emunic_event e;
    uint8_t frame[120];
    size_t len = 100;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set32_ok(&d, EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, EMUNIC_SPOOFCHK_MAC);
    build(frame, len, vf_mac[1], pf_mac, 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    next_offence(&d, EMUNIC_OFFENCE_SPOOF, 1);

    set_port_vlan(&d, 1, 0x8100, 7, 0);
    memcpy(frame + 6, vf_mac[0], 6);
    tag(frame, &len, 0x8100, 5);
    qemunic_pass(d.nic, 1000);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    next_offence(&d, EMUNIC_OFFENCE_VLAN, 2);
    qemunic_pass(d.nic, 1000);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 10), ==,
                     EMUNIC_TX_STATUS_LENGTH);
    next_offence(&d, EMUNIC_OFFENCE_MALFORMED, 3);

    /* The next ones are told together, and no reset makes them undone. */
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_LEN, 3);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    qemunic_flr(&d.vf[0].f);
    g_assert_true(qemunic_event(&d.event, &e));
    g_assert_cmpuint(e.type, ==, EMUNIC_EVENT_VF_RESET);
    qemunic_map(&d.vf[0].f, true);
    qemunic_pass(d.nic, 1000);
    next_offence(&d, EMUNIC_OFFENCE_MBOX, 5);
    qemunic_pass(d.nic, 1000);
    g_assert_false(event_comes(&d));

    /* Not without a PF driver, and not what the PF does itself */
    qemunic_write(&d.pf.f, EMUNIC_EVENT_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_LEN, 8);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    qemunic_queue_init(&d.pf.f, EMUNIC_EVENT_BLOCK, 6, 0, &d.event);
    qemunic_queue_start(&d.event);
    g_assert_cmpuint(port_send(&d.pf, NULL, frame, 10), ==,
                     EMUNIC_TX_STATUS_LENGTH);
    g_assert_cmpuint(STAT(&d, 1, mbox_errors), ==, 2);
    g_assert_false(event_comes(&d));

    /* Statistics begin anew. */
    admin_ok(&d, EMUNIC_ADMIN_VPORT_CLEAR, 1, NULL, 0);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_LEN, 3);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    next_offence(&d, EMUNIC_OFFENCE_MBOX, 1);
    qemunic_stop(d.nic);
}

void emunic_add_policy_tests(void)
{
    qtest_add_func("emunic/link", test_link);
    qtest_add_func("emunic/spoofchk-mac", test_spoofchk_mac);
    qtest_add_func("emunic/spoofchk-vlan", test_spoofchk_vlan);
    qtest_add_func("emunic/cut-tag", test_cut_tag);
    qtest_add_func("emunic/vepa", test_vepa);
    qtest_add_func("emunic/policy", test_policy);
    qtest_add_func("emunic/rate", test_rate);
    qtest_add_func("emunic/vectors", test_vectors);
    qtest_add_func("emunic/offence", test_offence);
}

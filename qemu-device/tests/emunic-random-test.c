/*
 * emunic: a guest that does whatever comes to its mind
 *
 * Random registers, descriptors, commands and resets. There is nothing to
 * expect but that the device is still there afterwards and works after a
 * reset. --seed=… repeats a run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"

#define STEPS   20000

static uint32_t any(uint32_t below)
{
    return g_test_rand_int_range(0, below);
}

/* Often a number near an edge */
static uint32_t any_value(void)
{
    switch (any(6)) {
    case 0:
        return any(4);
    case 1:
        return 1u << any(32);
    case 2:
        return (1u << any(32)) - 1;
    case 3:
        return any(70000);
    default:
        return g_test_rand_int();
    }
}

static Port *any_port(Data *d)
{
    unsigned n = any(3);

    return n < 2 ? &d->vf[n] : &d->pf;
}

static void any_register(Data *d)
{
    static const uint32_t bases[] = {
        0, EMUNIC_TEST_SCRATCH, EMUNIC_DOORBELL_PAGE, EMUNIC_ADMIN_BLOCK,
        EMUNIC_EVENT_BLOCK, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_REQUEST,
        EMUNIC_TX_BLOCK, EMUNIC_RX_BLOCK, EMUNIC_RSS_KEY,
    };
    uint32_t reg = bases[any(ARRAY_SIZE(bases))] + any(0x60) * 4;
    Port *p = any_port(d);

    /* Whole resets would keep everything else from happening. */
    if ((reg != EMUNIC_CTRL && !(reg & EMUNIC_Q_CTRL)) || !any(50)) {
        qemunic_write(&p->f, reg, any_value());
    }
    qemunic_read(&p->f, reg);
}

static void any_meta(Port *p)
{
    bool ip6 = !any(4), udp = !any(3), inner = !any(4);
    uint32_t l3 = inner ? 34 : 14;
    uint32_t l4 = l3 + (ip6 ? 40 : 20);
    struct emunic_tx_meta meta = {
        .csum_start = cpu_to_le16(any(8) ? l4 : any(300)),
        .csum_offset = cpu_to_le16(!any(8) ? any_value() : udp ? 6 : 16),
        .gso_size = cpu_to_le16(!any(4) ? any_value()
                                : 1 + any(any(2) ? 9000 : 16)),
        .gso_type = any(8) ? 1 + ip6 + 2 * udp : any(8),
        .vlan_tci = cpu_to_le16(any(8)),
        .hdr_len = cpu_to_le16(!any(8) ? any_value() : l4 + (udp ? 8 : 20)),
        .flags = cpu_to_le16(EMUNIC_TX_META |
                             (any(8) ? any(8) << 4 : any(32) << 4) |
                             (inner && any(8) ? EMUNIC_TX_INNER : 0)),
        .inner_l3 = cpu_to_le16(!any(16) ? any_value() : inner ? l3 : 0),
    };

    qemunic_put(&p->tx, &meta, sizeof(meta));
}

/* Mostly chains that are as they should be, or the queue stops at once */
static void any_tx(Data *d)
{
    bool broken = !any(50);
    Port *p = any_port(d);

    for (uint32_t frames = any(3); frames; frames--) {
        if (any(2)) {
            any_meta(p);
        }
        for (uint32_t n = 1 + any(any(4) ? 3 : 32); n; n--) {
            uint32_t at = any(2) ? 0 : any(60000);
            struct emunic_tx_desc desc = {
                .addr = cpu_to_le64(broken && !any(4) ? any_value() * 4099ull
                                                      : p->tx_buf + at),
                .len = cpu_to_le32(broken && !any(4) ? any_value()
                                                     : 1 + any(6000)),
                .flags = cpu_to_le16(broken && !any(4) ? any_value()
                                     : n == 1 ? EMUNIC_TX_EOP : 0),
            };

            qemunic_put(&p->tx, &desc, sizeof(desc));
        }
    }
    qemunic_tail(&p->tx);
    qemunic_write(&p->f, EMUNIC_KICK, any_value());
    if (any(2)) {
        port_post(any_port(d), any(8));
    }
}

/* TCP or UDP, so that something gets as far as segments; also in a tunnel */
static void any_contents(Data *d)
{
    static const uint8_t ip4[] = {
        0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10,
    };
    static const uint8_t ip6[] = {
        0x60, 0, 0, 0, 0, 0, 6, 64,
        0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
        0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
        0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10,
    };
    Port *p = any_port(d);
    uint64_t at = p->tx_buf + (any(8) ? 0 : any(60000));
    bool outer = !any(4), six = !any(4);
    uint64_t ip = at + (outer ? 34 : 14);
    uint8_t type[2] = { 0x08, 0x00 };

    qtest_memwrite(d->nic->qts, at, any(2) ? vf_mac[any(2)] : broadcast, 6);
    qtest_memwrite(d->nic->qts, at + 6, vf_mac[any(2)], 6);
    if (outer) {
        qtest_memwrite(d->nic->qts, at + 14, ip4, 20);
    } else if (six) {
        stw_be_p(type, 0x86dd);
    }
    qtest_memwrite(d->nic->qts, at + 12, type, 2);
    qtest_memwrite(d->nic->qts, ip, six ? ip6 : ip4,
                   six ? sizeof(ip6) : sizeof(ip4));
    qtest_writeb(d->nic->qts, ip + (six ? 6 : 9), any(3) ? 6 : 17);
    if (!any(4)) {
        qtest_writeb(d->nic->qts, at + any(80), any_value());
    }
}

static void any_memory(Data *d)
{
    Port *p = any_port(d);
    const uint64_t places[] = {
        p->tx.sq, p->tx.shadow, p->rx.sq, p->rx.shadow, d->admin.sq,
    };

    qtest_writel(d->nic->qts, places[any(ARRAY_SIZE(places))] + any(64) * 4,
                 any_value());
}

static void any_command(Data *d)
{
    struct emunic_admin_cmd cmd = {
        .opcode = cpu_to_le16(any(10) ? 0x10 + any(0x14) : any_value()),
        .vport = cpu_to_le16(any(10) ? any(3) : any_value()),
        .data_addr = cpu_to_le64(d->pf.tx_buf),
        .data_len = cpu_to_le32(any(3) ? 0 : any_value()),
    };

    for (size_t i = 0; i < 8; i++) {
        cmd.arg[i] = any_value();
    }
    qemunic_put(&d->admin, &cmd, sizeof(cmd));
    qemunic_write(&d->pf.f, EMUNIC_ADMIN_TAIL, d->admin.tail);
    if (any(2)) {
        qemunic_write(&d->pf.f, EMUNIC_EVENT_HEAD, d->event.cq_head++);
    }
}

static void restart(Data *d, Port *p)
{
    qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    qemunic_queue_init(&p->f, EMUNIC_TX_BLOCK, 6, 1, &p->tx);
    qemunic_queue_init(&p->f, EMUNIC_RX_BLOCK, 6, 2, &p->rx);
    qemunic_queue_start(&p->tx);
    qemunic_queue_start(&p->rx);
    port_post(p, RX_POSTED);
    qemunic_write(&p->f, EMUNIC_RX_MAX_FRAME, any(9700));
    qemunic_write(&p->f, EMUNIC_RX_FEATURES, any(256));
    qemunic_write(&p->f, EMUNIC_RX_MAX_GSO, any(2) ? 65558 : any_value());
    qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
    if (p == &d->pf) {
        qemunic_pf_ready(&p->f, &d->admin, &d->event);
    }
}

static void test_random(void)
{
    uint8_t frame[100];
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int i = 0; i < STEPS; i++) {
        switch (any(12)) {
        case 0 ... 2:
            any_register(&d);
            break;
        case 3 ... 5:
            any_tx(&d);
            break;
        case 6 ... 7:
            any_contents(&d);
            break;
        case 8:
            any_memory(&d);
            break;
        case 9 ... 10:
            any_command(&d);
            break;
        default:
            if (!any(8)) {
                d.nic->next_page = MIN(d.nic->next_page, 0x2000000);
                restart(&d, any_port(&d));
            }
            if (!any(100)) {
                Port *p = &d.vf[any(2)];

                qemunic_flr(&p->f);
                qemunic_map(&p->f, true);
            }
            break;
        }
    }
    /* As new after an FLR */
    qemunic_flr(&d.pf.f);
    qemunic_pf_init(d.nic, &d.pf.f);
    qemunic_set_num_vfs(&d.pf.f, 2);
    qemunic_map(&d.vf[0].f, true);
    qemunic_map(&d.vf[1].f, true);
    d.nic->next_page = 0x2800000;
    qemunic_pf_ready(&d.pf.f, &d.admin, &d.event);
    port_start(&d.vf[0], 1, &d.admin, vf_mac[0]);
    port_start(&d.vf[1], 2, &d.admin, vf_mac[1]);
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    qemunic_stop(d.nic);
}

void emunic_add_random_tests(void)
{
    qtest_add_func("emunic/random", test_random);
}

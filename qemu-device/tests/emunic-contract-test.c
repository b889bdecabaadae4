/*
 * emunic: the tables of the contract, entry by entry: each offset of BAR0,
 * each command with all that it must refuse, each error of a queue's memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"

#define UNMAPPED    (1ull << 40)

enum { WHO_PF = 1, WHO_VF = 2, WHO_FUNC = 3 };

static bool is_register(uint32_t at, uint8_t who)
{
    static const struct { uint16_t offset; uint8_t who; } regs[] = {
#define REG(name, who, reset, rw, w1c) { EMUNIC_##name, WHO_##who },
        EMUNIC_FUNCTION_REGS(REG)
#undef REG
    };

    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        if (regs[i].offset == at) {
            return regs[i].who & who;
        }
    }
    return false;
}

static bool within(uint32_t at, uint32_t base, uint32_t size, uint32_t stride,
                   uint32_t count)
{
    return at >= base && (at - base) / stride < count &&
           (at - base) % stride < size;
}

/* Whether the specification lists @at for the kind of function */
static bool is_listed(uint32_t at, uint8_t who, unsigned queues)
{
    const uint32_t block = EMUNIC_Q_MODERATION + 4;

    return is_register(at, who) ||
           (who == WHO_PF &&
            within(at, EMUNIC_ADMIN_BLOCK, block, EMUNIC_Q_STRIDE, 2)) ||
           (who == WHO_VF &&
            (within(at, EMUNIC_MBOX_REQUEST, EMUNIC_MBOX_WINDOW_SIZE, 256,
                    1) ||
             within(at, EMUNIC_MBOX_REPLY, EMUNIC_MBOX_WINDOW_SIZE, 256,
                    1))) ||
           within(at, EMUNIC_TX_BLOCK, block, EMUNIC_Q_STRIDE, queues) ||
           within(at, EMUNIC_RX_BLOCK, block, EMUNIC_Q_STRIDE, queues) ||
           within(at, EMUNIC_RSS_KEY, 40, EMUNIC_RSS_STRIDE,
                  EMUNIC_RSS_CONTEXTS) ||
           within(at, EMUNIC_RSS_TABLE, 128, EMUNIC_RSS_STRIDE,
                  EMUNIC_RSS_CONTEXTS) ||
           within(at, EMUNIC_FLOW_RULE, 40, EMUNIC_FLOW_STRIDE,
                  EMUNIC_FLOW_RULES);
}

static void check_unlisted(QEmunicFunction *f, uint8_t who)
{
    for (uint32_t at = 0; at < EMUNIC_BAR_REGS_SIZE; at += 4) {
        if (!is_listed(at, who, 3)) {
            qemunic_write(f, at, 0xffffffff);
            g_assert_cmphex(qemunic_read(f, at), ==, 0);
        }
    }
}

/* Words at multiples of four, and nothing else */
static void check_sizes(QEmunicFunction *f)
{
    QTestState *qts = f->nic->qts;
    uint64_t at = f->bar0 + EMUNIC_TEST_SCRATCH;

    qemunic_write(f, EMUNIC_TEST_SCRATCH, 0x12345678);
    qtest_writeb(qts, at, 0xff);
    qtest_writeb(qts, at + 3, 0xff);
    qtest_writew(qts, at, 0xffff);
    qtest_writew(qts, at + 2, 0xffff);
    qtest_writew(qts, at + 1, 0xffff);
    qtest_writel(qts, at + 1, 0xffffffff);
    g_assert_cmphex(qemunic_read(f, EMUNIC_TEST_SCRATCH), ==, 0x12345678);
    g_assert_cmphex(qtest_readb(qts, at), !=, 0x78);
    g_assert_cmphex(qtest_readw(qts, at), !=, 0x5678);
    g_assert_cmphex(qtest_readw(qts, at + 2), !=, 0x1234);
}

static void test_offsets(void)
{
    Data d;

    data_start(&d, "", "max_vfs=2,queues=3");
    check_unlisted(&d.pf.f, WHO_PF);
    check_unlisted(&d.vf[0].f, WHO_VF);
    check_sizes(&d.pf.f);
    check_sizes(&d.vf[0].f);
    /* It is still what it was. */
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, NULL, 0);
    qemunic_stop(d.nic);
}

enum { ANY, PF, VF, ENABLED };

/* @len: the least data length, @max: the most; @dma: writes so much there */
static const struct {
    uint16_t opcode;
    uint8_t target;
    uint32_t len, max;
    bool dma;
} commands[] = {
    { EMUNIC_ADMIN_VPORT_SET_MAC, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_SET_VLAN, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_ADD_MAC, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_DEL_MAC, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_ADD_VLAN, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_DEL_VLAN, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_SET_RX_MODE, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_CLEAR, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_GET_STATS, ANY, 128, UINT32_MAX, true },
    { EMUNIC_ADMIN_VPORT_SET_LINK, VF, 0, 0 },
    { EMUNIC_ADMIN_VPORT_SET_RATE, VF, 0, 0 },
    { EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_SET_FLAGS, ANY, 0, 0 },
    { EMUNIC_ADMIN_VPORT_GET_POLICY, ANY, 64, UINT32_MAX, true },
    { EMUNIC_ADMIN_SWITCH_SET_MODE, PF, 0, 0 },
    { EMUNIC_ADMIN_VF_REPLY, ENABLED, 8, 224 },
    { EMUNIC_ADMIN_VF_NOTIFY, ENABLED, 0, 0 },
    { EMUNIC_ADMIN_VF_RESET, ENABLED, 0, 0 },
    { EMUNIC_ADMIN_VF_SET_VECTORS, ENABLED, 0, 0 },
    { EMUNIC_ADMIN_PORT_GET_STATS, PF, 256, UINT32_MAX, true },
    { EMUNIC_ADMIN_PORT_SET_PAUSE, PF, 0, 0 },
};

static uint16_t run(Data *d, uint16_t opcode, uint16_t vport, uint64_t data,
                    uint32_t len)
{
    return qemunic_admin(&d->admin, opcode, vport, NULL, 0, data, len);
}

/* What every command refuses, whatever it is for */
static void test_refusals(void)
{
    uint64_t data;
    uint8_t filled[4096], seen[4096];
    Data d;

    /* Of three VFs two are enabled. */
    data_start(&d, "", "max_vfs=3");
    data = qemunic_alloc(d.nic, 4096);
    memset(filled, 0xa5, sizeof(filled));
    qtest_memwrite(d.nic->qts, data, filled, sizeof(filled));
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        uint16_t op = commands[i].opcode;
        uint8_t target = commands[i].target;
        uint32_t len = commands[i].len, max = commands[i].max;
        uint16_t good = target == PF ? 0 : 1;

        g_assert_cmpuint(run(&d, op, 4, data, len), ==,
                         EMUNIC_ADMIN_ST_VPORT);
        g_assert_cmpuint(run(&d, op, 0xffff, data, len), ==,
                         EMUNIC_ADMIN_ST_VPORT);
        if (target != ANY) {
            g_assert_cmpuint(run(&d, op, 1 - good, data, len), ==,
                             EMUNIC_ADMIN_ST_VPORT);
        }
        if (target == ENABLED) {
            g_assert_cmpuint(run(&d, op, 3, data, len), ==,
                             EMUNIC_ADMIN_ST_VPORT);
        }
        if (len) {
            g_assert_cmpuint(run(&d, op, good, data, len - 1), ==,
                             EMUNIC_ADMIN_ST_INVALID);
        }
        if (max != UINT32_MAX) {
            g_assert_cmpuint(run(&d, op, good, data, max + 1), ==,
                             EMUNIC_ADMIN_ST_INVALID);
        }
        if (commands[i].dma) {
            g_assert_cmpuint(run(&d, op, good, UNMAPPED, len), ==,
                             EMUNIC_ADMIN_ST_DMA);
        }
    }
    qtest_memread(d.nic->qts, data, seen, sizeof(seen));
    g_assert_cmpmem(seen, sizeof(seen), filled, sizeof(filled));

    /* However much room there is, only what there is is written. */
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        uint32_t len = commands[i].len;

        if (commands[i].dma) {
            g_assert_cmpuint(run(&d, commands[i].opcode, 0, data,
                                 sizeof(seen)), ==, EMUNIC_ADMIN_ST_OK);
            qtest_memread(d.nic->qts, data, seen, sizeof(seen));
            g_assert_cmpmem(seen + len, sizeof(seen) - len, filled,
                            sizeof(seen) - len);
            qtest_memwrite(d.nic->qts, data, filled, sizeof(filled));
        }
    }
    qemunic_stop(d.nic);
}

static void test_opcodes(void)
{
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (uint32_t op = 0; op < 0x10000; op += op < 0x100 ? 1 : 0xff) {
        bool known = false;

        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
            known |= commands[i].opcode == op;
        }
        if (!known) {
            g_assert_cmpuint(run(&d, op, 1, 0, 0), ==,
                             EMUNIC_ADMIN_ST_OPCODE);
        }
    }
    qemunic_stop(d.nic);
}

/* A value that is one too far, and the last that is not */
static void test_values(void)
{
    static const struct {
        uint16_t opcode, vport;
        uint8_t arg[8];
        uint16_t status;
    } cases[] = {
        { EMUNIC_ADMIN_VPORT_SET_LINK, 1, { 3 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_SET_LINK, 1, { 0, 1 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_SET_LINK, 1, { 2 }, 0 },
        { EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, { 4 },
          EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, { 3, 0, 0, 0x80 },
          EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, 1, { 3 }, 0 },
        { EMUNIC_ADMIN_VPORT_SET_FLAGS, 1, { 8 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_SET_FLAGS, 1, { 7 }, 0 },
        { EMUNIC_ADMIN_SWITCH_SET_MODE, 0, { 2 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_SWITCH_SET_MODE, 0, { 1 }, 0 },
        { EMUNIC_ADMIN_SWITCH_SET_MODE, 0, { 0 }, 0 },
        { EMUNIC_ADMIN_PORT_SET_PAUSE, 0, { 4 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_PORT_SET_PAUSE, 0, { 3 }, 0 },
        { EMUNIC_ADMIN_VF_NOTIFY, 1, { 0x10 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VF_NOTIFY, 1, { 0x40, 1 }, EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, { 7, 0, 1 },
          EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_ADD_VLAN, 1, { 0xff, 0x0f },
          EMUNIC_ADMIN_ST_INVALID },
        { EMUNIC_ADMIN_VPORT_DEL_VLAN, 1, { 1 }, EMUNIC_ADMIN_ST_NOT_FOUND },
        { EMUNIC_ADMIN_VPORT_DEL_MAC, 1, { 2, 0, 0, 0, 0, 0x77 },
          EMUNIC_ADMIN_ST_NOT_FOUND },
        { EMUNIC_ADMIN_VPORT_SET_MAC, 1,
          { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, EMUNIC_ADMIN_ST_INVALID },
    };
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_assert_cmpuint(qemunic_admin(&d.admin, cases[i].opcode,
                                       cases[i].vport, cases[i].arg,
                                       sizeof(cases[i].arg), 0, 0), ==,
                         cases[i].status);
    }
    qemunic_stop(d.nic);
}

/* Start queue @q again with one of its addresses where there is no memory. */
static void start_unmapped(Port *p, QEmunicQueue *q, uint64_t block,
                           uint32_t reg)
{
    qemunic_write(&p->f, block + EMUNIC_Q_CTRL, 0);
    qemunic_queue_init(&p->f, block, 6, 1, q);
    qemunic_write(&p->f, block + reg, 0);
    qemunic_write(&p->f, block + reg + 4, UNMAPPED >> 32);
    qemunic_write(&p->f, block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
}

static void check_dma_error(Data *d, Port *p, uint64_t block)
{
    struct emunic_event e;

    g_assert_true(qemunic_wait(&p->f, block + EMUNIC_Q_STATE, ~0,
                               EMUNIC_Q_STATE_ERROR));
    g_assert_cmpuint(qemunic_read(&p->f, block + EMUNIC_Q_ERROR), ==,
                     EMUNIC_Q_ERROR_DMA);
    g_assert_true(qemunic_read(&p->f, EMUNIC_CAUSE) &
                  EMUNIC_CAUSE_QUEUE_ERROR);
    qemunic_write(&p->f, EMUNIC_CAUSE, EMUNIC_CAUSE_QUEUE_ERROR);
    do {
        g_assert_true(qemunic_event(&d->event, &e));
    } while (e.type != EMUNIC_EVENT_QUEUE_ERROR);
    g_assert_cmpuint(e.vport, ==, 1);
    g_assert_cmpuint(e.data[0], ==, block >= EMUNIC_RX_BLOCK);
    g_assert_cmpuint(e.data[2], ==, EMUNIC_Q_ERROR_DMA);
    /* STOP is the way out. */
    qemunic_write(&p->f, block + EMUNIC_Q_CTRL, 0);
    g_assert_cmpuint(qemunic_read(&p->f, block + EMUNIC_Q_STATE), ==,
                     EMUNIC_Q_STATE_STOPPED);
    g_assert_cmpuint(qemunic_read(&p->f, block + EMUNIC_Q_ERROR), ==,
                     EMUNIC_Q_ERROR_NONE);
}

static void test_no_memory(void)
{
    static const uint32_t regs[] = {
        EMUNIC_Q_SQ_LO, EMUNIC_Q_CQ_LO, EMUNIC_Q_SHADOW_LO,
    };
    uint8_t frame[100];
    Data d;
    Port *p = &d.vf[0];

    data_start(&d, "", "max_vfs=2");
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        start_unmapped(p, &p->tx, EMUNIC_TX_BLOCK, regs[i]);
        build(frame, 100, broadcast, vf_mac[0], 0x88b5);
        port_put(p, NULL, frame, 100, 100);
        if (regs[i] == EMUNIC_Q_SHADOW_LO) {
            qemunic_write(&p->f, EMUNIC_KICK, 1);
        } else {
            qemunic_tail(&p->tx);
        }
        check_dma_error(&d, p, EMUNIC_TX_BLOCK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        start_unmapped(p, &p->rx, EMUNIC_RX_BLOCK, regs[i]);
        port_post(p, RX_POSTED);
        build(frame, 100, vf_mac[0], vf_mac[1], 0x88b5);
        g_assert_cmpuint(port_send(&d.vf[1], NULL, frame, 100), ==, 0);
        check_dma_error(&d, p, EMUNIC_RX_BLOCK);
    }
    g_assert_cmpuint(STAT(&d, 1, queue_errors), ==, 6);
    qemunic_stop(d.nic);
}

/* START of the PF's own two: what must be 0 there */
static void test_pf_blocks(void)
{
    static const struct {
        uint64_t block;
        uint32_t reg, value, error;
    } bad[] = {
        { EMUNIC_EVENT_BLOCK, EMUNIC_Q_SQ_LO, 0x200000,
          EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_EVENT_BLOCK, EMUNIC_Q_SQ_HI, 1, EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_EVENT_BLOCK, EMUNIC_Q_SHADOW_LO, 0x200000,
          EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_EVENT_BLOCK, EMUNIC_Q_CQ_LO, 0x200800,
          EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_EVENT_BLOCK, EMUNIC_Q_SIZE, 5, EMUNIC_Q_ERROR_SIZE },
        { EMUNIC_EVENT_BLOCK, EMUNIC_Q_VECTOR, 1, EMUNIC_Q_ERROR_VECTOR },
        { EMUNIC_ADMIN_BLOCK, EMUNIC_Q_SQ_LO, 0x200800,
          EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_ADMIN_BLOCK, EMUNIC_Q_SHADOW_HI, 1,
          EMUNIC_Q_ERROR_ADDRESS },
        { EMUNIC_ADMIN_BLOCK, EMUNIC_Q_SIZE, 13, EMUNIC_Q_ERROR_SIZE },
    };
    QEmunic *nic = qemunic_start("max_vfs=1", "");
    QEmunicFunction pf;
    QEmunicQueue q;

    qemunic_pf_init(nic, &pf);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        qemunic_queue_init(&pf, bad[i].block, 6, 0, &q);
        qemunic_write(&pf, bad[i].block + bad[i].reg, bad[i].value);
        qemunic_write(&pf, bad[i].block + EMUNIC_Q_CTRL,
                      EMUNIC_Q_CTRL_START);
        g_assert_cmpuint(qemunic_read(&pf, bad[i].block + EMUNIC_Q_STATE), ==,
                         EMUNIC_Q_STATE_ERROR);
        g_assert_cmpuint(qemunic_read(&pf, bad[i].block + EMUNIC_Q_ERROR), ==,
                         bad[i].error);
        g_assert_false(qemunic_read(&pf, EMUNIC_STATUS) &
                       EMUNIC_STATUS_PF_READY);
    }
    qemunic_stop(nic);
}

/* The consumer index of the event ring, and an admin ring that is not there */
static void test_pf_indexes(void)
{
    QEmunicFunction pf;
    QEmunicQueue admin, event;
    QEmunic *nic = qemunic_start("max_vfs=1", "");
    uint64_t at = EMUNIC_EVENT_BLOCK;

    qemunic_pf_init(nic, &pf);
    /* Nobody's index while nothing runs */
    qemunic_write(&pf, EMUNIC_EVENT_HEAD, 5);
    qemunic_write(&pf, EMUNIC_ADMIN_TAIL, 5);
    qemunic_write(&pf, EMUNIC_KICK, 0xffff);
    qemunic_pf_ready(&pf, &admin, &event);
    qemunic_write(&pf, EMUNIC_EVENT_HEAD, 0xffffffff);
    g_assert_cmpuint(qemunic_read(&pf, at + EMUNIC_Q_ERROR), ==,
                     EMUNIC_Q_ERROR_INDEX);
    g_assert_false(qemunic_read(&pf, EMUNIC_STATUS) &
                   (EMUNIC_STATUS_PF_READY | EMUNIC_STATUS_FATAL));
    g_assert_true(qemunic_read(&pf, EMUNIC_CAUSE) & EMUNIC_CAUSE_QUEUE_ERROR);

    /* Behind the last one */
    qemunic_write(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_pf_ready(&pf, &admin, &event);
    g_assert_cmpuint(qemunic_admin(&admin, 0x7777, 0, NULL, 0, 0, 0), ==,
                     EMUNIC_ADMIN_ST_OPCODE);
    qemunic_write(&pf, EMUNIC_ADMIN_TAIL, 0);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_ERROR),
                     ==, EMUNIC_Q_ERROR_INDEX);
    g_assert_false(qemunic_read(&pf, EMUNIC_STATUS) & EMUNIC_STATUS_FATAL);

    /* Completions that nobody can have end both. */
    qemunic_queue_init(&pf, EMUNIC_ADMIN_BLOCK, 6, 0, &admin);
    qemunic_write(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_CQ_HI, UNMAPPED >> 32);
    qemunic_queue_start(&admin);
    qemunic_write(&pf, EMUNIC_ADMIN_TAIL, 1);
    g_assert_true(qemunic_wait(&pf, EMUNIC_STATUS, EMUNIC_STATUS_FATAL,
                               EMUNIC_STATUS_FATAL));
    g_assert_cmpuint(qemunic_read(&pf, at + EMUNIC_Q_STATE), ==,
                     EMUNIC_Q_STATE_ERROR);
    qemunic_write(&pf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    g_assert_false(qemunic_read(&pf, EMUNIC_STATUS) & EMUNIC_STATUS_FATAL);
    qemunic_stop(nic);
}

/* What MBOX_CTRL does nothing about */
static void test_mbox_nothing(void)
{
    QEmunicFunction *vf;
    Data d;

    data_start(&d, "", "max_vfs=2");
    vf = &d.vf[0].f;
    qemunic_write(vf, EMUNIC_MBOX_LEN, 8);
    qemunic_write(vf, EMUNIC_MBOX_CTRL, 0);
    qemunic_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND |
                  EMUNIC_MBOX_CTRL_CANCEL);
    qemunic_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_CANCEL);
    g_assert_cmphex(qemunic_read(vf, EMUNIC_MBOX_STATUS), ==, 0x10000);
    g_assert_cmpuint(STAT(&d, 1, mbox_errors), ==, 0);
    qemunic_write(vf, EMUNIC_MBOX_LEN, 225);
    qemunic_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    qemunic_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_CANCEL);
    g_assert_cmphex(qemunic_read(vf, EMUNIC_MBOX_STATUS), ==, 0x10203);
    g_assert_cmpuint(STAT(&d, 1, mbox_errors), ==, 1);
    qemunic_stop(d.nic);
}

static void wait_msi(QEmunic *nic, uint64_t msi)
{
    for (int i = 0; i < 2000 && !qtest_readl(nic->qts, msi); i++) {
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readl(nic->qts, msi), ==, 0x1000);
    qtest_writel(nic->qts, msi, 0);
}

/* Vector 0 is raised when a bit of CAUSE & CAUSE_MASK goes from 0 to 1. */
static void test_cause_mask(void)
{
    uint64_t msi;
    Data d;

    data_start(&d, "", "max_vfs=2");
    msi = qemunic_alloc(d.nic, 4096);
    qemunic_write(&d.pf.f, EMUNIC_CAUSE, EMUNIC_CAUSE_ALL);
    qemunic_msix(&d.pf.f, 0, msi, 0x1000);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, NULL, 0);
    g_assert_true(qemunic_wait(&d.pf.f, EMUNIC_CAUSE, EMUNIC_CAUSE_ADMIN,
                               EMUNIC_CAUSE_ADMIN));
    g_assert_cmphex(qtest_readl(d.nic->qts, msi), ==, 0);
    /* By the mask */
    qemunic_write(&d.pf.f, EMUNIC_CAUSE_MASK, EMUNIC_CAUSE_ADMIN);
    wait_msi(d.nic, msi);
    /* It is 1 already. */
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, NULL, 0);
    qemunic_write(&d.pf.f, EMUNIC_CAUSE_MASK, EMUNIC_CAUSE_ADMIN);
    g_assert_cmphex(qtest_readl(d.nic->qts, msi), ==, 0);
    /* By the cause */
    qemunic_write(&d.pf.f, EMUNIC_CAUSE, EMUNIC_CAUSE_ADMIN);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 1, NULL, 0);
    wait_msi(d.nic, msi);
    qemunic_stop(d.nic);
}

void emunic_add_contract_tests(void)
{
    qtest_add_func("emunic/contract/offsets", test_offsets);
    qtest_add_func("emunic/contract/refusals", test_refusals);
    qtest_add_func("emunic/contract/opcodes", test_opcodes);
    qtest_add_func("emunic/contract/values", test_values);
    qtest_add_func("emunic/contract/no-memory", test_no_memory);
    qtest_add_func("emunic/contract/pf-blocks", test_pf_blocks);
    qtest_add_func("emunic/contract/pf-indexes", test_pf_indexes);
    qtest_add_func("emunic/contract/mbox-nothing", test_mbox_nothing);
    qtest_add_func("emunic/contract/cause-mask", test_cause_mask);
}

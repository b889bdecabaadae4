/*
 * emunic: admin queue, event ring and mailbox
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-qos.h"
#include "emunic-test.h"

typedef struct Control {
    QEmunic *nic;
    QEmunicFunction pf, vf;
    QEmunicQueue admin, event;
} Control;

static void control_start(Control *c)
{
    struct emunic_event e;

    c->nic = qemunic_start("max_vfs=2", "");
    qemunic_pf_init(c->nic, &c->pf);
    qemunic_set_num_vfs(&c->pf, 1);
    qemunic_vf_init(&c->pf, 0, &c->vf);
    qemunic_pf_ready(&c->pf, &c->admin, &c->event);
    /* It waited for the ring: the VF was enabled. */
    g_assert_true(qemunic_event(&c->event, &e));
    g_assert_cmpuint(e.type, ==, EMUNIC_EVENT_VF_RESET);
}

/* The next event of @type; offences come when it is time for them. */
static void next_event(Control *c, uint16_t type, struct emunic_event *e)
{
    do {
        g_assert_true(qemunic_event(&c->event, e));
    } while (e->type == EMUNIC_EVENT_OFFENCE && type != EMUNIC_EVENT_OFFENCE);
    g_assert_cmpuint(e->type, ==, type);
}

static uint32_t mbox_status(QEmunicFunction *vf)
{
    return qemunic_read(vf, EMUNIC_MBOX_STATUS);
}

static void send_msg(QEmunicFunction *vf, uint32_t first, uint32_t len)
{
    qemunic_write(vf, EMUNIC_MBOX_REQUEST, first);
    qemunic_write(vf, EMUNIC_MBOX_LEN, len);
    qemunic_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
}

static uint16_t send_reply(Control *c, const struct emunic_event *e,
                           uint64_t data, uint32_t len)
{
    struct emunic_admin_reply arg = { e->epoch, e->tag };

    return qemunic_admin(&c->admin, EMUNIC_ADMIN_VF_REPLY, 1, &arg,
                         sizeof(arg), data, len);
}

static void test_mbox(void)
{
    struct emunic_event e;
    uint64_t data;
    Control c;

    c.nic = qemunic_start("max_vfs=2", "");
    data = qemunic_alloc(c.nic, 4096);
    qemunic_pf_init(c.nic, &c.pf);
    qemunic_set_num_vfs(&c.pf, 1);
    qemunic_vf_init(&c.pf, 0, &c.vf);

    /* No PF driver yet */
    send_msg(&c.vf, 0x11, 8);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10103);

    qemunic_pf_ready(&c.pf, &c.admin, &c.event);
    next_event(&c, EMUNIC_EVENT_VF_RESET, &e);
    g_assert_cmpuint(e.vport, ==, 1);
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_STATUS), ==, 0x7);
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_CAUSE), ==,
                    EMUNIC_CAUSE_PF_READY | EMUNIC_CAUSE_LINK);

    /* Lengths */
    send_msg(&c.vf, 0x11, 7);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10203);
    send_msg(&c.vf, 0x11, 225);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10203);

    /* The credit */
    send_msg(&c.vf, 0x22, 9);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x1);
    send_msg(&c.vf, 0x33, 10);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x301);
    next_event(&c, EMUNIC_EVENT_VF_MSG, &e);
    g_assert_cmpuint(e.vport, ==, 1);
    g_assert_cmpuint(e.epoch, ==, qemunic_read(&c.vf, EMUNIC_EPOCH));
    g_assert_cmpuint(e.tag, !=, 0);
    g_assert_cmpuint(e.len, ==, 9);
    g_assert_cmphex(e.data[0], ==, 0x22);

    /* Replies that do not fit, and one that does */
    e.tag++;
    g_assert_cmpuint(send_reply(&c, &e, data, 8), ==, EMUNIC_ADMIN_ST_STALE);
    e.tag--;
    e.epoch++;
    g_assert_cmpuint(send_reply(&c, &e, data, 8), ==, EMUNIC_ADMIN_ST_STALE);
    e.epoch--;
    g_assert_cmpuint(send_reply(&c, &e, data, 7), ==, EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(send_reply(&c, &e, data, 225), ==,
                     EMUNIC_ADMIN_ST_INVALID);
    g_assert_cmpuint(send_reply(&c, &e, 1ull << 40, 8), ==,
                     EMUNIC_ADMIN_ST_DMA);
    g_assert_cmphex(mbox_status(&c.vf) & 0x1000f, ==, 0x1);
    qtest_writel(c.nic->qts, data + 8, 0xfeedface);
    g_assert_cmpuint(send_reply(&c, &e, data, 12), ==, EMUNIC_ADMIN_ST_OK);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10002);
    g_assert_cmpuint(qemunic_read(&c.vf, EMUNIC_MBOX_REPLY_LEN), ==, 12);
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_MBOX_REPLY + 8), ==,
                    0xfeedface);
    g_assert_true(qemunic_read(&c.vf, EMUNIC_CAUSE) & EMUNIC_CAUSE_MBOX);
    g_assert_cmpuint(send_reply(&c, &e, data, 12), ==, EMUNIC_ADMIN_ST_STALE);
    qemunic_stop(c.nic);
}

static void test_mbox_reset(void)
{
    struct emunic_event old, e;
    uint64_t data;
    Control c;

    control_start(&c);
    data = qemunic_alloc(c.nic, 4096);

    /* FLR: the credit is back, the epoch is new, the old answer is dropped */
    send_msg(&c.vf, 0x44, 8);
    next_event(&c, EMUNIC_EVENT_VF_MSG, &old);
    qemunic_flr(&c.vf);
    qemunic_map(&c.vf, true);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10000);
    next_event(&c, EMUNIC_EVENT_VF_RESET, &e);
    g_assert_cmpuint(e.epoch, ==, old.epoch + 1);
    g_assert_cmpuint(send_reply(&c, &old, data, 8), ==, EMUNIC_ADMIN_ST_STALE);
    send_msg(&c.vf, 0x55, 8);
    next_event(&c, EMUNIC_EVENT_VF_MSG, &e);
    g_assert_cmpuint(send_reply(&c, &old, data, 8), ==, EMUNIC_ADMIN_ST_STALE);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x1);

    /* Cancel: only the PF's answer brings the credit back */
    qemunic_write(&c.vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_CANCEL);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x4);
    send_msg(&c.vf, 0x66, 8);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x304);
    g_assert_cmpuint(send_reply(&c, &e, data, 8), ==, EMUNIC_ADMIN_ST_STALE);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10000);

    /* The PF driver goes away */
    send_msg(&c.vf, 0x77, 8);
    next_event(&c, EMUNIC_EVENT_VF_MSG, &e);
    qemunic_write(&c.pf, EMUNIC_EVENT_BLOCK + EMUNIC_Q_CTRL, 0);
    g_assert_cmphex(mbox_status(&c.vf), ==, 0x10103);
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_STATUS), ==, 0x1);
    g_assert_cmpuint(send_reply(&c, &e, data, 8), ==, EMUNIC_ADMIN_ST_STALE);
    qemunic_stop(c.nic);
}

static void test_admin(void)
{
    static const struct {
        uint16_t opcode, vport;
        uint8_t arg[8];
        uint32_t len;
        uint16_t status;
    } cases[] = {
        { 0x0000, 0, { 0 }, 0, 1 },
        { 0x7777, 1, { 0 }, 0, 1 },
        { 0x0017, 3, { 0 }, 0, 2 },
        { 0x0017, 0xffff, { 0 }, 0, 2 },
        { 0x0010, 1, { 0x03, 0, 0, 0, 0, 1 }, 0, 3 },
        { 0x0010, 1, { 0x02, 0, 0, 0, 0, 1 }, 64, 3 },
        { 0x0010, 1, { 0x02, 0, 0, 0, 0, 1 }, 0, 0 },
        { 0x0010, 2, { 0x02, 0, 0, 0, 0, 2 }, 0, 0 },   /* not enabled */
        { 0x0012, 1, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 0, 3 },
        { 0x0012, 1, { 0 }, 0, 3 },
        { 0x0012, 1, { 0x33, 0x33, 0, 0, 0, 1 }, 0, 0 },
        { 0x0012, 1, { 0x33, 0x33, 0, 0, 0, 1 }, 0, 0 },
        { 0x0013, 1, { 0x33, 0x33, 0, 0, 0, 1 }, 0, 0 },
        { 0x0013, 1, { 0x33, 0x33, 0, 0, 0, 1 }, 0, 7 },
        { 0x0011, 1, { 0x00, 0x81, 0xff, 0x0f, 0 }, 0, 3 },
        { 0x0011, 1, { 0x00, 0x91, 0x64, 0x00, 0 }, 0, 3 },
        { 0x0011, 1, { 0x00, 0x81, 0x64, 0x00, 8 }, 0, 3 },
        { 0x0011, 1, { 0xa8, 0x88, 0x64, 0x00, 7 }, 0, 0 },
        { 0x0014, 1, { 0xff, 0x0f }, 0, 3 },
        { 0x0014, 1, { 0xfe, 0x0f }, 0, 0 },
        { 0x0015, 1, { 0xfe, 0x0f }, 0, 0 },
        { 0x0015, 1, { 0xfe, 0x0f }, 0, 7 },
        { 0x0016, 1, { 8 }, 0, 3 },
        { 0x0016, 1, { 7 }, 0, 0 },
        { 0x0018, 1, { 0 }, 127, 3 },
        { 0x0020, 0, { 0 }, 8, 2 },
        { 0x0020, 2, { 0 }, 8, 2 },
        { 0x0021, 2, { 0x40 }, 0, 2 },
        { 0x0021, 1, { 0x80 }, 0, 3 },
        { 0x0021, 1, { 0x60 }, 0, 0 },
        { 0x0022, 0, { 0 }, 0, 2 },
        { 0x0022, 1, { 0 }, 0, 0 },
    };
    struct emunic_vport_stats stats;
    uint64_t data;
    Control c;

    control_start(&c);
    data = qemunic_alloc(c.nic, 4096);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_assert_cmpuint(qemunic_admin(&c.admin, cases[i].opcode,
                                       cases[i].vport, cases[i].arg,
                                       sizeof(cases[i].arg), data,
                                       cases[i].len), ==, cases[i].status);
        if (cases[i].opcode == 0x0021 && !cases[i].status) {
            g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_CAUSE) & 0x60, ==,
                            0x60);
            g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_STATUS) & 0x8, ==, 8);
        }
    }
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_CAUSE), ==, EMUNIC_CAUSE_RESET);
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_STATUS) & 0x8, ==, 0);

    /* 256 filters fit. */
    for (int i = 0; i <= 256; i++) {
        uint8_t mac[8] = { 0x02, 0, 0, 1, i >> 8, i };

        g_assert_cmpuint(qemunic_admin(&c.admin, EMUNIC_ADMIN_VPORT_ADD_MAC,
                                       1, mac, sizeof(mac), 0, 0), ==,
                         i < 256 ? EMUNIC_ADMIN_ST_OK
                                 : EMUNIC_ADMIN_ST_NO_SPACE);
    }
    g_assert_cmpuint(qemunic_admin(&c.admin, EMUNIC_ADMIN_VPORT_GET_STATS, 1,
                                   NULL, 0, data, 128), ==, 0);
    qtest_memread(c.nic->qts, data, &stats, sizeof(stats));
    g_assert_cmpuint(le64_to_cpu(stats.resets), >=, 2);
    g_assert_cmpuint(qemunic_admin(&c.admin, EMUNIC_ADMIN_VPORT_GET_STATS, 1,
                                   NULL, 0, 1ull << 40, 128), ==,
                     EMUNIC_ADMIN_ST_DMA);

    /* A tail beyond the ring */
    qemunic_write(&c.pf, EMUNIC_ADMIN_TAIL, c.admin.tail + 65);
    g_assert_cmpuint(qemunic_read(&c.pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_ERROR),
                     ==, EMUNIC_Q_ERROR_INDEX);
    /* A head beyond the producer */
    qemunic_write(&c.pf, EMUNIC_EVENT_HEAD, c.event.cq_head + 100);
    g_assert_cmpuint(qemunic_read(&c.pf, EMUNIC_EVENT_BLOCK + EMUNIC_Q_ERROR),
                     ==, EMUNIC_Q_ERROR_INDEX);
    g_assert_cmphex(qemunic_read(&c.vf, EMUNIC_STATUS) & 0x4, ==, 0);
    qemunic_stop(c.nic);
}

/* One waiting event of a type, however often it happens */
static void test_event_flood(void)
{
    struct emunic_event e;
    uint32_t epoch;
    Control c;

    control_start(&c);
    epoch = qemunic_read(&c.vf, EMUNIC_EPOCH);
    for (int i = 0; i < 200; i++) {
        qemunic_write(&c.vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    }
    send_msg(&c.vf, 0x88, 8);
    next_event(&c, EMUNIC_EVENT_VF_RESET, &e);
    if (e.epoch != epoch + 200) {
        /* The first went into the ring at once, the last waited. */
        g_assert_true(qemunic_event(&c.event, &e));
        g_assert_cmpuint(e.type, ==, EMUNIC_EVENT_VF_RESET);
        g_assert_cmpuint(e.epoch, ==, epoch + 200);
    }
    next_event(&c, EMUNIC_EVENT_VF_MSG, &e);
    g_assert_cmpuint(e.epoch, ==, epoch + 200);
    qemunic_stop(c.nic);
}

/*
 * However fast a VF makes events, and the PF takes them: no more than a burst
 * and then what the rate allows. The VF's resets make some, and give nothing.
 */
static void test_event_rate(void)
{
    const int beyond = 300 * EMUNIC_EVENT_RATE / 1000;
    int64_t start, passed = 0;
    struct emunic_event e;
    Control c;

    control_start(&c);
    start = g_get_monotonic_time();
    for (int i = 0; i < EMUNIC_EVENT_BURST + beyond; i++) {
        int looks = 0;

        qemunic_write(&c.vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
        while (!qemunic_queue_next(&c.event, sizeof(e),
                                   offsetof(struct emunic_event, flags), &e)) {
            if (++looks % 200 == 0) {
                g_assert_cmpint(looks, <, 200 * 5000);
                qemunic_pass(c.nic, 1);
                passed++;
            }
        }
        g_assert_cmpuint(e.type, ==, EMUNIC_EVENT_VF_RESET);
        qemunic_write(&c.pf, EMUNIC_EVENT_HEAD, c.event.cq_head);
    }
    if (qemunic_clock_goes_on()) {
        passed = (g_get_monotonic_time() - start) / 1000;
    }
    /* The clocks are not read at the same time. */
    g_assert_cmpint(passed, >=, 290);
    qemunic_stop(c.nic);
}

static void test_fatal(void)
{
    QEmunicFunction pf;
    QEmunicQueue admin, event;
    QEmunic *nic = qemunic_start("max_vfs=0", "");

    qemunic_pf_init(nic, &pf);
    qemunic_queue_init(&pf, EMUNIC_EVENT_BLOCK, 6, 0, &event);
    qemunic_queue_start(&event);
    qemunic_queue_init(&pf, EMUNIC_ADMIN_BLOCK, 6, 0, &admin);
    admin.sq = 1ull << 40;
    qemunic_queue_program(&admin, 0);
    qemunic_queue_start(&admin);
    qemunic_write(&pf, EMUNIC_ADMIN_TAIL, 1);
    g_assert_true(qemunic_wait(&pf, EMUNIC_STATUS, EMUNIC_STATUS_FATAL,
                               EMUNIC_STATUS_FATAL));
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_ADMIN_BLOCK + EMUNIC_Q_ERROR),
                     ==, EMUNIC_Q_ERROR_DMA);
    g_assert_cmpuint(qemunic_read(&pf, EMUNIC_EVENT_BLOCK + EMUNIC_Q_STATE),
                     ==, EMUNIC_Q_STATE_ERROR);
    qemunic_stop(nic);
}

void emunic_add_control_tests(void)
{
    qtest_add_func("emunic/mbox", test_mbox);
    qtest_add_func("emunic/mbox-reset", test_mbox_reset);
    qtest_add_func("emunic/admin", test_admin);
    qtest_add_func("emunic/event-flood", test_event_flood);
    qtest_add_func("emunic/event-rate", test_event_rate);
    qtest_add_func("emunic/fatal", test_fatal);
}

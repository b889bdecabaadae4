/*
 * emunic: a device that lies, and only when and where it is asked to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"
#include "qobject/qdict.h"

#define NIC         "max_vfs=2,id=nic0"
#define READS       200
#define SCRATCH     0x12345678

enum { TX = 0x01, RX = 0x02, ADMIN = 0x04, EVENT = 0x08, REGISTER = 0x10 };

static void lie_set(QEmunic *nic, const char *property, uint32_t value)
{
    qtest_qmp_assert_success(nic->qts, "{'execute': 'qom-set', 'arguments':"
                             " {'path': 'nic0', 'property': %s,"
                             " 'value': %u}}", property, value);
}

static uint32_t lie_get(QEmunic *nic, const char *property)
{
    QDict *rsp = qtest_qmp(nic->qts, "{'execute': 'qom-get', 'arguments':"
                           " {'path': 'nic0', 'property': %s}}", property);
    uint32_t value = qdict_get_int(rsp, "return");

    qobject_unref(rsp);
    return value;
}

/* What is read of a register that has SCRATCH, again and again */
static unsigned read_scratch(QEmunicFunction *pf, uint32_t *values)
{
    unsigned lies = 0;

    for (int i = 0; i < READS; i++) {
        values[i] = qemunic_read(pf, EMUNIC_TEST_SCRATCH);
        lies += values[i] != SCRATCH;
    }
    return lies;
}

static void test_lie_registers(void)
{
    uint32_t first[READS], again[READS];
    QEmunic *nic = qemunic_start(NIC, "");
    QEmunicFunction pf;
    unsigned lies;

    qemunic_pf_init(nic, &pf);
    qemunic_write(&pf, EMUNIC_TEST_SCRATCH, SCRATCH);

    /* Off unless asked for, whatever else is set */
    g_assert_cmpuint(lie_get(nic, "x-lie-seed"), ==, 0);
    g_assert_cmpuint(lie_get(nic, "x-lie-rate"), ==, 64);
    g_assert_cmphex(lie_get(nic, "x-lie-what"), ==, 0x1f);
    g_assert_cmpuint(read_scratch(&pf, first), ==, 0);
    lie_set(nic, "x-lie-rate", 1);
    g_assert_cmpuint(read_scratch(&pf, first), ==, 0);
    g_assert_cmpuint(lie_get(nic, "x-lie-count"), ==, 0);

    /* Each word, or one in some; all are counted */
    lie_set(nic, "x-lie-seed", 1);
    g_assert_cmpuint(read_scratch(&pf, first), ==, READS);
    g_assert_cmpuint(lie_get(nic, "x-lie-count"), ==, READS);
    lie_set(nic, "x-lie-rate", 4);
    lies = read_scratch(&pf, first);
    g_assert_cmpuint(lies, >, READS / 8);
    g_assert_cmpuint(lies, <, READS / 2);
    g_assert_cmpuint(lie_get(nic, "x-lie-count"), ==, lies);

    /* A seed is a sequence of lies. */
    lie_set(nic, "x-lie-seed", 1);
    read_scratch(&pf, again);
    g_assert_cmpmem(first, sizeof(first), again, sizeof(again));
    lie_set(nic, "x-lie-seed", 2);
    read_scratch(&pf, again);
    g_assert_true(memcmp(first, again, sizeof(first)));

    /* What was told is not what is kept. */
    lie_set(nic, "x-lie-rate", 0);
    g_assert_cmpuint(read_scratch(&pf, first), ==, 0);
    lie_set(nic, "x-lie-rate", 1);
    lie_set(nic, "x-lie-what", 0x1f & ~REGISTER);
    g_assert_cmpuint(read_scratch(&pf, first), ==, 0);
    lie_set(nic, "x-lie-what", REGISTER);
    g_assert_cmpuint(read_scratch(&pf, first), ==, READS);

    /* Lies stay behind. */
    qemunic_migrate(nic, NIC ",x-lie-rate=1");
    g_assert_cmpuint(lie_get(nic, "x-lie-seed"), ==, 0);
    g_assert_cmpuint(lie_get(nic, "x-lie-rate"), ==, 1);
    g_assert_cmpuint(read_scratch(&pf, first), ==, 0);
    qemunic_stop(nic);
}

/*
 * A kind of entry, of which each is as the one before, but that the 32 bits at
 * @counts are one more
 */
typedef struct Kind {
    uint32_t what;
    size_t size;
    size_t flags_at;
    size_t counts;
} Kind;

#define KIND(what, name, counts) \
    { what, sizeof(struct name), offsetof(struct name, flags), \
      offsetof(struct name, counts) }

static const Kind kinds[] = {
    KIND(TX, emunic_tx_cpl, sq_head),
    KIND(RX, emunic_rx_cpl, buf_id),
    KIND(ADMIN, emunic_admin_cpl, cookie),
    KIND(EVENT, emunic_event, epoch),
};

static QEmunicQueue *kind_queue(Data *d, const Kind *kind)
{
    switch (kind->what) {
    case TX:
        return &d->vf[0].tx;
    case RX:
        return &d->vf[1].rx;
    case ADMIN:
        return &d->admin;
    default:
        return &d->event;
    }
}

/* Have the device write one entry of each of some kinds, @kind among them. */
static void kind_cause(Data *d, const Kind *kind)
{
    struct emunic_admin_cmd cmd = {
        .opcode = cpu_to_le16(EMUNIC_ADMIN_VPORT_SET_RX_MODE),
        .cookie = cpu_to_le32(d->admin.tail),
    };
    uint8_t frame[100];

    switch (kind->what) {
    case ADMIN:
        qemunic_put(&d->admin, &cmd, sizeof(cmd));
        qemunic_write(&d->pf.f, EMUNIC_ADMIN_TAIL, d->admin.tail);
        break;
    case EVENT:
        qemunic_write(&d->vf[0].f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
        break;
    default:
        build(frame, sizeof(frame), vf_mac[1], vf_mac[0], 0x88b5);
        port_put(&d->vf[0], NULL, frame, sizeof(frame), sizeof(frame));
        qemunic_tail(&d->vf[0].tx);
        break;
    }
}

/* The driver has taken an entry. */
static void kind_taken(Data *d, const Kind *kind)
{
    if (kind->what == EVENT) {
        qemunic_write(&d->pf.f, EMUNIC_EVENT_HEAD, d->event.cq_head);
    }
}

static void kind_honest(Data *d, const Kind *kind, uint8_t *entry)
{
    kind_cause(d, kind);
    g_assert_true(qemunic_queue_wait(kind_queue(d, kind), kind->size,
                                     kind->flags_at, entry));
    kind_taken(d, kind);
}

/* One word of an entry is not that of @expected. */
static void kind_lie(Data *d, const Kind *kind, const uint8_t *expected)
{
    QEmunicQueue *q = kind_queue(d, kind);
    uint8_t told[sizeof(struct emunic_event)];
    int wrong = 0;

    kind_cause(d, kind);
    for (int i = 0; i < 10000 && !lie_get(d->nic, "x-lie-count"); i++) {
        g_usleep(1000);
    }
    g_assert_cmpuint(lie_get(d->nic, "x-lie-count"), ==, 1);
    qtest_memread(d->nic->qts, q->cq + q->cq_head * kind->size, told,
                  kind->size);
    q->cq_head++;
    kind_taken(d, kind);
    for (size_t at = 0; at < kind->size; at += 4) {
        wrong += !!memcmp(told + at, expected + at, 4);
    }
    g_assert_cmpint(wrong, ==, 1);
}

static void kind_next(const Kind *kind, uint8_t *entry)
{
    stl_le_p(entry + kind->counts, ldl_le_p(entry + kind->counts) + 1);
}

static void test_lie_entries(void)
{
    uint8_t expected[sizeof(struct emunic_event)], entry[sizeof(expected)];
    struct emunic_event e;
    Data d;

    for (const Kind *kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++) {
        data_start(&d, "", NIC);
        /* The VFs were enabled. */
        g_assert_true(qemunic_event(&d.event, &e));
        g_assert_true(qemunic_event(&d.event, &e));
        kind_honest(&d, kind, expected);
        lie_set(d.nic, "x-lie-rate", 1);
        lie_set(d.nic, "x-lie-what", kind->what);
        for (uint32_t seed = 1; seed <= 8; seed++) {
            lie_set(d.nic, "x-lie-seed", seed);
            kind_next(kind, expected);
            kind_lie(&d, kind, expected);
        }

        /* The same device, honest again, has not believed itself. */
        lie_set(d.nic, "x-lie-rate", 0);
        kind_next(kind, expected);
        kind_honest(&d, kind, entry);
        g_assert_cmpmem(entry, kind->size, expected, kind->size);
        g_assert_cmpuint(lie_get(d.nic, "x-lie-count"), ==, 0);
        qemunic_stop(d.nic);
    }
}

void emunic_add_lie_tests(void)
{
    qtest_add_func("emunic/lie-registers", test_lie_registers);
    qtest_add_func("emunic/lie-entries", test_lie_entries);
}

/*
 * emunic: a driver for tests: configuration space, registers, rings
 *
 * Configuration space is accessed through ECAM, since what is of interest in
 * it lies beyond the first 256 bytes. No firmware runs, so that all addresses
 * are this file's choice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-qos.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/pci_regs.h"

#define ECAM        0xb0000000u
#define PCIEXBAR    0x60            /* of the Q35 host bridge */

#define PF_BAR0     0xe0000000u
#define PF_BAR2     0xe0010000u
#define VF_BAR0     0xe1000000u
#define VF_BAR2     0xe2000000u

void qemunic_enable_ecam(QTestState *qts)
{
    qtest_outl(qts, 0xcf8, 0x80000000u | (PCIEXBAR + 4));
    qtest_outl(qts, 0xcfc, 0);
    qtest_outl(qts, 0xcf8, 0x80000000u | PCIEXBAR);
    qtest_outl(qts, 0xcfc, ECAM | 1);
}

QEmunic *qemunic_start(const char *device_args, const char *args)
{
    QEmunic *nic = g_new0(QEmunic, 1);

    nic->qts = qtest_initf("%s -M q35 -m 64 -nodefaults %s "
                           "-device emunic,addr=2,%s",
                           g_getenv("EMUNIC_QTEST_ARGS") ?: "", args,
                           device_args);
    nic->next_page = QEMUNIC_FIRST_PAGE;
    nic->devfn = QEMUNIC_DEVFN;
    qemunic_enable_ecam(nic->qts);
    return nic;
}

void qemunic_stop(QEmunic *nic)
{
    qtest_quit(nic->qts);
    g_free(nic);
}

/* Zeroed and page-aligned */
uint64_t qemunic_alloc(QEmunic *nic, size_t size)
{
    uint64_t addr = nic->next_page;

    size = ROUND_UP(size, 4096);
    nic->next_page += size;
    qtest_memset(nic->qts, addr, 0, size);
    return addr;
}

uint64_t qemunic_cfg(unsigned devfn, unsigned offset)
{
    return ECAM + (devfn << 12) + offset;
}

uint16_t qemunic_cfg_readw(QEmunic *nic, unsigned devfn, unsigned offset)
{
    return qtest_readw(nic->qts, qemunic_cfg(devfn, offset));
}

uint32_t qemunic_cfg_readl(QEmunic *nic, unsigned devfn, unsigned offset)
{
    return qtest_readl(nic->qts, qemunic_cfg(devfn, offset));
}

void qemunic_cfg_writew(QEmunic *nic, unsigned devfn, unsigned offset,
                        uint16_t value)
{
    qtest_writew(nic->qts, qemunic_cfg(devfn, offset), value);
}

void qemunic_cfg_writel(QEmunic *nic, unsigned devfn, unsigned offset,
                        uint32_t value)
{
    qtest_writel(nic->qts, qemunic_cfg(devfn, offset), value);
}

unsigned qemunic_find_cap(QEmunic *nic, unsigned devfn, uint8_t id)
{
    unsigned at = qemunic_cfg_readw(nic, devfn, PCI_CAPABILITY_LIST) & 0xff;

    for (int left = 48; at && left; left--) {
        uint16_t head = qemunic_cfg_readw(nic, devfn, at);

        if ((head & 0xff) == id) {
            return at;
        }
        at = head >> 8;
    }
    return 0;
}

unsigned qemunic_find_ext_cap(QEmunic *nic, unsigned devfn, uint16_t id)
{
    unsigned at = 0x100;

    for (int left = 100; at && left; left--) {
        uint32_t head = qemunic_cfg_readl(nic, devfn, at);

        if (PCI_EXT_CAP_ID(head) == id) {
            return at;
        }
        at = PCI_EXT_CAP_NEXT(head);
    }
    return 0;
}

void qemunic_map(QEmunicFunction *f, bool master)
{
    qemunic_cfg_writew(f->nic, f->devfn, PCI_COMMAND, PCI_COMMAND_MEMORY |
                       (master ? PCI_COMMAND_MASTER : 0));
}

void qemunic_pf_init(QEmunic *nic, QEmunicFunction *pf)
{
    pf->nic = nic;
    pf->devfn = nic->devfn;
    pf->bar0 = PF_BAR0;
    pf->bar2 = PF_BAR2;
    qemunic_cfg_writel(nic, pf->devfn, PCI_BASE_ADDRESS_0, PF_BAR0);
    qemunic_cfg_writel(nic, pf->devfn, PCI_BASE_ADDRESS_1, 0);
    qemunic_cfg_writel(nic, pf->devfn, PCI_BASE_ADDRESS_2, PF_BAR2);
    qemunic_cfg_writel(nic, pf->devfn, PCI_BASE_ADDRESS_3, 0);
    qemunic_map(pf, true);
}

void qemunic_set_num_vfs(QEmunicFunction *pf, unsigned num)
{
    unsigned at = qemunic_find_ext_cap(pf->nic, pf->devfn,
                                       PCI_EXT_CAP_ID_SRIOV);

    g_assert_cmpuint(at, !=, 0);
    qemunic_cfg_writew(pf->nic, pf->devfn, at + PCI_SRIOV_CTRL, 0);
    if (!num) {
        return;
    }
    qemunic_cfg_writel(pf->nic, pf->devfn, at + PCI_SRIOV_BAR, VF_BAR0);
    qemunic_cfg_writel(pf->nic, pf->devfn, at + PCI_SRIOV_BAR + 4, 0);
    qemunic_cfg_writel(pf->nic, pf->devfn, at + PCI_SRIOV_BAR + 8, VF_BAR2);
    qemunic_cfg_writel(pf->nic, pf->devfn, at + PCI_SRIOV_BAR + 12, 0);
    qemunic_cfg_writew(pf->nic, pf->devfn, at + PCI_SRIOV_NUM_VF, num);
    qemunic_cfg_writew(pf->nic, pf->devfn, at + PCI_SRIOV_CTRL,
                       PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
}

void qemunic_vf_init(QEmunicFunction *pf, unsigned n, QEmunicFunction *vf)
{
    vf->nic = pf->nic;
    vf->devfn = pf->devfn + 1 + n;
    vf->bar0 = VF_BAR0 + n * EMUNIC_BAR_REGS_SIZE;
    vf->bar2 = VF_BAR2 + n * EMUNIC_BAR_MSIX_SIZE;
    qemunic_map(vf, true);
}

void qemunic_flr(QEmunicFunction *f)
{
    unsigned at = qemunic_find_cap(f->nic, f->devfn, PCI_CAP_ID_EXP);

    qemunic_cfg_writew(f->nic, f->devfn, at + PCI_EXP_DEVCTL,
                       PCI_EXP_DEVCTL_BCR_FLR);
}

uint32_t qemunic_read(QEmunicFunction *f, uint64_t reg)
{
    return qtest_readl(f->nic->qts, f->bar0 + reg);
}

void qemunic_write(QEmunicFunction *f, uint64_t reg, uint32_t value)
{
    qtest_writel(f->nic->qts, f->bar0 + reg, value);
}

static void qemunic_idle(QEmunic *nic)
{
    if (nic->idle) {
        nic->idle(nic->qts);
    } else {
        g_usleep(500);
    }
}

bool qemunic_wait(QEmunicFunction *f, uint64_t reg, uint32_t mask,
                  uint32_t value)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;

    while ((qemunic_read(f, reg) & mask) != value) {
        if (g_get_monotonic_time() > end) {
            return false;
        }
        qemunic_idle(f->nic);
    }
    return true;
}

static bool qemunic_queue_is_data(const QEmunicQueue *q)
{
    return q->block >= EMUNIC_TX_BLOCK;
}

void qemunic_queue_init(QEmunicFunction *f, uint64_t block, uint32_t log2,
                        uint32_t vector, QEmunicQueue *q)
{
    size_t entry = block == EMUNIC_EVENT_BLOCK ? 256 : 64;

    memset(q, 0, sizeof(*q));
    q->f = f;
    q->block = block;
    q->log2 = log2;
    if (block != EMUNIC_EVENT_BLOCK) {
        q->sq = qemunic_alloc(f->nic, entry << log2);
    }
    q->cq = qemunic_alloc(f->nic, entry << log2);
    if (qemunic_queue_is_data(q)) {
        q->shadow = qemunic_alloc(f->nic, sizeof(struct emunic_shadow));
    }
    qemunic_queue_program(q, vector);
}

void qemunic_queue_program(QEmunicQueue *q, uint32_t vector)
{
    qemunic_write(q->f, q->block + EMUNIC_Q_SQ_LO, q->sq);
    qemunic_write(q->f, q->block + EMUNIC_Q_SQ_HI, q->sq >> 32);
    qemunic_write(q->f, q->block + EMUNIC_Q_CQ_LO, q->cq);
    qemunic_write(q->f, q->block + EMUNIC_Q_CQ_HI, q->cq >> 32);
    qemunic_write(q->f, q->block + EMUNIC_Q_SHADOW_LO, q->shadow);
    qemunic_write(q->f, q->block + EMUNIC_Q_SHADOW_HI, q->shadow >> 32);
    qemunic_write(q->f, q->block + EMUNIC_Q_SIZE, q->log2);
    qemunic_write(q->f, q->block + EMUNIC_Q_VECTOR, vector);
}

void qemunic_queue_start(QEmunicQueue *q)
{
    qemunic_write(q->f, q->block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
    g_assert_cmpuint(qemunic_read(q->f, q->block + EMUNIC_Q_ERROR), ==,
                     EMUNIC_Q_ERROR_NONE);
    g_assert_cmpuint(qemunic_read(q->f, q->block + EMUNIC_Q_STATE), ==,
                     EMUNIC_Q_STATE_RUNNING);
}

/* The next completion, if the device has written it */
bool qemunic_queue_next(QEmunicQueue *q, size_t size, size_t flags_at,
                        void *entry)
{
    uint32_t entries = 1u << q->log2;
    uint16_t phase = q->cq_head & entries ? 0 : EMUNIC_CPL_PHASE;

    qtest_memread(q->f->nic->qts, q->cq + (q->cq_head & (entries - 1)) * size,
                  entry, size);
    if ((lduw_le_p((uint8_t *)entry + flags_at) & EMUNIC_CPL_PHASE) != phase) {
        return false;
    }
    q->cq_head++;
    return true;
}

bool qemunic_queue_wait(QEmunicQueue *q, size_t size, size_t flags_at,
                        void *entry)
{
    gint64 end = g_get_monotonic_time() + QEMUNIC_TIMEOUT_US;

    while (!qemunic_queue_next(q, size, flags_at, entry)) {
        if (g_get_monotonic_time() > end) {
            return false;
        }
        qemunic_idle(q->f->nic);
    }
    return true;
}

void qemunic_put(QEmunicQueue *q, const void *entry, size_t size)
{
    uint32_t entries = 1u << q->log2;

    qtest_memwrite(q->f->nic->qts, q->sq + (q->tail & (entries - 1)) * size,
                   entry, size);
    q->tail++;
}

/* Publish what was put, and kick if the device asked for it. True: it did. */
bool qemunic_tail(QEmunicQueue *q)
{
    QTestState *qts = q->f->nic->qts;
    unsigned index = (q->block - EMUNIC_TX_BLOCK) / EMUNIC_Q_STRIDE;
    uint32_t old, event;

    old = qtest_readl(qts, q->shadow + offsetof(struct emunic_shadow,
                                                sq_tail));
    qtest_writel(qts, q->shadow + offsetof(struct emunic_shadow, sq_tail),
                 q->tail);
    event = qtest_readl(qts, q->shadow + offsetof(struct emunic_shadow,
                                                  sq_event));
    if (q->block < EMUNIC_RX_BLOCK &&
        EMUNIC_INDEX_PASSED(event, q->tail, old)) {
        qemunic_write(q->f, EMUNIC_KICK, 1u << index);
        return true;
    }
    return false;
}

void qemunic_pf_ready(QEmunicFunction *pf, QEmunicQueue *admin,
                      QEmunicQueue *event)
{
    qemunic_queue_init(pf, EMUNIC_ADMIN_BLOCK, 6, 0, admin);
    qemunic_queue_start(admin);
    qemunic_queue_init(pf, EMUNIC_EVENT_BLOCK, 6, 0, event);
    qemunic_queue_start(event);
}

uint16_t qemunic_admin(QEmunicQueue *admin, uint16_t opcode, uint16_t vport,
                       const void *arg, size_t arg_len, uint64_t data,
                       uint32_t data_len)
{
    struct emunic_admin_cmd cmd = {
        .opcode = cpu_to_le16(opcode),
        .vport = cpu_to_le16(vport),
        .cookie = cpu_to_le32(0xc0de0000 + admin->tail),
        .data_addr = cpu_to_le64(data),
        .data_len = cpu_to_le32(data_len),
    };
    struct emunic_admin_cpl cpl;

    g_assert_cmpuint(arg_len, <=, sizeof(cmd.arg));
    if (arg_len) {
        memcpy(cmd.arg, arg, arg_len);
    }
    qemunic_put(admin, &cmd, sizeof(cmd));
    qemunic_write(admin->f, EMUNIC_ADMIN_TAIL, admin->tail);
    g_assert_true(qemunic_queue_wait(admin, sizeof(cpl),
                                     offsetof(struct emunic_admin_cpl, flags),
                                     &cpl));
    g_assert_cmphex(cpl.cookie, ==, cmd.cookie);
    return le16_to_cpu(cpl.status);
}

/* The next event, consumed; false if none comes */
bool qemunic_event(QEmunicQueue *event, struct emunic_event *e)
{
    if (!qemunic_queue_wait(event, sizeof(*e),
                            offsetof(struct emunic_event, flags), e)) {
        return false;
    }
    qemunic_write(event->f, EMUNIC_EVENT_HEAD, event->cq_head);
    return true;
}

/* Let @vector write @data to @addr. */
void qemunic_msix(QEmunicFunction *f, unsigned vector, uint64_t addr,
                  uint32_t data)
{
    uint64_t entry = f->bar2 + vector * PCI_MSIX_ENTRY_SIZE;
    unsigned at = qemunic_find_cap(f->nic, f->devfn, PCI_CAP_ID_MSIX);

    qtest_writel(f->nic->qts, entry + PCI_MSIX_ENTRY_LOWER_ADDR, addr);
    qtest_writel(f->nic->qts, entry + PCI_MSIX_ENTRY_UPPER_ADDR, addr >> 32);
    qtest_writel(f->nic->qts, entry + PCI_MSIX_ENTRY_DATA, data);
    qtest_writel(f->nic->qts, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    qemunic_cfg_writew(f->nic, f->devfn, at + PCI_MSIX_FLAGS,
                       PCI_MSIX_FLAGS_ENABLE);
}

static void wait_migrated(QTestState *qts)
{
    for (int i = 0; i < 10000; i++) {
        QDict *rsp = qtest_qmp(qts, "{'execute': 'query-migrate'}");
        const char *status = NULL;
        bool done;

        if (qdict_haskey(rsp, "return")) {
            status = qdict_get_try_str(qdict_get_qdict(rsp, "return"),
                                       "status");
        }
        g_assert_cmpstr(status, !=, "failed");
        done = !g_strcmp0(status, "completed");
        qobject_unref(rsp);
        if (done) {
            return;
        }
        g_usleep(1000);
    }
    g_assert_not_reached();
}

/* Write the migration stream of the machine of @nic, which stops. */
void qemunic_save(QEmunic *nic, const char *path)
{
    g_autofree char *uri = g_strdup_printf("file:%s", path);

    qtest_qmp_assert_success(nic->qts, "{'execute': 'migrate', 'arguments':"
                             " {'uri': %s}}", uri);
    wait_migrated(nic->qts);
}

/* Move the machine of @nic to a new QEMU, which has the same @args. */
void qemunic_migrate_with(QEmunic *nic, const char *device, const char *args)
{
    g_autofree char *incoming = g_strdup_printf("%s -incoming defer", args);
    g_autofree char *dir = g_dir_make_tmp("emunic-XXXXXX", NULL);
    g_autofree char *uri = g_strdup_printf("file:%s/stream", dir);
    QEmunic *to = qemunic_start(device, incoming);

    qemunic_save(nic, uri + strlen("file:"));
    qtest_qmp_assert_success(to->qts, "{'execute': 'migrate-incoming',"
                             " 'arguments': {'uri': %s}}", uri);
    wait_migrated(to->qts);
    unlink(uri + strlen("file:"));
    rmdir(dir);
    qtest_quit(nic->qts);
    nic->qts = to->qts;
    g_free(to);
}

void qemunic_migrate(QEmunic *nic, const char *device)
{
    qemunic_migrate_with(nic, device, "");
}

/* Does the guest's clock go on? The qtest accelerator keeps it standing. */
bool qemunic_clock_goes_on(void)
{
    return g_getenv("EMUNIC_QTEST_ARGS");
}

/* Let it go on for @ms. */
void qemunic_pass(QEmunic *nic, unsigned ms)
{
    if (qemunic_clock_goes_on()) {
        g_usleep(ms * 1000);
    } else {
        qtest_clock_step(nic->qts, ms * 1000000ll);
    }
}

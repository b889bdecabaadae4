/*
 * emunic: a driver for tests: configuration space, registers, rings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_EMUNIC_QOS_H
#define TESTS_QTEST_EMUNIC_QOS_H

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqtest.h"
#include <emunic/regs.h>
#include <emunic/desc.h>
#include <emunic/adminq.h>
#include <emunic/mbox.h>

#define QEMUNIC_DEVFN       0x10    /* the PF; VF n is at + 1 + n */
#define QEMUNIC_FIRST_PAGE  0x00200000u     /* of the test's memory */
#define QEMUNIC_TIMEOUT_US  (10 * G_USEC_PER_SEC)
#define QUIET_US            2000    /* a kick is not one of many after that */

typedef struct QEmunic {
    QTestState *qts;
    uint64_t next_page;             /* guest memory is only ever allocated */
    unsigned devfn;                 /* of the PF, with its bus */
    void (*idle)(QTestState *);     /* lets the device go on; or it does so */
} QEmunic;

typedef struct QEmunicFunction {
    QEmunic *nic;
    unsigned devfn;
    uint64_t bar0;
    uint64_t bar2;
} QEmunicFunction;

/* One queue and its rings in guest memory; the indexes run freely. */
typedef struct QEmunicQueue {
    QEmunicFunction *f;
    uint64_t block;
    uint64_t sq;
    uint64_t cq;
    uint64_t shadow;
    uint32_t log2;
    uint32_t tail;
    uint32_t cq_head;
} QEmunicQueue;

QEmunic *qemunic_start(const char *device_args, const char *args);
void qemunic_stop(QEmunic *nic);
uint64_t qemunic_alloc(QEmunic *nic, size_t size);
void qemunic_save(QEmunic *nic, const char *path);
void qemunic_migrate(QEmunic *nic, const char *device);
void qemunic_migrate_with(QEmunic *nic, const char *device, const char *args);
bool qemunic_clock_goes_on(void);
void qemunic_pass(QEmunic *nic, unsigned ms);
void qemunic_enable_ecam(QTestState *qts);

uint64_t qemunic_cfg(unsigned devfn, unsigned offset);
uint16_t qemunic_cfg_readw(QEmunic *nic, unsigned devfn, unsigned offset);
uint32_t qemunic_cfg_readl(QEmunic *nic, unsigned devfn, unsigned offset);
void qemunic_cfg_writew(QEmunic *nic, unsigned devfn, unsigned offset,
                        uint16_t value);
void qemunic_cfg_writel(QEmunic *nic, unsigned devfn, unsigned offset,
                        uint32_t value);
unsigned qemunic_find_cap(QEmunic *nic, unsigned devfn, uint8_t id);
unsigned qemunic_find_ext_cap(QEmunic *nic, unsigned devfn, uint16_t id);

void qemunic_pf_init(QEmunic *nic, QEmunicFunction *pf);
void qemunic_set_num_vfs(QEmunicFunction *pf, unsigned num);
void qemunic_vf_init(QEmunicFunction *pf, unsigned n, QEmunicFunction *vf);
void qemunic_flr(QEmunicFunction *f);
void qemunic_map(QEmunicFunction *f, bool master);

uint32_t qemunic_read(QEmunicFunction *f, uint64_t reg);
void qemunic_write(QEmunicFunction *f, uint64_t reg, uint32_t value);
bool qemunic_wait(QEmunicFunction *f, uint64_t reg, uint32_t mask,
                  uint32_t value);

void qemunic_queue_init(QEmunicFunction *f, uint64_t block, uint32_t log2,
                        uint32_t vector, QEmunicQueue *q);
void qemunic_queue_program(QEmunicQueue *q, uint32_t vector);
void qemunic_queue_start(QEmunicQueue *q);
bool qemunic_queue_next(QEmunicQueue *q, size_t size, size_t flags_at,
                        void *entry);
bool qemunic_queue_wait(QEmunicQueue *q, size_t size, size_t flags_at,
                        void *entry);
void qemunic_put(QEmunicQueue *q, const void *entry, size_t size);
bool qemunic_tail(QEmunicQueue *q);

void qemunic_pf_ready(QEmunicFunction *pf, QEmunicQueue *admin,
                      QEmunicQueue *event);
uint16_t qemunic_admin(QEmunicQueue *admin, uint16_t opcode, uint16_t vport,
                       const void *arg, size_t arg_len, uint64_t data,
                       uint32_t data_len);
bool qemunic_event(QEmunicQueue *event, struct emunic_event *e);
void qemunic_msix(QEmunicFunction *f, unsigned vector, uint64_t addr,
                  uint32_t data);

#endif /* TESTS_QTEST_EMUNIC_QOS_H */

/*
 * Measuring a NIC alone: machines without a guest, whose memory is this
 * program's own as well
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef EMUNIC_BENCH_H
#define EMUNIC_BENCH_H

#include "emunic-qos.h"
#include "qemu/atomic.h"
#include "qemu/bitops.h"
#include "qemu/host-utils.h"

#define BENCH_PAGE      4096
#define BENCH_RING      4096        /* descriptors of all functions */
#define BENCH_PAYLOADS  32          /* GSO frames of all functions */
#define BENCH_MSS       1448
#define BENCH_HDR_MAX   (14 + 20 + 20)
#define BENCH_GSO_LEN   (BENCH_HDR_MAX + 45 * BENCH_MSS)

/*
 * A stopped machine with one NIC. Guest memory at address A is ram[A]. With
 * @vtd every function is in a domain of its own; an address is then mapped to
 * itself, by pages of 4 KiB.
 */
typedef struct BenchMachine {
    QEmunic *nic;
    uint8_t *ram;
    clockid_t cpu;                  /* processor time of all of QEMU */
    bool vtd;
} BenchMachine;

/* What is sent: @len bytes without FCS; with @gso one frame of many segments */
typedef struct BenchLoad {
    const char *name;
    uint32_t len;
    bool gso;
} BenchLoad;

/*
 * What one kind of NIC does with a machine.
 *
 * @vfs: the most there can be
 * @start: set up @n functions; function i sends to the next one, the last one
 *         to the first, but of two only the first sends
 * @pump: consume what came, send what fits. Returns frames received
 * @flushed: true once everything has arrived
 * @accesses: how often registers were accessed
 * @access: access one that does nothing
 */
typedef struct BenchNic {
    const char *name;
    const char *device;
    unsigned vfs;
    void *(*start)(BenchMachine *m, unsigned n, const BenchLoad *load);
    uint64_t (*pump)(void *nic, bool send);
    bool (*flushed)(void *nic);
    uint64_t (*accesses)(void *nic);
    void (*access)(void *nic);
    void (*stop)(void *nic);
} BenchNic;

extern const BenchNic bench_emunic;
extern const BenchNic bench_igb;

/* machine.c */
void bench_machine_start(BenchMachine *m, const char *device, bool vtd);
void bench_machine_stop(BenchMachine *m);
uint64_t *bench_shuffled_pages(BenchMachine *m, unsigned count);
void bench_add_domain(BenchMachine *m, unsigned devfn);

/* frame.c */
void bench_mac(unsigned n, uint8_t *mac);
void bench_frame(const BenchLoad *load, unsigned to, unsigned from,
                 uint8_t *frame);
uint32_t bench_header(const BenchLoad *load);

static inline void *bench_at(BenchMachine *m, uint64_t addr)
{
    return m->ram + addr;
}

/*
 * Descriptors of each ring of @n functions. There are as many buffers in all,
 * so that what is measured is the device and not the caches of the host.
 */
static inline uint32_t bench_ring(unsigned n)
{
    return n <= 2 ? BENCH_RING : BENCH_RING / pow2ceil(n);
}

/* Different GSO frames that each of @n functions sends, for the same reason */
static inline unsigned bench_payloads(unsigned n)
{
    return MAX(BENCH_PAYLOADS / MAX(n, 2), 1);
}

static inline unsigned bench_next(unsigned n, unsigned of)
{
    return (n + 1) % of;
}

static inline bool bench_sends(unsigned n, unsigned of)
{
    return of > 2 || n == 0;
}

#endif /* EMUNIC_BENCH_H */

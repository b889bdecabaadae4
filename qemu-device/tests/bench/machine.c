/*
 * Measuring a NIC alone: the machine, its memory and its VT-d
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bench.h"
#include "emunic-vtd.h"
#include <sys/mman.h>

#define RAM_SIZE        (1024ull * 1024 * 1024)

#define PTE_RW          3

typedef struct BenchVtd {
    uint64_t context;
    uint64_t table;
    unsigned domains;
} BenchVtd;

static BenchVtd vtd;                /* of the one machine that there is */

/* One table for all domains: every page of memory at its own address */
static uint64_t vtd_identity(BenchMachine *m)
{
    uint64_t top = qemunic_alloc(m->nic, BENCH_PAGE);
    uint64_t third = qemunic_alloc(m->nic, BENCH_PAGE);
    uint64_t second = qemunic_alloc(m->nic, BENCH_PAGE);
    uint64_t leaf = qemunic_alloc(m->nic, RAM_SIZE / BENCH_PAGE * 8);
    uint64_t *pte = bench_at(m, leaf);

    *(uint64_t *)bench_at(m, top) = third | PTE_RW;
    *(uint64_t *)bench_at(m, third) = second | PTE_RW;
    for (unsigned i = 0; i < 512; i++) {
        ((uint64_t *)bench_at(m, second))[i] =
            (leaf + i * BENCH_PAGE) | PTE_RW;
    }
    for (uint64_t i = 0; i < RAM_SIZE / BENCH_PAGE; i++) {
        pte[i] = i * BENCH_PAGE | PTE_RW;
    }
    return top;
}

static void vtd_start(BenchMachine *m)
{
    uint64_t root = qemunic_alloc(m->nic, BENCH_PAGE);

    vtd.context = qemunic_alloc(m->nic, BENCH_PAGE);
    vtd.table = vtd_identity(m);
    vtd.domains = 0;
    *(uint64_t *)bench_at(m, root) = vtd.context | 1;
    vtd_enable(m->nic->qts, root);
}

/* Let the function do DMA. Without VT-d it can anyway. */
void bench_add_domain(BenchMachine *m, unsigned devfn)
{
    uint64_t *entry;

    if (!m->vtd) {
        return;
    }
    entry = bench_at(m, vtd.context + devfn * 16);
    vtd.domains++;
    entry[1] = (uint64_t)vtd.domains << 8 | 2;
    entry[0] = vtd.table | 1;
    vtd_invalidate_all(m->nic->qts);
}

void bench_machine_start(BenchMachine *m, const char *device, bool with_vtd)
{
    g_autofree char *args = NULL;
    const char *emunic = "max_vfs=0";
    int fd = memfd_create("guest", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, RAM_SIZE), ==, 0);
    m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    g_assert(m->ram != MAP_FAILED);
    if (g_str_has_prefix(device, "emunic,")) {
        emunic = device + strlen("emunic,");
        device = NULL;
    }
    args = g_strdup_printf("-m %u -object memory-backend-file,id=ram,share=on,"
                           "size=%u,mem-path=/proc/%d/fd/%d "
                           "-machine memory-backend=ram %s%s%s",
                           (unsigned)(RAM_SIZE >> 20), (unsigned)RAM_SIZE,
                           getpid(), fd,
                           with_vtd ? "-device intel-iommu,aw-bits=48 " : "",
                           device ? "-device " : "", device ?: "");
    m->nic = qemunic_start(emunic, args);
    close(fd);
    m->vtd = with_vtd;
    g_assert_cmpint(clock_getcpuclockid(qtest_pid(m->nic->qts), &m->cpu), ==,
                    0);
    if (m->vtd) {
        vtd_start(m);
    }
}

void bench_machine_stop(BenchMachine *m)
{
    qemunic_stop(m->nic);
    munmap(m->ram, RAM_SIZE);
}

/* New pages in an order as in a machine that has run for a while */
uint64_t *bench_shuffled_pages(BenchMachine *m, unsigned count)
{
    uint64_t first = qemunic_alloc(m->nic, (size_t)count * BENCH_PAGE);
    uint64_t *pages = g_new(uint64_t, count);
    uint32_t random = 1;

    for (unsigned i = 0; i < count; i++) {
        unsigned other;

        random = random * 1664525 + 1013904223;
        other = (random >> 8) % (i + 1);
        pages[i] = pages[other];
        pages[other] = first + (uint64_t)i * BENCH_PAGE;
    }
    return pages;
}

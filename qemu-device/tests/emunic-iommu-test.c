/*
 * emunic: DMA behind VT-d: translations are used again, and never too long
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-qos.h"
#include "emunic-test.h"
#include "emunic-vtd.h"

#define DEVICE          "max_vfs=2"
#define ARGS            "-device intel-iommu,aw-bits=48"
#define SCALABLE        "-device intel-iommu,aw-bits=48,x-scalable-mode=on"
#define DOMAIN          3
#define IOVA            0x40000000ull       /* of the first page */
#define PAGES           4

typedef struct Vtd {
    QEmunic *nic;
    QEmunicFunction pf;
    uint64_t context;
    uint64_t leaf;                          /* the last level for IOVA */
} Vtd;

/* Granularity 1: all, 2: the domain, 3: @pages (log2) from @iova on */
static void invalidate_iotlb(Vtd *v, unsigned granularity, uint64_t iova,
                             unsigned pages)
{
    vtd_invalidate_iotlb(v->nic->qts, granularity, DOMAIN, iova, pages);
}

/* Map page @n from IOVA on; @perm: 1 read, 2 write; 0 unmaps. */
static void map(Vtd *v, unsigned n, uint64_t page, unsigned perm)
{
    qtest_writeq(v->nic->qts, v->leaf + n * 8, perm ? page | perm : 0);
}

/* Tables that map nothing: returns the first level, and in v->leaf the last */
static uint64_t make_tables(Vtd *v)
{
    uint64_t first = qemunic_alloc(v->nic, 4096), table = first;

    for (int level = 3; level > 0; level--) {
        uint64_t next = qemunic_alloc(v->nic, 4096);

        qtest_writeq(v->nic->qts, table + (IOVA >> (12 + 9 * level) & 511) * 8,
                     next | 3);
        table = next;
    }
    v->leaf = table;
    return first;
}

/* One function and two buffers of @size bytes that nothing maps yet */
static void vtd_start(Vtd *v, size_t size, uint64_t *a, uint64_t *b)
{
    QTestState *qts;
    uint64_t root;

    v->nic = qemunic_start(DEVICE, ARGS);
    qts = v->nic->qts;
    qemunic_pf_init(v->nic, &v->pf);

    root = qemunic_alloc(v->nic, 4096);
    v->context = qemunic_alloc(v->nic, 4096);
    qtest_writeq(qts, root, v->context | 1);
    qtest_writeq(qts, v->context + QEMUNIC_DEVFN * 16, make_tables(v) | 1);
    qtest_writeq(qts, v->context + QEMUNIC_DEVFN * 16 + 8, DOMAIN << 8 | 2);
    vtd_enable(qts, root);
    *a = qemunic_alloc(v->nic, size);
    *b = qemunic_alloc(v->nic, size);
}

static uint32_t test_dma(Vtd *v, uint32_t op, uint64_t addr, uint32_t len,
                         uint8_t seed)
{
    qemunic_write(&v->pf, EMUNIC_TEST_DMA_LO, addr);
    qemunic_write(&v->pf, EMUNIC_TEST_DMA_HI, addr >> 32);
    qemunic_write(&v->pf, EMUNIC_TEST_DMA_LEN, len);
    qemunic_write(&v->pf, EMUNIC_TEST_DMA_SEED, seed);
    qemunic_write(&v->pf, EMUNIC_TEST_DMA_CTRL, op);
    for (int i = 0; i < 5000; i++) {
        uint32_t status = qemunic_read(&v->pf, EMUNIC_TEST_DMA_STATUS);

        if (status != EMUNIC_TEST_DMA_STATUS_BUSY) {
            return status;
        }
        g_usleep(500);
    }
    g_assert_not_reached();
}

static uint32_t dma_write(Vtd *v, uint64_t addr, uint32_t len, uint8_t seed)
{
    return test_dma(v, EMUNIC_TEST_DMA_CTRL_WRITE, addr, len, seed);
}

/* A write to page @n of the mapping arrives at @page, and only there. */
static void check_arrives(Vtd *v, unsigned n, uint64_t page, uint64_t other,
                          uint8_t seed)
{
    qtest_writeb(v->nic->qts, page, 0);
    qtest_writeb(v->nic->qts, other, 0);
    g_assert_cmpuint(dma_write(v, IOVA + n * 4096, 16, seed), ==,
                     EMUNIC_TEST_DMA_STATUS_OK);
    g_assert_cmphex(qtest_readb(v->nic->qts, page), ==, seed);
    g_assert_cmphex(qtest_readb(v->nic->qts, other), ==, 0);
}

static void test_iommu(void)
{
    uint64_t a, b;
    Vtd v;

    vtd_start(&v, 4096 * PAGES, &a, &b);

    /* Not mapped at all */
    g_assert_cmpuint(dma_write(&v, IOVA, 16, 1), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);
    /* Every way to change a mapping */
    map(&v, 0, a, 3);
    check_arrives(&v, 0, a, b, 1);
    check_arrives(&v, 0, a, b, 2);
    for (unsigned granularity = 1; granularity <= 3; granularity++) {
        map(&v, 0, b, 3);
        invalidate_iotlb(&v, granularity, IOVA, 0);
        check_arrives(&v, 0, b, a, 3);
        map(&v, 0, a, 3);
        invalidate_iotlb(&v, granularity, IOVA & -16384, 2);
        check_arrives(&v, 0, a, b, 4);
        map(&v, 0, 0, 0);
        invalidate_iotlb(&v, granularity, IOVA, 0);
        g_assert_cmpuint(dma_write(&v, IOVA, 16, 5), ==,
                         EMUNIC_TEST_DMA_STATUS_FAULT);
        map(&v, 0, a, 3);
        check_arrives(&v, 0, a, b, 6);
    }
    /* Over a page boundary into what is not next to it, and into nothing */
    map(&v, 1, b + 4096, 3);
    g_assert_cmpuint(dma_write(&v, IOVA + 4092, 8, 7), ==,
                     EMUNIC_TEST_DMA_STATUS_OK);
    g_assert_cmphex(qtest_readb(v.nic->qts, a + 4095), ==, 10);
    g_assert_cmphex(qtest_readb(v.nic->qts, b + 4096), ==, 11);
    g_assert_cmpuint(dma_write(&v, IOVA + 8188, 8, 7), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);

    /* Reading is no permission to write, nor the other way round. */
    map(&v, 2, a + 8192, 1);
    g_assert_cmpuint(test_dma(&v, EMUNIC_TEST_DMA_CTRL_CHECK, IOVA + 8192, 16,
                              8), ==, EMUNIC_TEST_DMA_STATUS_MISMATCH);
    g_assert_cmpuint(dma_write(&v, IOVA + 8192, 16, 8), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);
    map(&v, 3, a + 12288, 2);
    g_assert_cmpuint(dma_write(&v, IOVA + 12288, 16, 8), ==,
                     EMUNIC_TEST_DMA_STATUS_OK);
    g_assert_cmpuint(test_dma(&v, EMUNIC_TEST_DMA_CTRL_CHECK, IOVA + 12288,
                              16, 8), ==, EMUNIC_TEST_DMA_STATUS_FAULT);

    /* The function leaves its domain. */
    qtest_writeq(v.nic->qts, v.context + QEMUNIC_DEVFN * 16, 0);
    vtd_invalidate_context(v.nic->qts);
    invalidate_iotlb(&v, 2, 0, 0);
    invalidate_iotlb(&v, 1, 0, 0);
    g_assert_cmpuint(dma_write(&v, IOVA, 16, 9), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);
    /* Translation off, and on again without the mapping */
    vtd_set_translation(v.nic->qts, false);
    g_assert_cmpuint(dma_write(&v, b, 16, 10), ==,
                     EMUNIC_TEST_DMA_STATUS_OK);
    g_assert_cmphex(qtest_readb(v.nic->qts, b), ==, 10);
    vtd_set_translation(v.nic->qts, true);
    g_assert_cmpuint(dma_write(&v, b, 16, 11), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);
    qemunic_stop(v.nic);
}

/* The PASID entry of requests without PASID: 4 levels, second stage only */
static void set_domain(QTestState *qts, uint64_t entry, uint64_t tables,
                       unsigned domain)
{
    qtest_writeq(qts, entry + 8, domain);
    qtest_writeq(qts, entry, tables | 2 << 6 | 2 << 2 | 1);
}

/* In scalable mode a function moves to another domain by its PASID entry. */
static void test_iommu_scalable(void)
{
    uint64_t root, context, directory, entry, a, b;
    QTestState *qts;
    Vtd v;

    v.nic = qemunic_start(DEVICE, SCALABLE);
    qts = v.nic->qts;
    qemunic_pf_init(v.nic, &v.pf);
    root = qemunic_alloc(v.nic, 4096);
    context = qemunic_alloc(v.nic, 4096);
    directory = qemunic_alloc(v.nic, 4096);
    entry = qemunic_alloc(v.nic, 4096);
    a = qemunic_alloc(v.nic, 4096);
    b = qemunic_alloc(v.nic, 4096);
    qtest_writeq(qts, root, context | 1);
    qtest_writeq(qts, context + QEMUNIC_DEVFN * 32, directory | 1);
    qtest_writeq(qts, directory, entry | 1);

    set_domain(qts, entry, make_tables(&v), DOMAIN);
    vtd_enable(qts, root | VTD_RTADDR_SMT);
    map(&v, 0, a, 3);
    check_arrives(&v, 0, a, b, 1);

    set_domain(qts, entry, make_tables(&v), DOMAIN + 1);
    map(&v, 0, b, 3);
    invalidate_iotlb(&v, 2, 0, 0);
    check_arrives(&v, 0, b, a, 2);
    qemunic_stop(v.nic);
}

/* Bus Master and resets end what was cached. */
static void test_iommu_reset(void)
{
    uint64_t a, b;
    Vtd v;

    vtd_start(&v, 4096, &a, &b);
    map(&v, 0, a, 3);
    check_arrives(&v, 0, a, b, 1);
    qemunic_map(&v.pf, false);
    g_assert_cmpuint(dma_write(&v, IOVA, 16, 2), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);
    qemunic_map(&v.pf, true);
    check_arrives(&v, 0, a, b, 3);
    qemunic_flr(&v.pf);
    qemunic_pf_init(v.nic, &v.pf);
    map(&v, 0, b, 3);
    invalidate_iotlb(&v, 1, 0, 0);
    check_arrives(&v, 0, b, a, 4);
    qtest_system_reset(v.nic->qts);
    qemunic_stop(v.nic);
}

/* Translations go with the machine, and so does the end of them. */
static void test_iommu_migration(void)
{
    uint64_t a, b;
    Vtd v;

    vtd_start(&v, 4096, &a, &b);
    map(&v, 0, a, 3);
    map(&v, 1, b, 3);
    check_arrives(&v, 0, a, b, 1);
    check_arrives(&v, 1, b, a, 2);

    qemunic_migrate_with(v.nic, DEVICE, ARGS);

    check_arrives(&v, 0, a, b, 3);
    map(&v, 0, b, 3);
    invalidate_iotlb(&v, 3, IOVA, 0);
    check_arrives(&v, 0, b, a, 4);
    map(&v, 1, 0, 0);
    invalidate_iotlb(&v, 3, IOVA + 4096, 0);
    g_assert_cmpuint(dma_write(&v, IOVA + 4096, 16, 5), ==,
                     EMUNIC_TEST_DMA_STATUS_FAULT);
    qemunic_stop(v.nic);
}

void emunic_add_iommu_tests(void)
{
    qtest_add_func("emunic/iommu", test_iommu);
    qtest_add_func("emunic/iommu-scalable", test_iommu_scalable);
    qtest_add_func("emunic/iommu-reset", test_iommu_reset);
    qtest_add_func("emunic/iommu-migration", test_iommu_migration);
}

/*
 * emunic: VT-d as its tests and the bench program it: by register
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef EMUNIC_VTD_H
#define EMUNIC_VTD_H

#include "libqtest.h"

#define VTD             0xfed90000u
#define VTD_ECAP        0x10
#define VTD_GCMD        0x18
#define VTD_GSTS        0x1c
#define VTD_RTADDR      0x20
#define VTD_RTADDR_SMT  0x400               /* scalable mode */
#define VTD_CCMD        0x28
#define VTD_TE          0x80000000u
#define VTD_SRTP        0x40000000u

static inline void vtd_invalidate_context(QTestState *qts)
{
    qtest_writeq(qts, VTD + VTD_CCMD, 1ull << 63 | 1ull << 61);
}

/* Granularity 1: all, 2: the domain, 3: @pages (log2) from @iova on */
static inline void vtd_invalidate_iotlb(QTestState *qts, unsigned granularity,
                                        unsigned domain, uint64_t iova,
                                        unsigned pages)
{
    uint64_t iro = (qtest_readq(qts, VTD + VTD_ECAP) >> 8 & 0x3ff) * 16;

    qtest_writeq(qts, VTD + iro, iova | pages);
    qtest_writeq(qts, VTD + iro + 8, 1ull << 63 | (uint64_t)granularity << 60 |
                 (uint64_t)domain << 32);
}

static inline void vtd_invalidate_all(QTestState *qts)
{
    vtd_invalidate_context(qts);
    vtd_invalidate_iotlb(qts, 1, 0, 0, 0);
}

static inline void vtd_set_translation(QTestState *qts, bool on)
{
    qtest_writel(qts, VTD + VTD_GCMD, on ? VTD_TE : 0);
    g_assert_cmphex(qtest_readl(qts, VTD + VTD_GSTS) & VTD_TE, ==,
                    on ? VTD_TE : 0);
}

/* Translate, by the table at @root */
static inline void vtd_enable(QTestState *qts, uint64_t root)
{
    qtest_writeq(qts, VTD + VTD_RTADDR, root);
    qtest_writel(qts, VTD + VTD_GCMD, VTD_SRTP);
    vtd_invalidate_all(qts);
    vtd_set_translation(qts, true);
}

#endif /* EMUNIC_VTD_H */

/*
 * emunic: writing scattered host memory to guest memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_DMA_H
#define HW_NET_EMUNIC_DMA_H

#include "emunic.h"

/* A place in an I/O vector, @offset bytes into *@iov */
typedef struct EmunicCursor {
    const struct iovec *iov;
    size_t offset;
} EmunicCursor;

bool emunic_dma_scatter(EmunicFunction *f, uint64_t addr, size_t len,
                        EmunicCursor *from);

#endif /* HW_NET_EMUNIC_DMA_H */

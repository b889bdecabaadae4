/*
 * emunic: the DMA pattern test of the test registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "trace.h"

void emunic_test_ctrl(EmunicFunction *f, uint32_t value)
{
    uint32_t *status = &f->reg[EMUNIC_R_TEST_DMA_STATUS];
    uint32_t len = f->reg[EMUNIC_R_TEST_DMA_LEN];

    if (*status == EMUNIC_TEST_DMA_STATUS_BUSY) {
        return;
    }
    if ((value != EMUNIC_TEST_DMA_CTRL_WRITE &&
         value != EMUNIC_TEST_DMA_CTRL_CHECK) ||
        !len || len > EMUNIC_TEST_DMA_LEN_MAX) {
        *status = EMUNIC_TEST_DMA_STATUS_INVALID;
        return;
    }
    *status = EMUNIC_TEST_DMA_STATUS_BUSY;
    f->test_op = value;
    set_bit(f->vport, f->pf->test_work);
    emunic_schedule(f->pf);
}

/*
 * The parameters can have changed since the operation was written; the
 * length is checked again for that reason.
 */
void emunic_test_run(EmunicFunction *f)
{
    uint64_t addr = f->reg[EMUNIC_R_TEST_DMA_LO] |
                    (uint64_t)f->reg[EMUNIC_R_TEST_DMA_HI] << 32;
    uint32_t len = f->reg[EMUNIC_R_TEST_DMA_LEN];
    uint32_t seed = f->reg[EMUNIC_R_TEST_DMA_SEED];
    uint32_t status = EMUNIC_TEST_DMA_STATUS_OK;
    uint8_t pattern[EMUNIC_TEST_DMA_LEN_MAX];
    uint8_t found[EMUNIC_TEST_DMA_LEN_MAX];

    for (unsigned i = 0; i < sizeof(pattern); i++) {
        pattern[i] = seed + i;
    }
    if (!len || len > EMUNIC_TEST_DMA_LEN_MAX) {
        status = EMUNIC_TEST_DMA_STATUS_INVALID;
    } else if (f->test_op == EMUNIC_TEST_DMA_CTRL_WRITE) {
        if (!emunic_dma_write(f, addr, pattern, len)) {
            status = EMUNIC_TEST_DMA_STATUS_FAULT;
        }
    } else if (!emunic_dma_read(f, addr, found, len)) {
        status = EMUNIC_TEST_DMA_STATUS_FAULT;
    } else if (memcmp(pattern, found, len)) {
        status = EMUNIC_TEST_DMA_STATUS_MISMATCH;
    }
    trace_emunic_test_dma(f->vport, f->test_op, addr, len, status);
    f->test_op = 0;
    f->reg[EMUNIC_R_TEST_DMA_STATUS] = status;
}

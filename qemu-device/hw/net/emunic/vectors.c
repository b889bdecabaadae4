/*
 * emunic: MSI-X vectors of the VFs, which share one pool, and the queues that
 * follow from them
 *
 * Every function has an MSI-X table for the most vectors there can be; what
 * changes is how many of them the guest is told of and the device raises.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "hw/pci/msix.h"
#include "switch.h"

/* What a VF has by default: an equal share */
static uint32_t emunic_vectors_share(const EmunicState *s)
{
    return MIN(MAX(s->vf_vectors / s->max_vfs, EMUNIC_MIN_VECTORS),
               EMUNIC_MAX_VECTORS);
}

static uint32_t emunic_vectors_of(const EmunicFunction *f)
{
    return f->port.vectors ?: emunic_vectors_share(f->pf);
}

static uint32_t emunic_vectors_held(const EmunicState *s)
{
    uint32_t held = 0;

    for (unsigned v = 1; v <= s->max_vfs; v++) {
        if (s->port[v]) {
            held += emunic_vectors_of(s->port[v]);
        }
    }
    return held;
}

/* Derive what follows from f->port.vectors. */
void emunic_vectors_update(EmunicFunction *f)
{
    uint8_t *flags = f->dev->config + f->dev->msix_cap + PCI_MSIX_FLAGS;

    f->nvectors = emunic_is_vf(f) ? emunic_vectors_of(f) : EMUNIC_MAX_VECTORS;
    f->nqueues = MIN(f->pf->queues, f->nvectors - 1);
    pci_set_word_by_mask(flags, PCI_MSIX_FLAGS_QSIZE, f->nvectors - 1);
}

static void emunic_vectors_stop(EmunicFunction *f, EmunicQueue *q)
{
    if (emunic_queue_running(q) &&
        (q->index >= f->nqueues ||
         q->reg[EMUNIC_QR_VECTOR] >= f->nvectors)) {
        emunic_queue_ctrl(f, q, 0);
    }
}

/* Queues that would be out of reach, or have no vector any more, stop. */
void emunic_vectors_set(EmunicFunction *f, uint32_t vectors)
{
    f->port.vectors = vectors;
    emunic_vectors_update(f);
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        emunic_vectors_stop(f, &f->txq[i]);
        emunic_vectors_stop(f, &f->rxq[i]);
    }
    f->vectors &= BIT(f->nvectors) - 1;
}

/*
 * VF_SET_VECTORS; 0: the default. A driver that uses the vectors has
 * counted them already. Returns the status of the command.
 */
uint16_t emunic_vf_set_vectors(EmunicFunction *f, uint32_t vectors)
{
    EmunicState *s = f->pf;
    uint32_t old = emunic_vectors_of(f);
    uint32_t new = vectors ?: emunic_vectors_share(s);

    if (new < EMUNIC_MIN_VECTORS || new > EMUNIC_MAX_VECTORS ||
        msix_enabled(f->dev)) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    if (new > old && emunic_vectors_held(s) - old + new > s->vf_vectors) {
        return EMUNIC_ADMIN_ST_NO_SPACE;
    }
    emunic_vectors_set(f, vectors);
    return EMUNIC_ADMIN_ST_OK;
}

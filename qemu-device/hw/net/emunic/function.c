/*
 * emunic: a function as a whole: its making, its resets, causes and status
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "hw/pci/msix.h"
#include "qapi/error.h"
#include "emunic_pci.h"
#include "switch.h"
#include "trace.h"

void emunic_set_cause(EmunicFunction *f, uint32_t cause)
{
    uint32_t new = cause & ~f->reg[EMUNIC_R_CAUSE];

    f->reg[EMUNIC_R_CAUSE] |= cause;
    if (new & f->reg[EMUNIC_R_CAUSE_MASK]) {
        emunic_raise(f, EMUNIC_VECTOR_CONTROL);
    }
}

bool emunic_pf_ready(const EmunicState *s)
{
    return emunic_queue_running(&s->fn.eventq);
}

bool emunic_vf_enabled(const EmunicFunction *f)
{
    return f && emunic_is_vf(f) && f->dev->enabled;
}

static bool emunic_has_link(const EmunicFunction *f)
{
    bool uplink = !f->pf->nic || !qemu_get_queue(f->pf->nic)->link_down;

    if (!emunic_is_vf(f)) {
        return uplink;
    }
    if (!emunic_pf_ready(f->pf)) {
        return false;
    }
    return f->port.link == EMUNIC_LINK_AUTO ? uplink
                                            : f->port.link == EMUNIC_LINK_UP;
}

static uint32_t emunic_status(const EmunicFunction *f)
{
    bool ready = emunic_pf_ready(f->pf);
    uint32_t status = EMUNIC_STATUS_READY;

    if (emunic_has_link(f)) {
        status |= EMUNIC_STATUS_LINK_UP;
    }
    if (ready) {
        status |= EMUNIC_STATUS_PF_READY;
    }
    if (f->reset_impending) {
        status |= EMUNIC_STATUS_RESET_IMPENDING;
    }
    if (f->fatal) {
        status |= EMUNIC_STATUS_FATAL;
    }
    return status;
}

/* What STATUS is made from has changed: tell the driver. */
void emunic_update_status(EmunicFunction *f)
{
    uint32_t status = emunic_status(f);
    uint32_t changed = status ^ f->status;

    f->status = status;
    if (changed & EMUNIC_STATUS_LINK_UP) {
        trace_emunic_link(f->vport, !!(status & EMUNIC_STATUS_LINK_UP));
        emunic_set_cause(f, EMUNIC_CAUSE_LINK);
    }
    if (emunic_is_vf(f) && (changed & EMUNIC_STATUS_PF_READY)) {
        emunic_set_cause(f, EMUNIC_CAUSE_PF_READY);
    }
}

/* The uplink's link may have changed: tell the functions that did not know. */
void emunic_uplink_changed(EmunicState *s)
{
    uint32_t before = s->fn.status;

    for (unsigned v = 0; v <= s->max_vfs; v++) {
        if (s->port[v]) {
            emunic_update_status(s->port[v]);
        }
    }
    if ((before ^ s->fn.status) & EMUNIC_STATUS_LINK_UP) {
        emunic_event_wait(&s->fn, EMUNIC_EVENT_LINK);
    }
}

/* The event ring started, stopped or failed. */
void emunic_pf_ready_changed(EmunicState *s)
{
    bool ready = emunic_pf_ready(s);

    for (unsigned v = 0; v <= s->max_vfs; v++) {
        EmunicFunction *f = s->port[v];

        if (!f) {
            continue;
        }
        emunic_update_status(f);
        if (emunic_is_vf(f) && !ready) {
            emunic_mbox_pf_gone(f);
        }
    }
    emunic_schedule(s);
}

void emunic_function_enable(EmunicFunction *f, bool on)
{
    trace_emunic_enable(f->vport, on);
    if (on) {
        emunic_kick(f, EMUNIC_KICK_TX);
    }
}

/*
 * Registers, queues, mailbox, waiting events and the state of the vport; not
 * its policy, and not what the driver must be told. Runs also before there is
 * a guest, and may run several times for one reset.
 */
static void emunic_function_clear(EmunicFunction *f)
{
    EmunicState *s = f->pf;

    emunic_gro_drop(f, NULL);
    emunic_dma_detach(f);
    emunic_regs_reset(f);
    emunic_rx_map_update(f);
    emunic_mbox_reset(f);
    emunic_event_reset(f);
    emunic_vport_clear_state(f);
    f->tx_pending = 0;
    f->tx_kicked = 0;
    f->tx_moved = 0;
    f->rx_moved = 0;
    f->tx_held = 0;
    f->rx_held = 0;
    f->tx_paused = 0;
    f->tx_dozing = 0;
    f->vectors = 0;
    f->test_op = 0;
    f->reset_impending = false;
    f->fatal = false;
    emunic_sched_remove(&s->sched, f->vport);
    clear_bit(f->vport, s->irq_work);
    clear_bit(f->vport, s->test_work);
    clear_bit(f->vport, s->held);
}

/*
 * A soft reset of the PF keeps what was decided about the VFs, and the
 * counters, since the VFs stay enabled; any other leaves nothing.
 */
static void emunic_pf_reset_vports(EmunicState *s, bool soft)
{
    for (unsigned v = 0; v <= s->max_vfs; v++) {
        if (!s->port[v]) {
            continue;
        }
        if (soft) {
            emunic_vport_clear_state(s->port[v]);
        } else {
            emunic_vport_clear(s->port[v]);
        }
    }
    if (soft) {
        emunic_vport_clear_policy(&s->fn);
    } else {
        s->switch_mode = EMUNIC_SWITCH_VEB;
    }
}

/*
 * Reset one function. @soft: a soft reset, the guest's configuration
 * space and MSI-X table stay.
 */
void emunic_function_reset(EmunicFunction *f, bool soft)
{
    EmunicState *s = f->pf;

    emunic_function_clear(f);
    f->reg[EMUNIC_R_EPOCH]++;
    EMUNIC_COUNT(f, resets, 1);
    if (emunic_is_vf(f)) {
        emunic_vport_set_present(f, f->dev->enabled);
        if (f->dev->enabled) {
            emunic_event_wait(f, EMUNIC_EVENT_VF_RESET);
        }
    } else {
        s->admin_work = false;
        emunic_port_set_pause(s, 0);
        emunic_pf_reset_vports(s, soft);
        /* Reset without a stop, so tell it here. */
        emunic_pf_ready_changed(s);
    }
    f->status = emunic_status(f);
    trace_emunic_reset(f->vport, soft, f->reg[EMUNIC_R_EPOCH]);
}

void emunic_pf_soft_reset(EmunicState *s)
{
    emunic_function_reset(&s->fn, true);
    for (unsigned v = 1; v <= s->max_vfs; v++) {
        if (emunic_vf_enabled(s->port[v])) {
            emunic_vf_forced_reset(s->port[v]);
        }
    }
}

/* A soft reset that the function's driver did not ask for */
void emunic_vf_forced_reset(EmunicFunction *f)
{
    emunic_function_reset(f, true);
    f->reg[EMUNIC_R_CAUSE] |= EMUNIC_CAUSE_RESET;
    emunic_raise(f, EMUNIC_VECTOR_CONTROL);
}

static void emunic_queues_init(EmunicFunction *f)
{
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        f->txq[i].kind = EMUNIC_QUEUE_TX;
        f->txq[i].index = i;
        f->rxq[i].kind = EMUNIC_QUEUE_RX;
        QTAILQ_INIT(&f->rxq[i].gro);
        f->rxq[i].index = i;
    }
    f->adminq.kind = EMUNIC_QUEUE_ADMIN;
    f->eventq.kind = EMUNIC_QUEUE_EVENT;
}

bool emunic_function_realize(EmunicFunction *f, PCIDevice *dev,
                             EmunicState *pf, uint16_t vport, Error **errp)
{
    const uint8_t type = PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64 |
                         PCI_BASE_ADDRESS_MEM_PREFETCH;

    f->dev = dev;
    f->pf = pf;
    f->vport = vport;
    emunic_queues_init(f);

    memory_region_init_io(&f->regs_mr, OBJECT(dev), &emunic_regs_ops, f,
                          "emunic-regs", EMUNIC_BAR_REGS_SIZE);
    pci_register_bar(dev, EMUNIC_BAR_REGS, type, &f->regs_mr);
    memory_region_init(&f->msix_mr, OBJECT(dev), "emunic-msix",
                       EMUNIC_BAR_MSIX_SIZE);
    pci_register_bar(dev, EMUNIC_BAR_MSIX, type, &f->msix_mr);

    if (msix_init(dev, EMUNIC_MAX_VECTORS,
                  &f->msix_mr, EMUNIC_BAR_MSIX, EMUNIC_MSIX_TABLE_OFFSET,
                  &f->msix_mr, EMUNIC_BAR_MSIX, EMUNIC_MSIX_PBA_OFFSET,
                  EMUNIC_MSIX_OFFSET, errp) < 0) {
        return false;
    }
    for (unsigned i = 0; i < EMUNIC_MAX_VECTORS; i++) {
        msix_vector_use(dev, i);
    }
    emunic_vectors_update(f);
    pf->port[vport] = f;
    emunic_function_clear(f);
    f->reg[EMUNIC_R_EPOCH] = 1;
    f->status = emunic_status(f);
    return true;
}

/* Also undoes a realize that failed half-way. */
void emunic_function_exit(EmunicFunction *f)
{
    if (!f->pf || f->pf->port[f->vport] != f) {
        return;
    }
    emunic_function_clear(f);
    emunic_vport_clear(f);
    emunic_vport_set_present(f, false);
    clear_bit(f->vport, f->pf->event_work);
    f->pf->port[f->vport] = NULL;
    msix_unuse_all_vectors(f->dev);
    msix_uninit(f->dev, &f->msix_mr, &f->msix_mr);
}

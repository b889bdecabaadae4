/*
 * emunic: migration
 *
 * The stream of the PF comes before those of its VFs: loading it enables the
 * VFs, which resets them. A stream is checked like any other input; what is
 * derived from other state is not in it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "hw/pci/msix.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"
#include "switch.h"

static int emunic_bad(const EmunicFunction *f, const char *field)
{
    error_report("emunic: vport %u: the migration stream has a bad %s",
                 f->vport, field);
    return -EINVAL;
}

static const VMStateDescription vmstate_emunic_queue = {
    .name = "emunic-queue",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(reg, EmunicQueue, EMUNIC_QR_COUNT),
        VMSTATE_UINT32(head, EmunicQueue),
        VMSTATE_UINT32(tail, EmunicQueue),
        VMSTATE_UINT32(cq_head, EmunicQueue),
        VMSTATE_UINT32(cq_tested, EmunicQueue),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_emunic_mbox = {
    .name = "emunic-mbox",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(state, EmunicMbox),
        VMSTATE_UINT32(error, EmunicMbox),
        VMSTATE_UINT32(tag, EmunicMbox),
        VMSTATE_UINT32(len, EmunicMbox),
        VMSTATE_UINT32_ARRAY(request, EmunicMbox, EMUNIC_MBOX_WORDS),
        VMSTATE_UINT32_ARRAY(message, EmunicMbox, EMUNIC_MBOX_WORDS),
        VMSTATE_UINT32_ARRAY(reply, EmunicMbox, EMUNIC_MBOX_WORDS),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_emunic_vport = {
    .name = "emunic-vport",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_BUFFER(mac, EmunicVport),
        VMSTATE_UINT16(vlan_tpid, EmunicVport),
        VMSTATE_UINT16(vlan_vid, EmunicVport),
        VMSTATE_UINT16(vlan_prio, EmunicVport),
        VMSTATE_UINT32(flags, EmunicVport),
        VMSTATE_UINT32(link, EmunicVport),
        VMSTATE_UINT32(spoofchk, EmunicVport),
        VMSTATE_UINT32(min_rate, EmunicVport),
        VMSTATE_UINT32(max_rate, EmunicVport),
        VMSTATE_UINT32(vectors, EmunicVport),
        VMSTATE_UINT32(mode, EmunicVport),
        VMSTATE_UINT32(nmacs, EmunicVport),
        VMSTATE_UINT8_2DARRAY(macs, EmunicVport, EMUNIC_VPORT_MAX_MACS,
                              ETH_ALEN),
        VMSTATE_UINT32_ARRAY(vlans, EmunicVport, EMUNIC_VLANS / 32),
        VMSTATE_UINT64_ARRAY(stats, EmunicVport,
                             sizeof(struct emunic_vport_stats) / 8),
        VMSTATE_UINT64(offences, EmunicVport),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_emunic_events = {
    .name = "emunic-events",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64_ARRAY(order, EmunicEvents, EMUNIC_EVENT_TYPES),
        VMSTATE_UINT32_ARRAY(posted_at, EmunicEvents, EMUNIC_EVENT_TYPES),
        VMSTATE_BOOL_ARRAY(posted, EmunicEvents, EMUNIC_EVENT_TYPES),
        VMSTATE_UINT8(error_rx, EmunicEvents),
        VMSTATE_UINT8(error_queue, EmunicEvents),
        VMSTATE_UINT16(error_code, EmunicEvents),
        VMSTATE_UINT32(offence_kind, EmunicEvents),
        VMSTATE_BOOL(offence_held, EmunicEvents),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_emunic_rss_context = {
    .name = "emunic-rss-context",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(key, EmunicRssContext, EMUNIC_RSS_KEY_SIZE / 4),
        VMSTATE_UINT32_ARRAY(table, EmunicRssContext, EMUNIC_RSS_ENTRIES / 4),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_emunic_rss = {
    .name = "emunic-rss",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(ctx, EmunicRss, EMUNIC_RSS_CONTEXTS, 1,
                             vmstate_emunic_rss_context, EmunicRssContext),
        VMSTATE_UINT32_2DARRAY(rule, EmunicRss, EMUNIC_FLOW_RULES,
                               sizeof(struct emunic_flow_rule) / 4),
        VMSTATE_END_OF_LIST()
    },
};

static int emunic_function_pre_load(void *opaque)
{
    EmunicFunction *f = opaque;

    /* The table is derived: it must not keep what the stream replaces. */
    emunic_vport_clear(f);
    return 0;
}

static bool emunic_queue_good(const EmunicFunction *f, const EmunicQueue *q)
{
    uint32_t producer = q->kind == EMUNIC_QUEUE_EVENT ? q->cq_head : q->tail;
    bool data = q->kind == EMUNIC_QUEUE_TX || q->kind == EMUNIC_QUEUE_RX;
    uint32_t state = q->reg[EMUNIC_QR_STATE];

    if (state > EMUNIC_Q_STATE_ERROR || state == EMUNIC_Q_STATE_DRAINING) {
        return false;
    }
    if (!emunic_queue_running(q)) {
        return true;
    }
    return (data ? q->index < f->nqueues : !emunic_is_vf(f)) &&
           !emunic_queue_check(f, q) &&
           producer - q->head <= emunic_queue_size(q);
}

static bool emunic_queues_good(const EmunicFunction *f)
{
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        if (!emunic_queue_good(f, &f->txq[i]) ||
            !emunic_queue_good(f, &f->rxq[i])) {
            return false;
        }
    }
    return emunic_queue_good(f, &f->adminq) &&
           emunic_queue_good(f, &f->eventq);
}

static int emunic_vport_check(const EmunicFunction *f)
{
    const EmunicVport *p = &f->port;

    if (p->nmacs > EMUNIC_VPORT_MAX_MACS) {
        return emunic_bad(f, "nmacs");
    }
    if (is_multicast_ether_addr(p->mac)) {
        return emunic_bad(f, "mac");
    }
    if (p->vlan_vid > EMUNIC_VLANS - 2 || p->vlan_prio > 7 ||
        (p->vlan_vid && p->vlan_tpid != ETH_P_VLAN &&
         p->vlan_tpid != ETH_P_DVLAN)) {
        return emunic_bad(f, "port VLAN");
    }
    if ((p->flags & ~EMUNIC_VPORT_FLAGS_ALL) ||
        (p->spoofchk & ~EMUNIC_SPOOFCHK_ALL)) {
        return emunic_bad(f, "vport flags");
    }
    if (p->link > EMUNIC_LINK_DOWN || (p->link && !emunic_is_vf(f))) {
        return emunic_bad(f, "link");
    }
    if (p->min_rate > f->pf->speed || p->max_rate > f->pf->speed ||
        (p->max_rate && p->max_rate < p->min_rate) ||
        (!emunic_is_vf(f) && (p->min_rate || p->max_rate))) {
        return emunic_bad(f, "rate");
    }
    if (emunic_min_rates(f->pf) > f->pf->speed) {
        return emunic_bad(f, "sum of rates");
    }
    if (p->vectors && (!emunic_is_vf(f) || p->vectors < EMUNIC_MIN_VECTORS ||
                       p->vectors > EMUNIC_MAX_VECTORS)) {
        return emunic_bad(f, "number of vectors");
    }
    if (p->vlans[EMUNIC_VLANS / 32 - 1] & BIT(31)) {
        return emunic_bad(f, "VLAN filter");
    }
    if (p->mode & ~EMUNIC_RX_MODE_ALL) {
        return emunic_bad(f, "Rx mode");
    }
    return 0;
}

static int emunic_function_check(const EmunicFunction *f)
{
    if (f->reg[EMUNIC_R_ID] != EMUNIC_ID_MAGIC ||
        f->reg[EMUNIC_R_VERSION] != EMUNIC_ABI_VERSION ||
        (f->reg[EMUNIC_R_CAPS] & ~EMUNIC_CAPS_ALL)) {
        return emunic_bad(f, "identity");
    }
    if (!emunic_queues_good(f)) {
        return emunic_bad(f, "queue");
    }
    if ((f->reg[EMUNIC_R_TEST_DMA_STATUS] == EMUNIC_TEST_DMA_STATUS_BUSY) !=
        !!f->test_op) {
        return emunic_bad(f, "DMA test");
    }
    if ((f->reg[EMUNIC_R_RSS_FIELDS] & ~EMUNIC_RSS_FIELDS_MASK) ||
        (f->reg[EMUNIC_R_RSS_CTRL] & ~EMUNIC_RSS_CTRL_ALL)) {
        return emunic_bad(f, "receive steering");
    }
    if (f->mbox.len > EMUNIC_MBOX_WINDOW_SIZE ||
        f->mbox.state > EMUNIC_MBOX_STATE_CANCELLED) {
        return emunic_bad(f, "mailbox");
    }
    if (f->events.order[0]) {
        return emunic_bad(f, "event type");
    }
    if (f->events.offence_kind > EMUNIC_OFFENCE_MBOX) {
        return emunic_bad(f, "offence");
    }
    return 0;
}

/* Caches of queues: they belong to what the stream replaces. */
static void emunic_queues_forget(EmunicFunction *f)
{
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        f->rxq[i].fetched_count = 0;
        f->rxq[i].raise_at = 0;
        f->rxq[i].raised_at = 0;
        f->txq[i].raise_at = 0;
    }
}

static int emunic_function_post_load(void *opaque, int version_id)
{
    EmunicFunction *f = opaque;
    int ret = emunic_vport_check(f);

    if (ret) {
        return ret;
    }
    emunic_vectors_update(f);
    ret = emunic_function_check(f);
    if (ret) {
        return ret;
    }
    emunic_queues_forget(f);
    emunic_vport_restore(f);
    emunic_rx_map_update(f);
    emunic_rss_changed(f);
    emunic_flow_changed(f);
    emunic_offence_restore(f);
    f->events.paid_at = 0;
    f->tx_pending = 0;
    f->tx_kicked = 0;
    f->vectors &= BIT(f->nvectors) - 1;
    f->tx_moved = EMUNIC_KICK_TX;
    f->rx_moved = EMUNIC_KICK_TX;
    set_bit(f->vport, f->pf->irq_work);
    set_bit(f->vport, f->pf->event_work);
    if (f->test_op) {
        set_bit(f->vport, f->pf->test_work);
    }
    f->pf->admin_work = true;
    emunic_kick(f, EMUNIC_KICK_TX);
    emunic_schedule(f->pf);
    return 0;
}

static const VMStateDescription vmstate_emunic_function = {
    .name = "emunic-function",
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_load = emunic_function_pre_load,
    .post_load = emunic_function_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(reg, EmunicFunction, EMUNIC_R_COUNT),
        VMSTATE_STRUCT_ARRAY(txq, EmunicFunction, EMUNIC_MAX_QUEUES, 1,
                             vmstate_emunic_queue, EmunicQueue),
        VMSTATE_STRUCT_ARRAY(rxq, EmunicFunction, EMUNIC_MAX_QUEUES, 1,
                             vmstate_emunic_queue, EmunicQueue),
        VMSTATE_STRUCT(adminq, EmunicFunction, 1, vmstate_emunic_queue,
                       EmunicQueue),
        VMSTATE_STRUCT(eventq, EmunicFunction, 1, vmstate_emunic_queue,
                       EmunicQueue),
        VMSTATE_UINT32(status, EmunicFunction),
        VMSTATE_UINT32(reset_impending, EmunicFunction),
        VMSTATE_UINT32(fatal, EmunicFunction),
        VMSTATE_UINT32(vectors, EmunicFunction),
        VMSTATE_UINT32(test_op, EmunicFunction),
        VMSTATE_STRUCT(rss, EmunicFunction, 1, vmstate_emunic_rss,
                       EmunicRss),
        VMSTATE_STRUCT(mbox, EmunicFunction, 1, vmstate_emunic_mbox,
                       EmunicMbox),
        VMSTATE_STRUCT(port, EmunicFunction, 1, vmstate_emunic_vport,
                       EmunicVport),
        VMSTATE_STRUCT(events, EmunicFunction, 1, vmstate_emunic_events,
                       EmunicEvents),
        VMSTATE_END_OF_LIST()
    },
};

const VMStateDescription vmstate_emunic_vf = {
    .name = "emunic-vf",
    .version_id = 3,
    .minimum_version_id = 3,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, EmunicVFState),
        VMSTATE_MSIX(parent_obj, EmunicVFState),
        VMSTATE_STRUCT(fn, EmunicVFState, 1, vmstate_emunic_function,
                       EmunicFunction),
        VMSTATE_END_OF_LIST()
    },
};

/* The PCI core enables as many VFs as NumVFs says, whatever it says. */
static int emunic_pci_post_load(void *opaque, int version_id)
{
    EmunicState *s = EMUNIC(opaque);
    PCIDevice *dev = PCI_DEVICE(s);
    const uint8_t *cap = dev->config + dev->exp.sriov_cap;

    if (dev->exp.sriov_cap &&
        (pci_get_word(cap + PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_VFE) &&
        pci_get_word(cap + PCI_SRIOV_NUM_VF) > s->max_vfs) {
        return emunic_bad(&s->fn, "number of VFs");
    }
    return vmstate_pci_device.post_load(opaque, version_id);
}

/* That of the PCI core, with a look at what was loaded before it is used */
static VMStateDescription vmstate_emunic_pci;

void emunic_vmstate_init(void)
{
    vmstate_emunic_pci = vmstate_pci_device;
    vmstate_emunic_pci.post_load = emunic_pci_post_load;
}

/* Nobody is over a rate yet, and no rate counts but those of the stream. */
static int emunic_pre_load(void *opaque)
{
    EmunicState *s = opaque;

    emunic_sched_init(&s->sched, s->speed);
    for (unsigned v = 1; v <= s->max_vfs; v++) {
        s->port[v]->port.min_rate = 0;
        s->port[v]->port.max_rate = 0;
    }
    return 0;
}

static int emunic_pre_save(void *opaque)
{
    emunic_clock_save(opaque);
    return 0;
}

static int emunic_post_load(void *opaque, int version_id)
{
    EmunicState *s = opaque;

    emunic_clock_load(s);
    if (s->switch_mode > EMUNIC_SWITCH_VEPA) {
        return emunic_bad(&s->fn, "switch mode");
    }
    if (emunic_port_set_pause(s, s->uplink.pause)) {
        return emunic_bad(&s->fn, "PAUSE");
    }
    return 0;
}

const VMStateDescription vmstate_emunic = {
    .name = "emunic",
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_save = emunic_pre_save,
    .pre_load = emunic_pre_load,
    .post_load = emunic_post_load,
    /* Before the VFs, which have the default priority */
    .priority = MIG_PRI_IOMMU,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent_obj, EmunicState, 0, vmstate_emunic_pci,
                       PCIDevice),
        VMSTATE_MSIX(parent_obj, EmunicState),
        VMSTATE_UINT32_EQUAL(max_vfs, EmunicState,
                             "max_vfs differs between source and destination"),
        VMSTATE_UINT32_EQUAL(queues, EmunicState,
                             "queues differs between source and destination"),
        VMSTATE_UINT32_EQUAL(vf_vectors, EmunicState,
                             "vf_vectors differs between source and "
                             "destination"),
        VMSTATE_STRUCT(fn, EmunicState, 1, vmstate_emunic_function,
                       EmunicFunction),
        VMSTATE_UINT64(event_order, EmunicState),
        VMSTATE_UINT32(switch_mode, EmunicState),
        VMSTATE_UINT64(clock.ns, EmunicState),
        VMSTATE_UINT32(clock.fraction, EmunicState),
        VMSTATE_UINT32(uplink.pause, EmunicState),
        VMSTATE_UINT64_ARRAY(uplink.stats, EmunicState,
                             sizeof(struct emunic_port_stats) / 8),
        VMSTATE_END_OF_LIST()
    },
};

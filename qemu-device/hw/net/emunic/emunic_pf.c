/*
 * emunic: the physical function as a PCI device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "emunic_pci.h"
#include "qapi/error.h"
#include "switch.h"
#include "trace.h"

#define EMUNIC_SPEED_MAX    1000000     /* Mbit/s */

bool emunic_pcie_init(PCIDevice *dev, Error **errp)
{
    if (pcie_endpoint_cap_init(dev, EMUNIC_EXP_OFFSET) < 0) {
        error_setg(errp, "no room for the PCI Express capability");
        return false;
    }
    pcie_cap_flr_init(dev);
    pcie_ari_init(dev, EMUNIC_ARI_OFFSET);
    return true;
}

static void emunic_write_config(PCIDevice *dev, uint32_t addr, uint32_t val,
                                int len)
{
    trace_emunic_config_write(0, addr, val, len);
    pci_default_write_config(dev, addr, val, len);
    pcie_aer_write_config(dev, addr, val, len);
    pcie_cap_flr_write_config(dev, addr, val, len);
}

static bool emunic_check_properties(EmunicState *s, Error **errp)
{
    if (s->max_vfs > EMUNIC_MAX_VFS) {
        error_setg(errp, "max_vfs must be 0 to %d", EMUNIC_MAX_VFS);
    } else if (s->queues < 1 || s->queues > EMUNIC_MAX_QUEUES) {
        error_setg(errp, "queues must be 1 to %d", EMUNIC_MAX_QUEUES);
    } else if (s->speed < 1 || s->speed > EMUNIC_SPEED_MAX) {
        error_setg(errp, "speed must be 1 to %d Mbit/s", EMUNIC_SPEED_MAX);
    } else if (s->vf_vectors &&
               (s->vf_vectors < s->max_vfs * EMUNIC_MIN_VECTORS ||
                s->vf_vectors > s->max_vfs * EMUNIC_MAX_VECTORS)) {
        error_setg(errp, "vf_vectors must be 0 or %d to %d for each of the %u "
                   "VFs", EMUNIC_MIN_VECTORS, EMUNIC_MAX_VECTORS, s->max_vfs);
    } else if (is_multicast_ether_addr(s->conf.macaddr.a)) {
        error_setg(errp, "mac must not be a multicast address");
    } else {
        return true;
    }
    return false;
}

static bool emunic_pm_init(PCIDevice *dev, Error **errp)
{
    if (pci_pm_init(dev, EMUNIC_PM_OFFSET, errp) < 0) {
        return false;
    }
    pci_set_word(dev->config + EMUNIC_PM_OFFSET + PCI_PM_PMC,
                 PCI_PM_CAP_VER_1_1);
    pci_set_word(dev->config + EMUNIC_PM_OFFSET + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(dev->wmask + EMUNIC_PM_OFFSET + PCI_PM_CTRL,
                 PCI_PM_CTRL_STATE_MASK);
    return true;
}

static bool emunic_aer_init(PCIDevice *dev, Error **errp)
{
    pcie_cap_deverr_init(dev);
    return !pcie_aer_init(dev, PCI_ERR_VER, EMUNIC_AER_OFFSET, PCI_ERR_SIZEOF,
                          errp);
}

static bool emunic_sriov_init(EmunicState *s, Error **errp)
{
    const uint8_t type = PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64 |
                         PCI_BASE_ADDRESS_MEM_PREFETCH;
    PCIDevice *dev = PCI_DEVICE(s);

    if (!s->max_vfs) {
        return true;
    }
    if (!pcie_sriov_pf_init(dev, EMUNIC_SRIOV_OFFSET, TYPE_EMUNIC_VF,
                            EMUNIC_PCI_DEVICE_VF, s->max_vfs, s->max_vfs,
                            EMUNIC_VF_OFFSET, EMUNIC_VF_STRIDE, errp)) {
        return false;
    }
    pcie_sriov_pf_init_vf_bar(dev, EMUNIC_BAR_REGS, type,
                              EMUNIC_BAR_REGS_SIZE);
    pcie_sriov_pf_init_vf_bar(dev, EMUNIC_BAR_MSIX, type,
                              EMUNIC_BAR_MSIX_SIZE);
    return true;
}

/* What needs no undoing of PCI state; also run when realize fails */
static void emunic_free(EmunicState *s)
{
    emunic_function_exit(&s->fn);
    g_clear_pointer(&s->bh, qemu_bh_delete);
    g_clear_pointer(&s->offence_timer, timer_free);
    g_clear_pointer(&s->event_timer, timer_free);
    g_clear_pointer(&s->tx_timer, timer_free);
    g_clear_pointer(&s->doze_timer, timer_free);
    g_clear_pointer(&s->moderate_timer, timer_free);
    emunic_port_free(s);
}

static void emunic_realize(PCIDevice *dev, Error **errp)
{
    EmunicState *s = EMUNIC(dev);
    DeviceState *qdev = DEVICE(dev);

    if (!emunic_check_properties(s, errp)) {
        return;
    }
    if (!s->vf_vectors) {
        s->vf_vectors = s->max_vfs * EMUNIC_MAX_VECTORS;
    }
    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    s->tx_scratch = emunic_scratch_new();
    s->rx_scratch = emunic_scratch_new();
    s->gro = emunic_gro_new(s);
    emunic_switch_init(s);
    s->offence_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, emunic_offence_timer,
                                    s);
    s->event_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, emunic_event_timer, s);
    s->tx_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, emunic_tx_timer, s);
    s->tx_timer_at = EMUNIC_SCHED_NEVER;
    s->doze_timer = timer_new_ns(QEMU_CLOCK_REALTIME, emunic_doze_timer, s);
    s->moderate_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, emunic_moderate_timer,
                                     s);
    s->moderate_at = EMUNIC_SCHED_NEVER;
    emunic_port_init(s);
    emunic_clock_init(s);
    emunic_sched_init(&s->sched, s->speed);
    if (!emunic_pm_init(dev, errp) ||
        !emunic_function_realize(&s->fn, dev, s, 0, errp) ||
        !emunic_pcie_init(dev, errp) ||
        !emunic_aer_init(dev, errp) ||
        !emunic_sriov_init(s, errp)) {
        emunic_free(s);
        pcie_aer_exit(dev);
        return;
    }
    emunic_vport_set_present(&s->fn, true);
    emunic_uplink_init(s);
    s->bh = qemu_bh_new_guarded(emunic_run, s, &qdev->mem_reentrancy_guard);
    s->vmstate_change = qemu_add_vm_change_state_handler(emunic_vm_change, s);
}

static void emunic_exit(PCIDevice *dev)
{
    EmunicState *s = EMUNIC(dev);

    qemu_del_vm_change_state_handler(s->vmstate_change);
    g_clear_pointer(&s->bh, qemu_bh_delete);
    pcie_sriov_pf_exit(dev);
    emunic_uplink_exit(s);
    emunic_free(s);
    pcie_aer_exit(dev);
    pcie_cap_exit(dev);
}

static void emunic_reset_hold(Object *obj, ResetType type)
{
    EmunicState *s = EMUNIC(obj);

    /*
     * PCI code disables the VFs after this, and each is reset then. Their
     * policy goes with the PF's reset.
     */
    if (s->fn.pf) {
        pcie_cap_deverr_reset(s->fn.dev);
        emunic_function_reset(&s->fn, false);
    }
}

static const Property emunic_properties[] = {
    DEFINE_NIC_PROPERTIES(EmunicState, conf),
    DEFINE_PROP_UINT32("max_vfs", EmunicState, max_vfs, EMUNIC_DEFAULT_VFS),
    DEFINE_PROP_UINT32("queues", EmunicState, queues, EMUNIC_MAX_QUEUES),
    DEFINE_PROP_UINT32("speed", EmunicState, speed, 10000),
    DEFINE_PROP_UINT32("vf_vectors", EmunicState, vf_vectors, 0),
};

static void emunic_class_init(ObjectClass *oc, EmunicClassData data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    pc->realize = emunic_realize;
    pc->exit = emunic_exit;
    pc->config_write = emunic_write_config;
    pc->vendor_id = EMUNIC_PCI_VENDOR;
    pc->device_id = EMUNIC_PCI_DEVICE_PF;
    pc->revision = EMUNIC_PCI_REVISION;
    pc->class_id = PCI_CLASS_NETWORK_ETHERNET;

    rc->phases.hold = emunic_reset_hold;

    dc->desc = "emunic SR-IOV Ethernet";
    emunic_vmstate_init();
    dc->vmsd = &vmstate_emunic;
    device_class_set_props(dc, emunic_properties);
    emunic_lie_class_init(oc);
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
}

static void emunic_instance_init(Object *obj)
{
    EmunicState *s = EMUNIC(obj);

    device_add_bootindex_property(obj, &s->conf.bootindex, "bootindex",
                                  "/ethernet-phy@0", DEVICE(obj));
    emunic_lie_init(s);
}

/* What a run of the bottom half can still have in hand after an unplug */
static void emunic_instance_finalize(Object *obj)
{
    EmunicState *s = EMUNIC(obj);

    emunic_switch_exit(s);
    emunic_lie_exit(s);
    g_clear_pointer(&s->tx_scratch, emunic_scratch_free);
    g_clear_pointer(&s->rx_scratch, emunic_scratch_free);
    g_clear_pointer(&s->gro, emunic_gro_free);
}

static const TypeInfo emunic_info = {
    .name = TYPE_EMUNIC,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(EmunicState),
    .instance_init = emunic_instance_init,
    .instance_finalize = emunic_instance_finalize,
    .class_init = emunic_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void emunic_register_types(void)
{
    type_register_static(&emunic_info);
}

type_init(emunic_register_types)

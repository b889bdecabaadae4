/*
 * emunic: virtual functions as PCI devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "emunic_pci.h"
#include "qapi/error.h"
#include "trace.h"

static void emunic_vf_write_config(PCIDevice *dev, uint32_t addr, uint32_t val,
                                   int len)
{
    trace_emunic_config_write(EMUNIC_VF(dev)->fn.vport, addr, val, len);
    pci_default_write_config(dev, addr, val, len);
    pcie_cap_flr_write_config(dev, addr, val, len);
}

static void emunic_vf_realize(PCIDevice *dev, Error **errp)
{
    EmunicVFState *s = EMUNIC_VF(dev);
    PCIDevice *pf = pci_is_vf(dev) ? pcie_sriov_get_pf(dev) : NULL;

    if (!pf || !object_dynamic_cast(OBJECT(pf), TYPE_EMUNIC)) {
        error_setg(errp, "a %s belongs to an %s and is created by it",
                   TYPE_EMUNIC_VF, TYPE_EMUNIC);
        return;
    }
    if (!emunic_function_realize(&s->fn, dev, EMUNIC(pf),
                                 pcie_sriov_vf_number(dev) + 1, errp)) {
        return;
    }
    if (!emunic_pcie_init(dev, errp)) {
        emunic_function_exit(&s->fn);
        return;
    }
    /* Table Size is the PF's to set: a migration stream may have another. */
    pci_word_test_and_clear_mask(dev->cmask + EMUNIC_MSIX_OFFSET +
                                 PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_QSIZE);
}

static void emunic_vf_exit(PCIDevice *dev)
{
    emunic_function_exit(&EMUNIC_VF(dev)->fn);
    pcie_cap_exit(dev);
}

/*
 * Runs when the VF is enabled and disabled, on FLR and with the machine; also
 * while nothing has happened since the last one.
 */
static void emunic_vf_reset_hold(Object *obj, ResetType type)
{
    EmunicVFState *s = EMUNIC_VF(obj);

    if (s->fn.pf) {
        emunic_function_reset(&s->fn, false);
    }
}

static void emunic_vf_class_init(ObjectClass *oc, EmunicClassData data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    pc->realize = emunic_vf_realize;
    pc->exit = emunic_vf_exit;
    pc->config_write = emunic_vf_write_config;
    pc->vendor_id = EMUNIC_PCI_VENDOR;
    pc->device_id = EMUNIC_PCI_DEVICE_VF;
    pc->revision = EMUNIC_PCI_REVISION;
    pc->class_id = PCI_CLASS_NETWORK_ETHERNET;

    rc->phases.hold = emunic_vf_reset_hold;

    dc->desc = "emunic SR-IOV Ethernet, virtual function";
    dc->vmsd = &vmstate_emunic_vf;
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
}

static const TypeInfo emunic_vf_info = {
    .name = TYPE_EMUNIC_VF,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(EmunicVFState),
    .class_init = emunic_vf_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void emunic_vf_register_types(void)
{
    type_register_static(&emunic_vf_info);
}

type_init(emunic_vf_register_types)

/*
 * emunic: what PF and VF have in common as PCI devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_PCI_H
#define HW_NET_EMUNIC_PCI_H

#include "emunic.h"

/* Capabilities in configuration space; the first extended one is at 0x100. */
#define EMUNIC_PM_OFFSET        0x40
#define EMUNIC_MSIX_OFFSET      0x70
#define EMUNIC_EXP_OFFSET       0xa0
#define EMUNIC_ARI_OFFSET       0x100
#define EMUNIC_SRIOV_OFFSET     0x140
/* Of the PF; pcie_sriov_pf_reset() clears 4 bytes behind its capability. */
#define EMUNIC_AER_OFFSET       0x1c0

#define EMUNIC_VF_OFFSET        1
#define EMUNIC_VF_STRIDE        1

/* PCI Express with FLR, and ARI */
bool emunic_pcie_init(PCIDevice *dev, Error **errp);

#endif /* HW_NET_EMUNIC_PCI_H */

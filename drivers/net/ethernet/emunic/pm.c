// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: suspend and resume.
 *
 * The PCI core saves the configuration and restores it. The rest of the
 * function's state may be lost or not, so it is always begun anew.
 */
#include <linux/pm.h>

#include "emunic.h"
#include "pf.h"

static int emunic_suspend(struct device *dev)
{
	struct emunic *emu = dev_get_drvdata(dev);

	netif_carrier_off(emu->netdev);
	emunic_hold(emu);
	emunic_wr32(emu, EMUNIC_CAUSE_MASK, 0);

	return 0;
}

static int emunic_resume(struct device *dev)
{
	struct emunic *emu = dev_get_drvdata(dev);

	/* Older kernels restore once what was saved */
	pci_save_state(emu->pdev);
	emunic_hw_reset(emu);

	return emunic_unhold(emu);
}

/* The VFs, which wake after their PF, get their configuration in this phase */
static int emunic_resume_noirq(struct device *dev)
{
	struct emunic *emu = dev_get_drvdata(dev);

	if (!emu->is_vf)
		emunic_pf_reset_vectors(emu);

	return 0;
}

const struct dev_pm_ops emunic_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(emunic_suspend, emunic_resume)
	NOIRQ_SYSTEM_SLEEP_PM_OPS(NULL, emunic_resume_noirq)
};

/**
 * emunic_pm_link() - have a VF sleep before its PF and wake after it
 * @emu: the function; nothing to do for a PF or where no PF is seen
 */
void emunic_pm_link(struct emunic *emu)
{
	struct pci_dev *pdev = emu->pdev;

	if (pdev->is_virtfn &&
	    !device_link_add(&pdev->dev, &pci_physfn(pdev)->dev,
			     DL_FLAG_STATELESS))
		pci_warn(pdev, "may wake before its PF\n");
}

/**
 * emunic_pm_unlink() - undo emunic_pm_link()
 * @emu: the function
 */
void emunic_pm_unlink(struct emunic *emu)
{
	struct pci_dev *pdev = emu->pdev;

	if (pdev->is_virtfn)
		device_link_remove(&pdev->dev, &pci_physfn(pdev)->dev);
}

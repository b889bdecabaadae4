// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what the PCI core calls when it resets a function or has seen an
 * error of it.
 *
 * A function level reset is reset_prepare, reset_done. An error that AER
 * reports, fatal or not, is error_detected, slot_reset, resume, of all
 * functions below the port: first each of them is taken down, then each gets
 * its configuration and a reset, the PF first, then each is brought up. That
 * of a fatal error is a reset of the slot, which takes the configuration.
 */
#include "emunic.h"
#include "pf.h"

static void emunic_reset_prepare(struct pci_dev *pdev)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	if (!emu->is_vf) {
		emunic_pf_announce_reset(emu);
		emunic_pf_save_vfs(emu);
	}
	emunic_hold(emu);
}

static void emunic_reset_done(struct pci_dev *pdev)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	/* Older kernels restore once what was saved */
	pci_save_state(pdev);
	if (!emu->is_vf)
		emunic_pf_restore_vfs(emu);
	emunic_unhold(emu);
}

/* The core may call again, with a state that is worse */
static pci_ers_result_t emunic_error_detected(struct pci_dev *pdev,
					      pci_channel_state_t state)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	if (!emu->is_vf && state == pci_channel_io_normal)
		emunic_pf_announce_reset(emu);
	if (!emu->is_vf && state != pci_channel_io_perm_failure &&
	    pci_device_is_present(pdev))
		emunic_pf_save_vfs(emu);
	netif_carrier_off(emu->netdev);
	emunic_hold(emu);
	pci_clear_master(pdev);

	return state == pci_channel_io_perm_failure ?
	       PCI_ERS_RESULT_DISCONNECT : PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t emunic_slot_reset(struct pci_dev *pdev)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	pci_restore_state(pdev);
	pci_save_state(pdev);
	pci_set_master(pdev);
	if (!emu->is_vf)
		emunic_pf_restore_vfs(emu);

	/* Where the core resets nothing for an error that is not fatal */
	return emunic_hw_reset(emu) ? PCI_ERS_RESULT_DISCONNECT :
				      PCI_ERS_RESULT_RECOVERED;
}

static void emunic_error_resume(struct pci_dev *pdev)
{
	emunic_unhold(pci_get_drvdata(pdev));
}

const struct pci_error_handlers emunic_err_handlers = {
	.reset_prepare	= emunic_reset_prepare,
	.reset_done	= emunic_reset_done,
	.error_detected	= emunic_error_detected,
	.slot_reset	= emunic_slot_reset,
	.resume		= emunic_error_resume,
};

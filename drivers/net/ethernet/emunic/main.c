// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: PCI probe and remove, for PF and VF.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "emunic.h"
#include "devlink.h"
#include "pf.h"
#include "queue.h"

static const struct pci_device_id emunic_pci_ids[] = {
	{ PCI_DEVICE(EMUNIC_PCI_VENDOR, EMUNIC_PCI_DEVICE_PF) },
	{ PCI_DEVICE(EMUNIC_PCI_VENDOR, EMUNIC_PCI_DEVICE_VF) },
	{ }
};
MODULE_DEVICE_TABLE(pci, emunic_pci_ids);

static int emunic_pci_enable(struct pci_dev *pdev)
{
	int err;

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;

	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto err_disable;
	dma_set_max_seg_size(&pdev->dev, EMUNIC_TX_DESC_MAX);

	err = pci_request_selected_regions(pdev, BIT(EMUNIC_BAR_REGS),
					   EMUNIC_DRV_NAME);
	if (err)
		goto err_disable;

	pci_set_master(pdev);
	return 0;

err_disable:
	pci_disable_device(pdev);
	return err;
}

static void emunic_pci_disable(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	pci_release_selected_regions(pdev, BIT(EMUNIC_BAR_REGS));
	pci_disable_device(pdev);
}

static struct emunic *emunic_alloc(struct pci_dev *pdev)
{
	struct net_device *netdev;
	struct emunic *emu;

	netdev = alloc_etherdev_mqs(sizeof(*emu), EMUNIC_MAX_QUEUES,
				    EMUNIC_MAX_QUEUES);
	if (!netdev)
		return NULL;

	SET_NETDEV_DEV(netdev, &pdev->dev);
	/* A VF hears of its own limit before the rest is set up */
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = EMUNIC_MAX_MTU;
	emu = netdev_priv(netdev);
	emu->netdev = netdev;
	emu->pdev = pdev;
	emu->is_vf = pdev->device == EMUNIC_PCI_DEVICE_VF;
	emunic_filters_init(emu);
	emunic_coalesce_init(emu);
	emunic_service_init(emu);
	pci_set_drvdata(pdev, emu);

	return emu;
}

static int emunic_ctl_init(struct emunic *emu)
{
	return emu->is_vf ? emunic_vf_init(emu) : emunic_pf_init(emu);
}

static void emunic_ctl_release(struct emunic *emu)
{
	if (emu->is_vf)
		emunic_vf_release(emu);
	else
		emunic_pf_release(emu);
}

/* Control path of a function just found; the netdev gets its address */
static int emunic_ctl_bring_up(struct emunic *emu)
{
	int err;

	err = emunic_ctl_init(emu);
	if (err)
		return err;

	err = emunic_ctl_irq_request(emu);
	if (err)
		goto err_release;

	emu->epoch = emunic_rd32(emu, EMUNIC_EPOCH);
	emunic_ctl_irq_enable(emu);
	err = emu->ctl->start(emu);
	if (err)
		goto err_irq;

	return 0;

err_irq:
	emu->ctl->stop(emu);
	emunic_hw_reset(emu);
	emunic_ctl_irq_free(emu);
err_release:
	emunic_ctl_release(emu);
	return err;
}

/* After the reset no memory is in use, whatever became of the stop before */
static void emunic_ctl_take_down(struct emunic *emu)
{
	clear_bit(EMUNIC_STATE_CTL_READY, &emu->state);
	emu->ctl->stop(emu);
	emunic_hw_reset(emu);
	emunic_ctl_irq_free(emu);
	emunic_ctl_release(emu);
}

static int emunic_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct emunic *emu;
	int err;

	err = emunic_pci_enable(pdev);
	if (err)
		return err;

	emu = emunic_alloc(pdev);
	if (!emu) {
		err = -ENOMEM;
		goto err_pci;
	}

	emu->regs = pci_iomap(pdev, EMUNIC_BAR_REGS, EMUNIC_BAR_REGS_SIZE);
	if (!emu->regs) {
		err = -ENOMEM;
		goto err_free;
	}

	err = emunic_hw_identify(emu);
	if (!err)
		err = emunic_hw_reset(emu);
	if (err)
		goto err_unmap;

	err = emunic_devlink_init(emu);
	if (err)
		goto err_unmap;

	err = emunic_ctl_bring_up(emu);
	if (err)
		goto err_devlink;

	emunic_clock_init(emu);
	err = emunic_netdev_setup(emu);
	if (!err)
		err = register_netdev(emu->netdev);
	if (err)
		goto err_clock;

	/* What a reset of the slot takes and nobody else would restore */
	pci_save_state(pdev);
	emunic_pm_link(emu);
	emunic_service_start(emu);
	emunic_devlink_start(emu);
	return 0;

err_clock:
	emunic_clock_release(emu);
	emunic_ctl_take_down(emu);
err_devlink:
	emunic_devlink_release(emu);
err_unmap:
	pci_iounmap(pdev, emu->regs);
err_free:
	emunic_filters_release(emu);
	free_netdev(emu->netdev);
err_pci:
	emunic_pci_disable(pdev);
	return dev_err_probe(&pdev->dev, err, "probe failed\n");
}

static void emunic_remove(struct pci_dev *pdev)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	emunic_devlink_stop(emu);
	if (!emu->is_vf)
		emunic_pf_remove_vfs(emu);

	emunic_service_stop(emu);
	emunic_pm_unlink(emu);
	unregister_netdev(emu->netdev);
	emunic_clock_release(emu);
	emunic_queue_irqs_release(emu);
	emunic_ctl_take_down(emu);
	emunic_devlink_release(emu);
	pci_iounmap(pdev, emu->regs);
	emunic_filters_release(emu);
	emunic_queues_release(emu);
	free_netdev(emu->netdev);
	emunic_pci_disable(pdev);
}

/* Leaves the device silent for whoever comes next */
static void emunic_shutdown(struct pci_dev *pdev)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	emunic_service_stop(emu);
	netif_carrier_off(emu->netdev);
	emunic_hold(emu);
	pci_clear_master(pdev);
}

static struct pci_driver emunic_driver = {
	.name		 = EMUNIC_DRV_NAME,
	.id_table	 = emunic_pci_ids,
	.probe		 = emunic_probe,
	.remove		 = emunic_remove,
	.shutdown	 = emunic_shutdown,
	.err_handler	 = &emunic_err_handlers,
	.driver.pm	 = pm_sleep_ptr(&emunic_pm_ops),
#ifdef CONFIG_PCI_IOV
	.sriov_configure = emunic_pf_sriov_configure,
	.sriov_get_vf_total_msix  = emunic_pf_get_total_vectors,
	.sriov_set_msix_vec_count = emunic_pf_set_vf_vectors,
#endif
};

module_pci_driver(emunic_driver);

MODULE_DESCRIPTION("Emulated SR-IOV Ethernet NIC");
MODULE_LICENSE("GPL");

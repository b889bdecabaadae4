// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: vectors and interrupt handlers.
 *
 * Vector 0 is there from probe to remove. The vector of a queue pair is
 * allocated when the pair is first used and stays allocated, so that its
 * affinity outlives down and up.
 */
#include "emunic.h"
#include "pf.h"
#include "queue.h"

/* Causes that the service work handles */
#define EMUNIC_CAUSES_SERVICE \
	(EMUNIC_CAUSE_LINK | EMUNIC_CAUSE_RESET | \
	 EMUNIC_CAUSE_RESET_IMPENDING | EMUNIC_CAUSE_POLICY | \
	 EMUNIC_CAUSE_QUEUE_ERROR | EMUNIC_CAUSE_PF_READY)

static irqreturn_t emunic_ctl_irq(int irq, void *data)
{
	struct emunic *emu = data;
	u32 cause;

	cause = emunic_rd32(emu, EMUNIC_CAUSE);
	if (!cause || cause == ~0U)
		return IRQ_NONE;

	/* Cleared before it is handled: what comes later sets it again */
	emunic_wr32(emu, EMUNIC_CAUSE, cause);

	if (cause & EMUNIC_CAUSE_TEST)
		complete(&emu->irq_test);
	if (emu->is_vf) {
		if (cause & EMUNIC_CAUSE_MBOX)
			emunic_vf_mbox_wake(emu);
	} else {
		if (cause & (EMUNIC_CAUSE_ADMIN | EMUNIC_CAUSE_QUEUE_ERROR))
			emunic_admin_irq(emu);
		if (cause & EMUNIC_CAUSE_EVENT)
			emunic_event_irq(emu);
	}
	if (cause & EMUNIC_CAUSES_SERVICE)
		emunic_service_request(emu, cause & EMUNIC_CAUSES_SERVICE);

	return IRQ_HANDLED;
}

static irqreturn_t emunic_queue_irq(int irq, void *data)
{
	struct emunic_queue *q = data;

	WRITE_ONCE(q->irqs, q->irqs + 1);
	napi_schedule_irqoff(&q->napi);

	return IRQ_HANDLED;
}

/**
 * emunic_ctl_irq_request() - allocate vector 0 and take its interrupt
 * @emu: the function
 *
 * Where the platform cannot add vectors later, those of all queue pairs are
 * allocated too.
 *
 * Return: 0 or an errno
 */
int emunic_ctl_irq_request(struct emunic *emu)
{
	int err;

	err = pci_alloc_irq_vectors(emu->pdev, 1, 1, PCI_IRQ_MSIX);
	if (err < 0)
		return err;
	if (!pci_msix_can_alloc_dyn(emu->pdev)) {
		pci_free_irq_vectors(emu->pdev);
		err = pci_alloc_irq_vectors(emu->pdev, 2, 1 + emu->max_queues,
					    PCI_IRQ_MSIX);
		if (err < 0)
			return err;
		emu->max_queues = err - 1;
	}

	emu->ctl_irq = pci_irq_vector(emu->pdev, EMUNIC_VECTOR_CONTROL);
	snprintf(emu->ctl_irq_name, sizeof(emu->ctl_irq_name), "%s-%s-ctl",
		 EMUNIC_DRV_NAME, pci_name(emu->pdev));
	err = request_irq(emu->ctl_irq, emunic_ctl_irq, 0, emu->ctl_irq_name,
			  emu);
	if (err)
		pci_free_irq_vectors(emu->pdev);

	return err;
}

/**
 * emunic_ctl_irq_free() - undo emunic_ctl_irq_request()
 * @emu: the function; no vector of a queue pair is left
 */
void emunic_ctl_irq_free(struct emunic *emu)
{
	emunic_wr32(emu, EMUNIC_CAUSE_MASK, 0);
	free_irq(emu->ctl_irq, emu);
	pci_free_irq_vectors(emu->pdev);
}

/**
 * emunic_ctl_irq_enable() - let the causes raise vector 0
 * @emu: the function, after a reset
 */
void emunic_ctl_irq_enable(struct emunic *emu)
{
	emunic_wr32(emu, EMUNIC_CAUSE_MASK, EMUNIC_CAUSE_ALL);
}

/**
 * emunic_ctl_irq_recheck() - raise vector 0 again for causes not handled
 * @emu: the function
 *
 * A cause raises it once: of one whose interrupt was lost, or that was not seen
 * in CAUSE, nobody would hear any more.
 *
 * Context: RTNL
 */
void emunic_ctl_irq_recheck(struct emunic *emu)
{
	u32 cause = emunic_rd32(emu, EMUNIC_CAUSE);

	if (!cause || cause == ~0U)
		return;

	emunic_wr32(emu, EMUNIC_CAUSE_MASK, 0);
	emunic_ctl_irq_enable(emu);
}

/* The Linux interrupt of a queue pair, or an errno */
static int emunic_queue_vector(struct emunic_queue *q)
{
	struct pci_dev *pdev = q->emu->pdev;
	struct msi_map map;

	if (!pci_msix_can_alloc_dyn(pdev))
		return pci_irq_vector(pdev, 1 + q->index);

	map = pci_msix_alloc_irq_at(pdev, 1 + q->index, NULL);
	return map.index < 0 ? map.index : map.virq;
}

static int emunic_queue_irq_alloc(struct emunic_queue *q)
{
	int irq;

	if (q->irq)
		return 0;

	irq = emunic_queue_vector(q);
	if (irq < 0)
		return irq;

	/* Who sends by the queue, emunic_queues_set_xps(), hears of it, too */
	emunic_irq_spread(q->emu->netdev, irq, q->index);
	q->irq = irq;
	return 0;
}

/**
 * emunic_queue_irq_request() - take the interrupt of a queue pair
 * @q: the pair, with its NAPI added
 *
 * Return: 0 or an errno
 */
int emunic_queue_irq_request(struct emunic_queue *q)
{
	int err;

	err = emunic_queue_irq_alloc(q);
	if (err)
		return err;

	snprintf(q->irq_name, sizeof(q->irq_name), "%s-%u",
		 netdev_name(q->emu->netdev), q->index);
	err = request_irq(q->irq, emunic_queue_irq, 0, q->irq_name, q);
	if (err)
		return err;

	netif_napi_set_irq(&q->napi, q->irq);
	return 0;
}

/**
 * emunic_queue_irq_free() - give the interrupt of a queue pair back
 * @q: the pair, stopped
 */
void emunic_queue_irq_free(struct emunic_queue *q)
{
	netif_napi_set_irq(&q->napi, -1);
	free_irq(q->irq, q);
}

/**
 * emunic_queue_irqs_release() - free the vectors of all queue pairs
 * @emu: the function, down for good
 */
void emunic_queue_irqs_release(struct emunic *emu)
{
	int i;

	for (i = 0; i < EMUNIC_MAX_QUEUES; i++) {
		struct emunic_queue *q = emu->queues[i];
		struct msi_map map;

		if (!q || !q->irq)
			continue;
		map.index = 1 + i;
		map.virq = q->irq;
		if (pci_msix_can_alloc_dyn(emu->pdev))
			pci_msix_free_irq(emu->pdev, map);
		q->irq = 0;
	}
}

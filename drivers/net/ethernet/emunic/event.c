// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the event ring.
 *
 * The interrupt only queues the work. The work copies an entry, gives it back
 * to the device, and handles the copy.
 */
#include <linux/dma-mapping.h>

#include "emunic.h"
#include "devlink.h"
#include "pf.h"
#include "ring.h"

#define EMUNIC_EVENT_ENTRIES	BIT(EMUNIC_EVENT_LOG2)
#define EMUNIC_EVENT_BYTES	(EMUNIC_EVENT_ENTRIES * \
				 sizeof(struct emunic_event))

static void emunic_event_queue_error(struct emunic *emu,
				     const struct emunic_event *event)
{
	const struct emunic_event_queue *data = (const void *)event->data;
	u16 vport = le16_to_cpu(event->vport);

	if (le16_to_cpu(event->len) < sizeof(*data))
		return;

	dev_warn_ratelimited(&emu->pdev->dev,
			     "vport %u: %s queue %u in error %u\n", vport,
			     data->rx ? "Rx" : "Tx", data->queue,
			     le16_to_cpu(data->error));
	if (vport)
		emunic_health_vf_offence(emu, vport - 1, EMUNIC_OFFENCE_QUEUE,
					 le32_to_cpu(data->count));
}

static void emunic_event_offence(struct emunic *emu,
				 const struct emunic_event *event)
{
	const struct emunic_event_offence *data = (const void *)event->data;
	u16 vport = le16_to_cpu(event->vport);

	if (le16_to_cpu(event->len) < sizeof(*data) || !vport)
		return;

	emunic_health_vf_offence(emu, vport - 1, le32_to_cpu(data->kind),
				 le64_to_cpu(data->total));
}

static void emunic_event_handle(struct emunic *emu,
				const struct emunic_event *event)
{
	switch (le16_to_cpu(event->type)) {
	case EMUNIC_EVENT_VF_MSG:
		emunic_pf_mbox_event(emu, event);
		break;
	case EMUNIC_EVENT_VF_RESET:
		emunic_pf_vf_was_reset(emu, le16_to_cpu(event->vport));
		break;
	case EMUNIC_EVENT_LINK:
		emunic_service_request(emu, EMUNIC_CAUSE_LINK);
		break;
	case EMUNIC_EVENT_QUEUE_ERROR:
		emunic_event_queue_error(emu, event);
		break;
	case EMUNIC_EVENT_OFFENCE:
		emunic_event_offence(emu, event);
		break;
	default:
		/* A later minor version may have more */
		break;
	}
}

static bool emunic_event_gap(const struct emunic_event_ring *er)
{
	u32 mask = EMUNIC_EVENT_ENTRIES - 1;

	return emunic_ring_gap(&er->ring[er->next & mask].flags,
			       &er->ring[(er->next + 1) & mask].flags,
			       er->next, EMUNIC_EVENT_LOG2);
}

static bool emunic_event_next(struct emunic *emu, struct emunic_event *copy)
{
	struct emunic_event_ring *er = &emu->pf->event;
	const struct emunic_event *event;

	event = &er->ring[er->next % EMUNIC_EVENT_ENTRIES];
	if (!emunic_entry_is_new(&event->flags, er->next, EMUNIC_EVENT_LOG2))
		return false;

	emunic_take_entry(copy, event, sizeof(*copy));
	er->next++;
	/* The register write orders the copy before the head */
	emunic_wr32(emu, EMUNIC_EVENT_HEAD, er->next);

	return true;
}

static void emunic_event_work(struct work_struct *work)
{
	struct emunic_event_ring *er;
	struct emunic_pf *pf;
	struct emunic *emu;

	er = container_of(work, struct emunic_event_ring, work);
	pf = container_of(er, struct emunic_pf, event);
	emu = pf->emu;

	while (READ_ONCE(er->running) &&
	       emunic_event_next(emu, &er->current_event)) {
		emunic_event_handle(emu, &er->current_event);
		cond_resched();
	}

	if (READ_ONCE(er->running) && emunic_event_gap(er)) {
		WRITE_ONCE(er->broken, true);
		emunic_pf_failed(emu);
	}
}

/**
 * emunic_event_irq() - there are events
 * @emu: the PF
 *
 * Context: any
 */
void emunic_event_irq(struct emunic *emu)
{
	struct emunic_event_ring *er = &emu->pf->event;

	if (READ_ONCE(er->running))
		queue_work(er->wq, &er->work);
}

/**
 * emunic_event_start() - start the ring on a PF that was reset
 * @emu: the PF
 *
 * Return: 0 or an errno
 */
int emunic_event_start(struct emunic *emu)
{
	struct emunic_event_ring *er = &emu->pf->event;
	int err;

	memset(er->ring, 0, EMUNIC_EVENT_BYTES);
	er->next = 0;
	er->broken = false;
	WRITE_ONCE(er->running, true);

	emunic_block_setup(emu, EMUNIC_EVENT_BLOCK, 0, er->ring_dma, 0,
			   EMUNIC_EVENT_LOG2, EMUNIC_VECTOR_CONTROL);
	err = emunic_block_start(emu, EMUNIC_EVENT_BLOCK);
	if (err)
		WRITE_ONCE(er->running, false);

	return err;
}

/**
 * emunic_event_stop() - stop the ring and wait for the work
 * @emu: the PF; the device may be gone; the admin queue is shut down
 */
void emunic_event_stop(struct emunic *emu)
{
	struct emunic_event_ring *er = &emu->pf->event;

	if (!er->running)
		return;

	WRITE_ONCE(er->running, false);
	cancel_work_sync(&er->work);
	emunic_block_stop(emu, EMUNIC_EVENT_BLOCK);
}

/**
 * emunic_event_init() - memory of the event ring
 * @emu: the PF
 *
 * Return: 0 or -ENOMEM
 */
int emunic_event_init(struct emunic *emu)
{
	struct emunic_event_ring *er = &emu->pf->event;

	INIT_WORK(&er->work, emunic_event_work);
	er->wq = alloc_ordered_workqueue("%s-%s", 0, EMUNIC_DRV_NAME,
					 pci_name(emu->pdev));
	if (!er->wq)
		return -ENOMEM;

	er->ring = dma_alloc_coherent(&emu->pdev->dev, EMUNIC_EVENT_BYTES,
				      &er->ring_dma, GFP_KERNEL);
	if (!er->ring) {
		destroy_workqueue(er->wq);
		return -ENOMEM;
	}

	return 0;
}

/**
 * emunic_event_release() - free the memory of the event ring
 * @emu: the PF, the ring stopped
 */
void emunic_event_release(struct emunic *emu)
{
	struct emunic_event_ring *er = &emu->pf->event;

	destroy_workqueue(er->wq);
	dma_free_coherent(&emu->pdev->dev, EMUNIC_EVENT_BYTES, er->ring,
			  er->ring_dma);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: queue pairs: memory, start and stop, NAPI.
 */
#include <linux/dma-mapping.h>

#include "emunic.h"
#include "queue.h"
#include "xdp.h"

/*
 * Lets frames be written into the Tx ring, or not. Who sends looks at it under
 * the same lock, so nobody does any more on return.
 */
static void emunic_tx_enable(struct emunic_queue *q, bool on)
{
	struct netdev_queue *txq;

	txq = netdev_get_tx_queue(q->emu->netdev, q->index);
	__netif_tx_lock_bh(txq);
	WRITE_ONCE(q->tx.enabled, on);
	if (!on)
		netif_tx_stop_queue(txq);
	/* None is late yet */
	txq_trans_cond_update(txq);
	__netif_tx_unlock_bh(txq);
}

static u32 emunic_tx_block(const struct emunic_queue *q)
{
	return EMUNIC_TX_BLOCK + q->index * EMUNIC_Q_STRIDE;
}

static u32 emunic_rx_block(const struct emunic_queue *q)
{
	return EMUNIC_RX_BLOCK + q->index * EMUNIC_Q_STRIDE;
}

/**
 * emunic_queue_get() - the queue pair of an index
 * @emu: the function
 * @index: below max_queues
 *
 * Return: the pair, made at the first call; NULL without memory
 */
struct emunic_queue *emunic_queue_get(struct emunic *emu, unsigned int index)
{
	struct emunic_queue *q = emu->queues[index];

	if (q)
		return q;

	q = kzalloc_obj(*q);
	if (!q)
		return NULL;

	q->emu = emu;
	q->index = index;
	u64_stats_init(&q->tx.stats.syncp);
	u64_stats_init(&q->tx.stats.xmit_syncp);
	u64_stats_init(&q->rx.stats.syncp);
	emunic_moderation_init(q);
	/* Pairs with smp_load_acquire() in emunic_get_stats64() */
	smp_store_release(&emu->queues[index], q);

	return q;
}

/**
 * emunic_queues_release() - free all queue pairs
 * @emu: the function, its netdev unregistered
 */
void emunic_queues_release(struct emunic *emu)
{
	int i;

	for (i = 0; i < EMUNIC_MAX_QUEUES; i++) {
		kfree(emu->queues[i]);
		emu->queues[i] = NULL;
	}
}

/*
 * Lets the next completion raise the vector; true if it is there already, or if
 * another CPU has polled meanwhile, whose events these may have replaced
 */
static bool emunic_queue_arm(struct emunic_queue *q)
{
	u32 tx = READ_ONCE(q->tx.cq_next);
	u32 rx = READ_ONCE(q->rx.clean);

	WRITE_ONCE(q->tx.shadow->cq_event, cpu_to_le32(tx));
	WRITE_ONCE(q->rx.shadow->cq_event, cpu_to_le32(rx));
	/*
	 * The events before the look at the rings; the device writes a
	 * completion before it looks at the event.
	 */
	mb();

	return READ_ONCE(q->tx.cq_next) != tx || READ_ONCE(q->rx.clean) != rx ||
	       emunic_tx_pending(&q->tx) || emunic_rx_pending(&q->rx);
}

static int emunic_queue_poll(struct napi_struct *napi, int budget)
{
	struct emunic_queue *q = container_of(napi, struct emunic_queue, napi);
	u32 tx_next = q->tx.cq_next;
	bool more = emunic_tx_clean(q, budget);
	int done = 0;

	if (likely(budget)) {
		done = emunic_rx_poll(q, budget);
		if (q->tx.xsk)
			more |= emunic_xsk_xmit(q);
	}
	if (more || done >= budget)
		return budget;

	emunic_moderation_adapt(q);
	/* Empty polls, which napi_defer_hard_irqs counts, found no Tx either */
	if (napi_complete_done(napi, done || q->tx.cq_next != tx_next) &&
	    emunic_queue_arm(q))
		napi_schedule(napi);

	return done;
}

/* Frames in the Tx ring may be of the Rx half's pool */
static void emunic_queue_mem_free(struct emunic_queue *q)
{
	emunic_tx_free(q);
	emunic_rx_free(q);
}

static int emunic_queue_mem_alloc(struct emunic_queue *q)
{
	int err;

	err = emunic_tx_alloc(q);
	if (!err)
		err = emunic_rx_alloc(q);
	if (err)
		emunic_queue_mem_free(q);

	return err;
}

/**
 * emunic_queue_alloc() - memory and NAPI of a queue pair
 * @q: the pair
 *
 * Return: 0 or an errno, with everything freed
 */
int emunic_queue_alloc(struct emunic_queue *q)
{
	int err;

	q->tx.shadow = &q->emu->shadow[2 * q->index];
	q->rx.shadow = &q->emu->shadow[2 * q->index + 1];
	netif_napi_add_config(q->emu->netdev, &q->napi, emunic_queue_poll,
			      q->index);

	err = emunic_queue_mem_alloc(q);
	if (err)
		netif_napi_del(&q->napi);

	return err;
}

/**
 * emunic_queue_free() - free what emunic_queue_alloc() has made
 * @q: the pair, stopped
 */
void emunic_queue_free(struct emunic_queue *q)
{
	emunic_queue_mem_free(q);
	netif_napi_del(&q->napi);
}

/*
 * No poll runs any more. One that has given NAPI back may still be looking at
 * the rings, which napi_disable() does not wait for.
 */
static void emunic_queue_napi_disable(struct emunic_queue *q)
{
	napi_disable(&q->napi);
	synchronize_net();
}

static void emunic_queue_napi_link(struct emunic_queue *q,
				   struct napi_struct *napi)
{
	struct net_device *netdev = q->emu->netdev;

	netif_queue_set_napi(netdev, q->index, NETDEV_QUEUE_TYPE_RX, napi);
	netif_queue_set_napi(netdev, q->index, NETDEV_QUEUE_TYPE_TX, napi);
}

/* Takes a pair back from the device, if need be by resetting the function */
static void emunic_queue_take_back(struct emunic_queue *q)
{
	int tx_err = emunic_block_stop(q->emu, emunic_tx_block(q));
	int rx_err = emunic_block_stop(q->emu, emunic_rx_block(q));

	if (tx_err != -ETIMEDOUT && rx_err != -ETIMEDOUT)
		return;

	netdev_err(q->emu->netdev, "queue %u does not drain\n", q->index);
	emunic_force_reset(q->emu);
}

/**
 * emunic_queue_start() - let the device use a queue pair
 * @q: the pair, allocated, its interrupt requested
 *
 * Return: 0 or an errno, with the pair stopped
 */
int emunic_queue_start(struct emunic_queue *q)
{
	struct emunic *emu = q->emu;
	u32 tx_block = emunic_tx_block(q);
	u32 rx_block = emunic_rx_block(q);
	dma_addr_t shadow;
	int err;

	shadow = emu->shadow_dma + 2 * q->index * sizeof(*emu->shadow);
	emunic_block_setup(emu, tx_block, q->tx.desc_dma, q->tx.cpl_dma, shadow,
			   q->tx.log2, 1 + q->index);
	shadow += sizeof(*emu->shadow);
	emunic_block_setup(emu, rx_block, q->rx.desc_dma, q->rx.cpl_dma, shadow,
			   q->rx.log2, 1 + q->index);
	emunic_moderation_start(q);

	napi_enable(&q->napi);
	emunic_queue_napi_link(q, &q->napi);
	err = emunic_block_start(emu, rx_block);
	if (!err)
		err = emunic_block_start(emu, tx_block);
	if (err)
		goto err_napi;

	q->running = true;
	emunic_tx_enable(q, true);
	/* NAPI alone touches the rings: it posts the first buffers, too */
	local_bh_disable();
	napi_schedule(&q->napi);
	local_bh_enable();

	return 0;

err_napi:
	/* It may run, whatever it says: its memory goes now */
	emunic_queue_take_back(q);
	emunic_queue_napi_disable(q);
	emunic_moderation_stop(q);
	emunic_queue_napi_link(q, NULL);
	return err;
}

/**
 * emunic_queue_stop() - take a queue pair back from the device
 * @q: the pair; nothing happens if it does not run
 *
 * A queue that does not drain is taken back by resetting the function, which
 * the service work then brings up again.
 */
void emunic_queue_stop(struct emunic_queue *q)
{
	if (!q->running)
		return;

	q->running = false;
	emunic_tx_enable(q, false);
	emunic_queue_take_back(q);
	emunic_queue_napi_disable(q);
	emunic_moderation_stop(q);
	/* A poll that ended just now may have woken the Tx queue again */
	emunic_tx_enable(q, false);
	emunic_queue_napi_link(q, NULL);
}

/**
 * emunic_queue_restart() - make the rings of one pair anew
 * @q: the pair, allocated; the path is up
 *
 * Other pairs do not notice.
 *
 * Context: RTNL
 * Return: 0, or an errno with the pair not running
 */
int emunic_queue_restart(struct emunic_queue *q)
{
	int err;

	emunic_queue_stop(q);
	emunic_queue_mem_free(q);
	memset(q->tx.shadow, 0, sizeof(*q->tx.shadow));
	memset(q->rx.shadow, 0, sizeof(*q->rx.shadow));

	err = emunic_queue_mem_alloc(q);
	if (!err)
		err = emunic_queue_start(q);
	if (!err)
		netif_tx_wake_queue(netdev_get_tx_queue(q->emu->netdev,
							q->index));

	return err;
}

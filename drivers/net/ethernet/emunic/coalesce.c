// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: interrupt moderation, set by the user or found by DIM.
 *
 * What was set for a queue is kept while the queue is not there: in its pair,
 * which outlives resets and changes of the number of channels, and for pairs
 * yet to come in the function.
 */
#include <linux/ethtool.h>
#include <net/netdev_queues.h>

#include "emunic.h"
#include "kunit.h"
#include "queue.h"

#define EMUNIC_COALESCE_MAX	FIELD_MAX(EMUNIC_Q_MODERATION_USECS)

/*
 * A Tx completion can wait for the poll that an answer will cause. Several
 * cannot: whoever sends much waits for them.
 */
#define EMUNIC_TX_USECS_DEFAULT		1000
#define EMUNIC_TX_FRAMES_DEFAULT	4

/* Microseconds of each DIM profile */
static const u16 emunic_dim_usecs[NET_DIM_PARAMS_NUM_PROFILES] = {
	0, 16, 32, 64, 128,
};

static u16 emunic_moderation_usecs(const struct emunic_moderation *mod)
{
	if (mod->set.adaptive)
		return emunic_dim_usecs[mod->dim.profile_ix];

	return mod->set.usecs;
}

/* MODERATION of one half of a pair */
VISIBLE_IF_KUNIT u32 emunic_moderation_reg(const struct emunic_moderation *mod)
{
	return FIELD_PREP(EMUNIC_Q_MODERATION_USECS,
			  emunic_moderation_usecs(mod)) |
	       FIELD_PREP(EMUNIC_Q_MODERATION_FRAMES, mod->set.frames);
}

/* With @emu->coalesce_lock */
static void emunic_moderation_write(struct emunic *emu, u32 block,
				    const struct emunic_moderation *mod)
{
	if (emu->caps & EMUNIC_CAPS_MODERATION)
		emunic_wr32(emu, block + EMUNIC_Q_MODERATION,
			    emunic_moderation_reg(mod));
}

static void emunic_moderation_write_both(struct emunic_queue *q)
{
	u32 at = q->index * EMUNIC_Q_STRIDE;

	emunic_moderation_write(q->emu, EMUNIC_TX_BLOCK + at, &q->tx_mod);
	emunic_moderation_write(q->emu, EMUNIC_RX_BLOCK + at, &q->rx_mod);
}

static void emunic_moderation_work(struct work_struct *work)
{
	struct dim *dim = container_of(work, struct dim, work);
	struct emunic_queue *q = dim->priv;

	mutex_lock(&q->emu->coalesce_lock);
	emunic_moderation_write_both(q);
	mutex_unlock(&q->emu->coalesce_lock);
	dim->state = DIM_START_MEASURE;
}

static void emunic_moderation_init_one(struct emunic_queue *q,
				       struct emunic_moderation *mod,
				       const struct emunic_coalesce *set)
{
	mod->set = *set;
	mod->dim.priv = q;
	INIT_WORK(&mod->dim.work, emunic_moderation_work);
}

/**
 * emunic_moderation_init() - of a queue pair that was just made
 * @q: the pair
 */
void emunic_moderation_init(struct emunic_queue *q)
{
	emunic_moderation_init_one(q, &q->tx_mod, &q->emu->tx_coalesce);
	emunic_moderation_init_one(q, &q->rx_mod, &q->emu->rx_coalesce);
}

/**
 * emunic_moderation_start() - bring moderation of a queue pair to the device
 * @q: the pair, about to be started
 */
void emunic_moderation_start(struct emunic_queue *q)
{
	mutex_lock(&q->emu->coalesce_lock);
	emunic_moderation_write_both(q);
	mutex_unlock(&q->emu->coalesce_lock);
}

/**
 * emunic_moderation_stop() - DIM changes nothing any more
 * @q: the pair, its NAPI disabled
 */
void emunic_moderation_stop(struct emunic_queue *q)
{
	cancel_work_sync(&q->tx_mod.dim.work);
	cancel_work_sync(&q->rx_mod.dim.work);
	q->tx_mod.dim.state = DIM_START_MEASURE;
	q->rx_mod.dim.state = DIM_START_MEASURE;
}

static void emunic_moderation_adapt_one(struct emunic_moderation *mod, u16 irqs,
					u64 packets, u64 bytes)
{
	struct dim_sample sample = {};

	dim_update_sample(irqs, packets, bytes, &sample);
	net_dim(&mod->dim, &sample);
}

/**
 * emunic_moderation_adapt() - show DIM what an interrupt was good for
 * @q: the pair; its poll is about to end
 */
void emunic_moderation_adapt(struct emunic_queue *q)
{
	u16 irqs = READ_ONCE(q->irqs);

	if (READ_ONCE(q->rx_mod.set.adaptive))
		emunic_moderation_adapt_one(&q->rx_mod, irqs,
					    u64_stats_read(&q->rx.stats.packets),
					    u64_stats_read(&q->rx.stats.bytes));
	if (READ_ONCE(q->tx_mod.set.adaptive))
		emunic_moderation_adapt_one(&q->tx_mod, irqs,
					    u64_stats_read(&q->tx.stats.packets),
					    u64_stats_read(&q->tx.stats.bytes));
}

/**
 * emunic_coalesce_init() - defaults of a function
 * @emu: the function
 */
void emunic_coalesce_init(struct emunic *emu)
{
	mutex_init(&emu->coalesce_lock);
	emu->rx_coalesce.adaptive = true;
	emu->tx_coalesce.usecs = EMUNIC_TX_USECS_DEFAULT;
	emu->tx_coalesce.frames = EMUNIC_TX_FRAMES_DEFAULT;
}

/**
 * emunic_get_coalesce() - ethtool -c
 * @netdev: the device
 * @ec: filled in
 * @kernel_ec: left alone
 * @extack: not used
 *
 * Return: 0 or -EOPNOTSUPP
 */
int emunic_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec,
			struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);

	if (!(emu->caps & EMUNIC_CAPS_MODERATION))
		return -EOPNOTSUPP;

	ec->rx_coalesce_usecs = emu->rx_coalesce.usecs;
	ec->rx_max_coalesced_frames = emu->rx_coalesce.frames;
	ec->use_adaptive_rx_coalesce = emu->rx_coalesce.adaptive;
	ec->tx_coalesce_usecs = emu->tx_coalesce.usecs;
	ec->tx_max_coalesced_frames = emu->tx_coalesce.frames;
	ec->use_adaptive_tx_coalesce = emu->tx_coalesce.adaptive;
	return 0;
}

/* Is @usecs, @frames and @adaptive something that the device can be told? */
static int emunic_coalesce_make(const struct emunic_coalesce *old, u32 usecs,
				u32 frames, bool adaptive,
				struct emunic_coalesce *new,
				struct netlink_ext_ack *extack)
{
	if (usecs > EMUNIC_COALESCE_MAX || frames > EMUNIC_COALESCE_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "usecs and frames are %u at most",
				       (u32)EMUNIC_COALESCE_MAX);
		return -EINVAL;
	}
	if (adaptive && old->adaptive && usecs != old->usecs) {
		NL_SET_ERR_MSG_MOD(extack,
				   "adaptive moderation chooses the usecs");
		return -EINVAL;
	}
	/*
	 * Without a time nothing waits, however few frames there are. That is
	 * what a user wants who takes the time away and leaves the frames.
	 */
	if (!adaptive && !usecs && frames > 1 && frames != old->frames) {
		NL_SET_ERR_MSG_MOD(extack, "frames are waited for with usecs only");
		return -EINVAL;
	}

	new->usecs = usecs;
	new->frames = frames;
	new->adaptive = adaptive;
	return 0;
}

static int emunic_coalesce_parse(const struct emunic_coalesce *old_tx,
				 const struct emunic_coalesce *old_rx,
				 const struct ethtool_coalesce *ec,
				 struct emunic_coalesce *tx,
				 struct emunic_coalesce *rx,
				 struct netlink_ext_ack *extack)
{
	return emunic_coalesce_make(old_tx, ec->tx_coalesce_usecs,
				    ec->tx_max_coalesced_frames,
				    ec->use_adaptive_tx_coalesce, tx,
				    extack) ?:
	       emunic_coalesce_make(old_rx, ec->rx_coalesce_usecs,
				    ec->rx_max_coalesced_frames,
				    ec->use_adaptive_rx_coalesce, rx, extack);
}

static void emunic_coalesce_apply(struct emunic_queue *q,
				  const struct emunic_coalesce *tx,
				  const struct emunic_coalesce *rx)
{
	mutex_lock(&q->emu->coalesce_lock);
	q->tx_mod.set = *tx;
	q->rx_mod.set = *rx;
	if (test_bit(EMUNIC_STATE_UP, &q->emu->state))
		emunic_moderation_write_both(q);
	mutex_unlock(&q->emu->coalesce_lock);
}

/**
 * emunic_set_coalesce() - ethtool -C
 * @netdev: the device
 * @ec: what all queues are to have, also those to come
 * @kernel_ec: left alone
 * @extack: why not
 *
 * Return: 0 or an errno
 */
int emunic_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec,
			struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_coalesce tx, rx;
	int i, err;

	if (!(emu->caps & EMUNIC_CAPS_MODERATION))
		return -EOPNOTSUPP;

	err = emunic_coalesce_parse(&emu->tx_coalesce, &emu->rx_coalesce, ec,
				    &tx, &rx, extack);
	if (err)
		return err;

	emu->tx_coalesce = tx;
	emu->rx_coalesce = rx;
	for (i = 0; i < EMUNIC_MAX_QUEUES; i++)
		if (emu->queues[i])
			emunic_coalesce_apply(emu->queues[i], &tx, &rx);

	return 0;
}

/* The pair of a queue in use, -EINVAL if there is none */
static struct emunic_queue *emunic_coalesce_queue(struct net_device *netdev,
						  u32 index)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_queue *q;

	if (!(emu->caps & EMUNIC_CAPS_MODERATION))
		return ERR_PTR(-EOPNOTSUPP);
	if (index >= emu->num_queues)
		return ERR_PTR(-EINVAL);

	q = emunic_queue_get(emu, index);
	return q ?: ERR_PTR(-ENOMEM);
}

/**
 * emunic_get_queue_coalesce() - ethtool --per-queue -c
 * @netdev: the device
 * @queue: number of the queue
 * @ec: filled in, with what is in force
 *
 * Return: 0 or an errno
 */
int emunic_get_queue_coalesce(struct net_device *netdev, u32 queue,
			      struct ethtool_coalesce *ec)
{
	struct emunic_queue *q = emunic_coalesce_queue(netdev, queue);

	if (IS_ERR(q))
		return PTR_ERR(q);

	ec->rx_coalesce_usecs = emunic_moderation_usecs(&q->rx_mod);
	ec->rx_max_coalesced_frames = q->rx_mod.set.frames;
	ec->use_adaptive_rx_coalesce = q->rx_mod.set.adaptive;
	ec->tx_coalesce_usecs = emunic_moderation_usecs(&q->tx_mod);
	ec->tx_max_coalesced_frames = q->tx_mod.set.frames;
	ec->use_adaptive_tx_coalesce = q->tx_mod.set.adaptive;
	return 0;
}

/* What is in force comes back as what is wished: then nothing was */
static void emunic_coalesce_keep(const struct emunic_moderation *mod,
				 u32 adaptive, u32 *usecs)
{
	if (adaptive && mod->set.adaptive &&
	    *usecs == emunic_moderation_usecs(mod))
		*usecs = mod->set.usecs;
}

/**
 * emunic_set_queue_coalesce() - ethtool --per-queue -C
 * @netdev: the device
 * @queue: number of the queue
 * @ec: what it is to have
 *
 * Return: 0 or an errno
 */
int emunic_set_queue_coalesce(struct net_device *netdev, u32 queue,
			      struct ethtool_coalesce *ec)
{
	struct emunic_queue *q = emunic_coalesce_queue(netdev, queue);
	struct emunic_coalesce tx, rx;
	int err;

	if (IS_ERR(q))
		return PTR_ERR(q);

	emunic_coalesce_keep(&q->tx_mod, ec->use_adaptive_tx_coalesce,
			     &ec->tx_coalesce_usecs);
	emunic_coalesce_keep(&q->rx_mod, ec->use_adaptive_rx_coalesce,
			     &ec->rx_coalesce_usecs);
	err = emunic_coalesce_parse(&q->tx_mod.set, &q->rx_mod.set, ec, &tx,
				    &rx, NULL);
	if (err)
		return err;

	emunic_coalesce_apply(q, &tx, &rx);
	return 0;
}

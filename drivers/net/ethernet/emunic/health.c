// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: health reporters of the Tx and Rx queues.
 *
 * Whoever finds a fault notes it; the work reports what was noted, and devlink
 * has the queues restarted unless the administrator wants that left to him.
 */
#include <linux/rtnetlink.h>

#include "emunic.h"
#include "devlink.h"
#include "queue.h"

#define EMUNIC_HEALTH_INTERVAL	HZ

/**
 * struct emunic_fault_info - what is to be known of a fault
 * @what: in words
 * @rx: of an Rx queue
 * @stops: the queue does nothing any more
 */
struct emunic_fault_info {
	const char *what;
	bool rx;
	bool stops;
};

static const struct emunic_fault_info emunic_fault_table[] = {
	[EMUNIC_FAULT_TX_TIMEOUT]   = { "timed out", false, true },
	[EMUNIC_FAULT_TX_ERROR]	    = { "stopped by the device", false, true },
	[EMUNIC_FAULT_TX_MALFORMED] = { "malformed completion", false, true },
	[EMUNIC_FAULT_TX_REFUSED]   = { "frame refused", false, false },
	[EMUNIC_FAULT_RX_ERROR]	    = { "stopped by the device", true, true },
	[EMUNIC_FAULT_RX_MALFORMED] = { "malformed completion", true, true },
};

static_assert(ARRAY_SIZE(emunic_fault_table) == EMUNIC_NUM_FAULTS);

/**
 * struct emunic_fault_ctx - a fault being reported
 * @fault: which
 * @queue: of which queue
 * @ups: emunic_health.ups when it was taken up
 */
struct emunic_fault_ctx {
	enum emunic_fault fault;
	unsigned int queue;
	unsigned int ups;
};

static const char *emunic_q_state_name(u32 state)
{
	switch (state) {
	case EMUNIC_Q_STATE_STOPPED:
		return "stopped";
	case EMUNIC_Q_STATE_RUNNING:
		return "running";
	case EMUNIC_Q_STATE_DRAINING:
		return "draining";
	case EMUNIC_Q_STATE_ERROR:
		return "error";
	default:
		return "unknown";
	}
}

static const char *emunic_q_error_name(u32 error)
{
	switch (error) {
	case EMUNIC_Q_ERROR_NONE:
		return "none";
	case EMUNIC_Q_ERROR_ADDRESS:
		return "address";
	case EMUNIC_Q_ERROR_SIZE:
		return "size";
	case EMUNIC_Q_ERROR_VECTOR:
		return "vector";
	case EMUNIC_Q_ERROR_DMA:
		return "dma";
	case EMUNIC_Q_ERROR_INDEX:
		return "index";
	case EMUNIC_Q_ERROR_CHAIN:
		return "chain";
	case EMUNIC_Q_ERROR_DESC:
		return "descriptor";
	default:
		return "unknown";
	}
}

static void emunic_fmsg_block(struct emunic *emu, struct devlink_fmsg *fmsg,
			      u32 block)
{
	u32 state = emunic_rd32(emu, block + EMUNIC_Q_STATE);
	u32 error = emunic_rd32(emu, block + EMUNIC_Q_ERROR);

	devlink_fmsg_string_pair_put(fmsg, "state", emunic_q_state_name(state));
	devlink_fmsg_string_pair_put(fmsg, "error", emunic_q_error_name(error));
}

static void emunic_fmsg_tx(const struct emunic_queue *q,
			   struct devlink_fmsg *fmsg)
{
	const struct emunic_tx *tx = &q->tx;

	emunic_fmsg_block(q->emu, fmsg,
			  EMUNIC_TX_BLOCK + q->index * EMUNIC_Q_STRIDE);
	devlink_fmsg_u32_pair_put(fmsg, "entries", BIT(tx->log2));
	devlink_fmsg_u32_pair_put(fmsg, "next", READ_ONCE(tx->next));
	devlink_fmsg_u32_pair_put(fmsg, "published", READ_ONCE(tx->published));
	devlink_fmsg_u32_pair_put(fmsg, "clean", READ_ONCE(tx->clean));
	devlink_fmsg_u32_pair_put(fmsg, "cq_next", READ_ONCE(tx->cq_next));
	devlink_fmsg_u32_pair_put(fmsg, "sq_event",
				  le32_to_cpu(READ_ONCE(tx->shadow->sq_event)));
}

static void emunic_fmsg_rx(const struct emunic_queue *q,
			   struct devlink_fmsg *fmsg)
{
	const struct emunic_rx *rx = &q->rx;

	emunic_fmsg_block(q->emu, fmsg,
			  EMUNIC_RX_BLOCK + q->index * EMUNIC_Q_STRIDE);
	devlink_fmsg_u32_pair_put(fmsg, "entries", BIT(rx->log2));
	devlink_fmsg_u32_pair_put(fmsg, "posted", READ_ONCE(rx->posted));
	devlink_fmsg_u32_pair_put(fmsg, "clean", READ_ONCE(rx->clean));
	devlink_fmsg_bool_pair_put(fmsg, "malformed", READ_ONCE(rx->broken));
}

/* One half of the queues in @mask, whose memory is there only while it is up */
static void emunic_fmsg_queues(struct emunic *emu, struct devlink_fmsg *fmsg,
			       bool rx, unsigned long mask)
{
	unsigned int i;
	bool up;

	rtnl_lock();
	up = test_bit(EMUNIC_STATE_UP, &emu->state);
	devlink_fmsg_bool_pair_put(fmsg, "up", up);
	devlink_fmsg_arr_pair_nest_start(fmsg, "queues");
	for (i = 0; up && i < emu->num_queues; i++) {
		if (!(mask & BIT(i)))
			continue;
		devlink_fmsg_obj_nest_start(fmsg);
		devlink_fmsg_u32_pair_put(fmsg, "queue", i);
		if (rx)
			emunic_fmsg_rx(emu->queues[i], fmsg);
		else
			emunic_fmsg_tx(emu->queues[i], fmsg);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
	rtnl_unlock();
}

static int emunic_tx_diagnose(struct devlink_health_reporter *reporter,
			      struct devlink_fmsg *fmsg,
			      struct netlink_ext_ack *extack)
{
	emunic_fmsg_queues(devlink_health_reporter_priv(reporter), fmsg, false,
			   ~0UL);
	return 0;
}

static int emunic_rx_diagnose(struct devlink_health_reporter *reporter,
			      struct devlink_fmsg *fmsg,
			      struct netlink_ext_ack *extack)
{
	emunic_fmsg_queues(devlink_health_reporter_priv(reporter), fmsg, true,
			   ~0UL);
	return 0;
}

/* Before the recovery: the queue at fault; for a user who asks: all queues */
static int emunic_dump(struct devlink_health_reporter *reporter,
		       struct devlink_fmsg *fmsg, bool rx,
		       const struct emunic_fault_ctx *ctx)
{
	if (ctx)
		devlink_fmsg_string_pair_put(fmsg, "fault",
					     emunic_fault_table[ctx->fault].what);
	emunic_fmsg_queues(devlink_health_reporter_priv(reporter), fmsg, rx,
			   ctx ? BIT(ctx->queue) : ~0UL);
	return 0;
}

static int emunic_tx_dump(struct devlink_health_reporter *reporter,
			  struct devlink_fmsg *fmsg, void *priv_ctx,
			  struct netlink_ext_ack *extack)
{
	return emunic_dump(reporter, fmsg, false, priv_ctx);
}

static int emunic_rx_dump(struct devlink_health_reporter *reporter,
			  struct devlink_fmsg *fmsg, void *priv_ctx,
			  struct netlink_ext_ack *extack)
{
	return emunic_dump(reporter, fmsg, true, priv_ctx);
}

/* RTNL; one restart is for all faults that were there before it */
static int emunic_health_restart(struct emunic *emu,
				 const struct emunic_fault_ctx *ctx,
				 struct netlink_ext_ack *extack)
{
	int err;

	if (ctx && ctx->ups != emunic_health(emu)->ups)
		return 0;
	if (test_bit(EMUNIC_STATE_RESETTING, &emu->state)) {
		NL_SET_ERR_MSG_MOD(extack, "A reset is under way");
		return -EBUSY;
	}
	if (!netif_running(emu->netdev))
		return 0;
	if (ctx && ctx->fault == EMUNIC_FAULT_TX_TIMEOUT &&
	    emunic_restarted_lately(emu)) {
		netdev_err(emu->netdev, "restart did not help, resetting\n");
		emunic_service_request(emu, EMUNIC_SVC_RESET);
		return 0;
	}

	err = emunic_restart_queues(emu);
	/* The service work goes on trying */
	if (err)
		emunic_service_request(emu, EMUNIC_SVC_RESTART);

	return err;
}

static int emunic_recover(struct devlink_health_reporter *reporter,
			  void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct emunic *emu = devlink_health_reporter_priv(reporter);
	const struct emunic_fault_ctx *ctx = priv_ctx;
	int err;

	if (ctx && !emunic_fault_table[ctx->fault].stops)
		return 0;

	rtnl_lock();
	err = emunic_health_restart(emu, ctx, extack);
	rtnl_unlock();

	return err;
}

static const struct devlink_health_reporter_ops emunic_tx_reporter_ops = {
	.name		= "tx",
	.recover	= emunic_recover,
	.diagnose	= emunic_tx_diagnose,
	.dump		= emunic_tx_dump,
};

static const struct devlink_health_reporter_ops emunic_rx_reporter_ops = {
	.name		= "rx",
	.recover	= emunic_recover,
	.diagnose	= emunic_rx_diagnose,
	.dump		= emunic_rx_dump,
};

static void emunic_health_report_one(struct emunic *emu,
				     struct emunic_fault_ctx *ctx)
{
	const struct emunic_fault_info *info = &emunic_fault_table[ctx->fault];
	struct emunic_health *health = emunic_health(emu);
	char msg[64];

	snprintf(msg, sizeof(msg), "%s queue %u: %s", info->rx ? "Rx" : "Tx",
		 ctx->queue, info->what);
	if (info->stops)
		netdev_warn(emu->netdev, "%s\n", msg);
	devlink_health_report(info->rx ? health->rx : health->tx, msg, ctx);
}

static void emunic_health_report_faults(struct emunic *emu, unsigned int ups)
{
	struct emunic_health *health = emunic_health(emu);
	struct emunic_fault_ctx ctx = { .ups = ups };
	unsigned long mask;

	for (ctx.fault = 0; ctx.fault < EMUNIC_NUM_FAULTS; ctx.fault++) {
		mask = xchg(&health->faults[ctx.fault], 0);
		for_each_set_bit(ctx.queue, &mask, EMUNIC_MAX_QUEUES) {
			emunic_health_report_one(emu, &ctx);
			WRITE_ONCE(health->reported, true);
			health->reported_ups = ups;
		}
	}
}

/* The path came up anew, whoever saw to it: what was reported is past */
static void emunic_health_forget(struct emunic_health *health,
				 unsigned int ups)
{
	if (!health->reported || health->reported_ups == ups)
		return;

	WRITE_ONCE(health->reported, false);
	devlink_health_reporter_state_update(health->tx,
					     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
	devlink_health_reporter_state_update(health->rx,
					     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
}

static void emunic_health_work(struct work_struct *work)
{
	struct emunic_devlink *dl = container_of(work, struct emunic_devlink,
						 health.work.work);
	unsigned int ups = READ_ONCE(dl->health.ups);

	WRITE_ONCE(dl->health.last, jiffies);
	emunic_health_forget(&dl->health, ups);
	emunic_health_report_faults(dl->emu, ups);
	if (dl->emu->is_vf)
		return;
	emunic_health_ctl_report(dl->emu);
	emunic_health_vf_report(dl->emu);
}

/**
 * emunic_health_kick() - have the work report what was noted
 * @emu: the function
 *
 * Context: any
 */
void emunic_health_kick(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);
	unsigned long next, now = jiffies;

	next = READ_ONCE(health->last) + EMUNIC_HEALTH_INTERVAL;
	queue_delayed_work(system_long_wq, &health->work,
			   time_after(next, now) ? next - now : 0);
}

/**
 * emunic_health_fault() - note a fault of a queue
 * @q: queue pair
 * @fault: what is wrong with it
 *
 * Context: any
 */
void emunic_health_fault(struct emunic_queue *q, enum emunic_fault fault)
{
	set_bit(q->index, &emunic_health(q->emu)->faults[fault]);
	emunic_health_kick(q->emu);
}

/**
 * emunic_health_queue_errors() - find the queues that the device stopped
 * @emu: the function, which raised QUEUE_ERROR
 *
 * Context: RTNL
 */
void emunic_health_queue_errors(struct emunic *emu)
{
	unsigned int i;
	u32 block;

	if (!test_bit(EMUNIC_STATE_UP, &emu->state))
		return;

	for (i = 0; i < emu->num_queues; i++) {
		block = i * EMUNIC_Q_STRIDE;
		if (emunic_rd32(emu, EMUNIC_TX_BLOCK + block + EMUNIC_Q_STATE) ==
		    EMUNIC_Q_STATE_ERROR)
			emunic_health_fault(emu->queues[i],
					    EMUNIC_FAULT_TX_ERROR);
		if (emunic_rd32(emu, EMUNIC_RX_BLOCK + block + EMUNIC_Q_STATE) ==
		    EMUNIC_Q_STATE_ERROR)
			emunic_health_fault(emu->queues[i],
					    EMUNIC_FAULT_RX_ERROR);
	}
}

/**
 * emunic_health_up() - the data path came up
 * @emu: the function
 *
 * Context: RTNL
 */
void emunic_health_up(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	WRITE_ONCE(health->ups, health->ups + 1);
	if (READ_ONCE(health->reported))
		emunic_health_kick(emu);
}

/**
 * emunic_health_init() - make the reporters
 * @emu: the function
 *
 * Context: devlink instance lock
 * Return: 0 or an errno
 */
int emunic_health_init(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);
	int err;

	INIT_DELAYED_WORK(&health->work, emunic_health_work);
	/* What is noted before emunic_health_start() is kept, not reported */
	disable_delayed_work(&health->work);
	health->last = jiffies - EMUNIC_HEALTH_INTERVAL;

	health->tx = devl_health_reporter_create(emu->devlink,
						 &emunic_tx_reporter_ops, emu);
	if (IS_ERR(health->tx))
		return PTR_ERR(health->tx);

	health->rx = devl_health_reporter_create(emu->devlink,
						 &emunic_rx_reporter_ops, emu);
	if (IS_ERR(health->rx)) {
		err = PTR_ERR(health->rx);
		goto err_tx;
	}

	if (emu->is_vf)
		return 0;

	err = emunic_health_ctl_init(emu);
	if (err)
		goto err_rx;
	err = emunic_health_vf_init(emu);
	if (err)
		goto err_ctl;

	return 0;

err_ctl:
	emunic_health_ctl_release(emu);
err_rx:
	devl_health_reporter_destroy(health->rx);
err_tx:
	devl_health_reporter_destroy(health->tx);
	return err;
}

/**
 * emunic_health_release() - undo emunic_health_init()
 * @emu: the function, stopped
 *
 * Context: devlink instance lock
 */
void emunic_health_release(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	if (!emu->is_vf) {
		emunic_health_vf_release(emu);
		emunic_health_ctl_release(emu);
	}
	devl_health_reporter_destroy(health->rx);
	devl_health_reporter_destroy(health->tx);
}

/**
 * emunic_health_start() - let the work run
 * @emu: the function, its devlink instance registered
 */
void emunic_health_start(struct emunic *emu)
{
	enable_delayed_work(&emunic_health(emu)->work);
	emunic_health_kick(emu);
}

/**
 * emunic_health_stop() - end the work for good
 * @emu: the function
 *
 * Context: without RTNL and without the devlink instance lock
 */
void emunic_health_stop(struct emunic *emu)
{
	disable_delayed_work_sync(&emunic_health(emu)->work);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: interrupt moderation.
 */
#ifndef EMUNIC_COALESCE_H
#define EMUNIC_COALESCE_H

#include <linux/dim.h>
#include <linux/types.h>

struct emunic;
struct emunic_queue;
struct ethtool_coalesce;
struct kernel_ethtool_coalesce;
struct net_device;
struct netlink_ext_ack;

/**
 * struct emunic_coalesce - how long completions may wait for an interrupt
 * @usecs: microseconds, of Tx since the first of them, of Rx since the last
 *         interrupt; 0: not at all
 * @frames: completions; 0: any number
 * @adaptive: DIM chooses the microseconds
 */
struct emunic_coalesce {
	u16 usecs;
	u16 frames;
	bool adaptive;
};

/**
 * struct emunic_moderation - interrupt moderation of one half of a queue pair
 * @set: what was set; RTNL and emunic.coalesce_lock to change
 * @dim: NAPI feeds it; its work writes the register
 */
struct emunic_moderation {
	struct emunic_coalesce set;
	struct dim dim;
};

void emunic_coalesce_init(struct emunic *emu);
void emunic_moderation_init(struct emunic_queue *q);
void emunic_moderation_start(struct emunic_queue *q);
void emunic_moderation_stop(struct emunic_queue *q);
void emunic_moderation_adapt(struct emunic_queue *q);
int emunic_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec,
			struct netlink_ext_ack *extack);
int emunic_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec,
			struct netlink_ext_ack *extack);
int emunic_get_queue_coalesce(struct net_device *netdev, u32 queue,
			      struct ethtool_coalesce *ec);
int emunic_set_queue_coalesce(struct net_device *netdev, u32 queue,
			      struct ethtool_coalesce *ec);

#endif /* EMUNIC_COALESCE_H */

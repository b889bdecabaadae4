/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: the device's clock and timestamps.
 */
#ifndef EMUNIC_PTP_H
#define EMUNIC_PTP_H

#include <linux/ptp_clock_kernel.h>
#include <linux/spinlock.h>

struct emunic;
struct kernel_ethtool_ts_info;
struct kernel_hwtstamp_config;
struct net_device;
struct netlink_ext_ack;

/**
 * struct emunic_clock - the device's clock, and what it stamps
 * @info: operations of @ptp
 * @ptp: PTP clock, NULL if there is none; set from probe to remove
 * @lock: makes the arguments and the operation one
 * @tx_on: frames are stamped whose sender wants it; RTNL to change
 * @rx_on: every frame is stamped; RTNL
 */
struct emunic_clock {
	struct ptp_clock_info info;
	struct ptp_clock *ptp;
	spinlock_t lock;	/* CLOCK_ARG and CLOCK_CTRL */
	bool tx_on;
	bool rx_on;
};

void emunic_clock_init(struct emunic *emu);
void emunic_clock_release(struct emunic *emu);
int emunic_get_ts_info(struct net_device *netdev,
		       struct kernel_ethtool_ts_info *info);
int emunic_hwtstamp_get(struct net_device *netdev,
			struct kernel_hwtstamp_config *config);
int emunic_hwtstamp_set(struct net_device *netdev,
			struct kernel_hwtstamp_config *config,
			struct netlink_ext_ack *extack);

#endif /* EMUNIC_PTP_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the device's clock as a PTP hardware clock, and timestamps.
 *
 * PF and VFs share one clock, which no reset touches. Each function has a PHC,
 * so that it can tell what its timestamps mean; only the PF's sets the clock.
 */
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>

#include "emunic.h"
#include "kunit.h"

/* CLOCK_RATE can make it half as fast again, and slow it down by a half */
#define EMUNIC_CLOCK_MAX_ADJ	499999999	/* ppb */
/* The upper half changes every four seconds; a clock that is sound needs two */
#define EMUNIC_CLOCK_TRIES	8

static struct emunic *emunic_clock_owner(struct ptp_clock_info *info)
{
	return container_of(info, struct emunic, clock.info);
}

static int emunic_clock_gettimex64(struct ptp_clock_info *info,
				   struct timespec64 *ts,
				   struct ptp_system_timestamp *sts)
{
	struct emunic *emu = emunic_clock_owner(info);
	int tries = EMUNIC_CLOCK_TRIES;
	u32 hi, lo;

	do {
		if (!tries--)
			return -EIO;
		hi = emunic_rd32(emu, EMUNIC_CLOCK_HI);
		ptp_read_system_prets(sts);
		lo = emunic_rd32(emu, EMUNIC_CLOCK_LO);
		ptp_read_system_postts(sts);
	} while (emunic_rd32(emu, EMUNIC_CLOCK_HI) != hi);
	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	*ts = ns_to_timespec64((u64)hi << 32 | lo);
	return 0;
}

static int emunic_clock_ctrl(struct emunic *emu, u64 arg, u32 ctrl)
{
	unsigned long flags;

	/* It would read as all ones, too */
	if (!emunic_hw_present(emu))
		return -ENODEV;

	spin_lock_irqsave(&emu->clock.lock, flags);
	emunic_wr32(emu, EMUNIC_CLOCK_ARG_LO, lower_32_bits(arg));
	emunic_wr32(emu, EMUNIC_CLOCK_ARG_HI, upper_32_bits(arg));
	emunic_wr32(emu, EMUNIC_CLOCK_CTRL, ctrl);
	spin_unlock_irqrestore(&emu->clock.lock, flags);

	return 0;
}

static int emunic_clock_settime64(struct ptp_clock_info *info,
				  const struct timespec64 *ts)
{
	return emunic_clock_ctrl(emunic_clock_owner(info),
				 timespec64_to_ns(ts), EMUNIC_CLOCK_CTRL_SET);
}

static int emunic_clock_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return emunic_clock_ctrl(emunic_clock_owner(info), delta,
				 EMUNIC_CLOCK_CTRL_ADJUST);
}

/* @scaled_ppm is in 2^-16 parts per million, CLOCK_RATE in 2^-32 */
VISIBLE_IF_KUNIT s32 emunic_clock_rate(long scaled_ppm)
{
	return div_s64((s64)scaled_ppm * 65536, 1000000);
}

static int emunic_clock_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	struct emunic *emu = emunic_clock_owner(info);

	if (!emunic_hw_present(emu))
		return -ENODEV;

	emunic_wr32(emu, EMUNIC_CLOCK_RATE, emunic_clock_rate(scaled_ppm));
	return 0;
}

static const struct ptp_clock_info emunic_pf_clock = {
	.owner		= THIS_MODULE,
	.max_adj	= EMUNIC_CLOCK_MAX_ADJ,
	.adjfine	= emunic_clock_adjfine,
	.adjtime	= emunic_clock_adjtime,
	.gettimex64	= emunic_clock_gettimex64,
	.settime64	= emunic_clock_settime64,
};

static int emunic_vf_clock_settime64(struct ptp_clock_info *info,
				     const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int emunic_vf_clock_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int emunic_vf_clock_adjfine(struct ptp_clock_info *info,
				   long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static const struct ptp_clock_info emunic_vf_clock = {
	.owner		= THIS_MODULE,
	.adjfine	= emunic_vf_clock_adjfine,
	.adjtime	= emunic_vf_clock_adjtime,
	.gettimex64	= emunic_clock_gettimex64,
	.settime64	= emunic_vf_clock_settime64,
};

/**
 * emunic_clock_init() - register the PHC
 * @emu: the function, identified
 *
 * Without one the function works, and stamps frames all the same.
 */
void emunic_clock_init(struct emunic *emu)
{
	struct emunic_clock *clock = &emu->clock;
	struct ptp_clock *ptp;

	spin_lock_init(&clock->lock);
	if (!(emu->caps & EMUNIC_CAPS_TSTAMP))
		return;

	clock->info = emu->is_vf ? emunic_vf_clock : emunic_pf_clock;
	/* As fast as its new PHC says it is */
	if (!emu->is_vf)
		emunic_wr32(emu, EMUNIC_CLOCK_RATE, 0);
	snprintf(clock->info.name, sizeof(clock->info.name), "%s",
		 EMUNIC_DRV_NAME);
	ptp = ptp_clock_register(&clock->info, &emu->pdev->dev);
	if (IS_ERR(ptp))
		dev_warn(&emu->pdev->dev, "no PTP clock: %pe\n", ptp);
	else
		clock->ptp = ptp;
}

/**
 * emunic_clock_release() - undo emunic_clock_init()
 * @emu: the function, its netdev unregistered
 */
void emunic_clock_release(struct emunic *emu)
{
	if (emu->clock.ptp)
		ptp_clock_unregister(emu->clock.ptp);
	emu->clock.ptp = NULL;
}

/**
 * emunic_get_ts_info() - ethtool -T
 * @netdev: the device
 * @info: filled in
 *
 * Return: 0
 */
int emunic_get_ts_info(struct net_device *netdev,
		       struct kernel_ethtool_ts_info *info)
{
	struct emunic *emu = netdev_priv(netdev);

	if (!(emu->caps & EMUNIC_CAPS_TSTAMP))
		return ethtool_op_get_ts_info(netdev, info);

	info->so_timestamping = SOF_TIMESTAMPING_TX_SOFTWARE |
				SOF_TIMESTAMPING_TX_HARDWARE |
				SOF_TIMESTAMPING_RX_HARDWARE |
				SOF_TIMESTAMPING_RAW_HARDWARE;
	info->tx_types = BIT(HWTSTAMP_TX_OFF) | BIT(HWTSTAMP_TX_ON);
	info->rx_filters = BIT(HWTSTAMP_FILTER_NONE) | BIT(HWTSTAMP_FILTER_ALL);
	if (emu->clock.ptp)
		info->phc_index = ptp_clock_index(emu->clock.ptp);
	return 0;
}

/**
 * emunic_hwtstamp_get() - which frames are stamped?
 * @netdev: the device
 * @config: filled in
 *
 * Context: RTNL
 * Return: 0 or -EOPNOTSUPP
 */
int emunic_hwtstamp_get(struct net_device *netdev,
			struct kernel_hwtstamp_config *config)
{
	struct emunic *emu = netdev_priv(netdev);

	if (!(emu->caps & EMUNIC_CAPS_TSTAMP))
		return -EOPNOTSUPP;

	config->flags = 0;
	config->tx_type = emu->clock.tx_on ? HWTSTAMP_TX_ON : HWTSTAMP_TX_OFF;
	config->rx_filter = emu->clock.rx_on ? HWTSTAMP_FILTER_ALL :
					       HWTSTAMP_FILTER_NONE;
	return 0;
}

/**
 * emunic_hwtstamp_set() - choose which frames are stamped
 * @netdev: the device
 * @config: what is wished; what is done instead where that is more
 * @extack: why not
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_hwtstamp_set(struct net_device *netdev,
			struct kernel_hwtstamp_config *config,
			struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);

	if (!(emu->caps & EMUNIC_CAPS_TSTAMP))
		return -EOPNOTSUPP;
	if (config->tx_type != HWTSTAMP_TX_OFF &&
	    config->tx_type != HWTSTAMP_TX_ON) {
		NL_SET_ERR_MSG_MOD(extack, "Tx timestamps are off or on");
		return -ERANGE;
	}

	/* The device stamps each frame or none */
	if (config->rx_filter != HWTSTAMP_FILTER_NONE)
		config->rx_filter = HWTSTAMP_FILTER_ALL;
	WRITE_ONCE(emu->clock.tx_on, config->tx_type == HWTSTAMP_TX_ON);
	emu->clock.rx_on = config->rx_filter == HWTSTAMP_FILTER_ALL;
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_rx_features_update(emu);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the PF's port: PAUSE, and the counters of the standards.
 *
 * VFs have no port. What the device has no answer for, because the PF is being
 * reset, is left as not known.
 */
#include <linux/ethtool.h>

#include "emunic.h"
#include "pf.h"

static_assert(sizeof(struct emunic_port_stats) <= EMUNIC_ADMIN_DATA_SIZE);

static int emunic_port_get_stats(struct net_device *netdev,
				 struct emunic_port_stats *stats)
{
	struct emunic *emu = netdev_priv(netdev);

	memset(stats, 0, sizeof(*stats));
	if (!emunic_pf_ready(emu))
		return -ENETDOWN;

	return emunic_admin_exec(emu, EMUNIC_ADMIN_PORT_GET_STATS, emu->vport,
				 NULL, 0, stats, sizeof(*stats));
}

/**
 * emunic_port_apply_pause() - bring PAUSE to the device
 * @emu: the PF, its admin queue started
 *
 * Return: 0 or an errno
 */
int emunic_port_apply_pause(struct emunic *emu)
{
	struct emunic_admin_pause arg = {
		.pause = cpu_to_le32(emu->pf->pause),
	};

	return emunic_admin_exec(emu, EMUNIC_ADMIN_PORT_SET_PAUSE, emu->vport,
				 &arg, sizeof(arg), NULL, 0);
}

/**
 * emunic_get_pauseparam() - ethtool -a
 * @netdev: the PF's
 * @pause: filled in
 */
void emunic_get_pauseparam(struct net_device *netdev,
			   struct ethtool_pauseparam *pause)
{
	struct emunic *emu = netdev_priv(netdev);

	pause->autoneg = AUTONEG_DISABLE;
	pause->rx_pause = !!(emu->pf->pause & EMUNIC_PAUSE_RX);
	pause->tx_pause = !!(emu->pf->pause & EMUNIC_PAUSE_TX);
}

/**
 * emunic_set_pauseparam() - ethtool -A
 * @netdev: the PF's
 * @pause: what is wished
 *
 * During a reset it is remembered, and brought to the device afterwards.
 *
 * Return: 0 or an errno
 */
int emunic_set_pauseparam(struct net_device *netdev,
			  struct ethtool_pauseparam *pause)
{
	struct emunic *emu = netdev_priv(netdev);
	u32 old = emu->pf->pause;
	int err;

	/* Nobody to negotiate with */
	if (pause->autoneg)
		return -EOPNOTSUPP;

	emu->pf->pause = (pause->rx_pause ? EMUNIC_PAUSE_RX : 0) |
			 (pause->tx_pause ? EMUNIC_PAUSE_TX : 0);
	if (!emunic_pf_ready(emu))
		return 0;

	err = emunic_port_apply_pause(emu);
	if (err)
		emu->pf->pause = old;

	return err;
}

/**
 * emunic_get_pause_stats() - ethtool -I -a
 * @netdev: the PF's
 * @pause: filled in
 */
void emunic_get_pause_stats(struct net_device *netdev,
			    struct ethtool_pause_stats *pause)
{
	struct emunic_port_stats stats;

	if (emunic_port_get_stats(netdev, &stats))
		return;

	pause->tx_pause_frames = le64_to_cpu(stats.tx_pause);
	pause->rx_pause_frames = le64_to_cpu(stats.rx_pause);
}

/* IEEE 802.3 counts data and padding; the device the MAC header, too */
static u64 emunic_port_octets(__le64 octets, __le64 frames)
{
	return le64_to_cpu(octets) - le64_to_cpu(frames) * ETH_HLEN;
}

/**
 * emunic_get_eth_mac_stats() - ethtool -S --groups eth-mac
 * @netdev: the PF's
 * @mac: filled in
 */
void emunic_get_eth_mac_stats(struct net_device *netdev,
			      struct ethtool_eth_mac_stats *mac)
{
	struct emunic_port_stats s;

	if (emunic_port_get_stats(netdev, &s))
		return;

	mac->FramesTransmittedOK = le64_to_cpu(s.tx_frames);
	mac->OctetsTransmittedOK = emunic_port_octets(s.tx_octets, s.tx_frames);
	mac->MulticastFramesXmittedOK = le64_to_cpu(s.tx_multicast);
	mac->BroadcastFramesXmittedOK = le64_to_cpu(s.tx_broadcast);
	mac->FramesReceivedOK = le64_to_cpu(s.rx_frames);
	mac->OctetsReceivedOK = emunic_port_octets(s.rx_octets, s.rx_frames);
	mac->MulticastFramesReceivedOK = le64_to_cpu(s.rx_multicast);
	mac->BroadcastFramesReceivedOK = le64_to_cpu(s.rx_broadcast);
	mac->FrameTooLongErrors = le64_to_cpu(s.rx_too_long);
}

/**
 * emunic_get_eth_ctrl_stats() - ethtool -S --groups eth-ctrl
 * @netdev: the PF's
 * @ctrl: filled in
 */
void emunic_get_eth_ctrl_stats(struct net_device *netdev,
			       struct ethtool_eth_ctrl_stats *ctrl)
{
	struct emunic_port_stats s;

	if (emunic_port_get_stats(netdev, &s))
		return;

	ctrl->MACControlFramesTransmitted = le64_to_cpu(s.tx_pause);
	ctrl->MACControlFramesReceived = le64_to_cpu(s.rx_control);
	ctrl->UnsupportedOpcodesReceived = le64_to_cpu(s.rx_unsupported);
}

static const struct ethtool_rmon_hist_range emunic_rmon_ranges[] = {
	{    0,   64 },
	{   65,  127 },
	{  128,  255 },
	{  256,  511 },
	{  512, 1023 },
	{ 1024, 1518 },
	{ 1519, EMUNIC_FRAME_MAX + ETH_FCS_LEN },
	{}
};

static_assert(ARRAY_SIZE(emunic_rmon_ranges) == EMUNIC_PORT_SIZES + 1);

/**
 * emunic_get_rmon_stats() - ethtool -S --groups rmon
 * @netdev: the PF's
 * @rmon: filled in
 * @ranges: of the histograms
 */
void emunic_get_rmon_stats(struct net_device *netdev,
			   struct ethtool_rmon_stats *rmon,
			   const struct ethtool_rmon_hist_range **ranges)
{
	struct emunic_port_stats s;
	int i;

	if (emunic_port_get_stats(netdev, &s))
		return;

	rmon->undersize_pkts = le64_to_cpu(s.rx_too_short);
	rmon->oversize_pkts = le64_to_cpu(s.rx_too_long);
	for (i = 0; i < EMUNIC_PORT_SIZES; i++) {
		rmon->hist[i] = le64_to_cpu(s.rx_sizes[i]);
		rmon->hist_tx[i] = le64_to_cpu(s.tx_sizes[i]);
	}
	*ranges = emunic_rmon_ranges;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: ethtool.
 */
#include <linux/ethtool.h>
#include <net/page_pool/helpers.h>

#include "emunic.h"
#include "pf.h"
#include "queue.h"
#include "rss.h"

/* Version of the register dump: pairs of offset and value */
#define EMUNIC_REGS_VERSION	1

struct emunic_stat {
	const char *name;
	size_t offset;
};

#define EMUNIC_TX_STAT(field) \
	{ #field, offsetof(struct emunic_tx_stats, field) }
#define EMUNIC_RX_STAT(field) \
	{ #field, offsetof(struct emunic_rx_stats, field) }
#define EMUNIC_EVENT_STAT(field) \
	{ #field, offsetof(struct emunic_events, field) }
#define EMUNIC_PF_STAT(field) \
	{ #field, offsetof(struct emunic_pf_counters, field) }
#define EMUNIC_VPORT_STAT(field) \
	{ "vport_" #field, offsetof(struct emunic_vport_stats, field) }

static const struct emunic_stat emunic_tx_stat_table[] = {
	EMUNIC_TX_STAT(packets),
	EMUNIC_TX_STAT(bytes),
	EMUNIC_TX_STAT(gso_packets),
	EMUNIC_TX_STAT(gso_wire_packets),
	EMUNIC_TX_STAT(errors),
	EMUNIC_TX_STAT(wakes),
};

static const struct emunic_stat emunic_xmit_stat_table[] = {
	EMUNIC_TX_STAT(csum),
	EMUNIC_TX_STAT(copied),
	EMUNIC_TX_STAT(mapped),
	EMUNIC_TX_STAT(dropped),
	EMUNIC_TX_STAT(xdp),
	EMUNIC_TX_STAT(kicks),
	EMUNIC_TX_STAT(stops),
};

static const struct emunic_stat emunic_rx_stat_table[] = {
	EMUNIC_RX_STAT(packets),
	EMUNIC_RX_STAT(bytes),
	EMUNIC_RX_STAT(gro_packets),
	EMUNIC_RX_STAT(gro_wire_packets),
	EMUNIC_RX_STAT(csum_unnecessary),
	EMUNIC_RX_STAT(csum_complete),
	EMUNIC_RX_STAT(csum_none),
	EMUNIC_RX_STAT(copied),
	EMUNIC_RX_STAT(alloc_fail),
	EMUNIC_RX_STAT(dropped),
	EMUNIC_RX_STAT(bad_cpl),
	EMUNIC_RX_STAT(xdp_pass),
	EMUNIC_RX_STAT(xdp_drop),
	EMUNIC_RX_STAT(xdp_tx),
	EMUNIC_RX_STAT(xdp_redirect),
	EMUNIC_RX_STAT(xdp_error),
};

static const struct emunic_stat emunic_event_stat_table[] = {
	EMUNIC_EVENT_STAT(resets),
	EMUNIC_EVENT_STAT(resets_announced),
	EMUNIC_EVENT_STAT(restarts),
	EMUNIC_EVENT_STAT(queue_errors),
	EMUNIC_EVENT_STAT(bad_cpls),
	EMUNIC_EVENT_STAT(tx_timeouts),
	EMUNIC_EVENT_STAT(ctl_errors),
};

/* PF only: what VFs did */
static const struct emunic_stat emunic_pf_stat_table[] = {
	EMUNIC_PF_STAT(vf_requests),
	EMUNIC_PF_STAT(vf_refused),
	EMUNIC_PF_STAT(vf_stale),
	EMUNIC_PF_STAT(vf_resets),
};

/* PF only: what the device counted at the PF's vport */
static const struct emunic_stat emunic_vport_stat_table[] = {
	EMUNIC_VPORT_STAT(rx_packets),
	EMUNIC_VPORT_STAT(rx_bytes),
	EMUNIC_VPORT_STAT(rx_multicast),
	EMUNIC_VPORT_STAT(rx_broadcast),
	EMUNIC_VPORT_STAT(rx_no_buffer),
	EMUNIC_VPORT_STAT(rx_too_long),
	EMUNIC_VPORT_STAT(tx_packets),
	EMUNIC_VPORT_STAT(tx_bytes),
	EMUNIC_VPORT_STAT(tx_multicast),
	EMUNIC_VPORT_STAT(tx_broadcast),
	EMUNIC_VPORT_STAT(tx_dropped),
	EMUNIC_VPORT_STAT(tx_malformed),
	EMUNIC_VPORT_STAT(queue_errors),
	EMUNIC_VPORT_STAT(mbox_errors),
	EMUNIC_VPORT_STAT(resets),
	EMUNIC_VPORT_STAT(tx_spoofed),
};

/* Statistics of one queue pair: those above, and its interrupts */
#define EMUNIC_QUEUE_STATS	(ARRAY_SIZE(emunic_tx_stat_table) + \
				 ARRAY_SIZE(emunic_xmit_stat_table) + \
				 ARRAY_SIZE(emunic_rx_stat_table) + 1)

static int emunic_stats_count(const struct emunic *emu)
{
	int count = ARRAY_SIZE(emunic_event_stat_table) +
		    emu->num_queues * EMUNIC_QUEUE_STATS +
		    page_pool_ethtool_stats_get_count();

	if (!emu->is_vf)
		count += ARRAY_SIZE(emunic_pf_stat_table) +
			 ARRAY_SIZE(emunic_vport_stat_table);

	return count;
}

static int emunic_get_sset_count(struct net_device *netdev, int sset)
{
	switch (sset) {
	case ETH_SS_STATS:
		return emunic_stats_count(netdev_priv(netdev));
	case ETH_SS_TEST:
		return emunic_selftest_count();
	default:
		return -EOPNOTSUPP;
	}
}

static void emunic_put_strings(u8 **data, const char *half, unsigned int queue,
			       const struct emunic_stat *table, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ethtool_sprintf(data, "%s%u_%s", half, queue, table[i].name);
}

static void emunic_stats_strings(const struct emunic *emu, u8 *data)
{
	unsigned int q;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emunic_event_stat_table); i++)
		ethtool_puts(&data, emunic_event_stat_table[i].name);

	for (q = 0; q < emu->num_queues; q++) {
		ethtool_sprintf(&data, "irqs%u", q);
		emunic_put_strings(&data, "tx", q, emunic_tx_stat_table,
				   ARRAY_SIZE(emunic_tx_stat_table));
		emunic_put_strings(&data, "tx", q, emunic_xmit_stat_table,
				   ARRAY_SIZE(emunic_xmit_stat_table));
		emunic_put_strings(&data, "rx", q, emunic_rx_stat_table,
				   ARRAY_SIZE(emunic_rx_stat_table));
	}
	data = page_pool_ethtool_stats_get_strings(data);

	if (emu->is_vf)
		return;

	for (i = 0; i < ARRAY_SIZE(emunic_pf_stat_table); i++)
		ethtool_puts(&data, emunic_pf_stat_table[i].name);
	for (i = 0; i < ARRAY_SIZE(emunic_vport_stat_table); i++)
		ethtool_puts(&data, emunic_vport_stat_table[i].name);
}

static void emunic_get_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	switch (sset) {
	case ETH_SS_STATS:
		emunic_stats_strings(netdev_priv(netdev), data);
		break;
	case ETH_SS_TEST:
		emunic_selftest_strings(data);
		break;
	}
}

/* Reads the counters of a table from @base, under their @syncp */
static u64 *emunic_read_stats(u64 *data, const void *base,
			      const struct u64_stats_sync *syncp,
			      const struct emunic_stat *table, size_t count)
{
	unsigned int start;
	size_t i;

	do {
		start = u64_stats_fetch_begin(syncp);
		for (i = 0; i < count; i++)
			data[i] = u64_stats_read(base + table[i].offset);
	} while (u64_stats_fetch_retry(syncp, start));

	return data + count;
}

static u64 *emunic_read_queue_stats(u64 *data, const struct emunic_queue *q)
{
	if (!q) {
		memset(data, 0, EMUNIC_QUEUE_STATS * sizeof(*data));
		return data + EMUNIC_QUEUE_STATS;
	}

	*data++ = READ_ONCE(q->irqs);
	data = emunic_read_stats(data, &q->tx.stats, &q->tx.stats.syncp,
				 emunic_tx_stat_table,
				 ARRAY_SIZE(emunic_tx_stat_table));
	data = emunic_read_stats(data, &q->tx.stats, &q->tx.stats.xmit_syncp,
				 emunic_xmit_stat_table,
				 ARRAY_SIZE(emunic_xmit_stat_table));
	return emunic_read_stats(data, &q->rx.stats, &q->rx.stats.syncp,
				 emunic_rx_stat_table,
				 ARRAY_SIZE(emunic_rx_stat_table));
}

/* Of the pools that there are now: new rings have new pools */
static u64 *emunic_read_pool_stats(u64 *data, const struct emunic *emu)
{
#ifdef CONFIG_PAGE_POOL_STATS
	struct page_pool_stats stats = {};
	unsigned int q;

	for (q = 0; q < emu->num_queues; q++)
		if (emu->queues[q] && emu->queues[q]->rx.pool)
			page_pool_get_stats(emu->queues[q]->rx.pool, &stats);
	data = page_pool_ethtool_stats_get(data, &stats);
#endif
	return data;
}

static void emunic_get_ethtool_stats(struct net_device *netdev,
				     struct ethtool_stats *stats, u64 *data)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vport_stats vport = {};
	unsigned int q;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emunic_event_stat_table); i++)
		*data++ = *(u64 *)((void *)&emu->events +
				   emunic_event_stat_table[i].offset);

	for (q = 0; q < emu->num_queues; q++)
		data = emunic_read_queue_stats(data, emu->queues[q]);
	data = emunic_read_pool_stats(data, emu);

	if (emu->is_vf)
		return;

	for (i = 0; i < ARRAY_SIZE(emunic_pf_stat_table); i++)
		*data++ = *(u64 *)((void *)&emu->pf->counters +
				   emunic_pf_stat_table[i].offset);

	/* Zeros while the PF cannot ask */
	emunic_vport_get_stats(emu, emu->vport, &vport);
	for (i = 0; i < ARRAY_SIZE(emunic_vport_stat_table); i++)
		*data++ = le64_to_cpup((void *)&vport +
				       emunic_vport_stat_table[i].offset);
}

static int emunic_get_regs_len(struct net_device *netdev)
{
	return emunic_regs_count(netdev_priv(netdev)) * 2 * sizeof(u32);
}

static void emunic_get_regs(struct net_device *netdev,
			    struct ethtool_regs *regs, void *buf)
{
	regs->version = EMUNIC_REGS_VERSION;
	emunic_regs_dump(netdev_priv(netdev), buf);
}

static void emunic_get_drvinfo(struct net_device *netdev,
			       struct ethtool_drvinfo *info)
{
	struct emunic *emu = netdev_priv(netdev);
	u32 version = emunic_rd32(emu, EMUNIC_VERSION);

	strscpy(info->driver, EMUNIC_DRV_NAME, sizeof(info->driver));
	snprintf(info->fw_version, sizeof(info->fw_version), "ABI %u.%u",
		 FIELD_GET(EMUNIC_VERSION_MAJOR, version),
		 FIELD_GET(EMUNIC_VERSION_MINOR, version));
}

static int emunic_get_link_ksettings(struct net_device *netdev,
				     struct ethtool_link_ksettings *cmd)
{
	struct emunic *emu = netdev_priv(netdev);

	ethtool_link_ksettings_zero_link_mode(cmd, supported);
	ethtool_link_ksettings_zero_link_mode(cmd, advertising);
	cmd->base.autoneg = AUTONEG_DISABLE;
	cmd->base.port = PORT_OTHER;
	cmd->base.duplex = DUPLEX_UNKNOWN;
	cmd->base.speed = SPEED_UNKNOWN;
	if (netif_carrier_ok(netdev)) {
		cmd->base.duplex = DUPLEX_FULL;
		cmd->base.speed = emunic_rd32(emu, EMUNIC_LINK_SPEED);
	}

	return 0;
}

/* Takes new sizes or numbers into use; on failure the old ones are kept */
static int emunic_reconfigure(struct emunic *emu, u8 tx_log2, u8 rx_log2,
			      u8 num_queues)
{
	bool up = test_bit(EMUNIC_STATE_UP, &emu->state);
	u8 old_queues = emu->num_queues;
	u8 old_tx = emu->tx_log2;
	u8 old_rx = emu->rx_log2;
	int err;

	emunic_down(emu);
	emu->tx_log2 = tx_log2;
	emu->rx_log2 = rx_log2;
	emu->num_queues = num_queues;
	err = netif_set_real_num_queues(emu->netdev, num_queues, num_queues);
	if (num_queues != old_queues)
		emu->xps_queues = 0;
	emunic_rss_update_queues(emu);
	if (!err && up)
		err = emunic_up(emu);
	if (!err)
		return 0;

	emu->tx_log2 = old_tx;
	emu->rx_log2 = old_rx;
	/* There may be no memory to have queues back that went: fewer will do */
	if (!netif_set_real_num_queues(emu->netdev, old_queues, old_queues))
		emu->num_queues = old_queues;
	emunic_rss_update_queues(emu);
	/* Memory was enough before; if not now, the service work goes on */
	if (up && emunic_up(emu))
		emunic_service_request(emu, EMUNIC_SVC_RESTART);

	return err;
}

static void emunic_get_ringparam(struct net_device *netdev,
				 struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);

	ring->tx_max_pending = BIT(emu->ring_log2_max);
	ring->rx_max_pending = BIT(emu->ring_log2_max);
	ring->tx_pending = BIT(emu->tx_log2);
	ring->rx_pending = BIT(emu->rx_log2);
}

static int emunic_set_ringparam(struct net_device *netdev,
				struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);
	u32 min = BIT(emu->ring_log2_min);
	u8 tx_log2, rx_log2;

	if (ring->tx_pending < min || ring->rx_pending < min) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "rings have %u entries at least",
				       min);
		return -EINVAL;
	}

	/* Sizes are powers of two; the next larger one is used and reported */
	tx_log2 = order_base_2(ring->tx_pending);
	rx_log2 = order_base_2(ring->rx_pending);
	if (tx_log2 == emu->tx_log2 && rx_log2 == emu->rx_log2)
		return 0;

	return emunic_reconfigure(emu, tx_log2, rx_log2, emu->num_queues);
}

static void emunic_get_channels(struct net_device *netdev,
				struct ethtool_channels *channels)
{
	struct emunic *emu = netdev_priv(netdev);

	channels->max_combined = emu->max_queues;
	channels->combined_count = emu->num_queues;
}

static int emunic_set_channels(struct net_device *netdev,
			       struct ethtool_channels *channels)
{
	u32 size = emunic_get_rxfh_indir_size(netdev);
	struct emunic *emu = netdev_priv(netdev);
	int err;

	if (channels->rx_count || channels->tx_count ||
	    channels->other_count || !channels->combined_count)
		return -EINVAL;
	if (channels->combined_count == emu->num_queues)
		return 0;

	err = emunic_rss_check_queues(emu, channels->combined_count);
	if (!err)
		err = emunic_reconfigure(emu, emu->tx_log2, emu->rx_log2,
					 channels->combined_count);
	if (emunic_get_rxfh_indir_size(netdev) != size)
		ethtool_rxfh_ctxs_resize(netdev,
					 emunic_get_rxfh_indir_size(netdev));

	return err;
}

#ifdef EMUNIC_RX_RING_COUNT
static u32 emunic_get_rx_ring_count(struct net_device *netdev)
{
	struct emunic *emu = netdev_priv(netdev);

	return emu->num_queues;
}
#endif

#define EMUNIC_COALESCE_PARAMS \
	(ETHTOOL_COALESCE_USECS | ETHTOOL_COALESCE_MAX_FRAMES | \
	 ETHTOOL_COALESCE_USE_ADAPTIVE)

#ifdef EMUNIC_RX_RING_COUNT
#define EMUNIC_RX_RINGS_OP	.get_rx_ring_count = emunic_get_rx_ring_count,
#else
#define EMUNIC_RX_RINGS_OP
#endif

/* What PF and VF have in common */
#define EMUNIC_ETHTOOL_OPS						\
	.supported_input_xfrm	= RXH_XFRM_SYM_XOR | RXH_XFRM_SYM_OR_XOR, \
	.rxfh_indir_space	= EMUNIC_RSS_ENTRIES,			\
	.rxfh_max_num_contexts	= EMUNIC_RSS_CONTEXTS,			\
	.supported_coalesce_params = EMUNIC_COALESCE_PARAMS,		\
	.get_drvinfo		= emunic_get_drvinfo,			\
	.get_regs_len		= emunic_get_regs_len,			\
	.get_regs		= emunic_get_regs,			\
	.get_link		= ethtool_op_get_link,			\
	.get_link_ksettings	= emunic_get_link_ksettings,		\
	.get_ringparam		= emunic_get_ringparam,			\
	.set_ringparam		= emunic_set_ringparam,			\
	.get_channels		= emunic_get_channels,			\
	.set_channels		= emunic_set_channels,			\
	EMUNIC_RX_RINGS_OP						\
	.get_rxnfc		= emunic_get_rxnfc,			\
	.set_rxnfc		= emunic_set_rxnfc,			\
	.get_rxfh_key_size	= emunic_get_rxfh_key_size,		\
	.get_rxfh_indir_size	= emunic_get_rxfh_indir_size,		\
	.get_rxfh		= emunic_get_rxfh,			\
	.set_rxfh		= emunic_set_rxfh,			\
	.get_rxfh_fields	= emunic_get_rxfh_fields,		\
	.set_rxfh_fields	= emunic_set_rxfh_fields,		\
	.create_rxfh_context	= emunic_create_rxfh_context,		\
	.modify_rxfh_context	= emunic_modify_rxfh_context,		\
	.remove_rxfh_context	= emunic_remove_rxfh_context,		\
	.get_sset_count		= emunic_get_sset_count,		\
	.get_strings		= emunic_get_strings,			\
	.get_ethtool_stats	= emunic_get_ethtool_stats,		\
	.get_ts_info		= emunic_get_ts_info,			\
	.self_test		= emunic_selftest_run,			\
	.get_coalesce		= emunic_get_coalesce,			\
	.set_coalesce		= emunic_set_coalesce,			\
	.get_per_queue_coalesce	= emunic_get_queue_coalesce,		\
	.set_per_queue_coalesce	= emunic_set_queue_coalesce

const struct ethtool_ops emunic_ethtool_ops = {
	EMUNIC_ETHTOOL_OPS,
};

/* A function with a port */
const struct ethtool_ops emunic_pf_ethtool_ops = {
	EMUNIC_ETHTOOL_OPS,
	.get_pauseparam		= emunic_get_pauseparam,
	.set_pauseparam		= emunic_set_pauseparam,
	.get_pause_stats	= emunic_get_pause_stats,
	.get_eth_mac_stats	= emunic_get_eth_mac_stats,
	.get_eth_ctrl_stats	= emunic_get_eth_ctrl_stats,
	.get_rmon_stats		= emunic_get_rmon_stats,
};

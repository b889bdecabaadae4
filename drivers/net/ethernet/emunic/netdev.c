// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the network device, and the one path up and down.
 */
#include <linux/dma-mapping.h>
#include <net/netdev_queues.h>

#include "emunic.h"
#include "devlink.h"
#include "features.h"
#include "pf.h"
#include "queue.h"
#include "rss.h"
#include "xdp.h"

static void emunic_queues_free(struct emunic *emu, unsigned int n)
{
	while (n--)
		emunic_queue_free(emu->queues[n]);
	dma_free_coherent(&emu->pdev->dev, PAGE_SIZE, emu->shadow,
			  emu->shadow_dma);
	emu->shadow = NULL;
}

/* Memory of the shadow page and of all queue pairs */
static int emunic_queues_alloc(struct emunic *emu)
{
	struct emunic_queue *q;
	unsigned int i;
	int err;

	static_assert(2 * EMUNIC_MAX_QUEUES * sizeof(*emu->shadow) <=
		      PAGE_SIZE);
	emu->shadow = dma_alloc_coherent(&emu->pdev->dev, PAGE_SIZE,
					 &emu->shadow_dma, GFP_KERNEL);
	if (!emu->shadow)
		return -ENOMEM;

	for (i = 0; i < emu->num_queues; i++) {
		q = emunic_queue_get(emu, i);
		err = q ? emunic_queue_alloc(q) : -ENOMEM;
		if (err) {
			emunic_queues_free(emu, i);
			return err;
		}
	}

	return 0;
}

static void emunic_irqs_free(struct emunic *emu, unsigned int n)
{
	while (n--)
		emunic_queue_irq_free(emu->queues[n]);
}

static int emunic_irqs_request(struct emunic *emu)
{
	unsigned int i;
	int err;

	for (i = 0; i < emu->num_queues; i++) {
		err = emunic_queue_irq_request(emu->queues[i]);
		if (err) {
			emunic_irqs_free(emu, i);
			return err;
		}
	}

	return 0;
}

static void emunic_queues_stop(struct emunic *emu, unsigned int n)
{
	while (n--)
		emunic_queue_stop(emu->queues[n]);
}

static int emunic_queues_start(struct emunic *emu)
{
	unsigned int i;
	int err;

	for (i = 0; i < emu->num_queues; i++) {
		err = emunic_queue_start(emu->queues[i]);
		if (err) {
			emunic_queues_stop(emu, i);
			return err;
		}
	}

	return 0;
}

/*
 * Sends from each CPU by one queue, as far as these suffice, so that a sender
 * does not overtake itself. Once for each number of queues: users may choose
 * otherwise then. What there is no memory for is tried again at the next way up.
 */
static void emunic_queues_set_xps(struct emunic *emu)
{
	int node = dev_to_node(&emu->netdev->dev);
	cpumask_var_t cpus;
	unsigned int i, q;

	if (emu->xps_queues == emu->num_queues ||
	    !zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return;

	for (q = 0; q < emu->num_queues; q++) {
		cpumask_clear(cpus);
		i = q;
		do {
			cpumask_set_cpu(cpumask_local_spread(i, node), cpus);
			i += emu->num_queues;
		} while (i < num_online_cpus());
		if (netif_set_xps_queue(emu->netdev, cpus, q))
			break;
	}
	emu->xps_queues = q;
	free_cpumask_var(cpus);
}

/**
 * emunic_up() - bring the data path up
 * @emu: the function, down, its control path started
 *
 * Context: RTNL
 * Return: 0, or an errno with everything undone
 */
int emunic_up(struct emunic *emu)
{
	int err;

	err = emunic_queues_alloc(emu);
	if (err)
		return err;

	err = emunic_irqs_request(emu);
	if (err)
		goto err_queues;

	emunic_wr32(emu, EMUNIC_RX_MAX_FRAME,
		    emu->netdev->mtu + EMUNIC_FRAME_OVERHEAD);
	emunic_features_apply(emu, emu->netdev->features);
	emunic_rules_apply(emu, emu->netdev->features);
	emunic_rss_apply(emu);
	emunic_queues_set_xps(emu);

	err = emunic_queues_start(emu);
	if (err)
		goto err_irqs;

	set_bit(EMUNIC_STATE_UP, &emu->state);
	emunic_wr32(emu, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
	netif_tx_wake_all_queues(emu->netdev);
	emunic_update_carrier(emu);
	emunic_health_up(emu);

	return 0;

err_irqs:
	emunic_irqs_free(emu, emu->num_queues);
err_queues:
	emunic_queues_free(emu, emu->num_queues);
	return err;
}

/*
 * Stops all Tx queues, with or without a pair behind them. The netdev watchdog
 * looks at each while the carrier is on: none is late yet.
 */
static void emunic_tx_disable(struct emunic *emu)
{
	struct net_device *netdev = emu->netdev;
	unsigned int i;

	for (i = 0; i < netdev->num_tx_queues; i++)
		txq_trans_cond_update(netdev_get_tx_queue(netdev, i));
	netif_tx_disable(netdev);
}

/**
 * emunic_down() - take the data path down
 * @emu: the function; the device may be gone or have been reset
 *
 * Frames not yet sent are dropped. The carrier stays as it is, so that a short
 * time down costs no neighbour entries. Does nothing when the path is down.
 *
 * Context: RTNL
 */
void emunic_down(struct emunic *emu)
{
	if (!test_and_clear_bit(EMUNIC_STATE_UP, &emu->state))
		return;

	emunic_tx_disable(emu);
	emunic_wr32(emu, EMUNIC_CTRL, 0);
	emunic_queues_stop(emu, emu->num_queues);
	emunic_irqs_free(emu, emu->num_queues);
	emunic_queues_free(emu, emu->num_queues);
}

/* While a reset goes on, the end of the reset brings the path up */
static int emunic_open(struct net_device *netdev)
{
	struct emunic *emu = netdev_priv(netdev);

	netif_carrier_off(netdev);
	/* Not all senders look at the carrier */
	netif_tx_stop_all_queues(netdev);
	if (test_bit(EMUNIC_STATE_RESETTING, &emu->state))
		return 0;

	return emunic_up(emu);
}

static int emunic_stop(struct net_device *netdev)
{
	netif_carrier_off(netdev);
	emunic_down(netdev_priv(netdev));

	return 0;
}

static int emunic_change_mtu(struct net_device *netdev, int new_mtu)
{
	struct emunic *emu = netdev_priv(netdev);

	if (!emunic_xdp_mtu_ok(emu, new_mtu)) {
		netdev_warn(netdev, "MTU %d: the XDP program takes no fragments\n",
			    new_mtu);
		return -EINVAL;
	}
	if (!emunic_xsk_mtu_ok(emu, new_mtu)) {
		netdev_warn(netdev, "MTU %d: an AF_XDP socket takes no fragments\n",
			    new_mtu);
		return -EINVAL;
	}

	WRITE_ONCE(netdev->mtu, new_mtu);
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_wr32(emu, EMUNIC_RX_MAX_FRAME,
			    new_mtu + EMUNIC_FRAME_OVERHEAD);

	return 0;
}

static int emunic_set_mac_address(struct net_device *netdev, void *p)
{
	struct emunic *emu = netdev_priv(netdev);
	struct sockaddr *addr = p;
	int err;

	if (!is_valid_ether_addr(addr->sa_data))
		return -EADDRNOTAVAIL;
	if (ether_addr_equal(netdev->dev_addr, addr->sa_data))
		return 0;
	if (emu->is_vf && emunic_vf_mac_is_fixed(emu))
		return -EPERM;

	if (test_bit(EMUNIC_STATE_CTL_READY, &emu->state)) {
		err = emu->ctl->set_mac(emu, addr->sa_data);
		if (err)
			return err;
	}
	eth_hw_addr_set(netdev, addr->sa_data);

	return 0;
}

/**
 * emunic_netdev_set_mac() - change the address because the PF's policy says so
 * @emu: the function
 * @mac: its new address
 *
 * Context: RTNL, or before the netdev is registered
 */
void emunic_netdev_set_mac(struct emunic *emu, const u8 *mac)
{
	if (ether_addr_equal(emu->netdev->dev_addr, mac))
		return;

	eth_hw_addr_set(emu->netdev, mac);
	emu->netdev->addr_assign_type = NET_ADDR_PERM;
	if (emu->netdev->reg_state == NETREG_REGISTERED)
		call_netdevice_notifiers(NETDEV_CHANGEADDR, emu->netdev);
}

static void emunic_tx_timeout(struct net_device *netdev, unsigned int txqueue)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_queue *q = emu->queues[txqueue];

	/* While the path is down, who took it down brings it up */
	if (!q || !test_bit(EMUNIC_STATE_UP, &emu->state))
		return;

	emu->events.tx_timeouts++;
	netdev_warn(netdev, "Tx queue %u stuck: next %u, done %u, published %u\n",
		    txqueue, q->tx.next, q->tx.clean, q->tx.published);
	emunic_health_fault(q, EMUNIC_FAULT_TX_TIMEOUT);
}

static void emunic_stats_add_rx(struct emunic_queue *q,
				struct rtnl_link_stats64 *stats)
{
	struct emunic_rx_stats *s = &q->rx.stats;
	u64 packets, bytes, dropped, bad;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&s->syncp);
		packets = u64_stats_read(&s->packets);
		bytes = u64_stats_read(&s->bytes);
		dropped = u64_stats_read(&s->dropped);
		bad = u64_stats_read(&s->bad_cpl);
	} while (u64_stats_fetch_retry(&s->syncp, start));

	stats->rx_packets += packets;
	stats->rx_bytes += bytes;
	stats->rx_dropped += dropped;
	stats->rx_errors += bad;
}

static void emunic_stats_add_tx(struct emunic_queue *q,
				struct rtnl_link_stats64 *stats)
{
	struct emunic_tx_stats *s = &q->tx.stats;
	u64 packets, bytes, errors, dropped;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&s->syncp);
		packets = u64_stats_read(&s->packets);
		bytes = u64_stats_read(&s->bytes);
		errors = u64_stats_read(&s->errors);
	} while (u64_stats_fetch_retry(&s->syncp, start));
	do {
		start = u64_stats_fetch_begin(&s->xmit_syncp);
		dropped = u64_stats_read(&s->dropped);
	} while (u64_stats_fetch_retry(&s->xmit_syncp, start));

	stats->tx_packets += packets;
	stats->tx_bytes += bytes;
	stats->tx_errors += errors;
	stats->tx_dropped += dropped;
}

static void emunic_get_stats64(struct net_device *netdev,
			       struct rtnl_link_stats64 *stats)
{
	struct emunic *emu = netdev_priv(netdev);
	int i;

	for (i = 0; i < EMUNIC_MAX_QUEUES; i++) {
		/* Pairs with smp_store_release() in emunic_queue_get() */
		struct emunic_queue *q = smp_load_acquire(&emu->queues[i]);

		if (!q)
			continue;
		emunic_stats_add_rx(q, stats);
		emunic_stats_add_tx(q, stats);
	}
}

#ifdef EMUNIC_RX_MODE_ASYNC
static int emunic_set_rx_mode_async(struct net_device *netdev,
				    struct netdev_hw_addr_list *uc,
				    struct netdev_hw_addr_list *mc)
{
	return emunic_filters_sync(netdev_priv(netdev), uc, mc);
}
#else
static void emunic_set_rx_mode(struct net_device *netdev)
{
	emunic_service_request(netdev_priv(netdev), EMUNIC_SVC_RX_MODE);
}
#endif

static const struct net_device_ops emunic_netdev_ops = {
	.ndo_open		= emunic_open,
	.ndo_stop		= emunic_stop,
	.ndo_start_xmit		= emunic_tx_xmit,
	.ndo_features_check	= emunic_features_check,
#ifdef EMUNIC_RX_MODE_ASYNC
	.ndo_set_rx_mode_async	= emunic_set_rx_mode_async,
#else
	.ndo_set_rx_mode	= emunic_set_rx_mode,
#endif
	.ndo_set_mac_address	= emunic_set_mac_address,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_change_mtu		= emunic_change_mtu,
	.ndo_fix_features	= emunic_fix_features,
	.ndo_set_features	= emunic_set_features,
	.ndo_tx_timeout		= emunic_tx_timeout,
	.ndo_get_stats64	= emunic_get_stats64,
	.ndo_hwtstamp_get	= emunic_hwtstamp_get,
	.ndo_hwtstamp_set	= emunic_hwtstamp_set,
	.ndo_bpf		= emunic_xdp_bpf,
	.ndo_xdp_xmit		= emunic_xdp_xmit,
	.ndo_xsk_wakeup		= emunic_xsk_wakeup,
	.ndo_get_phys_port_id	= emunic_get_phys_port_id,
	.ndo_get_phys_port_name	= emunic_get_phys_port_name,
	.ndo_vlan_rx_add_vid	= emunic_vlan_rx_add_vid,
	.ndo_vlan_rx_kill_vid	= emunic_vlan_rx_kill_vid,
#ifdef CONFIG_PCI_IOV
	.ndo_set_vf_mac		= emunic_pf_set_vf_mac,
	.ndo_set_vf_vlan	= emunic_pf_set_vf_vlan,
	.ndo_set_vf_rate	= emunic_pf_set_vf_rate,
	.ndo_set_vf_spoofchk	= emunic_pf_set_vf_spoofchk,
	.ndo_set_vf_trust	= emunic_pf_set_vf_trust,
	.ndo_set_vf_link_state	= emunic_pf_set_vf_link_state,
	.ndo_set_vf_rss_query_en = emunic_pf_set_vf_rss_query_en,
	.ndo_get_vf_config	= emunic_pf_get_vf_config,
	.ndo_get_vf_stats	= emunic_pf_get_vf_stats,
	.ndo_bridge_getlink	= emunic_pf_bridge_getlink,
	.ndo_bridge_setlink	= emunic_pf_bridge_setlink,
#endif
};

static void emunic_queue_stats_rx(struct net_device *netdev, int idx,
				  struct netdev_queue_stats_rx *stats)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_rx_stats *s;
	unsigned int start;

	if (!emu->queues[idx])
		return;

	s = &emu->queues[idx]->rx.stats;
	do {
		start = u64_stats_fetch_begin(&s->syncp);
		stats->packets = u64_stats_read(&s->packets);
		stats->bytes = u64_stats_read(&s->bytes);
		stats->alloc_fail = u64_stats_read(&s->alloc_fail);
		stats->csum_unnecessary = u64_stats_read(&s->csum_unnecessary);
#ifdef EMUNIC_CSUM_COMPLETE_STAT
		stats->csum_complete = u64_stats_read(&s->csum_complete);
#endif
		stats->csum_none = u64_stats_read(&s->csum_none);
		stats->hw_gro_packets = u64_stats_read(&s->gro_packets);
		stats->hw_gro_wire_packets =
			u64_stats_read(&s->gro_wire_packets);
	} while (u64_stats_fetch_retry(&s->syncp, start));
}

static void emunic_queue_stats_tx(struct net_device *netdev, int idx,
				  struct netdev_queue_stats_tx *stats)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_tx_stats *s;
	unsigned int start;

	if (!emu->queues[idx])
		return;

	s = &emu->queues[idx]->tx.stats;
	do {
		start = u64_stats_fetch_begin(&s->syncp);
		stats->packets = u64_stats_read(&s->packets);
		stats->bytes = u64_stats_read(&s->bytes);
		stats->hw_gso_packets = u64_stats_read(&s->gso_packets);
		stats->hw_gso_wire_packets =
			u64_stats_read(&s->gso_wire_packets);
		stats->hw_drop_errors = u64_stats_read(&s->errors);
		stats->wake = u64_stats_read(&s->wakes);
	} while (u64_stats_fetch_retry(&s->syncp, start));
	do {
		start = u64_stats_fetch_begin(&s->xmit_syncp);
		stats->needs_csum = u64_stats_read(&s->csum);
		stats->stop = u64_stats_read(&s->stops);
	} while (u64_stats_fetch_retry(&s->xmit_syncp, start));
}

/*
 * What queues counted that are not in use any more. What is not set here is not
 * reported for the device as a whole.
 */
static void emunic_base_stats(struct net_device *netdev,
			      struct netdev_queue_stats_rx *rx,
			      struct netdev_queue_stats_tx *tx)
{
	rx->packets = 0;
	rx->bytes = 0;
	rx->alloc_fail = 0;
	rx->csum_unnecessary = 0;
#ifdef EMUNIC_CSUM_COMPLETE_STAT
	rx->csum_complete = 0;
#endif
	rx->csum_none = 0;
	rx->hw_gro_packets = 0;
	rx->hw_gro_wire_packets = 0;

	tx->packets = 0;
	tx->bytes = 0;
	tx->hw_gso_packets = 0;
	tx->hw_gso_wire_packets = 0;
	tx->hw_drop_errors = 0;
	tx->needs_csum = 0;
	tx->stop = 0;
	tx->wake = 0;

	netdev_stat_queue_sum(netdev,
			      netdev->real_num_rx_queues, EMUNIC_MAX_QUEUES, rx,
			      netdev->real_num_tx_queues, EMUNIC_MAX_QUEUES, tx);
}

static const struct netdev_stat_ops emunic_stat_ops = {
	.get_queue_stats_rx	= emunic_queue_stats_rx,
	.get_queue_stats_tx	= emunic_queue_stats_tx,
	.get_base_stats		= emunic_base_stats,
};

/**
 * emunic_netdev_setup() - fill in the netdev of a function
 * @emu: the function, identified
 *
 * Return: 0 or an errno
 */
int emunic_netdev_setup(struct emunic *emu)
{
	struct net_device *netdev = emu->netdev;

	netdev->netdev_ops = &emunic_netdev_ops;
	netdev->stat_ops = &emunic_stat_ops;
	netdev->ethtool_ops = emu->caps & EMUNIC_CAPS_PORT && !emu->is_vf ?
			      &emunic_pf_ethtool_ops : &emunic_ethtool_ops;
	netdev->priv_flags |= IFF_UNICAST_FLT;
	netdev->watchdog_timeo = 5 * HZ;
	/* As it will be: the spread of interrupts begins with the near CPUs */
	set_dev_node(&netdev->dev, dev_to_node(netdev->dev.parent));
	netif_set_affinity_auto(netdev);
	emunic_features_init(emu);
	emunic_xdp_netdev_setup(emu);
	netif_carrier_off(netdev);

	emu->num_queues = min_t(unsigned int, emu->max_queues,
				netif_get_num_default_rss_queues());
	emu->tx_log2 = clamp_t(u8, EMUNIC_RING_LOG2_DEFAULT,
			       emu->ring_log2_min, emu->ring_log2_max);
	emu->rx_log2 = emu->tx_log2;
	emunic_rss_init(emu);

	return netif_set_real_num_queues(netdev, emu->num_queues,
					 emu->num_queues);
}

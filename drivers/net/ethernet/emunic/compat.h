/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what kernels older than the newest supported one lack.
 *
 * The driver is written for the newest kernel; every difference is here.
 */
#ifndef EMUNIC_COMPAT_H
#define EMUNIC_COMPAT_H

#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/devlink.h>
#include <net/ipv6.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>
#include <net/xdp_sock_drv.h>

/*
 * Address lists are synced in process context, from snapshots that the core
 * takes. Older kernels call ndo_set_rx_mode in atomic context instead, and the
 * service work does the rest.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define EMUNIC_RX_MODE_ASYNC 1
#endif

/* Older kernels ask for the number of Rx rings among Rx classification rules */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define EMUNIC_RX_RING_COUNT 1
#endif

/*
 * Entries of the indirection table for each queue. Older kernels do not fold
 * tables, which therefore keep the size that the device has.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define EMUNIC_RSS_PER_QUEUE	8
#else
#define EMUNIC_RSS_PER_QUEUE	EMUNIC_RSS_ENTRIES
static inline bool
ethtool_rxfh_indir_can_resize(struct net_device *dev, const u32 *tbl,
			      u32 old_size, u32 new_size)
{
	return old_size == new_size;
}

static inline int
ethtool_rxfh_ctxs_can_resize(struct net_device *dev, u32 new_indir_size)
{
	return 0;
}

static inline void
ethtool_rxfh_ctxs_resize(struct net_device *dev, u32 new_indir_size)
{
}
#endif

/*
 * BIG TCP: IPv6 frames beyond 64 KiB. Older kernels put a jumbo option into
 * what they send, which no segment has, and require it in what they receive.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define EMUNIC_RX_MAX_GSO_LEN	EMUNIC_BIG_GSO_MAX
static inline bool emunic_tx_has_jumbo(const struct sk_buff *skb)
{
	return false;
}

static inline int emunic_tx_remove_jumbo(struct sk_buff *skb)
{
	return 0;
}
#else
#define EMUNIC_RX_MAX_GSO_LEN	EMUNIC_GSO_FRAME_MAX
static inline bool emunic_tx_has_jumbo(const struct sk_buff *skb)
{
	return ipv6_has_hopopt_jumbo(skb);
}

static inline int emunic_tx_remove_jumbo(struct sk_buff *skb)
{
	return ipv6_hopopt_jumbo_remove(skb);
}
#endif

/* Older kernels do not count frames with a sum by queue */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define EMUNIC_CSUM_COMPLETE_STAT 1
#endif

/* NAPI settings that outlive the NAPI: older kernels forget them */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
netif_napi_add_config(struct net_device *dev, struct napi_struct *napi,
		      int (*poll)(struct napi_struct *, int), int index)
{
	netif_napi_add(dev, napi, poll);
}
#endif

/* Interrupts spread over the CPUs: older kernels leave that to their drivers */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
static inline void netif_set_affinity_auto(struct net_device *dev)
{
}

static inline void emunic_irq_spread(struct net_device *dev, int irq,
				     unsigned int index)
{
	int cpu = cpumask_local_spread(index, dev_to_node(&dev->dev));

	irq_set_affinity(irq, cpumask_of(cpu));
}
#else
static inline void emunic_irq_spread(struct net_device *dev, int irq,
				     unsigned int index)
{
}
#endif

/* DIM takes its sample by reference; older kernels by value */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define net_dim(dim, sample)	net_dim(dim, *(sample))
#endif

/* Page pools hand out memory that need not be pages */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
static inline netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool)
{
	return page_to_netmem(page_pool_dev_alloc_pages(pool));
}
#endif

/* Fragments are put into XDP frames by the drivers themselves */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
static inline bool emunic_xdp_add_frag(struct xdp_buff *xdp, struct page *page,
				       u32 offset, u32 size)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);

	if (!xdp_buff_has_frags(xdp)) {
		xdp_buff_set_frags_flag(xdp);
		info->nr_frags = 0;
		info->xdp_frags_size = 0;
	} else if (info->nr_frags == MAX_SKB_FRAGS) {
		return false;
	}

	skb_frag_fill_page_desc(&info->frags[info->nr_frags++], page, offset,
				size);
	info->xdp_frags_size += size;
	return true;
}

static inline bool xdp_buff_add_frag(struct xdp_buff *xdp, netmem_ref netmem,
				     u32 offset, u32 size, u32 truesize)
{
	struct page *page = netmem_to_page(netmem);

	if (!emunic_xdp_add_frag(xdp, page, offset, size))
		return false;

	if (page_is_pfmemalloc(page))
		xdp_buff_set_frag_pfmemalloc(xdp);
	return true;
}

/* A socket's memory is mapped anew: there is no struct page to look into */
static inline bool emunic_xsk_buff_add_frag(struct xdp_buff *head,
					    struct xdp_buff *xdp)
{
	if (!emunic_xdp_add_frag(head, virt_to_page(xdp->data),
				 offset_in_page(xdp->data),
				 xdp->data_end - xdp->data))
		return false;

	xsk_buff_add_frag(xdp);
	return true;
}

#define xsk_buff_add_frag(head, xdp)	emunic_xsk_buff_add_frag(head, xdp)

#define xdp_buff_get_skb_flags(xdp)	xdp_buff_is_frag_pfmemalloc(xdp)
#define xdp_update_skb_frags_info(skb, nr_frags, size, truesize, pfmemalloc) \
	xdp_update_skb_shared_info(skb, nr_frags, size, truesize, pfmemalloc)
#endif

/* Health reporters have their graceful period from their operations */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define devl_health_reporter_create(devlink, ops, priv) \
	devl_health_reporter_create(devlink, ops, 0, priv)
#endif

/* Reading a devlink parameter can be refused in words; older kernels cannot */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define EMUNIC_PARAM_GET(fn)	fn##_old
#define EMUNIC_DEFINE_PARAM_GET(fn)					\
static int fn##_old(struct devlink *devlink, u32 id,			\
		    struct devlink_param_gset_ctx *ctx)			\
{									\
	return fn(devlink, id, ctx, NULL);				\
}
#else
#define EMUNIC_DEFINE_PARAM_GET(fn)
#define EMUNIC_PARAM_GET(fn)	fn
#endif

#endif /* EMUNIC_COMPAT_H */

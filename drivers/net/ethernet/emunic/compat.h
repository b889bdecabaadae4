/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what kernels older than the newest supported one lack.
 *
 * The driver is written for the newest kernel; every difference is here.
 */
#ifndef EMUNIC_COMPAT_H
#define EMUNIC_COMPAT_H

#include <linux/dim.h>
#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/devlink.h>

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

/* NAPI settings that outlive the NAPI: older kernels forget them */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
netif_napi_add_config(struct net_device *dev, struct napi_struct *napi,
		      int (*poll)(struct napi_struct *, int), int index)
{
	netif_napi_add(dev, napi, poll);
}
#endif

/* Affinity that is spread and remembered: older kernels do neither */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
static inline void netif_set_affinity_auto(struct net_device *dev)
{
}
#endif

/* DIM takes its sample by reference; older kernels by value */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define net_dim(dim, sample)	net_dim(dim, *(sample))
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

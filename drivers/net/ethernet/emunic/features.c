// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what the stack may leave to the device.
 *
 * CAPS says what the device can do, netdev features what users want of it.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>

#include "emunic.h"
#include "features.h"
#include "kunit.h"
#include "queue.h"
#include "ring.h"
#include "rss.h"
#include "xdp.h"

/* Tunnels whose frames are cut in the kernel into ones of like segments */
#define EMUNIC_GSO_TUNNELS \
	(NETIF_F_GSO_GRE | NETIF_F_GSO_GRE_CSUM | NETIF_F_GSO_IPXIP4 | \
	 NETIF_F_GSO_IPXIP6 | NETIF_F_GSO_UDP_TUNNEL | \
	 NETIF_F_GSO_UDP_TUNNEL_CSUM)

/* About received frames: nothing that other devices can inherit */
#define EMUNIC_RX_OFFLOADS	(NETIF_F_GRO_HW | NETIF_F_LRO)

VISIBLE_IF_KUNIT u32 emunic_rx_features(const struct emunic *emu,
					netdev_features_t features)
{
	u32 val = 0;

	/* XDP sees frames as they would be on a wire */
	if (emunic_xdp_plain(emu))
		features &= ~(NETIF_F_RXCSUM | EMUNIC_RX_OFFLOADS);
	if (features & NETIF_F_RXCSUM)
		val |= EMUNIC_RX_FEATURES_CSUM |
		       EMUNIC_RX_FEATURES_CSUM_COMPLETE;
	if (features & NETIF_F_GRO_HW)
		val |= EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_USO |
		       EMUNIC_RX_FEATURES_GRO | EMUNIC_RX_FEATURES_INNER;
	if (features & NETIF_F_LRO)
		val |= EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_GRO |
		       EMUNIC_RX_FEATURES_LRO | EMUNIC_RX_FEATURES_INNER;
	if (features & NETIF_F_HW_VLAN_CTAG_RX)
		val |= EMUNIC_RX_FEATURES_VLAN_STRIP;
	if (emu->clock.rx_on)
		val |= EMUNIC_RX_FEATURES_TSTAMP;

	if (!(emu->caps & EMUNIC_CAPS_CSUM_COMPLETE))
		val &= ~EMUNIC_RX_FEATURES_CSUM_COMPLETE;
	if (!(emu->caps & EMUNIC_CAPS_USO))
		val &= ~EMUNIC_RX_FEATURES_USO;
	if (!(emu->caps & EMUNIC_CAPS_GRO))
		val &= ~(EMUNIC_RX_FEATURES_GRO | EMUNIC_RX_FEATURES_LRO |
			 EMUNIC_RX_FEATURES_INNER);

	return val;
}

/**
 * emunic_rx_features_update() - tell the device what the stack takes
 * @emu: the function
 *
 * Context: RTNL
 */
void emunic_rx_features_update(struct emunic *emu)
{
	emunic_wr32(emu, EMUNIC_RX_FEATURES,
		    emunic_rx_features(emu, emu->netdev->features));
}

/**
 * emunic_features_apply() - tell the device how frames are to come
 * @emu: the function
 * @features: of its netdev
 *
 * Context: RTNL
 */
void emunic_features_apply(struct emunic *emu, netdev_features_t features)
{
	emunic_wr32(emu, EMUNIC_RX_FEATURES, emunic_rx_features(emu, features));
	if (emu->caps & EMUNIC_CAPS_BIG_GSO)
		emunic_wr32(emu, EMUNIC_RX_MAX_GSO, emunic_rx_max_gso());
}

/**
 * emunic_fix_features() - ndo_fix_features
 * @netdev: the device
 * @features: what is wanted
 *
 * Return: what can be had of it
 */
netdev_features_t emunic_fix_features(struct net_device *netdev,
				      netdev_features_t features)
{
	if (emunic_xdp_plain(netdev_priv(netdev)))
		features &= ~EMUNIC_RX_OFFLOADS;

	return features;
}

/**
 * emunic_set_features() - ndo_set_features
 * @netdev: the device
 * @features: what is wanted now
 *
 * Return: 0 or an errno
 */
int emunic_set_features(struct net_device *netdev, netdev_features_t features)
{
	struct emunic *emu = netdev_priv(netdev);
	int err;

	/* What can fail comes first; the core takes @features over itself */
	err = emunic_filters_update_mode(emu, features);
	if (err)
		return err;

	if (!test_bit(EMUNIC_STATE_UP, &emu->state))
		return 0;

	emunic_features_apply(emu, features);
	/* They fit nothing while they are written */
	if ((features ^ netdev->features) & NETIF_F_NTUPLE)
		emunic_rules_apply(emu, features);

	return 0;
}

/* Longest GSO frame that the device takes */
static u32 emunic_gso_max_size(const struct emunic *emu)
{
	return emu->caps & EMUNIC_CAPS_BIG_GSO ? EMUNIC_BIG_GSO_MAX :
						 EMUNIC_GSO_FRAME_MAX;
}

/* Does TCP or UDP follow an IPv6 header with nothing between? */
static bool emunic_gso_has_plain_ip(const struct sk_buff *skb)
{
	const struct iphdr *ip = skb->encapsulation ? inner_ip_hdr(skb) :
						      ip_hdr(skb);
	const u8 *l4 = skb->encapsulation ? skb_inner_transport_header(skb) :
					    skb_transport_header(skb);

	return ip->version != 6 || emunic_tx_has_jumbo(skb) ||
	       l4 == (const u8 *)ip + sizeof(struct ipv6hdr);
}

/* Can the device make the segments of a GSO frame? */
static bool emunic_gso_fits(const struct emunic *emu, const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	u32 hdr_len = emunic_tx_gso_hdr_len(skb);
	u32 max = emunic_gso_max_size(emu);

	/*
	 * The kernel cuts a tunnel's frame into one of full segments and a
	 * rest, if it is no longer than this.
	 */
	if (skb->encapsulation)
		max = min(max, GSO_LEGACY_MAX_SIZE);

	return skb->len <= max && info->nr_frags <= EMUNIC_TX_MAX_FRAGS &&
	       hdr_len <= EMUNIC_GSO_HDR_MAX && emunic_gso_has_plain_ip(skb) &&
	       hdr_len + info->gso_size <= EMUNIC_FRAME_MAX;
}

/**
 * emunic_features_check() - ndo_features_check
 * @skb: the frame
 * @netdev: the device
 * @features: what the stack would leave to the device
 *
 * Return: what it may leave to the device
 */
netdev_features_t emunic_features_check(struct sk_buff *skb,
					struct net_device *netdev,
					netdev_features_t features)
{
	features = vlan_features_check(skb, features);
	if (skb_is_gso(skb) && !emunic_gso_fits(netdev_priv(netdev), skb))
		features &= ~NETIF_F_GSO_MASK;

	return features;
}

/**
 * emunic_features_init() - fill in the features of a netdev
 * @emu: the function, identified
 */
void emunic_features_init(struct emunic *emu)
{
	netdev_features_t hw = NETIF_F_SG | NETIF_F_HIGHDMA;
	struct net_device *netdev = emu->netdev;
	netdev_features_t off = 0;

	if (emu->caps & EMUNIC_CAPS_CSUM)
		hw |= NETIF_F_HW_CSUM | NETIF_F_RXCSUM;
	if (emu->caps & EMUNIC_CAPS_TSO)
		hw |= NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_GRO_HW;
	if (emu->caps & EMUNIC_CAPS_USO)
		hw |= NETIF_F_GSO_UDP_L4;
	if (emu->caps & EMUNIC_CAPS_INNER) {
		netdev->gso_partial_features = EMUNIC_GSO_TUNNELS;
		hw |= NETIF_F_GSO_PARTIAL | EMUNIC_GSO_TUNNELS;
	}
	if (emu->caps & EMUNIC_CAPS_GRO)
		off |= NETIF_F_LRO;
	/* Only with BIG_GSO can the driver say what an skb holds */
	if (!(emu->caps & EMUNIC_CAPS_BIG_GSO) &&
	    emunic_rx_max_gso() < EMUNIC_GSO_FRAME_MAX) {
		hw &= ~EMUNIC_RX_OFFLOADS;
		off &= ~EMUNIC_RX_OFFLOADS;
	}

	netdev->vlan_features = hw & ~EMUNIC_RX_OFFLOADS;
	netdev->hw_enc_features = NETIF_F_SG | NETIF_F_HW_CSUM |
				  NETIF_F_HIGHDMA;
	if (emu->caps & EMUNIC_CAPS_INNER)
		netdev->hw_enc_features |= NETIF_F_TSO | NETIF_F_TSO6 |
					   EMUNIC_GSO_TUNNELS |
					   NETIF_F_GSO_PARTIAL;
	netdev->hw_enc_features &= hw;

	if (emu->caps & EMUNIC_CAPS_VLAN)
		hw |= NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX;
	if (emu->caps & EMUNIC_CAPS_RXHASH)
		hw |= NETIF_F_RXHASH;
	if (emu->caps & EMUNIC_CAPS_FLOW)
		hw |= NETIF_F_NTUPLE;

	netdev->hw_features = (hw | off) & ~NETIF_F_HIGHDMA;
	netdev->features = hw | NETIF_F_HW_VLAN_CTAG_FILTER;
	/* A VF cannot ask for all VLANs, so its filter stays on */
	if (!emu->is_vf)
		netdev->hw_features |= NETIF_F_HW_VLAN_CTAG_FILTER;

	netif_set_tso_max_segs(netdev, EMUNIC_GSO_MAX_SEGS);
	if (emu->caps & EMUNIC_CAPS_BIG_GSO)
		netif_set_tso_max_size(netdev, emunic_gso_max_size(emu));
}

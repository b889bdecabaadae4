// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what XDP programs can ask about a frame.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "emunic.h"
#include "kunit.h"
#include "xdp.h"

static const struct emunic_rx *emunic_xdp_rx(const struct xdp_md *ctx)
{
	return ((const struct emunic_xdp_buff *)ctx)->rx;
}

static int emunic_xdp_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp)
{
	const struct emunic_rx_cpl *cpl = &emunic_xdp_rx(ctx)->head;

	if (!(cpl->flags & cpu_to_le16(EMUNIC_RX_TSTAMP)))
		return -ENODATA;

	*timestamp = le64_to_cpu(cpl->timestamp);
	return 0;
}

static enum xdp_rss_hash_type emunic_xdp_l4_type(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return XDP_RSS_L4 | XDP_RSS_L4_TCP;
	case IPPROTO_UDP:
		return XDP_RSS_L4 | XDP_RSS_L4_UDP;
	default:
		return XDP_RSS_L4;
	}
}

/*
 * The device tells whether ports were hashed; of what they are, the frame does,
 * as long as the program has left its headers where they were received.
 */
VISIBLE_IF_KUNIT enum xdp_rss_hash_type
emunic_xdp_hash_type(const struct xdp_buff *xdp, const struct emunic_rx *rx)
{
	const void *data = xdp->data_hard_start + XDP_PACKET_HEADROOM;
	enum xdp_rss_hash_type l3 = XDP_RSS_TYPE_NONE;
	__be16 proto = ((const struct ethhdr *)data)->h_proto;
	u32 len = le32_to_cpu(rx->head.len);
	u32 at = ETH_HLEN;
	u8 l4 = 0;

	if (eth_type_vlan(proto) && len >= at + VLAN_HLEN) {
		const struct vlan_hdr *tag = data + at;

		proto = tag->h_vlan_encapsulated_proto;
		at += VLAN_HLEN;
	}
	if (proto == htons(ETH_P_IP) && len >= at + sizeof(struct iphdr)) {
		l3 = XDP_RSS_L3_IPV4;
		l4 = ((const struct iphdr *)(data + at))->protocol;
	} else if (proto == htons(ETH_P_IPV6) &&
		   len >= at + sizeof(struct ipv6hdr)) {
		l3 = XDP_RSS_L3_IPV6;
		l4 = ((const struct ipv6hdr *)(data + at))->nexthdr;
	}

	return rx->head.hash_type == EMUNIC_RX_HASH_L4 ?
	       l3 | emunic_xdp_l4_type(l4) : l3;
}

static int emunic_xdp_rx_hash(const struct xdp_md *ctx, u32 *hash,
			      enum xdp_rss_hash_type *rss_type)
{
	const struct emunic_rx *rx = emunic_xdp_rx(ctx);

	if (!(rx->head.flags & cpu_to_le16(EMUNIC_RX_HASH)))
		return -ENODATA;

	*hash = le32_to_cpu(rx->head.hash);
	*rss_type = emunic_xdp_hash_type((const struct xdp_buff *)ctx, rx);
	return 0;
}

static int emunic_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto,
				  u16 *vlan_tci)
{
	const struct emunic_rx_cpl *cpl = &emunic_xdp_rx(ctx)->head;

	if (!(cpl->flags & cpu_to_le16(EMUNIC_RX_VLAN)))
		return -ENODATA;

	*vlan_proto = htons(ETH_P_8021Q);
	*vlan_tci = le16_to_cpu(cpl->vlan_tci);
	return 0;
}

const struct xdp_metadata_ops emunic_xdp_metadata_ops = {
	.xmo_rx_timestamp	= emunic_xdp_rx_timestamp,
	.xmo_rx_hash		= emunic_xdp_rx_hash,
	.xmo_rx_vlan_tag	= emunic_xdp_rx_vlan_tag,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of what is made of Rx completions.
 *
 * What they say may be another guest's word.
 */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/page_pool/helpers.h>

#include "kunit.h"
#include "xdp.h"

#define EMUNIC_TEST_HDR_LEN	(ETH_HLEN + 20 + 20)

static void emunic_test_free_skb(void *skb)
{
	kfree_skb(skb);
}

/* An IPv4 frame with a TCP header and @len bytes of data */
static struct sk_buff *emunic_test_frame(struct kunit *test, u32 len)
{
	struct sk_buff *skb;

	skb = alloc_skb(EMUNIC_TEST_HDR_LEN + len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, EMUNIC_TEST_HDR_LEN + len);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test,
							emunic_test_free_skb,
							skb), 0);
	return skb;
}

/* A bit field has no type of its own */
static u8 emunic_test_summed(const struct sk_buff *skb)
{
	return skb->ip_summed;
}

/* A GSO frame of TCP as a sound device tells of it */
static const struct emunic_rx_cpl emunic_test_gso = {
	.flags = cpu_to_le16(EMUNIC_RX_CSUM_PARTIAL | EMUNIC_RX_GSO),
	.csum_start = cpu_to_le16(34),
	.csum_offset = cpu_to_le16(16),
	.gso_size = cpu_to_le16(1000),
	.gso_type = EMUNIC_GSO_TCPV4,
	.hdr_len = cpu_to_le16(EMUNIC_TEST_HDR_LEN),
};

static void emunic_test_csum(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_rx_cpl cpl = {
		.csum_start = cpu_to_le16(0x1234),
	};
	struct sk_buff *skb = emunic_test_frame(test, 10);

	KUNIT_EXPECT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_EQ(test, emunic_test_summed(skb), CHECKSUM_NONE);

	cpl.flags = cpu_to_le16(EMUNIC_RX_CSUM_OK);
	KUNIT_EXPECT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_EQ(test, emunic_test_summed(skb), CHECKSUM_UNNECESSARY);

	/* As a number, not as bytes of the frame */
	skb = emunic_test_frame(test, 10);
	cpl.flags = cpu_to_le16(EMUNIC_RX_CSUM_COMPLETE);
	KUNIT_EXPECT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_EQ(test, emunic_test_summed(skb), CHECKSUM_COMPLETE);
	KUNIT_EXPECT_EQ(test, (__force u16)csum_fold(skb->csum),
			(u16)~(__force u16)htons(0x1234));

	/* Nobody wants to know */
	q->emu->netdev->features &= ~NETIF_F_RXCSUM;
	skb = emunic_test_frame(test, 10);
	cpl.flags = cpu_to_le16(EMUNIC_RX_CSUM_OK | EMUNIC_RX_CSUM_COMPLETE);
	KUNIT_EXPECT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_EQ(test, emunic_test_summed(skb), CHECKSUM_NONE);
}

static void emunic_test_partial(struct kunit *test)
{
	static const struct {
		u16 start;
		u16 offset;
		bool want;
	} cases[] = {
		{ 34, 16, true },
		{ 34, 18, true },
		{ 14, 0, true },
		/* In the Ethernet header, which is pulled */
		{ 13, 0, false },
		{ 0, 40, false },
		/* The field would be behind the end of the frame */
		{ 34, 29, false },
		{ 63, 0, false },
		{ 64, 0, false },
		{ 0xffff, 0, false },
		{ 34, 0xffff, false },
		{ 0xffff, 0xffff, false },
	};
	struct emunic_queue *q = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = emunic_test_frame(test, 10);
		struct emunic_rx_cpl cpl = {
			.flags = cpu_to_le16(EMUNIC_RX_CSUM_PARTIAL),
			.csum_start = cpu_to_le16(cases[i].start),
			.csum_offset = cpu_to_le16(cases[i].offset),
		};

		KUNIT_EXPECT_EQ_MSG(test, emunic_rx_metadata(q, skb, &cpl),
				    cases[i].want, "case %zu", i);
	}
}

static void emunic_test_gso_good(struct kunit *test)
{
	static const struct {
		u8 type;
		u16 csum_offset;
		u32 len;
		unsigned int gso;
		u16 segs;
	} cases[] = {
		{ EMUNIC_GSO_TCPV4, 16, 2500, SKB_GSO_TCPV4, 3 },
		{ EMUNIC_GSO_TCPV6, 16, 2000, SKB_GSO_TCPV6, 2 },
		{ EMUNIC_GSO_UDPV4, 6, 1001, SKB_GSO_UDP_L4, 2 },
		{ EMUNIC_GSO_UDPV6, 6, 1, SKB_GSO_UDP_L4, 1 },
	};
	struct emunic_queue *q = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = emunic_test_frame(test, cases[i].len);
		struct emunic_rx_cpl cpl = emunic_test_gso;

		cpl.gso_type = cases[i].type;
		cpl.csum_offset = cpu_to_le16(cases[i].csum_offset);
		KUNIT_ASSERT_TRUE_MSG(test, emunic_rx_metadata(q, skb, &cpl),
				      "case %zu", i);
		/* Never without the doubt */
		KUNIT_EXPECT_EQ_MSG(test, skb_shinfo(skb)->gso_type,
				    cases[i].gso | SKB_GSO_DODGY, "case %zu",
				    i);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, 1000);
		KUNIT_EXPECT_EQ_MSG(test, skb_shinfo(skb)->gso_segs,
				    cases[i].segs, "case %zu", i);
	}
}

static void emunic_test_gso_ecn(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct sk_buff *skb = emunic_test_frame(test, 2000);
	struct tcphdr *th = (void *)(skb->data + 34);

	th->cwr = 1;
	KUNIT_ASSERT_TRUE(test, emunic_rx_metadata(q, skb, &emunic_test_gso));
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type,
			SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN | SKB_GSO_DODGY);
}

static bool emunic_test_take(struct kunit *test,
			     const struct emunic_rx_cpl *cpl)
{
	return emunic_rx_metadata(test->priv, emunic_test_frame(test, 2500),
				  cpl);
}

static void emunic_test_gso_bad(struct kunit *test)
{
	struct emunic_rx_cpl cpl = emunic_test_gso;

	KUNIT_EXPECT_TRUE(test, emunic_test_take(test, &cpl));

	cpl.gso_size = 0;
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));

	cpl = emunic_test_gso;
	cpl.flags = cpu_to_le16(EMUNIC_RX_GSO);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl.flags = cpu_to_le16(EMUNIC_RX_GSO | EMUNIC_RX_CSUM_OK);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));

	cpl = emunic_test_gso;
	cpl.gso_type = EMUNIC_GSO_NONE;
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl.gso_type = EMUNIC_GSO_UDPV6 + 1;
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));

	/* No byte of data, or headers beyond the frame */
	cpl = emunic_test_gso;
	cpl.hdr_len = cpu_to_le16(EMUNIC_TEST_HDR_LEN + 2500);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl.hdr_len = cpu_to_le16(0xffff);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	/* No room for a TCP header */
	cpl.hdr_len = cpu_to_le16(EMUNIC_TEST_HDR_LEN - 1);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl.gso_type = EMUNIC_GSO_UDPV4;
	cpl.csum_offset = cpu_to_le16(6);
	KUNIT_EXPECT_TRUE(test, emunic_test_take(test, &cpl));
	cpl.hdr_len = cpu_to_le16(34 + 7);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl = emunic_test_gso;
	cpl.csum_start = cpu_to_le16(2000);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
}

/* What the kernel takes for something else than a size, or cannot count */
static void emunic_test_gso_size(struct kunit *test)
{
	struct emunic_rx_cpl cpl = emunic_test_gso;

	cpl.gso_size = cpu_to_le16(0xfffe);
	KUNIT_EXPECT_TRUE(test, emunic_test_take(test, &cpl));
	cpl.gso_size = cpu_to_le16(GSO_BY_FRAGS);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));

	/* 2500 bytes: 834 segments, 1250 */
	cpl.gso_size = cpu_to_le16(3);
	KUNIT_EXPECT_TRUE(test, emunic_test_take(test, &cpl));
	cpl.gso_size = cpu_to_le16(2);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
}

/* The checksum is that of the protocol whose segments they are */
static void emunic_test_gso_field(struct kunit *test)
{
	struct emunic_rx_cpl cpl = emunic_test_gso;

	cpl.csum_offset = cpu_to_le16(6);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl.gso_type = EMUNIC_GSO_UDPV6;
	KUNIT_EXPECT_TRUE(test, emunic_test_take(test, &cpl));
	cpl.csum_offset = cpu_to_le16(16);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
	cpl.gso_type = EMUNIC_GSO_TCPV6;
	cpl.csum_offset = cpu_to_le16(17);
	KUNIT_EXPECT_FALSE(test, emunic_test_take(test, &cpl));
}

/* In a tunnel: behind an inner IP header of the type, and an outer one */
static void emunic_test_gso_inner(struct kunit *test)
{
	static const struct {
		u16 outer;
		u8 type;
		u16 tcp;
		unsigned int gso;
		u16 ip;
	} cases[] = {
		{ ETH_P_IP, EMUNIC_GSO_TCPV4, 54,
		  SKB_GSO_TCPV4 | SKB_GSO_IPXIP4, 34 },
		{ ETH_P_IP, EMUNIC_GSO_TCPV6, 74,
		  SKB_GSO_TCPV6 | SKB_GSO_IPXIP4, 34 },
		{ ETH_P_IPV6, EMUNIC_GSO_TCPV4, 74,
		  SKB_GSO_TCPV4 | SKB_GSO_IPXIP6, 54 },
		{ ETH_P_IPV6, EMUNIC_GSO_TCPV6, 94,
		  SKB_GSO_TCPV6 | SKB_GSO_IPXIP6, 54 },
		/* No room for the outer header; not IP; not TCP */
		{ ETH_P_IP, EMUNIC_GSO_TCPV4, 53 },
		{ ETH_P_IP, EMUNIC_GSO_TCPV4, 14 },
		{ ETH_P_IP, EMUNIC_GSO_TCPV6, 73 },
		{ ETH_P_IPV6, EMUNIC_GSO_TCPV4, 73 },
		{ ETH_P_IPV6, EMUNIC_GSO_TCPV6, 93 },
		{ ETH_P_ARP, EMUNIC_GSO_TCPV4, 54 },
		{ ETH_P_8021Q, EMUNIC_GSO_TCPV4, 58 },
		{ ETH_P_IP, EMUNIC_GSO_UDPV4, 54 },
	};
	struct emunic_rx_cpl cpl = emunic_test_gso;
	size_t i;

	cpl.flags |= cpu_to_le16(EMUNIC_RX_INNER);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = emunic_test_frame(test, 2500);
		struct ethhdr *eth = (void *)skb->data;

		eth->h_proto = htons(cases[i].outer);
		cpl.gso_type = cases[i].type;
		cpl.csum_start = cpu_to_le16(cases[i].tcp);
		cpl.csum_offset = cpu_to_le16(cpl.gso_type == EMUNIC_GSO_UDPV4 ?
					      6 : 16);
		cpl.hdr_len = cpu_to_le16(cases[i].tcp + 20);
		KUNIT_ASSERT_EQ_MSG(test, !!cases[i].gso,
				    emunic_rx_metadata(test->priv, skb, &cpl),
				    "case %zu", i);
		if (!cases[i].gso)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, skb_shinfo(skb)->gso_type,
				    cases[i].gso | SKB_GSO_DODGY, "case %zu",
				    i);
		KUNIT_EXPECT_TRUE(test, !!skb->encapsulation);
		KUNIT_EXPECT_EQ(test, skb_inner_network_offset(skb),
				cases[i].ip);
		KUNIT_EXPECT_EQ(test, skb_inner_transport_offset(skb),
				cases[i].tcp);
	}
}

/* Headers that reach into a fragment are no headers that anybody can read */
static void emunic_test_gso_frag(struct kunit *test)
{
	struct emunic_rx_cpl cpl = emunic_test_gso;
	struct sk_buff *skb = emunic_test_frame(test, 6);
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	skb_add_rx_frag(skb, 0, page, 0, 2000, PAGE_SIZE);
	cpl.hdr_len = cpu_to_le16(EMUNIC_TEST_HDR_LEN + 6);
	KUNIT_EXPECT_TRUE(test, emunic_rx_metadata(test->priv, skb, &cpl));
	cpl.hdr_len = cpu_to_le16(EMUNIC_TEST_HDR_LEN + 7);
	KUNIT_EXPECT_FALSE(test, emunic_rx_metadata(test->priv, skb, &cpl));
}

/* A ring goes, outside of a poll, with half of a frame */
static void emunic_test_xdp_half(struct kunit *test)
{
	const struct page_pool_params params = {
		.pool_size = 4,
		.nid = NUMA_NO_NODE,
	};
	struct emunic_queue *q = test->priv;
	struct emunic_rx *rx = &q->rx;
	struct xdp_buff *xdp = &rx->xdp.buff.xdp;
	struct page *page;

	rx->mode = EMUNIC_RX_XDP;
	rx->pool = page_pool_create(&params);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rx->pool));
	KUNIT_ASSERT_EQ(test, emunic_xdp_rxq_register(q), 0);
	page = page_pool_dev_alloc_pages(rx->pool);
	KUNIT_ASSERT_NOT_NULL(test, page);
	xdp_init_buff(xdp, EMUNIC_RX_TRUESIZE, &rx->xdp.rxq);
	xdp_prepare_buff(xdp, page_address(page), XDP_PACKET_HEADROOM, 1000,
			 true);
	rx->xdp.frame = xdp;

	emunic_xdp_discard(rx);
	KUNIT_EXPECT_NULL(test, rx->xdp.frame);
	emunic_xdp_rxq_unregister(rx);
	page_pool_destroy(rx->pool);
	rx->pool = NULL;
}

static void emunic_test_tags(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_rx_cpl cpl = {
		.flags = cpu_to_le16(EMUNIC_RX_VLAN | EMUNIC_RX_HASH |
				     EMUNIC_RX_TSTAMP),
		.vlan_tci = cpu_to_le16(0x6064),
		.hash = cpu_to_le32(0x89abcdef),
		.hash_type = EMUNIC_RX_HASH_L4,
		.timestamp = cpu_to_le64(0x1122334455667788ULL),
	};
	struct sk_buff *skb = emunic_test_frame(test, 10);

	KUNIT_ASSERT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_TRUE(test, skb_vlan_tag_present(skb));
	KUNIT_EXPECT_EQ(test, skb_vlan_tag_get(skb), 0x6064);
	KUNIT_EXPECT_EQ(test, ntohs(skb->vlan_proto), ETH_P_8021Q);
	KUNIT_EXPECT_EQ(test, skb->hash, 0x89abcdef);
	KUNIT_EXPECT_TRUE(test, skb->l4_hash);
	KUNIT_EXPECT_EQ(test, ktime_to_ns(skb_hwtstamps(skb)->hwtstamp),
			0x1122334455667788LL);

	skb = emunic_test_frame(test, 10);
	cpl.hash_type = EMUNIC_RX_HASH_L3;
	KUNIT_ASSERT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_FALSE(test, skb->l4_hash);
	KUNIT_EXPECT_EQ(test, skb->hash, 0x89abcdef);

	skb = emunic_test_frame(test, 10);
	cpl.flags = 0;
	KUNIT_ASSERT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_FALSE(test, skb_vlan_tag_present(skb));
	KUNIT_EXPECT_EQ(test, skb->hash, 0);
	KUNIT_EXPECT_EQ(test, ktime_to_ns(skb_hwtstamps(skb)->hwtstamp), 0);

	q->emu->netdev->features &= ~NETIF_F_RXHASH;
	cpl.flags = cpu_to_le16(EMUNIC_RX_HASH);
	KUNIT_ASSERT_TRUE(test, emunic_rx_metadata(q, skb, &cpl));
	KUNIT_EXPECT_EQ(test, skb->hash, 0);
}

/* What a program is told of a frame of @len bytes, with or without a tag */
static enum xdp_rss_hash_type
emunic_test_hash_type(struct kunit *test, u16 proto, bool tag, u8 l4, u32 len,
		      u8 hash_type)
{
	u32 at = XDP_PACKET_HEADROOM + ETH_HLEN;
	struct emunic_rx *rx;
	struct xdp_buff xdp;
	u8 *buf;

	rx = kunit_kzalloc(test, sizeof(*rx), GFP_KERNEL);
	buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rx);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	xdp.data_hard_start = buf;
	if (tag) {
		*(__be16 *)(buf + at - 2) = htons(ETH_P_8021Q);
		at += VLAN_HLEN;
	}
	*(__be16 *)(buf + at - 2) = htons(proto);
	if (proto == ETH_P_IP)
		((struct iphdr *)(buf + at))->protocol = l4;
	else
		((struct ipv6hdr *)(buf + at))->nexthdr = l4;
	rx->head.len = cpu_to_le32(len);
	rx->head.hash_type = hash_type;

	return emunic_xdp_hash_type(&xdp, rx);
}

static void emunic_test_xdp_hash(struct kunit *test)
{
	static const struct {
		u16 proto;
		bool tag;
		u8 l4;
		u32 len;
		u8 type;
		enum xdp_rss_hash_type want;
	} cases[] = {
		{ ETH_P_IP, false, IPPROTO_TCP, 60, EMUNIC_RX_HASH_L4,
		  XDP_RSS_TYPE_L4_IPV4_TCP },
		{ ETH_P_IP, true, IPPROTO_UDP, 60, EMUNIC_RX_HASH_L4,
		  XDP_RSS_TYPE_L4_IPV4_UDP },
		{ ETH_P_IPV6, false, IPPROTO_TCP, 60, EMUNIC_RX_HASH_L4,
		  XDP_RSS_TYPE_L4_IPV6_TCP },
		{ ETH_P_IPV6, true, IPPROTO_UDP, 60, EMUNIC_RX_HASH_L4,
		  XDP_RSS_TYPE_L4_IPV6_UDP },
		{ ETH_P_IP, false, IPPROTO_TCP, 60, EMUNIC_RX_HASH_L3,
		  XDP_RSS_TYPE_L3_IPV4 },
		{ ETH_P_IP, false, IPPROTO_ICMP, 60, EMUNIC_RX_HASH_L4,
		  XDP_RSS_L3_IPV4 | XDP_RSS_L4 },
		{ ETH_P_ARP, false, 0, 60, EMUNIC_RX_HASH_L3,
		  XDP_RSS_TYPE_NONE },
		/* Headers that are not whole in the first buffer are not read */
		{ ETH_P_IP, false, IPPROTO_TCP, 33, EMUNIC_RX_HASH_L4,
		  XDP_RSS_L4 },
		{ ETH_P_IPV6, false, IPPROTO_TCP, 53, EMUNIC_RX_HASH_L3,
		  XDP_RSS_TYPE_NONE },
		{ ETH_P_IP, true, IPPROTO_TCP, 17, EMUNIC_RX_HASH_L3,
		  XDP_RSS_TYPE_NONE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].want,
				    emunic_test_hash_type(test, cases[i].proto,
							  cases[i].tag,
							  cases[i].l4,
							  cases[i].len,
							  cases[i].type),
				    "case %zu", i);
}

/* Entry @index is new, or the one behind it is, of a ring of 64 */
static bool emunic_test_gap_of(u32 index, bool next, bool behind)
{
	const u16 old[] = {
		next ? 0 : EMUNIC_CPL_PHASE,
		behind ? 0 : EMUNIC_CPL_PHASE,
	};
	const __le16 flags[] = {
		cpu_to_le16(EMUNIC_RX_EOP | (emunic_phase(index, 6) ^ old[0])),
		cpu_to_le16(EMUNIC_RX_EOP |
			    (emunic_phase(index + 1, 6) ^ old[1])),
	};

	return emunic_ring_gap(&flags[0], &flags[1], index, 6);
}

/* At each place of the ring, and at its end, where the phase changes */
static void emunic_test_gap(struct kunit *test)
{
	static const u32 indexes[] = { 0, 62, 63, 64, 127, 128, U32_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		u32 index = indexes[i];

		KUNIT_EXPECT_TRUE(test, emunic_test_gap_of(index, false, true));
		KUNIT_EXPECT_FALSE(test, emunic_test_gap_of(index, true, true));
		KUNIT_EXPECT_FALSE(test,
				   emunic_test_gap_of(index, false, false));
		KUNIT_EXPECT_FALSE(test,
				   emunic_test_gap_of(index, true, false));
	}
}

static int emunic_rx_test_init(struct kunit *test)
{
	struct emunic_queue *q;

	q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	if (!q)
		return -ENOMEM;

	q->emu = emunic_kunit_function(test);
	q->emu->netdev->features = NETIF_F_RXCSUM | NETIF_F_RXHASH;
	test->priv = q;
	return 0;
}

static struct kunit_case emunic_rx_test_cases[] = {
	KUNIT_CASE(emunic_test_csum),
	KUNIT_CASE(emunic_test_partial),
	KUNIT_CASE(emunic_test_gso_good),
	KUNIT_CASE(emunic_test_gso_ecn),
	KUNIT_CASE(emunic_test_gso_bad),
	KUNIT_CASE(emunic_test_gso_size),
	KUNIT_CASE(emunic_test_gso_field),
	KUNIT_CASE(emunic_test_gso_inner),
	KUNIT_CASE(emunic_test_gso_frag),
	KUNIT_CASE(emunic_test_xdp_half),
	KUNIT_CASE(emunic_test_tags),
	KUNIT_CASE(emunic_test_xdp_hash),
	KUNIT_CASE(emunic_test_gap),
	{ }
};

static struct kunit_suite emunic_rx_test_suite = {
	.name = "emunic_rx",
	.init = emunic_rx_test_init,
	.test_cases = emunic_rx_test_cases,
};

kunit_test_suite(emunic_rx_test_suite);

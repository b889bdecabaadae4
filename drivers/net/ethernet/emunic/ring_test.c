// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of ring arithmetic, and of what is written into rings.
 */
#include <kunit/test.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>

#include "kunit.h"

#define EMUNIC_TEST_LOG2	6

/* Where indexes are most likely to go wrong */
static const u32 emunic_test_starts[] = {
	0, 1, 63, 64, 127, 0x7fffffe0, 0xffffffc0, 0xffffffff,
};

static void emunic_test_phase(struct kunit *test)
{
	static const struct {
		u32 index;
		u8 log2;
		u16 want;
	} cases[] = {
		{ 0, 6, EMUNIC_CPL_PHASE },
		{ 63, 6, EMUNIC_CPL_PHASE },
		{ 64, 6, 0 },
		{ 127, 6, 0 },
		{ 128, 6, EMUNIC_CPL_PHASE },
		{ 4095, 12, EMUNIC_CPL_PHASE },
		{ 4096, 12, 0 },
		/* The lap before 2^32 is an odd one, the next is lap 0 */
		{ 0xffffffff, 6, 0 },
		{ 0xffffffc0, 6, 0 },
		{ 0xffffffbf, 6, EMUNIC_CPL_PHASE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    emunic_phase(cases[i].index, cases[i].log2),
				    cases[i].want, "case %zu", i);
}

/* An event is passed when it is one of the entries from old to before new */
static void emunic_test_passed(struct kunit *test)
{
	size_t s;
	int n, k;

	for (s = 0; s < ARRAY_SIZE(emunic_test_starts); s++) {
		u32 old = emunic_test_starts[s];

		for (n = 0; n <= 64; n++)
			for (k = -3; k <= 67; k++)
				KUNIT_ASSERT_EQ_MSG(test, k >= 0 && k < n,
						    EMUNIC_INDEX_PASSED(old + k,
									old + n,
									old),
						    "%#x + %d, event + %d",
						    old, n, k);
	}
}

static void emunic_test_within(struct kunit *test)
{
	size_t s;
	int n, k;

	for (s = 0; s < ARRAY_SIZE(emunic_test_starts); s++) {
		u32 first = emunic_test_starts[s];

		for (n = 0; n <= 64; n++)
			for (k = -3; k <= 67; k++)
				KUNIT_ASSERT_EQ_MSG(test, k >= 0 && k <= n,
						    emunic_index_within(first + k,
									first,
									first + n),
						    "%#x + %d of %d", first, k,
						    n);
	}
}

static void emunic_test_avail(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx *tx = &q->tx;
	size_t s;
	int n;

	for (s = 0; s < ARRAY_SIZE(emunic_test_starts); s++) {
		tx->clean = emunic_test_starts[s];
		for (n = 0; n <= 64; n++) {
			tx->next = tx->clean + n;
			KUNIT_ASSERT_EQ(test, emunic_tx_avail(tx), 64 - n);
		}
	}
}

/* A queue that was stopped is woken when a frame surely fits, not later */
static void emunic_test_wake_level(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	u8 log2;

	for (log2 = EMUNIC_RING_LOG2_MIN; log2 <= EMUNIC_RING_LOG2_MAX;
	     log2++) {
		q->tx.log2 = log2;
		KUNIT_EXPECT_GE(test, emunic_tx_wake_level(&q->tx),
				EMUNIC_TX_FRAME_DESCS);
		KUNIT_EXPECT_LE(test, emunic_tx_wake_level(&q->tx),
				1U << log2);
	}
}

static void emunic_test_missing(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_rx *rx = &q->rx;
	size_t s;
	int n;

	/* A sixteenth of the ring: 4 of 64 */
	for (s = 0; s < ARRAY_SIZE(emunic_test_starts); s++) {
		rx->clean = emunic_test_starts[s];
		for (n = 0; n <= 64; n++) {
			rx->posted = rx->clean + n;
			KUNIT_ASSERT_EQ(test, emunic_rx_missing(rx), n <= 60);
		}
	}
}

static void emunic_test_pending(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx *tx = &q->tx;
	struct emunic_rx *rx = &q->rx;

	KUNIT_EXPECT_FALSE(test, emunic_tx_pending(tx));
	KUNIT_EXPECT_FALSE(test, emunic_rx_pending(rx));
	tx->cpl[0].flags = cpu_to_le16(EMUNIC_CPL_PHASE);
	rx->cpl[0].flags = cpu_to_le16(EMUNIC_CPL_PHASE | EMUNIC_RX_EOP);
	KUNIT_EXPECT_TRUE(test, emunic_tx_pending(tx));
	KUNIT_EXPECT_TRUE(test, emunic_rx_pending(rx));

	/* In the next lap the same entry is an old one, until it is written */
	tx->cq_next = 64;
	rx->clean = 64;
	KUNIT_EXPECT_FALSE(test, emunic_tx_pending(tx));
	KUNIT_EXPECT_FALSE(test, emunic_rx_pending(rx));
	tx->cpl[0].flags = 0;
	rx->cpl[0].flags = cpu_to_le16(EMUNIC_RX_EOP);
	KUNIT_EXPECT_TRUE(test, emunic_tx_pending(tx));
	KUNIT_EXPECT_TRUE(test, emunic_rx_pending(rx));

	rx->broken = true;
	KUNIT_EXPECT_FALSE(test, emunic_rx_pending(rx));
}

/* The bytes on the bus, in the last entry and in that after it */
static void emunic_test_desc(struct kunit *test)
{
	u8 want[] = {
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		0xdd, 0xcc, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	};
	dma_addr_t addr = get_unaligned_le64(want);
	struct emunic_queue *q = test->priv;
	struct emunic_tx *tx = &q->tx;

	/* As much of it as a DMA address has on this machine */
	put_unaligned_le64(addr, want);
	emunic_tx_put_desc(tx, 0xffffffff, addr, 0xccdd);
	emunic_tx_put_desc(tx, 0, 1, 2);
	emunic_tx_put_eop(tx, 0);
	KUNIT_EXPECT_MEMEQ(test, &tx->desc[63], want, sizeof(want));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(tx->desc[0].flags), 0);
	emunic_tx_put_eop(tx, 1);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(tx->desc[0].flags), EMUNIC_TX_EOP);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(tx->desc[0].len), 2);
}

/* No descriptor can say 64 KiB; nothing is lost where a piece is cut */
static void emunic_test_sg(struct kunit *test)
{
	static const struct {
		u32 len;
		int parts;
	} cases[] = {
		{ 0, 0 }, { 1, 1 }, { 65535, 1 }, { 65536, 2 }, { 131070, 2 },
		{ 131071, 3 }, { EMUNIC_BIG_GSO_MAX, 1 + EMUNIC_TX_SPLITS },
	};
	struct scatterlist sg[8], *end, *s;
	struct page *page = virt_to_page(test);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 at = 100;

		sg_init_table(sg, ARRAY_SIZE(sg));
		end = emunic_tx_sg_add(sg, page, cases[i].len, at);
		KUNIT_ASSERT_EQ_MSG(test, end - sg, cases[i].parts, "case %zu",
				    i);
		for (s = sg; s != end; s++) {
			KUNIT_EXPECT_LE(test, s->length, EMUNIC_TX_DESC_MAX);
			KUNIT_EXPECT_EQ(test, s->offset, at);
			at += s->length;
		}
		KUNIT_EXPECT_EQ(test, at, 100 + cases[i].len);
	}
}

/* What ends a list for the IOMMU is not another frame's */
static void emunic_test_end_list(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx *tx = &q->tx;
	const struct emunic_tx_meta *meta = (void *)&tx->desc[5];

	tx->sg = kunit_kcalloc(test, 64, sizeof(*tx->sg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tx->sg);
	memset(tx->desc, 0, 64 * sizeof(*tx->desc));

	/* Nothing was merged; or a descriptor before has left one over */
	KUNIT_EXPECT_FALSE(test, emunic_tx_end_list(tx, 5, &tx->sg[5], 3, 3));
	KUNIT_EXPECT_FALSE(test, emunic_tx_end_list(tx, 6, &tx->sg[5], 3, 2));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->flags), 0);
	KUNIT_EXPECT_TRUE(test, emunic_tx_end_list(tx, 64 + 5, &tx->sg[5], 3,
						   2));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->flags), EMUNIC_TX_META);
}

/* Frames of 1, 3 and 2 descriptors, of which none is mapped */
static void emunic_test_fill(struct emunic_tx *tx, u32 start)
{
	static const u8 descs[] = { 1, 3, 2 };
	size_t i;

	tx->clean = start;
	tx->next = start;
	memset(tx->buf, 0, 64 * sizeof(*tx->buf));
	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		struct emunic_tx_buf *buf = &tx->buf[tx->next & 63];

		tx->next += descs[i];
		buf->kind = EMUNIC_TX_XSK;
		buf->next = tx->next;
		buf->segs = 1;
		buf->wire_bytes = 60;
	}
	tx->published = tx->next;
}

static bool emunic_test_end(struct emunic_queue *q, u32 head, u16 status,
			    struct emunic_tx_done *done)
{
	struct emunic_tx_cpl cpl = {
		.sq_head = cpu_to_le32(head),
		.status = cpu_to_le16(status),
	};

	memset(done, 0, sizeof(*done));
	return emunic_tx_release(q, &cpl, 1, done);
}

static void emunic_test_release(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx_done done;
	size_t s;

	for (s = 0; s < ARRAY_SIZE(emunic_test_starts); s++) {
		u32 start = emunic_test_starts[s];

		emunic_test_fill(&q->tx, start);
		/* Nothing new is no mistake */
		KUNIT_EXPECT_TRUE(test, emunic_test_end(q, start, 0, &done));
		KUNIT_EXPECT_EQ(test, done.frames, 0);
		KUNIT_EXPECT_TRUE(test, emunic_test_end(q, start + 4, 0, &done));
		KUNIT_EXPECT_EQ(test, done.frames, 2);
		KUNIT_EXPECT_EQ(test, done.packets, 2);
		KUNIT_EXPECT_EQ(test, done.bytes, 120);
		KUNIT_EXPECT_EQ(test, done.xsk_descs, 4);
		KUNIT_EXPECT_EQ(test, done.errors, 0);
		KUNIT_EXPECT_EQ(test, q->tx.clean, start + 4);
		KUNIT_EXPECT_TRUE(test, emunic_test_end(q, start + 6,
							EMUNIC_TX_STATUS_META,
							&done));
		KUNIT_EXPECT_EQ(test, done.packets, 0);
		KUNIT_EXPECT_EQ(test, done.errors, 1);
		KUNIT_EXPECT_EQ(test, q->tx.clean, q->tx.next);
	}
}

/* A device that lies ends no frame that was not written, and none twice */
static void emunic_test_release_bad(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx_done done;
	size_t s;

	for (s = 0; s < ARRAY_SIZE(emunic_test_starts); s++) {
		u32 start = emunic_test_starts[s];

		emunic_test_fill(&q->tx, start);
		KUNIT_EXPECT_FALSE(test, emunic_test_end(q, start + 7, 0,
							 &done));
		KUNIT_EXPECT_FALSE(test, emunic_test_end(q, start - 1, 0,
							 &done));
		KUNIT_EXPECT_FALSE(test, emunic_test_end(q, start + 0x80000000,
							 0, &done));
		KUNIT_EXPECT_EQ(test, done.frames, 0);
		KUNIT_EXPECT_EQ(test, q->tx.clean, start);

		/* Nor one that the device was not told of */
		q->tx.published = start + 4;
		KUNIT_EXPECT_FALSE(test, emunic_test_end(q, start + 6, 0,
							 &done));
		KUNIT_EXPECT_EQ(test, done.frames, 0);

		/* In the middle of the second one: only the first has ended */
		KUNIT_EXPECT_FALSE(test, emunic_test_end(q, start + 2, 0,
							 &done));
		KUNIT_EXPECT_EQ(test, done.frames, 1);
		KUNIT_EXPECT_EQ(test, q->tx.clean, start + 1);
		KUNIT_EXPECT_FALSE(test, emunic_test_end(q, start, 0, &done));
		KUNIT_EXPECT_EQ(test, done.frames, 0);
	}
}

/* A frame with headers for TCP or UDP over IPv4, and @len bytes of data */
static struct sk_buff *emunic_test_skb(struct kunit *test, u8 proto, u32 len)
{
	u32 l4 = proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
					sizeof(struct udphdr);
	struct sk_buff *skb;

	skb = alloc_skb(ETH_HLEN + 20 + l4 + len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, ETH_HLEN + 20 + l4 + len);
	skb_reset_mac_header(skb);
	skb->protocol = htons(ETH_P_IP);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + 20);
	if (proto == IPPROTO_TCP)
		tcp_hdr(skb)->doff = sizeof(struct tcphdr) / 4;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + ETH_HLEN + 20;
	skb->csum_offset = proto == IPPROTO_TCP ?
			   offsetof(struct tcphdr, check) :
			   offsetof(struct udphdr, check);
	return skb;
}

static void emunic_test_meta(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx_meta *meta = (void *)&q->tx.desc[5];
	struct sk_buff *skb;

	skb = emunic_test_skb(test, IPPROTO_TCP, 100);
	memset(meta, 0xff, sizeof(*meta));
	emunic_tx_put_meta(&q->tx, 64 + 5, skb);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->flags),
			EMUNIC_TX_META | EMUNIC_TX_CSUM);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->csum_start), 34);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->csum_offset), 16);
	KUNIT_EXPECT_EQ(test, meta->gso_type, EMUNIC_GSO_NONE);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->gso_size), 0);
	KUNIT_EXPECT_EQ(test, meta->reserved0, 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->inner_l3), 0);

	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 0xa123);
	skb_shinfo(skb)->tx_flags |= SKBTX_IN_PROGRESS;
	skb->ip_summed = CHECKSUM_NONE;
	emunic_tx_put_meta(&q->tx, 5, skb);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->flags),
			EMUNIC_TX_META | EMUNIC_TX_VLAN | EMUNIC_TX_TSTAMP);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->vlan_tci), 0xa123);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->csum_start), 0);
	kfree_skb(skb);
}

static void emunic_test_meta_gso(struct kunit *test)
{
	static const struct {
		u8 proto;
		u16 l3;
		unsigned int gso;
		u8 want;
		u16 hdr_len;
	} cases[] = {
		{ IPPROTO_TCP, ETH_P_IP, SKB_GSO_TCPV4, 1, 54 },
		{ IPPROTO_TCP, ETH_P_IPV6, SKB_GSO_TCPV6, 2, 54 },
		{ IPPROTO_UDP, ETH_P_IP, SKB_GSO_UDP_L4, 3, 42 },
		{ IPPROTO_UDP, ETH_P_IPV6, SKB_GSO_UDP_L4, 4, 42 },
	};
	struct emunic_queue *q = test->priv;
	struct emunic_tx_meta *meta = (void *)&q->tx.desc[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb;

		skb = emunic_test_skb(test, cases[i].proto, 3000);
		skb->protocol = htons(cases[i].l3);
		skb_shinfo(skb)->gso_type = cases[i].gso;
		skb_shinfo(skb)->gso_size = 1448;
		emunic_tx_put_meta(&q->tx, 0, skb);
		KUNIT_EXPECT_EQ_MSG(test, meta->gso_type, cases[i].want,
				    "case %zu", i);
		KUNIT_EXPECT_EQ_MSG(test, le16_to_cpu(meta->hdr_len),
				    cases[i].hdr_len, "case %zu", i);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->gso_size), 1448);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->flags),
				EMUNIC_TX_META | EMUNIC_TX_CSUM |
				EMUNIC_TX_GSO);
		kfree_skb(skb);
	}
}

/* Of a tunnel's frame all headers are repeated, up to the inner TCP header */
static void emunic_test_meta_inner(struct kunit *test)
{
	struct emunic_queue *q = test->priv;
	struct emunic_tx_meta *meta = (void *)&q->tx.desc[0];
	struct sk_buff *skb = emunic_test_skb(test, IPPROTO_UDP, 2000);

	skb->encapsulation = 1;
	skb_set_inner_network_header(skb, 64);
	skb_set_inner_transport_header(skb, 84);
	inner_tcp_hdr(skb)->doff = 8;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_UDP_TUNNEL;
	skb_shinfo(skb)->gso_size = 1000;
	emunic_tx_put_meta(&q->tx, 0, skb);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->hdr_len), 84 + 32);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(meta->inner_l3), 64);
	KUNIT_EXPECT_EQ(test, meta->gso_type, EMUNIC_GSO_TCPV4);
	KUNIT_EXPECT_TRUE(test, le16_to_cpu(meta->flags) & EMUNIC_TX_INNER);
	kfree_skb(skb);
}

static int emunic_ring_test_init(struct kunit *test)
{
	struct emunic_queue *q;

	q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	q->emu = emunic_kunit_function(test);
	q->emu->pdev = kunit_kzalloc(test, sizeof(*q->emu->pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q->emu->pdev);
	q->tx.log2 = EMUNIC_TEST_LOG2;
	q->rx.log2 = EMUNIC_TEST_LOG2;
	q->tx.desc = kunit_kcalloc(test, 64, sizeof(*q->tx.desc), GFP_KERNEL);
	q->tx.cpl = kunit_kcalloc(test, 64, sizeof(*q->tx.cpl), GFP_KERNEL);
	q->tx.buf = kunit_kcalloc(test, 64, sizeof(*q->tx.buf), GFP_KERNEL);
	q->rx.cpl = kunit_kcalloc(test, 64, sizeof(*q->rx.cpl), GFP_KERNEL);
	if (!q->tx.desc || !q->tx.cpl || !q->tx.buf || !q->rx.cpl)
		return -ENOMEM;

	test->priv = q;
	return 0;
}

static struct kunit_case emunic_ring_test_cases[] = {
	KUNIT_CASE(emunic_test_phase),
	KUNIT_CASE(emunic_test_passed),
	KUNIT_CASE(emunic_test_within),
	KUNIT_CASE(emunic_test_avail),
	KUNIT_CASE(emunic_test_wake_level),
	KUNIT_CASE(emunic_test_missing),
	KUNIT_CASE(emunic_test_pending),
	KUNIT_CASE(emunic_test_desc),
	KUNIT_CASE(emunic_test_sg),
	KUNIT_CASE(emunic_test_end_list),
	KUNIT_CASE(emunic_test_release),
	KUNIT_CASE(emunic_test_release_bad),
	KUNIT_CASE(emunic_test_meta),
	KUNIT_CASE(emunic_test_meta_gso),
	KUNIT_CASE(emunic_test_meta_inner),
	{ }
};

static struct kunit_suite emunic_ring_test_suite = {
	.name = "emunic_ring",
	.init = emunic_ring_test_init,
	.test_cases = emunic_ring_test_cases,
};

kunit_test_suite(emunic_ring_test_suite);

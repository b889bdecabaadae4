// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: receive.
 *
 * Buffers are pages of a page_pool and stay mapped. The first buffer of a frame
 * becomes the head of an skb, the others its fragments; small frames are
 * copied so that their page goes back at once. With an XDP program or an AF_XDP
 * socket, frames are gathered in xdp.c and xsk.c instead.
 */
#include <linux/dma-mapping.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/page_pool/helpers.h>
#include <net/xdp_sock_drv.h>

#include "emunic.h"
#include "devlink.h"
#include "kunit.h"
#include "ring.h"
#include "xdp.h"

#define EMUNIC_RX_HEADROOM	(NET_SKB_PAD + NET_IP_ALIGN)
#define EMUNIC_RX_BUF_LEN \
	(EMUNIC_RX_TRUESIZE - SKB_DATA_ALIGN(EMUNIC_RX_HEADROOM) - \
	 EMUNIC_RX_TAILROOM)
/* Bytes that the head and all fragments of an skb hold */
#define EMUNIC_RX_SKB_MAX	(EMUNIC_RX_BUF_LEN * (MAX_SKB_FRAGS + 1))
/* What a frame that is copied takes of a page */
#define EMUNIC_RX_COPY_SIZE \
	SKB_HEAD_ALIGN(EMUNIC_RX_HEADROOM + EMUNIC_RX_COPY_MAX)

/*
 * Pages that the pool keeps at least: sockets that are read at once give back
 * what their receive buffers held, and a page that the pool has no room for is
 * unmapped and freed, and the next one cleared and mapped.
 */
#define EMUNIC_RX_POOL_MIN	2048

/* Buffers are posted when this part of the ring is without: size >> shift */
#define EMUNIC_RX_FILL_SHIFT	4

/* Posts a buffer for each free descriptor; false if there are not enough */
static bool emunic_rx_fill_pages(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;
	u32 end = rx->clean + BIT(rx->log2);

	while (rx->posted != end) {
		u32 slot = rx->posted & emunic_rx_mask(rx);
		struct emunic_rx_desc *desc = &rx->desc[slot];
		netmem_ref netmem;
		struct page *page;

		netmem = page_pool_dev_alloc_netmems(rx->pool);
		if (unlikely(!netmem)) {
			emunic_rx_inc(rx, &rx->stats.alloc_fail);
			break;
		}

		page = netmem_to_page(netmem);
		rx->pages[slot] = page;
		desc->addr = cpu_to_le64(page_pool_get_dma_addr(page) +
					 rx->headroom);
		desc->len = cpu_to_le32(rx->buf_len);
		desc->buf_id = cpu_to_le16(slot);
		desc->reserved = 0;
		rx->posted++;
	}

	return rx->posted == end;
}

/* Posts buffers; false if that is to be tried again soon */
static bool emunic_rx_fill(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;
	u32 start = rx->posted;
	bool enough;

	if (rx->mode == EMUNIC_RX_XSK)
		enough = emunic_xsk_fill(q);
	else
		enough = emunic_rx_fill_pages(q);

	if (rx->posted != start) {
		/* Descriptors before the tail */
		dma_wmb();
		WRITE_ONCE(rx->shadow->sq_tail, cpu_to_le32(rx->posted));
	}

	return enough;
}

/* Are there so many descriptors without a buffer that filling is worth it? */
VISIBLE_IF_KUNIT bool emunic_rx_missing(const struct emunic_rx *rx)
{
	return BIT(rx->log2) - (rx->posted - rx->clean) >=
	       BIT(rx->log2 - EMUNIC_RX_FILL_SHIFT);
}

/*
 * Copies a frame of one small buffer, whose page stays with the pool, into a
 * part of another of its pages: unlike new ones, these need not be cleared.
 */
static struct sk_buff *emunic_rx_copy(struct emunic_queue *q, struct page *page,
				      u32 len)
{
	unsigned int size = EMUNIC_RX_COPY_SIZE;
	struct emunic_rx *rx = &q->rx;
	struct sk_buff *skb = NULL;
	void *head;

	head = page_pool_dev_alloc_va(rx->pool, &size);
	if (likely(head)) {
		skb = napi_build_skb(head, size);
		if (unlikely(!skb))
			page_pool_free_va(rx->pool, head, true);
	}
	if (likely(skb)) {
		skb_mark_for_recycle(skb);
		skb_reserve(skb, EMUNIC_RX_HEADROOM);
		skb_put_data(skb, page_address(page) + EMUNIC_RX_HEADROOM, len);
		emunic_rx_inc(rx, &rx->stats.copied);
	}
	page_pool_recycle_direct(rx->pool, page);

	return skb;
}

static struct sk_buff *emunic_rx_build(struct emunic_rx *rx, struct page *page,
				       u32 len)
{
	struct sk_buff *skb;

	skb = napi_build_skb(page_address(page), EMUNIC_RX_TRUESIZE);
	if (unlikely(!skb)) {
		page_pool_recycle_direct(rx->pool, page);
		return NULL;
	}

	skb_reserve(skb, EMUNIC_RX_HEADROOM);
	__skb_put(skb, len);
	skb_mark_for_recycle(skb);

	return skb;
}

/* Drops the frame being received, up to its end */
static void emunic_rx_drop(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;

	if (rx->skb)
		napi_consume_skb(rx->skb, 1);
	rx->skb = NULL;
	emunic_xdp_discard(rx);
	rx->skip = true;
	emunic_rx_inc(rx, &rx->stats.dropped);
}

/* Adds one buffer to the frame being received; rx->skip if it is dropped */
static void emunic_rx_buffer(struct emunic_queue *q, struct page *page, u32 len,
			     bool last)
{
	struct emunic_rx *rx = &q->rx;
	int frags;

	/* The pool knows the headroom */
	page_pool_dma_sync_for_cpu(rx->pool, page, 0, len);

	if (rx->skip) {
		page_pool_recycle_direct(rx->pool, page);
		return;
	}

	if (!rx->skb) {
		if (last && len <= EMUNIC_RX_COPY_MAX)
			rx->skb = emunic_rx_copy(q, page, len);
		else
			rx->skb = emunic_rx_build(rx, page, len);
		if (unlikely(!rx->skb)) {
			emunic_rx_inc(rx, &rx->stats.alloc_fail);
			emunic_rx_drop(q);
		}
		return;
	}

	frags = skb_shinfo(rx->skb)->nr_frags;
	if (unlikely(frags == MAX_SKB_FRAGS)) {
		page_pool_recycle_direct(rx->pool, page);
		emunic_rx_drop(q);
		return;
	}
	skb_add_rx_frag(rx->skb, frags, page, EMUNIC_RX_HEADROOM, len,
			EMUNIC_RX_TRUESIZE);
}

/* The same for what an XDP program may have to see */
static void emunic_rx_raw_buffer(struct emunic_queue *q, u32 slot, u32 len)
{
	struct emunic_rx *rx = &q->rx;
	bool added;

	if (rx->mode == EMUNIC_RX_XSK)
		added = emunic_xsk_buffer(rx, rx->xsk_bufs[slot], len);
	else
		added = emunic_xdp_buffer(rx, rx->pages[slot], len);
	if (unlikely(!added && !rx->skip))
		emunic_rx_drop(q);
}

/*
 * Is the checksum that is to be finished the one of a header of @len bytes,
 * which ends before the payload does?
 */
static bool emunic_rx_gso_header(const struct sk_buff *skb, u16 hdr_len,
				 size_t len, size_t csum_offset)
{
	return skb_checksum_start_offset(skb) + len <= hdr_len &&
	       skb->csum_offset == csum_offset;
}

/* Adds what the TCP header says; false if there is none */
static bool emunic_rx_gso_tcp(struct sk_buff *skb, u16 hdr_len)
{
	const struct tcphdr *th = (void *)(skb->head + skb->csum_start);

	if (!emunic_rx_gso_header(skb, hdr_len, sizeof(*th),
				  offsetof(struct tcphdr, check)))
		return false;
	if (th->cwr)
		skb_shinfo(skb)->gso_type |= SKB_GSO_TCP_ECN;

	return true;
}

static bool emunic_rx_gso_udp(const struct sk_buff *skb, u16 hdr_len)
{
	return emunic_rx_gso_header(skb, hdr_len, sizeof(struct udphdr),
				    offsetof(struct udphdr, check));
}

/*
 * The TCP header is in a tunnel: it is right behind an IP header, and that right
 * behind the outer one. False if they do not fit in.
 */
static bool emunic_rx_gso_inner(struct sk_buff *skb)
{
	const struct ethhdr *eth = (void *)skb->data;
	__be16 type = __vlan_get_protocol(skb, eth->h_proto, NULL);
	struct skb_shared_info *info = skb_shinfo(skb);
	int tcp = skb_checksum_start_offset(skb), ip;
	bool ip4 = info->gso_type & SKB_GSO_TCPV4;

	ip = tcp - (ip4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	if (type == htons(ETH_P_IP) &&
	    ip >= ETH_HLEN + (int)sizeof(struct iphdr))
		info->gso_type |= SKB_GSO_IPXIP4;
	else if (type == htons(ETH_P_IPV6) &&
		 ip >= ETH_HLEN + (int)sizeof(struct ipv6hdr))
		info->gso_type |= SKB_GSO_IPXIP6;
	else
		return false;

	skb->encapsulation = 1;
	skb_set_inner_protocol(skb, htons(ip4 ? ETH_P_IP : ETH_P_IPV6));
	skb_set_inner_network_header(skb, ip);
	skb_set_inner_transport_header(skb, tcp);
	return true;
}

/* GSO_BY_FRAGS is a size, but not one of segments */
static bool emunic_rx_gso_size(const struct sk_buff *skb, u16 hdr_len, u16 size)
{
	return size && size != GSO_BY_FRAGS && hdr_len < skb->len &&
	       DIV_ROUND_UP(skb->len - hdr_len, size) <= EMUNIC_GSO_MAX_SEGS;
}

static bool emunic_rx_gso(struct sk_buff *skb, const struct emunic_rx_cpl *cpl)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	u16 hdr_len = le16_to_cpu(cpl->hdr_len);
	u16 size = le16_to_cpu(cpl->gso_size);

	if (!emunic_rx_gso_size(skb, hdr_len, size) ||
	    hdr_len > skb_headlen(skb) || skb->ip_summed != CHECKSUM_PARTIAL)
		return false;

	switch (cpl->gso_type) {
	case EMUNIC_GSO_TCPV4:
		info->gso_type = SKB_GSO_TCPV4;
		break;
	case EMUNIC_GSO_TCPV6:
		info->gso_type = SKB_GSO_TCPV6;
		break;
	case EMUNIC_GSO_UDPV4:
	case EMUNIC_GSO_UDPV6:
		info->gso_type = SKB_GSO_UDP_L4;
		break;
	default:
		return false;
	}
	if (!(info->gso_type == SKB_GSO_UDP_L4 ?
	      emunic_rx_gso_udp(skb, hdr_len) :
	      emunic_rx_gso_tcp(skb, hdr_len)))
		return false;

	if ((le16_to_cpu(cpl->flags) & EMUNIC_RX_INNER) &&
	    (info->gso_type == SKB_GSO_UDP_L4 || !emunic_rx_gso_inner(skb)))
		return false;

	/* Another function's word for it: to be checked before it is sent on */
	info->gso_type |= SKB_GSO_DODGY;
	info->gso_size = size;
	info->gso_segs = DIV_ROUND_UP(skb->len - hdr_len, size);
	return true;
}

/* Fills in what the completion says of the frame; false if it makes no sense */
VISIBLE_IF_KUNIT bool emunic_rx_metadata(struct emunic_queue *q,
					 struct sk_buff *skb,
					 const struct emunic_rx_cpl *cpl)
{
	netdev_features_t features = q->emu->netdev->features;
	u16 start = le16_to_cpu(cpl->csum_start);
	u16 flags = le16_to_cpu(cpl->flags);

	if (flags & EMUNIC_RX_CSUM_PARTIAL) {
		/* The stack counts from behind the Ethernet header */
		if (start < ETH_HLEN ||
		    !skb_partial_csum_set(skb, start,
					  le16_to_cpu(cpl->csum_offset)))
			return false;
	} else if ((flags & EMUNIC_RX_CSUM_OK) && (features & NETIF_F_RXCSUM)) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	} else if ((flags & EMUNIC_RX_CSUM_COMPLETE) &&
		   (features & NETIF_F_RXCSUM)) {
		skb->ip_summed = CHECKSUM_COMPLETE;
		skb->csum = csum_unfold((__force __sum16)htons(start));
	}

	if ((flags & EMUNIC_RX_GSO) && !emunic_rx_gso(skb, cpl))
		return false;

	if (flags & EMUNIC_RX_TSTAMP)
		skb_hwtstamps(skb)->hwtstamp =
			ns_to_ktime(le64_to_cpu(cpl->timestamp));

	if (flags & EMUNIC_RX_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q),
				       le16_to_cpu(cpl->vlan_tci));

	if ((flags & EMUNIC_RX_HASH) && (features & NETIF_F_RXHASH))
		skb_set_hash(skb, le32_to_cpu(cpl->hash),
			     cpl->hash_type == EMUNIC_RX_HASH_L4 ?
			     PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);

	return true;
}

static void emunic_rx_account(struct emunic_rx *rx, const struct sk_buff *skb)
{
	struct emunic_rx_stats *stats = &rx->stats;
	u32 segs = skb_shinfo(skb)->gso_segs ?: 1;

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets, segs);
	u64_stats_add(&stats->bytes, skb->len);
	if (skb_is_gso(skb)) {
		u64_stats_inc(&stats->gro_packets);
		u64_stats_add(&stats->gro_wire_packets, segs);
	}
	if (skb->ip_summed == CHECKSUM_NONE)
		u64_stats_inc(&stats->csum_none);
	else if (skb->ip_summed == CHECKSUM_COMPLETE)
		u64_stats_inc(&stats->csum_complete);
	else
		u64_stats_inc(&stats->csum_unnecessary);
	u64_stats_update_end(&stats->syncp);
}

static void emunic_rx_deliver(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;
	struct sk_buff *skb = rx->skb;

	if (unlikely(skb_headlen(skb) < ETH_HLEN ||
		     !emunic_rx_metadata(q, skb, &rx->head))) {
		emunic_rx_inc(rx, &rx->stats.bad_cpl);
		emunic_rx_drop(q);
		return;
	}

	rx->skb = NULL;
	emunic_rx_account(rx, skb);
	skb_record_rx_queue(skb, q->index);
	skb->protocol = eth_type_trans(skb, q->emu->netdev);
	napi_gro_receive(&q->napi, skb);
}

/* The last buffer of a frame has come */
static void emunic_rx_end(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;

	if (rx->mode != EMUNIC_RX_SKB && rx->xdp.frame)
		rx->skb = emunic_xdp_receive(q);
	if (rx->skb)
		emunic_rx_deliver(q);
	rx->skip = false;
}

/* A completion that no sound device writes: nothing after it can be trusted */
static void emunic_rx_broken(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;

	rx->broken = true;
	emunic_rx_inc(rx, &rx->stats.bad_cpl);
	emunic_rx_drop(q);
	q->emu->events.bad_cpls++;
	emunic_health_fault(q, EMUNIC_FAULT_RX_MALFORMED);
}

/**
 * emunic_rx_pending() - is there a completion that was not handled?
 * @rx: Rx half of a queue
 *
 * Return: true if so
 */
bool emunic_rx_pending(const struct emunic_rx *rx)
{
	if (unlikely(rx->broken))
		return false;

	return emunic_entry_is_new(&rx->cpl[rx->clean &
					    emunic_rx_mask(rx)].flags,
				   rx->clean, rx->log2);
}

/* A completion with the wrong phase would end reception, and nobody told */
static bool emunic_rx_gap(const struct emunic_rx *rx)
{
	u32 mask = emunic_rx_mask(rx);

	return !rx->broken &&
	       emunic_ring_gap(&rx->cpl[rx->clean & mask].flags,
			       &rx->cpl[(rx->clean + 1) & mask].flags,
			       rx->clean, rx->log2);
}

/**
 * emunic_rx_poll() - pass received frames up, post new buffers
 * @q: queue pair
 * @budget: frames at most
 *
 * Return: frames handled; @budget if there is more to do
 */
int emunic_rx_poll(struct emunic_queue *q, int budget)
{
	struct emunic_rx *rx = &q->rx;
	int done = 0;

	while (done < budget && emunic_rx_pending(rx)) {
		u32 slot = rx->clean & emunic_rx_mask(rx);
		struct emunic_rx_cpl cpl;
		bool last;
		u32 len;

		emunic_take_entry(&cpl, &rx->cpl[slot], sizeof(cpl));
		len = le32_to_cpu(cpl.len);
		last = cpl.flags & cpu_to_le16(EMUNIC_RX_EOP);
		if (unlikely(!rx->pages[slot] || len > rx->buf_len || !len ||
			     le16_to_cpu(cpl.buf_id) != slot)) {
			emunic_rx_broken(q);
			break;
		}

		if (!rx->within)
			rx->head = cpl;
		if (likely(rx->mode == EMUNIC_RX_SKB))
			emunic_rx_buffer(q, rx->pages[slot], len, last);
		else
			emunic_rx_raw_buffer(q, slot, len);
		rx->pages[slot] = NULL;
		rx->within = !last;
		WRITE_ONCE(rx->clean, rx->clean + 1);
		if (!last)
			continue;

		emunic_rx_end(q);
		done++;
		/* Also meanwhile: a poll may use up more than the ring has */
		if (emunic_rx_missing(rx))
			emunic_rx_fill(q);
	}

	if (unlikely(done < budget && emunic_rx_gap(rx)))
		emunic_rx_broken(q);
	if (rx->mode != EMUNIC_RX_SKB)
		emunic_xdp_flush(q);
	if (emunic_rx_missing(rx) && !emunic_rx_fill(q))
		return budget;

	return done;
}

/**
 * emunic_rx_max_gso() - longest GSO frame that can be received
 *
 * Return: bytes
 */
u32 emunic_rx_max_gso(void)
{
	return min_t(u32, EMUNIC_RX_SKB_MAX, EMUNIC_RX_MAX_GSO_LEN);
}

static int emunic_rx_pool_create(struct emunic_queue *q)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.pool_size = max_t(u32, BIT(q->rx.log2), EMUNIC_RX_POOL_MIN),
		.nid = NUMA_NO_NODE,
		.dev = &q->emu->pdev->dev,
		.netdev = q->emu->netdev,
		.napi = &q->napi,
		.queue_idx = q->index,
		.dma_dir = DMA_FROM_DEVICE,
		.offset = q->rx.headroom,
		.max_len = q->rx.buf_len,
	};
	struct page_pool *pool;

	/* A program may change what it sends back, and make it longer */
	if (q->rx.mode == EMUNIC_RX_XDP) {
		params.dma_dir = DMA_BIDIRECTIONAL;
		params.max_len += EMUNIC_RX_TAILROOM;
	}
	pool = page_pool_create(&params);
	if (IS_ERR(pool))
		return PTR_ERR(pool);

	q->rx.pool = pool;
	return 0;
}

static void emunic_rx_layout(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;

	rx->xsk = q->xsk;
	if (rx->xsk) {
		rx->mode = EMUNIC_RX_XSK;
		rx->buf_len = emunic_xsk_buf_len(rx->xsk);
	} else if (q->emu->xdp_prog) {
		rx->mode = EMUNIC_RX_XDP;
		rx->headroom = XDP_PACKET_HEADROOM;
		rx->buf_len = EMUNIC_RX_XDP_LEN;
	} else {
		rx->mode = EMUNIC_RX_SKB;
		rx->headroom = EMUNIC_RX_HEADROOM;
		rx->buf_len = EMUNIC_RX_BUF_LEN;
	}
}

/**
 * emunic_rx_alloc() - memory of the Rx half, without buffers
 * @q: queue pair; q->rx.shadow is set
 *
 * Return: 0 or an errno; emunic_rx_free() frees what there is
 */
int emunic_rx_alloc(struct emunic_queue *q)
{
	struct device *dev = &q->emu->pdev->dev;
	struct emunic_rx *rx = &q->rx;
	size_t size;
	int err;

	rx->log2 = q->emu->rx_log2;
	rx->posted = 0;
	rx->clean = 0;
	rx->within = false;
	rx->skip = false;
	rx->broken = false;
	emunic_rx_layout(q);

	size = BIT(rx->log2);
	rx->pages = kvcalloc(size, sizeof(*rx->pages), GFP_KERNEL);
	rx->desc = dma_alloc_coherent(dev, size * sizeof(*rx->desc),
				      &rx->desc_dma, GFP_KERNEL);
	rx->cpl = dma_alloc_coherent(dev, size * sizeof(*rx->cpl),
				     &rx->cpl_dma, GFP_KERNEL);
	if (!rx->pages || !rx->desc || !rx->cpl)
		return -ENOMEM;

	if (rx->mode != EMUNIC_RX_XSK) {
		err = emunic_rx_pool_create(q);
		if (err)
			return err;
	}
	if (rx->mode != EMUNIC_RX_SKB)
		return emunic_xdp_rxq_register(q);

	return 0;
}

static void emunic_rx_free_buffers(struct emunic_rx *rx)
{
	u32 i;

	if (rx->skb)
		dev_kfree_skb_any(rx->skb);
	rx->skb = NULL;
	emunic_xdp_discard(rx);
	if (!rx->pages)
		return;

	for (i = 0; i < BIT(rx->log2); i++) {
		if (!rx->pages[i])
			continue;
		if (rx->mode == EMUNIC_RX_XSK)
			xsk_buff_free(rx->xsk_bufs[i]);
		else
			page_pool_put_full_page(rx->pool, rx->pages[i], false);
	}
}

/**
 * emunic_rx_free() - free buffers and memory of the Rx half
 * @q: queue pair, stopped, NAPI disabled
 */
void emunic_rx_free(struct emunic_queue *q)
{
	struct device *dev = &q->emu->pdev->dev;
	size_t size = BIT(q->rx.log2);
	struct emunic_rx *rx = &q->rx;

	emunic_rx_free_buffers(rx);
	emunic_xdp_rxq_unregister(rx);
	page_pool_destroy(rx->pool);

	if (rx->cpl)
		dma_free_coherent(dev, size * sizeof(*rx->cpl), rx->cpl,
				  rx->cpl_dma);
	if (rx->desc)
		dma_free_coherent(dev, size * sizeof(*rx->desc), rx->desc,
				  rx->desc_dma);
	kvfree(rx->pages);
	rx->pool = NULL;
	rx->xsk = NULL;
	rx->cpl = NULL;
	rx->desc = NULL;
	rx->pages = NULL;
}

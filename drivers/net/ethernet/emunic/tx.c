// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: transmit.
 *
 * Small frames, and the small heads of large ones, are copied into a bounce
 * ring that is mapped for good. What is left of a frame is mapped in one go, so
 * that unmapping it costs the IOMMU one invalidation at most.
 */
#include <linux/dma-mapping.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/netdev_queues.h>
#include <net/xdp_sock_drv.h>

#include "emunic.h"
#include "devlink.h"
#include "kunit.h"
#include "ring.h"

/* Completions that one poll may handle */
#define EMUNIC_TX_POLL_MAX	256

VISIBLE_IF_KUNIT unsigned int
emunic_tx_wake_level(const struct emunic_tx *tx)
{
	return min_t(unsigned int, BIT(tx->log2), 2 * EMUNIC_TX_FRAME_DESCS);
}

static bool emunic_tx_stamped(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->tx_flags & SKBTX_IN_PROGRESS;
}

static bool emunic_tx_needs_meta(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL ||
	       skb_vlan_tag_present(skb) || emunic_tx_stamped(skb);
}

static u8 emunic_tx_gso_type(const struct sk_buff *skb)
{
	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4))
		return skb_is_gso_v6(skb) ? EMUNIC_GSO_TCPV6 : EMUNIC_GSO_TCPV4;

	return vlan_get_protocol(skb) == htons(ETH_P_IPV6) ? EMUNIC_GSO_UDPV6 :
							     EMUNIC_GSO_UDPV4;
}

/**
 * emunic_tx_gso_hdr_len() - length of the headers that segments repeat
 * @skb: GSO frame
 *
 * Return: bytes
 */
u32 emunic_tx_gso_hdr_len(const struct sk_buff *skb)
{
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4)
		return skb_transport_offset(skb) + sizeof(struct udphdr);

	return skb->encapsulation ? skb_inner_tcp_all_headers(skb) :
				    skb_tcp_all_headers(skb);
}

VISIBLE_IF_KUNIT void emunic_tx_put_meta(struct emunic_tx *tx, u32 index,
					 const struct sk_buff *skb)
{
	struct emunic_tx_meta *meta;
	u16 flags = EMUNIC_TX_META;

	meta = (void *)&tx->desc[index & emunic_tx_mask(tx)];
	memset(meta, 0, sizeof(*meta));

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		flags |= EMUNIC_TX_CSUM;
		meta->csum_start = cpu_to_le16(skb_checksum_start_offset(skb));
		meta->csum_offset = cpu_to_le16(skb->csum_offset);
	}
	if (skb_is_gso(skb)) {
		flags |= EMUNIC_TX_GSO;
		meta->gso_size = cpu_to_le16(skb_shinfo(skb)->gso_size);
		meta->gso_type = emunic_tx_gso_type(skb);
		meta->hdr_len = cpu_to_le16(emunic_tx_gso_hdr_len(skb));
		if (skb->encapsulation) {
			flags |= EMUNIC_TX_INNER;
			meta->inner_l3 =
				cpu_to_le16(skb_inner_network_offset(skb));
		}
	}
	if (skb_vlan_tag_present(skb)) {
		flags |= EMUNIC_TX_VLAN;
		meta->vlan_tci = cpu_to_le16(skb_vlan_tag_get(skb));
	}
	if (emunic_tx_stamped(skb))
		flags |= EMUNIC_TX_TSTAMP;
	meta->flags = cpu_to_le16(flags);
}

/* Copies the first @len bytes of the frame into the bounce slot of @index */
static void emunic_tx_put_copy(struct emunic_tx *tx, u32 index,
			       const struct sk_buff *skb, u32 len)
{
	u32 at = (index & emunic_tx_mask(tx)) * EMUNIC_TX_COPY_MAX;

	skb_copy_bits(skb, 0, tx->bounce + at, len);
	emunic_tx_put_desc(tx, index, tx->bounce_dma + at, len);
}

static int emunic_tx_put_single(struct device *dev, struct emunic_tx *tx,
				struct emunic_tx_buf *buf, u32 index,
				const struct emunic_tx_pieces *pieces)
{
	const skb_frag_t *frag = pieces->frags;

	if (pieces->head_len) {
		buf->len = pieces->head_len;
		buf->addr = dma_map_single(dev, pieces->head, buf->len,
					   DMA_TO_DEVICE);
	} else {
		buf->len = skb_frag_size(frag);
		buf->addr = skb_frag_dma_map(dev, frag, 0, buf->len,
					     DMA_TO_DEVICE);
	}
	if (dma_mapping_error(dev, buf->addr)) {
		buf->len = 0;
		return -ENOMEM;
	}

	emunic_tx_put_desc(tx, index, buf->addr, buf->len);
	return 1;
}

/* Adds a piece of the frame to a list, as parts that a descriptor can say */
VISIBLE_IF_KUNIT struct scatterlist *
emunic_tx_sg_add(struct scatterlist *s, struct page *page, u32 len, u32 offset)
{
	u32 part;

	for (; len; len -= part, offset += part) {
		part = min_t(u32, len, EMUNIC_TX_DESC_MAX);
		sg_set_page(s++, page, part, offset);
	}

	return s;
}

/*
 * The entry of a list behind those that an IOMMU has left of it tells the unmap
 * where to end. It is at the next frame's place if this one has no descriptor
 * but those of the list: then it gets one that says nothing. True if so.
 */
VISIBLE_IF_KUNIT bool emunic_tx_end_list(struct emunic_tx *tx, u32 index,
					 const struct scatterlist *sg,
					 int nents, int count)
{
	struct emunic_tx_meta *meta;
	u32 slot = index & emunic_tx_mask(tx);

	if (count == nents || sg != &tx->sg[slot])
		return false;

	meta = (void *)&tx->desc[slot];
	memset(meta, 0, sizeof(*meta));
	meta->flags = cpu_to_le16(EMUNIC_TX_META);

	return true;
}

/* Maps the pieces as one list, which an IOMMU makes one range of addresses */
static int emunic_tx_put_list(struct device *dev, struct emunic_tx *tx,
			      struct emunic_tx_buf *buf, u32 index,
			      const struct emunic_tx_pieces *pieces)
{
	struct scatterlist *sg = &tx->sg[buf - tx->buf], *s = sg;
	int nents = pieces->nr_frags + !!pieces->head_len;
	int i, count, meta;

	sg_init_table(sg, nents + EMUNIC_TX_SPLITS);
	if (pieces->head_len)
		s = emunic_tx_sg_add(s, virt_to_page(pieces->head),
				     pieces->head_len,
				     offset_in_page(pieces->head));
	for (i = 0; i < pieces->nr_frags; i++) {
		const skb_frag_t *frag = &pieces->frags[i];

		s = emunic_tx_sg_add(s, skb_frag_page(frag),
				     skb_frag_size(frag), skb_frag_off(frag));
	}
	sg_mark_end(s - 1);
	nents = s - sg;

	count = dma_map_sg(dev, sg, nents, DMA_TO_DEVICE);
	if (!count)
		return -ENOMEM;

	buf->nents = nents;
	meta = emunic_tx_end_list(tx, index, sg, nents, count);
	for_each_sg(sg, s, count, i)
		emunic_tx_put_desc(tx, index + meta + i, sg_dma_address(s),
				   sg_dma_len(s));

	return meta + count;
}

/**
 * emunic_tx_put_mapped() - map the pieces of a frame and describe them
 * @dev: the device
 * @tx: Tx half of a queue
 * @buf: the frame's entry, which keeps the mapping
 * @index: first descriptor to write
 * @pieces: what to map; not nothing
 *
 * Return: number of descriptors written, or an errno
 */
int emunic_tx_put_mapped(struct device *dev, struct emunic_tx *tx,
			 struct emunic_tx_buf *buf, u32 index,
			 const struct emunic_tx_pieces *pieces)
{
	u32 len = pieces->head_len;

	if (pieces->nr_frags)
		len = len ? U32_MAX : skb_frag_size(pieces->frags);
	if (pieces->nr_frags <= 1 && len <= EMUNIC_TX_DESC_MAX)
		return emunic_tx_put_single(dev, tx, buf, index, pieces);

	return emunic_tx_put_list(dev, tx, buf, index, pieces);
}

/* Returns the number of descriptors written from @index on, or an errno */
static int emunic_tx_put_data(struct device *dev, struct emunic_tx *tx,
			      struct emunic_tx_buf *buf, u32 index,
			      struct sk_buff *skb)
{
	struct emunic_tx_pieces pieces = {
		.frags = skb_shinfo(skb)->frags,
		.nr_frags = skb_shinfo(skb)->nr_frags,
	};
	int copied = 0;
	int count;

	if (skb->len <= EMUNIC_TX_COPY_MAX) {
		emunic_tx_put_copy(tx, index, skb, skb->len);
		return 1;
	}
	if (skb_headlen(skb) <= EMUNIC_TX_COPY_MAX) {
		emunic_tx_put_copy(tx, index, skb, skb_headlen(skb));
		copied = 1;
	} else {
		pieces.head = skb->data;
		pieces.head_len = skb_headlen(skb);
	}

	count = emunic_tx_put_mapped(dev, tx, buf, index + copied, &pieces);

	return count < 0 ? count : count + copied;
}

static void emunic_tx_unmap(struct device *dev, struct emunic_tx *tx,
			    struct emunic_tx_buf *buf)
{
	if (buf->nents)
		dma_unmap_sg(dev, &tx->sg[buf - tx->buf], buf->nents,
			     DMA_TO_DEVICE);
	else if (buf->len)
		dma_unmap_page(dev, buf->addr, buf->len, DMA_TO_DEVICE);

	buf->nents = 0;
	buf->len = 0;
}

/**
 * emunic_tx_publish() - tell the device of all descriptors written
 * @q: queue pair
 *
 * Kicks the device if it sleeps.
 */
void emunic_tx_publish(struct emunic_queue *q)
{
	struct emunic_tx *tx = &q->tx;
	u32 old = tx->published;
	u32 event;

	if (tx->next == old)
		return;

	/* What the frames left for their release, before a completion of them */
	smp_store_release(&tx->published, tx->next);
	/* Descriptors before the tail */
	dma_wmb();
	WRITE_ONCE(tx->shadow->sq_tail, cpu_to_le32(tx->next));

	/*
	 * The tail before the look at sq_event; the device writes sq_event
	 * before its last look at the tail.
	 */
	mb();
	event = le32_to_cpu(READ_ONCE(tx->shadow->sq_event));
	if (!EMUNIC_INDEX_PASSED(event, tx->next, old))
		return;

	emunic_wr32(q->emu, EMUNIC_KICK, BIT(q->index));
	u64_stats_update_begin(&tx->stats.xmit_syncp);
	u64_stats_inc(&tx->stats.kicks);
	u64_stats_update_end(&tx->stats.xmit_syncp);
}

static void emunic_tx_count(struct emunic_tx *tx, const struct sk_buff *skb,
			    const struct emunic_tx_buf *buf, bool stopped)
{
	struct emunic_tx_stats *stats = &tx->stats;

	u64_stats_update_begin(&stats->xmit_syncp);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		u64_stats_inc(&stats->csum);
	if (buf->nents || buf->len)
		u64_stats_inc(&stats->mapped);
	else
		u64_stats_inc(&stats->copied);
	if (stopped)
		u64_stats_inc(&stats->stops);
	u64_stats_update_end(&stats->xmit_syncp);
}

static netdev_tx_t emunic_tx_drop(struct emunic_queue *q, struct sk_buff *skb)
{
	struct emunic_tx_stats *stats = &q->tx.stats;

	u64_stats_update_begin(&stats->xmit_syncp);
	u64_stats_inc(&stats->dropped);
	u64_stats_update_end(&stats->xmit_syncp);
	dev_kfree_skb_any(skb);

	/* Frames before this one may have relied on it to tell the device */
	if (!netdev_xmit_more())
		emunic_tx_publish(q);

	return NETDEV_TX_OK;
}

/* Writes the descriptors of a frame; returns the index after it, or an errno */
static int emunic_tx_put_frame(struct emunic_queue *q, struct sk_buff *skb,
			       struct emunic_tx_buf *buf, u32 *next)
{
	struct emunic_tx *tx = &q->tx;
	u32 index = tx->next;
	int count;

	if (skb_shinfo(skb)->nr_frags > EMUNIC_TX_MAX_FRAGS) {
		count = skb_linearize(skb);
		if (count)
			return count;
	}

	if ((skb_shinfo(skb)->tx_flags & SKBTX_HW_TSTAMP) &&
	    READ_ONCE(q->emu->clock.tx_on))
		skb_shinfo(skb)->tx_flags |= SKBTX_IN_PROGRESS;
	if (emunic_tx_needs_meta(skb))
		emunic_tx_put_meta(tx, index++, skb);

	count = emunic_tx_put_data(&q->emu->pdev->dev, tx, buf, index, skb);
	if (count < 0)
		return count;

	index += count;
	emunic_tx_put_eop(tx, index);
	*next = index;
	return 0;
}

/**
 * emunic_tx_xmit() - ndo_start_xmit
 * @skb: the frame
 * @netdev: the device
 *
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY when the ring is full
 */
netdev_tx_t emunic_tx_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_tx_buf *buf;
	struct netdev_queue *txq;
	struct emunic_queue *q;
	struct emunic_tx *tx;
	bool more, stopped;
	u32 next;

	q = emu->queues[skb_get_queue_mapping(skb)];
	/* Who goes past the qdiscs can be late for a pair that went */
	if (unlikely(!q || !q->tx.enabled)) {
		dev_core_stats_tx_dropped_inc(netdev);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	txq = netdev_get_tx_queue(netdev, q->index);
	tx = &q->tx;

	if (unlikely(emunic_tx_avail(tx) < EMUNIC_TX_FRAME_DESCS)) {
		emunic_tx_publish(q);
		/* XDP has filled the ring, or has found room in it since */
		if (!netif_txq_try_stop(txq, emunic_tx_avail(tx),
					EMUNIC_TX_FRAME_DESCS))
			return NETDEV_TX_BUSY;
	}

	buf = &tx->buf[tx->next & emunic_tx_mask(tx)];
	if (unlikely(emunic_tx_remove_jumbo(skb) ||
		     emunic_tx_put_frame(q, skb, buf, &next)))
		return emunic_tx_drop(q, skb);

	buf->kind = EMUNIC_TX_SKB;
	buf->skb = skb;
	buf->next = next;
	buf->segs = skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
	buf->wire_bytes = skb->len;
	if (skb_is_gso(skb))
		buf->wire_bytes += (buf->segs - 1) * emunic_tx_gso_hdr_len(skb);
	skb_tx_timestamp(skb);
	WRITE_ONCE(tx->next, next);

	more = netdev_xmit_more();
	more = !__netdev_tx_sent_queue(txq, buf->wire_bytes, more);
	stopped = netif_txq_maybe_stop(txq, emunic_tx_avail(tx),
				       EMUNIC_TX_FRAME_DESCS,
				       emunic_tx_wake_level(tx)) == 0;
	emunic_tx_count(tx, skb, buf, stopped);
	if (!more || stopped)
		emunic_tx_publish(q);

	return NETDEV_TX_OK;
}

/* A frame with a timestamp has a completion of its own */
static void emunic_tx_stamp(struct sk_buff *skb, u64 ns)
{
	struct skb_shared_hwtstamps stamps = {
		.hwtstamp = ns_to_ktime(ns),
	};

	if (emunic_tx_stamped(skb))
		skb_tstamp_tx(skb, &stamps);
}

static void emunic_tx_release_skb(struct emunic_tx_buf *buf,
				  const struct emunic_tx_cpl *cpl, int budget,
				  struct emunic_tx_done *done)
{
	done->skb_bytes += buf->wire_bytes;
	if (cpl->status != EMUNIC_TX_STATUS_OK) {
		done->refused++;
	} else {
		emunic_tx_stamp(buf->skb, le64_to_cpu(cpl->timestamp));
		if (skb_is_gso(buf->skb)) {
			done->gso_packets++;
			done->gso_wire_packets += buf->segs;
		}
	}
	napi_consume_skb(buf->skb, budget);
}

/*
 * Gives back the frames before the end that @cpl tells of; false if that ends
 * none of them
 */
VISIBLE_IF_KUNIT bool emunic_tx_release(struct emunic_queue *q,
					const struct emunic_tx_cpl *cpl,
					int budget, struct emunic_tx_done *done)
{
	bool error = cpl->status != EMUNIC_TX_STATUS_OK;
	u32 head = le32_to_cpu(cpl->sq_head);
	struct emunic_tx *tx = &q->tx;
	u32 clean = tx->clean;

	/* What is behind that its sender still writes */
	if (!emunic_index_within(head, clean, smp_load_acquire(&tx->published)))
		return false;

	while (clean != head) {
		struct emunic_tx_buf *buf;

		buf = &tx->buf[clean & emunic_tx_mask(tx)];
		if (!buf->kind || !emunic_index_within(buf->next, clean, head))
			return false;

		emunic_tx_unmap(&q->emu->pdev->dev, tx, buf);
		done->frames++;
		done->bytes += buf->wire_bytes;
		if (error)
			done->errors += buf->segs;
		else
			done->packets += buf->segs;
		if (likely(buf->kind == EMUNIC_TX_SKB))
			emunic_tx_release_skb(buf, cpl, budget, done);
		else if (buf->kind == EMUNIC_TX_XSK)
			done->xsk_descs += buf->next - clean;
		else if (buf->kind == EMUNIC_TX_XDP_OWN)
			xdp_return_frame_rx_napi(buf->xdpf);
		else
			xdp_return_frame(buf->xdpf);
		buf->kind = EMUNIC_TX_NONE;
		clean = buf->next;
		WRITE_ONCE(tx->clean, clean);
	}

	return true;
}

static void emunic_tx_account(struct emunic_queue *q,
			      const struct emunic_tx_done *done)
{
	struct netdev_queue *txq;
	struct emunic_tx_stats *stats = &q->tx.stats;
	int woken;

	if (!done->skb_bytes) {
		/* As BQL has one: pairs with that of who stops the queue */
		smp_mb();
	}
	txq = netdev_get_tx_queue(q->emu->netdev, q->index);
	woken = __netif_txq_completed_wake(txq, done->frames, done->skb_bytes,
					   emunic_tx_avail(&q->tx),
					   emunic_tx_wake_level(&q->tx),
					   !READ_ONCE(q->tx.enabled));
	if (done->xsk_descs)
		xsk_tx_completed(q->tx.xsk, done->xsk_descs);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets, done->packets);
	u64_stats_add(&stats->bytes, done->bytes);
	u64_stats_add(&stats->gso_packets, done->gso_packets);
	u64_stats_add(&stats->gso_wire_packets, done->gso_wire_packets);
	u64_stats_add(&stats->errors, done->errors);
	if (!woken)
		u64_stats_inc(&stats->wakes);
	u64_stats_update_end(&stats->syncp);
}

/**
 * emunic_tx_pending() - is there a completion that was not handled?
 * @tx: Tx half of a queue
 *
 * Return: true if so
 */
bool emunic_tx_pending(const struct emunic_tx *tx)
{
	return emunic_entry_is_new(&tx->cpl[tx->cq_next &
					    emunic_tx_mask(tx)].flags,
				   tx->cq_next, tx->log2);
}

/**
 * emunic_tx_clean() - handle Tx completions
 * @q: queue pair
 * @budget: of NAPI; 0 outside of it, where interrupts may be off and only skbs
 *          can be given back
 *
 * Return: true if more may be waiting
 */
bool emunic_tx_clean(struct emunic_queue *q, int budget)
{
	struct emunic_tx_done done = {};
	struct emunic_tx *tx = &q->tx;
	int limit = EMUNIC_TX_POLL_MAX;

	if (unlikely(!budget && READ_ONCE(tx->raw)))
		return false;

	while (limit && emunic_tx_pending(tx)) {
		u32 slot = tx->cq_next & emunic_tx_mask(tx);
		struct emunic_tx_cpl cpl;

		emunic_take_entry(&cpl, &tx->cpl[slot], sizeof(cpl));
		if (!emunic_tx_release(q, &cpl, budget, &done)) {
			q->emu->events.bad_cpls++;
			emunic_health_fault(q, EMUNIC_FAULT_TX_MALFORMED);
			limit = 1;
		}
		WRITE_ONCE(tx->cq_next, tx->cq_next + 1);
		limit--;
	}

	if (done.frames)
		emunic_tx_account(q, &done);
	/* What XDP sends is not the stack's nor the driver's mistake */
	if (unlikely(done.refused))
		emunic_health_fault(q, EMUNIC_FAULT_TX_REFUSED);

	return !limit && emunic_tx_pending(tx);
}

/**
 * emunic_tx_alloc() - memory of the Tx half
 * @q: queue pair; q->tx.shadow is set
 *
 * Return: 0 or -ENOMEM; emunic_tx_free() frees what there is
 */
int emunic_tx_alloc(struct emunic_queue *q)
{
	struct device *dev = &q->emu->pdev->dev;
	struct emunic_tx *tx = &q->tx;
	size_t size;

	tx->xsk = q->xsk;
	tx->raw = false;
	tx->log2 = q->emu->tx_log2;
	tx->next = 0;
	tx->published = 0;
	tx->clean = 0;
	tx->cq_next = 0;

	size = BIT(tx->log2);
	tx->buf = kvcalloc(size, sizeof(*tx->buf), GFP_KERNEL);
	tx->sg = kvcalloc(size + EMUNIC_TX_FRAME_DESCS, sizeof(*tx->sg),
			  GFP_KERNEL);
	tx->desc = dma_alloc_coherent(dev, size * sizeof(*tx->desc),
				      &tx->desc_dma, GFP_KERNEL);
	tx->cpl = dma_alloc_coherent(dev, size * sizeof(*tx->cpl),
				     &tx->cpl_dma, GFP_KERNEL);
	tx->bounce = dma_alloc_coherent(dev, size * EMUNIC_TX_COPY_MAX,
					&tx->bounce_dma, GFP_KERNEL);
	if (!tx->buf || !tx->sg || !tx->desc || !tx->cpl || !tx->bounce)
		return -ENOMEM;

	return 0;
}

static void emunic_tx_free_frames(struct emunic_queue *q)
{
	struct emunic_tx *tx = &q->tx;
	u32 xsk_descs = 0;
	u32 i;

	if (!tx->buf)
		return;

	for (i = 0; i < BIT(tx->log2); i++) {
		struct emunic_tx_buf *buf = &tx->buf[i];

		if (!buf->kind)
			continue;
		emunic_tx_unmap(&q->emu->pdev->dev, tx, buf);
		if (buf->kind == EMUNIC_TX_SKB)
			dev_kfree_skb_any(buf->skb);
		else if (buf->kind == EMUNIC_TX_XSK)
			xsk_descs += (buf->next - i) & emunic_tx_mask(tx);
		else
			xdp_return_frame(buf->xdpf);
		buf->kind = EMUNIC_TX_NONE;
	}
	if (xsk_descs)
		xsk_tx_completed(tx->xsk, xsk_descs);
	netdev_tx_reset_queue(netdev_get_tx_queue(q->emu->netdev, q->index));
}

/**
 * emunic_tx_free() - drop frames not sent, free the memory of the Tx half
 * @q: queue pair, stopped
 */
void emunic_tx_free(struct emunic_queue *q)
{
	struct device *dev = &q->emu->pdev->dev;
	size_t size = BIT(q->tx.log2);
	struct emunic_tx *tx = &q->tx;

	emunic_tx_free_frames(q);

	if (tx->bounce)
		dma_free_coherent(dev, size * EMUNIC_TX_COPY_MAX, tx->bounce,
				  tx->bounce_dma);
	if (tx->cpl)
		dma_free_coherent(dev, size * sizeof(*tx->cpl), tx->cpl,
				  tx->cpl_dma);
	if (tx->desc)
		dma_free_coherent(dev, size * sizeof(*tx->desc), tx->desc,
				  tx->desc_dma);
	kvfree(tx->sg);
	kvfree(tx->buf);
	tx->xsk = NULL;
	tx->bounce = NULL;
	tx->cpl = NULL;
	tx->desc = NULL;
	tx->sg = NULL;
	tx->buf = NULL;
}

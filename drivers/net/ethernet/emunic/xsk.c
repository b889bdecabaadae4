// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: AF_XDP with zero copy.
 *
 * The rings of a pair that a socket is bound to use the socket's memory, with a
 * program or without. The pair alone is restarted for it.
 */
#include <linux/dma-mapping.h>
#include <net/xdp_sock_drv.h>

#include "emunic.h"
#include "ring.h"
#include "xdp.h"

/* Descriptors that one poll may send */
#define EMUNIC_XSK_TX_MAX	64

static bool emunic_xsk_takes_frags(const struct xsk_buff_pool *pool)
{
	return pool->umem->flags & XDP_UMEM_SG_FLAG;
}

/**
 * emunic_xsk_buf_len() - bytes that the device may write into a buffer
 * @pool: a socket's memory
 *
 * Return: that many
 */
u32 emunic_xsk_buf_len(struct xsk_buff_pool *pool)
{
	return min_t(u32, xsk_pool_get_rx_frame_size(pool), EMUNIC_RX_BUF_MAX);
}

/**
 * emunic_xsk_mtu_ok() - can all bound sockets take frames of an MTU?
 * @emu: the function
 * @mtu: the MTU
 *
 * Context: RTNL
 * Return: true if so
 */
bool emunic_xsk_mtu_ok(const struct emunic *emu, int mtu)
{
	unsigned int i;

	for (i = 0; i < EMUNIC_MAX_QUEUES && emu->num_xsk; i++) {
		struct emunic_queue *q = emu->queues[i];

		if (!q || !q->xsk || emunic_xsk_takes_frags(q->xsk))
			continue;
		if (mtu + EMUNIC_FRAME_OVERHEAD > emunic_xsk_buf_len(q->xsk))
			return false;
	}

	return true;
}

static void emunic_xsk_features_update(struct emunic *emu)
{
	netdev_update_features(emu->netdev);
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_rx_features_update(emu);
}

/* Makes the rings of a pair anew with what q->xsk says */
static int emunic_xsk_apply(struct emunic_queue *q)
{
	struct emunic *emu = q->emu;
	int err = 0;

	/* A socket's ring never meets frames that are not as on a wire */
	if (q->xsk)
		emunic_xsk_features_update(emu);
	if (test_bit(EMUNIC_STATE_UP, &emu->state) &&
	    q->index < emu->num_queues)
		err = emunic_queue_restart(q);
	if (!q->xsk)
		emunic_xsk_features_update(emu);

	return err;
}

static void emunic_xsk_set(struct emunic_queue *q, struct xsk_buff_pool *pool)
{
	if (!q->xsk != !pool)
		q->emu->num_xsk += pool ? 1 : -1;
	WRITE_ONCE(q->xsk, pool);
}

static int emunic_xsk_enable(struct emunic_queue *q, struct xsk_buff_pool *pool)
{
	int err;

	if (emunic_xsk_buf_len(pool) < EMUNIC_RX_BUF_MIN)
		return -EINVAL;

	err = xsk_pool_dma_map(pool, &q->emu->pdev->dev, 0);
	if (err)
		return err;

	emunic_xsk_set(q, pool);
	err = emunic_xsk_apply(q);
	if (!err)
		return 0;

	emunic_xsk_set(q, NULL);
	/* Memory was enough before; if not now, the service work goes on */
	if (emunic_xsk_apply(q))
		emunic_service_request(q->emu, EMUNIC_SVC_RESTART);
	xsk_pool_dma_unmap(pool, 0);

	return err;
}

/* Cannot fail: the socket goes. A pair that does not come up is tried again. */
static void emunic_xsk_disable(struct emunic_queue *q)
{
	struct xsk_buff_pool *pool = q->xsk;

	emunic_xsk_set(q, NULL);
	if (emunic_xsk_apply(q))
		emunic_service_request(q->emu, EMUNIC_SVC_RESTART);
	xsk_pool_dma_unmap(pool, 0);
}

/**
 * emunic_xsk_setup() - a socket is bound to a queue, or leaves it
 * @emu: the function
 * @pool: the socket's memory, or NULL
 * @qid: the queue
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_xsk_setup(struct emunic *emu, struct xsk_buff_pool *pool, u16 qid)
{
	struct emunic_queue *q;

	if (qid >= emu->max_queues)
		return -EINVAL;
	q = emunic_queue_get(emu, qid);
	if (!q)
		return -ENOMEM;

	if (pool)
		return q->xsk ? -EBUSY : emunic_xsk_enable(q, pool);
	if (!q->xsk)
		return -EINVAL;

	emunic_xsk_disable(q);
	return 0;
}

/**
 * emunic_xsk_wakeup() - ndo_xsk_wakeup
 * @netdev: the device
 * @qid: the queue
 * @flags: XDP_WAKEUP_*
 *
 * One poll does all there is to do.
 *
 * Context: any but hard interrupts, RCU
 * Return: 0 or an errno
 */
int emunic_xsk_wakeup(struct net_device *netdev, u32 qid, u32 flags)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_queue *q;

	if (!test_bit(EMUNIC_STATE_UP, &emu->state))
		return -ENETDOWN;
	if (qid >= READ_ONCE(emu->num_queues))
		return -EINVAL;
	/* Pairs with smp_store_release() in emunic_queue_get() */
	q = smp_load_acquire(&emu->queues[qid]);
	if (!q || !READ_ONCE(q->xsk))
		return -EINVAL;

	if (!napi_if_scheduled_mark_missed(&q->napi)) {
		local_bh_disable();
		napi_schedule(&q->napi);
		local_bh_enable();
	}

	return 0;
}

/* Posts what buffers the socket has given, up to a full ring */
static bool emunic_xsk_post(struct emunic_rx *rx)
{
	u32 end = rx->clean + BIT(rx->log2);

	while (rx->posted != end) {
		u32 slot = rx->posted & emunic_rx_mask(rx);
		u32 want = min(end - rx->posted, BIT(rx->log2) - slot);
		u32 i, got;

		got = xsk_buff_alloc_batch(rx->xsk, &rx->xsk_bufs[slot], want);
		for (i = 0; i < got; i++) {
			struct emunic_rx_desc *desc = &rx->desc[slot + i];
			struct xdp_buff *xdp = rx->xsk_bufs[slot + i];

			desc->addr = cpu_to_le64(xsk_buff_xdp_get_dma(xdp));
			desc->len = cpu_to_le32(rx->buf_len);
			desc->buf_id = cpu_to_le16(slot + i);
			desc->reserved = 0;
		}
		rx->posted += got;
		if (!got)
			return false;
	}

	return true;
}

/**
 * emunic_xsk_fill() - post the socket's buffers
 * @q: queue pair in EMUNIC_RX_XSK
 *
 * Return: false if there are not enough and nobody will tell when there are
 */
bool emunic_xsk_fill(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;

	if (likely(emunic_xsk_post(rx)))
		goto enough;

	if (!xsk_uses_need_wakeup(rx->xsk))
		return false;

	xsk_set_rx_need_wakeup(rx->xsk);
	/* The flag before the last look; the socket fills, then looks at it */
	smp_mb();
	if (!emunic_xsk_post(rx))
		return true;
enough:
	if (xsk_uses_need_wakeup(rx->xsk))
		xsk_clear_rx_need_wakeup(rx->xsk);
	return true;
}

/**
 * emunic_xsk_buffer() - add a buffer to the frame being received
 * @rx: Rx half of a queue in EMUNIC_RX_XSK
 * @xdp: the buffer, which is taken over
 * @len: bytes in it
 *
 * Return: false if it was dropped and the frame has to be
 */
bool emunic_xsk_buffer(struct emunic_rx *rx, struct xdp_buff *xdp, u32 len)
{
	XSK_CHECK_PRIV_TYPE(struct emunic_xdp_buff);

	xsk_buff_set_size(xdp, len);
	xsk_buff_dma_sync_for_cpu(xdp);

	if (rx->skip)
		goto drop;

	if (!rx->xdp.frame) {
		((struct emunic_xdp_buff *)xdp)->rx = rx;
		rx->xdp.frame = xdp;
		return true;
	}
	/* Without that, there is no room for a list of fragments */
	if (emunic_xsk_takes_frags(rx->xsk) &&
	    xsk_buff_add_frag(rx->xdp.frame, xdp))
		return true;

drop:
	xsk_buff_free(xdp);
	return false;
}

/**
 * emunic_xsk_build_skb() - copy a frame for the stack
 * @q: queue pair
 * @xdp: the frame, freed on success
 *
 * Return: the copy, NULL without memory
 */
struct sk_buff *emunic_xsk_build_skb(struct emunic_queue *q,
				     struct xdp_buff *xdp)
{
	u32 metalen = xdp->data - xdp->data_meta;
	const struct skb_shared_info *info;
	struct sk_buff *skb;
	int i;

	skb = napi_alloc_skb(&q->napi, xdp_get_buff_len(xdp) + metalen);
	if (unlikely(!skb))
		return NULL;

	skb_put_data(skb, xdp->data_meta, xdp->data_end - xdp->data_meta);
	if (metalen) {
		skb_metadata_set(skb, metalen);
		__skb_pull(skb, metalen);
	}
	if (xdp_buff_has_frags(xdp)) {
		info = xdp_get_shared_info_from_buff(xdp);
		for (i = 0; i < info->nr_frags; i++)
			skb_put_data(skb, skb_frag_address(&info->frags[i]),
				     skb_frag_size(&info->frags[i]));
	}
	xsk_buff_free(xdp);

	return skb;
}

/* Writes one descriptor of the socket; true if it ends a frame */
static bool emunic_xsk_put(struct emunic_tx *tx, u32 index,
			   const struct xdp_desc *desc)
{
	dma_addr_t addr = xsk_buff_raw_get_dma(tx->xsk, desc->addr);

	xsk_buff_raw_dma_sync_for_device(tx->xsk, addr, desc->len);
	emunic_tx_put_desc(tx, index, addr, desc->len);

	return xsk_is_eop_desc(desc);
}

/*
 * Sends the first @n descriptors that the socket has given. They are whole
 * frames, unless several sockets without fragments share the memory: the core
 * does not look there whether a descriptor says that another one follows.
 */
static void emunic_xsk_put_frames(struct emunic_tx *tx, u32 n)
{
	struct emunic_tx_buf *buf = NULL;
	u32 next = tx->next;
	u32 frames = 0;
	u32 first = 0;
	u32 i;

	for (i = 0; i < n; i++, next++) {
		const struct xdp_desc *desc = &tx->xsk->tx_descs[i];

		if (!buf) {
			buf = &tx->buf[next & emunic_tx_mask(tx)];
			buf->wire_bytes = 0;
			first = i;
		}
		buf->wire_bytes += desc->len;
		if (!emunic_xsk_put(tx, next, desc) && i + 1 < n &&
		    i + 1 - first < EMUNIC_TX_MAX_DESCS)
			continue;

		emunic_tx_put_eop(tx, next + 1);
		buf->kind = EMUNIC_TX_XSK;
		buf->segs = 1;
		buf->next = next + 1;
		buf = NULL;
		frames++;
	}
	WRITE_ONCE(tx->next, next);

	u64_stats_update_begin(&tx->stats.xmit_syncp);
	u64_stats_add(&tx->stats.xdp, frames);
	u64_stats_update_end(&tx->stats.xmit_syncp);
}

/**
 * emunic_xsk_xmit() - send what the socket has given
 * @q: queue pair with a socket
 *
 * The socket always has to wake the queue: the poll ends when it has nothing
 * more to send.
 *
 * Return: true if there may be more
 */
bool emunic_xsk_xmit(struct emunic_queue *q)
{
	struct emunic_tx *tx = &q->tx;
	struct netdev_queue *txq;
	u32 room, n = 0;

	txq = netdev_get_tx_queue(q->emu->netdev, q->index);
	__netif_tx_lock(txq, smp_processor_id());
	room = emunic_tx_avail(tx);
	if (likely(tx->enabled && room >= EMUNIC_TX_FRAME_DESCS)) {
		n = xsk_tx_peek_release_desc_batch(tx->xsk,
						   min(room,
						       EMUNIC_XSK_TX_MAX));
		if (n) {
			WRITE_ONCE(tx->raw, true);
			txq_trans_cond_update(txq);
			emunic_xsk_put_frames(tx, n);
			emunic_tx_publish(q);
		}
	}
	__netif_tx_unlock(txq);
	if (xsk_uses_need_wakeup(tx->xsk))
		xsk_set_tx_need_wakeup(tx->xsk);

	return n == EMUNIC_XSK_TX_MAX;
}

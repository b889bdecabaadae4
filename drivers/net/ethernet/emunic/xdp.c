// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: XDP programs.
 *
 * With a program, Rx buffers leave it room before and behind a frame, and the
 * device is told to deliver frames as they would be on a wire: segmented, their
 * checksums finished. That is another layout of the rings, so the path goes
 * down and up when the first program comes and when the last one goes; one
 * program takes over from another under traffic.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <net/page_pool/helpers.h>
#include <net/xdp_sock_drv.h>

#include "emunic.h"
#include "ring.h"
#include "xdp.h"

/**
 * emunic_xdp_plain() - must frames be as on a wire?
 * @emu: the function
 *
 * Context: RTNL
 * Return: true if so
 */
bool emunic_xdp_plain(const struct emunic *emu)
{
	return emu->xdp_prog || emu->num_xsk;
}

static bool emunic_xdp_fits(const struct bpf_prog *prog, int mtu)
{
	return !prog || prog->aux->xdp_has_frags ||
	       mtu + EMUNIC_FRAME_OVERHEAD <= EMUNIC_RX_XDP_LEN;
}

/**
 * emunic_xdp_mtu_ok() - can the program take frames of an MTU?
 * @emu: the function
 * @mtu: the MTU
 *
 * Context: RTNL
 * Return: true if so, or if there is no program
 */
bool emunic_xdp_mtu_ok(const struct emunic *emu, int mtu)
{
	return emunic_xdp_fits(emu->xdp_prog, mtu);
}

/**
 * emunic_xdp_rxq_register() - tell the kernel about an Rx ring
 * @q: queue pair whose Rx half has its pool
 *
 * Return: 0 or an errno
 */
int emunic_xdp_rxq_register(struct emunic_queue *q)
{
	struct emunic_rx *rx = &q->rx;
	struct xdp_rxq_info *rxq = &rx->xdp.rxq;
	u32 frag_size = EMUNIC_RX_TRUESIZE;
	int err;

	if (rx->xsk)
		frag_size = xsk_pool_get_rx_frag_step(rx->xsk);
	err = __xdp_rxq_info_reg(rxq, q->emu->netdev, q->index,
				 q->napi.napi_id, frag_size);
	if (err)
		return err;

	if (rx->xsk)
		err = xdp_rxq_info_reg_mem_model(rxq, MEM_TYPE_XSK_BUFF_POOL,
						 NULL);
	else
		err = xdp_rxq_info_reg_mem_model(rxq, MEM_TYPE_PAGE_POOL,
						 rx->pool);
	if (err) {
		xdp_rxq_info_unreg(rxq);
		return err;
	}
	if (rx->xsk)
		xsk_pool_set_rxq_info(rx->xsk, rxq);

	return 0;
}

/**
 * emunic_xdp_rxq_unregister() - undo emunic_xdp_rxq_register()
 * @rx: Rx half of a queue, its buffers freed
 */
void emunic_xdp_rxq_unregister(struct emunic_rx *rx)
{
	if (xdp_rxq_info_is_reg(&rx->xdp.rxq))
		xdp_rxq_info_unreg(&rx->xdp.rxq);
}

/* Frees the buffers of a frame */
static void emunic_xdp_free(struct emunic_rx *rx, struct xdp_buff *xdp)
{
	if (rx->mode == EMUNIC_RX_XSK)
		xsk_buff_free(xdp);
	else
		xdp_return_buff(xdp);
}

/**
 * emunic_xdp_discard() - drop the frame being received, if there is one
 * @rx: Rx half of a queue
 */
void emunic_xdp_discard(struct emunic_rx *rx)
{
	struct bpf_net_context own, *context;
	struct xdp_buff *xdp = rx->xdp.frame;

	if (!xdp)
		return;

	rx->xdp.frame = NULL;
	local_bh_disable();
	/* What gives pages back asks it how; a ring goes outside of a poll */
	context = bpf_net_ctx_set(&own);
	emunic_xdp_free(rx, xdp);
	bpf_net_ctx_clear(context);
	local_bh_enable();
}

/**
 * emunic_xdp_buffer() - add a page to the frame being received
 * @rx: Rx half of a queue
 * @page: the page, which is taken over
 * @len: bytes in it
 *
 * Return: false if it was dropped and the frame has to be
 */
bool emunic_xdp_buffer(struct emunic_rx *rx, struct page *page, u32 len)
{
	struct xdp_buff *xdp = &rx->xdp.buff.xdp;

	page_pool_dma_sync_for_cpu(rx->pool, page, 0, len);

	if (rx->skip)
		goto drop;

	if (!rx->xdp.frame) {
		xdp_init_buff(xdp, EMUNIC_RX_TRUESIZE, &rx->xdp.rxq);
		xdp_prepare_buff(xdp, page_address(page), rx->headroom, len,
				 true);
		rx->xdp.buff.rx = rx;
		rx->xdp.frame = xdp;
		return true;
	}
	if (xdp_buff_add_frag(xdp, page_to_netmem(page), rx->headroom, len,
			      EMUNIC_RX_TRUESIZE))
		return true;

drop:
	page_pool_recycle_direct(rx->pool, page);
	return false;
}

static struct sk_buff *emunic_xdp_build_skb(struct xdp_buff *xdp)
{
	int metalen = xdp->data - xdp->data_meta;
	const struct skb_shared_info *info;
	unsigned int nr_frags = 0;
	struct sk_buff *skb;
	u32 size = 0;

	if (unlikely(xdp_buff_has_frags(xdp))) {
		info = xdp_get_shared_info_from_buff(xdp);
		nr_frags = info->nr_frags;
		size = info->xdp_frags_size;
	}

	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb))
		return NULL;

	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (metalen > 0)
		skb_metadata_set(skb, metalen);
	skb_mark_for_recycle(skb);
	if (unlikely(nr_frags))
		xdp_update_skb_frags_info(skb, nr_frags, size,
					  nr_frags * EMUNIC_RX_TRUESIZE,
					  xdp_buff_get_skb_flags(xdp));

	return skb;
}

/* Pieces of a frame whose memory is a mapped page_pool's */
static int emunic_xdp_put_own(struct device *dev, struct emunic_tx *tx,
			      u32 index, void *data, u32 len)
{
	struct page *page = virt_to_head_page(data);
	dma_addr_t addr;

	addr = page_pool_get_dma_addr(page) + (data - page_address(page));
	dma_sync_single_for_device(dev, addr, len, DMA_BIDIRECTIONAL);
	emunic_tx_put_desc(tx, index, addr, len);

	return 1;
}

static int emunic_xdp_put_own_pieces(struct device *dev, struct emunic_tx *tx,
				     u32 index,
				     const struct emunic_tx_pieces *pieces)
{
	unsigned int i;
	int count;

	count = emunic_xdp_put_own(dev, tx, index, pieces->head,
				   pieces->head_len);
	for (i = 0; i < pieces->nr_frags; i++)
		count += emunic_xdp_put_own(dev, tx, index + count,
					    skb_frag_address(&pieces->frags[i]),
					    skb_frag_size(&pieces->frags[i]));

	return count;
}

static int emunic_xdp_put_copy(struct emunic_tx *tx, u32 index,
			       const struct emunic_tx_pieces *pieces)
{
	u32 at = (index & emunic_tx_mask(tx)) * EMUNIC_TX_COPY_MAX;

	memcpy(tx->bounce + at, pieces->head, pieces->head_len);
	emunic_tx_put_desc(tx, index, tx->bounce_dma + at, pieces->head_len);

	return 1;
}

/*
 * Writes the descriptors of a frame, which is taken over; an errno if there is
 * no room or it cannot be sent
 */
static int emunic_xdp_put_frame(struct emunic_queue *q, struct xdp_frame *xdpf,
				enum emunic_tx_kind kind)
{
	struct device *dev = &q->emu->pdev->dev;
	struct emunic_tx_pieces pieces = {
		.head = xdpf->data,
		.head_len = xdpf->len,
	};
	struct emunic_tx *tx = &q->tx;
	struct skb_shared_info *info;
	struct emunic_tx_buf *buf;
	u32 len = xdpf->len;
	int count;

	if (unlikely(emunic_tx_avail(tx) < EMUNIC_TX_FRAME_DESCS))
		return -ENOSPC;
	if (unlikely(xdp_frame_has_frags(xdpf))) {
		info = xdp_get_shared_info_from_frame(xdpf);
		pieces.frags = info->frags;
		pieces.nr_frags = info->nr_frags;
		len += info->xdp_frags_size;
	}
	if (unlikely(len < EMUNIC_FRAME_MIN || len > EMUNIC_FRAME_MAX))
		return -EMSGSIZE;

	buf = &tx->buf[tx->next & emunic_tx_mask(tx)];
	if (kind == EMUNIC_TX_XDP_OWN && q->rx.mode == EMUNIC_RX_XDP)
		count = emunic_xdp_put_own_pieces(dev, tx, tx->next, &pieces);
	else if (len <= EMUNIC_TX_COPY_MAX && !pieces.nr_frags)
		count = emunic_xdp_put_copy(tx, tx->next, &pieces);
	else
		count = emunic_tx_put_mapped(dev, tx, buf, tx->next, &pieces);
	if (unlikely(count < 0))
		return count;

	buf->kind = kind;
	buf->xdpf = xdpf;
	buf->next = tx->next + count;
	buf->segs = 1;
	buf->wire_bytes = len;
	emunic_tx_put_eop(tx, buf->next);
	WRITE_ONCE(tx->next, buf->next);

	return 0;
}

/*
 * Sends frames; those after the number returned stay the caller's. BH off. Does
 * not look whether the stack's queue is stopped: it leaves more room than a
 * frame needs.
 */
static int emunic_xdp_send(struct emunic_queue *q, struct xdp_frame **frames,
			   int n, enum emunic_tx_kind kind, bool flush)
{
	struct emunic_tx *tx = &q->tx;
	struct netdev_queue *txq;
	int sent = -ENETDOWN;

	txq = netdev_get_tx_queue(q->emu->netdev, q->index);
	__netif_tx_lock(txq, smp_processor_id());
	if (unlikely(!tx->enabled))
		goto unlock;

	WRITE_ONCE(tx->raw, true);
	for (sent = 0; sent < n; sent++)
		if (emunic_xdp_put_frame(q, frames[sent], kind))
			break;
	/* A ring that stays full is the watchdog's */
	if (sent)
		txq_trans_cond_update(txq);
	u64_stats_update_begin(&tx->stats.xmit_syncp);
	u64_stats_add(&tx->stats.xdp, sent);
	u64_stats_add(&tx->stats.dropped, n - sent);
	u64_stats_update_end(&tx->stats.xmit_syncp);
	if (flush)
		emunic_tx_publish(q);
unlock:
	__netif_tx_unlock(txq);
	return sent;
}

/**
 * emunic_xdp_xmit() - ndo_xdp_xmit
 * @netdev: the device
 * @n: number of frames
 * @frames: what was redirected to it
 * @flags: XDP_XMIT_FLUSH
 *
 * Return: number of frames taken over, or an errno
 */
int emunic_xdp_xmit(struct net_device *netdev, int n,
		    struct xdp_frame **frames, u32 flags)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_queue *q;
	unsigned int index;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;

	index = smp_processor_id() % READ_ONCE(emu->num_queues);
	/* Pairs with smp_store_release() in emunic_queue_get() */
	q = smp_load_acquire(&emu->queues[index]);
	if (unlikely(!q))
		return -ENETDOWN;

	return emunic_xdp_send(q, frames, n, EMUNIC_TX_XDP,
			       flags & XDP_XMIT_FLUSH);
}

static void emunic_xdp_send_back(struct emunic_queue *q)
{
	struct emunic_xdp *x = &q->rx.xdp;
	int sent;

	sent = emunic_xdp_send(q, x->tx, x->tx_count, EMUNIC_TX_XDP_OWN, true);
	for (sent = max(sent, 0); sent < x->tx_count; sent++) {
		xdp_return_frame_rx_napi(x->tx[sent]);
		emunic_rx_inc(&q->rx, &q->rx.stats.xdp_error);
	}
	x->tx_count = 0;
}

/**
 * emunic_xdp_flush() - send what the programs want sent, at the end of a poll
 * @q: queue pair
 */
void emunic_xdp_flush(struct emunic_queue *q)
{
	if (q->rx.xdp.tx_count)
		emunic_xdp_send_back(q);
	if (q->rx.xdp.redirected)
		xdp_do_flush();
	q->rx.xdp.redirected = false;
}

static bool emunic_xdp_tx(struct emunic_queue *q, struct xdp_buff *xdp)
{
	struct emunic_xdp *x = &q->rx.xdp;
	struct xdp_frame *xdpf;

	/* A frame made from an AF_XDP buffer would lose the fragments */
	if (q->rx.mode == EMUNIC_RX_XSK && xdp_buff_has_frags(xdp))
		return false;

	xdpf = xdp_convert_buff_to_frame(xdp);
	if (unlikely(!xdpf))
		return false;

	x->tx[x->tx_count++] = xdpf;
	if (x->tx_count == EMUNIC_XDP_BULK)
		emunic_xdp_send_back(q);

	return true;
}

/* Runs the program; false if it, or what it wanted, is done with the frame */
static bool emunic_xdp_run(struct emunic_queue *q, struct bpf_prog *prog,
			   struct xdp_buff *xdp)
{
	struct net_device *netdev = q->emu->netdev;
	struct emunic_rx *rx = &q->rx;
	u32 act;

	act = bpf_prog_run_xdp(prog, xdp);
	switch (act) {
	case XDP_PASS:
		emunic_rx_inc(rx, &rx->stats.xdp_pass);
		return true;
	case XDP_TX:
		if (unlikely(!emunic_xdp_tx(q, xdp)))
			break;
		emunic_rx_inc(rx, &rx->stats.xdp_tx);
		return false;
	case XDP_REDIRECT:
		if (unlikely(xdp_do_redirect(netdev, xdp, prog)))
			break;
		rx->xdp.redirected = true;
		emunic_rx_inc(rx, &rx->stats.xdp_redirect);
		return false;
	case XDP_DROP:
		emunic_rx_inc(rx, &rx->stats.xdp_drop);
		emunic_xdp_free(rx, xdp);
		return false;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(netdev, prog, act);
		break;
	}

	trace_xdp_exception(netdev, prog, act);
	emunic_rx_inc(rx, &rx->stats.xdp_error);
	emunic_xdp_free(rx, xdp);
	return false;
}

static void emunic_xdp_account(struct emunic_rx *rx, u32 len)
{
	u64_stats_update_begin(&rx->stats.syncp);
	u64_stats_inc(&rx->stats.packets);
	u64_stats_add(&rx->stats.bytes, len);
	u64_stats_update_end(&rx->stats.syncp);
}

static void emunic_xdp_drop(struct emunic_rx *rx, struct xdp_buff *xdp,
			    u64_stats_t *why)
{
	emunic_rx_inc(rx, why);
	emunic_rx_inc(rx, &rx->stats.dropped);
	emunic_xdp_free(rx, xdp);
}

/**
 * emunic_xdp_receive() - run the program on the frame that was received
 * @q: queue pair, with q->rx.xdp.frame complete
 *
 * Return: the frame for the stack, or NULL if it goes another way
 */
struct sk_buff *emunic_xdp_receive(struct emunic_queue *q)
{
	struct bpf_prog *prog = READ_ONCE(q->emu->xdp_prog);
	struct emunic_rx *rx = &q->rx;
	struct xdp_buff *xdp = rx->xdp.frame;
	u32 len = xdp_get_buff_len(xdp);
	struct sk_buff *skb;

	rx->xdp.frame = NULL;
	/* What was not asked for, and no program could make sense of */
	if (unlikely(xdp->data_end - xdp->data < ETH_HLEN ||
		     rx->head.flags & cpu_to_le16(EMUNIC_RX_GSO |
						  EMUNIC_RX_CSUM_PARTIAL))) {
		emunic_xdp_drop(rx, xdp, &rx->stats.bad_cpl);
		return NULL;
	}

	if (prog && !emunic_xdp_run(q, prog, xdp)) {
		emunic_xdp_account(rx, len);
		return NULL;
	}

	if (rx->mode == EMUNIC_RX_XSK)
		skb = emunic_xsk_build_skb(q, xdp);
	else
		skb = emunic_xdp_build_skb(xdp);
	if (unlikely(!skb))
		emunic_xdp_drop(rx, xdp, &rx->stats.alloc_fail);

	return skb;
}

/* What the ring has been made for changes, and with it the ring */
static int emunic_xdp_change(struct emunic *emu, struct bpf_prog *prog)
{
	bool up = test_bit(EMUNIC_STATE_UP, &emu->state);
	struct bpf_prog *old = emu->xdp_prog;
	int err;

	emunic_down(emu);
	WRITE_ONCE(emu->xdp_prog, prog);
	netdev_update_features(emu->netdev);
	if (!up)
		return 0;

	err = emunic_up(emu);
	if (!err)
		return 0;

	if (prog) {
		WRITE_ONCE(emu->xdp_prog, old);
		netdev_update_features(emu->netdev);
		if (!emunic_up(emu))
			return err;
	}
	/* Memory was enough before; if not now, the service work goes on */
	emunic_service_request(emu, EMUNIC_SVC_RESTART);

	/* A program that is taken away is gone, whatever comes of the path */
	return prog ? err : 0;
}

static int emunic_xdp_setup(struct emunic *emu, struct bpf_prog *prog,
			    struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = emu->xdp_prog;
	int err = 0;

	if (!emunic_xdp_fits(prog, emu->netdev->mtu)) {
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "a program without fragments takes an MTU of %lu at most",
				       EMUNIC_RX_XDP_LEN -
				       EMUNIC_FRAME_OVERHEAD);
		return -EINVAL;
	}

	if (!old == !prog)
		WRITE_ONCE(emu->xdp_prog, prog);
	else
		err = emunic_xdp_change(emu, prog);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "the queues cannot be restarted");
		return err;
	}

	/* A poll that runs the old program holds off its end */
	if (old)
		bpf_prog_put(old);

	return 0;
}

/**
 * emunic_xdp_bpf() - ndo_bpf
 * @netdev: the device
 * @bpf: what is to be set up
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_xdp_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	struct emunic *emu = netdev_priv(netdev);

	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return emunic_xdp_setup(emu, bpf->prog, bpf->extack);
	case XDP_SETUP_XSK_POOL:
		return emunic_xsk_setup(emu, bpf->xsk.pool, bpf->xsk.queue_id);
	default:
		return -EINVAL;
	}
}

/**
 * emunic_xdp_netdev_setup() - say what XDP can do here
 * @emu: the function, its netdev not registered yet
 *
 * All of it works whether there is a program or not: frames are sent by the
 * queues that are there anyway.
 */
void emunic_xdp_netdev_setup(struct emunic *emu)
{
	struct net_device *netdev = emu->netdev;

	netdev->xdp_metadata_ops = &emunic_xdp_metadata_ops;
	netdev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			       NETDEV_XDP_ACT_NDO_XMIT |
			       NETDEV_XDP_ACT_NDO_XMIT_SG |
			       NETDEV_XDP_ACT_RX_SG;
#ifdef CONFIG_XDP_SOCKETS
	netdev->xdp_features |= NETDEV_XDP_ACT_XSK_ZEROCOPY;
#endif
	netdev->xdp_zc_max_segs = min(MAX_SKB_FRAGS + 1, EMUNIC_TX_MAX_DESCS);
}

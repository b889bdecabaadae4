/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what the parts of the data path share: tx.c, rx.c, xdp.c, xsk.c.
 */
#ifndef EMUNIC_RING_H
#define EMUNIC_RING_H

#include "emunic.h"

/* Pieces of a long frame that are more than one descriptor can say */
#define EMUNIC_TX_SPLITS	(EMUNIC_BIG_GSO_MAX / EMUNIC_TX_DESC_MAX)
/* Metadata, the head and every fragment of a frame */
#define EMUNIC_TX_FRAME_DESCS	(MAX_SKB_FRAGS + 2 + EMUNIC_TX_SPLITS)

#define EMUNIC_RX_TAILROOM	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
#define EMUNIC_RX_TRUESIZE	PAGE_SIZE
/* Room for a frame in a page that an XDP program may see */
#define EMUNIC_RX_XDP_LEN \
	(EMUNIC_RX_TRUESIZE - XDP_PACKET_HEADROOM - EMUNIC_RX_TAILROOM)

static inline u32 emunic_tx_mask(const struct emunic_tx *tx)
{
	return BIT(tx->log2) - 1;
}

static inline unsigned int emunic_tx_avail(const struct emunic_tx *tx)
{
	return BIT(tx->log2) - (READ_ONCE(tx->next) - READ_ONCE(tx->clean));
}

static inline void emunic_tx_put_desc(struct emunic_tx *tx, u32 index,
				      dma_addr_t addr, u32 len)
{
	struct emunic_tx_desc *desc = &tx->desc[index & emunic_tx_mask(tx)];

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->flags = 0;
	desc->reserved = 0;
}

/* Ends the chain of descriptors before @next */
static inline void emunic_tx_put_eop(struct emunic_tx *tx, u32 next)
{
	tx->desc[(next - 1) & emunic_tx_mask(tx)].flags =
		cpu_to_le16(EMUNIC_TX_EOP);
}

static inline u32 emunic_rx_mask(const struct emunic_rx *rx)
{
	return BIT(rx->log2) - 1;
}

static inline void emunic_rx_inc(struct emunic_rx *rx, u64_stats_t *counter)
{
	u64_stats_update_begin(&rx->stats.syncp);
	u64_stats_inc(counter);
	u64_stats_update_end(&rx->stats.syncp);
}

/**
 * struct emunic_tx_pieces - a frame, or what was not copied of it
 * @head: its linear part
 * @head_len: bytes at @head, 0 if there is none
 * @frags: its fragments
 * @nr_frags: number of these
 */
struct emunic_tx_pieces {
	void *head;
	u32 head_len;
	const skb_frag_t *frags;
	unsigned int nr_frags;
};

/**
 * struct emunic_tx_done - what the completions of one poll came to
 * @packets: frames on the wire that were sent
 * @bytes: bytes of all frames
 * @skb_bytes: of these, the stack's
 * @frames: frames given back
 * @gso_packets: GSO frames sent
 * @gso_wire_packets: frames on the wire that these stand for
 * @errors: frames on the wire that were not sent
 * @refused: frames of the stack that the device refused
 * @xsk_descs: descriptors of the AF_XDP socket
 */
struct emunic_tx_done {
	u32 packets;
	u32 bytes;
	u32 skb_bytes;
	u32 frames;
	u32 gso_packets;
	u32 gso_wire_packets;
	u32 errors;
	u32 refused;
	u32 xsk_descs;
};

/* tx.c; all with the netdev queue's lock */
int emunic_tx_put_mapped(struct device *dev, struct emunic_tx *tx,
			 struct emunic_tx_buf *buf, u32 index,
			 const struct emunic_tx_pieces *pieces);
void emunic_tx_publish(struct emunic_queue *q);

#endif /* EMUNIC_RING_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what all rings have in common, and what the parts of the data path
 * share: tx.c, rx.c, xdp.c, xsk.c.
 */
#ifndef EMUNIC_RING_H
#define EMUNIC_RING_H

#include "queue.h"

/* Pieces of a long frame that are more than one descriptor can say */
#define EMUNIC_TX_SPLITS	(EMUNIC_BIG_GSO_MAX / EMUNIC_TX_DESC_MAX)
/* Fragments of a frame that fit into a chain with its head, however long */
#define EMUNIC_TX_MAX_FRAGS	(EMUNIC_TX_MAX_DESCS - 1 - EMUNIC_TX_SPLITS)
/* Metadata, the head and every fragment of a frame */
#define EMUNIC_TX_FRAME_DESCS	(MAX_SKB_FRAGS + 2 + EMUNIC_TX_SPLITS)

#define EMUNIC_RX_TAILROOM	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
#define EMUNIC_RX_TRUESIZE	PAGE_SIZE
/* Room for a frame in a page that an XDP program may see */
#define EMUNIC_RX_XDP_LEN \
	(EMUNIC_RX_TRUESIZE - XDP_PACKET_HEADROOM - EMUNIC_RX_TAILROOM)

/**
 * emunic_phase() - phase bit that entry @index of a ring has when it is new
 * @index: free running index
 * @log2: log2 of the entries
 *
 * Return: EMUNIC_CPL_PHASE or 0
 */
static inline u16 emunic_phase(u32 index, u8 log2)
{
	return ((index >> log2) & 1) ? 0 : EMUNIC_CPL_PHASE;
}

/**
 * emunic_entry_is_new() - has the device written an entry of a ring?
 * @flags: of the entry
 * @index: free running index of it
 * @log2: log2 of the entries
 *
 * Return: true if so; the rest of it is for emunic_take_entry()
 */
static inline bool emunic_entry_is_new(const __le16 *flags, u32 index, u8 log2)
{
	return (le16_to_cpu(READ_ONCE(*flags)) & EMUNIC_CPL_PHASE) ==
	       emunic_phase(index, log2);
}

/**
 * emunic_ring_gap() - is an entry missing that the device says it has written?
 * @next: flags of the entry that is expected next
 * @behind: of the one behind it
 * @index: free running index of the former
 * @log2: log2 of the entries
 *
 * A device writes entries in their order.
 *
 * Return: true if so: no wait for it would end
 */
static inline bool emunic_ring_gap(const __le16 *next, const __le16 *behind,
				   u32 index, u8 log2)
{
	if (!emunic_entry_is_new(behind, index + 1, log2))
		return false;

	/* Who sees the later one sees the earlier one, too */
	dma_rmb();
	return !emunic_entry_is_new(next, index, log2);
}

/**
 * emunic_take_entry() - copy a ring entry that the device wrote
 * @to: the copy, which alone is checked and used
 * @from: the entry, whose phase bit was seen to be new
 * @size: bytes of it
 *
 * A device that lies may write to it again at any time.
 */
static inline void emunic_take_entry(void *to, const void *from, size_t size)
{
	/* The rest of the entry after its phase bit */
	dma_rmb();
	memcpy(to, from, size);
	/* No value of the copy is read from the entry once more */
	barrier();
}

/**
 * emunic_index_within() - is a free running index one of a range?
 * @index: the index
 * @first: where the range begins
 * @end: where it ends; it belongs to the range
 *
 * Return: true if so
 */
static inline bool emunic_index_within(u32 index, u32 first, u32 end)
{
	return index - first <= end - first;
}

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

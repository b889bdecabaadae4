/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: queue pairs: both rings, their buffers, vector and NAPI.
 */
#ifndef EMUNIC_QUEUE_H
#define EMUNIC_QUEUE_H

#include <linux/scatterlist.h>
#include <linux/u64_stats_sync.h>
#include <net/xdp.h>

#include "emunic.h"

/* Bytes that one Tx descriptor can have */
#define EMUNIC_TX_DESC_MAX	65535

/* Frames and frame heads up to this many bytes are copied, not mapped */
#define EMUNIC_TX_COPY_MAX	256
#define EMUNIC_RX_COPY_MAX	256

struct page_pool;
struct xsk_buff_pool;

/**
 * enum emunic_tx_kind - whose frame is in a Tx ring
 * @EMUNIC_TX_NONE: no frame begins here
 * @EMUNIC_TX_SKB: the stack's
 * @EMUNIC_TX_XDP: redirected here by an XDP program, maybe another device's
 * @EMUNIC_TX_XDP_OWN: sent back by the XDP program of the pair's Rx half
 * @EMUNIC_TX_XSK: of the AF_XDP socket of the pair
 */
enum emunic_tx_kind {
	EMUNIC_TX_NONE,
	EMUNIC_TX_SKB,
	EMUNIC_TX_XDP,
	EMUNIC_TX_XDP_OWN,
	EMUNIC_TX_XSK,
};

/**
 * struct emunic_tx_buf - one frame in a Tx ring, at its first descriptor
 * @skb: EMUNIC_TX_SKB: the frame
 * @xdpf: EMUNIC_TX_XDP, EMUNIC_TX_XDP_OWN: the frame
 * @addr: DMA address, when one piece is mapped
 * @len: bytes mapped at @addr
 * @next: index of the descriptor after the frame
 * @wire_bytes: bytes of the frame, with the headers of each segment
 * @segs: frames on the wire
 * @nents: entries of the scatterlist at this slot, when it is mapped
 * @kind: enum emunic_tx_kind; EMUNIC_TX_NONE at other descriptors
 */
struct emunic_tx_buf {
	union {
		struct sk_buff *skb;
		struct xdp_frame *xdpf;
	};
	dma_addr_t addr;
	u32 len;
	u32 next;
	u32 wire_bytes;
	u16 segs;
	u8 nents;
	u8 kind;
};

/**
 * struct emunic_tx_stats - counters of a Tx queue, kept across down and up
 * @syncp: guards what NAPI counts, on 32 bit machines
 * @packets: frames on the wire that were completed
 * @bytes: their bytes
 * @gso_packets: GSO frames completed
 * @gso_wire_packets: frames on the wire that these stand for
 * @errors: frames that the device refused
 * @wakes: times the queue was woken
 * @xmit_syncp: guards what follows, counted under the netdev queue's lock
 * @csum: frames whose checksum the device finished
 * @copied: frames sent from the bounce ring alone
 * @mapped: frames with a DMA mapping of their own
 * @dropped: frames that could not be mapped or described
 * @xdp: frames of XDP programs and of AF_XDP sockets
 * @kicks: writes to the kick register
 * @stops: times the queue was stopped for lack of descriptors
 */
struct emunic_tx_stats {
	struct u64_stats_sync syncp;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t gso_packets;
	u64_stats_t gso_wire_packets;
	u64_stats_t errors;
	u64_stats_t wakes;
	struct u64_stats_sync xmit_syncp;
	u64_stats_t csum;
	u64_stats_t copied;
	u64_stats_t mapped;
	u64_stats_t dropped;
	u64_stats_t xdp;
	u64_stats_t kicks;
	u64_stats_t stops;
};

/**
 * struct emunic_tx - the Tx half of a queue pair
 * @desc: submission ring
 * @cpl: completion ring
 * @shadow: the indexes in memory
 * @buf: per-frame state, indexed as @desc
 * @sg: scatterlists, indexed as @desc, with room for one that starts at the
 *      last entry
 * @bounce: EMUNIC_TX_COPY_MAX bytes for each descriptor
 * @desc_dma: address of @desc
 * @cpl_dma: address of @cpl
 * @bounce_dma: address of @bounce
 * @xsk: AF_XDP socket's memory, of which frames are sent, or NULL
 * @log2: log2 of the entries
 * @enabled: descriptors may be written; netdev queue lock
 * @raw: there were frames that are no skbs; netdev queue lock
 * @next: next descriptor to write; netdev queue lock
 * @published: the tail the device has been told; netdev queue lock to write
 * @clean: first descriptor not completed; written by NAPI
 * @cq_next: next completion; NAPI
 * @stats: counters
 *
 * XDP has no Tx queues of its own: a pair of rings and a vector for each CPU
 * would halve the 16 pairs, and a VF may have been given one. The stack, XDP
 * programs on any CPU and the pair's AF_XDP socket share the queue under the
 * netdev queue's lock, which is taken once for a bulk of frames.
 */
struct emunic_tx {
	struct emunic_tx_desc *desc;
	struct emunic_tx_cpl *cpl;
	struct emunic_shadow *shadow;
	struct emunic_tx_buf *buf;
	struct scatterlist *sg;
	void *bounce;
	dma_addr_t desc_dma;
	dma_addr_t cpl_dma;
	dma_addr_t bounce_dma;
	struct xsk_buff_pool *xsk;
	u8 log2;
	bool enabled;
	bool raw;
	u32 next;
	u32 published;

	u32 clean ____cacheline_aligned_in_smp;
	u32 cq_next;
	struct emunic_tx_stats stats;
};

/**
 * struct emunic_rx_stats - counters of an Rx queue, kept across down and up
 * @syncp: guards the others on 32 bit machines; NAPI writes
 * @packets: frames passed up, a GSO frame counting as its segments
 * @bytes: bytes passed up
 * @gro_packets: GSO frames received whole
 * @gro_wire_packets: frames that these stand for
 * @csum_unnecessary: frames whose checksum the device vouched for
 * @csum_complete: frames whose sum the device has made
 * @csum_none: frames whose checksum is the stack's to verify
 * @copied: frames copied out of their buffer
 * @alloc_fail: buffers or skbs that could not be had
 * @dropped: frames dropped by the driver
 * @bad_cpl: completions that broke the contract
 * @xdp_pass: frames that the XDP program let pass
 * @xdp_drop: frames that it dropped
 * @xdp_tx: frames that it sent back
 * @xdp_redirect: frames that it sent elsewhere
 * @xdp_error: frames lost because it failed, or because what it wanted did
 */
struct emunic_rx_stats {
	struct u64_stats_sync syncp;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t gro_packets;
	u64_stats_t gro_wire_packets;
	u64_stats_t csum_unnecessary;
	u64_stats_t csum_complete;
	u64_stats_t csum_none;
	u64_stats_t copied;
	u64_stats_t alloc_fail;
	u64_stats_t dropped;
	u64_stats_t bad_cpl;
	u64_stats_t xdp_pass;
	u64_stats_t xdp_drop;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_redirect;
	u64_stats_t xdp_error;
};

/**
 * enum emunic_rx_mode - what the buffers of an Rx ring are
 * @EMUNIC_RX_SKB: pages, for skbs alone
 * @EMUNIC_RX_XDP: pages, laid out for an XDP program
 * @EMUNIC_RX_XSK: an AF_XDP socket's, with or without a program
 */
enum emunic_rx_mode {
	EMUNIC_RX_SKB,
	EMUNIC_RX_XDP,
	EMUNIC_RX_XSK,
};

/**
 * struct emunic_xdp_buff - a frame as an XDP program sees it
 * @xdp: the frame; must be first
 * @rx: where it was received, for its metadata
 *
 * Of AF_XDP frames, @rx is in the private part of struct xdp_buff_xsk.
 */
struct emunic_xdp_buff {
	struct xdp_buff xdp;
	const struct emunic_rx *rx;
};

#define EMUNIC_XDP_BULK		16

/**
 * struct emunic_xdp - XDP on an Rx ring
 * @rxq: what the kernel knows of the ring; registered while the ring is there
 * @frame: frame being received, or NULL
 * @buff: that frame, if its buffers are pages
 * @tx: frames to send back at the end of the poll
 * @tx_count: number of these
 * @redirected: frames wait for xdp_do_flush()
 */
struct emunic_xdp {
	struct xdp_rxq_info rxq;
	struct xdp_buff *frame;
	struct emunic_xdp_buff buff;
	struct xdp_frame *tx[EMUNIC_XDP_BULK];
	u8 tx_count;
	bool redirected;
};

/**
 * struct emunic_rx - the Rx half of a queue pair
 * @desc: submission ring
 * @cpl: completion ring; entry i is of descriptor i
 * @shadow: the indexes in memory
 * @pages: buffer of each descriptor, or NULL
 * @xsk_bufs: the same, in EMUNIC_RX_XSK
 * @pool: where pages come from; they stay mapped while they are its own
 * @xsk: where buffers come from in EMUNIC_RX_XSK, else NULL
 * @skb: frame whose last buffer has not come yet
 * @head: completion of that frame's first buffer
 * @desc_dma: address of @desc
 * @cpl_dma: address of @cpl
 * @buf_len: bytes that the device may write into a buffer
 * @headroom: bytes before these, in a page
 * @log2: log2 of the entries
 * @mode: enum emunic_rx_mode; for the life of the ring
 * @within: the next buffer is not the first of its frame
 * @skip: drop buffers up to the end of the frame
 * @broken: a completion broke the contract; nothing is read until a restart
 * @posted: next descriptor to write
 * @clean: next completion
 * @xdp: XDP, unless EMUNIC_RX_SKB
 * @stats: counters
 *
 * NAPI owns all of it while the queue runs.
 */
struct emunic_rx {
	struct emunic_rx_desc *desc;
	struct emunic_rx_cpl *cpl;
	struct emunic_shadow *shadow;
	union {
		struct page **pages;
		struct xdp_buff **xsk_bufs;
	};
	struct page_pool *pool;
	struct xsk_buff_pool *xsk;
	struct sk_buff *skb;
	struct emunic_rx_cpl head;
	dma_addr_t desc_dma;
	dma_addr_t cpl_dma;
	u32 buf_len;
	u16 headroom;
	u8 log2;
	u8 mode;
	bool within;
	bool skip;
	bool broken;
	u32 posted;
	u32 clean;
	struct emunic_xdp xdp;
	struct emunic_rx_stats stats;
};

/**
 * struct emunic_queue - a queue pair with its vector and NAPI
 * @napi: polls both halves
 * @emu: the function
 * @index: number of the pair
 * @irq: Linux interrupt, 0 until the vector is first needed; kept until remove
 * @irqs: interrupts taken
 * @running: the device and NAPI use the rings; RTNL
 * @xsk: memory of the AF_XDP socket bound to the pair, mapped, or NULL; RTNL.
 *       The rings take it over when they are made, and it goes after them.
 * @irq_name: as in /proc/interrupts
 * @tx: Tx half
 * @rx: Rx half
 * @tx_mod: interrupt moderation of @tx
 * @rx_mod: interrupt moderation of @rx
 *
 * Allocated when first used and kept until the netdev goes, so that counters
 * can be read without a lock.
 */
struct emunic_queue {
	struct napi_struct napi;
	struct emunic *emu;
	unsigned int index;
	int irq;
	unsigned long irqs;
	bool running;
	struct xsk_buff_pool *xsk;
	char irq_name[IFNAMSIZ + 8];
	struct emunic_tx tx;
	struct emunic_rx rx;
	struct emunic_moderation tx_mod;
	struct emunic_moderation rx_mod;
};

/* irq.c */
int emunic_queue_irq_request(struct emunic_queue *q);
void emunic_queue_irq_free(struct emunic_queue *q);

/* queue.c: memory of queue pairs, start and stop, NAPI */
struct emunic_queue *emunic_queue_get(struct emunic *emu, unsigned int index);
void emunic_queues_release(struct emunic *emu);
int emunic_queue_alloc(struct emunic_queue *q);
void emunic_queue_free(struct emunic_queue *q);
int emunic_queue_start(struct emunic_queue *q);
void emunic_queue_stop(struct emunic_queue *q);
int emunic_queue_restart(struct emunic_queue *q);

/* tx.c */
int emunic_tx_alloc(struct emunic_queue *q);
void emunic_tx_free(struct emunic_queue *q);
netdev_tx_t emunic_tx_xmit(struct sk_buff *skb, struct net_device *netdev);
u32 emunic_tx_gso_hdr_len(const struct sk_buff *skb);
bool emunic_tx_clean(struct emunic_queue *q, int budget);
bool emunic_tx_pending(const struct emunic_tx *tx);

/* rx.c */
int emunic_rx_alloc(struct emunic_queue *q);
void emunic_rx_free(struct emunic_queue *q);
u32 emunic_rx_max_gso(void);
int emunic_rx_poll(struct emunic_queue *q, int budget);
bool emunic_rx_pending(const struct emunic_rx *rx);

#endif /* EMUNIC_QUEUE_H */

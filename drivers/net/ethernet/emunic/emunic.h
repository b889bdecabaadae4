/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: structures and functions that the parts of the driver share.
 *
 * Locking, outermost first:
 *   PCI device lock   FLR callbacks, sriov_configure, remove, devlink reload
 *   devlink instance  devlink reload, parameters, health diagnose and recover
 *   RTNL              everything that starts, stops or configures a function
 *   emunic_vf_rec.lock, emunic_vf.lock
 *                     one VF's record on the PF, one VF's mailbox
 *   emunic.coalesce_lock
 *                     MODERATION of the queues; DIM's work takes nothing else
 *   emunic_health.vf_lock
 *                     what VFs did; nothing is taken under it
 *   emunic_admin.lock the admin ring (hard interrupt safe)
 *   emunic_clock.lock the registers that set the clock
 *
 * A VF waits for the PF's answer with RTNL held, so nothing on the PF's way
 * from an event to its reply may take RTNL, nor the devlink instance lock,
 * under which RTNL is taken. What is found there or with RTNL held is noted,
 * and the health work, which holds nothing, tells devlink.
 */
#ifndef EMUNIC_H
#define EMUNIC_H

#include <linux/bitfield.h>
#include <linux/dim.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/interrupt.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/scatterlist.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

#include <emunic/regs.h>
#include <emunic/desc.h>
#include <emunic/adminq.h>
#include <emunic/mbox.h>

#include "compat.h"

#define EMUNIC_DRV_NAME		"emunic"

#define EMUNIC_RING_LOG2_DEFAULT	9
#define EMUNIC_MAX_MTU		9000
/* Longest frame of an MTU: the header and two tags */
#define EMUNIC_FRAME_OVERHEAD	(ETH_HLEN + 2 * VLAN_HLEN)

/* Bytes that one Tx descriptor can have */
#define EMUNIC_TX_DESC_MAX	65535

/* Frames and frame heads up to this many bytes are copied, not mapped */
#define EMUNIC_TX_COPY_MAX	256
#define EMUNIC_RX_COPY_MAX	256

struct emunic;
struct emunic_pf;
struct emunic_vf;
struct devlink;
struct ethtool_coalesce;
struct ethtool_eth_ctrl_stats;
struct ethtool_eth_mac_stats;
struct ethtool_pause_stats;
struct ethtool_pauseparam;
struct ethtool_rmon_hist_range;
struct ethtool_rmon_stats;
struct ethtool_test;
struct kernel_ethtool_coalesce;
struct kernel_ethtool_ts_info;
struct kernel_hwtstamp_config;
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
 * struct emunic_coalesce - how long completions may wait for an interrupt
 * @usecs: microseconds; 0: not at all
 * @frames: completions; 0: any number
 * @adaptive: DIM chooses the microseconds
 */
struct emunic_coalesce {
	u16 usecs;
	u16 frames;
	bool adaptive;
};

/**
 * struct emunic_moderation - interrupt moderation of one half of a queue pair
 * @set: what was set; RTNL and emunic.coalesce_lock to change
 * @dim: NAPI feeds it; its work writes the register
 * @packets: counted at the last poll; NAPI's
 * @lone: polls in a row with one more at most; NAPI's
 */
struct emunic_moderation {
	struct emunic_coalesce set;
	struct dim dim;
	u64 packets;
	unsigned int lone;
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

/**
 * struct emunic_clock - the device's clock, and what it stamps
 * @info: operations of @ptp
 * @ptp: PTP clock, NULL if there is none; set from probe to remove
 * @lock: makes the arguments and the operation one
 * @tx_on: frames are stamped whose sender wants it; RTNL to change
 * @rx_on: every frame is stamped; RTNL
 */
struct emunic_clock {
	struct ptp_clock_info info;
	struct ptp_clock *ptp;
	spinlock_t lock;	/* CLOCK_ARG and CLOCK_CTRL */
	bool tx_on;
	bool rx_on;
};

/**
 * struct emunic_mac_filter - one address of the Rx filter
 * @list: in emunic_filters.macs
 * @addr: unicast or multicast
 * @wanted: the stack has it in its lists
 * @in_hw: the device has it
 */
struct emunic_mac_filter {
	struct list_head list;
	u8 addr[ETH_ALEN];
	bool wanted;
	bool in_hw;
};

/**
 * struct emunic_filters - what the stack wants to receive; RTNL
 * @macs: addresses besides the function's own
 * @vlans: VLAN IDs
 * @flags: IFF_PROMISC and IFF_ALLMULTI as last seen
 * @mode: EMUNIC_RX_MODE_* in force
 * @mode_known: @mode is what the device has
 * @complained: a refusal was logged since the last reset
 */
struct emunic_filters {
	struct list_head macs;
	DECLARE_BITMAP(vlans, VLAN_N_VID);
	unsigned int flags;
	u32 mode;
	bool mode_known;
	bool complained;
};

/**
 * struct emunic_rss - steering of received frames as users want it; RTNL
 * @key: Toeplitz key, of all contexts
 * @table: queue of each entry of the table of each context; the first is for
 *         frames that no rule claims
 * @fields: EMUNIC_RSS_FIELDS_*
 * @ctrl: EMUNIC_RSS_CTRL_*
 */
struct emunic_rss {
	u8 key[EMUNIC_RSS_KEY_SIZE];
	u32 table[EMUNIC_RSS_CONTEXTS][EMUNIC_RSS_ENTRIES];
	u32 fields;
	u32 ctrl;
};

/**
 * struct emunic_rules - rules that go before the hash; RTNL
 * @rule: as the device has them; ctrl 0: there is none
 * @spec: as users have given them
 */
struct emunic_rules {
	struct emunic_flow_rule rule[EMUNIC_FLOW_RULES];
	struct ethtool_rx_flow_spec spec[EMUNIC_FLOW_RULES];
};

/**
 * struct emunic_ctl_ops - how requests about a function's own vport travel
 * @start: bring up the control path of a function that was just reset; on
 *         return EMUNIC_STATE_CTL_READY tells whether requests can be made
 * @stop: take it down; the device may be gone
 * @set_mac: the function's own address
 * @add_mac: more addresses
 * @del_mac: fewer
 * @add_vlan: VLAN filter
 * @del_vlan: VLAN filter
 * @set_rx_mode: EMUNIC_RX_MODE_*
 *
 * The PF uses its admin queue, a VF its mailbox. All sleep; all are called
 * with RTNL, or before the netdev is registered. All return an errno.
 */
struct emunic_ctl_ops {
	int (*start)(struct emunic *emu);
	void (*stop)(struct emunic *emu);
	int (*set_mac)(struct emunic *emu, const u8 *mac);
	int (*add_mac)(struct emunic *emu, const u8 *mac);
	int (*del_mac)(struct emunic *emu, const u8 *mac);
	int (*add_vlan)(struct emunic *emu, u16 vid);
	int (*del_vlan)(struct emunic *emu, u16 vid);
	int (*set_rx_mode)(struct emunic *emu, u32 mode);
};

/**
 * enum emunic_state - bits of emunic.state
 * @EMUNIC_STATE_UP: the queues run; RTNL
 * @EMUNIC_STATE_CTL_READY: control requests can be made; RTNL to change
 * @EMUNIC_STATE_RESETTING: quiesced, waits for a reset to pass; RTNL
 * @EMUNIC_STATE_HELD: quiesced by emunic_hold(), whose caller brings it back;
 *                     RTNL
 * @EMUNIC_STATE_LOST: a register read as all ones
 * @EMUNIC_STATE_REMOVING: no service work any more
 */
enum emunic_state {
	EMUNIC_STATE_UP,
	EMUNIC_STATE_CTL_READY,
	EMUNIC_STATE_RESETTING,
	EMUNIC_STATE_HELD,
	EMUNIC_STATE_LOST,
	EMUNIC_STATE_REMOVING,
};

/* Work for the service, beside the EMUNIC_CAUSE_* bits in the same word */
#define EMUNIC_SVC_RX_MODE	0x10000000	/* sync the address lists */
#define EMUNIC_SVC_RESTART	0x20000000	/* restart the queues */
#define EMUNIC_SVC_RESET	0x40000000	/* reset the function */

/**
 * struct emunic_events - rare happenings, for ethtool -S
 * @resets: resets of the function that the driver recovered from
 * @resets_announced: VF only: times that the PF said its reset impends
 * @restarts: restarts of the queues after an error
 * @queue_errors: QUEUE_ERROR causes
 * @bad_cpls: completions that broke the contract
 * @tx_timeouts: calls of the netdev watchdog
 * @ctl_errors: control requests refused or not answered
 */
struct emunic_events {
	u64 resets;
	u64 resets_announced;
	u64 restarts;
	u64 queue_errors;
	u64 bad_cpls;
	u64 tx_timeouts;
	u64 ctl_errors;
};

/**
 * struct emunic - one function, PF or VF; the private data of its netdev
 * @netdev: its network device
 * @pdev: its PCI device
 * @regs: BAR0, mapped from probe to remove
 * @ctl: control path
 * @devlink: its devlink instance; set from probe to remove
 * @pf: PF only
 * @vf: VF only
 * @is_vf: which of the two
 * @max_queues: queue pairs that the device has
 * @num_queues: queue pairs to use; RTNL
 * @xps_queues: queue pairs that have CPUs to send from; RTNL
 * @ring_log2_min: log2 of the smallest ring
 * @ring_log2_max: log2 of the largest ring
 * @tx_log2: Tx ring size to use; RTNL
 * @rx_log2: Rx ring size to use; RTNL
 * @caps: EMUNIC_CAPS_*
 * @vport: number of the function's vport
 * @mbox_minor: highest minor version of the mailbox to speak; RTNL to change
 * @epoch: EPOCH when the control path was last brought up
 * @state: EMUNIC_STATE_* bits
 * @num_xsk: AF_XDP sockets bound to queues; RTNL
 * @xdp_prog: XDP program, of which this is a reference, or NULL; written with
 *            RTNL, read by NAPI, which a program outlives
 * @queues: queue pairs, the first @num_queues in use while up
 * @shadow: one page for the indexes of all queues, while up
 * @shadow_dma: its address
 * @ctl_irq: Linux interrupt of vector 0
 * @ctl_irq_name: as in /proc/interrupts
 * @irq_test: completed by CAUSE.TEST
 * @pending: causes and EMUNIC_SVC_* not yet handled
 * @service: the work that handles them
 * @quiesced: jiffies of emunic_quiesce(), while RESETTING
 * @announced: jiffies of the last RESET_IMPENDING; service work
 * @restarted: jiffies of the last restart after an error
 * @retry: jiffies before which what was in vain is not tried again; RTNL
 * @filters: Rx filter
 * @rss: receive steering
 * @rules: exceptions from it
 * @events: counters; RTNL or hard interrupt, approximate
 * @coalesce_lock: what queues have of moderation, and their registers
 * @tx_coalesce: for Tx queues yet to come; RTNL
 * @rx_coalesce: for Rx queues yet to come; RTNL
 * @clock: clock and timestamps
 */
struct emunic {
	struct net_device *netdev;
	struct pci_dev *pdev;
	void __iomem *regs;
	const struct emunic_ctl_ops *ctl;
	struct devlink *devlink;
	struct emunic_pf *pf;
	struct emunic_vf *vf;
	bool is_vf;
	u8 max_queues;
	u8 num_queues;
	u8 xps_queues;
	u8 ring_log2_min;
	u8 ring_log2_max;
	u8 tx_log2;
	u8 rx_log2;
	u32 caps;
	u16 vport;
	u16 mbox_minor;
	u32 epoch;
	unsigned long state;
	unsigned int num_xsk;
	struct bpf_prog *xdp_prog;

	struct emunic_queue *queues[EMUNIC_MAX_QUEUES];
	struct emunic_shadow *shadow;
	dma_addr_t shadow_dma;

	int ctl_irq;
	char ctl_irq_name[32];
	struct completion irq_test;
	atomic_t pending;
	struct delayed_work service;
	unsigned long quiesced;
	unsigned long announced;
	unsigned long restarted;
	unsigned long retry;

	struct emunic_filters filters;
	struct emunic_rss rss;
	struct emunic_rules rules;
	struct emunic_events events;

	struct mutex coalesce_lock;	/* moderation of all queues */
	struct emunic_coalesce tx_coalesce;
	struct emunic_coalesce rx_coalesce;
	struct emunic_clock clock;
};

/* hw.c: registers */
u32 emunic_rd32(struct emunic *emu, u32 reg);
void emunic_wr32(struct emunic *emu, u32 reg, u32 val);
int emunic_hw_identify(struct emunic *emu);
int emunic_hw_reset(struct emunic *emu);
bool emunic_hw_present(struct emunic *emu);
int emunic_block_start(struct emunic *emu, u32 block);
bool emunic_block_runs(struct emunic *emu, u32 block);
int emunic_block_stop(struct emunic *emu, u32 block);
void emunic_block_setup(struct emunic *emu, u32 block, dma_addr_t sq,
			dma_addr_t cq, dma_addr_t shadow, u8 log2, u8 vector);

/**
 * enum emunic_reg_who - functions that have a register
 * @EMUNIC_REG_FUNC: PF and VF
 * @EMUNIC_REG_PF: the PF
 * @EMUNIC_REG_VF: a VF
 */
enum emunic_reg_who {
	EMUNIC_REG_FUNC,
	EMUNIC_REG_PF,
	EMUNIC_REG_VF,
};

/**
 * struct emunic_reg - an entry of the register table
 * @offset: in BAR0, or in a queue block
 * @who: enum emunic_reg_who
 * @reset: value after a reset, or EMUNIC_REG_DYN
 * @rw: bits that keep what is written
 * @w1c: bits that a written 1 clears
 */
struct emunic_reg {
	u16 offset;
	u8 who;
	u32 reset;
	u32 rw;
	u32 w1c;
};

/* regs.c: the register table */
extern const struct emunic_reg emunic_function_regs[];
extern const struct emunic_reg emunic_queue_regs[];
extern const size_t emunic_num_function_regs;
extern const size_t emunic_num_queue_regs;
bool emunic_reg_is_here(const struct emunic *emu, const struct emunic_reg *reg);
int emunic_regs_count(const struct emunic *emu);
void emunic_regs_dump(struct emunic *emu, u32 *data);

/* reset.c: the service work and recovery */
void emunic_service_init(struct emunic *emu);
void emunic_service_start(struct emunic *emu);
void emunic_service_stop(struct emunic *emu);
void emunic_service_request(struct emunic *emu, u32 what);
void emunic_force_reset(struct emunic *emu);
void emunic_hold(struct emunic *emu);
int emunic_unhold(struct emunic *emu);
void emunic_quiesce(struct emunic *emu);
int emunic_restart(struct emunic *emu);
unsigned long emunic_retry_later(struct emunic *emu, unsigned long began);
bool emunic_restarted_lately(const struct emunic *emu);
int emunic_restart_queues(struct emunic *emu);
void emunic_update_carrier(struct emunic *emu);

/* aer.c: what the PCI core calls when a function is reset or has failed */
extern const struct pci_error_handlers emunic_err_handlers;

/* pm.c: suspend and resume */
extern const struct dev_pm_ops emunic_pm_ops;
void emunic_pm_link(struct emunic *emu);
void emunic_pm_unlink(struct emunic *emu);

/* irq.c */
int emunic_ctl_irq_request(struct emunic *emu);
void emunic_ctl_irq_free(struct emunic *emu);
void emunic_ctl_irq_enable(struct emunic *emu);
void emunic_ctl_irq_recheck(struct emunic *emu);
int emunic_queue_irq_request(struct emunic_queue *q);
void emunic_queue_irq_free(struct emunic_queue *q);
void emunic_queue_irqs_release(struct emunic *emu);

/* netdev.c: the netdev, and the one up and down path */
int emunic_netdev_setup(struct emunic *emu);
int emunic_up(struct emunic *emu);
void emunic_down(struct emunic *emu);
void emunic_netdev_set_mac(struct emunic *emu, const u8 *mac);
void emunic_rx_features_update(struct emunic *emu);

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

/* coalesce.c: interrupt moderation */
void emunic_coalesce_init(struct emunic *emu);
void emunic_moderation_init(struct emunic_queue *q);
void emunic_moderation_start(struct emunic_queue *q);
void emunic_moderation_stop(struct emunic_queue *q);
void emunic_moderation_adapt(struct emunic_queue *q);
int emunic_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec,
			struct netlink_ext_ack *extack);
int emunic_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
			struct kernel_ethtool_coalesce *kernel_ec,
			struct netlink_ext_ack *extack);
int emunic_get_queue_coalesce(struct net_device *netdev, u32 queue,
			      struct ethtool_coalesce *ec);
int emunic_set_queue_coalesce(struct net_device *netdev, u32 queue,
			      struct ethtool_coalesce *ec);

/* ptp.c: clock and timestamps */
void emunic_clock_init(struct emunic *emu);
void emunic_clock_release(struct emunic *emu);
int emunic_get_ts_info(struct net_device *netdev,
		       struct kernel_ethtool_ts_info *info);
int emunic_hwtstamp_get(struct net_device *netdev,
			struct kernel_hwtstamp_config *config);
int emunic_hwtstamp_set(struct net_device *netdev,
			struct kernel_hwtstamp_config *config,
			struct netlink_ext_ack *extack);

/* xdp_metadata.c */
extern const struct xdp_metadata_ops emunic_xdp_metadata_ops;

/* xdp.c: XDP programs */
void emunic_xdp_netdev_setup(struct emunic *emu);
bool emunic_xdp_plain(const struct emunic *emu);
bool emunic_xdp_mtu_ok(const struct emunic *emu, int mtu);
int emunic_xdp_rxq_register(struct emunic_queue *q);
void emunic_xdp_rxq_unregister(struct emunic_rx *rx);
bool emunic_xdp_buffer(struct emunic_rx *rx, struct page *page, u32 len);
void emunic_xdp_discard(struct emunic_rx *rx);
struct sk_buff *emunic_xdp_receive(struct emunic_queue *q);
void emunic_xdp_flush(struct emunic_queue *q);
int emunic_xdp_bpf(struct net_device *netdev, struct netdev_bpf *bpf);
int emunic_xdp_xmit(struct net_device *netdev, int n,
		    struct xdp_frame **frames, u32 flags);

/* xsk.c: AF_XDP with zero copy */
int emunic_xsk_setup(struct emunic *emu, struct xsk_buff_pool *pool, u16 qid);
int emunic_xsk_wakeup(struct net_device *netdev, u32 qid, u32 flags);
bool emunic_xsk_mtu_ok(const struct emunic *emu, int mtu);
u32 emunic_xsk_buf_len(struct xsk_buff_pool *pool);
bool emunic_xsk_fill(struct emunic_queue *q);
bool emunic_xsk_buffer(struct emunic_rx *rx, struct xdp_buff *xdp, u32 len);
struct sk_buff *emunic_xsk_build_skb(struct emunic_queue *q,
				     struct xdp_buff *xdp);
bool emunic_xsk_xmit(struct emunic_queue *q);

/* filters.c; all with RTNL */
void emunic_filters_init(struct emunic *emu);
void emunic_filters_release(struct emunic *emu);
int emunic_filters_sync(struct emunic *emu, struct netdev_hw_addr_list *uc,
			struct netdev_hw_addr_list *mc);
int emunic_filters_sync_netdev(struct emunic *emu);
int emunic_filters_replay(struct emunic *emu);
int emunic_filters_update_mode(struct emunic *emu, netdev_features_t features);
int emunic_vlan_rx_add_vid(struct net_device *netdev, __be16 proto, u16 vid);
int emunic_vlan_rx_kill_vid(struct net_device *netdev, __be16 proto, u16 vid);

/* ethtool.c, selftest.c */
extern const struct ethtool_ops emunic_ethtool_ops;
extern const struct ethtool_ops emunic_pf_ethtool_ops;
int emunic_selftest_count(void);
void emunic_selftest_strings(u8 *data);
void emunic_selftest_run(struct net_device *netdev, struct ethtool_test *test,
			 u64 *data);

/* vf.c */
extern const struct emunic_ctl_ops emunic_vf_ctl_ops;
int emunic_vf_init(struct emunic *emu);
void emunic_vf_release(struct emunic *emu);
void emunic_vf_service(struct emunic *emu, u32 pending);
bool emunic_vf_mac_is_fixed(const struct emunic *emu);
int emunic_vf_may_read_rss(struct emunic *emu);
void emunic_vf_mbox_wake(struct emunic *emu);

#endif /* EMUNIC_H */

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emunic: PCI identity, BAR0 registers, and the table that describes them.
 *
 * The specification is Documentation/spec/emunic.rst; existing values never
 * change.  Registers are 32 bits wide, little-endian, and accessed as aligned
 * 32-bit words.  Masks are literals: the driver uses FIELD_GET()/FIELD_PREP(),
 * the device FIELD-style helpers of its own.
 */
#ifndef EMUNIC_REGS_H
#define EMUNIC_REGS_H

/* PCI identity ------------------------------------------------------------ */

#define EMUNIC_PCI_VENDOR		0x1af4
#define EMUNIC_PCI_DEVICE_PF		0x10f0
#define EMUNIC_PCI_DEVICE_VF		0x10f1
#define EMUNIC_PCI_REVISION		0x01

#define EMUNIC_BAR_REGS			0
#define EMUNIC_BAR_MSIX			2
#define EMUNIC_BAR_REGS_SIZE		0x10000
#define EMUNIC_BAR_MSIX_SIZE		0x10000
#define EMUNIC_MSIX_TABLE_OFFSET	0x0000
#define EMUNIC_MSIX_PBA_OFFSET		0x8000

/* Limits ------------------------------------------------------------------ */

#define EMUNIC_MAX_VFS			254	/* all functions fit one bus */
#define EMUNIC_DEFAULT_VFS		64
#define EMUNIC_MAX_QUEUES		16	/* queue pairs a function */
#define EMUNIC_MAX_VECTORS		17	/* control, then one a pair */
#define EMUNIC_MIN_VECTORS		2
#define EMUNIC_RSS_ENTRIES		128	/* of the indirection table */
#define EMUNIC_RSS_KEY_SIZE		40	/* bytes */
#define EMUNIC_RSS_KEY_RESET						\
	{ 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,	\
	  0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,	\
	  0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,	\
	  0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa }
#define EMUNIC_VECTOR_CONTROL		0
#define EMUNIC_RING_LOG2_MIN		6	/* entries of a ring, log2 */
#define EMUNIC_RING_LOG2_MAX		12
#define EMUNIC_RING_ALIGN		4096	/* bytes */
#define EMUNIC_SHADOW_ALIGN		128	/* bytes */

/* Function: identity and state (PF and VF) -------------------------------- */

#define EMUNIC_ID			0x0000
#define EMUNIC_ID_MAGIC			0x4e554d45	/* "EMUN" */

#define EMUNIC_VERSION			0x0004
#define EMUNIC_VERSION_MAJOR		0xffff0000
#define EMUNIC_VERSION_MINOR		0x0000ffff
#define EMUNIC_ABI_MAJOR		1
#define EMUNIC_ABI_MINOR		2
#define EMUNIC_ABI_VERSION		0x00010002

#define EMUNIC_CAPS			0x0008
#define EMUNIC_CAPS_CSUM		0x00000001	/* Tx and Rx checksum */
#define EMUNIC_CAPS_TSO			0x00000002	/* TCP GSO frames */
#define EMUNIC_CAPS_VLAN		0x00000004	/* tag insert, strip */
#define EMUNIC_CAPS_SHADOW		0x00000008	/* tails in memory */
#define EMUNIC_CAPS_RXHASH		0x00000010	/* Toeplitz steering */
#define EMUNIC_CAPS_RSS			0x00000020	/* and it can be set */
#define EMUNIC_CAPS_USO			0x00000040	/* UDP GSO frames */
#define EMUNIC_CAPS_INNER		0x00000080	/* GSO in a tunnel */
#define EMUNIC_CAPS_BIG_GSO		0x00000100	/* beyond 64 KiB */
#define EMUNIC_CAPS_GRO			0x00000200	/* makes GSO frames */
#define EMUNIC_CAPS_CSUM_COMPLETE	0x00000400	/* sums on receive */
#define EMUNIC_CAPS_TSTAMP		0x00000800	/* clock, timestamps */
#define EMUNIC_CAPS_MODERATION		0x00001000	/* of interrupts */
#define EMUNIC_CAPS_PORT		0x00002000	/* pause, counters */
#define EMUNIC_CAPS_FLOW		0x00004000	/* rules, contexts */
#define EMUNIC_CAPS_ALL			0x00007fff

#define EMUNIC_FUNC			0x000c
#define EMUNIC_FUNC_VF			0x80000000	/* this is a VF */
#define EMUNIC_FUNC_VPORT		0x0000ffff	/* 0 PF, n+1 for VF n */

#define EMUNIC_LIMITS			0x0010
#define EMUNIC_LIMITS_QUEUES		0x000000ff	/* queue pairs */
#define EMUNIC_LIMITS_VECTORS		0x0000ff00
#define EMUNIC_LIMITS_RING_MIN		0x000f0000	/* log2 of entries */
#define EMUNIC_LIMITS_RING_MAX		0x00f00000	/* log2 of entries */

#define EMUNIC_CTRL			0x0014
#define EMUNIC_CTRL_ENABLE		0x00000001	/* the vport carries frames */
#define EMUNIC_CTRL_RESET		0x00000002	/* self-clearing */

#define EMUNIC_STATUS			0x0018
#define EMUNIC_STATUS_READY		0x00000001
#define EMUNIC_STATUS_LINK_UP		0x00000002
#define EMUNIC_STATUS_PF_READY		0x00000004	/* event ring runs */
#define EMUNIC_STATUS_RESET_IMPENDING	0x00000008
#define EMUNIC_STATUS_FATAL		0x00000010	/* admin path is dead */

#define EMUNIC_EPOCH			0x001c

#define EMUNIC_LINK_SPEED		0x0020		/* Mbit/s */

#define EMUNIC_MAC_LO			0x0024		/* octets 0 to 3; VF: 0 */
#define EMUNIC_MAC_HI			0x0028		/* octets 4 and 5 */
#define EMUNIC_MAC_HI_MASK		0x0000ffff

#define EMUNIC_CAUSE			0x002c		/* write 1 to clear */
#define EMUNIC_CAUSE_MASK		0x0030		/* 1 = raises vector 0 */
#define EMUNIC_CAUSE_ADMIN		0x00000001	/* admin completion */
#define EMUNIC_CAUSE_EVENT		0x00000002	/* event ring entry */
#define EMUNIC_CAUSE_MBOX		0x00000004	/* MBOX_STATUS changed */
#define EMUNIC_CAUSE_LINK		0x00000008	/* STATUS.LINK_UP changed */
#define EMUNIC_CAUSE_RESET		0x00000010	/* EPOCH changed */
#define EMUNIC_CAUSE_RESET_IMPENDING	0x00000020
#define EMUNIC_CAUSE_POLICY		0x00000040	/* ask GET_CONFIG again */
#define EMUNIC_CAUSE_QUEUE_ERROR	0x00000080
#define EMUNIC_CAUSE_PF_READY		0x00000100	/* STATUS.PF_READY changed */
#define EMUNIC_CAUSE_TEST		0x00000200
#define EMUNIC_CAUSE_ALL		0x000003ff

#define EMUNIC_RX_FEATURES		0x0034
#define EMUNIC_RX_FEATURES_GSO		0x00000001	/* take GSO frames whole */
#define EMUNIC_RX_FEATURES_CSUM		0x00000002	/* take partial checksums */
#define EMUNIC_RX_FEATURES_VLAN_STRIP	0x00000004	/* C-tag to completion */
#define EMUNIC_RX_FEATURES_USO		0x00000008	/* take UDP GSO whole */
#define EMUNIC_RX_FEATURES_GRO		0x00000010	/* make GSO frames */
#define EMUNIC_RX_FEATURES_LRO		0x00000020	/* of unlike segments */
#define EMUNIC_RX_FEATURES_TSTAMP	0x00000040	/* stamp every frame */
#define EMUNIC_RX_FEATURES_CSUM_COMPLETE 0x00000080	/* sum what is unknown */
#define EMUNIC_RX_FEATURES_INNER	0x00000100	/* in IP tunnels, too */
#define EMUNIC_RX_FEATURES_ALL		0x000001ff

#define EMUNIC_RX_MAX_FRAME		0x0038		/* bytes, without FCS */
#define EMUNIC_RX_MAX_FRAME_MASK	0x0000ffff
#define EMUNIC_RX_MAX_FRAME_RESET	0x000005f2	/* 1522 */

#define EMUNIC_VF_VECTORS		0x003c		/* PF: pool of all VFs */

#define EMUNIC_RX_MAX_GSO		0x0040		/* bytes, as RX_MAX_FRAME */
#define EMUNIC_RX_MAX_GSO_MASK		0x0007ffff
#define EMUNIC_RX_MAX_GSO_RESET		0x00010016	/* 65558 */

/* Receive steering (PF and VF) -------------------------------------------- */

#define EMUNIC_RSS_FIELDS		0x0044	/* what is hashed, by kind */
#define EMUNIC_RSS_FIELDS_SRC		0x1	/* of each kind: addresses, */
#define EMUNIC_RSS_FIELDS_DST		0x2
#define EMUNIC_RSS_FIELDS_SPORT		0x4	/* ports */
#define EMUNIC_RSS_FIELDS_DPORT		0x8
#define EMUNIC_RSS_FIELDS_TCP4		0x0000000f
#define EMUNIC_RSS_FIELDS_UDP4		0x000000f0
#define EMUNIC_RSS_FIELDS_TCP6		0x00000f00
#define EMUNIC_RSS_FIELDS_UDP6		0x0000f000
#define EMUNIC_RSS_FIELDS_IP4		0x000f0000	/* all other IPv4 */
#define EMUNIC_RSS_FIELDS_IP6		0x00f00000
#define EMUNIC_RSS_FIELDS_MASK		0x0033ffff	/* IP has no ports */
#define EMUNIC_RSS_FIELDS_RESET		0x0033ffff
#define EMUNIC_RSS_CTRL			0x0048
#define EMUNIC_RSS_CTRL_SYM_XOR		0x00000001
#define EMUNIC_RSS_CTRL_SYM_OR_XOR	0x00000002
#define EMUNIC_RSS_CTRL_ALL		0x00000003
#define EMUNIC_RSS_KEY			0x5000		/* window, 40 bytes */
#define EMUNIC_RSS_TABLE		0x5080		/* window, 128 bytes */
#define EMUNIC_RSS_STRIDE		0x100		/* of the contexts' */
#define EMUNIC_RSS_CONTEXTS		8		/* 0: frames without a rule */

/* Rules: windows of 40 bytes; see struct emunic_flow_rule of desc.h */
#define EMUNIC_FLOW_RULE		0x6000		/* + stride * rule */
#define EMUNIC_FLOW_STRIDE		0x40
#define EMUNIC_FLOW_RULES		64

/* Clock (PF and VF; the PF sets it) --------------------------------------- */

#define EMUNIC_CLOCK_LO			0x0050		/* ns */
#define EMUNIC_CLOCK_HI			0x0054
#define EMUNIC_CLOCK_ARG_LO		0x0058		/* PF: ns, for CTRL */
#define EMUNIC_CLOCK_ARG_HI		0x005c
#define EMUNIC_CLOCK_RATE		0x0060		/* PF: signed, 2^-32 */
#define EMUNIC_CLOCK_CTRL		0x0064		/* PF: write: operation */
#define EMUNIC_CLOCK_CTRL_SET		0x00000001
#define EMUNIC_CLOCK_CTRL_ADJUST	0x00000002

/* Test registers (PF and VF) ---------------------------------------------- */

#define EMUNIC_TEST_SCRATCH		0x0080
#define EMUNIC_TEST_IRQ			0x0084		/* write: vector to raise */
#define EMUNIC_TEST_IRQ_VECTOR		0x000000ff
#define EMUNIC_TEST_DMA_LO		0x0088
#define EMUNIC_TEST_DMA_HI		0x008c
#define EMUNIC_TEST_DMA_LEN		0x0090		/* 1 to 4096 bytes */
#define EMUNIC_TEST_DMA_LEN_MASK	0x00001fff
#define EMUNIC_TEST_DMA_LEN_MAX		4096
#define EMUNIC_TEST_DMA_SEED		0x0094		/* byte i is seed + i */
#define EMUNIC_TEST_DMA_SEED_MASK	0x000000ff
#define EMUNIC_TEST_DMA_CTRL		0x0098		/* write: operation */
#define EMUNIC_TEST_DMA_CTRL_WRITE	0x00000001	/* pattern to memory */
#define EMUNIC_TEST_DMA_CTRL_CHECK	0x00000002	/* compare memory */
#define EMUNIC_TEST_DMA_STATUS		0x009c
#define EMUNIC_TEST_DMA_STATUS_IDLE	0
#define EMUNIC_TEST_DMA_STATUS_BUSY	1
#define EMUNIC_TEST_DMA_STATUS_OK	2
#define EMUNIC_TEST_DMA_STATUS_MISMATCH	3
#define EMUNIC_TEST_DMA_STATUS_FAULT	4
#define EMUNIC_TEST_DMA_STATUS_INVALID	5

/* Doorbell page ----------------------------------------------------------- */

#define EMUNIC_DOORBELL_PAGE		0x1000
#define EMUNIC_DOORBELL_PAGE_SIZE	0x1000

#define EMUNIC_KICK			0x1000		/* bit q: Tx queue q */
#define EMUNIC_KICK_TX			0x0000ffff
#define EMUNIC_ADMIN_TAIL		0x1004		/* PF: admin producer */
#define EMUNIC_EVENT_HEAD		0x1008		/* PF: event consumer */

/* Queue register block ---------------------------------------------------- */
/* One layout for Tx and Rx queues, the admin queue and the event ring. */

#define EMUNIC_ADMIN_BLOCK		0x2000		/* PF only */
#define EMUNIC_EVENT_BLOCK		0x2040		/* PF only */
#define EMUNIC_TX_BLOCK			0x4000		/* + stride * queue */
#define EMUNIC_RX_BLOCK			0x4800		/* + stride * queue */
#define EMUNIC_Q_STRIDE			0x40

#define EMUNIC_Q_SQ_LO			0x00	/* submission ring */
#define EMUNIC_Q_SQ_HI			0x04
#define EMUNIC_Q_CQ_LO			0x08	/* completion ring */
#define EMUNIC_Q_CQ_HI			0x0c
#define EMUNIC_Q_SHADOW_LO		0x10	/* struct emunic_shadow */
#define EMUNIC_Q_SHADOW_HI		0x14
#define EMUNIC_Q_SIZE			0x18	/* log2 of entries, both rings */
#define EMUNIC_Q_SIZE_LOG2		0x0000000f
#define EMUNIC_Q_VECTOR			0x1c
#define EMUNIC_Q_VECTOR_MASK		0x000000ff
#define EMUNIC_Q_CTRL			0x20
#define EMUNIC_Q_CTRL_START		0x00000001	/* 1 starts, 0 stops */
#define EMUNIC_Q_STATE			0x24
#define EMUNIC_Q_STATE_STOPPED		0
#define EMUNIC_Q_STATE_RUNNING		1
#define EMUNIC_Q_STATE_DRAINING		2
#define EMUNIC_Q_STATE_ERROR		3
#define EMUNIC_Q_ERROR			0x28
#define EMUNIC_Q_ERROR_NONE		0
#define EMUNIC_Q_ERROR_ADDRESS		1	/* misaligned or null ring */
#define EMUNIC_Q_ERROR_SIZE		2	/* log2 out of range */
#define EMUNIC_Q_ERROR_VECTOR		3
#define EMUNIC_Q_ERROR_DMA		4	/* a DMA access failed */
#define EMUNIC_Q_ERROR_INDEX		5	/* tail beyond the ring */
#define EMUNIC_Q_ERROR_CHAIN		6	/* a chain without an end */
#define EMUNIC_Q_ERROR_DESC		7	/* reserved bits, zero length */
#define EMUNIC_Q_MODERATION		0x2c	/* of the vector; also running */
#define EMUNIC_Q_MODERATION_USECS	0x0000ffff
#define EMUNIC_Q_MODERATION_FRAMES	0xffff0000	/* completions */

/* VF mailbox (VF only) ---------------------------------------------------- */

#define EMUNIC_MBOX_CTRL		0x3000		/* write: operation */
#define EMUNIC_MBOX_CTRL_SEND		0x00000001
#define EMUNIC_MBOX_CTRL_CANCEL		0x00000002
#define EMUNIC_MBOX_STATUS		0x3004
#define EMUNIC_MBOX_STATUS_STATE	0x0000000f
#define EMUNIC_MBOX_STATUS_ERROR	0x0000ff00
#define EMUNIC_MBOX_STATUS_CREDIT	0x00010000	/* a SEND is accepted */
#define EMUNIC_MBOX_STATE_IDLE		0
#define EMUNIC_MBOX_STATE_BUSY		1	/* the PF has the request */
#define EMUNIC_MBOX_STATE_DONE		2	/* reply window is valid */
#define EMUNIC_MBOX_STATE_FAILED	3	/* see the error field */
#define EMUNIC_MBOX_STATE_CANCELLED	4	/* waits for its credit */
#define EMUNIC_MBOX_ERROR_NONE		0
#define EMUNIC_MBOX_ERROR_NO_PF		1
#define EMUNIC_MBOX_ERROR_LENGTH	2
#define EMUNIC_MBOX_ERROR_NO_CREDIT	3
#define EMUNIC_MBOX_ERROR_RESET		4
#define EMUNIC_MBOX_LEN			0x3008		/* request, bytes */
#define EMUNIC_MBOX_LEN_MASK		0x000000ff
#define EMUNIC_MBOX_REPLY_LEN		0x300c		/* reply, bytes */
#define EMUNIC_MBOX_REQUEST		0x3100		/* window, read-write */
#define EMUNIC_MBOX_REPLY		0x3200		/* window, read-only */
#define EMUNIC_MBOX_WINDOW_SIZE		224

/*
 * Register table: REG(name, who, reset, rw, w1c)
 *
 * @who:   FUNC (PF and VF), PF or VF; elsewhere the offset reads as zero
 * @reset: value after FLR; DYN where it comes from a property or from state
 * @rw:    bits that keep what is written to them
 * @w1c:   bits that a written 1 clears
 *
 * Other bits are read-only.  Registers that start an operation when written
 * (CTRL.RESET, CLOCK_CTRL, TEST_IRQ, TEST_DMA_CTRL, MBOX_CTRL and the doorbell
 * page) read as zero in the bits that start it.  The device's register file,
 * `ethtool -d` and the register test of `ethtool -t` are made from this table.
 */
#define EMUNIC_REG_DYN			0xffffffff

#define EMUNIC_FUNCTION_REGS(REG)					\
	REG(ID,			FUNC, EMUNIC_ID_MAGIC,		0, 0)	\
	REG(VERSION,		FUNC, EMUNIC_ABI_VERSION,	0, 0)	\
	REG(CAPS,		FUNC, EMUNIC_CAPS_ALL,		0, 0)	\
	REG(FUNC,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(LIMITS,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(CTRL,		FUNC, 0, EMUNIC_CTRL_ENABLE,	0)	\
	REG(STATUS,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(EPOCH,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(LINK_SPEED,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(MAC_LO,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(MAC_HI,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(CAUSE,		FUNC, 0, 0, EMUNIC_CAUSE_ALL)		\
	REG(CAUSE_MASK,		FUNC, 0, EMUNIC_CAUSE_ALL,	0)	\
	REG(RX_FEATURES,	FUNC, 0, EMUNIC_RX_FEATURES_ALL, 0)	\
	REG(RX_MAX_FRAME,	FUNC, EMUNIC_RX_MAX_FRAME_RESET,	\
	    EMUNIC_RX_MAX_FRAME_MASK, 0)				\
	REG(VF_VECTORS,		PF,   EMUNIC_REG_DYN,		0, 0)	\
	REG(RX_MAX_GSO,		FUNC, EMUNIC_RX_MAX_GSO_RESET,		\
	    EMUNIC_RX_MAX_GSO_MASK, 0)					\
	REG(RSS_FIELDS,		FUNC, EMUNIC_RSS_FIELDS_RESET,		\
	    EMUNIC_RSS_FIELDS_MASK, 0)					\
	REG(RSS_CTRL,		FUNC, 0, EMUNIC_RSS_CTRL_ALL,	0)	\
	REG(CLOCK_LO,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(CLOCK_HI,		FUNC, EMUNIC_REG_DYN,		0, 0)	\
	REG(CLOCK_ARG_LO,	PF,   0, 0xffffffff,		0)	\
	REG(CLOCK_ARG_HI,	PF,   0, 0xffffffff,		0)	\
	REG(CLOCK_RATE,		PF,   EMUNIC_REG_DYN, 0xffffffff, 0)	\
	REG(CLOCK_CTRL,		PF,   0, 0,			0)	\
	REG(TEST_SCRATCH,	FUNC, 0, 0xffffffff,		0)	\
	REG(TEST_IRQ,		FUNC, 0, 0,			0)	\
	REG(TEST_DMA_LO,	FUNC, 0, 0xffffffff,		0)	\
	REG(TEST_DMA_HI,	FUNC, 0, 0xffffffff,		0)	\
	REG(TEST_DMA_LEN,	FUNC, 0, EMUNIC_TEST_DMA_LEN_MASK, 0)	\
	REG(TEST_DMA_SEED,	FUNC, 0, EMUNIC_TEST_DMA_SEED_MASK, 0)	\
	REG(TEST_DMA_CTRL,	FUNC, 0, 0,			0)	\
	REG(TEST_DMA_STATUS,	FUNC, 0, 0,			0)	\
	REG(KICK,		FUNC, 0, 0,			0)	\
	REG(ADMIN_TAIL,		PF,   0, 0,			0)	\
	REG(EVENT_HEAD,		PF,   0, 0,			0)	\
	REG(MBOX_CTRL,		VF,   0, 0,			0)	\
	REG(MBOX_STATUS,	VF,   EMUNIC_MBOX_STATUS_CREDIT, 0, 0)	\
	REG(MBOX_LEN,		VF,   0, EMUNIC_MBOX_LEN_MASK,	0)	\
	REG(MBOX_REPLY_LEN,	VF,   0, 0,			0)

/*
 * Queue block: QREG(name, reset, rw).  The rw bits take writes while the
 * queue is STOPPED or in ERROR and keep their value otherwise; CTRL and
 * MODERATION always take writes.
 */
#define EMUNIC_QUEUE_REGS(QREG)						\
	QREG(SQ_LO,		0, 0xffffffff)				\
	QREG(SQ_HI,		0, 0xffffffff)				\
	QREG(CQ_LO,		0, 0xffffffff)				\
	QREG(CQ_HI,		0, 0xffffffff)				\
	QREG(SHADOW_LO,		0, 0xffffffff)				\
	QREG(SHADOW_HI,		0, 0xffffffff)				\
	QREG(SIZE,		0, EMUNIC_Q_SIZE_LOG2)			\
	QREG(VECTOR,		0, EMUNIC_Q_VECTOR_MASK)		\
	QREG(CTRL,		0, EMUNIC_Q_CTRL_START)			\
	QREG(STATE,		0, 0)					\
	QREG(ERROR,		0, 0)					\
	QREG(MODERATION,	0, 0xffffffff)

#endif /* EMUNIC_REGS_H */

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emunic: descriptors, completions and the shadow page of Tx and Rx queues.
 *
 * The specification is Documentation/spec/emunic.rst, "Queues".  All fields
 * are little-endian, all structures naturally aligned, reserved fields zero.
 */
#ifndef EMUNIC_DESC_H
#define EMUNIC_DESC_H

#include <linux/types.h>

#define EMUNIC_FRAME_MIN	14	/* bytes: an Ethernet header */
#define EMUNIC_FRAME_MAX	9216	/* bytes, without FCS, not GSO */
#define EMUNIC_GSO_FRAME_MAX	65558	/* bytes: 64 KiB and two tags */
#define EMUNIC_BIG_GSO_MAX	262144	/* bytes, with CAPS_BIG_GSO */
#define EMUNIC_GSO_MAX_SEGS	1024	/* segments a GSO frame */
#define EMUNIC_GSO_HDR_MAX	512	/* bytes: headers of a GSO frame */
#define EMUNIC_TX_MAX_DESCS	32	/* data descriptors a frame */

/*
 * struct emunic_shadow - indexes of one queue, in guest memory
 *
 * Indexes run freely from 0 at START, modulo 2^32; entry = index & (size - 1).
 * Each half is written by one side only and has a cache line to itself.
 *
 * @sq_tail:  driver: next descriptor it will write
 * @cq_event: driver: raise the vector when the completion index passes this
 * @sq_event: device: kick when sq_tail passes this
 */
struct emunic_shadow {
	__le32 sq_tail;
	__le32 cq_event;
	__le32 reserved0[14];
	__le32 sq_event;
	__le32 reserved1[15];
};

/*
 * "Has @new, moving up from @old, passed @event?"  Both sides use this rule,
 * the driver for kicks and the device for interrupts.
 */
#define EMUNIC_INDEX_PASSED(event, new, old) \
	((__u32)((new) - (event) - 1) < (__u32)((new) - (old)))

/* Flags of both Tx descriptor forms */
#define EMUNIC_TX_EOP		0x0001	/* last descriptor of the frame */
#define EMUNIC_TX_META		0x0002	/* this is a struct emunic_tx_meta */
/* Flags of struct emunic_tx_meta only */
#define EMUNIC_TX_CSUM		0x0010	/* finish the checksum */
#define EMUNIC_TX_GSO		0x0020	/* a GSO frame; needs CSUM too */
#define EMUNIC_TX_VLAN		0x0040	/* insert vlan_tci, TPID 0x8100 */
#define EMUNIC_TX_INNER		0x0080	/* GSO in a tunnel: inner_l3 */
#define EMUNIC_TX_TSTAMP	0x0100	/* tell when it was sent */

/* struct emunic_tx_desc - one piece of a frame, 1 to 65535 bytes */
struct emunic_tx_desc {
	__le64 addr;
	__le32 len;
	__le16 flags;
	__le16 reserved;
};

/*
 * struct emunic_tx_meta - optional first descriptor of a frame
 *
 * @csum_start:  offset from the frame's start to where summing begins
 * @csum_offset: offset from @csum_start to the 16-bit checksum field, which
 *               holds the folded pseudo-header sum
 * @gso_size:    payload bytes of each segment
 * @gso_type:    EMUNIC_GSO_*
 * @vlan_tci:    tag to insert, when EMUNIC_TX_VLAN
 * @hdr_len:     bytes of headers that each segment repeats
 * @inner_l3:    offset of the inner IP header, when EMUNIC_TX_INNER
 */
struct emunic_tx_meta {
	__le16 csum_start;
	__le16 csum_offset;
	__le16 gso_size;
	__u8   gso_type;
	__u8   reserved0;
	__le16 vlan_tci;
	__le16 hdr_len;
	__le16 flags;
	__le16 inner_l3;
};

#define EMUNIC_GSO_NONE		0
#define EMUNIC_GSO_TCPV4	1
#define EMUNIC_GSO_TCPV6	2
#define EMUNIC_GSO_UDPV4	3
#define EMUNIC_GSO_UDPV6	4

#define EMUNIC_CPL_PHASE	0x0001	/* of every completion and event */

/*
 * struct emunic_tx_cpl - Tx completion
 *
 * One completion may cover many frames; a frame with an error has one of its
 * own, whose @sq_head is the index after that frame, and so has one with a
 * timestamp.
 *
 * @sq_head:   all descriptors before this index are done
 * @status:    EMUNIC_TX_STATUS_*
 * @flags:     EMUNIC_CPL_PHASE; written after the rest of the entry
 * @timestamp: CLOCK when the frame was sent, for EMUNIC_TX_TSTAMP; else 0
 */
struct emunic_tx_cpl {
	__le32 sq_head;
	__le16 status;
	__le16 flags;
	__le64 timestamp;
};

#define EMUNIC_TX_STATUS_OK	0
#define EMUNIC_TX_STATUS_LENGTH	1	/* frame too short or too long */
#define EMUNIC_TX_STATUS_META	2	/* offsets, GSO type or size */

/*
 * struct emunic_rx_desc - one receive buffer
 *
 * @buf_id: the driver's own; comes back in the completion
 */
struct emunic_rx_desc {
	__le64 addr;
	__le32 len;
	__le16 buf_id;
	__le16 reserved;
};

#define EMUNIC_RX_BUF_MIN	256	/* bytes */
#define EMUNIC_RX_BUF_MAX	65536	/* bytes */

/* Flags of struct emunic_rx_cpl, beside EMUNIC_CPL_PHASE */
#define EMUNIC_RX_EOP		0x0002	/* last buffer of the frame */
#define EMUNIC_RX_CSUM_OK	0x0004	/* L4 checksum is known to be good */
#define EMUNIC_RX_CSUM_PARTIAL	0x0008	/* csum_start/offset are to be done */
#define EMUNIC_RX_GSO		0x0010	/* gso_type, gso_size, hdr_len valid */
#define EMUNIC_RX_VLAN		0x0020	/* vlan_tci was stripped */
#define EMUNIC_RX_HASH		0x0040	/* hash, hash_type valid */
#define EMUNIC_RX_CSUM_COMPLETE	0x0080	/* csum_start is a sum */
#define EMUNIC_RX_TSTAMP	0x0100	/* timestamp valid */
#define EMUNIC_RX_INNER		0x0200	/* GSO in an IP tunnel */

#define EMUNIC_RX_HASH_NONE	0
#define EMUNIC_RX_HASH_L3	1	/* IP addresses */
#define EMUNIC_RX_HASH_L4	2	/* IP addresses and ports */

/*
 * struct emunic_rx_cpl - Rx completion: one for each buffer
 *
 * Frame-wide fields (all but @len, @buf_id and the EOP and PHASE flags) are
 * valid in the completion of the frame's first buffer.
 *
 * @len:        bytes in this buffer
 * @csum_start: CSUM_PARTIAL: offset where summing begins; CSUM_COMPLETE: the
 *              folded sum of all bytes behind the Ethernet header
 * @flags:      written after the rest of the entry
 */
struct emunic_rx_cpl {
	__le32 len;
	__le32 hash;
	__le16 vlan_tci;
	__le16 buf_id;
	__le16 gso_size;
	__u8   gso_type;
	__u8   hash_type;
	__le16 csum_start;
	__le16 csum_offset;
	__le16 hdr_len;
	__le16 flags;
	__le64 timestamp;
};

/*
 * struct emunic_flow_rule - one rule of receive steering, in its window
 *
 * @ctrl:  EMUNIC_FLOW_*; written last, and cleared before the rest changes
 * @src:   source address, network order; IPv4 in the first four bytes
 * @dst:   destination address
 * @sport: source port, network order
 * @dport: destination port
 */
struct emunic_flow_rule {
	__le32 ctrl;
	__u8   src[16];
	__u8   dst[16];
	__be16 sport;
	__be16 dport;
};

#define EMUNIC_FLOW_ENABLE	0x00000001
#define EMUNIC_FLOW_DROP	0x00000002	/* and count it */
#define EMUNIC_FLOW_SPREAD	0x00000004	/* by the context's table */
#define EMUNIC_FLOW_SRC		0x00000010	/* must be equal */
#define EMUNIC_FLOW_DST		0x00000020
#define EMUNIC_FLOW_SPORT	0x00000040
#define EMUNIC_FLOW_DPORT	0x00000080
#define EMUNIC_FLOW_KIND	0x00000700	/* as RSS_FIELDS has them */
#define EMUNIC_FLOW_KIND_TCP4	0
#define EMUNIC_FLOW_KIND_UDP4	1
#define EMUNIC_FLOW_KIND_TCP6	2
#define EMUNIC_FLOW_KIND_UDP6	3
#define EMUNIC_FLOW_KIND_IP4	4	/* any IPv4 */
#define EMUNIC_FLOW_KIND_IP6	5	/* any IPv6 */
#define EMUNIC_FLOW_QUEUE	0x00ff0000	/* where it goes to, */
#define EMUNIC_FLOW_CONTEXT	0x07000000	/* or with SPREAD, this */
#define EMUNIC_FLOW_ALL		0x07ff07f7

_Static_assert(sizeof(struct emunic_flow_rule) == 40, "emunic_flow_rule");
_Static_assert(sizeof(struct emunic_shadow) == 128, "emunic_shadow");
_Static_assert(sizeof(struct emunic_tx_desc) == 16, "emunic_tx_desc");
_Static_assert(sizeof(struct emunic_tx_meta) == 16, "emunic_tx_meta");
_Static_assert(sizeof(struct emunic_tx_cpl) == 16, "emunic_tx_cpl");
_Static_assert(sizeof(struct emunic_rx_desc) == 16, "emunic_rx_desc");
_Static_assert(sizeof(struct emunic_rx_cpl) == 32, "emunic_rx_cpl");

#endif /* EMUNIC_DESC_H */

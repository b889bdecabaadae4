/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emunic: admin commands and completions, and the event ring (PF only).
 *
 * The specification is Documentation/spec/emunic.rst, "Admin queue" and
 * "Event ring".  Existing values never change.
 */
#ifndef EMUNIC_ADMINQ_H
#define EMUNIC_ADMINQ_H

#include <linux/types.h>

/*
 * struct emunic_admin_cmd - one command, 64 bytes
 *
 * @opcode:    EMUNIC_ADMIN_*
 * @vport:     the vport it is about: 0 for the PF, n + 1 for VF n
 * @cookie:    comes back in the completion
 * @data_addr: buffer in PF memory, for the commands that have one
 * @data_len:  its length in bytes; zero for the others
 * @arg:       by opcode, the structures below
 */
struct emunic_admin_cmd {
	__le16 opcode;
	__le16 vport;
	__le32 cookie;
	__le64 data_addr;
	__le32 data_len;
	__le32 reserved;
	__u8   arg[40];
};

/*
 * struct emunic_admin_cpl - one completion, 16 bytes
 *
 * @cookie: of the command
 * @result: bytes written to the data buffer
 * @status: EMUNIC_ADMIN_ST_*
 * @flags:  EMUNIC_CPL_PHASE; written after the rest of the entry
 */
struct emunic_admin_cpl {
	__le32 cookie;
	__le32 result;
	__le32 reserved;
	__le16 status;
	__le16 flags;
};

#define EMUNIC_ADMIN_VPORT_SET_MAC	0x0010
#define EMUNIC_ADMIN_VPORT_SET_VLAN	0x0011
#define EMUNIC_ADMIN_VPORT_ADD_MAC	0x0012
#define EMUNIC_ADMIN_VPORT_DEL_MAC	0x0013
#define EMUNIC_ADMIN_VPORT_ADD_VLAN	0x0014
#define EMUNIC_ADMIN_VPORT_DEL_VLAN	0x0015
#define EMUNIC_ADMIN_VPORT_SET_RX_MODE	0x0016
#define EMUNIC_ADMIN_VPORT_CLEAR	0x0017
#define EMUNIC_ADMIN_VPORT_GET_STATS	0x0018
#define EMUNIC_ADMIN_VPORT_SET_LINK	0x0019
#define EMUNIC_ADMIN_VPORT_SET_RATE	0x001a
#define EMUNIC_ADMIN_VPORT_SET_SPOOFCHK	0x001b
#define EMUNIC_ADMIN_VPORT_SET_FLAGS	0x001c
#define EMUNIC_ADMIN_VPORT_GET_POLICY	0x001d
#define EMUNIC_ADMIN_SWITCH_SET_MODE	0x001e
#define EMUNIC_ADMIN_VF_REPLY		0x0020
#define EMUNIC_ADMIN_VF_NOTIFY		0x0021
#define EMUNIC_ADMIN_VF_RESET		0x0022
#define EMUNIC_ADMIN_VF_SET_VECTORS	0x0023
#define EMUNIC_ADMIN_PORT_GET_STATS	0x0030
#define EMUNIC_ADMIN_PORT_SET_PAUSE	0x0031

#define EMUNIC_ADMIN_ST_OK		0
#define EMUNIC_ADMIN_ST_OPCODE		1	/* unknown opcode */
#define EMUNIC_ADMIN_ST_VPORT		2	/* no such vport, or not a VF */
#define EMUNIC_ADMIN_ST_INVALID		3	/* a field is out of range */
#define EMUNIC_ADMIN_ST_DMA		4	/* the data buffer failed */
#define EMUNIC_ADMIN_ST_STALE		5	/* epoch or tag has passed */
#define EMUNIC_ADMIN_ST_NO_SPACE	6	/* a table or a pool is used up */
#define EMUNIC_ADMIN_ST_NOT_FOUND	7	/* no such filter */

#define EMUNIC_VPORT_MAX_MACS		256	/* ADD_MAC entries a vport */

/* VPORT_SET_MAC, VPORT_ADD_MAC, VPORT_DEL_MAC */
struct emunic_admin_mac {
	__u8   mac[6];
	__le16 reserved;
};

/* VPORT_SET_VLAN: port VLAN; vid 0 removes it */
struct emunic_admin_port_vlan {
	__le16 tpid;		/* 0x8100 or 0x88a8 */
	__le16 vid;		/* 0 to 4094 */
	__le16 prio;		/* 0 to 7 */
	__le16 reserved;
};

/* VPORT_ADD_VLAN, VPORT_DEL_VLAN */
struct emunic_admin_vlan {
	__le16 vid;		/* 0 to 4094 */
	__le16 reserved;
};

/* VPORT_SET_RX_MODE */
struct emunic_admin_rx_mode {
	__le32 mode;
};

#define EMUNIC_RX_MODE_PROMISC		0x00000001	/* all frames it may see */
#define EMUNIC_RX_MODE_ALLMULTI		0x00000002
#define EMUNIC_RX_MODE_VLAN_ANY		0x00000004	/* no VLAN filter */
#define EMUNIC_RX_MODE_ALL		0x00000007

/* VPORT_SET_LINK: what a VF's link follows */
struct emunic_admin_link {
	__le32 link;		/* EMUNIC_LINK_* */
};

#define EMUNIC_LINK_AUTO		0	/* the uplink */
#define EMUNIC_LINK_UP			1	/* always up */
#define EMUNIC_LINK_DOWN		2	/* always down */

/* VPORT_SET_RATE: of what the vport sends, Mbit/s; 0 for none */
struct emunic_admin_rate {
	__le32 min_rate;
	__le32 max_rate;
};

/* VPORT_SET_SPOOFCHK: what is checked of frames that the vport sends */
struct emunic_admin_spoofchk {
	__le32 spoofchk;	/* EMUNIC_SPOOFCHK_* */
};

#define EMUNIC_SPOOFCHK_MAC		0x00000001	/* source address */
#define EMUNIC_SPOOFCHK_VLAN		0x00000002	/* VLAN of the tag */
#define EMUNIC_SPOOFCHK_ALL		0x00000003

/* VPORT_SET_FLAGS: policy; but for QUERY_RSS the device only keeps it */
struct emunic_admin_flags {
	__le32 flags;		/* EMUNIC_VPORT_* */
};

#define EMUNIC_VPORT_TRUSTED		0x00000001
#define EMUNIC_VPORT_MAC_SET		0x00000002	/* by the administrator */
#define EMUNIC_VPORT_QUERY_RSS		0x00000004	/* RSS_KEY, RSS_TABLE */
#define EMUNIC_VPORT_FLAGS_ALL		0x00000007

/* VPORT_GET_POLICY: data buffer; as the commands have set it */
struct emunic_vport_policy {
	__u8   mac[6];
	__le16 tpid;		/* 0 without a port VLAN */
	__le16 vid;
	__le16 prio;
	__le32 flags;
	__le32 link;
	__le32 min_rate;
	__le32 max_rate;
	__le32 spoofchk;
	__le32 vectors;
	__le32 reserved[7];
};

/* SWITCH_SET_MODE */
struct emunic_admin_switch {
	__le32 switch_mode;	/* EMUNIC_SWITCH_* */
};

#define EMUNIC_SWITCH_VEB		0	/* forwards between vports */
#define EMUNIC_SWITCH_VEPA		1	/* all that VFs and PF send goes up */

/* VF_SET_VECTORS: size of the VF's MSI-X table */
struct emunic_admin_vectors {
	__le32 vectors;		/* 2 to 17; 0 for the default */
};

/* PORT_SET_PAUSE: IEEE 802.3 PAUSE on the uplink */
struct emunic_admin_pause {
	__le32 pause;		/* EMUNIC_PAUSE_* */
};

#define EMUNIC_PAUSE_RX			0x00000001	/* do as one says */
#define EMUNIC_PAUSE_TX			0x00000002	/* when the PF is full */
#define EMUNIC_PAUSE_ALL		0x00000003

/* VF_REPLY: data buffer = message with its header */
struct emunic_admin_reply {
	__le32 epoch;		/* of the VF_MSG event answered */
	__le32 tag;		/* of the VF_MSG event answered */
};

/* VF_NOTIFY: sets bits of the VF's CAUSE; POLICY or RESET_IMPENDING */
struct emunic_admin_notify {
	__le32 cause;
};

/* VPORT_GET_STATS: data buffer; counts since the vport was made */
struct emunic_vport_stats {
	__le64 rx_packets;	/* delivered into buffers */
	__le64 rx_bytes;
	__le64 rx_multicast;
	__le64 rx_broadcast;
	__le64 rx_no_buffer;	/* dropped: no descriptor, queue or enable */
	__le64 rx_too_long;	/* dropped: RX_MAX_FRAME */
	__le64 tx_packets;	/* accepted by the switch */
	__le64 tx_bytes;
	__le64 tx_multicast;
	__le64 tx_broadcast;
	__le64 tx_dropped;	/* refused by policy: port VLAN, no link */
	__le64 tx_malformed;	/* Tx status other than OK */
	__le64 queue_errors;	/* queues that went into ERROR */
	__le64 mbox_errors;	/* SENDs that the device refused */
	__le64 resets;
	__le64 tx_spoofed;	/* refused by SPOOFCHK */
};

#define EMUNIC_PORT_SIZES		7

/*
 * PORT_GET_STATS: data buffer; what crossed the uplink.  Octets count from the
 * destination address to the last byte of data; sizes count four bytes more,
 * as if there was an FCS: to 64 bytes, 127, 255, 511, 1023, 1518, and above.
 */
struct emunic_port_stats {
	__le64 tx_frames;	/* without MAC control frames */
	__le64 tx_octets;
	__le64 tx_multicast;
	__le64 tx_broadcast;
	__le64 tx_pause;
	__le64 rx_frames;	/* without MAC control frames */
	__le64 rx_octets;
	__le64 rx_multicast;
	__le64 rx_broadcast;
	__le64 rx_control;	/* MAC control frames */
	__le64 rx_pause;	/* of these, PAUSE */
	__le64 rx_unsupported;	/* of these, with unknown opcodes */
	__le64 rx_too_short;
	__le64 rx_too_long;
	__le64 rx_unclaimed;	/* no vport wanted it */
	__le64 tx_sizes[EMUNIC_PORT_SIZES];
	__le64 rx_sizes[EMUNIC_PORT_SIZES];
	__le64 reserved[3];
};

/*
 * struct emunic_event - one entry of the event ring, 256 bytes
 *
 * @type:  EMUNIC_EVENT_*
 * @vport: the vport it is about, stamped by the device
 * @epoch: of that function, stamped by the device
 * @tag:   VF_MSG: number of the request, for the reply
 * @len:   bytes in @data
 * @flags: EMUNIC_CPL_PHASE; written after the rest of the entry
 */
struct emunic_event {
	__le16 type;
	__le16 vport;
	__le32 epoch;
	__le32 tag;
	__le16 len;
	__le16 flags;
	__le32 reserved[4];
	__u8   data[224];
};

/* Events of a VF: a second in the long run, and at once after a rest */
#define EMUNIC_EVENT_RATE		1000
#define EMUNIC_EVENT_BURST		64

#define EMUNIC_EVENT_VF_MSG		1	/* data: the VF's request */
#define EMUNIC_EVENT_VF_RESET		2	/* no data; epoch is the new one */
#define EMUNIC_EVENT_LINK		3	/* data: emunic_event_link */
#define EMUNIC_EVENT_QUEUE_ERROR	4	/* data: emunic_event_queue */
#define EMUNIC_EVENT_OFFENCE		5	/* data: emunic_event_offence */

struct emunic_event_link {
	__le32 up;
	__le32 speed;		/* Mbit/s */
};

struct emunic_event_queue {
	__u8   rx;		/* 0 Tx, 1 Rx */
	__u8   queue;
	__le16 error;		/* EMUNIC_Q_ERROR_* */
	__le32 count;		/* queue errors of this vport so far */
};

/* A VF broke a rule; at most one event a second of each VF */
struct emunic_event_offence {
	__le32 kind;		/* EMUNIC_OFFENCE_*, of the last one */
	__le32 reserved;
	__le64 total;		/* offences of this VF, as its statistics count */
};

#define EMUNIC_OFFENCE_SPOOF		1	/* tx_spoofed */
#define EMUNIC_OFFENCE_VLAN		2	/* tx_dropped, round a port VLAN */
#define EMUNIC_OFFENCE_MALFORMED	3	/* tx_malformed */
#define EMUNIC_OFFENCE_MBOX		4	/* mbox_errors */

_Static_assert(sizeof(struct emunic_admin_cmd) == 64, "emunic_admin_cmd");
_Static_assert(sizeof(struct emunic_admin_cpl) == 16, "emunic_admin_cpl");
_Static_assert(sizeof(struct emunic_vport_stats) == 128, "emunic_vport_stats");
_Static_assert(sizeof(struct emunic_vport_policy) == 64, "emunic_vport_policy");
_Static_assert(sizeof(struct emunic_port_stats) == 256, "emunic_port_stats");
_Static_assert(sizeof(struct emunic_event) == 256, "emunic_event");
_Static_assert(sizeof(struct emunic_event_queue) == 8, "emunic_event_queue");
_Static_assert(sizeof(struct emunic_event_offence) == 16, "emunic_event_offence");

#endif /* EMUNIC_ADMINQ_H */

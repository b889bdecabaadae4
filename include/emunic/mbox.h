/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emunic: messages between a VF driver and the PF driver.
 *
 * The specification is Documentation/spec/emunic.rst, "VF messages".  The
 * device carries a message without looking at it and tells the PF who sent
 * it; nothing in a message does.  Opcodes are never reused.
 *
 *   0        2        4        6        8 ...
 *   +--------+--------+--------+--------+-----------------+
 *   | opcode | length | status |   0    | payload         |
 *   +--------+--------+--------+--------+-----------------+
 */
#ifndef EMUNIC_MBOX_H
#define EMUNIC_MBOX_H

#include <linux/types.h>

#define EMUNIC_MBOX_VERSION_MAJOR	1
#define EMUNIC_MBOX_VERSION_MINOR	1

/*
 * struct emunic_mbox_hdr - first 8 bytes of a request and of its reply
 *
 * @opcode: EMUNIC_MBOX_OP_*; the reply repeats it
 * @len:    bytes of payload after this header
 * @status: EMUNIC_MBOX_ST_*; zero in a request
 */
struct emunic_mbox_hdr {
	__le16 opcode;
	__le16 len;
	__le16 status;
	__le16 reserved;
};

#define EMUNIC_MBOX_OP_VERSION		0x0001
#define EMUNIC_MBOX_OP_GET_CAPS		0x0002
#define EMUNIC_MBOX_OP_GET_CONFIG	0x0003
#define EMUNIC_MBOX_OP_SET_MAC		0x0004
#define EMUNIC_MBOX_OP_ADD_MAC		0x0005
#define EMUNIC_MBOX_OP_DEL_MAC		0x0006
#define EMUNIC_MBOX_OP_ADD_VLAN		0x0007
#define EMUNIC_MBOX_OP_DEL_VLAN		0x0008
#define EMUNIC_MBOX_OP_SET_RX_MODE	0x0009
#define EMUNIC_MBOX_OP_GET_RSS		0x000a

#define EMUNIC_MBOX_ST_OK		0
#define EMUNIC_MBOX_ST_OPCODE		1	/* unknown opcode */
#define EMUNIC_MBOX_ST_LENGTH		2	/* wrong length for it */
#define EMUNIC_MBOX_ST_STATE		3	/* not in this state */
#define EMUNIC_MBOX_ST_PERM		4	/* policy forbids it */
#define EMUNIC_MBOX_ST_INVALID		5	/* a value is not allowed */
#define EMUNIC_MBOX_ST_QUOTA		6	/* over this VF's quota */
#define EMUNIC_MBOX_ST_VERSION		7	/* no common version */
#define EMUNIC_MBOX_ST_FAILED		8	/* the PF could not do it */

/* VERSION: highest version of the sender; the reply has the one to speak */
struct emunic_mbox_version {
	__le16 major;
	__le16 minor;
};

/* GET_CAPS: what the VF knows; the reply has what the PF grants of it */
struct emunic_mbox_caps {
	__le32 caps;
};

#define EMUNIC_MBOX_CAP_FILTERS		0x00000001	/* ADD/DEL MAC, VLAN */
#define EMUNIC_MBOX_CAP_RX_MODE		0x00000002	/* SET_RX_MODE */
#define EMUNIC_MBOX_CAP_RSS		0x00000004	/* GET_RSS; since 1.1 */

/*
 * struct emunic_mbox_config - reply to GET_CONFIG
 *
 * @mac:      the PF's choice; zero: the VF chooses one and calls SET_MAC
 * @flags:    EMUNIC_MBOX_CONFIG_*
 * @max_mtu:  bytes
 * @max_macs: quota of ADD_MAC, unicast
 * @max_vlans: quota of ADD_VLAN
 * @max_mcasts: quota of ADD_MAC, multicast; 0 before 1.1
 */
struct emunic_mbox_config {
	__u8   mac[6];
	__le16 flags;
	__le16 max_mtu;
	__le16 max_macs;
	__le16 max_vlans;
	__le16 max_mcasts;
};

#define EMUNIC_MBOX_CONFIG_MAC_SET	0x0001	/* SET_MAC is refused */
#define EMUNIC_MBOX_CONFIG_PORT_VLAN	0x0002	/* ADD_VLAN is refused */
#define EMUNIC_MBOX_CONFIG_TRUSTED	0x0004

/* SET_MAC, ADD_MAC, DEL_MAC */
struct emunic_mbox_mac {
	__u8   mac[6];
	__le16 reserved;
};

/* ADD_VLAN, DEL_VLAN */
struct emunic_mbox_vlan {
	__le16 vid;
	__le16 reserved;
};

/* SET_RX_MODE: the wanted EMUNIC_RX_MODE_* of adminq.h */
struct emunic_mbox_rx_mode {
	__le32 mode;
};

/* GET_RSS: the reply; entry i of the table is the i-th running queue, modulo
 * the number of running queues
 */
struct emunic_mbox_rss {
	__u8   key[40];		/* Toeplitz */
	__le16 entries;		/* of the indirection table */
	__le16 reserved;
};

_Static_assert(sizeof(struct emunic_mbox_hdr) == 8, "emunic_mbox_hdr");
_Static_assert(sizeof(struct emunic_mbox_version) == 4, "emunic_mbox_version");
_Static_assert(sizeof(struct emunic_mbox_caps) == 4, "emunic_mbox_caps");
_Static_assert(sizeof(struct emunic_mbox_config) == 16, "emunic_mbox_config");
_Static_assert(sizeof(struct emunic_mbox_mac) == 8, "emunic_mbox_mac");
_Static_assert(sizeof(struct emunic_mbox_vlan) == 4, "emunic_mbox_vlan");
_Static_assert(sizeof(struct emunic_mbox_rx_mode) == 4, "emunic_mbox_rx_mode");
_Static_assert(sizeof(struct emunic_mbox_rss) == 44, "emunic_mbox_rss");

#endif /* EMUNIC_MBOX_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Golden numbers of the emunic ABI.
 *
 * Every number on the right was typed from Documentation/spec/emunic.rst, not
 * taken from the headers: a test that asks the header what the header says
 * cannot see a wrong offset.  A failure here means that the headers and the
 * specification disagree, or that the ABI was broken.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <emunic/adminq.h>
#include <emunic/desc.h>
#include <emunic/mbox.h>
#include <emunic/regs.h>

static unsigned int tests, failures;

static void check(const char *what, unsigned long long got,
		  unsigned long long want)
{
	tests++;
	if (got == want) {
		printf("ok %u %s\n", tests, what);
		return;
	}
	failures++;
	printf("not ok %u %s # 0x%llx, the spec says 0x%llx\n",
	       tests, what, got, want);
}

#define NUM(name, want)		check(#name, EMUNIC_##name, want)
#define SIZE(type, want)	check("sizeof " #type, sizeof(struct type), want)
#define FIELD(type, field, offset, size)				\
	do {								\
		check(#type "." #field " offset",			\
		      offsetof(struct type, field), offset);		\
		check(#type "." #field " size",				\
		      sizeof(((struct type *)0)->field), size);		\
	} while (0)

static void pci_identity(void)
{
	NUM(PCI_VENDOR, 0x1af4);
	NUM(PCI_DEVICE_PF, 0x10f0);
	NUM(PCI_DEVICE_VF, 0x10f1);
	NUM(PCI_REVISION, 1);
	NUM(BAR_REGS, 0);
	NUM(BAR_MSIX, 2);
	NUM(BAR_REGS_SIZE, 65536);
	NUM(BAR_MSIX_SIZE, 65536);
	NUM(MSIX_TABLE_OFFSET, 0);
	NUM(MSIX_PBA_OFFSET, 0x8000);
	NUM(MAX_VECTORS, 17);
	NUM(MIN_VECTORS, 2);
	NUM(RSS_ENTRIES, 128);
	NUM(RSS_KEY_SIZE, 40);
	NUM(MAX_QUEUES, 16);
	NUM(MAX_VFS, 254);
	NUM(DEFAULT_VFS, 64);
}

static void rss_key(void)
{
	static const unsigned char key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

	check("RSS_KEY_RESET", !memcmp(key,
				 "\x6d\x5a\x56\xda\x25\x5b\x0e\xc2\x41\x67"
				 "\x25\x3d\x43\xa3\x8f\xb0\xd0\xca\x2b\xcb"
				 "\xae\x7b\x30\xb4\x77\xcb\x2d\xa3\x80\x30"
				 "\xf2\x0c\x6a\x42\xb7\x3b\xbe\xac\x01\xfa",
				 sizeof(key)), 1);
}

static void function_registers(void)
{
	NUM(ID, 0x0000);
	NUM(ID_MAGIC, 0x4e554d45);
	NUM(VERSION, 0x0004);
	NUM(ABI_VERSION, 0x00010002);
	NUM(CAPS, 0x0008);
	NUM(CAPS_CSUM, 1 << 0);
	NUM(CAPS_TSO, 1 << 1);
	NUM(CAPS_VLAN, 1 << 2);
	NUM(CAPS_SHADOW, 1 << 3);
	NUM(CAPS_RXHASH, 1 << 4);
	NUM(CAPS_RSS, 1 << 5);
	NUM(CAPS_USO, 1 << 6);
	NUM(CAPS_INNER, 1 << 7);
	NUM(CAPS_BIG_GSO, 1 << 8);
	NUM(CAPS_GRO, 1 << 9);
	NUM(CAPS_CSUM_COMPLETE, 1 << 10);
	NUM(CAPS_TSTAMP, 1 << 11);
	NUM(CAPS_MODERATION, 1 << 12);
	NUM(CAPS_PORT, 1 << 13);
	NUM(CAPS_FLOW, 1 << 14);
	NUM(FUNC, 0x000c);
	NUM(FUNC_VF, 0x80000000);
	NUM(FUNC_VPORT, 0xffff);
	NUM(LIMITS, 0x0010);
	NUM(LIMITS_QUEUES, 0x000000ff);
	NUM(LIMITS_VECTORS, 0x0000ff00);
	NUM(LIMITS_RING_MIN, 0x000f0000);
	NUM(LIMITS_RING_MAX, 0x00f00000);
	NUM(CTRL, 0x0014);
	NUM(CTRL_ENABLE, 1 << 0);
	NUM(CTRL_RESET, 1 << 1);
	NUM(STATUS, 0x0018);
	NUM(STATUS_READY, 1 << 0);
	NUM(STATUS_LINK_UP, 1 << 1);
	NUM(STATUS_PF_READY, 1 << 2);
	NUM(STATUS_RESET_IMPENDING, 1 << 3);
	NUM(STATUS_FATAL, 1 << 4);
	NUM(EPOCH, 0x001c);
	NUM(LINK_SPEED, 0x0020);
	NUM(MAC_LO, 0x0024);
	NUM(MAC_HI, 0x0028);
	NUM(CAUSE, 0x002c);
	NUM(CAUSE_MASK, 0x0030);
	NUM(CAUSE_ADMIN, 1 << 0);
	NUM(CAUSE_EVENT, 1 << 1);
	NUM(CAUSE_MBOX, 1 << 2);
	NUM(CAUSE_LINK, 1 << 3);
	NUM(CAUSE_RESET, 1 << 4);
	NUM(CAUSE_RESET_IMPENDING, 1 << 5);
	NUM(CAUSE_POLICY, 1 << 6);
	NUM(CAUSE_QUEUE_ERROR, 1 << 7);
	NUM(CAUSE_PF_READY, 1 << 8);
	NUM(CAUSE_TEST, 1 << 9);
	NUM(CAUSE_ALL, 0x3ff);
	NUM(RX_FEATURES, 0x0034);
	NUM(RX_FEATURES_GSO, 1 << 0);
	NUM(RX_FEATURES_CSUM, 1 << 1);
	NUM(RX_FEATURES_VLAN_STRIP, 1 << 2);
	NUM(RX_FEATURES_USO, 1 << 3);
	NUM(RX_FEATURES_GRO, 1 << 4);
	NUM(RX_FEATURES_LRO, 1 << 5);
	NUM(RX_FEATURES_TSTAMP, 1 << 6);
	NUM(RX_FEATURES_CSUM_COMPLETE, 1 << 7);
	NUM(RX_FEATURES_INNER, 1 << 8);
	NUM(RX_MAX_FRAME, 0x0038);
	NUM(RX_MAX_FRAME_RESET, 1522);
	NUM(VF_VECTORS, 0x003c);
	NUM(RX_MAX_GSO, 0x0040);
	NUM(RX_MAX_GSO_RESET, 65558);
	NUM(TEST_SCRATCH, 0x0080);
	NUM(TEST_IRQ, 0x0084);
	NUM(TEST_DMA_LO, 0x0088);
	NUM(TEST_DMA_HI, 0x008c);
	NUM(TEST_DMA_LEN, 0x0090);
	NUM(TEST_DMA_LEN_MAX, 4096);
	NUM(TEST_DMA_SEED, 0x0094);
	NUM(TEST_DMA_CTRL, 0x0098);
	NUM(TEST_DMA_CTRL_WRITE, 1);
	NUM(TEST_DMA_CTRL_CHECK, 2);
	NUM(TEST_DMA_STATUS, 0x009c);
	NUM(TEST_DMA_STATUS_BUSY, 1);
	NUM(TEST_DMA_STATUS_OK, 2);
	NUM(TEST_DMA_STATUS_MISMATCH, 3);
	NUM(TEST_DMA_STATUS_FAULT, 4);
	NUM(TEST_DMA_STATUS_INVALID, 5);
}

static void steering_and_clock(void)
{
	NUM(RSS_FIELDS, 0x0044);
	NUM(RSS_FIELDS_SRC, 1 << 0);
	NUM(RSS_FIELDS_DST, 1 << 1);
	NUM(RSS_FIELDS_SPORT, 1 << 2);
	NUM(RSS_FIELDS_DPORT, 1 << 3);
	NUM(RSS_FIELDS_TCP4, 0xf);
	NUM(RSS_FIELDS_UDP4, 0xf0);
	NUM(RSS_FIELDS_TCP6, 0xf00);
	NUM(RSS_FIELDS_UDP6, 0xf000);
	NUM(RSS_FIELDS_IP4, 0xf0000);
	NUM(RSS_FIELDS_IP6, 0xf00000);
	NUM(RSS_CTRL, 0x0048);
	NUM(RSS_CTRL_SYM_XOR, 1 << 0);
	NUM(RSS_CTRL_SYM_OR_XOR, 1 << 1);
	NUM(RSS_KEY, 0x5000);
	NUM(RSS_TABLE, 0x5080);
	NUM(RSS_STRIDE, 0x100);
	NUM(RSS_CONTEXTS, 8);
	NUM(FLOW_RULE, 0x6000);
	NUM(FLOW_STRIDE, 0x40);
	NUM(FLOW_RULES, 64);
	NUM(CLOCK_LO, 0x0050);
	NUM(CLOCK_HI, 0x0054);
	NUM(CLOCK_ARG_LO, 0x0058);
	NUM(CLOCK_ARG_HI, 0x005c);
	NUM(CLOCK_RATE, 0x0060);
	NUM(CLOCK_CTRL, 0x0064);
	NUM(CLOCK_CTRL_SET, 1 << 0);
	NUM(CLOCK_CTRL_ADJUST, 1 << 1);
}

static void doorbells_and_queue_blocks(void)
{
	NUM(DOORBELL_PAGE, 0x1000);
	NUM(KICK, 0x1000);
	NUM(ADMIN_TAIL, 0x1004);
	NUM(EVENT_HEAD, 0x1008);
	NUM(ADMIN_BLOCK, 0x2000);
	NUM(EVENT_BLOCK, 0x2040);
	NUM(TX_BLOCK, 0x4000);
	NUM(RX_BLOCK, 0x4800);
	NUM(Q_STRIDE, 0x40);
	NUM(Q_SQ_LO, 0x00);
	NUM(Q_SQ_HI, 0x04);
	NUM(Q_CQ_LO, 0x08);
	NUM(Q_CQ_HI, 0x0c);
	NUM(Q_SHADOW_LO, 0x10);
	NUM(Q_SHADOW_HI, 0x14);
	NUM(Q_SIZE, 0x18);
	NUM(Q_VECTOR, 0x1c);
	NUM(Q_CTRL, 0x20);
	NUM(Q_CTRL_START, 1);
	NUM(Q_STATE, 0x24);
	NUM(Q_STATE_STOPPED, 0);
	NUM(Q_STATE_RUNNING, 1);
	NUM(Q_STATE_DRAINING, 2);
	NUM(Q_STATE_ERROR, 3);
	NUM(Q_ERROR, 0x28);
	NUM(Q_ERROR_ADDRESS, 1);
	NUM(Q_ERROR_SIZE, 2);
	NUM(Q_ERROR_VECTOR, 3);
	NUM(Q_ERROR_DMA, 4);
	NUM(Q_ERROR_INDEX, 5);
	NUM(Q_ERROR_CHAIN, 6);
	NUM(Q_ERROR_DESC, 7);
	NUM(Q_MODERATION, 0x2c);
	NUM(Q_MODERATION_USECS, 0x0000ffff);
	NUM(Q_MODERATION_FRAMES, 0xffff0000);
	NUM(RING_ALIGN, 4096);
	NUM(SHADOW_ALIGN, 128);
}

static void mailbox_registers(void)
{
	NUM(MBOX_CTRL, 0x3000);
	NUM(MBOX_CTRL_SEND, 1);
	NUM(MBOX_CTRL_CANCEL, 2);
	NUM(MBOX_STATUS, 0x3004);
	NUM(MBOX_STATUS_STATE, 0x0000000f);
	NUM(MBOX_STATUS_ERROR, 0x0000ff00);
	NUM(MBOX_STATUS_CREDIT, 0x00010000);
	NUM(MBOX_STATE_IDLE, 0);
	NUM(MBOX_STATE_BUSY, 1);
	NUM(MBOX_STATE_DONE, 2);
	NUM(MBOX_STATE_FAILED, 3);
	NUM(MBOX_STATE_CANCELLED, 4);
	NUM(MBOX_ERROR_NO_PF, 1);
	NUM(MBOX_ERROR_LENGTH, 2);
	NUM(MBOX_ERROR_NO_CREDIT, 3);
	NUM(MBOX_LEN, 0x3008);
	NUM(MBOX_REPLY_LEN, 0x300c);
	NUM(MBOX_REQUEST, 0x3100);
	NUM(MBOX_REPLY, 0x3200);
	NUM(MBOX_WINDOW_SIZE, 224);
}

static void descriptors(void)
{
	SIZE(emunic_shadow, 128);
	FIELD(emunic_shadow, sq_tail, 0, 4);
	FIELD(emunic_shadow, cq_event, 4, 4);
	FIELD(emunic_shadow, sq_event, 64, 4);

	SIZE(emunic_tx_desc, 16);
	FIELD(emunic_tx_desc, addr, 0, 8);
	FIELD(emunic_tx_desc, len, 8, 4);
	FIELD(emunic_tx_desc, flags, 12, 2);
	SIZE(emunic_tx_meta, 16);
	FIELD(emunic_tx_meta, csum_start, 0, 2);
	FIELD(emunic_tx_meta, csum_offset, 2, 2);
	FIELD(emunic_tx_meta, gso_size, 4, 2);
	FIELD(emunic_tx_meta, gso_type, 6, 1);
	FIELD(emunic_tx_meta, vlan_tci, 8, 2);
	FIELD(emunic_tx_meta, hdr_len, 10, 2);
	FIELD(emunic_tx_meta, flags, 12, 2);
	FIELD(emunic_tx_meta, inner_l3, 14, 2);
	NUM(TX_EOP, 1 << 0);
	NUM(TX_META, 1 << 1);
	NUM(TX_CSUM, 1 << 4);
	NUM(TX_GSO, 1 << 5);
	NUM(TX_VLAN, 1 << 6);
	NUM(TX_INNER, 1 << 7);
	NUM(TX_TSTAMP, 1 << 8);
	NUM(GSO_TCPV4, 1);
	NUM(GSO_TCPV6, 2);
	NUM(GSO_UDPV4, 3);
	NUM(GSO_UDPV6, 4);
	NUM(BIG_GSO_MAX, 262144);

	SIZE(emunic_tx_cpl, 16);
	FIELD(emunic_tx_cpl, sq_head, 0, 4);
	FIELD(emunic_tx_cpl, status, 4, 2);
	FIELD(emunic_tx_cpl, flags, 6, 2);
	FIELD(emunic_tx_cpl, timestamp, 8, 8);
	NUM(TX_STATUS_OK, 0);
	NUM(TX_STATUS_LENGTH, 1);
	NUM(TX_STATUS_META, 2);

	SIZE(emunic_rx_desc, 16);
	FIELD(emunic_rx_desc, addr, 0, 8);
	FIELD(emunic_rx_desc, len, 8, 4);
	FIELD(emunic_rx_desc, buf_id, 12, 2);
	SIZE(emunic_rx_cpl, 32);
	FIELD(emunic_rx_cpl, len, 0, 4);
	FIELD(emunic_rx_cpl, hash, 4, 4);
	FIELD(emunic_rx_cpl, vlan_tci, 8, 2);
	FIELD(emunic_rx_cpl, buf_id, 10, 2);
	FIELD(emunic_rx_cpl, gso_size, 12, 2);
	FIELD(emunic_rx_cpl, gso_type, 14, 1);
	FIELD(emunic_rx_cpl, hash_type, 15, 1);
	FIELD(emunic_rx_cpl, csum_start, 16, 2);
	FIELD(emunic_rx_cpl, csum_offset, 18, 2);
	FIELD(emunic_rx_cpl, hdr_len, 20, 2);
	FIELD(emunic_rx_cpl, flags, 22, 2);
	FIELD(emunic_rx_cpl, timestamp, 24, 8);
	SIZE(emunic_flow_rule, 40);
	FIELD(emunic_flow_rule, ctrl, 0, 4);
	FIELD(emunic_flow_rule, src, 4, 16);
	FIELD(emunic_flow_rule, dst, 20, 16);
	FIELD(emunic_flow_rule, sport, 36, 2);
	FIELD(emunic_flow_rule, dport, 38, 2);
	NUM(FLOW_ENABLE, 1 << 0);
	NUM(FLOW_DROP, 1 << 1);
	NUM(FLOW_SPREAD, 1 << 2);
	NUM(FLOW_SRC, 1 << 4);
	NUM(FLOW_DST, 1 << 5);
	NUM(FLOW_SPORT, 1 << 6);
	NUM(FLOW_DPORT, 1 << 7);
	NUM(FLOW_KIND, 7 << 8);
	NUM(FLOW_KIND_TCP4, 0);
	NUM(FLOW_KIND_UDP4, 1);
	NUM(FLOW_KIND_TCP6, 2);
	NUM(FLOW_KIND_UDP6, 3);
	NUM(FLOW_KIND_IP4, 4);
	NUM(FLOW_KIND_IP6, 5);
	NUM(FLOW_QUEUE, 0xff << 16);
	NUM(FLOW_CONTEXT, 7 << 24);
	NUM(CPL_PHASE, 1 << 0);
	NUM(RX_EOP, 1 << 1);
	NUM(RX_CSUM_OK, 1 << 2);
	NUM(RX_CSUM_PARTIAL, 1 << 3);
	NUM(RX_GSO, 1 << 4);
	NUM(RX_VLAN, 1 << 5);
	NUM(RX_HASH, 1 << 6);
	NUM(RX_CSUM_COMPLETE, 1 << 7);
	NUM(RX_TSTAMP, 1 << 8);
	NUM(RX_INNER, 1 << 9);
	NUM(RX_BUF_MIN, 256);
	NUM(RX_BUF_MAX, 65536);
	NUM(FRAME_MIN, 14);
	NUM(FRAME_MAX, 9216);
	NUM(GSO_FRAME_MAX, 65558);
	NUM(GSO_MAX_SEGS, 1024);
	NUM(GSO_HDR_MAX, 512);
	NUM(TX_MAX_DESCS, 32);
}

static void admin_queue(void)
{
	SIZE(emunic_admin_cmd, 64);
	FIELD(emunic_admin_cmd, opcode, 0, 2);
	FIELD(emunic_admin_cmd, vport, 2, 2);
	FIELD(emunic_admin_cmd, cookie, 4, 4);
	FIELD(emunic_admin_cmd, data_addr, 8, 8);
	FIELD(emunic_admin_cmd, data_len, 16, 4);
	FIELD(emunic_admin_cmd, arg, 24, 40);
	SIZE(emunic_admin_cpl, 16);
	FIELD(emunic_admin_cpl, cookie, 0, 4);
	FIELD(emunic_admin_cpl, result, 4, 4);
	FIELD(emunic_admin_cpl, status, 12, 2);
	FIELD(emunic_admin_cpl, flags, 14, 2);
	NUM(ADMIN_VPORT_SET_MAC, 0x10);
	NUM(ADMIN_VPORT_SET_VLAN, 0x11);
	NUM(ADMIN_VPORT_ADD_MAC, 0x12);
	NUM(ADMIN_VPORT_DEL_MAC, 0x13);
	NUM(ADMIN_VPORT_ADD_VLAN, 0x14);
	NUM(ADMIN_VPORT_DEL_VLAN, 0x15);
	NUM(ADMIN_VPORT_SET_RX_MODE, 0x16);
	NUM(ADMIN_VPORT_CLEAR, 0x17);
	NUM(ADMIN_VPORT_GET_STATS, 0x18);
	NUM(ADMIN_VPORT_SET_LINK, 0x19);
	NUM(ADMIN_VPORT_SET_RATE, 0x1a);
	NUM(ADMIN_VPORT_SET_SPOOFCHK, 0x1b);
	NUM(ADMIN_VPORT_SET_FLAGS, 0x1c);
	NUM(ADMIN_VPORT_GET_POLICY, 0x1d);
	NUM(ADMIN_SWITCH_SET_MODE, 0x1e);
	NUM(ADMIN_VF_REPLY, 0x20);
	NUM(ADMIN_VF_NOTIFY, 0x21);
	NUM(ADMIN_VF_RESET, 0x22);
	NUM(ADMIN_VF_SET_VECTORS, 0x23);
	NUM(ADMIN_PORT_GET_STATS, 0x30);
	NUM(ADMIN_PORT_SET_PAUSE, 0x31);
	NUM(ADMIN_ST_OK, 0);
	NUM(ADMIN_ST_OPCODE, 1);
	NUM(ADMIN_ST_VPORT, 2);
	NUM(ADMIN_ST_INVALID, 3);
	NUM(ADMIN_ST_DMA, 4);
	NUM(ADMIN_ST_STALE, 5);
	NUM(ADMIN_ST_NO_SPACE, 6);
	NUM(ADMIN_ST_NOT_FOUND, 7);
	NUM(VPORT_MAX_MACS, 256);
	SIZE(emunic_admin_mac, 8);
	SIZE(emunic_admin_port_vlan, 8);
	FIELD(emunic_admin_port_vlan, tpid, 0, 2);
	FIELD(emunic_admin_port_vlan, vid, 2, 2);
	FIELD(emunic_admin_port_vlan, prio, 4, 2);
	SIZE(emunic_admin_vlan, 4);
	SIZE(emunic_admin_rx_mode, 4);
	NUM(RX_MODE_PROMISC, 1 << 0);
	NUM(RX_MODE_ALLMULTI, 1 << 1);
	NUM(RX_MODE_VLAN_ANY, 1 << 2);
	SIZE(emunic_admin_reply, 8);
	FIELD(emunic_admin_reply, epoch, 0, 4);
	FIELD(emunic_admin_reply, tag, 4, 4);
	SIZE(emunic_admin_notify, 4);
}

static void policy_commands(void)
{
	SIZE(emunic_admin_link, 4);
	NUM(LINK_AUTO, 0);
	NUM(LINK_UP, 1);
	NUM(LINK_DOWN, 2);
	SIZE(emunic_admin_rate, 8);
	FIELD(emunic_admin_rate, min_rate, 0, 4);
	FIELD(emunic_admin_rate, max_rate, 4, 4);
	SIZE(emunic_admin_spoofchk, 4);
	NUM(SPOOFCHK_MAC, 1 << 0);
	NUM(SPOOFCHK_VLAN, 1 << 1);
	SIZE(emunic_admin_flags, 4);
	NUM(VPORT_TRUSTED, 1 << 0);
	NUM(VPORT_MAC_SET, 1 << 1);
	NUM(VPORT_QUERY_RSS, 1 << 2);
	SIZE(emunic_admin_switch, 4);
	NUM(SWITCH_VEB, 0);
	NUM(SWITCH_VEPA, 1);
	SIZE(emunic_admin_vectors, 4);
	SIZE(emunic_admin_pause, 4);
	FIELD(emunic_admin_pause, pause, 0, 4);
	NUM(PAUSE_RX, 1 << 0);
	NUM(PAUSE_TX, 1 << 1);
	SIZE(emunic_port_stats, 256);
	FIELD(emunic_port_stats, tx_frames, 0, 8);
	FIELD(emunic_port_stats, tx_octets, 8, 8);
	FIELD(emunic_port_stats, tx_multicast, 16, 8);
	FIELD(emunic_port_stats, tx_broadcast, 24, 8);
	FIELD(emunic_port_stats, tx_pause, 32, 8);
	FIELD(emunic_port_stats, rx_frames, 40, 8);
	FIELD(emunic_port_stats, rx_octets, 48, 8);
	FIELD(emunic_port_stats, rx_multicast, 56, 8);
	FIELD(emunic_port_stats, rx_broadcast, 64, 8);
	FIELD(emunic_port_stats, rx_control, 72, 8);
	FIELD(emunic_port_stats, rx_pause, 80, 8);
	FIELD(emunic_port_stats, rx_unsupported, 88, 8);
	FIELD(emunic_port_stats, rx_too_short, 96, 8);
	FIELD(emunic_port_stats, rx_too_long, 104, 8);
	FIELD(emunic_port_stats, rx_unclaimed, 112, 8);
	FIELD(emunic_port_stats, tx_sizes, 120, 56);
	FIELD(emunic_port_stats, rx_sizes, 176, 56);
	SIZE(emunic_vport_policy, 64);
	FIELD(emunic_vport_policy, mac, 0, 6);
	FIELD(emunic_vport_policy, tpid, 6, 2);
	FIELD(emunic_vport_policy, vid, 8, 2);
	FIELD(emunic_vport_policy, prio, 10, 2);
	FIELD(emunic_vport_policy, flags, 12, 4);
	FIELD(emunic_vport_policy, link, 16, 4);
	FIELD(emunic_vport_policy, min_rate, 20, 4);
	FIELD(emunic_vport_policy, max_rate, 24, 4);
	FIELD(emunic_vport_policy, spoofchk, 28, 4);
	FIELD(emunic_vport_policy, vectors, 32, 4);
}

static void stats_and_events(void)
{
	SIZE(emunic_vport_stats, 128);
	FIELD(emunic_vport_stats, rx_packets, 0, 8);
	FIELD(emunic_vport_stats, rx_bytes, 8, 8);
	FIELD(emunic_vport_stats, rx_multicast, 16, 8);
	FIELD(emunic_vport_stats, rx_broadcast, 24, 8);
	FIELD(emunic_vport_stats, rx_no_buffer, 32, 8);
	FIELD(emunic_vport_stats, rx_too_long, 40, 8);
	FIELD(emunic_vport_stats, tx_packets, 48, 8);
	FIELD(emunic_vport_stats, tx_bytes, 56, 8);
	FIELD(emunic_vport_stats, tx_multicast, 64, 8);
	FIELD(emunic_vport_stats, tx_broadcast, 72, 8);
	FIELD(emunic_vport_stats, tx_dropped, 80, 8);
	FIELD(emunic_vport_stats, tx_malformed, 88, 8);
	FIELD(emunic_vport_stats, queue_errors, 96, 8);
	FIELD(emunic_vport_stats, mbox_errors, 104, 8);
	FIELD(emunic_vport_stats, resets, 112, 8);
	FIELD(emunic_vport_stats, tx_spoofed, 120, 8);

	SIZE(emunic_event, 256);
	FIELD(emunic_event, type, 0, 2);
	FIELD(emunic_event, vport, 2, 2);
	FIELD(emunic_event, epoch, 4, 4);
	FIELD(emunic_event, tag, 8, 4);
	FIELD(emunic_event, len, 12, 2);
	FIELD(emunic_event, flags, 14, 2);
	FIELD(emunic_event, data, 32, 224);
	NUM(EVENT_VF_MSG, 1);
	NUM(EVENT_VF_RESET, 2);
	NUM(EVENT_LINK, 3);
	NUM(EVENT_QUEUE_ERROR, 4);
	NUM(EVENT_OFFENCE, 5);
	NUM(EVENT_RATE, 1000);
	NUM(EVENT_BURST, 64);
	SIZE(emunic_event_link, 8);
	FIELD(emunic_event_link, up, 0, 4);
	FIELD(emunic_event_link, speed, 4, 4);
	SIZE(emunic_event_queue, 8);
	FIELD(emunic_event_queue, rx, 0, 1);
	FIELD(emunic_event_queue, queue, 1, 1);
	FIELD(emunic_event_queue, error, 2, 2);
	FIELD(emunic_event_queue, count, 4, 4);
	SIZE(emunic_event_offence, 16);
	FIELD(emunic_event_offence, kind, 0, 4);
	FIELD(emunic_event_offence, total, 8, 8);
	NUM(OFFENCE_SPOOF, 1);
	NUM(OFFENCE_VLAN, 2);
	NUM(OFFENCE_MALFORMED, 3);
	NUM(OFFENCE_MBOX, 4);
}

static void messages(void)
{
	SIZE(emunic_mbox_hdr, 8);
	FIELD(emunic_mbox_hdr, opcode, 0, 2);
	FIELD(emunic_mbox_hdr, len, 2, 2);
	FIELD(emunic_mbox_hdr, status, 4, 2);
	NUM(MBOX_OP_VERSION, 1);
	NUM(MBOX_OP_GET_CAPS, 2);
	NUM(MBOX_OP_GET_CONFIG, 3);
	NUM(MBOX_OP_SET_MAC, 4);
	NUM(MBOX_OP_ADD_MAC, 5);
	NUM(MBOX_OP_DEL_MAC, 6);
	NUM(MBOX_OP_ADD_VLAN, 7);
	NUM(MBOX_OP_DEL_VLAN, 8);
	NUM(MBOX_OP_SET_RX_MODE, 9);
	NUM(MBOX_OP_GET_RSS, 10);
	NUM(MBOX_ST_OK, 0);
	NUM(MBOX_ST_OPCODE, 1);
	NUM(MBOX_ST_LENGTH, 2);
	NUM(MBOX_ST_STATE, 3);
	NUM(MBOX_ST_PERM, 4);
	NUM(MBOX_ST_INVALID, 5);
	NUM(MBOX_ST_QUOTA, 6);
	NUM(MBOX_ST_VERSION, 7);
	NUM(MBOX_ST_FAILED, 8);
	NUM(MBOX_CAP_FILTERS, 1 << 0);
	NUM(MBOX_CAP_RX_MODE, 1 << 1);
	NUM(MBOX_CAP_RSS, 1 << 2);
	NUM(MBOX_VERSION_MAJOR, 1);
	NUM(MBOX_VERSION_MINOR, 1);
	SIZE(emunic_mbox_version, 4);
	SIZE(emunic_mbox_caps, 4);
	SIZE(emunic_mbox_config, 16);
	FIELD(emunic_mbox_config, mac, 0, 6);
	FIELD(emunic_mbox_config, flags, 6, 2);
	FIELD(emunic_mbox_config, max_mtu, 8, 2);
	FIELD(emunic_mbox_config, max_macs, 10, 2);
	FIELD(emunic_mbox_config, max_vlans, 12, 2);
	FIELD(emunic_mbox_config, max_mcasts, 14, 2);
	NUM(MBOX_CONFIG_MAC_SET, 1 << 0);
	NUM(MBOX_CONFIG_PORT_VLAN, 1 << 1);
	NUM(MBOX_CONFIG_TRUSTED, 1 << 2);
	SIZE(emunic_mbox_mac, 8);
	SIZE(emunic_mbox_vlan, 4);
	SIZE(emunic_mbox_rx_mode, 4);
	SIZE(emunic_mbox_rss, 44);
	FIELD(emunic_mbox_rss, key, 0, 40);
	FIELD(emunic_mbox_rss, entries, 40, 2);
}

/* The table's reset values and masks, typed from the register table. */
struct golden_reg {
	const char *name;
	unsigned int offset, reset, rw, w1c;
};

#define DYN 0xffffffff
static const struct golden_reg golden_regs[] = {
	{ "ID",			0x0000, 0x4e554d45,	0, 0 },
	{ "VERSION",		0x0004, 0x00010002,	0, 0 },
	{ "CAPS",		0x0008, 0x00007fff,	0, 0 },
	{ "FUNC",		0x000c, DYN,		0, 0 },
	{ "LIMITS",		0x0010, DYN,		0, 0 },
	{ "CTRL",		0x0014, 0,		1, 0 },
	{ "STATUS",		0x0018, DYN,		0, 0 },
	{ "EPOCH",		0x001c, DYN,		0, 0 },
	{ "LINK_SPEED",		0x0020, DYN,		0, 0 },
	{ "MAC_LO",		0x0024, DYN,		0, 0 },
	{ "MAC_HI",		0x0028, DYN,		0, 0 },
	{ "CAUSE",		0x002c, 0,		0, 0x3ff },
	{ "CAUSE_MASK",		0x0030, 0,		0x3ff, 0 },
	{ "RX_FEATURES",	0x0034, 0,		0x1ff, 0 },
	{ "RX_MAX_FRAME",	0x0038, 0x5f2,		0xffff, 0 },
	{ "VF_VECTORS",		0x003c, DYN,		0, 0 },
	{ "RX_MAX_GSO",		0x0040, 65558,		0x7ffff, 0 },
	{ "RSS_FIELDS",		0x0044, 0x33ffff,	0x33ffff, 0 },
	{ "RSS_CTRL",		0x0048, 0,		3, 0 },
	{ "CLOCK_LO",		0x0050, DYN,		0, 0 },
	{ "CLOCK_HI",		0x0054, DYN,		0, 0 },
	{ "CLOCK_ARG_LO",	0x0058, 0,		0xffffffff, 0 },
	{ "CLOCK_ARG_HI",	0x005c, 0,		0xffffffff, 0 },
	{ "CLOCK_RATE",		0x0060, DYN,		0xffffffff, 0 },
	{ "CLOCK_CTRL",		0x0064, 0,		0, 0 },
	{ "TEST_SCRATCH",	0x0080, 0,		0xffffffff, 0 },
	{ "TEST_IRQ",		0x0084, 0,		0, 0 },
	{ "TEST_DMA_LO",	0x0088, 0,		0xffffffff, 0 },
	{ "TEST_DMA_HI",	0x008c, 0,		0xffffffff, 0 },
	{ "TEST_DMA_LEN",	0x0090, 0,		0x1fff, 0 },
	{ "TEST_DMA_SEED",	0x0094, 0,		0xff, 0 },
	{ "TEST_DMA_CTRL",	0x0098, 0,		0, 0 },
	{ "TEST_DMA_STATUS",	0x009c, 0,		0, 0 },
	{ "KICK",		0x1000, 0,		0, 0 },
	{ "ADMIN_TAIL",		0x1004, 0,		0, 0 },
	{ "EVENT_HEAD",		0x1008, 0,		0, 0 },
	{ "MBOX_CTRL",		0x3000, 0,		0, 0 },
	{ "MBOX_STATUS",	0x3004, 0x10000,	0, 0 },
	{ "MBOX_LEN",		0x3008, 0,		0xff, 0 },
	{ "MBOX_REPLY_LEN",	0x300c, 0,		0, 0 },
};

static void register_table(void)
{
#define REG(reg, who, reset_, rw_, w1c_) \
	{ #reg, EMUNIC_##reg, reset_, rw_, w1c_ },
	static const struct golden_reg table[] = {
		EMUNIC_FUNCTION_REGS(REG)
	};
	unsigned int n = sizeof(table) / sizeof(table[0]);
	unsigned int i;

	check("registers in the table", n,
	      sizeof(golden_regs) / sizeof(golden_regs[0]));
	for (i = 0; i < n; i++) {
		const struct golden_reg *want = &golden_regs[i];
		const struct golden_reg *got = &table[i];
		char what[80];

		snprintf(what, sizeof(what), "table row %s", want->name);
		check(what, !strcmp(got->name, want->name) &&
		      got->offset == want->offset &&
		      got->reset == want->reset &&
		      got->rw == want->rw && got->w1c == want->w1c, 1);
	}
}

/* The bytes on the bus of one descriptor, one completion and one command. */
static void wire_bytes(void)
{
	static const unsigned char bytes[16] = {
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		0xdd, 0xcc, 0xbb, 0xaa, 0x01, 0x02, 0x03, 0x04,
	};
	struct emunic_tx_desc tx;
	struct emunic_rx_desc rx;

	memcpy(&tx, bytes, sizeof(tx));
	memcpy(&rx, bytes, sizeof(rx));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	check("tx_desc.addr bytes", tx.addr, 0x1122334455667788ull);
	check("tx_desc.len bytes", tx.len, 0xaabbccdd);
	check("tx_desc.flags bytes", tx.flags, 0x0201);
	check("rx_desc.buf_id bytes", rx.buf_id, 0x0201);
#else
	check("tx_desc.addr bytes", __builtin_bswap64(tx.addr),
	      0x1122334455667788ull);
	check("tx_desc.len bytes", __builtin_bswap32(tx.len), 0xaabbccdd);
	check("tx_desc.flags bytes", __builtin_bswap16(tx.flags), 0x0201);
	check("rx_desc.buf_id bytes", __builtin_bswap16(rx.buf_id), 0x0201);
#endif
}

/* "Has new, moving up from old, passed event?" across the wrap. */
static void passed(const char *what, __u32 event, __u32 new, __u32 old,
		   int want)
{
	check(what, EMUNIC_INDEX_PASSED(event, new, old), want);
}

static void index_rule(void)
{
	passed("passed: event at old", 5, 6, 5, 1);
	passed("passed: event at new", 6, 6, 5, 0);
	passed("passed: event behind", 4, 6, 5, 0);
	passed("passed: nothing moved", 5, 5, 5, 0);
	passed("passed: over the wrap", 0xffffffff, 1, 0xfffffffe, 1);
	passed("passed: behind the wrap", 0xfffffffd, 1, 0xfffffffe, 0);
}

int main(void)
{
	printf("TAP version 13\n# %d-bit\n", (int)(8 * sizeof(void *)));
	pci_identity();
	rss_key();
	function_registers();
	steering_and_clock();
	doorbells_and_queue_blocks();
	mailbox_registers();
	descriptors();
	admin_queue();
	policy_commands();
	stats_and_events();
	messages();
	register_table();
	wire_bytes();
	index_rule();
	printf("1..%u\n", tests);
	return failures ? 1 : 0;
}

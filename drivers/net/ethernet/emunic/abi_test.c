// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of the contract as this kernel's compiler has it.
 *
 * The numbers are typed from the specification.
 */
#include <kunit/test.h>

#include "kunit.h"

struct emunic_test_number {
	size_t got;
	size_t want;
};

static void emunic_test_numbers(struct kunit *test,
				const struct emunic_test_number *numbers,
				size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ_MSG(test, numbers[i].got, numbers[i].want,
				    "number %zu", i);
}

static void emunic_test_desc_layout(struct kunit *test)
{
	static const struct emunic_test_number numbers[] = {
		{ sizeof(struct emunic_shadow), 128 },
		{ offsetof(struct emunic_shadow, cq_event), 4 },
		{ offsetof(struct emunic_shadow, sq_event), 64 },
		{ sizeof(struct emunic_tx_desc), 16 },
		{ offsetof(struct emunic_tx_desc, len), 8 },
		{ offsetof(struct emunic_tx_desc, flags), 12 },
		{ sizeof(struct emunic_tx_meta), 16 },
		{ offsetof(struct emunic_tx_meta, csum_offset), 2 },
		{ offsetof(struct emunic_tx_meta, gso_size), 4 },
		{ offsetof(struct emunic_tx_meta, gso_type), 6 },
		{ offsetof(struct emunic_tx_meta, vlan_tci), 8 },
		{ offsetof(struct emunic_tx_meta, hdr_len), 10 },
		{ offsetof(struct emunic_tx_meta, flags), 12 },
		{ offsetof(struct emunic_tx_meta, inner_l3), 14 },
		{ sizeof(struct emunic_tx_cpl), 16 },
		{ offsetof(struct emunic_tx_cpl, status), 4 },
		{ offsetof(struct emunic_tx_cpl, flags), 6 },
		{ offsetof(struct emunic_tx_cpl, timestamp), 8 },
		{ sizeof(struct emunic_rx_desc), 16 },
		{ offsetof(struct emunic_rx_desc, buf_id), 12 },
		{ sizeof(struct emunic_rx_cpl), 32 },
		{ offsetof(struct emunic_rx_cpl, hash), 4 },
		{ offsetof(struct emunic_rx_cpl, vlan_tci), 8 },
		{ offsetof(struct emunic_rx_cpl, buf_id), 10 },
		{ offsetof(struct emunic_rx_cpl, gso_size), 12 },
		{ offsetof(struct emunic_rx_cpl, gso_type), 14 },
		{ offsetof(struct emunic_rx_cpl, hash_type), 15 },
		{ offsetof(struct emunic_rx_cpl, csum_start), 16 },
		{ offsetof(struct emunic_rx_cpl, csum_offset), 18 },
		{ offsetof(struct emunic_rx_cpl, hdr_len), 20 },
		{ offsetof(struct emunic_rx_cpl, flags), 22 },
		{ offsetof(struct emunic_rx_cpl, timestamp), 24 },
		{ sizeof(struct emunic_flow_rule), 40 },
		{ offsetof(struct emunic_flow_rule, src), 4 },
		{ offsetof(struct emunic_flow_rule, dst), 20 },
		{ offsetof(struct emunic_flow_rule, sport), 36 },
		{ offsetof(struct emunic_flow_rule, dport), 38 },
	};

	emunic_test_numbers(test, numbers, ARRAY_SIZE(numbers));
}

static void emunic_test_message_layout(struct kunit *test)
{
	static const struct emunic_test_number numbers[] = {
		{ sizeof(struct emunic_admin_cmd), 64 },
		{ offsetof(struct emunic_admin_cmd, vport), 2 },
		{ offsetof(struct emunic_admin_cmd, cookie), 4 },
		{ offsetof(struct emunic_admin_cmd, data_addr), 8 },
		{ offsetof(struct emunic_admin_cmd, data_len), 16 },
		{ offsetof(struct emunic_admin_cmd, arg), 24 },
		{ sizeof(struct emunic_admin_cpl), 16 },
		{ offsetof(struct emunic_admin_cpl, result), 4 },
		{ offsetof(struct emunic_admin_cpl, status), 12 },
		{ offsetof(struct emunic_admin_cpl, flags), 14 },
		{ sizeof(struct emunic_admin_reply), 8 },
		{ offsetof(struct emunic_admin_reply, tag), 4 },
		{ sizeof(struct emunic_vport_stats), 128 },
		{ sizeof(struct emunic_port_stats), 256 },
		{ sizeof(struct emunic_vport_policy), 64 },
		{ sizeof(struct emunic_event), 256 },
		{ offsetof(struct emunic_event, vport), 2 },
		{ offsetof(struct emunic_event, epoch), 4 },
		{ offsetof(struct emunic_event, tag), 8 },
		{ offsetof(struct emunic_event, len), 12 },
		{ offsetof(struct emunic_event, flags), 14 },
		{ offsetof(struct emunic_event, data), 32 },
		{ sizeof(struct emunic_mbox_hdr), 8 },
		{ offsetof(struct emunic_mbox_hdr, len), 2 },
		{ offsetof(struct emunic_mbox_hdr, status), 4 },
		{ sizeof(struct emunic_mbox_config), 16 },
		{ offsetof(struct emunic_mbox_config, flags), 6 },
		{ offsetof(struct emunic_mbox_config, max_mtu), 8 },
		{ offsetof(struct emunic_mbox_config, max_macs), 10 },
		{ offsetof(struct emunic_mbox_config, max_vlans), 12 },
		{ offsetof(struct emunic_mbox_config, max_mcasts), 14 },
		{ sizeof(struct emunic_mbox_rss), 44 },
	};

	emunic_test_numbers(test, numbers, ARRAY_SIZE(numbers));
}

/* The bytes of a policy, as they cross the bus */
static void emunic_test_policy_bytes(struct kunit *test)
{
	static const struct emunic_vf_policy policy = {
		.mac = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 },
		.vlan = 0x123,
		.qos = 5,
		.vlan_proto = htons(ETH_P_8021AD),
		.link = EMUNIC_LINK_UP,
		.trusted = true,
		.spoofchk = true,
		.min_rate = 0x01020304,
		.max_rate = 0x11121314,
		.vectors = 17,
	};
	static const u8 want[64] = {
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0xa8, 0x88,
		0x23, 0x01, 0x05, 0x00, 0x03, 0x00, 0x00, 0x00,
		0x01, 0x00, 0x00, 0x00, 0x04, 0x03, 0x02, 0x01,
		0x14, 0x13, 0x12, 0x11, 0x03, 0x00, 0x00, 0x00,
		0x11, 0x00, 0x00, 0x00,
	};
	struct emunic_vport_policy dev;

	emunic_policy_to_device(&policy, policy.mac, &dev);
	KUNIT_EXPECT_MEMEQ(test, &dev, want, sizeof(want));
}

/* In order, aligned, and no bit is of two kinds */
static void emunic_test_registers(struct kunit *test)
{
	size_t i;

	for (i = 0; i < emunic_num_function_regs; i++) {
		const struct emunic_reg *reg = &emunic_function_regs[i];

		KUNIT_EXPECT_EQ(test, reg->offset % 4, 0);
		KUNIT_EXPECT_LT(test, reg->offset, EMUNIC_BAR_REGS_SIZE);
		KUNIT_EXPECT_EQ(test, reg->rw & reg->w1c, 0);
		if (i)
			KUNIT_EXPECT_GT(test, reg->offset, reg[-1].offset);
	}
	for (i = 0; i < emunic_num_queue_regs; i++) {
		const struct emunic_reg *reg = &emunic_queue_regs[i];

		KUNIT_EXPECT_EQ(test, reg->offset, 4 * i);
		KUNIT_EXPECT_LT(test, reg->offset, EMUNIC_Q_STRIDE);
	}
}

/* Whose registers they are; a dump has room for these and no others */
static void emunic_test_register_count(struct kunit *test)
{
	struct emunic *emu = emunic_kunit_function(test);

	/* 36 and 34 blocks of 12; a VF has 33 and 32 blocks */
	KUNIT_EXPECT_EQ(test, emunic_regs_count(emu), 444);
	emu->is_vf = true;
	KUNIT_EXPECT_EQ(test, emunic_regs_count(emu), 417);
	emu->max_queues = 1;
	KUNIT_EXPECT_EQ(test, emunic_regs_count(emu), 33 + 24);
}

static struct kunit_case emunic_abi_test_cases[] = {
	KUNIT_CASE(emunic_test_desc_layout),
	KUNIT_CASE(emunic_test_message_layout),
	KUNIT_CASE(emunic_test_policy_bytes),
	KUNIT_CASE(emunic_test_registers),
	KUNIT_CASE(emunic_test_register_count),
	{ }
};

static struct kunit_suite emunic_abi_test_suite = {
	.name = "emunic_abi",
	.test_cases = emunic_abi_test_cases,
};

kunit_test_suite(emunic_abi_test_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of what users may ask of receive steering.
 */
#include <kunit/test.h>
#include <linux/ethtool.h>

#include "kunit.h"
#include "rss.h"

static struct emunic_rss *emunic_test_snapshot(struct kunit *test)
{
	struct emunic *emu = test->priv;
	struct emunic_rss *copy;

	emunic_rss_init(emu);
	copy = kunit_kzalloc(test, sizeof(*copy), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	*copy = emu->rss;
	return copy;
}

static void emunic_test_size(struct kunit *test)
{
	static const struct {
		u8 queues;
		u32 want;
	} cases[] = {
		{ 1, 8 }, { 2, 16 }, { 3, 32 }, { 4, 32 }, { 5, 64 }, { 8, 64 },
		{ 9, 128 }, { 16, 128 },
	};
	struct emunic *emu = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 want = cases[i].want;

		/* Older kernels see the whole table */
		if (EMUNIC_RSS_PER_QUEUE != 8)
			want = EMUNIC_RSS_ENTRIES;
		emu->num_queues = cases[i].queues;
		KUNIT_EXPECT_EQ_MSG(test, want,
				    emunic_get_rxfh_indir_size(emu->netdev),
				    "case %zu", i);
	}
	emu->num_queues = 1;
	emu->caps &= ~EMUNIC_CAPS_RSS;
	KUNIT_EXPECT_EQ(test, emunic_get_rxfh_indir_size(emu->netdev), 128);
	KUNIT_EXPECT_EQ(test, emunic_get_rxfh_key_size(emu->netdev), 40);
}

/* Every queue gets its share of the table, and nobody else does */
static void emunic_test_default_table(struct kunit *test)
{
	struct emunic *emu = test->priv;
	u8 queues;
	u32 i;

	for (queues = 1; queues <= EMUNIC_MAX_QUEUES; queues++) {
		u32 size, share[EMUNIC_MAX_QUEUES] = {};

		emu->num_queues = queues;
		size = emunic_get_rxfh_indir_size(emu->netdev);
		emunic_rss_init(emu);
		for (i = 0; i < EMUNIC_RSS_ENTRIES; i++) {
			KUNIT_ASSERT_LT(test, emu->rss.table[0][i], queues);
			KUNIT_ASSERT_EQ(test, emu->rss.table[0][i],
					emu->rss.table[0][i % size]);
			share[emu->rss.table[0][i]]++;
		}
		for (i = 0; i < queues; i++)
			KUNIT_EXPECT_GE(test, share[i],
					EMUNIC_RSS_ENTRIES / size *
					(size / queues));
	}
}

/* A device whose key cannot be set has the one of the specification */
static void emunic_test_key(struct kunit *test)
{
	static const u8 first[] = { 0x6d, 0x5a, 0x56, 0xda };
	static const u8 last[] = { 0xbe, 0xac, 0x01, 0xfa };
	struct emunic *emu = test->priv;

	emunic_rss_init(emu);
	KUNIT_EXPECT_PTR_NE(test, memchr_inv(emu->rss.key, 0, 40), NULL);
	emu->caps &= ~EMUNIC_CAPS_RSS;
	emunic_rss_init(emu);
	KUNIT_EXPECT_MEMEQ(test, emu->rss.key, first, 4);
	KUNIT_EXPECT_MEMEQ(test, emu->rss.key + 36, last, 4);
	KUNIT_EXPECT_EQ(test, emu->rss.fields, 0x33ffff);
}

static void emunic_test_set_table(struct kunit *test)
{
	struct emunic *emu = test->priv;
	u8 key[EMUNIC_RSS_KEY_SIZE], got_key[EMUNIC_RSS_KEY_SIZE];
	u32 i, size = emunic_get_rxfh_indir_size(emu->netdev);
	struct ethtool_rxfh_param rxfh = {
		.input_xfrm = RXH_XFRM_NO_CHANGE,
		.key = key,
	};
	u32 *indir, *got;

	indir = kunit_kcalloc(test, size, sizeof(*indir), GFP_KERNEL);
	got = kunit_kcalloc(test, size, sizeof(*got), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, indir);
	KUNIT_ASSERT_NOT_NULL(test, got);
	rxfh.indir = indir;
	for (i = 0; i < size; i++)
		indir[i] = (i * 7 + 1) % 4;
	memset(key, 0xa5, sizeof(key));
	KUNIT_ASSERT_EQ(test, emunic_set_rxfh(emu->netdev, &rxfh, NULL), 0);
	for (i = 0; i < EMUNIC_RSS_ENTRIES; i++)
		KUNIT_ASSERT_EQ(test, emu->rss.table[0][i],
				((i & (size - 1)) * 7 + 1) % 4);

	rxfh.indir = got;
	rxfh.key = got_key;
	KUNIT_ASSERT_EQ(test, emunic_get_rxfh(emu->netdev, &rxfh), 0);
	KUNIT_EXPECT_MEMEQ(test, got, indir, size * sizeof(u32));
	KUNIT_EXPECT_MEMEQ(test, got_key, key, sizeof(key));
	KUNIT_EXPECT_EQ(test, rxfh.hfunc, ETH_RSS_HASH_TOP);
	KUNIT_EXPECT_EQ(test, rxfh.input_xfrm, 0);
}

static void emunic_test_xfrm(struct kunit *test)
{
	static const struct {
		u8 xfrm;
		int err;
		u32 ctrl;
		u8 got;
	} cases[] = {
		{ RXH_XFRM_SYM_XOR, 0, 1, RXH_XFRM_SYM_XOR },
		{ RXH_XFRM_NO_CHANGE, 0, 1, RXH_XFRM_SYM_XOR },
		{ RXH_XFRM_SYM_OR_XOR, 0, 2, RXH_XFRM_SYM_OR_XOR },
		{ RXH_XFRM_SYM_XOR | RXH_XFRM_SYM_OR_XOR, -EOPNOTSUPP, 2,
		  RXH_XFRM_SYM_OR_XOR },
		{ 0x80, -EOPNOTSUPP, 2, RXH_XFRM_SYM_OR_XOR },
		{ 0, 0, 0, 0 },
	};
	struct emunic *emu = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ethtool_rxfh_param rxfh = {
			.input_xfrm = cases[i].xfrm,
		};

		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    emunic_set_rxfh(emu->netdev, &rxfh, NULL),
				    "case %zu", i);
		KUNIT_EXPECT_EQ_MSG(test, emu->rss.ctrl, cases[i].ctrl,
				    "case %zu", i);
		KUNIT_ASSERT_EQ(test, emunic_get_rxfh(emu->netdev, &rxfh), 0);
		KUNIT_EXPECT_EQ_MSG(test, rxfh.input_xfrm, cases[i].got,
				    "case %zu", i);
	}
}

/* What is refused changes nothing, not even what was not wrong */
static void emunic_test_set_refused(struct kunit *test)
{
	struct emunic *emu = test->priv;
	u8 key[EMUNIC_RSS_KEY_SIZE] = {};
	struct ethtool_rxfh_param rxfh = {
		.hfunc = ETH_RSS_HASH_XOR,
		.input_xfrm = RXH_XFRM_SYM_XOR,
		.key = key,
	};
	struct emunic_rss *before = emunic_test_snapshot(test);

	KUNIT_EXPECT_EQ(test, emunic_set_rxfh(emu->netdev, &rxfh, NULL),
			-EOPNOTSUPP);
	rxfh.hfunc = ETH_RSS_HASH_TOP;
	rxfh.input_xfrm = 0x40;
	KUNIT_EXPECT_EQ(test, emunic_set_rxfh(emu->netdev, &rxfh, NULL),
			-EOPNOTSUPP);
	emu->caps &= ~EMUNIC_CAPS_RSS;
	rxfh.input_xfrm = RXH_XFRM_SYM_XOR;
	KUNIT_EXPECT_EQ(test, emunic_set_rxfh(emu->netdev, &rxfh, NULL),
			-EOPNOTSUPP);
	KUNIT_EXPECT_MEMEQ(test, &emu->rss, before, sizeof(*before));
}

#define EMUNIC_TEST_IP		(RXH_IP_SRC | RXH_IP_DST)
#define EMUNIC_TEST_PORTS	(RXH_L4_B_0_1 | RXH_L4_B_2_3)

static void emunic_test_fields(struct kunit *test)
{
	static const struct {
		u32 type;
		u64 data;
		int err;
		u32 want;
	} cases[] = {
		{ TCP_V4_FLOW, EMUNIC_TEST_IP, 0, 0x33fff3 },
		{ UDP_V4_FLOW, 0, 0, 0x33ff0f },
		{ TCP_V6_FLOW, EMUNIC_TEST_PORTS, 0, 0x33fcff },
		{ UDP_V6_FLOW, RXH_IP_DST | RXH_L4_B_0_1, 0, 0x336fff },
		{ UDP_V6_FLOW, RXH_IP_SRC | RXH_L4_B_2_3, 0, 0x339fff },
		{ IPV4_FLOW, RXH_IP_SRC, 0, 0x31ffff },
		{ IPV6_FLOW, RXH_IP_DST, 0, 0x23ffff },
		/* Without ports there are none to hash */
		{ IPV4_FLOW, EMUNIC_TEST_IP | RXH_L4_B_0_1, -EOPNOTSUPP,
		  0x33ffff },
		{ IPV6_FLOW, EMUNIC_TEST_PORTS, -EOPNOTSUPP, 0x33ffff },
		{ TCP_V4_FLOW, EMUNIC_TEST_IP | RXH_VLAN, -EOPNOTSUPP,
		  0x33ffff },
		{ TCP_V4_FLOW, RXH_DISCARD, -EOPNOTSUPP, 0x33ffff },
		{ SCTP_V4_FLOW, EMUNIC_TEST_IP, -EOPNOTSUPP, 0x33ffff },
		{ ETHER_FLOW, 0, -EOPNOTSUPP, 0x33ffff },
	};
	struct emunic *emu = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ethtool_rxfh_fields fields = {
			.flow_type = cases[i].type,
			.data = cases[i].data,
		};

		emu->rss.fields = EMUNIC_RSS_FIELDS_RESET;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    emunic_set_rxfh_fields(emu->netdev, &fields,
							   NULL), "case %zu",
				    i);
		KUNIT_EXPECT_EQ_MSG(test, emu->rss.fields, cases[i].want,
				    "case %zu", i);
		fields.data = ~0U;
		if (cases[i].err)
			continue;
		KUNIT_ASSERT_EQ(test, emunic_get_rxfh_fields(emu->netdev,
							     &fields), 0);
		KUNIT_EXPECT_EQ_MSG(test, fields.data, cases[i].data,
				    "case %zu", i);
	}
}

static void emunic_test_fields_fixed(struct kunit *test)
{
	struct ethtool_rxfh_fields fields = {
		.flow_type = TCP_V4_FLOW,
		.data = EMUNIC_TEST_IP,
	};
	struct emunic *emu = test->priv;

	/* What cannot be set can be read */
	emu->caps &= ~EMUNIC_CAPS_RSS;
	emu->rss.fields = EMUNIC_RSS_FIELDS_RESET;
	KUNIT_EXPECT_EQ(test, emunic_set_rxfh_fields(emu->netdev, &fields,
						     NULL), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, emunic_get_rxfh_fields(emu->netdev, &fields), 0);
	KUNIT_EXPECT_EQ(test, fields.data, EMUNIC_TEST_IP | EMUNIC_TEST_PORTS);
	fields.flow_type = AH_ESP_V6_FLOW;
	KUNIT_EXPECT_EQ(test, emunic_get_rxfh_fields(emu->netdev, &fields),
			-EOPNOTSUPP);
}

/* A context has a table of its own, and nothing else */
static void emunic_test_context(struct kunit *test)
{
	struct emunic *emu = test->priv;
	u32 indir[EMUNIC_RSS_ENTRIES] = { 3, 2, 1 };
	u8 key[EMUNIC_RSS_KEY_SIZE] = {};
	struct ethtool_rxfh_param rxfh = {
		.input_xfrm = RXH_XFRM_NO_CHANGE,
		.rss_context = 7,
		.indir = indir,
	};
	struct emunic_rss *before = emunic_test_snapshot(test);

	KUNIT_EXPECT_EQ(test, emunic_modify_rxfh_context(emu->netdev, NULL,
							 &rxfh, NULL), 0);
	KUNIT_EXPECT_EQ(test, emu->rss.table[7][0], 3);
	KUNIT_EXPECT_EQ(test, emu->rss.table[7][2], 1);
	memcpy(emu->rss.table[7], before->table[7],
	       sizeof(before->table[7]));
	KUNIT_EXPECT_MEMEQ(test, &emu->rss, before, sizeof(*before));

	rxfh.key = key;
	KUNIT_EXPECT_EQ(test, emunic_modify_rxfh_context(emu->netdev, NULL,
							 &rxfh, NULL),
			-EOPNOTSUPP);
	rxfh.key = NULL;
	rxfh.input_xfrm = RXH_XFRM_SYM_XOR;
	KUNIT_EXPECT_EQ(test, emunic_modify_rxfh_context(emu->netdev, NULL,
							 &rxfh, NULL),
			-EOPNOTSUPP);
	rxfh.input_xfrm = 0;
	rxfh.hfunc = ETH_RSS_HASH_CRC32;
	KUNIT_EXPECT_EQ(test, emunic_modify_rxfh_context(emu->netdev, NULL,
							 &rxfh, NULL),
			-EOPNOTSUPP);
	KUNIT_EXPECT_MEMEQ(test, &emu->rss, before, sizeof(*before));
}

static int emunic_rss_test_init(struct kunit *test)
{
	test->priv = emunic_kunit_function(test);
	return 0;
}

static struct kunit_case emunic_rss_test_cases[] = {
	KUNIT_CASE(emunic_test_size),
	KUNIT_CASE(emunic_test_default_table),
	KUNIT_CASE(emunic_test_key),
	KUNIT_CASE(emunic_test_set_table),
	KUNIT_CASE(emunic_test_xfrm),
	KUNIT_CASE(emunic_test_set_refused),
	KUNIT_CASE(emunic_test_fields),
	KUNIT_CASE(emunic_test_fields_fixed),
	KUNIT_CASE(emunic_test_context),
	{ }
};

static struct kunit_suite emunic_rss_test_suite = {
	.name = "emunic_rss",
	.init = emunic_rss_test_init,
	.test_cases = emunic_rss_test_cases,
};

kunit_test_suite(emunic_rss_test_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of steering rules, from ethtool's words to the device's.
 */
#include <kunit/test.h>
#include <linux/ethtool.h>

#include "kunit.h"
#include "rss.h"

/* Inserts at location 5 what goes to queue 2 */
static struct ethtool_rxnfc emunic_test_rule(u32 flow_type)
{
	return (struct ethtool_rxnfc) {
		.cmd = ETHTOOL_SRXCLSRLINS,
		.fs = {
			.flow_type = flow_type,
			.ring_cookie = 2,
			.location = 5,
		},
	};
}

static int emunic_test_insert(struct kunit *test, struct ethtool_rxnfc *rxnfc)
{
	struct emunic *emu = test->priv;

	return emunic_set_rxnfc(emu->netdev, rxnfc);
}

/* What the device is told of rule 5 */
static const struct emunic_flow_rule *emunic_test_told(struct kunit *test)
{
	struct emunic *emu = test->priv;

	return &emu->rules.rule[5];
}

/* Bits of ctrl: enable, queue 2, kind, which fields */
#define EMUNIC_TEST_CTRL(kind, fields)	(0x00020001 | (kind) << 8 | (fields))

static void emunic_test_l4_v4(struct kunit *test, u32 type, u32 kind)
{
	struct ethtool_rxnfc r = emunic_test_rule(type);
	struct ethtool_tcpip4_spec *val = &r.fs.h_u.tcp_ip4_spec;
	struct ethtool_tcpip4_spec *mask = &r.fs.m_u.tcp_ip4_spec;
	static const u8 want[] = {
		10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x12, 0x34, 0x56, 0x78,
	};

	val->ip4src = htonl(0x0a000001);
	val->ip4dst = htonl(0x0a000002);
	val->psrc = htons(0x1234);
	val->pdst = htons(0x5678);

	/* Nothing asked for: every frame of the kind */
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			EMUNIC_TEST_CTRL(kind, 0));
	mask->pdst = htons(0xffff);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			EMUNIC_TEST_CTRL(kind, 0x80));
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(emunic_test_told(test)->src, 0,
					     16), NULL);
	mask->psrc = htons(0xffff);
	mask->ip4src = htonl(0xffffffff);
	mask->ip4dst = htonl(0xffffffff);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			EMUNIC_TEST_CTRL(kind, 0xf0));
	KUNIT_EXPECT_MEMEQ(test, emunic_test_told(test)->src, want,
			   sizeof(want));

	/* Whole or not at all */
	mask->ip4dst = htonl(0xffffff00);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
	mask->ip4dst = 0;
	mask->psrc = htons(0xff00);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
	mask->psrc = 0;
	mask->tos = 0xff;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
	KUNIT_EXPECT_MEMEQ(test, emunic_test_told(test)->src, want,
			   sizeof(want));
}

static void emunic_test_l4_v6(struct kunit *test, u32 type, u32 kind)
{
	struct ethtool_rxnfc r = emunic_test_rule(type);
	struct ethtool_tcpip6_spec *val = &r.fs.h_u.tcp_ip6_spec;
	struct ethtool_tcpip6_spec *mask = &r.fs.m_u.tcp_ip6_spec;

	memset(val->ip6src, 0x11, 16);
	memset(val->ip6dst, 0x22, 16);
	val->psrc = htons(1);
	memset(mask->ip6src, 0xff, 16);
	mask->psrc = htons(0xffff);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			EMUNIC_TEST_CTRL(kind, 0x50));
	KUNIT_EXPECT_MEMEQ(test, emunic_test_told(test)->src, val->ip6src, 16);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(emunic_test_told(test)->dst, 0,
					     16), NULL);

	((u8 *)mask->ip6dst)[15] = 0xff;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
	((u8 *)mask->ip6dst)[15] = 0;
	mask->tclass = 1;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
}

static void emunic_test_match_l4(struct kunit *test)
{
	emunic_test_l4_v4(test, TCP_V4_FLOW, 0);
	emunic_test_l4_v4(test, UDP_V4_FLOW, 1);
	emunic_test_l4_v6(test, TCP_V6_FLOW, 2);
	emunic_test_l4_v6(test, UDP_V6_FLOW, 3);
}

static void emunic_test_match_ip(struct kunit *test)
{
	struct ethtool_rxnfc v4 = emunic_test_rule(IPV4_USER_FLOW);
	struct ethtool_rxnfc v6 = emunic_test_rule(IPV6_USER_FLOW);

	v4.fs.h_u.usr_ip4_spec.ip_ver = ETH_RX_NFC_IP4;
	v4.fs.m_u.usr_ip4_spec.ip4src = htonl(0xffffffff);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &v4), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			EMUNIC_TEST_CTRL(4, 0x10));
	v4.fs.m_u.usr_ip4_spec.proto = 0xff;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &v4), -EOPNOTSUPP);
	v4.fs.m_u.usr_ip4_spec.proto = 0;
	v4.fs.m_u.usr_ip4_spec.l4_4_bytes = htonl(1);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &v4), -EOPNOTSUPP);

	memset(v6.fs.m_u.usr_ip6_spec.ip6dst, 0xff, 16);
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &v6), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			EMUNIC_TEST_CTRL(5, 0x20));
	v6.fs.m_u.usr_ip6_spec.l4_proto = 6;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &v6), -EOPNOTSUPP);
}

static void emunic_test_unknown(struct kunit *test)
{
	static const u32 types[] = {
		ETHER_FLOW, SCTP_V4_FLOW, AH_V4_FLOW, ESP_V6_FLOW, IPV4_FLOW,
		TCP_V4_FLOW | FLOW_EXT, UDP_V6_FLOW | FLOW_MAC_EXT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct ethtool_rxnfc r = emunic_test_rule(types[i]);

		KUNIT_EXPECT_EQ_MSG(test, emunic_test_insert(test, &r),
				    -EOPNOTSUPP, "type %#x", types[i]);
	}
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl), 0);
}

static void emunic_test_action(struct kunit *test)
{
	struct ethtool_rxnfc r = emunic_test_rule(TCP_V4_FLOW);

	r.fs.ring_cookie = 3;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			0x00030001);
	r.fs.ring_cookie = 4;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EINVAL);
	/* Queue 1 of a VF, as ethtool has it */
	r.fs.ring_cookie = 1ULL << ETHTOOL_RX_FLOW_SPEC_RING_VF_OFF | 1;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EINVAL);
	r.fs.ring_cookie = RX_CLS_FLOW_WAKE;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			0x00030001);
	r.fs.ring_cookie = RX_CLS_FLOW_DISC;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl), 0x3);
}

static void emunic_test_spread(struct kunit *test)
{
	struct ethtool_rxnfc r = emunic_test_rule(TCP_V4_FLOW | FLOW_RSS);
	struct ethtool_rxnfc get = {
		.cmd = ETHTOOL_GRXCLSRULE,
		.fs.location = 5,
	};
	struct emunic *emu = test->priv;

	/* A queue to add to that of the table is more than the device can */
	r.rss_context = 6;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);
	r.fs.ring_cookie = 0;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(emunic_test_told(test)->ctrl),
			0x06000005);
	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &get, NULL), 0);
	KUNIT_EXPECT_EQ(test, get.rss_context, 6);
	KUNIT_EXPECT_EQ(test, get.fs.flow_type, TCP_V4_FLOW | FLOW_RSS);

	KUNIT_EXPECT_TRUE(test, emunic_rules_use_context(emu, 6));
	KUNIT_EXPECT_FALSE(test, emunic_rules_use_context(emu, 0));
	KUNIT_EXPECT_EQ(test, emunic_remove_rxfh_context(emu->netdev, NULL, 6,
							 NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, emunic_remove_rxfh_context(emu->netdev, NULL, 5,
							 NULL), 0);
	r.cmd = ETHTOOL_SRXCLSRLDEL;
	KUNIT_EXPECT_EQ(test, emunic_set_rxnfc(emu->netdev, &r), 0);
	KUNIT_EXPECT_EQ(test, emunic_remove_rxfh_context(emu->netdev, NULL, 6,
							 NULL), 0);
}

static void emunic_test_location(struct kunit *test)
{
	struct ethtool_rxnfc r = emunic_test_rule(UDP_V4_FLOW);
	struct emunic *emu = test->priv;

	r.fs.location = EMUNIC_FLOW_RULES;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EINVAL);
	r.fs.location = RX_CLS_LOC_ANY;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EINVAL);
	r.fs.location = EMUNIC_FLOW_RULES - 1;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	emu->netdev->features &= ~NETIF_F_NTUPLE;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), -EOPNOTSUPP);

	r.cmd = ETHTOOL_SRXCLSRLDEL;
	KUNIT_EXPECT_EQ(test, emunic_set_rxnfc(emu->netdev, &r), 0);
	KUNIT_EXPECT_EQ(test, emunic_set_rxnfc(emu->netdev, &r), -ENOENT);
	r.fs.location = EMUNIC_FLOW_RULES;
	KUNIT_EXPECT_EQ(test, emunic_set_rxnfc(emu->netdev, &r), -ENOENT);
}

static void emunic_test_list(struct kunit *test)
{
	struct ethtool_rxnfc r = emunic_test_rule(UDP_V4_FLOW);
	struct ethtool_rxnfc list = { .cmd = ETHTOOL_GRXCLSRLCNT };
	struct emunic *emu = test->priv;
	u32 rules[3] = { 99, 99, 99 };

	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	r.fs.location = 0;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);
	r.fs.location = 63;
	KUNIT_EXPECT_EQ(test, emunic_test_insert(test, &r), 0);

	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &list, NULL), 0);
	KUNIT_EXPECT_EQ(test, list.rule_cnt, 3);
	KUNIT_EXPECT_EQ(test, list.data, 64);
	list.cmd = ETHTOOL_GRXCLSRLALL;
	list.rule_cnt = 2;
	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &list, rules),
			-EMSGSIZE);
	KUNIT_EXPECT_EQ(test, rules[2], 99);
	list.rule_cnt = 3;
	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &list, rules), 0);
	KUNIT_EXPECT_EQ(test, rules[0], 0);
	KUNIT_EXPECT_EQ(test, rules[1], 5);
	KUNIT_EXPECT_EQ(test, rules[2], 63);

	list.cmd = ETHTOOL_GRXCLSRULE;
	list.fs.location = 1;
	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &list, NULL),
			-ENOENT);
	list.fs.location = 64;
	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &list, NULL),
			-ENOENT);
	list.cmd = ETHTOOL_GRXFH;
	KUNIT_EXPECT_EQ(test, emunic_get_rxnfc(emu->netdev, &list, NULL),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, emunic_set_rxnfc(emu->netdev, &list),
			-EOPNOTSUPP);
}

static int emunic_rules_test_init(struct kunit *test)
{
	struct emunic *emu = emunic_kunit_function(test);

	emu->netdev->features = NETIF_F_NTUPLE;
	test->priv = emu;
	return 0;
}

static struct kunit_case emunic_rules_test_cases[] = {
	KUNIT_CASE(emunic_test_match_l4),
	KUNIT_CASE(emunic_test_match_ip),
	KUNIT_CASE(emunic_test_unknown),
	KUNIT_CASE(emunic_test_action),
	KUNIT_CASE(emunic_test_spread),
	KUNIT_CASE(emunic_test_location),
	KUNIT_CASE(emunic_test_list),
	{ }
};

static struct kunit_suite emunic_rules_test_suite = {
	.name = "emunic_rules",
	.init = emunic_rules_test_init,
	.test_cases = emunic_rules_test_cases,
};

kunit_test_suite(emunic_rules_test_suite);

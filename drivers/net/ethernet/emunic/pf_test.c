// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of the PF's policy and of the gate for VF messages.
 */
#include <kunit/test.h>

#include "emunic.h"
#include "pf.h"

static const u8 unicast[] = { 0x02, 0, 0, 0, 0, 0x01 };
static const u8 other[] = { 0x02, 0, 0, 0, 0, 0x02 };
static const u8 multicast[] = { 0x01, 0, 0x5e, 0, 0, 0x01 };
static const u8 broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const u8 zero[ETH_ALEN];

static int emunic_pf_test_init(struct kunit *test)
{
	struct emunic_vf_rec *rec;

	rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);
	if (!rec)
		return -ENOMEM;

	test->priv = rec;
	return 0;
}

static void emunic_test_check_mac(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, emunic_policy_check_mac(unicast), 0);
	KUNIT_EXPECT_EQ(test, emunic_policy_check_mac(zero), 0);
	KUNIT_EXPECT_EQ(test, emunic_policy_check_mac(multicast), -EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_policy_check_mac(broadcast), -EINVAL);
}

static void emunic_test_check_vlan(struct kunit *test)
{
	static const struct {
		u16 vlan;
		u8 qos;
		u16 proto;
		int want;
	} cases[] = {
		{ 0, 0, ETH_P_8021Q, 0 },
		{ 1, 7, ETH_P_8021Q, 0 },
		{ 4094, 0, ETH_P_8021AD, 0 },
		{ 4095, 0, ETH_P_8021Q, -EINVAL },
		{ 5, 8, ETH_P_8021Q, -EINVAL },
		{ 0, 3, ETH_P_8021Q, -EINVAL },
		{ 5, 0, ETH_P_QINQ1, -EPROTONOSUPPORT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].want,
				    emunic_policy_check_vlan(cases[i].vlan,
							     cases[i].qos,
							     htons(cases[i].proto)),
				    "case %zu", i);
}

static void emunic_test_check_rate(struct kunit *test)
{
	static const struct {
		u64 others;
		int min_rate;
		int max_rate;
		int want;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 0, 0, 1, 0 },
		{ 0, 0, 10000, 0 },
		{ 0, 0, 10001, -EINVAL },
		{ 0, 10000, 0, 0 },
		{ 0, 10001, 0, -EINVAL },
		{ 0, 100, 100, 0 },
		{ 0, 101, 100, -EINVAL },
		{ 0, -1, 0, -EINVAL },
		{ 0, 0, -1, -EINVAL },
		{ 0, INT_MAX, 0, -EINVAL },
		{ 4000, 6000, 0, 0 },
		{ 4000, 6001, 0, -EINVAL },
		/* Nothing asked for is never too much */
		{ 20000, 0, 0, 0 },
		{ 254ULL * INT_MAX, 1, 0, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].want,
				    emunic_policy_check_rate(10000,
							     cases[i].others,
							     cases[i].min_rate,
							     cases[i].max_rate),
				    "case %zu", i);
}

static void emunic_test_default(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	struct emunic_vport_policy dev;

	emunic_policy_default(&rec->policy);
	emunic_policy_to_device(&rec->policy, zero, &dev);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.spoofchk), EMUNIC_SPOOFCHK_ALL);

	/* All else is what the device begins with */
	dev.spoofchk = 0;
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(&dev, 0, sizeof(dev)), NULL);
}

static void emunic_test_device(struct kunit *test)
{
	static const struct emunic_vf_policy policy = {
		.mac = { 0x02, 0, 0, 0, 0, 0x01 },
		.vlan = 100,
		.qos = 5,
		.vlan_proto = htons(ETH_P_8021AD),
		.link = EMUNIC_LINK_DOWN,
		.trusted = true,
		.query_rss = true,
		.min_rate = 10,
		.max_rate = 200,
		.vectors = 5,
	};
	struct emunic_vf_rec *rec = test->priv;
	struct emunic_vport_policy dev, again;

	emunic_policy_to_device(&policy, other, &dev);
	KUNIT_EXPECT_MEMEQ(test, dev.mac, unicast, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(dev.tpid), ETH_P_8021AD);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(dev.vid), 100);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(dev.prio), 5);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.flags),
			EMUNIC_VPORT_TRUSTED | EMUNIC_VPORT_MAC_SET |
			EMUNIC_VPORT_QUERY_RSS);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.link), EMUNIC_LINK_DOWN);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.min_rate), 10);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.max_rate), 200);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.spoofchk), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.vectors), 5);

	/* A later driver finds the same */
	emunic_policy_from_device(rec, &dev);
	KUNIT_EXPECT_TRUE(test, is_zero_ether_addr(rec->state.mac));
	KUNIT_EXPECT_FALSE(test, rec->policy.spoofchk);
	emunic_policy_to_device(&rec->policy, rec->state.mac, &again);
	KUNIT_EXPECT_MEMEQ(test, &again, &dev, sizeof(dev));
}

static void emunic_test_device_own_mac(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	struct emunic_vport_policy dev, again;

	/* The VF's own choice does not become the administrator's */
	emunic_policy_default(&rec->policy);
	emunic_policy_to_device(&rec->policy, other, &dev);
	KUNIT_EXPECT_MEMEQ(test, dev.mac, other, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev.flags), 0);
	emunic_policy_from_device(rec, &dev);
	KUNIT_EXPECT_TRUE(test, is_zero_ether_addr(rec->policy.mac));
	KUNIT_EXPECT_MEMEQ(test, rec->state.mac, other, ETH_ALEN);
	KUNIT_EXPECT_TRUE(test, rec->policy.spoofchk);
	emunic_policy_to_device(&rec->policy, rec->state.mac, &again);
	KUNIT_EXPECT_MEMEQ(test, &again, &dev, sizeof(dev));
}

static void emunic_test_config(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	struct emunic_mbox_config config;

	emunic_policy_config(rec, &config);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.flags), 0);
	KUNIT_EXPECT_TRUE(test, is_zero_ether_addr(config.mac));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_macs), 16);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_vlans), 16);
	/* The field was reserved in version 1.0 */
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_mcasts), 0);

	rec->state.minor = 1;
	memcpy(rec->policy.mac, unicast, ETH_ALEN);
	rec->policy.vlan = 7;
	emunic_policy_config(rec, &config);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.flags),
			EMUNIC_MBOX_CONFIG_MAC_SET |
			EMUNIC_MBOX_CONFIG_PORT_VLAN);
	KUNIT_EXPECT_MEMEQ(test, config.mac, unicast, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_mcasts), 32);

	/* A trusted VF may replace the address */
	rec->policy.trusted = true;
	emunic_policy_config(rec, &config);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.flags),
			EMUNIC_MBOX_CONFIG_PORT_VLAN |
			EMUNIC_MBOX_CONFIG_TRUSTED);
	KUNIT_EXPECT_MEMEQ(test, config.mac, unicast, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_macs), 256);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_mcasts), 256);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(config.max_vlans), 4095);
}

static void emunic_test_version(struct kunit *test)
{
	static const struct {
		u16 major, minor, max_minor;
		u16 status, want;
	} cases[] = {
		{ 1, 0, 1, EMUNIC_MBOX_ST_OK, 0 },
		{ 1, 1, 1, EMUNIC_MBOX_ST_OK, 1 },
		{ 1, 9, 1, EMUNIC_MBOX_ST_OK, 1 },
		{ 1, 1, 0, EMUNIC_MBOX_ST_OK, 0 },
		{ 0, 1, 1, EMUNIC_MBOX_ST_VERSION, 1 },
		{ 2, 0, 1, EMUNIC_MBOX_ST_VERSION, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u16 major = cases[i].major, minor = cases[i].minor;

		KUNIT_EXPECT_EQ_MSG(test, cases[i].status,
				    emunic_policy_version(&major, &minor,
							  cases[i].max_minor),
				    "case %zu", i);
		KUNIT_EXPECT_EQ_MSG(test, major, cases[i].major, "case %zu", i);
		KUNIT_EXPECT_EQ_MSG(test, minor, cases[i].want, "case %zu", i);
	}
}

static void emunic_test_caps(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;

	KUNIT_EXPECT_EQ(test, emunic_policy_caps(rec, ~0U),
			EMUNIC_MBOX_CAP_FILTERS | EMUNIC_MBOX_CAP_RX_MODE);
	rec->state.minor = 1;
	KUNIT_EXPECT_EQ(test, emunic_policy_caps(rec, ~0U),
			EMUNIC_MBOX_CAP_FILTERS | EMUNIC_MBOX_CAP_RX_MODE |
			EMUNIC_MBOX_CAP_RSS);
	KUNIT_EXPECT_EQ(test, emunic_policy_caps(rec, 0), 0);
	KUNIT_EXPECT_EQ(test, emunic_policy_caps(rec, EMUNIC_MBOX_CAP_RX_MODE),
			EMUNIC_MBOX_CAP_RX_MODE);
}

static void emunic_test_rss(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	struct emunic_mbox_rss rss;

	KUNIT_EXPECT_EQ(test, emunic_policy_rss(rec, &rss),
			EMUNIC_MBOX_ST_PERM);
	rec->policy.query_rss = true;
	KUNIT_EXPECT_EQ(test, emunic_policy_rss(rec, &rss), EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test, rss.key[0], 0x6d);
	KUNIT_EXPECT_EQ(test, rss.key[39], 0xfa);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(rss.entries), 128);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(rss.reserved), 0);
}

static void emunic_test_set_mac(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;

	KUNIT_EXPECT_EQ(test, emunic_policy_vf_set_mac(rec, unicast),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_set_mac(rec, zero),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_set_mac(rec, multicast),
			EMUNIC_MBOX_ST_INVALID);

	memcpy(rec->policy.mac, unicast, ETH_ALEN);
	KUNIT_EXPECT_MEMEQ(test, emunic_policy_mac(rec), unicast, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_set_mac(rec, other),
			EMUNIC_MBOX_ST_PERM);
	rec->policy.trusted = true;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_set_mac(rec, other),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_set_mac(rec, multicast),
			EMUNIC_MBOX_ST_INVALID);
	memcpy(rec->state.mac, other, ETH_ALEN);
	KUNIT_EXPECT_MEMEQ(test, emunic_policy_mac(rec), other, ETH_ALEN);
}

static void emunic_test_owns_mac(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;

	KUNIT_EXPECT_FALSE(test, emunic_policy_owns_mac(rec, unicast));
	memcpy(rec->policy.mac, unicast, ETH_ALEN);
	KUNIT_EXPECT_TRUE(test, emunic_policy_owns_mac(rec, unicast));
	KUNIT_EXPECT_FALSE(test, emunic_policy_owns_mac(rec, other));
	memcpy(rec->state.mac, other, ETH_ALEN);
	KUNIT_EXPECT_TRUE(test, emunic_policy_owns_mac(rec, other));
	emunic_policy_forget(rec);
	KUNIT_EXPECT_FALSE(test, emunic_policy_owns_mac(rec, other));
	emunic_policy_commit_mac(rec, other, true);
	KUNIT_EXPECT_TRUE(test, emunic_policy_owns_mac(rec, other));
}

static void emunic_test_mac_quota(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	u8 mac[ETH_ALEN];
	bool known;
	int i;

	memcpy(mac, unicast, ETH_ALEN);
	for (i = 0; i < EMUNIC_VF_MAX_UCASTS; i++) {
		mac[5] = i;
		KUNIT_ASSERT_EQ(test,
				emunic_policy_vf_add_mac(rec, mac, &known),
				EMUNIC_MBOX_ST_OK);
		KUNIT_EXPECT_FALSE(test, known);
		emunic_policy_commit_mac(rec, mac, true);
	}

	/* What is there is no more than before */
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, mac, &known),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_TRUE(test, known);
	mac[5] = EMUNIC_VF_MAX_UCASTS;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, mac, &known),
			EMUNIC_MBOX_ST_QUOTA);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, multicast, &known),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, zero, &known),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, broadcast, &known),
			EMUNIC_MBOX_ST_INVALID);

	/* From the middle; the others stay */
	mac[5] = 3;
	emunic_policy_commit_mac(rec, mac, false);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_mac(rec, mac),
			EMUNIC_MBOX_ST_INVALID);
	for (i = 0; i < EMUNIC_VF_MAX_UCASTS; i++) {
		mac[5] = i;
		KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_mac(rec, mac),
				i == 3 ? EMUNIC_MBOX_ST_INVALID :
					 EMUNIC_MBOX_ST_OK);
	}
	mac[5] = EMUNIC_VF_MAX_UCASTS;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, mac, &known),
			EMUNIC_MBOX_ST_OK);
}

static void emunic_test_mcast_quota(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	u8 mac[ETH_ALEN];
	bool known;
	int i;

	memcpy(mac, multicast, ETH_ALEN);
	for (i = 0; i < EMUNIC_VF_MAX_MCASTS; i++) {
		mac[4] = i;
		KUNIT_ASSERT_EQ(test,
				emunic_policy_vf_add_mac(rec, mac, &known),
				EMUNIC_MBOX_ST_OK);
		emunic_policy_commit_mac(rec, mac, true);
	}
	mac[4] = i;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, mac, &known),
			EMUNIC_MBOX_ST_QUOTA);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, unicast, &known),
			EMUNIC_MBOX_ST_OK);
}

static void emunic_test_mac_quota_trusted(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	u8 mac[ETH_ALEN];
	bool known;
	int i;

	/* Of either kind, up to what the device has */
	rec->policy.trusted = true;
	for (i = 0; i < EMUNIC_VPORT_MAX_MACS; i++) {
		memcpy(mac, i % 3 ? unicast : multicast, ETH_ALEN);
		mac[4] = i;
		KUNIT_ASSERT_EQ(test,
				emunic_policy_vf_add_mac(rec, mac, &known),
				EMUNIC_MBOX_ST_OK);
		KUNIT_ASSERT_FALSE(test, known);
		emunic_policy_commit_mac(rec, mac, true);
	}
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, mac, &known),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_TRUE(test, known);
	mac[3] = 1;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, mac, &known),
			EMUNIC_MBOX_ST_QUOTA);
}

static void emunic_test_mac_given(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	bool known;

	/* A given address is the only unicast one, unless the VF is trusted */
	emunic_policy_commit_mac(rec, other, true);
	memcpy(rec->policy.mac, unicast, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, other, &known),
			EMUNIC_MBOX_ST_PERM);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, multicast, &known),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, broadcast, &known),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_mac(rec, other),
			EMUNIC_MBOX_ST_OK);
	rec->policy.trusted = true;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_mac(rec, other, &known),
			EMUNIC_MBOX_ST_OK);
}

static void emunic_test_vlan_quota(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	bool known;
	u16 vid;

	for (vid = 1; vid <= EMUNIC_VF_MAX_VLANS; vid++) {
		KUNIT_ASSERT_EQ(test,
				emunic_policy_vf_add_vlan(rec, vid, &known),
				EMUNIC_MBOX_ST_OK);
		emunic_policy_commit_vlan(rec, vid, true);
	}
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_vlan(rec, 100, &known),
			EMUNIC_MBOX_ST_QUOTA);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_vlan(rec, 4095, &known),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_vlan(rec, 100),
			EMUNIC_MBOX_ST_INVALID);

	emunic_policy_commit_vlan(rec, 1, false);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_vlan(rec, 100, &known),
			EMUNIC_MBOX_ST_OK);
	rec->policy.vlan = 7;
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_vlan(rec, 100, &known),
			EMUNIC_MBOX_ST_PERM);

	emunic_policy_forget(rec);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(rec->state.vlans, VLAN_N_VID));
	KUNIT_EXPECT_EQ(test, rec->policy.vlan, 7);
}

static void emunic_test_vlan_quota_trusted(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;
	bool known;
	u16 vid;

	rec->policy.trusted = true;
	for (vid = 0; vid < 4095; vid++) {
		KUNIT_ASSERT_EQ(test,
				emunic_policy_vf_add_vlan(rec, vid, &known),
				EMUNIC_MBOX_ST_OK);
		emunic_policy_commit_vlan(rec, vid, true);
	}
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_add_vlan(rec, 4095, &known),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_vlan(rec, 4095),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_vlan(rec, 0xffff),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_del_vlan(rec, 4094),
			EMUNIC_MBOX_ST_OK);
}

static void emunic_test_rx_mode(struct kunit *test)
{
	struct emunic_vf_rec *rec = test->priv;

	KUNIT_EXPECT_EQ(test, emunic_policy_vf_rx_mode(rec, 0),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test,
			emunic_policy_vf_rx_mode(rec, EMUNIC_RX_MODE_PROMISC),
			EMUNIC_MBOX_ST_PERM);
	rec->policy.trusted = true;
	KUNIT_EXPECT_EQ(test,
			emunic_policy_vf_rx_mode(rec, EMUNIC_RX_MODE_PROMISC),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test,
			emunic_policy_vf_rx_mode(rec, EMUNIC_RX_MODE_VLAN_ANY),
			EMUNIC_MBOX_ST_INVALID);
	KUNIT_EXPECT_EQ(test, emunic_policy_vf_rx_mode(rec, 0x80000000),
			EMUNIC_MBOX_ST_INVALID);
}

/* A message of @opcode that says it has @said bytes and has @len */
static u16 emunic_test_gate_one(struct emunic_vf_rec *rec, u16 opcode,
				u16 said, size_t len)
{
	u8 data[EMUNIC_MBOX_WINDOW_SIZE] = {};
	struct emunic_mbox_hdr hdr = {
		.opcode = cpu_to_le16(opcode),
		.len = cpu_to_le16(said),
	};
	const struct emunic_pf_op *op;

	memcpy(data, &hdr, sizeof(hdr));
	return emunic_pf_mbox_gate(rec, data, len, &op);
}

static void emunic_test_gate(struct kunit *test)
{
	const u16 version = EMUNIC_MBOX_OP_VERSION;
	const u16 add_mac = EMUNIC_MBOX_OP_ADD_MAC;
	struct emunic_vf_rec *rec = test->priv;

	/* Header, opcode, exact length, state: the first that fails counts */
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, version, 4, 7),
			EMUNIC_MBOX_ST_LENGTH);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, version, 5, 12),
			EMUNIC_MBOX_ST_LENGTH);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, 0xffff, 4, 13),
			EMUNIC_MBOX_ST_LENGTH);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, 0xffff, 4, 12),
			EMUNIC_MBOX_ST_OPCODE);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, 0, 0, 8),
			EMUNIC_MBOX_ST_OPCODE);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, add_mac, 4, 12),
			EMUNIC_MBOX_ST_LENGTH);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, add_mac, 216, 224),
			EMUNIC_MBOX_ST_LENGTH);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, add_mac, 8, 16),
			EMUNIC_MBOX_ST_STATE);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(NULL, version, 4, 12),
			EMUNIC_MBOX_ST_STATE);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, version, 4, 12),
			EMUNIC_MBOX_ST_OK);

	/* A version does not grant capabilities, and they need one */
	rec->state.versioned = true;
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, add_mac, 8, 16),
			EMUNIC_MBOX_ST_STATE);
	rec->state.caps = EMUNIC_MBOX_CAP_FILTERS;
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, add_mac, 8, 16),
			EMUNIC_MBOX_ST_OK);
	rec->state.versioned = false;
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, add_mac, 8, 16),
			EMUNIC_MBOX_ST_STATE);
}

static void emunic_test_gate_rss(struct kunit *test)
{
	const u16 get_rss = EMUNIC_MBOX_OP_GET_RSS;
	struct emunic_vf_rec *rec = test->priv;

	rec->state.versioned = true;
	rec->state.caps = EMUNIC_MBOX_CAP_FILTERS | EMUNIC_MBOX_CAP_RX_MODE;
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, get_rss, 4, 12),
			EMUNIC_MBOX_ST_LENGTH);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, get_rss, 0, 8),
			EMUNIC_MBOX_ST_STATE);
	rec->state.caps |= EMUNIC_MBOX_CAP_RSS;
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, get_rss, 0, 8),
			EMUNIC_MBOX_ST_OK);
	KUNIT_EXPECT_EQ(test, emunic_test_gate_one(rec, get_rss + 1, 0, 8),
			EMUNIC_MBOX_ST_OPCODE);
}

static struct kunit_case emunic_pf_test_cases[] = {
	KUNIT_CASE(emunic_test_check_mac),
	KUNIT_CASE(emunic_test_check_vlan),
	KUNIT_CASE(emunic_test_check_rate),
	KUNIT_CASE(emunic_test_default),
	KUNIT_CASE(emunic_test_device),
	KUNIT_CASE(emunic_test_device_own_mac),
	KUNIT_CASE(emunic_test_config),
	KUNIT_CASE(emunic_test_version),
	KUNIT_CASE(emunic_test_caps),
	KUNIT_CASE(emunic_test_rss),
	KUNIT_CASE(emunic_test_set_mac),
	KUNIT_CASE(emunic_test_owns_mac),
	KUNIT_CASE(emunic_test_mac_quota),
	KUNIT_CASE(emunic_test_mcast_quota),
	KUNIT_CASE(emunic_test_mac_quota_trusted),
	KUNIT_CASE(emunic_test_mac_given),
	KUNIT_CASE(emunic_test_vlan_quota),
	KUNIT_CASE(emunic_test_vlan_quota_trusted),
	KUNIT_CASE(emunic_test_rx_mode),
	KUNIT_CASE(emunic_test_gate),
	KUNIT_CASE(emunic_test_gate_rss),
	{ }
};

static struct kunit_suite emunic_pf_test_suite = {
	.name = "emunic_pf",
	.init = emunic_pf_test_init,
	.test_cases = emunic_pf_test_cases,
};

kunit_test_suite(emunic_pf_test_suite);

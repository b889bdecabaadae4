// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of what users configure: moderation, timestamps,
 * features, addresses.
 */
#include <kunit/test.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>

#include "features.h"
#include "kunit.h"

static int emunic_test_coalesce(struct emunic *emu, u32 usecs, u32 frames,
				bool adaptive)
{
	struct ethtool_coalesce ec = {
		.rx_coalesce_usecs = usecs,
		.rx_max_coalesced_frames = frames,
		.use_adaptive_rx_coalesce = adaptive,
		.tx_coalesce_usecs = 7,
		.tx_max_coalesced_frames = 8,
	};

	return emunic_set_coalesce(emu->netdev, &ec, NULL, NULL);
}

static void emunic_test_moderation(struct kunit *test)
{
	struct emunic *emu = test->priv;
	struct emunic_queue *q = emunic_queue_get(emu, 3);

	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 0xffff, 0xffff, false),
			0);
	/* What is there has it, and what is to come */
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&q->rx_mod), 0xffffffff);
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&q->tx_mod), 0x00080007);
	q = emunic_queue_get(emu, 4);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&q->rx_mod), 0xffffffff);

	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 0x10000, 0, false),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 1, 0x10000, false),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, U32_MAX, U32_MAX,
						   false), -EINVAL);
	/*
	 * Frames cannot be waited for without a time, but may stay as they are;
	 * one need not be waited for
	 */
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 0, 2, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&q->rx_mod), 0xffffffff);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 0, 0xffff, false), 0);
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&q->rx_mod), 0xffff0000);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 0, 1, false), 0);
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&q->rx_mod), 0x00010000);

	emu->caps &= ~EMUNIC_CAPS_MODERATION;
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 1, 1, false),
			-EOPNOTSUPP);
}

/* Who is alone on the wire does not wait; who is busy waits no second */
static void emunic_test_dim(struct kunit *test)
{
	static const u16 want[] = { 0, 16, 32, 64, 128 };
	struct emunic_moderation mod = {
		.set = { .usecs = 500, .frames = 3, .adaptive = true },
	};
	size_t i;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(want), NET_DIM_PARAMS_NUM_PROFILES);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		mod.dim.profile_ix = i;
		KUNIT_EXPECT_EQ_MSG(test, emunic_moderation_reg(&mod),
				    3 << 16 | want[i], "profile %zu", i);
	}
	mod.set.adaptive = false;
	KUNIT_EXPECT_EQ(test, emunic_moderation_reg(&mod), 3 << 16 | 500);
}

/* The time is DIM's to choose, but not that which it is to leave */
static void emunic_test_adaptive(struct kunit *test)
{
	struct emunic *emu = test->priv;

	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 40, 0, false), 0);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 50, 0, true), 0);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 60, 0, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 50, 9, true), 0);
	KUNIT_EXPECT_EQ(test, emu->rx_coalesce.usecs, 50);
	KUNIT_EXPECT_TRUE(test, emu->rx_coalesce.adaptive);
	KUNIT_EXPECT_EQ(test, emunic_test_coalesce(emu, 60, 0, false), 0);
}

/* What a queue says is in force may be given back without being a wish */
static void emunic_test_queue_coalesce(struct kunit *test)
{
	struct ethtool_coalesce ec = {};
	struct emunic *emu = test->priv;
	struct emunic_queue *q = emunic_queue_get(emu, 1);

	KUNIT_ASSERT_NOT_NULL(test, q);
	q->rx_mod.set.usecs = 5;
	q->rx_mod.dim.profile_ix = 3;
	KUNIT_ASSERT_EQ(test, emunic_get_queue_coalesce(emu->netdev, 1, &ec),
			0);
	KUNIT_EXPECT_EQ(test, ec.rx_coalesce_usecs, 64);
	KUNIT_EXPECT_EQ(test, ec.use_adaptive_rx_coalesce, 1);
	KUNIT_EXPECT_EQ(test, ec.tx_coalesce_usecs, 1000);
	ec.tx_coalesce_usecs = 9;
	KUNIT_EXPECT_EQ(test, emunic_set_queue_coalesce(emu->netdev, 1, &ec),
			0);
	KUNIT_EXPECT_EQ(test, q->rx_mod.set.usecs, 5);
	KUNIT_EXPECT_EQ(test, q->tx_mod.set.usecs, 9);
	ec.rx_coalesce_usecs = 65;
	KUNIT_EXPECT_EQ(test, emunic_set_queue_coalesce(emu->netdev, 1, &ec),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_set_queue_coalesce(emu->netdev, 4, &ec),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, emunic_get_queue_coalesce(emu->netdev, 4, &ec),
			-EINVAL);
	/* The function's own setting is not the queue's */
	KUNIT_EXPECT_EQ(test, emu->tx_coalesce.usecs, 1000);
}

/* 2^-16 ppm in 2^-32: by 65536 / 10^6, towards zero */
static void emunic_test_clock_rate(struct kunit *test)
{
	static const struct {
		long scaled_ppm;
		s32 want;
	} cases[] = {
		{ 0, 0 },
		{ 15, 0 },
		{ 16, 1 },
		{ -15, 0 },
		{ -16, -1 },
		{ 65536, 4294 },
		{ -65536, -4294 },
		{ 65536000, 4294967 },
#ifdef CONFIG_64BIT
		/* The most that is asked for: 499999999 ppb */
		{ 32767999934, 2147483643 },
		{ -32767999934, -2147483643 },
#endif
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, emunic_clock_rate(cases[i].scaled_ppm),
				    cases[i].want, "case %zu", i);
}

static void emunic_test_hwtstamp(struct kunit *test)
{
	struct kernel_hwtstamp_config config = {
		.tx_type = HWTSTAMP_TX_ON,
		.rx_filter = HWTSTAMP_FILTER_PTP_V2_EVENT,
	};
	struct emunic *emu = test->priv;

	/* One kind is more than none; that it is all, the caller hears */
	KUNIT_EXPECT_EQ(test, emunic_hwtstamp_set(emu->netdev, &config, NULL),
			0);
	KUNIT_EXPECT_EQ(test, config.rx_filter, HWTSTAMP_FILTER_ALL);
	KUNIT_EXPECT_TRUE(test, emu->clock.tx_on);
	KUNIT_EXPECT_TRUE(test, emu->clock.rx_on);
	KUNIT_EXPECT_EQ(test, emunic_rx_features(emu, 0),
			EMUNIC_RX_FEATURES_TSTAMP);

	config.tx_type = HWTSTAMP_TX_ONESTEP_SYNC;
	config.rx_filter = HWTSTAMP_FILTER_NONE;
	KUNIT_EXPECT_EQ(test, emunic_hwtstamp_set(emu->netdev, &config, NULL),
			-ERANGE);
	KUNIT_EXPECT_TRUE(test, emu->clock.rx_on);
	config.tx_type = HWTSTAMP_TX_OFF;
	KUNIT_EXPECT_EQ(test, emunic_hwtstamp_set(emu->netdev, &config, NULL),
			0);
	KUNIT_EXPECT_FALSE(test, emu->clock.tx_on);
	config.rx_filter = HWTSTAMP_FILTER_ALL;
	KUNIT_EXPECT_EQ(test, emunic_hwtstamp_get(emu->netdev, &config), 0);
	KUNIT_EXPECT_EQ(test, config.rx_filter, HWTSTAMP_FILTER_NONE);

	emu->caps &= ~EMUNIC_CAPS_TSTAMP;
	KUNIT_EXPECT_EQ(test, emunic_hwtstamp_set(emu->netdev, &config, NULL),
			-EOPNOTSUPP);
}

static void emunic_test_rx_features(struct kunit *test)
{
	static const struct {
		netdev_features_t features;
		u32 caps;
		u32 want;
		u32 plain;
	} cases[] = {
		{ 0, EMUNIC_CAPS_ALL, 0, 0 },
		{ NETIF_F_RXCSUM, EMUNIC_CAPS_ALL, 0x82, 0 },
		{ NETIF_F_RXCSUM, 0, 0x02, 0 },
		{ NETIF_F_GRO_HW, EMUNIC_CAPS_ALL, 0x119, 0 },
		{ NETIF_F_GRO_HW, EMUNIC_CAPS_GRO, 0x111, 0 },
		{ NETIF_F_GRO_HW, 0, 0x01, 0 },
		{ NETIF_F_LRO, EMUNIC_CAPS_ALL, 0x131, 0 },
		{ NETIF_F_LRO, 0, 0x01, 0 },
		{ NETIF_F_HW_VLAN_CTAG_RX, EMUNIC_CAPS_ALL, 0x04, 0x04 },
		{ NETIF_F_RXCSUM | NETIF_F_GRO_HW | NETIF_F_LRO |
		  NETIF_F_HW_VLAN_CTAG_RX, EMUNIC_CAPS_ALL, 0x1bf, 0x04 },
	};
	struct emunic *emu = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		emu->caps = cases[i].caps;
		emu->num_xsk = 0;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].want,
				    emunic_rx_features(emu, cases[i].features),
				    "case %zu", i);
		/* With AF_XDP or XDP: as on a wire */
		emu->num_xsk = 1;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].plain,
				    emunic_rx_features(emu, cases[i].features),
				    "case %zu", i);
	}
	KUNIT_EXPECT_EQ(test, emunic_fix_features(emu->netdev, NETIF_F_LRO |
						  NETIF_F_GRO_HW |
						  NETIF_F_RXCSUM),
			NETIF_F_RXCSUM);
}

/* Each capability brings its features, and without any there are none */
static void emunic_test_features(struct kunit *test)
{
	static const struct {
		u32 cap;
		netdev_features_t features;
	} cases[] = {
		{ EMUNIC_CAPS_CSUM, NETIF_F_HW_CSUM | NETIF_F_RXCSUM },
		{ EMUNIC_CAPS_TSO, NETIF_F_TSO | NETIF_F_TSO6 |
		  NETIF_F_GRO_HW },
		{ EMUNIC_CAPS_USO, NETIF_F_GSO_UDP_L4 },
		{ EMUNIC_CAPS_GRO, NETIF_F_LRO },
		{ EMUNIC_CAPS_VLAN, NETIF_F_HW_VLAN_CTAG_TX |
		  NETIF_F_HW_VLAN_CTAG_RX },
		{ EMUNIC_CAPS_RXHASH, NETIF_F_RXHASH },
		{ EMUNIC_CAPS_FLOW, NETIF_F_NTUPLE },
	};
	struct emunic *emu = test->priv;
	struct net_device *netdev = emu->netdev;
	size_t i;

	emu->caps = EMUNIC_CAPS_SHADOW;
	emu->is_vf = true;
	emunic_features_init(emu);
	KUNIT_EXPECT_EQ(test, netdev->hw_features, NETIF_F_SG);
	KUNIT_EXPECT_EQ(test, netdev->features, NETIF_F_SG | NETIF_F_HIGHDMA |
			NETIF_F_HW_VLAN_CTAG_FILTER);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		emu->caps = cases[i].cap;
		emunic_features_init(emu);
		KUNIT_EXPECT_EQ_MSG(test, netdev->hw_features,
				    NETIF_F_SG | cases[i].features, "case %zu",
				    i);
	}

	/* LRO is for who asks for it; a PF's VLAN filter may go */
	emu->caps = EMUNIC_CAPS_ALL;
	emu->is_vf = false;
	emunic_features_init(emu);
	KUNIT_EXPECT_EQ(test, netdev->features & NETIF_F_LRO, 0);
	KUNIT_EXPECT_EQ(test, netdev->hw_features &
			NETIF_F_HW_VLAN_CTAG_FILTER,
			NETIF_F_HW_VLAN_CTAG_FILTER);
	KUNIT_EXPECT_EQ(test, netdev->tso_max_size, 262144);
	KUNIT_EXPECT_EQ(test, netdev->tso_max_segs, 1024);
	KUNIT_EXPECT_EQ(test, netdev->vlan_features &
			(NETIF_F_GRO_HW | NETIF_F_LRO), 0);
}

/* Does a UDP GSO frame go to the device whole? */
static bool emunic_test_whole(struct kunit *test, u32 len, u16 size,
			      bool tunnel)
{
	struct emunic *emu = test->priv;
	netdev_features_t features;
	struct sk_buff *skb;

	skb = alloc_skb(128, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, 128);
	skb_reset_mac_header(skb);
	skb_set_transport_header(skb, 34);
	skb->protocol = htons(ETH_P_IP);
	skb->encapsulation = tunnel;
	skb->len = len;
	skb->data_len = len - 128;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	skb_shinfo(skb)->gso_size = size;
	features = emunic_features_check(skb, emu->netdev, NETIF_F_SG |
					 NETIF_F_GSO_UDP_L4);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, features & NETIF_F_SG, NETIF_F_SG);

	return features & NETIF_F_GSO_UDP_L4;
}

static void emunic_test_gso_fits(struct kunit *test)
{
	struct emunic *emu = test->priv;

	KUNIT_EXPECT_TRUE(test, emunic_test_whole(test, 262144, 1000, false));
	KUNIT_EXPECT_FALSE(test, emunic_test_whole(test, 262145, 1000, false));
	KUNIT_EXPECT_TRUE(test, emunic_test_whole(test, 65536, 1000, true));
	KUNIT_EXPECT_FALSE(test, emunic_test_whole(test, 65537, 1000, true));
	/* A segment is a frame of its own: 9216 bytes with 42 of headers */
	KUNIT_EXPECT_TRUE(test, emunic_test_whole(test, 20000, 9174, false));
	KUNIT_EXPECT_FALSE(test, emunic_test_whole(test, 20000, 9175, false));
	emu->caps &= ~EMUNIC_CAPS_BIG_GSO;
	KUNIT_EXPECT_TRUE(test, emunic_test_whole(test, 65558, 1000, false));
	KUNIT_EXPECT_FALSE(test, emunic_test_whole(test, 65559, 1000, false));
}

/* A device or PF that takes so many addresses, and what it was told last */
static struct {
	int room;
	int macs;
	u32 mode;
	int mode_err;
} emunic_test_peer;

static int emunic_test_add_mac(struct emunic *emu, const u8 *mac)
{
	if (emunic_test_peer.macs == emunic_test_peer.room)
		return -ENOSPC;

	emunic_test_peer.macs++;
	return 0;
}

static int emunic_test_del_mac(struct emunic *emu, const u8 *mac)
{
	emunic_test_peer.macs--;
	return 0;
}

static int emunic_test_set_rx_mode(struct emunic *emu, u32 mode)
{
	emunic_test_peer.mode = mode;
	return emunic_test_peer.mode_err;
}

static const struct emunic_ctl_ops emunic_test_ctl = {
	.add_mac	= emunic_test_add_mac,
	.del_mac	= emunic_test_del_mac,
	.set_rx_mode	= emunic_test_set_rx_mode,
};

static void emunic_test_sync(struct kunit *test, int room, int macs, u32 mode)
{
	struct emunic *emu = test->priv;
	struct net_device *netdev = emu->netdev;

	emunic_test_peer.room = room;
	KUNIT_EXPECT_EQ(test, emunic_filters_sync(emu, &netdev->uc,
						  &netdev->mc), 0);
	KUNIT_EXPECT_EQ(test, emunic_test_peer.macs, macs);
	KUNIT_EXPECT_EQ(test, emunic_test_peer.mode, mode);
}

/* What has no room in the filter is received by a wider mode */
static void emunic_test_filters(struct kunit *test)
{
	static const u8 ucast[] = { 0x02, 0, 0, 0, 0, 0x01 };
	static const u8 mcast[] = { 0x01, 0, 0x5e, 0, 0, 0x01 };
	struct emunic *emu = test->priv;
	struct net_device *netdev = emu->netdev;

	memset(&emunic_test_peer, 0, sizeof(emunic_test_peer));
	emu->ctl = &emunic_test_ctl;
	set_bit(EMUNIC_STATE_CTL_READY, &emu->state);
	netdev->features = NETIF_F_HW_VLAN_CTAG_FILTER;
	KUNIT_ASSERT_EQ(test, dev_uc_add(netdev, ucast), 0);
	KUNIT_ASSERT_EQ(test, dev_mc_add(netdev, mcast), 0);
	/* Broadcast needs no filter */
	KUNIT_ASSERT_EQ(test, dev_mc_add(netdev, netdev->broadcast), 0);

	emunic_test_sync(test, 0, 0, EMUNIC_RX_MODE_PROMISC |
			 EMUNIC_RX_MODE_ALLMULTI);
	emunic_test_sync(test, 1, 1, EMUNIC_RX_MODE_ALLMULTI);
	emunic_test_sync(test, 2, 2, 0);
	netdev->flags |= IFF_ALLMULTI;
	emunic_test_sync(test, 2, 2, EMUNIC_RX_MODE_ALLMULTI);
	netdev->flags |= IFF_PROMISC;
	emunic_test_sync(test, 2, 2, EMUNIC_RX_MODE_ALL);
	/* A VF cannot have all VLANs, and policy is no error */
	emu->is_vf = true;
	emunic_test_peer.mode_err = -EPERM;
	emunic_test_sync(test, 2, 2, EMUNIC_RX_MODE_PROMISC |
			 EMUNIC_RX_MODE_ALLMULTI);
	netdev->flags &= ~(IFF_PROMISC | IFF_ALLMULTI);
	dev_uc_del(netdev, ucast);
	emunic_test_sync(test, 2, 1, 0);
	emu->is_vf = false;
	netdev->features = 0;
	emunic_test_sync(test, 2, 1, EMUNIC_RX_MODE_VLAN_ANY);
}

static int emunic_config_test_init(struct kunit *test)
{
	test->priv = emunic_kunit_function(test);
	return 0;
}

static struct kunit_case emunic_config_test_cases[] = {
	KUNIT_CASE(emunic_test_moderation),
	KUNIT_CASE(emunic_test_dim),
	KUNIT_CASE(emunic_test_adaptive),
	KUNIT_CASE(emunic_test_queue_coalesce),
	KUNIT_CASE(emunic_test_clock_rate),
	KUNIT_CASE(emunic_test_hwtstamp),
	KUNIT_CASE(emunic_test_rx_features),
	KUNIT_CASE(emunic_test_features),
	KUNIT_CASE(emunic_test_gso_fits),
	KUNIT_CASE(emunic_test_filters),
	{ }
};

static struct kunit_suite emunic_config_test_suite = {
	.name = "emunic_config",
	.init = emunic_config_test_init,
	.test_cases = emunic_config_test_cases,
};

kunit_test_suite(emunic_config_test_suite);

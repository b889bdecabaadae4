// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what several KUnit tests need.
 */
#include <kunit/test.h>

#include "kunit.h"

static void emunic_kunit_free(void *data)
{
	struct net_device *netdev = data;
	struct emunic *emu = netdev_priv(netdev);

	emunic_filters_release(emu);
	emunic_queues_release(emu);
	dev_uc_flush(netdev);
	dev_mc_flush(netdev);
	free_netdev(netdev);
}

/**
 * emunic_kunit_function() - a PF that is down and has no device
 * @test: ends its life
 *
 * As long as it is down, what is asked of it is remembered for when it comes
 * up, and nothing looks for the device.
 *
 * Return: the function; the test is aborted without memory
 */
struct emunic *emunic_kunit_function(struct kunit *test)
{
	struct net_device *netdev;
	struct emunic *emu;

	netdev = alloc_etherdev_mq(sizeof(*emu), EMUNIC_MAX_QUEUES);
	KUNIT_ASSERT_NOT_NULL(test, netdev);
	/* As of one that is registered */
	spin_lock_init(&netdev->addr_list_lock);
	emu = netdev_priv(netdev);
	emu->netdev = netdev;
	emu->caps = EMUNIC_CAPS_ALL;
	emu->max_queues = EMUNIC_MAX_QUEUES;
	emu->num_queues = 4;
	emunic_filters_init(emu);
	emunic_coalesce_init(emu);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, emunic_kunit_free,
							netdev), 0);

	return emu;
}

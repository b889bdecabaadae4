// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of when a function is reset, and of what it can be.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>

#include "kunit.h"

static enum emunic_reset_need emunic_test_need(bool present, u32 epoch,
					       bool broken, bool resetting,
					       u32 known, u32 pending)
{
	const struct emunic_sight sight = {
		.present = present,
		.epoch = epoch,
		.broken = broken,
		.resetting = resetting,
	};

	return emunic_reset_need(&sight, known, pending);
}

/* Any other epoch is a reset that has passed, whichever number is higher */
static void emunic_test_epoch(struct kunit *test)
{
	static const struct {
		u32 epoch;
		u32 known;
		enum emunic_reset_need want;
	} cases[] = {
		{ 0, 0, EMUNIC_RESET_NONE },
		{ 7, 7, EMUNIC_RESET_NONE },
		{ 0xffffffff, 0xffffffff, EMUNIC_RESET_NONE },
		{ 8, 7, EMUNIC_RESET_PASSED },
		{ 100, 7, EMUNIC_RESET_PASSED },
		/* It has wrapped */
		{ 0, 0xffffffff, EMUNIC_RESET_PASSED },
		/* The machine was restored from an older picture */
		{ 6, 7, EMUNIC_RESET_PASSED },
		{ 0x80000007, 7, EMUNIC_RESET_PASSED },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].want,
				    emunic_test_need(true, cases[i].epoch,
						     false, false,
						     cases[i].known, 0),
				    "case %zu", i);
}

static void emunic_test_reset_due(struct kunit *test)
{
	/* Causes that are somebody else's do not reset anything */
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 1, false, false, 1,
					       EMUNIC_CAUSE_ALL &
					       ~EMUNIC_CAUSE_RESET_IMPENDING),
			EMUNIC_RESET_NONE);
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 1, false, false, 1,
					       EMUNIC_SVC_RESTART |
					       EMUNIC_SVC_RX_MODE),
			EMUNIC_RESET_NONE);
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 1, false, false, 1,
					       EMUNIC_SVC_RESET),
			EMUNIC_RESET_DUE);
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 1, false, false, 1,
					       EMUNIC_CAUSE_RESET_IMPENDING),
			EMUNIC_RESET_DUE);
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 1, true, false, 1, 0),
			EMUNIC_RESET_DUE);
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 1, false, true, 1, 0),
			EMUNIC_RESET_DUE);
}

/* One reset is enough; and first of all somebody has to be there */
static void emunic_test_reset_order(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, emunic_test_need(true, 2, false, true, 1,
					       EMUNIC_SVC_RESET),
			EMUNIC_RESET_PASSED);
	KUNIT_EXPECT_EQ(test, emunic_test_need(false, 1, false, false, 1, 0),
			EMUNIC_RESET_ABSENT);
	KUNIT_EXPECT_EQ(test, emunic_test_need(false, 2, true, true, 1,
					       EMUNIC_SVC_RESET),
			EMUNIC_RESET_ABSENT);
}

static void emunic_test_awaited(struct kunit *test)
{
	const u32 ready = EMUNIC_STATUS_READY | EMUNIC_STATUS_PF_READY;
	const u32 impending = ready | EMUNIC_STATUS_RESET_IMPENDING;
	/* The first comparison crosses the wrap of jiffies */
	static const unsigned long times[] = { -HZ, 0, 12345 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		unsigned long at = times[i];

		KUNIT_EXPECT_FALSE(test, emunic_reset_awaited(ready, at, at));
		KUNIT_EXPECT_TRUE(test, emunic_reset_awaited(impending, at,
							     at));
		KUNIT_EXPECT_TRUE(test, emunic_reset_awaited(impending, at,
							     at + 9 * HZ));
		/* What was announced does not come any more */
		KUNIT_EXPECT_FALSE(test, emunic_reset_awaited(impending, at,
							      at + 10 * HZ));
		/* A PF may be away for as long as it likes */
		KUNIT_EXPECT_TRUE(test, emunic_reset_awaited(0, at,
							     at + 1000 * HZ));
		KUNIT_EXPECT_TRUE(test,
				  emunic_reset_awaited(EMUNIC_STATUS_READY, at,
						       at));
	}
}

/* RTNL is others' for most of the time, however long an attempt takes */
static void emunic_test_retry(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, emunic_retry_pause(0), HZ);
	KUNIT_EXPECT_EQ(test, emunic_retry_pause(HZ / 4), HZ);
	KUNIT_EXPECT_EQ(test, emunic_retry_pause(5 * HZ), 15 * HZ);
}

static void emunic_test_limits(struct kunit *test)
{
	static const struct {
		u32 limits;
		bool ok;
		u8 queues;
	} cases[] = {
		{ 0x00c61110, true, 16 },
		{ 0x00c61104, true, 4 },
		/* A vector for each pair and one for control */
		{ 0x00c60510, true, 4 },
		{ 0x00c60210, true, 1 },
		{ 0x00c60110, false, 0 },
		{ 0x00c60010, false, 0 },
		{ 0x00c61100, false, 0 },
		/* More than the contract has is not used */
		{ 0x00c6ffff, true, 16 },
		/* Rings: one size; none; too small; too large */
		{ 0x00661110, true, 16 },
		{ 0x00671110, false, 16 },
		{ 0x00c51110, false, 16 },
		{ 0x00d61110, false, 16 },
		{ 0x00000000, false, 0 },
		{ 0xffffffff, false, 16 },
	};
	struct emunic *emu = emunic_kunit_function(test);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok,
				    emunic_hw_set_limits(emu, cases[i].limits),
				    "case %zu", i);
		KUNIT_EXPECT_EQ_MSG(test, emu->max_queues, cases[i].queues,
				    "case %zu", i);
	}

	emunic_hw_set_limits(emu, 0x00a81110);
	KUNIT_EXPECT_EQ(test, emu->ring_log2_min, 8);
	KUNIT_EXPECT_EQ(test, emu->ring_log2_max, 10);
}

/* A PF that took a VF's vport for its own would rule that VF by mistake */
static void emunic_test_func(struct kunit *test)
{
	static const struct {
		bool is_vf;
		u32 func;
		bool ok;
	} cases[] = {
		{ false, 0x00000000, true },
		{ false, 0x00000001, false },
		{ false, 0x80000000, false },
		{ false, 0x80000001, false },
		{ true, 0x80000001, true },
		{ true, 0x800000fe, true },
		{ true, 0x800000ff, false },
		{ true, 0x80000000, false },
		{ true, 0x00000001, false },
		{ true, 0xffffffff, false },
	};
	struct emunic *emu = emunic_kunit_function(test);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		emu->is_vf = cases[i].is_vf;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok,
				    emunic_hw_set_func(emu, cases[i].func),
				    "case %zu", i);
	}
}

static struct kunit_case emunic_reset_test_cases[] = {
	KUNIT_CASE(emunic_test_epoch),
	KUNIT_CASE(emunic_test_reset_due),
	KUNIT_CASE(emunic_test_reset_order),
	KUNIT_CASE(emunic_test_awaited),
	KUNIT_CASE(emunic_test_retry),
	KUNIT_CASE(emunic_test_limits),
	KUNIT_CASE(emunic_test_func),
	{ }
};

static struct kunit_suite emunic_reset_test_suite = {
	.name = "emunic_reset",
	.test_cases = emunic_reset_test_cases,
};

kunit_test_suite(emunic_reset_test_suite);

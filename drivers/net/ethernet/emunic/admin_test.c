// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of the admin queue's slots, of policy that is adopted, and
 * of rates that VFs share.
 */
#include <kunit/test.h>

#include "kunit.h"

static bool emunic_test_answer(struct emunic_admin *admin, u32 cookie,
			       u16 status)
{
	const struct emunic_admin_cpl cpl = {
		.cookie = cpu_to_le32(cookie),
		.status = cpu_to_le16(status),
	};

	return emunic_admin_complete(admin, &cpl);
}

static void emunic_test_status(struct kunit *test)
{
	static const struct {
		u16 status;
		int err;
	} cases[] = {
		{ EMUNIC_ADMIN_ST_OK, 0 },
		{ EMUNIC_ADMIN_ST_OPCODE, -EOPNOTSUPP },
		{ EMUNIC_ADMIN_ST_VPORT, -ENXIO },
		{ EMUNIC_ADMIN_ST_INVALID, -EINVAL },
		{ EMUNIC_ADMIN_ST_DMA, -EFAULT },
		{ EMUNIC_ADMIN_ST_STALE, -ESTALE },
		{ EMUNIC_ADMIN_ST_NO_SPACE, -ENOSPC },
		{ EMUNIC_ADMIN_ST_NOT_FOUND, -ENOENT },
		{ EMUNIC_ADMIN_ST_NOT_FOUND + 1, -EIO },
		{ 0xffff, -EIO },
	};
	struct emunic_admin *admin = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int slot = emunic_admin_take(admin);

		KUNIT_ASSERT_EQ(test, slot, i);
		admin->slots[slot].cookie = 64 * 32 + slot;
		emunic_test_answer(admin, 64 * 32 + slot, cases[i].status);
		KUNIT_EXPECT_EQ_MSG(test, admin->slots[slot].err, cases[i].err,
				    "case %zu", i);
		KUNIT_EXPECT_TRUE(test,
				  completion_done(&admin->slots[slot].done));
	}
}

static void emunic_test_slots(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;
	int i;

	for (i = 0; i < EMUNIC_ADMIN_SLOTS; i++) {
		KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), i);
		KUNIT_EXPECT_EQ(test, admin->slots[i].err, -EINPROGRESS);
	}
	KUNIT_EXPECT_EQ(test, emunic_admin_take(admin), -EAGAIN);
	__clear_bit(7, admin->used);
	KUNIT_EXPECT_EQ(test, emunic_admin_take(admin), 7);

	/* A ring that has room for all of them never overflows */
	KUNIT_EXPECT_LT(test, EMUNIC_ADMIN_SLOTS, 1 << EMUNIC_ADMIN_LOG2);
}

/* An answer to the slot's earlier user, or to nobody, is nobody's */
static void emunic_test_stale(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;
	int slot = emunic_admin_take(admin);

	KUNIT_ASSERT_EQ(test, slot, 0);
	admin->slots[0].cookie = 5 * 32;
	KUNIT_EXPECT_FALSE(test, emunic_test_answer(admin, 4 * 32, 0));
	KUNIT_EXPECT_FALSE(test, emunic_test_answer(admin, 6 * 32, 0));
	KUNIT_EXPECT_FALSE(test, emunic_test_answer(admin, 5 * 32 + 1, 0));
	KUNIT_EXPECT_FALSE(test, emunic_test_answer(admin, 0xffffffff, 0));
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, -EINPROGRESS);
	KUNIT_EXPECT_FALSE(test, completion_done(&admin->slots[0].done));

	/* Given back: the right cookie comes too late */
	__clear_bit(0, admin->used);
	emunic_test_answer(admin, 5 * 32, 0);
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, -EINPROGRESS);
	KUNIT_EXPECT_FALSE(test, completion_done(&admin->slots[0].done));
}

/* Who has a slot now has not asked what is answered to who had it before */
static void emunic_test_late(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;
	u32 cookie;

	KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), 0);
	cookie = admin->slots[0].cookie;
	emunic_test_answer(admin, cookie, EMUNIC_ADMIN_ST_OK);
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, 0);
	__clear_bit(0, admin->used);

	KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), 0);
	KUNIT_EXPECT_NE(test, admin->slots[0].cookie, cookie);
	emunic_test_answer(admin, cookie, EMUNIC_ADMIN_ST_OK);
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, -EINPROGRESS);
	KUNIT_EXPECT_FALSE(test, completion_done(&admin->slots[0].done));
}

/* A second answer changes nothing, and wakes nobody */
static void emunic_test_twice(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;

	KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), 0);
	emunic_test_answer(admin, admin->slots[0].cookie,
			   EMUNIC_ADMIN_ST_VPORT);
	emunic_test_answer(admin, admin->slots[0].cookie, EMUNIC_ADMIN_ST_OK);
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, -ENXIO);
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&admin->slots[0].done));
	KUNIT_EXPECT_FALSE(test, completion_done(&admin->slots[0].done));
}

/* What was not written to the buffer is not taken for an answer */
static void emunic_test_length(struct kunit *test)
{
	static const struct {
		u32 answer_len;
		u32 result;
		u16 status;
		int err;
	} cases[] = {
		{ 0, 0, EMUNIC_ADMIN_ST_OK, 0 },
		{ 0, 1, EMUNIC_ADMIN_ST_OK, -EPROTO },
		{ 64, 64, EMUNIC_ADMIN_ST_OK, 0 },
		{ 64, 63, EMUNIC_ADMIN_ST_OK, -EPROTO },
		{ 64, 0, EMUNIC_ADMIN_ST_OK, -EPROTO },
		{ 64, 65, EMUNIC_ADMIN_ST_OK, -EPROTO },
		{ 64, U32_MAX, EMUNIC_ADMIN_ST_OK, -EPROTO },
		/* A refusal has no answer */
		{ 64, 0, EMUNIC_ADMIN_ST_VPORT, -ENXIO },
	};
	struct emunic_admin *admin = test->priv;
	struct emunic_admin_cpl cpl = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int slot = emunic_admin_take(admin);

		KUNIT_ASSERT_EQ(test, slot, i);
		admin->slots[slot].answer_len = cases[i].answer_len;
		cpl.cookie = cpu_to_le32(admin->slots[slot].cookie);
		cpl.result = cpu_to_le32(cases[i].result);
		cpl.status = cpu_to_le16(cases[i].status);
		emunic_admin_complete(admin, &cpl);
		KUNIT_EXPECT_EQ_MSG(test, admin->slots[slot].err, cases[i].err,
				    "case %zu", i);
	}
}

/* A ring of which all is new and answers @count commands */
static void emunic_test_ring(struct kunit *test, u32 count)
{
	const u32 entries = BIT(EMUNIC_ADMIN_LOG2);
	struct emunic_admin *admin = test->priv;
	u32 i;

	admin->cpl = kunit_kcalloc(test, entries, sizeof(*admin->cpl),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, admin->cpl);
	for (i = 0; i < entries; i++) {
		admin->cpl[i].flags = cpu_to_le16(EMUNIC_CPL_PHASE);
		admin->cpl[i].cookie = cpu_to_le32(0xffffffff);
	}
	for (i = 0; i < count; i++) {
		KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), i);
		admin->slots[i].answer_len = 0;
		admin->cpl[i].cookie = cpu_to_le32(admin->slots[i].cookie);
	}
}

/* The ring says that all of it is new, for ever: no more than was asked */
static void emunic_test_drain(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;

	emunic_test_ring(test, 3);
	emunic_admin_drain(admin);
	KUNIT_EXPECT_EQ(test, admin->cq_next, 0);
	admin->tail = 2;
	emunic_admin_drain(admin);
	KUNIT_EXPECT_EQ(test, admin->cq_next, 2);
	admin->cpl[2].flags = 0;
	admin->tail = 3;
	emunic_admin_drain(admin);
	KUNIT_EXPECT_EQ(test, admin->cq_next, 2);
	KUNIT_EXPECT_TRUE(test, admin->open);
}

/* Of a queue that answers what nobody asked, no other answer is waited for */
static void emunic_test_lie(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;

	emunic_test_ring(test, 3);
	admin->cpl[1].cookie = cpu_to_le32(0xffffffff);
	admin->tail = 3;
	emunic_admin_drain(admin);
	KUNIT_EXPECT_FALSE(test, admin->open);
	KUNIT_EXPECT_EQ(test, admin->cq_next, 2);
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, 0);
	KUNIT_EXPECT_EQ(test, admin->slots[1].err, -ENETDOWN);
	KUNIT_EXPECT_EQ(test, admin->slots[2].err, -ENETDOWN);
	KUNIT_EXPECT_TRUE(test, completion_done(&admin->slots[1].done));
	KUNIT_EXPECT_TRUE(test, completion_done(&admin->slots[2].done));
}

static void emunic_test_close(struct kunit *test)
{
	struct emunic_admin *admin = test->priv;

	KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), 0);
	KUNIT_ASSERT_EQ(test, emunic_admin_take(admin), 1);
	admin->slots[0].cookie = 32;
	emunic_test_answer(admin, 32, EMUNIC_ADMIN_ST_NO_SPACE);
	spin_lock_irq(&admin->lock);
	emunic_admin_close(admin);
	spin_unlock_irq(&admin->lock);

	/* Who has an answer keeps it, who waits is told, nobody new comes in */
	KUNIT_EXPECT_EQ(test, admin->slots[0].err, -ENOSPC);
	KUNIT_EXPECT_EQ(test, admin->slots[1].err, -ENETDOWN);
	KUNIT_EXPECT_TRUE(test, completion_done(&admin->slots[1].done));
	KUNIT_EXPECT_FALSE(test, completion_done(&admin->slots[2].done));
	KUNIT_EXPECT_EQ(test, emunic_admin_take(admin), -ENETDOWN);
}

static int emunic_test_adopt(const struct emunic_vport_policy *policy)
{
	return emunic_policy_check_device(policy, 1000);
}

/* Of a device that keeps what nobody can have decided nothing is adopted */
static void emunic_test_adopted(struct kunit *test)
{
	const struct emunic_vport_policy good = {
		.mac = { 0x02, 1, 2, 3, 4, 5 },
		.tpid = cpu_to_le16(ETH_P_8021AD),
		.vid = cpu_to_le16(4094),
		.prio = cpu_to_le16(7),
		.link = cpu_to_le32(EMUNIC_LINK_DOWN),
		.min_rate = cpu_to_le32(1000),
		.max_rate = cpu_to_le32(1000),
		.vectors = cpu_to_le32(17),
	};
	struct emunic_vport_policy bad = {};

	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), 0);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&good), 0);
	bad = good;
	bad.mac[0] |= 1;
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	bad = good;
	bad.tpid = cpu_to_le16(ETH_P_IP);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	bad = good;
	bad.vid = cpu_to_le16(4095);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	/* Not 3 in the eight bits that it has later */
	bad = good;
	bad.prio = cpu_to_le16(0x103);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	bad = good;
	bad.link = cpu_to_le32(EMUNIC_LINK_DOWN + 1);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	bad = good;
	bad.min_rate = cpu_to_le32(1001);
	bad.max_rate = 0;
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	bad = good;
	bad.max_rate = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
	bad = good;
	bad.vectors = cpu_to_le32(18);
	KUNIT_EXPECT_EQ(test, emunic_test_adopt(&bad), -EPROTO);
}

/* VFs 0, 1 and 200 were promised something */
static void emunic_test_minima(struct kunit *test)
{
	static const struct {
		u16 vf;
		u32 min_rate;
	} vfs[] = { { 0, 100 }, { 1, U32_MAX }, { 200, U32_MAX } };
	struct emunic *emu = emunic_kunit_function(test);
	struct emunic_vf_rec *rec;
	size_t i;

	emu->pf = kunit_kzalloc(test, sizeof(*emu->pf), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, emu->pf);
	xa_init(&emu->pf->vfs);
	KUNIT_EXPECT_EQ(test, emunic_pf_other_minima(emu, 0), 0);
	for (i = 0; i < ARRAY_SIZE(vfs); i++) {
		rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rec);
		kref_init(&rec->ref);
		rec->policy.min_rate = vfs[i].min_rate;
		KUNIT_ASSERT_EQ(test, xa_err(xa_store(&emu->pf->vfs, vfs[i].vf,
						      rec, GFP_KERNEL)), 0);
	}

	/* Its own promise does not count; the sum has room for all */
	KUNIT_EXPECT_EQ(test, emunic_pf_other_minima(emu, 0),
			2 * (u64)U32_MAX);
	KUNIT_EXPECT_EQ(test, emunic_pf_other_minima(emu, 200),
			(u64)U32_MAX + 100);
	KUNIT_EXPECT_EQ(test, emunic_pf_other_minima(emu, 3),
			2 * (u64)U32_MAX + 100);
	xa_destroy(&emu->pf->vfs);
}

static int emunic_admin_test_init(struct kunit *test)
{
	struct emunic_admin *admin;
	int i;

	admin = kunit_kzalloc(test, sizeof(*admin), GFP_KERNEL);
	if (!admin)
		return -ENOMEM;

	spin_lock_init(&admin->lock);
	for (i = 0; i < EMUNIC_ADMIN_SLOTS; i++)
		init_completion(&admin->slots[i].done);
	admin->open = true;
	test->priv = admin;
	return 0;
}

static struct kunit_case emunic_admin_test_cases[] = {
	KUNIT_CASE(emunic_test_status),
	KUNIT_CASE(emunic_test_slots),
	KUNIT_CASE(emunic_test_stale),
	KUNIT_CASE(emunic_test_late),
	KUNIT_CASE(emunic_test_twice),
	KUNIT_CASE(emunic_test_length),
	KUNIT_CASE(emunic_test_drain),
	KUNIT_CASE(emunic_test_lie),
	KUNIT_CASE(emunic_test_close),
	KUNIT_CASE(emunic_test_adopted),
	KUNIT_CASE(emunic_test_minima),
	{ }
};

static struct kunit_suite emunic_admin_test_suite = {
	.name = "emunic_admin",
	.init = emunic_admin_test_init,
	.test_cases = emunic_admin_test_cases,
};

kunit_test_suite(emunic_admin_test_suite);

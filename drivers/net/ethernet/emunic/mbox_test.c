// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: KUnit tests of VF messages, on the way to the PF and back.
 */
#include <kunit/test.h>

#include "kunit.h"

#define EMUNIC_TEST_HDR		sizeof(struct emunic_mbox_hdr)

/* What the gate has to let through, typed from the specification */
static const struct {
	u16 opcode;
	u16 len;
	bool versioned;
	u32 cap;
} emunic_test_ops[] = {
	{ 1, 4, false, 0 },	/* VERSION */
	{ 2, 4, true, 0 },	/* GET_CAPS */
	{ 3, 0, true, 0 },	/* GET_CONFIG */
	{ 4, 8, true, 0 },	/* SET_MAC */
	{ 5, 8, true, 1 },	/* ADD_MAC */
	{ 6, 8, true, 1 },	/* DEL_MAC */
	{ 7, 4, true, 1 },	/* ADD_VLAN */
	{ 8, 4, true, 1 },	/* DEL_VLAN */
	{ 9, 4, true, 2 },	/* SET_RX_MODE */
	{ 10, 0, true, 4 },	/* GET_RSS */
};

/* A message of @opcode that says it has @said bytes and has @len */
static u16 emunic_test_send(const struct emunic_vf_rec *rec, u16 opcode,
			    u16 said, size_t len)
{
	const struct emunic_mbox_hdr hdr = {
		.opcode = cpu_to_le16(opcode),
		.len = cpu_to_le16(said),
	};
	u8 data[EMUNIC_MBOX_WINDOW_SIZE] = {};
	const struct emunic_pf_op *op;

	memcpy(data, &hdr, sizeof(hdr));
	return emunic_pf_mbox_gate(rec, data, len, &op);
}

static struct emunic_vf_rec *emunic_test_rec(struct kunit *test)
{
	struct emunic_vf_rec *rec;

	rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rec);
	return rec;
}

/* Of all lengths that fit the window, each opcode has one */
static void emunic_test_gate_length(struct kunit *test)
{
	struct emunic_vf_rec *rec = emunic_test_rec(test);
	size_t i, len;

	rec->state.versioned = true;
	rec->state.caps = ~0U;
	for (i = 0; i < ARRAY_SIZE(emunic_test_ops); i++) {
		u16 op = emunic_test_ops[i].opcode;
		u16 want = emunic_test_ops[i].len;

		for (len = 0; len <= EMUNIC_MBOX_WINDOW_SIZE; len++) {
			u16 said = len - EMUNIC_TEST_HDR;

			KUNIT_ASSERT_EQ_MSG(test,
					    len == want + EMUNIC_TEST_HDR ?
					    EMUNIC_MBOX_ST_OK :
					    EMUNIC_MBOX_ST_LENGTH,
					    emunic_test_send(rec, op, said,
							     len),
					    "opcode %u, %zu bytes", op, len);
		}
		/* What it says of itself must be so */
		KUNIT_EXPECT_EQ(test, emunic_test_send(rec, op, want + 1, want +
						       EMUNIC_TEST_HDR),
				EMUNIC_MBOX_ST_LENGTH);
		KUNIT_EXPECT_EQ(test, emunic_test_send(rec, op, want, want + 1 +
						       EMUNIC_TEST_HDR),
				EMUNIC_MBOX_ST_LENGTH);
		KUNIT_EXPECT_EQ(test, emunic_test_send(rec, op, 0xffff, want +
						       EMUNIC_TEST_HDR),
				EMUNIC_MBOX_ST_LENGTH);
	}
}

static void emunic_test_gate_opcode(struct kunit *test)
{
	struct emunic_vf_rec *rec = emunic_test_rec(test);
	u32 op;

	rec->state.versioned = true;
	rec->state.caps = ~0U;
	for (op = 0; op <= 0xffff; op++)
		if (!op || op > ARRAY_SIZE(emunic_test_ops))
			KUNIT_ASSERT_EQ_MSG(test,
					    emunic_test_send(rec, op, 0, 8),
					    EMUNIC_MBOX_ST_OPCODE, "%#x", op);
}

/* Before VERSION only that; without its capability nothing that needs one */
static void emunic_test_gate_state(struct kunit *test)
{
	struct emunic_vf_rec *rec = emunic_test_rec(test);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emunic_test_ops); i++) {
		u16 op = emunic_test_ops[i].opcode;
		u16 len = emunic_test_ops[i].len;
		u32 cap = emunic_test_ops[i].cap;

		rec->state.versioned = false;
		rec->state.caps = ~0U;
		KUNIT_EXPECT_EQ_MSG(test, emunic_test_ops[i].versioned ?
				    EMUNIC_MBOX_ST_STATE : EMUNIC_MBOX_ST_OK,
				    emunic_test_send(rec, op, len,
						     len + EMUNIC_TEST_HDR),
				    "opcode %u", op);
		rec->state.versioned = true;
		rec->state.caps = ~cap;
		KUNIT_EXPECT_EQ_MSG(test, cap ? EMUNIC_MBOX_ST_STATE :
				    EMUNIC_MBOX_ST_OK,
				    emunic_test_send(rec, op, len,
						     len + EMUNIC_TEST_HDR),
				    "opcode %u", op);
		rec->state.caps = cap;
		KUNIT_EXPECT_EQ_MSG(test, EMUNIC_MBOX_ST_OK,
				    emunic_test_send(rec, op, len,
						     len + EMUNIC_TEST_HDR),
				    "opcode %u", op);
		/* A VF without a record is not enabled, or not any more */
		KUNIT_EXPECT_EQ_MSG(test, EMUNIC_MBOX_ST_STATE,
				    emunic_test_send(NULL, op, len,
						     len + EMUNIC_TEST_HDR),
				    "opcode %u", op);
	}
}

/* Sends a message with up to 4 bytes of payload; returns bytes of the reply */
static size_t emunic_test_ask(struct emunic *emu, struct emunic_vf_rec *rec,
			      u16 opcode, u16 len, u32 payload, void *reply)
{
	const struct emunic_mbox_hdr hdr = {
		.opcode = cpu_to_le16(opcode),
		.len = cpu_to_le16(len),
	};
	const __le32 data = cpu_to_le32(payload);
	u8 msg[EMUNIC_MBOX_WINDOW_SIZE] = {};

	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), &data, len);
	memset(reply, 0, EMUNIC_MBOX_WINDOW_SIZE);
	return emunic_pf_mbox_dispatch(emu, rec, msg, EMUNIC_TEST_HDR + len,
				       reply);
}

/* A VF that comes up, byte by byte, and what it may not ask for */
static void emunic_test_handshake(struct kunit *test)
{
	static const u8 version[] = { 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 1, 0 };
	static const u8 caps[] = { 2, 0, 4, 0, 0, 0, 0, 0, 7, 0, 0, 0 };
	static const u8 config[] = {
		3, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x28, 0x23, 16, 0, 16, 0, 32, 0,
	};
	static const u8 state[] = { 3, 0, 0, 0, 3, 0, 0, 0 };
	static const u8 perm[] = { 10, 0, 0, 0, 4, 0, 0, 0 };
	static const u8 wrong[] = { 1, 0, 0, 0, 7, 0, 0, 0 };
	struct emunic_vf_rec *rec = emunic_test_rec(test);
	struct emunic *emu = emunic_kunit_function(test);
	u8 reply[EMUNIC_MBOX_WINDOW_SIZE];

	emu->mbox_minor = EMUNIC_MBOX_VERSION_MINOR;
	emu->pf = kunit_kzalloc(test, sizeof(*emu->pf), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, emu->pf);

	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 3, 0, 0, reply), 8);
	KUNIT_EXPECT_MEMEQ(test, reply, state, sizeof(state));
	/* Minor version 9 is answered with what the PF speaks */
	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 1, 4, 0x00090001,
					      reply), 12);
	KUNIT_EXPECT_MEMEQ(test, reply, version, sizeof(version));
	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 2, 4, ~0U, reply), 12);
	KUNIT_EXPECT_MEMEQ(test, reply, caps, sizeof(caps));
	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 3, 0, 0, reply), 24);
	KUNIT_EXPECT_MEMEQ(test, reply, config, sizeof(config));
	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 10, 0, 0, reply), 8);
	KUNIT_EXPECT_MEMEQ(test, reply, perm, sizeof(perm));

	/* A version that is no good takes back what was agreed */
	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 1, 4, 0x00000002,
					      reply), 8);
	KUNIT_EXPECT_MEMEQ(test, reply, wrong, sizeof(wrong));
	KUNIT_EXPECT_EQ(test, emunic_test_ask(emu, rec, 3, 0, 0, reply), 8);
	KUNIT_EXPECT_MEMEQ(test, reply, state, sizeof(state));
	KUNIT_EXPECT_EQ(test, rec->state.caps, 0);

	KUNIT_EXPECT_EQ(test, emu->pf->counters.vf_requests, 7);
	KUNIT_EXPECT_EQ(test, emu->pf->counters.vf_refused, 4);
	KUNIT_EXPECT_EQ(test, rec->refused, 4);
}

/* What the VF makes of a reply to GET_CAPS, which has 4 bytes */
static int emunic_test_reply(u16 opcode, u16 said, u16 status, size_t len)
{
	const struct emunic_mbox_hdr hdr = {
		.opcode = cpu_to_le16(opcode),
		.len = cpu_to_le16(said),
		.status = cpu_to_le16(status),
	};
	u8 msg[EMUNIC_MBOX_WINDOW_SIZE] = {};

	memcpy(msg, &hdr, sizeof(hdr));
	return emunic_vf_mbox_check(msg, len, EMUNIC_MBOX_OP_GET_CAPS, 4);
}

static void emunic_test_reply_shape(struct kunit *test)
{
	const u16 op = EMUNIC_MBOX_OP_GET_CAPS;
	size_t len;

	KUNIT_EXPECT_EQ(test, emunic_test_reply(op, 4, 0, 12), 0);
	/* To another request */
	KUNIT_EXPECT_EQ(test, emunic_test_reply(op + 1, 4, 0, 12), -EPROTO);
	KUNIT_EXPECT_EQ(test, emunic_test_reply(0, 4, 0, 12), -EPROTO);
	/* A length that is not so, or not the opcode's */
	KUNIT_EXPECT_EQ(test, emunic_test_reply(op, 3, 0, 12), -EPROTO);
	KUNIT_EXPECT_EQ(test, emunic_test_reply(op, 0xffff, 0, 12), -EPROTO);
	for (len = 0; len <= EMUNIC_MBOX_WINDOW_SIZE; len++)
		KUNIT_ASSERT_EQ_MSG(test, len == 12 ? 0 : -EPROTO,
				    emunic_test_reply(op, len - 8, 0, len),
				    "%zu bytes", len);
}

static void emunic_test_reply_status(struct kunit *test)
{
	static const struct {
		u16 status;
		int err;
	} cases[] = {
		{ EMUNIC_MBOX_ST_OPCODE, -EOPNOTSUPP },
		{ EMUNIC_MBOX_ST_LENGTH, -EPROTO },
		{ EMUNIC_MBOX_ST_STATE, -EPROTO },
		{ EMUNIC_MBOX_ST_PERM, -EPERM },
		{ EMUNIC_MBOX_ST_INVALID, -EINVAL },
		{ EMUNIC_MBOX_ST_QUOTA, -ENOSPC },
		{ EMUNIC_MBOX_ST_VERSION, -EPROTONOSUPPORT },
		{ EMUNIC_MBOX_ST_FAILED, -EIO },
		{ EMUNIC_MBOX_ST_FAILED + 1, -EIO },
		{ 0xffff, -EIO },
	};
	const u16 op = EMUNIC_MBOX_OP_GET_CAPS;
	size_t i;

	/* A refusal has no payload */
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    emunic_test_reply(op, 0, cases[i].status,
						      8), "case %zu", i);
	/* But what is no reply to this request refuses nothing */
	KUNIT_EXPECT_EQ(test, emunic_test_reply(op + 1, 0,
						EMUNIC_MBOX_ST_PERM, 8),
			-EPROTO);
}

/* A reset takes the request away: whoever waits must not wait for ever */
static void emunic_test_request_state(struct kunit *test)
{
	static const struct {
		u32 status;
		int err;
	} cases[] = {
		{ 0x00000001, -EINPROGRESS },
		{ 0x00010001, -EINPROGRESS },
		{ 0x00010002, 0 },
		{ 0x00010103, -ENOTCONN },	/* no PF */
		{ 0x00010203, -EIO },		/* length */
		{ 0x00010303, -EIO },		/* no credit */
		{ 0x00010403, -EIO },		/* reset */
		{ 0x00010000, -ECONNRESET },	/* idle: a reset has passed */
		{ 0x00000004, -ECONNRESET },	/* cancelled */
		{ 0x0001000f, -ECONNRESET },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    emunic_vf_mbox_state(cases[i].status),
				    "case %zu", i);
}

static struct kunit_case emunic_mbox_test_cases[] = {
	KUNIT_CASE(emunic_test_gate_length),
	KUNIT_CASE(emunic_test_gate_opcode),
	KUNIT_CASE(emunic_test_gate_state),
	KUNIT_CASE(emunic_test_handshake),
	KUNIT_CASE(emunic_test_reply_shape),
	KUNIT_CASE(emunic_test_reply_status),
	KUNIT_CASE(emunic_test_request_state),
	{ }
};

static struct kunit_suite emunic_mbox_test_suite = {
	.name = "emunic_mbox",
	.test_cases = emunic_mbox_test_cases,
};

kunit_test_suite(emunic_mbox_test_suite);

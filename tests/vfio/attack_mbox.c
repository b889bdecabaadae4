// SPDX-License-Identifier: GPL-2.0-only
/* The mailbox: lengths, opcodes, floods, replays, what is another VF's. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define HDR		sizeof(struct emunic_mbox_hdr)
#define LAST_OPCODE	EMUNIC_MBOX_OP_GET_RSS

/* Exact length of the payload of each opcode, typed from the specification */
static const u8 payload_len[LAST_OPCODE + 1] = {
	[EMUNIC_MBOX_OP_VERSION] = 4,
	[EMUNIC_MBOX_OP_GET_CAPS] = 4,
	[EMUNIC_MBOX_OP_GET_CONFIG] = 0,
	[EMUNIC_MBOX_OP_SET_MAC] = 8,
	[EMUNIC_MBOX_OP_ADD_MAC] = 8,
	[EMUNIC_MBOX_OP_DEL_MAC] = 8,
	[EMUNIC_MBOX_OP_ADD_VLAN] = 4,
	[EMUNIC_MBOX_OP_DEL_VLAN] = 4,
	[EMUNIC_MBOX_OP_SET_RX_MODE] = 4,
	[EMUNIC_MBOX_OP_GET_RSS] = 0,
};

static int raw(struct vf *vf, u16 opcode, u16 claimed, size_t len)
{
	u8 message[EMUNIC_MBOX_WINDOW_SIZE];
	struct emunic_mbox_hdr *hdr = (void *)message;

	fill_random(message, sizeof(message));
	hdr->opcode = htole16(opcode);
	hdr->len = htole16(claimed);
	return mbox_exchange(vf, message, len, NULL, 0);
}

/* Each opcode with each length but its own */
static void wrong_lengths(struct vf *vf)
{
	int status;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	for (u16 op = 1; op <= LAST_OPCODE; op++) {
		for (size_t len = HDR; len <= EMUNIC_MBOX_WINDOW_SIZE; len++) {
			if (len == HDR + payload_len[op])
				continue;
			status = raw(vf, op, len - HDR, len);
			expect(status == EMUNIC_MBOX_ST_LENGTH,
			       "opcode %#x, %zu bytes: status %d", op, len,
			       status);
		}
	}
}

/* A header that lies about the message */
static void lying_lengths(struct vf *vf)
{
	static const u16 lies[] = { 1, 3, 5, 9, 216, 217, 255, 256, 0x7fff,
					 0x8000, 0xfff8, 0xffff };
	int status;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	for (u16 op = 0; op <= LAST_OPCODE + 1; op++) {
		for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
			status = raw(vf, op, lies[i], HDR + 4);
			expect(status == EMUNIC_MBOX_ST_LENGTH,
			       "opcode %#x, claims %u: status %d", op, lies[i],
			       status);
		}
	}
}

/* Lengths that the device itself must refuse */
static void window_lengths(struct vf *vf)
{
	u8 message[EMUNIC_MBOX_WINDOW_SIZE] = { 1 };
	u32 status;

	for (u32 len = 0; len < 512; len++) {
		u32 taken = len & EMUNIC_MBOX_LEN_MASK;

		mbox_load(vf, message, sizeof(message));
		vf_write(vf, EMUNIC_MBOX_LEN, len);
		if (taken >= HDR && taken <= EMUNIC_MBOX_WINDOW_SIZE)
			continue;
		vf_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
		status = vf_read(vf, EMUNIC_MBOX_STATUS);
		expect(status == (EMUNIC_MBOX_STATE_FAILED |
				  EMUNIC_MBOX_ERROR_LENGTH << 8 |
				  EMUNIC_MBOX_STATUS_CREDIT),
		       "%u bytes: MBOX_STATUS %#x", len, status);
	}
}

static void check_unknown(struct vf *vf, u16 opcode, size_t len)
{
	int status = raw(vf, opcode, len, HDR + len);

	expect(status == EMUNIC_MBOX_ST_OPCODE, "opcode %#x: status %d", opcode,
	       status);
}

/* Unknown opcodes: all near the known ones, samples of all others */
static void unknown_opcodes(struct vf *vf)
{
	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	check_unknown(vf, 0, 0);
	for (u32 op = LAST_OPCODE + 1; op < 0x200; op++)
		check_unknown(vf, op, random_below(217));
	for (u32 op = 0x200; op <= 0xffff; op += 61)
		check_unknown(vf, op, random_below(217));
	for (u32 bit = 0x100; bit <= 0x8000; bit <<= 1)
		for (u16 op = 1; op <= LAST_OPCODE; op++)
			check_unknown(vf, bit | op, payload_len[op]);
}

/* SEND as fast as it goes, most of them without the credit */
static void send_flood(struct vf *vf)
{
	struct emunic_mbox_hdr hdr = { .opcode = EMUNIC_MBOX_OP_GET_CONFIG };
	u32 refused = 0, status;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	mbox_load(vf, &hdr, sizeof(hdr));
	for (int i = 0; i < 100000; i++) {
		vf_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
		if (i % 64)
			continue;
		status = vf_read(vf, EMUNIC_MBOX_STATUS);
		refused += (status & EMUNIC_MBOX_STATUS_ERROR) >> 8 ==
			   EMUNIC_MBOX_ERROR_NO_CREDIT;
	}
	expect(refused, "no SEND was refused for want of a credit");
	mbox_wait(vf);
	expect(!vf_config(vf), "no answer after the flood");
}

/* SEND and CANCEL in turn: the PF's answers go nowhere. */
static void cancel_cycles(struct vf *vf)
{
	struct emunic_mbox_hdr hdr = { .opcode = EMUNIC_MBOX_OP_GET_CONFIG };
	u32 cancelled = 0, state;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	for (int i = 0; i < 3000; i++) {
		mbox_send(vf, &hdr, sizeof(hdr));
		vf_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_CANCEL);
		/* The answer may have been there before the CANCEL. */
		state = mbox_wait(vf);
		cancelled += state == EMUNIC_MBOX_STATE_IDLE;
		expect(state == EMUNIC_MBOX_STATE_IDLE ||
		       state == EMUNIC_MBOX_STATE_DONE,
		       "state %u after CANCEL", state);
	}
	expect(cancelled, "nothing was cancelled");
	for (int i = 0; i < 20000; i++)
		vf_write(vf, EMUNIC_MBOX_CTRL, 1 + i % 3);
	mbox_wait(vf);
	expect(!vf_config(vf), "no answer after the cycles");
}

static bool mailbox_is_new(struct vf *vf)
{
	u32 used = vf_read(vf, EMUNIC_MBOX_REPLY_LEN);

	for (u32 i = 0; i < EMUNIC_MBOX_WINDOW_SIZE; i += 4)
		used |= vf_read(vf, EMUNIC_MBOX_REPLY + i);
	return !used &&
	       vf_read(vf, EMUNIC_MBOX_STATUS) == EMUNIC_MBOX_STATUS_CREDIT;
}

/*
 * A request, then a reset before its answer: nothing of the answer may be
 * seen in the new epoch, neither by itself nor as that to a new request.
 */
static void replay(struct vf *vf, void (*reset)(struct vf *vf), int rounds)
{
	struct emunic_mbox_hdr hdr = { .opcode = EMUNIC_MBOX_OP_GET_CONFIG };
	u32 epoch = vf_read(vf, EMUNIC_EPOCH), now;
	u16 minor;

	for (int i = 0; i < rounds; i++) {
		mbox_send(vf, &hdr, sizeof(hdr));
		reset(vf);
		now = vf_read(vf, EMUNIC_EPOCH);
		expect(now > epoch, "epoch %u after %u", now, epoch);
		epoch = now;
		if (i % 2) {
			minor = 0;
			expect(!vf_version(vf, 1, &minor),
			       "round %d: no answer to the new request", i);
			continue;
		}
		usleep(random_below(3000));
		expect(mailbox_is_new(vf),
		       "round %d: the old epoch's answer is there", i);
	}
}

static void soft_reset(struct vf *vf)
{
	vf_write(vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
}

static void function_reset(struct vf *vf)
{
	vfio_reset(&vf->vfio);
}

static void replay_after_reset(struct vf *vf)
{
	replay(vf, soft_reset, 300);
}

static void replay_after_flr(struct vf *vf)
{
	replay(vf, function_reset, 10);
}

/*
 * Nothing in a message names a VF.  Numbers of others in what a message has
 * besides, which is status, reserved and trailing fields, must mean nothing:
 * the guard and the orchestrator see whether anything changed at others.
 */
static void other_vports(struct vf *vf)
{
	struct {
		struct emunic_mbox_hdr hdr;
		struct emunic_mbox_mac mac;
	} message;
	int status;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	for (u16 vport = 0; vport < 12; vport++) {
		for (u16 op = EMUNIC_MBOX_OP_SET_MAC;
		     op <= EMUNIC_MBOX_OP_DEL_MAC; op++) {
			memset(&message, 0, sizeof(message));
			message.hdr.opcode = htole16(op);
			message.hdr.len = htole16(sizeof(message.mac));
			message.hdr.status = htole16(vport);
			message.hdr.reserved = htole16(vport);
			memcpy(message.mac.mac, vf->mac, ETH_ALEN);
			message.mac.mac[4] = op == EMUNIC_MBOX_OP_SET_MAC ?
					     vf->mac[4] : 0x77;
			message.mac.reserved = htole16(vport);
			status = mbox_exchange(vf, &message, sizeof(message),
					       NULL, 0);
			expect(!status, "opcode %#x with vport %u: status %d",
			       op, vport, status);
		}
	}
}

const struct attack mbox_attacks[] = {
	{ "mbox_wrong_lengths", wrong_lengths },
	{ "mbox_lying_lengths", lying_lengths },
	{ "mbox_window_lengths", window_lengths },
	{ "mbox_unknown_opcodes", unknown_opcodes },
	{ "mbox_send_flood", send_flood },
	{ "mbox_cancel_cycles", cancel_cycles },
	{ "mbox_replay_after_reset", replay_after_reset },
	{ "mbox_replay_after_flr", replay_after_flr },
	{ "mbox_other_vports", other_vports },
	{ }
};

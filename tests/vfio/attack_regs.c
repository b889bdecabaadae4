// SPDX-License-Identifier: GPL-2.0-only
/* Registers: what is read-only, hidden, odd, and everything at random. */
#include <string.h>
#include <unistd.h>

#include "attack.h"

enum { FUNC, PF, VF };

/* Registers that start an operation are written by other cases. */
static const struct reg {
	const char *name;
	u32 offset;
	u32 rw;
	u32 w1c;
	int who;
} regs[] = {
#define REG(name, who, reset, rw, w1c) { #name, EMUNIC_##name, rw, w1c, who },
	EMUNIC_FUNCTION_REGS(REG)
#undef REG
};

static bool starts_something(u32 offset)
{
	/* The clock starts nothing, but does not stand still either. */
	return offset == EMUNIC_CLOCK_LO || offset == EMUNIC_CLOCK_HI ||
	       offset == EMUNIC_CTRL || offset == EMUNIC_TEST_IRQ ||
	       offset == EMUNIC_TEST_DMA_CTRL || offset == EMUNIC_KICK ||
	       offset == EMUNIC_MBOX_CTRL;
}

static void read_only(struct vf *vf)
{
	static const u32 values[] = { 0xffffffff, 0, 0xaaaaaaaa,
					   0x55555555 };

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		const struct reg *r = &regs[i];
		u32 before = vf_read(vf, r->offset);

		if (r->who == PF || starts_something(r->offset))
			continue;
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			u32 want = (before & ~r->rw) |
					(values[v] & r->rw);
			u32 now;

			vf_write(vf, r->offset, values[v]);
			now = vf_read(vf, r->offset);
			expect(!((now ^ want) & ~r->w1c),
			       "%s: wrote %#x to %#x, reads %#x", r->name,
			       values[v], before, now);
		}
		vf_write(vf, r->offset, before);
	}
	for (u32 i = 0; i < EMUNIC_MBOX_WINDOW_SIZE; i += 4) {
		vf_write(vf, EMUNIC_MBOX_REPLY + i, 0xdeadbeef);
		expect(!vf_read(vf, EMUNIC_MBOX_REPLY + i),
		       "the reply window takes a write at %#x", i);
	}
}

/*
 * What only the PF has, what nobody has, and without leave of the PF what
 * steers reception, reads as zero.
 */
static void hidden(struct vf *vf)
{
	static const struct {
		u32 from, to;
	} gaps[] = {
		{ EMUNIC_RX_MAX_FRAME + 4, EMUNIC_RX_MAX_GSO },
		{ EMUNIC_RSS_CTRL + 4, EMUNIC_CLOCK_LO },
		{ EMUNIC_CLOCK_HI + 4, EMUNIC_TEST_SCRATCH },
		{ EMUNIC_TEST_DMA_STATUS + 4, EMUNIC_KICK },
		{ EMUNIC_KICK + 4, EMUNIC_MBOX_CTRL },
		{ EMUNIC_MBOX_REPLY + EMUNIC_MBOX_WINDOW_SIZE,
		  EMUNIC_TX_BLOCK },
		{ EMUNIC_RX_BLOCK + EMUNIC_MAX_QUEUES * EMUNIC_Q_STRIDE,
		  EMUNIC_BAR_REGS_SIZE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		for (u32 at = gaps[i].from; at < gaps[i].to; at += 4) {
			vf_write(vf, at, 0xffffffff);
			expect(!vf_read(vf, at), "%#x reads %#x", at,
			       vf_read(vf, at));
		}
	}
}

static u32 scratch(struct vf *vf)
{
	return vf_read(vf, EMUNIC_TEST_SCRATCH);
}

/* Bytes, halves, and words across registers change nothing. */
static void odd_accesses(struct vf *vf)
{
	volatile u8 *bar = (volatile u8 *)vf->vfio.bar0;
	volatile u8 *at = bar + EMUNIC_TEST_SCRATCH;
	u32 sum = 0, now;

	vf_write(vf, EMUNIC_TEST_SCRATCH, 0x12345678);
	for (int i = 0; i < 4; i++) {
		at[i] = 0xff;
		sum += at[i];
	}
	for (int i = 0; i < 4; i += 2) {
		*(volatile u16 *)(at + i) = 0xffff;
		sum += *(volatile u16 *)(at + i);
	}
	for (int i = -3; i < 4; i++) {
		if (i)
			*(volatile u32 *)(at + i) = 0xffffffff;
		sum += *(volatile u32 *)(at + i);
	}
	now = scratch(vf);
	expect(now == 0x12345678, "SCRATCH is %#x (%u)", now, sum & 1);

	/* A bus may make two words of it. */
	*(volatile u64 *)at = 0x00000000abcdef01ULL;
	now = scratch(vf);
	expect(now == 0x12345678 || now == 0xabcdef01,
	       "SCRATCH is %#x after 64 bits", now);
	for (u32 i = 0; i < EMUNIC_BAR_REGS_SIZE - 8; i += 1 + i % 7) {
		sum += *(volatile u64 *)(bar + i);
		sum += *(volatile u16 *)(bar + i);
	}
	expect(vf_read(vf, EMUNIC_ID) == EMUNIC_ID_MAGIC, "no ID any more");
}

/* All of BAR 0, random values, in order and not */
static void fuzz(struct vf *vf)
{
	u32 words = EMUNIC_BAR_REGS_SIZE / 4, at;

	for (at = 0; at < words; at++)
		vf_write(vf, at * 4, random32());
	for (at = words; at-- > 0;)
		vf_write(vf, at * 4, 0xffffffff);
	for (int i = 0; i < 100000; i++) {
		/* Mostly where registers are */
		at = random_below(i % 4 ? EMUNIC_RX_BLOCK + 0x400 :
				  EMUNIC_BAR_REGS_SIZE) & ~3U;
		if (random32() & 1)
			vf_write(vf, at, random32() >> random_below(32));
		else
			vf_read(vf, at);
	}
	expect(vf_read(vf, EMUNIC_ID) == EMUNIC_ID_MAGIC, "no ID any more");
}

/* Vectors that are there and that are not, as fast as it goes */
static void interrupts(struct vf *vf)
{
	for (int i = 0; i < 20000; i++) {
		vf_write(vf, EMUNIC_CAUSE_MASK, i & 1 ? EMUNIC_CAUSE_ALL : 0);
		vf_write(vf, EMUNIC_TEST_IRQ, i & 1 ? random32() : i & 0xff);
		vf_write(vf, EMUNIC_CAUSE, EMUNIC_CAUSE_ALL);
	}
}

const struct attack regs_attacks[] = {
	{ "regs_read_only", read_only },
	{ "regs_hidden", hidden },
	{ "regs_odd_accesses", odd_accesses },
	{ "regs_fuzz", fuzz, MAY_FAULT },
	{ "regs_interrupts", interrupts },
	{ }
};

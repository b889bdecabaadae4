// SPDX-License-Identifier: GPL-2.0-only
/*
 * Valid sequences with something changed at random: messages, descriptors,
 * registers, kicks, resets.  The seed is the orchestrator's, which prints it.
 */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define MUTATIONS	20000

/**
 * struct fuzz - the sequences, and what they came to
 * @answers: messages that the PF answered
 * @errors: queues found in ERROR
 * @resets: soft resets
 */
struct fuzz {
	struct vf *vf;
	struct pair p;
	u32 answers;
	u32 errors;
	u32 resets;
};

/* One to three bits, or a byte, of something that was valid */
static void mutate(void *what, size_t len)
{
	u8 *bytes = what;

	for (u32 n = 1 + random_below(3); n--;) {
		if (random32() & 1)
			bytes[random_below(len)] ^= BIT(random_below(8));
		else
			bytes[random_below(len)] = random32();
	}
}

static void mutate_message(struct fuzz *f)
{
	static const u8 lens[] = { 0, 4, 4, 0, 8, 8, 8, 4, 4, 4, 0 };
	u8 message[24] = { 0 };
	struct emunic_mbox_hdr *hdr = (void *)message;
	u16 op = 1 + random_below(ARRAY_SIZE(lens) - 1);

	hdr->opcode = htole16(op);
	hdr->len = htole16(lens[op]);
	if (op == EMUNIC_MBOX_OP_VERSION)
		message[sizeof(*hdr)] = 1;
	else if (op == EMUNIC_MBOX_OP_GET_CAPS)
		message[sizeof(*hdr)] = CAPS_11;
	else
		memcpy(hdr + 1, f->vf->mac, ETH_ALEN);
	if (random_below(4))
		mutate(message, sizeof(*hdr) + lens[op]);
	mbox_send(f->vf, message, sizeof(*hdr) +
		  (random_below(8) ? lens[op] : random_below(217)));
	if (random_below(8) == 0)
		vf_write(f->vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_CANCEL);
	else if (random_below(2))
		f->answers += mbox_wait(f->vf) == EMUNIC_MBOX_STATE_DONE;
}

static void mutate_frame(struct fuzz *f)
{
	struct queue *q = &f->p.tx;
	u64 at = vf_iova(q->vf, q->buffers);
	struct emunic_tx_meta meta;
	u32 first = q->tail;
	size_t len;

	len = frame_tcp(f->vf, q->buffers, random_below(3000));
	meta_tcp(&meta, 1 + random_below(1400));
	if (random32() & 1)
		tx_put_meta(q, &meta);
	tx_put(q, at, 60, 0);
	tx_put(q, at + 60, len, EMUNIC_TX_EOP);
	if (random32() & 1)
		mutate(q->buffers, 80);
	if (random32() & 1)
		mutate(&q->tx_ring[(first + random_below(2)) % RING_SIZE], 16);
	tx_flush(q);
}

static void mutate_receive(struct fuzz *f)
{
	struct queue *q = &f->p.rx;
	u8 frame[64];
	size_t len;

	rx_post(q, vf_iova(q->vf, q->buffers), BUF_SIZE);
	if (random32() & 1)
		mutate(&q->rx_ring[(q->tail - 1) % RING_SIZE], 16);
	if (random32() & 1)
		mutate(q->shadow, sizeof(*q->shadow));
	len = frame_arp(f->vf, frame);
	memcpy(f->p.tx.buffers, frame, len);
	tx_put(&f->p.tx, vf_iova(f->vf, f->p.tx.buffers), len, EMUNIC_TX_EOP);
	tx_flush(&f->p.tx);
}

/* A block as it should be but for one register */
static void mutate_block(struct fuzz *f)
{
	struct queue *q = random32() & 1 ? &f->p.tx : &f->p.rx;
	u32 reg = random_below(EMUNIC_Q_CTRL / 4 + 1) * 4;
	u32 value = queue_read(q, reg);

	queue_write(q, EMUNIC_Q_CTRL, 0);
	mutate(&value, sizeof(value));
	queue_write(q, reg, value);
	queue_start(q);
}

static void mutate_register(struct fuzz *f)
{
	u32 at = random_below(EMUNIC_RX_BLOCK + 0x400) & ~3U;
	u32 value = vf_read(f->vf, at);

	mutate(&value, sizeof(value));
	vf_write(f->vf, at, value);
}

static void kick(struct fuzz *f)
{
	for (u32 n = random_below(64); n--;)
		vf_write(f->vf, EMUNIC_KICK, random32());
}

static bool in_error(struct queue *q)
{
	return queue_read(q, EMUNIC_Q_STATE) == EMUNIC_Q_STATE_ERROR;
}

static void restart(struct fuzz *f)
{
	f->errors += in_error(&f->p.tx) + in_error(&f->p.rx);
	if (random32() & 1) {
		vf_write(f->vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
		f->resets++;
	}
	pair_begin(&f->p);
}

static void (*const mutations[])(struct fuzz *f) = {
	mutate_message, mutate_message, mutate_message, mutate_frame,
	mutate_frame, mutate_frame, mutate_frame, mutate_receive,
	mutate_receive, mutate_block, mutate_register, mutate_register, kick,
	restart, restart,
};

static void mutate_sequences(struct vf *vf)
{
	struct fuzz f = { .vf = vf };
	u64 start = now_us();

	pair_init(&f.p, vf);
	pair_begin(&f.p);
	for (int i = 0; i < MUTATIONS; i++) {
		if (i % 1000 == 0) {
			guard_check("during the mutations");
			vf_write(vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
			vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10);
			pair_begin(&f.p);
		}
		mutations[random_below(ARRAY_SIZE(mutations))](&f);
	}
	note("%d mutations in %.1f s: %u answers, %u queue errors, %u resets",
	     MUTATIONS, (now_us() - start) / 1e6, f.answers, f.errors,
	     f.resets);
	expect(f.answers > 100 && f.errors > 100 && f.resets > 100,
	       "most of it was lost on the way");
}

const struct attack random_attacks[] = {
	{ "random_mutations", mutate_sequences, MAY_FAULT },
	{ }
};

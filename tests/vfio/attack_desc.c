// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors and tails: chains without end, reserved bits, lengths. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define ARP_LEN	42

/* Start Tx anew, put descriptors with @put, expect @error. */
static void expect_error(struct pair *p, void (*put)(struct queue *q, int n),
			 int n, u32 error, const char *what)
{
	struct queue *q = &p->tx;

	queue_stop(q);
	if (!expect(queue_start(q) == EMUNIC_Q_STATE_RUNNING,
		    "%s %d: the queue does not start", what, n))
		return;
	frame_arp(q->vf, q->buffers);
	put(q, n);
	tx_flush(q);
	expect(queue_fails(q, error), "%s %d: state %u, error %u", what, n,
	       queue_read(q, EMUNIC_Q_STATE), queue_read(q, EMUNIC_Q_ERROR));
	/* START alone heals it. */
	expect(queue_start(q) == EMUNIC_Q_STATE_RUNNING,
	       "%s %d: no start after the error", what, n);
}

static void put_chain(struct queue *q, int n)
{
	while (n--)
		tx_put(q, vf_iova(q->vf, q->buffers), ARP_LEN, 0);
}

/* Chains too long, a ring full of one, and one that just never ends */
static void chains(struct vf *vf)
{
	struct emunic_tx_cpl done;
	struct pair p;

	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	expect_error(&p, put_chain, 33, EMUNIC_Q_ERROR_CHAIN, "chain of");
	expect_error(&p, put_chain, RING_SIZE, EMUNIC_Q_ERROR_CHAIN,
		     "chain of");
	queue_stop(&p.tx);
	queue_start(&p.tx);
	put_chain(&p.tx, 32);
	tx_flush(&p.tx);
	expect(!tx_done(&p.tx, &done, 100), "a chain without end is done");
	expect(queue_read(&p.tx, EMUNIC_Q_STATE) == EMUNIC_Q_STATE_RUNNING,
	       "a chain that could still end is an error");
	for (int i = 0; i < 1000; i++)
		vf_write(vf, EMUNIC_KICK, 1);
}

static void put_bit(struct queue *q, int n)
{
	struct emunic_tx_desc *d = &q->tx_ring[q->tail % RING_SIZE];

	tx_put(q, vf_iova(q->vf, q->buffers), ARP_LEN, EMUNIC_TX_EOP);
	if (n < 16)
		d->flags ^= htole16(BIT(n));
	else
		d->reserved = htole16(BIT(n - 16));
}

static void put_len(struct queue *q, int n)
{
	tx_put(q, vf_iova(q->vf, q->buffers), n, EMUNIC_TX_EOP);
}

static void put_meta(struct queue *q, int n)
{
	struct emunic_tx_meta meta = { .flags = htole16(EMUNIC_TX_META) };

	if (n < 16)
		meta.flags |= htole16(BIT(n));
	else if (n < 24)
		meta.reserved0 = BIT(n - 16);
	tx_put_meta(q, &meta);
	tx_put(q, vf_iova(q->vf, q->buffers), ARP_LEN, EMUNIC_TX_EOP);
}

static void put_late_meta(struct queue *q, int n)
{
	put_chain(q, n);
	put_meta(q, 1);
}

static void reserved(struct vf *vf)
{
	struct pair p;

	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	/* Bit 0 is EOP, bit 1 makes a META of it, with EOP. */
	for (int n = 1; n < 32; n++)
		expect_error(&p, put_bit, n, EMUNIC_Q_ERROR_DESC, "bit");
	/* Bit 1 is META; 4 to 8 have a meaning there. */
	for (int n = 0; n < 24; n++)
		if (n != 1 && (n < 4 || n > 8))
			expect_error(&p, put_meta, n, EMUNIC_Q_ERROR_DESC,
				     "META bit");
	for (int n = 1; n < 32; n += 10)
		expect_error(&p, put_late_meta, n, EMUNIC_Q_ERROR_DESC,
			     "META after");
}

static void lengths(struct vf *vf)
{
	static const u32 lens[] = { 0, 0x10000, 0x10001, 0x7fffffff,
					 0x80000000, 0xffffffff };
	struct pair p;

	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		expect_error(&p, put_len, lens[i], EMUNIC_Q_ERROR_DESC,
			     "length");
}

static void put_tail(struct queue *q, int n)
{
	put_chain(q, 1);
	q->tail = n;
}

/* A frame is done, then the tail goes back. */
static void put_back(struct queue *q, int n)
{
	u8 frame[ARP_LEN];

	frame_arp(q->vf, frame);
	for (int i = 0; i < 8; i++)
		tx_send(q, NULL, frame, sizeof(frame));
	q->tail -= n;
}

static void tails(struct vf *vf)
{
	struct pair p;

	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	expect_error(&p, put_tail, RING_SIZE + 1, EMUNIC_Q_ERROR_INDEX, "tail");
	expect_error(&p, put_tail, 0x10000, EMUNIC_Q_ERROR_INDEX, "tail");
	expect_error(&p, put_tail, 0x7fffffff, EMUNIC_Q_ERROR_INDEX, "tail");
	expect_error(&p, put_tail, -1, EMUNIC_Q_ERROR_INDEX, "tail");
	expect_error(&p, put_back, 1, EMUNIC_Q_ERROR_INDEX, "back by");
	expect_error(&p, put_back, 8, EMUNIC_Q_ERROR_INDEX, "back by");
	expect_error(&p, put_back, 9, EMUNIC_Q_ERROR_INDEX, "back by");
}

static void expect_rx_error(struct pair *p, const struct emunic_rx_desc *desc,
			    u32 tail, u32 error)
{
	struct queue *q = &p->rx;

	queue_stop(q);
	queue_start(q);
	q->rx_ring[0] = *desc;
	q->shadow->sq_tail = htole32(tail);
	peer_answers(p, 0);
	expect(queue_fails(q, error),
	       "Rx length %#x, reserved %#x, tail %#x: state %u, error %u",
	       le32toh(desc->len), le16toh(desc->reserved), tail,
	       queue_read(q, EMUNIC_Q_STATE), queue_read(q, EMUNIC_Q_ERROR));
}

/* The device looks at Rx descriptors when a frame comes: an ARP answer. */
static void receive(struct vf *vf)
{
	static const u32 lens[] = { 0, 1, 255, 65537, 0x80000000,
					 0xffffffff };
	struct emunic_rx_desc desc = { 0 };
	struct pair p;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	desc.addr = htole64(vf_iova(vf, p.rx.buffers));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		desc.len = htole32(lens[i]);
		expect_rx_error(&p, &desc, 1, EMUNIC_Q_ERROR_DESC);
	}
	desc.len = htole32(BUF_SIZE);
	for (int bit = 0; bit < 16; bit += 5) {
		desc.reserved = htole16(BIT(bit));
		expect_rx_error(&p, &desc, 1, EMUNIC_Q_ERROR_DESC);
	}
	desc.reserved = 0;
	expect_rx_error(&p, &desc, RING_SIZE + 1, EMUNIC_Q_ERROR_INDEX);
	expect_rx_error(&p, &desc, -1, EMUNIC_Q_ERROR_INDEX);
}

const struct attack desc_attacks[] = {
	{ "desc_chains", chains },
	{ "desc_reserved", reserved },
	{ "desc_lengths", lengths },
	{ "desc_tails", tails },
	{ "desc_receive", receive },
	{ }
};

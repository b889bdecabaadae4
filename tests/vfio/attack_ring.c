// SPDX-License-Identifier: GPL-2.0-only
/* Queue blocks: sizes, addresses, vectors, rings that overlap. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

static void expect_start(struct queue *q, u32 error, const char *what,
			 u64 value)
{
	u32 state = queue_start(q);
	u32 got = queue_read(q, EMUNIC_Q_ERROR);

	expect(state == (error ? EMUNIC_Q_STATE_ERROR :
			 EMUNIC_Q_STATE_RUNNING) && got == error,
	       "%s %#lx, %s queue: state %u, error %u", what, value,
	       q->rx ? "Rx" : "Tx", state, got);
	queue_stop(q);
}

static void both_queues(struct vf *vf, void (*test)(struct queue *q))
{
	struct queue q;

	queue_init(&q, vf, false, 0);
	test(&q);
	queue_init(&q, vf, true, 0);
	test(&q);
}

static void test_sizes(struct queue *q)
{
	for (u32 value = 0; value < 64; value++) {
		u32 log2 = value & EMUNIC_Q_SIZE_LOG2;
		bool good = log2 >= EMUNIC_RING_LOG2_MIN &&
			    log2 <= EMUNIC_RING_LOG2_MAX;

		queue_write(q, EMUNIC_Q_SIZE, value);
		expect_start(q, good ? 0 : EMUNIC_Q_ERROR_SIZE, "size", value);
	}
}

static void sizes(struct vf *vf)
{
	both_queues(vf, test_sizes);
}

static void test_address(struct queue *q, u32 reg, const char *what,
			 u64 good, u64 align)
{
	for (u64 bit = 1; bit < align; bit <<= 1) {
		queue_addr(q, reg, good + bit);
		expect_start(q, EMUNIC_Q_ERROR_ADDRESS, what, good + bit);
	}
	queue_addr(q, reg, 0);
	expect_start(q, EMUNIC_Q_ERROR_ADDRESS, what, 0);
	queue_addr(q, reg, good);
	expect_start(q, 0, what, good);
}

static void test_addresses(struct queue *q)
{
	test_address(q, EMUNIC_Q_SQ_LO, "submission ring",
		     vf_iova(q->vf, q->tx_ring), EMUNIC_RING_ALIGN);
	test_address(q, EMUNIC_Q_CQ_LO, "completion ring",
		     vf_iova(q->vf, q->tx_done), EMUNIC_RING_ALIGN);
	test_address(q, EMUNIC_Q_SHADOW_LO, "shadow",
		     vf_iova(q->vf, q->shadow), EMUNIC_SHADOW_ALIGN);
}

static void addresses(struct vf *vf)
{
	both_queues(vf, test_addresses);
}

static void test_vectors(struct queue *q)
{
	u32 limit = vf_read(q->vf, EMUNIC_LIMITS) >> 8 & 0xff;

	for (u32 vector = 0; vector < 256; vector++) {
		queue_write(q, EMUNIC_Q_VECTOR, vector);
		expect_start(q, vector < limit ? 0 : EMUNIC_Q_ERROR_VECTOR,
			     "vector", vector);
	}
}

static void vectors(struct vf *vf)
{
	both_queues(vf, test_vectors);
}

/* A block keeps its values while its queue runs. */
static void test_locked(struct queue *q)
{
	static const u32 locked[] = {
		EMUNIC_Q_SQ_LO, EMUNIC_Q_SQ_HI, EMUNIC_Q_CQ_LO, EMUNIC_Q_CQ_HI,
		EMUNIC_Q_SHADOW_LO, EMUNIC_Q_SHADOW_HI, EMUNIC_Q_SIZE,
		EMUNIC_Q_VECTOR, EMUNIC_Q_STATE, EMUNIC_Q_ERROR,
	};

	if (queue_start(q) != EMUNIC_Q_STATE_RUNNING) {
		expect(false, "the queue does not start");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(locked); i++) {
		u32 before = queue_read(q, locked[i]);

		queue_write(q, locked[i], ~before);
		expect(queue_read(q, locked[i]) == before,
		       "register %#x of a running queue takes a write",
		       locked[i]);
	}
	queue_stop(q);
}

static void locked(struct vf *vf)
{
	both_queues(vf, test_locked);
}

/* Queues beyond LIMITS, if there are any, are not there. */
static void missing_queues(struct vf *vf)
{
	u32 queues = vf_read(vf, EMUNIC_LIMITS) & EMUNIC_LIMITS_QUEUES;

	for (u32 n = queues; n < EMUNIC_MAX_QUEUES; n++) {
		for (u32 reg = 0; reg < EMUNIC_Q_STRIDE; reg += 4) {
			u32 at = n * EMUNIC_Q_STRIDE + reg;

			vf_write(vf, EMUNIC_TX_BLOCK + at, 0xffffffff);
			vf_write(vf, EMUNIC_RX_BLOCK + at, 0xffffffff);
			expect(!vf_read(vf, EMUNIC_TX_BLOCK + at) &&
			       !vf_read(vf, EMUNIC_RX_BLOCK + at),
			       "queue %u is there", n);
		}
	}
}

/*
 * Rings and shadow laid over each other: the device reads as descriptors what
 * it wrote as completions.  Whatever it makes of that is the attacker's own.
 */
static void overlap(struct vf *vf)
{
	struct pair p;

	pair_init(&p, vf);
	for (int turn = 0; turn < 4; turn++) {
		for (int rx = 0; rx < 2; rx++) {
			struct queue *q = rx ? &p.rx : &p.tx;
			u64 ring = vf_iova(vf, q->tx_ring);

			queue_stop(q);
			queue_addr(q, EMUNIC_Q_SQ_LO, ring);
			queue_addr(q, EMUNIC_Q_CQ_LO, turn & 1 ? ring :
				   vf_iova(vf, q->tx_done));
			queue_addr(q, EMUNIC_Q_SHADOW_LO, turn & 2 ?
				   ring + 256 : vf_iova(vf, q->shadow));
			queue_start(q);
			rx_post_all(&p.rx);
		}
		vf_write(vf, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
		for (unsigned int i = 0; i < RING_SIZE; i++) {
			u32 len = frame_arp(vf, p.tx.buffers);

			tx_put(&p.tx, vf_iova(vf, p.tx.buffers), len,
			       EMUNIC_TX_EOP);
			tx_flush(&p.tx);
			((struct emunic_shadow *)(p.tx.tx_ring + 16))->sq_tail =
				htole32(p.tx.tail);
			vf_write(vf, EMUNIC_KICK, 1);
		}
		usleep(20000);
	}
}

const struct attack ring_attacks[] = {
	{ "ring_sizes", sizes },
	{ "ring_addresses", addresses },
	{ "ring_vectors", vectors },
	{ "ring_locked", locked },
	{ "ring_missing_queues", missing_queues },
	{ "ring_overlap", overlap, MAY_FAULT },
	{ }
};

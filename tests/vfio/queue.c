// SPDX-License-Identifier: GPL-2.0-only
/* Tx and Rx queues: memory, rings, completions. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

void queue_addr(struct queue *q, u32 reg, u64 addr)
{
	vf_write(q->vf, q->base + reg, addr);
	vf_write(q->vf, q->base + reg + 4, addr >> 32);
}

u32 queue_read(struct queue *q, u32 reg)
{
	return vf_read(q->vf, q->base + reg);
}

void queue_write(struct queue *q, u32 reg, u32 value)
{
	vf_write(q->vf, q->base + reg, value);
}

static void queue_setup(struct queue *q)
{
	u32 vectors = vf_read(q->vf, EMUNIC_LIMITS) >> 8 & 0xff;

	queue_addr(q, EMUNIC_Q_SQ_LO, vf_iova(q->vf, q->tx_ring));
	queue_addr(q, EMUNIC_Q_CQ_LO, vf_iova(q->vf, q->tx_done));
	queue_addr(q, EMUNIC_Q_SHADOW_LO, vf_iova(q->vf, q->shadow));
	queue_write(q, EMUNIC_Q_SIZE, RING_LOG2);
	queue_write(q, EMUNIC_Q_VECTOR, (1 + q->index) % vectors);
}

void queue_init(struct queue *q, struct vf *vf, bool rx, unsigned int index)
{
	memset(q, 0, sizeof(*q));
	q->vf = vf;
	q->rx = rx;
	q->index = index;
	q->base = (rx ? EMUNIC_RX_BLOCK : EMUNIC_TX_BLOCK) +
		  index * EMUNIC_Q_STRIDE;
	q->tx_ring = vf_alloc(vf, PAGE);
	q->tx_done = vf_alloc(vf, PAGE);
	q->shadow = vf_alloc(vf, PAGE);
	q->buffers = vf_alloc(vf, RING_SIZE * BUF_SIZE);
	queue_setup(q);
}

u32 queue_start(struct queue *q)
{
	memset(q->tx_done, 0, PAGE);
	memset(q->shadow, 0, sizeof(*q->shadow));
	q->tail = 0;
	q->next = 0;
	queue_write(q, EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
	return queue_read(q, EMUNIC_Q_STATE);
}

void queue_stop(struct queue *q)
{
	queue_write(q, EMUNIC_Q_CTRL, 0);
	for (int i = 0; i < 1000; i++) {
		if (queue_read(q, EMUNIC_Q_STATE) == EMUNIC_Q_STATE_STOPPED)
			return;
		usleep(100);
	}
	expect(false, "queue %u does not stop", q->index);
}

bool queue_fails(struct queue *q, u32 error)
{
	u64 end = now_us() + 2000000;

	while (queue_read(q, EMUNIC_Q_STATE) != EMUNIC_Q_STATE_ERROR &&
	       now_us() < end)
		usleep(100);
	return queue_read(q, EMUNIC_Q_STATE) == EMUNIC_Q_STATE_ERROR &&
	       queue_read(q, EMUNIC_Q_ERROR) == error;
}

/* The tail after the descriptors: both are ordinary memory. */
static void queue_tail(struct queue *q)
{
	__atomic_store_n(&q->shadow->sq_tail, htole32(q->tail),
			 __ATOMIC_SEQ_CST);
}

void rx_post(struct queue *q, u64 addr, u32 len)
{
	q->rx_ring[q->tail % RING_SIZE] = (struct emunic_rx_desc) {
		.addr = htole64(addr),
		.len = htole32(len),
		.buf_id = htole16(q->tail % RING_SIZE),
	};
	q->tail++;
	queue_tail(q);
}

void rx_post_all(struct queue *q)
{
	while (q->tail - q->next < RING_SIZE)
		rx_post(q, vf_iova(q->vf, q->buffers +
					  q->tail % RING_SIZE * BUF_SIZE),
			BUF_SIZE);
}

/* Is the completion or event with @flags one of the present round? */
static bool is_new(const struct queue *q, const __le16 *flags)
{
	u16 phase = !(q->next & RING_SIZE);

	return (le16toh(__atomic_load_n(flags, __ATOMIC_ACQUIRE)) &
		EMUNIC_CPL_PHASE) == phase;
}

static bool wait_new(const struct queue *q, const __le16 *flags,
		     unsigned int ms)
{
	u64 end = now_us() + ms * 1000ULL;

	while (!is_new(q, flags)) {
		if (now_us() > end)
			return is_new(q, flags);
		usleep(50);
	}
	return true;
}

size_t rx_frame(struct queue *q, void *frame, size_t room, unsigned int ms)
{
	const struct emunic_rx_cpl *done = &q->rx_done[q->next % RING_SIZE];
	size_t len;

	if (!wait_new(q, &done->flags, ms))
		return 0;
	len = le32toh(done->len);
	if (len > BUF_SIZE)
		len = BUF_SIZE;
	if (len > room)
		len = room;
	memcpy(frame, q->buffers + q->next % RING_SIZE * BUF_SIZE, len);
	q->next++;
	rx_post_all(q);
	return len;
}

void tx_put(struct queue *q, u64 addr, u32 len, u16 flags)
{
	q->tx_ring[q->tail++ % RING_SIZE] = (struct emunic_tx_desc) {
		.addr = htole64(addr),
		.len = htole32(len),
		.flags = htole16(flags),
	};
}

void tx_put_meta(struct queue *q, const struct emunic_tx_meta *meta)
{
	memcpy(&q->tx_ring[q->tail++ % RING_SIZE], meta, sizeof(*meta));
}

void tx_flush(struct queue *q)
{
	queue_tail(q);
	vf_write(q->vf, EMUNIC_KICK, BIT(q->index));
}

bool tx_done(struct queue *q, struct emunic_tx_cpl *done, unsigned int ms)
{
	const struct emunic_tx_cpl *at = &q->tx_done[q->next % RING_SIZE];

	if (!wait_new(q, &at->flags, ms))
		return false;
	*done = *at;
	q->next++;
	return true;
}

int tx_send(struct queue *q, const struct emunic_tx_meta *meta,
	    const void *frame, size_t len)
{
	struct emunic_tx_cpl done;
	size_t piece;

	memcpy(q->buffers, frame, len);
	if (meta)
		tx_put_meta(q, meta);
	for (size_t at = 0; at < len; at += piece) {
		piece = len - at > 60000 ? 60000 : len - at;
		tx_put(q, vf_iova(q->vf, q->buffers + at), piece,
		       at + piece == len ? EMUNIC_TX_EOP : 0);
	}
	tx_flush(q);
	return tx_done(q, &done, 2000) ? le16toh(done.status) : -1;
}

void pair_init(struct pair *p, struct vf *vf)
{
	queue_init(&p->tx, vf, false, 0);
	queue_init(&p->rx, vf, true, 0);
}

void pair_begin(struct pair *p)
{
	queue_setup(&p->tx);
	queue_setup(&p->rx);
	queue_start(&p->tx);
	queue_start(&p->rx);
	rx_post_all(&p->rx);
	vf_write(p->tx.vf, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
}

bool pair_start(struct pair *p)
{
	u32 tx, rx;

	pair_begin(p);
	tx = queue_read(&p->tx, EMUNIC_Q_STATE);
	rx = queue_read(&p->rx, EMUNIC_Q_STATE);
	return expect(tx == EMUNIC_Q_STATE_RUNNING &&
		      rx == EMUNIC_Q_STATE_RUNNING,
		      "queues start: states %u, %u", tx, rx);
}

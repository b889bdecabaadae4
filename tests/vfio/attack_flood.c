// SPDX-License-Identifier: GPL-2.0-only
/* Too much of everything, and resets in the middle of it. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

/* Kicks at full speed: of queues that have nothing, that wait for the rest of
 * a chain, and that do not run.
 */
static void kick_flood(struct vf *vf)
{
	u32 queues = vf_read(vf, EMUNIC_LIMITS) & EMUNIC_LIMITS_QUEUES;
	struct queue tx[EMUNIC_MAX_QUEUES];
	struct pair p;

	if (queues > EMUNIC_MAX_QUEUES)
		fatal("%u queues", queues);
	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	for (unsigned int i = 1; i < queues; i++) {
		queue_init(&tx[i], vf, false, i);
		queue_start(&tx[i]);
		if (i & 1) {
			tx_put(&tx[i], vf_iova(vf, tx[i].buffers), 60, 0);
			tx_flush(&tx[i]);
		}
	}
	for (int i = 0; i < 200000; i++)
		vf_write(vf, EMUNIC_KICK, i & 1 ? ~0U : (u32)i);
	expect(peer_answers(&p, 3000), "no answer after the kicks");
}

/* Fill the ring with frames that lead nowhere. */
static void fill_ring(struct pair *p, bool gso)
{
	u8 *frame = p->tx.buffers;
	struct emunic_tx_meta meta;
	size_t len;

	len = frame_tcp(p->tx.vf, frame, gso ? 40000 : 1000);
	/* An address of nobody: up the uplink */
	memcpy(frame, "\x02\xee\xee\xee\xee\xee", ETH_ALEN);
	meta_tcp(&meta, 1400);
	for (unsigned int n = 0; n < RING_SIZE; n += 1 + gso) {
		if (gso)
			tx_put_meta(&p->tx, &meta);
		tx_put(&p->tx, vf_iova(p->tx.vf, frame), len, EMUNIC_TX_EOP);
	}
}

/*
 * When the reset has returned, nothing of the VF's memory is touched any
 * more: completions of frames in flight would show in the ring.
 */
static void resets(struct vf *vf, bool flr, int rounds)
{
	u8 ring[PAGE];
	struct pair p;

	pair_init(&p, vf);
	for (int i = 0; i < rounds; i++) {
		if (!pair_start(&p))
			return;
		fill_ring(&p, i & 1);
		tx_flush(&p.tx);
		for (u32 n = random_below(200); n--;)
			(void)vf_read(vf, EMUNIC_ID);
		if (flr)
			vfio_reset(&vf->vfio);
		else
			vf_write(vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
		memset(ring, 0xa5, sizeof(ring));
		memcpy(p.tx.tx_done, ring, sizeof(ring));
		usleep(2000);
		expect(!memcmp(p.tx.tx_done, ring, sizeof(ring)),
		       "round %d: a completion after the reset", i);
		expect(!vf_read(vf, EMUNIC_CTRL) &&
		       !queue_read(&p.tx, EMUNIC_Q_STATE),
		       "round %d: not reset", i);
	}
}

static void resets_in_transfer(struct vf *vf)
{
	resets(vf, false, 200);
}

static void flr_in_transfer(struct vf *vf)
{
	resets(vf, true, 10);
}

static void reset_flood(struct vf *vf)
{
	u32 epoch = vf_read(vf, EMUNIC_EPOCH);

	for (int i = 0; i < 5000; i++)
		vf_write(vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET | (i & 1));
	expect(vf_read(vf, EMUNIC_EPOCH) == epoch + 5000, "%u resets of 5000",
	       vf_read(vf, EMUNIC_EPOCH) - epoch);
}

/* Queues started and stopped while they have work */
static void start_stop(struct vf *vf)
{
	struct pair p;

	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	for (int i = 0; i < 1000; i++) {
		queue_start(&p.tx);
		fill_ring(&p, i & 1);
		tx_flush(&p.tx);
		queue_write(&p.tx, EMUNIC_Q_CTRL, 0);
		queue_write(&p.rx, EMUNIC_Q_CTRL, i & 1);
		vf_write(vf, EMUNIC_CTRL, i & 3 ? EMUNIC_CTRL_ENABLE : 0);
	}
}

/* A queue that goes into ERROR again and again: an event for the PF each time,
 * and in its log not more than a few.
 */
static void error_flood(struct vf *vf)
{
	struct pair p;

	pair_init(&p, vf);
	if (!pair_start(&p))
		return;
	for (int i = 0; i < 3000; i++) {
		queue_start(&p.tx);
		tx_put(&p.tx, vf_iova(vf, p.tx.buffers), 0, EMUNIC_TX_EOP);
		tx_flush(&p.tx);
	}
	expect(queue_fails(&p.tx, EMUNIC_Q_ERROR_DESC), "no error");
}

const struct attack flood_attacks[] = {
	{ "flood_kicks", kick_flood },
	{ "flood_resets", reset_flood },
	{ "flood_start_stop", start_stop },
	{ "flood_errors", error_flood },
	{ "reset_in_transfer", resets_in_transfer },
	{ "flr_in_transfer", flr_in_transfer },
	{ }
};

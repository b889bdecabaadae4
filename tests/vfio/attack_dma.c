// SPDX-License-Identifier: GPL-2.0-only
/* DMA to where the attacker has nothing: the IOMMU must stop it and say so. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

static bool start_pair(struct pair *p, struct vf *vf)
{
	pair_init(p, vf);
	return vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10) &&
	       pair_start(p);
}

/* A frame of which a piece lies at @addr: the device reads there. */
static void send_from(struct pair *p, u64 addr, u32 len)
{
	struct queue *q = &p->tx;
	u32 head = frame_arp(q->vf, q->buffers);

	queue_stop(q);
	queue_start(q);
	tx_put(q, vf_iova(q->vf, q->buffers), head, 0);
	tx_put(q, addr, len, EMUNIC_TX_EOP);
	tx_flush(q);
	expect(queue_fails(q, EMUNIC_Q_ERROR_DMA),
	       "read at %#lx: state %u, error %u", addr,
	       queue_read(q, EMUNIC_Q_STATE), queue_read(q, EMUNIC_Q_ERROR));
	queue_start(q);
}

/* A frame comes for a buffer at @addr: the device writes there. */
static void receive_to(struct pair *p, u64 addr)
{
	struct queue *q = &p->rx;

	queue_stop(q);
	queue_start(q);
	rx_post(q, addr, BUF_SIZE);
	peer_answers(p, 0);
	expect(queue_fails(q, EMUNIC_Q_ERROR_DMA),
	       "write at %#lx: state %u, error %u", addr,
	       queue_read(q, EMUNIC_Q_STATE), queue_read(q, EMUNIC_Q_ERROR));
}

static u32 test_dma(struct vf *vf, u64 addr, u32 len,
		    u32 operation)
{
	u32 status;

	vf_write(vf, EMUNIC_TEST_DMA_LO, addr);
	vf_write(vf, EMUNIC_TEST_DMA_HI, addr >> 32);
	vf_write(vf, EMUNIC_TEST_DMA_LEN, len);
	vf_write(vf, EMUNIC_TEST_DMA_CTRL, operation);
	for (int i = 0; i < 10000; i++) {
		status = vf_read(vf, EMUNIC_TEST_DMA_STATUS);
		if (status != EMUNIC_TEST_DMA_STATUS_BUSY)
			return status;
		usleep(100);
	}
	return status;
}

static void test_at(struct vf *vf, u64 addr)
{
	u32 status;

	status = test_dma(vf, addr, 64, EMUNIC_TEST_DMA_CTRL_WRITE);
	expect(status == EMUNIC_TEST_DMA_STATUS_FAULT,
	       "test write at %#lx: status %u", addr, status);
	status = test_dma(vf, addr, 64, EMUNIC_TEST_DMA_CTRL_CHECK);
	expect(status == EMUNIC_TEST_DMA_STATUS_FAULT,
	       "test read at %#lx: status %u", addr, status);
}

static void each_way(struct pair *p, u64 addr)
{
	send_from(p, addr, 64);
	receive_to(p, addr);
	test_at(p->tx.vf, addr);
}

static void all_ways(struct vf *vf, u64 addr)
{
	struct pair p;

	if (start_pair(&p, vf))
		each_way(&p, addr);
}

static void unmapped(struct vf *vf)
{
	all_ways(vf, UNMAPPED_IOVA);
}

/* Mapped for the victim's device, and for nobody else */
static void victims_buffers(struct vf *vf)
{
	all_ways(vf, vf_iova(&guard.victim, guard.rx.buffers));
}

/* Where the memory really is, which translation must not let through */
static void physical_memory(struct vf *vf)
{
	all_ways(vf, physical(guard.canary));
}

static void own_bar(struct vf *vf)
{
	all_ways(vf, vf->vfio.bar0_address);
}

/*
 * Mapped in the attacker's own domain, as VFIO allows for peer to peer: the
 * IOMMU has nothing to say, the device alone keeps to memory.
 */
static void own_bar_mapped(struct vf *vf)
{
	struct pair p;
	int err;

	err = vfio_map(&vf->vfio, (void *)vf->vfio.bar0, SPARE_IOVA,
		       EMUNIC_BAR_REGS_SIZE, true);
	if (!expect(!err, "the BAR cannot be mapped: %s", strerror(-err)) ||
	    !start_pair(&p, vf))
		return;
	vf_write(vf, EMUNIC_TEST_SCRATCH, 0x600df00d);
	each_way(&p, SPARE_IOVA + EMUNIC_TEST_SCRATCH);
	each_way(&p, SPARE_IOVA + EMUNIC_KICK);
	expect(vf_read(vf, EMUNIC_TEST_SCRATCH) == 0x600df00d,
	       "a register was written by DMA");
	vfio_unmap(&vf->vfio, SPARE_IOVA, EMUNIC_BAR_REGS_SIZE);
}

/* Writes here would be interrupts. */
static void msi_range(struct vf *vf)
{
	all_ways(vf, MSI_IOVA);
	test_at(vf, MSI_IOVA + 0x1000);
	test_at(vf, MSI_IOVA + 0xffff0);
}

/* Each of a queue's three areas where nothing is */
static void rings(struct vf *vf)
{
	static const u32 areas[] = { EMUNIC_Q_SQ_LO, EMUNIC_Q_CQ_LO,
					  EMUNIC_Q_SHADOW_LO };
	struct pair p;

	if (!start_pair(&p, vf))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		queue_stop(&p.tx);
		queue_addr(&p.tx, areas[i], UNMAPPED_IOVA + i * PAGE);
		queue_start(&p.tx);
		tx_put(&p.tx, vf_iova(vf, p.tx.buffers), 60, EMUNIC_TX_EOP);
		tx_flush(&p.tx);
		expect(queue_fails(&p.tx, EMUNIC_Q_ERROR_DMA),
		       "Tx area %zu: state %u", i,
		       queue_read(&p.tx, EMUNIC_Q_STATE));
		if (!pair_start(&p))
			return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		queue_stop(&p.rx);
		queue_addr(&p.rx, areas[i], ~0UL << 12);
		queue_start(&p.rx);
		rx_post_all(&p.rx);
		peer_answers(&p, 0);
		expect(queue_fails(&p.rx, EMUNIC_Q_ERROR_DMA),
		       "Rx area %zu: state %u", i,
		       queue_read(&p.rx, EMUNIC_Q_STATE));
		queue_stop(&p.tx);
		if (!pair_start(&p))
			return;
	}
}

/* Memory that the device may read and not write */
static void read_only(struct vf *vf)
{
	u8 *memory = alloc_pages(PAGE), *copy = alloc_pages(PAGE);
	struct pair p;
	int err;

	fill_random(memory, PAGE);
	memcpy(copy, memory, PAGE);
	err = vfio_map(&vf->vfio, memory, READ_ONLY_IOVA, PAGE, false);
	if (!expect(!err, "map: %s", strerror(-err)) || !start_pair(&p, vf))
		return;
	receive_to(&p, READ_ONLY_IOVA);
	queue_stop(&p.tx);
	queue_addr(&p.tx, EMUNIC_Q_CQ_LO, READ_ONLY_IOVA);
	queue_start(&p.tx);
	p.rx.next = p.rx.tail;
	tx_put(&p.tx, READ_ONLY_IOVA, 60, EMUNIC_TX_EOP);
	tx_flush(&p.tx);
	expect(queue_fails(&p.tx, EMUNIC_Q_ERROR_DMA),
	       "completions into read-only memory: state %u",
	       queue_read(&p.tx, EMUNIC_Q_STATE));
	expect(test_dma(vf, READ_ONLY_IOVA, 64, EMUNIC_TEST_DMA_CTRL_WRITE) ==
	       EMUNIC_TEST_DMA_STATUS_FAULT, "test write is no fault");
	expect(!memcmp(memory, copy, PAGE), "read-only memory has changed");
}

/* Across the end of what is mapped, and across the end of the world */
static void edges(struct vf *vf)
{
	u64 end = ARENA_IOVA + ARENA_SIZE;
	struct pair p;

	if (!start_pair(&p, vf))
		return;
	send_from(&p, end - 10, 4000);
	receive_to(&p, end - 10);
	test_at(vf, end - 10);
	send_from(&p, ARENA_IOVA - 10, 64);
	send_from(&p, -10UL, 64);
	send_from(&p, -10UL, 9000);
	test_at(vf, -10UL);
}

/*
 * Memory that was mapped, used, and taken away while the queue runs: what the
 * device has learned of it must be forgotten, and the process, to which the
 * page belongs again, sees no more writes.
 */
static void unmapped_in_use(struct vf *vf)
{
	u8 *memory = alloc_pages(PAGE), *copy = alloc_pages(PAGE);
	struct pair p;
	int err;

	if (!start_pair(&p, vf))
		return;
	for (int i = 0; i < 3; i++) {
		err = vfio_map(&vf->vfio, memory, SPARE_IOVA, PAGE, true);
		if (!expect(!err, "map: %s", strerror(-err)))
			return;
		expect(test_dma(vf, SPARE_IOVA, PAGE,
				EMUNIC_TEST_DMA_CTRL_WRITE) ==
		       EMUNIC_TEST_DMA_STATUS_OK, "memory is not written");
		tx_put(&p.tx, SPARE_IOVA, 60, EMUNIC_TX_EOP);
		tx_flush(&p.tx);
		usleep(10000);
		expect(queue_read(&p.tx, EMUNIC_Q_STATE) ==
		       EMUNIC_Q_STATE_RUNNING, "memory is not read");
		vfio_unmap(&vf->vfio, SPARE_IOVA, PAGE);
		memcpy(copy, memory, PAGE);
		vf_write(vf, EMUNIC_TEST_DMA_SEED, i + 100);
		send_from(&p, SPARE_IOVA, 64);
		receive_to(&p, SPARE_IOVA);
		test_at(vf, SPARE_IOVA);
		expect(!memcmp(memory, copy, PAGE), "written after the unmap");
	}
}

const struct attack dma_attacks[] = {
	{ "dma_unmapped", unmapped, FAULTS },
	{ "dma_victims_buffers", victims_buffers, FAULTS },
	{ "dma_physical_memory", physical_memory, FAULTS },
	{ "dma_own_bar", own_bar, FAULTS },
	{ "dma_own_bar_mapped", own_bar_mapped },
	{ "dma_msi_range", msi_range, MAY_FAULT },
	{ "dma_rings", rings, FAULTS },
	{ "dma_read_only", read_only, FAULTS },
	{ "dma_edges", edges, FAULTS },
	{ "dma_unmapped_in_use", unmapped_in_use, FAULTS },
	{ }
};

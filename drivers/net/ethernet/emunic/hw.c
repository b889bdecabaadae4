// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: registers, and the queue block that all rings share.
 */
#include <linux/io.h>
#include <linux/iopoll.h>

#include "emunic.h"
#include "kunit.h"

/* How long a queue may take to drain, and how often to look (us) */
#define EMUNIC_STOP_TIMEOUT_US	1000000
#define EMUNIC_STOP_POLL_US	50

/**
 * emunic_rd32() - read a register
 * @emu: the function
 * @reg: offset in BAR0
 *
 * The only place that recognises a function which has gone away or is in
 * reset: such a function reads as all ones everywhere, also in ID, which no
 * other function does; and one which has come back.
 *
 * Return: the value; all ones with EMUNIC_STATE_LOST set if the function does
 * not answer
 */
u32 emunic_rd32(struct emunic *emu, u32 reg)
{
	u32 val = readl(emu->regs + reg);
	bool lost;

	lost = unlikely(val == ~0U) && readl(emu->regs + EMUNIC_ID) == ~0U;
	if (unlikely(lost != test_bit(EMUNIC_STATE_LOST, &emu->state)))
		assign_bit(EMUNIC_STATE_LOST, &emu->state, lost);

	return val;
}

/**
 * emunic_wr32() - write a register
 * @emu: the function
 * @reg: offset in BAR0
 * @val: what to write
 */
void emunic_wr32(struct emunic *emu, u32 reg, u32 val)
{
	writel(val, emu->regs + reg);
}

/**
 * emunic_hw_present() - does the function answer?
 * @emu: the function
 *
 * Return: true if the function can be used
 */
bool emunic_hw_present(struct emunic *emu)
{
	return emunic_rd32(emu, EMUNIC_ID) == EMUNIC_ID_MAGIC;
}

/* Takes over what LIMITS says; false if no queue could be run with it */
VISIBLE_IF_KUNIT bool emunic_hw_set_limits(struct emunic *emu, u32 limits)
{
	u32 vectors = FIELD_GET(EMUNIC_LIMITS_VECTORS, limits);
	u32 queues = FIELD_GET(EMUNIC_LIMITS_QUEUES, limits);

	emu->max_queues = vectors ? min3(queues, vectors - 1,
					 (u32)EMUNIC_MAX_QUEUES) : 0;
	emu->ring_log2_min = FIELD_GET(EMUNIC_LIMITS_RING_MIN, limits);
	emu->ring_log2_max = FIELD_GET(EMUNIC_LIMITS_RING_MAX, limits);

	return emu->max_queues && emu->ring_log2_min <= emu->ring_log2_max &&
	       emu->ring_log2_min >= EMUNIC_RING_LOG2_MIN &&
	       emu->ring_log2_max <= EMUNIC_RING_LOG2_MAX;
}

/* Takes over what FUNC says; false if another driver's function would say it */
VISIBLE_IF_KUNIT bool emunic_hw_set_func(struct emunic *emu, u32 func)
{
	u16 vport = FIELD_GET(EMUNIC_FUNC_VPORT, func);

	emu->vport = vport;
	if (!emu->is_vf)
		return !(func & EMUNIC_FUNC_VF) && !vport;

	return (func & EMUNIC_FUNC_VF) && vport && vport <= EMUNIC_MAX_VFS;
}

/**
 * emunic_hw_identify() - check that the driver knows this device
 * @emu: the function, with @regs mapped
 *
 * Fills in what the device says about itself.
 *
 * Return: 0, or -ENODEV
 */
int emunic_hw_identify(struct emunic *emu)
{
	struct device *dev = &emu->pdev->dev;
	u32 limits, version, func, id;

	id = emunic_rd32(emu, EMUNIC_ID);
	if (id != EMUNIC_ID_MAGIC) {
		dev_err(dev, "device does not answer (ID %#x)\n", id);
		return -ENODEV;
	}

	version = emunic_rd32(emu, EMUNIC_VERSION);
	if (FIELD_GET(EMUNIC_VERSION_MAJOR, version) != EMUNIC_ABI_MAJOR) {
		dev_err(dev, "device speaks version %u, driver %u\n",
			FIELD_GET(EMUNIC_VERSION_MAJOR, version),
			EMUNIC_ABI_MAJOR);
		return -ENODEV;
	}

	/* A PF without the policy of its VFs could not keep what it promises */
	if (!emu->is_vf &&
	    FIELD_GET(EMUNIC_VERSION_MINOR, version) < EMUNIC_ABI_MINOR) {
		dev_err(dev, "device speaks version %u.%u, the PF needs %u.%u\n",
			FIELD_GET(EMUNIC_VERSION_MAJOR, version),
			FIELD_GET(EMUNIC_VERSION_MINOR, version),
			EMUNIC_ABI_MAJOR, EMUNIC_ABI_MINOR);
		return -ENODEV;
	}

	func = emunic_rd32(emu, EMUNIC_FUNC);
	if (!emunic_hw_set_func(emu, func)) {
		dev_err(dev, "device id and function %#x disagree\n", func);
		return -ENODEV;
	}

	emu->caps = emunic_rd32(emu, EMUNIC_CAPS);
	if (!(emu->caps & EMUNIC_CAPS_SHADOW)) {
		dev_err(dev, "device has no indexes in memory\n");
		return -ENODEV;
	}

	limits = emunic_rd32(emu, EMUNIC_LIMITS);
	if (!emunic_hw_set_limits(emu, limits)) {
		dev_err(dev, "limits %#x make no sense\n", limits);
		return -ENODEV;
	}

	return 0;
}

/**
 * emunic_hw_reset() - reset everything but the PCI configuration
 * @emu: the function
 *
 * Return: 0, or -ENODEV if the function does not answer afterwards
 */
int emunic_hw_reset(struct emunic *emu)
{
	emunic_wr32(emu, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
	if (!(emunic_rd32(emu, EMUNIC_STATUS) & EMUNIC_STATUS_READY) ||
	    test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	return 0;
}

/**
 * emunic_block_setup() - write the addresses of a stopped queue
 * @emu: the function
 * @block: offset of the queue block
 * @sq: submission ring, 0 if the queue has none
 * @cq: completion ring
 * @shadow: indexes, 0 if the queue has none
 * @log2: log2 of the entries of both rings
 * @vector: vector to raise
 */
void emunic_block_setup(struct emunic *emu, u32 block, dma_addr_t sq,
			dma_addr_t cq, dma_addr_t shadow, u8 log2, u8 vector)
{
	emunic_wr32(emu, block + EMUNIC_Q_SQ_LO, lower_32_bits(sq));
	emunic_wr32(emu, block + EMUNIC_Q_SQ_HI, upper_32_bits(sq));
	emunic_wr32(emu, block + EMUNIC_Q_CQ_LO, lower_32_bits(cq));
	emunic_wr32(emu, block + EMUNIC_Q_CQ_HI, upper_32_bits(cq));
	emunic_wr32(emu, block + EMUNIC_Q_SHADOW_LO, lower_32_bits(shadow));
	emunic_wr32(emu, block + EMUNIC_Q_SHADOW_HI, upper_32_bits(shadow));
	emunic_wr32(emu, block + EMUNIC_Q_SIZE, log2);
	emunic_wr32(emu, block + EMUNIC_Q_VECTOR, vector);
}

/**
 * emunic_block_start() - start a queue whose block and memory are set up
 * @emu: the function
 * @block: offset of the queue block
 *
 * Return: 0; -ENODEV if the function is lost; -EINVAL if the device refused
 */
int emunic_block_start(struct emunic *emu, u32 block)
{
	u32 state;

	emunic_wr32(emu, block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
	state = emunic_rd32(emu, block + EMUNIC_Q_STATE);
	if (state == EMUNIC_Q_STATE_RUNNING)
		return 0;
	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	dev_err(&emu->pdev->dev, "queue %#x does not start, error %u\n", block,
		emunic_rd32(emu, block + EMUNIC_Q_ERROR));
	return -EINVAL;
}

/**
 * emunic_block_runs() - is a queue that was started still running?
 * @emu: the function
 * @block: offset of the queue block
 *
 * Return: false if it stopped by itself, or if the function is lost
 */
bool emunic_block_runs(struct emunic *emu, u32 block)
{
	return emunic_rd32(emu, block + EMUNIC_Q_STATE) ==
	       EMUNIC_Q_STATE_RUNNING;
}

/**
 * emunic_block_stop() - stop a queue and wait until it is drained
 * @emu: the function
 * @block: offset of the queue block
 *
 * When this returns 0 or -ENODEV, the device touches none of the queue's
 * memory any more.
 *
 * Return: 0; -ENODEV if the function is lost; -ETIMEDOUT
 */
int emunic_block_stop(struct emunic *emu, u32 block)
{
	u32 state;
	int err;

	emunic_wr32(emu, block + EMUNIC_Q_CTRL, 0);
	err = read_poll_timeout(emunic_rd32, state,
				state == EMUNIC_Q_STATE_STOPPED ||
				test_bit(EMUNIC_STATE_LOST, &emu->state),
				EMUNIC_STOP_POLL_US, EMUNIC_STOP_TIMEOUT_US,
				false, emu, block + EMUNIC_Q_STATE);
	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: `ethtool -t`, which is also the device's contract test.
 *
 * The online tests leave traffic alone: read-only and test registers, vectors,
 * DMA, link. The offline tests take the data path down: every writable bit of
 * the register table, and a queue of its own that is started, refused and
 * stopped.
 */
#include <linux/dma-mapping.h>
#include <linux/ethtool.h>
#include <linux/iopoll.h>

#include "emunic.h"
#include "queue.h"

#define EMUNIC_TEST_IRQ_TIMEOUT	HZ
#define EMUNIC_TEST_DMA_TIMEOUT_US	1000000
#define EMUNIC_TEST_DMA_POLL_US	100

static int emunic_test_expect(struct emunic *emu, u32 offset, u32 want)
{
	u32 got = emunic_rd32(emu, offset);

	if (got == want)
		return 0;

	netdev_err(emu->netdev, "register %#06x: %#x, expected %#x\n", offset,
		   got, want);
	return -EIO;
}

/* Writes patterns to the writable bits, and ones to the read-only ones */
static int emunic_test_bits(struct emunic *emu, u32 offset, u32 rw)
{
	static const u32 patterns[] = { 0x55555555, 0xaaaaaaaa, 0, ~0U };
	u32 saved = emunic_rd32(emu, offset);
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns) && !err; i++) {
		emunic_wr32(emu, offset, patterns[i]);
		err = emunic_test_expect(emu, offset, (saved & ~rw) |
					 (patterns[i] & rw));
	}
	emunic_wr32(emu, offset, saved);

	return err;
}

/* Constant registers; and the scratch register, which is all writable */
static int emunic_test_registers(struct emunic *emu)
{
	int err = 0;
	size_t i;

	for (i = 0; i < emunic_num_function_regs; i++) {
		const struct emunic_reg *reg = &emunic_function_regs[i];

		if (!emunic_reg_is_here(emu, reg))
			continue;
		if (reg->offset == EMUNIC_TEST_SCRATCH)
			err = emunic_test_bits(emu, reg->offset, reg->rw) ?:
			      err;
		else if (!reg->rw && !reg->w1c &&
			 reg->offset < EMUNIC_FUNC)
			err = emunic_test_expect(emu, reg->offset,
						 reg->reset) ?: err;
	}

	return err;
}

static int emunic_test_ctl_irq(struct emunic *emu)
{
	reinit_completion(&emu->irq_test);
	emunic_wr32(emu, EMUNIC_TEST_IRQ, EMUNIC_VECTOR_CONTROL);
	if (wait_for_completion_timeout(&emu->irq_test,
					EMUNIC_TEST_IRQ_TIMEOUT))
		return 0;

	netdev_err(emu->netdev, "vector 0 does not arrive\n");
	return -ETIMEDOUT;
}

static int emunic_test_queue_irq(struct emunic_queue *q)
{
	unsigned long before = READ_ONCE(q->irqs);
	unsigned long irqs;
	int err;

	emunic_wr32(q->emu, EMUNIC_TEST_IRQ, 1 + q->index);
	err = read_poll_timeout(READ_ONCE, irqs, irqs != before, 100,
				jiffies_to_usecs(EMUNIC_TEST_IRQ_TIMEOUT),
				false, q->irqs);
	if (err)
		netdev_err(q->emu->netdev, "vector %u does not arrive\n",
			   1 + q->index);

	return err;
}

/* Vectors of queue pairs are there while the data path is up */
static int emunic_test_irqs(struct emunic *emu)
{
	int err = emunic_test_ctl_irq(emu);
	int i;

	if (!test_bit(EMUNIC_STATE_UP, &emu->state))
		return err;

	for (i = 0; i < emu->num_queues; i++)
		err = emunic_test_queue_irq(emu->queues[i]) ?: err;

	return err;
}

static int emunic_test_dma_op(struct emunic *emu, dma_addr_t addr, u32 len,
			      u8 seed, u32 op, u32 want)
{
	u32 status;
	int err;

	emunic_wr32(emu, EMUNIC_TEST_DMA_LO, lower_32_bits(addr));
	emunic_wr32(emu, EMUNIC_TEST_DMA_HI, upper_32_bits(addr));
	emunic_wr32(emu, EMUNIC_TEST_DMA_LEN, len);
	emunic_wr32(emu, EMUNIC_TEST_DMA_SEED, seed);
	emunic_wr32(emu, EMUNIC_TEST_DMA_CTRL, op);
	err = read_poll_timeout(emunic_rd32, status,
				status != EMUNIC_TEST_DMA_STATUS_BUSY,
				EMUNIC_TEST_DMA_POLL_US,
				EMUNIC_TEST_DMA_TIMEOUT_US, false, emu,
				EMUNIC_TEST_DMA_STATUS);
	if (!err && status == want)
		return 0;

	netdev_err(emu->netdev, "DMA test %#x of %u bytes: status %u, expected %u\n",
		   op, len, status, want);
	return err ?: -EIO;
}

static int emunic_test_dma_pattern(struct emunic *emu, u8 *buf,
				   dma_addr_t addr, u32 len, u8 seed)
{
	int err;
	u32 i;

	memset(buf, 0, EMUNIC_TEST_DMA_LEN_MAX);
	err = emunic_test_dma_op(emu, addr, len, seed,
				 EMUNIC_TEST_DMA_CTRL_WRITE,
				 EMUNIC_TEST_DMA_STATUS_OK);
	if (err)
		return err;

	for (i = 0; i < EMUNIC_TEST_DMA_LEN_MAX; i++) {
		u8 want = i < len ? (u8)(seed + i) : 0;

		if (buf[i] == want)
			continue;
		netdev_err(emu->netdev, "DMA test: byte %u is %#x, expected %#x\n",
			   i, buf[i], want);
		return -EIO;
	}

	err = emunic_test_dma_op(emu, addr, len, seed,
				 EMUNIC_TEST_DMA_CTRL_CHECK,
				 EMUNIC_TEST_DMA_STATUS_OK);
	if (err)
		return err;

	buf[len - 1] ^= 0x80;
	return emunic_test_dma_op(emu, addr, len, seed,
				  EMUNIC_TEST_DMA_CTRL_CHECK,
				  EMUNIC_TEST_DMA_STATUS_MISMATCH);
}

/* What the device writes arrives, what it reads is right, nonsense is refused */
static int emunic_test_dma(struct emunic *emu)
{
	struct device *dev = &emu->pdev->dev;
	dma_addr_t addr;
	u8 *buf;
	int err;

	buf = dma_alloc_coherent(dev, EMUNIC_TEST_DMA_LEN_MAX, &addr,
				 GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	err = emunic_test_dma_pattern(emu, buf, addr, EMUNIC_TEST_DMA_LEN_MAX,
				      0x5a);
	err = emunic_test_dma_pattern(emu, buf, addr, 1, 0xa5) ?: err;
	err = emunic_test_dma_op(emu, addr, 0, 0, EMUNIC_TEST_DMA_CTRL_WRITE,
				 EMUNIC_TEST_DMA_STATUS_INVALID) ?: err;
	err = emunic_test_dma_op(emu, addr, EMUNIC_TEST_DMA_LEN_MAX + 1, 0,
				 EMUNIC_TEST_DMA_CTRL_WRITE,
				 EMUNIC_TEST_DMA_STATUS_INVALID) ?: err;
	/* Not done yet: the buffer is not ours to free */
	if (emunic_rd32(emu, EMUNIC_TEST_DMA_STATUS) ==
	    EMUNIC_TEST_DMA_STATUS_BUSY)
		emunic_force_reset(emu);
	dma_free_coherent(dev, EMUNIC_TEST_DMA_LEN_MAX, buf, addr);

	return err;
}

static int emunic_test_link(struct emunic *emu)
{
	u32 status = emunic_rd32(emu, EMUNIC_STATUS);

	return status & EMUNIC_STATUS_LINK_UP ? 0 : -ENETDOWN;
}

/* Every writable bit of the function and of each stopped queue */
static int emunic_test_masks(struct emunic *emu)
{
	int err = 0;
	size_t i, q;

	for (i = 0; i < emunic_num_function_regs; i++) {
		const struct emunic_reg *reg = &emunic_function_regs[i];

		/*
		 * ENABLE has effects, the clock is also that of others, who
		 * may be setting it, and causes must go on arriving
		 */
		if (!emunic_reg_is_here(emu, reg) || !reg->rw ||
		    reg->offset == EMUNIC_CTRL ||
		    reg->offset == EMUNIC_CLOCK_RATE ||
		    reg->offset == EMUNIC_CLOCK_ARG_LO ||
		    reg->offset == EMUNIC_CLOCK_ARG_HI ||
		    reg->offset == EMUNIC_CAUSE_MASK)
			continue;
		err = emunic_test_bits(emu, reg->offset, reg->rw) ?: err;
	}

	for (q = 0; q < emu->max_queues; q++) {
		for (i = 0; i < emunic_num_queue_regs; i++) {
			const struct emunic_reg *reg;
			u32 at = q * EMUNIC_Q_STRIDE;

			reg = &emunic_queue_regs[i];
			if (!reg->rw || reg->offset == EMUNIC_Q_CTRL)
				continue;
			err = emunic_test_bits(emu, EMUNIC_TX_BLOCK + at +
					       reg->offset, reg->rw) ?: err;
			err = emunic_test_bits(emu, EMUNIC_RX_BLOCK + at +
					       reg->offset, reg->rw) ?: err;
		}
	}

	return err;
}

/* START of a block that must be refused with @error, or must run */
static int emunic_test_start(struct emunic *emu, u32 block, u32 error)
{
	u32 want = error ? EMUNIC_Q_STATE_ERROR : EMUNIC_Q_STATE_RUNNING;
	int err;

	emunic_wr32(emu, block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
	err = emunic_test_expect(emu, block + EMUNIC_Q_STATE, want);
	err = emunic_test_expect(emu, block + EMUNIC_Q_ERROR, error) ?: err;

	return emunic_block_stop(emu, block) ?: err;
}

/* Bad blocks are refused for the right reason, a good one starts and stops */
static int emunic_test_queue(struct emunic *emu)
{
	struct device *dev = &emu->pdev->dev;
	u8 log2 = emu->ring_log2_min;
	u32 block = EMUNIC_RX_BLOCK;
	dma_addr_t a;
	void *mem;
	int err;

	/* A page each for the rings, one for the shadow */
	mem = dma_alloc_coherent(dev, 3 * EMUNIC_RING_ALIGN, &a, GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	memset(mem, 0, 3 * EMUNIC_RING_ALIGN);

	emunic_block_setup(emu, block, a + 16, a + EMUNIC_RING_ALIGN,
			   a + 2 * EMUNIC_RING_ALIGN, log2, 1);
	err = emunic_test_start(emu, block, EMUNIC_Q_ERROR_ADDRESS);
	emunic_block_setup(emu, block, a, 0, a + 2 * EMUNIC_RING_ALIGN, log2,
			   1);
	err = emunic_test_start(emu, block, EMUNIC_Q_ERROR_ADDRESS) ?: err;
	emunic_block_setup(emu, block, a, a + EMUNIC_RING_ALIGN,
			   a + 2 * EMUNIC_RING_ALIGN, log2 - 1, 1);
	err = emunic_test_start(emu, block, EMUNIC_Q_ERROR_SIZE) ?: err;
	emunic_block_setup(emu, block, a, a + EMUNIC_RING_ALIGN,
			   a + 2 * EMUNIC_RING_ALIGN, log2,
			   EMUNIC_Q_VECTOR_MASK);
	err = emunic_test_start(emu, block, EMUNIC_Q_ERROR_VECTOR) ?: err;
	emunic_block_setup(emu, block, a, a + EMUNIC_RING_ALIGN,
			   a + 2 * EMUNIC_RING_ALIGN, log2, 1);
	err = emunic_test_start(emu, block, EMUNIC_Q_ERROR_NONE) ?: err;

	if (emunic_rd32(emu, block + EMUNIC_Q_STATE) != EMUNIC_Q_STATE_STOPPED)
		emunic_force_reset(emu);
	dma_free_coherent(dev, 3 * EMUNIC_RING_ALIGN, mem, a);
	return err;
}

struct emunic_selftest {
	const char name[ETH_GSTRING_LEN];
	bool offline;
	int (*run)(struct emunic *emu);
};

static const struct emunic_selftest emunic_selftests[] = {
	{ "registers   (online)", false, emunic_test_registers },
	{ "interrupts  (online)", false, emunic_test_irqs },
	{ "dma         (online)", false, emunic_test_dma },
	{ "link        (online)", false, emunic_test_link },
	{ "write masks (offline)", true, emunic_test_masks },
	{ "queue       (offline)", true, emunic_test_queue },
};

/**
 * emunic_selftest_count() - number of tests
 *
 * Return: that
 */
int emunic_selftest_count(void)
{
	return ARRAY_SIZE(emunic_selftests);
}

/**
 * emunic_selftest_strings() - names of the tests
 * @data: ETH_GSTRING_LEN bytes for each
 */
void emunic_selftest_strings(u8 *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emunic_selftests); i++)
		ethtool_puts(&data, emunic_selftests[i].name);
}

static void emunic_selftest_set(struct emunic *emu, struct ethtool_test *test,
				u64 *data, bool offline)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emunic_selftests); i++) {
		if (emunic_selftests[i].offline != offline)
			continue;
		/* The result is an errno, made positive to be readable */
		data[i] = -emunic_selftests[i].run(emu);
		if (data[i])
			test->flags |= ETH_TEST_FL_FAILED;
	}
}

/**
 * emunic_selftest_run() - ethtool_ops.self_test
 * @netdev: the device
 * @test: what to run
 * @data: a result for each test; 0 is good, and what was not run
 */
void emunic_selftest_run(struct net_device *netdev, struct ethtool_test *test,
			 u64 *data)
{
	struct emunic *emu = netdev_priv(netdev);
	bool up = test_bit(EMUNIC_STATE_UP, &emu->state);

	memset(data, 0, ARRAY_SIZE(emunic_selftests) * sizeof(*data));
	if (test_bit(EMUNIC_STATE_RESETTING, &emu->state) ||
	    !emunic_hw_present(emu)) {
		test->flags |= ETH_TEST_FL_FAILED;
		data[0] = ENODEV;
		return;
	}

	emunic_selftest_set(emu, test, data, false);
	if (!(test->flags & ETH_TEST_FL_OFFLINE))
		return;

	emunic_down(emu);
	emunic_selftest_set(emu, test, data, true);
	if (up && emunic_up(emu)) {
		netdev_err(netdev, "not restarted after the test\n");
		test->flags |= ETH_TEST_FL_FAILED;
		emunic_service_request(emu, EMUNIC_SVC_RESTART);
	}
}

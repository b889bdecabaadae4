// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the register table, for `ethtool -d` and `ethtool -t`.
 */
#include "emunic.h"
#include "queue.h"

#define EMUNIC_REG(name, who, reset, rw, w1c) \
	{ EMUNIC_##name, EMUNIC_REG_##who, reset, rw, w1c },
#define EMUNIC_QREG(name, reset, rw) \
	{ EMUNIC_Q_##name, EMUNIC_REG_FUNC, reset, rw, 0 },

/* Registers of a function, PF's and VF's own among them */
const struct emunic_reg emunic_function_regs[] = {
	EMUNIC_FUNCTION_REGS(EMUNIC_REG)
};

/* Registers of a queue block, relative to it */
const struct emunic_reg emunic_queue_regs[] = {
	EMUNIC_QUEUE_REGS(EMUNIC_QREG)
};

const size_t emunic_num_function_regs = ARRAY_SIZE(emunic_function_regs);
const size_t emunic_num_queue_regs = ARRAY_SIZE(emunic_queue_regs);

/**
 * emunic_reg_is_here() - does this kind of function have the register?
 * @emu: the function
 * @reg: the register
 *
 * Return: true if so
 */
bool emunic_reg_is_here(const struct emunic *emu, const struct emunic_reg *reg)
{
	return reg->who == EMUNIC_REG_FUNC ||
	       (reg->who == EMUNIC_REG_VF) == emu->is_vf;
}

/**
 * emunic_regs_count() - number of registers in a dump
 * @emu: the function
 *
 * Return: that
 */
int emunic_regs_count(const struct emunic *emu)
{
	int blocks = 2 * emu->max_queues + (emu->is_vf ? 0 : 2);
	int count = blocks * emunic_num_queue_regs;
	size_t i;

	for (i = 0; i < emunic_num_function_regs; i++)
		count += emunic_reg_is_here(emu, &emunic_function_regs[i]);

	return count;
}

static u32 *emunic_regs_dump_one(struct emunic *emu, u32 *data, u32 offset)
{
	*data++ = offset;
	*data++ = emunic_rd32(emu, offset);

	return data;
}

static u32 *emunic_regs_dump_block(struct emunic *emu, u32 *data, u32 block)
{
	size_t i;

	for (i = 0; i < emunic_num_queue_regs; i++)
		data = emunic_regs_dump_one(emu, data, block +
					    emunic_queue_regs[i].offset);

	return data;
}

/**
 * emunic_regs_dump() - read all registers; none has a side effect
 * @emu: the function
 * @data: an offset and a value for each of emunic_regs_count(): the function's
 *	registers, the blocks of admin queue and event ring (PF), and those of
 *	Tx and Rx of each queue pair
 */
void emunic_regs_dump(struct emunic *emu, u32 *data)
{
	size_t i;

	for (i = 0; i < emunic_num_function_regs; i++) {
		const struct emunic_reg *reg = &emunic_function_regs[i];

		if (emunic_reg_is_here(emu, reg))
			data = emunic_regs_dump_one(emu, data, reg->offset);
	}

	if (!emu->is_vf) {
		data = emunic_regs_dump_block(emu, data, EMUNIC_ADMIN_BLOCK);
		data = emunic_regs_dump_block(emu, data, EMUNIC_EVENT_BLOCK);
	}

	for (i = 0; i < emu->max_queues; i++) {
		u32 at = i * EMUNIC_Q_STRIDE;

		data = emunic_regs_dump_block(emu, data, EMUNIC_TX_BLOCK + at);
		data = emunic_regs_dump_block(emu, data, EMUNIC_RX_BLOCK + at);
	}
}

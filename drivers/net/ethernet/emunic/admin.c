// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the admin queue.
 *
 * Each command is a transaction: it takes a slot, gets a cookie, and its
 * caller sleeps until the completion with that cookie has come, or the queue is
 * closed. It is closed at shutdown, and when the device fails it: by an error of
 * the queue, by a completion that answers nothing, or by a command not answered in
 * time, whose buffer the device may still write to. Then only a reset of the
 * function opens it again, and whoever asks for something until then is refused at
 * once: no more than one command is ever waited for in vain.
 */
#include <linux/dma-mapping.h>

#include "emunic.h"
#include "kunit.h"
#include "pf.h"
#include "ring.h"

#define EMUNIC_ADMIN_TIMEOUT	(5 * HZ)
/* How often to look whether the device is there, and has answered */
#define EMUNIC_ADMIN_POLL	(HZ / 10)
#define EMUNIC_ADMIN_ENTRIES	BIT(EMUNIC_ADMIN_LOG2)
#define EMUNIC_ADMIN_DATA_BYTES	(EMUNIC_ADMIN_SLOTS * EMUNIC_ADMIN_DATA_SIZE)

static_assert(sizeof_field(struct emunic_event, data) <=
	      EMUNIC_ADMIN_DATA_SIZE);
static_assert(sizeof(struct emunic_vport_stats) <= EMUNIC_ADMIN_DATA_SIZE);

static int emunic_admin_errno(u16 status)
{
	switch (status) {
	case EMUNIC_ADMIN_ST_OK:
		return 0;
	case EMUNIC_ADMIN_ST_OPCODE:
		return -EOPNOTSUPP;
	case EMUNIC_ADMIN_ST_VPORT:
		return -ENXIO;
	case EMUNIC_ADMIN_ST_INVALID:
		return -EINVAL;
	case EMUNIC_ADMIN_ST_DMA:
		return -EFAULT;
	case EMUNIC_ADMIN_ST_STALE:
		return -ESTALE;
	case EMUNIC_ADMIN_ST_NO_SPACE:
		return -ENOSPC;
	case EMUNIC_ADMIN_ST_NOT_FOUND:
		return -ENOENT;
	default:
		return -EIO;
	}
}

/* Bytes that a command which succeeds writes to its data buffer */
static u32 emunic_admin_answer_len(const struct emunic_admin_cmd *cmd)
{
	switch (le16_to_cpu(cmd->opcode)) {
	case EMUNIC_ADMIN_VPORT_GET_STATS:
	case EMUNIC_ADMIN_VPORT_GET_POLICY:
	case EMUNIC_ADMIN_PORT_GET_STATS:
		return le32_to_cpu(cmd->data_len);
	default:
		return 0;
	}
}

/* A command is answered once; false for what answers none */
VISIBLE_IF_KUNIT bool emunic_admin_complete(struct emunic_admin *admin,
					    const struct emunic_admin_cpl *cpl)
{
	u32 cookie = le32_to_cpu(cpl->cookie);
	struct emunic_admin_slot *slot;
	u32 i = cookie % EMUNIC_ADMIN_SLOTS;

	slot = &admin->slots[i];
	if (!test_bit(i, admin->used) || slot->cookie != cookie ||
	    slot->err != -EINPROGRESS)
		return false;

	slot->err = emunic_admin_errno(le16_to_cpu(cpl->status));
	if (!slot->err && le32_to_cpu(cpl->result) != slot->answer_len)
		slot->err = -EPROTO;
	complete(&slot->done);

	return true;
}

/* Takes no more commands and fails those under way; with @admin->lock */
VISIBLE_IF_KUNIT void emunic_admin_close(struct emunic_admin *admin)
{
	int i;

	WRITE_ONCE(admin->open, false);
	for_each_set_bit(i, admin->used, EMUNIC_ADMIN_SLOTS) {
		if (admin->slots[i].err != -EINPROGRESS)
			continue;
		admin->slots[i].err = -ENETDOWN;
		complete(&admin->slots[i].done);
	}
}

/* Handles completions: no more than there are commands; with @admin->lock */
VISIBLE_IF_KUNIT void emunic_admin_drain(struct emunic_admin *admin)
{
	while (admin->open && admin->cq_next != admin->tail) {
		const struct emunic_admin_cpl *entry;
		struct emunic_admin_cpl cpl;

		entry = &admin->cpl[admin->cq_next % EMUNIC_ADMIN_ENTRIES];
		if (!emunic_entry_is_new(&entry->flags, admin->cq_next,
					 EMUNIC_ADMIN_LOG2))
			break;
		emunic_take_entry(&cpl, entry, sizeof(cpl));
		admin->cq_next++;
		/* The command that it was for would wait in vain */
		if (!emunic_admin_complete(admin, &cpl))
			emunic_admin_close(admin);
	}
}

/**
 * emunic_admin_irq() - handle completions, or an error of the queue
 * @emu: the PF
 *
 * Context: any; interrupts may be off
 */
void emunic_admin_irq(struct emunic *emu)
{
	struct emunic_admin *admin = &emu->pf->admin;
	unsigned long flags;
	bool failed;

	spin_lock_irqsave(&admin->lock, flags);
	failed = admin->open;
	emunic_admin_drain(admin);
	if (admin->open && !emunic_block_runs(emu, EMUNIC_ADMIN_BLOCK))
		emunic_admin_close(admin);
	failed &= !admin->open;
	spin_unlock_irqrestore(&admin->lock, flags);

	if (failed)
		emunic_pf_failed(emu);
}

/* Takes a slot; -EAGAIN if there is none, -ENETDOWN when closed */
VISIBLE_IF_KUNIT int emunic_admin_take(struct emunic_admin *admin)
{
	unsigned long flags;
	int i;

	spin_lock_irqsave(&admin->lock, flags);
	if (!admin->open) {
		i = -ENETDOWN;
	} else {
		i = find_first_zero_bit(admin->used, EMUNIC_ADMIN_SLOTS);
		if (i < EMUNIC_ADMIN_SLOTS) {
			__set_bit(i, admin->used);
			admin->slots[i].err = -EINPROGRESS;
			/* From now on answers to who had it before are late */
			admin->slots[i].cookie =
				admin->sequence++ * EMUNIC_ADMIN_SLOTS + i;
			reinit_completion(&admin->slots[i].done);
		} else {
			i = -EAGAIN;
		}
	}
	spin_unlock_irqrestore(&admin->lock, flags);

	return i;
}

static void emunic_admin_submit(struct emunic *emu, int i,
				struct emunic_admin_cmd *cmd)
{
	struct emunic_admin *admin = &emu->pf->admin;
	struct emunic_admin_slot *slot = &admin->slots[i];
	unsigned long flags;

	spin_lock_irqsave(&admin->lock, flags);
	if (!admin->open) {
		slot->err = -ENETDOWN;
		complete(&slot->done);
		goto out;
	}

	slot->answer_len = emunic_admin_answer_len(cmd);
	cmd->cookie = cpu_to_le32(slot->cookie);
	admin->cmd[admin->tail % EMUNIC_ADMIN_ENTRIES] = *cmd;
	admin->tail++;
	/* The register write orders the command before the tail */
	emunic_wr32(emu, EMUNIC_ADMIN_TAIL, admin->tail);
out:
	spin_unlock_irqrestore(&admin->lock, flags);
}

/* Waits for the answer, as long as there is a device that may give one */
static bool emunic_admin_sleep(struct emunic *emu,
			       struct emunic_admin_slot *slot)
{
	unsigned long deadline = jiffies + EMUNIC_ADMIN_TIMEOUT;

	while (!wait_for_completion_timeout(&slot->done, EMUNIC_ADMIN_POLL)) {
		if (!emunic_hw_present(emu) || time_after(jiffies, deadline))
			return false;
		/* Without an interrupt each command would take all its time */
		emunic_admin_irq(emu);
	}

	return true;
}

/* Waits for the answer and gives the slot back */
static int emunic_admin_wait(struct emunic *emu, int i, void *data)
{
	struct emunic_admin *admin = &emu->pf->admin;
	struct emunic_admin_slot *slot = &admin->slots[i];
	unsigned long flags;
	int err;

	if (!emunic_admin_sleep(emu, slot))
		emunic_admin_irq(emu);

	spin_lock_irqsave(&admin->lock, flags);
	err = slot->err;
	if (err == -EINPROGRESS) {
		err = -ETIMEDOUT;
		emunic_admin_close(admin);
	} else if (!err && slot->answer_len) {
		memcpy(data, admin->data + i * EMUNIC_ADMIN_DATA_SIZE,
		       slot->answer_len);
	}
	__clear_bit(i, admin->used);
	spin_unlock_irqrestore(&admin->lock, flags);
	wake_up(&admin->wait);

	return err;
}

/**
 * emunic_admin_exec() - run a command and wait for its completion
 * @emu: the PF
 * @opcode: EMUNIC_ADMIN_*
 * @vport: whose
 * @arg: argument, @arg_len bytes
 * @arg_len: at most 40
 * @data: data buffer, copied to the device before, and back after success if
 *	the command has an answer
 * @data_len: at most EMUNIC_ADMIN_DATA_SIZE; 0 for none
 *
 * Context: sleeps
 * Return: 0; the completion's status as an errno; -EPROTO for an answer of
 *	another length; -ENETDOWN when the queue is closed; -ENODEV if the
 *	function is lost; -ETIMEDOUT
 */
int emunic_admin_exec(struct emunic *emu, u16 opcode, u16 vport,
		      const void *arg, size_t arg_len, void *data,
		      size_t data_len)
{
	struct emunic_admin *admin = &emu->pf->admin;
	struct emunic_admin_cmd cmd = {
		.opcode = cpu_to_le16(opcode),
		.vport = cpu_to_le16(vport),
	};
	dma_addr_t addr;
	int slot, err;

	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	wait_event(admin->wait,
		   (slot = emunic_admin_take(admin)) != -EAGAIN);
	if (slot < 0)
		return slot;

	if (arg_len)
		memcpy(cmd.arg, arg, arg_len);
	if (data_len) {
		memcpy(admin->data + slot * EMUNIC_ADMIN_DATA_SIZE, data,
		       data_len);
		addr = admin->data_dma + slot * EMUNIC_ADMIN_DATA_SIZE;
		cmd.data_addr = cpu_to_le64(addr);
		cmd.data_len = cpu_to_le32(data_len);
	}
	emunic_admin_submit(emu, slot, &cmd);

	err = emunic_admin_wait(emu, slot, data);
	if (err == -ETIMEDOUT) {
		if (!emunic_hw_present(emu))
			err = -ENODEV;
		else
			dev_err(&emu->pdev->dev,
				"admin command %#x not answered\n", opcode);
		emunic_pf_failed(emu);
	}
	if (err)
		emu->events.ctl_errors++;

	return err;
}

/**
 * emunic_admin_start() - start the queue on a PF that was reset
 * @emu: the PF
 *
 * Return: 0 or an errno
 */
int emunic_admin_start(struct emunic *emu)
{
	struct emunic_admin *admin = &emu->pf->admin;
	int err;

	memset(admin->cpl, 0, EMUNIC_ADMIN_ENTRIES * sizeof(*admin->cpl));
	admin->tail = 0;
	admin->cq_next = 0;
	bitmap_zero(admin->used, EMUNIC_ADMIN_SLOTS);

	emunic_block_setup(emu, EMUNIC_ADMIN_BLOCK, admin->cmd_dma,
			   admin->cpl_dma, 0, EMUNIC_ADMIN_LOG2,
			   EMUNIC_VECTOR_CONTROL);
	err = emunic_block_start(emu, EMUNIC_ADMIN_BLOCK);
	if (err)
		return err;

	spin_lock_irq(&admin->lock);
	WRITE_ONCE(admin->open, true);
	spin_unlock_irq(&admin->lock);

	return 0;
}

/**
 * emunic_admin_is_open() - are commands taken?
 * @emu: the PF
 *
 * Return: true if so
 */
bool emunic_admin_is_open(const struct emunic *emu)
{
	return READ_ONCE(emu->pf->admin.open);
}

/**
 * emunic_admin_stop() - fail the commands under way and stop the queue
 * @emu: the PF; the device may be gone
 *
 * On return nobody uses a slot any more.
 */
void emunic_admin_stop(struct emunic *emu)
{
	struct emunic_admin *admin = &emu->pf->admin;

	spin_lock_irq(&admin->lock);
	emunic_admin_close(admin);
	spin_unlock_irq(&admin->lock);

	wake_up_all(&admin->wait);
	wait_event(admin->wait,
		   bitmap_empty(admin->used, EMUNIC_ADMIN_SLOTS));
	emunic_block_stop(emu, EMUNIC_ADMIN_BLOCK);
}

/**
 * emunic_admin_init() - memory of the admin queue
 * @emu: the PF
 *
 * Return: 0 or -ENOMEM
 */
int emunic_admin_init(struct emunic *emu)
{
	struct emunic_admin *admin = &emu->pf->admin;
	struct device *dev = &emu->pdev->dev;
	int i;

	spin_lock_init(&admin->lock);
	init_waitqueue_head(&admin->wait);
	for (i = 0; i < EMUNIC_ADMIN_SLOTS; i++)
		init_completion(&admin->slots[i].done);

	admin->cmd = dma_alloc_coherent(dev, EMUNIC_ADMIN_ENTRIES *
					sizeof(*admin->cmd), &admin->cmd_dma,
					GFP_KERNEL);
	admin->cpl = dma_alloc_coherent(dev, EMUNIC_ADMIN_ENTRIES *
					sizeof(*admin->cpl), &admin->cpl_dma,
					GFP_KERNEL);
	admin->data = dma_alloc_coherent(dev, EMUNIC_ADMIN_DATA_BYTES,
					 &admin->data_dma, GFP_KERNEL);
	if (!admin->cmd || !admin->cpl || !admin->data) {
		emunic_admin_release(emu);
		return -ENOMEM;
	}

	return 0;
}

/**
 * emunic_admin_release() - free the memory of the admin queue
 * @emu: the PF, the queue stopped
 */
void emunic_admin_release(struct emunic *emu)
{
	struct emunic_admin *admin = &emu->pf->admin;
	struct device *dev = &emu->pdev->dev;

	if (admin->data)
		dma_free_coherent(dev, EMUNIC_ADMIN_DATA_BYTES, admin->data,
				  admin->data_dma);
	if (admin->cpl)
		dma_free_coherent(dev, EMUNIC_ADMIN_ENTRIES *
				  sizeof(*admin->cpl), admin->cpl,
				  admin->cpl_dma);
	if (admin->cmd)
		dma_free_coherent(dev, EMUNIC_ADMIN_ENTRIES *
				  sizeof(*admin->cmd), admin->cmd,
				  admin->cmd_dma);
}

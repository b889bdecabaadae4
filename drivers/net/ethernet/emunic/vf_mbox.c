// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the VF's side of the mailbox.
 */
#include <linux/unaligned.h>

#include "emunic.h"
#include "kunit.h"
#include "vf_mbox.h"

/* How long the PF may take, and how often to look without an interrupt */
#define EMUNIC_MBOX_TIMEOUT	(3 * HZ)
#define EMUNIC_MBOX_POLL	(HZ / 20)

static int emunic_vf_status_errno(u16 status)
{
	switch (status) {
	case EMUNIC_MBOX_ST_OK:
		return 0;
	case EMUNIC_MBOX_ST_OPCODE:
		return -EOPNOTSUPP;
	case EMUNIC_MBOX_ST_PERM:
		return -EPERM;
	case EMUNIC_MBOX_ST_INVALID:
		return -EINVAL;
	case EMUNIC_MBOX_ST_QUOTA:
		return -ENOSPC;
	case EMUNIC_MBOX_ST_VERSION:
		return -EPROTONOSUPPORT;
	case EMUNIC_MBOX_ST_LENGTH:
	case EMUNIC_MBOX_ST_STATE:
		return -EPROTO;
	default:
		return -EIO;
	}
}

/**
 * emunic_vf_mbox_wake() - CAUSE.MBOX came
 * @emu: the VF
 *
 * Context: hard interrupt
 */
void emunic_vf_mbox_wake(struct emunic *emu)
{
	WRITE_ONCE(emu->vf->woken, true);
	wake_up(&emu->vf->wait);
}

/* Sleeps until an interrupt or for a while; then reads the status */
static u32 emunic_vf_mbox_sleep(struct emunic *emu)
{
	struct emunic_vf *vf = emu->vf;

	wait_event_timeout(vf->wait, READ_ONCE(vf->woken), EMUNIC_MBOX_POLL);
	WRITE_ONCE(vf->woken, false);

	return emunic_rd32(emu, EMUNIC_MBOX_STATUS);
}

static void emunic_vf_mbox_write(struct emunic *emu, u16 opcode,
				 const void *req, size_t len)
{
	u8 buf[EMUNIC_MBOX_WINDOW_SIZE] = {};
	struct emunic_mbox_hdr hdr = {
		.opcode = cpu_to_le16(opcode),
		.len = cpu_to_le16(len),
	};
	size_t i;

	memcpy(buf, &hdr, sizeof(hdr));
	if (len)
		memcpy(buf + sizeof(hdr), req, len);
	len += sizeof(hdr);

	for (i = 0; i < len; i += 4)
		emunic_wr32(emu, EMUNIC_MBOX_REQUEST + i,
			    get_unaligned_le32(buf + i));
	emunic_wr32(emu, EMUNIC_MBOX_LEN, len);
}

/* What MBOX_STATUS says of a request that was sent; -EINPROGRESS: go on */
VISIBLE_IF_KUNIT int emunic_vf_mbox_state(u32 status)
{
	switch (FIELD_GET(EMUNIC_MBOX_STATUS_STATE, status)) {
	case EMUNIC_MBOX_STATE_DONE:
		return 0;
	case EMUNIC_MBOX_STATE_BUSY:
		return -EINPROGRESS;
	case EMUNIC_MBOX_STATE_FAILED:
		return FIELD_GET(EMUNIC_MBOX_STATUS_ERROR, status) ==
		       EMUNIC_MBOX_ERROR_NO_PF ? -ENOTCONN : -EIO;
	default:
		/* A reset took the request away */
		return -ECONNRESET;
	}
}

/*
 * Is a message the reply to a request of @opcode, and a good one? 0; the PF's
 * status as an errno; -EPROTO for what no sound PF sends
 */
VISIBLE_IF_KUNIT int emunic_vf_mbox_check(const void *msg, size_t len,
					  u16 opcode, size_t payload)
{
	struct emunic_mbox_hdr hdr;
	int err;

	if (len < sizeof(hdr))
		return -EPROTO;

	memcpy(&hdr, msg, sizeof(hdr));
	if (le16_to_cpu(hdr.opcode) != opcode ||
	    le16_to_cpu(hdr.len) != len - sizeof(hdr))
		return -EPROTO;

	err = emunic_vf_status_errno(le16_to_cpu(hdr.status));
	if (err)
		return err;

	return len - sizeof(hdr) == payload ? 0 : -EPROTO;
}

static int emunic_vf_mbox_read(struct emunic *emu, u16 opcode, void *reply,
			       size_t reply_len)
{
	u8 buf[EMUNIC_MBOX_WINDOW_SIZE];
	size_t i, len;
	int err;

	len = emunic_rd32(emu, EMUNIC_MBOX_REPLY_LEN);
	if (len > sizeof(buf))
		return -EPROTO;

	for (i = 0; i < len; i += 4)
		put_unaligned_le32(emunic_rd32(emu, EMUNIC_MBOX_REPLY + i),
				   buf + i);
	/* A reset clears the window: what was read is whole only without one */
	if (emunic_vf_mbox_state(emunic_rd32(emu, EMUNIC_MBOX_STATUS)))
		return -ECONNRESET;

	err = emunic_vf_mbox_check(buf, len, opcode, reply_len);
	if (!err && reply_len)
		memcpy(reply, buf + sizeof(struct emunic_mbox_hdr), reply_len);

	return err;
}

/*
 * Sends once the credit is here: a cancelled request may still hold it. To SEND
 * without would be an offence, and an answer that comes meanwhile would look
 * like a reset.
 */
static int emunic_vf_mbox_send(struct emunic *emu, unsigned long deadline,
			       u32 *status)
{
	*status = emunic_rd32(emu, EMUNIC_MBOX_STATUS);
	while (!(*status & EMUNIC_MBOX_STATUS_CREDIT)) {
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		*status = emunic_vf_mbox_sleep(emu);
	}
	/* Which a function that is lost has, too */
	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	WRITE_ONCE(emu->vf->woken, false);
	emunic_wr32(emu, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
	*status = emunic_rd32(emu, EMUNIC_MBOX_STATUS);

	return 0;
}

/* Waits for the end of the request; 0 when a reply can be read */
static int emunic_vf_mbox_wait(struct emunic *emu, unsigned long deadline,
			       u32 status)
{
	while (true) {
		int err;

		if (test_bit(EMUNIC_STATE_LOST, &emu->state))
			return -ENODEV;
		err = emunic_vf_mbox_state(status);
		if (err != -EINPROGRESS)
			return err;

		if (time_after(jiffies, deadline)) {
			emunic_wr32(emu, EMUNIC_MBOX_CTRL,
				    EMUNIC_MBOX_CTRL_CANCEL);
			return -ETIMEDOUT;
		}
		status = emunic_vf_mbox_sleep(emu);
	}
}

/**
 * emunic_vf_request() - ask the PF for something and wait for the answer
 * @emu: the VF
 * @opcode: EMUNIC_MBOX_OP_*
 * @req: payload, @req_len bytes
 * @req_len: length of @req
 * @reply: payload of the reply, @reply_len bytes exactly
 * @reply_len: length of @reply
 *
 * Context: sleeps, for EMUNIC_MBOX_TIMEOUT at most
 * Return: 0; the PF's status as an errno; -ENOTCONN without a PF; -ECONNRESET
 *	after a reset; -ENODEV if the function is lost; -ETIMEDOUT
 */
int emunic_vf_request(struct emunic *emu, u16 opcode, const void *req,
		      size_t req_len, void *reply, size_t reply_len)
{
	unsigned long deadline = jiffies + EMUNIC_MBOX_TIMEOUT;
	struct emunic_vf *vf = emu->vf;
	u32 status;
	int err;

	mutex_lock(&vf->lock);
	emunic_vf_mbox_write(emu, opcode, req, req_len);
	err = emunic_vf_mbox_send(emu, deadline, &status);
	if (!err)
		err = emunic_vf_mbox_wait(emu, deadline, status);
	if (!err)
		err = emunic_vf_mbox_read(emu, opcode, reply, reply_len);
	if (err)
		emu->events.ctl_errors++;
	/* Do not wait for each request in turn: the service work asks again */
	if (err == -ETIMEDOUT)
		clear_bit(EMUNIC_STATE_CTL_READY, &emu->state);
	mutex_unlock(&vf->lock);

	return err;
}

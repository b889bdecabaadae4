/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: the VF's part: its mailbox and what the PF told it.
 */
#ifndef EMUNIC_VF_MBOX_H
#define EMUNIC_VF_MBOX_H

#include <linux/mutex.h>
#include <linux/wait.h>

#include "emunic.h"

/**
 * struct emunic_vf - the VF's own data
 * @lock: one request at a time; the mailbox registers
 * @wait: for the end of the request
 * @woken: CAUSE.MBOX came
 * @config: the PF's answer to GET_CONFIG; RTNL
 * @minor: minor version of the mailbox agreed upon; RTNL
 * @caps: EMUNIC_MBOX_CAP_* granted; RTNL
 * @silent: a failure to reach the PF was logged; RTNL
 */
struct emunic_vf {
	struct mutex lock;	/* one request at a time */
	wait_queue_head_t wait;
	bool woken;
	struct emunic_mbox_config config;
	u16 minor;
	u32 caps;
	bool silent;
};

int emunic_vf_request(struct emunic *emu, u16 opcode, const void *req,
		      size_t req_len, void *reply, size_t reply_len);

#endif /* EMUNIC_VF_MBOX_H */

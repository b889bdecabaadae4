// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: transport of VF messages on the PF's side.
 *
 * Who sent a message is what the device stamped on the event; the message
 * itself is only looked at by the dispatcher.
 */
#include "emunic.h"
#include "pf.h"

static_assert(sizeof_field(struct emunic_event, data) ==
	      EMUNIC_MBOX_WINDOW_SIZE);

static int emunic_pf_mbox_reply(struct emunic *emu, u16 vport,
				const struct emunic_event *event,
				void *reply, size_t len)
{
	struct emunic_admin_reply arg = {
		.epoch = event->epoch,
		.tag = event->tag,
	};
	int err;

	err = emunic_admin_exec(emu, EMUNIC_ADMIN_VF_REPLY, vport, &arg,
				sizeof(arg), reply, len);
	/* Stale: the VF was reset or gave up meanwhile; not enabled: it went */
	if (err && err != -ESTALE && err != -ENXIO && err != -ENETDOWN)
		dev_err_ratelimited(&emu->pdev->dev, "reply to vport %u: %pe\n",
				    vport, ERR_PTR(err));

	return err;
}

/**
 * emunic_pf_mbox_event() - answer a request of a VF
 * @emu: the PF
 * @event: VF_MSG, copied out of the ring
 *
 * Context: event work
 */
void emunic_pf_mbox_event(struct emunic *emu, const struct emunic_event *event)
{
	u16 vport = le16_to_cpu(event->vport);
	u8 reply[EMUNIC_MBOX_WINDOW_SIZE] = {};
	struct emunic_vf_rec *rec;
	size_t len;
	int err;

	len = min_t(size_t, le16_to_cpu(event->len), sizeof(event->data));
	rec = emunic_vf_rec_get(emu, vport - 1);
	if (rec)
		mutex_lock(&rec->lock);
	len = emunic_pf_mbox_dispatch(emu, rec, event->data, len, reply);
	err = emunic_pf_mbox_reply(emu, vport, event, reply, len);
	if (err == -ESTALE)
		emu->pf->counters.vf_stale++;
	if (rec) {
		if (err == -ESTALE)
			rec->state.stale = true;
		mutex_unlock(&rec->lock);
		emunic_vf_rec_put(rec);
	}
}

/**
 * emunic_pf_mbox_notify() - set bits of a VF's CAUSE
 * @emu: the PF
 * @id: number of the VF
 * @cause: EMUNIC_CAUSE_POLICY or EMUNIC_CAUSE_RESET_IMPENDING
 *
 * A VF that does not hear it finds out at its next probe or reset.
 */
void emunic_pf_mbox_notify(struct emunic *emu, u16 id, u32 cause)
{
	struct emunic_admin_notify arg = {
		.cause = cpu_to_le32(cause),
	};

	emunic_admin_exec(emu, EMUNIC_ADMIN_VF_NOTIFY, id + 1, &arg,
			  sizeof(arg), NULL, 0);
}

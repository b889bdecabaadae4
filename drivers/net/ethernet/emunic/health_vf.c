// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the PF's health reporter of misbehaving VFs.
 *
 * The device and the PF's driver have refused what a VF tried before this file
 * hears of it; here it is counted, told, and can be ended by a reset of the VF.
 */
#include <linux/timekeeping.h>

#include "emunic.h"
#include "devlink.h"
#include "pf.h"

/* The VF that is being reported */
struct emunic_offence_ctx {
	u16 vf;
};

static const char *emunic_offence_name(u32 kind)
{
	switch (kind) {
	case EMUNIC_OFFENCE_SPOOF:
		return "spoofed frame";
	case EMUNIC_OFFENCE_VLAN:
		return "tagged frame in a port VLAN";
	case EMUNIC_OFFENCE_MALFORMED:
		return "malformed descriptor";
	case EMUNIC_OFFENCE_MBOX:
		return "misused mailbox";
	case EMUNIC_OFFENCE_QUEUE:
		return "queue error";
	case EMUNIC_OFFENCE_MESSAGE:
		return "refused message";
	default:
		/* A later minor version of the device may have more */
		return "unknown";
	}
}

static enum emunic_offence_source emunic_offence_source(u32 kind)
{
	switch (kind) {
	case EMUNIC_OFFENCE_QUEUE:
		return EMUNIC_OFFENCES_QUEUES;
	case EMUNIC_OFFENCE_MESSAGE:
		return EMUNIC_OFFENCES_MESSAGES;
	default:
		return EMUNIC_OFFENCES_DEVICE;
	}
}

static u64 emunic_offences_sum(const struct emunic_vf_offences *vf)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < EMUNIC_NUM_OFFENCES; i++)
		sum += vf->total[i];

	return sum;
}

static struct emunic_vf_offences
emunic_offences_get(struct emunic_health *health, u16 vf)
{
	struct emunic_vf_offences copy;

	spin_lock(&health->vf_lock);
	copy = health->vfs[vf];
	spin_unlock(&health->vf_lock);

	return copy;
}

/**
 * emunic_health_vf_offence() - note that a VF broke a rule
 * @emu: the PF
 * @vf: number of the VF
 * @kind: EMUNIC_OFFENCE_*
 * @total: how often, of all that is counted where this is counted
 *
 * Context: process; the VF's record may be locked
 */
void emunic_health_vf_offence(struct emunic *emu, u16 vf, u32 kind, u64 total)
{
	struct emunic_health *health = emunic_health(emu);
	struct emunic_vf_offences *of;

	if (vf >= health->num_vfs)
		return;

	spin_lock(&health->vf_lock);
	of = &health->vfs[vf];
	of->total[emunic_offence_source(kind)] = total;
	of->last_kind = kind;
	of->last_time = ktime_get_real_seconds();
	of->news = true;
	of->offender = true;
	spin_unlock(&health->vf_lock);

	emunic_health_kick(emu);
}

/**
 * emunic_health_vfs_gone() - forget the offences of VFs that were disabled
 * @emu: the PF; no VF is enabled, no event of one is left
 */
void emunic_health_vfs_gone(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	spin_lock(&health->vf_lock);
	memset(health->vfs, 0, health->num_vfs * sizeof(*health->vfs));
	health->vfs_gone = true;
	spin_unlock(&health->vf_lock);

	emunic_health_kick(emu);
}

static bool emunic_vfs_were_disabled(struct emunic_health *health)
{
	bool gone;

	spin_lock(&health->vf_lock);
	gone = health->vfs_gone;
	health->vfs_gone = false;
	spin_unlock(&health->vf_lock);

	return gone;
}

/* True with a copy in @of if there is something new to tell of a VF */
static bool emunic_offences_take(struct emunic_health *health, u16 vf,
				 struct emunic_vf_offences *of)
{
	spin_lock(&health->vf_lock);
	*of = health->vfs[vf];
	health->vfs[vf].news = false;
	spin_unlock(&health->vf_lock);

	return of->news;
}

/**
 * emunic_health_vf_report() - report what was noted of VFs
 * @emu: the PF
 *
 * Context: the health work
 */
void emunic_health_vf_report(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);
	struct emunic_vf_offences of;
	struct emunic_offence_ctx ctx;
	char msg[64];

	if (emunic_vfs_were_disabled(health))
		devlink_health_reporter_state_update(health->vf,
						     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);

	for (ctx.vf = 0; ctx.vf < health->num_vfs; ctx.vf++) {
		if (!emunic_offences_take(health, ctx.vf, &of))
			continue;
		snprintf(msg, sizeof(msg), "VF %u: %s, %llu offences", ctx.vf,
			 emunic_offence_name(of.last_kind),
			 emunic_offences_sum(&of));
		dev_warn_ratelimited(&emu->pdev->dev, "%s\n", msg);
		devlink_health_report(health->vf, msg, &ctx);
	}
}

static int emunic_vf_recover_one(struct emunic *emu, u16 vf,
				 struct netlink_ext_ack *extack)
{
	struct emunic_health *health = emunic_health(emu);
	int err;

	if (!emunic_offences_get(health, vf).offender)
		return 0;

	err = emunic_admin_exec(emu, EMUNIC_ADMIN_VF_RESET, vf + 1, NULL, 0,
				NULL, 0);
	/* It was disabled meanwhile */
	if (err && err != -ENXIO) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "VF %u was not reset", vf);
		return err;
	}

	spin_lock(&health->vf_lock);
	health->vfs[vf].offender = false;
	spin_unlock(&health->vf_lock);

	return 0;
}

/* By the work: the VF that is reported; by a user: all offenders */
static int emunic_vf_recover(struct devlink_health_reporter *reporter,
			     void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct emunic *emu = devlink_health_reporter_priv(reporter);
	const struct emunic_offence_ctx *ctx = priv_ctx;
	int err = 0;
	u16 vf;

	if (ctx)
		return emunic_vf_recover_one(emu, ctx->vf, extack);

	for (vf = 0; vf < emunic_health(emu)->num_vfs; vf++)
		err = emunic_vf_recover_one(emu, vf, extack) ?: err;

	return err;
}

static void emunic_fmsg_offences(struct devlink_fmsg *fmsg, u16 vf,
				 const struct emunic_vf_offences *of)
{
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_u32_pair_put(fmsg, "vf", vf);
	devlink_fmsg_u64_pair_put(fmsg, "by_device",
				  of->total[EMUNIC_OFFENCES_DEVICE]);
	devlink_fmsg_u64_pair_put(fmsg, "queue_errors",
				  of->total[EMUNIC_OFFENCES_QUEUES]);
	devlink_fmsg_u64_pair_put(fmsg, "refused_messages",
				  of->total[EMUNIC_OFFENCES_MESSAGES]);
	devlink_fmsg_string_pair_put(fmsg, "last_kind",
				     emunic_offence_name(of->last_kind));
	devlink_fmsg_u64_pair_put(fmsg, "last_time", of->last_time);
	devlink_fmsg_bool_pair_put(fmsg, "offender", of->offender);
	devlink_fmsg_obj_nest_end(fmsg);
}

static void emunic_fmsg_last(struct devlink_fmsg *fmsg, u16 vf,
			     const struct emunic_vf_offences *of)
{
	if (!of->last_kind)
		return;

	devlink_fmsg_u32_pair_put(fmsg, "last_vf", vf);
	devlink_fmsg_string_pair_put(fmsg, "last_kind",
				     emunic_offence_name(of->last_kind));
	devlink_fmsg_u64_pair_put(fmsg, "last_time", of->last_time);
}

static int emunic_vf_diagnose(struct devlink_health_reporter *reporter,
			      struct devlink_fmsg *fmsg,
			      struct netlink_ext_ack *extack)
{
	struct emunic *emu = devlink_health_reporter_priv(reporter);
	struct emunic_health *health = emunic_health(emu);
	struct emunic_vf_offences of, last = {};
	u16 vf, last_vf = 0;
	u64 sum = 0;

	devlink_fmsg_arr_pair_nest_start(fmsg, "vfs");
	for (vf = 0; vf < health->num_vfs; vf++) {
		of = emunic_offences_get(health, vf);
		if (!of.last_kind)
			continue;
		emunic_fmsg_offences(fmsg, vf, &of);
		sum += emunic_offences_sum(&of);
		if (of.last_time < last.last_time)
			continue;
		last = of;
		last_vf = vf;
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);

	devlink_fmsg_u64_pair_put(fmsg, "offences", sum);
	emunic_fmsg_last(fmsg, last_vf, &last);

	return 0;
}

/**
 * emunic_health_vf_init() - make the reporter of VFs
 * @emu: the PF
 *
 * Context: devlink instance lock
 * Return: 0 or an errno
 */
int emunic_health_vf_init(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	spin_lock_init(&health->vf_lock);
	health->num_vfs = pci_sriov_get_totalvfs(emu->pdev);
	health->vfs = kvcalloc(health->num_vfs, sizeof(*health->vfs),
			       GFP_KERNEL);
	if (!health->vfs)
		return -ENOMEM;

	/*
	 * An offence is refused where it happens, and a guest may commit some
	 * without meaning harm: a VF is reset because of them only by an
	 * administrator, or when one has set auto_recover. The core sets it for
	 * reporters that can recover when they are made.
	 */
	health->vf_ops.name = "vf";
	health->vf_ops.diagnose = emunic_vf_diagnose;
	health->vf = devl_health_reporter_create(emu->devlink, &health->vf_ops,
						 emu);
	if (IS_ERR(health->vf)) {
		kvfree(health->vfs);
		return PTR_ERR(health->vf);
	}
	health->vf_ops.recover = emunic_vf_recover;

	return 0;
}

/**
 * emunic_health_vf_release() - undo emunic_health_vf_init()
 * @emu: the PF
 */
void emunic_health_vf_release(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	devl_health_reporter_destroy(health->vf);
	kvfree(health->vfs);
}

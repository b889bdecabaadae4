// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the PF's health reporter of its control path.
 *
 * The service work resets a function whose control path has failed, whatever
 * becomes of the report.
 */
#include "emunic.h"
#include "devlink.h"
#include "pf.h"

static int emunic_ctl_recover(struct devlink_health_reporter *reporter,
			      void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct emunic *emu = devlink_health_reporter_priv(reporter);

	/* The core asks for a user only while an error is not recovered from */
	if (!priv_ctx)
		emunic_service_request(emu, EMUNIC_SVC_RESET);

	return 0;
}

static int emunic_ctl_diagnose(struct devlink_health_reporter *reporter,
			       struct devlink_fmsg *fmsg,
			       struct netlink_ext_ack *extack)
{
	struct emunic *emu = devlink_health_reporter_priv(reporter);

	devlink_fmsg_bool_pair_put(fmsg, "commands",
				   emunic_admin_is_open(emu));
	devlink_fmsg_bool_pair_put(fmsg, "admin_queue",
				   emunic_block_runs(emu, EMUNIC_ADMIN_BLOCK));
	devlink_fmsg_bool_pair_put(fmsg, "event_ring",
				   emunic_block_runs(emu, EMUNIC_EVENT_BLOCK));
	devlink_fmsg_bool_pair_put(fmsg, "events_in_order",
				   !READ_ONCE(emu->pf->event.broken));

	return 0;
}

static const struct devlink_health_reporter_ops emunic_ctl_reporter_ops = {
	.name		= "ctl",
	.recover	= emunic_ctl_recover,
	.diagnose	= emunic_ctl_diagnose,
};

/**
 * emunic_health_ctl_failed() - note that the control path ended by itself
 * @emu: the PF
 *
 * Context: any
 */
void emunic_health_ctl_failed(struct emunic *emu)
{
	atomic_set(&emunic_health(emu)->ctl_back, false);
	atomic_set(&emunic_health(emu)->ctl_failed, true);
	emunic_health_kick(emu);
}

/**
 * emunic_health_ctl_restarted() - note that the control path runs again
 * @emu: the PF
 *
 * Context: any
 */
void emunic_health_ctl_restarted(struct emunic *emu)
{
	atomic_set(&emunic_health(emu)->ctl_back, true);
	emunic_health_kick(emu);
}

/**
 * emunic_health_ctl_report() - report what was noted of the control path
 * @emu: the PF
 *
 * Context: the health work
 */
void emunic_health_ctl_report(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	if (atomic_xchg(&health->ctl_failed, false))
		devlink_health_report(health->ctl, "control path failed", emu);
	/* Nobody has to recover what the service work has */
	if (atomic_xchg(&health->ctl_back, false))
		devlink_health_reporter_state_update(health->ctl,
						     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
}

/**
 * emunic_health_ctl_init() - make the reporter of the control path
 * @emu: the PF
 *
 * Context: devlink instance lock
 * Return: 0 or an errno
 */
int emunic_health_ctl_init(struct emunic *emu)
{
	struct emunic_health *health = emunic_health(emu);

	health->ctl = devl_health_reporter_create(emu->devlink,
						  &emunic_ctl_reporter_ops,
						  emu);

	return PTR_ERR_OR_ZERO(health->ctl);
}

/**
 * emunic_health_ctl_release() - undo emunic_health_ctl_init()
 * @emu: the PF
 */
void emunic_health_ctl_release(struct emunic *emu)
{
	devl_health_reporter_destroy(emunic_health(emu)->ctl);
}

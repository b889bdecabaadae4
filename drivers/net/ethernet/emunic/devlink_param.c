// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: devlink parameters.
 */
#include <linux/rtnetlink.h>

#include "emunic.h"
#include "devlink.h"

enum emunic_param_id {
	EMUNIC_PARAM_MBOX_MINOR = DEVLINK_PARAM_GENERIC_ID_MAX + 1,
};

static int emunic_mbox_minor_get(struct devlink *devlink, u32 id,
				 struct devlink_param_gset_ctx *ctx,
				 struct netlink_ext_ack *extack)
{
	struct emunic_devlink *dl = devlink_priv(devlink);

	ctx->val.vu8 = READ_ONCE(dl->emu->mbox_minor);
	return 0;
}

EMUNIC_DEFINE_PARAM_GET(emunic_mbox_minor_get)

/*
 * The highest minor version of the mailbox to speak. The PF's holds for a VF
 * when it next asks; a VF asks at once. While the VF is in a reset, or its PF
 * away, the end of that is when it asks.
 */
static int emunic_mbox_minor_set(struct devlink *devlink, u32 id,
				 struct devlink_param_gset_ctx *ctx,
				 struct netlink_ext_ack *extack)
{
	struct emunic_devlink *dl = devlink_priv(devlink);
	struct emunic *emu = dl->emu;

	if (ctx->val.vu8 > EMUNIC_MBOX_VERSION_MINOR) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "Highest minor version is %u",
				       EMUNIC_MBOX_VERSION_MINOR);
		return -ERANGE;
	}

	rtnl_lock();
	WRITE_ONCE(emu->mbox_minor, ctx->val.vu8);
	if (emu->is_vf && !test_bit(EMUNIC_STATE_RESETTING, &emu->state) &&
	    test_and_clear_bit(EMUNIC_STATE_CTL_READY, &emu->state)) {
		emunic_vf_service(emu, 0);
		emunic_update_carrier(emu);
	}
	rtnl_unlock();

	return 0;
}

static const struct devlink_param emunic_params[] = {
	DEVLINK_PARAM_DRIVER(EMUNIC_PARAM_MBOX_MINOR, "mbox_minor",
			     DEVLINK_PARAM_TYPE_U8,
			     BIT(DEVLINK_PARAM_CMODE_RUNTIME),
			     EMUNIC_PARAM_GET(emunic_mbox_minor_get),
			     emunic_mbox_minor_set, NULL),
};

/**
 * emunic_devlink_params_register() - offer the parameters
 * @emu: the function
 *
 * Context: devlink instance lock
 * Return: 0 or an errno
 */
int emunic_devlink_params_register(struct emunic *emu)
{
	return devl_params_register(emu->devlink, emunic_params,
				    ARRAY_SIZE(emunic_params));
}

/**
 * emunic_devlink_params_unregister() - undo emunic_devlink_params_register()
 * @emu: the function
 *
 * Context: devlink instance lock
 */
void emunic_devlink_params_unregister(struct emunic *emu)
{
	devl_params_unregister(emu->devlink, emunic_params,
			       ARRAY_SIZE(emunic_params));
}

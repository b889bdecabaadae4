// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the devlink instance of a function: what it is, and its reload.
 */
#include "emunic.h"
#include "devlink.h"
#include "pf.h"

static struct emunic *emunic_from_devlink(struct devlink *devlink)
{
	struct emunic_devlink *dl = devlink_priv(devlink);

	return dl->emu;
}

static int emunic_info_serial(struct emunic *emu, struct devlink_info_req *req)
{
	u64 dsn = pci_get_dsn(emu->pdev);
	char buf[24];

	if (!dsn)
		return 0;

	snprintf(buf, sizeof(buf), "%016llx", dsn);
	return devlink_info_serial_number_put(req, buf);
}

static int emunic_info_fixed(struct emunic *emu, struct devlink_info_req *req)
{
	struct pci_dev *pdev = emu->pdev;
	char buf[16];
	int err;

	snprintf(buf, sizeof(buf), "%04x:%04x", pdev->vendor, pdev->device);
	err = devlink_info_version_fixed_put(req,
					     DEVLINK_INFO_VERSION_GENERIC_ASIC_ID,
					     buf);
	if (err)
		return err;

	snprintf(buf, sizeof(buf), "%u", pdev->revision);
	return devlink_info_version_fixed_put(req,
					      DEVLINK_INFO_VERSION_GENERIC_ASIC_REV,
					      buf);
}

/* There is no firmware: what runs are the two contracts with the device */
static int emunic_info_running(struct emunic *emu,
			       struct devlink_info_req *req)
{
	u32 version = emunic_rd32(emu, EMUNIC_VERSION);
	char buf[16];
	int err;

	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return -ENODEV;

	snprintf(buf, sizeof(buf), "%u.%u",
		 FIELD_GET(EMUNIC_VERSION_MAJOR, version),
		 FIELD_GET(EMUNIC_VERSION_MINOR, version));
	err = devlink_info_version_running_put(req, "abi", buf);
	if (err)
		return err;

	snprintf(buf, sizeof(buf), "%u.%u", EMUNIC_MBOX_VERSION_MAJOR,
		 READ_ONCE(emu->mbox_minor));
	return devlink_info_version_running_put(req, "mbox", buf);
}

static int emunic_info_get(struct devlink *devlink,
			   struct devlink_info_req *req,
			   struct netlink_ext_ack *extack)
{
	struct emunic *emu = emunic_from_devlink(devlink);

	return emunic_info_serial(emu, req) ?: emunic_info_fixed(emu, req) ?:
	       emunic_info_running(emu, req);
}

/* Why the function cannot be taken down now; 0 if it can */
static int emunic_reload_check(struct emunic *emu,
			       struct netlink_ext_ack *extack)
{
	if (!emunic_hw_present(emu)) {
		NL_SET_ERR_MSG_MOD(extack, "Device does not answer");
		return -ENODEV;
	}
	if (test_bit(EMUNIC_STATE_RESETTING, &emu->state)) {
		NL_SET_ERR_MSG_MOD(extack, "A reset is under way");
		return -EBUSY;
	}

	return 0;
}

/*
 * The netdev stays registered, in whatever namespace it is: the instance cannot
 * go to another one and take it along. The device lock keeps resets through
 * the PCI core away.
 */
static int emunic_reload_down(struct devlink *devlink, bool netns_change,
			      enum devlink_reload_action action,
			      enum devlink_reload_limit limit,
			      struct netlink_ext_ack *extack)
{
	struct emunic *emu = emunic_from_devlink(devlink);
	int err;

	if (netns_change) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Network namespace cannot be changed");
		return -EOPNOTSUPP;
	}
	err = emunic_reload_check(emu, extack);
	if (err)
		return err;

	if (!emu->is_vf)
		emunic_pf_announce_reset(emu);
	emunic_hold(emu);
	/* The core expects ports to go and come */
	emunic_devlink_port_del(emu);

	return 0;
}

static int emunic_reload_up(struct devlink *devlink,
			    enum devlink_reload_action action,
			    enum devlink_reload_limit limit,
			    u32 *actions_performed,
			    struct netlink_ext_ack *extack)
{
	struct emunic *emu = emunic_from_devlink(devlink);
	int err, port_err;

	emunic_hw_reset(emu);
	err = emunic_unhold(emu);
	port_err = emunic_devlink_port_add(emu);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "Function does not come back");
		return err;
	}
	if (port_err)
		return port_err;

	*actions_performed = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	return 0;
}

static const struct devlink_ops emunic_devlink_ops = {
	.reload_actions	= BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT),
	.reload_down	= emunic_reload_down,
	.reload_up	= emunic_reload_up,
	.info_get	= emunic_info_get,
};

/**
 * emunic_devlink_init() - make the devlink instance of a function
 * @emu: the function, identified, its interrupts off, its netdev not registered
 *
 * Return: 0 or an errno
 */
int emunic_devlink_init(struct emunic *emu)
{
	struct emunic_devlink *dl;
	int err;

	emu->devlink = devlink_alloc(&emunic_devlink_ops, sizeof(*dl),
				     &emu->pdev->dev);
	if (!emu->devlink)
		return -ENOMEM;

	dl = devlink_priv(emu->devlink);
	dl->emu = emu;
	devl_lock(emu->devlink);
	err = emunic_devlink_port_add(emu);
	if (err)
		goto err_free;
	err = emunic_devlink_params_register(emu);
	if (err)
		goto err_port;
	err = emunic_health_init(emu);
	if (err)
		goto err_params;
	devl_unlock(emu->devlink);

	return 0;

err_params:
	emunic_devlink_params_unregister(emu);
err_port:
	emunic_devlink_port_del(emu);
err_free:
	devl_unlock(emu->devlink);
	devlink_free(emu->devlink);
	return err;
}

/**
 * emunic_devlink_release() - undo emunic_devlink_init()
 * @emu: the function, its netdev unregistered, its interrupts off
 */
void emunic_devlink_release(struct emunic *emu)
{
	devl_lock(emu->devlink);
	emunic_health_release(emu);
	emunic_devlink_params_unregister(emu);
	emunic_devlink_port_del(emu);
	devl_unlock(emu->devlink);
	devlink_free(emu->devlink);
}

/**
 * emunic_devlink_start() - let users have the instance
 * @emu: the function, running
 */
void emunic_devlink_start(struct emunic *emu)
{
	devlink_register(emu->devlink);
	emunic_health_start(emu);
}

/**
 * emunic_devlink_stop() - undo emunic_devlink_start()
 * @emu: the function; the device may be gone
 *
 * Context: device lock, not RTNL
 */
void emunic_devlink_stop(struct emunic *emu)
{
	emunic_health_stop(emu);
	devlink_unregister(emu->devlink);
}

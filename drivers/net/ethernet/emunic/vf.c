// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the VF's control path: what it asks of the PF.
 */
#include "emunic.h"
#include "vf_mbox.h"

static int emunic_vf_mac_request(struct emunic *emu, u16 opcode, const u8 *mac)
{
	struct emunic_mbox_mac req = {};

	ether_addr_copy(req.mac, mac);
	return emunic_vf_request(emu, opcode, &req, sizeof(req), NULL, 0);
}

static int emunic_vf_vlan_request(struct emunic *emu, u16 opcode, u16 vid)
{
	struct emunic_mbox_vlan req = {
		.vid = cpu_to_le16(vid),
	};

	if (!(emu->vf->caps & EMUNIC_MBOX_CAP_FILTERS))
		return -EOPNOTSUPP;
	return emunic_vf_request(emu, opcode, &req, sizeof(req), NULL, 0);
}

static int emunic_vf_set_mac(struct emunic *emu, const u8 *mac)
{
	return emunic_vf_mac_request(emu, EMUNIC_MBOX_OP_SET_MAC, mac);
}

static int emunic_vf_add_mac(struct emunic *emu, const u8 *mac)
{
	if (!(emu->vf->caps & EMUNIC_MBOX_CAP_FILTERS))
		return -ENOSPC;
	return emunic_vf_mac_request(emu, EMUNIC_MBOX_OP_ADD_MAC, mac);
}

static int emunic_vf_del_mac(struct emunic *emu, const u8 *mac)
{
	return emunic_vf_mac_request(emu, EMUNIC_MBOX_OP_DEL_MAC, mac);
}

static int emunic_vf_add_vlan(struct emunic *emu, u16 vid)
{
	return emunic_vf_vlan_request(emu, EMUNIC_MBOX_OP_ADD_VLAN, vid);
}

static int emunic_vf_del_vlan(struct emunic *emu, u16 vid)
{
	return emunic_vf_vlan_request(emu, EMUNIC_MBOX_OP_DEL_VLAN, vid);
}

static int emunic_vf_set_rx_mode(struct emunic *emu, u32 mode)
{
	struct emunic_mbox_rx_mode req = {
		.mode = cpu_to_le32(mode),
	};

	if (!(emu->vf->caps & EMUNIC_MBOX_CAP_RX_MODE))
		return mode ? -EPERM : 0;
	return emunic_vf_request(emu, EMUNIC_MBOX_OP_SET_RX_MODE, &req,
				 sizeof(req), NULL, 0);
}

/**
 * emunic_vf_mac_is_fixed() - did the PF choose the VF's address?
 * @emu: the VF
 *
 * Return: true if so
 */
bool emunic_vf_mac_is_fixed(const struct emunic *emu)
{
	return emu->vf->config.flags & cpu_to_le16(EMUNIC_MBOX_CONFIG_MAC_SET);
}

/**
 * emunic_vf_may_read_rss() - may the VF tell how its frames are steered?
 * @emu: the VF
 *
 * Context: RTNL
 * Return: 0 or an errno; -EPERM if the administrator does not allow it
 */
int emunic_vf_may_read_rss(struct emunic *emu)
{
	struct emunic_mbox_rss rss;

	if (!test_bit(EMUNIC_STATE_CTL_READY, &emu->state))
		return -ENOTCONN;
	if (!(emu->vf->caps & EMUNIC_MBOX_CAP_RSS))
		return -EOPNOTSUPP;

	return emunic_vf_request(emu, EMUNIC_MBOX_OP_GET_RSS, NULL, 0, &rss,
				 sizeof(rss));
}

/*
 * Asks for the PF's policy and follows it: an address that was given is taken
 * over, but one that the VF may replace only when it is new.
 */
static int emunic_vf_get_config(struct emunic *emu)
{
	struct emunic_mbox_config config;
	bool new;
	int err;

	err = emunic_vf_request(emu, EMUNIC_MBOX_OP_GET_CONFIG, NULL, 0,
				&config, sizeof(config));
	if (err)
		return err;

	new = !ether_addr_equal(config.mac, emu->vf->config.mac);
	emu->vf->config = config;
	emu->netdev->max_mtu = clamp_t(unsigned int,
				       le16_to_cpu(config.max_mtu),
				       ETH_DATA_LEN, EMUNIC_MAX_MTU);
	if (is_valid_ether_addr(config.mac) &&
	    (new || emunic_vf_mac_is_fixed(emu))) {
		emunic_netdev_set_mac(emu, config.mac);
		return 0;
	}

	return emunic_vf_set_mac(emu, emu->netdev->dev_addr);
}

/* What the version agreed upon has of capabilities */
static u32 emunic_vf_caps(const struct emunic *emu)
{
	u32 caps = EMUNIC_MBOX_CAP_FILTERS | EMUNIC_MBOX_CAP_RX_MODE;

	if (emu->vf->minor >= 1)
		caps |= EMUNIC_MBOX_CAP_RSS;

	return caps;
}

static int emunic_vf_negotiate(struct emunic *emu)
{
	u16 minor = READ_ONCE(emu->mbox_minor);
	struct emunic_mbox_version version = {
		.major = cpu_to_le16(EMUNIC_MBOX_VERSION_MAJOR),
		.minor = cpu_to_le16(minor),
	};
	struct emunic_mbox_caps caps;
	int err;

	err = emunic_vf_request(emu, EMUNIC_MBOX_OP_VERSION, &version,
				sizeof(version), &version, sizeof(version));
	if (err)
		return err;
	if (le16_to_cpu(version.major) != EMUNIC_MBOX_VERSION_MAJOR ||
	    le16_to_cpu(version.minor) > minor)
		return -EPROTONOSUPPORT;

	emu->vf->minor = le16_to_cpu(version.minor);
	caps.caps = cpu_to_le32(emunic_vf_caps(emu));
	err = emunic_vf_request(emu, EMUNIC_MBOX_OP_GET_CAPS, &caps,
				sizeof(caps), &caps, sizeof(caps));
	if (err)
		return err;
	emu->vf->caps = le32_to_cpu(caps.caps) & emunic_vf_caps(emu);

	return emunic_vf_get_config(emu);
}

/*
 * A VF without its PF is no error: the netdev waits without carrier, and the
 * service work tries again.
 */
static int emunic_vf_start(struct emunic *emu)
{
	int err;

	if (!(emunic_rd32(emu, EMUNIC_STATUS) & EMUNIC_STATUS_PF_READY))
		return 0;

	err = emunic_vf_negotiate(emu);
	if (!err) {
		emu->vf->silent = false;
		set_bit(EMUNIC_STATE_CTL_READY, &emu->state);
		return 0;
	}

	if (!emu->vf->silent)
		dev_warn(&emu->pdev->dev, "no agreement with the PF: %pe\n",
			 ERR_PTR(err));
	emu->vf->silent = true;
	return err == -ENODEV ? err : 0;
}

static void emunic_vf_stop(struct emunic *emu)
{
}

const struct emunic_ctl_ops emunic_vf_ctl_ops = {
	.start		= emunic_vf_start,
	.stop		= emunic_vf_stop,
	.set_mac	= emunic_vf_set_mac,
	.add_mac	= emunic_vf_add_mac,
	.del_mac	= emunic_vf_del_mac,
	.add_vlan	= emunic_vf_add_vlan,
	.del_vlan	= emunic_vf_del_vlan,
	.set_rx_mode	= emunic_vf_set_rx_mode,
};

/* Not too often, unless the PF is new */
static void emunic_vf_try(struct emunic *emu, u32 pending)
{
	unsigned long began = jiffies;

	if (!(pending & EMUNIC_CAUSE_PF_READY) &&
	    time_before(began, emu->retry))
		return;

	emunic_vf_start(emu);
	if (test_bit(EMUNIC_STATE_CTL_READY, &emu->state))
		emunic_filters_replay(emu);
	else
		emunic_retry_later(emu, began);
}

/**
 * emunic_vf_service() - the VF's part of the service work
 * @emu: the VF
 * @pending: what happened
 *
 * Context: RTNL
 */
void emunic_vf_service(struct emunic *emu, u32 pending)
{
	int err;

	if ((pending & EMUNIC_CAUSE_PF_READY) &&
	    !(emunic_rd32(emu, EMUNIC_STATUS) & EMUNIC_STATUS_PF_READY))
		clear_bit(EMUNIC_STATE_CTL_READY, &emu->state);

	if (!test_bit(EMUNIC_STATE_CTL_READY, &emu->state)) {
		emunic_vf_try(emu, pending);
		return;
	}

	if (!(pending & EMUNIC_CAUSE_POLICY))
		return;

	err = emunic_vf_get_config(emu);
	if (err)
		netdev_warn(emu->netdev, "policy not known: %pe\n",
			    ERR_PTR(err));
	else
		/* What took filters away may be past, and not show in there */
		emunic_filters_replay(emu);
}

/**
 * emunic_vf_init() - memory of the VF's control path
 * @emu: the VF
 *
 * Return: 0 or -ENOMEM
 */
int emunic_vf_init(struct emunic *emu)
{
	emu->vf = kzalloc_obj(*emu->vf);
	if (!emu->vf)
		return -ENOMEM;

	mutex_init(&emu->vf->lock);
	init_waitqueue_head(&emu->vf->wait);
	emu->ctl = &emunic_vf_ctl_ops;
	emu->mbox_minor = EMUNIC_MBOX_VERSION_MINOR;
	/* Until the PF has chosen one */
	eth_hw_addr_random(emu->netdev);

	return 0;
}

/**
 * emunic_vf_release() - undo emunic_vf_init()
 * @emu: the VF
 */
void emunic_vf_release(struct emunic *emu)
{
	mutex_destroy(&emu->vf->lock);
	kfree(emu->vf);
	emu->vf = NULL;
}

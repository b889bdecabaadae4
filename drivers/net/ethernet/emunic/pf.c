// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the PF's control path.
 */
#include "emunic.h"
#include "pf.h"

static int emunic_pf_set_mac(struct emunic *emu, const u8 *mac)
{
	return emunic_vport_set_mac(emu, emu->vport, mac);
}

static int emunic_pf_add_mac(struct emunic *emu, const u8 *mac)
{
	return emunic_vport_mac_filter(emu, emu->vport,
				       EMUNIC_ADMIN_VPORT_ADD_MAC, mac);
}

static int emunic_pf_del_mac(struct emunic *emu, const u8 *mac)
{
	return emunic_vport_mac_filter(emu, emu->vport,
				       EMUNIC_ADMIN_VPORT_DEL_MAC, mac);
}

static int emunic_pf_add_vlan(struct emunic *emu, u16 vid)
{
	return emunic_vport_vlan_filter(emu, emu->vport,
					EMUNIC_ADMIN_VPORT_ADD_VLAN, vid);
}

static int emunic_pf_del_vlan(struct emunic *emu, u16 vid)
{
	return emunic_vport_vlan_filter(emu, emu->vport,
					EMUNIC_ADMIN_VPORT_DEL_VLAN, vid);
}

static int emunic_pf_set_rx_mode(struct emunic *emu, u32 mode)
{
	return emunic_vport_set_rx_mode(emu, emu->vport, mode);
}

/*
 * VFs have link only while the event ring runs, so it is started last: no VF
 * sends a frame before its policy is in force again.
 */
static int emunic_pf_start(struct emunic *emu)
{
	int err;

	err = emunic_admin_start(emu);
	if (err)
		return err;

	err = emunic_vport_set_mac(emu, emu->vport, emu->netdev->dev_addr);
	if (!err)
		err = emunic_switch_set_mode(emu, emu->pf->switch_mode);
	if (!err && (emu->caps & EMUNIC_CAPS_PORT))
		err = emunic_port_apply_pause(emu);
	if (!err)
		err = emunic_pf_adopt_vfs(emu);
	if (!err)
		err = emunic_pf_replay_vfs(emu);
	if (!err)
		err = emunic_event_start(emu);
	if (err) {
		emunic_admin_stop(emu);
		return err;
	}

	set_bit(EMUNIC_STATE_CTL_READY, &emu->state);
	return 0;
}

static void emunic_pf_stop(struct emunic *emu)
{
	/* The event work may be waiting for a command */
	emunic_admin_stop(emu);
	emunic_event_stop(emu);
}

/**
 * emunic_pf_is_broken() - has the device given up the control path?
 * @emu: the PF, its control path started
 *
 * STATUS.FATAL is not looked at: the queues do not run then.
 *
 * Return: true if only a reset brings it back
 */
bool emunic_pf_is_broken(struct emunic *emu)
{
	return !emunic_admin_is_open(emu) || READ_ONCE(emu->pf->event.broken) ||
	       !emunic_block_runs(emu, EMUNIC_ADMIN_BLOCK) ||
	       !emunic_block_runs(emu, EMUNIC_EVENT_BLOCK);
}

/**
 * emunic_pf_failed() - the control path may have ended by itself
 * @emu: the PF; nothing happens unless emunic_pf_is_broken()
 *
 * VFs are told at once that nobody answers them: each would wait for seconds,
 * with RTNL held, which the service work needs for the reset. While the control
 * path is brought up, who does that sees it fail.
 *
 * Context: any
 */
void emunic_pf_failed(struct emunic *emu)
{
	if (!test_bit(EMUNIC_STATE_CTL_READY, &emu->state) ||
	    !emunic_pf_is_broken(emu))
		return;

	emunic_wr32(emu, EMUNIC_EVENT_BLOCK + EMUNIC_Q_CTRL, 0);
	emunic_service_request(emu, 0);
}

static const struct emunic_ctl_ops emunic_pf_ctl_ops = {
	.start		= emunic_pf_start,
	.stop		= emunic_pf_stop,
	.set_mac	= emunic_pf_set_mac,
	.add_mac	= emunic_pf_add_mac,
	.del_mac	= emunic_pf_del_mac,
	.add_vlan	= emunic_pf_add_vlan,
	.del_vlan	= emunic_pf_del_vlan,
	.set_rx_mode	= emunic_pf_set_rx_mode,
};

static void emunic_pf_read_mac(struct emunic *emu)
{
	u8 mac[ETH_ALEN];

	put_unaligned_le32(emunic_rd32(emu, EMUNIC_MAC_LO), mac);
	put_unaligned_le16(emunic_rd32(emu, EMUNIC_MAC_HI) &
			   EMUNIC_MAC_HI_MASK, mac + 4);
	if (is_valid_ether_addr(mac)) {
		eth_hw_addr_set(emu->netdev, mac);
		return;
	}

	eth_hw_addr_random(emu->netdev);
	dev_warn(&emu->pdev->dev, "device address %pM not valid, using %pM\n",
		 mac, emu->netdev->dev_addr);
}

/**
 * emunic_pf_init() - memory of the PF's control path
 * @emu: the PF
 *
 * Return: 0 or an errno
 */
int emunic_pf_init(struct emunic *emu)
{
	int err;

	emu->pf = kzalloc_obj(*emu->pf);
	if (!emu->pf)
		return -ENOMEM;

	emu->pf->emu = emu;
	emu->pf->speed = emunic_rd32(emu, EMUNIC_LINK_SPEED);
	emu->pf->vf_vectors = emunic_rd32(emu, EMUNIC_VF_VECTORS);
	emu->ctl = &emunic_pf_ctl_ops;
	emu->mbox_minor = EMUNIC_MBOX_VERSION_MINOR;
	xa_init(&emu->pf->vfs);
	emunic_pf_read_mac(emu);

	err = emunic_admin_init(emu);
	if (err)
		goto err_free;
	err = emunic_event_init(emu);
	if (err)
		goto err_admin;

	return 0;

err_admin:
	emunic_admin_release(emu);
err_free:
	kfree(emu->pf);
	emu->pf = NULL;
	return err;
}

/**
 * emunic_pf_release() - undo emunic_pf_init()
 * @emu: the PF, stopped
 */
void emunic_pf_release(struct emunic *emu)
{
	emunic_pf_forget_vfs(emu);
	emunic_event_release(emu);
	emunic_admin_release(emu);
	xa_destroy(&emu->pf->vfs);
	kfree(emu->pf);
	emu->pf = NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the PF's control path, and the vport commands.
 */
#include "emunic.h"
#include "pf.h"

/**
 * emunic_vport_set_mac() - the unicast address of a vport
 * @emu: the PF
 * @vport: 0 for the PF, n + 1 for VF n
 * @mac: the address; zero for none
 *
 * Return: 0 or an errno
 */
int emunic_vport_set_mac(struct emunic *emu, u16 vport, const u8 *mac)
{
	return emunic_vport_mac_filter(emu, vport, EMUNIC_ADMIN_VPORT_SET_MAC,
				       mac);
}

/**
 * emunic_vport_mac_filter() - a command about an address
 * @emu: the PF
 * @vport: whose
 * @opcode: EMUNIC_ADMIN_VPORT_{SET,ADD,DEL}_MAC
 * @mac: the address
 *
 * Return: 0 or an errno
 */
int emunic_vport_mac_filter(struct emunic *emu, u16 vport, u16 opcode,
			    const u8 *mac)
{
	struct emunic_admin_mac arg = {};

	ether_addr_copy(arg.mac, mac);
	return emunic_admin_exec(emu, opcode, vport, &arg, sizeof(arg), NULL,
				 0);
}

/**
 * emunic_vport_vlan_filter() - a command about the VLAN filter
 * @emu: the PF
 * @vport: whose
 * @opcode: EMUNIC_ADMIN_VPORT_{ADD,DEL}_VLAN
 * @vid: VLAN ID
 *
 * Return: 0 or an errno
 */
int emunic_vport_vlan_filter(struct emunic *emu, u16 vport, u16 opcode,
			     u16 vid)
{
	struct emunic_admin_vlan arg = {
		.vid = cpu_to_le16(vid),
	};

	return emunic_admin_exec(emu, opcode, vport, &arg, sizeof(arg), NULL,
				 0);
}

/**
 * emunic_vport_set_vlan() - the port VLAN of a vport
 * @emu: the PF
 * @vport: whose
 * @policy: what it is to be
 *
 * Return: 0 or an errno
 */
int emunic_vport_set_vlan(struct emunic *emu, u16 vport,
			  const struct emunic_vf_policy *policy)
{
	struct emunic_admin_port_vlan arg = {
		.tpid = cpu_to_le16(ETH_P_8021Q),
	};

	if (policy->vlan) {
		arg.tpid = cpu_to_le16(ntohs(policy->vlan_proto));
		arg.vid = cpu_to_le16(policy->vlan);
		arg.prio = cpu_to_le16(policy->qos);
	}

	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_SET_VLAN, vport, &arg,
				 sizeof(arg), NULL, 0);
}

/**
 * emunic_vport_set_rx_mode() - the Rx mode of a vport
 * @emu: the PF
 * @vport: whose
 * @mode: EMUNIC_RX_MODE_*
 *
 * Return: 0 or an errno
 */
int emunic_vport_set_rx_mode(struct emunic *emu, u16 vport, u32 mode)
{
	struct emunic_admin_rx_mode arg = {
		.mode = cpu_to_le32(mode),
	};

	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_SET_RX_MODE, vport,
				 &arg, sizeof(arg), NULL, 0);
}

/**
 * emunic_vport_get_stats() - what the device counted at a vport
 * @emu: the PF
 * @vport: whose
 * @stats: filled in, as the device wrote it
 *
 * Return: 0 or an errno
 */
int emunic_vport_get_stats(struct emunic *emu, u16 vport,
			   struct emunic_vport_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_GET_STATS, vport, NULL,
				 0, stats, sizeof(*stats));
}

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
	return !emunic_admin_is_open(emu) ||
	       !emunic_block_runs(emu, EMUNIC_ADMIN_BLOCK) ||
	       !emunic_block_runs(emu, EMUNIC_EVENT_BLOCK);
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
	emu->ctl = &emunic_pf_ctl_ops;
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
	return err;
}

/**
 * emunic_pf_release() - undo emunic_pf_init()
 * @emu: the PF, stopped, without VFs
 */
void emunic_pf_release(struct emunic *emu)
{
	emunic_event_release(emu);
	emunic_admin_release(emu);
	xa_destroy(&emu->pf->vfs);
	kfree(emu->pf);
	emu->pf = NULL;
}

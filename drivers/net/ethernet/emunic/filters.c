// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the Rx filter: addresses, VLANs and the Rx mode.
 *
 * What the stack wants is kept here and brought to the device when it can be;
 * after a reset it is replayed. Where the device or the PF does not take
 * another address, the Rx mode is widened instead.
 */
#include "emunic.h"

static bool emunic_filters_ready(const struct emunic *emu)
{
	return test_bit(EMUNIC_STATE_CTL_READY, &emu->state);
}

/**
 * emunic_filters_init() - start with nothing wanted
 * @emu: the function
 */
void emunic_filters_init(struct emunic *emu)
{
	INIT_LIST_HEAD(&emu->filters.macs);
}

/**
 * emunic_filters_release() - free the lists
 * @emu: the function, its netdev unregistered
 */
void emunic_filters_release(struct emunic *emu)
{
	struct emunic_mac_filter *f, *tmp;

	list_for_each_entry_safe(f, tmp, &emu->filters.macs, list) {
		list_del(&f->list);
		kfree(f);
	}
}

static struct emunic_mac_filter *
emunic_filters_find(struct emunic *emu, const u8 *addr)
{
	struct emunic_mac_filter *f;

	list_for_each_entry(f, &emu->filters.macs, list)
		if (ether_addr_equal(f->addr, addr))
			return f;

	return NULL;
}

static int emunic_filters_want(struct emunic *emu, const u8 *addr, gfp_t gfp)
{
	struct emunic_mac_filter *f = emunic_filters_find(emu, addr);

	/* Broadcast needs no filter */
	if (is_broadcast_ether_addr(addr))
		return 0;

	if (!f) {
		f = kzalloc_obj(*f, gfp);
		if (!f)
			return -ENOMEM;
		ether_addr_copy(f->addr, addr);
		list_add_tail(&f->list, &emu->filters.macs);
	}
	f->wanted = true;

	return 0;
}

static int emunic_filters_collect(struct emunic *emu,
				  struct netdev_hw_addr_list *uc,
				  struct netdev_hw_addr_list *mc, gfp_t gfp)
{
	struct emunic_mac_filter *f;
	struct netdev_hw_addr *ha;
	int err = 0;

	emu->filters.flags = emu->netdev->flags;
	list_for_each_entry(f, &emu->filters.macs, list)
		f->wanted = false;
	netdev_hw_addr_list_for_each(ha, uc)
		err = emunic_filters_want(emu, ha->addr, gfp) ?: err;
	netdev_hw_addr_list_for_each(ha, mc)
		err = emunic_filters_want(emu, ha->addr, gfp) ?: err;

	return err;
}

static void emunic_filters_complain(struct emunic *emu, const char *what,
				    int err)
{
	if (!emu->filters.complained)
		netdev_warn(emu->netdev, "%s refused: %pe\n", what,
			    ERR_PTR(err));
	emu->filters.complained = true;
}

/* Rx mode that the flags, the features and addresses left over call for */
static u32 emunic_filters_mode(const struct emunic *emu,
			       netdev_features_t features)
{
	const struct emunic_mac_filter *f;
	u32 mode = 0;

	if (emu->filters.flags & IFF_PROMISC)
		mode |= EMUNIC_RX_MODE_PROMISC | EMUNIC_RX_MODE_ALLMULTI;
	if (emu->filters.flags & IFF_ALLMULTI)
		mode |= EMUNIC_RX_MODE_ALLMULTI;
	list_for_each_entry(f, &emu->filters.macs, list) {
		if (!f->wanted || f->in_hw)
			continue;
		mode |= is_multicast_ether_addr(f->addr) ?
			EMUNIC_RX_MODE_ALLMULTI : EMUNIC_RX_MODE_PROMISC;
	}
	if (!emu->is_vf && ((emu->filters.flags & IFF_PROMISC) ||
			    !(features & NETIF_F_HW_VLAN_CTAG_FILTER)))
		mode |= EMUNIC_RX_MODE_VLAN_ANY;

	return mode;
}

/**
 * emunic_filters_update_mode() - bring the Rx mode to the device
 * @emu: the function
 * @features: of its netdev, or those that it is about to have
 *
 * A mode that the PF's policy forbids is dropped, and that is logged: the
 * stack has no way to hear of it.
 *
 * Return: 0 or an errno
 */
int emunic_filters_update_mode(struct emunic *emu, netdev_features_t features)
{
	u32 mode = emunic_filters_mode(emu, features);
	int err;

	if (!emunic_filters_ready(emu))
		return 0;
	if (emu->filters.mode_known && emu->filters.mode == mode)
		return 0;

	err = emu->ctl->set_rx_mode(emu, mode);
	if (err == -EPERM)
		emunic_filters_complain(emu, "promiscuous or allmulti mode",
					err);
	else if (err)
		return err;
	emu->filters.mode = mode;
	emu->filters.mode_known = true;

	return 0;
}

static void emunic_filters_remove_macs(struct emunic *emu)
{
	struct emunic_mac_filter *f, *tmp;
	int err;

	list_for_each_entry_safe(f, tmp, &emu->filters.macs, list) {
		if (f->wanted)
			continue;
		/* Each request of a VF without an answer takes seconds */
		if (f->in_hw && !emunic_filters_ready(emu))
			return;
		err = f->in_hw ? emu->ctl->del_mac(emu, f->addr) : 0;
		/* Tried again at the next sync, unless it was not there */
		if (err && err != -ENOENT && err != -EINVAL)
			continue;
		list_del(&f->list);
		kfree(f);
	}
}

static int emunic_filters_add_macs(struct emunic *emu)
{
	struct emunic_mac_filter *f;
	int err;

	list_for_each_entry(f, &emu->filters.macs, list) {
		if (!f->wanted || f->in_hw)
			continue;
		err = emu->ctl->add_mac(emu, f->addr);
		if (err == -EPERM) {
			emunic_filters_complain(emu, "address", err);
			continue;
		}
		/* No room for one is none for the others: see the Rx mode */
		if (err)
			return err == -ENOSPC ? 0 : err;
		f->in_hw = true;
	}

	return 0;
}

static int emunic_filters_apply(struct emunic *emu)
{
	int err;

	if (!emunic_filters_ready(emu))
		return 0;

	emunic_filters_remove_macs(emu);
	err = emunic_filters_add_macs(emu);

	return emunic_filters_update_mode(emu, emu->netdev->features) ?: err;
}

/**
 * emunic_filters_sync() - take over the stack's address lists
 * @emu: the function
 * @uc: unicast addresses
 * @mc: multicast addresses
 *
 * The lists must not change meanwhile.
 *
 * Return: 0 or an errno
 */
int emunic_filters_sync(struct emunic *emu, struct netdev_hw_addr_list *uc,
			struct netdev_hw_addr_list *mc)
{
	int err = emunic_filters_collect(emu, uc, mc, GFP_KERNEL);

	return emunic_filters_apply(emu) ?: err;
}

/**
 * emunic_filters_sync_netdev() - as emunic_filters_sync(), with the lists of
 *	the netdev as they are now
 * @emu: the function
 *
 * Return: 0 or an errno
 */
int emunic_filters_sync_netdev(struct emunic *emu)
{
	struct net_device *netdev = emu->netdev;
	int err;

	netif_addr_lock_bh(netdev);
	err = emunic_filters_collect(emu, &netdev->uc, &netdev->mc, GFP_ATOMIC);
	netif_addr_unlock_bh(netdev);

	return emunic_filters_apply(emu) ?: err;
}

/**
 * emunic_filters_replay() - bring everything to a device that was reset, or
 *	ask again for what may have been refused or taken away
 * @emu: the function
 *
 * What the device has already does no harm.
 *
 * Return: 0 or an errno
 */
int emunic_filters_replay(struct emunic *emu)
{
	struct emunic_mac_filter *f;
	unsigned long vid;
	int err = 0;

	list_for_each_entry(f, &emu->filters.macs, list)
		f->in_hw = false;
	emu->filters.mode_known = false;
	emu->filters.complained = false;
	if (!emunic_filters_ready(emu))
		return 0;

	for_each_set_bit(vid, emu->filters.vlans, VLAN_N_VID) {
		err = emu->ctl->add_vlan(emu, vid) ?: err;
		if (!emunic_filters_ready(emu))
			return err;
	}

	return emunic_filters_apply(emu) ?: err;
}

/**
 * emunic_vlan_rx_add_vid() - ndo_vlan_rx_add_vid
 * @netdev: the device
 * @proto: ETH_P_8021Q
 * @vid: VLAN ID; 0, priority tagged frames, is always received
 *
 * Return: 0 or an errno
 */
int emunic_vlan_rx_add_vid(struct net_device *netdev, __be16 proto, u16 vid)
{
	struct emunic *emu = netdev_priv(netdev);
	int err = 0;

	if (!vid)
		return 0;

	if (emunic_filters_ready(emu))
		err = emu->ctl->add_vlan(emu, vid);
	if (!err)
		set_bit(vid, emu->filters.vlans);

	return err;
}

/**
 * emunic_vlan_rx_kill_vid() - ndo_vlan_rx_kill_vid
 * @netdev: the device
 * @proto: ETH_P_8021Q
 * @vid: VLAN ID
 *
 * Return: 0 or an errno
 */
int emunic_vlan_rx_kill_vid(struct net_device *netdev, __be16 proto, u16 vid)
{
	struct emunic *emu = netdev_priv(netdev);
	int err;

	if (!test_and_clear_bit(vid, emu->filters.vlans) ||
	    !emunic_filters_ready(emu))
		return 0;

	err = emu->ctl->del_vlan(emu, vid);
	/* It may not have come back after a reset: the quota is lower now */
	return err == -ENOENT || err == -EINVAL ? 0 : err;
}

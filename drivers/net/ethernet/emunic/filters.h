/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what a function receives by address and VLAN.
 */
#ifndef EMUNIC_FILTERS_H
#define EMUNIC_FILTERS_H

#include <linux/if_vlan.h>
#include <linux/netdevice.h>

struct emunic;

/**
 * struct emunic_mac_filter - one address of the Rx filter
 * @list: in emunic_filters.macs
 * @addr: unicast or multicast
 * @wanted: the stack has it in its lists
 * @in_hw: the device has it
 */
struct emunic_mac_filter {
	struct list_head list;
	u8 addr[ETH_ALEN];
	bool wanted;
	bool in_hw;
};

/**
 * struct emunic_filters - what the stack wants to receive; RTNL
 * @macs: addresses besides the function's own
 * @vlans: VLAN IDs
 * @flags: IFF_PROMISC and IFF_ALLMULTI as last seen
 * @mode: EMUNIC_RX_MODE_* in force
 * @mode_known: @mode is what the device has
 * @complained: a refusal was logged since the last reset
 */
struct emunic_filters {
	struct list_head macs;
	DECLARE_BITMAP(vlans, VLAN_N_VID);
	unsigned int flags;
	u32 mode;
	bool mode_known;
	bool complained;
};

/* All with RTNL */
void emunic_filters_init(struct emunic *emu);
void emunic_filters_release(struct emunic *emu);
int emunic_filters_sync(struct emunic *emu, struct netdev_hw_addr_list *uc,
			struct netdev_hw_addr_list *mc);
int emunic_filters_sync_netdev(struct emunic *emu);
int emunic_filters_replay(struct emunic *emu);
int emunic_filters_update_mode(struct emunic *emu, netdev_features_t features);
int emunic_vlan_rx_add_vid(struct net_device *netdev, __be16 proto, u16 vid);
int emunic_vlan_rx_kill_vid(struct net_device *netdev, __be16 proto, u16 vid);

#endif /* EMUNIC_FILTERS_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what `ip link set DEV vf N` and `ip link show` ask of the PF.
 *
 * A change is made in the device, then in the VF's record, and the VF is told.
 * While the PF is being reset only the record is changed: the end of the reset
 * brings it to the device.
 */
#include <linux/if_link.h>

#include "emunic.h"
#include "pf.h"

static struct emunic_vf_rec *emunic_pf_ndo_get(struct net_device *netdev,
					       int vf)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_rec *rec;

	if (emu->is_vf)
		return ERR_PTR(-EOPNOTSUPP);

	rec = vf < 0 ? NULL : emunic_vf_rec_get(emu, vf);
	if (!rec)
		return ERR_PTR(-EINVAL);

	mutex_lock(&rec->lock);
	return rec;
}

static void emunic_pf_ndo_put(struct emunic_vf_rec *rec)
{
	mutex_unlock(&rec->lock);
	emunic_vf_rec_put(rec);
}

static bool emunic_pf_ready(const struct emunic *emu)
{
	return test_bit(EMUNIC_STATE_CTL_READY, &emu->state);
}

/**
 * emunic_pf_set_vf_mac() - ndo_set_vf_mac
 * @netdev: the PF
 * @vf: number of the VF
 * @mac: its address; zero leaves the choice to the VF
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_mac(struct net_device *netdev, int vf, u8 *mac)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_rec *rec;
	int err;

	rec = emunic_pf_ndo_get(netdev, vf);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	err = emunic_policy_check_mac(mac);
	if (!err && emunic_pf_ready(emu))
		err = emunic_vport_set_mac(emu, vf + 1, mac);
	if (!err) {
		ether_addr_copy(rec->policy.mac, mac);
		eth_zero_addr(rec->state.mac);
		if (emunic_pf_ready(emu))
			emunic_pf_mbox_notify(emu, vf, EMUNIC_CAUSE_POLICY);
	}
	emunic_pf_ndo_put(rec);

	return err;
}

/**
 * emunic_pf_set_vf_vlan() - ndo_set_vf_vlan
 * @netdev: the PF
 * @vf: number of the VF
 * @vlan: its port VLAN; 0 for none
 * @qos: priority of its frames
 * @proto: TPID
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_vlan(struct net_device *netdev, int vf, u16 vlan, u8 qos,
			  __be16 proto)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;
	int err;

	rec = emunic_pf_ndo_get(netdev, vf);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	policy = rec->policy;
	policy.vlan = vlan;
	policy.qos = qos;
	policy.vlan_proto = proto;
	err = emunic_policy_check_vlan(vlan, qos, proto);
	if (!err && emunic_pf_ready(emu))
		err = emunic_vport_set_vlan(emu, vf + 1, &policy);
	if (!err) {
		rec->policy = policy;
		if (emunic_pf_ready(emu))
			emunic_pf_mbox_notify(emu, vf, EMUNIC_CAUSE_POLICY);
	}
	emunic_pf_ndo_put(rec);

	return err;
}

/**
 * emunic_pf_get_vf_config() - ndo_get_vf_config
 * @netdev: the PF
 * @vf: number of the VF
 * @info: filled in; what the driver has no setting for is left alone
 *
 * Return: 0 or an errno
 */
int emunic_pf_get_vf_config(struct net_device *netdev, int vf,
			    struct ifla_vf_info *info)
{
	struct emunic_vf_rec *rec = emunic_pf_ndo_get(netdev, vf);

	if (IS_ERR(rec))
		return PTR_ERR(rec);

	info->vf = vf;
	memcpy(info->mac, emunic_policy_mac(rec), ETH_ALEN);
	info->vlan = rec->policy.vlan;
	info->qos = rec->policy.qos;
	info->vlan_proto = rec->policy.vlan_proto ?: htons(ETH_P_8021Q);
	info->trusted = rec->policy.trusted;
	emunic_pf_ndo_put(rec);

	return 0;
}

/**
 * emunic_pf_get_vf_stats() - ndo_get_vf_stats
 * @netdev: the PF
 * @vf: number of the VF
 * @stats: filled in, as the VF sees it
 *
 * Return: 0 or an errno
 */
int emunic_pf_get_vf_stats(struct net_device *netdev, int vf,
			   struct ifla_vf_stats *stats)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vport_stats s;
	struct emunic_vf_rec *rec;
	int err;

	rec = emunic_pf_ndo_get(netdev, vf);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	err = emunic_vport_get_stats(emu, vf + 1, &s);
	emunic_pf_ndo_put(rec);
	if (err)
		return err;

	stats->rx_packets = le64_to_cpu(s.rx_packets);
	stats->tx_packets = le64_to_cpu(s.tx_packets);
	stats->rx_bytes = le64_to_cpu(s.rx_bytes);
	stats->tx_bytes = le64_to_cpu(s.tx_bytes);
	stats->broadcast = le64_to_cpu(s.rx_broadcast);
	stats->multicast = le64_to_cpu(s.rx_multicast);
	stats->rx_dropped = le64_to_cpu(s.rx_no_buffer) +
			    le64_to_cpu(s.rx_too_long);
	stats->tx_dropped = le64_to_cpu(s.tx_dropped) +
			    le64_to_cpu(s.tx_malformed);

	return 0;
}

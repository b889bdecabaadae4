// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what `ip link set DEV vf N` and `ip link show` ask of the PF.
 *
 * A change is made in the device, then in the VF's record, and the VF is told
 * if it would not notice otherwise.
 */
#include <linux/if_link.h>

#include "emunic.h"
#include "kunit.h"
#include "pf.h"

/* The VF's record, locked, and a copy of its policy to change */
static struct emunic_vf_rec *
emunic_pf_ndo_get(struct net_device *netdev, int vf,
		  struct emunic_vf_policy *policy)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_rec *rec;

	if (emu->is_vf)
		return ERR_PTR(-EOPNOTSUPP);

	rec = vf < 0 ? NULL : emunic_vf_rec_get(emu, vf);
	if (!rec)
		return ERR_PTR(-EINVAL);

	mutex_lock(&rec->lock);
	*policy = rec->policy;
	return rec;
}

static void emunic_pf_ndo_put(struct emunic_vf_rec *rec)
{
	mutex_unlock(&rec->lock);
	emunic_vf_rec_put(rec);
}

/* Makes @policy the VF's, and ends what emunic_pf_ndo_get() began */
static int emunic_pf_ndo_set(struct net_device *netdev,
			     struct emunic_vf_rec *rec,
			     const struct emunic_vf_policy *policy)
{
	int err;

	err = emunic_pf_vf_set_policy(netdev_priv(netdev), rec, policy,
				      rec->state.mac);
	emunic_pf_ndo_put(rec);

	return err;
}

static void emunic_pf_tell_vf(struct emunic *emu,
			      const struct emunic_vf_rec *rec)
{
	if (emunic_pf_ready(emu))
		emunic_pf_mbox_notify(emu, rec->id, EMUNIC_CAUSE_POLICY);
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
	static const u8 no_own[ETH_ALEN];
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;
	int err;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	err = emunic_policy_check_mac(mac);
	if (err)
		goto out;

	ether_addr_copy(policy.mac, mac);
	if (emunic_pf_ready(emu))
		emunic_pf_vf_drop_second_mac(emu, rec);
	err = emunic_pf_vf_set_policy(emu, rec, &policy, no_own);
	if (err)
		goto out;

	eth_zero_addr(rec->state.mac);
	if (emunic_pf_ready(emu) && !is_zero_ether_addr(mac) && !policy.trusted)
		emunic_pf_vf_drop_ucasts(emu, rec);
	emunic_pf_tell_vf(emu, rec);
out:
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

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	policy.vlan = vlan;
	policy.qos = qos;
	policy.vlan_proto = proto;
	err = emunic_policy_check_vlan(vlan, qos, proto) ?:
	      emunic_pf_vf_set_policy(emu, rec, &policy, rec->state.mac);
	if (!err)
		emunic_pf_tell_vf(emu, rec);
	emunic_pf_ndo_put(rec);

	return err;
}

/* Mbit/s promised to the other VFs; records come and go without RTNL */
VISIBLE_IF_KUNIT u64 emunic_pf_other_minima(struct emunic *emu, unsigned int vf)
{
	struct emunic_vf_rec *rec;
	unsigned long id;
	u64 sum = 0;

	xa_for_each(&emu->pf->vfs, id, rec) {
		rec = id == vf ? NULL : emunic_vf_rec_get(emu, id);
		if (!rec)
			continue;
		sum += rec->policy.min_rate;
		emunic_vf_rec_put(rec);
	}

	return sum;
}

/**
 * emunic_pf_set_vf_rate() - ndo_set_vf_rate
 * @netdev: the PF
 * @vf: number of the VF
 * @min_tx_rate: Mbit/s that it gets in any case; 0 for none
 * @max_tx_rate: Mbit/s that it gets at most; 0 for any
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_rate(struct net_device *netdev, int vf, int min_tx_rate,
			  int max_tx_rate)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;
	int err;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	err = emunic_policy_check_rate(emu->pf->speed,
				       emunic_pf_other_minima(emu, vf),
				       min_tx_rate, max_tx_rate);
	if (err) {
		emunic_pf_ndo_put(rec);
		return err;
	}

	policy.min_rate = min_tx_rate;
	policy.max_rate = max_tx_rate;
	return emunic_pf_ndo_set(netdev, rec, &policy);
}

/**
 * emunic_pf_set_vf_spoofchk() - ndo_set_vf_spoofchk
 * @netdev: the PF
 * @vf: number of the VF
 * @setting: drop frames of addresses and VLANs that are not its own
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_spoofchk(struct net_device *netdev, int vf, bool setting)
{
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	policy.spoofchk = setting;
	return emunic_pf_ndo_set(netdev, rec, &policy);
}

/**
 * emunic_pf_set_vf_trust() - ndo_set_vf_trust
 * @netdev: the PF
 * @vf: number of the VF
 * @setting: whether it is trusted
 *
 * When trust is withdrawn, what the VF had by it is gone on return.
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_trust(struct net_device *netdev, int vf, bool setting)
{
	struct emunic *emu = netdev_priv(netdev);
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;
	int err = 0;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	policy.trusted = setting;
	if (!setting && rec->policy.trusted) {
		err = emunic_pf_vf_distrust(emu, rec);
	} else if (setting && !rec->policy.trusted) {
		err = emunic_pf_vf_set_policy(emu, rec, &policy,
					      rec->state.mac);
		if (!err)
			emunic_pf_tell_vf(emu, rec);
	}
	emunic_pf_ndo_put(rec);

	return err;
}

/**
 * emunic_pf_set_vf_link_state() - ndo_set_vf_link_state
 * @netdev: the PF
 * @vf: number of the VF
 * @state: IFLA_VF_LINK_STATE_*
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_link_state(struct net_device *netdev, int vf, int state)
{
	static const u8 link[] = {
		[IFLA_VF_LINK_STATE_AUTO] = EMUNIC_LINK_AUTO,
		[IFLA_VF_LINK_STATE_ENABLE] = EMUNIC_LINK_UP,
		[IFLA_VF_LINK_STATE_DISABLE] = EMUNIC_LINK_DOWN,
	};
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;

	if (state < 0 || state >= ARRAY_SIZE(link))
		return -EINVAL;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	policy.link = link[state];
	return emunic_pf_ndo_set(netdev, rec, &policy);
}

/**
 * emunic_pf_set_vf_rss_query_en() - ndo_set_vf_rss_query_en
 * @netdev: the PF
 * @vf: number of the VF
 * @setting: whether it may read its hash key and indirection table
 *
 * Return: 0 or an errno
 */
int emunic_pf_set_vf_rss_query_en(struct net_device *netdev, int vf,
				  bool setting)
{
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	policy.query_rss = setting;
	return emunic_pf_ndo_set(netdev, rec, &policy);
}

static u32 emunic_pf_ifla_link_state(u8 link)
{
	switch (link) {
	case EMUNIC_LINK_UP:
		return IFLA_VF_LINK_STATE_ENABLE;
	case EMUNIC_LINK_DOWN:
		return IFLA_VF_LINK_STATE_DISABLE;
	default:
		return IFLA_VF_LINK_STATE_AUTO;
	}
}

/**
 * emunic_pf_get_vf_config() - ndo_get_vf_config
 * @netdev: the PF
 * @vf: number of the VF
 * @info: filled in
 *
 * Return: 0 or an errno
 */
int emunic_pf_get_vf_config(struct net_device *netdev, int vf,
			    struct ifla_vf_info *info)
{
	struct emunic_vf_policy policy;
	struct emunic_vf_rec *rec;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
	if (IS_ERR(rec))
		return PTR_ERR(rec);

	info->vf = vf;
	memcpy(info->mac, emunic_policy_mac(rec), ETH_ALEN);
	info->vlan = policy.vlan;
	info->qos = policy.qos;
	info->vlan_proto = policy.vlan_proto ?: htons(ETH_P_8021Q);
	info->min_tx_rate = policy.min_rate;
	info->max_tx_rate = policy.max_rate;
	info->spoofchk = policy.spoofchk;
	info->linkstate = emunic_pf_ifla_link_state(policy.link);
	info->rss_query_en = policy.query_rss;
	info->trusted = policy.trusted;
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
	struct emunic_vf_policy policy;
	struct emunic_vport_stats s;
	struct emunic_vf_rec *rec;
	int err;

	rec = emunic_pf_ndo_get(netdev, vf, &policy);
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
			    le64_to_cpu(s.tx_malformed) +
			    le64_to_cpu(s.tx_spoofed);

	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what the administrator decides about a VF: pure functions.
 *
 * No hardware and no locks.
 */
#include "emunic.h"
#include "pf.h"

/**
 * emunic_policy_check_mac() - may an administrator give a VF this address?
 * @mac: the address; zero leaves the choice to the VF
 *
 * Return: 0 or -EINVAL
 */
int emunic_policy_check_mac(const u8 *mac)
{
	return is_multicast_ether_addr(mac) ? -EINVAL : 0;
}

/**
 * emunic_policy_check_vlan() - may an administrator give a VF this port VLAN?
 * @vlan: VLAN ID; 0 for none
 * @qos: priority
 * @proto: TPID, network order
 *
 * Return: 0, -EINVAL or -EPROTONOSUPPORT
 */
int emunic_policy_check_vlan(u16 vlan, u8 qos, __be16 proto)
{
	if (vlan >= VLAN_VID_MASK || qos > 7)
		return -EINVAL;
	/* A priority without a VLAN is not something the device does */
	if (!vlan && qos)
		return -EINVAL;
	if (proto != htons(ETH_P_8021Q) && proto != htons(ETH_P_8021AD))
		return -EPROTONOSUPPORT;

	return 0;
}

/**
 * emunic_policy_check_rate() - may an administrator give a VF these rates?
 * @speed: of the uplink, Mbit/s
 * @others: sum of the other VFs' minima, Mbit/s
 * @min_rate: Mbit/s; 0 for none
 * @max_rate: Mbit/s; 0 for any
 *
 * Return: 0 or -EINVAL
 */
int emunic_policy_check_rate(u32 speed, u64 others, int min_rate, int max_rate)
{
	if (min_rate < 0 || max_rate < 0 || max_rate > speed)
		return -EINVAL;
	if (max_rate && max_rate < min_rate)
		return -EINVAL;
	/* What is promised already may be more than the device has now */
	if (min_rate && others + min_rate > speed)
		return -EINVAL;

	return 0;
}

/**
 * emunic_policy_default() - of a VF that was just enabled
 * @policy: filled in
 */
void emunic_policy_default(struct emunic_vf_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->link = EMUNIC_LINK_AUTO;
	policy->spoofchk = true;
}

/**
 * emunic_policy_to_device() - a policy as the device keeps it
 * @policy: the policy
 * @own: address that the VF chose, in force if the policy has none
 * @dev: filled in
 */
void emunic_policy_to_device(const struct emunic_vf_policy *policy,
			     const u8 *own, struct emunic_vport_policy *dev)
{
	bool given = !is_zero_ether_addr(policy->mac);
	u32 flags = 0;

	if (policy->trusted)
		flags |= EMUNIC_VPORT_TRUSTED;
	if (given)
		flags |= EMUNIC_VPORT_MAC_SET;
	if (policy->query_rss)
		flags |= EMUNIC_VPORT_QUERY_RSS;

	memset(dev, 0, sizeof(*dev));
	memcpy(dev->mac, given ? policy->mac : own, ETH_ALEN);
	if (policy->vlan) {
		dev->tpid = cpu_to_le16(ntohs(policy->vlan_proto));
		dev->vid = cpu_to_le16(policy->vlan);
		dev->prio = cpu_to_le16(policy->qos);
	}
	dev->flags = cpu_to_le32(flags);
	dev->link = cpu_to_le32(policy->link);
	dev->min_rate = cpu_to_le32(policy->min_rate);
	dev->max_rate = cpu_to_le32(policy->max_rate);
	dev->spoofchk = cpu_to_le32(policy->spoofchk ? EMUNIC_SPOOFCHK_ALL : 0);
	dev->vectors = cpu_to_le32(policy->vectors);
}

/**
 * emunic_policy_check_device() - can the device have this as a VF's policy?
 * @dev: what it says
 * @speed: of the uplink, Mbit/s
 *
 * It keeps what an administrator was allowed to decide, and nothing else.
 *
 * Return: 0 or -EPROTO
 */
int emunic_policy_check_device(const struct emunic_vport_policy *dev, u32 speed)
{
	u16 prio = le16_to_cpu(dev->prio);
	u16 vid = le16_to_cpu(dev->vid);

	if (emunic_policy_check_mac(dev->mac) || prio > 7 ||
	    le32_to_cpu(dev->link) > EMUNIC_LINK_DOWN ||
	    le32_to_cpu(dev->vectors) > EMUNIC_MAX_VECTORS)
		return -EPROTO;
	if (vid && emunic_policy_check_vlan(vid, prio,
					    htons(le16_to_cpu(dev->tpid))))
		return -EPROTO;
	if (emunic_policy_check_rate(speed, 0, le32_to_cpu(dev->min_rate),
				     le32_to_cpu(dev->max_rate)))
		return -EPROTO;

	return 0;
}

/**
 * emunic_policy_from_device() - take over what an earlier driver had decided
 * @rec: record of the VF
 * @dev: what the device has kept, which was checked
 */
void emunic_policy_from_device(struct emunic_vf_rec *rec,
			       const struct emunic_vport_policy *dev)
{
	struct emunic_vf_policy *policy = &rec->policy;
	u32 flags = le32_to_cpu(dev->flags);

	emunic_policy_default(policy);
	memcpy(flags & EMUNIC_VPORT_MAC_SET ? policy->mac : rec->state.mac,
	       dev->mac, ETH_ALEN);
	policy->vlan = le16_to_cpu(dev->vid);
	if (policy->vlan) {
		policy->qos = le16_to_cpu(dev->prio);
		policy->vlan_proto = htons(le16_to_cpu(dev->tpid));
	}
	policy->link = le32_to_cpu(dev->link);
	policy->trusted = flags & EMUNIC_VPORT_TRUSTED;
	policy->spoofchk = dev->spoofchk;
	policy->query_rss = flags & EMUNIC_VPORT_QUERY_RSS;
	policy->min_rate = le32_to_cpu(dev->min_rate);
	policy->max_rate = le32_to_cpu(dev->max_rate);
	policy->vectors = le32_to_cpu(dev->vectors);
}

/**
 * emunic_policy_forget() - the VF was reset
 * @rec: its record
 */
void emunic_policy_forget(struct emunic_vf_rec *rec)
{
	memset(&rec->state, 0, sizeof(rec->state));
}

/**
 * emunic_policy_mac() - the address of a VF
 * @rec: its record
 *
 * Return: the VF's own choice, if it has been allowed one, else the
 *	administrator's, which may be zero
 */
const u8 *emunic_policy_mac(const struct emunic_vf_rec *rec)
{
	if (!is_zero_ether_addr(rec->state.mac))
		return rec->state.mac;

	return rec->policy.mac;
}

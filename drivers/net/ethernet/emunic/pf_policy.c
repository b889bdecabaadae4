// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what a VF may do: pure functions over its record.
 *
 * No hardware and no locks: the caller holds the record's lock, asks here,
 * brings the change to the device, and commits it here when that succeeded.
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
 * Return: the administrator's choice, else the VF's, which may be zero
 */
const u8 *emunic_policy_mac(const struct emunic_vf_rec *rec)
{
	if (!is_zero_ether_addr(rec->policy.mac))
		return rec->policy.mac;

	return rec->state.mac;
}

/**
 * emunic_policy_config() - answer to GET_CONFIG
 * @rec: record of the VF
 * @config: filled in
 */
void emunic_policy_config(const struct emunic_vf_rec *rec,
			  struct emunic_mbox_config *config)
{
	u16 flags = 0;

	if (!is_zero_ether_addr(rec->policy.mac))
		flags |= EMUNIC_MBOX_CONFIG_MAC_SET;
	if (rec->policy.vlan)
		flags |= EMUNIC_MBOX_CONFIG_PORT_VLAN;
	if (rec->policy.trusted)
		flags |= EMUNIC_MBOX_CONFIG_TRUSTED;

	memset(config, 0, sizeof(*config));
	ether_addr_copy(config->mac, rec->policy.mac);
	config->flags = cpu_to_le16(flags);
	config->max_mtu = cpu_to_le16(EMUNIC_MAX_MTU);
	config->max_macs = cpu_to_le16(EMUNIC_VF_MAX_MACS);
	config->max_vlans = cpu_to_le16(EMUNIC_VF_MAX_VLANS);
}

/**
 * emunic_policy_version() - the version to speak with a VF
 * @major: the VF's; then the one to speak
 * @minor: the VF's; then the one to speak
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_version(u16 *major, u16 *minor)
{
	if (*major != EMUNIC_MBOX_VERSION_MAJOR)
		return EMUNIC_MBOX_ST_VERSION;

	*minor = min_t(u16, *minor, EMUNIC_MBOX_VERSION_MINOR);
	return EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_vf_set_mac() - may the VF take this address?
 * @rec: record of the VF
 * @mac: the address
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_vf_set_mac(const struct emunic_vf_rec *rec, const u8 *mac)
{
	if (!is_valid_ether_addr(mac))
		return EMUNIC_MBOX_ST_INVALID;
	if (!is_zero_ether_addr(rec->policy.mac))
		return EMUNIC_MBOX_ST_PERM;

	return EMUNIC_MBOX_ST_OK;
}

static int emunic_policy_find_mac(const struct emunic_vf_rec *rec,
				  const u8 *mac)
{
	int i;

	for (i = 0; i < rec->state.num_macs; i++)
		if (ether_addr_equal_unaligned(rec->state.macs[i], mac))
			return i;

	return -ENOENT;
}

static int emunic_policy_find_vlan(const struct emunic_vf_rec *rec, u16 vid)
{
	int i;

	for (i = 0; i < rec->state.num_vlans; i++)
		if (rec->state.vlans[i] == vid)
			return i;

	return -ENOENT;
}

/**
 * emunic_policy_vf_add_mac() - may the VF have one more address?
 * @rec: record of the VF
 * @mac: the address
 * @known: set if the VF has it already
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_vf_add_mac(const struct emunic_vf_rec *rec, const u8 *mac,
			     bool *known)
{
	if (is_zero_ether_addr(mac) || is_broadcast_ether_addr(mac))
		return EMUNIC_MBOX_ST_INVALID;
	/* A VF with a given address may not take others beside it */
	if (!is_multicast_ether_addr(mac) &&
	    !is_zero_ether_addr(rec->policy.mac) && !rec->policy.trusted)
		return EMUNIC_MBOX_ST_PERM;

	*known = emunic_policy_find_mac(rec, mac) >= 0;
	if (!*known && rec->state.num_macs == EMUNIC_VF_MAX_MACS)
		return EMUNIC_MBOX_ST_QUOTA;

	return EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_vf_del_mac() - can the VF give this address up?
 * @rec: record of the VF
 * @mac: the address
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_vf_del_mac(const struct emunic_vf_rec *rec, const u8 *mac)
{
	return emunic_policy_find_mac(rec, mac) < 0 ? EMUNIC_MBOX_ST_INVALID :
						      EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_vf_add_vlan() - may the VF join this VLAN?
 * @rec: record of the VF
 * @vid: VLAN ID
 * @known: set if the VF is in it already
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_vf_add_vlan(const struct emunic_vf_rec *rec, u16 vid,
			      bool *known)
{
	if (vid >= VLAN_VID_MASK)
		return EMUNIC_MBOX_ST_INVALID;
	if (rec->policy.vlan)
		return EMUNIC_MBOX_ST_PERM;

	*known = emunic_policy_find_vlan(rec, vid) >= 0;
	if (!*known && rec->state.num_vlans == EMUNIC_VF_MAX_VLANS)
		return EMUNIC_MBOX_ST_QUOTA;

	return EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_vf_del_vlan() - can the VF leave this VLAN?
 * @rec: record of the VF
 * @vid: VLAN ID
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_vf_del_vlan(const struct emunic_vf_rec *rec, u16 vid)
{
	return emunic_policy_find_vlan(rec, vid) < 0 ? EMUNIC_MBOX_ST_INVALID :
						       EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_vf_rx_mode() - may the VF have this Rx mode?
 * @rec: record of the VF
 * @mode: EMUNIC_RX_MODE_*
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_vf_rx_mode(const struct emunic_vf_rec *rec, u32 mode)
{
	if (mode & ~(EMUNIC_RX_MODE_PROMISC | EMUNIC_RX_MODE_ALLMULTI))
		return EMUNIC_MBOX_ST_INVALID;
	if (mode && !rec->policy.trusted)
		return EMUNIC_MBOX_ST_PERM;

	return EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_commit_mac() - the device has or has lost the address
 * @rec: record of the VF
 * @mac: an address that the check above has passed
 * @add: which of the two
 */
void emunic_policy_commit_mac(struct emunic_vf_rec *rec, const u8 *mac,
			      bool add)
{
	struct emunic_vf_state *state = &rec->state;
	int i = emunic_policy_find_mac(rec, mac);

	if (add && i < 0) {
		memcpy(state->macs[state->num_macs++], mac, ETH_ALEN);
	} else if (!add && i >= 0) {
		state->num_macs--;
		memmove(state->macs[i], state->macs[state->num_macs],
			ETH_ALEN);
	}
}

/**
 * emunic_policy_commit_vlan() - the device has or has lost the VLAN
 * @rec: record of the VF
 * @vid: a VLAN that the check above has passed
 * @add: which of the two
 */
void emunic_policy_commit_vlan(struct emunic_vf_rec *rec, u16 vid, bool add)
{
	struct emunic_vf_state *state = &rec->state;
	int i = emunic_policy_find_vlan(rec, vid);

	if (add && i < 0)
		state->vlans[state->num_vlans++] = vid;
	else if (!add && i >= 0)
		state->vlans[i] = state->vlans[--state->num_vlans];
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what a VF may ask for: pure functions over its record.
 *
 * No hardware and no locks: the caller holds the record's lock, asks here,
 * brings the change to the device, and commits it here when that succeeded.
 */
#include "emunic.h"
#include "pf.h"

/**
 * emunic_policy_version() - the version to speak with a VF
 * @major: the VF's; then the one to speak
 * @minor: the VF's; then the one to speak
 * @max_minor: highest minor version to speak
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_version(u16 *major, u16 *minor, u16 max_minor)
{
	if (*major != EMUNIC_MBOX_VERSION_MAJOR)
		return EMUNIC_MBOX_ST_VERSION;

	*minor = min(*minor, max_minor);
	return EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_policy_caps() - the capabilities to grant a VF
 * @rec: record of the VF
 * @asked: EMUNIC_MBOX_CAP_* that the VF knows
 *
 * Return: EMUNIC_MBOX_CAP_*
 */
u32 emunic_policy_caps(const struct emunic_vf_rec *rec, u32 asked)
{
	u32 caps = EMUNIC_MBOX_CAP_FILTERS | EMUNIC_MBOX_CAP_RX_MODE;

	if (rec->state.minor >= 1)
		caps |= EMUNIC_MBOX_CAP_RSS;

	return asked & caps;
}

/* A given address is the VF's to replace only while it is trusted */
static bool emunic_policy_may_choose_mac(const struct emunic_vf_rec *rec)
{
	return is_zero_ether_addr(rec->policy.mac) || rec->policy.trusted;
}

/**
 * emunic_policy_config() - answer to GET_CONFIG
 * @rec: record of the VF
 * @config: filled in
 */
void emunic_policy_config(const struct emunic_vf_rec *rec,
			  struct emunic_mbox_config *config)
{
	const struct emunic_vf_policy *policy = &rec->policy;
	u16 ucasts = EMUNIC_VF_MAX_UCASTS;
	u16 mcasts = EMUNIC_VF_MAX_MCASTS;
	u16 vlans = EMUNIC_VF_MAX_VLANS;
	u16 flags = 0;

	if (policy->trusted) {
		ucasts = EMUNIC_VPORT_MAX_MACS;
		mcasts = EMUNIC_VPORT_MAX_MACS;
		vlans = VLAN_VID_MASK;
	}
	if (!emunic_policy_may_choose_mac(rec))
		flags |= EMUNIC_MBOX_CONFIG_MAC_SET;
	if (policy->vlan)
		flags |= EMUNIC_MBOX_CONFIG_PORT_VLAN;
	if (policy->trusted)
		flags |= EMUNIC_MBOX_CONFIG_TRUSTED;

	memset(config, 0, sizeof(*config));
	ether_addr_copy(config->mac, policy->mac);
	config->flags = cpu_to_le16(flags);
	config->max_mtu = cpu_to_le16(EMUNIC_MAX_MTU);
	config->max_macs = cpu_to_le16(ucasts);
	config->max_vlans = cpu_to_le16(vlans);
	if (rec->state.minor >= 1)
		config->max_mcasts = cpu_to_le16(mcasts);
}

/**
 * emunic_policy_rss() - answer to GET_RSS
 * @rec: record of the VF
 * @rss: filled in
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_policy_rss(const struct emunic_vf_rec *rec,
		      struct emunic_mbox_rss *rss)
{
	static const u8 key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

	if (!rec->policy.query_rss)
		return EMUNIC_MBOX_ST_PERM;

	memset(rss, 0, sizeof(*rss));
	memcpy(rss->key, key, sizeof(rss->key));
	rss->entries = cpu_to_le16(EMUNIC_RSS_ENTRIES);
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
	if (!emunic_policy_may_choose_mac(rec))
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

/**
 * emunic_policy_has_mac() - did the VF add this address?
 * @rec: record of the VF
 * @mac: the address
 *
 * Return: true if so
 */
bool emunic_policy_has_mac(const struct emunic_vf_rec *rec, const u8 *mac)
{
	return emunic_policy_find_mac(rec, mac) >= 0;
}

/**
 * emunic_policy_owns_mac() - do frames to this address belong to the VF?
 * @rec: record of the VF
 * @mac: a unicast address
 *
 * Return: true if it was given the address, chose it, or added it
 */
bool emunic_policy_owns_mac(const struct emunic_vf_rec *rec, const u8 *mac)
{
	return ether_addr_equal_unaligned(rec->policy.mac, mac) ||
	       ether_addr_equal_unaligned(rec->state.mac, mac) ||
	       emunic_policy_has_mac(rec, mac);
}

static bool emunic_policy_macs_used_up(const struct emunic_vf_rec *rec,
				       bool multicast)
{
	const struct emunic_vf_state *state = &rec->state;
	int i, count = 0;

	if (rec->policy.trusted)
		return state->num_macs == EMUNIC_VPORT_MAX_MACS;

	for (i = 0; i < state->num_macs; i++)
		count += is_multicast_ether_addr(state->macs[i]) == multicast;

	return count >= (multicast ? EMUNIC_VF_MAX_MCASTS :
				     EMUNIC_VF_MAX_UCASTS);
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
	if (!is_multicast_ether_addr(mac) && !emunic_policy_may_choose_mac(rec))
		return EMUNIC_MBOX_ST_PERM;

	*known = emunic_policy_has_mac(rec, mac);
	if (!*known &&
	    emunic_policy_macs_used_up(rec, is_multicast_ether_addr(mac)))
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
	return emunic_policy_has_mac(rec, mac) ? EMUNIC_MBOX_ST_OK :
						 EMUNIC_MBOX_ST_INVALID;
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

	*known = test_bit(vid, rec->state.vlans);
	if (!*known && !rec->policy.trusted &&
	    bitmap_weight(rec->state.vlans, VLAN_N_VID) >= EMUNIC_VF_MAX_VLANS)
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
	if (vid >= VLAN_VID_MASK || !test_bit(vid, rec->state.vlans))
		return EMUNIC_MBOX_ST_INVALID;

	return EMUNIC_MBOX_ST_OK;
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
	assign_bit(vid, rec->state.vlans, add);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: changes to a VF in the device and in its record together.
 *
 * All are called with the record's lock held.
 */
#include "emunic.h"
#include "pf.h"

static const u8 emunic_no_mac[ETH_ALEN];

/**
 * emunic_pf_is_second_mac() - is this the address that a VF chose beside a
 *	given one?
 * @rec: record of the VF
 * @mac: the address
 *
 * Return: true if so; the device has it as a filter then
 */
bool emunic_pf_is_second_mac(const struct emunic_vf_rec *rec, const u8 *mac)
{
	return !is_zero_ether_addr(rec->policy.mac) &&
	       ether_addr_equal_unaligned(rec->state.mac, mac);
}

/**
 * emunic_pf_vf_drop_second_mac() - leave a VF with the address it was given
 * @emu: the PF
 * @rec: record of the VF
 */
void emunic_pf_vf_drop_second_mac(struct emunic *emu, struct emunic_vf_rec *rec)
{
	u8 *mac = rec->state.mac;

	if (is_zero_ether_addr(rec->policy.mac) || is_zero_ether_addr(mac))
		return;

	if (!emunic_policy_has_mac(rec, mac))
		emunic_vport_mac_filter(emu, rec->id + 1,
					EMUNIC_ADMIN_VPORT_DEL_MAC, mac);
	eth_zero_addr(mac);
}

/**
 * emunic_pf_vf_drop_ucasts() - take the unicast filters from a VF
 * @emu: the PF
 * @rec: record of the VF
 */
void emunic_pf_vf_drop_ucasts(struct emunic *emu, struct emunic_vf_rec *rec)
{
	int i;

	/* From the end: the last one fills the gap */
	for (i = rec->state.num_macs - 1; i >= 0; i--) {
		u8 mac[ETH_ALEN];

		memcpy(mac, rec->state.macs[i], ETH_ALEN);
		if (is_multicast_ether_addr(mac))
			continue;
		emunic_vport_mac_filter(emu, rec->id + 1,
					EMUNIC_ADMIN_VPORT_DEL_MAC, mac);
		emunic_policy_commit_mac(rec, mac, false);
	}
}

/**
 * emunic_pf_vf_drop_state() - take from a VF what it does not know it has
 * @emu: the PF
 * @rec: record of the VF
 *
 * A request that was answered too late has been executed: after a reset that
 * overtook it, or although the VF had given it up.
 */
void emunic_pf_vf_drop_state(struct emunic *emu, struct emunic_vf_rec *rec)
{
	struct emunic_vf_state *state = &rec->state;
	u16 vport = rec->id + 1;
	unsigned int vid;
	int i;

	emunic_pf_vf_drop_second_mac(emu, rec);
	for (i = 0; i < state->num_macs; i++)
		emunic_vport_mac_filter(emu, vport, EMUNIC_ADMIN_VPORT_DEL_MAC,
					state->macs[i]);
	state->num_macs = 0;
	for_each_set_bit(vid, state->vlans, VLAN_N_VID)
		emunic_vport_vlan_filter(emu, vport,
					 EMUNIC_ADMIN_VPORT_DEL_VLAN, vid);
	bitmap_zero(state->vlans, VLAN_N_VID);
	emunic_vport_set_rx_mode(emu, vport, 0);
	state->stale = false;
}

/**
 * emunic_pf_vf_set_policy() - make a policy that of a VF
 * @emu: the PF
 * @rec: record of the VF; keeps the policy it has if this fails
 * @policy: the new one, which was checked
 * @own: address that the VF chose, to be in force if the policy has none
 *
 * While the PF is being reset only the record is changed: the end of the reset
 * brings it to the device.
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_pf_vf_set_policy(struct emunic *emu, struct emunic_vf_rec *rec,
			    const struct emunic_vf_policy *policy,
			    const u8 *own)
{
	struct emunic_vport_policy old, new;
	int err = 0;

	if (emunic_pf_ready(emu)) {
		emunic_policy_to_device(&rec->policy, rec->state.mac, &old);
		emunic_policy_to_device(policy, own, &new);
		err = emunic_vport_apply(emu, rec->id + 1, &old, &new);
	}
	if (!err)
		rec->policy = *policy;

	return err;
}

/**
 * emunic_pf_vf_replay_policy() - bring the policy of a VF to a PF that was
 *	reset
 * @emu: the PF, its admin queue running
 * @rec: record of the VF
 *
 * The PF's reset was the VF's too, so what its driver had asked for is
 * forgotten.
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_pf_vf_replay_policy(struct emunic *emu, struct emunic_vf_rec *rec)
{
	struct emunic_vport_policy policy;

	emunic_policy_forget(rec);
	emunic_policy_to_device(&rec->policy, emunic_no_mac, &policy);

	return emunic_vport_apply(emu, rec->id + 1, NULL, &policy);
}

/**
 * emunic_pf_vf_distrust() - withdraw trust, and what a VF had by it
 * @emu: the PF
 * @rec: record of the VF
 *
 * The VF is reset, so that nothing is left but policy and its driver asks
 * anew.
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_pf_vf_distrust(struct emunic *emu, struct emunic_vf_rec *rec)
{
	struct emunic_vf_policy policy = rec->policy;
	int err = 0;

	policy.trusted = false;
	if (emunic_pf_ready(emu))
		err = emunic_vport_reset_vf(emu, rec->id + 1);
	/* A VF that is just being enabled has nothing */
	if (err && err != -ENXIO)
		return err;

	err = emunic_pf_vf_set_policy(emu, rec, &policy, emunic_no_mac);
	emunic_policy_forget(rec);

	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the commands about vports and the switch.
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

/**
 * emunic_vport_clear() - forget policy and state of a vport
 * @emu: the PF
 * @vport: whose
 *
 * Return: 0 or an errno
 */
int emunic_vport_clear(struct emunic *emu, u16 vport)
{
	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_CLEAR, vport, NULL, 0,
				 NULL, 0);
}

/**
 * emunic_vport_get_policy() - what is in force at a vport
 * @emu: the PF
 * @vport: whose
 * @policy: filled in, as the device wrote it
 *
 * Return: 0 or an errno
 */
int emunic_vport_get_policy(struct emunic *emu, u16 vport,
			    struct emunic_vport_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_GET_POLICY, vport,
				 NULL, 0, policy, sizeof(*policy));
}

static int emunic_vport_set_vlan(struct emunic *emu, u16 vport,
				 const struct emunic_vport_policy *policy)
{
	struct emunic_admin_port_vlan arg = {
		.tpid = policy->vid ? policy->tpid : cpu_to_le16(ETH_P_8021Q),
		.vid = policy->vid,
		.prio = policy->prio,
	};

	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_SET_VLAN, vport, &arg,
				 sizeof(arg), NULL, 0);
}

static int emunic_vport_set_rate(struct emunic *emu, u16 vport,
				 const struct emunic_vport_policy *policy)
{
	struct emunic_admin_rate arg = {
		.min_rate = policy->min_rate,
		.max_rate = policy->max_rate,
	};

	return emunic_admin_exec(emu, EMUNIC_ADMIN_VPORT_SET_RATE, vport, &arg,
				 sizeof(arg), NULL, 0);
}

/* The commands whose argument is one number */
static int emunic_vport_set(struct emunic *emu, u16 vport, u16 opcode,
			    __le32 value)
{
	return emunic_admin_exec(emu, opcode, vport, &value, sizeof(value),
				 NULL, 0);
}

/**
 * emunic_vport_apply() - bring a VF's policy to the device
 * @emu: the PF
 * @vport: the VF's
 * @old: what the device has; NULL if that is not known
 * @new: what it is to have
 *
 * What does not differ is not sent; all of the rest is, whatever is refused.
 * The number of vectors is left alone: it cannot change while they
 * are in use.
 *
 * Return: 0 or an errno
 */
int emunic_vport_apply(struct emunic *emu, u16 vport,
		       const struct emunic_vport_policy *old,
		       const struct emunic_vport_policy *new)
{
	int err = 0;

	if (!old || !ether_addr_equal(old->mac, new->mac))
		err = emunic_vport_set_mac(emu, vport, new->mac);
	if (!old || old->tpid != new->tpid || old->vid != new->vid ||
	    old->prio != new->prio)
		err = emunic_vport_set_vlan(emu, vport, new) ?: err;
	if (!old || old->link != new->link)
		err = emunic_vport_set(emu, vport, EMUNIC_ADMIN_VPORT_SET_LINK,
				       new->link) ?: err;
	if (!old || old->spoofchk != new->spoofchk)
		err = emunic_vport_set(emu, vport,
				       EMUNIC_ADMIN_VPORT_SET_SPOOFCHK,
				       new->spoofchk) ?: err;
	if (!old || old->flags != new->flags)
		err = emunic_vport_set(emu, vport, EMUNIC_ADMIN_VPORT_SET_FLAGS,
				       new->flags) ?: err;
	if (!old || old->min_rate != new->min_rate ||
	    old->max_rate != new->max_rate)
		err = emunic_vport_set_rate(emu, vport, new) ?: err;

	return err;
}

/**
 * emunic_vport_set_vectors() - size of the MSI-X table of a VF
 * @emu: the PF
 * @vport: the VF's
 * @vectors: EMUNIC_MIN_VECTORS to EMUNIC_MAX_VECTORS; 0 for the default
 *
 * Return: 0 or an errno; -EINVAL also while the VF has MSI-X enabled; -ENOSPC
 *	if other VFs have too many of the pool
 */
int emunic_vport_set_vectors(struct emunic *emu, u16 vport, u32 vectors)
{
	return emunic_vport_set(emu, vport, EMUNIC_ADMIN_VF_SET_VECTORS,
				cpu_to_le32(vectors));
}

/**
 * emunic_vport_reset_vf() - reset a VF
 * @emu: the PF
 * @vport: the VF's
 *
 * On return nothing is left of what its driver had asked for, but its address.
 *
 * Return: 0 or an errno; -ENXIO if the VF is not enabled
 */
int emunic_vport_reset_vf(struct emunic *emu, u16 vport)
{
	return emunic_admin_exec(emu, EMUNIC_ADMIN_VF_RESET, vport, NULL, 0,
				 NULL, 0);
}

/**
 * emunic_switch_set_mode() - whether the switch forwards between vports
 * @emu: the PF
 * @mode: EMUNIC_SWITCH_*
 *
 * Return: 0 or an errno
 */
int emunic_switch_set_mode(struct emunic *emu, u32 mode)
{
	return emunic_vport_set(emu, emu->vport, EMUNIC_ADMIN_SWITCH_SET_MODE,
				cpu_to_le32(mode));
}

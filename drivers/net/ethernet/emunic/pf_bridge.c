// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: what `bridge link` asks of the PF: the mode of the embedded switch.
 */
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <net/netlink.h>

#include "emunic.h"
#include "pf.h"

/**
 * emunic_pf_bridge_getlink() - ndo_bridge_getlink
 * @skb: takes the answer
 * @pid: of whom asks
 * @seq: of the request
 * @netdev: the PF
 * @filter_mask: RTEXT_FILTER_*
 * @nlflags: NLM_F_*
 *
 * Return: 0 or an errno
 */
int emunic_pf_bridge_getlink(struct sk_buff *skb, u32 pid, u32 seq,
			     struct net_device *netdev, u32 filter_mask,
			     int nlflags)
{
	struct emunic *emu = netdev_priv(netdev);
	u16 mode = BRIDGE_MODE_VEB;

	if (emu->is_vf)
		return -EOPNOTSUPP;
	if (emu->pf->switch_mode == EMUNIC_SWITCH_VEPA)
		mode = BRIDGE_MODE_VEPA;

	return ndo_dflt_bridge_getlink(skb, pid, seq, netdev, mode, 0, 0,
				       nlflags, filter_mask, NULL);
}

static int emunic_pf_bridge_set_mode(struct emunic *emu, u16 mode)
{
	u32 switch_mode;
	int err = 0;

	switch (mode) {
	case BRIDGE_MODE_VEB:
		switch_mode = EMUNIC_SWITCH_VEB;
		break;
	case BRIDGE_MODE_VEPA:
		switch_mode = EMUNIC_SWITCH_VEPA;
		break;
	default:
		return -EINVAL;
	}

	if (emunic_pf_ready(emu))
		err = emunic_switch_set_mode(emu, switch_mode);
	if (!err)
		emu->pf->switch_mode = switch_mode;

	return err;
}

/**
 * emunic_pf_bridge_setlink() - ndo_bridge_setlink
 * @netdev: the PF
 * @nlh: the request; whatever it has beside the mode is refused
 * @flags: BRIDGE_FLAGS_*
 * @extack: says why it is refused
 *
 * Return: 0 or an errno
 */
int emunic_pf_bridge_setlink(struct net_device *netdev, struct nlmsghdr *nlh,
			     u16 flags, struct netlink_ext_ack *extack)
{
	const struct nlattr *spec, *port, *attr, *mode = NULL;
	struct emunic *emu = netdev_priv(netdev);
	int rem;

	if (emu->is_vf)
		return -EOPNOTSUPP;

	/* iproute2 sends the options of a port even if there are none */
	spec = nlmsg_find_attr(nlh, sizeof(struct ifinfomsg), IFLA_AF_SPEC);
	port = nlmsg_find_attr(nlh, sizeof(struct ifinfomsg), IFLA_PROTINFO);
	if (!spec || (port && nla_len(port)))
		goto refuse;

	nla_for_each_nested(attr, spec, rem) {
		switch (nla_type(attr)) {
		case IFLA_BRIDGE_FLAGS:
			break;
		case IFLA_BRIDGE_MODE:
			if (nla_len(attr) < sizeof(u16))
				return -EINVAL;
			mode = attr;
			break;
		default:
			goto refuse;
		}
	}
	if (mode)
		return emunic_pf_bridge_set_mode(emu, nla_get_u16(mode));

refuse:
	NL_SET_ERR_MSG_MOD(extack, "only hwmode veb and vepa can be set");
	return -EOPNOTSUPP;
}

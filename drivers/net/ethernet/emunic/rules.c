// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: receive steering: rules that go before the hash (ethtool -N).
 *
 * As with the rest of the steering, the driver's copy is the truth. Rules are
 * in force while NETIF_F_NTUPLE is on.
 */
#include <linux/ethtool.h>
#include <linux/unaligned.h>

#include "emunic.h"
#include "rss.h"

static void emunic_rule_write(struct emunic *emu, u32 r,
			      const struct emunic_flow_rule *rule)
{
	u32 window = EMUNIC_FLOW_RULE + r * EMUNIC_FLOW_STRIDE;
	u32 at;

	/* While it changes it fits nothing */
	emunic_wr32(emu, window, 0);
	if (!rule->ctrl)
		return;
	for (at = sizeof(rule->ctrl); at < sizeof(*rule); at += sizeof(u32))
		emunic_wr32(emu, window + at,
			    get_unaligned_le32((const u8 *)rule + at));
	emunic_wr32(emu, window, le32_to_cpu(rule->ctrl));
}

/**
 * emunic_rules_apply() - bring the rules to the device
 * @emu: the function
 * @features: of its netdev
 *
 * Context: RTNL
 */
void emunic_rules_apply(struct emunic *emu, netdev_features_t features)
{
	static const struct emunic_flow_rule none;
	u32 r;

	if (!(emu->caps & EMUNIC_CAPS_FLOW))
		return;

	for (r = 0; r < EMUNIC_FLOW_RULES; r++)
		emunic_rule_write(emu, r, features & NETIF_F_NTUPLE ?
				  &emu->rules.rule[r] : &none);
}

/*
 * Adds a field to what a rule asks for: fields are compared whole or not at
 * all. Returns the bit of @which, or an errno.
 */
static int emunic_rule_put(void *field, const void *val, const void *mask,
			   size_t len, int which)
{
	if (!memchr_inv(mask, 0, len))
		return 0;
	if (memchr_inv(mask, 0xff, len))
		return -EOPNOTSUPP;

	memcpy(field, val, len);
	return which;
}

/* The fields of a flow specification, wherever its type has them */
struct emunic_rule_spec {
	const void *src;
	const void *dst;
	const void *sport;
	const void *dport;
	size_t len;
	bool other;
};

static bool emunic_rule_spec_l4_v4(const struct ethtool_tcpip4_spec *spec,
				   struct emunic_rule_spec *out)
{
	*out = (struct emunic_rule_spec) {
		.src = &spec->ip4src,
		.dst = &spec->ip4dst,
		.sport = &spec->psrc,
		.dport = &spec->pdst,
		.len = sizeof(spec->ip4src),
		.other = spec->tos,
	};
	return true;
}

static bool emunic_rule_spec_l4_v6(const struct ethtool_tcpip6_spec *spec,
				   struct emunic_rule_spec *out)
{
	*out = (struct emunic_rule_spec) {
		.src = spec->ip6src,
		.dst = spec->ip6dst,
		.sport = &spec->psrc,
		.dport = &spec->pdst,
		.len = sizeof(spec->ip6src),
		.other = spec->tclass,
	};
	return true;
}

static bool emunic_rule_spec_v4(const struct ethtool_usrip4_spec *spec,
				struct emunic_rule_spec *out)
{
	*out = (struct emunic_rule_spec) {
		.src = &spec->ip4src,
		.dst = &spec->ip4dst,
		.len = sizeof(spec->ip4src),
		.other = spec->l4_4_bytes || spec->tos || spec->proto,
	};
	return true;
}

static bool emunic_rule_spec_v6(const struct ethtool_usrip6_spec *spec,
				struct emunic_rule_spec *out)
{
	*out = (struct emunic_rule_spec) {
		.src = spec->ip6src,
		.dst = spec->ip6dst,
		.len = sizeof(spec->ip6src),
		.other = spec->l4_4_bytes || spec->tclass || spec->l4_proto,
	};
	return true;
}

/* False for a type that the device does not know */
static bool emunic_rule_spec(u32 flow_type,
			     const union ethtool_flow_union *spec,
			     struct emunic_rule_spec *out)
{
	switch (flow_type) {
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
		return emunic_rule_spec_l4_v4(&spec->tcp_ip4_spec, out);
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		return emunic_rule_spec_l4_v6(&spec->tcp_ip6_spec, out);
	case IPV4_USER_FLOW:
		return emunic_rule_spec_v4(&spec->usr_ip4_spec, out);
	case IPV6_USER_FLOW:
		return emunic_rule_spec_v6(&spec->usr_ip6_spec, out);
	default:
		return false;
	}
}

static u32 emunic_rule_kind(u32 flow_type)
{
	switch (flow_type) {
	case TCP_V4_FLOW:
		return EMUNIC_FLOW_KIND_TCP4;
	case UDP_V4_FLOW:
		return EMUNIC_FLOW_KIND_UDP4;
	case TCP_V6_FLOW:
		return EMUNIC_FLOW_KIND_TCP6;
	case UDP_V6_FLOW:
		return EMUNIC_FLOW_KIND_UDP6;
	case IPV4_USER_FLOW:
		return EMUNIC_FLOW_KIND_IP4;
	default:
		return EMUNIC_FLOW_KIND_IP6;
	}
}

/* What a rule compares; returns its bits of ctrl, or an errno */
static int emunic_rule_put_match(struct emunic_flow_rule *rule,
				 const struct ethtool_rx_flow_spec *fs)
{
	u32 type = fs->flow_type & ~FLOW_RSS;
	struct emunic_rule_spec val, mask;
	int src, dst, sport = 0, dport = 0;

	if (!emunic_rule_spec(type, &fs->h_u, &val) ||
	    !emunic_rule_spec(type, &fs->m_u, &mask) || mask.other)
		return -EOPNOTSUPP;

	src = emunic_rule_put(rule->src, val.src, mask.src, val.len,
			      EMUNIC_FLOW_SRC);
	dst = emunic_rule_put(rule->dst, val.dst, mask.dst, val.len,
			      EMUNIC_FLOW_DST);
	if (val.sport) {
		sport = emunic_rule_put(&rule->sport, val.sport, mask.sport,
					sizeof(rule->sport),
					EMUNIC_FLOW_SPORT);
		dport = emunic_rule_put(&rule->dport, val.dport, mask.dport,
					sizeof(rule->dport),
					EMUNIC_FLOW_DPORT);
	}
	if (src < 0 || dst < 0 || sport < 0 || dport < 0)
		return -EOPNOTSUPP;

	return src | dst | sport | dport |
	       FIELD_PREP(EMUNIC_FLOW_KIND, emunic_rule_kind(type));
}

/* Where it sends frames; returns its bits of ctrl, or an errno */
static int emunic_rule_action(const struct emunic *emu,
			      const struct ethtool_rxnfc *rxnfc)
{
	if (rxnfc->fs.ring_cookie == RX_CLS_FLOW_DISC)
		return EMUNIC_FLOW_DROP;
	if (rxnfc->fs.ring_cookie == RX_CLS_FLOW_WAKE)
		return -EOPNOTSUPP;
	if (rxnfc->fs.flow_type & FLOW_RSS) {
		/* What would be added to the queue that the table says */
		if (rxnfc->fs.ring_cookie)
			return -EOPNOTSUPP;
		return EMUNIC_FLOW_SPREAD |
		       FIELD_PREP(EMUNIC_FLOW_CONTEXT, rxnfc->rss_context);
	}
	if (rxnfc->fs.ring_cookie >= emu->num_queues)
		return -EINVAL;

	return FIELD_PREP(EMUNIC_FLOW_QUEUE, rxnfc->fs.ring_cookie);
}

static int emunic_rule_insert(struct emunic *emu,
			      const struct ethtool_rxnfc *rxnfc)
{
	u32 r = rxnfc->fs.location;
	struct emunic_flow_rule rule = {};
	int match, action;

	if (!(emu->netdev->features & NETIF_F_NTUPLE))
		return -EOPNOTSUPP;
	if (r >= EMUNIC_FLOW_RULES)
		return -EINVAL;

	match = emunic_rule_put_match(&rule, &rxnfc->fs);
	if (match < 0)
		return match;
	action = emunic_rule_action(emu, rxnfc);
	if (action < 0)
		return action;

	rule.ctrl = cpu_to_le32(EMUNIC_FLOW_ENABLE | match | action);
	emu->rules.rule[r] = rule;
	emu->rules.spec[r] = rxnfc->fs;
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_rule_write(emu, r, &rule);

	return 0;
}

static int emunic_rule_delete(struct emunic *emu, u32 r)
{
	struct emunic_flow_rule *rule;

	if (r >= EMUNIC_FLOW_RULES || !emu->rules.rule[r].ctrl)
		return -ENOENT;

	rule = &emu->rules.rule[r];
	memset(rule, 0, sizeof(*rule));
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_rule_write(emu, r, rule);

	return 0;
}

/**
 * emunic_rules_use_context() - does a rule point at a context?
 * @emu: the function
 * @c: the context
 *
 * Context: RTNL
 * Return: true if one does
 */
bool emunic_rules_use_context(const struct emunic *emu, u32 c)
{
	u32 r;

	for (r = 0; r < EMUNIC_FLOW_RULES; r++) {
		u32 ctrl = le32_to_cpu(emu->rules.rule[r].ctrl);

		if (ctrl & EMUNIC_FLOW_SPREAD &&
		    FIELD_GET(EMUNIC_FLOW_CONTEXT, ctrl) == c)
			return true;
	}

	return false;
}

static int emunic_rule_get(const struct emunic *emu,
			   struct ethtool_rxnfc *rxnfc)
{
	u32 r = rxnfc->fs.location;

	if (r >= EMUNIC_FLOW_RULES || !emu->rules.rule[r].ctrl)
		return -ENOENT;

	rxnfc->fs = emu->rules.spec[r];
	if (rxnfc->fs.flow_type & FLOW_RSS)
		rxnfc->rss_context =
			le32_get_bits(emu->rules.rule[r].ctrl,
				      EMUNIC_FLOW_CONTEXT);
	return 0;
}

/* Fills in where the rules are, unless @rules is NULL */
static int emunic_rules_list(const struct emunic *emu,
			     struct ethtool_rxnfc *rxnfc, u32 *rules)
{
	u32 count = 0;
	u32 r;

	for (r = 0; r < EMUNIC_FLOW_RULES; r++) {
		if (!emu->rules.rule[r].ctrl)
			continue;
		if (rules && count == rxnfc->rule_cnt)
			return -EMSGSIZE;
		if (rules)
			rules[count] = r;
		count++;
	}

	rxnfc->data = emu->caps & EMUNIC_CAPS_FLOW ? EMUNIC_FLOW_RULES : 0;
	rxnfc->rule_cnt = count;
	return 0;
}

/**
 * emunic_get_rxnfc() - ethtool: read rules
 * @netdev: the device
 * @rxnfc: what of them; filled in
 * @rules: filled in with the numbers of the rules
 *
 * Return: 0 or an errno
 */
int emunic_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *rxnfc,
		     u32 *rules)
{
	struct emunic *emu = netdev_priv(netdev);

	switch (rxnfc->cmd) {
	case ETHTOOL_GRXRINGS:
		rxnfc->data = emu->num_queues;
		return 0;
	case ETHTOOL_GRXCLSRLCNT:
		return emunic_rules_list(emu, rxnfc, NULL);
	case ETHTOOL_GRXCLSRLALL:
		return emunic_rules_list(emu, rxnfc, rules);
	case ETHTOOL_GRXCLSRULE:
		return emunic_rule_get(emu, rxnfc);
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * emunic_set_rxnfc() - ethtool: insert or delete a rule
 * @netdev: the device
 * @rxnfc: the rule
 *
 * Return: 0 or an errno, with nothing changed
 */
int emunic_set_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *rxnfc)
{
	struct emunic *emu = netdev_priv(netdev);

	switch (rxnfc->cmd) {
	case ETHTOOL_SRXCLSRLINS:
		return emunic_rule_insert(emu, rxnfc);
	case ETHTOOL_SRXCLSRLDEL:
		return emunic_rule_delete(emu, rxnfc->fs.location);
	default:
		return -EOPNOTSUPP;
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: receive steering: contexts, hash fields, transformations.
 *
 * The driver's copy is the truth: a reset of the function takes the device's,
 * and every way up writes it again. A table always has all entries that the
 * device has; users see the part that it repeats, which grows with the number
 * of queues.
 */
#include <linux/ethtool.h>
#include <linux/log2.h>
#include <linux/unaligned.h>

#include "emunic.h"
#include "rss.h"

/* Entries that users see of the table with so many queues; a power of two */
static u32 emunic_rss_size(const struct emunic *emu, unsigned int queues)
{
	/* A table that cannot be set repeats no part of itself */
	if (!(emu->caps & EMUNIC_CAPS_RSS))
		return EMUNIC_RSS_ENTRIES;

	return min_t(u32, roundup_pow_of_two(queues) * EMUNIC_RSS_PER_QUEUE,
		     EMUNIC_RSS_ENTRIES);
}

static void emunic_rss_write(struct emunic *emu, u32 c)
{
	const u32 *table = emu->rss.table[c];
	u32 offset = c * EMUNIC_RSS_STRIDE;
	u32 i;

	for (i = 0; i < EMUNIC_RSS_KEY_SIZE; i += 4)
		emunic_wr32(emu, EMUNIC_RSS_KEY + offset + i,
			    get_unaligned_le32(emu->rss.key + i));
	for (i = 0; i < EMUNIC_RSS_ENTRIES; i += 4)
		emunic_wr32(emu, EMUNIC_RSS_TABLE + offset + i,
			    table[i] | table[i + 1] << 8 |
			    table[i + 2] << 16 | table[i + 3] << 24);
}

/**
 * emunic_rss_apply() - bring the steering to the device
 * @emu: the function
 *
 * Context: RTNL
 */
void emunic_rss_apply(struct emunic *emu)
{
	u32 contexts = emu->caps & EMUNIC_CAPS_FLOW ? EMUNIC_RSS_CONTEXTS : 1;
	u32 c;

	if (!(emu->caps & EMUNIC_CAPS_RSS))
		return;

	emunic_wr32(emu, EMUNIC_RSS_FIELDS, emu->rss.fields);
	emunic_wr32(emu, EMUNIC_RSS_CTRL, emu->rss.ctrl);
	for (c = 0; c < contexts; c++)
		emunic_rss_write(emu, c);
}

/*
 * Makes a table what users have given, or what is right without that: all
 * queues, and for a context besides the first those that a function begins
 * with. The core lets no queue go that is in the table of one of these.
 */
static void emunic_rss_set_table(struct emunic *emu, u32 c, const u32 *indir)
{
	u32 size = emunic_rss_size(emu, emu->num_queues);
	u32 queues = emu->num_queues;
	u32 *table = emu->rss.table[c];
	u32 i;

	if (c)
		queues = min_t(u32, queues, netif_get_num_default_rss_queues());
	for (i = 0; i < EMUNIC_RSS_ENTRIES; i++)
		table[i] = indir ? indir[i % size] :
				   ethtool_rxfh_indir_default(i % size, queues);
}

/**
 * emunic_rss_init() - steering until somebody wants another
 * @emu: the function, its number of queues known
 */
void emunic_rss_init(struct emunic *emu)
{
	static const u8 reset_key[] = EMUNIC_RSS_KEY_RESET;
	u8 *key = emu->rss.key;

	memcpy(key, reset_key, sizeof(reset_key));
	if (emu->caps & EMUNIC_CAPS_RSS)
		netdev_rss_key_fill(key, EMUNIC_RSS_KEY_SIZE);
	emu->rss.fields = EMUNIC_RSS_FIELDS_RESET;
	emunic_rss_set_table(emu, 0, NULL);
}

/**
 * emunic_rss_check_queues() - can the steering follow the number of queues?
 * @emu: the function
 * @queues: what the number is to be
 *
 * That no queue is in use which would go away is the core's to know.
 *
 * Context: RTNL
 * Return: 0; -EINVAL if the table would not be the same in fewer entries
 */
int emunic_rss_check_queues(struct emunic *emu, unsigned int queues)
{
	u32 old = emunic_rss_size(emu, emu->num_queues);
	u32 new = emunic_rss_size(emu, queues);

	if (old == new)
		return 0;
	if (!ethtool_rxfh_indir_can_resize(emu->netdev, emu->rss.table[0], old,
					   new))
		return -EINVAL;

	return ethtool_rxfh_ctxs_can_resize(emu->netdev, new);
}

/**
 * emunic_rss_update_queues() - the number of queues is about to change
 * @emu: the function, down, its number of queues the new one
 *
 * Context: RTNL
 */
void emunic_rss_update_queues(struct emunic *emu)
{
	if (!netif_is_rxfh_configured(emu->netdev))
		emunic_rss_set_table(emu, 0, NULL);
}

/**
 * emunic_get_rxfh_key_size() - ethtool: bytes of the key
 * @netdev: the device
 *
 * Return: the number
 */
u32 emunic_get_rxfh_key_size(struct net_device *netdev)
{
	return EMUNIC_RSS_KEY_SIZE;
}

/**
 * emunic_get_rxfh_indir_size() - ethtool: entries of the indirection table
 * @netdev: the device
 *
 * Return: the number
 */
u32 emunic_get_rxfh_indir_size(struct net_device *netdev)
{
	struct emunic *emu = netdev_priv(netdev);

	return emunic_rss_size(emu, emu->num_queues);
}

static u8 emunic_rss_xfrm(const struct emunic *emu)
{
	switch (emu->rss.ctrl) {
	case EMUNIC_RSS_CTRL_SYM_XOR:
		return RXH_XFRM_SYM_XOR;
	case EMUNIC_RSS_CTRL_SYM_OR_XOR:
		return RXH_XFRM_SYM_OR_XOR;
	default:
		return 0;
	}
}

/*
 * What an administrator can keep from a VF's users is the key and a table that
 * they have not set themselves. The core reads neither to set hash fields, and
 * a table to set channels.
 */
static bool emunic_rss_is_secret(struct net_device *netdev,
				 const struct ethtool_rxfh_param *rxfh)
{
	struct emunic *emu = netdev_priv(netdev);

	return emu->is_vf && (rxfh->key || (rxfh->indir &&
					    !netif_is_rxfh_configured(netdev)));
}

/**
 * emunic_get_rxfh() - ethtool: key, table and transformation
 * @netdev: the device
 * @rxfh: filled in
 *
 * A VF has to ask its PF whether it may tell.
 *
 * Return: 0 or an errno; -EPERM if the administrator does not allow it
 */
int emunic_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh)
{
	struct emunic *emu = netdev_priv(netdev);
	int err;

	err = emunic_rss_is_secret(netdev, rxfh) ?
	      emunic_vf_may_read_rss(emu) : 0;
	if (err)
		return err;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	rxfh->input_xfrm = emunic_rss_xfrm(emu);
	if (rxfh->key)
		memcpy(rxfh->key, emu->rss.key, EMUNIC_RSS_KEY_SIZE);
	if (rxfh->indir)
		memcpy(rxfh->indir, emu->rss.table[0],
		       emunic_rss_size(emu, emu->num_queues) * sizeof(u32));

	return 0;
}

static int emunic_rss_ctrl(u8 input_xfrm, u32 *ctrl)
{
	switch (input_xfrm) {
	case RXH_XFRM_NO_CHANGE:
		return 0;
	case 0:
		*ctrl = 0;
		return 0;
	case RXH_XFRM_SYM_XOR:
		*ctrl = EMUNIC_RSS_CTRL_SYM_XOR;
		return 0;
	case RXH_XFRM_SYM_OR_XOR:
		*ctrl = EMUNIC_RSS_CTRL_SYM_OR_XOR;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * emunic_set_rxfh() - ethtool: key, table and transformation
 * @netdev: the device
 * @rxfh: what to change
 * @extack: not used
 *
 * Return: 0 or an errno, with nothing changed
 */
int emunic_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);
	u32 ctrl = emu->rss.ctrl;
	int err;

	if (!(emu->caps & EMUNIC_CAPS_RSS))
		return -EOPNOTSUPP;
	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE &&
	    rxfh->hfunc != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	err = emunic_rss_ctrl(rxfh->input_xfrm, &ctrl);
	if (err)
		return err;

	emu->rss.ctrl = ctrl;
	if (rxfh->key)
		memcpy(emu->rss.key, rxfh->key, EMUNIC_RSS_KEY_SIZE);
	if (rxfh->indir)
		emunic_rss_set_table(emu, 0, rxfh->indir);
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_rss_apply(emu);

	return 0;
}

/*
 * Contexts: a table each, for rules to point at. Key, fields and transformation
 * are those of all.
 */
static int emunic_rss_set_context(struct emunic *emu,
				  const struct ethtool_rxfh_param *rxfh)
{
	u32 c = rxfh->rss_context;

	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE &&
	    rxfh->hfunc != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (rxfh->input_xfrm != RXH_XFRM_NO_CHANGE &&
	    rxfh->input_xfrm != emunic_rss_xfrm(emu))
		return -EOPNOTSUPP;

	if (rxfh->key)
		return -EOPNOTSUPP;
	if (rxfh->indir)
		emunic_rss_set_table(emu, c, rxfh->indir);
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_rss_write(emu, c);

	return 0;
}

/**
 * emunic_create_rxfh_context() - ethtool: a new context
 * @netdev: the device
 * @ctx: what the core keeps of it
 * @rxfh: its number, and its table if it is given
 * @extack: not used
 *
 * Return: 0 or -EOPNOTSUPP
 */
int emunic_create_rxfh_context(struct net_device *netdev,
			       struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack)
{
	struct emunic *emu = netdev_priv(netdev);
	u32 c = rxfh->rss_context;
	int err;

	if (!(emu->caps & EMUNIC_CAPS_FLOW))
		return -EOPNOTSUPP;

	emunic_rss_set_table(emu, c, NULL);
	err = emunic_rss_set_context(emu, rxfh);
	if (err)
		return err;

	ctx->hfunc = ETH_RSS_HASH_TOP;
	ctx->input_xfrm = emunic_rss_xfrm(emu);
	memcpy(ethtool_rxfh_context_key(ctx), emu->rss.key, ctx->key_size);
	memcpy(ethtool_rxfh_context_indir(ctx), emu->rss.table[c],
	       ctx->indir_size * sizeof(u32));

	return 0;
}

/**
 * emunic_modify_rxfh_context() - ethtool: another table for a context
 * @netdev: the device
 * @ctx: what the core keeps of it
 * @rxfh: its number and table
 * @extack: not used
 *
 * Return: 0 or -EOPNOTSUPP
 */
int emunic_modify_rxfh_context(struct net_device *netdev,
			       struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack)
{
	return emunic_rss_set_context(netdev_priv(netdev), rxfh);
}

/**
 * emunic_remove_rxfh_context() - ethtool: a context goes
 * @netdev: the device
 * @ctx: what the core keeps of it
 * @rss_context: its number
 * @extack: not used
 *
 * Older kernels do not know which context a rule points at.
 *
 * Return: 0, or -EBUSY while a rule does
 */
int emunic_remove_rxfh_context(struct net_device *netdev,
			       struct ethtool_rxfh_context *ctx,
			       u32 rss_context, struct netlink_ext_ack *extack)
{
	return emunic_rules_use_context(netdev_priv(netdev), rss_context) ?
	       -EBUSY : 0;
}

/* Where RSS_FIELDS has the fields of a kind of frame; 0 if they are no kind */
static u32 emunic_rss_kind(u32 flow_type)
{
	switch (flow_type) {
	case TCP_V4_FLOW:
		return EMUNIC_RSS_FIELDS_TCP4;
	case UDP_V4_FLOW:
		return EMUNIC_RSS_FIELDS_UDP4;
	case TCP_V6_FLOW:
		return EMUNIC_RSS_FIELDS_TCP6;
	case UDP_V6_FLOW:
		return EMUNIC_RSS_FIELDS_UDP6;
	case IPV4_FLOW:
		return EMUNIC_RSS_FIELDS_IP4;
	case IPV6_FLOW:
		return EMUNIC_RSS_FIELDS_IP6;
	default:
		return 0;
	}
}

static const struct {
	u32 rxh;
	u32 field;
} emunic_rss_fields[] = {
	{ RXH_IP_SRC,	EMUNIC_RSS_FIELDS_SRC },
	{ RXH_IP_DST,	EMUNIC_RSS_FIELDS_DST },
	{ RXH_L4_B_0_1,	EMUNIC_RSS_FIELDS_SPORT },
	{ RXH_L4_B_2_3,	EMUNIC_RSS_FIELDS_DPORT },
};

/**
 * emunic_get_rxfh_fields() - ethtool: what is hashed of a kind of frame
 * @netdev: the device
 * @fields: the kind; the fields are filled in
 *
 * Return: 0, or -EOPNOTSUPP for what the device does not know
 */
int emunic_get_rxfh_fields(struct net_device *netdev,
			   struct ethtool_rxfh_fields *fields)
{
	u32 kind = emunic_rss_kind(fields->flow_type);
	struct emunic *emu = netdev_priv(netdev);
	u32 bits, i;

	if (!kind)
		return -EOPNOTSUPP;

	bits = (emu->rss.fields & kind) >> __ffs(kind);
	fields->data = 0;
	for (i = 0; i < ARRAY_SIZE(emunic_rss_fields); i++)
		if (bits & emunic_rss_fields[i].field)
			fields->data |= emunic_rss_fields[i].rxh;

	return 0;
}

/**
 * emunic_set_rxfh_fields() - ethtool: what to hash of a kind of frame
 * @netdev: the device
 * @fields: the kind and the fields
 * @extack: not used
 *
 * Return: 0 or -EOPNOTSUPP
 */
int emunic_set_rxfh_fields(struct net_device *netdev,
			   const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack)
{
	u32 kind = emunic_rss_kind(fields->flow_type);
	struct emunic *emu = netdev_priv(netdev);
	u32 data = fields->data;
	u32 bits = 0;
	u32 i;

	if (!kind || !(emu->caps & EMUNIC_CAPS_RSS))
		return -EOPNOTSUPP;

	for (i = 0; i < ARRAY_SIZE(emunic_rss_fields); i++) {
		if (!(data & emunic_rss_fields[i].rxh))
			continue;
		bits |= emunic_rss_fields[i].field << __ffs(kind);
		data &= ~emunic_rss_fields[i].rxh;
	}
	if (data || (bits & ~(kind & EMUNIC_RSS_FIELDS_MASK)))
		return -EOPNOTSUPP;

	emu->rss.fields = (emu->rss.fields & ~kind) | bits;
	if (test_bit(EMUNIC_STATE_UP, &emu->state))
		emunic_wr32(emu, EMUNIC_RSS_FIELDS, emu->rss.fields);

	return 0;
}

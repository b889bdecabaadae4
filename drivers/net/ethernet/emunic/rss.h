/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: receive steering.
 */
#ifndef EMUNIC_RSS_H
#define EMUNIC_RSS_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include <emunic/adminq.h>
#include <emunic/regs.h>

struct emunic;

/**
 * struct emunic_rss - steering of received frames as users want it; RTNL
 * @key: Toeplitz key, of all contexts
 * @table: queue of each entry of the table of each context; the first is for
 *         frames that no rule claims
 * @fields: EMUNIC_RSS_FIELDS_*
 * @ctrl: EMUNIC_RSS_CTRL_*
 */
struct emunic_rss {
	u8 key[EMUNIC_RSS_KEY_SIZE];
	u32 table[EMUNIC_RSS_CONTEXTS][EMUNIC_RSS_ENTRIES];
	u32 fields;
	u32 ctrl;
};

/**
 * struct emunic_rules - rules that go before the hash; RTNL
 * @rule: as the device has them; ctrl 0: there is none
 * @spec: as users have given them
 */
struct emunic_rules {
	struct emunic_flow_rule rule[EMUNIC_FLOW_RULES];
	struct ethtool_rx_flow_spec spec[EMUNIC_FLOW_RULES];
};

void emunic_rss_init(struct emunic *emu);
void emunic_rss_apply(struct emunic *emu);
int emunic_rss_check_queues(struct emunic *emu, unsigned int queues);
void emunic_rss_update_queues(struct emunic *emu);

void emunic_rules_apply(struct emunic *emu, netdev_features_t features);
bool emunic_rules_use_context(const struct emunic *emu, u32 c);

/* For ethtool_ops */
u32 emunic_get_rxfh_key_size(struct net_device *netdev);
u32 emunic_get_rxfh_indir_size(struct net_device *netdev);
int emunic_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh);
int emunic_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack);
int emunic_get_rxfh_fields(struct net_device *netdev,
			   struct ethtool_rxfh_fields *fields);
int emunic_set_rxfh_fields(struct net_device *netdev,
			   const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack);
int emunic_create_rxfh_context(struct net_device *netdev,
			       struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack);
int emunic_modify_rxfh_context(struct net_device *netdev,
			       struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack);
int emunic_remove_rxfh_context(struct net_device *netdev,
			       struct ethtool_rxfh_context *ctx,
			       u32 rss_context, struct netlink_ext_ack *extack);
int emunic_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *rxnfc,
		     u32 *rules);
int emunic_set_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *rxnfc);

#endif /* EMUNIC_RSS_H */

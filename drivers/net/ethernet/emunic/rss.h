/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: receive steering.
 */
#ifndef EMUNIC_RSS_H
#define EMUNIC_RSS_H

struct emunic;
struct ethtool_rxfh_context;
struct ethtool_rxfh_fields;
struct ethtool_rxfh_param;
struct ethtool_rxnfc;

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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what the stack may leave to the device.
 */
#ifndef EMUNIC_FEATURES_H
#define EMUNIC_FEATURES_H

#include <linux/netdev_features.h>

struct emunic;

void emunic_features_init(struct emunic *emu);
void emunic_features_apply(struct emunic *emu, netdev_features_t features);
netdev_features_t emunic_fix_features(struct net_device *netdev,
				      netdev_features_t features);
int emunic_set_features(struct net_device *netdev, netdev_features_t features);
netdev_features_t emunic_features_check(struct sk_buff *skb,
					struct net_device *netdev,
					netdev_features_t features);

#endif /* EMUNIC_FEATURES_H */

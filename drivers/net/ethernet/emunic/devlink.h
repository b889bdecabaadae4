/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: devlink: the instance of a function, its port.
 */
#ifndef EMUNIC_DEVLINK_H
#define EMUNIC_DEVLINK_H

#include <net/devlink.h>

#include "emunic.h"

/**
 * struct emunic_devlink - private data of a devlink instance
 * @emu: the function
 * @port: its one port
 *
 * Lives from before the first interrupt of a function until after its last;
 * it is registered, and seen by users, while the netdev is.
 */
struct emunic_devlink {
	struct emunic *emu;
	struct devlink_port port;
};

/* devlink.c */
int emunic_devlink_init(struct emunic *emu);
void emunic_devlink_release(struct emunic *emu);
void emunic_devlink_start(struct emunic *emu);
void emunic_devlink_stop(struct emunic *emu);

/* devlink_param.c */
int emunic_devlink_params_register(struct emunic *emu);
void emunic_devlink_params_unregister(struct emunic *emu);

/* devlink_port.c */
int emunic_devlink_port_add(struct emunic *emu);
void emunic_devlink_port_del(struct emunic *emu);
int emunic_get_phys_port_name(struct net_device *netdev, char *name,
			      size_t len);
int emunic_get_phys_port_id(struct net_device *netdev,
			    struct netdev_phys_item_id *ppid);

#endif /* EMUNIC_DEVLINK_H */

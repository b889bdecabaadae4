// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the devlink port of a function, and the names of its netdev.
 *
 * The netdev is not linked to the port. The core would call it "pf0" or
 * "pf0vf1", which user space takes for the name of a representor and the core
 * lets no driver change; and it wants the netdev gone while it reloads the
 * driver, which here keeps it. Neither port has a switch ID: that is how user
 * space recognises switchdev mode.
 */
#include <linux/unaligned.h>

#include "emunic.h"
#include "devlink.h"

/* A device has one PF, whatever its PCI function number in this machine */
#define EMUNIC_PF_NUMBER	0

/**
 * emunic_devlink_port_add() - the port of a function
 * @emu: the function, identified
 *
 * Context: devlink instance lock
 * Return: 0 or an errno
 */
int emunic_devlink_port_add(struct emunic *emu)
{
	struct emunic_devlink *dl = devlink_priv(emu->devlink);
	struct devlink_port *port = &dl->port;
	int err;

	if (emu->is_vf)
		devlink_port_attrs_pci_vf_set(port, 0, EMUNIC_PF_NUMBER,
					      emu->vport - 1, false);
	else
		devlink_port_attrs_pci_pf_set(port, 0, EMUNIC_PF_NUMBER,
					      false);

	err = devl_port_register(emu->devlink, port, emu->vport);
	/* It will not get a netdev: not to be warned of in an hour */
	if (!err)
		cancel_delayed_work_sync(&port->type_warn_dw);

	return err;
}

/**
 * emunic_devlink_port_del() - undo emunic_devlink_port_add()
 * @emu: the function; a reload that failed may have left it without
 *
 * Context: devlink instance lock
 */
void emunic_devlink_port_del(struct emunic *emu)
{
	struct emunic_devlink *dl = devlink_priv(emu->devlink);

	if (dl->port.registered)
		devl_port_unregister(&dl->port);
}

/**
 * emunic_get_phys_port_name() - ndo_get_phys_port_name
 * @netdev: PF or VF
 * @name: filled in
 * @len: room in @name
 *
 * The PF is the physical port; a VF is none.
 *
 * Return: 0, or -EOPNOTSUPP if it has none
 */
int emunic_get_phys_port_name(struct net_device *netdev, char *name,
			      size_t len)
{
	struct emunic *emu = netdev_priv(netdev);

	if (emu->is_vf)
		return -EOPNOTSUPP;

	snprintf(name, len, "p%u", EMUNIC_PF_NUMBER);
	return 0;
}

/**
 * emunic_get_phys_port_id() - ndo_get_phys_port_id
 * @netdev: PF or VF
 * @ppid: filled in, with the same for a PF and its VFs
 *
 * It is where the PF is in this machine. A VF that was passed through alone
 * knows nothing of that.
 *
 * Return: 0, or -EOPNOTSUPP if it has none
 */
int emunic_get_phys_port_id(struct net_device *netdev,
			    struct netdev_phys_item_id *ppid)
{
	struct emunic *emu = netdev_priv(netdev);
	struct pci_dev *pf = pci_physfn(emu->pdev);

	if (emu->is_vf && !emu->pdev->is_virtfn)
		return -EOPNOTSUPP;

	put_unaligned_be32(pci_domain_nr(pf->bus), ppid->id);
	put_unaligned_be16(pci_dev_id(pf), ppid->id + 4);
	ppid->id_len = 6;

	return 0;
}

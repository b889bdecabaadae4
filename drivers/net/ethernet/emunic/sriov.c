// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: enabling VFs, and the life of their records.
 */
#include <linux/rtnetlink.h>
#include <linux/sysfs.h>

#include "emunic.h"
#include "devlink.h"
#include "pf.h"

/* Who has a VF's device lock for a moment only gives it back meanwhile: 1 s */
#define EMUNIC_VF_LOCK_TRIES	100
#define EMUNIC_VF_LOCK_MS	10

static void emunic_vf_rec_free(struct kref *ref)
{
	struct emunic_vf_rec *rec;

	rec = container_of(ref, struct emunic_vf_rec, ref);
	mutex_destroy(&rec->lock);
	kfree(rec);
}

/**
 * emunic_vf_rec_get() - find the record of a VF
 * @emu: the PF
 * @id: number of the VF
 *
 * Return: the record, with a reference; NULL if the VF is not enabled
 */
struct emunic_vf_rec *emunic_vf_rec_get(struct emunic *emu, unsigned int id)
{
	struct emunic_vf_rec *rec;

	xa_lock(&emu->pf->vfs);
	rec = xa_load(&emu->pf->vfs, id);
	if (rec)
		kref_get(&rec->ref);
	xa_unlock(&emu->pf->vfs);

	return rec;
}

/**
 * emunic_vf_rec_put() - give a reference back
 * @rec: the record
 */
void emunic_vf_rec_put(struct emunic_vf_rec *rec)
{
	kref_put(&rec->ref, emunic_vf_rec_free);
}

static bool emunic_pf_owns_mac(struct emunic *emu, const u8 *mac)
{
	struct net_device *netdev = emu->netdev;
	struct netdev_hw_addr *ha;
	bool owns;

	netif_addr_lock_bh(netdev);
	owns = ether_addr_equal_unaligned(netdev->dev_addr, mac);
	netdev_for_each_uc_addr(ha, netdev)
		owns |= ether_addr_equal_unaligned(ha->addr, mac);
	netif_addr_unlock_bh(netdev);

	return owns;
}

/**
 * emunic_pf_mac_is_anothers() - do the PF or other VFs have this address?
 * @emu: the PF
 * @rec: record of the VF that asks for it, locked
 * @mac: a unicast address
 *
 * Context: event work
 * Return: true if so
 */
bool emunic_pf_mac_is_anothers(struct emunic *emu,
			       const struct emunic_vf_rec *rec, const u8 *mac)
{
	bool owns = emunic_pf_owns_mac(emu, mac);
	struct emunic_vf_rec *other;
	unsigned long id;

	xa_for_each(&emu->pf->vfs, id, other) {
		if (owns)
			break;
		if (id == rec->id)
			continue;
		other = emunic_vf_rec_get(emu, id);
		if (!other)
			continue;
		mutex_lock_nested(&other->lock, SINGLE_DEPTH_NESTING);
		owns = emunic_policy_owns_mac(other, mac);
		mutex_unlock(&other->lock);
		emunic_vf_rec_put(other);
	}

	return owns;
}

static int emunic_vf_rec_add(struct emunic *emu, u16 id)
{
	struct emunic_vf_rec *rec;
	int err;

	rec = kzalloc_obj(*rec);
	if (!rec)
		return -ENOMEM;

	kref_init(&rec->ref);
	mutex_init(&rec->lock);
	rec->id = id;
	emunic_policy_default(&rec->policy);
	err = xa_insert(&emu->pf->vfs, id, rec, GFP_KERNEL);
	if (err)
		emunic_vf_rec_put(rec);

	return err;
}

/**
 * emunic_pf_forget_vfs() - remove all records
 * @emu: the PF
 */
void emunic_pf_forget_vfs(struct emunic *emu)
{
	struct emunic_vf_rec *rec;
	unsigned long id;

	xa_for_each(&emu->pf->vfs, id, rec) {
		xa_erase(&emu->pf->vfs, id);
		emunic_vf_rec_put(rec);
	}
}

/* The VF after @vf, whose reference goes over to it; NULL begins, and ends */
static struct pci_dev *emunic_vf_next(struct emunic *emu, struct pci_dev *vf)
{
	do {
		vf = pci_get_device(EMUNIC_PCI_VENDOR, EMUNIC_PCI_DEVICE_VF,
				    vf);
	} while (vf && (!vf->is_virtfn || pci_physfn(vf) != emu->pdev));

	return vf;
}

/*
 * A VF's device lock, which whoever changes its configuration holds. False: it
 * is not to be had. A reset of the bus has it, and comes here itself; a driver
 * that goes keeps it until whoever has opened the VF lets go.
 */
static bool emunic_vf_lock(struct pci_dev *vf)
{
	int tries = EMUNIC_VF_LOCK_TRIES;

	while (!device_trylock(&vf->dev)) {
		if (vf->block_cfg_access || !tries--)
			return false;
		msleep(EMUNIC_VF_LOCK_MS);
	}

	return true;
}

/*
 * Somebody else's work depends on the VF: it is given to a guest, either by a
 * hypervisor that says so, or by a driver that lets user space do DMA and has
 * the VF open.
 */
static bool emunic_vf_in_use(struct pci_dev *vf)
{
	struct pci_driver *driver;
	bool in_use;

	if (!emunic_vf_lock(vf))
		return true;

	driver = pci_dev_driver(vf);
	in_use = driver && driver->driver_managed_dma && pci_is_enabled(vf);
	device_unlock(&vf->dev);

	return in_use;
}

static bool emunic_vfs_in_use(struct emunic *emu)
{
	struct pci_dev *vf = NULL;

	if (pci_vfs_assigned(emu->pdev))
		return true;

	while ((vf = emunic_vf_next(emu, vf))) {
		if (!emunic_vf_in_use(vf))
			continue;
		pci_dev_put(vf);
		return true;
	}

	return false;
}

static int emunic_vports_clear(struct emunic *emu, int num_vfs)
{
	int i, err = 0;

	for (i = 0; i < num_vfs && !err; i++)
		err = emunic_vport_clear(emu, i + 1);

	return err;
}

/* None of @num VFs is enabled any more: nothing is left of what they had */
static void emunic_vfs_gone(struct emunic *emu, int num)
{
	int err;

	/* Whoever has a record brings nothing to the device after the clearing */
	rtnl_lock();
	emunic_pf_forget_vfs(emu);
	flush_work(&emu->pf->event.work);
	err = emunic_vports_clear(emu, num);
	rtnl_unlock();
	emunic_health_vfs_gone(emu);
	/* No VFs come while a PF is down, and those that do come clear it */
	if (err && err != -ENETDOWN)
		pci_warn(emu->pdev, "policy of VFs not cleared: %pe\n",
			 ERR_PTR(err));
}

static void emunic_sriov_disable(struct emunic *emu)
{
	int num = pci_num_vf(emu->pdev);

	pci_disable_sriov(emu->pdev);
	emunic_vfs_gone(emu, num);
}

/* The record of a VF that an earlier driver of the PF has left */
static int emunic_vf_rec_adopt(struct emunic *emu, u16 id)
{
	struct emunic_vport_policy policy;
	struct emunic_vf_rec *rec;
	int err;

	err = emunic_vport_get_policy(emu, id + 1, &policy);
	if (!err)
		err = emunic_policy_check_device(&policy, emu->pf->speed);
	if (!err)
		err = emunic_vf_rec_add(emu, id);
	if (err)
		return err;

	rec = emunic_vf_rec_get(emu, id);
	mutex_lock(&rec->lock);
	emunic_policy_from_device(rec, &policy);
	mutex_unlock(&rec->lock);
	emunic_vf_rec_put(rec);

	return 0;
}

/**
 * emunic_pf_adopt_vfs() - take over the VFs that an earlier driver has left
 * @emu: the PF, its admin queue running; the VFs do not see it ready yet
 *
 * Their policy is what the device has kept. Enabled VFs have a record from then
 * on, so that there is nothing to do the next time.
 *
 * Return: 0 or an errno
 */
int emunic_pf_adopt_vfs(struct emunic *emu)
{
	int i, num = pci_num_vf(emu->pdev);
	int err = 0;

	for (i = 0; i < num && !err; i++)
		if (!xa_load(&emu->pf->vfs, i))
			err = emunic_vf_rec_adopt(emu, i);

	return err;
}

/* Brings what the records begin with to vports that were cleared */
static int emunic_vfs_begin(struct emunic *emu)
{
	static const struct emunic_vport_policy cleared;
	static const u8 no_own[ETH_ALEN];
	struct emunic_vport_policy policy;
	struct emunic_vf_rec *rec;
	unsigned long id;
	int err = 0;

	rtnl_lock();
	xa_for_each(&emu->pf->vfs, id, rec) {
		emunic_policy_to_device(&rec->policy, no_own, &policy);
		err = err ?: emunic_vport_apply(emu, id + 1, &cleared, &policy);
	}
	rtnl_unlock();

	return err;
}

static int emunic_sriov_enable(struct emunic *emu, int num_vfs)
{
	int i, err;

	/*
	 * Nothing is left of what VFs of before had, be it as many or more. What
	 * those that do not come had would count, too: they share a total.
	 */
	err = emunic_vports_clear(emu, pci_sriov_get_totalvfs(emu->pdev));

	/* The VFs talk to the PF as soon as they are there */
	for (i = 0; i < num_vfs && !err; i++)
		err = emunic_vf_rec_add(emu, i);
	if (!err)
		err = emunic_vfs_begin(emu);
	if (!err)
		err = pci_enable_sriov(emu->pdev, num_vfs);
	/* Some may have been there for a while */
	if (err)
		emunic_vfs_gone(emu, num_vfs);

	return err == -ENETDOWN ? -EAGAIN : err;
}

/**
 * emunic_pf_sriov_configure() - set the number of VFs
 * @pdev: the PF
 * @num_vfs: 0 disables them
 *
 * Return: @num_vfs, or an errno; -EBUSY if a VF is in use elsewhere, -EAGAIN while
 *	the PF is being reset
 */
int emunic_pf_sriov_configure(struct pci_dev *pdev, int num_vfs)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	if (emu->is_vf)
		return -EOPNOTSUPP;

	if (num_vfs)
		return emunic_sriov_enable(emu, num_vfs) ?: num_vfs;

	if (emunic_vfs_in_use(emu)) {
		pci_err(pdev, "VFs are assigned, not disabled\n");
		return -EBUSY;
	}
	emunic_sriov_disable(emu);

	return 0;
}

/**
 * emunic_pf_get_total_vectors() - MSI-X vectors of all VFs together
 * @pdev: the PF
 *
 * Return: that
 */
u32 emunic_pf_get_total_vectors(struct pci_dev *pdev)
{
	struct emunic *emu = pci_get_drvdata(pdev);

	return emu->is_vf ? 0 : emu->pf->vf_vectors;
}

/**
 * emunic_pf_set_vf_vectors() - set the number of MSI-X vectors of a VF
 * @vf: the VF, without a driver; the next one has as many queue pairs, less one
 *	vector for itself
 * @count: number of vectors; 0 for the default
 *
 * Context: device lock of the PF
 * Return: 0 or an errno; -ENOSPC if the others have too many; -EAGAIN while the
 *	PF is being reset
 */
int emunic_pf_set_vf_vectors(struct pci_dev *vf, int count)
{
	struct emunic *emu = pci_get_drvdata(pci_physfn(vf));
	int id = pci_iov_vf_id(vf);
	struct emunic_vf_rec *rec;
	int err = -EAGAIN;

	rec = id < 0 ? NULL : emunic_vf_rec_get(emu, id);
	if (!rec)
		return -ENODEV;

	rtnl_lock();
	mutex_lock(&rec->lock);
	if (emunic_pf_ready(emu))
		err = emunic_vport_set_vectors(emu, id + 1, count);
	if (!err)
		rec->policy.vectors = count;
	mutex_unlock(&rec->lock);
	rtnl_unlock();
	emunic_vf_rec_put(rec);

	return err;
}

/*
 * Is the PF's device itself on its way out, and not only its driver? A device
 * that still has VFs when it is released is a BUG to the PCI core. Who removes
 * it through sysfs has taken away its "remove" before the driver is called;
 * slots and bridges remove VFs first, ACPI's slots only some of them.
 */
static bool emunic_pf_is_leaving(struct emunic *emu)
{
	int left = pci_num_vf(emu->pdev);
	struct pci_dev *vf = NULL;
	struct kernfs_node *kn;

	while ((vf = emunic_vf_next(emu, vf)))
		left--;
	if (left)
		return true;

	kn = sysfs_get_dirent(emu->pdev->dev.kobj.sd, "remove");
	if (!kn)
		return true;

	sysfs_put(kn);
	return false;
}

/**
 * emunic_pf_remove_vfs() - disable all VFs because the PF's driver goes
 * @emu: the PF, its control path still running
 *
 * If a VF is in use elsewhere all of them stay: they are told, and wait without
 * link for the PF's next driver. What the device knows of their policy stays in
 * force, and that driver adopts it. A PF that goes as a device has no next
 * driver: then this waits until the VF is not in use any more.
 */
void emunic_pf_remove_vfs(struct emunic *emu)
{
	if (!pci_num_vf(emu->pdev))
		return;

	if (!emunic_vfs_in_use(emu) || emunic_pf_is_leaving(emu)) {
		emunic_sriov_disable(emu);
		return;
	}

	pci_warn(emu->pdev, "VFs are in use and stay, without link\n");
	emunic_pf_announce_reset(emu);
}

/**
 * emunic_pf_vf_was_reset() - forget what the VF's driver had asked for
 * @emu: the PF
 * @vport: of the VF
 *
 * The device has cleared the filters itself, unless the reset overtook a
 * request; the address that the VF had chosen is policy to the device and is
 * cleared here.
 *
 * Context: event work
 */
void emunic_pf_vf_was_reset(struct emunic *emu, u16 vport)
{
	static const u8 zero[ETH_ALEN];
	struct emunic_vf_rec *rec;
	bool clear;

	rec = emunic_vf_rec_get(emu, vport - 1);
	if (!rec)
		return;

	mutex_lock(&rec->lock);
	clear = !is_zero_ether_addr(rec->state.mac) &&
		is_zero_ether_addr(rec->policy.mac);
	if (rec->state.stale)
		emunic_pf_vf_drop_state(emu, rec);
	emunic_policy_forget(rec);
	emu->pf->counters.vf_resets++;
	if (clear)
		emunic_vport_set_mac(emu, vport, zero);
	mutex_unlock(&rec->lock);
	emunic_vf_rec_put(rec);
}

static int emunic_pf_replay_all(struct emunic *emu)
{
	struct emunic_vf_rec *rec;
	unsigned long id;
	int err = 0;

	/* The service work comes here, too, while VFs may be disabled */
	xa_for_each(&emu->pf->vfs, id, rec) {
		rec = emunic_vf_rec_get(emu, id);
		if (!rec)
			continue;
		mutex_lock(&rec->lock);
		err = emunic_pf_vf_replay_policy(emu, rec) ?: err;
		mutex_unlock(&rec->lock);
		emunic_vf_rec_put(rec);
	}

	return err;
}

/**
 * emunic_pf_replay_vfs() - bring all policy to a PF that was reset
 * @emu: the PF, its admin queue running
 *
 * Context: RTNL
 * Return: 0 or an errno
 */
int emunic_pf_replay_vfs(struct emunic *emu)
{
	int err = emunic_pf_replay_all(emu);

	/* There is room for all minimum rates once the lower ones are set */
	return err == -ENOSPC ? emunic_pf_replay_all(emu) : err;
}

/**
 * emunic_pf_announce_reset() - tell the VFs that the PF goes for a while
 * @emu: the PF, its control path still running
 */
void emunic_pf_announce_reset(struct emunic *emu)
{
	int i, num = pci_num_vf(emu->pdev);

	for (i = 0; i < num; i++)
		emunic_pf_mbox_notify(emu, i, EMUNIC_CAUSE_RESET_IMPENDING);
}

/**
 * emunic_pf_save_vfs() - save the PCI configuration of the VFs
 * @emu: the PF, about to have a reset that takes it, and that of the VFs, which
 *	nobody else would restore
 *
 * Context: device lock of the PF
 */
void emunic_pf_save_vfs(struct emunic *emu)
{
	struct pci_dev *vf = NULL;

	while ((vf = emunic_vf_next(emu, vf))) {
		bool locked = emunic_vf_lock(vf);

		pci_save_state(vf);
		if (locked)
			device_unlock(&vf->dev);
	}
}

static int emunic_pf_restore_vectors(struct emunic *emu)
{
	struct emunic_vport_policy policy;
	struct emunic_vf_rec *rec;
	unsigned long id;
	int ret, err = 0;

	xa_for_each(&emu->pf->vfs, id, rec) {
		if (!rec->policy.vectors)
			continue;
		ret = emunic_vport_get_policy(emu, id + 1, &policy);
		if (!ret && le32_to_cpu(policy.vectors) != rec->policy.vectors)
			ret = emunic_vport_set_vectors(emu, id + 1,
						       rec->policy.vectors);
		err = ret ?: err;
	}

	return err;
}

static bool emunic_pf_has_vectors(struct emunic *emu)
{
	struct emunic_vf_rec *rec;
	unsigned long id;

	xa_for_each(&emu->pf->vfs, id, rec)
		if (rec->policy.vectors)
			return true;

	return false;
}

/**
 * emunic_pf_reset_vectors() - restore the sizes of the VFs' MSI-X tables
 * @emu: the PF, without its control path; a reset may have taken them
 *
 * They are set while MSI-X is off, before the VFs' configuration turns it on
 * again.
 *
 * Context: sleeps, with interrupts or without
 */
void emunic_pf_reset_vectors(struct emunic *emu)
{
	int err;

	if (!emunic_pf_has_vectors(emu))
		return;

	emunic_ctl_irq_enable(emu);
	err = emunic_admin_start(emu);
	if (!err) {
		err = emunic_pf_restore_vectors(emu);
		/* There is room for all once the smaller ones are set */
		if (err == -ENOSPC)
			err = emunic_pf_restore_vectors(emu);
		emunic_admin_stop(emu);
	}
	if (err)
		pci_err(emu->pdev, "vectors of VFs not restored: %pe\n",
			ERR_PTR(err));
}

/**
 * emunic_pf_restore_vfs() - give the VFs their PCI configuration back
 * @emu: the PF, not restarted yet: the VFs begin when they see it ready
 *
 * Context: device lock of the PF
 */
void emunic_pf_restore_vfs(struct emunic *emu)
{
	struct pci_dev *vf = NULL;

	emunic_pf_reset_vectors(emu);
	while ((vf = emunic_vf_next(emu, vf))) {
		bool locked = emunic_vf_lock(vf);

		pci_restore_state(vf);
		/* Older kernels restore once what was saved */
		pci_save_state(vf);
		if (locked)
			device_unlock(&vf->dev);
	}
}

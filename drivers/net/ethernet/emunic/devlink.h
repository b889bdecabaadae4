/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: devlink: the instance of a function, its port, its health.
 */
#ifndef EMUNIC_DEVLINK_H
#define EMUNIC_DEVLINK_H

#include <linux/spinlock.h>
#include <net/devlink.h>

#include "emunic.h"

/*
 * What a VF did, beside the EMUNIC_OFFENCE_* that the device tells of; the
 * numbers are the driver's own.
 */
#define EMUNIC_OFFENCE_QUEUE	0x10000	/* a queue went into ERROR */
#define EMUNIC_OFFENCE_MESSAGE	0x10001	/* the PF refused a message */

/**
 * enum emunic_fault - what can be wrong with a queue
 * @EMUNIC_FAULT_TX_TIMEOUT: the netdev watchdog found it stuck
 * @EMUNIC_FAULT_TX_ERROR: the device stopped it
 * @EMUNIC_FAULT_TX_MALFORMED: a completion broke the contract
 * @EMUNIC_FAULT_TX_REFUSED: the device refused a frame and went on
 * @EMUNIC_FAULT_RX_ERROR: the device stopped it
 * @EMUNIC_FAULT_RX_MALFORMED: a completion broke the contract
 * @EMUNIC_NUM_FAULTS: number of these
 */
enum emunic_fault {
	EMUNIC_FAULT_TX_TIMEOUT,
	EMUNIC_FAULT_TX_ERROR,
	EMUNIC_FAULT_TX_MALFORMED,
	EMUNIC_FAULT_TX_REFUSED,
	EMUNIC_FAULT_RX_ERROR,
	EMUNIC_FAULT_RX_MALFORMED,
	EMUNIC_NUM_FAULTS,
};

/**
 * enum emunic_offence_source - who counts the offences of a VF
 * @EMUNIC_OFFENCES_DEVICE: the device, all that OFFENCE tells of
 * @EMUNIC_OFFENCES_QUEUES: the device, QUEUE_ERROR
 * @EMUNIC_OFFENCES_MESSAGES: the PF's driver
 * @EMUNIC_NUM_OFFENCES: number of these
 */
enum emunic_offence_source {
	EMUNIC_OFFENCES_DEVICE,
	EMUNIC_OFFENCES_QUEUES,
	EMUNIC_OFFENCES_MESSAGES,
	EMUNIC_NUM_OFFENCES,
};

/**
 * struct emunic_vf_offences - what one VF did since it was enabled
 * @total: by enum emunic_offence_source
 * @last_kind: EMUNIC_OFFENCE_* of the last one
 * @last_time: when, in seconds since 1970
 * @news: not reported yet
 * @offender: not reset by the reporter since
 */
struct emunic_vf_offences {
	u64 total[EMUNIC_NUM_OFFENCES];
	u32 last_kind;
	time64_t last_time;
	bool news;
	bool offender;
};

/**
 * struct emunic_health - the health reporters of a function
 * @work: reports; the only caller of devlink_health_report(), which takes the
 *        devlink instance lock, and then that and RTNL for the recovery
 * @last: jiffies when @work last ran
 * @faults: bit q is queue q, by enum emunic_fault; atomic
 * @ups: times the data path came up; written with RTNL
 * @reported_ups: @ups when a fault was last reported; @work
 * @reported: a fault was reported since the path came up
 * @tx: Tx queues
 * @rx: Rx queues
 * @ctl: control path; PF only
 * @ctl_failed: it ended by itself, which was not reported yet
 * @ctl_back: it was started again since
 * @vf: misbehaving VFs; PF only
 * @vf_ops: of @vf
 * @vf_lock: what follows
 * @vfs: by VF number, @num_vfs of them; PF only
 * @num_vfs: as many as the PF can have
 * @vfs_gone: VFs were disabled; their offences are history
 *
 * Only @work reports, and only once a second, so that neither a device nor a
 * VF can keep the driver busy with its faults.
 */
struct emunic_health {
	struct delayed_work work;
	unsigned long last;
	unsigned long faults[EMUNIC_NUM_FAULTS];
	unsigned int ups;
	unsigned int reported_ups;
	bool reported;
	struct devlink_health_reporter *tx;
	struct devlink_health_reporter *rx;
	struct devlink_health_reporter *ctl;
	atomic_t ctl_failed;
	atomic_t ctl_back;
	struct devlink_health_reporter *vf;
	struct devlink_health_reporter_ops vf_ops;
	spinlock_t vf_lock;	/* what follows */
	struct emunic_vf_offences *vfs;
	u16 num_vfs;
	bool vfs_gone;
};

/**
 * struct emunic_devlink - private data of a devlink instance
 * @emu: the function
 * @port: its one port
 * @health: its reporters
 *
 * Lives from before the first interrupt of a function until after its last;
 * it is registered, and seen by users, while the netdev is.
 */
struct emunic_devlink {
	struct emunic *emu;
	struct devlink_port port;
	struct emunic_health health;
};

static inline struct emunic_health *emunic_health(const struct emunic *emu)
{
	struct emunic_devlink *dl = devlink_priv(emu->devlink);

	return &dl->health;
}

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

/* health.c */
int emunic_health_init(struct emunic *emu);
void emunic_health_release(struct emunic *emu);
void emunic_health_start(struct emunic *emu);
void emunic_health_stop(struct emunic *emu);
void emunic_health_kick(struct emunic *emu);
void emunic_health_fault(struct emunic_queue *q, enum emunic_fault fault);
void emunic_health_queue_errors(struct emunic *emu);
void emunic_health_up(struct emunic *emu);

/* health_ctl.c; of the PF */
int emunic_health_ctl_init(struct emunic *emu);
void emunic_health_ctl_release(struct emunic *emu);
void emunic_health_ctl_report(struct emunic *emu);
void emunic_health_ctl_failed(struct emunic *emu);
void emunic_health_ctl_restarted(struct emunic *emu);

#ifdef CONFIG_PCI_IOV
/* health_vf.c */
int emunic_health_vf_init(struct emunic *emu);
void emunic_health_vf_release(struct emunic *emu);
void emunic_health_vf_report(struct emunic *emu);
void emunic_health_vf_offence(struct emunic *emu, u16 vf, u32 kind, u64 total);
void emunic_health_vfs_gone(struct emunic *emu);
#else
static inline int emunic_health_vf_init(struct emunic *emu) { return 0; }
static inline void emunic_health_vf_release(struct emunic *emu) { }
static inline void emunic_health_vf_report(struct emunic *emu) { }
static inline void emunic_health_vf_offence(struct emunic *emu, u16 vf,
					    u32 kind, u64 total) { }
#endif

#endif /* EMUNIC_DEVLINK_H */

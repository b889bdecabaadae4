/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: structures and functions that the parts of the driver share.
 *
 * Locking, outermost first:
 *   PCI device lock   FLR callbacks, sriov_configure, remove, devlink reload
 *   devlink instance  devlink reload, parameters, health diagnose and recover
 *   RTNL              everything that starts, stops or configures a function
 *   emunic_vf_rec.lock, emunic_vf.lock
 *                     one VF's record on the PF, one VF's mailbox
 *   emunic.coalesce_lock
 *                     MODERATION of the queues; DIM's work takes nothing else
 *   emunic_health.vf_lock
 *                     what VFs did; nothing is taken under it
 *   emunic_admin.lock the admin ring (hard interrupt safe)
 *   emunic_clock.lock the registers that set the clock
 *
 * A VF waits for the PF's answer with RTNL held, so nothing on the PF's way
 * from an event to its reply may take RTNL, nor the devlink instance lock,
 * under which RTNL is taken. What is found there or with RTNL held is noted,
 * and the health work, which holds nothing, tells devlink.
 */
#ifndef EMUNIC_H
#define EMUNIC_H

#include <linux/bitfield.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/interrupt.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include <emunic/regs.h>
#include <emunic/desc.h>
#include <emunic/adminq.h>
#include <emunic/mbox.h>

#include "coalesce.h"
#include "compat.h"
#include "filters.h"
#include "ptp.h"
#include "rss.h"

#define EMUNIC_DRV_NAME		"emunic"

#define EMUNIC_RING_LOG2_DEFAULT	9
#define EMUNIC_MAX_MTU		9000
/* Longest frame of an MTU: the header and two tags */
#define EMUNIC_FRAME_OVERHEAD	(ETH_HLEN + 2 * VLAN_HLEN)

struct devlink;
struct emunic;
struct emunic_pf;
struct emunic_queue;
struct emunic_vf;

/**
 * struct emunic_ctl_ops - how requests about a function's own vport travel
 * @start: bring up the control path of a function that was just reset; on
 *         return EMUNIC_STATE_CTL_READY tells whether requests can be made
 * @stop: take it down; the device may be gone
 * @set_mac: the function's own address
 * @add_mac: more addresses
 * @del_mac: fewer
 * @add_vlan: VLAN filter
 * @del_vlan: VLAN filter
 * @set_rx_mode: EMUNIC_RX_MODE_*
 *
 * The PF uses its admin queue, a VF its mailbox. All sleep; all are called
 * with RTNL, or before the netdev is registered. All return an errno.
 */
struct emunic_ctl_ops {
	int (*start)(struct emunic *emu);
	void (*stop)(struct emunic *emu);
	int (*set_mac)(struct emunic *emu, const u8 *mac);
	int (*add_mac)(struct emunic *emu, const u8 *mac);
	int (*del_mac)(struct emunic *emu, const u8 *mac);
	int (*add_vlan)(struct emunic *emu, u16 vid);
	int (*del_vlan)(struct emunic *emu, u16 vid);
	int (*set_rx_mode)(struct emunic *emu, u32 mode);
};

/**
 * enum emunic_state - bits of emunic.state
 * @EMUNIC_STATE_UP: the queues run; RTNL
 * @EMUNIC_STATE_CTL_READY: control requests can be made; RTNL to change
 * @EMUNIC_STATE_RESETTING: quiesced, waits for a reset to pass; RTNL
 * @EMUNIC_STATE_HELD: quiesced by emunic_hold(), whose caller brings it back;
 *                     RTNL
 * @EMUNIC_STATE_LOST: a register read as all ones
 * @EMUNIC_STATE_REMOVING: no service work any more
 */
enum emunic_state {
	EMUNIC_STATE_UP,
	EMUNIC_STATE_CTL_READY,
	EMUNIC_STATE_RESETTING,
	EMUNIC_STATE_HELD,
	EMUNIC_STATE_LOST,
	EMUNIC_STATE_REMOVING,
};

/* Work for the service, beside the EMUNIC_CAUSE_* bits in the same word */
#define EMUNIC_SVC_RX_MODE	0x10000000	/* sync the address lists */
#define EMUNIC_SVC_RESTART	0x20000000	/* restart the queues */
#define EMUNIC_SVC_RESET	0x40000000	/* reset the function */

/**
 * struct emunic_events - rare happenings, for ethtool -S
 * @resets: resets of the function that the driver recovered from
 * @resets_announced: VF only: times that the PF said its reset impends
 * @restarts: restarts of the queues after an error
 * @queue_errors: QUEUE_ERROR causes
 * @bad_cpls: completions that broke the contract
 * @tx_timeouts: calls of the netdev watchdog
 * @ctl_errors: control requests refused or not answered
 */
struct emunic_events {
	u64 resets;
	u64 resets_announced;
	u64 restarts;
	u64 queue_errors;
	u64 bad_cpls;
	u64 tx_timeouts;
	u64 ctl_errors;
};

/**
 * struct emunic - one function, PF or VF; the private data of its netdev
 * @netdev: its network device
 * @pdev: its PCI device
 * @regs: BAR0, mapped from probe to remove
 * @ctl: control path
 * @devlink: its devlink instance; set from probe to remove
 * @pf: PF only
 * @vf: VF only
 * @is_vf: which of the two
 * @max_queues: queue pairs that the device has
 * @num_queues: queue pairs to use; RTNL
 * @xps_queues: queue pairs among which CPUs were shared out to send; RTNL
 * @ring_log2_min: log2 of the smallest ring
 * @ring_log2_max: log2 of the largest ring
 * @tx_log2: Tx ring size to use; RTNL
 * @rx_log2: Rx ring size to use; RTNL
 * @caps: EMUNIC_CAPS_*
 * @vport: number of the function's vport
 * @mbox_minor: highest minor version of the mailbox to speak; RTNL to change
 * @epoch: EPOCH when the control path was last brought up
 * @state: EMUNIC_STATE_* bits
 * @num_xsk: AF_XDP sockets bound to queues; RTNL
 * @xdp_prog: XDP program, of which this is a reference, or NULL; written with
 *            RTNL, read by NAPI, which a program outlives
 * @queues: queue pairs, the first @num_queues in use while up
 * @shadow: one page for the indexes of all queues, while up
 * @shadow_dma: its address
 * @ctl_irq: Linux interrupt of vector 0
 * @ctl_irq_name: as in /proc/interrupts
 * @irq_test: completed by CAUSE.TEST
 * @pending: causes and EMUNIC_SVC_* not yet handled
 * @service: the work that handles them
 * @quiesced: jiffies of emunic_quiesce(), while RESETTING
 * @announced: jiffies of the last RESET_IMPENDING; service work
 * @restarted: jiffies of the last restart after an error
 * @retry: jiffies before which what was in vain is not tried again; RTNL
 * @filters: Rx filter
 * @rss: receive steering
 * @rules: exceptions from it
 * @events: counters; RTNL or hard interrupt, approximate
 * @coalesce_lock: what queues have of moderation, and their registers
 * @tx_coalesce: for Tx queues yet to come; RTNL
 * @rx_coalesce: for Rx queues yet to come; RTNL
 * @clock: clock and timestamps
 */
struct emunic {
	struct net_device *netdev;
	struct pci_dev *pdev;
	void __iomem *regs;
	const struct emunic_ctl_ops *ctl;
	struct devlink *devlink;
	struct emunic_pf *pf;
	struct emunic_vf *vf;
	bool is_vf;
	u8 max_queues;
	u8 num_queues;
	u8 xps_queues;
	u8 ring_log2_min;
	u8 ring_log2_max;
	u8 tx_log2;
	u8 rx_log2;
	u32 caps;
	u16 vport;
	u16 mbox_minor;
	u32 epoch;
	unsigned long state;
	unsigned int num_xsk;
	struct bpf_prog *xdp_prog;

	struct emunic_queue *queues[EMUNIC_MAX_QUEUES];
	struct emunic_shadow *shadow;
	dma_addr_t shadow_dma;

	int ctl_irq;
	char ctl_irq_name[32];
	struct completion irq_test;
	atomic_t pending;
	struct delayed_work service;
	unsigned long quiesced;
	unsigned long announced;
	unsigned long restarted;
	unsigned long retry;

	struct emunic_filters filters;
	struct emunic_rss rss;
	struct emunic_rules rules;
	struct emunic_events events;

	struct mutex coalesce_lock;	/* moderation of all queues */
	struct emunic_coalesce tx_coalesce;
	struct emunic_coalesce rx_coalesce;
	struct emunic_clock clock;
};

/* hw.c: registers */
u32 emunic_rd32(struct emunic *emu, u32 reg);
void emunic_wr32(struct emunic *emu, u32 reg, u32 val);
int emunic_hw_identify(struct emunic *emu);
int emunic_hw_reset(struct emunic *emu);
bool emunic_hw_present(struct emunic *emu);
int emunic_block_start(struct emunic *emu, u32 block);
bool emunic_block_runs(struct emunic *emu, u32 block);
int emunic_block_stop(struct emunic *emu, u32 block);
void emunic_block_setup(struct emunic *emu, u32 block, dma_addr_t sq,
			dma_addr_t cq, dma_addr_t shadow, u8 log2, u8 vector);

/**
 * enum emunic_reg_who - functions that have a register
 * @EMUNIC_REG_FUNC: PF and VF
 * @EMUNIC_REG_PF: the PF
 * @EMUNIC_REG_VF: a VF
 */
enum emunic_reg_who {
	EMUNIC_REG_FUNC,
	EMUNIC_REG_PF,
	EMUNIC_REG_VF,
};

/**
 * struct emunic_reg - an entry of the register table
 * @offset: in BAR0, or in a queue block
 * @who: enum emunic_reg_who
 * @reset: value after a reset, or EMUNIC_REG_DYN
 * @rw: bits that keep what is written
 * @w1c: bits that a written 1 clears
 */
struct emunic_reg {
	u16 offset;
	u8 who;
	u32 reset;
	u32 rw;
	u32 w1c;
};

/* regs.c: the register table */
extern const struct emunic_reg emunic_function_regs[];
extern const struct emunic_reg emunic_queue_regs[];
extern const size_t emunic_num_function_regs;
extern const size_t emunic_num_queue_regs;
bool emunic_reg_is_here(const struct emunic *emu, const struct emunic_reg *reg);
int emunic_regs_count(const struct emunic *emu);
void emunic_regs_dump(struct emunic *emu, u32 *data);

/* reset.c: the service work and recovery */
void emunic_service_init(struct emunic *emu);
void emunic_service_start(struct emunic *emu);
void emunic_service_stop(struct emunic *emu);
void emunic_service_request(struct emunic *emu, u32 what);
void emunic_force_reset(struct emunic *emu);
void emunic_hold(struct emunic *emu);
int emunic_unhold(struct emunic *emu);
void emunic_quiesce(struct emunic *emu);
int emunic_restart(struct emunic *emu);
unsigned long emunic_retry_later(struct emunic *emu, unsigned long began);
bool emunic_restarted_lately(const struct emunic *emu);
int emunic_restart_queues(struct emunic *emu);
void emunic_update_carrier(struct emunic *emu);

/* aer.c: what the PCI core calls when a function is reset or has failed */
extern const struct pci_error_handlers emunic_err_handlers;

/* pm.c: suspend and resume */
extern const struct dev_pm_ops emunic_pm_ops;
void emunic_pm_link(struct emunic *emu);
void emunic_pm_unlink(struct emunic *emu);

/* irq.c */
int emunic_ctl_irq_request(struct emunic *emu);
void emunic_ctl_irq_free(struct emunic *emu);
void emunic_ctl_irq_enable(struct emunic *emu);
void emunic_ctl_irq_recheck(struct emunic *emu);
void emunic_queue_irqs_release(struct emunic *emu);

/* netdev.c: the netdev, and the one up and down path */
int emunic_netdev_setup(struct emunic *emu);
int emunic_up(struct emunic *emu);
void emunic_down(struct emunic *emu);
void emunic_netdev_set_mac(struct emunic *emu, const u8 *mac);
void emunic_rx_features_update(struct emunic *emu);

/* ethtool.c, selftest.c */
extern const struct ethtool_ops emunic_ethtool_ops;
extern const struct ethtool_ops emunic_pf_ethtool_ops;
int emunic_selftest_count(void);
void emunic_selftest_strings(u8 *data);
void emunic_selftest_run(struct net_device *netdev, struct ethtool_test *test,
			 u64 *data);

/* vf.c */
extern const struct emunic_ctl_ops emunic_vf_ctl_ops;
int emunic_vf_init(struct emunic *emu);
void emunic_vf_release(struct emunic *emu);
void emunic_vf_service(struct emunic *emu, u32 pending);
bool emunic_vf_mac_is_fixed(const struct emunic *emu);
int emunic_vf_may_read_rss(struct emunic *emu);
void emunic_vf_mbox_wake(struct emunic *emu);

#endif /* EMUNIC_H */

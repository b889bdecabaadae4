/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: the PF's part: admin queue, event ring, VF records.
 */
#ifndef EMUNIC_PF_H
#define EMUNIC_PF_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "emunic.h"

#define EMUNIC_ADMIN_LOG2	6
/* Never more commands under way than the ring has entries */
#define EMUNIC_ADMIN_SLOTS	(1 << (EMUNIC_ADMIN_LOG2 - 1))
#define EMUNIC_ADMIN_DATA_SIZE	256
#define EMUNIC_EVENT_LOG2	6

/* What an untrusted VF may have; a trusted one has what the device can */
#define EMUNIC_VF_MAX_UCASTS	16
#define EMUNIC_VF_MAX_MCASTS	32
#define EMUNIC_VF_MAX_VLANS	16

/**
 * struct emunic_admin_slot - one command that may be under way
 * @done: completed when the answer is there, or when the queue is closed
 * @cookie: of the command; its low bits are the slot's number
 * @answer_len: bytes of its data buffer that are the answer
 * @err: of the completion, as an errno
 */
struct emunic_admin_slot {
	struct completion done;
	u32 cookie;
	u32 answer_len;
	int err;
};

/**
 * struct emunic_admin - the admin queue
 * @lock: all of the below; taken by the hard interrupt
 * @open: commands are taken; set at start, cleared at stop and on failure
 * @used: slots that are taken
 * @slots: commands under way; fewer than the ring has entries
 * @wait: for a free slot
 * @cmd: submission ring
 * @cpl: completion ring
 * @data: EMUNIC_ADMIN_DATA_SIZE bytes for each slot
 * @cmd_dma: address of @cmd
 * @cpl_dma: address of @cpl
 * @data_dma: address of @data
 * @tail: next command to write
 * @cq_next: next completion
 * @sequence: makes cookies differ
 */
struct emunic_admin {
	spinlock_t lock;	/* all of the below */
	bool open;
	DECLARE_BITMAP(used, EMUNIC_ADMIN_SLOTS);
	struct emunic_admin_slot slots[EMUNIC_ADMIN_SLOTS];
	wait_queue_head_t wait;
	struct emunic_admin_cmd *cmd;
	struct emunic_admin_cpl *cpl;
	void *data;
	dma_addr_t cmd_dma;
	dma_addr_t cpl_dma;
	dma_addr_t data_dma;
	u32 tail;
	u32 cq_next;
	u32 sequence;
};

/**
 * struct emunic_event_ring - the event ring
 * @ring: entries
 * @ring_dma: address of @ring
 * @next: next entry to read; the work owns it
 * @wq: runs @work; nothing on it takes RTNL
 * @work: reads the ring
 * @current_event: the entry being handled, copied out of the ring
 * @running: the work may run; changed with RTNL
 * @broken: an event is missing, and will not come
 */
struct emunic_event_ring {
	struct emunic_event *ring;
	dma_addr_t ring_dma;
	u32 next;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct emunic_event current_event;
	bool running;
	bool broken;
};

/**
 * struct emunic_vf_policy - what the administrator decided about a VF
 * @mac: its address; zero: the VF's own choice
 * @vlan: port VLAN ID, 0 for none
 * @qos: priority of the port VLAN
 * @vlan_proto: TPID of the port VLAN
 * @link: EMUNIC_LINK_*
 * @trusted: may receive what is not its own, choose an address beside @mac,
 *	and have more than the quota
 * @spoofchk: may send only from its own addresses and VLANs
 * @query_rss: may read how its frames are spread over its queues
 * @min_rate: Mbit/s that it gets whatever the others want, 0 for none
 * @max_rate: Mbit/s that it gets at most, 0 for any
 * @vectors: size of its MSI-X table, 0 for the default
 */
struct emunic_vf_policy {
	u8 mac[ETH_ALEN];
	u16 vlan;
	u8 qos;
	__be16 vlan_proto;
	u8 link;
	bool trusted;
	bool spoofchk;
	bool query_rss;
	u32 min_rate;
	u32 max_rate;
	u16 vectors;
};

/**
 * struct emunic_vf_state - what a VF's driver asked for since its last reset
 * @versioned: VERSION was agreed
 * @minor: the minor version to speak
 * @stale: a reply was stale: the VF may not know of what is listed here
 * @caps: EMUNIC_MBOX_CAP_* granted
 * @mac: address that the VF chose, zero if none: the vport's address, or a
 *	filter where the administrator chose that
 * @num_macs: entries of @macs
 * @macs: ADD_MAC
 * @vlans: ADD_VLAN
 */
struct emunic_vf_state {
	bool versioned;
	bool stale;
	u16 minor;
	u32 caps;
	u8 mac[ETH_ALEN];
	u16 num_macs;
	u8 macs[EMUNIC_VPORT_MAX_MACS][ETH_ALEN];
	DECLARE_BITMAP(vlans, VLAN_N_VID);
};

/**
 * struct emunic_vf_rec - one enabled VF, as the PF knows it
 * @ref: one for the table, one for each user
 * @lock: all of the below; the event work, and nobody else, takes that of
 *	another VF while it holds one
 * @id: number of the VF, its vport is @id + 1
 * @policy: outlives resets of VF and PF; changed with RTNL, too, so that
 *	either lock is enough to read it
 * @state: forgotten at each reset of the VF
 * @refused: requests answered with a status other than OK
 *
 * The table and the life of records are sriov.c's alone.
 */
struct emunic_vf_rec {
	struct kref ref;
	struct mutex lock;	/* all of the below */
	u16 id;
	struct emunic_vf_policy policy;
	struct emunic_vf_state state;
	u64 refused;
};

/**
 * struct emunic_pf_counters - what VFs did, for ethtool -S; the event work
 * @vf_requests: requests received
 * @vf_refused: answered with a status other than OK
 * @vf_stale: answered too late
 * @vf_resets: resets of VFs
 */
struct emunic_pf_counters {
	u64 vf_requests;
	u64 vf_refused;
	u64 vf_stale;
	u64 vf_resets;
};

/**
 * struct emunic_pf - the PF's own data
 * @emu: the function
 * @admin: admin queue
 * @event: event ring
 * @vfs: records of the enabled VFs, by number; sriov.c
 * @speed: of the uplink, Mbit/s
 * @vf_vectors: MSI-X vectors of all VFs together
 * @switch_mode: EMUNIC_SWITCH_*; RTNL
 * @pause: EMUNIC_PAUSE_*; RTNL
 * @counters: what VFs did
 */
struct emunic_pf {
	struct emunic *emu;
	struct emunic_admin admin;
	struct emunic_event_ring event;
	struct xarray vfs;
	u32 speed;
	u32 vf_vectors;
	u32 switch_mode;
	u32 pause;
	struct emunic_pf_counters counters;
};

/**
 * emunic_pf_ready() - can policy be brought to the device?
 * @emu: the PF
 *
 * Return: false while the PF is being reset; what the records say is brought
 *	to the device afterwards
 */
static inline bool emunic_pf_ready(const struct emunic *emu)
{
	return test_bit(EMUNIC_STATE_CTL_READY, &emu->state);
}

/* pf.c */
int emunic_pf_init(struct emunic *emu);
void emunic_pf_release(struct emunic *emu);
void emunic_pf_failed(struct emunic *emu);
bool emunic_pf_is_broken(struct emunic *emu);

/* vport.c */
int emunic_vport_set_mac(struct emunic *emu, u16 vport, const u8 *mac);
int emunic_vport_mac_filter(struct emunic *emu, u16 vport, u16 opcode,
			    const u8 *mac);
int emunic_vport_vlan_filter(struct emunic *emu, u16 vport, u16 opcode,
			     u16 vid);
int emunic_vport_set_rx_mode(struct emunic *emu, u16 vport, u32 mode);
int emunic_vport_get_stats(struct emunic *emu, u16 vport,
			   struct emunic_vport_stats *stats);
int emunic_vport_get_policy(struct emunic *emu, u16 vport,
			    struct emunic_vport_policy *policy);
int emunic_vport_apply(struct emunic *emu, u16 vport,
		       const struct emunic_vport_policy *old,
		       const struct emunic_vport_policy *new);
int emunic_vport_clear(struct emunic *emu, u16 vport);
int emunic_vport_set_vectors(struct emunic *emu, u16 vport, u32 vectors);
int emunic_vport_reset_vf(struct emunic *emu, u16 vport);
int emunic_switch_set_mode(struct emunic *emu, u32 mode);

/* port_stats.c: PAUSE and counters of the uplink */
int emunic_port_apply_pause(struct emunic *emu);
void emunic_get_pauseparam(struct net_device *netdev,
			   struct ethtool_pauseparam *pause);
int emunic_set_pauseparam(struct net_device *netdev,
			  struct ethtool_pauseparam *pause);
void emunic_get_pause_stats(struct net_device *netdev,
			    struct ethtool_pause_stats *pause);
void emunic_get_eth_mac_stats(struct net_device *netdev,
			      struct ethtool_eth_mac_stats *mac);
void emunic_get_eth_ctrl_stats(struct net_device *netdev,
			       struct ethtool_eth_ctrl_stats *ctrl);
void emunic_get_rmon_stats(struct net_device *netdev,
			   struct ethtool_rmon_stats *rmon,
			   const struct ethtool_rmon_hist_range **ranges);

/* admin.c */
int emunic_admin_init(struct emunic *emu);
void emunic_admin_release(struct emunic *emu);
int emunic_admin_start(struct emunic *emu);
void emunic_admin_stop(struct emunic *emu);
void emunic_admin_irq(struct emunic *emu);
bool emunic_admin_is_open(const struct emunic *emu);
int emunic_admin_exec(struct emunic *emu, u16 opcode, u16 vport,
		      const void *arg, size_t arg_len, void *data,
		      size_t data_len);

/* event.c */
int emunic_event_init(struct emunic *emu);
void emunic_event_release(struct emunic *emu);
int emunic_event_start(struct emunic *emu);
void emunic_event_stop(struct emunic *emu);
void emunic_event_irq(struct emunic *emu);

#ifdef CONFIG_PCI_IOV
/* sriov.c */
int emunic_pf_sriov_configure(struct pci_dev *pdev, int num_vfs);
u32 emunic_pf_get_total_vectors(struct pci_dev *pdev);
int emunic_pf_set_vf_vectors(struct pci_dev *vf, int count);
void emunic_pf_remove_vfs(struct emunic *emu);
void emunic_pf_forget_vfs(struct emunic *emu);
void emunic_pf_announce_reset(struct emunic *emu);
void emunic_pf_reset_vectors(struct emunic *emu);
void emunic_pf_save_vfs(struct emunic *emu);
void emunic_pf_restore_vfs(struct emunic *emu);
int emunic_pf_adopt_vfs(struct emunic *emu);
int emunic_pf_replay_vfs(struct emunic *emu);
struct emunic_vf_rec *emunic_vf_rec_get(struct emunic *emu, unsigned int id);
void emunic_vf_rec_put(struct emunic_vf_rec *rec);
bool emunic_pf_mac_is_anothers(struct emunic *emu,
			       const struct emunic_vf_rec *rec, const u8 *mac);
void emunic_pf_vf_was_reset(struct emunic *emu, u16 vport);

/* pf_policy.c: no hardware, no locks */
int emunic_policy_check_mac(const u8 *mac);
int emunic_policy_check_vlan(u16 vlan, u8 qos, __be16 proto);
int emunic_policy_check_rate(u32 speed, u64 others, int min_rate,
			     int max_rate);
void emunic_policy_default(struct emunic_vf_policy *policy);
void emunic_policy_to_device(const struct emunic_vf_policy *policy,
			     const u8 *own, struct emunic_vport_policy *dev);
int emunic_policy_check_device(const struct emunic_vport_policy *dev,
			       u32 speed);
void emunic_policy_from_device(struct emunic_vf_rec *rec,
			       const struct emunic_vport_policy *dev);
void emunic_policy_forget(struct emunic_vf_rec *rec);
const u8 *emunic_policy_mac(const struct emunic_vf_rec *rec);

/* pf_request.c: no hardware, no locks */
u16 emunic_policy_version(u16 *major, u16 *minor, u16 max_minor);
u32 emunic_policy_caps(const struct emunic_vf_rec *rec, u32 asked);
void emunic_policy_config(const struct emunic_vf_rec *rec,
			  struct emunic_mbox_config *config);
u16 emunic_policy_rss(const struct emunic_vf_rec *rec,
		      struct emunic_mbox_rss *rss);
bool emunic_policy_has_mac(const struct emunic_vf_rec *rec, const u8 *mac);
bool emunic_policy_owns_mac(const struct emunic_vf_rec *rec, const u8 *mac);
u16 emunic_policy_vf_set_mac(const struct emunic_vf_rec *rec, const u8 *mac);
u16 emunic_policy_vf_add_mac(const struct emunic_vf_rec *rec, const u8 *mac,
			     bool *known);
u16 emunic_policy_vf_del_mac(const struct emunic_vf_rec *rec, const u8 *mac);
u16 emunic_policy_vf_add_vlan(const struct emunic_vf_rec *rec, u16 vid,
			      bool *known);
u16 emunic_policy_vf_del_vlan(const struct emunic_vf_rec *rec, u16 vid);
u16 emunic_policy_vf_rx_mode(const struct emunic_vf_rec *rec, u32 mode);
void emunic_policy_commit_mac(struct emunic_vf_rec *rec, const u8 *mac,
			      bool add);
void emunic_policy_commit_vlan(struct emunic_vf_rec *rec, u16 vid, bool add);

/* pf_vf.c; all with the record's lock */
bool emunic_pf_is_second_mac(const struct emunic_vf_rec *rec, const u8 *mac);
void emunic_pf_vf_drop_second_mac(struct emunic *emu,
				  struct emunic_vf_rec *rec);
void emunic_pf_vf_drop_state(struct emunic *emu, struct emunic_vf_rec *rec);
void emunic_pf_vf_drop_ucasts(struct emunic *emu, struct emunic_vf_rec *rec);
int emunic_pf_vf_set_policy(struct emunic *emu, struct emunic_vf_rec *rec,
			    const struct emunic_vf_policy *policy,
			    const u8 *own);
int emunic_pf_vf_replay_policy(struct emunic *emu, struct emunic_vf_rec *rec);
int emunic_pf_vf_distrust(struct emunic *emu, struct emunic_vf_rec *rec);

/* pf_mbox.c */
void emunic_pf_mbox_event(struct emunic *emu, const struct emunic_event *event);
void emunic_pf_mbox_notify(struct emunic *emu, u16 id, u32 cause);

/* pf_mbox_dispatch.c */
struct emunic_pf_op;
u16 emunic_pf_mbox_gate(const struct emunic_vf_rec *rec, const void *data,
			size_t len, const struct emunic_pf_op **op);
size_t emunic_pf_mbox_dispatch(struct emunic *emu, struct emunic_vf_rec *rec,
			       const void *msg, size_t len, void *reply);

/* pf_ndo.c */
int emunic_pf_set_vf_mac(struct net_device *netdev, int vf, u8 *mac);
int emunic_pf_set_vf_vlan(struct net_device *netdev, int vf, u16 vlan, u8 qos,
			  __be16 proto);
int emunic_pf_get_vf_config(struct net_device *netdev, int vf,
			    struct ifla_vf_info *info);
int emunic_pf_set_vf_rate(struct net_device *netdev, int vf, int min_tx_rate,
			  int max_tx_rate);
int emunic_pf_set_vf_spoofchk(struct net_device *netdev, int vf, bool setting);
int emunic_pf_set_vf_trust(struct net_device *netdev, int vf, bool setting);
int emunic_pf_set_vf_link_state(struct net_device *netdev, int vf, int state);
int emunic_pf_set_vf_rss_query_en(struct net_device *netdev, int vf,
				  bool setting);
int emunic_pf_get_vf_stats(struct net_device *netdev, int vf,
			   struct ifla_vf_stats *stats);

/* pf_bridge.c */
int emunic_pf_bridge_getlink(struct sk_buff *skb, u32 pid, u32 seq,
			     struct net_device *netdev, u32 filter_mask,
			     int nlflags);
int emunic_pf_bridge_setlink(struct net_device *netdev, struct nlmsghdr *nlh,
			     u16 flags, struct netlink_ext_ack *extack);
#else
static inline void emunic_pf_remove_vfs(struct emunic *emu) { }
static inline void emunic_pf_forget_vfs(struct emunic *emu) { }
static inline void emunic_pf_announce_reset(struct emunic *emu) { }
static inline void emunic_pf_save_vfs(struct emunic *emu) { }
static inline void emunic_pf_reset_vectors(struct emunic *emu) { }
static inline void emunic_pf_restore_vfs(struct emunic *emu) { }
static inline int emunic_pf_adopt_vfs(struct emunic *emu) { return 0; }
static inline int emunic_pf_replay_vfs(struct emunic *emu) { return 0; }
static inline void emunic_pf_vf_was_reset(struct emunic *emu, u16 vport) { }
static inline void emunic_pf_mbox_event(struct emunic *emu,
					const struct emunic_event *event) { }
#endif

#endif /* EMUNIC_PF_H */

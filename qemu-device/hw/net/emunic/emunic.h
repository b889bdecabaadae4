/*
 * emunic: SR-IOV Ethernet device, internal types
 *
 * The contract with drivers is <emunic/...>; this header is the device's own.
 *
 * Locking: everything here runs under the BQL. Register writes only record
 * what is to be done and schedule the bottom half (engine.c), which alone
 * moves data. Frames from the uplink are the exception: the network layer's
 * receive callback puts them into guest memory at once.
 *
 * Lifetime: the PF creates and destroys its VFs. EmunicState.port[] has a
 * pointer to each function from its realize to its exit; a VF is present in
 * the switch only while the guest has enabled it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_H
#define HW_NET_EMUNIC_H

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/iov.h"
#include "qemu/main-loop.h"
#include "qemu/units.h"
#include "hw/pci/pci_device.h"
#include "net/eth.h"
#include "net/net.h"
#include "compat.h"
#include "sched.h"
#include <emunic/regs.h>
#include <emunic/desc.h>
#include <emunic/adminq.h>
#include <emunic/mbox.h>

#define TYPE_EMUNIC "emunic"
OBJECT_DECLARE_SIMPLE_TYPE(EmunicState, EMUNIC)

#define TYPE_EMUNIC_VF "emunic-vf"
OBJECT_DECLARE_SIMPLE_TYPE(EmunicVFState, EMUNIC_VF)

#define EMUNIC_MAX_VPORTS   (EMUNIC_MAX_VFS + 1)
#define EMUNIC_VPORT_UPLINK EMUNIC_MAX_VPORTS   /* where a frame comes from */
#define EMUNIC_VLANS        4096
#define EMUNIC_MBOX_WORDS   (EMUNIC_MBOX_WINDOW_SIZE / 4)

typedef struct EmunicFunction EmunicFunction;

/* Field helpers for the masks of <emunic/regs.h> */
#define EMUNIC_GET(mask, value) (((value) & (mask)) >> ctz32(mask))
#define EMUNIC_PREP(mask, value) (((uint32_t)(value) << ctz32(mask)) & (mask))

/* Indexes of EmunicFunction.reg[] and EmunicQueue.reg[], in table order */
enum {
#define REG(name, who, reset, rw, w1c) EMUNIC_R_##name,
    EMUNIC_FUNCTION_REGS(REG)
#undef REG
    EMUNIC_R_COUNT
};

enum {
#define QREG(name, reset, rw) EMUNIC_QR_##name,
    EMUNIC_QUEUE_REGS(QREG)
#undef QREG
    EMUNIC_QR_COUNT
};

typedef enum EmunicQueueKind {
    EMUNIC_QUEUE_TX,
    EMUNIC_QUEUE_RX,
    EMUNIC_QUEUE_ADMIN,
    EMUNIC_QUEUE_EVENT,
} EmunicQueueKind;

/*
 * What one run of the bottom half may still do, or has done. Each copy of a
 * frame counts as one more.
 */
typedef struct EmunicBudget {
    int frames;
    int bytes;
} EmunicBudget;

#define EMUNIC_RX_PREFETCH  16

/*
 * One queue. The indexes count from START, modulo 2^32.
 *
 * @head: next submission entry to execute; event ring: the driver's EVENT_HEAD
 * @tail: the driver's tail as last read
 * @cq_head: next completion (event) to write
 * @cq_tested: @cq_head when the interrupt rule was last applied
 * @starts: number of STARTs
 * @raise_at: when completions have waited long enough (moderate.c), ns of the
 *            virtual clock; 0: none waits
 * @raised_at: Rx: when moderation last let some be told, same clock
 * @place: Tx: in line for its turn, while it is in tx_pending
 * @used: Tx: what it has given since @used_since, ns of the host (doze.c)
 * @busy: Tx: that, or what it gave in the time before, is much
 * @in_vain: Tx: kicks in a row that brought nothing to send
 * @gro, @gro_open: Rx: frames that are open for more segments, oldest first,
 *                  and how many (gro.c)
 * @fetched: Rx: copies of the descriptors from index @fetched_at on
 */
typedef struct EmunicQueue {
    uint32_t reg[EMUNIC_QR_COUNT];
    EmunicQueueKind kind;
    uint8_t index;
    uint32_t head;
    uint32_t tail;
    uint32_t cq_head;
    uint32_t cq_tested;
    uint32_t starts;
    int64_t raise_at;
    int64_t raised_at;
    uint32_t place;
    EmunicBudget used;
    int64_t used_since;
    bool busy;
    uint32_t in_vain;
    QTAILQ_HEAD(, EmunicGroFlow) gro;
    unsigned gro_open;
    uint32_t fetched_at;
    uint32_t fetched_count;
    struct emunic_rx_desc fetched[EMUNIC_RX_PREFETCH];
} EmunicQueue;

/*
 * Translation cache of one function (dma.c). It exists from the first DMA
 * after a reset to the next reset.
 */
typedef struct EmunicTlbEntry {
    uint64_t tag;               /* page address, generation and permissions */
    uint8_t *host;
    MemoryRegion *mr;
    uint64_t ram;               /* of the page, and its dirty logs */
} EmunicTlbEntry;

typedef struct EmunicDma {
    EmunicTlbEntry *tlb;        /* NULL while nothing is attached */
    uint64_t generation;        /* entries of another one are not valid */
    unsigned foreign;           /* IOMMU sections that cannot be followed */
    unsigned sections;          /* sections of @iommu */
    MemoryRegion *iommu;        /* the one that @notifier is registered on */
    IOMMUNotifier notifier;
    MemoryListener listener;
} EmunicDma;

#define EMUNIC_RSS_INPUT    36      /* bytes: two IPv6 addresses, two ports */

/*
 * How a part of the frames is spread (rss.c)
 *
 * @key, @table: the windows
 * @initial: key, fields and control are those of a reset
 * @nibble: what each value of each four bits of the input adds to the hash
 */
typedef struct EmunicRssContext {
    uint32_t key[EMUNIC_RSS_KEY_SIZE / 4];
    uint32_t table[EMUNIC_RSS_ENTRIES / 4];
    bool initial;
    uint32_t nibble[2 * EMUNIC_RSS_INPUT][16];
} EmunicRssContext;

/*
 * Receive steering (rss.c, flow.c)
 *
 * @rule: the windows of the rules
 * @enabled: bit r: rule r is enabled
 */
typedef struct EmunicRss {
    EmunicRssContext ctx[EMUNIC_RSS_CONTEXTS];
    uint32_t rule[EMUNIC_FLOW_RULES][sizeof(struct emunic_flow_rule) / 4];
    uint64_t enabled;
} EmunicRss;

/* VF mailbox (mbox.c) */
typedef struct EmunicMbox {
    uint32_t state;             /* EMUNIC_MBOX_STATE_* */
    uint32_t error;
    uint32_t tag;               /* of the last request; never 0 after it */
    uint32_t len;               /* of the outstanding request */
    uint32_t request[EMUNIC_MBOX_WORDS];    /* the driver's window */
    uint32_t message[EMUNIC_MBOX_WORDS];    /* copy made by SEND */
    uint32_t reply[EMUNIC_MBOX_WORDS];
} EmunicMbox;

/* Vport: policy, state and counters (switch.c, admin.c) */
typedef struct EmunicVport {
    uint8_t mac[ETH_ALEN];      /* SET_MAC; zero: none */
    uint16_t vlan_tpid;         /* port VLAN, if vlan_vid is not 0 */
    uint16_t vlan_vid;
    uint16_t vlan_prio;
    uint32_t flags;             /* EMUNIC_VPORT_* */
    uint32_t link;              /* EMUNIC_LINK_*; VFs only */
    uint32_t spoofchk;          /* EMUNIC_SPOOFCHK_* */
    uint32_t min_rate;          /* Mbit/s; 0: none; VFs only, as the next */
    uint32_t max_rate;
    uint32_t vectors;           /* VF_SET_VECTORS; 0: the default */
    uint32_t mode;              /* EMUNIC_RX_MODE_* */
    uint32_t nmacs;
    uint8_t macs[EMUNIC_VPORT_MAX_MACS][ETH_ALEN];
    uint32_t vlans[EMUNIC_VLANS / 32];
    uint64_t stats[sizeof(struct emunic_vport_stats) / 8];
    uint64_t offences;          /* as the counters of each kind count */
} EmunicVport;

#define EMUNIC_STAT(name) (offsetof(struct emunic_vport_stats, name) / 8)

/*
 * Waiting events of one vport (event.c), by type.
 *
 * @order: when the event began to wait; 0: none waits
 * @posted: @posted_at is the index of the last one in the ring
 */
#define EMUNIC_EVENT_TYPES  (EMUNIC_EVENT_OFFENCE + 1)

typedef struct EmunicEvents {
    uint64_t order[EMUNIC_EVENT_TYPES];
    uint32_t posted_at[EMUNIC_EVENT_TYPES];
    bool posted[EMUNIC_EVENT_TYPES];
    uint8_t error_rx;           /* of the waiting QUEUE_ERROR */
    uint8_t error_queue;
    uint16_t error_code;
    uint32_t offence_kind;      /* of the last offence */
    bool offence_held;          /* one is to be told at @offence_at */
    int64_t offence_at;         /* not before, ns of the virtual clock */
    int64_t paid_at;            /* when all that was posted is paid for */
} EmunicEvents;

/*
 * The clock (clock.c). It was @ns, and @fraction times 2^-32 ns, when the
 * virtual clock was @seen.
 *
 * @standing: a migration stream has been loaded, the machine does not run yet
 */
typedef struct EmunicClock {
    uint64_t ns;
    uint32_t fraction;
    int32_t rate;               /* EMUNIC_CLOCK_RATE */
    int64_t seen;
    bool standing;
} EmunicClock;

/*
 * The uplink (uplink.c) and what the port does there (port.c).
 *
 * @vnet: a virtio_net_hdr goes before each frame
 * @uso: and it may be of UDP GSO
 * @silent: a PAUSE frame stops what is sent, until @silence_timer
 * @starved: the PF's Rx queues that lacked a buffer since silence was asked
 *           for; their tails then are in @starved_tail
 * @xoff_at: silence is not asked for again before that, unless it ended
 * @look: @starved is to be looked at
 */
typedef struct EmunicUplink {
    bool vnet;
    bool uso;
    bool silent;
    bool look;
    uint32_t pause;             /* EMUNIC_PAUSE_* */
    uint32_t starved;
    uint32_t starved_tail[EMUNIC_MAX_QUEUES];
    int64_t xoff_at;
    QEMUTimer *silence_timer;
    QEMUTimer *look_timer;
    uint64_t stats[sizeof(struct emunic_port_stats) / 8];
} EmunicUplink;

/* What can be a lie, beside the completions of each EmunicQueueKind */
enum {
    EMUNIC_LIE_REGISTER = EMUNIC_QUEUE_EVENT + 1,
    EMUNIC_LIE_COUNT,
};

/*
 * A device that lies (lie.c)
 *
 * @seed: x-lie-seed; 0: it does not
 * @rate: x-lie-rate
 * @what: x-lie-what, bits by EmunicQueueKind and EMUNIC_LIE_*
 * @count: lies told since one of these was set
 * @entry: the last entry that is one
 */
typedef struct EmunicLie {
    uint32_t seed;
    uint32_t rate;
    uint32_t what;
    uint32_t count;
    GRand *rand;
    uint8_t entry[sizeof(struct emunic_event)];
} EmunicLie;

/* What PF and VF have in common */
struct EmunicFunction {
    PCIDevice *dev;
    EmunicState *pf;
    uint16_t vport;
    MemoryRegion regs_mr;
    MemoryRegion msix_mr;

    uint32_t reg[EMUNIC_R_COUNT];
    EmunicQueue txq[EMUNIC_MAX_QUEUES];
    EmunicQueue rxq[EMUNIC_MAX_QUEUES];
    EmunicQueue adminq;         /* PF only, as the next */
    EmunicQueue eventq;
    uint32_t nvectors;          /* as LIMITS has them, as the next */
    uint32_t nqueues;
    uint8_t rx_map[EMUNIC_MAX_QUEUES];      /* running Rx queues, ascending */
    uint32_t rx_running;
    uint32_t status;            /* STATUS as the driver last could know it */
    uint32_t reset_impending;
    uint32_t fatal;

    uint32_t tx_pending;        /* Tx queues to look at */
    uint32_t tx_kicked;         /* those of them that the driver has named */
    uint32_t tx_places;         /* places that these were given so far */
    int64_t tx_served_at;       /* last frame or own run, host's time */
    uint32_t tx_moved;          /* queues with completions not yet tested */
    uint32_t rx_moved;
    uint32_t tx_held;           /* queues whose completions wait */
    uint32_t rx_held;
    uint32_t tx_paused;         /* Tx queues that wait for the uplink */
    uint32_t tx_dozing;         /* Tx queues to look at at doze_timer */
    uint32_t vectors;           /* vectors to raise */
    uint32_t test_op;           /* TEST_DMA_CTRL while BUSY */

    EmunicRss rss;
    EmunicMbox mbox;
    EmunicVport port;
    EmunicEvents events;
    EmunicDma dma;
};

struct EmunicVFState {
    PCIDevice parent_obj;
    EmunicFunction fn;
};

/* Private buffers for frames: one frame is handled at a time */
typedef struct EmunicScratch EmunicScratch;

/* Frames that may still grow (gro.c) */
typedef struct EmunicGro EmunicGro;

/* An answer of the forwarding table: holds until the table changes */
typedef struct EmunicFdbFound {
    int64_t key;                /* the address; -1: none */
    const unsigned long *ports;
} EmunicFdbFound;

struct EmunicState {
    PCIDevice parent_obj;
    EmunicFunction fn;

    NICState *nic;
    NICConf conf;
    uint32_t max_vfs;
    uint32_t queues;
    uint32_t speed;
    uint32_t vf_vectors;        /* pool of all VFs */

    EmunicFunction *port[EMUNIC_MAX_VPORTS];
    QEMUBH *bh;
    QEMUTimer *offence_timer;
    QEMUTimer *event_timer;
    QEMUTimer *tx_timer;
    int64_t tx_timer_at;        /* what it is set to */
    QEMUTimer *doze_timer;
    QEMUTimer *moderate_timer;
    int64_t moderate_at;        /* what it is set to */
    VMChangeStateEntry *vmstate_change;
    /* Frames from the uplink can come in while the bottom half sends one. */
    EmunicScratch *tx_scratch;
    EmunicScratch *rx_scratch;
    EmunicGro *gro;
    uint32_t copies;            /* frames put into buffers, for budgets */
    uint64_t event_order;       /* last value given to EmunicEvents.order */
    uint32_t event_rr;          /* vport whose turn it is */
    EmunicSched sched;          /* vports with something to send */
    EmunicClock clock;
    EmunicUplink uplink;
    EmunicLie lie;

    /* Vports with something else for the bottom half to do */
    DECLARE_BITMAP(irq_work, EMUNIC_MAX_VPORTS);
    DECLARE_BITMAP(test_work, EMUNIC_MAX_VPORTS);
    DECLARE_BITMAP(event_work, EMUNIC_MAX_VPORTS);
    DECLARE_BITMAP(held, EMUNIC_MAX_VPORTS);    /* have tx_held, rx_held */
    DECLARE_BITMAP(dozing, EMUNIC_MAX_VPORTS);  /* have tx_dozing */
    bool admin_work;

    /* Switch */
    uint32_t switch_mode;       /* EMUNIC_SWITCH_*, policy of the PF */
    GHashTable *fdb;            /* address -> EmunicFdbEntry */
    EmunicFdbFound fdb_found[256];
    DECLARE_BITMAP(present, EMUNIC_MAX_VPORTS);
    DECLARE_BITMAP(promisc, EMUNIC_MAX_VPORTS);
    DECLARE_BITMAP(allmulti, EMUNIC_MAX_VPORTS);
};

static inline bool emunic_is_vf(const EmunicFunction *f)
{
    return f->vport != 0;
}

static inline void emunic_count(EmunicFunction *f, unsigned stat, uint64_t n)
{
    f->port.stats[stat] += n;
}

#define EMUNIC_COUNT(f, name, n) emunic_count(f, EMUNIC_STAT(name), n)

/* function.c: a function as a whole */
bool emunic_function_realize(EmunicFunction *f, PCIDevice *dev,
                             EmunicState *pf, uint16_t vport, Error **errp);
void emunic_function_exit(EmunicFunction *f);
void emunic_function_reset(EmunicFunction *f, bool soft);
void emunic_function_enable(EmunicFunction *f, bool on);
void emunic_pf_soft_reset(EmunicState *s);
void emunic_vf_forced_reset(EmunicFunction *f);
void emunic_set_cause(EmunicFunction *f, uint32_t cause);
void emunic_raise(EmunicFunction *f, unsigned vector);
void emunic_update_status(EmunicFunction *f);
void emunic_uplink_changed(EmunicState *s);
void emunic_pf_ready_changed(EmunicState *s);
bool emunic_pf_ready(const EmunicState *s);
bool emunic_vf_enabled(const EmunicFunction *f);

/* regs.c: the register file */
extern const MemoryRegionOps emunic_regs_ops;
void emunic_regs_reset(EmunicFunction *f);

/* rss.c */
void emunic_rss_reset(EmunicFunction *f);
void emunic_rss_changed(EmunicFunction *f);
uint32_t *emunic_rss_window(EmunicFunction *f, hwaddr addr, bool write);
void emunic_rss_written(EmunicFunction *f, hwaddr addr);

/* flow.c */
uint32_t *emunic_flow_window(EmunicFunction *f, hwaddr addr);
void emunic_flow_changed(EmunicFunction *f);

/* doze.c: a pause instead of sleep */
void emunic_doze_used(EmunicFunction *f, EmunicQueue *q, EmunicBudget used);
bool emunic_doze(EmunicFunction *f, EmunicQueue *q);
uint32_t emunic_doze_kicked(EmunicFunction *f, uint32_t queues);
void emunic_doze_timer(void *opaque);

/* engine.c: the run */
void emunic_schedule(EmunicState *s);
void emunic_line_up(EmunicFunction *f, uint32_t queues);
void emunic_kick(EmunicFunction *f, uint32_t queues);
void emunic_kick_now(EmunicFunction *f, uint32_t queues);
void emunic_run(void *opaque);
void emunic_tx_timer(void *opaque);
void emunic_vm_change(void *opaque, bool running, RunState state);
void emunic_moved(EmunicFunction *f, const EmunicQueue *q);

/* queue.c */
void emunic_queue_ctrl(EmunicFunction *f, EmunicQueue *q, uint32_t value);
uint32_t emunic_queue_check(const EmunicFunction *f, const EmunicQueue *q);
void emunic_queue_reset(EmunicQueue *q);
void emunic_queue_error(EmunicFunction *f, EmunicQueue *q, uint32_t error);
bool emunic_queue_read_tail(EmunicFunction *f, EmunicQueue *q);
bool emunic_queue_sleep(EmunicFunction *f, EmunicQueue *q);
bool emunic_queue_fetch(EmunicFunction *f, EmunicQueue *q, uint32_t from,
                        void *entries, uint32_t count, size_t entry_size);
bool emunic_queue_complete(EmunicFunction *f, EmunicQueue *q,
                           const void *entries, uint32_t count, size_t size,
                           size_t flags_at);
bool emunic_queue_test_irq(EmunicFunction *f, EmunicQueue *q);
void emunic_rx_map_update(EmunicFunction *f);

static inline bool emunic_queue_running(const EmunicQueue *q)
{
    return q->reg[EMUNIC_QR_STATE] == EMUNIC_Q_STATE_RUNNING;
}

static inline uint32_t emunic_queue_size(const EmunicQueue *q)
{
    return 1u << q->reg[EMUNIC_QR_SIZE];
}

static inline uint64_t emunic_queue_addr(const EmunicQueue *q, unsigned lo)
{
    return q->reg[lo] | (uint64_t)q->reg[lo + 1] << 32;
}

/* dma.c: the only way to guest memory; false: the access failed */
bool emunic_dma_read(EmunicFunction *f, uint64_t addr, void *buf, size_t len);
bool emunic_dma_write(EmunicFunction *f, uint64_t addr, const void *buf,
                      size_t len);
bool emunic_dma_write_entries(EmunicFunction *f, uint64_t addr,
                              const void *entries, uint32_t count, size_t len,
                              size_t flags_at, uint16_t phase);
void emunic_dma_prefetch(EmunicFunction *f, uint64_t addr);
int emunic_dma_gather(EmunicFunction *f, uint64_t addr, size_t len,
                      struct iovec *iov, int max, uint8_t *bounce);
void emunic_dma_flush(EmunicFunction *f);
void emunic_dma_detach(EmunicFunction *f);

/* moderate.c */
bool emunic_moderate(EmunicFunction *f, EmunicQueue *q, uint32_t event);
void emunic_moderate_timer(void *opaque);

/* clock.c */
void emunic_clock_init(EmunicState *s);
uint64_t emunic_clock_now(EmunicState *s);
void emunic_clock_set_rate(EmunicState *s, uint32_t rate);
void emunic_clock_ctrl(EmunicState *s, uint32_t what);
void emunic_clock_save(EmunicState *s);
void emunic_clock_load(EmunicState *s);
void emunic_clock_go(EmunicState *s);

/* port.c, beside what switch.h has */
void emunic_port_init(EmunicState *s);
void emunic_port_free(EmunicState *s);
void emunic_port_run(EmunicState *s);
void emunic_port_silence_timer(void *opaque);
void emunic_port_look_timer(void *opaque);
uint16_t emunic_port_set_pause(EmunicState *s, uint32_t pause);
void emunic_port_clear_stats(EmunicState *s);
void emunic_port_starved(EmunicState *s, const EmunicQueue *q);
void emunic_port_count_bad(EmunicState *s, size_t len);

/* uplink.c, beside what switch.h has */
void emunic_uplink_init(EmunicState *s);
void emunic_uplink_exit(EmunicState *s);

/* vectors.c */
void emunic_vectors_update(EmunicFunction *f);
void emunic_vectors_set(EmunicFunction *f, uint32_t vectors);
uint16_t emunic_vf_set_vectors(EmunicFunction *f, uint32_t vectors);

/* test.c */
void emunic_test_ctrl(EmunicFunction *f, uint32_t value);
void emunic_test_run(EmunicFunction *f);

/* mbox.c */
uint32_t emunic_mbox_status(const EmunicFunction *f);
void emunic_mbox_ctrl(EmunicFunction *f, uint32_t value);
void emunic_mbox_pf_gone(EmunicFunction *f);
void emunic_mbox_reset(EmunicFunction *f);
uint16_t emunic_mbox_reply(EmunicFunction *f, uint32_t epoch, uint32_t tag,
                           uint64_t addr, uint32_t len);

/* event.c */
void emunic_event_wait(EmunicFunction *f, unsigned type);
void emunic_event_cancel(EmunicFunction *f, unsigned type);
void emunic_event_reset(EmunicFunction *f);
void emunic_event_ring_started(EmunicState *s);
void emunic_event_head(EmunicState *s, uint32_t head);
bool emunic_event_run(EmunicState *s, int budget);
void emunic_event_timer(void *opaque);

/* offence.c */
void emunic_offence(EmunicFunction *f, uint32_t kind, uint32_t count);
void emunic_offence_clear(EmunicFunction *f);
void emunic_offence_restore(EmunicFunction *f);
void emunic_offence_timer(void *opaque);

/* admin.c */
void emunic_admin_tail(EmunicState *s, uint32_t tail);
bool emunic_admin_run(EmunicState *s, int budget);

/* tx.c, rx.c: true when the queue has more to do */
bool emunic_tx_run(EmunicFunction *f, EmunicQueue *q, EmunicBudget *budget);

/* gro.c */
EmunicGro *emunic_gro_new(EmunicState *s);
void emunic_gro_free(EmunicGro *gro);
void emunic_gro_turn(EmunicState *s);
void emunic_gro_flush(EmunicState *s);
void emunic_gro_drop(EmunicFunction *f, EmunicQueue *q);

/* lie.c; only where there is a seed */
uint32_t emunic_lie_register(EmunicFunction *f, hwaddr addr, uint32_t value);
const void *emunic_lie_entry(EmunicFunction *f, const EmunicQueue *q,
                             const void *entry, size_t size, size_t flags_at,
                             uint16_t *phase);
void emunic_lie_class_init(ObjectClass *oc);
void emunic_lie_init(EmunicState *s);
void emunic_lie_exit(EmunicState *s);

/* vmstate.c */
void emunic_vmstate_init(void);
extern const VMStateDescription vmstate_emunic;
extern const VMStateDescription vmstate_emunic_vf;

#endif /* HW_NET_EMUNIC_H */

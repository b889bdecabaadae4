/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VF driven from user space, and what a hostile owner of it tries.
 *
 * The layers, each in a file of its own:
 *
 *   check.c   findings, time, random numbers
 *   vfio.c    a PCI function through VFIO: registers, interrupts, reset
 *   domain.c  its IOMMU domain
 *   vf.c      an emunic VF on that: memory, mailbox, the whole session
 *   queue.c   its Tx and Rx queues
 *   guard.c   what an attack must not change
 *   attack_*  the cases, by theme
 *   measure.c what a flood costs others
 *   main.c      the table of cases, and what is looked at after each
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/if_ether.h>

#include <emunic/adminq.h>
#include <emunic/desc.h>
#include <emunic/mbox.h>
#include <emunic/regs.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		4096UL
#define BIT(n)		(1UL << (n))

/* Where things are for the device.  Nothing else is mapped for the attacker. */
#define ARENA_IOVA	0x10000000UL	/* the attacker's memory */
#define READ_ONLY_IOVA	0x20000000UL	/* the attacker's, read-only */
#define VICTIM_IOVA	0x40000000UL	/* the victim's, in its own domain */
#define SPARE_IOVA	0x50000000UL	/* for maps that a case makes itself */
#define UNMAPPED_IOVA	0x700000000UL	/* nobody's */
#define MSI_IOVA	0xfee00000UL
#define ARENA_SIZE	(4UL << 20)

/* check.c: findings of a case ---------------------------------------------- */

/* False, with a note, unless @truth; the case has failed then. */
#define expect(truth, ...) expect_at(truth, __func__, __LINE__, __VA_ARGS__)
bool expect_at(bool truth, const char *func, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned int findings(void);
void fatal(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

u64 now_us(void);
void random_seed(u64 seed);
u32 random32(void);
u32 random_below(u32 limit);
void fill_random(void *to, size_t len);

/* vfio.c ------------------------------------------------------------------- */

/**
 * struct vfio - a PCI function in an IOMMU domain of its own
 * @bdf: its address
 * @domain: container or iommufd
 * @ioas: number of the address space in the iommufd
 * @bar0: registers, mapped
 * @bar0_address: where they are on the bus
 */
struct vfio {
	const char *bdf;
	int domain;
	u32 ioas;
	int device;
	volatile u32 *bar0;
	u64 bar0_address;
};

void vfio_open(struct vfio *v, const char *bdf);
/* Function Level Reset */
void vfio_reset(struct vfio *v);
/* Memory of whole pages, zeroed, fixed in place, not mapped for any device */
void *alloc_pages(size_t len);

/* domain.c ----------------------------------------------------------------- */

/* Instead of group and container; set before anything is opened */
extern bool use_iommufd;

/* Opens the device, in a domain of its own */
void domain_open(struct vfio *v);
/* 0 or -errno */
int vfio_map(struct vfio *v, void *va, u64 iova, size_t len, bool write);
int vfio_unmap(struct vfio *v, u64 iova, size_t len);

/* vf.c --------------------------------------------------------------------- */

/**
 * struct vf - an emunic VF
 * @arena: memory that its device may use, ARENA_SIZE bytes at @arena_iova
 * @used: bytes of @arena that are given out
 * @mac: address, its own choice unless the PF has made one
 * @config: the last reply to GET_CONFIG
 */
struct vf {
	struct vfio vfio;
	u8 *arena;
	u64 arena_iova;
	size_t used;
	u8 mac[ETH_ALEN];
	struct emunic_mbox_config config;
};

void vf_open(struct vf *vf, const char *bdf, u64 arena_iova);
void *vf_alloc(struct vf *vf, size_t len);	/* whole pages, zeroed */
u64 vf_iova(const struct vf *vf, const void *at);

static inline u32 vf_read(const struct vf *vf, u32 offset)
{
	return vf->vfio.bar0[offset / 4];
}

static inline void vf_write(struct vf *vf, u32 offset, u32 value)
{
	vf->vfio.bar0[offset / 4] = value;
}

#define MBOX_TIMEOUT_MS	10000
#define MBOX_LOST	(-1)	/* no reply, or not one to this request */

void mbox_load(struct vf *vf, const void *message, size_t len);
void mbox_send(struct vf *vf, const void *message, size_t len);
/* EMUNIC_MBOX_STATE_*, once it is not BUSY or CANCELLED any more */
u32 mbox_wait(struct vf *vf);
/*
 * Send a request and wait: EMUNIC_MBOX_ST_*, or MBOX_LOST.  The payload of an
 * OK must have exactly @reply_len bytes, of any other none.
 */
int mbox_call(struct vf *vf, u16 opcode, const void *payload, size_t len,
	      void *reply, size_t reply_len);
/* The same for a message as it stands; what was sent is in @message */
int mbox_exchange(struct vf *vf, const void *message, size_t len,
		  void *reply, size_t reply_len);

int vf_version(struct vf *vf, u16 major, u16 *minor);
int vf_caps(struct vf *vf, u32 *caps);
int vf_config(struct vf *vf);
int vf_set_mac(struct vf *vf, const u8 *mac);
/* VERSION @minor, GET_CAPS @caps, GET_CONFIG, and an address */
bool vf_introduce(struct vf *vf, u16 minor, u32 caps);

/* queue.c ------------------------------------------------------------------ */

#define RING_LOG2	6
#define RING_SIZE	BIT(RING_LOG2)
#define BUF_SIZE	2048

/**
 * struct queue - a Tx or Rx queue, its memory in the VF's arena
 * @base: offset of its register block
 * @tail: next descriptor to write
 * @next: next completion to read
 */
struct queue {
	struct vf *vf;
	bool rx;
	unsigned int index;
	u32 base;
	union {
		struct emunic_tx_desc *tx_ring;
		struct emunic_rx_desc *rx_ring;
	};
	union {
		struct emunic_tx_cpl *tx_done;
		struct emunic_rx_cpl *rx_done;
	};
	struct emunic_shadow *shadow;
	u8 *buffers;
	u32 tail;
	u32 next;
};

/* Memory and registers for a queue that START would take */
void queue_init(struct queue *q, struct vf *vf, bool rx, unsigned int index);
void queue_addr(struct queue *q, u32 reg, u64 addr);
u32 queue_read(struct queue *q, u32 reg);
void queue_write(struct queue *q, u32 reg, u32 value);
/* Memory zeroed, indexes 0, START; EMUNIC_Q_STATE_* */
u32 queue_start(struct queue *q);
void queue_stop(struct queue *q);
/* Is the state ERROR, with that error, now or soon? */
bool queue_fails(struct queue *q, u32 error);

void rx_post(struct queue *q, u64 addr, u32 len);
void rx_post_all(struct queue *q);
/* Length of the next frame, copied to @frame; 0 if none came in time */
size_t rx_frame(struct queue *q, void *frame, size_t room, unsigned int ms);

void tx_put(struct queue *q, u64 addr, u32 len, u16 flags);
void tx_put_meta(struct queue *q, const struct emunic_tx_meta *meta);
/* Tell the device of all that was put */
void tx_flush(struct queue *q);
/* The next completion; false if none came in time */
bool tx_done(struct queue *q, struct emunic_tx_cpl *done, unsigned int ms);
/* Send one frame from a buffer: EMUNIC_TX_STATUS_*, or -1 */
int tx_send(struct queue *q, const struct emunic_tx_meta *meta,
	    const void *frame, size_t len);

struct pair {
	struct queue tx;
	struct queue rx;
};

void pair_init(struct pair *p, struct vf *vf);
/* Registers, START, vport enabled */
void pair_begin(struct pair *p);
/* The same of queues that do not run, which must do then */
bool pair_start(struct pair *p);

/* frame.c: frames, and a neighbour to send them to ------------------------- */

/**
 * struct peer - a port of the switch whose host answers ARP
 * @mac: its address
 * @ip: its IPv4 address, network order
 */
struct peer {
	u8 mac[ETH_ALEN];
	u32 ip;
};

extern struct peer peer;
extern const u8 broadcast[ETH_ALEN];

size_t frame_arp(const struct vf *vf, u8 *frame);
/* Ethernet, IPv4, TCP and @payload bytes; the TCP checksum is left to do */
size_t frame_tcp(const struct vf *vf, u8 *frame, size_t payload);
/* Metadata that suits frame_tcp() with segments of @gso_size */
void meta_tcp(struct emunic_tx_meta *meta, u16 gso_size);
/* Is @frame an answer of the peer to this VF's ARP? */
bool frame_is_answer(const struct vf *vf, const u8 *frame, size_t len);
/* Ask the peer; does it answer? */
bool peer_answers(struct pair *p, unsigned int ms);
/* From reset to traffic both ways, as VERSION 1.@minor with @caps */
bool vf_session(struct vf *vf, u16 minor, u32 caps);

#define CAPS_10 (EMUNIC_MBOX_CAP_FILTERS | EMUNIC_MBOX_CAP_RX_MODE)
#define CAPS_11 (CAPS_10 | EMUNIC_MBOX_CAP_RSS)

/* guard.c: what an attack must not change ---------------------------------- */

/**
 * struct guard - the victim, and memory that is mapped for no device
 * @victim: a VF with a running Rx queue
 * @copy: its arena as it should be
 * @canary: never mapped, ARENA_SIZE bytes
 */
struct guard {
	struct vf victim;
	struct queue rx;
	u8 *copy;
	u8 *canary;
};

extern struct guard guard;

void guard_open(const char *victim_bdf);
/* All memory as it was, the victim untouched and answered by the PF */
void guard_check(const char *when);
/* Physical address of @va, from this process's page map */
u64 physical(const void *va);

/* The cases ---------------------------------------------------------------- */

enum faults {
	NO_FAULTS,	/* the IOMMU blocks nothing */
	FAULTS,		/* it blocks something, and says so */
	MAY_FAULT,
};

/**
 * struct attack - a case
 * @run: does its worst to a VF that was just reset
 */
struct attack {
	const char *name;
	void (*run)(struct vf *vf);
	enum faults faults;
};

extern const struct attack mbox_attacks[];
extern const struct attack version_attacks[];
extern const struct attack regs_attacks[];
extern const struct attack ring_attacks[];
extern const struct attack dma_attacks[];
extern const struct attack desc_attacks[];
extern const struct attack meta_attacks[];
extern const struct attack policy_attacks[];
extern const struct attack flood_attacks[];
extern const struct attack random_attacks[];

/* measure.c */
void measure_round_trips(struct vf *vf);
void measure_load(struct vf *vf);

#endif /* ATTACK_H */

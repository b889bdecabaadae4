/*
 * emunic: a frame on its way through the switch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_FRAME_H
#define HW_NET_EMUNIC_FRAME_H

#include "emunic.h"

#define EMUNIC_TAG_LEN      4
#define EMUNIC_TAGS_MAX     2       /* that the device may insert */
#define EMUNIC_MACS_LEN     (2 * ETH_ALEN)
#define EMUNIC_TCP_FLAGS    13      /* in the TCP header */
#define EMUNIC_HDR_COPY     256     /* bytes copied of a frame, at least */
/* Pieces of a frame: two of the header, and its pages */
#define EMUNIC_FRAME_IOV \
    (2 + EMUNIC_BIG_GSO_MAX / 4096 + 2 * EMUNIC_TX_MAX_DESCS + 2)

typedef enum EmunicKind {
    EMUNIC_KIND_NONE,
    EMUNIC_KIND_TCP4,           /* from here on as in RSS_FIELDS */
    EMUNIC_KIND_UDP4,
    EMUNIC_KIND_TCP6,
    EMUNIC_KIND_UDP6,
    EMUNIC_KIND_IP4,
    EMUNIC_KIND_IP6,
} EmunicKind;

/*
 * The header is a private copy, on which all decisions are made and which is
 * what gets delivered; the payload is still in the memory of the sender.
 * iov[0] has the addresses, iov[1] the rest of the copy, then comes payload.
 * All offsets are in the frame with its tags.
 *
 * From @src on there is nothing but values, which a copy can take over.
 *
 * @src: vport that sent it, or EMUNIC_VPORT_UPLINK
 * @sent_len: bytes before the port VLAN's tag came in, for the counters
 * @tpid, @tci: outer tag; @tpid 0: none
 * @csum: the checksum at @csum_start + @csum_offset is left to the device;
 *        @csum_partial is what the sender put there
 * @csum_final: the finished one, if @csum_finished
 * @gso_type: not EMUNIC_GSO_NONE: a GSO frame, @hdr_len, @gso_size and
 *            @gso_l3, the offset of its IP header, hold
 * @gso_outer: not 0: that is the inner one of a tunnel, whose IP header is here
 * @merged: of how many frames the device made it; 0: of none
 * @stamped: @stamp is the clock when the switch took the frame
 * @parsed: the fields below are valid
 * @kind: what it is for the hash, and if not NONE, @l3 is the offset of its IP
 *        header, which is in the copy, and @l4 that of what is behind it, which
 *        need not be there
 * @ports: source and destination, of TCP and UDP
 * @hashed: @hash is what a function that has changed nothing about it wants
 */
typedef struct EmunicFrame {
    struct iovec iov[EMUNIC_FRAME_IOV];
    int iovcnt;
    uint32_t len;
    uint32_t sent_len;
    uint8_t *hdr;
    uint32_t hdr_copied;
    uint16_t src;
    uint16_t tpid;
    uint16_t tci;

    bool csum;
    bool csum_finished;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t csum_partial;
    uint16_t csum_final;
    uint8_t gso_type;
    uint16_t merged;
    uint16_t gso_size;
    uint16_t gso_l3;
    uint16_t gso_outer;
    uint16_t hdr_len;
    bool stamped;
    uint64_t stamp;

    bool parsed;
    bool csum_good;             /* the L4 checksum has been verified */
    bool hashed;
    uint8_t kind;               /* EMUNIC_KIND_* */
    uint8_t hash_type;
    uint8_t ports[4];
    uint16_t l3;
    uint16_t l4;
    uint32_t hash;
} EmunicFrame;

#define EMUNIC_HDR_ROOM     (EMUNIC_TAGS_MAX * EMUNIC_TAG_LEN)

/*
 * Buffers for one frame at a time. Each is an allocation of its own, so that a
 * sanitizer sees who runs over its end.
 *
 * @hdr: EMUNIC_HDR_ROOM for tags, then up to EMUNIC_FRAME_MAX bytes
 * @segment_hdr: EMUNIC_HDR_ROOM + EMUNIC_GSO_HDR_MAX bytes
 * @bounce: EMUNIC_BIG_GSO_MAX bytes
 */
struct EmunicScratch {
    EmunicFrame frame;
    EmunicFrame segment;
    struct iovec pieces[EMUNIC_FRAME_IOV];
    uint8_t *hdr;
    uint8_t *segment_hdr;
    uint8_t *bounce;
};

/* How one port sees a frame: without the tags that it does not get */
typedef struct EmunicRxView {
    uint32_t features;          /* RX_FEATURES */
    uint32_t strip;
    uint32_t len;
    bool vlan;
    uint16_t tci;
} EmunicRxView;

/* frame.c */
EmunicScratch *emunic_scratch_new(void);
void emunic_scratch_free(EmunicScratch *scratch);
void emunic_frame_init(EmunicFrame *fr, uint8_t *hdr, uint32_t hdr_copied,
                       uint32_t len, const struct iovec *iov, int iovcnt,
                       uint16_t src);
void emunic_frame_copy(EmunicFrame *to, const EmunicFrame *fr, uint8_t *hdr,
                       uint32_t len);
void emunic_frame_insert_tag(EmunicFrame *fr, uint16_t tpid, uint16_t tci);
void emunic_frame_set_tag(EmunicFrame *fr, uint16_t tpid, uint16_t tci);
void emunic_frame_put_csum(EmunicFrame *fr, bool finished);
uint16_t emunic_frame_sum(const EmunicFrame *fr, uint32_t from);
uint32_t emunic_frame_segments(const EmunicFrame *fr);
uint64_t emunic_frame_wire_bytes(const EmunicFrame *fr, uint32_t len);

static inline uint16_t emunic_frame_vid(const EmunicFrame *fr)
{
    return fr->tci & VLAN_VID_MASK;
}

/* Behind the Ethernet header and the outer tag */
static inline uint32_t emunic_frame_l3(const EmunicFrame *fr)
{
    return ETH_HLEN + (fr->tpid ? EMUNIC_TAG_LEN : 0);
}

/* All that get the frame get the same stamp. */
static inline uint64_t emunic_frame_stamp(EmunicState *s, EmunicFrame *fr)
{
    if (!fr->stamped) {
        fr->stamped = true;
        fr->stamp = emunic_clock_now(s);
    }
    return fr->stamp;
}

/* An IP header has its two addresses in a row, the source first: from where */
static inline unsigned emunic_ip_addrs(bool ip4)
{
    return ip4 ? 12 : 8;
}

/* and each of how many bytes */
static inline unsigned emunic_ip_addr_len(bool ip4)
{
    return ip4 ? 4 : 16;
}

/* parse.c */
void emunic_frame_parse(EmunicFrame *fr);
bool emunic_csum_good(const EmunicFrame *fr, const uint8_t *addrs,
                      size_t addrs_len, uint8_t proto, size_t l4,
                      uint32_t payload);

/* Are the segments of a GSO frame TCP's? Else they are UDP's. */
static inline bool emunic_gso_tcp(const EmunicFrame *fr)
{
    return fr->gso_type == EMUNIC_GSO_TCPV4 ||
           fr->gso_type == EMUNIC_GSO_TCPV6;
}

/* segment.c */
typedef bool EmunicSegmentFunc(void *opaque, EmunicFrame *segment);
void emunic_gso_header(const EmunicFrame *fr, uint8_t *hdr, uint32_t offset,
                       uint32_t bytes);
bool emunic_gso_valid(const EmunicFrame *fr);
uint32_t emunic_segment(EmunicScratch *scratch, EmunicFrame *fr, uint32_t each,
                        EmunicSegmentFunc *func, void *opaque);

/* rss.c */
void emunic_rss_hash(const EmunicFunction *f, EmunicFrame *fr, uint32_t flow);
EmunicQueue *emunic_rss_steer(EmunicFunction *f, const EmunicFrame *fr,
                              uint32_t flow);

/* Byte @i of a window: its words have byte 0 in bits 7:0. */
static inline uint8_t emunic_rss_byte(const uint32_t *words, unsigned i)
{
    return words[i / 4] >> i % 4 * 8;
}

/* flow.c */
uint32_t emunic_flow_ctrl(const EmunicFunction *f, const EmunicFrame *fr);

/* What the bits of @mask in the ctrl of a rule say */
static inline uint32_t emunic_flow_part(uint32_t ctrl, uint32_t mask)
{
    return (ctrl & mask) >> ctz32(mask);
}

/* Is a parsed frame that is IP at all IPv4? */
static inline bool emunic_frame_ip4(const EmunicFrame *fr)
{
    return fr->kind == EMUNIC_KIND_TCP4 || fr->kind == EMUNIC_KIND_UDP4 ||
           fr->kind == EMUNIC_KIND_IP4;
}

/* rx.c */
void emunic_rx_frame(EmunicFunction *f, EmunicScratch *scratch,
                     EmunicFrame *fr);
bool emunic_rx_deliver(EmunicFunction *f, EmunicQueue *q, EmunicFrame *fr,
                       const EmunicRxView *view);
void emunic_rx_drop(EmunicFunction *f, const EmunicFrame *fr);

/* gro.c */
bool emunic_gro_receive(EmunicFunction *f, EmunicQueue *q, EmunicFrame *fr,
                        const EmunicRxView *view);

#endif /* HW_NET_EMUNIC_FRAME_H */

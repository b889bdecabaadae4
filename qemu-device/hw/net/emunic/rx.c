/*
 * emunic: Rx queues: from frames to buffers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "dma.h"
#include "frame.h"
#include "trace.h"

/* Buffers that the longest frame can need */
#define RX_BUFS_MAX \
    DIV_ROUND_UP(EMUNIC_BIG_GSO_MAX + EMUNIC_TAGS_MAX * EMUNIC_TAG_LEN, \
                 EMUNIC_RX_BUF_MIN)

#define RX_AHEAD    3       /* buffers that are looked for in advance */

typedef struct EmunicRxBufs {
    uint32_t count;
    struct emunic_rx_desc desc[RX_BUFS_MAX];
} EmunicRxBufs;

void emunic_rx_drop(EmunicFunction *f, const EmunicFrame *fr)
{
    trace_emunic_rx_no_buffer(f->vport, fr->len);
    EMUNIC_COUNT(f, rx_no_buffer, emunic_frame_segments(fr));
}

static bool emunic_rx_open(const EmunicFunction *f)
{
    return (f->reg[EMUNIC_R_CTRL] & EMUNIC_CTRL_ENABLE) &&
           (f->status & EMUNIC_STATUS_LINK_UP) && f->rx_running;
}

/*
 * The descriptor at index @at. *@present is false if the driver has not
 * posted it; false: the queue is in ERROR.
 */
static bool emunic_rx_desc(EmunicFunction *f, EmunicQueue *q, uint32_t at,
                           struct emunic_rx_desc *desc, bool *present)
{
    uint32_t ahead = at - q->head;

    *present = false;
    if (at - q->fetched_at >= q->fetched_count) {
        if (q->tail - q->head <= ahead && !emunic_queue_read_tail(f, q)) {
            return false;
        }
        if (q->tail - q->head <= ahead) {
            return true;
        }
        q->fetched_at = at;
        q->fetched_count = MIN(q->tail - at, EMUNIC_RX_PREFETCH);
        if (!emunic_queue_fetch(f, q, at, q->fetched, q->fetched_count,
                                sizeof(*desc))) {
            q->fetched_count = 0;
            return false;
        }
    }
    *desc = q->fetched[at - q->fetched_at];
    *present = true;
    return true;
}

/* Find buffers for @len bytes. False: there are not enough, or an error. */
static bool emunic_rx_bufs(EmunicFunction *f, EmunicQueue *q, uint32_t len,
                           EmunicRxBufs *bufs)
{
    for (bufs->count = 0; len; bufs->count++) {
        struct emunic_rx_desc *desc = &bufs->desc[bufs->count];
        bool present;
        uint32_t n;

        if (!emunic_rx_desc(f, q, q->head + bufs->count, desc, &present) ||
            !present) {
            return false;
        }
        n = le32_to_cpu(desc->len);
        if (n < EMUNIC_RX_BUF_MIN || n > EMUNIC_RX_BUF_MAX || desc->reserved) {
            emunic_queue_error(f, q, EMUNIC_Q_ERROR_DESC);
            return false;
        }
        len -= MIN(len, n);
    }
    return true;
}

static void emunic_rx_view(const EmunicFunction *f, const EmunicFrame *fr,
                           EmunicRxView *view)
{
    const uint8_t *type = fr->hdr + EMUNIC_MACS_LEN;

    memset(view, 0, sizeof(*view));
    view->features = f->reg[EMUNIC_R_RX_FEATURES];
    if (f->port.vlan_vid) {
        view->strip = EMUNIC_TAG_LEN;
    }
    if ((view->features & EMUNIC_RX_FEATURES_VLAN_STRIP) &&
        fr->hdr_copied >= view->strip + ETH_HLEN + EMUNIC_TAG_LEN &&
        lduw_be_p(type + view->strip) == ETH_P_VLAN) {
        view->vlan = true;
        view->tci = lduw_be_p(type + view->strip + 2);
        view->strip += EMUNIC_TAG_LEN;
    }
    view->len = fr->len - view->strip;
}

/* Of a GSO frame, the largest segment counts. */
static bool emunic_rx_too_long(const EmunicFunction *f, const EmunicFrame *fr,
                               const EmunicRxView *view)
{
    uint32_t len = view->len;

    if (fr->gso_type) {
        len = MIN(len, fr->hdr_len + fr->gso_size - view->strip);
    }
    return len > f->reg[EMUNIC_R_RX_MAX_FRAME];
}

/* The frame-wide part of the completions */
static void emunic_rx_describe(const EmunicFunction *f, EmunicFrame *fr,
                               const EmunicRxView *view, bool partial,
                               struct emunic_rx_cpl *cpl)
{
    uint16_t flags = 0;

    memset(cpl, 0, sizeof(*cpl));
    if (view->vlan) {
        flags |= EMUNIC_RX_VLAN;
        cpl->vlan_tci = cpu_to_le16(view->tci);
    }
    if (fr->hash_type) {
        flags |= EMUNIC_RX_HASH;
        cpl->hash = cpu_to_le32(fr->hash);
        cpl->hash_type = fr->hash_type;
    }
    if (partial) {
        flags |= EMUNIC_RX_CSUM_PARTIAL;
        cpl->csum_start = cpu_to_le16(fr->csum_start - view->strip);
        cpl->csum_offset = cpu_to_le16(fr->csum_offset);
    } else if (fr->csum || fr->csum_good) {
        flags |= EMUNIC_RX_CSUM_OK;
    } else if (view->features & EMUNIC_RX_FEATURES_CSUM_COMPLETE) {
        flags |= EMUNIC_RX_CSUM_COMPLETE;
        cpl->csum_start = cpu_to_le16(emunic_frame_sum(fr, view->strip +
                                                       ETH_HLEN));
    }
    if (fr->gso_type) {
        flags |= EMUNIC_RX_GSO;
        cpl->gso_type = fr->gso_type;
        cpl->gso_size = cpu_to_le16(fr->gso_size);
        cpl->hdr_len = cpu_to_le16(fr->hdr_len - view->strip);
        flags |= fr->gso_outer ? EMUNIC_RX_INNER : 0;
    }
    if (view->features & EMUNIC_RX_FEATURES_TSTAMP) {
        flags |= EMUNIC_RX_TSTAMP;
        cpl->timestamp = cpu_to_le64(emunic_frame_stamp(f->pf, fr));
    }
    cpl->flags = cpu_to_le16(flags);
}

/* False: a DMA fault. */
static bool emunic_rx_copy(EmunicFunction *f, EmunicFrame *fr,
                           const EmunicRxView *view, const EmunicRxBufs *bufs)
{
    const struct iovec rest = fr->iov[1];
    EmunicCursor from = { .iov = fr->iov };
    uint32_t left = view->len;
    bool good = true;

    if (view->strip) {
        fr->iov[1].iov_base = (uint8_t *)rest.iov_base + view->strip;
        fr->iov[1].iov_len = rest.iov_len - view->strip;
    } else {
        /* One piece instead of two that lie side by side */
        fr->iov[1] = (struct iovec) { fr->hdr, fr->hdr_copied };
        from.iov++;
    }
    for (uint32_t i = 0; good && i < bufs->count; i++) {
        uint32_t n = MIN(left, le32_to_cpu(bufs->desc[i].len));

        if (i + 1 < bufs->count) {
            emunic_dma_prefetch(f, le64_to_cpu(bufs->desc[i + 1].addr));
        }
        good = emunic_dma_scatter(f, le64_to_cpu(bufs->desc[i].addr), n,
                                  &from);
        left -= n;
    }
    fr->iov[1] = rest;
    return good;
}

#define RX_CPL_WORDS (sizeof(struct emunic_rx_cpl) / sizeof(uint64_t))

/* The completion in whole words: see emunic_entry_put() */
static void emunic_rx_words(const struct emunic_rx_cpl *cpl, uint64_t *words)
{
#define WORD(name, value) \
    ((uint64_t)(value) << offsetof(struct emunic_rx_cpl, name) % 8 * 8)
    words[0] = cpu_to_le64(WORD(len, le32_to_cpu(cpl->len)) |
                           WORD(hash, le32_to_cpu(cpl->hash)));
    words[1] = cpu_to_le64(WORD(vlan_tci, le16_to_cpu(cpl->vlan_tci)) |
                           WORD(buf_id, le16_to_cpu(cpl->buf_id)) |
                           WORD(gso_size, le16_to_cpu(cpl->gso_size)) |
                           WORD(gso_type, cpl->gso_type) |
                           WORD(hash_type, cpl->hash_type));
    words[2] = cpu_to_le64(WORD(csum_start, le16_to_cpu(cpl->csum_start)) |
                           WORD(csum_offset, le16_to_cpu(cpl->csum_offset)) |
                           WORD(hdr_len, le16_to_cpu(cpl->hdr_len)) |
                           WORD(flags, le16_to_cpu(cpl->flags)));
    words[3] = cpl->timestamp;
#undef WORD
}

static bool emunic_rx_complete(EmunicFunction *f, EmunicQueue *q,
                               struct emunic_rx_cpl *cpl,
                               const EmunicRxView *view,
                               const EmunicRxBufs *bufs)
{
    uint64_t words[RX_BUFS_MAX][RX_CPL_WORDS] QEMU_UNINITIALIZED;
    uint32_t left = view->len;

    for (uint32_t i = 0; i < bufs->count; i++) {
        uint32_t n = MIN(left, le32_to_cpu(bufs->desc[i].len));

        left -= n;
        cpl->len = cpu_to_le32(n);
        cpl->buf_id = bufs->desc[i].buf_id;
        if (!left) {
            cpl->flags |= cpu_to_le16(EMUNIC_RX_EOP);
        }
        emunic_rx_words(cpl, words[i]);
        /* What holds for the whole frame is in the first one. */
        memset(cpl, 0, sizeof(*cpl));
    }
    q->head += bufs->count;
    if (!emunic_queue_complete(f, q, words, bufs->count, sizeof(words[0]),
                               offsetof(struct emunic_rx_cpl, flags))) {
        return false;
    }
    emunic_moved(f, q);
    return true;
}

/* The buffers of frames to come: their memory is far away by now. */
static void emunic_rx_prefetch(EmunicFunction *f, const EmunicQueue *q)
{
    uint32_t at = q->head + RX_AHEAD - q->fetched_at;

    if (at < q->fetched_count) {
        emunic_dma_prefetch(f, le64_to_cpu(q->fetched[at].addr));
    }
}

static void emunic_count_rx(EmunicFunction *f, const EmunicFrame *fr,
                            uint32_t len)
{
    uint32_t packets = emunic_frame_segments(fr);

    EMUNIC_COUNT(f, rx_packets, packets);
    EMUNIC_COUNT(f, rx_bytes, emunic_frame_wire_bytes(fr, len));
    if (is_broadcast_ether_addr(fr->hdr)) {
        EMUNIC_COUNT(f, rx_broadcast, packets);
    } else if (is_multicast_ether_addr(fr->hdr)) {
        EMUNIC_COUNT(f, rx_multicast, packets);
    }
}

/* Put one frame into buffers of @q as it is. False: that could not be done. */
bool emunic_rx_deliver(EmunicFunction *f, EmunicQueue *q, EmunicFrame *fr,
                       const EmunicRxView *view)
{
    bool partial = fr->csum && (view->features & EMUNIC_RX_FEATURES_CSUM);
    EmunicRxBufs bufs QEMU_UNINITIALIZED;
    struct emunic_rx_cpl cpl;

    emunic_rx_prefetch(f, q);
    /* What was open for a while may be for what is not open any more. */
    if (!emunic_rx_open(f) || !emunic_queue_running(q) ||
        !emunic_rx_bufs(f, q, view->len, &bufs)) {
        if (!emunic_is_vf(f) && fr->src == EMUNIC_VPORT_UPLINK &&
            emunic_rx_open(f) && emunic_queue_running(q)) {
            emunic_port_starved(f->pf, q);
        }
        emunic_rx_drop(f, fr);
        return false;
    }
    emunic_frame_put_csum(fr, !partial);
    emunic_rx_describe(f, fr, view, partial, &cpl);
    if (!emunic_rx_copy(f, fr, view, &bufs)) {
        emunic_queue_error(f, q, EMUNIC_Q_ERROR_DMA);
        emunic_rx_drop(f, fr);
        return false;
    }
    trace_emunic_rx(f->vport, q->index, view->len, bufs.count,
                    le16_to_cpu(cpl.flags));
    if (!emunic_rx_complete(f, q, &cpl, view, &bufs)) {
        emunic_rx_drop(f, fr);
        return false;
    }
    emunic_count_rx(f, fr, view->len);
    return true;
}

/*
 * One frame, in the form that its driver takes. False: it is lost for want of
 * buffers, and so is what comes behind it.
 */
static bool emunic_rx_one(EmunicFunction *f, EmunicFrame *fr,
                          const EmunicRxView *view)
{
    const uint32_t merge = EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM |
                           EMUNIC_RX_FEATURES_GRO;
    EmunicQueue *q;
    uint32_t flow;

    f->pf->copies++;
    emunic_frame_parse(fr);
    flow = emunic_flow_ctrl(f, fr);
    if (flow & EMUNIC_FLOW_DROP) {
        emunic_rx_drop(f, fr);
        return true;
    }
    emunic_rss_hash(f, fr, flow);
    q = emunic_rss_steer(f, fr, flow);
    return ((view->features & merge) == merge &&
            emunic_gro_receive(f, q, fr, view)) ||
           emunic_rx_deliver(f, q, fr, view);
}

static bool emunic_rx_segment(void *opaque, EmunicFrame *segment)
{
    EmunicFunction *f = opaque;
    EmunicRxView view;

    if (!emunic_rx_open(f)) {
        emunic_rx_drop(f, segment);
        return false;
    }
    emunic_rx_view(f, segment, &view);
    return emunic_rx_one(f, segment, &view);
}

/* Into frames of how many segments a GSO frame is cut; 0: it stays whole. */
static uint32_t emunic_rx_each(const EmunicFunction *f, const EmunicFrame *fr,
                               const EmunicRxView *view)
{
    uint32_t need = EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM;
    uint32_t headers = fr->hdr_len - view->strip;
    uint32_t max = f->reg[EMUNIC_R_RX_MAX_GSO];

    if (!fr->gso_type) {
        return 0;
    }
    if (fr->gso_type == EMUNIC_GSO_UDPV4 || fr->gso_type == EMUNIC_GSO_UDPV6) {
        need |= EMUNIC_RX_FEATURES_USO;
    }
    if (fr->gso_outer || (view->features & need) != need) {
        return 1;
    }
    return view->len <= max
               ? 0 : MAX(1, (max - MIN(max, headers)) / fr->gso_size);
}

/* Deliver to one port, in the form that its driver takes. */
void emunic_rx_frame(EmunicFunction *f, EmunicScratch *scratch,
                     EmunicFrame *fr)
{
    uint32_t each, missed;
    EmunicRxView view;

    emunic_rx_view(f, fr, &view);
    if (view.features & EMUNIC_RX_FEATURES_TSTAMP) {
        emunic_frame_stamp(f->pf, fr);
    }
    each = emunic_rx_each(f, fr, &view);
    if (!emunic_rx_open(f)) {
        emunic_rx_drop(f, fr);
    } else if (emunic_rx_too_long(f, fr, &view)) {
        trace_emunic_rx_too_long(f->vport, view.len);
        EMUNIC_COUNT(f, rx_too_long, emunic_frame_segments(fr));
    } else if (each) {
        missed = emunic_segment(scratch, fr, each, emunic_rx_segment, f);
        EMUNIC_COUNT(f, rx_no_buffer, missed);
    } else {
        emunic_rx_one(f, fr, &view);
    }
}

/*
 * emunic: Tx queues: from descriptors to frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "switch.h"
#include "trace.h"

#define TX_FETCH    64      /* descriptors; more than a chain can have */

#define META_FLAGS  (EMUNIC_TX_META | EMUNIC_TX_CSUM | EMUNIC_TX_GSO | \
                     EMUNIC_TX_VLAN | EMUNIC_TX_INNER | EMUNIC_TX_TSTAMP)

QEMU_BUILD_BUG_ON(TX_FETCH < EMUNIC_TX_MAX_DESCS + 2);
QEMU_BUILD_BUG_ON(offsetof(struct emunic_tx_desc, flags) !=
                  offsetof(struct emunic_tx_meta, flags));

typedef struct EmunicTxChain {
    const struct emunic_tx_meta *meta;      /* or NULL */
    const struct emunic_tx_desc *data;
    uint32_t pieces;
    uint32_t count;                         /* descriptors, with @meta */
    uint32_t len;
} EmunicTxChain;

typedef struct EmunicTxMeta {
    uint16_t flags;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t gso_size;
    uint8_t gso_type;
    uint16_t vlan_tci;
    uint16_t hdr_len;
    uint16_t inner_l3;
} EmunicTxMeta;

/*
 * Find the chain at @d, of which @n descriptors are there. False: an error,
 * or the chain goes on behind them (@error is NONE).
 */
static bool emunic_tx_chain(const struct emunic_tx_desc *d, uint32_t n,
                            EmunicTxChain *chain, uint32_t *error)
{
    const struct emunic_tx_meta *meta = (const void *)d;
    uint32_t i = 0;

    memset(chain, 0, sizeof(*chain));
    *error = EMUNIC_Q_ERROR_DESC;
    if (le16_to_cpu(d->flags) & EMUNIC_TX_META) {
        if ((le16_to_cpu(meta->flags) & ~META_FLAGS) || meta->reserved0) {
            return false;
        }
        chain->meta = meta;
        i++;
    }
    chain->data = d + i;
    for (; i < n; i++) {
        uint32_t flags = le16_to_cpu(d[i].flags);
        uint32_t len = le32_to_cpu(d[i].len);

        if (chain->pieces == EMUNIC_TX_MAX_DESCS) {
            *error = EMUNIC_Q_ERROR_CHAIN;
            return false;
        }
        if ((flags & ~EMUNIC_TX_EOP) || d[i].reserved || !len ||
            len > UINT16_MAX) {
            return false;
        }
        chain->pieces++;
        chain->len += len;
        if (flags & EMUNIC_TX_EOP) {
            chain->count = i + 1;
            return true;
        }
    }
    *error = EMUNIC_Q_ERROR_NONE;
    return false;
}

static void emunic_tx_meta(const struct emunic_tx_meta *from, EmunicTxMeta *m)
{
    memset(m, 0, sizeof(*m));
    if (from) {
        m->flags = le16_to_cpu(from->flags);
        m->csum_start = le16_to_cpu(from->csum_start);
        m->csum_offset = le16_to_cpu(from->csum_offset);
        m->gso_size = le16_to_cpu(from->gso_size);
        m->gso_type = from->gso_type;
        m->vlan_tci = le16_to_cpu(from->vlan_tci);
        m->hdr_len = le16_to_cpu(from->hdr_len);
        m->inner_l3 = le16_to_cpu(from->inner_l3);
    }
}

/* What can be said about a frame before anything of it has been read */
static uint16_t emunic_tx_check(const EmunicTxMeta *m, uint32_t len)
{
    bool inner = m->flags & EMUNIC_TX_INNER;
    bool gso = m->flags & EMUNIC_TX_GSO;
    uint32_t csum_end = m->csum_start + m->csum_offset + sizeof(uint16_t);

    if (len < EMUNIC_FRAME_MIN ||
        len > (gso ? EMUNIC_BIG_GSO_MAX : EMUNIC_FRAME_MAX)) {
        return EMUNIC_TX_STATUS_LENGTH;
    }
    if ((m->flags & EMUNIC_TX_CSUM) && csum_end > len) {
        return EMUNIC_TX_STATUS_META;
    }
    if (inner ? !gso : m->inner_l3) {
        return EMUNIC_TX_STATUS_META;
    }
    if (gso && (!(m->flags & EMUNIC_TX_CSUM) || !m->gso_size ||
                m->hdr_len + m->gso_size > EMUNIC_FRAME_MAX ||
                m->hdr_len > EMUNIC_GSO_HDR_MAX || csum_end > m->hdr_len ||
                len > m->hdr_len + EMUNIC_GSO_MAX_SEGS * m->gso_size ||
                m->gso_type < EMUNIC_GSO_TCPV4 ||
                m->gso_type > EMUNIC_GSO_UDPV6)) {
        return EMUNIC_TX_STATUS_META;
    }
    return EMUNIC_TX_STATUS_OK;
}

static uint32_t emunic_tx_copied(const EmunicTxMeta *m, uint32_t len)
{
    uint32_t need = EMUNIC_HDR_COPY;

    if (m->flags & EMUNIC_TX_CSUM) {
        need = MAX(need, m->csum_start + m->csum_offset + 2);
    }
    if (m->flags & EMUNIC_TX_GSO) {
        need = MAX(need, m->hdr_len);
    }
    return MIN(need, len);
}

/* Copy the header and find the payload. False: a DMA fault. */
static bool emunic_tx_load(EmunicFunction *f, const EmunicTxChain *chain,
                           const EmunicTxMeta *m)
{
    EmunicScratch *sc = f->pf->tx_scratch;
    uint32_t copied = emunic_tx_copied(m, chain->len);
    uint8_t *hdr = sc->hdr + EMUNIC_HDR_ROOM;
    uint8_t *bounce = sc->bounce;
    struct iovec *piece = sc->pieces;
    int count = 0;

    for (uint32_t i = 0; i < chain->pieces; i++) {
        uint32_t len = le32_to_cpu(chain->data[i].len);
        int n;

        n = emunic_dma_gather(f, le64_to_cpu(chain->data[i].addr), len,
                              sc->pieces + count,
                              ARRAY_SIZE(sc->pieces) - count, bounce);
        if (n < 0) {
            return false;
        }
        count += n;
        bounce += len;
    }
    assert(copied <= EMUNIC_FRAME_MAX);
    for (uint32_t at = 0; at < copied;) {
        uint32_t n = MIN(copied - at, piece->iov_len);

        memcpy(hdr + at, piece->iov_base, n);
        at += n;
        piece->iov_base = (uint8_t *)piece->iov_base + n;
        piece->iov_len -= n;
        piece += !piece->iov_len;
    }
    emunic_frame_init(&sc->frame, hdr, copied, chain->len, piece,
                      count - (piece - sc->pieces), f->vport);
    return true;
}

static uint16_t emunic_tx_apply_meta(EmunicFrame *fr, const EmunicTxMeta *m)
{
    if (m->flags & EMUNIC_TX_CSUM) {
        /* The switch decides on what is before: nobody rewrites that. */
        if (m->csum_start < emunic_frame_l3(fr)) {
            return EMUNIC_TX_STATUS_META;
        }
        fr->csum = true;
        fr->csum_start = m->csum_start;
        fr->csum_offset = m->csum_offset;
        fr->csum_partial = lduw_be_p(fr->hdr + m->csum_start + m->csum_offset);
    }
    if (m->flags & EMUNIC_TX_GSO) {
        fr->gso_type = m->gso_type;
        fr->gso_size = m->gso_size;
        fr->hdr_len = m->hdr_len;
        fr->gso_l3 = emunic_frame_l3(fr);
        if (m->flags & EMUNIC_TX_INNER) {
            fr->gso_outer = fr->gso_l3;
            fr->gso_l3 = m->inner_l3;
        }
        if (!emunic_gso_valid(fr) ||
            (fr->tpid && (m->flags & EMUNIC_TX_VLAN))) {
            return EMUNIC_TX_STATUS_META;
        }
    }
    if (m->flags & EMUNIC_TX_VLAN) {
        emunic_frame_insert_tag(fr, ETH_P_VLAN, m->vlan_tci);
        fr->sent_len = fr->len;
    }
    return EMUNIC_TX_STATUS_OK;
}

/*
 * What became of a frame.
 *
 * @own: it has a completion of its own, with @status and @timestamp
 * @wait: the uplink must not be sent to: the frame is still to be sent
 * @bytes: what it costs, whether it arrives or not
 */
typedef struct EmunicTxDone {
    bool own;
    bool wait;
    uint16_t status;
    uint64_t timestamp;
    uint32_t bytes;
} EmunicTxDone;

/* False: a DMA fault. A frame that breaks a rule is only counted. */
static bool emunic_tx_frame(EmunicFunction *f, const EmunicTxChain *chain,
                            EmunicTxDone *done)
{
    EmunicFrame *fr = &f->pf->tx_scratch->frame;
    EmunicTxMeta m;

    emunic_tx_meta(chain->meta, &m);
    memset(done, 0, sizeof(*done));
    done->status = emunic_tx_check(&m, chain->len);
    if (!done->status) {
        if (!emunic_tx_load(f, chain, &m)) {
            return false;
        }
        done->status = emunic_tx_apply_meta(fr, &m);
    }
    trace_emunic_tx(f->vport, chain->len, chain->count, m.flags, done->status);
    done->own = done->status || (m.flags & EMUNIC_TX_TSTAMP);
    done->bytes = chain->len;
    if (done->status) {
        EMUNIC_COUNT(f, tx_malformed, 1);
        emunic_offence(f, EMUNIC_OFFENCE_MALFORMED, 1);
        return true;
    }
    done->bytes = emunic_frame_wire_bytes(fr, fr->sent_len);
    if (m.flags & EMUNIC_TX_TSTAMP) {
        done->timestamp = emunic_frame_stamp(f->pf, fr);
    }
    done->wait = !emunic_switch_from_vport(f, fr);
    return true;
}

static bool emunic_tx_complete(EmunicFunction *f, EmunicQueue *q,
                               const EmunicTxDone *done)
{
    struct emunic_tx_cpl cpl = {
        .sq_head = cpu_to_le32(q->head),
        .status = cpu_to_le16(done->status),
        .timestamp = cpu_to_le64(done->timestamp),
    };

    emunic_moved(f, q);
    return emunic_queue_complete(f, q, &cpl, 1, sizeof(cpl),
                                 offsetof(struct emunic_tx_cpl, flags));
}

/*
 * Send the frames whose chains are complete in @d, until the budget is used.
 * What is done is completed before anything that went wrong is told. A frame
 * that waits for the uplink ends the batch, and is in tx_paused. False: the
 * queue is in ERROR.
 */
static bool emunic_tx_batch(EmunicFunction *f, EmunicQueue *q,
                            const struct emunic_tx_desc *d, uint32_t n,
                            EmunicBudget *budget)
{
    static const EmunicTxDone good;
    uint32_t error = EMUNIC_Q_ERROR_NONE;
    uint32_t completed = q->head;
    uint32_t starts = q->starts;
    uint32_t at = 0;

    while (at < n && budget->frames > 0 && budget->bytes > 0) {
        uint32_t copies = f->pf->copies;
        EmunicTxChain chain;
        EmunicTxDone done;
        bool sent;

        if (!emunic_tx_chain(d + at, n - at, &chain, &error)) {
            break;
        }
        sent = emunic_tx_frame(f, &chain, &done);
        /* What the frame set off may have stopped or reset the queue. */
        if (!emunic_queue_running(q) || q->starts != starts) {
            return false;
        }
        if (!sent) {
            error = EMUNIC_Q_ERROR_DMA;
            break;
        }
        error = EMUNIC_Q_ERROR_NONE;
        if (done.wait) {
            f->tx_paused |= BIT(q->index);
            break;
        }
        budget->frames -= 1 + f->pf->copies - copies;
        budget->bytes -= done.bytes;
        if (done.own && completed != q->head &&
            !emunic_tx_complete(f, q, &good)) {
            return false;
        }
        at += chain.count;
        q->head += chain.count;
        if (done.own) {
            if (!emunic_tx_complete(f, q, &done)) {
                return false;
            }
            completed = q->head;
        }
    }
    if (completed != q->head && !emunic_tx_complete(f, q, &good)) {
        return false;
    }
    if (error) {
        emunic_queue_error(f, q, error);
        return false;
    }
    return true;
}

/*
 * True: the budget is used up and there may be more. A queue that waits for
 * the uplink is kicked when it may go on.
 */
bool emunic_tx_run(EmunicFunction *f, EmunicQueue *q, EmunicBudget *budget)
{
    struct emunic_tx_desc d[TX_FETCH] QEMU_UNINITIALIZED;

    f->tx_paused &= ~BIT(q->index);

    while (emunic_queue_running(q)) {
        EmunicBudget given = *budget;
        uint32_t before = q->head;
        uint32_t n;

        if (budget->frames <= 0 || budget->bytes <= 0) {
            return true;
        }
        if (!emunic_queue_read_tail(f, q)) {
            return false;
        }
        n = MIN(q->tail - q->head, TX_FETCH);
        if (n && (!emunic_queue_fetch(f, q, q->head, d, n, sizeof(d[0])) ||
                  !emunic_tx_batch(f, q, d, n, budget))) {
            return false;
        }
        if (q->head != before) {
            emunic_doze_used(f, q, (EmunicBudget) {
                given.frames - budget->frames, given.bytes - budget->bytes
            });
        }
        if (f->tx_paused & BIT(q->index)) {
            return false;
        }
        /* Nothing there, or only the beginning of a chain */
        if (q->head == before && budget->frames > 0 && budget->bytes > 0 &&
            (emunic_doze(f, q) || emunic_queue_sleep(f, q))) {
            return false;
        }
    }
    return false;
}

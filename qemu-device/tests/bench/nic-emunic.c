/*
 * Measuring a NIC alone: emunic, driven as its driver does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bench.h"

#define RX_HEADROOM     64          /* the driver's, in a page of its own */
#define RX_TAILROOM     320
#define RX_LEN          (BENCH_PAGE - RX_HEADROOM - RX_TAILROOM)
#define PIECE           32768       /* of a page pool of the stack */

#define PHASE(index, log2)  ((index) >> (log2) & 1 ? 0 : EMUNIC_CPL_PHASE)

typedef struct Port {
    QEmunicFunction f;
    QEmunicQueue tx, rx;
    uint64_t *pages;
    uint32_t per_frame;             /* Tx descriptors */
    uint32_t bufs;                  /* Rx buffers a frame */
    uint32_t done;                  /* Tx descriptors completed */
    uint64_t sent;
    uint64_t received;
    struct Port *to;
    bool sends;
} Port;

typedef struct Emunic {
    BenchMachine *m;
    QEmunicFunction pf;
    QEmunicQueue admin, event;
    unsigned n;
    uint32_t ring;                  /* descriptors */
    uint64_t kicks;
    const BenchLoad *load;
    Port port[64];
} Emunic;

static void put(BenchMachine *m, QEmunicQueue *q, uint64_t addr, uint32_t len,
                bool last)
{
    struct emunic_tx_desc desc = {
        .addr = cpu_to_le64(addr),
        .len = cpu_to_le32(len),
        .flags = cpu_to_le16(last ? EMUNIC_TX_EOP : 0),
    };

    memcpy(bench_at(m, q->sq + q->tail++ * sizeof(desc)), &desc, sizeof(desc));
}

/* Descriptors of one frame: small ones and heads lie in a bounce ring. */
static void put_frame(Emunic *e, Port *p, uint64_t bounce, uint64_t payload)
{
    const BenchLoad *load = e->load;
    uint32_t head = load->gso ? bench_header(load) : load->len;
    struct emunic_tx_meta meta = {
        .csum_start = cpu_to_le16(34),
        .csum_offset = cpu_to_le16(load->gso ? 16 : 6),
        .flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_CSUM |
                             (load->gso ? EMUNIC_TX_GSO : 0)),
    };

    if (load->gso) {
        meta.gso_size = cpu_to_le16(BENCH_MSS);
        meta.gso_type = EMUNIC_GSO_TCPV4;
        meta.hdr_len = cpu_to_le16(head);
    }
    memcpy(bench_at(e->m, p->tx.sq + p->tx.tail++ * sizeof(meta)), &meta,
           sizeof(meta));
    put(e->m, &p->tx, bounce, head, !load->gso);
    for (uint32_t at = head; at < load->len; at += PIECE) {
        uint32_t len = MIN(PIECE, load->len - at);

        put(e->m, &p->tx, payload + at - head, len, at + len == load->len);
    }
}

/* The rings never change: a frame sent again is the same frame. */
static void fill_tx(Emunic *e, Port *p)
{
    uint32_t room = e->load->len > 2048 ? 512 : ROUND_UP(e->load->len, 256);
    uint32_t size = ROUND_UP(e->load->len, BENCH_PAGE);
    unsigned frames, from = p - e->port, to = p->to - e->port;
    unsigned payloads = bench_payloads(e->n);
    g_autofree uint8_t *frame = g_malloc(e->load->len);
    uint32_t head = bench_header(e->load);
    uint64_t bounce, payload = 0;

    p->per_frame = e->load->gso ? 4 : 2;
    frames = e->ring / p->per_frame;
    bounce = qemunic_alloc(e->m->nic, (size_t)frames * room);
    if (e->load->gso) {
        payload = qemunic_alloc(e->m->nic, payloads * (size_t)size);
    }
    bench_frame(e->load, to, from, frame);
    for (unsigned i = 0; i < frames; i++) {
        uint64_t data = payload + i % payloads * (uint64_t)size;

        memcpy(bench_at(e->m, bounce + (uint64_t)i * room), frame,
               e->load->gso ? head : e->load->len);
        if (e->load->gso) {
            memcpy(bench_at(e->m, data), frame + head, e->load->len - head);
        }
        put_frame(e, p, bounce + (uint64_t)i * room, data);
    }
    p->tx.tail = 0;
}

static void fill_rx(Emunic *e, Port *p)
{
    p->bufs = DIV_ROUND_UP(e->load->len, RX_LEN);
    p->pages = bench_shuffled_pages(e->m, e->ring);
    for (unsigned i = 0; i < e->ring; i++) {
        struct emunic_rx_desc desc = {
            .addr = cpu_to_le64(p->pages[i] + RX_HEADROOM),
            .len = cpu_to_le32(RX_LEN),
            .buf_id = cpu_to_le16(i),
        };

        memcpy(bench_at(e->m, p->rx.sq + i * sizeof(desc)), &desc,
               sizeof(desc));
    }
    p->rx.tail = e->ring;
    qemunic_tail(&p->rx);
}

static void start_port(Emunic *e, unsigned i)
{
    Port *p = &e->port[i];
    uint8_t mac[6];

    bench_mac(i, mac);
    qemunic_vf_init(&e->pf, i, &p->f);
    bench_add_domain(e->m, p->f.devfn);
    qemunic_queue_init(&p->f, EMUNIC_TX_BLOCK, ctz32(e->ring), 1, &p->tx);
    qemunic_queue_init(&p->f, EMUNIC_RX_BLOCK, ctz32(e->ring), 1, &p->rx);
    qemunic_queue_start(&p->tx);
    qemunic_queue_start(&p->rx);
    g_assert_cmpuint(qemunic_admin(&e->admin, EMUNIC_ADMIN_VPORT_SET_MAC,
                                   1 + i, mac, 6, 0, 0), ==, 0);
    qemunic_write(&p->f, EMUNIC_RX_MAX_FRAME, 9216);
    qemunic_write(&p->f, EMUNIC_RX_FEATURES,
                  EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM);
    p->to = &e->port[bench_next(i, e->n)];
    p->sends = bench_sends(i, e->n);
    fill_rx(e, p);
    fill_tx(e, p);
    qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
}

static void *emunic_start(BenchMachine *m, unsigned n, const BenchLoad *load)
{
    Emunic *e = g_new0(Emunic, 1);

    e->m = m;
    e->n = n;
    e->ring = bench_ring(n);
    e->load = load;
    qemunic_pf_init(m->nic, &e->pf);
    bench_add_domain(m, e->pf.devfn);
    qemunic_set_num_vfs(&e->pf, n);
    qemunic_pf_ready(&e->pf, &e->admin, &e->event);
    for (unsigned i = 0; i < n; i++) {
        start_port(e, i);
    }
    return e;
}

/* The rings are the program's own: as qemunic_tail(), without going to QEMU */
static void publish(Emunic *e, QEmunicQueue *q, uint32_t tail, bool tx)
{
    struct emunic_shadow *shadow = bench_at(e->m, q->shadow);
    uint32_t old = q->tail;

    q->tail = tail;
    qatomic_store_release(&shadow->sq_tail, cpu_to_le32(tail));
    /* The tail before the look at sq_event: see "Queues" in the spec. */
    smp_mb();
    if (tx && EMUNIC_INDEX_PASSED(le32_to_cpu(qatomic_read(&shadow->sq_event)),
                                  tail, old)) {
        qemunic_write(q->f, EMUNIC_KICK, 1);
        e->kicks++;
    }
}

static uint64_t receive(Emunic *e, Port *p)
{
    struct emunic_rx_cpl *cpl = bench_at(e->m, p->rx.cq);
    uint64_t frames = 0;
    uint32_t len = 0;

    for (;;) {
        struct emunic_rx_cpl *c = &cpl[p->rx.cq_head & (e->ring - 1)];
        uint16_t flags = le16_to_cpu(qatomic_load_acquire(&c->flags));

        if ((flags & EMUNIC_CPL_PHASE) !=
            PHASE(p->rx.cq_head, p->rx.log2)) {
            break;
        }
        len += le32_to_cpu(c->len);
        p->rx.cq_head++;
        if (flags & EMUNIC_RX_EOP) {
            g_assert_cmpuint(len, ==, e->load->len);
            len = 0;
            frames++;
        } else {
            /* Buffers of a frame are completed together, the last one last. */
            do {
                c = &cpl[p->rx.cq_head & (e->ring - 1)];
            } while ((le16_to_cpu(qatomic_load_acquire(&c->flags)) &
                      EMUNIC_CPL_PHASE) != PHASE(p->rx.cq_head, p->rx.log2));
        }
    }
    if (frames) {
        p->received += frames;
        publish(e, &p->rx, p->rx.cq_head + e->ring, false);
    }
    return frames;
}

static void complete(Emunic *e, Port *p)
{
    struct emunic_tx_cpl *cpl = bench_at(e->m, p->tx.cq);

    for (;;) {
        struct emunic_tx_cpl *c = &cpl[p->tx.cq_head & (e->ring - 1)];
        uint16_t flags = le16_to_cpu(qatomic_load_acquire(&c->flags));

        if ((flags & EMUNIC_CPL_PHASE) !=
            PHASE(p->tx.cq_head, p->tx.log2)) {
            break;
        }
        g_assert_cmpuint(le16_to_cpu(c->status), ==, EMUNIC_TX_STATUS_OK);
        p->done = le32_to_cpu(c->sq_head);
        p->tx.cq_head++;
    }
}

/* As many frames as both rings have room for, when there are enough of them */
static void send_frames(Emunic *e, Port *p)
{
    uint32_t window = e->ring / p->bufs;
    uint32_t room = (e->ring - (p->tx.tail - p->done)) / p->per_frame;
    uint32_t flying = p->sent - p->to->received;
    uint32_t frames = MIN(room, window - flying);

    if (frames >= MIN(window, e->ring / p->per_frame) / 8) {
        publish(e, &p->tx, p->tx.tail + frames * p->per_frame, true);
        p->sent += frames;
    }
}

static uint64_t emunic_pump(void *nic, bool send)
{
    Emunic *e = nic;
    uint64_t frames = 0;

    for (unsigned i = 0; i < e->n; i++) {
        Port *p = &e->port[i];

        frames += receive(e, p);
        if (p->sends) {
            complete(e, p);
            if (send) {
                send_frames(e, p);
            }
        }
    }
    return frames;
}

static bool emunic_flushed(void *nic)
{
    Emunic *e = nic;

    for (unsigned i = 0; i < e->n; i++) {
        Port *p = &e->port[i];

        if (p->sent != (p->sends ? p->to->received : 0)) {
            return false;
        }
    }
    return true;
}

/* The frame received last is what was sent, in every function. */
static void check_contents(Emunic *e)
{
    g_autofree uint8_t *want = g_malloc(e->load->len);

    for (unsigned i = 0; i < e->n; i++) {
        Port *p = e->port[i].to;
        uint32_t at = 0;

        if (!p->received) {
            continue;
        }
        bench_frame(e->load, p - e->port, i, want);
        for (uint32_t b = 0; b < p->bufs; b++) {
            uint32_t slot = (p->rx.cq_head - p->bufs + b) & (e->ring - 1);
            uint32_t len = MIN(e->load->len - at, RX_LEN);

            g_assert_cmpint(memcmp(bench_at(e->m, p->pages[slot] +
                                            RX_HEADROOM),
                                   want + at, len), ==, 0);
            at += len;
        }
    }
}

static uint64_t emunic_accesses(void *nic)
{
    return ((Emunic *)nic)->kicks;
}

static void emunic_access(void *nic)
{
    qemunic_write(&((Emunic *)nic)->port[0].f, EMUNIC_ID, 0);
}

static void emunic_stop(void *nic)
{
    Emunic *e = nic;

    check_contents(e);
    for (unsigned i = 0; i < e->n; i++) {
        g_free(e->port[i].pages);
    }
    g_free(e);
}

const BenchNic bench_emunic = {
    .name = "emunic",
    .device = "emunic,max_vfs=64,speed=1000000",
    .vfs = 64,
    .start = emunic_start,
    .pump = emunic_pump,
    .flushed = emunic_flushed,
    .accesses = emunic_accesses,
    .access = emunic_access,
    .stop = emunic_stop,
};

/*
 * Measuring a NIC alone: QEMU's igb with its VFs, driven as igbvf does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bench.h"
#include "standard-headers/linux/pci_regs.h"
#include "hw/net/igb_regs.h"
#include "hw/net/mii.h"

#define PF_DEVFN        0x18
#define VF_DEVFN(n)     (PF_DEVFN + 0x80 + 2 * (n))
#define VFS             7

#define PF_BAR0         0xe4000000u
#define PF_BAR3         0xe4040000u
#define VF_BAR0         0xe4100000u
#define VF_BAR3         0xe4200000u
#define VF_BAR_SIZE     0x4000

#define VF_RDT          0x2818      /* queue 0, in the VF's registers */
#define VF_TDT          0x3818

#define RX_LEN          2048
#define PIECE           32768
#define DESC            sizeof(union e1000_adv_tx_desc)

typedef struct Port {
    uint64_t bar0;
    uint64_t tx, rx;                /* rings */
    uint64_t *pages;                /* two buffers in each */
    uint32_t per_frame;             /* Tx descriptors */
    uint32_t bufs;                  /* Rx buffers a frame */
    uint32_t tail;
    uint32_t head;                  /* next Rx descriptor to look at */
    uint32_t free;                  /* Rx descriptors the device may use */
    uint64_t received;
    struct Port *to;
    bool sends;
} Port;

typedef struct Igb {
    BenchMachine *m;
    const BenchLoad *load;
    unsigned n;
    uint32_t ring;                  /* descriptors */
    uint64_t accesses;
    Port port[VFS];
} Igb;

static uint32_t reg_read(Igb *g, uint32_t reg)
{
    return qtest_readl(g->m->nic->qts, PF_BAR0 + reg);
}

static void reg_write(Igb *g, uint32_t reg, uint32_t value)
{
    qtest_writel(g->m->nic->qts, PF_BAR0 + reg, value);
}

static void start_functions(Igb *g)
{
    QEmunic *nic = g->m->nic;
    unsigned at;

    qemunic_cfg_writel(nic, PF_DEVFN, PCI_BASE_ADDRESS_0, PF_BAR0);
    qemunic_cfg_writel(nic, PF_DEVFN, PCI_BASE_ADDRESS_3, PF_BAR3);
    qemunic_cfg_writel(nic, PF_DEVFN, PCI_BASE_ADDRESS_4, 0);
    qemunic_cfg_writew(nic, PF_DEVFN, PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    at = qemunic_find_ext_cap(nic, PF_DEVFN, PCI_EXT_CAP_ID_SRIOV);
    g_assert_cmpuint(at, !=, 0);
    qemunic_cfg_writel(nic, PF_DEVFN, at + PCI_SRIOV_BAR, VF_BAR0);
    qemunic_cfg_writel(nic, PF_DEVFN, at + PCI_SRIOV_BAR + 4, 0);
    qemunic_cfg_writel(nic, PF_DEVFN, at + PCI_SRIOV_BAR + 12, VF_BAR3);
    qemunic_cfg_writel(nic, PF_DEVFN, at + PCI_SRIOV_BAR + 16, 0);
    qemunic_cfg_writew(nic, PF_DEVFN, at + PCI_SRIOV_NUM_VF, VFS);
    qemunic_cfg_writew(nic, PF_DEVFN, at + PCI_SRIOV_CTRL,
                       PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
    bench_add_domain(g->m, PF_DEVFN);
}

/* Link, and the switch between VFs as the igb driver sets it up */
static void start_pf(Igb *g)
{
    reg_write(g, E1000_CTRL, E1000_CTRL_RST | E1000_CTRL_SLU);
    reg_write(g, E1000_CTRL, E1000_CTRL_SLU);
    reg_write(g, E1000_MDIC, MII_BMCR_AUTOEN | MII_BMCR_ANRESTART |
              (MII_BMCR << E1000_MDIC_REG_SHIFT) |
              (1 << E1000_MDIC_PHY_SHIFT) | E1000_MDIC_OP_WRITE);
    for (int i = 0; !(reg_read(g, E1000_STATUS) & E1000_STATUS_LU); i++) {
        g_assert_cmpint(i, <, 5000);
        g_usleep(1000);
    }
    reg_write(g, E1000_MRQC, E1000_MRQC_ENABLE_VMDQ);
    reg_write(g, E1000_DTXSWC, E1000_DTXSWC_VMDQ_LOOPBACK_EN);
    reg_write(g, E1000_VFTE, 0xff);
    reg_write(g, E1000_VFRE, 0xff);
    reg_write(g, E1000_TCTL, E1000_TCTL_EN);
    reg_write(g, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_SECRC);
}

static void put(Igb *g, Port *p, uint64_t addr, uint32_t len, bool last)
{
    uint32_t payload = g->load->len;
    uint32_t cmd = len | E1000_ADVTXD_DTYP_DATA | E1000_ADVTXD_DCMD_DEXT |
                   E1000_ADVTXD_DCMD_IFCS;
    uint32_t olinfo = E1000_ADVTXD_POTS_TXSM;
    union e1000_adv_tx_desc *d = bench_at(g->m, p->tx + p->tail++ * DESC);

    if (g->load->gso) {
        payload -= bench_header(g->load);
        cmd |= E1000_ADVTXD_DCMD_TSE;
        olinfo |= E1000_ADVTXD_POTS_IXSM;
    }
    if (last) {
        cmd |= E1000_ADVTXD_DCMD_EOP | E1000_ADVTXD_DCMD_RS;
    }
    d->read.buffer_addr = cpu_to_le64(addr);
    d->read.cmd_type_len = cpu_to_le32(cmd);
    d->read.olinfo_status = cpu_to_le32(olinfo | payload <<
                                        E1000_ADVTXD_PAYLEN_SHIFT);
}

static void put_frame(Igb *g, Port *p, uint64_t addr)
{
    struct e1000_adv_tx_context_desc *ctx;
    uint32_t head = g->load->gso ? bench_header(g->load) : 0;
    uint32_t l4 = g->load->gso ? 20 : 8;

    ctx = bench_at(g->m, p->tx + p->tail++ * DESC);
    ctx->vlan_macip_lens = cpu_to_le32(14 << E1000_ADVTXD_MACLEN_SHIFT | 20);
    ctx->type_tucmd_mlhl =
        cpu_to_le32(E1000_ADVTXD_DCMD_DEXT | E1000_ADVTXD_DTYP_CTXT |
                    E1000_ADVTXD_TUCMD_IPV4 |
                    (g->load->gso ? E1000_ADVTXD_TUCMD_L4T_TCP : 0));
    ctx->mss_l4len_idx = cpu_to_le32(BENCH_MSS << E1000_ADVTXD_MSS_SHIFT |
                                     l4 << E1000_ADVTXD_L4LEN_SHIFT);
    if (head) {
        put(g, p, addr, head, false);
    }
    for (uint32_t at = head; at < g->load->len; at += PIECE) {
        uint32_t len = MIN(PIECE, g->load->len - at);

        put(g, p, addr + at, len, at + len == g->load->len);
    }
}

static void fill_tx(Igb *g, Port *p)
{
    uint32_t room = ROUND_UP(g->load->len, 256);
    unsigned frames, bufs, from = p - g->port, to = p->to - g->port;
    uint64_t data;

    p->per_frame = g->load->gso ? 4 : 2;
    frames = g->ring / p->per_frame;
    bufs = g->load->gso ? bench_payloads(g->n) : frames;
    data = qemunic_alloc(g->m->nic, (uint64_t)room * bufs);
    for (unsigned i = 0; i < frames; i++) {
        uint64_t addr = data + (uint64_t)room * (i % bufs);

        bench_frame(g->load, to, from, bench_at(g->m, addr));
        put_frame(g, p, addr);
    }
    p->tail = 0;
}

static uint64_t buffer(const Port *p, uint32_t slot)
{
    return p->pages[slot / 2] + slot % 2 * RX_LEN;
}

static void post(Igb *g, Port *p, uint32_t slot)
{
    union e1000_adv_rx_desc *d = bench_at(g->m, p->rx + slot * DESC);

    d->read.pkt_addr = cpu_to_le64(buffer(p, slot));
    d->read.hdr_addr = 0;
}

static void start_queue(Igb *g, uint32_t low, uint32_t dctl, uint64_t ring)
{
    const uint32_t high = low + 4, len = low + 8;

    reg_write(g, low, ring);
    reg_write(g, high, ring >> 32);
    reg_write(g, len, g->ring * DESC);
    reg_write(g, dctl, 1u << 25);
}

static void start_port(Igb *g, unsigned i)
{
    Port *p = &g->port[i];
    uint8_t mac[6];

    p->bar0 = VF_BAR0 + i * VF_BAR_SIZE;
    qemunic_cfg_writew(g->m->nic, VF_DEVFN(i), PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    bench_add_domain(g->m, VF_DEVFN(i));
    bench_mac(i, mac);
    reg_write(g, E1000_RA + 8 * i, ldl_le_p(mac));
    reg_write(g, E1000_RA + 8 * i + 4, lduw_le_p(mac + 4) | E1000_RAH_AV |
              E1000_RAH_POOL_1 << i);
    reg_write(g, E1000_VMOLR(i), E1000_VMOLR_AUPE | E1000_VMOLR_LPE |
              E1000_VMOLR_STRCRC | 9216);
    reg_write(g, E1000_SRRCTL(i), E1000_SRRCTL_DESCTYPE_ADV_ONEBUF |
              RX_LEN >> E1000_SRRCTL_BSIZEPKT_SHIFT);
    p->tx = qemunic_alloc(g->m->nic, g->ring * DESC);
    p->rx = qemunic_alloc(g->m->nic, g->ring * DESC);
    start_queue(g, E1000_TDBAL(i), E1000_TXDCTL(i), p->tx);
    start_queue(g, E1000_RDBAL(i), E1000_RXDCTL(i), p->rx);
    p->to = &g->port[bench_next(i, g->n)];
    p->sends = bench_sends(i, g->n);
    p->bufs = g->load->gso ? 45 : 1;
    p->pages = bench_shuffled_pages(g->m, g->ring / 2);
    for (uint32_t slot = 0; slot < g->ring; slot++) {
        post(g, p, slot);
    }
    /* A full ring would look like an empty one. */
    p->free = g->ring - 1;
    qtest_writel(g->m->nic->qts, p->bar0 + VF_RDT, g->ring - 1);
    fill_tx(g, p);
}

static void *igb_start(BenchMachine *m, unsigned n, const BenchLoad *load)
{
    Igb *g = g_new0(Igb, 1);

    g->m = m;
    g->n = n;
    g->ring = bench_ring(n);
    g->load = load;
    start_functions(g);
    start_pf(g);
    for (unsigned i = 0; i < n; i++) {
        start_port(g, i);
    }
    return g;
}

/* What the writing of TDT has delivered already */
static uint64_t receive(Igb *g, Port *p)
{
    uint64_t frames = 0, bufs = 0;

    for (;;) {
        union e1000_adv_rx_desc *d;
        uint32_t slot = p->head % g->ring;

        d = bench_at(g->m, p->rx + slot * DESC);
        if (bufs == g->ring - 1 ||
            !(le32_to_cpu(d->wb.upper.status_error) & E1000_RXD_STAT_DD)) {
            break;
        }
        if (!g->load->gso) {
            g_assert_cmpuint(le16_to_cpu(d->wb.upper.length), ==,
                             g->load->len);
        }
        post(g, p, slot);
        p->head++;
        bufs++;
    }
    frames = bufs / p->bufs;
    g_assert_cmpuint(bufs % p->bufs, ==, 0);
    if (bufs) {
        p->received += frames;
        p->free += bufs;
        qtest_writel(g->m->nic->qts, p->bar0 + VF_RDT,
                     (p->head + g->ring - 1) % g->ring);
        g->accesses++;
    }
    return frames;
}

static void send_frames(Igb *g, Port *p)
{
    uint32_t frames = MIN((g->ring - 1) / p->per_frame,
                          p->to->free / p->bufs);

    if (!frames) {
        return;
    }
    p->to->free -= frames * p->bufs;
    p->tail = (p->tail + frames * p->per_frame) % g->ring;
    qtest_writel(g->m->nic->qts, p->bar0 + VF_TDT, p->tail);
    g->accesses++;
}

static uint64_t igb_pump(void *nic, bool send)
{
    Igb *g = nic;
    uint64_t frames = 0;

    for (unsigned i = 0; i < g->n; i++) {
        frames += receive(g, &g->port[i]);
    }
    for (unsigned i = 0; send && i < g->n; i++) {
        if (g->port[i].sends) {
            send_frames(g, &g->port[i]);
        }
    }
    return frames;
}

static bool igb_flushed(void *nic)
{
    Igb *g = nic;

    for (unsigned i = 0; i < g->n; i++) {
        if (g->port[i].free != g->ring - 1) {
            return false;
        }
    }
    return true;
}

static uint64_t igb_accesses(void *nic)
{
    return ((Igb *)nic)->accesses;
}

static void igb_access(void *nic)
{
    Igb *g = nic;

    qtest_writel(g->m->nic->qts, g->port[0].bar0 + E1000_STATUS, 0);
}

/* The payload received last is what was sent, in every function. */
static void igb_stop(void *nic)
{
    Igb *g = nic;
    uint32_t head = bench_header(g->load);
    g_autofree uint8_t *want = g_malloc(g->load->len);
    uint32_t piece = g->load->gso ? BENCH_MSS : g->load->len - head;

    for (unsigned i = 0; i < g->n; i++) {
        Port *p = g->port[i].to;

        bench_frame(g->load, p - g->port, i, want);
        for (uint32_t b = 0; p->received && b < p->bufs; b++) {
            uint32_t slot = (p->head - p->bufs + b) % g->ring;

            g_assert_cmpint(memcmp(bench_at(g->m, buffer(p, slot) + head),
                                   want + head + b * piece, piece), ==, 0);
        }
    }
    for (unsigned i = 0; i < g->n; i++) {
        g_free(g->port[i].pages);
    }
    g_free(g);
}

const BenchNic bench_igb = {
    .name = "igb",
    .device = "igb,addr=3",
    .vfs = VFS,
    .start = igb_start,
    .pump = igb_pump,
    .flushed = igb_flushed,
    .accesses = igb_accesses,
    .access = igb_access,
    .stop = igb_stop,
};

/*
 * emunic: another NIC at the other end of the uplink
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-peer.h"
#include "standard-headers/linux/pci_regs.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_pci.h"
#include "standard-headers/linux/virtio_ring.h"

#define VIRTIO_DEVFN    0x28
#define VIRTIO_IO       0xc000
#define VIRTIO_MSIX     0xe3000000u
#define VIRTIO_RX       0           /* the queues */
#define VIRTIO_TX       1
#define RING_SIZE       1024
#define RING_PAGES      8
#define NET_HDR_LEN     10          /* without any feature */
#define PEER_POSTED     8           /* buffers to receive into */
#define PEER_BUF        4096

static uint64_t peer_queue(Peer *p, unsigned queue)
{
    uint64_t ring = qemunic_alloc(p->nic, RING_PAGES * 4096);
    QTestState *qts = p->nic->qts;

    qtest_outw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_SEL, queue);
    g_assert_cmpuint(qtest_inw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_NUM), ==,
                     RING_SIZE);
    qtest_outl(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_PFN, ring / 4096);
    return ring;
}

void peer_init(Peer *p, QEmunic *nic)
{
    QTestState *qts = nic->qts;

    memset(p, 0, sizeof(*p));
    p->nic = nic;
    p->frame = qemunic_alloc(nic, 4096);
    qemunic_cfg_writel(nic, VIRTIO_DEVFN, PCI_BASE_ADDRESS_0, VIRTIO_IO);
    qemunic_cfg_writel(nic, VIRTIO_DEVFN, PCI_BASE_ADDRESS_1, VIRTIO_MSIX);
    qemunic_cfg_writew(nic, VIRTIO_DEVFN, PCI_COMMAND, PCI_COMMAND_IO |
                       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_outb(qts, VIRTIO_IO + VIRTIO_PCI_STATUS,
               VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
    p->rx_ring = peer_queue(p, VIRTIO_RX);
    p->tx_ring = peer_queue(p, VIRTIO_TX);
    qtest_outb(qts, VIRTIO_IO + VIRTIO_PCI_STATUS,
               VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
               VIRTIO_CONFIG_S_DRIVER_OK);
}

static void peer_desc(Peer *p, uint64_t ring, unsigned n, uint64_t addr,
                      uint32_t len, uint16_t flags)
{
    struct vring_desc desc = {
        .addr = cpu_to_le64(addr),
        .len = cpu_to_le32(len),
        .flags = cpu_to_le16(flags),
        .next = cpu_to_le16(n + 1),
    };

    qtest_memwrite(p->nic->qts, ring + n * sizeof(desc), &desc, sizeof(desc));
}

/* Send a frame: @first bytes, and the rest in @count pieces of @each. */
void peer_send(Peer *p, const uint8_t *frame, uint32_t first, unsigned count,
               uint32_t each)
{
    QTestState *qts = p->nic->qts;
    uint64_t avail = p->tx_ring + RING_SIZE * sizeof(struct vring_desc);
    uint64_t at = p->frame + NET_HDR_LEN;

    qtest_memset(qts, p->frame, 0, NET_HDR_LEN);
    qtest_memwrite(qts, at, frame, first + count * each);
    peer_desc(p, p->tx_ring, 0, p->frame, NET_HDR_LEN, VRING_DESC_F_NEXT);
    peer_desc(p, p->tx_ring, 1, at, first, count ? VRING_DESC_F_NEXT : 0);
    for (unsigned i = 0; i < count; i++) {
        peer_desc(p, p->tx_ring, 2 + i, at + first + i * each, each,
                  i + 1 < count ? VRING_DESC_F_NEXT : 0);
    }
    qtest_writew(qts, avail + 4 + 2 * (p->sent++ % RING_SIZE), 0);
    qtest_writew(qts, avail + 2, p->sent);
    qtest_outw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_NOTIFY, VIRTIO_TX);
}

/* Take frames from now on, and write @data to @addr for each, at once. */
void peer_listen(Peer *p, uint64_t addr, uint32_t data)
{
    QTestState *qts = p->nic->qts;
    uint64_t avail = p->rx_ring + RING_SIZE * sizeof(struct vring_desc);
    uint64_t buf = qemunic_alloc(p->nic, PEER_POSTED * PEER_BUF);
    QEmunicFunction f = {
        .nic = p->nic, .devfn = VIRTIO_DEVFN, .bar2 = VIRTIO_MSIX,
    };

    qemunic_msix(&f, 0, addr, data);
    qtest_outw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_SEL, VIRTIO_RX);
    qtest_outw(qts, VIRTIO_IO + VIRTIO_MSI_QUEUE_VECTOR, 0);
    for (unsigned i = 0; i < PEER_POSTED; i++) {
        peer_desc(p, p->rx_ring, i, buf + i * PEER_BUF, PEER_BUF,
                  VRING_DESC_F_WRITE);
        qtest_writew(qts, avail + 4 + 2 * i, i);
    }
    qtest_writew(qts, avail + 2, PEER_POSTED);
    qtest_outw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_NOTIFY, VIRTIO_RX);
}

/*
 * emunic: frames from the uplink in many pieces, as another NIC's guest puts
 * them together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"
#include "standard-headers/linux/pci_regs.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_pci.h"
#include "standard-headers/linux/virtio_ring.h"

#define VIRTIO_DEVFN    0x28
#define VIRTIO_IO       0xc000
#define VIRTIO_TX       1           /* the queue that sends */
#define RING_SIZE       1024
#define NET_HDR_LEN     10          /* without any feature */

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };

/* A virtio-net of the oldest kind at the other end of a hub */
typedef struct Peer {
    Data d;
    uint64_t ring;
    uint64_t frame;
    uint16_t sent;
} Peer;

static void peer_start(Peer *p)
{
    QTestState *qts;

    memset(p, 0, sizeof(*p));
    data_start(&p->d,
               "-netdev hubport,id=up,hubid=0 -netdev hubport,id=peer,hubid=0 "
               "-device virtio-net-pci,netdev=peer,addr=5,disable-modern=on,"
               "disable-legacy=off,vectors=0", "max_vfs=2,netdev=up");
    qts = p->d.nic->qts;
    p->ring = qemunic_alloc(p->d.nic, 8 * 4096);
    p->frame = qemunic_alloc(p->d.nic, 4096);
    qemunic_cfg_writel(p->d.nic, VIRTIO_DEVFN, PCI_BASE_ADDRESS_0, VIRTIO_IO);
    qemunic_cfg_writew(p->d.nic, VIRTIO_DEVFN, PCI_COMMAND,
                       PCI_COMMAND_IO | PCI_COMMAND_MASTER);
    qtest_outb(qts, VIRTIO_IO + VIRTIO_PCI_STATUS,
               VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
    qtest_outw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_SEL, VIRTIO_TX);
    g_assert_cmpuint(qtest_inw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_NUM), ==,
                     RING_SIZE);
    qtest_outl(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_PFN, p->ring / 4096);
    qtest_outb(qts, VIRTIO_IO + VIRTIO_PCI_STATUS,
               VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
               VIRTIO_CONFIG_S_DRIVER_OK);
}

static void peer_desc(Peer *p, unsigned n, uint64_t addr, uint32_t len,
                      bool more)
{
    struct vring_desc desc = {
        .addr = cpu_to_le64(addr),
        .len = cpu_to_le32(len),
        .flags = cpu_to_le16(more ? VRING_DESC_F_NEXT : 0),
        .next = cpu_to_le16(n + 1),
    };

    qtest_memwrite(p->d.nic->qts, p->ring + n * sizeof(desc), &desc,
                   sizeof(desc));
}

/* Send a frame: @first bytes, and the rest in @count pieces of @each. */
static void peer_send(Peer *p, const uint8_t *frame, uint32_t first,
                      unsigned count, uint32_t each)
{
    QTestState *qts = p->d.nic->qts;
    uint64_t avail = p->ring + RING_SIZE * sizeof(struct vring_desc);

    qtest_memset(qts, p->frame, 0, NET_HDR_LEN);
    qtest_memwrite(qts, p->frame + NET_HDR_LEN, frame, first + count * each);
    peer_desc(p, 0, p->frame, NET_HDR_LEN, true);
    peer_desc(p, 1, p->frame + NET_HDR_LEN, first, count);
    for (unsigned i = 0; i < count; i++) {
        peer_desc(p, 2 + i, p->frame + NET_HDR_LEN + first + i * each, each,
                  i + 1 < count);
    }
    qtest_writew(qts, avail + 4 + 2 * (p->sent++ % RING_SIZE), 0);
    qtest_writew(qts, avail + 2, p->sent);
    qtest_outw(qts, VIRTIO_IO + VIRTIO_PCI_QUEUE_NOTIFY, VIRTIO_TX);
}

static void expect_soon(Port *p, const uint8_t *frame, uint32_t len)
{
    Frame fr;

    g_assert_true(wait_receive(p, &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
}

/* None is lost, and each is whole, whatever the sender makes of it. */
static void test_pieces(void)
{
    static const unsigned counts[] = { 0, 1, 127, 128, 129, 130, 131, 132,
                                       133, 250 };
    uint8_t frame[2048];
    Peer p;

    peer_start(&p);
    build(frame, sizeof(frame), broadcast, far, 0x88b5);
    for (int i = 0; i < ARRAY_SIZE(counts); i++) {
        uint32_t len = 256 + 4 * counts[i];

        peer_send(&p, frame, 256, counts[i], 4);
        expect_soon(&p.d.pf, frame, len);
        expect_soon(&p.d.vf[0], frame, len);
        expect_soon(&p.d.vf[1], frame, len);
    }
    qemunic_stop(p.d.nic);
}

void emunic_add_pieces_tests(void)
{
    qtest_add_func("emunic/pieces", test_pieces);
}

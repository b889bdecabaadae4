/*
 * emunic: GSO and checksums through a tap, which has a virtio_net_hdr before
 * each frame
 *
 * The test owns the tap and stands at its other end with a packet socket.
 * Where it must not make one, it is skipped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"
#include "standard-headers/linux/virtio_net.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#define PACKET_VNET     15      /* PACKET_VNET_HDR */
#define L3              14
#define L4              (L3 + 20)
#define HDR_LEN         (L4 + 20)
#define GSO_SIZE        1000
#define GSO_PAYLOAD     9500
#define GSO_SEGMENTS    10

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };

typedef struct Tap {
    Data d;
    int fd;
    int sock;
} Tap;

typedef struct VnetFrame {
    struct virtio_net_hdr h;
    uint8_t data[70000];
} QEMU_PACKED VnetFrame;

static void tap_quiet(const char *name)
{
    g_autofree char *path = g_strdup_printf(
        "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
    int fd = open(path, O_WRONLY);

    if (fd >= 0) {
        g_assert_cmpint(write(fd, "1", 1), ==, 1);
        close(fd);
    }
}

static int tap_socket(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(0x0003));
    struct timeval wait = { .tv_sec = 10 };
    struct sockaddr_ll addr = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(0x0003),
        .sll_ifindex = if_nametoindex(name),
    };
    struct ifreq ifr = { 0 };
    int on = 1;

    g_assert_cmpint(fd, >=, 0);
    g_strlcpy(ifr.ifr_name, name, IFNAMSIZ);
    g_assert_cmpint(ioctl(fd, SIOCGIFFLAGS, &ifr), ==, 0);
    ifr.ifr_flags |= IFF_UP;
    g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &ifr), ==, 0);
    g_assert_cmpint(setsockopt(fd, SOL_PACKET, PACKET_VNET, &on, sizeof(on)),
                    ==, 0);
    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
                               sizeof(wait)), ==, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
    return fd;
}

/* False, and the test is skipped: there can be no tap. */
static bool tap_start(Tap *t)
{
    struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
    g_autofree char *args = NULL;

    t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    g_strlcpy(ifr.ifr_name, "emtap%d", IFNAMSIZ);
    if (t->fd < 0 || ioctl(t->fd, TUNSETIFF, &ifr)) {
        g_test_skip("no tap can be made");
        return false;
    }
    tap_quiet(ifr.ifr_name);
    t->sock = tap_socket(ifr.ifr_name);
    args = g_strdup_printf("-netdev tap,id=up,fd=%d", t->fd);
    data_start(&t->d, args, "max_vfs=2,netdev=up");
    return true;
}

static void tap_stop(Tap *t)
{
    qemunic_stop(t->d.nic);
    close(t->sock);
    close(t->fd);
}

static uint64_t tap_stat(Tap *t, size_t offset)
{
    uint64_t data = qemunic_alloc(t->d.nic, 4096);

    g_assert_cmpuint(qemunic_admin(&t->d.admin, EMUNIC_ADMIN_PORT_GET_STATS, 0,
                                   NULL, 0, data, 256), ==, 0);
    return qtest_readq(t->d.nic->qts, data + offset);
}

static uint16_t tap_sum(const uint8_t *data, size_t len, uint32_t sum)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += lduw_be_p(data + i);
    }
    if (len & 1) {
        sum += data[len - 1] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/* TCP over IPv4 with the checksum of a sender that leaves it to others */
static uint32_t tap_build(uint8_t *frame, const uint8_t *dst,
                          const uint8_t *src, uint32_t payload)
{
    uint8_t *ip = frame + L3, *tcp = frame + L4;

    build(frame, HDR_LEN + payload, dst, src, 0x0800);
    memset(ip, 0, HDR_LEN - L3);
    ip[0] = 0x45;
    stw_be_p(ip + 2, HDR_LEN - L3 + payload);
    ip[8] = 64;
    ip[9] = 6;
    stl_be_p(ip + 12, 0xc6120001);
    stl_be_p(ip + 16, 0xc6120002);
    stw_be_p(ip + 10, ~tap_sum(ip, 20, 0));
    stl_be_p(tcp + 4, 0xfffffff0);
    tcp[12] = 5 << 4;
    tcp[13] = 0x10;
    stw_be_p(tcp + 16, tap_sum(ip + 12, 8, 6 + HDR_LEN - L4 + payload));
    return HDR_LEN + payload;
}

static bool tap_tcp_good(const uint8_t *frame, uint32_t len)
{
    return tap_sum(frame + L4, len - L4,
                   tap_sum(frame + L3 + 12, 8, 6 + len - L4)) == 0xffff;
}

/* The next frame from @src; what the kernel itself has to say is not ours. */
static uint32_t tap_read(Tap *t, const uint8_t *src, VnetFrame *v)
{
    ssize_t n;

    do {
        n = recv(t->sock, v, sizeof(*v), 0);
        g_assert_cmpint(n, >, (ssize_t)sizeof(v->h));
    } while (memcmp(v->data + 6, src, 6));
    return n - sizeof(v->h);
}

static void test_out(void)
{
    struct emunic_tx_meta meta = {
        .flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_CSUM | EMUNIC_TX_GSO),
        .csum_start = cpu_to_le16(L4),
        .csum_offset = cpu_to_le16(16),
        .gso_type = EMUNIC_GSO_TCPV4,
        .gso_size = cpu_to_le16(GSO_SIZE),
        .hdr_len = cpu_to_le16(HDR_LEN),
    };
    g_autofree VnetFrame *v = g_new0(VnetFrame, 1);
    uint8_t frame[16384], sent[16384];
    uint32_t len;
    Tap t;

    if (!tap_start(&t)) {
        return;
    }
    len = tap_build(frame, far, vf_mac[0], GSO_PAYLOAD);
    /* Lengths do not matter here, but they do out there. */
    memcpy(sent, frame, len);
    stw_be_p(sent + L3 + 2, 0);
    g_assert_cmpuint(port_send(&t.d.vf[0], &meta, sent, len), ==, 0);
    g_assert_cmpuint(tap_read(&t, vf_mac[0], v), ==, len);
    g_assert_cmpmem(v->data, len, frame, len);
    g_assert_cmpuint(v->h.gso_type, ==, VIRTIO_NET_HDR_GSO_TCPV4);
    g_assert_cmpuint(v->h.gso_size, ==, GSO_SIZE);
    g_assert_cmpuint(v->h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, !=, 0);
    g_assert_cmpuint(v->h.csum_start, ==, L4);
    g_assert_cmpuint(v->h.csum_offset, ==, 16);
    g_assert_cmpuint(tap_stat(&t, offsetof(struct emunic_port_stats,
                                           tx_frames)), ==, GSO_SEGMENTS);
    g_assert_cmpuint(tap_stat(&t, offsetof(struct emunic_port_stats,
                                           tx_octets)), ==,
                     GSO_SEGMENTS * HDR_LEN + GSO_PAYLOAD);

    /* CWR, which is not for each segment, has a bit of its own. */
    frame[L4 + 13] |= 0x80;
    g_assert_cmpuint(port_send(&t.d.vf[0], &meta, frame, len), ==, 0);
    g_assert_cmpuint(tap_read(&t, vf_mac[0], v), ==, len);
    g_assert_cmpmem(v->data, len, frame, len);
    g_assert_cmpuint(v->h.gso_type, ==,
                     VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN);

    /* Without GSO, and without anything */
    meta.flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_CSUM);
    meta.gso_type = 0;
    len = tap_build(frame, far, vf_mac[0], 333);
    g_assert_cmpuint(port_send(&t.d.vf[0], &meta, frame, len), ==, 0);
    g_assert_cmpuint(tap_read(&t, vf_mac[0], v), ==, len);
    g_assert_cmpmem(v->data, len, frame, len);
    g_assert_cmpuint(v->h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, !=, 0);
    g_assert_cmpuint(v->h.gso_type, ==, VIRTIO_NET_HDR_GSO_NONE);
    build(frame, 200, far, vf_mac[0], 0x88b5);
    g_assert_cmpuint(port_send(&t.d.vf[0], NULL, frame, 200), ==, 0);
    g_assert_cmpuint(tap_read(&t, vf_mac[0], v), ==, 200);
    g_assert_cmpmem(v->data, 200, frame, 200);
    g_assert_cmpuint(v->h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, ==, 0);
    tap_stop(&t);
}

static void tap_write(Tap *t, VnetFrame *v, uint32_t len)
{
    g_assert_cmpint(write(t->sock, v, sizeof(v->h) + len), ==,
                    sizeof(v->h) + len);
}

static void test_in(void)
{
    g_autofree VnetFrame *v = g_new0(VnetFrame, 1);
    g_autofree Frame *fr = g_new0(Frame, 1);
    uint32_t len;
    Tap t;

    if (!tap_start(&t)) {
        return;
    }
    len = tap_build(v->data, vf_mac[0], far, GSO_PAYLOAD);
    v->h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    v->h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
    v->h.hdr_len = HDR_LEN;
    v->h.gso_size = GSO_SIZE;
    v->h.csum_start = L4;
    v->h.csum_offset = 16;

    qemunic_write(&t.d.vf[0].f, EMUNIC_RX_FEATURES,
                  EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM);
    tap_write(&t, v, len);
    g_assert_true(wait_receive(&t.d.vf[0], fr));
    g_assert_cmpmem(fr->data, fr->len, v->data, len);
    g_assert_true(fr->flags & EMUNIC_RX_GSO);
    g_assert_true(fr->flags & EMUNIC_RX_CSUM_PARTIAL);
    g_assert_cmpuint(fr->cpl.gso_type, ==, EMUNIC_GSO_TCPV4);
    g_assert_cmpuint(le16_to_cpu(fr->cpl.gso_size), ==, GSO_SIZE);
    g_assert_cmpuint(le16_to_cpu(fr->cpl.hdr_len), ==, HDR_LEN);

    /* With CWR it is the same, but for what the kernel says of it. */
    v->data[L4 + 13] |= 0x80;
    v->h.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    tap_write(&t, v, len);
    g_assert_true(wait_receive(&t.d.vf[0], fr));
    g_assert_cmpmem(fr->data, fr->len, v->data, len);
    g_assert_true(fr->flags & EMUNIC_RX_GSO);
    g_assert_cmpuint(fr->cpl.gso_type, ==, EMUNIC_GSO_TCPV4);

    /* To one that takes none: in segments with good checksums */
    qemunic_write(&t.d.vf[0].f, EMUNIC_RX_FEATURES, 0);
    tap_write(&t, v, len);
    for (int i = 0; i < GSO_SEGMENTS; i++) {
        g_assert_true(wait_receive(&t.d.vf[0], fr));
        g_assert_cmpuint(fr->len, ==, HDR_LEN +
                         MIN(GSO_SIZE, GSO_PAYLOAD - i * GSO_SIZE));
        g_assert_true(tap_tcp_good(fr->data, fr->len));
        g_assert_true(fr->flags & EMUNIC_RX_CSUM_OK);
    }
    g_assert_cmpuint(tap_stat(&t, offsetof(struct emunic_port_stats,
                                           rx_frames)), ==, 3 * GSO_SEGMENTS);

    memset(&v->h, 0, sizeof(v->h));
    v->h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    v->h.csum_start = L4;
    v->h.csum_offset = 16;
    len = tap_build(v->data, vf_mac[0], far, 333);
    tap_write(&t, v, len);
    g_assert_true(wait_receive(&t.d.vf[0], fr));
    g_assert_cmpuint(fr->len, ==, len);
    g_assert_true(tap_tcp_good(fr->data, fr->len));
    tap_stop(&t);
}

void emunic_add_tap_tests(void)
{
    qtest_add_func("emunic/tap/out", test_out);
    qtest_add_func("emunic/tap/in", test_in);
}

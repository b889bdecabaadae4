/*
 * emunic: the uplink: frames to and from the network backend
 *
 * A backend that takes a virtio_net_hdr before each frame, as a tap does, gets
 * GSO frames whole and checksums unfinished, and gives them so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "qemu/cutils.h"
#include "qemu/iov.h"
#include "standard-headers/linux/virtio_net.h"
#include "switch.h"
#include "trace.h"

#define TCP_OFFSET_AT   12      /* in the TCP header: its length */
#define UDP_HLEN        8

/* Behind the copy of the header; a segment may begin with the rest of that */
#define UPLINK_PIECES   (EMUNIC_FRAME_IOV - 3)

#define ANNOUNCE_LEN    60
#define RARP_TYPE       0x8035
#define RARP_REQUEST    3
#define RARP_SENDER_AT  22      /* in the frame: hardware addresses */
#define RARP_TARGET_AT  32

/* VIRTIO_NET_HDR_GSO_* of each EMUNIC_GSO_* */
static const uint8_t vnet_gso[] = {
    [EMUNIC_GSO_TCPV4] = VIRTIO_NET_HDR_GSO_TCPV4,
    [EMUNIC_GSO_TCPV6] = VIRTIO_NET_HDR_GSO_TCPV6,
    [EMUNIC_GSO_UDPV4] = VIRTIO_NET_HDR_GSO_UDP_L4,
    [EMUNIC_GSO_UDPV6] = VIRTIO_NET_HDR_GSO_UDP_L4,
};

/* Does just the first segment of this GSO frame have CWR? */
static bool emunic_vnet_ecn(const EmunicFrame *fr)
{
    return emunic_gso_tcp(fr) &&
           (fr->hdr[fr->csum_start + EMUNIC_TCP_FLAGS] & TH_CWR);
}

static void emunic_vnet_fill(const EmunicFrame *fr, struct virtio_net_hdr *h)
{
    memset(h, 0, sizeof(*h));
    if (fr->csum) {
        h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h->csum_start = fr->csum_start;
        h->csum_offset = fr->csum_offset;
    }
    if (fr->gso_type) {
        h->gso_type = vnet_gso[fr->gso_type];
        h->gso_size = fr->gso_size;
        h->hdr_len = fr->hdr_len;
    }
    if (emunic_vnet_ecn(fr)) {
        h->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    }
}

static void emunic_uplink_send(EmunicState *s, EmunicFrame *fr)
{
    NetClientState *nc = qemu_get_queue(s->nic);
    struct iovec iov[1 + EMUNIC_FRAME_IOV];
    struct virtio_net_hdr vnet;

    s->copies++;
    trace_emunic_uplink_tx(fr->src, fr->len);
    if (nc->link_down) {
        return;
    }
    emunic_port_count_tx(s, fr);
    emunic_frame_put_csum(fr, !s->uplink.vnet);
    if (!s->uplink.vnet) {
        qemu_sendv_packet(nc, fr->iov, fr->iovcnt);
        return;
    }
    emunic_vnet_fill(fr, &vnet);
    iov[0].iov_base = &vnet;
    iov[0].iov_len = sizeof(vnet);
    memcpy(iov + 1, fr->iov, fr->iovcnt * sizeof(*iov));
    qemu_sendv_packet(nc, iov, 1 + fr->iovcnt);
}

/* A NIC at the other end may have answered with an unplug of this one. */
static bool emunic_uplink_send_segment(void *opaque, EmunicFrame *segment)
{
    EmunicState *s = opaque;

    emunic_uplink_send(s, segment);
    return s->nic;
}

/* Can the backend have this GSO frame whole? */
static bool emunic_uplink_takes(const EmunicState *s, const EmunicFrame *fr)
{
    if (fr->gso_outer || fr->len > EMUNIC_GSO_FRAME_MAX) {
        return false;
    }
    switch (fr->gso_type) {
    case EMUNIC_GSO_TCPV4:
    case EMUNIC_GSO_TCPV6:
        return s->uplink.vnet;
    case EMUNIC_GSO_UDPV4:
    case EMUNIC_GSO_UDPV6:
        return s->uplink.uso;
    default:
        return true;
    }
}

void emunic_to_uplink(EmunicState *s, EmunicScratch *scratch, EmunicFrame *fr)
{
    /* Null after exit, which an interrupt may have brought about */
    if (!s->nic || !qemu_get_queue(s->nic)->peer) {
        return;
    }
    if (!emunic_uplink_takes(s, fr)) {
        emunic_segment(scratch, fr, 1, emunic_uplink_send_segment, s);
        return;
    }
    if (fr->gso_type) {
        /* Its own lengths, which did not matter so far, are what it is. */
        emunic_gso_header(fr, fr->hdr, 0, fr->len - fr->hdr_len);
        fr->csum_partial = lduw_be_p(fr->hdr + fr->csum_start +
                                     fr->csum_offset);
    }
    emunic_uplink_send(s, fr);
}

static uint8_t emunic_vnet_gso_type(const EmunicFrame *fr,
                                    const struct virtio_net_hdr *h)
{
    uint32_t l3 = emunic_frame_l3(fr);

    switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
        return EMUNIC_GSO_TCPV4;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        return EMUNIC_GSO_TCPV6;
    case VIRTIO_NET_HDR_GSO_UDP_L4:
        return lduw_be_p(fr->hdr + l3 - 2) == ETH_P_IP ? EMUNIC_GSO_UDPV4
                                                       : EMUNIC_GSO_UDPV6;
    default:
        return EMUNIC_GSO_NONE;
    }
}

/* As tx.c does it with what a driver says. False: it makes no sense. */
static bool emunic_vnet_apply(EmunicFrame *fr, const struct virtio_net_hdr *h)
{
    uint32_t csum_end = h->csum_start + h->csum_offset + sizeof(uint16_t);

    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        if (csum_end > fr->hdr_copied ||
            h->csum_start < emunic_frame_l3(fr)) {
            return false;
        }
        fr->csum = true;
        fr->csum_start = h->csum_start;
        fr->csum_offset = h->csum_offset;
        fr->csum_partial = lduw_be_p(fr->hdr + h->csum_start + h->csum_offset);
    }
    if (h->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
        return true;
    }
    fr->gso_type = emunic_vnet_gso_type(fr, h);
    fr->gso_size = h->gso_size;
    fr->gso_l3 = emunic_frame_l3(fr);
    fr->hdr_len = fr->csum_start;
    if (emunic_gso_tcp(fr)) {
        if (fr->csum_start + TCP_OFFSET_AT >= fr->hdr_copied) {
            return false;
        }
        fr->hdr_len += (fr->hdr[fr->csum_start + TCP_OFFSET_AT] >> 4) * 4;
    } else {
        fr->hdr_len += UDP_HLEN;
    }
    return fr->gso_type && fr->csum && fr->gso_size &&
           fr->hdr_len + fr->gso_size <= EMUNIC_FRAME_MAX &&
           fr->len <= fr->hdr_len + EMUNIC_GSO_MAX_SEGS * fr->gso_size &&
           emunic_gso_valid(fr);
}

static void emunic_uplink_receive(EmunicState *s, const struct iovec *iov,
                                  int iovcnt, size_t skip, size_t len,
                                  const struct virtio_net_hdr *vnet)
{
    EmunicScratch *sc = s->rx_scratch;
    uint32_t need = EMUNIC_HDR_COPY;
    uint8_t *hdr = sc->hdr + EMUNIC_HDR_ROOM;
    uint32_t copied;
    int count;

    if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        need = MAX(need, vnet->csum_start + vnet->csum_offset + 2);
    }
    copied = MIN(len, MIN(need, EMUNIC_FRAME_MAX));
    trace_emunic_uplink_rx(len);
    iov_to_buf(iov, iovcnt, skip, hdr, copied);
    count = iov_copy(sc->pieces, UPLINK_PIECES, iov, iovcnt, skip + copied,
                     len - copied);
    if (copied + iov_size(sc->pieces, count) != len) {
        /* A guest of the other end can send a frame in any number of them. */
        iov_to_buf(iov, iovcnt, skip + copied, sc->bounce, len - copied);
        sc->pieces[0] = (struct iovec) { sc->bounce, len - copied };
        count = 1;
    }
    emunic_frame_init(&sc->frame, hdr, copied, len, sc->pieces, count,
                      EMUNIC_VPORT_UPLINK);
    if (!emunic_vnet_apply(&sc->frame, vnet)) {
        trace_emunic_uplink_refused(vnet->flags, vnet->gso_type,
                                    vnet->gso_size);
        return;
    }
    emunic_switch_from_uplink(s, &sc->frame);
    /* Interrupts come from the bottom half, for a batch of frames. */
    emunic_schedule(s);
}

/*
 * What cannot be taken is dropped and the size returned: 0 would stop the
 * uplink for all.
 */
static ssize_t emunic_nic_receive_iov(NetClientState *nc,
                                      const struct iovec *iov, int iovcnt)
{
    EmunicState *s = qemu_get_nic_opaque(nc);
    size_t size = iov_size(iov, iovcnt);
    struct virtio_net_hdr vnet = { 0 };
    size_t skip = s->uplink.vnet ? sizeof(vnet) : 0;
    size_t len = size - MIN(size, skip);

    RCU_READ_LOCK_GUARD();
    iov_to_buf(iov, iovcnt, 0, &vnet, skip);
    if (len < EMUNIC_FRAME_MIN ||
        len > (vnet.gso_type ? EMUNIC_GSO_FRAME_MAX : EMUNIC_FRAME_MAX)) {
        emunic_port_count_bad(s, len);
    } else {
        emunic_uplink_receive(s, iov, iovcnt, skip, len, &vnet);
    }
    return size;
}

static ssize_t emunic_nic_receive(NetClientState *nc, const uint8_t *buf,
                                  size_t size)
{
    const struct iovec iov = { .iov_base = (void *)buf, .iov_len = size };

    return emunic_nic_receive_iov(nc, &iov, 1);
}

static void emunic_nic_link_changed(NetClientState *nc)
{
    emunic_uplink_changed(qemu_get_nic_opaque(nc));
}

/* As QEMU does for the address of the NIC: a RARP request from @mac */
static void emunic_announce_mac(EmunicFunction *f, const uint8_t *mac)
{
    static const uint8_t head[] = {
        RARP_TYPE >> 8, RARP_TYPE & 0xff,
        0, 1, ETH_P_IP >> 8, ETH_P_IP & 0xff, ETH_ALEN, 4, 0, RARP_REQUEST
    };
    uint8_t data[EMUNIC_HDR_ROOM + ANNOUNCE_LEN] = { 0 };
    uint8_t *hdr = data + EMUNIC_HDR_ROOM;
    EmunicFrame fr;

    if (is_multicast_ether_addr(mac) || buffer_is_zero(mac, ETH_ALEN)) {
        return;
    }
    memset(hdr, 0xff, ETH_ALEN);
    memcpy(hdr + ETH_ALEN, mac, ETH_ALEN);
    memcpy(hdr + EMUNIC_MACS_LEN, head, sizeof(head));
    memcpy(hdr + RARP_SENDER_AT, mac, ETH_ALEN);
    memcpy(hdr + RARP_TARGET_AT, mac, ETH_ALEN);
    emunic_frame_init(&fr, hdr, ANNOUNCE_LEN, ANNOUNCE_LEN, NULL, 0,
                      f->vport);
    if (f->port.vlan_vid) {
        emunic_frame_insert_tag(&fr, f->port.vlan_tpid,
                                f->port.vlan_prio << 13 | f->port.vlan_vid);
    }
    emunic_to_uplink(f->pf, NULL, &fr);
}

/*
 * The machine is elsewhere now, and the network has to learn where its
 * addresses are. QEMU itself knows that of the NIC only.
 */
static void emunic_nic_announce(NetClientState *nc)
{
    EmunicState *s = qemu_get_nic_opaque(nc);

    for (unsigned v = 0; v <= s->max_vfs; v++) {
        EmunicFunction *f = s->port[v];

        if (!f || !test_bit(v, s->present) ||
            !(f->status & EMUNIC_STATUS_LINK_UP)) {
            continue;
        }
        emunic_announce_mac(f, f->port.mac);
        for (uint32_t i = 0; i < f->port.nmacs; i++) {
            emunic_announce_mac(f, f->port.macs[i]);
        }
    }
}

static NetClientInfo emunic_nic_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .receive = emunic_nic_receive,
    .receive_iov = emunic_nic_receive_iov,
    .link_status_changed = emunic_nic_link_changed,
    .announce = emunic_nic_announce,
};

void emunic_uplink_init(EmunicState *s)
{
    DeviceState *dev = DEVICE(s);
    NetClientState *peer;

    s->nic = qemu_new_nic(&emunic_nic_info, &s->conf,
                          object_get_typename(OBJECT(s)), dev->id,
                          &dev->mem_reentrancy_guard, s);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);
    peer = qemu_get_queue(s->nic)->peer;
    if (!qemu_has_vnet_hdr(peer) ||
        !qemu_has_vnet_hdr_len(peer, sizeof(struct virtio_net_hdr))) {
        return;
    }
    s->uplink.vnet = true;
    s->uplink.uso = qemu_has_uso(peer);
    qemu_set_vnet_hdr_len(peer, sizeof(struct virtio_net_hdr));
    emunic_set_offload(peer, true, s->uplink.uso);
}

/* The backend may be another device's next. */
void emunic_uplink_exit(EmunicState *s)
{
    NetClientState *peer = qemu_get_queue(s->nic)->peer;

    if (s->uplink.vnet && peer) {
        emunic_set_offload(peer, false, false);
    }
    qemu_del_nic(s->nic);
    s->nic = NULL;
}

/*
 * emunic: the switch: who gets a frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "switch.h"
#include "trace.h"

#define VPORT_WORDS BITS_TO_LONGS(EMUNIC_MAX_VPORTS)

/* Of each word that is looked at, the bits as they are then count. */
#define FOR_EACH_VPORT(v, map)                                          \
    for (unsigned word_ = 0; word_ < VPORT_WORDS; word_++)              \
        for (unsigned long bits_ = (map)[word_];                        \
             bits_ && ((v) = word_ * BITS_PER_LONG + ctzl(bits_), true); \
             bits_ &= bits_ - 1)

/* Is there another tag behind the outer one? */
static bool emunic_tagged_twice(const EmunicFrame *fr)
{
    uint16_t type = lduw_be_p(fr->hdr + ETH_HLEN + 2);

    return type == ETH_P_VLAN || type == ETH_P_DVLAN;
}

/* It ends within a tag, of which nobody could say what it is. */
static bool emunic_tag_is_cut(const EmunicFrame *fr)
{
    uint16_t type = lduw_be_p(fr->hdr + EMUNIC_MACS_LEN);

    return !fr->tpid && (type == ETH_P_VLAN || type == ETH_P_DVLAN);
}

/* With a port VLAN the frame gets its tag, or is refused. */
static bool emunic_put_port_vlan(const EmunicVport *p, EmunicFrame *fr)
{
    uint16_t tci = p->vlan_prio << 13 | p->vlan_vid;

    if (p->vlan_tpid == ETH_P_VLAN && fr->tpid) {
        if (emunic_frame_vid(fr) || emunic_tagged_twice(fr)) {
            return false;
        }
        emunic_frame_set_tag(fr, p->vlan_tpid, tci);
    } else {
        emunic_frame_insert_tag(fr, p->vlan_tpid, tci);
    }
    return true;
}

/* What SPOOFCHK is about: an address or a VLAN that the vport has not got */
static bool emunic_spoofed(EmunicFunction *f, const EmunicFrame *fr)
{
    const EmunicVport *p = &f->port;
    const unsigned long *owners;
    uint16_t vid = emunic_frame_vid(fr);

    if (p->spoofchk & EMUNIC_SPOOFCHK_MAC) {
        owners = emunic_fdb_find(f->pf, fr->hdr + ETH_ALEN);
        if (!owners || !test_bit(f->vport, owners)) {
            return true;
        }
    }
    if (!(p->spoofchk & EMUNIC_SPOOFCHK_VLAN) || !fr->tpid || p->vlan_vid ||
        (p->mode & EMUNIC_RX_MODE_VLAN_ANY)) {
        return false;
    }
    if (fr->tpid == ETH_P_VLAN && !vid) {
        /* A receiver takes a tag behind a priority tag for the VLAN. */
        return emunic_tagged_twice(fr);
    }
    return fr->tpid != ETH_P_VLAN || !(p->vlans[vid / 32] & BIT(vid % 32));
}

/* @offence: EMUNIC_OFFENCE_*, or 0 where the VF is not to blame */
static void emunic_refuse(EmunicFunction *f, const EmunicFrame *fr,
                          unsigned stat, uint32_t offence)
{
    uint32_t packets = emunic_frame_segments(fr);

    trace_emunic_tx_refused(f->vport, fr->len, fr->tpid, fr->tci, offence);
    emunic_count(f, stat, packets);
    if (offence) {
        emunic_offence(f, offence, packets);
    }
}

/*
 * Ingress policy. False: the frame is refused, and counted. Called with the
 * room for one more tag.
 */
static bool emunic_ingress(EmunicFunction *f, EmunicFrame *fr)
{
    /*
     * Neither a link that is DOWN nor a PF that is gone lets a VF send; MAC
     * control is the port's own.
     */
    if ((emunic_is_vf(f) && (!(f->status & EMUNIC_STATUS_LINK_UP) ||
                             emunic_is_control(fr))) ||
        is_multicast_ether_addr(fr->hdr + ETH_ALEN) ||
        emunic_tag_is_cut(fr)) {
        emunic_refuse(f, fr, EMUNIC_STAT(tx_dropped), 0);
        return false;
    }
    if (f->port.spoofchk && emunic_spoofed(f, fr)) {
        emunic_refuse(f, fr, EMUNIC_STAT(tx_spoofed), EMUNIC_OFFENCE_SPOOF);
        return false;
    }
    if (f->port.vlan_vid && !emunic_put_port_vlan(&f->port, fr)) {
        emunic_refuse(f, fr, EMUNIC_STAT(tx_dropped), EMUNIC_OFFENCE_VLAN);
        return false;
    }
    return true;
}

static bool emunic_in_vlan(const EmunicFunction *f, const EmunicFrame *fr)
{
    const EmunicVport *p = &f->port;
    uint16_t vid = emunic_frame_vid(fr);

    if (p->vlan_vid) {
        return fr->tpid == p->vlan_tpid && vid == p->vlan_vid;
    }
    if (!fr->tpid || (fr->tpid == ETH_P_VLAN && !vid)) {
        return true;
    }
    if (p->mode & EMUNIC_RX_MODE_VLAN_ANY) {
        return true;
    }
    return fr->tpid == ETH_P_VLAN && (p->vlans[vid / 32] & BIT(vid % 32));
}

/* The bridge above reflects also to those that sent the frame. */
static void emunic_not_to_owners(EmunicState *s, const uint8_t *mac,
                                 unsigned long *to)
{
    const unsigned long *owners = emunic_fdb_find(s, mac);

    if (owners) {
        bitmap_andnot(to, to, owners, EMUNIC_MAX_VPORTS);
    }
}

/*
 * The vports that get @fr, in @to, and whether the uplink gets it. A unicast
 * frame that only promiscuous vports take goes to the uplink too.
 */
static bool emunic_destinations(EmunicState *s, const EmunicFrame *fr,
                                unsigned long *to)
{
    static const unsigned long nobody[VPORT_WORDS];
    const uint8_t *mac = fr->hdr;
    const unsigned long *filter;
    bool found = false;
    unsigned v;

    if (fr->src != EMUNIC_VPORT_UPLINK &&
        (s->switch_mode == EMUNIC_SWITCH_VEPA || emunic_is_pause(fr))) {
        bitmap_zero(to, EMUNIC_MAX_VPORTS);
        return true;
    }
    filter = emunic_fdb_find(s, mac);
    if (is_broadcast_ether_addr(mac)) {
        bitmap_copy(to, s->present, EMUNIC_MAX_VPORTS);
    } else {
        const unsigned long *group =
            is_multicast_ether_addr(mac) ? s->allmulti : nobody;

        filter = filter ?: nobody;
        for (int i = 0; i < VPORT_WORDS; i++) {
            to[i] = (filter[i] | group[i] | s->promisc[i]) & s->present[i];
        }
    }
    if (fr->src != EMUNIC_VPORT_UPLINK) {
        clear_bit(fr->src, to);
    } else if (s->switch_mode == EMUNIC_SWITCH_VEPA) {
        emunic_not_to_owners(s, fr->hdr + ETH_ALEN, to);
    }
    FOR_EACH_VPORT(v, to) {
        if (!emunic_in_vlan(s->port[v], fr)) {
            clear_bit(v, to);
        } else if (filter && test_bit(v, filter)) {
            found = true;
        }
    }
    return is_multicast_ether_addr(mac) || !found;
}

static void emunic_forward(EmunicState *s, EmunicScratch *scratch,
                           EmunicFrame *fr, const unsigned long *to)
{
    unsigned v;

    FOR_EACH_VPORT(v, to) {
        /* A fault of one receiver may have unplugged all. */
        if (s->port[v]) {
            emunic_rx_frame(s->port[v], scratch, fr);
        }
    }
}

static void emunic_count_tx(EmunicFunction *f, const EmunicFrame *fr)
{
    uint32_t packets = emunic_frame_segments(fr);

    EMUNIC_COUNT(f, tx_packets, packets);
    EMUNIC_COUNT(f, tx_bytes, emunic_frame_wire_bytes(fr, fr->sent_len));
    if (is_broadcast_ether_addr(fr->hdr)) {
        EMUNIC_COUNT(f, tx_broadcast, packets);
    } else if (is_multicast_ether_addr(fr->hdr)) {
        EMUNIC_COUNT(f, tx_multicast, packets);
    }
}

/* False: it has to wait for the uplink, and nothing has been done with it. */
bool emunic_switch_from_vport(EmunicFunction *f, EmunicFrame *fr)
{
    DECLARE_BITMAP(to, EMUNIC_MAX_VPORTS) QEMU_UNINITIALIZED;
    EmunicState *s = f->pf;
    bool uplink;

    if (!emunic_ingress(f, fr)) {
        return true;
    }
    uplink = emunic_destinations(s, fr, to);
    if (uplink && s->uplink.silent && !emunic_is_pause(fr)) {
        return false;
    }
    emunic_count_tx(f, fr);
    emunic_forward(s, s->tx_scratch, fr, to);
    /* Last, because a backend may answer at once. */
    if (uplink) {
        emunic_to_uplink(s, s->tx_scratch, fr);
    }
    return true;
}

void emunic_switch_from_uplink(EmunicState *s, EmunicFrame *fr)
{
    DECLARE_BITMAP(to, EMUNIC_MAX_VPORTS) QEMU_UNINITIALIZED;

    if (emunic_port_receive(s, fr)) {
        return;
    }
    emunic_destinations(s, fr, to);
    if (bitmap_empty(to, EMUNIC_MAX_VPORTS)) {
        emunic_port_count_unclaimed(s, fr);
    }
    emunic_forward(s, s->rx_scratch, fr, to);
}

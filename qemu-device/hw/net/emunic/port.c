/*
 * emunic: the port: counters of the uplink, and PAUSE
 *
 * A PAUSE frame from the uplink stops what would go there: a Tx queue that
 * comes to such a frame waits with it (tx.c), others go on. The other way, the
 * port asks for silence when the PF has no buffer for a frame, and ends it when
 * a look at the ring, which needs no kick, shows new ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "switch.h"
#include "trace.h"

#define ETH_P_MAC_CONTROL   0x8808
#define PAUSE_OPCODE        1
#define PAUSE_MAX           0xffff
#define PAUSE_FRAME_LEN     60
#define QUANTUM_BITS        512

#define XOFF_PERIOD         1000000     /* ns, least between two of a lack */
#define LOOK_PERIOD         100000      /* ns between two looks for buffers */
#define FCS_LEN             4

#define PORT_STAT(name)     (offsetof(struct emunic_port_stats, name) / 8)

static const uint8_t pause_mac[ETH_ALEN] = { 0x01, 0x80, 0xc2, 0, 0, 0x01 };

bool emunic_is_control(const EmunicFrame *fr)
{
    return lduw_be_p(fr->hdr + EMUNIC_MACS_LEN) == ETH_P_MAC_CONTROL;
}

bool emunic_is_pause(const EmunicFrame *fr)
{
    return emunic_is_control(fr) && fr->hdr_copied >= ETH_HLEN + 4 &&
           !memcmp(fr->hdr, pause_mac, ETH_ALEN) &&
           lduw_be_p(fr->hdr + ETH_HLEN) == PAUSE_OPCODE;
}

static unsigned emunic_port_size(uint32_t len)
{
    static const uint16_t up_to[EMUNIC_PORT_SIZES - 1] = {
        64, 127, 255, 511, 1023, 1518
    };
    unsigned i = 0;

    while (i < ARRAY_SIZE(up_to) && len + FCS_LEN > up_to[i]) {
        i++;
    }
    return i;
}

/* @stats: tx_frames or rx_frames, behind which the others follow */
static void emunic_port_count(uint64_t *stats, uint64_t *sizes,
                              const EmunicFrame *fr)
{
    uint32_t segments = emunic_frame_segments(fr);
    uint64_t octets = emunic_frame_wire_bytes(fr, fr->len);
    uint32_t last = fr->len;

    stats[0] += segments;
    stats[1] += octets;
    if (is_broadcast_ether_addr(fr->hdr)) {
        stats[3] += segments;
    } else if (is_multicast_ether_addr(fr->hdr)) {
        stats[2] += segments;
    }
    if (segments > 1) {
        last = octets - (segments - 1) * (uint64_t)(fr->hdr_len + fr->gso_size);
        sizes[emunic_port_size(fr->hdr_len + fr->gso_size)] += segments - 1;
    }
    sizes[emunic_port_size(last)]++;
}

void emunic_port_count_tx(EmunicState *s, const EmunicFrame *fr)
{
    uint64_t *stats = s->uplink.stats;

    if (emunic_is_control(fr)) {
        stats[PORT_STAT(tx_pause)]++;
    } else {
        emunic_port_count(stats + PORT_STAT(tx_frames),
                          stats + PORT_STAT(tx_sizes), fr);
    }
}

/* A frame that is none, for its length */
void emunic_port_count_bad(EmunicState *s, size_t len)
{
    s->uplink.stats[len < EMUNIC_FRAME_MIN ? PORT_STAT(rx_too_short)
                                           : PORT_STAT(rx_too_long)]++;
}

void emunic_port_count_unclaimed(EmunicState *s, const EmunicFrame *fr)
{
    s->uplink.stats[PORT_STAT(rx_unclaimed)] += emunic_frame_segments(fr);
}

/* Queues that had to wait may send again. */
static void emunic_port_resume(EmunicState *s)
{
    if (!s->uplink.silent) {
        return;
    }
    s->uplink.silent = false;
    timer_del(s->uplink.silence_timer);
    for (unsigned v = 0; v <= s->max_vfs; v++) {
        EmunicFunction *f = s->port[v];

        if (f && f->tx_paused) {
            emunic_kick(f, f->tx_paused);
            f->tx_paused = 0;
        }
    }
}

void emunic_port_silence_timer(void *opaque)
{
    emunic_port_resume(opaque);
}

static void emunic_port_silence(EmunicState *s, uint16_t quanta)
{
    int64_t ns = quanta * QUANTUM_BITS * 1000ll / s->speed;

    trace_emunic_pause(false, quanta);
    if (!(s->uplink.pause & EMUNIC_PAUSE_RX)) {
        return;
    }
    if (!quanta) {
        emunic_port_resume(s);
        return;
    }
    s->uplink.silent = true;
    timer_mod_ns(s->uplink.silence_timer,
                 qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + ns);
}

/* A frame from the uplink. True: it was for the port itself. */
bool emunic_port_receive(EmunicState *s, const EmunicFrame *fr)
{
    uint64_t *stats = s->uplink.stats;

    if (!emunic_is_control(fr)) {
        emunic_port_count(stats + PORT_STAT(rx_frames),
                          stats + PORT_STAT(rx_sizes), fr);
        return false;
    }
    stats[PORT_STAT(rx_control)]++;
    if (!emunic_is_pause(fr)) {
        stats[PORT_STAT(rx_unsupported)]++;
        return false;
    }
    stats[PORT_STAT(rx_pause)]++;
    emunic_port_silence(s, lduw_be_p(fr->hdr + ETH_HLEN + 2));
    return true;
}

static void emunic_port_send_pause(EmunicState *s, uint16_t quanta)
{
    uint8_t data[EMUNIC_HDR_ROOM + PAUSE_FRAME_LEN] = { 0 };
    uint8_t *hdr = data + EMUNIC_HDR_ROOM;
    EmunicFrame fr;

    trace_emunic_pause(true, quanta);
    memcpy(hdr, pause_mac, ETH_ALEN);
    memcpy(hdr + ETH_ALEN, s->conf.macaddr.a, ETH_ALEN);
    stw_be_p(hdr + EMUNIC_MACS_LEN, ETH_P_MAC_CONTROL);
    stw_be_p(hdr + ETH_HLEN, PAUSE_OPCODE);
    stw_be_p(hdr + ETH_HLEN + 2, quanta);
    emunic_frame_init(&fr, hdr, PAUSE_FRAME_LEN, PAUSE_FRAME_LEN, NULL, 0, 0);
    emunic_to_uplink(s, NULL, &fr);
}

static void emunic_port_look_later(EmunicState *s)
{
    timer_mod_ns(s->uplink.look_timer,
                 qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + LOOK_PERIOD);
}

/*
 * The PF's @q lacked a buffer for a frame from the uplink. Whoever sends these
 * is asked at once, which may be in the middle of his sending them.
 */
void emunic_port_starved(EmunicState *s, const EmunicQueue *q)
{
    EmunicUplink *u = &s->uplink;
    int64_t now;

    if (!(u->pause & EMUNIC_PAUSE_TX)) {
        return;
    }
    u->starved |= BIT(q->index);
    u->starved_tail[q->index] = q->tail;
    now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (now >= u->xoff_at) {
        u->xoff_at = now + XOFF_PERIOD;
        emunic_port_look_later(s);
        emunic_port_send_pause(s, PAUSE_MAX);
    }
}

void emunic_port_look_timer(void *opaque)
{
    EmunicState *s = opaque;

    s->uplink.look = true;
    emunic_schedule(s);
}

/* Which of the starved queues have got buffers, or want none any more? */
static void emunic_port_look(EmunicState *s)
{
    EmunicUplink *u = &s->uplink;

    for (uint32_t left = u->starved; left; left &= left - 1) {
        EmunicQueue *q = &s->fn.rxq[ctz32(left)];

        if (!emunic_queue_running(q) || !emunic_queue_read_tail(&s->fn, q) ||
            q->tail != u->starved_tail[q->index]) {
            u->starved &= ~BIT(q->index);
        }
    }
}

/* The bottom half's part: is there still a lack? */
void emunic_port_run(EmunicState *s)
{
    EmunicUplink *u = &s->uplink;

    if (!u->look) {
        return;
    }
    u->look = false;
    emunic_port_look(s);
    if (u->starved) {
        emunic_port_look_later(s);
    } else {
        u->xoff_at = 0;
        emunic_port_send_pause(s, 0);
    }
}

uint16_t emunic_port_set_pause(EmunicState *s, uint32_t pause)
{
    if (pause & ~EMUNIC_PAUSE_ALL) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    s->uplink.pause = pause;
    if (!(pause & EMUNIC_PAUSE_RX)) {
        emunic_port_resume(s);
    }
    if (!(pause & EMUNIC_PAUSE_TX)) {
        s->uplink.starved = 0;
        s->uplink.xoff_at = 0;
        s->uplink.look = false;
        timer_del(s->uplink.look_timer);
    }
    return EMUNIC_ADMIN_ST_OK;
}

void emunic_port_clear_stats(EmunicState *s)
{
    memset(s->uplink.stats, 0, sizeof(s->uplink.stats));
}

void emunic_port_init(EmunicState *s)
{
    s->uplink.silence_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL,
                                           emunic_port_silence_timer, s);
    s->uplink.look_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL,
                                        emunic_port_look_timer, s);
}

void emunic_port_free(EmunicState *s)
{
    s->uplink.look = false;
    g_clear_pointer(&s->uplink.silence_timer, timer_free);
    g_clear_pointer(&s->uplink.look_timer, timer_free);
}

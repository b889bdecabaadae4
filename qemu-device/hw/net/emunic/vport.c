/*
 * emunic: vports: addresses, VLANs and modes, as the PF sets them
 *
 * The forwarding table has every unicast address and filter of every vport;
 * it is derived from the vports and kept in step with them here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "switch.h"
#include "trace.h"

typedef struct EmunicFdbEntry {
    int64_t key;
    DECLARE_BITMAP(ports, EMUNIC_MAX_VPORTS);
} EmunicFdbEntry;

static int64_t emunic_mac_key(const uint8_t *mac)
{
    return (int64_t)lduw_be_p(mac) << 32 | (uint32_t)ldl_be_p(mac + 2);
}

static bool emunic_mac_is_zero(const uint8_t *mac)
{
    return !emunic_mac_key(mac);
}

/* Forget what was found: the table changes. */
static void emunic_fdb_changed(EmunicState *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(s->fdb_found); i++) {
        s->fdb_found[i].key = -1;
    }
}

void emunic_switch_init(EmunicState *s)
{
    s->fdb = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    emunic_fdb_changed(s);
}

void emunic_switch_exit(EmunicState *s)
{
    g_clear_pointer(&s->fdb, g_hash_table_unref);
}

/* The vports that have @mac as address or filter, or NULL; zero: nobody */
const unsigned long *emunic_fdb_find(EmunicState *s, const uint8_t *mac)
{
    int64_t key = emunic_mac_key(mac);
    EmunicFdbFound *found =
        &s->fdb_found[(key ^ key >> 8) % ARRAY_SIZE(s->fdb_found)];

    if (found->key != key) {
        EmunicFdbEntry *e = g_hash_table_lookup(s->fdb, &key);

        found->key = key;
        found->ports = e ? e->ports : NULL;
    }
    return found->ports;
}

static int emunic_filter_find(const EmunicVport *p, const uint8_t *mac)
{
    for (uint32_t i = 0; i < p->nmacs; i++) {
        if (!memcmp(p->macs[i], mac, ETH_ALEN)) {
            return i;
        }
    }
    return -1;
}

/* Make the table agree with what @f has about @mac. */
static void emunic_fdb_sync(EmunicFunction *f, const uint8_t *mac)
{
    EmunicState *s = f->pf;
    int64_t key = emunic_mac_key(mac);
    EmunicFdbEntry *e = g_hash_table_lookup(s->fdb, &key);
    bool want = key && (!memcmp(f->port.mac, mac, ETH_ALEN) ||
                        emunic_filter_find(&f->port, mac) >= 0);

    emunic_fdb_changed(s);
    if (want && !e) {
        e = g_new0(EmunicFdbEntry, 1);
        e->key = key;
        g_hash_table_insert(s->fdb, &e->key, e);
    }
    if (want) {
        set_bit(f->vport, e->ports);
    } else if (e) {
        clear_bit(f->vport, e->ports);
        if (bitmap_empty(e->ports, EMUNIC_MAX_VPORTS)) {
            g_hash_table_remove(s->fdb, &key);
        }
    }
}

uint16_t emunic_vport_set_mac(EmunicFunction *f, const uint8_t *mac)
{
    uint8_t old[ETH_ALEN];

    if (is_multicast_ether_addr(mac)) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    memcpy(old, f->port.mac, ETH_ALEN);
    memcpy(f->port.mac, mac, ETH_ALEN);
    emunic_fdb_sync(f, old);
    emunic_fdb_sync(f, mac);
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_add_mac(EmunicFunction *f, const uint8_t *mac)
{
    EmunicVport *p = &f->port;

    if (is_broadcast_ether_addr(mac) || emunic_mac_is_zero(mac)) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    if (emunic_filter_find(p, mac) >= 0) {
        return EMUNIC_ADMIN_ST_OK;
    }
    if (p->nmacs == EMUNIC_VPORT_MAX_MACS) {
        return EMUNIC_ADMIN_ST_NO_SPACE;
    }
    memcpy(p->macs[p->nmacs++], mac, ETH_ALEN);
    emunic_fdb_sync(f, mac);
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_del_mac(EmunicFunction *f, const uint8_t *mac)
{
    EmunicVport *p = &f->port;
    int i = emunic_filter_find(p, mac);

    if (i < 0) {
        return EMUNIC_ADMIN_ST_NOT_FOUND;
    }
    memmove(p->macs[i], p->macs[--p->nmacs], ETH_ALEN);
    emunic_fdb_sync(f, mac);
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_set_vlan(EmunicFunction *f, uint16_t tpid, uint16_t vid,
                               uint16_t prio)
{
    if ((tpid != ETH_P_VLAN && tpid != ETH_P_DVLAN) ||
        vid > EMUNIC_VLANS - 2 || prio > 7) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    f->port.vlan_tpid = vid ? tpid : 0;
    f->port.vlan_vid = vid;
    f->port.vlan_prio = vid ? prio : 0;
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_add_vlan(EmunicFunction *f, uint16_t vid)
{
    if (vid > EMUNIC_VLANS - 2) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    f->port.vlans[vid / 32] |= BIT(vid % 32);
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_del_vlan(EmunicFunction *f, uint16_t vid)
{
    if (vid > EMUNIC_VLANS - 2) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    if (!(f->port.vlans[vid / 32] & BIT(vid % 32))) {
        return EMUNIC_ADMIN_ST_NOT_FOUND;
    }
    f->port.vlans[vid / 32] &= ~BIT(vid % 32);
    return EMUNIC_ADMIN_ST_OK;
}

/* Of a VF; its driver is told at once. */
uint16_t emunic_vport_set_link(EmunicFunction *f, uint32_t link)
{
    if (link > EMUNIC_LINK_DOWN) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    f->port.link = link;
    emunic_update_status(f);
    return EMUNIC_ADMIN_ST_OK;
}

uint64_t emunic_min_rates(const EmunicState *s)
{
    uint64_t sum = 0;

    for (unsigned v = 1; v <= s->max_vfs; v++) {
        if (s->port[v]) {
            sum += s->port[v]->port.min_rate;
        }
    }
    return sum;
}

/* Make the scheduler agree with the policy. */
static void emunic_vport_apply_rates(EmunicFunction *f)
{
    emunic_sched_set_rates(&f->pf->sched, f->vport, f->port.min_rate,
                           f->port.max_rate,
                           qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
    /* Who waited may go on. */
    emunic_schedule(f->pf);
}

/* Of a VF, in Mbit/s; 0: none */
uint16_t emunic_vport_set_rate(EmunicFunction *f, uint32_t min, uint32_t max)
{
    EmunicState *s = f->pf;

    if (min > s->speed || max > s->speed || (max && max < min)) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    if (emunic_min_rates(s) - f->port.min_rate + min > s->speed) {
        return EMUNIC_ADMIN_ST_NO_SPACE;
    }
    f->port.min_rate = min;
    f->port.max_rate = max;
    emunic_vport_apply_rates(f);
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_set_spoofchk(EmunicFunction *f, uint32_t spoofchk)
{
    if (spoofchk & ~EMUNIC_SPOOFCHK_ALL) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    f->port.spoofchk = spoofchk;
    return EMUNIC_ADMIN_ST_OK;
}

uint16_t emunic_vport_set_flags(EmunicFunction *f, uint32_t flags)
{
    if (flags & ~EMUNIC_VPORT_FLAGS_ALL) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    f->port.flags = flags;
    return EMUNIC_ADMIN_ST_OK;
}

void emunic_vport_get_policy(const EmunicFunction *f,
                             struct emunic_vport_policy *policy)
{
    const EmunicVport *p = &f->port;

    *policy = (struct emunic_vport_policy) {
        .tpid = cpu_to_le16(p->vlan_tpid),
        .vid = cpu_to_le16(p->vlan_vid),
        .prio = cpu_to_le16(p->vlan_prio),
        .flags = cpu_to_le32(p->flags),
        .link = cpu_to_le32(p->link),
        .min_rate = cpu_to_le32(p->min_rate),
        .max_rate = cpu_to_le32(p->max_rate),
        .spoofchk = cpu_to_le32(p->spoofchk),
        .vectors = cpu_to_le32(p->vectors),
    };
    memcpy(policy->mac, p->mac, ETH_ALEN);
}

static void emunic_vport_apply_mode(EmunicFunction *f)
{
    EmunicState *s = f->pf;

    clear_bit(f->vport, s->promisc);
    clear_bit(f->vport, s->allmulti);
    if (f->port.mode & EMUNIC_RX_MODE_PROMISC) {
        set_bit(f->vport, s->promisc);
    }
    if (f->port.mode & EMUNIC_RX_MODE_ALLMULTI) {
        set_bit(f->vport, s->allmulti);
    }
}

uint16_t emunic_vport_set_mode(EmunicFunction *f, uint32_t mode)
{
    if (mode & ~EMUNIC_RX_MODE_ALL) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    f->port.mode = mode;
    emunic_vport_apply_mode(f);
    return EMUNIC_ADMIN_ST_OK;
}

void emunic_vport_clear_state(EmunicFunction *f)
{
    EmunicVport *p = &f->port;

    /* Not more, even after a migration stream that broke off in the middle */
    p->nmacs = MIN(p->nmacs, EMUNIC_VPORT_MAX_MACS);
    while (p->nmacs) {
        p->nmacs--;
        emunic_fdb_sync(f, p->macs[p->nmacs]);
    }
    memset(p->vlans, 0, sizeof(p->vlans));
    emunic_vport_set_mode(f, 0);
}

/* STATUS is the caller's to update. */
void emunic_vport_clear_policy(EmunicFunction *f)
{
    static const uint8_t none[ETH_ALEN];
    EmunicVport *p = &f->port;

    emunic_vport_set_mac(f, none);
    p->vlan_tpid = 0;
    p->vlan_vid = 0;
    p->vlan_prio = 0;
    p->flags = 0;
    p->link = EMUNIC_LINK_AUTO;
    p->spoofchk = 0;
    emunic_vport_set_rate(f, 0, 0);
    emunic_vectors_set(f, 0);
}

/* State, policy and counters */
void emunic_vport_clear(EmunicFunction *f)
{
    emunic_vport_clear_state(f);
    emunic_vport_clear_policy(f);
    memset(f->port.stats, 0, sizeof(f->port.stats));
    if (!emunic_is_vf(f)) {
        emunic_port_clear_stats(f->pf);
    }
    emunic_offence_clear(f);
}

/* Whether the switch knows the vport: a VF is there while it is enabled. */
void emunic_vport_set_present(EmunicFunction *f, bool present)
{
    if (present) {
        set_bit(f->vport, f->pf->present);
    } else {
        clear_bit(f->vport, f->pf->present);
    }
}

/* Derive what is derived, after f->port has been loaded. */
void emunic_vport_restore(EmunicFunction *f)
{
    emunic_fdb_sync(f, f->port.mac);
    for (uint32_t i = 0; i < f->port.nmacs; i++) {
        emunic_fdb_sync(f, f->port.macs[i]);
    }
    emunic_vport_apply_mode(f);
    emunic_vport_apply_rates(f);
}

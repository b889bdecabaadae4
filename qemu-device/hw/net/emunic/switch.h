/*
 * emunic: the switch: vports, filters, forwarding
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_SWITCH_H
#define HW_NET_EMUNIC_SWITCH_H

#include "emunic.h"
#include "frame.h"

/* vport.c: what the PF sets; each returns an EMUNIC_ADMIN_ST_* */
uint16_t emunic_vport_set_mac(EmunicFunction *f, const uint8_t *mac);
uint16_t emunic_vport_add_mac(EmunicFunction *f, const uint8_t *mac);
uint16_t emunic_vport_del_mac(EmunicFunction *f, const uint8_t *mac);
uint16_t emunic_vport_set_vlan(EmunicFunction *f, uint16_t tpid, uint16_t vid,
                               uint16_t prio);
uint16_t emunic_vport_add_vlan(EmunicFunction *f, uint16_t vid);
uint16_t emunic_vport_del_vlan(EmunicFunction *f, uint16_t vid);
uint16_t emunic_vport_set_link(EmunicFunction *f, uint32_t link);
uint16_t emunic_vport_set_rate(EmunicFunction *f, uint32_t min, uint32_t max);
uint64_t emunic_min_rates(const EmunicState *s);
uint16_t emunic_vport_set_spoofchk(EmunicFunction *f, uint32_t spoofchk);
uint16_t emunic_vport_set_flags(EmunicFunction *f, uint32_t flags);
uint16_t emunic_vport_set_mode(EmunicFunction *f, uint32_t mode);
void emunic_vport_get_policy(const EmunicFunction *f,
                             struct emunic_vport_policy *policy);
void emunic_vport_clear_state(EmunicFunction *f);
void emunic_vport_clear_policy(EmunicFunction *f);
void emunic_vport_clear(EmunicFunction *f);
void emunic_vport_set_present(EmunicFunction *f, bool present);
void emunic_vport_restore(EmunicFunction *f);

/* switch.c */
void emunic_switch_init(EmunicState *s);
void emunic_switch_exit(EmunicState *s);
const unsigned long *emunic_fdb_find(EmunicState *s, const uint8_t *mac);
bool emunic_switch_from_vport(EmunicFunction *f, EmunicFrame *fr);
void emunic_switch_from_uplink(EmunicState *s, EmunicFrame *fr);

/* uplink.c */
void emunic_to_uplink(EmunicState *s, EmunicScratch *scratch, EmunicFrame *fr);

/* port.c */
bool emunic_is_control(const EmunicFrame *fr);
bool emunic_is_pause(const EmunicFrame *fr);
bool emunic_port_receive(EmunicState *s, const EmunicFrame *fr);
void emunic_port_count_tx(EmunicState *s, const EmunicFrame *fr);
void emunic_port_count_unclaimed(EmunicState *s, const EmunicFrame *fr);

#endif /* HW_NET_EMUNIC_SWITCH_H */

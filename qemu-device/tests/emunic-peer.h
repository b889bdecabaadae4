/*
 * emunic: another NIC at the other end of the uplink
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_EMUNIC_PEER_H
#define TESTS_QTEST_EMUNIC_PEER_H

#include "emunic-port.h"

/* For QEMU; the device then has netdev=up. */
#define PEER_ARGS \
    "-netdev hubport,id=up,hubid=0 -netdev hubport,id=peer,hubid=0 " \
    "-device virtio-net-pci,netdev=peer,addr=5,disable-modern=on," \
    "disable-legacy=off,vectors=2"

/* A virtio-net of the oldest kind, which is at the same hub */
typedef struct Peer {
    QEmunic *nic;
    uint64_t tx_ring, rx_ring;
    uint64_t frame;
    uint16_t sent;
} Peer;

void peer_init(Peer *p, QEmunic *nic);
void peer_send(Peer *p, const uint8_t *frame, uint32_t first, unsigned count,
               uint32_t each);
void peer_listen(Peer *p, uint64_t addr, uint32_t data);

#endif /* TESTS_QTEST_EMUNIC_PEER_H */

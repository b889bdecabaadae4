/*
 * emunic: TCP and UDP frames for tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_EMUNIC_FRAME_H
#define TESTS_QTEST_EMUNIC_FRAME_H

#include "emunic-port.h"

#define ETH     14
#define IP4     20
#define IP6     40
#define TCP     20
#define UDP     8

#define PROTO_TCP   6
#define PROTO_UDP   17

uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum);
uint16_t pseudo(const uint8_t *ip, uint8_t proto, uint32_t l4_len);
bool l4_good(const uint8_t *ip, const uint8_t *l4, uint32_t l4_len);
size_t build_l4(uint8_t *frame, bool ip6, uint8_t proto, const uint8_t *dst,
                const uint8_t *src, size_t payload);
size_t build_tcp(uint8_t *frame, bool ip6, const uint8_t *dst,
                 const uint8_t *src, size_t payload);
void set_meta_l4(struct emunic_tx_meta *meta, bool ip6, uint8_t proto,
                 uint16_t flags, uint16_t gso_size);
void set_meta(struct emunic_tx_meta *meta, bool ip6, uint16_t flags,
              uint16_t gso_size);

#endif /* TESTS_QTEST_EMUNIC_FRAME_H */

/*
 * emunic: TCP connections for tests of receive offload
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_EMUNIC_STREAM_H
#define TESTS_QTEST_EMUNIC_STREAM_H

#include "emunic-frame.h"

#define GRO     (EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM | \
                 EMUNIC_RX_FEATURES_GRO)
#define LRO     (GRO | EMUNIC_RX_FEATURES_LRO)
#define SLOT    2048            /* of a frame to send */
#define CWR     0x80
#define ACK     0x10
#define PSH     0x08
#define FIN     0x01

/* The next segments of a connection: all are valid as they come. */
typedef struct Stream {
    bool ip6;
    uint16_t port;
    uint32_t seq;
    uint16_t id;
    uint32_t at;                /* bytes of the stream that were sent */
} Stream;

void finish_csums(uint8_t *frame, size_t len);
size_t next_segment(Stream *s, uint8_t *frame, uint32_t payload,
                    uint8_t flags);
void put_in_turn(Port *p, const struct emunic_tx_meta *meta,
                 const uint8_t *frame, size_t len);
void send_turn(Port *p);
void put_next(Data *d, Stream *s, uint32_t payload, uint8_t flags);
void expect_piece(Data *d, const Stream *s, uint32_t at, uint32_t n,
                  uint32_t gso, uint8_t flags);
void nothing_more(Data *d);
void rx_features(Data *d, uint32_t features);

#endif /* TESTS_QTEST_EMUNIC_STREAM_H */

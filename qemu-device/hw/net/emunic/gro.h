/*
 * emunic: receive offload, what its two halves share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_GRO_H
#define HW_NET_EMUNIC_GRO_H

#include "frame.h"
#include "qemu/queue.h"

/*
 * A TCP segment, as offsets in its frame
 *
 * @outer: IP header of the tunnel that it is in; 0: it is in none
 * @l3, @l4: its IP header and its TCP header, which is in the copy
 * @hdr_len, @payload: bytes; valid once parsed, and none is 0 then
 */
typedef struct EmunicSegment {
    uint32_t outer;
    uint32_t l3;
    uint32_t l4;
    uint32_t hdr_len;
    uint32_t payload;
    bool outer_ip4;
    bool ip4;
} EmunicSegment;

/*
 * The ID of an IPv4 header: that of the last segment, and by how much it goes
 * up, if there are two at least
 */
typedef struct EmunicGroId {
    uint16_t id;
    uint16_t step;
} EmunicGroId;

/*
 * An open frame
 *
 * @segment: the first one
 * @until: not closed before, for time alone; 0: when the turn ends
 * @next_seq: sequence number behind the last one
 * @data: headers and payload
 */
typedef struct EmunicGroFlow {
    QTAILQ_ENTRY(EmunicGroFlow) link;
    QLIST_ENTRY(EmunicGroFlow) bucket;
    QTAILQ_ENTRY(EmunicGroFlow) of_queue;
    EmunicFunction *f;
    EmunicQueue *q;
    EmunicRxView view;
    EmunicSegment segment;
    int64_t until;
    uint32_t segments;
    uint32_t next_seq;
    EmunicGroId outer_id;
    EmunicGroId id;
    EmunicFrame frame;
    uint8_t *data;
} EmunicGroFlow;

/* The longest IP packet that is made */
#define GRO_IP_MAX      UINT16_MAX

/* gro_rules.c */
bool emunic_gro_locate(const EmunicFrame *fr, uint32_t features,
                       EmunicSegment *s);
bool emunic_gro_parse(EmunicFrame *fr, EmunicSegment *s);
bool emunic_gro_last(const EmunicFrame *fr, const EmunicSegment *s);
bool emunic_gro_connection(const EmunicGroFlow *flow, const EmunicFunction *f,
                           const EmunicFrame *fr, const EmunicSegment *s);
bool emunic_gro_continues(const EmunicGroFlow *flow, const EmunicQueue *q,
                          const EmunicFrame *fr, const EmunicRxView *view,
                          const EmunicSegment *s);
void emunic_gro_append(EmunicGroFlow *flow, const EmunicFrame *fr,
                       const EmunicSegment *s);
void emunic_gro_merge(EmunicGroFlow *flow);

#endif /* HW_NET_EMUNIC_GRO_H */

/*
 * emunic: TCP connections for tests of receive offload
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-stream.h"

static uint8_t stream_byte(uint32_t at)
{
    return at * 13 + (at >> 7);
}

void finish_csums(uint8_t *frame, size_t len)
{
    bool ip6 = frame[ETH] >> 4 == 6;
    uint8_t *ip = frame + ETH;
    size_t l4 = ETH + (ip6 ? IP6 : (ip[0] & 15) * 4);
    uint8_t *tcp = frame + l4;

    if (!ip6) {
        stw_be_p(ip + 10, 0);
        stw_be_p(ip + 10, ~sum16(ip, l4 - ETH, 0));
    }
    stw_be_p(tcp + 16, 0);
    stw_be_p(tcp + 16, ~sum16(tcp, len - l4,
                              pseudo(ip, PROTO_TCP, len - l4)));
}

size_t next_segment(Stream *s, uint8_t *frame, uint32_t payload,
                    uint8_t flags)
{
    size_t len = build_tcp(frame, s->ip6, vf_mac[1], vf_mac[0], payload);
    size_t l4 = ETH + (s->ip6 ? IP6 : IP4);

    for (uint32_t i = 0; i < payload; i++) {
        frame[l4 + TCP + i] = stream_byte(s->at + i);
    }
    if (!s->ip6) {
        stw_be_p(frame + ETH + 4, s->id++);
        stw_be_p(frame + ETH + 6, 0x4000);
    }
    stw_be_p(frame + l4, 1000 + s->port);
    stl_be_p(frame + l4 + 4, s->seq + s->at);
    stl_be_p(frame + l4 + 8, 0x1234);
    stw_be_p(frame + l4 + 14, 500);
    frame[l4 + 13] = flags;
    s->at += payload;
    finish_csums(frame, len);
    return len;
}

/* Put a frame where it stays until all of its turn are sent. */
void put_in_turn(Port *p, const struct emunic_tx_meta *meta,
                 const uint8_t *frame, size_t len)
{
    uint64_t at = p->tx_buf + p->tx.tail % p->tx_slots * SLOT;
    struct emunic_tx_desc desc = {
        .addr = cpu_to_le64(at),
        .len = cpu_to_le32(len),
        .flags = cpu_to_le16(EMUNIC_TX_EOP),
    };

    g_assert_cmpuint(len, <=, SLOT);
    if (meta) {
        qemunic_put(&p->tx, meta, sizeof(*meta));
    }
    qtest_memwrite(p->f.nic->qts, at, frame, len);
    qemunic_put(&p->tx, &desc, sizeof(desc));
}

/* All in one turn */
void send_turn(Port *p)
{
    struct emunic_tx_cpl cpl;

    qemunic_tail(&p->tx);
    do {
        g_assert_true(qemunic_queue_wait(&p->tx, sizeof(cpl),
                                         offsetof(struct emunic_tx_cpl, flags),
                                         &cpl));
        g_assert_cmpuint(cpl.status, ==, 0);
    } while (le32_to_cpu(cpl.sq_head) != p->tx.tail);
}

void put_next(Data *d, Stream *s, uint32_t payload, uint8_t flags)
{
    uint8_t frame[SLOT];
    size_t len = next_segment(s, frame, payload, flags);

    put_in_turn(&d->vf[0], NULL, frame, len);
}

/* The next frame is of @n bytes of payload of the stream from @at on. */
void expect_piece(Data *d, const Stream *s, uint32_t at, uint32_t n,
                  uint32_t gso, uint8_t flags)
{
    size_t l4 = ETH + (s->ip6 ? IP6 : IP4);
    g_autofree Frame *fr = g_new(Frame, 1);
    uint8_t *ip = fr->data + ETH;
    uint8_t *tcp = fr->data + l4;

    g_assert_true(wait_receive(&d->vf[1], fr));
    g_assert_cmpuint(fr->len, ==, l4 + TCP + n);
    g_assert_cmpuint(lduw_be_p(tcp), ==, 1000 + s->port);
    g_assert_cmphex((uint32_t)ldl_be_p(tcp + 4), ==, s->seq + at);
    g_assert_cmphex(tcp[13], ==, flags);
    for (uint32_t i = 0; i < n; i++) {
        g_assert_cmpuint(tcp[TCP + i], ==, stream_byte(at + i));
    }
    if (s->ip6) {
        g_assert_cmpuint(lduw_be_p(ip + 4), ==, TCP + n);
    } else {
        g_assert_cmpuint(lduw_be_p(ip + 2), ==, IP4 + TCP + n);
        g_assert_cmphex(sum16(ip, IP4, 0), ==, 0xffff);
    }
    g_assert_cmpint(!!(fr->flags & EMUNIC_RX_GSO), ==, !!gso);
    if (gso) {
        g_assert_cmphex(fr->flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
        g_assert_cmphex(lduw_be_p(tcp + 16), ==,
                        pseudo(ip, PROTO_TCP, TCP + n));
        g_assert_cmpuint(le16_to_cpu(fr->cpl.csum_start), ==, l4);
        g_assert_cmpuint(le16_to_cpu(fr->cpl.csum_offset), ==, 16);
        g_assert_cmpuint(fr->cpl.gso_type, ==, EMUNIC_GSO_TCPV4 + s->ip6);
        g_assert_cmpuint(le16_to_cpu(fr->cpl.gso_size), ==, gso);
        g_assert_cmpuint(le16_to_cpu(fr->cpl.hdr_len), ==, l4 + TCP);
    } else {
        g_assert_cmphex(fr->flags & EMUNIC_RX_CSUM_OK, !=, 0);
        g_assert_true(l4_good(ip, tcp, TCP + n));
    }
    g_assert_cmphex(fr->flags & EMUNIC_RX_HASH, !=, 0);
}

void nothing_more(Data *d)
{
    /* What a turn has left behind comes before a register is read. */
    qemunic_read(&d->vf[1].f, EMUNIC_ID);
    expect_none(&d->vf[1]);
}

void rx_features(Data *d, uint32_t features)
{
    qemunic_write(&d->vf[1].f, EMUNIC_RX_FEATURES, features);
}

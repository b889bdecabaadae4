/*
 * emunic: receive offload: TCP segments that become GSO frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-frame.h"
#include "emunic-test.h"

#define GRO     (EMUNIC_RX_FEATURES_GSO | EMUNIC_RX_FEATURES_CSUM | \
                 EMUNIC_RX_FEATURES_GRO)
#define LRO     (GRO | EMUNIC_RX_FEATURES_LRO)
#define SLOT    2048            /* of a frame to send */
#define CWR     0x80
#define ACK     0x10
#define PSH     0x08
#define FIN     0x01

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };

/* The next segments of a connection: all are valid as they come. */
typedef struct Stream {
    bool ip6;
    uint16_t port;
    uint32_t seq;
    uint16_t id;
    uint32_t at;                /* bytes of the stream that were sent */
} Stream;

static uint8_t stream_byte(uint32_t at)
{
    return at * 13 + (at >> 7);
}

static void finish_csums(uint8_t *frame, size_t len)
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

static size_t next_segment(Stream *s, uint8_t *frame, uint32_t payload,
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
static void put(Port *p, const struct emunic_tx_meta *meta,
                const uint8_t *frame, size_t len)
{
    uint64_t at = p->tx_buf + p->tx.tail % 64 * SLOT;
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
static void send_all(Port *p)
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

static void put_next(Data *d, Stream *s, uint32_t payload, uint8_t flags)
{
    uint8_t frame[SLOT];
    size_t len = next_segment(s, frame, payload, flags);

    put(&d->vf[0], NULL, frame, len);
}

/* The next frame is of @n bytes of payload of the stream from @at on. */
static void expect_piece(Data *d, const Stream *s, uint32_t at, uint32_t n,
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

static void nothing_more(Data *d)
{
    /* What a turn has left behind comes before a register is read. */
    qemunic_read(&d->vf[1].f, EMUNIC_ID);
    expect_none(&d->vf[1]);
}

static void set_features(Data *d, uint32_t features)
{
    qemunic_write(&d->vf[1].f, EMUNIC_RX_FEATURES, features);
}

static void test_gro(void)
{
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (int ip6 = 0; ip6 <= 1; ip6++) {
        Stream s = { .ip6 = ip6, .seq = 0xfffffe00, .id = 0xfffe };

        set_features(&d, GRO);
        for (int i = 0; i < 10; i++) {
            put_next(&d, &s, 1400, ACK);
        }
        send_all(&d.vf[0]);
        expect_piece(&d, &s, 0, 14000, 1400, ACK);
        nothing_more(&d);
        /* A shorter one, and one with PSH or FIN, is the last one. */
        put_next(&d, &s, 1000, ACK);
        put_next(&d, &s, 999, ACK);
        put_next(&d, &s, 999, ACK);
        put_next(&d, &s, 999, ACK | PSH);
        put_next(&d, &s, 999, ACK);
        put_next(&d, &s, 1, ACK | FIN);
        put_next(&d, &s, 1, ACK | PSH);
        put_next(&d, &s, 1, ACK);
        send_all(&d.vf[0]);
        expect_piece(&d, &s, 14000, 1999, 1000, ACK);
        expect_piece(&d, &s, 15999, 1998, 999, ACK | PSH);
        expect_piece(&d, &s, 17997, 1000, 999, ACK | FIN);
        expect_piece(&d, &s, 18997, 1, 0, ACK | PSH);
        expect_piece(&d, &s, 18998, 1, 0, ACK);
        nothing_more(&d);
        /* A longer one begins anew; with LRO a shorter one is no end. */
        put_next(&d, &s, 100, ACK);
        put_next(&d, &s, 101, ACK);
        send_all(&d.vf[0]);
        expect_piece(&d, &s, 18999, 100, 0, ACK);
        expect_piece(&d, &s, 19099, 101, 0, ACK);
        set_features(&d, LRO);
        put_next(&d, &s, 100, ACK);
        put_next(&d, &s, 101, ACK);
        put_next(&d, &s, 99, ACK);
        put_next(&d, &s, 101, ACK);
        put_next(&d, &s, 7, ACK | PSH);
        put_next(&d, &s, 7, ACK);
        send_all(&d.vf[0]);
        expect_piece(&d, &s, 19200, 100, 0, ACK);
        expect_piece(&d, &s, 19300, 308, 101, ACK | PSH);
        expect_piece(&d, &s, 19608, 7, 0, ACK);
        nothing_more(&d);
        /* Not without all three */
        for (int bit = 0; bit < 3; bit++) {
            static const uint32_t bits[] = {
                EMUNIC_RX_FEATURES_GSO, EMUNIC_RX_FEATURES_CSUM,
                EMUNIC_RX_FEATURES_GRO,
            };
            uint32_t at = s.at;

            set_features(&d, LRO & ~bits[bit]);
            put_next(&d, &s, 50, ACK);
            put_next(&d, &s, 50, ACK);
            send_all(&d.vf[0]);
            expect_piece(&d, &s, at, 50, 0, ACK);
            expect_piece(&d, &s, at + 50, 50, 0, ACK);
        }
    }
    /* Segments count, not what has become of them. */
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, STAT(&d, 1, tx_packets));
    g_assert_cmpuint(STAT(&d, 2, rx_bytes), ==, STAT(&d, 1, tx_bytes));
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 2 * (10 + 8 + 2 + 6 + 6));
    qemunic_stop(d.nic);
}

/* What makes a second segment no continuation, at an offset from IP or TCP */
typedef struct Change {
    const char *name;
    bool tcp;
    uint8_t at;
    uint8_t flip;
} Change;

static void check_change(Data *d, bool ip6, const Change *c)
{
    size_t l4 = ETH + (ip6 ? IP6 : IP4);
    Stream s = { .ip6 = ip6 };
    uint8_t frame[SLOT];
    Frame fr;
    size_t len;

    put_next(d, &s, 500, ACK);
    len = next_segment(&s, frame, 500, ACK);
    frame[(c->tcp ? l4 : ETH) + c->at] ^= c->flip;
    finish_csums(frame, len);
    put(&d->vf[0], NULL, frame, len);
    send_all(&d->vf[0]);
    expect_piece(d, &s, 0, 500, 0, ACK);
    g_assert_true(wait_receive(&d->vf[1], &fr));
    g_test_message("%s", c->name);
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    nothing_more(d);
}

static void test_gro_headers(void)
{
    static const Change both[] = {
        { "source port", true, 1, 1 }, { "destination port", true, 3, 1 },
        { "sequence", true, 7, 1 }, { "sequence", true, 4, 0x80 },
        { "acknowledgement", true, 11, 1 }, { "reserved", true, 12, 1 },
        { "SYN", true, 13, 0x02 }, { "RST", true, 13, 0x04 },
        { "no ACK", true, 13, 0x10 }, { "URG", true, 13, 0x20 },
        { "ECE", true, 13, 0x40 }, { "CWR", true, 13, 0x80 },
        { "window", true, 15, 1 }, { "urgent pointer", true, 19, 1 },
    };
    static const Change ip4[] = {
        { "TOS", false, 1, 4 }, { "ID", false, 5, 2 }, { "DF", false, 6, 0x40 },
        { "TTL", false, 8, 1 }, { "source", false, 15, 1 },
        { "destination", false, 19, 1 },
    };
    static const Change ip6[] = {
        { "class", false, 0, 1 }, { "flow label", false, 3, 1 },
        { "hop limit", false, 7, 1 }, { "source", false, 8, 1 },
        { "destination", false, 39, 1 },
    };
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, LRO);
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        check_change(&d, false, &both[i]);
        check_change(&d, true, &both[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ip4); i++) {
        check_change(&d, false, &ip4[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ip6); i++) {
        check_change(&d, true, &ip6[i]);
    }
    qemunic_stop(d.nic);
}

/* Send @frame as the second segment of @s: it comes as it is, alone. */
static void check_alone(Data *d, Stream *s, const uint8_t *frame, size_t len,
                        uint32_t first)
{
    Frame fr;

    put(&d->vf[0], NULL, frame, len);
    put_next(d, s, 500, ACK);
    send_all(&d->vf[0]);
    expect_piece(d, s, first, 500, 0, ACK);
    g_assert_true(wait_receive(&d->vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    expect_piece(d, s, s->at - 500, 500, 0, ACK);
    nothing_more(d);
}

/* Frames of the same connection that do not merge do not change places. */
static void test_gro_order(void)
{
    uint8_t frame[SLOT];
    Stream s, other;
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, LRO);
    /* Checksums of TCP and IP that are wrong */
    for (int i = 0; i < 2; i++) {
        s = (Stream) { 0 };
        put_next(&d, &s, 500, ACK);
        len = next_segment(&s, frame, 500, ACK);
        frame[i ? ETH + 11 : len - 1] ^= 1;
        check_alone(&d, &s, frame, len, 0);
    }
    /* No payload; something behind the packet; a fragment */
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 0, ACK);
    check_alone(&d, &s, frame, len, 0);
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 500, ACK);
    frame[len] = 0;
    check_alone(&d, &s, frame, len + 1, 0);
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 500, ACK);
    stw_be_p(frame + ETH + 6, 0x2000);
    finish_csums(frame, len);
    check_alone(&d, &s, frame, len, 0);
    /* Options that differ, of TCP */
    s = (Stream) { 0 };
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 500, ACK);
        memmove(frame + ETH + IP4 + TCP + 4, frame + ETH + IP4 + TCP, 500);
        stl_be_p(frame + ETH + IP4 + TCP, i < 2 ? 0x01010101 : 0x01010100);
        frame[ETH + IP4 + 12] = 6 << 4;
        len += 4;
        stw_be_p(frame + ETH + 2, len - ETH);
        finish_csums(frame, len);
        put(&d.vf[0], NULL, frame, len);
    }
    send_all(&d.vf[0]);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 4 + 1000);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.hdr_len), ==, ETH + IP4 + TCP + 4);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    /* IPv4's are not understood, even if they are the same. */
    s = (Stream) { 0 };
    for (int i = 0; i < 2; i++) {
        len = next_segment(&s, frame, 500, ACK);
        memmove(frame + ETH + IP4 + 4, frame + ETH + IP4, TCP + 500);
        stl_be_p(frame + ETH + IP4, 0x01010101);
        frame[ETH] = 0x46;
        len += 4;
        stw_be_p(frame + ETH + 2, len - ETH);
        finish_csums(frame, len);
        put(&d.vf[0], NULL, frame, len);
    }
    send_all(&d.vf[0]);
    for (int i = 0; i < 2; i++) {
        g_assert_true(wait_receive(&d.vf[1], &fr));
        g_assert_cmpuint(fr.len, ==, len);
    }
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    /* IDs go up each time, or stay each time. */
    for (int i = 0; i < 8; i++) {
        int df = i & 1, first = i >> 1 & 1, then = i >> 2;

        s = (Stream) { 0 };
        for (int n = 0; n < 3; n++) {
            s.id = n == 0 ? 7 : n == 1 ? 7 + first : 7 + first + then;
            len = next_segment(&s, frame, 500, ACK);
            stw_be_p(frame + ETH + 6, df << 14);
            finish_csums(frame, len);
            put(&d.vf[0], NULL, frame, len);
        }
        send_all(&d.vf[0]);
        if (first == then) {
            expect_piece(&d, &s, 0, 1500, 500, ACK);
        } else {
            expect_piece(&d, &s, 0, 1000, 500, ACK);
            expect_piece(&d, &s, 1000, 500, 0, ACK);
        }
    }
    /* CWR is a flag as others: all have it or none. */
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK | CWR);
    put_next(&d, &s, 500, ACK | CWR);
    put_next(&d, &s, 500, ACK);
    send_all(&d.vf[0]);
    expect_piece(&d, &s, 0, 500, 0, ACK);
    expect_piece(&d, &s, 500, 1000, 500, ACK | CWR);
    expect_piece(&d, &s, 1500, 500, 0, ACK);
    /* Two connections, interleaved */
    s = (Stream) { 0 };
    other = (Stream) { .port = 1, .seq = 99 };
    for (int i = 0; i < 5; i++) {
        put_next(&d, &s, 500, ACK);
        put_next(&d, &other, 300, ACK);
    }
    send_all(&d.vf[0]);
    expect_piece(&d, &s, 0, 2500, 500, ACK);
    expect_piece(&d, &other, 0, 1500, 300, ACK);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* IPv6 with an extension header, the same in the first two */
static void test_gro_extension(void)
{
    const size_t l4 = ETH + IP6 + 8;
    Stream s = { .ip6 = true };
    uint8_t frame[SLOT];
    size_t len = 0;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO);
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 500, ACK);
        memmove(frame + l4, frame + ETH + IP6, TCP + 500);
        /* Hop-by-hop: options of padding */
        stq_be_p(frame + ETH + IP6, 0x0600010400000000ull | (i == 2));
        frame[ETH + 6] = 0;
        len += 8;
        stw_be_p(frame + ETH + 4, len - ETH - IP6);
        put(&d.vf[0], NULL, frame, len);
    }
    send_all(&d.vf[0]);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, l4 + TCP + 1000);
    g_assert_cmpuint(lduw_be_p(fr.data + ETH + 4), ==, fr.len - ETH - IP6);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, l4);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.hdr_len), ==, l4 + TCP);
    g_assert_cmphex(lduw_be_p(fr.data + l4 + 16), ==,
                    pseudo(fr.data + ETH, PROTO_TCP, TCP + 1000));
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* Frames whose checksum the sender leaves to the device merge as well. */
static void test_gro_partial(void)
{
    struct emunic_tx_meta meta;
    Stream s = { 0 };
    uint8_t frame[SLOT];
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO);
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 500, ACK);
        stw_be_p(frame + ETH + IP4 + 16, pseudo(frame + ETH, PROTO_TCP,
                                                TCP + 500));
        set_meta(&meta, false, EMUNIC_TX_CSUM, 0);
        put(&d.vf[0], &meta, frame, len);
    }
    send_all(&d.vf[0]);
    expect_piece(&d, &s, 0, 1500, 500, ACK);
    /* And alone it is as without. */
    put(&d.vf[0], &meta, frame, len);
    send_all(&d.vf[0]);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmphex(fr.flags & EMUNIC_RX_CSUM_PARTIAL, !=, 0);
    /* A GSO frame is one already. */
    s = (Stream) { 0 };
    put_next(&d, &s, 500, ACK);
    len = next_segment(&s, frame, 1500, ACK);
    set_meta(&meta, false, EMUNIC_TX_CSUM | EMUNIC_TX_GSO, 500);
    put(&d.vf[0], &meta, frame, len);
    put_next(&d, &s, 500, ACK);
    send_all(&d.vf[0]);
    expect_piece(&d, &s, 0, 500, 0, ACK);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    expect_piece(&d, &s, 2000, 500, 0, ACK);
    qemunic_stop(d.nic);
}

/* How long they may become, and how many may be open at a time */
static void test_gro_limits(void)
{
    Stream flows[9];
    Stream s = { 0 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, ETH + IP4 + TCP + 3 * 1000);
    for (int i = 0; i < 7; i++) {
        put_next(&d, &s, 1000, ACK);
    }
    send_all(&d.vf[0]);
    expect_piece(&d, &s, 0, 3000, 1000, ACK);
    expect_piece(&d, &s, 3000, 3000, 1000, ACK);
    expect_piece(&d, &s, 6000, 1000, 0, ACK);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_MAX_GSO, 0x7ffff);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 9; i++) {
            if (!round) {
                flows[i] = (Stream) { .port = i };
            }
            put_next(&d, &flows[i], 100, ACK);
        }
    }
    send_all(&d.vf[0]);
    /* Each of the nine turns out the oldest before its turn comes. */
    for (int i = 0; i < 18; i++) {
        expect_piece(&d, &flows[i % 9], i / 9 * 100, 100, 0, ACK);
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++) {
            put_next(&d, &flows[i], 100, ACK);
        }
    }
    send_all(&d.vf[0]);
    for (int i = 0; i < 8; i++) {
        expect_piece(&d, &flows[i], 200, 200, 100, ACK);
    }
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* Through a port VLAN, which the receiver does not see */
static void test_gro_vlan(void)
{
    struct emunic_tx_meta meta = {
        .flags = cpu_to_le16(EMUNIC_TX_META | EMUNIC_TX_VLAN),
    };
    Stream s = { 0 };
    uint8_t frame[SLOT];
    Frame fr;
    size_t len;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO | EMUNIC_RX_FEATURES_VLAN_STRIP);
    set_port_vlan(&d, 1, 0x88a8, 9, 0);
    set_port_vlan(&d, 2, 0x88a8, 9, 0);
    for (int i = 0; i < 5; i++) {
        put_next(&d, &s, 700, ACK);
    }
    /* One with another tag is of another connection, or none of this one's. */
    for (int i = 0; i < 3; i++) {
        len = next_segment(&s, frame, 700, ACK);
        meta.vlan_tci = cpu_to_le16(i < 2 ? 5 : 6);
        put(&d.vf[0], &meta, frame, len);
    }
    send_all(&d.vf[0]);
    expect_piece(&d, &s, 0, 3500, 700, ACK);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 1400);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.vlan_tci), ==, 5);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.csum_start), ==, ETH + IP4);
    g_assert_true(wait_receive(&d.vf[1], &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
    g_assert_cmpuint(le16_to_cpu(fr.cpl.vlan_tci), ==, 6);
    nothing_more(&d);
    qemunic_stop(d.nic);
}

/* From the uplink, to several queues */
static void test_gro_uplink(void)
{
    g_autofree uint8_t *batch = g_malloc(65536);
    g_autofree char *args = NULL;
    QEmunicQueue second;
    Stream flows[4];
    size_t at = 0;
    Port to[2];
    int fds[2];
    Frame fr;
    Data d;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    args = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
    data_start(&d, args, "max_vfs=2,netdev=up");
    set_features(&d, GRO);
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_STRIDE, 6, 3,
                       &second);
    qemunic_queue_start(&second);
    to[0] = to[1] = d.vf[1];
    to[1].rx = second;
    to[1].rx_buf = qemunic_alloc(d.nic, RX_POSTED * RX_BUF);
    port_post(&to[1], RX_POSTED);
    for (int i = 0; i < 4; i++) {
        flows[i] = (Stream) { .port = i };
    }
    for (int i = 0; i < 20; i++) {
        size_t len = next_segment(&flows[i % 4], batch + at + 4, 400, ACK);

        memcpy(batch + at + 4 + 6, far, 6);
        stl_be_p(batch + at, len);
        at += 4 + len;
    }
    /* Read by the backend at once, so that they all are of one run */
    g_assert_cmpint(write(fds[0], batch, at), ==, at);
    for (int i = 0; i < 4; i++) {
        bool found = wait_receive(&to[0], &fr) ||
                     wait_receive(&to[1], &fr);

        g_assert_true(found);
        g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 5 * 400);
        g_assert_cmpuint(le16_to_cpu(fr.cpl.gso_size), ==, 400);
    }
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 20);
    qemunic_stop(d.nic);
    close(fds[0]);
    close(fds[1]);
}

/* A queue with MODERATION waits for more, but no longer than that. */
static void test_gro_moderation(void)
{
    const size_t moderation = EMUNIC_RX_BLOCK + EMUNIC_Q_MODERATION;
    bool merged = false;
    Stream s = { 0 };
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO);
    for (int i = 0; i < 2; i++) {
        put_next(&d, &s, 500, ACK);
        send_all(&d.vf[0]);
        expect_piece(&d, &s, i * 500, 500, 0, ACK);
    }
    qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_write(&d.vf[1].f, moderation, 50000);
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
    qemunic_queue_start(&d.vf[1].rx);
    port_post(&d.vf[1], RX_POSTED);
    /* The host may have been busy for longer than that. */
    for (int i = 0; i < 20 && !merged; i++) {
        uint32_t at = s.at;

        for (int n = 0; n < 3; n++) {
            put_next(&d, &s, 500, ACK);
            send_all(&d.vf[0]);
        }
        do {
            qemunic_pass(d.nic, 51);
            g_assert_true(wait_receive(&d.vf[1], &fr));
            merged |= fr.len == ETH + IP4 + TCP + 1500;
            at += fr.len - ETH - IP4 - TCP;
        } while (at != s.at);
        nothing_more(&d);
    }
    g_assert_true(merged);
    /* What must be told at once is. */
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK | PSH);
    send_all(&d.vf[0]);
    expect_piece(&d, &s, s.at - 1000, 1000, 500, ACK | PSH);
    qemunic_stop(d.nic);
}

/* A machine that stops leaves nothing open: here it moves. */
static void test_gro_migration(void)
{
    static const char device[] = "max_vfs=2,mac=02:01:02:03:04:05";
    Stream s = { 0 };
    Frame fr;
    Data d;

    data_start(&d, "", device);
    set_features(&d, GRO);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_MODERATION, 65535);
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
    qemunic_queue_start(&d.vf[1].rx);
    port_post(&d.vf[1], RX_POSTED);
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK);
    send_all(&d.vf[0]);
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'stop'}");
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmpuint(fr.len, ==, ETH + IP4 + TCP + 1000);
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'cont'}");
    put_next(&d, &s, 500, ACK);
    put_next(&d, &s, 500, ACK);
    send_all(&d.vf[0]);
    qemunic_migrate(d.nic, device);
    expect_piece(&d, &s, 1000, 1000, 500, ACK);
    nothing_more(&d);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 4);
    qemunic_stop(d.nic);
}

/* A queue that is stopped, and a function that is reset, get nothing more. */
static void test_gro_stop(void)
{
    uint8_t byte = 0x5a;
    Stream s = { 0 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO);
    for (int i = 0; i < 2; i++) {
        uint64_t before = STAT(&d, 2, rx_no_buffer) +
                          STAT(&d, 2, rx_packets);

        qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
        qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_MODERATION,
                      65535);
        qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
        qemunic_queue_start(&d.vf[1].rx);
        port_post(&d.vf[1], RX_POSTED);
        put_next(&d, &s, 500, ACK);
        put_next(&d, &s, 500, ACK);
        send_all(&d.vf[0]);
        if (i) {
            qemunic_write(&d.vf[1].f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
        } else {
            qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
        }
        qtest_memset(d.nic->qts, d.vf[1].rx_buf, byte, RX_BUF);
        qemunic_pass(d.nic, 70);
        qemunic_read(&d.vf[1].f, EMUNIC_ID);
        g_assert_cmphex(qtest_readb(d.nic->qts, d.vf[1].rx_buf), ==, byte);
        /* Delivered before, if the host was slow, or dropped */
        g_assert_cmpuint(STAT(&d, 2, rx_no_buffer) + STAT(&d, 2, rx_packets),
                         ==, before + 2);
    }
    qemunic_stop(d.nic);
}

/* Buffers run out, and the queue fails: segments are counted. */
static void test_gro_lost(void)
{
    struct emunic_rx_desc bad = {
        .addr = cpu_to_le64(1ull << 40),
        .len = cpu_to_le32(2048),
    };
    Stream a = { 0 }, b = { .port = 1 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    set_features(&d, GRO);
    qemunic_write(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
    qemunic_queue_start(&d.vf[1].rx);
    for (int i = 0; i < 5; i++) {
        put_next(&d, &a, 400, ACK);
    }
    send_all(&d.vf[0]);
    nothing_more(&d);
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 5);
    qemunic_put(&d.vf[1].rx, &bad, sizeof(bad));
    qemunic_put(&d.vf[1].rx, &bad, sizeof(bad));
    qemunic_tail(&d.vf[1].rx);
    for (int i = 0; i < 5; i++) {
        put_next(&d, &a, 400, ACK);
        put_next(&d, &b, 400, ACK);
    }
    send_all(&d.vf[0]);
    g_assert_true(qemunic_wait(&d.vf[1].f, EMUNIC_RX_BLOCK + EMUNIC_Q_ERROR,
                               ~0, EMUNIC_Q_ERROR_DMA));
    g_assert_cmpuint(STAT(&d, 2, rx_no_buffer), ==, 15);
    g_assert_cmpuint(STAT(&d, 2, rx_packets), ==, 0);
    /* And it begins anew. */
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK, 6, 2, &d.vf[1].rx);
    qemunic_queue_start(&d.vf[1].rx);
    port_post(&d.vf[1], RX_POSTED);
    put_next(&d, &a, 400, ACK);
    put_next(&d, &a, 400, ACK);
    send_all(&d.vf[0]);
    expect_piece(&d, &a, 4000, 800, 400, ACK);
    qemunic_stop(d.nic);
}

void emunic_add_gro_tests(void)
{
    qtest_add_func("emunic/gro", test_gro);
    qtest_add_func("emunic/gro-headers", test_gro_headers);
    qtest_add_func("emunic/gro-order", test_gro_order);
    qtest_add_func("emunic/gro-extension", test_gro_extension);
    qtest_add_func("emunic/gro-partial", test_gro_partial);
    qtest_add_func("emunic/gro-limits", test_gro_limits);
    qtest_add_func("emunic/gro-vlan", test_gro_vlan);
    qtest_add_func("emunic/gro-uplink", test_gro_uplink);
    qtest_add_func("emunic/gro-lost", test_gro_lost);
    qtest_add_func("emunic/gro-moderation", test_gro_moderation);
    qtest_add_func("emunic/gro-migration", test_gro_migration);
    qtest_add_func("emunic/gro-stop", test_gro_stop);
}

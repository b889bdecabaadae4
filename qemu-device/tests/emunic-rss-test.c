/*
 * emunic: receive steering: the hash, its fields and the indirection table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-frame.h"
#include "emunic-test.h"
#include "qemu/bitops.h"

#define INPUT_MAX   36

static const uint8_t first_key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

/* What goes into the hash, and the hash by its definition */
typedef struct Tuple {
    uint8_t src[16];
    uint8_t dst[16];
    uint8_t ports[4];
} Tuple;

static uint32_t toeplitz(const uint8_t *key, const uint8_t *input, size_t len)
{
    uint32_t hash = 0;

    for (size_t bit = 0; bit < len * 8; bit++) {
        if (input[bit / 8] & (0x80 >> bit % 8)) {
            for (size_t i = 0; i < 32; i++) {
                size_t at = bit + i;

                if (key[at / 8] & (0x80 >> at % 8)) {
                    hash ^= 0x80000000u >> i;
                }
            }
        }
    }
    return hash;
}

/* @len: of an address. Returns the hash and its type. */
static uint32_t expected(const uint8_t *key, const Tuple *t, size_t len,
                         uint32_t fields, uint32_t ctrl, uint8_t *type)
{
    uint8_t input[INPUT_MAX];
    Tuple v = *t;
    size_t n = 0;

    for (size_t i = 0; ctrl && i < len && (fields & 3) == 3; i++) {
        v.dst[i] = t->src[i] ^ t->dst[i];
        v.src[i] = ctrl & 1 ? v.dst[i] : t->src[i] | t->dst[i];
    }
    for (size_t i = 0; ctrl && i < 2 && (fields & 12) == 12; i++) {
        v.ports[2 + i] = t->ports[i] ^ t->ports[2 + i];
        v.ports[i] = ctrl & 1 ? v.ports[2 + i]
                              : t->ports[i] | t->ports[2 + i];
    }
    if (fields & EMUNIC_RSS_FIELDS_SRC) {
        memcpy(input + n, v.src, len);
        n += len;
    }
    if (fields & EMUNIC_RSS_FIELDS_DST) {
        memcpy(input + n, v.dst, len);
        n += len;
    }
    if (fields & EMUNIC_RSS_FIELDS_SPORT) {
        memcpy(input + n, v.ports, 2);
        n += 2;
    }
    if (fields & EMUNIC_RSS_FIELDS_DPORT) {
        memcpy(input + n, v.ports + 2, 2);
        n += 2;
    }
    *type = fields & 12 ? EMUNIC_RX_HASH_L4
            : fields ? EMUNIC_RX_HASH_L3 : EMUNIC_RX_HASH_NONE;
    return toeplitz(key, input, n);
}

/* A frame with the fields of @t */
static size_t build_tuple(uint8_t *frame, const Tuple *t, bool ip6,
                          uint8_t proto)
{
    size_t len = build_l4(frame, ip6, proto == PROTO_TCP ? proto : PROTO_UDP,
                          vf_mac[1], vf_mac[0], 50);
    size_t addr = ip6 ? 16 : 4;
    uint8_t *src = frame + ETH + (ip6 ? 8 : 12);

    memcpy(src, t->src, addr);
    memcpy(src + addr, t->dst, addr);
    memcpy(src + 2 * addr, t->ports, 4);
    frame[ETH + (ip6 ? 6 : 9)] = proto;
    return len;
}

static void check_hash(Data *d, const uint8_t *frame, size_t len,
                       uint32_t hash, uint8_t type)
{
    Frame fr;

    g_assert_cmpuint(port_send(&d->vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d->vf[1], &fr));
    g_assert_cmphex(le32_to_cpu(fr.cpl.hash), ==, hash);
    g_assert_cmpuint(fr.cpl.hash_type, ==, type);
    g_assert_cmpuint(!!(fr.flags & EMUNIC_RX_HASH), ==, !!type);
}

/* The published examples of the hash, whose key is the one of a reset */
static void test_rss_published(void)
{
    static const struct {
        bool ip6;
        const char *src, *dst;
        uint16_t sport, dport;
        uint32_t addrs, all;
    } examples[] = {
        { false, "66.9.149.187", "161.142.100.80", 2794, 1766,
          0x323e8fc2, 0x51ccc178 },
        { false, "199.92.111.2", "65.69.140.83", 14230, 4739,
          0xd718262a, 0xc626b0ea },
        { false, "24.19.198.95", "12.22.207.184", 12898, 38024,
          0xd2d0a5de, 0x5c2b394a },
        { false, "38.27.205.30", "209.142.163.6", 48228, 2217,
          0x82989176, 0xafc7327f },
        { false, "153.39.163.191", "202.188.127.2", 44251, 1303,
          0x5d1809c5, 0x10e828a2 },
        { true, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766,
          0x2cc18cd5, 0x40207d3d },
        { true, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739,
          0x0f0c461c, 0xdde51bbf },
        { true, "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
          "fe80::200:f8ff:fe21:67cf", 44251, 38024, 0x4b61e985, 0x02d1feef },
    };
    uint8_t frame[200];
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        int family = examples[i].ip6 ? AF_INET6 : AF_INET;
        Tuple t = { 0 };

        g_assert_cmpint(inet_pton(family, examples[i].src, t.src), ==, 1);
        g_assert_cmpint(inet_pton(family, examples[i].dst, t.dst), ==, 1);
        stw_be_p(t.ports, examples[i].sport);
        stw_be_p(t.ports + 2, examples[i].dport);
        for (int proto = PROTO_TCP; proto <= PROTO_UDP;
             proto += PROTO_UDP - PROTO_TCP) {
            size_t len = build_tuple(frame, &t, examples[i].ip6, proto);

            check_hash(&d, frame, len, examples[i].all, EMUNIC_RX_HASH_L4);
        }
        check_hash(&d, frame, build_tuple(frame, &t, examples[i].ip6, 50),
                   examples[i].addrs, EMUNIC_RX_HASH_L3);
    }
    qemunic_stop(d.nic);
}

/* IPv6 with destination options of nothing but padding before TCP or UDP */
static size_t build_options(uint8_t *frame, uint8_t proto, const uint8_t *lens,
                            size_t count)
{
    size_t len = build_l4(frame, true, proto, vf_mac[1], vf_mac[0], 50);
    size_t l4_len = len - ETH - IP6, l4 = ETH + IP6;
    uint8_t csum_at = proto == PROTO_TCP ? 16 : 6;
    uint8_t *head = frame + ETH + 6;

    for (size_t i = 0; i < count; i++) {
        memmove(frame + l4 + lens[i], frame + l4, l4_len);
        memset(frame + l4, 0, lens[i]);
        frame[l4 + 1] = lens[i] / 8 - 1;
        *head = IPPROTO_DSTOPTS;
        head = frame + l4;
        l4 += lens[i];
    }
    *head = proto;
    stw_be_p(frame + ETH + 4, l4 + l4_len - ETH - IP6);
    stw_be_p(frame + l4 + csum_at, ~sum16(frame + l4, l4_len, 0));
    return l4 + l4_len;
}

/* Headers are looked for in the first 256 bytes of a frame, and no further. */
static void test_rss_far(void)
{
    static const struct {
        uint8_t proto;
        uint8_t lens[2];
        uint8_t type;
    } cases[] = {
        { PROTO_TCP, { 0 }, EMUNIC_RX_HASH_L4 },
        { PROTO_TCP, { 8, 168 }, EMUNIC_RX_HASH_L4 },       /* to 250 */
        { PROTO_TCP, { 8, 176 }, EMUNIC_RX_HASH_L3 },       /* to 258 */
        { PROTO_TCP, { 248 }, EMUNIC_RX_HASH_L3 },
        { PROTO_UDP, { 8, 184 }, EMUNIC_RX_HASH_L4 },       /* to 254 */
        { PROTO_UDP, { 192, 8 }, EMUNIC_RX_HASH_L3 },       /* to 262 */
        /* The second one begins at 254, at 262 */
        { PROTO_TCP, { 200, 8 }, EMUNIC_RX_HASH_L3 },
        { PROTO_TCP, { 208, 8 }, EMUNIC_RX_HASH_NONE },
    };
    uint8_t frame[500];
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t count = !!cases[i].lens[0] + !!cases[i].lens[1];
        size_t len = build_options(frame, cases[i].proto, cases[i].lens,
                                   count);
        Frame fr;

        g_test_message("%u, %u", cases[i].lens[0], cases[i].lens[1]);
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_true(port_receive(&d.vf[1], &fr));
        g_assert_cmpmem(fr.data, fr.len, frame, len);
        g_assert_cmpuint(fr.cpl.hash_type, ==, cases[i].type);
        g_assert_cmpint(!!(fr.flags & EMUNIC_RX_CSUM_OK), ==,
                        cases[i].type == EMUNIC_RX_HASH_L4);
    }
    qemunic_stop(d.nic);
}

/* Behind which tags IP is looked for */
static void test_rss_tags(void)
{
    static const struct {
        uint16_t outer, inner;
        uint32_t hash;
    } pairs[] = {
        { 0, 0, 0x51ccc178 }, { 0x8100, 0, 0x51ccc178 },
        { 0x88a8, 0, 0x51ccc178 }, { 0x88a8, 0x8100, 0x51ccc178 },
        { 0x88a8, 0x88a8, 0 }, { 0x8100, 0x8100, 0 }, { 0x8100, 0x88a8, 0 },
    };
    uint8_t frame[200];
    Data d;

    data_start(&d, "", "max_vfs=2");
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_RX_MODE, 2,
             &(uint32_t){ cpu_to_le32(EMUNIC_RX_MODE_VLAN_ANY) }, 4);
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        size_t len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 50);

        if (pairs[i].inner) {
            tag(frame, &len, pairs[i].inner, 5);
        }
        if (pairs[i].outer) {
            tag(frame, &len, pairs[i].outer, 6);
        }
        check_hash(&d, frame, len, pairs[i].hash,
                   pairs[i].hash ? EMUNIC_RX_HASH_L4 : EMUNIC_RX_HASH_NONE);
    }
    qemunic_stop(d.nic);
}

static void write_key(QEmunicFunction *f, const uint8_t *key)
{
    for (int i = 0; i < EMUNIC_RSS_KEY_SIZE; i += 4) {
        qemunic_write(f, EMUNIC_RSS_KEY + i, ldl_le_p(key + i));
    }
}

/* Every mask of every kind, straight and symmetric, with a key of our own */
static void test_rss_fields(void)
{
    uint8_t key[EMUNIC_RSS_KEY_SIZE], frame[200];
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = g_test_rand_int();
    }
    write_key(&d.vf[1].f, key);
    for (int kind = 0; kind < 6; kind++) {
        bool ip6 = kind == 2 || kind == 3 || kind == 5;
        uint8_t proto = kind > 3 ? 50 : kind & 1 ? PROTO_UDP : PROTO_TCP;
        int masks = kind > 3 ? 4 : 16;

        for (int i = 0; i < masks * 4; i++) {
            uint32_t fields = i / 4, ctrl = i % 4, hash;
            uint8_t type;
            size_t len;
            Tuple t;

            for (size_t n = 0; n < sizeof(t); n++) {
                ((uint8_t *)&t)[n] = g_test_rand_int();
            }
            len = build_tuple(frame, &t, ip6, proto);
            hash = expected(key, &t, ip6 ? 16 : 4, fields, ctrl, &type);
            /* All others the other way round */
            qemunic_write(&d.vf[1].f, EMUNIC_RSS_FIELDS,
                          ~(0xfu << 4 * kind) | fields << 4 * kind);
            qemunic_write(&d.vf[1].f, EMUNIC_RSS_CTRL, ctrl);
            check_hash(&d, frame, len, hash, type);
            if (!ctrl || ((fields & 3) && (fields & 3) != 3) ||
                ((fields & 12) && (fields & 12) != 12)) {
                continue;
            }
            /* The answer has the same hash. */
            t = (Tuple) { .ports = { t.ports[2], t.ports[3], t.ports[0],
                                     t.ports[1] } };
            memcpy(t.src, frame + ETH + (ip6 ? 24 : 16), ip6 ? 16 : 4);
            memcpy(t.dst, frame + ETH + (ip6 ? 8 : 12), ip6 ? 16 : 4);
            check_hash(&d, frame, build_tuple(frame, &t, ip6, proto), hash,
                       type);
        }
    }
    /* Bits that mean nothing are not kept. */
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_FIELDS, ~0u);
    g_assert_cmphex(qemunic_read(&d.vf[1].f, EMUNIC_RSS_FIELDS), ==,
                    EMUNIC_RSS_FIELDS_MASK);
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_CTRL, ~0u);
    g_assert_cmphex(qemunic_read(&d.vf[1].f, EMUNIC_RSS_CTRL), ==, 3);
    qemunic_stop(d.nic);
}

/* One frame for three functions, of which each has its own idea of it */
static void test_rss_each(void)
{
    static const uint32_t all[3] = { 0x51ccc178, 0, 0x323e8fc2 };
    uint8_t frame[200], key[EMUNIC_RSS_KEY_SIZE] = { 0 };
    Port *to[2];
    size_t len;
    Frame fr;
    Data d;

    data_start(&d, "", "max_vfs=2");
    to[0] = &d.pf;
    to[1] = &d.vf[1];
    len = build_tcp(frame, false, broadcast, vf_mac[0], 50);
    for (int i = 0; i < 3; i++) {
        if (i == 1) {
            write_key(&d.vf[1].f, key);
        } else if (i == 2) {
            write_key(&d.vf[1].f, first_key);
            qemunic_write(&d.vf[1].f, EMUNIC_RSS_FIELDS, 3);
        }
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_true(port_receive(to[0], &fr));
        g_assert_cmphex(le32_to_cpu(fr.cpl.hash), ==, all[0]);
        g_assert_true(port_receive(to[1], &fr));
        g_assert_cmphex(le32_to_cpu(fr.cpl.hash), ==, all[i]);
    }
    qemunic_stop(d.nic);
}

static void set_entry(QEmunicFunction *f, unsigned entry, uint8_t queue)
{
    uint64_t at = EMUNIC_RSS_TABLE + (entry & ~3u);
    uint32_t word = qemunic_read(f, at);

    word = deposit32(word, entry % 4 * 8, 8, queue);
    qemunic_write(f, at, word);
}

static void test_rss_table(void)
{
    static const uint32_t entry = 0x51ccc178 % EMUNIC_RSS_ENTRIES;
    uint8_t frame[200];
    QEmunicQueue queue[4];
    size_t len;
    Data d;

    data_start(&d, "", "max_vfs=2");
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_FLAGS, 2,
             &(uint32_t){ cpu_to_le32(EMUNIC_VPORT_QUERY_RSS) }, 4);
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 50);
    for (int i = 1; i < 4; i++) {
        qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + (3 + i) *
                           EMUNIC_Q_STRIDE, 6, 3, &queue[i]);
        qemunic_queue_start(&queue[i]);
    }
    /* Queues 0, 4, 5 and 6 run, and only the first has buffers. */
    for (unsigned e = 0; e < 256; e++) {
        bool first = e == 0 || (e != 4 && e != 5 && e != 6 && e % 4 == 0);
        struct emunic_rx_cpl cpl;
        Frame fr;

        set_entry(&d.vf[1].f, entry, e);
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
        g_assert_cmpint(port_receive(&d.vf[1], &fr), ==, first);
        for (int i = 1; i < 4; i++) {
            g_assert_false(qemunic_queue_next(&queue[i], sizeof(cpl),
                           offsetof(struct emunic_rx_cpl, flags), &cpl));
        }
    }
    /* Straight to one that runs, wherever it is in the row of them */
    d.vf[1].rx = queue[2];
    port_post(&d.vf[1], RX_POSTED);
    set_entry(&d.vf[1].f, entry, 5);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect(&d.vf[1], frame, len);
    set_entry(&d.vf[1].f, entry, 2);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect(&d.vf[1], frame, len);
    set_entry(&d.vf[1].f, entry, 4);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    expect_none(&d.vf[1]);
    qemunic_stop(d.nic);
}

static void set_rule(Data *d, unsigned r, const struct emunic_flow_rule *rule)
{
    uint64_t window = EMUNIC_FLOW_RULE + r * EMUNIC_FLOW_STRIDE;

    qemunic_write(&d->vf[1].f, window, 0);
    for (size_t i = 4; i < sizeof(*rule); i += 4) {
        qemunic_write(&d->vf[1].f, window + i,
                      ldl_le_p((const uint8_t *)rule + i));
    }
    qemunic_write(&d->vf[1].f, window, le32_to_cpu(rule->ctrl));
}

/* Does a frame come to the first queue, which has buffers? */
static void check_first(Data *d, const uint8_t *frame, size_t len, bool first)
{
    Frame fr;

    g_assert_cmpuint(port_send(&d->vf[0], NULL, frame, len), ==, 0);
    g_assert_cmpint(port_receive(&d->vf[1], &fr), ==, first);
}

/* Rule 7 with this ctrl, but for where it sends to: queue 5, without buffers */
static void check_rule(Data *d, struct emunic_flow_rule rule, uint32_t ctrl,
                       const uint8_t *frame, size_t len, bool fits)
{
    rule.ctrl = cpu_to_le32(ctrl | 5 << 16);
    set_rule(d, 7, &rule);
    check_first(d, frame, len, !fits);
}

static void check_fields(Data *d, bool v6)
{
    static const struct {
        uint32_t ctrl;
        size_t at;
    } field[] = {
        { EMUNIC_FLOW_SRC, offsetof(struct emunic_flow_rule, src) },
        { EMUNIC_FLOW_DST, offsetof(struct emunic_flow_rule, dst) },
        { EMUNIC_FLOW_SPORT, offsetof(struct emunic_flow_rule, sport) },
        { EMUNIC_FLOW_DPORT, offsetof(struct emunic_flow_rule, dport) },
    };
    const uint32_t kind = v6 ? EMUNIC_FLOW_KIND_TCP6 : EMUNIC_FLOW_KIND_TCP4;
    const uint32_t any = v6 ? EMUNIC_FLOW_KIND_IP6 : EMUNIC_FLOW_KIND_IP4;
    struct emunic_flow_rule rule = { 0 };
    uint8_t frame[200];
    size_t len = build_tcp(frame, v6, vf_mac[1], vf_mac[0], 50);
    const uint8_t *ip = frame + ETH;

    memcpy(rule.src, ip + (v6 ? 8 : 12), v6 ? 16 : 4);
    memcpy(rule.dst, ip + (v6 ? 24 : 16), v6 ? 16 : 4);
    memcpy(&rule.sport, ip + (v6 ? 40 : 20), 2);
    memcpy(&rule.dport, ip + (v6 ? 42 : 22), 2);
    for (uint32_t k = 0; k < 8; k++) {
        check_rule(d, rule, EMUNIC_FLOW_ENABLE | k << 8, frame, len,
                   k == kind || k == any);
    }
    check_rule(d, rule, kind << 8, frame, len, false);
    check_rule(d, rule, EMUNIC_FLOW_ENABLE | any << 8 | EMUNIC_FLOW_DPORT,
               frame, len, false);
    for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
        uint8_t *byte = (uint8_t *)&rule + field[i].at +
                        (i < 2 ? v6 ? 15 : 3 : 1);

        check_rule(d, rule, EMUNIC_FLOW_ENABLE | kind << 8 | 0xf0, frame, len,
                   true);
        *byte ^= 1;
        check_rule(d, rule, EMUNIC_FLOW_ENABLE | kind << 8 | field[i].ctrl,
                   frame, len, false);
        check_rule(d, rule, EMUNIC_FLOW_ENABLE | kind << 8 |
                   (0xf0 & ~field[i].ctrl), frame, len, true);
        *byte ^= 1;
    }
}

static void test_rss_rules(void)
{
    QEmunicQueue queue;
    Data d;

    data_start(&d, "", "max_vfs=2");
    for (unsigned i = 0; i < EMUNIC_RSS_ENTRIES; i += 4) {
        qemunic_write(&d.vf[1].f, EMUNIC_RSS_TABLE + i, 0);
    }
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + 5 * EMUNIC_Q_STRIDE, 6, 3,
                       &queue);
    qemunic_queue_start(&queue);
    check_fields(&d, false);
    check_fields(&d, true);
    qemunic_stop(d.nic);
}

/* The first rule decides, and what it may decide */
static void test_rss_contexts(void)
{
    struct emunic_flow_rule rule = { 0 };
    uint8_t frame[200], key[EMUNIC_RSS_KEY_SIZE];
    QEmunicQueue queue;
    uint32_t hash;
    uint8_t type;
    size_t len;
    Tuple t = { 0 };
    Data d;
    Frame fr;

    data_start(&d, "", "max_vfs=2");
    for (unsigned i = 0; i < EMUNIC_RSS_ENTRIES; i += 4) {
        qemunic_write(&d.vf[1].f, EMUNIC_RSS_TABLE + i, 0);
        qemunic_write(&d.vf[1].f, EMUNIC_RSS_TABLE + 3 * EMUNIC_RSS_STRIDE + i,
                      0x05050505);
        qemunic_write(&d.vf[1].f, EMUNIC_RSS_TABLE + 4 * EMUNIC_RSS_STRIDE + i,
                      0);
    }
    qemunic_queue_init(&d.vf[1].f, EMUNIC_RX_BLOCK + 5 * EMUNIC_Q_STRIDE, 6, 3,
                       &queue);
    qemunic_queue_start(&queue);
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 50);
    rule.ctrl = cpu_to_le32(EMUNIC_FLOW_ENABLE | 5 << 16);
    set_rule(&d, 9, &rule);
    check_first(&d, frame, len, false);
    rule.ctrl = cpu_to_le32(EMUNIC_FLOW_ENABLE);
    set_rule(&d, 8, &rule);
    check_first(&d, frame, len, true);
    rule.ctrl = cpu_to_le32(EMUNIC_FLOW_ENABLE | EMUNIC_FLOW_DROP);
    set_rule(&d, 7, &rule);
    check_first(&d, frame, len, false);
    rule.ctrl = cpu_to_le32(EMUNIC_FLOW_ENABLE | EMUNIC_FLOW_SPREAD | 3 << 24);
    set_rule(&d, 6, &rule);
    check_first(&d, frame, len, false);

    /* A context has a key of its own. */
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = i * 7 + 1;
    }
    for (size_t i = 0; i < sizeof(key); i += 4) {
        qemunic_write(&d.vf[1].f, EMUNIC_RSS_KEY + 4 * EMUNIC_RSS_STRIDE + i,
                      ldl_le_p(key + i));
    }
    memcpy(t.src, frame + ETH + 12, 4);
    memcpy(t.dst, frame + ETH + 16, 4);
    memcpy(t.ports, frame + ETH + IP4, 4);
    hash = expected(key, &t, 4, 15, 0, &type);
    rule.ctrl = cpu_to_le32(EMUNIC_FLOW_ENABLE | EMUNIC_FLOW_SPREAD | 4 << 24);
    set_rule(&d, 6, &rule);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, len), ==, 0);
    g_assert_true(port_receive(&d.vf[1], &fr));
    g_assert_cmphex(le32_to_cpu(fr.cpl.hash), ==, hash);
    qemunic_stop(d.nic);
}

static void check_windows(QEmunicFunction *f, bool open)
{
    for (int i = 0; i < EMUNIC_RSS_KEY_SIZE; i += 4) {
        g_assert_cmphex(qemunic_read(f, EMUNIC_RSS_KEY + i), ==,
                        open ? (uint32_t)ldl_le_p(first_key + i) : 0);
    }
    for (uint32_t i = 0; i < EMUNIC_RSS_ENTRIES; i += 4) {
        g_assert_cmphex(qemunic_read(f, EMUNIC_RSS_TABLE + i), ==,
                        open ? 0x03020100 + i * 0x01010101 : 0);
    }
    for (uint32_t i = 0; i < EMUNIC_RSS_CONTEXTS; i++) {
        g_assert_cmphex(qemunic_read(f, EMUNIC_RSS_KEY + 36 +
                                        i * EMUNIC_RSS_STRIDE), ==,
                        open ? (uint32_t)ldl_le_p(first_key + 36) : 0);
        g_assert_cmphex(qemunic_read(f, EMUNIC_RSS_TABLE + 4 +
                                        i * EMUNIC_RSS_STRIDE), ==,
                        open ? 0x07060504 : 0);
    }
    for (uint32_t i = 0; i < EMUNIC_FLOW_RULES; i++) {
        g_assert_cmphex(qemunic_read(f, EMUNIC_FLOW_RULE + 36 +
                                        i * EMUNIC_FLOW_STRIDE), ==, 0);
    }
    g_assert_cmphex(qemunic_read(f, EMUNIC_RSS_KEY + EMUNIC_RSS_KEY_SIZE), ==,
                    0);
    g_assert_cmphex(qemunic_read(f, EMUNIC_RSS_KEY +
                                 EMUNIC_RSS_CONTEXTS * EMUNIC_RSS_STRIDE),
                    ==, 0);
}

/* The windows: whom they are open to, and what a reset makes of them */
static void test_rss_windows(void)
{
    static const uint32_t open = EMUNIC_VPORT_QUERY_RSS;
    uint8_t key[EMUNIC_RSS_KEY_SIZE], frame[200];
    uint32_t hash;
    uint8_t type;
    size_t len;
    Tuple t = { 0 };
    Data d;

    data_start(&d, "", "max_vfs=2");
    check_windows(&d.pf.f, true);
    check_windows(&d.vf[1].f, false);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_FLAGS, 2,
             &(uint32_t){ cpu_to_le32(open) }, 4);
    check_windows(&d.vf[1].f, true);
    check_windows(&d.vf[0].f, false);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_FLAGS, 2,
             &(uint32_t){ cpu_to_le32(~open & EMUNIC_VPORT_FLAGS_ALL) }, 4);
    check_windows(&d.vf[1].f, false);

    /* What a VF writes without leave to read it counts, too. */
    memset(key, 0xa5, sizeof(key));
    write_key(&d.vf[1].f, key);
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 50);
    memcpy(t.src, frame + ETH + 12, 4);
    memcpy(t.dst, frame + ETH + 16, 4);
    memcpy(t.ports, frame + ETH + IP4, 4);
    hash = expected(key, &t, 4, 15, 0, &type);
    check_hash(&d, frame, len, hash, type);

    /* A new life, and all is as it was. */
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_CTRL, 1);
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_FIELDS, 0);
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_TABLE + 4, 0);
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_TABLE + 7 * EMUNIC_RSS_STRIDE + 4, 0);
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_KEY + 7 * EMUNIC_RSS_STRIDE + 36, 0);
    qemunic_write(&d.vf[1].f, EMUNIC_FLOW_RULE + 63 * EMUNIC_FLOW_STRIDE + 36,
                  1);
    qemunic_write(&d.vf[1].f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
    admin_ok(&d, EMUNIC_ADMIN_VPORT_SET_FLAGS, 2,
             &(uint32_t){ cpu_to_le32(open) }, 4);
    check_windows(&d.vf[1].f, true);
    g_assert_cmphex(qemunic_read(&d.vf[1].f, EMUNIC_RSS_FIELDS), ==,
                    EMUNIC_RSS_FIELDS_RESET);
    g_assert_cmphex(qemunic_read(&d.vf[1].f, EMUNIC_RSS_CTRL), ==, 0);
    port_start(&d.vf[1], 2, &d.admin, vf_mac[1]);
    check_hash(&d, frame, len, 0x51ccc178, EMUNIC_RX_HASH_L4);
    qemunic_stop(d.nic);
}

static void test_rss_migration(void)
{
    static const char device[] = "max_vfs=2,mac=02:01:02:03:04:05";
    uint8_t frame[200], key[EMUNIC_RSS_KEY_SIZE];
    uint32_t hash;
    uint8_t type;
    size_t len;
    Tuple t = { 0 };
    Data d;

    data_start(&d, "", device);
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = i * 11 + 3;
    }
    write_key(&d.vf[1].f, key);
    set_entry(&d.pf.f, 77, 9);
    qemunic_write(&d.pf.f, EMUNIC_RSS_TABLE + 7 * EMUNIC_RSS_STRIDE, 7);
    qemunic_write(&d.pf.f, EMUNIC_FLOW_RULE + 63 * EMUNIC_FLOW_STRIDE + 36, 63);
    qemunic_write(&d.vf[1].f, EMUNIC_RSS_CTRL, EMUNIC_RSS_CTRL_SYM_OR_XOR);
    len = build_tcp(frame, false, vf_mac[1], vf_mac[0], 50);
    memcpy(t.src, frame + ETH + 12, 4);
    memcpy(t.dst, frame + ETH + 16, 4);
    memcpy(t.ports, frame + ETH + IP4, 4);
    hash = expected(key, &t, 4, 15, 2, &type);
    check_hash(&d, frame, len, hash, type);
    qemunic_migrate(d.nic, device);
    check_hash(&d, frame, len, hash, type);
    g_assert_cmphex(qemunic_read(&d.pf.f, EMUNIC_RSS_TABLE + 76), ==,
                    0x4f4e094c);
    g_assert_cmphex(qemunic_read(&d.pf.f, EMUNIC_RSS_TABLE +
                                 7 * EMUNIC_RSS_STRIDE), ==, 7);
    g_assert_cmphex(qemunic_read(&d.pf.f, EMUNIC_FLOW_RULE +
                                 63 * EMUNIC_FLOW_STRIDE + 36), ==, 63);
    qemunic_stop(d.nic);
}

void emunic_add_rss_tests(void)
{
    qtest_add_func("emunic/rss-published", test_rss_published);
    qtest_add_func("emunic/rss-far", test_rss_far);
    qtest_add_func("emunic/rss-tags", test_rss_tags);
    qtest_add_func("emunic/rss-fields", test_rss_fields);
    qtest_add_func("emunic/rss-each", test_rss_each);
    qtest_add_func("emunic/rss-table", test_rss_table);
    qtest_add_func("emunic/rss-rules", test_rss_rules);
    qtest_add_func("emunic/rss-contexts", test_rss_contexts);
    qtest_add_func("emunic/rss-windows", test_rss_windows);
    qtest_add_func("emunic/rss-migration", test_rss_migration);
}

/*
 * emunic: receive steering: the hash and the indirection table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"

static bool emunic_rss_initial(const EmunicFunction *f,
                               const EmunicRssContext *ctx)
{
    static const uint8_t key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

    for (unsigned i = 0; i < EMUNIC_RSS_KEY_SIZE; i++) {
        if (emunic_rss_byte(ctx->key, i) != key[i]) {
            return false;
        }
    }
    return f->reg[EMUNIC_R_RSS_FIELDS] == EMUNIC_RSS_FIELDS_RESET &&
           !f->reg[EMUNIC_R_RSS_CTRL];
}

/*
 * The hash is the XOR of those 32-bit windows of the key that begin where the
 * input has a bit set: here for four bits of the input at a time.
 */
static void emunic_rss_key_changed(EmunicRssContext *ctx)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < 4; i++) {
        bits = bits << 8 | emunic_rss_byte(ctx->key, i);
    }
    for (unsigned i = 0; i < EMUNIC_RSS_INPUT; i++) {
        bits = bits << 8 | emunic_rss_byte(ctx->key, i + 4);
        for (unsigned v = 0; v < 16; v++) {
            uint32_t high = 0, low = 0;

            for (unsigned bit = 0; bit < 4; bit++) {
                if (v & (8 >> bit)) {
                    high ^= bits >> (8 - bit);
                    low ^= bits >> (4 - bit);
                }
            }
            ctx->nibble[2 * i][v] = high;
            ctx->nibble[2 * i + 1][v] = low;
        }
    }
}

/* Keys, fields or control have changed. */
void emunic_rss_changed(EmunicFunction *f)
{
    for (unsigned c = 0; c < EMUNIC_RSS_CONTEXTS; c++) {
        emunic_rss_key_changed(&f->rss.ctx[c]);
        f->rss.ctx[c].initial = emunic_rss_initial(f, &f->rss.ctx[c]);
    }
}

void emunic_rss_reset(EmunicFunction *f)
{
    static const uint8_t key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

    for (unsigned c = 0; c < EMUNIC_RSS_CONTEXTS; c++) {
        EmunicRssContext *ctx = &f->rss.ctx[c];

        for (unsigned i = 0; i < ARRAY_SIZE(ctx->key); i++) {
            ctx->key[i] = ldl_le_p(key + i * 4);
        }
        for (unsigned i = 0; i < ARRAY_SIZE(ctx->table); i++) {
            ctx->table[i] = 0x03020100 + i * 0x04040404;
        }
    }
    memset(f->rss.rule, 0, sizeof(f->rss.rule));
    emunic_rss_changed(f);
    emunic_flow_changed(f);
}

/*
 * A word of one of the windows, or NULL. A VF reads them with its PF's leave
 * only.
 */
uint32_t *emunic_rss_window(EmunicFunction *f, hwaddr addr, bool write)
{
    uint64_t c = (addr - EMUNIC_RSS_KEY) / EMUNIC_RSS_STRIDE;
    uint64_t offset = (addr - EMUNIC_RSS_KEY) % EMUNIC_RSS_STRIDE;

    if (!write && emunic_is_vf(f) &&
        !(f->port.flags & EMUNIC_VPORT_QUERY_RSS)) {
        return NULL;
    }
    if (addr >= EMUNIC_FLOW_RULE) {
        return emunic_flow_window(f, addr);
    }
    if (c >= EMUNIC_RSS_CONTEXTS) {
        return NULL;
    }
    if (offset < EMUNIC_RSS_KEY_SIZE) {
        return &f->rss.ctx[c].key[offset / 4];
    }
    offset -= EMUNIC_RSS_TABLE - EMUNIC_RSS_KEY;
    return offset < EMUNIC_RSS_ENTRIES ? &f->rss.ctx[c].table[offset / 4]
                                       : NULL;
}

/* A word of one of the windows was written. */
void emunic_rss_written(EmunicFunction *f, hwaddr addr)
{
    uint64_t c = (addr - EMUNIC_RSS_KEY) / EMUNIC_RSS_STRIDE;
    EmunicRssContext *ctx;

    if (addr >= EMUNIC_FLOW_RULE) {
        emunic_flow_changed(f);
    } else if ((addr - EMUNIC_RSS_KEY) % EMUNIC_RSS_STRIDE <
               EMUNIC_RSS_KEY_SIZE) {
        ctx = &f->rss.ctx[c];
        emunic_rss_key_changed(ctx);
        ctx->initial = emunic_rss_initial(f, ctx);
    }
}

/*
 * Append what is hashed of a pair of fields at @pair, @len bytes each, the
 * source first. Returns how many bytes that is.
 */
static unsigned emunic_rss_put(uint8_t *to, const uint8_t *pair, unsigned len,
                               uint32_t which, uint32_t ctrl)
{
    const uint8_t *dst = pair + len;
    unsigned count = 0;

    if (which == (EMUNIC_RSS_FIELDS_SRC | EMUNIC_RSS_FIELDS_DST) && ctrl) {
        for (unsigned i = 0; i < len; i++) {
            to[len + i] = pair[i] ^ dst[i];
            to[i] = ctrl & EMUNIC_RSS_CTRL_SYM_XOR ? to[len + i]
                                                   : pair[i] | dst[i];
        }
        return 2 * len;
    }
    if (which & EMUNIC_RSS_FIELDS_SRC) {
        memcpy(to, pair, len);
        count += len;
    }
    if (which & EMUNIC_RSS_FIELDS_DST) {
        memcpy(to + count, dst, len);
        count += len;
    }
    return count;
}

/*
 * Add a pair of fields to the hash, whose input has @at bytes so far. Returns
 * how many it has then. Mostly both fields count as they are in the frame.
 */
static unsigned emunic_rss_add(const EmunicRssContext *ctx, uint32_t *hash,
                               unsigned at, const uint8_t *pair, unsigned len,
                               uint32_t which, uint32_t ctrl)
{
    uint8_t input[EMUNIC_RSS_INPUT] QEMU_UNINITIALIZED;
    const uint8_t *bytes = pair;
    unsigned count = 2 * len;

    if (ctrl || which != (EMUNIC_RSS_FIELDS_SRC | EMUNIC_RSS_FIELDS_DST)) {
        count = emunic_rss_put(input, pair, len, which, ctrl);
        bytes = input;
    }
    for (unsigned i = 0; i < count; i++) {
        *hash ^= ctx->nibble[2 * (at + i)][bytes[i] >> 4] ^
                 ctx->nibble[2 * (at + i) + 1][bytes[i] & 0xf];
    }
    return at + count;
}

/* The context of a frame, by the ctrl of its rule */
static const EmunicRssContext *emunic_rss_context(const EmunicFunction *f,
                                                  uint32_t flow)
{
    return &f->rss.ctx[flow & EMUNIC_FLOW_SPREAD
                       ? emunic_flow_part(flow, EMUNIC_FLOW_CONTEXT) : 0];
}

/* The hash of a parsed frame as @f wants it; @flow: ctrl of its rule */
void emunic_rss_hash(const EmunicFunction *f, EmunicFrame *fr, uint32_t flow)
{
    const EmunicRssContext *ctx = emunic_rss_context(f, flow);
    const uint32_t addrs = EMUNIC_RSS_FIELDS_SRC | EMUNIC_RSS_FIELDS_DST;
    bool ip4 = emunic_frame_ip4(fr);
    uint32_t ctrl = f->reg[EMUNIC_R_RSS_CTRL] & EMUNIC_RSS_CTRL_ALL;
    uint32_t fields, hash = 0;
    unsigned len;

    /* Made once for all that have changed nothing */
    if (fr->hashed && ctx->initial) {
        return;
    }
    fr->hashed = ctx->initial;
    fr->hash = 0;
    fr->hash_type = EMUNIC_RX_HASH_NONE;
    if (fr->kind == EMUNIC_KIND_NONE) {
        return;
    }
    fields = f->reg[EMUNIC_R_RSS_FIELDS] & EMUNIC_RSS_FIELDS_MASK;
    fields = fields >> 4 * (fr->kind - EMUNIC_KIND_TCP4) & 0xf;
    if (!fields) {
        return;
    }
    len = emunic_rss_add(ctx, &hash, 0,
                         fr->hdr + fr->l3 + emunic_ip_addrs(ip4),
                         emunic_ip_addr_len(ip4), fields & addrs, ctrl);
    emunic_rss_add(ctx, &hash, len, fr->ports, 2, fields >> 2, ctrl);
    fr->hash = hash;
    fr->hash_type = fields & ~addrs ? EMUNIC_RX_HASH_L4 : EMUNIC_RX_HASH_L3;
}

/* The Rx queue for @fr, whose rule has @flow; at least one runs. */
EmunicQueue *emunic_rss_steer(EmunicFunction *f, const EmunicFrame *fr,
                              uint32_t flow)
{
    uint8_t entry = emunic_flow_part(flow, EMUNIC_FLOW_QUEUE);

    if (flow & EMUNIC_FLOW_SPREAD) {
        entry = emunic_rss_byte(emunic_rss_context(f, flow)->table,
                                fr->hash % EMUNIC_RSS_ENTRIES);
    }
    if (entry < EMUNIC_MAX_QUEUES && emunic_queue_running(&f->rxq[entry])) {
        return &f->rxq[entry];
    }
    return &f->rxq[f->rx_map[entry % f->rx_running]];
}

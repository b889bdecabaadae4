/*
 * emunic: receive steering: the hash and the indirection table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"

/* Both windows are words, byte 0 in bits 7:0. */
static uint8_t emunic_rss_byte(const uint32_t *words, unsigned i)
{
    return words[i / 4] >> i % 4 * 8;
}

static bool emunic_rss_initial(const EmunicFunction *f)
{
    static const uint8_t key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

    for (unsigned i = 0; i < EMUNIC_RSS_KEY_SIZE; i++) {
        if (emunic_rss_byte(f->rss.key, i) != key[i]) {
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
static void emunic_rss_key_changed(EmunicRss *rss)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < 4; i++) {
        bits = bits << 8 | emunic_rss_byte(rss->key, i);
    }
    for (unsigned i = 0; i < EMUNIC_RSS_INPUT; i++) {
        bits = bits << 8 | emunic_rss_byte(rss->key, i + 4);
        for (unsigned v = 0; v < 16; v++) {
            uint32_t high = 0, low = 0;

            for (unsigned bit = 0; bit < 4; bit++) {
                if (v & (8 >> bit)) {
                    high ^= bits >> (8 - bit);
                    low ^= bits >> (4 - bit);
                }
            }
            rss->nibble[2 * i][v] = high;
            rss->nibble[2 * i + 1][v] = low;
        }
    }
}

/* Key, fields or control have changed. */
void emunic_rss_changed(EmunicFunction *f)
{
    emunic_rss_key_changed(&f->rss);
    f->rss.initial = emunic_rss_initial(f);
}

void emunic_rss_reset(EmunicFunction *f)
{
    static const uint8_t key[EMUNIC_RSS_KEY_SIZE] = EMUNIC_RSS_KEY_RESET;

    for (unsigned i = 0; i < ARRAY_SIZE(f->rss.key); i++) {
        f->rss.key[i] = ldl_le_p(key + i * 4);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(f->rss.table); i++) {
        f->rss.table[i] = 0x03020100 + i * 0x04040404;
    }
    emunic_rss_changed(f);
}

/*
 * A word of one of the windows, or NULL. A VF reads them with its PF's leave
 * only.
 */
uint32_t *emunic_rss_window(EmunicFunction *f, hwaddr addr, bool write)
{
    if (!write && emunic_is_vf(f) &&
        !(f->port.flags & EMUNIC_VPORT_QUERY_RSS)) {
        return NULL;
    }
    if (addr >= EMUNIC_RSS_KEY &&
        addr < EMUNIC_RSS_KEY + EMUNIC_RSS_KEY_SIZE) {
        return &f->rss.key[(addr - EMUNIC_RSS_KEY) / 4];
    }
    if (addr >= EMUNIC_RSS_TABLE &&
        addr < EMUNIC_RSS_TABLE + EMUNIC_RSS_ENTRIES) {
        return &f->rss.table[(addr - EMUNIC_RSS_TABLE) / 4];
    }
    return NULL;
}

/*
 * Append what is hashed of a pair of fields at @pair, @len bytes each, the
 * source first. Returns how many bytes that is.
 */
static unsigned emunic_rss_put(uint8_t *to, const uint8_t *pair, unsigned len,
                               uint32_t which, uint32_t ctrl)
{
    const uint8_t *dst = pair + len;

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
        to += len;
    }
    if (which & EMUNIC_RSS_FIELDS_DST) {
        memcpy(to, dst, len);
    }
    return ctpop32(which) * len;
}

/*
 * Add a pair of fields to the hash, whose input has @at bytes so far. Returns
 * how many it has then. Mostly both fields count as they are in the frame.
 */
static unsigned emunic_rss_add(const EmunicRss *rss, uint32_t *hash,
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
        *hash ^= rss->nibble[2 * (at + i)][bytes[i] >> 4] ^
                 rss->nibble[2 * (at + i) + 1][bytes[i] & 0xf];
    }
    return at + count;
}

/* The hash of a parsed frame as @f wants it */
void emunic_rss_hash(const EmunicFunction *f, EmunicFrame *fr)
{
    const uint32_t addrs = EMUNIC_RSS_FIELDS_SRC | EMUNIC_RSS_FIELDS_DST;
    bool ip4 = fr->kind == EMUNIC_KIND_TCP4 || fr->kind == EMUNIC_KIND_UDP4 ||
               fr->kind == EMUNIC_KIND_IP4;
    uint32_t ctrl = f->reg[EMUNIC_R_RSS_CTRL] & EMUNIC_RSS_CTRL_ALL;
    uint32_t fields, hash = 0;
    unsigned len;

    /* Made once for all that have changed nothing */
    if (fr->hashed && f->rss.initial) {
        return;
    }
    fr->hashed = f->rss.initial;
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
    len = emunic_rss_add(&f->rss, &hash, 0,
                         fr->hdr + fr->l3 + (ip4 ? 12 : 8), ip4 ? 4 : 16,
                         fields & addrs, ctrl);
    emunic_rss_add(&f->rss, &hash, len, fr->ports, 2, fields >> 2, ctrl);
    fr->hash = hash;
    fr->hash_type = fields & ~addrs ? EMUNIC_RX_HASH_L4 : EMUNIC_RX_HASH_L3;
}

/* The Rx queue for @fr; at least one runs. */
EmunicQueue *emunic_rss_steer(EmunicFunction *f, const EmunicFrame *fr)
{
    uint8_t entry = emunic_rss_byte(f->rss.table,
                                    fr->hash % EMUNIC_RSS_ENTRIES);

    if (entry < EMUNIC_MAX_QUEUES && emunic_queue_running(&f->rxq[entry])) {
        return &f->rxq[entry];
    }
    return &f->rxq[f->rx_map[entry % f->rx_running]];
}

/*
 * emunic: receive steering: the rules that go before the hash
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"

#define RULE(field) offsetof(struct emunic_flow_rule, field)

/* A word of the window of a rule, or NULL */
uint32_t *emunic_flow_window(EmunicFunction *f, hwaddr addr)
{
    uint64_t rule = (addr - EMUNIC_FLOW_RULE) / EMUNIC_FLOW_STRIDE;
    uint64_t offset = (addr - EMUNIC_FLOW_RULE) % EMUNIC_FLOW_STRIDE;

    if (rule >= EMUNIC_FLOW_RULES ||
        offset >= sizeof(struct emunic_flow_rule)) {
        return NULL;
    }
    return &f->rss.rule[rule][offset / 4];
}

/* A window was written, or a stream was loaded. */
void emunic_flow_changed(EmunicFunction *f)
{
    f->rss.enabled = 0;
    for (unsigned r = 0; r < EMUNIC_FLOW_RULES; r++) {
        f->rss.rule[r][0] &= EMUNIC_FLOW_ALL;
        if (f->rss.rule[r][0] & EMUNIC_FLOW_ENABLE) {
            f->rss.enabled |= 1ull << r;
        }
    }
}

/* Are the @len bytes from @at on in @rule those of the frame? */
static bool emunic_flow_equal(const uint32_t *rule, size_t at,
                              const uint8_t *bytes, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        if (bytes[i] != emunic_rss_byte(rule, at + i)) {
            return false;
        }
    }
    return true;
}

static bool emunic_flow_fits(const uint32_t *rule, const EmunicFrame *fr)
{
    bool ports = fr->kind < EMUNIC_KIND_IP4, ip4 = emunic_frame_ip4(fr);
    uint32_t kind = emunic_flow_part(rule[0], EMUNIC_FLOW_KIND);
    const uint8_t *src = fr->hdr + fr->l3 + emunic_ip_addrs(ip4);
    unsigned len = emunic_ip_addr_len(ip4);

    switch (kind) {
    case EMUNIC_FLOW_KIND_IP4:
    case EMUNIC_FLOW_KIND_IP6:
        ports = false;
        if ((kind == EMUNIC_FLOW_KIND_IP4) != ip4) {
            return false;
        }
        break;
    default:
        if (kind != fr->kind - EMUNIC_KIND_TCP4) {
            return false;
        }
    }
    if (rule[0] & (EMUNIC_FLOW_SPORT | EMUNIC_FLOW_DPORT) && !ports) {
        return false;
    }
    return (!(rule[0] & EMUNIC_FLOW_SRC) ||
            emunic_flow_equal(rule, RULE(src), src, len)) &&
           (!(rule[0] & EMUNIC_FLOW_DST) ||
            emunic_flow_equal(rule, RULE(dst), src + len, len)) &&
           (!(rule[0] & EMUNIC_FLOW_SPORT) ||
            emunic_flow_equal(rule, RULE(sport), fr->ports, 2)) &&
           (!(rule[0] & EMUNIC_FLOW_DPORT) ||
            emunic_flow_equal(rule, RULE(dport), fr->ports + 2, 2));
}

/* The ctrl of the rule that claims a parsed frame; else that of context 0 */
uint32_t emunic_flow_ctrl(const EmunicFunction *f, const EmunicFrame *fr)
{
    uint64_t left = fr->kind == EMUNIC_KIND_NONE ? 0 : f->rss.enabled;

    for (; left; left &= left - 1) {
        const uint32_t *rule = f->rss.rule[ctz64(left)];

        if (emunic_flow_fits(rule, fr)) {
            return rule[0];
        }
    }
    return EMUNIC_FLOW_SPREAD;
}

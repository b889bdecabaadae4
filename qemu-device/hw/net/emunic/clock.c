/*
 * emunic: the clock that frames are stamped with
 *
 * It follows the machine's virtual clock, at a rate that the PF's driver sets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "qemu/host-utils.h"
#include "trace.h"

/*
 * Count what has passed since the last look, exactly: what is less than a ns
 * is kept for the next one.
 */
static void emunic_clock_follow(EmunicClock *c)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    int64_t passed = c->standing ? 0 : now - c->seen;
    uint64_t lo, hi;

    muls64(&lo, &hi, passed, c->rate);
    lo += c->fraction;
    hi += lo < c->fraction;
    c->fraction = lo;
    c->ns += passed + (hi << 32 | lo >> 32);
    c->seen = now;
}

void emunic_clock_init(EmunicState *s)
{
    s->clock.seen = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

uint64_t emunic_clock_now(EmunicState *s)
{
    emunic_clock_follow(&s->clock);
    return s->clock.ns;
}

/* @rate: EMUNIC_CLOCK_RATE */
void emunic_clock_set_rate(EmunicState *s, uint32_t rate)
{
    emunic_clock_follow(&s->clock);
    s->clock.rate = (int32_t)rate;
    trace_emunic_clock(s->clock.ns, s->clock.rate);
}

/* @what: EMUNIC_CLOCK_CTRL_*, both or none of which mean nothing */
void emunic_clock_ctrl(EmunicState *s, uint32_t what)
{
    uint64_t arg = s->fn.reg[EMUNIC_R_CLOCK_ARG_LO] |
                   (uint64_t)s->fn.reg[EMUNIC_R_CLOCK_ARG_HI] << 32;

    emunic_clock_follow(&s->clock);
    switch (what & (EMUNIC_CLOCK_CTRL_SET | EMUNIC_CLOCK_CTRL_ADJUST)) {
    case EMUNIC_CLOCK_CTRL_SET:
        s->clock.ns = arg;
        s->clock.fraction = 0;
        break;
    case EMUNIC_CLOCK_CTRL_ADJUST:
        s->clock.ns += arg;
        break;
    }
    trace_emunic_clock(s->clock.ns, s->clock.rate);
}

void emunic_clock_save(EmunicState *s)
{
    emunic_clock_follow(&s->clock);
}

/* It stands until the machine goes on, whatever the host's clocks do. */
void emunic_clock_load(EmunicState *s)
{
    s->clock.rate = (int32_t)s->fn.reg[EMUNIC_R_CLOCK_RATE];
    s->clock.standing = true;
}

void emunic_clock_go(EmunicState *s)
{
    emunic_clock_follow(&s->clock);
    s->clock.standing = false;
}

/*
 * emunic: offences: a VF broke a rule, and its PF is told once a second
 *
 * The first one is told at once. What follows within a second is held back
 * until the second is over, and told together; neither a reset of the VF nor
 * a PF driver that comes late makes anybody forget.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "trace.h"

#define OFFENCE_PERIOD  NANOSECONDS_PER_SECOND

static void emunic_offence_tell(EmunicFunction *f, int64_t now)
{
    f->events.offence_held = false;
    f->events.offence_at = now + OFFENCE_PERIOD;
    emunic_event_wait(f, EMUNIC_EVENT_OFFENCE);
}

/* @kind: EMUNIC_OFFENCE_*; @count: by how much its counter has gone up */
void emunic_offence(EmunicFunction *f, uint32_t kind, uint32_t count)
{
    int64_t now;

    if (!emunic_is_vf(f)) {
        return;
    }
    trace_emunic_offence(f->vport, kind, count);
    f->port.offences += count;
    f->events.offence_kind = kind;
    if (f->events.offence_held) {
        return;
    }
    now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (now >= f->events.offence_at) {
        emunic_offence_tell(f, now);
    } else {
        f->events.offence_held = true;
        timer_mod_anticipate_ns(f->pf->offence_timer, f->events.offence_at);
    }
}

/* With the counters; the second goes on. */
void emunic_offence_clear(EmunicFunction *f)
{
    f->port.offences = 0;
    f->events.offence_held = false;
    emunic_event_cancel(f, EMUNIC_EVENT_OFFENCE);
}

/* After migration: the second is over. */
void emunic_offence_restore(EmunicFunction *f)
{
    f->events.offence_at = 0;
    if (f->events.offence_held) {
        f->events.offence_held = false;
        emunic_event_wait(f, EMUNIC_EVENT_OFFENCE);
    }
}

void emunic_offence_timer(void *opaque)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    EmunicState *s = opaque;

    for (unsigned v = 1; v <= s->max_vfs; v++) {
        EmunicFunction *f = s->port[v];

        if (!f || !f->events.offence_held) {
            continue;
        }
        if (now >= f->events.offence_at) {
            emunic_offence_tell(f, now);
        } else {
            timer_mod_anticipate_ns(s->offence_timer, f->events.offence_at);
        }
    }
}

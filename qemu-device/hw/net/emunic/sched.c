/*
 * emunic: the Tx scheduler: which vport may send next, and how much
 *
 * As long as the port has credit in plenty, vports just take turns: then the
 * host's processor is the limit, and a turn costs all about the same. Once
 * the port is what there is too little of, first comes who has not had its
 * min_rate, then who has had least of the rest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "sched.h"

#define SCALE           8000                    /* credit of a byte */
#define KEPT_NS         (50 * 1000000ll)        /* credit that can be saved */
#define LATE_NS         (500 * 1000000ll)       /* while there was a wait */
#define FILL_NS         (1000 * 1000000000ll)   /* no overflow up to here */
#define SLICE_NS        500000                  /* least time to wait */

#define TURN_BYTES      (128 * KiB)
#define SHARED_BYTES    (16 * KiB)              /* while the port is short */

/*
 * A clock that goes back gives nothing and takes nothing. @kept: time of which
 * credit can be saved. Who had nothing to send saves little; who waited for
 * credit loses none of it to a host that wakes the device late.
 */
static void emunic_bucket_fill(EmunicBucket *b, int64_t now, int64_t kept)
{
    int64_t ns = MIN(MAX(now - b->at, 0), FILL_NS);
    int64_t most = MAX(b->rate * kept, b->credit);

    b->at = now;
    b->credit = MIN(b->credit + b->rate * ns, most);
}

/* What was saved at the old rate is lost; what was owed is still owed. */
static void emunic_bucket_set(EmunicBucket *b, uint32_t rate, int64_t now)
{
    emunic_bucket_fill(b, now, KEPT_NS);
    b->rate = rate;
    b->credit = rate ? MIN(b->credit, 0) : 0;
}

static void emunic_bucket_charge(EmunicBucket *b, uint32_t bytes)
{
    b->credit -= (int64_t)bytes * SCALE;
}

/* A frame may start while there is any credit. */
static uint32_t emunic_bucket_bytes(const EmunicBucket *b, uint32_t most)
{
    return MIN(DIV_ROUND_UP(MAX(b->credit, 0), SCALE), most);
}

/* When it has credit again; several frames later where these are short */
static int64_t emunic_bucket_wake_at(const EmunicBucket *b, int64_t now)
{
    return now + MAX(-b->credit / b->rate + 1, SLICE_NS);
}

void emunic_sched_init(EmunicSched *s, uint32_t rate)
{
    memset(s, 0, sizeof(*s));
    s->port.rate = rate;
}

void emunic_sched_set_rates(EmunicSched *s, unsigned v, uint32_t min,
                            uint32_t max, int64_t now)
{
    EmunicSchedPort *p = &s->ports[v];

    emunic_bucket_set(&p->min, min, now);
    emunic_bucket_set(&p->max, max, now);
    if (min) {
        set_bit(v, s->minimum);
    } else {
        clear_bit(v, s->minimum);
    }
    /* It may have to wait for another time now, or not at all. */
    if (test_and_clear_bit(v, s->waiting)) {
        emunic_sched_add(s, v);
    }
}

/*
 * @v may have something to send. False: it has to wait. Who comes back has no
 * claim to what the others have had meanwhile.
 */
bool emunic_sched_add(EmunicSched *s, unsigned v)
{
    if (test_bit(v, s->waiting)) {
        return false;
    }
    if (!test_and_set_bit(v, s->work)) {
        s->ports[v].served = MAX(s->ports[v].served, s->served);
    }
    return true;
}

void emunic_sched_remove(EmunicSched *s, unsigned v)
{
    clear_bit(v, s->work);
    clear_bit(v, s->waiting);
    s->ports[v].waited = false;
}

/* Before a series of turns */
void emunic_sched_start(EmunicSched *s, int64_t now)
{
    unsigned v;

    s->now = now;
    s->kept = s->waited ? LATE_NS : KEPT_NS;
    s->waited = false;
    emunic_bucket_fill(&s->port, now, s->kept);
    for (v = find_first_bit(s->waiting, EMUNIC_SCHED_PORTS);
         v < EMUNIC_SCHED_PORTS;
         v = find_next_bit(s->waiting, EMUNIC_SCHED_PORTS, v + 1)) {
        if (s->ports[v].wake_at <= now) {
            clear_bit(v, s->waiting);
            emunic_sched_add(s, v);
        }
    }
}

/* The port is the limit, or near to it. */
static bool emunic_sched_short(const EmunicSched *s)
{
    return s->port.credit < s->port.rate * KEPT_NS / 2;
}

/* Has @v credit of its max_rate? If not, it waits. */
static bool emunic_sched_may(EmunicSched *s, unsigned v)
{
    EmunicSchedPort *p = &s->ports[v];

    if (!p->max.rate) {
        return true;
    }
    emunic_bucket_fill(&p->max, s->now, p->waited ? LATE_NS : s->kept);
    p->waited = p->max.credit <= 0;
    if (!p->waited) {
        return true;
    }
    p->wake_at = emunic_bucket_wake_at(&p->max, s->now);
    clear_bit(v, s->work);
    set_bit(v, s->waiting);
    return false;
}

/* In turns: the next one after the last; EMUNIC_SCHED_PORTS: none */
static unsigned emunic_sched_after(const EmunicSched *s)
{
    unsigned v = find_next_bit(s->work, EMUNIC_SCHED_PORTS, s->last + 1);

    return v < EMUNIC_SCHED_PORTS ? v : find_first_bit(s->work,
                                                       EMUNIC_SCHED_PORTS);
}

static unsigned emunic_sched_least_served(const EmunicSched *s)
{
    unsigned least = EMUNIC_SCHED_PORTS;
    unsigned v;

    for (v = find_first_bit(s->work, EMUNIC_SCHED_PORTS);
         v < EMUNIC_SCHED_PORTS;
         v = find_next_bit(s->work, EMUNIC_SCHED_PORTS, v + 1)) {
        if (least == EMUNIC_SCHED_PORTS ||
            s->ports[v].served < s->ports[least].served) {
            least = v;
        }
    }
    return least;
}

/* Who has most left of its min_rate, in time */
static unsigned emunic_sched_guaranteed(EmunicSched *s)
{
    unsigned first = EMUNIC_SCHED_PORTS;
    int64_t most = 0;
    unsigned v;

    for (v = find_first_bit(s->minimum, EMUNIC_SCHED_PORTS);
         v < EMUNIC_SCHED_PORTS;
         v = find_next_bit(s->minimum, EMUNIC_SCHED_PORTS, v + 1)) {
        EmunicBucket *min = &s->ports[v].min;

        if (!test_bit(v, s->work)) {
            continue;
        }
        emunic_bucket_fill(min, s->now, s->kept);
        if (min->credit / min->rate > most && emunic_sched_may(s, v)) {
            most = min->credit / min->rate;
            first = v;
        }
    }
    return first;
}

static unsigned emunic_sched_shared(EmunicSched *s)
{
    bool counts = emunic_sched_short(s);
    unsigned v;

    do {
        v = counts ? emunic_sched_least_served(s) : emunic_sched_after(s);
    } while (v < EMUNIC_SCHED_PORTS && !emunic_sched_may(s, v));
    return v;
}

/* The next turn. False: nobody has anything to send, or may. */
bool emunic_sched_next(EmunicSched *s, EmunicTurn *turn)
{
    EmunicSchedPort *p;

    if (s->now >= s->wake_at && s->port.credit <= 0) {
        s->wake_at = emunic_bucket_wake_at(&s->port, s->now);
    }
    if (s->now < s->wake_at) {
        s->waited = true;
        return false;
    }
    turn->vport = emunic_sched_guaranteed(s);
    turn->guaranteed = turn->vport < EMUNIC_SCHED_PORTS;
    if (!turn->guaranteed) {
        turn->vport = emunic_sched_shared(s);
        if (turn->vport == EMUNIC_SCHED_PORTS) {
            return false;
        }
    }
    turn->counts = !turn->guaranteed && emunic_sched_short(s);
    p = &s->ports[turn->vport];
    turn->bytes = emunic_bucket_bytes(&s->port, turn->counts ? SHARED_BYTES
                                                             : TURN_BYTES);
    if (p->max.rate) {
        turn->bytes = emunic_bucket_bytes(&p->max, turn->bytes);
    }
    if (turn->guaranteed) {
        turn->bytes = emunic_bucket_bytes(&p->min, turn->bytes);
    }
    if (turn->counts) {
        s->served = p->served;
    }
    s->last = turn->vport;
    return true;
}

/* What the turn took, which may be more than it was given */
void emunic_sched_charge(EmunicSched *s, const EmunicTurn *turn,
                         uint32_t bytes)
{
    EmunicSchedPort *p = &s->ports[turn->vport];

    emunic_bucket_charge(&s->port, bytes);
    if (p->max.rate) {
        emunic_bucket_charge(&p->max, bytes);
    }
    if (turn->guaranteed) {
        emunic_bucket_charge(&p->min, bytes);
    }
    if (turn->counts) {
        p->served += bytes;
    }
}

/* When to start again although nothing new has come: the time, or NEVER */
int64_t emunic_sched_wake_at(const EmunicSched *s)
{
    int64_t at = EMUNIC_SCHED_NEVER;
    unsigned v;

    if (s->wake_at > s->now && !bitmap_empty(s->work, EMUNIC_SCHED_PORTS)) {
        at = s->wake_at;
    }
    for (v = find_first_bit(s->waiting, EMUNIC_SCHED_PORTS);
         v < EMUNIC_SCHED_PORTS;
         v = find_next_bit(s->waiting, EMUNIC_SCHED_PORTS, v + 1)) {
        at = MIN(at, s->ports[v].wake_at);
    }
    return at;
}

/*
 * emunic: the Tx scheduler: which vport may send next, and how much
 *
 * Nothing here knows of functions, queues or clocks: vports are numbers, and
 * the time is given. The bottom half (engine.c) asks before each turn and tells
 * afterwards what the turn took.
 *
 * A vport is in @work while it may have something to send, and in @waiting
 * instead while it has used up its max_rate.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_SCHED_H
#define HW_NET_EMUNIC_SCHED_H

#include "qemu/bitmap.h"

#define EMUNIC_SCHED_PORTS  255
#define EMUNIC_SCHED_NEVER  INT64_MAX

/*
 * A token bucket. Rates are Mbit/s and times ns, so that credit in 1/1000 bit
 * is exact.
 *
 * @credit: negative while a frame that took too much is paid back
 * @at: when it was last filled
 */
typedef struct EmunicBucket {
    uint32_t rate;
    int64_t credit;
    int64_t at;
} EmunicBucket;

/*
 * @min, @max: @rate 0: none
 * @served: bytes sent of what is shared equally, ever since; only the
 *          difference to other vports means something
 * @wake_at: when it leaves @waiting
 * @waited: it had no credit of @max when last asked
 */
typedef struct EmunicSchedPort {
    EmunicBucket min;
    EmunicBucket max;
    uint64_t served;
    int64_t wake_at;
    bool waited;
} EmunicSchedPort;

typedef struct EmunicSched {
    EmunicBucket port;
    int64_t now;
    int64_t wake_at;            /* the port sends nothing before that */
    int64_t kept;               /* time of which credit is saved, this time */
    bool waited;                /* the port had no credit at the last turn */
    uint64_t served;            /* of the vport that had least, at its turn */
    unsigned last;              /* vport that had the last turn */
    DECLARE_BITMAP(work, EMUNIC_SCHED_PORTS);
    DECLARE_BITMAP(waiting, EMUNIC_SCHED_PORTS);
    DECLARE_BITMAP(minimum, EMUNIC_SCHED_PORTS);    /* have a min_rate */
    EmunicSchedPort ports[EMUNIC_SCHED_PORTS];
} EmunicSched;

/*
 * One turn of a vport.
 *
 * @bytes: it may start frames until it has sent as much
 * @guaranteed: goes to the account of its min_rate
 * @counts: goes to the account of what is shared
 */
typedef struct EmunicTurn {
    unsigned vport;
    uint32_t bytes;
    bool guaranteed;
    bool counts;
} EmunicTurn;

void emunic_sched_init(EmunicSched *s, uint32_t rate);
void emunic_sched_set_rates(EmunicSched *s, unsigned v, uint32_t min,
                            uint32_t max, int64_t now);
bool emunic_sched_add(EmunicSched *s, unsigned v);
void emunic_sched_remove(EmunicSched *s, unsigned v);
void emunic_sched_start(EmunicSched *s, int64_t now);
bool emunic_sched_next(EmunicSched *s, EmunicTurn *turn);
void emunic_sched_charge(EmunicSched *s, const EmunicTurn *turn,
                         uint32_t bytes);
int64_t emunic_sched_wake_at(const EmunicSched *s);

static inline bool emunic_sched_idle(const EmunicSched *s)
{
    return bitmap_empty(s->work, EMUNIC_SCHED_PORTS) &&
           bitmap_empty(s->waiting, EMUNIC_SCHED_PORTS);
}

#endif /* HW_NET_EMUNIC_SCHED_H */

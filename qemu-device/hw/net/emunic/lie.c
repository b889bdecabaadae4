/*
 * emunic: a device that lies
 *
 * For tests of drivers: with x-lie-seed, one in x-lie-rate of what x-lie-what
 * names is wrong when the driver gets it. Only the copy on its way to the
 * driver is: the device knows the truth and goes by it.
 *
 * The seed gives the sequence of lies; what the driver does decides what each
 * of them falls on. A machine that migrates takes no lies along: where it goes
 * on, the properties of that device hold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "trace.h"

#define LIE_RATE        64
#define LIE_HEAD_WORDS  8       /* of an entry: what follows is mostly data */

static const char *const lie_name[] = {
    [EMUNIC_QUEUE_TX] = "Tx completion",
    [EMUNIC_QUEUE_RX] = "Rx completion",
    [EMUNIC_QUEUE_ADMIN] = "admin completion",
    [EMUNIC_QUEUE_EVENT] = "event",
    [EMUNIC_LIE_REGISTER] = "register",
};

QEMU_BUILD_BUG_ON(ARRAY_SIZE(lie_name) != EMUNIC_LIE_COUNT);

static bool emunic_lie_is_due(EmunicLie *lie, unsigned what)
{
    return lie->what & BIT(what) && lie->rate &&
           g_rand_int(lie->rand) % lie->rate == 0;
}

/* Another value than @value, most often one that is near it or looks like it */
static uint32_t emunic_lie_of(GRand *rand, uint32_t value)
{
    uint32_t any = g_rand_int(rand);
    uint32_t lie;

    switch (g_rand_int(rand) % 6) {
    case 0:
        lie = value + 1;
        break;
    case 1:
        lie = value - 1;
        break;
    case 2:
        lie = deposit32(value, any & 16, 16, any >> 16);
        break;
    case 3:
        lie = any;
        break;
    case 4:
        lie = UINT32_MAX;
        break;
    default:
        lie = value ^ BIT(any % 32);
        break;
    }
    return lie != value ? lie : ~value;
}

static uint32_t emunic_lie_tell(EmunicFunction *f, unsigned what, unsigned at,
                                uint32_t value)
{
    EmunicLie *lie = &f->pf->lie;
    uint32_t told = emunic_lie_of(lie->rand, value);

    trace_emunic_lie(f->vport, lie->seed, ++lie->count, lie_name[what], at,
                     value, told);
    return told;
}

/* What is read of the register at @addr, which is @value */
uint32_t emunic_lie_register(EmunicFunction *f, hwaddr addr, uint32_t value)
{
    if (!emunic_lie_is_due(&f->pf->lie, EMUNIC_LIE_REGISTER)) {
        return value;
    }
    return emunic_lie_tell(f, EMUNIC_LIE_REGISTER, addr, value);
}

/*
 * What is written for the @size bytes of @entry, to be used at once. The
 * *@phase that is to be added to the flags at @flags_at may be in it already.
 */
const void *emunic_lie_entry(EmunicFunction *f, const EmunicQueue *q,
                             const void *entry, size_t size, size_t flags_at,
                             uint16_t *phase)
{
    EmunicLie *lie = &f->pf->lie;
    uint32_t words = size / sizeof(uint32_t);
    uint8_t *copy = lie->entry;
    uint32_t at;

    if (!emunic_lie_is_due(lie, q->kind)) {
        return entry;
    }
    memcpy(copy, entry, size);
    stw_le_p(copy + flags_at, lduw_le_p(copy + flags_at) | *phase);
    *phase = 0;
    if (g_rand_boolean(lie->rand)) {
        words = MIN(words, LIE_HEAD_WORDS);
    }
    at = g_rand_int(lie->rand) % words * sizeof(uint32_t);
    stl_le_p(copy + at, emunic_lie_tell(f, q->kind, at, ldl_le_p(copy + at)));
    return copy;
}

static void emunic_lie_get(Object *obj, Visitor *v, const char *name,
                           void *opaque, Error **errp)
{
    uint32_t *value = (void *)EMUNIC(obj) + (uintptr_t)opaque;

    visit_type_uint32(v, name, value, errp);
}

/* Each change begins the sequence anew. */
static void emunic_lie_set(Object *obj, Visitor *v, const char *name,
                           void *opaque, Error **errp)
{
    EmunicLie *lie = &EMUNIC(obj)->lie;
    uint32_t *value = (void *)EMUNIC(obj) + (uintptr_t)opaque;

    if (visit_type_uint32(v, name, value, errp)) {
        g_rand_set_seed(lie->rand, lie->seed);
        lie->count = 0;
    }
}

void emunic_lie_class_init(ObjectClass *oc)
{
    static const struct {
        const char *name, *description;
        size_t at;
        bool fixed;
    } properties[] = {
        { "x-lie-seed", "not 0: the device lies, in this sequence",
          offsetof(EmunicState, lie.seed) },
        { "x-lie-rate", "one in so many is a lie; 0: none",
          offsetof(EmunicState, lie.rate) },
        { "x-lie-what", "bits: Tx, Rx, admin completions, events, registers",
          offsetof(EmunicState, lie.what) },
        { "x-lie-count", "lies told since the last change of these",
          offsetof(EmunicState, lie.count), true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        object_class_property_add(oc, properties[i].name, "uint32",
                                  emunic_lie_get,
                                  properties[i].fixed ? NULL : emunic_lie_set,
                                  NULL, (void *)properties[i].at);
        object_class_property_set_description(oc, properties[i].name,
                                              properties[i].description);
    }
}

void emunic_lie_init(EmunicState *s)
{
    s->lie.rand = g_rand_new_with_seed(0);
    s->lie.rate = LIE_RATE;
    s->lie.what = BIT(EMUNIC_LIE_COUNT) - 1;
}

void emunic_lie_exit(EmunicState *s)
{
    g_rand_free(s->lie.rand);
}

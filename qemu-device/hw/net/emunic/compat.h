/*
 * emunic: differences between the QEMU versions that the device builds in
 *
 * Each is found by looking for the feature in the headers, never by a version
 * number: interfaces change inside a stable series too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NET_EMUNIC_COMPAT_H
#define HW_NET_EMUNIC_COMPAT_H

#include "net/net.h"

#if __has_include("hw/core/qdev-properties.h")
#include "hw/core/qdev-properties.h"
#else
#include "hw/qdev-properties.h"
#endif

#if __has_include("system/memory.h")
#include "system/memory.h"
#else
#include "exec/memory.h"
#endif

#if __has_include("system/dma.h")
#include "system/dma.h"
#else
#include "sysemu/dma.h"
#endif

#if __has_include("system/xen.h")
#include "system/xen.h"
#else
#include "sysemu/xen.h"
#endif

#if __has_include("system/system.h")
#include "system/runstate.h"
#include "system/system.h"
#else
#include "sysemu/runstate.h"
#include "sysemu/sysemu.h"
#endif

#if __has_include("exec/target_page.h")
#include "exec/target_page.h"
#endif

#if __has_include("system/ramlist.h")
#include "system/ramlist.h"
#else
#include "exec/ramlist.h"
#endif

/* For what is written before it is read, and is on the way of every frame */
#ifndef QEMU_UNINITIALIZED
#if __has_attribute(uninitialized)
#define QEMU_UNINITIALIZED __attribute__((uninitialized))
#else
#define QEMU_UNINITIALIZED
#endif
#endif

/* The offloads of a backend are arguments, later members of a struct. */
#if __has_include("hw/virtio/virtio-features.h")
static inline void emunic_set_offload(NetClientState *nc, bool on, bool uso)
{
    const NetOffloads offloads = {
        .csum = on, .tso4 = on, .tso6 = on, .ecn = on, .uso4 = uso, .uso6 = uso,
    };

    qemu_set_offload(nc, &offloads);
}
#else
static inline void emunic_set_offload(NetClientState *nc, bool on, bool uso)
{
    qemu_set_offload(nc, on, on, on, on, false, uso, uso);
}
#endif

/* class_init() takes what TypeInfo has as its data: void *, later const. */
typedef typeof(((TypeInfo *)0)->class_data) EmunicClassData;

#endif /* HW_NET_EMUNIC_COMPAT_H */

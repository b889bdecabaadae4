/*
 * emunic in a QEMU that does not know it: the object to put into LD_PRELOAD
 *
 * It uses nothing of QEMU. It looks whether the program is the very QEMU that
 * the device was built for, since another one has its structures laid out
 * differently, and only then loads the device, which lies beside it. In any
 * other program it does nothing, so that a QEMU started through a wrapper
 * works as well.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-version.h"

#define BANNER "QEMU emulator version "

#define DEVICE "emunic SR-IOV Ethernet"     /* its description */

/*
 * What the program's own image says: the version that it would print, NULL if
 * it is no QEMU, and whether the device is built in.
 */
struct program {
    const char *version;
    size_t len;
    int has_device;
};

static void search(struct program *p, const char *start, const char *end)
{
    const char *at = memmem(start, end - start, BANNER, strlen(BANNER));

    if (at && !p->version) {
        const char *eol;

        at += strlen(BANNER);
        eol = memchr(at, '\n', end - at);
        p->version = at;
        p->len = (eol ? eol : end) - at;
    }
    if (memmem(start, end - start, DEVICE, strlen(DEVICE))) {
        p->has_device = 1;
    }
}

static int search_program(struct dl_phdr_info *info, size_t size, void *opaque)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
        const char *start = (const char *)(info->dlpi_addr + ph->p_vaddr);

        if (ph->p_type == PT_LOAD && (ph->p_flags & PF_R)) {
            search(opaque, start, start + ph->p_filesz);
        }
    }
    /* The program itself comes first, and nothing else is of interest. */
    return 1;
}

static void load_device(void)
{
    static const char name[] = "emunic-device.so";
    char path[4096];
    const char *slash;
    Dl_info self;

    if (!dladdr(load_device, &self) || !self.dli_fname) {
        self.dli_fname = "";
    }
    slash = strrchr(self.dli_fname, '/');
    snprintf(path, sizeof(path), "%.*s%s",
             slash ? (int)(slash + 1 - self.dli_fname) : 0, self.dli_fname,
             name);
    if (!dlopen(path, RTLD_NOW | RTLD_GLOBAL)) {
        fprintf(stderr, "emunic: %s\n", dlerror());
        exit(1);
    }
}

static void __attribute__((constructor)) guard(void)
{
    struct program p = { NULL, 0, 0 };

    dl_iterate_phdr(search_program, &p);
    if (!p.version) {
        return;
    }
    /* Not for QEMU's children */
    unsetenv("LD_PRELOAD");
    if (p.has_device) {
        return;
    }
    if (p.len != strlen(QEMU_FULL_VERSION) ||
        memcmp(p.version, QEMU_FULL_VERSION, p.len)) {
        fprintf(stderr, "emunic: built for QEMU %s, but this is QEMU %.*s: "
                "rebuild the device against the source of this QEMU\n",
                QEMU_FULL_VERSION, (int)p.len, p.version);
        exit(1);
    }
    load_device();
}

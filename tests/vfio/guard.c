// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an attack must not change: a victim VF with buffers posted, which
 * waits in a VLAN of its own and thus should receive nothing, and memory that
 * no device was ever given.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

struct guard guard;

/* A pattern that tells pages apart */
static u8 pattern(size_t at)
{
	return at * 7 + (at >> 12) * 13 + 0x31;
}

void guard_open(const char *victim_bdf)
{
	struct vf *victim = &guard.victim;

	vf_open(victim, victim_bdf, VICTIM_IOVA);
	vfio_reset(&victim->vfio);
	if (!vf_introduce(victim, 0, CAPS_10))
		fatal("the victim is not at work");
	queue_init(&guard.rx, victim, true, 0);
	for (size_t i = victim->used; i < ARENA_SIZE; i++)
		victim->arena[i] = pattern(i);
	memset(guard.rx.buffers, 0xc3, RING_SIZE * BUF_SIZE);
	if (queue_start(&guard.rx) != EMUNIC_Q_STATE_RUNNING)
		fatal("the victim's queue does not run");
	rx_post_all(&guard.rx);
	vf_write(victim, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);

	guard.copy = alloc_pages(ARENA_SIZE);
	memcpy(guard.copy, victim->arena, ARENA_SIZE);
	guard.canary = alloc_pages(ARENA_SIZE);
	for (size_t i = 0; i < ARENA_SIZE; i++)
		guard.canary[i] = pattern(i);
}

static void check_canary(const char *when)
{
	for (size_t i = 0; i < ARENA_SIZE; i++) {
		if (guard.canary[i] != pattern(i)) {
			expect(false, "%s: memory of no device changed at %#zx",
			       when, i);
			return;
		}
	}
}

static void check_victim_memory(const char *when)
{
	const u8 *now = guard.victim.arena;
	size_t at = 0;

	if (!memcmp(now, guard.copy, ARENA_SIZE))
		return;
	while (now[at] == guard.copy[at])
		at++;
	expect(false, "%s: the victim's memory changed at %#zx", when, at);
}

void guard_check(const char *when)
{
	struct emunic_mbox_config before = guard.victim.config;
	int status;

	check_canary(when);
	check_victim_memory(when);
	status = vf_config(&guard.victim);
	expect(!status, "%s: the PF answers the victim with %d", when, status);
	expect(!memcmp(&before, &guard.victim.config, sizeof(before)),
	       "%s: the victim's configuration changed", when);
	expect(queue_read(&guard.rx, EMUNIC_Q_STATE) == EMUNIC_Q_STATE_RUNNING,
	       "%s: the victim's queue stopped", when);
}

u64 physical(const void *va)
{
	u64 entry;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0 || pread(fd, &entry, sizeof(entry),
			    (uintptr_t)va / PAGE * sizeof(entry)) !=
		      sizeof(entry))
		fatal("pagemap: %s", strerror(errno));
	close(fd);
	if (!(entry & 1ULL << 63) || !(entry & ((1ULL << 55) - 1)))
		fatal("pagemap does not tell");
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Findings, time and numbers that look random. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attack.h"

/* A case that goes wrong in a loop should not bury its first finding */
#define MAX_NOTES	20

static unsigned int found;
static u64 state = 1;

static void vnote(const char *format, va_list args)
{
	printf("# ");
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vnote(format, args);
	va_end(args);
}

bool expect_at(bool truth, const char *func, int line, const char *format, ...)
{
	va_list args;

	if (truth)
		return true;
	if (++found <= MAX_NOTES) {
		printf("# %s:%d: ", func, line);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
		fflush(stdout);
	}
	return false;
}

unsigned int findings(void)
{
	return found;
}

void fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vnote(format, args);
	va_end(args);
	exit(2);
}

u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

void random_seed(u64 seed)
{
	state = seed * 0x9e3779b97f4a7c15ULL | 1;
}

/* xorshift64*: the same on every machine */
u32 random32(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL) >> 32;
}

u32 random_below(u32 limit)
{
	return (u64)random32() * limit >> 32;
}

void fill_random(void *to, size_t len)
{
	u8 *p = to;

	while (len--)
		*p++ = random32();
}

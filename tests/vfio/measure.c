// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes for measurements, each with a VF of its own, that do what
 * lines on standard input say and answer each with a line.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define ROUND_TRIPS	150
/* Half as many as the device lets through of one VF */
#define PAUSE_US	(2 * 1000000 / EMUNIC_EVENT_RATE)
#define FLOOD_WRITES	1000

static int by_value(const void *a, const void *b)
{
	const u32 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each line: the median, in microseconds, of some round trips of @vf */
void measure_round_trips(struct vf *vf)
{
	u32 us[ROUND_TRIPS];
	char line[16];
	u64 start;

	if (!vf_introduce(vf, 0, CAPS_10))
		fatal("the victim is not at work");
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < ROUND_TRIPS; i++) {
			start = now_us();
			if (vf_config(vf))
				fatal("the victim gets no answer");
			us[i] = now_us() - start;
			usleep(PAUSE_US);
		}
		qsort(us, ROUND_TRIPS, sizeof(us[0]), by_value);
		printf("%u\n", us[ROUND_TRIPS / 2]);
		fflush(stdout);
	}
}

static void busy_turn(void)
{
	static volatile u32 sink;

	for (int i = 0; i < 20000; i++)
		sink += i;
}

/* Half of it mailbox, half of it kicks of all queues */
static void flood_turn(struct vf *vf)
{
	for (int i = 0; i < FLOOD_WRITES / 2; i++) {
		vf_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
		vf_write(vf, EMUNIC_KICK, EMUNIC_KICK_TX);
	}
}

/* All Tx queues wait for the rest of a chain, so that a kick costs reads. */
static void start_flood(struct vf *vf, struct pair *p)
{
	struct emunic_mbox_hdr hdr = { .opcode = EMUNIC_MBOX_OP_GET_CONFIG };
	u32 queues = vf_read(vf, EMUNIC_LIMITS) & EMUNIC_LIMITS_QUEUES;
	struct queue tx;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		fatal("the attacker is not at work");
	pair_init(p, vf);
	pair_start(p);
	for (u32 i = 1; i < queues; i++) {
		queue_init(&tx, vf, false, i);
		queue_start(&tx);
		tx_put(&tx, vf_iova(vf, tx.buffers), 60, 0);
		tx_flush(&tx);
	}
	mbox_load(vf, &hdr, sizeof(hdr));
}

static bool line_there(int timeout)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };

	return poll(&in, 1, timeout) > 0;
}

/*
 * Each line sets what is done from then on: "flood"; "busy", as much time spent
 * on nothing; or "idle". The answer is the number of register writes a second
 * until then.
 */
void measure_load(struct vf *vf)
{
	u64 start, turns;
	char line[16] = "busy";
	struct pair p;

	start_flood(vf, &p);
	do {
		bool flood = line[0] == 'f';

		start = now_us();
		for (turns = 0; !line_there(line[0] == 'i' ? -1 : 0); turns++) {
			if (flood)
				flood_turn(vf);
			else
				busy_turn();
		}
		printf("%lu\n", flood ? turns * FLOOD_WRITES * 1000000 /
					(now_us() - start + 1) : 0);
		fflush(stdout);
	} while (fgets(line, sizeof(line), stdin));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * bystander NETNS ADDRESS NETNS ADDRESS
 *
 * Two hosts that send each other numbered datagrams, at an even pace, both in
 * one process. Each line on standard input is answered, once what is under way
 * has arrived, with "SENT LOST" of the time since the last one. A datagram
 * out of order or twice counts as lost.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;

#define PORT		9000
#define INTERVAL_MS	5
#define PATIENCE_MS	3000

struct host {
	int fd;
	struct sockaddr_in addr;
	u64 sent;
	u64 next;		/* the number that should arrive */
	u64 arrived;
};

static void die(const char *what)
{
	fprintf(stderr, "bystander: %s: %s\n", what, strerror(errno));
	exit(2);
}

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static void host_open(struct host *h, const char *netns, const char *address)
{
	int size = 4 << 20, ns;
	char path[128];

	snprintf(path, sizeof(path), "/var/run/netns/%s", netns);
	ns = open(path, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die(path);
	close(ns);
	h->addr.sin_family = AF_INET;
	h->addr.sin_port = htons(PORT);
	if (inet_pton(AF_INET, address, &h->addr.sin_addr) != 1)
		die(address);
	h->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setsockopt(h->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (h->fd < 0 ||
	    bind(h->fd, (struct sockaddr *)&h->addr, sizeof(h->addr)))
		die("socket");
}

static void host_send(struct host *from, const struct host *to)
{
	u64 number = from->sent;

	if (sendto(from->fd, &number, sizeof(number), 0,
		   (const struct sockaddr *)&to->addr,
		   sizeof(to->addr)) == sizeof(number))
		from->sent++;
	else
		die("send");
}

static void host_receive(struct host *h)
{
	u64 number;

	while (recv(h->fd, &number, sizeof(number), 0) == sizeof(number)) {
		h->arrived += number == h->next;
		h->next = number + 1;
	}
}

static void host_forget(struct host *h)
{
	h->sent = 0;
	h->next = 0;
	h->arrived = 0;
}

/* Wait for what is under way, tell, begin anew. */
static void account(struct host *a, struct host *b)
{
	u64 end = now_ms() + PATIENCE_MS;
	u64 sent, lost;

	do {
		usleep(1000);
		host_receive(a);
		host_receive(b);
	} while ((a->next < b->sent || b->next < a->sent) && now_ms() < end);
	sent = a->sent + b->sent;
	lost = sent - a->arrived - b->arrived;
	printf("%lu %lu\n", sent, lost);
	fflush(stdout);
	host_forget(a);
	host_forget(b);
}

int main(int argc, char **argv)
{
	struct host a = { 0 }, b = { 0 };
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char line[16];

	if (argc != 5)
		return 2;
	host_open(&a, argv[1], argv[2]);
	host_open(&b, argv[3], argv[4]);
	while (true) {
		host_send(&a, &b);
		host_send(&b, &a);
		host_receive(&a);
		host_receive(&b);
		if (poll(&in, 1, INTERVAL_MS) > 0) {
			if (!fgets(line, sizeof(line), stdin))
				return 0;
			account(&a, &b);
		}
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP_RR: how often a byte goes there and back on one connection.
 *
 * usage: rr PORT                   serve, for good
 *        rr PORT ADDRESS SECONDS   print round trips a second
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int tcp(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	return fd;
}

static void serve(const struct sockaddr_in *addr)
{
	int listener = tcp();

	if (bind(listener, (const void *)addr, sizeof(*addr)) ||
	    listen(listener, 1))
		die("listen");
	for (;;) {
		int one = 1, fd = accept(listener, NULL, NULL);
		char byte;

		if (fd < 0)
			die("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
			;
		close(fd);
	}
}

static double ask(const struct sockaddr_in *addr, double seconds)
{
	long trips = -100;	/* the first ones do not count */
	double start = 0;
	int fd = tcp();
	char byte = 0;

	if (connect(fd, (const void *)addr, sizeof(*addr)))
		die("connect");
	for (;; trips++) {
		if (!trips)
			start = now();
		if (trips > 0 && now() - start >= seconds)
			return trips / (now() - start);
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			die("round trip");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: rr PORT [ADDRESS SECONDS]\n");
		return 1;
	}
	addr.sin_port = htons(atoi(argv[1]));
	if (argc == 2)
		serve(&addr);
	if (inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1)
		die(argv[2]);
	printf("%.1f\n", ask(&addr, atof(argv[3])));
	return 0;
}

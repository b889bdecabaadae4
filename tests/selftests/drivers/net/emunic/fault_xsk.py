#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""AF_XDP sockets come and go while memory runs out: what fails changes nothing,
traffic flows, and the next socket gets the queue."""

from lib.py import Faults, Xsk, ksft_exit, ksft_ge, ksft_pr, ksft_run_quiet, \
    ksft_true, talking_vfs
from lib.py.pci import wait_for
from lib.py.splat import OUT_OF_MEMORY

ENTRIES = 64
# Failures in a hundred while a socket leaves, and sockets that do
PERCENT, SOCKETS = 20, 20


def _socket(host, bound=True):
    return Xsk(host, entries=ENTRIES, bound=bound)


def _leave(host, sock):
    """The kernel lets go of the queue a little after the socket."""
    sock.close()
    wait_for("the queue", lambda: "rx-gro-hw: on" in
             host.cmd(f"ethtool -k {host.dev}").stdout)


def bind():
    """A socket comes."""
    _, b, talk = talking_vfs(ENTRIES)
    sock = _socket(b, bound=False)

    def after(error, _):
        nonlocal sock
        talk.flows("after a socket")
        if error:
            sock.bind()
            talk.flows("with a socket")
        ksft_true(sock.zerocopy, "zero copy")
        _leave(b, sock)
        sock = _socket(b, bound=False)

    Faults().each("socket", lambda: sock.bind(), after, 8)


def leave():
    """A socket leaves, which cannot fail: the path comes up by itself."""
    _, b, talk = talking_vfs(ENTRIES)
    faults = Faults()
    places = set()
    for _ in range(SOCKETS):
        sock = _socket(b)
        with faults.at_random(PERCENT, times=1):
            _leave(b, sock)
        places.update(faults.places)
        talk.flows("without the socket")
    ksft_pr(f"failed at {' '.join(sorted(places))}")
    ksft_ge(len(places), 4, "places that failed")


if __name__ == "__main__":
    ksft_run_quiet([bind, leave], known=OUT_OF_MEMORY)
    ksft_exit()

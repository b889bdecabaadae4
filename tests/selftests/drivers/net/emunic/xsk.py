#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""AF_XDP with zero copy, at PF and VF: frames both ways, and a socket's queue
across everything that makes rings anew."""

import os

from lib.py import Attached, Prog, Sniffer, Stream, Xsk, bkg, bpf, ethtool_stat, \
    event_count, ksft_busy_wait, ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_not_in, ksft_raises, \
    ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair, raw_frame, \
    to_socket, xsk

KINDS = ["pf", "vf"]
SIZES = (46, 200, 300, 1000, 1486)
LARGE = (3600, 8000, 8986)


def _hosts(kind, mtu=1500):
    """A sender, and a port of a @kind with one queue."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    a, b = pair(vfs[0], pf if kind == "pf" else vfs[1], mtu)
    b.cmd(f"ethtool -L {b.dev} combined 1")
    ksft_true(a.reaches(b.v4), "first ping")
    return a, b


def _frames(src, dst, sizes):
    macs = dst.mac, src.mac
    return [raw_frame(*macs, bytes(i * 5 & 0xff for i in range(size)))
            for size in sizes]


def _test_frames(frames):
    return [f for f in frames if f[12:14] == b"\x88\xb5"]


def _bound(b, flags=xsk.ZEROCOPY | xsk.NEED_WAKEUP):
    """A socket at queue 0 that gets the test's frames."""
    prog, sockets = to_socket()
    sock = Xsk(b, 0, flags)
    ksft_true(sock.zerocopy, "zero copy")
    link = Attached(b, prog)
    sockets.put(0, sock.sock.fileno())
    b.wait_link()
    return sock, link


def _receives(a, b, sock, sizes=SIZES):
    want = _frames(a, b, sizes)
    _send_in_order(Sniffer(a), want)
    ksft_eq(sock.frames(len(want)), want, "frames received")


def _send_in_order(sniffer, frames):
    """From one CPU, whose frames go by one queue."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    for frame in frames:
        sniffer.send(frame)
    os.sched_setaffinity(0, cpus)


def _sends(a, b, sock, sizes=SIZES, piece=xsk.CHUNK):
    sniffer = Sniffer(a)
    want = _frames(b, a, sizes)
    count = sock.send(want, piece)
    got = []
    while len(got) < len(want) and (more := sniffer.frames(0.5)):
        got += _test_frames(more)
    ksft_eq(got, want, "frames sent")
    ksft_eq(sock.completed(count), count, "descriptors completed")


@ksft_variants(KINDS)
def receives(kind):
    """Frames come to the socket; the stack gets its own."""
    a, b = _hosts(kind)
    sock, _ = _bound(b)
    before = ethtool_stat(b, r"rx\d+_xdp_redirect")
    for _ in range(10):
        _receives(a, b, sock, SIZES * 10)
    ksft_eq(ethtool_stat(b, r"rx\d+_xdp_redirect") - before, 10 * 50)
    ksft_eq(a.ping(b.v4, count=5, size=1472), 5)
    received, _ = Stream(a, b, seconds=1).wait()
    ksft_ge(received, 500_000, "bytes in 1 s")
    ksft_eq(b.snmp("Tcp", "InCsumErrors"), 0)


@ksft_variants(KINDS)
def sends(kind):
    """The socket's frames go out, more than its rings hold."""
    a, b = _hosts(kind)
    sock, _ = _bound(b)
    for _ in range(10):
        _sends(a, b, sock, SIZES * 10)
    ksft_ge(ethtool_stat(b, r"tx\d+_xdp"), 10 * 50)
    ksft_eq(a.ping(b.v4, count=5), 5)


@ksft_variants(KINDS)
def fragments(kind):
    """Frames of several buffers, both ways."""
    a, b = _hosts(kind, 9000)
    with ksft_raises(OSError):
        Xsk(b)
    sock, _ = _bound(b, xsk.ZEROCOPY | xsk.NEED_WAKEUP | xsk.USE_SG)
    for _ in range(5):
        _receives(a, b, sock, SIZES + LARGE)
        _sends(a, b, sock, SIZES + LARGE, 2000)
    ksft_eq(a.ping(b.v4, count=3, size=8900), 3, "what passes is copied")


@ksft_variants(KINDS)
def without_wakeup(kind):
    """A socket that does not want to be asked."""
    a, b = _hosts(kind)
    sock, _ = _bound(b, xsk.ZEROCOPY)
    _receives(a, b, sock, SIZES * 20)
    _sends(a, b, sock)


@ksft_variants(KINDS)
def starves(kind):
    """Without buffers frames are lost; when there are some again, it goes on."""
    a, b = _hosts(kind)
    sock, _ = _bound(b)
    give, sock.give = sock.give, lambda addrs: kept.extend(addrs)
    kept = []
    sniffer = Sniffer(a)
    for _ in range(2):
        for frame in _frames(a, b, [100] * xsk.ENTRIES):
            sniffer.send(frame)
        sock.frames(xsk.ENTRIES)
    ksft_ge(len(kept), xsk.ENTRIES - 16, "buffers used up")
    ksft_true(sock.fill.flags.value & 1, "need_wakeup")
    sock.give = give
    give(kept)
    sock.frames(1, 0.2)
    _receives(a, b, sock)


@ksft_variants(KINDS)
def reconfigures(kind):
    """The socket's queue works on after all that makes rings anew."""
    a, b = _hosts(kind)
    sock, link = _bound(b)
    for what in (f"ethtool -G {b.dev} rx 128 tx 128",
                 f"ethtool -G {b.dev} rx 512 tx 512",
                 f"ethtool -L {b.dev} combined 2",
                 f"ethtool -L {b.dev} combined 1",
                 f"ip link set dev {b.dev} down",
                 f"ip link set dev {b.dev} up"):
        b.cmd(what)
        if "down" in what:
            continue
        b.wait_link()
        ksft_true(a.reaches(b.v4), f"ping after {what}")
        if "combined 2" not in what:
            _receives(a, b, sock)
        _sends(a, b, sock)
    b.func.flr()
    ksft_true(a.reaches(b.v4, 20), "ping after a reset")
    _receives(a, b, sock)
    _sends(a, b, sock)
    link.swap(Prog(bpf.leave(bpf.PASS), frags=True))
    _sends(a, b, sock)
    link.detach()
    _sends(a, b, sock)
    ksft_true(a.reaches(b.v4), "ping without a program")


@ksft_variants(KINDS)
def comes_and_goes(kind):
    """Sockets come and go under traffic; other queues do not notice."""
    a, b = _hosts(kind)
    b.cmd(f"ethtool -L {b.dev} combined 2")
    b.wait_link()
    ksft_true(a.reaches(b.v4), "ping")
    irqs = b.cmd("cat /proc/interrupts").stdout
    gro = f"ethtool -k {b.dev}"
    ksft_in("rx-gro-hw: on", b.cmd(gro).stdout)
    with bkg(f"ping -q -i 0.02 {b.v4}", ns=a.ns):
        for _ in range(10):
            sock = Xsk(b, 1)
            ksft_true(sock.zerocopy)
            ksft_not_in("rx-gro-hw: on", b.cmd(gro).stdout)
            with ksft_raises(OSError):
                Xsk(b, 1)
            _sends(a, b, sock, (100,))
            sock.close()
            ksft_busy_wait(lambda: "rx-gro-hw: on" in b.cmd(gro).stdout,
                           comment="feature comes back")
    ksft_eq(a.ping(b.v4, count=10), 10, "pings when all is over")
    ksft_eq(len(b.cmd("cat /proc/interrupts").stdout.splitlines()),
            len(irqs.splitlines()), "vectors")


@ksft_variants(KINDS)
def frames_without_end(kind):
    """Of sockets that share memory nobody looks whether a frame that is said to
    go on does; it ends where it has to."""
    a, b = _hosts(kind)
    sock, _ = _bound(b, xsk.ZEROCOPY | xsk.NEED_WAKEUP)
    other = Xsk(b, share=sock)
    restarts = event_count(b, "restarts")
    for count in (1, 40, 100):
        for each in (sock, other):
            done = each.send(_frames(b, a, [100]) * count, endless=True)
            ksft_eq(sock.completed(done), done, "descriptors completed")
    _sends(a, b, sock)
    _sends(a, b, other)
    ksft_eq(event_count(b, "restarts"), restarts, "restarts")


@ksft_variants(KINDS)
def refuses(kind):
    """An MTU that the socket cannot take; fewer queues than it needs."""
    a, b = _hosts(kind)
    b.cmd(f"ethtool -L {b.dev} combined 2")
    sock = Xsk(b, 1)
    for what in (f"ip link set dev {b.dev} mtu 9000",
                 f"ethtool -L {b.dev} combined 1"):
        ksft_true(b.cmd(what, fail=False).ret, what)
    b.ip(f"link set dev {b.dev} down")
    sock.close()
    b.ip(f"link set dev {b.dev} up")
    ksft_busy_wait(lambda: not b.cmd(f"ethtool -L {b.dev} combined 1",
                                     fail=False).ret, comment="fewer queues")
    b.ip(f"link set dev {b.dev} mtu 9000")
    b.wait_link()
    ksft_true(a.reaches(b.v4), "ping")


if __name__ == "__main__":
    ksft_run_quiet([receives, sends, fragments, without_wakeup, starves,
                    reconfigures, comes_and_goes, frames_without_end,
                    refuses])
    ksft_exit()

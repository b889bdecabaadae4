#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The PTP clock, and hardware timestamps of sent and received frames."""

import errno

from lib.py import Host, ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_lt, \
    ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair, raw_frame
from lib.py.stamp import FILTER_ALL, FILTER_NONE, FILTER_PTP_V2, Phc, \
    StampSocket, TX_OFF, TX_ON, TX_ONESTEP, hwtstamp

KINDS = ["pf", "vf"]
SECOND = 10**9


def _hosts(kind):
    """The port under test, and a peer; both stamp everything."""
    pf = need_pfs()[0]
    hosts = pair(pf, pf.vfs(1)[0]) if kind == "pf" else pair(*pf.vfs(2))
    for host in hosts:
        hwtstamp(host, TX_ON, FILTER_ALL)
    return hosts


def _errno(func, *args):
    """What @func fails with; 0 if it does not."""
    try:
        func(*args)
    except OSError as e:
        return e.errno
    return 0


@ksft_variants(KINDS)
def information(kind):
    """`ethtool -T` tells of what there is."""
    a, _ = _hosts(kind)
    out = a.cmd(f"ethtool -T {a.dev}").stdout
    for word in ("hardware-transmit", "hardware-receive",
                 "hardware-raw-clock", "software-transmit"):
        ksft_in(word, out)


@ksft_variants(KINDS)
def configuration(kind):
    """Which frames are stamped: off at first, set, rounded up, refused."""
    pf = need_pfs()[0]
    a, _ = pair(pf, pf.vfs(1)[0]) if kind == "pf" else pair(*pf.vfs(2))
    if kind == "vf":
        ksft_eq(hwtstamp(a), (TX_OFF, FILTER_NONE))
    ksft_eq(hwtstamp(a, TX_ON, FILTER_NONE), (TX_ON, FILTER_NONE))
    ksft_eq(hwtstamp(a, TX_ON, FILTER_PTP_V2), (TX_ON, FILTER_ALL))
    ksft_eq(hwtstamp(a), (TX_ON, FILTER_ALL))
    ksft_eq(_errno(hwtstamp, a, TX_ONESTEP, FILTER_NONE), errno.ERANGE)
    ksft_eq(hwtstamp(a), (TX_ON, FILTER_ALL))
    a.func.flr()
    a.wait_link()
    ksft_eq(hwtstamp(a), (TX_ON, FILTER_ALL), "after a reset")
    ksft_eq(hwtstamp(a, TX_OFF, FILTER_NONE), (TX_OFF, FILTER_NONE))


@ksft_variants(KINDS)
def monotonic(kind):
    """The clock never goes back, and goes as fast as the system's."""
    a, _ = _hosts(kind)
    phc = Phc(a)
    last = phc.now()
    for _ in range(1000):
        now = phc.now()
        if now < last:
            break
        last = now
    ksft_ge(now, last)
    speed = phc.speed()
    ksft_true(0.97 < speed < 1.03, f"{speed} s a second")


def set_by_pf():
    """The PF's clock can be set, moved and made faster; the VF's follows."""
    pf = need_pfs()[0]
    a, b = pair(pf, pf.vfs(1)[0])
    phc, vf = Phc(a), Phc(b)
    phc.rate(200000)
    speeds = phc.speed(1), vf.speed(1)
    phc.rate(-200000)
    slow = phc.speed(1)
    phc.rate(0)
    for speed in speeds:
        ksft_true(1.16 < speed < 1.24, f"{speed} s a second")
    ksft_true(0.76 < slow < 0.84, f"{slow} s a second")

    phc.set(1000 * SECOND)
    first = phc.now()
    ksft_ge(first, 1000 * SECOND)
    ksft_lt(first, 1060 * SECOND)
    ksft_ge(vf.now(), first)
    phc.adjust(-500 * SECOND)
    ksft_lt(phc.now(), 600 * SECOND)
    phc.adjust(500 * SECOND)
    ksft_ge(phc.now(), first)
    now = phc.now()
    a.func.flr()
    a.wait_link()
    ksft_ge(Phc(a).now(), now, "after a reset of the PF")


def as_fast_as_it_says():
    """The clock of a driver that comes says that it gains nothing, and so it is."""
    pf = need_pfs()[0]
    host = Host(pf, 1)
    Phc(host).rate(200000)
    host.close()
    pf.unbind()
    pf.bind()
    speed = Phc(Host(pf, 1)).speed(1)
    ksft_true(0.97 < speed < 1.03, f"{speed} s a second")


def vf_only_reads():
    """A VF has the PF's time and may not change it."""
    pf = need_pfs()[0]
    a, b = pair(pf, pf.vfs(1)[0])
    phc, vf = Phc(a), Phc(b)
    times = [clock.now() for clock in (phc, vf, phc, vf)]
    ksft_eq(times, sorted(times))
    ksft_eq(_errno(vf.set, SECOND), errno.EOPNOTSUPP)
    ksft_eq(_errno(vf.adjust, SECOND), errno.EOPNOTSUPP)
    # The core knows that there is nothing to adjust
    ksft_in(_errno(vf.rate, 10), (errno.EOPNOTSUPP, errno.ERANGE))
    ksft_ge(phc.now(), times[-1])
    ksft_lt(phc.now(), times[-1] + 60 * SECOND)


@ksft_variants(KINDS)
def stamps(kind):
    """Sent before it is received, and both while the test looks on."""
    a, b = _hosts(kind)
    phc = Phc(a)
    out, into = StampSocket(a), StampSocket(b)
    for _ in range(2):
        for n in range(20):
            frame = raw_frame(b.mac, a.mac, bytes([n]))
            before = phc.now()
            out.send(frame)
            tx = out.sent()
            data, rx = into.received()
            ksft_eq(data, frame)
            times = [before, tx, rx, phc.now()]
            ksft_true(None not in times and times == sorted(times),
                      f"frame {n}: {times}")
        # And no otherwise after a reset
        a.func.flr()
        for host in (a, b):
            host.wait_link()
        ksft_true(a.reaches(b.v4))


@ksft_variants(KINDS)
def none_unless_asked_for(kind):
    """No stamps where they are off."""
    a, b = _hosts(kind)
    for host in (a, b):
        hwtstamp(host, TX_OFF, FILTER_NONE)
    out, into = StampSocket(a), StampSocket(b)
    out.send(raw_frame(b.mac, a.mac, b"x"))
    _, rx = into.received()
    ksft_in(rx, (None, 0))
    ksft_eq(out.sent(deadline=0.5), None)


if __name__ == "__main__":
    ksft_run_quiet([information, configuration, monotonic, set_by_pf,
                    as_fast_as_it_says, vf_only_reads, stamps, none_unless_asked_for])
    ksft_exit()

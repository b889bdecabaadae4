#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Interrupt moderation: what `ethtool -C` sets, keeps, and is good for."""

import re
import time

from lib.py import Bar, Flood, KsftNamedVariant, cmd, ksft_eq, ksft_exit, \
    ksft_ge, ksft_in, ksft_lt, ksft_ne, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair, patience
from lib.py.bar import Q_STRIDE, RX_BLOCK, TX_BLOCK

KINDS = ["pf", "vf"]
MODERATION = 0x2c
USECS_MAX = 65535
DIM_USECS = (0, 16, 32, 64, 128)
TX_USECS, TX_FRAMES = 1000, 4    # at first
OFF = "adaptive-rx off adaptive-tx off rx-usecs 0 tx-usecs 0"


def _hosts(kind):
    """The port under test, and a peer; as they were in the end."""
    pf = need_pfs()[0]
    hosts = pair(pf, pf.vfs(1)[0]) if kind == "pf" else pair(*pf.vfs(2))
    # The PF outlives the case, and so does what was set
    _set(hosts[0], "adaptive-rx off adaptive-tx off rx-usecs 0 rx-frames 0 "
                   f"tx-usecs {TX_USECS} tx-frames {TX_FRAMES}")
    _set(hosts[0], "adaptive-rx on")
    return hosts


def _set(host, args, fail=True, queue=None):
    """ethtool -C, of one queue if it is told which."""
    one = "" if queue is None else f"--per-queue {host.dev} queue_mask " \
                                   f"{1 << queue:#x} --coalesce"
    return host.cmd(f"ethtool {one or f'-C {host.dev}'} {args}", fail=fail)


def _in_force(host, queue):
    """(usecs, frames) of the Tx and of the Rx queue, as the device has it."""
    bar = Bar(host.func)
    at = queue * Q_STRIDE + MODERATION
    return [(bar[block + at] & 0xffff, bar[block + at] >> 16)
            for block in (TX_BLOCK, RX_BLOCK)]


def _shown(text, name):
    """The value behind @name."""
    return re.search(rf"^{name}:\s*(\S+)", text, re.M).group(1)


def _irqs(host):
    """Interrupts of all queues so far."""
    out = host.cmd(f"ethtool -S {host.dev}").stdout
    return sum(int(n) for n in re.findall(r"^\s*irqs\d+: (\d+)", out, re.M))


@ksft_variants(KINDS)
def settings(kind):
    """What is set is shown, and is in the device for each queue."""
    a, _ = _hosts(kind)
    out = a.cmd(f"ethtool -c {a.dev}").stdout
    ksft_in("Adaptive RX: on  TX: off", out)
    ksft_eq(_in_force(a, 0)[0], (TX_USECS, TX_FRAMES))
    _set(a, "adaptive-rx off rx-usecs 100 rx-frames 32 tx-usecs 20 "
            "tx-frames 7")
    out = a.cmd(f"ethtool -c {a.dev}").stdout
    ksft_in("Adaptive RX: off  TX: off", out)
    for name, value in (("rx-usecs", "100"), ("rx-frames", "32"),
                        ("tx-usecs", "20"), ("tx-frames", "7")):
        ksft_eq(_shown(out, name), value, name)
    for queue in range(2):
        ksft_eq(_in_force(a, queue), [(20, 7), (100, 32)], f"queue {queue}")


@ksft_variants(KINDS)
def refused(kind):
    """What the device cannot do, or would not look at."""
    a, _ = _hosts(kind)
    _set(a, "adaptive-rx off rx-usecs 100 rx-frames 32")
    for args in ("rx-usecs 65536", "tx-frames 65536",
                 "rx-usecs 0 rx-frames 16",
                 "stats-block-usecs 5", "rx-usecs-irq 5", "sample-interval 1"):
        ksft_ne(_set(a, args, fail=False).ret, 0, args)
    _set(a, "adaptive-rx on")
    ksft_ne(_set(a, "rx-usecs 33", fail=False).ret, 0, "while adaptive")
    ksft_ne(_set(a, "rx-usecs 5", fail=False, queue=200).ret, 0, "no queue")
    _set(a, "adaptive-rx off")
    ksft_eq(_in_force(a, 0)[1], (100, 32), "as before")
    _set(a, "rx-usecs 0")
    ksft_eq(_in_force(a, 0)[1], (0, 32), "no frames to wait for were asked for")


@ksft_variants(KINDS)
def kept(kind):
    """Resets, down and up, and changes of the channels forget nothing."""
    a, b = _hosts(kind)
    _set(a, "adaptive-rx off rx-usecs 100 tx-usecs 20")
    _set(a, "rx-usecs 77 tx-usecs 66", queue=1)
    want = [[(20, TX_FRAMES), (100, 0)], [(66, TX_FRAMES), (77, 0)]]

    def check(comment):
        a.wait_link()
        ksft_eq([_in_force(a, queue) for queue in range(2)], want, comment)

    check("at first")
    a.func.flr()
    ksft_true(a.reaches(b.v4))
    check("after a reset")
    a.cmd(f"ethtool -L {a.dev} combined 1")
    a.cmd(f"ethtool -L {a.dev} combined 2")
    check("after fewer channels")
    a.cmd(f"ethtool -G {a.dev} rx 128")
    check("after a change of the rings")
    a.cmd(f"ethtool -G {a.dev} rx 512")
    a.ip(f"link set dev {a.dev} down")
    a.ip(f"link set dev {a.dev} up")
    check("after down and up")
    out = a.cmd(f"ethtool --per-queue {a.dev} queue_mask 0x2 "
                "--show-coalesce").stdout
    ksft_eq(_shown(out, "rx-usecs"), "77")
    # A queue that was never there has what all were told
    a.cmd(f"ethtool -L {a.dev} combined 4")
    ksft_eq(_in_force(a, 3), want[0], "a new queue")
    a.cmd(f"ethtool -L {a.dev} combined 2")


@ksft_variants([KsftNamedVariant("4ms", 4000),
                KsftNamedVariant("20ms", 20000)])
def bound(usecs):
    """
    Interrupts a second under load are what the setting allows; a slow machine
    does not get to so many of them.
    """
    # Some times slower, of which two machines beside each other take turns
    usecs = min(patience(patience(usecs)), USECS_MAX)
    a, b = pair(*need_pfs()[0].vfs(2))
    # One at a time, so that without moderation each is an interrupt
    load = Flood(a, b.mac, delay=patience(500_000))
    _set(b, OFF)
    rates = []
    for args in (OFF, f"adaptive-rx off rx-usecs {usecs} tx-usecs {usecs}"):
        _set(b, args)
        time.sleep(0.2)
        begin, before = time.monotonic(), _irqs(b)
        time.sleep(3)
        after, end = _irqs(b), time.monotonic()
        rates.append((after - before) / (end - begin))
    load.stop()
    most = 1_000_000 / usecs
    ksft_ge(rates[0], most * 1.5, "interrupts a second without moderation")
    ksft_lt(rates[1], most * 1.02 + 5, "interrupts a second with it")
    ksft_ge(rates[1], most / 20, "but some")


@ksft_variants(["rx", "tx"])
def deferred(way):
    """While there is work, the stack's timer polls and no interrupt does."""
    a, b = pair(*need_pfs()[0].vfs(2))
    under_test = b if way == "rx" else a
    _set(under_test, OFF)
    for name, value in (("gro_flush_timeout", 50_000_000),
                        ("napi_defer_hard_irqs", 100)):
        cmd(f"sh -c 'echo {value} > /sys/class/net/{under_test.dev}/{name}'",
            ns=under_test.ns, shell=True)
    load = Flood(a, b.mac, delay=patience(500_000))
    time.sleep(1)
    before = _irqs(under_test)
    time.sleep(3)
    interrupts = _irqs(under_test) - before
    load.stop()
    ksft_lt(interrupts, 20, "interrupts in three seconds")


def alone():
    """A frame does not wait if the last interrupt was long ago."""
    a, b = pair(*need_pfs()[0].vfs(2))
    _set(b, "adaptive-rx off rx-usecs 65535 tx-usecs 0")
    ksft_true(a.reaches(b.v4))
    ksft_lt(_pings(a, b)[1], 40, "ms on average")


def frames():
    """Enough completions are told before their time."""
    a, b = pair(*need_pfs()[0].vfs(2))
    _set(b, "adaptive-rx off rx-usecs 65535 rx-frames 1 tx-usecs 0")
    ksft_true(a.reaches(b.v4))
    ksft_lt(_pings(a, b, 60, 0.015)[1], 20, "one completion is enough, ms")
    _set(b, "rx-frames 1000")
    # 3 of 4 come less than 65 ms after the last interrupt
    ksft_ge(_pings(a, b, 60, 0.015)[1], 20, "one completion is not, ms")


def _pings(a, b, count=15, every=0.1):
    """The shortest round trip and their average, in ms, one @every so many s."""
    out = a.cmd(f"ping -q -c {count} -i {every} {b.v4}", timeout=30).stdout
    return [float(ms) for ms in re.search(r"= ([\d.]+)/([\d.]+)/", out).groups()]


def _least_ping(a, b):
    """The shortest round trip, in ms."""
    return _pings(a, b)[0]


def latency():
    """The default costs no round trip time."""
    a, b = pair(*need_pfs()[0].vfs(2))
    ksft_true(a.reaches(b.v4))
    default = min(_least_ping(a, b) for _ in range(2))
    for host in (a, b):
        _set(host, OFF)
    least = min(_least_ping(a, b) for _ in range(2))
    ksft_lt(default, least * 1.5 + 0.1, f"ms; {least} without moderation")


@ksft_variants(["rx", "tx"])
def adaptive(way):
    """DIM tries its profiles under load."""
    a, b = pair(*need_pfs()[0].vfs(2))
    under_test = b if way == "rx" else a
    _set(under_test, OFF)
    _set(under_test, f"adaptive-{way} on")
    load = Flood(a, b.mac, delay=patience(20_000))
    seen = set()
    end = time.monotonic() + 20
    while len(seen) < 2 and time.monotonic() < end:
        seen |= {_in_force(under_test, queue)[way == "rx"][0]
                 for queue in range(2)}
        time.sleep(0.02)
    load.stop()
    ksft_ge(len(seen), 2, f"profiles used: {seen}")
    ksft_true(seen <= set(DIM_USECS), seen)


if __name__ == "__main__":
    ksft_run_quiet([settings, refused, kept, bound, deferred, alone, frames,
                    latency, adaptive])
    ksft_exit()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""XDP programs in the driver, at PF and VF: what they do with frames, what is
offered while there is one, and how they come and go."""

import time
from pathlib import Path

from lib.py import Attached, CmdExitFailure, Prog, Sniffer, Stream, bkg, bpf, \
    cmd, defer, ethtool_stat, ksft_busy_wait, ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_raises, \
    ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair, prog_exists, \
    raw_frame, redirector

KINDS = ["pf", "vf"]
SIZES = (46, 200, 300, 1000, 1486)
LARGE = (3506, 3507, 3600, 8000, 8986)
TRACING = Path("/sys/kernel/tracing")


def _hosts(kind, mtu=1500):
    """A sender, and a port of a @kind with what the programs are for."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    a, b = pair(vfs[0], pf if kind == "pf" else vfs[1], mtu)
    ksft_true(a.reaches(b.v4), "first ping")
    return a, b


def _payload(size):
    return bytes(i * 7 & 0xff for i in range(size))


def _test_frames(sniffer, count, seconds=3):
    """The next @count frames of raw_frame(), or what came in that time."""
    got = []
    end = time.monotonic() + seconds
    while len(got) < count and time.monotonic() < end:
        got += [f for f in sniffer.frames(0.2) if f[12:14] == b"\x88\xb5"]
    return got


def _send(a, b, sizes):
    """Send frames with payloads of @sizes; a socket for what comes back."""
    sniffer = Sniffer(a)
    macs = b.mac, a.mac
    for size in sizes:
        sniffer.send(raw_frame(*macs, _payload(size)))
    return sniffer


def _exchange(a, b, sizes):
    """What comes back to @a of frames with payloads of @sizes."""
    return _test_frames(_send(a, b, sizes), len(sizes))


def _stat(host, name):
    """A counter of all queues of @host."""
    return ethtool_stat(host, rf"rx\d+_{name}")


def _expect_back(a, b, sizes, edit=lambda payload: payload):
    macs = a.mac, b.mac
    ksft_eq(sorted(_exchange(a, b, sizes), key=len),
            [raw_frame(*macs, edit(_payload(size))) for size in sizes],
            "frames sent back")


@ksft_variants(KINDS)
def passes(kind):
    """Frames that pass reach the stack, from one buffer or many."""
    a, b = _hosts(kind, 9000)
    Attached(b, Prog(bpf.leave(bpf.PASS), frags=True))
    before = _stat(b, "xdp_pass")
    for size in (0, 56, 1472, 3400, 3500, 8900, 60000):
        ksft_eq(a.ping(b.v4, count=3, size=size), 3, f"{size} bytes")
        ksft_eq(a.ping(b.v6, count=3, size=size), 3, f"{size} bytes, IPv6")
    received, _ = Stream(a, b, seconds=1).wait()
    ksft_ge(received, 500_000, "bytes in 1 s")
    ksft_ge(_stat(b, "xdp_pass") - before, 300, "frames seen by the program")
    ksft_eq(b.snmp("Tcp", "InCsumErrors"), 0)
    ksft_eq(b.link["stats64"]["rx"]["errors"], 0)


@ksft_variants(KINDS)
def drops(kind):
    """Dropped frames do not reach the stack, and are counted."""
    a, b = _hosts(kind)
    link = Attached(b, Prog(bpf.act_on_test(bpf.DROP)))
    sniffer = Sniffer(b)
    before = _stat(b, "xdp_drop")
    _send(a, b, SIZES)
    ksft_eq(_test_frames(sniffer, 1, 1), [])
    ksft_eq(_stat(b, "xdp_drop") - before, len(SIZES))
    ksft_true(a.reaches(b.v4), "ping")
    link.detach()
    _send(a, b, SIZES)
    ksft_eq(len(_test_frames(sniffer, len(SIZES))), len(SIZES),
            "frames without a program")


@ksft_variants(KINDS)
def sends_back(kind):
    """XDP_TX, from one buffer and from many."""
    a, b = _hosts(kind, 9000)
    Attached(b, Prog(bpf.send_back(bpf.leave(bpf.TX)), frags=True))
    before = _stat(b, "xdp_tx")
    _expect_back(a, b, SIZES + LARGE)
    ksft_eq(_stat(b, "xdp_tx") - before, len(SIZES + LARGE))
    for _ in range(10):
        ksft_eq(len(_exchange(a, b, [100] * 100)), 100, "frames sent back")


@ksft_variants(KINDS)
def redirects(kind):
    """XDP_REDIRECT to the port itself: copied, mapped, in fragments."""
    a, b = _hosts(kind, 9000)
    end = bpf.redirect_to(bpf.ifindex(b))
    Attached(b, Prog(bpf.send_back(end), frags=True))
    before = _stat(b, "xdp_redirect")
    _expect_back(a, b, SIZES + LARGE)
    ksft_eq(_stat(b, "xdp_redirect") - before, len(SIZES + LARGE))


def redirects_others():
    """
    XDP_REDIRECT of what a veth has: a frame is in pages, some of which an IOMMU
    joins, and many are on their way at a time.
    """
    a, b = _hosts("vf", 9000)
    frames = [raw_frame(a.mac, b.mac, _payload(size))
              for size in range(8886, 8986)]
    got, out = Sniffer(a), redirector(b, 9000)
    for _ in range(10):
        for frame in frames:
            out.send(frame)
        ksft_true(_test_frames(got, len(frames)) == frames,
                  "frames arrive, all of them and as they were")
    ksft_eq(ethtool_stat(b, "queue_errors"), 0)


@ksft_variants(KINDS)
def adjusts(kind):
    """Frames grow and shrink at both ends, also where there are fragments."""
    a, b = _hosts(kind, 9000)
    tx = bpf.leave(bpf.TX)
    link = Attached(b, Prog(bpf.send_back(tx), frags=True))
    sizes = (300, 1000, 8000)
    for delta in (64, -64):
        link.swap(Prog(bpf.send_back(tx, tail=delta), frags=True))
        _expect_back(a, b, sizes,
                     lambda p, d=delta: p[:d] if d < 0 else p + bytes(d))
    # Whole fragments go
    link.swap(Prog(bpf.send_back(tx, tail=-5000), frags=True))
    _expect_back(a, b, (8000, 8900), lambda p: p[:-5000])
    link.swap(Prog(bpf.send_back(tx, head=-32), frags=True))
    _expect_back(a, b, sizes, lambda p: p[32:])
    link.swap(Prog(bpf.send_back(tx, head=32), frags=True))
    got = sorted(_exchange(a, b, sizes), key=len)
    ksft_eq([f[46:] for f in got], [_payload(size) for size in sizes],
            "what is behind the new head")


@ksft_variants(KINDS)
def aborts(kind):
    """A program that fails is traced, and its frame is gone."""
    a, b = _hosts(kind)
    Attached(b, Prog(bpf.act_on_test(bpf.ABORTED)))
    if not (TRACING / "trace").exists():
        cmd(f"mount -t tracefs tracefs {TRACING}")
    event = TRACING / "events/xdp/xdp_exception/enable"
    (TRACING / "trace").write_text("")
    event.write_text("1")
    defer(event.write_text, "0")
    before = _stat(b, "xdp_error")
    _send(a, b, SIZES)
    time.sleep(0.5)
    ksft_eq(_stat(b, "xdp_error") - before, len(SIZES))
    ksft_eq((TRACING / "trace").read_text().count("action=ABORTED"), len(SIZES))
    ksft_true(a.reaches(b.v4), "ping")


@ksft_variants(KINDS)
def swaps(kind):
    """Programs take over from each other under traffic: nothing is lost."""
    a, b = _hosts(kind)
    link = Attached(b, Prog(bpf.leave(bpf.PASS)))
    progs = [Prog(bpf.leave(bpf.PASS)), Prog(bpf.act_on_test(bpf.DROP))]
    changes = f"cat /sys/class/net/{b.dev}/carrier_changes"
    carrier = cmd(changes, ns=b.ns).stdout
    with bkg(f"ping -q -i 0.01 -c 400 -W 2 {b.v4}", ns=a.ns,
             exit_wait=True) as ping:
        for i in range(100):
            link.swap(progs[i % 2])
            time.sleep(0.03)
    ksft_in("400 received", ping.stdout)
    ksft_eq(cmd(changes, ns=b.ns).stdout, carrier)


@ksft_variants(KINDS)
def features(kind):
    """Programs see plain frames; what is not offered meanwhile comes back."""
    a, b = _hosts(kind)

    def feature(name):
        return b.cmd(f"ethtool -k {b.dev}").stdout.split(f"{name}: ")[1].split()[0]

    ksft_eq(feature("rx-gro-hw"), "on")
    link = Attached(b, Prog(bpf.leave(bpf.PASS)))
    ksft_eq(feature("rx-gro-hw"), "off")
    ksft_eq(feature("rx-checksumming"), "on")
    gso = _stat(b, "gro_packets")
    good = _stat(b, "csum_unnecessary")
    received, _ = Stream(a, b, seconds=1).wait()
    ksft_ge(received, 500_000, "bytes in 1 s")
    ksft_eq(_stat(b, "gro_packets"), gso, "GSO frames seen")
    ksft_ge(_stat(b, "csum_unnecessary"), good + 100, "good sums")
    link.detach()
    ksft_eq(feature("rx-gro-hw"), "on")
    Stream(a, b, seconds=1).wait()
    ksft_ge(_stat(b, "gro_packets"), gso + 10, "GSO frames without a program")


@ksft_variants(KINDS)
def survives(kind):
    """A program outlives down and up, other rings, other numbers of queues
    and a reset."""
    a, b = _hosts(kind)
    Attached(b, Prog(bpf.send_back(bpf.leave(bpf.TX))))
    for what in (f"ethtool -G {b.dev} rx 128 tx 128", f"ethtool -L {b.dev} combined 1",
                 f"ethtool -L {b.dev} combined 2", f"ethtool -G {b.dev} rx 512 tx 512"):
        b.cmd(what)
        b.wait_link()
        _expect_back(a, b, SIZES)
    b.ip(f"link set dev {b.dev} down")
    b.ip(f"link set dev {b.dev} up")
    b.wait_link()
    _expect_back(a, b, SIZES)
    b.func.flr()
    ksft_true(a.reaches(b.v4, 20), "ping after the reset")
    _expect_back(a, b, SIZES)


@ksft_variants(KINDS)
def refuses(kind):
    """A program without fragments and a large MTU exclude each other."""
    a, b = _hosts(kind)
    prog = Prog(bpf.leave(bpf.PASS))
    path = prog.pinned()
    b.ip(f"link set dev {b.dev} mtu 3500")
    out = b.cmd(f"ip link set dev {b.dev} xdpdrv pinned {path}", fail=False)
    ksft_true(out.ret, "attached at MTU 3500")
    ksft_in("MTU of 3498", out.stderr)
    b.ip(f"link set dev {b.dev} mtu 3498")
    b.ip(f"link set dev {b.dev} xdpdrv pinned {path}")
    defer(b.cmd, f"ip link set dev {b.dev} xdpdrv off", fail=False)
    with ksft_raises(CmdExitFailure):
        b.ip(f"link set dev {b.dev} mtu 3499")
    b.ip(f"link set dev {b.dev} mtu 1500")
    ksft_true(a.reaches(b.v4), "ping")


@ksft_variants(KINDS)
def lets_go(kind):
    """No reference to a program is kept, and none is dropped twice."""
    _, b = _hosts(kind)
    progs = [Prog(bpf.leave(bpf.PASS)) for _ in range(3)]
    link = Attached(b, progs[0])
    link.swap(progs[1])
    b.ip(f"link set dev {b.dev} down")
    link.swap(progs[2])
    b.ip(f"link set dev {b.dev} up")
    for prog in progs:
        prog.close()
    ksft_busy_wait(lambda: not prog_exists(progs[0].id) and
                   not prog_exists(progs[1].id), comment="old programs")
    ksft_true(prog_exists(progs[2].id), "the program in use")
    link.detach()
    ksft_busy_wait(lambda: not prog_exists(progs[2].id), comment="last program")


if __name__ == "__main__":
    ksft_run_quiet([passes, drops, sends_back, redirects, redirects_others,
                    adjusts, aborts, swaps, features, survives, refuses, lets_go])
    ksft_exit()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ethtool on PF and VF: what it shows, what it sets, what it refuses."""

import os
import re
import struct
import subprocess
import time
from functools import reduce
from operator import or_
from pathlib import Path

from lib.py import Flood, Stream, cmd, defer, ip, ksft_eq, ksft_exit, ksft_ge, \
    ksft_in, ksft_ne, ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair

KINDS = ["pf", "vf"]


def _hosts(kind):
    """The port under test, and a peer."""
    pf = need_pfs()[0]
    if kind == "pf":
        return pair(pf, pf.vfs(1)[0])
    return pair(*pf.vfs(2))


def _field(text, name):
    """The value behind @name in ethtool's output."""
    found = re.search(rf"^\s*{re.escape(name)}:\s*(.*)$", text, re.M)
    return found.group(1).strip() if found else None


def _both(host, what):
    """The "maximums" and the "current" part of ethtool -g or -l."""
    out = host.cmd(f"ethtool {what} {host.dev}").stdout
    return out.split("Current hardware settings:")


@ksft_variants(KINDS)
def driver_info(kind):
    """Driver, bus address."""
    a, _ = _hosts(kind)
    out = a.cmd(f"ethtool -i {a.dev}").stdout
    ksft_eq(_field(out, "driver"), "emunic")
    ksft_eq(_field(out, "bus-info"), a.func.addr)
    ksft_ne(_field(out, "firmware-version"), "")
    ksft_eq(_field(out, "supports-test"), "yes")
    ksft_eq(_field(out, "supports-register-dump"), "yes")


@ksft_variants(KINDS)
def link(kind):
    """Speed, duplex, link; and no carrier once the netdev is down."""
    a, _ = _hosts(kind)
    out = a.cmd(f"ethtool {a.dev}").stdout
    ksft_true(re.fullmatch(r"\d+Mb/s", _field(out, "Speed")), out)
    ksft_eq(_field(out, "Duplex"), "Full")
    ksft_eq(_field(out, "Link detected"), "yes")


@ksft_variants(KINDS)
def self_test(kind):
    """`ethtool -t`, offline and online, passes each of its tests."""
    a, b = _hosts(kind)
    for mode in ("offline", "online"):
        out = a.cmd(f"ethtool -t {a.dev} {mode}", timeout=60)
        ksft_in("The test result is PASS", out.stdout)
        rows = re.findall(r"^(\S.*?)\s+(\d+)$", out.stdout, re.M)
        ksft_ge(len(rows), 1 if mode == "online" else 4, "tests run")
        for name, value in rows:
            ksft_eq(value, "0", f"{mode}: {name}")
    a.wait_link()
    ksft_true(a.reaches(b.v4), "traffic after the offline test")


@ksft_variants(KINDS)
def register_dump(kind):
    """`ethtool -d` is pairs of offset and value, as the spec has them."""
    a, _ = _hosts(kind)
    raw = subprocess.run(["ip", "netns", "exec", str(a.ns), "ethtool", "-d",
                          a.dev, "raw", "on"], check=True,
                         stdout=subprocess.PIPE).stdout
    words = struct.unpack(f"<{len(raw) // 4}I", raw)
    regs = dict(zip(words[::2], words[1::2]))
    ksft_eq(regs[0x0000], 0x4e554d45, "ID")
    ksft_eq(regs[0x0004], 0x00010002, "VERSION")
    ksft_eq(regs[0x000c], 0 if kind == "pf" else 0x80000001, "FUNC")
    ksft_eq(regs[0x0014], 1, "CTRL: enabled")
    ksft_eq(regs[0x0018] & 7, 7, "STATUS: ready, link, PF ready")
    ksft_eq(regs[0x4024], 1, "first Tx queue runs")
    ksft_eq(regs[0x4824], 1, "first Rx queue runs")


@ksft_variants(KINDS)
def rings(kind):
    """Ring sizes change under traffic; sizes that cannot be are refused."""
    a, b = _hosts(kind)
    ksft_true(a.reaches(b.v4), "before")
    limits, _ = _both(a, "-g")
    most = int(_field(limits, "RX"))
    ksft_ge(most, 1024)
    stream = Stream(a, b, seconds=4)
    for size in (64, most, 256):
        a.cmd(f"ethtool -G {a.dev} rx {size} tx {size}")
        _, now = _both(a, "-g")
        ksft_eq((_field(now, "RX"), _field(now, "TX")), (str(size),) * 2)
    received, _ = stream.wait()
    ksft_ge(received, 500_000, "TCP meanwhile")
    for args in (f"rx {most * 2}", "rx-mini 64", "rx-jumbo 64"):
        out = a.cmd(f"ethtool -G {a.dev} {args}", fail=False)
        ksft_ne(out.ret, 0, args)
    ksft_true(a.reaches(b.v4), "after")


@ksft_variants(KINDS)
def channels(kind):
    """The number of queues changes under traffic."""
    a, b = _hosts(kind)
    limits, _ = a.cmd(f"ethtool -l {a.dev}").stdout.split("Current")
    most = int(_field(limits, "Combined"))
    ksft_ge(most, 1)
    ksft_true(a.reaches(b.v4), "before")
    stream = Stream(a, b, seconds=4)
    for count in (1, most, 1, min(2, most)):
        out = a.cmd(f"ethtool -L {a.dev} combined {count}", fail=False)
        ksft_in(out.ret, (0, 1), out.stderr)
        _, now = _both(a, "-l")
        ksft_eq(_field(now, "Combined"), str(count))
    received, _ = stream.wait()
    ksft_ge(received, 500_000, "TCP meanwhile")
    for count in (0, most + 1):
        out = a.cmd(f"ethtool -L {a.dev} combined {count}", fail=False)
        ksft_ne(out.ret, 0, f"{count} channels")
    ksft_true(a.reaches(b.v4), "after")


def _senders(dev):
    """Per queue, the mask of the CPUs that send by it."""
    return [int((queue / "xps_cpus").read_text(), 16) for queue in
            sorted(Path(f"/sys/class/net/{dev}/queues").glob("tx-*"),
                   key=lambda q: int(q.name[3:]))]


def _netdev(kind):
    """A netdev, up until the end of the case."""
    func = need_pfs()[0]
    dev = (func if kind == "pf" else func.vfs(1)[0]).netdev
    ip(f"link set dev {dev} up")
    defer(ip, f"link set dev {dev} down")
    defer(cmd, f"ethtool -L {dev} combined 2")
    return dev


@ksft_variants(KINDS)
def senders(kind):
    """
    Each CPU has one queue to send by, or more if there are more; what users
    choose instead stays until the number of queues changes.
    """
    dev = _netdev(kind)
    cpus = os.cpu_count()
    for count in (1, 2, 3, cpus + 1, 2, 1):
        cmd(f"ethtool -L {dev} combined {count}")
        masks = _senders(dev)
        ksft_eq(len(masks), count)
        ksft_eq(reduce(or_, masks), (1 << cpus) - 1, f"{count} queues: {masks}")
        ksft_eq(sum(map(int.bit_count, masks)), max(count, cpus),
                f"{count} queues: {masks}")
    cmd(f"ethtool -L {dev} combined 2")
    Path(f"/sys/class/net/{dev}/queues/tx-1/xps_cpus").write_text("0")
    ip(f"link set dev {dev} down")
    cmd(f"ethtool -G {dev} tx 64")
    ip(f"link set dev {dev} up")
    ksft_eq(_senders(dev)[1], 0, "what was chosen")
    cmd(f"ethtool -L {dev} combined 3")
    ksft_eq(reduce(or_, _senders(dev)), (1 << cpus) - 1)


@ksft_variants(KINDS)
def late_sender(kind):
    """Who goes past the qdiscs does not hear that a queue is gone."""
    a, b = _hosts(kind)
    a.cmd(f"ethtool -L {a.dev} combined 4")
    a.wait_link()
    flood = Flood(a, b.mac, queue_map_min=3, queue_map_max=3)
    for count in (1, 4) * 3:
        time.sleep(0.3)
        a.cmd(f"ethtool -L {a.dev} combined {count}")
    flood.stop()
    a.wait_link()
    ksft_true(a.reaches(b.v4), "after")


@ksft_variants(KINDS)
def affinity(kind):
    """
    A queue's interrupt is for a CPU that sends by it, until users choose
    another one.
    """
    dev = _netdev(kind)
    for count in (2, 1, 3):
        cmd(f"ethtool -L {dev} combined {count}")
        for queue, mask in enumerate(_senders(dev)):
            cpu = int((_irq(dev, queue) / "effective_affinity_list").read_text())
            ksft_true(mask & 1 << cpu, f"queue {queue} of {count}: CPU {cpu}")
    chosen = _irq(dev, 1) / "smp_affinity_list"
    defer(chosen.write_text, chosen.read_text())
    chosen.write_text("0")
    for what in ("down", "up"):
        ip(f"link set dev {dev} {what}")
    ksft_eq((_irq(dev, 1) / "smp_affinity_list").read_text(), "0\n")


def _irq(dev, queue):
    """Where the interrupt of a queue is set up."""
    irq = re.search(rf"^ *(\d+):.* {dev}-{queue}$",
                    Path("/proc/interrupts").read_text(), re.M).group(1)
    return Path("/proc/irq") / irq


@ksft_variants(KINDS)
def statistics(kind):
    """Counters count what went through."""
    a, b = _hosts(kind)
    ksft_true(a.reaches(b.v4), "first ping")

    def total(host, way):
        rows = host.cmd(f"ethtool -S {host.dev}").stdout.split("\n")
        return sum(int(r.split(":")[1]) for r in rows
                   if re.match(rf"\s*{way}\D*\d+\D*packets:", r))

    before = {way: (total(a, way), a.link["stats64"][way]["packets"])
              for way in ("rx", "tx")}
    ksft_eq(a.ping(b.v4, count=100, deadline=20), 100)
    for way in ("rx", "tx"):
        queue, netdev = before[way]
        ksft_ge(total(a, way) - queue, 100, f"queues' {way} packets")
        ksft_ge(a.link["stats64"][way]["packets"] - netdev, 100)


def _vf_stat(stats, way, name):
    """iproute2 names some of them "bytes" and some "tx_bytes"."""
    return stats[way].get(name, stats[way].get(f"{way}_{name}"))


def vf_statistics():
    """`ip -s link show` of the PF has what its VF sent and received."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "first ping")
    before = pf.vf_info(0)["stats"]
    ksft_eq(a.ping(b.v4, count=100, size=1000, deadline=20), 100)
    after = pf.vf_info(0)["stats"]
    for way in ("rx", "tx"):
        packets = _vf_stat(after, way, "packets") - \
            _vf_stat(before, way, "packets")
        octets = _vf_stat(after, way, "bytes") - _vf_stat(before, way, "bytes")
        ksft_true(100 <= packets <= 130, f"{way} packets {packets}")
        ksft_ge(octets, 100 * 1042, f"{way} bytes")


@ksft_variants(KINDS)
def features(kind):
    """The offloads of this device are on unless someone switched them off."""
    a, _ = _hosts(kind)
    out = a.cmd(f"ethtool -k {a.dev}").stdout
    for feature in ("rx-checksumming", "tx-checksumming", "scatter-gather",
                    "tcp-segmentation-offload", "rx-vlan-filter"):
        ksft_true(_field(out, feature).startswith("on"), feature)


if __name__ == "__main__":
    ksft_run_quiet([driver_info, link, self_test, register_dump, rings,
                    channels, senders, late_sender, affinity, statistics, vf_statistics,
                    features])
    ksft_exit()

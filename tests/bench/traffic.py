#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The traffic part of `make bench`, run in the VM: prints one JSON object.

usage: traffic.py RR_PROGRAM ROUNDS SECONDS

Pairs of netdevs take turns, each end in a namespace of its own, so that a
noisy machine disturbs all of them alike: VF to VF of emunic and of igb, PF to
PF of emunic over the uplinks, virtio-net over a hub, veth.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import xdp
from in_vm import PCI, enable_vfs, find_pf, hosts, netdev, note, pings, rtt, sh

LIMIT = 20      # s beyond what is measured; only where a pair stalls is it needed
COUNTERS = ("kicks", "irqs")


def in_ns(kind, end, line):
    """Output of a command at one end of a pair."""
    return sh(f"ip netns exec {kind}{end} {line}")


def within(kind, seconds, line):
    """The same at the near end, for a command that is done after @seconds."""
    return in_ns(kind, 1, f"timeout -k 1 {seconds + LIMIT} {line}")


class Stalled(Exception):
    """Nothing gets through a pair any more."""


def measured(kind, run):
    """What @run says of @kind."""
    try:
        return run(kind)
    except subprocess.CalledProcessError as e:
        if any(pings(kind) for _ in range(3)):
            raise
        raise Stalled from e


def tcp(kind, streams, seconds):
    """Bit/s received."""
    out = within(kind, seconds, f"iperf3 -J -c 192.0.2.2 -t {seconds} -P {streams}")
    return json.loads(out)["end"]["sum_received"]["bits_per_second"]


def udp(kind, seconds):
    """Packets of 64 bytes of payload received in a second."""
    out = within(kind, seconds, f"iperf3 -J -u -b 0 -l 64 -c 192.0.2.2 -t {seconds}")
    end = json.loads(out)["end"]["sum"]
    return (end["packets"] - end["lost_packets"]) / end["seconds"]


def transactions(kind, program, seconds):
    """Round trips of one byte in a second."""
    return float(within(kind, seconds, f"{program} 5300 192.0.2.2 {seconds}"))


def received(kind):
    """Frames that the far end has received."""
    return int(in_ns(kind, 2, "cat /sys/class/net/p0/statistics/rx_packets"))


def pktgen(kind, seconds):
    """Frames of 60 bytes a second that the far end has dropped by XDP."""
    mac = in_ns(kind, 2, "cat /sys/class/net/p0/address").strip()
    setup = (("kpktgend_0", ("rem_device_all", "add_device p0")),
             ("p0", ("count 0", "pkt_size 60", "clone_skb 0", "burst 1",
                     "dst 192.0.2.2", f"dst_mac {mac}")))
    for name, lines in setup:
        for line in lines:
            in_ns(kind, 1, f"sh -c 'echo {line} > /proc/net/pktgen/{name}'")
    with subprocess.Popen(["ip", "netns", "exec", f"{kind}1", "sh", "-c",
                           "echo start > /proc/net/pktgen/pgctrl"]) as proc:
        time.sleep(0.3)
        before, start = received(kind), time.monotonic()
        time.sleep(seconds)
        count, took = received(kind) - before, time.monotonic() - start
        in_ns(kind, 1, "sh -c 'echo stop > /proc/net/pktgen/pgctrl'")
        proc.wait(10)
    return count / took


def counters(kind):
    """Kicks, interrupts and frames of both ends so far; {} if not counted."""
    total = {}
    for end in (1, 2):
        for line in in_ns(kind, end, "ethtool -S p0").split("\n"):
            if found := re.search(r"(kicks|irqs)\d*: (\d+)", line):
                what = found[1]
                total[what] = total.get(what, 0) + int(found[2])
        for what in ("rx_packets", "tx_packets"):
            value = in_ns(kind, end, f"cat /sys/class/net/p0/statistics/{what}")
            total["packets"] = total.get("packets", 0) + int(value)
    return total


class Bench:
    """What there is to measure, and what was found."""
    def __init__(self, program, rounds, seconds):
        self.program, self.rounds, self.seconds = program, rounds, seconds
        self.result = {"iommu": {}, "xdp": {}, "rates": {}}

    def figures(self):
        """Name and function of each figure."""
        return (("tcp1", lambda k: tcp(k, 1, self.seconds)),
                ("tcp4", lambda k: tcp(k, 4, self.seconds)),
                ("rr", lambda k: transactions(k, self.program, self.seconds)),
                ("udp64", lambda k: udp(k, self.seconds)),
                ("rtt_us", rtt))

    def turn(self, kind):
        """One round of one pair."""
        for name, run in self.figures():
            before = counters(kind) if kind.startswith("emunic") else {}
            start = time.monotonic()
            self.result.setdefault(name, {}).setdefault(kind, []).append(
                measured(kind, run))
            if before:
                self.rates(kind, name, before, time.monotonic() - start)

    def rates(self, kind, name, before, seconds):
        """Kicks and interrupts while that figure was measured."""
        now = counters(kind)
        packets = max(1, now["packets"] - before["packets"])
        found = {c: now[c] - before.get(c, 0) for c in COUNTERS if c in now}
        self.result["rates"].setdefault(kind, {}).setdefault(name, []).append(
            {"kicks_per_1000": 1000 * found.get("kicks", 0) / packets,
             "irqs_per_s": found.get("irqs", 0) / seconds})

    def drop(self, kind):
        """pktgen into XDP."""
        self.result["xdp"][kind] = xdp.attach(f"{kind}2", "p0")
        try:
            self.result.setdefault("drop", {}).setdefault(kind, []).append(
                pktgen(kind, self.seconds))
        finally:
            xdp.detach(f"{kind}2", "p0")

    def run(self, pairs):
        """
        All rounds. Over a hub of QEMU 10.0 virtio-net stops for good when it had
        no buffer for a frame, and whoever asks its driver for anything waits for
        ever: what has stalled is left alone.
        """
        left = list(pairs)
        for turn in range(self.rounds):
            for kind in tuple(left):
                note(f"round {turn + 1} of {self.rounds}: {kind}")
                try:
                    self.turn(kind)
                    self.drop(kind)
                except Stalled:
                    note(f"{kind} has stalled, and takes part no more")
                    left.remove(kind)


def emunic_pairs():
    """VFs of the first PF; the second and third PF, whose uplinks meet."""
    pfs = [p for p in sorted(PCI.iterdir())
           if (p / "sriov_totalvfs").exists() and
           (p / "driver").resolve().name == "emunic"]
    enable_vfs(pfs[0], 2)
    sh(f"ip link set {netdev(pfs[0])} up")
    vfs = [netdev((pfs[0] / f"virtfn{i}").resolve()) for i in (0, 1)]
    return pfs, vfs, [netdev(pfs[2]), netdev(pfs[3])]


def virtio_pair():
    """The netdevs of virtio-net: there are no others."""
    return sorted(p.name for p in Path("/sys/class/net").iterdir()
                  if (p / "device/driver").exists() and
                  (p / "device/driver").resolve().name == "virtio_net")


def main():
    """Set up, measure, print."""
    bench = Bench(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sh("modprobe -a igb igbvf veth virtio_net pktgen")
    sh("ip link add veth1 type veth peer name veth2")
    pfs, vfs, uplinks = emunic_pairs()
    igb = find_pf("igb")
    enable_vfs(igb, 2)
    sh(f"ip link set {netdev(igb)} up")
    pairs = {"emunic": vfs, "emunic-pf": uplinks,
             "igbvf": [netdev((igb / f"virtfn{i}").resolve()) for i in (0, 1)],
             "virtio": virtio_pair(), "veth": ["veth1", "veth2"]}
    for kind, pf in (("emunic", pfs[0]), ("igbvf", igb)):
        group = (pf / "virtfn0").resolve() / "iommu_group/type"
        bench.result["iommu"][kind] = group.read_text().strip()
    xdp.pin_drop()
    for kind, devs in pairs.items():
        hosts(kind, *devs)
        sh(f"ip netns exec {kind}2 {bench.program} 5300 >/dev/null 2>&1 &")
    bench.run(pairs)
    json.dump(bench.result, sys.stdout)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The control path and sizes for `make bench`, in the VM: prints one JSON object.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from control import recovery, set_address

ROUNDS = 3
SOURCES = [f"192.0.2.{n}" for n in range(11, 19)]
PCI = Path("/sys/bus/pci/devices")


def sh(line, **kwargs):
    """Output of a shell command; an exception if it fails."""
    return subprocess.run(line, shell=True, check=True, text=True,
                          stdout=subprocess.PIPE, **kwargs).stdout


def note(text):
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def find_pf(driver):
    """First function of @driver that can have VFs."""
    for path in sorted(PCI.iterdir()):
        if (path / "sriov_totalvfs").exists() and \
           (path / "driver").resolve().name == driver:
            return path
    raise RuntimeError(f"no {driver} PF here")


def netdev(func):
    """Name of the netdev of @func once it is there."""
    while not (net := func / "net").exists() or not any(net.iterdir()):
        time.sleep(0.005)
    return next(net.iterdir()).name


def enable_vfs(pf, num):
    """Seconds from the write to sriov_numvfs until all netdevs are there."""
    start = time.monotonic()
    (pf / "sriov_numvfs").write_text(str(num))
    for i in range(num):
        netdev((pf / f"virtfn{i}").resolve())
    return time.monotonic() - start


def hosts(kind, first, second):
    """Two namespaces with an end each."""
    for n, dev in enumerate((first, second), 1):
        ns = f"{kind}{n}"
        sh(f"ip netns add {ns}; ip link set {dev} netns {ns} name p0; "
           f"ip -n {ns} addr add 192.0.2.{n}/24 dev p0; "
           f"ip -n {ns} link set lo up; ip -n {ns} link set p0 up")
    for source in SOURCES:
        sh(f"ip -n {kind}1 addr add {source}/24 dev p0")
    sh(f"ip netns exec {kind}2 iperf3 -s -D >/dev/null")
    while not sh(f"ip netns exec {kind}2 ss -Hltn sport = :5201"):
        time.sleep(0.1)
    for _ in range(50):
        if pings(kind):
            return
        time.sleep(0.2)
    raise RuntimeError(f"{kind}: no ping")


def pings(kind):
    """Whether one ping of a pair is answered."""
    return not subprocess.call(["ip", "netns", "exec", f"{kind}1", "ping", "-q",
                                "-c1", "-W1", "192.0.2.2"],
                               stdout=subprocess.DEVNULL)


def rtt(kind):
    """
    Average round trip of pings, in microseconds. They come from some addresses,
    because these say which queues, and with them which CPUs, RSS chooses.
    """
    return statistics.mean(average_ping(kind, source) for source in SOURCES)


def average_ping(kind, source):
    """The same from one address, whose neighbour has asked for it before."""
    sh(f"ip netns exec {kind}1 ping -q -c 1 -I {source} 192.0.2.2")
    out = sh(f"ip netns exec {kind}1 ping -q -c 25 -i 0.005 -I {source} 192.0.2.2")
    return float(out.rsplit("=", 1)[1].split("/")[1]) * 1000


def available():
    """Free and reclaimable guest memory, KiB."""
    sh("sync; echo 3 > /proc/sys/vm/drop_caches")
    time.sleep(1)
    for line in Path("/proc/meminfo").read_text().split("\n"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1])
    raise RuntimeError("no MemAvailable")


def memory_of_vfs(pf, num):
    """KiB of guest memory that one VF with its netdev up on one queue takes."""
    enable_vfs(pf, num)
    devs = [netdev((pf / f"virtfn{i}").resolve()) for i in range(num)]
    for dev in devs:
        sh(f"ethtool -L {dev} combined 1 2>/dev/null || true")
    (pf / "sriov_numvfs").write_text("0")
    before = available()
    enable_vfs(pf, num)
    for i in range(num):
        dev = netdev((pf / f"virtfn{i}").resolve())
        sh(f"ethtool -L {dev} combined 1 2>/dev/null || true; "
           f"ip link set {dev} up")
    time.sleep(2)
    used = before - available()
    (pf / "sriov_numvfs").write_text("0")
    return used / num


def enabling(result, pfs):
    """All VFs that there can be: the number, and seconds in each round."""
    for turn in range(ROUNDS):
        for kind, pf in pfs.items():
            note(f"enabling VFs, round {turn + 1} of {ROUNDS}: {kind}")
            most = int((pf / "sriov_totalvfs").read_text())
            seconds = enable_vfs(pf, most)
            (pf / "sriov_numvfs").write_text("0")
            result["vfs"].setdefault(kind, [most, []])[1].append(seconds)


def vf_address(pf, index):
    """The address that @pf knows its VF @index by."""
    links = json.loads(sh(f"ip -j link show dev {netdev(pf)}"))
    return links[0]["vfinfo_list"][index]["address"]


def control(result, pfs):
    """
    The control path of up to 8 VFs. Who does not come back from a reset is not
    asked again.
    """
    devs = {}
    for kind, pf in pfs.items():
        num = min(8, int((pf / "sriov_totalvfs").read_text()))
        enable_vfs(pf, num)
        devs[kind] = [netdev((pf / f"virtfn{i}").resolve())
                      for i in range(num)]
        for dev in devs[kind] + [netdev(pf)]:
            sh(f"ip link set {dev} up")
    for turn in range(ROUNDS):
        for kind, pf in pfs.items():
            note(f"control path, round {turn + 1} of {ROUNDS}: {kind}")
            result["mbox_s"].setdefault(kind, []).extend(
                set_address(devs[kind][1], 20, lambda p=pf: vf_address(p, 1)))
            again(result["vf_flr_s"].setdefault(kind, []), devs[kind][:2],
                  (pf / "virtfn1").resolve())
        result["mbox_s"].setdefault("veth", []).extend(
            set_address("veth1", 20))
    for turn in range(ROUNDS):
        for kind, pf in pfs.items():
            note(f"PF FLR, round {turn + 1} of {ROUNDS}: {kind}")
            again(result["pf_flr_s"].setdefault(kind, []), devs[kind], pf)


def again(values, devs, func):
    """One more recovery, unless there was one that failed."""
    if None not in values:
        values.append(recovery(devs, func))


def main():
    """Everything, in the order that disturbs least."""
    result = {"vfs": {}, "mbox_s": {}, "vf_flr_s": {}, "pf_flr_s": {}}
    sh("modprobe -a igb igbvf veth")
    ours, igb = find_pf("emunic"), find_pf("igb")
    pfs = {"emunic": ours, "igb": igb}

    enabling(result, pfs)
    note("memory of idle VFs")
    result["vf_guest_kib"] = memory_of_vfs(ours, 16)
    sh("ip link add veth1 type veth peer name veth2")
    control(result, pfs)
    for pf in pfs.values():
        (pf / "sriov_numvfs").write_text("0")

    json.dump(result, sys.stdout)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()

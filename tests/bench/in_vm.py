#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The part of `make bench` that runs in the VM: prints one JSON object.

emunic VF to VF, igbvf VF to VF and a veth pair take turns, so that a noisy
machine disturbs all of them alike; tests/bench/run prints the medians.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROUNDS, SECONDS = 3, 4
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
    sh(f"ip netns exec {kind}2 iperf3 -s -D >/dev/null")
    for _ in range(50):
        if not subprocess.call(["ip", "netns", "exec", f"{kind}1", "ping", "-q",
                                "-c1", "-W1", "192.0.2.2"],
                               stdout=subprocess.DEVNULL):
            return
        time.sleep(0.2)
    raise RuntimeError(f"{kind}: no ping")


def tcp(kind, streams):
    """Bit/s received."""
    out = sh(f"ip netns exec {kind}1 iperf3 -J -c 192.0.2.2 -t {SECONDS} "
             f"-P {streams}")
    return json.loads(out)["end"]["sum_received"]["bits_per_second"]


def rtt(kind):
    """Average round trip of 200 pings, in microseconds."""
    out = sh(f"ip netns exec {kind}1 ping -q -c 200 -i 0.005 192.0.2.2")
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


def main():
    """Everything, in the order that disturbs least."""
    result = {"iommu": {}, "tcp1": {}, "tcp4": {}, "rtt_us": {}, "vfs": {}}
    sh("modprobe -a igb igbvf veth")
    ours, igb = find_pf("emunic"), find_pf("igb")

    note("enabling VFs")
    most = int((ours / "sriov_totalvfs").read_text())
    result["vfs"]["emunic"] = [most, enable_vfs(ours, most)]
    (ours / "sriov_numvfs").write_text("0")
    result["vfs"]["igb"] = [7, enable_vfs(igb, 7)]
    note("memory of idle VFs")
    result["vf_guest_kib"] = memory_of_vfs(ours, 16)

    enable_vfs(ours, 2)
    sh("ip link add veth1 type veth peer name veth2")
    pairs = {"emunic": [netdev((ours / f"virtfn{i}").resolve()) for i in (0, 1)],
             "igbvf": [netdev((igb / f"virtfn{i}").resolve()) for i in (0, 1)],
             "veth": ["veth1", "veth2"]}
    for i, pf in ((0, ours), (0, igb)):
        group = (pf / f"virtfn{i}").resolve() / "iommu_group/type"
        result["iommu"][pf.name] = group.read_text().strip()
        sh(f"ip link set {netdev(pf)} up")
    for kind, devs in pairs.items():
        hosts(kind, *devs)
    for turn in range(ROUNDS):
        for kind in pairs:
            note(f"round {turn + 1} of {ROUNDS}: {kind}")
            for name, run in (("tcp1", lambda k: tcp(k, 1)),
                              ("tcp4", lambda k: tcp(k, 4)),
                              ("rtt_us", rtt)):
                result[name].setdefault(kind, []).append(run(kind))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()

# SPDX-License-Identifier: GPL-2.0-only
"""A netdev in a network namespace of its own, and what is sent from there."""

import json
import re
import subprocess

from .pci import sh, wait_for


class Host:
    def __init__(self, name, dev, address):
        self.name = name
        self.dev = dev
        self.address = address
        sh(f"ip netns add {name}")
        sh(f"ip link set {dev} netns {name}")
        self.ip(f"link set lo up; ip -n {name} addr add {address}/24 dev {dev}")
        self.ip(f"link set {dev} up")
        wait_for(f"carrier of {dev}", lambda: "LOWER_UP" in self.ip(f"link show {dev}"))
        self.servers = []

    def ip(self, args):
        return sh(f"ip -n {self.name} {args}")

    def run(self, command, check=True):
        return sh(f"ip netns exec {self.name} {command}", check)

    def serve(self):
        """An iperf3 server; returns when it can be reached."""
        self.servers.append(subprocess.Popen(
            ["ip", "netns", "exec", self.name, "iperf3", "-s"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for("iperf3's port", lambda: self.run("ss -Hltn sport = :5201"))

    def ping(self, address, count=5):
        """Answers and mean time in ms."""
        return ping_result(self.run(f"ping -c {count} -i 0.2 -w 20 {address}", check=False))

    def iperf(self, address, seconds=3, args=""):
        """Mbit/s that arrived there."""
        text = self.run(f"iperf3 -J -c {address} -t {seconds} {args}", check=False)
        return iperf_result(text)

    def close(self):
        for server in self.servers:
            server.kill()
            server.wait()
        sh(f"ip -n {self.name} link set {self.dev} netns 1", check=False)
        sh(f"ip netns del {self.name}", check=False)


def ping_result(text):
    """Answers and mean time in ms, of the ping of iputils or of busybox."""
    received = re.search(r"(\d+) (?:packets )?received", text)
    mean = re.search(r"min/avg/max(?:/mdev)? = [\d.]+/([\d.]+)/", text)
    return int(received[1]) if received else 0, float(mean[1]) if mean else None


def iperf_result(text):
    """Mbit/s received, from iperf3's JSON."""
    start = text.find("{")
    if start < 0:
        raise RuntimeError(f"iperf3: {text.strip()}")
    result = json.loads(text[start:])
    if "error" in result:
        raise RuntimeError(f"iperf3: {result['error']}")
    return result["end"]["sum_received"]["bits_per_second"] / 1e6

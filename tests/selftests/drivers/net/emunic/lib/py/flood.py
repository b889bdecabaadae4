# SPDX-License-Identifier: GPL-2.0
"""More frames than a port can send."""

from pathlib import Path

from net.lib.py import KsftSkipEx, NetNSEnter, bkg, cmd, defer

from .pci import wait_for

PKTGEN = Path("/proc/net/pktgen")


class Flood:
    """
    UDP frames of @size bytes from @host's port to @dst (an address or a MAC),
    as fast as the port takes them, until stop().

    The kernel's generator makes them. It uses neither socket nor qdisc: what
    holds the frames back is the port. @params are the generator's own.
    """
    def __init__(self, host, dst_mac, size=64, **params):
        if cmd("modprobe pktgen", fail=False).ret:
            raise KsftSkipEx("no pktgen")
        self.host = host
        self.cpu = host.number % len(self._threads())
        self._write(f"kpktgend_{self.cpu}", "rem_device_all")
        self._write(f"kpktgend_{self.cpu}", f"add_device {host.dev}")
        settings = {"count": 0, "delay": 0, "clone_skb": 0, "pkt_size": size,
                    "dst_mac": dst_mac, "dst_min": "198.18.0.2",
                    "src_min": "198.18.0.1", **params}
        for name, value in settings.items():
            self._write(host.dev, f"{name} {value}")
        self.start = bkg(["ip", "netns", "exec", str(host.ns), "sh", "-c",
                          f"echo start > {PKTGEN}/pgctrl"])
        defer(self.stop)
        wait_for("pktgen", lambda: self.start.proc.poll() is None)

    def _threads(self):
        with NetNSEnter(str(self.host.ns)):
            return [p for p in PKTGEN.iterdir()
                    if p.name.startswith("kpktgend_")]

    def _write(self, name, line):
        with NetNSEnter(str(self.host.ns)):
            (PKTGEN / name).write_text(line + "\n")

    def stop(self):
        """End it; the port's queues are not empty yet."""
        if self.start.proc.poll() is None:
            self._write("pgctrl", "stop")
        if self.start.ret is None:
            self.start.process(terminate=False, fail=False)

# SPDX-License-Identifier: GPL-2.0
"""Hosts (network namespaces with one port each) and what they exchange."""

import json
import socket
import struct
import time

from net.lib.py import NetNS, NetNSEnter, bkg, cmd, defer, ip, rand_port, \
    wait_port_listen

from . import ioctl
from .pci import ip_batch, wait_for
from .slow import patience

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA = 263, 8
SO_RCVBUFFORCE = 33
TP_STATUS_VLAN_VALID = 0x10


class Host:
    """
    A network namespace that owns the netdev of one function.

    @number makes its addresses: 192.0.2.NUMBER/24 and 2001:db8::NUMBER/64.
    The netdev goes back where it came from when the case ends. What every case
    does, and what is polled, starts no program, or one for all: in an emulated
    machine that is what takes the time.
    """
    def __init__(self, func, number, mtu=1500):
        self.func = func
        self.number = number
        self.mtu = mtu
        self.ns = NetNS()
        defer(self.close)
        self.dev = f"em{number}"
        self.take(func)

    def take(self, func):
        """Move the netdev of @func in and configure it."""
        self.func = func
        name = func.netdev
        ip(f"link set dev {name} netns {self.ns} name {self.dev}")
        self.batch("link set dev lo up", f"link set dev {self.dev} mtu {self.mtu}",
                   *self._addressing(self.dev, f"192.0.2.{self.number}/24",
                                     f"2001:db8::{self.number}/64"))

    def rebind(self):
        """The function's driver goes and comes back."""
        self.func.unbind()
        self.func.bind()
        self.take(self.func)

    @staticmethod
    def _addressing(dev, *addrs):
        """The commands that do what address() does."""
        return [f"link set dev {dev} up"] + \
            [f"addr add {addr} dev {dev}" + (" nodad" if ":" in addr else "")
             for addr in addrs]

    def address(self, dev, *addrs):
        """Bring @dev up with @addrs, without duplicate address detection."""
        self.batch(*self._addressing(dev, *addrs))

    def close(self):
        """Give the netdev back and delete the namespace."""
        if not self.ns.name:
            return
        self.batch(f"link set dev {self.dev} down",
                   f"link set dev {self.dev} netns 1 name "
                   f"{self.dev}-{int(time.monotonic() * 1000) % 100000}",
                   fail=False)
        self.ns.__exit__(None, None, None)

    def ip(self, args, **kwargs):
        """`ip` inside."""
        return ip(args, ns=self.ns, **kwargs)

    def batch(self, *lines, fail=True):
        """Several commands of `ip` inside; without @fail all are tried."""
        ip_batch(lines, "-netns", str(self.ns), fail=fail)

    def inside(self, func, *args):
        """What @func, of ioctl.py, does to the netdev."""
        with NetNSEnter(str(self.ns)):
            return func(self.dev, *args)

    def cmd(self, args, **kwargs):
        """A command inside, but for /sys."""
        with NetNSEnter(str(self.ns)):
            return cmd(args, **kwargs)

    @property
    def v4(self):
        """IPv4 address."""
        return f"192.0.2.{self.number}"

    @property
    def v6(self):
        """IPv6 address."""
        return f"2001:db8::{self.number}"

    def addr(self, version):
        """The one of these of an IP version."""
        return self.v4 if version == 4 else self.v6

    @property
    def mac(self):
        """Address of the netdev."""
        return self.inside(ioctl.mac)

    @property
    def link(self):
        """What `ip -s link show` says of the netdev."""
        return self.ip(f"-s link show dev {self.dev}", json=True)[0]

    @property
    def carrier(self):
        """Is the netdev up, with carrier?"""
        return self.inside(ioctl.carrier)

    def wait_link(self, deadline=10):
        """Wait for carrier."""
        wait_for(f"link of {self.dev}", lambda: self.carrier, deadline)

    def ping(self, addr, count=5, size=56, opts="", deadline=10):
        """
        Number of answers to @count pings. More are sent while answers are
        late, until @deadline: those do not count.
        """
        answers = self._answers(f"-c {count} -i 0.01 -W 1 -w {deadline} "
                                f"-s {size} {opts} {addr}", deadline)
        return min(answers, count)

    def is_answered(self, addr, opts=""):
        """
        False if none of three pings is answered, for which no more than the
        time of very many answers is given.
        """
        return self._answers(f"-c 3 -i 0.05 -W 0.3 {opts} {addr}", 10) > 0

    def _answers(self, args, deadline):
        out = self.cmd(f"ping -q {args}", fail=False, timeout=deadline + 10)
        for line in out.stdout.split("\n"):
            if " received" in line:
                return int(line.split(",")[1].split()[0])
        return 0

    def reaches(self, addr, deadline=10):
        """True once a ping gets through."""
        try:
            wait_for(f"ping {addr}",
                     lambda: self.is_answered(addr), deadline)
        except TimeoutError:
            return False
        return True

    def snmp(self, proto, name):
        """A counter of /proc/net/snmp inside."""
        rows = [r.split() for r in
                self.cmd("cat /proc/net/snmp").stdout.split("\n")
                if r.startswith(proto + ":")]
        return int(dict(zip(rows[0], rows[1]))[name])


def end(proc):
    """End @proc, a bkg() that may still run, and close its pipes."""
    if proc.ret is None:
        proc.proc.kill()
        proc.process(terminate=False, fail=False)


class Stream:
    """
    iperf3 from @client to @server for @seconds (more where the machine is
    slow); the result is there after wait().
    """
    def __init__(self, client, server, seconds=3, opts="", v6=False):
        port = rand_port()
        self.seconds = patience(seconds)
        self.server = bkg(f"iperf3 -s -1 -p {port}", ns=server.ns)
        defer(end, self.server)
        wait_port_listen(port, ns=server.ns)
        dst = server.v6 if v6 else server.v4
        self.client = bkg(f"iperf3 -J -c {dst} -p {port} -t {self.seconds} "
                          f"{opts}", ns=client.ns)
        defer(end, self.client)

    def wait(self, extra=30):
        """Bytes received by the server, and the whole JSON result."""
        self.client.process(terminate=False, fail=True,
                            timeout=self.seconds + patience(extra))
        end(self.server)
        result = json.loads(self.client.stdout)
        return result["end"]["sum_received"]["bytes"], result


class Sniffer:
    """Raw frames that arrive at a host's port, VLAN tags put back."""
    def __init__(self, host, dev=None):
        with NetNSEnter(str(host.ns)):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                      socket.htons(ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.sock.bind((dev or host.dev, ETH_P_ALL))
        defer(self.sock.close)

    def frames(self, seconds=0.5, until=None):
        """
        Frames that came in during the next @seconds (more where the machine
        is slow), or were queued; none after one that has @until in it.
        """
        got = []
        end = time.monotonic() + patience(seconds)
        while (left := end - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                data, anc, _, addr = self.sock.recvmsg(65536, 256)
            except TimeoutError:
                break
            if addr[2] != socket.PACKET_OUTGOING:
                got.append(self.retag(data, anc))
                if until and until in data:
                    break
        return got

    @staticmethod
    def retag(data, anc):
        """The kernel strips an outer tag into the auxiliary data."""
        for level, kind, aux in anc:
            if (level, kind) != (SOL_PACKET, PACKET_AUXDATA):
                continue
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", aux[:20])
            if status & TP_STATUS_VLAN_VALID:
                tag = struct.pack("!HH", tpid or 0x8100, tci)
                return data[:12] + tag + data[12:]
        return data

    def send(self, frame):
        """Send one frame as it is."""
        self.sock.send(frame)


def raw_frame(dst, src, payload, tags=()):
    """An Ethernet frame; @tags are (tpid, tci) pairs, outermost first."""
    def octets(mac):
        return bytes.fromhex(mac.replace(":", ""))
    head = octets(dst) + octets(src)
    for tpid, tci in tags:
        head += struct.pack("!HH", tpid, tci)
    return head + struct.pack("!H", 0x88b5) + payload.ljust(46, b"\0")


def pair(first, second, mtu=1500):
    """Two hosts that own @first and @second, with carrier."""
    hosts = (Host(first, 1, mtu), Host(second, 2, mtu))
    for host in hosts:
        host.wait_link()
    return hosts

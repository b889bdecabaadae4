# SPDX-License-Identifier: GPL-2.0
"""Streams to look at, and how many GSO frames ports have had for them."""

import os
import re
import socket
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

from net.lib.py import NetNSEnter, defer, ksft_eq, ksft_ge, ksft_in, ksft_true

from .frames import Frame
from .host import Sniffer, pair
from .pci import need_pfs

SIZE = 60_000

Segments = namedtuple("Segments", "frames wire")


def segment_counts(host, way="tx"):
    """GSO frames at all queues of a host's port, and frames they stand for."""
    out = host.cmd(f"ethtool -S {host.dev}").stdout
    name = "gso" if way == "tx" else "gro"

    def total(what):
        return sum(int(n) for n in
                   re.findall(rf"\b{way}\d+_{name}_{what}: (\d+)", out))
    return Segments(total("packets"), total("wire_packets"))


SHORT = {"gro": "generic-receive-offload", "rx": "rx-checksumming",
         "gso": "generic-segmentation-offload", "lro": "large-receive-offload",
         "tso": "tcp-segmentation-offload"}


def set_features(host, what):
    """`ethtool -K`, undone when the case ends."""
    shown = host.cmd(f"ethtool -k {host.dev}").stdout
    old = []
    for name in what.split()[::2]:
        state = re.search(rf"^{SHORT.get(name, name)}: (on|off)", shown, re.M)
        old += [name, state.group(1)]
    defer(host.cmd, f"ethtool -K {host.dev} " + " ".join(old), fail=False)
    host.cmd(f"ethtool -K {host.dev} {what}")


def exchange(a, b, data, version=4, addr=None, option=None):
    """Send @data over TCP from @a to @b; what was received. @option is one of
    the sender's socket."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    addr = addr or b.addr(version)
    with NetNSEnter(str(b.ns)):
        server = socket.create_server((addr, 0), family=family)
    with NetNSEnter(str(a.ns)):
        client = socket.socket(family, socket.SOCK_STREAM)
    with server, client:
        if option:
            client.setsockopt(*option)
        client.connect(server.getsockname()[:2])
        peer, _ = server.accept()
        with peer:
            sender = Thread(target=_send_all, args=(client, data))
            sender.start()
            got = b"".join(iter(lambda: peer.recv(65536), b""))
            sender.join()
    return got


def _send_all(sock, data):
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


def many_streams(a, b, count, size=2 << 20):
    """
    @count connections at a time from @a to @b, of @size bytes each; how many
    have come in all. iperf3 has no time for its own clock beside many, and on
    a slow machine never ends.
    """
    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(lambda _: len(exchange(a, b, bytes(size))), range(count)))


def finished_pair(kind):
    """
    A sender, and a receiver that takes nothing but finished frames, so that
    the device makes them.
    """
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    first = pf if kind.startswith("pf") else vfs[0]
    second = pf if kind.endswith("pf") else vfs[1]
    a, b = pair(first, second)
    set_features(b, "rx off rx-gro-hw off gro off")
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_true(a.reaches(b.v6), "first ping, IPv6")
    return a, b


def need_feature(host, name):
    """The device has it, and it is on."""
    ksft_in(f"{name}: on", host.cmd(f"ethtool -k {host.dev}").stdout)


def add_tunnel(kind, opts, *ends):
    """
    A tunnel tun0 between two @ends, each a host and its outer address. Returns
    the inner addresses of the second one, by IP version.
    """
    inner = {4: "203.0.113.{}", 6: "2001:db8:f::{}"}
    for (host, local), (_, remote) in (ends, ends[::-1]):
        host.ip(f"link add tun0 type {kind} {opts} local {local} "
                f"remote {remote} dev {host.dev}")
        host.address("tun0", inner[4].format(host.number) + "/24",
                     inner[6].format(host.number) + "/64")
        host.cmd("ethtool -K tun0 gro off")
    return {v: addr.format(ends[1][0].number) for v, addr in inner.items()}


def captured(a, b, data, version, addr=None):
    """Send @data over TCP; what was received, and the frames of that."""
    sniffer = Sniffer(b)
    got = exchange(a, b, data, version, addr)
    frames = [Frame(f) for f in sniffer.frames(0.3)]
    return got, [f for f in frames if f.has("tcp") and
                 f.all("tcp")[-1]["payload"]]


def _check_stream(frames, data):
    """The segments are @data in order of their numbers, without a fault."""
    for frame in frames:
        ksft_eq(frame.faults, [], str([name for name, _ in frame.layers]))
    pieces = {}
    for frame in frames:
        tcp = frame.all("tcp")[-1]
        if tcp["payload"]:
            pieces[tcp["seq"]] = tcp["payload"]
    first = min(pieces, default=0)
    got = b""
    while len(got) < len(data):
        piece = pieces.get((first + len(got)) & 0xffffffff)
        if not piece:
            break
        got += piece
    ksft_eq(got == data, True, f"{len(got)} of {len(data)} bytes in sequence")


def check_ids(frames, layer):
    """Frames that may be fragmented have IDs of their own."""
    seen = [f.all("ip4")[layer]["id"] for f in frames
            if f.all("ip4") and not f.all("ip4")[layer]["df"]]
    ksft_eq(len(seen), len(set(seen)), "outer IDs")


def segmented(a, b, version, addr=None):
    """A stream that the device segments, checked; the frames of it."""
    data = os.urandom(SIZE)
    before = segment_counts(a)
    got, frames = captured(a, b, data, version, addr)
    after = segment_counts(a)
    ksft_true(got == data, "what was received")
    _check_stream(frames, data)
    ksft_ge(after.wire - before.wire, SIZE // 1448 * 3 // 4,
            "segments made by the device")
    return frames

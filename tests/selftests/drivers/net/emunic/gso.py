#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Segmentation by the device: what a receiver captures of TCP and UDP without tunnels
has every length, checksum and number right and loses nothing.
"""

import os
import socket

from lib.py import Frame, KsftNamedVariant, NetNSEnter, Sniffer, captured, \
    check_ids, defer, exchange, finished_pair, ksft_eq, ksft_exit, ksft_ge, \
    ksft_lt, ksft_run_quiet, ksft_true, ksft_variants, need_feature, need_pfs, \
    pair, rand_port, segment_counts, segmented, stats

UDP_SEGMENT = 103
IPV6_DSTOPTS, PADN = 59, 1
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
MSS = 1000
PATHS = ["pf_vf", "vf_pf", "vf_vf"]


@ksft_variants([KsftNamedVariant(f"{kind}_v{v}", kind, v)
                for kind in PATHS for v in (4, 6)])
def tcp(kind, version):
    """TCP without a tunnel."""
    a, b = finished_pair(kind)
    frames = segmented(a, b, version)
    ids = [f.all("ip4")[0]["id"] for f in frames if f.has("ip4")]
    ksft_eq(len(ids), len(set(ids)), "IDs")


@ksft_variants([KsftNamedVariant(f"{kind}_v{v}_{size}", kind, v, size)
                for kind in PATHS[:2] for v in (4, 6) for size in (5000, 5300)])
def udp(kind, version, size):
    """Datagrams of UDP_SEGMENT, the last one shorter or not."""
    a, b = finished_pair(kind)
    need_feature(a, "tx-udp-segmentation")
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    addr = b.addr(version)
    port = rand_port()
    with NetNSEnter(str(b.ns)):
        receiver = socket.socket(family, socket.SOCK_DGRAM)
    with NetNSEnter(str(a.ns)):
        sender = socket.socket(family, socket.SOCK_DGRAM)
    sniffer = Sniffer(b)
    data = os.urandom(size)
    before = segment_counts(a)
    with receiver, sender:
        receiver.bind((addr, port))
        receiver.settimeout(3)
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, MSS)
        sender.sendto(data, (addr, port))
        want = [data[i:i + MSS] for i in range(0, size, MSS)]
        ksft_true([receiver.recv(65536) for _ in want] == want, "datagrams")
    ksft_eq(segment_counts(a).wire - before.wire, len(want),
            "segments made by the device")
    frames = [Frame(f) for f in sniffer.frames(0.3)]
    frames = [f for f in frames if f.has("udp") and
              f.all("udp")[0]["dport"] == port]
    ksft_true([f.all("udp")[0]["payload"] for f in frames] == want, "captured")
    for frame in frames:
        ksft_eq(frame.faults, [])
        ksft_true(frame.all("udp")[0]["csum"], "checksum")
    check_ids(frames, 0)


def udp_whole():
    """Between two that can, the datagrams cross as one frame."""
    vfs = need_pfs()[0].vfs(2)
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "first ping")
    need_feature(b, "rx-gro-hw")
    with NetNSEnter(str(b.ns)):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with NetNSEnter(str(a.ns)):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    data = os.urandom(5300)
    before = segment_counts(b, "rx")
    with receiver, sender:
        receiver.bind((b.v4, 0))
        receiver.settimeout(3)
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, MSS)
        sender.sendto(data, receiver.getsockname())
        want = [data[i:i + MSS] for i in range(0, len(data), MSS)]
        ksft_true([receiver.recv(65536) for _ in want] == want, "datagrams")
    after = segment_counts(b, "rx")
    ksft_eq(after.frames - before.frames, 1, "frames")
    ksft_eq(after.wire - before.wire, len(want), "datagrams in them")


@ksft_variants([KsftNamedVariant(f"{kind}_v{v}", kind, v)
                for kind in PATHS[:2] for v in (4, 6)])
def big(kind, version):
    """BIG TCP: frames beyond 64 KiB, if the sender's window is open, and
    whatever the round trip."""
    a, b = finished_pair(kind)
    limit = a.ip(f"-d link show dev {a.dev}", json=True)[0]["tso_max_size"]
    ksft_ge(limit, 200_000)
    defer(a.ip, f"link set dev {a.dev} gso_max_size 65536 "
                "gso_ipv4_max_size 65536")
    a.ip(f"link set dev {a.dev} gso_max_size {limit} gso_ipv4_max_size {limit}")
    for host in (a, b):
        host.cmd("sysctl -qw net.ipv4.tcp_wmem='4096 4194304 8388608' "
                 "net.ipv4.tcp_rmem='4096 4194304 8388608' "
                 "net.ipv4.tcp_tso_rtt_log=20", shell=True)
    data = os.urandom(4 << 20)
    sent = _outgoing(a)
    got, frames = captured(a, b, data, version)
    ksft_true(got == data, "what was received")
    for frame in frames:
        ksft_eq(frame.faults, [])
    ksft_true(frames, "captured")
    ksft_lt(65536 + 14, _longest(sent), "bytes of the longest frame")


def extension_headers():
    """The device knows none between IPv6 and TCP: the stack makes the segments,
    and none of them is taken for an offence."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v6), "first ping")
    data = os.urandom(1 << 20)
    before = stats(pf, 0)["tx_dropped"]
    options = bytes([0, 0, PADN, 4, 0, 0, 0, 0])
    got = exchange(a, b, data, 6,
                   option=(socket.IPPROTO_IPV6, IPV6_DSTOPTS, options))
    ksft_true(got == data, "what was received")
    ksft_eq(stats(pf, 0)["tx_dropped"], before, "refused")


def _outgoing(host):
    """A socket that sees what is handed to @host's device."""
    with NetNSEnter(str(host.ns)):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 128 << 20)
        sock.bind((host.dev, ETH_P_ALL))
    sock.setblocking(False)
    defer(sock.close)
    return sock


def _longest(sock):
    """Bytes of the longest frame that @sock has seen."""
    head, longest = bytearray(64), 0
    try:
        while True:
            longest = max(longest, sock.recv_into(head, 0, socket.MSG_TRUNC))
    except BlockingIOError:
        return longest


if __name__ == "__main__":
    ksft_run_quiet([tcp, udp, udp_whole, big, extension_headers])
    ksft_exit()

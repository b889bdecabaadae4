#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What an XDP program can ask about a frame: hash, VLAN tag, timestamp."""

import errno
import socket
import struct

from lib.py import Attached, Flow, NetNSEnter, Prog, Steering, bpf, \
    ksft_busy_wait, ksft_eq, ksft_exit, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair

KINDS = ["pf", "vf"]
PORT, TAGGED = 4791, 7
# enum xdp_rss_hash_type
IPV4, IPV6, L4, L4_TCP, L4_UDP = 1, 2, 8, 16, 32
MAP_UPDATE_ELEM = 2
# What the program leaves: return values and results
RESULT = struct.Struct("<iIIiHHiQ")


def _hosts(kind):
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    if kind == "vf":
        pf.set_vf(1, "query_rss on")
    a, b = pair(vfs[0], pf if kind == "pf" else vfs[1])
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_true(a.reaches(b.v6), "first ping, IPv6")
    return a, b


def _ask(host, eth_type, proto_at, proto):
    """A program that asks about frames of one kind: its next answer, and it."""
    answers = bpf.Map(bpf.MAP_ARRAY, 1, RESULT.size)
    base = -RESULT.size - 8
    fn = {name: bpf.kernel_function(f"bpf_xdp_metadata_rx_{name}")
          for name in ("hash", "vlan_tag", "timestamp")}

    def ask(name, at, *args):
        code = bpf.movr(1, 6)
        for reg, off in enumerate(args, 2):
            code += bpf.movr(reg, 10) + bpf.insn(0x07, reg, imm=base + off)
        return code + bpf.kcall(fn[name]) + bpf.store(4, 10, base + at, 0)

    code = bpf.movr(6, 1) + bpf.load(4, 2, 6, bpf.DATA) + \
        bpf.load(4, 3, 6, bpf.DATA_END) + bpf.movr(4, 2) + \
        bpf.insn(0x07, 4, imm=60) + bpf.insn(0xbd, 4, 3, 2) + \
        bpf.leave(bpf.PASS) + \
        bpf.load(2, 5, 2, 12) + \
        bpf.insn(0x15, 5, off=2, imm=socket.htons(eth_type)) + \
        bpf.leave(bpf.PASS) + \
        bpf.insn(0x71, 5, 2, proto_at) + \
        bpf.insn(0x15, 5, off=2, imm=proto) + bpf.leave(bpf.PASS) + \
        bpf.mov(1, 0)
    for off in range(base, 0, 8):
        code += bpf.store(8, 10, off, 1)
    code += ask("hash", 0, 4, 8) + ask("vlan_tag", 12, 16, 18) + \
        ask("timestamp", 20, 24) + \
        bpf.map_fd(1, answers.fd) + \
        bpf.movr(2, 10) + bpf.insn(0x07, 2, imm=-8) + \
        bpf.movr(3, 10) + bpf.insn(0x07, 3, imm=base) + \
        bpf.mov(4, 0) + bpf.call(MAP_UPDATE_ELEM) + bpf.leave(bpf.PASS)
    link = Attached(host, Prog(code, dev=host))

    def answer():
        """Waited for: a later frame may be in a queue that is polled sooner.
        What is never 0, that no stamp was taken, the program writes last."""
        ksft_busy_wait(lambda: RESULT.unpack(answers.get(0))[6], deadline=5,
                       comment="answer")
        result = answers.get(0)
        answers.put(0, 0)
        return RESULT.unpack(result)

    return answer, link


def _send_udp(a, src, dst):
    """A datagram, from and to ports that are known."""
    family = socket.AF_INET6 if ":" in dst else socket.AF_INET
    with NetNSEnter(str(a.ns)), socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((src, PORT))
        sock.sendto(bytes(64), (dst, PORT))


@ksft_variants(KINDS)
def rx_hash(kind):
    """The hash is what the key makes of addresses and ports, and says so."""
    a, b = _hosts(kind)
    key = Steering(b).key
    for src, dst, eth, at, family in ((a.v4, b.v4, 0x0800, 23, IPV4),
                                      (a.v6, b.v6, 0x86dd, 20, IPV6)):
        answer, link = _ask(b, eth, at, socket.IPPROTO_UDP)
        ksft_true(a.reaches(dst), "ping")
        _send_udp(a, src, dst)
        flow = Flow(a, b, PORT, PORT, family == IPV6)
        ret, value, kind_of = answer()[:3]
        ksft_eq(ret, 0)
        ksft_eq(value, flow.hash(key), "hash")
        ksft_eq(kind_of, family | L4 | L4_UDP, "type")
        link.detach()


@ksft_variants(KINDS)
def rx_vlan_tag(kind):
    """A tag that was stripped is told; without one, that is."""
    a, b = _hosts(kind)
    for host in (a, b):
        host.ip(f"link add link {host.dev} name tagged type vlan id {TAGGED}")
        host.address("tagged", f"198.51.100.{host.number}/24")
    answer, _ = _ask(b, 0x0800, 23, socket.IPPROTO_UDP)
    for src, dst, want in (
            ("198.51.100.1", "198.51.100.2", (0, 0x0081, TAGGED)),
            (a.v4, b.v4, (-errno.ENODATA, 0, 0))):
        ksft_true(a.reaches(dst), "ping")
        _send_udp(a, src, dst)
        ksft_eq(answer()[3:6], want)


@ksft_variants(KINDS)
def rx_timestamp(kind):
    """No stamp is made up where none was taken."""
    a, b = _hosts(kind)
    answer, _ = _ask(b, 0x0800, 23, socket.IPPROTO_UDP)
    ksft_true(a.reaches(b.v4), "ping")
    _send_udp(a, a.v4, b.v4)
    ksft_eq(answer()[6:], (-errno.ENODATA, 0))


if __name__ == "__main__":
    ksft_run_quiet([rx_hash, rx_vlan_tag, rx_timestamp])
    ksft_exit()

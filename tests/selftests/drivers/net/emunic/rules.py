#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Rules (ethtool -N) and contexts (ethtool -X context): they steer what they
match, and nothing makes the device forget them.
"""

import os
import re

from lib.py import Flood, Flow, KsftNamedVariant, KsftSkipEx, Steering, defer, \
    ksft_eq, ksft_exit, ksft_in, ksft_ne, ksft_run_quiet, ksft_true, \
    ksft_variants, max_queues, need_pfs, pair, restore_steering, set_queues

QUEUES = 4
KINDS = ["pf", "vf"]


class Rules:
    """A sender, and a receiver whose hash sends everything to queue 0."""
    def __init__(self, kind):
        pf = need_pfs()[0]
        vfs = pf.vfs(2)
        pf.set_vf(1, "query_rss on")
        self.a, self.b = pair(vfs[0], pf if kind == "pf" else vfs[1])
        if kind == "pf":
            defer(restore_steering, self.b)
        if max_queues(self.b) < QUEUES:
            raise KsftSkipEx(f"{QUEUES} queues needed")
        set_queues(self.b, QUEUES)
        ksft_true(self.a.reaches(self.b.v4), "first ping")
        ksft_true(self.a.reaches(self.b.v6), "first ping, IPv6")
        Steering(self.b).set("equal 1")

    def ethtool(self, how, what, fail=True):
        """`ethtool` on the receiver; the number that it prints, if any."""
        out = self.b.cmd(f"ethtool {how} {self.b.dev} {what}", fail=fail)
        if not fail:
            return out.ret
        number = re.search(r"(\d+)\s*$", out.stdout)
        return int(number.group(1)) if number else None

    def flow(self, dport, v6=False):
        """Datagrams to a port."""
        return Flow(self.a, self.b, 4000, dport, v6)

    def lands(self, queue, dport, v6=False):
        """They arrive in @queue."""
        ksft_in(queue, self.flow(dport, v6).landed(),
                f"port {dport}, v6 {v6}")


@ksft_variants(KINDS)
def matches(kind):
    """Ports and addresses, in either family."""
    rules = Rules(kind)
    a, b = rules.a, rules.b
    rules.lands(0, 7000)
    for what, queue, hits, misses in (
            ("udp4 dst-port 7000", 1, [7000], [7001]),
            (f"udp4 src-ip {a.v4} src-port 4000", 3, [7000], []),
            (f"udp4 dst-ip {a.v4}", 3, [], [7000]),
            (f"ip4 src-ip {a.v4} dst-ip {b.v4}", 1, [7000], []),
            (f"ip4 dst-ip {a.v4}", 1, [], [7000]),
            ("tcp4 dst-port 7000", 1, [], [7000])):
        rule = rules.ethtool("-N", f"flow-type {what} action {queue}")
        for port in hits:
            rules.lands(queue, port)
        for port in misses:
            rules.lands(0, port)
        rules.lands(0, 7000, v6=True)
        rules.ethtool("-N", f"delete {rule}")
        rules.lands(0, 7000)
    for what in (f"udp6 dst-port 7000 src-ip {a.v6}", f"ip6 dst-ip {b.v6}"):
        rule = rules.ethtool("-N", f"flow-type {what} action 3")
        rules.lands(3, 7000, v6=True)
        rules.lands(0, 7000)
        rules.ethtool("-N", f"delete {rule}")


@ksft_variants(KINDS)
def order(kind):
    """The rule with the lowest number decides; a number is one rule's."""
    rules = Rules(kind)
    rules.ethtool("-N", "flow-type udp4 action 1 loc 20")
    rules.ethtool("-N", "flow-type udp4 dst-port 7000 action 2 loc 4")
    rules.lands(2, 7000)
    rules.lands(1, 7001)
    rules.ethtool("-N", "flow-type udp4 dst-port 7000 action 3 loc 4")
    rules.lands(3, 7000)
    shown = rules.b.cmd(f"ethtool -n {rules.b.dev}").stdout
    ksft_in("Filter: 4", shown)
    ksft_in("Total 2 rules", shown)


@ksft_variants(KINDS)
def drop(kind):
    """What a rule drops does not arrive."""
    rules = Rules(kind)
    rule = rules.ethtool("-N", "flow-type udp4 dst-port 7000 action -1")
    ksft_eq(rules.flow(7000).landed(), [])
    rules.lands(0, 7001)
    rules.ethtool("-N", f"delete {rule}")
    rules.lands(0, 7000)


@ksft_variants(KINDS)
def in_force(kind):
    """A rule holds while features change that have nothing to do with it."""
    rules = Rules(kind)
    b = rules.b
    rules.ethtool("-N", "flow-type udp4 dst-port 9 action -1")
    before = b.snmp("Ip", "InReceives")
    flood = Flood(rules.a, b.mac, udp_dst_min=9, udp_dst_max=9)
    for state in ("off", "on") * 50:
        rules.ethtool("-K", f"rxhash {state}")
    flood.stop()
    ksft_eq(b.snmp("Ip", "InReceives") - before, 0, "frames that got by")


@ksft_variants(KINDS)
def refused(kind):
    """What the device cannot do is refused, and changes nothing."""
    rules = Rules(kind)
    for what in ("udp4 action 99", "udp4 tos 4 action 1",
                 "udp4 dst-port 7000 m 0xf action 1",
                 f"ip4 src-ip {rules.a.v4} m 0.0.0.255 action 1",
                 "ether dst 02:00:00:00:00:01 action 1",
                 "udp4 vlan 5 action 1", "udp4 action 1 loc 64",
                 "sctp4 action 1"):
        ksft_ne(rules.ethtool("-N", f"flow-type {what}", fail=False), 0, what)
    ksft_in("Total 0 rules", rules.b.cmd(f"ethtool -n {rules.b.dev}").stdout)
    rules.ethtool("-N", "flow-type udp4 action 3")
    ksft_ne(rules.ethtool("-L", "combined 2", fail=False), 0, "queue 3 used")
    rules.ethtool("-K", "ntuple off")
    rules.lands(0, 7000)
    ksft_ne(rules.ethtool("-N", "flow-type udp4 action 1", fail=False), 0)
    rules.ethtool("-K", "ntuple on")
    rules.lands(3, 7000)


@ksft_variants(KINDS)
def context(kind):
    """A context spreads what its rules match over its own queues."""
    rules = Rules(kind)
    number = rules.ethtool("-X", "context new start 2 equal 2")
    rules.ethtool("-N", f"flow-type udp4 context {number}")
    key = Steering(rules.b).set("hkey " + os.urandom(40).hex(":")).key
    table = rules.b.cmd(f"ethtool -x {rules.b.dev} context {number}").stdout
    ksft_eq(set(re.findall(r"[23]", "".join(
        re.findall(r"^\s*\d+:(.*)$", table, re.M)))), {"2", "3"})
    for queue in (2, 3):
        ports = [port for port in range(7000, 9000)
                 if 2 + rules.flow(port).hash(key) % 2 == queue]
        for port in ports[:4]:
            rules.lands(queue, port)
    rules.ethtool("-X", f"context {number} weight 0 1")
    rules.lands(1, 7000)
    rules.lands(0, 7000, v6=True)
    ksft_ne(rules.ethtool("-X", f"context {number} delete", fail=False), 0,
            "a rule points at it")


@ksft_variants([KsftNamedVariant(f"{kind}_{what}", kind, what) for kind in KINDS
                for what in ("flr", "down", "rings")])
def survives(kind, what):
    """Rules and contexts are there after a reset."""
    rules = Rules(kind)
    b = rules.b
    number = rules.ethtool("-X", "context new start 2 equal 1")
    rules.ethtool("-N", f"flow-type udp4 dst-port 7000 context {number}")
    rules.ethtool("-N", "flow-type udp4 dst-port 7001 action 3")
    if what == "flr":
        b.func.flr()
    elif what == "down":
        b.ip(f"link set dev {b.dev} down")
        b.ip(f"link set dev {b.dev} up")
    else:
        b.cmd(f"ethtool -G {b.dev} rx 64 tx 64")
    b.wait_link(30)
    ksft_true(rules.a.reaches(b.v4, 30), "again")
    rules.lands(2, 7000)
    rules.lands(3, 7001)
    rules.lands(0, 7002)


if __name__ == "__main__":
    ksft_run_quiet([matches, order, drop, in_force, refused, context, survives])
    ksft_exit()

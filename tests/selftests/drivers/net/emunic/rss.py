#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Receive steering: frames land in the queues that key, table, fields and
transformation foretell, and nothing makes the device forget them.
"""

import array
import fcntl
import os
import socket
import struct
import time

from lib.py import SYM_OR_XOR, SYM_XOR, Flow, KsftNamedVariant, KsftSkipEx, \
    NetNSEnter, Steering, astray, defer, event_count, ksft_eq, ksft_exit, \
    ksft_ge, ksft_in, ksft_lt, ksft_ne, ksft_run_quiet, ksft_true, \
    ksft_variants, max_queues, need_pfs, pair, queue_packets, restore_steering, \
    set_queues

QUEUES = 4
SIOCETHTOOL, ETHTOOL_SRSSH, NO_CHANGE = 0x8946, 0x47, 0xffffffff
RXH_XFRM = {SYM_XOR: 1, SYM_OR_XOR: 2}
RXH_XFRM_NO_CHANGE = 0xff
KINDS = ["pf", "vf"]


def _hosts(kind):
    """A sender and the receiver that is tested, with its steering."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    pf.set_vf(1, "query_rss on")
    a, b = pair(vfs[0], pf if kind == "pf" else vfs[1])
    if kind == "pf":
        defer(restore_steering, b)
    if max_queues(b) < QUEUES:
        raise KsftSkipEx(f"{QUEUES} queues needed")
    set_queues(b, QUEUES)
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_true(a.reaches(b.v6), "first ping, IPv6")
    return a, b, Steering(b)


def _foretold(steering, a, b, **how):
    """Some flows of either family land where they must."""
    flows = [Flow(a, b, 4000, port, v6) for v6 in (False, True)
             for port in range(5000, 5006)]
    queues = [steering.queue(flow, **how) for flow in flows]
    ksft_eq(astray(flows, queues), [], f"queues without their flows of {queues}")
    return set(queues)


@ksft_variants(KINDS)
def default_spread(kind):
    """The table spreads over all queues; the key is no constant."""
    a, b, steering = _hosts(kind)
    ksft_eq(steering.table, [i % QUEUES for i in range(len(steering.table))])
    ksft_ge(len(steering.table), 4 * QUEUES)
    ksft_eq(len(steering.key), 40)
    ksft_ne(steering.key[:4], bytes.fromhex("6d5a56da"))
    ksft_ge(len(_foretold(steering, a, b)), 2, "queues used")


@ksft_variants(KINDS)
def key_and_table(kind):
    """Both can be set, apart and together."""
    a, b, steering = _hosts(kind)
    key = os.urandom(40)
    steering.set("hkey " + key.hex(":"))
    ksft_eq(steering.key, key)
    _foretold(steering, a, b)
    steering.set("weight 0 1 0 3")
    ksft_eq(set(steering.table), {1, 3})
    _foretold(steering, a, b)
    steering.set("equal 2 hkey " + key[::-1].hex(":"))
    ksft_eq(steering.key, key[::-1])
    ksft_eq(set(steering.table), {0, 1})
    _foretold(steering, a, b)
    steering.set("default")
    ksft_eq(set(steering.table), set(range(QUEUES)))


@ksft_variants([KsftNamedVariant(f"{kind}_{what}", kind, what) for kind in KINDS
                for what in ("flr", "down", "rings", "mtu")])
def survives(kind, what):
    """What was set is in force after everything that takes the device's."""
    a, b, steering = _hosts(kind)
    b.cmd(f"ethtool -N {b.dev} rx-flow-hash udp4 sd")
    steering.set("weight 1 0 2 1 hkey " + os.urandom(40).hex(":"))
    key, table = steering.key, steering.table
    if what == "flr":
        b.func.flr()
    elif what == "down":
        b.ip(f"link set dev {b.dev} down")
        b.ip(f"link set dev {b.dev} up")
    elif what == "rings":
        b.cmd(f"ethtool -G {b.dev} rx 64 tx 64")
    else:
        b.ip(f"link set dev {b.dev} mtu 4000")
    b.wait_link(30)
    if what in ("flr", "down"):
        # IPv6 addresses go with the link, and neighbours with them
        b.ip(f"addr replace {b.v6}/64 dev {b.dev} nodad")
    ksft_true(a.reaches(b.v4, 30), "again")
    if kind == "vf" and what == "flr":
        need_pfs()[0].set_vf(1, "query_rss on")
    steering.read()
    ksft_eq((steering.key, steering.table), (key, table))
    flows = [Flow(a, b, 4000, port) for port in range(5000, 5004)]
    queues = [steering.queue(flow, ports=False) for flow in flows]
    ksft_eq(astray(flows, queues), [], f"queues without their flows of {queues}")


@ksft_variants(KINDS)
def channels(kind):
    """A table is kept while it fits, and in the way of what does not fit. In
    newer kernels it grows with the number of queues, and shrinks, but to no
    less than what was asked for."""
    a, b, steering = _hosts(kind)
    set_queues(b, 2)
    ksft_eq(set(steering.read().table), {0, 1})
    steering.set("weight 1 3")
    ksft_eq(steering.table.count(1), len(steering.table) * 3 // 4, "weights")
    _foretold(steering, a, b)
    ret = b.cmd(f"ethtool -L {b.dev} combined 1", fail=False).ret
    ksft_ne(ret, 0, "queue 1 is in use")
    ksft_eq(len(queue_packets(b)), 2, "queues")
    for count in (QUEUES, 2):
        set_queues(b, count)
        ksft_eq(steering.read().table.count(1), len(steering.table) * 3 // 4)
    steering.set("default")
    set_queues(b, 1)
    ksft_eq(set(steering.read().table), {0})
    set_queues(b, QUEUES)
    ksft_eq(set(steering.read().table), set(range(QUEUES)))
    _foretold(steering, a, b)


@ksft_variants(KINDS)
def fields(kind):
    """Only what is asked for goes into the hash."""
    a, b, steering = _hosts(kind)
    for family in ("udp4", "udp6"):
        b.cmd(f"ethtool -N {b.dev} rx-flow-hash {family} sd")
        shown = b.cmd(f"ethtool -n {b.dev} rx-flow-hash {family}").stdout
        ksft_in("IP SA", shown)
        ksft_true("src port" not in shown, "no ports")
    ksft_lt(len(_foretold(steering, a, b, ports=False)), 3, "two addresses")
    for family in ("udp4", "udp6"):
        b.cmd(f"ethtool -N {b.dev} rx-flow-hash {family} sdfn")
    _foretold(steering, a, b)
    ret = b.cmd(f"ethtool -N {b.dev} rx-flow-hash udp4 sdv", fail=False).ret
    ksft_ne(ret, 0, "VLAN is not among them")


def _set_rxfh(host, key=b"", xfrm=None):
    """Seconds that the kernel takes to set it. ethtool 6.14 lacks OR-XOR."""
    config = array.array("B", struct.pack(
        "=IIIIBB2xI", ETHTOOL_SRSSH, 0, NO_CHANGE, len(key), 0,
        RXH_XFRM.get(xfrm, RXH_XFRM_NO_CHANGE), 0) + key)
    with NetNSEnter(str(host.ns)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        ifreq = struct.pack("16sP", host.dev.encode(), config.buffer_info()[0])
        start = time.monotonic()
        fcntl.ioctl(sock, SIOCETHTOOL, ifreq.ljust(40, b"\0"))
        return time.monotonic() - start


@ksft_variants([KsftNamedVariant(f"{kind}_{xfrm}", kind, xfrm)
                for kind in KINDS for xfrm in RXH_XFRM])
def symmetric(kind, xfrm):
    """Both directions of a flow land in one queue."""
    a, b, steering = _hosts(kind)
    _set_rxfh(b, xfrm=xfrm)
    there = [Flow(a, b, 4000, port) for port in range(5000, 5006)]
    back = [Flow(a, b, port, 4000) for port in range(5000, 5006)]
    queues = [steering.queue(flow, xfrm=xfrm) for flow in there]
    ksft_eq(queues, [steering.queue(flow, xfrm=xfrm) for flow in back])
    ksft_eq(astray(there + back, queues + queues), [])
    steering.set("xfrm none")
    _foretold(steering, a, b)


@ksft_variants(KINDS)
def fast(kind):
    """A new key takes no restart, and no time."""
    a, b, steering = _hosts(kind)
    before = event_count(b, "restarts"), event_count(b, "resets")
    key = os.urandom(40)
    ksft_lt(min(_set_rxfh(b, key[i:] + key[:i]) for i in (1, 2, 0)), 0.2)
    ksft_eq(steering.read().key, key)
    ksft_eq((event_count(b, "restarts"), event_count(b, "resets")), before)
    _foretold(steering, a, b)


if __name__ == "__main__":
    ksft_run_quiet([default_spread, key_and_table, survives, channels, fields,
                    symmetric, fast])
    ksft_exit()

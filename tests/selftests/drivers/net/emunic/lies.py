#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A device that lies: whatever it says, every command comes to its end, another
device is not disturbed, and after a reset the one that lied works, too.
EMUNIC_LIES_SEED gives the lies of an earlier run again."""

import os
import random
import time

from lib.py import Host, PingFlood, Reporter, as_before, bkg, defer, \
    devlink, devlink_handle, end, event_count, ksft_busy_wait, ksft_eq, \
    ksft_exit, ksft_ge, ksft_pr, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair, policed_pair, traffic_flows
from lib.py.liar import KINDS, Attempts, Liar
from lib.py.pci import errno_of
from lib.py.recover import Port
from lib.py.splat import WRONG_SUM

SECONDS = 5     # of lies, at least
SEED = int(os.environ.get("EMUNIC_LIES_SEED") or random.randrange(1, 1 << 32))
TIMEOUT = "NETDEV WATCHDOG"
# Where it is sure to be noticed: reporters of the VFs and of the PF. Many a lie
# in an event or a register is nothing that anybody could see.
VF_REPORTERS = {"tx": ("tx",), "rx": ("rx",), "all": ("tx", "rx")}
PF_REPORTERS = {"admin": ("ctl",), "all": ("ctl",)}


def _errors(kind, pf, *hosts):
    """What the driver has told of."""
    errors = sum(Reporter(host.func, name).counts[1] for host in hosts
                 for name in VF_REPORTERS.get(kind, ()))
    for name in PF_REPORTERS.get(kind, ()):
        errors += Reporter(pf, name).counts[1]
        errors += event_count(Port(pf), "ctl_errors")
    return errors


def _honest_path():
    """Two VFs of the other NIC."""
    vfs = need_pfs(2)[1].vfs(2)
    hosts = Host(vfs[0], 3), Host(vfs[1], 4)
    traffic_flows(*hosts)
    return hosts


def _stream(a, b):
    """TCP, for as long as it can, if at all."""
    server = bkg("iperf3 -s -1", ns=b.ns)
    client = bkg(f"iperf3 -c {b.v4} -t 1000 --connect-timeout 3000", ns=a.ns)

    def stop():
        for proc in (client, server):
            end(proc)
    return stop


def _under_lies(kind, seed, attempts, what):
    """@what while the device lies."""
    liar = Liar()
    a, b = attempts.hosts
    with PingFlood(a, b):
        stop = _stream(a, b)
        defer(stop)
        liar.lie(kind, seed)
        what()
        told = liar.honest()
    stop()
    ksft_pr(f"{kind}: seed {seed}, {told} lies, "
            f"{attempts.longest:.1f} s at most")
    ksft_ge(told, 1, "lies")


def _try_all(attempts, rand):
    """Attempts in random order, each of them once or more."""
    end, todo = time.monotonic() + SECONDS, []
    while todo or time.monotonic() < end:
        if not todo:
            todo = Attempts.names()
            rand.shuffle(todo)
        getattr(attempts, todo.pop())(rand)


def _reset(kind, pf, hosts):
    """In the way that is right for what was wrong."""
    if kind in ("tx", "rx"):
        for host in hosts:
            host.func.flr()
        return
    if kind == "registers":
        devlink(f"dev reload {devlink_handle(pf)}", fail=False)
    pf.flr()


def _seed(kind):
    return SEED ^ list(KINDS).index(kind) or 1


@ksft_variants(list(KINDS))
def lies(kind):
    """Whatever can be done with the VFs there are; policy outlives it."""
    honest = _honest_path()
    a, b, policy = policed_pair()
    pf = policy.pf
    errors = _errors(kind, pf, a, b)
    attempts = Attempts(pf, a, b)
    rand = random.Random(_seed(kind))
    _under_lies(kind, _seed(kind), attempts,
                lambda: _try_all(attempts, rand))
    ksft_true(honest[0].reaches(honest[1].v4), "the honest device")
    if kind in VF_REPORTERS or kind in PF_REPORTERS:
        ksft_ge(_errors(kind, pf, a, b), errors + 1, "errors told of")
    _reset(kind, pf, (a, b))
    # What did not come up when it was told to stays down
    for host in (a, b):
        host.ip(f"link set dev {host.dev} up")
    as_before(policy, a, b)


@ksft_variants(["admin", "registers", "all"])
def upheaval(kind):
    """VFs come and go, and so do drivers."""
    honest = _honest_path()
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    attempts = Attempts(pf, a, b)
    _under_lies(kind, _seed(kind), attempts, attempts.upheaval)
    ksft_true(honest[0].reaches(honest[1].v4), "the honest device")
    pf.flr()
    pf.set_vfs(0)
    for host, vf in zip((a, b), pf.set_vfs(2)):
        host.take(vf)
    traffic_flows(a, b)


def no_vfs_without_control():
    """VFs are refused while the PF cannot clear what others of before had."""
    pf = need_pfs()[0]
    pf.vfs(0)
    liar = Liar()
    liar.lie("admin", _seed("admin"), rate=1)
    seen = []

    def enable():
        seen.append(errno_of(pf.write, "sriov_numvfs", 2))
        return seen[-1]

    ksft_busy_wait(lambda: enable() == "EAGAIN", deadline=60, sleep=0.1,
                   comment="refused")
    ksft_pr(*seen)
    ksft_eq(pf.num_vfs, 0)
    liar.honest()
    ksft_busy_wait(lambda: enable() is None, deadline=60, sleep=0.1,
                   comment="taken")
    traffic_flows(*pair(pf.vf(0), pf.vf(1)))


if __name__ == "__main__":
    ksft_pr(f"seed {SEED}")
    ksft_run_quiet([lies, upheaval, no_vfs_without_control], allow=TIMEOUT, known=[WRONG_SUM])
    ksft_exit()

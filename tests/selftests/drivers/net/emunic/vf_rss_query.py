#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N query_rss`: may the VF read its RSS key and table?"""

from lib.py import CmdExitFailure, Flow, KsftSkipEx, Steering, ksft_eq, \
    ksft_exit, ksft_ge, ksft_in, ksft_not_in, ksft_raises, ksft_run_quiet, \
    ksft_true, max_queues, need_pfs, pair, refused, set_queues

KEY_SIZE = 40


def _refused(host):
    with ksft_raises(CmdExitFailure) as cm:
        Steering(host)
    ksft_in("Operation not permitted", cm.exception.cmd.stderr)


def _told(host):
    steering = Steering(host)
    ksft_eq(len(steering.key), KEY_SIZE, "key")
    ksft_ge(len(steering.table), 4 * (max(steering.table) + 1), "entries")
    return steering


def allowed_and_refused():
    """Refused unless the administrator allows it, from then on."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_eq(pf.vf_info(0)["query_rss_en"], False, "default")
    for state in ("on", "off"):
        pf.set_vf(0, f"query_rss {state}")
        ksft_eq(pf.vf_info(0)["query_rss_en"], state == "on")
        if state == "on":
            _told(a)
        else:
            _refused(a)
        _refused(b)
    pf.set_vf(0, "query_rss on")
    pf.set_vfs(0)
    pf.set_vfs(1)
    ksft_eq(pf.vf_info(0)["query_rss_en"], False, "after numvfs 0")


def pf_may():
    """Nobody needs to allow the PF."""
    pf = need_pfs()[0]
    a, _ = pair(pf, pf.vfs(1)[0])
    _told(a)


def table_is_right():
    """Flows land in the queues that key and table foretell."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, "query_rss on")
    if max_queues(b) < 3:
        raise KsftSkipEx("three queues needed")
    set_queues(b, 3)
    ksft_true(a.reaches(b.v4), "first ping")
    steering = _told(b)
    ksft_eq(steering.table, [i % 3 for i in range(len(steering.table))])

    flows = {}
    for port in range(5000, 5256):
        flow = Flow(a, b, 4000, port)
        flows.setdefault(steering.queue(flow), []).append(flow)
    ksft_eq(sorted(flows), [0, 1, 2], "queues that flows go to")
    for queue, some in flows.items():
        for flow in some[:3]:
            ksft_in(queue, flow.landed(), f"port {flow.dport}")


def settings_are_its_own():
    """What a VF sets is not refused because it may not read."""
    pf = need_pfs()[0]
    a, _ = pair(*pf.vfs(2))
    if max_queues(a) < 3:
        raise KsftSkipEx("three queues needed")
    for family in ("udp4", "udp6"):
        a.cmd(f"ethtool -N {a.dev} rx-flow-hash {family} sd")
        shown = a.cmd(f"ethtool -n {a.dev} rx-flow-hash {family}").stdout
        ksft_not_in("src port", shown)
    set_queues(a, 2)
    pf.set_vf(0, "query_rss on")
    _told(a).set("equal 2")
    pf.set_vf(0, "query_rss off")
    set_queues(a, 3)
    _refused(a)
    pf.set_vf(0, "query_rss on")
    ksft_eq(set(_told(a).table), {0, 1})


def no_such_vf():
    """Only VFs that are there can be allowed."""
    pf = need_pfs()[0]
    pf.vfs(1)
    refused(pf, 1, "query_rss on", "Invalid argument")


if __name__ == "__main__":
    ksft_run_quiet([allowed_and_refused, pf_may, table_is_right,
                    settings_are_its_own, no_such_vf])
    ksft_exit()

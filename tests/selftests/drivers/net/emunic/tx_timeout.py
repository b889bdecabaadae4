#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A Tx queue that does not move: queues are restarted; where that does not
help, the function is reset."""

import time

from lib.py import Flood, Host, KernelLog, as_before, event_count, ksft_busy_wait, \
    ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_lt, ksft_run_quiet, need_pfs, \
    patience, policed_pair, setpci, traffic_flows

COMMAND_MASTER = "4:4"
TIMEOUT = "NETDEV WATCHDOG"
NOBODY = "02:00:00:ff:ff:01"


def _master(func, on):
    """Let @func reach memory, or not: what it tries then ends in an error of
    its queue, and no interrupt tells."""
    setpci(func, "COMMAND", COMMAND_MASTER if on else "0:4")


def _flood(a, b):
    """More packets than a queue holds: one that is not full is not stuck."""
    flood = Flood(a, b.mac, 64)
    time.sleep(1)
    return flood


def restart_helps():
    """
    Queues that went into error, of which no interrupt told, run again without
    a reset: the driver looks for causes, and the stack for queues that stand.
    """
    a, b, policy = policed_pair()
    resets = event_count(a, "resets")
    flood = _flood(a, b)
    _master(a.func, False)
    time.sleep(1)
    _master(a.func, True)
    ksft_busy_wait(lambda: event_count(a, "restarts") >= 1, sleep=0.2,
                   deadline=20, comment="restart")
    flood.stop()
    traffic_flows(a, b)
    ksft_eq(event_count(a, "resets"), resets, "resets")
    policy.check()


def reset_helps():
    """A function that lost its access to memory needs more than a restart."""
    a, b, policy = policed_pair()
    resets = event_count(a, "resets")
    flood = _flood(a, b)
    _master(a.func, False)
    ksft_busy_wait(lambda: event_count(a, "resets") > resets, sleep=0.2,
                   deadline=60, comment="reset")
    ksft_ge(event_count(a, "tx_timeouts"), 1)
    flood.stop()
    traffic_flows(a, b)
    ksft_eq(setpci(a.func, "COMMAND") & 4, 4, "bus master")
    policy.check()


def pf_reset_helps():
    """As reset_helps(), of a PF: its VFs are back with it, policy as before."""
    a, b, policy = policed_pair()
    host = Host(policy.pf, 3)
    host.wait_link()
    resets = event_count(host, "resets")
    flood = _flood(host, a)
    _master(host.func, False)
    ksft_busy_wait(lambda: event_count(host, "resets") > resets, sleep=0.2,
                   deadline=60, comment="reset")
    flood.stop()
    ksft_eq(setpci(host.func, "COMMAND") & 4, 4, "bus master")
    traffic_flows(host, a)
    host.close()
    as_before(policy, a, b)


def slow_is_not_stuck():
    """
    A ring full of long frames takes a minute at 1 Mbit/s. That is no reason
    to think that the device hangs.
    """
    pf = need_pfs()[0]
    host = Host(pf.vfs(1)[0], 1, mtu=9000)
    host.wait_link()
    pf.set_vf(0, "max_tx_rate 1")
    with KernelLog() as log:
        Flood(host, NOBODY, 9000)
        time.sleep(12)
        ksft_eq([line for line in log.lines() if "timeout" in line], [])
    out = host.cmd(f"ethtool -S {host.dev}").stdout
    ksft_in("tx_timeouts: 0", out)
    start = time.monotonic()
    host.ip(f"link set dev {host.dev} down")
    ksft_lt(time.monotonic() - start, patience(3), "seconds until it is down")


if __name__ == "__main__":
    ksft_run_quiet([restart_helps, reset_helps, pf_reset_helps, slow_is_not_stuck],
                   allow=TIMEOUT)
    ksft_exit()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
devlink health: a Tx timeout, of which the kernel, too, complains in its log.
"""

from lib.py import Bar, Reporter, ksft_eq, ksft_exit, ksft_ne, ksft_run, \
    ksft_true, need_pfs, pair
from lib.py.bar import CTRL


def tx_timeout():
    """A Tx queue that does not move is dumped, and traffic comes back."""
    a, b = pair(*need_pfs()[0].vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    tx = Reporter(a.func, "tx")
    _, errors, recoveries = tx.counts
    tx.clear_dump()
    Bar(a.func)[CTRL] = 0
    a.cmd(f"ping -q -c 3 -i 0.2 -W 1 {b.v4}", fail=False)
    tx.wait("healthy", errors + 1, recoveries + 1, deadline=30)
    dump = tx.dump()
    ksft_eq(dump["fault"], "timed out")
    ksft_ne(dump["queues"][0]["clean"], dump["queues"][0]["published"])
    ksft_true(a.reaches(b.v4), "traffic by itself")


if __name__ == "__main__":
    ksft_run([tx_timeout])
    ksft_exit()

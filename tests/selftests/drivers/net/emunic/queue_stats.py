#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What netdev-genl tells of queues: the counters of each and their sum."""

from lib.py import ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_pr, \
    ksft_run_quiet, ksft_variants, many_streams, need_pfs, pair
from net.lib.py import NetdevFamily, NetNSEnter

KINDS = ["pf", "vf"]


class Queues:
    """The netdev family's view of the queues of @host."""
    def __init__(self, host):
        self.host = host
        self.ifindex = host.link["ifindex"]
        with NetNSEnter(host.ns):
            self.family = NetdevFamily()

    def dump(self, **more):
        """The statistics of the device, or of each queue."""
        return self.family.qstats_get({"ifindex": self.ifindex, **more},
                                      dump=True)

    def total(self):
        """Counter -> value, of the device."""
        return {name: value for name, value in self.dump()[0].items()
                if name != "ifindex"}

    def each(self):
        """Counter -> sum over all queues."""
        result = {}
        for queue in self.dump(scope="queue"):
            for name, value in queue.items():
                if name not in ("ifindex", "queue-id", "queue-type"):
                    result[name] = result.get(name, 0) + value
        return result


def _hosts(kind):
    """The port under test, with more than one queue, and a peer."""
    pf = need_pfs()[0]
    a, b = pair(pf, pf.vfs(1)[0]) if kind == "pf" else pair(*pf.vfs(2))
    a.cmd(f"ethtool -L {a.dev} combined 2", fail=False)
    return a, b


@ksft_variants(KINDS)
def sum_of_queues(kind):
    """All that queues count is counted for the device, TSO among it."""
    a, b = _hosts(kind)
    queues = Queues(a)
    before = queues.total()
    received = many_streams(a, b, 4)
    each, total = queues.each(), queues.total()
    for name, value in each.items():
        ksft_in(name, total)
        ksft_ge(total.get(name, 0), value, name)
    ksft_ge(total["tx-bytes"] - before["tx-bytes"], received, "tx-bytes")
    ksft_ge(total["tx-hw-gso-wire-packets"] - before["tx-hw-gso-wire-packets"],
            total["tx-hw-gso-packets"] - before["tx-hw-gso-packets"] + 1,
            "packets made of GSO frames")


@ksft_variants(KINDS)
def queue_goes(kind):
    """What a queue has counted stays when the queue goes."""
    a, b = _hosts(kind)
    queues = Queues(a)
    many_streams(a, b, 8)
    before = queues.total()
    ksft_pr(before)
    a.cmd(f"ethtool -L {a.dev} combined 1")
    after = queues.total()
    ksft_eq(len(queues.dump(scope="queue")), 2, "one Rx and one Tx queue")
    for name, value in before.items():
        ksft_ge(after.get(name, -1), value, name)


if __name__ == "__main__":
    ksft_run_quiet([sum_of_queues, queue_goes])
    ksft_exit()

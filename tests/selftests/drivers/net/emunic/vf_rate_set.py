#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N max_tx_rate, min_tx_rate`: what can be set, and what is
refused. vf_rate.py measures what comes of it."""

import socket

from lib.py import KsftNamedVariant, ksft_eq, ksft_exit, ksft_run_quiet, \
    ksft_variants, need_pfs, refused, speed
from lib.py.pci import errno_of
from lib.py.rtnl import set_vf_rate


def legacy_rate():
    """The older `rate` is max_tx_rate, and leaves min_tx_rate alone."""
    pf = need_pfs()[0]
    pf.vfs(1)
    pf.set_vf(0, "max_tx_rate 50 min_tx_rate 10")
    ksft_eq(pf.vf_rate(0), (10, 50))
    pf.set_vf(0, "rate 40")
    ksft_eq(pf.vf_rate(0), (10, 40))


@ksft_variants([KsftNamedVariant(name, what) for name, what in (
    ("max_above_speed", "max_tx_rate {above}"),
    ("min_above_speed", "min_tx_rate {above} max_tx_rate 0"),
    ("max_below_min", "rate 49"),
    ("sum_of_min", "min_tx_rate {rest} max_tx_rate 0"))])
def not_possible(what):
    """Rates that the port cannot give, and those that contradict."""
    pf = need_pfs()[0]
    mbit = speed(pf)
    pf.vfs(2)
    pf.set_vf(0, "max_tx_rate 100 min_tx_rate 50")
    pf.set_vf(1, "min_tx_rate 60")
    refused(pf, 0, what.format(above=mbit + 1, rest=mbit - 59),
            "Invalid argument")


def contradiction():
    """`ip` does not even ask for a maximum below the minimum."""
    pf = need_pfs()[0]
    pf.vfs(1)
    pf.set_vf(0, "max_tx_rate 100 min_tx_rate 50")
    index = socket.if_nametoindex(pf.netdev)
    for least, most in ((50, 49), (101, 100)):
        ksft_eq(errno_of(set_vf_rate, index, 0, least, most), "EINVAL")
        ksft_eq(pf.vf_rate(0), (50, 100), "unchanged")


def no_such_vf():
    """Only VFs that are there have a rate."""
    pf = need_pfs()[0]
    pf.vfs(1)
    # `ip` looks for the VF's other rate first, and does not find one.
    refused(pf, 1, "max_tx_rate 10", "Cannot find VF 1")
    index = socket.if_nametoindex(pf.netdev)
    ksft_eq(errno_of(set_vf_rate, index, 1, 0, 10), "EINVAL")


def sum_of_min_fits():
    """Minima that fill the port exactly are fine, and may be moved."""
    pf = need_pfs()[0]
    mbit = speed(pf)
    pf.vfs(2)
    pf.set_vf(0, f"min_tx_rate {mbit - 60}")
    pf.set_vf(1, "min_tx_rate 60")
    refused(pf, 1, "min_tx_rate 61", "Invalid argument")
    pf.set_vf(0, "min_tx_rate 0")
    pf.set_vf(1, f"min_tx_rate {mbit}")
    ksft_eq(pf.vf_rate(1), (mbit, 0))


if __name__ == "__main__":
    ksft_run_quiet([legacy_rate, not_possible, contradiction,
                    no_such_vf, sum_of_min_fits])
    ksft_exit()

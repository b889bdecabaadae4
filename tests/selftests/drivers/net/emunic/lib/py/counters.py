# SPDX-License-Identifier: GPL-2.0
"""Counters of a host's port."""

import re


def ethtool_stat(host, pattern):
    """The sum of the counters of `ethtool -S` whose names match."""
    text = host.cmd(f"ethtool -S {host.dev}").stdout
    return sum(int(value) for value in
               re.findall(rf"^\s*(?:{pattern}): (\d+)$", text, re.M))

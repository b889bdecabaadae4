# SPDX-License-Identifier: GPL-2.0
"""
Rates of VFs, by the device's counters and the clock.

The counters are those of `ip -s link show`, asked of the kernel directly: on a
busy machine the start of a program takes longer than a rate may be wrong.
"""

import socket
import struct
import time
from collections import namedtuple

from .rtnl import IFLA_VF_STATS, attrs, vf_infos

IFLA_VF_STATS_TX_PACKETS = 1
IFLA_VF_STATS_RX_BYTES, IFLA_VF_STATS_TX_BYTES = 2, 3

Rate = namedtuple("Rate", "tx rx tx_frames")


class Meter:
    """Looks at all VFs of @pf, whose netdev is in this namespace."""
    def __init__(self, pf):
        self.index = socket.if_nametoindex(pf.netdev)

    def sample(self):
        """The time, and the counts of each VF by their attribute."""
        start = time.monotonic()
        infos = vf_infos(self.index)
        now = (start + time.monotonic()) / 2
        return now, [{kind: struct.unpack("=Q", value)[0]
                      for kind, value in attrs(info[IFLA_VF_STATS]) if value}
                     for info in infos]

    def rates(self, seconds):
        """Mbit/s (tx, rx) and frames a second of each VF, from now on."""
        begin, before = self.sample()
        time.sleep(seconds)
        end, after = self.sample()

        def rate(new, old, kind):
            return (new[kind] - old[kind]) / (end - begin)

        return [Rate(rate(new, old, IFLA_VF_STATS_TX_BYTES) * 8e-6,
                     rate(new, old, IFLA_VF_STATS_RX_BYTES) * 8e-6,
                     rate(new, old, IFLA_VF_STATS_TX_PACKETS))
                for new, old in zip(after, before)]

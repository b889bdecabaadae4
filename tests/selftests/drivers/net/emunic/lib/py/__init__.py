# SPDX-License-Identifier: GPL-2.0
"""
What the emunic tests need beside the kselftest library: the functions of a
device, its VFs, and pairs of hosts that talk over it.
"""

import sys
from pathlib import Path

KSFT_DIR = (Path(__file__).parent / "../../../../..").resolve()

try:
    sys.path.append(KSFT_DIR.as_posix())
    from net.lib.py import CmdExitFailure, KsftNamedVariant, KsftSkipEx, \
        NetNS, NetNSEnter, bkg, cmd, defer, ethtool, ip, ksft_disruptive, \
        ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_lt, ksft_ne, ksft_not_in, \
        ksft_pr, ksft_raises, ksft_run, ksft_true, ksft_variants, rand_port, \
        wait_port_listen
except ModuleNotFoundError as e:
    print("# no kselftest library beside this test:", e)
    print("1..0 # SKIP no kselftest library")
    sys.exit(4)

from . import bpf, xsk
from .bar import Bar
from .bpf import Attached, Prog, prog_exists
from .counters import ethtool_stat
from .devlink import Reporter, devlink, devlink_handle
from .fault import Faults
from .flood import Flood
from .frames import Frame
from .gso import add_tunnel, captured, check_ids, exchange, finished_pair, many_streams, \
    need_feature, segment_counts, segmented, set_features
from .host import Host, Sniffer, Stream, end, pair, raw_frame
from .klog import KernelLog, ksft_run_quiet
from .meter import Meter
from .pci import Function, PhysicalFunction, find_pfs, need_pfs
from .policy import need_slow_pf, refused, shown, speed, stats
from .push import Pusher
from .qemu import monitor, suspend
from .recover import RESETS, PingFlood, Policy, as_before, decided, \
    event_count, give_policy, policed_pair, setpci, traffic_flows
from .redirect import redirector
from .rss import SYM_OR_XOR, SYM_XOR, Flow, Steering, astray, max_queues, \
    queue_packets, restore_steering, set_queues
from .slow import ksft_busy_wait, patience
from .talk import Talk, talking_vfs
from .vfio import VfioUser, give_to
from .xsk import Xsk, to_socket

__all__ = ["CmdExitFailure", "KsftNamedVariant", "KsftSkipEx", "NetNS",
           "NetNSEnter", "bkg", "cmd", "defer", "ethtool", "ip",
           "ksft_busy_wait", "ksft_disruptive", "ksft_eq", "ksft_exit",
           "ksft_ge", "ksft_in", "ksft_lt", "ksft_ne", "ksft_not_in",
           "ksft_pr", "ksft_raises", "ksft_run", "ksft_true", "ksft_variants",
           "rand_port", "wait_port_listen", "Attached", "Bar", "Faults", "Flood", "Flow",
           "Frame", "Function", "Host", "KernelLog", "Meter",
           "PhysicalFunction", "PingFlood", "Policy", "Prog", "Pusher", "RESETS",
           "Reporter", "SYM_OR_XOR", "SYM_XOR", "Sniffer", "Steering", "Stream", "Talk",
           "VfioUser", "Xsk", "add_tunnel", "as_before", "astray", "bpf", "captured",
           "check_ids", "decided", "devlink", "devlink_handle", "end", "ethtool_stat",
           "event_count", "exchange", "find_pfs", "finished_pair",
           "give_policy", "give_to", "ksft_run_quiet", "many_streams", "max_queues",
           "monitor", "need_feature", "need_pfs", "need_slow_pf", "pair", "patience",
           "policed_pair", "prog_exists", "queue_packets", "raw_frame", "redirector", "refused",
           "restore_steering", "segment_counts", "segmented", "set_features",
           "set_queues", "setpci", "shown", "speed", "stats", "suspend",
           "talking_vfs", "to_socket", "traffic_flows", "xsk"]

# SPDX-License-Identifier: GPL-2.0
"""Frames that leave a port by XDP_REDIRECT, past the stack and its queues."""

from types import SimpleNamespace

from . import bpf
from .host import Sniffer


def redirector(host, mtu=1500):
    """
    A socket whose raw_frame()s leave by the port of @host, with the frames of a
    veth pair of @mtu. Nobody asks whether the port has a carrier.
    """
    host.batch(f"link add v0 mtu {mtu} type veth peer name v1 mtu {mtu}",
               "link set v0 up", "link set v1 up")
    end = bpf.redirect_to(bpf.ifindex(host))
    bpf.Attached(SimpleNamespace(ns=host.ns, dev="v1", ip=host.ip),
                 bpf.Prog(bpf.only_test_frames() + end, frags=True))
    return Sniffer(host, "v0")

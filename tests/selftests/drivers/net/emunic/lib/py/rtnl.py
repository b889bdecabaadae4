# SPDX-License-Identifier: GPL-2.0
"""
RTM_GETLINK and RTM_SETLINK, for what `ip` does not let through to the kernel
and for what must not wait until a program has started.
"""

import os
import socket
import struct

RTM_GETLINK, RTM_SETLINK = 18, 19
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 1, 4, 2
NESTED = 0x8000
IFLA_VFINFO_LIST, IFLA_EXT_MASK, RTEXT_FILTER_VF = 22, 29, 1
IFLA_VF_INFO = 1
IFLA_VF_RATE, IFLA_VF_STATS, IFLA_VF_VLAN_LIST, IFLA_VF_VLAN_INFO = 6, 8, 12, 1


def attrs(data):
    """Pairs of the type and the payload of the attributes in @data."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind & ~NESTED, data[4:size]
        data = data[(size + 3) & ~3:]


def attr(kind, payload):
    """An attribute."""
    head = struct.pack("=HH", 4 + len(payload), kind)
    return head + payload + bytes(-len(payload) % 4)


def request(kind, index, payload, flags=0):
    """
    What the kernel has to say of the link with @index; OSError if it refuses.
    """
    body = struct.pack("=BBHiII", 0, 0, 0, index, 0, 0) + payload
    head = struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags,
                       1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.send(head + body)
        reply = sock.recv(1 << 20)
    if struct.unpack_from("=IH", reply)[1] == NLMSG_ERROR:
        error = -struct.unpack_from("=i", reply, 16)[0]
        if error:
            raise OSError(error, os.strerror(error))
    return reply[32:]


def vf_infos(index):
    """The attributes of each VF of the PF's netdev with @index."""
    reply = request(RTM_GETLINK, index,
                    attr(IFLA_EXT_MASK, struct.pack("=I", RTEXT_FILTER_VF)))
    lists = [v for k, v in attrs(reply) if k == IFLA_VFINFO_LIST]
    return [dict(attrs(v)) for k, v in attrs(lists[0]) if k == IFLA_VF_INFO]


def _set_vf(index, info, *nests):
    """Change what @info says of a VF."""
    for kind in (*nests, IFLA_VF_INFO, IFLA_VFINFO_LIST):
        info = attr(kind | NESTED, info)
    request(RTM_SETLINK, index, info, NLM_F_ACK)


def set_vf_rate(index, vf, least, most):
    """min_tx_rate and max_tx_rate, also where they contradict."""
    _set_vf(index, attr(IFLA_VF_RATE, struct.pack("=III", vf, least, most)))


def set_vf_vlan(index, vf, vlan, qos, proto):
    """A port VLAN with any @proto; `ip` has a choice of its own."""
    info = attr(IFLA_VF_VLAN_INFO, struct.pack("=III", vf, vlan, qos)
                + struct.pack("!HH", proto, 0))
    _set_vf(index, info, IFLA_VF_VLAN_LIST)

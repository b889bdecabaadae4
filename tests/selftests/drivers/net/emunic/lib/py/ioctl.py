# SPDX-License-Identifier: GPL-2.0
"""What ip and ethtool can ask and change, by this process itself."""

import ctypes
import fcntl
import socket
import struct

SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCGIFHWADDR, SIOCETHTOOL = 0x8913, 0x8914, 0x8927, 0x8946
IFF_UP = 1
GLINK, SRINGPARAM, SCHANNELS = 0xa, 0x11, 0x3d


def ifreq(dev, request, argument):
    """The union of a struct ifreq of the netdev, after @request."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return fcntl.ioctl(sock, request, struct.pack(
            "16s24s", dev.encode(), argument))[16:]


def is_up(dev):
    """As `ip link` shows it."""
    flags = ifreq(dev, SIOCGIFFLAGS, b"")
    return bool(struct.unpack_from("H", flags)[0] & IFF_UP)


def set_up(dev, up=True):
    """`ip link set DEV up` or `down`."""
    flags, = struct.unpack_from("H", ifreq(dev, SIOCGIFFLAGS, b""))
    flags = flags | IFF_UP if up else flags & ~IFF_UP
    ifreq(dev, SIOCSIFFLAGS, struct.pack("H", flags))


def mac(dev):
    """Address of the netdev."""
    return ifreq(dev, SIOCGIFHWADDR, b"")[2:8].hex(":")


def ethtool_words(dev, *words):
    """An ethtool command of 32-bit words, and what becomes of them."""
    value = (ctypes.c_uint32 * len(words))(*words)
    ifreq(dev, SIOCETHTOOL, struct.pack("P", ctypes.addressof(value)))
    return list(value)


def carrier(dev):
    """Is the netdev up, with carrier?"""
    try:
        return ethtool_words(dev, GLINK, 0)[1] == 1
    except OSError:     # in a reset the netdev is absent
        return False


def set_rings(dev, size):
    """`ethtool -G DEV rx SIZE tx SIZE`."""
    ethtool_words(dev, SRINGPARAM, 0, 0, 0, 0, size, 0, 0, size)


def set_channels(dev, count):
    """`ethtool -L DEV combined COUNT`."""
    ethtool_words(dev, SCHANNELS, 0, 0, 0, 0, 0, 0, 0, count)


def rings(dev):
    """Entries of the Rx ring."""
    return ethtool_words(dev, SRINGPARAM - 1, *[0] * 8)[5]


def channels(dev):
    """Queue pairs in use."""
    return ethtool_words(dev, SCHANNELS - 1, *[0] * 8)[8]

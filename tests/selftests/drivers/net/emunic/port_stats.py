#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The PF's port: the standard counters, exact, and PAUSE."""

import json
import struct
import time

from lib.py import Flood, Host, Sniffer, event_count, ksft_eq, ksft_exit, \
    ksft_ge, ksft_in, ksft_ne, ksft_run_quiet, ksft_true, need_pfs, \
    pair, raw_frame

GROUPS = ("eth-mac", "eth-ctrl", "rmon")
BROADCAST = "ff:ff:ff:ff:ff:ff"
GROUP = "01:00:5e:7f:02:03"
PAUSE_MAC = "01:80:c2:00:00:01"


def _silent(*functions):
    """Hosts that send nothing but what the test makes them send."""
    hosts = [Host(func, n + 1) for n, func in enumerate(functions)]
    for host in hosts:
        host.cmd("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
        host.ip(f"addr flush dev {host.dev}")
        host.wait_link()
    _settled(hosts[0])
    return hosts


def _flat(group):
    """Counters by name, and of a histogram by name and upper bound."""
    flat = {}
    for name, value in group.items():
        if isinstance(value, list):
            flat.update({(name, r["high"]): r["val"] for r in value})
        else:
            flat[name] = value
    return flat


def _stats(host):
    """All counters of the port."""
    out = host.cmd(f"ethtool --json -S {host.dev} --groups "
                   f"{' '.join(GROUPS)}").stdout
    groups = json.loads(out)[0]
    return {name: value for group in GROUPS
            for name, value in _flat(groups.get(group, {})).items()}


def _settled(host):
    """The counters once they stand still."""
    old = None
    for _ in range(20):
        new = _stats(host)
        if new == old:
            return new
        old = new
        time.sleep(0.3)
    raise TimeoutError("the port does not fall silent")


def _grown(host, before):
    """What came on top of @before, all that did not change left out."""
    after = _settled(host)
    return {name: value - before[name] for name, value in after.items()
            if value != before[name]}


def _control(opcode, parameter, dst=PAUSE_MAC):
    """A MAC control frame."""
    frame = raw_frame(dst, "02:00:00:00:00:77", struct.pack("!HH", opcode,
                                                            parameter))
    return frame[:12] + b"\x88\x08" + frame[14:]


def _sized(dst, src, size):
    """A frame of @size bytes, FCS included as the counters have it."""
    return raw_frame(dst, src, b"".ljust(size - 14 - 4, b"x"))


def exact():
    """Frames and octets by kind and size, at both ends of the uplink."""
    pf, far = need_pfs(2)
    a, b = _silent(pf, far)
    for host in (a, b):
        host.ip(f"link set dev {host.dev} mtu 9000")
    out = Sniffer(a)
    before = _stats(a), _stats(b)
    sizes = {64: 64, 65: 127, 127: 127, 128: 255, 600: 1023, 1518: 1518,
             1519: 9220, 4000: 9220}
    for size in sizes:
        out.send(_sized(b.mac, a.mac, size))
    for _ in range(3):
        out.send(_sized(GROUP, a.mac, 200))
    out.send(_sized(BROADCAST, a.mac, 200))

    octets = sum(sizes) + 4 * 200 - 12 * 18
    hist = {high: list(sizes.values()).count(high) for high in sizes.values()}
    hist[255] += 4
    ksft_eq(_grown(a, before[0]), {
        "FramesTransmittedOK": 12, "OctetsTransmittedOK": octets,
        "MulticastFramesXmittedOK": 3, "BroadcastFramesXmittedOK": 1,
        **{("tx-pktsNtoM", high): num for high, num in hist.items()}})
    ksft_eq(_grown(b, before[1]), {
        "FramesReceivedOK": 12, "OctetsReceivedOK": octets,
        "MulticastFramesReceivedOK": 3, "BroadcastFramesReceivedOK": 1,
        **{("rx-pktsNtoM", high): num for high, num in hist.items()}})


def of_vfs():
    """What VFs send up counts, what they send to each other does not."""
    pf, far = need_pfs(2)
    vfs = pf.vfs(2)
    port, remote, a, b = _silent(pf, far, *vfs)
    out = Sniffer(a)
    before = _stats(port), _stats(remote)
    for _ in range(7):
        out.send(_sized(b.mac, a.mac, 100))
    for _ in range(5):
        out.send(_sized(remote.mac, a.mac, 100))
    for host, name in ((port, "Transmitted"), (remote, "Received")):
        grown = _grown(host, before[host is remote])
        ksft_eq(grown[f"Frames{name}OK"], 5)
        ksft_eq(grown[f"Octets{name}OK"], 5 * 82)


def control_frames():
    """MAC control frames are in eth-ctrl and in pause statistics alone."""
    pf, far = need_pfs(2)
    a, b = _silent(pf, far)
    out = Sniffer(a)
    before = _stats(a), _stats(b)
    paused = _pause_stats(b)
    for _ in range(4):
        out.send(_control(1, 0))
    for _ in range(3):
        out.send(_control(0x101, 0))
    ksft_eq(_grown(a, before[0]), {"MACControlFramesTransmitted": 7})
    ksft_eq(_grown(b, before[1]), {"MACControlFramesReceived": 7,
                                   "UnsupportedOpcodesReceived": 3})
    ksft_eq(_pause_stats(b)["rx_pause_frames"] - paused["rx_pause_frames"], 4)
    vf = Host(pf.vfs(1)[0], 3)
    vf.wait_link()
    before = _stats(b)
    Sniffer(vf).send(_control(1, 0xffff))
    ksft_true("MACControlFramesReceived" not in _grown(b, before),
              "a VF's PAUSE stays here")


def _pause_stats(host):
    """The counters of `ethtool -I -a`."""
    out = host.cmd(f"ethtool --json -I -a {host.dev}").stdout
    return json.loads(out)[0]["statistics"]


def _pause(host):
    """(autonegotiate, rx, tx)"""
    now = json.loads(host.cmd(f"ethtool --json -a {host.dev}").stdout)[0]
    return now["autonegotiate"], now["rx"], now["tx"]


def pause_settings():
    """Set, kept over a reset, and negotiated with nobody."""
    pf = need_pfs()[0]
    a = Host(pf, 1)
    a.wait_link()
    ksft_eq(_pause(a), (False, False, False))
    a.cmd(f"ethtool -A {a.dev} rx on tx off")
    ksft_eq(_pause(a), (False, True, False))
    a.cmd(f"ethtool -A {a.dev} rx on tx on")
    for args in ("autoneg on", "autoneg on rx off"):
        ksft_ne(a.cmd(f"ethtool -A {a.dev} {args}", fail=False).ret, 0, args)
    ksft_eq(_pause(a), (False, True, True))
    pf.flr()
    a.wait_link()
    ksft_eq(_pause(a), (False, True, True))
    a.cmd(f"ethtool -A {a.dev} rx off tx off")
    ksft_eq(_pause(a), (False, False, False))


def vf_has_no_port():
    """A VF has neither PAUSE nor the counters of a port."""
    a, _ = pair(*need_pfs()[0].vfs(2))
    for args in (f"-a {a.dev}", f"-A {a.dev} rx on"):
        out = a.cmd(f"ethtool {args}", fail=False)
        ksft_ne(out.ret, 0, args)
        ksft_in("not supported", out.stderr, args)
    ksft_eq(_stats(a), {})


def pause_works():
    """A full PF asks for silence and gets it, also after its reset."""
    pf, far = need_pfs(2)
    a, b = pair(pf, far)
    for host, args in ((a, "rx off tx off"), (b, "rx on tx off")):
        host.cmd(f"ethtool -A {host.dev} {args}")
    a.cmd(f"ethtool -G {a.dev} rx 64")
    before = _missed(a, b)
    ksft_ge(before[0], 1, "frames without a buffer")
    ksft_eq(before[1], (0, 0), "PAUSE frames")
    a.cmd(f"ethtool -A {a.dev} tx on")
    pf.flr()
    ksft_true(b.reaches(a.v4), "after the reset")
    lost, (sent, received) = _missed(a, b)
    ksft_ge(sent, 2, "PAUSE frames")
    ksft_eq(received, sent)
    # One frame each makes the PF ask, and none comes after that
    ksft_ge(sent, lost, "PAUSE frames for those without a buffer")
    for host in (a, b):
        host.cmd(f"ethtool -A {host.dev} rx off tx off")
    a.cmd(f"ethtool -G {a.dev} rx 512")
    ksft_true(b.reaches(a.v4), "in the end")


def _missed(a, b):
    """
    Of a flood: frames that found no buffer at @a, PAUSE frames of both. They
    come in bursts, so that a slow sender fills a ring too.
    """
    def counts():
        return (event_count(a, "vport_rx_no_buffer"),
                _pause_stats(a)["tx_pause_frames"],
                _pause_stats(b)["rx_pause_frames"])
    before = counts()
    load = Flood(b, a.mac, burst=128)
    time.sleep(3)
    load.stop()
    time.sleep(0.5)
    lost, sent, received = (new - old for new, old in zip(counts(), before))
    return lost, (sent, received)


if __name__ == "__main__":
    ksft_run_quiet([exact, of_vfs, control_frames, pause_settings,
                    vf_has_no_port, pause_works])
    ksft_exit()

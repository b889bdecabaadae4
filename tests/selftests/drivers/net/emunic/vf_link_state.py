#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N state`: what the VF sees, and what gets through."""

import time

from lib.py import Host, Sniffer, defer, ksft_busy_wait, ksft_eq, ksft_exit, \
    ksft_ge, ksft_lt, ksft_run_quiet, ksft_true, monitor, need_pfs, pair, \
    patience, raw_frame, redirector, refused, stats

AT_ONCE = patience(1.0)


def _carrier(host):
    return "NO-CARRIER" not in host.link["flags"]


def _sees(host, carrier):
    """@host sees @carrier, or the lack of it, at once."""
    start = time.monotonic()
    ksft_busy_wait(lambda: _carrier(host) == carrier, deadline=5,
                   comment=f"{host.dev}: carrier {carrier}")
    ksft_lt(time.monotonic() - start, AT_ONCE, "seconds until it was seen")


def _uplink(state):
    """Switch the link of the first NIC's uplink; on again in the end."""
    monitor(f"set_link up0 {state}")
    if state == "off":
        defer(monitor, "set_link up0 on")


def shown():
    """What is set is shown; auto is what a VF starts with."""
    pf = need_pfs()[0]
    pf.vfs(2)
    ksft_eq(pf.vf_info(0)["link_state"], "auto")
    for state in ("enable", "disable", "auto"):
        pf.set_vf(0, f"state {state}")
        ksft_eq(pf.vf_info(0)["link_state"], state)
        ksft_eq(pf.vf_info(1)["link_state"], "auto")
    pf.set_vf(0, "state disable")
    pf.set_vfs(0)
    pf.set_vfs(1)
    ksft_eq(pf.vf_info(0)["link_state"], "auto", "after numvfs 0")


def disable():
    """No carrier at once, and nothing in either direction."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    mac = b.mac
    wires = {(x, y): (Sniffer(x), Sniffer(y)) for x, y in ((a, b), (b, a))}
    pf.set_vf(1, "state disable")
    _sees(b, False)
    dropped = stats(pf, 1)["rx_dropped"]
    for (x, _), (out, got) in wires.items():
        out.send(raw_frame(mac if x is a else a.mac, x.mac, b"disabled"))
        ksft_eq([f for f in got.frames(0.3) if b"disabled" in f], [],
                f"frames from {x.dev}")
    ksft_ge(stats(pf, 1)["rx_dropped"] - dropped, 1, "counted")
    ksft_true(_carrier(a), "the other VF")
    pf.set_vf(1, "state auto")
    _sees(b, True)
    ksft_true(a.reaches(b.v4), "after")


def disable_stops_redirects():
    """XDP_REDIRECT does not look at the carrier: the device drops its frames."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    out, got = redirector(a), Sniffer(b)
    frame = raw_frame(b.mac, a.mac, b"redirected".ljust(46))

    def arrived():
        out.send(frame)
        return [f for f in got.frames(0.5, until=frame) if f == frame]

    ksft_eq(arrived(), [frame], "before")
    pf.set_vf(0, "state disable")
    _sees(a, False)
    dropped = stats(pf, 0)["tx_dropped"]
    ksft_eq(arrived(), [], "disabled")
    ksft_ge(stats(pf, 0)["tx_dropped"] - dropped, 1, "counted")
    pf.set_vf(0, "state auto")
    _sees(a, True)
    ksft_eq(arrived(), [frame], "after")


def disabled_before_up():
    """A VF that comes up disabled has no carrier, and gets it later."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    pf.set_vf(1, "state disable")
    a, b = Host(vfs[0], 1), Host(vfs[1], 2)
    a.wait_link()
    time.sleep(0.5)
    ksft_eq(_carrier(b), False)
    pf.set_vf(1, "state enable")
    _sees(b, True)
    ksft_true(a.reaches(b.v4), "enabled")


def auto_follows_uplink():
    """The uplink goes and comes, and VFs on auto see it as the PF does."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    _uplink("off")
    for host in (a, b):
        _sees(host, False)
    ksft_eq(a.is_answered(b.v4), False, "without uplink")
    _uplink("on")
    for host in (a, b):
        _sees(host, True)
    ksft_true(a.reaches(b.v4), "after")


def enable_without_uplink():
    """VFs that are enabled talk to each other; nothing goes further."""
    pf, far = need_pfs(2)
    vfs = pf.vfs(3)
    for index in (0, 1):
        pf.set_vf(index, "state enable")
    a, b = pair(*vfs[:2])
    auto, far_host = Host(vfs[2], 3), Host(far, 4)
    auto.wait_link()
    ksft_true(a.reaches(far_host.v4), "before")
    _uplink("off")
    _sees(auto, False)
    ksft_eq([_carrier(host) for host in (a, b)], [True, True])
    ksft_eq(a.ping(b.v4, count=10), 10, "VF to VF")
    ksft_eq(a.is_answered(far_host.v4), False, "over the uplink")
    pf.set_vf(0, "state auto")
    _sees(a, False)
    _uplink("on")
    for host in (a, auto):
        _sees(host, True)
    ksft_true(a.reaches(far_host.v4), "after")


def no_such_vf():
    """Only VFs that are there have a link."""
    pf = need_pfs()[0]
    pf.vfs(1)
    refused(pf, 1, "state disable", "Invalid argument")


if __name__ == "__main__":
    ksft_run_quiet([shown, disable, disable_stops_redirects, disabled_before_up,
                    auto_follows_uplink, enable_without_uplink, no_such_vf])
    ksft_exit()

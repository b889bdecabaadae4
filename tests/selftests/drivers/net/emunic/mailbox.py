#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What VF drivers ask the PF: counted, refused, pushed, and not answered."""

import re
import time

from lib.py import Sniffer, bkg, cmd, ksft_busy_wait, ksft_eq, ksft_exit, \
    ksft_ge, ksft_in, ksft_lt, ksft_ne, ksft_run_quiet, ksft_true, need_pfs, \
    pair, patience, raw_frame

FUNCTION_MASK = 1 << 14
MSIX_CONTROL = "CAP_MSIX+2.w"
TIMEOUT = 3.0


def _count(text, name):
    return int(re.search(rf"^\s*{name}: (\d+)$", text, re.M).group(1))


def _pf_count(pf, name):
    return _count(cmd(f"ethtool -S {pf.netdev}").stdout, name)


def _vf_count(host, name):
    return _count(host.cmd(f"ethtool -S {host.dev}").stdout, name)


def _add_vlan(host, vid):
    """`ip link add`, which waits for the PF's answer."""
    return host.cmd(f"ip link add link {host.dev} name v{vid} type vlan "
                    f"id {vid}", fail=False)


class SlowPf:
    """
    A PF whose driver hears nothing from its device: all vectors are masked.
    Events wait, and come when the mask is taken away.
    """
    def __init__(self, pf):
        self.pf = pf

    def mask(self, value):
        """Set or clear the Function Mask of MSI-X."""
        cmd(f"setpci -s {self.pf.addr} {MSIX_CONTROL}={value:x}:"
            f"{FUNCTION_MASK:x}")

    def __enter__(self):
        self.mask(FUNCTION_MASK)

    def __exit__(self, *_):
        self.mask(0)


def refused_is_counted():
    """At the PF as a refusal, at the VF as an error of its control path."""
    pf = need_pfs()[0]
    _, b = pair(*pf.vfs(2))
    requests = _pf_count(pf, "vf_requests")
    refused = _pf_count(pf, "vf_refused")
    errors = _vf_count(b, "ctl_errors")
    b.ip(f"link set dev {b.dev} promisc on")
    ksft_busy_wait(lambda: _pf_count(pf, "vf_refused") == refused + 1,
                   deadline=5, comment="refused")
    ksft_eq(_vf_count(b, "ctl_errors"), errors + 1, "at the VF")
    ksft_ge(_pf_count(pf, "vf_requests"), requests + 1)
    ksft_eq(_add_vlan(b, 10).ret, 0, "and what is allowed is done")
    ksft_eq(_pf_count(pf, "vf_refused"), refused + 1, "not counted")


def slow_pf():
    """
    The request times out and is cancelled; frames flow meanwhile. The answer
    that comes late is dropped, the next request has one of its own.
    """
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    stale = _pf_count(pf, "vf_stale")
    with SlowPf(pf):
        start = time.monotonic()
        out = _add_vlan(b, 10)
        seconds = time.monotonic() - start
    ksft_ne(out.ret, 0)
    ksft_in("Connection timed out", out.stderr)
    ksft_true(TIMEOUT <= seconds < TIMEOUT + 1.5, f"{seconds:.1f} s")
    ksft_busy_wait(lambda: _pf_count(pf, "vf_stale") == stale + 1, deadline=5,
                   comment="the late answer")
    ksft_eq(a.ping(b.v4, count=5), 5, "frames")
    ksft_busy_wait(lambda: _add_vlan(b, 20).ret == 0, deadline=10, sleep=0.2,
                   comment="the next request")
    # Asked at once, or with all else when the VF agrees with the PF again
    ksft_busy_wait(lambda: _received(a, b, 20) == 1, deadline=10,
                   comment="VLAN that was added")
    ksft_eq(_received(a, b, 10), 0, "VLAN that was not")
    ksft_eq(_pf_count(pf, "vf_stale"), stale + 1, "no other is late")


def _received(a, b, vid):
    """How many frames of a VLAN get from @a to @b."""
    pf = need_pfs()[0]
    pf.set_vf(0, "spoofchk off")
    send, got = Sniffer(a), Sniffer(b)
    send.send(raw_frame("ff:ff:ff:ff:ff:ff", a.mac, b"vid %04d" % vid,
                        [(0x8100, vid)]))
    return len([f for f in got.frames(0.3) if b"vid %04d" % vid in f])


def slow_pf_and_frames():
    """A PF that does not answer is no concern of VFs that ask nothing."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    with SlowPf(pf):
        ksft_eq(a.ping(b.v4, count=20, deadline=4), 20)
    ksft_eq(_add_vlan(b, 10).ret, 0, "after")


def answered_in_time():
    """A PF that was slow, but not too slow, is waited for."""
    pf = need_pfs()[0]
    _, b = pair(*pf.vfs(2))
    stale = _pf_count(pf, "vf_stale")
    with SlowPf(pf):
        adding = bkg(f"ip link add link {b.dev} name v10 type vlan id 10",
                     ns=b.ns)
        time.sleep(1)
        ksft_eq(adding.proc.poll(), None, "waits")
    adding.process(terminate=False, fail=True)
    ksft_eq(_pf_count(pf, "vf_stale"), stale)


def policy_is_pushed():
    """The VF hears of each change, without asking and without a reset."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    _, b = pair(*vfs)
    resets = _vf_count(b, "resets")
    for n in (1, 2, 3):
        mac = f"02:00:00:bb:cc:{n:02x}"
        pf.set_vf(1, f"mac {mac}")
        start = time.monotonic()
        ksft_busy_wait(lambda mac=mac: b.mac == mac, deadline=5)
        ksft_lt(time.monotonic() - start, patience(1), "seconds")
    ksft_eq(_vf_count(b, "resets"), resets)


def reset_is_announced():
    """A VF takes its carrier away before the PF's reset, and gives it back."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    announced = _vf_count(b, "resets_announced")

    def downs():
        return int(cmd(f"cat /sys/class/net/{b.dev}/carrier_down_count",
                       ns=b.ns).stdout)

    before = downs()
    pf.flr()
    ksft_busy_wait(lambda: downs() > before, deadline=5, comment="no carrier")
    b.wait_link(20)
    ksft_eq(_vf_count(b, "resets_announced"), announced + 1)
    ksft_true(a.reaches(b.v4, 20), "after")


if __name__ == "__main__":
    ksft_run_quiet([refused_is_counted, slow_pf, slow_pf_and_frames,
                    answered_in_time, policy_is_pushed, reset_is_announced])
    ksft_exit()

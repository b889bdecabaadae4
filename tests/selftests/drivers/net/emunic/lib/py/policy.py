# SPDX-License-Identifier: GPL-2.0
"""What tests of `ip link set PF vf N` have in common."""

from pathlib import Path

from net.lib.py import KsftSkipEx, ip, ksft_eq, ksft_in, ksft_ne

from .pci import find_pfs, need_pfs, wait_for

SLOW_MBIT = 1000


def speed(pf):
    """Mbit/s of the uplink, which a netdev knows while it has carrier."""
    name = pf.netdev
    path = Path(f"/sys/class/net/{name}")
    ip(f"link set dev {name} up")
    try:
        wait_for(f"carrier of {name}",
                 lambda: (path / "carrier").read_text().strip() == "1")
        return int((path / "speed").read_text())
    finally:
        ip(f"link set dev {name} down")


def need_slow_pf():
    """
    A PF whose port is slower than the machine that runs it, so that VFs
    compete for it, and its speed in Mbit/s.
    """
    need_pfs()
    for pf in find_pfs():
        mbit = speed(pf)
        if mbit < SLOW_MBIT:
            return pf, mbit
    raise KsftSkipEx(f"no PF below {SLOW_MBIT} Mbit/s")


def stats(pf, index):
    """Counters of VF @index in `ip -s link show`, under names as rx_bytes."""
    return {f"{way}_{name.removeprefix(f'{way}_')}": value
            for way, values in pf.vf_info(index)["stats"].items()
            for name, value in values.items()}


def shown(pf):
    """What `ip link show` says of each VF."""
    return ip(f"-d link show dev {pf.netdev}", json=True)[0]["vfinfo_list"]


def refused(pf, index, what, reason):
    """
    `ip link set PF vf INDEX WHAT` fails for @reason, and what is shown of the
    VFs is what was there before.
    """
    before = shown(pf)
    out = pf.set_vf(index, what, fail=False)
    ksft_ne(out.ret, 0, what)
    ksft_in(reason, out.stderr)
    ksft_eq(shown(pf), before, "unchanged")

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""devlink: what a function is, its port and names, reload, parameters."""

import re
import struct
import time

from lib.py import Host, KsftSkipEx, NetNS, as_before, bkg, cmd, defer, \
    devlink, devlink_handle, end, ksft_busy_wait, ksft_eq, ksft_exit, ksft_ge, \
    ksft_in, ksft_ne, ksft_not_in, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair, policed_pair

KINDS = ["pf", "vf"]
MAC = "02:00:00:de:71:01"


def _hosts(kind):
    """The port under test, and a peer."""
    pf = need_pfs()[0]
    if kind == "pf":
        return pair(pf, pf.vfs(1)[0])
    return pair(*pf.vfs(2))


def _refused(args, why):
    """A devlink command fails, for a reason that it names."""
    done = cmd(f"devlink {args}", fail=False)
    ksft_ne(done.ret, 0, args)
    ksft_in(why, done.stderr + done.stdout)


def _has_serial_number(func):
    """Does the configuration space have that capability?"""
    config = (func.path / "config").read_bytes()
    offset = 0x100
    while offset and len(config) > offset:
        head, = struct.unpack_from("<I", config, offset)
        if head & 0xffff == 3:
            return True
        offset = head >> 20
    return False


@ksft_variants(KINDS)
def info(kind):
    """Driver, device, both versions; a serial number only if there is one."""
    func = _hosts(kind)[0].func
    handle = devlink_handle(func)
    got = devlink(f"dev info {handle}")["info"][handle]
    ksft_eq(got["driver"], "emunic")
    fixed, running = got["versions"]["fixed"], got["versions"]["running"]
    ident = f"{func.read('vendor')[2:]}:{func.read('device')[2:]}"
    ksft_eq(fixed["asic.id"], ident)
    ksft_eq(fixed["asic.rev"], str(int(func.read("revision"), 16)))
    ksft_true(re.fullmatch(r"1\.\d+", running["abi"]), running["abi"])
    ksft_true(re.fullmatch(r"1\.\d+", running["mbox"]), running["mbox"])
    ksft_eq("serial_number" in got, _has_serial_number(func))


def ports():
    """One port each: the PF's of flavour pcipf, VF n's of pcivf with vfnum n."""
    pf = need_pfs()[0]
    vfs = pf.vfs(3)
    shown = devlink("port show")["port"]
    mine = {handle.rsplit("/", 1)[0]: port for handle, port in shown.items()
            if any(devlink_handle(f) + "/" in handle for f in (pf, *vfs))}
    ksft_eq(len(mine), 4)
    port = mine[devlink_handle(pf)]
    ksft_eq((port["flavour"], port["pfnum"]), ("pcipf", 0))
    for number, vf in enumerate(vfs):
        port = mine[devlink_handle(vf)]
        ksft_eq((port["flavour"], port["pfnum"], port["vfnum"]),
                ("pcivf", 0, number))
    pf.set_vfs(0)
    ksft_not_in(devlink_handle(vfs[0]), str(devlink("port show")))


def _name(func, what):
    """phys_port_name and such; None if there is none."""
    try:
        return func.read(f"net/{func.netdev}/{what}") or None
    except OSError:
        return None


def names():
    """The PF is a physical port, its VFs are on it, no one is a representor."""
    pf, other = need_pfs(2)
    vfs = pf.vfs(2)
    ksft_eq(_name(pf, "phys_port_name"), "p0")
    ksft_ne(_name(pf, "phys_port_id"), None)
    ksft_ne(_name(pf, "phys_port_id"), _name(other, "phys_port_id"))
    for vf in vfs:
        ksft_eq(_name(vf, "phys_port_id"), _name(pf, "phys_port_id"))
        ksft_eq(_name(vf, "phys_port_name"), None)
    for func in (pf, *vfs):
        ksft_eq(_name(func, "phys_switch_id"), None)


def udev_names():
    """udev calls VF n of enpXnp0 enpXvn, not by the r of a representor."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)

    def by_path(func):
        out = cmd("udevadm test-builtin net_id "
                  f"/sys/class/net/{func.netdev}", fail=False).stdout
        found = re.search(r"^ID_NET_NAME_PATH=(\S+)", out, re.M)
        if not found:
            raise KsftSkipEx("no udev")
        return found.group(1)

    ksft_true(by_path(pf).endswith("np0"), by_path(pf))
    base = by_path(pf).removesuffix("np0")
    for number, vf in enumerate(vfs):
        ksft_eq(by_path(vf), f"{base}v{number}")


def _resets(host):
    out = host.cmd(f"ethtool -S {host.dev}").stdout
    return int(re.search(r"\bresets: (\d+)", out).group(1))


@ksft_variants(KINDS)
def reload(kind):
    """A reload resets the function; netdev and configuration are kept."""
    a, b = _hosts(kind)
    a.ip(f"link add link {a.dev} name v5 type vlan id 5")
    b.ip(f"link add link {b.dev} name v5 type vlan id 5")
    a.address("v5", "198.51.100.1/24")
    b.address("v5", "198.51.100.2/24")
    ksft_true(a.reaches("198.51.100.2"), "before")
    before, index = _resets(a), a.link["ifindex"]
    handle = devlink_handle(a.func)
    done = devlink(f"dev reload {handle} action driver_reinit")
    ksft_in("driver_reinit", str(done))
    a.wait_link(20)
    b.wait_link(20)
    ksft_eq(_resets(a), before + 1)
    ksft_eq(a.link["ifindex"], index)
    ksft_true(a.reaches(b.v4), "after")
    ksft_true(a.reaches("198.51.100.2"), "VLAN after")
    stats = devlink(f"-s dev show {handle}")["dev"][handle]["stats"]
    ksft_ge(stats["reload"]["driver_reinit"]["unspecified"], 1)
    ksft_in(devlink_handle(a.func), str(devlink("port show")))


def reload_keeps_policy():
    """What was decided about a VF is in force after its reload."""
    a, b, policy = policed_pair()
    devlink(f"dev reload {devlink_handle(b.func)}")
    as_before(policy, a, b)


def reload_pf_in_use():
    """VFs in other namespaces outlive their PF's reload, and so does policy."""
    pf = need_pfs()[0]
    vfs = pf.vfs(3)
    pf.set_vf(0, f"mac {MAC}")
    pf.set_vf(2, "vlan 100 qos 3")
    a, b = pair(*vfs[:2])
    isolated = Host(vfs[2], 3)
    ksft_busy_wait(lambda: a.mac == MAC, deadline=5, comment="VF's address")
    ksft_true(a.reaches(b.v4), "before")
    policy = [_policy(pf, i) for i in range(3)]
    flood = bkg(f"ping -q -f -c 10000000 {b.v4}", ns=a.ns)
    time.sleep(0.3)
    for _ in range(3):
        devlink(f"dev reload {devlink_handle(pf)}")
        time.sleep(0.5)
    end(flood)
    a.wait_link(20)
    b.wait_link(20)
    ksft_true(a.reaches(b.v4, 20), "after")
    ksft_eq(a.ping(b.v4, count=10), 10, "no losses any more")
    ksft_eq([_policy(pf, i) for i in range(3)], policy)
    ksft_eq(isolated.is_answered(b.v4), False, "policy: VLAN")


def _policy(pf, index):
    """What the administrator set."""
    return {k: v for k, v in pf.vf_info(index).items() if k != "stats"}


def reload_refused():
    """Firmware, other namespaces, a device that does not answer."""
    pf = need_pfs()[0]
    vf = pf.vfs(1)[0]
    ns = NetNS()
    defer(ns.__exit__, None, None, None)
    for func in (pf, vf):
        handle = devlink_handle(func)
        _refused(f"dev reload {handle} action fw_activate", "not supported")
        _refused(f"dev reload {handle} netns {ns}", "namespace")
        ksft_in(handle, str(devlink("dev")))
    cmd(f"setpci -s {pf} COMMAND=0:2")
    defer(cmd, f"setpci -s {pf} COMMAND=2:2")
    _refused(f"dev reload {devlink_handle(pf)}", "does not answer")


def _minor(func, value=None):
    """Set or tell the highest minor version of the mailbox."""
    args = f"{devlink_handle(func)} name mbox_minor"
    if value is not None:
        devlink(f"dev param set {args} value {value} cmode runtime")
    shown = devlink(f"dev param show {args}")["param"]
    return shown[devlink_handle(func)][0]["values"][0]["value"]


@ksft_variants(["older_pf", "older_vf", "both"])
def mbox_minor(who):
    """Version 1.0 of the mailbox: all works but what came with 1.1."""
    pf = need_pfs()[0]
    defer(_minor, pf, 1)
    if who != "older_vf":
        ksft_eq(_minor(pf, 0), 0)
    vfs = pf.vfs(2)
    if who != "older_pf":
        for vf in vfs:
            ksft_eq(_minor(vf, 0), 0)
    pf.set_vf(0, "query_rss on")
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "link and traffic")
    a.ip(f"link set dev {a.dev} address {MAC}")
    ksft_busy_wait(lambda: pf.vf_info(0)["address"] == MAC, deadline=5,
                   comment="address by mailbox")
    a.ip(f"link add link {a.dev} name v5 type vlan id 5")
    show = f"ethtool -x {a.dev}"
    ksft_ne(a.cmd(show, fail=False).ret, 0, "1.1 is not spoken")

    # Today's version again: at once for the VF, for the PF's when it asks
    ksft_eq(_minor(pf, 1), 1)
    _minor(vfs[0], 0)       # devlink(8) sends nothing that is so already
    ksft_eq(_minor(vfs[0], 1), 1)
    ksft_busy_wait(lambda: a.cmd(show, fail=False).ret == 0, deadline=5,
                   comment="hash key by mailbox")
    ksft_true(a.reaches(b.v4), "traffic after")


@ksft_variants(KINDS)
def mbox_minor_refused(kind):
    """A version that the driver does not speak."""
    func = _hosts(kind)[0].func
    args = f"{devlink_handle(func)} name mbox_minor"
    _refused(f"dev param set {args} value 2 cmode runtime", "Highest minor")
    _refused(f"dev param set {args} value 0 cmode permanent", "")
    ksft_eq(_minor(func), 1)


if __name__ == "__main__":
    ksft_run_quiet([info, ports, names, udev_names, reload, reload_keeps_policy,
                    reload_pf_in_use, reload_refused, mbox_minor,
                    mbox_minor_refused])
    ksft_exit()

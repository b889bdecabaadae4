#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N vlan`: port VLANs isolate, and the VF sees nothing."""

from lib.py import Host, KsftNamedVariant, Sniffer, Stream, ksft_eq, \
    ksft_exit, ksft_ge, ksft_in, ksft_ne, ksft_run_quiet, ksft_true, \
    ksft_variants, need_pfs, pair, raw_frame

BROADCAST = "ff:ff:ff:ff:ff:ff"


def isolation():
    """Same VLAN talks, other VLANs and the untagged do not."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    for index, vid in ((0, 100), (1, 100), (2, 200)):
        pf.set_vf(index, f"vlan {vid}")
    hosts = [Host(vf, n + 1) for n, vf in enumerate(vfs)]
    for host in hosts:
        host.wait_link()
    ksft_true(hosts[0].reaches(hosts[1].v4), "100 to 100")
    for a, b, what in ((0, 2, "100 to 200"), (2, 0, "200 to 100"),
                       (0, 3, "100 to untagged"), (3, 0, "untagged to 100")):
        ksft_eq(hosts[a].is_answered(hosts[b].v4), False, what)


@ksft_variants(["802.1Q", "802.1ad"])
def at_once_and_back(proto):
    """It takes effect on a running VF at once, and so does vlan 0."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    pf.set_vf(0, f"vlan 100 qos 3 proto {proto}")
    ksft_eq(a.is_answered(b.v4), False, "one side moved")
    info = pf.vf_info(0)["vlan_list"][0]
    ksft_eq((info["vlan"], info["qos"]), (100, 3))
    pf.set_vf(1, f"vlan 100 qos 3 proto {proto}")
    ksft_true(a.reaches(b.v4), "both moved")
    received, _ = Stream(a, b, seconds=1).wait()
    ksft_ge(received, 500_000, "TCP inside the VLAN")
    for index in (0, 1):
        pf.set_vf(index, "vlan 0")
    ksft_true(a.reaches(b.v4), "both back")


def tag_on_the_uplink():
    """The PF at the other end of the uplink sees the tag and the priority."""
    pf, far = need_pfs(2)
    vf = pf.vfs(1)[0]
    a, b = pair(vf, far)
    pf.set_vf(0, "vlan 100 qos 5")
    b.cmd(f"ethtool -K {b.dev} rx-vlan-filter off", fail=False)
    b.ip(f"link set dev {b.dev} promisc on")
    sniffer = Sniffer(b)
    out = Sniffer(a)
    out.send(raw_frame(BROADCAST, a.mac, b"from the VF"))
    frames = [f for f in sniffer.frames() if b"from the VF" in f]
    ksft_eq(len(frames), 1, "frames at the far PF")
    if frames:
        ksft_eq(frames[0][12:16].hex(), "8100a064", "TPID, priority, VID")


def tag_is_invisible():
    """The VF never sees a tag."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    for index in (0, 1):
        pf.set_vf(index, "vlan 100 qos 5")
    ksft_true(a.reaches(b.v4), "first ping")
    sniffer = Sniffer(b)
    Sniffer(a).send(raw_frame(BROADCAST, a.mac, b"plain"))
    frames = [f for f in sniffer.frames() if b"plain" in f]
    ksft_eq([f[12:14].hex() for f in frames], ["88b5"], "EtherTypes")


@ksft_variants([KsftNamedVariant("its_own_vid", 100),
                KsftNamedVariant("another_vid", 200)])
def cannot_tag_around(vid):
    """Frames that the VF tags itself reach nobody, whatever the VID."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    pf.set_vf(0, "vlan 100")
    pf.set_vf(1, "vlan 100")
    pf.set_vf(2, "vlan 200")
    hosts = [Host(vf, n + 1) for n, vf in enumerate(vfs)]
    for host in hosts:
        host.wait_link()
    hosts[3].cmd(f"ethtool -K {hosts[3].dev} rx-vlan-filter off", fail=False)
    sniffers = [Sniffer(h) for h in hosts]
    sniffers[0].send(raw_frame(BROADCAST, hosts[0].mac, b"tagged",
                               [(0x8100, vid)]))
    sniffers[0].send(raw_frame(BROADCAST, hosts[0].mac, b"untagged"))
    ksft_eq(len([f for f in sniffers[1].frames() if b"untagged" in f]), 1,
            "the untagged one arrives in its VLAN")
    for n in (1, 2, 3):
        ksft_eq([f for f in sniffers[n].frames(0.2) if b"tagged" in f and
                 b"untagged" not in f], [], f"tagged frames at VF {n}")


def priority_tag():
    """VID 0 carries a priority only: the port VLAN replaces it."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    for index in (0, 1):
        pf.set_vf(index, "vlan 100")
    sniffer = Sniffer(b)
    Sniffer(a).send(raw_frame(BROADCAST, a.mac, b"prio", [(0x8100, 0xe000)]))
    frames = [f for f in sniffer.frames() if b"prio" in f]
    ksft_eq([f[12:14].hex() for f in frames], ["88b5"], "EtherTypes")


def inner_tag_in_802_1ad():
    """With 802.1ad outside, the VF's own 802.1Q tags travel inside."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    for index in (0, 1):
        pf.set_vf(index, "vlan 100 proto 802.1ad")
    sniffer = Sniffer(b)
    Sniffer(a).send(raw_frame(BROADCAST, a.mac, b"inner", [(0x8100, 7)]))
    frames = [f for f in sniffer.frames() if b"inner" in f]
    ksft_eq([f[12:16].hex() for f in frames], ["81000007"], "the inner tag")


@ksft_variants([KsftNamedVariant("vid_4095", 0, "vlan 4095"),
                KsftNamedVariant("qos_8", 0, "vlan 100 qos 8"),
                KsftNamedVariant("no_such_vf", 2, "vlan 100")])
def refused(index, what):
    """Out of range: EINVAL, and what was there before stays."""
    pf = need_pfs()[0]
    pf.vfs(2)
    pf.set_vf(0, "vlan 7 qos 1")
    out = pf.set_vf(index, what, fail=False)
    ksft_ne(out.ret, 0)
    ksft_in("Invalid argument", out.stderr)
    info = pf.vf_info(0)["vlan_list"][0]
    ksft_eq((info["vlan"], info["qos"]), (7, 1), "unchanged")


def survives_flr():
    """The VF's reset does not open its VLAN."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    a, b = pair(*vfs)
    for index in (0, 1):
        pf.set_vf(index, "vlan 100")
    ksft_true(a.reaches(b.v4), "before")
    vfs[1].flr()
    ksft_true(a.reaches(b.v4), "after FLR")
    pf.set_vf(0, "vlan 0")
    ksft_eq(a.is_answered(b.v4), False, "still isolated")


if __name__ == "__main__":
    ksft_run_quiet([isolation, at_once_and_back, tag_on_the_uplink,
                    tag_is_invisible, cannot_tag_around, priority_tag,
                    inner_tag_in_802_1ad, refused, survives_flr])
    ksft_exit()

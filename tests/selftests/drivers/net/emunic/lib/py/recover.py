# SPDX-License-Identifier: GPL-2.0
"""What every test of a reset or a failure does: policy compared before and
after, and traffic that flows in the end."""

import time

from net.lib.py import bkg, cmd, defer, ip, ksft_eq, ksft_true

from .host import end, pair
from .pci import ip_batch, need_pfs
from .qemu import suspend

STATS = ("stats", "broadcast", "multicast")
MAC = "02:00:00:cc:dd:{:02x}"
# Of each VF, in turn: all that an administrator can decide. Each has an
# address, since one that a VF chooses is there only when its driver is.
POLICY = ("mac {mac}",
          "mac {mac} spoofchk on trust on",
          "mac {mac} vlan 100 qos 3 max_tx_rate 4000",
          "mac {mac} vlan 200 proto 802.1ad state enable min_tx_rate 50")

# What takes state from the VFs of @hosts, and not the policy of their PF
RESETS = {
    "vf_flr": lambda _, hosts: [host.func.flr() for host in hosts],
    "pf_flr": lambda pf, _: pf.flr(),
    "reload": lambda _, hosts: [host.rebind() for host in hosts],
    "suspend": lambda *_: suspend(),
}


def give_policy(pf, first=0):
    """Give each VF from @first on a policy of its own."""
    ip_batch(f"link set dev {pf.netdev} vf {n} {what}".format(
                 mac=MAC.format(n + 1))
             for n in range(first, pf.num_vfs)
             for what in _settings(POLICY[n % len(POLICY)]))


def _settings(text):
    """One setting at a time, with what belongs to it."""
    head = ("mac", "vlan", "spoofchk", "trust", "max_tx_rate", "min_tx_rate",
            "state")
    words, out = text.split(), []
    for word in words:
        if word in head:
            out.append(word)
        else:
            out[-1] += f" {word}"
    return out


class Policy:
    """What `ip` says of all VFs of @pf, and what the hosts see of theirs."""
    def __init__(self, pf, *hosts):
        self.pf = pf
        self.hosts = hosts
        self.before = self.now()

    def now(self):
        """A snapshot, without what traffic changes."""
        link = ip(f"-d link show dev {self.pf.netdev}", json=True)[0]
        vfs = [{key: value for key, value in vf.items() if key not in STATS}
               for vf in link.get("vfinfo_list", [])]
        return {"vfs": vfs, "hosts": [self.view(host) for host in self.hosts]}

    @staticmethod
    def view(host):
        """Configuration of a VF as its own user sees it."""
        link = host.link
        return {key: link.get(key) for key in
                ("address", "mtu", "ifname", "operstate")}

    def check(self, comment="policy"):
        """The same as before."""
        now = self.now()
        ksft_eq(len(now["vfs"]), len(self.before["vfs"]), f"{comment}: VFs")
        for old, new in zip(self.before["vfs"], now["vfs"]):
            ksft_eq(new, old, f"{comment}: VF {old['vf']}")
        ksft_eq(now["hosts"], self.before["hosts"], f"{comment}: as VFs see it")


def decided(pf):
    """What an administrator can decide of @pf's VFs: without the addresses,
    which may be their own choice."""
    return [{key: value for key, value in vf.items() if key != "address"}
            for vf in Policy(pf).before["vfs"]]


class PingFlood:
    """Packets both ways for as long as a test disturbs them."""
    def __init__(self, a, b):
        self.procs = [bkg(f"ping -q -f -c 10000000 {dst}", ns=src.ns)
                      for src, dst in ((a, b.v4), (b, a.v4))]
        defer(self.stop)
        time.sleep(0.3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Enough of it."""
        for proc in self.procs:
            end(proc)


class Port:
    """The netdev of @func where it came up, for event_count()."""
    def __init__(self, func):
        self.func = func

    @property
    def dev(self):
        """Its name, which another driver may change."""
        return self.func.netdev

    @staticmethod
    def cmd(args):
        """A command where the netdev is."""
        return cmd(args)


def traffic_flows(a, b, deadline=20):
    """Carrier, an answer, and then no losses any more, both ways."""
    for host in (a, b):
        host.wait_link(deadline)
    ksft_true(a.reaches(b.v4, deadline), f"{a.dev} reaches {b.dev}")
    ksft_eq(a.ping(b.v4, count=10), 10, "no losses any more")
    ksft_eq(b.ping(a.v4, count=10), 10, "no losses any more, back")


def policed_pair():
    """Two VFs of a PF, each with a policy of its own, that talk: the hosts that
    have them, and the Policy, which has the PF."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    give_policy(pf)
    a, b = pair(*vfs)
    traffic_flows(a, b)
    return a, b, Policy(pf, a, b)


def as_before(policy, a, b, *back):
    """
    Traffic flows between the hosts @a and @b, and policy is what it was. Each
    of @back is a host that gets a netdev again, and the function that has it.
    """
    for host, func in back:
        host.take(func)
    traffic_flows(a, b)
    policy.check()


def event_count(host, name):
    """A counter of `ethtool -S`."""
    for line in host.cmd(f"ethtool -S {host.dev}").stdout.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return int(value)
    raise KeyError(name)


def setpci(addr, register, value=None):
    """Read a register of configuration space, or write VALUE[:MASK] to it."""
    if value is None:
        return int(cmd(f"setpci -s {addr} {register}").stdout, 16)
    return cmd(f"setpci -s {addr} {register}={value}")

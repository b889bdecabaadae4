# SPDX-License-Identifier: GPL-2.0
"""
A device that lies to its driver, asked to by QEMU's monitor: the first NIC,
for which tools/vm has the name nic0. What is done to it meanwhile may fail, but
has to come to an end.
"""

import time

from net.lib.py import cmd, defer, ksft_pr

from .devlink import devlink_handle
from .qemu import monitor
from .slow import patience

# Bits of x-lie-what, and of how many one is a lie: there are few events.
KINDS = {"tx": (0x01, 64), "rx": (0x02, 64), "admin": (0x04, 8),
         "events": (0x08, 3), "registers": (0x10, 48), "all": (0x1f, 48)}
# s in which each command must return. The kernel looks for tasks that do not
# move for 120 s by itself.
LIMIT = 100
SLOW = 3        # s that are worth a line


class Liar:
    """The device; honest until told otherwise, and after the case."""
    def __init__(self):
        defer(self.honest)

    @staticmethod
    def lie(kind, seed, rate=None):
        """Be wrong about what @kind names, in a sequence that @seed gives; @rate
        for that of KINDS."""
        what, usual = KINDS[kind]
        rate = rate or usual
        monitor(f"qom-set nic0 x-lie-what {what}")
        monitor(f"qom-set nic0 x-lie-rate {rate}")
        monitor(f"qom-set nic0 x-lie-seed {seed}")

    @staticmethod
    def honest():
        """Tell the truth; returns how many lies there were."""
        told = int(monitor("qom-get nic0 x-lie-count"))
        monitor("qom-set nic0 x-lie-seed 0")
        return told


class Attempts:
    """
    What is done to the PF @pf and its VFs at the hosts @a and @b while the
    device lies. A method that takes the random numbers is one attempt that
    leaves things as they are if all goes well.
    """
    def __init__(self, pf, a, b):
        self.pf = pf
        self.hosts = (a, b)
        self.dev = pf.netdev
        self.vfs = [pf.vf_info(vf) for vf in range(2)]
        self.longest = 0

    def run(self, command, host=None):
        """A command, which may fail, in the namespace of @host."""
        start = time.monotonic()
        (host.cmd if host else cmd)(command, fail=False,
                                    timeout=patience(LIMIT))
        took = time.monotonic() - start
        if took > SLOW:
            ksft_pr(f"{took:.1f} s: {command}")
        self.longest = max(self.longest, took)

    def write(self, path, value):
        """A file of sysfs, likewise."""
        self.run(["sh", "-c", f"echo {value} > {path}"])

    @classmethod
    def names(cls):
        """All attempts, in an order that does not change."""
        return sorted(name for name in vars(cls) if name.startswith("try_"))

    def try_link(self, rand):
        """Of the PF, and all that it says of its VFs."""
        self.run(f"ip link set dev {self.dev} {rand.choice(('up', 'down'))}")
        self.run(f"ip -s -d link show dev {self.dev}")

    def try_policy(self, rand):
        """What the VF has already, for the device to hear of it again."""
        vf = rand.choice(self.vfs)
        state = "on" if vf["spoofchk"] else "off"
        self.run(f"ip link set dev {self.dev} vf {vf['vf']} spoofchk {state} "
                 f"mac {vf['address']}")

    def try_looks(self, rand):
        """Counters, registers, the clock, and what reporters say."""
        host = rand.choice(self.hosts)
        for option in ("-S", "-d", "-c", "-a", "-T"):
            self.run(f"ethtool {option} {host.dev}", host)
            self.run(f"ethtool {option} {self.dev}")
        handle = devlink_handle(rand.choice((self.pf, host.func)))
        for name in ("tx", "rx"):
            self.run(f"devlink health diagnose {handle} reporter {name}")
        self.run(f"devlink dev info {handle}")

    def try_rings(self, rand):
        """Of a VF, made anew."""
        host, size = rand.choice(self.hosts), rand.choice((64, 256, 1024))
        self.run(f"ethtool -G {host.dev} rx {size} tx {size}", host)

    def try_channels(self, rand):
        """Another number of queues."""
        host = rand.choice(self.hosts)
        self.run(f"ethtool -L {host.dev} combined {rand.choice((1, 2, 4))}",
                 host)

    def try_netdev(self, rand):
        """A VF down and up."""
        host = rand.choice(self.hosts)
        for state in ("down", "up"):
            self.run(f"ip link set dev {host.dev} {state}", host)

    def try_mailbox(self, rand):
        """Requests of a VF to its PF."""
        host = rand.choice(self.hosts)
        for state in ("on", "off"):
            self.run(f"ip link set dev {host.dev} allmulticast {state}", host)
        self.run(f"ip maddress add 33:33:00:00:00:77 dev {host.dev}", host)
        self.run(f"ip maddress del 33:33:00:00:00:77 dev {host.dev}", host)

    def try_flr(self, rand):
        """Of a VF."""
        self.write(rand.choice(self.hosts).func.path / "reset", 1)

    def upheaval(self):
        """What takes the netdevs of the VFs: their drivers go, then they."""
        driver = self.pf.path / "driver"
        self.write(driver / "unbind", self.hosts[0].func.addr)
        self.write(driver / "bind", self.hosts[0].func.addr)
        self.run(f"devlink dev reload {devlink_handle(self.pf)}")
        for count in (0, 4, 0, 2):
            self.write(self.pf.path / "sriov_numvfs", count)
        self.write(self.pf.path / "reset", 1)

# SPDX-License-Identifier: GPL-2.0
"""
What soak.py does to two VFs, at random. A method of Operations that takes the
random numbers is one operation; all its choices are made before it begins, so
that a seed says what happens whatever comes of it.
"""

import time

from net.lib.py import cmd, ip

from .bpf import PASS, Attached, Prog, leave
from .devlink import devlink, devlink_handle
from .host import Stream
from .pci import DRIVER, find_pfs, wait_for
from .qemu import PM_ASYNC, monitor, suspend

VFS = (2, 3, 4, 8, 16)
MTUS = (1280, 1500, 4000, 9000)
RINGS = (64, 128, 256, 512, 1024)
CHANNELS = (1, 2, 3, 4, 8)
FEATURES = ("gro", "gso", "tso", "rx", "tx", "rxhash", "rx-gro-hw")
VF_POLICY = (
    ("spoofchk", ("on", "off")),
    ("trust", ("on", "off")),
    ("state", ("auto", "enable")),
    ("query_rss", ("on", "off")),
    ("max_tx_rate", ("0", "200", "1000", "5000")),
    ("min_tx_rate", ("0", "50", "100")),
)


class Operations:
    """On the VFs of @pf that are at the hosts @a and @b."""

    def __init__(self, pf, a, b):
        self.pf = pf
        self.a = a
        self.b = b
        self.count = len(find_pfs())
        self.device = ("emunic,id=nic0,bus=rp0,netdev=up0,"
                       f"mac=52:54:00:e0:00:00,max_vfs={pf.total_vfs}")
        self.hosts = (a, b)

    @classmethod
    def names(cls):
        """All operations, in an order that does not change."""
        return sorted(name for name in vars(cls)
                      if not name.startswith("_") and name not in ("names", "plug"))

    def numvfs(self, rand):
        """All VFs go, others come."""
        count = rand.choice(VFS)
        self.pf.set_vfs(0)
        self.pf.set_vfs(count)
        return count

    def policy(self, rand):
        """Something about one of the VFs; only what lets it talk."""
        vf = rand.randrange(2)
        what, values = rand.choice(VF_POLICY)
        value = rand.choice(values)
        # A least rate above the most is refused, and rightly so.
        self.pf.set_vf(vf, f"{what} {value}", fail=not what.endswith("rate"))
        return f"vf {vf} {what} {value}"

    def port_vlan(self, rand):
        """Both VFs change to another VLAN."""
        vlan, qos = rand.choice((0, 5, 4094)), rand.randrange(8)
        for vf in range(2):
            self.pf.set_vf(vf, f"vlan {vlan}" + (f" qos {qos}" if vlan else ""))
        return vlan

    def address(self, rand):
        """A VF gets another address."""
        vf, last = rand.randrange(2), rand.randrange(256)
        mac = f"02:00:00:5a:{vf:02x}:{last:02x}"
        self.pf.set_vf(vf, f"mac {mac}")
        wait_for("the address", lambda: self.hosts[vf].mac == mac)
        return f"vf {vf} {last}"

    def vf_flr(self, rand):
        """Reset of a function."""
        host = rand.choice(self.hosts)
        host.func.flr()
        return host.func

    def pf_flr(self, _rand):
        """Of the one that has the others."""
        self.pf.flr()

    def vf_rebind(self, rand):
        """The driver of a VF goes and comes."""
        host = rand.choice(self.hosts)
        host.func.unbind()
        host.func.bind()
        return host.func

    def pf_rebind(self, _rand):
        """That of the PF, with all VFs."""
        self.pf.unbind()
        self.pf.bind()

    def module(self, _rand):
        """The module goes, with VFs up."""
        cmd("modprobe -r emunic")
        cmd("modprobe emunic")
        wait_for("PFs", lambda: DRIVER.exists() and len(find_pfs()) == self.count)

    def sleep(self, _rand):
        """The machine does, and wakes its devices one by one: what a CPU writes
        to a VF while the BARs of another come back may go elsewhere (emunic.rst)."""
        PM_ASYNC.write_text("0")
        suspend()

    def unplug(self, _rand):
        """The card is taken out in order, and another one put in. VFs go
        before: a PF that had some would never be freed (splat.py)."""
        self.pf.set_vfs(0)
        monitor("device_del nic0")
        wait_for("removal", lambda: not self.pf.path.exists(), 40)
        self.plug()

    def plug(self):
        """See hotplug.py; pciehp is to be done with the old one."""
        time.sleep(4)
        monitor(f"device_add {self.device}")
        wait_for("PF", lambda: len(find_pfs()) == self.count, 30)

    def reload(self, rand):
        """devlink's, of the PF or a VF."""
        func = rand.choice((self.pf, self.a.func, self.b.func))
        devlink(f"dev reload {devlink_handle(func)}")
        return func

    def uplink(self, rand):
        """The cable is pulled for a moment."""
        seconds = rand.choice((0.1, 0.5, 2))
        monitor("set_link up0 off")
        time.sleep(seconds)
        monitor("set_link up0 on")
        return seconds

    def netdev(self, rand):
        """Down and up."""
        host = rand.choice(self.hosts)
        host.batch(f"link set dev {host.dev} down", f"link set dev {host.dev} up")
        return host.dev

    def mtu(self, rand):
        """Of both; frames stay as small as they are."""
        mtu = rand.choice(MTUS)
        for host in self.hosts:
            host.ip(f"link set dev {host.dev} mtu {mtu}")
        return mtu

    def rings(self, rand):
        """Other sizes."""
        host, rx, tx = rand.choice(self.hosts), rand.choice(RINGS), rand.choice(RINGS)
        host.cmd(f"ethtool -G {host.dev} rx {rx} tx {tx}", fail=False)
        return f"{host.dev} rx {rx} tx {tx}"

    def channels(self, rand):
        """Another number of queues."""
        host, count = rand.choice(self.hosts), rand.choice(CHANNELS)
        host.cmd(f"ethtool -L {host.dev} combined {count}", fail=False)
        return f"{host.dev} {count}"

    def moderation(self, rand):
        """Interrupts come sooner or later."""
        host, usecs = rand.choice(self.hosts), rand.choice((0, 20, 200))
        adaptive = rand.choice(("on", "off"))
        host.cmd(f"ethtool -C {host.dev} adaptive-rx {adaptive}", fail=False)
        if adaptive == "off":
            host.cmd(f"ethtool -C {host.dev} rx-usecs {usecs} tx-usecs {usecs}")
        return f"{host.dev} {adaptive} {usecs}"

    def features(self, rand):
        """Offloads come and go."""
        host, name = rand.choice(self.hosts), rand.choice(FEATURES)
        value = rand.choice(("on", "off"))
        host.cmd(f"ethtool -K {host.dev} {name} {value}", fail=False)
        return f"{host.dev} {name} {value}"

    def steering(self, rand):
        """A rule comes and goes; one that is refused for a VF's lack of a
        right says so."""
        host, port = rand.choice(self.hosts), rand.randrange(1024, 65536)
        out = host.cmd(f"ethtool -N {host.dev} flow-type tcp4 dst-port {port} action 0",
                       fail=False)
        if out.ret == 0:
            number = out.stdout.rsplit(None, 1)[-1]
            host.cmd(f"ethtool -N {host.dev} delete {number}")
        return f"{host.dev} {port} {out.ret}"

    def xdp(self, rand):
        """A program is attached under traffic, and taken away."""
        host, seconds = rand.choice(self.hosts), rand.choice((0, 0.2))
        host.ip(f"link set dev {host.dev} mtu 1500")
        prog = Prog(leave(PASS), frags=True)
        attached = Attached(host, prog)
        time.sleep(seconds)
        attached.detach()
        prog.close()
        return host.dev

    def selftest(self, rand):
        """ethtool -t, which stops a function."""
        host, mode = rand.choice(self.hosts), rand.choice(("online", "offline"))
        host.cmd(f"ethtool -t {host.dev} {mode}", timeout=60)
        return f"{host.dev} {mode}"

    def looks(self, rand):
        """Everything that can be asked for is."""
        host = rand.choice(self.hosts)
        for option in ("-S", "-d", "-g", "-l", "-c", "-k", "-i", "-T", "-a"):
            host.cmd(f"ethtool {option} {host.dev}", fail=False)
        ip(f"-s -d link show dev {self.pf.netdev}")
        devlink("health show")
        return host.dev

    def stream(self, rand):
        """TCP for a second."""
        client, server = rand.sample(self.hosts, 2)
        count, _ = Stream(client, server, 1).wait()
        if not count:
            raise RuntimeError("nothing arrived")
        return f"{count >> 20} MiB"

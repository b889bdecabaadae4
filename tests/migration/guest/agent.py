# SPDX-License-Identifier: GPL-2.0-only
"""The guest's side of the migration tests: answers requests, a line of JSON
each, on a serial port. It is all the guest has for user space, beside a few
programs."""

import json
import os
import sys
import traceback
import tty

import flows
import state
from state import run

RED, BLUE, GREEN, YELLOW, OUTER = "red", "blue", "green", "yellow", "outer"
ADDRESS = {RED: "10.1.0.1", BLUE: "10.1.0.2", GREEN: "10.2.0.1", YELLOW: "10.2.0.2"}
VFS = (3, 1, 1)     # of each NIC
POLICY = (
    (0, 0, "mac 02:00:00:00:01:00"),
    (0, 0, "vlan 100 qos 3"),
    (0, 0, "spoofchk on"),
    (0, 0, "max_tx_rate 4000"),
    (0, 1, "mac 02:00:00:00:01:01"),
    (0, 1, "vlan 100 qos 3"),
    (0, 1, "trust on"),
    (0, 0, "query_rss on"),
    (0, 1, "query_rss on"),
    (0, 1, "min_tx_rate 50"),
    (0, 2, "mac 02:00:00:00:01:02"),
    (0, 2, "state enable"),
    (1, 0, "mac 02:00:00:00:02:00"),
    (2, 0, "mac 02:00:00:00:03:00"),
)
EXPECTED = ("VF 0: spoofed frame", "clocksource:", "hrtimer: interrupt took")
FIXED = "adaptive-rx off adaptive-tx off"
# Of the hosts' netdevs: rings, channels, moderation, steering
SETTINGS = (
    (RED, "-G {} rx 512 tx 256"),
    (RED, "-L {} combined 3"),
    (RED, "-C {} rx-usecs 60 tx-usecs 90"),
    (BLUE, "-L {} combined 4"),
    (BLUE, "-X {} equal 2"),
    (BLUE, "-X {} context new equal 4"),
    (BLUE, "-N {} flow-type udp4 dst-port 7000 action 3"),
    (BLUE, "-N {} flow-type tcp4 dst-port 7001 action 1"),
)


class Agent:
    """What is asked for is a method's name."""

    def __init__(self):
        self.pfs = state.find_pfs()
        self.hosts = []
        self.before = None  # state and statistics, see remember()
        self.flows = {}
        self.log = 0        # lines of the kernel log that setup() left

    def host(self, name, nic, vf):
        """Namespace @name gets that VF, as device @name."""
        dev = self.pfs[nic].vf(vf).netdev
        run(f"ip netns add {name}")
        run(f"ip link set {dev} netns {name} name {name}")
        if name in ADDRESS:
            run(f"ip -n {name} addr add {ADDRESS[name]}/24 dev {name}")
        run(f"ip -n {name} link set {name} up")
        self.hosts.append(name)

    def setup(self):
        """VFs with policies, settings of all kinds, traffic."""
        for pf, vfs in zip(self.pfs, VFS):
            run(f"ip link set {pf.netdev} up")
            pf.set_vfs(vfs)
        for nic, vf, what in POLICY:
            run(f"ip link set {self.pfs[nic].netdev} vf {vf} {what}")
        for name, nic, vf in ((RED, 0, 0), (BLUE, 0, 1), (GREEN, 0, 2), (YELLOW, 1, 0),
                              (OUTER, 2, 0)):
            self.host(name, nic, vf)
        # Moderation that adapts itself is no state to compare.
        for pf in self.pfs:
            run(f"ethtool -C {pf.netdev} {FIXED}")
        for name in self.hosts:
            run(f"ip netns exec {name} ethtool -C {name} {FIXED}")
        for name, what in SETTINGS:
            run(f"ip netns exec {name} ethtool " + what.format(name))
        self.pfs[0].clock.gain(100)
        for name in self.hosts:
            state.wait_for(f"carrier of {name}",
                           lambda name=name: state.carrier(name))
        flows.in_namespace(OUTER, flows.echo, OUTER)
        self.flows = {
            "datagrams": flows.Ticks(RED, BLUE, ADDRESS[BLUE], 7000),
            "stream": flows.Stream(BLUE, RED, ADDRESS[RED], 7001),
            "uplink": flows.Ticks(GREEN, YELLOW, ADDRESS[YELLOW], 7000),
        }
        self.log = len(state.kernel_log())

    def counts(self):
        """Of each flow."""
        return {name: flow.counts() for name, flow in self.flows.items()}

    def drain(self):
        """Names of flows that do not come to rest: frames are missing."""
        return [name for name, flow in self.flows.items() if not flow.drain(10)]

    def state(self):
        """All that must be the same."""
        out = {}
        for n, pf in enumerate(self.pfs):
            out[f"nic{n}"] = state.policy(pf)
            out[f"nic{n} registers"] = pf.registers()
            for vf in range(VFS[n]):
                out[f"nic{n} VF {vf} registers"] = pf.vf(vf).registers()
        for name in (RED, BLUE):
            out[name] = state.settings(name)
        for name in self.hosts:
            out[f"{name} link"] = state.link(name)
        return out

    def statistics(self):
        """Counters: none may go back."""
        out = {}
        for n, pf in enumerate(self.pfs):
            out |= {f"nic{n} {key}": value for key, value in state.counters(pf).items()}
        for name in (RED, BLUE):
            out |= {f"{name} {key}": value for key, value in state.ethtool_s(name).items()}
        return out

    def remember(self):
        """What is to be as it is, or more, in differences()."""
        self.before = self.state(), self.statistics()

    def differences(self):
        """What is not as it was; counters do not go back."""
        was, counted = self.before
        out = list(state.differences("", was, self.state()))
        now = self.statistics()
        return out + [f"{name}: {now.get(name)}, was {old}" for name, old in counted.items()
                      if now.get(name, -1) < old]

    def clock(self):
        """What the PTP clock of the first NIC shows."""
        return self.pfs[0].clock.now()

    def lead(self):
        """How far it is before the guest's own."""
        return self.pfs[0].clock.lead()

    def spoofed(self):
        """By how much the counter goes up when VF 0 sends one with a false
        source."""
        return state.spoof(self.pfs[0], 0, RED)

    def spoil(self):
        """Undo what setup() did to the hardware, for a snapshot to restore."""
        for pf in self.pfs:
            pf.clock.gain(-100)
            pf.set_vfs(0)
            run(f"ip link set {pf.netdev} down")

    def complaints(self):
        """What the kernel log has since setup(), but for what spoofed() does,
        for a time stamp counter that does not go back with a snapshot, and for
        a host that had no time."""
        return [line for line in state.kernel_log()[self.log:]
                if not any(known in line for known in EXPECTED)]


def answer(agent, request):
    """One request."""
    try:
        return {"return": getattr(agent, request["call"])()}
    except Exception:  # pylint: disable=broad-exception-caught
        return {"error": traceback.format_exc()}


def main():
    """Serve for ever."""
    port = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    agent = Agent()
    os.write(port, b"@ready\n")
    with open(port, "rb", buffering=0, closefd=False) as requests:
        pending = b""
        while True:
            pending += requests.read(256)
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                text = json.dumps(answer(agent, json.loads(line))).encode() + b"\n"
                while text:
                    text = text[os.write(port, text):]


if __name__ == "__main__":
    os.environ["PATH"] = "/usr/bin:/usr/sbin:/bin:/sbin"
    sys.exit(main())

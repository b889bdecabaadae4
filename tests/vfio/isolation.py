#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""One VF attacks, three others must not notice: see README.rst. TAP."""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kvm"))

# pylint: disable=wrong-import-position
from nested.cases import run_cases  # noqa: E402
from nested.guest import build_folder  # noqa: E402
from nested.net import Host  # noqa: E402
from nested.pci import SLOWER, find_pf, sh  # noqa: E402

PF_ADDRESS = "192.0.2.1"
LEFT, RIGHT = "10.9.0.1", "10.9.0.2"
VICTIM_VLAN = 99
SEED = 20261124
CASE_SECONDS = 300
IOMMUFD = "iommufd_"

# What the administrator sets for a case, and how it is taken back.
ADMINISTRATION = {
    "policy_fixed_address": ("mac 02:45:4d:55:00:aa", "mac 00:00:00:00:00:00"),
}

# Older kernels leave out the domain, which is 0.
FAULT = re.compile(r"DMAR:.*Request device \[(?:0000:)?([0-9a-f:.]+)\]")
# The kernel logs about three faults in five seconds and drops the others.
FAULT_WINDOW = 5.5

RATE_SECONDS = 0.3 * SLOWER


class KernelLog:
    """What the kernel logs from now on."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def new(self):
        lines = []
        while True:
            try:
                lines.append(os.read(self.fd, 8192).decode(errors="replace"))
            except BlockingIOError:
                return lines
            except BrokenPipeError:
                lines.append("(lines were lost)")

    @staticmethod
    def say(text):
        with open("/dev/kmsg", "w", encoding="ascii") as f:
            f.write(f"<3>emunic-test: {text}")


class Dialogue:
    """A program that answers each line with a line."""

    def __init__(self, *argv):
        self.process = subprocess.Popen([str(arg) for arg in argv], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line="go"):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} has ended")
        return answer.strip()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bystanders:
    """Two VFs in namespaces that exchange numbered frames all the time."""

    def __init__(self, program, left, right):
        self.left = Host("left", left.netdev(), LEFT)
        self.right = Host("right", right.netdev(), RIGHT)
        for here, there in ((self.left, self.right), (self.right, self.left)):
            mac = json.loads(there.ip(f"-j link show dev {there.dev}"))[0]["address"]
            here.ip(f"neigh replace {there.address} lladdr {mac} dev {here.dev} nud permanent")
        self.program = Dialogue(program, "left", LEFT, "right", RIGHT)

    def check(self):
        sent, lost = (int(word) for word in self.program.ask().split())
        assert sent, "the bystanders sent nothing"
        assert not lost, f"the bystanders lost {lost} of {sent} frames"

    @contextmanager
    def stream(self):
        """TCP from left to right, while it is open."""
        self.right.serve()
        sender = subprocess.Popen(["ip", "netns", "exec", "left", "iperf3", "-c", RIGHT,
                                   "-t", "1000"], stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            yield
        finally:
            sender.kill()
            sender.wait()

    def received(self):
        """Bytes that came to the right, by the counters of its namespace."""
        text = Path(f"/proc/{self.right.servers[-1].pid}/net/dev").read_text("ascii")
        return int(re.search(rf"{self.right.dev}:\s*(\d+)", text)[1])

    def rate(self):
        """Mbit/s for a short while."""
        start, before = time.monotonic(), self.received()
        time.sleep(RATE_SECONDS)
        return (self.received() - before) * 8e-6 / (time.monotonic() - start)

    def close(self):
        self.program.close()
        self.left.close()
        self.right.close()


class Lane:
    def __init__(self, seed):
        build = build_folder()
        self.seed = str(seed)
        self.attack = f"{build}/tests/vfio/attack"
        self.pf = find_pf()
        left, right, self.victim, self.attacker = self.pf.set_vfs(4)
        sh(f"ip link set {self.pf.dev} up; ip addr replace {PF_ADDRESS}/24 dev {self.pf.dev}")
        self.pf_mac = self.link()["address"]
        sh(f"ip link set {self.pf.dev} vf 2 vlan {VICTIM_VLAN}")
        sh("modprobe vfio-pci")
        for vf in (self.victim, self.attacker):
            vf.give_to("vfio-pci")
            assert vf.group_type().startswith("DMA"), vf.group_type()
        self.bystanders = Bystanders(f"{build}/tests/vfio/bystander", left, right)
        self.log = KernelLog()
        self.last_fault = 0

    def link(self):
        """What the PF's driver says, if it still does."""
        out = subprocess.run(["ip", "-j", "-d", "link", "show", "dev", self.pf.dev],
                             check=True, stdout=subprocess.PIPE, timeout=20).stdout
        return json.loads(out)[0]

    def policy(self):
        """That of the PF and of all VFs but the attacker."""
        link = self.link()
        return (link["address"], link["flags"],
                [vf for vf in link["vfinfo_list"] if vf["vf"] != 3])

    def cases(self):
        listed = subprocess.run([self.attack, "list"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        cases = [tuple(line.split()) for line in listed.splitlines()]
        # Where the kernel has both, what maps memory is also tried with iommufd.
        # It does not map BARs.
        if os.path.exists("/dev/iommu") and os.path.exists("/dev/vfio/devices"):
            cases += [(IOMMUFD + name, expected) for name, expected in cases
                      if name.startswith("dma_") and name != "dma_own_bar_mapped"]
        return cases

    def wait_for_the_log(self):
        """Until the kernel will log a fault again."""
        time.sleep(max(0, self.last_fault + FAULT_WINDOW - time.monotonic()))

    def check_faults(self, expected):
        text = self.log.new()
        names = [m[1] for line in text if (m := FAULT.search(line))]
        mine = self.attacker.address.removeprefix("0000:")
        if names:
            self.last_fault = time.monotonic()
            print(f"# {len(names)} DMA faults logged, of {', '.join(sorted(set(names)))}")
        assert not set(names) - {mine}, f"faults of {set(names)}, the attacker is {mine}"
        assert names or expected != "faults", "no DMA fault was logged"
        assert not names or expected != "none", "DMA faults where there should be none"

    def run_attack(self, name, expected):
        if expected == "faults":
            self.wait_for_the_log()
        setting, back = ADMINISTRATION.get(name, (None, None))
        if setting:
            self.set_attacker(setting)
        try:
            self.attack_and_look(name, expected)
        finally:
            if back:
                self.set_attacker(back)

    def set_attacker(self, what):
        sh(f"ip link set {self.pf.dev} vf 3 {what}")

    def attack_and_look(self, name, expected):
        self.log.new()
        before = self.policy()
        self.bystanders.check()
        way = ["iommufd"] if name.startswith(IOMMUFD) else []
        done = subprocess.run(
            [self.attack, *way, self.attacker.address, self.victim.address, self.pf_mac,
             PF_ADDRESS, name.removeprefix(IOMMUFD), self.seed],
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=CASE_SECONDS)
        print(done.stdout, end="")
        failed = []
        for check in (self.bystanders.check, lambda: self.check_faults(expected),
                      lambda: self.check_policy(before)):
            try:
                check()
            except Exception as exc:  # pylint: disable=broad-exception-caught
                failed.append(f"{type(exc).__name__}: {exc}")
        print("".join(f"# {line}\n" for line in failed), end="")
        assert not failed and done.returncode == 0, f"status {done.returncode}"

    def check_policy(self, before):
        after = self.policy()
        assert after == before, f"policy was {before}, is {after}"

    def close(self):
        self.bystanders.close()
        for vf in (self.victim, self.attacker):
            vf.give_to("emunic")
        (self.pf.path / "sriov_numvfs").write_text("0")


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("case", nargs="*", help="glob of the cases to run; all by default")
    return parser.parse_args()


def main():
    opt = options()
    lane = Lane(opt.seed)
    cases = [(name, lambda n=name, e=expected: lane.run_attack(n, e))
             for name, expected in lane.cases()]
    cases = [case for case in cases
             if not opt.case or any(fnmatchcase(case[0], glob) for glob in opt.case)]
    lane.log.say("expect DMAR")
    return run_cases(lane, cases, f"seed {opt.seed}")


if __name__ == "__main__":
    sys.exit(main())

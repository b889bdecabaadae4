# SPDX-License-Identifier: GPL-2.0-only
"""A KVM guest inside the VM, with a VF and nothing else to talk through.

The guest runs a script and answers on its console: a line "@key value" each,
or "@key<" and "@key>" around an answer of several lines."""

import os
import re
import subprocess
import tempfile
import threading

from .net import iperf_result, ping_result
from .pci import sh, wait_for

PROLOGUE = """
ask() { # ask KEY CMD…: the output of CMD is the answer to KEY
	key=$1
	shift
	echo "@$key<"
	"$@" 2>&1
	echo "@$key>"
}
until [ -e /sys/class/net/eth0 ]; do usleep 50000; done
echo "@mac $(cat /sys/class/net/eth0/address)"
echo "@driver $(basename "$(readlink /sys/class/net/eth0/device/driver)")"
ip addr add {address}/24 dev eth0
ip link set eth0 up
until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do usleep 50000; done
echo "@up $(cut -d' ' -f1 /proc/uptime)"
"""

EXCHANGE = """
ask ping ping -c 5 -w 30 {peer}
ask send iperf3 -J -c {peer} -t 3
ask receive iperf3 -J -c {peer} -t 3 -R
echo "@done"
"""

ENDLESS = """
echo "@sending"
iperf3 -c {peer} -t 1000
"""


def build_folder():
    """The build folder as the VM sees it, from where it found its modules."""
    for line in open("/proc/self/mountinfo", encoding="utf-8"):
        if " /lib/modules/" in line or " /usr/lib/modules/" in line:
            lower = line.split("lowerdir=")[1].split(":")[0]
            return lower.split("/modules/")[0]
    raise RuntimeError("the modules of the VM come from nowhere")


def guest_kernel():
    """Release of the kernel that the guest runs: the VM's own. Where that has
    checkers, a second one inside it would find nothing that the first does not,
    and take its time."""
    release = os.uname().release
    if "-emunic-" not in release:
        return release
    with open(f"{build_folder()}/state/kernel.stable", encoding="ascii") as f:
        return f.read().strip()


def load_kvm():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        flags = f.read()
    if re.search(r"\bsvm\b", flags):
        sh("modprobe kvm_amd")
    elif re.search(r"\bvmx\b", flags):
        sh("modprobe kvm_intel")
    else:
        raise RuntimeError("the VM's CPU has neither SVM nor VMX for a guest in it: "
                           "EMUNIC_ACCEL=tcg emulates one that has")


class Guest:
    def __init__(self, vf, address, peer, script=EXCHANGE, memory="512M"):
        load_kvm()
        release = guest_kernel()
        text = PROLOGUE.replace("{address}", address) + script.replace("{peer}", peer)
        with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as f:
            f.write(text)
        self.argv = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-machine", "q35", "-accel", "kvm", "-cpu", "host",
            "-m", memory, "-kernel", f"/boot/vmlinuz-{release}",
            "-initrd", f"{build_folder()}/initramfs/{release}/guest.cpio",
            "-append", "console=ttyS0 quiet loglevel=4 panic=-1 "
                       "no_timer_check",
            "-fw_cfg", f"name=opt/emunic/script,file={f.name}",
            "-device", f"vfio-pci,host={vf.address}",
            "-serial", "stdio"]
        self.lines = []
        self.answers = {}
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        open_key = None
        for line in self.process.stdout:
            line = line.rstrip("\r\n")
            self.lines.append(line)
            if line.startswith("@") and line.endswith("<"):
                open_key, body = line[1:-1], []
            elif open_key and line == f"@{open_key}>":
                self.answers[open_key] = "\n".join(body)
                open_key = None
            elif open_key:
                body.append(line)
            elif line.startswith("@"):
                key, _, value = line[1:].partition(" ")
                self.answers[key] = value

    def wait_for(self, what, test, seconds):
        """Something that the guest is to do; its last words if it does not."""
        try:
            wait_for(what, test, seconds)
        except TimeoutError as exc:
            raise TimeoutError(f"{exc}; the guest's last lines:\n{self.tail()}") from None

    def answer(self, key, seconds=90.0):
        """What the guest says to @key, waited for while it lives."""
        def there():
            return key in self.answers or not self.reader.is_alive()
        self.wait_for(f"the guest's {key}", there, seconds)
        if key not in self.answers:
            raise RuntimeError(f"the guest ended before it said {key}, QEMU with "
                               f"status {self.wait()}:\n{self.tail()}")
        return self.answers[key]

    def ping(self):
        return ping_result(self.answer("ping"))

    def iperf(self, direction):
        return iperf_result(self.answer(direction))

    def tail(self, count=30):
        return "\n".join(self.lines[-count:])

    def alive(self):
        return self.process.poll() is None

    def wait(self, seconds=60):
        """QEMU's exit status."""
        status = self.process.wait(seconds)
        self.reader.join(10)
        return status

    def kill(self):
        self.process.kill()
        return self.wait()

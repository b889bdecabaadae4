# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU that can migrate: its machine, its monitor, and the agent in its
guest."""

import ctypes
import json
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools/vm.d"))

# pylint: disable=wrong-import-position
import cmdline  # noqa: E402

PR_SET_PDEATHSIG = 1
DISK_SIZE = 1 << 30
SCRIPT = "exec python3 /migration/agent.py\n"


def die_with_parent():
    """No QEMU outlives the test."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Lines:
    """JSON messages, one a line, on a Unix socket of QEMU's."""

    def __init__(self, path, process):
        end = time.monotonic() + 30
        self.sock = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.sock.connect(str(path))
                break
            except OSError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.02)
        self.pending = b""

    def send(self, message):
        """One message."""
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds):
        """The next one; TimeoutError."""
        return json.loads(self.line(seconds))

    def line(self, seconds):
        """The next line, as it is."""
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            data = self.sock.recv(65536)
            if not data:
                raise RuntimeError("QEMU has closed the connection")
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        return line


class Machine:
    """One QEMU process. All of them in @folder are the same machine, of which
    one runs at a time; those with @incoming wait for its state."""

    def __init__(self, opt, folder, name, incoming=False):
        self.opt = opt
        self.folder = folder
        self.name = name
        self.events = []    # (time in s, name), all so far
        self.disk = False
        argv, env = self.command(incoming)
        self.log = open(folder / f"{name}.log", "wb")
        self.process = subprocess.Popen(argv, env=env, preexec_fn=die_with_parent,
                                        stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        self.monitor = Lines(self.path("qmp"), self.process)
        self.monitor.receive(30)
        self.qmp("qmp_capabilities")
        self.agent = Lines(self.path("agent"), self.process)

    def path(self, what):
        """A file of this process."""
        return self.folder / f"{self.name}.{what}"

    def command(self, incoming):
        """QEMU's command line. The outside is a Unix socket that the peer has."""
        opt = Namespace(cpus=2, memory="448M", iommu="intel", nics=3, max_vfs=4,
                        nic_arg=[], nested="off", kernel=self.opt.kernel,
                        build=str(self.opt.build))
        path, env = cmdline.binary(opt)
        script = self.folder / "script"
        script.write_text(SCRIPT)
        argv = [path, *cmdline.BARE, *cmdline.machine(opt), *cmdline.nics(opt)]
        argv += ["-netdev", "dgram,id=outside,local.type=unix,"
                 f"local.path={self.path('net')},remote.type=unix,"
                 f"remote.path={self.folder}/peer.net",
                 "-netdev", "hubport,id=outport,hubid=1,netdev=outside",
                 "-kernel", f"{opt.build}/root/boot/vmlinuz-{self.opt.kver}",
                 "-initrd", str(self.opt.image),
                 "-append", " ".join([*cmdline.words(opt), "rdinit=/init"]),
                 "-fw_cfg", f"name=opt/emunic/script,file={script}",
                 "-chardev", f"file,id=console,path={self.folder}/console,append=on",
                 "-serial", "chardev:console",
                 "-chardev", f"socket,id=agent,path={self.path('agent')},server=on,wait=off",
                 "-serial", "chardev:agent",
                 "-qmp", f"unix:{self.path('qmp')},server=on,wait=off"]
        if incoming:
            argv += ["-incoming", "defer"]
        return argv, env

    def qmp(self, command, seconds=60, **arguments):
        """Run a command of QEMU's monitor."""
        self.monitor.send({"execute": command, "arguments":
                           {key.replace("_", "-"): value for key, value in arguments.items()}})
        while True:
            message = self.monitor.receive(seconds)
            if "event" in message:
                self.note(message)
            elif "error" in message:
                raise RuntimeError(f"{self.name}: {command}: {message['error']['desc']}")
            else:
                return message["return"]

    def note(self, message):
        """An event."""
        at = message["timestamp"]
        self.events.append((at["seconds"] + at["microseconds"] / 1e6, message["event"]))

    def event(self, name, since, seconds=60):
        """When the first one of that name was after @since, waited for."""
        end = time.monotonic() + seconds
        while True:
            for at, event in self.events:
                if event == name and at > since:
                    return at
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name}: no {name} within {seconds} s")
            self.qmp("query-name")
            time.sleep(0.02)

    def hmp(self, line):
        """A command for people; what it says is an error."""
        text = self.qmp("human-monitor-command", 120, command_line=line).strip()
        if text:
            raise RuntimeError(f"{self.name}: {line}: {text}")

    def booted(self, seconds=180):
        """Wait for the agent; what comes before it is the firmware's."""
        while b"@ready" not in self.agent.line(seconds):
            pass

    def ask(self, call, seconds=90):
        """Have the agent do it."""
        self.agent.send({"call": call})
        answer = self.agent.receive(seconds)
        if "error" in answer:
            raise RuntimeError(f"{call}: {answer['error']}")
        return answer["return"]

    def migrated(self, seconds=120):
        """Wait for the end of a migration."""
        end = time.monotonic() + seconds
        while True:
            info = self.qmp("query-migrate")
            status = info.get("status")
            if status == "completed":
                return info
            if status in ("failed", "cancelled"):
                raise RuntimeError(f"{self.name}: migration {status}: "
                                   f"{info.get('error-desc', self.words())}")
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name}: migration is {status} after {seconds} s")
            time.sleep(0.02)

    def words(self):
        """What QEMU itself has written."""
        return (self.folder / f"{self.name}.log").read_text(errors="replace").strip()

    def add_disk(self):
        """Something that snapshots can be kept in; no device has it."""
        if self.disk:
            return
        path = str(self.path("qcow2"))
        self.job("blockdev-create", options={"driver": "file", "filename": path, "size": 0})
        self.qmp("blockdev-add", driver="file", filename=path, node_name="file")
        self.job("blockdev-create",
                 options={"driver": "qcow2", "file": "file", "size": DISK_SIZE})
        self.qmp("blockdev-add", driver="qcow2", file="file", node_name="disk")
        self.disk = True

    def job(self, command, seconds=120, **arguments):
        """A command that goes on in the background."""
        self.qmp(command, job_id="job", **arguments)
        end = time.monotonic() + seconds
        while True:
            job = next(j for j in self.qmp("query-jobs") if j["id"] == "job")
            if job["status"] == "concluded":
                break
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name}: {command}: not within {seconds} s")
            time.sleep(0.02)
        self.qmp("job-dismiss", id="job")
        if "error" in job:
            raise RuntimeError(f"{self.name}: {command}: {job['error']}")

    def snapshot(self, load=False):
        """Save the machine, or go back to what was saved."""
        if load:
            self.qmp("stop")
        self.job("snapshot-load" if load else "snapshot-save", tag="emunic",
                 vmstate="disk", devices=["disk"])
        if load:
            self.qmp("cont")

    def close(self):
        """End of the process."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        for what in ("qmp", "agent", "net", "qcow2"):
            self.path(what).unlink(missing_ok=True)

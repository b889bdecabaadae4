# SPDX-License-Identifier: GPL-2.0-only
"""A running QEMU and the streams between it and the caller.

Standard input, output and error of COMMAND are virtio ports, each a socket
pair: nothing on the way changes a byte. The console is another socket pair,
or the terminal itself for an interactive shell. QEMU's monitor is a virtio
port too, for whoever in the VM wants to do something to its hardware. A VM that
has gone to sleep is woken from here."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import time

CHUNK = 65536
TAIL_BYTES = 65536
TAIL_LINES = 40
PR_SET_PDEATHSIG = 1


class Timeout(Exception):
    """The VM was not done in time."""


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    def __init__(self, argv, env, log, interactive, console_fd):
        self.argv = list(argv)
        self.env = env
        self.log = log
        self.interactive = interactive
        self.console_fd = console_fd
        self.console = b""
        self.theirs = []
        self.out = {}       # our end of a stream -> what to do with its bytes
        self.stdin = None   # our end of COMMAND's standard input
        self.pending = b""  # read from the caller, not yet taken by QEMU
        self.fds = []
        self.monitor()
        self.waker()
        if interactive:
            log = ""
            if console_fd is not None:
                self.fds.append(console_fd)
                log = f",logfile=/proc/self/fd/{console_fd}"
            self.argv += ["-chardev", f"stdio,id=console,signal=off{log}",
                          "-serial", "chardev:console"]
        else:
            self.command_streams()

    def pair(self, name):
        ours, theirs = socket.socketpair()
        self.theirs.append(theirs)
        self.argv += ["-chardev", f"socket,id={name},fd={theirs.fileno()}"]
        return ours

    def port(self, name):
        self.argv += ["-device", f"virtserialport,chardev={name},name=emunic.{name}"]

    def monitor(self):
        """Both ends of this pair are QEMU's."""
        end = self.pair("hmp")
        self.theirs.append(end)
        self.argv += ["-mon", "chardev=hmp,mode=readline",
                      "-chardev", f"socket,id=monitor,fd={end.fileno()}"]
        self.port("monitor")

    def waker(self):
        """Wake the VM when it has reached S3. An alarm that it sets itself comes
        too early if it is slow to get there, and then never again."""
        qmp = self.pair("qmp")
        self.argv += ["-mon", "chardev=qmp,mode=control"]
        pending = b""

        def take(data):
            nonlocal pending
            *messages, pending = (pending + data).split(b"\n")
            for message in map(json.loads, messages):
                if "QMP" in message:
                    execute(qmp, "qmp_capabilities")
                elif message.get("event") == "SUSPEND":
                    execute(qmp, "system_wakeup")

        self.out[qmp] = take

    def command_streams(self):
        self.out[self.pair("console")] = self.take_console
        self.argv += ["-serial", "chardev:console"]
        for name in ("stdin", "stdout", "stderr"):
            ours = self.pair(name)
            self.port(name)
            if name == "stdin":
                self.stdin = ours
                ours.setblocking(False)
            else:
                fd = 1 if name == "stdout" else 2
                self.out[ours] = lambda data, fd=fd: write_all(fd, data)

    def take_console(self, data):
        self.console = (self.console + data)[-TAIL_BYTES:]
        if self.console_fd is not None:
            write_all(self.console_fd, data)

    def console_tail(self):
        lines = self.console.decode(errors="replace").replace("\r", "").splitlines()
        return "".join(f"    {line}\n" for line in lines[-TAIL_LINES:])

    def run(self, timeout):
        """QEMU's exit status, once all that it wrote has been passed on."""
        deadline = time.monotonic() + timeout if timeout else None
        # QEMU's own words are no part of COMMAND's output.
        with open(self.log, "ab") as log, subprocess.Popen(
                self.argv, env=self.env, preexec_fn=die_with_parent,
                stdin=None if self.interactive else subprocess.DEVNULL,
                stdout=None if self.interactive else log, stderr=log,
                pass_fds=self.fds + [s.fileno() for s in self.theirs]) as qemu:
            for sock in self.theirs:
                sock.close()
            try:
                while self.out:
                    self.pump(deadline)
                return qemu.wait(remaining(deadline))
            except subprocess.TimeoutExpired as exc:
                raise Timeout from exc
            finally:
                qemu.kill()

    def pump(self, deadline):
        read = list(self.out)
        write = []
        if self.stdin and self.pending:
            write.append(self.stdin)
        elif self.stdin:
            read.append(0)
        ready, writable, _ = select.select(read, write, [], remaining(deadline))
        if not ready and not writable:
            raise Timeout
        if writable:
            self.feed()
        for source in ready:
            if source == 0:
                self.read_stdin()
            else:
                self.pass_on(source)

    def pass_on(self, source):
        try:
            data = source.recv(CHUNK)
        except ConnectionResetError:
            data = b""
        if data:
            self.out[source](data)
        else:
            del self.out[source]

    def read_stdin(self):
        try:
            self.pending = os.read(0, CHUNK)
        except OSError:
            self.pending = b""
        if not self.pending:
            # Only our direction: QEMU would drop unread bytes on a full close.
            self.stdin.shutdown(socket.SHUT_WR)
            self.out[self.stdin] = lambda data: None
            self.stdin = None

    def feed(self):
        try:
            sent = self.stdin.send(self.pending)
            self.pending = self.pending[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self.stdin = None


def execute(qmp, command):
    try:
        qmp.sendall(json.dumps({"execute": command}).encode() + b"\n")
    except OSError:
        pass    # QEMU has ended


def remaining(deadline):
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]

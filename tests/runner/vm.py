# SPDX-License-Identifier: GPL-2.0-only
"""A lane of programs in one VM. in-vm runs them there and frames the output of
each; a VM that dies costs the program it died in, the rest gets another."""

import subprocess
import threading
import time

from . import console, tap
from .config import BUILD, KERNEL, SELFTESTS, SLOWER, TOP, TRIES

FRAME = "@@ "
# A machine too busy to keep an emulated one's time may leave it without timers
# when it boots. It gets another chance, once, and the end of the report says so.
BOOT_TIMEOUT = 180 * SLOWER
# in-vm ends a program at its limit, unless the VM's clock has stopped.
GRACE = 60 * SLOWER
# What the debug kernel has collected, asked for at the end of its life.
LEAKS = TOP / "tests/kernel/leaks.sh"


class Watchdog:
    """Ends the VM if nothing comes from it in time."""

    def __init__(self, vm):
        self.vm = vm
        self.timer = None

    def set(self, seconds):
        """From now on; for ever without @seconds."""
        if self.timer:
            self.timer.cancel()
        self.timer = threading.Timer(seconds, self.vm.terminate) if seconds else None
        if self.timer:
            self.timer.start()


class VmLane:
    # Where logs go, what starts the VM, and what runs programs in it.
    out = BUILD / "tests"
    tools_vm = (TOP / "tools/vm",)
    in_vm = (TOP / "tests/runner/in-vm", BUILD, SELFTESTS, str(SLOWER))

    def __init__(self, report, name, options, part=""):
        self.report = report
        self.name = name
        self.part = part    # tells apart lanes that share the programs of @name
        self.options = options
        self.boots = 0
        self.stuck = False  # one VM has not booted
        self.again = []     # programs that have failed in this try

    def run(self, programs):
        todo = [p for p in programs if self.report.picks(self.name, p.name)]
        for left in reversed(range(TRIES)):
            self.again = []
            self.run_once(todo, not left)
            todo = self.again

    def run_once(self, todo, last):
        if todo:
            print(f"-- {self.name}: {len(todo)} programs in a VM, {KERNEL} kernel", flush=True)
        if todo and KERNEL == "debug" and LEAKS not in todo:
            todo = [*todo, LEAKS]
        while todo:
            done = self.boot(todo, last)
            todo = todo[done:]

    def boot(self, todo, last):
        """Boot one VM for @todo; how many of them are accounted for."""
        self.boots += 1
        console_path = self.out / f"{self.name}{self.part}.vm{self.boots}.console"
        argv = [*self.tools_vm, "--kernel", KERNEL, "--console", console_path,
                *self.options, "--", *self.in_vm, *todo]
        with subprocess.Popen(argv, cwd=TOP, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, errors="replace") as vm:
            watchdog = Watchdog(vm)
            watchdog.set(BOOT_TIMEOUT)
            done = self.follow(vm.stdout, todo, last, watchdog)
            watchdog.set(None)
        if done:
            self.check_console(console_path)
        return done

    def follow(self, stream, todo, last, watchdog):
        """Report programs as their frames come in."""
        done, lines, start, begun = 0, [], time.monotonic(), False
        for line in stream:
            if not line.startswith(FRAME):
                lines.append(line)
                continue
            word = line.split()
            if word[1] == "begin":
                watchdog.set(int(word[3]) + GRACE)
                lines, start, begun = [], time.monotonic(), True
            elif word[1] == "end":
                self.account(todo[done], int(word[2]), lines, start, last)
                watchdog.set(BOOT_TIMEOUT)
                done += 1
        if not begun and not self.stuck:
            self.stuck = True
            print(f"-- {self.name}: the VM does not boot, one more try", flush=True)
            self.report.again.append(f"{self.name}/boot")
            return 0
        if done < len(todo):
            lines.append("the VM ended during this test\n")
            self.account(todo[done], -1, lines, start, last)
            done += 1
        if not begun:
            # It did not even boot, nor would it for the others.
            for program in todo[done:]:
                self.account(program, -1, ["the VM did not boot\n"], start, last)
            done = len(todo)
        return done

    def account(self, program, status, lines, start, last):
        text = "".join(lines)
        (self.out / f"{self.name}.{program.name}.log").write_text(text, encoding="utf-8")
        if not self.report.add(f"{self.name}/{program.name}", tap.parse(text, status),
                               time.monotonic() - start, text, last):
            self.again.append(program)

    def check_console(self, path):
        """The console is a test case of its own."""
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        outcome = tap.Outcome()
        for where, line in console.offences(text):
            outcome.fail(f"during {where}: {line}")
        if not outcome.failed:
            outcome.passed = 1
        self.report.add(f"{self.name}/console", outcome, 0, text)

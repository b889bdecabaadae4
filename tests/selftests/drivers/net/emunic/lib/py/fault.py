# SPDX-License-Identifier: GPL-2.0
"""
Memory that runs out where the driver asks for it: failslab and fail_page_alloc,
see Documentation/fault-injection/fault-injection.rst. Only what has the driver
on its stack fails, whether the driver allocates itself or what it calls does.
"""

import functools
import re
from contextlib import contextmanager
from pathlib import Path

from net.lib.py import CmdExitFailure, KsftSkipEx, defer, ksft_ge, ksft_pr

from .klog import KernelLog

DEBUGFS = Path("/sys/kernel/debug")
KINDS = ("failslab", "fail_page_alloc")
NTH = Path("/proc/thread-self/fail-nth")
PRINTK = Path("/proc/sys/kernel/printk")
MODULES, SYMBOLS = Path("/proc/modules"), Path("/proc/kallsyms")
# Frames of the stack that are looked at, the most the kernel can
DEPTH = 32
# More than any case brings about
MANY = 1 << 20
# A place of the driver that has failed so often, since what it calls allocates
# many times, is gone over in leaps.
OFTEN = 3

FRAME = re.compile(r"(\w[\w.]*\+0x[0-9a-f]+)/0x[0-9a-f]+ \[emunic\]$")
HEAD, TAIL = "FAULT_INJECTION: forcing a failure", "</TASK>"
# The kernel does not name what allocates with __GFP_NOWARN.
SILENT = "silent"


def _all_kinds():
    """Names of all that the kernel can have fail below a driver."""
    return [path.parent.name for path in DEBUGFS.glob("fail*/require-start")]


def _text():
    """Addresses of the driver's code: the first, and one behind the last."""
    for line in MODULES.read_text().splitlines():
        name, size, _, _, _, start = line.split()[:6]
        if name == "emunic":
            return int(start, 16), int(start, 16) + int(size)
    raise KsftSkipEx("the driver is no module")


@functools.lru_cache()
def _function(wanted):
    """Addresses of a function of the kernel: the first, and one behind the last."""
    start = None
    with SYMBOLS.open(encoding="ascii") as symbols:
        for line in symbols:
            address, _, name, *_ = line.split()
            if start and int(address, 16) > start:
                return start, int(address, 16)
            if name == wanted:
                start = int(address, 16)
    return 0, 0


def _places(lines):
    """The place of each failure in the log: the innermost function of the driver
    on the stack, and the offset in it."""
    within = None
    for line in lines:
        if HEAD in line:
            within = SILENT
        elif within and TAIL in line:
            yield within
            within = None
        elif within == SILENT and (frame := FRAME.match(line)):
            within = frame[1]


class Faults:
    """
    Failures to order, until the case ends, but none below the function @spared. If
    not told otherwise, kmemleak's: it allocates for each allocation of others, has
    reserves of its own, and would be all that fails half of the time.
    """
    def __init__(self, spared="__alloc_object"):
        if not (DEBUGFS / KINDS[0] / "require-start").exists():
            raise KsftSkipEx("no failures below a driver in this kernel")
        self.number = 0
        self.budget = 0
        self.places = []
        self.log = KernelLog()
        defer(self._close)
        require, reject = _text(), _function(spared)
        # Of all kinds, lest another one takes what was ordered for these.
        self._set({"stacktrace-depth": DEPTH,
                   "require-start": hex(require[0]), "require-end": hex(require[1]),
                   "reject-start": hex(reject[0]), "reject-end": hex(reject[1])},
                  _all_kinds())
        self._set({"probability": 0, "interval": 1, "space": 0, "verbose": 2,
                   "task-filter": "N", "ignore-gfp-wait": "N"})
        (DEBUGFS / "failslab/cache-filter").write_text("N")
        (DEBUGFS / "fail_page_alloc/min-order").write_text("0")
        # Their stacks are for us, not for the console, where they take long.
        levels = PRINTK.read_text()
        defer(PRINTK.write_text, levels)
        PRINTK.write_text(re.sub(r"^(\d+)\s+\d+", r"\1 7", levels))

    @staticmethod
    def _set(values, kinds=KINDS):
        for kind in kinds:
            for name, value in values.items():
                (DEBUGFS / kind / name).write_text(str(value))

    def _close(self):
        self._set({"probability": 0, "verbose": 0})
        self._set({"require-start": 0, "require-end": hex((1 << 64) - 1),
                   "reject-start": 0, "reject-end": 0}, _all_kinds())
        self.log.close()

    @property
    def failed(self):
        """Allocations that failed since the last order."""
        return sum(self.budget - int((DEBUGFS / kind / "times").read_text())
                   for kind in KINDS)

    def _order(self, times):
        """No more than @times of each kind are to fail."""
        self._seen()
        self.budget = times
        self._set({"times": times})

    def _seen(self):
        """Places in the log since the last call."""
        return list(_places(self.log.lines()))

    def command(self, run, text):
        """A command, by cmd() or a host's, in which fails what is ordered."""
        run(f"echo {self.number} > /proc/self/fail-nth; exec {text}", shell=True)

    def once(self, number, operation):
        """
        Have allocation @number of @operation fail, counted from 1: of what this
        process does itself, or command() does. The error, if there was one, and
        the place, if there were so many.
        """
        self._order(MANY)
        error = None
        self.number = number
        NTH.write_text(str(number))
        try:
            operation()
        except TimeoutError:
            raise
        except (OSError, CmdExitFailure) as e:
            error = e
        finally:
            NTH.write_text("0")
            self.number = 0
        if not self.failed:
            return error, None
        return error, next(iter(self._seen()), SILENT)

    def each(self, what, operation, after, least):
        """
        Have each allocation of @operation fail, one at a time, until none is
        left; it is an error if those are not in @least places. After each,
        after(error, new) makes sure that the same works now, and undoes it; @new
        says that the place is.
        """
        walk = Walk()
        errors = 0
        while walk.number:
            error, place = self.once(walk.number, operation)
            errors += error is not None
            after(error, walk.is_new(place))
            walk.went(place)
        ksft_pr(f"{what}: {walk}, {errors} errors")
        ksft_ge(len(walk.named), least, f"{what}: places that failed")
        if not place and error:
            raise error

    @contextmanager
    def at_random(self, percent, times=MANY, kinds=KINDS):
        """Meanwhile so many percent of these kinds fail, in whatever context. If
        @times is given, no more than so many of each, and @places has them then."""
        self._order(times)
        self._set({"verbose": 0 if times == MANY else 2, "probability": percent},
                  kinds)
        try:
            yield self
        finally:
            self._set({"probability": 0, "verbose": 2})
            self.places = self._seen()


class Walk:
    """Which allocation of an operation fails next: @number, 0 at the end."""
    def __init__(self):
        self.number = 1
        self.seen = {}
        self.last = None
        self.step = 1
        self.back = False   # the last leap was too far

    def __str__(self):
        total = max((n for n, place in self.seen.items() if place), default=0)
        tried = sum(place is not None for place in self.seen.values())
        return f"{tried} of {total} allocations failed, in " \
            f"{len(self.named)} places: {' '.join(sorted(self.named))}"

    @property
    def named(self):
        """Different places so far."""
        return {p for p in self.seen.values() if p} - {SILENT}

    def is_new(self, place):
        """Has it not failed before?"""
        return place is not None and place not in self.seen.values()

    def went(self, place):
        """The place of the one that has just failed, None if there is none."""
        self.seen[self.number] = place
        while self.number in self.seen and self.number:
            self._go_on(self.seen[self.number])

    def _go_on(self, place):
        at = self.number - self.step
        if place == SILENT and self.step == 1:
            place = self.last or SILENT
        if place and place == self.last:
            at = self.number
            if self.back:
                self.step = max(self.step // 2, 1)
            elif list(self.seen.values()).count(place) >= OFTEN:
                self.step *= 2
        elif self.step > 1:
            self.back = True
            self.step //= 2
        elif place is None:
            self.number = 0
            return
        else:
            at = self.number
            self.last, self.back = place, False
        self.number = at + self.step

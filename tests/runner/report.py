# SPDX-License-Identifier: GPL-2.0-only
"""Which programs run, and what they came to together."""

import threading
from fnmatch import fnmatchcase
from pathlib import PurePath

from .config import TOP

SHOWN_LINES = 150


def declared_skips(path):
    """PROGRAM and CASE globs of the skips that are no failure."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(None, 1)) for line in lines
            if line.strip() and not line.startswith("#")]


class Report:
    def __init__(self, tests, skips=TOP / "tests/skips"):
        self.globs = tests.split()
        self.skips = declared_skips(skips)
        self.passed = self.failed = self.skipped = self.ran = 0
        self.again = []     # programs that failed and get another try
        self.bad = []       # those that failed, and how
        self.lock = threading.Lock()    # of all but @globs and @skips

    def picks(self, lane, name):
        names = (lane, name, PurePath(name).stem, f"{lane}/{name}",
                 f"{lane}/{PurePath(name).stem}")
        return not self.globs or any(fnmatchcase(n, g) for n in names for g in self.globs)

    def declared(self, name, case):
        return any(fnmatchcase(name, p) and fnmatchcase(case, c) for p, c in self.skips)

    def add(self, name, outcome, seconds, text, last=True):
        """Count what a program came to and show it. False: it failed, and since
        this was not its @last try, only the next one counts."""
        outcome.passed += len(outcome.expected)
        for case in outcome.skipped[:]:
            if not self.declared(name, case):
                outcome.skipped.remove(case)
                outcome.fail(f"skipped, which tests/skips does not declare: {case}")
        counts = last or not outcome.failed
        with self.lock:
            self.count(name, outcome, counts)
            self.show(name, outcome, seconds, text)
        return counts

    def count(self, name, outcome, counts):
        if not counts:
            self.again.append(name)
            return
        self.ran += 1
        self.passed += outcome.passed
        self.failed += outcome.failed
        self.skipped += len(outcome.skipped)
        self.bad += [f"{name}: {note}" for note in outcome.notes if outcome.failed]

    @staticmethod
    def show(name, outcome, seconds, text):
        print(f"{name:34} {outcome.passed:4} ok  {outcome.failed:3} failed"
              f"  {len(outcome.skipped):3} skipped  {seconds:6.1f} s", flush=True)
        if outcome.failed:
            for note in outcome.notes:
                print(f"    {note}")
            for line in text.splitlines()[-SHOWN_LINES:]:
                print(f"    | {line}")

    @property
    def status(self):
        """Of a command that was to run something: 0 if it did, and none failed."""
        return 0 if self.ran and not self.failed else 1

    def summary(self):
        for name in self.again:
            print(f"tried again: {name}")
        for what in self.bad:
            print(f"failed: {what}")
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

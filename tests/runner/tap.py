# SPDX-License-Identifier: GPL-2.0-only
"""Read the TAP output of one program."""

import re

RESULT = re.compile(r"(not )?ok\b\s*\d*\s*-?\s*(.*)")
PLAN = re.compile(r"1\.\.(\d+)")
SKIP = re.compile(r"#\s*SKIP\b", re.I)
EXPECTED = re.compile(r"#\s*(XFAIL|TODO)\b", re.I)
# What kselftest's Python library says before a failure, the last of it last.
REASON = re.compile(r"#\s*(?:Exception\|\s*)?"
                    r"((?:Check failed|\S*(?:Error|Exception|Failure):)\s.*)")

KSFT_SKIP = 4


class Outcome:
    """What a program's test cases came to; notes say what is wrong."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.expected = []  # failures that the program itself expects
        self.skipped = []
        self.notes = []

    def fail(self, note):
        self.failed += 1
        self.notes.append(note)


def parse(text, status):
    """The outcome of a program that wrote @text and ended with @status.

    A program that stopped before its plan was done, or that failed without
    saying which case did, has failed once more than it says."""
    out = Outcome()
    planned = done = 0
    reason = ""
    for line in text.splitlines():
        if match := PLAN.match(line):
            planned += int(match[1])
        elif match := REASON.match(line):
            reason = f" ({match[1].strip()})"
        elif match := RESULT.match(line):
            done += 1
            if SKIP.search(match[2]):
                out.skipped.append(match[2])
            elif EXPECTED.search(match[2]):
                out.expected.append(match[2])
            elif match[1]:
                out.fail(f"not ok {match[2]}{reason}")
            else:
                out.passed += 1
            reason = ""
    if done < planned:
        out.fail(f"{planned} cases planned, {done} reported")
    elif status == KSFT_SKIP and not done:
        out.skipped.append("the whole program")
    elif status not in (0, KSFT_SKIP) and not out.failed:
        out.fail(f"exit status {status}")
    elif not done:
        out.fail("no test case reported")
    return out

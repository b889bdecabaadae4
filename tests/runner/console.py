# SPDX-License-Identifier: GPL-2.0-only
"""What a console must not show. Programs mark their begin in the kernel log;
one that provokes a complaint says so there first."""

import re
import sys

from .config import SELFTESTS

sys.path.append(str(SELFTESTS / "lib/py"))

# pylint: disable=wrong-import-position
from splat import KNOWN  # noqa: E402

MARK = re.compile(r"emunic-test: (begin|end|expect) ?(.*)")
BAD = re.compile(r"RIP:|Call Trace:|BUG:|WARNING:|ref_tracker:|unreferenced object|"
                 r"blocked for more than|Kernel panic|UBSAN:|ODEBUG:|"
                 r"DMA-API: (?!preallocated|debugging)|INFO: (trying|task|rcu)|"
                 r"suspected memory leaks")
FAULT = re.compile(r"DMAR:.*fault", re.I)


def programs(text):
    """The console, as (program, what it expects, its lines)."""
    where, expected, lines = "boot", [], []
    for line in text.splitlines():
        match = MARK.search(line)
        if match and match[1] == "expect":
            expected.append(match[2].strip())
        elif match:
            yield where, expected, lines
            expected, lines = [], []
            where = match[2].strip() if match[1] == "begin" else f"the end of {where}"
        else:
            lines.append(line)
    yield where, expected, lines


def offences(text):
    """Pairs of the program and the line it is to blame for."""
    for where, expected, lines in programs(text):
        for complaint in KNOWN:
            if complaint.name in expected:
                lines = complaint.left_out(lines)
        for line in lines:
            if BAD.search(line) or (FAULT.search(line) and "DMAR" not in expected):
                yield where, line.strip()

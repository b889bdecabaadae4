# SPDX-License-Identifier: GPL-2.0-only
"""What a console must not show. Programs mark their begin in the kernel log;
one that provokes DMA faults says so there first."""

import re

MARK = re.compile(r"emunic-test: (begin|end|expect) ?(.*)")
BAD = re.compile(r"RIP:|Call Trace:|BUG:|WARNING:|ref_tracker:|unreferenced object|"
                 r"blocked for more than|Kernel panic|UBSAN:|ODEBUG:|"
                 r"DMA-API: (?!preallocated|debugging)|INFO: (trying|task|rcu)|"
                 r"suspected memory leaks")
FAULT = re.compile(r"DMAR:.*fault", re.I)


def offences(text):
    """Pairs of the program and the line it is to blame for."""
    where, expected = "boot", ""
    for line in text.splitlines():
        if match := MARK.search(line):
            if match[1] == "begin":
                where, expected = match[2].strip(), ""
            elif match[1] == "end":
                expected = ""
            else:
                expected = match[2]
        elif BAD.search(line) or (FAULT.search(line) and "DMAR" not in expected):
            yield where, line.strip()

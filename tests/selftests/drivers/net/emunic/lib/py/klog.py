# SPDX-License-Identifier: GPL-2.0
"""The kernel log is part of every result."""

import functools
import os
import re
from pathlib import Path

from net.lib.py import KsftFailEx, ksft_run

BAD = re.compile(r"RIP:|Call Trace:|BUG:|WARNING:|ref_tracker:|"
                 r"unreferenced object|DMAR:.*fault|NETDEV WATCHDOG|"
                 r"UBSAN:|ODEBUG:|DMA-API: emunic")
KMSG = Path("/dev/kmsg")


class KernelLog:
    """What the kernel logs from now on."""
    def __init__(self):
        self.log = open(KMSG, "rb", buffering=0)
        os.set_blocking(self.log.fileno(), False)
        os.lseek(self.log.fileno(), 0, os.SEEK_END)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Enough of it."""
        self.log.close()

    def lines(self):
        """Those that came since the last call."""
        while True:
            try:
                record = self.log.read(8192)
            except BlockingIOError:
                return
            except BrokenPipeError:     # overwritten before it was read
                continue
            if not record:
                return
            yield record.decode(errors="replace").split(";", 1)[-1].strip()

    @staticmethod
    def announce(what):
        """Tell whoever reads the console later what is not to surprise them."""
        KMSG.write_text(f"<3>emunic-test: expect {what}\n")


def _quiet(case, allow, known):
    """Fail @case if it puts something into the kernel log that must not be;
    lines with @allow are what the case is about."""
    @functools.wraps(case)
    def run(*args):
        with KernelLog() as log:
            case(*args)
            lines = log.lines()
            for complaint in known:
                lines = complaint.left_out(lines)
            bad = [line for line in lines if BAD.search(line) and
                   not (allow and allow in line)]
        if bad:
            raise KsftFailEx("in the kernel log: " + bad[0])
    return run


def ksft_run_quiet(cases, args=(), allow=None, known=()):
    """ksft_run(), where a case that disturbs the kernel log fails, unless by
    lines with @allow, or by what splat.py knows, of which @known may come."""
    for complaint in known:
        KernelLog.announce(complaint.name)
    quiet = []
    for case in cases:
        if hasattr(case, "original_func"):      # made by ksft_variants()
            case = case._replace(original_func=_quiet(
                case.original_func, allow, known))
        else:
            case = _quiet(case, allow, known)
        quiet.append(case)
    ksft_run(quiet, args=args)

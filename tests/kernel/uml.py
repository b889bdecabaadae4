#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
`make kunit`: the driver's tests of itself, without a VM: kunit.py runs them in
the kernel that `tools/lab kunit` has built as a program (UML).

TESTS picks suites and cases as kunit.py does: 'emunic_ring', '*.*_gate*'. What
the kernel complains of meanwhile has failed, too. The last line counts the
cases: "N passed, N failed, N skipped".
"""

import json
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
from runner.config import BUILD, TESTS, TOP  # noqa: E402
from runner.console import offences  # noqa: E402

DEBUG = BUILD / "debug"
RESULTS = DEBUG / "um/results.json"
CONSOLE = DEBUG / "um/test.log"
TIMEOUT = 120


def complaints():
    """What was on the console while tests ran. Before that this kernel has
    something to say of its own, about a bus that has no devices."""
    text = CONSOLE.read_text(encoding="utf-8", errors="replace")
    return [line for _, line in offences(text.partition("KTAP version")[2])]


def main():
    RESULTS.unlink(missing_ok=True)
    CONSOLE.unlink(missing_ok=True)
    status = subprocess.run(
        [TOP / "tools/lab", "exec", "--", DEBUG / "src/tools/testing/kunit/kunit.py",
         "exec", "--build_dir", DEBUG / "um", "--timeout", str(TIMEOUT),
         f"--json={RESULTS}", TESTS or "emunic*"],
        check=False, stdin=subprocess.DEVNULL).returncode
    try:
        counts = json.loads(RESULTS.read_text(encoding="utf-8"))["misc"]
        console = complaints()
    except FileNotFoundError:
        counts = dict.fromkeys(("passed", "failed", "crashed", "errors", "skipped"), 0)
        console = []
    for line in console:
        print(f"console: {line}")
    failed = counts["failed"] + counts["crashed"] + counts["errors"] + len(console)
    if not failed and (status or not counts["passed"]):
        print(f"kunit.py ended with status {status}", file=sys.stderr)
        failed = 1
    print(f"{counts['passed']} passed, {failed} failed, {counts['skipped']} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

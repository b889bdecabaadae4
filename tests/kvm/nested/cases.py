# SPDX-License-Identifier: GPL-2.0-only
"""Cases in order, each on what the one before it left, and their TAP."""

import time
import traceback


def run_cases(lane, cases, comment=None):
    """Run pairs of a name and a function, then close @lane; the exit status.
    An assertion speaks for itself, anything else says where it came from."""
    print("TAP version 13")
    if comment:
        print(f"# {comment}")
    print(f"1..{len(cases)}")
    failed = 0
    try:
        for number, (name, run) in enumerate(cases, 1):
            start = time.monotonic()
            word = "ok"
            try:
                run()
            except Exception as exc:  # pylint: disable=broad-exception-caught
                failed += 1
                word = "not ok"
                text = str(exc) if isinstance(exc, AssertionError) and str(exc) else \
                    traceback.format_exc()
                print("".join(f"# {line}\n" for line in text.splitlines()), end="")
            print(f"# {time.monotonic() - start:.1f} s\n{word} {number} {name}", flush=True)
    finally:
        lane.close()
    return 1 if failed else 0

# SPDX-License-Identifier: GPL-2.0-only
"""Where things are, and what the caller asked for."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD") or TOP / "build").resolve()
KERNEL = os.environ.get("KERNEL") or "stable"
# The kernels that are ours, with checkers in them
CHECKED = KERNEL in ("debug", "kcsan")
# These cost time: limits are that many times what they are elsewhere.
SLOWER = 4 if CHECKED else 1
TESTS = os.environ.get("TESTS") or ""
SELFTESTS = TOP / "tests/selftests/drivers/net/emunic"
# How often a program that fails is tried: a busy machine is no reason to fail.
TRIES = int(os.environ.get("TRIES") or 1)
# How many lanes run at the same time. A VM waits for half of its time, most of it
# for the second that the kernel gives VFs to go; the checkers of the debug kernel
# do not.
JOBS = int(os.environ.get("JOBS") or (1 if CHECKED else min(4, (os.cpu_count() or 1) + 2)))

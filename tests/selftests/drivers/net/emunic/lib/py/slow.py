# SPDX-License-Identifier: GPL-2.0
"""What is waited for comes later on a machine that is known to be slow, as
kselftest's KSFT_MACHINE_SLOW says: a kernel full of checkers, emulated."""

import os

from net.lib import py as ksft

SLOWER = 4 if os.environ.get("KSFT_MACHINE_SLOW") == "yes" else 1


def patience(seconds):
    """How long it is right to wait for what else takes up to @seconds."""
    return seconds * SLOWER


def ksft_busy_wait(cond, sleep=0.005, deadline=1, comment=""):
    """kselftest's, with that patience."""
    ksft.ksft_busy_wait(cond, sleep=sleep, deadline=patience(deadline),
                        comment=comment)

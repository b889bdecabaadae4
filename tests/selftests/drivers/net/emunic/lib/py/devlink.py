# SPDX-License-Identifier: GPL-2.0
"""devlink instances of functions, and their health reporters."""

import json

from net.lib.py import cmd

from .pci import wait_for


def devlink(args, fail=True):
    """One devlink command; its answer, if it succeeded and gave one."""
    done = cmd(f"devlink -j {args}", fail=fail)
    return json.loads(done.stdout) if done.stdout.strip() else done


def devlink_handle(func):
    """What devlink calls a function."""
    return f"pci/{func.addr}"


class Reporter:
    """One health reporter of a function."""
    def __init__(self, func, name):
        self.handle = devlink_handle(func)
        self.args = f"{self.handle} reporter {name}"

    @property
    def status(self):
        """What `devlink health show` says of it."""
        return devlink(f"health show {self.args}")["health"][self.handle][0]

    @property
    def counts(self):
        """State, errors and recoveries."""
        status = self.status
        return status["state"], status["error"], status["recover"]

    def wait(self, *counts, deadline=10):
        """Wait for state, errors and recoveries."""
        wait_for(f"{self.args}: {counts}", lambda: self.counts == counts,
                 deadline)

    def set(self, what):
        """`devlink health set`."""
        devlink(f"health set {self.args} {what}")

    def recover(self):
        """`devlink health recover`."""
        devlink(f"health recover {self.args}")

    def diagnose(self):
        """What `devlink health diagnose` says."""
        return devlink(f"health diagnose {self.args}")

    def clear_dump(self):
        """Make room for the dump of the next error."""
        devlink(f"health dump clear {self.args}")

    def dump(self):
        """What was dumped at the first error, or now."""
        return devlink(f"health dump show {self.args}")

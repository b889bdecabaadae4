# SPDX-License-Identifier: GPL-2.0
"""
What happens to hardware, done by QEMU's monitor: a virtio port of the VM named
emunic.monitor, with HMP on it.
"""

import os
from pathlib import Path

from net.lib.py import KsftSkipEx, cmd

PORT = Path("/dev/virtio-ports/emunic.monitor")
PROMPT = b"\r\n(qemu) "
KEYBOARD = Path("/sys/bus/serio/devices/serio0/power/wakeup")


def monitor(command):
    """The answer to one HMP command; RuntimeError if it is an error."""
    if not PORT.exists():
        raise KsftSkipEx("no QEMU monitor in this machine")
    fd = os.open(PORT, os.O_RDWR)
    try:
        # Whatever an earlier opener left unread ends with this answer.
        _exchange(fd, "sync", b"unknown command: 'sync'" + PROMPT)
        answer = _exchange(fd, command, PROMPT)
    finally:
        os.close(fd)
    # Its echo comes first.
    text = answer.partition(b"\r\n")[2].removesuffix(PROMPT[2:]).decode()
    text = text.replace("\r", "").strip()
    if text.startswith(("Error:", "unknown command:", "Try \"help")):
        raise RuntimeError(f"{command}: {text}")
    return text


def _exchange(fd, command, end):
    os.write(fd, f"{command}\n".encode())
    out = b""
    while not out.endswith(end):
        out += os.read(fd, 4096)
    return out


def suspend(seconds=3):
    """Suspend the machine to idle, for @seconds or somewhat less."""
    if not PORT.exists():
        raise KsftSkipEx("nobody to wake this machine")
    cmd("modprobe -a i8042 atkbd", fail=False)
    KEYBOARD.write_text("enabled")
    Path("/sys/power/mem_sleep").write_text("s2idle")
    # The RTC cannot wake an emulated machine from this state, a key can. It
    # is pressed for that time, more than once: a release that comes before
    # everything is asleep does not count.
    for _ in range(5):
        monitor(f"sendkey shift {seconds * 1000}")
    Path("/sys/power/state").write_text("freeze")

# SPDX-License-Identifier: GPL-2.0
"""
What happens to hardware, done by QEMU's monitor: a virtio port of the VM named
emunic.monitor, with HMP on it.
"""

import os
from pathlib import Path

from net.lib.py import KsftSkipEx, cmd

from .slow import patience

PORT = Path("/dev/virtio-ports/emunic.monitor")
PROMPT = b"\r\n(qemu) "
POWER = Path("/sys/power/state")
SLEEP = Path("/sys/power/mem_sleep")
PM_ASYNC = Path("/sys/power/pm_async")
ALARM = Path("/sys/class/rtc/rtc0/wakealarm")
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


def _press_key(seconds):
    """Wakes from s2idle, which the RTC of an emulated machine cannot."""
    if not PORT.exists():
        raise KsftSkipEx("nobody to wake this machine")
    cmd("modprobe -a i8042 atkbd", fail=False)
    KEYBOARD.write_text("enabled")
    # More than once: a release that comes before all is asleep does not count.
    for _ in range(5):
        monitor(f"sendkey shift {seconds * 1000}")


def suspend(to="deep", seconds=3):
    """
    Suspend the machine to RAM, which takes all state of its devices and from
    which whoever runs it wakes it, else an alarm; or with "s2idle" only to idle,
    for @seconds or somewhat more.
    """
    if to not in SLEEP.read_text():
        raise KsftSkipEx(f"the platform has no {to}")
    SLEEP.write_text(to)
    if to == "s2idle":
        _press_key(seconds)
    else:
        ALARM.write_text(f"+{patience(20)}")
    try:
        POWER.write_text("mem")
    finally:
        # What has not come yet is not to wake the machine the next time.
        ALARM.write_text("0")
        if KEYBOARD.exists():
            KEYBOARD.write_text("disabled")

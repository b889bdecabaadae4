#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the scan of the console finds, and the complaints that it lets pass where
a program says so. TAP."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
from runner.console import offences  # noqa: E402
from splat import (PCIEHP_ORDER, PROC_ENTRY, PULLED_PF, UNLOCKED_REMOVAL,  # noqa: E402
                   UNCHECKED, UNTRACKED, WRONG_SUM)

UNLOCKED = """\
[   61.2] WARNING: drivers/pci/remove.c:128 at pci_stop_and_remove_bus_device+0x6c/0x80, CPU#1: sh/2
[   61.3] RIP: 0010:pci_stop_and_remove_bus_device+0x6c/0x80
[   61.4] Call Trace:
[   61.5]  <TASK>
[   61.6]  pci_iov_remove_virtfn+0x1b0/0x2f0
[   61.7]  pci_disable_sriov+0xa6/0x280
[   61.8]  emunic_sriov_disable+0x38/0x1b0 [emunic]
[   61.9]  emunic_remove+0xe3/0x270 [emunic]
[   62.0]  pci_device_remove+0xa1/0x1a0
[   62.1]  device_release_driver_internal+0x3c1/0x560
[   62.2]  unbind_store+0xd3/0x100
[   62.3]  </TASK>
[   62.4] ---[ end trace 0000000000000000 ]---
"""
CIRCLE = """\
[  195.1] WARNING: possible circular locking dependency detected
[  195.2] the existing dependency chain (in reverse order) is:
[  195.3] -> #1 (pci_rescan_remove_lock){+.+.}-{4:4}:
[  195.4]        pci_lock_rescan_remove+0x12/0x20
[  195.5]        pciehp_unconfigure_device+0xc9/0x2b0
[  195.6] -> #0 (&ctrl->reset_lock){.+.+}-{4:4}:
[  195.7]        down_read_nested+0x83/0x480
[  195.8]        pciehp_unconfigure_device+0x1c8/0x2b0
[  195.9] other info that might help us debug this:
[  196.0] Call Trace:
[  196.1]  <TASK>
[  196.2]  down_read_nested+0x83/0x480
[  196.3]  pciehp_unconfigure_device+0x1c8/0x2b0
[  196.4]  </TASK>
"""
RESET_CIRCLE = """\
[  195.1] WARNING: possible circular locking dependency detected
[  195.2] the existing dependency chain (in reverse order) is:
[  195.3] -> #2 (&ctrl->reset_lock){++++}-{4:4}:
[  195.4]        pciehp_reset_slot+0xa8/0x150
[  195.5] -> #1 (pci_slot_mutex){+.+.}-{4:4}:
[  195.6]        pci_dev_assign_slot+0x22/0x290
[  195.7] -> #0 (pci_rescan_remove_lock){+.+.}-{4:4}:
[  195.8]        pciehp_unconfigure_device+0xc9/0x2b0
[  195.9] other info that might help us debug this:
[  196.0] Call Trace:
[  196.1]  <TASK>
[  196.2]  pci_lock_rescan_remove+0x12/0x20
[  196.3]  pciehp_unconfigure_device+0xc9/0x2b0
[  196.4]  </TASK>
"""
SUM = """\
[   79.6] emunic 0000:01:00.1 em1: hw csum failure
[   79.7] skb len=84 headroom=98 headlen=84 tailroom=526
[   79.8] Call Trace:
[   79.9]  <IRQ>
[   80.0]  __skb_checksum_complete+0xe3/0x100
[   80.1]  emunic_queue_poll+0x57/0xd0 [emunic]
[   80.2]  </IRQ>
[   80.3]  <TASK>
[   80.4] RIP: 0010:mas_empty_area_rev+0x4c/0x4f0
[   80.5]  </TASK>
"""
ENTRY = """\
[   61.2] WARNING: fs/proc/generic.c:742 at remove_proc_entry+0x25c/0x490, CPU#0: python3/309
[   61.3] RIP: 0010:remove_proc_entry+0x25c/0x490
[   61.4] Call Trace:
[   61.5]  <TASK>
[   61.6]  unregister_irq_proc+0x151/0x250
[   61.7]  free_desc+0x82/0x230
[   61.8]  </TASK>
[   61.9] ---[ end trace 0000000000000000 ]---
"""
ENTRY_SHOWN = [ENTRY.splitlines(True)[n] for n in (0, 1, 2)]
LOST_TRACK = "[   61.2] ref_tracker: memory allocation failure, unreliable refcount tracker.\n"
LEAKS = "[   61.2] kmemleak: 21 new suspected memory leaks (see /sys/kernel/debug/kmemleak)\n"
NO_CHECKS = "[   61.2] DMA-API: cacheline tracking ENOMEM, dma-debug disabled\n"
BEGIN = "[   60.0] emunic-test: begin unbind.py\n"
END = "[   70.0] emunic-test: end unbind.py\n"
EXPECT = f"[   60.1] emunic-test: expect {UNLOCKED_REMOVAL.name}\n"
EXPECT_ORDER = f"[   60.1] emunic-test: expect {PCIEHP_ORDER.name}\n"
EXPECT_PULLED = f"[   60.1] emunic-test: expect {PULLED_PF.name}\n"
EXPECT_SUM = f"[   60.1] emunic-test: expect {WRONG_SUM.name}\n"
EXPECT_ENTRY = f"[   60.1] emunic-test: expect {PROC_ENTRY.name}\n"
EXPECT_UNTRACKED = f"[   60.1] emunic-test: expect {UNTRACKED.name}\n"
EXPECT_UNCHECKED = f"[   60.1] emunic-test: expect {UNCHECKED.name}\n"
BUG = "[   61.5] BUG: KASAN: slab-use-after-free in emunic_remove+0x1\n"
FAULT = "[   61.5] DMAR: [DMA Read] Request device [01:00.1] fault addr 0x0\n"
# What is bad in them: the warning itself, RIP and the trace
SHOWN = UNLOCKED.splitlines(True)[:3]
SUM_SHOWN = [SUM.splitlines(True)[n] for n in (2, 8)]
CIRCLE_SHOWN = [CIRCLE.splitlines(True)[n] for n in (0, 9)]


def without(word):
    return "".join(line for line in UNLOCKED.splitlines(True) if word not in line)


# A console, and the lines that are found in it
CASES = {
    "a quiet console": (BEGIN + END, []),
    "a bug": (BEGIN + BUG + END, [BUG]),
    "a fault": (BEGIN + FAULT + END, [FAULT]),
    "a fault that was announced":
        (BEGIN + "emunic-test: expect DMAR\n" + FAULT + END, []),
    "an announcement ends with its program":
        (BEGIN + "emunic-test: expect DMAR\n" + END + FAULT, [FAULT]),
    "an unlocked removal": (BEGIN + UNLOCKED + END, SHOWN),
    "one that was announced": (BEGIN + EXPECT + UNLOCKED * 2 + END, []),
    "announced, by rmmod":
        (BEGIN + EXPECT + UNLOCKED.replace("unbind_store", "driver_detach") + END, []),
    "announced, after the program": (BEGIN + EXPECT + END + UNLOCKED, SHOWN),
    "announced, and a bug beside it":
        (BEGIN + EXPECT + BUG + UNLOCKED + BUG + END, [BUG, BUG]),
    "announced, and it does not end":
        (BEGIN + EXPECT + without("end trace") + END, SHOWN),
    "announced, and a bug within it":
        (BEGIN + EXPECT + UNLOCKED.replace("[   61.8]", BUG + "[   61.8]") + END, [BUG]),
    "announced, another place":
        (BEGIN + EXPECT + UNLOCKED.replace("remove.c", "probe.c") + END,
         [line.replace("remove.c", "probe.c") for line in SHOWN]),
    "announced, not by unbind or rmmod":
        (BEGIN + EXPECT + without("unbind_store") + END, SHOWN),
    "announced, not by our remove()":
        (BEGIN + EXPECT + without("emunic_remove") + END, SHOWN),
    "announced, another driver":
        (BEGIN + EXPECT + without("emunic_") + END, SHOWN),
    "announced, another complaint": (BEGIN + EXPECT + CIRCLE + END, CIRCLE_SHOWN),
    "pciehp's lock order": (BEGIN + CIRCLE + END, CIRCLE_SHOWN),
    "pciehp's lock order, announced": (BEGIN + EXPECT_ORDER + CIRCLE + END, []),
    "the circle with a reset": (BEGIN + EXPECT_ORDER + RESET_CIRCLE + END, []),
    "the circle with a reset, our lock in it": (BEGIN + EXPECT_ORDER + RESET_CIRCLE.replace(
        "pci_slot_mutex", "&emu->lock") + END, CIRCLE_SHOWN),
    "leaks": (BEGIN + LEAKS + END, [LEAKS]),
    "leaks, announced": (BEGIN + EXPECT_PULLED + LEAKS + END, []),
    "announced, a third lock": (BEGIN + EXPECT_ORDER + CIRCLE.replace(
        "-> #0", "-> #1 (rtnl_mutex){+.+.}-{4:4}:\n[  195.6] -> #0") + END, CIRCLE_SHOWN),
    "a wrong sum": (BEGIN + SUM + END, SUM_SHOWN),
    "a wrong sum, announced": (BEGIN + EXPECT_SUM + SUM + END, []),
    "announced, and a bug within its trace":
        (BEGIN + EXPECT_SUM + SUM.replace("[   80.2]", BUG + "[   80.2]") + END, [BUG]),
    "announced, another function": (BEGIN + EXPECT_ORDER + CIRCLE.replace(
        "pciehp_unconfigure_device", "emunic_remove") + END, CIRCLE_SHOWN),
    "a file of an interrupt": (BEGIN + ENTRY + END, ENTRY_SHOWN),
    "a file of an interrupt, announced": (BEGIN + EXPECT_ENTRY + ENTRY + END, []),
    "announced, without its stack": (BEGIN + EXPECT_ENTRY + "".join(
        line for line in ENTRY.splitlines(True) if "] WARNING" in line or "end" in line) +
        END, []),
    "announced, a file of somebody else": (BEGIN + EXPECT_ENTRY + ENTRY.replace(
        "unregister_irq_proc", "emunic_remove") + END, ENTRY_SHOWN),
    "a reference": (BEGIN + LOST_TRACK + END, [LOST_TRACK]),
    "a reference, announced": (BEGIN + EXPECT_UNTRACKED + LOST_TRACK + BUG + END, [BUG]),
    "no checks of mappings": (BEGIN + NO_CHECKS + END, [NO_CHECKS]),
    "no checks of mappings, announced": (BEGIN + EXPECT_UNCHECKED + NO_CHECKS + BUG + END,
                                         [BUG]),
}


def main():
    failed = 0
    print(f"TAP version 13\n1..{len(CASES)}")
    for number, (name, (text, wanted)) in enumerate(CASES.items(), 1):
        found = [line for _, line in offences(text)]
        good = found == [line.strip() for line in wanted]
        if not good:
            failed += 1
            print(f"# found: {found}")
        print(f"{'ok' if good else 'not ok'} {number} {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

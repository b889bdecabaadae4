# SPDX-License-Identifier: GPL-2.0
"""
Complaints of a kernel that are no fault of the driver's. Only these, from their
place and by their way, are left out, and only where a test says that it is about
to take that way.

UNLOCKED_REMOVAL: since 7.3 pci_stop_and_remove_bus_device() asserts that
pci_rescan_remove_lock is held. Whoever writes sriov_numvfs holds it. It is not
held where a PF's driver goes by unbind or rmmod and, as
Documentation/PCI/pci-iov-howto.rst wants it, calls pci_disable_sriov() in its
remove(): so every driver with VFs brings that warning, one for each VF;
vfio-pci with enable_sriov can be seen to do so. None takes the lock there, for
two reasons. Where the PF itself is taken out the caller of remove() holds it
already, and it does not nest. And it is taken before the lock of a device,
which an unbind holds: the two orders would deadlock when a card is pulled
meanwhile.

PCIEHP_ORDER: pciehp takes pci_rescan_remove_lock inside of its reset_lock,
lets go of that while it removes a device, whichever that is, and takes it
again. Both are of one slot's one thread. A reset that a fatal error brings takes
the reset_lock inside of pci_slot_mutex, and who makes VFs that mutex inside of
pci_rescan_remove_lock: with these, the circle has three locks. Lockdep says so
once, and is off from then on.

PULLED_PF: a VF holds its PF until pci_iov_remove_virtfn() gives that reference
back. pciehp removes all of a slot's functions one after the other, VFs first, so
that none is left for it to find: the PF's pci_dev is never freed.

WRONG_SUM: a device has made the sum of a frame, and it is not that of the frame.
The kernel says so once, with the frame and the way to who has found out.

Those of memory that runs out by order, see fault.py. FORCED: the order itself,
with its stack. PROC_ENTRY: who registers an interrupt makes files in /proc/irq,
does not look whether there was memory for them, and is told so when they are to
go. UNTRACKED: a reference that the tracker of references had no memory for.
UNCHECKED: the same of DMA-API's debugging, which is off from then on. The console
has no stacks of these.
"""

import re


class Complaint:
    """A complaint of more than one line, from one with @begin to one with @end,
    which is the one meant if it has @pattern; @own are the bad lines of it."""
    def __init__(self, name, begin, end, pattern, own):
        self.name = name
        self.begin, self.end = begin, end
        self.pattern, self.own = re.compile(pattern, re.S), re.compile(own)

    def left_out(self, lines):
        """@lines, without what is bad in each. What another CPU has put in
        between stays, and so does one that does not end."""
        held = []
        for line in lines:
            if self.begin in line:
                yield from held
                held = [line]
            elif held:
                held.append(line)
            else:
                yield line
                continue
            if self.end in line:
                yield from self._others(held)
                held = []
        yield from held

    def _others(self, held):
        known = self.pattern.search("\n".join(held))
        return [line for line in held
                if not (known and self.own.search(line))]


_REMOVE = r"WARNING: drivers/pci/remove\.c:\d+ at pci_stop_and_remove_bus_device\+"
UNLOCKED_REMOVAL = Complaint(
    "unlocked removal of VFs", "WARNING: drivers/pci/remove.c:", "[ end trace ",
    _REMOVE + r".*\bCall Trace:"
    r".*\bpci_iov_remove_virtfn\+.*\bpci_disable_sriov\+"
    r".*\bemunic_remove\+"
    r".*\bdevice_release_driver_internal\+.*\b(unbind_store|driver_detach)\+",
    _REMOVE + r"|\bRIP: |\bCall Trace:")

_CIRCLE = r"WARNING: possible circular locking dependency detected"
PCIEHP_ORDER = Complaint(
    "lock order of pciehp", _CIRCLE, "</TASK>",
    r"chain \(in reverse order\) is:[^>]*"
    r"-> #1 \(pci_rescan_remove_lock\)[^>]*\bpciehp_unconfigure_device\+[^>]*"
    r"-> #0 \(&ctrl->reset_lock\).*\bpciehp_unconfigure_device\+.*"
    r"\bCall Trace:.*\bdown_read_nested\+.*\bpciehp_unconfigure_device\+",
    _CIRCLE + r"|\bCall Trace:")
PCIEHP_RESET_ORDER = Complaint(
    PCIEHP_ORDER.name, _CIRCLE, "</TASK>",
    r"chain \(in reverse order\) is:[^>]*"
    r"-> #2 \(&ctrl->reset_lock\)[^>]*\bpciehp_reset_slot\+[^>]*"
    r"-> #1 \(pci_slot_mutex\)[^>]*\bpci_dev_assign_slot\+[^>]*"
    r"-> #0 \(pci_rescan_remove_lock\).*\bpciehp_unconfigure_device\+.*"
    r"\bCall Trace:.*\bpci_lock_rescan_remove\+.*\bpciehp_unconfigure_device\+",
    _CIRCLE + r"|\bCall Trace:")

_LEAKS = "suspected memory leaks"
PULLED_PF = Complaint("a PF that its VFs still hold", _LEAKS, _LEAKS, _LEAKS, _LEAKS)

WRONG_SUM = Complaint(
    "wrong sums of frames", ": hw csum failure", "</TASK>",
    r"hw csum failure.*\bskb len=.*\bCall Trace:", r"\bRIP: |\bCall Trace:")

FORCED = Complaint(
    "forced failures", "FAULT_INJECTION: forcing a failure", "</TASK>",
    r"FAULT_INJECTION: forcing a failure.*\bCall Trace:.*\bshould_fail_ex\b",
    r"\bCall Trace:|\bRIP: ")

_ENTRY = r"WARNING: fs/proc/generic\.c:\d+ at remove_proc_entry\+"
PROC_ENTRY = Complaint(
    "files of interrupts that were not made", "WARNING: fs/proc/generic.c:",
    "[ end trace ",
    _ENTRY + r"(?!.*\bCall Trace:(?!.*\bunregister_irq_proc\+))",
    _ENTRY + r"|\bRIP: |\bCall Trace:")

_UNTRACKED = "ref_tracker: memory allocation failure"
UNTRACKED = Complaint("references that are not tracked", _UNTRACKED, _UNTRACKED,
                      _UNTRACKED, _UNTRACKED)

_UNCHECKED = r"DMA-API: cacheline tracking ENOMEM, dma-debug disabled"
UNCHECKED = Complaint("mappings that nothing checks", _UNCHECKED, _UNCHECKED,
                      _UNCHECKED, _UNCHECKED)

OUT_OF_MEMORY = (FORCED, PROC_ENTRY, UNTRACKED, UNCHECKED)
PULLED = (PCIEHP_ORDER, PCIEHP_RESET_ORDER, PULLED_PF)
KNOWN = (UNLOCKED_REMOVAL, *PULLED, WRONG_SUM, *OUT_OF_MEMORY)

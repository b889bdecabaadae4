#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The end of a debug kernel: the driver goes, which has the DMA API look for
# mappings that were left, and kmemleak for memory that nobody knows. TAP.
set -u

cd /sys/kernel/debug || exit 1
failed=0

# result NAME WRONG: a case that has failed if something is wrong.
result() {
	if [ -z "$2" ]; then
		echo "ok $1"
	else
		printf '%s\n' "$2" | sed 's/^/# /'
		echo "not ok $1"
		failed=1
	fi
}

# PULLED_PF of the selftests' lib/py/splat.py: what the PCI core has for a PF
PULLED='emunic-test: expect a PF that its VFs still hold'
pulled() { dmesg | grep -q "$PULLED"; }

# leaks: what kmemleak has found, but that where it was announced.
leaks() {
	local known=

	pulled && known='pci_scan_single_device[+]'
	awk -v known="$known" '
		function end() { if (!skip) printf "%s", object; object = ""; skip = 0 }
		/^unreferenced object/ { end() }
		{ object = object $0 "\n" }
		known && $0 ~ known { skip = 1 }
		END { end() }' kmemleak
}

echo "TAP version 13"
echo "1..2"
result "1 the driver unloads" "$(modprobe -r emunic 2>&1)"
# What is younger than five seconds does not count yet, and only what two scans
# found no reference to is a leak.
sleep 6
pulled && echo "<3>$PULLED" >/dev/kmsg
echo scan > kmemleak && sleep 1 && echo scan > kmemleak || failed=1
result "2 nothing has leaked" "$(leaks 2>&1)"
exit $failed

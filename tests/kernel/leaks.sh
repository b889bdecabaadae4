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

echo "TAP version 13"
echo "1..2"
result "1 the driver unloads" "$(modprobe -r emunic 2>&1)"
# What is younger than five seconds does not count yet, and only what two scans
# found no reference to is a leak.
sleep 6
echo scan > kmemleak && sleep 1 && echo scan > kmemleak || failed=1
result "2 nothing has leaked" "$(cat kmemleak 2>&1)"
exit $failed

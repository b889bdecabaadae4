# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Two small initramfs per kernel: vm.cpio mounts the root tree and hands over,
# guest.cpio is all there is in the nested guest.

INITRAMFS=$BUILD/initramfs

initramfs_make() {
	initramfs_lane stable
	initramfs_lane newest
}

initramfs_lane() {
	local lane=$1 kver want

	kver=$(kernel_version "$lane") || return 0
	want="$kver $(hash "$TOP"/tools/initramfs/*) $(cat "$STATE/root" "$STATE/modules-$lane")"
	stamp_is "initramfs-$lane" "$want" && [ -e "$INITRAMFS/$kver/guest.cpio" ] && return
	step "$LOG/initramfs-$lane.log" "initramfs for $kver" initramfs_build "$kver" ||
		die "no initramfs for $kver: see $LOG/initramfs-$lane.log"
	stamp_set "initramfs-$lane" "$want"
}

initramfs_build() {
	in_root "$TOP/tools/initramfs/build" "$1" "$MODULES/$1/overlay" "$INITRAMFS/$1"
}

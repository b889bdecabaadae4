# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Two small initramfs per kernel: vm.cpio mounts the root tree and hands over,
# guest.cpio is all there is in the nested guest.

INITRAMFS=$BUILD/initramfs

initramfs_make() {
	local lane kver want

	for lane in stable newest; do
		kver=$(kernel_version $lane) || continue
		want="$kver $(hash "$TOP"/tools/initramfs/*) $(cat "$STATE/root" "$STATE/modules-$lane")"
		stamp_is "initramfs-$lane" "$want" && [ -e "$INITRAMFS/$kver/guest.cpio" ] && continue
		step "$LOG/initramfs-$lane.log" "initramfs for $kver" initramfs_build "$kver" ||
			die "no initramfs for $kver: see $LOG/initramfs-$lane.log"
		stamp_set "initramfs-$lane" "$want"
	done
}

initramfs_build() {
	in_root "$TOP/tools/initramfs/build" "$1" "$MODULES/$1/overlay" "$INITRAMFS/$1"
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernels that nothing runs, prepared so far that the driver can be compiled for
# their machines.

MACHINES=$BUILD/arch

# arch_make MACHINE…
arch_make() {
	local machine want

	linux_src
	for machine; do
		want="$(cat "$STATE/root" "$STATE/linux-src") $(hash "$LAB_D/arch-build" \
			"$LAB_D/kernel-config" "$TOP/tests/kernel/arch.config" \
			"$TOP/drivers/net/ethernet/emunic/Kconfig")"
		stamp_is "arch-$machine" "$want" && continue
		step "$LOG/arch-$machine.log" "kernel for $machine: headers" \
			arch_prepare "$machine" ||
			die "the kernel's source is not to be prepared: see $LOG/arch-$machine.log"
		stamp_set "arch-$machine" "$want"
	done
}

arch_prepare() {
	rm -rf --one-file-system "${MACHINES:?}/$1"
	in_root "$LAB_D/arch-build" "$TOP" "$LINUX" "$MACHINES/$1" "$1" prepare
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# emunic.ko for each kernel of the root, built in a copy of the sources, and
# the module index that the VM lays over /lib/modules/<kernel>.

MODULES=$BUILD/modules

modules_make() {
	local lane kver want

	compgen -G "$TOP/drivers/net/ethernet/emunic/*.c" > /dev/null ||
		die "there is no driver source in drivers/net/ethernet/emunic"
	for lane in stable newest; do
		kver=$(kernel_version $lane) || continue
		want="$kver $(modules_hash)"
		stamp_is "modules-$lane" "$want" &&
			[ -e "$MODULES/$kver/overlay/updates/emunic.ko" ] && continue
		step "$LOG/modules-$lane.log" "emunic.ko for $kver" modules_build "$kver" ||
			die "the driver does not build for $kver: see $LOG/modules-$lane.log"
		grep -a 'warning:' "$LOG/modules-$lane.log" >&2 || true
		stamp_set "modules-$lane" "$want"
	done
}

modules_hash() {
	local files

	mapfile -t files < <(find "$TOP/drivers" "$TOP/include" "$TOP/Kbuild" \
		"$LAB_D"/modules* -type f | sort)
	hash "${files[@]}"
}

modules_build() {
	in_root "$LAB_D/modules-build" "$TOP" "$1" "$MODULES/$1"
}

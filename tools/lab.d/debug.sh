# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The debug kernel: the distribution's source of the newest kernel that there
# is one of, a config of our own, and emunic in that tree as its own Kconfig
# and Makefile put it there. It is installed in the root beside the archive's
# kernels, and from there on is one of them.

DEBUG=$BUILD/debug

debug_make() {
	debug_src
	debug_kernel
	debug_module
	initramfs_lane debug
}

debug_src() {
	local lane want

	want="$(linux_versions) $(hash "$LAB_D/linux.sh" "$LAB_D/debug.sh")"
	stamp_is debug-src "$want" && return
	need_space 4000
	rm -rf --one-file-system "${DEBUG:?}"
	rm -f "$STATE"/*-debug "$STATE/kernel.debug"
	for lane in newest stable; do
		[ -s "$STATE/kernel.$lane" ] || continue
		step "$LOG/debug-src.log" "debug kernel: source" debug_unpack $lane && break
	done
	[ -e "$DEBUG/src/Makefile" ] ||
		die "the archive has no source of the kernel: $(root_why debug-src)"
	stamp_set debug-src "$want"
}

# Nothing is built of what is left out; of all else Kconfig wants to see.
debug_unpack() {
	local net=drivers/net/ethernet

	linux_extract "$1" "$DEBUG/src.new" '' \
		--exclude='*/drivers/gpu/*.[ch]' --exclude='*/drivers/media/*.[ch]' \
		--exclude='*/sound/*.[ch]' --exclude='*/tools/testing/[!k]*' &&
		sed -i "s|^source \"$net/emulex/Kconfig\"|&\nsource \"$net/emunic/Kconfig\"|" \
			"$DEBUG/src.new/$net/Kconfig" &&
		sed -i "s|.* += emulex/\$|&\nobj-\$(CONFIG_EMUNIC) += emunic/|" \
			"$DEBUG/src.new/$net/Makefile" &&
		grep -q emunic "$DEBUG/src.new/$net/Kconfig" &&
		grep -q emunic "$DEBUG/src.new/$net/Makefile" &&
		mv "$DEBUG/src.new" "$DEBUG/src"
}

debug_kernel() {
	local want

	want="$(cat "$STATE/debug-src") $(hash "$TOP/tests/kernel/debug.config" \
		"$TOP/drivers/net/ethernet/emunic/Kconfig" "$LAB_D/kernel-config" \
		"$LAB_D/debug-build")"
	stamp_is kernel-debug "$want" && [ -s "$STATE/kernel.debug" ] && return
	rm -f "$STATE"/*-debug "$STATE/kernel.debug"
	step "$LOG/debug-kernel.log" "debug kernel: build" \
		in_root "$LAB_D/debug-build" "$TOP" "$DEBUG" kernel ||
		die "the debug kernel does not build: see $LOG/debug-kernel.log"
	cp "$DEBUG/obj/include/config/kernel.release" "$STATE/kernel.debug"
	stamp_set kernel-debug "$want"
}

debug_module() {
	local want

	want="$(cat "$STATE/kernel-debug") $(modules_hash)"
	stamp_is modules-debug "$want" && return
	step "$LOG/modules-debug.log" "emunic.ko for $(cat "$STATE/kernel.debug")" \
		in_root "$LAB_D/debug-build" "$TOP" "$DEBUG" module "$MODULES" ||
		die "the driver does not build in the debug kernel: see $LOG/modules-debug.log"
	grep -a 'warning:' "$LOG/modules-debug.log" >&2 || true
	stamp_set modules-debug "$want"
}

# The same source as a program (UML), for the driver's tests of itself.
debug_kunit() {
	local want

	debug_src
	want="$(cat "$STATE/debug-src") $(modules_hash) $(hash "$LAB_D/debug-build" \
		"$TOP/tests/kernel/kunit.config")"
	stamp_is kunit "$want" && [ -x "$DEBUG/um/linux" ] && return
	step "$LOG/kunit.log" "KUnit: the kernel as a program" \
		in_root "$LAB_D/debug-build" "$TOP" "$DEBUG" kunit ||
		die "the kernel does not build as a program: see $LOG/kunit.log"
	grep -a 'warning:' "$LOG/kunit.log" >&2 || true
	stamp_set kunit "$want"
}

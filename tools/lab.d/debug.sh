# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernels with checkers, debug and kcsan: the distribution's source of the
# newest kernel that there is one of, a config of our own, and emunic in that
# tree as its own Kconfig and Makefile put it there. Each is installed in the root
# beside the archive's kernels, and from there on is one of them.

DEBUG=$BUILD/debug

# debug_make debug|kcsan
debug_make() {
	debug_src
	debug_kernel "$1"
	debug_module "$1"
	initramfs_lane "$1"
}

debug_src() {
	local lane want

	want="$(linux_versions) $(hash "$LAB_D/linux.sh" "$LAB_D/debug.sh")"
	stamp_is debug-src "$want" && return
	need_space 4000
	rm -rf --one-file-system "${DEBUG:?}"
	rm -f "$STATE"/*-{debug,kcsan} "$STATE"/kernel.{debug,kcsan}
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
	local lane=$1 log=$LOG/$1-kernel.log want
	local configs=("$TOP/tests/kernel/vm.config" "$TOP/tests/kernel/$1.config")

	want="$(cat "$STATE/debug-src") $(hash "${configs[@]}" \
		"$TOP/drivers/net/ethernet/emunic/Kconfig" "$LAB_D/kernel-config" \
		"$LAB_D/debug-build")"
	stamp_is "kernel-$lane" "$want" && [ -s "$STATE/kernel.$lane" ] && return
	rm -f "$STATE"/*-"$lane" "$STATE/kernel.$lane"
	step "$log" "$lane kernel: build" \
		in_root "$LAB_D/debug-build" "$TOP" "$DEBUG" "$lane" kernel "${configs[@]}" ||
		die "the $lane kernel does not build: see $log"
	cp "$DEBUG/$lane/include/config/kernel.release" "$STATE/kernel.$lane"
	stamp_set "kernel-$lane" "$want"
}

debug_module() {
	local lane=$1 log=$LOG/modules-$1.log want

	want="$(cat "$STATE/kernel-$lane") $(modules_hash)"
	stamp_is "modules-$lane" "$want" && return
	step "$log" "emunic.ko for $(cat "$STATE/kernel.$lane")" \
		in_root "$LAB_D/debug-build" "$TOP" "$DEBUG" "$lane" module "$MODULES" ||
		die "the driver does not build in the $lane kernel: see $log"
	grep -a 'warning:' "$log" >&2 || true
	stamp_set "modules-$lane" "$want"
}

# The same source as a program (UML), for the driver's tests of itself.
debug_kunit() {
	local want

	debug_src
	want="$(cat "$STATE/debug-src") $(modules_hash) $(hash "$LAB_D/debug-build" \
		"$TOP/tests/kernel/kunit.config")"
	stamp_is kunit "$want" && [ -x "$DEBUG/um/linux" ] && return
	step "$LOG/kunit.log" "KUnit: the kernel as a program" \
		in_root "$LAB_D/debug-build" "$TOP" "$DEBUG" um kunit ||
		die "the kernel does not build as a program: see $LOG/kunit.log"
	grep -a 'warning:' "$LOG/kunit.log" >&2 || true
	stamp_set kunit "$want"
}

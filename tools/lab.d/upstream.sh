# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernel's own selftests of network drivers: the distribution's source of
# the newest kernel, unmodified, built and installed as kselftest does it.

UPSTREAM=$BUILD/upstream

upstream_make() {
	upstream_packages
	upstream_src
	upstream_build
}

upstream_packages() {
	local want list

	want="$(cat "$STATE/root") $(hash "$LAB_D/upstream-packages")"
	stamp_is upstream-packages "$want" && return
	need_space 1500
	mapfile -t list < <(sed 's/#.*//; /^$/d' "$LAB_D/upstream-packages")
	step "$LOG/upstream-packages.log" "upstream tests: packages" \
		upstream_install "${list[@]}" || die "$(root_why upstream-packages)"
	stamp_set upstream-packages "$want"
}

upstream_install() {
	root_apt update --error-on=any && root_apt install "$@" && root_apt clean
}

upstream_src() {
	local want

	[ -s "$STATE/kernel.newest" ] ||
		die "the archive has no kernel newer than the stable one, and older ones lack these tests"
	want="$(cat "$STATE/kernel.newest") $(hash "$LAB_D/linux.sh" "$LAB_D/upstream.sh")"
	stamp_is upstream-src "$want" && return
	need_space 1500
	rm -f "$STATE/upstream-build"
	step "$LOG/upstream-src.log" "upstream tests: source" upstream_unpack ||
		die "the archive has no source of the newest kernel: $(root_why upstream-src)"
	stamp_set upstream-src "$want"
}

# All that the headers and those tests are made of.
upstream_unpack() {
	rm -rf --one-file-system "$UPSTREAM"
	linux_extract newest "$UPSTREAM/src.new" \
		"MAINTAINERS Makefile Kbuild include arch/x86 scripts tools Documentation/netlink" \
		--exclude='*/tools/perf/*' --exclude='*/scripts/dtc/*' &&
		mv "$UPSTREAM/src.new" "$UPSTREAM/src"
}

upstream_build() {
	local want

	want="$(cat "$STATE/upstream-src" "$STATE/upstream-packages") $(hash "$LAB_D/upstream-build")"
	stamp_is upstream-build "$want" && return
	step "$LOG/upstream-build.log" "upstream tests: build" \
		in_root "$LAB_D/upstream-build" "$UPSTREAM" ||
		die "the upstream tests do not build: see $LOG/upstream-build.log"
	stamp_set upstream-build "$want"
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The parts of the kernel's source that test and check: the library of the
# kselftests, the checkers, and what modules_prepare needs on the machines of
# arch-build. Of the newest kernel that the archive has the source of, since
# those of older ones lack what we use.

LINUX=$BUILD/linux

linux_src() {
	local lane want

	want="$(linux_versions) $(hash "$LAB_D/linux.sh")"
	stamp_is linux-src "$want" && return
	need_space 1000
	for lane in newest stable; do
		[ -s "$STATE/kernel.$lane" ] || continue
		step "$LOG/linux-src.log" "kernel's tests and checkers" linux_unpack $lane && break
	done
	[ -e "$LINUX/scripts/checkpatch.pl" ] ||
		die "the archive has no source of the kernel: $(root_why linux-src)"
	stamp_set linux-src "$want"
}

linux_versions() { cat "$STATE/kernel.stable" "$STATE/kernel.newest"; }

linux_unpack() {
	rm -rf --one-file-system "$LINUX"
	linux_extract "$1" "$BUILD/linux.new" \
		"scripts tools/docs tools/lib/python tools/net/ynl Documentation/netlink
		tools/testing/selftests/*.[ms][kh] tools/testing/selftests/kselftest*
		tools/testing/selftests/net tools/testing/selftests/drivers/net
		Makefile Kbuild Kconfig */Kconfig* arch/s390 arch/x86 include kernel lib/vdso
		tools/Makefile tools/arch tools/build tools/include tools/lib tools/objtool tools/scripts" \
		--exclude='*/scripts/dtc/include-prefixes' &&
		mkdir "$BUILD/linux.new/tools/testing/selftests/drivers/net/emunic" &&
		mv "$BUILD/linux.new" "$LINUX"
}

# linux_extract LANE DIR 'PATTERN…' TAROPTION…: the source of that lane's kernel,
# or the files and folders of it that the patterns match, in a new folder DIR.
linux_extract() {
	local lane=$1 dir=$2 package version patterns
	read -ra patterns -d '' <<< "$3" || true
	shift 3

	# The index may list what the archive has dropped since.
	root_apt update --error-on=any || return
	version=$(kernel_candidate "$lane")
	package=$(in_root apt-cache show "linux-source=$version" |
		sed -n 's/^Depends: .*\(linux-source-[0-9.]*\).*/\1/p' | head -n 1)
	[ -n "$package" ] || return 1
	rm -rf --one-file-system "$dir"
	mkdir -p "$dir"
	# shellcheck disable=SC2016
	in_root sh -ec '
		cd "$1"
		package=$2 version=$3
		shift 3
		apt-get -o APT::Sandbox::User=root download "$package=$version"
		dpkg-deb --fsys-tarfile "$package"_*.deb |
			tar -xOf - "./usr/src/$package.tar.xz" |
			tar -xJf - --strip-components=1 --wildcards "$@"
		rm "$package"_*.deb' \
		- "$dir" "$package" "$version" "$@" "${patterns[@]/#/$package/}"
}

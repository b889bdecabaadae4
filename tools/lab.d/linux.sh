# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The parts of the kernel's source that test and check without being built: the
# library of the kselftests and the checkers. Of the newest kernel that the
# archive has the source of, since those of older ones lack what we use.

LINUX=$BUILD/linux

linux_src() {
	local lane want

	want="$(cat "$STATE"/kernel.*) $(hash "$LAB_D/linux.sh")"
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

linux_unpack() {
	local version package

	# The index may list what the archive has dropped since.
	root_apt update --error-on=any || return
	version=$(kernel_candidate "$1")
	package=$(in_root apt-cache show "linux-source=$version" |
		sed -n 's/^Depends: .*\(linux-source-[0-9.]*\).*/\1/p' | head -n 1)
	[ -n "$package" ] || return 1
	rm -rf --one-file-system "$LINUX" "$BUILD/linux.new"
	mkdir -p "$BUILD/linux.new"
	# shellcheck disable=SC2016
	in_root sh -ec '
		cd "$1"
		apt-get -o APT::Sandbox::User=root download "$2=$3"
		dpkg-deb --fsys-tarfile "$2"_*.deb |
			tar -xOf - --wildcards "./usr/src/$2.tar.xz" |
			tar -xJf - --strip-components=1 --wildcards \
				"$2/scripts" "$2/tools/docs" \
				"$2/tools/lib/python" "$2/tools/net/ynl" \
				"$2/Documentation/netlink" \
				"$2/tools/testing/selftests/*.[ms][kh]" \
				"$2/tools/testing/selftests/kselftest*" \
				"$2/tools/testing/selftests/net" \
				"$2/tools/testing/selftests/drivers/net" \
				--exclude="$2/scripts/dtc"
		rm "$2"_*.deb
		mkdir tools/testing/selftests/drivers/net/emunic' \
		- "$BUILD/linux.new" "$package" "$version" &&
		mv "$BUILD/linux.new" "$LINUX"
}

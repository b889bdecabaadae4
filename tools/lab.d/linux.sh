# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Parts of the kernel's source: checkpatch, kernel-doc, and the libraries of its
# selftests. They come from the newest kernel in the root and serve both lanes.

LINUX=$BUILD/linux
LINUX_PARTS='
	Documentation/netlink/specs
	scripts/checkpatch.pl
	scripts/const_structs.checkpatch
	scripts/kernel-doc*
	scripts/lib/kdoc
	scripts/spelling.txt
	tools/docs
	tools/lib/python
	tools/net/ynl
	tools/testing/selftests/drivers/net/lib
	tools/testing/selftests/kselftest
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/lib.mk
	tools/testing/selftests/net/lib
	tools/testing/selftests/net/lib.sh
'

# linux-source-X.Y, as the newest kernel's version says.
linux_package() {
	local kver

	kver=$(kernel_version newest || kernel_version stable) || return
	echo "linux-source-$(cut -d. -f1,2 <<< "$kver")"
}

linux_src() {
	local package want

	package=$(linux_package) || die "the root has no kernel: run make lab"
	want="$package $(hash "$LAB_D/linux.sh")"
	stamp_is linux "$want" && return
	need_space 1000
	step "$LOG/linux.log" "parts of $package" linux_unpack "$package" ||
		die "$package could not be had: see $LOG/linux.log; run the same command again to resume"
	stamp_set linux "$want"
}

linux_unpack() {
	local new=$LINUX.new

	rm -rf --one-file-system "$new" "$LINUX"
	mkdir -p "$new/dl"
	# A part that this version does not have is no error; the tests say
	# what they miss.
	# shellcheck disable=SC2016,SC2086
	in_root sh -c 'cd "$1/dl" && apt-get update && apt-get download "$2" && shift 2 &&
		dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards "*.tar.xz" |
		tar -xJ --wildcards --strip-components=1 -C .. --exclude=.gitignore \
			$(printf "*/%s " "$@") || [ -x ../scripts/checkpatch.pl ]' \
		- "$new" "$1" $LINUX_PARTS &&
		rm -rf "$new/dl" && mv "$new" "$LINUX"
}

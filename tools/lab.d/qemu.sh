# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# QEMU: the source that matches the root's binary to the letter, configured so
# far that a shared object can be built against its headers; and the device.

QEMU_SRC=$BUILD/qemu-src

# Debian's version of the installed binary.
qemu_version() { qemu_field Version; }

# The source package's version of the installed binary: binary rebuilds (+b1) have
# no source of their own.
qemu_source_version() { qemu_field source:Version; }

qemu_field() { in_root dpkg-query -W -f "\${$1}" qemu-system-x86; }

# Status 1: the archive does not have it.
qemu_src() {
	local want

	want="$(qemu_source_version) $(hash "$LAB_D/qemu.sh")"
	stamp_is qemu-src "$want" && return
	need_space 1500
	if ! step "$LOG/qemu-src.log" "QEMU source" qemu_unpack; then
		# Only what the archive does not have is a reason to do without.
		grep -qE '404 +Not Found|Unable to find a source package|Can not find version' \
			"$LOG/qemu-src.log" || die "$(root_why qemu-src)"
		return 1
	fi
	step "$LOG/qemu-configure.log" "QEMU headers" qemu_configure ||
		die "QEMU's source does not configure: see $LOG/qemu-configure.log"
	stamp_set qemu-src "$want"
}

qemu_unpack() {
	local version

	version=$(qemu_source_version) || return
	rm -rf --one-file-system "$QEMU_SRC"
	mkdir -p "$QEMU_SRC/dl"
	# apt has checked the files against the signed index, which is why
	# dpkg-source need not look for its uploader's key.
	# shellcheck disable=SC2016
	in_root sh -c 'cd "$1" && apt-get update &&
		apt-get source -y --download-only "qemu=$2" &&
		dpkg-source --no-check -x qemu_*.dsc ../src && rm -rf "$1"' \
		- "$QEMU_SRC/dl" "$version"
}

# The package version goes into QEMU_FULL_VERSION, so that the device can
# compare the whole version with that of the binary it was loaded into.
qemu_configure() {
	rm -rf --one-file-system "$QEMU_SRC/obj"
	mkdir -p "$QEMU_SRC/obj"
	# shellcheck disable=SC2016
	in_root sh -c 'cd "$1/obj" &&
		../src/configure --target-list=x86_64-softmmu --enable-system \
			--with-pkgversion="Debian $2" --python=/usr/bin/python3 \
			--disable-user --disable-tools --disable-docs \
			--disable-guest-agent --disable-install-blobs \
			--disable-werror --disable-download --enable-modules \
			--enable-slirp --enable-fdt=system &&
		ninja $(ninja -t targets all |
			sed -n "s/^\([^ ]*\.h\): CUSTOM_COMMAND.*/\1/p")' \
		- "$QEMU_SRC" "$(qemu_version)"
}

# The device, in the form that QEMU asks for: a shared object for the root's own
# QEMU, or a QEMU built with it. Which one it came to is in state/qemu, for
# whoever runs it.
qemu_device() {
	local form=${QEMU:-preload}

	if [ "$form" != tree ] && ! qemu_src; then
		say "the archive has no source for QEMU $(qemu_version): building all of QEMU instead, as QEMU=tree does"
		form=tree
	fi
	if [ "$form" = tree ]; then
		BUILD=$BUILD "$TOP/tools/qemu-tree" build || die "QEMU with the device in it does not build"
	elif ! qemu_device_fresh; then
		step "$LOG/device.log" "device" qemu_device_build ||
			die "the device does not build: see $LOG/device.log"
		grep -a 'warning:' "$LOG/device.log" >&2 || true
	fi
	stamp_is qemu "$form" || stamp_set qemu "$form"
}

# Its makefile knows what it depends on.
qemu_device_make() {
	in_root make -C "$TOP/qemu-device/preload" --no-print-directory \
		SRC="$QEMU_SRC/src" OBJ="$QEMU_SRC/obj" OUT="$BUILD/device" "$@"
}

qemu_device_fresh() {
	[ -e "$BUILD/device/emunic.so" ] && qemu_device_make -q > /dev/null 2>&1
}

qemu_device_build() {
	mkdir -p "$BUILD/device" && qemu_device_make -j2
}

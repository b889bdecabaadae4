# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The root tree as an image, which is what the VM runs from: what it has read
# once stays in its page cache, where a folder of the host's would be asked again
# for every file that is opened. What only compilers want is left out.

IMAGE=$BUILD/root.img

image_make() {
	local want

	want="$(hash "$LAB_D/image.sh" "$ROOT/var/lib/dpkg/status") $(ls "$ROOT/lib/modules")"
	stamp_is image "$want" && [ -e "$IMAGE" ] && return
	need_space 1500
	step "$LOG/image.log" "root: image" image_build ||
		die "no image of the root: see $LOG/image.log"
	stamp_set image "$want"
}

# Under a new name: a VM may be running from the old one.
image_build() {
	in_root mkfs.erofs --quiet -T0 -x-1 --exclude-path=usr/src \
		--exclude-path=var/cache --exclude-path=var/lib/apt/lists \
		"$IMAGE.new" "$ROOT" &&
		mv "$IMAGE.new" "$IMAGE"
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The root tree: three stages, each skipped when its input has not changed.
# bootstrap makes a minimal Debian under a temporary name, packages and kernels
# are apt's work inside it, which resumes by itself.

SUITE=trixie
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

root_make() {
	local want

	want=$(hash "$LAB_D/root-packages" "$LAB_D/root.sh")
	stamp_is root "$want" && [ -x "$ROOT/usr/bin/gcc" ] && return
	rm -f "$STATE/root"

	if [ ! -e "$ROOT/etc/debian_version" ]; then
		need_space 6000
		root_sources > "$STATE/sources.list"
		host_acquire > "$STATE/acquire.conf"
		step "$LOG/bootstrap.log" "root: Debian $SUITE" root_bootstrap ||
			die "$(root_why bootstrap)"
	fi
	need_space 2500
	step "$LOG/packages.log" "root: packages" root_packages ||
		die "$(root_why packages)"
	step "$LOG/kernels.log" "root: newest kernel" root_kernels ||
		die "$(root_why kernels)"
	[ -s "$STATE/kernel.newest" ] ||
		say "$SUITE-backports has no kernel newer than $(kernel_version stable): the stable one is the only lane"
	stamp_set root "$want"
	root_status
}

# What a failed stage most likely needs, from its log.
root_why() {
	local log=$LOG/$1.log

	if grep -qiE 'no space left' "$log"; then
		echo "the disk is full: free some space and run the same command again"
	elif grep -qiE 'NO_PUBKEY|EXPKEYSIG|not signed' "$log"; then
		echo "the archive's signature could not be verified: update this host's keys (apt-get install debian-archive-keyring) and run the same command again"
	elif grep -qiE 'Could not (resolve|connect)|Temporary failure|Network is unreachable|timed out|Failed to fetch' "$log"; then
		echo "the Debian archive could not be reached: check the network and this host's /etc/apt, then run the same command again"
	else
		echo "see $log; run the same command again to resume"
	fi
}

root_sources() {
	local mirrors main sec suite opt="[signed-by=$KEYRING]"

	mirrors=$(host_mirrors)
	main=$(awk '$1 == "main" { print $2 }' <<< "$mirrors")
	sec=$(awk '$1 == "security" { print $2 }' <<< "$mirrors")
	[ -n "$main" ] ||
		die "this host's apt names no Debian mirror: run apt-get update, or give one with EMUNIC_MIRROR=URL"
	[ -r "$KEYRING" ] ||
		die "$KEYRING is not there: apt-get install --reinstall debian-archive-keyring"
	for suite in $SUITE $SUITE-updates $SUITE-backports; do
		echo "deb $opt $main $suite main"
		echo "deb-src $opt $main $suite main"
	done
	[ -n "$sec" ] || return 0
	echo "deb $opt $sec $SUITE-security main"
	echo "deb-src $opt $sec $SUITE-security main"
}

root_bootstrap() {
	local new=$BUILD/root.new

	rm -rf --one-file-system "$new"
	unshare --mount --propagation private -- \
		mmdebstrap --mode=root --variant=apt --format=directory \
		--aptopt="$STATE/acquire.conf" \
		--aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='force-unsafe-io' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include=debian-archive-keyring \
		$SUITE "$new" - < "$STATE/sources.list" || return
	# No service is ever started in the root, and no initramfs made for it.
	printf '#!/bin/sh\nexit 101\n' > "$new/usr/sbin/policy-rc.d" &&
		chmod 755 "$new/usr/sbin/policy-rc.d" &&
		mkdir -p "$new/etc/initramfs-tools" &&
		echo emunic-lab > "$new/etc/hostname" &&
		echo '127.0.0.1 localhost' > "$new/etc/hosts" &&
		: > "$new/etc/resolv.conf" &&
		mv "$new" "$ROOT"
}

root_apt() {
	in_root env DEBIAN_FRONTEND=noninteractive INITRD=No apt-get -y \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

root_packages() {
	local list

	mapfile -t list < <(sed 's/#.*//; /^$/d' "$LAB_D/root-packages")
	in_root dpkg --configure -a && root_apt update --error-on=any &&
		root_apt install "${list[@]}"
}

# kernel_candidate stable|newest: the highest version of the kernel's
# metapackage in that lane's suites; nothing if there is none.
kernel_candidate() {
	local op='!~'

	[ "$1" = stable ] || op='~'
	in_root apt-cache madison linux-image-amd64 |
		awk -F' *[|] *' "\$3 $op / $SUITE-backports\// && \$3 ~ / Packages\$/ { print \$2; exit }"
}

# The kernel release that the metapackage of this version stands for.
kernel_release() {
	in_root apt-cache show "linux-image-amd64=$1" |
		sed -n 's/^Depends: .*linux-image-\([0-9][^ ,]*\).*/\1/p' | head -n 1
}

# Kernels are installed by the name with the release in it: the metapackage is
# pulled up to backports by backports' own kernel.
root_kernels() {
	local stable newest kver

	stable=$(kernel_candidate stable)
	kver=$(kernel_release "$stable")
	echo "stable: $stable, release $kver"
	[ -n "$kver" ] || return 1
	root_apt install "linux-image-$kver" "linux-headers-$kver" || return
	echo "$kver" > "$STATE/kernel.stable"
	: > "$STATE/kernel.newest"

	newest=$(kernel_candidate newest)
	if [ -n "$newest" ] && in_root dpkg --compare-versions "$newest" gt "$stable"; then
		kver=$(kernel_release "$newest")
		echo "newest: $newest, release $kver"
		# An index that lists what the mirror does not hold is no reason
		# to go without the stable lane.
		if [ -n "$kver" ] && root_apt install -t $SUITE-backports \
			"linux-image-$kver" "linux-headers-$kver"; then
			echo "$kver" > "$STATE/kernel.newest"
		else
			echo "warning: $kver cannot be installed"
		fi
	fi
	root_apt clean
}

# The kernels that an update has replaced.
root_old_kernels() {
	# shellcheck disable=SC2016
	in_root dpkg-query -W -f '${Package}\n' 'linux-image-[0-9]*' 'linux-headers-[0-9]*-amd64' |
		grep -vxF -e "linux-image-$(kernel_version stable)" \
			-e "linux-headers-$(kernel_version stable)" \
			-e "linux-image-$(kernel_version newest)" \
			-e "linux-headers-$(kernel_version newest)"
}

root_update() {
	rm -f "$STATE/root"
	if [ -e "$ROOT/etc/debian_version" ]; then
		step "$LOG/update.log" "root: update" root_upgrade || die "$(root_why update)"
	fi
	root_make
}

root_upgrade() {
	local old

	in_root dpkg --configure -a || return
	root_apt update --error-on=any || return
	root_apt dist-upgrade || return
	root_kernels || return
	mapfile -t old < <(root_old_kernels)
	root_apt autoremove --purge "${old[@]}"
}

kernel_version() {
	case $1 in
	stable | newest | debug | kcsan) ;;
	*) die "no such kernel: $1 (stable, newest, debug or kcsan)" ;;
	esac
	[ -s "$STATE/kernel.$1" ] || return 1
	cat "$STATE/kernel.$1"
}

root_status() {
	say "root $ROOT, kernels $(kernel_version stable || echo none)" \
		"and $(kernel_version newest || echo 'none newer')," \
		"QEMU $(qemu_version 2>/dev/null || echo none)"
}

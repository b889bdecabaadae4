# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the host must have before anything else can happen.

# The names in host-packages whose file is not there.
host_missing() {
	local pkg file

	while read -r pkg file; do
		case $pkg in '' | '#'*) continue ;; esac
		compgen -G "$file" > /dev/null || printf '%s ' "$pkg"
	done < "$LAB_D/host-packages"
}

host_check() {
	local missing id version

	[ "$(uname -m)" = x86_64 ] || die "an x86-64 host is needed, this is $(uname -m)"
	[ "$(id -u)" = 0 ] || die "the lab needs root (chroot and mount namespaces): run the same command as root"
	# LD_PRELOAD and overlayfs have no way to quote these.
	[[ $TOP$BUILD != *[[:space:]:,]* ]] ||
		die "no spaces, colons or commas in the path of the checkout or of BUILD, please: move it"
	missing=$(host_missing)
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC1091
	id=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown}")
	# shellcheck disable=SC1091
	version=$(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-}")
	case $id:$version in
	debian:12 | debian:13) ;;
	*) die "missing on this host: ${missing% }; install what provides them here ($id $version), only Debian 12 and 13 are done automatically" ;;
	esac
	say "missing on this host: ${missing% }; installing"
	# shellcheck disable=SC2086
	step "$LOG/host.log" "host packages" host_install $missing ||
		die "could not install ${missing% }: check the network and /etc/apt, then run the same command again"
	missing=$(host_missing)
	[ -z "$missing" ] || die "still missing after installation: ${missing% }; is this Debian up to date (apt-get update && apt-get upgrade)?"
}

host_install() {
	apt-get update &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# need_space MIB: refuse to start what would fail for want of disk.
need_space() {
	local free

	free=$(($(df -Pk "$BUILD" | awk 'NR == 2 { print $4 }') / 1024))
	[ "$free" -ge "$1" ] ||
		die "not enough disk for $BUILD: $1 MiB needed, $free MiB free; free some or set BUILD to another disk"
}

# The archive's URIs as this machine's own apt uses them, one line each:
# "main URI" and, where the machine has it, "security URI". Asking apt itself
# covers one-line and deb822 sources and every include between them.
host_mirrors() {
	local targets

	if [ -n "${EMUNIC_MIRROR:-}" ]; then
		echo "main $EMUNIC_MIRROR"
		return
	fi
	targets=$(_indextargets)
	case $targets in
	*Debian*) ;;
	*)
		apt-get update > /dev/null 2>&1 || true
		targets=$(_indextargets)
		;;
	esac
	printf '%s\n' "$targets" | awk -F'|' '
		$2 != "Debian" || $1 !~ /^(https?|mirror)/ { next }
		$3 == "Debian-Security" && !sec { sec = 1; print "security", $1 }
		$3 == "Debian" && !main { main = 1; print "main", $1 }'
}

_indextargets() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' \
		'Created-By: Packages' 2>/dev/null
}

# How this machine reaches the archive: proxies, time-outs and date checks.
# Whether signatures are verified is not the machine's choice, so nothing about
# that is taken over.
host_acquire() {
	apt-config dump |
		grep -E '^Acquire::((http|https|tor)::[A-Za-z:-]+|Check-Valid-Until|Check-Date|Retries|ForceIPv[46]) "' |
		grep -viE 'verify|cert|allow' || true
}

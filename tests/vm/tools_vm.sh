#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What tools/vm promises, on the host: streams, status, folders, limits. TAP.
set -u

TOP=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
number=0 failed=0

vm() { "$TOP/tools/vm" --kernel "${KERNEL:-stable}" --console "$tmp/console" "$@"; }

# ok NAME CMD…: a case that CMD decides.
ok() {
	local name=$1 word=ok

	shift
	number=$((number + 1))
	"$@" > "$tmp/log" 2>&1 || { word="not ok"; failed=$((failed + 1)); sed 's/^/# /' "$tmp/log"; }
	echo "$word $number $name"
}

same() { [ "$1" = "$2" ] || { echo "is: $1"; echo "should be: $2"; return 1; }; }

echo "TAP version 13"
echo "1..18"

# One VM for all that one COMMAND can show.
mkdir "$tmp/shared"
echo outside > "$tmp/shared/file"
head -c 1000000 /dev/urandom > "$tmp/in"
cat > "$tmp/shared/command" <<'END'
cat
{
	pwd
	id -u
	modinfo -n emunic
	uname -r
	cat "$1/file"
	touch "$1/new" 2> /dev/null && echo "share is writable"
	touch "$2/new" 2> /dev/null && echo "checkout is writable"
	touch /tmp/new && echo "tmp is writable"
	cat /sys/class/net/eth0/device/iommu_group/type
	exec 3<> /dev/virtio-ports/emunic.monitor
	echo info status >&3
	timeout 20 grep -am 1 -o 'VM status: [a-z]*' <&3
	echo again > /dev/stderr
	sleep 1000 &
} >&2
exit 7
END
cd "$TOP/tools" || exit 1
vm --share "$tmp/shared" --timeout 180 -- \
	sh "$tmp/shared/command" "$tmp/shared" "$TOP" < "$tmp/in" > "$tmp/out" 2> "$tmp/err"
status=$?
kver=$("$TOP/tools/lab" kernel "${KERNEL:-stable}")
line() { grep -v '^lab: ' "$tmp/err" | sed -n "$1p"; }
ok "status is the command's" same $status 7
ok "a megabyte passes both ways" cmp "$tmp/in" "$tmp/out"
ok "the current folder is kept" same "$(line 1)" "$TOP/tools"
ok "the command runs as root" same "$(line 2)" 0
ok "modinfo finds the module" same "$(line 3)" "/lib/modules/$kver/updates/emunic.ko"
ok "the kernel is the one asked for" same "$(line 4)" "$kver"
ok "a shared folder is there" same "$(line 5)" outside
ok "folders are read-only, /tmp is not" same "$(line 6)" "tmp is writable"
ok "the IOMMU translates" same "$(line 7)" DMA
ok "QEMU's monitor answers" same "$(line 8)" "VM status: running"
ok "standard error may be opened again" same "$(line 9)" again
ok "the console is in its file" grep -q "Power down" "$tmp/console"

vm --timeout 8 -- sleep 1000 > /dev/null 2>&1 < /dev/null
ok "124 after the timeout" same $? 124

vm --iommu none --nics 2 -- sh -c 'ls /sys/class/iommu; ls -d /sys/class/net/eth*' \
	> "$tmp/out" 2> /dev/null < /dev/null
ok "two NICs and no IOMMU" same "$(xargs < "$tmp/out")" "/sys/class/net/eth0 /sys/class/net/eth1"

vm --nics 2 --nic-arg 1,speed=400 -- sh -c 'cd /sys/class/net &&
	ip link set eth0 up && ip link set eth1 up && cat eth0/speed eth1/speed' \
	> "$tmp/out" 2> /dev/null < /dev/null
ok "a NIC with a property of its own" same "$(xargs < "$tmp/out")" "10000 400"

EMUNIC_ACCEL=tcg vm --nested on -- grep -c "hres_active.*0" /proc/timer_list \
	> "$tmp/out" 2> /dev/null < /dev/null
ok "guests without KVM: one CPU, a periodic timer" same "$(cat "$tmp/out")" 1

vm --append rdinit=/none -- true > /dev/null 2> "$tmp/err" < /dev/null
status=$?
ok "125 when the VM fails" same $status 125
ok "with the end of the console" grep -q "Kernel panic" "$tmp/err"

[ $failed -eq 0 ]

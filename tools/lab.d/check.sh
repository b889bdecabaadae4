# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tools that run many checks: all of them, each with a line of its own, and
# a line of counts at the end. The tool is named by TOOL; logs are in OUT.

TOP=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
BUILD=$(realpath -m "${BUILD:-$TOP/build}")
export BUILD
OUT=$BUILD/$TOOL
# Debian's sparse lacks what Linux 7.3 asks for before it lets a checker run.
# shellcheck disable=SC2034
SPARSE='sparse -D__typeof_unqual__=__typeof__'
# And has no value for a strlen() in MODULE_AUTHOR() and the like.
# shellcheck disable=SC2034
SPARSE_KNOWN=': error: bad constant expression$'
passed=0 failed=0 skipped=0

lab() { "$TOP/tools/lab" exec -- "$@"; }

# files PATTERN…: sources that git knows or would know, and that are there.
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

# check NAME CMD…: CMD must succeed and print nothing but what is quiet.
check() {
	local name=$1 start=$SECONDS log="$OUT/${1// /-}.log"

	shift
	[ -t 1 ] && printf '%s: %-34s …\r' "$TOOL" "$name"
	if "$@" > "$log" 2>&1 < /dev/null && [ ! -s "$log" ]; then
		printf '%s: %-34s ok      %3d s\n' "$TOOL" "$name" $((SECONDS - start))
		passed=$((passed + 1))
	else
		printf '%s: %-34s FAILED  %3d s\n' "$TOOL" "$name" $((SECONDS - start))
		head -n 100 "$log" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

# checker_ran LOG: kbuild goes on without a checker that it does not like.
checker_ran() { grep -q '^  CHECK  ' "$1" || { echo "no checker has run"; return 1; }; }

# skip NAME WHY
skip() {
	printf '%s: %-34s skipped: %s\n' "$TOOL" "$1" "$2"
	skipped=$((skipped + 1))
}

# The status of the tool.
checked() {
	printf '%s: %d passed, %d failed, %d skipped\n' "$TOOL" $passed $failed $skipped
	[ $failed -eq 0 ]
}

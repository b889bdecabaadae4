# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the lab says: one line per step with the time it takes, one line per
# failure that says what to do.

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
	printf 'lab: error: %s\n' "$*" >&2
	exit 1
}

elapsed() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# The last line of a log that has something to read, cut to fit a terminal.
_last_line() {
	tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | grep -a '[[:alnum:]]' |
		tail -n 1 | tr -cd '[:print:]' | cut -c "1-$2"
}

# step LOG TITLE CMD…: run CMD with its output in LOG. On a terminal one live
# line shows the elapsed time and the last line of the log, elsewhere a line
# every 30 s. CMD's status is returned; a failure prints the end of the log.
step() {
	local log=$1 title=$2 start=$SECONDS pid rc=0 width next=30 now
	shift 2

	mkdir -p "${log%/*}"
	: > "$log"
	[ -t 2 ] || printf 'lab: %s …\n' "$title" >&2
	# A process group of its own, so that an interruption ends all of the
	# step: what went on would write to the tree that the next run repairs.
	set -m
	"$@" >> "$log" 2>&1 < /dev/null &
	pid=$!
	set +m
	trap 'step_interrupted "$pid"' INT TERM HUP
	width=$(tput cols 2>/dev/null || echo 80)
	while kill -0 "$pid" 2>/dev/null; do
		now=$((SECONDS - start))
		if [ -t 2 ]; then
			printf '\r\033[Klab: %s %s  %s' "$title" "$(elapsed $now)" \
				"$(_last_line "$log" $((width > 60 ? width - 50 : 10)))" >&2
		elif [ $now -ge $next ]; then
			printf 'lab: %s: still at it after %s: %s\n' "$title" \
				"$(elapsed $now)" "$(_last_line "$log" 60)" >&2
			next=$((now + 30))
		fi
		sleep 0.2
	done
	wait "$pid" || rc=$?
	trap - INT TERM HUP
	now=$(elapsed $((SECONDS - start)))
	[ -t 2 ] && printf '\r\033[K' >&2
	if [ $rc -eq 0 ]; then
		printf 'lab: %s: done in %s\n' "$title" "$now" >&2
	else
		printf 'lab: %s: FAILED after %s; the end of %s:\n' "$title" "$now" "$log" >&2
		tail -n 25 "$log" | sed 's/^/    /' >&2
	fi
	return $rc
}

step_interrupted() {
	trap '' INT TERM HUP
	kill -- -"$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	printf '\nlab: interrupted; run the same command again to resume\n' >&2
	exit 130
}

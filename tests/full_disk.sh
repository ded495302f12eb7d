#!/bin/sh
# A disk that is full: one clear line, exit 5, nothing half written, earlier results intact.  The disk
# is a tmpfs of a few pages in a mount namespace of our own.
cd "$(dirname "$0")/.." || exit 1
if [ "${1:-}" != inside ]; then
	for way in -Urm -m; do
		if unshare $way sh -c 'mount -t tmpfs none /tmp' 2>/dev/null; then
			exec unshare $way "$0" inside
		fi
	done
	echo "1..0 # SKIP [namespace] a tmpfs may not be mounted in a mount namespace here"
	exit 0
fi
. tests/lib.sh
cd "$tmp" || exit 1
disk=$tmp/disk
mkdir "$disk"
trap 'umount "$disk" 2>/dev/null; tap_cleanup' EXIT
page=$(getconf PAGESIZE)

smoke() { # smoke OPTION...
	run "$twbench" run smoke -s client-fin -d 200ms -o "$disk" --quiet --no-plots "$@"
	entries >"$tmp/entries.now"
}

entries() { (cd "$disk" && find . -mindepth 1 -maxdepth 1 | sort); }
sums() { (cd "$disk" && find . -type f -exec cksum {} + | sort); }
used() { echo $(($(stat -f -c '%b - %f' "$disk"))); } # pages

fill() { # fill LEFT: leave so many pages free
	rm -f "$disk/filler"
	free=$(stat -f -c %f "$disk")
	head -c $(((free - $1) * page)) /dev/zero >"$disk/filler" # its own inode takes no page
}

refused() { # refused NAME: after smoke
	is "$1: exit 5" "$code" 5
	like "... one line says why" "$err" '^twbench run: [^:]*.*: No space left on device$'
	is "... by a name that people know" "$(printf '%s\n' "$err" | grep -cF .tmp)" 0
	is "... it is one line" "$(wc -l <"$tmp/run.err")" 1
	new=$(printf '%s\n' "$before" | grep -vxF -f - "$tmp/entries.now")
	if [ -n "$new" ] && "$twbench" report "$disk/$new" --format json >/dev/null 2>&1; then
		is "... only the report had no room: the record is there, and whole files" \
			"$(cd "$disk/$new" && find . -type f ! -name run.json ! -name 'summary.*' ! -name report.html ! -path './cases/*')" ''
		rm -r "${disk:?}/$new"
		ln -sfn "$first" "$disk/latest"
	fi
	is "... nothing half written" "$(entries)" "$before"
	is "... the earlier run is as it was" "$(sums)" "$whole"
}

mount -t tmpfs -o size=16m none "$disk" || exit 1
smoke --capture keep
is "room enough: exit 0" "$code$err" 0
first=$(readlink "$disk/latest")
capture=$(wc -c <"$disk/$first/cases/client-fin/r1/capture.pcap")
need_pages=$(used)
like "a capture was kept" "$capture" '^[1-9][0-9]{3,}$'

# Less and less room: from none to just too little for the last file.
for left in 0 1 2 4 7 11 $((need_pages - 1)) $((need_pages * 2 / 3)) $((need_pages / 2)); do
	fill "$left"
	before=$(entries)
	whole=$(sums)
	smoke --capture keep
	if [ "$code" -eq 0 ]; then
		skip "$left pages left" "they were enough"
		rm -r "${disk:?}/$(readlink "$disk/latest")"
		ln -sfn "$first" "$disk/latest"
	else
		refused "$left pages left"
	fi
done
rm -f "$disk/filler"
smoke --capture keep
is "with room again: exit 0" "$code$err" 0

# A disk that was full from the start.
umount "$disk"
mount -t tmpfs -o size=$((3 * page)),nr_inodes=20 none "$disk" || exit 1
before='' whole='' first=''
smoke --capture keep
refused "a new disk of 3 pages"
umount "$disk"

# No inode is left for the run's directory.
mount -t tmpfs -o size=16m,nr_inodes=3 none "$disk" || exit 1
before='' whole='' first=''
smoke --capture off
refused "a disk of 3 inodes"
umount "$disk"

# Reports and graphs: the record is kept, and the exit status tells.
mount -t tmpfs -o size=16m none "$disk" || exit 1
smoke --capture off
first=$(readlink "$disk/latest")
fill 0
run "$twbench" report "$disk/latest" --out "$disk/again"
is "report --out on a full disk: exit 5" "$code" 5
like "... one line" "$err" '^twbench report: .*: No space left on device$'
ok "... the record is whole" "$twbench" report "$disk/$first" --format json
done_testing

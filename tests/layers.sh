#!/bin/sh
# Rules of the house that a script can check: who includes whom, where foreign headers live, words
# that are banned, sizes of files and functions, no mutable file-scope data.  Each check prints its
# offenders; it is first tried on a tree in which the fault was planted.
# shellcheck disable=SC2016 # awk programs stand in single quotes
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT INT TERM
count=0 failed=0

report() { # report NAME OFFENDERS: ok if there are none
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		echo "$2" | sed 's/^/#   /'
	fi
}

sources() { ls base/*.[ch] bench/*.[ch] capture/*.[ch] analysis/*.[ch] 2>/dev/null; }

includes() { # "file target" for each quoted include
	sources | xargs awk '/^[ \t]*#[ \t]*include[ \t]*"/ { split($0, part, "\""); print FILENAME, part[2] }'
}

direction() {
	includes | awk '
	BEGIN {
		may["base"] = " base "
		may["capture"] = " base capture "
		may["analysis"] = " base analysis "
		may["bench"] = " base bench capture "
	}
	{
		split($1, from, "/")
		split($2, to, "/")
		allowed = may[from[1]]
		if ($1 == "bench/main.c" || $1 ~ /^bench\/cmd_[a-z0-9_]*\.c$/)
			allowed = allowed "analysis "
		if (index(allowed, " " to[1] " ") == 0)
			print $1 " includes " $2
	}'
}

foreign() {
	sources | xargs awk '
	function only(header, files) {
		if (index($0, "<" header) && FILENAME !~ files)
			print FILENAME ":" FNR ": " $0
	}
	/^[ \t]*#[ \t]*include[ \t]*</ {
		only("cjson/", "^base/json\\.c$")
		only("cJSON", "^base/json\\.c$")
		only("pcap", "^capture/sniffer[a-z_]*\\.c$")
		only("linux/inet_diag.h", "^capture/diag\\.c$")
	}'
}

own_header_first() {
	for c in $(sources | grep '\.c$'); do
		[ -f "${c%.c}.h" ] || continue
		first=$(awk '/^#include/ { print $2; exit }' "$c")
		[ "$first" = "\"${c%.c}.h\"" ] || echo "$c begins with $first"
	done
}

# Source without comments and strings, as "file:line: text".
bare() {
	sources | xargs awk '
	FNR == 1 { inside = 0 }
	{
		line = $0
		gsub(/\\./, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		out = ""
		while (line != "") {
			if (inside) {
				end = index(line, "*/")
				if (!end) break
				line = substr(line, end + 2)
				inside = 0
			} else {
				begin = index(line, "/*")
				if (!begin) { out = out line; break }
				out = out substr(line, 1, begin - 1)
				line = substr(line, begin + 2)
				inside = 1
			}
		}
		sub(/\/\/.*/, "", out)
		print FILENAME ":" FNR ": " out
	}'
}

calls() { # calls 'A|B' [EXCEPT]: where one of these functions is called, outside the file EXCEPT
	bare | grep -E "(^|[^A-Za-z0-9_])($1)[ 	]*\(" | grep -v "^${2:-none}:"
}

banned() {
	calls 'atoi|atol|atoll|atof|sprintf|vsprintf|strcpy|stpcpy|strncpy|strcat|strncat|gets|strtok'
	calls 'system|sleep|usleep|nanosleep|gettimeofday|tmpnam|mktemp|time'
	calls 'strtol|strtoul|strtoll|strtoull|strtod|strtof|strtoimax|strtoumax' 'base/num\.c'
	calls 'clock_gettime|clock_nanosleep' 'base/mono\.c'
}

# The first literal of each err_set, err_errno, err_wrap: no capital letter first, no mark last, one line.
messages() {
	sources | xargs awk '
	!open && /(err_set|err_errno|err_wrap)\(/ { open = 1; text = ""; at = FILENAME ":" FNR }
	open {
		text = text $0
		if (match(text, /(err_set|err_errno|err_wrap)\([^"]*"([^"\\]|\\.)*("[ \t]*"([^"\\]|\\.)*)*"[ \t]*[^" \t]/)) {
			text = substr(text, RSTART, RLENGTH)
			sub(/^[^"]*"/, "", text)
			sub(/"[ \t]*[^"]$/, "", text)
			gsub(/"[ \t]*"/, "", text)
			if (text ~ /^[A-Z]|[.!]$|\\n/)
				print at ": " text
			open = 0
		} else if (/;[ \t]*$/)
			open = 0
	}'
}

file_size() {
	sources | xargs awk 'FNR > 500 { over[FILENAME] = FNR } END { for (f in over) print f ": " over[f] " lines" }'
}

function_size() {
	sources | grep '\.c$' | xargs awk '
	FNR == 1 { start = 0 }
	/^[A-Za-z].*\(/ { name = $0 }
	/^{/ { start = FNR }
	/^}/ && start {
		if (FNR - start - 1 > 60)
			print FILENAME ":" start ": " FNR - start - 1 " lines: " name
		start = 0
	}'
}

# The linker knows what can be written to; only flags for a signal handler may be.
mutable() { # mutable ARCHIVE
	flags=$(sources | xargs grep -h 'volatile sig_atomic_t' /dev/null | tr -c 'A-Za-z0-9_' '\n' | sort -u)
	objdump -t "$1" | awk '/:[ \t]+file format/ { file = $1 } / O (\.data|\.bss|\*COM\*)[ \t]/ { print $NF, file }' |
	while read -r name file; do
		echo "$flags" | grep -qx -e "$name" || echo "$file $name"
	done
}

# gcc takes a function that only fetches ahead for one without effect, and may leave its call out.
unfetched() { # unfetched ARCHIVE
	case $(uname -m) in x86_64 | aarch64) ;; *) return ;; esac # where it is an instruction with a name
	wanted=$(sources | xargs grep -h '__builtin_prefetch(' /dev/null | wc -l)
	there=$(objdump -d --no-show-raw-insn "$1" | grep -c -e '[[:space:]]prefetch' -e '[[:space:]]prfm')
	[ "$there" -ge "$wanted" ] || echo "$there of $wanted fetches ahead are in $1"
}

plant() { # plant CHECK PATH LINE...: the check must complain about a file of these lines
	check=$1 path=$2
	shift 2
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/base" "$tree/bench" "$tree/capture" "$tree/analysis"
	printf '%s\n' "$@" >"$tree/$path"
	[ "$path" = base/own.c ] && : >"$tree/base/own.h"
	found=$(cd "$tree" && "$check")
	[ -n "$found" ] || report "$check sees a fault planted in $path" "it does not: $*"
}

plant direction base/x.c '#include "bench/plan.h"'
plant direction capture/x.c '#include "bench/plan.h"'
plant direction analysis/x.h '#include "capture/flow.h"'
plant direction bench/lab.c '#include "analysis/report.h"'
plant direction base/x.c '#include "err.h"'
plant foreign base/jsonw.c '#include <cjson/cJSON.h>'
plant foreign bench/x.c '#include <pcap/pcap.h>'
plant foreign capture/sampler.c '#include <linux/inet_diag.h>'
plant own_header_first base/own.c '#include <stdio.h>' '#include "base/own.h"'
plant banned bench/x.c '	return atoi(text);'
plant banned bench/x.c '	x = "a \" b"; /* */ sleep(1);'
plant banned base/json.c '	v = strtod(text, &end);'
plant banned capture/x.c '	(void)clock_gettime(id, &ts);'
plant messages base/x.c '	return err_set(err, -EINVAL, "Bad thing");'
plant messages base/x.c '	return err_set(err, -EINVAL,' '		       "a thing "' '		       "is bad.");'
plant messages base/x.c '	err_wrap(err, "one line\\n");'
plant file_size base/x.c "$(seq 501)"
plant function_size base/x.c 'int f(void)' '{' "$(seq 61 | sed 's/^/	/')" '}'

rm -rf "${tree:?}"/*
mkdir -p "$tree/base"
printf '%s\n' '/* sleep(1) */' 'const char *s = "sleep(1)"; // atoi(s)' '/*' ' * system(x)' ' */' \
	'	oversleep(1);' >"$tree/base/x.c"
report "words in comments and strings are no calls" "$(cd "$tree" && banned)"
printf 'int plain; static long kept = 3; static const int table[] = { 1 };\n%s\n' \
	'volatile int *f(void) { static int inner; return kept++ ? &inner : (int *)table; }' >"$tree/base/x.c"
if ${CC:-cc} -c -o "$tree/x.o" "$tree/base/x.c" 2>"$tree/log"; then
	seen=$(cd "$tree" && mutable x.o | wc -l)
	[ "$seen" -eq 3 ] || report "mutable sees what was planted" "$seen of 3"
	echo '/* __builtin_prefetch(p); */' >>"$tree/base/x.c"
	[ -n "$(cd "$tree" && unfetched x.o)" ] || report "unfetched sees what was planted" "it does not"
else
	report "the compiler works" "$(cat "$tree/log")"
fi

report "base, capture, analysis and bench include only whom they may" "$(direction)"
report "foreign headers stay in their one file" "$(foreign)"
report "a .c file includes its own header first" "$(own_header_first)"
report "no banned function is called" "$(banned)"
report "messages begin small and end without a mark" "$(messages)"
report "no file is over 500 lines" "$(file_size)"
report "no function is over 60 lines" "$(function_size)"
if [ -f "$build/libtwbench.a" ]; then
	report "no mutable file-scope data" "$(mutable "$build/libtwbench.a")"
	report "what is to be fetched ahead is" "$(unfetched "$build/libtwbench.a")"
else
	for name in "no mutable file-scope data" "what is to be fetched ahead is"; do
		count=$((count + 1))
		echo "ok $count - $name # SKIP $build/libtwbench.a is not built"
	done
fi
echo "1..$count"
[ "$failed" -eq 0 ]

#!/bin/sh
# What is written is true: commands in README.md run and end as stated, the list of fields and the
# schemas are those of the program, the man page knows every command and option.
#
# In README.md "<!-- run -->" or "<!-- run: exit 3 -->" before a ```console block marks its lines
# "$ twbench ..." (or "$ ./twbench ...") as runnable, from an empty directory, one after the other.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

runnable() { # runnable FILE: lines "EXIT COMMAND"
	awk '
	/^<!-- run(: exit [0-9]+)? -->$/ { wanted = $0 ~ /exit/ ? $4 + 0 : 0; marked = 1; next }
	/^```console$/ { inside = marked; marked = 0; next }
	/^```/ { inside = 0; next }
	/[^ \t]/ && !inside { marked = 0 }
	inside && /^\$ (\.\/)?twbench / { sub(/^\$ (\.\/)?/, ""); print wanted, $0 }' "$1"
}

# The extractor first: it must see what is marked, and nothing else.
cat >"$tmp/sample.md" <<'EOF2'
<!-- run -->
```console
$ twbench --version
twbench 1.2.3
$ ./twbench list
$ make
```

```console
$ twbench not-marked
```
<!-- run: exit 3 -->

```console
$ twbench load x
```
<!-- run -->
words in between
```console
$ twbench not-marked
```
EOF2
is "marked commands are found" "$(runnable "$tmp/sample.md" | tr '\n' ';')" \
	'0 twbench --version;0 twbench list;3 twbench load x;'

if [ -f README.md ]; then
	mkdir "$tmp/cwd"
	ln -s "$twbench" "$tmp/cwd/twbench"
	runnable README.md >"$tmp/commands"
	ok "README.md has commands to run" test -s "$tmp/commands"
	while read -r wanted command; do
		(cd "$tmp/cwd" && PATH=$tmp/cwd:$PATH && run sh -c "$command" && echo "$code" >"$tmp/code") </dev/null
		got=$(cat "$tmp/code")
		if [ "$got" = "$wanted" ]; then
			tap_line yes "README.md: $command"
		else
			tap_line no "README.md: $command" "exit $got, want $wanted" "$(cat "$tmp/run.err")"
		fi
	done <"$tmp/commands"
else
	skip "README.md: its commands" "there is no README.md"
fi

# The scenarios of the tutorial, and the cases it shows for each.
awk -v dir="$tmp" '
	/^```json$/ { inside = 1; n++; next }
	/^```/ { inside = 0 }
	inside { print >dir "/tutorial-" n ".json" }' fixtures/README.md
awk '
	/^\$ / { shown = 0 }
	/^\$ twbench run poll.json --dry-run$/ { n++; shown = 1 }
	/^$/ { rows = 0 }
	shown && rows { print n, $1 }
	/^case / { rows = 1 }' fixtures/README.md >"$tmp/told-cases"
for n in 1 2 3; do
	run "$twbench" run "$tmp/tutorial-$n.json" --dry-run
	is "fixtures/README.md: scenario $n has the cases it shows" \
		"$(printf '%s\n' "$out" | awk '/^$/ { rows = 0 } rows { print $1 } /^case / { rows = 1 }')" \
		"$(sed -n "s/^$n //p" "$tmp/told-cases")"
done

same() { # same FILE LIST
	"$twbench" list "$2" >"$tmp/list"
	if said=$(diff "$1" "$tmp/list"); then
		tap_line yes "$1 is \`twbench list $2\`"
	else
		tap_line no "$1 is \`twbench list $2\`" "$said" "(write it again: ./twbench list $2 >$1)"
	fi
}
same results/README.md fields
same fixtures/schema/run.schema.json schema
same fixtures/schema/scenario.schema.json scenario-schema

page=bench/twbench.1
if [ ! -f $page ]; then
	skip "the man page" "there is no $page"
elif ! command -v mandoc >/dev/null; then
	skip "the man page" "mandoc is not installed"
else
	run mandoc -Tlint -Wwarning $page
	empty "mandoc has nothing to say about $page" "$out$err"
	mandoc -Tascii -O width=160 $page | sed "s/.$(printf '\b')//g" >"$tmp/page"
	for command in $("$twbench" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		ok "$page names the command $command" grep -qw -e "$command" "$tmp/page"
		# Its own section; check takes the options of run.
		awk -v c="$command" '
			/^   [a-z]/ { inside = $1 == c || (c == "check" && $1 == "run") || (c == "load" && $1 == "run") }
			/^[A-Z]/ { inside = 0 }
			inside' "$tmp/page" >"$tmp/section"
		"$twbench" "$command" --help | sed -n 's/^  *\(-.,\)\{0,1\} *\(--[a-z-]*\)/\2/p' | grep -v '^--help' >"$tmp/options"
		while read -r option rest; do
			grep -q -e "^ .*$option\b" "$tmp/section" || tap_line no "$page names $command $option"
			default=$(printf '%s\n' "$rest" | sed -n 's/.*(default: \([0-9][^ )]*\)).*/\1/p')
			[ -z "$default" ] || [ "$command" = check ] || tr -s ' \n' ' ' <"$tmp/section" |
				grep -q -e "${option}\b[^(]*(default: ${default}[;)]" ||
				tap_line no "$page: the default of $command $option is $default"
		done <"$tmp/options"
	done
	for status in $("$twbench" list exit-codes | awk '{ print $1 }'); do
		grep -Eq "^ +$status( |\$)" "$tmp/page" || tap_line no "$page explains exit status $status"
	done
	sed -n 's/^  *\(--[a-z-]*\).*/\1/p' "$tmp/page" | sort -u >"$tmp/told"
	for command in $("$twbench" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		"$twbench" "$command" --help
	done >"$tmp/help"
	"$twbench" --help >>"$tmp/help"
	echo --version >>"$tmp/help"
	while read -r option; do
		grep -q -e "$option" "$tmp/help" || tap_line no "$page tells of $option, which there is not"
	done <"$tmp/told"
fi
done_testing

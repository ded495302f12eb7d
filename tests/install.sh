#!/bin/sh
# What `make install` puts under a DESTDIR works from anywhere, and `make uninstall` takes all of it
# away again.  The completion script completes.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need make install

root=$tmp/root
ok "make install" make -s install DESTDIR="$root" PREFIX=/opt/tw BUILD="${BUILD:-build}"
for file in bin/twbench share/man/man1/twbench.1 share/twbench/run.schema.json \
	share/twbench/scenario.schema.json share/bash-completion/completions/twbench; do
	ok "$file is there" test -s "$root/opt/tw/$file"
done
ok "the program may be run by all" test -n "$(find "$root/opt/tw/bin/twbench" -perm -0555)"
is "nothing lies outside the prefix" "$(cd "$root" && find . -type f ! -path './opt/tw/*')" ''

# --- from anywhere --------------------------------------------------------------------------------

mkdir "$tmp/elsewhere" && cd "$tmp/elsewhere" || exit 1
installed=$root/opt/tw/bin/twbench
run "$installed" list scenarios
is "list scenarios: exit 0" "$code" 0
like "... the scenarios travel inside" "$out" '^close-strategies '
run "$installed" run smoke --dry-run
is "run smoke --dry-run: exit 0" "$code" 0
like "... plans" "$out" '^client-fin +100/s for 1s +veth '
for name in run scenario; do
	word=$name-schema
	[ "$name" = run ] && word=schema
	"$installed" list "$word" >schema.json
	ok "the installed schema of a $name is the program's" cmp schema.json \
		"$root/opt/tw/share/twbench/$name.schema.json"
	rm schema.json
done
is "nothing was left here" "$(ls -A)" ''

# --- the man page ---------------------------------------------------------------------------------

page=$root/opt/tw/share/man/man1/twbench.1
joined=$(tr '\n' ' ' <"$page")
"$installed" list exit-codes >"$tmp/statuses"
while read -r status meaning; do
	case $joined in
	*".It $status $meaning "*) tap_line yes "exit status $status is that of the table" ;;
	*) tap_line no "exit status $status is that of the table" "no '.It $status' with '$meaning'" ;;
	esac
done <"$tmp/statuses"
awk '/^\.Sh / { in_section = /SCENARIO FILE/ } /^\.Ed/ { exit } shown { print } in_section && /^\.Bd/ { shown = 1 }' \
	"$page" | sed 's/\\-/-/g; s/\\e/\\/g' >poll.json
run "$installed" run poll.json --dry-run
is "its scenario can be planned" "$code$err" 0
like "... five cases" "$out" '^plan: poll · 5 cases '
rm poll.json

# --- completion -----------------------------------------------------------------------------------

if command -v bash >/dev/null; then
	# candidates WORD...: the candidates for the last word.
	candidates() {
		# shellcheck disable=SC2016 # for the inner shell
		bash -c '
			compopt() { :; } # works only below Readline
			. "$1" && shift
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
			_twbench
			echo "${COMPREPLY[*]}"' bash "$root/opt/tw/share/bash-completion/completions/twbench" "$@"
	}
	is "a command" "$(candidates twbench ser)" serve
	is "a scenario" "$(candidates twbench run smo)" smoke
	is "an option" "$(candidates twbench run --isol)" --isolation
	is "a strategy" "$(candidates twbench run --strategy client-f)" client-fin
	is "one more strategy" "$(candidates twbench run -s udp,keep)" udp,keepalive
	is "a choice after =" "$(candidates twbench plot --theme = da)" dark
	is "a scenario key" "$(candidates twbench run --set load.cl)" load.clients=
	is "its value is not guessed" "$(candidates twbench run --set load.clients = 5)" ''
	is "a list" "$(candidates twbench list exit)" exit-codes
	touch x.json x.txt
	is "a file" "$(candidates twbench report x)" x.json
	if command -v shellcheck >/dev/null; then
		ok "shellcheck finds no fault" shellcheck -s bash \
			"$root/opt/tw/share/bash-completion/completions/twbench"
	fi
else
	skip "completion" "bash is not installed"
fi

# --- and away -------------------------------------------------------------------------------------

cd "$top" || exit 1
ok "make uninstall" make -s uninstall DESTDIR="$root" PREFIX=/opt/tw
is "no file is left" "$(find "$root" ! -type d)" ''
is "no directory of ours is left" "$(find "$root" -name 'twbench*')" ''
done_testing

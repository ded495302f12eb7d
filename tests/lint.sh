#!/bin/sh
# long: shellcheck on every script; no warning from gcc and clang, with assertions and without.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
unset MAKEFLAGS MFLAGS BUILD
jobs=$(getconf _NPROCESSORS_ONLN)

if command -v shellcheck >/dev/null; then
	for script in $(find . -path ./build -prune -o -path ./.git -prune -o -name '*.sh' -print | sort) .ci/run; do
		ok "shellcheck $script" shellcheck -x "$script"
	done
else
	skip "shellcheck" "shellcheck is not installed"
fi

warning_free() { # warning_free COMPILER NAME FLAGS
	build=build/lint-$2
	if ! command -v "$1" >/dev/null; then
		skip "no warning from $1 $3" "$1 is not installed"
		return
	fi
	# The program itself is linked from these; its name belongs to the ordinary build.
	ok "no warning from $1 $3" make -j "$jobs" CC="$1" BUILD="$build" CFLAGS="-Werror $3" \
		"$build/libtwbench.a" "$build/bench/main.o" unit
}
warning_free gcc gcc ''
warning_free clang clang ''
warning_free gcc gcc-ndebug '-DNDEBUG -O1'
done_testing

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

warning_free() { # warning_free COMPILER NAME FLAGS [TARGET...]: the program's objects and these
	compiler=$1 build=build/lint-$2 flags=$3
	shift 3
	if ! command -v "$compiler" >/dev/null; then
		skip "no warning from $compiler $flags" "$compiler is not installed"
		return
	fi
	# The program itself is linked from these; its name belongs to the ordinary build.
	ok "no warning from $compiler $flags" make -j "$jobs" CC="$compiler" BUILD="$build" \
		CFLAGS="-Werror $flags" "$build/libtwbench.a" "$build/bench/main.o" "$@"
}
if [ "${CI:-}" = true ]; then # there a warning is an error in the ordinary build, too
	ok "no warning from the ordinary build" make -q all unit
else
	warning_free gcc gcc '' unit
fi
# What clang says does not hang on how much it optimises.
warning_free clang clang '-O0' unit
# The tests are made of assertions.  Each file by itself: includes what it uses, and uses what it has.
warning_free gcc gcc-ndebug '-DNDEBUG' APART=1
done_testing

# shellcheck shell=sh
# python3 may be a wrapper that looks for the real one, for half a second at each call: it is asked once.

# real_python DIR: from here on `python3` is the real one, by a script of that name in DIR, which is made.
real_python() {
	real=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) && [ -x "$real" ] || return 0
	mkdir -p "$1" && printf '#!/bin/sh\nexec "%s" "$@"\n' "$real" >"$1/python3" && chmod +x "$1/python3"
	PATH=$1:$PATH
}

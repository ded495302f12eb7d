#!/bin/sh
# long: the ready workflows of fixtures/ci on a fresh clone: each command they hold is run, in order.
# shellcheck disable=SC2317 # functions are called through beside
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need git make bash python3
need_net
python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
[ "$(id -u)" -eq 0 ] || skip_all "not root: the workflow has sudo"
git rev-parse HEAD >/dev/null 2>&1 || skip_all "not a clone: there is nothing to clone"
unset MAKEFLAGS MFLAGS BUILD

# commands FILE DIR: DIR/1, DIR/2 ... as the runner would type them; names in DIR/names.
commands() {
	mkdir "$2" && python3 - "$1" "$2" <<'PY'
import sys, yaml

with open(sys.argv[1], encoding="utf-8") as f:
    job = yaml.safe_load(f)
if "jobs" in job:
    steps = [(s["name"], s["run"]) for s in job["jobs"]["tuning"]["steps"] if "run" in s]
else:
    steps = [(line, line) for part in ("script", "after_script") for line in job["tuning"][part]]
with open(sys.argv[2] + "/names", "w", encoding="utf-8") as names:
    for i, (name, text) in enumerate(steps, 1):
        print(i, name, file=names)
        with open(f"{sys.argv[2]}/{i}", "w", encoding="utf-8") as f:
            f.write(text)
PY
}

# perform NAME NAMES: those commands, each in a shell of its own, in the directory of a user's repository.
perform() {
	mkdir -p tuning
	echo 'net.ipv4.tcp_tw_reuse = 1' >tuning/60-net.conf
	while read -r number name; do
		ok "$1: $name" bash -e "${2%/*}/$number" </dev/null
	done <"$2"
}

mkdir "$tmp/bin"
cat >"$tmp/bin/sudo" <<'EOF2'
#!/bin/sh
# The runner's sudo: here everybody is root already.
while case $1 in -*) true ;; *) false ;; esac; do shift; done
exec "$@"
EOF2
chmod +x "$tmp/bin/sudo"
PREFIX=$tmp/prefix TWBENCH_REPOSITORY=file://$top GITHUB_STEP_SUMMARY=$tmp/summary.md
PATH=$tmp/bin:$PREFIX/bin:$PATH
export PREFIX TWBENCH_REPOSITORY GITHUB_STEP_SUMMARY PATH

commands fixtures/ci/github-actions.yml "$tmp/github"
commands fixtures/ci/gitlab-ci.yml "$tmp/gitlab"
is "each step that runs something was found" "$(wc -l <"$tmp/github/names") $(wc -l <"$tmp/gitlab/names")" "4 4"

build() {
	perform actions "$steps/github/first"
	ok "the program under test is the one of the clone" test -x "$PREFIX/bin/twbench"
}

actions() {
	GITHUB_ACTIONS=true
	export GITHUB_ACTIONS
	perform actions "$steps/github/others"
	ok "actions: what the later steps upload is there" test -s lint.sarif -a -s report/junit.xml -a -s results/latest/run.json
	ok "actions: the job summary was written" test -s "$GITHUB_STEP_SUMMARY"
}

gitlab() {
	perform gitlab "$steps/gitlab/names"
	ok "gitlab: what is uploaded is there" test -s report/junit.xml -a -s report/metrics.prom
}

# Both need what the first step of one installs; then they mostly wait.
steps=$tmp
head -n 1 "$steps/github/names" >"$steps/github/first"
sed 1d "$steps/github/names" >"$steps/github/others"
beside actions build
told actions
beside actions actions
beside gitlab gitlab
told actions
told gitlab
done_testing

#!/bin/sh
# long: the unit tests that make do with a sample when time is short (test_whole), whole.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
TEST_WHOLE=1
export TEST_WHOLE

tests=$(grep -l 'test_whole()' tests/*_test.c)
ok "some tests have more to try" test "$(echo "$tests" | wc -w)" -gt 2
for test in $tests; do
	test=${test%.c}
	ok "${test#tests/}: whole" "${BUILD:-build}/$test"
done
done_testing

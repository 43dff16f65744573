#!/usr/bin/env bash
# test_failures.sh: what a failed stage prints says at once what failed.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

source_dir=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
wrong=0

complain() {
    printf 'FAIL: %s; the output:\n' "$1"
    cat out
    wrong=$((wrong + 1))
}

# line NUMBER TEXT: that line of the output has this text.
line() {
    sed -n "$1p" out | grep -qF -- "$2" || complain "line $1 has not '$2'"
}

none() {
    ! grep -qE -- "$1" out || complain "there is '$1'"
}

# failed_lines: how many lines a failed stage has, its own line included.
failed_lines() {
    sed -n '/^FAIL/,/^[^ F]/{/^Stages/!p}' out | wc -l
}

# What stages.sh takes from dev.
# shellcheck disable=SC2317 # called by stages.sh
say() { printf '%s\n' "$*"; }
# shellcheck disable=SC2317
die() { say "dev: $*" >&2; exit 1; }
# shellcheck disable=SC2317
build_preset() { cmake --preset "$1" >/dev/null; }
# shellcheck disable=SC2034
jobs=2
# shellcheck source=tests/ci/stages.sh
source "$source_dir/tests/ci/stages.sh"

cp "$source_dir/CMakePresets.json" .
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(failing NONE)
enable_testing()
foreach(index RANGE 40)
    add_test(NAME good.${index} COMMAND sh -c "echo I am well")
endforeach()
add_test(NAME unlucky COMMAND sh ${CMAKE_SOURCE_DIR}/unlucky.sh)
add_test(NAME absent COMMAND ${CMAKE_SOURCE_DIR}/no-such-program)
add_test(NAME mute COMMAND false)
END
cat >unlucky.sh <<'END'
seq -f 'early chatter %g' 300
echo '[----] test_sky.c:12: Assertion Failed'
echo '[----]'
echo '[----]   The expression sky == blue is false.'
printf '[FAIL] sky::is_blue: (0.00s)\n\033[31m\001\n'
seq -f 'late chatter %g' 300
exit 1
END

# A stage with failing CTest tests: names, then how each ended, then its lines.
(run_stages release) >out 2>&1 && complain "the stage passed"
line 2 'FAIL  release'
line 2 'build/log/release.log'
line 3 'failed: '
for name in unlucky absent mute; do
    line 3 "$name"
done
line 4 'unlucky: Failed'
line 5 'test_sky.c:12: Assertion Failed'
line 6 'The expression sky == blue is false.'
line 7 '[FAIL] sky::is_blue'
grep -q 'late chatter 300' out || complain "the end of the output is missing"
grep -q 'absent: Not Run' out || complain "the absent program is not told"
grep -q 'mute: Failed, no output' out || complain "the mute test is not told"
none 'Passed|Start +[0-9]|I am well|early chatter'
(($(failed_lines) <= 25)) || complain "$(failed_lines) lines for a stage"

# Many of them: each is named, and there are no more lines than for one.
for index in {1..40}; do
    echo "add_test(NAME bad.$index COMMAND sh \${CMAKE_SOURCE_DIR}/unlucky.sh)"
done >>CMakeLists.txt
(run_stages release) >out 2>&1 && complain "the stage passed"
for index in 1 22 40; do
    line 3 " bad.$index"
done
line 5 'test_sky.c:12: Assertion Failed'
(($(failed_lines) <= 25)) || complain "$(failed_lines) lines for a stage"

# Later the build breaks: nothing of the earlier run is shown.
build_preset() {
    seq -f 'compiling %g' 100
    die "the $1 build failed"
}
(run_stages release) >out 2>&1 && complain "the stage passed"
line 2 'FAIL  release'
none 'unlucky|compiling 76$'
line 3 'compiling 78'
line 26 'dev: the release build failed'
(($(failed_lines) <= 25)) || complain "$(failed_lines) lines for a stage"

echo "$wrong failures"
((wrong == 0))

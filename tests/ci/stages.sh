# stages.sh: the stages of `./dev test`, sourced by it.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0

ci_dir=$(dirname "${BASH_SOURCE[0]}")

# One line each: name, then what it shows.
stages="\
release    gcc, optimised: every test, every example
asan       clang, AddressSanitizer and UBSan, whole-object checks: most tests
tsan       ThreadSanitizer: most tests that have threads of ours
valgrind   valgrind, likewise: the tests named in tests/ci/valgrind.txt
lint       clang-format, clang-tidy, cppcheck, shellcheck, sizes
api        exported symbols, header documentation, borders, direction
install    find_package and pkg-config, shared and static, out of tree
demo       the demo twice; the second run takes seconds
bench      every benchmark runs (no figure is judged)
fuzz       what reads foreign bytes, for a quarter of a minute"

# Those that run only when they are named, or all by './dev test deep': what the
# others leave out for time.
deep_stages="\
asan-all   as asan, with what tests/ci/asan.txt names
tsan-all   as tsan, with what tests/ci/tsan.txt names
tidy-all   clang-tidy with the analyzer's whole bound
clang      clang, optimised, with Criterion: no warning"

list_stages() {
    say "$stages"
    say "and by './dev test deep':"
    say "$deep_stages"
}

stage_names() {
    awk '{ print $1 }' <<<"$stages"
}

deep_stage_names() {
    awk '{ print $1 }' <<<"$deep_stages"
}

check_stage_names() {
    local name
    for name in "$@"; do
        grep -qxF -- "$name" < <(stage_names; deep_stage_names; say deep) ||
            usage_error "test: no stage '$name'; see ./dev test --list"
    done
}

# --- the stages ----------------------------------------------------------------

ctest_prefix=()

skip_line='^(\[SKIP\]|SKIP) '

# Runs CTest, one more test at once than there are processors, as many tests wait
# for something half of their time; adds what it counted to the sum of this run, and names each test
# that skipped itself: CTest takes it for one that has passed.
count_ctest() {
    local preset=$1 out rc=0
    shift
    out=build/log/ctest-$stage_name.log
    # shellcheck disable=SC2154 # jobs is dev's
    CRITERION_VERBOSITY_LEVEL=1 \
        "${ctest_prefix[@]}" ctest --preset "$preset" -j "$((jobs + 1))" "$@" \
        --output-junit "$PWD/build/log/ctest-$stage_name.xml" \
        >"$out" 2>&1 || rc=$?
    grep -Ev "$skip_line|^\[(RUN |PASS)\]" "$out" || true
    grep -E "$skip_line" "build/$preset/Testing/Temporary/LastTest.log" |
        sed 's/^\[SKIP\]/SKIP/' || true
    awk '/tests passed, .* tests? failed out of/ {
             print $(NF) - failed($0), failed($0)
         }
         function failed(line) {
             match(line, /[0-9]+ tests? failed/)
             return substr(line, RSTART) + 0
         }' "$out" >>"$tally"
    return "$rc"
}

stage_release() {
    build_preset release
    count_ctest release
}

# Reads each file as that preset would, for its warnings alone.
check_warnings() {
    configure_preset "$1" >/dev/null
    # shellcheck disable=SC2154 # jobs is dev's
    python3 "$ci_dir/warnings.py" "build/$1/compile_commands.json" "$jobs"
}

stage_clang() {
    check_warnings clang
}

# The words of a file but for its comments.
words_of() {
    grep -v '^#' "$1" | tr '\n' ' '
}

# run_asan [CTEST_OPTION...]
run_asan() {
    build_preset asan
    export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
    export LSAN_OPTIONS=suppressions=$PWD/tests/ci/lsan.supp:print_suppressions=0
    export UBSAN_OPTIONS=print_stacktrace=1
    count_ctest asan "$@"
}

stage_asan() {
    local words names
    words=$(words_of "$ci_dir/asan.txt")
    TROUPE_LEAVE_OUT=" $(tr ' ' '\n' <<<"$words" | sed -n 's|/$||p' | tr '\n' ' ')"
    export TROUPE_LEAVE_OUT
    names=$(tr ' ' '\n' <<<"$words" | grep -v -e '/$' -e '^$' | paste -sd'|')
    run_asan --exclude-regex "^(${names//./\\.})\$"
}

stage_asan-all() {
    run_asan
}

run_tsan() {
    build_preset tsan
    # Without the last, each process with threads sleeps a second in its end.
    export TSAN_OPTIONS="suppressions=$PWD/tests/ci/tsan.supp"
    TSAN_OPTIONS+=" halt_on_error=1 second_deadlock_stack=1 atexit_sleep_ms=0"
    # A ThreadSanitizer of this age cannot live with much randomisation.
    if setarch "$(uname -m)" -R true 2>/dev/null; then
        ctest_prefix=(setarch "$(uname -m)" -R)
    fi
    # What the storm and the commands do between processes it does not see; the
    # command with threads of its own is tools.admin's.
    count_ctest tsan --exclude-regex '^(soak|storm|ci\.|bench\.|tools\.[^a])'
}

stage_tsan() {
    TROUPE_LEAVE_OUT=" $(words_of "$ci_dir/tsan.txt")"
    export TROUPE_LEAVE_OUT
    run_tsan
}

stage_tsan-all() {
    run_tsan
}

# valgrind_one MODULE [PATTERN...]: the patterns are the runner's.
valgrind_one() {
    local module=$1
    shift
    say "valgrind: $module $*"
    TROUPE_TIMEOUT_FACTOR=30 TROUPE_SOURCE_DIR=$PWD \
        timeout 400 valgrind --quiet --fair-sched=yes --error-exitcode=99 \
        --leak-check=full --errors-for-leak-kinds=definite \
        --suppressions=tests/ci/valgrind.supp \
        "build/release/tests/plain_$module" "$@"
}

stage_valgrind() {
    local words rc=0 targets i pids=()
    mapfile -t targets < <(sed -n 's/^\([a-z]\+\).*/plain_\1/p' \
        tests/ci/valgrind.txt | sort -u)
    ((${#targets[@]} > 0)) || die "tests/ci/valgrind.txt names no test"
    build_preset release --target "${targets[@]}"
    while read -ra words; do
        [[ -n ${words[*]} && ${words[0]} != \#* ]] || continue
        valgrind_one "${words[@]}" >"build/log/valgrind-${#pids[@]}.log" 2>&1 &
        pids+=($!)
    done <tests/ci/valgrind.txt
    for i in "${!pids[@]}"; do
        if wait "${pids[i]}"; then
            printf '1 0\n' >>"$tally"
        else
            printf '0 1\n' >>"$tally"
            rc=1
        fi
        cat "build/log/valgrind-$i.log"
    done
    return "$rc"
}

stage_lint() {
    # shellcheck source=tests/ci/lint.sh
    source tests/ci/lint.sh
    run_lint format layout shell cppcheck tidy
}

stage_tidy-all() {
    # shellcheck source=tests/ci/lint.sh
    source tests/ci/lint.sh
    TROUPE_TIDY_NODES=225000 run_lint tidy
}

stage_api() {
    # shellcheck source=tests/ci/lint.sh
    source tests/ci/lint.sh
    run_lint api
}

stage_install() {
    build_preset release
    bash tests/consumer/run build/release
}

# expect_in REPORT TEXT: a line of a report of the demo has this text.
expect_in() {
    grep -qF -- "$2" "$1" || die "the demo's report ($1) does not say '$2'"
}

stage_demo() {
    local cache=$PWD/build/demo-cache before took
    rm -rf "$cache"
    mkdir -p "$cache"
    export XDG_CACHE_HOME=$cache
    ./dev demo --quiet >build/log/demo-first.md
    before=$SECONDS
    ./dev demo --quiet >build/log/demo-second.md 2>build/log/demo-second.err
    took=$((SECONDS - before))
    say "second run: $took s"
    ((took <= 15)) || die "the second demo run took $took s"
    cat build/log/demo-second.md
    # An image may leave the manual pages out; the demo says so then.
    if ! grep -q 'leaves the manual pages out' build/log/demo-second.err; then
        expect_in build/log/demo-second.md '*wait(2), DESCRIPTION'
        expect_in build/log/demo-second.md "the child terminated"
    fi
    ! grep -F DEGRADED build/log/demo-second.md ||
        die "the demo's report is degraded"
    TROUPE_MAN_ROOT=/nonexistent ./dev demo --quiet >build/log/demo-own.md
    cat build/log/demo-own.md
    expect_in build/log/demo-own.md 'By default a full one rests its senders'
    ! sed -n '/^## Sources/,/^## /p' build/log/demo-own.md | grep '\.[ch]`' ||
        die "the demo cites code"
    rm -rf "$cache"
}

stage_bench() {
    compgen -G 'bench/b*.c' >/dev/null || die "there is no benchmark of Troupe"
    build_preset release
    python3 bench/run --build build/release --quick --runs 1 \
        --json build/log/bench.json
}

stage_fuzz() {
    # shellcheck source=tests/ci/fuzz.sh
    source tests/ci/fuzz.sh
    run_fuzz "${TROUPE_FUZZ_SECONDS:-15}"
}

# --- running them --------------------------------------------------------------

# lint starts no program that waits: it takes what the others leave over, and is
# told of in its turn.
beside=lint

stage_name=
declare -A stage_pids=()

# What the running stages have started ends with them.
stop_stages() {
    local pid
    trap - INT TERM
    say "Stopped."
    for pid in "${stage_pids[@]}"; do
        kill -TERM -- "-$pid" 2>/dev/null || true
    done
    rm -f "$tally"
    exit 130
}

# begin_stage NAME [PRIORITY]: with its output in a log; errexit stays on within
# it. Its time is in NAME.took.
begin_stage() {
    local name=$1 log=build/log/$1
    rm -f build/log/ctest-"$name".{log,xml} # of an earlier run
    stage_name=$name
    set -m # a process group of its own
    (
        # shellcheck disable=SC2034 # the trap reads it
        begun=$SECONDS
        trap 'echo $((SECONDS - begun)) >"$log.took"' EXIT
        set -euo pipefail
        trap - INT TERM
        [[ -z ${2:-} ]] || renice -n "$2" "$BASHPID" >/dev/null || true
        "stage_$name"
    ) >"$log.log" 2>&1 </dev/null &
    stage_pids[$name]=$!
    set +m
}

end_stage() {
    local name=$1 log=build/log/$1.log rc=0 took skips
    wait "${stage_pids[$name]}" || rc=$?
    unset "stage_pids[$name]"
    took=$(cat "build/log/$name.took" 2>/dev/null) || took=0
    skips=$(grep -E "$skip_line" "$log") || true
    printf '0 0 %d\n' "$(grep -c . <<<"$skips")" >>"$tally"
    if ((rc == 0)); then
        printf 'PASS  %-9s %4d s\n' "$name" "$took"
        printf '1 0\n' >>"$tally"
        [[ -z $skips ]] || printf '      %s\n' "${skips//$'\n'/$'\n      '}"
        return
    fi
    printf 'FAIL  %-9s %4d s  (output: %s)\n' "$name" "$took" "$log"
    printf '0 1\n' >>"$tally"
    python3 "$ci_dir/failures.py" "$log" build/log/ctest-"$name".{log,xml} |
        sed 's/^/      | /'
}

run_stages() {
    local names name passed failed skipped
    mapfile -t names < <(stage_names)
    (($# == 0)) || names=("$@")
    mapfile -t names < <(for name in "${names[@]}"; do
        if [[ $name == deep ]]; then deep_stage_names; else say "$name"; fi
    done)
    mkdir -p build/log
    tally=$PWD/build/log/tally.$$
    : >"$tally"

    trap stop_stages INT TERM
    say "Running ${#names[@]} stages: ${names[*]}"
    # These use its files.
    [[ " ${names[*]} " != *" $beside "* || " ${names[*]} " == *" clang "* ||
        " ${names[*]} " == *" tidy-all "* ]] || begin_stage "$beside" 19
    for name in "${names[@]}"; do
        [[ -n ${stage_pids[$name]:-} ]] || begin_stage "$name"
        end_stage "$name"
    done
    read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 }
        END { print p + 0, f + 0, s + 0 }' "$tally")
    rm -f "$tally"
    say "Stages took $SECONDS s in all."
    say "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0))
}

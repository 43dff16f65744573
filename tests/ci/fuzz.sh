# fuzz.sh: fuzzing with libFuzzer, sourced by dev.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0

# Fuzzes one target; new inputs go to the build, never into the tree.
fuzz_one() {
    local name=$1 seconds=$2 dir=build/fuzz
    local corpus=tests/fuzz/corpus/${name#fuzz_}
    local args=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024
        -print_final_stats=1 -artifact_prefix="$dir/crashes/$name-")
    [[ ! -f tests/fuzz/$name.dict ]] || args+=(-dict="tests/fuzz/$name.dict")
    mkdir -p "$dir/crashes" "$dir/found/$name"
    local inputs=("$dir/found/$name")
    [[ ! -d $corpus ]] || inputs+=("$corpus")
    say "$name: $seconds s"
    UBSAN_OPTIONS=print_stacktrace=1 \
        "$dir/fuzz/$name" "${args[@]}" "${inputs[@]}" 2>&1 |
        grep -Ev '^#[0-9]+[[:space:]]+(NEW|REDUCE|RELOAD|pulse)|NEW_FUNC|^("|###)'
}

# run_fuzz [SECONDS] [TARGET...]
run_fuzz() {
    local seconds=${1:-60} targets=() name file rc=0
    shift || true
    [[ $seconds =~ ^[1-9][0-9]*$ ]] ||
        usage_error "fuzz: '$seconds' is not a number of seconds"
    for file in tests/fuzz/fuzz_*.c; do
        [[ -f $file ]] || die "there is no fuzzer in tests/fuzz"
        targets+=("$(basename "$file" .c)")
    done
    for name in "$@"; do
        [[ -f tests/fuzz/$name.c ]] || usage_error "fuzz: no tests/fuzz/$name.c"
    done
    (($# == 0)) || targets=("$@")
    build_preset fuzz --target "${targets[@]}"
    seconds=$((seconds / ${#targets[@]}))
    for name in "${targets[@]}"; do
        fuzz_one "$name" $((seconds > 0 ? seconds : 1)) || rc=1
    done
    return "$rc"
}

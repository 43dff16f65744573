# lint.sh: the checks that read the code, sourced by dev and by stages.sh.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0

lint_checks=(format layout shell cppcheck tidy api)
code_dirs=()
for dir in mailbox runtime supervisor actors tools examples bench; do
    [[ ! -d $dir ]] || code_dirs+=("$dir")
done

# Every C file of ours, one per line.
c_files() {
    find "${code_dirs[@]}" tests -name '*.[ch]' | LC_ALL=C sort
}

# Adds the braces that clang-tidy asks for, then formats.
lint_fix() {
    configure_preset clang >/dev/null
    find "${code_dirs[@]}" -maxdepth 1 -name '*.c' -print0 |
        xargs -0 -r -n 1 clang-tidy --quiet --fix -p build/clang \
            --checks='-*,readability-braces-around-statements' >/dev/null 2>&1 ||
        true # what it cannot mend, the check will name
    c_files | xargs -r clang-format -i
}

lint_format() {
    c_files | xargs -r clang-format --dry-run -Werror
}

lint_layout() {
    python3 tests/ci/layout.py
}

lint_shell() {
    shellcheck -x dev .ci/run tests/consumer/run
    find tests -name '*.sh' -print0 | xargs -0 -r shellcheck -x
}

# cppcheck does not know Criterion's macros, so the tests are left
# to the compilers; its -i does not apply to a compilation database.
lint_cppcheck() {
    configure_preset clang >/dev/null # for its compile_commands.json
    mkdir -p build/cppcheck
    python3 - build/clang/compile_commands.json \
        >build/cppcheck/compile_commands.json <<'END'
import json, os, sys
code = [e for e in json.load(open(sys.argv[1]))
        if not e["file"].startswith(os.path.join(os.getcwd(), "tests", ""))]
sys.exit("cppcheck: nothing to check") if not code else json.dump(code, sys.stdout)
END
    # shellcheck disable=SC2154 # jobs is dev's
    cppcheck --quiet --std=c11 -j "$jobs" --cppcheck-build-dir=build/cppcheck \
        --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tests/ci/cppcheck.txt --error-exitcode=1 \
        --template=gcc --project=build/cppcheck/compile_commands.json
}

# The analyzer's share is nearly all of it, and of that most goes into the last
# steps of long functions: a small part of its usual bound finds the same here.
# './dev test deep' asks for all of it.
lint_tidy() {
    local names rc=0 word args=()
    for word in -Xclang -analyzer-config -Xclang \
        "max-nodes=${TROUPE_TIDY_NODES:-8000}"; do
        args+=("-extra-arg=$word")
    done
    configure_preset clang >/dev/null # for its compile_commands.json
    names=$(IFS='|' && printf '%s' "${code_dirs[*]}")
    mkdir -p build/log
    run-clang-tidy -quiet "${args[@]}" -p build/clang -j "$jobs" "$PWD/($names)/.*\.c\$" \
        >build/log/tidy.log 2>&1 || rc=$?
    sed -i 's/\x1b\[[0-9;]*m//g' build/log/tidy.log # it always colours
    grep -Ev '^(clang-tidy|[0-9]+ warnings? (generated|treated)|$)' \
        build/log/tidy.log || true
    return "$rc"
}

lint_api() {
    build_preset release
    local rc=0
    bash tests/api/check_symbols.sh build/release/lib/libtroupe.so || rc=1
    python3 tests/api/check_headers.py || rc=1
    python3 tests/api/check_includes.py || rc=1
    return "$rc"
}

# run_lint [CHECK...]: all of them when none is named.
run_lint() {
    local check checks=("${lint_checks[@]}") rc=0 one
    (($# == 0)) || checks=("$@")
    for check in "${checks[@]}"; do
        [[ " ${lint_checks[*]} " == *" $check "* ]] ||
            usage_error "lint: no check '$check'; see ./dev lint --help"
    done
    for check in "${checks[@]}"; do
        one=0
        (
            set -euo pipefail
            "lint_$check"
        ) &
        wait $! || one=$?
        if ((one == 0)); then
            say "ok      $check"
        else
            say "NOT OK  $check"
            rc=1
        fi
    done
    return "$rc"
}

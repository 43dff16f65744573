#!/usr/bin/env bash
# test_checks.sh: the checks find what they are there to find.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

source_dir=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# expect WHAT: the last output has this text.
expect() {
    if ! grep -qF -- "$1" "$work/out"; then
        printf 'not found: %s\nin:\n' "$1"
        cat "$work/out"
        failures=$((failures + 1))
    fi
}

# must_fail COMMAND...: it ends with a code that is not 0; output to $work/out.
must_fail() {
    if "$@" >"$work/out" 2>&1; then
        printf 'did not fail: %s\n' "$*"
        failures=$((failures + 1))
    fi
}

licence='/* SPDX-License-Identifier: Apache-2.0 */'
mkdir -p mailbox runtime supervisor actors tools examples bench tests/api

cat >mailbox/troupe_base.h <<END
$licence
/* troupe_base.h: a small one. */
#ifndef TROUPE_BASE_H
#define TROUPE_BASE_H
#define TROUPE_API extern
#define TROUPE_MUST TROUPE_API
#define TROUPE_ERRORS(X) X(EINVAL, "wrong")

/* troupe_good: fine.  returns 0, or -EINVAL */
TROUPE_MUST int troupe_good(void);
END
cp mailbox/troupe_base.h base.h
printf '#endif\n' >>mailbox/troupe_base.h
printf '%s\n/* troupe.h: all. */\n#ifndef TROUPE_H\n#define TROUPE_H\n%s\n#endif\n' \
    "$licence" '#include "troupe_base.h"' >runtime/troupe.h
printf 'troupe_good\n' >tests/api/symbols.txt
printf 'zmq*  mailbox/border.c\n' >tests/api/borders.txt
printf '%s\n/* border.c: the border. */\n#include <zmq.h>\n' "$licence" \
    >mailbox/border.c

headers=(python3 "$source_dir/tests/api/check_headers.py")
includes=(python3 "$source_dir/tests/api/check_includes.py")
layout=(python3 "$source_dir/tests/ci/layout.py")

# A tree in order passes; else the failures below would show nothing.
"${includes[@]}"
"${layout[@]}"
if command -v clang >/dev/null; then
    "${headers[@]}"
    {
        cat base.h
        printf 'TROUPE_API int troupe_bare(void);\n'
        printf '/* troupe_other: not its name. */\n'
        printf 'TROUPE_API int troupe_named(void);\n'
        printf '/* troupe_mute: says nothing. */\n'
        printf 'TROUPE_MUST int troupe_mute(void);\n'
        printf '/* troupe_odd: returns -ENOSUCH or -EPERM */\n'
        printf 'TROUPE_MUST size_t troupe_odd(void);\n#endif\n'
    } >mailbox/troupe_base.h
    printf 'troupe_ghost\n' >>tests/api/symbols.txt
    must_fail "${headers[@]}"
    expect 'troupe_bare: no comment block'
    expect 'troupe_named: its comment block does not name it'
    expect 'troupe_mute: does not say what it returns'
    expect '-ENOSUCH is not an errno'
    expect '-EPERM is not listed'
    expect 'troupe_ghost: exported'
    expect 'does not compile alone as c:'
fi

printf '#include "runtime/loop.h"\n#include <zmq.h>\n' >mailbox/low.c
printf '#include "runtime/loop.h"\n#include "troupe_none.h"\n' >actors/high.c
printf 'msgpack*  mailbox/nobody.c\n' >>tests/api/borders.txt
must_fail "${includes[@]}"
expect 'mailbox may not include "runtime/loop.h"'
expect 'mailbox/low.c:2: <zmq.h> is not allowed here'
expect 'actors takes public headers only'
expect 'no such header of ours: "troupe_none.h"'
expect 'nobody at mailbox/nobody.c'

{
    printf '/* no licence */\n'
    seq 400
} >tools/long.c
must_fail "${layout[@]}"
expect 'tools/long.c:1: 401 lines, over 400'
expect 'tools/long.c:1: first line is not'
expect 'tools/long.c:1: second line does not say'

cd "$source_dir"
for command in setup build demo test bench lint fuzz soak storm install; do
    ./dev "$command" --help >"$work/out"
    expect "usage: ./dev $command"
done
for wrong in nosuch 'test nosuch' 'lint nosuch' 'soak ten' 'storm ten' \
    'setup nosuch'; do
    read -ra words <<<"$wrong"
    rc=0
    ./dev "${words[@]}" >"$work/out" 2>&1 || rc=$?
    [[ $rc == 2 ]] || {
        printf './dev %s: exit code %s, not 2\n' "$wrong" "$rc"
        failures=$((failures + 1))
    }
done

((failures == 0))

#!/usr/bin/env bash
# check_symbols.sh: what libtroupe.so exports is exactly tests/api/symbols.txt.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_symbols.sh LIBRARY [--update]
set -euo pipefail
export LC_ALL=C

library=$1
list=$(dirname "${BASH_SOURCE[0]}")/symbols.txt
now=$(nm -D --defined-only "$library" | awk '{ print $3 }' | sort)
[[ -n $now ]] || {
    printf 'symbols: %s exports nothing\n' "$library"
    exit 1
}

if grep -v '^troupe_[^_]' <<<"$now"; then
    printf 'symbols: the names above are exported but not public\n'
    exit 1
fi
if [[ ${2:-} == --update ]]; then
    printf '%s\n' "$now" >"$list"
fi
if ! diff -u --label "$list" --label "$library" "$list" - <<<"$now"; then
    printf 'symbols: after a change on purpose, run: %s LIBRARY --update\n' "$0"
    exit 1
fi
printf 'symbols: %s exported, all listed\n' "$(wc -l <<<"$now")"

# test_crashes.py: does CRASHES.md name a test, or a reason, for each case?
# SPDX-License-Identifier: Apache-2.0
"""
A line of CRASHES.md is "| case | test, test | note |". Each test that is named
exists; a line without one has a note; and each test of test_crash_*.c is named.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
LINE = re.compile(r"^\| ([^|]+) \| ([^|]*) \| ([^|]*) \|$", re.M)
TEST = re.compile(r"^Test\(\w+,\s+(\w+)", re.M)


def tests_in(paths):
    return {name for path in paths for name in TEST.findall(path.read_text())}


def main():
    there = tests_in(HERE.parent.glob("*/test_*.c"))
    ours = tests_in(HERE.glob("test_crash_*.c"))
    named = set()
    faults = []
    lines = LINE.findall((HERE / "CRASHES.md").read_text())[1:]
    for case, tests, note in lines:
        names = re.findall(r"`(\w+)`", tests)
        if not names and not note.strip():
            faults.append(f"{case}: neither a test nor a reason")
        faults += [f"{case}: no test {name}" for name in names if name not in there]
        named.update(names)
    faults += [f"{name} is not named" for name in sorted(ours - named)]
    for fault in faults:
        print(fault)
    print(f"{len(lines)} cases, {len(ours)} tests, {len(faults)} faults")
    return 1 if faults or not ours else 0


sys.exit(main())

# test_cases.py: does CASES.md name a test, or a reason, for each case?
# SPDX-License-Identifier: Apache-2.0
"""
A line of CASES.md is "| number | test, test | note |". Each case from 1 to 99
has one line; a line without a test has a note; each test that is named exists,
and each test whose name carries a number is named under that number.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
LINE = re.compile(r"^\| (\d+) \| ([^|]*) \| ([^|]*) \|$", re.M)
TEST = re.compile(r"^Test\(\w+, (case_(\d+)_\w+)", re.M)


def main():
    tests = {}
    for path in sorted(HERE.glob("test_*.c")):
        for name, number in TEST.findall(path.read_text()):
            tests[name] = int(number)
    lines = {}
    faults = []
    for number, names, note in LINE.findall((HERE / "CASES.md").read_text()):
        named = re.findall(r"`(\w+)`", names)
        if int(number) in lines:
            faults.append(f"case {number} has two lines")
        lines[int(number)] = named
        if not named and not note.strip():
            faults.append(f"case {number} has neither a test nor a reason")
        faults += [f"case {number}: no test {n}" for n in named if n not in tests]
    faults += [f"case {n} has no line" for n in range(1, 100) if n not in lines]
    faults += [
        f"{name} is not named under case {number}"
        for name, number in tests.items()
        if name not in lines.get(number, [])
    ]
    for fault in faults:
        print(fault)
    print(f"{len(lines)} cases, {len(tests)} tests, {len(faults)} faults")
    return 1 if faults or not tests else 0


sys.exit(main())

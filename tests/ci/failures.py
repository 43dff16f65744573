# failures.py: what of a stage's output says why it failed.
# SPDX-License-Identifier: Apache-2.0
"""usage: failures.py LOG [CTEST_OUTPUT JUNIT_XML]

A build server may keep a few lines only, so these come first: the names of the
failed tests; then, of each, the lines that tell a failure; then, as far as
there is room, the end of its other output. Without the two files of CTest, or
when no test of CTest failed, the end of the log."""

import re
import sys
import xml.etree.ElementTree

LINES = 24  # in all; what comes before them is a line of the caller's
SHARE = 4  # lines of one test at least, as long as there are any
CHARACTERS = 160

TELLS = re.compile(
    r"^\[(----|FAIL|ERR )\]|^FAIL\b|failed: |Sanitizer: |runtime error: "
    r"|^Traceback |\w(Error|Exception|Expired)\b|[Aa]ssertion|[Tt]imed out"
    r"|out of memory|dumped core|^ *#[0-4] 0x|: error: |^not found: |^did not ")
NOISE = re.compile(r"^\[(RUN |PASS|SKIP|====)|^SKIP |^\[----\]( Criterion v.*|\s*)$"
                   r"|^[\s=-]*$")
FAILED = re.compile(r"^\s*\d+ - (\S+) \((.*)\)\s*$")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def failed_tests(ctest_output):
    """Name and end ("Failed", "Timeout", "SEGFAULT") of each failed test."""
    _, _, listed = read(ctest_output).rpartition("The following tests FAILED:")
    return [match.groups() for match in map(FAILED.match, listed.splitlines())
            if match]


def outputs(junit):
    """The output of each test by its name."""
    try:
        cases = xml.etree.ElementTree.parse(junit).iter("testcase")
    except (OSError, xml.etree.ElementTree.ParseError):
        return {}
    return {case.get("name"): case.findtext("system-out") or ""
            for case in cases}


def choose(text, count):
    """At most `count` lines: those that tell, then the end of the others."""
    lines = [line.rstrip() for line in text.splitlines()
             if not NOISE.match(line)]
    tell = [line for line in lines if TELLS.search(line)]
    other = [line for line in lines if not TELLS.search(line)]
    room = count - len(tell)
    return tell[:count] + (other[-room:] if room > 0 else [])


def explain(failed, text_of):
    """A line with all names, then a heading and some lines of each test."""
    yield "failed: " + ", ".join(name for name, _ in failed)
    room = LINES - 1
    for index, (name, end) in enumerate(failed):
        share = min(max(room // (len(failed) - index), SHARE), room)
        if share < 2:
            break
        chosen = choose(text_of.get(name, ""), share - 1)
        yield f"{name}: {end}" + ("" if chosen else ", no output")
        yield from ("  " + line[:CHARACTERS] for line in chosen)
        room -= 1 + len(chosen)


def main():
    log, ctest_output, junit = (sys.argv[1:] + ["", ""])[:3]
    failed = failed_tests(ctest_output)
    lines = (explain(failed, outputs(junit)) if failed
             else [line[:CHARACTERS]
                   for line in read(log).splitlines()[-LINES:]])
    for line in lines:
        print(line)


main()

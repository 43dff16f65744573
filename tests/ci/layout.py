# layout.py: the rules on files that no other program checks.
# SPDX-License-Identifier: Apache-2.0
"""Prints each file that breaks a rule of size or heading; exit code 1 then."""

import re
import subprocess
import sys
from pathlib import Path

FILE_LINES = 400
HEADER_LINES = 180  # "about 150"; what is above that must be split
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */"
DIRS = "mailbox runtime supervisor actors tools examples bench tests".split()


def tracked_or_new():
    """The files of the tree, without what git ignores; all, where git is not."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", *DIRS]
    try:
        out = subprocess.run(command, capture_output=True, text=True, check=True)
        names = out.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [str(p) for d in DIRS for p in Path(d).rglob("*") if p.is_file()]
    return [Path(n) for n in sorted(names) if Path(n).is_file()]


def check_code(path, lines):
    """Yields what is wrong with one C file."""
    limit = HEADER_LINES if path.suffix == ".h" else FILE_LINES
    if len(lines) > limit:
        yield f"{len(lines)} lines, over {limit}"
    if not lines or lines[0] != SPDX:
        yield f"first line is not {SPDX}"
    if not re.match(r"/\*\s+(\* )?\w", "\n".join(lines[1:3])):
        yield "second line does not say in a comment what the file is"
    if any(line != line.rstrip() for line in lines):
        yield "trailing space"
    if path.suffix == ".h" and not any("#ifndef TROUPE_" in x for x in lines[:6]):
        yield "no include guard TROUPE_... at the top"


def main():
    count = 0
    broken = 0
    for path in tracked_or_new():
        if path.suffix not in (".c", ".h"):
            continue
        count += 1
        for what in check_code(path, path.read_text().splitlines()):
            print(f"{path}:1: {what}")
            broken += 1
    print(f"layout: {count} files, {broken} findings")
    return 1 if broken or not count else 0


sys.exit(main())

# check_includes.py: who may include what.
# SPDX-License-Identifier: Apache-2.0
"""
Directions: mailbox <- runtime <- supervisor <- actors <- tools, examples.
Privacy: actors, tools, examples and bench take other modules' public headers
only. Borders: a library's header stands only in the files that
tests/api/borders.txt names for it.
"""

import fnmatch
import re
import sys
from pathlib import Path

LAYERS = {
    "mailbox": ["mailbox"],
    "runtime": ["mailbox", "runtime"],
    "supervisor": ["mailbox", "runtime", "supervisor"],
    "actors": ["mailbox", "runtime", "supervisor", "actors"],
    "tools": ["mailbox", "runtime", "supervisor", "actors", "tools"],
    "examples": ["mailbox", "runtime", "supervisor", "actors", "examples"],
    "bench": ["mailbox", "runtime", "supervisor", "actors", "bench"],
}
# What every source of the library may take, as it takes malloc and assert.
EVERYWHERE = {"actors": ["mailbox/check.h", "runtime/raw_child.h"]}
PUBLIC_ONLY = ["actors", "tools", "examples", "bench"]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)

findings = []


def owner_of(name):
    """(module, is private) of an included file of ours, or None."""
    if "/" in name and name.split("/")[0] in LAYERS:
        return name.split("/")[0], True
    if name == "troupe.h":
        return "runtime", False
    if name.startswith("troupe_") and "/" not in name:
        for module in LAYERS:
            if (Path(module) / name).is_file():
                return module, False
    return None


def check_own(path, module, name):
    """What one include of our own files breaks, or None."""
    owner = owner_of(name)
    if owner is None:
        return f'no such header of ours: "{name}"'
    other, private = owner
    # The umbrella includes all public headers and is included by no module.
    if path == Path("runtime/troupe.h") and not private:
        return None
    if name == "troupe.h" and module in ("mailbox", "runtime", "supervisor"):
        return "includes the umbrella; take the headers that are needed"
    if other not in LAYERS[module]:
        return f'{module} may not include "{name}" of {other}'
    if name in EVERYWHERE.get(module, []):
        return None
    if private and other != module and module in PUBLIC_ONLY:
        return f'{module} takes public headers only, not "{name}"'
    return None


def read_borders():
    """{header: [patterns of files that may include it]}"""
    borders = {}
    for line in Path("tests/api/borders.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            header, *files = line.split()
            borders.setdefault(header, []).extend(files)
    return borders


def check_border(path, name, borders, used):
    """What one include of a library's header breaks, or None."""
    for header, allowed in borders.items():
        if not fnmatch.fnmatch(name, header):
            continue
        hits = [p for p in allowed if fnmatch.fnmatch(str(path), p)]
        used.update((header, p) for p in hits)
        if not hits:
            return f"<{name}> is not allowed here (tests/api/borders.txt)"
    return None


def main():
    borders = read_borders()
    used = set()
    files = [p for m in LAYERS for p in sorted(Path(m).glob("*.[ch]"))]
    for path in files:
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            quote, name = match.groups()
            what = check_own(path, path.parts[0], name) if quote == '"' else None
            what = check_border(path, name, borders, used) or what
            if what:
                line = text.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {what}")
    for header, patterns in borders.items():
        for pattern in patterns:
            if (header, pattern) not in used:
                findings.append(f"tests/api/borders.txt: nobody at {pattern} "
                                f"includes <{header}>; take it out")
    print("\n".join(findings), end="\n" if findings else "")
    print(f"includes: {len(files)} files, {len(findings)} findings")
    return 1 if findings or not files else 0


sys.exit(main())

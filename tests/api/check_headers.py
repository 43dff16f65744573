# check_headers.py: the public headers are the manual; is it complete?
# SPDX-License-Identifier: Apache-2.0
"""
For each function that a public header declares: the comment block before it
names it, a TROUPE_MUST function's block says what it returns or refers to a
function that does, and each error code named in a block is one of errno's that
troupe_base.h lists; constants that stand together share a block. Every
exported symbol is declared. The umbrella has every header but those of the
ready-made actors and those that pull in a library. Each header compiles alone
as strict C11 and as C++.
"""

import errno
import re
import shutil
import subprocess
import sys
from pathlib import Path

MODULES = "mailbox runtime supervisor actors".split()
MARKER = re.compile(r"^\s*(?:TROUPE_API|TROUPE_MUST)\b", re.M)
BLOCK = re.compile(r"/\*(.*?)\*/", re.S)
CODE = re.compile(r"-(E[A-Z0-9]{2,})\b")
NAME = re.compile(r"\b(troupe_[a-z0-9_]+)\s*\(")
DATA = re.compile(r"TROUPE_API\s+const\s+\w+\s+(troupe_[a-z0-9_]+)\s*;")

findings = []


def finding(path, text, offset, what):
    line = text.count("\n", 0, offset) + 1
    findings.append(f"{path}:{line}: {what}")


def block_of_data(text, match):
    """Constants that stand together share the comment block before them."""
    before = text[: match.start()].rstrip()
    while before.endswith(";"):
        line = before[before.rfind("\n") + 1:]
        if not DATA.match(line):
            return None
        before = before[: -len(line)].rstrip()
    return before[before.rindex("/*"):] if before.endswith("*/") else None


def declarations(text):
    """Yields (offset, marker, name, comment before it or None)."""
    for match in MARKER.finditer(text):
        # The macro's own definition is not a declaration.
        if text[: match.start()].rstrip("\n").endswith("\\"):
            continue
        data = DATA.match(text, match.start())
        if data:
            yield match.start(), "TROUPE_API", data[1], block_of_data(text, match)
            continue
        end = text.find(";", match.end())
        name = NAME.search(text, match.end(), end if end > 0 else len(text))
        before = text[: match.start()].rstrip()
        comment = None
        if before.endswith("*/"):
            comment = before[before.rindex("/*"):]
        yield match.start(), match.group().strip(), name and name[1], comment


def check_declaration(path, text, found):
    offset, marker, name, comment = found
    if not name:
        finding(path, text, offset, f"cannot read the declaration at {marker}")
        return
    if comment is None:
        finding(path, text, offset, f"{name}: no comment block before it")
        return
    if not re.search(rf"\b{name}\b", comment):
        finding(path, text, offset, f"{name}: its comment block does not name it")
    others = set(re.findall(r"\b(troupe_\w+)\(\)", comment)) - {name}
    says = others or re.search(r"\breturns?\b", comment, re.I)
    if marker == "TROUPE_MUST" and not says:
        finding(path, text, offset, f"{name}: does not say what it returns")


def check_codes(path, text, listed):
    for block in BLOCK.finditer(text):
        for code in CODE.finditer(block[1]):
            where = block.start() + code.start()
            if not hasattr(errno, code[1]):
                finding(path, text, where, f"-{code[1]} is not an errno")
            elif listed and code[1] not in listed:
                finding(path, text, where, f"-{code[1]} is not listed in "
                        "mailbox/troupe_base.h")


def check_compiles(path, includes):
    """The header alone, twice: the guard holds and nothing is missing."""
    source = f'#include "{path.name}"\n#include "{path.name}"\n'
    for language, flags in (("c", ["-std=c11", "-Wstrict-prototypes"]),
                            ("c++", ["-std=c++17"])):
        command = ["clang", "-x", language, *flags, "-fsyntax-only", "-Wall",
                   "-Wextra", "-Wpedantic", "-Werror", *includes, "-"]
        run = subprocess.run(command, input=source, capture_output=True,
                             text=True, check=False)
        if run.returncode:
            findings.append(f"{path}: does not compile alone as {language}:\n"
                            + run.stderr)


def main():
    if not shutil.which("clang"):
        sys.exit("headers: clang is not there; run ./dev setup")
    headers = [h for m in MODULES for h in sorted(Path(m).glob("troupe_*.h"))]
    umbrella = Path("runtime/troupe.h")
    headers.append(umbrella)
    base = Path("mailbox/troupe_base.h").read_text()
    listed = set(re.findall(r"\bX\(\s*(E[A-Z0-9]+)\b", base))
    includes = [f"-I{m}" for m in MODULES]

    declared = set()
    for path in headers:
        text = path.read_text()
        for found in declarations(text):
            check_declaration(path, text, found)
            declared.add(found[2])
        check_codes(path, text, listed)
        check_compiles(path, includes)
        named = f'#include "{path.name}"'
        optional = (path.parts[0] == "actors" or path == umbrella
                    or re.search(r"#include <(zmq|czmq|msgpack)", text))
        if not optional and named not in umbrella.read_text():
            finding(path, text, 0, "not included by runtime/troupe.h")

    for symbol in Path("tests/api/symbols.txt").read_text().split():
        if symbol not in declared:
            findings.append(f"{symbol}: exported, but no public header has it")
    print("\n".join(findings), end="\n" if findings else "")
    print(f"headers: {len(headers)} headers, {len(declared)} names, "
          f"{len(findings)} findings")
    return 1 if findings or not declared else 0


sys.exit(main())

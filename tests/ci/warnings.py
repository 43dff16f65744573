# warnings.py: has a compiler read every file of a build, for its warnings.
# SPDX-License-Identifier: Apache-2.0
"""warnings.py COMPILE_COMMANDS [JOBS]: exit code 1 when there are any."""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def read(entry):
    """What the compiler says of one file; nothing when all is well."""
    words = shlex.split(entry["command"])
    words[words.index("-o") + 1] = "/dev/null"
    done = subprocess.run([*words, "-fsyntax-only"], cwd=entry["directory"],
                          capture_output=True, text=True, check=False)
    return done.stderr or ("failed" if done.returncode else "")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        entries = json.load(file)
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with ThreadPoolExecutor(jobs) as pool:
        said = [text for text in pool.map(read, entries) if text]
    print("".join(said), end="")
    print(f"warnings: {len(entries)} files, {len(said)} with findings")
    return 1 if said or not entries else 0


sys.exit(main())

#!/usr/bin/env python3
# test_live.py: troupe research while it runs: deadline, Ctrl-C, a terminal.
# SPDX-License-Identifier: Apache-2.0
"""What is cut short must still be a report of what there was. When a run is
cut depends on the machine, so each case is tried until a cut fell where it
should; whatever came of the other tries must be right as well."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from test_research import (QUESTION, TROUPE, check, check_markdown, failures,
                           run, write_documents)

TRIES = 40
ACTORS = 9
FILES = 800 if "TROUPE_TIMEOUT_FACTOR" in os.environ else 4000  # a slow build


def write_many(path):
    os.mkdir(path)
    for index in range(FILES):
        with open(os.path.join(path, f"{index}.txt"), "w",
                  encoding="utf-8") as file:
            file.write(f"Page {index}\n\n" + "".join(
                f"The frobnicate command number {index * 40 + i} polishes the "
                "widgets of machine and engine.\n\n" for i in range(40)))


def sources(report):
    return len(re.findall(r"^\d+\. .*\(score", report, re.M))


def check_cut(code, report, why, none):
    """True when a report was cut short that has something in it."""
    if code == 0:
        check("DEGRADED" not in report, f"{why}: complete, but degraded")
        return False
    first = report.split("\n", 1)[0]
    check(first.startswith("**DEGRADED REPORT**: " + why),
          f"{why}: {code}: {first}")
    if code == none:
        check(sources(report) == 0, f"{why}: exit code {none} with sources")
        return False
    check(code == 3, f"{why}: exit code {code}")
    check_markdown(report, why)
    return sources(report) > 0


def cut_by_deadline(many, deadline_ms):
    """The exit code, and True if the report was cut in the middle."""
    done = subprocess.run(
        [TROUPE, "research", QUESTION, "--corpus", many, "--quiet",
         "--deadline", f"{deadline_ms}ms"],
        capture_output=True, text=True, timeout=60)
    return done.returncode, check_cut(done.returncode, done.stdout,
                                      "the deadline passed", 124)


def test_deadline(many, corpus):
    run(QUESTION, "--corpus", many)  # makes the index
    done = run(QUESTION, "--corpus", corpus, "--deadline", "1m")
    check("DEGRADED" not in done.stdout, "in time")
    check(any(cut_by_deadline(many, int(20 * 1.15 ** number))[1]
              for number in range(TRIES)),
          "no deadline cut a run in the middle")
    # On a busy machine an engine may be done before its asker's millisecond
    # is looked at; its answer is reported then.
    check(any(cut_by_deadline(many, 1)[0] == 124 for _ in range(TRIES)),
          "no deadline of 1 ms passed with nothing to report")


def interrupt_search(many):
    """Ctrl-C when the first engine is done; True if others were at work."""
    child = subprocess.Popen(
        [TROUPE, "research", QUESTION, "--corpus", many, "--limit", "100"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in child.stderr:
        event = json.loads(line)
        if event["role"] == "engine" and event["state"] == "done":
            break
    child.send_signal(signal.SIGINT)
    report, _ = child.communicate(timeout=60)
    return check_cut(child.returncode, report, "interrupted", 1)


def test_interrupt(many, work):
    cut = False
    for _ in range(TRIES):
        cut = cut or interrupt_search(many)
    check(cut, "no Ctrl-C came while engines worked")
    # While documents are read: the index appears once its update has begun.
    slow = os.path.join(work, "slow")
    child = subprocess.Popen(
        [TROUPE, "research", QUESTION, "--corpus", many, "--cache", slow],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while child.poll() is None and not os.path.isdir(slow):
        pass
    child.send_signal(signal.SIGINT)
    report, _ = child.communicate(timeout=60)
    check(child.returncode in (1, 3), f"while reading: {child.returncode}")
    check_cut(child.returncode, report, "interrupted", 1)


def screen_of(output):
    """The lines that a terminal shows after this output of ours."""
    lines, row = [""], 0
    for part in re.findall(r"\033\[\d*[A-Z]|\r|\n|[^\r\n\033]+", output):
        up = re.fullmatch(r"\033\[(\d+)A", part)
        if up:
            row -= int(up.group(1))
            check(row >= 0, "goes above what it has drawn")
        elif part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\033[K":
            lines[row] = ""
        elif part != "\r":
            check(not part.startswith("\033"), f"unknown order {part!r}")
            lines[row] += part
    return [line for line in lines if line]


def on_terminal(*arguments):
    """Runs with standard error on a terminal: exit code, output, what it
    wrote to the terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([TROUPE, "research", *arguments],
                             stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    written = b""
    while True:
        try:
            some = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        written += some
    os.close(ours)
    report, _ = child.communicate(timeout=60)
    return child.returncode, report, written.decode()


def test_terminal(corpus, work):
    with open(os.path.join(corpus, "binary"), "wb") as file:
        file.write(b"\0\1")
    code, report, written = on_terminal(
        QUESTION, "--corpus", corpus, "--fail", "bm25:1", "--cache",
        os.path.join(work, "fresh"))
    check(code == 0 and "polish the widgets" in report, f"terminal: {code}")
    check("indexing: " in written, "the index is drawn")
    check("{" not in written, "no JSON on a terminal")
    screen = screen_of(written)
    check(screen[0] == "troupe research: skipped " + corpus
          + "/binary: not text", f"the first line: {screen[0]}")
    actors = screen[1:]
    check(len(actors) == ACTORS, f"a line per actor at the end: {screen}")
    for line in actors:
        check(re.match(r"\w+ +(engine|analyser|coordinator) +done +\d+ done",
                       line), f"not done: {line}")
    check(any(line.startswith("bm25 ")
              and line.endswith(" done, 1 failed, 1 restart")
              for line in actors), f"the restart is shown: {actors}")
    code, report, written = on_terminal(QUESTION, "--corpus", corpus,
                                        "--quiet")
    check(code == 0 and written == "", f"--quiet: {written!r}")


def main():
    work = tempfile.mkdtemp()
    os.environ["XDG_CACHE_HOME"] = os.path.join(work, "cache")
    try:
        corpus = os.path.join(work, "docs")
        write_documents(corpus)
        many = os.path.join(work, "many")
        write_many(many)
        test_terminal(corpus, work)
        test_deadline(many, corpus)
        test_interrupt(many, work)
    finally:
        shutil.rmtree(work)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# test_map_ask.py: troupe map with asks to an actor of a topology that runs.
# SPDX-License-Identifier: Apache-2.0
"""The clerk counts how often it was asked, so what is lost or asked twice shows."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
KINDS = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/"
LIMIT = 120
OFFICE = f"""\
libraries: [{KINDS}helpful.so]
supervisor: {{intensity: 1000}}
actors:
  desk: {{kind: clerk}}
"""

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


class Office:
    def __init__(self):
        Path("office.yaml").write_text(OFFICE)
        self.run = subprocess.Popen([TROUPE, "run", "--quiet", "office.yaml"],
                                    stdout=subprocess.PIPE, text=True)
        self.run.stdout.readline()  # "start desk"

    def stop(self):
        subprocess.run([TROUPE, "stop"], check=True, timeout=LIMIT,
                       capture_output=True)
        self.run.communicate(timeout=LIMIT)
        check(self.run.returncode == 0, f"the run: {self.run.returncode}")

    @staticmethod
    def total():
        done = subprocess.run([TROUPE, "ask", "desk", "total", "--json"],
                              capture_output=True, text=True, timeout=LIMIT)
        return json.loads(done.stdout)["total"]


def ask(*args, text="", code=0):
    done = subprocess.run([TROUPE, "map", "--quiet", *args],
                          capture_output=True, text=True, timeout=LIMIT,
                          input=text)
    check(done.returncode == code,
          f"{args}: {done.returncode}, not {code}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def numbers(count):
    return "".join(f"{i}\n" for i in range(count))


def test_each_is_asked_once():
    office = Office()
    got, _ = ask("--ask", "desk", "--type", "count", text=numbers(300))
    check(sorted(it["value"] for it in got) == list(range(1, 301)), "300 asks")
    check(office.total() == 300, f"{office.total()}")
    got, _ = ask("--ask", "desk", "--type", "fail", "--jobs", "1",
                 text=numbers(3), code=1)
    check(all(it["state"] == "failed" and "on purpose" in it["text"]
              for it in got), f"{got}")
    got, _ = ask("--ask", "desk", "--type", "never", "--timeout", "200ms",
                 text=numbers(1), code=1)
    # The map's clock and the run's have the same time: either may be first.
    check(got[0]["state"] == "timeout", f"{got}")
    got, _ = ask("--ask", "nobody", text=numbers(1), code=1)
    check("no actor 'nobody'" in got[0]["text"], f"{got}")
    office.stop()


def test_a_run_that_ends_is_asked_again():
    """What was answered before it ended is not asked for a second time."""
    office = Office()
    args = ("--ask", "desk", "--type", "count", "--jobs", "2")
    (read, write) = os.pipe()
    mapping = subprocess.Popen([TROUPE, "map", "--quiet", *args], stdin=read,
                               stdout=subprocess.PIPE, text=True)
    os.close(read)
    os.write(write, numbers(50).encode())
    got = [json.loads(mapping.stdout.readline()) for _ in range(50)]
    office.stop()
    os.write(write, "".join(f"{i}\n" for i in range(50, 60)).encode())
    os.close(write)
    rest, _ = mapping.communicate(timeout=LIMIT)
    got += map(json.loads, rest.splitlines())
    check(mapping.returncode == 3, f"{mapping.returncode}")
    states = [it["state"] for it in sorted(got, key=lambda it: it["line"])]
    check(states[:50] == ["ok"] * 50 and "ok" not in states[50:], f"{states}")
    check(all(it["text"] for it in got if it["state"] != "ok"), "reasons")
    office = Office()
    got, _ = ask(*args, "--resume-failed", "last", text=numbers(60))
    check(len(got) == 60 and office.total() == 10,
          f"{len(got)} results, {office.total()} asks")
    office.stop()


def test_mistakes():
    for args, words in (
            (("--ask", "desk", "--fn", "x"), "--fn or --ask"),
            (("--ask", "desk", "--mode", "process"), "needs no --mode"),
            (("--ask", "desk", "--jobs", "99"), "at most 24"),
            (("--run", "office"), "--run needs --ask"),
            (("--ask", ""), "empty")):
        _, stderr = ask(*args, code=2)
        check(words in stderr, f"{args}: {stderr}")
    _, stderr = ask("--ask", "desk", code=1)
    check("no topology runs here" in stderr, stderr)


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.mkdir("run", 0o700)
        os.environ["XDG_RUNTIME_DIR"] = work + "/run"
        os.environ["XDG_STATE_HOME"] = work + "/state"
        test_each_is_asked_once()
        test_a_run_that_ends_is_asked_again()
        test_mistakes()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failures")


main()

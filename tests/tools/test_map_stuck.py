#!/usr/bin/env python3
# test_map_stuck.py: troupe map with functions that do not return.
# SPDX-License-Identifier: Apache-2.0
"""A function that never returns costs its own task, and no other."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TROUPE = os.environ["TROUPE"]
GOOD = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/good.so"
LIMIT = 60  # seconds; a run that hangs fails by it
FN = ["map", "--no-journal", "--library", GOOD]

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*arguments, code=0, given=""):
    try:
        done = subprocess.run([TROUPE, *arguments], input=given.encode(),
                              capture_output=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        check(False, f"it never ends: {arguments}")
        return [], ""
    err = done.stderr.decode()
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stdout.decode() + err)
    return [json.loads(line) for line in done.stdout.splitlines()], err


def test_timeout():
    told, err = troupe(*FN, "--fn", "stuck", "--timeout", "200ms", given="1\n",
                       code=1)
    check([r["state"] for r in told] == ["timeout"], told)
    check(all("200 ms" in r["text"] for r in told), told)
    check("stuck" in err and "does not return" in err, err)


def others_go_on(mode):
    """More of them than there are workers."""
    task = ['{"fn": "stuck", "timeout": 0.2}\n'] * 4
    task += [f'{{"fn": "echo", "args": {i}}}\n' for i in range(300)]
    told, _ = troupe(*FN, "--mode", mode, "-j3", "-k", "--json",
                     given="".join(task), code=3)
    states = [r["state"] for r in told]
    check(states == ["timeout"] * 4 + ["ok"] * 300, (mode, states))
    check([r["value"] for r in told[4:]] == list(range(300)), mode)


def test_others_go_on_with_threads_of_their_own():
    others_go_on("auto")


def test_others_go_on_with_one_thread_more():
    others_go_on("async")


def test_deadline():
    told, err = troupe(*FN, "--fn", "stuck", "-j1", "--deadline", "300ms",
                       given="1\n2\n", code=124)
    check(sorted(r["state"] for r in told) == ["cancelled", "skipped"], told)
    check("stuck" in err and "does not return" in err, err)


def test_interrupts():
    run = subprocess.Popen([TROUPE, *FN, "--fn", "stuck", "-j1"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    run.stdin.write(b"1\n2\n")
    run.stdin.flush()
    run.stderr.readline()  # progress: it runs, and catches signals
    run.send_signal(signal.SIGTERM)
    skipped = json.loads(run.stdout.readline())
    check(skipped["state"] == "skipped", skipped)
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=LIMIT)
    told = [json.loads(line)["state"] for line in out.splitlines()]
    check(told == ["cancelled"], told)
    check(run.returncode == 3, f"{run.returncode} {err}")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = scratch + "/state"
        os.chdir(scratch)
        tests = [test for name, test in globals().items()
                 if name.startswith("test_")]
        with ThreadPoolExecutor(len(tests)) as each:  # they only wait
            for done in [each.submit(test) for test in tests]:
                done.result()
        os.chdir("/")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())

#!/usr/bin/env python3
# test_map.py: troupe map and troupe runs from the outside.
# SPDX-License-Identifier: Apache-2.0
"""Results, exit codes, signals and resumes; what must happen is waited for by
what it leaves, never by the clock."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TROUPE = os.environ["TROUPE"]
GOOD = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/good.so"
LIMIT = 120  # seconds; a run that hangs fails by it

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*arguments, code=0, given=""):
    done = subprocess.run([TROUPE, *arguments], input=given.encode(),
                          capture_output=True, timeout=LIMIT)
    done.stdout = done.stdout.decode(errors="surrogateescape")
    done.stderr = done.stderr.decode(errors="surrogateescape")
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stdout + done.stderr)
    return done


def results(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def lines(count):
    return "".join(f"{i}\n" for i in range(1, count + 1))


def start(*arguments, given):
    """A run whose input is a file, in the background."""
    Path("tasks").write_text(given)
    return subprocess.Popen([TROUPE, "map", "--input", "tasks", *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition, what):
    until = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > until:
            check(False, f"never: {what}")
            return
        time.sleep(0.01)


def numbers(name):
    path = Path(name)
    return [int(n) for n in path.read_text().split()] if path.exists() else []


def is_alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def test_results():
    told = results(troupe("map", "-k", "echo got {}", given=lines(20)))
    check([r["line"] for r in told] == list(range(1, 21)), "in order")
    check(told[4]["value"]["stdout"] == "got 5\n", told[4])
    check(all(r["state"] == "ok" and r["attempts"] == 1 and r["run_ms"] > 0
              for r in told), "each is ok")
    told = results(troupe("map", "-j4", "echo", given=lines(30)))
    check(sorted(r["value"]["stdout"] for r in told)
          == sorted(f"{i}\n" for i in range(1, 31)), "each once")
    plain = troupe("map", "--plain", "-k", "printf", "<%s>", given="a b\n'q'\n")
    check(plain.stdout == "<a b><'q'>", plain.stdout)
    shell = troupe("map", "--plain", "-k", "echo {} | tr a-z A-Z; echo {}",
                   given="it's\n$HOME\n")
    check(shell.stdout == "IT'S\nit's\n$HOME\n$HOME\n", shell.stdout)
    check(troupe("map", given="").stdout == "", "nothing to do")
    many = results(troupe("map", "--no-journal", "--library", GOOD, "--fn",
                          "echo", "-j8", given=lines(5000)))
    check(sorted(r["value"] for r in many) == list(range(1, 5001)), "functions")
    texts = results(troupe("map", "--library", GOOD, "--fn", "echo", "--lines",
                           "-k", "--mode", "thread", given="a\n\n3\n"))
    check([r["value"] for r in texts] == ["a", "", "3"], texts)
    apart = troupe("map", "--library", GOOD, "--fn", "echo", "--mode",
                   "process", "-j2", "-k", "--json", given=lines(8))
    check([r["value"] for r in results(apart)] == list(range(1, 9)), "apart")
    summary = json.loads([line for line in apart.stderr.splitlines()
                          if '"summary"' in line][0])
    check(summary["peak"] <= 2, summary)


def test_two_maps_with_processes():
    options = ["map", "--no-journal", "--quiet", "--library", GOOD, "--fn",
               "echo", "--mode", "process", "-j1"]
    with subprocess.Popen([TROUPE, *options], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as first:
        first.stdin.write(b"1\n")
        first.stdin.flush()
        told = json.loads(first.stdout.readline())
        check(told["value"] == 1, told)
        both = results(troupe(*options, given="2\n"))
        check([r["value"] for r in both] == [2], both)
        rest, _ = first.communicate(b"3\n", timeout=LIMIT)
        check(json.loads(rest)["value"] == 3, rest)


def test_no_result_waits_for_the_next():
    """The second ends when the first was told; the third waits for it."""
    tasks = "true\nuntil [ -e told ]; do sleep 0.01; done\ntrue\n"
    for journal in ([], ["--no-journal"]):
        Path("told").unlink(missing_ok=True)
        with start("-j1", *journal, given=tasks) as run:
            told = json.loads(run.stdout.readline())
            check(told["line"] == 1, told)
            Path("told").touch()
            rest, _ = run.communicate(timeout=LIMIT)
            check(len(rest.splitlines()) == 2, rest)


def test_failures():
    given = ('{"id": "a", "cmd": "exit 3"}\n{"id": 1,\n\n'
             '{"id": {"x": 1}, "cmd": ["cat"], "stdin": "in", "retries": 1}\n'
             '{"cmd": "true", "colour": 1}\n{"cmd": []}\n{"fn": "none"}\n'
             '{"cmd": "sleep 1000 & echo $!; wait", "timeout": 0.2}\n'
             "echo plain\n\xff\xfe\n{}\n")
    done = subprocess.run([TROUPE, "map", "-k", "--json"],
                          input=given.encode("latin-1"), capture_output=True,
                          timeout=LIMIT)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    errors = done.stderr.decode()
    check(done.returncode == 3, "some failed")
    check(len(told) == 10, f"a result for each: {told}")
    check([r["state"] for r in told] == [
        "failed", "failed", "ok", "failed", "failed", "failed", "timeout",
        "ok", "failed", "failed"], told)
    check(told[0]["id"] == "a" and told[0]["value"]["exit"] == 3, told[0])
    check(told[1]["line"] == 2 and told[1]["attempts"] == 0, told[1])
    check(told[2]["id"] == {"x": 1} and told[2]["value"]["stdout"] == "in",
          told[2])
    check("standard input:2: it is no JSON" in errors, errors)
    check("standard input:5: a task has no 'colour'" in errors, errors)
    check("standard input:11: a task has either cmd or fn" in errors,
          errors)
    pid = int(told[6]["value"]["stdout"])
    wait_for(lambda: not is_alive(pid), "the group of a timeout ends")
    summary = json.loads([line for line in errors.splitlines()
                          if '"summary"' in line][0])
    check(summary["tasks"] == 10 and summary["ok"] == 2
          and summary["timeout"] == 1, summary)
    again = results(troupe("map", "--retries", "2", "exit {}", given="1\n",
                           code=1))
    check(again[0]["attempts"] == 3, again)


def test_ends():
    troupe("map", "--policy", "first", "-j3", "[ {} = 2 ] || sleep 1000",
           given=lines(3))
    troupe("map", "--policy", "quorum:2", "[ {} = 2 ]", given=lines(3), code=5)
    troupe("map", "--policy", "quorum:2", "[ {} != 2 ]", given=lines(3))
    done = troupe("map", "--policy", "fail-fast", "-j1", "[ {} != 2 ]",
                  given=lines(50), code=3)
    states = [r["state"] for r in results(done)]
    check(states.count("failed") == 1 and "skipped" in states, states)
    done = troupe("map", "--deadline", "300ms", "-j1", "[ {} = 1 ] || sleep 1000",
                  given=lines(3), code=124)
    check("--resume map-" in done.stderr, done.stderr)
    troupe("map", "--halt", "soon,fail=2", "-j1", "false", given=lines(9),
           code=1)
    for bad in (["--halt", "soon"], ["--policy", "most"], ["--timeout", "x"],
                ["--mode", "odd"], ["-j", "0"], ["--fn", "none"], ["--odd"],
                ["--library", "none.so"], ["--resume", "x", "--no-journal"]):
        check(troupe("map", *bad, code=2).stderr.startswith("troupe map: "), bad)
    for bad in (["--input", "none"], ["--joblog", "no/such/file"],
                ["--resume", "map-1"]):
        check(troupe("map", *bad, "true", code=1).stderr, bad)


def test_interrupts():
    run = start("-j2", "echo $$ >> pids; sleep 0.2; echo {} >> ends",
                given=lines(200))
    wait_for(lambda: len(numbers("ends")) >= 2, "some end")
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=LIMIT)
    told = [json.loads(line) for line in out.splitlines()]
    check(run.returncode == 3, f"partial: {run.returncode} {err}")
    done = [r["line"] for r in told if r["state"] == "ok"]
    check(sorted(done) == sorted(numbers("ends")), "what ran was finished")
    check(len(done) < 200, "no more were begun")
    check(not any(is_alive(pid) for pid in numbers("pids")), "no orphan")

    run = start("-j2", "echo $$ >> long; exec sleep 1000", given=lines(9))
    wait_for(lambda: len(numbers("long")) == 2, "two run")
    run.send_signal(signal.SIGINT)
    wait_for(lambda: run.poll() is None, "it waits")
    run.send_signal(signal.SIGINT)
    # Two signals may become one where the first is not yet handled.
    while True:
        try:
            out, _ = run.communicate(timeout=1)
            break
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)
    check(run.returncode in (3, 130), f"ended: {run.returncode}")
    for pid in numbers("long"):
        wait_for(lambda pid=pid: not is_alive(pid), "it is killed")


def test_resume():
    """Killed at random; nothing that was told is done again, and in the end
    each has been done."""
    count, seen, option = 60, {}, []
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    for attempt in range(4):
        run = start(*option, "-j3", "--quiet", "echo {} >> done",
                    given=lines(count))
        enough = len(numbers("done")) + rng.randrange(2, 12)
        wait_for(lambda n=enough, r=run: len(numbers("done")) >= n
                 or r.poll() is not None, "some are done")
        run.kill()
        out, _ = run.communicate(timeout=LIMIT)
        # One that ran when it was killed may be done twice, but not later.
        for line in out.decode().split("\n")[:-1]:
            number = json.loads(line)["line"]
            seen[number] = numbers("done").count(number)
        option = ["--resume", "last"]
    run = start(*option, "--quiet", "echo {} >> done", given=lines(count))
    out, err = run.communicate(timeout=LIMIT)
    told = [json.loads(line) for line in out.splitlines()]
    check(run.returncode == 0, f"seed {seed}: {run.returncode} {err}")
    check(sorted(r["line"] for r in told) == list(range(1, count + 1)),
          f"seed {seed}: all are told at last")
    done = numbers("done")
    check(set(done) == set(range(1, count + 1)), f"seed {seed}: all are done")
    for line, times in seen.items():
        check(done.count(line) == times, f"seed {seed}: {line} is done again")


def test_orphans():
    """Commands, and what they have started."""
    run = start("-j2", ": {}; sleep 1000 & echo $$ $! >> killed; wait",
                given=lines(9))
    wait_for(lambda: len(numbers("killed")) == 4, "two run")
    run.kill()
    run.communicate(timeout=LIMIT)
    for pid in numbers("killed"):
        wait_for(lambda pid=pid: not is_alive(pid), "it goes with us")


def test_runs():
    done = troupe("map", "--joblog", "log", "--json", "-k", "exit {}",
                  given="0\n7\n", code=3)
    name = json.loads(done.stderr.splitlines()[0])["run"]
    check(f"--resume-failed {name}" in done.stderr, done.stderr)
    log = [line.split("\t") for line in Path("log").read_text().splitlines()]
    check(log[0] == ["Seq", "Host", "Starttime", "JobRuntime", "Send",
                     "Receive", "Exitval", "Signal", "Command"], log[0])
    check([row[6] for row in log[1:]] == ["0", "7"], log)
    check([row[8] for row in log[1:]] == ["exit '0'", "exit '7'"], log)
    troupe("map", "--joblog", "log", "--no-journal", "-k", given=
           '{"cmd": ["echo", "a", "b\\tc"]}\n{"id": "x", "cmd": "true # y"}\n')
    log = [line.split("\t") for line in Path("log").read_text().splitlines()]
    check([row[8] for row in log[1:]] == ["echo a b c", "true # y"], log)
    again = results(troupe("map", "--resume-failed", name, "-k", "exit {}",
                           given="0\n7\n", code=3))
    check([r.get("resumed", False) for r in again] == [True, False], again)
    listed = json.loads(troupe("runs", "list", "--json").stdout)
    mine = [r for r in listed if r["id"] == name][0]
    check(mine["state"] == "partial" and mine["done"] == 2 and mine["ok"] == 1,
          mine)
    check("map" in mine["command"], mine)
    shown = json.loads(troupe("runs", "show", "--json", name).stdout)
    check(sorted(t["state"] for t in shown["tasks"].values())
          == ["failed", "ok"], shown)
    check(troupe("runs", "gc").stdout == "", "all are young")
    check(name in troupe("runs", "gc", "--days", "0", "--dry-run").stdout,
          "it would go")
    gone = json.loads(troupe("runs", "gc", "--days", "0", "--all",
                             "--json").stdout)["removed"]
    check(name in gone, gone)
    check(json.loads(troupe("runs", "list", "--json").stdout) == [], "all gone")
    troupe("runs", "show", name, code=1)
    troupe("runs", "sing", code=2)
    troupe("runs", code=2)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = scratch + "/state"
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                os.makedirs(f"{scratch}/{name}")
                os.chdir(f"{scratch}/{name}")
                test()
        os.chdir("/")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())

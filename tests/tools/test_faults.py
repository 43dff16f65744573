#!/usr/bin/env python3
# test_faults.py: each fault of what is outside, in each pipeline that meets it.
# SPDX-License-Identifier: Apache-2.0
"""Of two sorts: servers that fail in every way that 'troupe mock' knows, and a
machine that does: a disk without room, a worker that is killed. The run must end
with what is right, say what it is without, and have the exit code for that."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
SOURCE = Path(__file__).resolve().parents[2]
OFFICE = str(SOURCE / "examples/decisions/office.yaml")
LIMIT = 120
XY = ("--choice", "x", "--choice", "y")

# How a server behaves, and a word of the reason; None: it answers all the same.
SERVERS = (("429=1", None), ("500=1", None), ("drip=1ms", None),
           ("429", "429"), ("500", "500"), ("401", "401"),
           ("refuse", ""), ("cut=1", ""), ("badjson", ""), ("lie", ""),
           ("huge=40000000", ""))

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*args, code=0, size=None, text=None):
    """With `size`, no file may be larger: to SQLite as a full disk."""
    def full():
        if size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    done = subprocess.run([TROUPE, *args], capture_output=True, text=True,
                          timeout=LIMIT, input=text or "", preexec_fn=full)
    codes = code if isinstance(code, tuple) else (code,)
    check(done.returncode in codes, f"exit code {done.returncode}, not {code}: "
          f"{args}\n{done.stdout[:500]}{done.stderr[-500:]}")
    return done


def test_query_servers():
    """The one that fails is no vote against the two that agree."""
    for manner, words in SERVERS:
        got = troupe("query", "Which?", "--mock", "--json", "--all", *XY,
                     "--attempts", "2", "--model", "say=x", "--model", "say=x",
                     "--model", "say=y+" + manner, code=3 if words is not None
                     else 0)
        if not got.stdout:
            continue
        got = json.loads(got.stdout)
        check(got["best"]["answer"] == "x", f"{manner}: {got['best']}")
        bad = got["answers"][2]
        check(got["asked"] == 3 and got["failed"] == (words is not None),
              f"{manner}: {got['asked']} {got['failed']}")
        if words is None:
            check(bad["state"] == "usable", f"{manner}: {bad}")
            continue
        check(bad["state"] != "usable" and bad["reason"]
              and words in bad["reason"], f"{manner}: {bad}")
        check(got["degraded"] and manner in got["degraded"][0],
              f"{manner}: {got['degraded']}")


def test_research_servers(url):
    """A model that fails leaves the report as it is without one."""
    docs = Path("docs")
    docs.mkdir()
    for animal, food in (("cat", "fish"), ("dog", "bones"), ("cow", "grass")):
        (docs / f"{animal}.md").write_text(
            f"# The {animal}\n\nThe {animal} eats {food} in the morning.\n")
    ask = ("research", "What does the cow eat?", "--corpus", "docs", "--json",
           "--quiet", "--effort", "quick")
    plain = json.loads(troupe(*ask).stdout)["answer"]["sentences"]
    check(plain, "an answer without models")
    for manner, words in SERVERS:
        Path("models.yaml").write_text(
            "providers:\n  here: {url: \"" + url + "\"}\n"
            "models:\n  one: {provider: here, model: \"" + manner + "\"}\n")
        done = troupe(*ask, "--models", "models.yaml", "--model", "one",
                      code=(0, 3))
        if not done.stdout:
            continue
        report = json.loads(done.stdout)
        check(report["answer"]["sentences"] == plain,
              f"{manner}: another answer")
        check(done.returncode == (3 if report["degraded"] else 0),
              f"{manner}: {done.returncode}, {report['degraded']}")
        if words is not None:
            check("model writer (failed" in report["degraded_reason"]
                  and words in report["degraded_reason"],
                  f"{manner}: {report['degraded_reason']}")


def kept():
    return json.loads(troupe("runs", "list", "--json").stdout)


def test_full_disk():
    """Words with the file and the cure, and never the end by a signal."""
    Path("g.yaml").write_text(
        "tasks:\n  a: {cmd: echo 1}\n  b: {cmd: echo 2, needs: [a]}\n")
    runs = (("map", "echo {}"), ("query", "Which?", "--mock", *XY),
            ("decide", OFFICE, "--journal", "--quiet"),
            ("graph", "run", "g.yaml", "--journal", "g.journal"),
            ("research", "What does the cow eat?", "--corpus", "docs"))
    for args in runs:
        for size in (4096, 20000):
            done = troupe(*args, code=1, size=size, text="a\nb\n")
            check("disk is full" in done.stderr, f"{args}: {done.stderr}")
    # With room again, each starts as if nothing had been.
    for args in runs:
        troupe(*args, text="a\nb\n")
    troupe("runs", "list")
    # In the middle of a run: what is told is what is kept, and it is right.
    before = {run["id"] for run in kept()}
    done = troupe("map", "--jobs", "4", "echo {}", code=1, size=120000,
                  text="".join(f"{i}\n" for i in range(2000)))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = [it for it in lines if it["state"] == "ok"]
    check(all(it["value"]["stdout"].strip() == str(it["line"] - 1)
              for it in told), "results that are right")
    done_there = [run["done"] for run in kept() if run["id"] not in before]
    check(told and done_there == [len(told)], f"{len(told)} told, {done_there}")
    check("disk is full" in done.stderr, done.stderr[-500:])


def test_killed_workers():
    done = troupe("map", "sh -c {}", code=3,
                  text="kill -9 $$\nkill -SEGV $$\ntrue\n")
    by_line = {it["line"]: it for it in map(json.loads,
                                            done.stdout.splitlines())}
    check([by_line[i]["state"] for i in (1, 2, 3)]
          == ["failed", "failed", "ok"], f"{by_line}")
    check([by_line[i]["value"]["signal"] for i in (1, 2)] == [9, 11]
          and "signal 9" in by_line[1]["text"], f"{by_line}")
    Path("k.yaml").write_text(
        "tasks:\n  a: {cmd: 'kill -9 $$'}\n  b: {cmd: echo 2, needs: [a]}\n"
        "  c: {cmd: echo 3}\n")
    done = troupe("graph", "run", "k.yaml", "--json", code=1)
    tasks = {it["id"]: it for it in json.loads(done.stdout)["tasks"]}
    check([tasks[i]["state"] for i in "abc"] == ["failed", "skipped", "ok"]
          and "signal 9" in json.dumps(tasks["a"]), f"{tasks}")
    done = troupe("decide", OFFICE, "--quiet", "--fail", "sampler:1")
    check("DEGRADED" not in done.stdout, "one restart, and all is there")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.environ["XDG_STATE_HOME"] = work + "/state"
        os.environ["XDG_CACHE_HOME"] = work + "/cache"
        mock = subprocess.Popen([TROUPE, "mock", "--parent"],
                                stdout=subprocess.PIPE, text=True)
        url = mock.stdout.readline().strip()
        try:
            test_query_servers()
            test_research_servers(url)
            test_full_disk()
            test_killed_workers()
        finally:
            mock.terminate()
            mock.wait()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failures")


main()

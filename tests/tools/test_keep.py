#!/usr/bin/env python3
# test_keep.py: runs of troupe query and decide that are killed and resumed.
# SPDX-License-Identifier: Apache-2.0
"""Kills everything at random points, resumes, and counts: what the journal had is
not asked for again, and the report is that of a run that nobody killed."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TROUPE = os.environ["TROUPE"]
SOURCE = Path(__file__).resolve().parents[2]
OFFICE = str(SOURCE / "examples/decisions/office.yaml")
SEED = int(os.environ.get("TROUPE_SEED", random.randrange(1 << 30)))
chance = random.Random(SEED)
failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*args, code=0):
    done = subprocess.run([TROUPE, *args], capture_output=True, text=True,
                          timeout=120)
    check(done.returncode == code, f"exit code {done.returncode}, not {code}: "
          f"{args}\n{done.stdout[:300]}{done.stderr}")
    return done


def runs(pipeline):
    listed = json.loads(troupe("runs", "list", "--json").stdout)
    return [run for run in listed if run["id"].startswith(pipeline + "-")]


def ends(run, what=3):
    """Keys of the journal, one for each time that it was finished (1: begun)."""
    path = f"{os.environ['XDG_STATE_HOME']}/troupe/runs/{run}/journal.db"
    with sqlite3.connect(f"file:{path}?mode=rw", uri=True) as base:
        return [key for key, in
                base.execute("SELECT key FROM entry WHERE what = ?", (what,))]


def kill_in_the_middle(args, pipeline, count):
    """When so many are kept, all of its group, as when the machine goes; the run,
    or None when it was through before."""
    base = Path(os.environ["XDG_STATE_HOME"]) / "troupe/runs"
    before = {run.name for run in base.glob(pipeline + "-*")}
    started = subprocess.Popen([TROUPE, *args], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    while started.poll() is None:
        new = [run.name for run in base.glob(pipeline + "-*")
               if run.name not in before]
        try:
            if new and len(ends(new[0])) >= count:
                break
        except sqlite3.OperationalError:
            pass  # it is being made
        time.sleep(0.004)  # between two looks
    killed = started.poll() is None
    if killed:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    return runs(pipeline)[-1] if killed else None


def is_unborn(run):
    """Killed while its journal was made: nothing was asked yet."""
    return run["state"] == "damaged" and any(
        words in run["words"] for words in ("cut short", "there is none"))


class Mock:
    def __init__(self):
        with open("requests", "w") as log:
            self.server = subprocess.Popen([TROUPE, "mock", "--log"], text=True,
                                           stdout=subprocess.PIPE, stderr=log)
        self.log = open("requests")
        self.url = self.server.stdout.readline().strip()

    def asked(self):
        """Models in the order in which they were asked, since the last call."""
        return [json.loads(line)["model"] for line in self.log.readlines()]

    def end(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()
        self.log.close()


def models(mock, count):
    text = f"providers:\n  here: {{url: '{mock.url}'}}\nmodels:\n"
    for i in range(count):
        text += (f"  m{i}: {{provider: here, "
                 f"model: say=x+delay={40 * (i + 1)}ms}}\n")
    Path("models.yaml").write_text(text)


def test_query():
    mock = Mock()
    models(mock, 6)
    ask = ["query", "Which?", "--models", "models.yaml", "--choice", "x",
           "--choice", "y", "--all", "--json"]
    whole = json.loads(troupe(*ask, "--no-journal").stdout)
    mock.asked()
    cut = 0
    for _ in range(12):
        if cut == 2:
            break
        killed = kill_in_the_middle(ask, "query", chance.randrange(6))
        if not killed or is_unborn(killed):
            mock.asked()
            continue
        run = killed["id"]
        check(killed["state"] == "interrupted"
              and "--choice x --choice y" in killed["command"],
              f"query: {killed}")
        kept = {key.split(":")[0] for key in ends(run)}
        begun = len(ends(run, 1))
        cut += len(kept) < 6
        before = len(mock.asked())
        resumed = json.loads(troupe(*ask, "--resume", run).stdout)
        again = mock.asked()
        check(len(again) == 6 - len(kept),
              f"query: {kept} were kept, {again} asked (seed {SEED})")
        check(len(ends(run)) == 6 == len(set(ends(run))), "query: each once")
        for key in ("best", "consensus", "usable", "quorum"):
            check(resumed[key] == whole[key], f"query: {key} differs")
        check(runs("query")[-1]["state"] == "finished", "query: finished")
        cost, lost = resumed["cost"], begun - len(kept)
        check(cost["calls"] == 6 + lost and cost["replayed"] == len(kept)
              and before + len(again) <= cost["calls"],
              f"query: what was paid counts, once: {cost}, {lost} lost")
        check((cost["tokens"] == whole["cost"]["tokens"]) == (lost == 0),
              f"query: {cost['tokens']} tokens")
    check(cut > 0, f"query: never killed in the middle (seed {SEED})")
    done = troupe("query", "Other?", *ask[2:], "--resume", "last")
    check("began with another command: troupe query " in done.stderr
          and "Which?" in done.stderr and not mock.asked() == [],
          f"query: another prompt: {done.stderr}")
    troupe("query", "Which?", "--models", "models.yaml", "--resume", "nothing",
           code=1)
    troupe(*ask, "--resume", "last", "--no-journal", code=2)
    mock.end()


def test_failures_are_not_kept():
    mock = Mock()
    Path("models.yaml").write_text(
        f"providers:\n  here: {{url: '{mock.url}'}}\nmodels:\n"
        "  a: {provider: here, model: say=x}\n"
        "  b: {provider: here, model: 500=2+say=x}\n")
    ask = ["query", "Which?", "--models", "models.yaml", "--choice", "x",
           "--choice", "y", "--all", "--attempts", "1", "--quorum", "1"]
    troupe(*ask, code=3)
    mock.asked()
    troupe(*ask, "--resume", "last", code=3)
    check(mock.asked() == ["500=2+say=x"], "what failed is asked again")
    troupe(*ask, "--resume", "last")
    check(mock.asked() == ["500=2+say=x"], "and again, until it answers")
    troupe(*ask, "--resume", "last")
    check(mock.asked() == [], "then nobody is")
    troupe("query", "Another?", *ask[2:], "--resume", "last")
    check(len(mock.asked()) == 2, "another prompt is another question")
    mock.end()


def test_decide():
    make = ["decide", OFFICE, "--samples", "50000", "--json", "--quiet"]
    whole = json.loads(troupe(*make).stdout)
    for _ in range(2):
        killed = kill_in_the_middle([*make, "--journal"], "decide",
                                    chance.randrange(22))
        if not killed or is_unborn(killed):
            continue
        run = killed["id"]
        kept = ends(run)
        resumed = json.loads(troupe(*make, "--resume", run).stdout)
        check(len(ends(run)) == 22 == len(set(ends(run))),
              f"decide: {len(kept)} kept, {len(ends(run))} in the end")
        for key in ("verdict", "recommendation", "options", "perspectives",
                    "robustness", "consensus"):
            check(resumed[key] == whole[key], f"decide: {key} differs")
    shown = json.loads(troupe("runs", "list", "--json").stdout)
    check(all(run["state"] == "finished" for run in shown
              if run["id"].startswith("decide-") and run["done"] == 22),
          "decide: finished")
    troupe(*make, "--journal")
    troupe(*make, "--fail", "cost_benefit:1", "--journal")
    check(len(ends(runs("decide")[-1]["id"])) == 22, "decide: after a failure")
    troupe("runs", "gc", "--days", "0", "--all")
    check(not runs("decide"), "decide: gone")


def test_slips():
    """What was not begun leaves no run, and 'last' is the one before it."""
    troupe("query", "--mock", "--model", "say=a", "Which?")
    before = runs("query") + runs("map")
    for slip in (["query", "--mock", "--model", "say=a", "--trace", "/none/x", "Q"],
                 ["map", "--trace", "/none/x", "true"]):
        troupe(*slip, code=1)
    for slip in (["map", "--fn", "nobody"], ["map", "--library", "/none.so"]):
        troupe(*slip, code=2)
    left = runs("query") + runs("map")
    check(left == before, f"slips left runs: {left}")


def test_decide_codes():
    text = Path(OFFICE).read_text()
    check(troupe("decide", "--quiet", OFFICE).returncode == 0, "a choice")
    Path("open.yaml").write_text(
        "problem: Which?\n"
        "criteria: {price: {direction: min, unit: EUR}}\n"
        "options:\n  one: {values: {price: 1}}\n  two: {values: {price: 1}}\n")
    done = troupe("decide", "--quiet", "--json", "open.yaml", code=6)
    check(json.loads(done.stdout)["verdict"] != "recommended", "no choice")
    check(len(text) > 0, "the example")


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        os.environ["XDG_STATE_HOME"] = directory + "/state"
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
        os.chdir("/")
    print(f"seed {SEED}, {len(failures)} failures")
    sys.exit(bool(failures))


main()

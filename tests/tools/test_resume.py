#!/usr/bin/env python3
# test_resume.py: what a run that was killed and resumed says it has cost.
# SPDX-License-Identifier: Apache-2.0
"""Kills troupe research and query with SIGKILL at chosen points, resumes them, and
counts by the requests that the mock server had: nothing is paid twice, what was
paid counts once, and a budget holds over the whole run. What earlier runs have
seen says when a model is late, and is asked twice."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TROUPE = os.environ["TROUPE"]
QUESTION = "How many queens has a hive?"
PROMPTS = 3  # planner, writer, checker
failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*args, code=0):
    done = subprocess.run([TROUPE, *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    check(done.returncode == code, f"exit code {done.returncode}, not {code}: "
          f"{args}\n{done.stdout[:300]}{done.stderr}")
    return done


def runs():
    return Path(os.environ["XDG_STATE_HOME"]) / "troupe/runs"


def entries(run, what):
    """How many lines of the journal: 1 begun, 2 ended, 3 answers."""
    path = runs() / run / "journal.db"
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
            return base.execute("SELECT count(*) FROM entry WHERE what = ?",
                                (what,)).fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # it is being made


def kill_once(args, pipeline, what, count):
    """SIGKILL to all of it when so many lines are there; the run, or None when
    it was through before."""
    before = {run.name for run in runs().glob(pipeline + "-*")}
    started = subprocess.Popen([TROUPE, *args], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    run = None
    while started.poll() is None:
        new = {it.name for it in runs().glob(pipeline + "-*")} - before
        run = next(iter(new), None)
        if run and entries(run, what) >= count:
            break
        time.sleep(0.004)  # between two looks
    killed = started.poll() is None
    if killed:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    return run if killed else None


def kill_when(mock, *how):
    """The same, again where the machine was too slow to see it."""
    for _ in range(20):
        mock.asked()
        run = kill_once(*how)
        if run:
            return run
    check(False, f"never killed: {how}")
    sys.exit(1)


class Mock:
    def __init__(self):
        with open("requests", "w") as log:
            self.server = subprocess.Popen([TROUPE, "mock", "--log"], text=True,
                                           stdout=subprocess.PIPE, stderr=log)
        self.log = open("requests")
        self.url = self.server.stdout.readline().strip()

    def asked(self):
        """How many requests since the last call."""
        return len(self.log.readlines())

    def end(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()
        self.log.close()


def world(mock):
    os.makedirs("docs", exist_ok=True)
    Path("docs/bees.txt").write_text(
        "On bees\n\nA hive has one queen, says the beekeeper. Bees live in "
        "hives. The queen of a hive lives long.\n")
    Path("models.yaml").write_text(
        f"providers:\n  here: {{url: '{mock.url}'}}\nmodels:\n"
        "  m: {provider: here, model: delay=80ms, price_in: 1, price_out: 2}\n")
    return ["research", QUESTION, "--corpus", "docs", "--models", "models.yaml",
            "--effort", "thorough", "--json", "--quiet"]


def report(done):
    report = json.loads(done.stdout)
    return report, report["run"]["cost"]


def test_research(mock, ask):
    whole, cost = report(troupe(*ask, "--no-journal"))
    check(mock.asked() == PROMPTS and cost["calls"] == PROMPTS
          and cost["replayed"] == 0 and cost["known"], f"a run: {cost}")
    for kept in range(PROMPTS):
        run = kill_when(mock, ask, "research", 1, kept + 1)  # the next one is begun
        begun, had = entries(run, 1), entries(run, 3)
        first = mock.asked()
        again, spent = report(troupe(*ask, "--resume", run))
        after = mock.asked()
        check(after == PROMPTS - had, f"{had} were kept, {after} asked")
        check(again["written"] == whole["written"], "the same report")
        check(spent["replayed"] == had, f"replayed {spent}, not {had}")
        lost = begun - had
        check(spent["calls"] == PROMPTS + lost, f"{lost} lost: {spent}")
        check(first + after <= spent["calls"], "all requests are counted")
        check(spent["known"] == (lost == 0), f"guessed: {spent}")
        check(any("journal" in it for it in again["limits"]) == (had > 0),
              f"said: {again['limits']}")
    third, spent_then = report(troupe(*ask, "--resume", run))
    check(mock.asked() == 0, "then nobody is asked")
    check(spent_then == {**spent, "replayed": PROMPTS},
          f"once, in all: {spent_then}")
    check(third["written"] == whole["written"], "still the same")


def test_budget(mock, ask):
    bounded = [*ask, "--budget-calls", str(PROMPTS)]
    troupe(*bounded)
    check(mock.asked() == PROMPTS, "there is enough")
    again, cost = report(troupe(*bounded, "--resume", "last"))
    check(mock.asked() == 0 and cost["calls"] == PROMPTS
          and not again["degraded"], f"a budget that is used up: {cost}")
    run = kill_when(mock, bounded, "research", 1, 1)
    first = mock.asked()
    again, cost = report(troupe(*bounded, "--resume", run, code=4))
    check(first + mock.asked() <= PROMPTS, "a budget of the whole run")
    check(cost["calls"] == PROMPTS and not cost["known"], f"lost: {cost}")
    again, cost = report(troupe(*ask, "--budget-calls", str(PROMPTS + 1),
                                "--resume", run))
    check(mock.asked() == 1 and cost["calls"] == PROMPTS + 1
          and not again["degraded"], f"with a larger one it goes on: {cost}")


def test_mock():
    ask = ["query", "Which?", "--mock", "--choice", "x", "--choice", "y",
           "--all", "--json"]
    first = json.loads(troupe(*ask).stdout)
    again = json.loads(troupe(*ask, "--resume", "last").stdout)
    check(again["cost"] == {**first["cost"], "replayed": 5},
          f"a mock's answers are kept: {again['cost']}, {first['cost']}")
    check(again["best"] == first["best"], "and the same")
    other = json.loads(troupe(*ask, "--resume", "last", "--seed", "2").stdout)
    check(other["cost"]["replayed"] == 0
          and other["cost"]["calls"] == 2 * first["cost"]["calls"],
          "another seed says something else, and both are of this run")
    text = troupe(*ask[:-1], "--resume", "last").stdout
    check("; 5 answers were in the journal of the run" in text, f"said: {text}")


def query(models, *more, code=0):
    return json.loads(troupe("query", "Which?", "--models", models, "--choice",
                             "x", "--choice", "y", "--all", "--json", *more,
                             code=code).stdout)


def hedging(mock, hedge, count):
    """A file of so many models of one description; each 25th request is late."""
    text = f"providers: {{here: {{url: '{mock.url}'}}}}\nmodels:\n"
    for i in range(count):
        text += (f"  m{i}: {{provider: here, model: say=x+late=40s+nth=25, "
                 f"hedge: {hedge}}}\n")
    name = f"hedge{count}.yaml"
    Path(name).write_text(text)
    return name


def test_hedge(mock):
    """The 25th request of a model is late; 24 answers of an earlier run say so."""
    mock.asked()
    got = query(hedging(mock, "true", 24))
    check(got["cost"]["hedged"] == 0 and mock.asked() == 24,
          f"nothing is known yet: {got['cost']}")
    got = query(hedging(mock, "true", 1))
    check(got["cost"]["hedged"] == 1 and got["elapsed_ms"] < 30000
          and got["answers"][0]["attempts"] == 2, f"hedged: {got['cost']}")
    check(got["cost"]["calls"] == 2 and mock.asked() == 2, "both are counted")
    check(not got["cost"]["known"], "of the loser nobody knows what it cost")
    again = query("hedge1.yaml", "--resume", "last")
    check(again["cost"] == {**got["cost"], "replayed": 1} and mock.asked() == 0,
          f"resumed: {again['cost']}, not {got['cost']}")
    text = troupe("query", "Which?", "--models", "hedge1.yaml", "--choice", "x",
                  "--choice", "y", "--resume", "last").stdout
    check("; 1 answer was asked for twice, being late" in text, f"said: {text}")


def test_hedge_of_research(mock, ask):
    """The planner's is the 25th request: it is made twice, and the report says so."""
    text = (f"providers: {{here: {{url: '{mock.url}'}}}}\nmodels:\n")
    one = "{provider: here, model: late=40s+nth=25, hedge: true}\n"
    Path("many.yaml").write_text(text + "".join(f"  m{i}: {one}" for i in range(24)))
    Path("one.yaml").write_text(text + f"  m: {one}")
    query("many.yaml")
    mock.asked()
    args = ["one.yaml" if it == "models.yaml" else it for it in ask]
    whole, cost = report(troupe(*args))
    check(cost["hedged"] == 1 and cost["calls"] == PROMPTS + 1
          and mock.asked() == PROMPTS + 1, f"one of three, twice: {cost}")
    check(not cost["known"] and whole["written"], "what the loser cost is not known")
    _, again = report(troupe(*args, "--resume", "last"))
    check(again == {**cost, "replayed": PROMPTS} and mock.asked() == 0,
          f"resumed: {again}, not {cost}")


def test_hedge_mistakes(mock):
    for value, words in (
            ("{after: 95}", "'after' wants a percentile of its latencies"),
            ("{after: p100}", "'after' wants a percentile of its latencies"),
            ("{extra: 5}", "'extra' wants a whole share of its calls"),
            ("{extra: 0%}", "'extra' wants a whole share of its calls"),
            ("{extra: '%'}", "'extra' wants a whole share of its calls"),
            ("{afer: p95}", "has no key 'afer'; did you mean 'after'?"),
            ("always", "'hedge' wants true, or {after: p95, extra: 5%}"),
            ("[p95]", "'hedge' wants true, or {after: p95, extra: 5%}")):
        name = hedging(mock, value, 1)
        done = troupe("query", "Which?", "--models", name, code=2)
        check(words in done.stderr and f"{name}:3:" in done.stderr,
              f"{value}: {done.stderr}")
    for value in ("false", "{}", "{after: p99, extra: 10%}"):
        got = query(hedging(mock, value, 1))
        check(got["usable"] == 1, f"{value} is well")


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        os.environ["XDG_STATE_HOME"] = directory + "/state"
        os.environ["XDG_CACHE_HOME"] = directory + "/cache"
        mock = Mock()
        ask = world(mock)
        test_research(mock, ask)
        test_budget(mock, ask)
        test_hedge(mock)
        test_hedge_of_research(mock, ask)
        test_hedge_mistakes(mock)
        mock.end()
        test_mock()
        os.chdir("/")
    print(f"{len(failures)} failures")
    sys.exit(bool(failures))


main()

#!/usr/bin/env python3
# test_decide.py: troupe decide from the outside.
# SPDX-License-Identifier: Apache-2.0
"""Runs the command on the examples and on files of its own: every exit code,
bad input with its place, healing, degraded reports, the JSON schema, the heat
map, and a decider in a topology."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.dom.minidom

from schema import problems

TROUPE = os.environ["TROUPE"]
SOURCE = os.environ["TROUPE_SOURCE_DIR"]
EXAMPLES = os.path.join(SOURCE, "examples", "decisions")
OFFICE = os.path.join(EXAMPLES, "office.yaml")
DATABASE = os.path.join(EXAMPLES, "database.yaml")
LIMIT = 60 * int(os.environ.get("TROUPE_TIMEOUT_FACTOR", "1"))  # seconds

GOOD = """problem: Which one?
criteria:
  price: {direction: min, weight: 2}
  size: {direction: max, weight: 1}
options:
  small: {values: {price: 10, size: 3}}
  large: {values: {price: 30, size: 4}}
"""

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def run(*arguments, code=0):
    done = subprocess.run(
        [TROUPE, "decide", *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=LIMIT)
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stderr)
    return done


def write(work, name, text):
    path = os.path.join(work, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def check_json(output, what):
    report = json.loads(output)
    with open(os.path.join(SOURCE, "actors", "decision.schema.json"),
              encoding="utf-8") as file:
        schema = json.load(file)
    for problem in problems(report, schema, schema):
        check(False, f"{what}: {problem}")
    return report


def test_examples():
    for path, first in ((OFFICE, "station"), (DATABASE, "managed")):
        done = run("--quiet", path)
        check(done.stdout.startswith("# W"), "begins with the problem")
        for words in ("## Recommendation", "Margin:", "of the weight samples",
                      "## What would change it", "excluded,", "Copeland",
                      "topsis", "NPV", "22 asked, 22 answered"):
            check(words in done.stdout, f"{path} has '{words}'")
        report = check_json(run("--quiet", "--json", path).stdout, path)
        check(report["verdict"] == "recommended", f"{path} is decided")
        check((report["recommendation"] or {}).get("option") == first,
              f"{path} recommends {first}")
        check(not report["degraded"], f"{path} is complete")


def test_same_every_time():
    """Whoever draws the samples, and whatever the order of the options."""
    def report(*more):
        text = run("--quiet", "--json", OFFICE, *more).stdout
        it = json.loads(text)
        del it["run"]
        return it
    one = report()
    check(one == report("--samplers", "5"), "samplers do not matter")
    check(one != report("--seed", "2"), "the seed matters")


def test_json_is_yaml(work):
    decision = {"problem": "p", "criteria": {"x": {"direction": "max"}},
                "options": {"a": {"values": {"x": 1}},
                            "b": {"values": {"x": 2}}}}
    path = write(work, "decision.json", json.dumps(decision, indent=2))
    check("**b**" in run("--quiet", path).stdout, "JSON is read")
    gap = GOOD + "  huge: {values: {price: 90}}\n"
    done = run("--quiet", write(work, "gap.yaml", gap))
    check("## Excluded, without data, or dominated\n\n- huge: insufficient "
          "data, no value for 'size'.\n" in done.stdout, done.stdout)


def test_bad_files(work):
    wrong = [
        ("", ":1:1: the file is empty"),
        ("- 1\n", ":1:1: a decision wants keys"),
        (GOOD.replace("weight: 2", "weight: -2"),
         ":3:35: 'weight' is -2, below 0; write 0 or more"),
        (GOOD.replace("weight: 2", "weight: two"),
         ":3:35: 'weight' wants a number, not a text"),
        (GOOD.replace("weight: 2", "weight: .nan"),
         ":3:35: 'weight' wants a number, not an infinite one, or none"),
        (GOOD.replace("weight: 2", "wait: 2"),
         ":3:27: a criterion has no key 'wait'; there are"),
        (GOOD.replace("direction: min", "direction: down"),
         ":3:22: 'direction' is 'down'; write min or max"),
        (GOOD.replace("price: 10", "price: null"),
         ":6:27: 'price' wants a number or {low, mode, high}, not nothing"),
        (GOOD.replace("price: 10", "prize: 10"),
         ":6:20: there is no criterion 'prize'"),
        (GOOD + "  none: {title: Nothing}\n",
         ":8:3: the option 'none' has no data; add"),
        (GOOD + "  none: {values: {}}\n",
         ":8:3: the option 'none' has no data; add"),
        (GOOD.replace("problem", "probelm"), ":1:1: a decision has no key"),
        (GOOD.replace(", weight: 2", "").replace(", weight: 1", "")
         + "comparisons: [[price, size, 20]]\n",
         ":8:29: 20, not within 0.111111 and 9; choose one that is"),
        (GOOD + "extra: 1\n", ":8:1: a decision has no key 'extra'"),
        (GOOD + "options: {}\n", ":8:1: the key 'options' is here twice"),
        ("a: [1\n", "missing ':' or quote"),
    ]
    for text, words in wrong:
        path = write(work, "wrong.yaml", text)
        done = run("--quiet", path, code=2)
        check(path + words in done.stderr or
              (not words.startswith(":") and words in done.stderr),
              f"says '{words}':\n{text}{done.stderr}")
        check(done.stdout == "", "reports nothing")
    done = run(os.path.join(work, "missing.yaml"), code=2)
    check("missing.yaml: No such file" in done.stderr, "names what is missing")
    check(run("--check", write(work, "good.yaml", GOOD)).stdout == "",
          "--check says nothing of what is well")


def test_usage():
    for arguments in ((), ("a", "b"), ("--samples", "x", OFFICE),
                      ("--samplers", "0", OFFICE), ("--wrong", OFFICE),
                      ("--deadline", "soon", OFFICE),
                      ("--fail", "nobody", OFFICE), ("--fail", ":1", OFFICE),
                      ("--svg", "", OFFICE)):
        done = run(*arguments, code=2)
        check("troupe decide" in done.stderr, f"usage: {arguments}")
    check("usage: troupe decide" in run("--help").stdout, "--help")


def test_faults():
    done = run("--quiet", "--fail", "cost_benefit:2", OFFICE)
    check("restarted and asked again" in done.stdout, "a strategy heals")
    for name in ("risk_assessment", "long_term", "sampler"):
        done = run("--quiet", "--json", "--fail", name, OFFICE, code=3)
        report = check_json(done.stdout, name)
        check(report["degraded"] and report["run"]["failed"] > 0,
              f"{name} counts as failed")
    done = run("--quiet", "--fail", "long_term", OFFICE, code=3)
    first = done.stdout.split("\n", 1)[0]
    check(first.startswith("**DEGRADED REPORT**: without the perspective "
                           "long_term"), "the first line names it: " + first)
    everyone = []
    for name in ("short_term", "long_term", "risk_averse",
                 "opportunity_focused"):
        everyone += ["--fail", name]
    done = run("--quiet", *everyone, OFFICE, code=1)
    check("Insufficient data" in done.stdout, "nobody's vote elects nobody")


def test_deadline(work):
    """Forty options by ten criteria: a million samples take many seconds."""
    names = [f"c{j}" for j in range(10)]
    decision = {"problem": "p",
                "criteria": {it: {"direction": "max"} for it in names},
                "options": {f"o{i}": {"values": {
                    it: {"low": i, "mode": i + 7 * j % 40, "high": 99}
                    for j, it in enumerate(names)}} for i in range(40)}}
    path = write(work, "large.json", json.dumps(decision))
    done = run("--quiet", "--samples", "1000000", "--samplers", "1",
               "--deadline", "1s", path, code=3)
    first = done.stdout.split("\n", 1)[0]
    check("the deadline passed; without" in first, "it is named: " + first)


def test_progress():
    done = run(OFFICE)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    names = {line["actor"] for line in lines}
    check({"cost_benefit", "short_term", "sampler", "decider"} <= names,
          f"progress names the actors: {names}")


def test_svg(work):
    path = os.path.join(work, "map.svg")
    run("--quiet", "--svg", path, OFFICE)
    image = xml.dom.minidom.parse(path)
    cells = image.getElementsByTagName("rect")
    # Three options by eight columns and the share, one grey row, the ground.
    check(len(cells) == 3 * 9 + 2, f"{len(cells)} cells")
    text = " ".join(it.firstChild.data for it in
                    image.getElementsByTagName("text") if it.firstChild)
    check("desks is 0" in text and "first in samples" in text, "says why")
    done = run("--quiet", "--svg", os.path.join(work, "no", "map.svg"), OFFICE,
               code=1)
    check("No such file" in done.stderr, "says that it cannot be written")
    check(done.stdout == "", "before anything is worked out")


def interrupt(*arguments):
    """Ctrl-C while samples are drawn."""
    with subprocess.Popen(
            [TROUPE, "decide", DATABASE, "--json", "--samples", "400000",
             *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as child:
        line = " "
        while line and not ('"sampler","role"' in line and '"working"' in line):
            line = child.stderr.readline()
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=LIMIT)
    check(child.returncode == 3, f"interrupted: exit code {child.returncode}")
    return check_json(out, "interrupted") if out else None


def test_interrupt(work):
    """What there is is reported, and what is kept is whole."""
    report = interrupt()
    check(report and report["run"]["interrupted"]
          and report["degraded_reason"].startswith("interrupted; without ")
          and report["verdict"] == "recommended"
          and 0 < report["robustness"]["samples"] < 400000,
          f"a report of what there was: {report}")
    os.environ["XDG_STATE_HOME"] = work
    interrupt("--journal")
    done = subprocess.run([TROUPE, "runs", "list", "--json"], timeout=LIMIT,
                          capture_output=True, text=True)
    check('"interrupted"' in done.stdout, "its state: " + done.stdout)
    done = run(DATABASE, "--json", "--samples", "400000", "--resume", "last",
               "--quiet")
    check(json.loads(done.stdout)["robustness"]["samples"] == 400000,
          "what an interrupt cut short is not kept")


def test_topology(work):
    """The decider as an actor of a topology, asked from another terminal."""
    path = write(work, "choice.yaml", "actors: {judge: {kind: troupe_decider}}\n")
    body = json.dumps({"samples": 100, "decision": {
        "problem": "p", "criteria": {"x": {"direction": "max"}},
        "options": {"a": {"values": {"x": 1}}, "b": {"values": {"x": 2}}}}})
    with subprocess.Popen([TROUPE, "run", path], stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as topology:
        try:
            line = " "
            while line and "'choice' runs: " not in line:
                line = topology.stderr.readline()
            done = subprocess.run(
                [TROUPE, "ask", "--run", "choice", "judge", "decide", body],
                capture_output=True, text=True, timeout=LIMIT)
            check(json.loads(done.stdout)["verdict"] == "recommended",
                  "a decider in a topology answers: " + done.stderr)
        finally:
            topology.send_signal(signal.SIGINT)
            topology.stderr.read()


def main():
    work = tempfile.mkdtemp()
    try:
        test_examples()
        test_same_every_time()
        test_json_is_yaml(work)
        test_bad_files(work)
        test_usage()
        test_faults()
        test_deadline(work)
        test_progress()
        test_svg(work)
        test_interrupt(work)
        test_topology(work)
    finally:
        shutil.rmtree(work)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

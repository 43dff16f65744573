#!/usr/bin/env python3
# test_graph.py: troupe graph from the outside.
# SPDX-License-Identifier: Apache-2.0
"""Exit codes, messages and reports of graphs; each run has a time limit, and
none is waited for by the clock."""

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

TROUPE = os.environ["TROUPE"]
KINDS = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/"
EXAMPLES = Path(os.environ["TROUPE_SOURCE_DIR"]) / "examples" / "graphs"
LIMIT = 120  # seconds; a run that hangs fails by it

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def has(text, wanted):
    check(wanted in text, f"no '{wanted}' in:\n{text}")


def write(text, name="g.yaml"):
    Path(name).write_text(text)
    return name


def graph(*arguments, code=0, keep=False):
    if arguments[:1] == ("run",) and not keep and "--journal" not in arguments:
        arguments += ("--no-journal",)  # quicker
    done = subprocess.run([TROUPE, "graph", *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=LIMIT)
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stdout + done.stderr)
    return done


def run(text, *options, code=0):
    """The report as JSON, and its tasks by id."""
    done = graph("run", "--json", "--quiet", *options, write(text), code=code)
    report = json.loads(done.stdout or "{}")
    return report, {task["id"]: task for task in report.get("tasks", [])}


def test_bad_files():
    done = graph("check", write("tasks: {alpha: {noop: }, b: {needs: [alhpa]}}"), code=2)
    has(done.stderr, "g.yaml:1:38: task 'b' needs 'alhpa', and there is no such task; "
        "did you mean 'alpha'?")
    check(done.stdout == "", "nothing is said on standard output")
    has(graph("check", "nowhere.yaml", code=2).stderr,
        "nowhere.yaml: No such file or directory")
    # Several at once, in order.
    done = graph("check", write("tasks:\n  a: {odd: 1}\n  b: {cmd: x, timeout: 1}\n"), code=2)
    check(done.stderr.index(":2:7:") < done.stderr.index(":3:24:"), done.stderr)
    for wrong in ([], ["run"], ["run", "--dot", "g.yaml"], ["resume", "g.yaml"],
                  ["run", "--parallel", "0", "g.yaml"], ["plan", "--journal"]):
        done = graph(*wrong, code=2)
        has(done.stderr, "troupe graph: ")
    has(graph("chck", "x", code=2).stderr, "did you mean 'check'?")


def test_looks():
    text = ("name: d\ntasks:\n  a: {value: 1, takes: 1s}\n"
            "  b: {value: 1, needs: [a], takes: 3s, optional: true}\n"
            "  c: {value: 1, needs: [a], takes: 2s, on_error: e}\n"
            "  d: {value: 1, needs: [b, c], takes: 1s}\n  e: {noop: }\n")
    name = write(text)
    check(graph("check", name).stdout == "d: 5 tasks, 4 needs: all is well\n", "check")
    check(graph("show", name).stdout ==
          "d  (5 tasks)\na  (value)\n├── b  (value; optional)\n"
          "│   └── d  (value; also needs c)\n└── c  (value; on error e)\n"
          "e  (noop)\n", graph("show", name).stdout)
    dot = graph("show", "--dot", name).stdout
    has(dot, 'digraph "d" {')
    has(dot, '"a" -> "b";')
    has(dot, '"c" -> "e" [style=dotted, label="on error"];')
    shown = json.loads(graph("show", "--json", name).stdout)
    check([t["id"] for t in shown["tasks"]] == list("abcde"), "tasks in order")
    plan = json.loads(graph("plan", "--json", "--parallel", "2", name).stdout)
    check((plan["work_ms"], plan["span_ms"], plan["wall_ms"]) == (7000, 5000, 5000), str(plan))
    check(plan["critical_path"] == ["a", "b", "d"], str(plan))
    check(not plan["guess"], "all say how long they take")
    has(graph("plan", name).stdout, "critical path: a -> b -> d")


def test_examples():
    for name, code in (("build", 0), ("fallback", 3), ("votes", 3)):
        done = graph("run", "--json", "--quiet", str(EXAMPLES / f"{name}.yaml"), code=code)
        report = json.loads(done.stdout)
        tasks = {task["id"]: task for task in report["tasks"]}
        if name == "build":
            check(tasks["right"]["result"] == "the program says 42", str(tasks["right"]))
        elif name == "fallback":
            check(tasks["report"]["result"] == {
                "degrees": 12, "traffic": None, "because": "exit code 7: no network"},
                str(tasks["report"]))
            check(tasks["unsteady"]["attempts"] == 2, "it was tried again")
        else:
            check(tasks["agreed"]["state"] == "ok" and tasks["even"]["state"] == "failed",
                  "two votes are enough")


def test_reports():
    text = ("name: r\ntasks:\n  a: {cmd: 'echo no >&2; exit 3'}\n  b: {needs: [a]}\n"
            "  c: {needs: [b]}\n  d: {cmd: echo hi}\n")
    report, tasks = run(text, code=1)
    check(report["outcome"] == "broken", report["outcome"])
    check(report["totals"] == {"ok": 1, "failed": 1, "timeout": 0, "lost": 0, "cancelled": 0,
                               "skipped": 2, "not needed": 0, "recovered": 0}, str(report["totals"]))
    check(report["degraded"] == [
        "a: failed: exit code 3: no", "b: skipped: 'a' failed: exit code 3: no",
        "c: skipped: 'b' was skipped, as 'a' failed: exit code 3: no"], str(report["degraded"]))
    check(tasks["c"]["why"] == "'b' was skipped, as 'a' failed: exit code 3: no",
          tasks["c"]["why"])
    check(tasks["d"]["result"] == "hi", "the result")
    for key in ("wall_ms", "work_ms", "span_ms", "speedup", "efficiency"):
        check(report[key] > 0, key)
    done = graph("run", write(text), code=1)
    check(done.stdout.startswith("r: broken: 1 of 4 tasks went well, 1 failed, 2 skipped\n"),
          done.stdout)
    has(done.stdout, "critical path: ")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    ended = [e["task"] for e in events if e["event"] == "ended"]
    check(sorted(ended) == list("abcd"), f"each ends once: {ended}")
    check(graph("run", "--quiet", "g.yaml", code=1).stderr == "", "quiet")


def test_votes():
    """What was recovered has not failed; a quorum that is not met is counted."""
    text = ("name: v\ntasks:\n  a: {cmd: exit 1, fallback: f}\n  f: {value: 1}\n"
            "  b: {cmd: exit 2, optional: true}\n  c: {cmd: exit 3, optional: true}\n"
            "  q: {needs: [a, b, c], quorum: 2, optional: true}\n"
            "  o: {needs: [b, c], rule: one_success, optional: true}\n")
    report, tasks = run(text, code=3)
    check(report["totals"] == {"ok": 1, "recovered": 1, "failed": 2, "timeout": 0, "lost": 0,
                               "cancelled": 0, "skipped": 2, "not needed": 0},
          str(report["totals"]))
    has(tasks["q"]["why"], "2 of 3 needed, 2 failed: '")
    has(tasks["o"]["why"], "1 of 2 needed, 2 failed: '")
    check(report["degraded"][:2] == ["a: failed, 'f' took its place: exit code 1",
                                     "b: failed: exit code 2"], str(report["degraded"]))
    done = graph("run", "--quiet", "g.yaml", code=3)
    check(done.stdout.startswith("v: degraded: 1 of 6 tasks went well, 1 recovered, 2 failed,"
                                 " 2 skipped\n"), done.stdout)


def test_pictures():
    text = "tasks: {a: {cmd: 'true'}, b: {cmd: 'false', needs: [a], optional: true}, c: {noop: }}"
    graph("run", "--quiet", "--timeline", "t.svg", "--chrome", "t.json", write(text), code=3)
    root = xml.etree.ElementTree.parse("t.svg").getroot()
    rows = [e for e in root.iter("{http://www.w3.org/2000/svg}g")]
    check(len(rows) == 3, f"{len(rows)} rows")
    events = json.loads(Path("t.json").read_text())["traceEvents"]
    check(sorted(e["name"] for e in events) == ["a", "b", "c"], str(events))
    check(all(e["ph"] == "X" and e["dur"] >= 0 for e in events), str(events))
    # What cannot be drawn is said before anything is done.
    Path("log").unlink(missing_ok=True)
    write("tasks: {a: {cmd: 'echo a >>log'}}", "one.yaml")
    for option in ("--svg", "--timeline", "--chrome"):
        done = graph("run", "--quiet", option, "/nowhere/t.svg", "one.yaml", code=1)
        has(done.stderr, "/nowhere/t.svg: No such file or directory")
        graph("run", "--quiet", option, "new.svg", "bad.yaml", code=2)
        graph("run", "--quiet", option, ".", "one.yaml", code=1)
    check(starts() == [], "nothing ran")
    check(not Path("new.svg").exists(), "no empty picture is left")
    if shutil.which("dot"):
        graph("run", "--quiet", "--svg", "g.svg", "g.yaml", code=3)
        text = "".join(xml.etree.ElementTree.parse("g.svg").getroot().itertext())
        check("failed" in text, "the states are drawn")
    os.environ["PATH"], path = "/nowhere", os.environ["PATH"]
    for verb in ("show", "run"):
        has(graph(verb, "--svg", "x.svg", "one.yaml", code=1).stderr,
            "install the Debian package graphviz")
    check(starts() == [], "nothing ran")
    os.environ["PATH"] = path
    check(not Path("x.svg").exists(), "no empty picture is left")


def test_actors():
    text = (f"libraries: [{KINDS}good.so]\nactors: {{e: {{kind: echo}}}}\n"
            "tasks:\n  a: {value: {n: [1, 2]}}\n"
            "  b: {ask: {actor: e, type: say, body: {twice: '${a.n.1}', all: 'x${a.n}'}},"
            " needs: [a]}\n")
    report, tasks = run(text)
    check(report["outcome"] == "complete", str(report))
    check(tasks["b"]["result"] == {"twice": 2, "all": "x[1,2]"}, str(tasks["b"]))


def test_stuck_actor():
    """The report does not wait for who does not stop: it ends after that."""
    free = Path("free").absolute()
    write(f"libraries: [{KINDS}helpful.so]\nactors: {{c: {{kind: clerk}}}}\n"
          f"tasks: {{a: {{ask: {{actor: c, type: block, body: '{free}'}}, timeout: 50ms}}}}\n")
    for quiet in ([], ["--quiet"]):
        free.unlink(missing_ok=True)
        child = subprocess.Popen([TROUPE, "graph", "run", *quiet, "g.yaml"], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shown = ""
        for line in child.stdout:
            shown += line
            if line.startswith("took "):
                free.touch()
        check(child.wait(timeout=LIMIT) == 1, f"exit code {child.returncode}: {shown}")
        told, _, after = shown.partition("\ntook ")
        check("start c" in told and "g: broken: 0 of 1 tasks went well, 1 timeout" in told, shown)
        has(after, "stop c 0")  # it was there, and is stopped in order


def test_ends():
    slow = "tasks: {a: {cmd: 'true'}, b: {cmd: sleep 100}, c: {needs: [b]}}"
    report, tasks = run(slow, "--deadline", "500ms", code=124)
    check(report["outcome"] == "overdue" and tasks["b"]["state"] == "cancelled"
          and tasks["c"]["state"] == "cancelled", str(tasks))
    report, tasks = run("tasks: {b: {cmd: sleep 100, timeout: 50ms}}", code=1)
    check(tasks["b"]["state"] == "timeout", str(tasks))
    report, tasks = run("parallel: 1\nfail_fast: true\ntasks: {a: {cmd: 'false', takes: 9s},"
                        " b: {cmd: 'true'}}", code=1)
    check(tasks["b"]["state"] == "cancelled" and tasks["b"]["why"] == "'a' failed", str(tasks))


def interrupt(count):
    """`a` begins, then come so many signals; the report."""
    Path("mark").unlink(missing_ok=True)
    os.mkfifo("mark")
    text = ("parallel: 1\ntasks: {a: {cmd: 'echo > mark; read -r line < mark'},"
            " b: {cmd: 'true', needs: [a]}}")
    child = subprocess.Popen([TROUPE, "graph", "run", "--json", write(text)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with open("mark", encoding="ascii") as mark:
        mark.read()  # it has begun
    for _ in range(count):
        child.send_signal(signal.SIGINT)
        for line in child.stderr:  # `b` is cancelled at the first one
            if '"b"' in line or _ > 0:
                break
    if count == 1:
        with open("mark", "w", encoding="ascii") as mark:
            mark.write("go on\n")
    out = child.communicate(timeout=LIMIT)[0]
    check(child.returncode == 3, f"{count} signals: exit code {child.returncode}")
    return {task["id"]: task for task in json.loads(out)["tasks"]}


def test_signals():
    tasks = interrupt(1)
    check(tasks["a"]["state"] == "ok" and tasks["b"]["state"] == "cancelled", str(tasks))
    tasks = interrupt(2)
    check(tasks["a"]["state"] == "cancelled", str(tasks))


def starts():
    return Path("log").read_text().split() if Path("log").exists() else []


def test_resume():
    """It is killed at random points; what had been finished is not repeated."""
    rng = random.Random(20261130)
    text = "parallel: 3\ntasks:\n"
    for i in range(24):
        needs = sorted({rng.randrange(i) for _ in range(2)}) if i else []
        text += (f"  t{i}: {{cmd: 'echo t{i} >>log; echo {i}',"
                 f" needs: [{', '.join(f't{n}' for n in needs)}]}}\n"
                 .replace(", needs: []", ""))
    name = write(text)
    command = [TROUPE, "graph", "run", "--journal", "j.db", name]
    for kill in range(6):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        left = rng.randrange(1, 10)
        for line in child.stderr:
            left -= json.loads(line)["event"] == "ended"
            if left == 0:
                break
        child.kill()
        child.communicate()
        command[2] = "resume"
    before = starts()
    done = graph("resume", "--json", "--quiet", "--journal", "j.db", name)
    tasks = json.loads(done.stdout)["tasks"]
    after = starts()
    for task in tasks:
        again = after.count(task["id"]) - before.count(task["id"])
        check(task["state"] == "ok", str(task))
        check(again == (0 if task["resumed"] else 1), f"{again} times again: {task}")
    check(sum(task["resumed"] for task in tasks) >= 6, "each kill left something done")
    # Now nothing is left to do.
    graph("resume", "--quiet", "--journal", "j.db", name)
    check(starts() == after, "nothing is repeated")
    plan = json.loads(graph("plan", "--json", "--journal", "j.db", name).stdout)
    check(not plan["guess"], "it has learned how long tasks take")
    done = graph("run", "--quiet", "--journal", "j.db", name, code=1)
    has(done.stderr, "j.db")
    has(done.stderr, "to go on with it take 'resume'")
    has(graph("resume", "--quiet", "--journal", "k.db", name, code=1).stderr, "k.db")
    Path("bad.db").write_text("this is no journal\n" * 100)
    has(graph("resume", "--quiet", "--journal", "bad.db", name, code=1).stderr, "bad.db")


def runs(*arguments):
    done = subprocess.run([TROUPE, "runs", *arguments], capture_output=True, text=True,
                          timeout=LIMIT)
    check(done.returncode == 0, f"runs {arguments}: {done.returncode}, {done.stderr}")
    return done.stdout


def test_kept_runs():
    """A run that nobody gave a journal has one all the same."""
    os.environ["XDG_STATE_HOME"], state = os.getcwd() + "/kept", os.environ["XDG_STATE_HOME"]
    Path("log").unlink(missing_ok=True)
    name = write("tasks: {a: {cmd: 'echo a >>log'}, b: {cmd: 'echo b >>log;"
                 " [ -e go ] || sleep 100', needs: [a]}}")
    graph("run", "--quiet", "--no-journal", write("tasks: {a: {value: 1}}", "one.yaml"))
    check(json.loads(runs("list", "--json")) == [], "--no-journal leaves nothing")
    child = subprocess.Popen([TROUPE, "graph", "run", name], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    for line in child.stderr:
        if '"b"' in line and '"started"' in line:
            break
    child.kill()
    child.communicate()
    kept = json.loads(runs("list", "--json"))
    check(len(kept) == 1 and kept[0]["state"] == "interrupted" and kept[0]["ok"] == 1
          and kept[0]["command"] == "troupe graph run g.yaml", str(kept))
    run_id = kept[0]["id"]
    check(re.fullmatch(r"graph-\d{8}-\d{9}-\w{4}", run_id) is not None, run_id)
    has(runs("show", run_id), "\na:")
    Path("go").touch()
    done = graph("resume", "--quiet", "--json", "last", name)
    report = json.loads(done.stdout)
    check(done.stderr == "", done.stderr)
    check(report["run"] == run_id and [t["resumed"] for t in report["tasks"]] == [True, False],
          str(report))
    check(starts().count("a") == 1, str(starts()))
    check(json.loads(runs("list", "--json"))[0]["state"] == "finished", runs("list"))
    # What it took is a lesson for a plan.
    for journal in (run_id, "last", f"kept/troupe/runs/{run_id}/journal.db"):
        plan = json.loads(graph("plan", "--json", "--journal", journal, name).stdout)
        check(not plan["guess"], f"{journal}: {plan}")
    has(graph("plan", "--journal", "nobody", name, code=1).stderr, "nobody: no such run")
    # One that can be resumed says how.
    done = graph("run", "--quiet", write("tasks: {a: {cmd: 'false'}}", "two.yaml"), code=1, keep=True)
    newest = json.loads(runs("list", "--json"))[-1]
    check(newest["state"] == "failed", str(newest))
    has(done.stdout, f"\nto do the rest: troupe graph resume {newest['id']} two.yaml\n")
    graph("resume", "--quiet", newest["id"], "two.yaml", code=1)
    for wrong, words in ((["nobody", name], "nobody: no such run"),
                         (["map-20260101-000000-abcd", name], "abcd: no such run")):
        has(graph("resume", *wrong, code=1).stderr, words)
    for wrong in (["last"], ["--journal", "x", "last", name], []):
        has(graph("resume", *wrong, code=2).stderr, "troupe graph: resume: ")
    has(graph("run", "--no-journal", "--journal", "x", name, code=2).stderr, "--no-journal")
    has(runs("gc", "--days", "0"), f"removed {run_id}")
    os.environ["XDG_STATE_HOME"] = state


def test_lost_journal():
    """What the journal does not take has not ended well, and is done again."""
    for each in ("", " each: '${l}',"):
        text = ("parallel: 1\ntasks:\n  l: {value: [1]}\n"
                f"  a: {{cmd: 'echo a >>log; head -c 200000 /dev/zero | tr \"\\0\" x',{each} needs: [l]}}\n"
                "  b: {cmd: 'echo b >>log', needs: [a]}\n")
        Path("log").unlink(missing_ok=True)
        Path("full.db").unlink(missing_ok=True)
        command = [TROUPE, "graph", "run", "--json", "--quiet", "--journal", "full.db", write(text)]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
        check(done.returncode == 1, f"exit code {done.returncode}: {done.stderr}")
        report = json.loads(done.stdout)
        tasks = {task["id"]: task for task in report["tasks"]}
        check(tasks["a"]["state"] == "failed", f"{tasks['a']['state']}: it is not on the disk")
        has(tasks["a"]["why"], "the journal cannot be written: the journal full.db: ")
        check(tasks["a"]["result"] is None, "it has no result")
        check(report["totals"]["ok"] == 1, str(report["totals"]))
        has(report["why"], "the journal cannot be written")
        check(starts() == ["a"], "nothing is begun on top of it")
        graph("resume", "--quiet", "--journal", "full.db", "g.yaml")
        check(starts() == ["a", "a", "b"], "it is done again")


def test_nested():
    write("timeout: 50ms\ntasks: {x: {value: 1}, y: {value: '${x}-${x:state}', needs: [x]},"
          " s: {cmd: sleep 100, optional: true}}", "inner.yaml")
    report, tasks = run("tasks: {first: {value: 0}, g: {graph: inner.yaml, needs: [first]},"
                        " end: {value: '${g.y}', needs: [g]}}", code=3)
    check(tasks["end"]["result"] == "1-ok", str(tasks))
    check(tasks["g/s"]["state"] == "timeout", "the inner file's timeout")
    check(report["outcome"] == "degraded", report["outcome"])
    write("tasks: {x: {value: 1, odd: 2}}", "inner.yaml")
    done = graph("check", write("tasks: {g: {graph: inner.yaml}}"), code=2)
    has(done.stderr, "inner.yaml:1:23: task 'x' has no key 'odd'")
    has(done.stderr, "g.yaml:1:20: the graph 'inner.yaml' is wrong, as said above")
    write("actors: {p: {kind: printer}}\ntasks: {x: {value: 1}}", "inner.yaml")
    has(graph("check", "g.yaml", code=2).stderr, "put it into the outer one")


def test_graph_in_itself():
    """Files that hold each other are named once, as a path."""
    write("tasks: {b: {graph: b.yaml}}", "a.yaml")
    write("tasks: {x: {noop: }, c: {graph: c.yaml}}", "b.yaml")
    write("tasks: {a: {graph: ./b.yaml}}", "c.yaml")
    done = graph("check", "a.yaml", code=2)
    lines = done.stderr.splitlines()
    check(lines[0].endswith("c.yaml:1:20: a graph holds itself: b.yaml -> c.yaml -> b.yaml;"
                            " take one of them out"), done.stderr)
    check(len(lines) == 3, done.stderr)  # and who holds these two
    write("tasks: {a: {graph: self.yaml}}", "self.yaml")
    done = graph("check", "self.yaml", code=2)
    check(done.stderr == "self.yaml:1:20: a graph holds itself: self.yaml -> self.yaml;"
          " take one of them out\n", done.stderr)


def test_topology():
    """The coordinator as an actor of a topology, asked from outside."""
    Path("t.yaml").write_text("actors: {graphs: {kind: troupe_graph_coordinator, name: graphs}}\n")
    child = subprocess.Popen([TROUPE, "run", "t.yaml"], stderr=subprocess.PIPE, text=True)
    for line in child.stderr:
        if "'t' runs" in line:
            break
    orders = {"tasks": [{"id": "a", "work": "value", "body": 7},
                        {"id": "b", "work": "value", "body": "a is ${a}", "needs": ["a"]}]}
    done = subprocess.run([TROUPE, "ask", "graphs", "run", json.dumps(orders)],
                          capture_output=True, text=True, timeout=LIMIT)
    check(done.returncode == 0, done.stderr)
    has(done.stdout, '"a is 7"')
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=LIMIT)
    check(child.returncode == 0, f"the topology ended with {child.returncode}")


def test_many():
    """Three thousand tasks, each with one end."""
    rng = random.Random(7)
    text = "parallel: 50\ntasks:\n  t0: {noop: }\n" + "".join(
        f"  t{i}: {{needs: [t{rng.randrange(i)}]}}\n" for i in range(1, 3000))
    report, tasks = run(text)
    check(report["totals"]["ok"] == 3000, str(report["totals"]))
    done = graph("run", "--quiet", "g.yaml")
    has(done.stdout, "3000 more went well (--all names them)")


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.environ["XDG_RUNTIME_DIR"] = work
        os.environ["XDG_STATE_HOME"] = work + "/state"
        for test in tests:
            if wanted and test.__name__ not in wanted:
                continue
            print(test.__name__, flush=True)
            test()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failed")
    print("graph: all as promised")


main()

#!/usr/bin/env python3
# test_graph_parts.py: tasks of a graph that are done for each item, or repeated.
# SPDX-License-Identifier: Apache-2.0
"""Results in order, bounds, failures, pictures, and what is killed and resumed:
nothing that was finished runs again. Nothing is waited for by the clock."""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

TROUPE = os.environ["TROUPE"]
EXAMPLES = Path(os.environ["TROUPE_SOURCE_DIR"]) / "examples" / "graphs"
LIMIT = 120  # seconds; a run that hangs fails by it

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def has(text, wanted):
    check(wanted in text, f"no '{wanted}' in:\n{text}")


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


def write(text, name="g.yaml"):
    Path(name).write_text(text)
    return name


def run(text, *options, code=0):
    """The report as JSON, and its tasks by id."""
    done = graph("run", "--json", "--quiet", *options, write(text), code=code)
    report = json.loads(done.stdout or "{}")
    return report, {task["id"]: task for task in report.get("tasks", [])}


def test_results():
    """In the order of the items, whatever ends first."""
    report, tasks = run(
        "parallel: 4\ntasks:\n"
        "  lines: {cmd: 'printf \"a b\\nc\\n\"'}\n"
        "  names: {cmd: 'echo ''[{\"n\": 1}, {\"n\": 2}, {\"n\": 3}]''', output: json}\n"
        "  words: {cmd: 'echo \"$1 at $AT, $(cat)\"', args: ['${item}'],"
        " env: {AT: '${index}'}, stdin: '<${item}>', each: '${lines}', needs: [lines]}\n"
        "  nested: {value: {n: '${item.n}', all: '${item}', of: '${words.0}'},"
        " each: '${names}', needs: [names, words]}\n"
        "  again: {value: '${item.n}', each: {in: '${nested}', parallel: 1}, needs: [nested]}\n"
        "  one: {value: '${again.1} ${again}', needs: [again]}\n")
    check(report["outcome"] == "complete", str(report))
    check(tasks["words"]["result"] == ["a b at 0, <a b>", "c at 1, <c>"], str(tasks["words"]))
    check(tasks["nested"]["result"][1] == {"n": 2, "all": {"n": 2}, "of": "a b at 0, <a b>"},
          str(tasks["nested"]))
    check(tasks["one"]["result"] == "2 [1,2,3]", str(tasks["one"]))
    check([i["state"] for i in tasks["again"]["items"]] == ["ok"] * 3, str(tasks["again"]))
    check(tasks["again"]["attempts"] == 3, "the attempts of all items")


def test_lists():
    """What is no list, an empty one, and one that is too long."""
    _, tasks = run("tasks: {e: {value: []}, t: {value: ''}, a: {value: 1, each: '${e}',"
                   " needs: [e]}, b: {value: 1, each: '${t}', needs: [t]}}")
    check(tasks["a"]["result"] == [] and tasks["b"]["result"] == [], str(tasks))
    for value, words in (("{x: 1}", 'a map, {"x":1}'), ("7", "7"), ("null", "null"),
                         ("true", "true")):
        _, tasks = run(f"tasks:\n  v: {{value: {value}}}\n"
                       "  a: {value: 1, each: '${v}', needs: [v]}\n  b: {needs: [a]}\n", code=1)
        why = ("g.yaml:3: 'each' wants a list, or text for its lines, and ${v} is " + words)
        check(tasks["a"]["state"] == "failed" and tasks["a"]["why"] == why, tasks["a"]["why"])
        check(tasks["b"]["why"] == f"'a' failed: {why}", tasks["b"]["why"])
    many = "[" + "1, " * 5001 + "1]"
    _, tasks = run(f"tasks: {{v: {{value: {many}}}, a: {{noop: , each: '${{v}}', needs: [v]}},"
                   " b: {noop: , each: '${v}', needs: [v, a]}}", code=1)
    check(tasks["a"]["state"] == "ok" and len(tasks["a"]["items"]) == 5002, "5,002 items")
    has(tasks["b"]["why"], "${v} has 5002 items, and with those of other tasks a run has at "
        "most 10000")


PICKY = "cmd: '[ \"$1\" != 2 ] || { echo not $1 >&2; exit 3; }; echo $1', args: ['${item}']"


def test_failures():
    report, tasks = run(
        "parallel: 1\ntasks:\n  v: {value: [1, 2, 3, 4]}\n"
        f"  a: {{{PICKY}, each: '${{v}}', needs: [v], retries: 1, backoff: {{max: 1ms, min: 1ms}}}}\n"
        f"  q: {{{PICKY}, each: {{in: '${{v}}', quorum: 3}}, needs: [v]}}\n"
        f"  n: {{{PICKY}, each: {{in: '${{v}}', quorum: 4}}, needs: [v]}}\n"
        f"  f: {{{PICKY}, each: {{in: '${{v}}', quorum: 5}}, needs: [v]}}\n"
        "  s: {needs: [a]}\n", code=1)
    why = "item [1] of 4, '2': 2 tries: exit code 3: not 2"
    check(tasks["a"]["why"] == why and tasks["a"]["state"] == "failed", str(tasks["a"]))
    check([i["attempts"] for i in tasks["a"]["items"]][:2] == [1, 2], str(tasks["a"]["items"]))
    check(tasks["a"]["items"][1]["why"] == "2 tries: exit code 3: not 2", str(tasks["a"]["items"]))
    check(tasks["s"]["why"] == f"'a' failed: {why}", tasks["s"]["why"])
    check(tasks["q"]["state"] == "ok" and tasks["q"]["result"] == ["1", None, "3", "4"],
          str(tasks["q"]))
    check(tasks["n"]["why"] == "1 items went well, and its quorum is 4: item [1] of 4, '2': "
          "exit code 3: not 2", tasks["n"]["why"])
    check([i["state"] for i in tasks["n"]["items"]] == ["ok", "failed"] + ["cancelled"] * 2,
          "what was not begun is not begun")
    check([i["why"] for i in tasks["n"]["items"]] == ["", "exit code 3: not 2"]
          + ["the list cannot go well any more"] * 2, str(tasks["n"]["items"]))
    has(tasks["f"]["why"], "${v} has 4 items, and its quorum is 5")
    check(report["outcome"] == "broken", report["outcome"])
    done = graph("run", "--quiet", "g.yaml", code=1)
    has(done.stdout, "\nq[1]  failed")


def test_lacks():
    """What is ok, and not whole, is said on the first line and in the code."""
    text = (f"name: l\ntasks:\n  l: {{value: [1, 2, 3, 4, 5]}}\n"
            f"  a: {{{PICKY}, each: {{in: '${{l}}', quorum: 3}}, needs: [l]}}\n"
            "  z: {value: '${a}', needs: [a]}\n")
    report, tasks = run(text, code=3)
    why = "1 of 5 items failed: item [1] of 5, '2': exit code 3: not 2"
    check(report["outcome"] == "degraded" and report["degraded"] == ["a: " + why], str(report))
    check(tasks["a"]["state"] == "ok" and tasks["a"]["why"] == why, str(tasks["a"]))
    check(tasks["z"]["result"] == ["1", None, "3", "4", "5"], str(tasks["z"]))
    check((report["totals"]["ok"], report["item_totals"]["ok"], report["item_totals"]["failed"])
          == (3, 4, 1), str(report))
    done = graph("run", "--quiet", "g.yaml", code=3)
    check(done.stdout.startswith("l: degraded: 3 of 3 tasks went well, 1 of them not in full;"
                                 " 1 of 5 items failed\n"), done.stdout)
    until = "repeat: {until: '${last} == 9', most: 2, else: ok}"
    report, tasks = run("tasks:\n  l: {value: [9, 5]}\n"
                        f"  r: {{value: '${{round}}', {until}}}\n"
                        f"  e: {{value: '${{item}}', each: '${{l}}', needs: [l], {until}}}\n", code=3)
    words = "after 2 rounds '${last} == 9' does not hold"
    check(report["degraded"] == [
        "r: " + words, "e: 1 of 2 items fell short: item [1] of 2, '5': " + words],
        str(report["degraded"]))
    check(tasks["e"]["result"] == [9, 5] and report["totals"]["ok"] == 3, str(tasks["e"]))
    check([i["state"] for i in tasks["e"]["items"]] == ["ok", "ok"], str(tasks["e"]["items"]))


def test_bounds():
    """Never more at once than the list says, and than the run says."""
    text = ("parallel: 3\ntasks:\n  v: {value: [1, 2, 3, 4, 5, 6, 7]}\n"
            "  a: {cmd: 'mkdir -p $0.d; : >$0.d/$1; ls $0.d | wc -l; rm $0.d/$1',"
            " args: ['${item}'], each: {in: '${v}', parallel: 2}, needs: [v]}\n")
    report, tasks = run(text)
    check(all(int(n) <= 2 for n in tasks["a"]["result"]), str(tasks["a"]["result"]))
    report, tasks = run(text.replace("parallel: 2", "parallel: 9"))
    check(all(int(n) <= 3 for n in tasks["a"]["result"]), str(tasks["a"]["result"]))
    check(report["parallel_most"] <= 3, str(report["parallel_most"]))


def test_ends():
    """A deadline, and a failure elsewhere, end a list too."""
    slow = "tasks: {v: {value: [1, 2]}, a: {cmd: sleep 100, each: '${v}', needs: [v]}, b: {needs: [a]}}"
    _, tasks = run(slow, "--deadline", "500ms", code=124)
    check([i["state"] for i in tasks["a"]["items"]] == ["cancelled"] * 2
          and tasks["a"]["state"] == "cancelled", str(tasks["a"]))
    _, tasks = run("parallel: 2\nfail_fast: true\ntasks:\n  v: {value: [1, 2, 3]}\n"
                   "  a: {cmd: 'while [ ! -e bad ]; do sleep 0.01; done; sleep 0.1',"
                   " each: {in: '${v}', parallel: 1}, needs: [v]}\n"
                   "  bad: {cmd: ': >bad; exit 1', needs: [v]}\n", code=1)
    check(tasks["a"]["state"] == "cancelled"
          # how many depends on when the coordinator hears of it
          and re.fullmatch(r"'bad' failed, after [12] of 3 items",
                           tasks["a"]["why"]), str(tasks["a"]))


def test_twins():
    """Of two equal items the one that was finished is not done again."""
    text = ("parallel: 2\ntasks:\n  v: {value: [x, x]}\n"
            "  a: {cmd: 'if mkdir one 2>/dev/null; then while [ ! -e two ]; do"
            " sleep 0.01; done; [ -e healed ]; else : >two; fi',"
            " each: '${v}', needs: [v]}\n")
    _, tasks = run(text, "--journal", "twins.db", code=1)
    went_well = [i["state"] == "ok" for i in tasks["a"]["items"]]
    check(sorted(went_well) == [False, True], str(tasks["a"]))
    Path("healed").touch()
    Path("one").rmdir()
    done = graph("resume", "--json", "--quiet", "--journal", "twins.db", write(text))
    again = {t["id"]: t for t in json.loads(done.stdout)["tasks"]}["a"]["items"]
    check([i["resumed"] for i in again] == went_well, str(again))


def test_rounds():
    count = "cmd: 'echo $(($1 + $2))', args: ['${last}', '${round}'], output: json"
    report, tasks = run(
        "tasks:\n  top: {value: 10}\n"
        f"  a: {{{count}, needs: [top], repeat: {{until: '${{last}} >= ${{top}}', most: 9}}}}\n"
        f"  b: {{{count}, repeat: {{until: '${{last}} == 99', most: 3}}}}\n"
        f"  c: {{{count}, repeat: {{until: '${{last}} == 99', most: 3, else: ok}}}}\n"
        "  d: {cmd: 'exit 1', repeat: {until: '${last}', most: 3}, retries: 1,"
        " backoff: {min: 1ms, max: 1ms}}\n"
        "  e: {value: '${last}x', repeat: {until: '${last} > 3', most: 3}}\n"
        "  l: {value: [5, 50], needs: [top]}\n"
        "  f: {cmd: 'echo $(($1 + ${2:-0}))', args: ['${item}', '${last}'], each: '${l}',"
        " needs: [l], repeat: {until: '${last} > 20', most: 9}}\n", code=1)
    check(tasks["a"]["result"] == 10 and len(tasks["a"]["rounds"]) == 4, str(tasks["a"]))
    check(tasks["b"]["why"] == "after 3 rounds '${last} == 99' does not hold", tasks["b"]["why"])
    check(tasks["b"]["result"] is None, "what failed has no result")
    check(tasks["c"]["state"] == "ok" and tasks["c"]["result"] == 6, str(tasks["c"]))
    check(tasks["d"]["why"] == "round 1: 2 tries: exit code 1", tasks["d"]["why"])
    check(tasks["e"]["why"] == "round 1: 'until': it compares what is no number by size",
          tasks["e"]["why"])
    check(tasks["f"]["result"] == ["25", "50"], str(tasks["f"]))
    check(report["outcome"] == "broken", report["outcome"])


def peak_of(rounds):
    """KiB that rounds with a result of 400 kB each take, of a task and of two items."""
    again = f"repeat: {{until: '${{round}} == {rounds}', most: 500}}"
    name = write("tasks:\n"
                 "  big: {cmd: 'head -c 400000 /dev/zero | tr \"\\0\" x'}\n"
                 "  two: {value: [1, 2]}\n"
                 f"  r: {{value: '${{big}}', needs: [big], {again}}}\n"
                 f"  i: {{value: '${{big}}', each: '${{two}}', needs: [big, two], {again}}}\n"
                 "  end: {value: 1, needs: [r, i]}\n")
    quick = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    child = subprocess.Popen([TROUPE, "graph", "run", "--quiet", "--no-journal", name],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=dict(os.environ, ASAN_OPTIONS=quick))
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    check(child.returncode == 0, f"exit code {child.returncode} of {rounds} rounds")
    return usage.ru_maxrss


def test_rounds_are_forgotten():
    few, many = peak_of(2), peak_of(500)
    check(many - few < 100 << 10, f"{few} KiB, then {many}, by 600 MB of results")


def test_looks():
    name = write("name: l\nparallel: 2\ntasks:\n  v: {value: [1, 2]}\n"
                 "  a: {value: '${item}', each: {in: '${v}', parallel: 2, quorum: 1}, needs: [v]}\n"
                 "  r: {value: '${round}', repeat: {until: '${last} == 2', most: 5}, needs: [a]}\n")
    shown = graph("show", name).stdout
    has(shown, "a  (value; each of ${v}, 2 at once, quorum 1)")
    has(shown, "r  (value; until ${last} == 2, at most 5 rounds)")
    has(graph("show", "--dot", name).stdout, "value\neach of ${v}, 2 at once, quorum 1\"")
    tasks = {t["id"]: t for t in json.loads(graph("show", "--json", name).stdout)["tasks"]}
    check(tasks["a"]["each"] == {"in": "${v}", "parallel": 2, "quorum": 1}, str(tasks["a"]))
    check(tasks["r"]["repeat"] == {"until": "${last} == 2", "most": 5, "else": "fail"},
          str(tasks["r"]))
    has(graph("plan", name).stdout, "until ${last} == 2, at most 5 rounds")
    plan = json.loads(graph("plan", "--json", name).stdout)
    check([t.get("times", "")[:10] for t in plan["tasks"]] == ["", "each of ${", "until ${la"],
          str(plan))
    done = graph("run", "--all", "--timeline", "t.svg", "--chrome", "t.json", name)
    for row in ("a[0]", "a[1]", "r@1", "r@2"):
        check(re.search(f"\n{re.escape(row)} +ok", done.stdout), f"{row}: {done.stdout}")
    ended = [json.loads(line)["task"] for line in done.stderr.splitlines()
             if json.loads(line)["event"] == "ended"]
    check(sorted(ended) == ["a", "a[0]", "a[1]", "r", "v"], str(ended))
    rows = xml.etree.ElementTree.parse("t.svg").getroot().iter("{http://www.w3.org/2000/svg}g")
    check(len(list(rows)) == 7, "v, a, a[0], a[1], r, r@1, r@2 are drawn")
    events = json.loads(Path("t.json").read_text())["traceEvents"]
    check(sorted(e["name"] for e in events) == ["a[0]", "a[1]", "r@1", "r@2", "v"], str(events))
    for text, words in (
            ("each: v", "'each' is one reference to a list, as in ${id} or ${id.field}, not 'v'"),
            ("each: '${w}'", "task 'a' refers to 'w', and there is no such task"),
            ("each: '${v:state}'", "'each' is one reference"),
            ("each: [1]", "'each' wants a list of another task, as in \"${files}\""),
            ("each: {parallel: 2}", "'each' has no 'in'"),
            ("each: {in: '${v}', parallel: 0}", "'parallel'"),
            ("repeat: {until: '${last}'}", "'repeat' has no 'most'"),
            ("repeat: {until: 'x y', most: 2}", "task 'a': 'until': "),
            ("when: '${item} > 1', each: '${v}'", "task 'a' refers to 'item', and there is no"),
            ("repeat: {until: '${last}', most: 1001}", "'most'")):
        text = f"tasks: {{v: {{value: 1}}, a: {{value: '${{v}}', {text}, needs: [v]}}}}"
        has(graph("check", write(text), code=2).stderr, words)
    text = "tasks: {item: {value: 1}, a: {noop: , each: '${item}', needs: [item]}}"
    has(graph("check", write(text), code=2).stderr, "${item} is a word of its own there")
    write("tasks: {v: {value: [1, 2]}, a: {value: '${item}-${v.0}', each: '${v}', needs: [v]},"
          " r: {value: '${round}${last}', repeat: {until: '${last} > 20', most: 3}}}", "inner.yaml")
    _, tasks = run("tasks: {g: {graph: inner.yaml}}")
    check(tasks["g"]["result"] == {"a": ["1-1", "2-1"], "r": "21"}, str(tasks["g"]))


def starts():
    return Path("log").read_text().split() if Path("log").exists() else []


STEPS = ("tasks:\n"
         "  a: {cmd: 'echo \"a$1\" >>log; [ ! -e \"slow$1\" ] || sleep 100; printf %s \"$1\"',"
         " args: ['${item}'], needs: [item]}\n"
         "  b: {cmd: 'echo \"b$1\" >>log; [ ! -e \"bad$1\" ] || exit 4; echo \"$2=$1\"',"
         " args: ['${a}', '${index}'], needs: [a, index]}\n"
         "  c: {cmd: '[ ! -e \"lame$1\" ]', args: ['${item}'], needs: [item], optional: true}\n")


def test_graphs():
    """A task that is a graph, and is done for each item."""
    write(STEPS, "steps.yaml")
    Path("log").unlink(missing_ok=True)
    outer = ("tasks:\n  v: {value: [x, y, '$${b}']}\n"
             "  g: {graph: steps.yaml, each: '${v}', needs: [v]MORE}\n"
             "  end: {value: '${g.0.b}', needs: [g], rule: all_done}\n")
    text = outer.replace("MORE", "")
    report, tasks = run(text)
    check(report["outcome"] == "complete" and tasks["g"]["result"] ==
          [{"b": "0=x", "c": ""}, {"b": "1=y", "c": ""}, {"b": "2=${b}", "c": ""}],
          f"graphs: {tasks['g']}")
    check(tasks["end"]["result"] == "0=x", f"graphs: {tasks['end']}")
    has(graph("show", "g.yaml").stdout, "g  (graph; each of ${v})")
    # One at a time, as the run may do no more; what fails ends no other item.
    Path("bady").touch()
    report, tasks = run(text, "--parallel", "1", code=1)
    has(tasks["g"]["why"], "item [1] of 3, 'y': 'b' failed: exit code 4")
    check([it["state"] for it in tasks["g"]["items"]] == ["ok", "failed", "cancelled"],
          f"graphs: {tasks['g']}")
    quorum = text.replace("each: '${v}'", "each: {in: '${v}', quorum: 2}")
    report, tasks = run(quorum, code=3)
    check(report["outcome"] == "degraded" and tasks["g"]["result"][1] is None,
          f"graphs: {tasks['g']}")
    has(tasks["g"]["why"], "1 of 3 items failed: item [1] of 3, 'y': 'b' failed")
    Path("bady").unlink()
    Path("lamex").touch()
    report, tasks = run(text, code=3)
    check(report["outcome"] == "degraded" and tasks["g"]["state"] == "ok", str(report))
    has(tasks["g"]["why"], "1 of 3 items fell short: item [0] of 3, 'x': 'c' failed: exit code 1")
    Path("lamex").unlink()
    # An attempt's time is that of an item.
    Path("slowy").touch()
    report, tasks = run(text.replace("needs: [v]", "timeout: 500ms, needs: [v]", 1), code=1)
    check(tasks["g"]["state"] == "timeout", f"graphs: {tasks['g']}")
    has(tasks["g"]["why"], "item [1] of 3, 'y': ")
    Path("slowy").unlink()
    # In each other, with an each of its own; and what is wrong with them.
    write("tasks: {v: {value: [1, 2]}, g: {graph: steps.yaml, each: '${v}', needs: [v]},"
          " w: {value: '${item}-${index}', each: '${v}', needs: [v, item]}}", "middle.yaml")
    text = "tasks: {v: {value: [p]}, g: {graph: middle.yaml, each: '${v}', needs: [v]}}"
    has(graph("check", write(text), code=2).stderr, "${item} is a word of its own there")
    write(Path("middle.yaml").read_text().replace("[v, item]", "[v]"), "middle.yaml")
    _, tasks = run(text)
    check([it["b"] for it in tasks["g"]["result"][0]["g"]] == ["0=1", "1=2"]
          and tasks["g"]["result"][0]["w"] == ["1-0", "2-1"], f"graphs: {tasks['g']}")
    for inner, words in (
            ("item: {value: 1}", "'item' is the item of the list that this graph is done for"),
            ("a: {noop: , needs: [itm]}", "needs 'itm', and there is no such task"),
            ("a: {value: '${item}'}", "'a' refers to 'item'"),
            ("g: {graph: g.yaml, each: '${a}', needs: [a]}, a: {value: 1}", "a graph holds itself")):
        write("tasks: {" + inner + "}", "wrong.yaml")
        text = "tasks: {v: {value: [1]}, g: {graph: wrong.yaml, each: '${v}', needs: [v]}}"
        has(graph("check", write(text), code=2).stderr, words)
    text = ("tasks: {v: {value: [1]}, g: {graph: steps.yaml, each: '${v}', needs: [v],"
            " repeat: {until: '${last}', most: 2}}}")
    has(graph("check", write(text), code=2).stderr, "'repeat' is not for a task that is a graph")


def test_graphs_are_resumed():
    """What an item's graph has finished is not done again, killed or failed."""
    write(STEPS, "steps.yaml")
    for path in ("log", "jg.db"):
        Path(path).unlink(missing_ok=True)
    name = write("tasks:\n  v: {value: [x, y, z]}\n"
                 "  g: {graph: steps.yaml, each: {in: '${v}', parallel: 1}, needs: [v]}\n")
    Path("slowz").touch()
    Path("bady").touch()
    graph("run", "--quiet", "--journal", "jg.db", name, code=1)
    check(starts() == ["ax", "bx", "ay", "by"], f"{starts()}")
    Path("bady").unlink()
    child = subprocess.Popen([TROUPE, "graph", "resume", "--journal", "jg.db", name],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in child.stderr: # the second item has ended, and the third is begun
        if '"g[2]"' in line and '"started"' in line:
            break
    while "az" not in starts():
        os.sched_yield()
    child.kill()
    child.communicate()
    Path("slowz").unlink()
    done = graph("resume", "--quiet", "--json", "--journal", "jg.db", name)
    check(starts() == ["ax", "bx", "ay", "by", "by", "az", "az", "bz"], f"{starts()}")
    tasks = {it["id"]: it for it in json.loads(done.stdout)["tasks"]}
    check([it["resumed"] for it in tasks["g"]["items"]] == [True, True, False], str(tasks["g"]))
    check([it["b"] for it in tasks["g"]["result"]] == ["0=x", "1=y", "2=z"], str(tasks["g"]))


def kill_after(command, left):
    """Run it, and kill -9 it when so many items have ended; which those are."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    ended = set()
    for line in child.stderr:
        event = json.loads(line)
        if event["event"] == "ended" and "[" in event["task"]:
            ended.add(event["task"])
        if len(ended) >= left:
            break
    child.kill()
    child.communicate()
    return ended


def test_killed_items():
    """What has ended, of two lists at once, is never begun again."""
    rng = random.Random(1130)
    text = "parallel: 4\ntasks:\n  v: {value: [a, b, c, d, a, b, e, f, g, h]}\n"
    for task in ("x", "y"):
        text += (f"  {task}: {{cmd: 'echo {task}[$2] >>log; echo $1', needs: [v],"
                 " args: ['${item}', '${index}'], each: '${v}'}\n")
    name = write(text + "  z: {value: '${x} ${y}', needs: [x, y]}\n")
    command = [TROUPE, "graph", "run", "--journal", "j.db", name]
    done, at_kill = set(), {}
    for _ in range(4):
        for task in kill_after(command, rng.randrange(1, 6) + len(done)):
            if task not in done:
                at_kill[task] = starts().count(task)
            done.add(task)
        command[2] = "resume"
    report = json.loads(graph("resume", "--json", "--quiet", "--journal", "j.db", name).stdout)
    tasks = {task["id"]: task for task in report["tasks"]}
    check(tasks["x"]["result"] == list("abcdabefgh") and tasks["y"]["result"] == list("abcdabefgh"),
          str(tasks["x"]))
    check(len(done) >= 4, "each kill left something done")
    for task in done:
        check(starts().count(task) == at_kill[task], f"{task} ran again after it had ended")
        item = tasks[task[0]]["items"][int(task[2:-1])]
        check(item["resumed"] and item["attempts"] == 0, f"{task}: {item}")
    before = starts()
    graph("resume", "--quiet", "--journal", "j.db", name)
    check(starts() == before, "nothing is repeated")
    # One more in front is one more to do: the others are what they were.
    write(text.replace("[a, b", "[new, a, b").replace("[$2]", "").replace(", '${index}'", ""))
    graph("run", "--quiet", "--journal", "k.db", name)
    write(text.replace("[a, b", "[newer, new, a, b").replace("[$2]", "").replace(", '${index}'", ""))
    before = starts()
    graph("resume", "--quiet", "--journal", "k.db", name)
    check(sorted(starts()[len(before):]) == ["x", "y"], str(starts()[len(before):]))
    plan = json.loads(graph("plan", "--json", "--journal", "k.db", name).stdout)
    check(not plan["guess"], "it has learned how long lists take")


def test_killed_rounds():
    """A round that has ended is in the journal when the next one begins."""
    name = write("tasks: {r: {cmd: 'echo $1 >>rounds; echo $(($2 + $1))', args: ['${round}',"
                 " '${last}'], repeat: {until: '${last} >= 28', most: 20}}}")
    command = [TROUPE, "graph", "run", "--journal", "r.db", name]
    for kill in (2, 3, 2):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        begun = 0
        for line in child.stderr:
            begun += json.loads(line)["event"] == "started"
            if begun == kill:
                break
        child.kill()
        child.communicate()
        command[2] = "resume"
    report = json.loads(graph("resume", "--json", "--quiet", "--journal", "r.db", name).stdout)
    task = report["tasks"][0]
    check(task["result"] == "28" and len(task["rounds"]) == 7, str(task))
    resumed = [r["resumed"] for r in task["rounds"]]
    check(resumed.count(True) >= 4 and resumed == sorted(resumed, reverse=True), str(resumed))
    ran = Path("rounds").read_text().split()
    # A kill may hit a round that runs: that one is done once more, no other.
    check(len(ran) <= 7 + 3 and set(ran) == set("1234567"), str(ran))
    plan = json.loads(graph("plan", "--json", "--journal", "r.db", name).stdout)
    check(not plan["guess"], "it has learned how long all rounds take")


def test_examples():
    done = graph("run", "--json", "--quiet", str(EXAMPLES / "each.yaml"))
    tasks = {task["id"]: task for task in json.loads(done.stdout)["tasks"]}
    check(len(tasks["count"]["items"]) == len(tasks["files"]["result"]), str(tasks["count"]))
    check(tasks["root"]["result"][0] == 1.414214, str(tasks["root"]))


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
    print("graph: each part as promised")


main()

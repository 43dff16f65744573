#!/usr/bin/env python3
# test_pictures.py: the pictures that each pipeline draws of its run.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import tempfile
import xml.etree.ElementTree
from pathlib import Path

from otlp import check, failures, troupe

SOURCE = Path(__file__).resolve().parents[2]
TRACED = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/traced.so"
OFFICE = str(SOURCE / "examples/decisions/office.yaml")
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = ("--run-graph", "g.dot", "--timeline", "t.svg", "--chrome", "c.json")
HAS_DOT = shutil.which("dot") is not None


def graph(path="g.dot"):
    """The boxes of a run graph by their first lines, its arrows, and its title."""
    text = Path(path).read_text()
    boxes = {number: label.split("\n") for number, label in
             re.findall(r'^  (n\d+) \[fillcolor=\w+, label="([^"]*)"', text, re.M)}
    arrows = {(boxes[a][0], boxes[b][0]) for a, b in
              re.findall(r"^  (n\d+) -> (n\d+) \[", text, re.M)}
    title = re.search(r'^  label="([^"]*)"', text, re.M).group(1)
    return {lines[0]: lines for lines in boxes.values()}, arrows, title


def rows(path="t.svg"):
    root = xml.etree.ElementTree.parse(path).getroot()
    return ["".join(it.find(SVG + "text").itertext()) for it in root.iter(SVG + "g")]


def events(path="c.json"):
    return [it["name"] for it in json.loads(Path(path).read_text())["traceEvents"]]


def test_map():
    troupe("map", "--quiet", "--retries", "1", *DRAWN, code=3,
           given='{"cmd": "true", "id": "good"}\n{"cmd": "exit 4", "id": "bad"}\n')
    boxes, arrows, title = graph()
    check(boxes["task good"][1] == "ok" and boxes["task bad"][1] == "failed", f"{boxes}")
    check("1 again" in boxes["task bad"] and "exit code 4" in boxes["task bad"],
          f"map: retries and why: {boxes['task bad']}")
    check("3 asks" in boxes["troupe_command"], f"map: {boxes['troupe_command']}")
    check({("troupe map", "task good"), ("task bad", "troupe_command")} <= arrows,
          f"map: who asked whom: {arrows}")
    check("exit code 3" in title and "(map-" in title, f"map: {title}")
    check(sorted(rows()) == ["task bad", "task good"], f"map: {rows()}")
    check(sorted(events()) == ["task bad", "task good"], f"map: {events()}")


def test_many_tasks():
    """They are drawn together, and the picture says so; who has a trace keeps it."""
    troupe("map", "--quiet", "--library", TRACED, "--fn", "traced", "--no-journal",
           *DRAWN, "--trace", "trace", given="1\n" * 2000)
    boxes, arrows, title = graph()
    check(len(boxes) < 10 and "2000 tasks" in boxes["tasks that are ok"], f"{boxes}")
    check(("tasks that are ok", "traced") in arrows, f"many: {arrows}")
    check("its 2000 tasks are drawn together" in title, f"many: {title}")
    check(len(rows()) == 300, f"many: {len(rows())} rows")
    check("The longest 300 of 2000 are drawn" in Path("t.svg").read_text(), "many: said")
    check(len(events()) == 2000 and os.path.getsize("trace") > 0, "many: events")
    troupe("map", "--quiet", "--no-journal", "--run-graph", "g.dot", code=1,
           given="exit 1\n" * 100)
    boxes, _, _ = graph()
    check("80 tasks" in boxes["tasks that failed"] and "task 1" in boxes,
          f"many: some that failed: {list(boxes)}")


def test_query():
    troupe("query", "what is it", "--mock", "--model", "ada,500", "--attempts", "2",
           "--quorum", "1", *DRAWN, code=3)
    boxes, arrows, title = graph()
    check("troupe_model" in boxes["ada"] and any(" tokens" in it for it in boxes["ada"]),
          f"query: {boxes['ada']}")
    check("1 ask, 1 failed" in boxes["500"] and "1 again" in boxes["500"],
          f"query: {boxes['500']}")
    check({("troupe query", "troupe_council"), ("troupe_council", "ada"),
           ("ada", "troupe_model_backend")} <= arrows, f"query: {arrows}")
    check("ask ada" in rows() and "ask ada" in events(), f"query: {rows()}")


def test_decide():
    troupe("decide", "--quiet", "--samples", "100", *DRAWN, OFFICE)
    boxes, arrows, _ = graph()
    check(("troupe_decider", "cost_benefit: stay") in arrows, f"decide: {arrows}")
    check("4 actors" in boxes["troupe_decision_perspective"], f"decide: {boxes}")
    check(len(rows()) == len(events()) > 10, f"decide: {rows()}")


def test_research():
    Path("corpus").mkdir()
    Path("corpus/tea.txt").write_text("Tea is made of leaves and hot water.\n")
    call = ("research", "What is tea made of?", "--corpus", "corpus", "--quiet",
            "--cache", "cache")
    troupe(*call, *DRAWN)
    boxes, arrows, _ = graph()
    check(("troupe_coordinator", "bm25") in arrows, f"research: {arrows}")
    check("search bm25" in events() and "bm25" in rows(), f"research: {rows()}")
    # What cannot be drawn is said before anything is done.
    for option in ("--timeline", "--run-graph", "--chrome"):
        done = troupe(*call, option, "/nowhere/t.dot", code=1)
        check(done.stderr == "troupe research: /nowhere/t.dot: No such file or directory\n"
              and not done.stdout, f"research: {option}: {done.stderr}{done.stdout}")


def test_graph():
    Path("g.yaml").write_text("tasks: {a: {cmd: 'true'}, b: {cmd: 'false', needs: [a]}}")
    troupe("graph", "run", "--quiet", "--run-graph", "g.dot", "g.yaml", code=1)
    check("failed" in Path("g.dot").read_text(), "graph: states")
    troupe("graph", "run", "--run-graph", "g.png", "g.yaml", code=2)


def test_large_graph():
    """Of very many tasks the timeline has some, and the graph how deep they are."""
    tasks = "".join(f"  t{i}: {{noop: , needs: [{f't{i // 3}' if i else ''}]}}\n"
                    for i in range(1100))
    Path("many.yaml").write_text("tasks:\n" + tasks)
    troupe("graph", "run", "--quiet", "--no-journal", "--timeline", "t.svg", "many.yaml")
    check("1100 of 1100 tasks ran" in Path("t.svg").read_text()
          and "the first 1000 of 1100 rows are drawn" in Path("t.svg").read_text()
          and len(rows()) == 1000, "large: the timeline")
    if HAS_DOT:
        troupe("graph", "run", "--quiet", "--no-journal", "--svg", "m.svg", "many.yaml")
        text = "".join(xml.etree.ElementTree.parse("m.svg").getroot().itertext())
        check("1100 tasks, 8 deep, are drawn together" in text and "2 ok" in text,
              f"large: {text}")


def test_svg():
    if HAS_DOT:
        troupe("map", "--quiet", "--run-graph", "m.svg", given="true\n")
        text = "".join(xml.etree.ElementTree.parse("m.svg").getroot().itertext())
        check("troupe_command" in text and "exit code 0" in text, "svg: drawn")
    troupe("map", "--quiet", "--run-graph", "m.png", given="touch ran\n", code=2)
    done = troupe("map", "--quiet", "--run-graph", "n.svg", given="touch ran\n", code=1,
                  env={"PATH": "/nowhere"})
    check("install the Debian package graphviz" in done.stderr, f"svg: {done.stderr}")
    check(not os.path.exists("ran") and not os.path.exists("n.svg"), "svg: nothing ran")


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        os.environ["XDG_STATE_HOME"] = directory + "/state"
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                try:
                    test()
                except (LookupError, OSError, ValueError) as error:
                    check(False, f"{name}: {error!r}")
        os.chdir("/")
    print(f"{len(failures)} failures")
    raise SystemExit(bool(failures))


main()

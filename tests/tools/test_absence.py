#!/usr/bin/env python3
# test_absence.py: what troupe research says about what did not answer.
# SPDX-License-Identifier: Apache-2.0
"""A failure is no finding: without a search that answered a report says nothing
about what the sources hold. Who was asked, who answered and why others did not
is counted and told in words that help."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from schema import problems

TROUPE = os.environ["TROUPE"]
SOURCE = os.environ["TROUPE_SOURCE_DIR"]
QUESTION = "What does the cow eat?"
LOCAL = ("bm25", "trigram", "phrase", "expand", "anchor")

# What only a search that answered can know.
ABSENCE = ("say nothing", "None among", "None beyond", "None.", "<p>None",
           "without success", "No source", "have these words", "0 of 0",
           "are neutral", "answers this question", "sides of the question",
           "no independent source", "Read were 0")

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


class World:
    """Documents, a page, and a mock of engines and models."""

    def __init__(self, work):
        self.work = work
        self.docs = self.write("docs/cow.txt", "On cows\n\nA cow eats grass "
                               "all day. It gives milk.\n")
        page = self.write("pages/cow.txt", "Cows\n\nA cow eats hay.\n")
        self.mock = subprocess.Popen(
            [TROUPE, "mock", "--parent", "--pages", page],
            stdout=subprocess.PIPE, text=True)
        self.base = self.mock.stdout.readline().strip()[:-len("/v1")]

    def write(self, name, text):
        """The folder that the file is then in."""
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return os.path.dirname(path)

    def end(self):
        self.mock.terminate()
        self.mock.wait()

    def file(self, text):
        path = os.path.join(self.write("web/e.yaml", text.replace(
            "BASE", self.base)), "e.yaml")
        return ("--web", path)

    def run(self, *arguments, code):
        done = subprocess.run(
            [TROUPE, "research", QUESTION, "--quiet", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60)
        check(done.returncode == code, f"exit code {done.returncode}, not "
              f"{code}: {arguments}\n{done.stderr}")
        return done

    def report(self, *arguments, code):
        done = self.run("--json", *arguments, code=code)
        report = json.loads(done.stdout)
        path = os.path.join(SOURCE, "actors", "report.schema.json")
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        for problem in problems(report, schema, schema):
            check(False, f"schema: {problem}")
        return report

    def corpus(self, *failing):
        faults = [part for it in failing for part in ("--fail", it)]
        return ("--corpus", self.docs, *faults)


def check_nothing(world, what, arguments, forms):
    """A report after which nobody may believe anything."""
    for form in forms:
        done = world.run(*arguments, "--format", form, code=1)
        for words in ABSENCE:
            check(words not in done.stdout, f"{what}, {form}: says {words!r}")
        check("No engine answered: nothing was looked at" in done.stdout,
              f"{what}, {form}: that is not said")
        check(done.stderr == "troupe research: no engine answered: nothing "
              "was looked at\n", f"{what}: {done.stderr}")
    report = world.report(*arguments, code=1)
    for key in ("kind", "answer", "findings", "disagreements", "sentiment"):
        check(report[key] is None, f"{what}: {key}: {report[key]}")
    check(not any(it["searched"] for it in report["facets"]),
          f"{what}: facets: {report['facets']}")
    check(report["confidence"]["parts"]["success"] == 0
          and report["confidence"]["cap_reason"] == "no engine answered",
          f"{what}: confidence: {report['confidence']}")
    for words in ABSENCE:
        check(words not in json.dumps(report["limits"]),
              f"{what}: limits: {report['limits']}")
    return report


def test_nothing(world):
    report = check_nothing(world, "documents", world.corpus(*LOCAL), [])
    tally = report["tally"]
    check(tally["engines"]["asked"] == tally["engines"]["failed"] == 5
          and tally["engines"]["answered"] == tally["engines"]["usable"] == 0,
          f"five engines failed: {tally}")
    check([it["name"] for it in tally["engines"]["reasons"]] == list(LOCAL)
          and all(it["reason"] == "told to fail" and it["state"] == "failed"
                  for it in tally["engines"]["reasons"]),
          f"each says why: {tally}")
    check(tally["analysers"]["asked"] == 0 and tally["models"] is None
          and tally["pages"] is None, f"nobody else: {tally}")
    check({it["state"] for it in report["run"]["actors"]}
          == {"failed", "skipped"}, "the analysers are not asked")
    check_nothing(world, "web", world.file(
        'engines: {a: {kind: searxng, url: "http://127.0.0.1:1/search"}}'),
                  ["md", "html"])


def test_facets(world):
    """An engine that answers the question but not each side of it."""
    arguments = (*world.file('engines: {a: {kind: searxng, attempts: 1, '
                             'url: "BASE/search?manner=500=1"}}'),
                 "--effort", "thorough")
    report = world.report(*arguments, code=3)
    one = report["tally"]["engines"]
    check(one["answered"] == one["usable"] == one["failed"] == 1
          and one["reasons"][0]["reason"] == "HTTP 500", f"in part: {one}")
    text = " ".join(report["limits"])
    check("Engine a answered 6 of 7 questions (failed: HTTP 500)" in text,
          f"in part: {text}")
    lost = [it["name"] for it in report["facets"] if not it["searched"]]
    gaps = re.search("without success[^:]*: ([^.]*)", text)
    check(not gaps or not set(lost) & set(gaps.group(1).split(", ")),
          f"what was not searched for is no gap: {lost}: {text}")


def test_tally(world):
    web = world.file('engines:\n  a: {kind: searxng, url: "BASE/search"}\n'
                     '  b: {kind: searxng, url: "BASE/search?manner=404"}\n'
                     '  c: {kind: searxng, url: "BASE/search?manner=badjson"}'
                     '\n')
    world.write("models/m.yaml", 'providers: {mock: {url: "%s/v1"}}\n'
                'models: {bad: {provider: mock, model: "500"}}\n'
                % world.base)
    models = ("--models", os.path.join(world.work, "models", "m.yaml"))
    report = world.report(*web, *models, "--fetch", "2", code=3)
    tally = report["tally"]
    check([tally["engines"][key] for key in
           ("asked", "answered", "usable", "failed")] == [3, 1, 1, 2]
          and [it["name"] for it in tally["engines"]["reasons"]]
          == ["b", "c"], f"engines: {tally['engines']}")
    check([tally["analysers"][key] for key in
           ("asked", "answered", "usable", "failed")] == [3, 3, 3, 0]
          and tally["analysers"]["reasons"] == [], f"{tally['analysers']}")
    check(tally["models"]["asked"] == tally["models"]["failed"] == 2
          and all("HTTP 500" in it["reason"]
                  for it in tally["models"]["reasons"]), f"{tally['models']}")
    page = tally["pages"]["reasons"][0]
    check(page["url"].startswith(world.base + "/page/")
          and "--fetch-private" in page["reason"], f"{tally['pages']}")
    check(page["url"] in report["degraded_reason"]
          and "--fetch-private" in report["degraded_reason"]
          and "page-1" not in report["degraded_reason"],
          f"the page and the cure: {report['degraded_reason']}")
    limits = " ".join(report["limits"])
    check("Engines: 3 asked, 1 answered, 1 usable, 2 failed. Analysers: 3 "
          "asked" in limits, "and in words")
    check("called 0 times" not in limits
          and "Counted are 0 calls of models" in limits, "nor called never")
    check("after 1 attempt" not in limits, "one attempt, of several")


def test_reasons(world):
    done = world.run(*world.corpus("bm25"), code=3)
    check("engine bm25 (failed: told to fail)" in done.stdout.split("\n")[0],
          done.stdout.split("\n")[0])
    check("asked 4 times" in done.stdout, "and how often it was asked")
    web = world.file('engines:\n  a: {kind: searxng, url: "BASE/search"}\n'
                     '  b: {kind: searxng, timeout: 100ms, attempts: 1, '
                     'url: "BASE/search?manner=hang"}\n')
    done = world.run(*web, code=3)
    first = done.stdout.split("\n")[0]
    check(re.search(r"engine b \(failed: .*\d+ m", first)
          and "<" not in first, first)


def main():
    work = tempfile.mkdtemp()
    os.environ["XDG_CACHE_HOME"] = os.path.join(work, "cache")
    os.environ["XDG_STATE_HOME"] = os.path.join(work, "state")
    world = World(work)
    try:
        test_nothing(world)
        test_facets(world)
        test_tally(world)
        test_reasons(world)
    finally:
        world.end()
        shutil.rmtree(work)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

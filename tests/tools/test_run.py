#!/usr/bin/env python3
# test_run.py: troupe check and troupe run from the outside.
# SPDX-License-Identifier: Apache-2.0
"""Exit codes, messages and ends of topologies; each runs in this process's
time limit, and none is waited for by the clock."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
KINDS = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/"
GOOD = f"libraries: [{KINDS}good.so]\n"
LIMIT = 120  # seconds; a run that hangs fails by it

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def write(text):
    Path("f.yaml").write_text(text)
    return "f.yaml"


def troupe(*arguments, code=0):
    done = subprocess.run([TROUPE, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT)
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stdout + done.stderr)
    return done


def run(text, *options, code=0):
    return troupe("run", *options, write(text), code=code)


def has(text, wanted):
    check(wanted in text, f"no '{wanted}' in:\n{text}")


def test_check():
    good = write(GOOD + "supervisors: {s: {children: [e]}}\n"
                 "actors: {e: {kind: echo, count: 2, groups: [g]}, p: {kind: printer}}\n")
    text = troupe("check", good).stdout
    has(text, "f  (one_for_one, 1 restart in 5 s)\n├── s  (one_for_one")
    has(text, "│   └── e x 2  (echo from " + KINDS + "good.so; in group g)\n")
    has(text, "└── p  (printer from troupe)")
    tree = json.loads(troupe("check", "--json", good).stdout)["tree"]
    check([c["key"] for c in tree["children"]] == ["s", "p"], "children in order")
    check(tree["children"][0]["children"][0]["names"] == ["e-1", "e-2"], "names")
    dot = troupe("check", "--dot", good).stdout
    check(re.match(r'digraph "f" \{.*m0 -> m1;.*\}\n$', dot, re.S), dot)
    check(troupe("check", "--quiet", good).stdout == "", "quiet prints nothing")

    bad = troupe("check", write("actors: {a: {knd: x}}\n"), code=2)
    has(bad.stderr, "f.yaml:1:14: actor 'a' has no key 'knd'; did you mean 'kind'?")
    check(bad.stdout == "", "nothing is drawn of a wrong file")
    has(troupe("check", "nowhere.yaml", code=2).stderr,
        "nowhere.yaml: No such file or directory")
    troupe("check", code=2)
    troupe("check", "--odd", good, code=2)
    troupe("run", "--for", "soon", good, code=2)
    has(troupe("run", write("actors: {}\n"), code=2).stderr, "f.yaml:1:9: ")


def test_ends():
    done = run("actors: {p: {kind: printer}, t: {kind: ticker, arguments:"
               " {to: p, every_ms: 50, times: 3, body: hi}}}\nuntil: t\n")
    check(re.fullmatch(r'((t|<\S+>) tick "hi"\n){3}', done.stdout), done.stdout)
    has(done.stderr, "info    'f' runs: 2 actors on node 'main'")
    has(done.stderr, "'t' has ended: 'f' stops")

    # What was sent before the end still arrives, on other threads too.
    for _ in range(5):
        done = run("actors: {p: {kind: printer, place: own_thread}, t: {kind:"
                   " ticker, arguments: {to: p, every_ms: 1, times: 1}}}\n"
                   "until: t\n")
        # The name of its sender may be free by then.
        check(re.fullmatch(r"(t|<\S+>) tick nil\n", done.stdout), done.stdout)

    done = run("actors: {p: {kind: printer}}\n", "--for", "50ms")
    has(done.stderr, "the time is over: 'f' stops")
    check(run("actors: {p: {kind: printer}}\n", "--for", "1ms",
              "--quiet").stderr == "", "quiet")
    for line in run("actors: {p: {kind: printer}}\n", "--for", "1ms",
                    "--json").stderr.splitlines():
        check(set(json.loads(line)) == {"time", "level", "text"}, line)

    # It is gone before anybody looks after the run.
    done = run(GOOD + "actors: {e: {kind: echo}, b: {kind: brief}}\nuntil: b\n")
    check(" error " not in done.stderr, done.stderr)
    has(done.stderr, "'b' has ended: 'f' stops")

    done = run(GOOD + "actors: {e: {kind: echo}, a: {kind: asker,"
               " arguments: {to: e}}}\nuntil: a\n")
    check(done.stdout == "asker: reply ()\n", done.stdout)


def test_failures():
    done = run(GOOD + "actors: {a: {kind: faulty}}\n", code=1)
    has(done.stderr, "'f' did not start: ")
    done = run(GOOD + "supervisor: {intensity: 2}\nactors: {a: {kind: faulty,"
               " arguments: {after_ms: 1}, backoff: {min: 0}}}\n", code=1)
    has(done.stderr, "the root supervisor has given up")
    has(done.stderr, " root: child 'a' ended error (fell over on purpose)")
    done = run(GOOD + "actors: {a: {kind: faulty, arguments: {after_ms: 1},"
               " restart: temporary}}\nuntil: a\n", code=1)
    has(done.stderr, "'a', which is to end the run, is gone for good")


def start(text, ready, **more):
    child = subprocess.Popen([TROUPE, "run", write(text)], text=True, **more,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    line = ""
    while ready not in line:
        line = child.stderr.readline()
        check(line, f"it ended before it said '{ready}'")
        if not line:
            break
    return child


def test_signals():
    text = GOOD + "actors: {one: {kind: stubborn}, two: {kind: stubborn, count: 2}}\n"
    for number in (signal.SIGINT, signal.SIGTERM):
        child = start(text, "'f' runs: 3 actors")
        child.send_signal(number)
        out, err = child.communicate(timeout=LIMIT)
        check(child.returncode == 0, f"{number}: {child.returncode}\n{err}")
        check(out == "stops: two-2\nstops: two-1\nstops: one\n", out)
        has(err, "a signal: 'f' stops")


def test_those_that_hang():
    """Neither a start nor a handler that never ends keeps a run from ending."""
    child = start(GOOD + "actors: {a: {kind: never, start_timeout: never}}\n",
                  " a: never ready")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=LIMIT)
    check(child.returncode in (0, 1), f"{child.returncode}\n{err}")
    has(err, "a signal: 'f' stops")
    done = run(GOOD + "actors: {a: {kind: never, start_timeout: never}}\n",
               "--for", "100ms")
    has(done.stderr, "the time is over: 'f' stops")

    text = (GOOD + "stop_timeout: 100ms\nactors: {a: {kind: stuck}, t: {kind:"
            " ticker, arguments: {to: a, every_ms: 1, times: 1}}}\n")
    child = start(text, " a: stuck")
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=LIMIT)
    check(child.returncode == 1, f"{child.returncode}\n{err}")
    check(re.search(r"did not stop: stuck <\S+> a: ", err), err)

    # It ends with threads that nobody joined: on purpose.
    env = dict(os.environ, TSAN_OPTIONS=os.environ.get("TSAN_OPTIONS", "")
               + " report_thread_leaks=0")
    child = start(text.replace("100ms", "1h"), " a: stuck", env=env)
    child.send_signal(signal.SIGTERM)
    line = ""
    while "a signal" not in line:
        line = child.stderr.readline()
        if not line:
            break
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=LIMIT)
    check(child.returncode == 130, f"the second signal: {child.returncode}")


def test_groups_and_allow():
    """A ticker publishes to a group; who is not allowed is refused."""
    done = run(GOOD + "actors: {p: {kind: printer, count: 2, groups: [g]}, t: {kind: ticker,"
               " arguments: {group: g, every_ms: 1, times: 2}}}\nuntil: t\n")
    check(done.stdout.count(" tick nil") == 4, done.stdout)

    text = (GOOD + "actors: {e: {kind: echo, allow: [%s]}, a: {kind: asker,"
            " arguments: {to: e}}}\nuntil: a\n")
    done = run(text % "a")
    has(done.stdout, "asker: reply ()")
    done = run(text % "")
    has(done.stdout, "asker: error ('e' does not take messages of a)")
    check(re.search(r"warning echo <\S+> e: 'what' from a <\S+> refused: not in"
                    r" its 'allow' \(1 so far\)", done.stderr), done.stderr)

    # Its own timer is not somebody else's message.
    done = run("actors: {p: {kind: printer}, t: {kind: ticker, allow: [],"
               " arguments: {to: p, every_ms: 1, times: 1}}}\nuntil: t\n")
    has(done.stdout, " tick nil")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.environ["XDG_RUNTIME_DIR"] = work
        for test in (test_check, test_ends, test_failures, test_signals,
                     test_those_that_hang, test_groups_and_allow):
            print(test.__name__)
            test()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failed")
    print("check and run: all as promised")


main()

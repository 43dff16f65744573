#!/usr/bin/env python3
# test_programs.py: `troupe run` with actors that are programs, in Python here.
# SPDX-License-Identifier: Apache-2.0
"""What must happen is waited for by asking the run, and never by the clock. A
run that hangs fails by LIMIT. Actors in Python are tried where there are the
packages that they need."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
SOURCE = os.environ["TROUPE_SOURCE_DIR"]
BUILD = os.environ["TROUPE_BUILD_DIR"]
LIMIT = 120
CLERKS = f"libraries: [{BUILD}/tests/tools/kinds/helpful.so]\n"
TALLY = f"libraries: [{BUILD}/examples/topologies/python.so]\n"
PROBE = """\
import os, sys, troupe
def quit(body):
    sys.exit(body)
troupe.serve({"quit": quit, "pid": lambda body: os.getpid(), "same": lambda body: body,
              "total": lambda name: troupe.ask(name, "total"),
              "add": lambda name: troupe.tell(name, "add")})
"""

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def has(text, wanted):
    check(wanted in text, f"no '{wanted}' in:\n{text}")


def find_python():
    """One that has what actors in Python need, or None."""
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists() and subprocess.run(
                [python, "-c", "import zmq, msgpack"], check=False,
                capture_output=True).returncode == 0:
            return python
    return None


def troupe(*words, code=0):
    done = subprocess.run([TROUPE, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT,
                          check=False)
    check(code is None or done.returncode == code, f"{words}: {done}")
    return done


def ask(name, what, body=None):
    return json.loads(troupe("ask", name, what, json.dumps(body)).stdout)


def ask_again(name, what, body=None):
    """The reply, once there is one: it may just be restarted."""
    while True:
        done = troupe("ask", name, what, json.dumps(body), code=None)
        if done.returncode == 0:
            return json.loads(done.stdout)


@contextlib.contextmanager
def running(text, code=0, ends=False):
    Path("p.yaml").write_text(text)
    child = subprocess.Popen([TROUPE, "run", "p.yaml"], text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    line, child.log = " ", ""
    while line and "'p' runs: " not in line:
        line = child.stderr.readline()
        child.log += line
    check(line, f"it ended before it ran:\n{child.log}")
    try:
        yield child
        if not ends:
            child.send_signal(signal.SIGTERM)
        child.log += child.communicate(timeout=LIMIT)[1]
    finally:
        child.kill()
    check(child.returncode == code, f"code {child.returncode}\n{child.log}")


def checked(text, code=2):
    Path("p.yaml").write_text(text)
    done = troupe("check", "p.yaml", code=code)
    return done.stderr if code else done.stdout


def test_what_is_no_program_is_told_with_place_and_cure():
    Path("plain.txt").write_text("no program\n")
    Path("script.py").write_text("pass\n")
    head = "actors:\n  a: {program: "
    for rest, wanted in (
            ("[no-such-program]}", "p.yaml:2:17: there is no program "
             "'no-such-program' in PATH; install it, or give its path"),
            ("./none}", "p.yaml:2:16: there is no file './none'; correct"),
            ("[./none]}", "p.yaml:2:17: there is no file"),
            ("./plain.txt}", "'./plain.txt' cannot be executed; chmod +x it"),
            ("/}", "'/' cannot be executed"),
            ("[sh, -e, none.py]}", "p.yaml:2:25: 'none.py' cannot be read"),
            ("[]}", "p.yaml:2:16: 'program' wants 1 to 62 words"),
            ("[" + "sh," * 63 + "]}", "wants 1 to 62 words"),
            ("sh, arguments: 1}", "p.yaml:2:31: actor 'a' has a 'program' and "
             "so no 'arguments': a program gets its arguments as words"),
            ("sh, kind: printer}", "no 'kind': an actor is of a kind or a"),
            ("sh, groups: [g]}", "no 'groups': a program joins no group"),
            ("sh, allow: []}", "no 'allow': a program has to look"),
            ("sh, place: spread}", "no 'place': a program has a process"),
            ("sh, worker: 0}", "no 'worker': a program has a process"),
            ("sh, node: main}", "no 'node': a program has a process"),
            ("sh, poison: 2}", "no 'poison': nobody knows on which"),
            ("sh, isolation: none}", "p.yaml:2:31: a program has a process of "
             "its own; take it out")):
        has(checked(head + rest + "\n"), wanted)
    has(checked("actors: {a: {count: 2}}\n"), "has no 'kind'; add one, or a")


def test_check_draws_it():
    text = "actors: {a: {program: [sh, -c, 'exit 1'], count: 2," \
           " isolation: process, mailbox: {messages: 5}}}\n"
    has(checked(text, code=0),
        "└── a x 2  (program sh -c exit 1; in a process of its own)")
    tree = json.loads(troupe("check", "--json", "p.yaml").stdout)["tree"]
    check(tree["children"][0]["program"] == ["sh", "-c", "exit 1"], tree)
    has(troupe("check", "--dot", "p.yaml").stdout, "program sh -c exit 1")


def test_one_that_does_not_join_is_a_failed_start():
    Path("p.yaml").write_text("actors: {a: {program: [sh, -c, 'echo no >&2;"
                              " exit 3']}}\n")
    has(troupe("run", "p.yaml", code=1).stderr,
        "ended with exit code 3; its last line: no")


def actor(python, script, count=1):
    return CLERKS + f"""\
supervisor: {{intensity: 100}}
actors:
  desk: {{kind: clerk, allow: [probe]}}
  probe: {{program: [{python}, {script}], count: {count}}}
"""


def test_it_is_an_actor_as_others(python):
    with running(actor(python, "probe.py")) as child:
        check(ask("probe", "same", {"a": [1, None, "é"]})
              == {"a": [1, None, "é"]}, "it is not the same")
        check(ask("probe", "total", "desk") == {"total": 0}, "a first total")
        ask("probe", "add", "desk")
        check(ask("probe", "total", "desk") == {"total": 1}, "it may, by allow")
        has(troupe("ask", "probe", "total", '"nobody"', code=1).stderr,
            "nobody has that name")
        has(troupe("ask", "probe", "frob", code=1).stderr, "no verb 'frob'")
        has(troupe("ask", "probe", "total", "[]", code=1).stderr,
            "to whom is a ref or a name")
        has(troupe("ps").stdout, "probe  main  troupe.program  running")
        has(troupe("tree").stdout, "probe  (troupe.program, running, on main)")
        has(troupe("inspect", "probe").stdout, "troupe.program")
        first = ask("probe", "pid")
        troupe("restart", "probe")
        second = ask_again("probe", "pid")
        os.kill(second, signal.SIGKILL)
        third = ask_again("probe", "pid")
        while third == second:
            third = ask_again("probe", "pid")
        check(len({first, second, third}) == 3, "three processes")
        troupe("suspend", "probe")
        has(troupe("ps").stdout, "suspended")
        troupe("resume", "probe")
        check(ask("probe", "pid") == third, "it did not rest, but end")
    has(child.log, "killed by SIGKILL")
    has(child.log, "probe has ended: ended normally")


def test_one_may_be_supervised_elsewhere(python):
    text = CLERKS + f"""\
nodes: {{main: , engines: {{workers: 2}}}}
supervisors:
  pool: {{node: engines, intensity: 100, children: [probe]}}
actors:
  probe: {{program: [{python}, probe.py]}}
  desk: {{kind: clerk, isolation: process, allow: [probe]}}
  shut: {{kind: clerk, node: engines, allow: [desk]}}
"""
    with running(text):
        check(ask("probe", "total", "desk") == {"total": 0}, "it may")
        has(troupe("ask", "probe", "total", '"shut"', code=1).stderr,
            "does not take messages")
        first = ask("probe", "pid")
        os.kill(first, signal.SIGKILL)
        while ask_again("probe", "pid") == first:
            pass
        has(troupe("tree").stdout, "probe  (troupe.program, running, on engine")


def test_its_end_may_be_that_of_the_run(python):
    text = actor(python, "probe.py") + "until: probe\n"
    with running(text, ends=True):
        troupe("send", "probe", "quit", "0")
    with running(text.replace("100", "0"), code=1, ends=True) as child:
        troupe("send", "probe", "quit", "7")
    has(child.log, "exit code 7")


def test_a_whole_node_in_python_is_one_too(python):
    text = TALLY + f"""\
supervisor: {{intensity: 100}}
actors:
  tally: {{kind: tally}}
  clerk: {{program: [{python}, {SOURCE}/tests/tools/node.py]}}
"""
    with running(text):
        check(ask("clerk", "upper", "grüße") == "GRÜSSE", "upper")
        for line in range(3):
            reply = ask("clerk", "count", {"line": line, "text": "to be or"})
            check(reply == {"words": 3, "total": 3 * line + 3}, reply)
        check(ask("clerk", "size", "x" * 100000) == 100000, "size")
        has(troupe("ask", "clerk", "frob", code=1).stderr, "no verb 'frob'")
        has(troupe("ask", "clerk", "crash", code=1).stderr, "SIGKILL")
        check(ask_again("clerk", "upper", "again") == "AGAIN", "again")


def test_a_whole_node_is_told_attempts(python):
    text = f"""\
supervisor: {{intensity: 100}}
actors:
  clerk: {{program: [{python}, {SOURCE}/tests/tools/node.py], delivery: at_least_once}}
"""
    with running(text):
        check(ask("clerk", "attempt") == 1, "the first")
        check(ask("clerk", "survive") == 2, "its process ended on the first")
        check(ask("clerk", "upper", "abc") == "ABC", "bodies are as they were")


def test_what_python_lacks_is_said(python):
    Path("p.yaml").write_text(actor(f"{python}, -S, -E", "isolated.py"))
    Path("isolated.py").write_text(
        f"import sys; sys.path.insert(0, '{SOURCE}/examples/python')\n"
        "import troupe\n")
    done = troupe("run", "p.yaml", code=1)
    has(done.stderr, "install python3-zmq and python3-msgpack")
    has(done.stderr, "do not restart")


def test_the_example_counts_each_word_once(python):
    Path("lines.txt").write_text("one two three\n\nfour\n" * 100)
    done = subprocess.run(
        [TROUPE, "run", f"{SOURCE}/examples/topologies/python.yaml"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=LIMIT, check=False,
        env={**os.environ, "KINDS": BUILD + "/examples/topologies",
             "FILE": str(Path("lines.txt").resolve()),
             "PATH": str(Path(python).parent) + ":" + os.environ["PATH"]})
    check(done.returncode == 0, done.stderr)
    has(done.stdout, "300 lines, 400 words; the tally in C has 400\n")
    has(done.stdout, "killed 1 times, ")


def main():
    python = find_python()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["XDG_RUNTIME_DIR"] = scratch
        os.environ["PYTHONPATH"] = SOURCE + "/examples/python"
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        Path("probe.py").write_text(PROBE)
        for name, test in list(globals().items()):
            if not name.startswith("test_"):
                continue
            wants = test.__code__.co_argcount
            if not wants:
                test()
            elif python:
                test(python)
            else:
                print("left out, without python3-zmq and python3-msgpack:", name)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

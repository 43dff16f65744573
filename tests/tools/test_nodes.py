#!/usr/bin/env python3
# test_nodes.py: `troupe run` with actors in processes of their own.
# SPDX-License-Identifier: Apache-2.0
"""What must happen is waited for by asking the run or looking at /proc, and
never by the clock. A run that hangs fails by LIMIT."""

import contextlib
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
LIMIT = 120
OFFICE = f"""\
libraries: [{KINDS}helpful.so]
nodes: {{main: , engines: {{workers: 2}}}}
supervisor: {{intensity: 1000}}
supervisors:
  pool: {{node: engines, intensity: 1000, children: [deep]}}
actors:
  here: {{kind: clerk}}
  far: {{kind: clerk, node: engines}}
  alone: {{kind: clerk, isolation: process, count: 2}}
  deep: {{kind: clerk}}
  beat: {{kind: ticker, isolation: process,
         arguments: {{group: staff, every_ms: 20}}}}
  member: {{kind: clerk, node: engines, groups: [staff]}}
  shy: {{kind: clerk, isolation: process, allow: [beat], groups: [staff]}}
  closed: {{kind: clerk, node: engines, allow: [], groups: [staff]}}
"""

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def has(text, wanted):
    check(wanted in text, f"no '{wanted}' in:\n{text}")


def ask(name, what, body="null", **more):
    return subprocess.run([TROUPE, "ask", name, what, body, "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=LIMIT, **more)


def answer(name, what, body="null"):
    """The reply, once there is one: an actor may just be restarted."""
    while True:
        done = ask(name, what, body)
        if done.returncode == 0:
            reply = json.loads(done.stdout)
            return reply["reply"] if isinstance(reply, dict) and \
                "reply" in reply else reply
        if not any(words in done.stdout + done.stderr for words in
                   ("lost", "no such actor", "ended", "failed", "no actor")):
            check(False, f"{name} {what}: {done.stdout}{done.stderr}")
            return None


def is_there(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return state[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError): # a thread that ended
            found += (task / "children").read_text().split()
    return [int(child) for child in found]


@contextlib.contextmanager
def running(text=OFFICE, name="f", code=0):
    Path(name + ".yaml").write_text(text)
    with open(name + ".out", "w+", encoding="utf-8") as out:
        child = subprocess.Popen([TROUPE, "run", name + ".yaml"], text=True,
                                 stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.PIPE)
        line, child.log = " ", ""
        while line and f"'{name}' runs: " not in line:
            line = child.stderr.readline()
            child.log += line
        check(line, f"'{name}' ended before it ran:\n{child.log}")
        try:
            yield child
            if code is not None and child.poll() is None:
                child.send_signal(signal.SIGTERM)
            child.log += child.communicate(timeout=LIMIT)[1]
        finally:
            child.kill()
    check(code is None or child.returncode == code,
          f"{name} ended with {child.returncode}\n{child.log}")
    child.out = Path(name + ".out").read_text()


def test_each_is_where_the_file_puts_it():
    with running() as child:
        pids = {name: answer(name, "pid") for name in
                ("here", "far", "alone-1", "alone-2", "deep")}
        check(pids["here"] == child.pid, pids)
        check(pids["far"] == pids["deep"], pids)
        check(len(set(pids.values())) == 4, pids)
        check(set(pids.values()) - {child.pid} <= set(children_of(child.pid)),
              pids)
    check(not any(map(is_there, pids.values())), f"some are left of {pids}")
    has(child.out, "start far\n")
    has(child.out, "stop alone-2 0\n")
    check(not Path("troupe/f").exists(),
          "the run left " + str(list(Path("troupe").rglob("*"))))


def test_who_is_killed_comes_back():
    with running() as child:
        for name, number in (("alone-1", signal.SIGKILL),
                             ("alone-2", signal.SIGSEGV),
                             ("far", signal.SIGABRT)):
            before, other = answer(name, "pid"), answer("here", "pid")
            os.kill(before, number)
            while True:
                after = answer(name, "pid")
                if after != before:
                    break
            check(answer("here", "pid") == other, name)
            check(not is_there(before), f"{before} is still there")
        check(answer("deep", "pid") == answer("far", "pid"),
              "the node's actors are not together again")
    has(child.log, "killed by SIGKILL")
    has(child.log, "killed by SIGSEGV")
    has(child.log, "killed by SIGABRT")


def test_exit_code_125_is_the_end_of_one():
    with running() as child:
        ask("alone-1", "exit", "125")
        while "no actor" not in ask("alone-1", "pid").stderr:
            pass
        answer("alone-2", "pid")
    has(child.log, "'alone-1' ended for good, and is not restarted")


def test_groups_and_allow_reach_over_processes():
    with running() as child:
        for name in ("member",):
            while answer(name, "total")["total"] < 5:
                pass
        done = ask("closed", "total")
        check(done.returncode != 0, done.stdout)
    stops = dict(line.split()[1:] for line in child.out.splitlines()
                 if line.startswith("stop "))
    check(int(stops["member"]) >= 5, stops)
    check(int(stops["shy"]) >= 1, stops)
    check(int(stops["closed"]) == 0, stops)
    # A line of another process: its node, then kind, ref and name of its actor.
    check(re.search(r"warning \[engines\] clerk <\S+> closed: .* refused: not in "
                    "its 'allow'", child.log), child.log)


def test_until_may_be_elsewhere():
    text = OFFICE + "until: alone\n"
    text = text.replace("count: 2", "count: 1").replace("shy:", "shy:")
    with running(text) as child:
        subprocess.run([TROUPE, "send", "alone", "quit", "null"], check=True,
                       stdin=subprocess.DEVNULL, timeout=LIMIT)
        child.wait(LIMIT)


def test_nothing_outlives_a_killed_root():
    with running(code=None) as child:
        pids = children_of(child.pid)
        check(len(pids) >= 4, pids)
        child.kill()
    while any(map(is_there, pids)):
        pass
    check(Path("troupe/f").exists(), "who could have removed it?")
    with running() as child:
        check(len([name for name in os.listdir("troupe/f")
                   if name.startswith("g-")]) == 1, os.listdir("troupe/f"))
        answer("far", "pid")
    check(not Path("troupe/f").exists(),
          "the run left " + str(list(Path("troupe").rglob("*"))))


def watched(*options):
    Path("f.yaml").write_text(OFFICE)
    return subprocess.Popen([TROUPE, "run", "--restart", *options, "f.yaml"],
                            text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def until(child, words):
    """The lines up to one with these words."""
    lines, line = "", " "
    while line and words not in line:
        line = child.stderr.readline()
        lines += line
    check(line, f"it ended before it said '{words}':\n{lines}")
    return lines


def test_a_watched_root_that_is_killed_comes_back():
    child = watched()
    before = None
    for number in (signal.SIGKILL, signal.SIGABRT):
        until(child, "'f' runs: ")
        pid = answer("here", "pid")
        others = children_of(pid)
        check(pid in children_of(child.pid) and pid != before, (pid, before))
        os.kill(pid, number)
        has(until(child, "it is started again in"),
            f"the run (process {pid}) was killed by signal {int(number)} ")
        while any(map(is_there, others)):
            pass
        before = pid
    until(child, "'f' runs: ")
    answer("far", "pid")
    child.send_signal(signal.SIGINT)
    log = child.communicate(timeout=LIMIT)[1]
    check(child.returncode == 0, f"{child.returncode}\n{log}")
    has(log, "a signal: 'f' stops")
    check(not Path("troupe/f").exists(), "something is left")


def test_a_watched_root_that_is_killed_too_often_is_given_up():
    child = watched("--name", "g", "--quiet")
    pids = set()
    while child.poll() is None:
        for pid in set(children_of(child.pid)) - pids:
            with contextlib.suppress(OSError):
                # A sanitizer's child is no root, nor is one that has ended.
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
                if not words or b"--restart" in words:
                    continue
                pids.add(pid)
                os.kill(pid, signal.SIGKILL)
    log = child.communicate(timeout=LIMIT)[1]
    check(child.returncode == 1 and len(pids) == 6, f"{child.returncode} {pids}")
    has(log, "given up after 5 restarts within 60 s")


def test_a_watched_root_ends_with_its_watcher():
    child = watched("--for", "30m")
    until(child, "'f' runs: ")
    pids = [answer("here", "pid"), answer("far", "pid")]
    child.kill()
    while any(map(is_there, pids)) or Path("troupe/f").exists():
        pass
    child.communicate(timeout=LIMIT)
    # Its exit code is that of the run.
    Path("f.yaml").write_text("actors: {a: {knd: x}}\n")
    for code, options in ((2, ("f.yaml",)), (2, ("--odd", "f.yaml")), (2, ())):
        done = subprocess.run([TROUPE, "run", "--restart", *options], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LIMIT)
        check(done.returncode == code, done)


def look(*words):
    """What a command prints as JSON, and what it says beside."""
    done = subprocess.run([TROUPE, *words, "--json"], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, timeout=LIMIT)
    check(done.returncode == 0, f"{words}: {done.stderr}")
    return json.loads(done.stdout or "null"), done.stderr


def actor_of(name):
    """That of `ps`, which has it once."""
    found = [at for at in look("ps")[0]["actors"] if at["name"] == name]
    check(len(found) == 1, f"{name}: {found}")
    return found[0]


def test_all_nodes_are_looked_into():
    where = {"here": "main", "far": "engines", "deep": "engines",
             "alone-1": "alone-1", "alone-2": "alone-2", "pool": "engines",
             "root": "main"}
    with running():
        actors, warnings = look("ps")
        for name, node in where.items():
            found = [(at["node_name"], at["kind"] in ("clerk", "supervisor"))
                     for at in actors["actors"] if at["name"] == name]
            check(found == [(node, True)], f"{name}: {found}")
            inspected = look("inspect", name)[0]
            check(inspected["node_name"] == node, inspected)
            by_ref = look("inspect", inspected["ref"])[0]
            check(by_ref["ref"] == inspected["ref"], by_ref)
        check(warnings == "" and actors["silent"] == [], warnings)
        table = subprocess.run([TROUPE, "ps"], capture_output=True, text=True,
                               timeout=LIMIT, check=True).stdout
        check(table.split()[:3] == ["NAME", "NODE", "KIND"], table)
        tree = subprocess.run([TROUPE, "tree"], capture_output=True, text=True,
                              timeout=LIMIT, check=True).stdout
        has(tree, "│   └── deep  (clerk, running, on engines)\n")
        has(tree, "── alone-2  (clerk, running, on alone-2)\n")
        top = look("top", "--once", "--every", "10ms")[0]
        check({"deep", "alone-1", "here"}
              <= {at["name"] for at in top["actors"]}, top)
        subprocess.run([TROUPE, "send", "far", "odd"], check=True,
                       stdin=subprocess.DEVNULL, timeout=LIMIT)
        while not any(at["type"] == "odd" and at["node_name"] == "engines"
                      for at in look("dead")[0]["letters"]):
            pass


def test_actors_elsewhere_obey():
    with running():
        for name in ("alone-1", "deep", "far"):
            before = answer(name, "pid")
            look("restart", name)
            check((before != answer(name, "pid")) == (name == "alone-1"), name)
            check(actor_of(name)["incarnation"] == 2, actor_of(name))
            look("suspend", name)
            check(actor_of(name)["status"] == "suspended", actor_of(name))
            subprocess.run([TROUPE, "send", name, "add"], check=True,
                           stdin=subprocess.DEVNULL, timeout=LIMIT)
            look("resume", name)
            check(answer(name, "total") == {"total": 1}, name)
        done = subprocess.run([TROUPE, "suspend", "pool"], text=True,
                              capture_output=True, timeout=LIMIT)
        has(done.stderr, "a supervisor does not rest")


def while_silent(*words):
    """What a command says while the node of 'far' is stopped; it is woken soon,
    as the root ends a node that hangs."""
    pid = answer("far", "pid")
    os.kill(pid, signal.SIGSTOP)
    done = subprocess.run([TROUPE, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT)
    os.kill(pid, signal.SIGCONT)
    while look("ps")[0]["silent"]:
        pass
    return done


def test_a_silent_node_is_named():
    with running():
        listed = while_silent("ps", "--json")
        actors = json.loads(listed.stdout)
        check(actors["silent"] == ["engines"], actors["silent"])
        names = [at["name"] for at in actors["actors"]]
        check("alone-1" in names and "deep" not in names, names)
        for done in (listed, while_silent("tree"), while_silent("dead"),
                     while_silent("inspect", "far")):
            check(done.returncode == 0, done)
            has(done.stderr, "node 'engines' does not answer")
        has(while_silent("inspect", "deep").stderr,
            "node 'engines', where it is, does not answer")
        has(while_silent("suspend", "far").stderr,
            "is not started, or does not answer")
        actor_of("deep")


def example(name, log=False, **more):
    """What an example prints."""
    build = os.environ["TROUPE_BUILD_DIR"]
    source = os.environ["TROUPE_SOURCE_DIR"]
    done = subprocess.run(
        [TROUPE, "run", f"{source}/examples/topologies/{name}.yaml"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=LIMIT,
        env={**os.environ, "KINDS": build + "/examples/topologies", **more})
    check(done.returncode == 0, done.stderr)
    return done.stdout + done.stderr if log else done.stdout


def test_a_count_is_the_same_in_four_processes():
    Path("words").mkdir()
    for i in range(30):
        Path(f"words/{i}.txt").write_text("some words, some more words\n" * i)
    one = example("word-count", FOLDER="words")
    has(one, "30 files, 2175 words of three letters or more, 3 different")
    check(one == example("word-count-nodes", FOLDER="words"), one)


def test_a_pool_loses_nothing_by_crashes():
    check(example("pool-of-workers") == """\
worker-1    34 answers, crashed  0 times,  1 processes
worker-2    33 answers, crashed  0 times,  1 processes
shaky       33 answers, crashed  8 times,  9 processes
78498 primes below 1000000
100 jobs, 8 given out again, 0 lost, 0 answered twice
""", "the pool prints something else")


def test_research_is_whole_though_an_engine_crashed():
    Path("docs").mkdir()
    for animal, food in (("cat", "fish"), ("dog", "bones"), ("cow", "grass")):
        Path(f"docs/{animal}.md").write_text(
            f"# The {animal}\n\nThe {animal} eats {food} in the morning. "
            f"At noon the {animal} sleeps in the sun.\n")
    text = example("research", FOLDER=os.path.abspath("docs"), log=True,
                   XDG_CACHE_HOME=os.path.abspath("cache"),
                   QUESTION="What does the cow eat?")
    has(text, "# What does the cow eat?\n")
    has(text, "The cow eats grass in the morning.")
    has(text, "Read were 3 passages of 3 documents")
    has(text, "- Engine trigram failed 1 time, was restarted and asked again: its "
        "answer is complete.")
    has(text, "trigram has ended: killed by SIGSEGV")
    check("DEGRADED" not in text, text)


def test_what_cannot_be():
    for text, words in (
            (OFFICE.replace("node: engines}\n", "node: engins}\n", 1),
             "f.yaml:8:28: there is no node 'engins'; did you mean 'engines'?"),
            (OFFICE.replace("isolation: process, count", "isolation: proces, "
                            "count"), "did you mean 'process'?"),
            (OFFICE.replace("far: {", "far: {isolation: process, "),
             "take one of the two out")):
        Path("f.yaml").write_text(text)
        done = subprocess.run([TROUPE, "run", "f.yaml"], capture_output=True,
                              text=True, timeout=LIMIT)
        check(done.returncode == 2, done)
        has(done.stderr, words)
    done = subprocess.run([TROUPE, "node", "f.yaml", "x"], capture_output=True,
                          text=True, timeout=LIMIT)
    check(done.returncode != 0, done)


def test_processes_are_bounded():
    """The root's supervisors may have as many as they want, others may not."""
    text = OFFICE.replace("actors:\n", "processes: 2\nactors:\n", 1)
    Path("f.yaml").write_text(text.replace("deep: {kind: clerk}",
                                           "deep: {kind: clerk, isolation: process, count: 3}"))
    done = subprocess.run([TROUPE, "run", "f.yaml"], capture_output=True, text=True,
                          timeout=LIMIT)
    check(done.returncode == 1, done)
    has(done.stderr, "has 2 processes for its children, the most: raise 'processes' of the "
        "topology")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["XDG_RUNTIME_DIR"] = scratch
        # A sanitizer would make an exit of what is to be a crash.
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
            os.environ[name] = os.environ.get(name, "") + " handle_segv=0"
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

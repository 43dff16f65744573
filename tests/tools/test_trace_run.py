#!/usr/bin/env python3
# test_trace_run.py: the traces of `troupe run`, over several processes.
# SPDX-License-Identifier: Apache-2.0
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from otlp import (TROUPE, Wrong, check, collector, failures, read_document,
                  read_file, troupe)

CHAIN = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/chain.so"
PATIENCE_S = 60


def write(path, actors, more=""):
    Path(path).write_text(f"libraries: [{CHAIN}]\nactors: {json.dumps(actors)}\n"
                          + more)


def wait_for(what, ready):
    """What ready() returns, when that is something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.02)  # between two looks
    raise Wrong(f"waited in vain for {what}")


@contextlib.contextmanager
def running(*args):
    it = subprocess.Popen([TROUPE, "run", *args], stderr=subprocess.PIPE,
                          text=True)
    try:
        yield it
    finally:
        if it.poll() is None:
            it.terminate()
        it.words = it.communicate(timeout=PATIENCE_S)[1]
    check(it.returncode == 0, f"{args}: {it.returncode}\n{it.words}")


def tail():
    """In which process it answers, or None."""
    done = subprocess.run([TROUPE, "ask", "tail", "take"], capture_output=True,
                          text=True, timeout=PATIENCE_S)
    return int(done.stdout) if done.returncode == 0 else None


def other_tail(than):
    pid = tail()
    return pid if pid and pid != than else None


def below(spans, span, name):
    return [it for it in spans.values()
            if it.get("parentSpanId") == span["spanId"] and it["name"] == name]


def named(spans, name):
    return [it for it in spans.values() if it["name"] == name]


def pid_of(span):
    return span["attributes"]["process.pid"]


def check_links(spans, what):
    """Each parent is there, in the same trace, and began before; what is linked
    to is there, too."""
    for it in spans.values():
        parent = spans.get(it.get("parentSpanId"))
        check("parentSpanId" not in it or parent,
              f"{what}: {it['name']} is below nothing")
        if parent:
            check(parent["traceId"] == it["traceId"],
                  f"{what}: {it['name']} is in another trace")
        for link in it.get("links", []):
            other = spans.get(link["spanId"], {})
            check(other.get("traceId") == link["traceId"],
                  f"{what}: {it['name']} is linked to nothing")


def check_chain(spans, caller, what):
    """From the caller by way of 'middle' to 'tail', each in its own process."""
    ask, = below(spans, caller, "pass")
    middle, = below(spans, ask, "pass middle")
    far, = below(spans, middle, "take")
    take, = below(spans, far, "take tail")
    note, = below(spans, middle, "note tail")
    check([it["kind"] for it in (ask, middle, far, take, note)]
          == [3, 2, 3, 2, 5], f"{what}: kinds")
    check(ask["attributes"]["troupe.outcome"] == "reply"
          and ask["attributes"]["troupe.actor.name"] == "middle",
          f"{what}: {ask['attributes']}")
    pids = {pid_of(it) for it in (caller, middle, take)}
    check(len(pids) == 3 and pid_of(note) == pid_of(take), f"{what}: {pids}")


ACTORS = {"tail": {"kind": "tail", "isolation": "process"},
          "middle": {"kind": "middle", "node": "other"}, "head": {"kind": "head"}}


def check_run(spans, what):
    check_links(spans, what)
    run, = named(spans, "troupe run")
    check("parentSpanId" not in run
          and run["attributes"]["process.exit.code"] == 0, f"{what}: {run}")
    tree, = below(spans, run, "start supervisor")
    head, = below(spans, tree, "start head")
    start, = below(spans, tree, "start tail")
    check(pid_of(start) != pid_of(head), f"{what}: two processes")
    check_chain(spans, head, f"{what}: the start")
    later, = below(spans, head, "call head")
    check_chain(spans, later, f"{what}: a call for later")
    once, = below(spans, later, "once head")
    check_chain(spans, once, f"{what}: a timer")
    beats = named(spans, "timer beat head")
    check(beats and all("parentSpanId" not in it
                        and it["traceId"] != run["traceId"]
                        and [link["spanId"] for link in it["links"]]
                        == [head["spanId"]] for it in beats),
          f"{what}: each beat is a trace of its own, linked to the start")
    check(len({it["traceId"] for it in beats}) == len(beats), f"{what}: beats")
    asking = [one for it in beats for one in below(spans, it, "beat head")
              if below(spans, one, "pass")]
    check(asking, f"{what}: no beat asks")
    check_chain(spans, asking[0], f"{what}: a beat")
    traces = {it["traceId"] for it in spans.values()}
    check(len(traces) == 1 + len(beats), f"{what}: {len(traces)} traces")


def test_processes():
    write("chain.yaml", ACTORS, "nodes: {main: , other: }\nuntil: head\n")
    troupe("run", "--trace", "chain.json", "chain.yaml")
    check_run(read_file("chain.json"), "processes")


def test_collector():
    """One that the environment names, and one that is down."""
    with collector() as it:
        troupe("run", "chain.yaml", env={"OTEL_EXPORTER_OTLP_ENDPOINT": it.url})
        check_run(it.server.spans, "collector")
    done = troupe("run", "chain.yaml", "--otlp", "http://127.0.0.1:9")
    check("the trace is not complete" in done.stderr, f"down: {done.stderr}")


def test_a_process_is_killed():
    """What it had sent is there; its next life begins a trace of its own."""
    write("far.yaml", {"tail": {"kind": "tail", "isolation": "process"}})
    with running("--trace", "far.json", "far.yaml"):
        first = wait_for("tail", tail)
        os.kill(first, signal.SIGKILL)
        second = wait_for("another tail", lambda: other_tail(first))
    spans = read_file("far.json")
    check_links(spans, "killed")
    asked = named(spans, "take tail")
    check({first, second} <= {pid_of(it) for it in asked}, "killed: both lives")
    check(all(spans[it["parentSpanId"]]["name"] == "troupe ask"
              for it in asked), "killed: what comes from outside")
    starts = {pid_of(it): it for it in named(spans, "start tail")}
    check({first, second} <= set(starts)
          and "parentSpanId" in starts[first], f"killed: {starts}")
    check(len(named(spans, "troupe run")) == 1, "killed: the run itself")


def seen(path, name, pid):
    """A span of that process, in a file that is still being written."""
    for line in Path(path).read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            spans = read_document(json.loads(line))
            if any(pid_of(it) == pid for it in named(spans, name)):
                return True
    return False


def test_the_run_is_killed():
    """Of the first start all is there that it had written."""
    write("near.yaml", {"tail": {"kind": "tail"}})
    with running("--restart", "--trace", "near.json", "near.yaml"):
        first = wait_for("tail", tail)
        wait_for("its span", lambda: seen("near.json", "take tail", first))
        os.kill(first, signal.SIGKILL)
        second = wait_for("the next start", lambda: other_tail(first))
    spans = read_file("near.json")
    check({first, second} <= {pid_of(it) for it in named(spans, "take tail")},
          "restart: both starts")
    check(len(named(spans, "troupe run")) == 1, "restart: the one that ended")
    check({it["resource"]["process.pid"] for it in spans.values()}
          == {first, second}, "restart: two resources")


def test_appending():
    """Behind the last whole line."""
    write("near.yaml", {"tail": {"kind": "tail"}})
    Path("old.json").write_text('{"resourceSpans": []}\n{"resou')
    troupe("run", "--for", "1ms", "--trace", "old.json", "--append", "near.yaml")
    lines = Path("old.json").read_text().splitlines()
    check(lines[0] == '{"resourceSpans": []}' and len(lines) >= 2,
          f"appending: {lines}")
    check(named(read_file("old.json"), "troupe run"), "appending: the run")
    troupe("run", "--for", "1ms", "--trace", "old.json", "near.yaml")
    check(len(named(read_file("old.json"), "troupe run")) == 1, "begun anew")


def test_refusals():
    for options in ((), ("--restart",)):
        done = troupe("run", *options, "--trace", "/nowhere/file", "near.yaml",
                      code=1)
        check("/nowhere/file: No such file" in done.stderr, done.stderr)
    done = troupe("run", "--append", "near.yaml", code=2)
    check("--append wants --trace FILE" in done.stderr, done.stderr)
    troupe("run", "--otlp", "localhost:4318", "near.yaml", code=2)


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        os.environ["XDG_STATE_HOME"] = directory + "/state"
        os.environ["XDG_RUNTIME_DIR"] = directory
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                try:
                    test()
                except (Wrong, LookupError, OSError, ValueError) as error:
                    check(False, f"{name}: {error!r}")
        os.chdir("/")
    print(f"{len(failures)} failures")
    raise SystemExit(bool(failures))


main()

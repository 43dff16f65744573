#!/usr/bin/env python3
# test_admin.py: the commands that look into a run, and the socket below them.
# SPDX-License-Identifier: Apache-2.0
"""Each test has a run of its own; what must happen is waited for by asking the
run, and never by the clock. A run that hangs fails by LIMIT."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
KINDS = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/"
LIMIT = 120
HEAD = f"libraries: [{KINDS}helpful.so]\n"
OFFICE = (HEAD + "supervisors: {pool: {children: [clerk]}}\n"
          "actors:\n  clerk: {kind: clerk, count: 2, groups: [staff]}\n"
          "  shy: {kind: clerk, allow: [clerk]}\n"
          "  show: {kind: printer}\n")

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def has(text, wanted):
    check(wanted in text, f"no '{wanted}' in:\n{text}")


def troupe(*arguments, code=0):
    done = subprocess.run([TROUPE, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT)
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stdout + done.stderr)
    return done


def answer(*arguments):
    return json.loads(troupe(*arguments, "--json").stdout)


@contextlib.contextmanager
def running(text=OFFICE, name="f", code=0, stops=True):
    """A run, once it runs; at its end it is stopped and its code looked at."""
    Path(name + ".yaml").write_text(text)
    out = open(name + ".out", "w+", encoding="utf-8")
    child = subprocess.Popen([TROUPE, "run", name + ".yaml"], text=True,
                             stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.PIPE)
    line = " "
    while line and f"'{name}' runs: " not in line:
        line = child.stderr.readline()
    check(line, f"'{name}' ended before it ran")
    child.lines = lambda: Path(name + ".out").read_text().splitlines()
    try:
        yield child
        if stops and child.poll() is None:
            child.send_signal(signal.SIGTERM)
        _, child.rest = child.communicate(timeout=LIMIT)
    finally:
        child.kill()
        out.close()
    check(child.returncode == code, f"{name} ended with {child.returncode}\n"
          + child.rest)
    check(not Path("troupe", name).exists(), f"{name} left its directory")


def generation(name):
    """The directory of a run's sockets, by its lock."""
    return Path(f"troupe/{name}/lock").read_text().split()[1]


class Client:
    """A connection to the admin socket."""

    def __init__(self, name="f"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(f"troupe/{name}/{generation(name)}/admin")
        self.lines = self.socket.makefile("r", encoding="utf-8")

    def write(self, data):
        self.socket.sendall(data if isinstance(data, bytes)
                            else (json.dumps(data) + "\n").encode())

    def read(self):
        return json.loads(self.lines.readline() or "null")

    def ask(self, **request):
        self.write(request)
        return self.read()

    def close(self):
        self.lines.close()
        self.socket.close()


def actor(name):
    return answer("inspect", name)


ACTOR = {"ref": str, "name": (str, type(None)), "kind": str, "status": str,
         "incarnation": int, "depth": int, "bytes": int, "age_ns": int,
         "received": int, "handled": int, "failed": int, "dropped": int,
         "deadlocks": int,
         "handler_ns": int, "parent": (str, type(None)),
         "handling": (str, type(None)), "node": int}


def check_actor(item, more=()):
    check(set(ACTOR) | set(more) == set(item), f"keys: {sorted(item)}")
    for key, kind in ACTOR.items():
        check(isinstance(item[key], kind), f"{key}: {item[key]!r}")


def test_nobody_runs():
    for command in ("ps", "tree", "top", "dead", "stop"):
        done = troupe(command, code=1)
        has(done.stderr, f"troupe {command}: no topology runs here; start one "
            "with: troupe run FILE")
        check(done.stdout == "", "nothing on standard output")
        has(troupe(command, "--help").stdout, f"usage: troupe {command}")
        troupe(command, "too", "much", code=2)
        troupe(command, "--odd", code=2)
    for command in ("inspect", "ask", "send", "restart", "suspend", "resume"):
        troupe(command, code=2)
        has(troupe(command, "--help").stdout, f"usage: troupe {command}")
    has(troupe("ps", "--every", "1s", code=2).stderr, "no option '--every'")
    has(troupe("top", "--every", "x", code=2).stderr, "--every wants a time")


def test_ps_and_tree():
    with running():
        lines = troupe("ps").stdout.splitlines()
        check(lines[0].split()[:3] == ["NAME", "KIND", "STATUS"], lines[0])
        names = [line.split()[0] for line in lines[1:]]
        check(names == ["clerk-1", "clerk-2", "pool", "root", "show", "shy"],
              f"names: {names}")
        at = lines[0].index("REF")
        check(all(line[at] == "<" for line in lines[1:]), "columns are aligned")
        listed = answer("ps")
        check(listed["run"] == "f", "the run is named")
        for item in listed["actors"]:
            check_actor(item)
        check([a["name"] for a in listed["actors"]] == names, "sorted by name")
        everyone = answer("ps", "--all")["actors"]
        check({"troupe.admin", "troupe.agent"}
              <= {a["kind"] for a in everyone}, "--all has the run's own")
        has(troupe("tree").stdout,
            "root  (supervisor, running)\n"
            "├── pool  (supervisor, running)\n"
            "│   ├── clerk-1  (clerk, running)\n"
            "│   └── clerk-2  (clerk, running)\n"
            "├── shy  (clerk, running)\n"
            "└── show  (printer, running)\n")
        tree = answer("tree")["tree"]
        check([c["name"] for c in tree[0]["children"]]
              == ["pool", "shy", "show"], "children in the order of start")


def test_inspect():
    with running():
        more = ["names", "groups", "messages_max", "bytes_max", "overflow",
                "worker", "node"]
        clerk = actor("clerk-1")
        check_actor(clerk, more)
        check(clerk["groups"] == ["staff"] and clerk["names"] == ["clerk-1"],
              f"{clerk}")
        check(clerk["messages_max"] == 4096 and clerk["overflow"] == "mute",
              f"{clerk}")
        pool = actor("pool")
        check_actor(pool, more + ["children"])
        check([c["id"] for c in pool["children"]] == ["clerk-1", "clerk-2"],
              f"{pool}")
        check(clerk["parent"] == pool["ref"], "the parent's ref")
        check(actor(clerk["ref"])["name"] == "clerk-1", "by ref")
        text = troupe("inspect", "pool").stdout
        check(re.search(r"^name +pool$", text, re.M), text)
        check(re.search(r"^clerk-2 +up +0 +<", text, re.M), text)
        has(troupe("inspect", "clark-1", code=1).stderr,
            "there is no actor 'clark-1'; did you mean 'clerk-1'?")
        has(troupe("inspect", "zzzzzzzz", code=1).stderr,
            "there is no actor 'zzzzzzzz'; 'troupe ps' lists all")
        has(troupe("inspect", "<1.2.3.4>", code=1).stderr, "no actor '<1.2.3.4>'")


def test_ask_and_send():
    with running():
        check(answer("ask", "clerk-1", "total") == {"total": 0}, "a reply")
        troupe("send", "clerk-1", "add", '{"any": [1, null]}')
        check(answer("ask", "clerk-1", "total") == {"total": 1}, "it was sent")
        check(answer("send", "clerk-1", "add") == {"sent": True}, "sent")
        # Neither may everybody else.
        check(answer("ask", "shy", "total") == {"total": 0}, "past 'allow'")
        troupe("send", "shy", "add")
        check(answer("ask", "shy", "total") == {"total": 1}, "past 'allow' too")
        got = answer("ask", "clerk-1", "bytes", '{"$bin": "aGVsbG8="}')
        check(got == [{"$bin": "aGVsbG8="}, {"$uint": str(2**64 - 1)}],
              f"a binary: {got}")
        has(troupe("ask", "clerk-1", "bytes", code=1).stderr,
            "troupe ask: bytes wants a binary")
        has(troupe("ask", "clerk-1", "odd", code=1).stderr, "unhandled")
        has(troupe("ask", "clerk-1", "x" * 32, code=1).stderr, "outside")
        has(troupe("ask", "clerk-1", "fail", code=1).stderr, "on purpose")
        has(troupe("ask", "clerk-2", "never", "--timeout", "1ms",
                   code=124).stderr, "waited for")
        has(troupe("ask", "clerk-1", "total", "{", code=2).stderr,
            "the body is no JSON")
        has(troupe("ask", "clerk-1", "total", '{"$bin": "!"}', code=1).stderr,
            "'body' has a $bin")
        has(troupe("ask", "nobody", "total", code=1).stderr, "no actor 'nobody'")
        dead = answer("dead")
        check(dead["total"] >= 2 and dead["letters"], f"{dead}")
        for letter in dead["letters"]:
            check(set(letter) == {"why", "type", "to", "to_name", "from",
                                  "from_name", "size", "age_ns"}, f"{letter}")
        has(troupe("dead").stdout, "dead letters in all")


# Without a library: what all actors of agents share, in front of one another.
SHARED = """actors:
  shell: {kind: troupe_command}
  hands: {kind: troupe_pool, arguments: {kind: troupe_command, min: 2, max: 3}}
  cache: {kind: troupe_cache, arguments: {backend: hands}}
  hedge: {kind: troupe_hedger, arguments: {backend: cache}}
  gate: {kind: troupe_limiter, arguments: {backend: hedge}}
  rate: {kind: troupe_rate_limiter, arguments: {requests: 600, tokens: 1000000}}
  purse: {kind: troupe_budget_keeper, arguments: {tokens: 50000}}
  http: {kind: troupe_model_backend}
  ada: {kind: troupe_model, arguments: {backend: http, limiter: rate,
        budget: purse, url: "http://127.0.0.1:9/v1", model: none}}
  council: {kind: troupe_council}
"""


def test_shared():
    with running(SHARED):
        shell = {"shell": "date +%N"}
        both = [answer("ask", "gate", "run", json.dumps(shell))
                for _ in range(2)]
        check(both[0]["state"] == "ok" and both[0] == both[1], f"{both}")
        got = answer("ask", "council", "query", json.dumps(
            {"prompt": "?", "type": "number", "models": ["ada"],
             "attempts": 1}))
        check("127.0.0.1 port 9" in got["json"] + got["text"],
              f"a model that is not there: {got}")


def test_restart():
    with running() as child:
        troupe("send", "clerk-1", "add")
        check(answer("ask", "clerk-1", "total") == {"total": 1}, "one")
        before = actor("clerk-1")
        for _ in range(5):  # more than the supervisor allows of failures
            troupe("restart", "clerk-1")
        after = actor("clerk-1")
        check(after["ref"] == before["ref"], "the same ref")
        check(after["incarnation"] == 6, f"{after}")
        check(answer("ask", "clerk-1", "total") == {"total": 0}, "new state")
        check(child.lines().count("start clerk-1") == 6, "starts")
        pool = actor("pool")
        troupe("restart", "pool")
        check(actor("pool")["ref"] == pool["ref"], "the supervisor's own ref")
        check(actor("clerk-1")["ref"] != before["ref"], "all below are new")
        check(child.lines()[-4:] == ["stop clerk-2 0", "stop clerk-1 0",
                                     "start clerk-1", "start clerk-2"],
              f"in order: {child.lines()}")
        for name in ("root", actor("root")["ref"]):
            has(troupe("restart", name, code=1).stderr, "'root' has no supervisor")


def test_restart_above_until():
    """The actor that ends the run has no name while all above it is new."""
    text = (HEAD + "until: word\nsupervisors: {pool: {children: [slow, word]}}\n"
            "actors: {slow: {kind: clerk, place: own_thread, arguments: {wait: "
            "open}}, word: {kind: clerk}}\n")
    Path("open").touch()
    with running(text) as child:
        os.remove("open")
        restart = subprocess.Popen([TROUPE, "restart", "pool"])
        while child.lines().count("stop word 0") < 1:
            pass
        troupe("top", "--every", "500ms")  # it looks for it several times
        check(child.poll() is None, "the run goes on")
        Path("open").touch()
        check(restart.wait(LIMIT) == 0, "pool has started again")
        check(answer("ask", "word", "total") == {"total": 0}, "word is there")
    has(child.rest, "a signal: 'f' stops")


def test_restart_under_load():
    """What a restarted actor handled, in all its lives, and what was lost on
    the way is what was sent: nothing, in the end, is lost."""
    text = (HEAD + "actors:\n  desk: {kind: clerk}\n  t: {kind: ticker, count: 4,"
            " arguments: {to: desk, every_ms: 1, times: 500}, restart: "
            "temporary}\n")
    with running(text) as child:
        restarts = 0
        while len([a for a in answer("ps")["actors"] if a["kind"] == "ticker"]):
            troupe("restart", "desk")
            restarts += 1
        last = answer("ask", "desk", "total")["total"]
        totals = [int(line.split()[2]) for line in child.lines()
                  if line.startswith("stop desk")]
        check(len(totals) == restarts, f"{restarts} restarts: {totals}")
        check(sum(totals) + last == 2000, f"{sum(totals)} + {last} of 2000")
        check(answer("dead")["total"] == 0, "no dead letters")


def test_suspend():
    with running():
        troupe("suspend", "clerk-1")
        check(actor("clerk-1")["status"] == "suspended", "it rests")
        for _ in range(3):
            troupe("send", "clerk-1", "add")
        has(troupe("ask", "--timeout", "1ms", "clerk-1", "total",
                   code=124).stderr, "waited for")
        while actor("clerk-1")["depth"] < 3:
            pass
        troupe("suspend", "clerk-1")
        troupe("resume", "clerk-1")
        check(answer("ask", "clerk-1", "total") == {"total": 3}, "they waited")
        troupe("suspend", "clerk-2")
        troupe("restart", "clerk-2")
        check(actor("clerk-2")["status"] == "running", "over with a restart")
        has(troupe("suspend", "pool", code=1).stderr, "does not rest")
        has(troupe("suspend", "root", code=1).stderr, "has no supervisor")
        own = [a["ref"] for a in answer("ps", "--all")["actors"]
               if a["kind"] == "troupe.agent"]
        has(troupe("suspend", own[0], code=1).stderr, "has no supervisor")
        # One at work rests when its handler has returned.
        troupe("send", "clerk-1", "block", '"go"')
        while actor("clerk-1")["handling"] != "block":
            pass
        has(troupe("suspend", "clerk-1", code=1).stderr,
            "'clerk-1' is running still")
        Path("go").touch()
        while actor("clerk-1")["status"] != "suspended":
            pass
    # A run that has resting actors stops.


def test_full():
    """A full mailbox refuses, and nobody else waits for it."""
    text = HEAD + "actors: {a: {kind: clerk, mailbox: {messages: 2}}, b: {kind: clerk}}\n"
    with running(text):
        troupe("suspend", "a")
        troupe("send", "a", "add")
        troupe("send", "a", "add")
        while actor("a")["depth"] < 2:
            pass
        has(troupe("send", "a", "add", code=1).stderr, "is full: 2 messages")
        has(troupe("ask", "a", "total", code=1).stderr, "is full: 2 messages")
        check(answer("ask", "b", "total") == {"total": 0}, "b answers")
        troupe("resume", "a")
        check(answer("ask", "a", "total") == {"total": 2}, "both came")


def test_top():
    with running(HEAD + "actors: {desk: {kind: clerk}, t: {kind: ticker, "
                 "arguments: {to: desk, every_ms: 1}}}\n"):
        lines = troupe("top", "--once", "--every", "50ms").stdout.splitlines()
        check(re.match(r"3 actors, \d+ messages/s, 0 restarts, 0 dead letters",
                       lines[0]), lines[0])
        check(lines[2].split()[:2] == ["NAME", "KIND"], lines[2])
        check({line.split()[0] for line in lines[3:]} == {"desk", "root", "t"},
              f"{lines}")
        top = answer("top", "--every", "200ms")
        busy = [a["busy"] for a in top["actors"]]
        check(busy == sorted(busy, reverse=True), "the busiest first")
        check(top["messages_per_s"] > 0, "messages flow")


def test_two_runs():
    with running():
        again = subprocess.run([TROUPE, "run", "f.yaml"], capture_output=True,
                               text=True, timeout=LIMIT)
        check(again.returncode == 1, f"the second: {again.returncode}")
        check(re.search(r"'f' runs already \(process \d+\); stop it first",
                        again.stderr), again.stderr)
        with running(HEAD + "actors: {other: {kind: clerk}}\n", name="g"):
            has(troupe("ps", code=1).stderr,
                "several run; choose one with --run NAME: f, g")
            has(troupe("ps", "--run", "h", code=1).stderr,
                "'h' does not run; what runs: f, g")
            has(troupe("ps", "--run", "g").stdout, "other")
            has(troupe("ps", "--run", "./g.yaml").stdout, "other")
            has(troupe("ps", "--run", os.path.abspath("f.yaml")).stdout, "clerk-1")
            has(troupe("ps", "--run", "h.yaml", code=1).stderr, "does not run")
            troupe("stop", "--run", "g")
        named = subprocess.Popen([TROUPE, "run", "--name", "h", "f.yaml"],
                                 stdout=subprocess.DEVNULL, text=True,
                                 stderr=subprocess.PIPE)
        while "'h' runs" not in named.stderr.readline():
            pass
        troupe("stop", "--run", "h")
        check(named.wait(LIMIT) == 0, "it ran by another name")
    has(troupe("ps", code=1).stderr, "no topology runs here")


def test_stop():
    with running(stops=False) as child:
        troupe("stop")
        check(child.poll() is not None, "stop returns after the end")
    has(child.rest, "by 'troupe stop': 'f' stops")
    check(child.lines()[-3:] == ["stop shy 0", "stop clerk-2 0", "stop clerk-1 0"],
          f"{child.lines()}")

    # Asks that wait are told.
    with running(stops=False):
        asker = Client()
        asker.write({"id": 1, "do": "ask", "to": "clerk-1", "type": "never",
                     "timeout_ms": 1000000})
        while actor("clerk-1")["received"] < 1:
            pass
        other = Client()
        other.write({"id": 2, "do": "stop"})
        check(asker.read()["error"]["code"] < 0, "the ask ended")
        check(other.read() == {"id": 2, "ok": {"stopped": True}}, "stopped")
        asker.close()
        other.close()

    # Who does not stop is named.
    with running("stop_timeout: 100ms\n" + OFFICE, code=1, stops=False):
        troupe("send", "shy", "block", '"never-there"')
        while actor("shy")["handling"] != "block":
            pass
        done = troupe("stop", code=1)
        check(re.search(r"not all stopped in time: .* shy: ", done.stderr,
                        re.S),
              done.stderr)


def test_bad_clients():
    """What some clients do is no harm to the others, or to the run."""
    with running():
        good = Client()
        odd = Client()
        odd.write(b"garbage\n")
        check(odd.read()["error"]["code"] == -74, "garbage")
        odd.write(b'[1]\n"x"\n\n{"do": 5}\n{"do": "fly", "id": [1]}\n\xff\n')
        for _ in range(3):
            has(odd.read()["error"]["text"], "a")
        check(odd.read() == {"id": [1], "error": {
            "code": -95, "text": "there is no request 'fly'"}}, "unknown")
        check(odd.read()["error"]["code"] == -74, "no UTF-8")
        check(odd.ask(id="x", do="ask")["id"] == "x", "the id comes back")
        half = Client()
        half.write(b'{"do": "ps"')
        long = Client()
        with contextlib.suppress(OSError):
            long.write(b"x" * (3 << 20))
        has(long.lines.readline(), "longer than 1048576 bytes")
        check(good.ask(id=1, do="run")["ok"]["topology"] == "f", "good is served")

        # One that never reads: its requests stop being read, and no more.
        mute = Client()
        mute.socket.setblocking(False)
        line = (json.dumps({"do": "ps"}) + "\n").encode()
        with contextlib.suppress(BlockingIOError):
            while True:
                mute.socket.send(line * 100)
        for _ in range(20):
            check("ok" in good.ask(do="ps"), "good is served still")
        half.write(b', "id": 7}\n')
        check(half.read()["id"] == 7, "half a line, then the other half")
        # Several at once are answered, and half-closing ends it well.
        many = Client()
        many.write(b"".join((json.dumps({"id": i, "do": "inspect", "to": "show"})
                             + "\n").encode() for i in range(100)))
        many.socket.shutdown(socket.SHUT_WR)
        ids = [json.loads(text)["id"] for text in many.lines]
        check(sorted(ids) == list(range(100)), f"all answered: {len(ids)}")
        for client in (good, odd, half, long, mute, many):
            client.close()


def test_many_clients():
    with running():
        silent = [Client() for _ in range(200)]
        good = Client()
        check("ok" in good.ask(do="run"), "the 201st is served")
        check(len(answer("ps")["actors"]) == 6, "the command too")
        for client in silent:
            client.close()
        for _ in range(200):
            client = Client()
            client.close()
        check("ok" in Client().ask(do="run"), "after 200 that went away")


def test_pages():
    text = "actors: {p: {kind: printer, count: 1000}}\n"
    with running(text):
        check(len(answer("ps")["actors"]) == 1001, "all of them")
        client = Client()
        client.write({"id": 1, "do": "ps"})
        sizes, last = [], {}
        while "ok" not in last:
            last = client.read()
            sizes.append(len(last.get("more", last.get("ok"))["actors"]))
        check(max(sizes) <= 500 and sum(sizes) >= 1001, f"{sizes}")
        tree = answer("tree")["tree"]
        check(len(tree[0]["children"]) == 1000, "the tree has all")


def test_private():
    with running():
        sockets = "troupe/f/" + generation("f")
        for path in ("troupe", "troupe/f", sockets):
            check(os.stat(path).st_mode & 0o777 == 0o700, path)
        check(os.stat(sockets + "/admin").st_mode & 0o777 == 0o600, "admin")
    os.chmod("troupe", 0o755)
    for command in (("run", "f.yaml"), ("ps",)):
        done = troupe(*command, code=1)
        has(done.stderr, "is open to other users (mode 0755)")
    os.chmod("troupe", 0o700)
    # One that was killed leaves its socket; the next run takes it over.
    child = subprocess.Popen([TROUPE, "run", "f.yaml"], text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while "'f' runs" not in child.stderr.readline():
        pass
    child.kill()
    child.wait()
    has(troupe("ps", code=1).stderr, "no topology runs here")
    with running():
        has(troupe("ps").stdout, "clerk-1")


TESTS = (test_nobody_runs, test_ps_and_tree, test_inspect, test_ask_and_send,
         test_shared, test_restart, test_restart_above_until,
         test_restart_under_load, test_suspend, test_full,
         test_top, test_two_runs, test_stop, test_bad_clients,
         test_many_clients, test_pages, test_private)


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.environ["XDG_RUNTIME_DIR"] = work
        for test in TESTS:
            if len(sys.argv) < 2 or test.__name__ in sys.argv:
                print(test.__name__, flush=True)
                test()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failed")
    print("all that looks into a run: as promised")


main()

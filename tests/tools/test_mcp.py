#!/usr/bin/env python3
# test_mcp.py: troupe mcp from the outside, by a client of our own.
# SPDX-License-Identifier: Apache-2.0
"""Hand-shake, list, each tool, progress, cancellation, calls at once, bad input
of all kinds, and every way to an end."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

from mcp_client import LIMIT, TROUPE, Client
from schema import problems

SOURCE = os.environ["TROUPE_SOURCE_DIR"]
failures = []

DOCUMENTS = {
    "guide.md": """# A guide to frobnicate

The frobnicate command polishes every widget of the machine that it runs on.
Use `frobnicate -n` to see what would be done.
""",
    "bees.txt": """Bees

Bees live in hives. A hive has one queen. The queen does not leave it.
""",
}
DECISION = {"problem": "Which house?", "criteria": {
    "rent": {"direction": "min"}, "size": {"direction": "max"}},
    "options": {"a": {"values": {"rent": 900, "size": 60}},
                "b": {"values": {"rent": 800, "size": 70}}}}


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def refused(got, code, *words):
    """An error of that code that says these words."""
    error = got.get("error", {})
    check(error.get("code") == code
          and all(w in error.get("message", "") for w in words),
          f"{code} {words}, not {json.dumps(got)[:300]}")


def ends_well(client, what, rest=()):
    code, got = client.close()
    check(code == 0, f"{what}: exit {code}: {client.errors}")
    check(got == list(rest), f"{what}: at the end {got}")


def test_hand_shake():
    for version in ("2025-06-18", "2025-03-26", "2024-11-05"):
        client = Client(version=version)
        got = client.hello["result"]
        check(got["protocolVersion"] == version, f"{version}: {got}")
        check(set(got["capabilities"]) == {"tools", "logging"}, f"{got}")
        check(("title" in got["serverInfo"]) == (version == "2025-06-18"),
              f"{version}: title")
        ends_well(client, version)
    client = Client(version="2199-01-01")
    check(client.hello["result"]["protocolVersion"] == "2025-06-18",
          "an unknown version is answered with our latest")
    refused(client.request("initialize", {"protocolVersion": "2025-06-18"}),
            -32600, "once")
    ends_well(client, "twice")
    client = Client(version=None)
    check(client.request("ping")["result"] == {}, "ping is early")
    refused(client.request("tools/list"), -32600, "before 'initialize'")
    refused(client.request("initialize", {}), -32602, "/protocolVersion")
    refused(client.request("initialize", {"protocolVersion": 1}), -32602)
    check("result" in client.request("initialize", {
        "protocolVersion": "2024-11-05"}), "then it is done well")
    ends_well(client, "early")


def test_list():
    for args, names in (((), {"research", "search", "decide"}),
                        (("--mock",), {"research", "search", "decide",
                                       "query"}),
                        (("--allow", "map"), {"research", "search", "decide",
                                              "map"})):
        client = Client(*args)
        tools = client.request("tools/list")["result"]["tools"]
        check({t["name"] for t in tools} == names, f"{args}: {tools}")
        for tool in tools:
            schema = tool["inputSchema"]
            check(schema["type"] == "object" and not
                  schema["additionalProperties"], tool["name"])
            check(set(schema["required"]) <= set(schema["properties"]),
                  tool["name"])
            check(all(p["description"] for p in schema["properties"].values())
                  and tool["description"], f"{tool['name']}: described")
            check(tool["annotations"]["destructiveHint"]
                  == (tool["name"] == "map"), tool["name"])
        ends_well(client, f"list {args}")
    client = Client(version="2024-11-05")
    tool = client.request("tools/list", {})["result"]["tools"][0]
    check(set(tool) == {"name", "description", "inputSchema"}, f"{tool}")
    refused(client.request("tools/list", {"cursor": "x"}), -32602, "cursor")
    ends_well(client, "old list")


def command_json(*args):
    done = subprocess.run([TROUPE, *args, "--json"], capture_output=True,
                          text=True, timeout=LIMIT)
    return json.loads(done.stdout)


def valid(got, schema):
    with open(os.path.join(SOURCE, "actors", schema), encoding="utf-8") as f:
        root = json.load(f)
    found = list(problems(got, root, root))
    check(not found, f"{schema}: {found[:3]}")


def test_tools(folder, cache):
    client = Client("--mock", "--allow", "map", "--cache", cache)
    got = client.use("research", {"question": "What does frobnicate do?",
                                  "corpus": [folder]})
    check(not got["isError"] and "polishes every widget"
          in got["content"][0]["text"], f"research: {got}")
    check(len(got["content"]) == 2
          and json.loads(got["content"][1]["text"]) == got["structuredContent"]
          and got["content"][1]["annotations"] == {"priority": 0},
          "the same as a text, for older clients")
    valid(got["structuredContent"], "report.schema.json")
    got = client.use("search", {"query": "queen of a hive", "limit": 1,
                                "corpus": [folder], "engines": ["bm25"]})
    check(got["structuredContent"] == command_json(
        "search", "queen of a hive", "--limit", "1", "--engine", "bm25",
        "--corpus", folder, "--cache", cache), "search is that of the command")
    check("bees.txt" in got["content"][0]["text"], f"search: {got}")
    got = client.use("query", {"prompt": "Which?", "choices": ["x", "y"],
                               "models": ["say=x", "say=x", "500"],
                               "all": True, "attempts": 1})
    check(not got["isError"]
          and got["structuredContent"]["best"]["answer"] == "x"
          and got["content"][0]["text"].startswith("Degraded"), f"{got}")
    got = client.use("query", {"prompt": "Which?", "choices": ["x", "y"],
                               "models": ["500", "500"], "attempts": 1})
    check(got["isError"] and got["structuredContent"]["best"] is None,
          f"no quorum: {got}")
    got = client.use("decide", {"decision": DECISION, "samples": 100})
    check(got["structuredContent"]["recommendation"]["option"] == "b", f"{got}")
    valid(got["structuredContent"], "decision.schema.json")
    got = client.use("map", {"tasks": ["echo one; exit 3", {
        "cmd": ["cat"], "stdin": "two", "id": "second"}, {"cmdd": 1}]})
    one, two, three = got["structuredContent"]["results"]
    check(one["state"] == "failed" and one["value"]["stdout"] == "one\n"
          and one["value"]["exit"] == 3, f"map: {one}")
    check(two["value"]["stdout"] == "two" and two["id"] == "second", f"{two}")
    check(three["state"] == "failed" and "/arguments/tasks:3" in three["text"],
          f"{three}")
    check(got["structuredContent"]["summary"]["tasks"] == 3
          and not got["isError"], f"map: {got}")
    check(client.use("map", {"tasks": ["false"]})["isError"], "nothing went well")
    got = client.use("map", {"tasks": ["head -c 8000000 /dev/zero"] * 3})
    check(got["isError"] and "over 32 MiB" in got["content"][0]["text"],
          "results are bounded")
    ends_well(client, "tools")
    client = Client("--corpus", folder, "--cache", cache, version="2025-03-26")
    got = client.use("search", {"query": "queen of a hive"})
    check("structuredContent" not in got and "bees.txt"
          in got["content"][0]["text"], f"an older version: {got}")
    check(json.loads(got["content"][-1]["text"])["query"] == "queen of a hive",
          f"what it gets as JSON: {got}")
    ends_well(client, "older")


def test_leaves_nothing(base):
    """Nobody who calls asked for a journal or a trace; what is open is whole."""
    state = os.path.join(base, "state")
    client = Client("--mock", "--allow", "map", env={
        "XDG_STATE_HOME": state,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    same = {"values": {"rent": 900, "size": 60}}
    for name, arguments in (
            ("decide", {"decision": {**DECISION,
                                     "options": {"a": same, "b": same}}}),
            ("query", {"prompt": "Which?", "choices": ["x", "y"],
                       "models": ["say=x"]}),
            ("map", {"tasks": ["true"]})):
        got = client.use(name, arguments)
        check(not got["isError"] and len(got["content"]) == 2,
              f"{name}: nothing is noted beside the result: {got}")
        if name == "decide":
            check(got["structuredContent"]["verdict"] != "recommended", f"{got}")
    check(not os.path.exists(state), "a served call leaves no journal")
    ends_well(client, "leaves nothing")


def test_failures(folder, cache):
    empty = os.path.join(folder, "empty")
    os.mkdir(empty)
    models = os.path.join(folder, "none.yaml")
    with open(models, "w", encoding="utf-8") as out:
        out.write("providers: {here: {url: 'http://127.0.0.1:1'}}\n"
                  "models: {one: {provider: here, model: x}}\n")
    client = Client("--corpus", folder, "--cache", cache, "--models", models)
    os.remove(models)
    got = client.use("search", {"query": "queen", "corpus": [empty]})
    check(got["isError"] and "the corpus is empty"
          in got["content"][0]["text"], f"an empty folder: {got}")
    logged = [m["params"] for m in client.others if "method" in m]
    check(logged and logged[-1]["level"] == "warning"
          and logged[-1]["logger"] == "search", f"it is logged: {logged}")
    got = client.use("query", {"prompt": "x"})
    check(got["isError"] and "none.yaml" in got["content"][0]["text"],
          f"no file of models: {got}")
    refused(client.use("search", {"query": "queen", "corpus": ["/usr"]}),
            -32602, "/arguments/corpus/0", "not below a --corpus")
    refused(client.use("search", {"query": "queen",
                                  "corpus": [folder + "/../"]}),
            -32602, "not below")
    refused(client.use("search", {"query": "queen", "corpus": [empty + "x"]}),
            -32602, "give a path that is there")
    os.rmdir(empty)
    ends_well(client, "failures")


def test_progress(folder, cache):
    client = Client("--allow", "map", "--mock", "--cache", cache)
    client.use("query", {"prompt": "Which?", "models": [
        "say=x", "say=x+delay=300ms", "hang"], "deadline_ms": 600}, token="q")
    told = [m["params"]["message"] for m in client.others
            if m["method"] == "notifications/progress"]
    check("2 of 3 models are done" in told, f"query: {told}")
    for name, arguments in (("search", {"query": "queen", "corpus": [folder]}),
                            ("research", {"question": "Who is the queen?",
                                          "corpus": [folder]}),
                            ("decide", {"decision": DECISION}),
                            ("map", {"tasks": ["true"] * 5 + ["sleep 0.3"]})):
        client.others.clear()
        got = client.use(name, arguments, token=name)
        told = [m["params"] for m in client.others
                if m["method"] == "notifications/progress"]
        values = [m["progress"] for m in told]
        check(not got["isError"] and told and all(
            m["progressToken"] == name and m["total"] == 100 and m["message"]
            for m in told), f"{name}: {told}")
        check(values == sorted(set(values)) and values[-1] <= 100,
              f"{name}: {values} grows")
    client.others.clear()
    client.use("decide", {"decision": DECISION})
    check(not client.others, "no token, no progress")
    got = client.request("tools/call", {"name": "decide", "_meta": {
        "progressToken": []}})
    refused(got, -32602, "progressToken")
    ends_well(client, "progress")


def wait_for_end(pidfd):
    check(select.select([pidfd], [], [], LIMIT)[0], "its process has ended")
    os.close(pidfd)


def begin_sleep(client, fifo):
    """A map whose one command sleeps; returns its id and a pidfd of it."""
    ident = client.call("map", {"tasks": [
        f"echo $$ > {fifo}; exec sleep 1000"]})
    with open(fifo, encoding="ascii") as told:
        return ident, os.pidfd_open(int(told.read()))


def test_cancel(fifo, folder, cache):
    client = Client("--allow", "map", "--cache", cache)
    ident, pidfd = begin_sleep(client, fifo)
    other, other_pidfd = begin_sleep(client, fifo)
    refused(client.request("tools/call", {"name": "decide"}, ident=ident),
            -32600, "under way")
    client.cancel(ident)
    client.cancel("nothing of that name")
    client.notify("notifications/cancelled", {"requestId": {}})
    client.notify("notifications/cancelled", [])
    wait_for_end(pidfd)
    got = client.use("search", {"query": "queen", "corpus": [folder]})
    check(not got["isError"], "others go on")
    check(not select.select([other_pidfd], [], [], 0)[0], "so does this one")
    client.cancel(other)
    wait_for_end(other_pidfd)
    for name, arguments in (("research", {"question": "Who is the queen?",
                                          "corpus": ["/usr/share/man"]}),
                            ("search", {"query": "queen",
                                        "corpus": ["/usr/share/man"]}),
                            ("decide", {"decision": DECISION,
                                        "samples": 1000000})):
        client.cancel(client.call(name, arguments))
    check(client.request("ping")["result"] == {}, "it is there")
    ends_well(client, "nothing is said of what was cancelled")
    client = Client("--mock")
    client.cancel(client.call("query", {"prompt": "x", "models": ["hang"]}))
    ends_well(client, "a model that hangs is let go")


def test_at_once(folder, fifo, cache):
    client = Client("--allow", "map", "--cache", cache, "--calls", "3")
    slow = client.call("map", {"tasks": [f"cat {fifo}"]})
    quick = [client.call("decide", {"decision": DECISION, "samples": 10})
             for _ in range(20)]
    quick += [client.call("search", {"query": "queen", "corpus": [folder]})
              for _ in range(20)]
    left = set(quick)
    while left:
        got = client.next()
        check(got["id"] in left and not got["result"]["isError"], f"{got}")
        left.discard(got["id"])
    with open(fifo, "w", encoding="ascii") as to:
        to.write("at last")
    got = client.answer(slow)["result"]["structuredContent"]
    check(got["results"][0]["value"]["stdout"] == "at last", f"{got}")
    ends_well(client, "at once")


def test_batch(folder):
    client = Client(version="2025-03-26")
    client.write([{"jsonrpc": "2.0", "id": "a", "method": "ping"},
                  {"jsonrpc": "2.0", "method": "notifications/x"},
                  {"jsonrpc": "2.0", "id": "b", "method": "tools/call",
                   "params": {"name": "decide",
                              "arguments": {"decision": DECISION}}},
                  {"jsonrpc": "2.0", "id": "c", "method": "initialize"},
                  17])
    got = client.next()
    by_id = {m["id"]: m for m in got}
    check(set(by_id) == {"a", "b", "c", None} and len(got) == 4, f"{got}")
    check(not by_id["b"]["result"]["isError"], f"{by_id['b']}")
    refused(by_id["c"], -32600, "batch")
    refused(by_id[None], -32600, "object")
    client.write([{"jsonrpc": "2.0", "method": "notifications/x"}])
    client.write([])
    refused(client.next(), -32600, "a batch of 0")
    ends_well(client, "batch")


BAD_LINES = (
    (b"{", -32700, "no JSON"), (b"nonsense", -32700, "no JSON"),
    (b'{"a": 1, "a": 2}', -32700, "duplicate"), (b'"\xff"', -32700, "0xff"),
    (b'{"x": "\\u0000"}', -32700, ""), (b"[" * 100000, -32700, ""),
    (b"17", -32600, "an object"), (b"[]", -32600, "2025-03-26"),
    (b"{}", -32600, "/jsonrpc"),
    (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600, "/jsonrpc"),
    (b'{"jsonrpc": "2.0", "id": 1}', -32600, "/method"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": 7}', -32600, "/method"),
    (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600, "/id"),
    (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', -32600, "/id"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": 1}', -32600,
     "/params"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32602,
     "/params"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/lst"}', -32601,
     "did you mean 'tools/list'"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', -32601, ""),
)

BAD_CALLS = (
    ({}, ("/params/name",)), ({"name": 7}, ("/params/name",)),
    ({"name": "no"}, ("no tool 'no'", "research")),
    ({"name": "map"}, ("--allow map",)), ({"name": "query"}, ("--models",)),
    ({"name": "search"}, ("/arguments/query is not there",)),
    ({"name": "search", "arguments": []}, ("/arguments is a list",)),
    ({"name": "search", "arguments": {"query": 7}}, ("a whole number", "text")),
    ({"name": "search", "arguments": {"query": ""}}, ("empty",)),
    ({"name": "search", "arguments": {"query": "x"}}, ("/arguments/corpus",)),
    ({"name": "search", "arguments": {"query": "x", "corpus": "/"}},
     ("a list",)),
    ({"name": "search", "arguments": {"query": "x", "corpus": []}},
     ("1 to 64",)),
    ({"name": "search", "arguments": {"query": "x", "corpus": ["x"]}},
     ("/arguments/corpus/0", "absolute")),
    ({"name": "search", "arguments": {"query": "x", "limit": 0}},
     ("/arguments/limit is 0", "1 to 1000")),
    ({"name": "search", "arguments": {"query": "x", "limit": 1.5}}, ("whole",)),
    ({"name": "search", "arguments": {"query": "x", "limitt": 1}},
     ("did you mean 'limit'",)),
    ({"name": "search", "arguments": {"query": "x", "\u00e4" * 99: 1}},
     ("leave it out",)),
    ({"name": "search", "arguments": {"query": "x", "engines": ["bm52"]}},
     ("/arguments/engines/0", "did you mean 'bm25'")),
    ({"name": "decide", "arguments": {"decision": "x"}}, ("an object",)),
    ({"name": "decide", "arguments": {"decision": {}}}, ("problem",)),
    ({"name": "decide", "arguments": {"decision": {
        **DECISION, "criteria": {"rent": {"direction": "up"}}}}},
     ("/arguments/decision/criteria/rent/direction", "min or max")),
)


def test_bad_input(folder):
    client = Client()
    for line, code, words in BAD_LINES:
        client.write(line)
        refused(client.next(), code, words)
    for params, words in BAD_CALLS:
        refused(client.request("tools/call", params), -32602, *words)
    client.write(b"")
    client.write(b" \r")
    client.write({"jsonrpc": "2.0", "id": 1, "result": {}})  # to nothing
    client.write({"jsonrpc": "2.0", "method": "unheard/of", "params": [1]})
    refused(client.use("search", {"query": "the", "corpus": [folder]}), -32602,
            "no word to search for")
    check(client.request("ping", ident="x\u00e9")["id"] == "x\u00e9", "it lives")
    refused(client.request("logging/setLevel", {"level": "loud"}), -32602,
            "debug")
    client.request("logging/setLevel", {"level": "debug"})
    client.others.clear()
    client.use("decide", {"decision": DECISION, "samples": 1})
    check([m["params"]["level"] for m in client.others] == ["info"],
          f"{client.others}")
    ends_well(client, "bad input")


def test_long_lines():
    client = Client(version="2024-11-05")
    piece = b"x" * (1 << 20)
    for _ in range(20):
        client.process.stdin.write(piece)
    client.write(b"")
    refused(client.next(), -32700, "16777216 bytes")
    check(client.request("ping")["result"] == {}, "the next line is read")
    got = client.request("ping", {"x": "y" * (15 << 20)})
    check(got["result"] == {}, "a line below the bound is read")
    ends_well(client, "long lines")


def test_slow_reader():
    """What waits for a client that does not read is bounded, and all there."""
    count = 1500
    process = subprocess.Popen([TROUPE, "mcp"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    lines = [{"jsonrpc": "2.0", "id": 0, "method": "initialize",
              "params": {"protocolVersion": "2025-06-18"}}]
    lines += [{"jsonrpc": "2.0", "id": i, "method": "tools/list"}
              for i in range(1, count)]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()

    def write():
        process.stdin.write(text)
        process.stdin.flush()

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(timeout=LIMIT)  # it reads on while its output waits, to a bound
    ids = [json.loads(process.stdout.readline())["id"] for _ in range(count)]
    check(ids == list(range(count)), "each is answered, in order")
    process.stdin.close()
    check(process.wait(timeout=LIMIT) == 0, "it ends")
    process.stdout.close()


def test_ends(fifo):
    client = Client("--allow", "map")
    _, pidfd = begin_sleep(client, fifo)
    ends_well(client, "the input ends with a call under way")
    wait_for_end(pidfd)
    for number in (signal.SIGTERM, signal.SIGINT):
        client = Client("--allow", "map")
        _, pidfd = begin_sleep(client, fifo)
        client.process.send_signal(number)
        code, rest = client.wait()
        check(code == 0 and not rest, f"{number}: {code} {client.errors}")
        wait_for_end(pidfd)
        client.process.stdin.close()
    client = Client("--allow", "map")
    _, pidfd = begin_sleep(client, fifo)
    client.process.kill()
    wait_for_end(pidfd)
    client.process.stdin.close()
    client.wait()


def test_gone_client(fifo):
    """Nobody reads any more: it ends, though its input is open."""
    process = subprocess.Popen([TROUPE, "mcp", "--allow", "map"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
             "params": {"protocolVersion": "2025-06-18"}}
    process.stdin.write(json.dumps(hello).encode() + b"\n")
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
    process.stdin.flush()
    check(process.wait(timeout=LIMIT) == 0, "its client is gone")
    process.stdin.close()


def test_last_line():
    done = subprocess.run(
        [TROUPE, "mcp"], capture_output=True, timeout=LIMIT,
        input=b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}')
    check(json.loads(done.stdout)["result"] == {}, "a last line without an end")
    with open("/dev/null", encoding="ascii") as nothing:
        done = subprocess.run([TROUPE, "mcp"], stdin=nothing, timeout=LIMIT,
                              capture_output=True)
    check(done.returncode == 0 and not done.stdout, "no input at all")


def test_usage():
    for args in (("--allow", "all"), ("x",), ("--calls", "0"), ("--nope",),
                 ("--corpus", "/no/such"), ("--mock", "--models", "x"),
                 ("--models", "/no/such")):
        done = subprocess.run([TROUPE, "mcp", *args], capture_output=True,
                              text=True, timeout=LIMIT, stdin=subprocess.PIPE)
        words = "/no/such" if "/no/such" in args else "troupe mcp: "
        check(done.returncode == 2 and words in done.stderr
              and not done.stdout, f"{args}: {done}")
    done = subprocess.run([TROUPE, "mcp", "--help"], capture_output=True,
                          text=True, timeout=LIMIT)
    check(done.returncode == 0 and "--allow map" in done.stdout, "help")


SERVER = os.path.join(SOURCE, "tests", "actors", "mcp_server.py")
PYTHON = next(p for p in ("/usr/bin/python3", sys.executable)
              if os.path.exists(p))


def search(*args):
    done = subprocess.run([TROUPE, "search", "queen of a hive", *args],
                          capture_output=True, text=True, timeout=LIMIT)
    return done.returncode, done.stdout, done.stderr


def engine(manner, **more):
    return {"command": [PYTHON, SERVER, manner], "tool": "find",
            "limit": "count", "results": "data.items",
            "text": "meta.body|text", **more}


def test_search(base, folder, cache):
    """Tools of other servers as engines of `troupe search`."""
    path = os.path.join(base, "tools.yaml")
    documents = ("--corpus", folder, "--cache", cache)

    def write(engines):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"engines": engines}, file)

    write({"good": engine("good"), "gone": engine("crash"),
           "echo": engine("echo", env=["MCP_TEST=${TROUPE_SOURCE_DIR}"],
                          arguments={"deep": {"er": [1, True]}})})
    code, out, err = search("--mcp", path, "--json", *documents)
    got = json.loads(out)
    names = {e["name"]: e for e in got["engines"]}
    check(code == 3 and "engine gone failed: its server ended" in err,
          f"one is gone: {code} {err}")
    check(set(names) == {"bm25", "trigram", "phrase", "expand", "anchor",
                         "good", "gone", "echo"}
          and "exit code 7" in names["gone"]["error"], f"{names}")
    by_engine = {e for r in got["results"] for e in r["engines"]}
    check({"good", "echo", "bm25"} <= by_engine, f"{by_engine}")
    echo = next(r for r in got["results"] if r["engines"] == ["echo"])
    check(echo["title"] == SOURCE and json.loads(echo["text"]) == {
        "count": 50, "deep": {"er": [1, True]}, "query": "queen of a hive"},
          f"{echo}")
    code, out, _ = search("--mcp", path, "--engine", "good", "--limit", "2")
    check(code == 0 and out.count("https://example.org/") == 2
          and "good" in out and ":0:" not in out, f"without documents: {out}")
    code, _, err = search("--mcp", path, "--engine", "gone")
    check(code == 1 and "its server ended" in err, f"none answers: {code}")
    check(search("--mcp", path, "--engine", "bm25")[0] == 2, "no corpus")
    check(search("--mcp", path, "--engine", "nobody")[0] == 2, "no such engine")
    write({"deaf": engine("hang-hello", start="200ms"),
           "good": engine("good")})
    began = time.monotonic()
    code, out, err = search("--mcp", path, "--limit", "2")
    check(code == 3 and time.monotonic() - began < 20
          and "engine deaf failed: its server '" in err
          and "did not begin to speak within 200 ms" in err
          and "by 'start'" in err and "good" in out, f"hangs: {code} {err}")
    write({"deaf": engine("hang-hello", start="1h"), "good": engine("good")})
    began = time.monotonic()
    code, out, err = search("--mcp", path, "--deadline", "1500ms")
    check(code == 3 and time.monotonic() - began < 20
          and "engine deaf failed: " in err and "good" in out,
          f"a deadline: {code} {err}")
    check(search("--mcp", path, "--deadline", "soon")[0] == 2, "no time")
    for engines, words in (
            ({}, "there are 0 engines"), (7, "names and values"),
            ({"x": {"tool": "y"}}, "command"),
            ({"x": {"command": ["y"]}}, "tool"),
            ({"bm25": engine("good")}, "rename it"),
            ({"x": engine("good", env=["NAME"])}, "NAME=VALUE"),
            ({"x": engine("good", arguments=7)}, "names and values"),
            ({"x": engine("good", timeout="7")}, "unit"),
            ({"x": engine("good", tittle="7")}, "title")):
        write(engines)
        code, out, err = search("--mcp", path)
        check(code == 2 and words in err and f"{path}:1:" in err and not out,
              f"{words}: {code} {err}")
    check(search("--mcp", path + "x")[0] == 2, "no such file")


def research(*args):
    done = subprocess.run(
        [TROUPE, "research", "Who is the queen of a hive?", "--json", "--quiet",
         *args], capture_output=True, text=True, timeout=LIMIT)
    return done.returncode, done.stdout, done.stderr


def test_research(base, folder, cache):
    """The same tools as engines of `troupe research`: one heals, one is gone."""
    path, log = os.path.join(base, "tools.yaml"), os.path.join(base, "log")
    once = engine("crash-once")
    once["command"] = once["command"] + [log]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"engines": {"good": engine("good"), "once": once,
                               "gone": engine("abort")}}, file)
    code, out, err = research("--mcp", path, "--corpus", folder, "--cache",
                              cache, "--engine", "bm25", "--engine", "good",
                              "--engine", "once")
    report = json.loads(out)
    valid(report, "report.schema.json")
    parts = {a["name"]: a for a in report["run"]["actors"]}
    check(code == 0 and not report["degraded"], f"healed: {code} {err}")
    check(parts["once"]["restarts"] > 0 and parts["once"]["state"] == "done",
          f"{parts['once']}")
    paths = {s["path"] for s in report["sources"]}
    check("https://example.org/1" in paths
          and os.path.join(folder, "bees.txt") in paths, f"{paths}")
    code, out, _ = research("--mcp", path)
    report = json.loads(out)
    check(code == 3 and report["degraded"]
          and "gone" in report["degraded_reason"], f"{code}")
    check(research("--mcp", path, "--engine", "nobody")[0] == 2, "no such one")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"engines": {"good": engine("good"), "deaf": engine(
            "hang-hello", start="200ms")}}, file)
    began = time.monotonic()
    code, out, _ = research("--mcp", path)
    report = json.loads(out)
    check(code == 3 and time.monotonic() - began < 20
          and "engine deaf (failed: its server" in report["degraded_reason"],
          f"hangs: {code} {report['degraded_reason']}")


def main():
    with tempfile.TemporaryDirectory() as base:
        folder, cache = os.path.join(base, "docs"), os.path.join(base, "cache")
        fifo = os.path.join(base, "fifo")
        os.mkdir(folder)
        os.mkfifo(fifo)
        for name, text in DOCUMENTS.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        test_hand_shake()
        test_list()
        test_tools(folder, cache)
        test_leaves_nothing(base)
        test_failures(folder, cache)
        test_progress(folder, cache)
        test_cancel(fifo, folder, cache)
        test_at_once(folder, fifo, cache)
        test_batch(folder)
        test_bad_input(folder)
        test_long_lines()
        test_slow_reader()
        test_ends(fifo)
        test_gone_client(fifo)
        test_last_line()
        test_usage()
        test_search(base, folder, cache)
        test_research(base, folder, cache)
    print(f"{len(failures)} failures" if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

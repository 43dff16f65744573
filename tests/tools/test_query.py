#!/usr/bin/env python3
# test_query.py: troupe query and troupe mock from the outside.
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands: every exit code, each type of answer, the schema of the
result, the file of models with its mistakes, and a mock as a server."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TROUPE = os.environ["TROUPE"]
failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def run(*args, env=None, text_in=None):
    return subprocess.run([TROUPE, *args], capture_output=True, text=True,
                          timeout=60, env={**os.environ, **(env or {})},
                          input=text_in)


def query(*args, code=0, **more):
    done = run("query", "Which is it?", *args, **more)
    check(done.returncode == code,
          f"{args}: exit {done.returncode}, not {code}: {done.stderr}")
    return done


def mock(*models, args=(), code=0):
    """Asks these models of the mock; the result as JSON."""
    named = [x for m in models for x in ("--model", m)]
    done = query("--mock", "--json", *named, *args, code=code)
    return json.loads(done.stdout) if done.stdout else {}


XY = ("--choice", "x", "--choice", "y")
BEES = ("say=Bees live in hives.", "say=Bees live in a hive.")

KEYS = {"outcome", "prompt", "type", "degraded", "asked", "answered", "usable",
        "failed", "not_needed", "quorum", "best", "consensus", "dissent", "judge",
        "answers", "cost", "elapsed_ms"}
ANSWER_KEYS = {"model", "family", "weight", "state", "reason", "answer", "text",
               "truncated", "attempts", "latency_ms", "prompt_tokens",
               "completion_tokens", "cost"}


def test_types():
    for args, kind, more in (((), "text", "claims"), (XY, "choice", "groups"),
                             (("--type", "number"), "number", "groups"),
                             (("--field", "words"), "json", "groups"),
                             (("--type", "ranking", *XY), "ranking",
                              "ranking")):
        got = mock(args=args)
        check(set(got) == KEYS | {more}, f"{kind}: keys {sorted(got)}")
        check(got["type"] == kind and got["best"], f"{kind}: {got['best']}")
        check(all(set(a) == ANSWER_KEYS for a in got["answers"]),
              f"{kind}: keys of answers")
        check(got["asked"] == got["answered"] + got["failed"]
              + got["not_needed"], f"{kind}: counts")


def test_outcomes():
    got = mock("say=x", "say=x", "say=x", "hang", "hang", args=XY)
    check(got["cost"]["calls"] == 5 and got["cost"]["tokens"] > 2 * 2048
          and not got["cost"]["known"], f"what is given up: {got['cost']}")
    check(got["not_needed"] == 2 and got["best"]["answer"] == "x",
          "the rest is not needed")
    got = mock("say=x", "say=x", "say=y", "500", args=XY, code=3)
    check(got["degraded"] == ["500: HTTP 500: the mock was told to fail (the "
                              "last of 3 attempts)"], f"{got['degraded']}")
    got = mock("say=x", "401", "401", args=XY, code=5)
    check(got["best"] is None and got["consensus"]["score"] is None,
          "no quorum, no answer")
    got = mock("say=x", "say=x", "say=x", args=(*XY, "--all", "--budget-calls",
                                                "2"), code=4)
    check([a["state"] for a in got["answers"]].count("budget") == 1, "budget")
    mock("hang", "hang", args=("--deadline", "400ms"), code=124)
    got = mock("sya=x", "say=x", args=(*XY, "--all"), code=5)
    check("HTTP 400: no such manner" in got["degraded"][0], "a slip")
    got = mock("say=x", "say=y", args=XY, code=3)
    check(got["consensus"]["tie"] and got["best"] is None, "a tie")
    got = mock("say=x", "say=y", args=(*XY, "--judge", "say=A"), code=3)
    check(got["judge"] == {"between": ["say=x", "say=y"], "agreed": False,
                           "state": "usable", "reason": ""},
          f"a judge that always means the first: {got['judge']}")
    got = mock(*BEES, "say=No.", args=("--judge", "say=A"))
    check(got["judge"]["agreed"] is False, "of texts too")
    got = mock("say=x+429=1", "say=x", "say=x", args=(*XY, "--all"))
    check(got["answers"][0]["attempts"] == 2, "429 is tried again")
    got = mock("say=x+nousage", "say=x", args=XY)
    check(got["answers"][0]["prompt_tokens"] is None
          and got["cost"]["known"] is False, "unknown is said")


def test_progress():
    slow = ("--mock", "--model", "say=x,say=x+delay=300ms,hang", *XY, "--all",
            "--deadline", "600ms")
    told = [json.loads(line)["done"] for line
            in query(*slow, "--json", code=3).stderr.splitlines()]
    check(told and told == sorted(set(told)) and 2 in told, f"progress: {told}")
    check(query(*slow, "--json", "--quiet", code=3).stderr == "", "--quiet")


def test_judge_that_fails():
    """It is no judge that could not decide."""
    for judge, more, state, words in (
            ("500", ("--attempts", "1"), "failed", "no answer: HTTP 500"),
            ("say=neither", (), "unusable", "no usable answer: ")):
        for says, args in ((("say=x", "say=y"), XY), (BEES + ("say=No.",), ())):
            got = mock(*says, args=(*args, "--all", "--judge", judge, *more),
                       code=3)
            check(got["judge"]["state"] == state and not got["judge"]["agreed"]
                  and got["judge"]["reason"], f"{judge}: {got['judge']}")
            check(len(got["degraded"]) == 1
                  and f"the judge gave {words}" in got["degraded"][0],
                  f"{judge}: {got['degraded']}")
            check((got["best"] is None) == (args == XY), "what stands, stands")
    done = query("--mock", "--model", "say=x", "--model", "say=y", *XY, "--judge",
                 "500", "--attempts", "1", code=3)
    check("the judge gave no answer: HTTP 500" in done.stdout.splitlines()[0]
          and "did not decide" not in done.stdout, done.stdout)
    got = mock("say=x", "say=y", args=(*XY, "--judge", "say=A", "--budget-calls",
                                       "3"), code=4)
    check(got["judge"]["state"] == "budget", f"half a judge: {got['judge']}")
    check("the judge answered in one order only: " in got["degraded"][0],
          f"half a judge: {got['degraded']}")


def test_text():
    done = query("--mock", "--model", "say=x", "--model", "500", "--model",
                 "say=x", *XY, "--attempts", "1", "--all", code=3)
    check(done.stdout.startswith("Degraded: 2 of 3 models gave a usable "
                                 "answer.\n\nAnswer: x\n"), done.stdout)
    check("made up" in done.stderr, "a mock is called one")
    done = query("--mock", "--model", "say=It is 5.", "--model", "say=It is 12.",
                 code=3)
    check("; the best of them tie.\n\nAnswer of say=It is 5.: It is 5.\n\nAnswer "
          "of say=It is 12.: It is 12.\n\nConsensus: 0.00" in done.stdout,
          done.stdout)
    done = query("--mock", "--model", "401", code=5)
    check(done.stdout.startswith("No quorum: 0 of 1 models"), done.stdout)
    one = mock(args=("--seed", "7"))
    other = mock(args=("--seed", "7"))
    check([a["text"] for a in one["answers"]]
          == [a["text"] for a in other["answers"]], "a seed repeats")
    got = run("query", "-", "--mock", "--json", text_in="From a pipe?")
    check(json.loads(got.stdout)["prompt"] == "From a pipe?", "standard input")


def test_lists():
    """--model is a list with a mock, too."""
    done = query("--mock", "--json", "--all", "--model", "say=x,say=x,500",
                 "--attempts", "1", *XY, "--quorum", "3", code=5)
    got = json.loads(done.stdout)
    check([a["model"] for a in got["answers"]] == ["say=x", "say=x #2", "500"],
          f"three models: {got['answers']}")
    runs = json.loads(run("runs", "list", "--json").stdout)
    check(any("--model say=x,say=x,500 " in r["command"] for r in runs),
          "the command is kept as it was given")
    got = mock("say=1\\,200,say=1200", args=("--type", "number"))
    check([a["text"] for a in got["answers"]] == ["1,200", "1200"],
          f"a comma that is said: {got['answers']}")
    for wrong, words in (("say=x,,say=y", "wants a name"),
                         ("say=Yes, it is", "a comma in a name is written \\,")):
        done = query("--mock", "--model", wrong, code=2)
        check(words in done.stderr, done.stderr)


def test_interrupt():
    running = subprocess.Popen(
        [TROUPE, "query", "Which?", "--mock", "--all", *XY, "--model", "say=x",
         "--model", "say=x", "--model", "hang"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stderr.readline()  # the mock is there, signals are caught
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    check(running.returncode in (3, 5) and "it was interrupted" in out,
          f"interrupt: {running.returncode} {out}")
    check("not needed" not in out and "interrupted" in out.split("hang")[-1],
          f"interrupt: {out}")


def test_usage():
    for args, words in (
            ((), "give --models FILE, or --mock"),
            (("--mock", "--models", "x"), "give --models FILE, or --mock"),
            (("--mock", "--choice", "x"), "two --choice"),
            (("--mock", "--type", "json"), "--field go together"),
            (("--mock", "--quorum", "9"), "more than the 5 models"),
            (("--mock", "--tolerance", "-1"), "--tolerance wants"),
            (("--mock", *XY, "--tolerance", "1"), "--type number alone"),
            (("--mock", "--deadline", "x"), "--deadline wants"),
            (("--mock", "--budget-money", "1"), "the mock has no prices"),
            (("--mock", "--choice", "x", "--choice", "X"), "given twice"),
            (("--nonsense",), "no option"), (("second",), "one prompt")):
        done = query(*args, code=2)
        check(words in done.stderr, f"{args}: {done.stderr}")
    done = run("query", "", "--mock")
    check(done.returncode == 2 and "empty" in done.stderr, "an empty prompt")


GOOD = """providers:
  local: {url: "URL", requests_per_minute: 6000}
models:
  yes: {provider: local, model: "say=x", family: a, price_in: 1, price_out: 2}
  no: {provider: local, model: "say=y", family: b, weight: 3, stream: true}
  slow: {provider: local, model: "say=x+drip=5ms", family: a, max_tokens: 10}
"""


COSTS = """providers: {local: {url: "URL"}}
models:
  good: {provider: local, model: "say=x", price_in: 1000, price_out: 1000}
  cut: {provider: local, model: "say=x+cut=1", stream: true, max_tokens: 100,
        price_in: 1000, price_out: 1000}
  free: {provider: local, model: "say=y"}
"""


def test_costs(path, url):
    """What people read is what programs do: of all calls, of the whole run."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(COSTS.replace("URL", url))
    ask = ("--models", path, "--all", "--attempts", "2", *XY)

    def both(*more, code):
        cost = json.loads(query(*ask, *more, "--json", code=code).stdout)["cost"]
        return cost, query(*ask, *more, code=code).stdout.splitlines()[-1]

    cost, text = both("--model", "good,cut", code=5)
    check(cost["calls"] == 3 and not cost["known"] and text.endswith(
        f"it cost {cost['tokens']} tokens, {cost['money']:.6f} in money, in 3 "
        "calls, a part of it unknown."), f"{cost}: {text}")
    cost, text = both("--model", "good,free", code=3)
    check(not cost["known"] and f" {cost['tokens']} tokens, {cost['money']:.6f} in "
          "money for those that have a price, in 2 calls." in text,
          f"{cost}: {text}")
    query(*ask, "--model", "good", "--json")
    cost, text = both("--model", "good", "--resume", "last", code=0)
    check(cost["calls"] == 1 and f" {cost['tokens']} tokens, {cost['money']:.6f} "
          "in money, in 1 call; 1 answer was in the journal of the run." in text,
          f"{cost}: {text}")
    text = both("--model", "free", code=0)[1]
    check(", money unknown, in 1 call." in text, text)


def test_file(url, folder):
    path = os.path.join(folder, "models.yaml")

    def write(old="", new=""):
        with open(path, "w", encoding="utf-8") as out:
            out.write(GOOD.replace("URL", url).replace(old, new, 1)
                      if old else GOOD.replace("URL", url))

    def wrong(words, *args, env=None):
        done = query("--models", path, *args, code=2, env=env)
        check(words in done.stderr, f"wanted {words!r}: {done.stderr}")

    test_costs(path, url)
    write()
    done = query("--models", path, "--json", "--all", *XY)
    got = json.loads(done.stdout)
    check(got["best"]["answer"] == "y" and got["consensus"]["families"] == 2,
          f"weights count: {got['best']}")
    check(abs(got["consensus"]["score"] - 0.6) < 1e-9, "share by weight")
    done = query("--models", path, "--model", "yes,slow", "--json", *XY)
    check(json.loads(done.stdout)["asked"] == 2, "--model chooses")
    done = query("--models", path, "--model", "yes", "--json", *XY,
                 "--budget-money", "5")
    check(json.loads(done.stdout)["cost"]["money"] > 0, "money is counted")
    wrong("there is no model 'yse'; did you mean 'yes'?",
          "--model", "yse")
    wrong("5:3: model 'no' has no price_in", "--budget-money", "1")
    write("family: b", "famly: b")
    wrong(f"{path}:5:41: model 'no' has no key 'famly'; did you mean 'family'?")
    write("weight: 3", "weight: heavy")
    wrong("'weight' wants a number from 0 on, as in 0.5, not 'heavy'")
    write("provider: local, model: \"say=y", "provider: locl, model: \"say=y")
    wrong("5:18: there is no provider 'locl'; did you mean 'local'?")
    write("requests_per_minute: 6000", "key_env: TROUPE_NO_SUCH_KEY")
    wrong("the environment variable TROUPE_NO_SUCH_KEY")
    query("--models", path, *XY, env={"TROUPE_NO_SUCH_KEY": "secret"})
    write("max_tokens: 10", "max_tokens: many")
    wrong("'max_tokens' wants a whole number")
    write(f'url: "{url}"', 'url: "localhost"')
    wrong("which is no address")
    write(f'url: "{url}"', f'url: "{url}/chat/completions/"')
    wrong(f"ends in '/chat/completions', which is added to it; write {url}\n")
    write("models:", "modls:")
    wrong("did you mean 'models'?")
    os.remove(path)
    wrong("No such file")


def post(url, model, key=None):
    body = json.dumps({"model": model, "messages": [
        {"role": "user", "content": "hello"}]}).encode()
    request = urllib.request.Request(url + "/chat/completions", body)
    if key:
        request.add_header("Authorization", "Bearer " + key)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers)


def test_mock(url):
    status, body = post(url, "say=yes")
    check(status == 200 and body["choices"][0]["message"]["content"] == "yes",
          f"mock: {body}")
    check(body["usage"]["total_tokens"] == 2, f"mock: {body['usage']}")
    status, headers = post(url, "429=1+after=7")
    check(status == 429 and headers["Retry-After"] == "7", f"{headers}")
    check(post(url, "429=1+after=7")[0] == 200, "the second time it is well")
    check(post(url, "404")[0] == 404, "404")
    with urllib.request.urlopen(url.replace("/v1", "/search?q=bees&format=json"),
                                timeout=20) as reply:
        check(len(json.load(reply)["results"]) == 5, "search")


class Plain(BaseHTTPRequestHandler):
    """A server that takes a schema (/v1), or refuses it (/old)."""
    asked = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        schema = body.get("response_format", {}).get("json_schema")
        Plain.asked.append(schema)
        refused = schema and self.path.startswith("/old")
        answer = json.dumps({"error": {"message": "unknown response_format"}}
                            if refused else
                            {"choices": [{"message": {
                                "content": '{"a": {"b": [7]}} \x1b[31m\x9b31m'}}]}).encode()
        self.send_response(400 if refused else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def test_structured(folder):
    """Structured output where it is supported, and without it where not."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.path.join(folder, "plain.yaml")
    for base, schemas in (("v1", 1), ("old", 1)):
        with open(path, "w", encoding="utf-8") as file:
            file.write("providers:\n  p: {url: 'http://127.0.0.1:"
                       f"{server.server_port}/{base}'}}\n"
                       "models:\n  m: {provider: p, model: x}\n")
        Plain.asked.clear()
        done = query("--models", path, "--field", "a.b", "--json")
        check(json.loads(done.stdout)["best"]["answer"] == "[7]", done.stdout)
        told = query("--models", path).stdout
        check("\x1b" not in told and "\x9b" not in told and "[31m" in told,
              f"nothing that works a terminal: {told!r}")
        Plain.asked.pop()
        sent = [schema for schema in Plain.asked if schema]
        check(len(sent) == schemas and len(Plain.asked) == (2 if base == "old"
                                                            else 1),
              f"{base}: {Plain.asked}")
        check(sent and sent[0]["schema"]["properties"]["a"]["required"] == ["b"],
              f"the schema: {sent}")
    server.shutdown()
    server.server_close()


def main():
    server = subprocess.Popen([TROUPE, "mock", "--parent"], text=True,
                              stdout=subprocess.PIPE)
    url = server.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as folder:
        test_mock(url)
        test_types()
        test_outcomes()
        test_progress()
        test_judge_that_fails()
        test_text()
        test_lists()
        test_interrupt()
        test_usage()
        test_file(url, folder)
        test_structured(folder)
    server.send_signal(signal.SIGTERM)
    check(server.wait(timeout=20) == 0, "the mock ends when it is told to")
    done = run("mock", "--port", "70000")
    check(done.returncode == 2, "a port that is none")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())

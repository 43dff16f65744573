#!/usr/bin/env python3
# test_trace.py: the traces of troupe's commands, in files and at a collector.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import tempfile
from pathlib import Path

from otlp import Trace, Wrong, check, collector, failures, from_file, troupe

TRACED = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/traced.so"
SOURCE = Path(__file__).resolve().parents[2]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"

# --- what is asked of the traces ------------------------------------------------


def test_map():
    done = troupe("map", "--retries", "1", "--trace", "map.json", code=3,
                  env={"TRACEPARENT": PARENT, "OTEL_SERVICE_NAME": "test",
                       "OTEL_RESOURCE_ATTRIBUTES": "a=b%20c,d=e,broken"},
                  given="true\nfalse\necho $TRACEPARENT\n")
    trace = from_file("map.json", "map")
    check(trace.root["traceId"] == TRACE, "map: not the trace of TRACEPARENT")
    check(trace.root.get("parentSpanId") == SPAN, "map: not below it")
    check(trace.root["name"] == "troupe map", "map: the root's name")
    resource = trace.root["resource"]
    check(resource["service.name"] == "test" and resource["a"] == "b c"
          and resource["d"] == "e", f"map: {resource}")
    tasks = trace.below(trace.root, "task command")
    check(len(tasks) == 3, f"map: {len(tasks)} tasks below the root")
    bad = [it for it in tasks if it["status"].get("code") == 2]
    check([it["status"]["message"] for it in bad] == ["exit code 1"],
          f"map: {[it['status'] for it in tasks]}")
    attempts = [event["name"] for event in bad[0]["events"]]
    check(attempts == ["attempt", "attempt"], f"map: {attempts}")
    check(len(trace.below(bad[0], "run troupe_command")) == 2,
          "map: each attempt is a span of the ask")
    told = [json.loads(line)["value"]["stdout"].strip()
            for line in done.stdout.splitlines()]
    last = [text for text in told if text][0].split("-")
    check(last[1] == TRACE and last[2] in trace.spans,
          "map: a command goes on with the trace")


def test_processes():
    done = troupe("map", "--library", TRACED, "--fn", "traced", "--mode",
                  "process", "-j", "2", "--trace", "far.json", given="1\n2\n3\n")
    trace = from_file("far.json", "processes")
    tasks = trace.below(trace.root, "task traced")
    afar = trace.named("afar")
    answers = [json.loads(line)["value"] for line in done.stdout.splitlines()]
    check(len(tasks) == 3 and len(afar) == 3, "processes: a span of each")
    check({it["attributes"]["pid"] for it in afar}
          == {it["pid"] for it in answers}, "processes: spans of other processes")
    check(os.getpid() not in {it["pid"] for it in answers}, "processes: others")
    for it in answers:
        _, trace_id, span_id, _ = it["at"].split("-")
        check(trace_id == trace.root["traceId"] and span_id in trace.spans,
              f"processes: {it}")
    for it in afar:
        check(it["attributes"]["list"] == [1, -2]
              and it["attributes"]["good"] is True and "nil" not in it["attributes"]
              and it["attributes"]["map"] == {}, f"{it['attributes']}")
        check(it["events"][0]["attributes"] == {"share": 0.5}, f"{it['events']}")


def test_many():
    """More than is under way at once, faster than it is written: none is lost."""
    done = troupe("map", "--library", TRACED, "--fn", "traced", "--no-journal",
                  "--quiet", "-j", "8", "--trace", "many.json",
                  given="1\n" * 2000)
    trace = from_file("many.json", "many")
    counts = [len(trace.named(name)) for name in ("task traced", "afar")]
    check(counts == [2000, 2000] and not done.stderr, f"many: {counts}")


def test_graph():
    Path("graph.yaml").write_text(
        "tasks:\n"
        "  one: {cmd: 'true'}\n"
        "  two: {cmd: 'test -e twice || { touch twice; exit 1; }', retries: 2,\n"
        "        backoff: {min: 1ms, max: 2ms}}\n"
        "  both: {cmd: 'exit 3', needs: [one, two], optional: true}\n"
        "  last: {value: 7, needs: [one]}\n")
    troupe("graph", "run", "--quiet", "--trace", "graph.json", "graph.yaml",
           code=3)
    trace = from_file("graph.json", "graph")
    tasks = {it["attributes"]["troupe.task.key"]: it for it in trace.named("task ")}
    check(set(tasks) == {"one", "two", "both", "last"}, f"graph: {set(tasks)}")
    links = {it["spanId"] for it in tasks["both"]["links"]}
    check(links == {tasks["one"]["spanId"], tasks["two"]["spanId"]},
          "graph: links to what it needs")
    events = [it["name"] for it in tasks["two"]["events"]]
    check(events == ["attempt", "again", "attempt"], f"graph: {events}")
    check(tasks["both"]["status"]["code"] == 2, "graph: a failure")
    check(len(trace.below(tasks["two"], "run troupe_command")) == 2,
          "graph: asks below their task")


def test_query():
    with collector() as it:
        troupe("query", "Which?", "--mock", "--choice", "x", "--choice", "y",
               "--model", "say=x", "--model", "500=1+say=x", "--model", "401",
               "--all", "--otlp", it.url, code=3)
        trace = Trace(it.server.spans, "query")
    calls = {it["attributes"]["gen_ai.request.model"]: it
             for it in trace.named("chat ")}
    good, again, bad = (calls[name] for name in ("say=x", "500=1+say=x", "401"))
    for it in calls.values():
        check(it["kind"] == 3 and it["attributes"]["gen_ai.operation.name"] == "chat"
              and it["attributes"]["gen_ai.provider.name"] == "openai"
              and it["attributes"]["server.address"] == "127.0.0.1",
              f"query: {it['attributes']}")
    check(good["attributes"]["gen_ai.usage.input_tokens"] > 0
          and good["attributes"]["gen_ai.usage.output_tokens"] == 1
          and good["attributes"]["gen_ai.response.model"] == "say=x"
          and good["attributes"]["gen_ai.response.finish_reasons"] == ["stop"],
          f"query: {good['attributes']}")
    check([event["name"] for event in again["events"]] == ["retry"]
          and again["events"][0]["attributes"]["error.type"] == "500"
          and again["attributes"]["troupe.attempts"] == 2, f"query: {again}")
    check(bad["status"]["code"] == 2 and bad["attributes"]["error.type"] == "401",
          f"query: {bad}")
    check(len(trace.below(again, "complete ")) == 2, "query: both attempts")


def test_decide():
    troupe("decide", "--quiet", "--trace", "decide.json",
           str(SOURCE / "examples/decisions/office.yaml"))
    trace = from_file("decide.json", "decide")
    cells = {(it["attributes"]["troupe.decide.strategy"],
              it["attributes"]["troupe.decide.option"])
             for it in trace.named("evaluate ")}
    strategies = {one for one, _ in cells}
    options = {other for _, other in cells}
    check(len(cells) == len(strategies) * len(options) and len(strategies) == 4,
          f"decide: {cells}")


def test_research():
    Path("corpus").mkdir()
    Path("corpus/one.txt").write_text("A mailbox holds the messages of an actor.\n")
    troupe("research", "what is a mailbox", "--corpus", "corpus", "--cache",
           "cache", "--quiet", "--fail", "phrase", "--trace", "research.json",
           code=3)
    trace = from_file("research.json", "research")
    found = {it["attributes"].get("troupe.engine"): it
             for it in trace.named("search ")}
    check({"bm25", "trigram", "expand", "anchor"} <= set(found),
          f"research: {set(found)}")
    check(any(it["status"].get("code") == 2 for it in trace.named("search ")),
          "research: the engine that fails")


def test_collectors():
    """One that is down, slow to come, or refuses: never a lost run."""
    done = troupe("map", "--quiet", "--otlp", "http://127.0.0.1:9", given="true\n")
    check("warning: the trace is not complete" in done.stderr
          and '"ok"' in done.stdout, f"down: {done.stderr}")
    with collector(answers=[(503, ""), (429, "{}")]) as it:
        done = troupe("map", "--quiet", "--otlp", it.url + "/v1/traces",
                      given="true\n",
                      env={"OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b,other=c"})
        Trace(it.server.spans, "again")
        check(len(it.server.headers) >= 3, "again: three posts")
        check(it.server.headers[0].get("x-key") == "a b"
              and it.server.headers[0].get("other") == "c", "headers")
    check(not done.stderr, f"again: {done.stderr}")
    done = troupe("map", "--quiet", "--otlp", "http://127.0.0.1:9",
                  given="true\n", env={"OTEL_EXPORTER_OTLP_HEADERS": "secret"})
    check("not a list of name=value: OTEL_EXPORTER_OTLP_HEADERS" in done.stderr
          and "secret" not in done.stderr, f"headers: {done.stderr}")
    refusal = '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}}'
    with collector(reply=refusal) as it:
        done = troupe("map", "--quiet", "--otlp", it.url, given="true\n")
        check("2 of " in done.stderr and "why" in done.stderr,
              f"refused: {done.stderr}")
    with collector(answers=[(400, "{}")] * 9) as it:
        done = troupe("map", "--quiet", "--otlp", it.url, given="true\n")
        check("HTTP 400" in done.stderr, f"400: {done.stderr}")


def test_environment():
    with collector() as it:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": it.url}
        for more, sent in (({}, True), ({"OTEL_SDK_DISABLED": "true"}, False),
                           ({"OTEL_TRACES_EXPORTER": "none"}, False),
                           ({"TRACEPARENT": PARENT[:-1] + "0"}, False),
                           ({"TRACEPARENT": "nonsense"}, True)):
            it.server.spans.clear()
            troupe("map", "--quiet", "--no-journal", given="true\n",
                   env={**env, **more})
            check(bool(it.server.spans) == sent, f"environment: {more}")
        it.server.spans.clear()
        troupe("map", "--quiet", "--no-journal", given="true\n",
               env={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": it.url + "/v1/traces"})
        check(it.server.spans, "environment: the endpoint of traces")
    done = troupe("map", "--quiet", "--no-journal", given="true\n",
                  env={"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost"})
    check("no trace is sent" in done.stderr, f"no URL: {done.stderr}")
    done = troupe("map", "--quiet", "--trace", "/nowhere/file", given="true\n",
                  code=1)
    check("/nowhere/file: No such file" in done.stderr, f"no file: {done.stderr}")
    troupe("map", "--otlp", "localhost:4318", code=2)


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        os.environ["XDG_STATE_HOME"] = directory + "/state"
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                try:
                    test()
                except (Wrong, LookupError, OSError) as error:
                    check(False, f"{name}: {error!r}")
        os.chdir("/")
    print(f"{len(failures)} failures")
    raise SystemExit(bool(failures))


main()

# otlp.py: reads OTLP's JSON strictly, and is a collector of it, for tests.
# SPDX-License-Identifier: Apache-2.0
"""A strict reader of OTLP's JSON (opentelemetry-proto's trace.proto in protobuf's
JSON mapping), and a collector on HTTP that refuses what it does not read."""

import http.server
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

TROUPE = os.environ["TROUPE"]

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*args, code=0, env=None, given=""):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("OTEL_") and k != "TRACEPARENT"}
    done = subprocess.run([TROUPE, *args], input=given, capture_output=True,
                          text=True, timeout=120, env={**clean, **(env or {})})
    check(done.returncode == code, f"exit code {done.returncode}, not {code}: "
          f"{args}\n{done.stdout}{done.stderr}")
    return done


# --- a strict reader ----------------------------------------------------------


class Wrong(Exception):
    pass


def need(truth, what):
    if not truth:
        raise Wrong(what)


def is_u64(text):
    return isinstance(text, str) and re.fullmatch(r"0|[1-9][0-9]{0,19}", text)


def keys(value, required, optional=()):
    need(isinstance(value, dict), f"{value!r} is no object")
    there = set(value)
    need(set(required) <= there, f"no {set(required) - there} in {value}")
    need(there <= set(required) | set(optional),
         f"unknown {there - set(required) - set(optional)}")


def read_any(value):
    keys(value, (), ("stringValue", "boolValue", "intValue", "doubleValue",
                     "arrayValue", "kvlistValue", "bytesValue"))
    need(len(value) <= 1, f"two values in one: {value}")
    for kind, it in value.items():
        if kind == "stringValue":
            need(isinstance(it, str), "a text")
        elif kind == "boolValue":
            need(isinstance(it, bool), "a bool")
        elif kind == "intValue":
            need(isinstance(it, str) and re.fullmatch(r"-?[0-9]+", it), "an int")
            return int(it)
        elif kind == "doubleValue":
            need(it in ("NaN", "Infinity", "-Infinity")
                 or (isinstance(it, (int, float)) and not isinstance(it, bool)),
                 "a double")
        elif kind == "bytesValue":
            need(re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", it), "base64")
        elif kind == "arrayValue":
            keys(it, (), ("values",))
            return [read_any(each) for each in it.get("values", [])]
        else:
            keys(it, (), ("values",))
            return read_attributes(it.get("values", []))
        return it
    return None


def read_attributes(items):
    need(isinstance(items, list), "attributes are a list")
    found = {}
    for item in items:
        keys(item, ("key", "value"))
        need(isinstance(item["key"], str) and item["key"], "a key")
        need(item["key"] not in found, f"{item['key']} is there twice")
        found[item["key"]] = read_any(item["value"])
    return found


def read_ids(it):
    need(re.fullmatch("[0-9a-f]{32}", it["traceId"]) and int(it["traceId"], 16),
         f"trace id {it['traceId']}")
    need(re.fullmatch("[0-9a-f]{16}", it["spanId"]) and int(it["spanId"], 16),
         f"span id {it['spanId']}")


def read_span(it):
    keys(it, ("traceId", "spanId", "name", "kind", "startTimeUnixNano",
              "endTimeUnixNano"),
         ("parentSpanId", "attributes", "events", "links", "status", "traceState",
          "flags", "droppedAttributesCount", "droppedEventsCount",
          "droppedLinksCount"))
    read_ids(it)
    if "parentSpanId" in it:
        need(re.fullmatch("[0-9a-f]{16}", it["parentSpanId"]), "parent")
        need(it["parentSpanId"] != it["spanId"], "its own parent")
    need(isinstance(it["name"], str) and it["name"], "a name")
    need(type(it["kind"]) is int and 1 <= it["kind"] <= 5, f"kind {it['kind']}")
    begin, end = it["startTimeUnixNano"], it["endTimeUnixNano"]
    need(is_u64(begin) and is_u64(end), "times are strings of digits")
    need(int(begin) <= int(end), "it ends before it begins")
    need(abs(int(end) / 1e9 - time.time()) < 3600, "not a time of today")
    it["attributes"] = read_attributes(it.get("attributes", []))
    for event in it.get("events", []):
        keys(event, ("timeUnixNano", "name"),
             ("attributes", "droppedAttributesCount"))
        need(is_u64(event["timeUnixNano"]), "the time of an event")
        event["attributes"] = read_attributes(event.get("attributes", []))
    for link in it.get("links", []):
        keys(link, ("traceId", "spanId"), ("attributes", "traceState", "flags"))
        read_ids(link)
    status = it.get("status", {})
    keys(status, (), ("code", "message"))
    need(type(status.get("code", 0)) is int and 0 <= status.get("code", 0) <= 2,
         "a status")
    return it


def read_document(document):
    """Spans, by id, each with the attributes of its resource."""
    keys(document, ("resourceSpans",))
    spans = {}
    for one in document["resourceSpans"]:
        keys(one, ("resource", "scopeSpans"), ("schemaUrl",))
        keys(one["resource"], ("attributes",), ("droppedAttributesCount",))
        resource = read_attributes(one["resource"]["attributes"])
        need(resource.get("service.name"), "no service.name")
        for scope in one["scopeSpans"]:
            keys(scope, ("scope", "spans"), ("schemaUrl",))
            keys(scope["scope"], ("name",), ("version", "attributes"))
            for it in scope["spans"]:
                span = read_span(it)
                need(span["spanId"] not in spans, "a span twice")
                spans[span["spanId"]] = {**span, "resource": resource}
    return spans


class Trace:
    """Spans of one run, which must be one tree."""

    def __init__(self, spans, what):
        self.spans = spans
        ids = {it["traceId"] for it in spans.values()}
        check(len(ids) == 1, f"{what}: {len(ids)} traces")
        self.roots = [it for it in spans.values()
                      if it.get("parentSpanId") not in spans]
        check(len(self.roots) == 1, f"{what}: roots "
              f"{[it['name'] for it in self.roots]}")
        self.root = self.roots[0]

    def named(self, begin):
        return [it for it in self.spans.values() if it["name"].startswith(begin)]

    def below(self, span, name):
        return [it for it in self.named(name)
                if it.get("parentSpanId") == span["spanId"]]


def read_file(path):
    spans = {}
    for line in Path(path).read_text().splitlines():
        for key, span in read_document(json.loads(line)).items():
            check(key not in spans, f"{path}: a span in two batches")
            spans[key] = span
    return spans


def from_file(path, what):
    return Trace(read_file(path), what)


# --- a collector --------------------------------------------------------------


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.headers.append(dict(self.headers))
        try:
            need(self.path == "/v1/traces", f"path {self.path}")
            need(self.headers["Content-Type"] == "application/json", "type")
            if server.answers:
                return self.answer(*server.answers.pop(0))
            spans = read_document(json.loads(body))
            need(not set(spans) & set(server.spans), "a span twice")
            server.spans.update(spans)
            self.answer(200, server.reply)
        except (Wrong, ValueError, KeyError) as error:
            server.wrong.append(repr(error))
            self.answer(400, "{}")

    def answer(self, code, text):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class collector:
    """with collector() as it: it.url, it.server.spans"""

    def __init__(self, answers=(), reply="{}"):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        self.server.spans, self.server.wrong = {}, []
        self.server.headers = []
        self.server.answers, self.server.reply = list(answers), reply
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        check(not self.server.wrong, f"refused: {self.server.wrong}")

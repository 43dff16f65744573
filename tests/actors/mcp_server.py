# mcp_server.py: an MCP server for tests, which can be told to fail.
# SPDX-License-Identifier: Apache-2.0
"""Usage: mcp_server.py MANNER [FILE]. Its one tool, "find", answers as MANNER
says. With FILE, the process number of each server is appended there, and a
manner that ends in "-once" holds for the first server alone."""

import json
import os
import subprocess
import sys

MANNER = sys.argv[1]
LOG = sys.argv[2] if len(sys.argv) > 2 else None
LONG = 1 << 20


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def results(query, limit):
    return [{"title": f"Result {i} of {query}",
             "url": f"https://example.org/{i}",
             "meta": {"body": f"Text {i}: {query} \u00e9\u0007."}}
            for i in range(1, limit + 1)]


def good(ident, arguments):
    found = results(arguments["query"], arguments.get("count", 3))
    result = {"content": [{"type": "text", "text": json.dumps(
        {"data": {"items": found}})}], "isError": False}
    if MANNER != "text":
        result["structuredContent"] = {"data": {"items": found}}
    if MANNER == "echo":
        result["structuredContent"]["data"]["items"] = [
            {"title": os.environ.get("MCP_TEST", ""), "url": os.getcwd(),
             "text": json.dumps(arguments, sort_keys=True)}]
    if MANNER == "plain":
        result = {"content": [{"type": "text", "text": "One text."},
                              {"type": "image", "data": "", "mimeType": "x"},
                              {"type": "resource", "resource": {
                                  "uri": "file:///x", "text": "Another."}}]}
    send({"id": ident, "result": result})


def flood():
    while True:
        sys.stdout.write("x" * 65536)
        sys.stdout.flush()


def chatter():
    while True:
        send({"method": "notifications/message",
              "params": {"level": "info", "data": "y" * 1000}})


def is_first():
    if not LOG:
        return True
    with open(LOG, encoding="ascii") as log:
        return len(log.read().split()) == 1


def fail(manner, ident):
    """What it does instead of an answer; False when it answers well."""
    if manner == "crash":
        print("a reason\nthe last words", file=sys.stderr, flush=True)
        os._exit(7)
    elif manner == "abort":
        os.abort()
    elif manner == "flood":
        flood()
    elif manner == "chatter":
        chatter()
    elif manner == "closed":
        os.close(1)
    elif manner == "bad-json":
        print('{"jsonrpc": "2.0", "id": }', flush=True)
    elif manner == "words":
        print("words\n" * 200, flush=True)
    elif manner == "long":
        send({"id": ident, "result": {"content": [
            {"type": "text", "text": "z" * LONG}]}})
    elif manner == "error":
        send({"id": ident, "error": {"code": -32602, "message": "not so"}})
    elif manner == "is-error":
        send({"id": ident, "result": {"isError": True, "content": [
            {"type": "text", "text": "the index is gone \u00e9"}]}})
    elif manner == "no-list":
        send({"id": ident, "result": {"content": [],
                                      "structuredContent": {"data": 7}}})
    elif manner == "no-text":
        send({"id": ident, "result": {"content": [], "structuredContent": {
            "data": {"items": [{"title": "x"}, 17, None]}}}})
    elif manner == "odd":  # what is none of the client's business, and asks
        send({"id": "other", "result": {}})
        send({"id": 12345, "result": {}})
        send({"method": "notifications/progress", "params": {}})
        send({"id": "p", "method": "ping"})
        send({"id": "r", "method": "roots/list"})
        print("  \nnoise", flush=True)
        answers = [json.loads(sys.stdin.readline()) for _ in range(2)]
        assert answers[0] == {"jsonrpc": "2.0", "id": "p", "result": {}}
        assert answers[1]["error"]["code"] == -32601
        return False
    elif manner != "hang":
        return False
    return True


def main():
    if LOG:
        with open(LOG, "a", encoding="ascii") as log:
            log.write(f"{os.getpid()}\n")
    if MANNER == "family":  # a child that holds its output, and stays
        with subprocess.Popen(["sleep", "1000"]) as child:
            with open(LOG, "a", encoding="ascii") as log:
                log.write(f"{child.pid}\n")
            serve()
    serve()


def serve():
    for line in sys.stdin:
        message = json.loads(line)
        method, ident = message.get("method"), message.get("id")
        if method == "initialize":
            if MANNER == "hang-hello":
                continue
            version = "1999-01-01" if MANNER == "old" else \
                message["params"]["protocolVersion"]
            send({"id": ident, "result": {
                "protocolVersion": version, "capabilities": {"tools": {}},
                "serverInfo": {"name": "test", "version": "1"}}})
        elif method == "notifications/cancelled" and LOG:
            with open(LOG, "a", encoding="ascii") as log:
                log.write(f"cancelled {message['params']['requestId']}\n")
        elif method == "tools/call":
            once = MANNER.endswith("-once")
            manner = MANNER.removesuffix("-once")
            if (once and not is_first()) or not fail(manner, ident):
                assert message["params"]["name"] == "find"
                good(ident, message["params"]["arguments"])


main()

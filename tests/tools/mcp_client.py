# mcp_client.py: a client of the Model Context Protocol, for tests.
# SPDX-License-Identifier: Apache-2.0
"""Speaks to a server over its standard streams. A thread reads what comes, so
that nobody waits for nobody; each wait has a limit."""

import json
import os
import queue
import subprocess
import threading

TROUPE = os.environ["TROUPE"]
LIMIT = 60 * int(os.environ.get("TROUPE_TIMEOUT_FACTOR", "1"))  # seconds


class Client:
    def __init__(self, *args, version="2025-06-18", env=None):
        self.process = subprocess.Popen(
            [TROUPE, "mcp", *args], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})})
        self.lines = queue.Queue()
        self.others = []  # what came while something else was waited for
        self.errors = b""
        self.last_id = 0
        self.threads = [threading.Thread(target=f, daemon=True)
                        for f in (self.read, self.read_errors)]
        for thread in self.threads:
            thread.start()
        self.hello = None
        if version:
            self.hello = self.request("initialize", {
                "protocolVersion": version, "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"}})
            self.notify("notifications/initialized")

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def read_errors(self):
        self.errors = self.process.stderr.read()

    def write(self, line):
        """A line as it is, as bytes, as text or as JSON."""
        if not isinstance(line, (bytes, str)):
            line = json.dumps(line)
        if isinstance(line, str):
            line = line.encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, method, params=None, ident=None):
        """A request; returns its id."""
        if ident is None:
            self.last_id += 1
            ident = self.last_id
        message = {"jsonrpc": "2.0", "id": ident, "method": method}
        if params is not None:
            message["params"] = params
        self.write(message)
        return ident

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.write(message)

    def next(self):
        """The next message; None at the end."""
        line = self.lines.get(timeout=LIMIT)
        if line is None:
            return None
        message = json.loads(line)
        assert isinstance(message, list) or message["jsonrpc"] == "2.0"
        return message

    def answer(self, ident):
        """The answer to a request; the rest is kept in `others`."""
        while True:
            message = self.next()
            if message is None:
                raise EOFError(f"the end instead of the answer to {ident}")
            if isinstance(message, dict) and message.get("id", "") == ident \
                    and "method" not in message:
                return message
            self.others.append(message)

    def request(self, method, params=None, ident=None):
        return self.answer(self.send(method, params, ident))

    def call(self, name, arguments=None, token=None):
        """A call of a tool; returns its id."""
        params = {"name": name}
        if arguments is not None:
            params["arguments"] = arguments
        if token is not None:
            params["_meta"] = {"progressToken": token}
        return self.send("tools/call", params)

    def use(self, name, arguments=None, token=None):
        """The result of a call, or its error as {"error": ...}."""
        got = self.answer(self.call(name, arguments, token))
        return got["result"] if "result" in got else got

    def cancel(self, ident):
        self.notify("notifications/cancelled",
                    {"requestId": ident, "reason": "test"})

    def close(self):
        """Ends the input; returns the exit code and what still came."""
        self.process.stdin.close()
        return self.wait()

    def wait(self):
        rest = []
        while (message := self.next()) is not None:
            rest.append(message)
        code = self.process.wait(timeout=LIMIT)
        for thread in self.threads:
            thread.join(timeout=LIMIT)
        self.process.stdout.close()
        self.process.stderr.close()
        return code, rest

# test_vectors.py: the test vectors, read by nothing but what WIRE.md says.
# SPDX-License-Identifier: Apache-2.0
"""Reads vectors.txt with a reader of its own and, where python3-msgpack is
installed, with that library. Prints each vector that is read differently."""

import json
import struct
import sys
from pathlib import Path

try:
    import msgpack
except ImportError:
    msgpack = None

NUMBERS = "kind size to from id deadline".split()
DEPTH_MAX = 32


class Refused(Exception):
    """The bytes are not what WIRE.md allows."""


class Reader:
    """Reads msgpack values one after another."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        if size > len(self.data) - self.at:
            raise Refused("cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def text(self, size):
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("not UTF-8") from error

    def array(self, count, depth):
        if depth == DEPTH_MAX:
            raise Refused("too deep")
        return [self.value(depth + 1) for _ in range(count)]

    def map(self, count, depth):
        items = self.array(2 * count, depth)
        return dict(zip(items[::2], items[1::2]))

    def value(self, depth=0):
        first = self.take(1)[0]
        if first < 0x80 or first >= 0xE0:
            return first if first < 0x80 else first - 256
        if first < 0x90:
            return self.map(first & 15, depth)
        if first < 0xA0:
            return self.array(first & 15, depth)
        if first < 0xC0:
            return self.text(first & 31)
        if first in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[first]
        if 0xC4 <= first <= 0xC6:
            return self.take(self.number("BHI"[first - 0xC4]))
        if 0xCA <= first <= 0xD3:
            return self.number("fdBHIQbhiq"[first - 0xCA])
        if 0xD9 <= first <= 0xDB:
            return self.text(self.number("BHI"[first - 0xD9]))
        if first in (0xDC, 0xDD):
            return self.array(self.number("HI"[first - 0xDC]), depth)
        if first in (0xDE, 0xDF):
            return self.map(self.number("HI"[first - 0xDE]), depth)
        raise Refused(f"first byte {first:02x}")


def need(truth, what):
    if not truth:
        raise Refused(what)


def read_message(data, start=0):
    """The fields of the message at `start`, and where it ends."""
    reader = Reader(data)
    reader.at = start
    first = reader.take(1)[0]
    count = {0xDC: "H", 0xDD: "I"}.get(first)
    need((reader.number(count) if count else first - 0x90) == 9, "not nine")
    fields = {}
    for name in NUMBERS:
        value = reader.value()
        need(type(value) is int and 0 <= value < 1 << 64, name)
        fields[name] = value
    need(fields["kind"] >> 4 == 1, "version")
    fields["kind"] &= 15
    need(1 <= fields["kind"] <= 11, "kind")
    fields["type"] = reader.value()
    need(isinstance(fields["type"], str), "type")
    need(1 <= len(fields["type"]) <= 31, "type")
    need(all(" " <= c <= "~" for c in fields["type"]), "type")
    trace = fields["trace"] = reader.value()
    need(trace is None or isinstance(trace, bytes) and len(trace) == 24, "trace")
    body = reader.at
    fields["value"] = reader.value()
    fields["body"] = data[body : reader.at]
    need(fields["size"] in (0, reader.at - start), "size")
    return fields, reader.at


def blocks(path):
    """Each vector as a dictionary of its lines."""
    block = {}
    for line in path.read_text(encoding="utf-8").splitlines() + [""]:
        if not line and block:
            yield block
            block = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition(" ")
            block[key] = value


def check_vector(block, data):
    fields, end = read_message(data)
    need(end == len(data), "more behind it")
    for name in NUMBERS:
        need(fields[name] == int(block[name]), name)
    need(fields["type"] == block["type"], "type")
    trace = fields["trace"].hex() if fields["trace"] else "-"
    need(trace == block["trace"], "trace")
    need(fields["body"].hex() == block["body"], "body")
    wanted = json.loads(block["json"])
    need(fields["value"] == wanted, "value")
    if msgpack:
        items = msgpack.unpackb(data, raw=False, strict_map_key=False)
        need(len(items) == 9, "msgpack: nine")
        need(items[0] == 16 + int(block["kind"]), "msgpack: kind")
        need(items[1:6] == [int(block[n]) for n in NUMBERS[1:]], "msgpack: numbers")
        need(items[6] == block["type"], "msgpack: type")
        need(items[7] == fields["trace"], "msgpack: trace")
        need(items[8] == wanted, "msgpack: body")


def check_frame(block, data):
    count = at = 0
    while at < len(data):
        _, at = read_message(data, at)
        count += 1
    need(count == int(block["messages"]), "messages")


def check_refused(block, data):
    try:
        read_message(data)
    except (Refused, struct.error):
        return
    raise Refused("was accepted")


def main():
    checks = {"vector": check_vector, "frame": check_frame, "refused": check_refused}
    counts = dict.fromkeys(checks, 0)
    failed = 0
    for block in blocks(Path(__file__).with_name("vectors.txt")):
        kind = next(iter(block))
        try:
            checks[kind](block, bytes.fromhex(block["hex"]))
        except Refused as error:
            print(f"{kind} {block[kind]}: {error}")
            failed += 1
        counts[kind] += 1
    print(", ".join(f"{kind}: {count}" for kind, count in counts.items()))
    if not msgpack:
        print("skipped: reading with python3-msgpack, which is not installed")
    sys.exit(failed > 0 or 0 in counts.values())


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# test_new.py: troupe new and troupe doctor from the outside.
# SPDX-License-Identifier: Apache-2.0
"""What new writes, and refuses to; that the project builds against an installed
Troupe is shown by tests/consumer/run. What doctor finds on a machine that was
made ill: few descriptors, a socket that nobody listens at."""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
# A sanitizer needs descriptors of its own, and its runtime keeps some.
FEW = 60

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*arguments, code=0, **more):
    done = subprocess.run([TROUPE, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, **more)
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n"
          + done.stdout + done.stderr)
    return done


def test_new():
    told = troupe("new", "shop-bot").stdout
    names = sorted(p.name for p in Path("shop-bot").iterdir())
    check(names == [".gitignore", "CMakeLists.txt", "README.md", "shop-bot.c",
                    "test_shop-bot.c", "topology.yaml"], f"files: {names}")
    check(all(name in told for name in names), told)
    for path in Path("shop-bot").iterdir():
        text = path.read_text()
        check("@NAME@" not in text and "@ID@" not in text and "@VERSION@" not in text,
              f"{path} has a mark left")
    check("TROUPE_KIND(shop_bot_actor," in Path("shop-bot/shop-bot.c").read_text(),
          "the kind is an identifier")
    # The kind is not built yet: all else in its topology must be right.
    said = troupe("check", "shop-bot/topology.yaml", code=2).stderr
    check(len(said.splitlines()) == 1 and "there is no file" in said, said)

    said = troupe("new", "shop-bot", code=2).stderr
    check("shop-bot is there already: choose another" in said, said)
    check(troupe("new", "--quiet", "int").stdout == "", "quiet")
    troupe("new", "sub/x", code=1)
    for name in ("", "7up", "a b", "../", "a" * 41, "-x", "é"):
        troupe("new", "--", name, code=2)
    troupe("new", code=2)
    troupe("new", "a", "b", code=2)


def doctor(*arguments, code=0, **more):
    done = troupe("doctor", "--json", *arguments, code=code, **more)
    return json.loads(done.stdout)


def bad(lines):
    return [line["what"] for line in lines if line["health"] == "bad"]


def test_doctor():
    there = Path("run").resolve()
    (there / "troupe-0").mkdir(parents=True)
    env = dict(os.environ, XDG_RUNTIME_DIR=str(there), TMPDIR=str(there))
    lines = doctor(env=env)
    check({line["what"] for line in lines}
          == {"versions", "cores", "descriptors", "sockets"}, lines)
    check(bad(lines) == [], lines)
    check("a node takes" in troupe("doctor", env=env).stdout, "the table")
    check(troupe("doctor", "--quiet", env=env).stdout == "", "quiet")

    lines = doctor(code=1, env=env, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (FEW, FEW)))
    check(bad(lines) == ["descriptors"], lines)

    env["TMPDIR"] = str(there / "empty")
    (there / "other").mkdir()
    (there / "troupe/f/g-1a2b3c4d").mkdir(parents=True)
    (there / "troupe/map-7/g-1a2b3c4d").mkdir(parents=True)
    for run in ("f", "map-7"):
        (there / "troupe" / run / "lock").touch()
    (there / "troupe-own").mkdir()
    for path in ("troupe-0/live", "troupe-0/dead", "other/dead",
                 "troupe/f/g-1a2b3c4d/admin", "troupe/f/g-1a2b3c4d/hub",
                 "troupe/map-7/g-1a2b3c4d/hub", "troupe-own/hub"):
        one = socket.socket(socket.AF_UNIX)
        one.bind(str(there / path))
        if path.endswith("live"):
            one.listen()
            live = one
        else:
            one.close() # the file stays
    lines = doctor(env=env)
    check(bad(lines) == [], f"what is left behind hurts nobody: {lines}")
    told = [line["text"] for line in lines
            if line["what"] == "sockets" and line["health"] == "note"]
    check(len(told) == 4, told)
    for place, count, cure in (
            ("troupe-0", "1 of 2", "others there are in use"),
            ("troupe/f/g-1a2b3c4d", "2 of 2", "the next run of 'f' clears them"),
            ("troupe/map-7/g-1a2b3c4d", "1 of 1", f"rm -r {there}/troupe/map-7"),
            ("troupe-own", "1 of 1", f"rm -r {there}/troupe-own")):
        check(sum(text.startswith(f"{there}/{place}: nobody listens at {count}")
                  and cure in text for text in told) == 1, f"{place}: {told}")
    for i in range(20):
        (there / f"troupe-{i + 10}").mkdir()
        one = socket.socket(socket.AF_UNIX)
        one.bind(str(there / f"troupe-{i + 10}/hub"))
        one.close()
    told = [line["text"] for line in doctor(env=env) if line["what"] == "sockets"]
    check(f"14 directories more in {there} are so" in told, told)
    check((there / "troupe-0/dead").exists(), "nothing is removed by itself")
    live.close()
    troupe("doctor", "more", code=2)


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        test_new()
        test_doctor()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failed")
    print("new and doctor: all as promised")


main()

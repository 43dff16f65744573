#!/usr/bin/env python3
# test_map_words.py: what troupe map says when not all went well.
# SPDX-License-Identifier: Apache-2.0
"""A degraded run says so first, and each task that did not run says why."""

import json
import os
import subprocess
import sys
import tempfile

TROUPE = os.environ["TROUPE"]
GOOD = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/good.so"
LIMIT = 60  # seconds; a run that hangs fails by it

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def troupe(*arguments, code=0, given=""):
    done = subprocess.run([TROUPE, "map", "--no-journal", *arguments],
                          input=given.encode(), capture_output=True,
                          timeout=LIMIT)
    err = done.stderr.decode()
    check(done.returncode == code,
          f"exit code {done.returncode}, not {code}: {arguments}\n{err}")
    return done.stdout, err


def outcome(*arguments, code, given):
    """The first words and the summary; the texts of what did not succeed."""
    out, words = troupe(*arguments, code=code, given=given)
    _, err = troupe("--json", *arguments, code=code, given=given)
    summary = json.loads(err.splitlines()[0])
    texts = [json.loads(line).get("text") for line in out.splitlines()]
    return words, summary, [text for text in texts if text]


def test_outcomes():
    words, it, _ = outcome("--policy", "quorum:3", "test {} != b", code=5,
                           given="a\nb\nc\n")
    check(words.startswith("troupe map: No quorum: 2 of 3 needed 3"), words)
    check(it["outcome"] == "no_quorum" and it["policy"] == "quorum:3"
          and it["quorum"] == {"need": 3, "met": False} and it["degraded"]
          and (it["asked"], it["answered"], it["usable"], it["failed"])
          == (3, 3, 2, 1), it)
    words, it, texts = outcome("-j1", "--deadline", "100ms", "sleep 60; true",
                               code=124, given="a\nb\n")
    check(words.startswith("troupe map: The deadline of 100 ms passed"), words)
    check(it["outcome"] == "deadline" and it["quorum"] is None
          and (it["asked"], it["answered"]) == (2, 0), it)
    check(texts == ["the deadline of 100 ms had passed"] * 2, texts)
    words, it, texts = outcome("-j1", "--policy", "fail-fast", "false", code=1,
                               given="a\n" * 9)
    check(words.startswith("troupe map: Halted by the policy fail-fast"), words)
    check(it["outcome"] == "halted", it)
    check(texts[-1] == "1 had failed", texts)
    check(it["input_read"] and "not read" not in words, words)
    # All had ended when it came to that: nothing is left to be resumed.
    words, it, _ = outcome("-j1", "--halt", "soon,fail=20%", "false", code=1,
                           given="a\n" * 10)
    check(words.startswith("troupe map: Degraded: 0 of 10 are ok"), words)
    check(it["outcome"] == "failed", it)
    # More lines than are taken in beforehand.
    words, it, _ = outcome("-j1", "--policy", "fail-fast", "false", code=1,
                           given="a\n" * 100000)
    check("not run, and the input was not read to its end;" in words, words)
    check(it["outcome"] == "halted" and not it["input_read"], it)
    words, it, texts = outcome("-j1", "--policy", "first", "true", code=0,
                               given="a\n" * 9)
    check(words.startswith("troupe map: 9 tasks"), words)
    check(it["outcome"] == "ok" and it["degraded"] == [], it)
    check(texts[-1] == "1 had succeeded, which is enough", texts)
    words, it, _ = outcome("test {} = a", code=3, given="a\nb\n")
    check(words.startswith("troupe map: Degraded: 1 of 2 are ok"), words)
    check(it["outcome"] == "partial" and it["policy"] == "collect", it)


def test_cut_output():
    """What is not kept is said, also quietly."""
    out, err = troupe("--plain", "--quiet", code=3,
                      given="head -c 9000000 /dev/zero\n")
    check(len(out) == 8 << 20, len(out))
    check("line 1: of 9000000 bytes of stdout 8388608 are kept" in err, err)
    out, err = troupe("--json", code=3, given="head -c 2000000 /dev/zero >&2\n")
    it = json.loads(out)
    check(it["state"] == "ok" and it["value"]["truncated"] is True
          and it["value"]["stderr_size"] == 2000000, it)
    summary = json.loads(err.splitlines()[1])
    check(summary["truncated"] == 1 and summary["outcome"] == "truncated",
          summary)


def text_of(given, *arguments):
    out, _ = troupe(*arguments, code=1, given=given + "\n")
    return json.loads(out)["text"]


def test_reasons():
    check(text_of("a\0b") == "run: 'shell' has a NUL in it", text_of("a\0b"))
    for task, words in (
            ({"cmd": ["no-such-program", "x"]},
             "look for 'no-such-program': No such file or directory"),
            ({"cmd": "true", "directory": "/no/such"},
             "directory '/no/such': No such file or directory"),
            ({"cmd": ["/no/such"]}, "exec '/no/such': No such file or directory"),
            ({"fn": "none"}, "there is no function 'none': no library has such a kind"),
            ({"cmd": "true", "env": {"A": 1}}, "run: 'env' wants a list of NAME=VALUE")):
        text = text_of(json.dumps(task), "--library", GOOD)
        check(text == words, (task, text))


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = scratch + "/state"
        os.chdir(scratch)
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
        os.chdir("/")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())

#!/usr/bin/env python3
# test_map_votes.py: troupe map in random order, by votes, and without processes.
# SPDX-License-Identifier: Apache-2.0
"""What ran is read from what the tasks leave; nothing is waited for by the
clock."""

import errno
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
GOOD = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/good.so"
LIMIT = 120  # seconds; a run that hangs fails by it
NOBODY = 64711  # a user who has no process

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def run(*arguments, given, code=0):
    done = subprocess.run([TROUPE, "map", *arguments], input=given, text=True,
                          capture_output=True, timeout=LIMIT)
    check(done.returncode == code, f"exit code {done.returncode}, not {code}: "
          f"{arguments}\n{done.stdout}{done.stderr}")
    return done


def results(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def lines(count):
    return "".join(f"{i}\n" for i in range(1, count + 1))


def words(name):
    return Path(name).read_text().split() if Path(name).exists() else []


def test_shuffled():
    """A seed is an order; another one is another; each line comes once."""
    echo = ["--no-journal", "--quiet", "--plain", "-j", "1", "--shuf", "--library", GOOD,
            "--fn", "echo"]
    one = run(*echo, "--seed", "7", given=lines(40)).stdout.split()
    check(sorted(one, key=int) == [str(i) for i in range(1, 41)], str(one))
    again = run(*echo, "--seed", "7", given=lines(40)).stdout.split()
    check(again == one, "the same seed is the same order")
    other = run(*echo, "--seed", "8", given=lines(40)).stdout.split()
    check(other != one and one != sorted(one, key=int), "seeds differ")
    done = run("--no-journal", "--quiet", "--plain", "-j", "1", "--shuf", "--seed", "7", "-k",
               "echo {}; echo {} >>order", given=lines(12))
    check(done.stdout.split() == [str(i) for i in range(1, 13)],
          "-k: in the order of the input")
    check(sorted(words("order")) == sorted(done.stdout.split())
          and words("order") != done.stdout.split(), "they ran in another one")
    done = run("--no-journal", "--json", "--shuf", "true {}", given=lines(2))
    seed = json.loads(done.stderr.splitlines()[0])["seed"]
    check(f"--shuf --seed {seed} is the same order" in done.stderr, done.stderr)
    check(run("--no-journal", "--shuf", "true {}", given="").stdout == "", "nothing to do")
    # Empty lines are no tasks, and lines keep their numbers.
    done = run("--no-journal", "--quiet", "--shuf", "-k", "echo {}", given="a\n\nb\n")
    check([r["line"] for r in results(done)] == [1, 3], done.stdout)
    for wrong in (["--seed", "1"], ["--shuf", "--seed", "x"], ["--replicate", "0"],
                  ["--replicate", "100"]):
        run(*wrong, "true", given="", code=2)


def test_held():
    """-k: many results that others come before are in a file, not in memory."""
    os.mkdir("room")
    wide = ["--no-journal", "--quiet", "--plain", "--shuf", "--seed", "3", "-k", "-j", "1",
            "--library", GOOD, "--fn", "wide"]
    os.environ["TMPDIR"] = os.path.abspath("room")
    done = run(*wide, given=lines(1500))
    check([int(line.strip('" ')) for line in done.stdout.splitlines()]
          == list(range(1, 1501)), "in order")
    check(os.listdir("room") == [], "nothing is left")
    os.environ["TMPDIR"] = os.path.abspath("nowhere")
    done = run(*wide, given=lines(1500), code=1)
    check("No such file or directory; set TMPDIR" in done.stderr, done.stderr)
    done = run(*wide, given=lines(100))
    check(len(done.stdout.splitlines()) == 100, "few need no file")
    del os.environ["TMPDIR"]


def test_halted():
    """-k: what never ran leaves no gap; the resumed run does it."""
    done = run("-j", "1", "--shuf", "--seed", "3", "-k", "--halt", "soon,fail=1",
               "[ {} != 5 ] && echo {} >>some && echo {}", given=lines(8), code=3)
    shown = [r["line"] for r in results(done)]
    check(shown == sorted(shown) and 5 in shown, str(shown))
    ran = words("some")
    name = [w for w in done.stderr.split() if w.startswith("map-")]
    done = run("--resume", name[0] if name else "last", "--shuf", "--seed", "4", "-k",
               "[ {} != 5 ] && echo {} >>some && echo {}", given=lines(8), code=3)
    check(sorted(words("some")) == list("1234678"), f"{ran}, then {words('some')}")
    check([r["line"] for r in results(done)] == list(range(1, 9)), done.stdout)


VOTE = "echo {} $$ >>runs; "


def test_votes():
    """As many as must agree; more only where they did not."""
    done = run("--no-journal", "--quiet", "--replicate", "3", "-j", "4",
               VOTE + "echo out; echo $$ >&2; n={}; exit $((n % 2))", given=lines(4), code=3)
    for it in results(done):
        check(it["attempts"] == 2 and it["state"] == ("failed" if it["line"] % 2 else "ok"),
              str(it))
        check(it["votes"] == [{"count": 2, "state": it["state"]}], str(it))
    check(len(words("runs")) == 4 * 2 * 2, "no third one was begun")
    # The first differs: a third one decides. Each time: none does.
    first = "mkdir first{} 2>/dev/null && echo odd || echo even"
    done = run("--no-journal", "--quiet", "--replicate", "3", "-k", "-j", "2", first,
               given=lines(3))
    for it in results(done):
        check(it["value"]["stdout"] == "even\n" and it["attempts"] == 3, str(it))
        counts = sorted((v["count"], v.get("value", {}).get("stdout")) for v in it["votes"])
        check(counts == [(1, "odd\n"), (2, None)], str(it["votes"]))
    done = run("--no-journal", "--quiet", "--replicate", "4", "echo $$ {}", given="a\n", code=1)
    it = results(done)[0]
    check(it["text"] == "replicas disagree" and it["state"] == "failed" and "value" not in it,
          str(it))
    check(it["attempts"] == 3 and [v["count"] for v in it["votes"]] == [1, 1, 1], str(it))
    # Of four a tie of two is no majority.
    tie = ("mkdir tie-a 2>/dev/null && echo x && exit; mkdir tie-b 2>/dev/null && echo x && exit;"
           " echo y; : {}")
    done = run("--no-journal", "--quiet", "--replicate", "4", "-j", "1", tie, given="a\n", code=1)
    it = results(done)[0]
    check(it["text"] == "replicas disagree" and it["attempts"] == 4
          and sorted(v["count"] for v in it["votes"]) == [2, 2], str(it))


def test_votes_of_functions():
    done = run("--no-journal", "--quiet", "--replicate", "5", "-k", "--library", GOOD,
               "--fn", "echo", given="{\"a\": 1}\n2\n")
    check([(r["value"], r["attempts"]) for r in results(done)] == [({"a": 1}, 3), (2, 3)],
          done.stdout)
    done = run("--no-journal", "--quiet", "--json", "--replicate", "3", "-j", "2", "echo {}",
               given=lines(6))
    pools = {r["worker"] for r in results(done)}
    check(pools <= {0, 1} and json.loads(done.stderr)["tasks"] == 6, done.stderr)


def test_votes_are_resumed():
    """A task has one entry and one line, however many did it."""
    task = "echo {} >>all; [ {} != 2 ] || [ -e well ]"
    done = run("--replicate", "3", "--joblog", "log", task, given=lines(3), code=3)
    check(len(Path("log").read_text().splitlines()) == 1 + 3, Path("log").read_text())
    check(sorted(words("all")) == list("112233"), str(words("all")))
    Path("well").touch()
    done = run("--resume-failed", "last", "--replicate", "3", "--joblog", "log", task,
               given=lines(3))
    check(sorted(words("all")) == list("11222233"), str(words("all")))
    check(sorted(r["line"] for r in results(done)) == [1, 2, 3], done.stdout)
    # A retry is of one of them.
    done = run("--no-journal", "--quiet", "--json", "--replicate", "3", "--retries", "3", "-j", "1",
               "mkdir again 2>/dev/null && exit 1; echo {}", given="a\n")
    check(results(done)[0]["attempts"] == 3 and results(done)[0]["state"] == "ok", done.stdout)
    check(json.loads(done.stderr)["retried"] == 1, done.stderr)


def limit(child, most, as_user):
    """So many processes of its user; more cannot be begun: clone(2), EAGAIN."""
    done = subprocess.run(["prlimit", f"--pid={child.pid}", f"--nproc={most}:"],
                          capture_output=True, text=True, check=False, **as_user)
    check(done.returncode == 0, done.stderr)


def test_no_more_processes():
    """A program that cannot be begun fails its task; the next one can. Root has no
    limit: another user has."""
    as_user = {} if os.getuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    before = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    child = subprocess.Popen([TROUPE, "map", "--no-journal", "--quiet", "-j", "1"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **as_user)

    def do(task):
        child.stdin.write(json.dumps(task) + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    check(do({"cmd": "echo one"})["value"]["stdout"] == "one\n", "the first")
    limit(child, 1, as_user)
    it = do({"cmd": "echo two", "retries": 1})
    check(it["state"] == "failed" and it["attempts"] == 2, str(it))
    check(os.strerror(errno.EAGAIN) in it["text"], it["text"])
    limit(child, "unlimited" if before == resource.RLIM_INFINITY else before, as_user)
    check(do({"cmd": "echo three"})["value"]["stdout"] == "three\n", "the third")
    child.stdin.close()
    check(child.wait(LIMIT) == 3, f"exit code {child.returncode}")
    child.stdout.close()


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_RUNTIME_DIR"] = work
        for test in tests:
            if wanted and test.__name__ not in wanted:
                continue
            print(test.__name__, flush=True)
            test()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failed")
    print("map: orders and votes as promised")


main()

#!/usr/bin/env python3
# test_refusals.py: what a run cannot begin with, and what it leaves then.
# SPDX-License-Identifier: Apache-2.0
"""For each bad input: the exit code, the words, and that nothing is left: no
process of the run, and nothing in its directory. Processes are known by a
variable of their environment."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
KINDS = os.environ["TROUPE_BUILD_DIR"] + "/tests/tools/kinds/"
LIMIT = 120
NOBODY = 65534
MARK = f"TROUPE_REFUSALS={os.getpid()}"
IS_ROOT = os.geteuid() == 0
HELPFUL = f"libraries: [{KINDS}helpful.so]\n"
# One is there, in a process of its own, when the next ones start.
FAR = HELPFUL + "actors:\n  far: {kind: clerk, isolation: process}\n"

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def has(text, *wanted):
    for words in wanted:
        check(words in text, f"no '{words}' in:\n{text}")


def processes():
    """Those of our runs that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if MARK.encode() in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
    return found


def as_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def run(text, *options, home=None, before=None, name="f"):
    """A run that shall not begin, or fail: nothing is left of it."""
    home = home or os.getcwd()
    Path(name + ".yaml").write_text(text)
    variable, value = MARK.split("=")
    env = dict(os.environ, XDG_RUNTIME_DIR=str(home), **{variable: value})
    for sanitizer in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
        # A leak check needs a process; a sanitizer must not catch a crash.
        env[sanitizer] = env.get(sanitizer, "") + ":detect_leaks=0:handle_abort=0"
    done = subprocess.run([TROUPE, "run", *options, name + ".yaml"], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=LIMIT, preexec_fn=before)
    check(processes() == [], f"{processes()} are left of:\n{text}{done.stderr}")
    left = list(Path(home).glob("troupe/*")) if os.access(home, os.X_OK) else []
    check(left == [], f"{left} is left of:\n{text}{done.stderr}")
    return done


def refused(text, code, *words, **more):
    done = run(text, **more)
    check(done.returncode == code, f"{done.returncode}, not {code}:\n{text}"
          + done.stderr)
    has(done.stderr, *words)
    check(done.stdout.count("start") == done.stdout.count("stop"), done.stdout)
    return done


# --- the file -----------------------------------------------------------------

def test_the_file():
    refused(FAR + "  bad: {kind: clerk, mailbx: {}}\n", 2,
            "f.yaml:4:22: actor 'bad' has no key 'mailbx'; did you mean 'mailbox'?")
    refused(FAR + "  bad: {kind: clark}\n", 2,
            "f.yaml:4:15: there is no kind 'clark'; did you mean 'clerk'?")
    refused(FAR.replace("helpful", "helpfl"), 2,
            "helpfl.so'; build it, or correct the path")
    refused(FAR + "supervisors: {a: {children: [b]}, b: {children: [a]}}\n", 2,
            "f.yaml:4:15: supervisors form a cycle: a > b > a; take one")
    refused(FAR + "  far: {kind: clerk}\n", 2,
            "f.yaml:4:3: the key 'far' is here twice")
    refused(FAR + "  other: {kind: clerk, name: far}\n", 2,
            "f.yaml:4:30: the name 'far' is taken in line 3; choose another")


# --- the directory ------------------------------------------------------------

def test_the_directory():
    for size in (100, 60):
        home = Path(os.getcwd(), "l" * size)
        home.mkdir()
        refused(FAR, 1, "is too long: the sockets of 'f' below it",
                "XDG_RUNTIME_DIR", home=home)
    refused(FAR, 1, "make the directory that it is to be in first",
            "XDG_RUNTIME_DIR", home="/nowhere/at/all")
    for name, make, words in (
            ("open", lambda p: (p.mkdir(), p.chmod(0o777)), "is open to other users"),
            ("link", lambda p: p.symlink_to("/tmp"), "is a symbolic link"),
            ("file", lambda p: p.write_text("x"), "is not a directory")):
        Path(name).mkdir(mode=0o700)
        make(Path(name, "troupe"))
        refused_there(name, words)
    if IS_ROOT:
        Path("other/troupe").mkdir(parents=True)
        os.chown("other/troupe", NOBODY, NOBODY)
        refused_there("other", f"belongs to user {NOBODY}, and this is user 0")
    with somebody("still") as (home, before):
        home.chmod(0o500)
        refused(FAR, 1, "Permission denied; choose a base directory",
                home=home, before=before)


def refused_there(name, words):
    """What stands there is not touched."""
    before = os.lstat(f"{name}/troupe")
    Path("f.yaml").write_text(FAR)
    done = subprocess.run([TROUPE, "run", "f.yaml"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=LIMIT,
                          env=dict(os.environ, XDG_RUNTIME_DIR=os.path.abspath(name)))
    check(done.returncode == 1, f"{name}: {done}")
    has(done.stderr, words)
    after = os.lstat(f"{name}/troupe")
    check(before.st_ino == after.st_ino and before.st_mode == after.st_mode, name)


@contextlib.contextmanager
def somebody(name):
    """A directory of a user who has no rights but his own, and how to be him."""
    home = Path(tempfile.mkdtemp(prefix=name))
    if IS_ROOT:
        os.chown(home, NOBODY, NOBODY)
    yield home, as_nobody if IS_ROOT else None
    home.chmod(0o700)
    shutil.rmtree(home)


# --- the limits ---------------------------------------------------------------

def test_descriptors():
    for most in (6, 12, 40, 100):
        refused(FAR, 1, f"descriptors, and {most} are the most that it may open",
                "raise the limit (ulimit -n)",
                before=lambda n=most: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)))
    # A soft limit that is too low is raised.
    done = run(FAR, "--for", "1ms", before=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (20, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    check(done.returncode == 0, done.stderr)


def test_processes():
    """With so few that no thread can be had, or no process, or not all of its
    threads; and with enough for the user. Root is bound by no such limit."""
    with somebody("crowd") as (home, be):
        def before(most):
            if be:
                be()
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        for most in (0, 3, 9, 14, 16):
            done = run(FAR, "--for", "1ms", home=home,
                       before=lambda n=most: before(n))
            if done.returncode == 0 and most > 3:
                continue # some systems count otherwise
            check(done.returncode == 1, f"{most}: {done}")
            has(done.stderr, "ulimit -u, or pids.max of the cgroup")


# --- the start ----------------------------------------------------------------

def test_a_crash_before_it_is_ready():
    crash = "arguments: {crash: true}"
    words = ("killed by SIGABRT", "its last line: the reactor is too hot",
             "'f' did not start: child 'bad' failed to start")
    for text in (FAR + "  bad: {kind: clerk, isolation: process, " + crash + "}\n",
                 FAR + "  bad: {kind: clerk, node: ill, " + crash + "}\n"
                 "nodes: {main: , ill: {workers: 1}}\n"):
        done = refused(text, 1, "has ended: ", *words)
        check("start far\n" in done.stdout and "stop far 0\n" in done.stdout, done)
    text = FAR.replace(", isolation: process", "").replace("]", f", {KINDS}brittle.so]")
    refused(text + "  bad: {kind: brittle, isolation: process}\n", 1,
            "node 2 bad ended before it was ready: ", *words)


def test_a_second_run():
    Path("f.yaml").write_text(FAR)
    env = dict(os.environ, XDG_RUNTIME_DIR=os.getcwd())
    first = subprocess.Popen([TROUPE, "run", "f.yaml"], env=env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    while "'f' runs:" not in first.stderr.readline():
        check(first.poll() is None, "the first one has ended")
    for options, name in (((), "f"), (("--name", "f"), "g")):
        Path(name + ".yaml").write_text(FAR)
        done = subprocess.run([TROUPE, "run", *options, name + ".yaml"], env=env,
                              capture_output=True, text=True, timeout=LIMIT)
        check(done.returncode == 1, done)
        has(done.stderr, f"'f' runs already (process {first.pid})",
            "'troupe stop --run f' does the one, --name the other")
    done = subprocess.run([TROUPE, "ask", "far", "pid"], env=env, text=True,
                          capture_output=True, timeout=LIMIT)
    check(done.returncode == 0, f"the first one was hurt: {done}")
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=LIMIT)
    check(first.returncode == 0, first.returncode)


def test_a_directory_that_is_taken_away():
    """It says so, once, and stops in order as ever."""
    Path("f.yaml").write_text(FAR)
    env = dict(os.environ, XDG_RUNTIME_DIR=os.getcwd())
    for what in ("admin", "g-*"):
        child = subprocess.Popen([TROUPE, "run", "f.yaml"], env=env, text=True,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL)
        line = " "
        while line and "'f' runs:" not in line:
            line = child.stderr.readline()
        home = next(Path("troupe/f").glob("g-*"))
        if what == "admin":
            (home / "admin").unlink()
        else:
            shutil.rmtree(home)
        while line and "was removed or exchanged" not in line:
            line = child.stderr.readline()
        check(line, f"{what}: it did not notice")
        child.send_signal(signal.SIGTERM)
        _, rest = child.communicate(timeout=LIMIT)
        check(child.returncode == 0, f"{what}: {child.returncode}\n{rest}")
        check("was removed or exchanged" not in rest, f"{what}: again\n{rest}")
        shutil.rmtree("troupe", ignore_errors=True)


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.chmod(work, 0o755) # for somebody else to read the file
        for name, test in list(globals().items()):
            if name.startswith("test_") and (len(sys.argv) < 2 or name in sys.argv):
                print(name, flush=True)
                test()
        os.chdir("/")
    if failures:
        sys.exit(f"{len(failures)} failed")
    print("what cannot be is refused, and nothing is left of it")


main()

"""The systems that are measured: how each is built, listed and started.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Those that answer many questions, then those that answer one or two.
PEERS = ("erlang", "caf", "asyncio", "futures", "langgraph", "xargs",
         "parallel")


class Missing(Exception):
    """Why a system cannot be measured here, and what would help."""


class System:
    """One system: its name, and `jobs`, the programs' runs it offers."""

    def __init__(self, name):
        self.name = name
        self.version = ""
        self.jobs = []


class Job:
    """One command, which prints one or more lines of JSON."""

    def __init__(self, system, bench, variant, command):
        self.system = system
        self.bench = bench
        self.variant = variant
        self.command = command

    def __str__(self):
        return f"{self.bench} {self.variant} {self.system}"


def output(command):
    """What a command prints; ends the run when it fails."""
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)} failed: "
                         f"{done.stderr.strip()[-500:]}")
    return done.stdout.strip()


def bench_key(bench):
    """Sorts B2 before B10, and what is no number before all."""
    number = re.fullmatch(r"B(\d+)", bench)
    return (int(number[1]) if number else 0, bench)


def needs_build(target, sources):
    """Whether a target is missing or older than one of its sources."""
    if not target.exists():
        return True
    built = target.stat().st_mtime
    return any(source.stat().st_mtime > built for source in sources)


def build(commands, what):
    """Runs compilers, as many at once as there are cores."""
    print(f"bench: building {what}", file=sys.stderr)
    limit = os.cpu_count() or 1
    for first in range(0, len(commands), limit):
        running = [subprocess.Popen(command)
                   for command in commands[first:first + limit]]
        if any([each.wait() for each in running]):
            raise SystemExit(f"bench: {what} cannot be built")


def troupe(programs, build_dir):
    """Our own programs: B4 is b4*, with its variants."""
    system = System("troupe")
    for program in sorted((build_dir / "bench").glob("b[0-9]*")):
        number = re.fullmatch(r"b(\d+)(_\w+)?", program.name)
        if not number or not os.access(program, os.X_OK):
            continue
        for variant in output([str(program), "--list"]).splitlines():
            system.jobs.append(Job("troupe", f"B{number[1]}", variant,
                                   [str(program), "--variant", variant]))
    if not system.jobs:
        raise Missing(f"there is no bench/b* in {build_dir}")
    system.version = revision(programs)
    return system


def revision(programs):
    """The commit that is measured, where there is git to say so."""
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", "-C", str(programs), "describe", "--always",
                           "--dirty"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip()


def floor(_, build_dir):
    """libzmq alone; built by CMake beside our own programs."""
    program = build_dir / "bench" / "raw_zmq"
    if not program.exists():
        raise Missing(f"there is no {program}")
    system = System("libzmq")
    system.version = output([str(program), "--version"])
    for variant in output([str(program), "--list"]).splitlines():
        system.jobs.append(Job("libzmq", "floor", variant,
                               [str(program), "--variant", variant]))
    return system


def peer(name, command, before_bench=()):
    """A peer's one program, which lists itself as lines of 'B4 variant'."""
    system = System(name)
    system.version = output(command + ["--version"])
    for line in output(command + ["--list"]).splitlines():
        bench, variant = line.split(" ", 1)
        extra = [word for only, words in before_bench if only == bench
                 for word in words]
        run = command[:1] + extra + command[1:]
        system.jobs.append(Job(name, bench, variant,
                               run + [bench, "--variant", variant]))
    return system


def erlang(programs, build_dir):
    if not shutil.which("erl") or not shutil.which("erlc"):
        raise Missing("needs Debian's package erlang-base")
    sources = sorted((programs / "peers" / "erlang").glob("*.erl"))
    beams = build_dir / "bench" / "peers" / "erlang"
    beams.mkdir(parents=True, exist_ok=True)
    if any(needs_build(beams / (source.stem + ".beam"), [source])
           for source in sources):
        build([["erlc", "-Wall", "-Werror", "-o", str(beams)]
               + [str(source) for source in sources]], "the Erlang peers")
    command = ["erl", "-env", "ERL_CRASH_DUMP_BYTES", "0", "-noshell",
               "-noinput", "-pa", str(beams), "-run", "peers", "main",
               "-extra"]
    # A million processes are more than it allows when not asked.
    return peer("erlang", command, [("B8", ["+P", "2097152"])])


def caf(programs, build_dir):
    if not shutil.which("g++"):
        raise Missing("needs Debian's package g++")
    found = subprocess.run(["g++", "-E", "-x", "c++", "-", "-o", "/dev/null"],
                           input="#include <caf/config.hpp>\n", text=True,
                           capture_output=True, check=False)
    if found.returncode != 0:
        raise Missing("needs Debian's package libcaf-dev")
    here = programs / "peers" / "caf"
    objects = build_dir / "bench" / "peers" / "caf"
    objects.mkdir(parents=True, exist_ok=True)
    target = objects / "caf_peers"
    compile_, linked = [], []
    for source in sorted(here.glob("*.cpp")):
        linked.append(objects / (source.stem + ".o"))
        if needs_build(linked[-1], [source, here / "bench.hpp"]):
            compile_.append(["g++", "-O3", "-DNDEBUG", "-std=c++17", "-Wall",
                             "-Wextra", "-c", str(source),
                             "-o", str(linked[-1])])
    if compile_:
        build(compile_, "the CAF peers")
    if needs_build(target, linked):
        build([["g++"] + [str(each) for each in linked]
               + ["-o", str(target), "-lcaf_io", "-lcaf_core", "-pthread"]],
              "the CAF peers' program")
    return peer("caf", [str(target)])


def asyncio(programs, _):
    return peer("asyncio", [sys.executable, "-B",
                            str(programs / "peers" / "python" / "actors.py")])


def tasks(name):
    """A maker of a peer that tasks.py has the program of."""
    def make(programs, _):
        if name != "futures" and not shutil.which(name):
            raise Missing(f"needs Debian's package {name}")
        return peer(name, [sys.executable, "-B",
                           str(programs / "peers" / "python" / "tasks.py"),
                           "--system", name])
    return make


def langgraph(programs, build_dir):
    """LangGraph.js from the npm registry, in the version package.json names."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Missing("needs Debian's packages nodejs and npm")
    here = programs / "peers" / "langgraph"
    target = build_dir / "bench" / "peers" / "langgraph"
    target.mkdir(parents=True, exist_ok=True)
    stamp = target / "installed.json"
    shutil.copy(here / "graphs.mjs", target)
    shutil.copy(here / "package.json", target)
    if needs_build(stamp, [here / "package.json"]):
        print("bench: installing LangGraph.js", file=sys.stderr)
        done = subprocess.run(
            ["npm", "--prefix", str(target), "install", "--no-audit",
             "--no-fund", "--ignore-scripts"], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["?"])[-1]
            raise Missing(f"npm cannot install it: {last}"[:300])
        shutil.copy(here / "package.json", stamp)
    return peer("langgraph", ["node", str(target / "graphs.mjs")])


def find(names, programs, build_dir):
    """The systems that can be measured, and why the others cannot."""
    makers = {"libzmq": floor, "troupe": troupe, "erlang": erlang, "caf": caf,
              "asyncio": asyncio, "langgraph": langgraph}
    makers |= {name: tasks(name) for name in ("futures", "xargs", "parallel")}
    systems, missing = [], {}
    for name in names:
        try:
            systems.append(makers[name](Path(programs), Path(build_dir)))
        except Missing as reason:
            missing[name] = str(reason)
    return systems, missing

#!/usr/bin/env python3
"""Peers of B15 that are no actors: threads, and commands that run commands.

SPDX-License-Identifier: Apache-2.0

  tasks.py --system futures|xargs|parallel B15 [--variant V] [--quick]
"""
import concurrent.futures
import os
import platform
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from contract import main  # noqa: E402  pylint: disable=wrong-import-position

now_ns = time.perf_counter_ns


def futures(run, count):
    """The threads of concurrent.futures, as many as it chooses."""
    count = run.scaled(count)
    start = now_ns()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        total = sum(pool.map(lambda number: number + 1, range(count)))
    spent = now_ns() - start
    assert total == count * (count + 1) // 2
    run.report(spent / 1e3 / count, "us/task", count)


def processes(run, command):
    """`true` for each line, as many at once as there are cores."""
    count = run.scaled(2000)
    lines = "".join(f"{i}\n" for i in range(1, count + 1)).encode()
    start = now_ns()
    subprocess.run(command + ["true"], input=lines, check=True)
    run.report((now_ns() - start) / 1e3 / count, "us/task", count)


JOBS = str(os.cpu_count())
SYSTEMS = {
    "futures": {
        ("B15", "default"): lambda run: futures(run, 100_000),
        ("B15", "journal"): lambda run: futures(run, 20_000),
    },
    "xargs": {
        ("B15", "processes"):
            lambda run: processes(run, ["xargs", "-P", JOBS, "-n", "1"]),
    },
    "parallel": {
        ("B15", "processes"):
            lambda run: processes(run, ["parallel", "-j", JOBS]),
    },
}


def version(system):
    if system == "futures":
        return "Python " + platform.python_version()
    done = subprocess.run([system, "--version"], capture_output=True,
                          text=True, check=True)
    return done.stdout.splitlines()[0]


if __name__ == "__main__":
    main(SYSTEMS, version, lambda work, run: work(run))

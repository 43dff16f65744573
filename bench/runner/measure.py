"""Running programs: one at a time, in rounds, and what each run gave.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile

TIMEOUT_S = {"full": 300, "quick": 60}


class Failed(Exception):
    """Why one run has no result."""


def wait(process, timeout_s):
    """The exit code and the peak memory of a program, or its end by force."""
    pidfd = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        in_time = bool(poll.poll(timeout_s * 1000))
        if not in_time:
            os.killpg(process.pid, signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        os.close(pidfd)
    process.returncode = os.waitstatus_to_exitcode(status)
    if not in_time:
        raise Failed(f"did not end within {timeout_s} s")
    return process.returncode, usage.ru_maxrss


def parse(text, peak_kib):
    """The lines of JSON of a run, each with a value and a peak."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        try:
            result = json.loads(line)
            result["value"] = float(result["value"])
            result["bench"], result["variant"], result["unit"]
        except (ValueError, KeyError, TypeError) as error:
            raise Failed(f"printed an unreadable line: {line}") from error
        # A program's own figure comes first: the kernel's count of a child
        # begins at what we, its parent, weigh.
        result.setdefault("peak_kib", peak_kib)
        lines.append(result)
    if not lines:
        raise Failed("printed no result")
    return lines


def run_once(job, quick):
    command = job.command + (["--quick"] if quick else [])
    with tempfile.TemporaryFile("w+") as out, \
            tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors,
                                   stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        code, peak_kib = wait(process,
                              TIMEOUT_S["quick" if quick else "full"])
        out.seek(0)
        errors.seek(0)
        if code != 0:
            last = errors.read().strip().splitlines()[-1:]
            raise Failed(f"exit code {code}: {' '.join(last)}"[:300])
        return parse(out.read(), peak_kib)


class Results:
    """Values by (bench, variant, system), in the order of their arrival."""

    def __init__(self):
        self.lines = {}
        self.failures = {}

    def add(self, system, result):
        key = (result["bench"], result["variant"], system)
        self.lines.setdefault(key, []).append(result)

    def summary(self):
        return [summary_of(key, lines) for key, lines in self.lines.items()]


def summary_of(key, lines):
    values = [line["value"] for line in lines]
    bench, variant, system = key
    summary = {"bench": bench, "variant": variant, "system": system,
               "unit": lines[0]["unit"], "median": statistics.median(values),
               "min": min(values), "max": max(values), "values": values,
               "peak_kib": max(line["peak_kib"] for line in lines)}
    for extra in ("count", "note"):
        if extra in lines[0]:
            summary[extra] = lines[0][extra]
    return summary


def progress(text):
    """A line that the next one overwrites; on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run_rounds(jobs, runs, warm_up, quick, keep):
    """Runs every job once a round, neighbours being the systems of one bench.

    Whatever disturbs the machine for a while so falls on all systems alike.
    A job that fails is not run again. `keep` gets the results after each
    measured round, so that a run that is cut off has not been for nothing.
    """
    results = Results()
    rounds = (["warm-up"] if warm_up else []) + list(range(1, runs + 1))
    for number in rounds:
        for job in jobs:
            if str(job) in results.failures:
                continue
            progress(f"bench: round {number} of {runs}: {job}")
            try:
                lines = run_once(job, quick)
            except Failed as reason:
                results.failures[str(job)] = str(reason)
                continue
            if number == "warm-up":
                continue
            for line in lines:
                results.add(job.system, line)
        progress("")
        if not sys.stderr.isatty():
            print(f"bench: round {number} of {runs} done", file=sys.stderr)
        if number != "warm-up":
            keep(results)
    return results

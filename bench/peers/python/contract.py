"""What bench/README.md asks of a program: its options, and a line of JSON.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import sys


def status_kib(key):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(key)


class Run:
    """One run of a benchmark in a system, which tells its values."""

    def __init__(self, system, bench, variant, quick):
        self.system = system
        self.bench = bench
        self.variant = variant
        self.quick = quick

    def scaled(self, count):
        return count // 10 if self.quick else count

    def report(self, value, unit, count, part=None, note=None):
        line = {"bench": self.bench, "variant": part or self.variant,
                "system": self.system, "value": round(value, 3), "unit": unit,
                "count": count, "peak_kib": status_kib("VmHWM")}
        if note:
            line["note"] = note
        print(json.dumps(line), flush=True)


def main(systems, version, start):
    """`systems`: for each the work of (bench, variant); `start(work, run)`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bench", nargs="?")
    parser.add_argument("--system", choices=systems, default=next(iter(systems)))
    parser.add_argument("--variant", default="default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--version", action="store_true")
    args = parser.parse_args()
    table = systems[args.system]
    if args.list:
        for bench, variant in table:
            print(bench, variant)
    elif args.version:
        print(version(args.system))
    elif (args.bench, args.variant) not in table:
        sys.exit(f"{parser.prog}: no benchmark {args.bench} {args.variant}")
    else:
        run = Run(args.system, args.bench, args.variant, args.quick)
        start(table[args.bench, args.variant], run)

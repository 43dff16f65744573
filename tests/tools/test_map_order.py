#!/usr/bin/env python3
# test_map_order.py: priorities, resources and load of troupe map.
# SPDX-License-Identifier: Apache-2.0
"""What runs at once, and in which order, is read from what the tasks leave."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TROUPE = os.environ["TROUPE"]
failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAIL:", what)


def run(*args, tasks=(), code=0):
    given = "".join(json.dumps(task) + "\n" for task in tasks)
    done = subprocess.run([TROUPE, "map", "--no-journal", "--quiet", *args],
                          input=given, capture_output=True, text=True, timeout=120)
    check(done.returncode == code, f"exit code {done.returncode}, not {code}: "
          f"{args}\n{done.stdout[:400]}{done.stderr}")
    return done


def results(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_priority():
    """One at a time: the first may be begun before the others are there."""
    tasks = [{"cmd": f"echo {i} >> order", "priority": i % 5} for i in range(15)]
    tasks.insert(0, {"cmd": "sleep 0.5"})
    Path("order").write_text("")
    run("-j", "1", tasks=tasks)
    order = [int(line) % 5 for line in Path("order").read_text().split()]
    check(len(order) == 15, f"priority: {len(order)}")
    check(order == sorted(order, reverse=True), f"priority: {order}")


HOLD = ("mkdir -p {0}; touch {0}/$$; ls {0} | wc -l >> {0}.most; sleep 0.02; "
        "rm {0}/$$")


def most(name):
    return max(int(line) for line in Path(f"{name}.most").read_text().split())


def test_resource():
    tasks = [{"cmd": HOLD.format(name), "resource": name}
             for i in range(6) for name in ("gpu", "disk")]
    tasks += [{"cmd": "true"}] * 4
    done = run("-j", "8", "--resource", "gpu=2", "--resource", "disk=1",
               tasks=tasks)
    check(len(results(done)) == 16, "resource: all ended")
    check(most("gpu") <= 2 and most("disk") == 1,
          f"resource: {most('gpu')} and {most('disk')} at once")
    # Those who fail, and are tried again, give theirs back.
    done = run("-j", "4", "--resource", "one=1", "--retries", "2", code=3,
               tasks=[{"cmd": "exit 1", "resource": "one"}] * 3
               + [{"cmd": "true", "resource": "one"}])
    states = [it["state"] for it in results(done)]
    check(sorted(states) == ["failed"] * 3 + ["ok"], f"resource: {states}")
    # Whoever waits for a token when all is over has a result, too.
    done = run("-j", "4", "--resource", "one=1", "--halt", "now,fail=1", code=1,
               tasks=[{"cmd": "exit 1", "resource": "one"}] * 8)
    check(len(results(done)) == 8, f"halt: {len(results(done))} results")
    done = run(code=1, tasks=[{"cmd": "true", "resource": "tape"}])
    check("no resource 'tape'" in results(done)[0]["text"], "an unknown one")
    for wrong in ("gpu", "gpu=0", "=1", "gpu=x"):
        run("--resource", wrong, code=2)


def test_load():
    """Under a bound that every machine is over one runs after the other."""
    tasks = [{"cmd": HOLD.format("load")}] * 3
    run("-j", "3", "--load", "0.0001", tasks=tasks)
    check(len(Path("load.most").read_text().split()) == 3, "load: all ran")
    if os.getloadavg()[0] > 0.1:
        check(most("load") == 1, f"load: {most('load')} at once")
    run("-j", "3", "--load", "100000%", tasks=tasks)
    for wrong in ("x", "0", "-1", "5x"):
        run("--load", wrong, code=2)


def test_wrong_tasks():
    done = run(code=1, tasks=[{"cmd": "true", "priority": -1},
                              {"cmd": "true", "priority": "high"},
                              {"cmd": "true", "resource": 7}])
    check([it["state"] for it in results(done)] == ["failed"] * 3, "wrong tasks")


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
        os.chdir("/")
    print(f"{len(failures)} failures")
    sys.exit(bool(failures))


main()

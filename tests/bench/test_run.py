"""The benchmark runner does its sums right and hides no failure.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ.get("TROUPE_SOURCE_DIR", HERE.parents[1]))

# Prints the next value of a list at each run: the first is the warm-up's.
COUNTING = """#!/bin/sh
[ "$1" = --list ] && { echo default; exit; }
n=$(cat "$0.n" 2>/dev/null || echo 0)
echo $((n + 1)) >"$0.n"
set -- VALUES
shift $n
echo '{"bench": "BENCH", "variant": "default", "unit": "u", "value": '$1', \
"peak_kib": '$(($1 * 1024))'}'
"""

BREAKING = """#!/bin/sh
[ "$1" = --list ] && { echo default; exit; }
echo "out of luck" >&2
exit 7
"""

SILENT = """#!/bin/sh
[ "$1" = --list ] && echo default
exit 0
"""


class Runner(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.build = Path(self.directory.name)
        (self.build / "bench").mkdir()

    def program(self, name, text, **words):
        for word, value in words.items():
            text = text.replace(word, value)
        path = self.build / "bench" / name
        path.write_text(text)
        path.chmod(0o755)

    def run_bench(self, *args):
        done = subprocess.run(
            [sys.executable, str(ROOT / "bench" / "run"), "--build",
             str(self.build), *args], capture_output=True, text=True,
            timeout=60, check=False)
        path = self.build / "bench" / "results.json"
        report = json.loads(path.read_text()) if path.exists() else None
        return done, report

    def test_takes_the_median_without_the_warm_up(self):
        self.program("b4_count", COUNTING, BENCH="B4",
                     VALUES="999 50 10 30 20 40")
        done, report = self.run_bench()
        self.assertEqual(done.returncode, 0, done.stderr)
        row = next(r for r in report["rows"] if r["variant"] == "default")
        self.assertEqual((row["median"], row["min"], row["max"]),
                         (30, 10, 50))
        self.assertEqual(row["ratio_to_goal"], 30 / row["goal"])
        self.assertEqual(report["results"][0]["values"],
                         [50, 10, 30, 20, 40])

    def test_marks_a_peak_above_its_goal(self):
        self.program("b4", COUNTING, BENCH="B4", VALUES="1 65")
        done, report = self.run_bench("--runs", "1")
        self.assertIn("65.0!", done.stdout)
        self.assertGreater(report["rows"][0]["ratio_to_goal_peak"], 1)

    def test_compares_with_a_like_message_of_libzmq(self):
        self.program("b4", COUNTING, BENCH="B4", VALUES="1 25")
        self.program("raw_zmq", """#!/bin/sh
case $1 in
--list) echo push-pull inproc 32 B ;;
--version) echo libzmq 0 ;;
*) echo '{"bench": "floor", "variant": "'"$2"'", "unit": "u", "value": 100}'
esac
""")
        done, report = self.run_bench("--runs", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(report["rows"][0]["peers"]["libzmq"]["ratio"], 0.25)

    def test_the_figures_of_a_run_become_the_table_of_readme(self):
        done, _ = self.run_bench("--markdown")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("./dev bench makes it", done.stderr)
        self.program("b4_counter", COUNTING, BENCH="B4",
                     VALUES="900 10 30 20 40 50")
        self.assertEqual(self.run_bench()[0].returncode, 0)
        done, _ = self.run_bench("--markdown")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| B4 | u | **30.0** | 10.0 to 50.0 |", done.stdout)

    def test_a_failing_program_is_named_and_fails_the_run(self):
        self.program("b4", COUNTING, BENCH="B4", VALUES="1 25")
        self.program("b5", BREAKING)
        done, report = self.run_bench("--runs", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED: B5 default troupe: exit code 7: out of luck",
                      done.stdout)
        self.assertEqual(report["rows"][0]["median"], 25)

    def test_a_program_that_prints_nothing_has_failed(self):
        self.program("b5", SILENT)
        done, report = self.run_bench("--runs", "1")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(report["failures"],
                         {"B5 default troupe": "printed no result"})

    def test_only_runs_what_was_asked_for(self):
        self.program("b4", COUNTING, BENCH="B4", VALUES="1 25")
        self.program("b11", BREAKING)
        done, report = self.run_bench("--runs", "1", "--only", "b4")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({r["bench"] for r in report["rows"]}, {"B4"})

    def test_a_peer_that_is_not_installed_names_its_package(self):
        self.program("b4", COUNTING, BENCH="B4", VALUES="1 25")
        tools = self.build / "tools"
        tools.mkdir()
        for name in ("sh", "cat"):
            (tools / name).symlink_to(f"/bin/{name}")
        path, os.environ["PATH"] = os.environ["PATH"], str(tools)
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        done, report = self.run_bench(
            "--runs", "1", "--peers=erlang,caf,langgraph,parallel")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, package in (("erlang", "erlang-base"), ("caf", "g++"),
                              ("langgraph", "nodejs and npm"),
                              ("parallel", "parallel")):
            self.assertRegex(report["missing"][name], f"packages? {package}")

    def test_peers_of_one_row_share_a_column(self):
        self.program("b15", COUNTING.replace("default", "processes"),
                     BENCH="B15", VALUES="1 25")
        self.program("b4", COUNTING, BENCH="B4", VALUES="1 25")
        done, report = self.run_bench("--quick", "--peers=xargs",
                                      "--only", "B4,B15")
        self.assertEqual(done.returncode, 0, done.stderr)
        row = next(r for r in report["rows"] if r["variant"] == "processes")
        theirs = row["peers"]["xargs"]["median"]
        self.assertGreater(theirs, 0)
        self.assertEqual(row["peers"]["xargs"]["ratio"],
                         row["median"] / theirs)
        self.assertRegex(done.stdout, r"B15 processes .*  xargs -P \S+ \(")
        markdown = self.run_bench("--markdown")[0].stdout.splitlines()
        self.assertTrue(markdown[0].endswith("| others |"))
        self.assertRegex(markdown[2], r"^\| B4 .* \| - \|$")

    def test_nothing_to_run_is_an_error(self):
        done, report = self.run_bench()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing to run", done.stderr)
        self.assertIsNone(report)


if __name__ == "__main__":
    unittest.main()

"""What the figures were measured on: machine, kernel, compiler.

SPDX-License-Identifier: Apache-2.0
"""
import os
import platform
import re
import subprocess
from pathlib import Path


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_mib():
    line = Path("/proc/meminfo").read_text().splitlines()[0]
    return int(line.split()[1]) // 1024


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"


def compiler(build_dir):
    """The first line of the compiler's --version that CMake's cache names."""
    cache = Path(build_dir) / "CMakeCache.txt"
    found = None
    if cache.exists():
        found = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", cache.read_text(),
                          re.MULTILINE)
    try:
        done = subprocess.run([found[1] if found else "cc", "--version"],
                              capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return (done.stdout.splitlines() or ["unknown"])[0]


def describe(build_dir):
    return {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)),
            "memory_mib": memory_mib(), "kernel": platform.release(),
            "system": distribution(), "compiler": compiler(build_dir),
            "load_before": round(os.getloadavg()[0], 2)}

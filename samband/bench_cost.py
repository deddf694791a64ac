"""``samband bench cost``: what the demo costs in memory and processor time, and its first page.

Memory is the sum of PSS (proportional set size) of the demo and all its children, from
``/proc/<pid>/smaps_rollup``; processor time from ``/proc/<pid>/stat``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from samband.bench_demo import running_demo

KIB_PER_MB = 1000 / 1.024
LIMIT_MB = 350


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "cost", help="memory and processor time", epilog="example: samband bench cost --seconds 60"
    )
    parser.add_argument("--seconds", type=float, default=60, help="when to read the memory")
    parser.add_argument("--then", type=float, default=0, help="read again after this many seconds")
    parser.add_argument("--no-page", action="store_true", help="skip the page load (no Chromium)")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Start the demo, wait, read; returns figures in MB, percent of a core, kB and ms."""
    with tempfile.TemporaryDirectory() as folder:
        with running_demo(Path(folder), scenario="demo", p25=True) as demo:
            busy = _over_time(demo.pid, args.seconds)
            figures: dict[str, Any] = {"after_s": args.seconds, **busy, "limit_mb": LIMIT_MB}
            if args.then:
                time.sleep(args.then)
                figures["memory_later_mb"] = memory_mb(demo.pid)
                figures["later_after_s"] = args.seconds + args.then
                figures["own_later_mb"] = memory_mb(demo.pid, "Anonymous:")
                figures["own_grown_mb"] = figures["own_later_mb"] - figures["own_mb"]
            if not args.no_page:
                figures["page"] = page_load(demo.url)
        with running_demo(Path(folder), scenario="quiet") as demo:
            idle = _over_time(demo.pid, min(30, args.seconds))
            figures["idle_cpu_percent"] = idle["cpu_percent"]
            figures["idle_memory_mb"] = idle["memory_mb"]
    figures["ok"] = figures["memory_mb"] <= LIMIT_MB
    return figures


def _over_time(pid: int, seconds: float) -> dict[str, Any]:
    time.sleep(min(5, seconds / 2))
    cpu, began = cpu_seconds(pid), time.monotonic()
    time.sleep(max(0, seconds - min(5, seconds / 2)))
    used = (cpu_seconds(pid) - cpu) / (time.monotonic() - began)
    return {
        "memory_mb": memory_mb(pid),
        "own_mb": memory_mb(pid, "Anonymous:"),
        "processes": {name: mb for name, mb in process_table(pid)},
        "cpu_percent": used * 100,
    }


def family(pid: int) -> list[int]:
    """Return the process and all its descendants that live now."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        queue += children.get(one, [])
    return found


def pss_mb(pid: int, kind: str = "Pss:") -> float:
    """Return the PSS (or another line of the summary) of a process in MB; 0 when it is gone.

    PSS shares a library's pages with whoever else has loaded it, also outside the demo, so it
    moves when other programs start and end; what grows is seen in ``Anonymous:``.
    """
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(kind):
                return int(line.split()[1]) / KIB_PER_MB
    except OSError:
        return 0.0
    return 0.0


def memory_mb(pid: int, kind: str = "Pss:") -> float:
    """Return the PSS (or another kind) of a process and its descendants in MB."""
    return sum(pss_mb(one, kind) for one in family(pid))


def process_table(pid: int) -> list[tuple[str, float]]:
    """Return (command, PSS in MB) of a process and its descendants, largest first."""
    rows = []
    for one in family(pid):
        try:
            words = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        name = " ".join(word.decode().rpartition("/")[2] for word in words[:5] if word)
        rows.append((f"{one} {name}"[:60], pss_mb(one)))
    return sorted(rows, key=lambda row: -row[1])


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process and its descendants in seconds."""
    ticks = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def page_load(url: str) -> dict[str, Any]:
    """Load the sign-in page in a fresh Chromium: script bytes transferred, first paint in ms."""
    code = (
        "import json,sys;from samband.bench_browser import first_load;"
        "print(json.dumps(first_load(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        return {"skipped": done.stderr.strip().splitlines()[-1:] or "no browser"}
    import json

    result: dict[str, Any] = json.loads(done.stdout)
    return result

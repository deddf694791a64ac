"""``samband bench import``: a long list from the file to the draft's text, as the server does it.

Each list is read in a process of its own, once to look (report, difference, check) and once to put
it in. ``longest_wait_ms`` is the longest that the event loop had to wait for its turn meanwhile.
"""

import argparse
import asyncio
import resource
import time
from typing import Any

from dispatch.importing.jobs import Job, Jobs
from dispatch.importing.recognise import Wish
from dispatch.importing.work import Task
from dispatch.plans.canonical import plan_text
from gateway.model.ids import SystemId
from gateway.model.plan import Plan, System, Talkgroup
from samband.bench_tables_world import list_csv, list_workbook

ROWS = 100_000
LIMIT_S = 10
BEAT_S = 0.005
SYSTEM = SystemId("net")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``import``."""
    parser = subparsers.add_parser("import", help="long lists into a draft")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Read units as CSV and as a workbook, and talkgroups as CSV; returns seconds for each."""
    lists = {
        "units_csv": (list_csv("units", args.rows), "units"),
        "units_xlsx": (list_workbook(args.rows), "units"),
        "talkgroups_csv": (list_csv("talkgroups", args.rows), "talkgroups"),
    }
    figures = {name: asyncio.run(_one(data, kind)) for name, (data, kind) in lists.items()}
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    slowest = max(max(one["look_s"], one["apply_s"]) for one in figures.values())
    return {
        "rows": args.rows,
        **figures,
        "largest_process_mb": children / 1024,
        "slowest_s": slowest,
        "limit_s": LIMIT_S,
        "ok": slowest <= LIMIT_S,
    }


async def _one(data: bytes, kind: str) -> dict[str, Any]:
    body = plan_text(_plan())
    beat = _Beat()
    watch = asyncio.create_task(beat.run())
    jobs, figures = Jobs(), {"file_mb": len(data) / 1e6}
    for name, apply in (("look", False), ("apply", True)):
        task = Task(system=SYSTEM, wish=Wish(kind=kind), packed=True, apply=apply)
        before, used = time.perf_counter(), _child_seconds()
        outcome = await jobs.run(Job(name, "bench"), task, data, body, body)
        figures[f"{name}_s"] = time.perf_counter() - before
        figures[f"{name}_computing_s"] = _child_seconds() - used
        figures[f"{name}_report_mb"] = len(outcome.report) / 1e6
    watch.cancel()
    figures["longest_wait_ms"] = beat.longest_ms
    return figures


def _child_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Beat:
    """Measures how late the event loop is."""

    def __init__(self) -> None:
        self.longest_ms = 0.0

    async def run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(BEAT_S)
            late = (time.perf_counter() - before - BEAT_S) * 1000
            self.longest_ms = max(self.longest_ms, late)


def _plan() -> Plan:
    groups = tuple(
        Talkgroup(system=SYSTEM, number=900_000 + n, name=f"NORRVIK {n}", folder=f"Zone {n % 20}")
        for n in range(400)
    )
    system = System(id=SYSTEM, name="Norrvik", technology="tetra", handle=1, mcc=901, mnc=1001)
    return Plan(name="Norrvik", systems=(system,), talkgroups=groups)

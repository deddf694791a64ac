"""``samband bench uploads``: calls of other recorders, so many a second, into a real server.

Processes: the server (``bench_uploads_server``) with its decoder, and this one, which sends like
four recorders at once, each over connections of its own, at a steady rate whatever the answers do.
Reported: how long answers took, how many calls wait for their listening copy in the end, how long
it takes to work them off, and the server's memory before, while and after.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gateway.model.errors import LinkError
from samband.bench_cost import memory_mb
from samband.bench_demo import end_process
from samband.bench_signal import percentiles
from samband.bench_uploads_calls import RECORDERS, Calls

SERVER = "samband.bench_uploads_server"
READY_S = 90.0
LOOK_S = 1.0
P95_LIMIT_MS = 1000
CONNECTIONS = 16
STALLED_S = 120.0
"""The copies are waited for as long as there is one more at least in this time."""
DRAIN_MOST_S = 3_600.0


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "uploads", help="uploaded calls", epilog="example: samband bench uploads --seconds 60"
    )
    parser.add_argument("--rate", type=float, default=50, help="calls a second (50)")
    parser.add_argument("--seconds", type=float, default=60, help="how long (60)")
    parser.add_argument("--call-s", type=float, default=4, help="length of a call (4)")
    parser.add_argument("--format", choices=("wav", "mp3", "m4a"), default="mp3", help="(mp3)")
    parser.add_argument("--no-drain", action="store_true", help="do not wait for the copies")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run the server, send, wait; returns the figures."""
    with tempfile.TemporaryDirectory() as name, _server(Path(name)) as ready:
        return asyncio.run(_measure(args, ready))


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "server.log").open("wb") as log:
        words = [sys.executable, "-m", SERVER, str(folder)]
        process = subprocess.Popen(words, stdout=log, stderr=log)
    ready, deadline = folder / "ready.json", time.monotonic() + READY_S
    try:
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = (folder / "server.log").read_text(errors="replace")[-3000:]
                raise LinkError(f"the server did not get ready within {READY_S:.0f} s:\n{tail}")
            time.sleep(0.05)
        yield json.loads(ready.read_text("utf-8")) | {"pid": process.pid}
    finally:
        end_process(process)


@dataclass(slots=True)
class _Tally:
    took_ms: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    memory_mb: list[float] = field(default_factory=list)
    backlog: list[int] = field(default_factory=list)


async def _measure(args: argparse.Namespace, ready: dict[str, Any]) -> dict[str, Any]:
    calls = Calls(ready["keys"], args.call_s, args.format)
    tally = _Tally()
    before_mb = memory_mb(ready["pid"])
    async with contextlib.AsyncExitStack() as stack:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=ready["url"], limits=limits, timeout=60)
            )
            for _ in range(RECORDERS)
        ]
        watcher = asyncio.create_task(_watch(ready, tally))
        sent_s = await _send(clients, calls, args, tally)
        left = await _waiting(ready)
        drained_s = None if args.no_drain else await _drain(ready)
        undrained = await _waiting(ready)
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
    answered = percentiles(tally.took_ms)
    figures: dict[str, Any] = {
        "calls": len(tally.took_ms),
        "rate_a_s": len(tally.took_ms) / sent_s,
        "bytes_a_call": calls.size,
        "answer_ms": answered,
        "answers": dict(tally.answers),
        "waiting_at_end": left,
        "waiting_most": max(tally.backlog, default=0),
        "drained_after_s": drained_s,
        "waiting_after_drain": undrained,
        "memory_before_mb": before_mb,
        "memory_most_mb": max(tally.memory_mb, default=before_mb),
        "memory_after_mb": memory_mb(ready["pid"]),
    }
    imported = tally.answers["200 Call imported successfully."]
    figures["ok"] = (
        imported == len(tally.took_ms)
        and figures["rate_a_s"] >= 0.95 * args.rate
        and answered["p95"] <= P95_LIMIT_MS
        and (args.no_drain or drained_s is not None)
    )
    return figures


async def _send(
    clients: list[httpx.AsyncClient], calls: Calls, args: argparse.Namespace, tally: _Tally
) -> float:
    """Send at the rate; a late answer holds nothing back. Returns how long it took in all."""
    began, number = time.monotonic(), round(args.rate * args.seconds)
    async with asyncio.TaskGroup() as group:
        for count in range(number):
            wait_s = began + count / args.rate - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            client = clients[count % RECORDERS]
            group.create_task(_one(client, calls, count, tally), name=f"upload-{count}")
    return time.monotonic() - began


async def _one(client: httpx.AsyncClient, calls: Calls, count: int, tally: _Tally) -> None:
    body, headers = calls.form(count)
    began = time.monotonic()
    try:
        answer = await client.post("/api/call-upload", content=body, headers=headers)
        words = f"{answer.status_code} {answer.text.strip()}"
    except httpx.HTTPError as error:
        words = type(error).__name__
    tally.took_ms.append((time.monotonic() - began) * 1000)
    tally.answers[words] += 1


async def _watch(ready: dict[str, Any], tally: _Tally) -> None:
    while True:
        tally.memory_mb.append(await asyncio.to_thread(memory_mb, ready["pid"]))
        tally.backlog.append(await _waiting(ready))
        await asyncio.sleep(LOOK_S)


async def _waiting(ready: dict[str, Any]) -> int:
    """Return how many calls wait for their listening copy, as the server's own page would."""
    text = await asyncio.to_thread(Path(ready["waiting"]).read_text, "ascii")
    return int(text or 0)


async def _drain(ready: dict[str, Any]) -> float | None:
    """Wait until every copy is made; returns how long it took, None when it does not go on."""
    began = moved = time.monotonic()
    least = await _waiting(ready)
    while least:
        await asyncio.sleep(LOOK_S)
        left, now = await _waiting(ready), time.monotonic()
        if left < least:
            least, moved = left, now
        if now - moved > STALLED_S or now - began > DRAIN_MOST_S:
            return None
    return round(time.monotonic() - began, 1)

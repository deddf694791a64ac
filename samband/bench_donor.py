"""``samband bench donor``: a donor radio's key and carrier, and what a cut network costs.

The driver runs here, the simulated radio (its lines behind the RFC 2217 server) in another process;
both speak of the same monotonic clock.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from typing import Any

from gateway.model.ids import LinkId, MonoMs, RequestId, SiteId, SystemId, UtcUs
from gateway.model.plan import Link
from gateway.model.radio import (
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkStarted,
    TxEnded,
    TxGranted,
)
from hardware.analogue_radio import AnalogueRadioLink
from samband.bench_demo import Control, end_process
from samband.bench_signal import percentiles

GROUP = 4
UNKEY_LIMIT_MS = 500
CUT_LIMIT_MS = 2000


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "donor", help="donor radio: key, carrier, cut", epilog="example: samband bench donor"
    )
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)


class _Clock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


class _Bench:
    """One driver and the times of its events."""

    def __init__(self, first: dict[str, Any], control: Control) -> None:
        self.control = control
        self.told: list[tuple[float, RadioEvent]] = []
        link = Link(
            id=LinkId("bench"), name="bench", kind="analogue", system=SystemId("vhf"),
            site=SiteId("here"), port=str(first["port"]), sound="", talkgroups=(GROUP,),
            ptt="rts", ptt_tail_ms=0, carrier="cts", carrier_open_ms=0, carrier_close_ms=0,
        )  # fmt: skip
        self.driver = AnalogueRadioLink(link, self._event, lambda *sound: None, _Clock())

    def _event(self, link: LinkId, event: RadioEvent) -> None:
        self.told.append((_now_ms(), event))

    async def until(self, wanted: type[RadioEvent], since: int) -> float:
        """Return when an event of a kind came, from an index on."""
        async with asyncio.timeout(10):
            while True:
                for at_ms, event in self.told[since:]:
                    if isinstance(event, wanted):
                        return at_ms
                await asyncio.sleep(0.001)

    async def state(self, wanted: LinkState, since: int) -> float:
        """Return when the link was in a state, from an index on."""
        async with asyncio.timeout(15):
            while True:
                for at_ms, event in self.told[since:]:
                    if isinstance(event, LinkChanged) and event.state is wanted:
                        return at_ms
                await asyncio.sleep(0.001)

    async def entry(self, since_ms: float, **wanted: object) -> float:
        """Return when the radio noted something, after a moment."""
        async with asyncio.timeout(10):
            while True:
                for entry in self.control.ask(do="log")["entries"]:
                    if entry["t_ms"] >= since_ms and wanted.items() <= entry.items():
                        return float(entry["t_ms"])
                await asyncio.sleep(0.005)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Press, talk and cut; returns percentiles in ms."""
    radio = subprocess.Popen(
        [sys.executable, "-m", "hardware.sim", "donor", "--control", "0"], stdout=subprocess.PIPE
    )
    try:
        if radio.stdout is None:
            raise RuntimeError("the simulated radio has no output")
        first = json.loads(radio.stdout.readline())
        control = Control(first["control"])
        try:
            return asyncio.run(_measure(_Bench(first, control), args))
        finally:
            control.close()
    finally:
        end_process(radio)


async def _measure(bench: _Bench, args: argparse.Namespace) -> dict[str, Any]:
    rng = random.Random(args.seed)  # noqa: S311 - moments, not a secret
    await bench.driver.start()
    try:
        await bench.state(LinkState.UP, 0)
        figures = await _presses(bench, rng, args.presses)
        figures["carrier_to_event_ms"] = percentiles(await _carriers(bench, rng, args.presses))
        lost, back = await _cuts(bench, args.cuts)
    finally:
        await bench.driver.close()
    figures["cut_to_down_ms"], figures["return_to_up_ms"] = percentiles(lost), percentiles(back)
    figures["ok"] = (
        figures["end_to_line_ms"]["max"] <= UNKEY_LIMIT_MS
        and max(lost) <= CUT_LIMIT_MS
        and max(back) <= CUT_LIMIT_MS
    )
    return figures


async def _presses(bench: _Bench, rng: random.Random, count: int) -> dict[str, Any]:
    up, down = [], []
    for number in range(count):
        await asyncio.sleep(rng.uniform(0.02, 0.1))
        since, request = len(bench.told), RequestId(f"r-{number}")
        pressed_ms = _now_ms()
        bench.driver.demand(KeyDemand(demand=request, group=GROUP))
        await bench.until(TxGranted, since)
        up.append(await bench.entry(pressed_ms, kind="line", active=True) - pressed_ms)
        ended_ms = _now_ms()
        bench.driver.end(request, "lease")
        await bench.until(TxEnded, since)
        down.append(await bench.entry(ended_ms, kind="line", active=False) - ended_ms)
        await asyncio.sleep(0.16)
    return {"press_to_line_ms": percentiles(up), "end_to_line_ms": percentiles(down)}


async def _carriers(bench: _Bench, rng: random.Random, count: int) -> list[float]:
    found = []
    for _ in range(count):
        await asyncio.sleep(rng.uniform(0.02, 0.1))
        since, before_ms = len(bench.told), _now_ms()
        bench.control.ask(do="carrier", on=True)
        shown_ms = await bench.entry(before_ms, kind="carrier")
        found.append(max(0.0, await bench.until(TalkStarted, since) - shown_ms))
        bench.control.ask(do="carrier", on=False)
        await asyncio.sleep(0.05)
    return found


async def _cuts(bench: _Bench, count: int) -> tuple[list[float], list[float]]:
    lost, back = [], []
    for _ in range(count):
        since = len(bench.told)
        bench.control.ask(do="unplug", for_ms=1500)
        cut_ms = _now_ms()
        lost.append(max(0.0, await bench.state(LinkState.DOWN, since) - cut_ms))
        plugged_ms = await bench.entry(cut_ms, kind="plugged")
        back.append(await bench.state(LinkState.UP, since) - plugged_ms)
        await asyncio.sleep(0.3)
    return lost, back


def _now_ms() -> float:
    return time.monotonic_ns() / 1e6

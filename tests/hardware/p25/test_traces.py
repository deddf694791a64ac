"""Traces of P25 links over real UDP and a real pty: replayed, they give the call that was heard."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from dispatch.links.traces import header_of
from gateway.model.p25_settings import DFSI, FNE, MODEM, P25Settings
from gateway.model.radio import CallDown
from hardware.loop_check import Answers
from hardware.trace import TraceOrder, TraceState, TraceWriter
from samband.cli import main
from samband.link_tools import answers_result
from tests.hardware.p25.fne_room import fne_room
from tests.hardware.p25.mmdvm_room import modem_room, planned
from tests.hardware.p25.station_room import GROUP, UNIT, StationRoom, station_room

WAIT_S = 10
Room = Callable[[], AbstractAsyncContextManager[StationRoom]]
ROOMS: dict[str, tuple[Room, str, str]] = {
    "dfsi": (lambda: station_room(dialect="tia"), DFSI, "tia"),
    "v24": (lambda: station_room(dialect="v24"), DFSI, "v24"),
    "fne": (fne_room, FNE, "tia"),
    "mmdvm": (modem_room, MODEM, "tia"),
}


def order(path: Path, kind: str, dialect: str) -> TraceOrder:
    link = planned("udp:127.0.0.1:1", P25Settings(nac=0x293, dialect=dialect))
    object.__setattr__(link, "kind", kind)
    header = header_of(link, "lt-1", "a test")
    return TraceOrder(id="lt-1", path=path, header=header, kind=kind, max_bytes=1 << 22, max_s=60)


@pytest.mark.parametrize("name", list(ROOMS))
async def test_a_trace_replays_the_call_that_was_heard(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, kind, dialect = ROOMS[name]
    told: list[TraceState] = []
    over = threading.Event()

    def ended(state: TraceState) -> None:
        told.append(state)
        over.set()

    writer, path = TraceWriter(ended), tmp_path / "lt-1.jsonl"
    answers = Answers(kind)
    async with make() as room:
        trace = writer.begin(order(path, kind, dialect))
        room.driver.tap.add(trace.take)
        room.driver.tap.add(answers.take)
        room.do("talk", group=GROUP, unit=UNIT, tone_hz=400, for_s=0.6)
        await room.until(lambda: room.of(CallDown), 20)
    writer.stop(trace)
    assert await asyncio.to_thread(over.wait, WAIT_S)
    writer.close()
    assert (told[0].cause, told[0].lost) == ("stopped", 0)
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["replay", str(path)]) == 0
    out, err = capsys.readouterr()
    assert f"fed as {name}; 0 malformed" in err
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    calls = [row for row in rows if row["event"] == "CallUp"]
    assert [row["group"] for row in calls] == [GROUP]
    assert UNIT in [row["talker"] for row in rows if row["event"] == "TalkStarted"]
    assert len([row for row in rows if row["event"] == "CallDown"]) == 1
    assert sum(row["times"] for row in rows if row["event"] == "VoiceHeard") >= 18
    if name == "mmdvm":
        found = answers_result(answers)
        assert (found.outcome, answers.unanswered) == ("passed", 0)
        assert len(answers.answer_ms) >= 2

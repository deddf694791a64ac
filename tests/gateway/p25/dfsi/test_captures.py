"""Captures of a live station program, fed to a core: what was written down beforehand comes out."""

import json
from typing import Any

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, LinkChanged, Malformed, RadioEvent, SignalQuality
from gateway.p25.dfsi.rtp import V24_VOICE
from gateway.p25.talk.port import VoiceHeard
from tests.gateway.p25.dfsi.station import Bench, rtp
from tests.gateway.p25.vectors import FOLDER, octets, rows

EXPECTED: dict[str, Any] = json.loads((FOLDER / "captures.expected.json").read_text())


@pytest.mark.parametrize("name", ["dfsi_tia_capture", "v24_capture"])
@pytest.mark.parametrize("dialect", ["tia", "v24"])
def test_events_and_counts(name: str, dialect: str) -> None:
    bench = Bench(dialect=dialect)
    bench.open()
    begun = bench.now
    for row in rows(name):
        bench.run(begun + row["t_ms"] - bench.now)
        record = row.get("record")
        bench.voice(octets(row["rtp"]) if record is None else rtp(octets(record), 32, V24_VOICE))
    bench.run(10_000)
    wanted = EXPECTED[name]
    assert len(bench.of(Malformed)) == wanted["malformed"]
    told = [e for e in bench.events if not isinstance(e, LinkChanged | LineSeen | SignalQuality)]
    assert MonoMs(bench.now) > 10_000
    for kind, found in zip(wanted["events"], _last_of_each(told), strict=True):
        assert type(found[-1]).__name__ == kind["event"]
        if kind["event"] == "VoiceHeard":
            heard = [one for one in found if isinstance(one, VoiceHeard)]
            assert len(heard) == kind["times"]
            assert sum(one.frame is None for one in heard) == kind["lost"]
            assert {one.readable for one in heard} == {kind["readable"]}
        else:
            values = {key: getattr(found[-1], key) for key in kind if key != "event"}
            assert values == {key: value for key, value in kind.items() if key != "event"}


def _last_of_each(events: list[RadioEvent]) -> list[list[RadioEvent]]:
    """Return events by kind, in the order in which the kinds came first."""
    kinds: dict[type[RadioEvent], list[RadioEvent]] = {}
    for event in events:
        kinds.setdefault(type(event), []).append(event)
    return list(kinds.values())

"""What the auditor's page is told of witnesses and stamps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.cosign import Cosigning, WitnessState
from dispatch.audit.outside import OutsideProof, StampState
from tests.dispatch.room import Room


async def test_no_witness_is_null(room: Room) -> None:
    auditor = await room.browser("auditor")
    state = (await auditor.get("/audit/state")).json()
    assert (state["witness"], state["stamp"]) == (None, None)


async def test_witnesses_and_stamp_are_shown_with_their_age(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = room.clock.utc_us() // 1_000_000
    fresh = WitnessState(name="witness.test/w", size=9, at_s=now_s, fault="")
    stale = replace(fresh, name="witness.test/x", size=4, at_s=now_s - 90_000, fault="away")
    never = replace(fresh, name="witness.test/y", size=0, at_s=0)
    outside = OutsideProof(
        tmp_path / "samband.db", tmp_path, Cosigning(tmp_path / "x", tmp_path, ()), None
    )
    monkeypatch.setattr(OutsideProof, "witnesses", lambda self: [fresh, stale, never])
    monkeypatch.setattr(OutsideProof, "stamped", lambda self: StampState(size=9, fault=""))
    room.services.add(outside)
    auditor = await room.browser("auditor")
    state: dict[str, Any] = (await auditor.get("/audit/state")).json()
    assert state["stamp"] == {"size": 9, "fault": ""}
    shown = [(one["name"], one["size"], one["stale"], one["fault"]) for one in state["witness"]]
    assert shown == [
        ("witness.test/w", 9, False, ""),
        ("witness.test/x", 4, True, "away"),
        ("witness.test/y", 0, True, ""),
    ]
    assert state["witness"][2]["at_utc"] is None

"""What the auditor's page is told of witnesses and stamps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.cosign import Cosigning, WitnessState
from dispatch.audit.mirror import Mirror
from dispatch.audit.outside import OutsideProof, StampState
from dispatch.audit.verify_tiles import verify_tiles
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


async def test_the_auditor_renews_the_mirror_and_it_is_logged(room: Room) -> None:
    mirror = room.services.add(
        Mirror(room.audit, room.state / "samband.db", room.state / "mirror", ())
    )
    auditor = await room.browser("auditor")
    first = (await auditor.post("/audit/mirror")).json()
    assert first["folder"] == str(mirror.folder)
    trust = room.state / "trust.txt"
    vkey = (room.state / "audit" / "log.vkey").read_text("utf-8")
    trust.write_text(f"log {vkey}", encoding="utf-8")
    report = verify_tiles(mirror.folder, trust)
    assert (report.ok, report.size) == (True, first["size"]), report.faults
    assert b'"verb":"audit.mirrored"' in (mirror.folder / "entries.jsonl").read_bytes()
    again = (await auditor.post("/audit/mirror")).json()
    assert again["size"] > first["size"]
    assert verify_tiles(mirror.folder, trust).ok
    supervisor = await room.browser("supervisor")
    assert (await supervisor.post("/audit/mirror")).status_code == 403

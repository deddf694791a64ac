"""Trails, day sheets, verification and copies of the log over HTTP, in a real room."""

import asyncio
import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from sqlmodel import select

from dispatch.audit.entry import Act, Actor, Obj
from dispatch.audit.verify import verify_database
from dispatch.reports.daysheet import DaySheets
from dispatch.reports.tables import DaySheet
from tests.dispatch.room import Browser, Room, until


async def agreed(dpo: Browser, approval: str, digest: str) -> None:
    answer = await dpo.post(f"/approvals/{approval}", {"agree": True, "digest": digest})
    assert answer.status_code == 200, answer.text


async def log_of(room: Room, verb: str) -> list[dict[str, Any]]:
    auditor = await room.browser("auditor")
    page = (await auditor.get("/trail/person", params={"user": auditor.me["user"]["id"]})).json()
    return [row for row in page["rows"] if row["verb"] == verb]


async def test_who_saw_a_call_and_what_did_a_person(room: Room) -> None:
    call, over = room.begin()
    room.end(call, over)
    room.record(call, over, b"sound")
    await room.journaled()
    dispatcher, auditor = await room.browser("dispatcher"), await room.browser("auditor")
    assert (await dispatcher.get(f"/calls/{call}")).status_code == 200
    assert (await dispatcher.get(f"/recordings/{over}")).status_code == 200
    page = (await auditor.get("/trail/subject", params={"kind": "object", "value": call})).json()
    verbs = [row["verb"] for row in page["rows"]]
    assert {"call.open", "recording.play", "recording.closed"} <= set(verbs)
    opened = next(row for row in page["rows"] if row["verb"] == "call.open")
    assert opened["who"]["name"] == "Dispatcher"
    assert opened["words"] == "opened a call's sheet"
    user = dispatcher.me["user"]["id"]
    did = (await auditor.get("/trail/person", params={"user": user, "op": "consult"})).json()
    assert [row["verb"] for row in did["rows"]][-1] == "call.open"
    assert did["duty"] == []
    looked = await log_of(room, "trail.object")
    assert looked[0]["object"]["id"] == call
    assert looked[0]["purpose"] is not None


async def test_a_subject_is_found_through_searches_and_calls(room: Room) -> None:
    call, over = room.begin()
    room.end(call, over)
    await room.journaled()
    dispatcher, auditor = await room.browser("dispatcher"), await room.browser("auditor")
    assert (await dispatcher.get("/calls", params={"unit": "net/1001"})).status_code == 200
    assert (await dispatcher.get(f"/calls/{call}")).status_code == 200
    for value in ("1001", "Patrol 1", "net/1001"):
        query = {"kind": "unit", "value": value, "op": "consult"}
        page = (await auditor.get("/trail/subject", params=query)).json()
        assert {"call.search", "call.open"} <= {row["verb"] for row in page["rows"]}, value
    raw = (room.state / "samband.db").read_bytes()
    assert b"Patrol 1" not in _entries_only(room), "a subject stands in the log in clear"
    assert raw


def _entries_only(room: Room) -> bytes:
    from dispatch.audit.tables import AuditLog

    return b"\n".join(room.store.read_now(lambda db: db.exec(select(AuditLog.entry)).all()))


async def test_everybody_sees_their_own_acts_alone(room: Room) -> None:
    for name in ("dispatcher", "administrator"):
        browser = await room.browser(name)
        rows: list[dict[str, Any]] = []
        async with asyncio.timeout(5):  # signing in is noted: its entry comes with the next batch
            while not rows:
                rows = (await browser.get("/trail/own")).json()["rows"]
        assert {row["who"]["id"] for row in rows} == {browser.me["user"]["id"]}
        assert (await browser.get("/trail/people")).status_code == 403


async def test_a_day_sheet_is_kept_signed_and_stays(room: Room) -> None:
    supervisor = await room.browser("supervisor")
    room.audit.note(
        Act(op="consult", verb="call.open", actor=Actor(id="u-x"), obj=Obj(type="call", id="c-1"),
            result="denied")
    )  # fmt: skip
    sheets = room.services.use(DaySheets)
    day = sheets.today
    before = (await supervisor.get(f"/daysheets/{day}")).json()
    assert (before["so_far"], before["kept"]) == (True, None)
    assert [one["verb"] for one in before["denied"]] == ["call.open"]
    made = await sheets.make(day)
    assert hashlib.sha256(made.body.encode()).hexdigest() == made.sha256
    auditor = await room.browser("auditor")
    entry = (await auditor.get(f"/audit/entries/{made.entry_seq}/proof")).json()["entry"]
    assert (entry["verb"], entry["detail"]["sha256"]) == ("daysheet.made", made.sha256)
    shown = (await supervisor.get(f"/daysheets/{day}")).json()
    assert shown["kept"]["unchanged"] is True
    assert shown["log"]["unwitnessed"] is True
    room.store.write_now(lambda db: _changed(db, day))
    assert (await supervisor.get(f"/daysheets/{day}")).json()["kept"]["unchanged"] is False
    assert await sheets.make_missing() == []


def _changed(db: Any, day: str) -> None:
    row = db.get(DaySheet, day)
    row.body = row.body.replace('"late":0', '"late":1')
    db.add(row)


async def test_verification_runs_beside_the_server_and_is_logged(room: Room) -> None:
    auditor = await room.browser("auditor")
    begun = (await auditor.post("/audit/verification")).json()
    assert begun["running"]["of"] > 0

    async def ended() -> bool:
        return (await auditor.get("/audit/verification")).json()["running"] is None

    await until(ended, deadline_s=60)
    last = (await auditor.get("/audit/verification")).json()["last"]
    assert last["ok"], last["faults"]
    assert await log_of(room, "audit.verify")
    await room.audit.checkpoint()
    proof = (await auditor.get("/audit/entries/0/proof")).json()
    assert proof["covered"]
    assert proof["proof"].startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
    assert (await auditor.get("/audit/entries/999999/proof")).status_code == 404


async def test_a_copy_of_the_log_needs_a_second_person_and_verifies_alone(
    room: Room, tmp_path: Path
) -> None:
    auditor, dpo = await room.browser("auditor"), await room.browser("dpo")
    body = {"name": "IMY", "country": "SE", "purpose_code": "case", "purpose_ref": "D-2026-7"}
    asked = (await auditor.post("/audit/exports", body)).json()
    path = f"/audit/exports/{asked['id']}"
    assert (await auditor.post(f"{path}/make")).status_code == 409
    own = await auditor.post(
        f"/approvals/{asked['approval']}", {"agree": True, "digest": asked["digest"]}
    )
    assert own.status_code == 403
    await agreed(dpo, asked["approval"], asked["digest"])
    made = (await auditor.post(f"{path}/make")).json()
    assert made["state"] == "made"
    data = (await auditor.get(f"{path}/file")).content
    assert hashlib.sha256(data).hexdigest() == made["sha256"]
    assert (await auditor.post(f"{path}/make")).status_code == 409
    folder = tmp_path / "copy"
    zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
    trust = tmp_path / "keys.txt"
    trust.write_text(f"log {(room.state / 'audit' / 'log.vkey').read_text()}")
    done = await asyncio.to_thread(_verified, folder, trust)
    assert (done.returncode, "sound" in done.stdout) == (0, True), done.stdout + done.stderr
    lines = (folder / "entries.jsonl").read_bytes().replace(b'"ok"', b'"no"', 1)
    (folder / "entries.jsonl").write_bytes(lines)
    done = await asyncio.to_thread(_verified, folder, trust)
    assert (done.returncode, "NOT SOUND" in done.stdout) == (1, True)
    assert verify_database(room.state / "samband.db", room.state / "audit").ok


def _verified(folder: Path, trust: Path) -> "subprocess.CompletedProcess[str]":
    # -I -S: no package of this machine is to be had, as at the authority.
    command = [
        sys.executable,
        "-I",
        "-S",
        str(folder / "verify_log.pyz"),
        str(folder),
        "--trust",
        str(trust),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_a_recipient_is_named_with_its_basis(room: Room) -> None:
    auditor = await room.browser("auditor")
    body = {"name": "X", "country": "SE", "purpose_code": "case", "purpose_ref": "D-1"}
    for change, words in (
        ({"name": " "}, "name the authority"),
        ({"country": "UA"}, "legal basis"),
    ):
        answer = await auditor.post("/audit/exports", body | change)
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]
    given = body | {"country": "UA", "basis": "agreement of 2026"}
    assert (await auditor.post("/audit/exports", given)).status_code == 200


async def test_records_of_processing_and_a_breach_list(room: Room) -> None:
    dpo, dispatcher = await room.browser("dpo"), await room.browser("dispatcher")
    call, over = room.begin()
    room.end(call, over)
    await room.journaled()
    await dispatcher.get(f"/calls/{call}")
    page = (await dpo.get("/processing")).json()
    titles = [section["title"] for section in page["sections"]]
    assert {
        "Who is responsible",
        "Processing",
        "Configured sources",
        "Retention",
        "Recipients",
    } <= set(titles)
    assert "| North radio | radio link, pei | Hill |" in (await dpo.get("/processing?form=md")).text
    assert "Retention,call,90" in (await dpo.get("/processing?form=csv")).text
    query = {
        "from_utc": 0,
        "to_utc": 4_000_000_000_000_000,
        "actor": dispatcher.me["user"]["id"],
        "noticed_utc": 1_000_000,
    }
    found = (await dpo.get("/breach", params=query)).json()
    assert {row["object"] for row in found["rows"]} == {call}
    assert found["deadline_utc"] == 1_000_000 + 72 * 3_600_000_000
    listed = (await dpo.get("/breach", params=query | {"form": "csv"})).text.splitlines()
    assert len(listed) == found["operations"] + 1


async def test_a_report_is_had_as_csv_and_by_no_other_dimension(room: Room) -> None:
    engineer = await room.browser("engineer")
    days = {"first": "2026-11-24", "last": "2026-11-24"}
    answer = await engineer.get("/reports/links", params=days | {"by": "site", "form": "csv"})
    assert answer.text.startswith("report,first,last,site,links,available_percent")
    for by in ("person", "position", "unit"):
        answer = await engineer.get("/reports/refused", params=days | {"by": by})
        assert (answer.status_code, answer.json()["error"]["hint"]) == (
            400,
            "There is no report by person.",
        )
    assert (await engineer.get("/reports/people", params=days)).status_code == 404
    dispatcher = await room.browser("dispatcher")
    assert (await dispatcher.get("/reports/links", params=days)).status_code == 403

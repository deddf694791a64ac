"""The erasure job: lists, second persons, interruptions, certificates, the log that stays whole."""

import json
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.tables import AuditLog
from dispatch.audit.trust import TrustedKey
from dispatch.audit.verify import verify_database
from dispatch.errors import Gone, LogNotWritable, NotFound
from dispatch.retention.certificate import BadCertificate, verify
from dispatch.retention.erasure import Erasure
from dispatch.retention.keeping import Retention
from dispatch.store.tables import Message, Note, Transmission
from tests.dispatch.retention.keepers import Keepers, both
from tests.dispatch.room import until

STEPS = ("checked", "buried", "listed", "committed", "swept", "logged")


class Killed(RuntimeError):
    """The process ends here."""


def has_stopped(erasure: Erasure, seen: list[str], step: str) -> bool:
    return step in seen and not erasure._tasks


async def expired(keepers: Keepers) -> dict[str, Any]:
    """Make the first two calls old and list them."""
    keepers.seal_all()
    keepers.age(*keepers.calls[:2])
    answer = await keepers.supervisor.post("/retention/erasures")
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


@both
async def test_what_is_over_is_listed_erased_and_certified(keepers: Keepers) -> None:
    room = keepers.room
    job = await expired(keepers)
    assert (job["planned"], job["classes"], job["state"]) == (2, {"call": 2}, "listed")
    for number in (0, 1):
        assert keepers.files.exists(keepers.name(number))
    listed = (await keepers.dpo.get(f"/retention/erasures/{job['id']}/objects")).json()["objects"]
    assert sorted(one["object"] for one in listed) == sorted(keepers.calls[:2])
    answer = await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    assert answer.status_code == 202, answer.text
    done = await keepers.done(job["id"])
    assert (done["erased"], done["skipped"], done["erased_root"]) == (2, 0, job["planned_root"])
    for number in (0, 1):
        assert not keepers.files.exists(keepers.name(number))
        row = keepers.row(keepers.calls[number])
        assert row.erased_utc is not None
        assert row.caller is None
    over = room.store.read_now(lambda db: db.get(Transmission, keepers.overs[0]))
    assert over is not None
    assert (over.talker, over.alias, over.operator) == (None, "", "")
    assert keepers.files.exists(keepers.name(2))
    played = await keepers.supervisor.get(f"/recordings/{keepers.overs[0]}")
    assert played.status_code == 410
    await room.audit.checkpoint()
    path = f"/retention/erasures/{job['id']}/certificate"
    certificate = (await keepers.dpo.get(path)).json()
    signer = NoteSigner("test.example/log", log_signing_key(KeyFolder(room.state / "keys")))
    keys = [TrustedKey(signer.vkey)]
    assert "2 objects were erased" in verify(certificate, keys)
    words = (await keepers.dpo.get(path, params={"form": "text"})).text
    assert "2 objects (call 2)" in words
    for change in (
        {"objects": certificate["objects"][:1]},
        {"root": "0" * 64},
        {"entry": certificate["entry"].replace('"count":2', '"count":3')},
        {"job": "e-other"},
    ):
        with pytest.raises(BadCertificate):
            verify(certificate | change, keys)
    other = NoteSigner("test.example/log", log_signing_key(KeyFolder(room.state / "other")))
    with pytest.raises(BadCertificate):
        verify(certificate, [TrustedKey(other.vkey)])


async def test_killed_at_any_step_it_goes_on_where_it_stood(keepers: Keepers) -> None:
    room, erasure = keepers.room, keepers.erasure
    for seq in range(4, 4 + len(STEPS)):
        await keepers.call(seq)
    await room.journaled()
    keepers.seal_all()
    for number, step in enumerate(STEPS):
        call = keepers.calls[number]
        keepers.age(call)
        job = (await keepers.supervisor.post("/retention/erasures")).json()
        seen: list[str] = []

        def at(found: str, step: str = step, seen: list[str] = seen) -> None:
            seen.append(found)
            if found == step:
                raise Killed(found)

        erasure.at_step = at
        await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
        stopped = partial(has_stopped, erasure, seen, step)
        await until(stopped)
        erasure.at_step = lambda _: None
        await erasure.resume()
        done = await erasure.one(job["id"])
        assert (done["state"], done["erased"]) == ("done", 1), step
        assert done["erased_root"] == job["planned_root"], step
        assert keepers.row(call).erased_utc is not None, step
        assert not keepers.files.exists(keepers.name(number)), step
        assert keepers.files.exists(keepers.name(number + 1)), step
    await room.audit.checkpoint()
    report = verify_database(room.state / "samband.db", room.state / "audit")
    assert report.ok, report.faults


async def test_what_goes_on_hold_after_the_list_stays(keepers: Keepers) -> None:
    job = await expired(keepers)
    body = {"scope": {"calls": [keepers.calls[0]]}, "reason": "asked for", "basis": "RB 27:16"}
    assert (await keepers.auditor.post("/holds", body)).status_code == 201
    await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    done = await keepers.done(job["id"])
    assert (done["erased"], done["skipped"]) == (1, 1)
    assert keepers.row(keepers.calls[0]).erased_utc is None
    assert keepers.files.exists(keepers.name(0))
    assert keepers.row(keepers.calls[1]).erased_utc is not None


async def test_many_objects_need_a_second_person(keepers: Keepers) -> None:
    policy = keepers.erasure._t.policy
    policy.policy = type(policy.policy)(erasure_objects=1)
    job = await expired(keepers)
    assert job["needs_two"]
    answer = await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    waiting = answer.json()
    assert waiting["state"] == "waiting"
    assert keepers.row(keepers.calls[0]).erased_utc is None
    own = await keepers.supervisor.get(f"/approvals/{waiting['approval']}")
    refused = await keepers.supervisor.post(
        f"/approvals/{waiting['approval']}", {"agree": True, "digest": own.json()["digest"]}
    )
    assert refused.status_code == 403
    await keepers.agree(keepers.dpo, waiting["approval"])
    done = await keepers.done(job["id"])
    assert (done["erased"], done["agreed_by"]) == (2, "Dpo")


@both
async def test_early_erasure_always_needs_two_and_takes_words_with_it(keepers: Keepers) -> None:
    room = keepers.room
    dispatcher = await room.browser("dispatcher")
    noted = await dispatcher.post(f"/calls/{keepers.calls[0]}/notes", {"text": "secret words"})
    assert noted.status_code in (200, 201), noted.text
    message = await keepers.text("secret text")
    await room.journaled()
    objects = [{"type": "call", "id": keepers.calls[0]}, {"type": "message", "id": message}]
    body = {"objects": objects, "reason": "ordered by the supervisory authority"}
    asked = await keepers.supervisor.post("/retention/erasures/early", body)
    assert asked.status_code == 202, asked.text
    job = asked.json()
    await keepers.agree(keepers.dpo, job["approval"])
    await keepers.done(job["id"])
    notes, text = room.store.read_now(
        lambda db: (list(db.exec(select(Note))), db.get(Message, message))
    )
    assert notes == []
    assert text is not None
    assert (text.text, bool(text.erased_utc)) == ("", True)
    if not room.url.startswith("sqlite"):
        return
    database = sqlite3.connect(room.state / "samband.db")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    raw = (room.state / "samband.db").read_bytes()
    assert b"secret text" not in raw
    assert b"secret words" not in raw


async def test_while_the_log_cannot_be_written_nothing_is_erased(keepers: Keepers) -> None:
    job = await expired(keepers)
    keepers.room.audit._writable = False
    answer = await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    assert answer.status_code == 503
    await keepers.erasure._change(job["id"], state="running")
    keepers.room.audit._writable = False
    with pytest.raises(LogNotWritable):
        await keepers.erasure.carry(job["id"])
    assert keepers.row(keepers.calls[0]).erased_utc is None
    keepers.room.audit._writable = True
    await keepers.erasure.resume()
    assert keepers.row(keepers.calls[0]).erased_utc is not None


async def test_the_daily_look_erases_and_an_empty_one_leaves_no_list(keepers: Keepers) -> None:
    retention = keepers.room.services.use(Retention)
    assert await retention.look() is None
    keepers.age(keepers.calls[0])
    row = await retention.look()
    assert row is not None
    done = await keepers.done(row["id"])
    assert (done["kind"], done["by"], done["erased"]) == ("daily", "system", 1)


async def test_words_of_the_log_are_erased_by_key_and_the_log_stays_whole(keepers: Keepers) -> None:
    room = keepers.room
    folder = KeyFolder(room.state / "keys")
    for name in ("g-2019-03.key", "s-2019-03.key"):
        folder.ensure(name)
    now = room.clock.utc_us()
    month, _ = GroupKeys(folder).encrypt(b"words", at=now, nonce=bytes(12), additional=b"")
    row = await room.services.use(Retention).look()
    assert row is not None
    assert row["classes"] == {"audit": 1}
    await keepers.done(row["id"])
    names = KeyFolder(room.state / "keys").names()
    assert not any("2019-03" in name for name in names)
    assert f"{month}.key" in names
    # The running month's words too, by hand: hashes, proofs and head do not need them.
    keepers.erasure._t.words.destroy(month.removeprefix("g-"))
    await room.audit.checkpoint()
    report = verify_database(room.state / "samband.db", room.state / "audit")
    assert report.ok, report.faults


async def test_a_restored_backup_does_not_bring_erased_calls_back(
    keepers: Keepers, tmp_path: Path
) -> None:
    room = keepers.room
    job = await expired(keepers)
    kept = tmp_path / "kept"
    kept.mkdir()
    database = sqlite3.connect(room.state / "samband.db")
    copy = sqlite3.connect(kept / "samband.db")
    database.backup(copy)
    copy.close()
    shutil.copytree(room.state / "recordings", kept / "recordings")
    await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    await keepers.done(job["id"])
    # The old rows, keys and files come back, as a restore brings them.
    old = sqlite3.connect(kept / "samband.db")
    for table in ("call", "transmission", "file_key", "retention_mark"):
        rows = old.execute(f"SELECT * FROM {table}").fetchall()
        database.execute(f"DELETE FROM {table}")
        marks = ",".join("?" * len(rows[0])) if rows else ""
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows) if rows else None
    database.commit()
    shutil.copytree(kept / "recordings", room.state / "recordings", dirs_exist_ok=True)
    assert keepers.row(keepers.calls[0]).erased_utc is None
    assert keepers.files.read(keepers.name(0))
    (room.state / "audit" / "erased.restored").touch()
    await keepers.erasure.resume()
    assert keepers.row(keepers.calls[0]).erased_utc is not None
    assert not keepers.files.exists(keepers.name(0))
    with pytest.raises((Gone, NotFound)):
        keepers.files.open(keepers.name(0))
    assert keepers.files.exists(keepers.name(2))
    assert not (room.state / "audit" / "erased.restored").exists()


async def test_every_step_is_in_the_log_without_words(keepers: Keepers) -> None:
    room = keepers.room
    job = await expired(keepers)
    await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    await keepers.done(job["id"])
    rows = room.store.read_now(lambda db: list(db.exec(select(AuditLog.entry))))
    entries = [json.loads(raw) for raw in rows]
    mine = [one for one in entries if one["verb"].startswith("retention.erasure_begun")]
    done = [one for one in entries if one["verb"] == "retention.erased"]
    assert [one["op"] for one in (*mine, *done)] == ["erase", "erase"]
    assert done[0]["detail"]["root"] == job["planned_root"]
    assert done[0]["detail"]["count"] == 2

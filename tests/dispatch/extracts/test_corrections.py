"""A person says that a record is wrong: it stays; what the officer releases stands beside it."""

from typing import Any

import pytest
from sqlmodel import Session, select

from dispatch.evidence.call_records import call_records
from dispatch.evidence.selection import Selection
from dispatch.evidence.tables import EvidenceDisclosure, EvidenceObject
from dispatch.extracts.corrections import beside, forget
from dispatch.extracts.tables import Correction
from dispatch.store.tables import Call, Note, Transmission
from tests.dispatch.evidence.desk import entries
from tests.dispatch.room import Browser, Room

WRONG = "The note says that I ran away. I was carried to the ambulance."
NOTE = "The person was carried to the ambulance, says the ambulance service."


class Asked:
    """A call with a note and a package that left, and somebody who says that the note is wrong."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.call, self.over = "", ""

    async def prepare(self) -> None:
        room = self.room
        self.call, self.over = room.begin()
        room.end(self.call, self.over)
        await room.journaled()
        room.store.write_now(self._around)
        self.officer = await room.browser("dpo")
        self.supervisor = await room.browser("supervisor")

    def _around(self, db: Session) -> None:
        db.add(Note(id="n-1", call=self.call, text="ran away", operator="Stina", t_utc=1))
        db.add(EvidenceObject(package="EV-2026-000009", type="recording", object=self.over))
        db.add(
            EvidenceDisclosure(
                package="EV-2026-000009", form="zip", t_utc=5, by="u", by_name="u",
                recipient="District court", country="SE", sha256="0" * 64, size_bytes=1,
                entry_seq=1,
            )
        )  # fmt: skip

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "kind": "rectify", "ref": "DP-2026-7", "type": "call", "object": self.call,
            "received_utc": self.room.clock.utc_us(), "statement": WRONG, **changes,
        }  # fmt: skip

    async def enter(self, **changes: Any) -> str:
        answer = await self.supervisor.post("/corrections", self.body(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def decide(self, who: Browser, one: str, *, grant: bool, words: str = NOTE) -> Any:
        return await who.post(f"/corrections/{one}/decide", {"grant": grant, "words": words})


@pytest.fixture
async def asked(room: Room) -> Asked:
    asked = Asked(room)
    await asked.prepare()
    return asked


async def test_a_correction_stands_beside_the_record_and_changes_nothing(asked: Asked) -> None:
    one = await asked.enter()
    (listed,) = (await asked.officer.get("/corrections")).json()
    assert (listed["state"], listed["ref"], "statement" in listed) == ("open", "DP-2026-7", False)
    looked = (await asked.officer.get(f"/corrections/{one}")).json()
    assert (looked["statement"], looked["record"]["texts"]) == (WRONG, ["ran away"])
    assert [row["recipient"] for row in looked["given_to"]] == ["District court"]
    assert (await asked.decide(asked.supervisor, one, grant=True)).status_code == 403
    decided = (await asked.decide(asked.officer, one, grant=True)).json()
    assert (decided["state"], decided["note"]) == ("granted", NOTE)
    assert (await asked.decide(asked.officer, one, grant=False)).status_code == 409

    auditor = await asked.room.browser("auditor")
    sheet = (await auditor.get(f"/calls/{asked.call}")).json()
    assert [row["note"] for row in sheet["corrections"]] == [NOTE]
    assert [row["text"] for row in sheet["notes"]] == ["ran away"], "the record is as it was"
    records = await asked.room.store.read(
        lambda db: call_records(
            db,
            list(db.exec(select(Transmission))),
            {asked.call: db.get(Call, asked.call)},
            Selection(),
        )
    )
    assert any(NOTE.encode() in data for data in records.values()), "in a package as well"


async def test_each_step_is_in_the_log_and_no_word_in_clear(asked: Asked) -> None:
    one = await asked.enter()
    await asked.officer.get(f"/corrections/{one}")
    refused = await asked.decide(
        asked.officer, one, grant=False, words="Two witnesses say that it was so."
    )
    assert refused.json()["reason"].startswith("Two witnesses")
    for verb, op in (("entered", "admin"), ("opened", "consult"), ("refused", "admin")):
        (entry,) = entries(asked.room, f"correction.{verb}")
        assert (entry["op"], entry["obj"]["id"], entry["purpose"]["ref"]) == (
            op, asked.call, "DP-2026-7",
        )  # fmt: skip
        text = str(entry)
        assert ("carried" in text, "witnesses" in text) == (False, False)
    assert await asked.room.store.read(lambda db: beside(db, "call", [asked.call])) == []


async def test_what_cannot_be_is_refused_in_words(asked: Asked) -> None:
    wrong: tuple[tuple[dict[str, Any], int], ...] = (
        ({"object": "c-none"}, 404),
        ({"statement": "short"}, 400),
        ({"received_utc": 2**53}, 400),
        ({"kind": "delete"}, 422),
        ({"type": "position"}, 422),
        ({"ref": "no spaces"}, 422),
    )
    for changes, status in wrong:
        answer = await asked.supervisor.post("/corrections", asked.body(**changes))
        assert answer.status_code in {status, 400}, (changes, answer.text)
    dispatcher = await asked.room.browser("dispatcher")
    assert (await dispatcher.get("/corrections")).status_code == 403
    assert (await asked.officer.get("/corrections/x-" + "0" * 26)).status_code == 404


async def test_its_words_go_with_the_record(asked: Asked) -> None:
    one = await asked.enter()
    await asked.decide(asked.officer, one, grant=True)
    asked.room.store.write_now(lambda db: forget(db, "call", [asked.call], 7))
    row = await asked.room.store.read(lambda db: db.get(Correction, one))
    assert row is not None
    assert (row.statement, row.note, row.state, row.erased_utc) == ("", "", "granted", 7)
    assert await asked.room.store.read(lambda db: beside(db, "call", [asked.call])) == []

"""What the call table gives to a package: recordings, left out, gaps with their cause."""

import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import Session

from dispatch.auth.access import Access, UserInfo, compute
from dispatch.auth.permissions import Action, Role
from dispatch.errors import NotFound
from dispatch.evidence.gather import Folders, Gathered, gather
from dispatch.evidence.masking import masked
from dispatch.evidence.readme import gaps_in_words
from dispatch.evidence.selection import Selection, resolve
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Transmission
from gateway.model.ids import UtcUs
from tests.dispatch.opus import spoken
from tests.dispatch.room import NORTH, Room, small_plan

US = 1_000_000


class Table:
    """A room with four overs, recorded one second apart."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.overs: list[str] = []
        self.plan = small_plan()

    async def fill(self) -> None:
        for seq in range(1, 5):
            call, over = self.room.begin(seq=seq)
            self.room.record(call, over, spoken() + bytes([seq]))
            self.room.end(call, over)
            self.overs.append(over)
        await self.room.journaled()
        for number, name in enumerate(self.overs, start=1):
            self.change("UPDATE transmission SET started_utc=?, ended_utc=?, duration_ms=500 "
                        "WHERE id=?", number * US, number * US + US // 2, name)  # fmt: skip

    def change(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.room.state / "samband.db") as db:
            db.execute(statement, values)
        db.close()

    def gather(self, *, may: bool = True, **changes: object) -> Gathered:
        values = {
            "talkgroups": (str(NORTH),),
            "start_utc": UtcUs(0),
            "end_utc": UtcUs(10 * US),
            **changes,
        }
        selection = Selection(**values)  # type: ignore[arg-type]  # fields of its own
        folders = Folders(recordings=self.room.state / "recordings", media=self.room.state)
        access = self.access(may=may)

        def work(db: Session) -> Gathered:
            wanted = resolve(db, selection, access)
            return gather(db, wanted, folders, self.plan, access)

        return self.room.store.read_now(work)

    def access(self, *, may: bool) -> Access:
        user = UserInfo(
            id="u-1",
            name="s",
            display_name="S",
            person="p",
            organisation="o",
            role=Role.SUPERVISOR,
            disabled=False,
        )
        actions = {NORTH: frozenset({Action.EXPORT, Action.SEE})} if may else {}
        return replace(compute(user, [], self.plan, UtcUs(0)), talkgroup_actions=actions)


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[Table]:
    room = Room(tmp_path)
    await room.start()
    table = Table(room)
    await table.fill()
    yield table
    await room.close()


async def test_all_recordings_of_the_time(table: Table) -> None:
    found = table.gather()
    assert [item.id for item in found.items] == table.overs
    assert found.coverage.left_out == ()
    assert found.coverage.gaps == ()
    assert len(found.records) == 8
    assert [item.id for item in table.gather(end_utc=UtcUs(3 * US)).items] == table.overs[:2]


async def test_chosen_and_left_out_are_counted(table: Table) -> None:
    left = (table.overs[0], "lawyer's call")
    found = table.gather(only=(table.overs[1],), left_out=(left, ("t-none", "x")))
    assert [item.id for item in found.items] == [table.overs[1]]
    assert dict(found.coverage.left_out) == {
        table.overs[0]: "lawyer's call",
        table.overs[2]: "not chosen",
        table.overs[3]: "not chosen",
    }
    coverage = found.coverage.to_json(1)
    assert (coverage["matched"], coverage["included"]) == (4, 1)


async def test_what_may_not_be_exported_is_not_seen(table: Table) -> None:
    with pytest.raises(NotFound):
        table.gather(may=False)


@pytest.mark.parametrize(
    ("statement", "cause", "words"),
    [
        ("UPDATE transmission SET erased_utc=1 WHERE id=?", "erased", "erased"),
        ("DELETE FROM recording_file WHERE transmission=?", "recorder", "recorder did not work"),
        (
            "UPDATE transmission SET cause='interrupted' WHERE id=?",
            "interrupted",
            "the recording was cut off",
        ),
    ],
)
async def test_gaps_have_their_cause(table: Table, statement: str, cause: str, words: str) -> None:
    table.change(statement, table.overs[1])
    (gap,) = table.gather().coverage.gaps
    assert (gap.cause, gap.talkgroup, gap.site) == (cause, str(NORTH), "hill")
    assert gap.start <= gap.end
    (line,) = gaps_in_words(table.gather().coverage)
    assert words in line


async def test_what_has_no_key_and_what_a_rule_forbids(table: Table) -> None:
    table.change("DELETE FROM recording_file WHERE transmission IN (?,?)", *table.overs[:2])
    table.change("UPDATE transmission SET encrypted=1, readable=0 WHERE id=?", table.overs[0])

    def forbid(db: Session) -> None:
        over = db.get(Transmission, table.overs[1])
        assert over is not None
        db.add(
            IndividualCall(id=over.call, line="l", kind="private", incoming=True, recorded=False)
        )

    table.room.store.write_now(forbid)
    causes = [gap.cause for gap in table.gather().coverage.gaps]
    assert causes == ["no_key", "not_recorded_by_rule"]


async def test_an_interrupted_call_ends_where_it_is_known_to(table: Table) -> None:
    over = table.overs[3]
    table.change("UPDATE transmission SET cause='interrupted' WHERE id=?", over)
    table.change(
        "UPDATE call SET ended_utc=? WHERE id=(SELECT call FROM transmission WHERE id=?)",
        60 * US,
        over,
    )
    (gap,) = table.gather().coverage.gaps
    assert gap.end.timestamp() == 10, "no further than what was asked for"


async def test_private_records_hold_no_more_than_the_call_table(table: Table) -> None:
    record = table.gather().records[f"data/calls/{table.overs[0]}.json"].decode()
    assert '"talkgroup": "net/100"' in record
    assert set(json.loads(record)) == set(Transmission.model_fields)


async def test_a_number_that_no_call_has_is_a_gap(table: Table) -> None:
    table.change("UPDATE call SET started_utc=call_seq*1000000")
    table.change("DELETE FROM call WHERE call_seq=2")
    table.change("DELETE FROM transmission WHERE id=?", table.overs[1])
    (gap,) = table.gather().coverage.gaps
    assert (gap.cause, gap.talkgroup, gap.site) == ("interrupted", None, None)
    assert (gap.start.timestamp(), gap.end.timestamp()) == (1, 3)


async def test_a_talkgroup_that_is_not_recorded_by_plan(table: Table) -> None:
    table.change("DELETE FROM recording_file WHERE transmission=?", table.overs[0])
    north, *others = table.plan.talkgroups
    table.plan = replace(table.plan, talkgroups=(replace(north, recorded=False), *others))
    (gap,) = table.gather().coverage.gaps
    assert gap.cause == "not_recorded_by_rule"


async def test_frames_without_a_key_are_kept_and_a_gap(table: Table) -> None:
    table.change("UPDATE transmission SET encrypted=1, readable=0 WHERE id=?", table.overs[0])
    found = table.gather()
    assert found.recordings == tuple(table.overs)
    (gap,) = found.coverage.gaps
    assert gap.cause == "no_key"


def test_units_are_hidden_in_every_record() -> None:
    records = {
        "data/calls/t-1.json": b'{"id":"t-1","talker":"net/1001","alias":"Patrol 1"}',
        "data/calls/c-1.json": b'{"id":"c-1","caller":"net/1001","talkgroup":"net/1001",'
        b'"texts":[{"sender":"net/2002","text":"1001 to ghost 7, over","raw_hex":"03e9"}],'
        b'"statuses":[{"unit":"net/2002"}]}',
        "data/incident.json": b'{"units":["net/3003"],"timeline":[{"text":"PATROL 1 at quay"}]}',
        "data/raw/x.bin": b"as it is",
    }
    hidden = masked(records, {"net/2002": "Ghost 7"})
    call = json.loads(hidden["data/calls/c-1.json"])
    unit = call["caller"]
    assert json.loads(hidden["data/calls/t-1.json"]) == {"id": "t-1", "talker": unit, "alias": unit}
    assert call["talkgroup"] == "net/1001", "a talkgroup is no unit"
    other = call["texts"][0]["sender"]
    assert call["texts"][0]["text"] == f"{unit} to {other}, over"
    assert call["texts"][0]["raw_hex"] == ""
    assert call["statuses"] == [{"unit": other}]
    incident = json.loads(hidden["data/incident.json"])
    assert incident["timeline"][0]["text"] == f"{unit} at quay"
    assert incident["units"] != ["net/3003"]
    assert hidden["data/raw/x.bin"] == b"as it is"
    assert len({unit, other, incident["units"][0]}) == 3

"""The index of the audit log: what it finds, that it keeps up, that it can be made anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.entry import Act, Actor, Obj, Purpose, entry_bytes, seal
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.log import Log
from dispatch.audit.log_index import LogIndex, TrailQuery
from gateway.model.ids import UtcUs, ulid

MAY = 1_777_000_000_000_000
JUNE = MAY + 31 * 86_400_000_000


@dataclass
class Written:
    log: Log
    keys: GroupKeys
    folder: KeyFolder
    index: LogIndex

    def add(self, verb: str, *, at: int = MAY, user: str = "u-1", **more: Any) -> int:
        act = Act(
            op=more.pop("op", "consult"), verb=verb, actor=Actor(id=user, role="dispatcher"),
            t_utc=UtcUs(at), **more,
        )  # fmt: skip
        number = self.log.size
        entry = seal(
            act,
            self.keys,
            entry_id=ulid(UtcUs(at), number.to_bytes(10)).upper(),
            now=UtcUs(at),
            prev_hint=number,
            nonce=number.to_bytes(12),
        )
        return self.log.append([entry_bytes(entry)])

    def seqs(self, **query: Any) -> tuple[int, ...]:
        self.index.catch_up()
        return self.index.find(TrailQuery(**query)).seqs


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    folder = KeyFolder(tmp_path / "keys")
    signer = NoteSigner("test.example/log", log_signing_key(folder))
    log = Log(tmp_path / "log.db", tmp_path / "audit", signer)
    log.open()
    index = LogIndex(tmp_path / "log.db", tmp_path / "audit" / "index.db")
    yield Written(log, GroupKeys(folder), folder, index)
    log.close()


CALL = "c-01jdgx0000000000000000000a"


def test_an_object_is_found_by_itself_and_where_a_detail_names_it(written: Written) -> None:
    written.add("call.open", obj=Obj(type="call", id=CALL))
    written.add(
        "recording.closed", op="collect", obj=Obj(type="recording", id="t-1"), detail={"call": CALL}
    )
    written.add("call.open", obj=Obj(type="call", id="c-other"))
    assert written.seqs(objects=(CALL,)) == (1, 0)


def test_a_subject_is_found_under_the_keys_of_all_months(written: Written) -> None:
    for at in (MAY, JUNE):
        written.add("call.search", at=at, obj=Obj(type="call_log", id="search", subject="net/1001"))
    written.add("call.search", obj=Obj(type="call_log", id="search", subject="net/1002"))
    hashes = tuple(written.keys.subject_everywhere("net/1001"))
    assert len(hashes) == 2
    assert written.seqs(subjects=hashes) == (1, 0)


def test_a_destroyed_key_takes_its_month_away(written: Written) -> None:
    for at in (MAY, JUNE):
        written.add("call.search", at=at, obj=Obj(type="call_log", id="search", subject="net/1001"))
    written.folder.destroy("s-2026-04.key")
    found = tuple(written.keys.subject_everywhere("net/1001"))
    assert written.seqs(subjects=found) == (1,)


def test_filters_pages_and_orders(written: Written) -> None:
    for number in range(7):
        written.add(
            "call.open",
            at=MAY + number,
            user=f"u-{number % 2}",
            result="ok" if number else "denied",
        )
    assert written.seqs(actors=("u-0",), limit=2) == (6, 4)
    assert written.seqs(actors=("u-0",), limit=2, before=4) == (2, 0)
    assert written.seqs(oldest_first=True, limit=3, before=2) == (3, 4, 5)
    assert written.seqs(result="denied") == (0,)
    assert written.seqs(from_utc=MAY + 2, to_utc=MAY + 4) == (3, 2)
    assert written.seqs(ops=("disclose",)) == ()
    assert written.index.find(TrailQuery(limit=1)).total == 7


def test_it_goes_on_where_it_stopped_and_can_be_made_anew(written: Written) -> None:
    for _ in range(5):
        written.add("call.open")
    assert written.index.catch_up(3) == 2
    assert written.index.size == 3
    assert written.index.catch_up() == 0
    written.add("call.note", op="alter")
    assert written.index.rebuild() == 6
    assert written.seqs(ops=("alter",)) == (5,)


def test_another_log_in_the_same_place_is_indexed_from_the_start(
    written: Written, tmp_path: Path
) -> None:
    written.add("call.open", user="u-old")
    assert written.seqs(actors=("u-old",)) == (0,)
    written.log.close()
    for path in (*tmp_path.glob("log.db*"), tmp_path / "audit" / "audit.head"):
        path.unlink()
    written.log.open()
    written.add("call.open", user="u-new")
    assert written.seqs(actors=("u-old",)) == ()
    assert written.seqs(actors=("u-new",)) == (0,)


def test_an_entry_that_is_no_json_any_more_is_passed_over(written: Written) -> None:
    written.log.append([b"not json"])
    written.add("call.open", purpose=Purpose(code="incident", ref="INC-2026-000001"))
    assert written.seqs(ref="INC-2026-000001") == (1,)
    assert written.index.size == 2

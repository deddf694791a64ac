"""Reports of imports: kept with the draft and its plan, told again, and let go in bounds."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from dispatch.errors import NotFound
from dispatch.importing import history, kept_report
from dispatch.importing.history import DISCARDED_DAYS, KEPT_DAYS, Sent, prune, report_row
from dispatch.importing.kept_report import KeptReport, deflated, inflated
from dispatch.importing.reading import Reading
from dispatch.importing.tables import ImportReport
from dispatch.plans import activation_rows as rows
from dispatch.plans.activation_rows import Wanted
from dispatch.plans.canonical import plan_text
from dispatch.plans.packed import unpack
from dispatch.plans.tables import PlanActivation, PlanDraft
from dispatch.plans.wiring import PlanRules, Plans
from dispatch.store.engine import Store
from dispatch.store.tables import US_PER_DAY, PlanRow
from gateway.model.ids import UtcUs
from samband.cli import main
from samband.plan_command import COMMAND
from tests.dispatch.importing.test_api import send
from tests.dispatch.room import Browser, Room, small_plan
from tests.fresh_store import fresh_store

HEAD = "Decimal,Mode,Alpha Tag,Description\n"
FIRST = HEAD + "100,D,NORTH 1,=cmd\n300,D,HARBOUR,Port\n3x1,D,BROKEN,Port\n300,D,HARBOUR,Port\n"
SECOND = HEAD + "100,D,NORTH 1,Second\n300,D,HARBOUR NEW,Quay\n"


def test_a_kept_table_is_read_whole_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = deflated("räksmörgås")
    assert inflated(packed) == "räksmörgås"
    for broken in (packed[:-3], b"x" + packed):
        with pytest.raises(ValueError, match="kept table"):
            inflated(broken)
    assert history.said_text([packed[:-3], deflated("{}")]) == "[{}]"
    monkeypatch.setattr(kept_report, "MAX_UNPACKED_BYTES", 4)
    with pytest.raises(ValueError, match="not whole"):
        inflated(packed)


def test_rows_that_were_ok_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(format="f", why="w")
    noise = random.Random(7)
    for line in range(200):
        reading.report(line, "ok", value=noise.randbytes(20).hex())
    reading.report(201, "skipped", "Decimal", "no number", "x")
    monkeypatch.setattr(kept_report, "MAX_PACKED_BYTES", 500)
    kept, packed = kept_report._rows(reading.rows)
    assert kept == "odd"
    assert [row["line"] for row in unpack(json.loads(inflated(packed)))] == [201]
    monkeypatch.setattr(kept_report, "MAX_PACKED_BYTES", 5)
    assert kept_report._rows(reading.rows) == ("none", b"")


def _report(key: str, draft: str, t_utc: int, size: int = 10) -> ImportReport:
    sent = Sent(
        by="u",
        by_name="U",
        file_name="..\\a/b\x07.csv",
        file_bytes=1,
        file_sha256="0" * 64,
        system="net",
        kind="units",
        policy="keep",
    )
    return report_row(key, draft, sent, KeptReport({}, "all", b"r" * size, b""), UtcUs(t_utc))


def _draft(key: str, base: int, state: str = "open") -> PlanDraft:
    return PlanDraft(
        id=key, name="n", base=base, body="{}", sha256="0", state=state,
        author="u", author_name="U", created_utc=0, changed_utc=0,
    )  # fmt: skip


def _activation(draft: str, number: int) -> PlanActivation:
    return PlanActivation(
        kind="activate", number=number, previous=number - 1, draft=draft, sha256="0",
        at_utc=0, state="kept", by="u", by_name="U",
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Any:
    store = Store(fresh_store(tmp_path / "s.db"))
    yield store
    store.close()


def test_a_draft_stands_on_the_drafts_of_its_plans(store: Store) -> None:
    def work(db: Session) -> None:
        db.add_all([_draft("d1", 1), _draft("d2", 2), _draft("d3", 3), _draft("aside", 1)])
        db.add_all([_activation("d1", 2), _activation("d2", 3)])
        db.add_all([_report("i1", "d1", 1), _report("i2", "aside", 2), _report("i3", "d3", 3)])
        db.flush()
        assert history.line_of(db, "d3") == ["d3", "d2", "d1"]
        assert history.line_of(db, "", 2) == ["d1"]
        assert history.line_of(db, "aside") == ["aside"]
        assert [row["id"] for row in history.of_plan(db, 2)] == ["i1"]
        assert history.counts_by_plan(db) == {2: 1}
        assert history.of_draft(db, "d3")[0]["file"] == "b.csv"

    store.write_now(work)


def test_bounds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000 * US_PER_DAY
    monkeypatch.setattr(history, "MAX_TOTAL_BYTES", 30)
    monkeypatch.setattr(history, "MAX_REPORTS", 5)

    def work(db: Session) -> None:
        db.add_all([_draft("d", 1), _draft("gone", 1, "discarded")])
        db.add_all(_report(f"i{n}", "d", now - n * US_PER_DAY) for n in range(4))
        db.add(_report("old", "d", now - (KEPT_DAYS + 1) * US_PER_DAY, 1))
        db.add(_report("older", "d", now - (KEPT_DAYS + 2) * US_PER_DAY, 1))
        db.add(_report("x1", "gone", now - (DISCARDED_DAYS - 1) * US_PER_DAY, 0))
        db.add(_report("x2", "gone", now - (DISCARDED_DAYS + 1) * US_PER_DAY))
        db.flush()
        prune(db, UtcUs(now))

    store.write_now(work)
    found = store.read_now(lambda db: {r.id: r.kept for r in db.exec(select(ImportReport))})
    assert found == {"i0": "all", "i1": "all", "i2": "all", "i3": "none", "x1": "all"}
    with pytest.raises(NotFound):
        store.read_now(lambda db: history.whole(db, "older"))


async def _put(engineer: Browser, draft: Any, text: str, **form: str) -> Any:
    answer = await send(
        engineer,
        draft["id"],
        text.encode(),
        **{
            "kind": "talkgroups",
            "apply": "true",
            "packed": "true",
            "revision": str(draft["revision"]),
            **form,
        },
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_came_of_a_list_stands_with_its_draft_and_its_plan(room: Room) -> None:
    engineer = await room.browser("engineer")
    draft = (await engineer.post("/plan/drafts", {"name": "lists"})).json()
    where = f"/plan/drafts/{draft['id']}"
    assert (await engineer.get(f"{where}/imports")).json() == []
    draft |= await _put(engineer, draft, FIRST)
    (head,) = (await engineer.get(f"{where}/imports")).json()
    assert head["file"] == "list"
    assert head["by"] == engineer.me["user"]["display_name"]
    assert (head["format"], head["policy"], head["mapped"]) == ("trunk-recorder", "keep", "titles")
    assert head["counts"] == {"read": 4, "ok": 2, "repaired": 0, "skipped": 1, "duplicate": 1}
    assert {one["title"]: one["field"] for one in head["columns"]}.keys() >= {"Alpha Tag"}
    whole = (await engineer.get(f"/plan/import-reports/{head['id']}")).json()
    told = unpack(whole["rows"])
    assert [(row["line"], row["state"]) for row in told] == [
        (2, "ok"),
        (3, "ok"),
        (4, "skipped"),
        (5, "duplicate"),
    ]
    table = (await engineer.get(f"/plan/import-reports/{head['id']}/csv")).text
    lines = list(csv.DictReader(io.StringIO(table)))
    assert (lines[2]["result"], lines[2]["column"]) == ("skipped", "Decimal")
    assert (await engineer.get("/plan/import-reports/i-0")).status_code == 404
    # One name is edited here; the next list changes both: the edit stays, the other is taken.
    edit = {"kind": "talkgroup", "id": "net/300", "value": {"name": "HAMNEN"}}
    body = {"revision": draft["revision"], "edits": [edit]}
    draft |= (await engineer.send("PATCH", where, body)).json()
    looked = (await send(engineer, draft["id"], SECOND.encode(), kind="talkgroups")).json()
    kept = [(one["talkgroup"], one["field"]) for one in looked["diff"]["kept"]]
    assert kept == [("net/300", "name")]
    changed = [(one["talkgroup"], one["field"]) for one in looked["diff"]["changed"]]
    assert changed == [("net/100", "description"), ("net/300", "description")]
    merged = await send(engineer, draft["id"], SECOND.encode(), kind="talkgroups", policy="merge")
    assert [one["talkgroup"] for one in merged.json()["diff"]["lost"]] == ["net/300"]
    draft |= await _put(engineer, draft, SECOND)
    assert (await engineer.post(f"{where}/check")).json()["ok"]
    await engineer.post(f"{where}/compare")
    room.services.use(Plans).rules = PlanRules(second_person=False)
    done = await engineer.post(f"{where}/activate", {"sha256": draft["sha256"]})
    assert done.status_code == 200, done.text
    assert [row["file"] for row in (await engineer.get("/plans/2/imports")).json()] == ["list"] * 2
    assert [row["imports"] for row in (await engineer.get("/plans")).json()["plans"]] == [2, 0]
    # The next draft, of the plan that came of it, knows what the lists said.
    later = (await engineer.post("/plan/drafts", {"name": "next"})).json()
    again = (await send(engineer, later["id"], SECOND.encode(), kind="talkgroups")).json()
    assert [one["talkgroup"] for one in again["diff"]["kept"]] == ["net/300"]
    assert again["diff"]["changed"] == []


def test_the_commands(tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    plan = plan_text(small_plan())
    live = PlanRow(number=1, name="p", body=plan, created_utc=1, activated_utc=1)
    store.write_now(lambda db: db.add(live))
    lists = tmp_path / "first.csv", tmp_path / "second.csv"
    for file, text in zip(lists, (FIRST, SECOND), strict=True):
        file.write_text(text)

    def run(*words: str) -> str:
        assert main([*words, "--db", url]) == 0
        return capsys.readouterr().out

    said = run("import", "talkgroups", str(lists[0]), "--apply")
    assert "policy keep: Local edits win" in said
    (draft,) = store.read_now(lambda db: list(db.exec(select(PlanDraft))))
    assert f"draft {draft.id} made" in said
    went_live = Wanted(draft=draft.id, sha256=draft.sha256, who=COMMAND)
    store.write_now(lambda db: rows.begin_trial(db, went_live, UtcUs(2)).number)
    assert "first.csv (trunk-recorder" in run("plan", "history", "--imports", "2")
    said = run("import", "talkgroups", str(lists[1]), "--policy", "keep")
    assert "3 fields to change" in said  # known as the list's own: nothing was edited here
    assert "0 edits lost" in said
    said = run("import", "talkgroups", str(lists[1]), "--policy", "replace")
    assert "removed: net/200" in said
    edited = run("plan", "diff", "2", "1")
    assert "HARBOUR (300, 12Ch) removed: in no layouts, not heard" in edited

"""Looks become rows, rows become single alerts in words, alerts wait for another person."""

from typing import Any

import pytest

from dispatch.auth.permissions import Role
from dispatch.oversight.lookups import LookUps
from dispatch.oversight.reviews import Reviews
from dispatch.oversight.rules import DAY_US, HOUR_US, MINUTE_US, RULES, Alert, Looked
from dispatch.oversight.tables import LookUp, ReviewTask
from dispatch.store.tables import PositionLog
from gateway.model.ids import UtcUs
from tests.dispatch.oversight.log import entries
from tests.dispatch.oversight.test_purposes import old_call, state
from tests.dispatch.room import Browser, Room


def look(room: Room, user: str, ago_us: int = 0, **values: Any) -> LookUp:
    """Return a row as if somebody had looked some time ago."""
    row: dict[str, Any] = {
        "t_utc": room.clock.utc_us() - ago_us,
        "user": user,
        "person": user,
        "role": "auditor",
        "verb": "call.open",
        "object_type": "call",
        "object": "c-1",
        "subject": "",
        "reasoned": "named",
    }
    return LookUp(**(row | values))


def judged(room: Room, rows: list[LookUp], *, seated: bool = False) -> list[Alert]:
    """Store rows and return what the rules say of the last one."""

    def work(db: Any) -> list[Alert]:
        for row in rows:
            db.add(row)
        db.flush()
        looked = Looked(row=rows[-1], now=UtcUs(room.clock.utc_us()), seated=seated)
        return [alert for rule in RULES if (alert := rule(db, looked)) is not None]

    return room.store.write_now(work)


PACE = [
    ([], 20, None),
    ([], 21, "21 look-ups within an hour; the own median of the last 30 days is 0"),
    ([8] * 3, 24, None),
    ([8] * 3, 25, "25 look-ups within an hour; the own median of the last 30 days is 8"),
]


@pytest.mark.parametrize(("usual", "now", "words"), PACE, ids=lambda one: str(one)[:12])
def test_pace_is_told_against_the_own_median(
    bare: Room, usual: list[int], now: int, words: str | None
) -> None:
    rows = [
        look(bare, "u-1", day * DAY_US + 2 * HOUR_US, object=f"c-{day}-{at}")
        for day, count in enumerate(usual, 1)
        for at in range(count)
    ]
    rows += [look(bare, "u-1", at, object=f"c-{at}") for at in range(now)]
    alerts = [alert for alert in judged(bare, rows) if alert.rule == "pace"]
    assert [alert.words.startswith(words or "") for alert in alerts] == ([True] if words else [])


def single(bare: Room, rows: list[LookUp], **how: Any) -> list[str]:
    return [alert.rule for alert in judged(bare, rows, **how)]


def test_objects_opened_with_words_alone(bare: Room) -> None:
    rows = [look(bare, "u-1", at, object=f"c-{at}", reasoned="words") for at in range(5)]
    assert single(bare, rows) == []
    sixth = look(bare, "u-1", object="c-6", reasoned="words")
    assert single(bare, [sixth]) == ["unnamed_objects"]
    assert single(bare, [look(bare, "u-2", object="c-7", reasoned="words")]) == []


def test_the_same_subject_on_two_days(bare: Room) -> None:
    subject: Any = {"subject": "k", "reasoned": "words"}
    assert single(bare, [look(bare, "u-1", at, **subject) for at in (0, 1, 2)]) == []
    later = [look(bare, "u-2", ago, **subject) for ago in (2 * DAY_US, DAY_US, 0)]
    assert single(bare, later) == ["same_subject"]
    named = [look(bare, "u-3", ago, subject="k") for ago in (2 * DAY_US, DAY_US, 0)]
    assert single(bare, named) == []


def test_a_dispatcher_off_shift(bare: Room) -> None:
    row: Any = {"role": "dispatcher"}
    assert single(bare, [look(bare, "u-1", **row)]) == ["off_shift"]
    assert single(bare, [look(bare, "u-1", **row)], seated=True) == []

    def sat(db: Any) -> None:
        now = bare.clock.utc_us()
        db.add(
            PositionLog(
                position="1", user="u-1", operator="A", taken_utc=now - HOUR_US, left_utc=now
            )
        )

    bare.store.write_now(sat)
    assert single(bare, [look(bare, "u-1", **row)]) == []


def test_a_camera_group_never_looked_at(bare: Room) -> None:
    assert single(bare, [look(bare, "u-1", camera_group="harbour")]) == []
    rows = [
        look(bare, "u-2", 2 * DAY_US, camera_group="harbour"),
        look(bare, "u-2", camera_group="prison"),
    ]
    assert single(bare, rows) == ["new_camera_group"]
    assert single(bare, [look(bare, "u-2", camera_group="prison")]) == []


def test_exports_pages_and_refusals(bare: Room) -> None:
    sizes = [look(bare, "u-1", verb="evidence.disclosed", size_bytes=300_000_000) for _ in range(2)]
    assert single(bare, sizes) == ["large_export"]
    pages = [look(bare, "u-2", at * MINUTE_US // 4, verb="audit.read") for at in range(20)]
    assert single(bare, pages) == []
    assert single(bare, [look(bare, "u-2", verb="call.search")]) == ["pace", "bulk_paging"]
    refusals = [look(bare, "u-3", at, denied=True) for at in range(5)]
    assert single(bare, refusals[:4]) == []
    assert single(bare, [refusals[4]]) == ["denials"]


async def alerts_of(room: Room) -> list[ReviewTask]:
    from sqlmodel import select

    await room.services.use(LookUps).flush()
    return await room.store.read(lambda db: list(db.exec(select(ReviewTask))))


async def test_refusals_are_logged_and_told_once_to_the_auditor(room: Room) -> None:
    desk, auditor = await room.browser("dispatcher"), await room.browser("auditor")
    await desk.post("/positions/1/take")
    async with auditor.stream() as reader:
        await reader.next("snapshot")
        for _ in range(7):
            assert (await desk.get("/audit/entries")).status_code == 403
        [task] = await alerts_of(room)
        told = await reader.event("review.added")
    assert (task.rule, task.audience) == ("denials", "auditor")
    assert told["data"]["words"] == task.words
    refused = [e for e in await entries(room) if e["verb"] == "request.refused"]
    assert len(refused) == 7
    assert refused[0]["obj"]["id"] == "GET /audit/entries"
    async with desk.stream() as reader:
        await reader.next("snapshot")
        assert [m for m in reader.seen if m.get("type") == "review.added"] == []


async def staff_thing(browser: Browser, value: str, person: str) -> Any:
    body = {"kind": "radio", "value": value, "person": person}
    return await browser.post("/staff-objects", body)


async def test_a_look_at_a_colleagues_radio_alerts_and_is_not_blocked(room: Room) -> None:
    call, _ = await old_call(room, 0)
    auditor, desk = await room.browser("auditor"), await room.browser("dispatcher")
    await desk.post("/positions/1/take")
    assert (await staff_thing(auditor, "net/1001", "supervisor")).status_code == 201
    assert (await staff_thing(auditor, "net/1001", "supervisor")).status_code == 409
    assert "1001" not in (await auditor.get("/staff-objects")).text
    assert (await desk.get(f"/calls/{call}")).status_code == 200
    [task] = await alerts_of(room)
    assert (task.rule, task.name) == ("colleague", "Dispatcher")
    other = await room.browser("supervisor")
    await other.get(f"/calls/{call}")
    rules = {task.rule: task.name for task in await alerts_of(room)}
    assert rules["self"] == "Supervisor"
    room.services.use(LookUps)._waiting.clear()
    text = str(await entries(room))
    assert "net/1001" not in text


async def sampled(room: Room, of: Browser, rule: str = "pace") -> str:
    """Put an alert about somebody into the queue; returns the task's id."""
    from dispatch.oversight.reviews import Reviewed

    user = of.me["user"]
    about = Reviewed(
        user=user["id"], person=user["name"], name=user["display_name"], role=user["role"]
    )
    reviews = room.services.use(Reviews)
    assert await reviews.alert(about, Alert(rule=rule, words="25 look-ups within an hour"), 0) == 1
    assert await reviews.alert(about, Alert(rule=rule, words="26 look-ups within an hour"), 0) == 0
    audience = "dpo" if user["role"] == "auditor" else "auditor"
    rows = (await (await room.browser(audience)).get("/reviews")).json()
    return str(rows[0]["id"])


async def test_a_reviewer_asks_the_person_answers_the_reviewer_closes(room: Room) -> None:
    desk, auditor = await room.browser("dispatcher"), await room.browser("auditor")
    task = await sampled(room, desk)
    assert (await auditor.get("/reviews/count")).json() == {"waiting": 1}
    shown = (await auditor.get(f"/reviews/{task}")).json()
    assert (shown["words"], shown["log"][0]["seq"]) == ("25 look-ups within an hour", 0)
    short = await auditor.post(f"/reviews/{task}", {"outcome": "ask", "text": "why?"})
    assert short.status_code == 400
    body = {"outcome": "ask", "text": "what were the looks for?"}
    assert (await auditor.post(f"/reviews/{task}", body)).json()["state"] == "asked"
    [question] = (await desk.get("/session/questions")).json()
    assert question["question"] == body["text"]
    other = await room.browser("supervisor")
    assert (await other.post(f"/session/questions/{task}", {"text": "me"})).status_code == 404
    answer = {"text": "the boat adrift, incident 7"}
    assert (await desk.post(f"/session/questions/{task}", answer)).status_code == 200
    [row] = (await auditor.get("/reviews")).json()
    assert (row["state"], row["answer"]) == ("answered", answer["text"])
    done = await auditor.post(f"/reviews/{task}", {"outcome": "justified"})
    assert done.json()["state"] == "justified"
    assert (await auditor.get("/reviews")).json() == []
    again = await auditor.post(f"/reviews/{task}", {"outcome": "justified"})
    assert again.status_code == 409


async def test_what_an_auditor_did_goes_to_the_data_protection_officer(room: Room) -> None:
    auditor, dpo = await room.browser("auditor"), await room.browser("dpo")
    task = await sampled(room, auditor)
    assert (await auditor.get("/reviews")).json() == []
    assert (await auditor.get(f"/reviews/{task}")).status_code == 404
    body = {"outcome": "escalated", "text": "to be taken up with counsel"}
    assert (await dpo.post(f"/reviews/{task}", body)).json()["state"] == "escalated"


async def test_what_an_auditor_escalates_waits_for_the_officer(room: Room) -> None:
    desk, auditor = await room.browser("dispatcher"), await room.browser("auditor")
    task = await sampled(room, desk)
    body = {"outcome": "escalated", "text": "the person does not answer"}
    assert (await auditor.post(f"/reviews/{task}", body)).status_code == 200
    [row] = (await (await room.browser("dpo")).get("/reviews")).json()
    assert (row["id"], row["state"]) == (task, "open")


async def test_glass_gives_a_right_for_an_hour_and_is_told_at_once(room: Room) -> None:
    desk, supervisor = await room.browser("dispatcher"), await room.browser("supervisor")
    async with supervisor.stream() as reader:
        await reader.next("snapshot")
        body = {"scope_kind": "folder", "scope": "Hidden", "reason": "test"}
        assert (await desk.post("/glass", body)).status_code == 400
        body["reason"] = "officer down at the pier, their talkgroup is not ours"
        nowhere = await desk.post("/glass", {**body, "scope": "Nowhere"})
        assert nowhere.status_code == 404
        assert "net/200" not in (await desk.get("/talkgroups")).text
        assert (await desk.post("/glass", body)).status_code == 201
        told = await reader.event("glass.broken")
    assert (told["data"]["operator"], told["data"]["scope"]) == ("Dispatcher", "Hidden")
    assert "net/200" in (await desk.get("/talkgroups")).text
    room.add_person("second", Role.DISPATCHER)
    assert "net/200" not in (await (await room.browser("second")).get("/talkgroups")).text
    assert (await desk.post("/glass", body)).status_code == 409
    [grant] = [one for one in room.services.people.grants() if one.user]
    assert grant.expires_utc is not None
    assert grant.expires_utc - room.clock.utc_us() <= 60 * MINUTE_US
    [task] = (await (await room.browser("auditor")).get("/reviews")).json()
    assert (task["kind"], task["due_utc"] - task["made_utc"]) == ("break_glass", 72 * HOUR_US)
    assert [e["verb"] for e in await entries(room)].count("glass.broken") == 1
    assert (await supervisor.get("/glass")).json()[0]["reason"] == body["reason"]


async def test_broken_glass_not_reviewed_in_time_goes_to_the_officer(room: Room) -> None:
    desk = await room.browser("dispatcher")
    body = {"scope_kind": "folder", "scope": "Hidden", "reason": "officer down at the pier"}
    await desk.post("/glass", body)
    reviews = room.services.use(Reviews)
    assert await reviews.overdue() == 0

    def age(db: Any) -> None:
        from sqlmodel import select

        task = db.exec(select(ReviewTask)).one()
        task.due_utc = room.clock.utc_us()
        db.add(task)

    await room.store.write(age)
    assert await reviews.overdue() == 1
    [row] = (await (await room.browser("dpo")).get("/reviews")).json()
    assert "not closed within 72 hours" in row["words"]


async def test_looks_survive_a_restart_of_the_watcher(room: Room) -> None:
    call, _ = await old_call(room, 0)
    browser = await room.browser("auditor", purpose=False)
    await state(browser, code="other", text="complaint about the harbour patrol")
    await browser.get(f"/calls/{call}")
    await room.services.use(LookUps).flush()
    [row] = await room.store.read(lambda db: list(db.exec(_looks())))
    assert (row.verb, row.reasoned, len(row.subject)) == ("call.open", "words", 64)


def _looks() -> Any:
    from sqlmodel import select

    return select(LookUp).where(LookUp.verb == "call.open")

"""Messages at the desk: claims, statuses, position requests, reading, search."""

import json
import sqlite3
from typing import Any

import pytest
from sqlmodel import Session

from dispatch.services.message_rows import claimed
from dispatch.store.tables import Message
from gateway.model import events as ev
from gateway.model.commands import MessageSend
from gateway.model.ids import MessageId, UnitId
from gateway.model.message_commands import MessageOpen, PositionRequest, StatusSend
from tests.dispatch.room import GHOST, LINK, NORTH, PATROL, SECRET, SECRET_LINK, Room, until


def _queued(room: Room, **more: Any) -> MessageId:  # Any: fields of the event
    message = MessageId(room.thing("m"))
    fields: dict[str, Any] = {
        "to": PATROL,
        "talkgroup": None,
        "text": "hello",
        "operator": "Sara",
    } | more
    room.bus.publish(ev.MessageQueued(message=message, link=LINK, **fields))
    return message


def _received(room: Room, text: str, **more: Any) -> MessageId:  # Any: fields of the event
    message = MessageId(room.thing("m"))
    fields: dict[str, Any] = {"link": LINK, "sender": PATROL, "to": 9, "talkgroup": None} | more
    room.bus.publish(ev.MessageReceived(message=message, text=text, **fields))
    return message


def _claim(room: Room, message: MessageId, *states: str) -> None:
    for state in states:
        reason = "not reachable" if state == "failed" else ""
        room.bus.publish(ev.MessageProgressed(message=message, state=state, reason=reason))


def _step(before: tuple[str, str], state: str, reason: str = "") -> tuple[str, str]:
    return claimed(
        before, ev.MessageProgressed(message=MessageId("m-1"), state=state, reason=reason)
    )


def test_the_state_shown_is_the_one_worth_most() -> None:
    assert _step(("queued", ""), "accepted") == ("accepted", "")
    assert _step(("delivered", "received"), "sent") == ("delivered", "received")
    assert _step(("accepted", ""), "unknown", "link lost") == ("unknown", "link lost")
    assert _step(("sent", ""), "sent", "stored") == ("sent", "stored")
    assert _step(("failed", "x"), "delivered") == ("delivered", "")
    assert _step(("unknown", "link lost"), "sent") == ("sent", "")


async def test_each_claim_is_kept_with_its_time_and_no_more_than_is_known(room: Room) -> None:
    browser = await room.browser("dispatcher")
    message = _queued(room)
    _claim(room, message, "accepted", "delivered", "sent")
    await room.journaled()
    rows = (await browser.get("/messages")).json()
    (row,) = [row for row in rows if row["id"] == message]
    assert row["state"] == "delivered"
    assert {name for name, when in row["claims"].items() if when} == {
        "accepted",
        "delivered",
        "sent",
    }

    def work(db: Session) -> tuple[object, ...]:
        kept = db.get(Message, message)
        assert kept is not None
        return (
            kept.state,
            kept.read_utc,
            kept.accepted_utc is not None,
            kept.delivered_utc is not None,
        )

    assert await room.store.read(work) == ("delivered", None, True, True)


async def test_after_a_restart_the_claims_are_still_there(room: Room) -> None:
    message = _queued(room, kind="status", value=32771, text="Available")
    _claim(room, message, "accepted", "unknown")
    text = _received(room, "go", written="2026-04-11T10:15", parts=2, parts_missing=1, pid=138)
    await room.journaled()
    await room.close()
    await room.start()
    await room.serve()
    browser = await room.browser("dispatcher")
    rows = {row["id"]: row for row in (await browser.get("/messages")).json()}
    assert (rows[message]["state"], rows[message]["kind"], rows[message]["value"]) == (
        "unknown",
        "status",
        32771,
    )
    assert rows[message]["claims"]["accepted"]
    assert not rows[message]["claims"]["sent"]
    assert (rows[text]["written"], rows[text]["parts_missing"], rows[text]["pid"]) == (
        "2026-04-11T10:15",
        1,
        138,
    )


async def test_opening_a_text_tells_its_sender_once(room: Room) -> None:
    first, second = await room.browser("dispatcher"), await room.browser("supervisor")
    message = _received(room, "all quiet")
    sent = _queued(room)
    for browser in (first, second, first):
        assert (await browser.post(f"/messages/{message}/read")).json() == {"ok": True}
    assert (await first.post(f"/messages/{sent}/read")).json() == {"ok": True}
    assert [c.message for c in room.gateway.of(MessageOpen) if isinstance(c, MessageOpen)] == [
        message
    ]

    def opened() -> list[str]:
        with sqlite3.connect(room.state / "samband.db") as db:
            lines = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
        return [entry["obj"]["id"] for entry in lines if entry["verb"] == "message.opened"]

    await until(lambda: opened() == [message, message, message, sent])
    hidden = _received(room, "x", link=SECRET_LINK, sender=GHOST, talkgroup=SECRET)
    assert (await first.post(f"/messages/{hidden}/read")).status_code == 404


async def test_immediate_texts_and_statuses_go_to_ones_own_units(room: Room) -> None:
    browser = await room.browser("dispatcher")
    sent = await browser.post("/messages", {"to": PATROL, "text": "Stop", "immediate": True})
    assert sent.json()["ok"]
    (text,) = room.gateway.of(MessageSend)
    assert isinstance(text, MessageSend)
    assert text.immediate
    answer = await browser.post("/messages/status", {"to": PATROL, "value": 32771})
    assert answer.json()["ok"]
    group = {"to": NORTH, "to_talkgroup": True, "value": 32771}
    assert (await browser.post("/messages/status", group)).json()["ok"]
    assert [(c.to, c.value) for c in room.gateway.of(StatusSend) if isinstance(c, StatusSend)] == [
        (PATROL, 32771),
        (NORTH, 32771),
    ]
    hidden = await browser.post("/messages/status", {"to": GHOST, "value": 32771})
    assert hidden.status_code == 404
    assert (await browser.post("/messages/status", {"to": PATROL, "value": -1})).status_code == 422
    auditor = await room.browser("auditor")
    body = {"to": PATROL, "value": 32771}
    assert (await auditor.post("/messages/status", body)).status_code == 403


@pytest.mark.parametrize(
    ("role", "asks", "switches"),
    [
        ("dispatcher", 200, 403),
        ("supervisor", 200, 200),
        ("engineer", 200, 200),
        ("auditor", 403, 403),
    ],
)
async def test_who_may_ask_for_a_position(room: Room, role: str, asks: int, switches: int) -> None:
    browser = await room.browser(role)
    asked = await browser.post("/messages/position-request", {"unit": PATROL})
    assert asked.status_code == asks
    body = {"unit": PATROL, "enabled": False}
    switched = await browser.post("/messages/position-reports", body)
    assert switched.status_code == switches
    actions = [c.action for c in room.gateway.of(PositionRequest) if isinstance(c, PositionRequest)]
    expected = [action for action, code in (("ask", asks), ("disable", switches)) if code == 200]
    assert actions == expected
    if asks == 200:
        hidden = await browser.post("/messages/position-request", {"unit": GHOST})
        assert hidden.status_code == 404


async def test_search_finds_words_ends_and_kinds_within_ones_rights(room: Room) -> None:
    browser = await room.browser("dispatcher")
    quay = _received(room, "Boat at the quay")
    asked = _queued(room, text="Quay clear?")
    data = _received(room, "Data message, protocol id 195", kind="data", pid=195)
    group = _received(room, "100 % sure_thing", talkgroup=NORTH)
    _received(room, "quay secret", link=SECRET_LINK, sender=GHOST, talkgroup=SECRET)
    _received(room, "quay private", link=SECRET_LINK, sender=GHOST)
    _received(room, "quay stranger", sender=UnitId("net/5555"))
    await room.journaled()

    async def found(**params: str) -> list[str]:
        answer = (await browser.get("/messages/search", params=params)).json()
        assert answer["total"] == len(answer["messages"])
        return [row["id"] for row in answer["messages"]]

    assert await found(q="quay") == [asked, quay]
    assert await found(q="patrol quay") == [asked, quay]
    assert await found(q="sara") == [asked]
    assert await found(q="%") == [group]
    assert await found(q="_") == [group]
    assert await found(kind="data") == [data]
    assert await found(unit="Patrol 1", kind="text") == [group, asked, quay]
    assert await found(talkgroup=NORTH) == [group]
    assert await found(talkgroup=SECRET) == []
    bad = await browser.get("/messages/search", params={"kind": "poem"})
    assert bad.status_code == 422
    page = (await browser.get("/messages/search", params={"limit": "1"})).json()
    assert (page["total"], [row["id"] for row in page["messages"]]) == (4, [group])
    assert (await (await room.browser("auditor")).get("/messages/search")).status_code == 403


async def test_a_search_is_in_the_log_and_its_words_are_not_in_clear(room: Room) -> None:
    browser = await room.browser("dispatcher")
    params = {"q": "Anna", "unit": "Berit", "talkgroup": "Cecilia"}
    assert (await browser.get("/messages/search", params=params)).status_code == 200
    with sqlite3.connect(room.state / "samband.db") as db:
        lines = [raw for (raw,) in db.execute("SELECT entry FROM audit_log")]
    (searched,) = [raw for raw in lines if json.loads(raw)["verb"] == "message.search"]
    assert json.loads(searched)["detail"]["query"].startswith("enc:")
    text = b" ".join(lines).decode()
    assert [name for name in ("Anna", "Berit", "Cecilia") if name in text] == []
    await room.audit.close()
    assert (await browser.get("/messages/search")).status_code == 503

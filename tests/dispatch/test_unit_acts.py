"""Acts on one radio at the desk: rights, second look, and the log ahead of what is sent."""

import json
import sqlite3
from typing import Any

import pytest

from dispatch.audit.writer import AuditWriter
from gateway.model import events as ev
from gateway.model.command import Reply
from gateway.model.ids import AlarmId, MessageId
from gateway.model.unit_commands import UnitActAsk
from tests.dispatch.room import GHOST, LINK, NORTH, PATROL, Room, until

REASON = "stolen from a car at the harbour"


def _asked(room: Room) -> list[UnitActAsk]:
    return [command for command in room.gateway.commands if isinstance(command, UnitActAsk)]


def _entries(room: Room, *verbs: str) -> list[dict[str, Any]]:  # Any: JSON of the log
    with sqlite3.connect(room.state / "samband.db") as db:
        lines = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
    return [entry for entry in lines if entry["verb"] in verbs]


@pytest.mark.parametrize(
    ("path", "body", "act", "value"),
    [
        ("/units/alert", {}, "call_alert", None),
        ("/units/query", {}, "status_query", None),
        ("/units/status", {"value": 7}, "status_update", 7),
        ("/units/check", {}, "radio_check", None),
    ],
)
async def test_an_act_goes_to_ones_own_units(
    room: Room, path: str, body: dict[str, int], act: str, value: int | None
) -> None:
    browser = await room.browser("dispatcher")
    answer = await browser.post(path, {"unit": PATROL, **body})
    assert answer.json()["ok"], answer.text
    (asked,) = _asked(room)
    assert (asked.unit, asked.act, asked.value, asked.operator) == (
        PATROL,
        act,
        value,
        "Dispatcher",
    )
    assert asked.message == answer.json()["id"]
    hidden = await browser.post(path, {"unit": GHOST, **body})
    assert hidden.status_code == 404
    wrong = await browser.post(path, {"unit": "no number", **body})
    assert wrong.status_code == 400
    assert len(_asked(room)) == 1


async def test_an_engineer_checks_radios_and_does_no_more(room: Room) -> None:
    browser = await room.browser("engineer")
    assert (await browser.post("/units/check", {"unit": PATROL})).json()["ok"]
    for path in ("/units/alert", "/units/query", "/units/inhibit"):
        assert (await browser.post(path, {"unit": PATROL})).status_code in (403, 422)
    assert [asked.act for asked in _asked(room)] == ["radio_check"]


def _inhibit(**more: Any) -> dict[str, Any]:  # Any: fields of the body
    return {"unit": PATROL, "reason": REASON, "typed": "1001"} | more


async def test_an_inhibit_needs_its_permission_a_reason_and_the_typed_number(room: Room) -> None:
    dispatcher = await room.browser("dispatcher")
    assert (await dispatcher.post("/units/inhibit", _inhibit())).status_code == 403
    browser = await room.browser("supervisor")
    for wrong in (
        {"reason": ""},
        {"reason": "   "},
        {"reason": "test"},
        {"typed": ""},
        {"typed": "1002"},
    ):
        answer = await browser.post("/units/inhibit", _inhibit(**wrong))
        assert answer.status_code == 400, wrong
    assert (await browser.post("/units/inhibit", {"unit": PATROL})).status_code == 422
    assert _asked(room) == []
    assert _entries(room, "unit.inhibit") == []


async def test_an_inhibit_is_in_the_log_before_the_gateway_hears_of_it(room: Room) -> None:
    browser = await room.browser("supervisor")
    found: list[int] = []
    room.gateway.hears = lambda command: found.append(len(_entries(room, "unit.inhibit")))
    answer = await browser.post("/units/inhibit", _inhibit(typed=" 1001 "))
    assert answer.json()["ok"]
    assert found == [1]
    (asked,) = _asked(room)
    assert (asked.act, asked.reason) == ("inhibit", REASON)
    (entry,) = _entries(room, "unit.inhibit")
    assert entry["obj"]["id"] == asked.message
    assert entry["purpose"]["code"] == "inhibit"
    assert REASON not in json.dumps(entry)
    assert "1001" not in json.dumps(entry["obj"])


async def test_what_became_of_an_inhibit_is_in_the_log_too(room: Room) -> None:
    browser = await room.browser("supervisor")
    answer = await browser.post("/units/inhibit", _inhibit(enabled=True))
    message = MessageId(answer.json()["id"])
    assert [asked.act for asked in _asked(room)] == ["uninhibit"]
    room.bus.publish(
        ev.MessageQueued(
            message=message,
            link=LINK,
            to=PATROL,
            talkgroup=None,
            text=f"Put back into service: {REASON}",
            operator="Supervisor",
            kind="uninhibit",
        )
    )
    room.bus.publish(ev.MessageProgressed(message=message, state="sent"))
    room.bus.publish(
        ev.MessageProgressed(message=message, state="failed", reason="no answer from the radio")
    )
    await until(lambda: len(_entries(room, "unit.uninhibit_outcome")) == 2)
    sent, failed = _entries(room, "unit.uninhibit_outcome")
    assert (sent["result"], sent["detail"]["state"]) == ("ok", "sent")
    assert (failed["result"], failed["detail"]["state"]) == ("failed", "failed")
    assert {sent["obj"]["id"], failed["obj"]["id"]} == {message}
    (row,) = [row for row in (await browser.get("/messages")).json() if row["id"] == message]
    assert (row["kind"], row["state"], row["reason"]) == (
        "uninhibit",
        "failed",
        "no answer from the radio",
    )


async def test_a_radio_out_of_service_is_known_as_such_until_it_is_back(room: Room) -> None:
    def act(kind: str, state: str) -> None:
        message = MessageId(room.thing("m"))
        room.bus.publish(
            ev.MessageQueued(
                message=message,
                link=LINK,
                to=PATROL,
                talkgroup=None,
                text=kind,
                operator="Supervisor",
                kind=kind,
            )
        )
        room.bus.publish(ev.MessageProgressed(message=message, state=state))

    async def since() -> int | None:
        await room.journaled()
        browser = await room.browser("dispatcher")
        rows = (await browser.get("/units")).json()
        (row,) = [row for row in rows if row["id"] == PATROL]
        found: int | None = row["inhibited_utc"]
        return found

    act("inhibit", "failed")
    assert await since() is None
    act("inhibit", "delivered")
    told = await since()
    assert told is not None
    await room.close()
    await room.start()
    await room.serve()
    assert await since() == told
    act("uninhibit", "sent")
    assert await since() == told
    act("uninhibit", "delivered")
    assert await since() is None


async def test_what_the_gateway_refuses_is_in_the_log(room: Room) -> None:
    browser = await room.browser("supervisor")
    room.gateway.reply = Reply(ok=False, reason="no link reaches this number")
    answer = await browser.post("/units/inhibit", _inhibit())
    assert answer.json()["reason"] == "no link reaches this number"
    await until(lambda: len(_entries(room, "unit.inhibit_refused")) == 1)


async def test_nothing_is_inhibited_while_the_log_is_not_writable(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await room.browser("supervisor")
    monkeypatch.setattr(AuditWriter, "writable", property(lambda self: False))
    assert (await browser.post("/units/inhibit", _inhibit())).status_code == 503
    assert _asked(room) == []
    alert = await browser.post("/units/alert", {"unit": PATROL})
    assert alert.json()["ok"], "a live act never waits for the log"


async def test_a_call_alert_reaches_the_desks_that_know_the_unit(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream() as stream:
        await stream.next("snapshot")
        for sender in (GHOST, PATROL):
            room.bus.publish(
                ev.MessageReceived(
                    message=MessageId(room.thing("m")),
                    link=LINK,
                    sender=sender,
                    to=9,
                    talkgroup=None,
                    text="Call alert",
                    kind="call_alert",
                )
            )
        told = await stream.event("message.received")
    assert (told["data"]["kind"], told["data"]["sender"]) == ("call_alert", PATROL)
    await room.journaled()
    found = (await browser.get("/messages/search?kind=call_alert")).json()
    assert [row["alias"] for row in found["messages"]] == ["Patrol 1"]


async def test_encryption_and_reception_are_on_the_board_and_in_the_log(room: Room) -> None:
    browser = await room.browser("dispatcher")
    room.link_up()
    call, over = room.begin()
    room.bus.publish(
        ev.TransmissionUpdated(
            transmission=over,
            call=call,
            talkgroup=NORTH,
            talker=PATROL,
            alias="Patrol 1",
            emergency=False,
            encrypted=True,
            readable=False,
            algorithm=0x84,
            key_id=0x1234,
        )
    )
    room.bus.publish(
        ev.TransmissionMeasured(transmission=over, talkgroup=NORTH, bit_error_rate=0.021)
    )

    async def state() -> dict[str, Any]:  # Any: JSON of the row
        rows: list[dict[str, Any]] = (await browser.get("/talkgroups")).json()
        (row,) = [row for row in rows if row["id"] == NORTH]
        found: dict[str, Any] = row["state"]
        return found

    await room.journaled()
    now = await state()
    assert (now["rx"], now["algorithm"], now["key_id"], now["bit_error_rate"]) == (
        "encrypted_unreadable",
        0x84,
        0x1234,
        0.021,
    )
    room.bus.publish(
        ev.TransmissionEnded(
            transmission=over,
            call=call,
            talkgroup=NORTH,
            duration_ms=2000,
            cause="ended",
            bit_error_rate=0.02,
        )
    )
    room.bus.publish(ev.CallEnded(call=call, talkgroup=NORTH, cause="ended"))
    await room.journaled()
    after = await state()
    assert (after["rx"], after["algorithm"], after["bit_error_rate"]) == ("quiet", None, None)
    assert after["last"]["bit_error_rate"] == 0.02
    sheet = (await browser.get(f"/calls/{call}")).json()
    assert (sheet["encrypted"], sheet["algorithm"], sheet["key_id"]) == (True, 0x84, 0x1234)
    (heard,) = sheet["transmissions"]
    assert (heard["readable"], heard["algorithm"], heard["bit_error_rate"]) == (False, 0x84, 0.02)
    assert "encrypted yes, algorithm 0x84, key 0x1234, joined late no" in sheet["protocol"]


async def test_the_way_of_an_acknowledgement_follows_what_the_radio_says(room: Room) -> None:
    browser = await room.browser("dispatcher")
    alarm = AlarmId(room.thing("a"))
    room.bus.publish(
        ev.AlarmRaised(
            alarm=alarm,
            unit=PATROL,
            alias="Patrol 1",
            talkgroup=NORTH,
            link=LINK,
            sign="alarm",
        )
    )
    room.bus.publish(
        ev.AlarmAcknowledged(alarm=alarm, operator="Dispatcher", position=None, way="sent")
    )
    async with browser.stream() as stream:
        await stream.next("snapshot")
        room.bus.publish(ev.AlarmAnswered(alarm=alarm, way="confirmed"))
        await stream.event("alarm.answered")
    async with browser.stream() as stream:
        (row,) = (await stream.next("snapshot"))["data"]["alarms"]
    assert (row["state"], row["way"]) == ("acknowledged", "confirmed")

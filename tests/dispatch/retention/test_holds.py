"""Holds and orders over HTTP: at once by one, lifted by two, what comes late is taken too."""

import hashlib
from typing import Any

from sqlmodel import select

from dispatch.retention.hold_book import held_ids
from dispatch.retention.holds import Holds
from dispatch.retention.orders import open_orders, order_of
from dispatch.retention.tables import DeskTelemetry, Hold
from dispatch.retention.telemetry import Telemetry
from dispatch.store.tables import US_PER_DAY
from tests.dispatch.retention.keepers import Keepers, both
from tests.dispatch.room import NORTH, PATROL, SECRET

DOCUMENT = hashlib.sha256(b"the order").hexdigest()


def hold_of(keepers: Keepers, **scope: Any) -> dict[str, Any]:
    return {"scope": scope, "reason": "asked for by the prosecutor", "basis": "RB 27:16"}


def held(keepers: Keepers, type_: str) -> set[str]:
    return keepers.room.store.read_now(lambda db: held_ids(db, type_))


async def test_one_sets_a_hold_at_once_two_lift_it(keepers: Keepers) -> None:
    call = keepers.calls[0]
    answer = await keepers.auditor.post("/holds", hold_of(keepers, calls=[call]))
    assert answer.status_code == 201, answer.text
    hold = answer.json()
    assert (hold["state"], hold["objects"], hold["by_name"]) == ("stands", {"call": 1}, "Auditor")
    row = keepers.row(call)
    assert (row.held, row.hold_reason) == (True, "asked for by the prosecutor (Auditor)")
    shown = (await keepers.dpo.get(f"/calls/{call}/holds")).json()["holds"]
    assert [one["id"] for one in shown] == [hold["id"]]
    asked = await keepers.auditor.post(f"/holds/{hold['id']}/lift", {"reason": "case closed"})
    assert asked.status_code == 202, asked.text
    assert keepers.row(call).held
    await keepers.agree(keepers.supervisor, asked.json()["approval"])
    assert not keepers.row(call).held
    lifted = (await keepers.auditor.get("/holds", params={"lifted": True})).json()["holds"]
    assert [(one["lifted_name"], one["lifted_with"]) for one in lifted] == [
        ("Auditor", "Supervisor")
    ]


@both
async def test_a_hold_takes_what_comes_later_and_only_that_in_its_scope(keepers: Keepers) -> None:
    now = keepers.room.clock.utc_us()
    body = hold_of(keepers, talkgroups=[NORTH], from_utc=now - US_PER_DAY)
    hold = (await keepers.supervisor.post("/holds", body)).json()
    assert held(keepers, "call") == set(keepers.calls)
    late = await keepers.call(4)
    hidden, over = keepers.room.begin(SECRET, None, seq=5)
    keepers.room.end(hidden, over, SECRET)
    message = await keepers.text("later words")
    assert keepers.row(late).held
    assert hidden not in held(keepers, "call")
    assert held(keepers, "message") == {message}
    ended = hold_of(keepers, talkgroups=[NORTH], from_utc=now - US_PER_DAY, to_utc=now)
    second = (await keepers.supervisor.post("/holds", ended)).json()
    assert second["objects"]["call"] <= 3
    asked = await keepers.dpo.post(f"/holds/{hold['id']}/lift", {"reason": "set too wide"})
    await keepers.agree(keepers.auditor, asked.json()["approval"])
    assert not keepers.row(late).held


async def test_a_hold_by_unit_and_the_daily_look(keepers: Keepers) -> None:
    now = keepers.room.clock.utc_us()
    body = hold_of(keepers, units=[PATROL], from_utc=now - US_PER_DAY)
    await keepers.supervisor.post("/holds", body)
    assert held(keepers, "call") == set(keepers.calls)
    assert await keepers.room.services.use(Holds).look() == 0


async def test_no_grant_no_hold_and_no_knowledge(keepers: Keepers) -> None:
    room = keepers.room
    hidden, over = room.begin(SECRET, None, seq=9)
    room.end(hidden, over, SECRET)
    await room.journaled()
    for scope in ({"calls": [hidden]}, {"talkgroups": [SECRET], "from_utc": 1}):
        assert (await keepers.auditor.post("/holds", hold_of(keepers, **scope))).status_code == 404
    assert (await keepers.auditor.get(f"/calls/{hidden}/holds")).status_code == 404
    for name in ("dispatcher", "engineer", "administrator"):
        browser = await room.browser(name)
        answer = await browser.post("/holds", hold_of(keepers, calls=[keepers.calls[0]]))
        assert answer.status_code == 403


async def test_a_hold_says_what_why_and_until_when(keepers: Keepers) -> None:
    empty = await keepers.auditor.post("/holds", hold_of(keepers))
    assert empty.status_code == 400
    long = hold_of(keepers, calls=[keepers.calls[0]]) | {"review_days": 365}
    assert (await keepers.auditor.post("/holds", long)).status_code == 422
    fits = hold_of(keepers, calls=[keepers.calls[0]])
    hold = (await keepers.auditor.post("/holds", fits)).json()
    assert hold["review_utc"] - hold["set_utc"] == 180 * US_PER_DAY
    again = {"days": 30, "reason": "the trial goes on"}
    reviewed = (await keepers.auditor.post(f"/holds/{hold['id']}/review", again)).json()
    assert reviewed["review_utc"] < hold["review_utc"]


def order_body(**changes: Any) -> dict[str, Any]:
    return {
        "number": "B-1234/26",
        "authority": "Malmö tingsrätt",
        "case": "B 1234-26",
        "basis": "RB 27 kap. 2 §",
        "deadline": "2026-12-01T16:00",
        "zone": "Europe/Stockholm",
        "from_local": "2026-10-25T02:30",
        "to_local": "2099-01-01T00:00",
        "talkgroups": [NORTH],
        "document_sha256": DOCUMENT,
        **changes,
    }


async def test_an_order_asks_about_the_doubled_hour_and_holds_its_results(keepers: Keepers) -> None:
    asked = await keepers.dpo.post("/orders", order_body())
    assert asked.status_code == 409
    assert "was there twice" in asked.json()["error"]["message"]
    params = {"local": "2026-10-25T02:30", "zone": "Europe/Stockholm"}
    times = (await keepers.dpo.get("/orders/times", params=params)).json()
    assert (times["doubled"], [one["offset"] for one in times["readings"]]) == (
        True,
        ["+02:00", "+01:00"],
    )
    body = order_body(from_answer="second", tell="not_before:2027-01-31", telemetry=True)
    answer = await keepers.dpo.post("/orders", body)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert order["scope"]["from_utc"] == times["readings"][1]["utc"]
    assert order["scope"]["asked"]["from"] == "2026-10-25T02:30"
    assert order["scope"]["asked"]["from_answer"] == "second"
    assert (await keepers.dpo.post("/orders", body)).status_code == 409
    room = keepers.room
    assert await room.services.use(Telemetry).changed("u-1", "", {"volume": 3})
    held_now = await keepers.auditor.post(f"/orders/{order['id']}/hold")
    assert held_now.status_code == 201, held_now.text
    hold = held_now.json()
    assert hold["reason"] == "order B-1234/26"
    assert hold["restricted_until_utc"] == order["restricted_until_utc"] == 1_801_350_000_000_000
    assert held(keepers, "call") == set(keepers.calls)
    assert len(held(keepers, "telemetry")) == 1
    assert (await keepers.auditor.post(f"/orders/{order['id']}/hold")).status_code == 409
    found = room.store.read_now(lambda db: (open_orders(db), order_of(db, "B-1234/26")))
    assert [one.id for one in found[0]] == [order["id"]]
    assert found[1] is not None
    closed = await keepers.dpo.post(f"/orders/{order['id']}/close", {"state": "answered"})
    assert (closed.json()["state"], closed.json()["hold"]) == ("answered", hold["id"])
    assert room.store.read_now(open_orders) == []


async def test_an_order_that_cannot_be_is_refused_in_words(keepers: Keepers) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"from_local": "2026-03-29T02:30"}, "the clock went forward"),
        ({"document_sha256": "z" * 64}, "SHA-256"),
        ({"number": "two words"}, "number"),
        ({"talkgroups": []}, "names nothing"),
        ({"to_local": "2026-10-01T00:00"}, "ends before"),
        ({"tell": "perhaps"}, "tell"),
        ({"zone": "Norrvik"}, "unknown"),
    ]
    for changes, words in cases:
        answer = await keepers.dpo.post("/orders", order_body(from_answer="first", **changes))
        assert answer.status_code == 400, (changes, answer.text)
        assert words in answer.json()["error"]["message"]
    hidden = await keepers.dpo.post("/orders", order_body(from_answer="first", talkgroups=[SECRET]))
    assert hidden.status_code == 404


async def test_a_desk_is_telemetry_of_its_own_time(keepers: Keepers) -> None:
    room = keepers.room
    dispatcher = await room.browser("dispatcher")
    for volume in (3, 3, 5):
        answer = await dispatcher.send("PUT", "/desk", {"state": {"volume": volume}})
        assert answer.status_code == 200, answer.text
    rows = room.store.read_now(lambda db: list(db.exec(select(DeskTelemetry))))
    assert [row.body for row in rows] == [{"volume": 3}]
    assert rows[0].expires_utc - rows[0].t_utc == 30 * US_PER_DAY
    assert room.store.read_now(lambda db: list(db.exec(select(Hold)))) == []

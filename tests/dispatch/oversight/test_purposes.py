"""A purpose is stated once for eight hours; live work never waits for one."""

from typing import Any

import pytest

from dispatch.auth.permissions import Role
from dispatch.errors import ServiceError
from dispatch.oversight.purposes import US_PER_HOUR, Purposes
from dispatch.oversight.reasons import why_empty
from dispatch.retention.tables import LegalOrder
from dispatch.services.record import purpose_of
from dispatch.store.tables import Call, Transmission
from tests.dispatch.opus import spoken
from tests.dispatch.oversight.log import entries
from tests.dispatch.room import Browser, Room

EMPTY_WORDS = (
    "investigation",
    "Utredning!",
    "kontroll av samtal",
    "перевірка",
    "службова необхідність",
    "n/a",
    "N / A",
    "test test test test",
    "routine check of the log",
    "asdf asdf asdf",
    "aaaaaaaaaaaa",
    "Patrullbilen",
    "ab 1234",
    "rutinkontroll enligt begäran",
)
GOOD_WORDS = (
    "complaint K 2026-118",
    "case 4711 of the harbour police",
    "klagomål från Anna Ek om utryckning",
    "скарга водія на патруль 12",
)


@pytest.mark.parametrize("words", EMPTY_WORDS)
def test_words_that_fit_any_search_say_nothing(words: str) -> None:
    assert why_empty(words) != ""
    with pytest.raises(ServiceError, match="does not say why"):
        purpose_of("other", "", words)


@pytest.mark.parametrize("words", GOOD_WORDS)
def test_words_of_this_search_are_taken(words: str) -> None:
    assert why_empty(words) == ""


async def old_call(room: Room, hours: float) -> tuple[str, str]:
    """Record a call and let it have been some hours ago."""
    call, transmission = room.begin()
    room.record(call, transmission, spoken())
    room.end(call, transmission)
    await room.journaled()
    ago = round(hours * US_PER_HOUR)

    def work(db: Any) -> None:
        for kind, key in ((Call, call), (Transmission, transmission)):
            row = db.get(kind, key)
            row.started_utc -= ago
            db.add(row)

    await room.store.write(work)
    return call, transmission


async def opened(room: Room, title: str, **more: Any) -> str:
    """Open an incident that belongs to no camera and no talkgroup; returns its id."""
    from dispatch.incidents.tables import Incident

    now, incident = room.clock.utc_us(), room.thing("i")
    row = Incident(
        id=incident,
        label="INC-2026-000007",
        title=title,
        kind="manual",
        severity="info",
        opened_utc=now,
        started_utc=now,
        last_event_utc=now,
        **more,
    )
    await room.store.write(lambda db: db.add(row))
    return incident


def order(room: Room, number: str) -> LegalOrder:
    """Return an order of a court, as it is entered."""
    now = room.clock.utc_us()
    return LegalOrder(
        id=room.thing("o"),
        number=number,
        authority="court",
        case="c",
        basis="b",
        deadline_utc=now,
        document_sha256="0" * 64,
        by="u-1",
        by_name="A",
        made_utc=now,
    )


async def state(browser: Browser, **body: str) -> Any:
    answer = await browser.post("/purposes", body)
    if answer.status_code == 201:
        browser.purpose = answer.json()["id"]
    return answer


async def test_an_auditor_states_why_once_and_every_look_carries_it(room: Room) -> None:
    call, transmission = await old_call(room, 0)
    browser = await room.browser("auditor", purpose=False)
    paths = (
        "/calls",
        f"/calls/{call}",
        f"/recordings/{transmission}",
        f"/recordings/{transmission}/peaks",
        "/audit/entries",
        f"/access/{call}",
    )
    for path in paths:
        answer = await browser.get(path)
        assert (path, answer.status_code) == (path, 428)
        assert "say first why you look" in answer.json()["error"]["message"]
    assert (await browser.get("/purposes/mine")).json()["needed"] is True
    assert (await state(browser, code="case", ref="K-2026-118")).status_code == 201
    for path in paths:
        assert (await browser.get(path)).status_code == 200
    looks = [e for e in await entries(room) if e["op"] == "consult"]
    assert [e["verb"] for e in looks] == [
        "call.search",
        "call.open",
        "recording.play",
        "audit.read",
        "access.read",
    ]
    assert {e["purpose"]["ref"] for e in looks} == {"K-2026-118"}


async def test_the_same_purpose_is_stated_once(room: Room) -> None:
    browser = await room.browser("auditor", purpose=False)
    first = (await state(browser, code="case", ref="K-7")).json()
    assert (await state(browser, code="case", ref="K-7")).json()["id"] == first["id"]
    assert first["words"] == "case K-7"
    assert first["until_utc"] - first["stated_utc"] == 8 * US_PER_HOUR
    [mine] = (await browser.get("/purposes/mine")).json()["standing"]
    assert mine["id"] == first["id"]
    assert [e["verb"] for e in await entries(room)].count("purpose.stated") == 1


async def test_a_desk_needs_none_for_its_last_hour_and_one_before_that(room: Room) -> None:
    room.grant(Role.DISPATCHER, "North")
    new, new_sound = await old_call(room, 0.5)
    old, old_sound = await old_call(room, 2)
    browser = await room.browser("dispatcher", purpose=False)
    since = room.clock.utc_us() - US_PER_HOUR // 2
    for path in (f"/calls/{new}", f"/recordings/{new_sound}", f"/calls?from={since}"):
        assert (await browser.get(path)).status_code == 200, path
    for path in (f"/calls/{old}", f"/recordings/{old_sound}", "/calls"):
        assert (await browser.get(path)).status_code == 428, path
    await state(browser, code="other", text="what Patrol 1 said of the boat")
    assert (await browser.get(f"/calls/{old}")).status_code == 200


async def test_a_supervisor_is_free_only_while_at_a_position(room: Room) -> None:
    new, _ = await old_call(room, 0.5)
    browser = await room.browser("supervisor", purpose=False)
    assert (await browser.get(f"/calls/{new}")).status_code == 428
    await browser.post("/positions/1/take")
    assert (await browser.get(f"/calls/{new}")).status_code == 200


async def test_a_purpose_of_somebody_else_or_of_yesterday_is_none(room: Room) -> None:
    auditor, other = await room.browser("auditor"), await room.browser("dpo", purpose=False)
    other.purpose = auditor.purpose
    assert (await other.get("/audit/entries")).status_code == 428
    purposes = room.services.use(Purposes)
    [mine] = purposes.mine(auditor.me["user"]["id"])
    purposes._standing[mine.id] = type(mine)(
        id=mine.id,
        user=mine.user,
        purpose=mine.purpose,
        stated_utc=mine.stated_utc,
        until_utc=room.clock.utc_us(),
    )
    assert (await auditor.get("/audit/entries")).status_code == 428
    await purposes.wipe()
    assert mine.id not in purposes._standing


async def test_an_incident_is_picked_by_its_number_and_must_be_known(room: Room) -> None:
    made = await opened(room, "Boat adrift")
    auditor = await room.browser("auditor", purpose=False)
    [choice] = (await auditor.get("/purposes/mine")).json()["incidents"]
    assert choice["title"] == "Boat adrift"
    stated = await state(auditor, code="incident", ref=made)
    assert stated.json()["ref"] == choice["label"]
    assert (await state(auditor, code="incident", ref="INC-1999-1")).status_code == 404
    assert (await state(auditor, code="incident")).status_code == 400
    assert (await state(auditor, code="order", ref="B 12-26")).status_code == 400
    assert (await state(auditor, code="order", ref="B12-26")).status_code == 404
    await room.store.write(lambda db: db.add(order(room, "B 12-26")))
    assert (await state(auditor, code="order", ref="B12-26")).status_code == 201
    dpo = await room.browser("dpo", purpose=False)
    assert (await state(dpo, code="incident", ref=made)).status_code == 404


async def test_the_same_words_are_taken_five_times_in_a_row(room: Room) -> None:
    browser = await room.browser("auditor", purpose=False)
    purposes = room.services.use(Purposes)
    for _ in range(5):
        answer = await state(browser, code="other", text="yearly look at the harbour")
        assert answer.status_code == 201
        purposes._standing.clear()
    again = await state(browser, code="other", text="Yearly look, at the  harbour!")
    assert again.status_code == 400
    assert "5 times in a row" in again.json()["error"]["message"]
    assert (await state(browser, code="other", text="the yearly look, pier 4")).status_code == 201


async def test_words_are_wiped_when_their_time_is_over(room: Room) -> None:
    from dispatch.oversight.tables import PurposeRow

    browser = await room.browser("auditor", purpose=False)
    stated = (await state(browser, code="other", text="complaint of A. Ek")).json()

    def age(db: Any) -> None:
        row = db.get(PurposeRow, stated["id"])
        row.until_utc = room.clock.utc_us()
        db.add(row)

    await room.store.write(age)
    purposes = room.services.use(Purposes)
    await purposes.wipe()
    row = await room.store.read(lambda db: db.get(PurposeRow, stated["id"]))
    assert row is not None
    assert (row.text, len(row.text_key)) == (None, 64)

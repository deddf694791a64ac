"""Classes: an emergency and an incident lengthen, a camera's own incident does not."""

from typing import Any

from sqlmodel import Session, select

from dispatch.calllog.tables import UnitStatus
from dispatch.cameras.tables import CameraEvent, CameraMedia
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.retention.classes import reclassify
from dispatch.retention.due import due
from dispatch.retention.reviews import fill
from dispatch.retention.tables import ErasureReview
from dispatch.store.tables import US_PER_DAY, Transmission, UnitPosition
from gateway.model import events as ev
from tests.dispatch.retention.keepers import Keepers, both
from tests.dispatch.room import GHOST, NORTH, PATROL


def incident(number: str, now: int, **values: Any) -> Incident:
    return Incident(
        id=f"i-{number}",
        label=f"INC-2026-{number}",
        title=f"Fire at gate {number}",
        kind="fire",
        severity="alert",
        opened_utc=now,
        started_utc=now,
        last_event_utc=now,
        **values,
    )


def media(number: str, of: str, now: int) -> CameraMedia:
    return CameraMedia(
        id=f"v-{number}",
        incident=of,
        source="frigate:x",
        camera="cam-1",
        object=number,
        kind="still",
        path="",
        from_utc=now,
        made_utc=now,
        state="fetched",
    )


def event(number: str, of: str, now: int) -> CameraEvent:
    return CameraEvent(
        id=f"w-{number}",
        source="frigate:x",
        src_event_id=number,
        kind="object",
        phase="new",
        camera="cam-1",
        t_event_utc=now,
        t_recv_utc=now,
        severity="info",
        raw_sha256=number,
        raw=b"",
        incident=of,
        expires_utc=now + 3 * US_PER_DAY,
    )


async def test_an_emergency_lengthens_the_call_and_its_overs(keepers: Keepers) -> None:
    room = keepers.room
    call, over = room.begin(seq=9)
    room.bus.publish(ev.CallUpdated(call=call, talkgroup=NORTH, emergency=True, priority=15))
    room.end(call, over)
    await room.journaled()
    row = keepers.row(call)
    assert row.retention_class == "emergency_call"
    assert row.expires_utc - row.started_utc == 730 * US_PER_DAY
    part = room.store.read_now(lambda db: db.get(Transmission, over))
    assert part is not None
    assert part.retention_class == "emergency_call"


@both
async def test_an_incident_lengthens_and_needs_a_person_s_yes(keepers: Keepers) -> None:
    room, call = keepers.room, keepers.calls[0]
    now = room.clock.utc_us()
    past = now - 400 * US_PER_DAY
    link = IncidentSuggestion(
        id="s-1", incident="i-1", call=call, score=90, state="confirmed", at_utc=past
    )
    kept = incident("1", past, state="active", opened_by="u-1")
    other = incident("2", past, state="closed", closed_utc=past)

    def put(db: Session) -> None:
        db.add_all(
            [kept, other, link, media("1", "i-1", past), media("2", "i-2", past),
             event("1", "i-1", past), event("2", "i-2", past)]
        )  # fmt: skip

    room.store.write_now(put)
    keepers.age(call, days=400)
    await reclassify(room.store, now)
    assert keepers.row(call).retention_class == "incident"
    # Open: nothing of it is over, though a year has passed. The camera's own is.
    found = {(one.type, one.id) for one in room.store.read_now(lambda db: list(due(db, now)))}
    assert found == {("media", "v-2"), ("camera_event", "w-2"), ("incident", "i-2")}

    def close(db: Session) -> None:
        row = db.get(Incident, "i-1")
        assert row is not None
        row.state, row.closed_utc, row.closed_by = "closed", past, "u-1"
        row.expires_utc = None
        db.add(row)

    room.store.write_now(close)
    later = keepers.row(call).expires_utc + US_PER_DAY
    await reclassify(room.store, later)
    room.store.write_now(lambda db: fill(db, later))
    review = room.store.read_now(lambda db: db.get(ErasureReview, "i-1"))
    assert review is not None
    assert review.state == "waiting"
    mine = {("call", call), ("media", "v-1"), ("camera_event", "w-1"), ("incident", "i-1")}
    found = {(one.type, one.id) for one in room.store.read_now(lambda db: list(due(db, later)))}
    assert not found & mine
    answer = await keepers.dpo.post(
        "/retention/reviews/i-1", {"erase": True, "reason": "the case is closed for good"}
    )
    assert answer.status_code == 200, answer.text
    found = {(one.type, one.id) for one in room.store.read_now(lambda db: list(due(db, later)))}
    assert mine <= found
    kept_on = await keepers.supervisor.post(
        "/retention/reviews/i-1", {"erase": False, "reason": "an appeal was filed", "keep_days": 90}
    )
    assert kept_on.status_code == 200
    found = {(one.type, one.id) for one in room.store.read_now(lambda db: list(due(db, later)))}
    assert not found & mine


async def test_statuses_and_places_go_whole_unless_held(keepers: Keepers) -> None:
    room = keepers.room
    now = room.clock.utc_us()

    def put(db: Session) -> None:
        for unit in (PATROL, GHOST):
            db.add(UnitStatus(unit=unit, t_utc=now - 9, expires_utc=now - 1, digit="3"))
            db.add(
                UnitPosition(
                    unit=unit, t_utc=now - 9, latitude_deg=55.6, longitude_deg=13.0,
                    expires_utc=now - 1,
                )
            )  # fmt: skip

    room.store.write_now(put)
    body = {
        "scope": {"units": [PATROL], "from_utc": now - 1000},
        "reason": "asked for",
        "basis": "RB 27:16",
    }
    assert (await keepers.auditor.post("/holds", body)).status_code == 201
    job = (await keepers.supervisor.post("/retention/erasures")).json()
    assert job["planned"] == 2
    await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
    await keepers.done(job["id"])
    statuses = room.store.read_now(lambda db: list(db.exec(select(UnitStatus.unit))))
    places = room.store.read_now(lambda db: list(db.exec(select(UnitPosition.unit))))
    assert (statuses, places) == ([PATROL], [PATROL])

"""What is read of uploaded calls around an incident, on each database."""

import json
from typing import Any

import pytest

from dispatch.incidents import calls_uploaded
from dispatch.incidents.calls_uploaded import UploadedCall, any_uploaded, uploaded_near
from dispatch.store.tables import Call, Note, Transmission
from dispatch.uploads.tables import Upload, UploadKey
from tests.dispatch.incidents.desk import Desk

GROUP = "net/100"
S = 1_000_000


def key(offset_ms: int | None) -> UploadKey:
    return UploadKey(
        id="k-1",
        name="Hill",
        system="net",
        short_name="net",
        talkgroups="[]",
        blocked="[]",
        secret_sha256="00",
        made_by="Anna",
        made_utc=1,
        offset_ms=offset_ms,
    )


def heard(name: str, at: int, **changes: Any) -> list[Any]:
    """Return the rows of a call with one over, uploaded unless it is told otherwise."""
    common: dict[str, Any] = {
        "talkgroup": GROUP,
        "link": "upload/k-1",
        "started_utc": at,
        "uploaded": "Hill",
        "retention_class": "call",
        "expires_utc": 2**60,
    } | changes
    call = Call(id=f"c-{name}", gateway="uploads", ended_utc=at + 2 * S, **common)
    over = Transmission(
        id=f"t-{name}", call=call.id, talker="net/1001", alias="Patrol 1", emergency=True, **common
    )
    upload = Upload(
        id=f"u-{name}",
        key="k-1",
        recorder="Hill",
        family="rdio",
        call=call.id,
        talkgroup=GROUP,
        started_utc=at,
        received_utc=at + 3 * S,
        state="ready",
        details=json.dumps({"frequency_hz": 851_012_500, "site": "2"}),
    )
    return [call, over, upload]


def near(desk: Desk, incident: str) -> dict[str, UploadedCall]:
    found = desk.store.read_now(lambda db: uploaded_near(db, [desk.row(incident)]))
    return {one.call: one for one in found}


@pytest.mark.parametrize("offset_ms", [None, -40_000])
async def test_calls_of_recorders_around_an_incident(desk: Desk, offset_ms: int | None) -> None:
    incident = await desk.sees("cam-1", "ev-1")
    began = desk.row(incident).started_utc
    assert not desk.store.read_now(any_uploaded)
    assert near(desk, incident) == {}

    def work(db: Any) -> None:
        db.add(key(offset_ms))
        for rows in (
            heard("near", began),
            heard("later", began + 60 * S),
            heard("ours", began, uploaded=""),
            heard("old", began - 3600 * S),
            heard("erased", began, erased_utc=began),
        ):
            db.add_all(rows)
        db.add(Note(id="n-1", call="c-near", operator="Anna", text="a car on fire", t_utc=began))

    desk.store.write_now(work)
    assert desk.store.read_now(any_uploaded)
    found = near(desk, incident)
    assert set(found) == {"c-near", "c-later"}
    one = found["c-near"]
    assert (one.recorder, one.clock_ms, one.emergency) == ("Hill", offset_ms, True)
    assert (one.frequency_hz, one.site_number) == (851_012_500, 2)
    assert (one.units, one.texts) == ({"net/1001": "Patrol 1"}, ["a car on fire"])
    assert one.start_utc == began - (offset_ms or 0) * 1000, "a wrong clock is taken off"


async def test_of_many_the_nearest_are_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_uploaded, "MOST", 2)
    incident = await desk.sees("cam-1", "ev-1")
    began = desk.row(incident).started_utc
    rows = [row for s in (-70, -30, 5, 90) for row in heard(str(s), began + s * S)]
    desk.store.write_now(lambda db: db.add_all(rows))
    assert set(near(desk, incident)) == {"c-5", "c--30"}

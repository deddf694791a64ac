"""Face and plate hits: nobody but reviewers sees them before people have confirmed them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.demo_source import secret_text
from dispatch.incidents.tables import ClaimHit
from dispatch.oversight.tables import FaceSource
from samband.camera_side import CameraSide
from samband.config_cameras import Cameras, Webhook
from tests.dispatch.incidents.test_api import (
    HIDDEN,
    KAJEN,
    SECRET_BYTES,
    body,
    entries,
    post,
)
from tests.dispatch.room import Room, until

MINUTE_US = 60_000_000


class SlowClock:
    """The system's clock, which a test may put forward."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.ahead_us = 0

    def utc_us(self) -> Any:
        return self._clock.utc_us() + self.ahead_us

    def mono_ms(self) -> Any:
        return self._clock.mono_ms()


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET_BYTES))
    config = Cameras(camera=(KAJEN, HIDDEN), webhook=(Webhook(id="test", secret_file=secret),))
    made = CameraSide(config, room.services)
    made.reviews._clock = SlowClock(room.clock)
    room.store.write_now(lambda db: db.add(faces_on("webhook:test", room.clock.utc_us())))
    await made.start()
    yield made
    await made.close()


def faces_on(source: str, now: int) -> FaceSource:
    """Return the switch of a source whose faces are used, as two people would set it."""
    return FaceSource(
        source=source,
        basis="polislagen 2 §",
        on_by="u-1",
        approval="a-1",
        on_utc=now,
        expires_utc=now + 60 * MINUTE_US,
    )


def claim(claim_type: str, value: str, score: float | None = 0.95) -> dict[str, Any]:
    return {"type": claim_type, "value": value, "score": score, "status": "confirmed"}


async def hit_of(room: Room, *claims: dict[str, Any], **changes: Any) -> tuple[str, str]:
    answer = await post(room, body(claims=list(claims), **changes), changes.get("id", "m-1"))
    assert answer.status_code == 202, answer.text
    incident = answer.json()["incident"]
    rows = room.services.store.read_now(lambda db: list(db.exec(hits_query(incident))))
    return incident, rows[0].id if rows else ""


def hits_query(incident: str) -> Any:
    from sqlmodel import select

    return select(ClaimHit).where(ClaimHit.incident == incident)


async def test_a_plate_is_hidden_until_one_person_confirmed_it(
    room: Room, side: CameraSide
) -> None:
    incident, hit = await hit_of(room, claim("plate", "NRV 482"))
    dispatcher = await room.browser("dispatcher")
    auditor = await room.browser("auditor")
    for browser in (dispatcher, auditor):
        sheet = await browser.get(f"/incidents/{incident}")
        assert "NRV" not in sheet.text
        (shown,) = sheet.json()["events"][0]["claims"]
        assert shown == {"type": "plate", "value": None, "score": None, "status": "unreviewed"}
    listing = await dispatcher.get("/claims")
    assert [row["id"] for row in listing.json()] == [hit]
    assert "NRV" not in listing.text
    assert "score" not in listing.text
    assert (await auditor.get(f"/claims/{hit}")).status_code == 403
    looked = (await dispatcher.get(f"/claims/{hit}")).json()
    assert looked["value"] == "NRV 482"
    assert "score" not in looked
    assert looked["category"] == "unknown"
    wrong = await dispatcher.post(f"/claims/{hit}", {"verdict": "confirmed", "category": "guest"})
    assert wrong.status_code in {400, 422}
    yes = {"verdict": "confirmed", "category": "witness"}
    answer = await dispatcher.post(f"/claims/{hit}", yes)
    assert answer.json()["state"] == "confirmed"
    sheet = (await auditor.get(f"/incidents/{incident}")).json()
    (shown,) = sheet["events"][0]["claims"]
    assert (shown["value"], shown["status"]) == ("NRV 482", "confirmed")
    assert shown["category"] == "witness"
    lines = [line["text"] for line in sheet["timeline"] if line["kind"] == "claim"]
    assert lines[-1] == "Candidate plate confirmed, category of person witness"
    assert (await dispatcher.get(f"/claims/{hit}")).json()["score"] == 0.95
    assert (await dispatcher.get("/claims")).json() == []
    again = await dispatcher.post(f"/claims/{hit}", {"verdict": "rejected"})
    assert again.status_code == 409
    await until(lambda: any(e["verb"] == "claim.confirm" for e in entries(room)))
    verbs = [e["verb"] for e in entries(room)]
    assert verbs.index("claim.look") < verbs.index("claim.confirm")
    entry = next(e for e in entries(room) if e["verb"] == "claim.confirm")
    detail = entry["detail"]
    assert (detail["type"], detail["score_permille"], detail["threshold_permille"]) == (
        "plate",
        950,
        850,
    )
    assert detail["message_sha256"] == sheet["events"][0]["raw_sha256"]
    assert "NRV" not in str(entries(room))


@pytest.mark.parametrize("claim_type", ["face", "name"])
async def test_a_face_needs_two_different_people(
    room: Room, side: CameraSide, claim_type: str
) -> None:
    incident, hit = await hit_of(room, claim(claim_type, "Anna Ek"))
    first, second = await room.browser("dispatcher"), await room.browser("supervisor")
    answer = await first.post(f"/claims/{hit}", {"verdict": "confirmed"})
    assert answer.json()["state"] == "unreviewed"
    assert "Anna" not in (await first.get(f"/incidents/{incident}")).text
    again = await first.post(f"/claims/{hit}", {"verdict": "confirmed"})
    assert again.status_code == 409
    assert "second person" in again.text
    seen = (await second.get(f"/claims/{hit}")).json()
    assert "score" not in seen, "the second looks for themselves"
    assert "by" not in seen
    assert (await second.post(f"/claims/{hit}", {"verdict": "confirmed"})).json()[
        "state"
    ] == "confirmed"
    sheet = (await first.get(f"/incidents/{incident}")).json()
    assert sheet["events"][0]["claims"][0]["value"] == "Anna Ek"
    assert {line["who"] for line in sheet["timeline"] if line["kind"] == "claim"} == {
        "",
        "Supervisor",
    }


async def test_one_rejection_is_enough_and_rates_tell(room: Room, side: CameraSide) -> None:
    incident, hit = await hit_of(room, claim("face", "Anna Ek"))
    first, second = await room.browser("dispatcher"), await room.browser("supervisor")
    await first.post(f"/claims/{hit}", {"verdict": "confirmed"})
    assert (await second.post(f"/claims/{hit}", {"verdict": "rejected"})).json()[
        "state"
    ] == "rejected"
    text = (await first.get(f"/incidents/{incident}")).text
    assert "Anna" not in text
    auditor = await room.browser("auditor")
    (rate,) = (await auditor.get("/claims/rates")).json()
    assert (rate["source"], rate["type"], rate["false_positive_rate"]) == (
        "webhook:test",
        "face",
        1.0,
    )


async def test_nobody_answers_and_it_expires(room: Room, side: CameraSide) -> None:
    incident, hit = await hit_of(room, claim("plate", "NRV 482"))
    browser = await room.browser("dispatcher")
    side.reviews._clock.ahead_us = 29 * MINUTE_US  # type: ignore[attr-defined]
    assert await side.reviews.expire() == 0
    side.reviews._clock.ahead_us = 31 * MINUTE_US  # type: ignore[attr-defined]
    late = await browser.post(f"/claims/{hit}", {"verdict": "confirmed"})
    assert late.status_code == 409
    assert (await browser.get("/claims")).json() == []
    assert await side.reviews.expire() == 1
    assert await side.reviews.expire() == 0
    sheet = await browser.get(f"/incidents/{incident}")
    assert "NRV" not in sheet.text
    assert sheet.json()["events"][0]["claims"][0]["status"] == "expired"
    await until(lambda: any(e["verb"] == "claim.expire" for e in entries(room)))


async def test_below_the_threshold_nothing_is_asked_and_nothing_is_shown(
    room: Room, side: CameraSide
) -> None:
    incident, hit = await hit_of(room, claim("plate", "NRV 482", 0.5))
    assert hit == ""
    browser = await room.browser("dispatcher")
    sheet = await browser.get(f"/incidents/{incident}")
    assert "NRV" not in sheet.text
    assert sheet.json()["events"][0]["claims"][0]["status"] == "below threshold"


async def test_a_description_that_names_the_unconfirmed_is_withheld(
    room: Room, side: CameraSide
) -> None:
    described = claim("description", "anna ek walks to the quay", None)
    incident, hit = await hit_of(room, claim("name", "Anna Ek"), described)
    browser = await room.browser("dispatcher")
    claims = (await browser.get(f"/incidents/{incident}")).json()["events"][0]["claims"]
    assert [one["value"] for one in claims] == [None, None]
    await browser.post(f"/claims/{hit}", {"verdict": "confirmed"})
    await (await room.browser("supervisor")).post(f"/claims/{hit}", {"verdict": "confirmed"})
    claims = (await browser.get(f"/incidents/{incident}")).json()["events"][0]["claims"]
    assert claims[1]["value"] == "anna ek walks to the quay"
    assert claims[1]["status"] == "machine-made"


async def test_the_best_of_many_attempts_is_one_candidate(room: Room, side: CameraSide) -> None:
    await hit_of(room, claim("face", "Anna Ek", 0.91))
    again = body(claims=[claim("face", "Anna Ek", 0.97)], phase="update")
    assert (await post(room, again, "m-2")).status_code == 202
    browser = await room.browser("dispatcher")
    (row,) = (await browser.get("/claims")).json()
    assert (await browser.post(f"/claims/{row['id']}", {"verdict": "rejected"})).status_code == 200
    assert (await browser.get(f"/claims/{row['id']}")).json()["score"] == 0.97


async def test_a_candidate_of_a_hidden_camera_is_not_there(room: Room, side: CameraSide) -> None:
    _, hit = await hit_of(room, claim("plate", "NRV 482"), camera="cam-hid")
    browser = await room.browser("dispatcher")
    assert (await browser.get("/claims")).json() == []
    assert (await browser.get(f"/claims/{hit}")).status_code == 404
    answer = await browser.post(f"/claims/{hit}", {"verdict": "confirmed"})
    assert answer.status_code == 404

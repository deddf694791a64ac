"""Keys: made and shown once, bound to a system and talkgroups, revoked; limits; who may do it."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from dispatch.auth.permissions import Role
from dispatch.uploads import fields
from dispatch.uploads.settings import UploadSettings
from dispatch.uploads.setup import Uploads
from dispatch.uploads.tables import Upload, UploadKey
from tests.dispatch.oversight.log import entries
from tests.dispatch.room import Room
from tests.dispatch.uploads.sending import make_key, send, tone
from tests.dispatch.uploads.test_taking import rows

IMPORTED = "Call imported successfully.\n"


async def test_an_engineer_makes_and_revokes_a_key_on_the_page(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engineer = await room.browser("engineer")
    made = await engineer.post(
        "/upload-keys", {"name": "Hill", "system": "net", "talkgroups": [100], "blocked": [101]}
    )
    assert made.status_code == 201
    key = made.json()["secret"]
    assert (await send(room, key, tone())).text == IMPORTED
    refused = await send(room, key, tone(), talkgroup=200)
    assert refused.text == "Invalid API key for system 1 talkgroup 200.\n"
    board = (await engineer.get("/uploads")).json()
    (row,) = board["keys"]
    assert row["taken"]["new"]["number"] == 1
    assert row["refused"]["talkgroup not allowed"]["number"] == 1
    assert [(one["recorder"], one["reason"]) for one in board["refusals"]] == [
        ("Hill", "talkgroup not allowed")
    ]
    revoked = await engineer.post(f"/upload-keys/{row['id']}/revoke")
    assert revoked.status_code == 200
    assert (await send(room, key, tone())).status_code == 401
    assert (await engineer.post(f"/upload-keys/{row['id']}/revoke")).status_code == 409
    (kept,) = rows(room, UploadKey)
    assert kept.revoked_by == "Engineer"
    everywhere = caplog.text + json.dumps(await entries(room)) + json.dumps(board)
    everywhere += str(room.store.read_now(lambda db: [one.model_dump() for one in db.exec(
        select(Upload))]))  # fmt: skip
    assert key not in everywhere
    assert kept.secret_sha256 not in json.dumps(board)


async def test_only_engineers_make_keys_and_dispatchers_see_none(room: Room) -> None:
    for role in Role:
        browser = await room.browser(role.value)
        body = {"name": role.value, "system": "net"}
        made = await browser.post("/upload-keys", body)
        assert made.status_code == (201 if role is Role.ENGINEER else 403), role
        seen = await browser.get("/uploads")
        may = role in (Role.ENGINEER, Role.SUPERVISOR)
        assert seen.status_code == (200 if may else 403), role


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"system": "elsewhere"}, "the plan has no"),
    ({"name": "  "}, "expected 1 to 40"),
    ({"short_name": "Not A Name"}, "a-z 0-9"),
    ({"talkgroups": [0]}, "numbers above 0"),
    ({"told_system": -1}, "number above 0"),
)


async def test_a_wrong_key_is_refused_in_words(room: Room) -> None:
    engineer = await room.browser("engineer")
    for changes, words in WRONG:
        answer = await engineer.post("/upload-keys", {"name": "Hill", "system": "net"} | changes)
        assert answer.status_code == 400, changes
        assert words in answer.text


async def test_a_key_is_bound_to_its_system(room: Room) -> None:
    key = await make_key(room, "Hill", told_system=7)
    wrong = await send(room, key, tone(), system=8)
    assert wrong.text == "Invalid API key for system 8 talkgroup 100.\n"
    other = await send(room, key, tone(), system="", systemLabel="elsewhere")
    assert other.status_code == 401
    assert (await send(room, key, tone(), system=7)).text == IMPORTED


async def test_unknown_talkgroups_are_kept_unseen_or_refused(room: Room) -> None:
    key = await make_key(room)
    assert (await send(room, key, tone(), talkgroup=555)).text == IMPORTED
    engineer = await room.browser("engineer")
    assert (await engineer.get("/uploads")).json()["unknown_talkgroups"] == ["net/555"]
    supervisor = await room.browser("supervisor")
    assert (await supervisor.get("/calls")).json()["calls"] == []
    uploads = room.services.use(Uploads)
    uploads.checks.settings = UploadSettings(unknown_talkgroups="refuse")
    refused = await send(room, key, tone(), talkgroup=556)
    assert (refused.status_code, refused.text) == (
        417,
        "Incomplete call data: unknown talkgroup 556\n",
    )


async def test_limits_of_rate_queue_size_and_time(room: Room) -> None:
    uploads = room.services.use(Uploads)
    key, now = await make_key(room), int(datetime.now(UTC).timestamp())
    early = await send(room, key, tone(), dateTime=now + 3600)
    assert early.text.startswith("Incomplete call data: datetime is 3")
    late = await send(room, key, tone(), dateTime=now - 40 * 86400)
    assert late.text == "Incomplete call data: datetime is more than 31 days ago\n"
    uploads.checks.settings = UploadSettings(per_minute=2)
    answers = [
        await send(room, key, tone(), dateTime=now - 60 * n, talkgroup=100) for n in range(1, 4)
    ]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "30"
    second = await make_key(room, "Second")
    uploads.checks.settings = UploadSettings(max_waiting=1)
    uploads.checks.waiting[
        next(one.id for one in rows(room, UploadKey) if one.name == "Second")
    ] = 1
    full = await send(room, second, tone())
    assert (full.status_code, full.text) == (503, "1 calls wait to be worked off.\n")
    large = await send(room, key, bytes(21 << 20))
    assert large.status_code == 413


async def test_a_page_of_another_site_cannot_upload(room: Room) -> None:
    key = await make_key(room)
    import httpx

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{room.port}") as client:
        answer = await client.post(
            "/api/call-upload",
            data={"key": key},
            files={"audio": ("a.wav", tone())},
            headers={"Origin": "http://elsewhere.example"},
        )
    assert answer.status_code == 403


async def test_counts_enter_the_log_in_bulk(room: Room) -> None:
    key = await make_key(room)
    await send(room, key, tone())
    await send(room, "nobody", tone())
    counts = room.services.use(Uploads).counts
    counts._logged_utc = 0  # a minute later
    await room.services.use(Uploads).intake.flush_counts()
    found: dict[str, dict[str, int]] = {}
    for one in await entries(room):
        if one["verb"] == "uploads.counted":
            found.setdefault(one["obj"]["id"], {}).update(one["detail"])
    (kept,) = rows(room, UploadKey)
    assert found == {"unknown": {"unknown_key": 1}, kept.id: {"new": 1}}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("1700000000", 1_700_000_000_000_000),
        ("1700000000.25", 1_700_000_000_250_000),
        ("1700000000123", 1_700_000_000_123_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000),
        ("2023-11-14T23:13:20.5+01:00", 1_700_000_000_500_000),
        ("2023-11-14T22:13:20", 1_700_000_000_000_000),
        ("1970-01-01T00:00:00.000Z", 0),
        ("yesterday", 0),
        ("-5", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_times_are_read_as_their_senders_mean_them(told: object, expected: int) -> None:
    assert fields.time_us(told) == expected


ODD: tuple[Any, ...] = (
    *(None, "", "-", "x", [], {}, True, float("nan")),
    *(float("inf"), "9" * 40, -3, "1e9"),
)


def test_single_fields_never_raise() -> None:
    for value in ODD:
        fields.number(value)
        fields.words(value)
        fields.time_us(value)
        fields.position_ms(value)
        fields.length_ms(value)
        fields.numbers(value)
        assert fields.address(value) >= 0
    assert fields.json_of("[" * 100_000) is None
    assert fields.decimal("-87.5") == -87.5

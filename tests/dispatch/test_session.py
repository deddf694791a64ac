"""Sign-in: slowed, never locked out; cookie, token and origin."""

import asyncio
import json
import secrets
import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from dispatch.auth.people import People
from dispatch.deps import COOKIE
from dispatch.services.desk import Desk
from dispatch.store.engine import Store
from tests.dispatch.room import PASSWORD, Room, until


async def test_before_sign_in_only_room_and_time_are_known(room: Room) -> None:
    browser = await room.browser()
    answer = (await browser.get("/room")).json()
    assert set(answer) == {"room", "t_utc"}
    assert answer["room"] == "Test room"
    assert (await browser.get("/talkgroups")).status_code == 401


async def test_cookie_is_http_only_strict_and_session_tells_rights(room: Room) -> None:
    browser = await room.browser()
    answer = await browser.sign_in("dispatcher")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie, "plain http on loopback"
    assert answer.json()["user"]["role"] == "dispatcher"
    assert "ptt.press" in answer.json()["permissions"]
    again = (await browser.get("/session")).json()
    assert again["csrf"] == browser.csrf


async def test_wrong_tries_are_slowed_and_the_right_password_works_after_the_wait(
    room: Room,
) -> None:
    browser = await room.browser()
    waits = []
    for _ in range(4):
        answer = await browser.sign_in("dispatcher", "wrong password here")
        assert answer.status_code == 401
        waits.append(answer.json()["wait_s"])
    assert waits[0] == waits[1] == 0
    assert 0 < waits[2] <= 1
    assert answer.json()["error"]["message"] == "too many wrong tries"
    other = await room.browser()
    assert (await other.sign_in("supervisor")).status_code == 200, "others are not slowed"
    room.services.sessions.throttle.right("dispatcher", "127.0.0.1")
    assert (await browser.sign_in("dispatcher")).status_code == 200


async def test_an_unknown_name_gets_the_same_words(room: Room) -> None:
    browser = await room.browser()
    known = await browser.sign_in("dispatcher", "wrong password here")
    unknown = await browser.sign_in("nobody-there", "wrong password here")
    assert known.json()["error"] == unknown.json()["error"]


async def test_a_change_without_token_or_from_another_site_is_refused(room: Room) -> None:
    browser = await room.browser("dispatcher")
    body = {"take_over": False}
    no_token = await browser.http.post("/api/v1/positions/1/take", json=body)
    assert no_token.status_code == 403
    assert "X-Samband-Csrf" in no_token.json()["error"]["message"]
    foreign = await browser.post("/positions/1/take", body, headers={"Origin": "http://evil.test"})
    assert foreign.status_code == 403
    origin = f"http://127.0.0.1:{room.port}"
    own = await browser.post("/positions/1/take", body, headers={"Origin": origin})
    assert own.status_code == 200


async def test_sign_out_ends_session_and_position(room: Room) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/1/take")
    token = browser.http.cookies[COOKIE]
    assert (await browser.send("DELETE", "/session")).status_code == 200
    stale = await browser.get("/session", headers={"Cookie": f"{COOKIE}={token}"})
    assert stale.status_code == 401
    other = await room.browser("supervisor")
    positions = (await other.get("/positions")).json()
    assert positions[0]["taken_by"] is None


async def test_an_invitation_works_once(room: Room) -> None:
    from dispatch.auth.permissions import Role

    token = await room.services.people.invite(Role.ADMINISTRATOR, "County")
    browser = await room.browser()
    body = {"name": "root", "display_name": "Ruth Root", "password": "short"}
    assert (await browser.post(f"/invitation/{token}", body)).status_code == 400
    body["password"] = PASSWORD
    first = await browser.post(f"/invitation/{token}", body)
    assert first.status_code == 200
    assert first.json()["user"]["role"] == "administrator"
    body["name"] = "second"
    assert (await browser.post(f"/invitation/{token}", body)).status_code == 410
    assert (await browser.post("/invitation/unknown", body)).status_code == 404


async def test_a_name_written_otherwise_is_slowed_as_the_same_name(room: Room) -> None:
    browser = await room.browser()
    for name in ("dispatcher", " dispatcher", "dispatcher  ", "DISPATCHER"):
        answer = await browser.sign_in(name, "wrong password here")
    assert answer.json()["error"]["message"] == "too many wrong tries"


async def test_tries_side_by_side_are_slowed_too(room: Room) -> None:
    browser = await room.browser()
    answers = await asyncio.gather(
        *(browser.sign_in("dispatcher", f"wrong password {number}") for number in range(12))
    )
    words = [answer.json()["error"]["message"] for answer in answers]
    assert words.count("too many wrong tries") >= 9


async def test_a_session_whose_time_is_over_ends_with_its_stream_and_position(room: Room) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/1/take")
    sessions = room.services.sessions
    session = await sessions.find(browser.http.cookies[COOKIE])
    assert session is not None
    async with browser.stream() as reader:
        await reader.next("snapshot")
        for key, known in list(sessions._known.items()):
            sessions._known[key] = replace(known, expires_utc=room.clock.utc_us())
        async with asyncio.timeout(5):
            await reader.socket.wait_closed()
    await until(lambda: room.services.use(Desk).seat_of(session.id) is None)


async def test_signing_in_again_ends_the_session_before(room: Room) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/1/take")
    former = browser.http.cookies[COOKIE]
    assert (await browser.sign_in("supervisor")).status_code == 200
    assert await room.services.sessions.find(former) is None
    await until(lambda: room.services.use(Desk).seat("1") is None)


async def test_a_wrong_invitation_costs_no_hash_and_a_used_one_ends_old_sessions(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = room.services.people.by_name("dispatcher")
    assert known is not None
    browser, stranger = await room.browser("dispatcher"), await room.browser()
    body = {"password": "another long password"}
    hashed: list[str] = []
    real = room.services.passwords.hash

    async def counted(password: str) -> str:
        hashed.append(password)
        return await real(password)

    monkeypatch.setattr(room.services.passwords, "hash", counted)
    assert (await stranger.post("/invitation/guessed", body)).status_code == 404
    assert hashed == []
    token = await room.services.people.invite(known.role, known.organisation, known.id)
    assert (await stranger.post(f"/invitation/{token}", body)).status_code == 200
    assert (await browser.get("/session")).status_code == 401


async def test_free_text_is_no_name_of_an_account_and_not_in_the_log(room: Room) -> None:
    admin = await room.browser("administrator")
    body = {"display_name": "A", "role": "dispatcher", "organisation": "Police"}
    answer = await admin.post("/users", {**body, "name": "Anna Andersson, born 1990"})
    assert answer.status_code == 400
    assert (await admin.post("/users", {**body, "name": "anna"})).status_code == 200
    with sqlite3.connect(room.state / "samband.db") as db:
        text = " ".join(str(row) for row in db.execute("SELECT entry FROM audit_log"))
    assert "Andersson" not in text
    assert "anna" in text


async def test_what_a_command_changed_of_accounts_and_grants_is_in_the_log(room: Room) -> None:
    known = room.services.people.by_name("dispatcher")
    assert known is not None
    store = Store(room.url)
    command = People(store, room.clock, secrets.token_bytes)
    command.load()
    command.change_now(known.id, disabled=True)
    store.close()
    (room.state / "people.changed").touch()

    def logged() -> list[dict[str, Any]]:
        with sqlite3.connect(room.state / "samband.db") as db:
            found = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
        return [entry for entry in found if entry["verb"] == "people.changed"]

    await until(lambda: bool(logged()))
    assert logged()[0]["detail"]["users"] == [known.id]
    assert (await (await room.browser()).sign_in("dispatcher")).status_code == 401

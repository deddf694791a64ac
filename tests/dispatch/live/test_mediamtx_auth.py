"""MediaMTX' question (``authMethod: http``), byte by byte as its documentation writes it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatch.live.mediamtx_auth import MediaMtxAuth, Question, read_question
from samband.config_cameras import Camera, Cameras, Engine
from tests.dispatch.live.conftest import LiveRoom, MakeRoom

DOCUMENTED = """{
  "user": "user",
  "password": "password",
  "token": "token",
  "ip": "ip",
  "action": "publish|read|playback|api|metrics|pprof",
  "path": "path",
  "protocol": "rtsp|rtmp|hls|webrtc|srt",
  "id": "id",
  "query": "query",
  "userAgent": "user agent"
}"""
ASKS: dict[str, Any] = {
    "ip": "192.0.2.7",
    "user": "",
    "password": "",
    "token": "t",
    "action": "read",
    "path": "quay",
    "protocol": "webrtc",
    "id": "c0ffee00-0000-4000-8000-000000000000",
    "query": "",
    "userAgent": "ffmpeg",
}


def test_the_documented_question_is_read_whole() -> None:
    question = read_question(DOCUMENTED.encode())
    assert question is not None
    assert all(getattr(question, name) for name in Question.__dataclass_fields__)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"7", b"\xff", b"[" * 5000])
def test_what_is_no_question(body: bytes) -> None:
    assert read_question(body) is None


def test_missing_and_new_fields_are_no_fault() -> None:
    question = read_question(b'{"action": "read", "id": null, "later": {"a": 1}, "path": 7}')
    assert question == Question(action="read")


@pytest.fixture
async def room(live_room: MakeRoom, tmp_path: Any) -> AsyncIterator[LiveRoom]:
    password = tmp_path / "publish"
    password.write_text("hunter2")
    engine = Engine(
        id="m",
        kind="mediamtx",
        url="http://127.0.0.1:1",
        auth_from=("127.0.0.1",),
        publish_user="cams",
        publish_password_file=password,
    )
    camera = Camera(id="cam-1", name_at_source="quay", engine="m")
    async with live_room(Cameras(engine=(engine,), camera=(camera,))) as made:
        yield made


async def test_who_is_let_in(room: LiveRoom) -> None:
    auth = room.services.use(MediaMtxAuth)

    def ask(address: str = "127.0.0.1", **changes: Any) -> int:
        return auth.answer(address, json.dumps(ASKS | changes).encode())

    assert ask("192.0.2.99") == 403
    assert ask(token="") == 401, "RTSP readers come without credentials first"
    assert ask() == 401
    token = room.live._tokens.make("quay", "playback")
    assert ask(action="playback", protocol="", token=token) == 204
    assert ask(action="playback", protocol="", token=token, path="other") == 401
    assert ask(token=token) == 401, "a token is for one action"
    assert ask(action="playback", token="", user="x", password=token) == 204
    room.clock.skip(61)
    assert ask(action="playback", protocol="", token=token) == 401, "it lives for a minute"
    assert ask(action="publish", token="", user="cams", password="hunter2") == 204
    assert ask(action="publish", token="", user="cams", password="hunter3") == 401
    assert ask(action="publish", token="", user="other", password="hunter2") == 401
    for action in ("api", "metrics", "pprof", "", "later"):
        assert ask(action=action, token="", user="cams", password="hunter2") == 401
    assert auth.answer("127.0.0.1", b"{") == 400
    assert auth.answer("127.0.0.1", b" " * 20_000) == 400
    refused = await room.logged(1, "camera.engine_refused")
    assert refused[0]["result"] == "denied"
    assert "hunter" not in str(room.entries())
    browser = await room.browser()
    answer = await browser.http.post("/api/v1/live/mediamtx-auth", json=ASKS)
    assert answer.status_code == 401

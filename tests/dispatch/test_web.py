"""Sizes, headers, errors in one shape, the console's files, health and metrics."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

from dispatch.web import CONTENT_SECURITY_POLICY
from tests.dispatch.room import Room


async def test_an_oversized_request_is_413_declared_or_streamed(room: Room) -> None:
    browser = await room.browser("dispatcher")
    big = "x" * (1 << 20)
    declared = await browser.post("/messages", {"to": "net/1001", "text": big})
    assert declared.status_code == 413
    assert "larger than 1048576 bytes" in declared.json()["error"]["message"]

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"y" * 65536

    streamed = await browser.http.post(
        "/api/v1/session", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert streamed.status_code == 413
    assert (await browser.get("/room")).status_code == 200


async def test_errors_have_one_shape(room: Room) -> None:
    browser = await room.browser("dispatcher")
    answers = [
        await browser.get("/nothing-here"),
        await browser.get("/calls", params={"limit": 0}),
        await browser.post("/messages", {"to": 7, "surprise": True}),
        await browser.http.post("/api/v1/session", content=b"{not json"),
        await browser.post("/positions/99/take"),
        await browser.get("/users"),
    ]
    assert [answer.status_code for answer in answers] == [404, 422, 422, 422, 404, 403]
    for answer in answers:
        assert set(answer.json()["error"]) == {"message", "hint"}
        assert answer.json()["error"]["message"]


async def test_security_headers_are_on_everything(room: Room) -> None:
    browser = await room.browser()
    for path in ("/api/v1/room", "/", "/healthz", "/no/such/page.js"):
        answer = await browser.http.get(path)
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY


async def test_the_console_is_served_packed_and_immutable_by_hash(
    tmp_path: Path,
) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>console</title>")
    script = static / "assets" / "index-AbCd1234.js"
    script.write_text("console.log(1)")
    (static / "assets" / "index-AbCd1234.js.gz").write_bytes(gzip.compress(b"console.log(1)"))
    room = Room(tmp_path / "state")
    await room.start()
    try:
        await room.serve(static=static)
        browser = await room.browser()
        page = await browser.http.get("/board/anything")
        assert page.text == "<title>console</title>"
        assert page.headers["cache-control"] == "no-cache"
        packed = await browser.http.get(
            "/assets/index-AbCd1234.js", headers={"Accept-Encoding": "gzip"}
        )
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.text == "console.log(1)"
        assert "immutable" in packed.headers["cache-control"]
        assert packed.headers["content-type"].startswith("text/javascript")
        plain = await browser.http.get(
            "/assets/index-AbCd1234.js", headers={"Accept-Encoding": "identity"}
        )
        assert "content-encoding" not in plain.headers
        for path in ("/..%2f..%2fstate/samband.db", "/assets/missing.js"):
            assert (await browser.http.get(path)).status_code == 404, path
    finally:
        await room.close()


async def test_without_a_built_console_a_page_says_how_to_build_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.start()
    try:
        await room.serve(static=tmp_path / "nothing")
        browser = await room.browser()
        answer = await browser.http.get("/")
        assert answer.status_code == 503
        assert "make setup" in answer.text
    finally:
        await room.close()


async def test_health_readiness_and_metrics(room: Room) -> None:
    browser = await room.browser("dispatcher")
    assert (await browser.http.get("/healthz")).text == "ok\n"
    ready = await browser.http.get("/readyz")
    assert (ready.status_code, ready.json()["plan"]) == (200, 1)
    room.link_up()
    await room.journaled()
    async with browser.stream() as reader:
        await reader.next("snapshot")
        text = (await browser.http.get("/metrics")).text
    assert "samband_stream_clients 1\n" in text
    assert 'samband_link_up{link="north"} 1\n' in text
    assert "Dispatcher" not in text, "no figure is about a person"

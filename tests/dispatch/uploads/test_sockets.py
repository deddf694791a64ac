"""What senders do on the wire: over a real socket, by a client that sends all before it reads.

The server is uvicorn, as in the program. Shapes of headers are those of Java's client (SDRTrunk)
and of libcurl (trunk-recorder, scripts).
"""

import asyncio
import socket
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from dispatch import body_end
from dispatch.api import uploads
from dispatch.uploads import budget
from dispatch.uploads.refused import Refused
from tests.dispatch.room import Room
from tests.dispatch.uploads.sending import Vector, make_key, vectors

IMPORTED = b"Call imported successfully.\n"
TYPE = "Content-Type: multipart/form-data; boundary={}\r\n"
UPGRADE = (
    "Connection: Upgrade, HTTP2-Settings\r\n"
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
    "Upgrade: h2c\r\n"
)
"""What Java's client asks with its first request to an address without TLS."""


class Plain:
    """A client of blocking calls: what it is told to send is sent to the end, then it reads."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> "Plain":
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._socket is not None
        self._socket.close()

    async def send(self, *pieces: bytes) -> None:
        assert self._socket is not None
        for piece in pieces:
            await asyncio.to_thread(self._socket.sendall, piece)

    async def answer(self) -> tuple[int, bytes]:
        """Return status and body of the next answer, also of one that only says to go on."""
        return await asyncio.to_thread(self._answer)

    def _answer(self) -> tuple[int, bytes]:
        assert self._socket is not None
        with self._socket.makefile("rb") as reader:
            status, length = int(reader.readline().split()[1]), 0
            while (line := reader.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            return status, reader.read(length)


def head(path: str, more: str, agent: str = "test") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: samband\r\nUser-Agent: {agent}\r\n{more}\r\n".encode()


def chunked(body: bytes, size: int = 65_000) -> Iterable[bytes]:
    for at in range(0, len(body), size):
        part = body[at : at + size]
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"


def named(name: str) -> Vector:
    return next(one for one in vectors() if one.name == name)


def request(vector: Vector, key: str, more: str = "", boundary: str = "") -> tuple[bytes, bytes]:
    """Return head and body of a vector's upload."""
    body = vector.body(key, datetime.now(UTC))
    told = TYPE.format(boundary or vector.told["boundary"]) + f"Content-Length: {len(body)}\r\n"
    return head(vector.told["path"], more + told, vector.told["agent"]), body


async def test_java_asks_for_http_2_and_goes_on_without(room: Room) -> None:
    key = await make_key(room)
    start, body = request(named("sdrtrunk_call"), key, UPGRADE)
    with Plain(room.port) as client:
        await client.send(start, body)
        assert await client.answer() == (200, IMPORTED)
        start, body = request(named("sdrtrunk_test"), key)
        await client.send(start + body)
        assert await client.answer() == (417, b"Incomplete call data: no talkgroup\n")


async def test_curl_waits_until_it_is_told_to_go_on_and_sends_chunks(room: Room) -> None:
    key = await make_key(room)
    start, body = request(named("trunk_recorder_wav"), key, "Expect: 100-continue\r\n")
    with Plain(room.port) as client:
        await client.send(start)
        assert await client.answer() == (100, b"")
        await client.send(body)
        assert await client.answer() == (200, IMPORTED)
        vector = named("curl_sample")
        more = TYPE.format(vector.told["boundary"]) + "Transfer-Encoding: chunked\r\n"
        body = vector.body(key, datetime.now(UTC))
        await client.send(head(vector.told["path"], more), *chunked(body, 1000))
        assert (await client.answer())[0] == vector.told["expect"]["status"], "also in chunks"


GARBAGE = bytes(6 << 20)
REFUSALS = {
    "garbage": (
        TYPE.format("x"),
        417,
        b"multipart: Expected boundary character 45, got 0 at index 2\n",
    ),
    "no form": ("Content-Type: audio/mpeg\r\n", 400, b"Not a multipart content\n"),
    "no type": ("", 400, b"Invalid content-type\n"),
    "packed": (
        TYPE.format("x") + "Content-Encoding: gzip\r\n",
        415,
        b"Content-Encoding gzip is not taken\n",
    ),
}


async def test_who_sends_all_first_hears_the_refusal(room: Room) -> None:
    heard = {}
    for name, (told, _, _) in REFUSALS.items():
        for closing in ("", "Connection: close\r\n"):
            more = f"{closing}{told}Content-Length: {len(GARBAGE)}\r\n"
            with Plain(room.port) as client:
                await client.send(head("/api/call-upload", more), GARBAGE)
                heard[name, closing] = await client.answer()
    assert heard == {
        (name, closing): answer[1:]
        for name, answer in REFUSALS.items()
        for closing in ("", "Connection: close\r\n")
    }
    assert not list((room.state / "recordings").glob("u-*"))


async def test_who_sends_too_much_hears_it(room: Room) -> None:
    body = bytes(21 << 20)
    told = TYPE.format("x") + "Connection: close\r\n"
    for more, parts in (
        (f"Content-Length: {len(body)}\r\n", [body]),
        ("Transfer-Encoding: chunked\r\n", chunked(b"--x\r\n\r\n" + body)),
    ):
        with Plain(room.port) as client:
            await client.send(head("/api/call-upload", told + more), *parts)
            status, words = await client.answer()
        assert status == 413
        assert b"larger than 20971520 bytes" in words
    told = TYPE.format("x") + f"Content-Length: {30 << 20}\r\nExpect: 100-continue\r\n"
    with Plain(room.port) as client:
        await client.send(head("/api/call-upload", told))
        assert (await client.answer())[0] == 413, "who waits to be asked is not asked"


async def test_who_stops_sending_or_never_ends_is_let_go(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_end, "IDLE_S", 0.1)
    told = TYPE.format("x") + f"Content-Length: {len(GARBAGE)}\r\n"
    with Plain(room.port) as client:
        await client.send(head("/api/call-upload", told), GARBAGE[:5000])
        status, words = await client.answer()
        assert (status, words[:10]) == (417, b"multipart:")
        assert client._socket is not None
        assert await asyncio.to_thread(client._socket.recv, 1) == b"", "nothing more is waited for"
    monkeypatch.setattr(uploads, "STALL_S", 0.1)
    start, body = request(named("sdrtrunk_call"), await make_key(room))
    with Plain(room.port) as client:
        await client.send(start, body[:300])
        assert await client.answer() == (408, b"The upload took too long.\n")
    monkeypatch.setattr(uploads, "STALL_S", 10.0)
    monkeypatch.setattr(body_end, "DRAIN_BYTES", 100_000)
    told = TYPE.format("x") + "Transfer-Encoding: chunked\r\n"
    with Plain(room.port) as client:
        await client.send(head("/api/call-upload", told))
        with pytest.raises(ConnectionError):
            await client.send(*[next(iter(chunked(bytes(65_000))))] * 2000)
    with Plain(room.port) as client:
        await client.send(start, body)
        assert await client.answer() == (200, IMPORTED), "the server goes on"


async def test_one_address_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "WAIT_S", 0.05)
    bodies = budget.BodyBudget(100)
    async with bodies.hold(30, "slow"), bodies.hold(20, "slow"), bodies.hold(999, "other"):
        for who in ("slow", "third"):
            with pytest.raises(Refused, match="busy"):
                async with bodies.hold(1, who):
                    raise AssertionError("there is nothing left")
    async with bodies.hold(50, "slow"), bodies.hold(50, "third"):
        pass

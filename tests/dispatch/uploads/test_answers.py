"""Each recorded upload gets exactly the answer that its sender looks for."""

from datetime import UTC, datetime

import httpx
import pytest

from dispatch.uploads.multipart import BadMultipart, MultipartReader, boundary_of
from tests.dispatch.room import Room
from tests.dispatch.uploads.sending import Vector, make_key, send, tone, vectors


async def answer(room: Room, vector: Vector, key: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{room.port}", timeout=20) as client:
        return await client.post(
            vector.told["path"], content=vector.body(key, datetime.now(UTC)), headers=vector.headers
        )


async def test_every_vector(room: Room) -> None:
    wrong = []
    for number, vector in enumerate(vectors()):
        key = await make_key(room, f"Recorder {number}")
        given = await answer(room, vector, key)
        expect = vector.told["expect"]
        if (given.status_code, given.text) != (expect["status"], expect["body"]):
            wrong.append((vector.name, given.status_code, given.text, expect))
    assert wrong == []
    assert number > 30


async def test_a_call_sent_again_is_a_duplicate(room: Room) -> None:
    key = await make_key(room)
    fields = {"dateTime": int(datetime.now(UTC).timestamp()) - 30}
    first = await send(room, key, tone(), **fields)
    again = await send(room, key, tone(), **fields)
    assert (first.status_code, first.text) == (200, "Call imported successfully.\n")
    assert (again.status_code, again.text) == (200, "duplicate call rejected\n")


@pytest.mark.parametrize("cut", [1, 2, 7, 31])
def test_a_form_in_pieces_is_the_same_form(cut: int) -> None:
    for vector in vectors():
        if "raw" in vector.told or not vector.told["part"]:
            continue
        body, boundary = vector.body("k", datetime.now(UTC)), vector.told["boundary"].encode()
        whole, pieces = MultipartReader(boundary), MultipartReader(boundary)
        whole.feed(body)
        step = cut if cut > 1 else 101
        for at in range(0, len(body), step):
            pieces.feed(body[at : at + step])
        assert pieces.finish() == whole.finish(), vector.name


def test_every_cut_of_a_form_is_refused_not_raised() -> None:
    vector = next(one for one in vectors() if one.name == "sdrtrunk_test")
    body = vector.body("k", datetime.now(UTC))
    for at in range(len(body) - 4):
        reader = MultipartReader(vector.told["boundary"].encode())
        with pytest.raises(BadMultipart):
            _all(reader, body[:at])


def _all(reader: MultipartReader, body: bytes) -> None:
    reader.feed(body)
    reader.finish()


def test_the_boundary_is_found_among_several_types() -> None:
    assert boundary_of(['multipart/form-data; boundary="a,b"', "audio/mpeg"]) == b"a,b"
    assert boundary_of(["multipart/form-data; boundary=xy, audio/mpeg"]) == b"xy"
    with pytest.raises(BadMultipart, match="Not a multipart"):
        boundary_of(["audio/mpeg"])
    with pytest.raises(BadMultipart, match="Invalid content-type"):
        boundary_of([])

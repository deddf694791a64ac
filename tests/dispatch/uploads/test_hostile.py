"""Whatever is sent, the readers answer with a call or with one of their refusals."""

import random
from datetime import UTC, datetime

import pytest

from dispatch.uploads import openmhz, rdio
from dispatch.uploads.kinds import OTHER, READERS, ending_of
from dispatch.uploads.multipart import BadMultipart, read_parts
from dispatch.uploads.openmhz import BadOpenMhz
from dispatch.uploads.received import Incomplete, complete
from dispatch.uploads.rows import fields_bytes, overs_of
from dispatch.uploads.trunk_recorder import BadMeta
from tests.dispatch.uploads.sending import SOUNDS, Vector, vectors

KNOWN = (BadMultipart, BadMeta, BadOpenMhz, Incomplete)
FORMS = [one for one in vectors() if "raw" not in one.told]


def take(body: bytes, boundary: bytes) -> None:
    try:
        parts = read_parts(body, boundary)
        call = openmhz.read(parts, "net") if openmhz.is_openmhz(parts) else rdio.read(parts)
        complete(call)
    except KNOWN:
        return
    assert call.started_utc > 0
    assert all(one.from_ms >= 0 and 0 <= one.unit < 1 << 32 for one in overs_of(call))
    assert "key" not in call.fields
    assert fields_bytes(call.fields)


@pytest.mark.parametrize("vector", FORMS, ids=lambda one: one.name)
def test_changed_bytes_never_raise_anything_else(vector: Vector) -> None:
    body = bytearray(vector.body("secret-key", datetime.now(UTC)))
    boundary, chance = vector.told["boundary"].encode(), random.Random(vector.name)
    text = [at for at in range(len(body)) if body[at] < 127][:20_000]
    for _ in range(25):
        broken = bytearray(body)
        for _ in range(chance.choice((1, 1, 3, 20))):
            broken[chance.choice(text)] = chance.randrange(256)
        take(bytes(broken), boundary)
    for _ in range(10):
        take(bytes(body[: chance.randrange(len(body))]), boundary)


def test_random_bytes_are_no_form() -> None:
    chance = random.Random(7)
    for _ in range(500):
        take(chance.randbytes(chance.randrange(120)), b"x")
        take(b"--x\r\n" + chance.randbytes(chance.randrange(120)), b"x")


def test_a_file_is_what_its_bytes_say() -> None:
    assert {name: ending_of(SOUNDS[name]()) for name in ("wav", "mp3", "m4a")} == {
        "wav": "wav",
        "mp3": "mp3",
        "m4a": "m4a",
    }
    for other in (b"", b"#EXTM3U\n", b"ffconcat version 1.0\nfile /etc/passwd\n", bytes(64)):
        assert ending_of(other) == OTHER
    assert OTHER not in READERS


def test_too_many_parts_are_refused() -> None:
    one = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    with pytest.raises(BadMultipart, match="more than 100 parts"):
        read_parts(one * 101 + b"--x--\r\n", b"x")
    with pytest.raises(BadMultipart, match=r"[Hh]eader"):
        read_parts(b"--x\r\n" + b"h" * 10_000 + b": v\r\n\r\n\r\n--x--\r\n", b"x")

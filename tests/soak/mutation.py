"""Seeded damage to good inputs: bytes, JSON values, Ogg pages with their checksums mended."""

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

from voicecodecs.ogg import crc32

MAX_BYTES = 2_000
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 255, 2**31, 2**63, 10**40, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", "x", "\x00", "\ud800", "ö" * 40, "1" * 300, "2026-13-40T99:99:99Z",
    "9999-12-31T23:59:59.999999-23:59", [], {}, [[]], [None], [{}], {"": None}, {"value": []},
)  # fmt: skip


def damaged(rng: random.Random, good: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Return a good input with one to eight changes, or, once in sixteen, bytes of pure chance."""
    if rng.random() < 1 / 16:
        return rng.randbytes(rng.randrange(200))
    data = bytearray(rng.choice(good))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        _change(rng, data, good, words)
    return bytes(data[:MAX_BYTES])


def _change(
    rng: random.Random, data: bytearray, good: Sequence[bytes], words: Sequence[bytes]
) -> None:
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(8)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1 and at < len(data):
        data[at] = rng.randrange(256)
    elif kind == 2:
        del data[at : at + rng.choice((1, 1, 2, 4, 16))]
    elif kind == 3:
        data[at:at] = rng.randbytes(rng.choice((1, 1, 2, 4, 16)))
    elif kind == 4:
        data[at:at] = data[at : at + rng.randrange(1, 40)]
    elif kind == 5 and words:
        data[at:at] = rng.choice(words)
    elif kind == 6:
        other = rng.choice(good)
        data[at:] = other[rng.randrange(len(other) + 1) :]
    else:
        del data[at:]


def damaged_json(rng: random.Random, good: Sequence[bytes]) -> bytes:
    """Return a good JSON text with one to three of its values, keys or lists changed."""
    value = json.loads(rng.choice(good))
    for _ in range(rng.choice((1, 1, 2, 3))):
        _change_value(rng, value)
    return json.dumps(value).encode()


def _change_value(rng: random.Random, value: Any) -> None:
    """Walk down to a random place and put something there that does not belong."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and rng.random() < 0.7:
            value = value[key]
            continue
        match rng.randrange(4):
            case 0:
                del value[key]
            case 1 if isinstance(value, dict):
                value[rng.choice(("id", "value", "data", str(key) * 2))] = value.pop(key)
            case _:
                value[key] = copy.deepcopy(rng.choice(ODD_VALUES))
        return


def mended_ogg(data: bytes) -> bytes:
    """Return the bytes with the checksum of every whole page made right again."""
    out = bytearray(data)
    at = out.find(b"OggS")
    while 0 <= at <= len(out) - 27:
        body = at + 27 + out[at + 26]
        end = body + sum(out[at + 27 : body])
        if end > len(out):
            break
        out[at + 22 : at + 26] = bytes(4)
        out[at + 22 : at + 26] = crc32(bytes(out[at:end])).to_bytes(4, "little")
        at = out.find(b"OggS", end)
    return bytes(out)

"""Whatever stands in a package, the verifier answers in words: no exception, no hang."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.evidence.builder import Built
from tests.dispatch.evidence.packages import ID, Maker, Opened

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**70, "", " ", "\x00", "\ud83d\ude00", [], {}, [[]], {"a": []},
    ["x", "x"], [None], {"id": {}}, "9" * 5000, "2026-13-40T25:61:61Z", "0" * 64,
)  # fmt: skip
JSON_FILES = ("meta/package.json", "data/coverage.json", "meta/keys.json")
RAW_FILES = (
    "meta/custody.jsonl", "meta/checkpoint", "package.sig", "bag-info.txt", "manifest-sha256.txt",
    "tagmanifest-sha256.txt", "meta/package.json", "data/coverage.json", "meta/keys.json",
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def answered(maker: Maker, opened: Opened, path: Path, *, sign: bool = True) -> None:
    if sign:
        opened.relist()
        opened.sign(maker.exporter, maker.approver)
    found = maker.verify(opened.write(path))
    assert found.status in (0, 1, 3)
    assert found.text().split("\n")[-1] == found.verdict


@pytest.mark.parametrize("name", JSON_FILES)
def test_every_value_may_be_of_every_kind(
    name: str, maker: Maker, built: Built, tmp_path: Path
) -> None:
    rng = random.Random(name)
    clean = Opened(built.path).files[name]
    for number in range(len(list(places(json.loads(clean))))):
        opened = Opened(built.path)
        value = json.loads(clean)
        container, key = list(places(value))[number]
        if rng.random() < 0.1 and isinstance(container, dict):
            del container[key]
        else:
            container[key] = rng.choice(STRANGE)
        opened.files[name] = json.dumps(value).encode()
        answered(maker, opened, tmp_path / f"{ID}.zip")


def test_every_value_of_an_entry_may_be_of_every_kind(
    maker: Maker, built: Built, tmp_path: Path
) -> None:
    rng = random.Random(7)
    lines = Opened(built.path).files["meta/custody.jsonl"].split(b"\n")
    for number in range(len(list(places(json.loads(lines[0]))))):
        opened = Opened(built.path)
        entry = json.loads(lines[0])
        container, key = list(places(entry))[number]
        container[key] = rng.choice(STRANGE)
        fresh = [json.dumps(entry, sort_keys=True).encode(), *lines[1:]]
        opened.files["meta/custody.jsonl"] = b"\n".join(fresh)
        answered(maker, opened, tmp_path / f"{ID}.zip")


@pytest.mark.parametrize("name", RAW_FILES)
def test_bytes_of_a_file_may_be_anything(
    name: str, maker: Maker, built: Built, tmp_path: Path
) -> None:
    rng = random.Random(name)
    clean = Opened(built.path).files[name]
    tries = [b"", b"\n", b"\xff\xfe", b"[" * 100_000, b"{" * 5000, rng.randbytes(2000)]
    tries += [clean[: rng.randrange(len(clean))] for _ in range(4)]
    tries += [clean.replace(b"\n", b"\r\n"), clean + clean, b"\xef\xbb\xbf" + clean]
    for data in tries:
        opened = Opened(built.path)
        opened.files[name] = data
        if name in ("package.sig", "tagmanifest-sha256.txt", "manifest-sha256.txt", "bag-info.txt"):
            answered(maker, opened, tmp_path / f"{ID}.zip", sign=False)
        else:
            answered(maker, opened, tmp_path / f"{ID}.zip")


def test_an_archive_may_be_anything(maker: Maker, built: Built, tmp_path: Path) -> None:
    rng = random.Random(3)
    clean = built.path.read_bytes()
    path = tmp_path / "x.zip"
    start = clean.rindex(b"PK\x01\x02") - 2000
    for _ in range(600):
        data = bytearray(clean)
        for _ in range(rng.randrange(1, 4)):
            at = rng.choice((rng.randrange(len(data)), rng.randrange(start, len(data))))
            data[at] = rng.randrange(256)
        path.write_bytes(data)
        assert maker.verify(path).status in (0, 1, 3)


def test_two_signatures_of_one_key_must_both_be_right(
    maker: Maker, built: Built, tmp_path: Path
) -> None:
    opened = Opened(built.path)
    opened.files["package.sig"] += maker.exporter.line("another text\n").encode()
    found = maker.verify(opened.write(tmp_path / f"{ID}.zip"))
    assert "the signature of audit.example.se/exporter is wrong" in found.verdict

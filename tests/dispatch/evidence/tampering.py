"""Ways to change a package that was taken apart, and how a refusal looks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dispatch.evidence.builder import Built
from tests.dispatch.evidence.packages import FIRST, ID, Maker, Opened

Change = Callable[[Opened, Maker], object]
OPUS = f"data/calls/{FIRST}.opus"
GAIN_FILE = f"data/calls/{FIRST}.gain"
WAV = f"data/calls/{FIRST}.wav"
RECORD = "meta/package.json"
COVERAGE = "data/coverage.json"
CUSTODY = "meta/custody.jsonl"


def lines_of(opened: Opened) -> list[bytes]:
    return opened.files[CUSTODY].split(b"\n")[:-1]


def proof_names(opened: Opened) -> list[str]:
    names = [name for name in opened.files if name.startswith("meta/proofs/")]
    return sorted(names, key=lambda name: int(name.split("/")[-1].partition(".")[0]))


def flip(name: str, at: int = -1) -> Change:
    def change(opened: Opened, _maker: Maker) -> None:
        data = bytearray(opened.files[name])
        data[at] ^= 1
        opened.files[name] = bytes(data)

    return change


def drop(name: str) -> Change:
    return lambda opened, maker: opened.files.pop(name)


def put(name: str, data: bytes) -> Change:
    return lambda opened, maker: opened.files.update({name: data})


def edit(name: str, old: bytes, new: bytes) -> Change:
    def change(opened: Opened, _maker: Maker) -> None:
        assert old in opened.files[name]
        opened.files[name] = opened.files[name].replace(old, new, 1)

    return change


def log_says(change: Callable[[dict[str, Any]], object], at: int = 0) -> Change:
    """Change an entry and write it canonically again."""

    def edit_entry(opened: Opened, _maker: Maker) -> None:
        lines = lines_of(opened)
        entry = json.loads(lines[at])
        change(entry)
        text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        lines[at] = text.encode()
        opened.files[CUSTODY] = b"\n".join(lines) + b"\n"

    return edit_entry


def attempt(maker: Maker, built: Built, tmp_path: Path, change: Change) -> Any:
    opened = Opened(built.path)
    change(opened, maker)
    return maker.verify(opened.write(tmp_path / f"{ID}.zip"))


def refused(found: Any, words: str) -> None:
    assert found.status == 1, found.text()
    assert found.verdict.startswith("NOT VALID (")
    assert any(words in fault for fault in found.faults), found.text()

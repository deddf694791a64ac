"""The daily sample: the same for everybody who holds the log, known to nobody beforehand."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.entry import canonical
from dispatch.oversight.sampling import NoSample, draw, how_many, sample_of

DAY = "2026-11-25"


def log(path: Path, entries: list[dict[str, Any]], checkpoints: list[tuple[int, bytes]]) -> Path:
    """Write the two tables that a draw reads."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE audit_log (seq INTEGER PRIMARY KEY, entry BLOB)")
        db.execute("CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, root BLOB)")
        rows = [(seq, canonical(entry)) for seq, entry in enumerate(entries)]
        db.executemany("INSERT INTO audit_log VALUES (?, ?)", rows)
        db.executemany("INSERT INTO checkpoint VALUES (?, ?)", checkpoints)
    return path


def entry(ts: str, op: str = "consult", actor: str = "u-1", **more: Any) -> dict[str, Any]:
    return {"ts": ts, "op": op, "result": "ok", "actor": {"id": actor}, **more}


def day_of(count: int) -> list[dict[str, Any]]:
    """One entry before the day, some within it, one after."""
    within = [
        entry(f"{DAY}T{at // 3600 % 24:02d}:00:00.000000Z") for at in range(0, count * 60, 60)
    ]
    within.sort(key=lambda one: str(one["ts"]))
    return [entry("2026-11-24T23:59:59.9Z"), *within, entry("2026-11-26T00:00:00.000001Z")]


def test_the_draw_is_as_documented(tmp_path: Path) -> None:
    root = hashlib.sha256(b"root").digest()
    path = log(tmp_path / "a.db", day_of(50), [(30, b"x" * 32), (52, root), (60, b"y" * 32)])
    sample = sample_of(path, DAY)
    assert (sample.size, sample.root, sample.population) == (52, root.hex(), tuple(range(1, 51)))
    tickets = {
        seq: hashlib.sha256(f"samband-sample/v1\n{DAY}\n{root.hex()}\n{seq}\n".encode()).hexdigest()
        for seq in range(1, 51)
    }
    assert sample.taken == tuple(sorted(sorted(tickets, key=tickets.__getitem__)[:20]))


@pytest.mark.parametrize(("count", "taken"), [(0, 0), (7, 7), (20, 20), (2000, 20), (2001, 21)])
def test_one_in_a_hundred_and_at_least_twenty(count: int, taken: int) -> None:
    assert how_many(count) == taken
    assert len(draw(DAY, "00" * 32, range(count))) == taken


def test_another_root_draws_others() -> None:
    assert draw(DAY, "00" * 32, range(1000)) != draw(DAY, "01" * 32, range(1000))


def test_only_looks_of_persons_are_drawn(tmp_path: Path) -> None:
    at = f"{DAY}T12:00:00.000000Z"
    entries = [
        entry(at, op="alter"),
        entry(at, actor="system"),
        entry(at, result="denied"),
        entry(at, actor="u-7"),
        entry("2026-11-20T01:00:00Z", late=True),
        entry("2026-11-26T00:00:00Z"),
    ]
    path = log(tmp_path / "a.db", entries, [(6, bytes(32))])
    assert sample_of(path, DAY).population == (3, 4)


def test_a_day_is_drawn_when_it_is_over_and_covered(tmp_path: Path) -> None:
    open_day = log(tmp_path / "a.db", day_of(3)[:-1], [(4, bytes(32))])
    with pytest.raises(NoSample, match="the day is not over"):
        sample_of(open_day, DAY)
    uncovered = log(tmp_path / "b.db", day_of(3), [(4, bytes(32))])
    with pytest.raises(NoSample, match="no checkpoint covers entry 4 yet"):
        sample_of(uncovered, DAY)
    with pytest.raises(NoSample, match="holds nothing"):
        sample_of(log(tmp_path / "c.db", day_of(1), []), "2026-12-24")

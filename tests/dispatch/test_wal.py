"""The write-ahead log: carried over beside the commits, short, loses nothing, keeps no text."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from dispatch.store.engine import Store
from dispatch.store.turns import Turns, turns_of
from dispatch.store.wal import (
    EMPTY_S,
    GROWN_BYTES,
    LONG_BYTES,
    PASSIVE_S,
    QUIET_S,
    WalKeeper,
)

ROW = 40_000
SECRET = "Anna Andersson talade om ingenting"


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Place:
    """A store with one table, its log, and a keeper that looks when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "s.db"
        self.wal = folder / "s.db-wal"
        self.store = Store(f"sqlite:///{self.file}")
        self.clock = Hands()
        self.keeper = WalKeeper(self.file, turns_of(self.file), self.clock)
        self.run("CREATE TABLE words (id INTEGER PRIMARY KEY, said TEXT)")

    def run(self, statement: str, **values: object) -> None:
        self.store.write_now(lambda db: db.execute(text(statement), values) and None)

    def put(self, rows: int) -> None:
        for _ in range(rows):
            self.run("INSERT INTO words (said) VALUES (:said)", said="x" * ROW)

    def look(self, after_s: float) -> None:
        self.clock.now_s += after_s
        self.keeper.look()

    def size(self) -> int:
        return self.wal.stat().st_size if self.wal.exists() else 0

    def rows(self) -> int:
        with sqlite3.connect(self.file) as db:
            return int(db.execute("SELECT count(*) FROM words").fetchone()[0])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def carried(place: Place) -> int:
    """Return how many octets have reached the file itself."""
    return place.file.stat().st_size


def test_a_long_log_is_carried_over_and_begun_anew_without_growing(place: Place) -> None:
    place.look(0)
    for _ in range(4):
        place.put(1 + GROWN_BYTES // ROW)
        place.look(0.5)
    assert carried(place) > 3 * GROWN_BYTES
    assert place.size() < 2.5 * GROWN_BYTES
    place.store.close()
    assert place.rows() == 4 * (1 + GROWN_BYTES // ROW)


def test_a_short_log_is_carried_over_now_and_then(place: Place) -> None:
    place.look(0)
    for _ in range(int(PASSIVE_S) - 1):
        place.put(3)
        place.look(1)
    assert carried(place) < ROW
    place.put(3)
    place.look(1)
    assert carried(place) > 12 * ROW
    place.store.close()


def test_at_a_quiet_moment_and_at_the_latest_after_a_minute_the_log_is_empty(place: Place) -> None:
    place.look(0)
    place.put(3)
    place.look(0.1)
    assert place.size()
    place.look(QUIET_S)
    assert place.size() == 0
    place.look(1)
    for _ in range(int(EMPTY_S) + 1):
        place.put(1)
        place.look(1)
    assert place.size() < 3 * (ROW + 10_000)
    place.store.close()


def test_a_reader_keeps_the_log_but_no_writer_waits_long_for_it(place: Place) -> None:
    place.look(0)
    place.put(3)
    reader = sqlite3.connect(place.file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM words").fetchone()
    place.put(1)
    place.look(0.1)
    place.look(QUIET_S)
    assert place.size()
    before = time.monotonic()
    assert not place.keeper.empty()
    assert time.monotonic() - before < 1
    place.put(1)
    reader.execute("ROLLBACK")
    assert place.store.forget_erased_now()
    assert place.size() == 0
    reader.close()
    place.store.close()


def test_a_log_that_is_too_long_is_cut_although_nothing_is_quiet(place: Place) -> None:
    place.look(0)
    place.put(1 + LONG_BYTES // ROW)
    assert place.size() > LONG_BYTES
    place.look(0.1)
    assert place.size() == 0
    place.store.close()


async def test_a_server_carries_over_by_itself(place: Place) -> None:
    await place.store.write(lambda db: db.execute(text("DELETE FROM words")) and None)
    place.put(200)
    ends = time.monotonic() + 10
    while place.size() and time.monotonic() < ends:
        time.sleep(0.05)
    assert place.size() == 0
    assert carried(place) > 200 * ROW
    place.store.close()


def test_no_commit_carries_over_a_thousand_pages(place: Place) -> None:
    place.put(2000 * 4096 // ROW)
    assert carried(place) < 100 * 4096
    place.store.close()


def test_an_erased_text_is_in_no_file_of_the_database(place: Place) -> None:
    place.run("INSERT INTO words (said) VALUES (:said)", said=SECRET)
    assert place.store.forget_erased_now()
    assert SECRET.encode() in place.file.read_bytes()
    place.run("UPDATE words SET said = said || ' mer' WHERE said = :said", said=SECRET)
    place.run("DELETE FROM words")
    assert SECRET.encode() in place.wal.read_bytes()
    assert place.store.forget_erased_now()
    for file in place.file.parent.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
    place.store.close()


def test_who_asks_first_writes_first() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    with turns.turn(0) as mine:
        assert mine
        assert not turns.take(0.01)
    assert turns.take(0)


def test_a_file_has_one_queue(tmp_path: Path) -> None:
    assert turns_of(tmp_path / "a") is turns_of(tmp_path / "a")
    assert turns_of(tmp_path / "a") is not turns_of(tmp_path / "b")


KILLED = """
import sys, threading
from pathlib import Path
from sqlalchemy import text
from dispatch.store.engine import Store
from dispatch.store.turns import turns_of
from dispatch.store.wal import WalKeeper

file = Path(sys.argv[1])
store = Store(f"sqlite:///{file}")
keeper = WalKeeper(file, turns_of(file))

def carry():
    while True:
        keeper.empty()

threading.Thread(target=carry, daemon=True).start()
row = 0
while True:
    row += 1
    store.write_now(lambda db: db.execute(
        text("INSERT INTO words (id, said) VALUES (:row, :said)"),
        {"row": row, "said": "x" * 20000}) and None)
    print(row, flush=True)
"""


@pytest.mark.parametrize("after", [3, 17, 40])
def test_killed_while_carrying_over_nothing_is_lost(place: Place, after: int) -> None:
    place.store.close()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(place.file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    answered = 0
    while answered < after:
        answered = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    answered = max([answered, *(int(line) for line in process.stdout if line.strip())])
    process.wait()
    process.stdout.close()
    with sqlite3.connect(place.file) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count, last) = db.execute("SELECT count(*), max(id) FROM words").fetchone()
    assert count == last
    assert answered <= last <= answered + 1

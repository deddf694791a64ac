"""Sealed files: bytes, keys, and what a crash at each step leaves."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from dispatch.audit.keys import KeyFolder
from dispatch.clock import SystemClock
from dispatch.errors import Gone, NotFound
from dispatch.retention.master_keys import KeyMissing, MasterKeys
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.sealed_format import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, SealBroken
from dispatch.retention.tables import FileKey
from dispatch.store.engine import Store


class Killed(BaseException):
    """The process ends here."""


class Shelf:
    """One state folder with sealed files."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.store = Store(f"sqlite:///{state / 'samband.db'}")
        self.folder = state / "recordings"
        self.folder.mkdir(exist_ok=True)
        self.open()

    def open(self) -> None:
        keys = MasterKeys(KeyFolder(self.state / "keys"))
        self.files = SealedFiles(self.store, keys, self.state, SystemClock())

    def put(self, data: bytes) -> tuple[str, str]:
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / f"{sha256}.opus").write_bytes(data)
        return f"recordings/{sha256}.opus", sha256

    def stop_at(self, step: str) -> None:
        def at(found: str) -> None:
            if found == step:
                raise Killed

        self.files.at_step = at


@pytest.fixture
def shelf(tmp_path: Path, empty_database: Path) -> Shelf:
    shutil.copy(empty_database, tmp_path / "samband.db")
    return Shelf(tmp_path)


DATA = os.urandom(3 * CHUNK_BYTES + 1234)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(DATA)])
def test_a_sealed_file_reads_as_the_plain_one(shelf: Shelf, size: int) -> None:
    name, sha256 = shelf.put(DATA[:size])
    assert shelf.files.seal(name, sha256)
    assert not (shelf.state / name).exists()
    assert shelf.files.exists(name)
    with shelf.files.open(shelf.state / name) as reader:
        assert (reader.sealed, reader.size) == (True, size)
        assert reader.sha256() == sha256
        assert reader.read(CHUNK_BYTES - 5, 10) == DATA[:size][CHUNK_BYTES - 5 : CHUNK_BYTES + 5]
        stream = reader.stream()
        stream.seek(-min(size, 7), os.SEEK_END)
        assert stream.read() == DATA[:size][-7:]


def test_nothing_of_the_sound_is_on_disk(shelf: Shelf) -> None:
    name, sha256 = shelf.put(b"MAYDAY " * 1000)
    shelf.files.seal(name, sha256)
    raw = (shelf.state / f"{name}.sealed").read_bytes()
    assert b"MAYDAY" not in raw
    assert len(raw) == HEADER_BYTES + 7000 + TAG_BYTES


@pytest.mark.parametrize(
    "at", [0, 8, 13, 20, 30, HEADER_BYTES, HEADER_BYTES + CHUNK_BYTES + TAG_BYTES + 3, -1]
)
def test_a_changed_octet_does_not_open(shelf: Shelf, at: int) -> None:
    name, sha256 = shelf.put(DATA)
    shelf.files.seal(name, sha256)
    path = shelf.state / f"{name}.sealed"
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SealBroken):
        shelf.files.read(name)


def test_cut_and_swapped_parts_do_not_open(shelf: Shelf) -> None:
    name, sha256 = shelf.put(DATA)
    shelf.files.seal(name, sha256)
    path = shelf.state / f"{name}.sealed"
    raw = path.read_bytes()
    path.write_bytes(raw[:-100])
    with pytest.raises(SealBroken):
        shelf.files.read(name)
    step = CHUNK_BYTES + TAG_BYTES
    head, rest = raw[:HEADER_BYTES], raw[HEADER_BYTES:]
    one, two = rest[:step], rest[step : 2 * step]
    path.write_bytes(head + two + one + raw[HEADER_BYTES + 2 * step :])
    with pytest.raises(SealBroken):
        shelf.files.read(name)


def test_what_is_not_what_was_logged_stays_as_it_is(shelf: Shelf) -> None:
    name, _ = shelf.put(DATA)
    with pytest.raises(SealBroken, match="not those that were logged"):
        shelf.files.seal(name, "0" * 64)
    assert (shelf.state / name).read_bytes() == DATA
    assert sorted(path.name for path in shelf.folder.iterdir()) == [Path(name).name]


@pytest.mark.parametrize("step", ["begin", "written", "renamed", "committed", "removed"])
def test_killed_at_any_step_of_sealing_nothing_is_lost(shelf: Shelf, step: str) -> None:
    name, sha256 = shelf.put(DATA)
    shelf.stop_at(step)
    with pytest.raises(Killed):
        shelf.files.seal(name, sha256)
    shelf.open()
    assert shelf.files.read(name) == DATA
    for plain in shelf.files.mend():
        assert plain == name
        assert shelf.files.seal(plain, sha256)
    assert [path.name for path in shelf.folder.iterdir()] == [Path(name).name + ".sealed"]
    assert shelf.files.read(name) == DATA
    assert shelf.files.mend() == []


@pytest.mark.parametrize("step", ["forgotten", "swept"])
@pytest.mark.parametrize("sealed", [True, False])
def test_killed_while_erasing_nothing_comes_back(shelf: Shelf, step: str, *, sealed: bool) -> None:
    name, sha256 = shelf.put(DATA)
    if sealed:
        shelf.files.seal(name, sha256)
    shelf.stop_at(step)
    with pytest.raises(Killed):
        shelf.files.destroy([name])
    shelf.open()
    if sealed:
        with pytest.raises((Gone, NotFound)):
            shelf.files.open(name)
    assert shelf.files.mend() == []
    assert list(shelf.folder.iterdir()) == []
    assert shelf.store.read_now(lambda db: db.get(FileKey, name)) is None


def test_a_destroyed_key_leaves_nothing_that_opens(shelf: Shelf) -> None:
    name, sha256 = shelf.put(DATA)
    shelf.files.seal(name, sha256)
    copy = (shelf.state / f"{name}.sealed").read_bytes()
    shelf.files.destroy([name])
    (shelf.state / f"{name}.sealed").write_bytes(copy)
    with pytest.raises(Gone):
        shelf.files.open(name)


def test_rotation_leaves_everything_readable_and_old_keys_worthless(shelf: Shelf) -> None:
    names = [shelf.put(bytes([n]) * 100) for n in range(5)]
    for name, sha256 in names:
        shelf.files.seal(name, sha256)
    old = (shelf.state / "keys" / "seal-1.key").read_bytes()
    shelf.stop_at("wrapped")
    with pytest.raises(Killed):
        shelf.files.rotate(batch=2)
    shelf.open()
    assert [shelf.files.read(name)[:1] for name, _ in names] == [bytes([n]) for n in range(5)]
    fresh, _ = shelf.files.rotate(batch=2)
    assert sorted(path.name for path in (shelf.state / "keys").iterdir()) == [f"{fresh}.key"]
    assert [shelf.files.read(name)[:1] for name, _ in names] == [bytes([n]) for n in range(5)]
    assert old.strip() not in (shelf.state / "keys" / f"{fresh}.key").read_bytes()


def test_without_the_key_store_plain_files_open_and_none_is_sealed(shelf: Shelf) -> None:
    sealed, sha256 = shelf.put(b"old")
    shelf.files.seal(sealed, sha256)
    (shelf.state / "keys" / "seal-1.key").rename(shelf.state / "away.key")
    shelf.open()
    plain, sha256 = shelf.put(b"new")
    assert shelf.files.read(plain) == b"new"
    with pytest.raises(KeyMissing):
        shelf.files.open(sealed)
    with pytest.raises(KeyMissing):
        shelf.files.seal(plain, sha256)
    assert shelf.files.read(plain) == b"new"
    (shelf.state / "away.key").rename(shelf.state / "keys" / "seal-1.key")
    shelf.open()
    assert shelf.files.seal(plain, sha256)
    assert shelf.files.read(sealed) == b"old"


def test_names_outside_the_state_folder_are_nothing(shelf: Shelf) -> None:
    with pytest.raises(NotFound):
        shelf.files.open("../secret")

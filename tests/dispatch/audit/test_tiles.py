"""The tiles export: its layout, a second export, and every kind of damage found by name."""

import shutil
from pathlib import Path

import pytest

from dispatch.audit.checkpoint import Cosigner
from dispatch.audit.cosigned import CosignedNotes
from dispatch.audit.keys import witness_signing_key
from dispatch.audit.log import HEAD_FILE, Log
from dispatch.audit.prover import Prover
from dispatch.audit.tiles import Exported, export_tiles, tile_path
from dispatch.audit.trust import TrustedKey, split_note
from dispatch.audit.verify_report import Report
from dispatch.audit.verify_tiles import verify_tiles
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import State
from tests.dispatch.audit.killed_writer import entry

SIZE = 600
SAMPLE = 40


class Mirror:
    """A log and its mirror."""

    def __init__(self, state: State, out: Path) -> None:
        self.state = state
        self.out = out
        self.log: Log = state.log()
        self.log.open()
        self.trust = state.root / "trust.txt"
        self.trust.write_text(f"log {self.log._signer.vkey}\n", encoding="utf-8")

    def grow(self, entries: int) -> None:
        start = self.log.size
        raws = [entry(self.state, start + number) for number in range(entries)]
        self.log.append(raws)
        self.log.write_head()

    def export(self, more: str = "") -> Exported:
        head = (self.state.audit / HEAD_FILE).read_bytes()
        self.log.checkpoint(UtcUs(1))
        with Prover(self.state.database) as prover:
            stored = prover.newest_checkpoint()
            assert stored is not None
            return export_tiles(prover, stored.note + more, stored.size, self.out, head)

    def verify(self, first: int = 0) -> Report:
        return verify_tiles(self.out, self.trust, first=first)

    def file(self, name: str) -> Path:
        return self.out / name


@pytest.fixture
def mirror(state: State, tmp_path: Path) -> Mirror:
    mirror = Mirror(state, tmp_path / "mirror")
    mirror.grow(SIZE)
    mirror.export()
    return mirror


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0, 70) == "tile/1/000.p/70"
    assert tile_path("entries", 999) == "tile/entries/999"
    assert tile_path(0, 1000) == "tile/0/x001/000"


def test_a_mirror_has_all_files_and_is_sound(mirror: Mirror) -> None:
    names = {str(path.relative_to(mirror.out)) for path in mirror.out.rglob("*") if path.is_file()}
    assert names == {
        "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000",
        "tile/entries/001", "tile/entries/002.p/88", "checkpoint", "entries.jsonl", "audit.head",
    }  # fmt: skip
    assert mirror.file("tile/0/000").stat().st_size == 8192
    report = mirror.verify()
    assert (report.ok, report.size, report.head_size) == (True, SIZE, SIZE), report.faults
    assert report.root == mirror.log.root.hex()
    lines = mirror.file("entries.jsonl").read_bytes().split(b"\n")
    assert len(lines) == SIZE + 1


def test_a_second_export_writes_what_is_new(mirror: Mirror) -> None:
    assert mirror.export() == Exported(size=SIZE, tiles=0, bundles=0)
    mirror.grow(500)
    done = mirror.export()
    assert (done.size, done.tiles, done.bundles) == (1100, 4, 3)
    assert mirror.verify().ok


def test_a_folder_of_another_log_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    mirror.file("tile/0/000").write_bytes(bytes(8192))
    with pytest.raises(ConfigError, match="found another"):
        mirror.export()


def test_an_empty_log_and_one_entry(state: State, tmp_path: Path) -> None:
    mirror = Mirror(state, tmp_path / "one")
    mirror.grow(1)
    mirror.export()
    report = mirror.verify()
    assert (report.ok, report.size) == (True, 1), report.faults


def test_cosignatures_are_named(mirror: Mirror, state: State) -> None:
    cosigner = Cosigner("witness.test/w", witness_signing_key(state.folder))
    note = mirror.file("checkpoint").read_text("utf-8")
    line = cosigner.line(split_note(note)[0], 1_795_000_000)
    CosignedNotes(state.audit).keep(note, line, TrustedKey(cosigner.vkey))
    mirror.export(line)
    with mirror.trust.open("a", encoding="utf-8") as file:
        file.write(f"witness w {cosigner.vkey}\n")
    report = mirror.verify()
    assert (report.ok, report.witnessed) == (True, [f"witness.test/w at size {SIZE}"])


def test_a_pruned_mirror_is_sound_from_its_first_index(mirror: Mirror) -> None:
    mirror.file("tile/entries/000").unlink()
    lines = mirror.file("entries.jsonl").read_bytes().split(b"\n")
    mirror.file("entries.jsonl").write_bytes(b"\n".join(lines[256:]))
    assert mirror.verify(256).ok, mirror.verify(256).faults
    assert not mirror.verify().ok
    assert not mirror.verify(100).ok


def bend(path: Path, at: int = 40) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tile/entries/001", "entry 256: its bytes were changed"),
        ("tile/0/001", "entry 257: its bytes were changed"),
        ("tile/1/000.p/2", "tile/1/000.p/2: it holds other hashes"),
        ("checkpoint", "checkpoint: "),
        ("audit.head", "audit.head: "),
        ("entries.jsonl", "entries.jsonl, entry 0: it is not that of the tiles"),
    ],
)
def test_one_changed_bit_is_found_by_name(mirror: Mirror, name: str, words: str) -> None:
    bend(mirror.file(name))
    faults = mirror.verify().faults
    assert any(line.startswith(words) for line in faults), faults


@pytest.mark.parametrize(
    "name", ["tile/entries/001", "tile/0/002.p/88", "checkpoint", "audit.head", "entries.jsonl",
             "tile/1/000.p/2"],
)  # fmt: skip
def test_what_is_missing_is_named(mirror: Mirror, name: str) -> None:
    mirror.file(name).unlink()
    assert any(line == f"{name}: it is missing" for line in mirror.verify().faults)


def test_lengths_and_tails_are_checked(mirror: Mirror) -> None:
    with mirror.file("entries.jsonl").open("ab") as file:
        file.write(b"{}\n")
    assert "there is more behind" in mirror.verify().faults[0]
    with mirror.file("tile/entries/000").open("ab") as file:
        file.write(b"\x00")
    assert "expected 256 whole entries" in mirror.verify().faults[0]
    with mirror.file("tile/0/000").open("ab") as file:
        file.write(b"\x00")
    assert "expected 8192 bytes, found 8193" in mirror.verify().faults[0]


def test_an_older_checkpoint_than_the_head_is_a_cut(mirror: Mirror) -> None:
    old = {name: mirror.file(name).read_bytes() for name in ("checkpoint", "entries.jsonl")}
    mirror.grow(10)
    mirror.export()
    for name, data in old.items():
        mirror.file(name).write_bytes(data)
    assert any("cut" in line for line in mirror.verify().faults)


def test_entries_changed_with_all_their_hashes_miss_the_signed_root(
    mirror: Mirror, tmp_path: Path
) -> None:
    other = Mirror(State(tmp_path / "other"), tmp_path / "false")
    other.state.folder = mirror.state.folder
    other.log = other.state.log()
    other.log.open()
    raws = [entry(mirror.state, number + (number == SAMPLE)) for number in range(SIZE)]
    other.log.append(raws)
    other.log.write_head()
    other.export()
    for name in ("checkpoint", "audit.head"):
        shutil.copy(mirror.file(name), other.file(name))
    faults = verify_tiles(other.out, mirror.trust).faults
    assert any("they do not lead to the root" in line for line in faults)


def test_without_a_folder_or_a_key_there_is_nothing_to_verify(mirror: Mirror) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        verify_tiles(mirror.out / "none", mirror.trust)
    mirror.trust.write_text("# nobody\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected a line"):
        mirror.verify()

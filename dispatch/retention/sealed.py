"""Sealed files: recordings and media on disk, readable only with a key that erasure destroys.

A closed file is sealed once the database names it. Order of a sealing: ``….sealed`` is written and
synced under another name, renamed, read back; then the row with its key is committed; only then
does the plain file go. Whatever interrupts it, either the plain file is there or a sealed one
with its key, and ``mend`` at the next start finishes or undoes the rest.

Every reader of ``recordings/`` and ``media/`` opens its files here, sealed or not. Everything in
this module blocks: call it from a thread.
"""

import hashlib
import io
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from sqlmodel import Session, col, delete, select

from dispatch.errors import Gone, NotFound
from dispatch.retention.master_keys import MasterKeys
from dispatch.retention.sealed_format import (
    SUFFIX,
    ChunkReader,
    Header,
    SealBroken,
    new_file_id,
    read_header,
    seal_stream,
)
from dispatch.retention.tables import FileKey
from dispatch.store.engine import Store
from gateway.ports import Clock
from gateway.recording.files import sync_folder

logger = logging.getLogger(__name__)

READ_BYTES = 1 << 20
FOLDERS = ("recordings", "media")
TEMPORARY = ".sealing"
ROWS_AT_ONCE = 500
"""Rows of files that are gone, of one transaction."""


class PlainReader:
    """The plain octets of one file, wherever it lies. A context; not for two threads at once."""

    def __init__(self, file: BinaryIO, size: int, chunks: ChunkReader | None) -> None:
        """Take the open file; made by ``SealedFiles.open``."""
        self._file = file
        self._chunks = chunks
        self.size = size
        """Octets of the plain file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def sealed(self) -> bool:
        """Whether the file on disk is sealed."""
        return self._chunks is not None

    def read(self, offset: int, length: int) -> bytes:
        """Return plain octets from ``offset``, fewer at the end; raises SealBroken, OSError."""
        if self._chunks is not None:
            return self._chunks.read(offset, length)
        self._file.seek(offset)
        return self._file.read(length)

    def read_all(self) -> bytes:
        """Return the whole file; raises SealBroken, OSError."""
        return self.read(0, self.size)

    def sha256(self) -> str:
        """Return the SHA-256 (hex) of the plain octets; raises SealBroken, OSError."""
        digest = hashlib.sha256()
        for offset in range(0, self.size, READ_BYTES):
            digest.update(self.read(offset, READ_BYTES))
        return digest.hexdigest()

    def stream(self) -> BinaryIO:
        """Return the plain octets as a file that can be read and sought; closing it closes this."""
        return io.BufferedReader(_Raw(self), READ_BYTES)

    def close(self) -> None:
        """Let go of the file; safe twice."""
        self._file.close()


class _Raw(io.RawIOBase):
    """What ``io.BufferedReader`` reads from."""

    def __init__(self, reader: PlainReader) -> None:
        self._reader = reader
        self._at = 0

    def close(self) -> None:
        self._reader.close()
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._reader.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._reader.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class SealedFiles:
    """Seals, opens and destroys the files of one state folder."""

    def __init__(self, store: Store, keys: MasterKeys, state: Path, clock: Clock) -> None:
        """Take the database with the wrapped keys and the folder of the master keys."""
        self._store = store
        self._keys = keys
        self._state = state.resolve()
        self._clock = clock
        self._keys_known = False
        self.at_step: Callable[[str], None] = lambda step: None
        """Called between the steps of a sealing and of a destruction: tests stop there."""

    # ---- reading -------------------------------------------------------------------------------

    def open(self, name: str | Path) -> PlainReader:
        """Open a file by its name below the state folder, or by its path.

        Raises NotFound, Gone (its key was destroyed), KeyMissing, SealBroken, OSError. A plain
        file opens without database and keys.
        """
        path = self._path(name)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return self._open_sealed(path)
        return PlainReader(file, os.fstat(file.fileno()).st_size, None)

    def exists(self, name: str | Path) -> bool:
        """Whether there is a file, sealed or plain (not whether its key is there)."""
        path = self._path(name)
        return path.is_file() or _sealed(path).is_file()

    def read(self, name: str | Path) -> bytes:
        """Return a whole file; raises as ``open`` does."""
        with self.open(name) as reader:
            return reader.read_all()

    def _path(self, name: str | Path) -> Path:
        path = (self._state / name).resolve()
        if not path.is_relative_to(self._state):
            raise NotFound(f"there is no file {name} in the state folder")
        return path

    def _name(self, path: Path) -> str:
        return path.relative_to(self._state).as_posix()

    def _open_sealed(self, path: Path) -> PlainReader:
        name = self._name(path)
        try:
            file = _sealed(path).open("rb")
        except FileNotFoundError:
            raise NotFound(
                f"the file {name} is missing", hint="Tell the administrator: restore it."
            ) from None
        try:
            row = self._store.read_now(lambda db: db.get(FileKey, name))
            if row is None or row.destroyed_utc is not None:
                raise Gone(f"the file {name} was erased: its key is destroyed")
            reader = ChunkReader(file, self._keys.unwrap(row.master, row.wrapped, _about(row)))
            if reader.header.file_id.hex() != row.file_id:
                raise SealBroken(f"{name}: the sealed file is not the one that its key belongs to")
        except BaseException:
            file.close()
            raise
        return PlainReader(file, reader.header.plain_size, reader)

    # ---- sealing -------------------------------------------------------------------------------

    def seal(self, name: str | Path, sha256: str) -> bool:
        """Seal a closed plain file; returns False when there is none (sealed already, or gone).

        Raises SealBroken when its octets are not those of ``sha256`` (it then stays as it is),
        StoreUnavailable, OSError.
        """
        path = self._path(name)
        if not path.is_file():
            return False
        if self._finish(path, sha256):
            return True
        self._demand_keys()
        key, header = os.urandom(32), Header(new_file_id(), path.stat().st_size)
        fresh = path.with_name(path.name + TEMPORARY)
        self.at_step("begin")
        with path.open("rb") as plain, fresh.open("wb") as out:
            found = hashlib.file_digest(plain, "sha256").hexdigest()
            if found != sha256:
                fresh.unlink()
                raise SealBroken(f"{self._name(path)}: its octets are not those that were logged")
            plain.seek(0)
            seal_stream(plain, out, header, key)
            out.flush()
            os.fsync(out.fileno())
        fresh.chmod(0o640)
        self.at_step("written")
        fresh.replace(_sealed(path))
        sync_folder(path.parent)
        self.at_step("renamed")
        self._read_back(path, key, sha256)
        self._commit(path, header, key, sha256)
        self.at_step("committed")
        path.unlink()
        sync_folder(path.parent)
        self.at_step("removed")
        return True

    def _demand_keys(self) -> None:
        """Raise KeyMissing where the key folder is not the one that sealed before.

        An empty folder in its place would get a new ``seal-1``, and the old one could not come
        back. Until it does, files stay plain.
        """
        if not self._keys_known:
            query = select(FileKey.master).where(col(FileKey.destroyed_utc).is_(None)).distinct()
            self._keys.demand(self._store.read_now(lambda db: list(db.exec(query))))
            self._keys_known = True

    def _read_back(self, path: Path, key: bytes, sha256: str) -> None:
        with _sealed(path).open("rb") as file:
            chunks = ChunkReader(file, key)
            if PlainReader(file, chunks.header.plain_size, chunks).sha256() != sha256:
                raise SealBroken(f"{self._name(path)}: the sealed file does not read back")

    def _commit(self, path: Path, header: Header, key: bytes, sha256: str) -> None:
        name, now = self._name(path), self._clock.utc_us()
        row = FileKey(
            file=name,
            file_id=header.file_id.hex(),
            master="",
            wrapped=b"",
            sha256=sha256,
            size_bytes=header.plain_size,
            sealed_utc=now,
        )
        row.master, row.wrapped = self._keys.wrap(key, _about(row))
        self._store.write_now(lambda db: db.merge(row) and None)

    def _finish(self, path: Path, sha256: str) -> bool:
        """Take away a plain file whose sealed one is whole: what a crash left to do."""
        if not _sealed(path).is_file():
            return False
        try:
            with self._open_sealed(path) as reader:
                whole = reader.sha256() == sha256
        except (Gone, SealBroken):
            return False  # never committed: it is made anew
        if whole:
            path.unlink()
            sync_folder(path.parent)
        return whole

    def mend(self) -> list[str]:
        """Take away what interrupted sealings and erasures left; returns the names of plain files.

        Those are to be sealed by the caller, who knows which are closed and what was logged.
        """
        self._sweep_destroyed()
        return [name for folder in FOLDERS for name in self.mend_folder(folder)]

    def mend_folder(self, folder: str) -> list[str]:
        """Do the same in one folder, whose files nobody else seals meanwhile."""
        names = self._names(folder)
        for one in names:
            if one.endswith(TEMPORARY):
                (self._state / folder / one).unlink(missing_ok=True)
        self._drop_keyless(folder, {one for one in names if one.endswith(SUFFIX)})
        return _plain(folder, names)

    def plain_files(self, folder: str) -> list[str]:
        """Return the names (below the state folder) of a folder's files that are not sealed."""
        return _plain(folder, self._names(folder))

    def _names(self, folder: str) -> list[str]:
        root = self._state / folder
        if not root.is_dir():
            return []
        with os.scandir(root) as entries:
            return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]

    def _drop_keyless(self, folder: str, sealed: set[str]) -> None:
        """Take away sealed files that no key opens while their plain file is still there."""
        for one in sealed:
            path = self._state / folder / one.removesuffix(SUFFIX)
            if not path.is_file():
                continue
            name = self._name(path)
            row = self._store.read_now(lambda db, name=name: db.get(FileKey, name))  # type: ignore[misc]
            with _sealed(path).open("rb") as file:
                try:
                    known = row is not None and read_header(file).file_id.hex() == row.file_id
                except SealBroken:
                    known = False
            if not known:
                _sealed(path).unlink()

    # ---- destroying ----------------------------------------------------------------------------

    def forget(self, db: Session, names: Iterable[str]) -> None:
        """Destroy keys inside a transaction of the caller; ``sweep`` then takes the files away.

        A name without a key (a plain file) gets a row that says what is to be taken away.
        """
        now = self._clock.utc_us()
        for name in names:
            row = db.get(FileKey, name)
            if row is None:
                row = FileKey(
                    file=name,
                    file_id="",
                    master="",
                    wrapped=b"",
                    sha256="",
                    size_bytes=0,
                    sealed_utc=0,
                )
            row.wrapped, row.master, row.destroyed_utc = b"", "", now
            db.add(row)

    def destroy(self, names: Iterable[str]) -> None:
        """Destroy the keys of files and the files themselves; raises StoreUnavailable, OSError."""
        wanted = list(names)
        self._store.write_now(lambda db: self.forget(db, wanted))
        self.at_step("forgotten")
        self.sweep()

    def sweep(self) -> int:
        """Take away the files whose keys are destroyed; returns how many. OSError if one stays."""
        return self._sweep_destroyed()

    def _sweep_destroyed(self) -> int:
        gone = self._store.read_now(
            lambda db: list(
                db.exec(select(FileKey.file).where(col(FileKey.destroyed_utc).is_not(None)))
            )
        )
        for name in gone:
            path = self._path(name)
            path.unlink(missing_ok=True)
            _sealed(path).unlink(missing_ok=True)
        for folder in {self._path(name).parent for name in gone}:
            if folder.is_dir():
                sync_folder(folder)
        self.at_step("swept")
        for start in range(0, len(gone), ROWS_AT_ONCE):
            some = gone[start : start + ROWS_AT_ONCE]
            self._store.write_now(lambda db, some=some: _delete_rows(db, some))  # type: ignore[misc]  # bound now
        return len(gone)

    # ---- rotation ------------------------------------------------------------------------------

    def rotate(self, batch: int = 500) -> tuple[str, int]:
        """Wrap every key anew under a new master key and destroy the old ones.

        What an old copy of the database holds is then worth nothing, with old keys or without.
        Interrupted, it goes on at the next call. Returns the new key's name and how many keys.
        """
        fresh = self._keys.begin_next()
        return fresh, self._rewrap(fresh, batch)

    def _rewrap(self, fresh: str, batch: int) -> int:
        done, old = 0, set[str]()

        def work(db: Session) -> int:
            query = select(FileKey).where(
                FileKey.master != fresh, col(FileKey.destroyed_utc).is_(None)
            )
            rows = list(db.exec(query.limit(batch)))
            for row in rows:
                old.add(row.master)
                key = self._keys.unwrap(row.master, row.wrapped, _about(row))
                row.master, row.wrapped = self._keys.wrap(key, _about(row))
                db.add(row)
            return len(rows)

        while count := self._store.write_now(work):
            done += count
            self.at_step("wrapped")
        self._store.forget_erased_now()  # the old wrappings leave the database's log too
        number = int(fresh.removeprefix("seal-"))
        for name in old | {f"seal-{n}" for n in range(1, number)}:
            self._keys.destroy(name)
        return done


def _plain(folder: str, names: list[str]) -> list[str]:
    other = (SUFFIX, TEMPORARY, ".json", ".tmp", ".part")
    return [f"{folder}/{one}" for one in names if not one.endswith(other)]


def _sealed(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _about(row: FileKey) -> bytes:
    """Return what the wrapping of a key is bound to: the sealing and the file's name."""
    return f"samband file key {row.file_id} {row.file} {row.sha256}".encode()


def _delete_rows(db: Session, names: list[str]) -> None:
    db.exec(delete(FileKey).where(col(FileKey.file).in_(names)))

"""Writes the archive of a package: plain files, stored, hashed as they are written.

Nothing is packed: sound and pictures are packed already, and a reader without an unpacker has one
thing less to get wrong.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self

from gateway.model.errors import RemoteError

CHUNK = 1 << 20
FILE_MODE = 0o100644
UNIX = 3


class FileChanged(RemoteError):
    """A file that no longer has the bytes that the log tells of."""


class ZipWriter:
    """One archive with one top folder; there whole and synced, or not at all. A context."""

    def __init__(self, path: Path, package: str, made: datetime) -> None:
        """Begin ``path`` as ``….part``; all files bear the time ``made`` (UTC)."""
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._top = package
        self._stamp = (made.year, made.month, made.day, made.hour, made.minute, made.second)
        self._file = self._part.open("xb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)
        self.hashes: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._part.rename(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def put(self, name: str, data: bytes) -> str:
        """Write a small file; returns its SHA-256."""
        return self._write(name, iter((data,)), len(data))

    def copy(self, name: str, source: BinaryIO, sha256: str) -> str:
        """Copy an open file whose SHA-256 is known; raises FileChanged, OSError."""
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        found = self.pour(name, source, size)
        if found != sha256:
            raise FileChanged(
                f"{name}: its bytes have the SHA-256 {found}, the log tells of {sha256}",
                hint="The file was changed or damaged: restore it from a backup.",
            )
        return found

    def pour(self, name: str, source: IO[bytes], size: int) -> str:
        """Write what a stream holds, ``size`` bytes; returns its SHA-256."""
        return self._write(name, iter(lambda: source.read(CHUNK), b""), size)

    def _write(self, name: str, chunks: Iterator[bytes], size: int) -> str:
        info = zipfile.ZipInfo(f"{self._top}/{name}", self._stamp)
        info.create_system = UNIX
        info.external_attr = FILE_MODE << 16
        info.file_size = size
        digest, written = hashlib.sha256(), 0
        with self._zip.open(info, "w") as out:
            for chunk in chunks:
                digest.update(chunk)
                out.write(chunk)
                written += len(chunk)
        self.hashes[name] = digest.hexdigest()
        self.sizes[name] = written
        return self.hashes[name]

"""A log of every raw byte on a port, for engineers; it turns over and stays within its limit."""

import datetime
import logging
import os
import re
from pathlib import Path
from typing import BinaryIO

from gateway.model.ids import UtcUs

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_FILES = 5
PIN = re.compile(rb"(\+CPIN2?=|\+CPWD=|\+CLCK=)[^\r\n]+")
"""Commands whose values are secret. We never send them; somebody's tool on a shared port may."""


class LineLog:
    """Lines ``<UTC> > <bytes>`` (to the radio) and ``<UTC> < <bytes>`` (from it), escaped.

    A log that cannot be written (disk full, rights) says so once and stops: it never stops a radio.
    """

    def __init__(
        self, path: Path, *, max_file_bytes: int = MAX_FILE_BYTES, max_files: int = MAX_FILES
    ) -> None:
        """Write to ``path``, older files get ``.1``, ``.2`` and so on; nothing is opened yet."""
        self._path = path
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files
        self._file: BinaryIO | None = None
        self._broken = False

    def write(self, utc: UtcUs, data: bytes, *, outgoing: bool) -> None:
        """Note what was sent or received at a time."""
        if self._broken:
            return
        moment = datetime.datetime.fromtimestamp(utc / 1_000_000, tz=datetime.UTC)
        arrow = ">" if outgoing else "<"
        escaped = repr(PIN.sub(rb"\1****", data))[2:-1]
        line = f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z {arrow} {escaped}\n".encode()
        try:
            self._append(line)
        except OSError as error:
            self._broken = True
            logger.warning("line log %s stops: %s", self._path, error)

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "ab", buffering=0)
        if self._file.tell() + len(line) > self._max_file_bytes and self._file.tell():
            self._turn_over()
            self._append(line)
            return
        self._file.write(line)

    def _turn_over(self) -> None:
        self.close()
        for number in range(self._max_files - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = self._path.with_name(f"{self._path.name}.{number - 1}")
            source = newer if number > 1 else self._path
            if source.exists():
                source.replace(older)
        self._path.unlink(missing_ok=True)

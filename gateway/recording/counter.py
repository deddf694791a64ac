"""The call counter of a gateway: counts without gaps over restarts, in one small file."""

import os
from pathlib import Path

_WIDTH = 20


class FileCounter:
    """Keeps the last number given out.

    A number is in the file before it is used, so a killed process never gives one twice; only a
    power cut within the system's write-back time can. For that, ``at_least`` takes the highest
    number that the call log knows.
    """

    def __init__(self, path: Path, *, at_least: int = 0) -> None:
        """Open or create the file; ValueError when it holds something else than a number."""
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        text = os.pread(self._handle, _WIDTH, 0).strip()
        if text and not text.isdigit():
            os.close(self._handle)
            raise ValueError(f"{path}: expected the number of the last call, got {text!r}")
        self._last = max(int(text or b"0"), at_least)

    @property
    def last(self) -> int:
        """The last number given out, 0 before the first."""
        return self._last

    def next(self) -> int:
        """Return the next number."""
        self._last += 1
        os.pwrite(self._handle, f"{self._last:0{_WIDTH}d}".encode(), 0)
        return self._last

    def close(self) -> None:
        """Close the file; safe twice."""
        if self._handle >= 0:
            os.fsync(self._handle)
            os.close(self._handle)
            self._handle = -1

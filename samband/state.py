"""The state folder: its shape, its rights, and the lock that keeps a second server out."""

import fcntl
import os
from pathlib import Path
from typing import IO

from gateway.model.errors import ConfigError

FOLDERS = {
    "recordings": 0o750,
    "media": 0o750,
    "audit": 0o750,
    "spool": 0o750,
    "keys": 0o700,
    "log": 0o750,
}
LOCK_FILE = "samband.lock"


def make_state(state: Path) -> None:
    """Make the folder and what belongs in it; raises ConfigError when that is not allowed."""
    try:
        state.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name, mode in FOLDERS.items():
            (state / name).mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"state folder {state}: {error.strerror}",
            hint="Give another with store.state, or make it and give it to this user.",
        ) from error


class StateLock:
    """Held while a server runs on a state folder; dies with the process."""

    def __init__(self, state: Path) -> None:
        """Take the lock; raises ConfigError when another server holds it."""
        self._file: IO[str] = (state / LOCK_FILE).open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise ConfigError(
                f"state folder {state} is in use by another server (process {holder})",
                hint="Stop that one first, or give this one a state folder of its own.",
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Give the lock back; safe twice."""
        self._file.close()

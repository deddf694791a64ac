"""Small files of the log that are there whole or not at all, also after a power cut."""

import os
from pathlib import Path

from gateway.model.errors import LinkError


class LogUnavailable(LinkError):
    """The database or a file beside it cannot be written now."""


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put ``data`` in the place of a file: new file, sync, rename, sync of the folder.

    Raises LogUnavailable; the old file is then still there.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            written = 0
            while written < len(data):
                written += os.write(handle, data[written:])
            os.fsync(handle)
        finally:
            os.close(handle)
        fresh.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise LogUnavailable(f"{path}: {error.strerror}") from error

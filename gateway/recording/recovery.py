"""After a crash: what was being recorded is closed, hashed and told late."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.model.errors import RadioError
from gateway.model.events import RecordingClosed
from gateway.model.recording import RecordingMeta
from gateway.recording.files import Folder, close_files, read_final, read_sidecar

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A transmission that a crash cut off. ``event`` is None when no sound had been kept."""

    meta: RecordingMeta
    duration_ms: int
    event: RecordingClosed | None


def recover(folder: Folder) -> tuple[Recovered, ...]:
    """Close everything in ``open/``, oldest first; call it before the recorder starts.

    A recording that was renamed, but whose sidecar was still open, is told again. What cannot be
    read is set aside as ``….broken`` and logged, never deleted.
    """
    folder.make()
    found = []
    for path in sorted(folder.open.glob("*.json")):
        try:
            meta = read_sidecar(path)
        except RadioError as error:
            logger.error("recording set aside: %s", error)
            _set_aside(path)
            continue
        found.append(_recover_one(folder, meta))
    for rest in sorted(folder.open.iterdir()):
        if rest.suffix in (".part", ".tmp"):
            logger.error("recording set aside: %s belongs to no transmission", rest.name)
            _set_aside(rest)
    return tuple(found)


def closed_after(folder: Folder, utc_s: float) -> tuple[RecordingClosed, ...]:
    """Return what was closed since a time, for a log that a crash may have kept from hearing it.

    ``utc_s`` are seconds since 1970; a sidecar's own time on disk decides. The events say ``late``.
    """
    found = []
    for path in sorted(folder.path.glob("t-*.json")):
        if path.stat().st_mtime >= utc_s and (event := read_final(path).event()) is not None:
            found.append(replace(event, late=True))
    return tuple(found)


def _recover_one(folder: Folder, meta: RecordingMeta) -> Recovered:
    end = {"cause": "interrupted", "interrupted": True, "late": True}
    done = close_files(folder, meta, end)
    event = done.event()
    late = replace(event, late=True) if event else None
    return Recovered(meta=meta, duration_ms=done.duration_ms, event=late)


def _set_aside(path: Path) -> None:
    path.replace(path.with_name(path.name + ".broken"))

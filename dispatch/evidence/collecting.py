"""Ties messages of cameras to the audit log as they are stored: their SHA-256, in clear.

Messages come by the thousand, so a batch of them is one object of the log (``raw``) with the hashes
of all; a package that holds some of them names that object and only those files.
"""

from collections.abc import Callable, Iterable, Iterator

from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.cameras.ingest import Batch
from gateway.model.ids import ulid
from gateway.ports import Clock

RAW_TYPE, RAW_VERB = "raw", "camera.received"
HASHES_AT_ONCE = 200
"""An entry is at most 16 KiB long."""


class Collecting:
    """Notes ``collect`` entries; never waits."""

    def __init__(
        self, note: Callable[[Act], None], clock: Clock, randomness: Callable[[int], bytes]
    ) -> None:
        """Take where to note."""
        self._note = note
        self._clock = clock
        self._randomness = randomness

    def in_batch(self, db: Session, batch: Batch) -> None:
        """Note the messages of a batch, in the batch's own transaction."""
        hashes: dict[str, list[str]] = {}
        for row in (*batch.rows, *batch.unread):
            hashes.setdefault(row["source"], []).append(row["raw_sha256"])
        for source, all_of_it in hashes.items():
            for part in _parts(dict.fromkeys(all_of_it)):
                name = "raw-" + ulid(self._clock.utc_us(), self._randomness(10))
                self._note(
                    Act(
                        op="collect",
                        verb=RAW_VERB,
                        actor=SYSTEM,
                        obj=Obj(type=RAW_TYPE, id=name, cat="camera"),
                        detail={"sha256": part, "source": source},
                    )
                )


def _parts(hashes: Iterable[str]) -> Iterator[list[str]]:
    left = list(hashes)
    for start in range(0, len(left), HASHES_AT_ONCE):
        yield left[start : start + HASHES_AT_ONCE]

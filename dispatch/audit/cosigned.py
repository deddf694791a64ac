"""The newest checkpoint that each witness cosigned, kept beside the log's head.

One file a witness, ``witnesses/<16 hex>.note`` (of SHA-256 of its verifier key): checkpoint, the
log's signature, the witness's. Outside the database, since what they are for is that the database
may lie.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatch.audit.files import replace_file
from dispatch.audit.trust import (
    Cosigned,
    Signed,
    TrustedKey,
    cosignatures,
    read_checkpoint,
    split_note,
)
from gateway.model.errors import RemoteError

FOLDER = "witnesses"


class NotCosigned(RemoteError):
    """A witness's answer that is not its cosignature of what it was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a witness cosigned last."""

    head: Signed
    cosignature: Cosigned
    note: str


class CosignedNotes:
    """The folder of cosigned notes of one log."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder/witnesses``; ``folder`` is that of ``audit.head``."""
        self._folder = folder / FOLDER

    def path(self, witness: TrustedKey) -> Path:
        """Return the file of a witness."""
        return self._folder / f"{hashlib.sha256(witness.vkey.encode()).hexdigest()[:16]}.note"

    def newest(self, witness: TrustedKey) -> Kept | None:
        """Return what a witness cosigned last, None before the first; raises NotCosigned."""
        try:
            note = self.path(witness).read_text("utf-8")
        except FileNotFoundError:
            return None
        return _checked(note, witness)

    def keep(self, note: str, line: str, witness: TrustedKey) -> Kept:
        """Check a cosignature line of a checkpoint note and keep both; raises NotCosigned."""
        kept = _checked(note + line, witness)
        before = self.newest(witness)
        if before is None or before.head.size <= kept.head.size:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.path(witness), kept.note.encode())
        return kept

    def lines_for(self, note: str, witnesses: Sequence[TrustedKey]) -> list[str]:
        """Return the cosignature lines that witnesses gave for exactly this checkpoint."""
        text, _ = split_note(note)
        lines = []
        for witness in witnesses:
            kept = self.newest(witness)
            if kept is not None and split_note(kept.note)[0] == text:
                lines.append(kept.cosignature.line + "\n")
        return lines

    def notes(self) -> list[Path]:
        """Return all files."""
        return sorted(self._folder.glob("*.note"))


def _checked(note: str, witness: TrustedKey) -> Kept:
    try:
        head = read_checkpoint(split_note(note)[0], "cosigned note")
        found = cosignatures(note, [witness])
    except ValueError as error:
        raise NotCosigned(f"witness {witness.name}: {error}") from error
    if not found:
        raise NotCosigned(f"witness {witness.name}: its cosignature is not in what it answered")
    return Kept(head=head, cosignature=found[0], note=note)

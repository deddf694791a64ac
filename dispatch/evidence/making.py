"""Makes the archive of a package for the service: gathers, redacts, builds, stamps. Blocks."""

import contextlib
import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.cosigned import CosignedNotes
from dispatch.audit.files import replace_file
from dispatch.audit.outside import OutsideProof
from dispatch.audit.prover import Prover
from dispatch.audit.stamp import stamp
from dispatch.audit.trust import TrustedKey
from dispatch.errors import NotFound, ServiceError
from dispatch.evidence.builder import Built, Keys, add_signatures, build, with_lines
from dispatch.evidence.draft import (
    Approver,
    Draft,
    Item,
    ListeningCopy,
    Original,
    Recipient,
    RedactedSpan,
    Redacts,
    Why,
)
from dispatch.evidence.gather import Gathered
from dispatch.evidence.listening import METHOD, WAV_HOW, how_made, redacted, wav_of
from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.main import verify
from dispatch.evidence.verifier.trust import read_trust
from dispatch.evidence.verifier.zip_reader import Archive
from dispatch.evidence.zip_writer import FileChanged
from gateway.model.errors import RadioError
from voicecodecs.errors import VoiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a recording that is to be made unhearable."""

    transmission: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacting:
    """What is redacted of which package, and why."""

    parent: str
    parent_hash: str
    parts: tuple[Part, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything a package says of itself."""

    id: str
    created: datetime
    expires: date
    requested_by: str
    requested_unit: str
    approvers: tuple[Approver, ...]
    why: Why
    recipient: Recipient
    listening_copies: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Redone:
    """A redacted file, before it is logged."""

    transmission: str
    original: Original
    before_sha256: str
    spans: tuple[tuple[int, int], ...]


class Making:
    """Knows where log, keys and files lie."""

    def __init__(
        self,
        *,
        database: Path,
        audit_folder: Path,
        log_vkey: str,
        exporter: NoteSigner,
        outside: OutsideProof | None,
        redacted_folder: Path,
    ) -> None:
        """Take what does not change while the server runs."""
        self._database = database
        self._notes = CosignedNotes(audit_folder)
        self._log_vkey = log_vkey
        self._exporter = exporter
        self._outside = outside
        self._redacted_folder = redacted_folder

    @property
    def witnesses(self) -> list[TrustedKey]:
        """Keys of the configured witnesses."""
        if self._outside is None:
            return []
        return [one.key for one in self._outside.cosigning.witnesses]

    def make(
        self,
        order: Order,
        gathered: Gathered,
        out: Path,
        *,
        approver_keys: tuple[str, ...],
        redacts: Redacts | None = None,
    ) -> Built:
        """Build the package over the newest checkpoint, cosigned where witnesses answer."""
        if self._outside is not None:
            self._outside.cosigning.ask_all()
        copies = tuple(self._copies(gathered.items)) if order.listening_copies else ()
        draft = Draft(
            id=order.id,
            created=order.created,
            expires=order.expires,
            items=gathered.items,
            coverage=gathered.coverage,
            requested_by=order.requested_by,
            requested_unit=order.requested_unit,
            approvers=order.approvers,
            why=order.why,
            recipient=order.recipient,
            copies=copies,
            records=gathered.records,
            redacts=redacts,
        )
        keys = Keys(
            log=self._log_vkey,
            exporter=self._exporter.vkey,
            approvers=approver_keys,
            witnesses=tuple(key.vkey for key in self.witnesses),
        )
        with Prover(self._database) as prover:
            stored = prover.newest_checkpoint()
            if stored is None:
                raise NotFound("evidence: the log has no checkpoint yet")
            note = stored.note + "".join(self._notes.lines_for(stored.note, self.witnesses))
            return build(draft, out, prover, note=note, exporter=self._exporter, keys=keys)

    def _copies(self, items: tuple[Item, ...]) -> list[ListeningCopy]:
        copies = []
        for item in items:
            for original in item.originals:
                if original.name.endswith(".opus") and not original.name.endswith(".raw.opus"):
                    with contextlib.suppress(VoiceError):  # no sound in it: then no copy
                        copies.append(_copy_of(original))
        return copies

    def redact(self, gathered: Gathered, parts: tuple[Part, ...]) -> list[Redone]:
        """Make the redacted files; raises NotFound when a part is of no recording here."""
        done = []
        sounds = {item.id: item.originals[0] for item in gathered.items}
        for transmission in dict.fromkeys(part.transmission for part in parts):
            if transmission not in sounds:
                raise NotFound(f"redaction: the parent has no recording {transmission}")
            original = sounds[transmission]
            spans = tuple(
                (part.from_ms, part.to_ms) for part in parts if part.transmission == transmission
            )
            if any(not 0 <= start < end for start, end in spans):
                raise ServiceError(f"redaction of {transmission}: expected from before to, in ms")
            try:
                data = redacted(_sound(original), list(spans))
            except VoiceError as error:
                raise ServiceError(f"redaction of {transmission}: {error}") from error
            sha256 = hashlib.sha256(data).hexdigest()
            self._redacted_folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            path = self._redacted_folder / f"{sha256}.opus"
            replace_file(path, data, mode=0o640)
            fresh = replace(original, path=path, sha256=sha256)
            done.append(
                Redone(
                    transmission=transmission,
                    original=fresh,
                    before_sha256=original.sha256,
                    spans=spans,
                )
            )
        return done

    def finish(self, path: Path, lines: list[str]) -> bytes | None:
        """Add approvers' signatures and, when there is an authority, a stamp over them all."""
        with zipfile.ZipFile(path) as archive:
            name = next(one for one in archive.namelist() if one.endswith("/package.sig"))
            signature = with_lines(archive.read(name), lines)
        tsr = None
        if self._outside is not None and self._outside.tsa is not None:
            try:
                tsr = stamp(signature, self._outside.tsa)
            except (RadioError, OSError):
                tsr = None  # a package without a stamp is whole; the page shows that it has none
        if lines or tsr is not None:
            fresh = path.with_name(path.name + ".signed")
            fresh.unlink(missing_ok=True)
            add_signatures(path, lines, tsr, fresh)
            fresh.replace(path)
        return tsr

    def contents(self, path: Path) -> dict[str, Any]:
        """Return what will leave, as an approver has to see it: record, coverage, files, README."""
        with Archive(path) as archive:
            return {
                "record": json.loads(archive.read("meta/package.json")),
                "coverage": json.loads(archive.read("data/coverage.json")),
                "files": {name: archive.size(name) for name in archive.names},
                "readme": archive.read("README.txt").decode(),
            }

    def check(self, path: Path, approver_keys: tuple[str, ...]) -> Findings:
        """Verify a package as its receiver will, with our own keys."""
        lines = [f"log {self._log_vkey}", f"exporter {self._exporter.vkey}", "quorum none"]
        lines += [f"approver {key}" for key in approver_keys]
        return verify(path, read_trust("\n".join(lines)), today=datetime.now(UTC).date())


def _copy_of(original: Original) -> ListeningCopy:
    return ListeningCopy(
        name=original.name.removesuffix(".opus") + ".wav",
        data=wav_of(_sound(original)),
        source=original.name,
        how=how_made(WAV_HOW),
    )


def _sound(original: Original) -> bytes:
    with original.open() as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != original.sha256:
        raise FileChanged(
            f"{original.path.name}: its bytes are not those that the log tells of",
            hint="The file was changed or damaged: restore it from a backup.",
        )
    return data


def with_redacted(gathered: Gathered, done: list[Redone]) -> Gathered:
    """Return what was gathered with redacted files in the place of all files of their recording."""
    fresh = {one.transmission: one.original for one in done}
    items = tuple(
        replace(item, originals=(fresh[item.id],)) if item.id in fresh else item
        for item in gathered.items
    )
    return replace(gathered, items=items)


def redacts_of(redacting: Redacting, done: list[Redone]) -> Redacts:
    """Return what a redacted copy says of its parent."""
    spans = [
        RedactedSpan(
            name=one.original.name,
            from_ms=start,
            to_ms=end,
            before_sha256=one.before_sha256,
            after_sha256=one.original.sha256,
        )
        for one in done
        for start, end in one.spans
    ]
    return Redacts(
        parent=redacting.parent,
        parent_hash=redacting.parent_hash,
        spans=tuple(spans),
        method=METHOD,
        reason=redacting.reason,
    )

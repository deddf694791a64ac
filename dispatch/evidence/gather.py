"""Takes from the store what a package needs: recordings, stills, clips, records, coverage.

Runs inside a read of the store. Only what the asker may export from is seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import NotFound
from dispatch.evidence.call_records import call_records
from dispatch.evidence.camera_parts import CameraParts, camera_parts
from dispatch.evidence.coverage import gaps_of, sites_of
from dispatch.evidence.draft import Coverage, Item, Original
from dispatch.evidence.heard import ENDINGS, Heard, heard, moment
from dispatch.evidence.incident_record import incident_record
from dispatch.evidence.outages import Outage
from dispatch.evidence.selection import Selection
from dispatch.evidence.verifier.contents import CALLS, file_id
from dispatch.retention.sealed import SealedFiles
from dispatch.services.rows import Row
from dispatch.store.tables import RecordingFileRow, Transmission
from dispatch.uploads.evidence import received_originals
from dispatch.uploads.rows import RECEIVED
from gateway.model.plan import Plan

RECORDING = "recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where closed files lie, and what opens those that are sealed."""

    recordings: Path
    media: Path
    files: SealedFiles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found. ``cameras`` holds messages that are not yet tied to the log."""

    items: tuple[Item, ...]
    records: dict[str, bytes]
    coverage: Coverage
    cameras: CameraParts = field(default_factory=lambda: CameraParts(records={}))
    incident: Row | None = None

    @property
    def recordings(self) -> tuple[str, ...]:
        """Ids of the recordings."""
        return tuple(item.id for item in self.items if item.type == RECORDING)


def gather(
    db: Session,
    selection: Selection,
    folders: Folders,
    plan: Plan,
    access: Access,
    *,
    outages: Sequence[Outage] = (),
) -> Gathered:
    """Return everything of a resolved selection; raises NotFound when there is nothing."""

    def may_export(row: Transmission) -> bool:
        return access.can_on(Action.EXPORT, row.talkgroup, row.link)

    found = heard(db, selection, plan, may_export)
    inside, left_out = _chosen(found, selection)
    cameras = camera_parts(db, selection, access, folders.media, folders.files)
    incident = incident_record(db, access, selection.incident) if selection.incident else None
    if not (inside or cameras.items or incident):
        raise NotFound("evidence: there is no recording in what was asked for")
    recordings = [_item(db, row, found.files[row.id], folders) for row in inside]
    records = call_records(db, inside, found.calls, selection)
    return Gathered(
        items=(*recordings, *cameras.items),
        records={**records, **cameras.records},
        coverage=_coverage(db, found, selection, plan, outages=outages, left_out=left_out),
        cameras=cameras,
        incident=incident,
    )


def _chosen(found: Heard, selection: Selection) -> tuple[list[Transmission], dict[str, str]]:
    """Return the overs that go in, and why others with a recording stay out."""
    excluded = dict(selection.left_out)
    kept = [row for row in found.rows if row.id in found.files and row.erased_utc is None]
    inside = [
        row
        for row in kept
        if row.id not in excluded and (not selection.only or row.id in selection.only)
    ]
    known = {row.id for row in kept}
    left_out = {one: why for one, why in excluded.items() if one in known}
    for row in kept:
        if row not in inside:
            left_out.setdefault(row.id, "not chosen")
    return inside, left_out


def _coverage(  # each is a part of the statement
    db: Session,
    found: Heard,
    selection: Selection,
    plan: Plan,
    *,
    outages: Sequence[Outage],
    left_out: dict[str, str],
) -> Coverage:
    sites = sites_of(plan, selection, found.rows)
    return Coverage(
        start=moment(selection.start_utc),
        end=moment(selection.end_utc),
        talkgroups=selection.talkgroups,
        sites=sites,
        left_out=tuple(sorted(left_out.items())),
        gaps=gaps_of(db, found, selection, plan, outages=outages, sites=sites),
    )


def _item(db: Session, row: Transmission, kept: list[RecordingFileRow], folders: Folders) -> Item:
    if kept[0].kind == RECEIVED:
        received = received_originals(db, kept[0], folders.recordings, folders.files)
        return Item(type=RECORDING, id=row.id, originals=tuple(received))
    originals = [
        Original(
            path=folders.recordings / file.name,
            name=f"{CALLS}{file_id(row.id)}.{ENDINGS[file.kind]}",
            sha256=file.sha256,
            files=folders.files,
        )
        for file in kept
    ]
    # The sound first: it is what the others belong to.
    originals.sort(key=lambda one: not one.name.endswith(f"{file_id(row.id)}.opus"))
    return Item(type=RECORDING, id=row.id, originals=tuple(originals))

"""Rows of an uploaded call: the call, its overs, the received recording."""

import json
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from dispatch.services.plans import LivePlan
from dispatch.store.retention import (
    DEFAULT_CLASS,
    EMERGENCY_CLASS,
    expiry_utc,
    longer_class,
    policy_in_use,
)
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from dispatch.uploads.keys import KeyInfo
from dispatch.uploads.received import US_PER_MS, Received, Source
from dispatch.uploads.tables import Upload, UploadOver
from gateway.model.ids import TalkgroupId, unit_id

GATEWAY = "uploads"
"""What stands in the place of a gateway: uploaded calls have no number of any."""
LINK = "upload/"
"""Before the key's id: what stands in the place of a link."""
CAUSE = "uploaded"
RECEIVED = "received"
"""Kind of the file as it was received; its listening copy is of the kind ``opus``."""
WAITING, READY, UNPLAYABLE, METADATA = "waiting", "ready", "unplayable", "metadata"
FIELDS = "fields"
"""Key of ``Upload.details``: the parts of the form as they came, without the key."""


@dataclass(slots=True, kw_only=True)
class Arriving:
    """An upload whose sound is on disk, before its rows are."""

    id: str
    key: KeyInfo
    call: Received
    talkgroup: TalkgroupId
    received_utc: int
    client: str = ""
    file: str = ""
    ending: str = ""
    sha256: str = ""
    fields_sha256: str = ""
    no_sound: str = ""
    """Why only metadata are kept; empty where the sound is."""

    @property
    def started_utc(self) -> int:
        """Start by the recorder's clock."""
        return self.call.started_utc

    @property
    def end_utc(self) -> int:
        """End as the recorder tells it; the start where it tells none."""
        return self.started_utc + (self.call.length_ms or 0) * US_PER_MS


def fields_bytes(told: dict[str, str]) -> bytes:
    """Return the fields of a form as they are hashed and given out: sorted JSON."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def retention_of(plan: LivePlan, talkgroup: TalkgroupId, *, emergency: bool) -> str:
    """Return the class of an uploaded call: as that of a call of our own."""
    planned = plan.talkgroups.get(talkgroup)
    own = planned.retention if planned else DEFAULT_CLASS
    return longer_class(own, EMERGENCY_CLASS) if emergency else own


def new_call(arriving: Arriving, plan: LivePlan, call_id: str) -> Call:
    """Return the row of a call that nobody else heard so far."""
    told = arriving.call
    retention = retention_of(plan, arriving.talkgroup, emergency=told.emergency)
    first = next((one.unit for one in told.sources if one.unit), 0)
    return Call(
        id=call_id,
        gateway=GATEWAY,
        talkgroup=arriving.talkgroup,
        link=LINK + arriving.key.id,
        caller=unit_id(arriving.key.system, first) if first else None,
        started_utc=arriving.started_utc,
        ended_utc=arriving.end_utc,
        emergency=told.emergency,
        encrypted=told.encrypted,
        cause=CAUSE,
        plan=plan.number,
        policy=policy_in_use(),
        uploaded=arriving.key.name,
        retention_class=retention,
        expires_utc=expiry_utc(retention, arriving.started_utc),
    )


def lengthen(db: Session, call: Call, arriving: Arriving) -> None:
    """Let a call know what one more source tells: an emergency, a later end."""
    if arriving.call.emergency and not call.emergency:
        call.emergency = True
        call.retention_class = longer_class(call.retention_class, EMERGENCY_CLASS)
        until = expiry_utc(call.retention_class, call.started_utc)
        call.expires_utc = max(call.expires_utc, until)
    if call.uploaded and call.ended_utc is not None:
        call.ended_utc = max(call.ended_utc, arriving.end_utc)
    db.add(call)


def upload_row(arriving: Arriving, call: Call, offset_ms: int | None) -> Upload:
    """Return the row of what was received."""
    told = arriving.call
    state = METADATA if arriving.no_sound else WAITING
    return Upload(
        id=arriving.id,
        key=arriving.key.id,
        recorder=arriving.key.name,
        family=told.family,
        client=arriving.client,
        call=call.id,
        talkgroup=arriving.talkgroup,
        started_utc=arriving.started_utc,
        told_ms=told.length_ms,
        received_utc=arriving.received_utc,
        offset_ms=offset_ms,
        errors=told.errors,
        sha256=arriving.sha256,
        fields_sha256=arriving.fields_sha256,
        size_bytes=0 if arriving.no_sound else len(told.audio),
        file=arriving.file,
        ending=arriving.ending,
        state=state,
        reason=arriving.no_sound,
        details=json.dumps(_details(told), ensure_ascii=False),
    )


def _details(told: Received) -> dict[str, Any]:
    found: dict[str, Any] = {
        "frequency_hz": told.frequency_hz,
        "frequencies": told.frequencies,
        "patches": told.patches,
        "audio_name": told.audio_name,
        "audio_type": told.audio_type,
        "system": told.system,
        "system_label": told.system_label,
        **told.details,
    }
    return {name: value for name, value in found.items() if value} | {FIELDS: told.fields}


def over_rows(arriving: Arriving, call: Call, plan: LivePlan, ids: list[str]) -> list[Transmission]:
    """Return the overs of an upload, one for each source; ``ids`` has at least as many."""
    sources = overs_of(arriving.call)
    return [
        _over(arriving, call, plan, (over_id, source, until))
        for over_id, (source, until) in zip(ids, _spans(sources), strict=False)
    ]


def overs_of(call: Received) -> list[Source]:
    """Return who talked, in order; one unknown talker where nobody is told."""
    found: list[Source] = []
    for one in call.sources:
        if found and found[-1].from_ms == one.from_ms and one.unit in (0, found[-1].unit):
            continue
        found.append(one)
    return found or [Source(unit=0)]


def _spans(sources: list[Source]) -> list[tuple[Source, int | None]]:
    ends: list[int | None] = [one.from_ms for one in sources[1:]]
    return list(zip(sources, [*ends, None], strict=True))


def _over(
    arriving: Arriving, call: Call, plan: LivePlan, part: tuple[str, Source, int | None]
) -> Transmission:
    over_id, source, until_ms = part
    told = arriving.call
    talker = unit_id(arriving.key.system, source.unit) if source.unit else None
    until_ms = until_ms if until_ms is not None else told.length_ms
    length_ms = max(0, (until_ms or 0) - source.from_ms)
    started = arriving.started_utc + source.from_ms * US_PER_MS
    return Transmission(
        id=over_id,
        call=call.id,
        talkgroup=arriving.talkgroup,
        link=LINK + arriving.key.id,
        talker=talker,
        alias=source.tag or (plan.alias(talker) if talker else ""),
        started_utc=started,
        ended_utc=started + length_ms * US_PER_MS,
        duration_ms=length_ms,
        emergency=source.emergency or (told.emergency and len(told.sources) <= 1),
        encrypted=told.encrypted,
        readable=not told.encrypted,
        cause=CAUSE,
        not_recorded=arriving.no_sound,
        uploaded=arriving.key.name,
        retention_class=call.retention_class,
        expires_utc=expiry_utc(call.retention_class, started),
    )


def place_rows(arriving: Arriving, overs: list[Transmission]) -> list[UploadOver]:
    """Return where in the received recording each over lies."""
    spans = _spans(overs_of(arriving.call))
    return [
        UploadOver(
            transmission=over.id,
            upload=arriving.id,
            from_ms=source.from_ms if number else 0,
            to_ms=until,
        )
        for number, (over, (source, until)) in enumerate(zip(overs, spans, strict=True))
    ]


def file_rows(arriving: Arriving, overs: list[Transmission]) -> list[RecordingFileRow]:
    """Return the received file as a file of each over: it belongs to all of them."""
    if arriving.no_sound:
        return []
    return [
        RecordingFileRow(
            transmission=over.id,
            kind=RECEIVED,
            sha256=arriving.sha256,
            size_bytes=len(arriving.call.audio),
            name=arriving.file,
            duration_ms=arriving.call.length_ms or 0,
            closed_utc=arriving.received_utc,
        )
        for over in overs
    ]

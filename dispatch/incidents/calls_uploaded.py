"""Calls that recorders uploaded, near incidents that go on: what is known of them for the score.

They are read from the store each time: they come late, many at once, and are no part of the live
picture. Nothing of them is taken for heard by our own radio.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from dispatch.cameras.clock_skew import AMBER_MS
from dispatch.incidents.suggest import AFTER_US, BEFORE_US, SiteFacts
from dispatch.incidents.tables import Incident
from dispatch.store.tables import Call, Note, Transmission
from dispatch.uploads.tables import Upload, UploadKey
from gateway.model.ids import CallId, TalkgroupId, UnitId, UtcUs, system_part
from gateway.model.plan import Plan, Site

MOST = 200
"""Calls of one incident, those that began nearest to it."""
LONGEST_US = 900_000_000
"""What began longer before the window is not looked for."""
CLOCK_US = 120_000_000
"""So far the window is widened for recorders whose clock is wrong; the score looks at it closer."""
US_PER_MS = 1000


@dataclass(slots=True, kw_only=True)
class UploadedCall:
    """One call. Times are the recorder's, shifted where its clock is known to be wrong."""

    call: CallId
    talkgroup: TalkgroupId
    start_utc: UtcUs
    end_utc: UtcUs
    recorder: str
    clock_ms: int | None
    """How far the recorder's clock is ahead of ours, None where nothing measured it."""
    emergency: bool = False
    frequency_hz: int = 0
    site_number: int = 0
    units: dict[UnitId, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


def any_uploaded(db: Session) -> bool:
    """Return whether recorders ever uploaded a call here."""
    return db.exec(select(Upload.id).limit(1)).first() is not None


def uploaded_near(db: Session, incidents: Sequence[Incident]) -> list[UploadedCall]:
    """Return the calls that only recorders heard, around these incidents."""
    rows: dict[str, Call] = {}
    for incident in incidents:
        rows |= {call.id: call for call in _around(db, incident)}
    if not rows:
        return []
    found = {call.id: _call(call) for call in rows.values()}
    _told(db, found)
    _units(db, found)
    for note in db.exec(select(Note).where(col(Note.call).in_(list(found)))):
        found[note.call].texts.append(note.text)
    return list(found.values())


def _around(db: Session, incident: Incident) -> Iterable[Call]:
    slack = abs(incident.skew_ms or 0) * US_PER_MS + CLOCK_US
    first = incident.started_utc - BEFORE_US - slack
    return db.exec(
        select(Call)
        .where(
            col(Call.started_utc).between(
                first - LONGEST_US, incident.last_event_utc + AFTER_US + slack
            ),
            or_(col(Call.ended_utc).is_(None), col(Call.ended_utc) >= first),
            Call.uploaded != "",
            col(Call.erased_utc).is_(None),
        )
        .order_by(func.abs(Call.started_utc - incident.started_utc))
        .limit(MOST)
    )


def _call(row: Call) -> UploadedCall:
    return UploadedCall(
        call=CallId(row.id),
        talkgroup=TalkgroupId(row.talkgroup),
        start_utc=UtcUs(row.started_utc),
        end_utc=UtcUs(row.ended_utc or row.started_utc),
        recorder=row.uploaded,
        clock_ms=None,
        emergency=row.emergency,
    )


def _told(db: Session, found: dict[str, UploadedCall]) -> None:
    """Add what the recording that is shown tells: frequency, site, and how its clock goes."""
    query = (
        select(Upload.call, Upload.details, UploadKey.offset_ms)
        .join(UploadKey, col(UploadKey.id) == col(Upload.key), isouter=True)
        .where(col(Upload.call).in_(list(found)), col(Upload.main).is_(True))
    )
    for call, details, offset_ms in db.exec(query):
        one, told = found[call], json.loads(details or "{}")
        one.frequency_hz = int(told.get("frequency_hz") or 0)
        site = str(told.get("site", ""))
        one.site_number = int(site) if site.isdecimal() else 0
        one.clock_ms = offset_ms
        if offset_ms is not None and abs(offset_ms) > AMBER_MS:
            one.start_utc = UtcUs(one.start_utc - offset_ms * US_PER_MS)
            one.end_utc = UtcUs(one.end_utc - offset_ms * US_PER_MS)


def _units(db: Session, found: dict[str, UploadedCall]) -> None:
    by_call: dict[str, list[Transmission]] = defaultdict(list)
    overs = select(Transmission).where(
        col(Transmission.call).in_(list(found)), col(Transmission.copy_of).is_(None)
    )
    for over in db.exec(overs.order_by(col(Transmission.started_utc))):
        by_call[over.call].append(over)
    for call, one in found.items():
        for over in by_call[call]:
            one.emergency = one.emergency or over.emergency
            if over.talker:
                one.units[UnitId(over.talker)] = over.alias


def site_of(plan: Plan, one: UploadedCall) -> SiteFacts | None:
    """Return the site of the plan whose number or frequency a recorder tells, when it is one."""
    system = system_part(one.talkgroup)
    sites = [site for site in plan.sites if site.system == system and site.latitude is not None]
    by_number = [site for site in sites if one.site_number and site.number == one.site_number]
    by_sound = [site for site in sites if one.frequency_hz in site.frequencies_hz]
    for told in (by_number, by_sound):
        if len(told) == 1:
            return _site(told[0], one.frequency_hz)
    return None


def _site(site: Site, frequency_hz: int) -> SiteFacts | None:
    if site.latitude is None or site.longitude is None:
        return None
    return SiteFacts(
        name=site.name,
        latitude_deg=site.latitude,
        longitude_deg=site.longitude,
        frequency_hz=frequency_hz,
    )

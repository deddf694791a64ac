"""Records of processing (LED Art. 24) and the description for an impact assessment (Art. 27).

Made from what is configured and in use: sources, purposes, retention, recipients. What only the
organisation knows is marked as such; nothing is made up.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, func, select

from dispatch.audit.log_index import LogIndex
from dispatch.cameras.tables import Camera, CameraSource
from dispatch.reports.settings import UNSAID, ReportSettings
from dispatch.store.retention import days_in_use
from dispatch.uploads.tables import UploadKey
from gateway.model.plan import Plan

US_PER_DAY = 86_400_000_000
RECIPIENT_DAYS = 365
RADIO = "people who use the radios, and whom they speak of"
CAUGHT = "people in the view of a camera"
ACTIVITIES = (
    ("Radio calls", "to command units and answer for what was said", RADIO,
     "sound, radio numbers, times", "call"),
    ("Emergency calls and alarms", "to help people in danger", RADIO,
     "sound, radio numbers, place, times", "emergency_call"),
    ("Private and telephone calls", "to speak with one person", "both ends of the call",
     "sound unless protected, numbers, times", "private_call"),
    ("Texts and statuses", "to send and receive short messages", RADIO,
     "text, radio numbers, times", "message"),
    ("Places of radios", "to send the nearest help", "people who carry a radio",
     "positions, times", "position"),
    ("Incidents", "to gather what belongs together", "people concerned by an incident",
     "title, notes, links to calls, units and cameras", "incident"),
    ("Camera events", "to notice incidents", CAUGHT,
     "kind, place, time, machine's guesses", "event"),
    ("Stills and clips", "to see what happened", CAUGHT, "pictures", "media"),
    ("Face and plate hits", "to find a wanted person or vehicle; reviewed by people first",
     "people and vehicles on a list with a legal basis", "name or plate, score, both reviewers",
     "event"),
    ("Desk telemetry", "to find faults of a desk; in no figure about people", "staff",
     "volume, focus, selection", "telemetry"),
    ("Audit log", "lawfulness of use, self-monitoring, integrity, criminal proceedings (Art. 25)",
     "staff, and by keyed hash the people looked up", "account, operation, object, purpose, time",
     "audit"),
)  # fmt: skip
"""Activity, purpose, people, data, retention class."""
SAFEGUARDS = (
    ("Access", "role and grant for each talkgroup and camera group; four eyes for what leaves"),
    ("Log", "six operations, append-only, signed, witnessed; read with a purpose only"),
    ("Storage", "recordings and pictures sealed file by file; erasure destroys the key"),
    ("Transport", "HTTPS; sound between browser and server is encrypted (DTLS-SRTP)"),
    (
        "Automated decisions",
        "none: a machine's hit does nothing before people confirm it (Art. 11)",
    ),
    ("People concerned", "extract of the log on request, released by the data protection officer"),
)


@dataclass(slots=True)
class Section:
    """One table of the record."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)


def record_of_processing(
    db: Session, index: LogIndex, plan: Plan, settings: ReportSettings, now: int
) -> list[Section]:
    """Return the record as it is today; blocks."""
    return [
        _controller(settings),
        _activities(settings),
        _sources(db, plan),
        Section("Retention", ("Class", "Days"), [
            (name, str(days)) for name, days in sorted(days_in_use().items())
        ]),
        _recipients(index, now),
        Section("Safeguards (Art. 29)", ("What", "How"), list(SAFEGUARDS)),
    ]  # fmt: skip


def _controller(settings: ReportSettings) -> Section:
    said = (
        ("Controller", settings.controller),
        ("Contact", settings.contact),
        ("Data protection officer", settings.officer),
        ("Supervisory authority", settings.authority),
        ("Law under which is recorded", settings.basis),
    )
    rows = [(name, value or UNSAID) for name, value in said]
    return Section("Who is responsible", ("What", "Value"), list(rows))


def _activities(settings: ReportSettings) -> Section:
    days = days_in_use()
    rows = [
        (name, purpose, people, data, f"{days[kept]} days" if kept in days else UNSAID,
         settings.basis or UNSAID)
        for name, purpose, people, data, kept in ACTIVITIES
    ]  # fmt: skip
    columns = ("Processing", "Purpose", "People", "Data", "Kept", "Legal basis")
    return Section("Processing", columns, list(rows))


def _sources(db: Session, plan: Plan) -> Section:
    sites = {site.id: site.name for site in plan.sites}
    rows: list[Sequence[str]] = [
        (link.name, f"radio link, {link.kind}", sites.get(link.site, str(link.site)),
         f"{len(link.talkgroups)} talkgroups to transmit on")
        for link in plan.links
    ]  # fmt: skip
    counted = dict(db.exec(select(Camera.source, func.count()).group_by(col(Camera.source))).all())
    rows += [
        (source.name or source.id, f"camera source, {source.kind}", "",
         f"{counted.get(source.id, 0)} cameras")
        for source in db.exec(select(CameraSource).order_by(col(CameraSource.id)))
    ]  # fmt: skip
    live = select(UploadKey).where(col(UploadKey.revoked_utc).is_(None))
    rows += [
        (key.name, "recorder that uploads calls", "", f"system {key.system}")
        for key in db.exec(live.order_by(col(UploadKey.name)))
    ]
    return Section("Configured sources", ("Source", "Kind", "Site", "Extent"), rows)


def _recipients(index: LogIndex, now: int) -> Section:
    """Return to whom something was given out in the last year, from the log."""
    rows = index.rows(
        "SELECT CAST(l.entry AS TEXT) ->> '$.recipient.name', "
        "CAST(l.entry AS TEXT) ->> '$.recipient.country', "
        "CAST(l.entry AS TEXT) ->> '$.recipient.basis', count(*) "
        "FROM entry e JOIN log.audit_log l ON l.seq = e.seq "
        "WHERE e.told = 1 AND e.op = 'disclose' AND e.result = 'ok' AND e.t_utc >= ? "
        "GROUP BY 1, 2, 3 ORDER BY 1",
        (now - RECIPIENT_DAYS * US_PER_DAY,),
    )
    columns = ("Recipient", "Country", "Basis", "Times in 12 months")
    told = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    return Section("Recipients", columns, list(told))


def as_json(sections: list[Section]) -> list[dict[str, Any]]:
    """Return the record as JSON values."""
    return [
        {"title": one.title, "columns": list(one.columns), "rows": [list(row) for row in one.rows]}
        for one in sections
    ]


def as_markdown(sections: list[Section], room: str, day: str) -> str:
    """Return the record as Markdown."""
    lines = [f"# Records of processing: {room}", "", f"As configured on {day}.", ""]
    for one in sections:
        lines += [f"## {one.title}", "", _row(one.columns), "|" + "---|" * len(one.columns)]
        lines += [_row(row) for row in one.rows] or [_row(["none", *[""] * (len(one.columns) - 1)])]
        lines.append("")
    return "\n".join(lines)


def as_csv(sections: list[Section]) -> str:
    """Return the record as CSV: section, then the cells; a heading row before each section."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for one in sections:
        writer.writerow([one.title, *one.columns])
        for row in one.rows:
            writer.writerow([one.title, *(_harmless(cell) for cell in row)])
    return out.getvalue()


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _harmless(cell: str) -> str:
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t") else cell

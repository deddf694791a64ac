"""Items of the lanes that carry sound: talkgroups and units. Runs inside a read of the store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, or_, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.calllog.tables import UnitStatus
from dispatch.evidence.outages import Outage
from dispatch.services.plans import LivePlan
from dispatch.store.tables import RecordingFileRow, Transmission, UnitPosition
from dispatch.uploads.looking import why_silent

Row = dict[str, Any]
"""A JSON object of the API."""
LONGEST_US = 3600 * 1_000_000
"""An over that began this long before the time may reach into it."""
MAX_ITEMS = 2000
US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that is shown, UTC microseconds, and the largest number of items of a lane."""

    from_utc: int
    to_utc: int


def item(item_id: str, from_utc: int, kind: str, **known: Any) -> Row:  # Any: JSON values
    """Return an item of a lane: what is known, and the rest as nothing."""
    row: Row = {
        "id": item_id,
        "from_utc": from_utc,
        "to_utc": None,
        "kind": kind,
        "title": "",
        "text": "",
        "who": "",
        "emergency": False,
        "has_sound": False,
        "readable": True,
        "why_no_sound": "",
        "call": None,
        "talkgroup": None,
        "unit": None,
        "peaks_url": None,
        "play_url": None,
        "offset_ms": None,
        "gap": False,
        "uploaded": "",
    }
    return row | known


def lane(kind: str, lane_id: str, name: str, sub: str, items: Iterable[Row]) -> Row:
    """Return a lane with its items in order of time; ``cut`` when there were too many."""
    ordered = sorted(items, key=lambda one: (one["from_utc"], one["id"]))
    return {
        "kind": kind,
        "id": lane_id,
        "name": name,
        "sub": sub,
        "items": ordered[:MAX_ITEMS],
        "cut": len(ordered) > MAX_ITEMS,
    }


def overs(db: Session, window: Window, *, talkgroup: str = "", unit: str = "") -> list[Any]:
    """Return the overs that touch the time, of a talkgroup or a unit, copies left out."""
    query = select(Transmission).where(
        col(Transmission.started_utc) >= window.from_utc - LONGEST_US,
        col(Transmission.started_utc) < window.to_utc,
        or_(col(Transmission.ended_utc).is_(None), col(Transmission.ended_utc) > window.from_utc),
        col(Transmission.copy_of).is_(None),
    )
    if talkgroup:
        query = query.where(col(Transmission.talkgroup) == talkgroup)
    if unit:
        query = query.where(col(Transmission.talker) == unit)
    return list(db.exec(query.order_by(col(Transmission.started_utc)).limit(MAX_ITEMS + 1)))


def sound_items(
    db: Session, found: Sequence[Transmission], plan: LivePlan, access: Access
) -> list[Row]:
    """Return overs as items; addresses of the sound only for those who may play it."""
    kept = set(
        db.exec(
            select(RecordingFileRow.transmission).where(
                col(RecordingFileRow.transmission).in_([row.id for row in found]),
                RecordingFileRow.kind == "opus",
            )
        )
    )
    silent = why_silent(db, [row.id for row in found if row.uploaded])
    items = [_over(row, row.id in kept, plan, access) for row in found]
    for one in items:
        if one["id"] in silent and not one["has_sound"]:
            one["why_no_sound"] = silent[one["id"]]
    return items


def _over(row: Transmission, kept: bool, plan: LivePlan, access: Access) -> Row:
    has_sound = kept and row.erased_utc is None and row.readable
    plays = (
        has_sound
        and access.may("recording.play")
        and access.can_on(Action.REPLAY, row.talkgroup, row.link)
    )
    address = f"/api/v1/recordings/{row.id}"
    name = row.alias or plan.alias(row.talker) or row.operator or "unknown unit"
    return item(
        row.id,
        row.started_utc,
        "over",
        to_utc=row.ended_utc,
        title=f"{name} via {row.patch_label}" if row.patch_label else name,
        text=plan.talkgroup_name(row.talkgroup),
        who=row.operator,
        emergency=row.emergency,
        has_sound=has_sound,
        readable=row.readable,
        why_no_sound="" if has_sound else why_no_sound(row, kept),
        uploaded=row.uploaded,
        call=row.call,
        talkgroup=row.talkgroup,
        unit=row.talker,
        peaks_url=f"{address}/peaks" if plays else None,
        play_url=address if plays else None,
    )


def why_no_sound(row: Transmission, kept: bool) -> str:
    """Return why an over cannot be heard, in words."""
    if row.erased_utc is not None:
        return "erased"
    if row.encrypted and not row.readable:
        return "no key: activity only"
    if row.not_recorded:
        return f"not recorded: {row.not_recorded}"
    if row.ended_utc is None:
        return "not ended"
    return "" if kept else "no recording"


def unit_items(db: Session, window: Window, unit: str) -> list[Row]:
    """Return what a unit told of itself: places and statuses."""
    fixes = db.exec(
        select(UnitPosition)
        .where(
            col(UnitPosition.unit) == unit,
            col(UnitPosition.t_utc) >= window.from_utc,
            col(UnitPosition.t_utc) < window.to_utc,
        )
        .order_by(col(UnitPosition.t_utc))
        .limit(MAX_ITEMS)
    )
    places = [_place(row) for row in fixes]
    return places + status_items(db, window, [unit], str)


def _place(row: UnitPosition) -> Row:
    age_s = row.age_s or 0
    error = "" if row.error_m is None else f" ± {row.error_m:.0f} m"
    words = f"{row.latitude_deg:.5f}, {row.longitude_deg:.5f}{error}, fix {age_s} s old"
    return item(
        f"place-{row.id}",
        row.t_utc - age_s * US_PER_S,
        "place",
        title=words,
        unit=row.unit,
        latitude_deg=row.latitude_deg,
        longitude_deg=row.longitude_deg,
        error_m=row.error_m,
        age_s=row.age_s,
    )


def status_items(db: Session, window: Window, units: list[str], name: Any) -> list[Row]:
    """Return the statuses that units set; ``name`` turns a unit's id into its alias."""
    rows = db.exec(
        select(UnitStatus)
        .where(
            col(UnitStatus.unit).in_(units),
            col(UnitStatus.t_utc) >= window.from_utc,
            col(UnitStatus.t_utc) < window.to_utc,
        )
        .order_by(col(UnitStatus.t_utc))
        .limit(MAX_ITEMS)
    )
    return [
        item(
            f"status-{row.id}",
            row.t_utc,
            "status",
            title=row.words or f"status {row.digit or row.value}",
            text=f"status {row.digit or row.value}",
            who=name(row.unit),
            unit=row.unit,
            emergency=row.kind == "emergency",
        )
        for row in rows
    ]


def outage_items(outages: Sequence[Outage], talkgroup: str, plan: LivePlan) -> list[Row]:
    """Return when nothing could be recorded of a talkgroup: all its links or the recorder away."""
    links = {str(link.id) for link in plan.links_of.get(talkgroup, ())}  # type: ignore[call-overload]  # an id is its text
    items = []
    for number, outage in enumerate(outages):
        if outage.link is not None and outage.link not in links:
            continue
        seconds = round((outage.end_utc - outage.start_utc) / US_PER_S)
        what = "recorder away" if outage.link is None else "link lost"
        whose = "" if outage.link is None else f", {plan.link_name(outage.link)}"
        partly = outage.link is not None and len(links) > 1
        items.append(
            item(
                f"gap-{talkgroup}-{number}",
                outage.start_utc,
                "gap",
                to_utc=outage.end_utc,
                title=f"Gap {seconds} s: {what}{whose}",
                text="other links of the talkgroup may have recorded" if partly else "",
                why_no_sound=what,
                talkgroup=talkgroup,
                gap=not partly,
            )
        )
    return items

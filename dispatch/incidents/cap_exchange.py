"""Alerts of the Common Alerting Protocol to and from other control rooms, kept as they were.

An alert that came before is told and changes nothing. What is not ``Actual`` never makes an
incident: an exercise must not look like one. An update or cancellation belongs to the incident of
the alert that it names, and only the sender of that may give it. Nothing here closes an incident;
people do.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.cameras.register import CameraInfo
from dispatch.errors import Conflict, NotFound
from dispatch.incidents import cap
from dispatch.incidents.cap_model import Alert, Area, Info, Reference, written
from dispatch.incidents.claims import confirmed
from dispatch.incidents.openings import opening_of
from dispatch.incidents.service import Incidents
from dispatch.incidents.tables import CapMessage, Incident, IncidentTimeline
from dispatch.store.engine import Store, StoreUnavailable
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

SWEEP_S = 10.0
ACTIVE, UPDATED, CANCELLED, EXPIRED = "active", "updated", "cancelled", "expired"
SEVERITY_OF = {"Extreme": "alert", "Severe": "alert", "Moderate": "detection"}
CAP_OF = {
    "alert": ("Immediate", "Severe", "Observed"),
    "detection": ("Expected", "Moderate", "Likely"),
    "info": ("Unknown", "Minor", "Possible"),
}
"""Our severity -> urgency, severity, certainty."""
SHOWN = (
    "id", "direction", "sender", "identifier", "sent", "status", "msg_type", "scope", "incident",
    "state", "t_utc", "expires_utc", "raw_sha256",
)  # fmt: skip
Row = dict[str, Any]
"""A JSON object of the API."""


@dataclass(frozen=True, slots=True)
class CapPeers:
    """Who sends alerts here: by id, whose alerts (empty: anybody's) and for which camera group."""

    peers: Mapping[str, tuple[tuple[str, ...], str]]


class CapExchange:
    """Takes and makes alerts; ``run`` lets them expire."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        randomness: Callable[[int], bytes],
        incidents: Incidents,
        origin: str,
    ) -> None:
        """Take store and incidents; ``origin`` names this room (``samband@room1.example.se``)."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._incidents = incidents
        self._origin = origin
        self._closing = asyncio.Event()

    def _id(self, prefix: str) -> str:
        return prefix + ulid(self._clock.utc_us(), self._randomness(10))

    # ---- CAP in --------------------------------------------------------------------------------

    async def receive_cap(
        self, raw: bytes, *, group: str = "", who: str = "", senders: tuple[str, ...] = ()
    ) -> Row:
        """Take an alert; returns what became of it.

        ``senders``: whom this peer may speak for, empty for anybody. Raises BadCap when the alert
        cannot be used, Conflict when it speaks for another.
        """
        alert = cap.read(raw)
        if senders and alert.sender not in senders:
            raise Conflict(f"this peer may not send alerts of {alert.sender}")
        known = await self._store.read(lambda db: _find(db, "in", alert.reference))
        if known is not None:
            return {"id": known.id, "duplicate": True, "incident": known.incident}
        earlier = await self._store.read(
            lambda db: [
                found
                for reference in alert.references
                if (found := _named(db, reference)) is not None
            ]
        )
        if any(one.sender != alert.sender for one in earlier):
            raise Conflict("an alert may only update or cancel alerts of its own sender")
        incident = await self._incident_of(alert, earlier, group, who)
        message = self._message(alert, raw, "in", incident)

        def work(db: Session) -> bool:
            if _find(db, "in", alert.reference) is not None:
                return False
            _replace(db, alert, earlier, message.id)
            db.add(message)
            return True

        fresh = await self._store.write(work)
        return {
            "id": message.id,
            "duplicate": not fresh,
            "incident": incident,
            "state": message.state,
            "status": alert.status,
            "faults": list(alert.faults),
        }

    async def _incident_of(
        self, alert: Alert, earlier: list[CapMessage], group: str, who: str
    ) -> str:
        """Return the incident that an alert belongs to: an earlier one's, or one that it opens."""
        if alert.status != "Actual":
            return ""
        words = _headline(alert)
        known = next((one.incident for one in earlier if one.incident), "")
        if known:
            line = {"Update": "Update", "Cancel": "Cancelled by its sender"}.get(
                alert.msg_type, alert.msg_type
            )
            await self._note(known, f"CAP {line}: {words}", alert)
            return known
        if alert.msg_type not in ("Alert", "Update"):
            return ""
        return await self._open(alert, words, group, who)

    async def _note(self, incident: str, text: str, alert: Alert) -> None:
        severity = _severity(alert) if alert.msg_type == "Update" else ""

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            if severity:
                row.severity = severity
            db.add(
                IncidentTimeline(incident=row.id, t_utc=now, kind="cap", text=text[:4000], data={})
            )

        await self._incidents.change(incident, "cap", "", work, follow=True)

    async def _open(self, alert: Alert, words: str, group: str, who: str) -> str:
        now = self._clock.utc_us()
        place, latitude, longitude, range_m = cap.place_of(alert)
        camera = CameraInfo(
            id=f"cap:{alert.sender}",
            name=alert.sender,
            place=place or alert.sender,
            group=group,
            latitude_deg=latitude,
            longitude_deg=longitude,
            range_m=min(range_m, 10_000.0),
        )
        opening = opening_of(
            incident=self._id("i-"),
            kind="cap",
            severity=_severity(alert),
            title=words,
            source=f"cap:{alert.sender}",
            camera=camera,
            started_utc=alert.sent_utc or now,
            now=now,
        )
        incident = await self._incidents.open_from(opening, who)
        if alert.msg_type == "Update":
            await self._note(incident, "It updates an alert that never came here", alert)
        return incident

    def _message(self, alert: Alert, raw: bytes, direction: str, incident: str) -> CapMessage:
        now, expires = self._clock.utc_us(), alert.expires_utc
        gone = alert.msg_type == "Cancel" or (expires is not None and expires <= now)
        return CapMessage(
            id=self._id("c-"),
            direction=direction,
            sender=alert.sender,
            identifier=alert.identifier,
            sent=alert.sent,
            status=alert.status,
            msg_type=alert.msg_type,
            scope=alert.scope,
            incident=incident,
            state=(CANCELLED if alert.msg_type == "Cancel" else EXPIRED) if gone else ACTIVE,
            t_utc=now,
            expires_utc=expires,
            raw_sha256=hashlib.sha256(raw).hexdigest(),
            raw=raw,
        )

    async def expire(self) -> int:
        """Let alerts expire whose time has passed; returns how many."""
        now = self._clock.utc_us()
        due = select(CapMessage).where(
            CapMessage.state == ACTIVE,
            col(CapMessage.expires_utc).is_not(None),
            col(CapMessage.expires_utc) <= now,
        )
        if not await self._store.read(lambda db: db.exec(due.limit(1)).first()):
            return 0

        def work(db: Session) -> int:
            found = list(db.exec(due))
            for message in found:
                message.state = EXPIRED
                db.add(message)
                if message.incident and message.direction == "in":
                    text = f"CAP {message.identifier} has expired"
                    db.add(
                        IncidentTimeline(
                            incident=message.incident, t_utc=now, kind="cap", text=text, data={}
                        )
                    )
            return len(found)

        return await self._store.write(work)

    # ---- CAP out -------------------------------------------------------------------------------

    async def make_cap(
        self,
        incident: str,
        *,
        status: str,
        restriction: str,
        addresses: str,
        minutes: int,
        who: str,
    ) -> bytes:
        """Return an alert of an incident: Alert first, then Update, Cancel when it is closed.

        Raises NotFound, or BadCap when what was asked for cannot stand in an alert.
        """
        now = self._clock.utc_us()

        def facts(db: Session) -> tuple[Incident, list[CapMessage], list[Row]]:
            row = db.get(Incident, incident)
            if row is None:
                raise NotFound(f"there is no incident {incident}")
            query = select(CapMessage).where(
                CapMessage.incident == incident, CapMessage.direction == "out"
            )
            before = list(db.exec(query.order_by(col(CapMessage.t_utc))))
            return row, before, confirmed(db, incident)

        row, sent, claims = await self._store.read(facts)
        if row.exercise and status == "Actual":
            raise Conflict(f"{row.label} is an exercise: its alerts are not Actual")
        earlier = [one for one in sent if one.status == status]
        kind = ("Cancel" if row.state == "closed" else "Update") if earlier else "Alert"
        info = _info_of(row, claims, now, minutes)
        alert = Alert(
            identifier=f"{row.label}-{len(sent) + 1}",
            sender=self._origin,
            sent=written(now),
            status=status,
            msg_type=kind,
            scope="Private" if addresses else "Restricted",
            source=f"operator {who}",
            restriction="" if addresses else restriction,
            addresses=addresses,
            references=tuple(
                Reference(sender=one.sender, identifier=one.identifier, sent=one.sent)
                for one in earlier
            ),
            incidents=(row.label,),
            infos=(info,),
        )
        raw = cap.write(alert)
        message = self._message(alert, raw, "out", incident)

        def work(db: Session) -> None:
            _replace(db, alert, earlier, message.id)
            db.add(message)

        await self._store.write(work)
        return raw

    async def cap_rows(self, state: str | None, limit: int) -> list[Row]:
        """Return alerts, newest first."""

        def work(db: Session) -> list[Row]:
            query = select(CapMessage).order_by(col(CapMessage.id).desc()).limit(limit)
            if state:
                query = query.where(CapMessage.state == state)
            return [{name: getattr(row, name) for name in SHOWN} for row in db.exec(query)]

        return await self._store.read(work)

    async def run(self) -> None:
        """Sweep until ``close``."""
        while not self._closing.is_set():
            with contextlib.suppress(StoreUnavailable):  # tried again at the next sweep
                await self.expire()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S):
                    await self._closing.wait()

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()


def _find(db: Session, direction: str, reference: Reference) -> CapMessage | None:
    return db.exec(
        select(CapMessage).where(
            CapMessage.direction == direction,
            CapMessage.sender == reference.sender,
            CapMessage.identifier == reference.identifier,
            CapMessage.sent == reference.sent,
        )
    ).first()


def _named(db: Session, reference: Reference) -> CapMessage | None:
    """Return the alert that a reference names; a time written otherwise does not hide it."""
    exact = _find(db, "in", reference)
    if exact is not None or not reference.identifier:
        return exact
    return db.exec(
        select(CapMessage).where(
            CapMessage.direction == "in",
            CapMessage.sender == reference.sender,
            CapMessage.identifier == reference.identifier,
        )
    ).first()


def _replace(db: Session, alert: Alert, earlier: list[CapMessage], by: str) -> None:
    """Mark what an update or cancellation names as over."""
    if alert.msg_type not in ("Update", "Cancel"):
        return
    for one in earlier:
        row = db.get(CapMessage, one.id)
        if row is not None and row.state == ACTIVE:
            row.state = UPDATED if alert.msg_type == "Update" else CANCELLED
            row.replaced_by = by
            db.add(row)


def _headline(alert: Alert) -> str:
    """Return what an alert says in a line."""
    for info in alert.infos:
        if info.headline or info.event:
            return (info.headline or info.event)[:200]
    return alert.note[:200] or "Alert without words"


def _severity(alert: Alert) -> str:
    return next((SEVERITY_OF.get(info.severity, "info") for info in alert.infos), "info")


def _info_of(row: Incident, claims: list[Row], now: UtcUs, minutes: int) -> Info:
    urgency, severity, certainty = CAP_OF[row.severity]
    areas: tuple[Area, ...] = ()
    if row.latitude_deg is not None and row.longitude_deg is not None:
        circle = (row.latitude_deg, row.longitude_deg, row.range_m / 1000)
        areas = (Area(description=row.place or row.label, circles=(circle,)),)
    elif row.place:
        areas = (Area(description=row.place),)
    return Info(
        language="en",
        categories=("Security",),
        event=row.title[:200],
        response_types=("Monitor",),
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        effective=written(now),
        expires=written(UtcUs(now + minutes * 60_000_000)),
        headline=row.title[:160],
        parameters=tuple((f"confirmed {one['type']}", one["value"]) for one in claims),
        areas=areas,
    )

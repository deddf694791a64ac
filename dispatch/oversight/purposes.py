"""Why somebody looks: asked once per person and incident, case or order, good for eight hours.

Whoever consults what was recorded states a purpose: an open incident, a case, an order of a court,
or words that say why. Live work never waits for it: a desk's own replay of the last hour, alarms
and live sound need none. ``Record`` asks ``demand`` before each entry of the kinds that need one,
so that a route cannot forget to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Act, Obj, Purpose
from dispatch.auth.access import Access
from dispatch.auth.permissions import Role
from dispatch.errors import NotFound, ServiceError
from dispatch.incidents.tables import Incident
from dispatch.incidents.views import assigned_talkgroups, sees
from dispatch.oversight.keyed import Keyed
from dispatch.oversight.reasons import MIN_CHARACTERS, normal
from dispatch.oversight.tables import PurposeRow
from dispatch.services.record import Asker, Record, purpose_of
from dispatch.store.engine import Store
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

HOURS = 8
US_PER_HOUR = 3_600_000_000
FREE_US = US_PER_HOUR
"""What a desk may hear and open again of its own talkgroups without a purpose: an hour."""
MAX_REPEATS = 5
"""How often in a row the same words are taken."""
CODES = ("incident", "case", "order", "other")
NEEDED = frozenset(
    {
        "call.search", "call.open", "recording.play", "recording.peaks", "lanes.open",
        "access.read", "audit.read", "trail.person", "trail.subject", "trail.object",
        "audit.proof", "breach.listed", "trace.fetched",
    }
)  # fmt: skip
"""What is consulted only with a purpose. Evidence asks for its own, with the legal basis."""
CHOICES = 50
Row = dict[str, Any]
"""A JSON object of the API."""


class PurposeNeeded(ServiceError):
    """Nothing is shown before it is stated why; the page asks, then tries again."""

    status = 428


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A purpose that stands. ``words`` is what the page shows of it."""

    id: str
    user: str
    purpose: Purpose
    stated_utc: UtcUs
    until_utc: UtcUs

    def to_json(self) -> Row:
        """Return it for its own user."""
        why = self.purpose
        return {
            "id": self.id,
            "code": why.code,
            "ref": why.ref,
            "text": why.text or "",
            "words": ", ".join(filter(None, (f"{why.code} {why.ref}".strip(), why.text)))
            if why.ref
            else why.text or why.code,
            "stated_utc": self.stated_utc,
            "until_utc": self.until_utc,
        }


class Purposes:
    """All purposes that stand, in memory, as every request asks for one."""

    def __init__(
        self,
        *,
        store: Store,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
        keyed: Keyed,
        seated: Callable[[str], bool],
    ) -> None:
        """Take the store; ``seated`` tells whether a user holds a position. Blocks: at start."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness
        self._keyed = keyed
        self._seated = seated
        self._order_known: Callable[[Session, str], bool] | None = None
        now = clock.utc_us()
        rows = store.read_now(
            lambda db: list(db.exec(select(PurposeRow).where(col(PurposeRow.until_utc) > now)))
        )
        self._standing = {row.id: _stated(row) for row in rows}

    def orders(self, known: Callable[[Session, str], bool]) -> None:
        """Check the numbers of orders with ``known`` from now on."""
        self._order_known = known

    # ---- stating -------------------------------------------------------------------------------

    async def state(self, asker: Asker, code: str, ref: str, text: str) -> Stated:
        """Take a purpose; the same one that stands already is returned as it is.

        Raises ServiceError on words that say nothing, NotFound on an incident or order that this
        person may not know of, LogNotWritable.
        """
        if code not in CODES:
            raise ServiceError(f"purpose: expected one of {', '.join(CODES)}, got {code!r}")
        if code != "other" and not ref.strip():
            raise ServiceError(f"purpose: which {code}? Give its number.")
        given = purpose_of(code, ref.strip(), text)
        if given is None or not (given.ref or given.text):
            raise ServiceError(
                "purpose: pick an incident, a case or an order, or write why",
                hint=f"At least {MIN_CHARACTERS} characters that would not fit any other search.",
            )
        user, now = asker.access.user.id, self._clock.utc_us()
        key = self._keyed.of("words", normal(given.text)) if given.text else ""
        purpose = await self._store.read(lambda db: self._checked(db, asker.access, given, key))
        for known in self.mine(user):
            if known.purpose == purpose:
                return known
        row = PurposeRow(
            id="why-" + ulid(now, self._randomness(10)),
            user=user,
            code=purpose.code,
            ref=purpose.ref,
            text=purpose.text,
            text_key=key,
            stated_utc=now,
            until_utc=now + HOURS * US_PER_HOUR,
        )
        await self._record.append(
            Act(
                op="auth",
                verb="purpose.stated",
                actor=asker.actor,
                via=asker.via,
                obj=Obj(type="purpose", id=row.id),
                purpose=purpose,
            )
        )
        await self._store.write(lambda db: db.add(row))
        stated = self._standing[row.id] = _stated(row)
        return stated

    def _checked(self, db: Session, access: Access, purpose: Purpose, key: str) -> Purpose:
        if purpose.code == "incident":
            return Purpose(code="incident", ref=_label(db, access, purpose.ref), text=purpose.text)
        known = self._order_known
        if purpose.code == "order" and known is not None and not known(db, purpose.ref):
            raise NotFound(f"there is no order {purpose.ref}", hint="Enter the order first.")
        if key and not purpose.ref and self._repeats(db, access.user.id, key) >= MAX_REPEATS:
            raise ServiceError(
                f"purpose: you gave these words {MAX_REPEATS} times in a row",
                hint="Pick the incident or case, or write what is different this time.",
            )
        return purpose

    def _repeats(self, db: Session, user: str, key: str) -> int:
        """Return how many of the last purposes of a user have the same words."""
        query = select(PurposeRow.text_key).where(PurposeRow.user == user)
        newest = db.exec(query.order_by(col(PurposeRow.stated_utc).desc()).limit(MAX_REPEATS))
        count = 0
        for one in newest:
            if one != key:
                break
            count += 1
        return count

    # ---- asking --------------------------------------------------------------------------------

    def mine(self, user: str) -> list[Stated]:
        """Return what stands of a user, newest first."""
        now = self._clock.utc_us()
        mine = [one for one in self._standing.values() if one.user == user and one.until_utc > now]
        return sorted(mine, key=lambda one: -one.stated_utc)

    def of(self, user: str, purpose_id: str) -> Purpose | None:
        """Return a purpose of a user by its id, None when it is not theirs or its time is over."""
        found = self._standing.get(purpose_id)
        if found is None or found.user != user or found.until_utc <= self._clock.utc_us():
            return None
        return found.purpose

    def demand(
        self, asker: Asker, verb: str, purpose: Purpose | None, since_utc: int | None
    ) -> None:
        """Raise PurposeNeeded unless a purpose stands or none is needed.

        ``since_utc`` is the oldest of what will be shown, None when that is not known.
        """
        if verb not in NEEDED or purpose is not None:
            return
        if self.free(asker.access, since_utc):
            return
        raise PurposeNeeded(
            "say first why you look: an incident, a case, an order, or words",
            hint="It is asked once for each and stands for eight hours.",
        )

    def free(self, access: Access, since_utc: int | None) -> bool:
        """Whether this is a desk's own work: nothing older than an hour, at a position."""
        role = access.user.role
        if since_utc is None or since_utc < self._clock.utc_us() - FREE_US:
            return False
        if role is Role.SUPERVISOR:
            return self._seated(access.user.id)
        return role is Role.DISPATCHER

    async def choices(self, access: Access) -> Row:
        """Return the open incidents that may be picked, newest first."""

        def work(db: Session) -> list[Row]:
            query = select(Incident).where(col(Incident.state).not_in(("closed", "merged")))
            newest = db.exec(query.order_by(col(Incident.opened_utc).desc()).limit(4 * CHOICES))
            return [
                {"id": row.id, "label": row.label, "title": row.title, "opened_utc": row.opened_utc}
                for row in newest
                if _may_pick(db, access, row)
            ][:CHOICES]

        incidents = await self._store.read(work) if access.may("incident.see") else []
        return {"incidents": incidents, "hours": HOURS, "codes": list(CODES)}

    # ---- time ----------------------------------------------------------------------------------

    async def wipe(self) -> int:
        """Forget what is over, and wipe its words from the store; returns how many were wiped."""
        now = self._clock.utc_us()
        for one in [one for one in self._standing.values() if one.until_utc <= now]:
            del self._standing[one.id]

        def work(db: Session) -> int:
            query = select(PurposeRow).where(
                col(PurposeRow.until_utc) <= now, col(PurposeRow.text).is_not(None)
            )
            rows = list(db.exec(query.limit(1000)))
            for row in rows:
                row.text = None
                db.add(row)
            return len(rows)

        return await self._store.write(work)


def _label(db: Session, access: Access, ref: str) -> str:
    query = select(Incident).where((col(Incident.label) == ref) | (col(Incident.id) == ref))
    found = db.exec(query).first()
    if found is None or not _may_pick(db, access, found):
        raise NotFound(f"there is no incident {ref}", hint="A number of another system is a case.")
    return found.label


def _may_pick(db: Session, access: Access, incident: Incident) -> bool:
    return access.may("incident.see") and sees(
        access, incident, assigned_talkgroups(db, incident.id)
    )


def _stated(row: PurposeRow) -> Stated:
    return Stated(
        id=row.id,
        user=row.user,
        purpose=Purpose(code=row.code, ref=row.ref, text=row.text),
        stated_utc=UtcUs(row.stated_utc),
        until_utc=UtcUs(row.until_utc),
    )

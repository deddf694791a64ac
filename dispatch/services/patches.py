"""Live patches from the desk: made with a reason and an end, extended, dropped.

A person may join what that person may talk on. Who made a patch may drop it; another's needs the
permission ``patch.drop_any``. The acts are noted and never wait for the database; what stands is
told by events. Patches with an end still to come are made again after a restart.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.reasons import MIN_CHARACTERS, why_empty
from dispatch.services.board_patches import PatchBoard
from dispatch.services.desk import Desk
from dispatch.services.patch_mix import MixedPatches
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.services.sight_patches import PatchSight
from dispatch.store.engine import Store
from dispatch.store.patches import PatchRow
from gateway.bus import Bus
from gateway.model.command import Reply
from gateway.model.errors import NotPermitted
from gateway.model.ids import PatchId, PositionId, TalkgroupId, UtcUs, ulid
from gateway.model.patch import PatchDrop, PatchExtend, PatchMake
from gateway.model.patch_plan import MAX_MEMBERS, PlanPatch
from gateway.ports import Clock

logger = logging.getLogger(__name__)

MIN_MINUTES, MAX_MINUTES = 1, 12 * 60
DEFAULT_MINUTES = 60
US_PER_MINUTE = 60_000_000
KEPT_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants to be joined. ``prepared``: a patch of the plan by its label."""

    talkgroups: tuple[str, ...] = ()
    name: str = ""
    reason: str = ""
    minutes: int = DEFAULT_MINUTES
    mixed: bool = False
    prepared: str = ""


class Patches:
    """Patches as people make and end them."""

    def __init__(
        self,
        *,
        board: PatchBoard,
        sight: PatchSight,
        plan: LivePlan,
        desk: Desk,
        mixed: MixedPatches,
        record: Record,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take what is shown, the audit log, and the way to the gateway."""
        self._board = board
        self._sight = sight
        self._plan = plan
        self._desk = desk
        self._mixed_patches = mixed
        self._record = record
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness

    # ---- looking -------------------------------------------------------------------------------

    def rows(self, access: Access) -> list[Row]:
        """Return the patches that stand, as this person may see them, by label."""
        rows = [
            cut for row in self._board.patches.values() if (cut := self._sight.row(access, row))
        ]
        return sorted(rows, key=lambda row: int(row["label"][1:]))

    def waits(self, access: Access) -> list[Row]:
        """Return the patches of the plan that cannot be made now, and why."""
        rows = self._board.waits.values()
        return [cut for row in rows if (cut := self._sight.wait_row(access, row))]

    def prepared(self, access: Access) -> list[Row]:
        """Return the plan's patches that do not stand and that this person may make."""
        standing = {row["label"] for row in self._board.patches.values()}
        return [
            {"label": one.id, "name": one.name, "members": list(one.members), "mixed": one.mixed}
            for one in self._plan.plan.patches
            if one.id not in standing and all(access.can(Action.TALK, m) for m in one.members)
        ]

    async def past(self, access: Access, limit: int) -> list[Row]:
        """Return patches that ended, the newest first, as far as this person sees members."""
        found = await self._store.read(lambda db: _past(db, min(limit, KEPT_ROWS)))
        rows = []
        for row in found:
            members = json.loads(row.members)
            seen = [member for member in members if access.sees(member)]
            if seen:
                rows.append(_past_row(row, seen, len(members) - len(seen)))
        return rows

    # ---- acts ----------------------------------------------------------------------------------

    async def make(self, asker: Asker, wanted: Wanted) -> Row:
        """Join talkgroups; raises ServiceError, NotPermitted or Conflict with the reason."""
        seat = self._desk.seat_of(asker.session.id)
        if seat is None:
            raise Conflict("no position is taken here", hint="Take a position first.")
        planned = self._planned(wanted.prepared) if wanted.prepared else None
        members = planned.members if planned else _talkgroups(wanted.talkgroups)
        for member in members:
            self._demand_talk(asker.access, member)
        reason, minutes = _reason(wanted.reason), _minutes(wanted.minutes)
        mixed = self._mixed(asker.access, members, agreed=wanted.mixed)
        name = " ".join(wanted.name.split()) or (planned.name if planned else "")
        command = PatchMake(
            patch=PatchId("p-" + ulid(self._clock.utc_us(), self._randomness(10))),
            name=name or self._names(members),
            members=members,
            operator=asker.access.user.display_name,
            operator_id=asker.access.user.id,
            position=PositionId(seat.position),
            reason=reason,
            until_utc=self._clock.utc_us() + minutes * US_PER_MINUTE,
            mixed=mixed,
            label=planned.id if planned else "",
        )
        reply = await self._bus.request(command)
        self._note(
            asker,
            "patch.make",
            command.patch,
            reply,
            members=list(members),
            mixed=mixed,
            reason=reason,
        )
        if not reply.ok:
            raise Conflict(reply.reason)
        label = (self._board.row(command.patch) or {}).get("label", command.label)
        self._mixed_patches.made(asker, command.patch, label, members)
        return {"patch": command.patch, "until_utc": command.until_utc}

    async def extend(self, asker: Asker, patch: str, minutes: int) -> None:
        """Let a patch stand for so many minutes from now."""
        row = self._own(asker, patch, "extend")
        until = UtcUs(self._clock.utc_us() + _minutes(minutes) * US_PER_MINUTE)
        operator = asker.access.user.display_name
        reply = await self._bus.request(
            PatchExtend(patch=PatchId(row["id"]), until_utc=until, operator=operator)
        )
        self._note(asker, "patch.extend", row["id"], reply, until_utc=until)
        _demand(reply)

    async def drop(self, asker: Asker, patch: str, reason: str) -> None:
        """End a patch; another's needs a reason."""
        row = self._own(asker, patch, "drop")
        words = " ".join(reason.split())
        if row["owner_id"] != asker.access.user.id:
            words = _reason(words)
        operator = asker.access.user.display_name
        reply = await self._bus.request(
            PatchDrop(patch=PatchId(row["id"]), operator=operator, reason=words)
        )
        self._note(asker, "patch.drop", row["id"], reply, label=row["label"], reason=words)
        _demand(reply)

    # ---- restart -------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Make again what people joined before a stop, and close what the stop ended."""
        now = self._clock.utc_us()
        for row in await self._store.read(_open_rows):
            if row.from_plan:
                await self._close(row.id, now, "server")
            elif row.until_utc is not None and row.until_utc <= now:
                await self._close(row.id, row.until_utc, "expired")
            else:
                reply = await self._bus.request(_again(row))
                if not reply.ok:
                    logger.warning("patch %s is not made again: %s", row.label, reply.reason)
                    await self._close(row.id, now, "server", reply.reason)

    async def _close(self, patch: str, at: int, cause: str, reason: str = "") -> None:
        def work(db: Session) -> None:
            row = db.get(PatchRow, patch)
            if row is not None:
                row.ended_utc, row.cause, row.end_reason = at, cause, reason
                db.add(row)

        await self._store.write(work)

    # ---- inside --------------------------------------------------------------------------------

    def _planned(self, label: str) -> PlanPatch:
        for one in self._plan.plan.patches:
            if one.id == label:
                return one
        raise NotFound(f"the plan has no patch {label}")

    def _demand_talk(self, access: Access, talkgroup: TalkgroupId) -> None:
        if not access.sees(talkgroup):
            raise NotFound(f"there is no talkgroup {talkgroup}")
        access.demand_action(Action.TALK, talkgroup, self._plan.talkgroup_name(talkgroup))

    def _mixed(self, access: Access, members: tuple[TalkgroupId, ...], *, agreed: bool) -> bool:
        groups = self._plan.talkgroups
        modes = {groups[member].encrypted for member in members if member in groups}
        if len(modes) < 2:
            return False
        access.demand("patch.mix")
        if not agreed:
            raise ServiceError(
                "these talkgroups are partly encrypted: what is said encrypted would be sent clear",
                hint="Confirm the encrypted mix, or leave out the encrypted talkgroups.",
            )
        return True

    def _names(self, members: tuple[TalkgroupId, ...]) -> str:
        text = " + ".join(self._plan.talkgroup_name(member) for member in members)
        return text if len(text) <= 40 else f"{text[:37]}..."

    def _own(self, asker: Asker, patch: str, act: str) -> Row:
        """Return a patch that this person may change; raises NotFound or NotPermitted."""
        found = self._board.row(patch)
        row = self._sight.row(asker.access, found) if found is not None else None
        if row is None:
            raise NotFound(f"there is no patch {patch}")
        own = bool(row["owner_id"]) and row["owner_id"] == asker.access.user.id
        if not own and not asker.access.may("patch.drop_any"):
            owner = row["owner"] or "the plan"
            raise NotPermitted(
                f"{row['label']} is {owner}'s: {act} it is for them or a supervisor",
                hint="Ask the owner, or a supervisor.",
            )
        return row

    def _note(self, asker: Asker, verb: str, patch: str, reply: Reply, **detail: object) -> None:
        thing = Obj(type="patch", id=patch, cat="radio")
        result = "ok" if reply.ok else "denied"
        self._record.note_of(asker, "alter", verb, thing, result=result, detail=detail)


def _talkgroups(named: tuple[str, ...]) -> tuple[TalkgroupId, ...]:
    if not 2 <= len(named) <= MAX_MEMBERS:
        raise ServiceError(f"talkgroups: expected 2 to {MAX_MEMBERS}, got {len(named)}")
    return tuple(TalkgroupId(one) for one in named)


def _reason(text: str) -> str:
    words = " ".join(text.split())
    fault = why_empty(words)
    if fault:
        raise ServiceError(
            f"reason: {fault}", hint=f"Say why in {MIN_CHARACTERS} characters or more."
        )
    return words


def _minutes(minutes: int) -> int:
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:
        raise ServiceError(
            f"minutes: expected {MIN_MINUTES} to {MAX_MINUTES}, got {minutes}",
            hint="A patch that should always stand belongs into the plan.",
        )
    return minutes


def _demand(reply: Reply) -> None:
    if not reply.ok:
        raise Conflict(reply.reason)


def _open_rows(db: Session) -> list[PatchRow]:
    wanted = select(PatchRow).where(col(PatchRow.ended_utc).is_(None))
    return list(db.exec(wanted.order_by(col(PatchRow.since_utc))))


def _past(db: Session, limit: int) -> list[PatchRow]:
    wanted = select(PatchRow).where(col(PatchRow.ended_utc).is_not(None))
    return list(db.exec(wanted.order_by(col(PatchRow.ended_utc).desc()).limit(limit)))


def _again(row: PatchRow) -> PatchMake:
    return PatchMake(
        patch=PatchId(row.id),
        name=row.name,
        members=tuple(TalkgroupId(member) for member in json.loads(row.members)),
        operator=row.owner,
        operator_id=row.owner_id,
        position=PositionId(row.position) if row.position else None,
        reason=row.reason,
        until_utc=row.until_utc,
        mixed=row.mixed,
        label=row.label,
        restored=True,
        since_utc=row.since_utc,
    )


def _past_row(row: PatchRow, members: list[str], hidden: int) -> Row:
    return {
        "id": row.id,
        "label": row.label,
        "name": row.name,
        "members": members,
        "hidden": hidden,
        "owner": row.owner,
        "reason": row.reason,
        "mixed": row.mixed,
        "from_plan": row.from_plan,
        "since_utc": row.since_utc,
        "until_utc": row.until_utc,
        "ended_utc": row.ended_utc,
        "cause": row.cause,
        "ended_by": row.ended_by,
        "end_reason": row.end_reason,
    }

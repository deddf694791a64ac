"""Patches of encrypted with unencrypted talkgroups: who has agreed to talk on them, this shift.

What is said on such a patch is heard in clear on its unencrypted members. So an operator's first
press on each one in a shift is refused with words, until that operator has confirmed it: once for
each operator, patch and shift; other members, or another encryption of one, ask again. What answers
an emergency is never held up, it is only noted. Who makes a mix agrees to it by making it.

A shift is the site's (settings ``reports.shifts`` and ``reports.zone``). Who confirms within the
last hour of one came early for the next. Asked and confirmed is in memory; the store keeps it for
the next start and is never waited for.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from dispatch.audit.entry import Act, Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import Conflict, NotFound
from dispatch.events import MixConfirmed
from dispatch.services.background import Background
from dispatch.services.board import Board
from dispatch.services.desk import Desk, Seat
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record, actor_of
from dispatch.services.rows import Row
from dispatch.store.engine import Store, StoreUnavailable
from dispatch.store.patches import MixConfirmation
from gateway.bus import Bus
from gateway.model.errors import NotPermitted
from gateway.model.ids import PatchId, RequestId, TalkgroupId, UtcUs
from gateway.ports import Clock
from webrtc.ptt_message import MAX_PRIORITY, Withheld

logger = logging.getLogger(__name__)

LONGEST_US = 12 * 3_600_000_000
"""No confirmation holds longer, however long a site's shifts are."""
EARLY_US = 3_600_000_000
"""Who confirms so shortly before a shift begins confirms for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A patch as a mix. ``about``: its id, or the label of one of the plan (new ids each start)."""

    patch: str
    label: str
    about: str
    encrypted: tuple[TalkgroupId, ...]
    clear: tuple[TalkgroupId, ...]

    @property
    def members(self) -> str:
        """What is agreed to, as the store keeps it: each talkgroup with its encryption."""
        return json.dumps([sorted(self.encrypted), sorted(self.clear)], separators=(",", ":"))


class MixedPatches:
    """Finds mixed patches, and who has confirmed which."""

    def __init__(
        self,
        *,
        board: Board,
        plan: LivePlan,
        desk: Desk,
        record: Record,
        store: Store,
        bus: Bus,
        clock: Clock,
        background: Background,
        salt: bytes,
        shift_ends: Callable[[int], int],
    ) -> None:
        """Load what was confirmed (blocking). ``shift_ends``: after a moment, UTC microseconds."""
        self._board = board
        self._plan = plan
        self._desk = desk
        self._record = record
        self._store = store
        self._bus = bus
        self._clock = clock
        self._background = background
        self._salt = salt
        self._shift_ends = shift_ends
        self._agreed = {(row.user, row.patch): row for row in store.read_now(_rows)}

    # ---- looking -------------------------------------------------------------------------------

    def of(self, talkgroup: TalkgroupId) -> Mix | None:
        """Return the mixed patch that a talkgroup is in."""
        row = self._board.patches.of(talkgroup)
        return self.mix(row) if row is not None else None

    def mix(self, row: Row) -> Mix | None:
        """Return a patch as a mix, None when all its members are encrypted, or none is."""
        members = [TalkgroupId(member["talkgroup"]) for member in row["members"]]
        about = row["label"] if row["from_plan"] else row["id"]
        return self._mix(row["id"], row["label"], about, members)

    def _mix(
        self, patch: str, label: str, about: str, members: Iterable[TalkgroupId]
    ) -> Mix | None:
        groups = [g for member in members if (g := self._plan.talkgroups.get(member)) is not None]
        encrypted = tuple(group.id for group in groups if group.encrypted)
        clear = tuple(group.id for group in groups if not group.encrypted)
        if not encrypted or not clear:
            return None
        return Mix(patch=patch, label=label, about=about, encrypted=encrypted, clear=clear)

    def row(self, access: Access, row: Row) -> Row | None:
        """Return what a person is shown of a patch as a mix; members they may not know by count."""
        mix = self.mix(row)
        if mix is None:
            return None
        encrypted = [member for member in mix.encrypted if access.sees(member)]
        clear = [member for member in mix.clear if access.sees(member)]
        return {
            "encrypted": encrypted,
            "clear": clear,
            "encrypted_hidden": len(mix.encrypted) - len(encrypted),
            "clear_hidden": len(mix.clear) - len(clear),
            "key": self._key(mix),
            "confirmed_until_utc": self.until(access.user.id, mix),
        }

    def until(self, user: str, mix: Mix) -> int | None:
        """Return until when a person's confirmation of exactly this mix holds, None without one."""
        row = self._agreed.get((user, mix.about))
        if row is None or row.members != mix.members or row.until_utc <= self._clock.utc_us():
            return None
        return row.until_utc

    def _key(self, mix: Mix) -> str:
        """Return a mark of what is confirmed; salted: it must not tell hidden members."""
        text = f"{mix.about} {mix.members}".encode()
        return hashlib.blake2s(text, key=self._salt, digest_size=8).hexdigest()

    # ---- presses -------------------------------------------------------------------------------

    def withhold(
        self, seat: Seat, access: Access, request: RequestId, talkgroup: TalkgroupId, priority: int
    ) -> Withheld | None:
        """Return why a press waits for its operator's confirmation, None when it goes on."""
        mix = self.of(talkgroup)
        if mix is None or self.until(seat.user.id, mix) is not None:
            return None
        urgent = "emergency_call" if priority >= MAX_PRIORITY else self._alarm(mix)
        self._note(seat, request, talkgroup, mix, urgent)
        if urgent:
            return None
        names = self._names(access, mix.clear)
        return Withheld(
            words=f"confirm {mix.label} first, mixed: heard in clear on {names}",
            ask={"mix": mix.patch},
        )

    def _alarm(self, mix: Mix) -> str:
        """Return the open emergency that a press on this mix may answer."""
        members = {*mix.encrypted, *mix.clear}
        alarms = self._board.alarms.values()
        return next((str(row["alarm"]) for row in alarms if row["talkgroup"] in members), "")

    def _names(self, access: Access, members: tuple[TalkgroupId, ...]) -> str:
        seen = [self._plan.talkgroup_name(member) for member in members if access.sees(member)]
        more = len(members) - len(seen)
        if not seen:
            return "1 talkgroup" if more == 1 else f"{more} talkgroups"
        return ", ".join(seen) + (f" and {more} more" if more else "")

    def _note(
        self, seat: Seat, request: RequestId, talkgroup: TalkgroupId, mix: Mix, urgent: str
    ) -> None:
        detail = {
            "talkgroup": talkgroup,
            "position": seat.position,
            "patch": mix.patch,
            "label": mix.label,
            "cause": "mix_unconfirmed",
            **({"urgent": urgent} if urgent else {}),
        }
        self._record.note(
            Act(
                op="system",
                verb="ptt.unconfirmed" if urgent else "ptt.refused",
                actor=actor_of(seat.user, seat.session.id),
                obj=Obj(type="press", id=request, cat="radio"),
                result="ok" if urgent else "denied",
                detail=detail,
            )
        )

    # ---- confirming ----------------------------------------------------------------------------

    def confirm(self, asker: Asker, patch: str, key: str) -> UtcUs:
        """Take a confirmation and return until when it holds; never waits for the store.

        Raises NotFound, NotPermitted or Conflict; the last also when the patch is not any more
        what the person was shown.
        """
        seat = self._desk.seat_of(asker.session.id)
        if seat is None:
            raise Conflict("no position is taken here", hint="Take a position first.")
        row = self._board.patches.row(patch)
        known = [m["talkgroup"] for m in row["members"]] if row is not None else []
        if row is None or not any(asker.access.sees(member) for member in known):
            raise NotFound(f"there is no patch {patch}")
        if not any(asker.access.can(Action.TALK, member) for member in known):
            raise NotPermitted(f"you may talk on no talkgroup of {row['label']}")
        mix = self.mix(row)
        if mix is None:
            raise Conflict(f"{row['label']} is not mixed any more", hint="Press again.")
        if key != self._key(mix):
            raise Conflict(
                f"{row['label']} has changed meanwhile", hint="Look at its members, then confirm."
            )
        return self._agree(asker, mix, "desk")

    def made(
        self, asker: Asker, patch: PatchId, label: str, members: tuple[TalkgroupId, ...]
    ) -> None:
        """Take that who has just made a mix, agreeing to it, has confirmed it."""
        mix = self._mix(patch, label, patch, members)
        if mix is not None:
            self._agree(asker, mix, "made")

    def _agree(self, asker: Asker, mix: Mix, way: str) -> UtcUs:
        now = self._clock.utc_us()
        user, until = asker.access.user.id, self._shift_end(now)
        self._agreed = {key: row for key, row in self._agreed.items() if row.until_utc > now}
        row = MixConfirmation(
            user=user, patch=mix.about, members=mix.members, confirmed_utc=now, until_utc=until
        )
        self._agreed[(user, mix.about)] = row
        self._record.note_of(
            asker,
            "alter",
            "patch.mix_confirmed",
            Obj(type="patch", id=mix.patch, cat="radio"),
            detail={
                "label": mix.label,
                "encrypted": list(mix.encrypted),
                "clear": list(mix.clear),
                "until_utc": until,
                "way": way,
            },
        )
        self._bus.publish(
            MixConfirmed(patch=PatchId(mix.patch), label=mix.label, user=user, until_utc=until)
        )
        self._background.start(self._keep(row.model_dump()), "mix-confirmed")
        return until

    def _shift_end(self, now: int) -> UtcUs:
        end = self._shift_ends(now)
        if end - now < EARLY_US:
            end = self._shift_ends(end)
        return UtcUs(min(end, now + LONGEST_US))

    async def _keep(self, fields: Row) -> None:
        def work(db: Session) -> None:
            past = col(MixConfirmation.until_utc) <= fields["confirmed_utc"]
            db.exec(delete(MixConfirmation).where(past))
            db.merge(MixConfirmation(**fields))

        try:
            await self._store.write(work)
        except StoreUnavailable as error:
            logger.warning("a confirmed mix is asked for again after a restart: %s", error)


def _rows(db: Session) -> list[MixConfirmation]:
    rows = list(db.exec(select(MixConfirmation)))
    for row in rows:
        db.expunge(row)
    return rows

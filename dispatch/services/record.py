"""Acts for the audit log: durable first for what leaves, noted for what is live."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from dispatch.audit.entry import Act, Actor, Obj, Purpose, Via
from dispatch.audit.writer import AuditWriter
from dispatch.auth.access import Access, UserInfo
from dispatch.auth.sessions import SessionInfo
from dispatch.errors import LogNotWritable, ServiceError
from dispatch.oversight.reasons import MIN_CHARACTERS, why_empty
from dispatch.store.engine import Store, StoreUnavailable
from dispatch.store.tables import AccessRow
from gateway.ports import Clock

PURPOSEFUL = frozenset({"consult", "disclose", "combine", "erase"})
"""Operations whose entries carry the purpose that the asker has stated."""
ONCE_MS = 600_000
MAX_NOTED = 10_000
_CODE = re.compile(r"[a-z_]{0,32}")
_REFERENCE = re.compile(r"[A-Za-z0-9._/-]{0,64}")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for something that is logged: rights, session, address, program."""

    access: Access
    session: SessionInfo
    address: str = ""
    client: str = ""
    purpose: Purpose | None = None
    """The purpose that this request names, when it stands."""

    @property
    def actor(self) -> Actor:
        """The actor of an entry: ids and roles, no name."""
        return actor_of(self.access.user, self.session.id)

    @property
    def person(self) -> str:
        """The human being behind the account: the same on all accounts of one."""
        return self.access.user.person or self.access.user.id

    @property
    def via(self) -> Via:
        """How it came in."""
        return Via(ip=self.address, client=self.client[:80])


def actor_of(user: UserInfo, session: str = "") -> Actor:
    """Return a user as the actor of an entry."""
    return Actor(
        id=user.id,
        role=user.role.value,
        unit=user.organisation,
        auth="password",
        sess=session,
    )


def purpose_of(code: str, ref: str, text: str) -> Purpose | None:
    """Return the stated purpose, None when none was; raises ServiceError on an empty reason."""
    if not _CODE.fullmatch(code) or not _REFERENCE.fullmatch(ref):
        raise ServiceError(
            "purpose: expected a code of a-z and _, and a reference of letters, digits and . _ / -",
            hint="Both stand in the audit log in clear. Words belong into purpose_text.",
        )
    words = text.strip()
    fault = why_empty(words) if words and not ref else ""
    if fault:
        raise ServiceError(
            f"purpose: {words!r} does not say why: {fault}",
            hint=f"Pick an incident or case, or write at least {MIN_CHARACTERS} characters.",
        )
    if not (code or ref or words):
        return None
    return Purpose(code=code or ("incident" if ref else "other"), ref=ref, text=words or None)


PurposeRule = Callable[[Asker, str, Purpose | None, int | None], None]
"""Given asker, verb, purpose and the oldest of what will be shown; raises PurposeNeeded."""
Watcher = Callable[[Asker, Act, int | None], None]


class Record:
    """The audit log as services use it, and the plain list of who looked at what."""

    def __init__(self, writer: AuditWriter, store: Store, clock: Clock) -> None:
        """Take the log's writer."""
        self._writer = writer
        self._store = store
        self._clock = clock
        self._rule: PurposeRule | None = None
        self._watchers: list[Watcher] = []
        self._noted: dict[tuple[str, str, str], int] = {}

    def purpose_rule(self, rule: "PurposeRule") -> None:
        """Ask ``rule`` before each consultation; it raises where a purpose is missing."""
        self._rule = rule

    def on_act(self, watcher: "Watcher") -> None:
        """Tell ``watcher`` of each act of a person: who, what, and its number when it has one."""
        self._watchers.append(watcher)

    async def append(self, act: Act) -> int:
        """Log ahead of what is done; returns the entry's number. Raises LogNotWritable."""
        return await self._writer.append(act)

    @property
    def writable(self) -> bool:
        """Whether the log can be written."""
        return self._writer.writable

    def demand_writable(self) -> None:
        """Raise LogNotWritable while the log cannot be written."""
        if not self._writer.writable:
            raise LogNotWritable

    async def before(
        self,
        asker: Asker,
        op: str,
        verb: str,
        obj: Obj | None,
        *,
        purpose: Purpose | None = None,
        result: str = "ok",
        detail: Mapping[str, Any] | None = None,  # JSON values, checked by the log
        since_utc: int | None = None,
    ) -> int:
        """Log ahead of what is done; returns the entry's number. Raises LogNotWritable.

        ``since_utc`` is the oldest of what will be shown: a desk's own last hour needs no purpose.
        The asker's stated purpose stands where none is given; raises PurposeNeeded without one.
        """
        if op in PURPOSEFUL:
            purpose = purpose or asker.purpose
        if self._rule is not None and result == "ok":
            self._rule(asker, verb, purpose, since_utc)
        act = Act(
            op=op,
            verb=verb,
            actor=asker.actor,
            via=asker.via,
            obj=obj,
            purpose=purpose,
            result=result,
            detail=detail or {},
        )
        seq = await self._writer.append(act)
        self._tell(asker, act, seq)
        return seq

    def _tell(self, asker: Asker, act: Act, seq: int | None) -> None:
        for watcher in self._watchers:
            watcher(asker, act, seq)

    def note(self, act: Act) -> None:
        """Log a live act; never waits."""
        self._writer.note(act)

    def note_of(
        self,
        asker: Asker,
        op: str,
        verb: str,
        obj: Obj | None,
        *,
        result: str = "ok",
        detail: Mapping[str, Any] | None = None,  # JSON values, checked by the log
    ) -> None:
        """Log what a person did, without waiting."""
        act = Act(
            op=op,
            verb=verb,
            actor=asker.actor,
            via=asker.via,
            obj=obj,
            purpose=asker.purpose if op in PURPOSEFUL else None,
            result=result,
            detail=detail or {},
        )
        self.note(act)
        self._tell(asker, act, None)

    def note_once(self, asker: Asker, verb: str, obj: Obj) -> None:
        """Log a consultation of a page that asks again and again: once in ten minutes a session."""
        now, key = self._clock.mono_ms(), (asker.session.id, verb, obj.id)
        if now < self._noted.get(key, now):
            return
        if len(self._noted) >= MAX_NOTED:
            self._noted.clear()
        self._noted[key] = now + ONCE_MS
        self.note_of(asker, "consult", verb, obj)

    async def remember(
        self, asker: Asker, objects: list[Obj], verb: str, purpose: Purpose | None, seq: int
    ) -> None:
        """List an access for the call sheet; the log has the proof, so a lost line is no loss."""
        now = self._clock.utc_us()
        why = f"{purpose.code} {purpose.ref}".strip() if purpose else ""

        def work(db: Session) -> None:
            for obj in objects:
                db.add(
                    AccessRow(
                        t_utc=now,
                        object_type=obj.type,
                        object=obj.id,
                        user=asker.access.user.id,
                        who=asker.access.user.display_name,
                        verb=verb,
                        purpose=why,
                        entry_seq=seq,
                    )
                )

        try:
            await self._store.write(work)
        except StoreUnavailable:
            return

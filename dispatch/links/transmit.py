"""Test transmissions as the engineer's page sees them: what may be keyed, and why not.

The engine decides, at the moment of keying; what is told here beforehand is what it would say now.
"""

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import ServiceError
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from gateway.bus import Bus
from gateway.model.errors import LinkError
from gateway.model.ids import RequestId, TalkgroupId, talkgroup_id
from gateway.model.plan import Link, Talkgroup
from gateway.model.transmit_test import (
    MAX_TEST_MS,
    MIN_TEST_MS,
    SOUND_WORDS,
    SOUNDS,
    TONE,
    TransmitTest,
    TransmitTestAsk,
)

NOT_TEST = "not a test talkgroup"
DEFAULT_MS = 3000


class LinkTests:
    """Which test talkgroups a link carries, and the terms of a test."""

    def __init__(self, *, plan: LivePlan, bus: Bus, record: Record) -> None:
        """Take the live plan, the engine's bus and the log."""
        self._plan = plan
        self._bus = bus
        self._record = record

    def talkgroups(self, link: Link, access: Access) -> list[Talkgroup]:
        """Return the test talkgroups of a link that a person sees, in the order of the plan."""
        known = self._plan.talkgroups
        carried = (known.get(talkgroup_id(link.system, number)) for number in link.talkgroups)
        return [
            group for group in carried if group and group.test and access.can(Action.SEE, group.id)
        ]

    async def row(self, link: Link, access: Access) -> Row:
        """Return what may be keyed on a link now; ``reason`` says why not, in words."""
        groups = self.talkgroups(link, access)
        rows = [
            {
                "talkgroup": group.id,
                "name": group.name,
                "reason": await self._reason(link, group.id),
            }
            for group in groups
        ]
        reason = "" if any(not row["reason"] for row in rows) else NOT_TEST
        if reason and rows:
            reason = str(rows[0]["reason"])
        return {"talkgroups": rows, "reason": reason}

    async def _reason(self, link: Link, talkgroup: TalkgroupId) -> str:
        try:
            reply = await self._bus.request(TransmitTestAsk(link=link.id, talkgroup=talkgroup))
        except LinkError as error:
            return str(error)
        return reply.reason

    def may_key(self, link: Link, talkgroup: TalkgroupId, access: Access) -> bool:
        """Say whether a person may test this talkgroup on this link at all."""
        if not access.may("links.test"):
            return False
        return any(group.id == talkgroup for group in self.talkgroups(link, access))

    def terms(self, link: Link, message: Row) -> TransmitTest:
        """Read the terms of a press; raises ServiceError on one that was not confirmed."""
        if message.get("confirmed") is not True:
            raise ServiceError("a test transmission has to be confirmed")
        sound, limit_ms = message.get("sound", TONE), message.get("limit_ms", DEFAULT_MS)
        if sound not in SOUNDS:
            raise ServiceError(f"sound: expected {' or '.join(SOUNDS)}, got {sound!r}")
        whole = isinstance(limit_ms, int) and not isinstance(limit_ms, bool)
        if not whole or not MIN_TEST_MS <= limit_ms <= MAX_TEST_MS:
            raise ServiceError(
                f"limit_ms: expected {MIN_TEST_MS} to {MAX_TEST_MS}, got {limit_ms!r}"
            )
        return TransmitTest(link=link.id, sound=sound, limit_ms=limit_ms)

    def note(
        self, asker: Asker, request: RequestId, talkgroup: TalkgroupId, terms: TransmitTest
    ) -> None:
        """Log who confirmed a test, before anything is asked of the engine."""
        self._record.note_of(
            asker,
            "admin",
            "link.test_confirmed",
            Obj(type="press", id=request, cat="radio"),
            detail={
                "link": terms.link,
                "talkgroup": talkgroup,
                "sound": SOUND_WORDS[terms.sound],
                "limit_ms": terms.limit_ms,
                "exercise": True,
            },
        )

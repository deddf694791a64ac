"""Acts on one radio: alert, query, check; and inhibit, with reason, second look and proof.

How far an act got comes as events of its message. An inhibit is in the audit log, durable, before
the gateway hears of it; what became of it is noted there as it is known.
"""

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.errors import ServiceError
from dispatch.services.messaging import Messaging
from dispatch.services.record import Asker, Record, purpose_of
from gateway.bus import Bus
from gateway.model.command import Reply
from gateway.model.ids import MessageId, UnitId, split_address
from gateway.model.unit_commands import UnitActAsk

INHIBIT_CODE = "inhibit"
MAX_REASON_CHARACTERS = 400


class UnitReach:
    """Asks gateways to reach single radios, within the asker's rights."""

    def __init__(self, *, messaging: Messaging, record: Record, bus: Bus) -> None:
        """Take who knows whom one may reach, and the audit log."""
        self._messaging = messaging
        self._record = record
        self._bus = bus

    async def ask(
        self, access: Access, *, unit: str, act: str, value: int | None = None
    ) -> tuple[MessageId, Reply]:
        """Ask an act of a unit that this person may talk to."""
        address = self._messaging.unit_talked_to(access, unit)
        return await self._send(access, address, act, value=value)

    async def check(self, access: Access, *, unit: str) -> tuple[MessageId, Reply]:
        """Ask whether a radio is there; to see its unit is enough."""
        return await self._send(access, self._messaging.unit_seen(access, unit), "radio_check")

    async def inhibit(
        self, asker: Asker, *, unit: str, enabled: bool, reason: str, typed: str
    ) -> tuple[MessageId, Reply]:
        """Take a radio out of service, or put it back.

        ``typed`` is the unit's number, written by the person once more. Raises ServiceError without
        it or without a reason that says why, LogNotWritable before anything is sent.
        """
        address = self._messaging.unit_talked_to(asker.access, unit)
        number = split_address(address)[1]
        words = " ".join(reason.split())
        if not 0 < len(words) <= MAX_REASON_CHARACTERS:
            raise ServiceError(
                f"reason: expected 1 to {MAX_REASON_CHARACTERS} characters, got {len(words)}",
                hint="Write why this radio is taken out of service or put back.",
            )
        purpose = purpose_of(INHIBIT_CODE, "", words)
        if typed.strip() != str(number):
            raise ServiceError(
                f"typed: expected the unit's number {number}, got {typed.strip()!r}",
                hint="Nothing was sent. Write the number of the radio that is meant.",
            )
        act, message = "uninhibit" if enabled else "inhibit", self._messaging.new_id()
        thing = Obj(type="message", id=message, cat="radio", subject=address)
        self._record.demand_writable()
        await self._record.before(asker, "alter", f"unit.{act}", thing, purpose=purpose)
        asked = await self._send(asker.access, address, act, reason=words, message=message)
        if not asked[1].ok:
            self._record.note_of(
                asker,
                "alter",
                f"unit.{act}_refused",
                thing,
                result="failed",
                detail={"reason": asked[1].reason},
            )
        return asked

    async def _send(
        self,
        access: Access,
        unit: UnitId,
        act: str,
        *,
        value: int | None = None,
        reason: str = "",
        message: MessageId | None = None,
    ) -> tuple[MessageId, Reply]:
        command = UnitActAsk(
            message=message or self._messaging.new_id(),
            unit=unit,
            act=act,
            operator=access.user.display_name,
            value=value,
            reason=reason,
        )
        return command.message, await self._bus.request(command)

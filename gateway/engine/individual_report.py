"""What is told of private calls."""

from gateway.engine.context import Context
from gateway.engine.individual_state import PrivateCall
from gateway.model import individual_events as events
from gateway.model.ids import PositionId


class IndividualReport:
    """Publishes the events of private calls."""

    def __init__(self, ctx: Context) -> None:
        """Publish on the bus of ``ctx``."""
        self._ctx = ctx

    def ringing(self, call: PrivateCall) -> None:
        """Tell that somebody calls, and whether it would be recorded."""
        self._ctx.publish(
            events.IndividualRinging(
                call=call.id,
                call_seq=call.seq,
                line=call.line_id,
                link=call.link,
                kind=call.kind.value,
                caller=call.other,
                digits=call.digits,
                alias=call.alias,
                duplex=call.line.duplex,
                direct=call.direct,
                emergency=call.emergency,
                priority=call.priority,
                queue_priority=call.rule.priority,
                encrypted=call.encrypted,
                recorded=call.recording.recorded,
                why=call.recording.why,
                protected=call.recording.protected,
                retention=call.recording.retention,
                rule=call.rule.name,
                rings_at=call.rings_at,
                plan=self._ctx.addresses.number,
            )
        )

    def dialled(self, call: PrivateCall) -> None:
        """Tell that a position calls somebody."""
        self._ctx.publish(
            events.IndividualDialled(
                call=call.id,
                call_seq=call.seq,
                line=call.line_id,
                link=call.link,
                kind=call.kind.value,
                position=call.position or PositionId(""),
                operator=call.operator,
                called=call.other,
                digits=call.digits,
                alias=call.alias,
                duplex=call.line.duplex,
                emergency=call.emergency,
                recorded=call.recording.recorded,
                why=call.recording.why,
                protected=call.recording.protected,
                retention=call.recording.retention,
                plan=self._ctx.addresses.number,
            )
        )

    def passed_on(self, call: PrivateCall) -> None:
        """Tell where it rings now."""
        self._ctx.publish(events.IndividualPassedOn(call=call.id, rings_at=call.rings_at))

    def progressed(self, call: PrivateCall, progress: str) -> None:
        """Tell how far a call of ours has come."""
        self._ctx.publish(events.IndividualProgressed(call=call.id, progress=progress))

    def answered(self, call: PrivateCall) -> None:
        """Tell who took it, and how long it waited."""
        self._ctx.publish(
            events.IndividualAnswered(
                call=call.id,
                position=call.position or PositionId(""),
                operator=call.operator,
                waited_ms=self._ctx.now() - call.started_ms,
            )
        )

    def declined(self, call: PrivateCall, position: PositionId, operator: str) -> None:
        """Tell that a position does not want it."""
        self._ctx.publish(
            events.IndividualDeclined(
                call=call.id, position=position, operator=operator, rings_at=call.rings_at
            )
        )

    def connected(self, call: PrivateCall) -> None:
        """Tell that both ends are there."""
        self._ctx.publish(
            events.IndividualConnected(
                call=call.id, duplex=call.line.duplex, encrypted=call.encrypted
            )
        )

    def talker(self, call: PrivateCall, talker: str) -> None:
        """Tell who talks."""
        self._ctx.publish(events.IndividualTalkerChanged(call=call.id, talker=talker))

    def ended(self, call: PrivateCall, code: int | None, *, interrupted: bool) -> None:
        """Tell that it is over, and first that it was missed if it was."""
        now = self._ctx.now()
        if call.outcome == "missed":
            self._ctx.publish(
                events.IndividualMissed(
                    call=call.id, waited_ms=now - call.started_ms, reason=call.cause
                )
            )
        self._ctx.publish(
            events.IndividualEnded(
                call=call.id,
                outcome=call.outcome,
                cause=call.cause,
                code=code,
                talked_ms=0 if call.connected_ms is None else now - call.connected_ms,
                interrupted=interrupted,
            )
        )

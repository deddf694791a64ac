"""What the desks are told of their presses: floor events and the words in them."""

from gateway.engine.context import Context
from gateway.engine.presses import Press
from gateway.model.commands import FloorRequest
from gateway.model.events import (
    FloorEnding,
    FloorGranted,
    FloorLost,
    FloorQueued,
    FloorRefused,
    FloorReleased,
    FloorRequested,
)
from gateway.model.ids import TransmissionId

HUNG_UP = "hung_up"
"""A duplex call ended: its microphone is closed, nobody was cut off."""
OVER_CAUSES = {
    HUNG_UP: "ended",
    "link_lost": "lost",
    "preempted": "preempted",
    "moved": "moved",
    "limit": "limit",
    "server": "interrupted",
}
"""Cause of the end of the transmission, by the cause of the floor's loss; else it was cut."""
REASONS = {
    "lease": "no sign of the desk",
    "socket": "connection to the desk lost",
    "blur": "window lost focus",
    "hidden": "page hidden",
    "mic_lost": "microphone lost",
    "device_lost": "push-to-talk device lost",
    "revoked": "permission withdrawn",
    "position_left": "position was left",
    "limit": "limit",
    "link_lost": "link lost",
    "failed": "radio stopped transmitting",
    "gave_way": "a call came up",
    "call_ended": "network ended the call",
    "server": "server stopped",
}
"""Reasons in words; an unknown cause is its own word."""


class FloorReport:
    """Publishes the events of the floor."""

    def __init__(self, ctx: Context) -> None:
        """Publish on the bus of ``ctx``."""
        self._ctx = ctx

    def requested(self, command: FloorRequest) -> None:
        """Tell that a position pressed."""
        self._ctx.publish(
            FloorRequested(
                request=command.request,
                position=command.position,
                operator=command.operator,
                talkgroup=command.talkgroup,
                priority=command.priority,
                source=command.source,
                test_link=command.test.link if command.test else None,
                test_sound=command.test.sound if command.test else "",
            )
        )

    def granted(self, press: Press, transmission: TransmissionId) -> None:
        """Tell that the press is on air."""
        if press.relay is not None:
            press.relay.granted()
            return
        self._ctx.publish(
            FloorGranted(
                request=press.request,
                position=press.position,
                talkgroup=press.talkgroup,
                transmission=transmission,
                wait_ms=self._ctx.now() - press.pressed_ms,
            )
        )

    def queued(self, press: Press, place: int | None) -> None:
        """Tell that the press waits; ``place`` only where the link tells it."""
        if press.relay is not None:
            return
        self._ctx.publish(
            FloorQueued(
                request=press.request,
                position=press.position,
                talkgroup=press.talkgroup,
                place=place,
            )
        )

    def refused(
        self, press: Press | FloorRequest, reason: str, not_sent: bool, discarded_ms: int
    ) -> None:
        """Tell that it was refused, or not sent, before time on air."""
        if isinstance(press, Press) and press.relay is not None:
            press.relay.over("refused", reason)
            return
        self._ctx.publish(
            FloorRefused(
                request=press.request,
                position=press.position,
                talkgroup=press.talkgroup,
                reason=reason,
                not_sent=not_sent,
                discarded_ms=discarded_ms,
            )
        )

    def ending(self, press: Press, left_ms: int) -> None:
        """Tell that it was released; ``left_ms`` are still being sent."""
        if press.relay is not None:
            return
        self._ctx.publish(
            FloorEnding(
                request=press.request,
                position=press.position,
                talkgroup=press.talkgroup,
                left_ms=left_ms,
            )
        )

    def released(self, press: Press, cause: str, discarded_ms: int) -> None:
        """Tell that the radio is un-keyed after a normal release, or withdrawn."""
        if press.relay is not None:
            press.relay.over(cause, "")
            return
        now = self._ctx.now()
        end = press.released_ms if press.released_ms is not None else now
        self._ctx.publish(
            FloorReleased(
                request=press.request,
                position=press.position,
                talkgroup=press.talkgroup,
                cause=cause,
                grant_ms=press.grant_ms,
                on_air_ms=press.on_air_ms(end),
                discarded_ms=discarded_ms,
                first_ms=press.first_ms,
                unkey_ms=None if press.released_ms is None else now - press.released_ms,
            )
        )

    def lost(self, press: Press, cause: str, reason: str) -> None:
        """Tell that it was cut off after time on air."""
        if press.relay is not None:
            press.relay.over(cause, reason)
            return
        self._ctx.publish(
            FloorLost(
                request=press.request,
                position=press.position,
                talkgroup=press.talkgroup,
                cause=cause,
                reason=reason,
                on_air_ms=press.on_air_ms(self._ctx.now()),
                grant_ms=press.grant_ms,
                first_ms=press.first_ms,
            )
        )

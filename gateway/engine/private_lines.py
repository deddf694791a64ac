"""Private calls as the presses see them: which radio a line is on, and who may talk there.

The book of private calls (``gateway.engine.individual``) keeps this up to date; the arbiter of the
floor and the routing only ask.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.engine.call_state import EMERGENCY_PRIORITY
from gateway.engine.presses import Press
from gateway.model.ids import LinkId, PositionId, RequestId, TalkgroupId
from gateway.model.private_line import is_private
from gateway.model.radio import KeyDemand
from gateway.ports import RadioLink

BUSY = "radio is in a private call"
"""Why a talkgroup's press is not sent."""
OVER = "the call is over"
NOT_YET = "not connected yet"


@dataclass(slots=True, kw_only=True, eq=False)
class PrivateLine:
    """One call's line. ``microphone`` names the press that is a duplex call's open microphone."""

    id: TalkgroupId
    link: LinkId
    instance: int | None = None
    position: PositionId | None = None
    duplex: bool = False
    microphone: RequestId | None = None
    microphone_open: bool = False
    """The press is there, and the radio was asked with it."""
    connected: bool = False
    takes_radio: bool = False
    """The radio is in this call, or about to be: no talkgroup is keyed on it."""


@dataclass(slots=True)
class PrivateLines:
    """All lines. The callbacks are the book's."""

    lines: dict[TalkgroupId, PrivateLine] = field(default_factory=dict)
    clearing: set[LinkId] = field(default_factory=set)
    """Radios whose private call is being ended for an emergency call: keyed when it is over."""
    pressed: Callable[[], frozenset[LinkId]] = field(default=frozenset)
    """Radios with a press of a desk on them."""
    open_microphone: Callable[[Press], None] = field(default=lambda _: None)
    make_way: Callable[[LinkId], None] = field(default=lambda _: None)
    talking: Callable[[Press], None] = field(default=lambda _: None)
    press_over: Callable[[Press], None] = field(default=lambda _: None)

    def line(self, talkgroup: str) -> PrivateLine | None:
        """Return the line of a call that is not over."""
        return self.lines.get(TalkgroupId(talkgroup))

    def busy(self, link: LinkId) -> bool:
        """Say whether a radio is in a private call."""
        return any(line.link == link and line.takes_radio for line in self.lines.values())

    def refusal(self, press: Press) -> tuple[str, bool] | None:
        """Return the reason against a press, and True: nothing was sent. None for none."""
        if not is_private(press.talkgroup):
            return (BUSY, True) if self.busy(press.link) and not self.clears(press) else None
        reason = self._reason(press, self.line(press.talkgroup))
        return (reason, True) if reason else None

    def _reason(self, press: Press, line: PrivateLine | None) -> str:
        if line is None:
            return OVER
        if line.position != press.position:
            return f"the call is at Position {line.position}" if line.position else NOT_YET
        if line.duplex:
            return "" if press.request == line.microphone else "the microphone is open"
        return "" if line.connected else NOT_YET

    def clear(self, press: Press) -> None:
        """End the radio's private call for an emergency call of a desk."""
        if self.clears(press) and self.busy(press.link):
            self.make_way(press.link)

    def clears(self, press: Press) -> bool:
        """Say whether a press is an emergency call, before which private calls give way."""
        return press.priority >= EMERGENCY_PRIORITY and not is_private(press.talkgroup)

    def demand(self, press: Press, link: RadioLink) -> None:
        """Ask the radio: for a talkgroup, for a turn in a private call, or with a call itself."""
        line = self.line(press.talkgroup)
        if line is not None and line.duplex:
            self.open_microphone(press)
            return
        link.demand(
            KeyDemand(
                demand=press.request,
                group=0 if line else press.number,
                priority=max(0, press.priority),
                individual=line.instance if line else None,
            )
        )

    def has_limit(self, press: Press) -> bool:
        """Say whether a press is cut after a time: an open microphone of a call is not."""
        line = self.line(press.talkgroup)
        return line is None or not line.duplex

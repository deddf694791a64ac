"""What stands against a press, in words; nothing here changes anything."""

from collections.abc import Iterable

from gateway.engine.call_state import EMERGENCY_PRIORITY
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.presses import TALKING, Press, PressState, RadioFloor
from gateway.engine.private_lines import OVER
from gateway.engine.routing import Routing
from gateway.engine.transmit_tests import TransmitTests
from gateway.model.commands import FloorRequest
from gateway.model.ids import LinkId
from gateway.model.private_line import is_private
from gateway.model.radio import Capability

NO_EMERGENCY = "no emergency call on this link"

Refusal = tuple[str, bool]
"""The reason, and whether it reads ``Not sent``."""


class Admission:
    """Finds the radio of a press and what stands against it."""

    def __init__(
        self, ctx: Context, routing: Routing, health: Health, tests: TransmitTests
    ) -> None:
        """Ask routing, health and the gate of test transmissions."""
        self._ctx = ctx
        self._routing = routing
        self._health = health
        self._tests = tests

    def link_for(self, command: FloorRequest) -> LinkId | None:
        """Return the radio of a talkgroup, or that of a private call."""
        if command.test is not None:
            return command.test.link if command.test.link in self._ctx.links else None
        if is_private(command.talkgroup):
            line = self._ctx.lines.line(command.talkgroup)
            return line.link if line else None
        link = self._routing.link_for(command.talkgroup)
        return link.id if link else None

    def no_link(self, command: FloorRequest) -> str:
        """Return the words for a press that has no radio."""
        if command.test is not None:
            return f"there is no link {command.test.link}"
        if is_private(command.talkgroup):
            return OVER
        return f"no radio carries {self._ctx.addresses.talkgroup_name(command.talkgroup)}"

    def refusal(self, press: Press, presses: Iterable[Press], floor: RadioFloor) -> Refusal | None:
        """Return what stands against a press; None for nothing."""
        if press.test is not None:
            unkeying = floor.unkeying is not None
            words = self._tests.refusal(press, press.test, presses, unkeying)
            return (words, True) if words else None
        if not self._health.is_up(press.link):
            return self._health.words(press.link), True
        return (
            self._ctx.lines.refusal(press)
            or self._capability(press)
            or _own_hand(press, presses)
            or self._colleague(press, floor.current)
        )

    def _capability(self, press: Press) -> Refusal | None:
        able = self._ctx.links[press.link].info.capabilities
        if press.priority >= EMERGENCY_PRIORITY and Capability.EMERGENCY_OUT not in able:
            return NO_EMERGENCY, True
        return None

    def _colleague(self, press: Press, other: Press | None) -> Refusal | None:
        if other is None or other.test is not None:
            return None
        if other.relay is None and press.relay is None and other.position == press.position:
            return None
        if self._ctx.lines.line(other.talkgroup) is not None and self._ctx.lines.clears(press):
            return None  # an emergency ends the private call that has the radio
        if other.number != press.number:
            return self._routing.elsewhere(press.link, other.number), True
        if other.state in TALKING and press.priority <= other.priority:
            who = other.name if other.relay else f"Position {other.position}"
            return f"{who} is talking", False
        return None


def _own_hand(press: Press, presses: Iterable[Press]) -> Refusal | None:
    if press.relay is not None:
        return None  # a patch keys several radios with one voice
    for other in presses:
        if other.relay is None and other is not press and other.position == press.position:
            if other.state is PressState.ENDING and other.link == press.link:
                continue
            return "this position transmits already", False
    return None

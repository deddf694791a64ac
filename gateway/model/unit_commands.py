"""The command by which a desk reaches one radio without talking: alert, query, check, inhibit."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.command import Command
from gateway.model.ids import MessageId, UnitId

CALL_ALERT = "call_alert"
INHIBIT, UNINHIBIT = "inhibit", "uninhibit"
UNIT_ACT_WORDS = {
    CALL_ALERT: "Call alert",
    "status_query": "Status query",
    "status_update": "Status update",
    "radio_check": "Radio check",
    INHIBIT: "Inhibit",
    UNINHIBIT: "Put back into service",
}
"""What can be asked of a unit. These are also the kinds of ``message.queued`` for it."""
INHIBITS = frozenset({INHIBIT, UNINHIBIT})
"""The acts that need a written reason."""
MAX_STATUS = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitActAsk(Command):
    """Ask an act of ``UNIT_ACT_WORDS`` of a unit; ``value`` is the status to be set.

    What becomes of it comes as ``message.progressed`` for ``message``.
    """

    type: ClassVar[str] = "unit.act"
    message: MessageId
    unit: UnitId
    act: str
    operator: str
    value: int | None = None
    reason: str = ""

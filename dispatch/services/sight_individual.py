"""Who may see which private call: the permission, the grant on its radio, and the list.

Who calls from a number that is never recorded (a lawyer, the staff council) is told only where it
rings and where it was taken; everybody else sees that a radio is in a private call.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.services.board_individual import IndividualBoard
from dispatch.services.rows import Row
from gateway.model import individual_events as ev
from gateway.model.envelope import Event
from gateway.model.ids import PositionId

PositionOf = Callable[[str], PositionId | None]
"""Gives the position that a user has."""
HIDDEN = "Number not shown"


class IndividualSight:
    """Cuts events and rows of private calls to one person."""

    def __init__(self, board: IndividualBoard, position_of: PositionOf) -> None:
        """Take the open calls and what says where somebody sits."""
        self._board = board
        self._position_of = position_of

    def rules(self) -> dict[str, Callable[[Any, Access], Event | None]]:
        """Return the rule of each event type."""
        later = (
            ev.IndividualPassedOn,
            ev.IndividualProgressed,
            ev.IndividualAnswered,
            ev.IndividualDeclined,
            ev.IndividualConnected,
            ev.IndividualTalkerChanged,
            ev.IndividualMissed,
            ev.IndividualEnded,
        )
        return {
            ev.IndividualRinging.type: self._begun,
            ev.IndividualDialled.type: self._begun,
            **{kind.type: self._by_call for kind in later},
        }

    def sees(self, access: Access, link: str) -> bool:
        """Whether the private calls of a radio are known to this person."""
        return access.may("individual.see") and access.individual(Action.SEE, link)

    def row(self, access: Access, row: Row) -> Row | None:
        """Return a row as this person may see it, None when not at all."""
        if not self.sees(access, row["link"]):
            return None
        if not row["protected"] or self._concerned(access, row["rings_at"], row["position"]):
            return row
        return row | {"other": None, "digits": "", "alias": HIDDEN, "why": ""}

    def _concerned(self, access: Access, rings_at: Any, position: str | None) -> bool:
        mine = self._position_of(access.user.id)
        return mine is not None and (mine == position or (position is None and mine in rings_at))

    def _begun(
        self, event: ev.IndividualRinging | ev.IndividualDialled, access: Access
    ) -> Event | None:
        if not self.sees(access, event.link):
            return None
        if isinstance(event, ev.IndividualRinging):
            concerned = self._concerned(access, event.rings_at, None)
            hidden: Event = replace(event, caller=None, digits="", alias=HIDDEN, why="")
        else:
            concerned = self._concerned(access, (), event.position)
            hidden = replace(event, called=None, digits="", alias=HIDDEN, why="")
        return event if concerned or not event.protected else hidden

    def _by_call(self, event: Any, access: Access) -> Event | None:
        link = self._board.link_of(event.call)
        return event if link is not None and self.sees(access, link) else None

"""The snapshot: the whole picture for one person, with nothing in it that person may not know."""

import json
from collections.abc import Awaitable, Callable, Container, Iterator
from typing import Any

from dispatch.auth.access import Access
from dispatch.auth.permissions import ROLE_ACTIONS, Action
from dispatch.auth.sessions import SessionInfo
from dispatch.services.board import KEPT_MESSAGES, KEPT_TRANSMISSIONS, Board
from dispatch.services.board_layout import board_layout
from dispatch.services.desk import Desk
from dispatch.services.planned_units import PlannedUnits
from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from dispatch.services.sight import Sight
from dispatch.services.sight_individual import IndividualSight
from dispatch.services.sight_patches import PatchSight
from dispatch.services.snapshot_groups import GroupRows
from dispatch.services.snapshot_rows import LongTables
from gateway.model.ids import TalkgroupId
from gateway.model.wire import to_json
from gateway.ports import Clock

IncidentSource = Callable[[Access], Awaitable[list[Row]]]


class Snapshots:
    """Cuts snapshots from the board."""

    def __init__(
        self,
        *,
        room: str,
        plan: LivePlan,
        board: Board,
        sight: Sight,
        desk: Desk,
        clock: Clock,
    ) -> None:
        """Take what is shown; open incidents come from ``incidents`` when it is set."""
        self._room = room
        self._plan = plan
        self._board = board
        self._sight = sight
        self._desk = desk
        self._clock = clock
        self.tables = LongTables(plan, board, sight)
        self.planned_units = PlannedUnits(plan)
        self.groups = GroupRows(plan, board, clock)
        self.incidents: IncidentSource | None = None
        self.individual_sight: IndividualSight | None = None
        self.patch_sight = PatchSight(sight.words)

    async def open_incidents(self, access: Access) -> list[Row]:
        """Return the open incidents this person may see."""
        if self.incidents is None or not access.may("incident.see"):
            return []
        return await self.incidents(access)

    def cut(
        self, session: SessionInfo, access: Access, incidents: list[Row], *, tables: bool = True
    ) -> dict[str, Any]:
        """Return the snapshot; quick and without waiting, so that it belongs to one moment.

        Without ``tables`` the long ones are left empty: they follow in parts, and what the plan
        alone says of units is asked for apart (``planned_units``).
        """
        plan = self._plan.plan
        seat = self._desk.seat_of(session.id)
        board = access.may("board.see")
        links = self.links(access)
        return {
            "me": {
                "user": user_row(access),
                "position": seat.position if seat else None,
                "permissions": sorted(access.permissions),
                "room": self._room,
            },
            "plan": {
                "number": self._plan.number,
                "name": plan.name,
                "trial_until_utc": self._plan.trial_until_utc,
            },
            "talkgroups": self.talkgroups(access) if board and tables else [],
            "layout": board_layout(plan, seat.position if seat else None, access),
            "links": links,
            "sites": self.sites(access, {link["site"] for link in links}),
            "units": self.units(access) if board and tables else [],
            "planned_units": board and not tables,
            "alarms": [a for a in self._board.alarms.values() if self._sight.sees_alarm(access, a)],
            "messages": self.messages(access)[:KEPT_MESSAGES],
            "transmissions": self.transmissions(access)[:KEPT_TRANSMISSIONS] if board else [],
            "incidents": incidents,
            "individual": self.individual(access),
            "patches": self.patches(access),
            "positions": self._desk.rows(session.id) if board else [],
            "statuses": [to_json(status) for status in plan.statuses] if board else [],
            "predefined_texts": list(plan.predefined_texts) if access.may("message.send") else [],
            "listening": self._desk.listening() if board else {},
            "log": {"writable": self._board.log_writable},
            "disk": {"low": self._board.disk_step != "ok"},
        }

    def talkgroups(self, access: Access) -> list[Row]:
        """Return the rows of the talkgroups this person sees."""
        return list(self.groups.rows(access))

    def links(self, access: Access) -> list[Row]:
        """Return the rows of the links this person sees, without groups they may not know."""
        rows = []
        for link in self._plan.running.links:
            if not self._sight.sees_link(access, link.id):
                continue
            row = self._board.talkgroups.link_row(link)
            group = row["group"]
            if group is not None and not self._sight.sees_number(access, link.id, group):
                row["group"] = None
            row["scanned"] = [
                n for n in row["scanned"] if self._sight.sees_number(access, link.id, n)
            ]
            if not access.may("links.trace"):  # what is in a radio is an engineer's
                row["static_groups"] = row["dynamic_groups"] = []
            rows.append(row)
        return rows

    def sites(self, access: Access, seen: Container[str]) -> list[Row]:
        """Return the sites ``seen``, those of a person's links; who restarts links sees all."""
        every = access.may("links.restart")
        return [to_json(site) for site in self._plan.running.sites if every or site.id in seen]

    def units(self, access: Access) -> list[Row]:
        """Return the rows of the units this person sees."""
        visible: frozenset[TalkgroupId] = access.talkgroups(Action.SEE)
        return [
            self._board.units.row(unit, visible)
            for unit in self._board.units.known()
            if self._sight.sees_unit(access, unit)
        ]

    def each_unit(self, access: Access) -> Iterator[str]:
        """Give the same rows as JSON, each made when it is taken."""
        visible: frozenset[TalkgroupId] = access.talkgroups(Action.SEE)
        for unit in self._board.units.known():
            if self._sight.sees_unit(access, unit):
                yield json.dumps(self._board.units.row(unit, visible), ensure_ascii=False)

    def individual(self, access: Access) -> list[Row]:
        """Return the private calls that ring, run or were missed, as this person may see them."""
        sight = self.individual_sight
        if sight is None:
            return []
        rows = self._board.individual.rows(self._clock.utc_us())
        return [cut for row in rows if (cut := sight.row(access, row)) is not None]

    def patches(self, access: Access) -> list[Row]:
        """Return the patches that stand, with the members that this person sees."""
        rows = self._board.patches.patches.values()
        return [cut for row in rows if (cut := self.patch_sight.row(access, row)) is not None]

    def messages(self, access: Access) -> list[Row]:
        """Return the texts this person may read, newest first."""
        return [row for row in self._board.messages if self._sight.sees_message(access, row)]

    def transmissions(self, access: Access) -> list[Row]:
        """Return the last transmissions on talkgroups this person sees, newest first."""
        rows = [row for row in self._board.transmissions if access.sees(row["talkgroup"])]
        return [self._refused_words(row, access) if row["refused"] else row for row in rows]

    def _refused_words(self, row: Row, access: Access) -> Row:
        return {**row, "refused": self._sight.words(access, row["refused"])}


def user_row(access: Access) -> Row:
    """Return who somebody is."""
    user = access.user
    return {
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "role": user.role.value,
        "organisation": user.organisation,
        "actions": sorted(action.value for action in ROLE_ACTIONS[user.role]),
    }

"""Rows of talkgroups: what the plan says of them, written once for each set of rights, and now.

With ten thousand talkgroups nearly all of a row is the same for each page and each snapshot; only
its state is of the moment.
"""

from collections.abc import Callable, Iterable, Iterator

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.compact import compact
from dispatch.services.board import Board
from dispatch.services.board_talkgroups import nac_of
from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from gateway.model.ids import TalkgroupId
from gateway.model.plan import Link, Site, System, Talkgroup
from gateway.ports import Clock

MAX_TEXTS = 60_000
"""Rows whose text is kept; then it begins anew."""

_Stamp = tuple[Talkgroup, bool, tuple[Link, ...], System | None, tuple[Site, ...]]
"""All that the part of a row that is kept is made of, besides rights."""


class GroupRows:
    """Makes the rows."""

    def __init__(self, plan: LivePlan, board: Board, clock: Clock) -> None:
        """Take where they come from."""
        self._plan = plan
        self._board = board
        self._clock = clock
        self.records: Callable[[str], bool] = lambda talkgroup: True
        """Whether the policy lets a talkgroup be recorded."""
        self._texts: dict[tuple[TalkgroupId, frozenset[Action]], tuple[_Stamp, str]] = {}

    def rows(self, access: Access) -> Iterator[Row]:
        """Give the rows of the talkgroups this person sees, each made when it is taken."""
        for group, stamp in self._seen(access):
            yield {
                **self._planned(stamp, _granted(access, group)),
                "state": self._state(group, access),
            }

    def texts(self, access: Access) -> Iterator[str]:
        """Give the same rows as JSON."""
        for group, stamp in self._seen(access):
            text = self._text(stamp, _granted(access, group))
            yield f'{text[:-1]},"state":{compact(self._state(group, access))}}}'

    def _seen(self, access: Access) -> Iterator[tuple[Talkgroup, _Stamp]]:
        plan, sites = self._plan.plan, self._plan.running.sites
        systems = {system.id: system for system in plan.systems}
        for group in plan.talkgroups:
            if access.sees(group.id):
                recorded = group.recorded and self.records(group.id)
                links = self._plan.links_of.get(group.id, ())
                yield group, (group, recorded, links, systems.get(group.system), sites)

    def _text(self, stamp: _Stamp, granted: frozenset[Action]) -> str:
        key = (stamp[0].id, granted)
        known = self._texts.get(key)
        same = known is not None and known[0] == stamp
        text = known[1] if known is not None and same else compact(self._planned(stamp, granted))
        if len(self._texts) >= MAX_TEXTS:
            self._texts.clear()
        # Kept anew also where it is the same: of one plan, the next comparison ends at once.
        self._texts[key] = (stamp, text)
        return text

    def _planned(self, stamp: _Stamp, granted: frozenset[Action]) -> Row:
        talkgroup, recorded, links, system, sites = stamp
        return {
            "id": talkgroup.id,
            "system": talkgroup.system,
            "number": talkgroup.number,
            "name": talkgroup.name,
            "folder": talkgroup.folder,
            "agency": talkgroup.agency,
            "agency_kind": talkgroup.agency_kind,
            "description": talkgroup.description,
            "priority": talkgroup.priority,
            "address": talkgroup.address,
            "recorded": recorded,
            "encrypted": talkgroup.encrypted,
            "test": talkgroup.test,
            "transmit_limit_s": talkgroup.transmit_limit_s,
            "technology": system.technology if system else "",
            "system_name": system.name if system else talkgroup.system,
            "sites": _site_names(links, sites),
            "nac": next((nac for link in links if (nac := nac_of(link)) is not None), None),
            "links": [link.id for link in links],
            "actions": [action.value for action in Action if action in granted],
        }

    def _state(self, talkgroup: Talkgroup, access: Access) -> Row:
        state = self._board.talkgroups.row(talkgroup, self._clock.utc_us())
        number = state["radio_on"]
        if number is not None:
            other = f"{talkgroup.system}/{number}"
            name = self._plan.talkgroup_name(other)
            state["radio_on"] = name if access.sees(other) else "another talkgroup"
        return state


def _granted(access: Access, talkgroup: Talkgroup) -> frozenset[Action]:
    return access.talkgroup_actions.get(talkgroup.id, frozenset())


def _site_names(links: Iterable[Link], sites: Iterable[Site]) -> list[str]:
    names = {site.id: site.name for site in sites}
    return list(dict.fromkeys(names.get(link.site, link.site) for link in links))

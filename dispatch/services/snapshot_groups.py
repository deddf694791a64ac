"""Rows of talkgroups: what the plan says of them, written once for each set of rights, and now.

With ten thousand talkgroups nearly all of a row is the same for each page and each snapshot; only
its state is of the moment. That too is written once for the many pages which ask at the same time:
an activation gives each of them a new snapshot. Who has the same rights on a block of talkgroups
gets the text of the whole block, as long as nothing in it has changed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.compact import compact
from dispatch.services.board import Board
from dispatch.services.board_talkgroups import nac_of
from dispatch.services.group_blocks import HOLDS_US, Block, BlockTexts, Made
from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from gateway.model.ids import LinkId, TalkgroupId, UtcUs
from gateway.model.plan import Link, Site, System, Talkgroup
from gateway.ports import Clock

MAX_TEXTS = 60_000
"""Rows whose text is kept; then it begins anew."""


class _Stamp(NamedTuple):
    """All that the part of a row that is kept is made of, besides rights."""

    id: TalkgroupId
    group: Talkgroup
    recorded: bool
    links: tuple[Link, ...]
    system: System | None
    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class _StateText:
    """The state of a talkgroup as JSON, and what it was made of."""

    stamp: tuple[int, int]
    links: object
    """The plan's table of links by talkgroup: another plan, another table."""
    made_utc: UtcUs
    text: str

    def holds(self, stamp: tuple[int, int], links: object, now: UtcUs) -> bool:
        return self.stamp == stamp and self.links is links and 0 <= now - self.made_utc < HOLDS_US


class GroupRows:
    """Makes the rows."""

    def __init__(self, plan: LivePlan, board: Board, clock: Clock) -> None:
        """Take where they come from."""
        self._plan = plan
        self._board = board
        self._clock = clock
        self.records: Callable[[str], bool] = lambda talkgroup: True
        """Whether the policy lets a talkgroup be recorded."""
        self._states: dict[TalkgroupId, _StateText] = {}
        self._new: dict[tuple[LinkId, ...], str] = {}
        """State of talkgroups of which nothing was told yet, by the links that carry them."""
        self._new_of: tuple[int, object] = (0, None)
        self._texts: dict[tuple[TalkgroupId, frozenset[Action]], tuple[_Stamp, str]] = {}
        self._blocks = BlockTexts()

    def rows(self, access: Access) -> Iterator[Row]:
        """Give the rows of the talkgroups this person sees, each made when it is taken."""
        groups = ((group, group.id) for group in self._plan.plan.talkgroups)
        for group, stamp in self._seen(groups, access):
            planned = _planned(stamp, access.talkgroup_actions[stamp.id])
            yield {**planned, "state": self._state(group, access)}

    def texts(self, access: Access) -> Iterator[str]:
        """Give the same rows as JSON, those of a block of talkgroups in one text (``{},{}``).

        A block of which this person sees none is an empty text.
        """
        for block in self._blocks.of(self._plan.plan.talkgroups):
            yield self._block_text(block, access)

    def _block_text(self, block: Block, access: Access) -> str:
        made, granted = self._made_of(block), access.talkgroup_actions
        known = self._blocks.find(block, granted, made)
        if known is not None:
            return known
        texts = list(self._row_texts(block, access))
        text = ",".join(row for row, _ in texts)
        if all(for_all for _, for_all in texts):
            self._blocks.keep(block, granted, made, text)
        return text

    def _made_of(self, block: Block) -> Made:
        """Return all that the text of a block is made of, besides rights."""
        plan, states = self._plan, self._board.talkgroups
        return Made(
            # The block too: a list begun before an activation goes on with the former plan's.
            same=(block, plan.plan, plan.running.sites, plan.links_of),
            equal=(states.versions(block.ids), tuple(map(self.records, block.ids))),
            utc=self._clock.utc_us(),
        )

    def _row_texts(self, block: Block, access: Access) -> Iterator[tuple[str, bool]]:
        """Give a row for each group this person sees, and whether it is everybody's."""
        for group, stamp in self._seen(zip(block.groups, block.ids, strict=True), access):
            text = self._text(stamp, access.talkgroup_actions[stamp.id])
            state, for_all = self._state_text(group, stamp, access)
            yield f'{text[:-1]},"state":{state}}}', for_all

    def _seen(
        self, groups: Iterable[tuple[Talkgroup, TalkgroupId]], access: Access
    ) -> Iterator[tuple[Talkgroup, _Stamp]]:
        plan, sites = self._plan.plan, self._plan.running.sites
        systems = {system.id: system for system in plan.systems}
        links_of, records = self._plan.links_of, self.records
        for group, group_id in groups:
            if access.sees(group_id):
                recorded = group.recorded and records(group_id)
                links, system = links_of.get(group_id, ()), systems.get(group.system)
                yield group, _Stamp(group_id, group, recorded, links, system, sites)

    def _text(self, stamp: _Stamp, granted: frozenset[Action]) -> str:
        key = (stamp.id, granted)
        known = self._texts.get(key)
        same = known is not None and known[0] == stamp
        text = known[1] if known is not None and same else compact(_planned(stamp, granted))
        if len(self._texts) >= MAX_TEXTS:
            self._texts.clear()
        # Kept anew also where it is the same: of one plan, the next comparison ends at once.
        self._texts[key] = (stamp, text)
        return text

    def _state(self, talkgroup: Talkgroup, access: Access) -> Row:
        state = self._board.talkgroups.row(talkgroup, self._clock.utc_us())
        if state["radio_on"] is not None:
            state["radio_on"] = self._radio_on(f"{talkgroup.system}/{state['radio_on']}", access)
        return state

    def _state_text(self, group: Talkgroup, stamp: _Stamp, access: Access) -> tuple[str, bool]:
        """Return the state as JSON, as it was written for another page; and whether it is all's.

        The group a radio is on is in words that depend on who asks.
        """
        states = self._board.talkgroups
        if states.radio_on(group, stamp.links) is not None:
            return compact(self._state(group, access)), False
        if states.is_new(stamp.id):
            return self._new_text(group, stamp, access), True
        now, version = self._clock.utc_us(), states.version(stamp.id)
        known, links_of = self._states.get(stamp.id), self._plan.links_of
        if known is None or not known.holds(version, links_of, now):
            text = compact(self._state(group, access))
            known = self._states[stamp.id] = _StateText(version, links_of, now, text)
        return known.text, True

    def _new_text(self, group: Talkgroup, stamp: _Stamp, access: Access) -> str:
        """Return the state of a talkgroup of which nothing was told yet: most of a long plan."""
        of = (self._board.talkgroups.everything, self._plan.links_of)
        if of[0] != self._new_of[0] or of[1] is not self._new_of[1]:
            self._new, self._new_of = {}, of
        key = tuple([link.id for link in stamp.links])
        found = self._new.get(key)
        if found is None:
            found = self._new[key] = compact(self._state(group, access))
        return found

    def _radio_on(self, talkgroup: str, access: Access) -> str:
        seen = access.sees(talkgroup)
        return self._plan.talkgroup_name(talkgroup) if seen else "another talkgroup"


def _planned(stamp: _Stamp, granted: frozenset[Action]) -> Row:
    talkgroup, system, links = stamp.group, stamp.system, stamp.links
    return {
        "id": stamp.id,
        "system": talkgroup.system,
        "number": talkgroup.number,
        "name": talkgroup.name,
        "folder": talkgroup.folder,
        "agency": talkgroup.agency,
        "agency_kind": talkgroup.agency_kind,
        "description": talkgroup.description,
        "priority": talkgroup.priority,
        "address": talkgroup.address,
        "recorded": stamp.recorded,
        "encrypted": talkgroup.encrypted,
        "test": talkgroup.test,
        "transmit_limit_s": talkgroup.transmit_limit_s,
        "technology": system.technology if system else "",
        "system_name": system.name if system else talkgroup.system,
        "sites": _site_names(links, stamp.sites),
        "nac": next((nac for link in links if (nac := nac_of(link)) is not None), None),
        "links": [link.id for link in links],
        "actions": [action.value for action in Action if action in granted],
    }


def _site_names(links: Iterable[Link], sites: Iterable[Site]) -> list[str]:
    names = {site.id: site.name for site in sites}
    return list(dict.fromkeys(names.get(link.site, link.site) for link in links))

"""What the master's lists say of us, and so what may be talked on."""

from collections.abc import Iterable

from gateway.model.ids import MonoMs
from gateway.p25.fne.lists import ListedGroup
from gateway.p25.fne.numbers import MasterList

MAX_GROUP = 0xFFFF


PIECES_MS = 5_000
"""Active groups that come within this of each other are pieces of one list; later ones are news."""


class Access:
    """The lists of one session. A master may send one in pieces, and all of them again later."""

    def __init__(self, own_id: int) -> None:
        """Begin with no list."""
        self._own_id = own_id
        self.active: dict[int, ListedGroup] = {}
        self._active_ms: MonoMs | None = None
        self.deactivated: set[int] = set()
        self.blacklisted = False
        """Whether our own unit may not talk."""

    def clear(self) -> None:
        """Forget everything: a new session begins."""
        self.active.clear()
        self._active_ms = None
        self.deactivated.clear()
        self.blacklisted = False

    def take_groups(self, which: int, groups: Iterable[ListedGroup], now: MonoMs) -> None:
        """Take a list of talkgroups; numbers that P25 cannot have are of other systems."""
        if which == MasterList.ACTIVE_GROUPS:
            if self._active_ms is not None and now - self._active_ms > PIECES_MS:
                self.active.clear()
            self._active_ms = now
        for group in groups:
            if group.number > MAX_GROUP:
                continue
            if which == MasterList.ACTIVE_GROUPS:
                self.active[group.number] = group
                self.deactivated.discard(group.number)
            else:
                self.active.pop(group.number, None)
                self.deactivated.add(group.number)

    def take_units(self, which: int, units: Iterable[int]) -> bool:
        """Take a list of units; says whether it changed what we may."""
        listed = self._own_id in units
        before = self.blacklisted
        if which == MasterList.BLACKLIST:
            self.blacklisted = listed
        elif listed:
            self.blacklisted = False
        return self.blacklisted != before

    def refusal(self, group: int) -> str:
        """Return why a talkgroup may not be talked on, empty where nothing is known against it."""
        if self.blacklisted:
            return self.blacklist_words
        if group in self.deactivated:
            return f"talkgroup {group} is deactivated at the master"
        if self.active and group not in self.active:
            return f"talkgroup {group} is not among the active talkgroups of the master"
        return ""

    @property
    def blacklist_words(self) -> str:
        """Say that our unit may not talk."""
        return f"our unit {self._own_id} is on the master's blacklist"

"""Which radio carries a talkgroup, who uses which radio, and when a radio may be retuned."""

from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.model.command import Reply
from gateway.model.commands import LinkSelect
from gateway.model.ids import LinkId, PositionId, TalkgroupId, split_address
from gateway.model.plan import Link
from gateway.model.radio import Capability

STEADY_US = 10_000_000
"""A link that came up less than this ago may go down again."""
BETTER_DB = 6
NO_SIGNAL_DBM = -120
"""Stands for a signal that a link does not tell."""


PATCH_USER = "patch "
"""Begins the name under which a patch uses a radio; positions have none that begins so."""


class Routing:
    """Talkgroup to link, and the positions that use each radio."""

    def __init__(self, ctx: Context, calls: CallBook, health: Health) -> None:
        """Begin with nobody at any radio."""
        self._ctx = ctx
        self._calls = calls
        self._health = health
        self._groups: dict[LinkId, int | None] = {}
        self._scans: dict[LinkId, bool] = {}
        self._users: dict[PositionId, tuple[LinkId, TalkgroupId]] = {}

    # ---- what the radios are on

    def set_group(self, link: LinkId, number: int | None, scanned: tuple[int, ...] = ()) -> None:
        """Keep the group that a radio reported, and those it scans besides."""
        self._groups[link] = number
        self._scans[link] = any(group != number for group in scanned)

    def forget(self, link: LinkId) -> None:
        """Drop what is known of a link that is gone, and who used it."""
        self._groups.pop(link, None)
        self._scans.pop(link, None)
        self._users = {who: used for who, used in self._users.items() if used[0] != link}

    def group(self, link: LinkId) -> int | None:
        """Return the selected group of a radio, None when it is not known."""
        return self._groups.get(link)

    def only_group(self, link: LinkId) -> int | None:
        """Return the one group that a radio can be heard on, None when it scans others too."""
        return None if self._scans.get(link) else self._groups.get(link)

    def elsewhere(self, link: LinkId, number: int | None) -> str:
        """Return the fixed words for a radio on another group."""
        return f"radio is on {self._ctx.addresses.group_name(link, number)}"

    def where_else(self, link: LinkId, number: int) -> str:
        """Return the words for the group a radio is on instead, empty when none is known."""
        groups = [call.number for call in self._calls.on_link(link)]
        groups.append(self._groups.get(link) or number)
        other = next((group for group in groups if group != number), None)
        return "" if other is None else self.elsewhere(link, other)

    # ---- choosing

    def link_for(self, talkgroup: TalkgroupId) -> Link | None:
        """Return the link to talk on, None when no link carries the talkgroup.

        One that is up, free and on the group goes first; among equals one that has been up for a
        while, then the one with clearly more signal.
        """
        number = split_address(talkgroup)[1]
        links = [k for k in self._ctx.addresses.links_of(talkgroup) if k.id in self._ctx.links]

        def fitness(link: Link) -> tuple[bool, bool, bool, bool, int]:
            on_it = self._groups.get(link.id) == number or self._calls.group_up(link.id, number)
            free = not self._ctx.lines.busy(link.id)
            steady = self._ctx.utc() - self._health.up_since(link.id) >= STEADY_US
            signal = (self._health.signal_dbm(link.id) or NO_SIGNAL_DBM) // BETTER_DB
            return self._health.is_up(link.id), free, on_it, steady, signal

        return max(links, key=fitness, default=None)

    # ---- selecting

    def keep(self, label: str, talkgroup: TalkgroupId, pressed: frozenset[LinkId]) -> str:
        """Let a patch use the radio of a talkgroup; returns why it cannot, empty when it does."""
        user = PositionId(f"{PATCH_USER}{label} {talkgroup}")
        command = LinkSelect(position=user, talkgroup=talkgroup)
        return self.select(command, pressed=pressed).reason

    def keeps(self, label: str, talkgroup: TalkgroupId, link: LinkId) -> bool:
        """Say whether a patch uses this radio for a talkgroup."""
        return self._users.get(PositionId(f"{PATCH_USER}{label} {talkgroup}")) == (link, talkgroup)

    def give_up(self, label: str, talkgroup: TalkgroupId) -> None:
        """Note that a patch uses the radio of a talkgroup no more."""
        self.leave(PositionId(f"{PATCH_USER}{label} {talkgroup}"))

    def leave(self, position: PositionId) -> None:
        """Note that the position uses no radio any more."""
        self._users.pop(position, None)

    def select(self, command: LinkSelect, *, pressed: frozenset[LinkId]) -> Reply:
        """Retune the talkgroup's radio where nothing and nobody stands against it.

        ``pressed`` are the links with a press on them.
        """
        self.leave(command.position)
        link = self.link_for(command.talkgroup)
        if link is None:
            name = self._ctx.addresses.talkgroup_name(command.talkgroup)
            return Reply(ok=False, reason=f"no radio carries {name}")
        number = split_address(command.talkgroup)[1]
        if self._groups.get(link.id) != number:
            reason = self._hindrance(link, command, pressed)
            if reason:
                return Reply(ok=False, reason=reason)
            self._ctx.links[link.id].select_group(number)
        self._users[command.position] = (link.id, command.talkgroup)
        return Reply(ok=True)

    def _hindrance(self, link: Link, command: LinkSelect, pressed: frozenset[LinkId]) -> str:
        """Say why the radio is not retuned, in words; empty when it may be."""
        if not self._health.is_up(link.id):
            return self._health.words(link.id)
        if Capability.SELECT_GROUP not in self._ctx.links[link.id].info.capabilities:
            if self._groups.get(link.id) is None:
                return ""  # it is on no group: each over names its own
            return "this radio's group cannot be changed from here"
        where = self.elsewhere(link.id, self._groups.get(link.id))
        for position, (used, talkgroup) in self._users.items():
            if used == link.id and talkgroup != command.talkgroup:
                return f"{where}, {_user(position)} uses it"
        if link.id in pressed or self._calls.on_link(link.id) or self._ctx.lines.busy(link.id):
            return f"{where}, a call is up"
        return ""


def _user(position: PositionId) -> str:
    """Return who uses a radio, in words."""
    if position.startswith(PATCH_USER):
        return " ".join(position.split(" ")[:2])
    return f"Position {position}"

"""Texts of blocks of talkgroups, kept for a moment for all who have the same rights on them.

An activation gives each page a new snapshot at the same moment, and most pages of a control room
may do the same. A block's text is taken as long as everything it was made of is what it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.auth.permissions import Action
from gateway.model.ids import TalkgroupId, UtcUs
from gateway.model.plan import Talkgroup

ROWS_A_BLOCK = 16
HOLDS_US = 1_000_000
"""Units heard in the last hour grow fewer without an event: a text holds this long."""
MAX_BLOCKS = 1_500
"""Blocks whose text is kept, some 15 kB each; then it begins anew."""

Granted = Mapping[TalkgroupId, frozenset[Action]]


@dataclass(frozen=True, slots=True)
class Block:
    """Talkgroups that stand beside each other in a plan."""

    groups: tuple[Talkgroup, ...]
    ids: tuple[TalkgroupId, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What a text was made of, besides rights."""

    same: tuple[object, ...]
    """Whole tables of a plan: they are the same ones, or they count as changed."""
    equal: tuple[object, ...]
    utc: UtcUs

    def holds(self, now: "Made") -> bool:
        """Whether a text that was made of this may be taken now."""
        return (
            all(map(_is, self.same, now.same))
            and self.equal == now.equal
            and 0 <= now.utc - self.utc < HOLDS_US
        )


_Key = tuple[TalkgroupId, tuple[frozenset[Action] | None, ...]]


class BlockTexts:
    """Keeps them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._groups: tuple[Talkgroup, ...] = ()
        self._blocks: list[Block] = []
        self._texts: dict[_Key, tuple[Made, str]] = {}

    def of(self, groups: tuple[Talkgroup, ...]) -> list[Block]:
        """Return the blocks of a plan's talkgroups."""
        if groups is not self._groups:
            places = range(0, len(groups), ROWS_A_BLOCK)
            parts = [groups[place : place + ROWS_A_BLOCK] for place in places]
            self._blocks = [Block(part, tuple(group.id for group in part)) for part in parts]
            self._groups = groups
        return self._blocks

    def find(self, block: Block, granted: Granted, now: Made) -> str | None:
        """Return the text that was kept for the same rights, None when it holds no more."""
        made, text = self._texts.get(_key(block, granted), (None, ""))
        return text if made is not None and made.holds(now) else None

    def keep(self, block: Block, granted: Granted, made: Made, text: str) -> None:
        """Keep a text that is the same for all who have these rights."""
        if len(self._texts) >= MAX_BLOCKS:
            self._texts.clear()
        self._texts[_key(block, granted)] = (made, text)


def _key(block: Block, granted: Granted) -> _Key:
    return block.ids[0], tuple(map(granted.get, block.ids))


def _is(one: object, other: object) -> bool:
    return one is other

"""Events of links: health, groups, protocol lines."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.envelope import Event
from gateway.model.ids import LinkId, TalkgroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged(Event):
    """Health, identity or registration of a link."""

    type: ClassVar[str] = "link.changed"
    link: LinkId
    state: str
    reason: str = ""
    model: str = ""
    firmware: str = ""
    own_number: int | None = None
    mode: str = ""
    registered: bool | None = None
    signal_dbm: int | None = None
    speed_bps: int | None = None
    capabilities: tuple[str, ...] = ()
    since_utc: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroupChanged(Event):
    """The radio's selected group; ``asked`` False when somebody turned the knob."""

    type: ClassVar[str] = "link.group_changed"
    link: LinkId
    number: int | None
    talkgroup: TalkgroupId | None
    scanned: tuple[int, ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGroup:
    """A group as a radio has it in its own list; names are the radio's."""

    number: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroupsKnown(Event):
    """The groups in a radio: ``static`` programmed, ``dynamic`` given over the air (DGNA)."""

    type: ClassVar[str] = "link.groups_known"
    link: LinkId
    static: tuple[NamedGroup, ...] = ()
    dynamic: tuple[NamedGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLineSeen(Event):
    """One protocol line, for engineers only."""

    type: ClassVar[str] = "link.line_seen"
    transient: ClassVar[bool] = True
    link: LinkId
    outgoing: bool
    raw: str
    words: str
    malformed: bool = False

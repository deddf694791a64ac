"""L3Harris' own words (MFID A4): the talker's name and position, beside the voice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.layout import octets
from gateway.p25.words.link_control_base import LinkControlWord
from gateway.p25.words.tables import HARRIS

_FIRST_ALIAS_BLOCK: Final = 0x32


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkerAlias(LinkControlWord):
    """Seven octets of the talker's name. [1] text in ISO 8859-1 or ASCII, filled up with zeros."""

    MFID: ClassVar[int] = HARRIS
    text: Annotated[bytes, octets(2, 7)]

    @property
    def block(self) -> int:
        """Which of the four pieces, 1 to 4."""
        return self.opcode - _FIRST_ALIAS_BLOCK + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkerAlias1(TalkerAlias):
    """First piece."""

    OPCODE: ClassVar[int] = 0x32


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkerAlias2(TalkerAlias):
    """Second piece."""

    OPCODE: ClassVar[int] = 0x33


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkerAlias3(TalkerAlias):
    """Third piece."""

    OPCODE: ClassVar[int] = 0x34


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkerAlias4(TalkerAlias):
    """Fourth piece."""

    OPCODE: ClassVar[int] = 0x35


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPosition1(LinkControlWord):
    """First half of the talker's position; kept, not read [1]."""

    MFID: ClassVar[int] = HARRIS
    OPCODE: ClassVar[int] = 0x2A
    content: Annotated[bytes, octets(2, 7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPosition2(LinkControlWord):
    """Second half of the talker's position; kept, not read [1]."""

    MFID: ClassVar[int] = HARRIS
    OPCODE: ClassVar[int] = 0x2B
    content: Annotated[bytes, octets(2, 7)]


def alias_text(pieces: Iterable[TalkerAlias]) -> str:
    """Join the pieces that came, in their order, to a name without control characters."""
    joined = b"".join(piece.text for piece in sorted(pieces, key=lambda piece: piece.block))
    text = joined.split(b"\0")[0].decode("latin-1")
    return "".join(character for character in text if character.isprintable()).strip()


WORDS: Final[tuple[type[LinkControlWord], ...]] = (
    TalkerAlias1,
    TalkerAlias2,
    TalkerAlias3,
    TalkerAlias4,
    UnitPosition1,
    UnitPosition2,
)

"""How the fields of a word lie in its bits: each field's annotation says where it is.

Bit 0 is the first bit on air, the most significant of octet 0. What no field covers is kept in
``spare``, so a word that was read is written the same again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final, get_type_hints

from gateway.model.errors import InvalidCommand
from gateway.p25.words.service_options import ServiceOptions

CHANNEL_NUMBER_BITS: Final = 12


class Form(Enum):
    """How a field is shown to people and in JSON."""

    NUMBER = "number"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Bits:
    """``width`` bits from bit ``start`` on; ``key`` is the field's name in JSON if another."""

    start: int
    width: int
    form: Form = Form.NUMBER
    key: str = ""


def octets(first: int, count: int, form: Form = Form.NUMBER, key: str = "") -> Bits:
    """Return whole octets, counted from 0."""
    return Bits(8 * first, 8 * count, form, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel: which identifier message gives base and spacing, and the number on that grid.

    Frequency in Hz = base + number x spacing.
    """

    identifier: int
    number: int

    def encode(self) -> int:
        """Return the sixteen bits."""
        return self.identifier << CHANNEL_NUMBER_BITS | self.number

    @classmethod
    def decode(cls, value: int) -> "Channel":
        """Read sixteen bits."""
        return cls(identifier=value >> CHANNEL_NUMBER_BITS & 0xF, number=value & 0xFFF)


FieldValue = int | bool | bytes | ServiceOptions | Channel


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a word's layout."""

    name: str
    kind: type
    bits: Bits
    shift: int
    mask: int

    def read(self, number: int) -> FieldValue:
        """Take the field out of a whole word."""
        value = number >> self.shift & self.mask
        if self.kind is int:
            return value
        if self.kind is bool:
            return bool(value)
        if self.kind is bytes:
            return value.to_bytes(self.bits.width // 8, "big")
        return (ServiceOptions if self.kind is ServiceOptions else Channel).decode(value)

    def write(self, value: FieldValue) -> int:
        """Return the word that holds nothing but this field; raises InvalidCommand."""
        match value:
            case ServiceOptions() | Channel():
                number = value.encode()
            case bytes():
                number = int.from_bytes(value, "big")
            case _:
                number = int(value)
        if not 0 <= number <= self.mask:
            raise InvalidCommand(f"{self.name}: expected 0 to {self.mask}, got {number}")
        return number << self.shift


@dataclass(frozen=True, slots=True)
class Layout:
    """All fields of one kind of word, and the bits that none of them covers."""

    fields: tuple[Field, ...]
    covered: int

    def read(self, number: int) -> dict[str, Any]:  # keyword arguments of any word's class
        """Return the value of each field, as the word's class takes them."""
        return {field.name: field.read(number) for field in self.fields}

    def write(self, word: object) -> int:
        """Return the bits of all fields; raises InvalidCommand where a value does not fit."""
        number = 0
        for field in self.fields:
            number |= field.write(getattr(word, field.name))
        return number

    def values(self, word: object) -> Mapping[str, FieldValue]:
        """Return the value of each field by name."""
        return {field.name: getattr(word, field.name) for field in self.fields}


_LAYOUTS: Final[dict[type, Layout]] = {}


def layout_of(kind: type, total_bits: int) -> Layout:
    """Return the layout of a dataclass whose fields are annotated with ``Bits``."""
    known = _LAYOUTS.get(kind)
    if known is None:
        known = _LAYOUTS[kind] = _layout(kind, total_bits)
    return known


def _layout(kind: type, total_bits: int) -> Layout:
    hints = get_type_hints(kind, include_extras=True)
    found = []
    covered = 0
    for entry in fields(kind):
        hint = hints[entry.name]
        bits = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Bits)), None)
        if bits is None:
            continue
        shift, mask = total_bits - bits.start - bits.width, (1 << bits.width) - 1
        found.append(Field(entry.name, hint.__origin__, bits, shift, mask))
        covered |= mask << shift
    return Layout(tuple(found), covered)

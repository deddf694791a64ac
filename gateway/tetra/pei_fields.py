"""The comma-separated fields of one PEI line, by position, with their offsets."""

from gateway.tetra.addressing import Address, parse_address, parse_mni

MAX_NUMBER_DIGITS = 9
"""Most digits of a number in a field; no field of the interface needs more."""


class Fields:
    """The comma-separated fields of one line, by position, with their offsets."""

    def __init__(self, text: str, start: int) -> None:
        self.values: list[str] = []
        self.offsets: list[int] = []
        position = start
        for piece in text[start:].split(","):
            self.values.append(piece.strip().strip('"'))
            self.offsets.append(position)
            position += len(piece) + 1

    def __len__(self) -> int:
        return len(self.values)

    def text(self, index: int) -> str:
        """Return a field, empty where it is missing."""
        return self.values[index] if index < len(self.values) else ""

    def optional(self, index: int) -> int | None:
        """Return a number, None where the field is empty or missing."""
        value = self.text(index)
        if not value:
            return None
        if not value.isascii() or not value.isdecimal() or len(value) > MAX_NUMBER_DIGITS:
            raise Unreadable(self.offsets[index], f"field {index + 1}: expected a number")
        return int(value)

    def lenient(self, index: int) -> int | None:
        """Return a number, None where the field is missing or no number."""
        try:
            return self.optional(index)
        except Unreadable:
            return None

    def number(self, index: int) -> int:
        """Return a number that must be there."""
        value = self.optional(index)
        if value is None:
            offset = self.offsets[min(index, len(self.offsets) - 1)]
            raise Unreadable(offset, f"field {index + 1}: expected a number, got nothing")
        return value

    def address(self, index: int) -> Address | None:
        """Return an address, None where empty or missing."""
        value = self.text(index)
        if not value:
            return None
        try:
            return parse_address(value)
        except ValueError as error:
            raise Unreadable(self.offsets[index], f"field {index + 1}: {error}") from error

    def network(self, index: int) -> tuple[int, int] | None:
        """Return (MCC, MNC), None where the field is not one."""
        try:
            return parse_mni(self.text(index))
        except ValueError:
            return None


class Unreadable(Exception):
    """A field that cannot be read; never leaves the grammar."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason

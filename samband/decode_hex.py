"""Lines of hex to octets to rows, for the kinds whose items are whole octets."""

from collections.abc import Callable, Iterable, Iterator

from gateway.model.errors import ProtocolViolation
from gateway.tetra.bits import is_hex
from samband.decode_rows import NOT_HEX, Row, malformed


def octet_rows(lines: Iterable[str], read: Callable[[bytes], Row]) -> Iterator[Row]:
    """Give one row a line; blanks in a line are skipped, and so are empty lines.

    What ``read`` refuses (ProtocolViolation) is ``malformed``, its offset counted in hex digits.
    """
    for line in lines:
        digits = "".join(line.split())
        if not digits:
            continue
        if not is_hex(digits):
            offset = next(i for i, character in enumerate(digits) if not is_hex(character))
            yield malformed(offset, NOT_HEX, line)
        elif len(digits) % 2:
            yield malformed(len(digits), "expected whole octets, got half of one", line)
        else:
            try:
                row = read(bytes.fromhex(digits))
            except ProtocolViolation as fault:
                row = malformed(2 * fault.offset, str(fault), line)
            yield row

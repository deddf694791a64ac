"""``samband decode fne`` and ``fne-record``: packets of a DVM FNE, and the voice records inside.

The readers are imported when one is asked for: they build tables that other kinds do not need.
"""

from collections.abc import Callable, Iterable, Iterator

from samband.decode_hex import octet_rows
from samband.decode_rows import Row


def _packets(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_fne_rows import packet_row

    return octet_rows(lines, packet_row)


def _records(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_fne_rows import record_row

    return octet_rows(lines, record_row)


KINDS: dict[str, Callable[[Iterable[str]], Iterator[Row]]] = {
    "fne": _packets,
    "fne-record": _records,
}

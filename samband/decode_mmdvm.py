"""``samband decode mmdvm`` and ``p25net``: frames of a modem, datagrams of a MMDVM P25 network.

The readers are imported when one is asked for: they build tables that other kinds do not need.
"""

from collections.abc import Callable, Iterable, Iterator

from samband.decode_hex import octet_rows
from samband.decode_rows import Row


def _frames(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_mmdvm_rows import modem_row

    return octet_rows(lines, modem_row)


def _datagrams(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_mmdvm_rows import network_row

    return octet_rows(lines, network_row)


KINDS: dict[str, Callable[[Iterable[str]], Iterator[Row]]] = {
    "mmdvm": _frames,
    "p25net": _datagrams,
}

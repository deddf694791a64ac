"""``samband decode`` of P25 frames on air and their words: kinds nid to imbe-frame.

The readers are imported when one is asked for: they build tables that other kinds do not need.
"""

from collections.abc import Callable, Iterable, Iterator

from samband.decode_hex import octet_rows
from samband.decode_rows import Row


def _nid(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_p25_frames import nid_row

    return octet_rows(lines, nid_row)


def _frames(unit: str) -> Callable[[Iterable[str]], Iterator[Row]]:
    def rows(lines: Iterable[str]) -> Iterator[Row]:
        from samband.decode_p25_frames import unit_row

        return octet_rows(lines, lambda octets: unit_row(octets, unit))

    return rows


def _tsbk(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_p25_frames import tsbk_rows

    return tsbk_rows(lines)


def _pdu(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_p25_frames import pdu_row

    return octet_rows(lines, pdu_row)


def _lc(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_p25_frames import lc_row

    return octet_rows(lines, lc_row)


def _imbe(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_p25_frames import imbe_row

    return octet_rows(lines, imbe_row)


KINDS: dict[str, Callable[[Iterable[str]], Iterator[Row]]] = {
    "nid": _nid,
    "hdu": _frames("hdu"),
    "ldu": _frames("ldu"),
    "tdu": _frames("tdu"),
    "tsbk": _tsbk,
    "pdu": _pdu,
    "lc": _lc,
    "imbe-frame": _imbe,
}

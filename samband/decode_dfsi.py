"""``samband decode`` of the fixed-station interface: kinds dfsi-control, dfsi-voice and v24.

The readers are imported when one is asked for: they build tables that other kinds do not need.
"""

from collections.abc import Callable, Iterable, Iterator

from samband.decode_hex import octet_rows
from samband.decode_rows import Row


def _control(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_dfsi_rows import control_row

    return octet_rows(lines, control_row)


def _voice(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_dfsi_rows import VoiceReader

    return octet_rows(lines, VoiceReader().row)


def _v24(lines: Iterable[str]) -> Iterator[Row]:
    from samband.decode_dfsi_rows import RecordReader

    return octet_rows(lines, RecordReader().row)


KINDS: dict[str, Callable[[Iterable[str]], Iterator[Row]]] = {
    "dfsi-control": _control,
    "dfsi-voice": _voice,
    "v24": _v24,
}

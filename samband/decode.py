"""``samband decode``: protocol text in, one JSON object a line out."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator

from gateway.tetra.bits import Payload, is_hex
from samband import decode_dfsi, decode_fne, decode_mmdvm, decode_p25_air
from samband.decode_pei import decode_pei
from samband.decode_rows import NOT_HEX, Row, lip_row, malformed, sds_row, status_row

EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``decode`` to the command line."""
    parser = subparsers.add_parser(
        "decode",
        help="protocol lines in, one JSON object a line out",
        description="Reads TEXT, or standard input, and prints one JSON object a line.",
        epilog=(
            "sds, lip and status take hex digits, blanks allowed; sds and lip also HEX/BITS where\n"
            "the digits are padded past the message's bits; kinds of P25 take whole octets\n"
            "example: samband decode lip 0A112853A9FF4D4FFFE810/84"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("text", nargs="?", default="-", metavar="TEXT|-", help="default: stdin")
    parser.add_argument("--strict", action="store_true", help="exit 1 if any line was malformed")


def run(args: argparse.Namespace) -> int:
    """Decode; 0 done, 1 malformed lines with ``--strict``, 2 unknown kind or text not hex."""
    decoder = KINDS.get(args.kind)
    if decoder is None:
        known = ", ".join(KINDS)
        print(f"samband decode: expected one of {known}, got {args.kind!r}", file=sys.stderr)
        return EXIT_USAGE
    bad = not_hex = False
    for row in decoder(_lines(args.text)):
        print(json.dumps(row, ensure_ascii=False), flush=True)
        bad = bad or "malformed" in row
        not_hex = not_hex or row.get("malformed", {}).get("reason") == NOT_HEX
    if not_hex:
        print("samband decode: expected hex digits; see the lines named above", file=sys.stderr)
        return EXIT_USAGE
    return EXIT_FAILED if bad and args.strict else EXIT_DONE


def _lines(text: str) -> Iterator[str]:
    """Give the lines to decode; bytes that are no UTF-8 are kept as they came."""
    if text != "-":
        yield from text.splitlines()
        return
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        yield from sys.stdin
        return
    for raw in stream:
        yield raw.decode("utf-8", errors="surrogateescape").rstrip("\r\n")


def _hex_rows(lines: Iterable[str], read: Callable[[Payload, str], Row]) -> Iterator[Row]:
    """Decode ``HEX`` or ``HEX/BITS``; the digits may be padded past the stated bits."""
    for line in lines:
        written, slash, stated = "".join(line.split()).partition("/")
        digits = written.upper()
        if not digits and not slash:
            continue
        if not is_hex(digits):
            offset = next(i for i, character in enumerate(digits) if not is_hex(character))
            yield malformed(offset, NOT_HEX, line)
            continue
        try:
            payload = Payload.from_hex(digits, _bits(stated) if slash else None)
        except ValueError as fault:
            yield malformed(len(digits), str(fault), line)
        else:
            yield read(payload, digits)


def _bits(stated: str) -> int:
    if not stated.isascii() or not stated.isdecimal() or len(stated) > _MAX_BITS_DIGITS:
        raise ValueError(f"expected a number of bits behind the /, got {stated!r}")
    return int(stated)


_MAX_BITS_DIGITS = 5


def _decode_sds(lines: Iterable[str]) -> Iterator[Row]:
    return _hex_rows(lines, sds_row)


def _decode_lip(lines: Iterable[str]) -> Iterator[Row]:
    return _hex_rows(lines, lip_row)


def _decode_status(lines: Iterable[str]) -> Iterator[Row]:
    return _hex_rows(lines, lambda _payload, digits: status_row(digits))


KINDS: dict[str, Callable[[Iterable[str]], Iterator[Row]]] = {
    "pei": decode_pei,
    "sds": _decode_sds,
    "lip": _decode_lip,
    "status": _decode_status,
}
KINDS |= decode_p25_air.KINDS
KINDS |= decode_dfsi.KINDS
KINDS |= decode_fne.KINDS
KINDS |= decode_mmdvm.KINDS

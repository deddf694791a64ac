"""``samband codec``: WAV files to vocoder frames and back, and a page of plots for people."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.model.errors import ConfigError

if TYPE_CHECKING:
    from samband.codec_kinds import Kind

EXIT_DONE, EXIT_USAGE = 0, 2
DIRECTIONS = ("encode", "decode")

_EXAMPLES = """examples:
  samband codec imbe encode speech.wav --out speech.imbe
  samband codec imbe decode speech.imbe --out speech.wav --bad 000110
  samband codec acelp encode *.wav --out coded/
  samband codec report speech.wav --out report.html
  samband codec report speech.imbe --codec imbe --out report.html

WAV files are 8 kHz, mono, 16 bit. Frames are text, one frame of hex a line:
IMBE 22 digits (u0..u7), with --coded 36; ACELP 36 digits (137 bits and 7 zeros).
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``codec``."""
    parser = subparsers.add_parser(
        "codec",
        help="WAV files to vocoder frames and back; plots",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", metavar="imbe|acelp|report")
    parser.add_argument("rest", nargs="+", metavar="encode|decode IN…", help="report: IN")
    parser.add_argument("--out", metavar="FILE|DIR", help="where the result goes")
    parser.add_argument("--coded", action="store_true", help="IMBE frames with error protection")
    parser.add_argument("--bad", default="", metavar="0101…", help="1 marks a lost frame")
    parser.add_argument("--codec", default="imbe", choices=("imbe", "acelp"), help="of a report")


def run(args: argparse.Namespace) -> int:
    """Do it; 0 done, 1 failed (an error says why), 2 wrong use."""
    from samband.codec_kinds import KINDS
    from samband.kernels import keep_kernels

    wrong = _wrong_use(args, tuple(KINDS))
    if wrong:
        print(f"samband codec: {wrong}", file=sys.stderr)
        return EXIT_USAGE
    keep_kernels()
    if args.what == "report":
        return _report(args)
    kind = KINDS[args.what]
    direction, sources = args.rest[0], [Path(name) for name in args.rest[1:]]
    from samband.codec_files import targets

    outs = targets(sources, args.out, ".wav" if direction == "decode" else f".{kind.name}")
    work = _decode if direction == "decode" else _encode
    for source, out in zip(sources, outs, strict=True):
        work(kind, source, out, args)
    return EXIT_DONE


def _wrong_use(args: argparse.Namespace, kinds: Sequence[str]) -> str:
    """Return what is wrong with the words of a command, empty when nothing is."""
    name, first, report = args.what, args.rest[0], args.what == "report"
    faults = [
        (not report and name not in kinds, f"expected {', '.join(kinds)} or report, got {name!r}"),
        (report and len(args.rest) != 1, "expected one file: samband codec report IN --out FILE"),
        (
            not report and (first not in DIRECTIONS or len(args.rest) < 2),
            f"expected: samband codec {name} encode|decode IN… --out FILE|DIR",
        ),
        (args.out is None, "expected --out FILE" + ("" if report else "|DIR")),
        (
            args.coded and name != "imbe",
            "--coded is for imbe: ACELP's error protection is the channel's (TCH/S)",
        ),
        (bool(args.bad) and first == "encode", "--bad is for decode"),
    ]
    return next((words for wrong, words in faults if wrong), "")


def _encode(kind: "Kind", source: Path, out: Path, args: argparse.Namespace) -> None:
    from samband.codec_files import read_wav, write_frames
    from samband.codec_work import encode_all

    samples = read_wav(source)
    write_frames(out, encode_all(kind, samples, coded=args.coded, name=source.name))


def _decode(kind: "Kind", source: Path, out: Path, args: argparse.Namespace) -> None:
    from samband.codec_files import read_flags, read_frames, write_wav
    from samband.codec_work import decode_all

    digits = kind.coded_digits if args.coded else kind.digits
    frames = read_frames(source, digits)
    bad = read_flags(args.bad)
    if len(bad) > len(frames):
        raise ConfigError(f"--bad: {len(bad)} flags for the {len(frames)} frames of {source}")
    bad += [False] * (len(frames) - len(bad))
    write_wav(out, decode_all(kind.coder(coded=args.coded), frames, bad, source.name))


def _report(args: argparse.Namespace) -> int:
    from samband.codec_report import report

    Path(args.out).write_text(report(Path(args.rest[0]), args.codec), encoding="utf-8")
    print(f"{args.out}: written")
    return EXIT_DONE

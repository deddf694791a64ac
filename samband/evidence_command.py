"""``samband evidence``: verifies packages, and writes what recipients need: verifier and viewer."""

import argparse
from pathlib import Path

from dispatch.audit.cosign import witness_at
from dispatch.evidence.exporter import EXPORTER_VKEY
from dispatch.evidence.pyz import verifier_pyz, viewer_page
from dispatch.evidence.verifier.main import add_arguments
from dispatch.evidence.verifier.main import run as verify
from gateway.model.errors import ConfigError


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband evidence`` and its verbs."""
    parser = subparsers.add_parser(
        "evidence",
        help="verifies evidence packages",
        epilog="example: samband evidence verify EV-2026-000321.zip --trust keys.txt",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser(
        "verify",
        help="check a package, offline",
        epilog="exit status: 0 valid, 3 valid with warnings, 1 not valid, 2 wrong use",
    )
    add_arguments(check)
    one = verbs.add_parser(
        "verifier",
        help="write the verifier as one file, to give away",
        epilog="example: samband evidence verifier verify_evidence.pyz",
    )
    one.add_argument("out", type=Path, metavar="FILE", help="where to")
    viewer = verbs.add_parser(
        "viewer",
        help="write a page that shows packages, to give away",
        epilog="example: samband evidence viewer view.html; it holds no data and checks nothing",
    )
    viewer.add_argument("out", type=Path, metavar="FILE", help="where to")
    keys = verbs.add_parser(
        "keys",
        help="print the trust file that receivers of packages need",
        epilog="Hand it over by another way than the packages.",
    )
    keys.add_argument("-c", "--config", type=Path, required=True, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    if args.verb == "verify":
        return verify(args)
    if args.verb == "verifier":
        return _write(args.out, verifier_pyz(), f"python3 {args.out.name} PACKAGE --trust KEYS")
    if args.verb == "viewer":
        return _write(args.out, viewer_page(), "open it in a browser, then choose a package")
    return _keys(args.config)


def _write(out: Path, data: bytes, words: str) -> int:
    try:
        out.write_bytes(data)
    except OSError as error:
        raise ConfigError(f"evidence: {out}: {error.strerror}") from error
    print(f"{out}: {words}")
    return 0


def _keys(config_file: Path) -> int:
    from samband.config import load_config

    config = load_config(config_file)
    folder = config.audit.head.parent if config.audit.head else config.state / "audit"
    lines = []
    for role, name in (("log", "log.vkey"), ("exporter", EXPORTER_VKEY)):
        path = folder / name
        if not path.is_file():
            raise ConfigError(f"evidence keys: no {path}", hint="Start the server once.")
        lines.append(f"{role} {path.read_text('utf-8').strip()}")
    witnesses = [witness_at(one.key, one.url).key for one in config.audit.witness]
    names = [f"w{number}" for number in range(1, len(witnesses) + 1)]
    pairs = zip(names, witnesses, strict=True)
    lines += [f"witness {name} {key.vkey}" for name, key in pairs]
    if names:
        lines += [f"group witnesses any {' '.join(names)}", "quorum witnesses"]
    else:
        lines.append("quorum none")
    lines.append("# add a line for each approver with a card: approver <verifier key>")
    print("\n".join(lines))
    return 0

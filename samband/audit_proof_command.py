"""Verbs of ``samband audit`` that mirror the log, make and check proofs, and use the radio."""

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path

from dispatch.audit.checkpoint import TreeHead
from dispatch.audit.cosign import take_line
from dispatch.audit.cosigned import CosignedNotes
from dispatch.audit.log import HEAD_FILE, sqlite_path
from dispatch.audit.proof_file import check_proof
from dispatch.audit.prover import Prover, StoredCheckpoint
from dispatch.audit.radio_text import checkpoint_text, cosignature_of
from dispatch.audit.tiles import export_tiles
from dispatch.audit.trust import TrustedKey, trusted_keys
from gateway.model.errors import ConfigError, LocalError
from samband.place import add_place as add_state
from samband.place import audit_url_of, existing_state, store_url_of

CHECKPOINT_WAIT_S = 75
"""A running server signs a checkpoint each 60 s."""


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add ``--db``."""
    parser.add_argument("--db", required=True, metavar="URL", help="sqlite:///PATH")


def add_proof_parsers(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs."""
    tiles = verbs.add_parser(
        "export-tiles",
        help="write the log as C2SP tiles: a mirror of plain files",
        epilog="example: samband audit export-tiles --db sqlite:///state/samband.db --out /mnt/usb",
    )
    add_place(tiles)
    tiles.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new, or the last one"
    )
    tiles.add_argument("--head", type=Path, metavar="FILE", help="audit.head, if elsewhere")
    tiles.add_argument(
        "--wait", type=float, default=CHECKPOINT_WAIT_S, metavar="S",
        help="how long to wait for a checkpoint that covers the head (75)",
    )  # fmt: skip
    prove = verbs.add_parser(
        "prove",
        help="print the proof of one entry, or that the log only grew",
        epilog="example: samband audit prove --db sqlite:///state/samband.db --from 1000",
    )
    add_place(prove)
    what = prove.add_mutually_exclusive_group(required=True)
    what.add_argument("--from", dest="old", type=int, metavar="SIZE", help="an older size")
    what.add_argument("--entry", type=int, metavar="SEQ", help="an entry")
    prove.add_argument("--to", type=int, metavar="SIZE", help="a checkpoint's size (the newest)")
    check = verbs.add_parser(
        "check-proof",
        help="check what prove printed",
        epilog="exit status: 0 it holds, 1 it does not, 2 wrong use",
    )
    check.add_argument("file", type=Path, metavar="FILE", help="the proof")
    check.add_argument("--trust", type=Path, required=True, metavar="FILE", help="lines: log <key>")
    check.add_argument("--old", type=Path, metavar="NOTE", help="the older checkpoint")
    check.add_argument("--entry", type=Path, metavar="FILE", help="the entry's bytes")
    listing = verbs.add_parser("checkpoints", help="list sizes, times and roots")
    add_place(listing)
    listing.add_argument("--json", action="store_true", help="machine-readable")
    text = verbs.add_parser(
        "radio-text",
        help="print the newest checkpoint as one radio message",
        epilog="The other side answers with: samband witness hear 'SB1 ...'",
    )
    add_place(text)
    complete = verbs.add_parser(
        "completeness",
        help="compare recorder, call table, files and log",
        epilog="exit status: 0 nothing is missing, 1 something is, 2 wrong use",
    )
    add_state(complete)
    complete.add_argument("--gateway", default="gw-1", metavar="ID", help="with --state (gw-1)")
    complete.add_argument("--json", action="store_true", help="machine-readable")
    take = verbs.add_parser("take-text", help="keep a witness's cosignature that came by radio")
    add_place(take)
    take.add_argument("--head", type=Path, metavar="FILE", help="audit.head, if elsewhere")
    take.add_argument("--witness", required=True, metavar="KEY", help="the witness's verifier key")
    take.add_argument("text", metavar="TEXT", help="SC1 ...")


def proof_verbs(args: argparse.Namespace) -> int:
    """Run one of them."""
    verbs = {
        "export-tiles": _export,
        "prove": _prove,
        "check-proof": _check,
        "checkpoints": _list,
        "radio-text": _radio_text,
        "take-text": _take_text,
        "completeness": _completeness,
    }
    return verbs[args.verb](args)


def _folder(args: argparse.Namespace, database: Path) -> Path:
    return args.head.parent if args.head else database.parent / "audit"


def _export(args: argparse.Namespace) -> int:
    database = sqlite_path(args.db)
    folder = _folder(args, database)
    try:
        head = (folder / HEAD_FILE).read_bytes()
        size = TreeHead.from_note(head.decode("utf-8")).size
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"audit export-tiles: {folder / HEAD_FILE}: {error}") from error
    with Prover(database) as prover:
        stored = _covering(prover, size, args.wait)
        note = stored.note + "".join(_cosignatures(folder, stored.note))
        done = export_tiles(prover, note, stored.size, args.out, head)
    print(
        f"{done.size} entries, {done.tiles} new tiles and {done.bundles} new bundles in {args.out}"
    )
    return 0


def _covering(prover: Prover, size: int, wait_s: float) -> StoredCheckpoint:
    """Return the newest checkpoint once it covers the head: a running server soon signs one."""
    ends = time.monotonic() + wait_s
    while True:
        stored = prover.newest_checkpoint()
        if stored is not None and stored.size >= size:
            return stored
        if time.monotonic() >= ends:
            raise LocalError(
                f"audit export-tiles: no checkpoint covers the {size} entries of the head",
                hint="A server signs one each minute and when it stops; start and stop it.",
            )
        time.sleep(0.5)


def _cosignatures(folder: Path, note: str) -> list[str]:
    """Return the lines of all witnesses' notes of exactly this checkpoint."""
    text, _, _ = note.partition("\n\n")
    lines: list[str] = []
    for path in CosignedNotes(folder).notes():
        kept, _, signatures = path.read_text("utf-8").partition("\n\n")
        if kept == text:
            # The first line is the log's own; what follows are the witness's.
            lines += [line + "\n" for line in signatures.rstrip("\n").split("\n")[1:]]
    return lines


def _prove(args: argparse.Namespace) -> int:
    with Prover(sqlite_path(args.db)) as prover:
        stored = prover.newest_checkpoint() if args.to is None else prover.checkpoint(args.to)
        if stored is None:
            raise LocalError("audit prove: there is no checkpoint yet")
        try:
            if args.entry is not None:
                print(prover.inclusion_text(args.entry, stored.note), end="")
            else:
                print(prover.extension(args.old, stored).decode(), end="")
        except ValueError as error:
            raise LocalError(f"audit prove: {error}") from error
    return 0


def _check(args: argparse.Namespace) -> int:
    if (args.old is None) == (args.entry is None):
        raise ConfigError("audit check-proof: give --old NOTE or --entry FILE")
    try:
        words = check_proof(
            args.file.read_text("utf-8"),
            trusted_keys(args.trust),
            old_note=args.old.read_text("utf-8") if args.old else None,
            entry=args.entry.read_bytes() if args.entry else None,
        )
    except (OSError, ValueError) as error:
        print(f"DOES NOT HOLD ({error})")
        return 1
    print(f"holds: {words}")
    return 0


def _list(args: argparse.Namespace) -> int:
    with Prover(sqlite_path(args.db)) as prover:
        for one in prover.checkpoints():
            at = datetime.fromtimestamp(one.at_utc / 1e6, UTC).isoformat(timespec="seconds")
            if args.json:
                print(json.dumps({"size": one.size, "at": at, "root": one.root.hex()}))
            else:
                print(f"{one.size:>10}  {at}  {one.root.hex()}")
    return 0


def _radio_text(args: argparse.Namespace) -> int:
    with Prover(sqlite_path(args.db)) as prover:
        stored = prover.newest_checkpoint()
    if stored is None:
        raise LocalError("audit radio-text: there is no checkpoint yet")
    print(checkpoint_text(stored.note))
    return 0


def _completeness(args: argparse.Namespace) -> int:
    from dispatch.evidence.completeness import check_completeness
    from dispatch.store.engine import Store

    gateway = args.gateway
    if args.config is not None:
        from samband.config import load_config

        gateway = load_config(args.config).site.gateway
    store = Store(store_url_of(args), audit_url_of(args))
    try:
        found = check_completeness(store, existing_state(args), gateway)
    finally:
        store.close()
    if args.json:
        print(json.dumps(found.to_json()))
    else:
        print(
            f"{found.calls} calls (the recorder counted {found.counter}), {found.recordings} "
            f"recordings, {found.collected} in the log, {found.waiting} waiting"
        )
        for words, one in found.findings.items():
            print(f"MISSING: {one.count} {words}: {', '.join(one.first)}")
        print("complete" if found.complete else "NOT COMPLETE")
    return 0 if found.complete else 1


def _take_text(args: argparse.Namespace) -> int:
    try:
        witness = TrustedKey(args.witness)
    except ValueError as error:
        raise ConfigError(f"--witness: {error}") from error
    database = sqlite_path(args.db)
    _, size, line = cosignature_of(args.text)
    kept = take_line(database, _folder(args, database), size, line, witness)
    print(f"kept: {kept.cosignature.name} cosigned {kept.head.size} entries")
    return 0

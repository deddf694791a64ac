"""``samband witness``: a second organisation that remembers what a log was, and cosigns it."""

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from dispatch.audit.checkpoint import Cosigner
from dispatch.audit.keys import KeyFolder, witness_signing_key
from dispatch.audit.radio_text import cosignature_text
from dispatch.audit.trust import TrustedKey, cosignatures, read_checkpoint, split_note, trusted_keys
from dispatch.audit.witness import STATE_FILE, Witness, read_request
from dispatch.audit.witness_server import WitnessServer
from gateway.model.errors import ConfigError

DEFAULT_PORT = 8460


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband witness`` and its verbs."""
    parser = subparsers.add_parser(
        "witness",
        help="remembers and cosigns the checkpoints of other people's logs",
        epilog="example: samband witness create --state /var/lib/witness --name witness.example/w1",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help="make key and empty state; prints the verifier key")
    _add_state(create)
    create.add_argument("--name", required=True, help="name of the key, as witness.example.org/w1")
    serve = verbs.add_parser("run", help="answer over HTTP until stopped")
    _add_state(serve)
    _add_logs(serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT, help="port (8460), 0: a free one")
    hear = verbs.add_parser(
        "hear",
        help="take a checkpoint that came by radio; prints the receipt to send back",
        epilog="What is only heard is kept, not cosigned: no proof fits into a radio message.",
    )
    _add_state(hear)
    _add_logs(hear)
    hear.add_argument("text", metavar="TEXT", help="SB1 ...")
    add = verbs.add_parser(
        "add",
        help="cosign a request from a file (what audit prove --from prints)",
        epilog="example: samband witness add --state DIR --logs keys.txt request.txt --text",
    )
    _add_state(add)
    _add_logs(add)
    add.add_argument("file", type=Path, metavar="FILE", help="the request")
    add.add_argument("--text", action="store_true", help="print the answer as one radio message")
    show = verbs.add_parser("show", help="print the newest cosigned note of a log")
    _add_state(show)
    show.add_argument("origin", metavar="ORIGIN", help="the log's name")


def _add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="key and memory of the witness"
    )


def _add_logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--logs", type=Path, required=True, metavar="FILE", help="known logs, lines: log <key>"
    )


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    verbs = {"create": _create, "run": _run, "hear": _hear, "add": _add, "show": _show}
    return verbs[args.verb](args)


def _create(args: argparse.Namespace) -> int:
    folder = KeyFolder(args.state)
    cosigner = Cosigner(args.name, witness_signing_key(folder))
    Witness.create(args.state, cosigner)
    print(cosigner.vkey)
    return 0


def _open(args: argparse.Namespace) -> Witness:
    if not (args.state / STATE_FILE).is_file():
        raise ConfigError(
            f"{args.state}: there is no witness",
            hint="samband witness create makes a new one; a lost one is restored from its backup.",
        )
    name = Witness.name_in(args.state)
    cosigner = Cosigner(name, witness_signing_key(KeyFolder(args.state)))
    logs: list[TrustedKey] = []
    if "logs" in args:
        try:
            logs = trusted_keys(args.logs)
        except (OSError, ValueError) as error:
            raise ConfigError(f"witness: {error}") from error
    return Witness(args.state, cosigner, logs)


def _run(args: argparse.Namespace) -> int:
    witness = _open(args)
    try:
        server = WitnessServer((args.host, args.port), witness)
    except OSError as error:
        witness.close()
        raise ConfigError(f"witness: {args.host}:{args.port}: {error.strerror}") from error
    for number in (signal.SIGINT, signal.SIGTERM):
        # shutdown() waits for the loop that it ends, so it needs a thread of its own
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"http://{args.host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    finally:
        server.server_close()
        witness.close()
    return 0


def _hear(args: argparse.Namespace) -> int:
    witness = _open(args)
    try:
        print(witness.hear(args.text, int(time.time())))
    finally:
        witness.close()
    return 0


def _add(args: argparse.Namespace) -> int:
    witness = _open(args)
    try:
        body = args.file.read_bytes()
        answer = witness.add(body, int(time.time()))
    except OSError as error:
        raise ConfigError(f"witness: {error}") from error
    finally:
        witness.close()
    if answer.status != 200:
        print(f"refused ({answer.status}): {answer.body.strip()}", file=sys.stderr)
        return 1
    if not args.text:
        print(answer.body, end="")
        return 0
    note = read_request(body).note
    signed = read_checkpoint(split_note(note)[0], "checkpoint")
    (found,) = cosignatures(note + answer.body, [TrustedKey(witness.vkey)])
    print(cosignature_text(signed, found))
    return 0


def _show(args: argparse.Namespace) -> int:
    witness = _open(args)
    try:
        note = witness.newest(args.origin)
    finally:
        witness.close()
    if note is None:
        print(f"nothing was cosigned for {args.origin}", file=sys.stderr)
        return 1
    print(note, end="")
    return 0

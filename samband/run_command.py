"""``samband run``: the server, from a configuration file."""

import argparse
import asyncio
import signal
from pathlib import Path


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband run``."""
    parser = subparsers.add_parser(
        "run",
        help="the server, from a configuration file",
        epilog="example: samband run -c /etc/samband/samband.toml --plan plan.toml",
    )
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="first plan of an empty store")
    parser.add_argument("--ready-file", type=Path, metavar="F", help="written when all is up")


def run(args: argparse.Namespace) -> int:
    """Run the server until SIGTERM or SIGINT."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from samband.compose import Server
    from samband.config import load_config
    from samband.plan_file import load_plan

    config = load_config(args.config)
    plan = load_plan(args.plan) if args.plan else None
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = Server(config, plan)
    await server.start()
    try:
        print(f"Samband serves {server.url}", flush=True)
        if args.ready_file:
            args.ready_file.write_text(server.url + "\n", encoding="utf-8")
        await server.run_until(stop)
    finally:
        await server.close()
    return 0

"""Runs a P25 simulator as a program: options, first line, control port, its end."""

import argparse
import asyncio
import json
import os
from collections.abc import Callable, Mapping

from gateway.model.errors import ConfigError
from hardware.sim.json_lines import end_on_signal, run_until
from hardware.sim.p25.stage import Front, Stage
from hardware.sim.p25.stage_control import StageLines
from hardware.sim.p25.stage_steps import load_scenario, names
from hardware.sim.p25.stage_voice import warm
from hardware.sim.scenario import Scenario


def add_stage_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every P25 simulator has."""
    parser.add_argument(
        "--scenario",
        default="quiet",
        metavar="FILE|NAME",
        help=f"{', '.join(['quiet', *names()])} or a file",
    )
    parser.add_argument("--control", type=int, metavar="PORT", help="JSON lines on loopback TCP")
    parser.add_argument("--seed", type=int, help="chance of faults and repeats")
    parser.add_argument(
        "--clips-only",
        action="store_true",
        help="do not load the vocoder: 80 MB less, for scenarios that say shipped clips alone",
    )
    parser.add_argument("--once", action="store_true", help="play each step once")


def run_stage(args: argparse.Namespace, make: Callable[[], Front]) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    scenario = load_scenario(args.scenario)
    try:
        asyncio.run(_run(args, scenario, make()))
    except OSError as error:
        raise ConfigError(
            f"simulator: a port cannot be opened: {error}",
            hint="Another program may hold it; port 0 takes a free one.",
        ) from None
    return 0


async def _run(args: argparse.Namespace, scenario: Scenario, front: Front) -> None:
    stop = end_on_signal()
    stage = Stage(front, scenario, seed=args.seed)
    control = StageLines(stage)
    if not args.clips_only:
        warm()
    try:
        ports = await stage.start(loop_steps=not args.once)
        port = await control.open(args.control) if args.control is not None else None
        _first_line(front.name, ports, port)
        await run_until(stop)
    finally:
        await control.close()
        await stage.close()


def _first_line(kind: str, ports: Mapping[str, object], control: int | None) -> None:
    line = {"kind": kind, "pid": os.getpid(), "control": control, **ports}
    print(json.dumps(line), flush=True)

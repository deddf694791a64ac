"""``sim pei``: runs the radios of a scenario on pseudo-terminals until it is told to end."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from gateway.model.errors import ConfigError
from hardware.sim.air import Air
from hardware.sim.control import Control
from hardware.sim.radio_host import RadioHost, mono_ms
from hardware.sim.scenario import Scenario, Timetable, load_scenario, names
from hardware.sim.tether import LOOK_S, Tether
from hardware.sim.truth import Entry, as_line

_EPILOG = "example: samband sim pei --pty --audio udp:127.0.0.1:0 --scenario demo --control 0"


def add_pei_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim pei``."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--pty", action="store_true", help="on pseudo-terminals (the default, and the only way)"
    )
    parser.add_argument(
        "--audio",
        default="udp:127.0.0.1:0",
        metavar="URL",
        help="udp:HOST:PORT (0: a free port), unix:PATH or device:NAME; several radios: "
        "PORT+1, PATH-name, {name} in NAME",
    )
    parser.add_argument(
        "--scenario", default="quiet", metavar="FILE|NAME", help=f"{', '.join(names())} or a file"
    )
    parser.add_argument("--control", type=int, metavar="PORT", help="JSON lines on loopback TCP")
    parser.add_argument("--seed", type=int, help="chance of answers and repeats")
    parser.add_argument(
        "--link", metavar="PATH", help="a stable symbolic link to each port (PATH-name if several)"
    )
    parser.add_argument(
        "--log", metavar="FILE", help="every event as a line of JSON (default: violations, stderr)"
    )
    repeat = parser.add_mutually_exclusive_group()
    repeat.add_argument("--once", action="store_true", help="play each step once")
    repeat.add_argument("--loop", action="store_true", help="repeat as the scenario says (default)")


def run_pei(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    scenario = load_scenario(args.scenario)
    with contextlib.ExitStack() as stack:
        log: TextIO | None = None
        if args.log:
            try:
                log = stack.enter_context(open(args.log, "w", encoding="utf-8", buffering=1))
            except OSError as error:
                raise ConfigError(f"--log: {args.log} cannot be written: {error}") from None
        try:
            asyncio.run(_run(args, scenario, _listener(log)))
        except OSError as error:
            raise ConfigError(
                f"simulator: a port cannot be opened: {error}",
                hint="Another program may hold it; port 0 takes a free one.",
            ) from None
    return 0


def _listener(log: TextIO | None) -> Callable[[Entry], None]:
    def listen(entry: Entry) -> None:
        if log is not None:
            print(as_line(entry), file=log)
        elif entry["kind"] == "violation":
            print(as_line(entry), file=sys.stderr, flush=True)

    return listen


async def _run(
    args: argparse.Namespace, scenario: Scenario, listener: Callable[[Entry], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    seed = scenario.seed if args.seed is None else args.seed
    several = len(scenario.radios) > 1
    hosts = [
        RadioHost(settings, seed + place, _link(args.link, settings.name, several), listener)
        for place, settings in enumerate(scenario.radios)
    ]
    for host in hosts:
        host.radio.messages.places.update(scenario.places)
        for unit in scenario.units_off:
            host.radio.set_peer(unit, on=False)
    control = Control(hosts, Air([host.radio for host in hosts], scenario.folder))
    try:
        for place, host in enumerate(hosts):
            await host.start(args.audio, place, several=several)
        port = await control.open(args.control) if args.control is not None else None
        _first_line(hosts, port)
        await _play(control, scenario, seed, stop, loop_steps=not args.once)
    finally:
        await control.close()
        for host in hosts:
            await host.close()


def _link(link: str | None, name: str, several: bool) -> Path | None:
    if link is None:
        return None
    return Path(f"{link}-{name}" if several else link)


def _first_line(hosts: list[RadioHost], port: int | None) -> None:
    line = {
        "kind": "pei",
        "pid": os.getpid(),
        "control": port,
        "radios": [host.first_line() for host in hosts],
    }
    print(json.dumps(line), flush=True)


async def _play(
    control: Control, scenario: Scenario, seed: int, stop: asyncio.Event, *, loop_steps: bool
) -> None:
    """Play the steps until ``stop``; ends too when the process that reads our output is gone."""
    timetable = Timetable(scenario, mono_ms(), seed, loop=loop_steps)
    tether = Tether()
    while not stop.is_set() and not tether.cut(mono_ms()):
        for action in timetable.take(mono_ms()):
            try:
                control.perform(action)
            except ConfigError as error:
                print(f"simulator: step {action.do}: {error}", file=sys.stderr, flush=True)
        due = timetable.deadline()
        wait_s = LOOK_S
        if due is not None:
            wait_s = min(wait_s, max(0.0, (due - mono_ms()) / 1000.0))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s)

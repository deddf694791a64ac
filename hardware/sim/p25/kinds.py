"""The P25 simulators by name: what ``sim`` offers. Each is imported when it is asked for.

They bring the vocoder along, which the other simulators do without.
"""

import argparse
import importlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple


class Kind(NamedTuple):
    """One simulator: ``add_<stem>_options`` and ``run_<stem>`` of a module in this folder."""

    summary: str
    module: str
    stem: str

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add its options."""
        self._part(f"add_{self.stem}_options")(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Run it; returns the exit status."""
        status: int = self._part(f"run_{self.stem}")(args)
        return status

    def _part(self, name: str) -> Any:
        return getattr(importlib.import_module(f"hardware.sim.p25.{self.module}"), name)


KINDS: Final[dict[str, Kind]] = {
    "mmdvm": Kind("a MMDVM modem on a pseudo-terminal or over UDP", "modem", "mmdvm"),
    "p25-reflector": Kind("a MMDVM P25 reflector, gateway or client", "reflector", "reflector"),
    "p25-station": Kind("a P25 fixed station (DFSI) on UDP", "station", "station"),
    "fne": Kind("a DVM FNE master on UDP", "fne", "fne"),
}


class LateParser(argparse.ArgumentParser):
    """A parser of a simulator, which gets its options when it is used."""

    kind: Kind | None = None

    def parse_known_args(  # type: ignore[override]  # argparse has three overloads for one use
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Add the options, then parse."""
        kind, self.kind = self.kind, None
        if kind is not None:
            kind.add_options(self)
        return super().parse_known_args(args, namespace)


def add_kinds(parser: argparse.ArgumentParser) -> "argparse._SubParsersAction[LateParser]":
    """Add a parser for each P25 simulator; returns what further ones are added to."""
    kinds = parser.add_subparsers(dest="kind", required=True, parser_class=LateParser)
    for name, kind in KINDS.items():
        kinds.add_parser(name, help=kind.summary).kind = kind
    return kinds

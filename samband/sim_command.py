"""``samband sim``: simulated radios, as products of their own."""

import argparse
import sys

from hardware.sim.ambe_dongle import add_ambe_options, run_ambe
from hardware.sim.command import add_pei_options, run_pei
from hardware.sim.donor import add_donor_options, run_donor
from hardware.sim.p25.kinds import KINDS, add_kinds


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband sim pei``, ``donor``, ``ambe`` and the P25 simulators."""
    parser = subparsers.add_parser(
        "sim",
        help="simulated radios",
        epilog="example: samband sim pei --pty --scenario demo --control 0",
    )
    kinds = add_kinds(parser)
    add_pei_options(kinds.add_parser("pei", help="TETRA terminals at their serial port"))
    add_donor_options(kinds.add_parser("donor", help="an analogue radio: carrier and PTT lines"))
    add_ambe_options(kinds.add_parser("ambe", help="a vocoder dongle (it does not vocode)"))


def run(args: argparse.Namespace) -> int:
    """Run the simulator that was asked for."""
    if args.kind in KINDS:
        return KINDS[args.kind].run(args)
    return {"pei": run_pei, "donor": run_donor, "ambe": run_ambe}[args.kind](args)


def _main() -> int:
    from samband.cli import main

    return main(["sim", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(_main())

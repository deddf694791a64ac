"""``python -m hardware.sim pei``: the simulated radios without the rest of the program."""

import argparse
import sys

from gateway.model.errors import ConfigError
from hardware.sim.ambe_dongle import add_ambe_options, run_ambe
from hardware.sim.command import add_pei_options, run_pei
from hardware.sim.donor import add_donor_options, run_donor
from hardware.sim.p25.kinds import KINDS, add_kinds


def main() -> int:
    """Run one simulator; returns 0 done, 1 failed, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m hardware.sim")
    kinds = add_kinds(parser)
    add_pei_options(kinds.add_parser("pei", help="TETRA terminals at their serial port"))
    add_donor_options(kinds.add_parser("donor", help="an analogue radio: carrier and PTT lines"))
    add_ambe_options(kinds.add_parser("ambe", help="a vocoder dongle (it does not vocode)"))
    args = parser.parse_args()
    try:
        if args.kind in KINDS:
            return KINDS[args.kind].run(args)
        return {"pei": run_pei, "donor": run_donor, "ambe": run_ambe}[args.kind](args)
    except ConfigError as error:
        print(f"simulator: {error}", *error.faults, sep="\n  ", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""Host lines that the reference does not allow, each with its reason.

The radio answers such a line in its own manner all the same; the list is for tests, which
assert that it stays empty.
"""

import re

from hardware.sim.pei_grammar import AtCommand, Form

GRACE_MS = 250.0
"""A line may have been on its way while the radio's own was; no blame within this time."""

_BASIC_NAMES = "E V Q Z D A H I R &F"
_RADIO_NAMES = "GMI GMM GMR GSN CMEE CSCS CLVL CSQ CBC CCLK CPIN IPR IFC CFUN CPBS CPBR CREG"
_TETRA_NAMES = """CTOM CTSP CNUMF CNUMS CNUMD CTGS CTGL CTSDC CTXD CUTXC CTCR CTSDS CMGS CMGL CMGR
CMGD CMGW CTBCT CTDGR CTDCD CTTCT"""
_VENDOR_NAMES = "CTSCAN GCLI GPSPOS CXDCL MCDNTN RCPIN"
KNOWN_NAMES = frozenset(f"{_BASIC_NAMES} {_RADIO_NAMES} {_TETRA_NAMES} {_VENDOR_NAMES}".split())
"""Every command that the reference tells of, for any maker."""

UNDER_TEST_ONLY = frozenset({"CTSP"})
"""Commands whose values a host may try out: a refusal is no fault of the host."""

_PAYLOAD_LINE = re.compile(r"AT", re.IGNORECASE)


def unknown_command(command: AtCommand) -> str | None:
    """Return why the command's name is not allowed, or None."""
    if command.name and command.name not in KNOWN_NAMES:
        return f"no source knows the command {command.name}"
    return None


def refused(command: AtCommand, code: int) -> str | None:
    """Return why a line that got ``code`` must not have been written, or None."""
    if command.name in UNDER_TEST_ONLY or command.form is not Form.SET:
        return None
    words = {
        26: "dial string of more than 25 digits",
        27: "dial string with other characters than digits",
        33: "parameter of the wrong type",
        34: "parameter out of range",
        35: "wrong number of parameters",
    }
    return words.get(code)


def busy_line(line: str) -> str | None:
    """Return why a line that came before the last answer is not allowed, or None."""
    return f"command before the final result of the last one: {line[:40]}"


def inside_payload(text: str) -> str | None:
    """Return why text inside a payload is not allowed, or None."""
    if _PAYLOAD_LINE.match(text.strip()):
        return "command line inside a payload: 0x1B must end the payload first"
    return None

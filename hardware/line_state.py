"""The modem lines of a port, as a computer (DTE) sees them."""

import enum
from typing import Protocol, runtime_checkable


class Line(enum.Enum):
    """One line. DTR and RTS are ours to set, the others the radio's side sets."""

    DTR = "dtr"
    RTS = "rts"
    CTS = "cts"
    DSR = "dsr"
    DCD = "dcd"
    RI = "ri"


OUTPUTS = (Line.DTR, Line.RTS)
INPUTS = (Line.CTS, Line.DSR, Line.DCD, Line.RI)


@runtime_checkable
class HasLines(Protocol):
    """A link whose modem lines can be set and read."""

    @property
    def lines(self) -> frozenset[Line]:
        """Inputs that are active, as last heard."""
        ...

    @property
    def lines_known(self) -> bool:
        """Whether the inputs were ever heard of."""
        ...

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set DTR or RTS at once; raises LinkError when the port has no such line."""
        ...

    def unkey_bytes(self, line: Line) -> bytes:
        """Return what the un-key guard writes to set the line inactive; empty: by an ioctl."""
        ...

"""What differs between makers of terminals, as values: common code asks these, never the maker."""

import enum
from dataclasses import dataclass

SERVICES: tuple[str, ...] = (
    "2,0,0",
    "1,1,11",
    "1,2,24",
    "1,2,25",
    "1,3,2",
    "1,3,9",
    "1,3,3",
    "1,3,10",
    "1,3,130",
    "1,3,131",
    "1,3,137",
    "1,3,138",
    "1,3,140",
    "2,2,21",
    "2,2,22",
    "2,2,23",
)
"""``AT+CTSP=`` arguments (profile, layer 1, layer 2) without the status, in order of sending.

The last three are SDS types 1 to 3. That 21 to 23 stand for them follows from 20 (status), 24 and
25 (type 4), and from no document; so they go to host and radio, and a refusal costs nothing."""

ERRORS_BY_NUMBER = "AT+CMEE=1"
"""Asks for errors with their numbers, by which the driver knows what to do. Not every terminal
gives them unasked."""

STATUS_TO_BOTH, STATUS_TO_HOST = "2,2,20", "1,2,20"


class Padding(enum.Enum):
    """How a terminal fills up the hex of a message whose bits end inside an octet."""

    EITHER = "either"
    OCTET = "octet"
    NIBBLE = "nibble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of terminal. Empty texts: it has no such command, or none that is known."""

    name: str
    makers: tuple[str, ...] = ()
    """Words in the maker's name by which this profile is chosen."""
    identity_forms: tuple[str, ...] = ("AT+{name}?", "AT+{name}")
    """How maker, model and firmware are asked for, in order of trying."""
    start: tuple[str, ...] = ()
    """Further lines of a start; each may fail."""
    services: tuple[str, ...] = SERVICES
    status_services: tuple[str, ...] = (STATUS_TO_BOTH, STATUS_TO_HOST)
    """The first that the radio takes serves."""
    padding: Padding = Padding.EITHER
    reset: str = ""
    """Where it only resets. Never sent by itself."""
    restart: str = ""
    cells: str = ""
    position: str = ""
    dmo_channels: str = ""
    scan: str = ""
    """Scanning on or off: ``{on}`` becomes 1 or 0."""

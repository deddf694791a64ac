"""What a terminal's errors mean, and what is done about each: one row an error.

The numbers are those of ``+CME ERROR`` (EN 300 392-5, as listed by a driver in daily use; 50 is a
Motorola value). Vendor numbers without public text (100, 512 to 518) are told by their number.
"""

import enum
from typing import Final, NamedTuple


class ErrorAction(enum.Enum):
    """What the driver does about an error."""

    RETRY = "retry"
    """Again after the row's pauses; then it is refused with the words."""
    RESYNC = "resync"
    """An empty line is written, so that the next command begins afresh."""
    GIVE_UP = "give_up"
    """Refused with the words; the same line again would not help."""
    OPERATOR = "operator"
    """As before, and the words stand in the link's reason until the radio shows that it is over."""
    PIN = "pin"
    """The link is barred with the words. A PIN is never tried, let alone again."""
    OUT_OF_SERVICE = "out_of_service"
    """The link counts as unregistered until the radio tells a registration."""
    TREAT_AS_DONE = "treat_as_done"
    """Success."""
    SKIP_COMMAND = "skip_command"
    """Remembered for this radio: the command is not sent again."""
    CHECK_MODE = "check_mode"
    """The operating mode is asked for: it is not the one that we know."""


class ErrorRule(NamedTuple):
    """One row."""

    words: str
    action: ErrorAction
    retry_ms: tuple[int, ...] = ()
    """Pauses before each further try."""


_BACK_OFF = (1_000, 2_000, 5_000)
_SIGNALLING = (500, 1_000, 2_000)
_RETRY, _GIVE_UP, _OPERATOR = ErrorAction.RETRY, ErrorAction.GIVE_UP, ErrorAction.OPERATOR
_PIN = ErrorAction.PIN

CME_ERRORS: Final[dict[int, ErrorRule]] = {
    0: ErrorRule("the radio could not send over the air", _RETRY, _BACK_OFF),
    1: ErrorRule("the radio cannot talk reliably to its host", ErrorAction.RESYNC),
    2: ErrorRule("the radio's data port is already in use", _OPERATOR),
    3: ErrorRule("not allowed in the radio's current state", _GIVE_UP),
    4: ErrorRule("the radio does not know this command", ErrorAction.SKIP_COMMAND),
    5: ErrorRule("the radio asks for a PIN", _PIN),
    10: ErrorRule("no SIM in the radio", _PIN),
    11: ErrorRule("PIN 1 needed", _PIN),
    12: ErrorRule("PIN 1 blocked", _PIN),
    13: ErrorRule("SIM cannot be read", _PIN),
    14: ErrorRule("SIM busy", _RETRY, _BACK_OFF),
    15: ErrorRule("SIM unknown", _PIN),
    16: ErrorRule("wrong PIN", _PIN),
    17: ErrorRule("PIN 2 needed", _PIN),
    18: ErrorRule("PIN 2 blocked", _PIN),
    20: ErrorRule("the radio's message store is full", _OPERATOR),
    21: ErrorRule("no such place in the message store", _GIVE_UP),
    22: ErrorRule("no message at that place", _GIVE_UP),
    23: ErrorRule("message store cannot be read", _GIVE_UP),
    24: ErrorRule("status text too long", _GIVE_UP),
    25: ErrorRule("status text has characters the radio cannot use", _GIVE_UP),
    26: ErrorRule("dialled number too long", _GIVE_UP),
    27: ErrorRule("dialled number has characters the radio cannot use", _GIVE_UP),
    30: ErrorRule("radio out of service", ErrorAction.OUT_OF_SERVICE),
    31: ErrorRule("no acknowledgement from the network", _RETRY, _BACK_OFF),
    32: ErrorRule("the radio could not decode the data", _GIVE_UP),
    33: ErrorRule("parameter of the wrong type", _GIVE_UP),
    34: ErrorRule("parameter out of range", _GIVE_UP),
    35: ErrorRule("syntax error, or data without a command", ErrorAction.RESYNC),
    36: ErrorRule("payload without a send command", _GIVE_UP),
    37: ErrorRule("payload came too late", _GIVE_UP),
    38: ErrorRule("already registered", ErrorAction.TREAT_AS_DONE),
    39: ErrorRule("the radio's table of protocols is full", _OPERATOR),
    40: ErrorRule("radio not in DMO", ErrorAction.CHECK_MODE),
    41: ErrorRule("transmit inhibit is on", _OPERATOR),
    42: ErrorRule("radio busy with signalling", _RETRY, _SIGNALLING),
    43: ErrorRule("radio not in TMO", ErrorAction.CHECK_MODE),
    44: ErrorRule("unknown parameter", _GIVE_UP),
    50: ErrorRule("no positioning service in the radio", ErrorAction.SKIP_COMMAND),
}
"""``+CME ERROR`` numbers. 31, 0 and 14 are tried again with growing pauses, 42 after 0.5 to 2 s."""


def error_rule(code: int | None) -> ErrorRule | None:
    """Return the row of an error; None where nobody knows it."""
    return None if code is None else CME_ERRORS.get(code)


def retry_pause(code: int | None, tries: int) -> int | None:
    """Return how long to wait before trying again, ``tries`` having failed; None: no more."""
    rule = error_rule(code)
    if rule is None or not 1 <= tries <= len(rule.retry_ms):
        return None
    return rule.retry_ms[tries - 1]

"""Waking a modem: who are you, take this frequency, this configuration, this mode.

Theory of operation. A board resets when its port is opened and hears nothing for some two seconds,
so nothing is asked before ``START_WAIT_MS``. Then GET_VERSION, at most ``VERSION_TRIES`` times; its
answer decides the form of everything else. SET_FREQ (where the plan has frequencies), SET_CONFIG
and SET_MODE follow one by one, each when the one before was acknowledged. A refusal is a fault for
people to mend: it is told, and the whole set-up is tried again after ``REFUSED_PAUSE_MS``. Answers
are told apart by their type and command, never by their order.
"""

import enum

from gateway.model.ids import MonoMs
from gateway.p25.modem import wire
from gateway.p25.modem.orders import Frequencies, Setup, set_config, set_mode
from gateway.p25.modem.replies import P25_MODE, Ack, Nak, Version
from gateway.p25.modem.wire import Frame
from gateway.p25.modem.words import nak_words

START_WAIT_MS = 2_000
VERSION_TRIES, VERSION_AGAIN_MS = 6, 1_500
ORDER_TRIES, ORDER_AGAIN_MS = 3, 1_000
REFUSED_PAUSE_MS = 10_000
PROTOCOLS = (1, 2)


class Stage(enum.Enum):
    """How far the start has come."""

    CLOSED = "closed"
    WAITING = "waiting"
    ASKING = "asking"
    SETTING_UP = "setting up"
    READY = "ready"
    REFUSED = "refused"
    SILENT = "silent"


class Start:
    """Asks and sets up; ``reason`` says why it does not get on."""

    def __init__(self, setup: Setup, frequencies: Frequencies | None) -> None:
        """Prepare for one modem."""
        self._setup, self._frequencies = setup, frequencies
        self.stage = Stage.CLOSED
        self.version: Version | None = None
        self.reason = ""
        self.outgoing: list[Frame] = []
        self._orders: list[Frame] = []
        self._tries = 0
        self._due: MonoMs | None = None

    @property
    def firmware(self) -> str:
        """Text of the firmware, as far as it has spoken."""
        return self.version.text if self.version is not None else ""

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self._due

    def opened(self, now: MonoMs) -> None:
        """Begin: the board may be resetting."""
        self.closed()
        self.stage, self._due = Stage.WAITING, MonoMs(now + START_WAIT_MS)

    def closed(self) -> None:
        """Forget what the board said."""
        self.stage, self.version, self.reason = Stage.CLOSED, None, ""
        self.outgoing.clear()
        self._orders.clear()
        self._due = None

    def heard_version(self, version: Version, now: MonoMs) -> None:
        """Take the board's word of itself, asked or not; a reset board begins anew."""
        if self.stage is Stage.CLOSED:
            return
        self.version = version
        if version.protocol not in PROTOCOLS:
            words = f"the modem speaks protocol {version.protocol}, known are 1 and 2"
            self._refuse(f"{words}; firmware {version.text}", now)
        elif not version.p25:
            self._refuse(f"the modem's firmware has no P25: {version.text}", now)
        else:
            self._set_up(now)

    def acknowledged(self, ack: Ack, now: MonoMs) -> None:
        """Take an ACK: on to the next order."""
        if self._orders and ack.command == self._orders[0].kind:
            del self._orders[0]
            self._tries = 0
            self._next(now)

    def refused(self, nak: Nak, now: MonoMs) -> bool:
        """Take a NAK; says whether it was an order of ours."""
        if not self._orders or nak.command != self._orders[0].kind:
            return False
        if self.stage is Stage.READY:
            self._set_up(now)  # it has forgotten more than its mode
        else:
            self._refuse(nak_words(nak, self.firmware), now)
        return True

    def mode_again(self, now: MonoMs) -> None:
        """Set the mode anew: the board has left it by itself."""
        if self.stage is Stage.READY and not self._orders:
            self._orders, self._tries = [set_mode(P25_MODE)], 0
            self._next(now)

    def tick(self, now: MonoMs) -> None:
        """Ask, ask again, give up."""
        if self._due is None or now < self._due:
            return
        self._due = None
        match self.stage:
            case Stage.WAITING | Stage.ASKING:
                self._ask(now)
            case Stage.SETTING_UP | Stage.READY if self._orders:
                self._next(now)
            case Stage.REFUSED:
                self._ask_anew(now)

    def _ask_anew(self, now: MonoMs) -> None:
        self.stage, self._tries = Stage.WAITING, 0
        self._ask(now)

    def _ask(self, now: MonoMs) -> None:
        if self.stage is Stage.WAITING:
            self.stage, self._tries = Stage.ASKING, 0
        if self._tries >= VERSION_TRIES:
            self.stage = Stage.SILENT
            self.reason = (
                f"no answer to GET_VERSION, asked {VERSION_TRIES} times: is it a modem, and at "
                "this speed?"
            )
            return
        self._tries += 1
        self.outgoing.append(Frame(kind=wire.GET_VERSION))
        self._due = MonoMs(now + VERSION_AGAIN_MS)

    def _set_up(self, now: MonoMs) -> None:
        assert self.version is not None  # its answer brought us here
        self.stage, self._tries = Stage.SETTING_UP, 0
        orders = [set_config(self._setup, self.version.protocol), set_mode(P25_MODE)]
        if self._frequencies is not None:
            orders.insert(0, self._frequencies.encode())
        self._orders = orders
        self._next(now)

    def _next(self, now: MonoMs) -> None:
        if not self._orders:
            self.stage, self.reason, self._due = Stage.READY, "", None
            return
        order = self._orders[0]
        if self._tries >= ORDER_TRIES:
            words = f"the modem does not answer {wire.name_of(order.kind)}"
            self._refuse(f"{words}; firmware {self.firmware}", now)
            return
        self._tries += 1
        self.outgoing.append(order)
        self._due = MonoMs(now + ORDER_AGAIN_MS)

    def _refuse(self, reason: str, now: MonoMs) -> None:
        self.stage, self.reason = Stage.REFUSED, reason
        self._orders.clear()
        self._due = MonoMs(now + REFUSED_PAUSE_MS)

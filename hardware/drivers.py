"""Which driver serves which kind of link."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from gateway.model.errors import ConfigError
from gateway.model.p25_settings import DFSI, FNE, MODEM, NETWORK
from gateway.model.plan import Link
from gateway.ports import CallSoundSink, Clock, RadioEventSink, RadioLink
from hardware.analogue_radio import AnalogueRadioLink
from hardware.line_keyed_terminal import LineKeyedTerminal
from hardware.link_tap import LinkTap
from hardware.pei_radio import PeiRadioLink
from hardware.ptt_address import PEI


class Driver(RadioLink, Protocol):
    """A radio link that can be started and closed."""

    async def start(self) -> None:
        """Open; what is not there yet is waited for."""
        ...

    async def close(self) -> None:
        """Un-key and close; safe twice."""
        ...


@runtime_checkable
class Tapped(Protocol):
    """A driver that shows what passes its port."""

    tap: LinkTap


Factory = Callable[[Link, RadioEventSink, CallSoundSink, Clock, Path | None], Driver]


def _tetra_pei(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> Driver:
    kind = PeiRadioLink if link.ptt == PEI else LineKeyedTerminal
    return kind(link, events, sound, clock, line_log=line_log)


def _analogue(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> Driver:
    return AnalogueRadioLink(link, events, sound, clock, line_log=line_log)


def _p25(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> Driver:
    from hardware.p25_links import UDP_LINKS  # noqa: PLC0415 - its vocoder costs only who has P25

    return UDP_LINKS[link.kind](link, events, sound, clock, line_log)


def _modem(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> Driver:
    from hardware.mmdvm_radio import MmdvmRadioLink  # noqa: PLC0415 - as above

    return MmdvmRadioLink(link, events, sound, clock, line_log=line_log)


DRIVERS: dict[str, Factory] = {
    "tetra-pei": _tetra_pei,
    "analogue": _analogue,
    **dict.fromkeys((DFSI, NETWORK, FNE), _p25),
    MODEM: _modem,
}
"""Kind of a link in the plan -> what makes its driver."""


def make_driver(
    link: Link,
    events: RadioEventSink,
    sound: CallSoundSink,
    clock: Clock,
    *,
    line_log: Path | None = None,
    tap: LinkTap | None = None,
) -> Driver:
    """Return the driver of a link of the plan, not started; raises ConfigError on its mistakes.

    ``line_log`` names the file for the raw bytes of its port; None keeps none. ``tap`` is shown
    what passes the port.
    """
    factory = DRIVERS.get(link.kind)
    if factory is None:
        known = ", ".join(sorted(DRIVERS))
        raise ConfigError(f"link {link.id}: expected one of the kinds {known}, got {link.kind!r}")
    driver = factory(link, events, sound, clock, line_log)
    if tap is not None and isinstance(driver, Tapped):
        driver.tap = tap
    return driver

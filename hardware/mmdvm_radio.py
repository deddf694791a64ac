"""The driver of a MMDVM modem: a thin shell round ``ModemCore``, on a serial port or over UDP."""

from pathlib import Path

from gateway.model.errors import ConfigError
from gateway.model.plan import Link as PlannedLink
from gateway.model.radio import LinkState, RadioEvent
from gateway.p25.modem.core import ModemCore
from gateway.p25.modem.orders import Frequencies, Setup
from gateway.ports import CallSoundSink, Clock, RadioEventSink
from hardware.guarded_port import GuardedPort
from hardware.link import LinkSettings
from hardware.p25_addresses import settings_of
from hardware.p25_desk import P25Desk
from hardware.p25_voice import P25Voice
from hardware.port_names import UDP

MAX_CHUNK_BYTES = 512
"""A frame is written whole where the line's speed allows: 222 octets at 115200 bit/s take 19 ms."""
UDP_SPEED_BPS = 460_800
FULL_POWER = 255


def _core(link: PlannedLink) -> ModemCore:
    """Return the core of a planned link; raises ConfigError for settings that no modem takes."""
    settings = settings_of(link)
    try:
        setup = Setup(
            rx_level=settings.rx_level,
            tx_level=settings.tx_level,
            rx_invert=settings.rx_invert,
            tx_invert=settings.tx_invert,
            ptt_invert=settings.ptt_invert,
            duplex=settings.duplex,
            tx_delay_ms=settings.tx_delay_ms,
        )
    except ValueError as fault:
        raise ConfigError(f"link {link.id}: p25.{fault}") from None
    frequencies = None
    if settings.rx_hz or settings.tx_hz:
        frequencies = Frequencies(
            rx_hz=settings.rx_hz or settings.tx_hz,
            tx_hz=settings.tx_hz or settings.rx_hz,
            power=FULL_POWER * settings.rf_level // 100,
        )
    return ModemCore(
        nac=settings.nac,
        own_id=settings.own_id,
        setup=setup,
        frequencies=frequencies,
        datagrams=link.port.startswith(UDP),
    )


def _port(link: PlannedLink) -> LinkSettings:
    speed_bps = UDP_SPEED_BPS if link.port.startswith(UDP) else link.speed_bps
    return LinkSettings(speed_bps=speed_bps, max_chunk_bytes=MAX_CHUNK_BYTES, low_latency=True)


class MmdvmRadioLink(GuardedPort[ModemCore], P25Desk):
    """One modem as the engine drives it (``gateway.ports.RadioLink``)."""

    ANSWERING = (LinkState.UP,)
    SILENT = "the modem does not answer"

    def __init__(
        self,
        link: PlannedLink,
        events: RadioEventSink,
        sound: CallSoundSink,
        clock: Clock,
        *,
        line_log: Path | None = None,
    ) -> None:
        """Prepare a link of the plan; raises ConfigError when it cannot be used."""
        super().__init__(
            link.id, _core(link), clock, url=link.port, settings=_port(link), line_log=line_log
        )
        self._talk_core = self._core
        self._sink = events
        self._voice = P25Voice(link.id, sound, clock, many=False)

    async def start(self) -> None:
        """Open the port; a device that is not there yet is waited for."""
        self._begin()

    async def close(self) -> None:
        """Un-key and close; safe twice."""
        if await self._end():
            self._ended()

    def _deliver(self, event: RadioEvent) -> None:
        if not self._sounds(event):
            self._sink(self._id, event)

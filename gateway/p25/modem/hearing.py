"""What radios say through a modem: frames on air to calls, voice and signalling."""

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, RadioEvent
from gateway.p25.air.frame import decode_frame
from gateway.p25.air.units import AirFrame, Hdu, Ldu1, Ldu2, Tdu, Tdulc, Tsdu
from gateway.p25.air.voice import correct
from gateway.p25.modem.replies import AirData
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.repeats import Repeats
from gateway.p25.talk.signalling import UnitActBook
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.words.tsbk import decode_tsbk

ANY_NAC = (0xF7E, 0xF7F)
"""A receiver set to one of these takes every NAC (reference p25, 1.3)."""


class Hearing:
    """Feeds one ``TalkIn`` with what a modem receives."""

    def __init__(self, talk: TalkIn, book: UnitActBook, *, nac: int) -> None:
        """Take frames of ``nac`` alone; blocks of signalling also answer what was asked."""
        self._talk, self._book, self._nac = talk, book, nac
        self._expected = None if nac in ANY_NAC else nac
        self._foreign: int | None = None
        self._repeats = Repeats()

    def frame(self, data: AirData, now: MonoMs) -> list[RadioEvent]:
        """Take a frame; raises ProtocolViolation when nothing of it can be read.

        A modem counts on for some data units after the last sync: what is none of ours then is
        noise, and no fault of anybody.
        """
        try:
            read = decode_frame(data.data, expected_nac=self._expected)
        except ProtocolViolation:
            if data.sync_seen:
                raise
            return []
        if self._nac not in (read.nac, *ANY_NAC):
            if not data.sync_seen:
                return []
            return self._other(read.nac)
        self._foreign = None
        return self._take(read, now)

    def sync_lost(self, now: MonoMs) -> list[RadioEvent]:
        """End an over that was not ended: the modem hears nothing more."""
        return self._talk.terminator(now) if self._talk.busy else []

    def _take(self, read: AirFrame, now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        match read:
            case Hdu():
                events += self._talk.header(now, read.sync, read.group)
            case Ldu1():
                events += self._talk.link_control(now, read.link_control)
                events += self._voice(0, read.voice, now)
            case Ldu2():
                events += self._talk.encryption(now, read.sync)
                events += self._voice(FRAMES_PER_LDU, read.voice, now)
            case Tdu():
                events += self._talk.terminator(now)
            case Tdulc():
                events += self._talk.terminator(now, read.link_control)
            case Tsdu():
                events += self._blocks(read, now)
            case _:
                pass  # packet data: seen on the engineer's page, carried by nobody
        return events

    def _voice(self, first: int, frames: tuple[bytes, ...], now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        for place, coded in enumerate(frames, first):
            _, errors = correct(coded)
            events += self._talk.voice(now, place, coded, errors)
        return events

    def _blocks(self, unit: Tsdu, now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        for octets in unit.blocks:
            if octets is not None and self._repeats.is_new(octets, now):
                events += self._book.heard(decode_tsbk(octets, inbound=True))
        return events

    def _other(self, nac: int) -> list[RadioEvent]:
        """Say once that another system is heard."""
        if nac == self._foreign:
            return []
        self._foreign = nac
        words = f"NAC {nac:03X} is heard, ours is {self._nac:03X}: not taken"
        return [LineSeen(outgoing=False, raw=f"{nac:03x}", words=words)]

"""What the engine asks of a P25 link, whatever carries it: voice through the vocoder, unit acts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from gateway.model.ids import MessageId, MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    KeyDemand,
    LinkInfo,
    RadioEvent,
    TalkEnded,
    TxNotSent,
)
from gateway.model.sound_port import SoundPortFigures
from gateway.model.unit_acts import AcknowledgeAlarm, UnitAct
from gateway.p25.talk.port import VoiceHeard
from hardware.p25_voice import P25Voice


class TalkCore(Protocol):
    """The part of a P25 core that desks talk through."""

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        ...

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be sent now."""
        ...

    def demand(self, demand: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk."""
        ...

    def send_voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Give 20 ms."""
        ...

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key."""
        ...

    def act(self, act: UnitAct, now: MonoMs) -> list[RadioEvent]:
        """Reach one unit."""
        ...


class P25Desk(ABC):
    """The engine's side of a P25 link."""

    _talk_core: TalkCore
    _voice: P25Voice

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return self._talk_core.info

    def sound_figures(self) -> SoundPortFigures:
        """Return how long vocoder frames took and waited since the last time."""
        return self._voice.figures()

    def demand(self, demand: KeyDemand) -> None:
        """Ask to talk; nothing is keyed without a standing guard."""
        reason = self._no_guard()
        if reason:
            self._take_soon([TxNotSent(demand=demand.demand, reason=reason)])
            return
        self._voice.begin(demand.demand)
        self._take_soon(self._talk_core.demand(demand, self._now()))

    def send_sound(self, demand: RequestId, pcm: bytes) -> None:
        """Give 20 ms of sound; dropped unless this demand is granted."""
        if self._talks(demand):
            for imbe in self._voice.encode(demand, pcm):
                self._talk_core.send_voice(demand, imbe, self._now())
            self._pump()

    def end(self, demand: RequestId, cause: str = "released") -> None:
        """Un-key or withdraw. A release sends what the vocoder still holds, any other does not."""
        if cause == "released" and self._talks(demand):
            for imbe in self._voice.flush(demand):
                self._talk_core.send_voice(demand, imbe, self._now())
        self._take_soon(self._talk_core.end(demand, cause, self._now()))

    def select_group(self, number: int) -> None:
        """Do nothing: each over of a P25 interface names its own group."""
        del number

    def act(self, act: UnitAct) -> None:
        """Reach one unit. What happens comes back as events."""
        self._take_soon(self._talk_core.act(act, self._now()))

    def acknowledge_emergency(self, message: MessageId, unit: int) -> None:
        """Tell a unit that a person has its alarm."""
        self.act(AcknowledgeAlarm(message=message, unit=unit))

    def _sounds(self, event: RadioEvent) -> bool:
        """Make sound of voice; says whether the event was voice, which the engine never sees."""
        if isinstance(event, VoiceHeard):
            self._voice.heard(event)
            return True
        if isinstance(event, TalkEnded | CallDown):
            self._voice.over(event.instance)
        return False

    def _talks(self, demand: RequestId) -> bool:
        """Say whether the voice of a press may be sent now."""
        return demand == self._talk_core.on_air

    @abstractmethod
    def _no_guard(self) -> str:
        """Return why nothing may be keyed, empty where the guard stands."""

    @abstractmethod
    def _now(self) -> MonoMs:
        """Return the time."""

    @abstractmethod
    def _take_soon(self, events: Sequence[RadioEvent]) -> None:
        """Send at once, but tell after the caller has returned."""

    @abstractmethod
    def _pump(self) -> None:
        """Send what the core wants."""

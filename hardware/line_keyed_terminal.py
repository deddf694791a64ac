"""The driver of a TETRA terminal whose PTT contact is a line: RTS, DTR or GPIO.

Everything that is heard comes by the PEI, as with any terminal; only the key is the line's.
What a press means is in ``gateway.tetra.line_key``, the line and its guard in ``ptt_line``.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import RequestId
from gateway.model.individual import Dial, IndividualEnded
from gateway.model.plan import Link as PlannedLink
from gateway.model.radio import Capability, KeyDemand, LinkInfo, RadioEvent, TxNotSent
from gateway.ports import Clock, RadioEventSink, SoundSink
from gateway.tetra.line_key import LineKey
from gateway.tetra.terminal import INFO
from hardware.guard_client import UnkeyGuard
from hardware.link import Link
from hardware.pei_radio import PeiRadioLink
from hardware.ptt_address import PttLine, link_faults, parse_ptt
from hardware.ptt_line import KeyLine, KeyPort

NOT_BY_A_LINE = frozenset({Capability.INDIVIDUAL, Capability.TELEPHONE, Capability.EMERGENCY_OUT})
"""A contact keys the group that is selected, and nothing else."""


class LineKeyedTerminal(PeiRadioLink):
    """A terminal that is heard by its PEI and keyed by a line."""

    def __init__(
        self,
        link: PlannedLink,
        events: RadioEventSink,
        sound: SoundSink,
        clock: Clock,
        *,
        line_log: Path | None = None,
    ) -> None:
        """Prepare a link of the plan; raises ConfigError on its mistakes."""
        faults = link_faults(link)
        ptt = parse_ptt(link.ptt)
        if faults or ptt is None:
            raise ConfigError(f"link {link.id}: {'; '.join(faults)}", faults=tuple(faults))
        super().__init__(link, events, sound, clock, line_log=line_log)
        self._press = LineKey(link.ptt_tail_ms)
        self._press_timer: asyncio.TimerHandle | None = None
        self._key_port: KeyPort | None = None
        self._key = self._make_key(link, ptt)

    def _make_key(self, link: PlannedLink, ptt: PttLine) -> KeyLine:
        if not ptt.port:
            return KeyLine(ptt, self._keeper.give_up)
        low = link.ptt_active == "low"
        self._key_port = KeyPort(ptt, active_low=low, changed=self._key_changed)
        return self._key_port.line

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return LinkInfo(technology=INFO.technology, capabilities=INFO.capabilities - NOT_BY_A_LINE)

    async def start(self) -> None:
        """Open sound, port and line; what is not there yet is waited for."""
        if self._key_port is not None:
            await self._key_port.start()
        await super().start()

    async def close(self) -> None:
        """Un-key, close everything; safe twice."""
        self._key.unkey()
        await super().close()
        if self._key_port is not None:
            await self._key_port.close()
        if self._press_timer is not None:
            self._press_timer.cancel()

    def no_guard(self) -> str:
        """Return why nothing may be keyed, empty where the guard of the line stands."""
        return super().no_guard() or self._key.no_guard()

    def demand(self, demand: KeyDemand) -> None:
        """Ask to talk: the line is set at once, the grant is what the radio says of it."""
        reason = self._no_guard() or self._sound.trouble
        if reason:
            self._tell_soon([TxNotSent(demand=demand.demand, reason=reason)])
        else:
            self._tell_soon(self._press.demand(demand, self._now()))

    def dial(self, dial: Dial) -> None:
        """Refuse: the capability is not stated."""
        reason = "a radio that is keyed by a line talks to its group only"
        self._tell_soon([IndividualEnded(instance=None, call=dial.call, cause=reason)])

    def _end_now(self, demand: RequestId, cause: str) -> None:
        self._last_words = None
        self._tell_soon(self._press.end(demand, cause, self._now()))

    def _on_air(self) -> RequestId | None:
        return self._press.on_air

    def _heard(self, events: Sequence[RadioEvent]) -> Sequence[RadioEvent]:
        told = self._press.heard(events)
        self._set_key()
        return told

    def _idle(self, guard: UnkeyGuard) -> None:
        """Leave the guard armed while the line is set: it is the line's as well."""
        if not self._key.keyed:
            guard.disarm()

    def _opened(self, link: Link, guard: UnkeyGuard) -> None:
        if self._key_port is None:
            self._key.stand(link, guard)
        super()._opened(link, guard)

    def _lost(self, reason: str) -> None:
        if self._key_port is None:
            self._key.fall(reason)
        super()._lost(reason)

    def _key_changed(self, reason: str) -> None:
        if reason and self._press.key_wanted:
            self._tell_soon(self._press.key_failed(reason))

    def _tell_soon(self, events: Sequence[RadioEvent]) -> None:
        self._events.extend(events)
        self._set_key()
        asyncio.get_running_loop().call_soon(self._tell)

    def _set_key(self) -> None:
        """Make the line what the press wants, then arm its timer."""
        wanted = self._press.key_wanted
        if wanted is not self._key.keyed:
            try:
                if wanted:
                    self._key.key()
                else:
                    self._key.unkey()
                words = f"PTT {'on' if wanted else 'off'} ({self._key.words})"
                self._log(words.encode(), outgoing=True)
            except LinkError as error:
                self._events.extend(self._press.key_failed(str(error)))
        if self._press_timer is not None:
            self._press_timer.cancel()
            self._press_timer = None
        due = self._press.deadline()
        if due is not None:
            pause_s = max(0, due - self._now()) / 1000
            self._press_timer = asyncio.get_running_loop().call_later(pause_s, self._due)

    def _due(self) -> None:
        self._press_timer = None
        self._tell_soon(self._press.tick(self._now()))

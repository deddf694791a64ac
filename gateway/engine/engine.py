"""The call engine: radio events and sound in, bus events and voice out, commands answered.

All state lives in the parts (calls, floor, emergency, messages, routing, health, voice); this
module only says who hears what, in which order. Time is the given clock's: ``tick(now)`` does what
is due, ``run()`` arms one timer of the loop for the next deadline. Nothing here waits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from gateway.bus import Bus
from gateway.engine.addresses import Addresses
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.emergency import AlarmBook
from gateway.engine.floor import FloorArbiter
from gateway.engine.health import Health
from gateway.engine.individual import IndividualBook
from gateway.engine.individual_desk import IndividualDesk
from gateway.engine.messages import Messages
from gateway.engine.patch_relays import PatchRelays
from gateway.engine.patch_sound import PatchSound
from gateway.engine.patches import PatchBook
from gateway.engine.radio_input import RadioInput
from gateway.engine.routing import Routing
from gateway.engine.settings import EngineSettings
from gateway.engine.transmit_tests import TransmitTests
from gateway.engine.uplink import Uplink
from gateway.engine.voice_path import VoicePath
from gateway.engine.voice_stream import Block
from gateway.engine.voter import Voter
from gateway.model import commands, individual_commands, message_commands, patch, unit_commands
from gateway.model.command import Command, Reply
from gateway.model.errors import InvalidCommand
from gateway.model.events import AlarmRaised
from gateway.model.ids import LinkId, MonoMs, PositionId, RequestId, TalkgroupId, UtcUs
from gateway.model.plan import Plan
from gateway.model.radio import RadioEvent
from gateway.model.transmit_test import LinkIdleAsk, TransmitTestAsk
from gateway.model.voice import VoiceFrame
from gateway.ports import Clock, RadioLink, SequenceCounter, SoundRecorder

logger = logging.getLogger(__name__)

FAULT_PAUSE_MS = 20
"""After a fault what was due is tried again this much later, and not in a busy loop."""

EngineCommand = (
    commands.FloorRequest
    | commands.FloorRenew
    | commands.FloorRelease
    | commands.LinkSelect
    | TransmitTestAsk
    | LinkIdleAsk
    | commands.PositionLeft
    | commands.MessageSend
    | commands.AlarmAcknowledge
    | commands.AlarmShow
    | commands.AlarmEnd
    | commands.EmergencyExercise
    | commands.LinkRestart
    | message_commands.StatusSend
    | message_commands.PositionRequest
    | message_commands.MessageOpen
    | unit_commands.UnitActAsk
    | patch.PatchMake
    | patch.PatchExtend
    | patch.PatchDrop
    | individual_commands.IndividualAnswer
    | individual_commands.IndividualDecline
    | individual_commands.IndividualDial
    | individual_commands.IndividualHangUp
)
"""Every command the engine answers."""


class Timed(Protocol):
    """A part that has things to do at a time."""

    def deadline(self) -> MonoMs | None:
        """Return when tick() is due next, None when nothing waits."""
        ...

    def tick(self, now: MonoMs) -> None:
        """Do what is due."""
        ...


class CallEngine:
    """One gateway's engine."""

    def __init__(
        self,
        plan: Plan,
        bus: Bus,
        links: Mapping[LinkId, RadioLink],
        clock: Clock,
        *,
        randomness: Callable[[int], bytes],
        recorder: SoundRecorder,
        counter: SequenceCounter,
        settings: EngineSettings | None = None,
        plan_number: int = 1,
    ) -> None:
        """Wire the parts and serve the bus. ``randomness(n)`` gives n random bytes."""
        self._ctx = Context(
            bus=bus,
            clock=clock,
            randomness=randomness,
            addresses=Addresses(plan, plan_number),
            links=links,
            settings=settings or EngineSettings(),
        )
        ctx = self._ctx
        self._health = Health(ctx)
        self._calls = CallBook(ctx, counter)
        self._routing = Routing(ctx, self._calls, self._health)
        self._voice = VoicePath(ctx, recorder)
        self._calls.listener = self._voice
        self._voter = Voter(ctx, self._calls, self._voice, self._health)
        self._uplink = Uplink(ctx, self._voice, self._emptied)
        self._alarms = AlarmBook(ctx, self._calls, self._routing, self._health)
        self._tests = TransmitTests(
            ctx,
            calls=self._calls,
            alarms=self._alarms,
            routing=self._routing,
            health=self._health,
        )
        self._floor = FloorArbiter(
            ctx, self._calls, self._routing, self._health, self._uplink, tests=self._tests
        )
        self._individual = IndividualBook(ctx, self._calls, counter)
        self._individual.attach(self._floor)
        self._desk = IndividualDesk(ctx, self._individual, self._calls, self._health, counter)
        ctx.lines.pressed = self._floor.pressed_links
        self._patches, self._patch_sound = self._make_patches()
        self._messages = Messages(ctx, self._routing, self._health)
        self._input = RadioInput(
            ctx,
            calls=self._calls,
            floor=self._floor,
            alarms=self._alarms,
            messages=self._messages,
            routing=self._routing,
            health=self._health,
            voice=self._voice,
            individual=self._individual,
        )
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = asyncio.Event()
        self._running = False
        self._busy = False
        self._inbox: deque[tuple[LinkId, RadioEvent]] = deque()
        self._armed_ms: MonoMs | None = None
        self._serve(bus)

    def _make_patches(self) -> tuple[PatchBook, PatchSound]:
        ctx = self._ctx
        sound = PatchSound(ctx, self._voice, self._emptied)
        self._floor.passing = sound
        relays = PatchRelays(
            ctx,
            calls=self._calls,
            floor=self._floor,
            routing=self._routing,
            health=self._health,
            voice=self._voice,
            sound=sound,
        )
        book = PatchBook(ctx, self._calls, self._routing, self._health, relays)
        self._voice.tap = book.heard
        return book, sound

    # ---- inputs

    def on_radio(self, link: LinkId, event: RadioEvent) -> None:
        """Take an event of a link (RadioEventSink); links the engine was not given are ignored."""
        if link not in self._ctx.links:
            return
        self._inbox.append((link, event))
        if not self._busy:
            with self._work():
                pass

    def on_sound(
        self,
        link: LinkId,
        pcm: bytes,
        utc_us: UtcUs,
        instance: int | None = None,
        coded: bytes = b"",
    ) -> None:
        """Take 160 samples (int16 little-endian, 8 kHz) of a link, or of one of its calls."""
        if link in self._ctx.links:
            self._health.heard(link)
            block = Block(pcm, utc_us, coded, self._ctx.utc())
            self._voice.on_sound(link, block, instance)

    def on_uplink(self, position: PositionId, frame: VoiceFrame) -> None:
        """Take a microphone packet of a position."""
        self._uplink.on_frame(position, frame)

    def set_listening(self, positions: Iterable[PositionId], *, supervisor: bool = False) -> None:
        """Tell which positions can sound an alarm now, and whether a supervisor is signed in."""
        with self._work():
            heard = frozenset(positions)
            self._individual.set_listening(heard)
            self._alarms.set_listening(heard, supervisor=supervisor)

    def restore_alarm(self, event: AlarmRaised, *, acknowledged: bool) -> None:
        """Take an alarm that was open before a restart."""
        with self._work():
            self._alarms.restore(event, acknowledged=acknowledged)

    def use_plan(self, plan: Plan, number: int) -> None:
        """Go over to another plan: names, statuses, talkgroups. Links are opened by the wiring.

        The mapping of links is the wiring's: what it adds is taken from then on.
        """
        self.use_addresses(Addresses(plan, number))

    def use_addresses(self, addresses: Addresses) -> None:
        """Go over to another plan that was indexed elsewhere: a long one takes its time."""
        with self._work():
            self._ctx.addresses = addresses
            self._patches.use_plan()

    def link_removed(self, link: LinkId) -> None:
        """Forget a link that was closed and taken out of the mapping; its calls have ended."""
        with self._work():
            self._floor.forget(link)
            self._health.forget(link)
            self._routing.forget(link)
            self._voice.figures.forget(link)

    def offline_talkgroups(self) -> frozenset[TalkgroupId]:
        """Return the talkgroups that no link carries now."""
        return self._health.offline_talkgroups()

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when tick() is due next, None when nothing waits."""
        due = [at for part in self._timed_parts() if (at := part.deadline()) is not None]
        return min(due) if due else None

    def _timed_parts(self) -> tuple[Timed, ...]:
        return (
            self._floor,
            self._uplink,
            self._patch_sound,
            self._alarms,
            self._calls,
            self._voter,
            self._individual,
            self._patches,
            self._messages.acts,
            self._voice.figures,
        )

    def tick(self, now: MonoMs) -> None:
        """Do everything that is due; presses first, since they may have to be un-keyed."""
        faults: list[Exception] = []
        with self._work():
            for part in self._timed_parts():
                try:
                    part.tick(now)
                except (
                    Exception
                ) as fault:  # told below: it may not keep the other parts from theirs
                    faults.append(fault)
        if faults:
            raise ExceptionGroup("engine: faults while doing what was due", faults)

    async def run(self) -> None:
        """Keep time until close()."""
        self._running = True
        with self._work():
            self._patches.use_plan()
        self._arm()
        await self._stopped.wait()

    async def close(self) -> None:
        """Un-key everything, end all calls, stop the timer; safe twice."""
        if self._stopped.is_set():
            return
        with self._work():
            self._patches.close()
            self._floor.close()
            self._individual.close()
            self._calls.close()
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
        self._stopped.set()

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Finish one piece of work, then what links said meanwhile.

        A link may answer in the middle of a call to it; that answer waits until the state that
        asked for it is whole.
        """
        if self._busy:
            yield
            return
        self._busy = True
        try:
            yield
        finally:
            self._drain()

    def _drain(self) -> None:
        try:
            self._take_inbox()
            while self._floor.watch_tests():
                self._take_inbox()  # what the link says of the test that was cut
            self._patches.settle()
            while self._inbox:  # what links said at once to what was keyed
                self._take_inbox()
                self._patches.settle()
        finally:
            self._busy = False
            self._arm()

    def _take_inbox(self) -> None:
        while self._inbox:
            link, event = self._inbox.popleft()
            if link in self._ctx.links:  # it may have been removed meanwhile
                self._input.take(link, event)

    def _arm(self) -> None:
        due = self.deadline() if self._running else None
        if due is not None and (self._timer is None or self._armed_ms != due):
            self._set_timer(due, max(0, due - self._ctx.now()))

    def _set_timer(self, due: MonoMs, wait_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_ms = due
        self._timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._timed)

    def _timed(self) -> None:
        self._timer = None
        try:
            self.tick(self._ctx.now())
        except Exception:  # the top of the timer: a fault in one part may not stop un-keying
            logger.exception("engine: a fault while doing what was due")
            if (due := self.deadline()) is not None:
                self._set_timer(due, FAULT_PAUSE_MS)

    # ---- commands

    def _serve(self, bus: Bus) -> None:
        for kind in EngineCommand.__args__:
            bus.serve(kind, self._answer)
        bus.serve_uplink(self.on_uplink)

    def _answer(self, command: Command) -> Reply:
        try:
            return self.command(command)
        except InvalidCommand as error:
            return Reply(ok=False, reason=str(error))

    def command(self, command: Command) -> Reply:
        """Carry out a command; raises InvalidCommand for one the engine does not have."""
        if not isinstance(command, EngineCommand):
            raise InvalidCommand(f"the gateway does not know {command.type}")
        with self._work():
            for answer in (
                self._floor_command,
                self._individual_command,
                self._messages.command,
                self._patches.command,
            ):
                if (reply := answer(command)) is not None:
                    return reply
            return self._other_command(command)

    def _floor_command(self, command: EngineCommand) -> Reply | None:
        match command:
            case commands.FloorRequest():
                return self._floor.request(command)
            case commands.FloorRenew():
                return self._floor.renew(command)
            case commands.FloorRelease():
                return self._floor.release(command)
            case commands.LinkSelect():
                return self._routing.select(command, pressed=self._floor.pressed_links())
            case commands.PositionLeft():
                self._floor.position_left(command.position)
                self._desk.position_left(command.position)
                self._routing.leave(command.position)
                return Reply(ok=True)
            case _:
                return None

    def _individual_command(self, command: EngineCommand) -> Reply | None:
        match command:
            case individual_commands.IndividualAnswer():
                return self._desk.answer(command)
            case individual_commands.IndividualDecline():
                return self._desk.decline(command)
            case individual_commands.IndividualDial():
                return self._desk.dial(command)
            case individual_commands.IndividualHangUp():
                return self._desk.hang_up(command)
            case _:
                return None

    def _other_command(self, command: EngineCommand) -> Reply:
        match command:
            case commands.AlarmAcknowledge():
                return self._alarms.acknowledge(command)
            case commands.AlarmShow():
                return self._alarms.show(command)
            case commands.AlarmEnd():
                return self._alarms.end(command)
            case commands.EmergencyExercise():
                return self._alarms.exercise(command)
            case commands.LinkRestart():
                return self._restart(command)
            case TransmitTestAsk() | LinkIdleAsk():
                return self._tests.answer(command, self._floor.pressed_links())
            case _:
                raise InvalidCommand(f"the gateway does not know {command.type}")

    def _restart(self, command: commands.LinkRestart) -> Reply:
        link = self._ctx.links.get(command.link)
        if link is None:
            return Reply(ok=False, reason=f"there is no link {command.link}")
        link.restart()
        return Reply(ok=True)

    def _emptied(self, request: RequestId) -> None:
        self._floor.emptied(request)

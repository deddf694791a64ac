"""A simulated TETRA terminal of the Motorola MTM class at its serial port: bytes in, bytes out.

It reports nothing before the host registers services, echoes until ATE0, takes one command at a
time and answers after 20 to 80 ms, refuses what a real radio refuses, and writes unasked lines
whenever they happen, also between a command and its OK. Times are milliseconds given by the
caller; chance comes from a seed. Nothing here is shared with the driver but number tables.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence

from gateway.tetra.tables import GroupType, Registration
from hardware.sim import pei_commands, pei_rules
from hardware.sim.chassis import NOISE, Chassis, RadioSettings, Service
from hardware.sim.pei_calls import Profile
from hardware.sim.pei_grammar import (
    AtCommand,
    AtError,
    Chunk,
    End,
    HostReader,
    is_unkey,
    parse_command,
)
from hardware.sim.pei_messages import Messages
from hardware.sim.pei_parts import Answer, Parts, creg_line, group_line
from hardware.sim.pei_private import PrivateCalls
from hardware.sim.speech import BLOCK_BYTES
from hardware.sim.truth import SoundBlock, TruthLog

MAX_QUEUED_CHUNKS = 64
NOISE_AFTER_OPEN_MS = 2.0


class SimulatedRadio:
    """One radio. Feed it with ``receive``, ``receive_sound`` and ``tick``; drain the rest."""

    def __init__(self, settings: RadioSettings, truth: TruthLog, *, seed: int = 1) -> None:
        """Make a radio that is switched on and whose port nobody has opened yet."""
        # Chance of a simulation, not of a secret.
        self.chassis = Chassis(settings, truth, random.Random(seed))  # noqa: S311
        self.sound_out: deque[bytes] = deque(maxlen=50)
        self.calls = PrivateCalls(self.chassis, self.sound_out.append)
        self.messages = Messages(self.chassis)
        self.parts = Parts(self.chassis, self.calls, self.messages)
        self._reader = HostReader()
        self._queue: deque[Chunk] = deque()
        self._busy = False
        self._cmgs_refused = False
        self._reset_state()

    # The five verbs ---------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host."""
        self.tick(now)
        self.chassis.truth.wire(False, data, now)
        if not self.chassis.powered or self.chassis.deaf:
            return
        if self.chassis.echo:
            self.chassis.write(data)
        for chunk in self._reader.feed(data, now):
            self._arrived(chunk)
            self._work()

    def receive_sound(self, pcm: bytes, now: float) -> None:
        """Take 20 ms of sound from the host: on the air only while the host is granted."""
        self.tick(now)
        if len(pcm) != BLOCK_BYTES or not self.calls.carries_host_sound:
            self.chassis.truth.dropped_from_host(now)
            return
        call = self.calls.call
        if call is not None:
            self.chassis.truth.heard_from_host(SoundBlock(now, call.group, call.instance, pcm))

    def outgoing(self) -> bytes:
        """Return and forget what must be written to the host."""
        data = bytes(self.chassis.out)
        self.chassis.out.clear()
        return data

    def deadline(self) -> float | None:
        """When ``tick`` is due next."""
        return self.chassis.deadline()

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.chassis.run(now)

    # The port and the hands at the radio ------------------------------------------------

    def port_opened(self, now: float) -> None:
        """Take it that a host opened the port: junk is on the line."""
        self.tick(now)
        self.chassis.port_open = True
        self.chassis.noisy = True
        self.chassis.truth.note("port_opened", now)
        self.chassis.later(NOISE_AFTER_OPEN_MS, lambda: self.chassis.write(NOISE))

    def port_closed(self, now: float) -> None:
        """Take it that the host closed the port. A transmission goes on: nobody ended it."""
        self.tick(now)
        self.chassis.port_open = False
        self._reader.clear()
        self.chassis.out.clear()
        self.chassis.truth.note("port_closed", now)

    def turn_knob(self, group: int, now: float) -> None:
        """Select another group by hand; unasked ``+CTGS`` follows."""
        self.tick(now)
        self.chassis.selected = group
        self.chassis.truth.note("knob", now, group=group)
        self.chassis.report(Service.GROUPS, group_line(self.chassis))
        self.calls.knob_turned()

    def set_scan(self, groups: Sequence[int], now: float) -> None:
        """Scan ``groups``, the most important first; unasked ``+CTGS`` follows."""
        self.tick(now)
        self._scan(groups)
        self.chassis.report(Service.GROUPS, group_line(self.chassis))
        self.calls.knob_turned()

    def _scan(self, groups: Sequence[int]) -> None:
        self.chassis.scan = {
            group: min(GroupType.SCAN_1.value + place, GroupType.SCAN_6.value)
            for place, group in enumerate(groups)
        }

    def set_peer(self, unit: int, *, on: bool) -> None:
        """Switch a simulated unit on or off: it answers calls and messages, or not."""
        for peers in (self.calls.peers_off, self.messages.peers_off):
            peers.discard(unit)
            if not on:
                peers.add(unit)

    def set_registration(self, stat: Registration, now: float) -> None:
        """Gain or lose the network."""
        self.tick(now)
        self.chassis.stat = stat
        if not self.chassis.registered:
            self.calls.withdraw(14)
            self.calls.release(14)
        if self.chassis.creg_reports or any(one == 1 for one, _ in self.chassis.services):
            self.chassis.say(creg_line(self.chassis))

    def power_cycle(self, off_ms: float, now: float) -> None:
        """Lose power; boot after ``off_ms``, silently, with junk on the line."""
        self.tick(now)
        self.calls.vanish("power")
        self.chassis.forget_agenda()
        self.chassis.out.clear()
        self.chassis.powered = False
        self.chassis.truth.note("power_off", now)
        self._reset_state()
        self.chassis.later(off_ms, self._boot)

    def _boot(self) -> None:
        self.chassis.powered = True
        self.chassis.deaf = True
        self.chassis.truth.note("power_on", self.chassis.now)
        self.chassis.write(NOISE)
        self.chassis.later(self.chassis.settings.boot_ms, self._booted)

    def _booted(self) -> None:
        self.chassis.deaf = False
        self.chassis.write(NOISE)
        self.chassis.truth.note("booted", self.chassis.now)

    def _reset_state(self) -> None:
        """Lose what a power cycle loses: echo, registrations, profile, half-written lines."""
        chassis, settings = self.chassis, self.chassis.settings
        chassis.echo = chassis.noisy = True
        chassis.services.clear()
        chassis.creg_reports = 0
        chassis.quiet_errors = False
        chassis.function_on = True
        chassis.locked = bool(settings.pin)
        chassis.selected = chassis.selected or settings.group
        if not chassis.scan:
            self._scan(settings.scan)
        self.messages.abandon()
        self.parts.profile = Profile()
        self.parts.profile_fresh = False
        self._reader.clear()
        self._queue.clear()
        self._busy = False

    # Chunks, one after the other --------------------------------------------------------

    def _arrived(self, chunk: Chunk) -> None:
        text = chunk.text.strip()
        waiting = self._busy or any(one.end is End.CR and one.text for one in self._queue)
        if waiting and text and chunk.end is End.CR and not is_unkey(text):
            self._blame(text, pei_rules.busy_line(text))
        if len(self._queue) < MAX_QUEUED_CHUNKS:
            self._queue.append(chunk)

    def _work(self) -> None:
        while self._queue and not self._busy:
            self._take(self._queue.popleft())

    def _take(self, chunk: Chunk) -> None:
        if chunk.end is End.ESC:
            self._escape()
        elif self.messages.open is not None:
            self._payload(chunk)
        elif chunk.end is End.SUB:
            self._stray_payload(chunk)
        elif chunk.end is End.OVERFLOW:
            self._blame(chunk.text[:40], "line longer than the radio keeps")
            self._refuse(35)
        elif chunk.text.strip():
            self._command(chunk)

    def _escape(self) -> None:
        if self.messages.open is not None:
            self.messages.abandon()
            self._finish(Answer())

    def _stray_payload(self, chunk: Chunk) -> None:
        if not self._cmgs_refused:
            self._blame(chunk.text, "payload without AT+CMGS")
        self._cmgs_refused = False
        self._refuse(36)

    def _payload(self, chunk: Chunk) -> None:
        self._blame(chunk.text, pei_rules.inside_payload(chunk.text))
        if chunk.end is End.CR:
            if self.messages.open is not None:
                self.messages.open.text += chunk.text
            return
        try:
            line, after = self.messages.finish(chunk.text)
        except AtError as refused:
            self._blame(chunk.text, "payload is not hex or does not fit the announced bits")
            self._refuse(refused.code)
        else:
            self._finish(Answer(lines=(line,), after=after))

    def _command(self, chunk: Chunk) -> None:
        line = chunk.text.strip()
        if self.chassis.noisy:
            self.chassis.noisy = False
            self._refuse(35)
            return
        try:
            command = parse_command(line)
        except AtError as refused:
            self._blame(line, "not an AT command" if refused.code == 35 else "unknown command")
            self._refuse(refused.code)
            return
        self._blame(line, pei_rules.unknown_command(command))
        if not chunk.ascii_only:
            self._blame(line, "characters outside printable ASCII")
        self._check_order(line, command)
        self._cmgs_refused = False
        try:
            if command.name == "CMGS" and command.text:
                self.messages.begin(command.fields, self._payload_late)
                return
            self._finish(pei_commands.answer(self.parts, command))
        except AtError as refused:
            self._cmgs_refused = command.name == "CMGS"
            self._blame(line, pei_rules.refused(command, refused.code))
            self._refuse(refused.code)

    def _check_order(self, line: str, command: AtCommand) -> None:
        """Blame a command that is well formed but comes when the reference forbids it."""
        parts = self.parts
        if command.name == "D":
            if not parts.profile_fresh:
                self._blame(line, "ATD without AT+CTSDC since the last ATD")
            parts.profile_fresh = False
        if command.name == "CMGS" and command.text:
            since = self.calls.busy_with_voice
            if since is not None and self.chassis.now - since > pei_rules.GRACE_MS:
                self._blame(line, "message while somebody talks on the group")
        call = self.calls.call
        forbidden = command.name == "CTXD" and call is not None and bool(call.permission)
        if forbidden and call and self.chassis.now - call.shown_ms > pei_rules.GRACE_MS:
            self._blame(line, "demand although the last line forbids to ask")
        if command.name == "CPIN" and command.text and parts.pin_failed:
            self._blame(line, "second try of a PIN")

    def _payload_late(self) -> None:
        self.messages.abandon()
        self._cmgs_refused = True
        self._refuse(37)

    def _finish(self, answer: Answer) -> None:
        if answer.reset:
            self.power_cycle(500.0, self.chassis.now)
            return
        self._busy = True
        wait = self.chassis.between(self.chassis.settings.answer_ms)
        gap = self.chassis.between((0.0, 10.0)) if answer.lines else 0.0
        if answer.lines:
            self.chassis.later(max(0.0, wait - gap), lambda: self._lines(answer.lines))
        self.chassis.later(wait, lambda: self._final("OK", answer.after))

    def _lines(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            self.chassis.say(line)

    def _refuse(self, code: int) -> None:
        text = "ERROR" if self.chassis.quiet_errors else f"+CME ERROR: {code}"
        self._busy = True
        wait = self.chassis.between(self.chassis.settings.answer_ms)
        self.chassis.later(wait, lambda: self._final(text, None))

    def _final(self, text: str, after: Callable[[], None] | None) -> None:
        self.chassis.say(text)
        self._busy = False
        if after is not None:
            after()
        self._work()

    def _blame(self, line: str, reason: str | None) -> None:
        if reason is not None:
            self.chassis.truth.violation(line, reason, self.chassis.now)

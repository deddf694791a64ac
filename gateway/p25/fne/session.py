"""Login at a master and staying in touch: which answer leads where, and what silence means.

Theory of operation. RPTL asks, the answer holds a salt; RPTK proves the password; RPTC says who we
are; then the master pushes its lists and we ping it. An unanswered step is asked again. A no ends
the attempt; when the next one comes depends on the reason (``_AGAIN``): a wrong password is tried
ever more rarely, a refusal by access list never. While we run, silence is looked into at once when
a call is up, for people wait; without one, four fruitless pings begin a new login.

| state     | answer     | next      | silence         | no                                |
|-----------|------------|-----------|-----------------|-----------------------------------|
| LOGIN     | challenge  | AUTHORISE | ask again       | WAITING, or REFUSED at reason 7   |
| AUTHORISE | yes        | CONFIGURE | LOGIN           | the same                          |
| CONFIGURE | yes        | RUNNING   | LOGIN           | the same                          |
| RUNNING   | anything   | RUNNING   | QUIET           | by reason: stay, WAITING, REFUSED |
| QUIET     | anything   | RUNNING   | LOGIN after 4   | the same                          |
| WAITING   | not read   |           | LOGIN when due  |                                   |
| REFUSED   | not read   |           | only ``open``   |                                   |
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, LinkState, RadioEvent
from gateway.p25.fne import login
from gateway.p25.fne.numbers import LAST_SEQUENCE, Function, NakReason, nak_words
from gateway.p25.fne.packet import FnePacket

ANSWER_MS = 1_500
"""A step without an answer is asked again after this; then twice as late, up to the next."""
MAX_ANSWER_MS = 30_000
PING_MS = 5_000
"""How often a peer pings (reference p25, 5.2)."""
MAX_FRUITLESS = 4
"""Pings without an answer before a new login (reference p25, 5.2)."""
PONG_MS = 800
"""Without a call, an answer is missed after this; then we ask faster before we say so."""
PROBE_MS = 200
QUIET_MS = 2_000
"""From the first ping without an answer to saying so, without a call."""
BUSY_SILENCE_MS = 500
"""With a call up, this long without anything from the master is looked into."""
BUSY_QUIET_MS = 1_000
"""From the first ping without an answer to saying so, with a call up."""
DUPLICATE_MS = 300
"""The same answer again within this is the same datagram twice."""
LEAVE_MS = 5_000
"""Pause before a login after the master has ended the connection."""
CROSSED_MS = 1_000
"""Pause before a login after two challenges had crossed: that says nothing of the password."""
MODEL = "DVM FNE"


class State(enum.Enum):
    """Where a peer stands with its master."""

    CLOSED = "closed"
    LOGIN = "login"
    AUTHORISE = "authorise"
    CONFIGURE = "configure"
    RUNNING = "running"
    QUIET = "quiet"
    WAITING = "waiting"
    REFUSED = "refused"


_ASKING = frozenset({State.LOGIN, State.AUTHORISE, State.CONFIGURE})
_UP = frozenset({State.RUNNING, State.QUIET})


@dataclass(frozen=True, slots=True)
class _Again:
    """When a login is tried again after a no: at first, and at most after doubling."""

    first_ms: int
    max_ms: int
    ends_session: bool = True
    """Whether the reason, given to a peer that is logged in, ends its session."""


_USUAL = _Again(10_000, 120_000, ends_session=False)
_AGAIN = {
    NakReason.GENERAL: _USUAL,
    NakReason.MODE_NOT_ENABLED: _Again(60_000, 600_000, ends_session=False),
    NakReason.ILLEGAL_PACKET: _Again(30_000, 600_000, ends_session=False),
    NakReason.UNAUTHORISED: _Again(30_000, 900_000),
    NakReason.BAD_STATE: _Again(2_000, 60_000),
    NakReason.INVALID_CONFIGURATION: _Again(60_000, 900_000),
    NakReason.PEER_RESET: _Again(5_000, 60_000),
    NakReason.TOO_MANY_PEERS: _Again(30_000, 300_000),
    NakReason.DUPLICATE: _Again(30_000, 300_000),
}
"""``ACCESS_REFUSED`` has no entry: it is never tried again by itself."""


class Secret:
    """Octets that no text form shows."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        """Keep them."""
        self.octets = octets

    def __repr__(self) -> str:
        return "Secret(not shown)"


class Session:
    """A peer's relation to its master; ``send`` takes what is to be sent."""

    def __init__(
        self,
        *,
        peer: int,
        password: bytes,
        configuration: login.PeerConfiguration,
        send: Callable[[FnePacket], None],
        new_stream: Callable[[], int],
        own_number: int | None = None,
        ping_ms: int = PING_MS,
    ) -> None:
        """Prepare; ``open`` begins."""
        self._peer = peer
        self._password = Secret(password)
        self._configuration = configuration
        self._send = send
        self._new_stream = new_stream
        self._own_number = own_number
        self._ping_ms = ping_ms
        self.state = State.CLOSED
        self.reason = "not connected"
        """Why it does not run, in words; empty while it does."""
        self.logins = 0
        """How often a login succeeded: each begins a session of its own."""
        self._stream = 0
        self._due_ms: MonoMs | None = None
        self._silences = 0
        self._refusals = 0
        self._salts: set[bytes] = set()
        """Challenges of this attempt: a master that got RPTL twice makes two."""
        self._last_ack: tuple[bytes, MonoMs] | None = None
        self._heard_ms = MonoMs(0)
        self._asked_ms: MonoMs | None = None
        """First ping that nothing has answered yet."""
        self._probe_ms = MonoMs(0)
        self._fruitless = 0
        self._busy = self._urgent = False
        """``_urgent``: the silence that is looked into began in a call."""
        self._told_no: tuple[str, MonoMs] | None = None

    @property
    def running(self) -> bool:
        """Whether traffic may be sent."""
        return self.state is State.RUNNING

    def open(self, now: MonoMs) -> list[RadioEvent]:
        """Begin to log in."""
        self._refusals = self._silences = 0
        self.reason = ""
        return [LinkChanged(state=LinkState.STARTING, model=MODEL), *self._login(now)]

    def joined(self, now: MonoMs) -> list[RadioEvent]:
        """Begin as one that is logged in."""
        self.logins += 1
        return self._run(now)

    def close(self) -> None:
        """End; a master that knows us is told."""
        if self.state in _UP:
            payload = self._peer.to_bytes(4, "big")  # its content is not in what we have read [?]
            self._send_control(Function.PEER_DISCONNECT, payload, self._new_stream())
        self.state, self.reason, self._due_ms = State.CLOSED, "not connected", None

    def watch(self, now: MonoMs, *, busy: bool) -> None:
        """Say whether a call is up: then silence is looked into at once."""
        if busy and not self._busy:
            self._heard_ms = max(self._heard_ms, now)
        self._busy = busy

    def heard(self, now: MonoMs) -> list[RadioEvent]:
        """Take that something came from the master."""
        self._heard_ms, self._asked_ms, self._fruitless = now, None, 0
        if self.state is State.QUIET:
            return self._run(now)
        return []

    def receive(self, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        """Take ACK, NAK, PONG and the master's goodbye; raises ProtocolViolation."""
        match packet.function:
            case Function.ACK if self.state in _ASKING:
                return self._acknowledged(packet.payload, now)
            case Function.NAK if self.state in _ASKING | _UP:
                return self._refused(login.read_nak(packet.payload), now)
            case Function.MASTER_DISCONNECT if self.state in _ASKING | _UP:
                return self._wait(now, LEAVE_MS, "the master has ended the connection")
        return []

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        due = self.deadline()
        if due is None or now < due:
            return []
        if self.state is State.WAITING:
            return self._login(now)
        if self.state in _ASKING:
            return self._unanswered(now)
        return self._look(now)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        if self.state not in _UP:
            return self._due_ms
        due = [one for one in (self._due_ms, self._silence_due()) if one is not None]
        return min(due, default=None)

    # ---- login

    def _login(self, now: MonoMs) -> list[RadioEvent]:
        self.state, self._stream = State.LOGIN, self._new_stream()
        self.reason = self.reason or "being logged in"
        self._last_ack, self._asked_ms, self._fruitless = None, None, 0
        self._salts.clear()
        packet = FnePacket(
            function=Function.LOGIN,
            sequence=0,
            ssrc=self._peer,
            peer=self._peer,
            stream=self._stream,
            payload=login.login_payload(self._peer),
        )
        self._send(packet)
        self._await(now)
        return []

    def _await(self, now: MonoMs) -> None:
        pause_ms = min(ANSWER_MS << min(self._silences, 5), MAX_ANSWER_MS)
        self._due_ms = MonoMs(now + pause_ms)

    def _acknowledged(self, payload: bytes, now: MonoMs) -> list[RadioEvent]:
        if self._last_ack is not None:
            same, when = self._last_ack
            if same == payload and now - when < DUPLICATE_MS:
                return []
        ack = login.read_ack(payload)
        if ack.peer != self._peer:
            reason = f"ACK: expected peer {self._peer}, got {ack.peer}"
            raise ProtocolViolation(reason, raw=payload, offset=0)
        if self.state is State.LOGIN and ack.salt is None:
            reason = "ACK to RPTL: expected a salt"
            raise ProtocolViolation(reason, raw=payload, offset=len(payload))
        self._last_ack = payload, now
        self._silences = 0
        if ack.salt is not None and any(ack.salt):
            asked = bool(self._salts)
            self._salts.add(ack.salt)
            if asked:
                return []  # late, or the proof that was sent is no longer asked for
        if self.state is State.LOGIN:
            self._authorise(ack.salt or b"", now)
        elif self.state is State.AUTHORISE:
            self._configure(now)
        else:
            self._refusals = 0
            self.logins += 1
            return self._run(now)
        return []

    def _authorise(self, salt: bytes, now: MonoMs) -> None:
        self.state = State.AUTHORISE
        payload = login.authorise_payload(self._peer, salt, self._password.octets)
        packet = FnePacket(
            function=Function.AUTHORISE,
            sequence=1,
            ssrc=self._peer,
            peer=self._peer,
            stream=self._stream,
            payload=payload,
        )
        self._send(packet)
        self._await(now)

    def _configure(self, now: MonoMs) -> None:
        self.state = State.CONFIGURE
        self._send_control(Function.CONFIGURE, self._configuration.payload(), self._stream)
        self._await(now)

    def _run(self, now: MonoMs) -> list[RadioEvent]:
        self.state, self.reason = State.RUNNING, ""
        self._heard_ms, self._due_ms = now, MonoMs(now + self._ping_ms)
        up = LinkChanged(state=LinkState.UP, model=MODEL, own_number=self._own_number)
        return [up]

    def _unanswered(self, now: MonoMs) -> list[RadioEvent]:
        self._silences += 1
        first = self._silences == 1
        self.reason = "the master does not answer"
        events = self._login(now)
        return [LinkChanged(state=LinkState.DOWN, reason=self.reason), *events] if first else events

    # ---- no

    def _refused(self, nak: login.Nak, now: MonoMs) -> list[RadioEvent]:
        if nak.peer not in (None, 0, self._peer):
            return []
        words = nak_words(nak.reason)
        if nak.reason == NakReason.ACCESS_REFUSED:
            self.state, self._due_ms = State.REFUSED, None
            self.reason = f"{words}; it is not asked again until the link is restarted"
            return [LinkChanged(state=LinkState.DOWN, reason=self.reason)]
        again = _AGAIN[NakReason(nak.reason)] if nak.reason in _AGAIN_NUMBERS else _USUAL
        if self.state in _UP and not again.ends_session:
            return self._say_once(words, now)
        if nak.reason == NakReason.UNAUTHORISED and len(self._salts) > 1:
            return self._wait(now, CROSSED_MS, "the master asked for the password twice")
        pause_ms = min(again.first_ms << min(self._refusals, 8), again.max_ms)
        self._refusals += 1
        return self._wait(now, pause_ms, words)

    def _say_once(self, words: str, now: MonoMs) -> list[RadioEvent]:
        """Say a no that leaves us logged in; the same one only once in ten seconds."""
        told = self._told_no
        if told is not None and told[0] == words and now - told[1] < 10_000:
            return []
        self._told_no = words, now
        return [LinkChanged(state=LinkState.UP, model=MODEL, reason=words)]

    def _wait(self, now: MonoMs, pause_ms: int, words: str) -> list[RadioEvent]:
        self.state, self._due_ms = State.WAITING, MonoMs(now + pause_ms)
        self.reason = f"{words}; tried again in {pause_ms // 1000} s"
        return [LinkChanged(state=LinkState.DOWN, reason=self.reason)]

    # ---- staying in touch

    def _silence_due(self) -> MonoMs | None:
        """Return when silence has to be looked into, or looked into again."""
        if self._asked_ms is not None:
            return self._probe_ms if self.state is State.RUNNING else None
        if self._busy and self.state is State.RUNNING:
            return MonoMs(self._heard_ms + BUSY_SILENCE_MS)
        return None

    def _look(self, now: MonoMs) -> list[RadioEvent]:
        if self._due_ms is not None and now >= self._due_ms:
            self._due_ms = MonoMs(now + self._ping_ms)
            if self._asked_ms is not None:
                self._fruitless += 1
            if self._fruitless >= MAX_FRUITLESS:
                return self._lost_touch(now)
            self._ping(now)
        silence = self._silence_due()
        if silence is None or now < silence:
            return []
        asked = self._asked_ms
        quiet_ms = BUSY_QUIET_MS if self._urgent else QUIET_MS
        if asked is not None and now - asked >= quiet_ms:
            self.state, self.reason = State.QUIET, "the master does not answer"
            return [LinkChanged(state=LinkState.DOWN, reason=self.reason)]
        self._ping(now)
        return []

    def _ping(self, now: MonoMs) -> None:
        if self._asked_ms is None:
            self._asked_ms, self._urgent = now, self._busy
        self._send_control(Function.PING, login.PING, self._new_stream())
        first = self._asked_ms == now and not self._urgent
        self._probe_ms = MonoMs(now + (PONG_MS if first else PROBE_MS))

    def _lost_touch(self, now: MonoMs) -> list[RadioEvent]:
        self.reason = f"the master has not answered {MAX_FRUITLESS} pings; logging in again"
        return [LinkChanged(state=LinkState.DOWN, reason=self.reason), *self._login(now)]

    def _send_control(self, function: Function, payload: bytes, stream: int) -> None:
        packet = FnePacket(
            function=function,
            sequence=LAST_SEQUENCE,
            ssrc=self._peer,
            peer=self._peer,
            stream=stream,
            payload=payload,
        )
        self._send(packet)


_AGAIN_NUMBERS = frozenset(_AGAIN)

"""The control service of a simulated station: one host at a time (reference p25, 2.2)."""

from collections.abc import Callable

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.p25.stage_udp import Address

CONNECT, HEARTBEAT, ACK, SELECT, MODES, DISCONNECT = 0x00, 0x01, 0x02, 0x05, 0x08, 0x09
DONE, NAK, CONNECTED, VERSION_UNKNOWN, FUNCTION, PARAMETERS = 0, 1, 2, 4, 5, 6
HOST_LOST_MS = 45_000.0
EARLY_MS = 1_000.0
LATE_MS = 1_500.0
"""How much later than announced a heartbeat may come before it is noted."""
KINDS = {"connect": CONNECT, "channel": SELECT, "modes": MODES, "disconnect": DISCONNECT}
MODES_DATA = bytes([1, 1, 0, 0, 1])


class StationControl:
    """Who is connected, and what is answered."""

    def __init__(
        self,
        *,
        voice_port: int,
        send: Callable[[bytes, Address], None],
        violation: Callable[[bytes, str], None],
        quirks: bool,
        answer_ms: float,
    ) -> None:
        """``quirks``: heartbeats of three octets; ``answer_ms``: how late a connect is answered."""
        self._voice_port = voice_port
        self._send, self._violation = send, violation
        self._beat = bytes([HEARTBEAT, 1, 0]) if quirks else bytes([HEARTBEAT, 1])
        self._answer_ms = answer_ms
        self._peer: Address | None = None
        self._host_port = 0
        self._beat_ms = self._host_beat_ms = 0.0
        self._next_ms = self._heard_ms = self._beat_heard_ms = 0.0
        self._late: list[tuple[float, bytes, Address]] = []
        self._refusals: dict[int, tuple[int, int]] = {}
        self.connects = 0
        self.heartbeats = 0
        self.disconnects = 0
        self.modes_asked = 0
        self.selected: tuple[int, int] | None = None

    @property
    def voice_peer(self) -> Address | None:
        """Where the host takes voice; None without a host."""
        return None if self._peer is None else (self._peer[0], self._host_port)

    def refuse(self, action: Action) -> None:
        """Answer the next messages of a kind with a code other than done."""
        kind = action.text("what", "connect")
        if kind not in KINDS:
            raise ConfigError(f"nak: expected what to be one of {', '.join(KINDS)}, got {kind!r}")
        self._refusals[KINDS[kind]] = (action.whole("reason", NAK), action.whole("times", 1))

    def forget(self) -> None:
        """Forget the host without a word, as after a power failure."""
        self._peer = None

    def send_raw(self, data: bytes) -> None:
        """Send octets to the host as they are."""
        if self._peer is not None:
            self._send(data, self._peer)

    def take(self, data: bytes, peer: Address, now_ms: float) -> None:
        """Take one datagram of the control port."""
        if len(data) < 2:
            self._violation(data, "a control message has two octets at least")
            return
        if peer == self._peer:
            self._heard_ms = now_ms
        if data[0] == HEARTBEAT:
            self._host_lives(data, peer, now_ms)
        elif data[0] != ACK:
            self._request(data, peer, now_ms)

    def tick(self, now_ms: float) -> None:
        """Send what is late, the heartbeats, and give up a silent host."""
        for due in [one for one in self._late if one[0] <= now_ms]:
            self._late.remove(due)
            self._send(due[1], due[2])
        if self._peer is None:
            return
        if now_ms - self._heard_ms >= HOST_LOST_MS:
            self._peer = None
        elif now_ms >= self._next_ms:
            self._send(self._beat, self._peer)
            self._next_ms = now_ms + self._beat_ms - EARLY_MS

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        due = [one[0] for one in self._late]
        if self._peer is not None:
            due += [self._next_ms, self._heard_ms + HOST_LOST_MS]
        return min(due, default=None)

    def state(self) -> dict[str, object]:
        """Return what a test may want to know."""
        return {
            "connected": self._peer is not None,
            "host_voice_port": self._host_port if self._peer else None,
            "connects": self.connects,
            "heartbeats": self.heartbeats,
            "disconnects": self.disconnects,
            "modes_asked": self.modes_asked,
            "selected": self.selected,
        }

    # -- inside

    def _host_lives(self, data: bytes, peer: Address, now_ms: float) -> None:
        if peer != self._peer:
            return
        self.heartbeats += 1
        if len(data) > 3:
            self._violation(data, "a heartbeat has two octets, or three")
        if now_ms - self._beat_heard_ms > self._host_beat_ms + LATE_MS:
            self._violation(data, f"a heartbeat after {now_ms - self._beat_heard_ms:.0f} ms")
        self._beat_heard_ms = now_ms

    def _request(self, data: bytes, peer: Address, now_ms: float) -> None:
        if len(data) < 3:
            self._violation(data, "a request has a tag")
            return
        code = self._code(data, peer)
        answer = b""
        if data[0] == CONNECT and code == DONE:
            answer = self._connect(data, peer, now_ms)
        elif code == DONE:
            answer = self._do(data)
        octets = bytes([ACK, 1, data[0], 1, data[2], code, len(answer)]) + answer
        if data[0] == CONNECT and self._answer_ms:
            self._late.append((now_ms + self._answer_ms, octets, peer))
        else:
            self._send(octets, peer)

    def _code(self, data: bytes, peer: Address) -> int:
        refused = self._refusals.get(data[0])
        if refused is not None:
            code, times = refused
            self._refusals[data[0]] = (code, times - 1)
            if times <= 1:
                del self._refusals[data[0]]
            return code
        if data[1] != 1:
            return VERSION_UNKNOWN
        sizes = {CONNECT: (11,), SELECT: (3, 5), MODES: (3,), DISCONNECT: (3,)}
        if data[0] not in sizes:
            return FUNCTION
        if len(data) not in sizes[data[0]]:
            self._violation(data, f"expected {sizes[data[0]]} octets")
            return PARAMETERS
        if data[0] == CONNECT:
            return CONNECTED if self._peer is not None and self._peer[0] != peer[0] else DONE
        return DONE if peer == self._peer else NAK

    def _connect(self, data: bytes, peer: Address, now_ms: float) -> bytes:
        self._peer = peer
        self._host_port = int.from_bytes(data[3:5], "big")
        self._beat_ms, self._host_beat_ms = data[9] * 1000.0, data[10] * 1000.0
        if not 5 <= data[9] <= 30 or not 5 <= data[10] <= 30:
            self._violation(data, "heartbeats are 5 to 30 s apart")
        self._heard_ms = self._beat_heard_ms = now_ms
        self._next_ms = now_ms + self._beat_ms - EARLY_MS
        self.connects += 1
        return b"\1" + self._voice_port.to_bytes(2, "big")

    def _do(self, data: bytes) -> bytes:
        if data[0] == MODES:
            self.modes_asked += 1
            return MODES_DATA
        if data[0] == SELECT:
            self.selected = (data[3], data[4]) if len(data) == 5 else None
        if data[0] == DISCONNECT:
            self._peer = None
            self.disconnects += 1
        return b""

"""A serial port that exists only here, modem lines included: for the RFC 2217 server."""

from collections.abc import Callable

from hardware.line_state import Line


class VirtualPort:
    """Implements ``hardware.rfc2217_server.Port``; what is behind it sets inputs and says bytes."""

    def __init__(
        self,
        *,
        heard: Callable[[bytes], None] = lambda data: None,
        line: Callable[[Line, bool], None] = lambda line, active: None,
    ) -> None:
        """``heard`` takes bytes of the host, ``line`` each change of DTR or RTS."""
        self._heard = heard
        self._line = line
        self._received: Callable[[bytes], None] = lambda data: None
        self._inputs: Callable[[], None] = lambda: None
        self._lost: Callable[[str], None] = lambda reason: None
        self.inputs: frozenset[Line] = frozenset()
        self.outputs: frozenset[Line] = frozenset()
        self.speed_bps = 38400
        self.rtscts = False
        self.purged = 0

    # -- what is behind the port

    def say(self, data: bytes) -> None:
        """Say bytes to the host."""
        self._received(data)

    def set_input(self, line: Line, *, active: bool) -> None:
        """Set CTS, DSR, DCD or RI."""
        self.inputs = self.inputs | {line} if active else self.inputs - {line}
        self._inputs()

    def vanish(self) -> None:
        """Be gone, as an adapter that is pulled out."""
        self._lost("the adapter was pulled out")

    # -- hardware.rfc2217_server.Port

    def start(
        self,
        received: Callable[[bytes], None],
        inputs: Callable[[], None],
        room: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Begin."""
        self._received, self._inputs, self._lost = received, inputs, lost

    def write(self, data: bytes) -> int:
        """Take bytes of the host; none waits."""
        self._heard(data)
        return 0

    def set_speed(self, speed_bps: int) -> None:
        """Set the speed."""
        self.speed_bps = speed_bps

    def set_rtscts(self, on: bool) -> None:
        """Switch flow control."""
        self.rtscts = on

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set DTR or RTS; a change is told."""
        changed = active is not (line in self.outputs)
        self.outputs = self.outputs | {line} if active else self.outputs - {line}
        if changed:
            self._line(line, active)

    def purge(self, *, received: bool, to_send: bool) -> None:
        """Count it: nothing waits here."""
        self.purged += 1

    def close(self) -> None:
        """Drop the lines."""
        for line in tuple(self.outputs):
            self.set_line(line, active=False)

"""A simulated radio on a bench: time is a number, the host is a method."""

from hardware.sim.actions import check_action
from hardware.sim.air import Air
from hardware.sim.chassis import RadioSettings
from hardware.sim.pei_radio import SimulatedRadio
from hardware.sim.scenario import FOLDER
from hardware.sim.truth import TruthLog

GROUP_PROFILE = "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0"
SETTINGS = RadioSettings(
    name="bench",
    issi=1299001,
    group=310201,
    scan=(310202,),
    groups=((310203, "TRAFIK"),),
    vendor_lines=False,
)
BLOCK = bytes(range(160)) * 2


class Bench:
    """Drives one radio and reads what it writes, in lines."""

    def __init__(self, settings: RadioSettings = SETTINGS, seed: int = 1) -> None:
        self.truth = TruthLog(settings.name)
        self.radio = SimulatedRadio(settings, self.truth, seed=seed)
        self.air = Air([self.radio], FOLDER)
        self.now = 1_000.0
        self.raw = b""
        self.sound: list[tuple[float, bytes]] = []
        self.radio.tick(self.now)

    def write(self, data: bytes) -> None:
        """The host writes; time stands still."""
        self.radio.receive(data, self.now)
        self._drain()

    def run(self, for_ms: float) -> list[str]:
        """Let time pass, due moment by due moment; returns the lines written meanwhile."""
        end = self.now + for_ms
        while (due := self.radio.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.radio.tick(self.now)
            self._drain()
        self.now = end
        self.radio.tick(end)
        self._drain()
        return self.lines()

    def ask(self, command: str, for_ms: float = 100.0) -> list[str]:
        """Write a command with CR and return the lines of the next ``for_ms``."""
        self.write(command.encode("latin-1") + b"\r")
        return self.run(for_ms)

    def lines(self) -> list[str]:
        """Return the lines so far, without blank ones, and forget them."""
        text, self.raw = self.raw.decode("latin-1"), b""
        return [line for line in text.replace("\r", "\n").split("\n") if line]

    def act(self, do: str, **values: object) -> int:
        """One action of a scenario, now."""
        action, faults = check_action({"do": do, **values}, "test")
        assert action is not None, faults
        taken = self.air.act(action, self.now)
        self._drain()
        return taken

    def ready(self) -> "Bench":
        """Bring the radio to where a host works with it: no echo, all services registered."""
        assert self.ask("AT") == ["AT", "+CME ERROR: 35"]
        self.ask("ATE0")
        for service in ("2,0,0", "1,1,11", "2,2,20", "1,3,2", "1,3,10", "1,3,130"):
            assert self.ask(f"AT+CTSP={service}") == ["OK"]
        return self

    def notes(self, *kinds: str) -> list[dict[str, object]]:
        """Return the truth log's entries of some kinds."""
        return [entry for entry in self.truth.entries if entry["kind"] in kinds]

    def keyed(self) -> list[tuple[object, object]]:
        """Return the (kind, group) of every key-up and key-down."""
        return [(entry["kind"], entry["group"]) for entry in self.notes("keyed", "unkeyed")]

    def _drain(self) -> None:
        self.raw += self.radio.outgoing()
        while self.radio.sound_out:
            self.sound.append((self.now, self.radio.sound_out.popleft()))

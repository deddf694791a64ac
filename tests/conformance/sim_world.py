"""The simulated radio on the wire, and the world around it: people, network, a hand at the knob."""

import random
import re

from hardware.sim.actions import check_action
from hardware.sim.air import Air
from hardware.sim.chassis import RadioSettings
from hardware.sim.pei_radio import SimulatedRadio
from hardware.sim.scenario import FOLDER
from hardware.sim.truth import Entry, TruthLog
from tests.conformance.watch import Watch

OWN, GROUP, SCANNED = 1299001, 310201, 310202
UNITS = (1210204, 1210207)
MOST_ARRIVED = 4_096
STATUS = 13
_CALL = re.compile(rb"\+(?:CTICN|CTOCP): [^\r]*\r")

ACTIONS: tuple[tuple[int, dict[str, object]], ...] = (
    (5, {"do": "talk", "group": GROUP, "unit": 1210204, "for_s": 0.8}),
    (2, {"do": "talk", "group": GROUP, "unit": 1210207, "for_s": 4.0, "hang_ms": 800}),
    (2, {"do": "talk", "group": SCANNED, "unit": 1210207, "for_s": 1.5, "hang_ms": 600}),
    (1, {"do": "emergency", "group": GROUP, "unit": 1210207, "for_s": 1.0}),
    (1, {"do": "emergency", "group": SCANNED, "unit": 1210207, "for_s": 1.0}),
    (2, {"do": "grant", "answer": "queue", "then": "grant", "then_ms": 700}),
    (1, {"do": "grant", "answer": "queue", "then": "never", "late_grant_ms": 150}),
    (1, {"do": "grant", "answer": "queue", "then": "refuse", "permission": 1}),
    (1, {"do": "grant", "answer": "refuse", "permission": 1}),
    (1, {"do": "grant", "answer": "other", "unit": 1210204}),
    (1, {"do": "grant", "answer": "ignore"}),
    (1, {"do": "grant", "answer": "release"}),
    (1, {"do": "grant", "answer": "error", "error": 42}),
    (1, {"do": "permit", "permission": 0}),
    (2, {"do": "release"}),
    (1, {"do": "cut"}),
    (1, {"do": "knob", "group": SCANNED}),
    (4, {"do": "knob", "group": GROUP}),
    (2, {"do": "text", "unit": 1210204, "text": "Klart", "report": "received"}),
    (1, {"do": "status", "unit": 1210204, "value": 0x8002}),
    (1, {"do": "position", "unit": 1210204, "latitude_deg": 57.7, "longitude_deg": 11.97}),
    (1, {"do": "registration", "stat": 0}),
    (3, {"do": "registration", "stat": 1}),
    (1, {"do": "peer", "unit": 1210204, "on": False}),
    (1, {"do": "peer", "unit": 1210204, "on": True}),
    (1, {"do": "fail_sends", "times": 1}),
    (1, {"do": "inhibit", "on": True}),
    (3, {"do": "inhibit", "on": False}),
    (1, {"do": "ring", "unit": 1210204, "for_s": 0.5}),
    (6, {"do": "nothing"}),
)
"""What may happen, each with its weight."""


class SimFar:
    """A simulated radio as the wire's far end; tells the watch what truly happens."""

    def __init__(self, watch: Watch, seed: int, rng: random.Random) -> None:
        """Make a radio on the target's group."""
        self._watch = watch
        settings = RadioSettings(
            name="far",
            issi=OWN,
            group=GROUP,
            scan=(SCANNED,),
            boot_ms=rng.choice((300.0, 3_000.0)),
            hang_ms=rng.choice((1_000.0, 4_000.0)),
            long_addresses=rng.random() < 0.5,
            short_reports=rng.random() < 0.5,
            grant_lines=rng.random() < 0.8,
        )
        self.radio = SimulatedRadio(settings, TruthLog("far", self._happened), seed=seed)
        self._air = Air([self.radio], FOLDER)
        self._dialled = False
        self._announced = b""
        self._arrived = b""
        self.now = 0.0

    @property
    def keyed(self) -> bool:
        """Whether sound of the host would be on the air in a group."""
        call = self.radio.calls.call
        return call is not None and call.group is not None and self.radio.calls.carries_host_sound

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the host."""
        self.now = now
        self.radio.receive(data, now)

    def outgoing(self) -> bytes:
        """Return what it says."""
        self.radio.sound_out.clear()
        return self.radio.outgoing()

    def deadline(self) -> float | None:
        """When something is due."""
        return self.radio.deadline()

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.now = now
        self.radio.tick(now)

    def port(self, *, is_open: bool, now: float) -> None:
        """Take the port's state."""
        (self.radio.port_opened if is_open else self.radio.port_closed)(now)

    def sound(self, pcm: bytes, now: float) -> None:
        """Take sound: what goes over the air must go to the target."""
        self.radio.receive_sound(pcm, now)

    def heard_by_host(self, data: bytes) -> None:
        """Note what arrived at the host, so that it is known what the core can know."""
        self._arrived = (self._arrived + data)[-MOST_ARRIVED:]

    def happen(self, rng: random.Random, now: float) -> None:
        """Let something happen, by its weight."""
        weights = [weight for weight, _ in ACTIONS]
        action = rng.choices([action for _, action in ACTIONS], weights)[0]
        if action["do"] != "nothing":
            self.act(dict(action), now)

    def talk(self, now: float) -> None:
        """Somebody talks in the group."""
        self.act({"do": "talk", "group": GROUP, "unit": UNITS[0], "for_s": 0.8}, now)

    def act(self, values: dict[str, object], now: float) -> None:
        """Let something happen in the world."""
        action, faults = check_action(values, "conformance")
        if action is None:
            raise ValueError(f"action {values}: {faults}")
        self._air.act(action, now)

    def reboot(self, off_ms: float, now: float) -> None:
        """Lose power for a while."""
        self.radio.power_cycle(off_ms, now)

    # -- the truth

    def _happened(self, entry: Entry) -> None:
        match entry["kind"]:
            case "wire" if entry["way"] == "radio":
                self._said(str(entry["text"]).encode("latin-1"))
            case "keyed":
                group = entry["group"]
                known = group if isinstance(group, int) else None
                self._watch.keyed_on(
                    known, dialled=self._dialled, told=self._was_told(), now=self.now
                )
            case "sds_in":
                self._note_report(entry)

    def _said(self, data: bytes) -> None:
        for line in _CALL.findall(data):
            self._dialled = line.startswith(b"+CTOCP")
            self._announced = line
            self._arrived = b""

    def _was_told(self) -> bool:
        """Whether the line that announced the running call arrived at the host as it was."""
        return self._announced in self._arrived

    def _note_report(self, entry: Entry) -> None:
        digits, sender = str(entry["hex"]), entry["sender"]
        if not isinstance(sender, int):
            return
        if digits[:4] in ("8210", "8A10") and digits[4:6] in ("00", "02"):
            self._watch.reported.add((sender, int(digits[6:8], 16)))
        elif entry["service"] == STATUS and digits[:2] in ("7E", "7F"):
            self._watch.reported.add((sender, int(digits[2:4], 16)))

"""Messages of the simulated radio: ``AT+CMGS`` in its two parts, and what comes in from the air."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.tetra.tables import AiService, SendStatus
from hardware.sim.chassis import Chassis, Handle, Service
from hardware.sim.pei_grammar import AtError, number, ssi_of
from hardware.sim.pei_payloads import (
    LOCATION_BITS,
    location_bits,
    report_payload,
    reports_wanted,
    short_report,
)

MIN_BITS, MAX_BITS = 8, 1_184
PAYLOAD_WAIT_MS = 5_000.0
"""Longest time between the command and the end of its payload (then CME 37)."""
MAX_REGISTERED_PIDS = 20
RESERVED_PIDS = frozenset(range(15, 64))
SEND_MS = (400.0, 900.0)
REPORT_MS = (500.0, 1_200.0)
READ_MS = (2_000.0, 4_000.0)
LIP_REQUEST = bytes.fromhex("0A4580")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a simulated unit is."""

    latitude_deg: float
    longitude_deg: float


@dataclass(slots=True)
class Open:
    """A CMGS that waits for its payload."""

    destination: int
    bits: int
    timer: Handle
    text: str = ""


class Messages:
    """SDS and status in both directions."""

    def __init__(self, chassis: Chassis) -> None:
        """Use ``chassis``."""
        self._chassis = chassis
        self.service = AiService.SDS_4.value
        self.open: Open | None = None
        self.fail_next = 0
        """So many messages of the host do not get over the air (status 5)."""
        self.peers_off: set[int] = set()
        self.places: dict[int, Place] = {}
        self._instance = -1
        self._reference = 0

    def begin(self, fields: tuple[str, ...], late: Callable[[], None]) -> None:
        """Take ``AT+CMGS=<destination>,<bits>``; ``late`` is called when no payload follows."""
        if len(fields) != 2:
            raise AtError(35)
        destination = ssi_of(fields[0])
        bits = number(fields[1], MIN_BITS, MAX_BITS)
        if not self._chassis.registered:
            raise AtError(30)
        if self._chassis.inhibited:
            raise AtError(41)
        timer = self._chassis.later(PAYLOAD_WAIT_MS, late)
        self.open = Open(destination, bits, timer)

    def abandon(self) -> None:
        """Forget the message that waits for its payload."""
        if self.open is not None:
            self.open.timer.cancel()
        self.open = None

    def finish(self, text: str) -> tuple[str, Callable[[], None]]:
        """Take the payload; returns the answer line and what follows the OK."""
        waiting = self.open
        if waiting is None:
            raise AtError(36)
        self.abandon()
        digits = (waiting.text + text).replace(" ", "")
        payload = _payload(digits, waiting.bits)
        self._instance = (self._instance + 1) % 256
        instance = self._instance
        self._chassis.truth.note(
            "sds_out",
            self._chassis.now,
            service=self.service,
            to=waiting.destination,
            bits=waiting.bits,
            hex=digits.upper(),
        )
        return f"+CMGS: {instance}", lambda: self._on_air(instance, waiting.destination, payload)

    def register(self, layer1: int, layer2: int, profile: int) -> None:
        """Do what ``AT+CTSP`` asks; raises AtError 34, 38 or 39."""
        services = self._chassis.services
        if layer1 == 3 and layer2 in RESERVED_PIDS:
            raise AtError(34)
        if (layer1, layer2) not in _layers() and layer1 != 3:
            raise AtError(34)
        if profile == 0:
            services.discard((layer1, layer2))
            return
        if (layer1, layer2) in services:
            raise AtError(38)
        if layer1 == 3 and sum(1 for one, _ in services if one == 3) >= MAX_REGISTERED_PIDS:
            raise AtError(39)
        services.add((layer1, layer2))

    def arrive(self, sender: int | None, to: int, payload: str, bits: int, *, service: int) -> bool:
        """Deliver a message from the air; False when the host did not register for it."""
        chassis = self._chassis
        if not (chassis.powered and chassis.registered):
            return False
        if service == AiService.STATUS.value:
            wanted = Service.STATUS.value in chassis.services
        else:
            wanted = (3, int(payload[:2], 16)) in chassis.services
        if wanted:
            party = "" if sender is None else str(sender)
            shown = chassis.flavour.padded(payload, bits)
            chassis.say(f"+CTSDSR: {service},{party},0,{to},0,{bits}", shown)
        chassis.truth.note(
            "sds_in", chassis.now, service=service, sender=sender, hex=payload, to_host=wanted
        )
        return wanted

    def next_reference(self) -> int:
        """Return the next SDS-TL reference of a simulated unit."""
        self._reference = (self._reference + 1) % 256
        return self._reference

    def _on_air(self, instance: int, destination: int, payload: bytes) -> None:
        chassis = self._chassis
        reference = ""
        if self.service == AiService.SDS_4.value and payload[:1] >= b"\x80" and len(payload) > 2:
            report = payload[1] >> 4 != 0
            reference = f",{payload[3 if report and len(payload) > 3 else 2]}"

        def sent() -> None:
            failed = self.fail_next > 0 or not chassis.registered
            self.fail_next = max(0, self.fail_next - 1)
            status = SendStatus.FAILED if failed else SendStatus.SENT
            chassis.say(f"+CMGS: {instance},{status.value}{reference}")
            if not failed and self.service == AiService.SDS_4.value:
                self._peer_answers(destination, payload)

        chassis.later(chassis.between(SEND_MS), sent)

    def _peer_answers(self, peer: int, payload: bytes) -> None:
        chassis = self._chassis
        own = chassis.settings.issi
        if peer in self.peers_off or peer in chassis.known_groups:
            return
        received, read = reports_wanted(payload)

        def answer(wait: tuple[float, float], opened: bool) -> None:
            chassis.later(chassis.between(wait), lambda: self._report(peer, payload, opened))

        if received:
            answer(REPORT_MS, False)
        if read:
            answer(READ_MS, True)
        if payload == LIP_REQUEST and peer in self.places:
            place = self.places[peer]
            hexa = location_bits(
                latitude_deg=place.latitude_deg,
                longitude_deg=place.longitude_deg,
                error_m=20.0,
                reason=32,
            )
            chassis.later(
                chassis.between(REPORT_MS),
                lambda: self._arrived(peer, own, hexa, LOCATION_BITS),
            )

    def _report(self, peer: int, payload: bytes, opened: bool) -> None:
        """Let ``peer`` report on the host's message: received, or opened by a person."""
        settings = self._chassis.settings
        if settings.short_reports and not payload[1] & 0b0010:
            status = short_report(opened, payload[2])
            self.arrive(peer, settings.issi, status, 16, service=AiService.STATUS.value)
        else:
            report = report_payload(payload[0], 0x02 if opened else 0x00, payload[2])
            self._arrived(peer, settings.issi, report)

    def _arrived(self, peer: int, own: int, hexa: str, bits: int | None = None) -> None:
        length = len(hexa) * 4 if bits is None else bits
        self.arrive(peer, own, hexa, length, service=AiService.SDS_4.value)


def _layers() -> set[tuple[int, int]]:
    known = {(0, 0), (1, 11), (2, 20), (4, 0)}
    return known | {(2, kind) for kind in range(21, 26)}


def _payload(digits: str, bits: int) -> bytes:
    """Return the octets; AtError 32 unless the digits are hex and fit the announced bits."""
    need = -(-bits // 4)
    whole = -(-bits // 8) * 2
    if len(digits) not in (need, whole):
        raise AtError(32)
    try:
        return bytes.fromhex(digits.ljust(whole, "0"))
    except ValueError:
        raise AtError(32) from None

"""SDS transport layer: transfer, report and acknowledgement headers (392-2 29.4).

Protocol identifiers with their top bit set carry one of these headers behind the identifier.
Octets, most significant bit first.
"""

import enum
from dataclasses import dataclass

from gateway.tetra import tables
from gateway.tetra.bits import BitReader, OutOfBits, Payload


class MessageType(enum.IntEnum):
    """First four bits behind the identifier."""

    TRANSFER = 0
    REPORT = 1
    ACK = 2


class ReportRequest(enum.IntFlag):
    """Which delivery reports a transfer asks for (two bits)."""

    NONE = 0b00
    RECEIVED = 0b01
    CONSUMED = 0b10
    BOTH = 0b11


STATUS_RECEIVED, STATUS_CONSUMED, STATUS_PART_RECEIVED = 0x00, 0x02, 0x06
"""Delivery statuses that mean: it is there; a person has read it; this part of it is there."""


class DeliveryClass(enum.Enum):
    """Class of a delivery status: its top three bits."""

    SUCCESS = 0b000
    TEMPORARY = 0b001
    FAILED = 0b010
    FLOW_CONTROL = 0b011
    END_TO_END = 0b100
    UNKNOWN = 0b111


def delivery_class(status: int) -> DeliveryClass:
    """Return the class of a delivery status."""
    top = status >> 5
    return DeliveryClass(top) if top <= 0b100 else DeliveryClass.UNKNOWN


class ForwardAddress(enum.IntEnum):
    """Address type of the store and forward information (three bits)."""

    SHORT_NUMBER = 0
    SSI = 1
    TSI = 2
    EXTERNAL = 3
    NONE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreForward:
    """Store and forward information; ``validity_s`` None is for ever.

    ``forward_to`` in digits: a short number, an SSI, a TSI of 16 digits, or an external number.
    """

    validity_s: int | None
    address_type: int
    forward_to: str = ""

    def encode(self) -> Payload:
        """Return the bits of it; the validity is rounded up to what the scale has."""
        value, length_bits = _encoded_address(self.address_type, self.forward_to)
        head = _validity_raw(self.validity_s) << 3 | self.address_type
        return Payload(value=head << length_bits | value, length_bits=8 + length_bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """SDS-TRANSFER: a message that may ask for reports. ``data`` is what follows the header.

    One bit has two meanings. In what we receive it is ``full_report_only``: no short report may
    answer. In what we send it is ``group_service``: 1 serves groups too, 0 individuals only.
    """

    pid: int
    reference: int
    data: Payload
    report_request: ReportRequest = ReportRequest.NONE
    full_report_only: bool = False
    store_forward: StoreForward | None = None
    group_service: bool = False

    def encode(self) -> Payload:
        """Return the whole SDS payload."""
        second = (
            MessageType.TRANSFER << 4
            | self.report_request << 2
            | (self.full_report_only or self.group_service) << 1
            | (self.store_forward is not None)
        )
        header = Payload(value=self.pid << 16 | second << 8 | self.reference, length_bits=24)
        if self.store_forward is not None:
            header = _joined(header, self.store_forward.encode())
        return _joined(header, self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """SDS-REPORT: what became of the message with ``reference``."""

    pid: int
    reference: int
    status: int
    ack_required: bool = False
    store_forward: StoreForward | None = None

    def encode(self) -> Payload:
        """Return the whole SDS payload, 32 bits; store and forward information is not written."""
        second = MessageType.REPORT << 4 | self.ack_required << 3
        value = self.pid << 24 | second << 16 | self.status << 8 | self.reference
        return Payload(value=value, length_bits=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """SDS-ACK: a report was taken."""

    pid: int
    reference: int
    status: int

    def encode(self) -> Payload:
        """Return the whole SDS payload, 32 bits."""
        value = self.pid << 24 | (MessageType.ACK << 4) << 16 | self.status << 8 | self.reference
        return Payload(value=value, length_bits=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMessage:
    """A message type that is reserved; kept whole."""

    pid: int
    message_type: int
    data: Payload


TlMessage = Transfer | Report | Ack | OtherMessage


def decode(payload: Payload) -> TlMessage:
    """Read an SDS-TL message with its identifier; raises OutOfBits where it is too short."""
    reader = BitReader(payload)
    pid = reader.unsigned(8)
    message_type = reader.unsigned(4)
    flags = reader.unsigned(4)
    if message_type == MessageType.TRANSFER:
        return _transfer(pid, flags, reader)
    if message_type == MessageType.REPORT:
        status, reference = reader.unsigned(8), reader.unsigned(8)
        return Report(
            pid=pid,
            status=status,
            reference=reference,
            ack_required=bool(flags & 0b1000),
            store_forward=_store_forward(reader) if flags & 0b0001 and reader.left >= 8 else None,
        )
    if message_type == MessageType.ACK:
        status, reference = reader.unsigned(8), reader.unsigned(8)
        return Ack(pid=pid, status=status, reference=reference)
    return OtherMessage(pid=pid, message_type=message_type, data=reader.rest())


def _transfer(pid: int, flags: int, reader: BitReader) -> Transfer:
    reference = reader.unsigned(8)
    store_forward = _store_forward(reader) if flags & 0b0001 else None
    return Transfer(
        pid=pid,
        reference=reference,
        data=reader.rest(),
        report_request=ReportRequest(flags >> 2),
        full_report_only=bool(flags & 0b0010),
        store_forward=store_forward,
    )


def _store_forward(reader: BitReader) -> StoreForward:
    validity_s = _validity_s(reader.unsigned(5))
    address_type = reader.unsigned(3)
    forward_to = ""
    if address_type == 0:
        forward_to = str(reader.unsigned(8))
    elif address_type == 1:
        forward_to = str(reader.unsigned(24))
    elif address_type == 2:
        ssi, extension = reader.unsigned(24), reader.unsigned(24)
        forward_to = f"{extension >> 14:03d}{extension & 0x3FFF:05d}{ssi:08d}"
    elif address_type == 3:
        count = reader.unsigned(8)
        digits = [reader.unsigned(4) for _ in range(count + count % 2)]
        forward_to = "".join(f"{digit:X}" for digit in digits[:count])
    return StoreForward(validity_s=validity_s, address_type=address_type, forward_to=forward_to)


_FOR_EVER = 31
_VALIDITY_SCALE = (
    (6, 0, 10),
    (10, 5, 60),
    (16, 10, 600),
    (21, 15, 3_600),
    (24, 20, 21_600),
    (30, 24, 172_800),
)
"""Validity n up to the first number is (n - second) * third seconds."""


def _validity_s(raw: int) -> int | None:
    for last, start, unit_s in _VALIDITY_SCALE:
        if raw <= last:
            return (raw - start) * unit_s
    return None


def _validity_raw(validity_s: int | None) -> int:
    if validity_s is None:
        return _FOR_EVER
    exact = (raw for raw in range(_FOR_EVER) if (_validity_s(raw) or 0) >= validity_s)
    return next(exact, _FOR_EVER)


def _encoded_address(address_type: int, digits: str) -> tuple[int, int]:
    """Return value and width of a forward address."""
    match address_type:
        case ForwardAddress.SHORT_NUMBER:
            return int(digits) & 0xFF, 8
        case ForwardAddress.SSI:
            return int(digits) & 0xFFFFFF, 24
        case ForwardAddress.TSI:
            ssi, mnc, mcc = int(digits[-8:]), int(digits[-13:-8]), int(digits[:-13])
            return (ssi << 24 | (mcc & 0x3FF) << 14 | mnc & 0x3FFF), 48
        case ForwardAddress.EXTERNAL:
            padded = digits + "0" * (len(digits) % 2)
            return len(digits) << 4 * len(padded) | int(padded or "0", 16), 8 + 4 * len(padded)
        case _:
            return 0, 0


def _joined(first: Payload, second: Payload) -> Payload:
    return Payload(
        value=first.value << second.length_bits | second.value,
        length_bits=first.length_bits + second.length_bits,
    )


def acknowledgement(report: Report) -> Ack:
    """Return the SDS-ACK that a report asks for."""
    return Ack(pid=report.pid, reference=report.reference, status=_ack_status(report.status))


_RECEIPT_ACKED, _CONSUMED_ACKED, _NEGATIVE_ACKED = 0x01, 0x03, 0x59


def _ack_status(reported: int) -> int:
    if reported == STATUS_CONSUMED:
        return _CONSUMED_ACKED
    good = delivery_class(reported) is DeliveryClass.SUCCESS
    return _RECEIPT_ACKED if good else _NEGATIVE_ACKED


CLASS_WORDS = {
    DeliveryClass.SUCCESS: "success",
    DeliveryClass.TEMPORARY: "not yet",
    DeliveryClass.FAILED: "failed",
    DeliveryClass.FLOW_CONTROL: "flow control",
    DeliveryClass.END_TO_END: "end to end control",
    DeliveryClass.UNKNOWN: "unknown class",
}


def report_words(status: int) -> str:
    """Return a delivery status in words."""
    return tables.DELIVERY_WORDS.get(status, f"delivery status {status:02X}")


__all__ = [
    "CLASS_WORDS",
    "Ack",
    "DeliveryClass",
    "ForwardAddress",
    "MessageType",
    "OtherMessage",
    "OutOfBits",
    "Report",
    "ReportRequest",
    "StoreForward",
    "TlMessage",
    "Transfer",
    "acknowledgement",
    "decode",
    "delivery_class",
    "report_words",
]

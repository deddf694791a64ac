"""A received SDS payload to what it is: text, location, report, or kept whole (392-2 29)."""

from dataclasses import dataclass

from gateway.tetra import lip, sds_tl, tables
from gateway.tetra.bits import BitReader, OutOfBits, Payload
from gateway.tetra.text import Text, decode_text, encode_text


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """Simple text (no reference) or a text inside an SDS-TRANSFER."""

    pid: int
    text: Text
    reference: int | None = None
    report_request: sds_tl.ReportRequest = sds_tl.ReportRequest.NONE
    store_forward: sds_tl.StoreForward | None = None

    @property
    def immediate(self) -> bool:
        """Whether it is to be shown at once."""
        return self.pid in tables.IMMEDIATE_PIDS


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationMessage:
    """A LIP message."""

    pid: int
    location: lip.Report | lip.OtherPdu


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """An SDS-REPORT or SDS-ACK."""

    pid: int
    report: sds_tl.Report | sds_tl.Ack


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSds:
    """A protocol that we do not read; the payload is kept whole by the caller.

    ``transfer`` is its SDS-TL header where it has one.
    """

    pid: int
    transfer: sds_tl.Transfer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedSds:
    """A payload that its own protocol does not allow; ``offset`` in octets of the payload."""

    pid: int | None
    offset: int
    reason: str


SdsMessage = TextMessage | LocationMessage | DeliveryReport | OtherSds | MalformedSds


def decode(payload: Payload) -> SdsMessage:
    """Read an SDS type 4 payload, identifier first; never raises."""
    if payload.length_bits < 8:
        reason = f"expected a protocol identifier of 8 bits, got {payload.length_bits} bits"
        return MalformedSds(pid=None, offset=0, reason=reason)
    pid = BitReader(payload).unsigned(8)
    try:
        return _by_pid(pid, payload)
    except ValueError as fault:
        if pid & tables.TL_BIT and pid not in tables.TEXT_PIDS:
            return OtherSds(pid=pid)
        return _malformed(pid, fault)


def _malformed(pid: int, fault: ValueError) -> MalformedSds:
    octet = fault.offset // 8 if isinstance(fault, OutOfBits) else 1
    return MalformedSds(pid=pid, offset=octet, reason=str(fault))


def text_transfer(
    text: str, reference: int, report_request: sds_tl.ReportRequest
) -> sds_tl.Transfer:
    """Return the SDS-TRANSFER of a text that fits one message."""
    return sds_tl.Transfer(
        pid=tables.PID_TEXT,
        reference=reference,
        data=encode_text(text),
        report_request=report_request,
    )


def _by_pid(pid: int, payload: Payload) -> SdsMessage:
    if pid in tables.SIMPLE_TEXT_PIDS:
        return TextMessage(pid=pid, text=decode_text(payload.after(8)))
    if pid == tables.PID_LIP:
        return LocationMessage(pid=pid, location=lip.decode(payload.after(lip.PID_BITS)))
    if not pid & tables.TL_BIT:
        return OtherSds(pid=pid)
    return _with_header(pid, sds_tl.decode(payload))


def _with_header(pid: int, message: sds_tl.TlMessage) -> SdsMessage:
    if isinstance(message, sds_tl.Report | sds_tl.Ack):
        return DeliveryReport(pid=pid, report=message)
    if isinstance(message, sds_tl.OtherMessage):
        return OtherSds(pid=pid)
    if pid not in tables.TEXT_PIDS:
        return OtherSds(pid=pid, transfer=message)
    text = decode_text(message.data, user_data_header=pid == tables.PID_TEXT_UDH)
    return TextMessage(
        pid=pid,
        text=text,
        reference=message.reference,
        report_request=message.report_request,
        store_forward=message.store_forward,
    )

"""SDS, SDS-TL, texts and status, each by itself.

Worked examples come from the reference's sections on text and SDS-TL; round trips made by our
own encoders prove only that both directions agree.
"""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ids import MonoMs
from gateway.tetra import sds, sds_tl, status, tables
from gateway.tetra.bits import Payload
from gateway.tetra.reassembly import MAX_OPEN_TEXTS, Reassembly
from gateway.tetra.text import Part, decode_text, encode_text


def _text(digits: str, bits: int | None = None) -> sds.TextMessage:
    message = sds.decode(Payload.from_hex(digits, bits))
    assert isinstance(message, sds.TextMessage)
    return message


@pytest.mark.parametrize(
    ("digits", "bits", "text", "coding", "reference"),
    [
        ("820201014772FCDF65", 72, "Grüße", "ISO 8859-1", 1),
        ("8202021A004F006B00202713", 96, "Ok ✓", "UTF-16BE", 2),
        ("82020300D4F29C0E", 60, "Test", "GSM 7 bit", 3),
        ("82029C81045A8F746573746D657373616765", 144, "testmessage", "ISO 8859-1", 0x9C),
        ("82039C5101020301746573746D657373616765", 152, "testmessage", "ISO 8859-1", 0x9C),
        ("0201746573746D657373616765", 104, "testmessage", "ISO 8859-1", None),
        ("8202057F414243", 56, "ABC", "coding 127", 5),
    ],
)
def test_texts(digits: str, bits: int, text: str, coding: str, reference: int | None) -> None:
    message = _text(digits, bits)
    assert (message.text.text, message.text.coding_name) == (text, coding)
    assert message.reference == reference
    assert message.text.guessed is (coding == "coding 127")


def test_text_time_stamp_and_report_request() -> None:
    stamp = _text("82029C81045A8F746573746D657373616765").text.time_stamp
    assert stamp is not None
    assert stamp.words() == "04-11 10:15 local"
    assert _text("8204080141").report_request is sds_tl.ReportRequest.RECEIVED
    assert _text("820E080141").report_request is sds_tl.ReportRequest.BOTH


def test_store_and_forward() -> None:
    transfer = sds_tl.decode(Payload.from_hex("82039C5101020301746573"))
    assert isinstance(transfer, sds_tl.Transfer)
    assert transfer.store_forward == sds_tl.StoreForward(
        validity_s=300, address_type=1, forward_to=str(0x010203)
    )
    for body, forward in (("0005", "5"), ("030212", "12"), ("0303123F", "123")):
        other = sds_tl.decode(Payload.from_hex("820301" + body))
        assert isinstance(other, sds_tl.Transfer)
        assert other.store_forward is not None
        assert other.store_forward.forward_to == forward
    forever = sds_tl.decode(Payload.from_hex("820301FF"))
    assert isinstance(forever, sds_tl.Transfer)
    assert forever.store_forward == sds_tl.StoreForward(validity_s=None, address_type=7)


def test_reports() -> None:
    assert sds_tl.Report(pid=0x82, reference=2, status=0).encode().hex() == "82100002"
    assert sds_tl.Ack(pid=0x82, reference=2, status=1).encode().hex() == "82200102"
    report = sds.decode(Payload.from_hex("82185A07"))
    assert isinstance(report, sds.DeliveryReport)
    assert report.report == sds_tl.Report(pid=0x82, reference=7, status=0x5A, ack_required=True)
    assert sds_tl.delivery_class(0x60) is sds_tl.DeliveryClass.FLOW_CONTROL
    assert sds_tl.delivery_class(0x22) is sds_tl.DeliveryClass.TEMPORARY
    assert sds_tl.delivery_class(0xFF) is sds_tl.DeliveryClass.UNKNOWN


def test_unknown_protocols_are_kept() -> None:
    assert sds.decode(Payload.from_hex("4001")) == sds.OtherSds(pid=0x40)
    other = sds.decode(Payload.from_hex("DC000741"))
    assert isinstance(other, sds.OtherSds)
    assert other.transfer is not None
    assert other.transfer.reference == 7
    assert sds.decode(Payload.from_hex("8230")) == sds.OtherSds(pid=0x82)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(0, 255))
def test_text_round_trip(text: str, reference: int) -> None:
    transfer = sds.text_transfer(text, reference, sds_tl.ReportRequest.BOTH)
    message = sds.decode(transfer.encode())
    assert isinstance(message, sds.TextMessage)
    assert message.text.text == text
    assert message.reference == reference


def test_sending_takes_latin_1_where_it_can() -> None:
    assert encode_text("Ångström").octets()[0] == tables.CODING_LATIN1
    assert encode_text("€").octets()[0] == tables.CODING_UTF16


def test_every_coding_decodes_any_bytes() -> None:
    data = bytes(range(256)).hex()
    for coding in range(128):
        text = decode_text(Payload.from_hex(f"{coding:02X}{data}"))
        assert text.text
        if coding not in tables.TEXT_CODINGS and coding != 0:
            assert text.guessed


def test_gsm_extension_characters() -> None:
    # septets 27 101 (euro), 27 60 ([), packed least significant bit first
    septets = [27, 101, 27, 60]
    packed = sum(septet << 7 * index for index, septet in enumerate(septets))
    body = Payload.from_bytes(b"\x00" + packed.to_bytes(4, "little"))
    assert decode_text(body).text == "€["


@given(st.binary(max_size=40))
def test_any_payload_is_some_message(data: bytes) -> None:
    assert sds.decode(Payload.from_bytes(data)) is not None


@given(st.binary(min_size=1, max_size=30))
def test_every_truncation_of_a_text_has_an_answer(data: bytes) -> None:
    whole = Payload.from_bytes(b"\x8a\x02\x07\x81\x04\x5a\x8f\x05\x00\x03\x01\x02\x01" + data)
    for length in range(whole.length_bits):
        cut = Payload(value=whole.value >> (whole.length_bits - length), length_bits=length)
        sds.decode(cut)


def test_parts_of_a_text_in_any_order() -> None:
    parts = Reassembly()
    second = Part(reference=9, total=3, sequence=2)
    now = MonoMs(0)
    assert parts.add(1, 2, second, "b", now) == []
    assert parts.add(1, 2, second, "b again", now) == []
    assert parts.add(5, 2, second, "other sender", now) == []
    assert parts.add(1, 2, dataclasses.replace(second, sequence=3), "c", now) == []
    (joined,) = parts.add(1, 2, dataclasses.replace(second, sequence=1), "a", now)
    assert (joined.text, joined.complete) == ("abc", True)
    assert parts.deadline() == 60_000
    (partial,) = parts.expire(MonoMs(60_000))
    assert not partial.complete
    assert "other sender" in partial.text
    assert parts.deadline() is None


def test_open_texts_are_bounded() -> None:
    parts = Reassembly()
    pushed_out = []
    for sender in range(MAX_OPEN_TEXTS + 5):
        part = Part(reference=1, total=2, sequence=1)
        pushed_out += parts.add(sender, None, part, "x", MonoMs(0))
    assert len(pushed_out) == 5
    odd = Part(reference=1, total=2, sequence=9)
    assert parts.add(1, None, odd, "y", MonoMs(0))[0].text == "y"


# -- status


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0, status.StatusKind.EMERGENCY),
        (1, status.StatusKind.RESERVED),
        (0x7BFF, status.StatusKind.RESERVED),
        (0x7C00, status.StatusKind.SHORT_REPORT),
        (0x7FFF, status.StatusKind.SHORT_REPORT),
        (0x8000, status.StatusKind.USER),
        (0xFFFF, status.StatusKind.USER),
    ],
)
def test_status_ranges(value: int, kind: status.StatusKind) -> None:
    assert status.kind_of(value) is kind


@given(st.integers(0, 3), st.integers(0, 255))
def test_short_report_round_trip(report: int, reference: int) -> None:
    short = status.ShortReport(report=report, reference=reference)
    assert status.ShortReport.decode(short.encode()) == short


def test_short_report_of_the_reference() -> None:
    assert status.ShortReport.decode(0x7E02) == status.ShortReport(report=2, reference=2)
    assert status.ShortReport.decode(0x7ACA) is None

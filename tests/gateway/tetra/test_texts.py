"""SDS, SDS-TL, texts and status, each by itself.

Worked examples come from the reference's sections on text and SDS-TL; round trips made by our
own encoders prove only that both directions agree.
"""

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ids import MonoMs, UtcUs
from gateway.model.radio_time import FixTime, RadioTime
from gateway.tetra import long_text, sds, sds_tl, status, tables, viscii
from gateway.tetra.bits import Payload
from gateway.tetra.bos import Identified, identities
from gateway.tetra.reassembly import MAX_OPEN_TEXTS, Reassembly
from gateway.tetra.text import CODING_VISCII, Part, decode_text, encode_text


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


@pytest.mark.parametrize(
    ("validity_s", "address_type", "digits"),
    [
        (None, 7, ""),
        (0, 0, "5"),
        (60, 1, "66051"),
        (300, 2, "9010100101210204"),
        (21_600, 3, "123"),
        (518_400, 3, "0123456789"),
    ],
)
def test_store_and_forward_round_trip(
    validity_s: int | None, address_type: int, digits: str
) -> None:
    info = sds_tl.StoreForward(validity_s=validity_s, address_type=address_type, forward_to=digits)
    sent = sds_tl.Transfer(pid=0x82, reference=9, data=Payload.from_hex("0141"), store_forward=info)
    assert sds_tl.decode(sent.encode()) == sent


def test_an_acknowledgement_says_what_was_reported() -> None:
    def acked(reported: int) -> int:
        return sds_tl.acknowledgement(
            sds_tl.Report(pid=0x82, reference=2, status=reported, ack_required=True)
        ).status

    assert [acked(status) for status in (0x00, 0x02, 0x4A)] == [0x01, 0x03, 0x59]


def test_every_delivery_status_has_words_and_a_class() -> None:
    for number in tables.DELIVERY_WORDS:
        assert sds_tl.CLASS_WORDS[sds_tl.delivery_class(number)]
        assert sds_tl.report_words(number) == tables.DELIVERY_WORDS[number]
    assert sds_tl.report_words(0x7F) == "delivery status 7F"


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


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400),
    st.integers(200, 2047),
    st.booleans(),
)
def test_long_text_round_trip(text: str, limit_bits: int, to_group: bool) -> None:
    count = long_text.parts_needed(text, limit_bits)
    references = list(range(1, count + 1))
    sent = long_text.transfers(
        text,
        references=references,
        limit_bits=limit_bits,
        asked=sds_tl.ReportRequest.BOTH,
        to_group=to_group,
    )
    parts: Reassembly[int] = Reassembly()
    received = ""
    for transfer in reversed(sent):
        payload = transfer.encode()
        assert payload.length_bits <= limit_bits
        message = sds.decode(payload)
        assert isinstance(message, sds.TextMessage)
        if message.text.part is None:
            received = message.text.text
            continue
        for joined in parts.add((1, 2, 3), message.text.part, message.text.text, 0, MonoMs(0)):
            received = joined.text
    assert received == text
    assert [transfer.reference for transfer in sent] == references


def test_an_immediate_text_is_one_message() -> None:
    (short,) = long_text.transfers(
        "Stop",
        references=[7],
        limit_bits=1184,
        asked=sds_tl.ReportRequest.BOTH,
        immediate=True,
    )
    assert short.encode().hex() == "890C070153746F70"
    with pytest.raises(long_text.TooLong, match="at most 144 characters"):
        long_text.parts_needed("x" * 145, 1184, immediate=True)
    with pytest.raises(long_text.TooLong, match="parts"):
        long_text.parts_needed("x" * 5000, 130)


def test_long_text_of_the_reference() -> None:
    # the two parts of the reference's example, which asks for nothing and has a time stamp
    parts = [
        _text("8A02C981045A8F050003C90201746573746D657373616765"),
        _text("8A02CA81045A8F050003C90202746573746D657373616765"),
    ]
    assert [part.text.part for part in parts] == [
        Part(reference=0xC9, total=2, sequence=1),
        Part(reference=0xC9, total=2, sequence=2),
    ]
    wide = _text("8A020101" + "06" + "0804" + "01020302" + "41")
    assert wide.text.part == Part(reference=0x0102, total=3, sequence=2)
    behind = _text("8A020101" + "08" + "7001AA" + "0003090201" + "41")
    assert behind.text.part == Part(reference=9, total=2, sequence=1)


def test_vietnamese() -> None:
    text = "Đường đến Hải Phòng có sương mù"
    data = bytes(viscii.CHARACTERS.index(character) for character in text)
    message = _text("8202011B" + data.hex())
    assert (message.text.text, message.text.coding_name) == (text, "VISCII")
    assert not message.text.guessed
    assert len(set(viscii.CHARACTERS)) == 256


@pytest.mark.parametrize(
    ("said", "text", "opta", "itsi"),
    [
        ("plain", "plain", "", ""),
        ("ABCD FG#1234567890123456go", "go", "ABCD FG#1234567890123456", ""),
        ("go\r\r1234567890123456", "go", "", "1234567890123456"),
        ("go\x1a\x001234567890123456", "go", "", "1234567890123456"),
        ("go\r1234567890123456", "go\r1234567890123456", "", ""),
        ("A#123", "A#123", "", ""),
    ],
)
def test_identities_round_a_text(said: str, text: str, opta: str, itsi: str) -> None:
    assert identities(said) == Identified(text=text, opta=opta, itsi=itsi)


@pytest.mark.parametrize(
    ("now", "frame", "expected"),
    [
        (datetime(2026, 4, 12, tzinfo=UTC), "local", "2026-04-11T10:15"),
        (datetime(2026, 1, 5, tzinfo=UTC), "utc", "2026-04-11T10:15Z"),
        (datetime(2026, 12, 30, tzinfo=UTC), "utc", "2027-04-11T10:15Z"),
    ],
)
def test_a_time_stamp_takes_the_nearest_year(now: datetime, frame: str, expected: str) -> None:
    stamp = RadioTime(frame=frame, month=4, day=11, hour=10, minute=15)
    assert stamp.nearest(UtcUs(int(now.timestamp() * 1_000_000))) == expected
    assert RadioTime(frame=frame, month=2, day=30, hour=1, minute=1).nearest(UtcUs(0)) == ""


def test_the_age_of_a_fix() -> None:
    now = UtcUs(int(datetime(2026, 3, 1, 0, 0, 10, tzinfo=UTC).timestamp() * 1_000_000))

    def age(day: int, hour: int, minute: int, second: int) -> int | None:
        return FixTime(day=day, hour=hour, minute=minute, second=second).age_s(now)

    assert age(28, 23, 59, 50) == 20
    assert age(1, 0, 0, 12) == 0
    assert age(27, 12, 0, 0) is None
    assert age(31, 0, 0, 0) is None
    assert age(0, 25, 61, 61) is None


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
        if coding not in {*tables.TEXT_CODINGS, tables.CODING_GSM7, CODING_VISCII}:
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
    parts: Reassembly[str] = Reassembly()
    second = Part(reference=9, total=3, sequence=2)
    ours, other = (1, 2, 9), (5, 2, 9)
    now = MonoMs(0)
    assert parts.add(ours, second, "b", "B", now) == []
    assert parts.add(ours, second, "b", "B again", now) == []
    assert parts.add(other, second, "other sender", "O", now) == []
    assert parts.add(ours, dataclasses.replace(second, sequence=3), "c", "C", now) == []
    (joined,) = parts.add(ours, dataclasses.replace(second, sequence=1), "a", "A", now)
    assert (joined.text, joined.complete, joined.origins) == ("abc", True, ("A", "B", "C"))
    assert parts.deadline() == 60_000
    (partial,) = parts.expire(MonoMs(60_000))
    assert (partial.complete, partial.missing, partial.total) == (False, 2, 3)
    assert partial.text == "[…]other sender[…]"
    assert parts.deadline() is None


def test_a_part_that_contradicts_begins_a_new_text() -> None:
    parts: Reassembly[str] = Reassembly()
    key = (1, 2, 9)
    first = Part(reference=9, total=2, sequence=1)
    assert parts.add(key, first, "old", "O", MonoMs(0)) == []
    (old,) = parts.add(key, first, "new", "N", MonoMs(1_000))
    assert (old.text, old.missing, old.origins) == ("old[…]", 1, ("O",))
    longer = dataclasses.replace(first, total=3)
    (new,) = parts.add(key, longer, "third", "T", MonoMs(2_000))
    assert new.text == "new[…]"
    assert parts.deadline() == 62_000


def test_open_texts_are_bounded() -> None:
    parts: Reassembly[str] = Reassembly()
    pushed_out = []
    part = Part(reference=1, total=2, sequence=1)
    for sender in range(MAX_OPEN_TEXTS + 5):
        pushed_out += parts.add((sender, None, 1), part, "x", "X", MonoMs(0))
    assert len(pushed_out) == 5
    odd = Part(reference=1, total=2, sequence=9)
    (alone,) = parts.add((MAX_OPEN_TEXTS, None, 1), odd, "y", "Y", MonoMs(0))
    assert (alone.text, alone.origins) == ("y", ("Y",))
    last = dataclasses.replace(part, sequence=2)
    (whole,) = parts.add((MAX_OPEN_TEXTS, None, 1), last, "z", "Z", MonoMs(0))
    assert (whole.text, whole.origins) == ("xz", ("X", "Z"))


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


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1, "expected 0 to 65535"),
        (0, "emergency"),
        (1, "reserved"),
        (0x7BFF, "reserved"),
        (0x7C00, "delivery report"),
        (0x8000, ""),
        (0xFFFF, ""),
        (0x10000, "expected 0 to 65535"),
    ],
)
def test_which_statuses_are_sent(value: int, words: str) -> None:
    reason = status.why_not_sendable(value)
    assert words in reason
    assert bool(reason) is bool(words)


@given(st.integers(0, 3), st.integers(0, 255))
def test_short_report_round_trip(report: int, reference: int) -> None:
    short = status.ShortReport(report=report, reference=reference)
    assert status.ShortReport.decode(short.encode()) == short


def test_short_report_of_the_reference() -> None:
    assert status.ShortReport.decode(0x7E02) == status.ShortReport(report=2, reference=2)
    assert status.ShortReport.decode(0x7ACA) is None

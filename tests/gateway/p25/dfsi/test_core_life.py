"""Records and signalling, and the life of the link to a fixed station."""

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallDown,
    CallUp,
    EmergencySign,
    EmergencySigned,
    LinkChanged,
    LinkState,
    Malformed,
    SendProgress,
    SendState,
    TalkStarted,
    TxEnded,
    TxNotSent,
)
from gateway.model.unit_acts import CallAlert, RadioCheck
from gateway.p25.dfsi import v24
from gateway.p25.dfsi.rtp import V24_VOICE, decode_rtp
from gateway.p25.talk.port import Datagram
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.tsbk import decode_tsbk
from gateway.p25.words.tsbk_units import EmergencyAlarmRequest
from tests.gateway.p25.dfsi.station import (
    DESK,
    GROUP,
    UNIT,
    Bench,
    frame,
    rtp,
    start,
)

SECRET = EncryptionSync(message_indicator=b"\1\2\3\4\5\6\7\x08\0", algorithm=0x84, key_id=0x1234)


def call(bench: Bench) -> CallUp:
    up = bench.of(CallUp)[-1]
    assert isinstance(up, CallUp)
    return up


def talkers(bench: Bench) -> list[int | None]:
    return [event.talker for event in bench.events if isinstance(event, TalkStarted)]


def record_bench() -> Bench:
    bench = Bench(dialect="v24")
    bench.open()
    return bench


def test_records_carry_signalling_both_ways() -> None:
    bench = record_bench()
    alarm = EmergencyAlarmRequest(inbound=True, group=GROUP, source=UNIT).encode()
    bench.voice(rtp(v24.V24Tsbk(octets=alarm).encode(), payload_type=V24_VOICE))
    signed = EmergencySigned(unit=UNIT, sign=EmergencySign.ALARM, group=GROUP)
    assert bench.of(EmergencySigned) == [signed]
    message = MessageId("m-1")
    bench.take(bench.core.act(RadioCheck(message=message, to=UNIT), bench.time))
    assert bench.events[-1] == SendProgress(message=message, state=SendState.SENT)
    record = v24.decode_record(decode_rtp(bench.on("voice")[-1]).payload)
    assert isinstance(record, v24.V24Tsbk)
    block = decode_tsbk(record.octets, inbound=False)
    assert block.opcode == 0x24


def test_a_damaged_signalling_block_is_told_and_does_nothing() -> None:
    bench = record_bench()
    bench.voice(rtp(v24.V24Tsbk(octets=bytes(12)).encode(), payload_type=V24_VOICE))
    assert isinstance(bench.events[-1], Malformed)


def test_the_standard_s_dialect_says_that_it_carries_no_signalling(bench: Bench) -> None:
    bench.take(bench.core.act(CallAlert(message=MessageId("m-1"), to=UNIT), bench.time))
    progress = bench.events[-1]
    assert isinstance(progress, SendProgress)
    assert progress.state is SendState.FAILED
    assert "no signalling" in progress.reason


def test_a_whole_call_in_records() -> None:
    bench = record_bench()
    bench.press()
    bench.speak(18)
    bench.end()
    bench.run(1_000)
    records = [v24.decode_record(decode_rtp(data).payload) for data in bench.on("voice")]
    assert records[0] == v24.START_VOICE
    assert records[-2:] == [v24.STOP_VOICE] * 2
    heard = record_bench()
    for data in bench.on("voice"):
        heard.voice(data)
        heard.run(20)
    heard.run(5_000)
    assert heard.heard() == [frame(n) for n in range(18)]
    assert talkers(heard)[-1] == DESK


def test_nothing_goes_out_and_nothing_is_heard_before_the_station_answers() -> None:
    bench = Bench()
    bench.answers = False
    bench.open()
    bench.blocks(start())
    bench.press()
    assert isinstance(bench.events[-1], TxNotSent)
    assert not bench.on("voice")


def test_without_a_control_service_the_link_is_up_at_once() -> None:
    bench = Bench(control=False)
    bench.open()
    assert isinstance(bench.events[-1], LinkChanged)
    assert bench.events[-1].state is LinkState.UP
    bench.press()
    bench.speak(9)
    bench.end()
    bench.run(100_000)
    assert not bench.on("control")
    assert isinstance(bench.told()[-1], CallDown)


def test_the_end_of_the_sockets_ends_everything(bench: Bench) -> None:
    bench.press()
    bench.take(bench.core.lost(bench.time, "closed"))
    assert [type(e) for e in bench.told()[-3:]] == [TxEnded, CallDown, LinkChanged]
    assert bench.on("control")[-1][0] == 9
    assert bench.core.deadline() is None


def test_a_flood_costs_neither_memory_nor_news(bench: Bench) -> None:
    for number in range(50_000):
        bench.take(
            bench.core.receive(Datagram(channel="voice", data=rtp(b"\x41\x8e"), port=1), bench.time)
        )
        if number % 50 == 0:
            bench.run(1)
    reasons = [e.reason for e in bench.events if isinstance(e, LinkChanged) and e.reason]
    assert len(reasons) == 1
    assert "floods" in reasons[0]
    bench.run(5_000)
    assert isinstance(bench.events[-1], LinkChanged)
    assert bench.events[-1].reason == ""


def test_rubbish_is_told_a_few_times_a_second(bench: Bench) -> None:
    for _ in range(100):
        bench.voice(b"\x80\x64rubbish")
    assert len(bench.of(Malformed)) == 10

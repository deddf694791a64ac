"""Transmissions for the recorder's tests, made by the real encoder."""

import math
from collections.abc import Iterator

from gateway.model.ids import CallId, LinkId, TalkgroupId, TransmissionId, UtcUs, ulid, ulid_bytes
from gateway.model.recording import FrameLevel, RecordingMeta
from gateway.model.voice import VoiceFlag, VoiceFrame
from voicecodecs.receive import ReceiveChain

START_UTC = UtcUs(1_790_000_000_000_000)


def meta(number: int = 1) -> RecordingMeta:
    return RecordingMeta(
        transmission=TransmissionId("t-" + ulid(START_UTC, number.to_bytes(10, "big"))),
        call=CallId("c-" + ulid(START_UTC, number.to_bytes(10, "big"))),
        call_seq=number,
        talkgroup=TalkgroupId("net/101"),
        link=LinkId("north"),
        started_utc=START_UTC,
        alias="Bil 3204 åäö",
    )


def tone(number: int) -> bytes:
    """20 ms of 440 Hz."""
    samples = [
        round(9000 * math.sin(2 * math.pi * 440 * (number * 160 + n) / 8000)) for n in range(160)
    ]
    return b"".join(value.to_bytes(2, "little", signed=True) for value in samples)


def frames(about: RecordingMeta, count: int) -> Iterator[tuple[VoiceFrame, FrameLevel]]:
    """Return the packets of a tone."""
    chain = ReceiveChain()
    for number in range(count):
        coded = chain.encode(tone(number))
        frame = VoiceFrame(
            flags=VoiceFlag.START if number == 0 else VoiceFlag.NONE,
            sequence=number,
            timestamp_48k=(number * 960 + 0xFFFF_F000) & 0xFFFFFFFF,
            capture_utc_us=START_UTC + number * 20_000,
            transmission=ulid_bytes(about.transmission),
            system=1,
            talkgroup=101,
            talker=3204,
            opus=coded.opus,
        )
        yield (
            frame,
            FrameLevel(gain_db=coded.gain_db, limited=coded.limited, level_dbfs=coded.level_dbfs),
        )

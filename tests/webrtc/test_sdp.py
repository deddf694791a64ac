import pytest

from gateway.model.errors import InvalidCommand
from tests.webrtc.room import PATROL, Browser, open_room
from webrtc.sdp import (
    OPUS_FMTP,
    ask_for_speech,
    media_count,
    opus_payloads,
    without_extensions,
)

LINES = (
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=fmtp:111 stereo=1\r\na=rtpmap:0 PCMU/8000\r\n"
)


def test_the_browser_is_asked_for_speech_once_a_line() -> None:
    answer = ask_for_speech(LINES * 2)
    assert answer.count(f"a=fmtp:111 {OPUS_FMTP}\r\n") == 2
    assert "stereo=1" not in answer
    assert "a=rtpmap:0 PCMU/8000" in answer


def test_another_codec_first_is_refused() -> None:
    assert opus_payloads(LINES * 2) == [111, 111]
    with pytest.raises(InvalidCommand, match="Opus as the first codec"):
        opus_payloads(LINES.replace(" 111 0", " 0 111"))


def test_lines_are_counted() -> None:
    assert media_count(LINES * 3) == 3


async def test_the_answer_carries_the_parameters_on_every_line() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        assert answer.sdp.count(OPUS_FMTP) == 2
        candidates = [x for x in answer.sdp.splitlines() if x.startswith("a=candidate")]
        assert {line.split()[4] for line in candidates} == {"127.0.0.1"}
        await page.close()


def test_header_extensions_are_not_taken() -> None:
    extended = LINES + "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    assert without_extensions(extended) == LINES

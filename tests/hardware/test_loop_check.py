"""Checks of a link that key nothing: a loop plug on a real pty, a tone over real UDP."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.model.ids import LinkId, SiteId, SystemId, UtcUs
from gateway.model.plan import Link
from hardware.link_tap import Passed
from hardware.loop_check import Answers, Echo, SoundLoop
from hardware.sound_link import LinkSound
from samband.link_tools import answers_result, echo_result, sound_result
from tests.hardware.driving import RealClock, drive
from tests.hardware.pty_wire import Wire
from voicecodecs.pcm import from_bytes, to_bytes

HEADER_BYTES = 8
WAIT_S = 10


def planned(port: str, sound: str = "") -> Link:
    return Link(
        id=LinkId("pei-1"),
        name="Terminal",
        kind="tetra-pei",
        system=SystemId("net"),
        site=SiteId("hill"),
        port=port,
        sound=sound,
        talkgroups=(1,),
    )


def passed(ms: float, data: bytes, *, outgoing: bool) -> Passed:
    return Passed(int(ms * 1e6), UtcUs(0), data, outgoing)


async def test_a_loop_plug_is_told_from_a_radio(tmp_path: Path) -> None:
    wire = Wire(tmp_path / "radio")
    wire.answer = lambda line: line + b"\r"
    echo = Echo()
    async with drive(planned(str(wire.path))) as driving:
        driving.driver.tap.add(echo.take)
        async with asyncio.timeout(WAIT_S):
            while len(echo.back) < 4:
                await asyncio.sleep(0.01)
    assert echo.is_loop
    assert echo.wrong == 0
    assert "the port gives back what is written" in echo_result(echo).words
    wire.close()


def test_echo_in_words() -> None:
    answered = Echo(out=bytearray(b"AT\rAT+CSQ?\r"), back=bytearray(b"\r\nOK\r\n+CSQ: 2"))
    assert (answered.is_loop, echo_result(answered).outcome) == (False, "open")
    damaged = Echo(out=bytearray(b"x" * 100), back=bytearray(b"x" * 95 + b"yyy"))
    assert echo_result(damaged).outcome == "failed"
    assert echo_result(damaged).figures[2].value == 3
    silent = echo_result(Echo(out=bytearray(b"AT\r")))
    assert (silent.outcome, silent.words) == (
        "failed",
        "nothing came back: no loop plug, or a broken line",
    )
    assert "the port is not open" in echo_result(Echo()).words


def test_answers_are_timed_and_missing_ones_counted() -> None:
    answers = Answers("tetra-pei")
    for at, data, outgoing in (
        (0.0, b"AT+CSQ?\r", True),
        (20.0, b"\r\n+CSQ: 21,99\r\n", False),
        (25.0, b"\r\nOK\r\n", False),
        (5000.0, b"AT+CREG?\r", True),
        (9000.0, b"AT+CSQ?\r", True),
        (9045.0, b"\r\nOK\r\n", False),
    ):
        answers.take(passed(at, data, outgoing=outgoing))
    assert answers.answer_ms == [25.0, 45.0]
    assert (answers.unanswered, answers.median_ms, answers.heard) == (1, 35.0, 3)
    found = answers_result(answers)
    assert (found.outcome, found.words) == ("failed", "2 of 3 questions were answered")
    late = Answers("p25-fne")
    late.take(passed(0, bytes(18) + b"\x74" + bytes(20), outgoing=True))
    assert late.unanswered == 0, "the last one may still be on its way"
    assert answers_result(Answers("tetra-pei")).outcome == "failed"
    heard = Answers("p25-dfsi")
    heard.take(passed(0, b"\x01\x01", outgoing=False))
    assert (answers_result(heard).outcome, len(answers_result(heard).figures)) == ("passed", 2)


class LoopPeer(asyncio.DatagramProtocol):
    """A sound port whose output is plugged into its input, half as loud."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # by its protocol

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) > HEADER_BYTES:
            quiet = to_bytes(from_bytes(data[HEADER_BYTES:]) // 2)
            self.transport.sendto(data[:HEADER_BYTES] + quiet, addr)


@pytest.mark.parametrize("plugged", [True, False])
async def test_a_tone_comes_back_by_a_plug_and_is_measured(plugged: bool) -> None:
    loop = asyncio.get_running_loop()
    peer = LoopPeer if plugged else asyncio.DatagramProtocol
    transport, _ = await loop.create_datagram_endpoint(peer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    link = replace(planned(""), sound=f"udp:127.0.0.1:{port}")
    sound = LinkSound(
        link, lambda _id, _event: None, lambda *_: None, RealClock(), lambda _words: None
    )
    check = SoundLoop()
    await sound.start()
    try:
        sound.listener = check.take
        check.begin()
        for _ in range(check.blocks):
            sound.send(check.block)
            await asyncio.sleep(0.005)
        if plugged:
            async with asyncio.timeout(WAIT_S):
                while len(check.heard) < check.blocks // 2:
                    await asyncio.sleep(0.01)
    finally:
        sound.listener = None
        await sound.close()
        transport.close()
    found = check.found()
    result = sound_result(found, len(check.heard))
    if not plugged:
        assert (found, result.outcome) == (None, "open")
        return
    assert found is not None
    assert found.loss_db == pytest.approx(6.0, abs=0.3)
    assert result.outcome == "passed"
    assert "6.0 dB lower" in result.words

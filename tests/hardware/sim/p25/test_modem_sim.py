"""The simulated modem by itself: what it refuses, and its frames against a captured session."""

import pytest

from hardware.sim.p25 import modem_air, station_words
from hardware.sim.p25.modem_board import Board, BoardSettings
from hardware.sim.p25.stage_voice import SimOver
from tests.gateway.p25.vectors import rows
from tests.hardware.p25.modem_and_board import Sky
from tests.hardware.p25.p25_room import P25Peer

OVER = SimOver(group=10_001, unit=1_234_567)
CONFIG_V2 = bytes.fromhex(
    "e028020208000a008080808080808080800080800000000405050000000100800000000000000000"
)
CONFIG_V1 = bytes.fromhex("e01a0202080a0080800100808080808080808004808005050000")
MODE = bytes.fromhex("e0040304")


class Desk:
    """A board, and what it wrote."""

    def __init__(self, **settings: object) -> None:
        self.sky = Sky()
        self.said: list[bytes] = []
        self.board = Board(BoardSettings(**settings), self.sky, self.said.append)  # type: ignore[arg-type]  # by name
        self.board.powered(0.0)

    def ask(self, data: bytes, at_ms: float = 2_000.0) -> bytes:
        self.said.clear()
        self.board.receive(data, at_ms)
        return b"".join(self.said)


def test_it_is_deaf_while_it_resets() -> None:
    desk = Desk(reset_ms=1_500.0)
    assert desk.ask(bytes.fromhex("e00300"), 1_000) == b""
    assert desk.ask(bytes.fromhex("e00300"), 1_500)[:4] == bytes.fromhex("e0390002")


def test_it_answers_as_the_captured_modem() -> None:
    text = "MMDVM 20260424 12.0000 MHz GitID #046e1df"
    desk = Desk(firmware=text, buffer_frames=10)
    session = rows("mmdvm_serial_v2")[:12]
    for asked, answered in zip(session[::2], session[1::2], strict=True):
        assert desk.ask(bytes.fromhex(asked["frame"])).hex() == answered["frame"]


@pytest.mark.parametrize(
    ("protocol", "asked", "answered"),
    [
        (2, CONFIG_V1, "e0057f0204"),
        (2, MODE, "e0057f0302"),
        (2, bytes.fromhex("e0040363"), "e0057f0304"),
        (2, bytes.fromhex("e00399"), "e0057f9901"),
        (2, bytes.fromhex("e01104000100000001000000ff00000000"), "e0057f0404"),
        (2, bytes([0xE0, 22, 0x31, 0]) + modem_air.tdu(0x293), "e0057f3102"),
        (2, CONFIG_V2, "e0047002"),
        (1, CONFIG_V1, "e0047002"),
    ],
)
def test_what_it_takes_and_what_not(protocol: int, asked: bytes, answered: str) -> None:
    assert Desk(protocol=protocol).ask(asked).hex() == answered


def test_a_full_buffer_and_frames_of_no_unit_are_refused() -> None:
    desk = Desk(buffer_frames=2)
    desk.ask(CONFIG_V2)
    desk.ask(MODE)
    tdu = bytes([0xE0, 22, 0x31, 0]) + modem_air.tdu(0x293)
    assert [desk.ask(tdu).hex() for _ in range(3)] == ["", "", "e0057f3105"]
    assert desk.ask(bytes.fromhex("e0083100aabbccdd")).hex() == "e0057f3104"


def test_its_frames_are_those_of_the_capture() -> None:
    captured = [
        bytes.fromhex(row["frame"])[4:]
        for row in rows("mmdvm_serial_v2")
        if row["dir"] == "modem->host" and row["type"].startswith("P25_") and len(row["frame"]) > 6
    ]

    def bare(frame: bytes) -> str:
        return modem_air._stripped(frame)[0]

    voice = modem_air.read(captured[1][:216])
    assert isinstance(voice, modem_air.OnAir)
    assert bare(modem_air.hdu(OVER, 0x293)) == bare(captured[0])
    assert bare(modem_air.tdu(0x293)) == bare(captured[-2])
    alert = station_words.asks(station_words.ALERT, 1_234_567, 7_654_321)
    assert bare(modem_air.tsdu(alert, 0x293)) == bare(captured[-1])
    assert voice.word == station_words.link_control(OVER)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (bytes(99), "sync"),
        (modem_air.tdu(0x293)[:6] + b"\1" + bytes(11), "is no code word"),
        (modem_air.hdu(OVER, 0x293)[:18], "DUID 0 with 18"),
    ],
)
def test_what_is_not_right_to_the_bit_is_said(frame: bytes, words: str) -> None:
    said = modem_air.read(frame)
    assert isinstance(said, str)
    assert words in said


@pytest.mark.parametrize(
    ("kind", "words", "key"),
    [
        ("mmdvm", ("--pty", "--protocol", "1"), "pty"),
        ("mmdvm", ("--udp", "127.0.0.1:0"), "url"),
        ("p25-reflector", ("--udp", "127.0.0.1:0"), "port"),
        ("p25-reflector", ("--gateway", "10001"), "port"),
        ("p25-reflector", ("--connect", "127.0.0.1:9", "--callsign", "TEST"), "port"),
    ],
)
def test_as_a_program(kind: str, words: tuple[str, ...], key: str) -> None:
    peer = P25Peer(kind, *words)
    try:
        assert peer.first["kind"] == kind
        assert peer.first[key]
        assert peer.ask("state")["violations"] == 0
        assert peer.overs() == []
    finally:
        peer.close()

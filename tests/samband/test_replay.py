"""``samband replay``: recordings of every form, made here, into cores."""

import json
import random
import struct
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, LinkState
from gateway.p25.dfsi.control import Ack, MessageId, connect_ack
from gateway.p25.fne import login
from gateway.p25.fne.numbers import Function
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.wrapper import Wrapper
from samband.cli import main
from samband.replay_cores import core_of
from samband.replay_files import Recorded, read_file
from samband.replay_shapes import kind_of, of_peer, shape
from tests.gateway.p25.fne.wire import MASTER, PEER, Sender, entries

MASTER_END, PEER_END = ("198.51.100.7", 62031), ("192.0.2.33", 45_000)
Packet = tuple[float, tuple[str, int], tuple[str, int], bytes]


def udp(source: tuple[str, int], target: tuple[str, int], data: bytes) -> bytes:
    return struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0) + data


def ip(source: tuple[str, int], target: tuple[str, int], data: bytes) -> bytes:
    body = udp(source, target, data)
    one, two = ip_address(source[0]), ip_address(target[0])
    if one.version == 6:
        return (
            b"\x60\0\0\0" + struct.pack(">HBB", len(body), 17, 64) + one.packed + two.packed + body
        )
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0)
    return head + one.packed + two.packed + body


LINKS = {
    1: lambda packet: bytes(12) + (b"\x08\0" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet,
    101: lambda packet: packet,
    0: lambda packet: b"\2\0\0\0" + packet,
    113: lambda packet: bytes(14) + b"\x08\0" + packet,
    276: lambda packet: b"\x08\0" + bytes(18) + packet,
}


def pcap(packets: list[Packet], *, link: int = 1, order: str = "<", nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for time_ms, source, target, data in packets:
        whole = LINKS[link](ip(source, target, data))
        seconds, rest = divmod(time_ms, 1000)
        fraction = round(rest * (1e6 if nano else 1e3))
        out += struct.pack(order + "IIII", int(seconds), fraction, len(whole), len(whole)) + whole
    return out


def block(kind: int, body: bytes, order: str) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(packets: list[Packet], *, link: int = 1, order: str = "<", nano: bool = False) -> bytes:
    out = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    options = struct.pack(order + "HHBxxx", 9, 1, 9) + bytes(4) if nano else b""
    out += block(1, struct.pack(order + "HHI", link, 0, 65535) + options, order)
    for time_ms, source, target, data in packets:
        whole = LINKS[link](ip(source, target, data))
        ticks = round(time_ms * (1e6 if nano else 1e3))
        head = struct.pack(
            order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(whole), len(whole)
        )
        out += block(6, head + whole, order)
    return out


def exchange(
    master: tuple[str, int] = MASTER_END, peer: tuple[str, int] = PEER_END
) -> list[Packet]:
    """Return a login and a call, both sides."""
    packets: list[Packet] = []
    for place, row in enumerate(entries("fne_login")):
        ends = (peer, master) if row["dir"] == "peer->master" else (master, peer)
        packets.append((1_000.0 + 20 * place, *ends, bytes.fromhex(row["udp"])))
    sender = Sender(group=10001, source=1234567)
    for number in range(4):
        packets.append((2_000.0 + 180 * number, master, peer, sender.ldu().encode()))
    packets.append((2_720.0, master, peer, sender.end().encode()))
    return packets


def replayed(
    path: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[list[dict[str, Any]], str]:
    assert main(["replay", str(path), *more]) == 0
    said = capsys.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], said.err


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event"] for row in rows if row["event"] != "LineSeen"]


WHOLE = [
    "LinkChanged",
    "LinkChanged",
    "CallUp",
    "TalkStarted",
    "VoiceHeard",
    "TalkEnded",
    "CallDown",
]


@pytest.mark.parametrize("link", sorted(LINKS))
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_recordings_of_every_form(
    make: Any, link: int, order: str, nano: bool, tmp_path: Path
) -> None:
    path = tmp_path / "one"
    path.write_bytes(make(exchange(), link=link, order=order, nano=nano))
    found = read_file(path)
    assert [one.data for one in found] == [packet[3] for packet in exchange()]
    assert [one.time_ms for one in found] == pytest.approx([p[0] - 1_000 for p in exchange()])
    assert (found[0].source, found[0].target) == (PEER_END, MASTER_END)


def test_a_recorded_exchange(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trouble.pcap"
    path.write_bytes(pcap(exchange()))
    secret = tmp_path / "password"
    secret.write_text("RPT1234\n")
    rows, told = replayed(path, capsys, "--password-file", str(secret))
    assert names(rows) == WHOLE
    up = next(row for row in rows if row["event"] == "CallUp")
    assert (up["t_ms"], up["group"], up["caller"]) == (1_000, 10001, 1234567)
    heard = next(row for row in rows if row["event"] == "VoiceHeard")
    assert (heard["times"], heard["lost"], heard["readable"]) == (36, 0, True)
    assert "11 of 15 datagrams fed as fne; 0 malformed" in told
    assert "VoiceHeard 36" in told
    assert "RPT1234" not in json.dumps(rows)


def test_voice_frame_by_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trouble.pcapng"
    path.write_bytes(pcapng(exchange()))
    rows, _ = replayed(path, capsys, "--voice")
    frames = [row for row in rows if row["event"] == "VoiceHeard"]
    assert len(frames) == 36
    assert {row["frame"] for row in frames} == {"103a5c7e91b2c3d4e5f607"}


@pytest.mark.parametrize(
    "ends",
    [
        (("127.0.0.1", 62031), ("127.0.0.1", 40001)),
        (("2001:db8::7", 62031), ("2001:db8::33", 45000)),
    ],
)
def test_both_sides_are_told_apart(
    ends: tuple[tuple[str, int], tuple[str, int]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "trouble.pcap"
    path.write_bytes(pcap(exchange(*ends)))
    rows, told = replayed(path, capsys)
    assert names(rows) == WHOLE
    assert "11 of 15 datagrams" in told
    rows, told = replayed(path, capsys, "--from", f"{ends[0][0]}:{ends[0][1]}")
    assert names(rows) == WHOLE


def test_other_traffic_and_other_peers_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rtp = bytes.fromhex("806400205830afef000186a04189293000")
    other = ("192.0.2.33", 45_002)
    packets = [*exchange(), (2_100.0, MASTER_END, other, Sender(stream=9).ldu().encode())]
    packets += [(2_000.0 + n, ("198.51.100.7", 27_101), PEER_END, rtp) for n in range(3)]
    path = tmp_path / "mixed.pcap"
    path.write_bytes(pcap(packets))
    rows, told = replayed(path, capsys)
    assert names(rows) == WHOLE
    assert "11 of 19 datagrams fed as fne; 0 malformed" in told


def test_a_recording_that_began_after_the_login(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "late.pcap"
    path.write_bytes(pcap([packet for packet in exchange() if packet[0] >= 2_000]))
    rows, _ = replayed(path, capsys)
    assert names(rows) == WHOLE


def test_a_wrapped_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = bytes(range(32))
    wrapper = Wrapper(key)
    ack = FnePacket(
        function=Function.ACK, ssrc=MASTER, peer=PEER, payload=login.ack_payload(PEER, salt=b"abcd")
    )
    path = tmp_path / "wrapped.jsonl"
    path.write_text(json.dumps({"hex": wrapper.wrap(ack.encode()).hex(), "dir": "in"}) + "\n")
    (tmp_path / "key").write_text(key.hex())
    rows, _ = replayed(path, capsys)
    assert "no key" in next(row for row in rows if row["event"] == "Malformed")["reason"]
    rows, told = replayed(path, capsys, "--key-file", str(tmp_path / "key"))
    assert "0 malformed" in told


def test_lines_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sender = Sender()
    lines = [
        json.dumps(
            {"t_ms": 180 * number, "dir": "master->peer", "udp": sender.ldu().encode().hex()}
        )
        for number in range(3)
    ]
    lines.append(json.dumps({"t_s": 0.54, "dir": "out", "udp": "00"}))
    path = tmp_path / "lines.jsonl"
    path.write_text("\n\n".join(lines))
    rows, told = replayed(path, capsys)
    assert "3 of 4 datagrams" in told
    assert "VoiceHeard" in names(rows)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\xfd", "expected a pcap"),
        (b"{]", "expected a JSON object"),
        (b"[1]", "expected a JSON object"),
        (b'{"x": 1}', "expected octets in hex"),
        (b'{"hex": "zz"}', "expected octets in hex"),
        (b'{"hex": "ffffffff"}', "none of a known interface"),
        (b"", "none of a known interface"),
        (pcap([]), "none of a known interface"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    content: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert main(["replay", str(path)]) == 1
    assert reason in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "none")]) == 1


def test_damaged_recordings_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    rng = random.Random(4)
    path = tmp_path / "damaged"
    good = [pcap(exchange()), pcapng(exchange())]
    for _ in range(2_000):
        data = bytearray(rng.choice(good))
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(4, len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randrange(4, len(data))])
        assert len(read_file(path)) <= 15


def test_shapes() -> None:
    assert shape(bytes.fromhex("f054335354475720202020")) == "p25net"
    assert shape(bytes.fromhex("e00300")) == "mmdvm"
    assert shape(bytes.fromhex("0001016b6c000123450a0a")) == "dfsi"
    assert shape(bytes.fromhex("0002020c0b00000000")) == "v24"
    assert shape(bytes.fromhex("806400205830afef000186a04189293000")) == "dfsi"
    assert shape(bytes.fromhex(entries("fne_login")[0]["udp"])) == "fne"
    assert shape(b"") == shape(b"SIP/2.0") == ""
    record = bytes.fromhex("63103a5c7e91b2c3d4e5f6070002")
    assert kind_of([Recorded(data=record)]) == "p25net"
    start = Recorded(data=bytes.fromhex("0002020c0b00000000"))
    assert kind_of([Recorded(data=record), start]) == "v24"
    assert kind_of([]) is None


def test_a_stations_voice_is_told_from_ours_by_the_port_that_we_named() -> None:
    station, control, ours, host = (
        ("127.0.0.1", 27_501), ("127.0.0.1", 27_500), ("127.0.0.1", 27_502), ("127.0.0.1", 4_000)
    )  # fmt: skip
    connect = bytes.fromhex("000101") + (27_502).to_bytes(2) + bytes.fromhex("000123450a0a")
    voice = bytes.fromhex("806400205830afef000186a04189293000")
    recorded = [
        Recorded(data=connect, source=host, target=control),
        Recorded(data=bytes.fromhex("0201000101"), source=control, target=host),
        Recorded(data=voice, source=station, target=ours),
        Recorded(data=voice, source=ours, target=station),
    ]
    fed = of_peer(recorded, "dfsi")
    assert fed == [recorded[1], recorded[2]]


@pytest.mark.parametrize("begun", ["running", "later attempt"])
def test_a_station_recorded_from_any_moment_is_up_at_once(begun: str) -> None:
    """Without the recorded consent it is given; with it, its tag is that of this attempt."""
    consent = connect_ack(tag=77, voice_port=27_501).encode()
    other = Ack(message=MessageId.REPORT_MODES, tag=9).encode()
    fed = [Recorded(data=other if begun == "running" else consent)]
    core = core_of("dfsi", fed)
    events = core.opened(MonoMs(0)) + core.give(fed[0].data, MonoMs(1))
    states = [event.state for event in events if isinstance(event, LinkChanged)]
    assert states == [LinkState.STARTING, LinkState.UP]

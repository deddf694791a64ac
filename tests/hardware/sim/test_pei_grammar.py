import pytest

from hardware.sim.pei_grammar import (
    MAX_LINE_BYTES,
    AtCommand,
    AtError,
    End,
    Form,
    HostReader,
    is_unkey,
    number,
    parse_command,
    ssi_of,
)
from tests.hardware.sim.radio_bench import Bench

HOST = b"\rAT\r\nAT+CMGS=1210204,24\r\n0A4580\x1aATE\x1b\rAT+CUTXC=1\rATH\r"
CHUNKS = [
    ("", End.CR),
    ("AT", End.CR),
    ("AT+CMGS=1210204,24", End.CR),
    ("0A4580", End.SUB),
    ("ATE", End.ESC),
    ("", End.CR),
    ("AT+CUTXC=1", End.CR),
    ("ATH", End.CR),
]


@pytest.mark.parametrize("cut", range(len(HOST) + 1))
def test_chunks_are_the_same_wherever_the_bytes_are_cut(cut: int) -> None:
    reader = HostReader()
    chunks = reader.feed(HOST[:cut], 1.0) + reader.feed(HOST[cut:], 2.0)
    assert [(chunk.text, chunk.end) for chunk in chunks] == CHUNKS


def test_one_byte_at_a_time() -> None:
    reader = HostReader()
    chunks = [chunk for byte in HOST for chunk in reader.feed(bytes((byte,)), 0.0)]
    assert [(chunk.text, chunk.end) for chunk in chunks] == CHUNKS


def test_a_line_beyond_the_limit_is_dropped_and_the_next_is_read() -> None:
    reader = HostReader()
    chunks = reader.feed(b"A" * (MAX_LINE_BYTES + 500) + b"\rAT\r", 0.0)
    assert [chunk.end for chunk in chunks] == [End.OVERFLOW, End.CR]
    assert chunks[1].text == "AT"


def test_non_ascii_is_marked() -> None:
    assert not HostReader().feed(b"AT\xe4\r", 0.0)[0].ascii_only


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("AT", AtCommand("", Form.BARE, extended=False)),
        ("at+csq?", AtCommand("CSQ", Form.READ)),
        ("AT+CMGS=?", AtCommand("CMGS", Form.TEST)),
        ("AT+CTGS=1,310201", AtCommand("CTGS", Form.SET, "1,310201")),
        ("AT+GMM", AtCommand("GMM", Form.BARE)),
        ("ATD 310201", AtCommand("D", Form.SET, "310201", extended=False)),
        ("ATE0", AtCommand("E", Form.SET, "0", extended=False)),
        ("ATH", AtCommand("H", Form.BARE, extended=False)),
    ],
)
def test_commands(line: str, command: AtCommand) -> None:
    assert parse_command(line) == command


@pytest.mark.parametrize(
    ("line", "code"),
    [("B", 35), ("AT+", 35), ("AT+CSQ?1", 35), ("AT+CTGS=", 35), ("AT*X", 35), ("ATK", 4)],
)
def test_lines_that_are_no_commands(line: str, code: int) -> None:
    with pytest.raises(AtError) as refused:
        parse_command(line)
    assert refused.value.code == code


def test_what_may_overtake() -> None:
    assert is_unkey("AT+CUTXC=1")
    assert is_unkey("ATH")
    assert not is_unkey("AT+CTXD=1,1")
    assert not is_unkey("rubbish")


@pytest.mark.parametrize(("text", "code"), [("x", 33), ("", 33), ("-1", 33), ("16", 34)])
def test_numbers(text: str, code: int) -> None:
    with pytest.raises(AtError) as refused:
        number(text, 0, 15)
    assert refused.value.code == code
    assert number("015", 0, 15) == 15


@pytest.mark.parametrize(
    "address", ["1210204", "901100101210204", "9010100101210204", "09010100101210204"]
)
def test_every_length_of_an_address_gives_the_same_ssi(address: str) -> None:
    assert ssi_of(address) == 1210204


@pytest.mark.parametrize(("address", "code"), [("", 33), ("123456789", 34), ("99999999", 34)])
def test_addresses_that_are_none(address: str, code: int) -> None:
    with pytest.raises(AtError) as refused:
        ssi_of(address)
    assert refused.value.code == code


@pytest.mark.parametrize("line", ["ATAT", "ATHA", "ATZ7"])
def test_two_commands_run_together_are_none(line: str) -> None:
    bench = Bench().ready()
    assert bench.ask(line) == ["+CME ERROR: 35"]

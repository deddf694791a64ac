"""The raw line log on a real disk: form, turning over, and what happens when it cannot write."""

from pathlib import Path

import pytest

from gateway.model.ids import UtcUs
from hardware.line_log import LineLog

AT = UtcUs(1_764_028_800_123_456)


def test_lines_show_direction_and_every_byte(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "log" / "a.lines")
    log.write(AT, b"AT+CTXD=1,1\r", outgoing=True)
    log.write(AT, b"\r\nOK\r\n\x00\xff", outgoing=False)
    log.close()
    assert (tmp_path / "log" / "a.lines").read_text().splitlines() == [
        r"2025-11-25T00:00:00.123456Z > AT+CTXD=1,1\r",
        r"2025-11-25T00:00:00.123456Z < \r\nOK\r\n\x00\xff",
    ]
    assert (tmp_path / "log" / "a.lines").stat().st_mode & 0o077 == 0


def test_turns_over_and_stays_within_its_limit(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "a.lines", max_file_bytes=1000, max_files=3)
    for number in range(200):
        log.write(AT, b"%06d" % number, outgoing=False)
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["a.lines", "a.lines.1", "a.lines.2"]
    assert all(file.stat().st_size <= 1000 for file in files)
    kept = "".join(file.read_text() for file in reversed(files))
    numbers = [int(line.rsplit(" ", 1)[1]) for line in kept.splitlines()]
    assert numbers == list(range(numbers[0], 200))


def test_one_long_line_is_kept_whole(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "a.lines", max_file_bytes=100, max_files=2)
    log.write(AT, b"x" * 4096, outgoing=False)
    log.write(AT, b"y", outgoing=False)
    log.close()
    assert (tmp_path / "a.lines").stat().st_size < 100
    assert (tmp_path / "a.lines.1").stat().st_size > 4096


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    log = LineLog(tmp_path / "file" / "a.lines")
    log.write(AT, b"AT\r", outgoing=True)
    log.write(AT, b"AT\r", outgoing=True)
    log.close()
    assert caplog.text.count("stops") == 1


def test_full_disk(caplog: pytest.LogCaptureFixture) -> None:
    log = LineLog(Path("/dev/full"))
    log.write(AT, b"AT\r", outgoing=True)
    log.write(AT, b"AT\r", outgoing=True)
    log.close()
    assert "No space left" in caplog.text


def test_pins_are_not_kept(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "lines")
    log.write(UtcUs(0), b'AT+CPIN="1234"\rAT+CPIN?\r', outgoing=True)
    log.close()
    text = (tmp_path / "lines").read_text()
    assert "1234" not in text
    assert r"AT+CPIN=****\rAT+CPIN?\r" in text

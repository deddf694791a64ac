"""``samband codec``: files in, files out, and what is said of wrong ones."""

import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.model.errors import ConfigError
from samband.cli import main
from samband.codec_files import read_flags, read_frames, read_wav, targets, write_wav

SILENCE = "040cfd7bfb7df27b3d9e44"


def tone(path: Path, seconds: float = 1.0, hz: float = 200.0) -> Path:
    """Write a buzz with harmonics, loud enough to be speech for a vocoder."""
    t = np.arange(int(seconds * 8000)) / 8000
    sound = sum(np.sin(2 * np.pi * hz * n * t) / n for n in range(1, 12)) * 4000
    write_wav(path, np.asarray(sound).astype(np.int16))
    return path


@pytest.mark.parametrize(
    ("codec", "frames", "digits", "samples"), [("imbe", 50, 22, 160), ("acelp", 34, 36, 240)]
)
def test_a_file_there_and_back(
    codec: str, frames: int, digits: int, samples: int, tmp_path: Path
) -> None:
    source = tone(tmp_path / "a.wav")
    assert main(["codec", codec, "encode", str(source), "--out", str(tmp_path / "a.txt")]) == 0
    lines = (tmp_path / "a.txt").read_text().split()
    assert frames <= len(lines) <= frames + 3
    assert {len(line) for line in lines} == {digits}
    back = tmp_path / "back.wav"
    assert main(["codec", codec, "decode", str(tmp_path / "a.txt"), "--out", str(back)]) == 0
    sound = read_wav(back)
    assert len(sound) == len(lines) * samples
    assert 2_000 < np.abs(sound[2000:6000].astype(int)).max() < 32_767


def test_protected_frames_and_lost_ones(tmp_path: Path) -> None:
    source, coded = tone(tmp_path / "a.wav"), tmp_path / "a.coded"
    assert main(["codec", "imbe", "encode", str(source), "--coded", "--out", str(coded)]) == 0
    assert {len(line) for line in coded.read_text().split()} == {36}
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    words = ["codec", "imbe", "decode", str(coded), "--coded", "--out"]
    assert main([*words, str(good)]) == 0
    assert main([*words, str(bad), "--bad", "0" * 20 + "1"]) == 0
    one, other = read_wav(good), read_wav(bad)
    assert np.array_equal(one[: 20 * 160], other[: 20 * 160])
    assert not np.array_equal(one[20 * 160 :], other[20 * 160 :])


def test_several_files_go_to_a_folder(tmp_path: Path) -> None:
    sources = [tone(tmp_path / f"{name}.wav", 0.2) for name in "ab"]
    words = ["codec", "imbe", "encode", *map(str, sources), "--out"]
    assert main([*words, str(sources[0])]) == 1  # a file, not a folder
    assert main([*words, str(tmp_path / "out")]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.imbe", "b.imbe"]


@pytest.mark.parametrize(
    "words",
    [
        ["codec", "opus", "encode", "a.wav", "--out", "b"],
        ["codec", "imbe", "convert", "a.wav", "--out", "b"],
        ["codec", "imbe", "encode", "--out", "b"],
        ["codec", "imbe", "encode", "a.wav"],
        ["codec", "acelp", "encode", "a.wav", "--coded", "--out", "b"],
        ["codec", "imbe", "encode", "a.wav", "--bad", "1", "--out", "b"],
        ["codec", "report", "a.wav", "b.wav", "--out", "c"],
    ],
)
def test_wrong_use_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("samband codec: ")


def test_a_report_of_a_recording_and_of_frames(tmp_path: Path) -> None:
    source = tone(tmp_path / "a<b.wav", 0.5)
    frames = tmp_path / "frames.txt"
    frames.write_text(f"# silence\n{SILENCE}\n{SILENCE}  # again\n")
    for given, codec in ((source, "imbe"), (source, "acelp"), (frames, "imbe")):
        out = tmp_path / "report.html"
        assert main(["codec", "report", str(given), "--codec", codec, "--out", str(out)]) == 0
        text = out.read_text(encoding="utf-8")
        assert text.count("<figure>") >= 4
        assert "data:image/png;base64," in text
        assert "a<b" not in text


def test_frames_that_are_none_are_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "frames.txt"
    path.write_text(f"{SILENCE}\nzz\n\n{SILENCE[:-2]}\n")
    with pytest.raises(ConfigError) as caught:
        read_frames(path, 22)
    assert [fault[:6] for fault in caught.value.faults] == ["line 2", "line 4"]


def test_another_form_of_wav_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(bytes(400))
    with pytest.raises(ConfigError, match=r"got 48000 Hz, 2, 16 bit") as caught:
        read_wav(path)
    assert "ffmpeg" in caught.value.hint
    path.write_bytes(b"RIFF")
    with pytest.raises(ConfigError, match="expected a WAV file"):
        read_wav(path)


def test_flags_and_names(tmp_path: Path) -> None:
    assert read_flags("010") == [False, True, False]
    with pytest.raises(ConfigError, match="only 0 and 1"):
        read_flags("0x1")
    with pytest.raises(ConfigError, match="one name"):
        targets([Path("a/x.wav"), Path("b/x.wav")], f"{tmp_path}/", ".imbe")

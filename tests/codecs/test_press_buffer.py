from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pystoi import stoi

from tests.codecs.speech import NAMES, at_level, blocks, clip, syllables
from voicecodecs.pcm import FRAME_SAMPLES, Samples, from_bytes, level_dbfs
from voicecodecs.press_buffer import HELD_MS, MAX_SPEED, SETTLED_MS, PressBuffer
from voicecodecs.timescale import MAX_LAG_SAMPLES, REACH_SAMPLES, cut
from voicecodecs.tones import silence, sine


def ticks(sound: Samples, grant_ms: int) -> Iterator[tuple[PressBuffer, bytes | None]]:
    """Run the buffer in time: a block in, a block out, every 20 ms, until all is sent."""
    buffer = PressBuffer()
    for n, block in enumerate(blocks(sound)):
        if n * 20 == grant_ms:
            buffer.grant()
        buffer.push(block)
        yield buffer, buffer.take()
    buffer.finish()
    while not buffer.done:
        yield buffer, buffer.take()


def sent(sound: Samples, grant_ms: int) -> Samples:
    return from_bytes(b"".join(block for _, block in ticks(sound, grant_ms) if block))


def dense(seconds: float) -> Samples:
    """Speech without pauses, so that only time-scaling can catch up."""
    return syllables(int(seconds / 0.165) + 1, length_ms=165, pause_ms=0)


def test_nothing_is_sent_before_the_grant() -> None:
    buffer = PressBuffer()
    for block in blocks(dense(2)):
        buffer.push(block)
        assert buffer.take() is None
        assert buffer.left_ms <= HELD_MS


@pytest.mark.parametrize("grant_ms", [100, 300, 500, 580])
def test_the_backlog_is_gone_within_three_seconds(grant_ms: int) -> None:
    waits = [buffer.left_ms for buffer, _ in ticks(dense(5), grant_ms)]
    three_seconds = (grant_ms + 3000) // 20
    assert max(waits[three_seconds : len(dense(5)) // FRAME_SAMPLES]) <= SETTLED_MS


def test_speech_is_never_faster_than_a_quarter() -> None:
    sound = dense(4)
    buffer = PressBuffer()
    consumed = []
    for n, block in enumerate(blocks(sound)):
        if n == 29:
            buffer.grant()
        before = buffer.left_ms
        buffer.push(block)
        if buffer.take() is not None:
            consumed.append(before + 20 - buffer.left_ms)
    for start in range(len(consumed) - 50):
        assert sum(consumed[start : start + 50]) <= 50 * 20 * MAX_SPEED + 20


@pytest.mark.parametrize("grant_ms", [0, 300, 580])
def test_the_first_and_the_last_syllable_are_whole(grant_ms: int) -> None:
    edges = [sine(500, 160, level_dbfs=-20), sine(900, 160, level_dbfs=-20)]
    middle = dense(2)
    sound = np.concatenate((edges[0], silence(40), middle, silence(40), edges[1]))
    sound = np.concatenate((sound, np.zeros(-len(sound) % FRAME_SAMPLES, dtype=np.int16)))
    out = sent(sound, grant_ms)
    for tone_hz, part in ((500, out[: 5 * 160]), (900, out[-6 * 160 :])):
        spectrum = np.abs(np.fft.rfft(part.astype(float)))
        loudest = spectrum.argmax() * 8000 / len(part)
        assert loudest == pytest.approx(tone_hz, abs=15)
    # The tones may be shorter by the speed at most, and never by more.
    tone_blocks = [level_dbfs(b) > -30 for b in out[: 9 * 160].reshape(-1, 160)]
    assert sum(tone_blocks) >= int(8 / MAX_SPEED)


@pytest.mark.parametrize("name", NAMES[:3])
def test_real_speech_with_a_grant_after_300_ms_is_the_same_speech(name: str) -> None:
    sound = at_level(clip(name), -23)
    out = sent(sound, 300)
    assert len(out) >= (len(sound) - 300 * 8) * 0.8
    # The end, where the backlog is gone, can be compared sample by sample.
    tail = 8000
    trail = out[: len(out) - (len(out) - len(np.trim_zeros(out, "b")))]
    original = np.trim_zeros(sound, "b")
    assert stoi(original[-tail:].astype(float), trail[-tail:].astype(float), 8000) > 0.85


def test_silence_goes_first() -> None:
    sound = np.concatenate((syllables(1), silence(400), syllables(1, seed=8), silence(400)))
    sound = np.concatenate((sound, dense(2)))[: 160 * 150]
    buffer = PressBuffer()
    for block in blocks(sound)[:60]:  # 1.2 s, half of it silent, into 600 ms
        buffer.push(block)
    assert buffer.dropped_ms <= 60
    assert buffer.left_ms <= HELD_MS


def test_discard_drops_all_and_says_how_much() -> None:
    buffer = PressBuffer()
    for block in blocks(dense(1))[:10]:
        buffer.push(block)
    buffer.grant()
    buffer.take()
    left = buffer.left_ms
    assert buffer.discard() == left > 0
    assert buffer.take() is None
    assert buffer.done
    buffer.push(bytes(320))
    assert buffer.left_ms == 0


def test_the_last_piece_is_filled_up() -> None:
    buffer = PressBuffer()
    buffer.grant()
    buffer.push(b"\x01\x00" * 200)
    buffer.finish()
    first, second = buffer.take(), buffer.take()
    assert first is not None
    assert second is not None
    assert len(first) == len(second) == 320
    assert second.endswith(bytes(240))
    assert buffer.done
    assert buffer.take() is None


def test_a_cut_keeps_the_pitch() -> None:
    tone = sine(200, 1000, level_dbfs=-20)
    out = tone
    for _ in range(20):
        out, _removed = cut(out)
    spectrum = np.abs(np.fft.rfft(out.astype(float)))
    assert spectrum.argmax() * 8000 / len(out) == pytest.approx(200, abs=2)
    assert level_dbfs(out) == pytest.approx(-20, abs=0.3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-32768, 32767), min_size=0, max_size=600),
    st.integers(0, MAX_LAG_SAMPLES),
)
def test_a_cut_removes_what_it_says_and_no_more(values: list[int], longest: int) -> None:
    sound = np.array(values, dtype=np.int16)
    out, removed = cut(sound, longest)
    assert len(out) == len(sound) - removed
    assert removed <= longest
    assert removed == 0 or len(sound) >= REACH_SAMPLES
    assert out.dtype == np.int16


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["push", "take", "grant"]), max_size=200), st.integers(0, 4))
def test_any_order_of_calls_keeps_the_bounds(calls: list[str], seed: int) -> None:
    random = np.random.default_rng(seed)
    buffer = PressBuffer()
    granted = False
    for call in calls:
        if call == "push":
            buffer.push(random.integers(-9000, 9000, 160).astype(np.int16).tobytes())
        elif call == "grant":
            buffer.grant()
            granted = True
        else:
            block = buffer.take()
            assert block is None or (granted and len(block) == 320)
        assert granted or buffer.left_ms <= HELD_MS

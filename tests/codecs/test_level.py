import numpy as np
import pytest
from pystoi import stoi

from tests.codecs.speech import NAMES, active_level_dbfs, at_level, blocks, clip
from voicecodecs.level import LIMIT_DBFS, MAX_GAIN_DB, TARGET_DBFS, LevelControl, Levelled
from voicecodecs.opus import OpusDecoder, OpusEncoder
from voicecodecs.pcm import FRAME_SAMPLES, FULL_SCALE, Samples, from_bytes, level_dbfs
from voicecodecs.receive import ReceiveChain
from voicecodecs.tones import silence, sine

LIMIT = FULL_SCALE * 10 ** (LIMIT_DBFS / 20)


def levelled(sound: Samples) -> list[Levelled]:
    control = LevelControl()
    return [control.apply(from_bytes(block)) for block in blocks(sound)]


def joined(parts: list[Levelled]) -> Samples:
    return np.concatenate([part.samples for part in parts])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dbfs", [-34, -30, -23, -15, -12])
def test_speech_of_any_level_comes_out_at_the_target_and_unclipped(name: str, dbfs: int) -> None:
    out = joined(levelled(at_level(clip(name), dbfs)))
    assert active_level_dbfs(out) == pytest.approx(TARGET_DBFS, abs=3)
    assert np.abs(out).max() <= LIMIT + 1


@pytest.mark.parametrize("name", NAMES[::2])
def test_the_whole_receive_chain_stays_intelligible(name: str) -> None:
    sound = at_level(clip(name), -30)
    chain, decoder = ReceiveChain(), OpusDecoder()
    coded = [chain.encode(block) for block in blocks(sound)]
    out = from_bytes(b"".join(decoder.decode(part.opus) for part in coded))
    late = OpusEncoder().lookahead_samples
    assert stoi(sound[:-late].astype(float), out[late:].astype(float), 8000) >= 0.9
    assert active_level_dbfs(out) == pytest.approx(TARGET_DBFS, abs=3)
    assert np.abs(out).max() < FULL_SCALE - 1


def test_a_loud_start_is_down_within_20_ms() -> None:
    out = joined(levelled(np.concatenate((silence(100), sine(300, 200, level_dbfs=-4)))))
    settled = level_dbfs(out[800 + 160 * 5 :])
    assert level_dbfs(out[800 + 160 : 800 + 320]) <= settled + 3
    assert np.abs(out).max() <= LIMIT + 1


def test_gain_comes_back_in_300_to_500_ms_and_never_over_15_db() -> None:
    name = NAMES[0]
    sound = np.concatenate((at_level(clip(name), -9), at_level(clip(name), -45)))
    parts = levelled(sound)
    assert max(part.gain_db for part in parts) <= MAX_GAIN_DB + 0.1
    gains = [part.gain_db for part in parts]
    half = len(gains) // 2
    low = min(gains[:half])
    # RELEASE is the time constant of the gain itself: 63 % of the way in 300 ms of speech.
    assert max(gains[half:]) - low > 15


@pytest.mark.parametrize("dbfs", [-60, -50, -40, -30])
@pytest.mark.parametrize("lead_ms", [0, 500])
def test_noise_is_never_raised(dbfs: int, lead_ms: int) -> None:
    random = np.random.default_rng(dbfs + 100)
    noise = random.normal(0, FULL_SCALE * 10 ** (dbfs / 20), FRAME_SAMPLES * 150)
    sound = np.concatenate((silence(lead_ms), noise.clip(-32768, 32767).astype(np.int16)))
    for part in levelled(sound):
        assert part.gain_db <= 0.2


def test_noise_between_words_is_not_raised() -> None:
    random = np.random.default_rng(2)
    speech = at_level(clip(NAMES[0]), -35)
    hiss = random.normal(0, FULL_SCALE * 10 ** (-58 / 20), len(speech) + 32_000)
    sound = hiss.astype(np.int16)
    sound[: len(speech)] += speech
    parts = levelled(sound)
    after = [part.gain_db for part in parts[len(speech) // FRAME_SAMPLES + 5 :]]
    assert max(after) - min(after) < 0.5


def test_the_received_level_can_be_computed_again() -> None:
    sound = at_level(clip(NAMES[0]), -33)
    for block, part in zip(blocks(sound), levelled(sound), strict=True):
        received = level_dbfs(from_bytes(block))
        if received > -60:
            assert part.level_dbfs - part.gain_db == pytest.approx(received, abs=0.1)


def test_limiter_hits_are_marked() -> None:
    quiet, loud = sine(300, 40, level_dbfs=-40), sine(300, 20, level_dbfs=-3.2)
    marks = [part.limited for part in levelled(np.concatenate((quiet, loud)))]
    assert marks == [False, False, True]


def test_the_same_sound_gives_the_same_packets_twice() -> None:
    sound = blocks(clip(NAMES[0]))
    first, second = ReceiveChain(), ReceiveChain()
    assert [first.encode(b) for b in sound] == [second.encode(b) for b in sound]


def test_the_block_that_came_in_is_not_changed() -> None:
    block = sine(300, 20, level_dbfs=-3)
    before = block.copy()
    LevelControl().apply(block)
    assert (block == before).all()

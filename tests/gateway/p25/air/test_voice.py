"""Protection of voice: bounds of each word, and that it is the vocoder's own."""

import random

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.p25.air.voice import SILENCE, correct, correct_words, protect
from tests.gateway.p25.vectors import with_wrong_bits
from voicecodecs.imbe import corrected_frames, protect_frame

GOLAY_WORDS = [(0, 23), (23, 46), (46, 69), (69, 92)]
HAMMING_WORDS = [(92, 107), (107, 122), (122, 137)]


def on_air(bit: int) -> int:
    """Where a bit of c0 .. c7 is sent, as the reference words it."""
    row, column = bit // 24, bit % 24
    return 6 * column + 2 * (row // 2) + (row + column) % 2


def frames(seed: int, count: int) -> list[bytes]:
    numbers = random.Random(seed)
    return [numbers.randbytes(11) for _ in range(count)]


def test_silence_is_the_frame_that_networks_send() -> None:
    assert protect(SILENCE).hex() == "6c42e85de2e8269363d981f9be23b18ae006"


def test_it_is_what_the_vocoder_does() -> None:
    sent = frames(1, 300)
    assert [protect(frame) for frame in sent] == [protect_frame(frame) for frame in sent]
    numbers = random.Random(2)
    received = [
        with_wrong_bits(protect(frame), numbers.sample(range(144), numbers.randrange(12)))
        for frame in sent
    ]
    assert [correct(coded)[0] for coded in received] == corrected_frames(received)


@pytest.mark.parametrize("word", GOLAY_WORDS)
@pytest.mark.parametrize("weight", [1, 2, 3])
def test_three_wrong_bits_of_a_golay_word_are_corrected(word: tuple[int, int], weight: int) -> None:
    numbers = random.Random(weight)
    for frame in frames(weight, 60):
        places = [on_air(bit) for bit in numbers.sample(range(*word), weight)]
        found = correct_words(with_wrong_bits(protect(frame), places))
        assert found.imbe == frame
        assert found.errors[word[0] // 23] == sum(found.errors) == weight


@pytest.mark.parametrize("word", HAMMING_WORDS)
def test_each_wrong_bit_of_a_hamming_word_is_corrected(word: tuple[int, int]) -> None:
    for bit, frame in zip(range(*word), frames(3, 15), strict=True):
        assert correct(with_wrong_bits(protect(frame), [on_air(bit)])) == (frame, 1)


def test_four_wrong_bits_in_one_word_give_another_frame() -> None:
    """The code is perfect, so it cannot tell; the count is what the vocoder goes by."""
    frame = frames(4, 1)[0]
    imbe, errors = correct(with_wrong_bits(protect(frame), [on_air(bit) for bit in range(23, 27)]))
    assert imbe != frame
    assert 0 < errors <= 3


def test_the_last_seven_bits_are_bare() -> None:
    frame = frames(5, 1)[0]
    imbe, errors = correct(with_wrong_bits(protect(frame), [on_air(143)]))
    assert errors == 0
    assert imbe == frame[:-1] + bytes([frame[-1] ^ 1])


@pytest.mark.parametrize("count", [0, 10, 12, 17, 19])
def test_another_number_of_octets_is_refused(count: int) -> None:
    with pytest.raises(ProtocolViolation):
        correct(bytes(count))
    with pytest.raises(ProtocolViolation):
        protect(bytes(count))

"""One over of ours: places, words and the end on an LDU boundary."""

from gateway.p25.talk.talk_out import MAX_WAITING, SILENCE, TalkOut


def frame(number: int) -> bytes:
    return bytes([number]) * 11


def test_frames_take_their_places_with_the_word_of_their_ldu() -> None:
    out = TalkOut(group=10001, source=1234567, emergency=True)
    for number in range(20):
        out.push(frame(number))
    sent = [out.frame() for _ in range(20)]
    assert out.frame() is None
    assert [f.place for f in sent if f] == [*range(18), 0, 1]
    assert [f.imbe for f in sent if f] == [frame(n) for n in range(20)]
    first, tenth = sent[0], sent[9]
    assert first is not None
    assert tenth is not None
    assert first.word.hex() == "000084002711" + "12d687"  # LCO, MFID, service, TG, source
    assert tenth.word.hex() == "00" * 9 + "80" + "0000"


def test_an_ldu_waits_for_its_nine_frames_and_the_last_is_filled_with_silence() -> None:
    out = TalkOut(group=1, source=2)
    for number in range(8):
        out.push(frame(number))
    assert out.ldu() is None
    out.push(frame(8))
    out.push(frame(9))
    whole = out.ldu()
    assert whole is not None
    assert not whole.second
    assert whole.voice == tuple(frame(n) for n in range(9))
    assert out.ldu() is None
    out.close()
    rest = out.ldu()
    assert rest is not None
    assert rest.second
    assert rest.voice == (frame(9), *[SILENCE] * 8)
    assert out.done
    assert out.ldu() is None


def test_an_over_of_superframes_ends_after_an_ldu2_only() -> None:
    out = TalkOut(group=1, source=2, superframes=True)
    out.push(frame(0))
    out.close()
    places = [sent.place for sent in iter(out.frame, None)]
    assert places == list(range(18))
    assert out.done


def test_an_over_that_is_broken_off_forgets_its_voice_and_still_ends_on_a_boundary() -> None:
    out = TalkOut(group=1, source=2)
    for number in range(30):
        out.push(frame(number))
    for _ in range(4):
        assert out.frame() is not None
    out.close(drop=True)
    rest = []
    while (more := out.frame()) is not None:
        rest.append(more.imbe)
    assert rest == [SILENCE] * 5
    assert out.done


def test_a_call_to_a_unit_carries_its_target() -> None:
    out = TalkOut(group=0, source=0xFFFFFC, target=7654321)
    assert out.link_control.hex() == "030004" + "74cbb1" + "fffffc"


def test_voice_that_nobody_fetches_is_dropped_and_counted() -> None:
    out = TalkOut(group=1, source=2)
    for number in range(MAX_WAITING + 10):
        out.push(frame(number % 256))
    assert out.waiting == MAX_WAITING
    assert out.dropped == 10

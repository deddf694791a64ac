"""What a sound port counted since it was asked last."""

from hardware.sound_blocks import Reorder
from hardware.sound_figures import SoundPortMeter
from hardware.sound_port import NoSound, SoundCount


def test_a_block_that_is_next_waits_for_nothing_and_one_that_is_not_is_counted() -> None:
    count, now = SoundCount(), [0]
    reorder = Reorder(count, lambda: now[0])
    assert reorder.take(1, b"a") == [b"a"]
    assert reorder.take(3, b"c") == []
    now[0] = 25_000
    assert reorder.take(2, b"b") == [b"b", b"c"]
    assert count.held.count == 3
    assert count.held.share_ms(1.0) == 25.0
    assert count.held.share_ms(0.6) == 0.0


def test_a_port_is_told_from_one_question_to_the_next() -> None:
    port = NoSound()
    meter = SoundPortMeter("udp:127.0.0.1:1", port)
    port.count.lost, port.count.xruns = 3, 1
    port.count.held.add(20_000)
    meter.gated.add(40_000)
    meter.sending()
    first = meter.take()
    assert (first.kind, first.lost, first.underruns) == ("udp", 3, 1)
    assert (first.held.count, first.pending.count) == (2, 0)
    port.count.lost = 4
    second = meter.take()
    assert (second.lost, second.underruns, second.held.count) == (1, 0, 0)

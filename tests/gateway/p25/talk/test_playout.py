"""Frames in order and on time, whatever the network does to them."""

import itertools
import random

from gateway.model.ids import MonoMs
from gateway.p25.talk.playout import MAX_WAITING, Playout


def played(playout: Playout, until_ms: int, step_ms: int = 5) -> list[tuple[int, bytes | None]]:
    """Return (time, frame) of all that is handed out."""
    out = []
    for now in range(0, until_ms, step_ms):
        out += [(now, due.frame) for due in playout.take(MonoMs(now))]
    return out


def frame(number: int) -> bytes:
    return bytes([number])


def test_frames_each_20_ms_wait_for_the_delay_and_go_out_each_20_ms() -> None:
    playout = Playout(60)
    out = []
    for now in range(0, 600, 5):
        if now % 20 == 0 and now < 400:
            playout.put((now // 20) % 18, frame(now // 20), MonoMs(now))
        out += [(now, due.frame) for due in playout.take(MonoMs(now))]
    assert out == [(60 + 20 * n, frame(n)) for n in range(20)]


def test_bursts_of_nine_are_spread_over_their_time() -> None:
    playout = Playout(60)
    out = []
    for now in range(0, 1200, 5):
        if now in (0, 180, 410, 540):  # the third is 50 ms late
            burst = {0: 0, 180: 1, 410: 2, 540: 3}[now]
            for n in range(9):
                number = burst * 9 + n
                playout.put(number % 18, frame(number), MonoMs(now))
        out += [(now, due.frame) for due in playout.take(MonoMs(now))]
    assert [got for _, got in out] == [frame(n) for n in range(36)]
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(out)]
    assert set(gaps) == {20}


def test_a_late_burst_stops_the_turn_and_loses_nothing() -> None:
    playout = Playout(40)
    out = []
    for now in range(0, 1000, 5):
        if now in (0, 340):
            for n in range(9):
                number = n + (9 if now else 0)
                playout.put(number, frame(number), MonoMs(now))
        out += [(now, due.frame) for due in playout.take(MonoMs(now))]
    assert [got for _, got in out] == [frame(n) for n in range(18)]
    assert playout.count.lost == 0


def test_reordered_and_doubled_frames_are_put_right() -> None:
    playout = Playout(60)
    for number in (1, 0, 2, 2, 4, 3, 0):
        playout.put(number, frame(number), MonoMs(0))
    assert [got for _, got in played(playout, 300)] == [frame(n) for n in range(5)]
    assert playout.count.late == 2


def test_a_lost_frame_is_handed_out_as_a_hole_in_its_turn() -> None:
    playout = Playout(60)
    for number in (0, 1, 3):
        playout.put(number, frame(number), MonoMs(20 * number))
    assert [got for _, got in played(playout, 300)] == [frame(0), frame(1), None, frame(3)]
    assert playout.count.lost == 1


def test_ten_per_cent_loss_keeps_every_other_frame_in_order() -> None:
    chance = random.Random(7)
    playout = Playout(60)
    sent = [n for n in range(500) if n == 0 or chance.random() > 0.1]
    out: list[bytes | None] = []
    for now in range(0, 500 * 20 + 200, 5):
        number, rest = divmod(now, 20)
        if rest == 0 and number in sent:
            playout.put(number % 18, number.to_bytes(2, "big"), MonoMs(now))
        out += [due.frame for due in playout.take(MonoMs(now))]
    heard = [int.from_bytes(got, "big") for got in out if got is not None]
    assert heard == sent
    assert playout.count.lost + playout.count.played == 500 - (499 - sent[-1])


def test_a_long_silence_is_counted_by_the_clock_and_not_handed_out() -> None:
    playout = Playout(60)
    out = []
    for now in range(0, 1500, 5):
        if now in (0, 760):  # 38 frames later: places 0 and 2
            number = now // 20
            playout.put(number % 18, frame(number), MonoMs(now))
        out += [(now, due.frame) for due in playout.take(MonoMs(now))]
    # the clock accounts for 34; three holes bring the delay back
    holes = [(760, None), (780, None), (800, None)]
    assert out == [(60, frame(0)), *holes, (820, frame(38))]
    assert playout.count.lost == 37


def test_a_closed_over_hands_out_what_waits_and_is_done() -> None:
    playout = Playout(60)
    playout.put(17, frame(17), MonoMs(0))
    playout.put(0, frame(0), MonoMs(0))
    playout.close()
    assert not playout.done
    assert [got for _, got in played(playout, 200)] == [frame(17), frame(0)]
    assert playout.done


def test_a_flood_costs_no_more_than_three_seconds_of_frames() -> None:
    playout = Playout(60)
    for number in range(5000):
        playout.put(number % 18, frame(0), MonoMs(0))
    assert playout.count.dropped > 0
    assert len(played(playout, 10_000)) == MAX_WAITING


def test_nothing_is_handed_out_while_nobody_knows_whose_call_it_is() -> None:
    playout = Playout(60)
    playout.held = True
    playout.put(0, frame(0), MonoMs(0))
    assert playout.take(MonoMs(500)) == []
    playout.held = False
    playout.start(MonoMs(500))
    assert [due.frame for due in playout.take(MonoMs(500))] == [frame(0)]


def test_a_late_frame_of_the_first_burst_is_not_taken_for_one_to_come() -> None:
    playout = Playout(100)
    for number in (0, 2, 3, 4, 5, 6, 7, 8):
        playout.put(number, frame(number), MonoMs(0))
    playout.put(1, frame(1), MonoMs(50))
    for number in range(9, 18):
        playout.put(number, frame(number), MonoMs(180))
    playout.close()
    assert [got for _, got in played(playout, 1_000)] == [frame(n) for n in range(18)]


def test_a_frame_was_spoken_before_the_fastest_of_its_over_came() -> None:
    playout = Playout(60)
    due = []
    for now in range(0, 700, 5):
        if now in (200, 390):  # bursts of nine; the second is 10 ms late
            burst = 0 if now == 200 else 1
            for n in range(9):
                playout.put(burst * 9 + n, frame(n), MonoMs(now))
        due += [(now, one) for one in playout.take(MonoMs(now))]
    assert len(due) == 18
    # The last frame of the first burst came as fast as any: it is when it came.
    assert [one.captured_ms for _, one in due] == [40 + 20 * n for n in range(18)]
    assert [one.came_ms for _, one in due] == [200] * 9 + [390] * 9
    assert all(one.captured_ms <= one.came_ms <= now for now, one in due if one.came_ms)


def test_a_hole_has_a_time_and_a_pause_of_the_sender_is_not_counted() -> None:
    playout = Playout(40)
    due = []
    for now in range(0, 2600, 5):
        if now in (0, 20, 60, 80) or now in (1480, 1500):  # number 2 is lost, then a pause
            place = (now // 20) % 18
            playout.put(place, frame(place), MonoMs(now))
        due += [(now, one) for one in playout.take(MonoMs(now))]
    hole = next(one for _, one in due if one.frame is None)
    assert (hole.captured_ms, hole.came_ms) == (40, None)
    assert all(now - one.captured_ms <= 100 for now, one in due), due

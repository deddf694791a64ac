"""A browser's RTP time leads back to the moment of capture."""

from gateway.model.ids import UtcUs
from gateway.model.voice import TIMESTAMP_STEP
from tests.webrtc.room import PATROL, Browser, open_room, until
from webrtc.path_times import CaptureTimes, LeaveTimes

T = b"t" * 16


def test_a_packet_between_two_that_are_kept_is_reckoned_from_the_sample_clock() -> None:
    times = CaptureTimes()
    for n in range(100):
        times.note((1 << 40) + n * TIMESTAMP_STEP, UtcUs(5_000_000 + n * 20_000), T)
    found = times.find(((1 << 40) + 63 * TIMESTAMP_STEP) & 0xFFFFFFFF)
    assert found is not None
    assert found.utc_us == 5_000_000 + 63 * 20_000
    assert found.transmission == T
    half = times.find(((1 << 40) + 63 * TIMESTAMP_STEP + 480) & 0xFFFFFFFF)
    assert half is not None
    assert half.utc_us == 5_000_000 + 63 * 20_000 + 10_000


def test_what_is_gone_or_was_never_there_is_not_found() -> None:
    times = CaptureTimes()
    assert times.find(0) is None
    for n in range(2000):
        times.note(n * TIMESTAMP_STEP, UtcUs(n * 20_000), T)
    assert times.find(0) is None
    assert times.find(2000 * TIMESTAMP_STEP + 48_000) is None


def test_the_first_packet_of_each_transmission_is_kept() -> None:
    times = CaptureTimes()
    for n in range(3):
        times.note(n * TIMESTAMP_STEP, UtcUs(n * 20_000), T)
    times.note(50 * TIMESTAMP_STEP, UtcUs(77), b"u" * 16)
    found = times.find(50 * TIMESTAMP_STEP)
    assert found is not None
    assert (found.utc_us, found.transmission) == (77, b"u" * 16)


def test_times_of_leaving_are_bounded_and_taken_once() -> None:
    leaving = LeaveTimes()
    for n in range(300):
        leaving.note(n.to_bytes(16, "big"), 500, 20_000)
    taken = leaving.take()
    assert len(taken) == 256
    hub, total = taken[(299).to_bytes(16, "big")]
    assert (hub.share_ms(0.5), total.share_ms(0.5)) == (0.5, 20.0)
    assert leaving.take() == {}


async def test_a_real_peers_rtp_time_names_the_capture() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        session = room.rtc.get(answer.session)
        before = room.clock.utc_us()
        await room.talk(PATROL, frames=20, transmission=T)
        heard = page.heard[PATROL]
        await until(heard.holds(20), "all of it")
        found = [session.captured(PATROL, rtp) for rtp in heard.timestamps[:20]]
        times = [one.utc_us for one in found if one is not None]
        assert len(times) == 20
        assert all(one is not None and one.transmission == T for one in found)
        assert before <= times[0] <= times[-1] <= room.clock.utc_us()
        assert times == sorted(times)
        assert session.captured(PATROL, heard.timestamps[0] + 48_000 * 3600) is None
        assert set(room.rtc.leave_times()) >= {T}
        await page.close()

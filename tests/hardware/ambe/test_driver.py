"""The driver on a real pseudo-terminal, with the simulated dongle at its other end."""

import asyncio
import contextlib
import os
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from gateway.model.errors import ConfigError, InvalidCommand, LinkError
from hardware import port_keeper
from hardware.ambe import core
from hardware.ambe.core import WAITING_FRAMES
from hardware.ambe.driver import AmbeDongle, Frames, Samples
from hardware.ambe.numbers import HALF_RATE_BARE
from hardware.sim import ambe_stand_in
from hardware.sim.ambe_chip import ChipSettings
from hardware.sim.ambe_dongle import DongleHost
from tests.hardware.driving import RealClock
from tests.hardware.pty_wire import Wire

SOUND = (np.random.default_rng(4).standard_normal((12, 160)) * 3000).astype(np.int16)


def coded(pcm: Samples) -> Frames:
    rows = [ambe_stand_in.encode(array("h", row.tolist()), 72) for row in pcm]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 9)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waste no time on pauses, and blame no busy machine for a late answer."""
    monkeypatch.setattr(core, "ANSWER_MS", 400)
    monkeypatch.setattr(port_keeper, "BACK_OFF_MS", (20, 50, 100))
    monkeypatch.setattr(port_keeper, "LOOK_MS", 20)


@contextlib.asynccontextmanager
async def host(tmp_path: Path, **settings: object) -> AsyncIterator[DongleHost]:
    chip = ChipSettings(**settings)  # type: ignore[arg-type] # any setting
    dongle = DongleHost(chip, link=tmp_path / "dongle")
    dongle.start()
    try:
        yield dongle
    finally:
        dongle.close()


@contextlib.asynccontextmanager
async def driver(path: Path, **options: object) -> AsyncIterator[AmbeDongle]:
    dongle = AmbeDongle(str(path), RealClock(), **options)  # type: ignore[arg-type] # any option
    await dongle.start()
    try:
        yield dongle
    finally:
        await dongle.close()


@contextlib.asynccontextmanager
async def both(
    tmp_path: Path, options: dict[str, object] | None = None, **settings: object
) -> AsyncIterator[tuple[DongleHost, AmbeDongle]]:
    async with (
        host(tmp_path, **settings) as simulated,
        driver(tmp_path / "dongle", **(options or {})) as dongle,
    ):
        await dongle.ready()
        yield simulated, dongle


def violations(simulated: DongleHost) -> list[object]:
    return [one["reason"] for one in simulated.chip.log if one["kind"] == "violation"]


async def test_speech_there_and_back(tmp_path: Path) -> None:
    async with both(tmp_path) as (simulated, dongle):
        assert dongle.product == "AMBE3000R"
        assert dongle.version == "simulated by Samband, no vocoder"
        assert (dongle.up, dongle.trouble) == (True, "")
        frames, lost = await dongle.encode(SOUND)
        assert frames.dtype == np.uint8
        assert np.array_equal(frames, coded(SOUND))
        assert not lost.any()
        pcm, lost = await dongle.decode(frames)
        assert (pcm.dtype, pcm.shape) == (np.dtype(np.int16), (12, 160))
        assert not lost.any()
        again = (await dongle.encode(pcm)).frames
        assert np.array_equal(again[:, :6], frames[:, :6]), "the loudness survives a second time"
        assert violations(simulated) == []
        assert dongle.counts.last_ms > 0


async def test_both_ways_at_once(tmp_path: Path) -> None:
    async with both(tmp_path) as (simulated, dongle):
        there, back = await asyncio.gather(dongle.encode(SOUND), dongle.decode(coded(SOUND)))
        assert np.array_equal(there.frames, coded(SOUND))
        assert not there.lost.any()
        assert not back.lost.any()
        assert violations(simulated) == []


async def test_empty_calls(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        assert (await dongle.encode(SOUND[:0])).frames.shape == (0, 9)
        assert (await dongle.decode(coded(SOUND)[:0])).pcm.shape == (0, 160)


async def test_calls_of_one_frame_that_overlap_stay_in_order(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        calls = [dongle.encode(SOUND[n : n + 1]) for n in range(6)]
        told = await asyncio.gather(*calls)
        assert np.array_equal(np.concatenate([one.frames for one in told]), coded(SOUND[:6]))


async def test_of_too_many_calls_the_oldest_are_lost_and_counted(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        count = WAITING_FRAMES + 6
        told = await asyncio.gather(*(dongle.encode(SOUND[:1]) for _ in range(count)))
        lost = [bool(one.lost[0]) for one in told]
        assert sum(lost) == dongle.counts.overrun > 0
        assert not any(lost[-WAITING_FRAMES:])


async def test_lost_frames_are_repeated_by_the_chip(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        bad = np.arange(12) == 5
        frames = coded(SOUND)
        frames = np.where(bad[:, None], np.uint8(0xFF), frames)
        pcm, lost = await dongle.decode(frames, bad)
        assert not lost.any(), "lost means without an answer"
        assert 0 < np.abs(pcm[5]).max() < np.abs(pcm[4]).max()
        assert np.abs(pcm[6]).max() > np.abs(pcm[5]).max()


async def test_rate_without_error_protection(tmp_path: Path) -> None:
    async with both(tmp_path, {"rate": HALF_RATE_BARE}) as (_, dongle):
        frames, _ = await dongle.encode(SOUND)
        assert frames.shape == (12, 7)
        assert not (await dongle.decode(frames)).lost.any()


async def test_wrong_shapes_are_refused(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        with pytest.raises(InvalidCommand, match=r"expected int16 \(n, 160\), got int16 \(160,\)"):
            await dongle.encode(SOUND[0])
        with pytest.raises(InvalidCommand, match="got float64"):
            await dongle.encode(SOUND.astype(np.float64))
        with pytest.raises(InvalidCommand, match=r"expected uint8 \(n, 9\)"):
            await dongle.decode(np.zeros((3, 11), np.uint8))
        with pytest.raises(InvalidCommand, match=r"bool \(12,\)"):
            await dongle.decode(coded(SOUND), np.zeros(3, np.bool_))
    with pytest.raises(ConfigError, match="port: expected"):
        AmbeDongle("dongle", RealClock())


async def test_pulled_cable_and_back(tmp_path: Path) -> None:
    async with both(tmp_path) as (simulated, dongle):
        work = asyncio.create_task(dongle.encode(np.tile(SOUND, (20, 1))))
        await asyncio.sleep(0.1)
        simulated.unplug(150)
        frames, lost = await work
        assert len(frames) == 240
        assert lost.any()
        assert lost[-1]
        assert not lost[0]
        with pytest.raises(LinkError, match="vocoder at"):
            await dongle.encode(SOUND)
        await dongle.ready(5000)
        assert np.array_equal((await dongle.encode(SOUND)).frames, coded(SOUND))


async def test_dongle_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    async with driver(tmp_path / "dongle") as dongle:
        with pytest.raises(LinkError, match="is not there: is the cable plugged in"):
            await dongle.ready(100)
        async with host(tmp_path):
            await dongle.ready()
            assert not (await dongle.encode(SOUND)).lost.any()


async def test_dongle_that_never_answers(wire: Wire) -> None:
    async with driver(wire.path) as dongle:
        with pytest.raises(LinkError, match="does not answer a reset") as told:
            await dongle.ready(1500)
        assert "samband doctor --ambe" in told.value.hint
        with pytest.raises(LinkError, match="does not answer a reset"):
            await dongle.decode(coded(SOUND))
    assert bytes.fromhex("6100010033") in wire.received
    assert bytes.fromhex("61000300332f1f") in wire.received


async def test_another_speed_is_no_dongle(tmp_path: Path) -> None:
    async with (
        host(tmp_path, speed_bps=230_400),
        driver(tmp_path / "dongle") as wrong,
    ):
        with pytest.raises(LinkError, match="is the speed right"):
            await wrong.ready(1500)
        await wrong.close()
        async with driver(tmp_path / "dongle", speed_bps=230_400) as right:
            await right.ready()


async def test_second_program_is_told_that_the_port_is_in_use(tmp_path: Path) -> None:
    async with both(tmp_path), driver(tmp_path / "dongle") as second:
        with pytest.raises(LinkError, match="in use by another program"):
            await second.ready(200)


async def test_lost_spoilt_and_slow_answers_end_well(tmp_path: Path) -> None:
    async with both(tmp_path) as (simulated, dongle):
        simulated.chip.faults.lose = 1
        frames, lost = await dongle.encode(SOUND)
        assert lost.any()
        simulated.chip.faults.spoil = 1
        frames, lost = await dongle.encode(SOUND)
        assert np.array_equal(frames[~lost], coded(SOUND)[~lost])
        simulated.chip.faults.slow, simulated.chip.faults.slow_ms = 1, 40
        frames, lost = await dongle.encode(SOUND[:1])
        assert not lost.any()
        assert np.array_equal(frames, coded(SOUND[:1]))


async def test_mute_dongle_loses_frames_and_comes_back(tmp_path: Path) -> None:
    async with both(tmp_path) as (simulated, dongle):
        simulated.chip.faults.mute = True
        assert (await dongle.encode(SOUND)).lost.all()
        simulated.chip.faults.mute = False
        await dongle.ready(5000)
        assert not (await dongle.encode(SOUND)).lost.any()


async def test_restart_starts_the_chip_afresh(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        dongle.restart()
        await asyncio.sleep(0.05)
        await dongle.ready()
        assert dongle.counts.resets == 2


async def test_nothing_blocks_the_event_loop(wire: Wire) -> None:
    """A dongle that reads nothing: the loop turns all the time while the driver is at work."""
    wire.reading.clear()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with driver(wire.path) as dongle:
        turning = asyncio.create_task(turn())
        with pytest.raises(LinkError):
            await dongle.ready(400)
        turning.cancel()
        assert not os.get_blocking(dongle._link.fileno() if dongle._link else -1)
    assert turns > 1000


async def test_cancelled_calls_leave_nothing_behind(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, dongle):
        work = asyncio.create_task(dongle.encode(SOUND))
        await asyncio.sleep(0.03)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        assert np.array_equal((await dongle.encode(SOUND)).frames, coded(SOUND))
        assert dongle._futures == {}


async def test_close_twice_and_nothing_is_left_over(tmp_path: Path) -> None:
    me = psutil.Process()
    before = me.num_fds()
    tasks = len(asyncio.all_tasks())
    async with both(tmp_path) as (_, dongle):
        work = asyncio.create_task(dongle.encode(np.tile(SOUND, (20, 1))))
        await asyncio.sleep(0.05)
        await dongle.close()
        await dongle.close()
        assert (await work).lost.any()
        with pytest.raises(LinkError, match="it is closed"):
            await dongle.encode(SOUND)
    assert me.num_fds() <= before
    assert len(asyncio.all_tasks()) == tasks

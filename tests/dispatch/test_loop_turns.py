"""Pieces of long work: a little in each turn of the event loop, in the order in which they came."""

import asyncio
from collections.abc import Callable

import pytest

from dispatch.services.loop_turns import LoopTurns


class Work:
    """Pieces that take as long as they say, and the turn of the loop in which each was done."""

    def __init__(self, budget_ms: float) -> None:
        self.now_s = 0.0
        self.turn = 0
        self.done: list[tuple[int, int]] = []
        self.turns = LoopTurns(budget_ms, lambda: self.now_s)
        self._over = False

    async def all(self, workers: int, pieces: int, takes_ms: float) -> list[tuple[int, int]]:
        """Return (turn of the loop, worker) for each piece."""
        asyncio.get_running_loop().call_soon(self._count)
        await asyncio.gather(*(self._work(one, pieces, takes_ms) for one in range(workers)))
        self._over = True
        return self.done

    def _count(self) -> None:
        self.turn += 1
        if not self._over:
            asyncio.get_running_loop().call_soon(self._count)

    async def _work(self, name: int, pieces: int, takes_ms: float) -> None:
        for _ in range(pieces):
            await self.turns.do(self._piece(name, takes_ms))

    def _piece(self, name: int, takes_ms: float) -> Callable[[], None]:
        def piece() -> None:
            self.now_s += takes_ms / 1000
            self.done.append((self.turn, name))

        return piece


def a_turn(done: list[tuple[int, int]]) -> list[int]:
    """Return how many pieces each turn did that did any."""
    return [sum(turn == one for turn, _ in done) for one in sorted({turn for turn, _ in done})]


@pytest.mark.parametrize(("takes_ms", "together"), [(3.0, 1), (0.6, 2), (0.3, 4), (0.0, 7)])
async def test_a_turn_does_pieces_until_its_time_is_spent(takes_ms: float, together: int) -> None:
    work = Work(budget_ms=1.0)
    done = await work.all(workers=7, pieces=3, takes_ms=takes_ms)
    assert len(done) == 21
    assert max(a_turn(done)) == together
    assert [name for _, name in done[:7]] == list(range(7))


async def test_no_turn_is_lost_between_two_pieces_of_one_worker() -> None:
    done = await Work(budget_ms=1.0).all(workers=1, pieces=4, takes_ms=5.0)
    turns = [turn for turn, _ in done]
    assert turns[-1] - turns[0] <= 2 * 3


async def test_what_a_piece_finds_or_raises_is_its_callers() -> None:
    turns = LoopTurns()

    def fails() -> int:
        raise ValueError("no rows")

    found = await asyncio.gather(
        turns.do(lambda: "rows"), turns.do(fails), turns.do(lambda: None), return_exceptions=True
    )
    assert found[0] == "rows"
    assert isinstance(found[1], ValueError)
    assert found[2] is None


async def test_who_was_cancelled_takes_nobodys_turn() -> None:
    turns, done = LoopTurns(budget_ms=0.0), list[str]()
    first = asyncio.create_task(turns.do(lambda: done.append("first")))
    second = asyncio.create_task(turns.do(lambda: done.append("second")))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 1)
    await asyncio.wait_for(turns.do(lambda: done.append("third")), 1)
    assert first.cancelled()
    assert done == ["second", "third"]

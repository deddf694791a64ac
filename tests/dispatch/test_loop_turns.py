"""Pieces of long work: a few in each turn of the event loop, in the order in which they came."""

import asyncio

from dispatch.services.loop_turns import LoopTurns


async def turns_of(turns: LoopTurns, workers: int, pieces: int) -> list[tuple[int, int]]:
    """Let workers do pieces; returns (turn of the loop, worker) for each piece done."""
    turn = 0
    done: list[tuple[int, int]] = []
    over = asyncio.Event()

    def count() -> None:
        nonlocal turn
        turn += 1
        if not over.is_set():
            asyncio.get_running_loop().call_soon(count)

    async def work(name: int) -> None:
        for _ in range(pieces):
            await turns.mine()
            done.append((turn, name))

    asyncio.get_running_loop().call_soon(count)
    await asyncio.gather(*(work(name) for name in range(workers)))
    over.set()
    return done


async def test_no_more_than_a_few_in_a_turn_and_everybody_in_order() -> None:
    done = await turns_of(LoopTurns(at_once=2), workers=7, pieces=3)
    each_turn = [sum(turn == one for turn, _ in done) for one in {turn for turn, _ in done}]
    assert len(done) == 21
    assert max(each_turn) == 2
    assert [name for _, name in done[:7]] == list(range(7))


async def test_no_turn_is_lost_between_two_pieces_of_one_worker() -> None:
    done = await turns_of(LoopTurns(at_once=2), workers=1, pieces=4)
    turns = [turn for turn, _ in done]
    assert turns[-1] - turns[0] <= 2 * 3


async def test_who_was_cancelled_takes_nobodys_turn() -> None:
    turns = LoopTurns(at_once=1)
    first = asyncio.create_task(turns.mine())
    second = asyncio.create_task(turns.mine())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 1)
    await asyncio.wait_for(turns.mine(), 1)
    assert first.cancelled()

"""How ``samband bench plan`` judges memory: numbers in, growth a cycle out."""

import pytest

from dispatch.services.stream import RING_EVENTS
from samband.bench_plan_memory import Memory, heap_mb, memory_line, slope, warm_cycles


def teeth(cycles: int, grows: float) -> list[float]:
    """Return a curve that grows, with the teeth of a collector of garbage on it."""
    return [200.0 + grows * n + 0.4 * (n % 7) for n in range(cycles)]


@pytest.mark.parametrize("grows", [0.0, 0.1, 0.3])
def test_the_slope_is_that_beneath_the_teeth_and_beside_a_jump(grows: float) -> None:
    values = teeth(60, grows)
    values[-1] += 25.0  # somebody else's moment
    assert slope(values) == pytest.approx(grows, abs=0.02)


def test_one_value_has_no_slope() -> None:
    assert slope([5.0]) == slope([]) == 0.0


def test_of_a_hundred_cycles_the_last_sixty_count() -> None:
    assert [warm_cycles(n) for n in (5, 6, 8, 20, 100)] == [0, 0, 3, 8, 40]


def test_growth_is_told_by_its_parts_and_in_words() -> None:
    memory, lines = Memory(), []
    for n in range(100):
        warm = min(n, 40)
        free, python = 5.0 + warm, 100.0 + 0.2 * n
        memory.own_mb.append(250.0 + warm + 0.2 * n)  # 50 MB are the guards'
        memory.server_mb.append(95.0 + free + python)
        memory.at_ms.append(1_000.0 * n + 10)
        lines.append(
            [f"{1_000.0 * n:.3f}", "95.0", f"{free:.3f}", f"{10_000 + 30 * n}", f"{20 * n}"]
        )
    found = memory.figures(lines)
    assert found["mb_per_cycle"] == pytest.approx(0.2)
    assert found["cycles_counted"] == 60
    assert found["grew_mb_per_cycle"] == {
        "libraries_hold": pytest.approx(0.0, abs=1e-9),
        "glibc_keeps_free": pytest.approx(0.0, abs=1e-9),
        "python_and_stacks": pytest.approx(0.2),
    }
    assert found["events_kept"] == {"from": 800, "to": 1_980, "most": RING_EVENTS}
    assert "+0.200 MB a cycle" in found["words"]
    assert "+30 a cycle" in found["words"]


def test_a_server_tells_its_heap() -> None:
    told = [float(word) for word in memory_line(events_kept=7).split(" ")]
    held, free = heap_mb()
    assert len(told) == 5
    assert told[4] == 7
    assert (held > 0) == (told[1] > 0)
    assert free >= 0

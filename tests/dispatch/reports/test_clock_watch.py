"""The watch over the machine's clock: steps and the time server, with clocks of the test's own."""

from dispatch.audit.entry import Act
from dispatch.reports.clock_watch import ClockState, ClockWatch, kernel_clock

MS = 1_000_000


class Clocks:
    def __init__(self) -> None:
        self.wall_ns = 10**18
        self.steady_ns = 0
        self.kernel = ClockState(True, 8)
        self.noted: list[Act] = []
        self.watch = ClockWatch(
            self.noted.append,
            wall_ns=lambda: self.wall_ns,
            steady=lambda: self.steady_ns,
            kernel=lambda: self.kernel,
        )

    def second(self, *, jump_ms: int = 0) -> list[Act]:
        self.noted.clear()
        self.steady_ns += 1000 * MS
        self.wall_ns += (1000 + jump_ms) * MS
        self.watch.look()
        return list(self.noted)


def test_the_first_look_notes_whether_a_time_server_is_followed() -> None:
    (act,) = Clocks().second()
    assert (act.op, act.verb, act.result) == ("system", "clock.state", "ok")
    assert act.detail == {"followed": True, "error_ms": 8}


def test_a_jump_is_noted_with_its_size_and_once() -> None:
    clocks = Clocks()
    clocks.second()
    (act,) = clocks.second(jump_ms=-3_600_000)
    assert (act.verb, act.detail) == ("clock.stepped", {"step_ms": -3_600_000})
    assert clocks.second() == []
    assert clocks.watch.steps == 1


def test_what_is_below_the_limit_is_no_jump() -> None:
    clocks = Clocks()
    clocks.second()
    assert clocks.second(jump_ms=99) == []
    assert [act.verb for act in clocks.second(jump_ms=100)] == ["clock.stepped"]


def test_a_lost_time_server_is_noted_as_a_fault_and_its_return_too() -> None:
    clocks = Clocks()
    clocks.second()
    clocks.kernel = ClockState(False, None)
    assert [(act.verb, act.result) for act in clocks.second()] == [("clock.state", "failed")]
    assert clocks.second() == []
    clocks.kernel = ClockState(True, 8)
    assert [(act.verb, act.result) for act in clocks.second()] == [("clock.state", "ok")]


def test_a_growing_error_is_noted_when_it_matters() -> None:
    clocks = Clocks()
    clocks.second()
    clocks.kernel = ClockState(True, 40)
    assert clocks.second() == []
    clocks.kernel = ClockState(True, 400)
    assert [act.detail["error_ms"] for act in clocks.second()] == [400]


def test_the_kernel_answers_in_words() -> None:
    assert "clock" in kernel_clock().words or "time server" in kernel_clock().words

"""The record of a simulated radio: what is newer than a time, of some kinds, as all of it tells."""

import pytest

from hardware.sim.truth import MAX_ENTRIES, TruthLog

KINDS = ((), ("wire",), ("keyed",), ("keyed", "unkeyed", "wire"), ("key",))


def filled() -> TruthLog:
    truth = TruthLog("bench")
    for n in range(200):
        at = 1_000.0 + 10.0004 * n
        truth.wire(n % 3 == 0, b"AT+CTXD=1,1\r", at)
        truth.note(("keyed", "unkeyed", "talker")[n % 3], at + 0.001, group=n, why='{"kind":"wire"')
        if n % 7 == 0:
            truth.note("keyed", at - 250, group=n)  # told a moment later
    return truth


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("since_ms", [0.0, 1_000.0, 1_500.02, 1_990.0, 2_990.08, 9_999.0])
def test_since_gives_what_all_entries_give(kinds: tuple[str, ...], since_ms: float) -> None:
    truth = filled()
    wanted = [
        entry
        for entry in truth.entries
        if float(str(entry["t_ms"])) > since_ms and (not kinds or entry["kind"] in kinds)
    ]
    assert truth.since(since_ms, kinds) == wanted


def test_the_oldest_goes_first() -> None:
    truth = TruthLog("bench")
    for n in range(MAX_ENTRIES + 5):
        truth.note("knob", float(n), group=n)
    kept = truth.since(-1.0)
    assert len(kept) == MAX_ENTRIES
    assert [entry["group"] for entry in truth.since(MAX_ENTRIES)] == [
        MAX_ENTRIES + n for n in range(1, 5)
    ]
    assert kept[0]["group"] == 5

"""The core against radios on a bad wire, 500 seeded runs; and cores that are broken on purpose.

``make soak`` runs 10,000; ``python -m tests.conformance --first N --runs 1`` repeats one.
"""

from collections import Counter

import pytest

from gateway.model.ids import MessageId, MonoMs, RequestId
from gateway.model.radio import (
    KeyDemand,
    RadioEvent,
    SendProgress,
    SendState,
    TxEnded,
    TxNotSent,
    TxRefused,
)
from gateway.tetra.terminal import TerminalCore
from tests.conformance.mangle import Kind
from tests.conformance.many import summary
from tests.conformance.runs import KINDS, Outcome, run
from tests.conformance.sim_world import GROUP, OWN
from tests.conformance.watch import Watch, size_of
from tests.gateway.tetra.scripted_radio import Wire, opened

RUNS = 500
BLOCKS = 10


def _runs(first: int, count: int) -> list[Outcome]:
    return [run(seed) for seed in range(first, first + count)]


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_that_must_not_happen(block: int) -> None:
    share = RUNS // BLOCKS
    figures = summary(_runs(block * share, share))
    assert figures["faults"] == []
    assert figures["runs"] == share


def test_the_runs_are_what_they_claim_to_be() -> None:
    """Every kind of fault, three in ten on lines, and much that happens in them."""
    runs = _runs(0, 70)
    assert Counter(one.kind for one in runs) == dict.fromkeys(KINDS, 10)
    assert sum(one.lines for one in runs) == 21
    counts = summary(runs)["counts"]
    assert counts["granted"] >= 40
    assert counts["text delivered"] >= 20
    assert counts["port opened again"] >= 1
    assert all(one.counts["reboots"] == 1 for one in runs if one.kind is Kind.REBOOT)


def test_a_seed_is_repeated_exactly() -> None:
    assert run(17) == run(17)


# -- it must be able to fail


class _NeverUnkeys(TerminalCore):
    """Forgets ``AT+CUTXC``, and says that the press has ended."""

    def end(self, request: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        return [TxEnded(demand=request, cause="released")]


class _KeysAgain(TerminalCore):
    """Takes the press up again once the radio is back."""

    _last: KeyDemand | None = None

    def demand(self, wanted: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        self._last = wanted
        return super().demand(wanted, now)

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        return super().opened(now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        events = super().tick(now)
        if self._last is not None and not self.keyed and not self.state.why_not_ready():
            again, self._last = self._last, None
            events += super().demand(again, now)
        return events


class _ClaimsDelivery(TerminalCore):
    """Calls a text delivered that it has only handed in."""

    def send_text(self, message: MessageId, to: int, text: str, now: MonoMs) -> list[RadioEvent]:
        events = super().send_text(message, to, text, now)
        return [*events, SendProgress(message=message, state=SendState.DELIVERED)]


class _KeysAnywhere(TerminalCore):
    """Does not look where the radio is before it keys."""

    def demand(self, wanted: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        calls = [call for call in self.state.calls.values() if call.group is not None]
        group = calls[0].group if calls else self.state.selected
        events = super().demand(KeyDemand(demand=wanted.demand, group=group or wanted.group), now)
        return events


class _Hoards(TerminalCore):
    """Keeps every line for ever."""

    def __init__(self, *, own_number: int | None = None, wanted_group: int | None = None) -> None:
        super().__init__(own_number=own_number, wanted_group=wanted_group)
        self.kept: list[bytes] = []

    def receive(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        self.kept += [data] * 50
        return super().receive(data, now)


class _Stumbles(TerminalCore):
    """Fails at a line that it does not know."""

    def receive(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        if b"+ENCR" in data:
            raise ValueError("what is ENCR?")
        return super().receive(data, now)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_NeverUnkeys, "keyed, and nobody presses"),
        (_KeysAgain, "was written, and nobody presses"),
        (_ClaimsDelivery, "nobody reported it"),
        (_KeysAnywhere, f"and the target is {GROUP}"),
        (_Hoards, "the core holds"),
        (_Stumbles, "what is ENCR?"),
    ],
)
def test_a_broken_core_is_caught(broken: type[TerminalCore], words: str) -> None:
    for seed in range(140):
        made = run(seed, lambda: broken(own_number=OWN, wanted_group=GROUP))
        if any(words in fault for fault in made.faults):
            return
    pytest.fail(f"{broken.__name__} was not caught in 140 runs")


def test_a_second_end_and_a_foreign_end_are_breaches() -> None:
    watch = Watch(target=GROUP)
    watch.press("r-0")
    ended = TxEnded(demand=RequestId("r-0"), cause="released")
    watch.told([ended], 1.0)
    assert watch.faults == []
    watch.told([ended, TxEnded(demand=RequestId("r-9"), cause="released")], 2.0)
    assert ["twice" in fault or "nobody made" in fault for fault in watch.faults] == [True, True]


def test_a_name_that_was_cut_in_two_is_known_and_its_reports_too() -> None:
    """Where a radio's limit came damaged, a text goes in many small parts."""
    watch = Watch(target=GROUP)
    watch.sends("m-1")
    watch.sends("m-12")
    for number, text in enumerate(("Enhet m-1", "2 till "), 1):
        body = text.encode("latin-1").hex().upper()
        watch.line("AT+CMGS=1210204,200", pressed_at_its_begin=False, now=1.0)
        part = f"8A0C{number + 6:02X}0105000307{2:02X}{number:02X}{body}"
        watch.line(part, pressed_at_its_begin=False, now=1.0)
    assert watch.messages == {"m-1": set(), "m-12": {(1210204, 7), (1210204, 8)}}
    delivered = SendProgress(message=MessageId("m-12"), state=SendState.DELIVERED)
    watch.reported.add((1210204, 7))
    watch.told([delivered], 2.0)
    assert len(watch.faults) == 1
    watch.reported.add((1210204, 8))
    watch.told([delivered], 3.0)
    assert len(watch.faults) == 1


# -- what the runs have found


def test_a_demand_that_waits_for_the_line_is_taken_back_with_its_call() -> None:
    wire = opened(own_number=1210200)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310201,0", "+CDTXC: 1,0")
    wire.hold = True  # the line is busy: not one byte leaves
    wire.demand("r-1")
    wire.say("+CTCR: 1,9", "+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310202,0")
    wire.hold = False
    wire.run(3_000)
    assert [line for line in wire.written() if "CTXD" in line or "ATD" in line] == []


def test_a_grant_before_its_demand_was_written_and_lost_again_keys_nothing() -> None:
    wire = opened(own_number=1210200)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310201,0", "+CDTXC: 1,0")
    wire.hold = True
    wire.demand("r-1")
    wire.say("+CTXG: 1,0,0,0", "+CTXG: 1,3,0,0,0,1210207")
    wire.hold = False
    wire.run(3_000)
    assert [line for line in wire.written() if "CTXD" in line] == []
    assert not wire.core.keyed


def test_a_grant_in_a_call_whose_number_was_misread_is_undone() -> None:
    wire = opened(own_number=1210200)
    wire.demand("r-1")
    wire.run(100)
    wire.answers["AT+CUTXC=11"] = ["+CME ERROR: 3"]
    wire.say("+CTOCP: 11,0,0,1,1,0,1,1", "+CTCC: 1,1,1,0,0,1,1")  # both lines are of call 1
    wire.run(300)
    wire.written()
    wire.say("+CTXG: 1,0,0,0")
    wire.run(100)
    assert wire.written() == ["AT+CUTXC=1"]
    assert not wire.core.keyed


def test_a_withdrawal_is_made_sure_and_another_talkers_end_is_no_answer_to_it() -> None:
    wire = opened(own_number=1210200)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310201,0")
    wire.demand("r-1")
    wire.run(50)
    wire.say("+CTXG: 1,2,0,0")
    wire.mute.add("AT+CUTXC=1")
    wire.end("r-1")
    wire.say("+CDTXC: 1,0")
    assert wire.core.keyed
    wire.mute.clear()
    wire.run(500)
    assert not wire.core.keyed
    wire.written()
    wire.run(3_000)
    assert wire.written().count("AT+CUTXC=1") == 1


def test_a_call_that_comes_up_behind_a_withdrawn_one_is_not_taken_for_its_group() -> None:
    wire = opened(own_number=1210200)
    wire.demand("r-1")
    wire.run(50)
    wire.end("r-1")
    wire.run(100)
    wire.say("+CTCC: 1,1,1,0,0,1,1")  # the line that named its group was lost
    wire.run(500)
    assert "AT+CUTXC=1" in wire.written()
    wire.told()
    wire.demand("r-2")
    wire.run(500)
    refused = wire.told()[-1]
    assert isinstance(refused, TxNotSent)
    assert refused.reason == "radio is in a call on a group that is not known"
    assert not [line for line in wire.written() if "CTXD" in line or "ATD" in line]


def test_a_refused_demand_is_withdrawn_all_the_same_as_the_error_may_be_anothers() -> None:
    wire = opened(own_number=1210200)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310201,0", "+CDTXC: 1,0")
    wire.mute.add("AT+CTXD=1,0")
    wire.demand("r-1")
    wire.say("+CME ERROR: 35")  # of a line before; the demand's OK and its grant are lost
    assert isinstance(wire.told()[-1], TxRefused)
    wire.run(6_000)
    assert wire.written().count("AT+CUTXC=1") == 1
    assert not wire.core.keyed


def test_a_number_that_was_hung_up_in_vain_is_withdrawn_from_the_call_that_it_joined() -> None:
    wire = opened(own_number=1210200)
    wire.demand("r-1")
    wire.run(40)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,30201,0")  # a digit of 310201 was lost
    wire.run(200)
    assert "ATH" in wire.written()
    wire.say("+CTXG: 1,2,0,0")
    wire.run(100)
    assert wire.written() == ["AT+CUTXC=1"]


def _let_go_and_ceased(*, lost: bool) -> Wire:
    wire = opened(own_number=1210200)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310201,0", "+CDTXC: 1,0")
    wire.demand("r-1")
    wire.run(50)
    wire.say("+CTXG: 1,0,0,0")
    assert wire.core.on_air == "r-1"
    if lost:
        wire.mute.add("AT+CUTXC=1")
    wire.end("r-1")
    wire.say("+CDTXC: 1,0")
    assert not wire.core.keyed
    wire.run(1_000)
    wire.mute.clear()
    wire.run(6_000)
    return wire


def test_an_over_that_ceased_is_unkeyed_again_where_the_unkey_was_not_answered() -> None:
    """The line may have been another call's, or have told of something else."""
    assert _let_go_and_ceased(lost=True).written().count("AT+CUTXC=1") == 2
    assert _let_go_and_ceased(lost=False).written().count("AT+CUTXC=1") == 1


def test_a_late_unkey_holds_the_guard_until_it_is_answered() -> None:
    wire = opened(own_number=1210200)
    wire.say("+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,310201,0", "+CDTXC: 1,0")
    wire.demand("r-1")
    wire.run(50)
    wire.end("r-1")
    wire.run(100)
    assert not wire.core.keyed
    wire.mute.add("AT+CUTXC=1")
    wire.say("+CTXG: 1,0,0,0")
    assert b"AT+CUTXC=1" in wire.core.guard_bytes()
    wire.run(300)
    wire.mute.clear()
    wire.run(700)
    assert not wire.core.keyed


def test_a_long_life_does_not_fill_the_core() -> None:
    """Thousands of calls, messages and presses: as much is held in the end as at the start."""
    wire = opened(own_number=1210200)
    sizes = []
    for turn in range(6):
        for number in range(300):
            _busy_second(wire, turn * 300 + number)
        wire.run(70_000)
        wire.events.clear()
        wire.raw.clear()
        wire.host.clear()
        sizes.append(size_of(wire.core))
    assert sizes[-1] <= sizes[1] + 50


def _busy_second(wire: Wire, number: int) -> None:
    instance = number % 9
    wire.say(
        f"+CTICN: {instance},0,0,0,{1210000 + number},1,1,0,1,1,0,310201,0",
        f"+CTXG: {instance},3,0,0,0,{1210000 + number}",
        f"+CTSDSR: 12,{1210000 + number},0,1210200,0,64",
        f"8202{number % 256:02X}0141424344",
        f"+CTSDSR: 12,{1210000 + number},0,1210200,0,112",
        f"8A02{number % 256:02X}01050003{number % 256:02X}020141424344",
        f"+CDTXC: {instance},0",
        f"+CTCR: {instance},13",
    )
    wire.demand(f"r-{number}")
    wire.run(200)
    wire.end(f"r-{number}")
    wire.run(300)
    wire.take(wire.core.send_text(MessageId(f"m-{number}"), 1210204, "x", MonoMs(wire.now)))
    wire.run(500)

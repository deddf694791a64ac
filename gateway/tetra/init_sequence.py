"""Starting a terminal: what is asked, in which order, and what each answer means.

A generator yields steps and gets results; it looks at no clock. It probes and assumes nothing: a
command that a radio does not know is passed over. ``ATZ`` is never sent, it restarts some radios.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

from gateway.tetra import tables
from gateway.tetra.command_queue import Result
from gateway.tetra.pei_grammar import parse_own_number
from gateway.tetra.pei_lines import (
    Groups,
    Info,
    OwnNumber,
    PeiLine,
    SendLimits,
    Unknown,
)
from gateway.tetra.radio_state import RadioState, ssi

MAX_PROBES = 10
"""How often a radio that does not answer is asked."""
PROBE_PAUSE_MS = 200
"""Pause after the first CR, and after an answer that is only noise."""
PROBE_TIMEOUT_MS = 1_000
_INDIVIDUAL = frozenset({0, 6})

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Send a command and give its result back."""

    text: str
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait; the result is empty."""

    pause_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFailed:
    """How a start ended in vain. ``refused``: opening the port again will not help."""

    reason: str
    refused: bool = False


Steps = Generator[Ask | Pause, Result, StartFailed | None]


def start_up(state: RadioState, *, expected_number: int | None, wanted_group: int | None) -> Steps:
    """Bring a terminal into service; fills ``state``, returns what went wrong, None if nothing."""
    if not (yield from _probe()):
        return StartFailed(reason="radio does not answer")
    yield Ask(text="ATE0")
    yield from _identify(state)
    locked = yield from _pin()
    if locked:
        return StartFailed(reason="radio asks for a PIN", refused=True)
    yield Ask(text="AT+CTOM?")
    wrong = yield from _own_number(state, expected_number)
    if wrong:
        return StartFailed(reason=wrong, refused=True)
    yield from _services()
    yield from _groups(state, wanted_group)
    if state.mode in tables.TRUNKED_MODES:
        yield Ask(text="AT+CREG=2")
        yield Ask(text="AT+CREG?")
    if state.mode in tables.SIGNAL_MODES:
        yield Ask(text="AT+CSQ?")
    limits = _first((yield Ask(text="AT+CMGS=?")).answers, SendLimits)
    if limits is not None:
        state.max_payload_bits = min(limits.max_bits, tables.MAX_SDS_BITS)
    return None


def register_again() -> Steps:
    """Ask for the services once more, and for what may have changed: a radio that was away."""
    yield from _services()
    yield Ask(text="AT+CTGS?")
    yield Ask(text="AT+CREG?")
    return None


def _probe() -> Generator[Ask | Pause, Result, bool]:
    yield Pause(pause_ms=PROBE_PAUSE_MS)
    for _attempt in range(MAX_PROBES):
        result = yield Ask(text="AT", timeout_ms=PROBE_TIMEOUT_MS)
        if result.ok:
            return True
        if not result.timed_out:
            yield Pause(pause_ms=PROBE_PAUSE_MS)
    return False


def _identify(state: RadioState) -> Generator[Ask | Pause, Result, None]:
    answers: dict[str, tuple[str, ...]] = {}
    for name in ("GMI", "GMM", "GMR"):
        for form in (f"AT+{name}?", f"AT+{name}"):
            result = yield Ask(text=form)
            info = _first(result.answers, Info)
            if result.ok and info is not None and info.name == name:
                answers[name] = info.fields
                break
    maker = "".join(answers.get("GMI", ())[:1])
    model = answers.get("GMM", ())
    hardware = model[1:2] or model[:1]
    state.model = " ".join(part for part in (maker, *hardware) if part)
    state.firmware = "".join(answers.get("GMR", model[2:3])[:1])


def _pin() -> Generator[Ask | Pause, Result, bool]:
    info = _first((yield Ask(text="AT+CPIN?")).answers, Info)
    if info is None or info.name != "CPIN":
        return False
    text = " ".join(info.fields).upper()
    return "UNLOCKED" not in text and "READY" not in text


def _own_number(state: RadioState, expected: int | None) -> Generator[Ask | Pause, Result, str]:
    result = yield Ask(text="AT+CNUMF?")
    numbers = [_as_number(line) for line in result.answers]
    own = next(
        (
            number.address.ssi
            for number in numbers
            if number is not None and number.number_type in _INDIVIDUAL
        ),
        None,
    )
    if own is not None:
        state.own_number = own
    state.gateways = {
        number.number_type: number.address.ssi
        for number in numbers
        if number is not None and number.number_type in (tables.NUMBER_PSTN, tables.NUMBER_PABX)
    }
    if own is None or expected is None or own == expected:
        return ""
    return f"radio's own number is {own}, the plan says {expected}"


def _as_number(line: PeiLine) -> OwnNumber | None:
    if isinstance(line, Unknown):
        return parse_own_number(line.text)
    return line if isinstance(line, OwnNumber) else None


def _services() -> Generator[Ask | Pause, Result, None]:
    for service in tables.SERVICE_PROFILES:
        result = yield Ask(text=f"AT+CTSP={service}")
        status, fallback = tables.STATUS_SERVICE
        if service == status and not result.ok and result.code != 38:
            yield Ask(text=f"AT+CTSP={fallback}")


def _groups(state: RadioState, wanted: int | None) -> Generator[Ask | Pause, Result, None]:
    groups = _first((yield Ask(text="AT+CTGS?")).answers, Groups)
    selected = None if groups is None else ssi(groups.selected)
    if wanted is None or selected == wanted:
        return
    result = yield Ask(text=f"AT+CTGS=1,{wanted}")
    if result.ok:
        yield Ask(text="AT+CTGS?")


def _first(lines: Iterable[object], kind: type[Line]) -> Line | None:
    return next((line for line in lines if isinstance(line, kind)), None)

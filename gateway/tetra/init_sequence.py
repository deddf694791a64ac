"""Starting a terminal: what is asked, in which order, and what each answer means.

It probes and assumes nothing: a command that a radio does not know is passed over, and not sent
again. ``ATZ`` is never sent, it restarts some radios. A PIN is never tried.
"""

from collections.abc import Generator

from gateway.tetra import answers, tables
from gateway.tetra.command_queue import Result
from gateway.tetra.pei_lines import Groups, Info, Mode, SendLimits
from gateway.tetra.profiles import choose
from gateway.tetra.radio_state import RadioState, ssi
from gateway.tetra.start_steps import Ask, Pause, StartFailed, Steps, ask, first

MAX_PROBES = 10
"""How often a radio that does not answer is asked."""
PROBE_PAUSE_MS = 200
"""Pause after the first CR, and after an answer that is only noise."""
PROBE_TIMEOUT_MS = 1_000
MODE_PAUSE_MS = 500
MODE_LOOKS = 20
"""A change of the mode can take seconds: so often it is looked whether it is done."""
_INDIVIDUAL = frozenset({0, 6})


def start_up(
    state: RadioState,
    *,
    expected_number: int | None,
    wanted_group: int | None,
    wanted_mode: int | None = None,
    mode_failed: str = "",
) -> Steps:
    """Bring a terminal into service; fills ``state``, returns what went wrong, None if nothing.

    ``mode_failed`` is why it did not change its mode before: then it is left in the one it is in.
    """
    if not (yield from _probe()):
        return StartFailed(reason="radio does not answer")
    yield Ask(text="ATE0")
    yield from _identify(state)
    for line in state.profile.start:
        yield from ask(state, line)
    locked = yield from _pin(state)
    if locked:
        return StartFailed(reason=locked, refused=True)
    wrong = yield from _mode(state, wanted_mode, mode_failed)
    if wrong:
        return StartFailed(reason=wrong, refused=True, in_mode=True)
    wrong = yield from _own_number(state, expected_number)
    if wrong:
        return StartFailed(reason=wrong, refused=True)
    yield from _services(state)
    yield from _groups(state, wanted_group)
    yield from _network(state)
    limits = first((yield from ask(state, "AT+CMGS=?")).answers, SendLimits)
    if limits is not None:
        state.max_payload_bits = min(limits.max_bits, tables.MAX_SDS_BITS)
    yield from _group_lists(state)
    return None


def register_again(state: RadioState) -> Steps:
    """Ask for the services once more, and for what may have changed: a radio that was away."""
    yield from _services(state)
    yield from ask(state, "AT+CTGS?")
    if state.mode in tables.TRUNKED_MODES:
        yield from ask(state, "AT+CREG?")
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
    """Ask who the radio is; the profile follows from that, unless the plan names one."""
    told: dict[str, tuple[str, ...]] = {}
    for name in ("GMI", "GMM", "GMR"):
        for form in state.profile.identity_forms:
            result = yield from ask(state, form.format(name=name))
            info = first(result.answers, Info)
            if result.ok and info is not None and info.name == name:
                told[name] = info.fields
                break
    maker = "".join(told.get("GMI", ())[:1])
    model = told.get("GMM", ())
    hardware = model[1:2] or model[:1]
    state.model = " ".join(part for part in (maker, *hardware) if part)
    state.firmware = "".join(told.get("GMR", model[2:3])[:1])
    state.profile = choose(state.wanted_profile, maker)


def _pin(state: RadioState) -> Generator[Ask | Pause, Result, str]:
    """Return why the radio is barred by a PIN or its SIM, in words; empty where it is not."""
    info = first((yield from ask(state, "AT+CPIN?")).answers, Info)
    if state.barred or info is None or info.name != "CPIN":
        return state.barred
    text = " ".join(info.fields).upper()
    return "" if "UNLOCKED" in text or "READY" in text else "radio asks for a PIN"


def _mode(
    state: RadioState, wanted: int | None, failed: str
) -> Generator[Ask | Pause, Result, str]:
    """Read the operating mode, and set it where the plan asks for another."""
    told = first((yield from ask(state, "AT+CTOM?")).answers, Mode)
    if wanted is None or (told is not None and told.mode == wanted):
        return ""
    if failed:
        return failed
    words = tables.AI_MODE_WORDS.get(wanted, str(wanted))
    result = yield from ask(state, f"AT+CTOM={wanted}")
    if result.final is not None and not result.ok:
        return f"radio cannot be set to {words}"
    for _look in range(MODE_LOOKS):
        yield Pause(pause_ms=MODE_PAUSE_MS)
        told = first((yield from ask(state, "AT+CTOM?")).answers, Mode)
        if told is not None and told.mode == wanted:
            return ""
    is_in = "an unknown mode" if told is None else tables.AI_MODE_WORDS.get(told.mode, told.mode)
    return f"radio is in {is_in}, the plan says {words}"


def _own_number(state: RadioState, expected: int | None) -> Generator[Ask | Pause, Result, str]:
    result = yield from ask(state, "AT+CNUMF?")
    numbers = answers.own_numbers(result.answers)
    own = next((one.address.ssi for one in numbers if one.number_type in _INDIVIDUAL), None)
    if own is not None:
        state.own_number = own
    state.gateways = {
        one.number_type: one.address.ssi
        for one in numbers
        if one.number_type in (tables.NUMBER_PSTN, tables.NUMBER_PABX)
    }
    if own is None or expected is None or own == expected:
        return ""
    return f"radio's own number is {own}, the plan says {expected}"


def _services(state: RadioState) -> Generator[Ask | Pause, Result, None]:
    """Register for everything; the first status service that the radio takes serves."""
    for service in state.profile.services[:2]:
        yield from ask(state, f"AT+CTSP={service}")
    for service in state.profile.status_services:
        result = yield from ask(state, f"AT+CTSP={service}")
        if result.ok or result.code == tables.CME_ALREADY_REGISTERED:
            break
    for service in state.profile.services[2:]:
        yield from ask(state, f"AT+CTSP={service}")


def _groups(state: RadioState, wanted: int | None) -> Generator[Ask | Pause, Result, None]:
    groups = first((yield from ask(state, "AT+CTGS?")).answers, Groups)
    selected = None if groups is None else ssi(groups.selected)
    if wanted is None or selected == wanted:
        return
    result = yield from ask(state, f"AT+CTGS=1,{wanted}")
    if result.ok:
        yield from ask(state, "AT+CTGS?")


def _network(state: RadioState) -> Generator[Ask | Pause, Result, None]:
    if state.mode in tables.TRUNKED_MODES:
        yield from ask(state, "AT+CREG=2")
        yield from ask(state, "AT+CREG?")
    if state.mode in tables.SIGNAL_MODES:
        yield from ask(state, "AT+CSQ?")


def _group_lists(state: RadioState) -> Generator[Ask | Pause, Result, None]:
    """Read the programmed groups over the whole range that the radio states, and the dynamic."""
    limits = answers.ranges((yield from ask(state, "AT+CNUMS=?")).answers, "CNUMS")
    last = limits[-1].rpartition("-")[2].strip() if limits else ""
    if last.isascii() and last.isdecimal():
        yield from ask(state, f"AT+CNUMS=0,1,{last}")
    result = yield from ask(state, "AT+CNUMS?", listing=True)
    if result.ok:
        state.static_groups = answers.known_groups(result.answers, "CNUMS")
    result = yield from ask(state, "AT+CNUMD?", listing=True)
    if result.ok:
        state.dynamic_groups = answers.known_groups(result.answers, "CNUMD")

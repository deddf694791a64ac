"""Never elsewhere: whether the radio is where a press wants to be heard."""

from dataclasses import dataclass

from gateway.model.radio import KeyDemand
from gateway.tetra.radio_state import Call, RadioState


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Why nothing may be keyed, in words, with the group that the radio is on."""

    reason: str
    radio_group: int | None = None


def is_target(call: Call, wanted: KeyDemand) -> bool:
    """Whether a call is the one that a press wants to be heard in."""
    if wanted.individual is not None:
        return call.private and call.instance == wanted.individual
    return not call.private and call.group == wanted.group


def target_call(state: RadioState, wanted: KeyDemand) -> Call | None:
    """Return the running call of a press, None where there is none."""
    return next((call for call in state.calls.values() if is_target(call, wanted)), None)


def elsewhere(state: RadioState, wanted: KeyDemand) -> Elsewhere | None:
    """Return why a press cannot be keyed now, None where it can.

    A running call decides; with no call up, the selected group does. A call that only rings is no
    running call: the radio takes part in it once it is answered.
    """
    reason = state.why_not_ready() or state.private_busy
    if reason:
        return Elsewhere(reason=reason)
    calls = [call for call in state.calls.values() if not call.ringing]
    for call in calls:
        if not is_target(call, wanted):
            return _in_call(call)
    if wanted.individual is not None:
        return _private(state.calls.get(wanted.individual))
    if calls or state.selected == wanted.group:
        return None
    if state.selected is None:
        return Elsewhere(reason="radio is on no known group")
    return Elsewhere(reason=f"radio is on {state.selected}", radio_group=state.selected)


def _private(call: Call | None) -> Elsewhere | None:
    """Return why nobody can talk in this private call by a press."""
    if call is None:
        return Elsewhere(reason="the private call is over")
    if call.ringing:
        return Elsewhere(reason="the private call is not answered")
    if not call.connected:
        return Elsewhere(reason="the private call is not connected")
    if call.duplex:
        return Elsewhere(reason="both talk in this call: nothing is pressed")
    return None


def _in_call(call: Call) -> Elsewhere:
    if call.private:
        return Elsewhere(reason="radio is in a private call")
    if call.group is None:
        return Elsewhere(reason="radio is in a call on a group that is not known")
    return Elsewhere(reason=f"radio is on {call.group}", radio_group=call.group)

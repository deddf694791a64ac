"""Never elsewhere: whether the radio is where a press wants to be heard."""

from dataclasses import dataclass

from gateway.tetra.radio_state import Call, RadioState


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Why nothing may be keyed, in words, with the group that the radio is on."""

    reason: str
    radio_group: int | None = None


def elsewhere(state: RadioState, group: int) -> Elsewhere | None:
    """Return why ``group`` cannot be keyed now, None where it can.

    A running call decides; with no call up, the selected group does.
    """
    reason = state.why_not_ready()
    if reason:
        return Elsewhere(reason=reason)
    for call in state.calls.values():
        if call.group != group:
            return _in_call(call)
    if state.calls or state.selected == group:
        return None
    if state.selected is None:
        return Elsewhere(reason="radio is on no known group")
    return Elsewhere(reason=f"radio is on {state.selected}", radio_group=state.selected)


def _in_call(call: Call) -> Elsewhere:
    if call.private:
        return Elsewhere(reason="radio is in a private call")
    if call.group is None:
        return Elsewhere(reason="radio is in a call on a group that is not known")
    return Elsewhere(reason=f"radio is on {call.group}", radio_group=call.group)

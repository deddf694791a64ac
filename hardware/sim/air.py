"""Carries actions to simulated radios: what people, the network and a hand at the radio do."""

from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.model.errors import ConfigError
from gateway.tetra.tables import AiMode, Registration
from hardware.sim.actions import Action
from hardware.sim.channel import Talk
from hardware.sim.pei_calls import GrantPolicy
from hardware.sim.pei_lists import change_mode, give_group, show_repeater, take_group
from hardware.sim.pei_payloads import LOCATION_BITS, location_bits, text_payload
from hardware.sim.pei_private import Caller, PeerPolicy
from hardware.sim.pei_radio import SimulatedRadio
from hardware.sim.speech import Sound, clip

PAUSE_BETWEEN_CLIPS_MS = 400.0
SDS_TYPE_4, STATUS = 12, 13
TEXT_PID = 130
REASON_PTT, REASON_EMERGENCY = 3, 2
EMERGENCY_PRIORITY = 15
NOISE_STEP_MS = 50.0
_WITH_SOUND = frozenset(
    {"talk", "emergency", "ring", "call_private", "talk_private", "peer_answer"}
)


class Air:
    """The world around the radios of one scenario."""

    def __init__(self, radios: Sequence[SimulatedRadio], folder: Path) -> None:
        """Play to ``radios``; WAV files are looked for in ``folder``."""
        self._radios = radios
        self._folder = folder

    def act(self, action: Action, now: float) -> int:
        """Do one action; returns how many radios took it. ConfigError names what is missing."""
        chosen = self._chosen(action.text("radio"))
        act = _ACTS.get(action.do)
        if action.do in _WITH_SOUND:
            return self._voice(action, chosen, now)
        if act is None:
            raise ConfigError(f"action {action.do!r} belongs to the port, not to the air")
        taken = 0
        for radio in chosen:
            radio.tick(now)
            taken += bool(act(radio, action, now))
        return taken

    def _chosen(self, name: str) -> list[SimulatedRadio]:
        chosen = [one for one in self._radios if not name or one.chassis.settings.name == name]
        if not chosen:
            known = ", ".join(one.chassis.settings.name for one in self._radios)
            raise ConfigError(f"radio: expected one of {known}; got {name!r}")
        return chosen

    def _voice(self, action: Action, chosen: Sequence[SimulatedRadio], now: float) -> int:
        sound = self._sound(action)
        taken = 0
        for radio in chosen:
            radio.tick(now)
            if action.do in ("ring", "call_private"):
                heard = radio.calls.ring(_caller(action, sound))
            elif action.do == "talk_private":
                heard = radio.calls.talk_private(sound)
            elif action.do == "peer_answer":
                heard = _peer_answer(radio, action, sound)
            else:
                heard = _talk(radio, action, sound, now)
            taken += heard
        return taken

    def _sound(self, action: Action) -> Sound:
        length_ms = action.number("for_s", 3.0) * 1000.0
        if said := action.texts("say"):
            parts = [clip(said[0])]
            for name in said[1:]:
                parts += [Sound.silence(PAUSE_BETWEEN_CLIPS_MS), clip(name)]
            return Sound.joined(parts)
        if path := action.text("wav"):
            return Sound.wav(self._folder / path)
        if hz := action.maybe_number("tone_hz"):
            return Sound.tone(hz, length_ms, action.number("level_dbfs", -20.0))
        return Sound.silence(length_ms)


def _speaks(action: Action) -> bool:
    return any(name in action.values for name in ("say", "wav", "tone_hz", "for_s"))


def _caller(action: Action, sound: Sound) -> Caller:
    plain = action.do == "ring"
    return Caller(
        unit=action.maybe_whole("unit"),
        digits=action.text("digits"),
        duplex=plain or action.values.get("duplex") is not False,
        rings=plain or action.values.get("rings") is not False,
        priority=action.whole("priority", 0),
        encrypted=action.flag("encrypted"),
        sound=sound if plain or _speaks(action) else None,
    )


def _peer_answer(radio: SimulatedRadio, action: Action, sound: Sound) -> bool:
    usual = PeerPolicy()
    policy = PeerPolicy(
        answer=action.text("answer", usual.answer),
        after_ms=action.number("after_ms", usual.after_ms),
        sound=sound if _speaks(action) else None,
    )
    radio.calls.peers.extend([policy] * action.whole("times", 1))
    return True


def _talk(radio: SimulatedRadio, action: Action, sound: Sound, now: float) -> bool:
    emergency = action.do == "emergency"
    group = action.whole("group", 0)
    if emergency and not radio.chassis.listens_to(group):
        return False
    if emergency:
        _send_status(radio, action, 0)
        _send_place(radio, action, REASON_EMERGENCY)
    talk = Talk(
        group=group,
        unit=action.maybe_whole("unit"),
        sound=sound,
        priority=action.whole("priority", EMERGENCY_PRIORITY if emergency else 0),
        encrypted=action.flag("encrypted"),
        hang_ms=action.maybe_number("hang_ms"),
        preempt=action.flag("preempt") or emergency,
    )
    heard = radio.calls.hear(talk)
    if not heard and radio.chassis.listens_to(group):
        radio.chassis.truth.note("missed", now, group=group, unit=talk.unit)
    return heard


def _receiver(radio: SimulatedRadio, action: Action) -> int:
    return action.whole("to", radio.chassis.settings.issi)


def _text(radio: SimulatedRadio, action: Action, now: float) -> bool:
    reference = action.maybe_whole("reference")
    if reference is None:
        reference = radio.messages.next_reference()
    pid = action.whole("pid", TEXT_PID)
    payload = text_payload(action.text("text"), pid, reference, action.text("report"))
    return radio.messages.arrive(
        action.whole("unit", 0),
        _receiver(radio, action),
        payload,
        len(payload) * 4,
        service=SDS_TYPE_4,
    )


def _send_status(radio: SimulatedRadio, action: Action, value: int) -> bool:
    unit = action.whole("unit", 0)
    to = _receiver(radio, action)
    return radio.messages.arrive(unit, to, f"{value:04X}", 16, service=STATUS)


def _status(radio: SimulatedRadio, action: Action, now: float) -> bool:
    return _send_status(radio, action, action.whole("value", 0))


def _send_place(radio: SimulatedRadio, action: Action, reason: int) -> bool:
    unit = action.whole("unit", 0)
    home = radio.messages.places.get(unit)
    payload = location_bits(
        latitude_deg=action.number("latitude_deg", home.latitude_deg if home else 0.0),
        longitude_deg=action.number("longitude_deg", home.longitude_deg if home else 0.0),
        error_m=action.number("error_m", 20.0),
        speed_kmh=action.maybe_number("speed_kmh"),
        direction_deg=action.number("direction_deg", 0.0),
        elapsed=action.whole("elapsed", 0),
        reason=action.whole("reason", reason),
    )
    return radio.messages.arrive(
        unit, _receiver(radio, action), payload, LOCATION_BITS, service=SDS_TYPE_4
    )


def _position(radio: SimulatedRadio, action: Action, now: float) -> bool:
    return _send_place(radio, action, REASON_PTT)


def _sds(radio: SimulatedRadio, action: Action, now: float) -> bool:
    payload = action.text("hex").upper()
    service = action.whole("service", SDS_TYPE_4)
    bits = action.whole("bits", len(payload) * 4)
    unit = action.maybe_whole("unit")
    return radio.messages.arrive(unit, _receiver(radio, action), payload, bits, service=service)


def _grant(radio: SimulatedRadio, action: Action, now: float) -> bool:
    usual = GrantPolicy()
    policy = GrantPolicy(
        answer=action.text("answer", usual.answer),
        after_ms=action.maybe_number("after_ms"),
        permission=action.whole("permission", usual.permission),
        then=action.text("then", usual.then),
        then_ms=action.number("then_ms", usual.then_ms),
        late_grant_ms=action.maybe_number("late_grant_ms"),
        unit=action.maybe_whole("unit"),
        cause=action.whole("cause", usual.cause),
        error=action.whole("error", usual.error),
    )
    radio.calls.policies.extend([policy] * action.whole("times", 1))
    return True


def _permit(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.calls.permit(action.whole("permission", 0))
    return True


def _release(radio: SimulatedRadio, action: Action, now: float) -> bool:
    if radio.calls.call is None:
        return radio.calls.withdraw(action.whole("cause", 13))
    radio.calls.release(action.whole("cause", 13))
    return True


def _withdraw(radio: SimulatedRadio, action: Action, now: float) -> bool:
    return radio.calls.withdraw(action.whole("cause", 13))


def _dgna(radio: SimulatedRadio, action: Action, now: float) -> bool:
    group = action.whole("group", 0)
    if action.values.get("on") is False:
        return take_group(radio.chassis, group)
    give_group(radio.chassis, group, action.text("name", f"DGNA {group}"))
    return True


def _mode(radio: SimulatedRadio, action: Action, now: float) -> bool:
    change_mode(radio.parts, AiMode(action.whole("mode", 0)))
    return True


def _repeater(radio: SimulatedRadio, action: Action, now: float) -> bool:
    return show_repeater(radio.chassis, action.whole("address", 1001), action.whole("kind", 2))


def _cut(radio: SimulatedRadio, action: Action, now: float) -> bool:
    return radio.calls.quiet_talker()


def _knob(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.turn_knob(action.whole("group", 0), now)
    return True


def _scan(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.set_scan(action.wholes("groups"), now)
    return True


def _registration(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.set_registration(Registration(action.whole("stat", 1)), now)
    return True


def _inhibit(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.chassis.inhibited = action.flag("on")
    return True


def _peer(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.set_peer(action.whole("unit", 0), on=action.flag("on"))
    return True


def _fail_sends(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.messages.fail_next = action.whole("times", 0)
    return True


def _power(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.power_cycle(action.number("off_ms", 2_000.0), now)
    return True


def _deaf(radio: SimulatedRadio, action: Action, now: float) -> bool:
    chassis = radio.chassis
    chassis.deaf = True

    def hears_again() -> None:
        chassis.deaf = False

    chassis.later(action.number("for_ms", 0.0), hears_again)
    return True


def _line(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.chassis.say(*action.texts("text"))
    return True


def _bytes(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.chassis.write(bytes.fromhex(action.text("hex")))
    return True


def _noise(radio: SimulatedRadio, action: Action, now: float) -> bool:
    chassis = radio.chassis
    end = now + action.number("for_ms", 0.0)
    amount = max(1, round(action.whole("bytes_per_s", 2_000) * NOISE_STEP_MS / 1000.0))

    def burst() -> None:
        chassis.write(chassis.rng.randbytes(amount))
        if chassis.now + NOISE_STEP_MS < end:
            chassis.later(NOISE_STEP_MS, burst)

    burst()
    return True


def _long_line(radio: SimulatedRadio, action: Action, now: float) -> bool:
    radio.chassis.write(b"+CTXG: " + b"7" * action.whole("bytes", 1) + b"\r\n")
    return True


_ACTS: dict[str, Callable[[SimulatedRadio, Action, float], bool]] = {
    "text": _text,
    "status": _status,
    "position": _position,
    "sds": _sds,
    "grant": _grant,
    "permit": _permit,
    "release": _release,
    "withdraw": _withdraw,
    "dgna": _dgna,
    "mode": _mode,
    "repeater": _repeater,
    "cut": _cut,
    "knob": _knob,
    "scan": _scan,
    "registration": _registration,
    "inhibit": _inhibit,
    "peer": _peer,
    "fail_sends": _fail_sends,
    "power": _power,
    "deaf": _deaf,
    "line": _line,
    "bytes": _bytes,
    "noise": _noise,
    "long_line": _long_line,
}

"""Commands of the simulated radio about itself: modes, lists of numbers, cells, channels."""

from gateway.tetra.tables import AiMode, Registration
from hardware.sim.chassis import Chassis, Service
from hardware.sim.pei_grammar import AtCommand, AtError, Form, number
from hardware.sim.pei_parts import Answer, Command, Parts, creg_line, later

PSTN_GATEWAY = 16_777_184
MODE_CHANGE_MS = 300.0
LIST_LIMIT = 2_000
_PLAIN_MODES = frozenset({AiMode.TMO, AiMode.DMO, AiMode.TMO_WATCHING_DMO, AiMode.DMO_WATCHING_TMO})
DMO_CHANNELS = ("1,3206,301F,1,1", "2,3606,302F+,1,1", "61,0,,1,0")


def change_mode(parts: Parts, mode: AiMode) -> None:
    """Go over to another mode: the call is lost, and the host is told."""
    chassis = parts.chassis
    if mode is not chassis.mode:
        parts.calls.withdraw(1)
        parts.calls.release(1)
        chassis.mode = mode
    chassis.report(Service.GROUPS, f"+CTOM: {mode.value}")


def _ctom(parts: Parts, command: AtCommand) -> Answer:
    chassis = parts.chassis
    if command.form is Form.READ:
        return Answer(lines=(f"+CTOM: {chassis.mode.value}",))
    mode = AiMode(number(command.fields[0], 0, 6))
    if mode not in _PLAIN_MODES and mode.value not in chassis.settings.licences:
        raise AtError(3)
    return Answer(after=lambda: later(chassis, MODE_CHANGE_MS, lambda: change_mode(parts, mode)))


def _cfun(parts: Parts, command: AtCommand) -> Answer:
    chassis = parts.chassis
    if command.form is Form.READ:
        return Answer(lines=(f"+CFUN: {int(chassis.function_on)}",))
    on = number(command.text, 0, 1) == 1

    def switched() -> None:
        chassis.function_on = on
        if not on:
            parts.calls.withdraw(14)
            parts.calls.release(14)
        chassis.stat = Registration.HOME if on else Registration.SEARCHING
        chassis.say(creg_line(chassis))

    return Answer(after=lambda: later(chassis, MODE_CHANGE_MS, switched))


def _cnumf(parts: Parts, command: AtCommand) -> Answer:
    settings = parts.chassis.settings
    return Answer(lines=(f"+CNUMF: 6,{settings.tsi(settings.issi)}", f"2,{PSTN_GATEWAY}"))


def _shaped(chassis: Chassis, name: str, groups: dict[int, str]) -> tuple[str, ...]:
    """Return a list of groups as this radio writes it."""
    settings = chassis.settings
    rows = [f"1,{settings.tsi(ssi)},{label}" for ssi, label in groups.items()]
    if settings.list_shape == "each":
        return tuple(f"+{name}: {row}" for row in rows)
    if settings.list_shape == "count":
        spaced = [f"1,{settings.tsi(ssi)} ,{label}" for ssi, label in groups.items()]
        return (f"+{name}: {len(rows)}", *spaced)
    return (f"+{name}: {rows[0]}", *rows[1:]) if rows else ()


def _cnums(parts: Parts, command: AtCommand) -> Answer:
    if command.form is Form.TEST:
        return Answer(lines=(f"+CNUMS: (0),(1-{LIST_LIMIT}),(1-{LIST_LIMIT})",))
    if command.form is Form.SET:
        _range(command)
        return Answer()
    chassis = parts.chassis
    return Answer(lines=_shaped(chassis, "CNUMS", chassis.settings.known_groups))


def _cnumd(parts: Parts, command: AtCommand) -> Answer:
    if command.form is Form.TEST:
        return Answer(lines=("+CNUMD: (0,1,3),(1-10000),(1-10000)",))
    if command.form is Form.SET:
        _range(command)
        return Answer()
    chassis = parts.chassis
    return Answer(lines=_shaped(chassis, "CNUMD", chassis.dynamic))


def _range(command: AtCommand) -> None:
    if len(command.fields) != 3:
        raise AtError(35)
    for one in command.fields:
        number(one, 0, 10_000)


def give_group(chassis: Chassis, group: int, name: str) -> None:
    """Let the network give the radio a group (DGNA), or another name to one."""
    chassis.dynamic[group] = name
    chassis.report(Service.GROUPS, f"+CNUMD: 1,{chassis.settings.tsi(group)},{name}")


def take_group(chassis: Chassis, group: int) -> bool:
    """Let the network take a group back; False when it never gave it."""
    if chassis.dynamic.pop(group, None) is None:
        return False
    chassis.report(Service.GROUPS, f"+CNUMD: {len(chassis.dynamic)}")
    return True


def show_repeater(chassis: Chassis, address: int, kind: int) -> bool:
    """Write that a repeater or gateway is in sight; only DMO has such."""
    if chassis.mode not in (AiMode.DMO, AiMode.DMO_WATCHING_TMO):
        return False
    network = f"{chassis.settings.mcc}{chassis.settings.mnc:05d}"
    chassis.report(Service.VOICE, f"+CTDGR: {kind},{address},{network},0")
    return True


def _ctbct(parts: Parts, command: AtCommand) -> Answer:
    if not parts.chassis.registered or parts.chassis.mode is AiMode.DMO:
        raise AtError(30)
    return Answer(lines=("+CTBCT: 1,65535,0,1",))


def _cttct(parts: Parts, command: AtCommand) -> Answer:
    direct = parts.chassis.mode in (AiMode.DMO, AiMode.DMO_WATCHING_TMO)
    return Answer(lines=(f"+CTTCT: {int(direct)}",))


def _cxdcl(parts: Parts, command: AtCommand) -> Answer:
    return Answer(lines=tuple(f"+CXDCL: {row}" for row in DMO_CHANNELS))


def _gcli(parts: Parts, command: AtCommand) -> Answer:
    return Answer(lines=("+GCLI: 1", f"1,5AC2,{parts.chassis.settings.rssi},40"))


def _no_positioning(parts: Parts, command: AtCommand) -> Answer:
    raise AtError(50)


def _taken(parts: Parts, command: AtCommand) -> Answer:
    return Answer()


_SET, _READ, _TEST, _BARE = Form.SET, Form.READ, Form.TEST, Form.BARE
LISTS: dict[str, tuple[tuple[Form, ...], Command]] = {
    "CTOM": ((_SET, _READ), _ctom),
    "CFUN": ((_SET, _READ), _cfun),
    "CNUMF": ((_READ,), _cnumf),
    "CNUMS": ((_SET, _READ, _TEST), _cnums),
    "CNUMD": ((_SET, _READ, _TEST), _cnumd),
    "CTBCT": ((_READ,), _ctbct),
    "CTTCT": ((_READ,), _cttct),
    "CXDCL": ((_BARE,), _cxdcl),
    "GCLI": ((_READ,), _gcli),
    "GPSPOS": ((_READ,), _no_positioning),
    "MCDNTN": ((_SET,), _taken),
}
"""Extended commands: the forms they take, and what they do."""

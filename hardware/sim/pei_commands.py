"""The command table of the simulated radio: one function a command, AtError where it refuses."""

import datetime

from gateway.tetra.tables import AiMode, GroupType
from hardware.sim.chassis import Chassis, Service
from hardware.sim.flavours import VENDOR_COMMANDS
from hardware.sim.pei_calls import Profile
from hardware.sim.pei_grammar import AtCommand, AtError, Form, number, ssi_of
from hardware.sim.pei_lists import LISTS
from hardware.sim.pei_messages import MAX_BITS, MIN_BITS
from hardware.sim.pei_parts import Answer, Command, Parts, creg_line, group_line, later

MAX_DIAL_DIGITS = 25
GSN = "+GSN: 000000000000000"
PROFILE_LIMITS = (
    *((0, 13), (0, 5), (0, 0), (0, 1), (0, 1)),
    *((0, 1), (0, 3), (1, 4), (0, 1), (0, 15)),
)
"""CTSDC: service, called type, area, hook, simplex, e2ee, comms, slots, RqTx, priority."""


def answer(parts: Parts, command: AtCommand) -> Answer:
    """Carry out one command; raises AtError when the radio refuses it."""
    if parts.chassis.locked and command.name not in ("", "E", "CPIN", "GMI", "GMM", "GMR"):
        raise AtError(11)
    if not command.extended:
        return _basic(parts, command)
    known = TABLE.get(command.name)
    if known is None:
        raise AtError(4)
    if command.name in VENDOR_COMMANDS - parts.chassis.flavour.vendor_commands:
        raise AtError(4)
    forms, act = known
    if command.form not in forms:
        raise AtError(4 if command.form is Form.TEST else 35)
    return act(parts, command)


_WITH_VALUES = frozenset({"D", "E", "V", "Q", "I"})
"""Basic commands that take something behind their letter."""


def _basic(parts: Parts, command: AtCommand) -> Answer:
    name = command.name
    if command.text and name not in _WITH_VALUES:
        raise AtError(35)
    if name == "D":
        return _dial(parts, command.text)
    if name == "A":
        return Answer(after=parts.calls.answer())
    if name == "H":
        return Answer(after=parts.calls.hang_up())
    if name == "E":
        parts.chassis.echo = number(command.text or "0", 0, 1) == 1
    elif name in ("V", "Q"):
        number(command.text or "0", 0, 1)
    elif name in ("Z", "&F", "R"):
        return _reset(parts, name)
    elif name == "I":
        return _information(parts)
    return Answer()


def _reset(parts: Parts, name: str) -> Answer:
    chassis = parts.chassis
    if name == "R" or (name == "Z" and chassis.flavour.reboots_on_reset):
        return Answer(reset=True)
    chassis.services.clear()
    chassis.echo = True
    chassis.creg_reports = 0
    parts.profile = Profile()
    return Answer()


def _information(parts: Parts) -> Answer:
    if not parts.chassis.flavour.tells_identity:
        raise AtError(34)
    return Answer(lines=("Simulated TETRA terminal", "PEI"))


def _dial(parts: Parts, text: str) -> Answer:
    digits = text.strip()
    if not digits:
        raise AtError(35)
    if not digits.isascii() or not digits.isdecimal():
        raise AtError(27)
    if len(digits) > MAX_DIAL_DIGITS:
        raise AtError(26)
    return Answer(after=parts.calls.dial_digits(digits, parts.profile))


def _fixed(*lines: str) -> Command:
    return lambda parts, command: Answer(lines=lines)


def _identity(parts: Parts, command: AtCommand) -> Answer:
    flavour = parts.chassis.flavour
    told = {"GMI": flavour.maker, "GMM": flavour.model, "GMR": flavour.firmware}
    return Answer(lines=(f"+{command.name}: {told[command.name]}",))


def _accept(parts: Parts, command: AtCommand) -> Answer:
    for one in command.fields:
        if not one:
            raise AtError(33)
    return Answer()


def _cmee(parts: Parts, command: AtCommand) -> Answer:
    if command.form is Form.SET:
        parts.chassis.quiet_errors = number(command.text, 0, 2) == 0
    return Answer()


def _cscs(parts: Parts, command: AtCommand) -> Answer:
    if command.form is Form.READ:
        return Answer(lines=(f'+CSCS: "{parts.chassis.charset}"',))
    name = command.text.strip('"').upper()
    if name not in ("8859-1", "UCS2", "GSM"):
        raise AtError(34)
    parts.chassis.charset = name
    return Answer()


def _clvl(parts: Parts, command: AtCommand) -> Answer:
    if command.form is Form.TEST:
        return Answer(lines=("+CLVL: (0-15)",))
    if command.form is Form.SET:
        parts.chassis.volume = number(command.text, 0, 15)
        return Answer()
    return Answer(lines=(f"+CLVL: {parts.chassis.volume}",))


def _csq(parts: Parts, command: AtCommand) -> Answer:
    if parts.chassis.mode not in (AiMode.TMO, AiMode.GATEWAY):
        raise AtError(43)
    rssi = parts.chassis.settings.rssi + parts.chassis.rng.choice((-1, 0, 0, 0, 1))
    shown = max(0, min(31, rssi)) if parts.chassis.registered else 99
    return Answer(lines=(f"+CSQ: {shown},99",))


def _cclk(parts: Parts, command: AtCommand) -> Answer:
    """Tell a clock that starts with the radio: there is no network time in the simulation."""
    base = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    shown = base + datetime.timedelta(milliseconds=parts.chassis.now % 86_400_000)
    return Answer(lines=(f"+CCLK: {shown:%y/%m/%d,%H:%M:%S}+00",))


def _cpin(parts: Parts, command: AtCommand) -> Answer:
    chassis = parts.chassis
    if command.form is Form.READ:
        return Answer(lines=(f"+CPIN: MT PIN-{'' if chassis.locked else 'UN'}LOCKED",))
    if not chassis.locked:
        raise AtError(3)
    if command.text != chassis.settings.pin:
        parts.pin_failed = True
        raise AtError(16)
    chassis.locked = False
    return Answer()


def _ctsp(parts: Parts, command: AtCommand) -> Answer:
    fields = command.fields
    if not 2 <= len(fields) <= 5:
        raise AtError(35)
    profile = number(fields[0], 0, 2)
    layer1 = number(fields[1], 0, 4)
    layer2 = number(fields[2], 0, 255) if len(fields) > 2 else 0
    parts.messages.register(layer1, layer2, profile)
    return Answer()


def _ctgs(parts: Parts, command: AtCommand) -> Answer:
    chassis = parts.chassis
    if command.form is Form.READ:
        return Answer(lines=(group_line(chassis),))
    fields = command.fields
    if len(fields) % 2:
        raise AtError(35)
    pairs = [
        (GroupType(number(kind, 0, 7)), ssi_of(group))
        for kind, group in zip(fields[::2], fields[1::2], strict=True)
    ]
    for kind, group in pairs:
        if kind is not GroupType.NONE and group not in chassis.known_groups:
            raise AtError(34)
    if parts.calls.carries_host_sound:
        raise AtError(3)

    def attach() -> None:
        for kind, group in pairs:
            _attach(chassis, kind, group)
        parts.calls.knob_turned()
        chassis.report(Service.GROUPS, group_line(chassis))

    def begin() -> None:
        due = chassis.now + chassis.between((80.0, 250.0))
        chassis.attached_at = max(due, chassis.attached_at)
        later(chassis, chassis.attached_at - chassis.now, attach)

    return Answer(after=begin)


def _attach(chassis: Chassis, kind: GroupType, group: int) -> None:
    if kind is GroupType.SELECTED:
        chassis.selected = group
    elif kind is GroupType.NONE:
        chassis.scan.clear()
    else:
        chassis.scan[group] = kind.value


def _ctscan(parts: Parts, command: AtCommand) -> Answer:
    parts.chassis.scan_on = number(command.text, 0, 1) == 1
    return Answer()


def _ctsdc(parts: Parts, command: AtCommand) -> Answer:
    if command.form is Form.READ:
        one = parts.profile
        shown = (one.service, one.called, 0, one.hook, one.simplex, one.e2ee, one.comms, one.slots)
        return Answer(
            lines=(f"+CTSDC: {','.join(map(str, shown))},{one.request_tx},{one.priority}",)
        )
    fields = command.fields
    if not 2 <= len(fields) <= 14:
        raise AtError(35)
    values = [
        number(text, low, high) for text, (low, high) in zip(fields, PROFILE_LIMITS, strict=False)
    ]
    values += [low for low, _ in PROFILE_LIMITS[len(values) :]]
    service, called, _, hook, simplex, e2ee, comms, slots, request_tx, priority = values
    parts.profile = Profile(
        service, called, hook, simplex, e2ee, comms, slots, request_tx, priority
    )
    parts.profile_fresh = True
    return Answer()


def _ctxd(parts: Parts, command: AtCommand) -> Answer:
    fields = command.fields
    if not 2 <= len(fields) <= 3:
        raise AtError(35)
    instance, priority = number(fields[0], 0, 255), number(fields[1], 0, 3)
    if len(fields) == 3:
        number(fields[2], 0, 1)
    return Answer(after=parts.calls.demand(instance, priority))


def _cutxc(parts: Parts, command: AtCommand) -> Answer:
    return Answer(after=parts.calls.cease(number(command.fields[0], 0, 255)))


def _ctcr(parts: Parts, command: AtCommand) -> Answer:
    return Answer(after=parts.calls.hang_up_instance(number(command.fields[0], 0, 255)))


def _ctsds(parts: Parts, command: AtCommand) -> Answer:
    fields = command.fields
    if not 2 <= len(fields) <= 5:
        raise AtError(35)
    service = number(fields[0], 9, 13)
    for text, (low, high) in zip(fields[1:], ((0, 5), (0, 0), (0, 2), (0, 1)), strict=False):
        number(text, low, high)
    if service not in (12, 13):
        raise AtError(34)
    parts.messages.service = service
    return Answer()


def _cmgs_test(parts: Parts, command: AtCommand) -> Answer:
    return Answer(lines=(f"+CMGS: (0-16777214),({MIN_BITS}-{MAX_BITS})",))


def _creg(parts: Parts, command: AtCommand) -> Answer:
    chassis = parts.chassis
    if command.form is Form.SET:
        chassis.creg_reports = number(command.text, 0, 2)
        return Answer()
    if chassis.mode in (AiMode.DMO, AiMode.REPEATER):
        raise AtError(43)
    return Answer(lines=(creg_line(chassis),))


_SET, _READ, _TEST, _BARE = Form.SET, Form.READ, Form.TEST, Form.BARE
TABLE: dict[str, tuple[tuple[Form, ...], Command]] = {
    **LISTS,
    "GMI": ((_READ, _BARE), _identity),
    "GMM": ((_READ, _BARE), _identity),
    "GMR": ((_READ, _BARE), _identity),
    "GSN": ((_READ, _BARE), _fixed(GSN)),
    "CMEE": ((_SET, _READ), _cmee),
    "CSCS": ((_SET, _READ), _cscs),
    "CLVL": ((_SET, _READ, _TEST), _clvl),
    "CSQ": ((_READ,), _csq),
    "CBC": ((_READ,), _fixed("+CBC: 0,100")),
    "CCLK": ((_READ,), _cclk),
    "CPIN": ((_SET, _READ), _cpin),
    "IPR": ((_SET,), _accept),
    "IFC": ((_SET,), _accept),
    "CTSP": ((_SET,), _ctsp),
    "CTGS": ((_SET, _READ), _ctgs),
    "CTSCAN": ((_SET,), _ctscan),
    "CTSDC": ((_SET, _READ), _ctsdc),
    "CTXD": ((_SET,), _ctxd),
    "CUTXC": ((_SET,), _cutxc),
    "CTCR": ((_SET,), _ctcr),
    "CTSDS": ((_SET,), _ctsds),
    "CMGS": ((_TEST,), _cmgs_test),
    "CREG": ((_SET, _READ), _creg),
}
"""Extended commands of this radio: the forms it takes, and what it does."""

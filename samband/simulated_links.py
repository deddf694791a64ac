"""Simulated far ends of links: which simulator, with which words, and how the link is led there."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dispatch.simulator.ports import (
    CUT,
    EMERGENCY,
    OUTAGE,
    PLACE,
    RESTORE,
    STATUS,
    TALK,
    TEXT,
    Act,
    Wish,
)
from gateway.model.errors import ConfigError, InvalidCommand
from gateway.model.link_kinds import ANALOGUE, TETRA_PEI
from gateway.model.p25_settings import DFSI, FNE, MODEM, NETWORK, P25Settings
from gateway.model.plan import Link
from hardware.line_state import Line
from hardware.ptt_address import VOX, parse_ptt
from hardware.sim.child import SimChild, start_child

BY_TECHNOLOGY = {
    "tetra": (TETRA_PEI,),
    "p25": (DFSI, FNE, MODEM, NETWORK),
    "analogue": (ANALOGUE,),
}
"""Kinds of links whose far end can be simulated."""
SIMULATED_KINDS = frozenset(kind for kinds in BY_TECHNOLOGY.values() for kind in kinds)
PASSWORD = "samband"  # noqa: S105 - of a simulated network on loopback
LONG_OUTAGE_MS = 3_600_000
EMERGENCY_PRIORITY = 15
EMERGENCY_STATUS = 0
Request = dict[str, object]


@dataclass(frozen=True, slots=True)
class Peer:
    """A running far end of one link."""

    link: Link
    child: SimChild
    radio: str = ""
    """Which of the terminals of the process it is; empty where it is alone in its own."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.child.alive

    async def act(self, act: Act) -> int:
        """Do one act; returns how many radios took it. Raises RadioError with the reason."""
        taken = 0
        for request in requests(act, self.radio, self.link.kind):
            answer = await self.child.ask(request)
            if not answer.get("ok", False):
                raise InvalidCommand(f"{self.link.name}: {answer.get('error', 'refused')}")
            taken += int(answer.get("taken", 1))
        return taken

    async def close(self) -> None:
        """End its process."""
        await self.child.close()


def requests(act: Act, radio: str, kind: str = "") -> list[Request]:
    """Return what a simulator is asked for an act; raises InvalidCommand where its kind cannot."""
    if radio:
        return _terminal(act, radio)
    return _donor(act) if kind == ANALOGUE else _p25(act)


def _sound(act: Act) -> Request:
    if act.say:
        return {"say": act.say}
    if act.tone_hz is not None:
        return {"tone_hz": act.tone_hz, "for_s": act.seconds}
    return {"for_s": act.seconds}


def _place(act: Act) -> Request:
    if act.latitude_deg is None or act.longitude_deg is None:
        return {}
    return {"latitude_deg": act.latitude_deg, "longitude_deg": act.longitude_deg}


def _terminal(act: Act, radio: str) -> list[Request]:
    who: Request = {"radio": radio, "unit": act.unit}
    on: Request = {"group": act.group, **_sound(act)}
    status: Request = {"do": "status", **who, "value": act.value}
    makers: dict[str, Callable[[], list[Request]]] = {
        TALK: lambda: [{"do": "talk", **who, **on}],
        EMERGENCY: lambda: _terminal_emergency(act, who, on),
        STATUS: lambda: [status],
        TEXT: lambda: [{"do": "text", **who, "text": act.text}],
        PLACE: lambda: [{"do": "position", **who, **_place(act)}],
        CUT: lambda: [{"do": "cut", "radio": radio}],
        OUTAGE: lambda: [{"do": "unplug", "radio": radio, "for_ms": LONG_OUTAGE_MS}],
        RESTORE: lambda: [{"do": "unplug", "radio": radio, "for_ms": 0}],
    }
    return makers[act.do]()


def _terminal_emergency(act: Act, who: Request, on: Request) -> list[Request]:
    if place := _place(act):
        return [{"do": "emergency", **who, **on, **place}]
    call: Request = {**who, **on, "priority": EMERGENCY_PRIORITY, "preempt": True}
    return [{"do": "status", **who, "value": EMERGENCY_STATUS}, {"do": "talk", **call}]


def _p25(act: Act) -> list[Request]:
    over: Request = {"do": "talk", "group": act.group, "unit": act.unit, **_sound(act)}
    makers: dict[str, Callable[[], list[Request]]] = {
        TALK: lambda: [over],
        EMERGENCY: lambda: [{**over, "emergency": True}],
        STATUS: lambda: [{"do": "status", "unit": act.unit, "value": act.value}],
        CUT: lambda: [{"do": "cut"}],
        OUTAGE: lambda: [{"do": "vanish"}],
        RESTORE: lambda: [{"do": "mend"}],
    }
    if act.do not in makers:
        words = {TEXT: "a text", PLACE: "a place"}[act.do]
        raise InvalidCommand(f"a simulated P25 unit sends no {words.removeprefix('a ')}")
    return makers[act.do]()


def _donor(act: Act) -> list[Request]:
    """Return what an analogue set is asked: it is on one channel, and names nobody."""
    makers: dict[str, Callable[[], list[Request]]] = {
        TALK: lambda: [{"do": "talk", **_sound(act)}],
        CUT: lambda: [{"do": "hush"}],
        OUTAGE: lambda: [{"do": "unplug", "for_ms": LONG_OUTAGE_MS}],
        RESTORE: lambda: [{"do": "unplug", "for_ms": 0}],
    }
    if act.do not in makers:
        what = {EMERGENCY: "emergency", STATUS: "status", TEXT: "text", PLACE: "place"}[act.do]
        raise InvalidCommand(f"an analogue radio has a carrier and sound, and no {what}")
    return makers[act.do]()


# ---- starting ----------------------------------------------------------------------------------


async def start_peers(wishes: list[Wish], folder: Path) -> list[Peer]:
    """Start a far end for each wish; terminals share one process. Raises RadioError.

    ``folder`` gets scenario, passwords and the stable names of pseudo-terminals.
    """
    terminals = [wish for wish in wishes if wish.link.kind == TETRA_PEI]
    starts = [_terminals(terminals, folder)] if terminals else []
    starts += [_station(wish, folder) for wish in wishes if wish.link.kind != TETRA_PEI]
    told = await asyncio.gather(*starts, return_exceptions=True)
    peers = [peer for found in told if isinstance(found, list) for peer in found]
    failed = next((found for found in told if isinstance(found, BaseException)), None)
    if failed is not None:
        for peer in peers:
            await peer.close()
        raise failed
    return peers


async def _terminals(wishes: list[Wish], folder: Path) -> list[Peer]:
    names = ["radio" if len(wishes) == 1 else f"radio-{n}" for n in range(len(wishes))]
    scenario = folder / "terminals.toml"
    scenario.write_text(scenario_of(wishes, names), encoding="utf-8")
    stem = folder / "tty"
    words = ("pei", "--pty", "--audio", "udp:127.0.0.1:0")
    child = await start_child((*words, "--scenario", str(scenario), "--link", str(stem)))
    told = {radio["name"]: radio for radio in child.first["radios"]}
    several = len(wishes) > 1
    return [
        Peer(
            replace(
                wish.link,
                port=f"{stem}-{name}" if several else str(stem),
                sound=told[name]["audio"],
                ptt="pei",
            ),
            child,
            name,
        )
        for wish, name in zip(wishes, names, strict=True)
    ]


def scenario_of(wishes: list[Wish], names: list[str]) -> str:
    """Return a scenario of terminals that hear every talkgroup of their links, and say nothing."""
    rows = ['title = "made for an exercise"']
    groups: dict[int, str] = {}
    for wish, name in zip(wishes, names, strict=True):
        link = wish.link
        first = link.group or next(iter(link.talkgroups), 1)
        groups.setdefault(first, f"GROUP {first}")
        groups |= {group.number: group.name for group in wish.talkgroups}
        scan = [number for number in link.talkgroups if number != first]
        rows += [
            "[[radio]]",
            f"name = {json.dumps(name)}",
            f"issi = {link.own_number or _number(wishes, wish)}",
            f"group = {first}",
            f"scan = {scan}",
        ]
    for number, words in groups.items():
        rows += ["[[group]]", f"number = {number}", f"name = {json.dumps(words)}"]
    for number in sorted({unit.number for wish in wishes for unit in wish.units}):
        rows += ["[[unit]]", f"issi = {number}"]
    return "\n".join(rows) + "\n"


FIRST_OWN_NUMBER = 16_700_101


def _number(wishes: list[Wish], wish: Wish) -> int:
    return FIRST_OWN_NUMBER + wishes.index(wish)


async def _station(wish: Wish, folder: Path) -> list[Peer]:
    words, lead = _STATIONS[wish.link.kind]
    child = await start_child(words(wish.link))
    return [Peer(lead(wish.link, child.first, folder), child)]


def settings_of(link: Link) -> P25Settings:
    """Return a link's P25 settings, the usual ones where the plan has none."""
    return link.p25 or P25Settings()


def _to_station(link: Link, first: Mapping[str, Any], _folder: Path) -> Link:
    settings = replace(settings_of(link), voice_port=first["voice_port"], listen=_ANYWHERE)
    port = f"udp:127.0.0.1:{first['control_port']}"
    return replace(link, port=port, p25=replace(settings, control=True))


def _to_master(link: Link, first: Mapping[str, Any], folder: Path) -> Link:
    password = folder / f"{link.id}.password"
    password.touch(mode=0o600)
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    settings = settings_of(link)
    settings = replace(settings, password_file=str(password), key_file="", listen=_ANYWHERE)
    settings = replace(settings, peer_id=settings.peer_id or 9_000_999)
    return replace(link, port=f"udp:127.0.0.1:{first['port']}", p25=settings)


def _to_modem(link: Link, first: Mapping[str, Any], _folder: Path) -> Link:
    return replace(link, port=first["pty"], speed_bps=115_200, ptt="pei")


def _to_reflector(link: Link, first: Mapping[str, Any], _folder: Path) -> Link:
    settings = replace(settings_of(link), host=False, gateway=False, listen=_ANYWHERE)
    return replace(link, port=f"udp:127.0.0.1:{first['port']}", p25=settings)


def _to_donor(link: Link, first: Mapping[str, Any], _folder: Path) -> Link:
    """Lead to an analogue set: what keys is a line of its own port, wherever the plan has it."""
    key = first["ptt"]
    return replace(
        link,
        port=first["port"],
        sound=first["audio"],
        ptt=key,
        ptt_active="high",
        rts="inactive" if key == Line.RTS.value else link.rts,
        dtr="inactive" if key == Line.DTR.value else link.dtr,
        rtscts=False,
        carrier=VOX if link.carrier == VOX else first["carrier"],
        carrier_active="active",
    )


def _donor_words(link: Link) -> tuple[str, ...]:
    """Return the lines of the set: those of the plan, as far as they are modem lines."""
    key = parse_ptt(link.ptt)
    carrier = () if link.carrier == VOX else ("--carrier", link.carrier)
    return ("donor", *carrier, "--ptt", (key.line if key else Line.RTS).value)


_ANYWHERE = P25Settings().listen
"""The usual address: with a far end on loopback it is met there and nowhere else."""
_UDP = ("--udp", "127.0.0.1:0", "--clips-only")
_PTY = ("--pty", "--clips-only")
_STATIONS: dict[
    str,
    tuple[
        Callable[[Link], tuple[str, ...]],
        Callable[[Link, Mapping[str, Any], Path], Link],
    ],
] = {
    DFSI: (
        lambda link: (
            *("p25-station", *_UDP, "--nac", f"{settings_of(link).nac:x}"),
            *("--dialect", settings_of(link).dialect),
        ),
        _to_station,
    ),
    ANALOGUE: (_donor_words, _to_donor),
    FNE: (lambda _: ("fne", *_UDP, "--password", PASSWORD), _to_master),
    MODEM: (lambda link: ("mmdvm", *_PTY, "--nac", f"{settings_of(link).nac:x}"), _to_modem),
    NETWORK: (lambda _: ("p25-reflector", *_UDP), _to_reflector),
}


def demand_simulated(link: Link) -> None:
    """Raise ConfigError for a link whose far end cannot be simulated."""
    if link.kind not in SIMULATED_KINDS:
        raise ConfigError(f"{link.name}: a link of kind {link.kind} cannot be simulated")

"""Plays a vector's script: ``<`` radio, ``>`` host, ``!`` action, ``=`` expected event."""

import re

from gateway.model import messages as acts
from gateway.model.ids import CallId, MessageId, MonoMs
from gateway.model.radio import LineSeen, LinkChanged, RadioEvent
from tests.gateway.tetra.scripted_radio import Wire

_PAIR = re.compile(r"(\w+)=(~?)(.*?)(?= \w+=|$)")
"""``name=value``, or ``name=~part`` where only a part of the value is told."""


def play(wire: Wire, script: str) -> list[RadioEvent]:
    """Run the script; raises AssertionError where the core differs. Returns all events."""
    seen: list[RadioEvent] = []
    waiting: list[RadioEvent] = []
    for number, line in enumerate(script.strip().splitlines(), 1):
        mark, _, rest = line.partition(" ")
        where = f"script line {number}: {line}"
        new = [e for e in wire.events if not isinstance(e, LineSeen | LinkChanged)]
        wire.events.clear()
        waiting += new
        seen += new
        if mark == "<":
            _nothing_left(waiting, where)
            wire.say(rest)
        elif mark == ">":
            assert wire.host, f"{where}: the core wrote nothing"
            assert wire.host.pop(0) == rest, where
        elif mark == "!":
            if rest != "forget":
                _nothing_left(waiting, where)
            _act(wire, rest.split(" "))
        elif mark == "=":
            assert waiting, f"{where}: no event"
            _compare(waiting.pop(0), rest, where)
        else:
            raise AssertionError(f"{where}: unknown mark")
    waiting += [e for e in wire.events if not isinstance(e, LineSeen | LinkChanged)]
    _nothing_left(waiting, "the end")
    assert wire.host == [], "the core wrote more than the script says"
    return seen


def _nothing_left(waiting: list[RadioEvent], where: str) -> None:
    assert waiting == [], f"{where}: events that nobody expected"


def _act(wire: Wire, words: list[str]) -> None:
    now = MonoMs(wire.now)
    if _act_in_call(wire, words):
        return
    message = _message_act(words)
    if message is not None:
        wire.take(wire.core.message(message, now))
        return
    match words:
        case ["demand", request, group]:
            wire.demand(request, int(group))
        case ["demand", request, group, priority]:
            wire.demand(request, int(group), int(priority))
        case ["end", request, cause]:
            wire.end(request, cause)
        case ["wait", ms]:
            wire.run(int(ms))
        case ["forget"]:
            wire.host.clear()
        case ["answer", command, *lines]:
            wire.answers[command] = " ".join(lines).split("|")
        case _:
            raise AssertionError(f"unknown action {words}")


def _act_in_call(wire: Wire, words: list[str]) -> bool:
    """Do what concerns a group or a call of two; returns whether it was such an action."""
    match words:
        case ["select", group]:
            wire.take(wire.core.select_group(int(group), MonoMs(wire.now)))
        case ["press", request, instance]:
            wire.press(request, int(instance))
        case ["dial", call, digits, *how]:
            wire.dial(call, digits, *how)
        case ["answer-call", instance, *microphone]:
            wire.answer(int(instance), *microphone)
        case ["hang-up", call]:
            wire.hang_up(int(call) if call.isdecimal() else CallId(call))
        case _:
            return False
    return True


def _message_act(words: list[str]) -> acts.MessageAct | None:
    act: acts.MessageAct | None = None
    match words:
        case ["text" | "immediate" | "group" as kind, message, to, *text]:
            act = acts.SendText(
                message=MessageId(message),
                to=int(to),
                text=" ".join(text),
                group=kind == "group",
                immediate=kind == "immediate",
            )
        case ["status", message, to, value]:
            act = acts.SendStatus(message=MessageId(message), to=int(to), value=int(value))
        case ["ask", message, to]:
            act = acts.AskPosition(message=MessageId(message), to=int(to))
        case ["reporting", message, to, on]:
            act = acts.SetReporting(message=MessageId(message), to=int(to), enabled=on == "on")
        case ["opened", handle]:
            act = acts.MarkOpened(handle=int(handle))
        case ["data", message, to, sds_type, data_hex]:
            act = acts.SendData(
                message=MessageId(message),
                to=int(to),
                sds_type=int(sds_type),
                data_hex=data_hex,
                bits=4 * len(data_hex),
            )
    return act


def _compare(event: RadioEvent, wanted: str, where: str) -> None:
    kind, _, rest = wanted.partition(" ")
    assert type(event).__name__ == kind, f"{where}: got {event}"
    for name, part, value in _PAIR.findall(rest):
        got = str(getattr(event, name))
        assert value in got if part else value == got, f"{where}: got {event}"

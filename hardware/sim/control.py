"""The control port: JSON lines over loopback TCP; the actions of a scenario, live, and queries."""

import asyncio
import base64
import json
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.actions import ACTIONS, Action, Field, check_action, check_table
from hardware.sim.air import Air
from hardware.sim.radio_host import RadioHost, mono_ms
from hardware.sim.speech import SAMPLE_RATE_HZ
from hardware.sim.truth import Entry, SoundBlock

MAX_REQUEST_BYTES = 1 << 20
QUERIES: dict[str, dict[str, Field]] = {
    "log": {
        "radio": Field(kind="text"),
        "kinds": Field(kind="texts"),
        "since_ms": Field(kind="float"),
        "limit": Field(kind="int", low=1, high=100_000),
    },
    "state": {"radio": Field(kind="text")},
    "violations": {"radio": Field(kind="text")},
    "sound": {
        "radio": Field(kind="text"),
        "since_ms": Field(kind="float"),
        "group": Field(kind="int", low=0),
        "path": Field(kind="text"),
    },
    "clear": {"radio": Field(kind="text")},
    "help": {},
}
"""Queries and their fields. ``log`` gives entries newer than ``since_ms`` (monotonic)."""


class Control:
    """Answers one JSON line for each JSON line."""

    def __init__(self, hosts: Sequence[RadioHost], air: Air) -> None:
        """Act on ``hosts`` through ``air``."""
        self._hosts = hosts
        self._air = air
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._queries: dict[str, Callable[[Action, Sequence[RadioHost]], dict[str, object]]] = {
            "log": _log,
            "state": _state,
            "violations": _violations,
            "sound": _sound,
            "clear": _clear,
        }

    async def open(self, port: int) -> int:
        """Listen on 127.0.0.1; returns the port (0 takes a free one)."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, limit=MAX_REQUEST_BYTES
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up; safe twice."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.close()
        served = [task for task in self._open.values() if task is not None]
        await asyncio.gather(*served, return_exceptions=True)

    def perform(self, action: Action) -> int:
        """Do one action and let the radios speak; returns how many took it."""
        now = mono_ms()
        if action.do == "unplug":
            chosen = self._chosen(action.text("radio"))
            for host in chosen:
                host.unplug(action.number("for_ms", 2_000.0))
            return len(chosen)
        taken = self._air.act(action, now)
        for host in self._hosts:
            host.pump()
        return taken

    def answer(self, line: bytes) -> dict[str, object]:
        """Return the answer to one request; ``ok`` is false with a reason when it is refused."""
        try:
            request = json.loads(line)
        except ValueError as error:
            return {"ok": False, "error": f"expected one JSON object a line, got: {error}"}
        if not isinstance(request, dict):
            return {"ok": False, "error": f"expected a JSON object, got {request!r}"}
        try:
            return self._answer(request)
        except ConfigError as error:
            faults = "; ".join(error.faults)
            return {"ok": False, "error": f"{error}{': ' if faults else ''}{faults}"}

    def _answer(self, request: Mapping[str, object]) -> dict[str, object]:
        do = request.get("do")
        if do == "help":
            return {"ok": True, "queries": sorted(QUERIES), "actions": _action_names()}
        if isinstance(do, str) and do in self._queries:
            values = {name: value for name, value in request.items() if name != "do"}
            if faults := check_table(values, QUERIES[do], do):
                raise ConfigError("query refused", faults=tuple(faults))
            query = Action(do, values)
            return {"ok": True, **self._queries[do](query, self._chosen(query.text("radio")))}
        action, faults = check_action(request, "request")
        if action is None:
            raise ConfigError("action refused", faults=tuple(faults))
        now = mono_ms()
        return {"ok": True, "taken": self.perform(action), "t_ms": round(now, 3)}

    def _chosen(self, name: str) -> list[RadioHost]:
        chosen = [host for host in self._hosts if not name or host.settings.name == name]
        if not chosen:
            known = ", ".join(host.settings.name for host in self._hosts)
            raise ConfigError(f"radio: expected one of {known}; got {name!r}")
        return chosen

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            while line := await reader.readline():
                answer = json.dumps(self.answer(line), ensure_ascii=False)
                writer.write(answer.encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            del self._open[writer]
            writer.close()


def _action_names() -> list[str]:
    return sorted(ACTIONS)


def _log(query: Action, hosts: Sequence[RadioHost]) -> dict[str, object]:
    kinds, since = query.texts("kinds"), query.number("since_ms", 0.0)
    entries: list[Entry] = [entry for host in hosts for entry in host.truth.since(since, kinds)]
    entries.sort(key=_time)
    return {"entries": entries[-query.whole("limit", 100_000) :], "t_ms": round(mono_ms(), 3)}


def _time(entry: Entry) -> float:
    value = entry["t_ms"]
    return value if isinstance(value, float) else 0.0


def _state(query: Action, hosts: Sequence[RadioHost]) -> dict[str, object]:
    return {"radios": [_radio_state(host) for host in hosts], "t_ms": round(mono_ms(), 3)}


def _radio_state(host: RadioHost) -> dict[str, object]:
    chassis, call = host.radio.chassis, host.radio.calls.call
    return {
        **host.first_line(),
        "powered": chassis.powered,
        "port_open": chassis.port_open,
        "selected": chassis.selected,
        "scan": sorted(chassis.scan, key=chassis.scan.__getitem__),
        "services": sorted(f"{one},{two}" for one, two in chassis.services),
        "stat": chassis.stat.value,
        "keyed": host.radio.calls.carries_host_sound,
        "mode": chassis.mode.value,
        "rings": None if host.radio.calls.offer is None else host.radio.calls.offer.peer,
        "call": None
        if call is None
        else {
            "instance": call.instance,
            "group": call.group,
            "peer": call.peer,
            "digits": call.digits,
            "duplex": call.duplex,
            "own": call.own.value,
            "talker": call.talker.unit if call.talker else None,
            "priority": call.priority,
        },
        "sound_blocks": host.truth.sound_blocks,
        "sound_outside": host.truth.sound_outside,
        "violations": len(host.truth.violations),
    }


def _violations(query: Action, hosts: Sequence[RadioHost]) -> dict[str, object]:
    return {"violations": [one for host in hosts for one in host.truth.violations]}


def _sound(query: Action, hosts: Sequence[RadioHost]) -> dict[str, object]:
    since, group = query.number("since_ms", 0.0), query.maybe_whole("group")
    blocks: list[SoundBlock] = [
        block
        for host in hosts
        for block in host.truth.sound
        if block.t_ms > since and group in (None, block.group)
    ]
    pcm = b"".join(block.pcm for block in blocks)
    summary: dict[str, object] = {
        "blocks": len(blocks),
        "groups": sorted({block.group or 0 for block in blocks}),
        "first_ms": round(blocks[0].t_ms, 3) if blocks else None,
        "last_ms": round(blocks[-1].t_ms, 3) if blocks else None,
    }
    if path := query.text("path"):
        _write_wav(Path(path), pcm)
        return {**summary, "path": path}
    return {**summary, "pcm": base64.b64encode(pcm).decode()}


def _write_wav(path: Path, pcm: bytes) -> None:
    try:
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE_HZ)
            out.writeframes(pcm)
    except OSError as error:
        raise ConfigError(f"sound: {path} cannot be written: {error}") from None


def _clear(query: Action, hosts: Sequence[RadioHost]) -> dict[str, object]:
    for host in hosts:
        host.truth.clear()
        host.radio.calls.policies.clear()
        host.radio.calls.peers.clear()
    return {}

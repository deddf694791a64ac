"""A radio that is no simulator: a table of answers, and lines that people wrote or radios said.

The lines are this project's own vectors and look-alikes, and recorded ones where the variable
``SAMBAND_SAMPLES`` names a folder with ``pei/``. They come in bursts as they stand in their files,
at any moment.
"""

import functools
import heapq
import itertools
import os
import random
import re
import tomllib
from pathlib import Path

from samband.transcripts import radio_lines, transcripts
from tests.conformance.watch import Watch

OWN, GROUP = 1299001, 310201
VECTORS = Path(__file__).parents[1] / "vectors" / "pei"
ANSWERS: dict[str, tuple[str, ...]] = {
    "AT+GMI?": ("+GMI: MOTOROLA",),
    "AT+GMM?": ("+GMM: 54099,TESTSET01,1.2.3.4",),
    "AT+GMR?": ("+GMR: R99.1.2",),
    "AT+CPIN?": ("+CPIN: MT PIN-UNLOCKED",),
    "AT+CTOM?": ("+CTOM: 0",),
    "AT+CNUMF?": (f"+CNUMF: 0,{OWN}",),
    "AT+CTGS?": (f"+CTGS: 1,{GROUP}",),
    "AT+CREG?": ("+CREG: 1,7,90101001",),
    "AT+CSQ?": ("+CSQ: 26,99",),
    "AT+CMGS=?": ("+CMGS: (0-16777214),(8-1184)",),
}
BURST_LINES = 5
_ANSWER_MS = (5.0, 60.0)
_GRANT_MS = (10.0, 300.0)
_PAYLOAD_MS = 5_000.0
"""How long a payload may be missing."""
_KNOWN = re.compile(r"AT$|ATE0|AT\+(CTS[DPC]|CTGS|CTOM|CREG|CSQ|GM[IMR]|CPIN|CNUM[FSD]|CMGS=\?)")
_DIAL = re.compile(r"ATD(\d{1,8})$")
_ASK = re.compile(r"AT\+CTXD=(\d{1,3}),\d$")
_CEASE = re.compile(r"AT\+CUTXC=(\d{1,3})$")
_OFF = re.compile(r"\+(?:CTCR|CDTXC|CTXG|CTICN): ?(\d{1,3})(?:,(\d))?")
UNITS = (1299777, 1299778)
"""To whom the host writes: of them no line of the pool speaks."""
_MESSAGE = re.compile(r"AT\+CMGS=(\d{1,8}),(\d{1,4})$")
_TEXT = re.compile(r"(8[2A])\w\w(\w\w)")


@functools.cache
def pool() -> tuple[tuple[str, ...], ...]:
    """Return what radios say: for each file its lines, in order."""
    said = [
        tuple(
            line[2:]
            for line in tomllib.loads(path.read_text(encoding="utf-8"))["script"].splitlines()
            if line.startswith("< ")
        )
        for path in sorted(VECTORS.glob("*.toml"))
    ]
    folders = [VECTORS / "own", Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "pei"]
    for folder in folders:
        for path in transcripts(folder):
            said.append(tuple(radio_lines(path.read_text(encoding="utf-8"))))
    return tuple(lines for lines in said if lines)


class LineFar:
    """Answers by table, grants what is asked for, and says lines of the pool."""

    def __init__(
        self, watch: Watch, rng: random.Random, lines: tuple[tuple[str, ...], ...]
    ) -> None:
        """Begin switched on."""
        self._watch, self._rng, self._lines = watch, rng, lines
        self._out = bytearray()
        self._line = bytearray()
        self._payload = False
        self._echo = True
        self._agenda: list[tuple[float, int, str, int]] = []
        self._order = itertools.count()
        self._off_until = 0.0
        self._is_open = False
        self._group = GROUP
        self._instance = 1
        self._to = self._bits = 0
        self._payload_until = 0.0
        self.keyed = False
        self.now = 0.0

    # -- the wire's far end

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the host."""
        self.now = now
        if now < self._off_until:
            return
        if self._echo:
            self._out += data
        if self._payload and now >= self._payload_until:
            self._payload = False
            self._line.clear()
            self._final("+CME ERROR: 37")
        for byte in data:
            self._byte(byte)

    def outgoing(self) -> bytes:
        """Return what it says."""
        data = bytes(self._out) if self._is_open and self.now >= self._off_until else b""
        self._out.clear()
        return data

    def deadline(self) -> float | None:
        """When something is due."""
        return self._agenda[0][0] if self._agenda else None

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.now = now
        while self._agenda and self._agenda[0][0] <= now:
            _, _, what, instance = heapq.heappop(self._agenda)
            if what == "grant":
                self._grant(instance)
            else:
                self._say(what)

    def port(self, *, is_open: bool, now: float) -> None:
        """Take the port's state."""
        self.now, self._is_open = now, is_open
        self._line.clear()
        self._out.clear()

    def sound(self, pcm: bytes, now: float) -> None:
        """Take sound: it goes where the last key-up went."""

    def heard_by_host(self, data: bytes) -> None:
        """Take what arrived at the host: nothing here depends on it."""

    # -- the world

    def happen(self, rng: random.Random, now: float) -> None:
        """Say a few lines of the pool, as they follow one another there."""
        lines = rng.choice(self._lines)
        first = rng.randrange(len(lines))
        self._watch.counts["pool lines"] += 1
        for line in lines[first : first + rng.randrange(1, BURST_LINES)]:
            self._later(rng.uniform(0, 30), line)

    def talk(self, now: float) -> None:
        """Somebody talks in the group."""
        self._say(f"+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,{GROUP},0")
        self._later(10, "+CTXG: 1,3,0,0,0,1210204")
        self._later(800, "+CDTXC: 1,0")

    def reboot(self, off_ms: float, now: float) -> None:
        """Lose power for a while."""
        self._off_until = now + off_ms
        self._agenda.clear()
        self._line.clear()
        self._out.clear()
        self._echo, self._payload, self.keyed = True, False, False

    # -- answers

    def _later(self, wait_ms: float, what: str, instance: int = 0) -> None:
        heapq.heappush(self._agenda, (self.now + wait_ms, next(self._order), what, instance))

    def _say(self, line: str) -> None:
        """Say a line; what it tells of our call is then true of this radio."""
        told = _OFF.match(line)
        if told and int(told[1]) == self._instance and not _is_grant(line, told[2]):
            self._off()
        self._out += b"\r\n" + line.encode("latin-1", "replace") + b"\r\n"

    def _byte(self, byte: int) -> None:
        if byte == 0x1B:
            self._line.clear()
            if self._payload:
                self._final("OK")
            self._payload = False
        elif byte == 0x1A:
            if self._payload:
                self._message(self._line.decode("latin-1"))
            else:
                self._final("+CME ERROR: 36")
            self._line.clear()
            self._payload = False
        elif byte in b"\r\n":
            if not self._payload:
                text = self._line.decode("latin-1").strip()
                self._line.clear()
                if text:
                    self._command(text)
        else:
            self._line.append(byte)

    def _command(self, text: str) -> None:
        if found := _MESSAGE.match(text):
            self._payload, self._to, self._bits = True, int(found[1]), int(found[2])
            self._payload_until = self.now + _PAYLOAD_MS
        elif found := _DIAL.match(text):
            self._key(int(found[1]), 1, "+CTCC: 1,1,1,0,0,1,1")
        elif found := _ASK.match(text):
            self._key(GROUP, int(found[1]), "")
        elif found := _CEASE.match(text):
            self._cease(f"+CDTXC: {found[1]},0")
        elif text == "ATH":
            self._cease("+CTCR: 1,1")
        elif _KNOWN.match(text):
            self._echo = self._echo and text != "ATE0"
            self._final(*ANSWERS.get(text, ()), "OK")
        else:
            self._final("+CME ERROR: 35")

    def _message(self, payload: str) -> None:
        """Take a message; every other one is reported by its receiver."""
        if len(payload) != -(-self._bits // 8) * 2:
            self._final("+CME ERROR: 32")
            return
        self._final("+CMGS: 3", "OK", "+CMGS: 3,4")
        found = _TEXT.match(payload)
        if found is None or self._rng.random() < 0.5:
            return
        self._watch.reported.add((self._to, int(found[2], 16)))
        for line in (f"+CTSDSR: 12,{self._to},0,{OWN},0,32", f"{found[1]}1000{found[2]}"):
            self._later(400, line)

    def _final(self, *lines: str) -> None:
        wait = self._rng.uniform(*_ANSWER_MS)
        for line in lines:
            self._later(wait, line)

    def _key(self, group: int, instance: int, line: str) -> None:
        self._final("OK", *([line] if line else []))
        self._off()
        if group != GROUP:  # as a network answers that knows no such group
            self._later(_ANSWER_MS[1], f"+CTCR: {instance},16")
            return
        wait = _ANSWER_MS[1] + self._rng.uniform(*_GRANT_MS)
        self._later(wait, "grant", instance)
        self._group, self._instance = group, instance

    def _grant(self, instance: int) -> None:
        self.keyed = True
        self._watch.keyed_on(self._group, dialled=False, told=True, now=self.now)
        self._say(f"+CTXG: {instance},0,0,0")

    def _cease(self, line: str) -> None:
        self._off()
        self._final("OK", line)

    def _off(self) -> None:
        """Un-key, and forget what was asked for."""
        self.keyed = False
        self._agenda = [one for one in self._agenda if one[2] != "grant"]
        heapq.heapify(self._agenda)


def _is_grant(line: str, second: str | None) -> bool:
    return line.startswith("+CTXG") and second in (None, "0")

"""Our side of the process that decodes: started when it is needed, ended when nothing comes."""

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.errors import ServiceError

logger = logging.getLogger(__name__)

MODULE = "dispatch.uploads.copier"
MAX_ANSWER_LINE = 1 << 20
LEAST_S, S_PER_MB = 30.0, 20.0
"""A file may take half a minute, and more when it is large."""
CRASHED = "the decoder broke down over it"
TOO_LONG = "decoding it took too long"
Cut = tuple[int, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What the process made: ``parts`` are Ogg Opus, empty ones where an over has no sound."""

    ok: bool
    reason: str = ""
    length_ms: int = 0
    parts: tuple[bytes, ...] = ()
    lengths_ms: tuple[int, ...] = ()


class CopierProcess:
    """One child, one file at a time. What ends the child is told of the file, not raised."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        return self._process.pid if self._process else None

    async def copies(self, data: bytes, ending: str, cuts: Sequence[Cut]) -> Copies:
        """Return the listening copies of a file."""
        limit_s = LEAST_S + S_PER_MB * len(data) / (1 << 20)
        try:
            async with asyncio.timeout(limit_s):
                answer, parts = await self._ask(data, ending, cuts)
        except TimeoutError:
            await self.close()
            return Copies(ok=False, reason=TOO_LONG)
        except (OSError, EOFError, ValueError) as error:
            logger.warning("uploads: the decoder ended (%s); it is started again", error)
            await self.close()
            return Copies(ok=False, reason=CRASHED)
        return Copies(
            ok=bool(answer["ok"]),
            reason=str(answer.get("reason", "")),
            length_ms=int(answer.get("length_ms", 0)),
            parts=tuple(parts),
            lengths_ms=tuple(answer.get("lengths_ms", ())),
        )

    async def _ask(
        self, data: bytes, ending: str, cuts: Sequence[Cut]
    ) -> tuple[dict[str, Any], list[bytes]]:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise OSError("the decoder has no pipes")
        process.stdin.write(_request("opus", data, ending, cuts))
        process.stdin.write(data)
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise EOFError("no answer")
        answer = json.loads(line)
        return answer, [await process.stdout.readexactly(length) for length in answer["parts"]]

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE, limit=MAX_ANSWER_LINE
            )
        return self._process

    async def close(self) -> None:
        """End the child; safe twice."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _request(
    want: str, data: bytes, ending: str, cuts: Sequence[tuple[int | None, int | None]]
) -> bytes:
    about = {"want": want, "bytes": len(data), "ending": ending, "cuts": list(cuts)}
    return json.dumps(about).encode() + b"\n"


def wav_of(data: bytes, ending: str, cut: Cut) -> bytes:
    """Return one over of a received file as WAV, decoded in a process of its own. Blocks.

    Raises ServiceError when it cannot be decoded.
    """
    return _once("wav", data, ending, [cut])


def redacted(data: bytes, ending: str, spans: Sequence[tuple[int | None, int | None]]) -> bytes:
    """Return a received file of the same kind with parts made silence and tone. Blocks.

    Both ends None: all of it. Raises ServiceError when it cannot be decoded or made.
    """
    return _once("redacted", data, ending, spans)


def _once(
    want: str, data: bytes, ending: str, cuts: Sequence[tuple[int | None, int | None]]
) -> bytes:
    limit_s = LEAST_S + S_PER_MB * len(data) / (1 << 20)
    try:
        done = subprocess.run(
            [sys.executable, "-m", MODULE],
            input=_request(want, data, ending, cuts) + data,
            stdout=subprocess.PIPE,
            timeout=limit_s,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServiceError(f"the received sound could not be decoded: {error}") from error
    line, _, rest = done.stdout.partition(b"\n")
    answer = json.loads(line)
    if not answer["ok"]:
        raise ServiceError(f"the received sound could not be used: {answer['reason']}")
    return rest

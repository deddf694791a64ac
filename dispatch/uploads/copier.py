"""The process that decodes what was uploaded: ``python -m dispatch.uploads.copier``.

Other people's files are decoded by a large library in C. In a process of its own a broken file can
end nothing but that process, and the decoding takes no time from push-to-talk. Requests come on
standard input, answers go to standard output: a JSON line that names lengths, then the bytes.
"""

import json
import os
import resource
import sys
from typing import Any, BinaryIO

NICENESS = 10
"""Everything that carries voice goes first."""
MAX_MEMORY_BYTES = 2 << 30
MAX_LINE = 1 << 20


def main() -> int:
    """Answer requests until the input ends."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline(MAX_LINE):
        request = json.loads(line)
        data = source.read(request["bytes"])
        answer, parts = _answer(request, data)
        answer["parts"] = [len(part) for part in parts]
        _send(sink, answer, parts)
    return 0


def _answer(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    from dispatch.uploads import decoding  # noqa: PLC0415 - a large library comes with it

    cuts = [(start, end) for start, end in request["cuts"]]
    try:
        if request["want"] == "wav":
            return {"ok": True}, [decoding.wav_of(data, request["ending"], cuts[0])]
        if request["want"] == "redacted":
            return {"ok": True}, [decoding.redacted(data, request["ending"], cuts)]
        pieces, decoded = decoding.copies(data, request["ending"], cuts)
    except decoding.NotPlayable as error:
        return {"ok": False, "reason": str(error)}, []
    except MemoryError:
        return {"ok": False, "reason": "decoding it takes too much memory"}, []
    lengths = [piece.length_ms for piece in pieces]
    answer = {
        "ok": True,
        "reason": decoded.fault,
        "length_ms": decoded.length_ms,
        "lengths_ms": lengths,
    }
    return answer, [bytes(piece.data) for piece in pieces]


def _send(sink: BinaryIO, answer: dict[str, Any], parts: list[bytes]) -> None:
    sink.write(json.dumps(answer).encode() + b"\n")
    for part in parts:
        sink.write(part)
    sink.flush()


if __name__ == "__main__":
    sys.exit(main())

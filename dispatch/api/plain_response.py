"""Answers with the plain octets of a file that may be sealed: whole, or one range (RFC 9110, 14).

Several ranges in one request are answered with the whole file, which the RFC allows.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

from dispatch.retention.sealed import PlainReader

CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def plain_response(
    reader: PlainReader,
    asked: Mapping[str, str],
    *,
    media_type: str,
    sha256: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer to a request with the headers ``asked``; it closes the reader."""
    tag = f'"{sha256}"'
    out = {
        "Cache-Control": "no-store",
        "X-Samband-Sha256": sha256,
        "Accept-Ranges": "bytes",
        "ETag": tag,
        **(headers or {}),
    }
    wanted = asked.get("range", "") if asked.get("if-range", tag) == tag else ""
    span = _span(wanted, reader.size)
    if span is None:
        out["Content-Length"] = str(reader.size)
        return StreamingResponse(
            _octets(reader, 0, reader.size), media_type=media_type, headers=out
        )
    first, end = span
    if first >= end:
        reader.close()
        return Response(status_code=416, headers=out | {"Content-Range": f"bytes */{reader.size}"})
    out["Content-Length"] = str(end - first)
    out["Content-Range"] = f"bytes {first}-{end - 1}/{reader.size}"
    return StreamingResponse(
        _octets(reader, first, end), status_code=206, media_type=media_type, headers=out
    )


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """Return first octet and end of a range (equal: nothing there), None where none is asked."""
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return size - min(int(found[2]), size), size
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return None
    end = min(int(found[2]) + 1, size) if found[2] else size
    return min(first, end), end


async def _octets(reader: PlainReader, first: int, end: int) -> AsyncIterator[bytes]:
    try:
        at = first
        while at < end:
            data = await asyncio.to_thread(reader.read, at, min(CHUNK_BYTES, end - at))
            if not data:
                return
            yield data
            at += len(data)
    finally:
        reader.close()

"""RFC 3161 time stamps over checkpoint notes and package signatures.

Network and disk, no loop: called from a thread. A stamp is kept only when it was checked: it is of
these bytes, of this request (nonce), and leads to a root certificate of the configured file.
"""

import http.client
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from dispatch.audit.files import replace_file
from gateway.model.errors import ConfigError, RemoteError

FOLDER = "stamps"
TIMEOUT_S = 20
MAX_ANSWER_BYTES = 256 * 1024
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class BadStamp(RemoteError):
    """An answer of a time-stamp authority that is no stamp of what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time-stamp authority and the root certificates that it is checked with."""

    url: str
    roots_file: Path
    roots: tuple[Certificate, ...]


def authority(url: str, roots_file: Path) -> Authority:
    """Read the root certificates (PEM); raises ConfigError."""
    try:
        roots = load_pem_x509_certificates(roots_file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"audit.stamp_roots: {roots_file}: {error}") from error
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigError(f"audit.stamp_url: expected an http(s) address, got {url!r}")
    return Authority(url=url, roots_file=roots_file, roots=tuple(roots))


def stamp(data: bytes, tsa: Authority) -> bytes:
    """Return a checked time stamp (DER ``TimeStampResp``); raises BadStamp, OSError."""
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = _post(tsa.url, request.as_bytes())
    check_stamp(answer, data, tsa, request)
    return answer


def check_stamp(
    answer: bytes, data: bytes, tsa: Authority, request: TimeStampRequest | None = None
) -> None:
    """Raise BadStamp unless the answer is a stamp of ``data`` by this authority."""
    try:
        response = decode_timestamp_response(answer)
    except ValueError:
        # OpenSSL's own authority sorts a chain of certificates in a way that strict DER refuses.
        _check_with_openssl(answer, data, tsa)
        return
    if response.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        raise BadStamp(f"time stamp: {tsa.url} refused: {', '.join(response.status_string)}")
    builder = VerifierBuilder() if request is None else VerifierBuilder.from_request(request)
    for root in tsa.roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(response, data)
    except (VerificationError, ValueError) as error:
        raise BadStamp(f"time stamp of {tsa.url}: {error}") from error


def _check_with_openssl(answer: bytes, data: bytes, tsa: Authority) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").write_bytes(data)
        (folder / "tsr").write_bytes(answer)
        words = ["openssl", "ts", "-verify", "-data", "data", "-in", "tsr", "-CAfile"]
        try:
            done = subprocess.run(
                [*words, str(tsa.roots_file.absolute())],
                cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise BadStamp(f"time stamp of {tsa.url}: not DER, and no openssl: {error}") from error
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise BadStamp(f"time stamp of {tsa.url}: {' '.join(reason)}")


def _post(url: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", parts.path or "/", body=body, headers={"Content-Type": QUERY})
        answer = connection.getresponse()
        data = answer.read(MAX_ANSWER_BYTES)
    except http.client.HTTPException as error:
        raise BadStamp(f"time stamp of {url}: {error}") from error
    finally:
        connection.close()
    if answer.status != 200 or answer.headers.get_content_type() != REPLY:
        raise BadStamp(f"time stamp of {url}: status {answer.status}, expected {REPLY}")
    return data


class StampedNotes:
    """Stamped checkpoints beside the log's head: ``stamps/<size>.note`` and ``<size>.tsr``."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder/stamps``."""
        self._folder = folder / FOLDER

    def keep(self, size: int, note: str, answer: bytes) -> None:
        """Keep a stamped note; raises LogUnavailable."""
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._folder / f"{size}.note", note.encode())
        replace_file(self._folder / f"{size}.tsr", answer)

    def newest(self) -> int:
        """Return the size of the newest stamped checkpoint, 0 before the first."""
        sizes = [int(path.stem) for path in self._folder.glob("*.tsr") if path.stem.isdecimal()]
        return max(sizes, default=0)

    def at_s(self, size: int) -> int | None:
        """Return the time (Unix s) that a kept stamp states; None when it can't be read."""
        try:
            answer = (self._folder / f"{size}.tsr").read_bytes()
            return int(decode_timestamp_response(answer).tst_info.gen_time.timestamp())
        except (OSError, ValueError):
            return None

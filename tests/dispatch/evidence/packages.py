"""Packages for tests: built from a real log, taken apart, tampered with, put together again."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import Cosigner, NoteSigner
from dispatch.audit.entry import Act, Actor, Obj, Purpose, entry_bytes, seal
from dispatch.audit.log import Log
from dispatch.audit.prover import Prover
from dispatch.audit.trust import split_note
from dispatch.evidence.builder import Built, Keys, build, signed_text
from dispatch.evidence.draft import (
    Approver,
    Coverage,
    Draft,
    Gap,
    Item,
    ListeningCopy,
    Original,
    Recipient,
    Why,
)
from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.main import verify
from dispatch.evidence.verifier.trust import read_trust
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import State

ID = "EV-2026-000321"
TODAY = date(2026, 11, 26)
NOW_S = 1_795_000_000
START = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
END = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
FIRST, SECOND = "t-01jdgx0000000000000000000a", "t-01jdgy0000000000000000000b"
SOUND = b"OggS" + bytes(range(256)) * 8
GAIN = b"samband-gain 1 {}\n" + bytes(50)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Maker:
    """A log with a witness, an exporter and an approver, from which packages are built."""

    root: Path
    state: State = field(init=False)
    log: Log = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.state = State(self.root / "state")
        self.log = self.state.log("audit.example.se/dispatch1")
        self.log.open()
        self.exporter = NoteSigner("audit.example.se/exporter", Ed25519PrivateKey.generate())
        self.approver = NoteSigner("audit.example.se/approver/u-7", Ed25519PrivateKey.generate())
        self.witness = Cosigner("witness.example.org/w1", Ed25519PrivateKey.generate())
        self.entry("system", "log.started", None, {})
        self.collect("recording", FIRST, [SOUND, GAIN])
        for number in range(20):
            self.entry("consult", "recording.play", ("recording", f"t-other{number}"), {})
        self.collect("recording", SECOND, [SOUND + b"2"])
        self.entry("consult", "recording.play", ("recording", FIRST), {"from_ms": 0})
        self.entry("disclose", "evidence.requested", ("package", ID), {})

    def entry(
        self, op: str, verb: str, obj: tuple[str, str] | None, detail: dict[str, Any], **more: Any
    ) -> None:
        act = Act(
            op=op,
            verb=verb,
            actor=Actor(id="u-104", role="dispatcher"),
            obj=Obj(type=obj[0], id=obj[1]) if obj else None,
            purpose=Purpose(code="incident", ref="INC-2026-004211", text="red car"),
            detail=detail,
        )
        number = self.log.size
        sealed = seal(
            act,
            self.state.keys,
            entry_id=f"ID{number}",
            now=UtcUs(1_764_000_000_000_000 + number),
            prev_hint=number,
            nonce=number.to_bytes(12, "big"),
        )
        self.log.append([entry_bytes({**sealed, **more})])
        self.log.write_head()

    def collect(self, kind: str, thing: str, files: list[bytes]) -> None:
        hashes = [sha(data) for data in files]
        self.entry("collect", f"{kind}.closed", (kind, thing), {"sha256": hashes})

    def file(self, data: bytes) -> Path:
        path = self.root / sha(data)
        path.write_bytes(data)
        return path

    def original(self, name: str, data: bytes) -> Original:
        return Original(path=self.file(data), name=name, sha256=sha(data))

    def draft(self) -> Draft:
        calls = "data/calls"
        return Draft(
            id=ID,
            created=datetime(2026, 11, 24, 23, 5, tzinfo=UTC),
            expires=date(2027, 11, 24),
            items=(
                Item(
                    type="recording",
                    id=FIRST,
                    originals=(
                        self.original(f"{calls}/{FIRST}.opus", SOUND),
                        self.original(f"{calls}/{FIRST}.gain", GAIN),
                    ),
                ),
                Item(
                    type="recording",
                    id=SECOND,
                    originals=(self.original(f"{calls}/{SECOND}.opus", SOUND + b"2"),),
                ),
            ),
            copies=(
                ListeningCopy(
                    name=f"{calls}/{FIRST}.wav",
                    data=b"RIFF" + bytes(400),
                    source=f"{calls}/{FIRST}.opus",
                    how="test, 8 kHz",
                ),
            ),
            records={f"{calls}/c-1.json": b'{"call":1}\n'},
            coverage=Coverage(
                start=START,
                end=END,
                talkgroups=("net/100",),
                sites=("hill",),
                left_out=(("t-left", "lawyer's call"),),
                gaps=(Gap(start=START, end=START, cause="link", site="hill"),),
            ),
            requested_by="u-104",
            requested_unit="RLC Syd",
            approvers=(Approver(id="u-7", key=self.approver.origin),),
            why=Why(code="incident", ref="INC-2026-004211", basis="2 §"),
            recipient=Recipient(name="Åklagarkammaren", country="SE", basis="law"),
        )

    def checkpoint(self) -> str:
        note = self.log.checkpoint(UtcUs(NOW_S * 1_000_000))
        if note is None:
            with Prover(self.state.database) as prover:
                note = prover.checkpoint(self.log.size).note
        return note + self.witness.line(split_note(note)[0], NOW_S)

    def keys(self) -> Keys:
        return Keys(
            log=self.log._signer.vkey,
            exporter=self.exporter.vkey,
            approvers=(self.approver.vkey,),
            witnesses=(self.witness.vkey,),
        )

    def build(self, draft: Draft | None = None, *, approved: bool = True) -> Built:
        draft = draft or self.draft()
        out = self.root / f"{draft.id}.zip"
        out.unlink(missing_ok=True)
        note = self.checkpoint()
        with Prover(self.state.database) as prover:
            built = build(draft, out, prover, note=note, exporter=self.exporter, keys=self.keys())
        if approved:
            opened = Opened(out)
            line = self.approver.line(signed_text(draft.id, built.package_hash))
            opened.files["package.sig"] += line.encode()
            opened.write(out)
        return replace(built, path=out)

    @property
    def trust(self) -> str:
        return (
            f"log {self.log._signer.vkey}\nwitness w1 {self.witness.vkey}\nquorum w1\n"
            f"exporter {self.exporter.vkey}\napprover {self.approver.vkey}\n"
        )

    def verify(self, path: Path, trust: str | None = None, **more: Any) -> Findings:
        more.setdefault("today", TODAY)
        return verify(path, read_trust(trust or self.trust), **more)


class Opened:
    """A package taken apart: file names from the top folder on, and their bytes."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.top = archive.namelist()[0].partition("/")[0]
            self.files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}

    def json(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a JSON file."""
        value = json.loads(self.files[name])
        change(value)
        self.files[name] = (json.dumps(value, ensure_ascii=False) + "\n").encode()

    def relist(self) -> None:
        """Make the lists right again for what is there, as a forger would."""
        payload = {n: sha(d) for n, d in self.files.items() if n.startswith("data/")}
        size = sum(len(self.files[name]) for name in payload)
        info = self.files["bag-info.txt"].decode().splitlines()
        info = [line for line in info if not line.startswith("Payload-Oxum")]
        info.append(f"Payload-Oxum: {size}.{len(payload)}")
        self.files["bag-info.txt"] = ("\n".join(info) + "\n").encode()
        self.files["manifest-sha256.txt"] = manifest(payload)
        unlisted = ("tagmanifest-sha256.txt", "package.sig", "meta/tsr/package.tsr")
        tags = {
            name: sha(data)
            for name, data in self.files.items()
            if name not in unlisted and not name.startswith("data/")
        }
        self.files["tagmanifest-sha256.txt"] = manifest(tags)

    def sign(self, *signers: NoteSigner) -> None:
        """Sign the lists as they are now."""
        text = signed_text(self.top, sha(self.files["tagmanifest-sha256.txt"]))
        lines = "".join(signer.line(text) for signer in signers)
        self.files["package.sig"] = f"{text}\n{lines}".encode()

    def write(self, path: Path) -> Path:
        """Put it together again."""
        path.unlink(missing_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in self.files.items():
                info = zipfile.ZipInfo(f"{self.top}/{name}", (2026, 11, 24, 23, 5, 0))
                info.create_system = 3
                info.external_attr = 0o100644 << 16
                archive.writestr(info, data)
        return path


def manifest(hashes: dict[str, str]) -> bytes:
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()

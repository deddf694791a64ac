"""A package with everything: witness, card, time stamp; each checked by a program of its own."""

import subprocess
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import Cosigner, NoteSigner
from dispatch.audit.cosign import Cosigning, witness_at
from dispatch.audit.outside import OutsideProof
from dispatch.audit.stamp import authority
from dispatch.audit.trust import TrustedKey
from dispatch.audit.witness import Witness
from dispatch.audit.witness_server import WitnessServer
from dispatch.evidence.verifier.main import verify
from dispatch.evidence.verifier.trust import read_trust
from tests.dispatch.audit.authority import LocalAuthority, served
from tests.dispatch.evidence.desk import Desk
from tests.dispatch.evidence.packages import Opened
from tests.dispatch.room import Room


async def test_witnessed_signed_by_a_card_and_stamped(room: Room, tmp_path: Path) -> None:
    cosigner = Cosigner("witness.test/w", Ed25519PrivateKey.generate())
    folder = tmp_path / "witness"
    folder.mkdir()
    Witness.create(folder, cosigner)
    vkey = (room.state / "audit" / "log.vkey").read_text("utf-8")
    witness = Witness(folder, cosigner, [TrustedKey(vkey)])
    server = WitnessServer(("127.0.0.1", 0), witness)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    local = LocalAuthority(tmp_path / "tsa")
    card = NoteSigner("test.example/approver/a", Ed25519PrivateKey.generate())
    try:
        with served(local) as tsa:
            at = witness_at(cosigner.vkey, f"http://127.0.0.1:{server.server_address[1]}")
            database, audit = room.state / "samband.db", room.state / "audit"
            outside = OutsideProof(
                database, audit, Cosigning(database, audit, (at,)), authority(tsa, local.roots)
            )
            desk = Desk(room)
            await desk.prepare(outside)
            package = await desk.request(approver_keys={desk.user("auditor"): card.vkey})
            await desk.approve(package, line=card.line(package["to_sign"]))
            answer = await desk.fetch(package)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        witness.close()
    path = tmp_path / f"{package['id']}.zip"
    path.write_bytes(answer.content)
    trust = (
        f"log {vkey.strip()}\nexporter {desk.exporter.vkey}\napprover {card.vkey}\n"
        f"witness w {cosigner.vkey}\nquorum w\n"
    )
    found = verify(path, read_trust(trust))
    assert found.faults == [], found.text()
    assert found.warnings == ["meta/tsr/package.tsr: a time stamp is there, but not checked"]
    assert "witnesses: witness.test/w saw this log" in found.text()
    files = Opened(path).files
    for name in ("package.sig", "meta/tsr/package.tsr"):
        (tmp_path / Path(name).name).write_bytes(files[name])
    done = subprocess.run(
        [
            "openssl", "ts", "-verify", "-data", "package.sig", "-in", "package.tsr", "-CAfile",
            local.roots,
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr
    other = trust.replace(cosigner.vkey, Cosigner("x", Ed25519PrivateKey.generate()).vkey)
    assert "too few trusted witnesses" in verify(path, read_trust(other)).verdict

"""The certificate of an erasure: the ids, their root, the log's entry, and its proof.

Who has it checks it with the log's verifier key alone: the root is made of the ids, the entry
names count and root, the proof leads from the entry to a checkpoint that the log signed.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatch.audit.proof_file import check_proof
from dispatch.audit.prover import Prover
from dispatch.audit.trust import TrustedKey
from dispatch.errors import Conflict
from dispatch.retention.ids_root import root_of_ids
from dispatch.retention.tables import ErasureJob
from gateway.model.errors import LocalError

FORM = "samband-erasure/v1"


class BadCertificate(LocalError):
    """A certificate that does not hold."""


def make(row: ErasureJob, objects: Sequence[tuple[str, str]], database: Path) -> dict[str, Any]:
    """Return the certificate of a job that is done; raises Conflict before that. Blocks."""
    if row.done_seq is None:
        raise Conflict(f"the erasure {row.id} is not done yet")
    with Prover(database) as prover:
        stored = prover.newest_checkpoint()
        if stored is None or stored.size <= row.done_seq:
            raise Conflict(
                "the log has no checkpoint behind this entry yet", hint="Try again in a minute."
            )
        entry = prover.entry(row.done_seq)
        proof = prover.inclusion_text(row.done_seq, stored.note)
    return {
        "v": 1,
        "form": FORM,
        "job": row.id,
        "kind": row.kind,
        "policy": row.policy,
        "begun": _time(row.started_utc),
        "done": _time(row.done_utc),
        "by": row.by,
        "approval": row.approval or None,
        "count": len(objects),
        "root": row.erased_root,
        "objects": [[kind, one] for kind, one in objects],
        "entry": entry.decode(),
        "proof": proof,
    }


def text_of(value: dict[str, Any]) -> str:
    """Return a certificate in words, with the JSON behind them."""
    classes = json.loads(value["entry"])["detail"]["classes"]
    kinds: dict[str, int] = {}
    for kind, _ in value["objects"]:
        kinds[kind] = kinds.get(kind, 0) + 1
    lines = [
        "CERTIFICATE OF ERASURE",
        "",
        f"Run {value['job']} ({value['kind']}), under policy {value['policy']}.",
        f"Begun {value['begun']}, done {value['done']}.",
        f"Asked for by {value['by']}; approval {value['approval'] or 'not needed'}.",
        f"Erased: {value['count']} objects ({_counts(kinds)}).",
        f"Classes listed: {_counts(classes)}.",
        f"Merkle root of the ids: {value['root']}",
        "",
        "The keys of their sealed files are destroyed. The audit log's entry of this erasure, its",
        "proof and the ids stand in the certificate's JSON form. To check it:",
        "  samband retention verify-certificate FILE --trust keys.txt",
    ]
    return "\n".join(lines) + "\n"


def verify(value: Any, keys: Sequence[TrustedKey]) -> str:
    """Check a certificate; returns what it shows. Raises BadCertificate with the reason."""
    try:
        objects = [(str(kind), str(one)) for kind, one in value["objects"]]
        entry = json.loads(value["entry"])
        detail = entry["detail"]
        named = (entry["op"], entry["verb"], entry["obj"]["id"], detail["count"], detail["root"])
        form, root, job, proof = value["form"], value["root"], value["job"], str(value["proof"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadCertificate(f"not a certificate of erasure: {error}") from error
    if form != FORM:
        raise BadCertificate(f"expected the form {FORM}, got {form!r}")
    if root_of_ids(objects) != root or len(set(objects)) != len(objects):
        raise BadCertificate("its ids do not give the root that it names")
    if named != ("erase", "retention.erased", job, len(objects), root):
        raise BadCertificate("the log's entry is of another erasure, or names other ids")
    try:
        place = check_proof(proof, keys, old_note=None, entry=str(value["entry"]).encode())
    except ValueError as error:
        raise BadCertificate(f"the log does not vouch for it: {error}") from error
    return f"{len(objects)} objects were erased in {job}: {place}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _time(utc_us: int | None) -> str | None:
    if utc_us is None:
        return None
    return f"{datetime.fromtimestamp(utc_us / 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"

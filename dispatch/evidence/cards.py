"""Cards of approvers: their verifier keys, and the signature line that each makes of a package."""

from dispatch.audit.trust import LOG_KEY, TrustedKey, signature_of
from dispatch.errors import ServiceError
from dispatch.evidence.builder import signed_text
from dispatch.evidence.shelf import Package


def card_of(vkey: str) -> TrustedKey:
    """Return the key of a person's card; raises ServiceError."""
    try:
        key = TrustedKey(vkey)
    except ValueError as error:
        raise ServiceError(f"evidence: {error}") from error
    if key.kind != LOG_KEY:
        raise ServiceError(f"evidence: the key {key.name} is not one of a person")
    return key


def signed_line(package: Package, user: str, line: str) -> str:
    """Check the signature line of an approver with a card; raises ServiceError."""
    vkey = package.approver_keys.get(user)
    text = signed_text(package.id, package.package_hash)
    if vkey is None:
        raise ServiceError("evidence: this package names no card of yours")
    key = card_of(vkey)
    try:
        name, raw = signature_of(line.rstrip("\n"))
    except ValueError as error:
        raise ServiceError(f"evidence: sign it with your card: {error}") from error
    if name != key.name or raw[:4] != key.key_id or not key.signed(text.encode(), raw[4:]):
        raise ServiceError("evidence: that is not the signature of your card over this package")
    return line.rstrip("\n") + "\n"

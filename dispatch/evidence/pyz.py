"""The offline verifier as one file: the very modules that run here, in one archive of Python."""

import io
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = (
    "dispatch/__init__.py",
    "dispatch/audit/__init__.py",
    "dispatch/audit/entry_check.py",
    "dispatch/audit/proofs.py",
    "dispatch/evidence/__init__.py",
)
VERIFIER = "dispatch/evidence/verifier"
MAIN = '''"""Verifies evidence packages: python3 verify_evidence.pyz FILE --trust KEYS."""

import sys

if sys.version_info < (3, 11):
    sys.exit("verify_evidence: it needs Python 3.11 or newer")

from dispatch.evidence.verifier.main import main

sys.exit(main())
'''
SHEBANG = b"#!/usr/bin/env python3\n"
SAME_TIME = (2026, 1, 1, 0, 0, 0)


def verifier_pyz() -> bytes:
    """Return the archive; the same sources give the same bytes."""
    names = [*SHARED, *(f"{VERIFIER}/{path.name}" for path in (ROOT / VERIFIER).glob("*.py"))]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(names):
            archive.writestr(_info(name), (ROOT / name).read_bytes())
        archive.writestr(_info("__main__.py"), MAIN.encode())
    return SHEBANG + buffer.getvalue()


def viewer_page() -> bytes:
    """Return the page that shows a package: it holds no data, fetches nothing, checks nothing."""
    return (ROOT / "dispatch/evidence/viewer.html").read_bytes()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, SAME_TIME)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info

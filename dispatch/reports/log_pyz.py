"""The verifier of a copied log as one file: the very modules that verify here, in one archive.

It needs Python 3.11 and nothing else: without the library for signatures it counts them itself.
"""

import io
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = (
    "dispatch/__init__.py",
    "dispatch/audit/__init__.py",
    "dispatch/audit/entry_check.py",
    "dispatch/audit/merkle.py",
    "dispatch/audit/proofs.py",
    "dispatch/audit/trust.py",
    "dispatch/audit/verify.py",
    "dispatch/audit/verify_report.py",
    "dispatch/audit/verify_tiles.py",
    "dispatch/evidence/__init__.py",
    "dispatch/evidence/verifier/__init__.py",
    "dispatch/evidence/verifier/ed25519.py",
)
MAIN = '''"""Verifies a copy of the audit log: python3 verify_log.pyz FOLDER --trust KEYS."""

import argparse
import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("verify_log: it needs Python 3.11 or newer")

from dispatch.audit.verify_tiles import verify_tiles


def printable(text):
    return "".join(char if char.isprintable() else f"\\\\x{ord(char):02x}" for char in text)


parser = argparse.ArgumentParser(description="Verifies a copy of the audit log.")
parser.add_argument("folder", type=Path, help="the unpacked folder")
parser.add_argument("--trust", type=Path, required=True, help="log <key>, witness <name> <key>")
asked = parser.parse_args()
try:
    report = verify_tiles(asked.folder, asked.trust)
except (ValueError, OSError) as error:
    print(printable(f"verify_log: {error}"), file=sys.stderr)
    sys.exit(2)
print(printable(f"log {report.origin}: {report.size} entries, root {report.root}"))
for line in report.witnessed:
    print(printable(f"witnessed: {line}"))
for line in report.warnings:
    print(printable(f"warning: {line}"))
for line in report.faults:
    print(printable(f"WRONG: {line}"))
if report.ok:
    print("sound" if report.witnessed else "sound, but no trusted witness has signed it")
else:
    print(printable(f"NOT SOUND ({report.faults[0]})"))
sys.exit(0 if report.ok else 1)
'''
SHEBANG = b"#!/usr/bin/env python3\n"
SAME_TIME = (2026, 1, 1, 0, 0, 0)


def log_verifier_pyz() -> bytes:
    """Return the archive; the same sources give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in MODULES:
            archive.writestr(_info(name), (ROOT / name).read_bytes())
        archive.writestr(_info("__main__.py"), MAIN.encode())
    return SHEBANG + buffer.getvalue()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, SAME_TIME)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info

"""A fresh SQLite store for a test: the revisions are run once, then their result is copied."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from dispatch.store.upgrade import upgrade


@cache
def _template() -> Path:
    folder = tempfile.mkdtemp(prefix="samband-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / "samband.db"
    upgrade(f"sqlite:///{file}")
    return file


def fresh_store(file: Path) -> str:
    """Put an empty store of the newest revision at ``file``, unless it is there; its address."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(), file)
    return f"sqlite:///{file}"

"""A PostgreSQL cluster of the tests' own: made in a temporary folder, on a Unix socket alone."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from dispatch.store.upgrade import upgrade

_NUMBERS = count(1)
_TEMPLATE = "samband_template"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    path = shutil.which("postgres")
    return Path(path).parent if path else None


class Cluster:
    """A running server and its databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = False

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://samband@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(
            f"host={self.folder} user=samband dbname=postgres", autocommit=True
        ) as db:
            db.execute(statement)

    def database(self, *, empty: bool = False) -> str:
        """Make a database, upgraded unless ``empty``; returns its URL."""
        if not self._made and not empty:
            self.execute(f"CREATE DATABASE {_TEMPLATE}")
            upgrade(self.url(_TEMPLATE))
            self._made = True
        name = f"test_{next(_NUMBERS)}"
        source = "template0" if empty else _TEMPLATE
        self.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        return self.url(name)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a server that ends with the block; skips the test where PostgreSQL is missing."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="samband-pg-", dir="/tmp"))
    before: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        before = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    try:
        subprocess.run(
            [*before, str(found / "initdb"), "-D", str(data), "-U", "samband", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True,
        )  # fmt: skip
        server = subprocess.Popen(
            [*before, str(found / "postgres"), "-D", str(data), "-k", str(folder),
             "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
             "-c", "max_connections=60", "-c", "shared_buffers=32MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            ready = [str(found / "pg_isready"), "-q", "-h", str(folder), "-t", "1"]
            for _ in range(300):
                if subprocess.run(ready, check=False).returncode == 0:
                    break
                if server.poll() is not None:
                    raise RuntimeError("PostgreSQL ended at its start")
            yield Cluster(folder)
        finally:
            pid = int((data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 2)
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

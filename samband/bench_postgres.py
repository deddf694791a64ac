"""A PostgreSQL server of one's own, for benchmarks and tests: a folder, a Unix socket, no network.

PostgreSQL refuses to run as root; then the programs run as the account ``postgres`` that Debian's
package makes.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.model.errors import ConfigError

START_S = 60
OWNER = "samband"
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""For data that nobody would miss."""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs; raises ConfigError where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    path = str(found[-1]) if found else shutil.which("postgres")
    if path is None:
        raise ConfigError("PostgreSQL is not installed", hint="Debian: apt-get install postgresql")
    return Path(path).parent


class Cluster:
    """The databases of one folder; ``start`` and ``stop`` as often as one likes."""

    def __init__(self, folder: Path, settings: Sequence[str] = QUICK) -> None:
        """Use a folder; its data are made at the first start."""
        self.folder = folder
        self.data = folder / "data"
        self._settings = settings
        self._server: subprocess.Popen[bytes] | None = None
        self._as: list[str] = []

    def url(self, database: str) -> str:
        """Return the address of a database for SQLAlchemy."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Make the data if there are none, and serve them; returns when they are served."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]
        found = programs()
        if not self.data.exists():
            _run([*self._as, str(found / "initdb"), "-D", str(self.data), "-U", OWNER, "-A",
                  "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])  # fmt: skip
        settings = ["listen_addresses=", *self._settings]
        self._server = subprocess.Popen(
            [*self._as, str(found / "postgres"), "-D", str(self.data), "-k", str(self.folder),
             *(word for setting in settings for word in ("-c", setting))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        ready = [str(found / "pg_isready"), "-q", "-h", str(self.folder), "-t", "1"]
        for _ in range(START_S * 50):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self._server.poll() is not None:
                raise ConfigError("PostgreSQL ended at its start", hint=f"See {self.data}.")
            _wait()
        raise ConfigError(f"PostgreSQL did not answer within {START_S} s")

    def stop(self) -> None:
        """End the server at once, its data whole; safe twice."""
        server, self._server = self._server, None
        if server is not None and server.poll() is None:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGINT)
            server.wait(60)

    def execute(self, statement: str) -> None:
        """Run a statement on the database ``postgres``."""
        import psycopg

        with psycopg.connect(
            f"host={self.folder} user={OWNER} dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@contextmanager
def running(folder: Path, settings: Sequence[str] = QUICK) -> Iterator[Cluster]:
    """Serve a folder until the block ends."""
    cluster = Cluster(folder, settings)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise ConfigError(f"{Path(command[-1]).name}: {done.stderr.decode(errors='replace')[:400]}")


def _wait() -> None:
    import time

    time.sleep(0.02)

"""A real server whose store is on a real PostgreSQL: started, ready, stopped, verified."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.postgres import Databases

PLAN = """
name = "small"
[[systems]]
id = "net"
name = "Net"
technology = "tetra"
handle = 1
"""


def samband(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "samband", *words], capture_output=True, text=True, check=False
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ready(port: int, server: "subprocess.Popen[bytes]") -> bool:
    """Poll until the server says it is ready."""
    for _ in range(2400):
        if server.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.URLError:
            try:
                server.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
    return False


def test_run_with_a_store_on_postgresql(tmp_path: Path, postgres: Databases) -> None:
    port, url = free_port(), postgres.new(empty=True)
    config, plan, state = tmp_path / "samband.toml", tmp_path / "plan.toml", tmp_path / "state"
    config.write_text(
        f'[web]\nhost = "127.0.0.1"\nport = {port}\n[store]\nstate = "{state}"\nurl = "{url}"\n'
    )
    plan.write_text(PLAN)
    server = subprocess.Popen(
        [sys.executable, "-m", "samband", "run", "-c", str(config), "--plan", str(plan)]
    )
    try:
        assert ready(port, server)
    finally:
        server.terminate()
        server.wait(60)
    assert not (state / "samband.db").exists()
    log = f"sqlite:///{state / 'audit.db'}"
    verified = samband("audit", "verify", "--db", log)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    upgraded = samband("db", "upgrade", "-c", str(config))
    assert "already" in upgraded.stdout, upgraded.stderr
    indexed = samband("db", "reindex", "-c", str(config), "--all")
    assert indexed.stdout.strip() == "0 calls indexed", indexed.stderr

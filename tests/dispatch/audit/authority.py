"""A time-stamp authority of OpenSSL on loopback: real certificates, real answers."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[ tsa ]
default_tsa = local
[ local ]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {certs}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def _openssl(folder: Path, *words: str) -> None:
    done = subprocess.run(
        ["openssl", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


class LocalAuthority:
    """Keys and certificates in a folder; ``answer`` makes a response as a service would."""

    def __init__(self, folder: Path, *, whole_chain: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.roots = folder / "root.pem"
        self.broken = False
        subject = ("-subj", "/O=Test/CN=Test root")
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout")
        ca = "basicConstraints=critical,CA:TRUE"
        _openssl(
            folder, "req", "-x509", *key, "root.key", "-out", "root.pem", "-days", "3650",
            *subject, "-addext", "keyUsage=critical,keyCertSign",
            "-config", "/dev/null", "-addext", ca,
        )  # fmt: skip
        _openssl(
            folder, "req", "-new", *key, "tsa.key", "-out", "tsa.csr", "-subj",
            "/O=Test/CN=Test time stamps", "-config", "/dev/null",
        )  # fmt: skip
        extensions = (
            "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=critical,timeStamping\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        (folder / "tsa.ext").write_text(extensions, encoding="ascii")
        _openssl(
            folder, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key",
            "-set_serial", "2", "-days", "3650", "-extfile", "tsa.ext", "-out", "tsa.pem",
        )  # fmt: skip
        # The trap of the reference: a chain in ``certs`` makes an answer that is not strict DER.
        chain = folder / "chain.pem"
        names = ("root.pem", "tsa.pem") if whole_chain else ("tsa.pem",)
        chain.write_text("".join((folder / name).read_text("ascii") for name in names), "ascii")
        (folder / "serial").write_text("01\n", encoding="ascii")
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder, certs=chain), encoding="utf-8")

    def answer(self, query: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "q").write_bytes(query)
            _openssl(
                Path(name), "ts", "-reply", "-queryfile", "q", "-out", "r",
                "-config", str(self.folder / "tsa.cnf"),
            )  # fmt: skip
            return (Path(name) / "r").read_bytes()


@contextmanager
def served(authority: LocalAuthority) -> Iterator[str]:
    """Serve an authority on a free port; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            body = b"?" if authority.broken else authority.answer(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

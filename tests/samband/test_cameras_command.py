"""``samband cameras``: a probe over real UDP, answers as devices write them, one that speaks."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from dispatch.live.camera_http import Login
from dispatch.live.onvif_discovery import probe, read_matches, scopes_of
from gateway.model.errors import LinkError
from samband import cameras_command
from samband.cli import main
from tests.dispatch.cameras.serving import serving
from tests.dispatch.live.engine_stubs import SnapshotCamera

MATCH = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body><d:ProbeMatches><d:ProbeMatch>
 <w:EndpointReference><w:Address>urn:uuid:{n}</w:Address></w:EndpointReference>
 <d:Types>dn:NetworkVideoTransmitter</d:Types>
 <d:Scopes>onvif://www.onvif.org/name/Test Cam onvif://www.onvif.org/Profile/Streaming
 onvif://www.onvif.org/Profile/T onvif://www.onvif.org/location/G%C3%A5rd
 onvif://www.onvif.org/hardware/C1 other://x/y</d:Scopes>
 <d:XAddrs>http://192.0.2.41/onvif/device_service http://[fe80::1]/onvif ftp://no</d:XAddrs>
 </d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""


def test_an_answer_with_a_space_in_a_name() -> None:
    (found,) = read_matches(MATCH.encode())
    assert (found.name, found.location, found.hardware) == ("Test Cam", "Gård", "C1")
    assert found.profiles == ("Streaming", "T")
    assert found.addresses == (
        "http://192.0.2.41/onvif/device_service", "http://[fe80::1]/onvif",
    )  # fmt: skip
    assert scopes_of("") == {}
    assert scopes_of("loose words only") == {}


@pytest.mark.parametrize(
    "raw", [b"", b"<a/>", b"\xff", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", b"<ProbeMatch/>"]
)
def test_what_is_no_answer(raw: bytes) -> None:
    assert read_matches(raw) == []


def test_a_probe_over_the_network() -> None:
    device = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    device.bind(("127.0.0.1", 0))
    asked: list[bytes] = []

    def answer() -> None:
        question, address = device.recvfrom(65535)
        asked.append(question)
        for text in (MATCH.format(n=1), "noise", MATCH.format(n=1), MATCH.format(n=2)):
            device.sendto(text.encode(), address)

    thread = threading.Thread(target=answer)
    thread.start()
    found = cameras_command.discover(0.5, "127.0.0.1", device.getsockname())
    thread.join(5)
    device.close()
    assert [one.endpoint for one in found] == ["urn:uuid:1", "urn:uuid:2"]
    assert b"NetworkVideoTransmitter" in asked[0]
    assert read_matches(probe("x")) == []


def test_nobody_answers(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(cameras_command, "discover", lambda seconds, source: [])
    assert main(["cameras", "discover"]) == 1
    assert "no camera answered" in capsys.readouterr().err


def test_found_cameras_are_listed(monkeypatch: Any, capsys: Any) -> None:
    found = read_matches(MATCH.encode())
    monkeypatch.setattr(cameras_command, "discover", lambda seconds, source: found)
    assert main(["cameras", "discover"]) == 0
    assert "Test Cam" in capsys.readouterr().out
    assert main(["cameras", "discover", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["hardware"] == "C1"


async def test_what_a_camera_offers(tmp_path: Path) -> None:
    camera = SnapshotCamera()
    async with serving(camera.app) as port:
        url = f"http://127.0.0.1:{port}/onvif/device_service"
        login = Login(user="samband", password="secret")
        told: Any = await cameras_command.profiles(url, login)
        assert told["model"] == "C1"
        assert told["picture"] == f"http://127.0.0.1:{port}/digest.jpg"
        assert told["profiles"][0]["encoding"] == "H264"
        with pytest.raises(LinkError, match="Sender not Authorized"):
            await cameras_command.profiles(url, None)


def test_wrong_use(capsys: Any, tmp_path: Path) -> None:
    assert main(["cameras", "profiles", "nowhere"]) == 1
    missing = ["--user", "x", "--password-file", str(tmp_path / "none")]
    assert main(["cameras", "profiles", "http://127.0.0.1:1/onvif", *missing]) == 1
    assert "No such file" in capsys.readouterr().err

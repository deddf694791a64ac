"""What we use of aiortc and aioice beyond their public interface. When one of these fails after an
upgrade, read the new version and change the module of ``webrtc`` that uses it."""

import inspect
import threading
from pathlib import Path

import aioice.ice
import aiortc.codecs.opus
import aiortc.rtcdtlstransport
import aiortc.rtcrtpreceiver
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from av.packet import Packet

from gateway.model.errors import ConfigError
from webrtc.addresses import host_addresses, use_media_addresses
from webrtc.rtp_origin import SENT_TIMESTAMP
from webrtc.tracks import TIME_BASE


def test_aiortc_hands_each_packet_to_this_method_of_the_receiver() -> None:
    handler = inspect.signature(RTCRtpReceiver._handle_rtp_packet)
    assert list(handler.parameters) == ["self", "packet", "arrival_time_ms"]
    source = inspect.getsource(aiortc.rtcdtlstransport.RTCDtlsTransport)
    assert "receiver._handle_rtp_packet(packet, arrival_time_ms=arrival_time_ms)" in source


def test_aiortc_ends_its_decoder_thread_on_a_disconnect() -> None:
    assert list(inspect.signature(RTCRtpReceiver._handle_disconnect).parameters) == ["self"]
    assert "__stop_decoder" in inspect.getsource(RTCRtpReceiver._handle_disconnect)
    source = inspect.getsource(RTCRtpReceiver._handle_rtp_packet)
    assert "and self.__decoder_thread" in source  # without one, packets are only counted


def test_aiortc_notes_the_rtp_time_of_a_packet_when_it_has_left() -> None:
    assert SENT_TIMESTAMP == "_RTCRtpSender__rtp_timestamp"
    source = inspect.getsource(RTCRtpSender._run_rtp)
    sent = source.index("await self.transport._send_rtp(packet_bytes)")
    assert source.index("self.__rtp_timestamp = packet.timestamp") > sent
    assert source.index("await self._next_encoded_frame(codec)") < sent


def test_aioice_asks_this_function_for_its_addresses() -> None:
    assert "get_host_addresses(" in inspect.getsource(aioice.ice.Connection)
    assert callable(aioice.ice.get_host_addresses)


def test_aiortc_packs_a_packet_without_changing_it() -> None:
    packet: Packet = Packet(b"opus")  # type: ignore[type-arg]  # PyAV's parameter is its own
    packet.pts = (1 << 40) + 960
    packet.time_base = TIME_BASE
    payloads, timestamp = aiortc.codecs.opus.OpusEncoder().pack(packet)
    assert payloads == [b"opus"]
    assert timestamp == (1 << 40) + 960


async def test_only_configured_addresses_become_candidates() -> None:
    use_media_addresses(["127.0.0.1"])
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("audio", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    lines = [x for x in peer.localDescription.sdp.splitlines() if x.startswith("a=candidate")]
    await peer.close()
    assert lines
    assert {line.split()[4] for line in lines} == {"127.0.0.1"}
    assert {line.split()[7] for line in lines} == {"host"}


def test_wrong_addresses_are_named() -> None:
    with pytest.raises(ConfigError, match="media_addresses") as caught:
        use_media_addresses(["127.0.0.1", "radio-room"])
    assert caught.value.faults == ("radio-room",)
    with pytest.raises(ConfigError):
        use_media_addresses([])
    assert host_addresses()[-1] == "127.0.0.1"


def test_private_parts_are_used_in_these_modules_only() -> None:
    root = Path(__file__).parents[2] / "webrtc"
    for path in root.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        private = "_handle_" in text or "get_host_addresses" in text
        assert private == (path.name in ("microphone.py", "addresses.py")), path


def test_no_decoder_thread_is_left_by_another_test() -> None:
    names = [thread.name for thread in threading.enumerate()]
    assert "audio-decoder" not in names

"""What we use of aiortc and aioice beyond their public interface. When one of these fails after an
upgrade, read the new version and change the module of ``webrtc`` that uses it."""

import inspect
import threading
from pathlib import Path

import aioice.ice
import aiortc.codecs.opus
import aiortc.rtcdtlstransport
import aiortc.rtcicetransport
import aiortc.rtcrtpreceiver
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender

from gateway.model.errors import ConfigError
from samband.bench_fanout_peers import opus_packet
from webrtc.addresses import host_addresses, use_media_addresses
from webrtc.rtp_line import REPORTED


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


async def test_aiortc_reports_what_its_sender_counts_under_these_names() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = peer.addTransceiver("audio").sender
    assert {name: vars(sender)[name] for name in REPORTED} == dict.fromkeys(REPORTED, 0)
    source = inspect.getsource(RTCRtpSender._run_rtcp)
    for name in REPORTED:
        assert f"self.{name.removeprefix('_RTCRtpSender')}" in source
    assert isinstance(sender._ssrc, int)
    await peer.close()


def test_a_packet_leaves_aiortc_by_these_parts() -> None:
    dtls = inspect.getsource(aiortc.rtcdtlstransport.RTCDtlsTransport._send_rtp)
    assert "data = self._tx_srtp.protect(data)" in dtls
    assert "await self.transport._send(data)" in dtls
    ice = inspect.getsource(aiortc.rtcicetransport.RTCIceTransport.__init__)
    assert "self._send = self._connection.send" in ice
    sends = inspect.getsource(aioice.ice.Connection.sendto)
    assert "active_pair = self._nominated.get(component)" in sends
    assert "await active_pair.protocol.send_data(data, active_pair.remote_addr)" in sends
    socket = inspect.getsource(aioice.ice.StunProtocol.send_data)
    assert "self.transport.sendto(data, addr)" in socket


def test_aioice_asks_this_function_for_its_addresses() -> None:
    assert "get_host_addresses(" in inspect.getsource(aioice.ice.Connection)
    assert callable(aioice.ice.get_host_addresses)


def test_aiortc_packs_a_packet_without_changing_it() -> None:
    packet = opus_packet(b"opus", (1 << 40) + 960)
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
        below = "_tx_srtp" in text or "_nominated" in text or "_RTCRtpSender" in text
        assert below == (path.name == "rtp_line.py"), path


def test_no_decoder_thread_is_left_by_another_test() -> None:
    names = [thread.name for thread in threading.enumerate()]
    assert "audio-decoder" not in names

"""The fan-out heard, and a microphone spoken, by a real Chromium over 127.0.0.1."""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from gateway.model.ids import PositionId
from gateway.model.voice import VoiceFrame
from tests.webrtc.room import AMBULANCE, FIRE, PATROL, Room, open_room, until
from voicecodecs.pcm import from_bytes, level_dbfs
from voicecodecs.transmit import TransmitChain
from webrtc.microphone import UplinkTarget

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
PAGE = """<!doctype html><script>
async function join(lines) {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, {frequency: 600});
  const level = new GainNode(context, {gain: 0.2});
  const out = context.createMediaStreamDestination();
  tone.connect(level).connect(out); tone.start();
  const peer = new RTCPeerConnection({iceServers: []});
  const microphone = peer.addTransceiver('audio', {direction: 'sendonly'});
  await microphone.sender.replaceTrack(out.stream.getAudioTracks()[0]);
  window.heard = {}; window.peer = peer;
  peer.ontrack = (event) => {
    const stream = new MediaStream([event.track]);
    const element = new Audio(); element.srcObject = stream; element.muted = true; element.play();
    const analyser = new AnalyserNode(context, {fftSize: 8192, smoothingTimeConstant: 0});
    context.createMediaStreamSource(stream).connect(analyser);
    window.heard[event.transceiver.mid] = analyser;
  };
  for (let n = 0; n < lines; n++) peer.addTransceiver('audio', {direction: 'recvonly'});
  await peer.setLocalDescription(await peer.createOffer());
  while (peer.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 10));
  const answer = JSON.parse(await window.answer(peer.localDescription.sdp));
  await peer.setRemoteDescription({type: 'answer', sdp: answer.sdp});
  return answer.tracks;
}
function loudest(mid) {
  const analyser = window.heard[mid];
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const best = bins.indexOf(Math.max(...bins));
  const wave = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(wave);
  const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length;
  return [best * analyser.context.sampleRate / analyser.fftSize, 10 * Math.log10(power + 1e-12)];
}
</script>"""

LINES = (PATROL, FIRE, AMBULANCE)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="/usr/bin/chromium is not installed"),
]


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with open_room() as opened:
        yield opened


@pytest.fixture
async def page(room: Room) -> AsyncIterator[Page]:
    async def answer(sdp: str) -> str:
        found = await room.rtc.open(PositionId("1"), sdp, LINES, lambda t: t != FIRE)
        return json.dumps({"sdp": found.sdp, "tracks": found.tracks})

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        opened = await browser.new_page()
        await opened.expose_function("answer", answer)
        await opened.route("**/*", lambda route: route.fulfill(content_type="text/html", body=PAGE))
        await opened.goto("http://localhost/")
        yield opened
        await browser.close()


async def connected(room: Room, page: Page) -> dict[str, str]:
    """Join and return the line that carries each talkgroup."""
    tracks: list[list[str]] = await page.evaluate("join(3)")
    await until(lambda: [s.state for s in room.rtc.sessions] == ["connected"], "connected", 15)
    lines = {talkgroup: mid for mid, talkgroup in tracks}
    assert set(lines) == {PATROL, AMBULANCE}
    return lines


async def test_a_tone_is_heard_at_its_pitch_and_level(room: Room, page: Page) -> None:
    mid = (await connected(room, page))[PATROL]
    talk = asyncio.create_task(room.talk(PATROL, frames=150, hz=1000))
    heard: list[tuple[float, float]] = []
    while not talk.done():
        pitch_hz, dbfs = await page.evaluate("mid => loudest(mid)", mid)
        heard.append((pitch_hz, dbfs))
        await asyncio.sleep(0.1)
    loud = [found for found in heard if found[1] > -40]
    assert len(loud) > 8
    assert np.median([pitch for pitch, _ in loud]) == pytest.approx(1000, abs=15)
    assert np.median([dbfs for _, dbfs in loud]) == pytest.approx(-20, abs=3)
    await asyncio.sleep(0.5)
    assert (await page.evaluate("mid => loudest(mid)", mid))[1] < -60
    lost: list[Any] = await page.evaluate(
        "async () => [...(await window.peer.getStats()).values()]"
        ".filter(s => s.type === 'inbound-rtp').map(s => s.packetsLost)"
    )
    assert sum(lost) == 0


async def test_each_talkgroup_comes_out_of_its_own_line(room: Room, page: Page) -> None:
    lines = await connected(room, page)
    talk = asyncio.gather(
        room.talk(PATROL, frames=100, hz=800),
        room.talk(AMBULANCE, frames=100, hz=1400, transmission=b"a" * 16),
    )
    await asyncio.sleep(1)
    found = {talkgroup: await page.evaluate("m => loudest(m)", m) for talkgroup, m in lines.items()}
    await talk
    assert found[PATROL][0] == pytest.approx(800, abs=15)
    assert found[AMBULANCE][0] == pytest.approx(1400, abs=15)


async def test_the_browsers_microphone_reaches_the_gateway_as_speech_packets(
    room: Room, page: Page
) -> None:
    frames: list[VoiceFrame] = []
    room.bus.serve_uplink(lambda position, frame: frames.append(frame))
    await connected(room, page)
    position = PositionId("1")
    room.gate.open(position, UplinkTarget(system=1, talkgroup=310201, position=position))
    await until(lambda: len(frames) >= 50, "50 voice frames", 15)
    room.gate.close(position)
    assert {frame.duration_ms for frame in frames} == {20}
    bits = sum(len(frame.opus) for frame in frames) * 8 / (len(frames) * 0.02)
    assert bits < 24_000  # the answer asked for 16 kbit/s
    chain = TransmitChain()
    pcm = b"".join(b"".join(chain.decode(frame.sequence, frame.opus)) for frame in frames)
    sound = from_bytes(pcm)[1600:]
    spectrum = np.abs(np.fft.rfft(sound.astype(float)))
    assert spectrum.argmax() * 8000 / len(sound) == pytest.approx(600, abs=10)
    assert -35 < level_dbfs(sound) < -10
    assert chain.lost == 0


async def test_no_packet_of_ours_is_for_another_machine(room: Room, page: Page) -> None:
    await connected(room, page)
    await room.talk(PATROL, frames=10)
    pairs: list[list[str]] = await page.evaluate(
        "async () => { const all = [...(await window.peer.getStats()).values()];"
        " return all.filter(s => s.type.endsWith('-candidate')).map(s => [s.type, s.address]); }"
    )
    assert {address for kind, address in pairs if kind == "remote-candidate"} == {"127.0.0.1"}
    peers = subprocess.run(
        ["cat", "/proc/self/net/udp"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1:]
    remote = {line.split()[2].split(":")[0] for line in peers}
    assert remote <= {"00000000", "0100007F"}
    assert socket.gethostbyname("localhost").startswith("127.")

/** One live picture by WHEP: our offer, the engine's answer, the stream. No ICE server is asked. */

const GATHER_MS = 2000;

export interface Live {
  stream: MediaStream;
  peer: RTCPeerConnection;
  close: () => void;
}

/** Wait until the addresses of this machine are in the offer; what comes later is not needed. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, GATHER_MS);
    function done(): void {
      clearTimeout(timer);
      peer.removeEventListener('icegatheringstatechange', look);
      resolve();
    }
    function look(): void {
      if (peer.iceGatheringState === 'complete') done();
    }
    peer.addEventListener('icegatheringstatechange', look);
  });
}

/**
 * Connect; `exchange` gives the answer for an offer. `onlost` is told when the picture stops coming.
 * Rejects with the words of the server or the browser.
 */
export async function watch(exchange: (sdp: string) => Promise<string>, onlost: () => void): Promise<Live> {
  const peer = new RTCPeerConnection({ iceServers: [] });
  const stream = new MediaStream();
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.addTransceiver('audio', { direction: 'recvonly' });
  peer.addEventListener('track', (event) => stream.addTrack(event.track));
  peer.addEventListener('connectionstatechange', () => {
    if (['failed', 'closed', 'disconnected'].includes(peer.connectionState)) onlost();
  });
  const close = (): void => {
    for (const track of stream.getTracks()) track.stop();
    peer.close();
  };
  try {
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const answer = await exchange(peer.localDescription?.sdp ?? '');
    await peer.setRemoteDescription({ type: 'answer', sdp: answer });
  } catch (error) {
    close();
    throw error;
  }
  return { stream, peer, close };
}

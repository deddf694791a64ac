/** One peer connection: the microphone first, then one receiving track per heard talkgroup. */

import { api, path } from '../api/client';
import { DeskStats, pageNow, type Answered } from './stats';

export const MAX_TRACKS = 32;
const GATHER_MS = 2_000;

export interface RtcHandlers {
  track(talkgroup: string, track: MediaStreamTrack): void;
  /** `connected`, `failed`, `closed` and so on. */
  state(state: RTCPeerConnectionState): void;
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}

export class RtcSession {
  #peer: RTCPeerConnection | null = null;
  #microphone: RTCRtpSender | null = null;
  /** The microphone's track; it may come before, while or after the connection is made. */
  #track: MediaStreamTrack | null = null;
  #id = '';
  #lines = new Map<string, RTCRtpTransceiver>();
  readonly #stats = new DeskStats();

  constructor(private readonly handlers: RtcHandlers) {}

  get id(): string {
    return this.#id;
  }

  get connected(): boolean {
    return this.#peer?.connectionState === 'connected';
  }

  async open(talkgroups: readonly string[], microphone: MediaStreamTrack | null): Promise<void> {
    this.#track = microphone;
    const config = await api.get<RTCConfiguration>('/rtc/config');
    const peer = new RTCPeerConnection(config);
    this.#peer = peer;
    peer.onconnectionstatechange = () => {
      if (this.#peer === peer) this.handlers.state(peer.connectionState);
    };
    this.#microphone = peer.addTransceiver('audio', { direction: 'sendonly' }).sender;
    if (this.#track) await this.#microphone.replaceTrack(this.#track);
    const heard = talkgroups.slice(0, MAX_TRACKS);
    const receivers = heard.map(() => peer.addTransceiver('audio', { direction: 'recvonly' }));
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    if (this.#peer !== peer) return;
    const answer = await api.post<{
      session: string;
      sdp: string;
      tracks: { mid: string; talkgroup: string }[];
    }>('/rtc/offer', { sdp: peer.localDescription?.sdp ?? '', talkgroups: heard });
    if (this.#peer !== peer) {
      void api.delete(path`/rtc/${answer.session}`).catch(() => undefined);
      return;
    }
    this.#id = answer.session;
    await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    const granted = new Map(answer.tracks.map((row) => [row.mid, row.talkgroup]));
    for (const transceiver of receivers) {
      const talkgroup = granted.get(transceiver.mid ?? '');
      if (!talkgroup) continue;
      this.#lines.set(talkgroup, transceiver);
      this.handlers.track(talkgroup, transceiver.receiver.track);
    }
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    this.#track = track;
    await this.#microphone?.replaceTrack(track);
  }

  async mute(talkgroup: string, muted: boolean): Promise<void> {
    if (this.#id) await api.post(path`/rtc/${this.#id}/mute`, { talkgroup, muted });
  }

  /** Note what is played now; called twice a second. */
  sample(measure: (talkgroup: string) => { power: number; peak: number } | null): void {
    if (this.connected) this.#stats.sample(this.#lines, measure);
  }

  /** Delays, levels and losses of this desk, for the engineer's audio path. */
  async sendStats(outputMs: number | null): Promise<void> {
    if (!this.#peer || !this.#id) return;
    const rows = (await this.#peer.getStats()).values() as Iterable<Record<string, unknown>>;
    const latency = (this.#track?.getSettings() as { latency?: number } | undefined)?.latency;
    const inputMs = typeof latency === 'number' ? latency * 1000 : null;
    const report = this.#stats.report(rows, this.#lines, { outputMs, inputMs });
    const sent = pageNow();
    const answered = await api.post<Answered>(path`/rtc/${this.#id}/stats`, report);
    this.#stats.clock.note(sent, pageNow(), answered);
  }

  close(): void {
    const peer = this.#peer;
    const id = this.#id;
    this.#peer = null;
    this.#microphone = null;
    this.#track = null;
    this.#id = '';
    this.#lines.clear();
    peer?.close();
    if (id) void api.delete(path`/rtc/${id}`).catch(() => undefined);
  }
}

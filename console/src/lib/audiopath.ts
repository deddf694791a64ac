/** The audio path in words: what each stage is, and what stands under its figure. */

import type { PathView, Stage, Way } from './api/health';

export const STAGE_NAMES: Record<string, string> = {
  link: 'Link',
  buffer: 'Jitter buffer',
  level: 'Level control',
  opus: 'Opus',
  network: 'Network',
  browser: 'Browser',
  microphone: 'Microphone',
  order: 'Jitter buffer',
  press: 'Press buffer',
};

const PORTS: Record<string, string> = {
  device: 'sound card, 8 kHz',
  udp: 'sound over UDP, 8 kHz',
  unix: 'sound by a socket, 8 kHz',
  coded: 'coded frames',
};
const NOT_MEASURED: Record<string, string> = { air: 'air', radio: 'radio', loudspeaker: 'loudspeaker', microphone: 'microphone', fastest_way: 'the way of the fastest block to us' };
const UNKNOWN: Record<string, string> = {
  not_played: 'When it is played, cannot be measured',
  no_port: 'The link tells no capture time',
};

/** `12`, `0.4`, `-`: whole milliseconds from 10 on. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

export const dbfs = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
/** `+0`, `−23`, `+2.5`: what is set has a decimal only where it needs one. */
export const signedShort = (value: number): string => signed(value).replace(/\.0$/, '');
const percent = (value: number | null | undefined): string => (value === null || value === undefined ? '-' : `${value} %`);

/** Milliseconds of a stage: of the browser both of what it measures. */
export function stageMs(stage: Stage): number | null {
  if (stage.id !== 'browser' || !stage.output || stage.output.p50_ms === null) return stage.p50_ms;
  return stage.p50_ms === null ? null : stage.p50_ms + stage.output.p50_ms;
}

const set = (stage: Stage, id: string): number | null => {
  const value = stage.settings?.find((one) => one.id === id)?.value;
  return typeof value === 'number' ? value : null;
};

/** How the blocks of a link wait, as it is set for its kind of sound. */
function buffered(stage: Stage): string {
  const [reorder, playout] = [set(stage, 'reorder_ms'), set(stage, 'playout_ms')];
  if (reorder !== null) return `in order, at most ${reorder} ms`;
  return playout === null ? 'until a talker is known' : `in time, ${playout} ms`;
}

/** The line under a stage's name. */
export function what(stage: Stage, view: PathView): string {
  const position = view.position ? `Position ${view.position}` : 'no position chosen';
  switch (stage.id) {
    case 'link':
      return PORTS[stage.port ?? ''] ?? 'coded frames';
    case 'buffer':
    case 'order':
      return buffered(stage);
    case 'press':
      return 'waits for the grant';
    case 'level':
      return `target ${signedShort(set(stage, 'target_dbfs') ?? NaN)} dBFS`;
    case 'opus':
      return `${figure((set(stage, 'bitrate_bps') ?? NaN) / 1000)} kbit/s, ${figure(set(stage, 'frame_ms'))} ms`;
    case 'network':
      return view.way === 'receive' ? `WebRTC to ${position}` : `WebRTC from ${position}`;
    case 'browser':
      return 'NetEq and output';
    case 'microphone':
      return position;
    default:
      return '';
  }
}

/** The facts of a stage, one line. */
export function facts(stage: Stage): string {
  switch (stage.id) {
    case 'link':
      if (stage.unknown) return UNKNOWN[stage.unknown] ?? '';
      if (stage.p95_ms === null) return 'Not measured yet';
      return stage.begin === 'fastest' ? 'Later than the fastest block' : 'From the capture on';
    case 'buffer':
      return `Late ${percent(stage.late_percent)}, lost ${percent(stage.lost_percent)}`;
    case 'order':
      return `Lost ${percent(stage.lost_percent)}`;
    case 'press':
      if (stage.dry) return `${stage.dry} blocks of silence filled in`;
      return stage.count ? 'Never ran dry' : 'Nothing sent yet';
    case 'level':
      return stage.gain_db === null || stage.gain_db === undefined ? 'Gain -' : `Gain ${signed(stage.gain_db)} dB of ${figure(set(stage, 'max_gain_db'))}`;
    case 'opus':
      return `${stage.look_ahead_ms} ms look-ahead, not added`;
    case 'network':
      return `Loss ${percent(stage.lost_percent)}, jitter ${figure(stage.jitter_ms)} ms`;
    case 'browser':
      return `Output ${figure(stage.output?.p50_ms)} ms, NetEq ${figure(stage.p50_ms)}`;
    case 'microphone':
      return 'As the browser says, not added';
    default:
      return '';
  }
}

/** Under the figure of a stage that is not part of the whole. */
export function aside(stage: Stage): string {
  if (stage.id === 'network') return stage.p50_ms === null ? '' : '½ round trip';
  return stage.p95_ms === null ? '' : `p95 ${figure(stage.p95_ms)} ms`;
}

export const levelWords = (stage: Stage): string =>
  stage.level ? `${dbfs(stage.level.rms_dbfs)} dBFS, peak ${dbfs(stage.level.peak_dbfs)}` : 'No level';

/** Share of the bar from −60 to 0 dBFS, in percent. */
export const barPercent = (value: number): number => Math.min(100, Math.max(0, ((value + 60) / 60) * 100));

export function wholeWords(view: PathView, link: string): { title: string; note: string; rest: string } {
  const names = view.not_measured.map((one) => NOT_MEASURED[one] ?? one);
  const list = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
  const rest = `${list.charAt(0).toUpperCase()}${list.slice(1)}: not measured, not added`;
  if (view.way === 'transmit') {
    const note = view.whole.p50_ms === null ? `Nobody has talked by ${link} in this time` : `p95 ${figure(view.whole.p95_ms)} ms, measured packet by packet`;
    return { title: 'Microphone packet to radio, p50', note, rest };
  }
  const nobody = view.position ? `Position ${view.position} has not` : 'No desk has';
  const note = view.whole.p50_ms === null ? `${nobody} heard ${link} in this time` : `p95 ${figure(view.whole.p95_ms)} ms, measured end to end`;
  return { title: 'Radio audio in to ear, p50', note, rest };
}

export const spanWords = (span: string): string => (span === 'minute' ? 'last 60 s' : 'last hour');
export const wayWords = (way: Way): string => (way === 'receive' ? 'receive' : 'transmit');

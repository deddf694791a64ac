/** A stage of the audio path looked at closely, in words: what is set, what was measured, what may be changed. */

import type { Counted, Histogram, Setting, Stage, StageView, Way } from './api/health';
import { figure, signedShort } from './audiopath';

const PORTS: Record<string, string> = {
  device: 'sound card of this server',
  udp: 'sound over UDP',
  unix: 'sound by a local socket',
  coded: 'coded frames of the link itself',
  '': 'none',
};
const SETTINGS: Record<string, [name: string, unit: string]> = {
  port: ['Sound', ''],
  gain_db: ['Gain of the card', 'dB'],
  ptt: ['What keys', ''],
  ptt_lead_ms: ['Lead before the first sound', 'ms'],
  ptt_tail_ms: ['Tail after the last sound', 'ms'],
  sample_rate_hz: ['Sampling', 'Hz'],
  reorder_ms: ['Waits for what is missing, at most', 'ms'],
  playout_ms: ['The first frame waits', 'ms'],
  held_ms: ['Holds before the grant, at most', 'ms'],
  settled_ms: ['May wait after the grant', 'ms'],
  max_speed: ['Catches up at most', 'times as fast'],
  target_dbfs: ['Target of speech', 'dBFS'],
  max_gain_db: ['Gain at most', 'dB'],
  min_gain_db: ['Gain at least', 'dB'],
  limit_dbfs: ['Limiter', 'dBFS'],
  bitrate_bps: ['Rate, variable', 'kbit/s'],
  frame_ms: ['Packet', 'ms'],
  complexity: ['Complexity', 'of 10'],
  look_ahead_ms: ['Look-ahead', 'ms'],
};
const SIGNED = new Set(['gain_db', 'target_dbfs', 'max_gain_db', 'min_gain_db', 'limit_dbfs']);

export const SPREADS: Record<string, string> = {
  link: 'From the radio’s side to us',
  held: 'Waited in the buffer',
  level: 'Level control',
  opus: 'Encoding',
  leave: 'Hand-over to the first browser',
  server: 'Capture to RTP, this server whole',
  round_trip: 'Round trip',
  jitter: 'Jitter',
  neteq: 'NetEq, the browser’s jitter buffer',
  output: 'Output device',
  input: 'Input device',
  order: 'Packet in to the engine',
  press: 'Waited when a block was taken',
  card: 'Waits before the card',
};
/** What was counted once for each measurement. */
const OF_WHAT: Record<string, string> = { round_trip: 'reports', jitter: 'reports', neteq: 'reports', output: 'reports', input: 'reports', order: 'packets' };
export const measuredWhat = (id: string): string => OF_WHAT[id] ?? 'blocks';

const COUNTS: Record<string, string> = {
  frames: 'Blocks of 20 ms',
  late: 'Late',
  lost: 'Lost',
  limited: 'Held by the limiter',
  packets: 'Packets',
  samples: 'Samples to be played',
  concealed: 'Samples made up by the browser',
  dry: 'Blocks of silence filled in',
};
export const LEVELS: Record<string, string> = { in: 'As received', out: 'After level control', ear: 'As the track plays', microphone: 'Microphone' };
export const FIELDS: Record<string, [words: string, unit: string]> = {
  sound_in_gain_db: ['Gain of the input', 'dB'],
  sound_out_gain_db: ['Gain of the output', 'dB'],
  ptt_lead_ms: ['Lead before the first sound', 'ms'],
};

export const settingOf = (settings: readonly Setting[] | undefined, id: string): Setting | undefined => settings?.find((one) => one.id === id);

function amount(settings: readonly Setting[] | undefined, id: string): number | null {
  const value = settingOf(settings, id)?.value;
  return typeof value === 'number' ? value : null;
}

/** What is written on a stage's button. */
export function buttonWords(stage: Stage): string {
  const depth = amount(stage.settings, 'reorder_ms') ?? amount(stage.settings, 'playout_ms');
  const gain = amount(stage.settings, 'gain_db');
  const lead = amount(stage.settings, 'ptt_lead_ms');
  switch (stage.id) {
    case 'link':
      if (gain !== null) return `Level ${signedShort(gain)} dB`;
      return lead === null ? 'Level' : `Lead ${lead} ms`;
    case 'buffer':
    case 'order':
      return depth === null ? 'Depth' : `Depth ${depth} ms`;
    case 'press':
      return `Holds ${figure(amount(stage.settings, 'held_ms'))} ms`;
    case 'level':
      return 'Target';
    case 'opus':
      return 'Rate';
    case 'network':
      return 'Peers';
    default:
      return 'Device';
  }
}

export interface SettingWords {
  name: string;
  value: string;
  from: string;
}

export function settingWords(one: Setting): SettingWords {
  const [name, unit] = SETTINGS[one.id] ?? [one.id, ''];
  const from = one.source === 'plan' ? 'the plan' : 'fixed in the program';
  if (one.id === 'port') return { name, value: PORTS[String(one.value)] ?? String(one.value), from };
  if (typeof one.value !== 'number') return { name, value: one.value, from };
  const number = one.id === 'bitrate_bps' ? String(one.value / 1000) : SIGNED.has(one.id) ? signedShort(one.value) : String(one.value);
  return { name, value: `${number} ${unit}`.trim(), from };
}

export const countName = (one: Counted): string => COUNTS[one.id] ?? one.id;
export const countWords = (one: Counted): string => `${one.count.toLocaleString('sv-SE')}${one.percent === null ? '' : `, ${one.percent} %`}`;

/** Why nothing of a stage can be changed here, in plain words; empty where a field of the plan is offered. */
export function fixedWords(view: StageView): string {
  if (view.changes.length) return '';
  const depth = amount(view.settings, 'reorder_ms') ?? amount(view.settings, 'playout_ms');
  const target = settingOf(view.settings, 'target_dbfs');
  const rate = settingOf(view.settings, 'bitrate_bps');
  const port = String(settingOf(view.settings, 'port')?.value ?? '');
  switch (view.stage) {
    case 'link':
      return linkWords(port, view.way);
    case 'buffer':
      if (settingOf(view.settings, 'playout_ms')) return `Fixed. The first frame of an over waits ${depth} ms, so that those behind it may come late and still be in time. Deeper would make every over later, whatever its network is like.`;
      if (depth !== null) return `Fixed. What is next goes on at once; what is missing is waited for ${depth} ms at most, then it counts as lost. On a way without disorder the buffer adds nothing, so there is nothing to gain by a smaller one.`;
      return 'Nothing to set. Blocks of this link come in order; they wait only until the radio has named who talks.';
    case 'order':
      return `Fixed. A packet in order goes on at once; one that is missing is waited for ${depth} ms at most.`;
    case 'press':
      return 'Fixed. What is said before the grant is kept, so that no first word is lost, and caught up with after it: silence is left out first.';
    case 'level':
      return `Fixed at ${target ? settingWords(target).value : 'its target'} for every link and every desk, so that no talkgroup is louder than the next and recordings can be compared. How loud a desk hears it is the operator’s own volume; how loud a link comes in is its gain in the plan, if it has a sound card.`;
    case 'opus':
      return `Fixed${rate ? ` at ${settingWords(rate).value}` : ''}. An over is encoded once; the same packets go to every desk and into the recording, so no desk can have a rate of its own. The codec is not what makes a radio sound as it does: more would be heard by nobody.`;
    case 'network':
      return 'Nothing to set for a desk. The addresses that browsers are offered are web.media_addresses in samband.toml, and are taken at a start. Loss and jitter are mended in the network between.';
    case 'browser':
      return 'Nothing to set from here. The output device is chosen at the desk, in its menu, Sound and devices; NetEq sets its own depth. A page sends figures alone, so which device it is, is not known to the server.';
    default:
      return 'Nothing to set from here. The microphone is chosen at the desk, in its menu, Sound and devices. A page sends figures alone, so which one it is, is not known to the server.';
  }
}

function linkWords(port: string, way: Way): string {
  if (port === 'device') return 'Nothing to set: this link is simulated or stands in no plan.';
  if (port === 'coded') return `No gain here. ${way === 'receive' ? 'The radio’s vocoder frames carry their level; level control evens it out after decoding.' : 'What we send is levelled, then coded by the vocoder; the station sends the frames as they are.'}`;
  if (port === '') return 'The plan gives this link no sound, so there is no level.';
  return `No gain here. The samples come as numbers over the wire; the plan has a gain for sound cards alone. Set the level at ${way === 'receive' ? 'what sends' : 'what plays'} them.`;
}

/** What the figures of a stage leave out; empty where nothing has to be said. */
export function caveat(stage: string, way: Way, begin: string): string {
  if (stage === 'network') return 'The round trip is measured by the browser; half of it stands in the strip as an estimate and is added to nothing.';
  if (stage === 'link' && way === 'receive' && begin === 'fastest') return 'Counted from the fastest block: how long that one was on its way, nobody here can know.';
  if (stage === 'opus') return 'The look-ahead is a constant of the codec: told, not measured, not added.';
  if (stage === 'browser') return 'What the page’s browser says of itself; the loudspeaker behind it is not measured.';
  if (stage === 'microphone') return 'What the page’s browser says of its input; the microphone before it is not measured.';
  return '';
}

/** The bars as parts of the highest, 0 to 1, and where they begin and end. */
export function barsOf(histogram: Histogram): { heights: number[]; from: string; to: string; words: string } {
  const most = Math.max(1, ...histogram.bars);
  const end = histogram.from_ms + histogram.step_ms * histogram.bars.length;
  const [from, to] = [figure(histogram.from_ms), figure(end)];
  const above = histogram.above ? `, ${histogram.above} above` : '';
  return { heights: histogram.bars.map((one) => one / most), from, to, words: `${from} to ${to} ms in steps of ${figure(histogram.step_ms)} ms${above}` };
}

/** The number of a field as somebody wrote it; throws with what was expected. */
export function readField(text: string, least: number, most: number, whole: boolean): number {
  const value = Number(text.trim().replace(',', '.').replace('−', '-'));
  const fits = text.trim() !== '' && Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (!fits) throw new Error(`Expected ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}`);
  return whole ? value : Math.round(value * 10) / 10;
}

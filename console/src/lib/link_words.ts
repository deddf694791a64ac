/** Words of the engineer's page of links. */

import { nacWords, receptionWords, technologyName } from './air';
import type { LinkLive, Trace } from './api/links';
import type { LinkInfo, ProtocolLine } from './api/types';
import type { IconName } from './icons';
import type { Talkgroup } from './state/talkgroups.svelte';
import { clock, ms } from './words';

const KINDS: Record<string, { icon: IconName; words: string }> = {
  'tetra-pei': { icon: 'radio', words: 'TETRA, PEI' },
  analogue: { icon: 'radio', words: 'Analogue donor radio' },
  'p25-dfsi': { icon: 'tower', words: 'P25, DFSI over UDP' },
  'p25-network': { icon: 'server', words: 'P25, MMDVM network' },
  'p25-fne': { icon: 'server', words: 'P25, FNE over UDP' },
  'p25-modem': { icon: 'tower', words: 'P25, MMDVM modem' },
};

export const kindIcon = (kind: string): IconName => KINDS[kind]?.icon ?? 'link';

/** `TETRA, PEI`: short, without the port. */
export const kindName = (kind: string): string => KINDS[kind]?.words ?? technologyName(kind);

/** `TETRA, PEI on serial`. */
export function kindWords(kind: string, port: string): string {
  const known = kindName(kind);
  return kind === 'tetra-pei' ? `${known} ${port.includes(':') ? 'over network' : 'on serial'}` : known;
}

/** `ttyUSB0, 38 400` of a serial port, `127.0.0.1:8080` of a network one; never a path of folders. */
export function portWords(port: string, speedBps: number | null): string {
  const short = port.startsWith('/') ? (port.split('/').pop() ?? port) : port.replace(/^udp:/, '');
  const pseudo = port.startsWith('/dev/pts/') ? `pty ${short}` : short;
  const speed = speedBps ? `, ${speedBps.toLocaleString('en-GB').replace(/,/g, ' ')}` : '';
  return `${pseudo || 'no port'}${speed}`;
}

export interface Fact {
  name: string;
  value: string;
  title?: string;
}

/** What stands in the head of a card: four facts that this kind of link can know. */
export function facts(link: LinkInfo, live: LinkLive | undefined, groups: readonly Talkgroup[]): Fact[] {
  const tetra = link.kind === 'tetra-pei';
  const named = groups.find((one) => one.info.links.includes(link.id) && one.info.number === link.group);
  const group = link.group === null ? '-' : String(link.group);
  const port = live?.port ?? '';
  const rows: Fact[] = [
    { name: 'Port', value: live ? portWords(port, tetra ? link.speed_bps : null) : '-', title: port },
    { name: 'Model', value: link.model || '-', title: [link.model, link.firmware && `firmware ${link.firmware}`].filter(Boolean).join(', ') },
    tetra
      ? { name: 'Signal', value: link.signal_dbm === null ? '-' : `${String(link.signal_dbm).replace('-', '−')} dBm` }
      : { name: link.nac ? 'NAC' : 'Bit errors', value: link.nac ? nacWords(link.nac).replace('NAC ', '') : errorsOf(link, groups) },
    { name: tetra ? 'Group' : 'Talkgroup', value: group, ...(named ? { title: named.info.name } : {}) },
  ];
  if (!tetra && link.nac) rows.splice(3, 0, { name: 'Bit errors', value: errorsOf(link, groups) });
  if (link.firmware) rows.splice(2, 0, { name: 'Firmware', value: link.firmware, title: link.firmware });
  return rows;
}

/** Of what a link received last, where it counts wrong bits. */
function errorsOf(link: LinkInfo, groups: readonly Talkgroup[]): string {
  const mine = groups.filter((one) => one.info.links.includes(link.id));
  const rate = mine.map((one) => one.state.bit_error_rate ?? one.state.last?.bit_error_rate).find((one) => one !== null && one !== undefined);
  return receptionWords(rate).replace(/ bit errors$/, '') || '-';
}

/** `1 204 in, 311 out, last 2 s ago`. */
export function passingWords(live: LinkLive | undefined, nowMs: number): string {
  if (!live) return '';
  const { in_count, out_count, heard_utc } = live.passing;
  const figure = (value: number): string => value.toLocaleString('en-GB').replace(/,/g, ' ');
  const seconds = heard_utc === null ? null : Math.max(0, Math.floor((nowMs - ms(heard_utc)) / 1000));
  const last = seconds === null ? 'nothing heard yet' : seconds < 1 ? 'heard now' : `heard ${seconds} s ago`;
  return `${figure(in_count)} in, ${figure(out_count)} out, ${last}`;
}

export const stamp = (us: number): string => `${clock(ms(us))}.${String(Math.floor(ms(us)) % 1000).padStart(3, '0')}`;

/** A protocol line as it is copied: time, way, raw, meaning. */
export const lineText = (line: ProtocolLine): string =>
  `${stamp(line.t_utc)} ${line.outgoing ? 'out' : 'in '} ${line.raw}${line.words ? `  # ${line.words}` : ''}`;

const ENDS: Record<string, string> = {
  stopped: 'stopped by hand',
  time: 'its time was over',
  size: 'it was full',
  disk: 'the disk was nearly full',
  link: 'the link left the plan',
  server: 'the server stopped',
  crash: 'the server was cut off; closed afterwards',
  failed: 'it could not be written',
};

export const endWords = (trace: Trace): string =>
  trace.running ? 'being recorded' : (ENDS[trace.cause] ?? trace.cause ?? '-');

export const sizeWords = (bytes: number): string =>
  bytes < 1000 ? `${bytes} B` : bytes < 1_000_000 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

export const CHECK_WORDS = {
  answers: { name: 'Answers', words: 'Times the answers to what is asked anyway. Takes 12 s.' },
  port: { name: 'Loop plug', words: 'Looks whether what is written to the port comes back. Takes 12 s.' },
  sound: { name: 'Sound loop', words: 'Plays a tone of 1 s to the sound port and listens whether it comes back. The radio is not keyed.' },
} as const;

export const OUTCOME_WORDS = { passed: 'Passed', failed: 'Failed', open: 'Nothing to tell' } as const;

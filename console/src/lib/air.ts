/** Words for what a radio system tells of an over, and for what a link cannot carry. */

import type { TalkgroupInfo, TalkgroupState } from './api/types';

/** P25 algorithm ids, as the reference of the project lists them. */
const ALGORITHMS: Record<number, string> = {
  0x81: 'DES-OFB',
  0x82: 'triple DES, two keys',
  0x83: 'triple DES, three keys',
  0x84: 'AES-256',
  0x85: 'AES-128',
  0x88: 'AES-CBC',
  0x89: 'AES-128-OFB',
  0x9f: 'DES-XL',
  0xa0: 'DVI-XL',
  0xa1: 'DVP-XL',
  0xaa: 'ADP',
  0xab: 'CFX-256',
};
const GOVERNMENT = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x41];

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

export function algorithmName(algorithm: number): string {
  if (GOVERNMENT.includes(algorithm)) return `government type ${hex(algorithm, 2)}`;
  return ALGORITHMS[algorithm] ?? `algorithm ${hex(algorithm, 2)}`;
}

export interface Ciphered {
  encrypted: boolean;
  algorithm?: number | null;
  key_id?: number | null;
}

/** `Encrypted AES-256, key 1234`, as far as it is known; empty for a clear over. Keys are in hex. */
export function encryptionWords(row: Ciphered): string {
  if (!row.encrypted) return '';
  if (row.algorithm === null || row.algorithm === undefined) return 'Encrypted';
  const key = row.key_id === null || row.key_id === undefined ? '' : `, key ${hex(row.key_id, 4)}`;
  return `Encrypted ${algorithmName(row.algorithm)}${key}`;
}

/** How a desk's own speech goes out; said in full beside an over of others that cannot be heard. */
export function ownSpeech(encrypted: boolean, state: Pick<TalkgroupState, 'rx'>): string {
  if (encrypted) return 'Encrypted';
  return state.rx === 'encrypted_unreadable' ? 'You talk unencrypted' : 'Unencrypted';
}

export const CANNOT_BE_HEARD = 'Encrypted: cannot be heard';

/** Shares of wrong bits at which reception is told as fair and as weak: choices of this project. */
const FAIR = 0.02;
const WEAK = 0.05;

/** `Good 0.4 %`: how an over is received; empty where the link does not know. */
export function receptionWords(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return '';
  const word = rate < FAIR ? 'Good' : rate < WEAK ? 'Fair' : 'Weak';
  return `${word} ${(rate * 100).toFixed(rate < 0.1 ? 1 : 0)} %`;
}

/** The same for a list: `good reception, 0.4 % bit errors`. */
export function receptionLong(rate: number | null | undefined): string {
  const [word, ...share] = receptionWords(rate).split(' ');
  return word ? `${word.toLowerCase()} reception, ${share.join(' ')} bit errors` : '';
}

const TECHNOLOGIES: Record<string, string> = { p25: 'P25', tetra: 'TETRA', analogue: 'Analogue', analog: 'Analogue' };

export const technologyName = (technology: string): string => TECHNOLOGIES[technology] ?? technology;

/** `P25 Hamnen, NAC 293h, talkgroup 10101, site Kajen`. */
export function systemWords(info: Omit<TalkgroupInfo, 'state'>): string {
  const [system, technology] = [info.system_name ?? '', technologyName(info.technology)];
  return [
    system.includes(technology) ? system : `${technology} ${system}`.trim(),
    nacWords(info.nac),
    `talkgroup ${info.number}`,
    info.sites?.length ? `${info.sites.length > 1 ? 'sites' : 'site'} ${info.sites.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

export const NO_EMERGENCY = 'No emergency on this link';

/** What the links of a talkgroup do not carry, each said where it matters; nothing before they spoke. */
const LACKS = {
  emergency_in: NO_EMERGENCY,
  emergency_ack: 'No acknowledgement to the radio on this link',
  affiliation: 'members not known',
  delivery: 'No receipts on this link',
} as const;

const CARRIES: Record<string, string> = {
  emergency_in: 'emergencies',
  emergency_ack: 'their acknowledgement',
  emergency_out: 'emergency calls from the desk',
  unit_acts: 'acts on one radio',
  text: 'texts',
  status: 'statuses',
  delivery: 'receipts',
  position_request: 'positions on request',
  individual: 'private calls',
  telephone: 'telephone calls',
  affiliation: 'who is on a talkgroup',
  members: 'members of a call',
  queue_place: 'place in the queue',
  signal: 'signal',
};

/** What a link can know or carry besides voice, for engineers. */
export function carriesWords(capabilities: readonly string[]): string {
  const words = Object.entries(CARRIES).flatMap(([name, said]) => (capabilities.includes(name) ? [said] : []));
  return words.length > 0 ? `Besides voice: ${words.join(', ')}` : 'Voice alone: no emergencies, no messages';
}

export const nacWords = (nac: number | null | undefined): string =>
  nac === null || nac === undefined ? '' : `NAC ${hex(nac, 3)}h`;

export function lack(state: TalkgroupState | undefined, what: keyof typeof LACKS): string {
  return state?.capabilities_known && !state[what] ? LACKS[what] : '';
}

/** `1210101` of `norrvik/1210101`. */
export const unitNumber = (id: string | null | undefined): string => id?.split('/')[1] ?? '';

/** `B 101 (1210101)`: alias, then id; one of them where that is all. */
export function aliasAndId(alias: string, id: string | null | undefined): string {
  const number = unitNumber(id);
  if (!alias || alias === number) return number;
  return number ? `${alias} (${number})` : alias;
}

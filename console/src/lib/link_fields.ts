/** Settings of each kind of link as the editor asks for them, with the words of the plan's documents. */

import type { PlanLink } from './api/plans';

export type LinkInput = 'text' | 'number' | 'hex' | 'decimal' | 'yesno' | 'choice' | 'serial' | 'sound' | 'key' | 'group';

export interface LinkField {
  /** `p25.nac` for a setting of the table within. */
  name: string;
  words: string;
  input: LinkInput;
  hint?: string;
  choices?: readonly (readonly [string, string])[];
  /** Value of a new one; what the server takes where nothing is said. */
  first?: unknown;
  wide?: boolean;
}

export interface LinkSection {
  title: string;
  fields: readonly LinkField[];
}

export const LINK_KINDS: readonly (readonly [string, string, 'tetra' | 'p25' | ''])[] = [
  ['tetra-pei', 'TETRA terminal on its PEI', 'tetra'],
  ['analogue', 'Donor radio on a sound card', ''],
  ['p25-dfsi', 'P25 fixed station, DFSI', 'p25'],
  ['p25-modem', 'P25 modem board or hotspot', 'p25'],
  ['p25-network', 'P25 reflector network', 'p25'],
  ['p25-fne', 'P25 network controller, FNE', 'p25'],
];

export const kindWords = (kind: string): string => LINK_KINDS.find(([id]) => id === kind)?.[1] ?? kind;
export const isP25 = (kind: string): boolean => kind.startsWith('p25-');

const LINE: LinkField['choices'] = [['inactive', 'inactive'], ['active', 'active']];
const SPEEDS: LinkField['choices'] = [['0', 'find out'], ['9600', '9600'], ['19200', '19 200'], ['38400', '38 400'], ['57600', '57 600'], ['115200', '115 200']];
const MODEM_SPEEDS: LinkField['choices'] = [['115200', '115 200'], ['230400', '230 400'], ['460800', '460 800']];

const SOUND: LinkSection = {
  title: 'Sound',
  fields: [
    { name: 'sound', words: 'Sound', input: 'sound', first: '', wide: true, hint: 'device:NAME, udp:HOST:PORT or unix:/PATH. Empty: the radio is only told, not heard.' },
    { name: 'sound_in_gain_db', words: 'Gain from the radio, dB', input: 'decimal', first: 0, hint: 'Found by samband sound calibrate.' },
    { name: 'sound_out_gain_db', words: 'Gain to the radio, dB', input: 'decimal', first: 0 },
  ],
};
const keying = (first: string): LinkSection => ({
  title: 'Keying',
  fields: [
    { name: 'ptt', words: 'What keys', input: 'key', first, wide: true, hint: 'pei (the terminal itself), rts, dtr, rts:PORT, dtr:PORT or gpio:CHIP/LINE.' },
    { name: 'ptt_active', words: 'A GPIO line keys when', input: 'choice', choices: [['high', 'high'], ['low', 'low']], first: 'high' },
    { name: 'ptt_lead_ms', words: 'Lead before the first sound, ms', input: 'number', first: 100 },
    { name: 'ptt_tail_ms', words: 'Tail after the last sound, ms', input: 'number', first: 40 },
    { name: 'dtr', words: 'DTR at rest', input: 'choice', choices: LINE, first: 'inactive' },
    { name: 'rts', words: 'RTS at rest', input: 'choice', choices: LINE, first: 'inactive' },
  ],
});
const udp = (words: string): LinkField => ({ name: 'port', words, input: 'text', first: 'udp:', wide: true, hint: 'udp:HOST:PORT of the other side.' });
const OWN: LinkField = { name: 'p25.own_id', words: 'Our unit id', input: 'number', first: 0xfffffc, hint: 'What a desk says carries it as its source.' };
const NAC: LinkField = { name: 'p25.nac', words: 'NAC, 293h', input: 'hex', first: 0x293 };
const LISTEN: LinkField = { name: 'p25.listen', words: 'We listen on', input: 'text', first: '0.0.0.0:0', hint: 'HOST:PORT; port 0 is any.' };
const CALLSIGN: LinkField = { name: 'p25.callsign', words: 'Our callsign', input: 'text', first: 'SAMBAND' };

const EXERCISES: LinkSection = {
  title: 'Exercises',
  fields: [
    { name: 'simulated', words: 'A simulated terminal or station is at its port', input: 'yesno', first: false, wide: true, hint: 'It may then carry test talkgroups only, and its alarms are exercises.' },
  ],
};

const SECTIONS: Record<string, readonly LinkSection[]> = {
  'tetra-pei': [
    {
      title: 'Port',
      fields: [
        { name: 'port', words: 'Port', input: 'serial', first: '', wide: true, hint: 'A serial port of this machine by its lasting name, usb:VID:PID:SERIAL, socket://HOST:PORT or rfc2217://HOST:PORT.' },
        { name: 'speed_bps', words: 'Speed, bit/s', input: 'choice', choices: SPEEDS, first: 38400 },
        { name: 'rtscts', words: 'Flow control by RTS and CTS', input: 'yesno', first: false },
      ],
    },
    {
      title: 'Terminal',
      fields: [
        { name: 'profile', words: 'Kind of the terminal', input: 'choice', choices: [['auto', 'by its maker’s name'], ['generic', 'generic'], ['motorola', 'Motorola'], ['sepura', 'Sepura']], first: 'auto' },
        {
          name: 'mode', words: 'Operating mode at the start', input: 'choice', first: '',
          choices: [['', 'left as it is'], ['tmo', 'TMO'], ['dmo', 'DMO'], ['tmo-watching-dmo', 'TMO, watching DMO'], ['dmo-watching-tmo', 'DMO, watching TMO'], ['gateway', 'gateway'], ['repeater', 'repeater']],
        },
        { name: 'own_number', words: 'Its own number (ISSI)', input: 'number', hint: 'Empty: asked from the terminal.' },
        { name: 'group', words: 'Group after a start', input: 'group' },
      ],
    },
    SOUND,
    keying('pei'),
  ],
  analogue: [
    {
      title: 'Port',
      fields: [
        { name: 'port', words: 'Port of the lines', input: 'serial', first: '', wide: true, hint: 'The serial port whose lines key the radio and tell its carrier. Empty with vox and GPIO.' },
      ],
    },
    SOUND,
    keying('rts'),
    {
      title: 'Carrier',
      fields: [
        { name: 'carrier', words: 'What tells that somebody talks', input: 'choice', choices: [['cts', 'CTS'], ['dcd', 'DCD'], ['dsr', 'DSR'], ['ri', 'RI'], ['vox', 'the sound level (vox)']], first: 'cts' },
        { name: 'carrier_active', words: 'State of the line while talking', input: 'choice', choices: LINE, first: 'active' },
        { name: 'carrier_open_ms', words: 'Must stand for, ms', input: 'number', first: 40 },
        { name: 'carrier_close_ms', words: 'Must be away for, ms', input: 'number', first: 200 },
        { name: 'carrier_hang_ms', words: 'A call stays up for, ms', input: 'number', first: 4000 },
        { name: 'vox_open_dbfs', words: 'Vox opens at, dBFS', input: 'number', first: -35 },
        { name: 'vox_close_dbfs', words: 'Vox closes at, dBFS', input: 'number', first: -45 },
      ],
    },
  ],
  'p25-dfsi': [
    {
      title: 'Fixed station',
      fields: [
        udp('Control port of the station'), NAC, OWN,
        { name: 'p25.dialect', words: 'Dialect', input: 'choice', choices: [['tia', 'TIA-102.BAHA blocks'], ['v24', 'V.24 records']], first: 'tia' },
        LISTEN,
        { name: 'p25.voice_port', words: 'Voice port', input: 'number', first: 0, hint: '0: the one after the control port.' },
        { name: 'p25.control', words: 'It has a control service', input: 'yesno', first: true },
      ],
    },
  ],
  'p25-modem': [
    {
      title: 'Modem',
      fields: [
        { name: 'port', words: 'Port', input: 'serial', first: '', wide: true, hint: 'The serial port of the board, or udp:HOST:PORT.' },
        { name: 'speed_bps', words: 'Speed, bit/s', input: 'choice', choices: MODEM_SPEEDS, first: 115200 },
        NAC, OWN,
        { name: 'p25.rx_hz', words: 'Receives on, Hz', input: 'number', first: 0, hint: '0 where the radio is set by hand.' },
        { name: 'p25.tx_hz', words: 'Transmits on, Hz', input: 'number', first: 0 },
        { name: 'p25.duplex', words: 'Both at once', input: 'yesno', first: true },
        { name: 'p25.tx_delay_ms', words: 'Preamble, ms', input: 'number', first: 100 },
        { name: 'p25.rx_level', words: 'Receive level, %', input: 'number', first: 50 },
        { name: 'p25.tx_level', words: 'Transmit level, %', input: 'number', first: 50 },
        { name: 'p25.rf_level', words: 'Power, %', input: 'number', first: 100 },
        { name: 'p25.rx_invert', words: 'Receive inverted', input: 'yesno', first: false },
        { name: 'p25.tx_invert', words: 'Transmit inverted', input: 'yesno', first: false },
        { name: 'p25.ptt_invert', words: 'PTT inverted', input: 'yesno', first: false },
      ],
    },
  ],
  'p25-network': [
    {
      title: 'Network',
      fields: [
        udp('Reflector or gateway'), OWN, CALLSIGN, LISTEN,
        { name: 'p25.host', words: 'We are the reflector', input: 'yesno', first: false },
        { name: 'p25.gateway', words: 'The peer is a hotspot’s gateway', input: 'yesno', first: false },
      ],
    },
  ],
  'p25-fne': [
    {
      title: 'Network controller',
      fields: [
        udp('Master'),
        { name: 'p25.peer_id', words: 'Our number there', input: 'number', first: 0 },
        { name: 'p25.password_file', words: 'File of the password', input: 'text', first: '', wide: true, hint: 'Readable by the server alone.' },
        { name: 'p25.key_file', words: 'File of the key, where packets are wrapped', input: 'text', first: '', wide: true },
        OWN, CALLSIGN, NAC, LISTEN,
        { name: 'p25.wacn', words: 'WACN, BEE00h', input: 'hex', first: 0xbee00 },
        { name: 'p25.system_id', words: 'System ID, 001h', input: 'hex', first: 1 },
      ],
    },
  ],
};

export const LINK_SECTIONS: Record<string, readonly LinkSection[]> = Object.fromEntries(
  Object.entries(SECTIONS).map(([kind, sections]) => [kind, [...sections, EXERCISES]]),
);

/** A setting's value, also of the table within. */
export function settingOf(link: PlanLink | null, field: LinkField): unknown {
  const [table, name] = field.name.split('.');
  const value = name === undefined ? link?.[table ?? ''] : (link?.p25 as Record<string, unknown> | null | undefined)?.[name];
  return value === undefined || (value === null && field.first !== undefined) ? field.first : value;
}

/** As it stands in the field. */
export function shownSetting(field: LinkField, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (field.input === 'yesno') return value === true ? 'yes' : 'no';
  if (field.input === 'hex') return `${Number(value).toString(16).toUpperCase()}h`;
  return String(value as string | number);
}

/** What a field's text means; throws with words where it means nothing. */
export function readSetting(field: LinkField, text: string): unknown {
  const plain = text.trim();
  switch (field.input) {
    case 'yesno':
      return plain === 'yes';
    case 'number':
    case 'group':
    case 'hex': {
      if (plain === '') return field.first === undefined ? null : field.first;
      const number = /^[0-9a-f]+h$/i.test(plain) ? parseInt(plain.slice(0, -1), 16) : Number(plain);
      if (!Number.isInteger(number)) throw new Error(`${field.words}: expected a whole number${field.input === 'hex' ? ', hexadecimal with h' : ''}, got ${plain}`);
      return number;
    }
    case 'decimal': {
      const number = Number(plain.replace(',', '.'));
      if (!Number.isFinite(number)) throw new Error(`${field.words}: expected a number, got ${plain}`);
      return number;
    }
    case 'choice':
      return typeof field.first === 'number' ? Number(plain) : plain;
    default:
      return plain;
  }
}

/** Settings as the draft takes them: those of the table within under its name. */
export function nested(values: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const inner: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    if (key.startsWith('p25.')) inner[key.slice(4)] = value;
    else result[key] = value;
  }
  return Object.keys(inner).length > 0 ? { ...result, p25: inner } : result;
}

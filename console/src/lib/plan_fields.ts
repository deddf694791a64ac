/** Fields of a plan's objects as the dialogs ask for them. */

export interface FieldInfo {
  name: string;
  words: string;
  kind: 'text' | 'number' | 'decimal' | 'yesno' | 'choice' | 'system';
  /** A sentence under the field. */
  hint?: string;
  /** Words of the choices, in their order; without them the choices are their own words. */
  labels?: readonly string[];
  optional?: boolean;
  /** Value of an empty optional text. */
  empty?: null | string;
  /** May be changed on many at once. */
  bulk?: boolean;
  wide?: boolean;
  most?: number;
  choices?: readonly string[];
  /** Of a new one. */
  first?: string;
  yes?: string;
  no?: string;
}

const AGENCIES = ['police', 'fire', 'ems', 'port', 'misc'] as const;

export type ObjectKind = 'talkgroup' | 'unit' | 'unit_rule' | 'site' | 'system' | 'status' | 'position' | 'text';

export const FIELDS: Record<ObjectKind, readonly FieldInfo[]> = {
  talkgroup: [
    { name: 'name', words: 'Name', kind: 'text', most: 24 },
    { name: 'number', words: 'Number (4BB60h for hexadecimal)', kind: 'number' },
    { name: 'system', words: 'System', kind: 'system' },
    { name: 'folder', words: 'Folder', kind: 'text', bulk: true },
    { name: 'agency', words: 'Agency', kind: 'text', optional: true, bulk: true },
    { name: 'agency_kind', words: 'Kind of agency', kind: 'choice', choices: AGENCIES, first: 'misc', bulk: true },
    { name: 'address', words: 'Tile', kind: 'number', optional: true },
    { name: 'priority', words: 'Priority', kind: 'number', first: '0', bulk: true },
    { name: 'encrypted', words: 'Encryption', kind: 'yesno', yes: 'encrypted', no: 'unencrypted', first: 'no', bulk: true },
    { name: 'recorded', words: 'Recording', kind: 'yesno', yes: 'recorded', no: 'Recording off', first: 'yes', bulk: true },
    { name: 'retention', words: 'Retention class', kind: 'text', first: 'call', bulk: true },
    { name: 'transmit_limit_s', words: 'Transmit limit, s', kind: 'number', first: '60', bulk: true },
    { name: 'test', words: 'Test talkgroup', kind: 'yesno', first: 'no', bulk: true },
    { name: 'national', words: 'National', kind: 'yesno', first: 'no', bulk: true },
    { name: 'description', words: 'Description', kind: 'text', optional: true, wide: true },
  ],
  unit: [
    { name: 'alias', words: 'Alias', kind: 'text', most: 64 },
    { name: 'number', words: 'Number', kind: 'number' },
    { name: 'system', words: 'System', kind: 'system' },
    { name: 'owner', words: 'Owner', kind: 'text', optional: true, bulk: true },
    { name: 'kind', words: 'Kind', kind: 'text', optional: true, bulk: true },
    { name: 'talkgroup', words: 'Home talkgroup (system/number)', kind: 'text', optional: true, empty: null, bulk: true },
  ],
  unit_rule: [
    { name: 'name', words: 'Name of the rule', kind: 'text' },
    { name: 'system', words: 'System', kind: 'system' },
    { name: 'alias', words: 'Alias ($1, {number})', kind: 'text' },
    { name: 'first', words: 'First number', kind: 'number', optional: true },
    { name: 'last', words: 'Last number', kind: 'number', optional: true },
    { name: 'pattern', words: 'or a pattern', kind: 'text', optional: true, wide: true },
  ],
  site: [
    { name: 'name', words: 'Name', kind: 'text' },
    { name: 'id', words: 'Id', kind: 'text' },
    { name: 'system', words: 'Network', kind: 'system', optional: true, empty: null },
    { name: 'county', words: 'County', kind: 'text', optional: true },
    { name: 'latitude', words: 'Latitude, degrees', kind: 'decimal', optional: true },
    { name: 'longitude', words: 'Longitude, degrees', kind: 'decimal', optional: true },
    { name: 'rfss', words: 'RFSS (P25)', kind: 'number', optional: true },
    { name: 'number', words: 'Site number (P25)', kind: 'number', optional: true },
    { name: 'nac', words: 'NAC (P25), 293h', kind: 'number', optional: true },
  ],
  system: [
    { name: 'name', words: 'Name', kind: 'text' },
    { name: 'id', words: 'Id', kind: 'text', hint: 'Small letters, digits and -; stands in every number of this network.' },
    { name: 'technology', words: 'Technology', kind: 'choice', choices: ['tetra', 'p25'], labels: ['TETRA', 'P25'], first: 'tetra' },
    { name: 'handle', words: 'Handle', kind: 'number', hint: 'Stands for the network in each block of voice; one that no other has.' },
    { name: 'mcc', words: 'MCC (TETRA)', kind: 'number', optional: true },
    { name: 'mnc', words: 'MNC (TETRA)', kind: 'number', optional: true },
    { name: 'wacn', words: 'WACN (P25), BEE00h', kind: 'number', optional: true },
    { name: 'system_id', words: 'System ID (P25), 1A3h', kind: 'number', optional: true },
  ],
  status: [
    { name: 'value', words: 'Value (32771, or 8003h)', kind: 'number' },
    { name: 'digit', words: 'Digit on the board', kind: 'text', most: 2, optional: true },
    { name: 'words', words: 'Words', kind: 'text', most: 40, wide: true },
    {
      name: 'kind', words: 'What it is', kind: 'choice', first: 'unit',
      choices: ['unit', 'request', 'urgent_request', 'emergency', 'other'],
      labels: ['Status of the unit', 'Wants to talk', 'Wants to talk, urgent', 'Emergency', 'Anything else'],
    },
    { name: 'system', words: 'Network', kind: 'system', optional: true, empty: null, hint: 'A row of one network goes before the one for all.' },
  ],
  position: [{ name: 'text', words: 'Name of the position', kind: 'text', most: 24, wide: true }],
  text: [{ name: 'text', words: 'Text', kind: 'text', most: 140, wide: true }],
};

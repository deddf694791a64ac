/** Fields of a plan's objects as the dialogs ask for them. */

export interface FieldInfo {
  name: string;
  words: string;
  kind: 'text' | 'number' | 'yesno' | 'choice' | 'system';
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

export const FIELDS: Record<'talkgroup' | 'unit' | 'unit_rule' | 'site', readonly FieldInfo[]> = {
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
  ],
};

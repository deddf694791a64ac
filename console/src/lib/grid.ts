/** What a table of many rows needs of a column, and how a text typed into a cell is read. */

export interface GridColumn<Row> {
  id: string;
  words: string;
  /** Pixels; 0: takes what is left. */
  width: number;
  right?: boolean;
  mono?: boolean;
  quiet?: boolean;
  strong?: boolean;
  /** Column sets that have it. */
  sets: readonly string[];
  text: (row: Row) => string;
  /** How it is edited in its place; none: not at all. */
  edit?: CellEdit;
}

export interface CellEdit {
  /** Field of the object. */
  field: string;
  kind: 'text' | 'number' | 'choice' | 'yesno';
  most?: number;
  choices?: readonly string[];
  optional?: boolean;
  /** Value of an empty optional one. */
  empty?: null | string;
  yes?: string;
  no?: string;
}

/** The value of a text that was typed; throws with a sentence. */
export function readCell(words: string, edit: CellEdit, text: string): unknown {
  const plain = text.trim();
  if (edit.kind === 'yesno') return plain === 'yes';
  if (plain === '' && edit.optional) return edit.kind === 'number' ? null : (edit.empty ?? '');
  if (plain === '') throw new Error(`${words}: expected something`);
  if (edit.kind !== 'number') return plain;
  const number = /^[0-9a-f]+h$/i.test(plain) ? parseInt(plain.slice(0, -1), 16) : Number(plain);
  if (!Number.isInteger(number)) throw new Error(`${words}: expected a whole number (or hexadecimal with h), got ${plain}`);
  return number;
}

/** The text of a value, for its cell's field. */
export function cellText(edit: CellEdit, value: unknown): string {
  if (edit.kind === 'yesno') return value ? 'yes' : 'no';
  return value === null || value === undefined ? '' : String(value as string | number);
}

/** Where a row keeps what is searched in it: a field of its own, for a hundred thousand are asked with each key. */
export const SEARCHED = '_searched';

/** Whether a row has a text in one of its fields; each row's fields are put together once. */
export function has<Row extends object>(row: Row, wanted: string, fields: (row: Row) => string): boolean {
  const known = row as Row & { [SEARCHED]?: string | undefined };
  known[SEARCHED] ??= fields(row).toLowerCase();
  return known[SEARCHED].includes(wanted);
}

/** A number as it is written beside its decimal: 4BB60h. */
export const hex = (value: number): string => `${value.toString(16).toUpperCase()}h`;

/** A count with a blank between thousands. */
export const spaced = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');

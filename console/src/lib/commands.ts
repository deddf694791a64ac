/** The command line: a line of text to one thing that exists, or to words why not. */

import { minutesOf } from './patches';

export interface CommandWorld {
  talkgroups: readonly { id: string; name: string; number: number; address: number | null }[];
  units: readonly { id: string; number: number; alias: string }[];
  can(permission: string): boolean;
  /** The last call has an id: a note has something to be written on. */
  hasCall: boolean;
  /** Today as `2026-11-24`, by the clock of this desk. */
  today: string;
}

export type CommandResult =
  | { do: 'select'; talkgroup: string; name: string }
  | { do: 'text'; unit: string; name: string; words: string }
  | { do: 'find'; query: Record<string, string> }
  | { do: 'patch'; talkgroups: string[]; names: string[]; minutes: number }
  | { do: 'note'; text: string }
  | { do: 'nothing'; why: string };

interface Usage {
  verb: string;
  usage: string;
  words: string;
  permission: string;
}

const USAGE: readonly Usage[] = [
  { verb: 'sel', usage: 'sel NAME or number', words: 'select a talkgroup', permission: 'talkgroup.select' },
  { verb: 'text', usage: 'text UNIT words', words: 'send a text to a unit', permission: 'message.send' },
  { verb: 'find', usage: 'find words today', words: 'search the call log', permission: 'call.search' },
  { verb: 'patch', usage: 'patch A B 30m', words: 'join talkgroups', permission: 'patch.make' },
  { verb: 'note', usage: 'note words', words: 'note on the last call', permission: 'call.note' },
];

/** What this operator may type. */
export function usages(world: Pick<CommandWorld, 'can'>): Usage[] {
  return USAGE.filter((one) => world.can(one.permission));
}

const no = (why: string): CommandResult => ({ do: 'nothing', why });
const plain = (text: string): string => text.toLowerCase().replace(/[\s-]+/g, '');

/** The one that is named: by number or whole name, else by a beginning or part that only it has. */
function named<Row extends { number: number }>(
  rows: readonly Row[],
  text: string,
  nameOf: (row: Row) => string,
): Row[] {
  const wanted = plain(text);
  if (!wanted) return [];
  const whole = rows.filter((row) => String(row.number) === wanted || plain(nameOf(row)) === wanted);
  if (whole.length > 0) return whole;
  const begins = rows.filter((row) => plain(nameOf(row)).startsWith(wanted));
  return begins.length > 0 ? begins : rows.filter((row) => plain(nameOf(row)).includes(wanted));
}

function select(world: CommandWorld, rest: string): CommandResult {
  const byAddress = /^0\d$/.test(rest) ? Number(rest) : null;
  const found = byAddress
    ? world.talkgroups.filter((row) => row.address === byAddress)
    : named(world.talkgroups, rest, (row) => row.name);
  const [first] = found;
  if (!first) return no(rest ? `No talkgroup is called ${rest}` : 'sel: which talkgroup?');
  if (found.length > 1) return no(`Several: ${found.slice(0, 4).map((row) => row.name).join(', ')}`);
  return { do: 'select', talkgroup: first.id, name: first.name };
}

/** A unit's name may have several words: the longest that names exactly one unit is the name. */
function text(world: CommandWorld, rest: string): CommandResult {
  const words = rest.split(/\s+/).filter(Boolean);
  if (words.length === 0) return no('text: to which unit?');
  let several: string[] = [];
  for (let count = Math.min(words.length, 5); count > 0; count -= 1) {
    const found = named(world.units, words.slice(0, count).join(' '), (unit) => unit.alias);
    const [unit] = found;
    if (unit && found.length === 1) {
      const message = words.slice(count).join(' ');
      const name = unit.alias || String(unit.number);
      return message ? { do: 'text', unit: unit.id, name, words: message } : no(`text ${name}: what?`);
    }
    if (found.length > 1) several = found.map((one) => one.alias || String(one.number));
  }
  if (several.length > 0) return no(`Several: ${several.slice(0, 4).join(', ')}`);
  return no(`No unit is called ${words[0]}`);
}

/** Names may have several words: each word list is cut where it names exactly one talkgroup. */
function patch(world: CommandWorld, rest: string): CommandResult {
  const words = rest.split(/\s+/).filter(Boolean);
  const minutes = minutesOf(words.at(-1) ?? '');
  if (minutes !== null && words.length > 2) words.pop();
  const chosen: { id: string; name: string }[] = [];
  while (words.length > 0) {
    let taken = 0;
    for (let count = Math.min(words.length, 4); count > 0 && taken === 0; count -= 1) {
      const found = named(world.talkgroups, words.slice(0, count).join(' '), (row) => row.name);
      const [row] = found;
      if (!row || found.length > 1) continue;
      chosen.push(row);
      taken = count;
    }
    if (taken === 0) return no(`No one talkgroup is called ${words[0]}`);
    words.splice(0, taken);
  }
  const ids = [...new Set(chosen.map((row) => row.id))];
  if (ids.length < 2) return no('patch: which two talkgroups?');
  return { do: 'patch', talkgroups: ids, names: chosen.map((row) => row.name), minutes: minutes ?? 60 };
}

function find(world: CommandWorld, rest: string): CommandResult {
  const query: Record<string, string> = {};
  const words = rest.split(/\s+/).filter(Boolean);
  if (words.at(-1)?.toLowerCase() === 'today') {
    words.pop();
    query['day'] = world.today;
  }
  if (words[0]?.toLowerCase() === 'unit' && words.length > 1) query['unit'] = words.slice(1).join(' ');
  else if (words.length > 0) query['q'] = words.join(' ');
  return Object.keys(query).length > 0 ? { do: 'find', query } : no('find: what?');
}

/** What a line means for this operator at this moment. */
export function parseCommand(line: string, world: CommandWorld): CommandResult {
  const [, verb = '', rest = ''] = /^\s*\/?\s*(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  const usage = USAGE.find((one) => one.verb === verb.toLowerCase());
  if (!usage) {
    const known = usages(world).map((one) => one.verb).join(', ');
    return no(verb ? `No command ${verb}. There is: ${known}` : `There is: ${known}`);
  }
  if (!world.can(usage.permission)) return no(`You may not: ${usage.words}`);
  switch (usage.verb) {
    case 'sel':
      return select(world, rest);
    case 'text':
      return text(world, rest);
    case 'patch':
      return patch(world, rest);
    case 'find':
      return find(world, rest);
    default:
      if (!rest) return no('note: what?');
      return world.hasCall ? { do: 'note', text: rest } : no('There is no call yet');
  }
}

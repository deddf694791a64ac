/** Which key does what: the defaults, and what the operator changed. Keys are known by `code`. */

export type CommandId =
  | 'ptt'
  | 'ptt2'
  | 'pttFocused'
  | 'pttCall'
  | 'answer'
  | 'decline'
  | 'hangUp'
  | 'goto'
  | 'mute'
  | 'volume'
  | 'replay'
  | 'back'
  | 'play'
  | 'forward'
  | 'alarm'
  | 'acknowledge'
  | 'command'
  | 'note'
  | 'patch'
  | 'addToIncident'
  | 'nextRegion'
  | 'previousRegion'
  | 'help';

export interface KeyCommand {
  id: CommandId;
  /** Modifiers and code: `F1`, `Ctrl+KeyE`, `Shift+F6`. */
  chord: string;
  words: string;
  /** Held down; Shift is the latch, so the chord has no modifier. */
  hold?: boolean;
}

/** In the order of the printed sheet. */
export const KEY_COMMANDS: readonly KeyCommand[] = [
  { id: 'ptt', chord: 'F1', words: 'Talk on the selected talkgroup, hold', hold: true },
  { id: 'ptt2', chord: 'Numpad0', words: 'The same, second key', hold: true },
  { id: 'pttFocused', chord: 'F3', words: 'Talk on the tile in focus without selecting it, hold', hold: true },
  { id: 'pttCall', chord: 'F4', words: 'Talk in your private call, hold', hold: true },
  { id: 'answer', chord: 'F7', words: 'Answer the call that rings here' },
  { id: 'decline', chord: 'F8', words: 'Decline it' },
  { id: 'hangUp', chord: 'F9', words: 'End your private call' },
  { id: 'goto', chord: 'KeyG', words: 'Go to a tile: then two digits of its address' },
  { id: 'mute', chord: 'KeyM', words: 'Mute or unmute the tile in focus' },
  { id: 'volume', chord: 'KeyV', words: 'Volume of the tile in focus: then left and right' },
  { id: 'replay', chord: 'KeyR', words: 'Replay the last transmission of the tile in focus' },
  { id: 'back', chord: 'KeyJ', words: 'Replay: back 3 s, at its start the one before' },
  { id: 'play', chord: 'KeyK', words: 'Replay: play or pause' },
  { id: 'forward', chord: 'KeyL', words: 'Replay: forward 3 s, at its end the next one' },
  { id: 'alarm', chord: 'KeyE', words: 'Go to the oldest unacknowledged emergency' },
  { id: 'acknowledge', chord: 'Ctrl+KeyE', words: 'Acknowledge it, also from a text field' },
  { id: 'command', chord: 'Slash', words: 'Command line' },
  { id: 'patch', chord: 'KeyP', words: 'Patch the tile in focus: join talkgroups, end a patch' },
  { id: 'note', chord: 'KeyN', words: 'Note on the last call' },
  { id: 'addToIncident', chord: 'KeyI', words: 'Add the last call to the open incident' },
  { id: 'nextRegion', chord: 'F6', words: 'Next region' },
  { id: 'previousRegion', chord: 'Shift+F6', words: 'Previous region' },
  { id: 'help', chord: 'Shift+Slash', words: 'This sheet' },
];

/** Keys that stay as they are. */
export const FIXED_KEYS: readonly (readonly [string, string])[] = [
  ['Shift and a talk key', 'Latch, where this desk allows it; the next press ends it'],
  ['Alt 1 to 9, Alt 0, Numpad 1 to 9', 'Select slot 1 to 10 (with a click)'],
  ['Arrows, Enter', 'Walk over the tiles, select the one in focus'],
  ['Escape', 'Stop replay, close a panel; never ends a transmission'],
];

/** What the layout says for some characters, wherever their keys are. */
const CHARACTERS: Record<string, CommandId> = { '?': 'help', '/': 'command' };
const MODIFIERS = /^(Shift|Control|Alt|Meta|OS|CapsLock|NumLock|Fn)/;
const TAKEN = /^(?:Alt\+|Shift\+)?(?:Digit\d|Numpad[1-9]|Space|Enter|NumpadEnter|Tab|Escape|Arrow\w+)$/;
const BROWSERS = /^Ctrl\+(?:Shift\+)?Key[NTW]$|^Alt\+F4$/;

/** `Ctrl+KeyE` of an event. */
export function chordOf(event: KeyboardEvent): string {
  const parts = [event.ctrlKey && 'Ctrl', event.altKey && 'Alt', event.shiftKey && 'Shift'];
  return [...parts.filter(Boolean), event.code].join('+');
}

/** A chord as the sheet writes it: `Ctrl E`, `Numpad 0`. */
export function chordWords(chord: string): string {
  return chord
    .split('+')
    .map((part) =>
      part
        .replace(/^Key(?=[A-Z]$)|^Digit(?=\d$)/, '')
        .replace(/^Numpad(?=.)/, 'Numpad ')
        .replace(/^Slash$/, '/')
        .replace(/^Backquote$/, 'key left of 1')
        .replace(/(?<=[a-z])(?=[A-Z])/g, ' '),
    )
    .join(' ')
    .replace(/^Shift \/$/, '?');
}

/** Text fields keep their letters: only F-keys, Escape and acknowledge with Ctrl work there. */
export function worksInText(chord: string, id: CommandId): boolean {
  const code = chord.split('+').pop() ?? '';
  return /^F\d{1,2}$/.test(code) || (id === 'acknowledge' && chord.startsWith('Ctrl+'));
}

export interface KeptKeys {
  keys: Record<string, string>;
  save(): void;
}

export class KeyMap {
  /** Command that waits for its new key. */
  waiting: CommandId | null = $state(null);
  trouble = $state('');

  constructor(private readonly kept: KeptKeys) {}

  chord(id: CommandId): string {
    return this.kept.keys[id] ?? KEY_COMMANDS.find((one) => one.id === id)?.chord ?? '';
  }

  words(id: CommandId): string {
    return chordWords(this.chord(id));
  }

  get changed(): boolean {
    return Object.keys(this.kept.keys).length > 0;
  }

  find(event: KeyboardEvent, text: boolean): CommandId | null {
    if (event.metaKey) return null;
    const chord = chordOf(event);
    for (const command of KEY_COMMANDS) {
      const wanted = this.chord(command.id);
      const same = command.hold ? wanted === event.code && !event.ctrlKey && !event.altKey : wanted === chord;
      if (same && (!text || worksInText(wanted, command.id))) return command.id;
    }
    const byCharacter = CHARACTERS[event.key];
    if (text || !byCharacter || event.ctrlKey || this.kept.keys[byCharacter]) return null;
    return byCharacter;
  }

  /** Take the key that was pressed for the command that waits; says why when it cannot. */
  take(event: KeyboardEvent): void {
    const id = this.waiting;
    if (!id || MODIFIERS.test(event.code)) return;
    this.trouble = '';
    if (event.code === 'Escape') {
      this.waiting = null;
      return;
    }
    const chord = chordOf(event);
    const why = event.code ? this.#whyNot(id, chord) : 'this key has no code';
    if (why) {
      this.trouble = why;
      return;
    }
    const standard = KEY_COMMANDS.find((one) => one.id === id)?.chord;
    if (chord === standard) delete this.kept.keys[id];
    else this.kept.keys[id] = chord;
    this.waiting = null;
    this.kept.save();
  }

  #whyNot(id: CommandId, chord: string): string {
    const hold = KEY_COMMANDS.find((one) => one.id === id)?.hold === true;
    const words = chordWords(chord);
    if (hold && chord.includes('+')) return 'A talk key is one key alone: Shift with it is the latch';
    if (TAKEN.test(chord)) return `${words} has a fixed meaning`;
    if (BROWSERS.test(chord)) return `${words} belongs to the browser`;
    const other = KEY_COMMANDS.find((one) => one.id !== id && this.#clash(one, chord));
    return other ? `${words} is already: ${other.words}` : '';
  }

  #clash(other: KeyCommand, chord: string): boolean {
    const theirs = this.chord(other.id);
    return theirs === chord || (other.hold === true && chord === `Shift+${theirs}`);
  }

  reset(): void {
    for (const id of Object.keys(this.kept.keys)) delete this.kept.keys[id];
    this.waiting = null;
    this.trouble = '';
    this.kept.save();
  }
}

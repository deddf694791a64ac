import { beforeEach, describe, expect, it } from 'vitest';
import { Keys, type KeyActions } from '../src/lib/keys/keys';
import { chordWords, KEY_COMMANDS, KeyMap } from '../src/lib/keys/keymap.svelte';

const calls: string[] = [];
const actions = new Proxy({} as KeyActions, {
  get: (_, name) => (value?: unknown) => void calls.push(value === undefined ? String(name) : `${String(name)} ${String(value)}`),
});
let keys: Keys;
let map: KeyMap;
let kept: { keys: Record<string, string>; saved: number; save(): void };
let detach: () => void = () => {};

function press(code: string, init: KeyboardEventInit = {}, target: EventTarget = document.body): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { code, bubbles: true, cancelable: true, ...init });
  target.dispatchEvent(event);
  return event;
}

function lift(code: string, target: EventTarget = document.body): void {
  target.dispatchEvent(new KeyboardEvent('keyup', { code, bubbles: true }));
}

beforeEach(() => {
  detach();
  calls.length = 0;
  document.body.innerHTML = '<input id="field"><div class="tile" id="tile" tabindex="0"></div>';
  kept = { keys: {}, saved: 0, save: () => void (kept.saved += 1) };
  map = new KeyMap(kept);
  keys = new Keys(actions, map);
  detach = keys.attach(window);
});

describe('push-to-talk keys', () => {
  it('start once, whatever the keyboard repeats, and end with the release', () => {
    press('F1');
    for (let i = 0; i < 50; i += 1) press('F1', { repeat: true });
    press('F1');
    lift('F1');
    expect(calls).toEqual(['pressSelected false', 'release']);
  });

  it('are known by code, not by letter', () => {
    press('Numpad0', { key: 'Insert' });
    lift('Numpad0');
    expect(calls).toEqual(['pressSelected false', 'release']);
  });

  it('end by their own release only, wherever the focus is', () => {
    press('F1');
    lift('F3');
    expect(calls).toEqual(['pressSelected false']);
    lift('F1', document.getElementById('field') as HTMLElement);
    expect(calls).toEqual(['pressSelected false', 'release']);
  });

  it('talk on the focused tile with F3', () => {
    press('F3');
    expect(calls).toEqual(['pressFocused false']);
  });

  it('work from a text field with F1, while Numpad 0 types', () => {
    const field = document.getElementById('field') as HTMLElement;
    press('Numpad0', {}, field);
    expect(calls).toEqual([]);
    press('F1', {}, field);
    expect(calls).toEqual(['pressSelected false']);
  });

  it('have to be pressed anew after a press that ended otherwise', () => {
    press('F1');
    keys.forget();
    lift('F1');
    expect(calls).toEqual(['pressSelected false']);
    press('F1');
    expect(calls).toEqual(['pressSelected false', 'pressSelected false']);
  });

  it('keep the browser from opening its help', () => {
    expect(press('F1').defaultPrevented).toBe(true);
  });
});

describe('other keys', () => {
  it('select slots with Alt or the number pad, never with a plain digit', () => {
    press('Digit3');
    press('Digit3', { altKey: true });
    press('Digit0', { altKey: true });
    press('Numpad7');
    expect(calls).toEqual(['slot 3', 'slot 10', 'slot 7']);
  });

  it('go to an address with G and two digits', () => {
    press('KeyG');
    press('Digit0');
    press('Digit7');
    expect(calls).toEqual(['address 7']);
  });

  it('are letters in a text field, but acknowledge stays', () => {
    const field = document.getElementById('field') as HTMLElement;
    press('KeyM', {}, field);
    press('KeyE', { ctrlKey: true }, field);
    expect(calls).toEqual(['acknowledge']);
  });

  it('select the focused tile with Enter, and leave Enter to buttons', () => {
    press('Enter');
    press('Enter', {}, document.getElementById('tile') as HTMLElement);
    expect(calls).toEqual(['enterSelect']);
  });

  it('show the sheet by the character, whatever key makes it', () => {
    press('Minus', { key: '?' });
    expect(calls).toEqual(['help']);
  });
});

describe('with Shift', () => {
  it('push-to-talk latches', () => {
    press('F1', { shiftKey: true });
    lift('F1');
    expect(calls).toEqual(['pressSelected true', 'release']);
  });

  it('F6 walks the other way', () => {
    press('F6');
    press('F6', { shiftKey: true });
    expect(calls).toEqual(['nextRegion 1', 'nextRegion -1']);
  });
});

describe('after G', () => {
  it('digits of the number pad are digits, never push-to-talk', () => {
    press('KeyG');
    press('Numpad0');
    press('Numpad7');
    expect(calls).toEqual(['address 7']);
    press('Numpad0');
    expect(calls).toEqual(['address 7', 'pressSelected false']);
  });
});

describe('the command line and replay', () => {
  it('open by their keys, whatever layout', () => {
    press('Slash', { key: '-' });
    press('Digit7', { key: '/', shiftKey: true });
    press('KeyJ');
    press('KeyK');
    press('KeyL');
    expect(calls).toEqual(['command', 'command', 'step back', 'step play', 'step forward']);
  });

  it('are text in a text field', () => {
    press('Slash', { key: '/' }, document.getElementById('field') as HTMLElement);
    press('KeyK', { key: 'k' }, document.getElementById('field') as HTMLElement);
    expect(calls).toEqual([]);
  });
});

describe('the key map', () => {
  it('has a key for each command, and no key twice', () => {
    const chords = KEY_COMMANDS.map((one) => one.chord);
    expect(new Set(chords).size).toBe(chords.length);
  });

  it('takes another key, keeps it, and forgets the old one', () => {
    map.waiting = 'ptt';
    press('Pause');
    expect(map.waiting).toBeNull();
    expect(kept).toMatchObject({ keys: { ptt: 'Pause' }, saved: 1 });
    press('F1');
    expect(calls).toEqual([]);
    press('Pause');
    lift('Pause');
    expect(calls).toEqual(['pressSelected false', 'release']);
  });

  it('keeps a letter that became push-to-talk out of text fields', () => {
    kept.keys['ptt'] = 'KeyT';
    press('KeyT', {}, document.getElementById('field') as HTMLElement);
    expect(calls).toEqual([]);
    press('KeyT');
    expect(calls).toEqual(['pressSelected false']);
  });

  it.each([
    ['ptt', 'KeyG', {}, 'already'],
    ['ptt', 'KeyT', { ctrlKey: true }, 'one key alone'],
    ['mute', 'Space', {}, 'fixed meaning'],
    ['mute', 'Digit3', { altKey: true }, 'fixed meaning'],
    ['mute', 'F1', { shiftKey: true }, 'already'],
    ['note', 'KeyN', { ctrlKey: true }, 'browser'],
  ] as const)('refuses %s on %s %o', (id, code, init, words) => {
    map.waiting = id;
    press(code, init);
    expect(map.trouble).toContain(words);
    expect(map.waiting).toBe(id);
    expect(kept.keys).toEqual({});
    press('Escape');
    expect(map.waiting).toBeNull();
    expect(calls).toEqual([]);
  });

  it('waits through modifiers alone, and goes back to what was delivered', () => {
    map.waiting = 'acknowledge';
    press('ControlLeft', { ctrlKey: true });
    expect(map.waiting).toBe('acknowledge');
    press('KeyQ', { ctrlKey: true });
    expect(map.words('acknowledge')).toBe('Ctrl Q');
    expect(map.changed).toBe(true);
    map.reset();
    expect(map.words('acknowledge')).toBe('Ctrl E');
    expect(map.changed).toBe(false);
  });

  it('writes keys as people do', () => {
    expect(['Numpad0', 'Ctrl+KeyE', 'Slash', 'Shift+Slash', 'ScrollLock', 'NumpadAdd'].map(chordWords)).toEqual([
      'Numpad 0', 'Ctrl E', '/', '?', 'Scroll Lock', 'Numpad Add',
    ]);
  });
});

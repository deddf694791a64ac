import { beforeEach, describe, expect, it } from 'vitest';
import { Keys, type KeyActions } from '../src/lib/keys/keys';

const calls: string[] = [];
const actions = new Proxy({} as KeyActions, {
  get: (_, name) => (value?: unknown) => void calls.push(value === undefined ? String(name) : `${String(name)} ${String(value)}`),
});
let keys: Keys;
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
  keys = new Keys(actions);
  detach = keys.attach(window);
});

describe('push-to-talk keys', () => {
  it('start once, whatever the keyboard repeats, and end with the release', () => {
    press('F1');
    for (let i = 0; i < 50; i += 1) press('F1', { repeat: true });
    press('F1');
    lift('F1');
    expect(calls).toEqual(['pressSelected', 'release']);
  });

  it('are known by code, not by letter', () => {
    press('Numpad0', { key: 'Insert' });
    lift('Numpad0');
    expect(calls).toEqual(['pressSelected', 'release']);
  });

  it('end by their own release only, wherever the focus is', () => {
    press('F1');
    lift('F3');
    expect(calls).toEqual(['pressSelected']);
    lift('F1', document.getElementById('field') as HTMLElement);
    expect(calls).toEqual(['pressSelected', 'release']);
  });

  it('talk on the focused tile with F3', () => {
    press('F3');
    expect(calls).toEqual(['pressFocused']);
  });

  it('work from a text field with F1, while Numpad 0 types', () => {
    const field = document.getElementById('field') as HTMLElement;
    press('Numpad0', {}, field);
    expect(calls).toEqual([]);
    press('F1', {}, field);
    expect(calls).toEqual(['pressSelected']);
  });

  it('have to be pressed anew after a press that ended otherwise', () => {
    press('F1');
    keys.forget();
    lift('F1');
    expect(calls).toEqual(['pressSelected']);
    press('F1');
    expect(calls).toEqual(['pressSelected', 'pressSelected']);
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

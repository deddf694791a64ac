/** Keys by `code`, so that they are the same on every layout. */

/** A text field, where letters and digits are text. */
export function inTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return (
    target instanceof HTMLInputElement &&
    !['button', 'checkbox', 'radio', 'range', 'submit'].includes(target.type)
  );
}

export interface KeyActions {
  pressSelected(): void;
  pressFocused(): void;
  release(): void;
  slot(address: number): void;
  address(address: number): void;
  enterSelect(): void;
  mute(): void;
  replay(): void;
  skip(direction: -1 | 1): void;
  toggleReplay(): void;
  goToAlarm(): void;
  acknowledge(): void;
  nextRegion(direction: -1 | 1): void;
  note(): void;
  addToIncident(): void;
  help(): void;
  escape(): void;
}

const DIGIT_WAIT_MS = 2_000;

/** The key sheet, in the order it is printed. */
export const KEY_SHEET: readonly (readonly [string, string])[] = [
  ['F1 or Numpad 0, hold', 'Talk on the selected talkgroup'],
  ['F3, hold', 'Talk on the tile in focus, without selecting it'],
  ['Alt 1 to 9, Alt 0, Numpad 1 to 9', 'Select slot 1 to 10 (with a click)'],
  ['G, then two digits', 'Go to a tile by its address'],
  ['Enter', 'Select the tile in focus'],
  ['M', 'Mute or unmute the tile in focus'],
  ['R', 'Replay the last transmission of the tile in focus'],
  ['J, K, L', 'Replay: back, play or pause, forward'],
  ['E', 'Go to the oldest unacknowledged emergency'],
  ['Ctrl E', 'Acknowledge it, also from a text field'],
  ['F6, Shift F6', 'Next or previous region'],
  ['N', 'Note on the last call'],
  ['I', 'Add the last call to the open incident'],
  ['?', 'This sheet'],
  ['Escape', 'Stop replay, close a panel; never ends a transmission'],
];

export class Keys {
  /** Code of the key that holds the press. */
  #held: string | null = null;
  #address: string | null = null;
  #addressTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly actions: KeyActions) {}

  attach(target: Window): () => void {
    const down = (event: KeyboardEvent): void => this.down(event);
    const up = (event: KeyboardEvent): void => this.up(event);
    target.addEventListener('keydown', down, true);
    target.addEventListener('keyup', up, true);
    return () => {
      target.removeEventListener('keydown', down, true);
      target.removeEventListener('keyup', up, true);
    };
  }

  /** The press ended for another cause: the key has to be let go and pressed anew. */
  forget(): void {
    this.#held = null;
  }

  up(event: KeyboardEvent): void {
    if (event.code !== this.#held) return;
    this.#held = null;
    event.preventDefault();
    this.actions.release();
  }

  down(event: KeyboardEvent): void {
    const text = inTextField(event.target);
    if (this.#transmit(event, text) || this.#always(event)) {
      event.preventDefault();
      return;
    }
    if (text || event.ctrlKey || event.metaKey || event.repeat) return;
    if (this.#slot(event) || this.#addressDigit(event) || this.#letter(event)) event.preventDefault();
  }

  /** Numpad 0 types in a text field; only F1 and F3 transmit from there. */
  #transmit(event: KeyboardEvent, text: boolean): boolean {
    const { code } = event;
    const own = code === 'F1' || code === 'F3' || (code === 'Numpad0' && !text && !event.altKey);
    if (!own) return false;
    if (event.repeat || this.#held) return true;
    this.#held = code;
    if (code === 'F3') this.actions.pressFocused();
    else this.actions.pressSelected();
    return true;
  }

  #always(event: KeyboardEvent): boolean {
    if (event.code === 'F6') this.actions.nextRegion(event.shiftKey ? -1 : 1);
    else if (event.code === 'KeyE' && event.ctrlKey) this.actions.acknowledge();
    else if (event.code === 'Escape') this.actions.escape();
    else return false;
    return true;
  }

  #slot(event: KeyboardEvent): boolean {
    const pad = /^Numpad([1-9])$/.exec(event.code);
    const row = event.altKey ? /^Digit([0-9])$/.exec(event.code) : null;
    const digit = pad?.[1] ?? row?.[1];
    if (digit === undefined || this.#address !== null) return false;
    this.actions.slot(digit === '0' ? 10 : Number(digit));
    return true;
  }

  #addressDigit(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    if (event.code === 'KeyG') {
      this.#address = '';
      clearTimeout(this.#addressTimer);
      this.#addressTimer = setTimeout(() => (this.#address = null), DIGIT_WAIT_MS);
      return true;
    }
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
    if (this.#address === null || digit === undefined) return false;
    this.#address += digit;
    if (this.#address.length < 2) return true;
    this.actions.address(Number(this.#address));
    this.#address = null;
    return true;
  }

  #letter(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    const { actions } = this;
    if (event.key === '?') {
      actions.help();
      return true;
    }
    switch (event.code) {
      case 'KeyM':
        actions.mute();
        return true;
      case 'KeyR':
        actions.replay();
        return true;
      case 'KeyJ':
        actions.skip(-1);
        return true;
      case 'KeyK':
        actions.toggleReplay();
        return true;
      case 'KeyL':
        actions.skip(1);
        return true;
      case 'KeyE':
        actions.goToAlarm();
        return true;
      case 'KeyN':
        actions.note();
        return true;
      case 'KeyI':
        actions.addToIncident();
        return true;
      case 'Enter':
        return this.#enter(event);
      default:
        return false;
    }
  }

  #enter(event: KeyboardEvent): boolean {
    if (!(event.target instanceof HTMLElement) || !event.target.matches('.tile')) return false;
    this.actions.enterSelect();
    return true;
  }
}

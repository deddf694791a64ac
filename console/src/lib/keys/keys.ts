/** From key events to what they do. Which key does what is the key map's. */

import type { CommandId, KeyMap } from './keymap.svelte';

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
  pressSelected(latched: boolean): void;
  pressFocused(latched: boolean): void;
  pressCall(): void;
  call(what: 'answer' | 'decline' | 'end'): void;
  release(): void;
  slot(address: number): void;
  address(address: number): void;
  enterSelect(): void;
  mute(): void;
  volume(): void;
  replay(): void;
  step(step: 'back' | 'play' | 'forward'): void;
  goToAlarm(): void;
  acknowledge(): void;
  nextRegion(direction: -1 | 1): void;
  command(): void;
  note(): void;
  patch(): void;
  addToIncident(): void;
  help(): void;
  escape(): void;
}

const DIGIT_WAIT_MS = 2_000;
const TALK: ReadonlySet<CommandId> = new Set(['ptt', 'ptt2', 'pttFocused', 'pttCall']);

export class Keys {
  /** Code of the key that holds the press. */
  #held: string | null = null;
  #address: string | null = null;
  #addressTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly actions: KeyActions,
    private readonly map: KeyMap,
  ) {}

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
    if (this.map.waiting) {
      event.preventDefault();
      event.stopPropagation();
      this.map.take(event);
      return;
    }
    if (this.#handle(event)) event.preventDefault();
  }

  #handle(event: KeyboardEvent): boolean {
    const text = inTextField(event.target);
    if (event.code === 'Escape') {
      this.#address = null;
      this.actions.escape();
      return true;
    }
    if (!text && !event.repeat && this.#addressDigit(event)) return true;
    const command = this.map.find(event, text);
    if (command && TALK.has(command)) return this.#talk(event, command);
    if (event.repeat && !text && command) return true;
    if (command) return this.#run(command);
    if (text || event.ctrlKey || event.metaKey || event.repeat) return false;
    return this.#slot(event) || this.#enter(event);
  }

  /** Only the first key down starts; Shift latches. */
  #talk(event: KeyboardEvent, command: CommandId): boolean {
    if (event.repeat || this.#held) return true;
    this.#held = event.code;
    if (command === 'pttCall') this.actions.pressCall();
    else if (command === 'pttFocused') this.actions.pressFocused(event.shiftKey);
    else this.actions.pressSelected(event.shiftKey);
    return true;
  }

  #run(command: CommandId): boolean {
    const { actions } = this;
    const table: Partial<Record<CommandId, () => void>> = {
      answer: () => actions.call('answer'),
      decline: () => actions.call('decline'),
      hangUp: () => actions.call('end'),
      goto: () => this.#awaitAddress(),
      mute: () => actions.mute(),
      volume: () => actions.volume(),
      replay: () => actions.replay(),
      back: () => actions.step('back'),
      play: () => actions.step('play'),
      forward: () => actions.step('forward'),
      alarm: () => actions.goToAlarm(),
      acknowledge: () => actions.acknowledge(),
      command: () => actions.command(),
      note: () => actions.note(),
      patch: () => actions.patch(),
      addToIncident: () => actions.addToIncident(),
      nextRegion: () => actions.nextRegion(1),
      previousRegion: () => actions.nextRegion(-1),
      help: () => actions.help(),
    };
    table[command]?.();
    return true;
  }

  #awaitAddress(): void {
    this.#address = '';
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => (this.#address = null), DIGIT_WAIT_MS);
  }

  #addressDigit(event: KeyboardEvent): boolean {
    if (this.#address === null || event.altKey || event.ctrlKey) return false;
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
    if (digit === undefined) return false;
    this.#address += digit;
    if (this.#address.length < 2) return true;
    const address = Number(this.#address);
    this.#address = null;
    this.actions.address(address);
    return true;
  }

  #slot(event: KeyboardEvent): boolean {
    const pad = /^Numpad([1-9])$/.exec(event.code);
    const row = event.altKey ? /^Digit([0-9])$/.exec(event.code) : null;
    const digit = pad?.[1] ?? row?.[1];
    if (digit === undefined) return false;
    this.actions.slot(digit === '0' ? 10 : Number(digit));
    return true;
  }

  #enter(event: KeyboardEvent): boolean {
    if (event.code !== 'Enter' || event.altKey) return false;
    if (!(event.target instanceof HTMLElement) || !event.target.matches('.tile')) return false;
    this.actions.enterSelect();
    return true;
  }
}

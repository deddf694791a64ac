/**
 * Which screen of its position a window is: `?screen=2` in its address, kept over reloads. Without one
 * it shows every page. Only the first has sound, microphone and push-to-talk: a position has one hot
 * microphone, and two windows that play the same would echo. What is selected is so in all of them.
 */

const MAX_SCREENS = 4;

/** The screen that an address names, 0 for none. */
export function screenOf(search: string): number {
  const number = Number(new URLSearchParams(search).get('screen') ?? 0);
  return Number.isInteger(number) && number >= 1 && number <= MAX_SCREENS ? number : 0;
}

/** The address of the same page on a screen; 0 for all of its pages in one window. */
export function screenHref(number: number): string {
  return `${location.pathname}${number > 0 ? `?screen=${number}` : ''}#/`;
}

type Make = (name: string) => Pick<BroadcastChannel, 'postMessage' | 'close'> & { onmessage: ((message: MessageEvent) => void) | null };

export class Screen {
  readonly number: number;
  #channel: ReturnType<Make> | null = null;

  constructor(
    search = location.search,
    private readonly make: Make = (name) => new BroadcastChannel(name),
  ) {
    this.number = screenOf(search);
  }

  /** A window beside the one with the sound and the microphone. */
  get second(): boolean {
    return this.number > 1;
  }

  /** Follow what the other windows of one operator at one position select. */
  follow(user: string, position: string, selected: (id: string) => void): void {
    this.leave();
    this.#channel = this.make(`samband-${user}-${position}`);
    this.#channel.onmessage = (message) => {
      const { select } = message.data as { select?: unknown };
      if (typeof select === 'string') selected(select);
    };
  }

  tell(select: string): void {
    this.#channel?.postMessage({ select });
  }

  leave(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}

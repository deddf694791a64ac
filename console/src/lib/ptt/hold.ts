/** Hold to talk with pointer or Space: a capture lost or cancelled aborts, as it is not a release. */

import { desk } from '../state/desk.svelte';
import type { Ptt, PressSource } from './ptt.svelte';

/** Who is pressed: the desk, or a test transmission. */
export interface Pressed {
  press(talkgroup: string | null, source: PressSource, latched?: boolean): void;
  readonly ptt: Ptt;
}

export interface HoldTarget {
  talkgroup: () => string | null;
  source: PressSource;
  by?: Pressed;
}

/** Svelte attachment for a push-to-talk button. */
export function hold(target: HoldTarget): (element: HTMLElement) => () => void {
  const by = target.by ?? desk;
  return (element) => {
    let pointer: number | null = null;
    const press = (event: MouseEvent | KeyboardEvent): void =>
      by.press(target.talkgroup(), target.source, event.shiftKey);
    const events: [string, (event: never) => void][] = [
      [
        'pointerdown',
        (event: PointerEvent) => {
          if (event.button !== 0 || pointer !== null) return;
          pointer = event.pointerId;
          element.setPointerCapture(pointer);
          press(event);
        },
      ],
      [
        'pointerup',
        (event: PointerEvent) => {
          if (event.pointerId !== pointer) return;
          pointer = null;
          by.ptt.release();
        },
      ],
      ['pointercancel', (event: PointerEvent) => lose(event, 'pointer_cancelled')],
      ['lostpointercapture', (event: PointerEvent) => lose(event, 'pointer_lost')],
      ['contextmenu', (event: Event) => event.preventDefault()],
      [
        'keydown',
        (event: KeyboardEvent) => {
          if (event.code !== 'Space' && event.code !== 'Enter') return;
          event.preventDefault();
          event.stopPropagation();
          if (!event.repeat) press(event);
        },
      ],
      [
        'keyup',
        (event: KeyboardEvent) => {
          if (event.code !== 'Space' && event.code !== 'Enter') return;
          event.preventDefault();
          by.ptt.release();
        },
      ],
      ['blur', () => by.ptt.current?.source === target.source && by.ptt.abort('focus_lost')],
    ];
    function lose(event: PointerEvent, cause: string): void {
      if (event.pointerId !== pointer) return;
      pointer = null;
      by.ptt.abort(cause);
    }
    for (const [name, handler] of events) element.addEventListener(name, handler as EventListener);
    return () => {
      for (const [name, handler] of events) {
        element.removeEventListener(name, handler as EventListener);
      }
      if (pointer !== null) by.ptt.abort('button_gone');
    };
  };
}

/** Hold to talk with pointer or Space: a capture lost or cancelled aborts, as it is not a release. */

import { desk } from '../state/desk.svelte';
import type { PressSource } from './ptt.svelte';

export interface HoldTarget {
  talkgroup: () => string | null;
  source: PressSource;
}

/** Svelte attachment for a push-to-talk button. */
export function hold(target: HoldTarget): (element: HTMLElement) => () => void {
  return (element) => {
    let pointer: number | null = null;
    const press = (event: MouseEvent | KeyboardEvent): void =>
      desk.press(target.talkgroup(), target.source, event.shiftKey);
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
          desk.ptt.release();
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
          desk.ptt.release();
        },
      ],
      ['blur', () => desk.ptt.current?.source === target.source && desk.ptt.abort('focus_lost')],
    ];
    function lose(event: PointerEvent, cause: string): void {
      if (event.pointerId !== pointer) return;
      pointer = null;
      desk.ptt.abort(cause);
    }
    for (const [name, handler] of events) element.addEventListener(name, handler as EventListener);
    return () => {
      for (const [name, handler] of events) {
        element.removeEventListener(name, handler as EventListener);
      }
      if (pointer !== null) desk.ptt.abort('button_gone');
    };
  };
}

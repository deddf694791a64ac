/** Why somebody listens: asked once, sent with each playing. */

import { desk } from './desk.svelte';

class DeskPurpose {
  text = $state('');

  get query(): Record<string, string> {
    const text = this.text.trim();
    return text ? { purpose_code: 'other', purpose_text: text } : {};
  }

  get words(): string {
    return this.text.trim();
  }

  get needed(): boolean {
    return desk.session.user?.role === 'auditor';
  }

  /** Whether a purpose stands; if not, the field is shown and gets the focus. */
  demand(): Promise<boolean> {
    if (!this.needed || this.words) return Promise.resolve(true);
    desk.say('State a purpose first, then play');
    document.getElementById('purpose')?.focus();
    return Promise.resolve(false);
  }
}

export const purpose = new DeskPurpose();

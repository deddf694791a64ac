/** Broken glass as supervisors hear of it: each notice stays until somebody has read it. */

import type { Envelope } from '../api/types';
import { hourMinute } from '../words';

export interface GlassNotice {
  id: string;
  words: string;
}

class GlassNotices {
  list: GlassNotice[] = $state.raw([]);

  take(envelope: Envelope, own: string | undefined): void {
    if (envelope.type !== 'glass.broken' || envelope.data['user'] === own) return;
    const { data } = envelope;
    const kind = data['scope_kind'] === 'folder' ? 'talkgroups of' : 'cameras of';
    const until = hourMinute(Number(data['until_utc']));
    const words = `${String(data['operator'])} broke the glass for ${kind} ${String(data['scope'])}, until ${until}: ${String(data['words'])}`;
    this.list = [...this.list, { id: String(data['glass']), words }];
  }

  read(id: string): void {
    this.list = this.list.filter((one) => one.id !== id);
  }
}

export const glass = new GlassNotices();

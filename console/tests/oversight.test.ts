import type { Envelope } from '../src/lib/api/types';
import { GlassNotices } from '../src/lib/state/glass.svelte';
import { describe, expect, it } from 'vitest';
import { approvalState, detailLines, dueWords, kindWords } from '../src/lib/oversight';

const HOUR = 3_600_000_000;

describe('a task of the review queue', () => {
  it('is named by its rule, else by its kind', () => {
    expect(kindWords({ kind: 'alert', rule: 'pace' })).toBe('More look-ups than usual');
    expect(kindWords({ kind: 'break_glass', rule: '' })).toBe('Break-glass');
  });

  it('says when it is due, and when it is overdue', () => {
    expect(dueWords(30 * HOUR, 27 * HOUR)).toBe('in 3 h');
    expect(dueWords(100 * HOUR, 27 * HOUR)).toBe('in 3 d');
    expect(dueWords(27 * HOUR, 30 * HOUR)).toBe('3 h overdue');
  });
});

describe('an approval', () => {
  it('that needs two says how many have agreed', () => {
    const vote = { name: 'A', agree: true, reason: '', t_utc: 1 };
    expect(approvalState({ state: 'waiting', needed: 2, votes: [vote] })).toBe('Waits, 1 of 2');
    expect(approvalState({ state: 'used', needed: 1, votes: [vote] })).toBe('Done');
  });

  it('shows all of what will happen', () => {
    expect(detailLines({ hold_id: 'h-1', recordings: ['t-1', 't-2'], within: { place: 'x' }, none: [], more: 7 })).toEqual([
      ['hold id', 'h-1'],
      ['recordings', 't-1\nt-2'],
      ['within', '{\n "place": "x"\n}'],
      ['none', 'none'],
      ['further differences', '7'],
    ]);
  });
});

describe('broken glass', () => {
  const row = { id: 'g-1', name: 'Lina Åkesson', scope_kind: 'folder', scope: 'Police', reason: 'mutual aid', t_utc: 1, until_utc: 5_000_000 };

  it('is told once, whether by the stream or by the list', () => {
    const notices = new GlassNotices();
    notices.standing([row], 'Me', 1_000_000);
    notices.take({ type: 'glass.broken', data: { glass: 'g-1', operator: 'Lina Åkesson', scope_kind: 'folder', scope: 'Police', until_utc: 5_000_000, words: 'mutual aid' } } as unknown as Envelope, 'u-me');
    expect(notices.list.map((one) => one.id)).toEqual(['g-1']);
    expect(notices.list[0]?.words).toContain('Lina Åkesson broke the glass for talkgroups of Police');
    notices.read('g-1');
    notices.standing([row], 'Me', 1_000_000);
    expect(notices.list).toEqual([]);
  });

  it('is not told of what is over, nor of the own', () => {
    const notices = new GlassNotices();
    notices.standing([row], 'Me', 6_000_000);
    notices.standing([row], 'Lina Åkesson', 1_000_000);
    expect(notices.list).toEqual([]);
  });
});

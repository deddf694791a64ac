import { describe, expect, it } from 'vitest';
import type { BoardRow, ErasureRow, HoldInfo, OrderInfo } from '../src/lib/api/retention';
import { alarmWords, daysWords, deadlineWords, erasureWords, holdWords, idLines, objectsWords, tellWords } from '../src/lib/retention';

const DAY = 86_400_000_000;

describe('words of retention', () => {
  it('says days, and years where they come out even', () => {
    expect([3, 90, 365, 730, 1826, null].map(daysWords)).toEqual(['3 days', '90 days', '365 days', '2 years', '5 years', 'as calls']);
  });

  it('counts what a hold has', () => {
    expect(objectsWords({ call: 3, media: 2, unit_status: 1 })).toBe('3 calls, 2 stills and clips, 1 status');
    expect(objectsWords({})).toBe('nothing yet');
  });

  it('reads pasted numbers, each once', () => {
    expect(idLines(' c-1\nc-2, c-1;\n\n m-3 ')).toEqual(['c-1', 'c-2', 'm-3']);
    expect(idLines('  \n')).toEqual([]);
  });

  it('says how far an erasure is and what it needs', () => {
    const row = { state: 'listed', needs_two: true, planned: 5, progress: 2, erased: 4, skipped: 1 } as ErasureRow;
    expect(erasureWords(row)).toBe('Listed: needs a second person');
    expect(erasureWords({ ...row, state: 'running' })).toBe('Erasing, 2 of 5');
    expect(erasureWords({ ...row, state: 'done' })).toBe('Erased 4, kept 1');
  });

  it('alarms only where something is in no backup', () => {
    const row = { alarm: true, unsaved: 1 } as BoardRow;
    expect(alarmWords(row, null)).toBe('1 object in no backup, erased within 48 h');
    expect(alarmWords(row, 1)).toBe('1 object newer than the last backup, erased within 48 h');
    expect(alarmWords({ ...row, alarm: false }, null)).toBe('');
  });

  it('says what is overdue', () => {
    expect(holdWords({ state: 'overdue', review_utc: 0 } as HoldInfo)).toContain('Review overdue');
    const order = { state: 'open', deadline_utc: 10 * DAY } as OrderInfo;
    expect(deadlineWords(order, 11 * DAY)).toContain('Overdue');
    expect(deadlineWords(order, 7 * DAY)).toContain('3 days left');
    expect(tellWords('not_before:2027-01-31')).toBe('Persons not to be told before 2027-01-31');
  });
});

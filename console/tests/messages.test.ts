import { mount, unmount } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';
import MessageMarks from '../src/components/MessageMarks.svelte';
import type { Message } from '../src/lib/api/types';
import { deliveryWords, marks, oddities } from '../src/lib/words';

function message(more: Partial<Message> = {}): Message {
  return {
    id: 'm-1', incoming: false, link: 'l', sender: null, alias: '', to: 'net/1', talkgroup: null,
    text: 'Hello', operator: 'Sara', state: 'queued', reason: '', t_utc: 1_790_000_000_000_000,
    opened_by: '', opened_utc: null, immediate: false, guessed: false, coding: '', raw_hex: '',
    kind: 'text', value: null, pid: null, written: '', opta: '', itsi: '', parts: 1,
    parts_missing: 0, claims: { accepted: null, sent: null, delivered: null, read: null },
    ...more,
  };
}

let shown: ReturnType<typeof mount> | undefined;

function render(row: Message): HTMLElement {
  shown = mount(MessageMarks, { target: document.body, props: { row } });
  return document.querySelector<HTMLElement>('[data-testid="marks"]') as HTMLElement;
}

const trouble = (): string | undefined => document.querySelector('[data-testid="trouble"]')?.textContent ?? undefined;

afterEach(() => {
  if (shown) void unmount(shown);
  shown = undefined;
});

const words = (row: Message): string[] => marks(row).map((mark) => mark.words);

describe('what is known of a message', () => {
  it('has four marks for a text to one unit, and only those that can be known for others', () => {
    expect(words(message())).toEqual(['Accepted', 'On air', 'Delivered', 'Read']);
    expect(words(message({ talkgroup: 'net/100' }))).toEqual(['Accepted', 'On air']);
    expect(words(message({ kind: 'status' }))).toEqual(['Accepted', 'On air']);
    expect(words(message({ kind: 'position_request' }))).toEqual(['Accepted', 'On air', 'Answered']);
  });

  it('never says more than is known', () => {
    expect(deliveryWords('unknown', 'link lost')).toBe('Not known whether it was sent: link lost');
    expect(deliveryWords('sent', 'stored by the network')).toBe('Sent on air: stored by the network');
    expect(deliveryWords('delivered', 'received')).toBe('Delivered');
  });

  it('shows each claim in words, the others as not known', () => {
    const claims = { accepted: 1, sent: 2, delivered: null, read: null };
    const marked = render(message({ state: 'sent', claims }));
    expect(marked.textContent).toMatch(/Accepted.*On air.*Delivered.*not known.*Read.*not known/s);
    expect(marked.querySelectorAll('[data-known="true"]')).toHaveLength(2);
    expect(trouble()).toBeUndefined();
  });

  it('says beside the claims what went wrong', () => {
    const claims = { accepted: 1, sent: null, delivered: null, read: null };
    render(message({ state: 'unknown', reason: 'link lost', claims }));
    expect(trouble()).toBe('Not known whether it was sent: link lost');
  });

  it('tells what a received text carries besides its words', () => {
    expect(oddities(message({ parts: 3, parts_missing: 1, guessed: true }))).toEqual([
      '1 of 3 parts did not arrive',
    ]);
    expect(oddities(message({ guessed: true, coding: 'coding 99' }))).toEqual(['coding 99: the text is a guess']);
    expect(oddities(message({ written: '2026-04-11T10:15Z', opta: 'AB#1' }))).toEqual([
      'written 2026-04-11 10:15 UTC',
      'OPTA AB#1',
    ]);
    expect(oddities(message())).toEqual([]);
  });
});

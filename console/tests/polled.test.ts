import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Polled } from '../src/lib/state/polled.svelte';

describe('a page that looks again and again', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('looks at once, each time, and no more when it ends', async () => {
    const load = vi.fn(() => Promise.resolve());
    const end = new Polled(load).watch(1_000);
    expect(load).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(load).toHaveBeenCalledTimes(3);
    end();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(load).toHaveBeenCalledTimes(3);
  });
  it('is busy while something is done, looks at what came of it, and says what went wrong', async () => {
    const load = vi.fn(() => Promise.resolve());
    const polled = new Polled(load);
    const doing = polled.attempt(() => Promise.reject(new Error('It is held by somebody else')));
    expect(polled.busy).toBe(true);
    expect(await doing).toBe(false);
    expect([polled.busy, polled.trouble]).toEqual([false, expect.stringContaining('held by somebody else')]);
    expect(await polled.attempt(() => Promise.resolve())).toBe(true);
    expect(polled.trouble).toBe('');
    expect(load).toHaveBeenCalledTimes(2);
  });
});

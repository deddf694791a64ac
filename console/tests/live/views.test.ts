import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { liveApi } from '../../src/lib/api/live';
import { watch } from '../../src/lib/live/whep';
import { LiveViews } from '../../src/lib/state/live.svelte';

// Another file may have read the modules with the real one.
vi.hoisted(() => vi.resetModules());
vi.mock('../../src/lib/live/whep', () => ({ watch: vi.fn() }));

const opened = (camera: string) => ({
  view: `w-${camera}`,
  camera,
  mode: 'live' as const,
  token: 't',
  whep_url: '/x',
  idle_ms: 600_000,
  watermark: 'Sara Holm',
  started_utc: 1,
});

describe('live views', () => {
  let close: ReturnType<typeof vi.fn<() => void>>;
  let views: LiveViews;
  beforeEach(() => {
    vi.useFakeTimers();
    close = vi.fn<() => void>();
    views = new LiveViews();
    vi.spyOn(liveApi, 'open').mockImplementation((camera) => Promise.resolve(opened(camera)));
    vi.spyOn(liveApi, 'close').mockResolvedValue(undefined);
    vi.mocked(watch).mockResolvedValue({ stream: {} as MediaStream, peer: {} as RTCPeerConnection, close });
  });
  afterEach(() => {
    views.closeAll();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('shows a picture and closes it at the server', async () => {
    await views.open('a', 'live', 'i-1');
    expect(views.picture('a').state).toBe('on');
    expect(views.picture('a').watermark).toBe('Sara Holm');
    await views.close('a');
    expect(views.picture('a').state).toBe('off');
    expect(close).toHaveBeenCalledOnce();
    expect(liveApi.close).toHaveBeenCalledWith('a', 'w-a');
  });

  it('says why there is none, and gives the view back', async () => {
    vi.mocked(watch).mockRejectedValue(new Error('The camera sends H.265; this browser cannot show it.'));
    await views.open('a', 'live', 'i-1');
    expect(views.picture('a').words).toContain('H.265');
    expect(liveApi.close).toHaveBeenCalledWith('a', 'w-a');
  });

  it('ends what the server ended, with its reason', async () => {
    await views.open('a', 'live', 'i-1');
    views.take({ type: 'view.ended', data: { view: 'w-b', reason: 'not this' } });
    expect(views.picture('a').state).toBe('on');
    views.take({ type: 'view.ended', data: { view: 'w-a', reason: 'the session is over' } });
    expect(views.picture('a').words).toBe('Closed: the session is over.');
    expect(close).toHaveBeenCalledOnce();
  });

  it('warns before it is idle, and tells of a touch', async () => {
    const alive = vi.spyOn(liveApi, 'alive').mockResolvedValue({ idle_in_ms: { 'w-a': 30_000 } });
    await views.open('a', 'live', 'i-1');
    await vi.advanceTimersByTimeAsync(5000);
    expect(views.picture('a').warns).toBe(true);
    expect(alive).toHaveBeenLastCalledWith(['w-a'], false);
    window.dispatchEvent(new KeyboardEvent('keydown'));
    await vi.advanceTimersByTimeAsync(5000);
    expect(alive).toHaveBeenLastCalledWith(['w-a'], true);
    alive.mockResolvedValue({ idle_in_ms: {} });
    await vi.advanceTimersByTimeAsync(5000);
    expect(views.picture('a').state).toBe('off');
  });
});

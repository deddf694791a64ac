import { describe, expect, it, vi } from 'vitest';
import { facts, kindWords, lineText, passingWords, portWords, sizeWords } from '../src/lib/link_words';
import type { LinkInfo } from '../src/lib/api/types';
import type { FromWorker, ServerState, ToWorker } from '../src/lib/ptt/protocol';
import { TonePress } from '../src/lib/ptt/tonepress.svelte';
import { alarmWord, colleague } from '../src/lib/words';

const LINK: LinkInfo = {
  id: 'pei-1', name: 'Norrvik C', site: 'n', kind: 'tetra-pei', state: 'up', reason: '', model: 'MTM800E', firmware: '',
  signal_dbm: -71, speed_bps: 38400, group: 310112, own_number: null, capabilities: [], since_utc: null,
};
const LIVE = {
  id: 'pei-1', port: '/dev/ttyUSB0', simulated: false, trace: null, checks: [], test: { talkgroups: [], reason: '' },
  passing: { in_count: 1204, in_bytes: 1, out_count: 311, out_bytes: 1, heard_utc: 8_000_000 },
};

describe('words of a link', () => {
  it('names port, model, signal and group of a terminal', () => {
    const rows = Object.fromEntries(facts(LINK, LIVE, []).map((one) => [one.name, one.value]));
    expect(rows).toEqual({ Port: 'ttyUSB0, 38 400', Model: 'MTM800E', Signal: '−71 dBm', Group: '310112' });
  });

  it('names NAC and bit errors of a P25 station', () => {
    const rows = facts({ ...LINK, kind: 'p25-dfsi', nac: 0x293, group: null }, { ...LIVE, port: 'udp:192.0.2.7:8080' }, []);
    expect(rows.map((one) => `${one.name} ${one.value}`)).toEqual([
      'Port 192.0.2.7:8080', 'Model MTM800E', 'NAC 293h', 'Bit errors -', 'Talkgroup -',
    ]);
  });

  it('writes ports, kinds, sizes and counts', () => {
    expect(portWords('/dev/pts/28', 38400)).toBe('pty 28, 38 400');
    expect(kindWords('tetra-pei', 'rfc2217://host:1')).toBe('TETRA, PEI over network');
    expect([sizeWords(12), sizeWords(2600), sizeWords(4_200_000)]).toEqual(['12 B', '3 kB', '4.2 MB']);
    expect(passingWords(LIVE, 10_000)).toBe('1 204 in, 311 out, heard 2 s ago');
    expect(lineText({ t_utc: 0, outgoing: true, raw: 'AT', words: 'are you there', malformed: false })).toMatch(/ out AT {2}# are you there$/);
  });

  it('says EXERCISE, NO EXERCISE and who tests', () => {
    expect(alarmWord({ exercise: true, no_exercise: false })).toBe('EXERCISE');
    expect(alarmWord({ exercise: false, no_exercise: true })).toBe('NO EXERCISE');
    expect(alarmWord({ exercise: false })).toBe('EMERGENCY');
    expect(colleague('test:pei-1', 'Karin Berg')).toBe('Test, K. Berg');
  });
});

describe('a test transmission', () => {
  function made(): { test: TonePress; sent: ToWorker[]; tell: (message: FromWorker) => void; request: () => string } {
    const sent: ToWorker[] = [];
    let tell: (message: FromWorker) => void = () => {};
    const test = new TonePress('ws://x', (given) => {
      tell = given;
      return { send: (message) => sent.push(message), close: () => {} };
    });
    tell({ op: 'socket', open: true });
    const request = (): string => (sent.find((one) => one.op === 'press') as { request: string }).request;
    return { test, sent, tell, request };
  }
  const state = (request: string, name: ServerState['state'], words: string, ms = 0): ServerState => ({
    op: 'state', request, talkgroup: 'n/1', state: name, words, place: null, on_air_ms: ms, transmission: null,
  });

  it('is confirmed, limited, renewed while the page is seen, and says how long it was', () => {
    const { test, sent, tell, request } = made();
    test.press('n/1', 99_000);
    expect(sent.at(-1)).toMatchObject({ op: 'press', talkgroup: 'n/1', test: { confirmed: true, sound: 'tone', limit_ms: 10_000 } });
    expect(test.busy).toBe(true);
    tell({ op: 'tick', request: request() });
    expect(sent.at(-1)).toEqual({ op: 'alive', request: request() });
    tell(state(request(), 'on_air', 'ON AIR X'));
    tell(state(request(), 'idle', '', 2_980));
    expect([test.busy, test.words]).toEqual([false, 'Over: 3.0 s on air']);
  });

  it('ends when the page is hidden, when the dialog goes, and when the socket is lost', () => {
    const { test, sent, tell, request } = made();
    test.press('n/1', 3_000);
    vi.spyOn(document, 'hidden', 'get').mockReturnValueOnce(true);
    tell({ op: 'tick', request: request() });
    expect(sent.at(-1)).toEqual({ op: 'abort', request: request(), cause: 'hidden' });
    test.close();
    expect(sent.slice(-2)).toEqual([{ op: 'abort', request: request(), cause: 'view_left' }, { op: 'close' }]);
    tell({ op: 'socket', open: false });
    expect([test.busy, test.state]).toEqual([false, 'fault']);
  });

  it('takes nothing of another press and sends nothing without a socket', () => {
    const { test, sent, tell, request } = made();
    test.press('n/1', 3_000);
    tell(state('r-other', 'on_air', 'ON AIR Y'));
    expect(test.state).toBe('requesting');
    tell(state(request(), 'fault', 'Not sent: call on this link'));
    expect(test.words).toBe('Not sent: call on this link');
    tell({ op: 'socket', open: false });
    const before = sent.length;
    test.press('n/1', 3_000);
    expect(sent.length).toBe(before);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { Prefs } from '../src/lib/state/prefs.svelte';

beforeEach(() => localStorage.clear());

describe('what an operator likes', () => {
  it('stays on this machine, and its mix and keys go to the server', () => {
    const first = new Prefs();
    const sent: object[] = [];
    first.onSave = (mix) => void sent.push(mix);
    first.keys['ptt'] = 'Pause';
    first.cues['slot'] = 0.5;
    first.speaker = true;
    first.latch = true;
    first.save();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ keys: { ptt: 'Pause' }, cues: { slot: 0.5 } });
    expect(sent[0]).not.toHaveProperty('latch');
    expect(sent[0]).not.toHaveProperty('speaker');
    const again = new Prefs();
    expect(again).toMatchObject({ speaker: true, latch: true });
    expect(again.keys['ptt']).toBe('Pause');
  });

  it('takes keys and tones that the operator has elsewhere, not the desk they sit at', () => {
    const prefs = new Prefs();
    prefs.speaker = true;
    prefs.take({ keys: { mute: 'KeyQ' }, cues: { tick: 0.2 }, volumes: {}, muted: {} });
    expect(prefs.keys['mute']).toBe('KeyQ');
    expect(prefs.cues['tick']).toBe(0.2);
    expect(prefs.speaker).toBe(true);
    prefs.take({});
    expect(prefs.keys).toEqual({});
  });

  it('is a loudspeaker, a latch and a red emergency only where somebody chose so', () => {
    expect(new Prefs()).toMatchObject({ speaker: false, latch: false, redEmergency: false });
    expect(document.documentElement.dataset['emergency']).toBeUndefined();
    const prefs = new Prefs();
    prefs.setRedEmergency(true);
    prefs.save();
    expect(document.documentElement.dataset['emergency']).toBe('red');
    expect(new Prefs().redEmergency).toBe(true);
    new Prefs().setRedEmergency(false);
  });
});

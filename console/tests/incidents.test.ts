import { describe, expect, it, vi } from 'vitest';
import type { Envelope, IncidentRow } from '../src/lib/api/types';
import type { EventType } from '../src/lib/api/events.gen';
import { byPriority, nearest, shortLabel, stateWords } from '../src/lib/incidents';
import { compass, cone, fit, metresWords, placeLabels, plane, scaleBar, zoom } from '../src/lib/map';
import { Incidents, isNoisy } from '../src/lib/state/incidents.svelte';
import { Places } from '../src/lib/state/places.svelte';
import { event, makeUnit } from './samples';

const row = (fields: Partial<IncidentRow>): IncidentRow => ({
  id: 'i-1', label: 'INC-2026-002311', title: 'Fire', kind: 'object', severity: 'alert', state: 'new', opened_utc: 1, ...fields,
});
const HERE = { latitude_deg: 59.33, longitude_deg: 18.06 };

describe('the list of incidents', () => {
  it('goes by priority, then newest first, exercises last', () => {
    const rows = [row({ id: 'a', priority: 3, opened_utc: 5 }), row({ id: 'b', priority: 1, opened_utc: 1 }), row({ id: 'c', priority: 1, opened_utc: 9, exercise: true }), row({ id: 'd', priority: 3, opened_utc: 7 })];
    expect(rows.sort(byPriority).map((one) => one.id)).toEqual(['b', 'd', 'a', 'c']);
  });

  it('says number, state and who leads', () => {
    expect(shortLabel('INC-2026-002311')).toBe('2311');
    expect(stateWords(row({ state: 'active', owner_name: 'Sara Holm' }))).toBe('Active, Sara Holm');
    expect(stateWords(row({ camera: 'H-03' }))).toBe('New, camera');
    expect(stateWords(row({ state: 'waiting' }))).toBe('Waiting');
  });

  it('drops merged and closed ones, and takes a change of priority and owner', () => {
    const incidents = new Incidents();
    incidents.load([row({ id: 'i-1' }), row({ id: 'i-2' })]);
    incidents.take(event('incident.updated', { incident: 'i-1', what: 'changed', state: 'active', priority: 1, owner: 'Sara' }));
    expect(incidents.byPriority[0]).toMatchObject({ id: 'i-1', priority: 1, owner_name: 'Sara', state: 'active' });
    incidents.take(event('incident.merged', { incident: 'i-2', into: 'i-1' }));
    expect(incidents.list.map((one) => one.id)).toEqual(['i-1']);
    incidents.take(event('incident.updated', { incident: 'i-1', what: 'closed', state: 'closed' }));
    expect(incidents.list).toEqual([]);
  });
});

describe('what makes a noise', () => {
  const told = (type: EventType, data: Record<string, unknown>): Envelope => event(type, data);
  it.each<[EventType, Record<string, unknown>, boolean]>([
    ['incident.opened', { severity: 'alert' }, true],
    ['incident.opened', { severity: 'detection' }, false],
    ['incident.opened', { severity: 'alert', exercise: true }, false],
    ['incident.opened', { severity: 'alert', storm: true }, false],
    ['incident.updated', { what: 'severity', severity: 'alert' }, true],
    ['incident.updated', { what: 'events', severity: 'alert' }, false],
    ['incident.updated', { what: 'claim_confirmed', severity: 'info' }, true],
    ['incident.updated', { what: 'claim', severity: 'alert' }, false],
    ['unit.status_set', { severity: 'alert' }, false],
  ])('%s %o: %s', (type, data, noisy) => {
    expect(isNoisy(told(type, data))).toBe(noisy);
  });
});

describe('units near', () => {
  it('puts requests first, then the nearest, those without a fix last', () => {
    const at = (north: number) => ({ latitude_deg: HERE.latitude_deg + north / 111_195, longitude_deg: HERE.longitude_deg, error_m: 20, age_s: 0, t_utc: 1 });
    const far = makeUnit(1, { alias: 'far', position: at(900) });
    const near = makeUnit(2, { alias: 'near', position: at(60) });
    const none = makeUnit(3, { alias: 'none', position: null });
    const asks = makeUnit(4, { alias: 'asks', position: at(2000), status: { value: 1, digit: '5', words: 'Wants to talk', kind: 'request', t_utc: 1 } });
    const rows = nearest([none, far, asks, near], HERE);
    expect(rows.map((one) => one.unit.alias)).toEqual(['asks', 'near', 'far', 'none']);
    expect(Math.round(rows[1]?.metres ?? 0)).toBe(60);
    expect(nearest([far], null)[0]?.metres).toBeNull();
  });
});

describe('the map', () => {
  it('measures metres east and south of its origin', () => {
    const spot = plane(HERE, { latitude_deg: 59.329, longitude_deg: 18.061 });
    expect(spot.y).toBeCloseTo(111.2, 0);
    expect(spot.x).toBeCloseTo(56.7, 0);
    expect(compass(HERE, { latitude_deg: 59.34, longitude_deg: 18.08 })).toBe('north-east');
    expect([metresWords(59.6), metresWords(1240)]).toEqual(['60 m', '1.2 km']);
  });

  it('fits what it shows, and keeps the point under the pointer when it zooms', () => {
    const view = fit([{ x: -500, y: 0 }, { x: 500, y: 100 }], 800, 400);
    expect(view).toMatchObject({ x: 0, y: 50 });
    expect(1000 / view.scale).toBeLessThanOrEqual(800 - 2 * 72 + 1);
    const offset = { x: 100, y: -50 };
    const closer = zoom(view, 0.5, offset);
    expect(view.x + offset.x * view.scale).toBeCloseTo(closer.x + offset.x * closer.scale);
    expect(fit([], 800, 400).scale).toBe(0.5);
    expect(zoom(view, 1e9).scale).toBe(200);
  });

  it('has a round scale and a cone of what a camera sees', () => {
    expect(scaleBar(2)).toMatchObject({ metres: 200, px: 100, words: '200 m' });
    expect(scaleBar(30).words).toBe('2 km');
    expect(cone({ x: 0, y: 0 }, 0, 100)).toBe('M0.0 0.0 L-57.4 -81.9 A100.0 100.0 0 0 1 57.4 -81.9 Z');
  });

  it('lays no name on another', () => {
    const at = { x: 100, y: 100 };
    const placed = placeLabels([
      { key: 'a', at, text: 'B 101', gap: 16 },
      { key: 'b', at, text: 'B 104', gap: 16 },
      { key: 'c', at, text: 'A 911', gap: 16 },
      { key: 'd', at, text: '3120', gap: 16 },
    ]);
    expect([...placed.entries()].map(([key, one]) => [key, one.anchor])).toEqual([['a', 'start'], ['b', 'end'], ['c', 'middle']]);
  });
});

describe('places', () => {
  it('asks once for many positions and keeps what it was told', async () => {
    vi.useFakeTimers();
    const asked: string[][] = [];
    const places = new Places(
      (at) => {
        asked.push([...at]);
        return Promise.resolve(at.map((one) => `place of ${one}`));
      },
      () => Promise.reject(new Error('no')),
    );
    expect(places.words({ ...HERE, error_m: 20 })).toBe('');
    expect(places.words({ ...HERE, error_m: 20 })).toBe('');
    expect(places.words({ latitude_deg: 1, longitude_deg: 2 })).toBe('');
    expect(places.words(null)).toBe('');
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toEqual([['59.33000,18.06000,20', '1.00000,2.00000']]);
    expect(places.words({ ...HERE, error_m: 20 })).toBe('place of 59.33000,18.06000,20');
    places.forget();
    expect(places.words({ latitude_deg: 1, longitude_deg: 2 })).toBe('');
    vi.useRealTimers();
  });
});

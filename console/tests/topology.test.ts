import { describe, expect, it } from 'vitest';
import type { Topology, TopologyTalkgroup } from '../src/lib/api/topology';
import { draw, filtered, line, ofFinding, related } from '../src/lib/topology';

const group = (number: number, folder: string, links: string[], patches: string[] = []): TopologyTalkgroup => ({
  id: `net/${number}`, name: `TG ${number}`, number, system: 'net', folder, test: false, encrypted: false, links, patches,
});

function sample(talkgroups: TopologyTalkgroup[], patches: Topology['patches'] = []): Topology {
  const folders = [...new Set(talkgroups.map((one) => one.folder))];
  const link = (id: string, site: string): Topology['links'][number] => ({
    id, name: `Link ${id}`, kind: 'tetra-pei', system: 'net', site, leads_to: '', emergencies: true,
    talkgroups: talkgroups.filter((one) => one.links.includes(id)).map((one) => one.id), state: 'up', since_utc: 0, reason: '',
  });
  return {
    name: 'plan', gateways: [{ id: 'gw', name: 'gw', links: ['a', 'b'] }],
    systems: [{ id: 'net', name: 'Net', technology: 'tetra' }],
    sites: [{ id: 'hill', name: 'Hill', links: ['a'] }, { id: 'quay', name: 'Quay', links: ['b'] }],
    links: [link('a', 'hill'), link('b', 'quay')],
    folders: folders.map((name) => ({ name, talkgroups: talkgroups.filter((one) => one.folder === name).map((one) => one.id) })),
    talkgroups, patches,
    findings: [{ rule: 'LOOP-3', what: 'loop', words: 'a ring', places: [{ kind: 'talkgroup', id: 'net/1' }] }],
  };
}

describe('topology', () => {
  const small = sample([group(1, 'Police', ['a']), group(2, 'Police', ['a', 'b']), group(3, 'Fire', ['b'])]);

  it('lays 400 talkgroups out without overlap', () => {
    const many = sample(Array.from({ length: 400 }, (_, n) => group(n, `Folder ${n % 20}`, [n % 2 ? 'a' : 'b'])));
    const open = new Set(many.folders.map((folder) => folder.name));
    const drawn = draw(many, 1100, open);
    const boxes = [...drawn.chips.values()];
    expect(boxes).toHaveLength(400);
    const places = new Set(boxes.map((box) => `${box.x} ${box.y}`));
    expect(places.size).toBe(400);
    for (const folder of drawn.folders) {
      for (const one of folder.talkgroups) {
        const box = drawn.chips.get(one.id)!;
        expect(box.x).toBeGreaterThanOrEqual(folder.box.x);
        expect(box.x + box.w).toBeLessThanOrEqual(folder.box.x + folder.box.w);
        expect(box.y + box.h).toBeLessThanOrEqual(folder.box.y + folder.box.h);
      }
    }
    const closed = draw(many, 1100, new Set());
    expect(closed.chips.size).toBe(0);
    expect(closed.height).toBeLessThan(1000);
    expect(closed.bundles).toHaveLength(20);
  });

  it('keeps what a filter names, with its links and sites', () => {
    const found = filtered(small, 'quay', '', false);
    expect(found.talkgroups.map((one) => one.number)).toEqual([2, 3]);
    expect(found.sites.map((site) => site.id)).toEqual(['hill', 'quay']);
    expect(filtered(small, 'nothing', '', false).talkgroups).toEqual([]);
    expect(filtered(small, '', '', true).talkgroups.map((one) => one.number)).toEqual([1]);
    expect(filtered(small, '', '', false)).toBe(small);
    expect(filtered(small, '', 'other', false).links).toEqual([]);
  });

  it('tells what hangs on a link, a site and a finding', () => {
    const a = related(small, { kind: 'link', id: 'a' });
    expect([...a].sort()).toEqual(['folder Police', 'link a', 'site hill', 'talkgroup net/1', 'talkgroup net/2']);
    expect(related(small, { kind: 'talkgroup', id: 'net/2' }).has('link b')).toBe(true);
    expect(related(small, { kind: 'site', id: 'quay' }).has('folder Fire')).toBe(true);
    expect(related(small, null).size).toBe(0);
    expect(ofFinding(small, small.findings[0]!).has('folder Police')).toBe(true);
  });

  it('draws patches beside the folders, and lines between boxes', () => {
    const patched = sample([group(1, 'Police', ['a'], ['P1'])], [{ id: 'P1', name: 'one', members: ['net/1'], active: true }]);
    const drawn = draw(patched, 1600, new Set(['Police']));
    const patch = drawn.patches.get('P1')!;
    expect(patch.x).toBeGreaterThan(drawn.folders[0]!.box.x + drawn.folders[0]!.box.w);
    expect(line(drawn.links.get('a')!, drawn.chips.get('net/1')!)).toMatch(/^M[\d.]+ [\d.]+C/);
  });
});

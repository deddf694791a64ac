/** Where each part of the topology is drawn, and what belongs to what. Pure: numbers in, numbers out. */

import type { Topology, TopologyFinding, TopologyLink, TopologyTalkgroup } from './api/topology';

export const LINK_H = 48;
export const HEAD_H = 32;
export const CHIP_H = 28;
export const CHIP_MIN_W = 168;
const EMPTY_H = 28;
const GAP = 16;
const PAD = 8;
/** Widths of gateway, sites, patches, and of the room for lines between two columns. */
const WIDE = { gateway: 128, sites: 280, patch: 168, gutter: 72 };
const NARROW = { gateway: 80, sites: 200, patch: 172, gutter: 32 };
const NARROW_BELOW = 1000;
/** Less is not drawn: the picture is scrolled sideways. */
export const LEAST_W = 640;
/** With so many talkgroups or fewer every folder is open from the start. */
export const OPEN_ALL = 60;

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Drawn {
  width: number;
  height: number;
  gateway: Box;
  sites: { id: string; box: Box }[];
  links: Map<string, Box>;
  folders: { name: string; box: Box; open: boolean; talkgroups: TopologyTalkgroup[] }[];
  chips: Map<string, Box>;
  patches: Map<string, Box>;
  /** Link to folder: how many of its talkgroups the link carries. */
  bundles: { link: string; folder: string; count: number }[];
}

/** Where things of one kind and id are pointed at. */
export type Place = { kind: string; id: string };
export const same = (a: Place | null, b: Place | null): boolean => a?.kind === b?.kind && a?.id === b?.id;

/** The part of a topology that a filter leaves: talkgroups, the links that carry them, their sites. */
export function filtered(all: Topology, words: string, system: string, troubled: boolean): Topology {
  const wanted = words.trim().toLocaleLowerCase();
  if (!wanted && !system && !troubled) return all;
  const named = (text: string): boolean => text.toLocaleLowerCase().includes(wanted);
  const inFindings = new Set(
    all.findings.filter((one) => one.what !== 'single').flatMap((one) => one.places.map((place) => `${place.kind} ${place.id}`)),
  );
  const linkName = new Map(all.links.map((link) => [link.id, link]));
  const siteName = new Map(all.sites.map((site) => [site.id, site.name]));
  const linkFits = (link: TopologyLink): boolean => named(link.name) || named(siteName.get(link.site) ?? '');
  const fits = (group: TopologyTalkgroup): boolean =>
    (!system || group.system === system) &&
    (!troubled || inFindings.has(`talkgroup ${group.id}`)) &&
    (!wanted ||
      named(group.name) ||
      named(group.folder) ||
      String(group.number).includes(wanted) ||
      group.links.some((id) => {
        const link = linkName.get(id);
        return link !== undefined && linkFits(link);
      }));
  const talkgroups = all.talkgroups.filter(fits);
  const kept = new Set(talkgroups.map((group) => group.id));
  const links = all.links.filter(
    (link) =>
      link.talkgroups.some((id) => kept.has(id)) ||
      ((!system || link.system === system) && (troubled ? inFindings.has(`link ${link.id}`) : wanted !== '' && linkFits(link))),
  );
  const there = new Set(links.map((link) => link.id));
  return {
    ...all,
    talkgroups,
    links,
    sites: all.sites
      .map((site) => ({ ...site, links: site.links.filter((id) => there.has(id)) }))
      .filter((site) => site.links.length > 0),
    folders: all.folders
      .map((folder) => ({ ...folder, talkgroups: folder.talkgroups.filter((id) => kept.has(id)) }))
      .filter((folder) => folder.talkgroups.length > 0),
    patches: all.patches.filter((patch) => patch.members.some((id) => kept.has(id))),
  };
}

/** Lay a topology out in `width` pixels; `open` names the folders whose talkgroups are drawn. */
export function draw(all: Topology, width: number, open: ReadonlySet<string>): Drawn {
  const patched = all.patches.length > 0;
  const { gateway, sites: SITES_W, patch: PATCH_W, gutter: GUTTER } = width < NARROW_BELOW ? NARROW : WIDE;
  const sitesX = gateway + GUTTER / 2;
  const foldersX = sitesX + SITES_W + GUTTER;
  const right = patched ? width - PATCH_W - GUTTER : width;
  const foldersW = Math.max(CHIP_MIN_W + 2 * PAD, right - foldersX);
  const links = new Map<string, Box>();
  const sites: Drawn['sites'] = [];
  let y = 0;
  for (const site of all.sites) {
    const h = HEAD_H + (site.links.length ? site.links.length * LINK_H : EMPTY_H);
    sites.push({ id: site.id, box: { x: sitesX, y, w: SITES_W, h } });
    site.links.forEach((id, at) => links.set(id, { x: sitesX, y: y + HEAD_H + at * LINK_H, w: SITES_W, h: LINK_H }));
    y += h + GAP;
  }
  const sitesH = y;
  const groups = new Map(all.talkgroups.map((group) => [group.id, group]));
  const columns = Math.max(1, Math.floor((foldersW - PAD) / (CHIP_MIN_W + PAD)));
  const chipW = (foldersW - PAD) / columns - PAD;
  const chips = new Map<string, Box>();
  const folders: Drawn['folders'] = [];
  y = 0;
  for (const folder of all.folders) {
    const mine = folder.talkgroups.map((id) => groups.get(id)).filter((group) => group !== undefined);
    const isOpen = open.has(folder.name);
    const rows = isOpen ? Math.ceil(mine.length / columns) : 0;
    const h = HEAD_H + (rows > 0 ? rows * (CHIP_H + PAD) + PAD : 0);
    folders.push({ name: folder.name, box: { x: foldersX, y, w: foldersW, h }, open: isOpen, talkgroups: mine });
    if (isOpen) {
      mine.forEach((group, at) =>
        chips.set(group.id, {
          x: foldersX + PAD + (at % columns) * (chipW + PAD),
          y: y + HEAD_H + PAD + Math.floor(at / columns) * (CHIP_H + PAD),
          w: chipW,
          h: CHIP_H,
        }),
      );
    }
    y += h + GAP;
  }
  const patches = new Map<string, Box>();
  all.patches.forEach((patch, at) => patches.set(patch.id, { x: foldersX + foldersW + GUTTER, y: at * (LINK_H + GAP), w: PATCH_W, h: LINK_H }));
  const height = Math.max(sitesH, y, all.patches.length * (LINK_H + GAP), LINK_H + GAP) - GAP;
  return {
    width: Math.max(width, foldersX + foldersW + (patched ? GUTTER + PATCH_W : 0)),
    height,
    gateway: { x: 0, y: 0, w: gateway, h: Math.max(LINK_H, sitesH - GAP) },
    sites,
    links,
    folders,
    chips,
    patches,
    bundles: bundlesOf(all),
  };
}

function bundlesOf(all: Topology): Drawn['bundles'] {
  const counts = new Map<string, { link: string; folder: string; count: number }>();
  for (const group of all.talkgroups) {
    for (const link of group.links) {
      const key = `${link} ${group.folder}`;
      const known = counts.get(key);
      if (known) known.count += 1;
      else counts.set(key, { link, folder: group.folder, count: 1 });
    }
  }
  return [...counts.values()];
}

/** A line from the right side of one box to the left side of another, at their middles. */
export function line(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** The head of a folder's box: lines end there while it is closed, and beside it while it is open. */
export const headOf = (box: Box): Box => ({ ...box, h: HEAD_H });

/** Everything that hangs on what is pointed at: its links, talkgroups, folders, sites and patches. */
export function related(all: Topology, at: Place | null): Set<string> {
  const found = new Set<string>();
  if (!at) return found;
  const add = (kind: string, id: string): void => void found.add(`${kind} ${id}`);
  add(at.kind, at.id);
  const group = (one: TopologyTalkgroup): void => {
    add('talkgroup', one.id);
    add('folder', one.folder);
    one.links.forEach((id) => add('link', id));
    one.patches.forEach((id) => add('patch', id));
  };
  for (const one of all.talkgroups) {
    const hit =
      (at.kind === 'talkgroup' && one.id === at.id) ||
      (at.kind === 'folder' && one.folder === at.id) ||
      (at.kind === 'link' && one.links.includes(at.id)) ||
      (at.kind === 'patch' && one.patches.includes(at.id)) ||
      (at.kind === 'system' && one.system === at.id);
    if (hit && at.kind === 'link') {
      add('talkgroup', one.id);
      add('folder', one.folder);
    } else if (hit) group(one);
  }
  for (const link of all.links) {
    if (at.kind === 'site' && link.site === at.id) {
      add('link', link.id);
      for (const one of all.talkgroups) {
        if (!one.links.includes(link.id)) continue;
        add('talkgroup', one.id);
        add('folder', one.folder);
      }
    }
    if (found.has(`link ${link.id}`)) add('site', link.site);
  }
  return found;
}

/** What a finding points at. */
export function ofFinding(all: Topology, finding: TopologyFinding): Set<string> {
  const found = new Set(finding.places.map((place) => `${place.kind} ${place.id}`));
  for (const group of all.talkgroups) if (found.has(`talkgroup ${group.id}`)) found.add(`folder ${group.folder}`);
  for (const link of all.links) if (found.has(`link ${link.id}`)) found.add(`site ${link.site}`);
  return found;
}

export const FINDING_WORDS: Record<TopologyFinding['what'], string> = {
  loop: 'Loops',
  blocked: 'Cannot work',
  now: 'Down now',
  single: 'Single points of failure',
};

/** The pages of the engineer's desk, in the order of its navigation; `#/engineer/<id>`. */

import type { Component } from 'svelte';
import type { IconName } from '../../lib/icons';

export interface EngineerPage {
  id: string;
  name: string;
  icon: IconName;
  permission: string;
  group: 'plan' | 'live';
  load: () => Promise<{ default: Component }>;
  /** Not in the navigation: opened from another page. */
  hidden?: boolean;
}

export const PAGES: readonly EngineerPage[] = [
  { id: 'systems', name: 'Systems and sites', icon: 'tower', permission: 'plan.see', group: 'plan', load: () => import('./Systems.svelte') },
  { id: 'talkgroups', name: 'Talkgroups', icon: 'list', permission: 'links.see', group: 'plan', load: () => import('./Talkgroups.svelte') },
  { id: 'units', name: 'Units', icon: 'radio', permission: 'plan.see', group: 'plan', load: () => import('./Units.svelte') },
  { id: 'consoles', name: 'Consoles and layouts', icon: 'grid', permission: 'plan.see', group: 'plan', load: () => import('./Consoles.svelte') },
  { id: 'statuses', name: 'Statuses and texts', icon: 'mail', permission: 'plan.see', group: 'plan', load: () => import('./Statuses.svelte') },
  { id: 'patches', name: 'Patches', icon: 'patch', permission: 'plan.see', group: 'plan', load: () => import('./Patches.svelte') },
  { id: 'link', name: 'Link', icon: 'link', permission: 'plan.see', group: 'plan', hidden: true, load: () => import('./LinkEdit.svelte') },
  { id: 'links', name: 'Links', icon: 'link', permission: 'links.see', group: 'live', load: () => import('./Links.svelte') },
  { id: 'audio', name: 'Audio path', icon: 'wave', permission: 'audiopath.see', group: 'live', load: () => import('./AudioPath.svelte') },
  { id: 'topology', name: 'Topology', icon: 'graph', permission: 'plan.see', group: 'live', load: () => import('./Topology.svelte') },
  { id: 'plans', name: 'Plans', icon: 'layers', permission: 'plan.see', group: 'live', load: () => import('./Plans.svelte') },
  { id: 'health', name: 'Health', icon: 'shield', permission: 'health.see', group: 'live', load: () => import('./Health.svelte') },
  { id: 'compare', name: 'Compare', icon: 'swap', permission: 'plan.see', group: 'live', hidden: true, load: () => import('./Compare.svelte') },
  { id: 'import', name: 'Import', icon: 'down2', permission: 'plan.edit', group: 'live', load: () => import('./Import.svelte') },
  { id: 'tests', name: 'Tests and simulator', icon: 'flask', permission: 'simulator.drive', group: 'live', load: () => import('./Tests.svelte') },
  { id: 'uploads', name: 'Uploads', icon: 'rec', permission: 'uploads.see', group: 'live', load: () => import('./Uploads.svelte') },
  { id: 'cameras', name: 'Camera sources', icon: 'cam', permission: 'camera.unread', group: 'live', load: () => import('./CameraMessages.svelte') },
  { id: 'exchange', name: 'Other rooms', icon: 'swap', permission: 'webhook.keep', group: 'live', load: () => import('./Exchange.svelte') },
];

/** The page of an address, or the page of links. */
export function pageOf(id: string | undefined, can: (permission: string) => boolean): EngineerPage | undefined {
  const mine = PAGES.filter((page) => can(page.permission));
  return mine.find((page) => page.id === id) ?? mine.find((page) => page.id === 'links') ?? mine[0];
}

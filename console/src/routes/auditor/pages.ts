/**
 * The pages of the auditor's desk, in the order of its navigation. A page is one entry here and
 * one component that is loaded when it is opened; its address is `#/audit/<id>`.
 */

import type { Component } from 'svelte';
import { correctionsApi } from '../../lib/api/corrections';
import { approvalsApi, reviewsApi } from '../../lib/api/oversight';
import type { IconName } from '../../lib/icons';
import { desk } from '../../lib/state/desk.svelte';
import { waitingFor } from '../../lib/state/exports.svelte';

export interface DeskPage {
  id: string;
  name: string;
  icon: IconName;
  /** Whoever has one of these permissions sees the page. */
  permission: string | readonly string[];
  load: () => Promise<{ default: Component }>;
  /** `work` is what the day is spent with, `control` what is looked after; a line parts them. */
  group: 'work' | 'control';
  /** The page draws its own columns and scrolls by itself (class `body` for the main one). */
  full?: boolean;
  /** Navigation as icons alone, so that the page has the width. */
  narrow?: boolean;
  /** Figure beside the name: what waits there. Asked when the desk opens and every minute. */
  count?: () => Promise<number | null>;
  /** Not in the navigation: opened from another page. */
  hidden?: boolean;
  /** Older addresses of the page. */
  aliases?: readonly string[];
}

export const PAGES: readonly DeskPage[] = [
  {
    id: 'search',
    name: 'Search',
    icon: 'search',
    permission: 'call.search',
    group: 'work',
    full: true,
    load: () => import('./Search.svelte'),
  },
  {
    id: 'lanes',
    name: 'Lanes',
    icon: 'wave',
    permission: 'call.search',
    group: 'work',
    full: true,
    narrow: true,
    load: () => import('./Lanes.svelte'),
  },
  {
    id: 'exports',
    name: 'Exports',
    icon: 'file',
    permission: 'evidence.see',
    group: 'control',
    load: () => import('./Exports.svelte'),
    count: () => waitingFor(desk.session.user?.id ?? ''),
  },
  {
    id: 'approvals',
    name: 'Approvals',
    icon: 'check',
    permission: 'approval.see',
    group: 'control',
    load: () => import('./Approvals.svelte'),
    count: () => approvalsApi.list(true).then((rows) => rows.filter((row) => row.may_decide).length || null),
  },
  {
    id: 'review',
    name: 'Review',
    icon: 'flag',
    permission: ['review.see', 'glass.see'],
    group: 'control',
    load: () => import('./Review.svelte'),
    count: () => (desk.session.can('review.see') ? reviewsApi.count().then((n) => n || null) : Promise.resolve(null)),
  },
  {
    id: 'daysheet',
    name: 'Day sheet',
    icon: 'note',
    permission: 'daysheet.see',
    group: 'control',
    load: () => import('./DaySheet.svelte'),
  },
  {
    id: 'access',
    name: 'Access log',
    icon: 'eye',
    permission: ['audit.read', 'access.own'],
    group: 'control',
    load: () => import('./Access.svelte'),
  },
  {
    id: 'integrity',
    name: 'Integrity',
    icon: 'shield',
    permission: 'audit.state',
    group: 'control',
    aliases: ['log'],
    load: () => import('./Integrity.svelte'),
  },
  {
    id: 'reports',
    name: 'Reports',
    icon: 'list',
    permission: 'report.see',
    group: 'control',
    load: () => import('./Reports.svelte'),
  },
  {
    id: 'extracts',
    name: 'Extracts',
    icon: 'user',
    permission: 'extract.release',
    group: 'control',
    load: () => import('./Extracts.svelte'),
  },
  {
    id: 'corrections',
    name: 'Corrections',
    icon: 'wrench',
    permission: 'correction.see',
    group: 'control',
    load: () => import('./Corrections.svelte'),
    count: () => correctionsApi.all().then((rows) => rows.filter((row) => row.state === 'open').length || null),
  },
  {
    id: 'records',
    name: 'Records',
    icon: 'layers',
    permission: ['processing.see', 'breach.list'],
    group: 'control',
    load: () => import('./Records.svelte'),
  },
  {
    id: 'watching',
    name: 'Watch lists',
    icon: 'cam',
    permission: ['watch.edit', 'face.switch', 'staff.keep'],
    group: 'control',
    load: () => import('./WatchLists.svelte'),
  },
  {
    id: 'retention',
    name: 'Retention',
    icon: 'clock',
    permission: 'retention.see',
    group: 'control',
    load: () => import('./Retention.svelte'),
  },
  {
    id: 'orders',
    name: 'Orders',
    icon: 'hold',
    permission: 'order.see',
    group: 'control',
    load: () => import('./Orders.svelte'),
  },
  {
    id: 'policy',
    name: 'Policy',
    icon: 'lock',
    permission: 'policy.see',
    group: 'control',
    load: () => import('./Policy.svelte'),
  },
];

/** The page of an address, or the first one that this person may open. */
export function pageOf(id: string | undefined, can: (permission: string) => boolean): DeskPage | undefined {
  const mine = PAGES.filter((page) => mayOpen(page, can));
  return mine.find((page) => page.id === id || page.aliases?.includes(id ?? '')) ?? mine.find((page) => !page.hidden);
}

export function mayOpen(page: DeskPage, can: (permission: string) => boolean): boolean {
  return [page.permission].flat().some(can);
}

/** Figures and days as the report pages write them. */

import { length } from './words';

export const OPS: readonly (readonly [string, string])[] = [
  ['collect', 'Collected'],
  ['alter', 'Changed'],
  ['consult', 'Looked at'],
  ['disclose', 'Given out'],
  ['combine', 'Joined'],
  ['erase', 'Erased'],
  ['auth', 'Signed in or out'],
  ['admin', 'Administration'],
  ['system', 'The system itself'],
];

export const REPORTS: readonly (readonly [string, string])[] = [
  ['channel_load', 'Channel load'],
  ['refused', 'Refused push-to-talk'],
  ['emergencies', 'Emergency response'],
  ['unheard', 'Unheard calls'],
  ['links', 'Link availability'],
  ['cameras', 'Camera sources'],
];

/** One cell of a report, by the kind of its column. */
export function figure(value: string | number | null | undefined, kind: string): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'string') return value;
  if (kind === 'ms') return length(value);
  if (kind === 'percent') return `${value.toLocaleString('en-GB')} %`;
  return value.toLocaleString('en-GB');
}

/** `2026-11-24` of a moment, local. */
export function dayOf(atMs: number): string {
  const date = new Date(atMs);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** µs of the beginning of a local day, `days` later. */
export function dayStart(day: string, days = 0): number {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + days).getTime() * 1000;
}

/** What an entry adds, in one line; empty values are left out and long hashes are cut. */
export function detailWords(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([key, value]) => [key, plain(value)] as const)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key.replace(/_/g, ' ')} ${value}`)
    .join(', ');
}

function plain(value: unknown): string {
  if (value === null || value === undefined || value === '' || value === false) return '';
  if (Array.isArray(value)) return value.map(plain).filter(Boolean).join(' ');
  if (typeof value === 'string') return /^[0-9a-f]{40,}$/.test(value) ? `${value.slice(0, 12)}…` : value;
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, one]) => [key, plain(one)] as const)
    .filter(([, one]) => one !== '')
    .map(([key, one]) => `${key} ${one}`)
    .join(' ');
}

/** Distance of a witness in time: `12 min ago`. */
export function agoWords(minutes: number | null): string {
  if (minutes === null) return 'never';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} d ago`;
}

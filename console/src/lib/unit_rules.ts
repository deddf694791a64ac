/** "Which rule names 1210207?": a unit's own row first, then the rules in their order. */

import type { PlanRule, PlanUnit } from './api/plans';

function fits(rule: PlanRule, number: number): RegExpExecArray | boolean {
  if (!rule.pattern) return rule.first !== null && rule.last !== null && rule.first <= number && number <= rule.last;
  const slashed = rule.pattern.length >= 2 && rule.pattern.startsWith('/') && rule.pattern.endsWith('/');
  // The server compiles patterns for itself and refuses what it cannot run in linear time; here a
  // number has eight digits, so the browser's own engine does for a look.
  try {
    const found = new RegExp(slashed ? rule.pattern.slice(1, -1) : `^(?:${rule.pattern})$`).exec(String(number));
    return found ?? false;
  } catch {
    return false;
  }
}

export function ruleFor(number: number, units: readonly PlanUnit[], rules: readonly PlanRule[]): string {
  if (!Number.isInteger(number) || number <= 0) return 'Give a whole number';
  const own = units.find((unit) => unit.number === number);
  if (own) return `its own row: ${own.alias}`;
  for (const rule of rules) {
    const found = fits(rule, number);
    if (!found) continue;
    const groups = found === true ? [] : [...found];
    const name = rule.alias.replace(/\$(\d)|\{number\}/g, (_, group?: string) => (group ? (groups[Number(group)] ?? '') : String(number)));
    return `${rule.name}: ${name}`;
  }
  return 'no rule: shown by its number';
}

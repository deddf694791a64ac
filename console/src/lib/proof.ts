/** What can be said of a recording's integrity, one line a claim, each with what it rests on. */

import type { Proof } from './api/auditdesk';
import { age, clock, dayClock, ms } from './words';

export interface ProofLine {
  words: string;
  /** What stands at the right: a hash, an age, a time. */
  side: string;
  /** The whole of a shortened hash. */
  full?: string;
  hash?: boolean;
  /** true holds, false fails, null is not known yet. */
  ok: boolean | null;
}

export const shortHash = (text: string): string => (text.length > 14 ? `${text.slice(0, 4)}…${text.slice(-4)}` : text);

const figure = (value: number): string => value.toLocaleString('en-GB').replaceAll(',', ' ');

export function proofLines(proof: Proof, nowMs: number): ProofLine[] {
  const { ok } = proof;
  const known = ok !== null;
  const lines: ProofLine[] = [
    {
      words: ok ? 'Unchanged since recorded' : known ? 'CHANGED since recorded, or not in the log' : 'Not checked yet',
      side: proof.verified_utc === null ? '' : nowMs - ms(proof.verified_utc) < 60_000 ? 'checked now' : `checked ${clock(ms(proof.verified_utc))}`,
      ok,
    },
  ];
  if (proof.sha256) {
    lines.push({
      words: proof.entry_seq === null ? 'SHA-256 of the file; no entry in the log names it' : `SHA-256 of file equals log entry ${figure(proof.entry_seq)}`,
      side: shortHash(proof.sha256),
      full: proof.sha256,
      hash: true,
      ok: proof.entry_seq === null ? false : ok,
    });
  }
  if (proof.entry_seq === null) return lines;
  const hashes = Array.isArray(proof.proof_hashes) ? proof.proof_hashes.length : proof.proof_hashes;
  if (proof.root) {
    lines.push({ words: `Entry is in the signed log, ${hashes} hashes`, side: `root ${shortHash(proof.root)}`, full: proof.root, ok });
  }
  for (const witness of proof.witnesses ?? []) {
    const seen = witness.size > 0;
    lines.push({
      words: witness.covers
        ? `Witnessed by ${witness.name}, size ${figure(witness.size)}`
        : seen
          ? `${witness.name} has seen ${figure(witness.size)} entries, not this one yet`
          : `${witness.name} has not witnessed yet${witness.fault ? `: ${witness.fault}` : ''}`,
      side: witness.at_utc === null ? '' : `${age(witness.at_utc, nowMs)} ago`,
      ok: witness.covers ? !witness.stale || null : null,
    });
  }
  if ((proof.witnesses ?? []).length === 0) lines.push({ words: 'No witness is configured', side: '', ok: null });
  const { stamp } = proof;
  if (stamp) {
    lines.push({
      words: stamp.covers ? 'Time stamp authority' : stamp.fault ? `Time stamp authority: ${stamp.fault}` : 'Time stamp authority: not stamped yet',
      side: stamp.at_utc === null ? '' : dayClock(stamp.at_utc).slice(0, -3),
      ok: stamp.covers || null,
    });
  }
  return lines;
}

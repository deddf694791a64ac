/** The plan's statuses of one network: its own rows go before those for all. */

interface Status {
  value: number;
  system?: string | null;
}

export function statusesOf<Row extends Status>(rows: readonly Row[], system: string): Row[] {
  const own = new Set(rows.filter((row) => row.system === system).map((row) => row.value));
  return rows.filter((row) => row.system === system || ((row.system ?? null) === null && !own.has(row.value)));
}

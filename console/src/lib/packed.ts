/** Long tables as the server packs them: by column, a value that comes often written once. */

export type PackedColumn = unknown[] | { words: unknown[]; at: number[] };

export interface Packed {
  rows: number;
  columns: Record<string, PackedColumn>;
}

/** The rows of a packed table, in its order. */
export function unpack<Row>(table: Packed): Row[] {
  const names = Object.keys(table.columns);
  const rows: Record<string, unknown>[] = new Array(table.rows);
  for (let at = 0; at < table.rows; at += 1) rows[at] = {};
  for (const name of names) {
    const column = table.columns[name];
    if (!column) continue;
    if (Array.isArray(column)) for (let at = 0; at < table.rows; at += 1) (rows[at] as Record<string, unknown>)[name] = column[at];
    else {
      const { words, at: places } = column;
      for (let at = 0; at < table.rows; at += 1) (rows[at] as Record<string, unknown>)[name] = words[places[at] ?? 0];
    }
  }
  return rows as Row[];
}

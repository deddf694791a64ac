/** Boards of positions as the server tells them. */

export interface BoardCell {
  /** From 1, row by row. */
  place: number;
  talkgroup: string;
  volume_percent: number;
  muted: boolean;
}

export interface BoardPage {
  name: string;
  /** Screen of the position, from 1; absent: the first. */
  screen?: number;
  cells: BoardCell[];
}

/** The board of the own position, without the cells that this operator may not know. */
export interface BoardLayout {
  id: string;
  name: string;
  columns: number;
  rows: number;
  /** Name of the last tab, for talkgroups in no cell; empty: only while one of them is in use. */
  others: string;
  emergency: string[];
  pages: BoardPage[];
}

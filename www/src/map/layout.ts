/**
 * Where each word of a process's memory is drawn. One word is one cell, always; cells are as large as the room allows. Blocks are
 * gathered into groups (young heap with stack, old heap, fragments, mailbox), each a title over rows of cells. Pure arithmetic.
 */
import { type Block, BlockKind } from '../frame';

export const TITLE = 26;
export const GAP = 14;
const CELLS = [20, 18, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2] as const;
export const LARGEST = CELLS[0];
export const SMALLEST = 2;

export interface PlacedBlock {
  readonly block: Block;
  /** Cell of the block's first word, counted in the group. */
  readonly start: number;
}

export interface Group {
  readonly kind: number;
  readonly blocks: readonly PlacedBlock[];
  readonly cells: number;
  readonly top: number;
  readonly rowsTop: number;
  readonly rows: number;
}

export interface Layout {
  readonly cell: number;
  readonly columns: number;
  readonly left: number;
  readonly height: number;
  readonly groups: readonly Group[];
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Columns for a width: a multiple of 8 where at least 8 fit, so that rows start at round addresses. */
export function columnsFor(width: number, cell: number): number {
  const fit = Math.max(1, Math.floor(width / cell));
  return fit >= 8 ? fit - (fit % 8) : fit;
}

/** Gathers blocks of a kind; small blocks (fragments, messages) flow one after the other, a free cell apart. */
function gather(blocks: readonly Block[]): { kind: number; blocks: PlacedBlock[]; cells: number }[] {
  const order = [BlockKind.Young, BlockKind.Old, BlockKind.Fragment, BlockKind.Message];
  const groups: { kind: number; blocks: PlacedBlock[]; cells: number }[] = [];
  for (const kind of order) {
    const placed: PlacedBlock[] = [];
    let cells = 0;
    for (const block of blocks) {
      if (block.kind !== kind || block.size === 0) continue;
      if (placed.length > 0) cells += 1;
      placed.push({ block, start: cells });
      cells += block.size;
    }
    if (placed.length > 0) groups.push({ kind, blocks: placed, cells });
  }
  return groups;
}

/** Lays blocks out in `width`; `cell` 0 chooses the largest cell with which everything fits into `height`. All in CSS pixels. */
export function layoutMap(blocks: readonly Block[], width: number, height: number, cell: number): Layout {
  const gathered = gather(blocks);
  const heightWith = (size: number): number => {
    const columns = columnsFor(width, size);
    let total = 0;
    for (const group of gathered) total += TITLE + Math.ceil(group.cells / columns) * size + GAP;
    return total;
  };
  const chosen = cell > 0 ? cell : (CELLS.find((size) => heightWith(size) <= height) ?? SMALLEST);
  const columns = columnsFor(width, chosen);
  let top = 0;
  const groups = gathered.map((group): Group => {
    const rows = Math.ceil(group.cells / columns);
    const placed = { ...group, top, rowsTop: top + TITLE, rows };
    top += TITLE + rows * chosen + GAP;
    return placed;
  });
  return { cell: chosen, columns, left: 0, height: top, groups };
}

/** The next cell size up or down from `cell`. */
export function zoomed(cell: number, by: 1 | -1): number {
  const sizes = [...CELLS].reverse();
  if (by > 0) return sizes.find((size) => size > cell) ?? LARGEST;
  return [...CELLS].find((size) => size < cell) ?? SMALLEST;
}

/** The rectangles (at most three) that the cells `start .. start + count` of a group cover. */
export function rectsOf(layout: Layout, group: Group, start: number, count: number): Rect[] {
  const { columns, cell, left } = layout;
  const rects: Rect[] = [];
  const end = start + count;
  let at = start;
  while (at < end) {
    const row = Math.floor(at / columns);
    const column = at % columns;
    const whole = column === 0 ? Math.floor((end - at) / columns) : 0;
    const rows = Math.max(1, whole);
    const cells = whole > 0 ? columns : Math.min(columns - column, end - at);
    rects.push({ x: left + column * cell, y: group.rowsTop + row * cell, w: cells * cell, h: rows * cell });
    at += whole > 0 ? whole * columns : cells;
  }
  return rects;
}

/** The word at a point, or null when there is none. */
export function wordAt(layout: Layout, x: number, y: number): { placed: PlacedBlock; offset: number } | null {
  const { columns, cell, left } = layout;
  for (const group of layout.groups) {
    if (y < group.rowsTop || y >= group.rowsTop + group.rows * cell) continue;
    const column = Math.floor((x - left) / cell);
    if (column < 0 || column >= columns) return null;
    const index = Math.floor((y - group.rowsTop) / cell) * columns + column;
    for (const placed of group.blocks) {
      if (index >= placed.start && index < placed.start + placed.block.size) {
        return { placed, offset: index - placed.start };
      }
    }
  }
  return null;
}

/** The group and cell of a block's word. */
export function cellOf(layout: Layout, block: Block, offset: number): { group: Group; cell: number } | null {
  for (const group of layout.groups) {
    const placed = group.blocks.find(
      (each) => each.block.address === block.address && each.block.kind === block.kind,
    );
    if (placed) return { group, cell: placed.start + offset };
  }
  return null;
}

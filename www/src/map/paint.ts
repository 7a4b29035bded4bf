/** Draws the visible part of a memory map on a canvas. Knows colours and lines, nothing of how the data came. */
import {
  type Block,
  BlockKind,
  type Frame,
  objectByAddress,
  objectKind,
  objectOffset,
  objectWords,
} from '../frame';
import { KINDS, kindOf } from './kinds';
import { cellOf, type Group, type Layout, type PlacedBlock, type Rect, rectsOf } from './layout';

export interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly free: string;
  readonly gap: string;
  readonly focus: string;
  readonly kinds: readonly string[];
  readonly font: string;
}

export interface Selection {
  readonly address: number;
  /** Addresses that the selected object points to. */
  readonly targets: readonly number[];
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim() || '#888';
  return {
    ink: color('--ink'),
    muted: color('--muted'),
    free: color('--k-free'),
    gap: color('--surface'),
    focus: color('--select'),
    kinds: KINDS.map((kind) => color(kind.color)),
    font: style.fontFamily || 'sans-serif',
  };
}

const words = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'word' : 'words'}`;

/** The title over a group: what it is and how full. */
export function groupTitle(group: Group): [string, string] {
  const sum = (of: (block: Block) => number): number =>
    group.blocks.reduce((all, each) => all + of(each.block), 0);
  const size = sum((block) => block.size);
  const used = sum((block) => block.used);
  switch (group.kind) {
    case BlockKind.Young: {
      const stack = sum((block) => block.stack);
      return [
        'Young heap and stack',
        `${used} used + ${size - used - stack} free + ${stack} stack = ${words(size)}`,
      ];
    }
    case BlockKind.Old:
      return ['Old heap', `${used} used + ${size - used} free = ${words(size)}`];
    case BlockKind.Fragment:
      return ['Heap fragments', `${group.blocks.length} with ${words(size)}`];
    default:
      return ['Mailbox', `${group.blocks.length} on heap fragments, ${words(size)}`];
  }
}

/** Paints the part of the map between `scroll` and `scroll + height` (CSS pixels); the context is already scaled. */
export function paintMap(
  context: CanvasRenderingContext2D,
  frame: Frame,
  layout: Layout,
  palette: Palette,
  width: number,
  height: number,
  scroll: number,
  selection: Selection | null,
): void {
  context.clearRect(0, 0, width, height);
  context.save();
  context.translate(0, -scroll);
  for (const group of layout.groups) {
    const bottom = group.rowsTop + group.rows * layout.cell;
    if (bottom < scroll || group.top > scroll + height) continue;
    paintTitle(context, group, palette, width);
    for (const placed of group.blocks)
      paintBlock(context, frame, layout, group, placed, palette, scroll, height);
  }
  if (selection) paintSelection(context, frame, layout, palette, selection);
  context.restore();
}

function paintTitle(context: CanvasRenderingContext2D, group: Group, palette: Palette, width: number): void {
  const [title, detail] = groupTitle(group);
  const y = group.rowsTop - 9;
  context.font = `600 12px ${palette.font}`;
  context.fillStyle = palette.ink;
  context.fillText(title, 0, y);
  const x = context.measureText(title).width + 10;
  context.font = `12px ${palette.font}`;
  context.fillStyle = palette.muted;
  if (x + context.measureText(detail).width <= width) context.fillText(detail, x, y);
}

function paintBlock(
  context: CanvasRenderingContext2D,
  frame: Frame,
  layout: Layout,
  group: Group,
  placed: PlacedBlock,
  palette: Palette,
  scroll: number,
  height: number,
): void {
  const { block, start } = placed;
  const { cell, columns } = layout;
  const inset = cell >= 5 ? 1 : 0;
  const fill = (from: number, count: number): void => {
    for (const rect of rectsOf(layout, group, from, count)) {
      // Rows are drawn apart, as the words of a row are: the eye needs the grid to count words.
      for (let y = rect.y; y < rect.y + rect.h; y += cell) {
        context.fillRect(rect.x, y, rect.w - inset, cell - inset);
      }
    }
  };
  /** In smaller cells only objects are drawn apart: a hairline at an object's end. */
  const hairline = (at: number): void => {
    const [rect] = rectsOf(layout, group, at, 1);
    if (!rect) return;
    context.fillStyle = palette.gap;
    context.fillRect(rect.x + rect.w - 0.75, rect.y, 0.75, rect.h);
  };

  // Only the words whose rows can be seen.
  const firstRow = Math.max(0, Math.floor((scroll - group.rowsTop) / cell));
  const lastRow = Math.ceil((scroll + height - group.rowsTop) / cell);
  const from = Math.max(0, firstRow * columns - start);
  const to = Math.min(block.size, lastRow * columns - start);
  if (to <= from) return;

  context.fillStyle = palette.free;
  if (cell >= 8) for (let word = from; word < to; word++) fill(start + word, 1);
  else fill(start + from, to - from);

  let low = block.firstObject;
  let high = block.firstObject + block.objectCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (objectOffset(frame, middle) + objectWords(frame, middle) <= from) low = middle + 1;
    else high = middle;
  }
  const end = block.firstObject + block.objectCount;
  for (let index = low; index < end; index++) {
    const offset = objectOffset(frame, index);
    if (offset >= to) break;
    const size = objectWords(frame, index);
    const kind = objectKind(frame, index);
    const seenFrom = Math.max(offset, from);
    const seenTo = Math.min(offset + size, to);
    context.fillStyle = palette.kinds[kind] ?? palette.kinds[0] ?? '#888';
    fill(start + seenFrom, seenTo - seenFrom);
    if (inset === 0 && cell >= 3 && seenTo === offset + size) hairline(start + seenTo - 1);
    if (cell >= 14 && seenFrom === offset)
      paintSign(context, layout, group, start + offset, kindOf(kind).sign, palette);
  }
  if (block.kind === BlockKind.Young && block.highWater > 0 && cell >= 4) {
    paintMark(context, layout, group, start + block.highWater, palette);
  }
}

function paintSign(
  context: CanvasRenderingContext2D,
  layout: Layout,
  group: Group,
  at: number,
  sign: string,
  palette: Palette,
): void {
  const [rect] = rectsOf(layout, group, at, 1);
  if (!rect) return;
  context.font = `600 ${Math.round(layout.cell * 0.6)}px ${palette.font}`;
  context.fillStyle = '#fff';
  context.textAlign = 'center';
  context.fillText(sign, rect.x + (rect.w - 1) / 2, rect.y + layout.cell * 0.7);
  context.textAlign = 'start';
}

/** The high-water mark: a small flag at the boundary between what survived a collection and what is newer. */
function paintMark(
  context: CanvasRenderingContext2D,
  layout: Layout,
  group: Group,
  at: number,
  palette: Palette,
): void {
  const [rect] = rectsOf(layout, group, at, 1);
  if (!rect) return;
  context.fillStyle = palette.focus;
  context.fillRect(rect.x - 1.5, rect.y - 2, 2, layout.cell + 3);
  context.beginPath();
  context.moveTo(rect.x - 1.5, rect.y - 2);
  context.lineTo(rect.x + 5, rect.y + 1);
  context.lineTo(rect.x - 1.5, rect.y + 4);
  context.fill();
}

function rectOfAddress(frame: Frame, layout: Layout, address: number): Rect[] {
  const found = objectByAddress(frame, address);
  if (!found) return [];
  const place = cellOf(layout, found.block, objectOffset(frame, found.index));
  return place ? rectsOf(layout, place.group, place.cell, objectWords(frame, found.index)) : [];
}

function paintSelection(
  context: CanvasRenderingContext2D,
  frame: Frame,
  layout: Layout,
  palette: Palette,
  selection: Selection,
): void {
  const own = rectOfAddress(frame, layout, selection.address);
  const first = own[0];
  if (!first) return;
  context.strokeStyle = palette.focus;
  context.lineWidth = 1.5;
  const half = Math.min(layout.cell, 16) / 2;
  for (const target of selection.targets) {
    const [rect] = rectOfAddress(frame, layout, target);
    if (!rect) continue;
    const [x1, y1, x2, y2] = [first.x + half, first.y + half, rect.x + half, rect.y + half];
    context.globalAlpha = 0.8;
    context.beginPath();
    context.moveTo(x1, y1);
    context.quadraticCurveTo((x1 + x2) / 2 + (y2 - y1) / 6, (y1 + y2) / 2 - (x2 - x1) / 6, x2, y2);
    context.stroke();
    context.beginPath();
    context.arc(x2, y2, 3, 0, Math.PI * 2);
    context.fillStyle = palette.focus;
    context.fill();
    context.globalAlpha = 1;
  }
  context.lineWidth = 2.5;
  for (const rect of own) context.strokeRect(rect.x - 1.5, rect.y - 1.5, rect.w + 2, rect.h + 2);
}

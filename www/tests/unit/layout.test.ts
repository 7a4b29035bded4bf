import { describe, expect, it } from 'vitest';
import type { Block } from '../../src/frame';
import { cellOf, columnsFor, layoutMap, rectsOf, wordAt, zoomed } from '../../src/map/layout';

const block = (kind: number, address: number, size: number): Block => ({
  kind,
  address,
  size,
  used: 0,
  stack: 0,
  highWater: 0,
  firstObject: 0,
  objectCount: 0,
  place: 0,
});

describe('layoutMap', () => {
  const blocks = [block(3, 0x9000, 4), block(0, 0x1000, 233), block(1, 0x4000, 610), block(3, 0xa000, 7)];

  it('chooses the largest cell that fits', () => {
    const small = layoutMap(blocks, 300, 200, 0);
    const large = layoutMap(blocks, 900, 900, 0);
    expect(small.height).toBeLessThanOrEqual(200);
    expect(large.height).toBeLessThanOrEqual(900);
    expect(large.cell).toBeGreaterThan(small.cell);
  });

  it('draws the young heap first, the mailbox last, its messages in one group', () => {
    const layout = layoutMap(blocks, 600, 600, 0);
    expect(layout.groups.map((group) => group.kind)).toEqual([0, 1, 3]);
    expect(layout.groups[2]?.blocks.map((placed) => placed.start)).toEqual([0, 5]);
  });

  it('gives every word exactly one cell', () => {
    const layout = layoutMap(blocks, 250, 100, 6);
    for (const each of blocks) {
      for (let offset = 0; offset < each.size; offset++) {
        const place = cellOf(layout, each, offset);
        if (!place) throw new Error('no cell');
        const [rect] = rectsOf(layout, place.group, place.cell, 1);
        if (!rect) throw new Error('no rectangle');
        const hit = wordAt(layout, rect.x + 3, rect.y + 3);
        expect(hit?.placed.block).toBe(each);
        expect(hit?.offset).toBe(offset);
      }
    }
  });

  it('covers as many cells as words, however rows break', () => {
    const layout = layoutMap(blocks, 250, 100, 6);
    const group = layout.groups[1];
    if (!group) throw new Error('no group');
    for (let start = 0; start < 90; start++) {
      for (const count of [1, 2, 39, 40, 41, 80, 123, 400]) {
        const area = rectsOf(layout, group, start, count).reduce((sum, rect) => sum + rect.w * rect.h, 0);
        expect(area).toBe(count * 36);
      }
    }
  });

  it('survives no blocks and no room', () => {
    expect(layoutMap([], 300, 100, 0).groups).toEqual([]);
    expect(layoutMap(blocks, 1, 0, 0).columns).toBe(1);
    expect(columnsFor(0, 20)).toBe(1);
  });

  it('zooms within bounds', () => {
    expect(zoomed(8, 1)).toBe(9);
    expect(zoomed(8, -1)).toBe(7);
    expect(zoomed(20, 1)).toBe(20);
    expect(zoomed(2, -1)).toBe(2);
  });
});

import { describe, expect, it } from 'vitest';
import { append, EMPTY, LIMIT } from '../../src/scrollback';

describe('scrollback', () => {
  it('joins text of one stream and keeps streams apart', () => {
    const back = append(EMPTY, [
      { stream: 'stdout', text: 'a' },
      { stream: 'stdout', text: 'b\n' },
      { stream: 'stderr', text: 'oh\n' },
    ]);
    expect(back.segments.map((segment) => [segment.kind, segment.text])).toEqual([
      ['stdout', 'ab\n'],
      ['stderr', 'oh\n'],
    ]);
  });

  it('is bounded, drops the oldest and says how much', () => {
    let back = EMPTY;
    const line = `${'x'.repeat(999)}\n`;
    for (let count = 0; count < 1000; count++) back = append(back, [{ stream: 'stdout', text: line }]);
    expect(back.characters).toBeLessThanOrEqual(LIMIT);
    expect(back.characters + back.dropped).toBe(1_000_000);
    expect(back.segments.reduce((sum, segment) => sum + segment.text.length, 0)).toBe(back.characters);
  });

  it('does not split a character', () => {
    const back = append(EMPTY, [{ stream: 'stdout', text: `${'x'.repeat(2047)}😀😀` }]);
    for (const segment of back.segments) expect(segment.text).not.toMatch(/[\ud800-\udbff]$/);
  });
});
